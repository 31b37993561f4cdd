#include "wasm/mirror.hpp"

namespace parley::web {
namespace {

// Bits of a node's flags, in the order of SemanticNode; web/mirror.js names them again.
std::uint32_t flags_of(const ui::SemanticNode& node) {
  const bool flags[] = {node.focusable,    node.focused,       node.disabled,   node.checkable,
                        node.checked,      node.selectable,    node.selected,   node.expandable,
                        node.expanded,     node.read_only,     node.busy,       node.invalid,
                        node.can_activate, node.can_set_value, node.can_adjust, node.can_scroll,
                        node.has_menu};
  std::uint32_t bits = 0, bit = 1;
  for (const bool flag : flags) {
    if (flag) bits |= bit;
    bit <<= 1;
  }
  return bits;
}

}  // namespace

Mirror::Entry& Mirror::entry_for(const ui::SemanticNode& node, bool& structure_changed) {
  // Two nodes of one id would be a defect of the views; each still gets an element of its own.
  constexpr std::uint64_t kNextKey = 0x9e3779b97f4a7c15ull;
  std::uint64_t key = node.id;
  auto found = entries_.find(key);
  while (found != entries_.end() && found->second.seen == update_count_) {
    key += kNextKey;
    found = entries_.find(key);
  }
  if (found == entries_.end()) {
    Entry fresh;
    fresh.handle = ++last_handle_;
    fresh.changed = true;
    ids_.emplace(fresh.handle, node.id);
    found = entries_.emplace(key, std::move(fresh)).first;
    structure_changed = true;
  } else {
    found->second.changed = false;
  }
  found->second.seen = update_count_;
  return found->second;
}

bool Mirror::update(const ui::SemanticTree& tree, std::optional<ui::SemanticId> focused_field,
                    PacketWriter& out) {
  const bool field_changed = focused_field_ != focused_field;
  if (revision_ == tree.revision && !field_changed) return false;
  revision_ = tree.revision;
  focused_field_ = focused_field;
  ++update_count_;

  bool structure_changed = false;
  std::uint32_t changed_count = 0;
  in_tree_.clear();
  new_order_.clear();
  for (const ui::SemanticNode& node : tree.nodes) {
    Entry& entry = entry_for(node, structure_changed);
    ui::SemanticNode relative = node;
    relative.parent = -1;
    std::uint32_t parent = 0;
    if (node.parent >= 0) {
      const auto index = static_cast<std::size_t>(node.parent);
      parent = in_tree_[index]->handle;
      const ui::Rect& around = tree.nodes[index].rect;
      relative.rect = relative.rect.moved(-around.x, -around.y);
    }
    structure_changed |= entry.parent != parent;
    entry.parent = parent;
    if (entry.changed || entry.node != relative) {
      entry.node = std::move(relative);
      entry.changed = true;
      ++changed_count;
    }
    in_tree_.push_back(&entry);
    new_order_.push_back(entry.handle);
  }
  structure_changed |= new_order_ != order_;
  order_ = new_order_;

  const std::size_t count_at = out.size();
  std::uint32_t removed = 0;
  out.u32(0);
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->second.seen == update_count_) {
      ++it;
      continue;
    }
    out.u32(it->second.handle);
    ids_.erase(it->second.handle);
    it = entries_.erase(it);
    ++removed;
  }
  out.patch_u32(count_at, removed);

  if (!structure_changed && removed == 0 && changed_count == 0 && !field_changed) return false;
  out.flag(structure_changed);
  out.u32(structure_changed ? static_cast<std::uint32_t>(in_tree_.size()) : changed_count);
  for (const Entry* entry : in_tree_) {
    if (structure_changed || entry->changed) write_node(*entry, out);
  }
  out.u32(handle_of(focused_field));
  return true;
}

void Mirror::write_node(const Entry& entry, PacketWriter& out) {
  const ui::SemanticNode& node = entry.node;
  out.u32(entry.handle);
  out.u32(entry.parent);
  out.flag(entry.changed);
  if (!entry.changed) return;
  out.u8(static_cast<std::uint8_t>(node.role));
  out.u32(flags_of(node));
  out.rect(node.rect);
  out.text(node.label);
  out.text(node.value);
  out.text(node.description);
  out.u8(node.level);
  out.i32(node.position);
  out.i32(node.set_size);
  out.f32(node.minimum);
  out.f32(node.maximum);
  out.f32(node.now);
}

std::optional<ui::SemanticId> Mirror::find(std::uint32_t handle) const {
  const auto found = ids_.find(handle);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::uint32_t Mirror::handle_of(std::optional<ui::SemanticId> id) const {
  const auto found = id ? entries_.find(*id) : entries_.end();
  return found == entries_.end() ? 0 : found->second.handle;
}

}  // namespace parley::web
