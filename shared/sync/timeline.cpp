#include "shared/sync/timeline.hpp"

#include <algorithm>
#include <iterator>

namespace parley::sync {
namespace {

constexpr std::size_t kLiveTail = 500;    // of the live segment, kept when the middle is cut
constexpr std::size_t kMaxTouched = 256;  // past this, looking at everything is cheaper

LogEntry entry_of(const wire::Event& event) {
  auto body = wire::decode_body(event.kind, event.body);
  // A body that cannot be read keeps its place in the log and shows nothing.
  return {event, body ? *std::move(body) : wire::EventBody{wire::OpaqueBody{event.kind}}};
}

bool is_dense(const std::vector<wire::Event>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].seq.value != events[0].seq.value + i || events[i].seq.value == 0) return false;
  }
  return true;
}

}  // namespace

// ---- what was learned ---------------------------------------------------------------------------

void Timeline::restore(std::vector<wire::Event> events) {
  // The store may have lost a part: only the newest run without a hole is of use.
  std::size_t from = events.empty() ? 0 : events.size() - 1;
  while (from > 0 && events[from - 1].seq.next() == events[from].seq) --from;
  std::vector<LogEntry> run;
  for (std::size_t i = from; i < events.size(); ++i) run.push_back(entry_of(events[i]));
  if (run.empty() || run.front().event.seq.value == 0) return;
  insert(std::move(run));
  head_ = std::max(head_, cursor());
}

std::vector<wire::Event> Timeline::handle_live(MonoTime now,
                                               const std::vector<wire::Event>& events) {
  std::vector<wire::Event> newest;
  for (const wire::Event& event : events) {
    if (event.seq.value == 0) continue;
    const bool fits = segments_.empty() || event.seq == cursor().next();
    if (fits) {
      empty_ = false;
      append(entry_of(event));
      newest.push_back(event);
    } else if (event.seq > cursor() && open_) {
      hold(now, event);
    }
    head_ = std::max(head_, event.seq);
  }
  auto released = release_held();
  newest.insert(newest.end(), std::make_move_iterator(released.begin()),
                std::make_move_iterator(released.end()));
  if (!behind()) gap_since_.reset();
  trim();
  return newest;
}

void Timeline::hold(MonoTime now, const wire::Event& event) {
  if (!behind() && !gap_since_) gap_since_ = now;
  if (held_.size() >= kMaxHeld) {
    // The nearest ones close the gap first; the rest is fetched again.
    const auto last = std::prev(held_.end());
    if (last->first <= event.seq) return;
    held_.erase(last);
  }
  held_.try_emplace(event.seq, entry_of(event));
}

std::vector<wire::Event> Timeline::release_held() {
  std::vector<wire::Event> out;
  while (!held_.empty() && held_.begin()->first <= cursor().next()) {
    auto node = held_.extract(held_.begin());
    if (node.key() != cursor().next()) continue;
    out.push_back(node.mapped().event);
    append(std::move(node.mapped()));
  }
  return out;
}

void Timeline::set_head(MonoTime now, Seq head) {
  if (head <= head_) return;
  empty_ = false;
  if (!behind() && !gap_since_) gap_since_ = now;
  head_ = head;
}

std::vector<wire::Event> Timeline::handle_page(MonoTime now, const wire::HistoryPage& page) {
  if (!fetch_ || page.room_id != room_) return {};
  const Fetch fetch = *std::exchange(fetch_, std::nullopt);
  if (!is_dense(page.events) || !accept(fetch, page)) {
    handle_fetch_failed(now, {});
    return {};
  }
  failures_ = 0;
  retry_at_.reset();
  gap_since_.reset();
  head_ = std::max(head_, page.head);
  const Seq before = cursor();
  std::vector<LogEntry> run;
  for (const wire::Event& event : page.events) {
    if (event.seq >= log_start_) run.push_back(entry_of(event));
  }
  insert(std::move(run));

  std::vector<wire::Event> newest;
  if (fetch.goal == Goal::kCatchUp) {
    for (const wire::Event& event : page.events) {
      if (event.seq > before) newest.push_back(event);
    }
  }
  auto released = release_held();
  newest.insert(newest.end(), std::make_move_iterator(released.begin()),
                std::make_move_iterator(released.end()));
  trim();
  return newest;
}

// Whether the page brings the goal nearer; one that does not is a failure, or it would be asked for
// again at once and for ever.
bool Timeline::accept(const Fetch& fetch, const wire::HistoryPage& page) {
  const auto& events = page.events;
  if (page.start && !events.empty()) drop_before(events.front().seq);
  switch (fetch.goal) {
    case Goal::kCatchUp:
      if (!events.empty()) {
        // What would come right after is gone.
        if (events.front().seq > fetch.query.seq.next()) drop_before(events.front().seq);
        return events.back().seq > fetch.query.seq;
      }
      if (page.start) drop_before(page.head.next());
      if (page.head > cursor()) return false;
      head_ = cursor();  // the summary named an event that is not there
      return true;
    case Goal::kNewest:
      if (events.empty() && page.start) drop_before(page.head.next());
      if (events.empty()) empty_ = page.head.value == 0 || page.start;
      return !events.empty() || empty_;
    case Goal::kOlder:
      want_older_ = false;
      if (events.empty() && page.start) drop_before(fetch.query.seq);
      return events.empty() ? page.start : events.front().seq < fetch.query.seq;
    case Goal::kGap:
      want_gap_.reset();
      return !events.empty();
    case Goal::kJump:
      want_jump_.reset();
      return true;
  }
  return false;
}

void Timeline::handle_fetch_failed(MonoTime now, Duration retry_after) {
  fetch_.reset();
  const Duration own = seconds(std::int64_t{1} << std::min(failures_, 5));
  ++failures_;
  retry_at_ = now + std::max(retry_after, own);
}

void Timeline::drop_before(Seq seq) {
  if (seq <= log_start_) return;
  log_start_ = seq;
  held_.erase(held_.begin(), held_.lower_bound(seq));
  while (!segments_.empty() && segments_.front().first() < seq) {
    auto& entries = segments_.front().entries;
    while (!entries.empty() && entries.front().event.seq < seq) entries.pop_front();
    if (entries.empty()) segments_.erase(segments_.begin());
  }
  folds_.forget_before(seq);
  head_ = std::max(head_, Seq{seq.value - 1});
  changes_.rebuilt = true;
}

bool Timeline::replace(const wire::Event& event) {
  LogEntry* entry = nullptr;
  if (const auto held = held_.find(event.seq); held != held_.end()) {
    held->second = entry_of(event);
    return true;
  }
  for (Segment& segment : segments_) {
    if (event.seq < segment.first() || event.seq > segment.last()) continue;
    entry = &segment.entries[static_cast<std::size_t>(event.seq.value - segment.first().value)];
  }
  if (!entry) return false;
  *entry = entry_of(event);
  note(*entry);
  changes_.rebuilt = true;
  return true;
}

void Timeline::handle_disconnected() {
  fetch_.reset();
  retry_at_.reset();
  failures_ = 0;
}

// ---- what is wanted -----------------------------------------------------------------------------

void Timeline::open(MonoTime) {
  open_ = true;
  gap_since_.reset();
  retry_at_.reset();
}

void Timeline::close() {
  open_ = paged_ = jumped_ = want_older_ = false;
  want_gap_.reset();
  want_jump_.reset();
  held_.clear();
  if (segments_.size() > 1) segments_.erase(segments_.begin(), std::prev(segments_.end()));
  trim();
  changes_.rebuilt = true;
}

void Timeline::load_older() {
  paged_ = true;
  if (segments_.size() > 1 && !jumped_) return load_gap(segments_.back().first(), false);
  if (!at_start()) want_older_ = true;
}

void Timeline::load_gap(Seq before, bool from_above) {
  paged_ = true;
  for (std::size_t i = 1; i < segments_.size(); ++i) {
    if (segments_[i].first() == before) want_gap_ = GapWish{before, from_above};
  }
}

void Timeline::jump(Seq seq) {
  if (seq.value == 0 || find(seq)) return;
  paged_ = jumped_ = true;
  want_jump_ = seq;
}

void Timeline::set_at_end() {
  if (!paged_ || fetch_ || want_older_ || want_gap_ || want_jump_) return;
  paged_ = jumped_ = false;
  if (segments_.size() > 1) {
    segments_.erase(segments_.begin(), std::prev(segments_.end()));
    changes_.rebuilt = true;
  }
  trim();
}

// ---- out ----------------------------------------------------------------------------------------

Timeline::Fetch Timeline::fetch_of(Goal goal, wire::HistoryFrom from, Seq seq,
                                   std::size_t limit) const {
  wire::History query;
  query.room_id = room_;
  query.from = from;
  query.seq = seq;
  query.limit = static_cast<std::uint32_t>(limit);
  return {goal, query};
}

std::optional<Timeline::Fetch> Timeline::plan() const {
  using From = wire::HistoryFrom;
  if (!open_ || fetch_) return std::nullopt;
  if (want_jump_) return fetch_of(Goal::kJump, From::kAround, *want_jump_, kPage);
  if (segments_.empty()) {
    if (empty_ || (log_start_ > Seq{1} && !behind())) return std::nullopt;
    return fetch_of(Goal::kNewest, From::kNewest, {}, kPage);
  }
  if (head_.value > cursor().value + kHugeGap) {
    return fetch_of(Goal::kNewest, From::kNewest, {}, kPage);
  }
  if (behind()) return fetch_of(Goal::kCatchUp, From::kAfter, cursor(), kCatchUpPage);
  const Segment& live = segments_.back();
  if (live.entries.size() < kPage && live.first() > log_start_) {
    return fetch_of(Goal::kOlder, From::kBefore, live.first(), kPage);
  }
  if (want_gap_) {
    for (std::size_t i = 1; i < segments_.size(); ++i) {
      if (segments_[i].first() != want_gap_->before) continue;
      if (!want_gap_->from_above) {
        return fetch_of(Goal::kGap, From::kBefore, want_gap_->before, kPage);
      }
      return fetch_of(Goal::kGap, From::kAfter, segments_[i - 1].last(), kPage);
    }
  }
  if (want_older_ && !at_start()) {
    return fetch_of(Goal::kOlder, From::kBefore, segments_.front().first(), kPage);
  }
  return std::nullopt;
}

std::optional<wire::History> Timeline::poll_fetch(MonoTime now) {
  if (const auto at = deadline(); !at || now < *at) return std::nullopt;
  fetch_ = plan();
  return fetch_->query;
}

std::optional<MonoTime> Timeline::deadline() const {
  const auto next = plan();
  if (!next) return std::nullopt;
  MonoTime at{};
  if (retry_at_) at = *retry_at_;
  const bool by_itself = next->goal == Goal::kCatchUp || next->goal == Goal::kNewest;
  if (by_itself && gap_since_) at = std::max(at, *gap_since_ + kGapGrace);
  return at;
}

TimelineChanges Timeline::take_changes() { return std::exchange(changes_, {}); }

const LogEntry* Timeline::find(Seq seq) const {
  for (const Segment& segment : segments_) {
    if (seq < segment.first()) return nullptr;
    if (seq <= segment.last()) {
      return &segment.entries[static_cast<std::size_t>(seq.value - segment.first().value)];
    }
  }
  return nullptr;
}

bool Timeline::at_start() const {
  if (segments_.empty()) return empty_ || (log_start_ > Seq{1} && !behind());
  return segments_.front().first() <= log_start_;
}

bool Timeline::loading_older() const {
  return want_older_ || want_gap_ || (fetch_ && fetch_->goal == Goal::kOlder);
}

std::size_t Timeline::size() const {
  std::size_t count = 0;
  for (const Segment& segment : segments_) count += segment.entries.size();
  return count;
}

// ---- the runs -----------------------------------------------------------------------------------

void Timeline::note(const LogEntry& entry) {
  const Seq target = folds_.add(entry.event, entry.body);
  if (target.value == 0 || changes_.rebuilt) return;
  changes_.touched.push_back(target);
  if (changes_.touched.size() > kMaxTouched) changes_.rebuilt = true;
}

void Timeline::append(LogEntry entry) {
  note(entry);
  if (segments_.empty()) segments_.emplace_back();
  segments_.back().entries.push_back(std::move(entry));
  changes_.appended = true;
}

bool Timeline::insert(std::vector<LogEntry> run) {
  if (run.empty()) return false;
  const Seq first = run.front().event.seq, last = run.back().event.seq;
  for (const LogEntry& entry : run) note(entry);
  if (!segments_.empty() && first == cursor().next()) {
    auto& live = segments_.back().entries;
    std::move(run.begin(), run.end(), std::back_inserter(live));
    changes_.appended = true;
    return true;
  }
  std::size_t at = 0;
  while (at < segments_.size() && segments_[at].last().next() < first) ++at;
  changes_.rebuilt = true;
  if (at == segments_.size() || last.next() < segments_[at].first()) {
    Segment segment;
    std::move(run.begin(), run.end(), std::back_inserter(segment.entries));
    segments_.insert(segments_.begin() + static_cast<std::ptrdiff_t>(at), std::move(segment));
  } else {
    merge(at, std::move(run));
  }
  return true;
}

// `run` overlaps or touches segments_[at], and perhaps those after it.
void Timeline::merge(std::size_t at, std::vector<LogEntry> run) {
  Segment& base = segments_[at];
  auto entry = run.begin();
  while (entry != run.end() && entry->event.seq < base.first()) ++entry;
  const auto old_first = entry;
  while (entry != run.end() && entry->event.seq <= base.last()) ++entry;
  const auto absorb_next = [&] {
    const std::size_t next = at + 1;
    if (next >= segments_.size() || base.last().next() < segments_[next].first()) return;
    auto& other = segments_[next].entries;
    std::move(other.begin(), other.end(), std::back_inserter(base.entries));
    segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(next));
  };
  for (auto front = old_first; front != run.begin();) {
    base.entries.push_front(std::move(*--front));
  }
  absorb_next();
  for (; entry != run.end(); ++entry) {
    if (entry->event.seq <= base.last()) continue;
    base.entries.push_back(std::move(*entry));
    absorb_next();
  }
}

void Timeline::trim() {
  while (segments_.size() > kMaxSegments) segments_.erase(segments_.begin() + 1);
  const std::size_t limit = !open_ ? kClosedWindow : paged_ ? kPagedWindow : kOpenWindow;
  std::size_t held = size();
  // Some slack, so that a live room is cut now and then and not with every event.
  if (held <= limit + limit / 8) return;
  changes_.rebuilt = true;
  if (paged_) {
    cut_middle(held - limit);
    if (folds_.size() > 2 * kPagedWindow) {
      folds_.clear();
      for (const Segment& segment : segments_) {
        for (const LogEntry& entry : segment.entries) folds_.add(entry.event, entry.body);
      }
    }
    return;
  }
  while (held > limit) {
    segments_.front().entries.pop_front();
    --held;
    if (segments_.front().entries.empty()) segments_.erase(segments_.begin());
  }
  folds_.forget_before(segments_.front().first());
}

// The reader is far up: the top and the newest stay, what is between them becomes a gap.
void Timeline::cut_middle(std::size_t excess) {
  for (std::size_t i = segments_.size(); i-- > 0 && excess > 0;) {
    auto& entries = segments_[i].entries;
    const std::size_t tail = i + 1 == segments_.size() ? kLiveTail : 0;
    if (entries.size() <= tail) continue;
    const std::size_t cut = std::min(excess, entries.size() - tail);
    excess -= cut;
    const auto from = entries.end() - static_cast<std::ptrdiff_t>(tail + cut);
    const auto to = entries.end() - static_cast<std::ptrdiff_t>(tail);
    Segment upper;
    std::move(entries.begin(), from, std::back_inserter(upper.entries));
    entries.erase(entries.begin(), to);
    if (entries.empty()) {
      segments_[i] = std::move(upper);
    } else if (!upper.entries.empty()) {
      segments_.insert(segments_.begin() + static_cast<std::ptrdiff_t>(i), std::move(upper));
    }
    if (segments_[i].entries.empty()) {
      segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace parley::sync
