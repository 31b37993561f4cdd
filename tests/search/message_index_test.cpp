// The index itself: what is found, in which order, with which snippet; changes and bounds.
#include "client/search/message_index.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <map>
#include <set>

#include "shared/base/rng.hpp"
#include "shared/base/utf8.hpp"
#include "shared/wire/limits.hpp"

namespace parley::search {
namespace {

using client::IndexedMessage;
using client::IndexHit;

RoomId room(std::uint8_t n) {
  RoomId id;
  id.uuid.bytes[0] = n;
  return id;
}
UserId user(std::uint8_t n) {
  UserId id;
  id.uuid.bytes[15] = n;
  return id;
}

IndexedMessage message(std::uint8_t in, std::uint64_t seq, std::string text,
                       std::int64_t at_ms = -1) {
  const auto s = static_cast<std::int64_t>(seq);
  return {room(in), {seq}, user(in), {at_ms < 0 ? 1000 * s : at_ms}, std::move(text)};
}

struct Found {
  explicit Found(std::size_t max_bytes = MessageIndex::kMaxBytes)
      : index(MessageIndex::make(max_bytes)) {
    REQUIRE(index);
  }
  void put(const IndexedMessage& one) { REQUIRE(index->update({one}).ok()); }
  std::vector<IndexHit> hits(std::string text, std::optional<RoomId> in = {},
                             std::size_t limit = 50) {
    auto result = index->query({std::move(text), in, limit});
    REQUIRE(result.ok());
    return *result;
  }
  // "2:7 1:3": rooms and places, as they come.
  std::string places(std::string text, std::optional<RoomId> in = {}, std::size_t limit = 50) {
    std::string out;
    for (const IndexHit& hit : hits(std::move(text), in, limit)) {
      if (!out.empty()) out += ' ';
      out += std::to_string(hit.room.uuid.bytes[0]) + ":" + std::to_string(hit.seq.value);
    }
    return out;
  }
  std::string snippet(std::string text) {
    const auto all = hits(std::move(text));
    REQUIRE(all.size() == 1);
    std::string out = all[0].snippet;
    for (auto place = all[0].highlights.rbegin(); place != all[0].highlights.rend(); ++place) {
      out.insert(place->end, "]").insert(place->begin, "[");
    }
    return out;
  }
  std::unique_ptr<client::SearchIndex> index;
};

TEST_CASE("all words must be there, the newest message comes first") {
  Found f;
  REQUIRE(f.index
              ->update({message(1, 1, "The quick brown fox"), message(1, 2, "A quick lunch?"),
                        message(2, 3, "quickly, the fox!"), message(1, 4, "nothing of it")})
              .ok());
  CHECK(f.places("quick") == "2:3 1:2 1:1");  // the last word may go on
  CHECK(f.places("quick ") == "1:2 1:1");
  CHECK(f.places("fox quick") == "2:3 1:1");
  CHECK(f.places("fox \"quick brown\"") == "1:1");
  CHECK(f.places("\"brown quick\"").empty());
  CHECK(f.places("QUICK", room(1)) == "1:2 1:1");
  CHECK(f.places("quick", room(3)).empty());
  CHECK(f.places("quick", {}, 2) == "2:3 1:2");
  CHECK(f.places("").empty());
  CHECK(f.places("?!").empty());
  const auto hits = f.hits("lunch");
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].sender == user(1));
  CHECK(hits[0].at == Timestamp{2000});
}

TEST_CASE("scripts without spaces and emoji are found") {
  Found f;
  REQUIRE(f.index
              ->update(
                  {message(1, 1, "東京都の天気は晴れ"), message(1, 2, "きょうはカタカナで書く"),
                   message(1, 3, "대한민국에서 만나요"), message(1, 4, "ภาษาไทยง่ายมาก"),
                   message(1, 5, "done \U0001F389\U0001F44D\U0001F3FD"), message(1, 6, "京東です")})
              .ok());
  CHECK(f.places("京都") == "1:1");
  CHECK(f.places("天気は") == "1:1");
  CHECK(f.places("東京") == "1:1");
  CHECK(f.places("晴") == "1:1");
  CHECK(f.places("東") == "1:6 1:1");
  CHECK(f.places("カタカナ") == "1:2");
  CHECK(f.places("かたかな").empty());
  CHECK(f.places("きょう 書く") == "1:2");
  CHECK(f.places("한민") == "1:3");
  CHECK(f.places("민국 만나") == "1:3");
  CHECK(f.places("ไทย") == "1:4");
  CHECK(f.places("\U0001F389") == "1:5");
  CHECK(f.places("\U0001F44D") == "1:5");
  CHECK(f.places("\U0001F389 don") == "1:5");
  CHECK(f.places("\U0001F600").empty());
}

TEST_CASE("case and diacritics do not matter") {
  Found f;
  f.put(message(1, 1, "Żółć w Kraków, ΑΘΗΝΑ, Ёлка"));
  CHECK(f.places("zółc KRAKOW") == "1:1");
  CHECK(f.places("żoł") == "1:1");
  CHECK(f.places("αθηνα ёлка") == "1:1");
}

TEST_CASE("what people type is never syntax") {
  Found f;
  f.put(message(1, 1, "NOT near the column OR AND star"));
  const char* queries[] = {"NOT near",   "near AND",  "\"near\" OR", "NEAR(the, 5)", "*",
                           "ne*",        "word:near", "{word}:near", "^near",        "near -the",
                           "'; DROP",    "near\" \"", "\"\"\"near",  "(((",          "near+the",
                           "\\\"near\\", "\x01 near", "near\xff",    "rowid",        "\" AND \""};
  for (const char* query : queries) {
    INFO(query);
    CHECK(f.index->query({query, {}, 50}).ok());
  }
  CHECK(f.places("NOT near") == "1:1");
  CHECK(f.places("-near") == "1:1");
  CHECK(f.places("^column") == "1:1");
  CHECK(f.places("word:near").empty());
}

TEST_CASE("edits replace and deletions take out") {
  Found f;
  f.put(message(1, 1, "first words"));
  f.put(message(1, 2, "other words"));
  f.put(message(1, 1, "changed text"));
  CHECK(f.places("first").empty());
  CHECK(f.places("changed") == "1:1");
  CHECK(f.places("words") == "1:2");
  f.put(message(1, 2, ""));
  CHECK(f.places("words").empty());
  f.put(message(1, 9, ""));  // was never there
  f.put(message(2, 1, "changed elsewhere"));
  CHECK(f.places("changed") == "2:1 1:1");
}

TEST_CASE("messages of one moment, and of moments nobody can have, are all kept") {
  Found f;
  for (std::uint8_t in = 1; in <= 5; ++in) f.put(message(in, 7, "same moment", 5000));
  f.put(message(1, 8, "same moment", 5000));
  CHECK(f.hits("same moment").size() == 6);
  IndexedMessage odd = message(1, 9, "far away");
  odd.at.ms = std::numeric_limits<std::int64_t>::max();
  f.put(odd);
  odd.at.ms = std::numeric_limits<std::int64_t>::min();
  odd.seq = {std::numeric_limits<std::uint64_t>::max()};
  f.put(odd);
  CHECK(f.hits("far").size() == 2);
  CHECK(f.hits("far")[1].seq == odd.seq);
  CHECK(f.hits("far")[1].at == odd.at);
}

TEST_CASE("the snippet shows the first place, marked as it is written") {
  Found f;
  f.put(message(1, 1, "short and Swéet"));
  CHECK(f.snippet("sweet") == "short and [Swéet]");
  f.put(message(1, 1, ""));
  std::string text;
  for (int i = 0; i < 100; ++i) text += "füllwort ";
  text += "needle here";
  for (int i = 0; i < 100; ++i) text += " füllwort";
  f.put(message(1, 2, text));
  const std::string cut = f.snippet("needle");
  CHECK(cut.starts_with("\u2026"));
  CHECK(cut.ends_with("\u2026"));
  CHECK(cut.find(" [needle] here ") != std::string::npos);
  CHECK(is_valid_utf8(cut));
  CHECK(count_code_points(cut) == MessageIndex::kSnippetCharacters + 4);
  // Places outside of what is shown are left out, one at its end is cut.
  f.put(message(1, 2, "needle" + std::string(300, 'x') + " needle"));
  CHECK(f.hits("needle ")[0].highlights.size() == 1);
  f.put(message(1, 2, std::string(1000, 'x')));
  CHECK(f.hits("xx")[0].highlights ==
        std::vector<client::TextRange>{{0, MessageIndex::kSnippetCharacters}});
}

TEST_CASE("sizes are bounded and a full index keeps what it has") {
  Found f(std::size_t{1} << 20);
  f.put(message(1, 1, std::string(10 * wire::kMaxContentBytes, 'y') + " beyond"));
  CHECK(f.places("beyond").empty());
  CHECK(f.places("yyy") == "1:1");
  CHECK(f.index->query({std::string(1 << 20, 'y'), {}, 50}).ok());
  SeededRng rng(7);
  Status status;
  std::uint64_t seq = 2;
  for (; seq < 5000 && status; ++seq) {
    std::string text = "good";
    for (int i = 0; i < 60; ++i) text += " w" + std::to_string(rng.next_u64());
    status = f.index->update({message(1, seq, text), message(1, seq + 10'000, "second")});
  }
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kLocalStore);
  const auto kept =
      static_cast<std::size_t>(seq - 3);  // of the last batch nothing, not even its small half
  CHECK(f.hits("good", {}, 100'000).size() == std::min(kept, client::kMaxSearchHits));
  CHECK(f.hits("second", {}, 100'000).size() == std::min(kept, client::kMaxSearchHits));
  CHECK(f.places("yyy") == "1:1");
  // Deletions are still heard.
  for (std::uint64_t gone = 2; gone < seq - 1; ++gone) f.put(message(1, gone, ""));
  CHECK(f.hits("good").empty());
  CHECK(f.places("yyy") == "1:1");
}

// Against a plain model: messages hold words of a small set, a query is some of them.
TEST_CASE("random changes and queries agree with looking through all messages") {
  const std::uint64_t seed = 20261121;
  INFO("seed " << seed);
  SeededRng rng(seed);
  const auto below = [&](std::uint64_t n) { return rng.below(n); };
  const std::string vocabulary[] = {"alpha", "Beta", "gamma", "délta",
                                    "al",    "東京", "京都",  "한글"};
  const std::string folded[] = {"alpha", "beta", "gamma", "delta", "al", "東京", "京都", "한글"};
  Found f;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::set<std::size_t>> model;  // seq, room
  for (int round = 0; round < 400; ++round) {
    std::vector<IndexedMessage> batch;
    for (int i = 0; i < 5; ++i) {
      const std::uint64_t seq = 1 + below(60), in = 1 + below(3);
      IndexedMessage one = message(static_cast<std::uint8_t>(in), seq, "");
      one.at.ms = static_cast<std::int64_t>(seq * 10 + in);
      auto& words = model[{seq, in}];
      words.clear();
      for (std::uint64_t n = below(5); n > 0; --n) {
        const auto word = static_cast<std::size_t>(below(std::size(vocabulary)));
        words.insert(word);
        one.text += (one.text.empty() ? "" : " ") + vocabulary[word];
      }
      batch.push_back(std::move(one));
    }
    REQUIRE(f.index->update(batch).ok());
    std::set<std::size_t> asked;
    std::string query;
    for (std::uint64_t n = 1 + below(2); n > 0; --n) {
      const auto word = static_cast<std::size_t>(below(std::size(folded)));
      asked.insert(word);
      query += folded[word] + " ";
    }
    std::string expected;
    for (auto it = model.rbegin(); it != model.rend(); ++it) {
      const auto& [place, words] = *it;
      if (!std::includes(words.begin(), words.end(), asked.begin(), asked.end())) continue;
      if (!expected.empty()) expected += ' ';
      expected += std::to_string(place.second) + ":" + std::to_string(place.first);
    }
    INFO(query);
    CHECK(f.places(query, {}, 500) == expected);
  }
}

// Whatever the bytes are, what FTS5 finds is what the marks show.
TEST_CASE("any bytes can be put in and asked for") {
  const std::uint64_t seed = 4711;
  INFO("seed " << seed);
  SeededRng rng(seed);
  const std::string pieces[] = {"a",          "B",       "\"", " ",      "*", "\xff",
                                "\xe2\x80",   "e\u0301", "漢", "字",     "ไ", "ท",
                                "\U0001F44D", "\u200d",  "\0", "ا\u0651"};
  const auto bytes = [&](std::uint64_t most) {
    std::string out;
    for (std::uint64_t n = rng.below(most); n > 0; --n) out += pieces[rng.below(std::size(pieces))];
    return out;
  };
  Found f;
  std::size_t found = 0;
  for (std::uint64_t round = 0; round < 1500; ++round) {
    f.put(message(1, 1 + rng.below(50), bytes(250)));
    const std::string query = bytes(7);
    INFO(query);
    for (const IndexHit& hit : f.hits(query)) {
      ++found;
      REQUIRE_FALSE(hit.highlights.empty());
      std::size_t at = 0;
      for (const client::TextRange& range : hit.highlights) {
        REQUIRE((at <= range.begin && range.begin < range.end));
        REQUIRE(range.end <= hit.snippet.size());
        at = range.end + 1;
      }
    }
  }
  CHECK(found > 1000);
}

}  // namespace
}  // namespace parley::search
