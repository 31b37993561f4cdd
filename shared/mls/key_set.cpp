#include "shared/mls/key_set.hpp"

#include <algorithm>
#include <optional>

namespace parley::mls {
namespace {

std::optional<KeySet::Key> to_key(ByteView bytes) {
  KeySet::Key key;
  if (bytes.size() != key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace

std::int32_t KeySet::count(const Key& key) const {
  const auto base = base_->find(key);
  const auto change = changes_.find(key);
  return (base == base_->end() ? 0 : base->second) +
         (change == changes_.end() ? 0 : change->second);
}

void KeySet::change(const Key& key, std::int32_t by) {
  const bool was_duplicate = count(key) > 1;
  const auto entry = changes_.try_emplace(key, 0).first;
  entry->second += by;
  if (entry->second == 0) changes_.erase(entry);
  duplicates_ +=
      static_cast<std::int32_t>(count(key) > 1) - static_cast<std::int32_t>(was_duplicate);
  if (changes_.size() > 64 + base_->size() / 4) merge();
}

void KeySet::merge() {
  auto merged = std::make_shared<Counts>(*base_);
  for (const auto& [key, by] : changes_) {
    const auto entry = merged->try_emplace(key, 0).first;
    entry->second += by;
    if (entry->second == 0) merged->erase(entry);
  }
  base_ = std::move(merged);
  changes_.clear();
}

void KeySet::add(ByteView bytes) {
  if (const auto key = to_key(bytes)) change(*key, 1);
}

void KeySet::remove(ByteView bytes) {
  if (const auto key = to_key(bytes)) change(*key, -1);
}

bool KeySet::contains(ByteView bytes) const {
  const auto key = to_key(bytes);
  return key && count(*key) > 0;
}

}  // namespace parley::mls
