#include "client/core/markdown.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "shared/base/utf8.hpp"
#include "shared/wire/limits.hpp"

namespace parley::client {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;
constexpr int kMaxListNumber = 999'999;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

// The longest prefix within `bytes` that does not cut a character.
std::string_view clip(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

bool starts_with_scheme(std::string_view text, bool bare) {
  for (const std::string_view scheme : {"https://", "http://", "mailto:"}) {
    if (bare && scheme == "mailto:") continue;
    if (text.size() <= scheme.size()) continue;
    const bool same = std::equal(scheme.begin(), scheme.end(), text.begin(), [](char a, char b) {
      return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
    });
    if (same) return true;
  }
  return false;
}

bool is_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes || !starts_with_scheme(text, false)) return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return is_space(c) || static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '"';
  });
}

// Length of the address that starts the text, without the punctuation that ends a sentence.
std::size_t bare_url_length(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && end < kMaxUrlBytes && !is_space(text[end]) && text[end] != '<' &&
         text[end] != '>' && text[end] != '"' && text[end] != '|') {
    ++end;
  }
  while (end > 0 && std::string_view(".,;:!?)'*_~").find(text[end - 1]) != std::string_view::npos) {
    // A closing bracket belongs to the address when it has its opening one there.
    if (text[end - 1] == ')' &&
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '(') >=
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), ')')) {
      break;
    }
    --end;
  }
  return end;
}

enum Mark { kBold, kItalic, kStrike, kSpoiler, kMarkCount };

// Inline markup in one pass from left to right. A mark that opens needs its closing twin; whether
// one follows is asked of an index that only moves forward, so the whole is linear.
class InlineParser {
 public:
  explicit InlineParser(std::string_view text) : text_(text) {}

  std::vector<Span> run() {
    while (at_ < text_.size()) step();
    flush();
    return std::move(spans_);
  }

 private:
  struct Token {
    std::string_view text;
    Mark mark;
  };

  void step() {
    const char c = text_[at_];
    if (c == '\\' && at_ + 1 < text_.size() && is_markup(text_[at_ + 1])) {
      pending_ += text_[at_ + 1];
      at_ += 2;
    } else if (c == '`' && code()) {
    } else if (c == '[' && link()) {
    } else if (c == '@' && mention()) {
    } else if ((c == 'h' || c == 'H') && bare_link()) {
    } else if (is_mark(c) && mark()) {
    } else {
      pending_ += c;
      ++at_;
    }
  }

  static bool is_markup(char c) {
    return std::string_view("\\`*_~|[]()@>#-").find(c) != std::string_view::npos;
  }
  static bool is_mark(char c) { return c == '*' || c == '_' || c == '~' || c == '|'; }

  std::optional<Token> token_at(std::size_t at) const {
    const std::string_view rest = text_.substr(at);
    for (const Token& token : {Token{"**", kBold}, Token{"__", kBold}, Token{"~~", kStrike},
                               Token{"||", kSpoiler}, Token{"*", kItalic}, Token{"_", kItalic}}) {
      if (rest.substr(0, token.text.size()) == token.text) return token;
    }
    return std::nullopt;
  }

  bool space_before(std::size_t at) const { return at == 0 || is_space(text_[at - 1]); }
  bool word_before(std::size_t at) const { return at > 0 && is_alnum(text_[at - 1]); }
  bool word_after(std::size_t at) const { return at < text_.size() && is_alnum(text_[at]); }
  bool space_after(std::size_t at) const { return at >= text_.size() || is_space(text_[at]); }

  bool mark() {
    const auto token = token_at(at_);
    if (!token) return false;
    const std::size_t after = at_ + token->text.size();
    const bool underscore = token->text.front() == '_';
    if (open_[token->mark] == token->text) {
      // Closing: something other than a space before; snake_case is not markup.
      if (space_before(at_) || (underscore && word_after(after))) return false;
      set(token->mark, {});
    } else if (open_[token->mark].empty()) {
      if (space_after(after) || (underscore && word_before(at_))) return false;
      if (!closes_later(*token, after)) return false;
      set(token->mark, token->text);
    } else {
      return false;
    }
    at_ = after;
    return true;
  }

  void set(Mark mark, std::string_view token) {
    flush();
    open_[mark] = token;
  }

  // For each token the position of the next closing place; found positions serve later questions.
  bool closes_later(const Token& token, std::size_t from) {
    std::size_t& next = next_close_[index_of(token)];
    if (next != kUnknown && next > from) return next != kNever;
    for (std::size_t i = std::max(from + 1, next == kUnknown ? 0 : next); i < text_.size(); ++i) {
      const auto found = is_mark(text_[i]) ? token_at(i) : std::nullopt;
      if (!found) continue;
      const std::size_t after = i + found->text.size();
      if (found->text == token.text && !space_before(i) && text_[i - 1] != '\\' &&
          !(found->text.front() == '_' && word_after(after))) {
        next = i;
        return true;
      }
      i = after - 1;
    }
    next = kNever;
    return false;
  }
  static std::size_t index_of(const Token& token) {
    return static_cast<std::size_t>(token.mark) * 2 + (token.text.front() == '_' ? 1 : 0);
  }

  bool code() {
    const std::size_t end = find_forward('`', at_ + 1, code_close_);
    if (end == kNever || end == at_ + 1) return false;
    flush();
    Span span = styled(std::string(text_.substr(at_ + 1, end - at_ - 1)));
    span.code = true;
    spans_.push_back(std::move(span));
    at_ = end + 1;
    return true;
  }

  bool link() {
    const std::size_t close = find_forward(']', at_ + 1, bracket_close_);
    if (close == kNever || close == at_ + 1) return false;
    if (close + 1 >= text_.size() || text_[close + 1] != '(') return false;
    const std::size_t end = find_forward(')', close + 2, paren_close_);
    if (end == kNever) return false;
    const std::string_view url = text_.substr(close + 2, end - close - 2);
    if (!is_url(url)) return false;
    flush();
    Span span = styled(std::string(text_.substr(at_ + 1, close - at_ - 1)));
    span.url = std::string(url);
    spans_.push_back(std::move(span));
    at_ = end + 1;
    return true;
  }

  bool bare_link() {
    if (word_before(at_) || !starts_with_scheme(text_.substr(at_), true)) return false;
    const std::string_view rest = text_.substr(at_);
    const std::size_t length = bare_url_length(rest);
    if (!is_url(rest.substr(0, length))) return false;
    flush();
    Span span = styled(std::string(rest.substr(0, length)));
    span.url = span.text;
    spans_.push_back(std::move(span));
    at_ += length;
    return true;
  }

  bool mention() {
    if (word_before(at_)) return false;
    std::size_t end = at_ + 1;
    while (end < text_.size() && end - at_ <= wire::kMaxNameBytes &&
           (is_alnum(text_[end]) || text_[end] == '_' || text_[end] == '-' ||
            (text_[end] == '.' && word_after(end + 1)))) {
      ++end;
    }
    if (end == at_ + 1) return false;
    flush();
    Span span = styled(std::string(text_.substr(at_, end - at_)));
    span.mention = true;
    spans_.push_back(std::move(span));
    at_ = end;
    return true;
  }

  // Position of `c` at or after `from`; `cache` is the last answer and only moves forward.
  std::size_t find_forward(char c, std::size_t from, std::size_t& cache) const {
    if (cache != kUnknown && cache >= from) return cache;
    const std::size_t found = text_.find(c, from);
    cache = found == std::string_view::npos ? kNever : found;
    return cache;
  }

  Span styled(std::string text) const {
    Span span;
    span.text = std::move(text);
    span.bold = !open_[kBold].empty();
    span.italic = !open_[kItalic].empty();
    span.strike = !open_[kStrike].empty();
    span.spoiler = !open_[kSpoiler].empty();
    return span;
  }
  void flush() {
    if (!pending_.empty()) spans_.push_back(styled(std::exchange(pending_, {})));
  }

  static constexpr std::size_t kUnknown = static_cast<std::size_t>(-2);
  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);

  std::string_view text_;
  std::size_t at_ = 0;
  std::string pending_;
  std::vector<Span> spans_;
  std::array<std::string_view, kMarkCount> open_{};
  std::array<std::size_t, kMarkCount * 2> next_close_{kUnknown, kUnknown, kUnknown, kUnknown,
                                                      kUnknown, kUnknown, kUnknown, kUnknown};
  std::size_t code_close_ = kUnknown;
  std::size_t bracket_close_ = kUnknown;
  std::size_t paren_close_ = kUnknown;
};

struct Line {
  BlockKind kind = BlockKind::kParagraph;
  int number = 0;
  std::string_view text;
};

Line classify_line(std::string_view raw) {
  const std::string_view text = trim_left(raw);
  if (!text.empty() && text.front() == '>')
    return {BlockKind::kQuote, 0, trim_left(text.substr(1))};
  if (text.size() >= 2 && (text[0] == '-' || text[0] == '*') && text[1] == ' ') {
    return {BlockKind::kBullet, 0, trim_left(text.substr(2))};
  }
  std::size_t digits = 0;
  int number = 0;
  while (digits < text.size() && is_digit(text[digits]) && number <= kMaxListNumber) {
    number = number * 10 + (text[digits++] - '0');
  }
  if (digits > 0 && number <= kMaxListNumber && digits + 1 < text.size() &&
      (text[digits] == '.' || text[digits] == ')') && text[digits + 1] == ' ') {
    return {BlockKind::kNumbered, number, trim_left(text.substr(digits + 2))};
  }
  return {BlockKind::kParagraph, 0, raw};
}

class BlockParser {
 public:
  explicit BlockParser(std::string_view text) : rest_(text) {}

  std::vector<Block> run() {
    while (!rest_.empty() || !done_) {
      const std::string_view line = next_line();
      const std::string_view start = trim_left(line);
      if (start.substr(0, 3) == "```") {
        fence(start.substr(3));
      } else if (is_blank(line)) {
        flush();
      } else {
        add(classify_line(line));
      }
    }
    flush();
    return std::move(blocks_);
  }

 private:
  std::string_view next_line() {
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    done_ = end == std::string_view::npos;
    rest_ = done_ ? std::string_view{} : rest_.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }

  void fence(std::string_view info) {
    flush();
    Block block;
    block.kind = BlockKind::kCode;
    std::string code;
    // ```code``` on one line
    if (const std::size_t close = info.find("```"); close != std::string_view::npos) {
      code = info.substr(0, close);
    } else {
      block.language = clip(info.substr(0, info.find(' ')), 32);
      bool first = true;
      while (!done_) {
        const std::string_view line = next_line();
        if (trim_left(line).substr(0, 3) == "```") break;
        if (!first) code += '\n';
        first = false;
        code += line;
      }
    }
    Span span;
    span.text = std::move(code);
    span.code = true;
    block.spans.push_back(std::move(span));
    blocks_.push_back(std::move(block));
  }

  void add(const Line& line) {
    const bool joins = open_ && kind_ == line.kind &&
                       (kind_ == BlockKind::kParagraph || kind_ == BlockKind::kQuote);
    if (joins) {
      gathered_ += '\n';
    } else {
      flush();
      open_ = true;
      kind_ = line.kind;
      number_ = line.number;
    }
    gathered_ += line.text;
  }

  void flush() {
    if (!open_) return;
    Block block;
    block.kind = kind_;
    block.number = number_;
    block.spans = InlineParser(gathered_).run();
    blocks_.push_back(std::move(block));
    gathered_.clear();
    open_ = false;
  }

  std::string_view rest_;
  bool done_ = false;
  bool open_ = false;
  BlockKind kind_ = BlockKind::kParagraph;
  int number_ = 0;
  std::string gathered_;
  std::vector<Block> blocks_;
};

}  // namespace

std::vector<Block> parse_markdown(std::string_view text) {
  return BlockParser(clip(text, wire::kMaxContentBytes)).run();
}

std::string plain_excerpt(std::string_view text, std::size_t max_characters) {
  std::string line;
  for (const Block& block : parse_markdown(text)) {
    for (const Span& span : block.spans) {
      if (!line.empty() && &span == &block.spans.front()) line += ' ';
      // A spoiler stays one in a preview.
      line += span.spoiler ? std::string("[spoiler]") : span.text;
    }
    if (line.size() > 4 * max_characters + 4) break;
  }
  std::string out;
  std::size_t characters = 0;
  bool space = true;
  for (std::size_t at = 0; at < line.size();) {
    char32_t c = next_code_point(line, at);
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
    if (c == ' ' && space) continue;
    space = c == ' ';
    if (++characters > max_characters) {
      while (!out.empty() && out.back() == ' ') out.pop_back();
      return out + "\xE2\x80\xA6";
    }
    append_utf8(c, out);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace parley::client
