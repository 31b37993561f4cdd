// Strong 128-bit ids. A RoomId is not a UserId, and neither is a string.
//
// New ids are UUID version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random
// bits, so they sort by age and make good database keys. Any 128-bit value is accepted from a
// peer, except the all-zero one, which stands for "none".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/rng.hpp"
#include "shared/base/time.hpp"

namespace parley {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }

  static Uuid make_v7(Timestamp now, Rng& rng);
  // 8-4-4-4-12 hexadecimal digits, either case.
  static std::optional<Uuid> parse(std::string_view text);
  std::string to_string() const;
};

template <class Tag>
struct Id {
  Uuid uuid;

  auto operator<=>(const Id&) const = default;
  bool is_nil() const { return uuid.is_nil(); }
  ByteView view() const { return uuid.bytes; }
  std::string to_string() const { return uuid.to_string(); }

  static Id make(Timestamp now, Rng& rng) { return {Uuid::make_v7(now, rng)}; }
  static std::optional<Id> parse(std::string_view text) {
    if (auto parsed = Uuid::parse(text)) return Id{*parsed};
    return std::nullopt;
  }
  // Exactly 16 bytes, else nothing.
  static std::optional<Id> from_bytes(ByteView raw) {
    if (raw.size() != 16) return std::nullopt;
    Id id;
    std::memcpy(id.uuid.bytes.data(), raw.data(), 16);
    return id;
  }
};

using UserId = Id<struct UserTag>;
using DeviceId = Id<struct DeviceTag>;
using RoomId = Id<struct RoomTag>;
using ClientId = Id<struct ClientTag>;  // names one command of one client, so retries are idempotent
using InviteId = Id<struct InviteTag>;

// Position of an event in its room's log: dense, starting at 1; 0 is "before the first".
struct Seq {
  std::uint64_t value = 0;
  auto operator<=>(const Seq&) const = default;
  Seq next() const { return {value + 1}; }
};

}  // namespace parley

template <>
struct std::hash<parley::Uuid> {
  std::size_t operator()(const parley::Uuid& id) const noexcept {
    // The tail of a UUIDv7 is random already; the head is added for ids that peers made otherwise.
    std::uint64_t head = 0, tail = 0;
    std::memcpy(&head, id.bytes.data(), 8);
    std::memcpy(&tail, id.bytes.data() + 8, 8);
    return static_cast<std::size_t>((head * 0x9e3779b97f4a7c15ull) ^ tail);
  }
};
template <class Tag>
struct std::hash<parley::Id<Tag>> {
  std::size_t operator()(const parley::Id<Tag>& id) const noexcept {
    return std::hash<parley::Uuid>{}(id.uuid);
  }
};
