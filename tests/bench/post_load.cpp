#include "tests/bench/post_load.hpp"

namespace parley::bench {

PostLoad::PostLoad(Members& members, const Options& options)
    : members_(members), options_(options), builder_(options.text_bytes),
      marker_(members, options.mark_interval), sender_of_(members.size(), -1) {}

void PostLoad::post_from(std::vector<std::size_t> senders, std::size_t window) {
  window_ = std::min(window, kRing / 2);
  senders_.resize(senders.size());
  for (std::size_t i = 0; i < senders.size(); ++i) {
    senders_[i].member = senders[i];
    sender_of_[senders[i]] = static_cast<std::int32_t>(i);
  }
}

void PostLoad::start_measuring() {
  measuring_ = true;
  start_ns_ = monotonic_ns();
  start_acked_ = acked_;
  start_deliveries_ = deliveries_;
}

void PostLoad::stop_measuring() {
  measuring_ = false;
  end_ns_ = monotonic_ns();
  end_acked_ = acked_;
  end_deliveries_ = deliveries_;
}

void PostLoad::post(Sender& sender, std::int64_t now_ns) {
  Member& member = members_[sender.member];
  const wire::RequestId request = member.connection->take_request();
  sender.sent_ns[request % kRing] = now_ns;
  ++sender.flying;
  ++in_flight_;
  ++posted_;
  member.connection->queue(builder_.build(request, member.room, now_ns));
}

void PostLoad::refill(Sender& sender) {
  if (!posting_ || rate_ > 0) return;
  const std::int64_t now = monotonic_ns();
  while (sender.flying < window_ && (total_ == 0 || posted_ < total_)) post(sender, now);
}

void PostLoad::on_tick(std::int64_t now_ns) {
  marker_.tick(now_ns);
  if (!posting_ || senders_.empty()) return;
  if (rate_ <= 0) {
    if (posted_ == 0) {
      for (Sender& sender : senders_) refill(sender);
    }
    return;
  }
  if (next_post_ns_ == 0) next_post_ns_ = now_ns;
  while (now_ns >= next_post_ns_) {
    Sender& sender = senders_[next_sender_];
    next_sender_ = (next_sender_ + 1) % senders_.size();
    if (sender.flying < kRing / 2) post(sender, monotonic_ns());
    next_post_ns_ += static_cast<std::int64_t>(1e9 / rate_);
  }
}

void PostLoad::answered(Connection& connection, const Frame& frame, bool ok) {
  const std::int32_t index = sender_of_[connection.index()];
  if (index < 0) return;
  Sender& sender = senders_[static_cast<std::size_t>(index)];
  std::int64_t& sent_ns = sender.sent_ns[frame.request % kRing];
  if (sent_ns == 0) return;  // the answer to something else
  if (ok) {
    ++acked_;
    if (measuring_ && sent_ns >= start_ns_) ack_latency.record(monotonic_ns() - sent_ns);
  }
  sent_ns = 0;
  --sender.flying;
  --in_flight_;
  refill(sender);
}

void PostLoad::on_frame(Connection& connection, const Frame& frame) {
  switch (frame.type) {
    case wire::FrameType::kResponse:
      if (leading_varint(frame.payload) == wire::Posted::kKind) answered(connection, frame, true);
      return;
    case wire::FrameType::kError: {
      const std::uint64_t code = leading_varint(frame.payload);
      if (++errors[code] > 1000) {
        problem = "more than 1000 times the error " +
                  std::string(error_info(static_cast<std::uint16_t>(code)).name);
        posting_ = false;
      }
      answered(connection, frame, false);
      return;
    }
    case wire::FrameType::kEvents: {
      const auto decoded = wire::decode_server_frame(frame.whole);
      const auto* batch = decoded ? std::get_if<wire::EventBatch>(&*decoded) : nullptr;
      if (batch == nullptr || batch->events.empty()) {
        problem = "an unreadable events frame";
        return;
      }
      const std::int64_t now = monotonic_ns();
      for (const wire::Event& event : batch->events) {
        const auto body = wire::decode_body(event.kind, event.body);
        const auto* message = body ? std::get_if<wire::Message>(&*body) : nullptr;
        const auto sent = message ? PostBuilder::sent_at(message->content) : std::nullopt;
        if (sent && measuring_ && *sent >= start_ns_) delivery_latency.record(now - *sent);
      }
      on_events(connection, batch->events.front().seq.value, batch->events.size());
      return;
    }
    default: return;
  }
}

void PostLoad::on_events(Connection& connection, std::uint64_t first, std::size_t count) {
  Member& member = members_[connection.index()];
  ++events_frames;
  deliveries_ += count;
  if (member.head != 0 && first != member.head + 1) ++out_of_order;
  member.head = first + count - 1;
}

void PostLoad::on_closed(Connection& connection, const std::string& why) {
  problem = "connection " + std::to_string(connection.index()) + ": " + why;
  posting_ = false;
}

Problem run_load(Fleet& fleet, PostLoad& load, const Options& options, std::size_t listeners_each,
                 Report& report) {
  const auto broken = [&] { return load.problem.has_value(); };
  fleet.run(load, broken, options.warmup, 1);
  const std::uint64_t frames_before = load.events_frames;
  load.start_measuring();
  const double cpu_before = options.server_pid > 0 ? cpu_seconds(options.server_pid) : 0;
  const double own_before = own_cpu_seconds();
  fleet.run(load, broken, options.seconds, 1);
  load.stop_measuring();
  const double cpu_after = options.server_pid > 0 ? cpu_seconds(options.server_pid) : 0;
  const double own_after = own_cpu_seconds();
  const std::uint64_t frames = load.events_frames - frames_before;
  if (load.problem) return load.problem;

  // Everything acknowledged has to reach everybody: wait until it is quiet.
  load.stop_posting();
  const bool answered = fleet.run(
      load, [&] { return load.problem || load.in_flight() == 0; }, options.timeout);
  std::uint64_t seen = load.deliveries_in_all();
  for (int rounds = 0; rounds < 100 && !load.problem; ++rounds) {
    fleet.run(load, broken, 0.3);
    if (std::exchange(seen, load.deliveries_in_all()) == seen) break;
  }
  if (load.problem) return load.problem;
  if (!answered) return "some messages were never answered";

  report.number("seconds", load.measured_s());
  report.number("acked", static_cast<double>(load.measured_acks()));
  report.number("acked_per_s", static_cast<double>(load.measured_acks()) / load.measured_s());
  report.number("deliveries_per_s",
                static_cast<double>(load.measured_deliveries()) / load.measured_s());
  if (frames > 0) {
    report.number("events_per_frame", static_cast<double>(load.measured_deliveries()) /
                                          static_cast<double>(frames));
  }
  report.latency("ack", load.ack_latency);
  report.latency("delivery", load.delivery_latency);
  const auto expected =
      static_cast<double>(load.acked_in_all()) * static_cast<double>(listeners_each);
  report.number("deliveries_missing", expected - static_cast<double>(load.deliveries_in_all()));
  report.number("events_out_of_order", static_cast<double>(load.out_of_order));
  // Near 1, the generator is what limits the figures.
  report.number("load_cpu_share", (own_after - own_before) / load.measured_s());
  if (options.server_pid > 0) {
    report.number("server_cpu_share", (cpu_after - cpu_before) / load.measured_s());
  }
  for (const auto& [code, count] : load.errors) {
    report.number("error_" + std::string(error_info(static_cast<std::uint16_t>(code)).name),
                  static_cast<double>(count));
  }
  return std::nullopt;
}

}  // namespace parley::bench
