#include "shared/wire/json_archive.hpp"

#include <algorithm>

namespace parley::wire {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool needs_escape(char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(char c, std::string& out) {
  out.push_back('\\');
  switch (c) {
    case '"':
    case '\\':
      out.push_back(c);
      break;
    case '\n':
      out.push_back('n');
      break;
    case '\r':
      out.push_back('r');
      break;
    case '\t':
      out.push_back('t');
      break;
    default:
      out += "u00";
      out.push_back(kHexDigits[static_cast<std::uint8_t>(c) >> 4]);
      out.push_back(kHexDigits[static_cast<std::uint8_t>(c) & 15]);
  }
}

std::string repaired(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) append_utf8(next_code_point(text, at), out);
  return out;
}

std::string decimal(std::uint64_t value) { return std::to_string(value); }

// Calls `use` with an empty body of the struct that belongs to the kind; false when there is none.
template <class Use, std::size_t I = 1>
bool with_body_of(EventKind kind, const Use& use) {
  if constexpr (I < std::variant_size_v<EventBody>) {
    using Body = std::variant_alternative_t<I, EventBody>;
    if (Body::kKind != kind) return with_body_of<Use, I + 1>(kind, use);
    use(Body{});
    return true;
  } else {
    return false;
  }
}

}  // namespace

// ---- writing -----------------------------------------------------------------------------------

void JsonWriter::open(char bracket) {
  out_.push_back(bracket);
  first_ = true;
}

void JsonWriter::close(char bracket) {
  out_.push_back(bracket);
  first_ = false;
}

void JsonWriter::separate() {
  if (!first_) out_.push_back(',');
  first_ = false;
}

void JsonWriter::key(std::string_view name) {
  separate();  // names come from the declarations: nothing in them needs an escape
  out_.push_back('"');
  out_ += name;
  out_ += "\":";
}

void JsonWriter::write_text(std::string_view text) {
  if (!is_valid_utf8(text)) return write_text(repaired(text));
  out_.push_back('"');
  auto from = text.begin();
  while (true) {
    const auto special = std::find_if(from, text.end(), needs_escape);
    out_.append(from, special);
    if (special == text.end()) break;
    append_escaped(*special, out_);
    from = special + 1;
  }
  out_.push_back('"');
}

void JsonWriter::write_number(std::uint64_t value) { out_ += decimal(value); }

void JsonWriter::write_signed(std::int64_t value) { out_ += std::to_string(value); }

void JsonWriter::write_bool(bool value) { out_ += value ? "true" : "false"; }

void JsonWriter::write_json(std::string_view json) { out_ += json; }

void JsonWriter::write(const Event& event) {
  begin_object();
  event_members(event);
  end_object();
}

void JsonWriter::event_members(const Event& event, std::optional<RoomId> room) {
  const std::string_view type = enum_name(event.kind);
  member("type", type.empty() ? "event" : type);
  if (type.empty()) member_number("kind", static_cast<std::uint16_t>(event.kind));
  write_field("room_id", room);
  write_field("seq", event.seq);
  write_field("at", event.at);
  write_field("sender", event.sender);
  write_field("device", event.device);
  write_field("client_id", event.client_id);
  const auto body = decode_body(event.kind, event.body);
  if (!body || std::holds_alternative<OpaqueBody>(*body)) {
    return write_field("body", Capped<const Bytes>{event.body, kMaxBodyBytes});
  }
  std::visit(
      [&](const auto& known) {
        if constexpr (Declared<std::decay_t<decltype(known)>, JsonWriter>) members(known);
      },
      *body);
}

// ---- reading -----------------------------------------------------------------------------------

void JsonReader::fail(std::string_view what, ErrorCode code) {
  if (error_) return;
  std::string detail;
  for (const Step& step : path_) {
    if (step.name == nullptr) {
      detail += '[' + decimal(step.index) + ']';
    } else {
      if (!detail.empty()) detail += '.';
      detail += step.name;
    }
  }
  if (!detail.empty()) detail += ": ";
  detail += what;
  error_ = Error{code, std::move(detail), {}};
}

bool JsonReader::expect(JsonTree::Type type, std::string_view what) {
  if (ok() && tree_.type(at_) != type) fail(what);
  return ok();
}

bool JsonReader::read_unsigned(std::uint64_t& out) {
  if (!expect(JsonTree::Type::kUnsigned, "expected a whole number, 0 or more")) return false;
  out = tree_.number(at_);
  return true;
}

bool JsonReader::read_signed(std::int64_t& out) {
  const bool negative = tree_.type(at_) == JsonTree::Type::kNegative;
  if (!negative && !expect(JsonTree::Type::kUnsigned, "expected a whole number")) return false;
  const auto value = static_cast<std::int64_t>(tree_.number(at_));
  if ((value < 0) != negative) fail("number out of range");
  if (!ok()) return false;
  out = value;
  return true;
}

bool JsonReader::read_text(std::string_view& out) {
  if (!expect(JsonTree::Type::kString, "expected a string")) return false;
  out = tree_.text(at_);
  return true;
}

void JsonReader::read(bool& out) {
  if (expect(JsonTree::Type::kBool, "expected true or false")) out = tree_.boolean(at_);
}

void JsonReader::read(Timestamp& out) {
  std::string_view text;
  if (!read_text(text)) return;
  const auto at = from_iso8601(text);
  if (!at) return fail("expected a moment such as 2026-03-01T12:34:56.789Z");
  out = *at;
}

void JsonReader::read_string(std::string& out, std::size_t cap) {
  std::string_view text;
  if (!read_text(text)) return;
  if (text.size() > cap) return fail("longer than " + decimal(cap) + " bytes");
  out.assign(text);
}

void JsonReader::read_bytes(Bytes& out, std::size_t cap) {
  std::string_view text;
  if (!read_text(text)) return;
  if (text.size() > (cap * 4 + 2) / 3) return fail("longer than " + decimal(cap) + " bytes");
  if (!from_base64url(text, out)) fail("expected base64url without padding");
}

void JsonReader::read(Event& out) {
  if (!expect(JsonTree::Type::kObject, "expected an object")) return;
  std::string type;
  Capped<std::string> capped_type{type, kMaxCodeBytes};
  read_field("type", capped_type);
  if (type == "event") {
    read_field("kind", out.kind);
  } else if (const auto kind = enum_from_name<EventKind>(type)) {
    out.kind = *kind;
  } else {
    fail("type: not an event");
  }
  read_field("seq", out.seq);
  read_field("at", out.at);
  read_field("sender", out.sender);
  read_field("device", out.device);
  read_field("client_id", out.client_id);
  Capped<Bytes> body{out.body, kMaxBodyBytes};
  read_field("body", body);
  if (!out.body.empty()) return;  // given as it is, for it could not be read
  with_body_of(out.kind, [&](auto empty) {
    (*this)(empty);
    if (ok()) out.body = encode(empty);
  });
}

}  // namespace parley::wire
