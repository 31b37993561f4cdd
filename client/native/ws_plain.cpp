#include "client/native/ws_session.hpp"

namespace parley::native {

std::shared_ptr<WsConnection> make_plain_connection(asio::io_context& io, const WsUrl& url,
                                                    WsCallbacks callbacks) {
  return std::make_shared<WsSession<beast::tcp_stream>>(io, url, std::move(callbacks));
}

}  // namespace parley::native
