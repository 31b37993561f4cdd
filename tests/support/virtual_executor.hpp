// Shards without threads: one queue in virtual time, so a test decides what runs when.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "server/app/executor.hpp"

namespace parley::testing {

class VirtualExecutor final : public app::Executor {
 public:
  explicit VirtualExecutor(std::uint16_t shards) : mailboxes_(shards) {}

  std::uint16_t shard_count() const override {
    return static_cast<std::uint16_t>(mailboxes_.size());
  }
  void post(std::uint16_t shard, std::function<void()> task) override {
    mailboxes_[shard].push_back(std::move(task));
  }
  void call_after(std::uint16_t shard, Duration delay, std::function<void()> task) override {
    timers_.emplace(now_.mono + delay, Timer{shard, std::move(task)});
  }
  Now now() const override { return now_; }

  // Runs what is there, shard by shard in turn, until every mailbox is empty. Time stands still.
  void run() {
    bool ran = true;
    while (ran) {
      ran = false;
      for (auto& mailbox : mailboxes_) {
        if (mailbox.empty()) continue;
        auto task = std::move(mailbox.front());
        mailbox.pop_front();
        task();
        ran = true;
      }
    }
  }

  // Lets time pass; timers run when they are due, each followed by everything it caused.
  void advance(Duration by) {
    const MonoTime end = now_.mono + by;
    run();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      auto node = timers_.extract(timers_.begin());
      set_time(node.key());
      mailboxes_[node.mapped().shard].push_back(std::move(node.mapped().task));
      run();
    }
    set_time(end);
  }

  // Everything that waits is forgotten, as in a crash.
  void clear() {
    for (auto& mailbox : mailboxes_) mailbox.clear();
    timers_.clear();
  }

  std::optional<MonoTime> next_timer() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first;
  }

 private:
  struct Timer {
    std::uint16_t shard;
    std::function<void()> task;
  };
  void set_time(MonoTime to) {
    now_.wall = now_.wall + (to - now_.mono);
    now_.mono = to;
  }

  std::vector<std::deque<std::function<void()>>> mailboxes_;
  std::multimap<MonoTime, Timer> timers_;
  Now now_{MonoTime{1'000'000}, Timestamp{1'750'000'000'000}};
};

}  // namespace parley::testing
