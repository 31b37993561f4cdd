// Frames: what one binary WebSocket message holds.
//
//   version u8 | type u8 | request id varint | payload
//
//   type          request id          payload
//   1 command     chosen by client    kind varint, fields       (never 0, ascending)
//   2 response    of the command      kind varint, fields
//   3 error       of the command      ErrorReply
//   4 events      0                   EventBatch
//   5 notice      0                   kind varint, fields
//   6 ping        any                 empty; answered at once by
//   7 pong        of the ping         empty
//   8 goodbye     0                   Goodbye; the sender then closes
#pragma once

#include "shared/wire/commands.hpp"
#include "shared/wire/responses.hpp"

namespace parley::wire {

enum class FrameType : std::uint8_t {
  kCommand = 1,
  kResponse = 2,
  kError = 3,
  kEvents = 4,
  kNotice = 5,
  kPing = 6,
  kPong = 7,
  kGoodbye = 8,
};

using RequestId = std::uint64_t;

struct CommandFrame {
  RequestId request = 0;
  Command command;
};
struct ResponseFrame {
  RequestId request = 0;
  Response response;
};
struct ErrorFrame {
  RequestId request = 0;
  ErrorReply error;
};
struct PingFrame {
  RequestId request = 0;
};
struct PongFrame {
  RequestId request = 0;
};
// A notice or response of a kind this peer does not know yet: safe to skip.
struct UnknownFrame {
  RequestId request = 0;
};

using ClientFrame = std::variant<CommandFrame, PingFrame, PongFrame>;
using ServerFrame = std::variant<ResponseFrame, ErrorFrame, EventBatch, Notice, PingFrame, PongFrame,
                                 Goodbye, UnknownFrame>;

// What could be read of a bad client frame, so that the answer can name the request.
struct FrameFault {
  Error error;
  RequestId request = 0;  // 0: not readable, the connection is over
};

Bytes encode_frame(const ClientFrame& frame);
Bytes encode_frame(const ServerFrame& frame);

// Server side. A known frame type with a readable request id and a bad payload is a fault of that
// request alone; anything else ends the connection.
std::variant<ClientFrame, FrameFault> decode_client_frame(ByteView bytes);
// Client side.
Result<ServerFrame> decode_server_frame(ByteView bytes);

// For the hot path: the events frame from bodies that are encoded already.
class EventBatchEncoder {
 public:
  EventBatchEncoder(RoomId room, std::size_t event_count, std::size_t size_hint);
  void add(const Event& event);
  Bytes finish() && { return std::move(out_); }

 private:
  Bytes out_;
};

}  // namespace parley::wire
