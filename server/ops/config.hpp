// The server's settings: flag > environment > file > default (FEATURES, preface).
//
// PARLEY_SETTINGS declares each key once: type, name, default, what is accepted, help. The structs
// below, the TOML file, the environment (PARLEY_SECTION_KEY), the flags (--section.key), `parley
// config check` and the table in the README all come from it. Units are in the names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley::ops {

using Text = std::string;
using Number = std::int64_t;
using Switch = bool;
using List = std::vector<std::string>;

// What a value may be: a range for numbers, a choice of words for texts.
struct Accepts {
  Number low = 0;
  Number high = 0;
  std::string_view words;  // separated by '|'; empty: any text
};
constexpr Accepts anything() { return {}; }
constexpr Accepts between(Number low, Number high) { return {low, high, {}}; }
constexpr Accepts one_of(std::string_view words) { return {0, 0, words}; }

// X(type, name, default, accepts, help)
#define PARLEY_SERVER_SETTINGS(X) \
  X(Text, address, "127.0.0.1", anything(), "IP address to listen on; 0.0.0.0 or :: for all") \
  X(Number, port, 8008, between(0, 65535), "TCP port; 0 takes a free one") \
  X(Number, shards, 0, between(0, 256), "threads that serve connections; 0: one a core") \
  X(Text, public_url, "", anything(), \
    "where people reach the server, such as https://chat.example.org") \
  X(Text, name, "Parley", anything(), "the server's name, shown to people") \
  X(Text, lobby, "Lobby", anything(), "public room every new guest starts in; empty: none") \
  X(List, allowed_origins, {}, anything(), \
    "other web origins that may connect, such as https://example.org") \
  X(Text, web_root, "", anything(), \
    "folder of the web client; empty: the one installed with the program") \
  X(List, trusted_proxies, (List{"127.0.0.1", "::1"}), anything(), \
    "addresses or networks whose X-Forwarded-For is believed") \
  X(Text, metrics_address, "127.0.0.1", anything(), "IP address of the separate metrics port") \
  X(Number, metrics_port, 0, between(0, 65535), \
    "separate port for /metrics; 0: the main port, for callers on this machine only (set a port " \
    "when a proxy on this machine forwards every path)") \
  X(Number, drain_s, 10, between(0, 300), "longest time a stop waits for connections")

#define PARLEY_STORE_SETTINGS(X) \
  X(Text, path, "", anything(), "database file; empty: parley.db in the user's data folder") \
  X(Switch, durable, true, anything(), \
    "wait for the disk, so that nothing acknowledged is lost with the power") \
  X(Number, retention_days, 90, between(0, 36'500), \
    "after which messages are deleted, with the keys of private rooms; 0: never")

#define PARLEY_LIMITS_SETTINGS(X) \
  X(Number, requests_per_minute_per_user, 100, between(0, 1'000'000), "0: no limit") \
  X(Number, messages_per_second_burst, 10, between(0, 64), \
    "of one user, in any one second; 0: no limit") \
  X(Number, messages_per_minute, 60, between(0, 1'000'000), "of one user, sustained; 0: no limit") \
  X(Number, rooms_per_day, 5, between(0, 1'000'000), "that one user may create; 0: no limit") \
  X(Number, members_per_room, 100'000, between(2, 10'000'000), "of one room") \
  X(Number, sign_ins_per_minute_per_address, 30, between(0, 1'000'000), "0: no limit") \
  X(Number, connections_per_user, 10, between(0, 10'000), "at the same time; 0: no limit") \
  X(Number, connections_per_address, 1000, between(0, 10'000'000), \
    "at the same time, from one IPv4 address or IPv6 /64; trusted proxies are exempt; 0: no limit") \
  X(Number, connections, 0, between(0, 10'000'000), \
    "of everybody at the same time; 0: as many as the system's file limit allows") \
  X(Number, inbound_frame_bytes, 1'048'576, between(1024, 1'048'576), \
    "largest message a client may send") \
  X(Number, outbox_bytes, 4'194'304, between(65'536, 1'073'741'824), \
    "waiting for one connection before it counts as a slow reader") \
  X(Number, control_frames_per_second, 20, between(2, 10'000), \
    "pings and pongs of one connection") \
  X(Number, http_header_bytes, 8192, between(1024, 65'536), "largest head of an HTTP request") \
  X(Number, http_body_bytes, 16'384, between(0, 1'048'576), "largest body of an HTTP request") \
  X(Number, http_header_timeout_s, 10, between(1, 120), "until an HTTP request must be complete") \
  X(Number, http_idle_timeout_s, 30, between(1, 600), "of an HTTP connection between requests") \
  X(Number, authenticate_timeout_s, 15, between(1, 120), "until a WebSocket must have signed in") \
  X(Number, heartbeat_interval_s, 30, between(1, 600), "between pings to a connection") \
  X(Number, heartbeat_timeout_s, 60, between(2, 1200), \
    "of silence after which a connection is dead") \
  X(Number, session_hours, 2, between(1, 24 * 90), \
    "a session token's life; renewed while connected") \
  X(Number, session_renewal_minutes, 30, between(1, 24 * 60), \
    "before its end a connected client gets a new token") \
  X(Number, idle_actor_minutes, 15, between(1, 24 * 60), \
    "after which an unused room leaves memory") \
  X(Number, memory_bytes, 0, between(0, Number{1} << 50), \
    "of the whole server; 0: what the machine or container has") \
  X(Number, shed_at_percent, 80, between(10, 100), \
    "of memory_bytes in use, above which new connections are refused")

#define PARLEY_LOG_SETTINGS(X) \
  X(Text, level, "info", one_of("debug|info|warning|error"), "least important lines to write") \
  X(Text, format, "text", one_of("text|json"), "key=value lines or JSON lines, to standard error")

#define PARLEY_SETTINGS(SECTION) \
  SECTION(server, PARLEY_SERVER_SETTINGS) \
  SECTION(store, PARLEY_STORE_SETTINGS) \
  SECTION(limits, PARLEY_LIMITS_SETTINGS) \
  SECTION(log, PARLEY_LOG_SETTINGS)

struct Config {
#define PARLEY_FIELD(type, name, value, accepts, help) type name = value;
#define PARLEY_SECTION(section, settings) \
  struct { \
    settings(PARLEY_FIELD) \
  } section;
  PARLEY_SETTINGS(PARLEY_SECTION)
#undef PARLEY_SECTION
#undef PARLEY_FIELD
};

using ValueRef = std::variant<Text*, Number*, Switch*, List*>;

struct Setting {
  std::string_view section;
  std::string_view key;
  Accepts accepts;
  std::string_view help;
  ValueRef (*in)(Config&);

  std::string name() const;         // section.key
  std::string environment() const;  // PARLEY_SECTION_KEY
  std::string accepted() const;     // "a number from 1 to 10", for errors and help
};
std::span<const Setting> settings();

// Where values come from. File text and environment are handed in, so that loading is pure.
struct ConfigSources {
  std::string file_name;  // for messages
  std::optional<std::string> file_text;
  std::vector<std::pair<std::string, std::string>> environment;  // all; others are skipped
  std::vector<std::pair<std::string, std::string>> flags;        // (section.key, value)
};

struct LoadedConfig {
  Config config;
  std::map<std::string, std::string, std::less<>> origins;  // name -> "flag", "environment", "file"
  std::vector<std::string> faults;  // full sentences; empty: the configuration is good
};
LoadedConfig load_config(const ConfigSources& sources);

// The names nearest to a wrong one, for "did you mean": empty when nothing is near.
std::string nearest_name(std::string_view wrong, std::span<const std::string> names);
std::string nearest_setting(std::string_view wrong);

// The configuration as a TOML file with help and origin of each value as comments.
std::string print_config(const LoadedConfig& loaded);
// The table of the README.
std::string print_config_markdown();

}  // namespace parley::ops
