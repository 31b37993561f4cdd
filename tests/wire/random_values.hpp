// Fills any struct that declares its fields with random values inside its limits: a third reading
// of the declarations, beside the binary and the JSON archives. A new struct is covered by being in
// one of the variants of the protocol.
#pragma once

#include "shared/base/rng.hpp"
#include "shared/wire/json_archive.hpp"

namespace parley::test {

enum class Fill {
  kAnything,  // whatever is allowed: empty, longest, unknown numbers, odd characters
  kTypical,   // everything there, short and readable: for samples that people look at
};

class RandomFill {
 public:
  explicit RandomFill(std::uint64_t seed, Fill style = Fill::kAnything)
      : rng_(seed), typical_(style == Fill::kTypical) {}

  // What a struct's serialize() calls.
  template <class... Fields>
  void operator()(Fields&&... fields) {
    (fill(fields.value), ...);
  }

  void fill(bool& out) { out = coin(); }
  template <wire::Integer T>
  void fill(T& out) {
    // All widths are as likely, so that short and long varints both occur.
    const auto bits = typical_ ? 1 + rng_.below(sizeof(T) * 3) : rng_.below(sizeof(T) * 8 + 1);
    const std::uint64_t raw = bits == 0 ? 0 : rng_.next_u64() >> (64 - bits);
    out = static_cast<T>(std::is_signed_v<T> && coin() ? ~raw : raw);
  }
  template <class E>
  requires std::is_enum_v<E>
  void fill(E& out) {
    if (rarely(8)) {
      std::underlying_type_t<E> number{};
      fill(number);
      out = static_cast<E>(number);
    } else {
      const auto& names = wire::kEnumNames<E>;
      out = names[index_below(std::size(names))].value;
    }
  }
  template <class Tag>
  void fill(Id<Tag>& out) {
    if (rarely(8)) {
      out = {};
    } else {
      rng_.fill(out.uuid.bytes);
    }
  }
  void fill(Seq& out) { fill(out.value); }
  void fill(Timestamp& out) {
    // Years 0000 to 9999, which both forms can say.
    if (typical_) {
      out.ms = 1'772'366'400'000 + static_cast<std::int64_t>(rng_.below(86'400'000));
      return;
    }
    out.ms = static_cast<std::int64_t>(rng_.below(315'569'520'000'000)) - 62'167'219'200'000;
  }
  void fill(wire::Event& out) {
    out.serialize(*this);
    out.kind = wire::EventKind{static_cast<std::uint16_t>(1000 + rng_.below(9))};
    pick_body<1>(typical_ ? 1 : rng_.below(std::variant_size_v<wire::EventBody>), out);
  }
  template <class T>
  void fill(wire::Capped<T>& capped) {
    if constexpr (std::same_as<T, std::string>) {
      fill_text(capped.value, capped.cap);
    } else if constexpr (std::same_as<T, Bytes>) {
      capped.value.resize(index_below(std::min<std::size_t>(capped.cap, 40) + 1));
      rng_.fill(capped.value);
    } else if constexpr (wire::Optional<T>) {
      capped.value.reset();
      if (typical_ || coin()) {
        wire::Capped inner{capped.value.emplace(), capped.cap};
        fill(inner);
      }
    } else {
      capped.value.clear();
      const auto count = typical_ ? 1 + rng_.below(2) : rng_.below(4);
      for (std::uint64_t i = 0; i < count; ++i) fill(capped.value.emplace_back());
    }
  }
  template <class T>
  void fill(std::optional<T>& out) {
    out.reset();
    if (typical_ || coin()) fill(out.emplace());
  }
  template <class T>
  requires wire::Declared<T, RandomFill>
  void fill(T& out) { out.serialize(*this); }

 private:
  bool rarely(std::uint64_t one_in) { return !typical_ && rng_.below(one_in) == 0; }
  std::size_t index_below(std::size_t bound) { return static_cast<std::size_t>(rng_.below(bound)); }
  bool coin() { return rng_.below(2) == 1; }

  char32_t random_code_point() {
    constexpr char32_t kInteresting[] = {0,      0x0a,   0x1f,   '"',     '\\',    '/',
                                         0x7f,   0x80,   0x7ff,  0x800,   0x2028,  0xd7ff,
                                         0xe000, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff};
    if (typical_) return rng_.below(12) == 0 ? 0xe9 : static_cast<char32_t>('a' + rng_.below(26));
    if (rng_.below(4) == 0) return kInteresting[index_below(std::size(kInteresting))];
    return static_cast<char32_t>(' ' + rng_.below(95));
  }
  void fill_text(std::string& out, std::size_t cap) {
    out.clear();
    const std::size_t wanted = rarely(16) ? cap : typical_ ? 3 + index_below(9) : index_below(24);
    while (out.size() < wanted && out.size() + 4 <= cap) append_utf8(random_code_point(), out);
  }
  template <std::size_t I>
  void pick_body(std::uint64_t wanted, wire::Event& out) {
    if constexpr (I < std::variant_size_v<wire::EventBody>) {
      if (wanted != I) return pick_body<I + 1>(wanted, out);
      std::variant_alternative_t<I, wire::EventBody> body;
      fill(body);
      out.kind = body.kKind;
      out.body = wire::encode(body);
    }
  }

  SeededRng rng_;
  bool typical_;
};

// Calls use.template operator()<Alternative>() for every alternative of a variant.
template <class Variant, std::size_t I = 0, class Use>
void for_each_alternative(const Use& use) {
  if constexpr (I < std::variant_size_v<Variant>) {
    use.template operator()<std::variant_alternative_t<I, Variant>>();
    for_each_alternative<Variant, I + 1>(use);
  }
}

template <class T>
T random_value(std::uint64_t seed, Fill style = Fill::kAnything) {
  T value{};
  RandomFill(seed, style).fill(value);
  return value;
}

}  // namespace parley::test
