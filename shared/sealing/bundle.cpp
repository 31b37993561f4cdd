#include "shared/sealing/bundle.hpp"

#include <functional>
#include <limits>

namespace parley::sealing {
namespace {

using identity::fixed;

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kLabel = "Parley history bundle 1";
constexpr std::size_t kMaxSealed = 64 * 1024;

struct SecretField {
  crypto::Secret secret;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(fixed(secret));
  }
};

// Secrets of epochs that follow each other.
struct Run {
  std::uint64_t first = 0;
  std::vector<SecretField> secrets;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(first, wire::Capped<std::vector<SecretField>>{secrets, kMaxBundleSecrets});
  }
};

// All of the inside but the signature.
struct Inside {
  AuthorFields author;
  std::vector<Run> runs;
  Bytes room_state;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(author, wire::Capped<std::vector<Run>>{runs, kMaxBundleSecrets},
       wire::Capped<Bytes>{room_state, kMaxRoomStateBytes});
  }
};

std::vector<Run> to_runs(const std::vector<EpochSecret>& secrets) {
  std::vector<Run> runs;
  for (const auto& [epoch, secret] : secrets) {
    if (runs.empty() || runs.back().first + runs.back().secrets.size() != epoch) {
      runs.push_back({epoch, {}});
    }
    runs.back().secrets.push_back({secret.clone()});
  }
  return runs;
}

// kMalformed unless epochs rise from run to run, in the one form that to_runs gives.
Result<std::vector<EpochSecret>> from_runs(std::vector<Run> runs) {
  std::vector<EpochSecret> secrets;
  for (Run& run : runs) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - run.secrets.size();
    const bool after_gap = secrets.empty() || run.first > secrets.back().epoch + 1;
    if (run.secrets.empty() || run.first > most || !after_gap ||
        secrets.size() + run.secrets.size() > kMaxBundleSecrets) {
      return ErrorCode::kMalformed;
    }
    for (std::uint64_t i = 0; SecretField & field : run.secrets) {
      secrets.push_back({run.first + i++, std::move(field.secret)});
    }
  }
  return secrets;
}

bool rises(const std::vector<EpochSecret>& secrets) {
  return std::ranges::adjacent_find(secrets, std::greater_equal<>{}, &EpochSecret::epoch) ==
         secrets.end();
}

Bytes info_of(const BundleContext& context) {
  const std::array<std::uint8_t, 1> purpose = {static_cast<std::uint8_t>(context.purpose)};
  return identity::concat({as_bytes(kLabel), context.room.view(), purpose});
}

}  // namespace

Result<Bytes> seal_bundle(Rng& rng, const crypto::KemPublicKey& receiver,
                          const BundleContext& context, const Author& author,
                          const HistoryBundle& bundle) {
  const auto& [secrets, room_state] = bundle;
  constexpr std::uint64_t kLastEpoch = std::numeric_limits<std::uint64_t>::max() - 1;
  if (secrets.size() > kMaxBundleSecrets || room_state.size() > kMaxRoomStateBytes ||
      !rises(secrets) || (!secrets.empty() && secrets.back().epoch > kLastEpoch)) {
    return ErrorCode::kInvalidArgument;
  }
  const Bytes info = info_of(context);
  crypto::SecretBytes inside = identity::encode_secret(
      Inside{AuthorFields(author), to_runs(secrets), room_state}, kMaxSealed);
  // The info begins with the label; the receiver is whom it is for.
  const crypto::SecretBytes text = signed_text(as_text(info), receiver, inside.expose());
  inside.append(author.signing_key.sign(text.expose()));
  auto sealed = crypto::hpke_seal(rng, receiver, crypto::HpkeInfo(info), {}, inside.expose());
  if (!sealed) return sealed.error();
  const std::array<std::uint8_t, 1> version = {kVersion};
  return identity::concat({version, sealed->encapsulated, sealed->sealed});
}

Result<OpenedBundle> open_bundle(const crypto::KemKeyPair& receiver, const BundleContext& context,
                                 ByteView sealed) {
  constexpr std::size_t kHead = 1 + std::tuple_size_v<crypto::KemPublicKey>;
  PARLEY_TRY(identity::check_version(sealed, kVersion));
  if (sealed.size() < kHead || sealed.size() > kMaxSealed) return ErrorCode::kMalformed;
  const Bytes info = info_of(context);
  const auto opened =
      crypto::hpke_open(sealed.subspan(1, kHead - 1), receiver, info, {}, sealed.subspan(kHead));
  if (!opened) return opened.error();

  Inside inside;
  auto author = open_signed(as_text(info), receiver.public_key, opened->expose(), inside);
  if (!author) return author.error();
  auto secrets = from_runs(std::move(inside.runs));
  if (!secrets) return secrets.error();
  return OpenedBundle{std::move(*author), {std::move(*secrets), std::move(inside.room_state)}};
}

}  // namespace parley::sealing
