#include "shared/sync/fold.hpp"

#include <algorithm>

namespace parley::sync {

void MessageFold::add_edit(Seq seq, UserId sender, const wire::Edit& edit) {
  last_ = std::max(last_, seq);
  Edited& known = edits_[sender];
  if (known.seq < seq) known = {seq, edit.content, edit.mentions};
}

void MessageFold::add_deletion(Seq seq, UserId sender) {
  last_ = std::max(last_, seq);
  deletions_.insert(sender);
}

void MessageFold::add_reaction(Seq seq, UserId sender, const wire::Reaction& reaction) {
  last_ = std::max(last_, seq);
  Mark& known = reactions_[reaction.emoji][sender];
  if (known.seq < seq) known = {seq, reaction.on};
}

const MessageFold::Edited* MessageFold::edit_of(UserId author) const {
  const auto it = edits_.find(author);
  return it == edits_.end() ? nullptr : &it->second;
}

std::vector<FoldedReaction> MessageFold::reactions() const {
  struct Row {
    Seq first;
    FoldedReaction reaction;
  };
  std::vector<Row> rows;
  for (const auto& [emoji, marks] : reactions_) {
    std::vector<std::pair<Seq, UserId>> users;
    for (const auto& [user, mark] : marks) {
      if (mark.on) users.emplace_back(mark.seq, user);
    }
    if (users.empty()) continue;
    std::sort(users.begin(), users.end());
    Row row{users.front().first, {emoji, {}}};
    row.reaction.users.reserve(users.size());
    for (const auto& [seq, user] : users) row.reaction.users.push_back(user);
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<FoldedReaction> out;
  out.reserve(rows.size());
  for (Row& row : rows) out.push_back(std::move(row.reaction));
  return out;
}

Seq Folds::add(const wire::Event& event, const wire::EventBody& body) {
  // A change of an event that cannot be there is kept nowhere: it would never be forgotten.
  const auto sane = [&](Seq target) { return target.value != 0 && target < event.seq; };
  if (const auto* edit = std::get_if<wire::Edit>(&body); edit && sane(edit->target)) {
    folds_[edit->target.value].add_edit(event.seq, event.sender, *edit);
    return edit->target;
  }
  if (const auto* deletion = std::get_if<wire::Deletion>(&body);
      deletion && sane(deletion->target)) {
    folds_[deletion->target.value].add_deletion(event.seq, event.sender);
    return deletion->target;
  }
  if (const auto* reaction = std::get_if<wire::Reaction>(&body);
      reaction && sane(reaction->target)) {
    folds_[reaction->target.value].add_reaction(event.seq, event.sender, *reaction);
    return reaction->target;
  }
  return {};
}

const MessageFold* Folds::find(Seq target) const {
  const auto it = folds_.find(target.value);
  return it == folds_.end() ? nullptr : &it->second;
}

void Folds::forget_before(Seq first) {
  std::erase_if(folds_, [&](const auto& pair) {
    return pair.first < first.value && pair.second.last() < first;
  });
}

}  // namespace parley::sync
