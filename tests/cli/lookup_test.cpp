#include "client/cli/lookup.hpp"

#include <catch2/catch_test_macros.hpp>

namespace parley::cli {
namespace {

RoomId id_of(std::uint8_t number) {
  RoomId id;
  id.uuid.bytes.fill(number);
  return id;
}

const std::vector<NamedRoom> kRooms = {
    {id_of(1), "Lobby"}, {id_of(2), "Garden"}, {id_of(3), "Garden party"}, {id_of(4), "garage"},
    {id_of(5), "Twin"},  {id_of(6), "Twin"},   {id_of(7), "Пристань"},     {id_of(8), "LOBBY 2"},
};

}  // namespace

TEST_CASE("rooms are found by id, name and the beginning of a name") {
  struct Row {
    std::string word;
    int room;  // 0: not found
  };
  const Row rows[] = {
      {"Lobby", 1},
      {"lobby", 1},
      {"Garden", 2},
      {"garden", 2},
      {"Garden p", 3},
      {"GARDEN PARTY", 3},
      {"gar", 4},
      {"Gard", 0},
      {"Twin", 0},
      {"Tw", 0},
      {"При", 7},
      {"lobby 2", 8},
      {"nothing", 0},
      {"", 0},
      {id_of(5).to_string(), 5},
      {id_of(99).to_string(), 99},
  };
  for (const Row& row : rows) {
    INFO(row.word);
    const auto found = find_room(row.word, kRooms);
    CHECK(found.ok() == (row.room != 0));
    if (found.ok()) CHECK(*found == id_of(static_cast<std::uint8_t>(row.room)));
    if (!found.ok()) CHECK(found.error().code == ErrorCode::kRoomNotFound);
  }
}

TEST_CASE("an ambiguous word names the rooms it could be") {
  const auto found = find_room("Twin", kRooms);
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().detail.find(id_of(5).to_string()) != std::string::npos);
  CHECK(found.error().detail.find(id_of(6).to_string()) != std::string::npos);
}

TEST_CASE("an invitation's code is taken out of a link") {
  CHECK(invite_code("abc123") == "abc123");
  CHECK(invite_code("https://chat.example.org/invite/abc123") == "abc123");
  CHECK(invite_code("https://chat.example.org/#/join/abc123/") == "abc123");
  CHECK(invite_code("https://chat.example.org/?code=abc123") == "abc123");
  const std::string key = "#" + std::string(43, 'k');
  CHECK(invite_code("abc123" + key) == "abc123" + key);
  CHECK(invite_code("https://chat.example.org/i/abc123" + key) == "abc123" + key);
}

TEST_CASE("mentions are found by the longest name") {
  const auto member = [](std::uint8_t number, const char* name) {
    wire::MemberInfo info;
    info.user.user_id.uuid.bytes.fill(number);
    info.user.name = name;
    return info;
  };
  const std::vector<wire::MemberInfo> members = {member(1, "Ada"), member(2, "Ada Lovelace"),
                                                 member(3, "Bob"), member(4, "")};
  const auto ids = [&](std::initializer_list<std::size_t> places) {
    std::vector<UserId> out;
    for (const std::size_t place : places) out.push_back(members[place].user.user_id);
    return out;
  };
  CHECK(mentioned_users("hello", members) == ids({}));
  CHECK(mentioned_users("@Ada hello", members) == ids({0}));
  CHECK(mentioned_users("@Ada Lovelace and @Bob", members) == ids({1, 2}));
  CHECK(mentioned_users("@Bob @Bob", members) == ids({2}));
  CHECK(mentioned_users("mail@nobody", members) == ids({}));
}

}  // namespace parley::cli
