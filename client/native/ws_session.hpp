// The steps of a client connection over any Beast stream: resolve, connect, (TLS), upgrade, then
// read and write until it ends. Included by ws_plain.cpp and ws_tls.cpp only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <utility>

#include "client/native/ws_connection.hpp"
#include "shared/wire/limits.hpp"

namespace parley::native {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

inline constexpr const char* kSubprotocol = "parley.v1";
inline constexpr auto kConnectTimeout = std::chrono::seconds(15);

template <class NextLayer>
class WsSession : public WsConnection, public std::enable_shared_from_this<WsSession<NextLayer>> {
 public:
  template <class... StreamArgs>
  WsSession(asio::io_context& io, WsUrl url, WsCallbacks callbacks, StreamArgs&&... args)
      : url_(std::move(url)),
        callbacks_(std::move(callbacks)),
        resolver_(io),
        stream_(io, std::forward<StreamArgs>(args)...) {}

  void start() override {
    resolver_.async_resolve(url_.host, url_.port,
                            [self = this->shared_from_this()](beast::error_code error, auto found) {
                              if (error) return self->finish("The server's name was not found");
                              self->connect(found);
                            });
  }

  void send(Bytes bytes) override {
    if (!open_) return;
    outbox_.push_back(std::move(bytes));
    if (outbox_.size() == 1) write();
  }

  void close() override {
    callbacks_ = {};
    if (!open_) return cut();
    open_ = false;
    // Bounded by the stream's own handshake timeout.
    stream_.async_close(websocket::close_code::normal,
                        [self = this->shared_from_this()](beast::error_code) { self->cut(); });
  }

 protected:
  using Stream = websocket::stream<NextLayer>;
  // What TLS adds between connecting and upgrading; calls upgrade() or finish() in the end.
  virtual void secure() { upgrade(); }

  void upgrade() {
    beast::get_lowest_layer(stream_).expires_never();  // the WebSocket has its own timer from here
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = kConnectTimeout;
    timeout.idle_timeout =
        websocket::stream_base::none();  // the core's heartbeat watches over this
    timeout.keep_alive_pings = false;
    stream_.set_option(timeout);
    stream_.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(beast::http::field::sec_websocket_protocol, kSubprotocol);
      request.set(beast::http::field::user_agent, "Parley");
    }));
    stream_.read_message_max(wire::kMaxFrameBytes);
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.async_handshake(
        response_, url_.authority(), url_.target,
        [self = this->shared_from_this()](beast::error_code error) { self->upgraded(error); });
  }

  void finish(std::string reason, int close_code = 0) {
    open_ = false;
    auto closed = std::exchange(callbacks_, {}).closed;
    cut();
    if (closed) closed(close_code, std::move(reason));
  }

  WsUrl url_;
  WsCallbacks callbacks_;
  asio::ip::tcp::resolver resolver_;
  Stream stream_;

 private:
  void connect(const asio::ip::tcp::resolver::results_type& found) {
    auto& tcp = beast::get_lowest_layer(stream_);
    tcp.expires_after(kConnectTimeout);
    tcp.async_connect(found, [self = this->shared_from_this()](beast::error_code error, auto) {
      if (error) return self->finish(self->words(error));
      beast::error_code ignored;
      beast::get_lowest_layer(self->stream_)
          .socket()
          .set_option(asio::ip::tcp::no_delay(true), ignored);
      self->secure();
    });
  }

  void upgraded(beast::error_code error) {
    if (error == websocket::error::upgrade_declined) {
      const unsigned status = response_.result_int();
      if (status == 503 || status == 429) return finish("The server is busy");
      return finish("The server does not accept chat connections at this address (" +
                    std::to_string(status) + ")");
    }
    if (error) return finish(words(error));
    if (response_[beast::http::field::sec_websocket_protocol] != kSubprotocol) {
      return finish("The server does not speak this app's protocol");
    }
    open_ = true;
    if (callbacks_.opened) callbacks_.opened();
    read();
  }

  void read() {
    stream_.async_read(buffer_, [self = this->shared_from_this()](beast::error_code error, auto) {
      if (error) return self->ended(error);
      const auto data = self->buffer_.cdata();
      const auto* first = static_cast<const std::uint8_t*>(data.data());
      if (self->callbacks_.received) self->callbacks_.received(Bytes(first, first + data.size()));
      self->buffer_.consume(data.size());
      if (self->open_) self->read();
    });
  }

  void write() {
    stream_.async_write(asio::buffer(outbox_.front()),
                        [self = this->shared_from_this()](beast::error_code error, auto) {
                          if (error) return self->ended(error);
                          self->outbox_.pop_front();
                          if (self->open_ && !self->outbox_.empty()) self->write();
                        });
  }

  void ended(beast::error_code error) {
    if (error == websocket::error::closed) {
      const auto& reason = stream_.reason();
      std::string text(reason.reason.data(), reason.reason.size());
      return finish(text.empty() ? "The server ended the connection" : std::move(text),
                    reason.code == websocket::close_code::none ? 0 : reason.code);
    }
    finish(words(error));
  }

  std::string words(beast::error_code error) const {
    namespace e = asio::error;
    if (error == e::connection_refused) return "Nothing answers at the server's address";
    if (error == beast::error::timeout || error == e::timed_out) return "The server did not answer";
    if (error == e::network_unreachable || error == e::host_unreachable) {
      return "The server cannot be reached from this network";
    }
    if (error == e::eof || error == e::connection_reset || error == e::broken_pipe) {
      return "The connection was cut";
    }
    return error.message();
  }

  void cut() {
    resolver_.cancel();
    beast::get_lowest_layer(stream_).close();
  }

  websocket::response_type response_;
  beast::flat_buffer buffer_{wire::kMaxFrameBytes + 64};
  std::deque<Bytes> outbox_;  // the front one is being written
  bool open_ = false;
};

}  // namespace parley::native
