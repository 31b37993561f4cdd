// What edits, deletions and reactions make of the messages they name.
//
// A fold over facts: each change is remembered with its sequence number and the newest wins, so the
// result does not depend on the order in which they were learned, and a change may be known before
// its message. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "shared/wire/event.hpp"

namespace parley::sync {

struct FoldedReaction {
  std::string emoji;
  std::vector<UserId> users;  // in the order they reacted
};

class MessageFold {
 public:
  struct Edited {
    Seq seq;
    std::string content;
    std::vector<UserId> mentions;
  };

  void add_edit(Seq seq, UserId sender, const wire::Edit& edit);
  void add_deletion(Seq seq, UserId sender);
  void add_reaction(Seq seq, UserId sender, const wire::Reaction& reaction);

  // Only the author's edits count.
  const Edited* edit_of(UserId author) const;
  bool deleted() const { return !deletions_.empty(); }
  // Who deleted it: in private rooms the reader judges who may.
  const std::set<UserId>& deletions() const { return deletions_; }
  std::vector<FoldedReaction> reactions() const;  // in the order the emojis appeared
  Seq last() const { return last_; }              // newest fact here

 private:
  struct Mark {
    Seq seq;
    bool on = false;
  };
  std::map<UserId, Edited> edits_;
  std::set<UserId> deletions_;
  std::map<std::string, std::map<UserId, Mark>> reactions_;
  Seq last_;
};

class Folds {
 public:
  // The message the event changes; 0 when it changes none.
  Seq add(const wire::Event& event, const wire::EventBody& body);
  const MessageFold* find(Seq target) const;
  // Forgets messages before `first` that no event from `first` on changes.
  void forget_before(Seq first);
  void clear() { folds_.clear(); }
  std::size_t size() const { return folds_.size(); }

 private:
  std::unordered_map<std::uint64_t, MessageFold> folds_;
};

}  // namespace parley::sync
