// One TCP connection: reads into the shard's scratch buffer, writes its outbox in gathered writes,
// and lets a Protocol give the bytes a meaning. First HTTP, then perhaps a WebSocket conversation.
//
// Invariants: an idle connection owns no buffer and no timer of its own, only a place in the hub's
// wheel of deadlines. Nothing is closed inside a call from a Protocol or from app: send(), finish()
// and abort() only note what is to be done, the end of the turn does it.
//
// Thread rule: its shard only. Lifetime: owned by its ConnectionHub until closed, then by the
// operations still under way.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include "server/net/address.hpp"
#include "server/net/outbox.hpp"
#include "server/net/shard_loop.hpp"
#include "server/net/site.hpp"

namespace parley::net {

class ConnectionHub;

class Protocol {
 public:
  virtual ~Protocol() = default;
  // May change the bytes in place; they end with the call.
  virtual void handle_bytes(std::span<std::uint8_t> bytes) = 0;
  // The moment of set_deadline() has come.
  virtual void handle_deadline() = 0;
  // At the end of a turn in which something was sent or asked for, before it is written.
  virtual void before_flush() {}
  // The outbox has run empty.
  virtual void handle_sent() {}
  // The server stops: end the connection soon, for this reason.
  virtual void handle_drain(const Error& reason) = 0;
  // The connection is closed; the last call.
  virtual void handle_gone() {}
};

class Connection final : public Flushable, public std::enable_shared_from_this<Connection> {
 public:
  // Unique in the process: shard + kIdStep * (how many of the shard's came before).
  using Id = std::uint64_t;
  static constexpr Id kIdStep = 256;
  static constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();

  // Takes over the descriptor, which does not block.
  Connection(ConnectionHub& hub, Id id, int descriptor, const IpAddress& peer,
             AddressLimits::Place place);
  ~Connection() override;

  void start(std::unique_ptr<Protocol> protocol);
  // Replaces the protocol, from within its handle_bytes() or handle_sent(). It lives until that
  // returns and must not touch the connection any more.
  void become(std::unique_ptr<Protocol> protocol, std::span<std::uint8_t> rest);

  void send(app::SharedBytes bytes, app::Priority priority);
  // Writes what the socket takes at once, without waiting for the end of the turn.
  void relieve();
  // Asks for before_flush() at the end of the turn.
  void wake();
  // Writes what is queued, then closes; nothing more is read.
  void finish();
  // Closes at the end of the turn, whatever is queued.
  void abort();
  void drop_unsent();
  void pause_reading() { paused_ = true; }
  void resume_reading();

  // Seconds from now; replaces the earlier deadline.
  void set_deadline(std::uint32_t in_seconds);
  void hold_place(AddressLimits::Place place) { place_ = std::move(place); }

  Id id() const { return id_; }
  const IpAddress& peer() const { return peer_; }
  const Outbox& outbox() const { return outbox_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  bool is_ending() const { return finishing_ || aborting_ || closed_; }
  ConnectionHub& hub() { return hub_; }

  // For the hub.
  void flush() override;
  void check_deadline(std::uint32_t now_s);
  void drain(const Error& reason);

 private:
  struct Socket;
  enum class Written : std::uint8_t { kAll, kSome, kFailed };

  void wait_readable();
  void wait_writable();
  void read_guarded();
  void handle_readable();
  Written write_outbox();
  void shut_down_sending();
  void close();

  ConnectionHub& hub_;
  Id id_;
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<Protocol> protocol_;
  std::unique_ptr<Protocol> retired_;
  Outbox outbox_;
  IpAddress peer_;
  AddressLimits::Place place_;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t sent_at_check_ = 0;  // while finishing: bytes_sent_ at the last deadline
  std::uint32_t due_s_ = kNever;     // when handle_deadline() is wanted
  std::uint32_t queued_s_ = kNever;  // the wheel's entry; never later than due_s_
  bool dirty_ = false;
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool paused_ = false;
  bool input_ended_ = false;
  bool finishing_ = false;
  bool sending_shut_ = false;
  bool aborting_ = false;
  bool closed_ = false;
};

}  // namespace parley::net
