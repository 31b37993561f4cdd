// One room's log as far as this client holds it: runs of events, and what is missing between them.
//
// Sans-IO, not thread-safe. Events come in live, in pages and from the local store; in any order
// and any number of times they give the same content (MessageFold). The last run is the live one,
// its end the cursor: cursor + 1 is appended, smaller is a duplicate, larger is a gap.
//
//   segment     segment (live)
//   [1 .. 80]   [2001 .. 2100]  held: 2103, 2104
//             ^                ^ gap at the end: fetched by itself, in pages, one at a time
//             gap in between: fetched when somebody looks at it (load_gap)
//
// Only a timeline that is `open` (on screen, or tailed) fetches anything; a closed one appends what
// fits and otherwise only remembers the head. Memory is bounded: see the k constants.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "shared/sync/fold.hpp"
#include "shared/wire/commands.hpp"
#include "shared/wire/responses.hpp"

namespace parley::sync {

struct LogEntry {
  wire::Event event;
  wire::EventBody body;
};

struct Segment {
  std::deque<LogEntry> entries;  // dense, ascending, not empty
  Seq first() const { return entries.front().event.seq; }
  Seq last() const { return entries.back().event.seq; }
};

// What take_changes() tells a view builder.
struct TimelineChanges {
  bool rebuilt = false;      // anything but an append: look at everything
  bool appended = false;     // the live segment grew at its end
  std::vector<Seq> touched;  // messages that an edit, deletion or reaction changed
};

class Timeline {
 public:
  static constexpr std::size_t kPage = 50;
  static constexpr std::size_t kCatchUpPage = 200;
  static constexpr std::uint64_t kHugeGap = 1000;  // larger: the newest page first, the rest later
  static constexpr std::size_t kMaxHeld = 512;     // live events beyond a gap
  static constexpr std::size_t kClosedWindow = 200;  // events kept of a room that is not open
  static constexpr std::size_t kOpenWindow = 2000;   // ... of an open one, read at its end
  static constexpr std::size_t kPagedWindow = 4000;  // ... after paging up
  static constexpr std::size_t kMaxSegments = 6;
  static constexpr Duration kGapGrace = milliseconds(250);  // reordering heals itself in this time

  explicit Timeline(RoomId room) : room_(room) {}

  // ---- what was learned ----
  void restore(std::vector<wire::Event> events);  // of the local store, ascending; before all else
  // The events that became the newest of the live segment, in order, with those held back before.
  std::vector<wire::Event> handle_live(MonoTime now, const std::vector<wire::Event>& events);
  std::vector<wire::Event> handle_page(MonoTime now, const wire::HistoryPage& page);
  void handle_fetch_failed(MonoTime now, Duration retry_after);
  void set_head(MonoTime now, Seq head);  // a summary's word on the newest event
  void handle_disconnected();             // a fetch under way is over
  // What came before `seq` is gone for everybody; the log begins there.
  void drop_before(Seq seq);
  // What a sealed event turned out to be, in the place of the one with its number; false: not here.
  bool replace(const wire::Event& event);

  // ---- what is wanted ----
  void open(MonoTime now);
  void close();
  // Before the first event here; but a gap nearer to the end goes first, unless a jump made it.
  void load_older();
  void load_gap(Seq before, bool from_above);  // the gap that ends at `before`
  void jump(Seq seq);                          // have the events around it
  void set_at_end();                           // the reader is at the newest: no need of paged ones

  // ---- out ----
  std::optional<wire::History> poll_fetch(MonoTime now);  // one at a time
  std::optional<MonoTime> deadline() const;
  TimelineChanges take_changes();

  const std::vector<Segment>& segments() const { return segments_; }
  const LogEntry* find(Seq seq) const;
  const MessageFold* fold(Seq target) const { return folds_.find(target); }
  Seq cursor() const {
    return segments_.empty() ? Seq{log_start_.value - 1} : segments_.back().last();
  }
  Seq head() const { return head_; }
  bool synced() const { return cursor() >= head_; }
  // A live event right after what is here would be appended.
  bool follows(Seq seq) const { return segments_.empty() || seq.value <= cursor().value + 1; }
  Seq start() const { return log_start_; }  // of the log, as far as is known
  bool at_start() const;
  bool is_open() const { return open_; }
  bool loading_older() const;
  bool fetching() const { return fetch_.has_value(); }
  std::size_t size() const;

 private:
  enum class Goal { kCatchUp, kNewest, kOlder, kGap, kJump };
  struct Fetch {
    Goal goal;
    wire::History query;
  };

  bool insert(std::vector<LogEntry> run);
  void merge(std::size_t at, std::vector<LogEntry> run);
  void hold(MonoTime now, const wire::Event& event);
  void append(LogEntry entry);
  std::vector<wire::Event> release_held();
  void note(const LogEntry& entry);
  void trim();
  void cut_middle(std::size_t excess);
  bool accept(const Fetch& fetch, const wire::HistoryPage& page);
  std::optional<Fetch> plan() const;
  Fetch fetch_of(Goal goal, wire::HistoryFrom from, Seq seq, std::size_t limit) const;
  bool behind() const { return head_ > cursor(); }

  RoomId room_;
  std::vector<Segment> segments_;  // ascending, at least one missing event between two
  Folds folds_;
  Seq head_;
  Seq log_start_{1};  // first event the server still has
  std::map<Seq, LogEntry> held_;
  bool open_ = false;
  bool paged_ = false;   // the reader went up: keep what was loaded there
  bool jumped_ = false;  // ... by naming a message
  bool empty_ = false;   // the server says that nothing is there
  bool want_older_ = false;
  struct GapWish {
    Seq before;
    bool from_above;
  };
  std::optional<GapWish> want_gap_;
  std::optional<Seq> want_jump_;
  std::optional<Fetch> fetch_;
  std::optional<MonoTime> gap_since_;
  std::optional<MonoTime> retry_at_;
  int failures_ = 0;
  TimelineChanges changes_;
};

}  // namespace parley::sync
