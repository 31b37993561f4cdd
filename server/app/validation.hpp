// What people may write: names, topics, messages (FEATURES B1). Pure functions.
#pragma once

#include "shared/base/result.hpp"
#include "shared/wire/commands.hpp"

namespace parley::app {

// Trimmed of white space at both ends. kInvalidArgument when blank, too long or with control
// characters; `what` names the field in the detail.
Result<std::string> checked_name(std::string_view name, const char* what);
Result<std::string> checked_topic(std::string_view topic);

// Not blank, at most kMaxMessageCharacters.
Status check_content(std::string_view content);

// A body that a user may post, decoded, with everything that needs no room state checked.
struct CheckedPost {
  wire::EventBody body;
  Seq target;                          // of edits, deletions, reactions
  std::vector<UserId> mentions;        // who is to be told
  bool counts = false;                 // a message
  std::optional<std::uint64_t> epoch;  // of a sealed one
  bool disappears = false;             // ... in the form of rooms where messages do
};
Result<CheckedPost> check_post(const wire::Post& post);

}  // namespace parley::app
