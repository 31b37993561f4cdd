#include "client/cli/arguments.hpp"

#include <catch2/catch_test_macros.hpp>

namespace parley::cli {
namespace {

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "parley-cli");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

}  // namespace

TEST_CASE("good command lines have a command") {
  const std::vector<std::vector<const char*>> lines = {
      {"login", "--server", "ws://127.0.0.1:8008/ws", "--name", "Ada"},
      {"rooms"},
      {"rooms", "--json"},
      {"--json", "rooms"},
      {"browse"},
      {"browse", "two", "words"},
      {"search", "two", "words"},
      {"search", "word", "--room", "Lobby", "--limit", "5", "--depth", "100", "--json"},
      {"create", "Garden", "--topic", "flowers", "--invite-only"},
      {"create", "Den", "--private", "--disappear", "1d"},
      {"create", "Den", "--private", "--disappear", "60s", "--with", "Ada"},
      {"create", "Den", "--private", "--disappear", "52w"},
      {"send", "Lobby", "several", "words", "without", "quotes"},
      {"send", "Lobby", "-"},
      {"send", "--reply", "4", "Lobby", "text"},
      {"pipe", "Lobby"},
      {"tail", "Lobby", "Garden", "-n", "0"},
      {"tail", "Lobby", "--since", "0"},
      {"history", "Lobby", "--before", "9", "--limit", "1000"},
      {"history", "Lobby", "--before", "2026-03-01T12:00Z"},
      {"history", "Lobby", "--before", "2026-03-01"},
      {"react", "Lobby", "4", "👍", "--remove"},
      {"edit", "Lobby", "4", "new", "text"},
      {"delete", "Lobby", "4"},
      {"presence"},
      {"presence", "Lobby"},
      {"presence", "--set", "away", "--text", "lunch"},
      {"devices"},
      {"invite", "Lobby", "--hours", "1", "--uses", "3"},
      {"whoami", "--timeout", "2.5", "--store", "/tmp/x.db", "--color", "never"},
  };
  for (const auto& line : lines) {
    INFO(line[0]);
    const Parsed parsed = parse(line);
    CHECK_FALSE(parsed.exit);
    CHECK(parsed.invocation.command);
  }
}

TEST_CASE("options of every command are understood anywhere") {
  const Parsed parsed =
      parse({"rooms", "--json", "--timeout", "2.5", "--store", "/tmp/x.db", "--color", "always"});
  REQUIRE_FALSE(parsed.exit);
  CHECK(parsed.invocation.json);
  CHECK(parsed.invocation.time_limit == milliseconds(2500));
  CHECK(parsed.invocation.store_path == "/tmp/x.db");
  CHECK(parsed.invocation.color == Color::kAlways);
}

TEST_CASE("wrong usage ends with 2, help with 0") {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"no-such-command"},
      {"login"},
      {"login", "--server", "x"},
      {"send"},
      {"send", "Lobby"},
      {"tail"},
      {"tail", "Lobby", "-n", "5", "--since", "3"},
      {"create", "Den", "--disappear", "1d"},
      {"create", "Den", "--private", "--disappear", "1"},
      {"create", "Den", "--private", "--disappear", "d"},
      {"create", "Den", "--private", "--disappear", "-1d"},
      {"create", "Den", "--private", "--disappear", "1 d"},
      {"create", "Den", "--private", "--disappear", "59s"},
      {"create", "Den", "--private", "--disappear", "366d"},
      {"create", "Den", "--private", "--disappear", "99999999999w"},
      {"create", "Den", "--private", "--disappear", "1d", "--history", "all"},
      {"react", "Lobby", "0", "x"},
      {"edit", "Lobby", "four", "text"},
      {"history", "Lobby", "--before", "0"},
      {"history", "Lobby", "--before", "yesterday"},
      {"history", "Lobby", "--before", "2026-03-01T12:00"},
      {"search"},
      {"search", "--room", "Lobby"},
      {"search", "word", "--limit", "0"},
      {"search", "word", "--depth", "100001"},
      {"presence", "--set", "asleep"},
      {"presence", "--text", "lunch"},
      {"rooms", "--timeout", "-1"},
      {"rooms", "--color", "sometimes"},
      {"whoami", "surplus"},
  };
  for (const auto& line : wrong) {
    INFO((line.empty() ? "nothing" : line[0]));
    CHECK(parse(line).exit == 2);
  }
  CHECK(parse({"--help"}).exit == 0);
  CHECK(parse({"send", "--help"}).exit == 0);
  CHECK(parse({"--version"}).exit == 0);
}

}  // namespace parley::cli
