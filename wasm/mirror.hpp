// Tells the page what changed in the semantic tree, so that it touches only those elements.
//
// Elements are named by small handles, given once to each semantic id and not used again. A packet:
//
//   removed: count u32, handle u32 ...
//   whole u8: 1, every node follows in order, which gives the structure; 0, only changed ones do
//   nodes: count u32, then for each
//     handle u32, parent u32 (0: the root of the mirror), changed u8, and when it is 1:
//     role u8, flags u32 (MirrorFlag), rect f32 x 4 relative to the parent, label, value,
//     description, level u8, position i32, set size i32, minimum f32, maximum f32, now f32
//   field u32: the text field that has the focus and is shown by the text agent; 0: none
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "client/ui/semantics.hpp"
#include "wasm/packet.hpp"

namespace parley::web {

class Mirror {
 public:
  // Writes the difference to what the last call saw; false when there is none.
  bool update(const ui::SemanticTree& tree, std::optional<ui::SemanticId> focused_field,
              PacketWriter& out);
  // The semantic id behind an element; nothing when it is gone.
  std::optional<ui::SemanticId> find(std::uint32_t handle) const;

 private:
  struct Entry {
    std::uint32_t handle = 0;
    std::uint32_t parent = 0;
    std::uint64_t seen = 0;  // the update that met it last
    bool changed = false;
    ui::SemanticNode node;  // rect relative to the parent, parent index cleared
  };
  using Entries = std::unordered_map<std::uint64_t, Entry>;

  std::uint32_t handle_of(std::optional<ui::SemanticId> id) const;
  Entry& entry_for(const ui::SemanticNode& node, bool& structure_changed);
  static void write_node(const Entry& entry, PacketWriter& out);

  Entries entries_;
  std::unordered_map<std::uint32_t, ui::SemanticId> ids_;
  std::vector<std::uint32_t> order_, new_order_;
  std::vector<Entry*> in_tree_;
  std::optional<std::uint64_t> revision_;
  std::optional<ui::SemanticId> focused_field_;
  std::uint64_t update_count_ = 0;
  std::uint32_t last_handle_ = 0;
};

}  // namespace parley::web
