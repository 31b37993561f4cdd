#include "client/core/client.hpp"

#include "client/core/impl.hpp"

namespace parley::client {

Client::Client(Config config, Rng& rng) : impl_(std::make_unique<Impl>(std::move(config), rng)) {}
Client::~Client() = default;

// ---- the world ----------------------------------------------------------------------------------

void Client::start(Now now) { impl_->start(now); }

void Client::handle_transport_open(Now now, std::uint32_t attempt) {
  impl_->connection().handle_open(now.mono, attempt);
  impl_->settle(now);
}

void Client::handle_transport_bytes(Now now, std::uint32_t attempt, ByteView bytes) {
  impl_->connection().handle_bytes(now.mono, attempt, bytes);
  impl_->settle(now);
}

void Client::handle_transport_closed(Now now, std::uint32_t attempt, int close_code,
                                     std::string reason) {
  // 1001 and 1012 are a server that goes away in order: that says more than the transport's words.
  if (close_code == 1001 || close_code == 1012) reason = "the server is restarting";
  impl_->connection().handle_closed(now.mono, attempt, std::move(reason));
  impl_->settle(now);
}

void Client::handle_loaded(Now now, const std::string& prefix,
                           std::vector<WriteStore::Entry> entries) {
  impl_->handle_loaded(now, prefix, std::move(entries));
}
void Client::handle_stored(Now now, std::uint64_t batch, Status status) {
  impl_->handle_stored(now, batch, std::move(status));
}
void Client::handle_timeout(Now now) { impl_->handle_timeout(now); }
void Client::handle_network(Now now, bool online) { impl_->handle_network(now, online); }
void Client::handle_focus(Now now, bool focused) { impl_->handle_focus(now, focused); }
void Client::handle_activity(Now now) { impl_->handle_activity(now); }

// ---- the person ---------------------------------------------------------------------------------

void Client::sign_in_guest(Now now, std::string name) {
  impl_->sign_in_guest(now, std::move(name));
}
void Client::sign_in_recovery(Now now, std::string words, bool replace) {
  impl_->sign_in_recovery(now, words, replace);
}
void Client::sign_in_link(Now now, std::string code, bool replace) {
  impl_->sign_in_link(now, code, replace);
}
void Client::reset_login(Now now) { impl_->reset_login(now); }
void Client::sign_out(Now now) { impl_->sign_out(now); }
void Client::retry_now(Now now) {
  impl_->connection().retry_now(now.mono);
  impl_->settle(now);
}
void Client::set_profile_name(Now now, std::string name) {
  impl_->set_profile_name(now, std::move(name));
}
void Client::set_presence(Now now, wire::PresenceStatus status, std::string status_text) {
  impl_->set_presence(now, status, std::move(status_text));
}
void Client::set_settings(Now now, Settings settings) { impl_->set_settings(now, settings); }

void Client::open_room(Now now, RoomId room, Seq at) { impl_->open_room(now, room, at); }
void Client::close_room(Now now) { impl_->close_room(now); }
void Client::load_older(Now now) { impl_->load_older(now); }
void Client::load_gap(Now now, Seq before, bool from_above) {
  impl_->load_gap(now, before, from_above);
}
void Client::mark_seen(Now now, Seq seq) { impl_->mark_seen(now, seq); }
void Client::load_members(Now now) { impl_->load_members(now); }

void Client::set_draft(Now now, std::string text) { impl_->set_draft(now, std::move(text)); }
bool Client::send_draft(Now now) { return impl_->send_draft(now); }
Result<ClientId> Client::send_text(Now now, RoomId room, std::string text, Seq reply_to) {
  return impl_->send_text(now, room, std::move(text), reply_to);
}
void Client::retry_message(Now now, ClientId id) { impl_->retry_message(now, id); }
void Client::discard_message(Now now, ClientId id) { impl_->discard_message(now, id); }
void Client::start_reply(Now now, Seq seq) { impl_->start_reply(now, seq); }
void Client::start_edit(Now now, Seq seq) { impl_->start_edit(now, seq); }
void Client::start_edit_last(Now now) { impl_->start_edit_last(now); }
void Client::cancel_compose_mode(Now now) { impl_->cancel_compose_mode(now); }
void Client::delete_message(Now now, Seq seq) { impl_->delete_message(now, seq); }
void Client::toggle_reaction(Now now, Seq seq, std::string emoji) {
  impl_->toggle_reaction(now, seq, std::move(emoji));
}

void Client::search(Now now, std::string text, std::optional<RoomId> room) {
  impl_->search(now, std::move(text), room);
}
void Client::search_more(Now now) { impl_->search_more(now); }
void Client::end_search(Now now) { impl_->end_search(now); }

std::uint64_t Client::create_room(Now now, std::string name, std::string topic,
                                  wire::RoomAccess access) {
  return impl_->create_room(now, std::move(name), std::move(topic), access);
}
std::uint64_t Client::create_private_room(Now now, std::string name, std::string topic,
                                          std::vector<UserId> members, wire::HistoryAccess history,
                                          std::uint32_t disappear_after_s) {
  return impl_->create_private_room(now, std::move(name), std::move(topic), std::move(members),
                                    history, disappear_after_s);
}
std::uint64_t Client::start_direct(Now now, UserId user) { return impl_->start_direct(now, user); }
std::uint64_t Client::join_room(Now now, RoomId room) { return impl_->join(now, {room, {}}); }
std::uint64_t Client::join_by_code(Now now, std::string code) {
  return impl_->join(now, {{}, std::move(code)});
}
std::uint64_t Client::leave_room(Now now, RoomId room) {
  return impl_->tokened(now, wire::LeaveRoom{room}, "The room was not left");
}
std::uint64_t Client::update_room(Now now, RoomId room, std::optional<std::string> name,
                                  std::optional<std::string> topic,
                                  std::optional<wire::RoomAccess> access) {
  return impl_->update_room(now, {room, 0, std::move(name), std::move(topic), access});
}
std::uint64_t Client::delete_room(Now now, RoomId room) {
  return impl_->tokened(now, wire::DeleteRoom{room}, "The room was not deleted");
}
std::uint64_t Client::search_directory(Now now, std::string query) {
  return impl_->search_directory(now, std::move(query));
}
std::uint64_t Client::load_more_directory(Now now) { return impl_->load_more_directory(now); }
std::uint64_t Client::invite_member(Now now, RoomId room, UserId user) {
  return impl_->invite_member(now, room, user);
}
std::uint64_t Client::set_role(Now now, RoomId room, UserId user, wire::Role role) {
  return impl_->tokened(now, wire::SetRole{room, user, role}, "The role was not changed");
}
std::uint64_t Client::remove_member(Now now, RoomId room, UserId user, bool ban) {
  return impl_->tokened(now, wire::RemoveMember{room, user, ban}, "The member was not removed");
}
std::uint64_t Client::create_invite(Now now, RoomId room, std::uint32_t expires_in_s,
                                    std::uint32_t max_uses) {
  return impl_->create_invite(now, {room, expires_in_s, max_uses});
}
std::uint64_t Client::load_invites(Now now, RoomId room) { return impl_->load_invites(now, room); }
std::uint64_t Client::revoke_invite(Now now, RoomId room, InviteId invite) {
  return impl_->revoke_invite(now, room, invite);
}
std::uint64_t Client::load_devices(Now now) { return impl_->load_devices(now); }
std::uint64_t Client::revoke_device(Now now, DeviceId device) {
  return impl_->revoke_device(now, device);
}
void Client::make_recovery_words(Now now) { impl_->make_recovery_words(now); }
void Client::hide_recovery_words(Now now) { impl_->hide_recovery_words(now); }
void Client::recover(Now now, std::string words) { impl_->recover(now, words); }
void Client::start_afresh(Now now) { impl_->start_afresh(now); }
void Client::look_at_identity(Now now, UserId user) { impl_->look_at_identity(now, user); }
void Client::close_identity(Now now) { impl_->close_identity(now); }
void Client::accept_identity(Now now, UserId user, bool verified) {
  impl_->accept_identity(now, user, verified);
}
void Client::open_safety_code(Now now, std::string_view text) {
  impl_->open_safety_code(now, text);
}
void Client::check_safety_code(Now now, UserId user, ByteView code) {
  impl_->check_safety_code(now, user, code);
}
void Client::start_link(Now now) { impl_->start_link(now); }
void Client::confirm_link(Now now, bool same) { impl_->confirm_link(now, same); }
void Client::cancel_link(Now now) { impl_->cancel_link(now); }
void Client::dismiss_toast(Now, std::uint64_t id) { impl_->dismiss_toast(id); }
std::uint64_t Client::request(Now now, wire::Command command) {
  return impl_->request(now, std::move(command));
}

// ---- out ----------------------------------------------------------------------------------------

std::optional<Effect> Client::poll_effect() {
  auto& effects = impl_->effects();
  if (effects.empty()) return std::nullopt;
  Effect effect = std::move(effects.front());
  effects.pop_front();
  return effect;
}

std::optional<MonoTime> Client::poll_deadline() const { return impl_->deadline(); }
std::vector<MissedMessages> Client::missed_before(RoomId room, Seq seq) const {
  return impl_->missed_before(room, seq);
}
ClosedView Client::why_closed(RoomId room, const wire::Event& event) {
  return impl_->why_closed(room, event);
}
std::string Client::attention_of(RoomId room) { return impl_->attention_of(room); }
const AppView& Client::view() { return impl_->view(); }

}  // namespace parley::client
