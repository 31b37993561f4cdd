#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include "shared/base/bytes.hpp"
#include "shared/base/rng.hpp"

namespace parley::test {
namespace {

TEST_CASE("hexadecimal is two lower-case digits a byte") {
  CHECK(to_hex({}).empty());
  CHECK(to_hex(Bytes{0x00, 0x0f, 0xa0, 0xff}) == "000fa0ff");
}

TEST_CASE("base64url follows RFC 4648 without padding") {
  // Section 10 of the RFC, and the two characters that differ from plain base64.
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"},
  };
  for (const auto& [plain, encoded] : cases) {
    INFO(encoded);
    CHECK(to_base64url(as_bytes(plain)) == encoded);
    Bytes back;
    REQUIRE(from_base64url(encoded, back));
    CHECK(as_text(back) == plain);
  }
}

TEST_CASE("base64url refuses every other form") {
  for (const char* bad :
       {"A", "AAAAA", "Zg==", "Zh", "Zm9", "+_8", "/_8", "Zm 9", "Zm9v\n", "Zé"}) {
    INFO(bad);
    Bytes out = {1, 2};
    CHECK(!from_base64url(bad, out));
    CHECK(out == Bytes{1, 2});
  }
}

TEST_CASE("base64url gives back any bytes") {
  SeededRng rng(Catch::getSeed());
  INFO("seed " << Catch::getSeed());
  for (std::size_t size = 0; size < 100; ++size) {
    Bytes bytes(size);
    rng.fill(bytes);
    Bytes back;
    REQUIRE(from_base64url(to_base64url(bytes), back));
    CHECK(back == bytes);
  }
}

}  // namespace
}  // namespace parley::test
