// What a text is cut into for searching, and what of a text a query asks for.
//
// Words of scripts with spaces are folded (case, diacritics, width) and stay whole. Scripts without
// spaces, and Hangul, whose particles join their words, become pairs of neighbouring characters, so
// that any part of a sentence is found: 漢字検索 is 漢字 字検 検索 索. Emoji and other symbols are
// words of their own, whatever their skin tone. Everything else only separates.
//
// Queries: all words must be there; "in quotes" as written; the last word, while it is being typed,
// may go on. Nothing else means anything, so nothing needs escaping by people.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/core/view_models.hpp"

struct sqlite3;

namespace parley::search {

struct Word {
  std::string text;  // folded
  client::TextRange place;
  // A piece of a script without spaces: where its first character ends. Else 0.
  std::size_t first_end = 0;
};

// Words that follow each other in the text.
struct Phrase {
  std::vector<Word> words;
  bool open_end = false;  // the last word may go on
};

class WordCutter {
 public:
  static constexpr std::size_t kMaxPhrases = 16;
  static constexpr std::size_t kMaxPhraseWords = 64;

  // Borrows the database for its folding of letters (FTS5's unicode61); it must live longer.
  // Usable when ok().
  explicit WordCutter(sqlite3* database);
  ~WordCutter();
  WordCutter(const WordCutter&) = delete;
  WordCutter& operator=(const WordCutter&) = delete;

  bool ok() const { return folding_ != nullptr; }
  // In the order of the text. Bytes that are not UTF-8 separate.
  std::vector<Word> words(std::string_view text) const;
  // At most kMaxPhrases and kMaxPhraseWords of each; what is beyond is not asked for.
  std::vector<Phrase> phrases(std::string_view query) const;

 private:
  struct Folding;
  class Cut;
  std::unique_ptr<Folding> folding_;
};

// Where the phrases stand in a text, given its words: ascending, not overlapping.
std::vector<client::TextRange> find_phrases(const std::vector<Word>& words,
                                            const std::vector<Phrase>& phrases);

}  // namespace parley::search
