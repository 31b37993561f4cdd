#include "client/core/sealed_values.hpp"

#include <catch2/catch_test_macros.hpp>

namespace parley::client {
namespace {

crypto::Secret key(std::uint8_t first) {
  crypto::Secret out;
  out.write()[0] = first;
  return out;
}

}  // namespace

TEST_CASE("a sealed value opens under its key and name only") {
  SeededRng rng{3};
  const SealedValues values(key(1));
  const Bytes value = to_bytes(as_bytes("what was said"));
  const Bytes sealed = values.seal(rng, "events/1", value);
  REQUIRE(values.open("events/1", sealed).ok());
  CHECK(*values.open("events/1", sealed) == value);
  CHECK(values.seal(rng, "events/1", value) != sealed);  // the nonce is random
  CHECK(std::string(as_text(sealed)).find("said") == std::string::npos);

  CHECK(values.open("events/2", sealed).error().code == ErrorCode::kDecryptionFailed);
  CHECK(SealedValues(key(2)).open("events/1", sealed).error().code == ErrorCode::kDecryptionFailed);
  for (std::size_t at = 1; at < sealed.size(); ++at) {
    Bytes changed = sealed;
    changed[at] ^= 0x10;
    CHECK(values.open("events/1", changed).error().code == ErrorCode::kDecryptionFailed);
  }
  CHECK(values.open("events/1", ByteView(sealed).first(sealed.size() - 1)).error().code ==
        ErrorCode::kDecryptionFailed);
  CHECK(values.open("events/1", ByteView(sealed).first(24)).error().code == ErrorCode::kMalformed);
  CHECK(values.open("events/1", value).error().code == ErrorCode::kMalformed);
  CHECK(values.open("empty", values.seal(rng, "empty", {}))->empty());
}

}  // namespace parley::client
