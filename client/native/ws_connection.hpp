// One WebSocket connection behind a type-erased face, so that Beast's templates are compiled in two
// files only. Everything here runs on the transport's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/native/ws_url.hpp"
#include "shared/base/bytes.hpp"

namespace boost::asio {
class io_context;
}

namespace parley::native {

struct WsCallbacks {
  std::function<void()> opened;
  std::function<void(Bytes)> received;
  std::function<void(int close_code, std::string reason)> closed;  // once, the last one
};

class WsConnection {
 public:
  virtual ~WsConnection() = default;
  virtual void start() = 0;
  virtual void send(Bytes bytes) = 0;
  // Sends a close frame and then cuts; no callback runs after this call.
  virtual void close() = 0;
};

std::shared_ptr<WsConnection> make_plain_connection(boost::asio::io_context& io, const WsUrl& url,
                                                    WsCallbacks callbacks);
std::shared_ptr<WsConnection> make_tls_connection(boost::asio::io_context& io, const WsUrl& url,
                                                  WsCallbacks callbacks);

}  // namespace parley::native
