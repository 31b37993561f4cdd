#include "shared/sync/timeline.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace parley::sync {
namespace {

constexpr MonoTime kNow{1'000'000};

UserId user(std::uint8_t n) {
  UserId id;
  id.uuid.bytes[0] = n;
  return id;
}
RoomId the_room() {
  RoomId id;
  id.uuid.bytes[0] = 9;
  return id;
}

template <class Body>
wire::Event event(std::uint64_t seq, UserId sender, const Body& body) {
  wire::Event out;
  out.seq = {seq};
  out.at = {static_cast<std::int64_t>(seq) * 1000};
  out.sender = sender;
  out.kind = Body::kKind;
  out.body = wire::encode(body);
  return out;
}
wire::Event text(std::uint64_t seq, const std::string& content = "text") {
  return event(seq, user(1), wire::Message{wire::MessageType::kText, content, {}, {}});
}
std::vector<wire::Event> texts(std::uint64_t from, std::uint64_t to) {
  std::vector<wire::Event> out;
  for (std::uint64_t seq = from; seq <= to; ++seq) out.push_back(text(seq));
  return out;
}

// Answers a query from a log 1 .. head.
wire::HistoryPage answer(const wire::History& query, const std::vector<wire::Event>& log) {
  const std::uint64_t head = log.size(), limit = query.limit;
  std::uint64_t from = 1, to = head;
  if (query.from == wire::HistoryFrom::kBefore) to = query.seq.value - 1;
  if (query.from == wire::HistoryFrom::kAround) to = std::min(head, query.seq.value + limit / 2);
  if (query.from == wire::HistoryFrom::kAfter) {
    from = query.seq.value + 1;
    to = std::min(head, query.seq.value + limit);
  } else if (to > limit) {
    from = to - limit + 1;
  }
  wire::HistoryPage page;
  page.room_id = the_room();
  page.head = {head};
  page.start = from == 1;
  for (std::uint64_t seq = from; seq <= to; ++seq)
    page.events.push_back(log[static_cast<std::size_t>(seq - 1)]);
  return page;
}

// Lets the timeline have everything it asks for; returns how often it asked.
int satisfy(Timeline& timeline, const std::vector<wire::Event>& log, MonoTime now = kNow) {
  int asked = 0;
  while (const auto query = timeline.poll_fetch(now)) {
    REQUIRE(++asked < 1000);
    CHECK(!timeline.poll_fetch(now));  // one at a time
    (void)timeline.handle_page(now, answer(*query, log));
  }
  return asked;
}

std::vector<std::uint64_t> seqs(const Timeline& timeline) {
  std::vector<std::uint64_t> out;
  for (const Segment& segment : timeline.segments()) {
    for (const LogEntry& entry : segment.entries) out.push_back(entry.event.seq.value);
  }
  return out;
}

}  // namespace

TEST_CASE("What is gone for everybody is neither shown nor asked for") {
  const auto log = texts(1, 120);
  // A log whose first events the server has deleted.
  const auto from = [&](std::uint64_t first, const wire::History& query, std::size_t head = 120) {
    wire::HistoryPage page =
        answer(query, std::vector(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(head)));
    std::erase_if(page.events, [&](const wire::Event& event) { return event.seq.value < first; });
    page.start = page.events.empty() ? query.from != wire::HistoryFrom::kAfter
                                     : page.events.front().seq.value == first;
    return page;
  };
  Timeline timeline(the_room());
  timeline.set_head(kNow, {100});
  timeline.open(kNow);
  satisfy(timeline, std::vector(log.begin(), log.begin() + 100));
  (void)timeline.take_changes();
  REQUIRE(seqs(timeline).size() == 50);

  SECTION("a part of what is here") {
    timeline.drop_before({80});
    CHECK(timeline.take_changes().rebuilt);
    CHECK(seqs(timeline).front() == 80);
    CHECK(timeline.at_start());
    CHECK(timeline.start() == Seq{80});
    CHECK_FALSE(timeline.find({79}));
    timeline.load_older();
    CHECK_FALSE(timeline.loading_older());
    CHECK_FALSE(timeline.poll_fetch(kNow));
    timeline.drop_before({70});  // says nothing new
    CHECK(timeline.start() == Seq{80});
    CHECK_FALSE(timeline.take_changes().rebuilt);
  }
  SECTION("all that is here, and what comes goes on from there") {
    timeline.drop_before({101});
    CHECK(seqs(timeline).empty());
    CHECK(timeline.at_start());
    CHECK(timeline.synced());
    CHECK(timeline.cursor() == Seq{100});
    CHECK_FALSE(timeline.poll_fetch(kNow));
    CHECK(timeline.handle_live(kNow, {text(101)}).size() == 1);
    CHECK(seqs(timeline) == std::vector<std::uint64_t>{101});
    CHECK_FALSE(timeline.poll_fetch(kNow));
  }
  SECTION("pages that still have it") {
    timeline.drop_before({90});
    timeline.set_head(kNow, {120});
    const auto query = timeline.poll_fetch(kNow + seconds(1));
    REQUIRE(query);
    (void)timeline.handle_page(kNow, answer(*query, log));
    CHECK(seqs(timeline).front() == 90);
    CHECK(seqs(timeline).back() == 120);
  }
  SECTION("what was missed is gone by now") {
    timeline.set_head(kNow, {120});
    const auto query = timeline.poll_fetch(kNow + seconds(1));
    REQUIRE(query);
    const auto newest = timeline.handle_page(kNow, from(111, *query));
    CHECK(newest.size() == 10);
    CHECK(seqs(timeline).front() == 111);
    CHECK(timeline.at_start());
    CHECK_FALSE(timeline.poll_fetch(kNow + minutes(1)));
  }
  SECTION("older pages end where the log begins") {
    timeline.load_older();
    auto query = timeline.poll_fetch(kNow);
    REQUIRE(query);
    (void)timeline.handle_page(kNow, from(40, *query, 100));
    CHECK(seqs(timeline).front() == 40);
    CHECK(timeline.at_start());
    timeline.load_older();
    CHECK_FALSE(timeline.poll_fetch(kNow + minutes(1)));
  }
  SECTION("before anything was loaded") {
    Timeline fresh(the_room());
    fresh.set_head(kNow, {120});
    fresh.open(kNow);
    const auto query = fresh.poll_fetch(kNow + seconds(1));
    REQUIRE(query);
    (void)fresh.handle_page(kNow, from(121, *query));
    CHECK(seqs(fresh).empty());
    CHECK(fresh.at_start());
    CHECK(fresh.synced());
    CHECK_FALSE(fresh.poll_fetch(kNow + minutes(1)));
  }
}

TEST_CASE("The next event is appended, an earlier one is a duplicate") {
  Timeline timeline(the_room());
  CHECK(timeline.handle_live(kNow, {text(5)}).size() == 1);
  CHECK(timeline.handle_live(kNow, {text(6), text(6), text(5), text(7)}).size() == 2);
  CHECK(seqs(timeline) == std::vector<std::uint64_t>{5, 6, 7});
}

TEST_CASE("Reordered events heal without a fetch") {
  Timeline timeline(the_room());
  (void)timeline.handle_live(kNow, texts(1, 60));
  timeline.open(kNow);
  CHECK(timeline.handle_live(kNow, {text(63)}).empty());
  CHECK(timeline.handle_live(kNow, {text(62)}).empty());
  CHECK(!timeline.poll_fetch(kNow));  // within the grace
  CHECK(timeline.handle_live(kNow, {text(61)}).size() == 3);
  CHECK(timeline.synced());
  CHECK(!timeline.deadline());
}

TEST_CASE("A gap is fetched after the grace, from the cursor, in bounded pages") {
  const auto log = texts(1, 500);
  Timeline timeline(the_room());
  (void)timeline.handle_live(kNow, texts(1, 60));
  timeline.open(kNow);
  (void)timeline.handle_live(kNow, {text(500)});
  REQUIRE(timeline.deadline() == kNow + Timeline::kGapGrace);
  const MonoTime later = kNow + Timeline::kGapGrace;
  const auto query = timeline.poll_fetch(later);
  REQUIRE(query);
  CHECK(query->from == wire::HistoryFrom::kAfter);
  CHECK(query->seq == Seq{60});
  CHECK(query->limit <= wire::kMaxPageSize);
  CHECK(timeline.handle_page(later, answer(*query, log)).size() == 200);
  CHECK(satisfy(timeline, log, later) == 2);
  CHECK(timeline.cursor() == Seq{500});
}

TEST_CASE("A closed timeline appends what fits and fetches nothing") {
  Timeline timeline(the_room());
  (void)timeline.handle_live(kNow, texts(1, 10));
  (void)timeline.handle_live(kNow, {text(20)});
  CHECK(timeline.cursor() == Seq{10});
  CHECK(timeline.head() == Seq{20});
  CHECK(!timeline.follows(Seq{21}));
  CHECK(!timeline.deadline());
  (void)timeline.handle_live(kNow, texts(11, 2000));
  CHECK(timeline.size() <= Timeline::kClosedWindow + Timeline::kClosedWindow / 8);
}

TEST_CASE("Opening an empty room gets the newest page") {
  const auto log = texts(1, 300);
  Timeline timeline(the_room());
  timeline.set_head(kNow, {300});
  timeline.open(kNow);
  CHECK(satisfy(timeline, log) == 1);
  CHECK(seqs(timeline).front() == 251);
  CHECK(timeline.synced());
  CHECK(!timeline.at_start());
  for (int i = 0; i < 5; ++i) {
    timeline.load_older();
    CHECK(satisfy(timeline, log) == 1);
  }
  CHECK(timeline.at_start());
  timeline.load_older();
  CHECK(!timeline.poll_fetch(kNow));
  CHECK(seqs(timeline).size() == 300);
}

TEST_CASE("A room without events is asked for once") {
  Timeline timeline(the_room());
  timeline.open(kNow);
  CHECK(satisfy(timeline, {}) == 1);
  CHECK(timeline.at_start());
  CHECK(!timeline.deadline());
  (void)timeline.handle_live(kNow, {text(1)});
  CHECK(timeline.cursor() == Seq{1});
}

TEST_CASE("After a very long absence the newest page comes first and leaves a gap") {
  const auto log = texts(1, 5000);
  Timeline timeline(the_room());
  timeline.restore(texts(801, 1000));
  timeline.set_head(kNow, {5000});
  timeline.open(kNow);
  CHECK(satisfy(timeline, log) == 1);
  REQUIRE(timeline.segments().size() == 2);
  CHECK(timeline.segments()[0].last() == Seq{1000});
  CHECK(timeline.segments()[1].first() == Seq{4951});
  timeline.load_gap({4951}, false);
  CHECK(satisfy(timeline, log) == 1);
  CHECK(timeline.segments()[1].first() == Seq{4901});
  timeline.load_gap({4901}, true);
  CHECK(satisfy(timeline, log) == 1);
  CHECK(timeline.segments()[0].last() == Seq{1050});
  // Scrolling on without naming the gap fills it from below, too.
  timeline.load_older();
  CHECK(satisfy(timeline, log) == 1);
  CHECK(timeline.segments()[1].first() == Seq{4851});
}

TEST_CASE("A jump brings the surroundings and the end stays live") {
  const auto log = texts(1, 3000);
  Timeline timeline(the_room());
  timeline.set_head(kNow, {3000});
  timeline.open(kNow);
  satisfy(timeline, log);
  timeline.jump({700});
  satisfy(timeline, log);
  CHECK(timeline.find({700}));
  CHECK(timeline.segments().size() == 2);
  (void)timeline.handle_live(kNow, {text(3001)});
  CHECK(timeline.cursor() == Seq{3001});
  timeline.load_older();  // above the place one jumped to
  satisfy(timeline, log);
  CHECK(timeline.segments().front().first() < Seq{676});
  timeline.set_at_end();
  CHECK(timeline.segments().size() == 1);
}

TEST_CASE("Live traffic keeps the window bounded and the newest in it") {
  Timeline timeline(the_room());
  timeline.open(kNow);
  for (std::uint64_t seq = 1; seq <= 20'000; ++seq) (void)timeline.handle_live(kNow, {text(seq)});
  CHECK(timeline.size() <= Timeline::kOpenWindow + Timeline::kOpenWindow / 8);
  CHECK(timeline.cursor() == Seq{20'000});
  CHECK(!timeline.at_start());
  const auto log = texts(1, 20'000);
  for (int i = 0; i < 100; ++i) {
    timeline.load_older();
    satisfy(timeline, log);
  }
  CHECK(timeline.size() <= Timeline::kPagedWindow + Timeline::kPagedWindow / 8);
  CHECK(timeline.cursor() == Seq{20'000});  // the middle went, not the end
}

TEST_CASE("Failed fetches wait longer and longer, and as long as the server says") {
  Timeline timeline(the_room());
  timeline.set_head(kNow, {10});
  timeline.open(kNow);
  MonoTime now = kNow;
  Duration last{};
  for (int i = 0; i < 8; ++i) {
    REQUIRE(timeline.poll_fetch(now));
    timeline.handle_fetch_failed(now, {});
    const Duration wait = *timeline.deadline() - now;
    CHECK(wait >= last);
    CHECK(wait <= seconds(32));
    last = wait;
    now = now + wait;
  }
  REQUIRE(timeline.poll_fetch(now));
  timeline.handle_fetch_failed(now, minutes(5));
  CHECK(*timeline.deadline() - now == minutes(5));
}

TEST_CASE("Pages that bring nothing or are not dense are failures, not loops") {
  Timeline timeline(the_room());
  (void)timeline.handle_live(kNow, texts(1, 60));
  timeline.set_head(kNow, {100});
  timeline.open(kNow);
  wire::HistoryPage page;
  page.room_id = the_room();
  page.head = {100};
  SECTION("empty") {}
  SECTION("with a hole") { page.events = {text(61), text(63)}; }
  SECTION("what is here already") { page.events = texts(40, 60); }
  REQUIRE(timeline.poll_fetch(kNow));
  (void)timeline.handle_page(kNow, page);
  CHECK(!timeline.poll_fetch(kNow));
  CHECK(timeline.deadline() > kNow);
  CHECK(timeline.cursor() == Seq{60});
}

TEST_CASE("A store with a hole gives its newest part") {
  Timeline timeline(the_room());
  auto events = texts(1, 50);
  events.erase(events.begin() + 30);
  timeline.restore(events);
  CHECK(seqs(timeline).front() == 32);
  CHECK(timeline.cursor() == Seq{50});
}

TEST_CASE("Edits count when they are the author's, the newest wins, deletions hide") {
  Timeline timeline(the_room());
  (void)timeline.handle_live(
      kNow,
      {text(1, "a"), event(2, user(2), wire::Edit{{1}, "not mine", {}}),
       event(3, user(1), wire::Edit{{1}, "b", {}}), event(4, user(1), wire::Edit{{1}, "c", {}})});
  REQUIRE(timeline.fold({1}));
  CHECK(timeline.fold({1})->edit_of(user(1))->content == "c");
  CHECK(!timeline.fold({1})->deleted());
  (void)timeline.handle_live(kNow, {event(5, user(3), wire::Deletion{{1}})});
  CHECK(timeline.fold({1})->deleted());
}

TEST_CASE("Changes of what cannot be there are kept nowhere") {
  Timeline timeline(the_room());
  (void)timeline.handle_live(
      kNow, {event(1, user(1), wire::Deletion{{0}}), event(2, user(1), wire::Deletion{{99}})});
  CHECK(!timeline.fold({0}));
  CHECK(!timeline.fold({99}));
}

TEST_CASE("Bodies that cannot be read keep their place") {
  Timeline timeline(the_room());
  wire::Event broken = text(2);
  broken.body = {0xff, 0xff};
  wire::Event newer = text(3);
  newer.kind = static_cast<wire::EventKind>(999);
  (void)timeline.handle_live(kNow, {text(1), broken, newer, text(4)});
  CHECK(timeline.cursor() == Seq{4});
  CHECK(std::holds_alternative<wire::OpaqueBody>(timeline.find({2})->body));
}

TEST_CASE("Any delivery order, any pieces and any repeats give the same timeline") {
  const auto seed = GENERATE(range(1u, 80u));
  INFO("seed " << seed);
  SeededRng rng(seed);
  const std::uint64_t head = 80 + rng.below(400);
  std::vector<wire::Event> log;
  for (std::uint64_t seq = 1; seq <= head; ++seq) {
    const UserId sender = user(static_cast<std::uint8_t>(1 + rng.below(3)));
    const Seq target{1 + rng.below(seq)};
    switch (seq < 5 ? 0 : rng.below(6)) {
      case 0:
      case 1:
      case 2:
        log.push_back(event(seq, sender,
                            wire::Message{wire::MessageType::kText, std::to_string(seq), {}, {}}));
        break;
      case 3:
        log.push_back(event(seq, sender, wire::Edit{target, "edit " + std::to_string(seq), {}}));
        break;
      case 4:
        log.push_back(event(seq, sender,
                            wire::Reaction{target, rng.below(2) ? "+" : "-", rng.below(3) != 0}));
        break;
      default:
        log.push_back(event(seq, sender, wire::Deletion{target}));
        break;
    }
  }
  // The plain way: everything in order.
  Timeline plain(the_room());
  plain.open(kNow);
  (void)plain.handle_live(kNow, log);

  Timeline timeline(the_room());
  MonoTime now = kNow;
  timeline.open(now);
  std::vector<wire::Event> newest;
  const auto collect = [&](std::vector<wire::Event> events) {
    newest.insert(newest.end(), events.begin(), events.end());
  };
  // Half of the log is older than the client: its pages come after what is live.
  std::uint64_t told = head / 2;
  timeline.set_head(now, {told});
  for (int step = 0; step < 2000 && (told < head || !timeline.synced()); ++step) {
    now = now + milliseconds(static_cast<std::int64_t>(rng.below(300)));
    const std::uint64_t dice = rng.below(10);
    if (dice < 6) {
      // A piece of the log, near where the telling is, forwards or backwards, maybe told before.
      const std::uint64_t from = 1 + (told > 20 ? told - rng.below(20) : rng.below(told + 1));
      const std::uint64_t to = std::min(head, from + rng.below(30));
      std::vector<wire::Event> piece(log.begin() + static_cast<std::ptrdiff_t>(from - 1),
                                     log.begin() + static_cast<std::ptrdiff_t>(to));
      if (rng.below(3) == 0) std::reverse(piece.begin(), piece.end());
      if (rng.below(4) != 0) collect(timeline.handle_live(now, piece));  // else it is lost
      told = std::max(told, to);
    } else if (dice < 7) {
      timeline.handle_disconnected();
    } else if (dice < 8) {
      timeline.set_head(now, {told});
    } else if (const auto query = timeline.poll_fetch(now)) {
      const std::vector<wire::Event> known(log.begin(),
                                           log.begin() + static_cast<std::ptrdiff_t>(told));
      if (rng.below(4) == 0)
        timeline.handle_fetch_failed(now, {});
      else
        collect(timeline.handle_page(now, answer(*query, known)));
    }
  }
  timeline.set_head(now, {head});
  now = now + minutes(2);
  while (const auto query = timeline.poll_fetch(now)) {
    collect(timeline.handle_page(now, answer(*query, log)));
  }
  for (int i = 0; i < 30 && !timeline.at_start(); ++i) {
    timeline.load_older();
    satisfy(timeline, log, now);
  }
  REQUIRE(seqs(timeline) == seqs(plain));
  // What is reported as new is new, in order, and each once.
  for (std::size_t i = 1; i < newest.size(); ++i) CHECK(newest[i - 1].seq < newest[i].seq);
  for (std::uint64_t seq = 1; seq <= head; ++seq) {
    const auto* a = timeline.fold({seq});
    const auto* b = plain.fold({seq});
    REQUIRE((a != nullptr) == (b != nullptr));
    if (!a) continue;
    CHECK(a->deleted() == b->deleted());
    for (std::uint8_t who = 1; who <= 3; ++who) {
      const auto *x = a->edit_of(user(who)), *y = b->edit_of(user(who));
      REQUIRE((x != nullptr) == (y != nullptr));
      if (x) CHECK(x->content == y->content);
    }
    const auto x = a->reactions(), y = b->reactions();
    REQUIRE(x.size() == y.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(x[i].emoji == y[i].emoji);
      CHECK(x[i].users == y[i].users);
    }
  }
}

}  // namespace parley::sync
