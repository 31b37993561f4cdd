// A device's inbox on its connections: a page at a time, the next one when the last was
// acknowledged, so that no outbox has to hold more than one.
#include <algorithm>

#include "server/app/sessions.hpp"

namespace parley::app {

void tell_inboxes(Context& context, const std::vector<wire::DeviceRef>& devices) {
  for (const wire::DeviceRef& device : devices) {
    context.tell(context.shard_of(device.user_id), [device](Shard& shard) {
      shard.users->inbox_arrived(device.user_id, device.device_id);
    });
  }
}

void Users::inbox_arrived(UserId id, DeviceId device) {
  const auto found = users_.find(id);
  if (found == users_.end()) return;
  for (const UserConnection& connection : found->second->connections) {
    if (connection.device != device) continue;
    context_.tell(connection.shard, [session = connection.session](Shard& shard) {
      shard.sessions->inbox_arrived(session);
    });
  }
}

void Sessions::inbox_arrived(std::uint64_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  // Before that, its welcome looks for itself.
  if (found->second->phase == SessionState::Phase::kReady) pump_inbox(found->second);
}

void Sessions::pump_inbox(const StatePtr& state) {
  if (state->inbox.reading) {
    state->inbox.came_meanwhile = true;
  } else if (!state->inbox.awaits_ack) {
    context_.start("inbox", send_inbox(state));
  }
}

Task<void> Sessions::send_inbox(StatePtr state) {
  using Items = std::vector<wire::InboxItem>;
  state->inbox.reading = true;
  do {
    state->inbox.came_meanwhile = false;
    auto items =
        co_await stored<Items>(context_.executor, shard_, [&](store::Callback<Items> done) {
          context_.store.read_inbox(state->device, state->inbox.sent, wire::kFullFrameBytes,
                                    std::move(done));
        });
    if (!state->alive) co_return;
    // What cannot be read now comes with the next item or connection.
    if (!items || items->empty()) continue;
    state->inbox.sent = items->back().number;
    state->inbox.awaits_ack = true;
    notify(*state, wire::InboxNotice{*std::move(items)}, Priority::kMessage);
  } while (state->inbox.came_meanwhile && !state->inbox.awaits_ack);
  state->inbox.reading = false;
}

Task<Reply> Sessions::ack_inbox(StatePtr state, wire::AckInbox command) {
  const std::uint64_t number = std::min<std::uint64_t>(command.number, INT64_MAX);
  const Status acked =
      co_await stored<void>(context_.executor, shard_, [&](store::StatusCallback done) {
        context_.store.ack_inbox(state->device, number, std::move(done));
      });
  if (!acked) co_return fail(acked.error());
  if (state->alive && number >= state->inbox.sent) {
    state->inbox.awaits_ack = false;
    pump_inbox(state);
  }
  co_return wire::Response{wire::Done{}};
}

}  // namespace parley::app
