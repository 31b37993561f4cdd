// A connection while it speaks HTTP: requests one after the other, answered in order.
//
// Pipelining is bounded: nothing more is parsed while answers wait to be sent. Thread rule: its
// shard.
#pragma once

#include "server/net/connection.hpp"
#include "server/net/http_parser.hpp"
#include "server/net/http_response.hpp"

namespace parley::net {

class HttpConversation final : public Protocol {
 public:
  HttpConversation(Connection& connection, Entrance entrance);

  void handle_bytes(std::span<std::uint8_t> bytes) override;
  void handle_deadline() override;
  void handle_sent() override;
  void handle_drain(const Error& reason) override;

 private:
  void process(std::span<std::uint8_t> bytes);
  void answer(const HttpRequest& request);
  HttpResponse route(const HttpRequest& request);
  HttpResponse metrics_response(const HttpRequest& request);
  void upgrade(const HttpRequest& request);
  void respond(HttpResponse response, const HttpRequest& request);
  IpAddress client_of(const HttpRequest& request) const;

  Connection& connection_;
  Site& site_;
  Entrance entrance_;
  HttpParser parser_;
  Bytes waiting_;  // pipelined requests, until the answers before them are sent
  std::uint64_t sent_at_check_ = 0;
  bool reading_request_ = false;  // its deadline runs already
  bool upgraded_ = false;
  // Set by an upgrade; the bytes after the request belong to the new protocol.
  std::unique_ptr<Protocol> successor_;
};

}  // namespace parley::net
