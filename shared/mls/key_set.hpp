// Counts of 32-byte keys, cheap to copy: shared layers and what changed since.
//
// A ratchet tree asks with it whether a key is used twice. A group's next state is a copy of its
// current one, so a copy must not cost as much as the group has members.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/base/bytes.hpp"

namespace parley::mls {

class KeySet {
 public:
  using Key = std::array<std::uint8_t, 32>;

  // Keys of another size are no keys of the ciphersuite: they are refused elsewhere and not
  // counted.
  void add(ByteView key);
  void remove(ByteView key);
  bool contains(ByteView key) const;
  // True while some key is in it more than once.
  bool has_duplicates() const { return duplicates_ > 0; }

 private:
  // Keys are public and come from peers, but only a member can choose them, and a collision costs
  // time only.
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::size_t value = 0;
      std::memcpy(&value, key.data(), sizeof value);
      return value;
    }
  };
  using Counts = std::unordered_map<Key, std::int32_t, Hash>;

  std::int32_t count(const Key& key) const;
  void change(const Key& key, std::int32_t by);
  void push_layer();

  // Sums of the newest changes, which are copied, and of layers that copies share: each at least
  // twice as large as the next, so that there are few and a key moves down seldom.
  std::vector<std::shared_ptr<const Counts>> layers_;
  std::vector<std::pair<Key, std::int32_t>> recent_;
  std::int32_t duplicates_ = 0;
};

}  // namespace parley::mls
