#include "shared/sealing/history_request.hpp"

#include <functional>
#include <limits>

#include "shared/sealing/bundle.hpp"

namespace parley::sealing {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kLabel = "Parley history request 1";
constexpr std::uint64_t kLastEpoch = std::numeric_limits<std::uint64_t>::max() - 1;

struct Run {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(first, count);
  }
};

// All but the signature.
struct Content {
  std::uint8_t version = kVersion;
  AuthorFields author;
  std::vector<Run> runs;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(version, author, wire::Capped<std::vector<Run>>{runs, kMaxBundleSecrets});
  }
};

// kMalformed unless the runs are in the one form that make_history_request gives.
Result<std::vector<std::uint64_t>> from_runs(const std::vector<Run>& runs) {
  std::vector<std::uint64_t> epochs;
  for (const Run& run : runs) {
    const bool after_gap = epochs.empty() || run.first > epochs.back() + 1;
    if (!after_gap || run.count == 0 || run.count > kMaxBundleSecrets - epochs.size() ||
        run.first > kLastEpoch - (run.count - 1)) {
      return ErrorCode::kMalformed;
    }
    for (std::uint64_t i = 0; i < run.count; ++i) epochs.push_back(run.first + i);
  }
  if (epochs.empty()) return ErrorCode::kMalformed;
  return epochs;
}

}  // namespace

Result<Bytes> make_history_request(const RoomId& room, const Author& author,
                                   const std::vector<std::uint64_t>& epochs) {
  const bool rises = std::ranges::adjacent_find(epochs, std::greater_equal<>{}) == epochs.end();
  if (epochs.empty() || epochs.size() > kMaxBundleSecrets || !rises || epochs.back() > kLastEpoch) {
    return ErrorCode::kInvalidArgument;
  }
  Content content;
  content.author = AuthorFields(author);
  for (const std::uint64_t epoch : epochs) {
    if (content.runs.empty() || content.runs.back().first + content.runs.back().count != epoch) {
      content.runs.push_back({epoch, 0});
    }
    ++content.runs.back().count;
  }
  return encode_signed(author, kLabel, room.view(), content);
}

Result<HistoryRequest> open_history_request(const RoomId& room, ByteView bytes) {
  PARLEY_TRY(identity::check_version(bytes, kVersion));
  Content content;
  auto author = open_signed(kLabel, room.view(), bytes, content);
  if (!author) return author.error();
  auto epochs = from_runs(content.runs);
  if (!epochs) return epochs.error();
  return HistoryRequest{*std::move(author), *std::move(epochs)};
}

}  // namespace parley::sealing
