// Which room a word on the command line means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/wire/records.hpp"

namespace parley::cli {

struct NamedRoom {
  RoomId id;
  std::string name;
};

// By id, else by exact name, else by a name that starts with the word; letters of either case are
// one where nothing else tells rooms apart (ASCII only). kRoomNotFound says what was near, or which
// rooms share the word.
Result<RoomId> find_room(std::string_view word, const std::vector<NamedRoom>& rooms);

// The code in an invitation: the word itself, or the last part of a link that carries it.
std::string invite_code(std::string_view word);

// The users whose names are written as "@Name" in the text, longest names first.
std::vector<UserId> mentioned_users(std::string_view text,
                                    const std::vector<wire::MemberInfo>& members);

}  // namespace parley::cli
