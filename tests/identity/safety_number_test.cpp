#include "shared/identity/safety_number.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/identity/people.hpp"

namespace parley::identity {
namespace {

using namespace test;

Side side_of(std::uint64_t seed) {
  const Person person = some_person(seed);
  return {person.user, person.account.public_key()};
}

TEST_CASE("both sides see the same sixty digits") {
  const Side ada = side_of(1);
  const Side bob = side_of(2);
  const std::string digits = safety_number(ada, bob);
  CHECK(digits == safety_number(bob, ada));
  CHECK(digits.size() == 60);
  CHECK(digits.find_first_not_of("0123456789") == std::string::npos);
  CHECK(digits.substr(0, 30) <= digits.substr(30));
  CHECK(digits == "804277242365378310082580466720825323235248754744524807848104");
}

TEST_CASE("another key or another user has another number") {
  const Side ada = side_of(1);
  const Side bob = side_of(2);
  const std::string digits = safety_number(ada, bob);
  Side changed = bob;
  changed.account_key[31] ^= 0x80;
  CHECK(safety_number(ada, changed) != digits);
  changed = bob;
  changed.user.uuid.bytes[0] ^= 1;
  CHECK(safety_number(ada, changed) != digits);
  CHECK(safety_number(ada, side_of(3)) != digits);
}

TEST_CASE("digits are shown in groups of five") {
  CHECK(in_groups("012345678901234") == "01234 56789 01234");
  CHECK(in_groups("0123456") == "01234 56");
  CHECK(in_groups("") == "");
}

TEST_CASE("a scanned code is compared with what this side knows") {
  const Side ada = side_of(1);
  const Side bob = side_of(2);
  const Bytes shown_by_bob = make_safety_code(bob, ada);
  CHECK(shown_by_bob.size() == 97);
  CHECK(check_safety_code(shown_by_bob, ada, bob) == SafetyCheck::kMatch);

  Side false_bob = bob;
  false_bob.account_key = some_signing_key(66).public_key();
  CHECK(check_safety_code(shown_by_bob, ada, false_bob) == SafetyCheck::kKeysDiffer);
  // Bob was shown a false key of Ada.
  Side false_ada = ada;
  false_ada.account_key = some_signing_key(67).public_key();
  CHECK(check_safety_code(make_safety_code(bob, false_ada), ada, bob) == SafetyCheck::kKeysDiffer);

  CHECK(check_safety_code(shown_by_bob, ada, side_of(3)) == SafetyCheck::kOtherPeople);
  CHECK(check_safety_code(shown_by_bob, side_of(3), bob) == SafetyCheck::kOtherPeople);
  CHECK(check_safety_code(make_safety_code(ada, bob), ada, bob) == SafetyCheck::kOtherPeople);

  Bytes odd = shown_by_bob;
  odd[0] = 2;
  CHECK(check_safety_code(odd, ada, bob) == SafetyCheck::kNewerVersion);
  odd.push_back(1);
  CHECK(check_safety_code(odd, ada, bob) == SafetyCheck::kNewerVersion);
  odd[0] = 1;
  CHECK(check_safety_code(odd, ada, bob) == SafetyCheck::kNotACode);
  odd[0] = 0;
  odd.pop_back();
  CHECK(check_safety_code(odd, ada, bob) == SafetyCheck::kNotACode);
  for (std::size_t size = 0; size < shown_by_bob.size(); ++size) {
    const auto part = ByteView(shown_by_bob).first(size);
    REQUIRE(check_safety_code(part, ada, bob) == SafetyCheck::kNotACode);
  }
  for_each_flip(shown_by_bob, 5, [&](ByteView changed, std::size_t) {
    CHECK(check_safety_code(changed, ada, bob) != SafetyCheck::kMatch);
  });
}

TEST_CASE("the code's bytes are fixed") {
  CHECK(digest_hex(make_safety_code(side_of(1), side_of(2))) ==
        "923ceeefbc136296d75298894e370db4f6e69f16d4bcccd0aea129a41fbc23d7");
}

}  // namespace
}  // namespace parley::identity
