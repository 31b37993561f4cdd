#include "tests/ui/recording_client.hpp"

#include <algorithm>

namespace parley {
namespace {

std::vector<std::string> record;

std::string word(const std::string& text) { return "'" + text + "'"; }
std::string word(bool value) { return value ? "yes" : "no"; }
std::string word(std::uint32_t value) { return std::to_string(value); }
std::string word(wire::RoomAccess access) {
  return access == wire::RoomAccess::kPublic ? "public" : "invited";
}
std::string word(wire::HistoryAccess history) {
  return history == wire::HistoryAccess::kAll            ? "all"
         : history == wire::HistoryAccess::kSinceInvited ? "since invited"
                                                         : "none";
}
std::string word(const UserId& user) { return user.to_string(); }
std::string word(const DeviceId& device) { return device.to_string(); }
std::string word(const std::vector<UserId>& users) {
  std::string out = "[";
  for (const UserId& user : users) out += (out.size() > 1 ? " " : "") + word(user);
  return out + "]";
}

template <class... Args>
void note(std::string command, const Args&... args) {
  ((command += " " + word(args)), ...);
  record.push_back(std::move(command));
}

class NoRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0}); }
};
NoRng no_rng;

}  // namespace

namespace client {

class Client::Impl {
 public:
  AppView view;
};

Client::Client(Config, Rng&) : impl_(std::make_unique<Impl>()) {}
Client::~Client() = default;
const AppView& Client::view() { return impl_->view; }

void Client::accept_identity(Now, UserId user, bool verified) {
  note("accept_identity", user, verified);
}
void Client::check_safety_code(Now, UserId user, ByteView) { note("check_safety_code", user); }
void Client::open_safety_code(Now, std::string_view text) {
  note("open_safety_code", std::string(text));
}
void Client::confirm_link(Now, bool same) { note("confirm_link", same); }
std::uint64_t Client::create_private_room(Now, std::string name, std::string topic,
                                          std::vector<UserId> members, wire::HistoryAccess history,
                                          std::uint32_t disappear_after_s) {
  note("create_private_room", name, topic, members, history, disappear_after_s);
  return 1;
}
std::uint64_t Client::create_room(Now, std::string name, std::string topic,
                                  wire::RoomAccess access) {
  note("create_room", name, topic, access);
  return 1;
}
void Client::look_at_identity(Now, UserId user) { note("look_at_identity", user); }
void Client::recover(Now, std::string words) { note("recover", words); }
void Client::start_afresh(Now) { note("start_afresh"); }
std::uint64_t Client::revoke_device(Now, DeviceId device) {
  note("revoke_device", device);
  return 1;
}
void Client::sign_in_guest(Now, std::string name) { note("sign_in_guest", name); }
void Client::sign_in_link(Now, std::string code, bool) { note("sign_in_link", code); }
void Client::sign_in_recovery(Now, std::string words, bool) { note("sign_in_recovery", words); }
std::uint64_t Client::start_direct(Now, UserId user) {
  note("start_direct", user);
  return 1;
}

// Of these the name is enough.
void Client::cancel_compose_mode(Now) { note("cancel_compose_mode"); }
void Client::reset_login(Now) { note("reset_login"); }
void Client::cancel_link(Now) { note("cancel_link"); }
void Client::close_identity(Now) { note("close_identity"); }
void Client::close_room(Now) { note("close_room"); }
std::uint64_t Client::create_invite(Now, RoomId, std::uint32_t, std::uint32_t) {
  note("create_invite");
  return 1;
}
void Client::delete_message(Now, Seq) { note("delete_message"); }
std::uint64_t Client::delete_room(Now, RoomId) {
  note("delete_room");
  return 1;
}
void Client::discard_message(Now, ClientId) { note("discard_message"); }
void Client::dismiss_toast(Now, std::uint64_t) { note("dismiss_toast"); }
void Client::end_search(Now) { note("end_search"); }
void Client::handle_activity(Now) { note("handle_activity"); }
void Client::handle_focus(Now, bool) { note("handle_focus"); }
void Client::hide_recovery_words(Now) { note("hide_recovery_words"); }
std::uint64_t Client::join_by_code(Now, std::string) {
  note("join_by_code");
  return 1;
}
std::uint64_t Client::join_room(Now, RoomId) {
  note("join_room");
  return 1;
}
std::uint64_t Client::leave_room(Now, RoomId) {
  note("leave_room");
  return 1;
}
std::uint64_t Client::load_devices(Now) {
  note("load_devices");
  return 1;
}
void Client::load_gap(Now, Seq, bool) { note("load_gap"); }
std::uint64_t Client::load_invites(Now, RoomId) {
  note("load_invites");
  return 1;
}
void Client::load_members(Now) { note("load_members"); }
std::uint64_t Client::load_more_directory(Now) {
  note("load_more_directory");
  return 1;
}
void Client::load_older(Now) { note("load_older"); }
void Client::make_recovery_words(Now) { note("make_recovery_words"); }
void Client::mark_seen(Now, Seq) { note("mark_seen"); }
void Client::open_room(Now, RoomId, Seq) { note("open_room"); }
std::uint64_t Client::remove_member(Now, RoomId, UserId, bool) {
  note("remove_member");
  return 1;
}
void Client::retry_message(Now, ClientId) { note("retry_message"); }
void Client::retry_now(Now) { note("retry_now"); }
std::uint64_t Client::revoke_invite(Now, RoomId, InviteId) {
  note("revoke_invite");
  return 1;
}
void Client::search(Now, std::string, std::optional<RoomId>) { note("search"); }
std::uint64_t Client::search_directory(Now, std::string) {
  note("search_directory");
  return 1;
}
void Client::search_more(Now) { note("search_more"); }
bool Client::send_draft(Now) {
  note("send_draft");
  return true;
}
void Client::set_draft(Now, std::string) { note("set_draft"); }
void Client::set_presence(Now, wire::PresenceStatus, std::string) { note("set_presence"); }
void Client::set_profile_name(Now, std::string) { note("set_profile_name"); }
std::uint64_t Client::set_role(Now, RoomId, UserId, wire::Role) {
  note("set_role");
  return 1;
}
void Client::set_settings(Now, Settings) { note("set_settings"); }
void Client::sign_out(Now) { note("sign_out"); }
void Client::start_edit(Now, Seq) { note("start_edit"); }
void Client::start_edit_last(Now) { note("start_edit_last"); }
void Client::start_link(Now) { note("start_link"); }
void Client::start_reply(Now, Seq) { note("start_reply"); }
void Client::toggle_reaction(Now, Seq, std::string) { note("toggle_reaction"); }
std::uint64_t Client::update_room(Now, RoomId, std::optional<std::string>,
                                  std::optional<std::string>, std::optional<wire::RoomAccess>) {
  note("update_room");
  return 1;
}

}  // namespace client

namespace test {

RecordingCore::RecordingCore()
    : client_(std::make_unique<client::Client>(client::Config{}, no_rng)) {
  record.clear();
}
RecordingCore::~RecordingCore() = default;

bool RecordingCore::asked(const std::string& command) {
  const bool there = std::ranges::find(record, command) != record.end();
  if (there) record.clear();
  return there;
}

std::string RecordingCore::all() const {
  std::string out;
  for (const std::string& command : record) out += command + "\n";
  return out;
}

}  // namespace test
}  // namespace parley
