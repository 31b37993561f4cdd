// The commands of parley-cli. Each prints its result and returns the error that ended it.
#pragma once

#include <memory>
#include <optional>

#include "client/cli/driver.hpp"
#include "client/cli/exit_code.hpp"
#include "client/cli/printer.hpp"

namespace parley::cli {

struct Context {
  const Printer& printer;
  SessionStore store;
  Duration time_limit = seconds(30);
  std::unique_ptr<Driver> driver;

  // Opens the store and connects with the kept session.
  Status connect();
  void open(const std::string& url, bool keys);
  // Tells people why a command is not done yet.
  std::function<void(const Error&)> on_wait() const {
    return [this](const Error& error) { printer.note("Waiting: " + describe(error)); };
  }
};

struct LoginArguments {
  std::string server;
  std::string name;
  bool recover = false;  // recovery words come from standard input instead of a name
  std::string code;      // shown by another device of the account
  bool replace = false;  // the keys of an account whose session has ended
};
Status login(Context& context, const LoginArguments& arguments);
Status logout(Context& context);
Status whoami(Context& context);
Status devices(Context& context, const std::string& revoke);
struct PresenceArguments {
  std::string room;                            // its members
  std::optional<wire::PresenceStatus> status;  // set the own one
  std::string text;
};
Status presence(Context& context, const PresenceArguments& arguments);

// ---- keys.cpp: identities and keys of private rooms ----
Status recovery_words(Context& context);
Status reset_identity(Context& context, bool sure);
struct VerifyArguments {
  std::string user;
  bool confirm = false;  // the numbers were compared
  bool accept = false;   // the new key is taken without
  std::string scanned;   // the other's code, or its link
};
Status verify(Context& context, const VerifyArguments& arguments);
// Shows a code for a new device, then what to compare; the answer comes from standard input.
Status link_device(Context& context);
// The other side of it, after the sign-in with the code.
Status finish_link(Context& context);

Status rooms(Context& context, bool ids);
Status browse(Context& context, const std::string& query, bool ids);
struct CreateArguments {
  std::string name;
  std::string topic;
  bool invite_only = false;
  bool is_private = false;
  std::vector<std::string> members;  // of a private room, besides the own user
  std::string history = "all";
  std::uint32_t disappear_after_s = 0;  // 0: messages stay
};
Status create(Context& context, const CreateArguments& arguments);
Status direct(Context& context, const std::string& user);
Status join(Context& context, const std::string& word);
Status leave(Context& context, const std::string& room);
struct InviteArguments {
  std::string room;
  std::uint32_t expires_in_s = 7 * 86'400;
  std::uint32_t max_uses = 0;
  std::vector<std::string> users;  // are taken in (private rooms) or invited by name
};
Status invite(Context& context, const InviteArguments& arguments);
Status members(Context& context, const std::string& room, bool ids);

struct SendArguments {
  std::string room;
  std::string text;  // "-": standard input, as one message
  std::uint64_t reply_to = 0;
};
Status send(Context& context, const SendArguments& arguments);
Status pipe(Context& context, const std::string& room);
struct ChangeArguments {
  std::string room;
  std::uint64_t seq = 0;
  std::string text;  // of an edit, or the emoji of a reaction
  bool remove = false;
};
Status edit(Context& context, const ChangeArguments& arguments);
Status remove_message(Context& context, const ChangeArguments& arguments);
Status react(Context& context, const ChangeArguments& arguments);

struct HistoryArguments {
  std::string room;
  std::uint64_t before = 0;              // a place; 0: up to the newest
  std::optional<Timestamp> before_time;  // instead of a place
  std::uint32_t limit = 50;
};
Status history(Context& context, const HistoryArguments& arguments);
struct SearchArguments {
  std::string text;
  std::string room;  // empty: all the own ones
  std::uint32_t limit = 20;
  std::uint32_t depth = 2000;  // events of each room
};
Status search(Context& context, const SearchArguments& arguments);
struct TailArguments {
  std::vector<std::string> rooms;
  std::uint32_t lines = 10;
  std::optional<std::uint64_t> since;  // everything after this place instead of the last lines
  bool mark_read = false;
};
Status tail(Context& context, const TailArguments& arguments);

// ---- shared by the commands ----
Result<std::vector<wire::RoomSummary>> own_rooms(Driver& driver);
Result<wire::RoomSummary> resolve_room(Driver& driver, const std::string& word);
// All of standard input, without line ends at its end.
Result<std::string> read_input(Driver& driver);
// One line; nothing at the end of the input, on an interruption, or when what it is for is over.
std::optional<std::string> read_line(Driver& driver, const std::function<bool()>& over);
// By id, or by name among those who share a room with the own user.
Result<UserId> resolve_user(Driver& driver, const std::string& word);
Result<std::vector<wire::MemberInfo>> room_members(
    Driver& driver, RoomId room, const std::function<void(const wire::MemberPage&)>& page = {});

}  // namespace parley::cli
