#include "server/net/shard_loop.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <vector>

#include "server/bus/mailbox.hpp"

namespace parley::net {
namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;

thread_local const ShardLoop* current_loop = nullptr;

}  // namespace

Now clock_now() {
  const auto ms = [](auto since) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  };
  return {{ms(std::chrono::steady_clock::now().time_since_epoch())},
          {ms(std::chrono::system_clock::now().time_since_epoch())}};
}

struct ShardLoop::Impl {
  struct Timer {
    std::int64_t due_ms;
    std::uint64_t order;  // equal deadlines fire in the order they were set
    Task task;
    bool later_than(const Timer& other) const {
      return due_ms != other.due_ms ? due_ms > other.due_ms : order > other.order;
    }
  };
  static constexpr auto kLater = [](const Timer& a, const Timer& b) { return a.later_than(b); };

  explicit Impl(FaultHandler handler) : on_fault(std::move(handler)) {}

  void guarded(Task& task) {
    try {
      task();
    } catch (const std::exception& fault) {
      on_fault(fault.what());
    } catch (...) {
      on_fault("unknown exception");
    }
  }

  void wake() {
    boost::asio::post(io, [this] { mailbox.drain([this](Task& task) { guarded(task); }); });
  }

  void add_timer(std::int64_t due_ms, Task task) {
    const bool earliest = timers.empty() || due_ms < timers.front().due_ms;
    timers.push_back({due_ms, next_order++, std::move(task)});
    std::push_heap(timers.begin(), timers.end(), kLater);
    if (earliest && !firing) arm();
  }

  void arm() {
    if (timers.empty()) return;
    using Clock = std::chrono::steady_clock;
    timer.expires_at(Clock::time_point(std::chrono::milliseconds(timers.front().due_ms)));
    timer.async_wait([this](boost::system::error_code error) {
      if (!error) fire();
    });
  }

  void fire() {
    const std::int64_t now_ms = clock_now().mono.ms;
    firing = true;
    while (!timers.empty() && timers.front().due_ms <= now_ms) {
      std::pop_heap(timers.begin(), timers.end(), kLater);
      Task task = std::move(timers.back().task);
      timers.pop_back();
      guarded(task);
    }
    firing = false;
    arm();
  }

  void flush_all() {
    flush_posted = false;
    // What a flush marks is flushed in the next turn, so a turn always ends.
    std::swap(dirty, flushing);
    for (Flushable* const flushable : flushing) {
      try {
        flushable->flush();
      } catch (const std::exception& fault) {
        on_fault(fault.what());
      }
    }
    flushing.clear();
    // A buried object may be marked again for as long as it is being taken apart.
    if (dirty.empty()) graveyard.clear();
  }

  void run(const ShardLoop* self) {
    current_loop = self;
    const auto work = boost::asio::make_work_guard(io);
    while (!io.stopped()) {
      try {
        io.run();
      } catch (const std::exception& fault) {
        on_fault(fault.what());
      }
    }
    current_loop = nullptr;
  }

  FaultHandler on_fault;
  // One thread runs it, others only post.
  boost::asio::io_context io{1};
  boost::asio::steady_timer timer{io};
  bus::Mailbox mailbox;
  std::vector<Timer> timers;
  std::uint64_t next_order = 0;
  bool firing = false;
  std::vector<Flushable*> dirty;
  std::vector<Flushable*> flushing;
  std::vector<std::shared_ptr<Flushable>> graveyard;
  bool flush_posted = false;
  std::vector<std::uint8_t> scratch = std::vector<std::uint8_t>(kScratchBytes);
  std::thread thread;
};

ShardLoop::ShardLoop(std::uint16_t index, FaultHandler on_fault)
    : index_(index), impl_(std::make_unique<Impl>(std::move(on_fault))) {}

ShardLoop::~ShardLoop() { stop(); }

void ShardLoop::start() {
  impl_->thread = std::thread([this] { impl_->run(this); });
}

void ShardLoop::stop() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void ShardLoop::post(Task task) {
  if (impl_->mailbox.post(std::move(task))) impl_->wake();
}

void ShardLoop::call_after(Duration delay, Task task) {
  const std::int64_t due_ms = clock_now().mono.ms + std::max<std::int64_t>(delay.ms, 0);
  if (is_current()) {
    impl_->add_timer(due_ms, std::move(task));
  } else {
    post([this, due_ms, kept = std::move(task)]() mutable {
      impl_->add_timer(due_ms, std::move(kept));
    });
  }
}

bool ShardLoop::is_current() const { return current_loop == this; }

void ShardLoop::flush_soon(Flushable& flushable) {
  impl_->dirty.push_back(&flushable);
  if (impl_->flush_posted) return;
  impl_->flush_posted = true;
  // Behind everything that is ready already: that is the rest of the turn.
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->flush_all(); });
}

void ShardLoop::bury(std::shared_ptr<Flushable> object) {
  impl_->graveyard.push_back(std::move(object));
  if (impl_->flush_posted) return;
  impl_->flush_posted = true;
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->flush_all(); });
}

std::span<std::uint8_t> ShardLoop::scratch() { return impl_->scratch; }

boost::asio::io_context& ShardLoop::io() { return impl_->io; }

}  // namespace parley::net
