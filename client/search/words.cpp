#include "client/search/words.hpp"

#include <sqlite3.h>

#include <algorithm>

#include "shared/base/utf8.hpp"

namespace parley::search {
namespace {

using client::TextRange;

enum class Kind { kLetter, kRunning, kSymbol, kIgnored };

struct Block {
  char32_t first, last;
  Kind kind;
};

// Ascending. What is in none is for unicode61 to tell: a letter, or something that separates.
constexpr Block kBlocks[] = {
    {0xad, 0xad, Kind::kIgnored},    // soft hyphen
    {0x300, 0x36f, Kind::kIgnored},  // combining diacritics
    {0x591, 0x5bd, Kind::kIgnored},  // Hebrew points
    {0x5bf, 0x5bf, Kind::kIgnored},
    {0x5c1, 0x5c2, Kind::kIgnored},
    {0x5c4, 0x5c5, Kind::kIgnored},
    {0x5c7, 0x5c7, Kind::kIgnored},
    {0x610, 0x61a, Kind::kIgnored},  // Arabic marks
    {0x640, 0x640, Kind::kIgnored},  // tatweel
    {0x64b, 0x65f, Kind::kIgnored},
    {0x670, 0x670, Kind::kIgnored},
    {0x6d6, 0x6dc, Kind::kIgnored},
    {0xe01, 0xe3a, Kind::kRunning},  // Thai
    {0xe40, 0xe4e, Kind::kRunning},
    {0xe81, 0xecd, Kind::kRunning},  // Lao
    {0xedc, 0xedf, Kind::kRunning},
    {0xf40, 0xf84, Kind::kRunning},  // Tibetan
    {0xf88, 0xfbc, Kind::kRunning},
    {0x1000, 0x103f, Kind::kRunning},  // Myanmar
    {0x1050, 0x108f, Kind::kRunning},
    {0x1100, 0x11ff, Kind::kRunning},  // Hangul jamo
    {0x1780, 0x17d3, Kind::kRunning},  // Khmer
    {0x1ab0, 0x1aff, Kind::kIgnored},  // more combining diacritics
    {0x1dc0, 0x1dff, Kind::kIgnored},
    {0x200b, 0x200f, Kind::kIgnored},  // zero width: spaces, joiners, direction marks
    {0x202a, 0x202e, Kind::kIgnored},
    {0x2060, 0x206f, Kind::kIgnored},
    {0x20a0, 0x20cf, Kind::kSymbol},   // currencies
    {0x20d0, 0x20ff, Kind::kIgnored},  // combining marks for symbols, keycaps
    {0x2190, 0x23ff, Kind::kSymbol},   // arrows, mathematics, technical
    {0x2500, 0x2bff, Kind::kSymbol},   // shapes, dingbats
    {0x2e80, 0x2fdf, Kind::kRunning},  // radicals
    {0x3005, 0x3007, Kind::kRunning},
    {0x3021, 0x3029, Kind::kRunning},
    {0x3041, 0x3096, Kind::kRunning},  // kana
    {0x3099, 0x309a, Kind::kIgnored},
    {0x309d, 0x309f, Kind::kRunning},
    {0x30a1, 0x30fa, Kind::kRunning},
    {0x30fc, 0x30ff, Kind::kRunning},
    {0x3105, 0x318e, Kind::kRunning},  // bopomofo, Hangul compatibility jamo
    {0x31a0, 0x31bf, Kind::kRunning},
    {0x31f0, 0x31ff, Kind::kRunning},
    {0x3400, 0x4dbf, Kind::kRunning},  // Han
    {0x4e00, 0x9fff, Kind::kRunning},
    {0xa960, 0xa97f, Kind::kRunning},
    {0xac00, 0xd7ff, Kind::kRunning},  // Hangul
    {0xf900, 0xfaff, Kind::kRunning},
    {0xfe00, 0xfe0f, Kind::kIgnored},  // variation selectors
    {0xfe20, 0xfe2f, Kind::kIgnored},
    {0xfeff, 0xfeff, Kind::kIgnored},
    {0xff66, 0xff9d, Kind::kRunning},    // half-width kana
    {0x1f000, 0x1f3fa, Kind::kSymbol},   // emoji, flags
    {0x1f3fb, 0x1f3ff, Kind::kIgnored},  // skin tones
    {0x1f400, 0x1faff, Kind::kSymbol},
    {0x20000, 0x3ffff, Kind::kRunning},
    {0xe0000, 0xe01ef, Kind::kIgnored},  // tags, variation selectors
};

Kind kind_of(char32_t c) {
  const auto block = std::lower_bound(std::begin(kBlocks), std::end(kBlocks), c,
                                      [](const Block& b, char32_t at) { return b.last < at; });
  return block != std::end(kBlocks) && c >= block->first ? block->kind : Kind::kLetter;
}

// Full-width forms of ASCII are the same letters.
char32_t narrow(char32_t c) { return c >= 0xff01 && c <= 0xff5e ? c - 0xfee0 : c; }

std::string utf8(char32_t c) {
  std::string out;
  append_utf8(c, out);
  return out;
}

fts5_api* fts5_of(sqlite3* database) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  return api;
}

}  // namespace

struct WordCutter::Folding {
  fts5_tokenizer methods{};
  Fts5Tokenizer* tokenizer = nullptr;

  ~Folding() {
    if (tokenizer) methods.xDelete(tokenizer);
  }
};

// One text on its way into words.
class WordCutter::Cut {
 public:
  explicit Cut(const Folding& folding) : folding_(folding) {}

  std::vector<Word> run(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      const char32_t c = next_code_point(text, at);
      const Kind kind = kind_of(c);
      if (kind == Kind::kIgnored) continue;
      if (kind != Kind::kLetter) end_letters();
      if (kind != Kind::kRunning) end_running();
      if (kind == Kind::kLetter) {
        append_utf8(narrow(c), letters_);
        places_.resize(letters_.size(), {begin, at});
      } else if (kind == Kind::kRunning) {
        running_.push_back({utf8(c), {begin, at}, at});
      } else {
        words_.push_back({utf8(c), {begin, at}, 0});
      }
    }
    end_letters();
    end_running();
    return std::move(words_);
  }

 private:
  void end_letters() {
    if (letters_.empty()) return;
    const auto take = [](void* self, int, const char* text, int size, int begin, int end) {
      Cut& cut = *static_cast<Cut*>(self);
      cut.words_.push_back({std::string(text, static_cast<std::size_t>(size)),
                            {cut.places_[static_cast<std::size_t>(begin)].begin,
                             cut.places_[static_cast<std::size_t>(end) - 1].end},
                            0});
      return SQLITE_OK;
    };
    folding_.methods.xTokenize(folding_.tokenizer, this, FTS5_TOKENIZE_DOCUMENT, letters_.data(),
                               static_cast<int>(letters_.size()), take);
    letters_.clear();
    places_.clear();
  }

  void end_running() {
    for (std::size_t i = 0; i < running_.size(); ++i) {
      Word word = running_[i];
      if (i + 1 < running_.size()) {
        word.text += running_[i + 1].text;
        word.place.end = running_[i + 1].place.end;
      }
      words_.push_back(std::move(word));
    }
    running_.clear();
  }

  const Folding& folding_;
  std::vector<Word> words_;
  std::string letters_;            // not yet folded
  std::vector<TextRange> places_;  // in the text, of each byte of letters_
  std::vector<Word> running_;      // characters not yet paired
};

WordCutter::WordCutter(sqlite3* database) {
  fts5_api* api = fts5_of(database);
  if (!api) return;
  auto folding = std::make_unique<Folding>();
  void* context = nullptr;
  if (api->xFindTokenizer(api, "unicode61", &context, &folding->methods) != SQLITE_OK) return;
  // Vowel signs of Indic scripts are marks and belong to their words.
  const char* arguments[] = {"remove_diacritics", "2", "categories", "L* N* M* Co"};
  if (folding->methods.xCreate(context, arguments, 4, &folding->tokenizer) != SQLITE_OK) return;
  folding_ = std::move(folding);
}

WordCutter::~WordCutter() = default;

std::vector<Word> WordCutter::words(std::string_view text) const {
  return Cut(*folding_).run(text);
}

std::vector<Phrase> WordCutter::phrases(std::string_view query) const {
  std::vector<Phrase> out;
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  for (std::size_t at = 0; at < query.size() && out.size() < kMaxPhrases;) {
    if (is_space(query[at])) {
      ++at;
      continue;
    }
    const bool quoted = query[at] == '"';
    if (quoted) ++at;
    std::size_t end = at;
    while (end < query.size() && query[end] != '"' && (quoted || !is_space(query[end]))) ++end;
    Phrase phrase{words(query.substr(at, end - at)), !quoted && end == query.size()};
    at = quoted && end < query.size() ? end + 1 : end;
    if (phrase.words.empty()) continue;
    // The last character of a script without spaces stands alone only where a text ends: alone it
    // may begin any pair, and after a pair it is asked for already.
    Word& last = phrase.words.back();
    if (last.first_end != 0) {
      const bool paired = phrase.words.size() > 1 &&
                          phrase.words[phrase.words.size() - 2].first_end != 0 &&
                          phrase.words[phrase.words.size() - 2].place.end == last.place.end;
      if (paired) phrase.words.pop_back();
      phrase.open_end = !paired;
    }
    if (phrase.words.size() > kMaxPhraseWords) {
      phrase.words.resize(kMaxPhraseWords);
      phrase.open_end = false;
    }
    out.push_back(std::move(phrase));
  }
  return out;
}

std::vector<TextRange> find_phrases(const std::vector<Word>& words,
                                    const std::vector<Phrase>& phrases) {
  std::vector<TextRange> found;
  for (const Phrase& phrase : phrases) {
    const std::size_t count = phrase.words.size();
    for (std::size_t at = 0; at + count <= words.size(); ++at) {
      const bool here = std::equal(phrase.words.begin(), phrase.words.end(), words.begin() + at,
                                   [&](const Word& wanted, const Word& word) {
                                     return phrase.open_end && &wanted == &phrase.words.back()
                                                ? word.text.starts_with(wanted.text)
                                                : word.text == wanted.text;
                                   });
      if (!here) continue;
      const Word& last = words[at + count - 1];
      const bool begins_pair = phrase.open_end && last.first_end != 0;
      found.push_back({words[at].place.begin, begins_pair ? last.first_end : last.place.end});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const TextRange& a, const TextRange& b) { return a.begin < b.begin; });
  std::vector<TextRange> out;
  for (const TextRange& range : found) {
    if (!out.empty() && range.begin <= out.back().end)
      out.back().end = std::max(out.back().end, range.end);
    else
      out.push_back(range);
  }
  return out;
}

}  // namespace parley::search
