// A protocol client that asks and waits, for tests against a real server.
//
// Events and notices that arrive while an answer is awaited are kept, in order, until they are
// taken.
#pragma once

#include <deque>
#include <functional>

#include "shared/wire/frame.hpp"
#include "tests/support/ws_socket.hpp"

namespace parley::test {

class TestClient {
 public:
  // Opens the connection; false when it is refused.
  bool open(const WsOptions& options);
  bool open(std::uint16_t port) {
    WsOptions options;
    options.port = port;
    return open(options);
  }

  // The answer to a command; an error of the server as it is, kTimeout or kNotConnected otherwise.
  Result<wire::Response> call(wire::Command command, Milliseconds wait = kDefaultWait);
  template <class T>
  Result<T> call_for(wire::Command command, Milliseconds wait = kDefaultWait) {
    auto response = call(std::move(command), wait);
    if (!response) return response.error();
    if (T* expected = std::get_if<T>(&*response)) return std::move(*expected);
    return Error{ErrorCode::kProtocolViolation, "another kind of answer", {}};
  }
  // Without waiting; the answer is then taken with wait_answer, or found among `answers`.
  wire::RequestId send(wire::Command command);
  Result<wire::Response> wait_answer(wire::RequestId request, Milliseconds wait = kDefaultWait);

  Result<wire::Welcome> sign_in(const std::string& guest_name);
  Result<wire::Welcome> resume(const std::string& token, const std::string& sync_token = {});
  Result<wire::RoomSummary> create_room(const std::string& name,
                                        wire::RoomAccess access = wire::RoomAccess::kPublic);
  Result<wire::RoomSummary> join(RoomId room);
  Result<wire::Posted> post(RoomId room, const std::string& text);
  template <class Body>
  Result<wire::Posted> post_body(RoomId room, const Body& body) {
    return call_for<wire::Posted>(
        wire::Command{wire::Post{room, next_client_id(), Body::kKind, wire::encode(body)}});
  }
  // All events with seq > after, checked to be dense.
  Result<std::vector<wire::Event>> read_all(RoomId room, Seq after = {});

  // The next event of any room, or of the notices the first that fits; nothing when the time is
  // over or the connection ended.
  std::optional<std::pair<RoomId, wire::Event>> next_event(Milliseconds wait = kDefaultWait);
  template <class T>
  std::optional<T> next_notice(const std::function<bool(const T&)>& fits = {},
                               Milliseconds wait = kDefaultWait) {
    const auto end = std::chrono::steady_clock::now() + wait;
    for (;;) {
      for (auto at = notices.begin(); at != notices.end(); ++at) {
        const T* notice = std::get_if<T>(&*at);
        if (notice == nullptr || (fits && !fits(*notice))) continue;
        T found = *notice;
        notices.erase(at);
        return found;
      }
      if (!pump_until(end)) return std::nullopt;
    }
  }
  // Reads until the server says goodbye, or the connection ends without (then code 0).
  wire::Goodbye wait_goodbye(Milliseconds wait = kDefaultWait);
  // Reads for so long, or until the connection ends.
  void listen(Milliseconds duration);

  ClientId next_client_id();
  WsSocket& socket() { return socket_; }
  bool ended() const { return ended_; }
  int close_code() const { return close_code_; }

  UserId user;
  DeviceId device;
  std::string token;
  std::string sync_token;
  std::deque<std::pair<RoomId, wire::Event>> events;
  std::deque<wire::Notice> notices;
  std::optional<wire::Goodbye> goodbye;
  std::vector<std::pair<wire::RequestId, Result<wire::Response>>> answers;
  bool malformed = false;  // the server sent a frame that cannot be read

 private:
  bool pump_until(std::chrono::steady_clock::time_point end);
  Result<wire::Welcome> welcomed(wire::Authenticate hello);

  WsSocket socket_;
  wire::RequestId last_request_ = 0;
  bool ended_ = true;
  int close_code_ = 0;
};

std::string text_of(const wire::Event& event);  // of a message; else ""

}  // namespace parley::test
