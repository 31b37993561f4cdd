#include <catch2/catch_test_macros.hpp>

#include "server/net/address.hpp"

namespace parley::test {
namespace {

using net::AddressLimits;
using net::IpAddress;
using net::IpNetwork;
using net::IpNetworks;

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

TEST_CASE("addresses are read and written") {
  for (const char* text : {"127.0.0.1", "203.0.113.9", "::1", "2001:db8::17"}) {
    CHECK(address(text).to_string() == text);
  }
  CHECK(address("::ffff:10.0.0.1") == address("10.0.0.1"));
  CHECK(address("127.8.8.8").is_loopback());
  CHECK(address("::1").is_loopback());
  CHECK_FALSE(address("128.0.0.1").is_loopback());
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "::g", "localhost", "1.2.3.4:80"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
}

TEST_CASE("networks") {
  const auto in = [](const char* network, const char* text) {
    return IpNetwork::parse(network).value().contains(address(text));
  };
  CHECK(in("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(in("10.0.0.0/8", "11.0.0.1"));
  CHECK(in("192.168.4.0/22", "192.168.7.255"));
  CHECK_FALSE(in("192.168.4.0/22", "192.168.8.0"));
  CHECK(in("0.0.0.0/0", "8.8.8.8"));
  CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
  CHECK(in("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(in("192.0.2.1", "192.0.2.1"));
  for (const char* text :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129", "x/8", "10.0.0.0/-1"}) {
    INFO(text);
    CHECK_FALSE(IpNetwork::parse(text));
  }
}

TEST_CASE("X-Forwarded-For is believed as far as the proxies are trusted") {
  const IpNetworks trusted = {*IpNetwork::parse("127.0.0.1"), *IpNetwork::parse("10.0.0.0/8")};
  const auto from = [&](const char* peer, const char* header) {
    return net::effective_address(address(peer), header, trusted).to_string();
  };
  CHECK(from("127.0.0.1", "") == "127.0.0.1");
  CHECK(from("127.0.0.1", "203.0.113.9") == "203.0.113.9");
  CHECK(from("127.0.0.1", "1.1.1.1, 203.0.113.9") == "203.0.113.9");
  CHECK(from("127.0.0.1", "1.1.1.1, 203.0.113.9, 10.1.2.3") == "203.0.113.9");
  CHECK(from("127.0.0.1", "nonsense") == "127.0.0.1");
  CHECK(from("198.51.100.1", "203.0.113.9") == "198.51.100.1");
}

TEST_CASE("connections of one neighbourhood are counted together and places come back") {
  AddressLimits limits(2);
  auto first = limits.take(address("2001:db8:0:1::1"));
  REQUIRE(first);
  {
    const auto second = limits.take(address("2001:db8:0:1::2"));
    REQUIRE(second);
    CHECK_FALSE(limits.take(address("2001:db8:0:1::3")));
    CHECK(limits.take(address("2001:db8:0:2::3")));
    CHECK(limits.take(address("192.0.2.1")));
  }
  auto third = limits.take(address("2001:db8:0:1::3"));
  REQUIRE(third);
  CHECK_FALSE(limits.take(address("2001:db8:0:1::4")));
  *first = AddressLimits::Place{};
  CHECK(limits.take(address("2001:db8:0:1::4")));

  AddressLimits unlimited(0);
  CHECK(unlimited.take(address("192.0.2.1")));
}

}  // namespace
}  // namespace parley::test
