#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "server/ops/config.hpp"

namespace parley::test {
namespace {

using ops::ConfigSources;
using ops::load_config;

ConfigSources file(std::string text) {
  ConfigSources sources;
  sources.file_name = "parley.toml";
  sources.file_text = std::move(text);
  return sources;
}

std::string only_fault(const ConfigSources& sources) {
  const auto loaded = load_config(sources);
  return loaded.faults.size() == 1 ? loaded.faults[0]
                                   : std::to_string(loaded.faults.size()) + " faults";
}

TEST_CASE("the defaults are those of FEATURES, and they are good") {
  const auto loaded = load_config({});
  CHECK(loaded.faults.empty());
  const auto& limits = loaded.config.limits;
  CHECK(loaded.config.server.port == 8008);
  CHECK(loaded.config.store.durable);
  CHECK(limits.requests_per_minute_per_user == 100);
  CHECK(limits.messages_per_second_burst == 10);
  CHECK(limits.messages_per_minute == 60);
  CHECK(limits.rooms_per_day == 5);
  CHECK(limits.connections_per_user == 10);
  CHECK(limits.inbound_frame_bytes == 1 << 20);
  CHECK(limits.heartbeat_interval_s == 30);
  CHECK(limits.heartbeat_timeout_s == 60);
  CHECK(limits.session_hours == 2);
  CHECK(limits.shed_at_percent == 80);
}

TEST_CASE("every kind of value, from each source") {
  ConfigSources sources = file(R"(
[server]
port = 9000
name = "From file"
allowed_origins = ["https://a.example", "https://b.example"]
[store]
durable = false
)");
  auto loaded = load_config(sources);
  REQUIRE(loaded.faults.empty());
  CHECK(loaded.config.server.port == 9000);
  CHECK(loaded.config.server.name == "From file");
  CHECK(loaded.config.server.allowed_origins.size() == 2);
  CHECK_FALSE(loaded.config.store.durable);

  sources.file_text.reset();
  sources.environment = {{"PARLEY_SERVER_PORT", "9001"},
                         {"PARLEY_STORE_DURABLE", "no"},
                         {"PARLEY_SERVER_ALLOWED_ORIGINS", "https://a.example, https://b.example"},
                         {"HOME", "/root"}};
  loaded = load_config(sources);
  REQUIRE(loaded.faults.empty());
  CHECK(loaded.config.server.port == 9001);
  CHECK(loaded.config.server.allowed_origins ==
        ops::List{"https://a.example", "https://b.example"});
  CHECK_FALSE(loaded.config.store.durable);
}

TEST_CASE("flag over environment over file over default, and the origin is told") {
  ConfigSources sources = file("[server]\nport = 1\nname = \"file\"\naddress = \"::1\"\n");
  sources.environment = {{"PARLEY_SERVER_PORT", "2"}, {"PARLEY_SERVER_NAME", "environment"}};
  sources.flags = {{"server.port", "3"}};
  const auto loaded = load_config(sources);
  REQUIRE(loaded.faults.empty());
  CHECK(loaded.config.server.port == 3);
  CHECK(loaded.config.server.name == "environment");
  CHECK(loaded.config.server.address == "::1");
  const std::string printed = ops::print_config(loaded);
  CHECK(printed.find("port = 3  # flag;") != std::string::npos);
  CHECK(printed.find("name = \"environment\"  # environment;") != std::string::npos);
  CHECK(printed.find("address = \"::1\"  # file;") != std::string::npos);
  CHECK(printed.find("shards = 0  # default;") != std::string::npos);
  // What is printed is a configuration file that says the same.
  const auto again = load_config(file(printed));
  CHECK(again.faults.empty());
  CHECK(again.config.server.port == 3);
}

TEST_CASE("an unknown key names the nearest one") {
  const std::pair<const char*, const char*> cases[] = {
      {"[server]\nprot = 1\n", "server.port"},
      {"[serve]\nport = 1\n", "server.port"},
      {"[server]\nrooms_per_day = 1\n", "limits.rooms_per_day"},
      {"[limits]\nheartbeat_interval = 1\n", "limits.heartbeat_interval_s"},
      {"port = 1\n", "server.port"},
  };
  for (const auto& [text, nearest] : cases) {
    INFO(text);
    CHECK(only_fault(file(text)).ends_with("Did you mean " + std::string(nearest) + "?"));
  }
  const std::string far = only_fault(file("[cheese]\nflavour = 1\n"));
  CHECK(far == "parley.toml, line 2: there is no setting cheese.flavour.");

  ConfigSources sources;
  sources.environment = {{"PARLEY_SERVER_PROT", "1"}};
  CHECK(only_fault(sources) ==
        "The environment variable PARLEY_SERVER_PROT names no setting. Did you mean "
        "PARLEY_SERVER_PORT?");
  sources.environment = {{"PARLEY_BUILD", "x"}};  // not of a section of ours
  CHECK(load_config(sources).faults.empty());
  sources.environment.clear();
  sources.flags = {{"log.levle", "info"}};
  CHECK(only_fault(sources) == "There is no setting log.levle. Did you mean log.level?");
}

TEST_CASE("a wrong value is told what is accepted") {
  const std::pair<const char*, const char*> cases[] = {
      {"[server]\nport = 70000\n",
       "parley.toml, line 2: server.port must be a number from 0 to 65535."},
      {"[server]\nport = \"80\"\n",
       "parley.toml, line 2: server.port must be a number from 0 to 65535."},
      {"[store]\ndurable = 1\n", "parley.toml, line 2: store.durable must be true or false."},
      {"[log]\nlevel = \"loud\"\n",
       "parley.toml, line 2: log.level must be one of debug, info, warning, error."},
      {"[server]\ntrusted_proxies = [1]\n",
       "parley.toml, line 2: server.trusted_proxies must be a list of texts."},
      {"[server]\nname = true\n", "parley.toml, line 2: server.name must be a text."},
  };
  for (const auto& [text, expected] : cases) CHECK(only_fault(file(text)) == expected);

  for (const char* written : {"", "x", "1x", "99999999999999999999", "-1", "1.5"}) {
    ConfigSources sources;
    sources.flags = {{"server.port", written}};
    CHECK(only_fault(sources) == "--server.port must be a number from 0 to 65535.");
  }
}

TEST_CASE("all faults are told at once, and broken TOML with its line") {
  CHECK(load_config(file("[server]\nprot = 1\nport = -1\n[x]\ny = 1\n")).faults.size() == 3);
  CHECK(only_fault(file("[server]\nport = = 1\n")).starts_with("parley.toml, line 2: "));
}

TEST_CASE("values that do not fit together") {
  CHECK(only_fault(file("[limits]\nheartbeat_interval_s = 60\n")).find("heartbeat_timeout_s") !=
        std::string::npos);
  CHECK(only_fault(file("[limits]\nsession_hours = 1\nsession_renewal_minutes = 60\n"))
            .find("session_renewal_minutes") != std::string::npos);
}

TEST_CASE("every setting says what it is") {
  for (const ops::Setting& setting : ops::settings()) {
    INFO(setting.name());
    CHECK_FALSE(setting.help.empty());
    CHECK(setting.environment().starts_with("PARLEY_"));
  }
}

TEST_CASE("the table in README.md is what `parley config table` prints") {
  std::ifstream file(PARLEY_SOURCE_DIR "/README.md");
  std::string table;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('|')) {
      if (!table.empty()) break;
    } else if (!table.empty() || line.starts_with("| setting |")) {
      table += line + "\n";
    }
  }
  CHECK(table == ops::print_config_markdown());
}

}  // namespace
}  // namespace parley::test
