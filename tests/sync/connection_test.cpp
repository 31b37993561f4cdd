#include "shared/sync/connection.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <set>

namespace parley::sync {
namespace {

using State = ConnectionState;

// A connection whose driver is the test: transports open when it says so.
class Rig {
 public:
  explicit Rig(std::uint64_t seed = 1) : rng(seed), link(config(), rng) {}

  static ConnectionConfig config() {
    ConnectionConfig config;
    config.transports = {{TransportKind::kWebSocket, "ws://first/"},
                         {TransportKind::kWebSocket, "ws://second/"}};
    return config;
  }

  void drain() {
    while (auto output = link.poll_output()) {
      if (auto* open = std::get_if<TransportOpen>(&*output)) {
        attempt = open->attempt;
        url = open->choice.url;
      } else if (auto* send = std::get_if<TransportSend>(&*output)) {
        auto decoded = wire::decode_client_frame(send->bytes);
        REQUIRE(std::holds_alternative<wire::ClientFrame>(decoded));
        sent.push_back(std::get<wire::ClientFrame>(decoded));
      } else if (auto* reply = std::get_if<Reply>(&*output)) {
        replies[reply->request] = *reply;
      } else {
        others.push_back(std::move(*output));
      }
    }
  }
  template <class T>
  int count() const {
    return static_cast<int>(std::count_if(others.begin(), others.end(), [](auto& output) {
      return std::holds_alternative<T>(output);
    }));
  }

  void start() {
    wire::Authenticate hello;
    hello.token = "token";
    link.start(now, hello);
    drain();
  }
  void open() {
    link.handle_open(now, attempt);
    drain();
  }
  void receive(const wire::ServerFrame& frame) {
    link.handle_bytes(now, attempt, wire::encode_frame(frame));
    drain();
  }
  RequestId hello_id() const { return std::get<wire::CommandFrame>(sent.back()).request; }
  void welcome() { receive(wire::ResponseFrame{hello_id(), wire::Welcome{}}); }
  void connect() {
    open();
    welcome();
    REQUIRE(link.connected());
  }
  void lose() {
    link.handle_closed(now, attempt, "gone");
    drain();
  }
  // Lets time pass, calling in whenever the connection wants it.
  void pass(Duration time) {
    const MonoTime end = now + time;
    while (link.deadline() && *link.deadline() <= end) {
      now = std::max(now, *link.deadline());
      link.handle_timeout(now);
      drain();
    }
    now = end;
  }
  wire::ErrorReply error(ErrorCode code, std::uint32_t wait = 0) {
    return {static_cast<std::uint16_t>(code), {}, wait, {}};
  }
  ErrorCode outcome(RequestId id) {
    REQUIRE(replies.contains(id));
    return static_cast<ErrorCode>(std::get<wire::ErrorReply>(replies[id].outcome).code);
  }

  MonoTime now{1000};
  SeededRng rng;
  Connection link;
  std::uint32_t attempt = 0;
  std::string url;
  std::vector<wire::ClientFrame> sent;
  std::map<RequestId, Reply> replies;
  std::vector<ConnectionOutput> others;
};

}  // namespace

TEST_CASE("Each pair of state and event has at most one row") {
  std::set<std::pair<State, ConnectionEvent>> seen;
  for (const auto& row : kConnectionTransitions) {
    CHECK(seen.emplace(row.state, row.event).second);
  }
}

TEST_CASE("Every state can be left, and stop leads to idle from all but idle") {
  for (int i = 0; i < kConnectionStateCount; ++i) {
    const auto state = static_cast<State>(i);
    const auto stopped = next_state(state, ConnectionEvent::kStop);
    if (state == State::kIdle) {
      CHECK(!stopped);
    } else {
      CHECK(stopped == State::kIdle);
    }
  }
}

TEST_CASE("Events without a row change nothing") {
  Rig rig;
  rig.link.retry_now(rig.now);
  rig.link.handle_open(rig.now, 0);
  rig.link.handle_bytes(rig.now, 0, {});
  rig.link.handle_closed(rig.now, 0, "x");
  rig.drain();
  CHECK(rig.link.state() == State::kIdle);
  CHECK(rig.others.empty());
  CHECK(!rig.link.deadline());
}

TEST_CASE("Opening authenticates first and connects with the welcome") {
  Rig rig;
  rig.start();
  CHECK(rig.link.state() == State::kConnecting);
  rig.open();
  REQUIRE(rig.sent.size() == 1);
  const auto& hello = std::get<wire::CommandFrame>(rig.sent[0]);
  CHECK(std::get<wire::Authenticate>(hello.command).token == "token");
  rig.welcome();
  CHECK(rig.count<Welcomed>() == 1);
}

TEST_CASE("What the server tells before its welcome follows it") {
  Rig rig;
  rig.start();
  rig.open();
  rig.receive(wire::EventBatch{});
  CHECK(rig.others.empty());
  rig.welcome();
  REQUIRE(rig.others.size() == 2);
  CHECK(std::holds_alternative<Welcomed>(rig.others[0]));
  CHECK(std::holds_alternative<wire::EventBatch>(rig.others[1]));
}

TEST_CASE("Reconnects at once, then within 1, 2, 4 ... 30 seconds, for ever") {
  const auto seed = GENERATE(range(1u, 20u));
  INFO("seed " << seed);
  Rig rig(seed);
  rig.start();
  rig.lose();
  CHECK(rig.link.next_try() == rig.now);
  std::int64_t limit = 1000;
  for (int i = 0; i < 9; ++i) {
    rig.pass(Duration{*rig.link.next_try() - rig.now});
    CHECK(rig.link.state() == State::kConnecting);
    rig.lose();
    REQUIRE(rig.link.next_try());
    CHECK(*rig.link.next_try() - rig.now <= Duration{limit});
    limit = std::min<std::int64_t>(limit * 2, 30'000);
  }
  CHECK(rig.link.breaker_open());
  for (int i = 0; i < 50; ++i) {
    rig.pass(Duration{*rig.link.next_try() - rig.now});
    CHECK(rig.link.state() == State::kConnecting);
    rig.lose();
    CHECK(*rig.link.next_try() - rig.now >= seconds(30));
    CHECK(*rig.link.next_try() - rig.now <= seconds(60));
  }
  // The probe that gets through, and lasts, closes the breaker.
  rig.pass(Duration{*rig.link.next_try() - rig.now});
  rig.connect();
  rig.pass(seconds(11));
  CHECK(!rig.link.breaker_open());
  rig.lose();
  CHECK(rig.link.next_try() == rig.now);
}

TEST_CASE("Waits are spread over the whole range") {
  SeededRng rng(5);
  std::int64_t least = 30'000, most = 0;
  for (int i = 0; i < 200; ++i) {
    Backoff backoff({}, rng);
    for (int n = 0; n < 6; ++n) (void)backoff.failed();
    const std::int64_t wait = backoff.failed().ms;
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  CHECK(least < 3'000);
  CHECK(most > 27'000);
  CHECK(most <= 30'000);
}

TEST_CASE("A connection that breaks right away counts as a failure") {
  Rig rig;
  rig.start();
  for (int i = 0; i < 10; ++i) {
    rig.connect();
    rig.lose();
    rig.pass(Duration{*rig.link.next_try() - rig.now});
  }
  CHECK(rig.link.breaker_open());
}

TEST_CASE("Silence is answered with a ping after 30 s and ends the connection after 60 s") {
  Rig rig;
  rig.start();
  rig.connect();
  rig.sent.clear();
  rig.pass(milliseconds(29'999));
  CHECK(rig.sent.empty());
  rig.pass(milliseconds(1));
  REQUIRE(rig.sent.size() == 1);
  CHECK(std::holds_alternative<wire::PingFrame>(rig.sent[0]));
  SECTION("a pong keeps it") {
    rig.receive(wire::PongFrame{std::get<wire::PingFrame>(rig.sent[0]).request});
    rig.pass(seconds(40));
    CHECK(rig.link.connected());
  }
  SECTION("nothing ends it") {
    rig.pass(milliseconds(29'999));
    CHECK(rig.link.connected());
    rig.pass(milliseconds(1));
    CHECK(!rig.link.connected());
    CHECK(rig.count<TransportClose>() == 1);
    CHECK(rig.count<Disconnected>() == 1);
  }
}

TEST_CASE("After a long sleep the connection is asked before it is given up") {
  Rig rig;
  rig.start();
  rig.connect();
  rig.sent.clear();
  rig.now = rig.now + hours(3);
  rig.link.handle_timeout(rig.now);
  rig.drain();
  CHECK(rig.link.connected());
  CHECK(rig.sent.size() == 1);
}

TEST_CASE("The server's pings are answered") {
  Rig rig;
  rig.start();
  rig.connect();
  rig.receive(wire::PingFrame{77});
  CHECK(std::get<wire::PongFrame>(rig.sent.back()).request == 77);
}

TEST_CASE("Every request is answered once: by the server, the clock, or the loss") {
  Rig rig;
  const RequestId early = rig.link.send(rig.now, wire::ListRooms{});
  rig.drain();
  CHECK(rig.outcome(early) == ErrorCode::kNotConnected);
  rig.start();
  rig.connect();
  const RequestId answered = rig.link.send(rig.now, wire::ListRooms{});
  const RequestId slow = rig.link.send(rig.now, wire::ListRooms{});
  rig.receive(wire::ResponseFrame{answered, wire::Done{}});
  CHECK(std::holds_alternative<wire::Response>(rig.replies[answered].outcome));
  rig.pass(seconds(10));
  CHECK(rig.outcome(slow) == ErrorCode::kTimeout);
  const RequestId lost = rig.link.send(rig.now, wire::ListRooms{});
  rig.drain();
  rig.replies.clear();
  rig.receive(wire::ResponseFrame{slow, wire::Done{}});  // too late
  rig.lose();
  CHECK(rig.outcome(lost) == ErrorCode::kNotConnected);
  CHECK(rig.replies.size() == 1);
}

TEST_CASE("Errors of the first command take their own ways") {
  Rig rig;
  rig.start();
  rig.open();
  SECTION("a session that is over is reported and not tried again") {
    rig.receive(wire::ErrorFrame{rig.hello_id(), rig.error(ErrorCode::kTokenExpired)});
    CHECK(rig.link.state() == State::kIdle);
    CHECK(rig.count<Refused>() == 1);
    CHECK(!rig.link.deadline());
  }
  SECTION("a version that does not fit stops for good, until a person tries again") {
    rig.receive(wire::ErrorFrame{rig.hello_id(), rig.error(ErrorCode::kVersionUnsupported)});
    CHECK(rig.link.state() == State::kStopped);
    CHECK(!rig.link.deadline());
    rig.link.handle_network(rig.now, true);
    CHECK(rig.link.state() == State::kStopped);
    rig.link.retry_now(rig.now);
    CHECK(rig.link.state() == State::kConnecting);
  }
  SECTION("a busy server names the time") {
    rig.receive(wire::ErrorFrame{rig.hello_id(), rig.error(ErrorCode::kOverloaded, 20'000)});
    REQUIRE(rig.link.state() == State::kWaiting);
    CHECK(*rig.link.next_try() - rig.now >= seconds(20));
    CHECK(*rig.link.next_try() - rig.now <= seconds(25));
    rig.link.handle_network(rig.now, true);  // no reason to come earlier
    CHECK(rig.link.state() == State::kWaiting);
  }
  SECTION("a name that is not taken is the person's to change") {
    rig.receive(wire::ErrorFrame{rig.hello_id(), rig.error(ErrorCode::kInvalidArgument)});
    CHECK(rig.count<Refused>() == 1);
  }
  SECTION("no answer is a loss") {
    rig.pass(seconds(10));
    CHECK(rig.link.last_error().code == ErrorCode::kTimeout);
    CHECK(rig.count<Refused>() == 0);
  }
  SECTION("anything but a welcome is a loss") {
    rig.receive(wire::ResponseFrame{rig.hello_id(), wire::Done{}});
    CHECK(rig.link.state() == State::kWaiting);
  }
}

TEST_CASE("Where the session has ended, a device proves itself on the same connection") {
  Rig rig;
  const Bytes challenge(wire::kChallengeBytes, 7);
  bool able = true;
  rig.link.set_prover([&](ByteView asked) -> std::optional<wire::AuthenticateDevice> {
    CHECK(to_bytes(asked) == challenge);
    if (!able) return std::nullopt;
    wire::AuthenticateDevice proof;
    proof.signature = Bytes(wire::kSignatureBytes, 9);
    return proof;
  });
  const auto last = [&] { return std::get<wire::CommandFrame>(rig.sent.back()).command; };
  const auto refuse = [&](ErrorCode code, std::uint32_t retry_after_ms = 0) {
    rig.receive(wire::ErrorFrame{rig.hello_id(), rig.error(code, retry_after_ms)});
  };
  const auto ask = [&] {
    refuse(ErrorCode::kTokenExpired);
    REQUIRE(std::holds_alternative<wire::GetChallenge>(last()));
    CHECK(rig.link.state() == State::kAuthenticating);
  };
  const auto prove = [&] {
    ask();
    rig.receive(wire::ResponseFrame{rig.hello_id(), wire::Challenge{challenge}});
    REQUIRE(std::holds_alternative<wire::AuthenticateDevice>(last()));
    CHECK(std::get<wire::AuthenticateDevice>(last()).signature.size() == wire::kSignatureBytes);
  };
  rig.start();
  rig.open();
  SECTION("and is welcomed") {
    prove();
    rig.welcome();
    CHECK(rig.link.connected());
    CHECK(rig.count<Refused>() == 0);
    SECTION("also when it ends on a connection that stands") {
      rig.receive(wire::Goodbye{static_cast<std::uint16_t>(ErrorCode::kTokenExpired), {}, 0});
      CHECK(rig.count<Refused>() == 0);
      rig.pass({});
      rig.open();
      prove();
      rig.welcome();
      CHECK(rig.link.connected());
    }
  }
  SECTION("who cannot is told why it was asked") {
    able = false;
    ask();
    rig.receive(wire::ResponseFrame{rig.hello_id(), wire::Challenge{challenge}});
    CHECK(rig.link.state() == State::kIdle);
    CHECK(rig.link.last_error().code == ErrorCode::kTokenExpired);
  }
  SECTION("a proof that is not taken is no second question") {
    prove();
    const std::size_t sent = rig.sent.size();
    refuse(ErrorCode::kTokenInvalid);
    CHECK(rig.link.state() == State::kIdle);
    CHECK(rig.link.last_error().code == ErrorCode::kTokenExpired);
    CHECK(rig.sent.size() == sent);
    CHECK(rig.count<Refused>() == 1);
  }
  SECTION("a device that was signed out is told so") {
    prove();
    refuse(ErrorCode::kDeviceRevoked);
    CHECK(rig.link.last_error().code == ErrorCode::kDeviceRevoked);
    CHECK(rig.count<Refused>() == 1);
  }
  SECTION("a server that does not know the question leaves it at its first answer") {
    ask();
    refuse(ErrorCode::kUnknownCommand);
    CHECK(rig.link.last_error().code == ErrorCode::kTokenExpired);
    CHECK(rig.count<Refused>() == 1);
  }
  SECTION("a busy server is asked again later, and a silent one too") {
    prove();
    if (GENERATE(true, false)) {
      refuse(ErrorCode::kRateLimited, 3'000);
    } else {
      rig.pass(seconds(10));
    }
    CHECK(rig.count<Refused>() == 0);
    rig.pass(seconds(4));
    rig.open();
    REQUIRE(std::holds_alternative<wire::Authenticate>(last()));
    prove();
    rig.welcome();
    CHECK(rig.link.connected());
  }
  SECTION("a server that is about to restart is asked again") {
    ask();
    refuse(ErrorCode::kShuttingDown);
    CHECK(rig.count<Refused>() == 0);
    CHECK(rig.link.state() == State::kWaiting);
  }
  SECTION("who takes too long for it tries again") {
    rig.pass(seconds(6));
    prove();
    if (GENERATE(true, false)) {
      rig.pass(seconds(4));
    } else {
      rig.receive(wire::Goodbye{static_cast<std::uint16_t>(ErrorCode::kNotAuthenticated), {}, 0});
    }
    CHECK(rig.count<Refused>() == 0);
    CHECK(rig.link.state() != State::kIdle);
  }
  SECTION("a challenge that was not asked for is not answered") {
    const std::size_t sent = rig.sent.size();
    rig.receive(wire::ResponseFrame{rig.hello_id(), wire::Challenge{challenge}});
    CHECK(rig.link.state() == State::kWaiting);
    CHECK(rig.sent.size() == sent);
  }
}

TEST_CASE("A session that is known to be over begins with a proof, until it is welcomed") {
  Rig rig;
  rig.link.set_prover([](ByteView) { return wire::AuthenticateDevice{}; });
  rig.link.start(rig.now, {}, true);
  rig.drain();
  const auto last = [&] { return std::get<wire::CommandFrame>(rig.sent.back()).command; };
  for (int i = 0; i < 2; ++i) {
    rig.open();
    CHECK(std::holds_alternative<wire::GetChallenge>(last()));
    if (i > 0) break;
    rig.lose();
    rig.pass({});
  }
  rig.receive(wire::ResponseFrame{rig.hello_id(), wire::Challenge{Bytes(32, 1)}});
  CHECK(std::holds_alternative<wire::AuthenticateDevice>(last()));
  rig.welcome();
  REQUIRE(rig.link.connected());
  rig.lose();
  rig.pass(seconds(30));
  rig.open();
  CHECK(std::holds_alternative<wire::Authenticate>(last()));
}

TEST_CASE("A goodbye says how to go on") {
  Rig rig;
  rig.start();
  rig.connect();
  rig.pass(seconds(15));
  SECTION("restarting: at once") {
    rig.receive(wire::Goodbye{static_cast<std::uint16_t>(ErrorCode::kShuttingDown), {}, 0});
    CHECK(rig.link.next_try() == rig.now);
  }
  SECTION("overload: not before its time") {
    rig.receive(wire::Goodbye{static_cast<std::uint16_t>(ErrorCode::kOverloaded), {}, 5000});
    CHECK(*rig.link.next_try() - rig.now >= seconds(5));
  }
  SECTION("signed out elsewhere: refused") {
    rig.receive(wire::Goodbye{static_cast<std::uint16_t>(ErrorCode::kDeviceRevoked), {}, 0});
    CHECK(rig.count<Refused>() == 1);
  }
  SECTION("a code of a newer server: reconnect") {
    rig.receive(wire::Goodbye{9999, {}, 0});
    CHECK(rig.link.state() == State::kWaiting);
  }
}

TEST_CASE("Bytes that cannot be read end the connection, not the client") {
  Rig rig;
  rig.start();
  rig.connect();
  const Bytes garbage{1, 2, 3};
  rig.link.handle_bytes(rig.now, rig.attempt, garbage);
  rig.drain();
  CHECK(rig.link.state() == State::kWaiting);
}

TEST_CASE("Late words of an earlier attempt are not heard") {
  Rig rig;
  rig.start();
  const std::uint32_t first = rig.attempt;
  rig.lose();
  rig.pass({});
  CHECK(rig.attempt != first);
  rig.link.handle_open(rig.now, first);
  rig.link.handle_closed(rig.now, first, "late");
  CHECK(rig.link.state() == State::kConnecting);
}

TEST_CASE("A transport that does not open gives way to the next") {
  Rig rig;
  rig.start();
  CHECK(rig.url == "ws://first/");
  rig.lose();
  rig.pass({});
  CHECK(rig.url == "ws://second/");
  rig.connect();
  rig.lose();  // it did open: stay with it
  rig.pass(seconds(2));
  CHECK(rig.url == "ws://second/");
}

TEST_CASE("Network hints") {
  Rig rig;
  rig.start();
  SECTION("down while waiting: offline, tried every 30 s, at once when back") {
    rig.lose();
    rig.link.handle_network(rig.now, false);
    CHECK(rig.link.state() == State::kOffline);
    CHECK(*rig.link.next_try() - rig.now == seconds(30));
    rig.link.handle_network(rig.now, true);
    CHECK(rig.link.state() == State::kConnecting);
  }
  SECTION("down while connected: only asks whether it is true") {
    rig.connect();
    rig.sent.clear();
    rig.link.handle_network(rig.now, false);
    rig.drain();
    CHECK(rig.link.connected());
    CHECK(std::holds_alternative<wire::PingFrame>(rig.sent.back()));
  }
}

TEST_CASE("Any order of calls keeps the connection in order") {
  const auto seed = GENERATE(range(100u, 140u));
  INFO("seed " << seed);
  Rig rig(seed);
  SeededRng dice(seed);
  std::set<RequestId> asked;
  for (int i = 0; i < 300; ++i) {
    switch (dice.below(12)) {
      case 0:
        rig.start();
        break;
      case 1:
        rig.link.stop(rig.now);
        break;
      case 2:
        rig.link.retry_now(rig.now);
        break;
      case 3:
        rig.link.handle_network(rig.now, dice.below(2) == 0);
        break;
      case 4:
        rig.lose();
        break;
      case 5:
        rig.open();
        break;
      case 6:
        if (!rig.sent.empty() && std::holds_alternative<wire::CommandFrame>(rig.sent.back())) {
          rig.welcome();
        }
        break;
      case 7:
        rig.pass(seconds(static_cast<std::int64_t>(dice.below(40))));
        break;
      case 8:
        rig.receive(wire::Goodbye{static_cast<std::uint16_t>(dice.below(700)), {}, 100});
        break;
      default:
        asked.insert(rig.link.send(rig.now, wire::ListRooms{}));
        break;
    }
    rig.drain();
    // Whatever happened: a state that waits for something has a deadline.
    const State state = rig.link.state();
    if (state != State::kIdle && state != State::kStopped) CHECK(rig.link.deadline());
  }
  rig.link.stop(rig.now);
  rig.drain();
  for (const RequestId id : asked) CHECK(rig.replies.contains(id));
}

}  // namespace parley::sync
