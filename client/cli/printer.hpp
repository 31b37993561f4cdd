// What goes to standard output: lines for people, or one JSON object a line in the names of the
// JSON protocol. Results are complete lines, flushed, so that pipes see them at once.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "client/cli/terminal.hpp"
#include "client/core/room_notes.hpp"
#include "client/core/search_index.hpp"
#include "client/core/view_models.hpp"
#include "shared/wire/frame.hpp"

namespace parley::cli {

class Printer {
 public:
  Printer(bool json, bool color) : json_(json), style_(color) {}

  bool json() const { return json_; }
  const Style& style() const { return style_; }

  // Plain lines: `line` to standard output, `note` (progress, hints) to standard error.
  void line(const std::string& text) const;
  void note(const std::string& text) const;
  // An object of the JSON protocol; `text` instead for people.
  void answer(const wire::Response& response, const std::string& text) const;

  // `views`: of the same rooms, by which it says how well they are protected.
  void rooms(const std::vector<wire::RoomSummary>& rooms,
             const std::vector<client::RoomItemView>& views, Timestamp now, bool ids) const;
  void listings(const std::vector<wire::RoomListing>& rooms, bool ids) const;
  void members(const wire::MemberPage& page, bool ids) const;
  void devices(const std::vector<wire::DeviceInfo>& devices, Timestamp now) const;
  void presence(const std::vector<wire::PresenceInfo>& presence,
                const std::vector<wire::UserInfo>& users, Timestamp now) const;
  void hit(const client::IndexHit& hit, const std::string& room, const std::string& sender,
           Timestamp now) const;
  void invite(const wire::InviteInfo& invite, const std::string& server_origin) const;

 private:
  std::string protected_by(client::Protection protection) const;
  // Each element of the array member `list` of the response's JSON form, one a line.
  void json_elements(const wire::Response& response, const char* list) const;

  bool json_;
  Style style_;
};

// Prints a room's events in order, with day lines between; knows the names it has seen.
class EventPrinter {
 public:
  struct PrivateRooms {  // what the core knows of them: Client::why_closed, Client::missed_before
    std::function<client::ClosedView(RoomId, const wire::Event&)> why_closed;
    std::function<std::vector<client::MissedMessages>(RoomId, Seq)> missed_before;
  };
  // `room_names` is shown before each line when several rooms are followed.
  EventPrinter(const Printer& printer, std::unordered_map<RoomId, std::string> room_names,
               PrivateRooms private_rooms)
      : printer_(printer), room_names_(std::move(room_names)), private_(std::move(private_rooms)) {}

  void learn(const std::vector<wire::UserInfo>& users);
  void learn(UserId user, const std::string& name) { names_[user] = name; }

  // A stretch of history. For people, edits, deletions and reactions of messages that are part of
  // it are shown where they belong; JSON has every event as it is, but for those `left_out`.
  void history(RoomId room, const std::vector<wire::Event>& events,
               const std::set<Seq>& left_out = {});
  // One live event; the one after the last of the room.
  void event(RoomId room, const wire::Event& event);

 private:
  // The events of a room so far, in order and without gaps.
  struct Passed {
    Seq first;
    std::deque<std::pair<Seq, DeviceId>> chained;  // those that their device counts
  };
  void show(RoomId room, const wire::Event& event);
  // Says what its author's device sent before it and is not among what passed.
  void pass(RoomId room, const wire::Event& event);
  std::string name_of(UserId user) const;
  void json_event(RoomId room, const wire::Event& event) const;
  void print(RoomId room, const wire::Event& event, const std::string& text);
  // Empty when there is nothing to show to people.
  std::string describe(const wire::Event& event, const wire::EventBody& body) const;
  std::string describe_sealed(RoomId room, const wire::Event& event) const;
  std::string message_line(const wire::Event& event, const wire::Message& message,
                           const std::string& content, const std::string& suffix) const;

  const Printer& printer_;
  std::unordered_map<RoomId, std::string> room_names_;
  PrivateRooms private_;
  std::unordered_map<RoomId, Passed> passed_;
  std::unordered_map<UserId, std::string> names_;
  std::string day_;
};

std::string presence_word(wire::PresenceStatus status);
std::string protection_word(client::Protection protection);
std::string role_word(wire::Role role);

}  // namespace parley::cli
