// What the checks of MLS vectors share.
#pragma once

#include "shared/mls/ratchet_tree.hpp"
#include "tests/vectors/runner.hpp"

namespace parley::vectors {

// Skips vectors of other ciphersuites.
void require_suite(const Json& vector);

using MlsCaseCheck = void (*)(const Json& vector);
// nullptr when the file holds no such cases.
MlsCaseCheck find_mls_part_check(const std::string& stem);
MlsCaseCheck find_mls_tree_check(const std::string& stem);
MlsCaseCheck find_mls_group_check(const std::string& stem);

}  // namespace parley::vectors
