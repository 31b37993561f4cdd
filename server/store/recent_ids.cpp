#include "server/store/recent_ids.hpp"

#include <algorithm>

namespace parley::store {

std::vector<std::pair<EventName, Seq>> RecentIds::freeze() {
  frozen_.swap(active_);
  std::vector<std::pair<EventName, Seq>> sorted(frozen_.begin(), frozen_.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace parley::store
