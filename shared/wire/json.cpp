#include "shared/wire/json.hpp"

#include <algorithm>

#include "shared/wire/json_archive.hpp"

namespace parley::wire {
namespace {

constexpr std::size_t kMaxIdBytes = 64;

Error invalid(std::string detail) { return {ErrorCode::kInvalidArgument, std::move(detail), {}}; }

// The object a client sent, and its fields as commands want them.
class Request {
 public:
  explicit Request(const JsonTree& tree) : tree_(tree), reader_(tree) {}

  bool has(std::string_view name) const {
    const auto member = tree_.find(JsonTree::root(), name);
    return member != JsonTree::kNothing && tree_.type(member) != JsonTree::Type::kNull;
  }
  void require(std::string_view name) {
    if (!has(name)) reader_.fail(std::string(name) + ": missing");
  }
  template <class T>
  void optional(const char* name, T& out) {
    reader_.read_field(name, out);
  }
  template <class T>
  void required(const char* name, T& out) {
    require(name);
    reader_.read_field(name, out);
  }
  template <class T>
  void fields_of(T& out) {
    reader_(out);
  }
  // A wide text gets the error its sender can act on.
  void check_content() {
    require("content");
    const auto member = tree_.find(JsonTree::root(), "content");
    if (reader_.ok() && tree_.text(member).size() > kMaxContentBytes) {
      reader_.fail("content", ErrorCode::kMessageTooLong);
    }
  }
  Status finish() const { return reader_.finish(); }

 private:
  const JsonTree& tree_;
  JsonReader reader_;
};

// ---- commands with a form of their own ---------------------------------------------------------

// Reads the place of the event a command is about: "target", or "seq" as the event itself calls it.
void read_target(Request& request, Seq& target) {
  if (request.has("target")) {
    request.required("target", target);
  } else if (request.has("seq")) {
    request.required("seq", target);
  } else {
    request.require("target");
  }
}

template <class Body>
Post post_of(Request& request, ClientId client_id, const Body& body) {
  Post post;
  post.client_id = client_id;
  post.kind = Body::kKind;
  request.required("room_id", post.room_id);
  request.optional("client_id", post.client_id);
  if (post.client_id.is_nil()) post.client_id = client_id;
  post.body = encode(body);
  return post;
}

Command send_message(Request& request, ClientId fresh) {
  Message message;
  request.check_content();
  request.fields_of(message);
  return post_of(request, fresh, message);
}

Command edit_message(Request& request, ClientId fresh) {
  Edit edit;
  request.check_content();
  read_target(request, edit.target);
  request.fields_of(edit);
  return post_of(request, fresh, edit);
}

Command delete_message(Request& request, ClientId fresh) {
  Deletion deletion;
  read_target(request, deletion.target);
  return post_of(request, fresh, deletion);
}

Command react(Request& request, ClientId fresh) {
  Reaction reaction;
  read_target(request, reaction.target);
  request.require("emoji");
  request.fields_of(reaction);
  return post_of(request, fresh, reaction);
}

struct OwnForm {
  std::string_view type;
  Command (*read)(Request&, ClientId);
};
constexpr OwnForm kOwnForms[] = {
    {"send_message", send_message},
    {"edit_message", edit_message},
    {"delete_message", delete_message},
    {"react", react},
};

// Files are named in the protocol, so that asking for them gives a clear answer.
constexpr std::string_view kNotOffered[] = {"share_file"};

// ---- commands by their names -------------------------------------------------------------------

template <std::size_t I = 0>
bool emplace_by_name(std::string_view type, Command& out) {
  if constexpr (I < std::variant_size_v<Command>) {
    if (type != std::variant_alternative_t<I, Command>::kName) {
      return emplace_by_name<I + 1>(type, out);
    }
    out.emplace<I>();
    return true;
  } else {
    return false;
  }
}

void read_by_fields(Request& request, ClientId fresh, Command& command) {
  std::visit(
      [&](auto& c) {
        request.fields_of(c);
        if constexpr (requires { c.client_id; }) {
          if (c.client_id.is_nil()) c.client_id = fresh;
        }
      },
      command);
  // "seq" alone says what has been read; whoever has read a message has got it, too.
  if (auto* mark = std::get_if<Mark>(&command)) {
    if (!request.has("read")) request.optional("seq", mark->read);
    mark->delivered = std::max(mark->delivered, mark->read);
  }
}

Result<Command> read_command(const JsonTree& tree, std::string_view type, ClientId fresh) {
  Request request(tree);
  Command command;
  const auto own = std::find_if(std::begin(kOwnForms), std::end(kOwnForms),
                                [&](const OwnForm& form) { return form.type == type; });
  if (own != std::end(kOwnForms)) {
    command = own->read(request, fresh);
  } else if (std::find(std::begin(kNotOffered), std::end(kNotOffered), type) !=
             std::end(kNotOffered)) {
    return Error{ErrorCode::kUnsupported, std::string(type), {}};
  } else if (emplace_by_name(type, command)) {
    read_by_fields(request, fresh, command);
  } else {
    return Error{ErrorCode::kUnknownCommand, "type: no such command", {}};
  }
  PARLEY_TRY(request.finish());
  return command;
}

// The "id" as JSON text, "" when there is none.
Result<std::string> read_id(const JsonTree& tree) {
  const auto member = tree.find(JsonTree::root(), "id");
  std::string id;
  if (member == JsonTree::kNothing) return id;
  JsonWriter writer(id);
  switch (tree.type(member)) {
    case JsonTree::Type::kNull:
      return id;
    case JsonTree::Type::kUnsigned:
      writer.write_number(tree.number(member));
      break;
    case JsonTree::Type::kNegative:
      writer.write_signed(static_cast<std::int64_t>(tree.number(member)));
      break;
    case JsonTree::Type::kFloat:
      writer.write_json(tree.text(member));
      break;
    case JsonTree::Type::kString:
      writer.write_text(tree.text(member));
      break;
    default:
      return invalid("id: expected a string or a number");
  }
  if (id.size() > kMaxIdBytes) return invalid("id: longer than 64 bytes");
  return id;
}

// ---- what the server says ----------------------------------------------------------------------

// One object with a type and, in answers, the id the command had.
class Line {
 public:
  explicit Line(std::string_view type, std::string_view id = {}) : writer_(text_) {
    writer_.begin_object();
    writer_.member("type", type);
    if (id.empty()) return;
    writer_.key("id");
    writer_.write_json(id);
  }
  JsonWriter& writer() { return writer_; }

  void error_members(std::uint16_t code, const std::string& detail, std::uint32_t retry_after_ms) {
    const ErrorInfo& info = error_info(code);
    writer_.member("code", info.name);
    writer_.member_number("number", code);
    writer_.member("message", info.text);
    if (!detail.empty()) writer_.member("detail", detail);
    if (retry_after_ms != 0) writer_.member_number("retry_after_ms", retry_after_ms);
  }
  std::string finish() && {
    writer_.end_object();
    return std::move(text_);
  }

 private:
  std::string text_;
  JsonWriter writer_;
};

}  // namespace

std::variant<JsonCommand, JsonFault> command_from_json(std::string_view text,
                                                       ClientId fresh_client_id) {
  auto tree = JsonTree::parse(text);
  if (!tree) return JsonFault{tree.error(), {}};
  if (tree->type(JsonTree::root()) != JsonTree::Type::kObject) {
    return JsonFault{{ErrorCode::kMalformed, "expected an object", {}}, {}};
  }
  auto id = read_id(*tree);
  if (!id) return JsonFault{id.error(), {}};

  const auto type = tree->find(JsonTree::root(), "type");
  if (type == JsonTree::kNothing || tree->type(type) != JsonTree::Type::kString) {
    return JsonFault{invalid("type: expected the name of a command"), *std::move(id)};
  }
  auto command = read_command(*tree, tree->text(type), fresh_client_id);
  if (!command) return JsonFault{command.error(), *std::move(id)};
  return JsonCommand{*std::move(id), *std::move(command)};
}

std::string to_json(const Response& response, std::string_view id) {
  return std::visit(
      [&](const auto& r) {
        Line line(r.kName, id);
        line.writer().members(r);
        return std::move(line).finish();
      },
      response);
}

std::string to_json(const ErrorReply& error, std::string_view id) {
  Line line("error", id);
  line.error_members(error.code, error.detail, error.retry_after_ms);
  line.writer().write_field("room", error.room);
  return std::move(line).finish();
}

std::string to_json(RoomId room, const Event& event) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object();
  writer.event_members(event, room);
  writer.end_object();
  return text;
}

std::string to_json(const Notice& notice) {
  return std::visit(
      [](const auto& n) {
        Line line(n.kName);
        line.writer().members(n);
        return std::move(line).finish();
      },
      notice);
}

std::string to_json(const Goodbye& goodbye) {
  Line line("goodbye");
  line.error_members(goodbye.code, goodbye.detail, goodbye.retry_after_ms);
  return std::move(line).finish();
}

}  // namespace parley::wire
