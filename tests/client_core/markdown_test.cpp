#include "client/core/markdown.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "shared/base/rng.hpp"
#include "shared/base/utf8.hpp"
#include "shared/wire/limits.hpp"

namespace parley::client {
namespace {

// One line for a parse: kind, then spans as letters of their styles and {text} or {text|url}.
std::string sketch(std::string_view text) {
  std::string out;
  for (const Block& block : parse_markdown(text)) {
    if (!out.empty()) out += " / ";
    switch (block.kind) {
      case BlockKind::kParagraph:
        out += "p";
        break;
      case BlockKind::kQuote:
        out += "q";
        break;
      case BlockKind::kCode:
        out += "code(" + block.language + ")";
        break;
      case BlockKind::kBullet:
        out += "-";
        break;
      case BlockKind::kNumbered:
        out += std::to_string(block.number) + ".";
        break;
    }
    for (const Span& span : block.spans) {
      out += ' ';
      if (span.bold) out += 'b';
      if (span.italic) out += 'i';
      if (span.strike) out += 's';
      if (span.code) out += 'c';
      if (span.spoiler) out += 'h';
      if (span.mention) out += 'm';
      out += '{' + span.text + (span.url.empty() ? "" : "|" + span.url) + '}';
    }
  }
  return out;
}

}  // namespace

TEST_CASE("Markup becomes spans and blocks") {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"", ""},
      {"plain", "p {plain}"},
      {"**bold** and *it* and _it_", "p b{bold} { and } i{it} { and } i{it}"},
      {"__strong__ ~~gone~~ ||secret||", "p b{strong} { } s{gone} { } h{secret}"},
      {"**bold *both* bold**", "p b{bold } bi{both} b{ bold}"},
      {"`*not* bold`", "p c{*not* bold}"},
      {"snake_case_name and 2 * 3 * 4", "p {snake_case_name and 2 * 3 * 4}"},
      {"a ** b ** c", "p {a ** b ** c}"},
      {"**open", "p {**open}"},
      {"*", "p {*}"},
      {"\\*star\\* \\`", "p {*star* `}"},
      {"hello @ada, mail a@b.org", "p {hello } m{@ada} {, mail a@b.org}"},
      {"[site](https://x.org/a) [no](javascript:alert(1))",
       "p {site|https://x.org/a} { [no](javascript:alert(1))}"},
      {"see https://x.org/a_b_c.", "p {see } {https://x.org/a_b_c|https://x.org/a_b_c} {.}"},
      {"(https://x.org/w_(y))", "p {(} {https://x.org/w_(y)|https://x.org/w_(y)} {)}"},
      {"[mail](mailto:a@b.org)", "p {mail|mailto:a@b.org}"},
      {"> one\n> two\n\nafter", "q {one\ntwo} / p {after}"},
      {"- a\n- b\n* c", "- {a} / - {b} / - {c}"},
      {"3. c\n4) d", "3. {c} / 4. {d}"},
      {"```cpp\nint *a*;\n\nx\n```\nend", "code(cpp) c{int *a*;\n\nx} / p {end}"},
      {"```\nnever closed", "code() c{never closed}"},
      {"```one line```", "code() c{one line}"},
      {"line one\nline two", "p {line one\nline two}"},
      {"line\r\n\r\nother", "p {line} / p {other}"},
      {"5", "p {5}"},
      {"99999999999. x", "p {99999999999. x}"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(sketch(row.text) == row.expected);
  }
}

TEST_CASE("Excerpts are one line without markup, whole characters, with an ellipsis") {
  CHECK(plain_excerpt("**Hi**\n> quoted\n\n- item", 80) == "Hi quoted item");
  CHECK(plain_excerpt("abcdef", 3) == "abc\xE2\x80\xA6");
  CHECK(plain_excerpt("\xC3\xA4\xC3\xB6\xC3\xBC", 2) == "\xC3\xA4\xC3\xB6\xE2\x80\xA6");
  CHECK(plain_excerpt("the ||end|| is", 80) == "the [spoiler] is");
  CHECK(plain_excerpt("", 10).empty());
}

TEST_CASE("Any text can be parsed, and no character is made up") {
  const auto seed = GENERATE(range(1u, 200u));
  INFO("seed " << seed);
  SeededRng rng(seed);
  const char* pieces[] = {"*",        "**", "_",  "__",       "~~", "||",  "`", "```",
                          "\n",       "> ", "- ", "1. ",      "[",  "](",  ")", "@",
                          "http://x", " ",  "a",  "\xC3\xA9", "\\", "\xff"};
  std::string text;
  for (std::uint64_t n = rng.below(200); n > 0; --n)
    text += pieces[static_cast<std::size_t>(rng.below(std::size(pieces)))];
  std::size_t bytes = 0;
  for (const Block& block : parse_markdown(text)) {
    for (const Span& span : block.spans) bytes += span.text.size();
  }
  CHECK(bytes <= text.size());
  if (is_valid_utf8(text)) {
    for (const Block& block : parse_markdown(text)) {
      for (const Span& span : block.spans) CHECK(is_valid_utf8(span.text));
    }
  }
}

TEST_CASE("Hostile repeats are cheap and the length is bounded") {
  for (const char* piece :
       {"*a", "**", "_a ", "[", "[a](", "`", "@", "||", "http://", "((", "~~a"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    std::size_t bytes = 0;
    for (const Block& block : parse_markdown(text)) {
      for (const Span& span : block.spans) bytes += span.text.size();
    }
    CHECK(bytes <= wire::kMaxContentBytes);
  }
}

}  // namespace parley::client
