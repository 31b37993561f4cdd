// Searching the messages that are on the device, with the real index.
#include "client/search/message_index.hpp"
#include "tests/client_core/rig.hpp"

namespace parley::client {
namespace {

Config searching(std::size_t max_bytes = search::MessageIndex::kMaxBytes) {
  Config config;
  config.search_index = [max_bytes] { return search::MessageIndex::make(max_bytes); };
  return config;
}

// "1:3 two, 2:5 [too]": room, place and snippet of each hit.
std::string hits(Rig& rig) {
  std::string out;
  for (const SearchHitView& hit : rig.view().search.hits) {
    std::string snippet = hit.snippet;
    for (auto mark = hit.highlights.rbegin(); mark != hit.highlights.rend(); ++mark) {
      snippet.insert(mark->end, "]").insert(mark->begin, "[");
    }
    out += (out.empty() ? "" : ", ") + std::to_string(hit.room_id.uuid.bytes[0]) + ":" +
           std::to_string(hit.seq.value) + " " + snippet;
  }
  return out;
}

void search(Rig& rig, const std::string& text, std::optional<RoomId> room = {}) {
  rig.call([&](Client& c) { c.search(rig.now, text, room); });
  rig.pass(seconds(1));
}

}  // namespace

TEST_CASE("What is here is found, in all rooms or in one") {
  Rig rig({}, searching());
  rig.settle_in();
  rig.live(2, {rig.text(6, 2, "the **two** of us, @[Ada]")});
  search(rig, "two");
  CHECK(hits(rig) == "2:6 the [two] of us, @[Ada], 1:2 [two]");
  const SearchHitView& hit = rig.view().search.hits[1];
  CHECK(hit.room_name == "Room 1");
  CHECK(hit.sender_name == "Grace");
  CHECK(hit.at == rig.base + seconds(2));
  CHECK_FALSE(rig.view().search.busy);
  CHECK_FALSE(rig.view().search.note.empty());
  search(rig, "two", room_id(1));
  CHECK(hits(rig) == "1:2 [two]");
  search(rig, "");
  CHECK(hits(rig).empty());
  search(rig, "nowhere");
  CHECK(hits(rig).empty());
  rig.call([&](Client& c) { c.end_search(rig.now); });
  CHECK(rig.view().search.note.empty());
  CHECK(rig.count<wire::History>() == 0);  // nothing is fetched for it
}

TEST_CASE(
    "New messages, edits and deletions show while the search is open and after it was closed") {
  Rig rig({}, searching());
  rig.settle_in();
  search(rig, "apple");
  CHECK(hits(rig).empty());
  rig.live(1, {rig.text(4, 2, "an apple")});
  CHECK(rig.view().search.busy);
  rig.pass(seconds(1));
  CHECK(hits(rig) == "1:4 an [apple]");
  rig.live(1, {rig.event(5, 2, wire::Edit{{4}, "a pear", {}})});
  rig.pass(seconds(1));
  CHECK(hits(rig).empty());
  rig.live(1, {rig.event(6, 3, wire::Edit{{2}, "an apple by somebody else", {}})});
  rig.pass(seconds(1));
  CHECK(hits(rig).empty());
  search(rig, "pear");
  CHECK(hits(rig) == "1:4 a [pear]");

  rig.call([&](Client& c) { c.end_search(rig.now); });
  rig.live(1, {rig.event(7, 2, wire::Deletion{{4}}), rig.text(8, 3, "ripe pears")});
  search(rig, "pear");
  CHECK(hits(rig) == "1:8 ripe [pears]");
}

TEST_CASE("A room that is gone is not found any more") {
  Rig rig({}, searching());
  rig.settle_in();
  search(rig, "two");
  CHECK(hits(rig) == "1:2 [two]");
  wire::RoomGoneNotice gone;
  gone.room_id = room_id(1);
  gone.deleted = true;
  rig.notice(gone);
  CHECK(hits(rig).empty());
  rig.pass(seconds(1));
  CHECK(hits(rig).empty());
  CHECK_FALSE(rig.view().search.busy);
}

TEST_CASE("Indexing goes on in slices, newer words win, older hits come when asked for") {
  Rig rig({}, searching());
  rig.settle_in();
  std::vector<wire::Event> events;
  for (std::uint64_t seq = 4; seq <= 1503; ++seq) {
    events.push_back(rig.text(seq, 2, "many " + std::to_string(seq)));
  }
  for (std::size_t at = 0; at < events.size(); at += 100) {
    rig.live(1, {events.begin() + static_cast<std::ptrdiff_t>(at),
                 events.begin() + static_cast<std::ptrdiff_t>(at + 100)});
  }
  rig.call([&](Client& c) { c.search(rig.now, "man"); });
  CHECK(rig.view().search.busy);
  CHECK(hits(rig).empty());  // one call does not index them all
  int slices = 0;
  while (rig.view().search.busy) {
    const auto at = rig.core->poll_deadline();
    REQUIRE(at);
    rig.pass(*at > rig.now.mono ? *at - rig.now.mono : Duration{0});
    REQUIRE(++slices < 100);
    if (slices == 20) CHECK_FALSE(hits(rig).empty());  // what was found so far
  }
  CHECK(slices > 20);
  CHECK(rig.view().search.hits.size() == 50);
  CHECK(rig.view().search.hits[0].seq == Seq{1503});
  CHECK(rig.view().search.more);
  rig.call([&](Client& c) { c.search_more(rig.now); });
  CHECK(rig.view().search.hits.size() == 100);
  for (int i = 0; i < 10; ++i) rig.call([&](Client& c) { c.search_more(rig.now); });
  CHECK(rig.view().search.hits.size() == kMaxSearchHits);
  CHECK_FALSE(rig.view().search.more);
  // A second search has nothing to index.
  rig.call([&](Client& c) { c.search(rig.now, "\"many 1234\""); });
  CHECK(hits(rig) == "1:1234 [many 1234]");
}

TEST_CASE("A hit opens its room at the message") {
  Rig rig({}, searching());
  rig.settle_in();
  rig.live(2, {rig.text(6, 2, "over here")});
  search(rig, "over");
  const SearchHitView hit = rig.view().search.hits.at(0);
  rig.call([&](Client& c) { c.open_room(rig.now, hit.room_id, hit.seq); });
  CHECK(rig.view().room->room_id == room_id(2));
  CHECK(rig.view().room->scroll_to == hit.seq);
}

TEST_CASE("Stored messages are found before there is a connection") {
  std::map<std::string, Bytes> store;
  {
    Rig rig;
    rig.settle_in();
    rig.pass(seconds(2));
    store = rig.store;
  }
  Rig rig(store, searching());
  search(rig, "three");
  CHECK(hits(rig) == "1:3 [three]");
}

TEST_CASE("Without room for more it says so, and does not show what is gone") {
  Rig rig({}, searching(std::size_t{1} << 16));
  rig.settle_in();
  for (std::uint64_t seq = 4; seq < 60; ++seq) {
    std::string text = seq == 4 ? "early" : "late";
    for (int i = 0; i < 300; ++i) text += " w" + std::to_string(rig.rng.next_u64());
    rig.live(1, {rig.text(seq, 2, text)});
    if (seq == 4) search(rig, "early");
  }
  rig.pass(seconds(1));
  CHECK(rig.view().search.hits.size() == 1);
  CHECK(rig.view().search.note.find("too many") != std::string::npos);
  CHECK_FALSE(rig.view().search.busy);
  rig.live(1, {rig.event(60, 2, wire::Edit{{4}, "early, but not the same", {}})});
  rig.pass(seconds(1));
  CHECK(rig.view().search.hits.empty());
}

TEST_CASE("Signing out forgets the index; a client without one says that it cannot search") {
  Rig rig({}, searching());
  rig.settle_in();
  search(rig, "two");
  CHECK(hits(rig) == "1:2 [two]");
  rig.call([&](Client& c) { c.sign_out(rig.now); });
  CHECK(rig.view().search.hits.empty());
  search(rig, "two");
  CHECK(hits(rig).empty());

  Rig plain;
  plain.settle_in();
  search(plain, "two");
  CHECK(hits(plain).empty());
  CHECK_FALSE(plain.view().search.busy);
  CHECK(plain.view().search.note == "Messages cannot be searched on this device.");
}

}  // namespace parley::client
