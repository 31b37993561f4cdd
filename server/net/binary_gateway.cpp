// The protocol `parley.v1`: one frame of shared/wire in each binary message.
#include "server/net/gateway.hpp"

namespace parley::net {
namespace {

app::SharedBytes framed(const wire::ServerFrame& frame) {
  return make_ws_frame(WsOpcode::kBinary, wire::encode_frame(frame));
}

class BinaryGateway final : public Gateway {
 public:
  BinaryGateway() : heartbeat_(framed(wire::PingFrame{0})) {}

  app::Format format() const override { return app::Format::kBinary; }
  std::string_view subprotocol() const override { return "parley.v1"; }
  WsOpcode opcode() const override { return WsOpcode::kBinary; }

  Inbound receive(ByteView message, GatewayState* /*state*/) const override {
    auto decoded = wire::decode_client_frame(message);
    if (auto* fault = std::get_if<wire::FrameFault>(&decoded)) {
      if (fault->request == 0) return InboundFatal{std::move(fault->error)};
      return InboundReply{framed(wire::ErrorFrame{fault->request, to_reply(fault->error)}), false,
                          true};
    }
    auto& frame = std::get<wire::ClientFrame>(decoded);
    if (auto* command = std::get_if<wire::CommandFrame>(&frame)) {
      return InboundCommand{command->request, std::move(command->command)};
    }
    if (const auto* ping = std::get_if<wire::PingFrame>(&frame)) {
      return InboundReply{framed(wire::PongFrame{ping->request}), true, false};
    }
    return InboundNothing{};
  }

  app::SharedBytes response(wire::RequestId request, const wire::Response& response,
                            GatewayState* /*state*/) const override {
    return framed(wire::ResponseFrame{request, response});
  }
  app::SharedBytes error(wire::RequestId request, const wire::ErrorReply& error,
                         GatewayState* /*state*/) const override {
    return framed(wire::ErrorFrame{request, error});
  }
  app::SharedBytes goodbye(const wire::Goodbye& goodbye) const override { return framed(goodbye); }
  app::SharedBytes heartbeat() const override { return heartbeat_; }

  app::SharedBytes events(RoomId room, std::span<const wire::Event> events) const override {
    std::size_t size = kMaxServerHeader;
    for (const wire::Event& event : events) size += event.body.size() + 96;
    wire::EventBatchEncoder encoder(room, events.size(), size);
    for (const wire::Event& event : events) encoder.add(event);
    return make_ws_frame(WsOpcode::kBinary, std::move(encoder).finish());
  }
  app::SharedBytes notice(const wire::Notice& notice) const override { return framed(notice); }

 private:
  app::SharedBytes heartbeat_;
};

}  // namespace

const Gateway& binary_gateway() {
  static const BinaryGateway gateway;
  return gateway;
}

}  // namespace parley::net
