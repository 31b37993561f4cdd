// The search index: SQLite's FTS5 in memory. Nothing of it reaches a disk, so what the local store
// keeps sealed stays sealed; it is built anew by whoever searches. Not thread-safe.
#pragma once

#include "client/core/search_index.hpp"
#include "client/search/words.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace parley::search {

class MessageIndex final : public client::SearchIndex {
 public:
  static constexpr std::size_t kMaxBytes = 32 << 20;  // texts and words; beyond it nothing goes in
  static constexpr std::size_t kSnippetCharacters = 160;

  // Nothing when this SQLite has no FTS5.
  static std::unique_ptr<client::SearchIndex> make(std::size_t max_bytes = kMaxBytes);

  Status update(const std::vector<client::IndexedMessage>& messages) override;
  Result<std::vector<client::IndexHit>> query(const client::IndexQuery& query) override;

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  explicit MessageIndex(sqlite3* database) : database_(database), cutter_(database) {}
  bool prepare(std::size_t max_bytes);
  Status run(const char* sql);
  bool is_full() const;
  Status take_out(const client::IndexedMessage& message);
  Status put(const client::IndexedMessage& message);
  Status step(sqlite3_stmt* statement);
  Error failure() const;
  std::string joined_words(std::string_view text) const;
  void cut_snippet(const std::string& text, const std::vector<Phrase>& phrases,
                   client::IndexHit& hit) const;

  std::unique_ptr<sqlite3, CloseDatabase> database_;  // first: all below goes before it
  WordCutter cutter_;
  Statement find_, erase_, erase_words_, insert_, insert_words_, search_, pages_, free_pages_;
  std::int64_t max_pages_ = 0;
};

}  // namespace parley::search
