#include "tests/bench/setup.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <unordered_map>

namespace parley::bench {
namespace {

constexpr std::size_t kStampDigits = 16;

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  if (getrandom(&value, sizeof value, 0) != sizeof value) value = 0x9e3779b97f4a7c15ull;
  return value;
}

Timestamp wall_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

class SystemRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    if (getrandom(out.data(), out.size(), 0) < 0) std::abort();
  }
};

std::string describe(const wire::ErrorReply& error) {
  std::string text = std::string(error_info(error.code).name) + " (" + error.detail + ")";
  if (error.code == static_cast<std::uint16_t>(ErrorCode::kRateLimited) ||
      error.code == static_cast<std::uint16_t>(ErrorCode::kQuotaReached)) {
    text += ": raise the server's limits, as tests/bench/run does";
  }
  return text;
}

// Keeps `concurrency` connections between connect() and Welcome until all are in.
class SignIn final : public Sink {
 public:
  SignIn(Members& members, std::size_t from, const Options& options, Histogram* latency,
         const std::function<void(Member&, const wire::Welcome&)>& on_welcome)
      : members_(members), options_(options), latency_(latency), on_welcome_(on_welcome),
        first_(from), next_(from), started_ns_(members.size() - from) {}

  void start_more() {
    while (!problem && under_way_ < options_.concurrency && next_ < members_.size()) {
      started_ns_[next_ - first_] = monotonic_ns();
      ++under_way_;
      members_[next_++].connection->connect();
    }
  }
  void on_tick(std::int64_t) override { start_more(); }

  void on_open(Connection& connection) override {
    const Member& member = member_of(connection);
    wire::Authenticate hello;
    hello.token = member.token;
    if (member.token.empty()) hello.guest_name = "Bench " + std::to_string(connection.index());
    hello.device_id = member.device;
    hello.device_name = "parley-bench";
    hello.sync_token = member.sync_token;
    connection.command(wire::Command{std::move(hello)});
  }

  void on_frame(Connection& connection, const Frame& frame) override {
    auto decoded = wire::decode_server_frame(frame.whole);
    if (!decoded) {
      problem = "unreadable frame while signing in: " + decoded.error().detail;
      return;
    }
    if (const auto* error = std::get_if<wire::ErrorFrame>(&*decoded)) {
      problem = "signing in: " + describe(error->error);
      return;
    }
    auto* response = std::get_if<wire::ResponseFrame>(&*decoded);
    if (response == nullptr) return;
    const auto* welcome = std::get_if<wire::Welcome>(&response->response);
    if (welcome == nullptr) return;
    Member& member = member_of(connection);
    if (latency_ != nullptr) {
      latency_->record(monotonic_ns() - started_ns_[connection.index() - first_]);
    }
    member.user = welcome->session.user.user_id;
    member.device = welcome->session.device_id;
    member.token = welcome->session.token;
    member.sync_token = welcome->sync_token;
    if (on_welcome_) on_welcome_(member, *welcome);
    --under_way_;
    ++done;
    start_more();
  }

  void on_closed(Connection& connection, const std::string& why) override {
    problem = "connection " + std::to_string(connection.index()) + ": " + why;
  }

  std::size_t done = 0;
  Problem problem;

 private:
  Member& member_of(const Connection& connection) { return members_[connection.index()]; }

  Members& members_;
  const Options& options_;
  Histogram* latency_;
  const std::function<void(Member&, const wire::Welcome&)>& on_welcome_;
  std::size_t first_;
  std::size_t next_;
  std::size_t under_way_ = 0;
  std::vector<std::int64_t> started_ns_;
};

class Caller final : public Sink {
 public:
  Caller(const std::vector<Call>& calls, const Options& options,
         const std::function<void(std::size_t, const wire::Response&)>& on_answer)
      : calls_(calls), options_(options), on_answer_(on_answer) {}

  void on_tick(std::int64_t) override { send_more(); }
  void on_frame(Connection& connection, const Frame& frame) override {
    const auto found = waiting_.find(key(connection, frame.request));
    if (found == waiting_.end()) return;
    auto decoded = wire::decode_server_frame(frame.whole);
    if (!decoded) {
      problem = "unreadable answer: " + decoded.error().detail;
    } else if (const auto* error = std::get_if<wire::ErrorFrame>(&*decoded)) {
      problem = "preparing: " + describe(error->error);
    } else if (const auto* response = std::get_if<wire::ResponseFrame>(&*decoded)) {
      if (on_answer_) on_answer_(found->second, response->response);
    }
    waiting_.erase(found);
    ++done;
    send_more();
  }
  void on_closed(Connection& connection, const std::string& why) override {
    problem = "connection " + std::to_string(connection.index()) + ": " + why;
  }

  std::size_t done = 0;
  Problem problem;

 private:
  static std::uint64_t key(const Connection& connection, wire::RequestId request) {
    return static_cast<std::uint64_t>(connection.index()) << 40 | request;
  }
  void send_more() {
    while (!problem && next_ < calls_.size() && waiting_.size() < options_.concurrency) {
      Connection& connection = *calls_[next_].member->connection;
      waiting_[key(connection, connection.command(calls_[next_].command))] = next_;
      ++next_;
    }
  }

  const std::vector<Call>& calls_;
  const Options& options_;
  const std::function<void(std::size_t, const wire::Response&)>& on_answer_;
  std::size_t next_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> waiting_;
};

}  // namespace

void add_members(Fleet& fleet, Members& members, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) members.emplace_back().connection = &fleet.add();
}

Problem sign_in(Fleet& fleet, Members& members, std::size_t from, const Options& options,
                Histogram* latency,
                const std::function<void(Member&, const wire::Welcome&)>& on_welcome) {
  SignIn sink(members, from, options, latency, on_welcome);
  const std::size_t wanted = members.size() - from;
  const bool finished = fleet.run(
      sink, [&] { return sink.problem || sink.done == wanted; }, options.timeout);
  if (sink.problem) return sink.problem;
  if (!finished) {
    return "signing in took longer than --timeout: " + std::to_string(sink.done) + " of " +
           std::to_string(wanted) + " done";
  }
  return std::nullopt;
}

Problem call_all(Fleet& fleet, const std::vector<Call>& calls, const Options& options,
                 const std::function<void(std::size_t, const wire::Response&)>& on_answer) {
  Caller sink(calls, options, on_answer);
  const bool finished = fleet.run(
      sink, [&] { return sink.problem || sink.done == calls.size(); }, options.timeout);
  if (sink.problem) return sink.problem;
  if (!finished) {
    return "preparing took longer than --timeout: " + std::to_string(sink.done) + " of " +
           std::to_string(calls.size()) + " calls done";
  }
  return std::nullopt;
}

Problem make_rooms(Fleet& fleet, Members& members, std::size_t rooms, std::size_t each,
                   const Options& options) {
  SystemRng rng;
  std::vector<Call> creates;
  for (std::size_t i = 0; i < rooms; ++i) {
    wire::CreateRoom create;
    create.client_id = ClientId::make(wall_now(), rng);
    create.name = "Bench room " + std::to_string(i);
    creates.push_back({&members[i * each], wire::Command{create}});
  }
  const auto entered = [](Member& member, const wire::Response& answer) {
    const auto* state = std::get_if<wire::RoomState>(&answer);
    if (state == nullptr) return;
    member.room = state->room.room_id;
  };
  auto problem = call_all(fleet, creates, options, [&](std::size_t i, const wire::Response& answer) {
    entered(members[i * each], answer);
  });
  if (problem) return problem;

  std::vector<Call> joins;
  for (std::size_t i = 0; i < rooms; ++i) {
    for (std::size_t m = 1; m < each; ++m) {
      wire::JoinRoom join;
      join.room_id = members[i * each].room;
      joins.push_back({&members[i * each + m], wire::Command{join}});
    }
  }
  problem = call_all(fleet, joins, options, [&](std::size_t i, const wire::Response& answer) {
    entered(*joins[i].member, answer);
  });
  if (problem) return problem;
  for (const Member& member : members) {
    if (member.room.is_nil()) return "a room was not entered: the server answered something else";
  }
  // Let the memberships' fan-out pass before anything is measured.
  Sink quiet;
  fleet.run(quiet, [] { return false; }, 0.5);
  return std::nullopt;
}

PostBuilder::PostBuilder(std::size_t text_bytes)
    : text_bytes_(std::max(text_bytes, kStampDigits + 2)), salt_(random_u64()) {}

ByteView PostBuilder::build(wire::RequestId request, RoomId room, std::int64_t sent_ns) {
  bytes_.clear();
  wire::BinaryWriter writer(bytes_);
  bytes_.push_back(wire::kProtocolVersion);
  bytes_.push_back(static_cast<std::uint8_t>(wire::FrameType::kCommand));
  writer.write_varint(request);
  writer.write_varint(wire::Post::kKind);
  writer.write_raw(room.view());
  const std::uint64_t id[2] = {salt_, ++serial_};
  writer.write_raw({reinterpret_cast<const std::uint8_t*>(id), sizeof id});
  writer.write_varint(static_cast<std::uint64_t>(wire::EventKind::kMessage));

  // Message: type, content, reply_to, mentions.
  const std::size_t length_size = text_bytes_ < 128 ? 1 : 2;
  writer.write_varint(1 + length_size + text_bytes_ + 1 + 1);
  bytes_.push_back(0);
  writer.write_varint(text_bytes_);
  const std::size_t at = bytes_.size();
  bytes_.resize(at + text_bytes_, 'x');
  auto stamp = static_cast<std::uint64_t>(sent_ns);
  for (std::size_t i = kStampDigits; i-- > 0; stamp >>= 4) {
    bytes_[at + i] = static_cast<std::uint8_t>("0123456789abcdef"[stamp & 15]);
  }
  bytes_[at + kStampDigits] = ' ';
  bytes_.push_back(0);
  bytes_.push_back(0);
  return bytes_;
}

std::optional<std::int64_t> PostBuilder::sent_at(std::string_view content) {
  if (content.size() <= kStampDigits || content[kStampDigits] != ' ') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(content.data(), content.data() + kStampDigits, value, 16);
  if (error != std::errc() || end != content.data() + kStampDigits) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::uint64_t leading_varint(ByteView payload) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const std::uint8_t byte : payload) {
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80 || (shift += 7) >= 64) break;
  }
  return value;
}

void Marker::tick(std::int64_t now_ns) {
  if (interval_s_ <= 0) return;
  if (last_ns_ == 0) last_ns_ = now_ns;
  // Spread over the interval: so many members are due since the last round.
  due_ += static_cast<double>(now_ns - last_ns_) / 1e9 / interval_s_ *
          static_cast<double>(members_.size());
  due_ = std::min(due_, static_cast<double>(members_.size()));
  last_ns_ = now_ns;
  for (; due_ >= 1; due_ -= 1) {
    Member& member = members_[next_];
    next_ = (next_ + 1) % members_.size();
    if (member.head <= member.marked) continue;
    member.marked = member.head;
    member.connection->command(
        wire::Command{wire::Mark{member.room, Seq{member.head}, Seq{member.head}}});
    ++sent_;
  }
}

double rss_kib(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

double cpu_seconds(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t after_name = line.rfind(')');
  if (after_name == std::string::npos) return 0;
  unsigned long user = 0, system = 0;
  // Fields 3 to 13, then utime and stime.
  if (std::sscanf(line.c_str() + after_name + 2,
                  "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
    return 0;
  }
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double own_cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void measure_flush(const std::string& folder, Histogram& out) {
  const std::string path = folder + "/flush-probe";
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const Bytes block(4096, 0x42);
  for (int i = 0; i < 200; ++i) {
    const std::int64_t start = monotonic_ns();
    if (write(fd, block.data(), block.size()) < 0 || fdatasync(fd) != 0) break;
    out.record(monotonic_ns() - start);
  }
  close(fd);
  unlink(path.c_str());
}

}  // namespace parley::bench
