// What the encrypted group costs: one line of JSON per operation and size.
//
//   parley-mls-bench [MAX_MEMBERS]     groups of 2, 10, 100 and 1000 members up to this, 1000 by
//   default
//
// `us` is the median CPU time of the operation, `floor_us` that of the primitives it cannot do
// without (signatures, X25519, HKDF, AEAD and SHA-256 of libsodium, measured in the same run),
// `ratio` one over the other. Trees are full: every parent has a key. As WebAssembly: node
// --no-liftoff, or what is measured first is measured before the compiler is done with it.
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "shared/base/rng.hpp"
#include "shared/mls/state.hpp"

namespace {

using namespace parley;
using namespace parley::mls;

constexpr std::uint64_t kNow = 1'800'000'000;
const Policy kPolicy{.unique_identities = true, .now_s = kNow};

[[noreturn]] void stop(const char* what) {
  std::fprintf(stderr, "parley-mls-bench: %s\n", what);
  std::exit(1);
}
template <class T>
T need(Result<T> result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().detail.c_str());
    stop(what);
  }
  return std::move(*result);
}

// ---- time ----

double cpu_us() {
#ifdef __EMSCRIPTEN__
  // Its CPU clock counts milliseconds.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(now).count();
#else
  return static_cast<double>(std::clock()) * 1e6 / static_cast<double>(CLOCKS_PER_SEC);
#endif
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The median of several runs; each prepares its own input, which is not counted.
template <class Prepare, class Run>
double measure(std::size_t runs, Prepare prepare, Run run) {
  std::vector<double> times;
  for (std::size_t i = 0; i < runs; ++i) {
    auto input = prepare();
    const double begun = cpu_us();
    run(input);
    times.push_back(cpu_us() - begun);
  }
  return median(std::move(times));
}

// The median time of one of many in a row.
template <class Run>
double each(std::size_t in_a_row, Run run) {
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) {
    const double begun = cpu_us();
    for (std::size_t k = 0; k < in_a_row; ++k) run();
    times.push_back((cpu_us() - begun) / static_cast<double>(in_a_row));
  }
  return median(std::move(times));
}

// ---- what the primitives cost ----

struct Primitives {
  double sign, verify, base, dh, hmac, aead, sha_block;
};

Primitives measure_primitives() {
  std::vector<unsigned char> text(300, 1), sealed(316);
  unsigned char public_key[32], secret_key[64], signature[64], a[32], b[32], c[32], nonce[12] = {},
                                                                                    mac[32];
  crypto_sign_keypair(public_key, secret_key);
  randombytes_buf(a, sizeof a);
  crypto_scalarmult_base(b, a);
  Primitives p{};
  p.sign = each(
      200, [&] { crypto_sign_detached(signature, nullptr, text.data(), text.size(), secret_key); });
  p.verify = each(200, [&] {
    if (crypto_sign_verify_detached(signature, text.data(), text.size(), public_key) != 0)
      stop("verify");
  });
  p.base = each(200, [&] { crypto_scalarmult_base(b, a); });
  p.dh = each(200, [&] {
    if (crypto_scalarmult(c, a, b) != 0) stop("dh");
  });
  p.hmac = each(2000, [&] { crypto_auth_hmacsha256(mac, text.data(), 40, a); });
  p.aead = each(2000, [&] {
    unsigned long long size = 0;
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), &size, text.data(), 160, text.data(),
                                              40, nullptr, nonce, a);
  });
  std::vector<unsigned char> long_text(6400, 1);
  p.sha_block =
      each(500, [&] { crypto_hash_sha256(mac, long_text.data(), long_text.size()); }) / 100;
  return p;
}

// A leaf is about 5 blocks of SHA-256 when the tree is hashed, a parent 3.
double tree_hash(const Primitives& p, double leaves) { return leaves * 8 * p.sha_block; }
double key_schedule(const Primitives& p) { return 22 * p.hmac; }
double hpke(const Primitives& p) { return 10 * p.hmac + p.aead; }
double hpke_seal(const Primitives& p) { return p.base + p.dh + hpke(p); }
double hpke_open(const Primitives& p) { return p.dh + hpke(p); }
// DeriveKeyPair for a node, and its path and node secret.
double node_key(const Primitives& p) { return p.base + 6 * p.hmac; }
double levels(double n) { return std::ceil(std::log2(n)); }

double join_floor(const Primitives& p, double n) {
  return hpke_open(p) + (n + 1) * p.verify + tree_hash(p, n) + key_schedule(p) +
         levels(n) * node_key(p);
}
double update_floor(const Primitives& p, double n) {
  return 2 * p.sign + p.base + levels(n) * (node_key(p) + hpke_seal(p)) + key_schedule(p) +
         2 * levels(n) * 8 * p.sha_block;
}
double process_floor(const Primitives& p, double n) {
  return 2 * p.verify + hpke_open(p) + node_key(p) + key_schedule(p) +
         2 * levels(n) * 8 * p.sha_block;
}
double add_floor(const Primitives& p, double n) {
  return (n - 1) * (2 * p.verify + hpke_seal(p) + 12 * p.sha_block) + tree_hash(p, n) + 3 * p.sign +
         p.base + node_key(p) * levels(n) + key_schedule(p);
}

// ---- groups ----

Identity identity_of_member(std::size_t number) {
  Bytes name(128, 0x20);  // as long as a device credential is
  for (std::size_t i = 0; i < 8; ++i) name[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return {{CredentialType::kBasic, std::move(name), {}}, default_capabilities(), {}};
}
KeyPackageKeys member_keys(Rng& rng, std::size_t number) {
  return make_key_package(rng, crypto::SigningKey::generate(rng), identity_of_member(number),
                          {kNow - 3600, kNow + 86'400});
}
Proposal add(const KeyPackageKeys& keys) {
  return {Add{std::make_shared<const KeyPackage>(keys.key_package)}};
}
Group new_group(Rng& rng) {
  return need(Group::create(rng, Bytes(16, 1), member_keys(rng, 0), {}, kPolicy), "create");
}

// The first and the last member of a full tree: each joins by an external commit, which fills its
// path.
struct Ends {
  Group first, last;
};
Ends full_group(Rng& rng, std::size_t members) {
  Group first = new_group(rng);
  std::optional<Group> last;
  for (std::size_t i = 1; i < members; ++i) {
    auto joined =
        need(Group::join_external(rng, first.group_info(true), std::nullopt,
                                  crypto::SigningKey::generate(rng), identity_of_member(i),
                                  std::nullopt, {}, no_psk, kPolicy),
             "external join");
    need(first.process(joined.message, no_psk), "process");
    last.emplace(std::move(joined.next));
  }
  return {std::move(first), std::move(*last)};
}

Group copy_of(Rng& rng, const Group& group) {
  const Secret key;
  Group copy = need(open_state(key, {}, seal_state(rng, key, {}, group), kPolicy), "copy");
  copy.public_group().tree().root_hash();  // computed once after loading, kept from then on
  return copy;
}

void print(const char* operation, std::size_t members, double us, double floor) {
  std::printf(
      "{\"operation\": \"%s\", \"members\": %zu, \"us\": %.1f, \"floor_us\": %.1f, \"ratio\": "
      "%.2f}\n",
      operation, members, us, floor, us / floor);
  std::fflush(stdout);
}

void run(Rng& rng, const Primitives& p, std::size_t members) {
  const std::size_t runs = members >= 1000 ? 5 : members >= 100 ? 15 : 101;
  const auto n = static_cast<double>(members);
  auto nothing = [] { return 0; };
  {
    std::vector<KeyPackageKeys> keys;
    std::vector<Proposal> proposals;
    for (std::size_t i = 1; i < members; ++i) {
      keys.push_back(member_keys(rng, i));
      proposals.push_back(add(keys.back()));
    }
    print("add all in one commit", members,
          measure(
              runs, [&] { return new_group(rng); },
              [&](Group& group) {
                CommitOptions options;
                options.proposals = proposals;
                need(group.commit(rng, std::move(options), no_psk), "commit");
              }),
          add_floor(p, n));
  }
  // The one who joins is the last of `members`.
  {
    std::optional<Group> inviter;
    if (members == 2)
      inviter.emplace(new_group(rng));
    else
      inviter.emplace(full_group(rng, members - 1).first);
    const KeyPackageKeys keys = member_keys(rng, members);
    CommitOptions options;
    options.proposals.push_back(add(keys));
    options.renew_path = true;
    const auto pending = need(inviter->commit(rng, std::move(options), no_psk), "commit");
    const Message message = need(decode<Message>(*pending.welcome), "welcome");
    const Welcome& welcome = std::get<Welcome>(message.body);
    print("join by welcome", members,
          measure(runs, nothing,
                  [&](int) {
                    need(Group::join(welcome, keys, std::nullopt, no_psk, kPolicy), "join");
                  }),
          join_floor(p, n));
  }
  Ends ends = full_group(rng, members);
  std::optional<PendingCommit> pending;
  print(
      "update commit", members,
      measure(4 * runs, nothing,
              [&](int) {
                CommitOptions options;
                options.renew_path = true;
                pending.emplace(need(ends.first.commit(rng, std::move(options), no_psk), "commit"));
              }),
      update_floor(p, n));
  print("process commit", members,
        measure(
            4 * runs, [&] { return copy_of(rng, ends.last); },
            [&](Group& receiver) { need(receiver.process(pending->message, no_psk), "process"); }),
        process_floor(p, n));
}

void run_messages(Rng& rng, const Primitives& p) {
  Ends ends = full_group(rng, 2);
  const Bytes text(128, 'x');
  constexpr std::size_t kMessages = 400;
  std::vector<Bytes> sealed;
  const double protect = measure(
      kMessages, [] { return 0; },
      [&](int) { sealed.push_back(need(ends.first.protect(rng, text), "protect")); });
  std::size_t next = 0;
  const double unprotect = measure(
      kMessages, [] { return 0; },
      [&](int) { need(ends.last.process(sealed[next++], no_psk), "unprotect"); });
  const double keys = 6 * p.hmac + 2 * p.aead;
  print("protect 128 bytes", 2, protect, p.sign + keys);
  print("unprotect 128 bytes", 2, unprotect, p.verify + keys);
}

}  // namespace

int main(int argc, char** argv) {
  const auto most = argc > 1 ? static_cast<std::size_t>(std::strtoul(argv[1], nullptr, 10)) : 1000;
  if (sodium_init() < 0) stop("libsodium does not start");
  SeededRng rng{1};
  const Primitives p = measure_primitives();
  std::printf(
      "{\"sign_us\": %.1f, \"verify_us\": %.1f, \"x25519_base_us\": %.1f, \"x25519_us\": %.1f, "
      "\"hmac_us\": "
      "%.2f, \"aead_us\": %.2f}\n",
      p.sign, p.verify, p.base, p.dh, p.hmac, p.aead);
  run_messages(rng, p);
  for (const std::size_t members : {2u, 10u, 100u, 1000u}) {
    if (members <= most) run(rng, p, members);
  }
  return 0;
}
