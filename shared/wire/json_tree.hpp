// A parsed JSON text, bounded before and while it is parsed.
//
// Values live in one array, texts in one string; a value names its first child and its next
// sibling. Limits: kMaxFrameBytes of text, kMaxDepth levels, kMaxJsonValues values, kMaxJsonMembers
// members an object. An object that gives a member twice is refused, for readers would disagree
// about it. The parser behind it keeps its own stack, so depth costs no call frames.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/wire/limits.hpp"

namespace parley::wire {

inline constexpr std::size_t kMaxJsonValues = 65'536;
inline constexpr std::size_t kMaxJsonMembers = 64;

class JsonTree {
 public:
  enum class Type : std::uint8_t { kNull, kBool, kUnsigned, kNegative, kFloat, kString, kArray,
                                   kObject };
  using Index = std::uint32_t;
  static constexpr Index kNothing = ~Index{0};

  // kTooLarge, or kMalformed with a detail that says what is wrong and where.
  static Result<JsonTree> parse(std::string_view text);

  static constexpr Index root() { return 0; }
  Type type(Index value) const { return values_[value].type; }
  bool boolean(Index value) const { return values_[value].number != 0; }
  // The value of kUnsigned; of kNegative its two's complement.
  std::uint64_t number(Index value) const { return values_[value].number; }
  // A string's text; of a kFloat the digits as they were written.
  std::string_view text(Index value) const { return slice(values_[value].text); }
  std::string_view name(Index member) const { return slice(values_[member].name); }

  Index first(Index container) const { return values_[container].first; }
  Index next(Index child) const { return values_[child].next; }
  // The member of an object, or kNothing.
  Index find(Index object, std::string_view name) const;

 private:
  class Builder;
  struct Slice {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Value {
    Type type = Type::kNull;
    std::uint64_t number = 0;
    Slice text;
    Slice name;
    Index first = kNothing;
    Index next = kNothing;
  };
  std::string_view slice(Slice s) const {
    return std::string_view(texts_).substr(s.begin, s.size);
  }

  std::vector<Value> values_;
  std::string texts_;
};

}  // namespace parley::wire
