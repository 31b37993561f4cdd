// Coroutines of the use cases. A Task runs on one shard at a time and says itself when it moves:
//
//   co_await on(executor, from, to)          continue on shard `to`
//   co_await stored<T>(executor, here, call) start a store call, continue here with its Result
//
// Tasks start when awaited and have one owner. spawn() runs one to its end on its own; an exception
// that gets that far is a bug and ends in `on_fault`.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "server/app/executor.hpp"
#include "shared/base/result.hpp"

namespace parley::app {

template <class T>
class Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> caller;
  std::exception_ptr fault;

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().caller;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { fault = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().caller = caller;
    return handle_;
  }
  T await_resume() {
    if (handle_.promise().fault) std::rethrow_exception(handle_.promise().fault);
    return handle_.promise().take();
  }

 private:
  Handle handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

// The root of a spawned task: owns itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

template <class OnFault>
Detached run_detached(Task<void> task, OnFault on_fault) {
  std::exception_ptr fault;
  try {
    co_await std::move(task);
  } catch (...) {
    fault = std::current_exception();
  }
  if (fault) on_fault(fault);
}

}  // namespace detail

template <class OnFault>
void spawn(Task<void> task, OnFault on_fault) {
  detail::run_detached(std::move(task), std::move(on_fault));
}

// Continues on shard `to`. From a shard to itself it continues at once.
struct ShardHop {
  Executor& executor;
  std::uint16_t from;
  std::uint16_t to;
  bool await_ready() const noexcept { return from == to; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    executor.post(to, [waiting] { waiting.resume(); });
  }
  void await_resume() const noexcept {}
};

inline ShardHop on(Executor& executor, std::uint16_t from, std::uint16_t to) {
  return {executor, from, to};
}

// Start: void(std::function<void(R)>). The callback may run on any thread.
//
// gcc 12 destroys aggregates twice that are made inside a co_await expression, hence the
// constructor. Likewise, arguments of an awaited call are named variables where they own anything.
template <class R, class Start>
class ExternalCall {
 public:
  ExternalCall(Executor& executor, std::uint16_t here, Start start)
      : executor_(executor), here_(here), start_(std::move(start)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    start_([this, waiting](R outcome) {
      result_.emplace(std::move(outcome));
      executor_.post(here_, [waiting] { waiting.resume(); });
    });
  }
  R await_resume() { return std::move(*result_); }

 private:
  Executor& executor_;
  std::uint16_t here_;
  Start start_;
  std::optional<R> result_;
};

template <class T, class Start>
auto stored(Executor& executor, std::uint16_t here, Start start) {
  return ExternalCall<Result<T>, Start>(executor, here, std::move(start));
}

}  // namespace parley::app
