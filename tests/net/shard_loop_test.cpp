#include <catch2/catch_test_macros.hpp>

#include <future>
#include <string>

#include "server/net/loop_pool.hpp"

namespace parley::test {
namespace {

using net::LoopPool;

TEST_CASE("tasks run on their shard, and one that throws is reported and does no more harm") {
  std::promise<std::string> fault;
  LoopPool pool(2, [&fault](std::string_view what) { fault.set_value(std::string(what)); });
  pool.start();
  std::promise<bool> on_own_shard;
  pool.post(1, [] { throw std::runtime_error("broken task"); });
  pool.post(
      1, [&] { on_own_shard.set_value(pool.loop(1).is_current() && !pool.loop(0).is_current()); });
  CHECK(fault.get_future().get() == "broken task");
  CHECK(on_own_shard.get_future().get());
  CHECK(pool.shard_count() == 2);
}

TEST_CASE("timers fire in the order of their deadlines, equal ones in the order they were set") {
  LoopPool pool(1, [](std::string_view) {});
  pool.start();
  std::promise<std::string> done;
  std::string order;
  pool.post(0, [&] {
    pool.call_after(0, milliseconds(30), [&] {
      order += 'd';
      done.set_value(order);
    });
    pool.call_after(0, milliseconds(10), [&] {
      order += 'a';
      // A timer set while others fire, for a moment before theirs.
      pool.call_after(0, milliseconds(0), [&] { order += 'b'; });
    });
    pool.call_after(0, milliseconds(20), [&] { order += 'c'; });
  });
  CHECK(done.get_future().get() == "abcd");
}

struct CountingFlush final : net::Flushable {
  std::string* log = nullptr;
  void flush() override { *log += 'F'; }
};

TEST_CASE("a turn ends with one flush, after everything that was ready") {
  LoopPool pool(1, [](std::string_view) {});
  std::string log;
  auto flushable = std::make_shared<CountingFlush>();
  flushable->log = &log;
  std::promise<void> done;
  // Posted before the start, so that both are in one turn.
  pool.post(0, [&] {
    log += '1';
    pool.loop(0).flush_soon(*flushable);
  });
  pool.post(0, [&] {
    log += '2';
    pool.call_after(0, milliseconds(20), [&done] { done.set_value(); });
  });
  pool.start();
  done.get_future().get();
  CHECK(log == "12F");
}

}  // namespace
}  // namespace parley::test
