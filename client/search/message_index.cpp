#include "client/search/message_index.hpp"

#include <sqlite3.h>

#include <algorithm>

#include "shared/base/utf8.hpp"
#include "shared/wire/limits.hpp"

namespace parley::search {
namespace {

using client::IndexedMessage;
using client::IndexHit;
using client::TextRange;

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kBeforeFirst = 40;  // characters shown before the first place
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";
constexpr std::uint8_t kNoBytes[1] = {};  // a null pointer would be NULL, not an empty blob

// The row's number is its time, so that the newest come first without sorting; the low bits tell
// messages of one millisecond apart.
constexpr int kTieBits = 20;
constexpr std::int64_t kMaxTime = std::int64_t{1} << 42;

std::int64_t row_of(const IndexedMessage& message) {
  const std::int64_t at = std::clamp(message.at.ms, std::int64_t{0}, kMaxTime);
  const auto tie = static_cast<std::int64_t>(message.seq.value & ((1u << kTieBits) - 1));
  return (at << kTieBits) | tie;
}

bool bind_value(sqlite3_stmt* statement, int index, std::string_view text) {
  return sqlite3_bind_text64(statement, index, text.empty() ? "" : text.data(), text.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
}
bool bind_value(sqlite3_stmt* statement, int index, ByteView bytes) {
  return sqlite3_bind_blob64(statement, index, bytes.empty() ? kNoBytes : bytes.data(),
                             bytes.size(), SQLITE_TRANSIENT) == SQLITE_OK;
}
bool bind_value(sqlite3_stmt* statement, int index, std::int64_t value) {
  return sqlite3_bind_int64(statement, index, value) == SQLITE_OK;
}
template <class... Values>
bool bind_all(sqlite3_stmt* statement, const Values&... values) {
  int index = 0;
  return (bind_value(statement, ++index, values) && ...);
}

std::int64_t as_column(Seq seq) { return static_cast<std::int64_t>(seq.value); }

std::string_view text_column(sqlite3_stmt* statement, int index) {
  const auto* text = sqlite3_column_blob(statement, index);
  return {static_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement, index))};
}

template <class SomeId>
SomeId id_column(sqlite3_stmt* statement, int index) {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, index));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
  return SomeId::from_bytes({bytes, size}).value_or(SomeId{});
}

// Words hold letters, digits and what is not ASCII, never a quote: each is a string to FTS5.
std::string match_of(const std::vector<Phrase>& phrases) {
  std::string out;
  for (const Phrase& phrase : phrases) {
    if (!out.empty()) out += " AND ";
    for (const Word& word : phrase.words) {
      if (&word != &phrase.words.front()) out += " + ";
      out += '"' + word.text + '"';
    }
    if (phrase.open_end) out += " *";
  }
  return out;
}

Error too_much() { return {ErrorCode::kLocalStore, "The search index is full.", {}}; }

// Resets a statement when it has been used, whatever came of it.
class Use {
 public:
  explicit Use(sqlite3_stmt* statement) : statement_(statement) {}
  ~Use() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  sqlite3_stmt* statement_;
};

}  // namespace

void MessageIndex::CloseDatabase::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}
void MessageIndex::FinalizeStatement::operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }

std::unique_ptr<client::SearchIndex> MessageIndex::make(std::size_t max_bytes) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(
      ":memory:", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<MessageIndex> index(new MessageIndex(raw));
  if (opened != SQLITE_OK || !index->cutter_.ok() || !index->prepare(max_bytes)) return nullptr;
  return index;
}

bool MessageIndex::prepare(std::size_t max_bytes) {
  const auto statement = [this](const char* sql, Statement& out) {
    sqlite3_stmt* raw = nullptr;
    const int done =
        sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    out.reset(raw);
    return done == SQLITE_OK;
  };
  max_pages_ = static_cast<std::int64_t>(std::max<std::size_t>(max_bytes / kPageBytes, 16));
  // Contentless: the words are needed as an index only, and cut again from the text to take them
  // out. They come cut and folded, so FTS5 only has to split at the spaces.
  return run("PRAGMA page_size=4096") && run("PRAGMA temp_store=MEMORY") &&
         run("CREATE TABLE messages(id INTEGER PRIMARY KEY, room BLOB NOT NULL, "
             "seq INTEGER NOT NULL, sender BLOB NOT NULL, at INTEGER NOT NULL, "
             "text TEXT NOT NULL)") &&
         run("CREATE UNIQUE INDEX by_place ON messages(room, seq)") &&
         run("CREATE VIRTUAL TABLE words USING fts5(word, content='', columnsize=0, prefix='1 2', "
             "tokenize='ascii')") &&
         statement("SELECT id, text FROM messages WHERE room = ?1 AND seq = ?2", find_) &&
         statement("DELETE FROM messages WHERE id = ?1", erase_) &&
         statement("INSERT INTO words(words, rowid, word) VALUES('delete', ?1, ?2)",
                   erase_words_) &&
         statement("PRAGMA page_count", pages_) &&
         statement("PRAGMA freelist_count", free_pages_) &&
         statement(
             "INSERT OR IGNORE INTO messages(id, room, seq, sender, at, text) "
             "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
             insert_) &&
         statement("INSERT INTO words(rowid, word) VALUES(?1, ?2)", insert_words_) &&
         statement(
             "SELECT m.room, m.seq, m.sender, m.at, m.text "
             "FROM words w JOIN messages m ON m.id = w.rowid "
             "WHERE w.words MATCH ?1 AND (?2 = x'' OR m.room = ?2) "
             "ORDER BY w.rowid DESC LIMIT ?3",
             search_);
}

Error MessageIndex::failure() const {
  // SQLite's messages about statements may quote them; the code is enough.
  return {
      ErrorCode::kLocalStore,
      "The search index failed: " + std::string(sqlite3_errstr(sqlite3_errcode(database_.get()))),
      {}};
}

Status MessageIndex::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure();
}

Status MessageIndex::step(sqlite3_stmt* statement) {
  if (sqlite3_step(statement) == SQLITE_DONE) return {};
  return failure();
}

std::string MessageIndex::joined_words(std::string_view text) const {
  std::string out;
  for (const Word& word : cutter_.words(text)) {
    if (!out.empty()) out += ' ';
    out += word.text;
  }
  return out;
}

// ---- writing ------------------------------------------------------------------------------------

Status MessageIndex::update(const std::vector<IndexedMessage>& messages) {
  PARLEY_TRY(run("BEGIN"));
  Status status;
  for (const IndexedMessage& message : messages) {
    status = take_out(message);
    if (status && !message.text.empty()) status = is_full() ? Status(too_much()) : put(message);
    if (!status) break;
  }
  if (status) status = run("COMMIT");
  // A full database may have rolled back by itself.
  if (!status && sqlite3_get_autocommit(database_.get()) == 0) (void)run("ROLLBACK").ok();
  return status;
}

bool MessageIndex::is_full() const {
  const Use pages(pages_.get()), free(free_pages_.get());
  if (sqlite3_step(pages_.get()) != SQLITE_ROW) return true;
  if (sqlite3_step(free_pages_.get()) != SQLITE_ROW) return true;
  return sqlite3_column_int64(pages_.get(), 0) - sqlite3_column_int64(free_pages_.get(), 0) >=
         max_pages_;
}

Status MessageIndex::take_out(const IndexedMessage& message) {
  std::int64_t id = 0;
  std::string text;
  {
    const Use use(find_.get());
    if (!bind_all(find_.get(), message.room.view(), as_column(message.seq))) return failure();
    const int row = sqlite3_step(find_.get());
    if (row == SQLITE_DONE) return {};
    if (row != SQLITE_ROW) return failure();
    id = sqlite3_column_int64(find_.get(), 0);
    text = text_column(find_.get(), 1);
  }
  const Use words(erase_words_.get()), row(erase_.get());
  if (!bind_all(erase_words_.get(), id, joined_words(text))) return failure();
  PARLEY_TRY(step(erase_words_.get()));
  if (!bind_all(erase_.get(), id)) return failure();
  return step(erase_.get());
}

Status MessageIndex::put(const IndexedMessage& message) {
  std::string_view text = message.text;
  text = text.substr(0, std::min(text.size(), wire::kMaxContentBytes));
  std::int64_t id = row_of(message);
  for (;; ++id) {
    const Use use(insert_.get());
    if (!bind_all(insert_.get(), id, message.room.view(), as_column(message.seq),
                  message.sender.view(), message.at.ms, text)) {
      return failure();
    }
    PARLEY_TRY(step(insert_.get()));
    if (sqlite3_changes(database_.get()) > 0) break;  // else another message has this number
  }
  const Use use(insert_words_.get());
  if (!bind_all(insert_words_.get(), id, joined_words(text))) return failure();
  return step(insert_words_.get());
}

// ---- reading ------------------------------------------------------------------------------------

Result<std::vector<IndexHit>> MessageIndex::query(const client::IndexQuery& query) {
  std::vector<IndexHit> hits;
  const std::string_view text = query.text;
  const auto phrases = cutter_.phrases(text.substr(0, std::min(text.size(), wire::kMaxQueryBytes)));
  if (phrases.empty()) return hits;
  const std::size_t limit = std::min(query.limit, client::kMaxSearchHits);
  const Use use(search_.get());
  if (!bind_all(search_.get(), match_of(phrases), query.room ? query.room->view() : ByteView{},
                static_cast<std::int64_t>(limit))) {
    return failure();
  }
  for (;;) {
    const int row = sqlite3_step(search_.get());
    if (row == SQLITE_DONE) return hits;
    if (row != SQLITE_ROW) return failure();
    IndexHit hit;
    hit.room = id_column<RoomId>(search_.get(), 0);
    hit.seq.value = static_cast<std::uint64_t>(sqlite3_column_int64(search_.get(), 1));
    hit.sender = id_column<UserId>(search_.get(), 2);
    hit.at.ms = sqlite3_column_int64(search_.get(), 3);
    cut_snippet(std::string(text_column(search_.get(), 4)), phrases, hit);
    hits.push_back(std::move(hit));
  }
}

// The part of the text around its first place, with the places in it.
void MessageIndex::cut_snippet(const std::string& text, const std::vector<Phrase>& phrases,
                               IndexHit& hit) const {
  const std::vector<TextRange> places = find_phrases(cutter_.words(text), phrases);
  const auto starts_character = [&](std::size_t at) {
    return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
  };
  std::size_t begin = places.empty() ? 0 : places.front().begin;
  for (std::size_t back = 0; begin > 0 && back < kBeforeFirst;) {
    if (starts_character(--begin)) ++back;
  }
  std::size_t end = begin;
  for (std::size_t n = 0; end < text.size() && n < kSnippetCharacters; ++n) {
    (void)next_code_point(text, end);
  }
  if (begin > 0) hit.snippet = kEllipsis;
  const std::size_t shift = hit.snippet.size();
  hit.snippet.append(text, begin, end - begin);
  if (end < text.size()) hit.snippet += kEllipsis;
  for (const TextRange& place : places) {
    if (place.begin >= end) break;
    hit.highlights.push_back(
        {place.begin - begin + shift, std::min(place.end, end) - begin + shift});
  }
}

}  // namespace parley::search
