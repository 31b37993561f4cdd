#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "client/native/ws_session.hpp"

namespace parley::native {
namespace {

using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// Declared as a base so that the context exists before, and goes after, the stream made from it.
struct TlsContext {
  TlsContext() : tls(asio::ssl::context::tls_client) {
    beast::error_code ignored;
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                        asio::ssl::context::no_tlsv1_1,
                    ignored);
    tls.set_default_verify_paths(ignored);  // without them every certificate is refused
    tls.set_verify_mode(asio::ssl::verify_peer, ignored);
  }
  asio::ssl::context tls;
};

class TlsSession final : private TlsContext, public WsSession<TlsStream> {
 public:
  TlsSession(asio::io_context& io, const WsUrl& url, WsCallbacks callbacks)
      : WsSession<TlsStream>(io, url, std::move(callbacks), tls) {}

 private:
  void secure() override {
    auto& layer = stream_.next_layer();
    beast::error_code error;
    layer.set_verify_callback(asio::ssl::host_name_verification(url_.host), error);
    std::string host = url_.host;
    if (error || SSL_ctrl(layer.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                          TLSEXT_NAMETYPE_host_name, host.data()) != 1) {
      return finish("The secure connection could not be prepared");
    }
    auto self = std::static_pointer_cast<TlsSession>(shared_from_this());
    layer.async_handshake(asio::ssl::stream_base::client, [self](beast::error_code failed) {
      if (!failed) return self->upgrade();
      self->finish(failed == beast::error::timeout
                       ? "The server did not answer"
                       : "The server's identity could not be checked (" + failed.message() + ")");
    });
  }
};

}  // namespace

std::shared_ptr<WsConnection> make_tls_connection(asio::io_context& io, const WsUrl& url,
                                                  WsCallbacks callbacks) {
  return std::make_shared<TlsSession>(io, url, std::move(callbacks));
}

}  // namespace parley::native
