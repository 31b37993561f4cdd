#include "client/native/ws_transport.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <catch2/catch_test_macros.hpp>
#include <thread>

namespace parley::native {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;

// Accepts one connection, answers each message with itself, and ends after `messages` of them with
// 4001.
class EchoServer {
 public:
  EchoServer(int messages, bool speaks_protocol)
      : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        thread_([this, messages, speaks_protocol] { serve(messages, speaks_protocol); }) {}
  ~EchoServer() { thread_.join(); }
  std::string url() const {
    return "ws://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/ws";
  }

 private:
  void serve(int messages, bool speaks_protocol) {
    beast::error_code error;
    tcp::socket socket(io_);
    acceptor_.accept(socket, error);
    websocket::stream<tcp::socket> stream(std::move(socket));
    if (speaks_protocol) {
      stream.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
        response.set(beast::http::field::sec_websocket_protocol, "parley.v1");
      }));
    }
    stream.accept(error);
    stream.binary(true);
    for (int i = 0; i < messages && !error; ++i) {
      beast::flat_buffer buffer;
      stream.read(buffer, error);
      if (!error) stream.write(buffer.data(), error);
    }
    if (!error) stream.close({websocket::close_code(4001), "enough"}, error);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

WsTransport::Event next(WsTransport& transport) {
  REQUIRE(transport.wait(seconds(20)));
  return *transport.poll();
}

}  // namespace

TEST_CASE("bytes go out and come back in order, and the end has its code") {
  EchoServer server(3, true);
  WsTransport transport;
  transport.open(7, server.url());
  REQUIRE(std::get<WsTransport::Opened>(next(transport)).attempt == 7);
  const Bytes large(300'000, 42);
  transport.send(7, {1, 2, 3});
  transport.send(7, large);
  transport.send(9, {9});  // of another attempt: dropped
  transport.send(7, {4});
  CHECK(std::get<WsTransport::Received>(next(transport)).bytes == Bytes{1, 2, 3});
  CHECK(std::get<WsTransport::Received>(next(transport)).bytes == large);
  CHECK(std::get<WsTransport::Received>(next(transport)).bytes == Bytes{4});
  const auto closed = std::get<WsTransport::Closed>(next(transport));
  CHECK(closed.attempt == 7);
  CHECK(closed.close_code == 4001);
  CHECK(closed.reason == "enough");
}

TEST_CASE("a server of another protocol is refused") {
  EchoServer server(0, false);
  WsTransport transport;
  transport.open(1, server.url());
  const auto closed = std::get<WsTransport::Closed>(next(transport));
  CHECK(closed.reason.find("protocol") != std::string::npos);
}

TEST_CASE("nothing at the address, and no address") {
  WsTransport transport;
  transport.open(1, "ws://127.0.0.1:1/ws");
  CHECK(std::get<WsTransport::Closed>(next(transport)).reason.find("Nothing answers") !=
        std::string::npos);
  transport.open(2, "nonsense://x");
  CHECK(std::get<WsTransport::Closed>(next(transport)).attempt == 2);
}

TEST_CASE("a transport in use can go away") {
  EchoServer server(1, true);
  {
    WsTransport transport;
    transport.open(1, server.url());
    REQUIRE(std::holds_alternative<WsTransport::Opened>(next(transport)));
  }
}

}  // namespace parley::native
