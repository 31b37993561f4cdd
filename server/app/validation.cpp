#include "server/app/validation.hpp"

namespace parley::app {
namespace {

Error invalid(std::string detail) {
  return Error{ErrorCode::kInvalidArgument, std::move(detail), {}};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool has_control_characters(std::string_view text, bool allow_newlines) {
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte == 0x7f || (byte < 0x20 && !(allow_newlines && c == '\n'))) return true;
  }
  return false;
}

struct BodyCheck {
  CheckedPost& out;

  Status operator()(const wire::Message& message) {
    PARLEY_TRY(check_content(message.content));
    out.counts = true;
    out.mentions = message.mentions;
    return {};
  }
  Status operator()(const wire::Edit& edit) {
    PARLEY_TRY(check_content(edit.content));
    return target(edit.target);
  }
  Status operator()(const wire::Deletion& deletion) { return target(deletion.target); }
  Status operator()(const wire::Reaction& reaction) {
    if (is_blank(reaction.emoji) || has_control_characters(reaction.emoji, false) ||
        count_code_points(reaction.emoji) > 16) {
      return invalid("a reaction is one emoji");
    }
    return target(reaction.target);
  }
  Status operator()(const wire::SealedBody& sealed) {
    out.disappears = sealed.version == wire::SealedBody::kDisappearing;
    if ((sealed.version != wire::SealedBody::kVersion && !out.disappears) ||
        sealed.nonce.size() != (out.disappears ? 0 : wire::kSealNonceBytes) ||
        sealed.ciphertext.empty()) {
      return invalid("a sealed message of another form");
    }
    out.counts = sealed.counts;
    out.epoch = sealed.epoch;
    return {};
  }
  template <class Other>
  Status operator()(const Other&) {
    return invalid("this kind of event is made by the server");
  }

  Status target(Seq seq) {
    if (seq == Seq{}) return invalid("which message is not said");
    out.target = seq;
    return {};
  }
};

}  // namespace

Result<std::string> checked_name(std::string_view name, const char* what) {
  const auto text = trimmed(name);
  if (!is_valid_utf8(text)) return Error{ErrorCode::kNotText, what, {}};
  if (is_blank(text)) return invalid(std::string(what) + " is empty");
  if (count_code_points(text) > wire::kMaxNameCharacters) {
    return invalid(std::string(what) + " is longer than 80 characters");
  }
  if (has_control_characters(text, false)) {
    return invalid(std::string(what) + " has control characters");
  }
  return std::string(text);
}

Result<std::string> checked_topic(std::string_view topic) {
  const auto text = trimmed(topic);
  if (!is_valid_utf8(text)) return Error{ErrorCode::kNotText, "topic", {}};
  if (count_code_points(text) > wire::kMaxTopicCharacters) {
    return invalid("topic is longer than 500 characters");
  }
  if (has_control_characters(text, true)) return invalid("topic has control characters");
  return std::string(text);
}

Status check_content(std::string_view content) {
  if (!is_valid_utf8(content)) return ErrorCode::kNotText;
  if (is_blank(content)) return ErrorCode::kMessageBlank;
  if (count_code_points(content) > wire::kMaxMessageCharacters) return ErrorCode::kMessageTooLong;
  return {};
}

Result<CheckedPost> check_post(const wire::Post& post) {
  if (post.room_id.is_nil()) return invalid("room_id is missing");
  if (post.client_id.is_nil()) return invalid("client_id is missing");
  auto body = wire::decode_body(post.kind, post.body);
  if (!body) return Error{ErrorCode::kInvalidArgument, "body: " + body.error().detail, {}};
  CheckedPost checked;
  PARLEY_TRY(std::visit(BodyCheck{checked}, *body));
  checked.body = *std::move(body);
  return checked;
}

}  // namespace parley::app
