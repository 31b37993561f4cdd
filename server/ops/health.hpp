// Whether the server is alive and ready (FEATURES N2). Thread rule: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace parley::ops {

enum class Phase : std::uint8_t { kStarting, kServing, kDraining };

class Health {
 public:
  // `store_writable` is asked on every check and must be callable from any thread.
  explicit Health(std::function<bool()> store_writable)
      : store_writable_(std::move(store_writable)) {}

  void set_phase(Phase phase) { phase_.store(phase, std::memory_order_relaxed); }
  Phase phase() const { return phase_.load(std::memory_order_relaxed); }
  // Set by the memory watch; while it is on, new connections are refused.
  void set_shedding(bool on) { shedding_.store(on, std::memory_order_relaxed); }
  bool shedding() const { return shedding_.load(std::memory_order_relaxed); }

  bool ready() const { return phase() == Phase::kServing && store_writable_(); }

  // The body of /readyz: a JSON object that says which part is not.
  std::string report() const {
    const char* const phase_name = phase() == Phase::kServing    ? "serving"
                                   : phase() == Phase::kStarting ? "starting"
                                                                 : "draining";
    return std::string("{\"ready\":") + (ready() ? "true" : "false") + ",\"phase\":\"" +
           phase_name + "\",\"store_writable\":" + (store_writable_() ? "true" : "false") +
           ",\"shedding\":" + (shedding() ? "true" : "false") + "}\n";
  }

 private:
  std::function<bool()> store_writable_;
  std::atomic<Phase> phase_{Phase::kStarting};
  std::atomic<bool> shedding_{false};
};

}  // namespace parley::ops
