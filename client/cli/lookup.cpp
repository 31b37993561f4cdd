#include "client/cli/lookup.hpp"

#include <algorithm>

namespace parley::cli {
namespace {

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The rooms that pass `test`, which is asked about each name.
template <class Test>
std::vector<const NamedRoom*> select(const std::vector<NamedRoom>& rooms, Test test) {
  std::vector<const NamedRoom*> out;
  for (const NamedRoom& room : rooms) {
    if (test(std::string_view(room.name))) out.push_back(&room);
  }
  return out;
}

Error ambiguous(std::string_view word, const std::vector<const NamedRoom*>& rooms) {
  std::string text = "\"" + std::string(word) + "\" could be ";
  constexpr std::size_t kShown = 5;
  for (std::size_t i = 0; i < rooms.size() && i < kShown; ++i) {
    if (i > 0) text += ", ";
    text += rooms[i]->name + " (" + rooms[i]->id.to_string() + ")";
  }
  if (rooms.size() > kShown) text += " and others";
  return {ErrorCode::kRoomNotFound, text, {}};
}

}  // namespace

Result<RoomId> find_room(std::string_view word, const std::vector<NamedRoom>& rooms) {
  if (const auto id = RoomId::parse(word)) return *id;
  const std::string folded_word = folded(word);
  const auto tries = {
      select(rooms, [&](std::string_view name) { return name == word; }),
      select(rooms, [&](std::string_view name) { return folded(name) == folded_word; }),
      select(rooms, [&](std::string_view name) { return name.starts_with(word); }),
      select(rooms, [&](std::string_view name) { return folded(name).starts_with(folded_word); }),
  };
  for (const auto& found : tries) {
    if (found.size() == 1) return found.front()->id;
    if (found.size() > 1) return ambiguous(word, found);
  }
  return Error{ErrorCode::kRoomNotFound,
               "none of your rooms is called \"" + std::string(word) +
                   "\"; see parley-cli rooms, or find one with parley-cli browse",
               {}};
}

std::string invite_code(std::string_view word) {
  while (word.ends_with('/')) word.remove_suffix(1);
  // A link to a private room ends in its key.
  constexpr std::size_t kKey = 44;
  std::string_view key;
  if (word.size() > kKey && word[word.size() - kKey] == '#') {
    key = word.substr(word.size() - kKey);
    if (key.find_first_of("/=") == std::string_view::npos) {
      word.remove_suffix(kKey);
    } else {
      key = {};
    }
  }
  const std::size_t cut = word.find_last_of("/#=");
  return std::string(cut == std::string_view::npos ? word : word.substr(cut + 1)) +
         std::string(key);
}

std::vector<UserId> mentioned_users(std::string_view text,
                                    const std::vector<wire::MemberInfo>& members) {
  std::vector<const wire::UserInfo*> users;
  for (const wire::MemberInfo& member : members) {
    if (!member.user.name.empty()) users.push_back(&member.user);
  }
  std::sort(users.begin(), users.end(),
            [](const auto* a, const auto* b) { return a->name.size() > b->name.size(); });
  std::vector<UserId> out;
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    for (const wire::UserInfo* user : users) {
      if (!rest.starts_with(user->name)) continue;
      const bool known = std::find(out.begin(), out.end(), user->user_id) != out.end();
      if (!known && out.size() < wire::kMaxMentions) out.push_back(user->user_id);
      break;
    }
  }
  return out;
}

}  // namespace parley::cli
