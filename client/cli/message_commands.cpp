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
  explicit Input(Driver& driver) : driver_(driver) {}

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
      if (driver_.interrupted()) return false;
    }
    char chunk[16 * 1024];
    const ssize_t got = read(STDIN_FILENO, chunk, sizeof chunk);
    if (got > 0) buffer_.append(chunk, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) ended_ = true;
    return true;
  }

  Driver& driver_;
  std::string buffer_;
  bool ended_ = false;
};

// Sends texts to one room, each on the server's disk before the next leaves.
class Sender {
 public:
  Sender(Context& context, wire::RoomSummary room) : context_(context), room_(std::move(room)) {}

  Status send(const std::string& text, Seq reply_to) {
    PARLEY_TRY(check_text(text));
    wire::Message message;
    message.content = text;
    message.reply_to = reply_to;
    PARLEY_TRY(resolve_mentions(text, message.mentions));
    auto posted = context_.driver->post(room_.room_id, wire::EventKind::kMessage,
                                        wire::encode(message), waiting());
    if (!posted) return posted.error();
    context_.printer.answer(*posted, "Sent as #" + std::to_string(posted->seq.value) + " to " +
                                         printable(room_.settings.name) + ".");
    return {};
  }

  std::function<void(const Error&)> waiting() {
    return [this](const Error& error) {
      context_.printer.note("Waiting: " + describe(error));
    };
  }

 private:
  // Names are asked for once, and only when somebody may be mentioned.
  Status resolve_mentions(const std::string& text, std::vector<UserId>& out) {
    if (text.find('@') == std::string::npos) return {};
    if (!members_) {
      auto members = room_members(*context_.driver, room_.room_id);
      if (!members) return members.error();
      members_ = *std::move(members);
    }
    out = mentioned_users(text, *members_);
    return {};
  }

  Context& context_;
  wire::RoomSummary room_;
  std::optional<std::vector<wire::MemberInfo>> members_;
};

template <class Body>
Status change(Context& context, const ChangeArguments& arguments, const Body& body,
              const std::string& done) {
  PARLEY_TRY(context.connect());
  auto room = resolve_room(*context.driver, arguments.room);
  if (!room) return room.error();
  auto posted = context.driver->post(
      room->room_id, Body::kKind, wire::encode(body),
      [&](const Error& error) { context.printer.note("Waiting: " + describe(error)); });
  if (!posted) return posted.error();
  context.printer.answer(*posted, done + " #" + std::to_string(arguments.seq) + ".");
  return {};
}

}  // namespace

Status send(Context& context, const SendArguments& arguments) {
  if (arguments.text != "-") PARLEY_TRY(check_text(arguments.text));
  PARLEY_TRY(context.connect());
  auto room = resolve_room(*context.driver, arguments.room);
  if (!room) return room.error();
  std::string text = arguments.text;
  if (text == "-") {
    auto all = Input(*context.driver).all();
    if (!all) return Error{ErrorCode::kCancelled, {}, {}};
    text = *std::move(all);
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  }
  return Sender(context, *std::move(room)).send(text, Seq{arguments.reply_to});
}

Status pipe(Context& context, const std::string& word) {
  PARLEY_TRY(context.connect());
  auto room = resolve_room(*context.driver, word);
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
  wire::Edit body;
  body.target = Seq{arguments.seq};
  body.content = arguments.text;
  return change(context, arguments, body, "Edited");
}

Status remove_message(Context& context, const ChangeArguments& arguments) {
  return change(context, arguments, wire::Deletion{Seq{arguments.seq}}, "Deleted");
}

Status react(Context& context, const ChangeArguments& arguments) {
  if (arguments.text.empty() || arguments.text.size() > wire::kMaxEmojiBytes ||
      !is_valid_utf8(arguments.text)) {
    return Error{ErrorCode::kInvalidArgument, "a reaction is one emoji", {}};
  }
  return change(context, arguments,
                wire::Reaction{Seq{arguments.seq}, arguments.text, !arguments.remove},
                arguments.remove ? "Took the reaction back from" : "Reacted to");
}

}  // namespace parley::cli
