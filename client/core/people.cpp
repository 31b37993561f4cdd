#include "client/core/people.hpp"

namespace parley::client {

bool People::learn(const wire::UserInfo& user) {
  if (user.user_id.is_nil() || user.name.empty()) return false;
  wanted_.erase(user.user_id);
  const auto it = known_.find(user.user_id);
  if (it != known_.end()) {
    if (it->second == user) return false;
    it->second = user;
  } else {
    if (known_.size() >= kMaxKnown) return false;
    known_.emplace(user.user_id, user);
  }
  unsaved_.insert(user.user_id);
  return true;
}

std::string People::name_of(UserId user) {
  if (const auto* info = find(user)) return info->name;
  if (!user.is_nil() && !asked_.contains(user) && wanted_.size() < kMaxWanted) {
    wanted_.insert(user);
  }
  return "Someone";
}

const wire::UserInfo* People::find(UserId user) const {
  const auto it = known_.find(user);
  return it == known_.end() ? nullptr : &it->second;
}

std::vector<UserId> People::take_wanted() {
  std::vector<UserId> out;
  while (!wanted_.empty() && out.size() < wire::kMaxPageSize) {
    out.push_back(*wanted_.begin());
    wanted_.erase(wanted_.begin());
  }
  if (asked_.size() > kMaxKnown) asked_.clear();
  asked_.insert(out.begin(), out.end());
  return out;
}

void People::ask_again(const std::vector<UserId>& users) {
  for (const UserId user : users) {
    asked_.erase(user);
    if (!find(user) && wanted_.size() < kMaxWanted) wanted_.insert(user);
  }
}

std::vector<UserId> People::take_unsaved() {
  std::vector<UserId> out(unsaved_.begin(), unsaved_.end());
  unsaved_.clear();
  return out;
}

void People::forget() { *this = People{}; }

}  // namespace parley::client
