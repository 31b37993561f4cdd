// Full-text search over messages: what the core needs of it. client/search implements it; the
// platforms hand a maker of it in with the Config, so that the core knows no database.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/core/view_models.hpp"
#include "shared/base/result.hpp"

namespace parley::client {

inline constexpr std::size_t kMaxSearchHits = 500;  // of one query

struct IndexedMessage {
  RoomId room;
  Seq seq;
  UserId sender;
  Timestamp at;
  std::string text;  // plain words; empty takes the message out
};

struct IndexQuery {
  std::string text;  // as typed; see client/search for what it may say
  std::optional<RoomId> room;
  std::size_t limit = 50;  // at most kMaxSearchHits
};

struct IndexHit {
  RoomId room;
  Seq seq;
  UserId sender;
  Timestamp at;
  std::string snippet;                // one line around the first place
  std::vector<TextRange> highlights;  // bytes of the snippet, ascending, not overlapping
};

class SearchIndex {
 public:
  virtual ~SearchIndex() = default;

  // Adds, replaces and takes out by (room, seq): all or, on an error, none of them. kLocalStore
  // when the index has no room for more; taking out works then as well.
  virtual Status update(const std::vector<IndexedMessage>& messages) = 0;
  // Newest first. A text without a word in it finds nothing.
  virtual Result<std::vector<IndexHit>> query(const IndexQuery& query) = 0;
};

}  // namespace parley::client
