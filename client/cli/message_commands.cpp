#include <unistd.h>

#include <cerrno>

#include "client/cli/commands.hpp"
#include "client/cli/lookup.hpp"
#include "shared/base/utf8.hpp"

namespace parley::cli {
namespace {

Status check_text(const std::string& text) {
  if (!is_valid_utf8(text)) return ErrorCode::kNotText;
  if (is_blank(text)) return ErrorCode::kMessageBlank;
  if (count_code_points(text) > wire::kMaxMessageCharacters) return ErrorCode::kMessageTooLong;
  return {};
}

// Bytes of standard input as they come, without keeping the connection waiting for them.
class Input {
 public:
  // `over`: whether what it is for is over.
  explicit Input(
      Driver& driver, std::function<bool()> over = [] { return false; })
      : driver_(driver), over_(std::move(over)) {}

  // The next line without its end; nothing at the end of the input or on an interruption.
  std::optional<std::string> line() {
    for (;;) {
      if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string out = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        if (out.ends_with('\r')) out.pop_back();
        return out;
      }
      if (ended_ || buffer_.size() > kLongest) {
        if (buffer_.empty()) return std::nullopt;
        return std::exchange(buffer_, {});
      }
      if (!fill()) return std::nullopt;
    }
  }

  std::optional<std::string> all() {
    while (!ended_ && buffer_.size() <= kLongest) {
      if (!fill()) return std::nullopt;
    }
    return std::exchange(buffer_, {});
  }

 private:
  static constexpr std::size_t kLongest = 4 * wire::kMaxContentBytes;

  bool fill() {
    while (!driver_.pump(seconds(1), STDIN_FILENO)) {
      if (driver_.interrupted() || over_()) return false;
    }
    char chunk[16 * 1024];
    const ssize_t got = read(STDIN_FILENO, chunk, sizeof chunk);
    if (got > 0) buffer_.append(chunk, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) ended_ = true;
    return true;
  }

  Driver& driver_;
  std::function<bool()> over_;
  std::string buffer_;
  bool ended_ = false;
};

Result<wire::RoomSummary> enter(Context& context, const std::string& room) {
  PARLEY_TRY(context.connect());
  auto found = resolve_room(*context.driver, room);
  if (found && found->settings.kind == wire::RoomKind::kPrivate) {
    PARLEY_TRY(context.driver->wait_keys());
    const std::string attention = context.driver->attention_of(found->room_id);
    if (!attention.empty()) return Error{ErrorCode::kNotPossible, attention, {}};
  }
  return found;
}

// Waits until the event is on the server's disk.
template <class Body>
Result<wire::Posted> post(Context& context, RoomId room, const Body& body) {
  Driver& driver = *context.driver;
  return driver.insist_for<wire::Posted>(
      wire::Command{wire::Post{room, driver.fresh_id(), Body::kKind, wire::encode(body)}},
      context.on_wait());
}

// Who is mentioned in a room's texts. Names are asked for once, and only when somebody may be.
class Mentions {
 public:
  Mentions(Driver& driver, RoomId room) : driver_(driver), room_(room) {}

  Result<std::vector<UserId>> in(const std::string& text) {
    if (text.find('@') == std::string::npos) return std::vector<UserId>();
    if (!members_) {
      auto members = room_members(driver_, room_);
      if (!members) return members.error();
      members_ = *std::move(members);
    }
    return mentioned_users(text, *members_);
  }

 private:
  Driver& driver_;
  RoomId room_;
  std::optional<std::vector<wire::MemberInfo>> members_;
};

// Sends texts to one room, each on the server's disk before the next leaves.
class Sender {
 public:
  Sender(Context& context, wire::RoomSummary room)
      : context_(context), room_(std::move(room)), mentions_(*context.driver, room_.room_id) {}

  Status send(const std::string& text, Seq reply_to) {
    PARLEY_TRY(check_text(text));
    wire::Message message;
    message.content = text;
    message.reply_to = reply_to;
    auto mentioned = mentions_.in(text);
    if (!mentioned) return mentioned.error();
    message.mentions = *std::move(mentioned);
    auto posted = post(context_, room_.room_id, message);
    if (!posted) return posted.error();
    context_.printer.answer(*posted, "Sent as #" + std::to_string(posted->seq.value) + " to " +
                                         printable(room_.settings.name) + ".");
    return {};
  }

 private:
  Context& context_;
  wire::RoomSummary room_;
  Mentions mentions_;
};

template <class Body>
Status change(Context& context, RoomId room, const Body& body, const std::string& done) {
  auto posted = post(context, room, body);
  if (!posted) return posted.error();
  context.printer.answer(*posted, done + " #" + std::to_string(body.target.value) + ".");
  return {};
}

// The server judges who may change what in open rooms. In private ones it cannot, and readers leave
// out what others than the author changed: better said before it is sent.
Status may_change(Context& context, const wire::RoomSummary& room, Seq seq, bool moderators_too) {
  const bool moderates = moderators_too && room.role >= wire::Role::kModerator;
  if (room.settings.kind != wire::RoomKind::kPrivate || (moderates && !room.settings.direct)) {
    return {};
  }
  const Error none{
      ErrorCode::kInvalidArgument, "there is no message #" + std::to_string(seq.value), {}};
  if (seq.value == 0) return none;
  const wire::History query{room.room_id, wire::HistoryFrom::kAfter, Seq{seq.value - 1},
                            Timestamp{}, 1};
  auto page = context.driver->call_for<wire::HistoryPage>(wire::Command{query});
  if (!page) return page.error();
  if (page->events.empty() || page->events.front().seq != seq) return none;
  if (page->events.front().sender == context.driver->self().user) return {};
  return Error{ErrorCode::kAccessDenied, "it is somebody else's message", {}};
}

}  // namespace

Result<std::string> read_input(Driver& driver) {
  auto all = Input(driver).all();
  if (!all) return Error{ErrorCode::kCancelled, {}, {}};
  while (all->ends_with('\n') || all->ends_with('\r')) all->pop_back();
  return *std::move(all);
}

std::optional<std::string> read_line(Driver& driver, const std::function<bool()>& over) {
  return Input(driver, over).line();
}

Status send(Context& context, const SendArguments& arguments) {
  if (arguments.text != "-") PARLEY_TRY(check_text(arguments.text));
  auto room = enter(context, arguments.room);
  if (!room) return room.error();
  std::string text = arguments.text;
  if (text == "-") {
    auto all = read_input(*context.driver);
    if (!all) return all.error();
    text = *std::move(all);
  }
  return Sender(context, *std::move(room)).send(text, Seq{arguments.reply_to});
}

Status pipe(Context& context, const std::string& word) {
  auto room = enter(context, word);
  if (!room) return room.error();
  Input input(*context.driver);
  Sender sender(context, *std::move(room));
  std::uint64_t number = 0;
  while (auto line = input.line()) {
    ++number;
    if (is_blank(*line)) continue;
    if (Status sent = sender.send(*line, {}); !sent) {
      Error error = sent.error();
      if (!error.detail.empty()) error.detail += "; ";
      error.detail += "line " + std::to_string(number) + " and those after it were not sent";
      return error;
    }
  }
  if (context.driver->interrupted()) return Error{ErrorCode::kCancelled, {}, {}};
  return {};
}

Status edit(Context& context, const ChangeArguments& arguments) {
  PARLEY_TRY(check_text(arguments.text));
  auto room = enter(context, arguments.room);
  if (!room) return room.error();
  PARLEY_TRY(may_change(context, *room, Seq{arguments.seq}, false));
  auto mentioned = Mentions(*context.driver, room->room_id).in(arguments.text);
  if (!mentioned) return mentioned.error();
  return change(context, room->room_id,
                wire::Edit{Seq{arguments.seq}, arguments.text, *std::move(mentioned)}, "Edited");
}

Status remove_message(Context& context, const ChangeArguments& arguments) {
  auto room = enter(context, arguments.room);
  if (!room) return room.error();
  PARLEY_TRY(may_change(context, *room, Seq{arguments.seq}, true));
  return change(context, room->room_id, wire::Deletion{Seq{arguments.seq}}, "Deleted");
}

Status react(Context& context, const ChangeArguments& arguments) {
  if (arguments.text.empty() || arguments.text.size() > wire::kMaxEmojiBytes ||
      !is_valid_utf8(arguments.text)) {
    return Error{ErrorCode::kInvalidArgument, "a reaction is one emoji", {}};
  }
  auto room = enter(context, arguments.room);
  if (!room) return room.error();
  return change(context, room->room_id,
                wire::Reaction{Seq{arguments.seq}, arguments.text, !arguments.remove},
                arguments.remove ? "Took the reaction back from" : "Reacted to");
}

}  // namespace parley::cli
