#include "server/ops/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>

#include <toml++/toml.h>

namespace parley::ops {
namespace {

constexpr Setting kSettings[] = {
#define PARLEY_ROW(section, name, accepts, help) \
  {#section, #name, accepts, help, [](Config& c) -> ValueRef { return &c.section.name; }},
#define PARLEY_SERVER_ROW(type, name, value, accepts, help) PARLEY_ROW(server, name, accepts, help)
#define PARLEY_STORE_ROW(type, name, value, accepts, help) PARLEY_ROW(store, name, accepts, help)
#define PARLEY_LIMITS_ROW(type, name, value, accepts, help) PARLEY_ROW(limits, name, accepts, help)
#define PARLEY_LOG_ROW(type, name, value, accepts, help) PARLEY_ROW(log, name, accepts, help)
    PARLEY_SERVER_SETTINGS(PARLEY_SERVER_ROW) PARLEY_STORE_SETTINGS(PARLEY_STORE_ROW)
        PARLEY_LIMITS_SETTINGS(PARLEY_LIMITS_ROW) PARLEY_LOG_SETTINGS(PARLEY_LOG_ROW)
#undef PARLEY_LOG_ROW
#undef PARLEY_LIMITS_ROW
#undef PARLEY_STORE_ROW
#undef PARLEY_SERVER_ROW
#undef PARLEY_ROW
};

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : kSettings) {
    if (setting.name() == name) return &setting;
  }
  return nullptr;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

List split(std::string_view text, char separator) {
  List out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    std::string_view item = text.substr(0, end);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) out.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool accepts_word(const Accepts& accepts, std::string_view word) {
  if (accepts.words.empty()) return true;
  const List words = split(accepts.words, '|');
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool accepts_number(const Accepts& accepts, Number number) {
  return number >= accepts.low && number <= accepts.high;
}

// Each assign returns whether the value was taken.
bool assign(const Setting& setting, Config& config, Number number) {
  Number* const* target = nullptr;
  const ValueRef ref = setting.in(config);
  target = std::get_if<Number*>(&ref);
  if (target == nullptr || !accepts_number(setting.accepts, number)) return false;
  **target = number;
  return true;
}

bool assign(const Setting& setting, Config& config, Switch on) {
  const ValueRef ref = setting.in(config);
  auto* const* target = std::get_if<Switch*>(&ref);
  if (target == nullptr) return false;
  **target = on;
  return true;
}

bool assign(const Setting& setting, Config& config, Text text) {
  const ValueRef ref = setting.in(config);
  auto* const* target = std::get_if<Text*>(&ref);
  if (target == nullptr || !accepts_word(setting.accepts, text)) return false;
  **target = std::move(text);
  return true;
}

bool assign(const Setting& setting, Config& config, List list) {
  const ValueRef ref = setting.in(config);
  auto* const* target = std::get_if<List*>(&ref);
  if (target == nullptr) return false;
  **target = std::move(list);
  return true;
}

// A value written as text: in a flag or in the environment.
bool assign_written(const Setting& setting, Config& config, const std::string& written) {
  const ValueRef ref = setting.in(config);
  if (std::holds_alternative<Text*>(ref)) return assign(setting, config, Text(written));
  if (std::holds_alternative<List*>(ref)) return assign(setting, config, split(written, ','));
  if (std::holds_alternative<Switch*>(ref)) {
    if (written == "true" || written == "1" || written == "yes") {
      return assign(setting, config, true);
    }
    if (written == "false" || written == "0" || written == "no") {
      return assign(setting, config, false);
    }
    return false;
  }
  Number number = 0;
  const char* const end = written.data() + written.size();
  const auto parsed = std::from_chars(written.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return false;
  return assign(setting, config, number);
}

bool assign_toml(const Setting& setting, Config& config, const toml::node& node) {
  if (const auto* text = node.as_string()) return assign(setting, config, Text(text->get()));
  if (const auto* number = node.as_integer()) return assign(setting, config, number->get());
  if (const auto* on = node.as_boolean()) return assign(setting, config, on->get());
  const auto* array = node.as_array();
  if (array == nullptr) return false;
  List list;
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return false;
    list.push_back(text->get());
  }
  return assign(setting, config, std::move(list));
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string did_you_mean(const std::string& nearest) {
  return nearest.empty() ? std::string{} : fmt::format(" Did you mean {}?", nearest);
}

class Loader {
 public:
  explicit Loader(const ConfigSources& sources) : sources_(sources) {}

  LoadedConfig run() {
    if (sources_.file_text) read_file(*sources_.file_text);
    read_environment();
    read_flags();
    check_together();
    return std::move(out_);
  }

 private:
  void fault(std::string text) { out_.faults.push_back(std::move(text)); }

  void refuse_value(const std::string& where, const Setting& setting) {
    fault(fmt::format("{} must be {}.", where, setting.accepted()));
  }

  void read_file(const std::string& text) {
    toml::table parsed;
    try {
      parsed = toml::parse(text, sources_.file_name);
    } catch (const toml::parse_error& error) {
      fault(fmt::format("{}, line {}: {}.", sources_.file_name, error.source().begin.line,
                        error.description()));
      return;
    }
    for (const auto& [section, node] : parsed) {
      const toml::table* const table = node.as_table();
      if (table == nullptr) {
        fault(fmt::format("{}, line {}: \"{}\" stands outside of a section.{}", sources_.file_name,
                          node.source().begin.line, section.str(),
                          did_you_mean(nearest_setting(section.str()))));
        continue;
      }
      for (const auto& [key, value] : *table) {
        read_file_key(fmt::format("{}.{}", section.str(), key.str()), value);
      }
    }
  }

  void read_file_key(const std::string& name, const toml::node& value) {
    const Setting* const setting = find_setting(name);
    const auto line = value.source().begin.line;
    if (setting == nullptr) {
      fault(fmt::format("{}, line {}: there is no setting {}.{}", sources_.file_name, line, name,
                        did_you_mean(nearest_setting(name))));
    } else if (assign_toml(*setting, out_.config, value)) {
      out_.origins[name] = "file";
    } else {
      refuse_value(fmt::format("{}, line {}: {}", sources_.file_name, line, name), *setting);
    }
  }

  void read_environment() {
    for (const auto& [variable, value] : sources_.environment) {
      const Setting* found = nullptr;
      bool own_section = false;
      for (const Setting& setting : kSettings) {
        own_section |= variable.starts_with(fmt::format("PARLEY_{}_", upper(setting.section)));
        if (setting.environment() == variable) found = &setting;
      }
      if (found == nullptr) {
        // Other PARLEY_ variables belong to the build and to the clients.
        if (own_section) refuse_variable(variable);
      } else if (assign_written(*found, out_.config, value)) {
        out_.origins[found->name()] = "environment";
      } else {
        refuse_value(variable, *found);
      }
    }
  }

  void refuse_variable(const std::string& variable) {
    std::vector<std::string> names;
    for (const Setting& setting : kSettings) names.push_back(setting.environment());
    fault(fmt::format("The environment variable {} names no setting.{}", variable,
                      did_you_mean(nearest_name(variable, names))));
  }

  void read_flags() {
    for (const auto& [name, value] : sources_.flags) {
      const Setting* const setting = find_setting(name);
      if (setting == nullptr) {
        fault(fmt::format("There is no setting {}.{}", name, did_you_mean(nearest_setting(name))));
      } else if (assign_written(*setting, out_.config, value)) {
        out_.origins[name] = "flag";
      } else {
        refuse_value("--" + name, *setting);
      }
    }
  }

  void check_together() {
    const auto& limits = out_.config.limits;
    if (limits.heartbeat_timeout_s <= limits.heartbeat_interval_s) {
      fault("limits.heartbeat_timeout_s must be more than limits.heartbeat_interval_s.");
    }
    if (limits.session_renewal_minutes >= limits.session_hours * 60) {
      fault("limits.session_renewal_minutes must be less than limits.session_hours.");
    }
    if (out_.config.server.metrics_port != 0 &&
        out_.config.server.metrics_port == out_.config.server.port) {
      fault("server.metrics_port must differ from server.port.");
    }
  }

  const ConfigSources& sources_;
  LoadedConfig out_;
};

std::string written(const ValueRef& ref) {
  struct Writer {
    static std::string quoted(const std::string& text) {
      std::string out = "\"";
      for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      return out + '"';
    }
    std::string operator()(const Text* text) const { return quoted(*text); }
    std::string operator()(const Number* number) const { return std::to_string(*number); }
    std::string operator()(const Switch* on) const { return *on ? "true" : "false"; }
    std::string operator()(const List* list) const {
      std::string out = "[";
      for (const std::string& item : *list) out += (out.size() > 1 ? ", " : "") + quoted(item);
      return out + "]";
    }
  };
  return std::visit(Writer{}, ref);
}

}  // namespace

std::string Setting::name() const { return fmt::format("{}.{}", section, key); }

std::string Setting::environment() const {
  return fmt::format("PARLEY_{}_{}", upper(section), upper(key));
}

std::string Setting::accepted() const {
  Config defaults;
  const ValueRef ref = in(defaults);
  if (std::holds_alternative<Number*>(ref)) {
    return fmt::format("a number from {} to {}", accepts.low, accepts.high);
  }
  if (std::holds_alternative<Switch*>(ref)) return "true or false";
  if (std::holds_alternative<List*>(ref)) return "a list of texts";
  if (accepts.words.empty()) return "a text";
  return fmt::format("one of {}", fmt::join(split(accepts.words, '|'), ", "));
}

std::span<const Setting> settings() { return kSettings; }

LoadedConfig load_config(const ConfigSources& sources) { return Loader(sources).run(); }

std::string nearest_name(std::string_view wrong, std::span<const std::string> names) {
  std::string best;
  // Past a third of its letters a word is not a slip of the same word any more.
  std::size_t best_distance = wrong.size() / 3 + 2;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(wrong, name);
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

std::string nearest_setting(std::string_view wrong) {
  std::vector<std::string> names;
  const bool has_section = wrong.find('.') != std::string_view::npos;
  for (const Setting& setting : kSettings) {
    // The right key in the wrong section, or without one, is the likeliest slip of all.
    if (setting.key == wrong.substr(has_section ? wrong.find('.') + 1 : 0)) return setting.name();
    names.push_back(setting.name());
  }
  if (has_section) return nearest_name(wrong, names);
  std::vector<std::string> keys;
  for (const Setting& setting : kSettings) keys.emplace_back(setting.key);
  const std::string key = nearest_name(wrong, keys);
  return key.empty() ? nearest_name(wrong, names) : nearest_setting(key);
}

std::string print_config(const LoadedConfig& loaded) {
  Config config = loaded.config;
  std::string out;
  std::string_view section;
  for (const Setting& setting : kSettings) {
    if (setting.section != section) {
      section = setting.section;
      out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section);
    }
    const auto origin = loaded.origins.find(setting.name());
    out += fmt::format("{} = {}  # {}; {}\n", setting.key, written(setting.in(config)),
                       origin == loaded.origins.end() ? "default" : origin->second, setting.help);
  }
  return out;
}

std::string print_config_markdown() {
  Config defaults;
  std::string out = "| setting | default | meaning |\n|---|---|---|\n";
  for (const Setting& setting : kSettings) {
    out += fmt::format("| `{}` | `{}` | {} |\n", setting.name(), written(setting.in(defaults)),
                       setting.help);
  }
  return out;
}

}  // namespace parley::ops
