#include "client/e2ee/desk.hpp"

namespace parley::e2ee {

void Desk::ask(wire::Command command, Handler handler) {
  handlers_.emplace(next_token_, std::move(handler));
  requests_.push_back({next_token_++, batch(), std::move(command)});
}

std::optional<Write> Desk::poll_write() {
  if (open_.empty()) return std::nullopt;
  Write write;
  write.batch = ++written_;
  for (const auto& [key, value] : open_) write.entries.push_back({key, value.clone()});
  in_flight_.emplace(written_, std::exchange(open_, {}));
  return write;
}

std::optional<Request> Desk::poll_request() {
  if (requests_.empty() || !is_stored(requests_.front().batch)) return std::nullopt;
  Request request{requests_.front().token, std::move(requests_.front().command)};
  requests_.pop_front();
  return request;
}

void Desk::handle_stored(std::uint64_t batch, const Status& status) {
  const auto found = in_flight_.find(batch);
  if (found == in_flight_.end()) return;
  if (!status) {
    // Once more, below what is newer; requests go on waiting for the batch after it.
    for (auto& [key, value] : found->second) open_.emplace(key, std::move(value));
    for (Waiting& waiting : requests_) waiting.batch = std::max(waiting.batch, written_ + 1);
  }
  in_flight_.erase(found);
  stored_ = in_flight_.empty() ? written_ : in_flight_.begin()->first - 1;
}

Desk::Handler Desk::take(std::uint64_t token) {
  const auto found = handlers_.find(token);
  if (found == handlers_.end()) return {};
  Handler handler = std::move(found->second);
  handlers_.erase(found);
  return handler;
}

void Desk::forget_requests() {
  requests_.clear();
  handlers_.clear();
}

}  // namespace parley::e2ee
