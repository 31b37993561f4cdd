#include "server/net/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>

#include "server/net/connection_hub.hpp"

namespace parley::net {
namespace {

namespace asio = boost::asio;

// Reads of one connection before others have their turn.
constexpr int kReadsPerTurn = 4;
constexpr std::size_t kGatheredItems = 512;  // the kernel takes at most 1024
// How long the other side may take to close its half after ours.
constexpr std::uint32_t kLingerSeconds = 3;
// An ending connection that takes nothing for so long is closed.
constexpr std::uint32_t kFinishSeconds = 10;

}  // namespace

struct Connection::Socket {
  Socket(asio::io_context& io, int fd) : descriptor(io, fd) {}
  asio::posix::stream_descriptor descriptor;
};

Connection::Connection(ConnectionHub& hub, Id id, int descriptor, const IpAddress& peer,
                       AddressLimits::Place place)
    : hub_(hub),
      id_(id),
      socket_(std::make_unique<Socket>(hub.loop().io(), descriptor)),
      peer_(peer),
      place_(std::move(place)) {}

Connection::~Connection() = default;

void Connection::start(std::unique_ptr<Protocol> protocol) {
  protocol_ = std::move(protocol);
  wait_readable();
}

void Connection::become(std::unique_ptr<Protocol> protocol, std::span<std::uint8_t> rest) {
  retired_ = std::exchange(protocol_, std::move(protocol));
  if (!rest.empty()) protocol_->handle_bytes(rest);
  // The old protocol may have paused for reasons of its own.
  resume_reading();
}

void Connection::send(app::SharedBytes bytes, app::Priority priority) {
  if (closed_ || sending_shut_) return;
  hub_.metrics().outbox_bytes.add(bytes->size());
  outbox_.push(std::move(bytes), priority);
  // A connection that waits for the socket is woken by it.
  if (!waiting_writable_) wake();
}

void Connection::wake() {
  if (dirty_ || closed_) return;
  dirty_ = true;
  hub_.loop().flush_soon(*this);
}

void Connection::finish() {
  if (finishing_) return;
  finishing_ = true;
  paused_ = false;  // what still comes is read and dropped
  sent_at_check_ = bytes_sent_;
  set_deadline(kFinishSeconds);
  wake();
}

void Connection::abort() {
  aborting_ = true;
  wake();
}

void Connection::drop_unsent() {
  const std::size_t before = outbox_.bytes();
  hub_.metrics().dropped_messages.add(outbox_.drop_unsent());
  hub_.metrics().outbox_bytes.subtract(before - outbox_.bytes());
}

void Connection::resume_reading() {
  paused_ = false;
  wait_readable();
}

void Connection::set_deadline(std::uint32_t in_seconds) {
  // One more, since the present second has begun already.
  due_s_ = hub_.now_s() + in_seconds + 1;
  if (due_s_ < queued_s_) queued_s_ = hub_.queue_deadline(id_, due_s_);
}

void Connection::check_deadline(std::uint32_t now_s) {
  if (queued_s_ != now_s || closed_) return;  // an entry from before an earlier deadline
  queued_s_ = kNever;
  if (due_s_ > now_s) {
    if (due_s_ != kNever) queued_s_ = hub_.queue_deadline(id_, due_s_);
    return;
  }
  due_s_ = kNever;
  if (!finishing_) {
    protocol_->handle_deadline();
  } else if (!sending_shut_ && bytes_sent_ != sent_at_check_) {
    sent_at_check_ = bytes_sent_;
    set_deadline(kFinishSeconds);
  } else {
    close();  // the other side had its time
  }
}

void Connection::drain(const Error& reason) {
  if (!is_ending()) protocol_->handle_drain(reason);
}

void Connection::wait_readable() {
  if (waiting_readable_ || closed_ || input_ended_) return;
  waiting_readable_ = true;
  socket_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                 [self = shared_from_this()](boost::system::error_code error) {
                                   self->waiting_readable_ = false;
                                   if (!error && !self->closed_) self->read_guarded();
                                 });
}

void Connection::wait_writable() {
  waiting_writable_ = true;
  socket_->descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                                 [self = shared_from_this()](boost::system::error_code error) {
                                   self->waiting_writable_ = false;
                                   if (!error && !self->closed_) self->wake();
                                 });
}

// A fault in a use case is a bug, but one connection's: the others go on.
void Connection::read_guarded() {
  try {
    handle_readable();
  } catch (const std::exception& fault) {
    hub_.site().log.error(ops::LogCategory::kError, "fault in a conversation",
                          {{"connection", id_}, {"what", fault.what()}});
    abort();
  }
}

void Connection::handle_readable() {
  const std::span<std::uint8_t> scratch = hub_.loop().scratch();
  for (int reads = 0; reads < kReadsPerTurn && !paused_; ++reads) {
    const ssize_t got =
        recv(socket_->descriptor.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) break;
      return close();
    }
    if (got == 0) {
      input_ended_ = true;
      // Who has stopped sending may still read what was asked for.
      return finishing_ && sending_shut_ ? close() : finish();
    }
    const auto size = static_cast<std::size_t>(got);
    hub_.metrics().bytes_in.add(size);
    // What arrives after the end is read and dropped, or closing would reset the connection and
    // take our last words with it.
    if (!finishing_ && !aborting_) protocol_->handle_bytes(scratch.first(size));
    retired_.reset();
    if (size < scratch.size()) break;
  }
  if (!paused_) wait_readable();
}

void Connection::flush() {
  dirty_ = false;
  if (closed_) return;
  if (!aborting_) protocol_->before_flush();
  if (aborting_) return close();
  if (waiting_writable_) return;
  switch (write_outbox()) {
    case Written::kAll:
      if (finishing_) {
        shut_down_sending();
      } else {
        protocol_->handle_sent();
        retired_.reset();
      }
      break;
    case Written::kSome:
      wait_writable();
      break;
    case Written::kFailed:
      close();
      break;
  }
}

void Connection::relieve() {
  if (waiting_writable_ || is_ending()) return;
  switch (write_outbox()) {
    case Written::kAll:
      break;
    case Written::kSome:
      wait_writable();
      break;
    case Written::kFailed:
      abort();
      break;
  }
}

Connection::Written Connection::write_outbox() {
  std::array<iovec, kGatheredItems> items;
  while (!outbox_.empty()) {
    msghdr message{};
    message.msg_iov = items.data();
    message.msg_iovlen = outbox_.gather(items);
    const ssize_t sent =
        sendmsg(socket_->descriptor.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? Written::kSome : Written::kFailed;
    }
    const auto size = static_cast<std::size_t>(sent);
    bytes_sent_ += size;
    outbox_.consume(size);
    hub_.metrics().writes.add();
    hub_.metrics().bytes_out.add(size);
    hub_.metrics().outbox_bytes.subtract(size);
  }
  return Written::kAll;
}

void Connection::shut_down_sending() {
  if (input_ended_) return close();
  if (sending_shut_) return;
  sending_shut_ = true;
  ::shutdown(socket_->descriptor.native_handle(), SHUT_WR);
  set_deadline(kLingerSeconds);
  wait_readable();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  drop_unsent();
  hub_.metrics().outbox_bytes.subtract(outbox_.bytes());
  protocol_->handle_gone();
  boost::system::error_code ignored;
  socket_->descriptor.close(ignored);
  place_ = {};
  hub_.remove(*this);
}

}  // namespace parley::net
