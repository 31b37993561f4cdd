// Engines of several devices at a real server on the real store, in virtual time: what client/core
// does for an engine, without a face. Connections drop and devices restart wherever a test says so.
#pragma once

#include <deque>
#include <set>

#include "client/e2ee/engine.hpp"
#include "tests/app/harness.hpp"

namespace parley::testing {

class Device {
 public:
  Device(Server& server, std::string name, std::uint64_t seed);
  // A further device of somebody who has the recovery words.
  Device(Server& server, std::string name, std::uint64_t seed,
         const identity::RecoverySecret& secret);

  // Or a link code.
  Device(Server& server, std::string name, std::uint64_t seed, const crypto::Secret& token);

  // ---- life ----
  Now now() const { return server_.executor.now(); }
  // From what is on the disk. What was not stored is lost.
  void restart();
  void disconnect();
  void connect();
  bool connected() const { return session_ != nullptr; }

  // ---- one turn: true when something moved ----
  bool pump();

  // ---- messages ----
  void say(RoomId room, std::string text);
  std::size_t unsent() const;
  std::string describe_unsent() const;  // where, and what they wait for
  // Texts of the room in the order of the log; what cannot be read as "?" and the fault.
  std::vector<std::string> read(RoomId room);
  const std::map<Seq, e2ee::Opened>& opened(RoomId room) { return logs_[room].read; }
  const std::map<Seq, e2ee::OpenFault>& closed(RoomId room) { return logs_[room].closed; }
  const std::deque<wire::Event>& log(RoomId room) { return logs_[room].events; }
  // Long runs keep the newest only; one that comes into a room late begins there.
  void forget(RoomId room, std::size_t keep);
  std::optional<std::size_t> longest_past;  // events of a room that are fetched at most
  std::function<void(std::vector<std::pair<RoomId, wire::Event>>&)> change_events;  // a bad link

  UserId user() const { return session_info_.user.user_id; }
  DeviceId device() const { return session_info_.device_id; }
  bool ready() const { return engine->account() == e2ee::AccountState::kReady; }
  std::set<RoomId> rooms() const { return member_of_; }
  std::uint64_t epoch(RoomId room) const;
  void request(
      wire::Command command,
      std::function<void(const app::Reply&)> handler = [](const app::Reply&) {});
  std::map<std::string, Bytes>& disk() { return disk_; }
  // As a client does that starts anew: everything is opened again.
  void read_again(RoomId room);

  std::unique_ptr<e2ee::Engine> engine;
  std::vector<e2ee::Alert> alerts;
  std::vector<e2ee::Change> changes;
  std::optional<ErrorCode> refused;
  Bytes sent;  // everything that the engine and the outbox asked
  std::uint64_t requests = 0;
  bool lose_writes = false;
  // What a hostile server does: changes answers, keeps events back.
  std::function<void(wire::Response&)> change_response;
  std::function<void(wire::Notice&)> change_notice;
  std::function<bool(const wire::Event&)> withhold;
  std::function<void(wire::InboxItem&)> change_item;
  std::function<void(const wire::Command&)> overhear;  // what the engine asks

 private:
  struct Log {
    Seq before;                      // what comes up to here is not kept
    std::deque<wire::Event> events;  // from there on, dense
    std::map<Seq, e2ee::Opened> read;
    std::map<Seq, e2ee::OpenFault> closed;
    Seq head;
    bool fetching = false;
    MonoTime not_before;
  };
  struct Waiting {
    ClientId id;
    std::string text;
  };
  struct Outbox {
    std::deque<Waiting> waiting;
    bool under_way = false;
    MonoTime not_before;
    ErrorCode refused{};  // of the last one that was
    std::optional<e2ee::NotReady> cause;  // why the first one is not sealed
    std::optional<std::pair<std::uint64_t, Bytes>> sealed;  // waits for its batch
  };

  void start();
  void keep(const wire::Command& command);
  void ask(wire::Command command, std::function<void(const app::Reply&)> handler);
  void on_welcome(const wire::Welcome& welcome);
  void on_rooms(const std::vector<wire::RoomSummary>& rooms);
  void on_notice(wire::Notice notice);
  void on_event(RoomId room, const wire::Event& event);
  void open(RoomId room, Log& log, const wire::Event& event);
  bool fetch(RoomId room, Log& log);
  bool post(RoomId room, Outbox& box);
  void on_change(const e2ee::Change& change);

  Server& server_;
  std::string name_;
  SeededRng rng_;
  wire::Authenticate hello_;
  wire::Session session_info_;
  std::unique_ptr<TestPeer> peer_;
  std::unique_ptr<app::Session> session_;
  bool welcomed_ = false;
  wire::RequestId request_ = 0;
  std::map<wire::RequestId, std::function<void(const app::Reply&)>> waiting_;
  std::map<std::string, Bytes> disk_;
  std::uint64_t stored_ = 0;
  std::map<RoomId, Log> logs_;
  std::map<RoomId, Outbox> outbox_;
  std::set<RoomId> member_of_;
};

class World {
 public:
  explicit World(std::uint64_t seed = 1) : seed_(seed) {}
  ~World();

  // Signed in and ready.
  Device& add(const std::string& name);
  // Another device of the user of `first`.
  Device& link(Device& first, const std::string& name);
  // Another one of an account by its recovery words, in ten seconds; ready.
  Device& restore(const identity::RecoverySecret& words, std::uint64_t seed);
  // New words, when the server has them.
  identity::RecoverySecret recovery_of(Device& device);
  // Many devices of one user share its limits: some things take their time.
  void wait(const std::function<bool()>& done);

  // Somebody's new device, signed in with a link code and without keys.
  Device& arrive(const std::string& name, const std::string& code);

  // Until nobody has anything to do at this moment.
  void settle();
  void run(Duration by);
  std::vector<std::unique_ptr<Device>>& devices() { return devices_; }

  Server server{3};

 private:
  std::uint64_t seed_;
  std::vector<std::unique_ptr<Device>> devices_;
};

}  // namespace parley::testing
