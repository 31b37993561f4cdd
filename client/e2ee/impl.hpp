// The inside of Engine, shared by its source files:
//   engine.cpp    the public calls, restoring, deadlines
//   account.cpp   own keys, device list, key packages, recovery
//   linking.cpp   a new device of the account, on both sides
//   vault_key.cpp a new vault key when a device was removed
//   people.cpp    what is known of others' devices
//   vault.cpp     history secrets, here and in the vault
//   inbox.cpp     welcomes and history bundles
//   invites.cpp   the history that comes with an invitation's link
//   history.cpp   who may read what; asking others for history, answering them
//   rooms.cpp     what each room needs next: creating, joining, catching up, committing
//   commits.cpp   commits: made, won, lost, taken over from others
//   messages.cpp  sealing and opening
//   disappearing.cpp  the same where messages disappear: keys used once, what they opened
//
// Every entry point ends in settle(), which lets account, people, vault and rooms ask for what they
// need next. Each of them has at most one request under way; a loss of the connection forgets it.
#pragma once

#include <algorithm>
#include <set>

#include "client/e2ee/desk.hpp"
#include "client/e2ee/records.hpp"
#include "shared/mls/group.hpp"
#include "shared/mls/state.hpp"
#include "shared/sealing/bundle.hpp"
#include "shared/sealing/history_request.hpp"
#include "shared/sealing/invite_key.hpp"
#include "shared/sealing/vault.hpp"

namespace parley::e2ee {

inline constexpr Duration kPackageLifetime = days(90);
inline constexpr std::uint64_t kClockSlack_s = 3600;  // by how much clocks may differ
inline constexpr std::uint32_t kLowPackages = 30;
inline constexpr Duration kWelcomeWait = seconds(2);  // before a device joins by itself
inline constexpr Duration kWrapsWait = seconds(5);    // until a device that removed another is done
inline constexpr Duration kRenewAfterJoin = minutes(1);
inline constexpr Duration kRenewEvery = days(1);
inline constexpr std::uint32_t kRenewAfterSeals = 500;
inline constexpr std::uint32_t kRenewAfterMessages = 1000;   // of anybody in the epoch
inline constexpr Duration kRemovalStep = milliseconds(400);  // by place among the leaves
inline constexpr Duration kFirstRetry = milliseconds(50);
inline constexpr Duration kLongestRetry = seconds(30);
inline constexpr std::size_t kBundleSenders = 3;   // who send one to whoever joined by itself
inline constexpr std::uint8_t kBundleItem = 2;     // inbox item with a history bundle
inline constexpr std::uint8_t kInviteKeyItem = 5;  // ... with an invitation's key
inline constexpr std::uint8_t kRequestItem = 3;    // ... that asks for one

// History that neither this device nor the vault has: own devices are asked, then a few members at
// a time; fewer times where the policy may keep it from this device.
inline constexpr Duration kOwnAskWait = seconds(2);  // from the own devices to the members
inline constexpr Duration kAskWait = seconds(5);     // doubles with each round
inline constexpr Duration kLongestAskWait = minutes(2);
inline constexpr int kMostRounds = 6, kMostRoundsForAll = 30;
inline constexpr std::size_t kAskedMembers = 3;
inline constexpr Duration kAnswerPause = seconds(4);  // between answers to one device
inline constexpr std::size_t kMaxAnswersWaiting = 32;

// Where messages disappear: epochs before the present one whose messages may still come, and what
// is kept of a room's messages until they disappear; beyond that those that would go first.
inline constexpr std::size_t kPastEpochsKept = 32;
inline constexpr std::size_t kMostSaid = 2000;
inline constexpr std::size_t kMostSaidBytes = 4u << 20;

// What is known of when a room's epochs began: one in an hour, for two years.
inline constexpr Duration kBetweenAges = hours(1);
inline constexpr std::size_t kMostAges = 20'000;

inline mls::Policy group_policy() {
  const auto lifetime = static_cast<std::uint64_t>(kPackageLifetime.ms) / 1000;
  return {.unique_identities = true,
          .now_s = std::nullopt,
          .max_lifetime_s = lifetime + 2 * kClockSlack_s};
}

// A wait that doubles, with full jitter.
class Retry {
 public:
  void failed(MonoTime now, Rng& rng, Duration first, Duration at_least = {}) {
    std::int64_t most = first.ms;
    for (int i = 0; i < failures_ && most < kLongestRetry.ms; ++i) most *= 2;
    most = std::min(most, kLongestRetry.ms);
    ++failures_;
    until_ = now + at_least +
             Duration{1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most)))};
  }
  void succeeded() { *this = {}; }
  int failures() const { return failures_; }
  bool waits(MonoTime now) const { return until_ && now < *until_; }
  std::optional<MonoTime> until() const { return until_; }

 private:
  int failures_ = 0;
  std::optional<MonoTime> until_;
};

inline ErrorCode code_of(const wire::ErrorReply& error) {
  return static_cast<ErrorCode>(error.code);
}

struct Pending {
  wire::CommitGroup command;
  mls::Group next;
  std::vector<Newcomer> added;
  bool external = false;
};

struct Room {
  explicit Room(const RoomId& room) : id(room) {}
  RoomId id;
  RoomRecord record;
  std::optional<mls::Group> group;
  std::optional<Pending> pending;

  // Not kept.
  wire::Role role = wire::Role::kNone;
  std::uint64_t server_epoch = 0;
  bool busy = false;
  Retry retry;
  std::optional<MonoTime> join_at;     // a Welcome may come until then
  bool look_for_stale = false;         // somebody may have to be removed
  std::set<wire::DeviceRef> stale;     // who has to be
  std::set<Bytes> suspects;            // keys of leaves that no list names: asked about
  std::optional<MonoTime> removal_at;  // others may do it before
  bool tells_one_by_one = false;       // of an invitation's link
  std::uint32_t epoch_messages = 0;
  Bytes info, tree;  // of a join under way
  std::optional<NotReady> told;
  // Of the last seal, when this run made it: it may be sent again, until then at least.
  ClientId under_way;
  MonoTime under_way_until;
  std::optional<Seq> posted_at;  // of the last seal, while it is ambiguous
  bool asks_what_was_taken = false;

  // What was found by a walk over all leaves, until the epoch ends. The second also until more is
  // known of people.
  struct Member {
    wire::DeviceRef device;
    Bytes identity;  // encoded credential
  };
  std::map<Bytes, Member> members;  // by signing key; empty: not looked yet
  struct Checked {
    std::uint64_t people = 0;  // people_version_
    std::optional<NotReady> cause;
  };
  std::optional<Checked> checked;
  void forget_leaves() {
    members.clear();
    checked.reset();
  }

  std::map<UserId, std::uint64_t> since;  // the first epoch of the stay in which each user is
  struct Asking {
    int round = 0;
    std::optional<MonoTime> next;
  } asking;
  struct Answer {  // owed
    wire::DeviceRef device;
    crypto::KemPublicKey key{};
    std::vector<std::uint64_t> epochs;
  };
  std::deque<Answer> answers;
  std::vector<wire::InboxItem> requests;  // not looked at yet
  std::optional<InviteRecord> invite;     // by which this device's user came
  InvitesRecord invites;
  std::map<InviteId, Secret> invite_keys;  // of links that this device made
  std::map<wire::DeviceRef, MonoTime> answered;

  std::map<std::uint64_t, Timestamp> ages;  // when epochs began, as the server says

  // Where messages disappear; kept as the records say.
  std::set<mls::KeyPart> key_parts;                   // that are stored
  std::map<mls::KeyPart, SecretBytes> restored_keys;  // until the group is there
  std::map<std::uint64_t, Timestamp> epoch_ends;      // of epochs before the present one
  std::map<SaidKey, SaidRecord> said;
  std::set<std::pair<Timestamp, SaidKey>> said_ends;
  std::size_t said_bytes = 0;

  bool is_member() const { return role >= wire::Role::kMember; }
};

// What a sealed event is bound to, as its envelope says.
sealing::MessageContext context_of(const RoomId& room, const wire::Event& event,
                                   const wire::SealedBody& body);

// Seconds after which the room's messages disappear; 0: they stay, or there is no group yet. The
// group's members agree on it in each epoch: the server has no say.
std::uint32_t disappears(const Room& room);
mls::Extensions disappear_extensions(std::uint32_t after_s);

enum class Trust : std::uint8_t {
  kTrusted,
  kUnknown,     // being asked for
  kGhost,       // not in the newest list
  kOtherKey,    // under another account key
  kNoIdentity,  // no credential, or one that does not hold
};

class Engine::Impl {
 public:
  explicit Impl(Rng& rng) : rng_(rng) {}

  // ---- engine.cpp ----
  void restore(const std::string& key, ByteView value);
  void handle_signed_in(Now now, UserId user, DeviceId device);
  bool has_keys() const { return own_.has_value(); }
  Result<crypto::Signature> prove(UserId user, DeviceId device, ByteView challenge) const;
  void handle_connected(Now now);
  void handle_disconnected();
  void handle_notice(Now now, const wire::Notice& notice);
  void handle_reply(Now now, std::uint64_t token, const Reply& reply);
  void settle(Now now);
  std::optional<MonoTime> deadline() const;

  // ---- account.cpp ----
  AccountState account_state() const { return account_state_; }
  void adopt(Now now, const crypto::SigningKey& account, const crypto::Secret& vault_key);
  Result<identity::RecoverySecret> make_recovery(Now now);
  void recover(Now now, const identity::RecoverySecret& secret);
  void start_afresh(Now now);
  void remove_device(Now now, DeviceId device);
  bool recovery_is_stale() const { return vault_keys_.recovery_stale; }

  // ---- linking.cpp ----
  Result<std::string> start_link(Now now);
  Status begin_link(Now now, std::string_view code);
  void confirm_link(Now now, bool same);
  void cancel_link(Now now);
  const LinkStatus* link() const { return link_ ? &link_->status : nullptr; }

  // ---- people.cpp ----
  void accept_identity(Now now, UserId user, bool verified);
  void look_up(Now now, UserId user) {
    want(user);
    settle(now);
  }
  const identity::PinnedIdentity* identity(UserId user) const;
  const identity::DeviceList* devices(UserId user) const;

  // ---- rooms.cpp ----
  void handle_rooms(Now now, const std::vector<wire::RoomSummary>& rooms);
  void handle_event(Now now, RoomId room, const wire::Event& event);
  Result<RoomId> create_room(Now now, UserId direct_with, std::optional<Naming> naming,
                             std::vector<UserId> members, wire::HistoryAccess history,
                             std::uint32_t disappear_after_s);
  Status invite(Now now, RoomId room, const std::vector<UserId>& users);
  Status rename(Now now, RoomId room, std::string name, std::string topic);
  Status renew_keys(Now now, RoomId room);
  std::optional<RoomStatus> room(RoomId room);
  std::vector<UserId> members(RoomId room) const;

  // ---- vault.cpp ----
  void arrived(RoomId room);  // HistoryArrived, once for all that came since it was last told
  void forget_before(Now now, RoomId room, std::uint64_t epoch);
  void forget_older(Now now, RoomId room, Timestamp before);
  void note_age(Room& room, std::uint64_t epoch, Timestamp began);

  // ---- invites.cpp ----
  Result<Secret> make_invite_key(Now now, RoomId room, InviteId invite);
  void use_invite_key(Now now, RoomId room, std::string code, const Secret& key);
  const Secret* invite_key(RoomId room, InviteId invite) const;
  void forget_invite(RoomId room, InviteId invite);

  // ---- messages.cpp ----
  std::variant<Sealed, NotReady> seal(Now now, RoomId room, ClientId client_id,
                                      wire::EventKind kind, ByteView body, bool counts);
  void seal_refused(RoomId room, ClientId client_id);
  void seal_abandoned(RoomId room, ClientId client_id);
  void handle_posted(Now now, RoomId room, ClientId client_id, Seq seq);
  std::variant<Opened, OpenFault> open(Now now, RoomId room, const wire::Event& event);

  Desk& desk() { return desk_; }
  std::deque<Change>& changes() { return changes_; }

 private:
  // The account, with its keys ready for use.
  struct Own {
    AccountRecord record;
    crypto::SigningKey account, signing;
    crypto::KemKeyPair device;
    identity::DeviceCredential credential;
  };
  struct Known {  // a user
    explicit Known(const UserId& user) : pin(user) {}
    identity::PinnedIdentity pin;
    identity::DeviceList list;
    std::uint64_t asked = 0;  // answers about this user so far
    bool fresh = false;       // asked since the connection or the last notice of a change
  };
  struct Decision {  // of the person, about a user's account key: see DecisionRecord
    std::uint64_t number = 0;
    identity::PinnedIdentity pin;
    bool told = false, followed = false;
  };
  struct EpochKey {
    Secret secret;
    bool in_vault = false;
  };
  using EpochKeys = std::map<std::uint64_t, EpochKey>;
  struct Link {
    explicit Link(LinkChannel with) : channel(std::move(with)) {}
    LinkStatus status;
    LinkChannel channel;
    MonoTime until;
    MonoTime answer_due;
    DeviceId peer;                     // nil: nobody yet
    std::vector<DeviceId> offered_to;  // one of them becomes the peer
    Bytes offer;                       // of the peer
    std::optional<identity::OldDevice> old_side;
    std::optional<identity::NewDevice> new_side;
    Secret signing_seed, device_secret;  // of the new device
    DeviceId listing;                    // may be in the list, and has no keys
    std::uint64_t bundle = 0;            // its number in link_out_
  };
  // A request whose failure is retried; `done` is called with an answer of type T, `failed` with
  // any error.
  template <class T>
  void ask(wire::Command command, std::function<void(Now, const T&)> done,
           std::function<void(Now, const wire::ErrorReply&)> failed) {
    desk_.ask(std::move(command),
              [done = std::move(done), failed = std::move(failed)](Now now, const Reply& reply) {
                if (const auto* response = std::get_if<wire::Response>(&reply)) {
                  if (const auto* answer = std::get_if<T>(response)) return done(now, *answer);
                  return failed(now, {static_cast<std::uint16_t>(ErrorCode::kInternal), {}, 0, {}});
                }
                failed(now, std::get<wire::ErrorReply>(reply));
              });
  }
  static std::uint64_t seconds_of(Now now) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall.ms, 0)) / 1000;
  }
  std::int64_t jitter(Duration most) {
    return static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most.ms) + 1));
  }
  static std::string chain_key(RoomId room, const crypto::SignaturePublicKey& signer);
  void alert(Alert what);
  void erase_all();

  // account.cpp
  void load_own(AccountRecord record);
  void take_account(AccountRecord record);  // of a device that had none; fills in what it lacks
  void plan_removal(DeviceId device);       // from the own list
  void save_own() { desk_.put("e2ee/account", pack(own_->record, 64 * 1024)); }
  void set_account_state(AccountState state);
  void step_account(Now now);
  void begin_account(Now now);
  void put_list(Now now);
  void replace_list(Now now, const identity::DeviceList& list);
  void put_wraps(Now now);
  void publish(Now now, std::uint32_t present);
  Bytes make_package(Now now, bool last_resort);
  using Keys = std::vector<Secret>;
  void read_recovery_wraps();
  void recovered(bool success);
  void read_recovery_vault(std::uint64_t after, std::shared_ptr<Keys> keys, std::size_t known);
  bool ready() const { return connected_ && own_ && account_state_ == AccountState::kReady; }
  mls::Identity mls_identity() const;
  bool is_own(const wire::DeviceRef& device) const {
    return own_ && device == wire::DeviceRef{own_->record.user, own_->record.device};
  }

  // linking.cpp
  void open_link(Now now, LinkStatus::Side side, LinkKeys keys);
  void resume_link();
  std::vector<DeviceId> link_peers() const;
  void save_link_mark();
  void end_link(LinkProblem problem, bool tell = true, std::string_view sentence = {});
  void close_link(LinkStep step);
  void queue_link(wire::Command command);
  wire::SendToDevices link_item(const std::vector<DeviceId>& devices, Bytes body) const;
  void send_link(const std::vector<DeviceId>& devices, ByteView message);
  bool waits_for_answer() const;
  void step_link(Now now);
  void take_link(Now now, const wire::InboxItem& item);
  void take_offer(const DeviceId& device, ByteView message);
  void take_answer(const DeviceId& device, ByteView message);
  void take_reveal(ByteView message);
  void take_link_bundle(ByteView message);
  // Who has been confirmed and is to be in the list; nullptr: nobody.
  const identity::LinkRequest* to_list() const;
  void add_linked(Now now, const identity::DeviceList& list, identity::ListChange& change) const;
  void linked_is_listed(const identity::DeviceList& list);

  // vault_key.cpp
  void save_vault_keys();
  const Secret* vault_key(const sealing::VaultKeyId& id) const;  // null: not known
  void keep_vault_key(const Secret& key);
  void use_vault_key(const Secret& key);
  bool step_vault_key(Now now);
  void look_at_wraps();
  void renew_vault_key();
  void seal_vault_keys(wire::PutVault& put);
  void take_vault_key(const sealing::VaultKeyEntry& name, ByteView sealed);

  // people.cpp
  // The leaf with this key in the present epoch; null: nobody's.
  const Room::Member* member_of(Room& room, const crypto::SignaturePublicKey& signing_key);
  bool is_in(Room& room, const sealing::VerifiedAuthor& author);
  void want(UserId user) { wanted_.insert(user); }
  void step_people(Now now);
  void take_identity(const wire::Identity& identity);
  // What is known of this device's own user: nothing, when the server has told nothing of use.
  Known& own_known() { return people_.try_emplace(user_, user_).first->second; }
  void save_person(const Known& known);
  void save_decision(UserId user);
  void decide(const identity::PinnedIdentity& pin);
  void take_decision(std::uint64_t number, const identity::PinnedIdentity& decided);
  bool may_follow() const;
  void follow_decision(UserId user);
  Trust trust(const mls::LeafNode& leaf);
  Trust trust_account(const UserId& user, const crypto::SignaturePublicKey& account_key);
  bool all_fresh(const std::vector<UserId>& users);

  // vault.cpp
  static std::string epoch_key(RoomId room, std::uint64_t epoch);
  // True when it was not known.
  bool learn(RoomId room, std::uint64_t epoch, const Secret& secret, bool in_vault);
  const Secret* epoch_secret(RoomId room, std::uint64_t epoch) const;
  void learn_present(Room& room);
  void step_vault(Now now);
  void take_vault_entry(const wire::VaultEntry& entry);

  // inbox.cpp
  void take_inbox(Now now, const wire::InboxNotice& notice);
  void take_welcome(Now now, const wire::InboxItem& item);
  void take_bundle(Room& room, ByteView sealed);
  bool send_bundles(Now now, Room& room);
  // `taken`: false when one of them is a member no more, and nobody got it.
  void send_to_devices(Room& room, std::vector<wire::DeviceRef> devices, std::uint8_t kind,
                       Bytes body, std::function<void(bool taken)> done);

  // invites.cpp
  void take_invite_key(Room& room, ByteView announcement);
  void save_invites(Room& room);
  void owe_bundle(Room& room, InviteId invite);
  void renew_invites(Room& room);
  bool step_invites(Room& room);
  bool announce(Room& room);
  bool put_invite_bundle(Room& room);
  bool get_invite_bundle(Room& room);
  void forget_invite(Room& room, InviteId invite);
  void drop_invites(Room& room);
  void take_history(Room& room, const sealing::HistoryBundle& bundle);
  // The newest secrets of epochs that the user may know and that are below this one, as many as a
  // bundle holds; `more`: there are others.
  std::vector<sealing::EpochSecret> newest_secrets(const Room& room,
                                                   std::optional<std::uint64_t> from,
                                                   std::uint64_t below, bool& more);

  // history.cpp
  // The first epoch that the user may be told of; nothing: none at all.
  std::optional<std::uint64_t> may_read_from(const Room& room, UserId user) const;
  void note_users(Room& room);
  std::vector<std::uint64_t> missing_of(const Room& room) const;
  bool is_nameless(const Room& room) const;
  bool gives_up(const Room& room) const;
  bool ask_for_history(Now now, Room& room);
  std::vector<wire::DeviceRef> whom_to_ask(Room& room);
  void take_request(Now now, const wire::InboxItem& item);
  bool send_answer(Now now, Room& room);
  void take_offers(Room& room, const sealing::HistoryBundle& bundle);
  void missed(RoomId room, std::uint64_t epoch);

  // rooms.cpp
  Room& room_of(RoomId id);
  Room* find(RoomId id);
  void save_room(Room& room);
  void save_group(Room& room);
  void drop_group(Room& room);
  void apply_summary(Now now, const wire::RoomSummary& summary);
  void step_room(Now now, Room& room);
  void send_creation(Now now, Room& room);
  void fetch_group(Now now, Room& room);
  void join_external(Now now, Room& room);
  void catch_up(Now now, Room& room);
  bool wants_commit(Now now, Room& room);
  void post_naming(Now now, Room& room);
  void tell_room(Room& room);
  void take_claim(Room& room, Claim claim);
  void take_naming(Room& room, Naming naming);
  bool judge_claim(Room& room);
  std::optional<NotReady> not_ready(Room& room, bool for_naming);
  std::optional<NotReady> leaves_cause(Room& room);
  std::optional<NotReady> check_leaves(Room& room);
  void failed(Now now, Room& room, const wire::ErrorReply& error);

  // commits.cpp
  void begin_commit(Now now, Room& room);
  void make_commit(Now now, Room& room, const std::vector<wire::ClaimedKeyPackage>& claimed);
  void set_pending(Room& room, mls::PendingCommit made, std::vector<Newcomer> added,
                   std::vector<UserId> members, bool external, Now now);
  void send_pending(Now now, Room& room);
  void drop_pending(Room& room);
  void won(Now now, Room& room);
  void take_commit(Now now, Room& room, const wire::Event& event);
  void entered(Now now, Room& room);
  std::optional<std::size_t> own_rank(const Room& room) const;

  // messages.cpp
  std::variant<Sealed, NotReady> seal_in(Now now, Room& room, ClientId client_id,
                                         wire::EventKind kind, ByteView body, bool counts);
  // An own event of the log: which of the texts sealed under its name was taken.
  void settle_seal(Room& room, const wire::Event& event);
  void ask_what_was_taken(Now now, Room& room);
  OpenFault fault_of(const Error& error) const;
  // What was opened: by whom it has to be, and where in its sender's chain it is.
  std::variant<Opened, OpenFault> take_opened(Now now, RoomId room, const wire::Event& event,
                                              std::uint64_t epoch,
                                              const sealing::OpenedMessage& message);
  // Fills in what Opened says of the sender's chain, or why the message is not to be taken.
  std::optional<OpenFault> judge(RoomId room, const wire::Event& event,
                                 const sealing::OpenedMessage& message, Opened& out);

  // disappearing.cpp
  void save_keys(Room& room);
  void erase_old_keys(Room& room);
  void save_ends(Room& room);
  void note_epoch_ends(Now now, Room& room);
  bool restore_keys(Room& room);
  static SaidRecord* said_of(Room& room, const SaidKey& key);
  static void hold_said(Room& room, const SaidKey& key, SaidRecord record);
  void keep_said(Room& room, const SaidKey& key, SaidRecord record);
  void erase_said(Room& room, SaidKey key);
  void forget_disappeared(Now now, Room& room);
  std::optional<Timestamp> next_disappearance(const Room& room) const;
  // `place`: in the own chain; gets its hash.
  std::variant<Sealed, NotReady> seal_disappearing(Now now, Room& room, ClientId client_id,
                                                   LastSeal& place, wire::EventKind kind,
                                                   ByteView body, bool counts);
  std::variant<sealing::OpenedMessage, OpenFault> open_disappearing(Now now, Room& room,
                                                                    const wire::Event& event,
                                                                    const wire::SealedBody& body);
  std::optional<OpenFault> take_said(const wire::Event& event,
                                     const sealing::MessageContext& context,
                                     const mls::ApplicationMessage& said, SaidRecord& record) const;
  std::variant<sealing::OpenedMessage, OpenFault> read_said(const wire::Event& event,
                                                            const SaidRecord& said) const;

  Rng& rng_;
  Desk desk_;
  std::deque<Change> changes_;
  std::vector<Alert> alerts_;  // told already
  Now now_;                    // of the last call
  UserId user_;
  DeviceId device_;
  bool connected_ = false;

  AccountState account_state_ = AccountState::kStarting;
  std::optional<Own> own_;
  bool account_busy_ = false;
  bool afresh_ = false;  // the account's list is to be replaced by that of the own, new key
  std::optional<Secret> recovering_;  // the wrap key of the words that were typed
  Retry account_retry_;
  bool packages_known_ = false;
  std::map<Bytes, PackageRecord> packages_;  // by reference

  std::optional<Link> link_;  // the last one
  std::optional<LinkMark> link_mark_;
  std::deque<std::pair<std::uint64_t, wire::Command>> link_out_;  // by number
  std::uint64_t next_link_out_ = 1;
  bool link_busy_ = false;
  Retry link_retry_;

  VaultKeysRecord vault_keys_;
  std::optional<MonoTime> wraps_at_;  // when to look whether there is a new vault key
  bool has_recovery_ = false;
  bool keys_in_vault_ = false;     // the earlier ones, on this connection
  bool vault_from_start_ = false;  // a key was found for what could not be read

  std::map<UserId, Known> people_;
  std::map<UserId, Decision> decisions_;
  std::uint64_t people_version_ = 0;  // counts changes of what trust() depends on
  std::set<UserId> wanted_;
  bool people_busy_ = false;
  Retry people_retry_;
  std::map<Bytes, std::uint64_t> doubts_;  // leaf key -> answers about its user when it was met

  std::map<RoomId, EpochKeys> epochs_;
  std::set<std::pair<RoomId, std::uint64_t>> not_in_vault_;  // of these
  identity::VerifiedCredentials credentials_;                // of senders
  bool vault_wanted_ = false;
  bool vault_reread_ = false;                           // on this connection, from its start
  std::set<std::pair<RoomId, std::uint64_t>> missing_;  // asked for, found nowhere yet
  Retry missing_retry_;
  // What others answered: kept and put into the vault once a message opened with it, so that a
  // wrong answer spoils nothing.
  std::map<std::pair<RoomId, std::uint64_t>, Secret> offered_;
  bool vault_busy_ = false;
  Retry vault_retry_;

  std::map<RoomId, Room> rooms_;
  std::map<std::string, Bytes> restored_groups_;  // until the account's key is known
  // By signing key: a device that lost its keys begins anew with others.
  std::map<std::pair<RoomId, crypto::SignaturePublicKey>, ChainRecord> chains_;
};

}  // namespace parley::e2ee
