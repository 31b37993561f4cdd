#include "shared/mls/key_set.hpp"

#include <algorithm>
#include <optional>

namespace parley::mls {
namespace {

constexpr std::size_t kMaxRecent = 16;

std::optional<KeySet::Key> to_key(ByteView bytes) {
  KeySet::Key key;
  if (bytes.size() != key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace

std::int32_t KeySet::count(const Key& key) const {
  std::int32_t sum = 0;
  for (const auto& [changed, by] : recent_) {
    if (changed == key) sum += by;
  }
  for (const auto& layer : layers_) {
    if (const auto found = layer->find(key); found != layer->end()) sum += found->second;
  }
  return sum;
}

void KeySet::change(const Key& key, std::int32_t by) {
  const std::int32_t before = count(key);
  duplicates_ += static_cast<std::int32_t>(before + by > 1) - static_cast<std::int32_t>(before > 1);
  const auto entry = std::ranges::find(recent_, key, &std::pair<Key, std::int32_t>::first);
  if (entry != recent_.end()) {
    entry->second += by;
  } else {
    recent_.emplace_back(key, by);
    if (recent_.size() > kMaxRecent) push_layer();
  }
}

void KeySet::push_layer() {
  auto layer = std::make_shared<Counts>();
  for (const auto& [key, by] : std::exchange(recent_, {})) {
    if (by != 0) layer->emplace(key, by);
  }
  while (!layers_.empty() && layers_.back()->size() < 2 * layer->size()) {
    auto merged = std::make_shared<Counts>(*layers_.back());
    for (const auto& [key, by] : *layer) {
      const auto entry = merged->try_emplace(key, 0).first;
      entry->second += by;
      if (entry->second == 0) merged->erase(entry);
    }
    layers_.pop_back();
    layer = std::move(merged);
  }
  if (!layer->empty()) layers_.push_back(std::move(layer));
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
