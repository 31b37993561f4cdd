#include "client/cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>

#include "client/cli/exit_code.hpp"
#include "client/native/local_store.hpp"

namespace parley::cli {
namespace {

constexpr const char* kFooter = R"(
Rooms are named by id, by name, or by the beginning of a name when it is the only one.
A message counts as sent when it is on the server's disk.

Examples:
  parley-cli login --server ws://127.0.0.1:8008/ws --name Ada
  parley-cli rooms
  parley-cli send Lobby "Good morning"
  make 2>&1 | tail -n 5 | parley-cli send Builds -
  tail -F errors.log | parley-cli pipe Operations
  parley-cli search deploy failed --room Ops
  parley-cli create --private Plans --with Grace # end-to-end encrypted
  parley-cli create --private Den --disappear 1d # its messages are gone after a day
  parley-cli recovery-words > words.txt         # keep them off this machine
  parley-cli tail Lobby                         # Ctrl+C ends it
  parley-cli tail --json --since 120 Lobby | jq -r .content

Exit codes:
  0 done   1 failed   2 wrong usage   3 not signed in   4 cannot connect

Environment:
  NO_COLOR          no colours     XDG_DATA_HOME   where the session is kept
  XDG_CONFIG_HOME   where the key of what is kept is
)";

// Where CLI11 puts values; the chosen command copies what it needs.
struct Values {
  bool json = false;
  std::string color = "auto";
  double timeout_s = 30;
  std::string store = native::LocalStore::default_path("cli");
  LoginArguments login;
  std::string room, revoke, status, before;
  std::vector<std::string> words;
  bool ids = false;
  bool sure = false;
  PresenceArguments presence;
  VerifyArguments verify;
  CreateArguments create;
  std::string disappear;
  double expires_hours = 7 * 24;
  InviteArguments invite;
  SendArguments send;
  ChangeArguments change;
  HistoryArguments history;
  SearchArguments search;
  TailArguments tail;
};

// CLI11's own words for this name the largest double.
std::string check_place(const std::string& text) {
  const bool digits = !text.empty() && text.size() < 20 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && text.find_first_not_of('0') != std::string::npos) return {};
  return "a place is the number shown after #, not \"" + text + "\"";
}

std::string check_place_or_time(const std::string& text) {
  if (check_place(text).empty() || from_iso8601(text)) return {};
  return "\"" + text +
         "\" is neither a place, the number shown after #, nor a time such as 2026-03-01T12:00Z or "
         "2026-03-01T13:00+01:00";
}

// Seconds in "90s", "30m", "12h", "1d" or "4w".
std::optional<std::uint32_t> span_of(const std::string& text) {
  static const std::map<char, std::uint64_t> units = {
      {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 7 * 86'400}};
  if (text.size() < 2 || text.size() > 10) return std::nullopt;
  const auto unit = units.find(text.back());
  const std::string digits = text.substr(0, text.size() - 1);
  if (unit == units.end() || digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  const std::uint64_t seconds = std::strtoull(digits.c_str(), nullptr, 10) * unit->second;
  if (seconds < wire::kMinDisappear_s || seconds > wire::kMaxDisappear_s) return std::nullopt;
  return static_cast<std::uint32_t>(seconds);
}

std::string check_span(const std::string& text) {
  if (span_of(text)) return {};
  return "a time is a number with s, m, h, d or w behind it, from 1m to 365d, such as 12h; not \"" +
         text + "\"";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

wire::PresenceStatus status_of(const std::string& word) {
  static const std::map<std::string, wire::PresenceStatus> all = {
      {"online", wire::PresenceStatus::kOnline},
      {"away", wire::PresenceStatus::kAway},
      {"busy", wire::PresenceStatus::kBusy},
      {"invisible", wire::PresenceStatus::kInvisible}};
  return all.at(word);
}

class Grammar {
 public:
  Grammar(CLI::App& app, Values& values, std::function<Status(Context&)>& command)
      : app_(app), v_(values), command_(command) {}

  void account() {
    auto* login_app = add("login", "Sign in, as a guest or to an account of yours",
                          [this](Context& c) { return login(c, v_.login); });
    login_app->add_option("--server", v_.login.server, "address, such as wss://chat.example.org")
        ->required();
    auto* who = login_app->add_option_group("Who", "One of:");
    who->add_option("--name", v_.login.name, "the name others see");
    who->add_flag("--recover", v_.login.recover,
                  "as a further device of an account: its recovery words come from standard input");
    who->add_option("--code", v_.login.code,
                    "as a further device of an account: the code that another one shows");
    who->require_option(1);
    login_app->add_flag("--replace", v_.login.replace,
                        "let the keys go that an account whose session has ended left here");
    add("logout", "End the session, here and on the server", [](Context& c) { return logout(c); });
    add("whoami", "Who is signed in, and where", [](Context& c) { return whoami(c); });
    auto* devices_app = add("devices", "Where this account is signed in",
                            [this](Context& c) { return devices(c, v_.revoke); });
    devices_app->add_option("--revoke", v_.revoke, "sign this device out (its id)");
    auto* presence_app =
        add("presence", "Own presence, or that of a room's members", [this](Context& c) {
          if (!v_.status.empty()) v_.presence.status = status_of(v_.status);
          return presence(c, v_.presence);
        });
    auto* of = presence_app->add_option("ROOM", v_.presence.room, "show its members' presence");
    auto* set = presence_app->add_option("--set", v_.status, "online, away, busy or invisible")
                    ->check(CLI::IsMember({"online", "away", "busy", "invisible"}))
                    ->excludes(of);
    presence_app->add_option("--text", v_.presence.text, "status text")->needs(set);
  }

  void keys_group() {
    add("recovery-words",
        "New words that give the account back when all its devices are lost; they are shown once, "
        "and the ones before stop working",
        [](Context& c) { return recovery_words(c); });
    auto* afresh = add("reset-identity",
                       "New keys for your account, when all its devices and its recovery words are "
                       "lost; everybody in your private rooms is told",
                       [this](Context& c) { return reset_identity(c, v_.sure); });
    afresh->add_flag("--yes", v_.sure, "this cannot be undone, and is what you want");
    add("link-device",
        "Let a new device into this account: prints a code for it, then what to compare; the "
        "answer, yes or no, comes from standard input",
        [](Context& c) { return link_device(c); });
    auto* check = add("verify", "The number to compare with somebody, to be sure who they are",
                      [this](Context& c) { return verify(c, v_.verify); });
    check->add_option("USER", v_.verify.user, "id, or the name of somebody in your rooms")
        ->required();
    auto* confirm = check->add_flag("--confirm", v_.verify.confirm,
                                    "it was compared and is the same: the person is verified");
    check
        ->add_option("--scan", v_.verify.scanned,
                     "what you scanned from the other's screen: a match verifies the person")
        ->type_name("LINK");
    check->add_flag("--accept", v_.verify.accept, "take a changed identity without comparing")
        ->excludes(confirm);
  }

  void rooms_group() {
    auto* list = add("rooms", "Your rooms, newest activity first",
                     [this](Context& c) { return rooms(c, v_.ids); });
    ids(list);
    auto* find = add("browse", "Public rooms",
                     [this](Context& c) { return browse(c, joined(v_.words), v_.ids); });
    find->add_option("QUERY", v_.words, "words of name or topic; none: all rooms");
    ids(find);
    auto* make = add("create", "A new room; prints its id", [this](Context& c) {
      v_.create.disappear_after_s = span_of(v_.disappear).value_or(0);
      return create(c, v_.create);
    });
    make->add_option("NAME", v_.create.name)->required();
    make->add_option("--topic", v_.create.topic);
    auto* unlisted =
        make->add_flag("--invite-only", v_.create.invite_only, "not listed; joined by invitation");
    auto* sealed = make->add_flag("--private", v_.create.is_private,
                                  "end-to-end encrypted: the server cannot read it")
                       ->excludes(unlisted);
    make->add_option("--with", v_.create.members, "who is taken in (id or name); may be repeated")
        ->needs(sealed);
    make->add_option("--history", v_.create.history, "what who comes later may read of before")
        ->check(CLI::IsMember({"all", "since-invited", "none"}))
        ->capture_default_str()
        ->needs(sealed);
    make->add_option("--disappear", v_.disappear,
                     "messages disappear after this time (30m, 12h, 1d, 4w) and are read only by "
                     "the devices that are there then")
        ->check(check_span)
        ->needs(sealed)
        ->excludes("--history");
    auto* pair = add("direct", "The encrypted conversation with somebody; prints its room's id",
                     [this](Context& c) { return direct(c, v_.verify.user); });
    pair->add_option("USER", v_.verify.user, "id, or the name of somebody in your rooms")
        ->required();
    auto* enter = add("join", "Enter a room", [this](Context& c) { return join(c, v_.room); });
    enter->add_option("ROOM|CODE", v_.room, "a public room, or an invitation's code or link")
        ->required();
    room(add("leave", "Leave a room", [this](Context& c) { return leave(c, v_.room); }));
    auto* ask = add("invite", "An invitation's code", [this](Context& c) {
      v_.invite.room = v_.room;
      v_.invite.expires_in_s = static_cast<std::uint32_t>(v_.expires_hours * 3600);
      return invite(c, v_.invite);
    });
    room(ask);
    ask->add_option("--hours", v_.expires_hours, "until it expires; 0: never")
        ->check(CLI::Range(0.0, 24.0 * 365));
    ask->add_option("--user", v_.invite.users, "take this person in instead (id or name)");
    ask->add_option("--uses", v_.invite.max_uses, "how often it may be used; 0: any number");
    auto* who = add("members", "Who is in a room",
                    [this](Context& c) { return members(c, v_.room, v_.ids); });
    room(who);
    ids(who);
  }

  void messages() {
    auto* say = add("send", "Send a message and wait until it is saved", [this](Context& c) {
      v_.send.room = v_.room;
      v_.send.text = joined(v_.words);
      return send(c, v_.send);
    });
    room(say);
    say->add_option("TEXT", v_.words, "\"-\" reads all of standard input")->required();
    say->add_option("--reply", v_.send.reply_to, "place (#) of the message to answer")
        ->check(check_place);
    room(add("pipe", "Send each line of standard input as a message",
             [this](Context& c) { return pipe(c, v_.room); }));
    auto* alter = add("edit", "Replace the text of a message", [this](Context& c) {
      v_.change.text = joined(v_.words);
      return edit(c, changed());
    });
    place(alter);
    alter->add_option("TEXT", v_.words)->required();
    place(add("delete", "Delete a message",
              [this](Context& c) { return remove_message(c, changed()); }));
    auto* feel =
        add("react", "React to a message", [this](Context& c) { return react(c, changed()); });
    place(feel);
    feel->add_option("EMOJI", v_.change.text)->required();
    feel->add_flag("--remove", v_.change.remove, "take the reaction back");
    auto* past = add("history", "Messages as they were", [this](Context& c) {
      v_.history.room = v_.room;
      v_.history.before_time = from_iso8601(v_.before);
      if (!v_.history.before_time && !v_.before.empty()) {
        v_.history.before = std::strtoull(v_.before.c_str(), nullptr, 10);
      }
      return history(c, v_.history);
    });
    room(past);
    past->add_option("--before", v_.before,
                     "only what is before this place, or before this time (2026-03-01T12:00Z)")
        ->check(check_place_or_time);
    past->add_option("--limit", v_.history.limit, "events at most")->check(CLI::Range(1, 100'000));
    auto* look =
        add("search", "Messages that have all the words, newest first", [this](Context& c) {
          v_.search.text = joined(v_.words);
          return search(c, v_.search);
        });
    look->add_option("WORDS", v_.words,
                     "the last one may go on; '\"in quotes\"': as written, in this order")
        ->required();
    look->add_option("--room", v_.search.room, "only there (id, name or its beginning)");
    look->add_option("--limit", v_.search.limit, "messages found at most")
        ->check(CLI::Range(1, static_cast<int>(client::kMaxSearchHits)))
        ->capture_default_str();
    look->add_option("--depth", v_.search.depth, "events of each room looked through, the newest")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    auto* follow = add("tail", "The last messages, then new ones as they come",
                       [this](Context& c) { return tail(c, v_.tail); });
    follow->add_option("ROOM", v_.tail.rooms, "one or more rooms")->required();
    auto* lines =
        follow->add_option("-n,--lines", v_.tail.lines, "events of the past to begin with")
            ->check(CLI::Range(0, 200));
    follow->add_option("--since", v_.tail.since, "begin with everything after this place")
        ->excludes(lines);
    follow->add_flag("--mark-read", v_.tail.mark_read, "count what is shown as read");
  }

 private:
  CLI::App* add(const char* name, const char* help, std::function<Status(Context&)> run) {
    auto* sub = app_.add_subcommand(name, help);
    sub->fallthrough();
    sub->final_callback([this, run = std::move(run)] { command_ = run; });
    return sub;
  }
  void room(CLI::App* sub) {
    sub->add_option("ROOM", v_.room, "id, name or its beginning")->required();
  }
  void ids(CLI::App* sub) { sub->add_flag("--ids", v_.ids, "also show ids"); }
  void place(CLI::App* sub) {
    room(sub);
    sub->add_option("SEQ", v_.change.seq, "place of the message, as shown after #")
        ->required()
        ->check(check_place);
  }
  const ChangeArguments& changed() {
    v_.change.room = v_.room;
    return v_.change;
  }

  CLI::App& app_;
  Values& v_;
  std::function<Status(Context&)>& command_;
};

}  // namespace

Parsed parse_arguments(int argc, const char* const* argv) {
  Parsed parsed;
  // The command refers to the values, so they live as long as it does.
  auto values = std::make_shared<Values>();
  CLI::App app("Parley from the command line: for scripts, bots and terminals.", "parley-cli");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.option_defaults()->group("Options of every command");
  app.add_flag("--json", values->json, "one JSON object a line instead of text");
  app.add_option("--color", values->color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.add_option("--timeout", values->timeout_s, "seconds to wait for the server")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
  app.add_option("--store", values->store, "file that keeps the session")->capture_default_str();
  app.set_version_flag("--version", PARLEY_VERSION);
  app.option_defaults()->group("Options");

  auto grammar = std::make_shared<Grammar>(app, *values, parsed.invocation.command);
  grammar->account();
  grammar->keys_group();
  grammar->rooms_group();
  grammar->messages();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    parsed.exit = code == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
    return parsed;
  }
  Invocation& out = parsed.invocation;
  out.json = values->json;
  out.color = values->color == "always"  ? Color::kAlways
              : values->color == "never" ? Color::kNever
                                         : Color::kAuto;
  out.time_limit = Duration{static_cast<std::int64_t>(values->timeout_s * 1000)};
  out.store_path = values->store;
  // Keeps the values and the lambdas' grammar alive with the command.
  out.command = [values, grammar, run = std::move(out.command)](Context& context) {
    return run(context);
  };
  return parsed;
}

}  // namespace parley::cli
