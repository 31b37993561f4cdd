// IP addresses: of peers, of trusted proxies, and how many connections each may have.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct sockaddr;

namespace parley::net {

// An IPv4 address is kept as its mapped IPv6 form, so that both compare alike.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool operator==(const IpAddress&) const = default;
  static std::optional<IpAddress> parse(std::string_view text);
  static std::optional<IpAddress> from(const sockaddr& address);
  std::string to_string() const;
  bool is_v4() const;
  bool is_loopback() const;
  // What one customer of a network usually holds: an IPv4 address, or an IPv6 /64.
  IpAddress neighbourhood() const;
};

// "10.0.0.0/8", "::1", "192.0.2.7".
class IpNetwork {
 public:
  static std::optional<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& address) const;

 private:
  IpAddress base_;
  unsigned prefix_bits_ = 128;
};

using IpNetworks = std::vector<IpNetwork>;
bool contains(const IpNetworks& networks, const IpAddress& address);

// Who a request comes from: the peer, or, when that is a trusted proxy, the last address in
// X-Forwarded-For that is not one.
IpAddress effective_address(const IpAddress& peer, std::string_view forwarded_for,
                            const IpNetworks& trusted);

// Counts open connections by neighbourhood. Thread rule: any thread; taken once a connection, so a
// lock is cheap enough.
class AddressLimits {
 public:
  explicit AddressLimits(std::size_t per_address) : per_address_(per_address) {}

  // Holds one place until destroyed.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : owner_(other.owner_), key_(other.key_) {
      other.owner_ = nullptr;
    }
    Place& operator=(Place&& other) noexcept;
    ~Place();

   private:
    friend class AddressLimits;
    Place(AddressLimits& owner, IpAddress key) : owner_(&owner), key_(key) {}
    AddressLimits* owner_ = nullptr;
    IpAddress key_;
  };
  std::optional<Place> take(const IpAddress& address);

 private:
  struct Hash {
    std::size_t operator()(const IpAddress& address) const noexcept;
  };
  void release(const IpAddress& key);

  std::size_t per_address_;  // 0: no limit
  std::mutex mutex_;
  std::unordered_map<IpAddress, std::size_t, Hash> counts_;
};

}  // namespace parley::net
