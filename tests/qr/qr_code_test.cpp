// The codes here were read by jsQR, and are, but for which mask was chosen, what node-qrcode draws.
#include "shared/qr/qr_code.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "shared/crypto/hash.hpp"

using namespace parley;

namespace {

std::string drawn(const qr::QrCode& code) {
  std::string rows;
  for (int y = 0; y < code.size(); ++y) {
    for (int x = 0; x < code.size(); ++x) rows.push_back(code.is_dark(x, y) ? '#' : '.');
    rows.push_back('\n');
  }
  return rows;
}

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text.push_back(static_cast<char>('!' + (i * 7 + size * 31) % 94));
  }
  return text;
}

}  // namespace

TEST_CASE("a short text as a QR code") {
  const auto code = qr::encode("Parley");
  REQUIRE(code.ok());
  CHECK(drawn(*code) == R"(#######.#..##.#######
#.....#.#..#..#.....#
#.###.#...#.#.#.###.#
#.###.#.#####.#.###.#
#.###.#..##...#.###.#
#.....#.......#.....#
#######.#.#.#.#######
........#.#..........
#.##.###......#..#.##
#.#..#..###.#..#..#.#
..##..##.##.#####..##
#..###....#.##...#.#.
.#.####..#.#.#..##...
........#.#..#...#.##
#######.#....##.#.#..
#.....#.#.#####..##.#
#.###.#....#..#.#####
#.###.#.###..#.#.###.
#.###.#.#..#.#....#..
#.....#..#.##.##....#
#######.##.##..##.#..
)");
}

TEST_CASE("each length takes the smallest version that holds it") {
  constexpr std::size_t kMost[] = {14, 26, 42, 62, 84, 106, 122, 152, 180, 213};
  crypto::Sha256 all;
  int version = 1;
  for (std::size_t size = 0; size <= qr::kMaxTextBytes; ++size) {
    if (size > kMost[version - 1]) ++version;
    INFO(size);
    const auto code = qr::encode(text_of(size));
    REQUIRE(code.ok());
    CHECK(code->size() == 17 + 4 * version);
    all.update(as_bytes(drawn(*code)));
  }
  CHECK(to_hex(all.finish()) == "10ed894dd7543910cd0ff78199e04535340628fe98878d5c1d025abb63c6c24c");
}

TEST_CASE("a text that no version holds is refused") {
  CHECK(qr::encode(text_of(qr::kMaxTextBytes + 1)).error().code == ErrorCode::kTooLarge);
  CHECK(qr::encode(std::string(1 << 20, 'x')).error().code == ErrorCode::kTooLarge);
}
