// One WebSocket conversation: frames in, commands to the Session; responses and events out.
//
// It ends in one of three ways, all carried out at the end of a turn so that app is never called
// back inside its own call: with a Goodbye after everything queued, with a Goodbye instead of
// everything queued (slow reader), or without a word (the peer closed, or is dead). Thread rule:
// its shard.
#pragma once

#include <string>

#include "server/net/connection.hpp"
#include "server/net/gateway.hpp"
#include "server/net/ws_codec.hpp"

namespace parley::net {

class WsConversation final : public Protocol, public app::Peer, private WsSink {
 public:
  WsConversation(Connection& connection, const Gateway& gateway, std::string address);
  ~WsConversation() override;

  // Protocol
  void handle_bytes(std::span<std::uint8_t> bytes) override;
  void handle_deadline() override;
  void before_flush() override;
  void handle_drain(const Error& reason) override;
  void handle_gone() override;

  // app::Peer
  app::Format format() const override { return gateway_.format(); }
  void send(app::SharedBytes bytes, app::Priority priority) override;
  void respond(wire::RequestId request, const wire::Response& response) override;
  void respond_error(wire::RequestId request, const wire::ErrorReply& error) override;
  void close(const Error& reason) override;
  const std::string& address() const override { return address_; }

 private:
  enum class State : std::uint8_t { kOpen, kEnding, kEnded };
  // What an ending still has to say. Held apart, so that an open conversation does not pay for it.
  struct Ending {
    Error reason;
    WsClose close = WsClose::kNormal;
    bool says_goodbye = true;
    bool drops_queue = false;
  };

  bool on_message(WsOpcode opcode, ByteView payload) override;
  bool on_control(WsOpcode opcode, ByteView payload) override;
  void on_close(WsClose code) override;

  void end(Ending ending);
  void end_with(Error reason, WsClose close);
  void count_as_error(const char* what);
  bool take_control_frame();
  void leave();

  Connection& connection_;
  Site& site_;
  const Gateway& gateway_;
  std::unique_ptr<GatewayState> gateway_state_;
  std::unique_ptr<app::Session> session_;
  std::unique_ptr<Ending> ending_;
  WsReader reader_;
  std::string address_;
  std::uint32_t last_received_s_ = 0;
  std::uint32_t control_second_ = 0;
  std::uint16_t control_frames_ = 0;  // in control_second_
  std::uint8_t faults_ = 0;
  bool sign_in_checked_ = false;
  bool asked_for_life_ = false;  // pinged since something was received
  State state_ = State::kOpen;
};

}  // namespace parley::net
