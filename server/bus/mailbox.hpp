// A shard's mailbox: many threads post tasks, one thread runs them.
//
// Lock-free: posting is one allocation and one exchange on the head of a list; draining takes the
// whole list at once. A poster learns whether the mailbox was empty, and only then wakes the owner,
// so a burst costs one wake.
//
// Thread rule: post() from any thread; drain() from the owner only. Tasks of one poster run in the
// order they were posted. Tasks left at destruction are destroyed without being run.
#pragma once

#include <atomic>
#include <functional>
#include <utility>

namespace parley::bus {

class Mailbox {
 public:
  using Task = std::function<void()>;

  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() { destroy(newest_.exchange(nullptr, std::memory_order_acquire)); }

  // True when the mailbox was empty: the caller must see to it that drain() runs.
  [[nodiscard]] bool post(Task task) {
    Node* const node = new Node{nullptr, std::move(task)};
    Node* head = newest_.load(std::memory_order_relaxed);
    do {
      node->older = head;
    } while (!newest_.compare_exchange_weak(head, node, std::memory_order_release,
                                            std::memory_order_relaxed));
    return head == nullptr;
  }

  // Runs what is there now; tasks posted meanwhile wait for the next drain. Each run goes through
  // `run(Task&)`, so that the owner decides what an exception means.
  template <class Run>
  std::size_t drain(Run run) {
    Node* node = reversed(newest_.exchange(nullptr, std::memory_order_acquire));
    std::size_t count = 0;
    while (node != nullptr) {
      Node* const next = node->older;
      run(node->task);
      delete node;
      node = next;
      ++count;
    }
    return count;
  }

 private:
  struct Node {
    Node* older;
    Task task;
  };

  static Node* reversed(Node* node) {
    Node* result = nullptr;
    while (node != nullptr) {
      Node* const older = node->older;
      node->older = result;
      result = node;
      node = older;
    }
    return result;
  }
  static void destroy(Node* node) {
    while (node != nullptr) delete std::exchange(node, node->older);
  }

  // No ABA trouble: nodes are only ever taken all together.
  std::atomic<Node*> newest_{nullptr};
};

}  // namespace parley::bus
