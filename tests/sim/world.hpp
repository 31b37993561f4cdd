// A server, some clients, and what is between them, in virtual time.
//
// A link delays, and as a stream (what a WebSocket is) keeps order and loses only what is under way
// when it is cut; as a datagram link it also loses, doubles and reorders single frames, which is
// worse than any transport of the product and what the cursors are for.
#pragma once

#include <map>
#include <set>

#include "client/core/client.hpp"
#include "tests/sim/server.hpp"

namespace parley::sim {

struct LinkWeather {
  bool ordered = true;
  std::int64_t longest_delay_ms = 200;
  std::uint64_t lose_percent = 0;
  std::uint64_t double_percent = 0;
  std::uint64_t refuse_percent = 0;  // connections that do not come about
};

class World;

// A client core with a platform: a link, a local store, and notes of what it was told.
class SimClient {
 public:
  SimClient(World& world, std::string name, std::uint64_t seed);

  client::Client& core() { return *core_; }
  const client::AppView& view() { return core_->view(); }
  void drain();  // after every call of the core
  void crash();  // the process is gone; the store keeps what it has
  void boot();   // a new process over the same store
  void cut();    // the link breaks
  bool running() const { return core_ != nullptr; }

  // What comes from the server, before the client sees it: to be changed at will; false: withheld.
  std::function<bool(wire::ServerFrame&)> lie;
  std::function<void(const wire::Command&)> overhear;  // what goes to the server

  // Sends a text; remembered as promised when its outbox entry is in the store.
  void say(RoomId room, const std::string& text);

  std::string name;
  std::map<std::string, Bytes> store;
  std::int64_t store_delay_ms = 0;                   // writes that are slower than a crash are lost
  std::vector<ClientId> said;                        // in order
  std::set<ClientId> promised;                       // was in the store once
  std::map<ClientId, Seq> acknowledged;              // over all processes
  std::set<ClientId> acknowledged_here;              // by this one
  std::map<RoomId, std::vector<Seq>> heard;          // EventArrived of this process
  std::map<RoomId, std::vector<std::string>> notes;  // NoteAdded of this process
  std::vector<std::string> faults;                   // broken promises seen on the way
  std::map<std::uint64_t, Result<wire::Response>> answers;  // by token

 private:
  friend class World;
  void perform(client::Effect effect);
  void store_write(const client::WriteStore& write);
  bool tampered(Bytes& bytes);

  World& world_;
  SeededRng rng_;
  std::unique_ptr<client::Client> core_;
  std::uint64_t process_ = 0;  // tells late events of a dead process apart
  std::uint32_t attempt_ = 0;
  ConnectionId connection_ = 0;
  MonoTime last_up_, last_down_;  // of an ordered link: nothing overtakes
};

class World {
 public:
  using MakeServer = std::unique_ptr<Server> (*)(std::uint64_t, Now);
  World(std::uint64_t seed, MakeServer make);  // in good weather

  SimClient& add_client(const std::string& name);
  void run_for(Duration time);
  void crash_server();
  void set_weather(LinkWeather weather) { weather_ = weather; }
  void heal();  // good weather and no made-up failures from now on

  bool private_rooms = false;  // of the clients made from now on

  Now now() const { return now_; }
  Server& server() { return *server_; }
  SeededRng& rng() { return rng_; }
  std::vector<std::unique_ptr<SimClient>>& clients() { return clients_; }
  bool chance(std::uint64_t percent) { return rng_.below(100) < percent; }

  void after(std::int64_t ms, std::function<void()> what);
  void open(SimClient& client, std::uint32_t attempt);
  void up(SimClient& client, std::uint32_t attempt, Bytes bytes);
  void close(SimClient& client);

 private:
  void set_time(MonoTime to);
  void carry(MonoTime& last, std::function<void()> what);

  Now now_{MonoTime{1'000'000}, Timestamp{1'750'000'000'000}};
  SeededRng rng_;
  LinkWeather weather_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::multimap<MonoTime, std::function<void()>> queue_;
};

}  // namespace parley::sim
