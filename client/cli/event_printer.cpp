#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/cli/printer.hpp"
#include "client/core/words.hpp"
#include "shared/sync/fold.hpp"
#include "shared/wire/json.hpp"

namespace parley::cli {
namespace {

std::string place(Seq seq) { return "#" + std::to_string(seq.value); }

}  // namespace

void EventPrinter::learn(const std::vector<wire::UserInfo>& users) {
  for (const wire::UserInfo& user : users) names_[user.user_id] = user.name;
}

std::string EventPrinter::name_of(UserId user) const {
  const auto found = names_.find(user);
  return found == names_.end() || found->second.empty() ? "Somebody" : printable(found->second);
}

void EventPrinter::json_event(RoomId room, const wire::Event& event) const {
  auto object = nlohmann::json::parse(wire::to_json(room, event), nullptr, false);
  if (!object.is_object()) return;
  const auto found = names_.find(event.sender);
  if (found != names_.end()) object["sender_name"] = found->second;
  if (event.kind == wire::EventKind::kSealed)
    object["unreadable"] = private_.why_closed(room, event).text;
  printer_.line(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void EventPrinter::print(RoomId room, const wire::Event& event, const std::string& text) {
  const std::string day = day_name(event.at);
  if (day != day_) {
    day_ = day;
    printer_.line(printer_.style().dim("-- " + day + " --"));
  }
  std::string line;
  if (room_names_.size() > 1) {
    const auto found = room_names_.find(room);
    if (found != room_names_.end()) line += fitted(printable(found->second), 12) + " ";
  }
  line += printer_.style().dim(fitted(place(event.seq), 5) + " " + clock_time(event.at)) + "  ";
  printer_.line(line + text);
}

std::string EventPrinter::message_line(const wire::Event& event, const wire::Message& message,
                                       const std::string& content,
                                       const std::string& suffix) const {
  const Style& style = printer_.style();
  const std::string name = style.name(name_of(event.sender));
  std::string line = message.message_type == wire::MessageType::kAction ? "* " + name : name;
  if (message.reply_to.value != 0) line += style.dim(" (to " + place(message.reply_to) + ")");
  line += message.message_type == wire::MessageType::kAction ? " " : ": ";
  // Further lines of a message stand below its first one.
  return line + printable(content, "\n               ") + suffix;
}

std::string EventPrinter::describe(const wire::Event& event, const wire::EventBody& body) const {
  const Style& style = printer_.style();
  const std::string sender = name_of(event.sender);
  if (const auto* message = std::get_if<wire::Message>(&body)) {
    return message_line(event, *message, message->content, "");
  }
  if (const auto* edit = std::get_if<wire::Edit>(&body)) {
    return style.dim(sender + " edited " + place(edit->target) + ": ") +
           printable(edit->content, "\n               ");
  }
  if (const auto* deletion = std::get_if<wire::Deletion>(&body)) {
    return style.dim(sender + " deleted " + place(deletion->target));
  }
  if (const auto* reaction = std::get_if<wire::Reaction>(&body)) {
    return style.dim(sender + (reaction->on ? " reacted " : " took back ") +
                     printable(reaction->emoji) + (reaction->on ? " to " : " from ") +
                     place(reaction->target));
  }
  if (const auto* change = std::get_if<wire::Membership>(&body)) {
    const std::string user = change->name.empty() ? name_of(change->user) : printable(change->name);
    switch (change->change) {
      case wire::MemberChange::kJoined:
        return style.dim(user + " joined");
      case wire::MemberChange::kLeft:
        return style.dim(user + " left");
      case wire::MemberChange::kInvited:
        return style.dim(sender + " invited " + user);
      case wire::MemberChange::kRemoved:
        return style.dim(sender + " removed " + user);
      case wire::MemberChange::kBanned:
        return style.dim(sender + " banned " + user);
      case wire::MemberChange::kUnbanned:
        return style.dim(sender + " lifted the ban of " + user);
      case wire::MemberChange::kRoleChanged:
        return style.dim(sender + " made " + user + " " + role_word(change->role));
    }
  }
  if (const auto* settings = std::get_if<wire::RoomSettings>(&body)) {
    const bool is_new = settings->version <= 1;
    // The server knows no name of a private room; members tell it each other.
    const bool is_private = settings->kind == wire::RoomKind::kPrivate;
    if (is_private && settings->name.empty()) {
      return style.dim(sender + " created the room, end-to-end encrypted");
    }
    std::string text = sender +
                       (is_private ? " named the room \""
                        : is_new   ? " created \""
                                   : " changed the room: \"") +
                       printable(settings->name) + "\"";
    if (!settings->topic.empty()) text += ", topic \"" + printable(settings->topic) + "\"";
    if (!is_private && settings->access == wire::RoomAccess::kInviteOnly) {
      text += ", by invitation only";
    }
    return style.dim(text);
  }
  if (std::holds_alternative<wire::RoomDeleted>(body)) {
    return style.dim(sender + " deleted the room");
  }
  return {};
}

// Sealed events come as they are when this device cannot open them.
std::string EventPrinter::describe_sealed(RoomId room, const wire::Event& event) const {
  const client::ClosedView why = private_.why_closed(room, event);
  if (why.refused) return printer_.style().warn(printable(why.text));
  const auto sealed = wire::decode<wire::SealedBody>(event.body);
  if (!sealed || !sealed->counts) return {};
  return name_of(event.sender) + ": " + printer_.style().dim("[" + why.text + "]");
}

void EventPrinter::pass(RoomId room, const wire::Event& event) {
  constexpr std::size_t kMostPassed = 10'000;
  Passed& passed = passed_.try_emplace(room, Passed{event.seq, {}}).first->second;
  for (const client::MissedMessages& missed : private_.missed_before(room, event.seq)) {
    const bool whole = missed.after.next() >= passed.first || missed.after.next() == event.seq;
    const auto there =
        static_cast<std::uint64_t>(std::ranges::count_if(passed.chained, [&](const auto& one) {
          return one.first > missed.after && one.second == missed.device;
        }));
    if (!whole || there >= missed.count) continue;
    const std::uint64_t count = missed.count - there;
    if (printer_.json()) {
      const nlohmann::json object = {{"type", "missing"},
                                     {"room_id", room.to_string()},
                                     {"before", event.seq.value},
                                     {"user_id", missed.user.to_string()},
                                     {"device_id", missed.device.to_string()},
                                     {"count", count}};
      printer_.line(object.dump());
      continue;
    }
    print(room, event,
          printer_.style().warn(client::words_for_missed(count, name_of(missed.user))));
  }
  const auto refused = [&] { return private_.why_closed(room, event).refused; };
  if (!client::is_chained(event, refused)) return;
  passed.chained.emplace_back(event.seq, event.device);
  if (passed.chained.size() <= kMostPassed) return;
  passed.first = passed.chained.front().first.next();
  passed.chained.pop_front();
}

void EventPrinter::event(RoomId room, const wire::Event& event) {
  pass(room, event);
  show(room, event);
}

void EventPrinter::show(RoomId room, const wire::Event& event) {
  const auto body = wire::decode_body(event.kind, event.body);
  if (body) {
    if (const auto* change = std::get_if<wire::Membership>(&*body)) {
      if (!change->name.empty()) names_[change->user] = change->name;
    }
  }
  if (printer_.json()) return json_event(room, event);
  if (event.kind == wire::EventKind::kSealed) {
    const std::string text = describe_sealed(room, event);
    if (!text.empty()) print(room, event, text);
    return;
  }
  if (!body) return;
  if (const std::string text = describe(event, *body); !text.empty()) print(room, event, text);
}

void EventPrinter::history(RoomId room, const std::vector<wire::Event>& events,
                           const std::set<Seq>& left_out) {
  sync::Folds folds;
  const Seq first = events.empty() ? Seq{} : events.front().seq;
  for (const wire::Event& one : events) {
    if (left_out.contains(one.seq)) continue;
    if (const auto body = wire::decode_body(one.kind, one.body)) folds.add(one, *body);
  }
  for (const wire::Event& one : events) {
    pass(room, one);
    if (left_out.contains(one.seq)) continue;
    if (printer_.json() || one.kind == wire::EventKind::kSealed) {
      show(room, one);
      continue;
    }
    const auto body = wire::decode_body(one.kind, one.body);
    if (!body) continue;
    sync::Folds scratch;
    const Seq target = scratch.add(one, *body);
    const auto* message = std::get_if<wire::Message>(&*body);
    if (message == nullptr) {
      // Shown with the message it changes, when that is part of this stretch.
      if (target.value == 0 || target < first) show(room, one);
      continue;
    }
    const sync::MessageFold* fold = folds.find(one.seq);
    if (fold == nullptr) {
      show(room, one);
      continue;
    }
    const Style& style = printer_.style();
    if (fold->deleted()) {
      print(room, one, style.dim(name_of(one.sender) + ": message deleted"));
      continue;
    }
    const auto* edit = fold->edit_of(one.sender);
    std::string suffix = edit == nullptr ? "" : style.dim(" (edited)");
    for (const sync::FoldedReaction& reaction : fold->reactions()) {
      suffix += "  " + printable(reaction.emoji) + " " + std::to_string(reaction.users.size());
    }
    print(room, one,
          message_line(one, *message, edit == nullptr ? message->content : edit->content, suffix));
  }
}

}  // namespace parley::cli
