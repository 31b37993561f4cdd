// The protocol `parley.json.v1`, also spoken to clients that ask for none: one JSON object in each
// text message (FEATURES M1).
#include <algorithm>
#include <vector>

#include "server/net/gateway.hpp"
#include "server/net/shard_loop.hpp"
#include "server/ops/system_rng.hpp"
#include "shared/wire/json.hpp"

namespace parley::net {
namespace {

// The "id" a client gave a command is any JSON value; app knows commands by number.
class JsonState final : public GatewayState {
 public:
  wire::RequestId remember(std::string id) {
    const wire::RequestId request = ++last_request_;
    if (id.empty()) return request;
    // Some commands are never answered, so the oldest are forgotten.
    if (pending_.size() >= kMaxPending) pending_.erase(pending_.begin());
    pending_.push_back({request, std::move(id)});
    return request;
  }

  std::string take(wire::RequestId request) {
    const auto found = std::find_if(pending_.begin(), pending_.end(),
                                    [&](const Pending& p) { return p.request == request; });
    if (found == pending_.end()) return {};
    std::string id = std::move(found->id);
    pending_.erase(found);
    return id;
  }

 private:
  static constexpr std::size_t kMaxPending = 256;
  struct Pending {
    wire::RequestId request;
    std::string id;
  };
  std::vector<Pending> pending_;
  wire::RequestId last_request_ = 0;
};

app::SharedBytes framed(const std::string& json) {
  return make_ws_frame(WsOpcode::kText, to_bytes(as_bytes(json)));
}

class JsonGateway final : public Gateway {
 public:
  // Browsers and libraries answer a WebSocket ping by themselves; JSON has no ping of its own.
  JsonGateway() : heartbeat_(make_ws_frame(WsOpcode::kPing, {})) {}

  app::Format format() const override { return app::Format::kJson; }
  std::string_view subprotocol() const override { return "parley.json.v1"; }
  WsOpcode opcode() const override { return WsOpcode::kText; }
  std::unique_ptr<GatewayState> make_state() const override {
    return std::make_unique<JsonState>();
  }

  Inbound receive(ByteView message, GatewayState* state) const override {
    ops::SystemRng rng;
    auto parsed = wire::command_from_json(as_text(message), ClientId::make(clock_now().wall, rng));
    if (auto* fault = std::get_if<wire::JsonFault>(&parsed)) {
      return InboundReply{framed(wire::to_json(to_reply(fault->error), fault->id)), false, true};
    }
    auto& command = std::get<wire::JsonCommand>(parsed);
    return InboundCommand{own(state).remember(std::move(command.id)), std::move(command.command)};
  }

  app::SharedBytes response(wire::RequestId request, const wire::Response& response,
                            GatewayState* state) const override {
    return framed(wire::to_json(response, own(state).take(request)));
  }
  app::SharedBytes error(wire::RequestId request, const wire::ErrorReply& error,
                         GatewayState* state) const override {
    return framed(wire::to_json(error, own(state).take(request)));
  }
  app::SharedBytes goodbye(const wire::Goodbye& goodbye) const override {
    return framed(wire::to_json(goodbye));
  }
  app::SharedBytes heartbeat() const override { return heartbeat_; }

  app::SharedBytes events(RoomId room, std::span<const wire::Event> events) const override {
    Bytes frames;
    for (const wire::Event& event : events) {
      append_ws_frame(WsOpcode::kText, as_bytes(wire::to_json(room, event)), frames);
    }
    return std::make_shared<const Bytes>(std::move(frames));
  }
  app::SharedBytes notice(const wire::Notice& notice) const override {
    return framed(wire::to_json(notice));
  }

 private:
  static JsonState& own(GatewayState* state) { return static_cast<JsonState&>(*state); }

  app::SharedBytes heartbeat_;
};

}  // namespace

const Gateway& json_gateway() {
  static const JsonGateway gateway;
  return gateway;
}

}  // namespace parley::net
