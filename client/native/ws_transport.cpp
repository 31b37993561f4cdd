#include "client/native/ws_transport.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "client/native/ws_connection.hpp"

namespace parley::native {

namespace asio = boost::asio;

class WsTransport::Impl {
 public:
  explicit Impl(std::function<void()> wake)
      : wake_(std::move(wake)), work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}

  ~Impl() {
    asio::post(io_, [this] {
      if (connection_) connection_->close();
      connection_.reset();
      io_.stop();
    });
    thread_.join();
  }

  void open(std::uint32_t attempt, std::string url) {
    asio::post(io_, [this, attempt, url = std::move(url)] {
      if (connection_) connection_->close();
      connection_.reset();
      attempt_ = attempt;
      auto parsed = parse_ws_url(url);
      if (!parsed) return push(Closed{attempt, 0, parsed.error().detail});
      WsCallbacks callbacks{.opened = [this, attempt] { push(Opened{attempt}); },
                            .received =
                                [this, attempt](Bytes bytes) {
                                  push(Received{attempt, std::move(bytes)});
                                },
                            .closed =
                                [this, attempt](int code, std::string reason) {
                                  if (attempt_ == attempt) connection_.reset();
                                  push(Closed{attempt, code, std::move(reason)});
                                }};
      connection_ = parsed->secure ? make_tls_connection(io_, *parsed, std::move(callbacks))
                                   : make_plain_connection(io_, *parsed, std::move(callbacks));
      connection_->start();
    });
  }

  void send(std::uint32_t attempt, Bytes bytes) {
    asio::post(io_, [this, attempt, bytes = std::move(bytes)]() mutable {
      if (connection_ && attempt_ == attempt) connection_->send(std::move(bytes));
    });
  }

  void close(std::uint32_t attempt) {
    asio::post(io_, [this, attempt] {
      if (!connection_ || attempt_ != attempt) return;
      connection_->close();
      connection_.reset();
    });
  }

  std::optional<Event> poll() {
    const std::scoped_lock lock(mutex_);
    if (events_.empty()) return std::nullopt;
    std::optional<Event> event(std::move(events_.front()));
    events_.pop_front();
    return event;
  }

  bool wait(Duration at_most) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::milliseconds(at_most.ms),
                             [this] { return !events_.empty(); });
  }

 private:
  void push(Event event) {
    {
      const std::scoped_lock lock(mutex_);
      events_.push_back(std::move(event));
    }
    arrived_.notify_one();
    if (wake_) wake_();
  }

  std::function<void()> wake_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  // Used on the transport's thread only.
  std::shared_ptr<WsConnection> connection_;
  std::uint32_t attempt_ = 0;

  std::mutex mutex_;  // guards events_
  std::condition_variable arrived_;
  std::deque<Event> events_;
  std::thread thread_;  // last: starts when all else is there
};

WsTransport::WsTransport(std::function<void()> wake)
    : impl_(std::make_unique<Impl>(std::move(wake))) {}
WsTransport::~WsTransport() = default;

void WsTransport::open(std::uint32_t attempt, const std::string& url) { impl_->open(attempt, url); }
void WsTransport::send(std::uint32_t attempt, Bytes bytes) {
  impl_->send(attempt, std::move(bytes));
}
void WsTransport::close(std::uint32_t attempt) { impl_->close(attempt); }
std::optional<WsTransport::Event> WsTransport::poll() { return impl_->poll(); }
bool WsTransport::wait(Duration at_most) { return impl_->wait(at_most); }

}  // namespace parley::native
