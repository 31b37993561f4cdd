// How a protocol is spoken on /ws: a translation between its messages and the commands, responses
// and events of shared/wire. Adding a protocol means adding a Gateway; conversations stay the same.
//
// Thread rule: a Gateway is stateless and shared by all shards; what one conversation must remember
// is in its GatewayState and belongs to its shard.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "server/app/peer.hpp"
#include "server/net/ws_codec.hpp"

namespace parley::net {

// Made by gateways that need one; null for the others.
class GatewayState {
 public:
  virtual ~GatewayState() = default;
};

// What one message from a client asks for.
struct InboundCommand {
  wire::RequestId request = 0;
  wire::Command command;
};
struct InboundReply {  // answered by the gateway itself
  app::SharedBytes bytes;
  bool is_control = false;  // counts against the limit of pings
  bool is_fault = false;    // the message could not be used; many of them end the connection
};
struct InboundNothing {};
struct InboundFatal {
  Error error;
};
using Inbound = std::variant<InboundCommand, InboundReply, InboundNothing, InboundFatal>;

class Gateway : public app::Encoder {
 public:
  virtual app::Format format() const = 0;
  // The WebSocket subprotocol it answers with; "" for none.
  virtual std::string_view subprotocol() const = 0;
  virtual WsOpcode opcode() const = 0;
  virtual std::unique_ptr<GatewayState> make_state() const { return nullptr; }

  // `message` came in a frame of this gateway's opcode.
  virtual Inbound receive(ByteView message, GatewayState* state) const = 0;
  virtual app::SharedBytes response(wire::RequestId request, const wire::Response& response,
                                    GatewayState* state) const = 0;
  virtual app::SharedBytes error(wire::RequestId request, const wire::ErrorReply& error,
                                 GatewayState* state) const = 0;
  virtual app::SharedBytes goodbye(const wire::Goodbye& goodbye) const = 0;
  virtual app::SharedBytes heartbeat() const = 0;
};

wire::ErrorReply to_reply(const Error& error);
wire::Goodbye to_goodbye(const Error& error);
// The WebSocket close code that goes with a Goodbye: a standard one where there is one, else 4000 +
// code.
WsClose close_code_for(ErrorCode code);

const Gateway& binary_gateway();
const Gateway& json_gateway();

}  // namespace parley::net
