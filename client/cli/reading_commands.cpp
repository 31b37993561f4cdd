// history and tail: events of rooms, as they were and as they come.
#include <algorithm>
#include <map>

#include "client/cli/commands.hpp"

namespace parley::cli {
namespace {

Result<wire::HistoryPage> fetch(Driver& driver, const wire::History& query) {
  return driver.call_for<wire::HistoryPage>(wire::Command{query});
}

EventPrinter::PrivateRooms private_rooms(Driver& driver) {
  return {
      [&driver](RoomId room, const wire::Event& event) { return driver.why_closed(room, event); },
      [&driver](RoomId room, Seq seq) { return driver.missed_before(room, seq); }};
}

// Follows rooms by their own cursors: what is printed is dense and in order, whatever was lost on
// the way or happened while the connection was away.
class Follower {
 public:
  Follower(Context& context, const TailArguments& arguments,
           std::unordered_map<RoomId, std::string> names)
      : context_(context),
        driver_(*context.driver),
        arguments_(arguments),
        printer_(context.printer, std::move(names), private_rooms(driver_)) {
    driver_.on_event = [this](const client::EventArrived& arrived) { handle(arrived); };
  }
  ~Follower() { driver_.on_event = {}; }

  Status start(RoomId room) {
    // Live events that come while the history is read wait in the cursor's queue.
    Cursor& cursor = cursors_[room];
    if (arguments_.since) {
      cursor.printed = Seq{*arguments_.since};
      PARLEY_TRY(catch_up(room, cursor));
    } else {
      const std::uint32_t wanted = std::max<std::uint32_t>(arguments_.lines, 1);
      auto page = fetch(driver_, {room, wire::HistoryFrom::kNewest, {}, {}, wanted});
      if (!page) return page.error();
      if (arguments_.lines > 0) print(room, cursor, *page);
      cursor.printed = std::max(cursor.printed, page->head);
    }
    cursor.ready = true;
    return {};
  }

  Status run() {
    bool was_connected = true;
    while (!driver_.interrupted()) {
      driver_.pump(seconds(1));
      const bool connected = driver_.connected();
      if (connected != was_connected) {
        was_connected = connected;
        context_.printer.note(connected ? "Connected again."
                                        : "Connection lost: " + driver_.loss_reason() +
                                              ". Reconnecting ...");
        // What happened meanwhile is asked for: a live event may not follow soon.
        if (connected) {
          for (auto& [room, cursor] : cursors_) cursor.behind = true;
        }
      }
      if (!connected) continue;
      for (auto& [room, cursor] : cursors_) {
        if (!cursor.behind) continue;
        cursor.behind = false;
        const Status caught_up = catch_up(room, cursor);
        if (caught_up) continue;
        if (error_info(caught_up.error().code).action == ErrorAction::kTellUser) return caught_up;
        cursor.behind = true;  // again when the connection is back
      }
      mark_read();
    }
    return {};
  }

 private:
  struct Cursor {
    Seq printed;
    Seq marked;
    bool ready = false;
    bool behind = false;
  };

  void handle(const client::EventArrived& arrived) {
    const auto found = cursors_.find(arrived.room);
    if (found == cursors_.end()) return;
    Cursor& cursor = found->second;
    if (!arrived.sender_name.empty()) printer_.learn(arrived.event.sender, arrived.sender_name);
    if (!cursor.ready || arrived.event.seq > cursor.printed.next()) {
      cursor.behind = true;
    } else if (arrived.event.seq == cursor.printed.next()) {
      printer_.event(arrived.room, arrived.event);
      cursor.printed = arrived.event.seq;
    }
  }

  void print(RoomId room, Cursor& cursor, const wire::HistoryPage& page) {
    printer_.learn(page.users);
    std::vector<wire::Event> fresh;
    for (const wire::Event& event : page.events) {
      if (event.seq > cursor.printed) fresh.push_back(event);
    }
    printer_.history(room, fresh);
    if (!fresh.empty()) cursor.printed = fresh.back().seq;
  }

  Status catch_up(RoomId room, Cursor& cursor) {
    for (;;) {
      auto page =
          fetch(driver_, {room, wire::HistoryFrom::kAfter, cursor.printed, {}, wire::kMaxPageSize});
      if (!page) return page.error();
      print(room, cursor, *page);
      if (page->events.empty() || cursor.printed >= page->head) return {};
    }
  }

  void mark_read() {
    if (!arguments_.mark_read) return;
    for (auto& [room, cursor] : cursors_) {
      if (cursor.printed <= cursor.marked) continue;
      cursor.marked = cursor.printed;
      const auto done = driver_.call_for<wire::Done>(
          wire::Command{wire::Mark{room, cursor.printed, cursor.printed}});
      if (!done) context_.printer.note("Not marked as read: " + describe(done.error()));
    }
  }

  Context& context_;
  Driver& driver_;
  const TailArguments& arguments_;
  EventPrinter printer_;
  std::unordered_map<RoomId, Cursor> cursors_;
};

// Who may delete what is judged by readers in private rooms: authors and moderators. Those of
// others.
Result<std::set<Seq>> void_deletions(Driver& driver, const wire::RoomSummary& room,
                                     const std::vector<wire::Event>& events) {
  std::set<Seq> out;
  if (room.settings.kind != wire::RoomKind::kPrivate) return out;
  std::map<Seq, UserId> foreign;  // deletions of what somebody else wrote, by whom
  for (const wire::Event& event : events) {
    const auto body = wire::decode_body(event.kind, event.body);
    const auto* deletion = body ? std::get_if<wire::Deletion>(&*body) : nullptr;
    if (deletion == nullptr) continue;
    const bool is_foreign = std::ranges::any_of(events, [&](const wire::Event& target) {
      return target.seq == deletion->target && target.sender != event.sender;
    });
    if (is_foreign) foreign.emplace(event.seq, event.sender);
  }
  if (foreign.empty()) return out;
  const auto members = room_members(driver, room.room_id);
  if (!members) return members.error();
  for (const auto& [seq, user] : foreign) {
    const bool moderates =
        !room.settings.direct && std::ranges::any_of(*members, [&](const auto& member) {
          return member.user.user_id == user && member.role >= wire::Role::kModerator;
        });
    if (!moderates) out.insert(seq);
  }
  return out;
}

}  // namespace

Status history(Context& context, const HistoryArguments& arguments) {
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  auto room = resolve_room(driver, arguments.room);
  if (!room) return room.error();

  // Pages from new to old, printed from old to new.
  std::vector<wire::Event> events;
  EventPrinter printer(context.printer, {}, private_rooms(driver));
  wire::History query{room->room_id, wire::HistoryFrom::kNewest, Seq{arguments.before}, {}, 0};
  if (arguments.before_time) {
    query.from = wire::HistoryFrom::kTime;
    query.time = *arguments.before_time;
  } else if (arguments.before != 0) {
    query.from = wire::HistoryFrom::kBefore;
  }
  while (events.size() < arguments.limit) {
    query.limit = static_cast<std::uint32_t>(
        std::min<std::size_t>(arguments.limit - events.size(), wire::kMaxPageSize));
    auto page = fetch(driver, query);
    if (!page) return page.error();
    printer.learn(page->users);
    events.insert(events.begin(), page->events.begin(), page->events.end());
    if (page->start || page->events.empty()) break;
    query.from = wire::HistoryFrom::kBefore;
    query.seq = page->events.front().seq;
  }
  const auto left_out = void_deletions(driver, *room, events);
  if (!left_out) return left_out.error();
  printer.history(room->room_id, events, *left_out);
  return {};
}

Status tail(Context& context, const TailArguments& arguments) {
  PARLEY_TRY(context.connect());
  std::unordered_map<RoomId, std::string> names;
  std::vector<RoomId> rooms;
  for (const std::string& word : arguments.rooms) {
    auto room = resolve_room(*context.driver, word);
    if (!room) return room.error();
    if (names.emplace(room->room_id, room->settings.name).second) rooms.push_back(room->room_id);
  }
  Follower follower(context, arguments, std::move(names));
  for (const RoomId room : rooms) PARLEY_TRY(follower.start(room));
  const Status ended = follower.run();
  // Ctrl+C is how a tail ends.
  return context.driver->interrupted() ? Status{} : ended;
}

}  // namespace parley::cli
