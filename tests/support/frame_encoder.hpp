// What the server says as plain protocol frames: no WebSocket around them.
#pragma once

#include "server/app/peer.hpp"
#include "shared/wire/frame.hpp"

namespace parley::testing {

class FrameEncoder final : public app::Encoder {
 public:
  app::SharedBytes events(RoomId room, std::span<const wire::Event> events) const override {
    wire::EventBatchEncoder encoder(room, events.size(), 256 * events.size());
    for (const wire::Event& event : events) encoder.add(event);
    return std::make_shared<const Bytes>(std::move(encoder).finish());
  }
  app::SharedBytes notice(const wire::Notice& notice) const override {
    return std::make_shared<const Bytes>(wire::encode_frame(wire::ServerFrame{notice}));
  }
};

}  // namespace parley::testing
