// What strangers send as bytes of its own. The first byte of an input of fuzz_mls_codec is the
// place in this list.
#pragma once

#include <tuple>

#include "shared/mls/ratchet_tree.hpp"

namespace parley::mls::test {

using FuzzedTypes =
    std::tuple<Message, std::vector<std::optional<TreeNode>>, GroupInfo, GroupSecrets, Welcome,
               KeyPackage, LeafNode, Commit, Proposal, AuthenticatedContent, RequiredCapabilities,
               std::vector<ExternalSender>, GroupContext>;

// The first byte for a T.
template <class T, std::size_t I = 0>
constexpr std::uint8_t fuzzed_kind() {
  if constexpr (std::is_same_v<T, std::tuple_element_t<I, FuzzedTypes>>) {
    return I;
  } else {
    return fuzzed_kind<T, I + 1>();
  }
}

}  // namespace parley::mls::test
