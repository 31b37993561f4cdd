// Client cores and a server in one process and in virtual time, in all kinds of weather.
//
// Whatever links, server and processes do, once they are calm again: every acknowledged message,
// and every message that was on its author's disk, is in the log exactly once; the messages of one
// author are there in the order in which they were written; and all clients show the log, folded.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <cstdlib>
#include <set>

#include "tests/sim/world.hpp"

namespace parley::sim {
namespace {

using client::MessageView;

struct Shown {
  Seq seq;
  std::string content;
  bool edited = false;
  bool deleted = false;
  std::map<std::string, std::uint32_t> reactions;
  bool operator==(const Shown&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Shown& shown) {
  out << '#' << shown.seq.value << ' ' << shown.content << (shown.edited ? " (edited)" : "")
      << (shown.deleted ? " (deleted)" : "");
  for (const auto& [emoji, count] : shown.reactions) out << ' ' << emoji << 'x' << count;
  return out;
}

std::vector<Shown> shown_by(SimClient& client) {
  std::vector<Shown> out;
  if (!client.view().room) return out;
  for (const auto& item : client.view().room->items) {
    const auto* message = std::get_if<MessageView>(&item);
    if (!message) continue;
    Shown shown{message->seq, message->content, message->edited, message->deleted, {}};
    CHECK(message->unreadable == "");
    for (const auto& reaction : message->reactions)
      shown.reactions[reaction.emoji] = reaction.count;
    out.push_back(std::move(shown));
  }
  return out;
}

// The fold in its plainest form: play the log from the start.
std::vector<Shown> fold(const std::vector<wire::Event>& log) {
  std::map<std::uint64_t, Shown> messages;
  std::map<std::uint64_t, UserId> authors;
  std::map<std::uint64_t, std::map<std::string, std::set<UserId>>> reactions;
  for (const wire::Event& event : log) {
    const auto body = wire::decode_body(event.kind, event.body);
    REQUIRE(body);
    if (const auto* message = std::get_if<wire::Message>(&*body)) {
      messages[event.seq.value] = {event.seq, message->content, false, false, {}};
      authors[event.seq.value] = event.sender;
    } else if (const auto* edit = std::get_if<wire::Edit>(&*body)) {
      if (authors[edit->target.value] != event.sender) continue;
      messages[edit->target.value].content = edit->content;
      messages[edit->target.value].edited = true;
    } else if (const auto* gone = std::get_if<wire::Deletion>(&*body)) {
      messages[gone->target.value].deleted = true;
    } else if (const auto* reaction = std::get_if<wire::Reaction>(&*body)) {
      auto& users = reactions[reaction->target.value][reaction->emoji];
      if (reaction->on)
        users.insert(event.sender);
      else
        users.erase(event.sender);
    }
  }
  std::vector<Shown> out;
  for (auto& [seq, shown] : messages) {
    if (shown.deleted) {
      shown = {shown.seq, {}, false, true, {}};
    } else {
      for (const auto& [emoji, users] : reactions[seq]) {
        if (!users.empty()) shown.reactions[emoji] = static_cast<std::uint32_t>(users.size());
      }
    }
    out.push_back(shown);
  }
  return out;
}

std::uint64_t base_seed() {
  const char* given = std::getenv("PARLEY_SIM_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 20'250'101;
}

class Scenario {
 public:
  // `sealed`: in a private room, where only clients can tell what is in the log.
  Scenario(std::uint64_t seed, World::MakeServer make, int people, bool is_sealed = false)
      : world(seed, make), sealed(is_sealed) {
    world.private_rooms = sealed;
    for (int i = 0; i < people; ++i) world.add_client("Person " + std::to_string(i));
    for (auto& client : world.clients()) {
      for (int tries = 0; tries < 20 && client->view().screen != client::Screen::kMain; ++tries) {
        client->core().sign_in_guest(world.now(), client->name);
        client->drain();
        world.run_for(seconds(3));
      }
      REQUIRE(client->view().screen == client::Screen::kMain);
    }
    SimClient& first = *world.clients().front();
    if (sealed) {
      std::vector<UserId> others;
      for (auto& client : world.clients()) others.push_back(client->view().self.user);
      others.erase(others.begin());
      first.core().create_private_room(world.now(), "General", "", others,
                                       wire::HistoryAccess::kAll);
    } else {
      first.core().create_room(world.now(), "General", "", wire::RoomAccess::kPublic);
    }
    first.drain();
    world.run_for(seconds(sealed ? 10 : 2));
    REQUIRE(first.view().room.has_value());
    room = first.view().room->room_id;
    for (auto& client : world.clients()) {
      if (sealed) {
        client->core().open_room(world.now(), room);
      } else {
        client->core().join_room(world.now(), room);
      }
      client->drain();
      world.run_for(seconds(2));
      REQUIRE(client->view().room.has_value());
    }
  }

  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(world.rng().below(count)); }

  SimClient& anybody() { return *world.clients()[pick(world.clients().size())]; }

  // A seq of a message that the client shows; 0 when it shows none.
  Seq some_message(SimClient& client, bool mine) {
    std::vector<Seq> seqs;
    for (const auto& item : client.view().room->items) {
      const auto* message = std::get_if<MessageView>(&item);
      if (message && message->seq.value != 0 && !message->deleted && (!mine || message->mine)) {
        seqs.push_back(message->seq);
      }
    }
    return seqs.empty() ? Seq{} : seqs[pick(seqs.size())];
  }

  void act() {
    SimClient& client = anybody();
    if (!client.running()) return client.boot();
    const Now now = world.now();
    const std::uint64_t dice = world.rng().below(100);
    if (dice < 50 || !client.view().room) {
      client.say(room, "text " + std::to_string(++texts));
    } else if (dice < 60) {
      const Seq seq = some_message(client, false);
      const char* emoji[] = {"+", "-", "!"};
      client.core().toggle_reaction(now, seq, emoji[pick(3)]);
    } else if (dice < 66) {
      client.core().start_edit(now, some_message(client, true));
      if (client.view().composer.editing) {
        client.core().set_draft(now, "changed " + std::to_string(++texts));
        client.core().send_draft(now);
      }
    } else if (dice < 69) {
      client.core().delete_message(now, some_message(client, true));
    } else if (dice < 75) {
      client.core().mark_seen(now, client.view().room->head);
    } else if (dice < 79) {
      client.cut();
    } else if (dice < 82) {
      client.crash();
      return;
    } else if (dice < 84) {
      client.core().close_room(now);
    } else if (dice < 87) {
      client.core().load_older(now);
    } else if (dice < 88) {
      world.crash_server();
      return;
    } else if (dice < 90) {
      client.core().handle_network(now, world.chance(50));
    }
    if (client.running()) {
      client.drain();
      if (!client.view().room) {
        client.core().open_room(world.now(), room);
        client.drain();
      }
    }
  }

  void play(int actions, LinkWeather weather, std::uint64_t pause_ms) {
    world.set_weather(weather);
    world.server().set_failures(true);
    for (int i = 0; i < actions; ++i) {
      act();
      world.run_for(milliseconds(static_cast<std::int64_t>(world.rng().below(pause_ms))));
    }
  }

  void calm_down() {
    world.heal();
    for (auto& client : world.clients()) {
      if (!client->running()) client->boot();
      client->core().handle_network(world.now(), true);
      client->core().open_room(world.now(), room);
      client->drain();
    }
    world.run_for(seconds(120));
    // Datagram weather may have lost the very last event; a new connection tells of it.
    for (auto& client : world.clients()) client->cut();
    world.run_for(seconds(60));
    for (auto& client : world.clients()) {
      for (int i = 0; i < 200 && !client->view().room->at_start; ++i) {
        client->core().load_older(world.now());
        client->drain();
        world.run_for(milliseconds(500));
      }
      client->core().mark_seen(world.now(), client->view().room->head);
      client->drain();
    }
    world.run_for(seconds(5));
  }

  void check() {
    const auto log = world.server().log(room);
    std::map<ClientId, std::vector<Seq>> places;
    for (const wire::Event& event : log) {
      if (!event.client_id.is_nil()) places[event.client_id].push_back(event.seq);
    }
    for (const auto& [id, seqs] : places) CHECK(seqs.size() == 1);
    const auto truth = sealed ? shown_by(*world.clients().front()) : fold(log);
    if (sealed) {
      const auto counts = std::ranges::count_if(log, [](const wire::Event& event) {
        const auto body = wire::decode_body(event.kind, event.body);
        const auto* text = body ? std::get_if<wire::SealedBody>(&*body) : nullptr;
        return text && text->counts;
      });
      CHECK(truth.size() == static_cast<std::size_t>(counts));
    }
    for (auto& client : world.clients()) {
      const auto& link = client->view().connection;
      INFO(client->name << ", link " << static_cast<int>(link.state) << ": " << link.text);
      CHECK(client->faults == std::vector<std::string>{});
      CHECK(client->view().connection.waiting_messages == 0);
      for (const auto& [id, seq] : client->acknowledged) {
        REQUIRE(places.contains(id));
        CHECK(places[id].front() == seq);
      }
      for (const ClientId id : client->promised) CHECK(places.contains(id));
      Seq last;
      for (const ClientId id : client->said) {
        if (!places.contains(id)) continue;
        CHECK(places[id].front() > last);
        last = places[id].front();
      }
      CHECK(client->view().room->synced);
      CHECK(client->view().room->head == Seq{log.size()});
      CHECK(shown_by(*client) == truth);
      CHECK(client->view().total_unread == 0);
    }
  }

  World world;
  bool sealed;
  RoomId room;
  int texts = 0;
};

void run(std::uint64_t seed, World::MakeServer make, LinkWeather weather, int people,
         std::int64_t store_delay_ms, bool sealed = false) {
  INFO("PARLEY_SIM_SEED=" << seed);
  Scenario scenario(seed, make, people, sealed);
  for (auto& client : scenario.world.clients()) client->store_delay_ms = store_delay_ms;
  scenario.play(150, weather, 800);
  scenario.calm_down();
  scenario.check();
}

constexpr LinkWeather kStream{true, 400, 0, 0, 20};
constexpr LinkWeather kDatagrams{false, 400, 4, 4, 10};

}  // namespace

TEST_CASE("Streams that break lose nothing, double nothing and keep the order", "[sim]") {
  const auto seed = base_seed() + GENERATE(range(0u, 12u));
  run(seed, make_model_server, kStream, 2, 0);
}

TEST_CASE("Frames that are lost, doubled and reordered change nothing in the end", "[sim]") {
  const auto seed = base_seed() + 1000 + GENERATE(range(0u, 12u));
  run(seed, make_model_server, kDatagrams, 2, 0);
}

TEST_CASE("Five people, slow disks", "[sim]") {
  const auto seed = base_seed() + 2000 + GENERATE(range(0u, 6u));
  run(seed, make_model_server, kStream, 5, 60);
}

#if defined(PARLEY_SIM_APP)
TEST_CASE("The server's own use cases hold the same promises", "[sim]") {
  const auto seed = base_seed() + 3000 + GENERATE(range(0u, 8u));
  run(seed, make_app_server, kStream, 3, 20);
}
TEST_CASE("The server's own use cases over a link that reorders", "[sim]") {
  const auto seed = base_seed() + 4000 + GENERATE(range(0u, 6u));
  run(seed, make_app_server, kDatagrams, 2, 0);
}
TEST_CASE("Private rooms hold the same promises", "[sim]") {
  const auto seed = base_seed() + 5000 + GENERATE(range(0u, 4u));
  run(seed, make_app_server, kStream, 3, 20, true);
}
TEST_CASE("Private rooms over a link that loses, doubles and reorders", "[sim]") {
  const auto seed = base_seed() + 6000 + GENERATE(range(0u, 4u));
  run(seed, make_app_server, kDatagrams, 2, 0, true);
}
#endif

}  // namespace parley::sim
