#include "server/net/listener.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "server/net/connection_hub.hpp"

namespace parley::net {
namespace {

namespace asio = boost::asio;

constexpr int kBacklog = 4096;
// Accepted before others have their turn.
constexpr int kAcceptsPerTurn = 128;
// Out of descriptors: time for some to come back.
constexpr Duration kExhaustedPause = milliseconds(100);

constexpr std::string_view kBusyAnswer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\n"
    "Connection: close\r\n\r\n";

// Owns a descriptor on its way between two threads.
struct Accepted {
  Accepted(int fd, const IpAddress& from, AddressLimits::Place held)
      : descriptor(fd), peer(from), place(std::move(held)) {}
  ~Accepted() {
    if (descriptor >= 0) ::close(descriptor);
  }
  Accepted(const Accepted&) = delete;
  Accepted& operator=(const Accepted&) = delete;
  int release() { return std::exchange(descriptor, -1); }

  int descriptor;
  IpAddress peer;
  AddressLimits::Place place;
};

void turn_away(int descriptor) {
  [[maybe_unused]] const ssize_t sent =
      ::send(descriptor, kBusyAnswer.data(), kBusyAnswer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::close(descriptor);
}

Error listen_error(const IpAddress& address, std::uint16_t port, int number) {
  const char* advice = "";
  if (number == EADDRINUSE) advice = "; another program has this port, choose one with --port";
  if (number == EACCES) advice = "; ports below 1024 need permission, choose one with --port";
  if (number == EADDRNOTAVAIL) advice = "; this machine does not have that address";
  return {ErrorCode::kInvalidArgument,
          fmt::format("cannot listen on {}, port {}: {}{}", address.to_string(), port,
                      std::strerror(number), advice),
          {}};
}

}  // namespace

struct Listener::Impl {
  Impl(ShardLoop& own_loop, Site& shared_site, std::vector<ConnectionHub*> all_hubs, Entrance door)
      : loop(own_loop),
        site(shared_site),
        hubs(std::move(all_hubs)),
        entrance(door),
        socket(own_loop.io()) {}

  void wait() {
    socket.async_wait(asio::posix::stream_descriptor::wait_read,
                      [this](boost::system::error_code error) {
                        if (!error) accept_some();
                      });
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const int descriptor = accept4(socket.native_handle(), reinterpret_cast<sockaddr*>(&from),
                                     &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor >= 0) {
        take(descriptor, reinterpret_cast<const sockaddr&>(from));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return pause();
      } else if (errno != EINTR && errno != ECONNABORTED) {
        break;
      }
    }
    wait();
  }

  // Waiting for readiness would spin: the connection that cannot be accepted stays ready.
  void pause() {
    if (!exhausted) {
      site.log.error(ops::LogCategory::kServer, "out of descriptors",
                     {{"connections", site.connections.load()}});
    }
    exhausted = true;
    loop.call_after(kExhaustedPause, [this, alive = std::weak_ptr(life)] {
      if (!alive.expired() && socket.is_open()) accept_some();
    });
  }

  void take(int descriptor, const sockaddr& from) {
    exhausted = false;
    ops::ShardMetrics& metrics = site.metrics.shard(loop.index());
    const IpAddress peer = IpAddress::from(from).value_or(IpAddress{});
    std::optional<AddressLimits::Place> place = AddressLimits::Place{};
    // Behind a proxy every connection has its address; their clients are counted at the upgrade.
    if (!contains(site.trusted_proxies, peer)) place = site.addresses.take(peer);
    if (!place || site.connections.load(std::memory_order_relaxed) >= site.most_connections) {
      metrics.refused_connections.add();
      return turn_away(descriptor);
    }
    site.connections.fetch_add(1, std::memory_order_relaxed);
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // A shared holder, since tasks must be copyable; it closes what an ending server never ran.
    auto accepted = std::make_shared<Accepted>(descriptor, peer, std::move(*place));
    ConnectionHub* const hub = hubs[next_hub++ % hubs.size()];
    hub->loop().post([hub, accepted, door = entrance] {
      hub->adopt(accepted->release(), accepted->peer, std::move(accepted->place), door);
    });
  }

  ShardLoop& loop;
  Site& site;
  std::vector<ConnectionHub*> hubs;
  Entrance entrance;
  asio::posix::stream_descriptor socket;
  std::shared_ptr<int> life = std::make_shared<int>(0);
  std::size_t next_hub = 0;
  std::uint16_t port = 0;
  bool exhausted = false;
};

Listener::Listener(ShardLoop& loop, Site& site, std::vector<ConnectionHub*> hubs, Entrance entrance)
    : impl_(std::make_unique<Impl>(loop, site, std::move(hubs), entrance)) {}

Listener::~Listener() = default;

Status Listener::open(const IpAddress& address, std::uint16_t port) {
  const bool v4 = address.is_v4();
  const int descriptor =
      socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return listen_error(address, port, errno);
  const int on = 1;
  const int off = 0;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);

  sockaddr_storage storage{};
  socklen_t size = 0;
  if (v4) {
    auto& bound = reinterpret_cast<sockaddr_in&>(storage);
    bound.sin_family = AF_INET;
    bound.sin_port = htons(port);
    std::memcpy(&bound.sin_addr, address.bytes.data() + 12, 4);
    size = sizeof bound;
  } else {
    // "::" then serves IPv4 as well.
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    auto& bound = reinterpret_cast<sockaddr_in6&>(storage);
    bound.sin6_family = AF_INET6;
    bound.sin6_port = htons(port);
    std::memcpy(&bound.sin6_addr, address.bytes.data(), 16);
    size = sizeof bound;
  }
  auto* const raw = reinterpret_cast<sockaddr*>(&storage);
  if (bind(descriptor, raw, size) != 0 || listen(descriptor, kBacklog) != 0 ||
      getsockname(descriptor, raw, &size) != 0) {
    const int number = errno;
    ::close(descriptor);
    return listen_error(address, port, number);
  }
  impl_->port = ntohs(v4 ? reinterpret_cast<sockaddr_in&>(storage).sin_port
                         : reinterpret_cast<sockaddr_in6&>(storage).sin6_port);
  impl_->socket.assign(descriptor);
  return {};
}

std::uint16_t Listener::port() const { return impl_->port; }

void Listener::start() { impl_->wait(); }

void Listener::close() {
  boost::system::error_code ignored;
  impl_->socket.close(ignored);
}

}  // namespace parley::net
