// How fast the codec is: one line of JSON per case with operations and megabytes a second.
//
//   parley-codec-bench [MILLISECONDS]     time spent on each case, 300 by default
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

#include "shared/wire/json.hpp"

namespace {

using namespace parley;
using namespace parley::wire;

// Keeps the compiler from leaving work out whose result nobody reads.
volatile std::size_t sink = 0;

class Bench {
 public:
  explicit Bench(std::chrono::milliseconds budget) : budget_(budget) {}

  // `work` does one operation and gives the bytes it handled.
  void run(const char* name, const std::function<std::size_t()>& work) {
    using Clock = std::chrono::steady_clock;
    constexpr int kBatch = 64;
    for (int i = 0; i < kBatch; ++i) sink = sink + work();
    std::size_t operations = 0, bytes = 0;
    const auto start = Clock::now();
    auto elapsed = Clock::duration{};
    while (elapsed < budget_) {
      for (int i = 0; i < kBatch; ++i) bytes += work();
      operations += kBatch;
      elapsed = Clock::now() - start;
    }
    sink = sink + bytes;
    const double seconds = std::chrono::duration<double>(elapsed).count();
    std::cout << R"({"bench":"codec","case":")" << name << R"(","ops_per_s":)"
              << static_cast<std::uint64_t>(static_cast<double>(operations) / seconds)
              << R"(,"mb_per_s":)"
              << static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds / 1e6)
              << R"(,"ns":)"
              << static_cast<std::uint64_t>(seconds * 1e9 / static_cast<double>(operations))
              << "}\n";
  }

 private:
  std::chrono::milliseconds budget_;
};

Event make_event(Rng& rng, std::uint64_t seq) {
  constexpr std::size_t kTextBytes = 128;
  constexpr Timestamp kAt{1'772'368'496'789};
  Event event;
  event.seq = {seq};
  event.at = kAt;
  event.sender = UserId::make(kAt, rng);
  event.device = DeviceId::make(kAt, rng);
  event.client_id = ClientId::make(kAt, rng);
  event.kind = EventKind::kMessage;
  event.body = encode(Message{MessageType::kText, std::string(kTextBytes, 'x'), {}, {}});
  return event;
}

}  // namespace

int main(int argc, char** argv) {
  Bench bench{std::chrono::milliseconds(argc > 1 ? std::atoi(argv[1]) : 300)};
  SeededRng rng(1);
  const auto room = RoomId::make({1'772'368'496'789}, rng);
  const Event event = make_event(rng, 1000);

  const ClientFrame post =
      CommandFrame{77, Post{room, event.client_id, EventKind::kMessage, event.body}};
  const Bytes post_bytes = encode_frame(post);
  bench.run("encode post", [&] { return encode_frame(post).size(); });
  bench.run("decode post", [&] {
    return std::holds_alternative<ClientFrame>(decode_client_frame(post_bytes)) ? post_bytes.size()
                                                                                : 0;
  });

  const ServerFrame posted = ResponseFrame{77, Posted{room, event.client_id, {1000}, event.at}};
  bench.run("encode posted", [&] { return encode_frame(posted).size(); });

  for (const std::size_t count : {std::size_t{1}, std::size_t{50}}) {
    EventBatch batch{room, {}};
    for (std::size_t i = 0; i < count; ++i) batch.events.push_back(make_event(rng, 1000 + i));
    const Bytes bytes = encode_frame(ServerFrame{batch});
    const std::string of = std::to_string(count);
    bench.run(("encode batch of " + of).c_str(), [&] {
      EventBatchEncoder encoder(room, count, bytes.size());
      for (const Event& e : batch.events) encoder.add(e);
      return std::move(encoder).finish().size();
    });
    bench.run(("decode batch of " + of).c_str(),
              [&] { return decode_server_frame(bytes).ok() ? bytes.size() : 0; });
  }

  bench.run("decode message body",
            [&] { return decode_body(event.kind, event.body).ok() ? event.body.size() : 0; });
  bench.run("event to JSON", [&] { return to_json(room, event).size(); });
  const std::string command = R"({"type":"send_message","room_id":")" + room.to_string() +
                              R"(","content":")" + std::string(128, 'x') + R"(","id":77})";
  bench.run("command from JSON", [&] {
    const auto got = command_from_json(command, event.client_id);
    return std::holds_alternative<JsonCommand>(got) ? command.size() : 0;
  });
  return 0;
}
