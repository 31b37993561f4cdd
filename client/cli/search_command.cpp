// search: words in the messages of the own rooms. The CLI keeps no messages, so they are fetched,
// the newest of each room first, into an index that lives as long as the command.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "client/cli/commands.hpp"
#include "client/core/markdown.hpp"
#include "client/search/message_index.hpp"
#include "shared/sync/fold.hpp"

namespace parley::cli {
namespace {

// One line on standard error that is written over; nothing when that is not a terminal.
class Progress {
 public:
  ~Progress() { show({}); }
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const std::string& text) {
    if (!terminal_) return;
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    std::fflush(stderr);
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
};

// The newest events of a room, ascending.
Result<std::vector<wire::Event>> newest_events(Context& context, RoomId room, std::uint32_t limit,
                                               std::unordered_map<UserId, std::string>& names) {
  std::vector<wire::Event> events;
  wire::History query{room, wire::HistoryFrom::kNewest, {}, {}, 0};
  while (events.size() < limit) {
    query.limit = static_cast<std::uint32_t>(
        std::min<std::size_t>(limit - events.size(), wire::kMaxPageSize));
    auto page =
        context.driver->insist_for<wire::HistoryPage>(wire::Command{query}, context.on_wait());
    if (!page) return page.error();
    for (const wire::UserInfo& user : page->users) names[user.user_id] = user.name;
    events.insert(events.begin(), page->events.begin(), page->events.end());
    if (page->start || page->events.empty()) break;
    query.from = wire::HistoryFrom::kBefore;
    query.seq = page->events.front().seq;
  }
  return events;
}

// The messages among the events as they are now: what changes one comes after it.
std::vector<client::IndexedMessage> messages_of(RoomId room,
                                                const std::vector<wire::Event>& events) {
  std::vector<client::IndexedMessage> out;
  sync::Folds folds;
  for (const wire::Event& event : events) {
    if (const auto body = wire::decode_body(event.kind, event.body)) folds.add(event, *body);
  }
  for (const wire::Event& event : events) {
    const auto body = wire::decode_body(event.kind, event.body);
    const auto* message = body ? std::get_if<wire::Message>(&*body) : nullptr;
    const sync::MessageFold* fold = folds.find(event.seq);
    if (!message || (fold && fold->deleted())) continue;
    const auto* edit = fold ? fold->edit_of(event.sender) : nullptr;
    const std::string& content = edit ? edit->content : message->content;
    out.push_back({room, event.seq, event.sender, event.at,
                   client::plain_excerpt(content, wire::kMaxMessageCharacters)});
  }
  return out;
}

}  // namespace

Status search(Context& context, const SearchArguments& arguments) {
  const auto index = search::MessageIndex::make();
  if (!index) return Error{ErrorCode::kLocalStore, "this system's SQLite lacks FTS5", {}};
  PARLEY_TRY(context.connect());
  std::vector<wire::RoomSummary> rooms;
  std::optional<RoomId> only;
  if (arguments.room.empty()) {
    auto own = own_rooms(*context.driver);
    if (!own) return own.error();
    rooms = std::move(*own);
    std::erase_if(rooms, [](const auto& room) { return room.role < wire::Role::kMember; });
  } else {
    auto room = resolve_room(*context.driver, arguments.room);
    if (!room) return room.error();
    only = room->room_id;
    rooms.push_back(std::move(*room));
  }
  std::sort(rooms.begin(), rooms.end(),
            [](const auto& a, const auto& b) { return a.last_activity > b.last_activity; });

  std::unordered_map<UserId, std::string> names;
  std::unordered_map<RoomId, std::string> room_names;
  {
    Progress progress;
    std::size_t done = 0;
    for (const wire::RoomSummary& room : rooms) {
      room_names[room.room_id] = room.settings.name;
      progress.show("Searching " + printable(room.settings.name) + " (" + std::to_string(++done) +
                    " of " + std::to_string(rooms.size()) + ") ...");
      auto events = newest_events(context, room.room_id, arguments.depth, names);
      if (!events) return events.error();
      if (index->update(messages_of(room.room_id, *events))) continue;
      progress.show({});
      context.printer.note("Too many messages: only those of the " + std::to_string(done - 1) +
                           " most active rooms are searched. Name one with --room.");
      break;
    }
  }
  auto hits = index->query({arguments.text, only, arguments.limit});
  if (!hits) return hits.error();
  if (hits->empty()) context.printer.note("No message has these words.");
  for (const client::IndexHit& hit : *hits) {
    const auto sender = names.find(hit.sender);
    context.printer.hit(hit, room_names[hit.room], sender == names.end() ? "" : sender->second,
                        now().wall);
  }
  return {};
}

}  // namespace parley::cli
