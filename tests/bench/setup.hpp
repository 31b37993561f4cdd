// What the modes have in common: options, members, signing in, calls, rooms.
#pragma once

#include <chrono>
#include <optional>

#include "tests/bench/fleet.hpp"
#include "tests/bench/histogram.hpp"
#include "tests/bench/report.hpp"

namespace parley::bench {

struct Options {
  Endpoint server;
  std::size_t connections = 2000;
  std::size_t rooms = 500;
  std::size_t members = 4;
  std::size_t senders = 10;
  std::size_t window = 4;        // messages a sender keeps in flight
  std::size_t concurrency = 64;  // handshakes or calls under way at once
  std::size_t messages = 100'000;
  std::size_t missed = 100;
  std::size_t reads = 2000;
  std::size_t text_bytes = 128;
  double rate = 20;     // messages a second, quiet room
  double seconds = 10;  // measured
  double warmup = 2;
  double timeout = 60;  // for each step of the preparation
  double mark_interval = 1;  // a member's markers, seconds; 0: none
  int server_pid = 0;
  std::string disk_folder;  // where the server writes, to measure its flush
};

// One signed-in guest on one connection.
struct Member {
  Connection* connection = nullptr;
  UserId user;
  DeviceId device;
  std::string token;
  std::string sync_token;
  RoomId room;
  std::uint64_t head = 0;    // last event seen of `room`
  std::uint64_t marked = 0;  // last one told by Mark
};

using Members = std::vector<Member>;

// What stopped a mode: nothing, or a sentence for people.
using Problem = std::optional<std::string>;

// `count` more members on new connections (not yet open).
void add_members(Fleet& fleet, Members& members, std::size_t count);

// Opens and authenticates members[from..], `concurrency` at once: with their tokens if they have one,
// else as new guests. Latency is from connect() to the Welcome.
Problem sign_in(Fleet& fleet, Members& members, std::size_t from, const Options& options,
                Histogram* latency = nullptr,
                const std::function<void(Member&, const wire::Welcome&)>& on_welcome = {});

struct Call {
  Member* member = nullptr;
  wire::Command command;
};
// Sends all of them, `concurrency` at once, in order, and waits for the answers.
Problem call_all(Fleet& fleet, const std::vector<Call>& calls, const Options& options,
                 const std::function<void(std::size_t index, const wire::Response&)>& on_answer = {});

// `rooms` rooms; room i has members [i * each, (i + 1) * each). Sets Member::room and head.
Problem make_rooms(Fleet& fleet, Members& members, std::size_t rooms, std::size_t each,
                   const Options& options);

// One Post of a text that starts with the moment of its sending, built without the encoder.
class PostBuilder {
 public:
  explicit PostBuilder(std::size_t text_bytes);
  // Valid until the next call.
  ByteView build(wire::RequestId request, RoomId room, std::int64_t sent_ns);
  // The moment inside a Message body's content; nothing for other texts.
  static std::optional<std::int64_t> sent_at(std::string_view content);

 private:
  std::size_t text_bytes_;
  std::uint64_t serial_ = 0;
  std::uint64_t salt_;
  Bytes bytes_;
};

// Kind of a response, code of an error: the varint a payload starts with.
std::uint64_t leading_varint(ByteView payload);

// Members tell the server what they have, as clients do: every `interval` seconds when it moved.
class Marker {
 public:
  Marker(Members& members, double interval_s) : members_(members), interval_s_(interval_s) {}
  void tick(std::int64_t now_ns);
  std::uint64_t sent() const { return sent_; }

 private:
  Members& members_;
  double interval_s_;
  std::int64_t last_ns_ = 0;
  std::size_t next_ = 0;
  double due_ = 0;
  std::uint64_t sent_ = 0;
};

double rss_kib(int pid);
double cpu_seconds(int pid);
double own_cpu_seconds();
// Median and p99 of appending 4 KiB and fdatasync in `folder`.
void measure_flush(const std::string& folder, Histogram& out);

}  // namespace parley::bench
