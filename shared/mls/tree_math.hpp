// Positions in a ratchet tree (RFC 9420 section 4 and appendix C).
//
// Leaves have even node indices, parents odd ones; the tree is always full: 2^d leaves. For 4
// leaves:
//
//   level 2            3
//   level 1      1           5        node index; its level is the number of its low 1 bits
//   level 0   0     2     4     6
//   leaf      0     1     2     3
#pragma once

#include <bit>
#include <cassert>
#include <compare>
#include <cstdint>

namespace parley::mls {

struct NodeIndex;

struct LeafIndex {
  std::uint32_t value = 0;
  auto operator<=>(const LeafIndex&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.value);
  }
};

struct NodeIndex {
  std::uint32_t value = 0;
  NodeIndex() = default;
  explicit constexpr NodeIndex(std::uint32_t index) : value(index) {}
  constexpr NodeIndex(LeafIndex leaf) : value(leaf.value * 2) {}
  auto operator<=>(const NodeIndex&) const = default;

  constexpr bool is_leaf() const { return (value & 1) == 0; }
  constexpr unsigned level() const { return static_cast<unsigned>(std::countr_one(value)); }
  constexpr LeafIndex leaf() const {
    assert(is_leaf());
    return {value / 2};
  }
  constexpr NodeIndex left() const {
    assert(!is_leaf());
    return NodeIndex(value ^ (1u << (level() - 1)));
  }
  constexpr NodeIndex right() const {
    assert(!is_leaf());
    return NodeIndex(value ^ (3u << (level() - 1)));
  }
  // Of a tree that is large enough for there to be one.
  constexpr NodeIndex parent() const {
    const unsigned k = level();
    const std::uint32_t bit = (value >> (k + 1)) & 1;
    return NodeIndex((value | (1u << k)) ^ (bit << (k + 1)));
  }
  constexpr NodeIndex sibling() const {
    const NodeIndex up = parent();
    return value < up.value ? up.right() : up.left();
  }
  // True for the node itself.
  constexpr bool is_above(NodeIndex other) const {
    return level() >= other.level() && (other.value >> (level() + 1)) == (value >> (level() + 1));
  }
};

// A number of leaves that a full tree has.
struct LeafCount {
  std::uint32_t value = 1;  // a power of two
  auto operator<=>(const LeafCount&) const = default;

  // The smallest full tree with at least `leaves` of them.
  static constexpr LeafCount at_least(std::uint32_t leaves) { return {std::bit_ceil(leaves)}; }
  constexpr unsigned depth() const { return static_cast<unsigned>(std::countr_zero(value)); }
  constexpr std::uint32_t nodes() const { return 2 * value - 1; }
  constexpr NodeIndex root() const { return NodeIndex(value - 1); }
  constexpr bool contains(LeafIndex leaf) const { return leaf.value < value; }
};

// The lowest node above both leaves.
constexpr NodeIndex common_ancestor(LeafIndex a, LeafIndex b) {
  std::uint32_t x = a.value * 2, y = b.value * 2;
  unsigned k = 0;
  while (x != y) {
    x >>= 1;
    y >>= 1;
    ++k;
  }
  return NodeIndex((x << k) + (k == 0 ? 0 : (1u << (k - 1)) - 1));
}

}  // namespace parley::mls
