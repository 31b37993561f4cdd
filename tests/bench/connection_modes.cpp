// connect-storm, idle, catch-up: what connections themselves cost.
#include "tests/bench/modes.hpp"
#include "tests/bench/post_load.hpp"

namespace parley::bench {
namespace {

// Past this many connections one source address may run out of ports.
constexpr std::size_t kPortsEach = 20'000;

void spread_if_needed(Fleet& fleet, std::size_t connections) {
  if (connections > kPortsEach) fleet.spread_sources(kPortsEach);
}

double elapsed_s(std::int64_t since_ns) {
  return static_cast<double>(monotonic_ns() - since_ns) / 1e9;
}

void settle(Fleet& fleet, double seconds) {
  Sink sink;
  fleet.run(sink, [] { return false; }, seconds);
}

// Back with a cursor: asks for what came after `before` unless the server pushes it unasked.
class CatchUp final : public Sink {
 public:
  CatchUp(Members& members, std::uint64_t target, Histogram& latency)
      : members_(members), target_(target), latency_(latency), started_ns_(monotonic_ns()),
        complete_(members.size(), false) {}

  void start() {
    for (Member& member : members_) member.connection->connect();
  }

  void on_open(Connection& connection) override {
    const Member& member = members_[connection.index()];
    wire::Authenticate hello;
    hello.token = member.token;
    hello.device_id = member.device;
    hello.device_name = "parley-bench";
    hello.sync_token = member.sync_token;
    connection.command(wire::Command{std::move(hello)});
  }

  void on_frame(Connection& connection, const Frame& frame) override {
    Member& member = members_[connection.index()];
    if (frame.type == wire::FrameType::kError) {
      problem = "the server refused: " +
                std::string(error_info(static_cast<std::uint16_t>(
                                           leading_varint(frame.payload))).name);
      return;
    }
    if (frame.type != wire::FrameType::kResponse) return;
    const std::uint64_t kind = leading_varint(frame.payload);
    if (kind == wire::Welcome::kKind) {
      ++welcomed;
      connection.command(wire::Command{wire::History{
          member.room, wire::HistoryFrom::kAfter, Seq{member.head}, {}, wire::kMaxPageSize}});
    } else if (kind == wire::HistoryPage::kKind) {
      const auto decoded = wire::decode_server_frame(frame.whole);
      const auto* response = decoded ? std::get_if<wire::ResponseFrame>(&*decoded) : nullptr;
      const auto* page =
          response == nullptr ? nullptr : std::get_if<wire::HistoryPage>(&response->response);
      if (page == nullptr || page->events.empty()) {
        problem = "an unreadable or empty history page";
        return;
      }
      advance(connection, page->events.front().seq.value, page->events.size());
    }
  }

  void on_events(Connection& connection, std::uint64_t first, std::size_t count) override {
    advance(connection, first, count);
  }
  void on_closed(Connection& connection, const std::string& why) override {
    problem = "connection " + std::to_string(connection.index()) + ": " + why;
  }

  std::size_t done = 0;
  std::size_t welcomed = 0;
  Problem problem;

 private:
  void advance(Connection& connection, std::uint64_t first, std::size_t count) {
    Member& member = members_[connection.index()];
    if (first > member.head + 1) {
      problem = "a gap in a member's events";
      return;
    }
    member.head = std::max(member.head, first + count - 1);
    if (member.head < target_ || complete_[connection.index()]) return;
    complete_[connection.index()] = true;
    latency_.record(monotonic_ns() - started_ns_);
    ++done;
  }

  Members& members_;
  std::uint64_t target_;
  Histogram& latency_;
  std::int64_t started_ns_;
  std::vector<bool> complete_;
};

}  // namespace

Problem run_connect_storm(const Options& options, Report& report) {
  Fleet fleet(options.server);
  spread_if_needed(fleet, options.connections);
  Members members;
  add_members(fleet, members, options.connections);

  Histogram guests;
  std::int64_t start = monotonic_ns();
  if (auto problem = sign_in(fleet, members, 0, options, &guests)) return problem;
  const double guest_rate = static_cast<double>(members.size()) / elapsed_s(start);

  for (Member& member : members) member.connection->abort();
  settle(fleet, 1);
  Histogram resumed;
  start = monotonic_ns();
  if (auto problem = sign_in(fleet, members, 0, options, &resumed)) return problem;
  const double resume_rate = static_cast<double>(members.size()) / elapsed_s(start);

  report.number("connections", static_cast<double>(members.size()));
  report.number("guest_connects_per_s", guest_rate);
  report.latency("guest_connect", guests);
  report.number("resume_connects_per_s", resume_rate);
  report.latency("resume_connect", resumed);
  report.headline("connects/s, new guests", with_spaces(guest_rate));
  report.headline("connects/s, resumed by token", with_spaces(resume_rate));
  return std::nullopt;
}

Problem run_idle(const Options& options, Report& report) {
  if (options.server_pid <= 0) return "idle needs --pid, the server's process id";
  Fleet fleet(options.server);
  spread_if_needed(fleet, options.connections);
  Members members;
  // The first ones warm up what the server makes once.
  add_members(fleet, members, 50);
  if (auto problem = sign_in(fleet, members, 0, options)) return problem;
  settle(fleet, 1);
  const double before = rss_kib(options.server_pid);
  const std::size_t first = members.size();
  add_members(fleet, members, options.connections);
  if (auto problem = sign_in(fleet, members, first, options)) return problem;
  settle(fleet, 3);
  const double after = rss_kib(options.server_pid);
  const double cpu = cpu_seconds(options.server_pid);
  settle(fleet, 5);
  const double each = (after - before) / static_cast<double>(options.connections);

  report.number("connections", static_cast<double>(options.connections));
  report.number("rss_before_kib", before);
  report.number("rss_after_kib", after);
  report.number("kib_per_connection", each);
  report.number("server_cpu_share_idle", (cpu_seconds(options.server_pid) - cpu) / 5);
  report.headline("KiB an idle connection", with_spaces(each));
  return std::nullopt;
}

Problem run_catch_up(const Options& options, Report& report) {
  Fleet fleet(options.server);
  Members members;
  add_members(fleet, members, options.members);
  if (auto problem = sign_in(fleet, members, 0, options)) return problem;
  if (auto problem = make_rooms(fleet, members, 1, members.size(), options)) return problem;

  // Where everybody stands: the head of the room, and a fresh sync token of each member.
  for (Member& member : members) {
    member.connection->abort();
    member.sync_token.clear();
  }
  std::uint64_t head = 0;
  const RoomId room = members[0].room;
  auto problem = sign_in(fleet, members, 0, options, nullptr,
                         [&](Member& member, const wire::Welcome& welcome) {
                           for (const wire::RoomSummary& summary : welcome.rooms) {
                             if (summary.room_id != room) continue;
                             member.head = summary.head.value;
                             head = std::max(head, summary.head.value);
                           }
                         });
  if (problem) return problem;
  for (std::size_t i = 1; i < members.size(); ++i) members[i].connection->abort();
  settle(fleet, 0.5);

  {
    PostLoad load(members, options);
    load.post_from({0}, 8);
    load.set_total(options.missed);
    fleet.run(load, [&] { return load.problem || load.acked_in_all() >= options.missed; },
              options.timeout);
    if (load.problem) return load.problem;
  }
  members[0].connection->abort();
  members[0].head = head;
  settle(fleet, 0.5);

  Histogram latency;
  CatchUp sink(members, head + options.missed, latency);
  const std::int64_t start = monotonic_ns();
  sink.start();
  const bool finished = fleet.run(
      sink, [&] { return sink.problem || sink.done == members.size(); }, options.timeout, 1);
  const double seconds = elapsed_s(start);
  if (sink.problem) return sink.problem;
  if (!finished) {
    return "only " + std::to_string(sink.done) + " members have everything (" +
           std::to_string(sink.welcomed) + " were welcomed)";
  }
  report.number("members", static_cast<double>(members.size()));
  report.number("missed_each", static_cast<double>(options.missed));
  report.number("seconds_until_all", seconds);
  report.latency("catch_up", latency);
  report.headline(std::to_string(members.size()) + " members back with " +
                      std::to_string(options.missed) + " missed messages each",
                  with_spaces(seconds) + " s");
  return std::nullopt;
}

}  // namespace parley::bench
