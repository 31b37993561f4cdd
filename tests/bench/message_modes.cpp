// rooms, big-room, quiet, history: what messages cost.
#include "tests/bench/modes.hpp"
#include "tests/bench/post_load.hpp"

namespace parley::bench {
namespace {

// Members whose events are read whole, so that delivery latency costs little.
constexpr std::size_t kSampledMembers = 16;

void sample_some(PostLoad& load, std::size_t members) {
  const std::size_t step = std::max<std::size_t>(1, members / kSampledMembers);
  for (std::size_t i = 0; i < members; i += step) load.sample(i);
}

std::vector<std::size_t> first_members(std::size_t count) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(i);
  return out;
}

// One History at a time, at random places.
class Reader final : public Sink {
 public:
  Reader(Member& member, std::uint64_t head, std::size_t reads, Histogram& latency)
      : member_(member), head_(head), left_(reads), latency_(latency) {}

  void on_tick(std::int64_t) override {
    if (!std::exchange(started_, true)) ask();
  }
  void on_frame(Connection&, const Frame& frame) override {
    if (frame.type == wire::FrameType::kError) {
      problem = "history was refused: " +
                std::string(error_info(static_cast<std::uint16_t>(
                                           leading_varint(frame.payload))).name);
      return;
    }
    if (frame.type != wire::FrameType::kResponse ||
        leading_varint(frame.payload) != wire::HistoryPage::kKind) {
      return;
    }
    latency_.record(monotonic_ns() - asked_ns_);
    bytes += frame.whole.size();
    if (!checked_) check(frame);
    if (--left_ == 0) {
      finished = true;
    } else {
      ask();
    }
  }
  void on_closed(Connection&, const std::string& why) override { problem = why; }

  bool finished = false;
  std::uint64_t bytes = 0;
  Problem problem;

 private:
  void ask() {
    // A fixed stride over the room: every page is another one, in no order a cache likes.
    place_ = (place_ + 7919 * 50) % (head_ - 60);
    asked_ns_ = monotonic_ns();
    member_.connection->command(wire::Command{wire::History{
        member_.room, wire::HistoryFrom::kBefore, Seq{place_ + 60}, {}, 50}});
  }
  void check(const Frame& frame) {
    const auto decoded = wire::decode_server_frame(frame.whole);
    const auto* response = decoded ? std::get_if<wire::ResponseFrame>(&*decoded) : nullptr;
    const auto* page =
        response == nullptr ? nullptr : std::get_if<wire::HistoryPage>(&response->response);
    if (page == nullptr || page->events.size() != 50) problem = "a page without its 50 events";
    checked_ = true;
  }

  Member& member_;
  std::uint64_t head_;
  std::size_t left_;
  Histogram& latency_;
  bool started_ = false;
  bool checked_ = false;
  std::uint64_t place_ = 0;
  std::int64_t asked_ns_ = 0;
};

}  // namespace

Problem run_rooms(const Options& options, Report& report) {
  Fleet fleet(options.server);
  Members members;
  add_members(fleet, members, options.rooms * options.members);
  if (auto problem = sign_in(fleet, members, 0, options)) return problem;
  if (auto problem = make_rooms(fleet, members, options.rooms, options.members, options)) {
    return problem;
  }
  PostLoad load(members, options);
  load.post_from(first_members(members.size()), options.window);
  sample_some(load, members.size());
  report.number("rooms", static_cast<double>(options.rooms));
  report.number("members_each", static_cast<double>(options.members));
  report.number("window", static_cast<double>(options.window));
  if (auto problem = run_load(fleet, load, options, options.members, report)) return problem;
  const double rate = static_cast<double>(load.measured_acks()) / load.measured_s();
  report.headline("acked messages in/s, " + std::to_string(options.rooms) + " rooms x " +
                      std::to_string(options.members),
                  with_spaces(rate) + " (p99 " + in_ms(load.ack_latency.percentile_ms(99)) + ")");
  return std::nullopt;
}

Problem run_big_room(const Options& options, Report& report) {
  Fleet fleet(options.server);
  Members members;
  add_members(fleet, members, options.members);
  if (auto problem = sign_in(fleet, members, 0, options)) return problem;
  if (auto problem = make_rooms(fleet, members, 1, members.size(), options)) return problem;
  PostLoad load(members, options);
  load.post_from(first_members(std::min(options.senders, members.size())), options.window);
  sample_some(load, members.size());
  report.number("members", static_cast<double>(members.size()));
  report.number("senders", static_cast<double>(options.senders));
  report.number("window", static_cast<double>(options.window));
  if (auto problem = run_load(fleet, load, options, members.size(), report)) return problem;
  const double rate = static_cast<double>(load.measured_deliveries()) / load.measured_s();
  report.headline("deliveries/s, one room of " + std::to_string(members.size()),
                  with_spaces(rate) + " (p99 " +
                      in_ms(load.delivery_latency.percentile_ms(99)) + ")");
  return std::nullopt;
}

Problem run_quiet(const Options& options, Report& report) {
  Fleet fleet(options.server);
  Members members;
  add_members(fleet, members, options.members);
  if (auto problem = sign_in(fleet, members, 0, options)) return problem;
  if (auto problem = make_rooms(fleet, members, 1, members.size(), options)) return problem;
  PostLoad load(members, options);
  load.post_from(first_members(members.size()), 1);
  load.set_rate(options.rate);
  for (std::size_t i = 0; i < members.size(); ++i) load.sample(i);
  report.number("members", static_cast<double>(members.size()));
  report.number("messages_per_s", options.rate);
  if (auto problem = run_load(fleet, load, options, members.size(), report)) return problem;
  std::string flush;
  if (!options.disk_folder.empty()) {
    Histogram disk;
    measure_flush(options.disk_folder, disk);
    report.latency("disk_flush", disk);
    flush = "; the disk's own flush " + in_ms(disk.percentile_ms(50));
  }
  report.headline("quiet room, acknowledged p50 / p99",
                  in_ms(load.ack_latency.percentile_ms(50)) + " / " +
                      in_ms(load.ack_latency.percentile_ms(99)) + flush);
  report.headline("quiet room, delivered p50 / p99",
                  in_ms(load.delivery_latency.percentile_ms(50)) + " / " +
                      in_ms(load.delivery_latency.percentile_ms(99)));
  return std::nullopt;
}

Problem run_history(const Options& options, Report& report) {
  Fleet fleet(options.server);
  Members members;
  add_members(fleet, members, 20);
  if (auto problem = sign_in(fleet, members, 0, options)) return problem;
  if (auto problem = make_rooms(fleet, members, 1, members.size(), options)) return problem;
  {
    PostLoad fill(members, options);
    fill.post_from(first_members(members.size()), 100);
    fill.set_total(options.messages);
    const std::int64_t start = monotonic_ns();
    const bool filled = fleet.run(
        fill, [&] { return fill.problem || fill.acked_in_all() >= options.messages; },
        options.timeout * 4);
    if (fill.problem) return fill.problem;
    if (!filled) return "filling the room took too long";
    report.number("filled_per_s", static_cast<double>(options.messages) /
                                      (static_cast<double>(monotonic_ns() - start) / 1e9));
  }
  Histogram latency;
  Reader reader(members[0], options.messages, options.reads, latency);
  fleet.run(reader, [&] { return reader.problem || reader.finished; }, options.timeout, 1);
  if (reader.problem) return reader.problem;
  if (!reader.finished) return "reading took longer than --timeout";
  report.number("messages", static_cast<double>(options.messages));
  report.number("reads", static_cast<double>(options.reads));
  report.number("page_bytes",
                static_cast<double>(reader.bytes) / static_cast<double>(options.reads));
  report.latency("page_of_50", latency);
  report.headline("50 messages of a room of " + with_spaces(static_cast<double>(options.messages)),
                  in_ms(latency.percentile_ms(50)) + " (p99 " +
                      in_ms(latency.percentile_ms(99)) + ")");
  return std::nullopt;
}

}  // namespace parley::bench
