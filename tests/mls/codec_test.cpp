// The encoding itself (RFC 9420 section 2).
#include <catch2/catch_test_macros.hpp>

#include "tests/mls/world.hpp"

namespace parley::mls::test {
namespace {

Bytes vector_of(std::size_t size, Bytes length) {
  length.resize(length.size() + size, 7);
  return length;
}

bool decodes(ByteView bytes) { return decode<Bytes>(bytes).ok(); }

}  // namespace

TEST_CASE("2.1.2: a length has one form, the shortest") {
  struct Edge {
    std::size_t size;
    Bytes length;
  };
  for (const Edge& edge : {Edge{0, {0}}, Edge{0x3f, {0x3f}}, Edge{0x40, {0x40, 0x40}},
                           Edge{0x3fff, {0x7f, 0xff}}, Edge{0x4000, {0x80, 0, 0x40, 0}}}) {
    INFO(edge.size);
    const Bytes bytes = vector_of(edge.size, edge.length);
    REQUIRE(decodes(bytes));
    CHECK(encode(*decode<Bytes>(bytes)) == bytes);
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decodes(longer));
    if (edge.size > 0) CHECK_FALSE(decodes(ByteView(bytes).first(bytes.size() - 1)));
  }
  CHECK_FALSE(decodes(vector_of(0x3f, {0x40, 0x3f})));
  CHECK_FALSE(decodes(vector_of(0x3f, {0x80, 0, 0, 0x3f})));
  CHECK_FALSE(decodes(vector_of(0x3fff, {0x80, 0, 0x3f, 0xff})));
  CHECK_FALSE(decodes(vector_of(0, {0xc0})));
  CHECK_FALSE(decodes(vector_of(0, {0xc0, 0, 0, 0, 0, 0, 0, 0})));
  CHECK_FALSE(decodes(Bytes{}));
  CHECK_FALSE(decodes(Bytes{0x40}));
  CHECK_FALSE(decodes(Bytes{0xbf, 0xff, 0xff, 0xff}));  // a gigabyte that is not there
}

TEST_CASE("2.1.1: a presence byte is 0 or 1") {
  using Optional = std::optional<std::uint8_t>;
  CHECK(*decode<Optional>(Bytes{0}) == std::nullopt);
  CHECK(*decode<Optional>(Bytes{1, 5}) == 5);
  CHECK_FALSE(decode<Optional>(Bytes{2, 5}).ok());
  CHECK_FALSE(decode<Optional>(Bytes{0, 5}).ok());
}

TEST_CASE("messages are refused when they are cut, prolonged or of another version") {
  const Bytes good = World::get().good_commit();
  for (std::size_t size = 0; size < good.size(); size += size < 40 ? 1 : 37) {
    refuses(ByteView(good).first(size), "");
  }
  Bytes changed = good;
  changed.push_back(0);
  refuses(changed, "bytes are left over");
  for (const std::uint8_t version : Bytes{0, 2}) {
    changed = good;
    changed[1] = version;
    refuses(changed, "another version");
  }
  for (const std::uint8_t format : Bytes{0, 6, 0x0a}) {
    changed = good;
    changed[3] = format;
    refuses(changed, "unknown format");
  }
}

TEST_CASE("values of unknown kinds are refused") {
  CHECK_FALSE(decode<Proposal>(Bytes{0, 0}).ok());
  CHECK_FALSE(decode<Proposal>(Bytes{0, 8, 0}).ok());
  CHECK_FALSE(decode<Proposal>(Bytes{0x0a, 0x0a}).ok());
  CHECK_FALSE(decode<ProposalOrRef>(Bytes{3, 0}).ok());
  CHECK_FALSE(decode<Sender>(Bytes{0}).ok());
  CHECK_FALSE(decode<Sender>(Bytes{5}).ok());
  CHECK_FALSE(decode<PreSharedKeyId>(Bytes{3, 0, 0}).ok());
  CHECK_FALSE(decode<PreSharedKeyId>(Bytes{2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).ok());
  CHECK_FALSE(decode<Credential>(Bytes{0x0a, 0x0a, 0}).ok());
}

}  // namespace parley::mls::test
