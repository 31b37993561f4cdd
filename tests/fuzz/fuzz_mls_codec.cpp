// Every MLS structure that comes as bytes: what is read is written again as it was, and a tree from
// a stranger can be looked at and checked.
#include "shared/mls/validation.hpp"
#include "tests/fuzz/fuzz_require.hpp"
#include "tests/mls/fuzzed_types.hpp"

namespace {

using namespace parley;
using namespace parley::mls;

void look_at_tree(ByteView bytes) {
  auto tree = RatchetTree::decode(bytes);
  if (!tree) return;
  parley::test::fuzz_require(tree->encode() == to_bytes(bytes), "a tree is not canonical");
  (void)validate_tree(*tree, {}, {}, true);
  (void)tree->resolution(tree->size().root());
  const Bytes hash = to_bytes(tree->root_hash());
  // Somebody comes and goes: the tree is as before, but for what its path loses.
  const RatchetTree before = *tree;
  if (const auto index = tree->add(std::make_shared<LeafNode>())) {
    (void)tree->filtered_path(*index);
    tree->remove(*index);
    parley::test::fuzz_require(tree->member_count() == before.member_count(), "members differ");
  }
  parley::test::fuzz_require(to_bytes(before.root_hash()) == hash, "a copy changed its original");
}

template <class T>
void check(ByteView bytes) {
  const auto value = decode<T>(bytes);
  if (!value) return;
  parley::test::fuzz_require(encode(*value) == to_bytes(bytes), "an encoding is not canonical");
  if constexpr (std::is_same_v<T, std::vector<std::optional<TreeNode>>>) look_at_tree(bytes);
  if constexpr (std::is_same_v<T, KeyPackage>) (void)validate_key_package(*value, {});
}

template <std::size_t... I>
void check_kind(std::size_t kind, ByteView bytes, std::index_sequence<I...>) {
  ((kind == I ? check<std::tuple_element_t<I, mls::test::FuzzedTypes>>(bytes) : void()), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  check_kind(data[0], {data + 1, size - 1},
             std::make_index_sequence<std::tuple_size_v<mls::test::FuzzedTypes>>());
  return 0;
}
