// The clock and the wake-ups of this process.
#pragma once

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"

namespace parley::cli {

Now now();

// One descriptor that becomes readable when another thread or a signal wants attention. SIGINT and
// SIGTERM are caught from construction to destruction; at most one object may live at a time.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void wake();  // from any thread
  // Waits for a wake-up, or for `input` (-1: none) to become readable; true when the input did.
  bool wait(Duration at_most, int input = -1);
  bool interrupted() const;

 private:
  int event_ = -1;
};

}  // namespace parley::cli
