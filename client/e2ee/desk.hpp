// What waits to leave: writes in batches, and requests that leave after the writes made before
// them.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "client/e2ee/engine.hpp"

namespace parley::e2ee {

class Desk {
 public:
  using Handler = std::function<void(Now, const Reply&)>;

  // An empty value erases. The last value of a key in a batch counts.
  void put(std::string key, crypto::SecretBytes value) {
    open_.insert_or_assign(std::move(key), std::move(value));
  }
  void erase(std::string key) { put(std::move(key), {}); }
  // Leaves once everything that was put is stored.
  void ask(wire::Command command, Handler handler);
  // The batch that has everything put so far.
  std::uint64_t batch() const { return open_.empty() ? written_ : written_ + 1; }
  bool is_stored(std::uint64_t batch) const { return batch <= stored_; }

  std::optional<Write> poll_write();
  std::optional<Request> poll_request();
  void handle_stored(std::uint64_t batch, const Status& status);
  // The handler of the request, if it still waits for its answer.
  Handler take(std::uint64_t token);
  // Nothing that waits will be answered.
  void forget_requests();

 private:
  using Entries = std::map<std::string, crypto::SecretBytes>;
  struct Waiting {
    std::uint64_t token = 0;
    std::uint64_t batch = 0;
    wire::Command command;
  };
  Entries open_;                                // the next batch
  std::map<std::uint64_t, Entries> in_flight_;  // given out, by batch
  std::uint64_t written_ = 0;                   // the last batch given out
  std::uint64_t stored_ = 0;                    // everything up to here is on the disk
  std::deque<Waiting> requests_;
  std::map<std::uint64_t, Handler> handlers_;
  std::uint64_t next_token_ = 1;
};

}  // namespace parley::e2ee
