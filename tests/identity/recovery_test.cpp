#include "shared/identity/recovery.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>
#include <string>

#include "tests/identity/people.hpp"

namespace parley::identity {
namespace {

using namespace test;
using Kind = RecoveryFault::Kind;

std::string joined(const RecoverySecret& secret, std::string_view separator = " ",
                   std::size_t letters = 8) {
  std::string text;
  for (const auto word : recovery_words(secret)) {
    if (!text.empty()) text += separator;
    text += word.substr(0, letters);
  }
  return text;
}

bool gives(const std::string& text, const RecoverySecret& secret) {
  const auto read = parse_recovery_words(text);
  const auto* parsed = std::get_if<RecoverySecret>(&read);
  return parsed != nullptr && crypto::constant_time_equal(parsed->expose(), secret.expose());
}

RecoveryFault fault_of(const std::string& text) {
  const auto read = parse_recovery_words(text);
  REQUIRE(std::holds_alternative<RecoveryFault>(read));
  return std::get<RecoveryFault>(read);
}

TEST_CASE("the list has 256 plain words that differ in their first four letters") {
  std::set<std::string_view> starts;
  for (const auto word : kWordList) {
    INFO(word);
    CHECK(word.size() >= 4);
    CHECK(word.size() <= 7);
    CHECK(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos);
    CHECK(starts.insert(word.substr(0, 4)).second);
  }
  CHECK(std::ranges::is_sorted(kWordList));
  // A word that changed or moved would make what is on paper worthless.
  std::string all;
  for (const auto word : kWordList) all += std::string(word) + "\n";
  CHECK(digest_hex(as_bytes(all)) ==
        "9ba31a7402995ab83705195f486df528169fb3cc1cdafb9dc55d11d2ed20b5b7");
}

TEST_CASE("words are read however they were typed") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SeededRng rng(seed);
    const RecoverySecret secret = make_recovery_secret(rng);
    CHECK(gives(joined(secret), secret));
    CHECK(gives(joined(secret, ", "), secret));
    CHECK(gives("\n " + joined(secret, " \r\n\t,") + " ,", secret));
    CHECK(gives(joined(secret, " ", 4), secret));
    CHECK(gives(joined(secret, ",", 5), secret));
    std::string loud = joined(secret);
    std::ranges::transform(loud, loud.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    CHECK(gives(loud, secret));
  }
}

TEST_CASE("what is wrong with the words is said") {
  const RecoverySecret secret = some_secret<16>(7);
  const auto words = recovery_words(secret);
  const auto with = [&](std::size_t place, std::string_view word) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
      text += std::string(i == place ? word : words[i]) + " ";
    }
    return text;
  };
  CHECK(fault_of(with(0, "parley")) == RecoveryFault{Kind::kUnknownWord, 1});
  CHECK(fault_of(with(16, "parley")) == RecoveryFault{Kind::kUnknownWord, 17});
  CHECK(fault_of(with(4, "aco")) == RecoveryFault{Kind::kUnknownWord, 5});     // too short
  CHECK(fault_of(with(4, "acorns")) == RecoveryFault{Kind::kUnknownWord, 5});  // not the word
  CHECK(fault_of(with(4, "acornacorn")) == RecoveryFault{Kind::kUnknownWord, 5});
  CHECK(fault_of(with(4, "zzzzz")) == RecoveryFault{Kind::kUnknownWord, 5});
  CHECK(fault_of(with(4, "\xc3\xa4pfel")) == RecoveryFault{Kind::kUnknownWord, 5});
  CHECK(fault_of(with(3, "")) == RecoveryFault{Kind::kWordCount, 16});
  CHECK(fault_of(joined(secret) + " acorn") == RecoveryFault{Kind::kWordCount, 18});
  CHECK(fault_of("") == RecoveryFault{Kind::kWordCount, 0});
  CHECK(fault_of(std::string(kMaxRecoveryText + 1, ' ')) == RecoveryFault{Kind::kTooLong, 0});

  // Any other last word is refused; a wrong word before it in 255 of 256 cases.
  for (const auto word : kWordList) {
    if (word != words[16]) CHECK(fault_of(with(16, word)) == RecoveryFault{Kind::kChecksum, 0});
  }
  int taken = 0;
  for (const auto word : kWordList) {
    if (word == words[2]) continue;
    taken += std::holds_alternative<RecoverySecret>(parse_recovery_words(with(2, word))) ? 1 : 0;
  }
  CHECK(taken < 8);
}

TEST_CASE(
    "the keys of a secret are fixed, apart from each other, and different for another secret") {
  const RecoverySecret secret = some_secret<16>(7);
  const RecoveryKeys keys = derive_recovery_keys(secret);
  const RecoveryKeys others = derive_recovery_keys(some_secret<16>(8));
  const auto same = crypto::constant_time_equal;
  CHECK_FALSE(same(keys.wrap_key.expose(), keys.sign_in_token.expose()));
  CHECK_FALSE(same(keys.wrap_key.expose(), others.wrap_key.expose()));
  CHECK_FALSE(same(keys.sign_in_token.expose(), others.sign_in_token.expose()));
  CHECK(to_hex(keys.wrap_key.expose()) ==
        "657225a178a8c5276dd8d02df492dfbe54565986c42bce3f536f2a3bd32a48f4");
  CHECK(to_hex(keys.sign_in_token.expose()) ==
        "cc0130d470f2a2b184f251971351fa203229218c1ef7ecb2ba6d8742acb17ab8");
  CHECK(to_hex(sign_in_verifier(keys.sign_in_token.expose())) ==
        digest_hex(keys.sign_in_token.expose()));
  CHECK(joined(secret) ==
        "temple bacon cradle giraffe turtle train spider hotel bucket igloo drum willow templ"
        "e drum finger almond teacher");
}

}  // namespace
}  // namespace parley::identity
