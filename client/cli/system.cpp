#include "client/cli/system.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace parley::cli {
namespace {

// What the signal handler may touch.
std::atomic<int> signal_event{-1};
std::atomic<bool> signal_seen{false};

std::int64_t read_clock_ms(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<std::int64_t>(at.tv_sec) * 1000 + at.tv_nsec / 1'000'000;
}

void poke(int event) {
  const std::uint64_t one = 1;
  // A full counter means that a wake-up is pending already.
  [[maybe_unused]] const ssize_t written = write(event, &one, sizeof one);
}

void handle_signal(int) {
  const int kept = errno;
  signal_seen = true;
  if (signal_event >= 0) poke(signal_event);
  errno = kept;
}

void on_interrupt(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  // The second Ctrl+C ends the program the usual way, whatever it is doing.
  action.sa_flags = handler == SIG_DFL ? 0 : static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Now now() { return {{read_clock_ms(CLOCK_MONOTONIC)}, {read_clock_ms(CLOCK_REALTIME)}}; }

Waker::Waker() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  signal_seen = false;
  signal_event = event_;
  on_interrupt(handle_signal);
}

Waker::~Waker() {
  on_interrupt(SIG_DFL);
  signal_event = -1;
  close(event_);
}

void Waker::wake() { poke(event_); }

bool Waker::interrupted() const { return signal_seen; }

bool Waker::wait(Duration at_most, int input) {
  pollfd watched[2] = {{event_, POLLIN, 0}, {input, POLLIN, 0}};
  const auto limit = static_cast<int>(std::clamp<std::int64_t>(at_most.ms, 0, 60'000));
  if (poll(watched, input >= 0 ? 2 : 1, limit) <= 0) return false;
  if (watched[0].revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_, &count, sizeof count);
  }
  return input >= 0 && watched[1].revents != 0;
}

}  // namespace parley::cli
