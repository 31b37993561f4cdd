#include "server/net/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "server/net/http_parser.hpp"

namespace parley::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress mapped(const void* v4) {
  IpAddress address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + 12, v4, 4);
  return address;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > INET6_ADDRSTRLEN) return std::nullopt;
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return mapped(&v4);
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return mapped(&v4.sin_addr);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    IpAddress result;
    std::memcpy(result.bytes.data(), &v6.sin6_addr, 16);
    return result;
  }
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  }
  return text;
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  IpAddress one;
  one.bytes[15] = 1;
  return *this == one;
}

IpAddress IpAddress::neighbourhood() const {
  IpAddress result = *this;
  if (!is_v4()) std::fill(result.bytes.begin() + 8, result.bytes.end(), std::uint8_t{0});
  return result;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  IpNetwork network;
  network.base_ = *base;
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const unsigned most = base->is_v4() ? 32 : 128;
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() || bits > most) {
    return std::nullopt;
  }
  network.prefix_bits_ = bits + (128 - most);
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  const std::size_t whole = prefix_bits_ / 8;
  if (!std::equal(base_.bytes.begin(), base_.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const unsigned rest = prefix_bits_ % 8;
  if (rest == 0) return true;
  return ((base_.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

bool contains(const IpNetworks& networks, const IpAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const IpNetwork& network) { return network.contains(address); });
}

IpAddress effective_address(const IpAddress& peer, std::string_view forwarded_for,
                            const IpNetworks& trusted) {
  IpAddress result = peer;
  const std::vector<std::string_view> hops = split_header(forwarded_for);
  for (auto hop = hops.rbegin(); hop != hops.rend() && contains(trusted, result); ++hop) {
    const auto address = IpAddress::parse(*hop);
    if (!address) break;
    result = *address;
  }
  return result;
}

AddressLimits::Place& AddressLimits::Place::operator=(Place&& other) noexcept {
  if (this != &other) {
    if (owner_ != nullptr) owner_->release(key_);
    owner_ = std::exchange(other.owner_, nullptr);
    key_ = other.key_;
  }
  return *this;
}

AddressLimits::Place::~Place() {
  if (owner_ != nullptr) owner_->release(key_);
}

std::optional<AddressLimits::Place> AddressLimits::take(const IpAddress& address) {
  if (per_address_ == 0) return Place{};
  const IpAddress key = address.neighbourhood();
  const std::lock_guard lock(mutex_);
  std::size_t& count = counts_[key];
  if (count >= per_address_) return std::nullopt;
  ++count;
  return Place(*this, key);
}

void AddressLimits::release(const IpAddress& key) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(key);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

std::size_t AddressLimits::Hash::operator()(const IpAddress& address) const noexcept {
  // Keyed by nothing: an attacker who could choose so many addresses needs no collisions.
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

}  // namespace parley::net
