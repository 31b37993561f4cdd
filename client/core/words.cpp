#include "client/core/words.hpp"

namespace parley::client {
namespace {

std::string in_time(Duration wait) {
  const std::int64_t s = (wait.ms + 999) / 1000;
  if (s < 90) return std::to_string(s) + (s == 1 ? " second" : " seconds");
  const std::int64_t m = (s + 59) / 60;
  if (m < 90) return std::to_string(m) + " minutes";
  return std::to_string((m + 59) / 60) + " hours";
}

std::string access_words(wire::RoomAccess access) {
  return access == wire::RoomAccess::kPublic ? "public" : "by invitation only";
}

std::string role_words(wire::Role role) {
  switch (role) {
    case wire::Role::kOwner:
      return "an owner";
    case wire::Role::kModerator:
      return "a moderator";
    default:
      return "a member";
  }
}

std::string membership_line(const TimelineInput& in, const wire::Event& event,
                            const wire::Membership& body) {
  const bool about_self = body.user == in.self;
  const std::string known = in.people.find(body.user) ? in.people.name_of(body.user) : body.name;
  const std::string who = about_self ? "You" : known.empty() ? in.people.name_of(body.user) : known;
  const std::string were = about_self ? " were " : " was ";
  const std::string by = event.sender == in.self ? "you" : in.people.name_of(event.sender);
  switch (body.change) {
    case wire::MemberChange::kJoined:
      return who + " joined";
    case wire::MemberChange::kLeft:
      return who + " left";
    case wire::MemberChange::kInvited:
      return who + were + "invited by " + by;
    case wire::MemberChange::kRemoved:
      return who + were + "removed by " + by;
    case wire::MemberChange::kBanned:
      return who + were + "banned by " + by;
    case wire::MemberChange::kRoleChanged:
      return who + (about_self ? " are now " : " is now ") + role_words(body.role);
    case wire::MemberChange::kUnbanned:
      return who + " may join again";
  }
  return {};
}

// The settings before this event, when they are here.
const wire::RoomSettings* settings_before(const TimelineInput& in, Seq seq) {
  constexpr std::uint64_t kLookBack = 500;
  for (std::uint64_t n = 1; n <= kLookBack && n < seq.value; ++n) {
    const sync::LogEntry* entry = in.timeline.find({seq.value - n});
    if (!entry) return nullptr;
    if (const auto* settings = std::get_if<wire::RoomSettings>(&entry->body)) return settings;
  }
  return nullptr;
}

std::string settings_line(const TimelineInput& in, const wire::Event& event,
                          const wire::RoomSettings& body) {
  const std::string who = event.sender == in.self ? "You" : in.people.name_of(event.sender);
  if (event.seq.value <= 1) return who + " created the room";
  const wire::RoomSettings* before = settings_before(in, event.seq);
  if (!before) return who + " changed the room's settings";
  if (before->name != body.name) return who + " named the room \"" + body.name + "\"";
  if (before->topic != body.topic) {
    return body.topic.empty() ? who + " removed the topic" : who + " set the topic: " + body.topic;
  }
  if (before->access != body.access) return who + " made the room " + access_words(body.access);
  return who + " changed the room's settings";
}

}  // namespace

std::string words_for(const Error& error) {
  std::string text(error_info(error.code).text);
  if (error.retry_after.ms > 0) text += " Try again in " + in_time(error.retry_after) + ".";
  return text;
}

std::string words_for_failed_message(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotAuthenticated:
      return "Not sent: it was written under an earlier session. Retry to send it as who you are "
             "now, or discard it.";
    case ErrorCode::kNotAMember:
      return "Not sent: you are not in this room any more. Join it, then retry.";
    case ErrorCode::kInternal:
      return "Not sent: the server failed several times. Retry later, or discard it.";
    default:
      break;
  }
  return "Not sent. " + std::string(error_info(code).text) + " Retry or discard it.";
}

std::string words_for_loss(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotConnected:
      return error.detail.empty() ? "the connection was lost" : error.detail;
    case ErrorCode::kTimeout:
      return error.detail.empty() ? "the server did not answer" : error.detail;
    case ErrorCode::kShuttingDown:
      return "the server is restarting";
    case ErrorCode::kSlowReader:
      return "this connection was too slow";
    case ErrorCode::kOverloaded:
    case ErrorCode::kRateLimited:
      return "the server is busy";
    case ErrorCode::kTooManyConnections:
      return "too many connections are open for you";
    default:
      return "the connection failed";
  }
}

std::string system_line(const TimelineInput& in, const sync::LogEntry& entry) {
  if (const auto* membership = std::get_if<wire::Membership>(&entry.body)) {
    return membership_line(in, entry.event, *membership);
  }
  if (const auto* settings = std::get_if<wire::RoomSettings>(&entry.body)) {
    return settings_line(in, entry.event, *settings);
  }
  if (std::holds_alternative<wire::RoomDeleted>(entry.body)) return "The room was deleted";
  return {};
}

}  // namespace parley::client
