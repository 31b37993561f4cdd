#include "tests/support/test_client.hpp"

#include <random>

namespace parley::test {
namespace {

class TestRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(device_());
  }

 private:
  std::random_device device_;
};

Timestamp wall_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Milliseconds>(since).count()};
}

}  // namespace

std::string text_of(const wire::Event& event) {
  const auto body = wire::decode_body(event.kind, event.body);
  const auto* message = body ? std::get_if<wire::Message>(&*body) : nullptr;
  return message == nullptr ? std::string() : message->content;
}

ClientId TestClient::next_client_id() {
  thread_local TestRng rng;
  return ClientId::make(wall_now(), rng);
}

bool TestClient::open(const WsOptions& options) {
  last_request_ = 0;
  close_code_ = 0;
  goodbye.reset();
  events.clear();
  notices.clear();
  answers.clear();
  ended_ = !(socket_.connect(options) && socket_.upgrade(options));
  return !ended_;
}

// Takes in one message; false at the end of the connection or of the time.
bool TestClient::pump_until(std::chrono::steady_clock::time_point end) {
  if (ended_) return false;
  const auto left =
      std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
  if (left.count() <= 0) return false;
  const auto message = socket_.receive(left);
  if (!message) return false;
  if (message->kind == WsMessage::Kind::kClose || message->kind == WsMessage::Kind::kEnd) {
    close_code_ = message->close_code;
    ended_ = true;
    return false;
  }
  auto frame = wire::decode_server_frame(message->bytes);
  if (!frame) {
    malformed = true;
    return true;
  }
  if (auto* batch = std::get_if<wire::EventBatch>(&*frame)) {
    for (wire::Event& event : batch->events) events.emplace_back(batch->room_id, std::move(event));
  } else if (auto* notice = std::get_if<wire::Notice>(&*frame)) {
    if (const auto* sync = std::get_if<wire::SyncNotice>(notice)) sync_token = sync->sync_token;
    notices.push_back(std::move(*notice));
  } else if (auto* response = std::get_if<wire::ResponseFrame>(&*frame)) {
    answers.emplace_back(response->request, std::move(response->response));
  } else if (auto* error = std::get_if<wire::ErrorFrame>(&*frame)) {
    answers.emplace_back(error->request,
                         Error{static_cast<ErrorCode>(error->error.code), error->error.detail,
                               milliseconds(error->error.retry_after_ms)});
  } else if (const auto* ping = std::get_if<wire::PingFrame>(&*frame)) {
    socket_.send_binary(wire::encode_frame(wire::ClientFrame{wire::PongFrame{ping->request}}));
  } else if (auto* last = std::get_if<wire::Goodbye>(&*frame)) {
    goodbye = std::move(*last);
  }
  return true;
}

wire::RequestId TestClient::send(wire::Command command) {
  const wire::RequestId request = ++last_request_;
  socket_.send_binary(
      wire::encode_frame(wire::ClientFrame{wire::CommandFrame{request, std::move(command)}}));
  return request;
}

Result<wire::Response> TestClient::wait_answer(wire::RequestId request, Milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  for (;;) {
    for (auto at = answers.begin(); at != answers.end(); ++at) {
      if (at->first != request) continue;
      auto answer = std::move(at->second);
      answers.erase(at);
      return answer;
    }
    if (!pump_until(end))
      return Error{ended_ ? ErrorCode::kNotConnected : ErrorCode::kTimeout, {}, {}};
  }
}

Result<wire::Response> TestClient::call(wire::Command command, Milliseconds wait) {
  return wait_answer(send(std::move(command)), wait);
}

Result<wire::Welcome> TestClient::welcomed(wire::Authenticate hello) {
  hello.device_name = "test";
  auto welcome = call_for<wire::Welcome>(wire::Command{std::move(hello)});
  if (!welcome) return welcome;
  user = welcome->session.user.user_id;
  device = welcome->session.device_id;
  token = welcome->session.token;
  sync_token = welcome->sync_token;
  return welcome;
}

Result<wire::Welcome> TestClient::sign_in(const std::string& guest_name) {
  wire::Authenticate hello;
  hello.guest_name = guest_name;
  return welcomed(std::move(hello));
}

Result<wire::Welcome> TestClient::resume(const std::string& old_token,
                                         const std::string& old_sync_token) {
  wire::Authenticate hello;
  hello.token = old_token;
  hello.sync_token = old_sync_token;
  return welcomed(std::move(hello));
}

Result<wire::RoomSummary> TestClient::create_room(const std::string& name,
                                                  wire::RoomAccess access) {
  wire::CreateRoom command;
  command.client_id = next_client_id();
  command.name = name;
  command.access = access;
  auto state = call_for<wire::RoomState>(wire::Command{std::move(command)});
  if (!state) return state.error();
  return std::move(state->room);
}

Result<wire::RoomSummary> TestClient::join(RoomId room) {
  auto state = call_for<wire::RoomState>(wire::Command{wire::JoinRoom{room, {}}});
  if (!state) return state.error();
  return std::move(state->room);
}

Result<wire::Posted> TestClient::post(RoomId room, const std::string& text) {
  wire::Message message;
  message.content = text;
  return post_body(room, message);
}

Result<std::vector<wire::Event>> TestClient::read_all(RoomId room, Seq after) {
  std::vector<wire::Event> all;
  for (;;) {
    auto page = call_for<wire::HistoryPage>(
        wire::Command{wire::History{room, wire::HistoryFrom::kAfter, after, {}, 200}});
    if (!page) return page.error();
    for (wire::Event& event : page->events) {
      if (event.seq != after.next()) {
        return Error{ErrorCode::kProtocolViolation, "the history is not dense", {}};
      }
      after = event.seq;
      all.push_back(std::move(event));
    }
    if (page->events.empty() || after >= page->head) return all;
  }
}

std::optional<std::pair<RoomId, wire::Event>> TestClient::next_event(Milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (events.empty()) {
    if (!pump_until(end)) return std::nullopt;
  }
  auto event = std::move(events.front());
  events.pop_front();
  return event;
}

wire::Goodbye TestClient::wait_goodbye(Milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (pump_until(end)) {
  }
  return goodbye.value_or(wire::Goodbye{});
}

void TestClient::listen(Milliseconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (pump_until(end)) {
  }
}

}  // namespace parley::test
