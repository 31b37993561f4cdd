// parley-cli as scripts use it: exit codes, standard output, pipes, signals; against a real server.
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "client/cli/exit_code.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_server.hpp"

namespace parley::test {
namespace {

using nlohmann::json;

class World {
 public:
  explicit World(const ServerOptions& options = {})
      : server(PARLEY_SERVER, folder.path().string()) {
    REQUIRE(server.start(options));
  }

  std::string url() const { return "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws"; }

  ProcessOptions options(const std::string& who, std::vector<std::string> words) const {
    ProcessOptions out;
    out.arguments = {PARLEY_CLI, "--store", folder.file(who + ".db"), "--timeout", "10"};
    out.arguments.insert(out.arguments.end(), words.begin(), words.end());
    return out;
  }
  Finished cli(const std::string& who, std::vector<std::string> words, int expected = 0,
               const std::string& input = {}) {
    ProcessOptions process = options(who, words);
    if (!input.empty()) {
      process.input_file = folder.file("input");
      std::ofstream(process.input_file) << input;
    }
    const auto finished = run(process);
    REQUIRE(finished);
    INFO("parley-cli " << words[0] << "\n" << finished->output << finished->error);
    CHECK(finished->code == expected);
    return *finished;
  }
  void login(const std::string& who) { cli(who, {"login", "--server", url(), "--name", who}); }
  // Both sign in and are in the room Garden.
  void meet(const std::string& one, const std::string& other) {
    login(one);
    login(other);
    cli(one, {"create", "Garden"});
    cli(other, {"join", "Garden"});
  }

  TempFolder folder;
  TestServer server;
};

std::vector<json> json_lines(const std::string& text) {
  std::vector<json> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    out.push_back(json::parse(line, nullptr, false));
    INFO(line);
    REQUIRE(out.back().is_object());
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out.push_back(line);
  return out;
}

bool wait_for_text(const std::string& path, const std::string& text) {
  for (int i = 0; i < 2000; ++i) {
    if (read_file(path).find(text) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace

TEST_CASE("a script talks in private rooms, which the server cannot read") {
  World world({.flags = {"--log.level=debug"}});
  world.meet("Ada", "Bob");
  const std::string id =
      world.cli("Ada", {"create", "--private", "Seeds", "--topic", "for-us", "--with", "Bob"})
          .output;
  REQUIRE(id.size() == 37);
  const std::string secret = "tulips-at-midnight";
  world.cli("Ada", {"send", "Seeds", secret});
  const std::string shown = world.cli("Bob", {"history", "Seeds"}).output;
  CHECK(shown.find("Ada: " + secret) != std::string::npos);
  const auto events = json_lines(world.cli("Bob", {"history", "--json", "Seeds"}).output);
  const auto message = std::find_if(events.begin(), events.end(),
                                    [](const json& event) { return event["type"] == "message"; });
  REQUIRE(message != events.end());
  CHECK(message->at("content") == secret);
  const std::string place = std::to_string(message->at("seq").get<int>());
  world.cli("Bob", {"send", "--reply", place, "Seeds", "agreed"});
  world.cli("Bob", {"react", "Seeds", place, "👍"});
  CHECK(world.cli("Ada", {"history", "Seeds"}).output.find(secret + "  👍 1") != std::string::npos);
  CHECK(world.cli("Bob", {"edit", "Seeds", place, "not mine"}, 1).error.find("somebody else's") !=
        std::string::npos);
  CHECK(world.cli("Bob", {"delete", "Seeds", place}, 1).error.find("somebody else's") !=
        std::string::npos);
  CHECK(world.cli("Ada", {"reset-identity"}, 1).error.find("--yes") != std::string::npos);
  CHECK(world.cli("Ada", {"reset-identity", "--yes"}, 1).error.find("nothing is lost") !=
        std::string::npos);
  CHECK(world.cli("Ada", {"search", "tulips"}).output.find("Seeds") != std::string::npos);

  // The conversation of two is one room, whoever asks for it.
  const std::string direct = world.cli("Ada", {"direct", "Bob"}).output;
  world.cli("Ada", {"send", "Bob", secret + "-too"});
  CHECK(world.cli("Bob", {"direct", "Ada"}).output == direct);
  CHECK(world.cli("Bob", {"history", "Ada"}).output.find(secret + "-too") != std::string::npos);

  // Both see the same number.
  const std::string number = world.cli("Ada", {"verify", "Bob"}).output;
  CHECK(number.size() == 72);
  CHECK(world.cli("Bob", {"verify", "Ada"}).output == number);
  world.cli("Ada", {"verify", "Bob", "--confirm"});
  CHECK(json_lines(world.cli("Ada", {"verify", "--json", "Bob"}).output)[0]["state"] == "verified");

  // A lost device: everything is back with the words, with nobody else there.
  const std::string words = world.cli("Ada", {"recovery-words"}).output;
  world.cli("Ada2", {"login", "--server", world.url(), "--recover"}, 1, "apple " + words);
  world.cli("Ada2", {"login", "--server", world.url(), "--recover"}, 0, words);
  CHECK(world.cli("Ada2", {"whoami"}).output.find("Ada") != std::string::npos);
  CHECK(world.cli("Ada2", {"history", id.substr(0, 36)}).output.find(secret) != std::string::npos);
  world.cli("Ada2", {"send", id.substr(0, 36), "back again"});
  CHECK(world.cli("Bob", {"history", "Seeds"}).output.find("back again") != std::string::npos);

  // One run has the keys at a time; another says so.
  ProcessOptions options = world.options("Bob", {"tail", "Seeds"});
  options.output_file = world.folder.file("tail.txt");
  Process tail;
  REQUIRE(tail.start(options));
  REQUIRE(wait_for_text(options.output_file, "back again"));
  CHECK(world.cli("Bob", {"send", "Seeds", "no keys"}, 1).error.find("another run") !=
        std::string::npos);
  world.cli("Bob", {"send", "Garden", "open rooms need none"});
  world.cli("Ada", {"send", "Seeds", "to the tail"});
  CHECK(wait_for_text(options.output_file, "to the tail"));
  tail.signal(SIGINT);
  CHECK(tail.wait(std::chrono::seconds(5)) == 0);

  world.server.stop();
  bool logged = false;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(world.folder.path())) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name == "tail.txt" || name == "input") continue;
    INFO(entry.path());
    const std::string content = read_file(entry.path().string());
    CHECK(content.find(secret) == std::string::npos);
    CHECK(content.find("Seeds") == std::string::npos);
    CHECK(content.find("for-us") == std::string::npos);
    CHECK(content.find(words.substr(0, words.find(' ', 20))) == std::string::npos);
    logged = logged || (name == "server.log" && content.find("debug") != std::string::npos);
  }
  CHECK(logged);
}

TEST_CASE("the kind of a room is told, and what cannot be read in it") {
  World world;
  world.login("Ada");
  world.login("Bob");
  world.cli("Ada", {"create", "Garden"});
  world.cli("Ada", {"create", "--private", "Plans", "--history", "none"});
  const auto row = [&](const std::string& who, const std::string& name) {
    for (const std::string& line : lines_of(world.cli(who, {"rooms"}).output)) {
      if (line.starts_with(name + " ")) return line;
    }
    return std::string();
  };
  CHECK(row("Ada", "Plans").ends_with("  encrypted"));
  CHECK(row("Ada", "Garden").find("encrypted") == std::string::npos);
  for (const auto& room : json_lines(world.cli("Ada", {"rooms", "--json"}).output)) {
    const bool plans = room["settings"]["kind"] == "private";
    CHECK(room["protection"] == (plans ? "encrypted" : "none"));
  }
  // The code alone is an answer that a script can use; the rest is for people.
  world.cli("Ada", {"send", "Plans", "before Bob"});
  const auto made = world.cli("Ada", {"invite", "Plans"});
  CHECK(lines_of(made.output).size() == 1);
  CHECK(made.error.find("expires ") != std::string::npos);
  const std::string code = lines_of(made.output).at(0);
  CHECK(world.cli("Bob", {"join", code}).output == "Joined Plans.\n");
  CHECK(world.cli("Ada", {"invite", "Plans", "--user", "Ada"}, 1).error.find("yourself") !=
        std::string::npos);
  const std::string read = world.cli("Bob", {"history", "Plans"}).output;
  CHECK(read.find("before Bob") == std::string::npos);
  CHECK(read.find("Ada: [Earlier messages can be read by those who were here then.]") !=
        std::string::npos);

  world.cli("Ada", {"verify", "Bob", "--confirm"});
  CHECK(row("Ada", "Plans").ends_with("  encrypted, verified"));

  // Words do not open what is said after a device was removed.
  const auto other = [&](const std::string& name) {
    for (const auto& device : json_lines(world.cli("Ada", {"devices", "--json"}).output)) {
      if (!device["current"]) return std::string(device["device_id"]);
    }
    return name;
  };
  const std::string words = world.cli("Ada", {"recovery-words"}).output;
  world.cli("Laptop", {"login", "--server", world.url(), "--recover"}, 0, words);
  // Whom Ada verified is verified there, too.
  CHECK(world.cli("Laptop", {"rooms"}).output.find("encrypted, verified") != std::string::npos);
  const auto revoked = world.cli("Ada", {"devices", "--revoke", other("Laptop")});
  CHECK(revoked.error.find("parley-cli recovery-words") != std::string::npos);

  // What the laptop has goes when its owner says so.
  constexpr int kNotSignedIn = static_cast<int>(cli::ExitCode::kNotSignedIn);
  CHECK(world.cli("Laptop", {"rooms"}, kNotSignedIn).error.find("was signed out") !=
        std::string::npos);
  const auto other_name =
      world.cli("Laptop", {"login", "--server", world.url(), "--name", "Somebody"}, 1);
  CHECK(other_name.error.find("keys of Ada are still in this store") != std::string::npos);
  CHECK(other_name.error.find("--replace") != std::string::npos);
  const bool with_words = GENERATE(false, true);
  if (with_words) {
    // New ones: the old words do not open what was said after the laptop had gone.
    const std::string fresh = world.cli("Ada", {"recovery-words"}).output;
    const std::vector<std::string> again{"login", "--server", world.url(), "--recover"};
    world.cli("Laptop", again, 1, fresh);
    auto agreed = again;
    agreed.push_back("--replace");
    world.cli("Laptop", agreed, 1, "abandon ship");
    auto other_server = agreed;
    other_server[2] = "ws://127.0.0.1:1/ws";
    CHECK(world.cli("Laptop", other_server, 1, fresh).error.find("use another --store") !=
          std::string::npos);
    world.cli("Laptop", {"login", "--server", world.url(), "--name", " ", "--replace"}, 1);
    world.cli("Laptop", agreed, 0, fresh);
    CHECK(world.cli("Laptop", {"history", "Plans"}).output.find("before Bob") != std::string::npos);
    return;
  }
  world.cli("Laptop", {"logout"});
  world.cli("Laptop", {"logout"}, kNotSignedIn);
  world.login("Laptop");
}

TEST_CASE("a message that the server replaced is said to be missing, each time") {
  World world;
  world.meet("Ada", "Bob");
  world.cli("Ada", {"create", "--private", "Plans", "--with", "Bob"});
  world.cli("Ada", {"send", "Plans", "zero"});
  CHECK(world.cli("Bob", {"history", "Plans"}).output.find("is missing") == std::string::npos);
  for (const char* text : {"one", "two", "three"}) world.cli("Ada", {"send", "Plans", text});
  REQUIRE(world.server.stop() == 0);
  // "one" again in the place of "two".
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(world.server.database().c_str(), &database) == SQLITE_OK);
  const char* replace =
      "WITH newest AS (SELECT id, body FROM events WHERE kind = 20 ORDER BY id DESC LIMIT 3) "
      "UPDATE events SET body = (SELECT body FROM newest ORDER BY id LIMIT 1) "
      "WHERE id = (SELECT id FROM newest ORDER BY id LIMIT 1 OFFSET 1)";
  REQUIRE(sqlite3_exec(database, replace, nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_changes(database) == 1);
  sqlite3_close(database);
  REQUIRE(world.server.start());

  for (int times = 0; times < 2; ++times) {
    const std::string read = world.cli("Bob", {"history", "Plans"}).output;
    INFO(read);
    const std::size_t missing = read.find("A message or change from Ada is missing here");
    REQUIRE(missing != std::string::npos);
    CHECK(read.find("Ada: one") < missing);
    CHECK(read.find("Ada: three") > missing);
    CHECK(read.find("Ada: two") == std::string::npos);
  }
  std::size_t told = 0;
  for (const auto& line : json_lines(world.cli("Bob", {"history", "--json", "Plans"}).output)) {
    if (line["type"] != "missing") continue;
    ++told;
    CHECK(line["count"] == 1);
  }
  CHECK(told == 1);
  CHECK(world.cli("Ada", {"history", "Plans"}).output.find("two") == std::string::npos);
}

TEST_CASE("a new device is let into an account by the code that another one prints") {
  World world;
  world.meet("Ada", "Bob");
  world.cli("Ada", {"create", "--private", "Plans", "--with", "Bob"});
  world.cli("Ada", {"send", "Plans", "before the laptop"});
  const std::string said = GENERATE("yes", "no", "nothing, as the other one ends");
  const bool same = said == "yes";
  auto showing = world.options("Ada", {"link-device", "--json"});
  showing.output_file = world.folder.file("code.txt");
  showing.error_file = world.folder.file("code.err");
  showing.input_file = world.folder.file("answer");
  REQUIRE(mkfifo(showing.input_file.c_str(), 0600) == 0);
  std::fstream answer(showing.input_file, std::ios::in | std::ios::out);
  Process old_device;
  REQUIRE(old_device.start(showing));
  REQUIRE(wait_for_text(showing.output_file, "code"));
  const std::string code = json_lines(read_file(showing.output_file)).at(0)["code"];

  auto arriving =
      world.options("Laptop", {"login", "--json", "--server", world.url(), "--code", code});
  arriving.output_file = world.folder.file("laptop.txt");
  arriving.error_file = world.folder.file("laptop.err");
  Process new_device;
  REQUIRE(new_device.start(arriving));
  REQUIRE(wait_for_text(arriving.output_file, "compare"));
  REQUIRE(wait_for_text(showing.output_file, "compare"));
  const auto shown = json_lines(read_file(showing.output_file)).at(1)["compare"];
  CHECK(shown.size() == 7);
  CHECK(json_lines(read_file(arriving.output_file)).at(0)["compare"] == shown);
  if (said.size() <= 3) {
    answer << said << '\n' << std::flush;
  } else {
    new_device.signal(SIGINT);
  }
  CHECK(old_device.wait(std::chrono::seconds(20)) == (same ? 0 : 1));
  CHECK(new_device.wait(std::chrono::seconds(20)) == (same ? 0 : 1));
  INFO(read_file(showing.error_file) << read_file(arriving.error_file));
  if (same) {
    const std::string read = world.cli("Laptop", {"history", "Plans"}).output;
    CHECK(read.find("Ada: before the laptop") != std::string::npos);
  } else {
    const std::string why = said == "no" ? "were not the same" : "Linking was cancelled";
    CHECK(read_file(showing.error_file).find(why) != std::string::npos);
    world.cli("Laptop", {"whoami"}, 3);
  }
}

TEST_CASE("every link brings name and messages to who comes by it with nobody else there") {
  World world;
  world.login("Ada");
  world.cli("Ada", {"create", "--private", "Plans", "--history", "all"});
  world.cli("Ada", {"send", "Plans", "long ago"});
  for (const std::string who : {"Bob", "Cleo", "Dan"}) {
    const auto made = world.cli("Ada", {"invite", "--json", "Plans"});
    CHECK(made.error == "");
    world.login(who);
    const std::string code = json_lines(made.output)[0]["invite"]["code"];
    CHECK(world.cli(who, {"join", code}).output == "Joined Plans.\n");
    CHECK(world.cli(who, {"history", "Plans"}).output.find("long ago") != std::string::npos);
  }
}

TEST_CASE("a device that came by recovery words is in its rooms when it is signed in") {
  World world;
  world.meet("Ada", "Ivan");
  const std::string words = world.cli("Ivan", {"recovery-words"}).output;
  const std::string gone =
      world.cli("Ada", {"create", "--private", "Gone", "--disappear", "1h", "--with", "Ivan"})
          .output.substr(0, 36);
  world.cli("Ada", {"create", "--private", "Plain", "--history", "none", "--with", "Ivan"});
  const std::string said =
      world.cli("Laptop", {"login", "--server", world.url(), "--recover"}, 0, words).output;
  CHECK(said.find("; entered 2 private rooms.") != std::string::npos);
  world.cli("Ada", {"send", "Gone", "said meanwhile"});
  world.cli("Ada", {"send", "Plain", "there too"});
  CHECK(world.cli("Laptop", {"history", gone}).output.find("said meanwhile") != std::string::npos);
  CHECK(world.cli("Laptop", {"history", "Gone"}).output.find("said meanwhile") !=
        std::string::npos);
  CHECK(world.cli("Laptop", {"history", "Plain"}).output.find("there too") != std::string::npos);
}

TEST_CASE("a script signs in, makes a room, talks, and signs out") {
  World world;
  CHECK(world.cli("Ada", {"whoami"}, 3).error.find("login") != std::string::npos);
  world.login("Ada");
  world.login("Bob");
  CHECK(world.cli("Ada", {"login", "--server", world.url(), "--name", "Eve"}, 1)
            .error.find("logout") != std::string::npos);
  CHECK(json_lines(world.cli("Ada", {"whoami", "--json"}).output)[0]["name"] == "Ada");

  const std::string id = world.cli("Ada", {"create", "Garden", "--topic", "flowers"}).output;
  REQUIRE(id.size() == 37);  // an id and a line end
  CHECK(world.cli("Bob", {"browse", "flowers"}).output.find("Garden") != std::string::npos);
  world.cli("Bob", {"join", "garden"});
  world.cli("Bob", {"send", "Gar", "hello", "there"});
  const auto sent = json_lines(world.cli("Ada", {"send", "--json", "Garden", "hi @Bob"}).output);
  REQUIRE(sent.size() == 1);
  const std::string place = std::to_string(sent[0]["seq"].get<int>());
  // Before Bob answers: who writes has read.
  const auto rooms = json_lines(world.cli("Bob", {"rooms", "--json"}).output);
  REQUIRE(rooms.size() == 1);
  CHECK(rooms[0]["mentions"] == 1);
  world.cli("Bob", {"react", "Garden", place, "👍"});
  world.cli("Ada", {"edit", "Garden", place, "hi", "@Bob!"});
  world.cli("Bob", {"send", "Garden", "--reply", place, "yes?"});
  world.cli("Bob", {"edit", "Garden", place, "not mine"}, 1);

  const std::string shown = world.cli("Ada", {"history", "Garden"}).output;
  CHECK(shown.find("hello there") != std::string::npos);
  CHECK(shown.find("hi @Bob! (edited)  👍 1") != std::string::npos);
  CHECK(shown.find("(to #" + place + ")") != std::string::npos);
  CHECK(shown.find('\x1b') == std::string::npos);  // not a terminal: no colours
  const auto events = json_lines(world.cli("Ada", {"history", "--json", "Garden"}).output);
  for (std::size_t i = 0; i < events.size(); ++i) CHECK(events[i]["seq"] == i + 1);
  CHECK(
      json_lines(world.cli("Ada", {"history", "--json", "--limit", "2", "Garden"}).output).size() ==
      2);

  const auto edited = std::find_if(events.begin(), events.end(),
                                   [](const json& event) { return event["type"] == "edit"; });
  REQUIRE(edited != events.end());
  const auto bob = json_lines(world.cli("Bob", {"whoami", "--json"}).output)[0]["user_id"];
  CHECK(edited->at("mentions") == json::array({bob}));

  // ISO times in one format sort as text.
  const std::string moment = edited->at("at");
  std::vector<json> earlier;
  std::copy_if(events.begin(), edited, std::back_inserter(earlier),
               [&](const json& event) { return event["at"] < moment; });
  REQUIRE_FALSE(earlier.empty());
  CHECK(json_lines(world.cli("Ada", {"history", "--json", "--before", moment, "Garden"}).output) ==
        earlier);
  CHECK(world.cli("Ada", {"history", "--before", "2026-03-01T12:00", "Garden"}, 2)
            .error.find("2026-03-01T12:00Z") != std::string::npos);

  world.cli("Ada", {"delete", "Garden", place});
  CHECK(world.cli("Ada", {"history", "Garden"}).output.find("message deleted") !=
        std::string::npos);
  const auto members = json_lines(world.cli("Ada", {"members", "--json", "Garden"}).output);
  CHECK(members.size() == 2);
  CHECK(world.cli("Ada", {"presence", "--set", "busy", "--text", "planting"}).code == 0);
  CHECK(world.cli("Ada", {"presence"}).output == "busy: planting\n");
  CHECK(world.cli("Ada", {"devices"}).output.find("(this one)") != std::string::npos);

  const std::string code =
      json_lines(world.cli("Ada", {"invite", "--json", "Garden"}).output)[0]["invite"]["code"];
  world.login("Cleo");
  world.cli("Cleo", {"join", "https://chat.example.org/join/" + code});
  world.cli("Cleo", {"leave", "Garden"});
  world.cli("Cleo", {"send", "Garden", "gone"}, 1);
  world.cli("Cleo", {"logout"});
  world.cli("Cleo", {"rooms"}, 3);
}

TEST_CASE("search finds messages in the own rooms, as they are now") {
  World world;
  world.login("Ada");
  world.login("Bob");
  world.cli("Ada", {"create", "Garden"});
  world.cli("Ada", {"create", "Kitchen"});
  world.cli("Bob", {"create", "Cellar"});
  world.cli("Bob", {"join", "Garden"});
  std::string lines;
  for (int i = 0; i < 30; ++i) lines += "tulip number " + std::to_string(i) + "\n";
  world.cli("Ada", {"pipe", "Garden"}, 0, lines);
  world.cli("Bob", {"send", "Garden", "The *Roses* are red"});
  world.cli("Ada", {"send", "Kitchen", "rosemary and 玫瑰花茶"});
  world.cli("Bob", {"send", "Cellar", "roses nobody else sees"});

  auto found = json_lines(world.cli("Ada", {"search", "--json", "ros"}).output);
  REQUIRE(found.size() == 2);
  CHECK(found[0]["room_name"] == "Kitchen");  // the newest first
  CHECK(found[1]["room_name"] == "Garden");
  CHECK(found[1]["sender_name"] == "Bob");
  CHECK(found[1]["snippet"] == "The Roses are red");
  CHECK(found[1]["highlights"] == json::parse("[[4, 9]]"));
  const std::string shown = world.cli("Ada", {"search", "玫瑰", "ROSEMARY"}).output;
  CHECK(shown.find("Kitchen") == 0);
  CHECK(shown.find("Ada: rosemary and") != std::string::npos);
  CHECK(shown.find('\x1b') == std::string::npos);

  CHECK(json_lines(world.cli("Ada", {"search", "--json", "ros", "--room", "gar"}).output).size() ==
        1);
  CHECK(json_lines(world.cli("Ada", {"search", "--json", "tulip", "--limit", "7"}).output).size() ==
        7);
  CHECK(json_lines(world.cli("Ada", {"search", "--json", "tulip", "--depth", "5"}).output).size() ==
        4);  // of the last five events one is Bob's
  const Finished none = world.cli("Ada", {"search", "\"are roses\""});
  CHECK(none.output.empty());
  CHECK(none.error.find("No message") != std::string::npos);
  CHECK(none.error.find('\r') == std::string::npos);  // not a terminal: no progress

  const std::string place = std::to_string(found[1]["seq"].get<int>());
  world.cli("Bob", {"edit", "Garden", place, "The violets are blue"});
  CHECK(json_lines(world.cli("Ada", {"search", "--json", "roses"}).output).empty());
  CHECK(json_lines(world.cli("Ada", {"search", "--json", "violet"}).output).size() == 1);
  world.cli("Bob", {"delete", "Garden", place});
  CHECK(json_lines(world.cli("Ada", {"search", "--json", "violet"}).output).empty());

  world.cli("Ada", {"search", "word", "--room", "nowhere"}, 1);
  world.cli("Eve", {"search", "word"}, 3);
}

TEST_CASE("errors end with their own exit code and a sentence") {
  World world;
  world.login("Ada");
  CHECK(world.cli("Ada", {"send", "Nowhere", "x"}, 1).error.find("Nowhere") != std::string::npos);
  CHECK(world.cli("Ada", {"send", "Nowhere", " "}, 1).error.find("text") != std::string::npos);
  world.cli("Ada", {"send"}, 2);
  world.cli("Ada", {"login", "--server", "ftp://x", "--name", "x"}, 1);
  world.server.kill();
  const Finished away = world.cli("Ada", {"rooms"}, 4);
  CHECK(away.output.empty());
  CHECK(away.error.find("Cannot connect") != std::string::npos);
}

TEST_CASE("lines and whole inputs become messages") {
  World world;
  world.login("Ada");
  world.cli("Ada", {"create", "Log"});
  const Finished piped = world.cli("Ada", {"pipe", "Log"}, 0, "one\n\ntwo\r\nthree");
  CHECK(piped.output.find("Sent as #") != std::string::npos);
  world.cli("Ada", {"send", "Log", "-"}, 0, "first line\nsecond line\n");
  std::vector<std::string> texts;
  for (const json& event : json_lines(world.cli("Ada", {"history", "--json", "Log"}).output)) {
    if (event["type"] == "message") texts.push_back(event["content"]);
  }
  CHECK(texts == std::vector<std::string>{"one", "two", "three", "first line\nsecond line"});
}

TEST_CASE("what the server's rate limit refuses is sent again, once") {
  World world({.limits = true, .flags = {"--limits.messages_per_second_burst=1"}});
  world.login("Ada");
  world.cli("Ada", {"create", "Log"});
  const Finished piped = world.cli("Ada", {"pipe", "Log"}, 0, "1\n2\n3\n");
  CHECK(piped.error.find("Waiting: ") != std::string::npos);
  std::string texts;
  for (const json& event : json_lines(world.cli("Ada", {"history", "--json", "Log"}).output)) {
    if (event["type"] == "message") texts += event["content"].get<std::string>();
  }
  CHECK(texts == "123");
}

TEST_CASE("tail prints what was and what comes, over a restart of the server, until Ctrl+C") {
  World world;
  world.login("Ada");
  world.login("Bob");
  world.cli("Ada", {"create", "River"});
  world.cli("Bob", {"join", "River"});
  world.cli("Ada", {"send", "River", "before"});

  ProcessOptions options = world.options("Bob", {"tail", "--json", "River"});
  options.output_file = world.folder.file("tail");
  options.error_file = world.folder.file("tail-errors");
  Process tail;
  REQUIRE(tail.start(options));
  REQUIRE(wait_for_text(options.output_file, "before"));
  world.cli("Ada", {"send", "River", "live"});
  CHECK(wait_for_text(options.output_file, "live"));

  world.server.kill();
  REQUIRE(world.server.start());
  world.cli("Ada", {"send", "River", "after the restart"});
  CHECK(wait_for_text(options.output_file, "after the restart"));

  tail.signal(SIGINT);
  CHECK(tail.wait(std::chrono::seconds(5)) == 0);
  std::vector<int> places;
  for (const json& event : json_lines(read_file(options.output_file))) {
    places.push_back(event["seq"].get<int>());
    CHECK(event.contains("sender_name"));
  }
  REQUIRE_FALSE(places.empty());
  for (std::size_t i = 1; i < places.size(); ++i) CHECK(places[i] == places[i - 1] + 1);

  const auto since = json_lines([&] {
    ProcessOptions from = world.options(
        "Bob", {"tail", "--json", "River", "--since", std::to_string(places.back() - 1)});
    from.output_file = world.folder.file("since");
    Process process;
    REQUIRE(process.start(from));
    CHECK(wait_for_text(from.output_file, "after the restart"));
    process.signal(SIGTERM);
    CHECK(process.wait(std::chrono::seconds(5)) == 0);
    return read_file(from.output_file);
  }());
  CHECK(since.size() == 1);
}

}  // namespace parley::test
