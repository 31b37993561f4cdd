// Fixed views with everything the interface can show.
#include "tests/ui/harness.hpp"

namespace parley::test {
namespace {

constexpr std::int64_t kNoon = 1'772'551'800'000;

template <class T>
T id_of(std::uint8_t n) {
  T id;
  id.uuid.bytes = {1, 156, n, 4, 112, n, 7, 1, 128, 9, n, 3, 5, 8, 13, n};
  return id;
}

client::MessageView message(std::uint64_t seq, std::uint8_t who, const char* name, int minutes_ago,
                            const char* text) {
  client::MessageView m;
  m.seq = {seq};
  m.client_id = id_of<ClientId>(static_cast<std::uint8_t>(seq));
  m.client_id.uuid.bytes[15] = static_cast<std::uint8_t>(seq >> 8);
  m.client_id.uuid.bytes[14] = static_cast<std::uint8_t>(seq >> 16);
  m.sender = id_of<UserId>(who);
  m.sender_name = name;
  m.at = {kNoon - minutes_ago * 60'000ll};
  m.content = text;
  m.mine = who == 1;
  m.can_edit = m.can_delete = m.mine;
  m.state = client::SendState::kRead;
  return m;
}

client::RoomItemView room(std::uint8_t n, const char* name, const char* preview, int minutes_ago,
                          std::uint32_t unread, std::uint32_t mentions = 0) {
  client::RoomItemView r;
  r.room_id = id_of<RoomId>(n);
  r.name = name;
  r.preview = preview;
  r.last_activity = {kNoon - minutes_ago * 60'000ll};
  r.unread = unread;
  r.mentions = mentions;
  r.members = 12;
  return r;
}

client::MemberView member(std::uint8_t n, const char* name, wire::Role role,
                          wire::PresenceStatus presence, const char* status = "") {
  client::MemberView m;
  m.user = id_of<UserId>(n);
  m.name = name;
  m.role = role;
  m.presence = presence;
  m.status_text = status;
  m.last_seen = {kNoon - n * 3'600'000ll};
  m.me = n == 1;
  return m;
}

}  // namespace

client::AppView sample_view() {
  client::AppView app;
  app.screen = client::Screen::kMain;
  app.revision = 1;
  app.connection.state = client::LinkState::kConnected;
  app.login.server = "chat.example.org";
  app.self.user = id_of<UserId>(1);
  app.self.name = "Ada Lovelace";
  app.rooms = {
      room(1, "Design review", "Grace: The new spacing feels much calmer", 2, 0),
      room(2, "Weekend hike", "Katherine: who brings the map?", 14, 3, 1),
      room(3, "Release 1.0", "Margaret: build 4812 is green", 55, 128),
      room(4, "Kitchen", "", 60 * 30, 0),
      room(5, "Book club", "Draft: I liked the second half", 60 * 50, 0),
      room(6, "\xe6\x9d\xb1\xe4\xba\xac\xe3\x82\xaa\xe3\x83\x95\xe3\x82\xa3\xe3\x82\xb9",
           "Yuki: \xe3\x81\x8a\xe7\x96\xb2\xe3\x82\x8c\xe6\xa7\x98\xe3\x81\xa7\xe3\x81\x99",
           60 * 80, 0),
      room(7, "Family", "You: see you on Sunday \xe2\x9d\xa4\xef\xb8\x8f", 60 * 120, 0)};
  app.rooms[4].preview_is_draft = true;
  app.rooms[6].kind = wire::RoomKind::kPrivate;
  app.rooms[6].protection = client::Protection::kVerified;
  client::RoomItemView invited = room(8, "Chess evening", "", 5, 0);
  invited.role = wire::Role::kInvited;
  app.rooms.insert(app.rooms.begin(), invited);

  client::RoomView open;
  open.room_id = id_of<RoomId>(1);
  open.name = open.settings.name = "Design review";
  open.topic = open.settings.topic = "Tokens, spacing, motion. Wednesdays at three.";
  open.role = wire::Role::kOwner;
  open.member_count = 7;
  open.can_manage = open.can_moderate = true;
  open.synced = open.at_start = true;
  open.items_revision = 1;
  auto& items = open.items;
  items.push_back(client::DayView{{kNoon - 86'400'000}});
  items.push_back(
      client::SystemLineView{{1}, {kNoon - 86'400'000}, "Ada Lovelace created the room"});
  items.push_back(client::SystemLineView{{2}, {kNoon - 86'000'000}, "Grace Hopper joined"});
  items.push_back(message(3, 2, "Grace Hopper", 1500,
                          "Morning! I have put the **first pass** of the tokens into the "
                          "repository. Have a look at `theme.hpp` and tell me what you think about "
                          "the [contrast table](https://example.org/contrast)."));
  auto second = message(4, 2, "Grace Hopper", 1499,
                        "Three things that I would like to decide today:\n\n- one accent, used "
                        "*sparingly*\n- a spacing scale of 4\n- no grey frames anywhere");
  second.starts_group = false;
  items.push_back(second);
  auto reply =
      message(5, 1, "Ada Lovelace", 1490, "Agreed on all three. The scale makes the list breathe.");
  reply.reply = client::ReplyView{
      {4},
      "Grace Hopper",
      "Three things that I would like to decide today: one accent, used sparingly",
      true};
  reply.reactions = {{"\xf0\x9f\x91\x8d", 3, true, "You, Grace Hopper and Katherine Johnson"},
                     {"\xf0\x9f\x8e\x89", 1, false, "Grace Hopper"}};
  items.push_back(reply);
  items.push_back(client::DayView{{kNoon}});
  items.push_back(
      message(6, 3, "Katherine Johnson", 75,
              "```cpp\nfloat line(float points) const {\n  return size(points) * 1.4f;\n}\n```"));
  auto quoted =
      message(7, 3, "Katherine Johnson", 74,
              "> Simplicity is prerequisite for reliability.\n\nThat is the whole review, really.");
  quoted.starts_group = false;
  quoted.edited = true;
  items.push_back(quoted);
  auto gone = message(8, 4, "Margaret Hamilton", 60, "");
  gone.deleted = true;
  items.push_back(gone);
  items.push_back(client::UnreadLineView{});
  auto mention = message(9, 4, "Margaret Hamilton", 42,
                         "@Ada can you check the dark palette before the freeze? It is "
                         "||surprisingly good|| already.");
  mention.mentions_me = true;
  items.push_back(mention);
  items.push_back(
      message(10, 5, "Yuki Tanaka", 30,
              "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x82\x82\xe7\xb6\xba\xe9\xba\x97\xe3\x81\xab"
              "\xe8\xa1\xa8\xe7\xa4\xba\xe3\x81\x95\xe3\x82\x8c\xe3\x81\xa6\xe3\x81\x84\xe3\x81\xbe"
              "\xe3\x81\x99\xe3\x80\x82 \xd8\xa7\xd9\x84\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a\xd8\xa9 "
              "\xd8\xa3\xd9\x8a\xd8\xb6\xd8\xa7. "
              "\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80 too "
              "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xf0\x9f\x87\xaf\xf0\x9f\x87\xb5"));
  items.push_back(message(11, 2, "Grace Hopper", 12, "\xf0\x9f\x8e\x89\xf0\x9f\x9a\x80"));
  auto sent = message(12, 1, "Ada Lovelace", 6, "On it. Dark mode passes 4.5:1 everywhere now.");
  sent.state = client::SendState::kDelivered;
  items.push_back(sent);
  auto just = message(13, 1, "Ada Lovelace", 5, "Screenshots follow.");
  just.starts_group = false;
  just.state = client::SendState::kSent;
  items.push_back(just);
  auto sending = message(0, 1, "Ada Lovelace", 0, "Uploading the last one now");
  sending.starts_group = false;
  sending.client_id = id_of<ClientId>(200);
  sending.state = client::SendState::kSending;
  sending.can_edit = sending.can_delete = false;
  items.push_back(sending);
  auto failed = message(0, 1, "Ada Lovelace", 0, "This one did not make it");
  failed.starts_group = false;
  failed.client_id = id_of<ClientId>(201);
  failed.state = client::SendState::kFailed;
  failed.failure = "Not sent: the room is read-only at the moment.";
  items.push_back(failed);
  open.head = {13};
  open.typists = {{id_of<UserId>(2), "Grace Hopper"}};
  using P = wire::PresenceStatus;
  open.members = {member(1, "Ada Lovelace", wire::Role::kOwner, P::kOnline),
                  member(2, "Grace Hopper", wire::Role::kModerator, P::kOnline, "Reviewing tokens"),
                  member(3, "Katherine Johnson", wire::Role::kMember, P::kAway),
                  member(4, "Margaret Hamilton", wire::Role::kMember, P::kBusy, "In the freeze"),
                  member(5, "Yuki Tanaka", wire::Role::kMember, P::kOffline)};
  app.room = std::move(open);
  app.total_unread = 131;
  return app;
}

client::AppView private_view() {
  using client::IdentityState;
  using client::Protection;
  client::AppView app = sample_view();
  app.keys.state = client::AccountKeys::kReady;
  app.rooms[1].kind = app.rooms[2].kind = app.rooms[4].kind = wire::RoomKind::kPrivate;
  app.rooms[1].protection = Protection::kEncrypted;
  app.rooms[2].protection = Protection::kVerified;
  app.rooms[4].protection = Protection::kAttention;
  app.rooms[4].name = "Katherine Johnson";
  app.rooms[4].direct_with = id_of<UserId>(3);
  client::RoomView& open = *app.room;
  open.settings.kind = wire::RoomKind::kPrivate;
  open.settings.access = wire::RoomAccess::kInviteOnly;
  open.settings.name = open.settings.topic = {};
  open.encryption.protection = Protection::kEncrypted;
  open.encryption.summary =
      "End-to-end encrypted: only the members can read what is written here, not the server. Two "
      "of six people were verified in person.";
  open.encryption.epoch = 12;
  open.members[1].identity = IdentityState::kVerified;
  open.members[2].identity = IdentityState::kChanged;
  open.members[3].identity = IdentityState::kNew;
  open.members[4].identity = IdentityState::kNew;
  auto& items = open.items;
  items.erase(items.begin(), items.begin() + 5);
  items.erase(items.begin() + 1, items.end() - 5);
  auto unreadable = message(20, 3, "Katherine Johnson", 9, "");
  unreadable.unreadable =
      "The key of this message is not on this device yet. Your other devices were asked for it.";
  auto lost = message(21, 3, "Katherine Johnson", 8, "");
  lost.starts_group = false;
  lost.unreadable = "This message was sent before you joined. It cannot be read on this device.";
  lost.unreadable_for_good = true;
  items.insert(items.begin() + 2, {unreadable, lost});
  auto& sending = std::get<client::MessageView>(items[items.size() - 2]);
  sending.waiting = "Waits until the others know about your new device.";
  open.typists.clear();
  return app;
}

client::AppView direct_view() {
  client::AppView app = private_view();
  client::RoomView& open = *app.room;
  open.room_id = app.rooms[4].room_id;
  open.name = "Katherine Johnson";
  open.topic.clear();
  open.direct_with = id_of<UserId>(3);
  open.member_count = 2;
  open.can_manage = open.can_moderate = true;
  open.encryption.protection = client::Protection::kAttention;
  open.encryption.attention =
      "Katherine Johnson uses another identity than before. That happens after a lost device, or "
      "when somebody reads along.";
  open.encryption.changed = {*open.direct_with};
  open.encryption.waiting = "Waiting for Katherine Johnson's new device to come online.";
  open.members = {open.members[0], open.members[2]};
  return app;
}

client::AppView long_view(std::size_t messages) {
  client::AppView app = sample_view();
  auto& items = app.room->items;
  items.clear();
  for (std::size_t i = 1; i <= messages; ++i) {
    auto m = message(i, static_cast<std::uint8_t>(1 + i % 4), "Somebody", 10, "");
    m.content = "Message number " + std::to_string(i);
    if (i % 7 == 0)
      m.content +=
          ", which is longer than the others and goes on for a while so that it takes more than "
          "one line on a narrow window, at least now and then.";
    items.push_back(std::move(m));
  }
  app.room->head = {messages};
  app.room->typists.clear();
  return app;
}

}  // namespace parley::test
