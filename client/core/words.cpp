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
  if (!before && !body.name.empty()) return who + " named the room \"" + body.name + "\"";
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

std::string words_for_span(std::uint32_t seconds) {
  static constexpr std::pair<std::uint32_t, std::string_view> kUnits[] = {
      {7 * 86'400, "week"}, {86'400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
  for (const auto& [size, name] : kUnits) {
    if (seconds < size || seconds % size != 0) continue;
    const std::uint32_t count = seconds / size;
    return std::to_string(count) + ' ' + std::string(name) + (count == 1 ? "" : "s");
  }
  return "no time";
}

std::string words_for_protection(Protection protection) {
  switch (protection) {
    case Protection::kNone:
      return "Not end-to-end encrypted: the server can read what is written here.";
    case Protection::kEncrypted:
      return "End-to-end encrypted: only the members' devices can read what is written here. "
             "Compare safety numbers to be sure who they are.";
    case Protection::kVerified:
      return "End-to-end encrypted, with people whom you have verified.";
    case Protection::kAttention:
      return "End-to-end encrypted, but somebody here needs your attention. Nothing is sent until "
             "you have looked.";
  }
  return {};
}

std::string words_for_keys(AccountKeys state) {
  switch (state) {
    case AccountKeys::kNone:
    case AccountKeys::kReady:
      return {};
    case AccountKeys::kStarting:
      return "Encryption is being set up on this device.";
    case AccountKeys::kLocked:
      return "This device is new to your account. Link it with another of your devices, or type "
             "your recovery words, to use private rooms here. When all of them are lost, you can "
             "start afresh.";
    case AccountKeys::kRevoked:
      return "Another of your devices removed this one from your account. Sign out here, and sign "
             "in again to use it.";
  }
  return {};
}

std::string words_for_identity(IdentityState state, const std::string& name) {
  switch (state) {
    case IdentityState::kUnknown:
      return name + " has no keys yet that this device knows of.";
    case IdentityState::kNew:
      return "You have not verified " + name + " yet. Compare this number with the one that " +
             name + " sees, in person or in a call: if they are the same, nobody is in between.";
    case IdentityState::kVerified:
      return "You have verified " + name + ". You are told if that ever changes.";
    case IdentityState::kChanged:
      return words_for_changed_identity(name) + " Compare the number again before you trust it.";
  }
  return {};
}

std::string words_for_changed_identity(const std::string& name) {
  return "The identity of " + name +
         " has changed: a new account key. That happens when somebody starts afresh; it is also "
         "what somebody in between would do.";
}

std::string words_for_own_new_keys() {
  return "Your account was started afresh, with new keys. Earlier messages are here as far as the "
         "others may give them to you; people who verified you have to do so again.";
}

std::string words_for_replaced_keys() {
  return "Your account was started afresh on another device: it has new keys, and this device is "
         "no part of it any more. If that was you, sign out here and link this device again. If "
         "not, somebody else can sign in as you: tell the people you talk with.";
}

std::string words_for_alert(e2ee::AlertKind kind, const std::string& name) {
  switch (kind) {
    case e2ee::AlertKind::kListRolledBack:
      return "The server showed an older list of the devices of " + name +
             " than before. It was not taken.";
    case e2ee::AlertKind::kListForked:
      return "The server showed a list of the devices of " + name +
             " that contradicts an earlier one. It was not taken.";
    case e2ee::AlertKind::kGhostDevice:
      return "A device in this room claims to belong to " + name +
             ", who does not list it. Nothing is sent here while it is there: ask " + name +
             " which devices are real.";
    case e2ee::AlertKind::kGroupRolledBack:
      return "The server denies changes of this room's members or keys that it has shown before, "
             "or holds them back. Messages may be missing until it shows them.";
    case e2ee::AlertKind::kOwnIdentityReplaced:
      return "The server shows another account key for you than the one on this device. Others "
             "may be shown a false one as well.";
  }
  return {};
}

std::string words_for_refused(e2ee::OpenFault fault, const std::string& name) {
  switch (fault) {
    case e2ee::OpenFault::kWrongKey:
      return "The server delivered something in the name of " + name +
             " that was changed on its way, or sealed with another key. It is not shown.";
    case e2ee::OpenFault::kRepeated:
      return "The server delivered a message from " + name +
             " again that was here before. It is shown once.";
    case e2ee::OpenFault::kForked:
      return "The server delivered a message from " + name +
             " that contradicts what this device has of " + name +
             ". It is not shown; others may have been shown something else than you: compare.";
    case e2ee::OpenFault::kOtherIdentity:
      return "A message from " + name + " is under another account key than " + name +
             " has now: from before " + name + " started afresh, or made up. It is not shown.";
    case e2ee::OpenFault::kBadSignature:
    case e2ee::OpenFault::kForgedSender:
      return "The server delivered something in the name of " + name + " that " + name +
             " did not sign. It is not shown.";
    default:
      return "The server delivered something in the name of " + name +
             " that cannot be read. It is not shown.";
  }
}

std::string words_for_missed(std::uint64_t count, const std::string& name) {
  const bool one = count == 1;
  return (one ? std::string("A message or change")
              : std::to_string(count) + " messages or changes") +
         " from " + (name.empty() ? "your other device" : name) +
         (one ? " is missing here: it" : " are missing here: they") +
         " did not reach this device." + (name.empty() ? "" : " Ask " + name + " about it.");
}

std::string words_for_moved(const std::string& name) {
  return "The server changed the order of what " + name + " wrote here.";
}

std::string words_for_downgrade() {
  return "The server calls this room open. It is private and stays so: nothing of it is sent "
         "unencrypted.";
}

std::string words_for_unknown_recovery() {
  return "These words open no account on this server. They may have been replaced by newer ones, "
         "or "
         "belong to another server.";
}

std::string words_for_unknown_link() {
  return "No device shows this code now. Compare it with the code on your other device, or make a "
         "new one there.";
}

std::string words_for_erasing(const std::string& name) {
  return "The messages and keys of " + name +
         " are still on this device. If you go on, they are erased here and you are somebody new. "
         "To "
         "be " +
         name + " again, use the recovery words or another device.";
}

std::string words_for_replacing(const std::string& name) {
  return "The messages and keys of " + name +
         " are still on this device. If you go on, they are replaced by those of the account that "
         "you sign in to.";
}

std::string words_for_recovery_fault(const identity::RecoveryFault& fault) {
  const std::string number = std::to_string(fault.position);
  switch (fault.kind) {
    case identity::RecoveryFault::Kind::kUnknownWord:
      return "Word " + number + " is not one of the recovery words. Check its spelling.";
    case identity::RecoveryFault::Kind::kWordCount:
      return "There are " + number + " words; recovery words are " +
             std::to_string(identity::kRecoveryWords) + ".";
    case identity::RecoveryFault::Kind::kChecksum:
      return "These words do not fit together: one or more of them is another one, or in another "
             "place.";
    case identity::RecoveryFault::Kind::kTooLong:
      return "That is too long for recovery words.";
  }
  return {};
}

std::string words_for_safety_check(identity::SafetyCheck check) {
  switch (check) {
    case identity::SafetyCheck::kMatch:
      return "The codes match: nobody is in between.";
    case identity::SafetyCheck::kKeysDiffer:
      return "The codes do not match. Somebody may be in between, or one of you has not seen the "
             "other's new key yet: open the room on both devices, then try again.";
    case identity::SafetyCheck::kOtherPeople:
      return "That code is of somebody else.";
    case identity::SafetyCheck::kNewerVersion:
      return "That code was made by a newer version of the app. Update this one.";
    case identity::SafetyCheck::kNotACode:
      return "That is not a safety code.";
  }
  return {};
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
