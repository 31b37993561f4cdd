// WebSocket connections of the desktop programs: bytes in and out for the client core.
//
// Work happens on a thread of its own. open/send/close/poll/wait may be called from any one other
// thread; `wake` runs on the transport's thread and must only signal. Attempts are told apart by
// the number the core gave them: opening a new one abandons the one before, which then says nothing
// more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "shared/base/bytes.hpp"
#include "shared/base/time.hpp"

namespace parley::native {

class WsTransport {
 public:
  struct Opened {
    std::uint32_t attempt = 0;
  };
  struct Received {  // one binary message
    std::uint32_t attempt = 0;
    Bytes bytes;
  };
  struct Closed {  // the attempt's last event, also when it never opened
    std::uint32_t attempt = 0;
    int close_code = 0;  // the peer's, 0 if it sent none
    std::string reason;  // for people: "connection refused"
  };
  using Event = std::variant<Opened, Received, Closed>;

  // `wake` is called whenever poll() may have something again; it may be empty.
  explicit WsTransport(std::function<void()> wake = {});
  ~WsTransport();  // cuts what is open and joins the thread

  void open(std::uint32_t attempt, const std::string& url);
  void send(std::uint32_t attempt, Bytes bytes);  // dropped when that attempt is not open
  void close(std::uint32_t attempt);              // says goodbye; no event follows

  std::optional<Event> poll();
  // Blocks until poll() has something or the time is over; true in the first case.
  bool wait(Duration at_most);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::native
