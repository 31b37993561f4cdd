// Display names: what is known, and whose name must be asked for. Not thread-safe.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/wire/records.hpp"

namespace parley::client {

class People {
 public:
  static constexpr std::size_t kMaxKnown = 20'000;
  static constexpr std::size_t kMaxWanted = 1000;

  // True when a name is new or another one than before.
  bool learn(const wire::UserInfo& user);
  // The name, or a word for somebody unknown (who is then asked for).
  std::string name_of(UserId user);
  const wire::UserInfo* find(UserId user) const;

  bool wants_names() const { return !wanted_.empty(); }
  std::vector<UserId> take_wanted();                 // at most kMaxPageSize of them
  void ask_again(const std::vector<UserId>& users);  // the question was lost

  std::vector<UserId> take_unsaved();  // learned since the last call
  void forget();

 private:
  std::unordered_map<UserId, wire::UserInfo> known_;
  std::set<UserId> wanted_;
  std::set<UserId> asked_;  // once is enough: the server leaves out who is not there
  std::set<UserId> unsaved_;
};

}  // namespace parley::client
