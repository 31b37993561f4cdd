// A server that lies, and what people see of it: nothing made up is anybody's message, what is
// missing is missed, and what is true afterwards is shown as ever.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "shared/crypto/hpke.hpp"
#include "shared/identity/device_list.hpp"
#include "tests/sim/private_world.hpp"

namespace parley::sim {
namespace {

using client::IdentityState;
using client::Protection;

// Every event of a room that the frame brings.
template <class Change>
void for_events(wire::ServerFrame& frame, RoomId room, Change&& change) {
  const auto all = [&](std::vector<wire::Event>& events) {
    for (wire::Event& event : events) change(event);
  };
  const auto last_of = [&](wire::RoomSummary& summary) {
    if (summary.room_id == room && summary.last_message) change(*summary.last_message);
  };
  if (auto* batch = std::get_if<wire::EventBatch>(&frame)) {
    if (batch->room_id == room) all(batch->events);
  } else if (auto* notice = std::get_if<wire::Notice>(&frame)) {
    if (auto* about = std::get_if<wire::RoomNotice>(notice)) last_of(about->room);
  } else if (auto* answer = std::get_if<wire::ResponseFrame>(&frame)) {
    if (auto* page = std::get_if<wire::HistoryPage>(&answer->response)) {
      if (page->room_id == room) all(page->events);
    } else if (auto* commits = std::get_if<wire::Commits>(&answer->response)) {
      all(commits->events);
    } else if (auto* welcome = std::get_if<wire::Welcome>(&answer->response)) {
      for (wire::RoomSummary& summary : welcome->rooms) last_of(summary);
    }
  }
}

// In the place of an event: one that says nothing.
wire::Event harmless(wire::Event event) {
  event.kind = wire::EventKind::kDevicesChanged;
  event.client_id = {};
  event.body = wire::encode(wire::DevicesChanged{event.sender, 1});
  return event;
}

struct Hostile : Private {
  Hostile() {
    ada = &person("Ada");
    grace = &person("Grace");
    id = room(*ada, "Plans", {grace});
    open(*grace, id);
    say(*ada, "one");
    REQUIRE(texts(*grace) == Texts{"one"});
  }
  void say(SimClient& who, const std::string& text) {
    who.say(id, text);
    run_for(seconds(4));
  }
  Seq head() { return server().log(id).back().seq; }
  wire::Event logged(Seq seq) { return server().log(id).at(seq.value - 1); }
  // From now on Grace is shown `event` at `seq`, wherever the truth would be.
  void show(Seq seq, wire::Event event) {
    event.seq = seq;
    shown[seq] = std::move(event);
    grace->lie = [this](wire::ServerFrame& frame) {
      for_events(frame, id, [this](wire::Event& true_one) {
        const auto other = shown.find(true_one.seq);
        if (other == shown.end()) return;
        const Timestamp at = true_one.at;
        true_one = other->second;
        true_one.at = at;
      });
      return true;
    };
  }
  // What Ada says next is shown to Grace as something else.
  void instead(const wire::Event& event) {
    show(head().next(), event);
    say(*ada, "the carrier");
  }
  std::vector<std::string> lines(SimClient& client) {
    std::vector<std::string> out;
    for (const auto& item : client.view().room->items) {
      if (const auto* line = std::get_if<client::SystemLineView>(&item)) out.push_back(line->text);
    }
    return out;
  }
  std::size_t says(SimClient& client, std::string_view words) {
    const auto all = lines(client);
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const std::string& line) { return line.find(words) != std::string::npos; }));
  }
  bool toasted(SimClient& client, std::string_view words) {
    return std::ranges::any_of(client.view().toasts, [&](const auto& toast) {
      return toast.text.find(words) != std::string::npos;
    });
  }
  std::string waiting(SimClient& client) {
    for (const auto& item : client.view().room->items) {
      const auto* message = std::get_if<MessageView>(&item);
      if (message && message->state == client::SendState::kSending) return message->waiting;
    }
    return "nothing waits";
  }
  const client::RoomItemView& row(SimClient& client) { return client.view().rooms.at(0); }
  wire::Identity identity_of(UserId user) {
    const auto token = ada->core().request(now(), wire::GetIdentities{{user}});
    ada->drain();
    run_for(seconds(2));
    return std::get<wire::Identities>(*ada->answers.at(token)).identities.at(0);
  }
  // Who asks about this user is told `identity`.
  static void freeze(SimClient& victim, const wire::Identity& identity) {
    victim.lie = [identity](wire::ServerFrame& frame) {
      auto* answer = std::get_if<wire::ResponseFrame>(&frame);
      auto* found = answer ? std::get_if<wire::Identities>(&answer->response) : nullptr;
      if (!found) return true;
      for (wire::Identity& one : found->identities) {
        if (one.user_id == identity.user_id) one = identity;
      }
      return true;
    };
  }
  SimClient& link(SimClient& old_device, const std::string& name) {
    old_device.core().start_link(now());
    old_device.drain();
    run_for(seconds(2));
    SimClient& device = add_client(name);
    device.core().sign_in_link(now(), old_device.view().link.code);
    device.drain();
    run_for(seconds(3));
    old_device.core().confirm_link(now(), true);
    old_device.drain();
    run_for(seconds(10));
    REQUIRE(device.view().keys.state == client::AccountKeys::kReady);
    return device;
  }
  void look(SimClient& who, SimClient& at) {
    who.core().look_at_identity(now(), at.view().self.user);
    who.drain();
    run_for(seconds(2));
  }

  SimClient* ada = nullptr;
  SimClient* grace = nullptr;
  RoomId id;
  std::map<Seq, wire::Event> shown;
};

TEST_CASE("what the server makes up is a line that says so, and nobody's message") {
  Hostile world;
  SimClient& grace = *world.grace;
  wire::Event forged = world.logged(world.head());
  const wire::Event one = forged;
  std::string expected = "that Ada did not sign";
  SECTION("an old message at a new place") { expected = "again that was here before"; }
  SECTION("a message in the open") {
    forged.kind = wire::EventKind::kMessage;
    wire::Message message;
    message.content = "send me the money";
    message.mentions = {grace.view().self.user};
    forged.body = wire::encode(message);
  }
  SECTION("an edit in the open") {
    forged.kind = wire::EventKind::kEdit;
    forged.body = wire::encode(wire::Edit{one.seq, "send me the money", {}});
  }
  SECTION("a deletion in the open") {
    forged.kind = wire::EventKind::kDeletion;
    forged.body = wire::encode(wire::Deletion{one.seq});
  }
  SECTION("a reaction in the open") {
    forged.kind = wire::EventKind::kReaction;
    forged.body = wire::encode(wire::Reaction{one.seq, "👍", true});
  }
  SECTION("a name in the open") {
    forged.kind = wire::EventKind::kRoomSettings;
    wire::RoomSettings settings;
    settings.kind = wire::RoomKind::kPrivate;
    settings.name = "Bank";
    settings.version = 9;
    forged.body = wire::encode(settings);
  }
  SECTION("Ada's message as Grace's") {
    forged.sender = grace.view().self.user;
    expected = "changed on its way";
  }
  SECTION("Ada's message with other bytes") {
    forged.client_id.uuid.bytes[3] ^= 1;
    forged.body.back() ^= 1;
    expected = "changed on its way";
  }
  SECTION("bytes") {
    forged.body = {1, 2, 3};
    expected = "cannot be read";
  }
  world.open(grace, world.id);
  world.instead(forged);
  CHECK(texts(grace) == Texts{"one"});
  CHECK(world.says(grace, expected) == 1);
  CHECK(grace.view().room->name == "Plans");
  CHECK(world.row(grace).unread == 1);  // "one", which nobody has looked at
  CHECK(world.row(grace).mentions == 0);
  CHECK(world.row(grace).preview == "Ada: one");
  const auto& item = *std::ranges::find_if(grace.view().room->items, [](const auto& one_item) {
    return std::holds_alternative<MessageView>(one_item);
  });
  CHECK(std::get<MessageView>(item).reactions.empty());
  CHECK_FALSE(std::get<MessageView>(item).edited);
  // What is true afterwards is there, and what was put aside for the lie is missed.
  world.say(*world.ada, "three");
  CHECK(texts(grace) == Texts{"one", "three"});
  CHECK(world.says(grace, "A message or change from Ada is missing here") == 1);
  CHECK(grace.view().room->encryption.protection == Protection::kEncrypted);
  // The same after a restart, from the device's own store.
  world.run_for(seconds(2));
  grace.crash();
  grace.boot();
  CHECK(texts(grace) == Texts{"one", "three"});
  CHECK(world.lines(grace).size() >= 2);
  CHECK(world.says(grace, "It is not shown") + world.says(grace, "shown once") == 1);
  CHECK(world.says(grace, "A message or change from Ada is missing here") == 1);
}

TEST_CASE("messages that are dropped are missed where they were") {
  Hostile world;
  SimClient& grace = *world.grace;
  for (int i = 0; i < 2; ++i) {
    world.show(world.head().next(), harmless(world.logged(world.head())));
    world.say(*world.ada, "dropped");
  }
  CHECK(world.says(grace, "missing") == 0);  // nobody can know yet
  world.say(*world.ada, "four");
  CHECK(texts(grace) == Texts{"one", "four"});
  CHECK(world.says(grace, "2 messages or changes from Ada are missing here") == 1);
  const auto& items = grace.view().room->items;
  const auto* line = std::get_if<client::SystemLineView>(&items.at(items.size() - 2));
  REQUIRE(line);
  CHECK(line->text.find("missing") != std::string::npos);
  world.say(*world.ada, "five");
  world.say(grace, "I see");
  CHECK(texts(grace) == Texts{"one", "four", "five", "I see"});
  CHECK(world.says(grace, "missing") == 1);
  CHECK(texts(*world.ada) == Texts{"one", "dropped", "dropped", "four", "five", "I see"});
  CHECK(world.says(*world.ada, "missing") == 0);
}

TEST_CASE("nothing is called missing that was only not here yet") {
  Hostile world;
  SimClient& grace = *world.grace;
  world.run_for(seconds(2));
  grace.crash();
  for (int i = 0; i < 60; ++i) world.ada->say(world.id, "text " + std::to_string(i));
  world.run_for(seconds(60));
  grace.boot();  // is told the last one first
  world.run_for(seconds(20));
  CHECK(texts(grace) == texts(*world.ada));
  CHECK(texts(grace).size() > 50);
  CHECK(world.says(grace, "missing") == 0);
  CHECK(world.says(grace, "order") == 0);
}

TEST_CASE("messages in another order than they were written are said to be") {
  Hostile world;
  SimClient& grace = *world.grace;
  world.run_for(seconds(2));
  grace.crash();
  world.say(*world.ada, "two");
  const Seq second = world.head();
  world.say(*world.ada, "three");
  const Seq third = world.head();
  world.show(second, world.logged(third));
  world.show(third, world.logged(second));
  SECTION("fetched later") {
    grace.boot();
    world.run_for(seconds(10));
  }
  SECTION("nothing is shown before") {
    grace.boot();
    world.run_for(seconds(2));
    world.say(grace, "hm");
  }
  const auto seen = texts(grace);
  CAPTURE(world.lines(grace));
  REQUIRE(seen.size() >= 3);
  CHECK(Texts(seen.begin(), seen.begin() + 3) == Texts{"one", "three", "two"});
  CHECK(world.says(grace, "changed the order") == 1);
  CHECK(world.says(grace, "missing") == 0);
  world.say(*world.ada, "four");
  CHECK(texts(grace).back() == "four");
}

TEST_CASE("two members who are shown different histories both miss something") {
  Hostile world;
  SimClient& grace = *world.grace;
  SimClient& edsger = world.person("Edsger");
  world.ada->core().invite_member(world.now(), world.id, edsger.view().self.user);
  world.ada->drain();
  world.run_for(seconds(10));
  world.open(edsger, world.id);
  world.say(*world.ada, "begin");
  // To each of the two the other's part of the conversation is not shown.
  world.show(world.head().next(), harmless(world.logged(world.head())));
  world.say(*world.ada, "only for Edsger");
  const Seq hidden = world.head().next();
  edsger.lie = [&](wire::ServerFrame& frame) {
    for_events(frame, world.id, [&](wire::Event& event) {
      if (event.seq == hidden) event = harmless(event);
    });
    return true;
  };
  world.say(*world.ada, "only for Grace");
  world.say(*world.ada, "for both");
  CHECK(texts(grace) == Texts{"one", "begin", "only for Grace", "for both"});
  CHECK(texts(edsger) == Texts{"one", "begin", "only for Edsger", "for both"});
  CHECK(world.says(grace, "A message or change from Ada is missing here") == 1);
  CHECK(world.says(edsger, "A message or change from Ada is missing here") == 1);
}

TEST_CASE(
    "who was shown another message in a place than the others hears of it from the next one") {
  Hostile world;
  SimClient &ada = *world.ada, &grace = *world.grace;
  SimClient& edsger = world.person("Edsger");
  ada.core().invite_member(world.now(), world.id, edsger.view().self.user);
  ada.drain();
  world.run_for(seconds(10));
  world.open(edsger, world.id);
  world.run_for(seconds(2));
  edsger.crash();

  // The server takes Ada's message and says that it did not, until she has sealed it again for
  // another epoch: two texts of hers for one place.
  const Seq place = world.head().next();
  std::optional<std::uint64_t> epoch;
  Bytes again;
  ada.overhear = [&](const wire::Command& command) {
    const auto* post = std::get_if<wire::Post>(&command);
    const auto body = wire::decode<wire::SealedBody>(post ? ByteView(post->body) : ByteView());
    if (!body || !again.empty()) return;
    if (!epoch) epoch = body->epoch;
    if (body->epoch > *epoch) again = post->body;
  };
  ada.lie = [&](wire::ServerFrame& frame) {
    auto* answer = std::get_if<wire::ResponseFrame>(&frame);
    const auto* posted = answer ? std::get_if<wire::Posted>(&answer->response) : nullptr;
    if (posted && posted->seq == place && again.empty()) {
      frame = wire::ErrorFrame{answer->request,
                               {static_cast<std::uint16_t>(ErrorCode::kConflict), {}, 0, {}}};
      return true;
    }
    for_events(frame, world.id, [&](wire::Event& event) {
      if (event.seq != place) return;
      if (again.empty()) event = harmless(event);
      if (!again.empty()) event.body = again;
    });
    return true;
  };
  world.say(ada, "two");
  REQUIRE(world.logged(place).kind == wire::EventKind::kSealed);
  world.link(grace, "Grace's phone");
  world.run_for(seconds(20));
  REQUIRE_FALSE(again.empty());
  edsger.lie = ada.lie;
  edsger.boot();
  world.run_for(seconds(10));
  world.say(ada, "three");
  CHECK(texts(grace) == Texts{"one", "two"});
  CHECK(texts(edsger) == Texts{"one", "two", "three"});
  CHECK(world.says(grace, "contradicts what this device has of Ada") == 1);
  CHECK(world.says(edsger, "contradicts") == 0);
  world.say(ada, "four");
  CHECK(texts(grace) == Texts{"one", "two", "four"});
  CHECK(texts(edsger) == Texts{"one", "two", "three", "four"});
}

TEST_CASE("a private room stays private whatever the server calls it") {
  Hostile world;
  SimClient& ada = *world.ada;
  ada.lie = [&](wire::ServerFrame& frame) {
    auto* answer = std::get_if<wire::ResponseFrame>(&frame);
    auto* welcome = answer ? std::get_if<wire::Welcome>(&answer->response) : nullptr;
    if (!welcome) return true;
    for (wire::RoomSummary& summary : welcome->rooms) {
      summary.settings.kind = wire::RoomKind::kOpen;
      summary.settings.name = "Plans";
    }
    return true;
  };
  SECTION("over a lost connection") { ada.cut(); }
  SECTION("over a restart") {
    world.run_for(seconds(2));
    ada.crash();
    ada.boot();
  }
  world.run_for(seconds(20));
  world.say(ada, "our secret");
  CHECK(ada.view().room->settings.kind == wire::RoomKind::kPrivate);
  CHECK(ada.view().room->encryption.protection == Protection::kEncrypted);
  CHECK(world.says(ada, "It is private and stays so") == 1);
  CHECK(texts(*world.grace) == Texts{"one", "our secret"});
  for (const wire::Event& event : world.server().log(world.id)) {
    CHECK(as_text(event.body).find("our secret") == std::string_view::npos);
  }
}

TEST_CASE("a device that its user does not list stops the room, and is named") {
  Hostile world;
  SimClient &ada = *world.ada, &grace = *world.grace;
  Hostile::freeze(ada, world.identity_of(grace.view().self.user));
  world.link(grace, "the ghost");
  CHECK(world.says(ada, "claims to belong to Grace") == 1);
  CHECK(ada.view().room->encryption.protection == Protection::kAttention);
  CHECK(world.row(ada).protection == Protection::kAttention);
  CHECK_FALSE(ada.view().room->encryption.attention.empty());
  world.say(ada, "not for that one");
  CHECK(world.waiting(ada).find("does not belong") != std::string::npos);
  CHECK(texts(grace) == Texts{"one"});
  // The list is Grace's after all: everything goes on.
  ada.lie = nullptr;
  world.look(ada, grace);
  world.run_for(seconds(10));
  CHECK(ada.view().room->encryption.protection == Protection::kEncrypted);
  CHECK(texts(grace) == Texts{"one", "not for that one"});
}

TEST_CASE("an old device list is not taken, and told of") {
  Hostile world;
  SimClient &ada = *world.ada, &grace = *world.grace;
  const wire::Identity old_list = world.identity_of(grace.view().self.user);
  world.link(grace, "Grace's phone");
  world.look(ada, grace);
  Hostile::freeze(ada, old_list);
  world.look(ada, grace);
  CHECK(world.toasted(ada, "an older list of the devices of Grace"));
  CHECK(world.says(ada, "an older list of the devices of Grace") == 1);
  CHECK(ada.view().room->encryption.protection == Protection::kEncrypted);
  world.say(ada, "still us");
  CHECK(texts(grace) == Texts{"one", "still us"});
}

TEST_CASE("a device list that contradicts the one before is not taken, and told of") {
  Hostile world;
  SimClient &ada = *world.ada, &grace = *world.grace;
  world.look(ada, grace);
  wire::Identity other = world.identity_of(grace.view().self.user);
  other.list.back() ^= 1;  // the same version, and not what Grace signed
  Hostile::freeze(ada, other);
  world.look(ada, grace);
  CHECK(world.toasted(ada, "the devices of Grace that contradicts an earlier one"));
  CHECK(world.says(ada, "the devices of Grace that contradicts an earlier one") == 1);
  CHECK(ada.view().room->encryption.protection == Protection::kEncrypted);
  world.say(ada, "still us");
  CHECK(texts(grace) == Texts{"one", "still us"});
}

TEST_CASE("a server that shows somebody another key as their own is told of") {
  Hostile world;
  SimClient& ada = *world.ada;
  const UserId user = ada.view().self.user;
  SeededRng rng(78);
  const auto list =
      identity::make_first(crypto::SigningKey::generate(rng), user,
                           {{ada.view().self.device, crypto::SigningKey::generate(rng).public_key(),
                             crypto::KemKeyPair::generate(rng).public_key, world.now().wall}});
  REQUIRE(list.ok());
  const bool restarts = GENERATE(false, true);
  Hostile::freeze(ada, {user, list->version, list->encode()});
  if (restarts) {
    ada.crash();
    ada.boot();
  } else {
    ada.cut();
  }
  world.run_for(seconds(20));
  CHECK(world.says(ada, "Your account was started afresh, with new keys") == 1);
  CHECK(ada.view().keys.state == client::AccountKeys::kRevoked);
  CHECK(ada.view().keys.text.find("somebody else can sign in as you") != std::string::npos);
}

TEST_CASE("a commit that is kept back is waited for, then missed") {
  Hostile world;
  SimClient &ada = *world.ada, &grace = *world.grace;
  const std::uint64_t epoch = grace.view().room->encryption.epoch;
  bool answers = false;
  grace.lie = [&](wire::ServerFrame& frame) {
    auto* answer = std::get_if<wire::ResponseFrame>(&frame);
    if (auto* commits = answer ? std::get_if<wire::Commits>(&answer->response) : nullptr) {
      commits->events.clear();
      commits->epoch = epoch;
      return answers;
    }
    for_events(frame, world.id, [&](wire::Event& event) {
      if (event.kind == wire::EventKind::kCommit) event = harmless(event);
    });
    return true;
  };
  SimClient& edsger = world.person("Edsger");
  ada.core().invite_member(world.now(), world.id, edsger.view().self.user);
  ada.drain();
  world.run_for(seconds(8));
  world.say(ada, "among three");
  CHECK(texts(grace) == Texts{"one", "?"});
  CHECK(grace.view().room->encryption.waiting.find("catching up") != std::string::npos);
  world.say(grace, "anybody?");
  CHECK(world.waiting(grace).find("catching up") != std::string::npos);
  CHECK(world.says(grace, "denies changes") == 0);

  answers = true;
  grace.cut();
  world.run_for(seconds(20));
  CHECK(world.says(grace, "denies changes") == 1);
  // When the server tells the truth again, nothing is lost.
  grace.lie = nullptr;
  world.say(ada, "still among three");
  world.run_for(seconds(60));
  const auto seen = texts(grace);
  CHECK(std::ranges::find(seen, "?") == seen.end());
  CHECK(std::ranges::count(seen, "among three") == 1);
  CHECK(std::ranges::count(seen, "anybody?") == 1);
  CHECK(grace.view().room->encryption.waiting.empty());
}

TEST_CASE("another account key is shown in the room, and of a verified person nothing is sent to") {
  Hostile world;
  SimClient &ada = *world.ada, &grace = *world.grace;
  const UserId user = grace.view().self.user;
  const bool verified = GENERATE(true, false);
  world.look(ada, grace);
  if (verified) ada.core().accept_identity(world.now(), user, true);
  ada.drain();
  world.run_for(seconds(1));
  SeededRng rng(77);
  const auto account = crypto::SigningKey::generate(rng);
  const auto list = identity::make_first(
      account, user,
      {{grace.view().self.device, crypto::SigningKey::generate(rng).public_key(),
        crypto::KemKeyPair::generate(rng).public_key, world.now().wall}});
  REQUIRE(list.ok());
  Hostile::freeze(ada, {user, list->version, list->encode()});
  world.look(ada, grace);
  CHECK(world.says(ada, "The identity of Grace has changed") == 1);
  CHECK(ada.view().identity->state == (verified ? IdentityState::kChanged : IdentityState::kNew));
  CHECK(ada.view().room->encryption.protection == Protection::kAttention);
  world.say(ada, "is it you?");
  // Her devices in the group are not of the new key: nobody gets it.
  CHECK(texts(grace) == Texts{"one"});
  CHECK(world.waiting(ada) != "nothing waits");
  ada.lie = nullptr;
  world.look(ada, grace);
  if (verified) {
    CHECK(ada.view().identity->state == IdentityState::kChanged);
    CHECK(world.waiting(ada).find("has changed") != std::string::npos);
    ada.core().accept_identity(world.now(), user, false);
    ada.drain();
  }
  world.run_for(seconds(10));
  CHECK(ada.view().room->encryption.protection == Protection::kEncrypted);
  CHECK(texts(grace) == Texts{"one", "is it you?"});
}

TEST_CASE("a device that lost its keys asks for recovery and makes no identity of its own") {
  Hostile world;
  SimClient& grace = *world.grace;
  const UserId user = grace.view().self.user;
  const wire::Identity before = world.identity_of(user);
  world.run_for(seconds(2));
  grace.crash();
  SECTION("the keys alone") {
    std::erase_if(grace.store, [](const auto& entry) { return entry.first.starts_with("e2ee/"); });
    grace.boot();
    world.run_for(seconds(10));
    CHECK(grace.view().screen == client::Screen::kMain);
    CHECK(grace.view().keys.state == client::AccountKeys::kLocked);
    CHECK(grace.view().keys.text.find("recovery words") != std::string::npos);
  }
  SECTION("everything") {
    grace.store.clear();
    grace.boot();
    world.run_for(seconds(10));
    CHECK(grace.view().screen == client::Screen::kLogin);
  }
  CHECK(world.identity_of(user) == before);
}

}  // namespace
}  // namespace parley::sim
