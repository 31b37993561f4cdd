// Members that post and listen: the load of the rooms, big-room, quiet and history modes.
#pragma once

#include <array>
#include <map>

#include "tests/bench/setup.hpp"

namespace parley::bench {

class PostLoad final : public Sink {
 public:
  // Posts in flight are remembered by request id in a ring; the window may not be larger.
  static constexpr std::size_t kRing = 256;

  PostLoad(Members& members, const Options& options);

  // Closed loop: each of these keeps `window` messages in flight.
  void post_from(std::vector<std::size_t> senders, std::size_t window);
  // Open loop instead: `rate` messages a second in all, by each sender in turn.
  void set_rate(double rate) { rate_ = rate; }
  // Stop by itself after so many messages.
  void set_total(std::uint64_t messages) { total_ = messages; }
  // These members' events are read whole, for the delivery latency.
  void sample(std::size_t member) { members_[member].connection->whole_events = true; }

  void start_measuring();
  void stop_measuring();
  void stop_posting() { posting_ = false; }

  void on_tick(std::int64_t now_ns) override;
  void on_frame(Connection& connection, const Frame& frame) override;
  void on_events(Connection& connection, std::uint64_t first, std::size_t count) override;
  void on_closed(Connection& connection, const std::string& why) override;

  std::uint64_t in_flight() const { return in_flight_; }
  std::uint64_t acked_in_all() const { return acked_; }
  std::uint64_t deliveries_in_all() const { return deliveries_; }

  // Of the measured time.
  double measured_s() const { return static_cast<double>(end_ns_ - start_ns_) / 1e9; }
  std::uint64_t measured_acks() const { return end_acked_ - start_acked_; }
  std::uint64_t measured_deliveries() const { return end_deliveries_ - start_deliveries_; }

  Histogram ack_latency;
  Histogram delivery_latency;
  std::map<std::uint64_t, std::uint64_t> errors;  // by code
  std::uint64_t out_of_order = 0;                 // events that were not the next of their room
  std::uint64_t events_frames = 0;
  Problem problem;

 private:
  struct Sender {
    std::size_t member;
    std::size_t flying = 0;
    std::array<std::int64_t, kRing> sent_ns{};
  };
  void post(Sender& sender, std::int64_t now_ns);
  void refill(Sender& sender);
  void advance(Member& member, std::uint64_t first, std::size_t count);
  void answered(Connection& connection, const Frame& frame, bool ok);

  Members& members_;
  const Options& options_;
  PostBuilder builder_;
  Marker marker_;
  std::vector<Sender> senders_;
  std::vector<std::int32_t> sender_of_;  // by member, -1: only listens
  std::size_t window_ = 1;
  double rate_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t posted_ = 0;
  std::size_t next_sender_ = 0;
  std::int64_t next_post_ns_ = 0;
  bool posting_ = true;
  bool measuring_ = false;

  std::uint64_t in_flight_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t deliveries_ = 0;
  std::int64_t start_ns_ = 0, end_ns_ = 0;
  std::uint64_t start_acked_ = 0, end_acked_ = 0;
  std::uint64_t start_deliveries_ = 0, end_deliveries_ = 0;
};

// Warm up, measure, stop, and wait for what is under way. Fills the figures all modes share.
Problem run_load(Fleet& fleet, PostLoad& load, const Options& options, std::size_t listeners_each,
                 Report& report);

}  // namespace parley::bench
