#include "server/store/sqlite_store.hpp"

#include <algorithm>
#include <mutex>

#include "server/store/reader_pool.hpp"
#include "server/store/sqlite_schema.hpp"
#include "server/store/sqlite_writer.hpp"

namespace parley::store {
namespace {

constexpr std::int64_t kCheckpointCacheKib = 1024;  // a checkpoint copies; it reads no trees
constexpr const char* kWalSizeLimit = "PRAGMA journal_size_limit = 67108864";

class SqliteStore final : public Store {
 public:
  SqliteStore(ProcessLock lock, std::unique_ptr<SqliteWriter> writer,
              std::unique_ptr<ReaderPool> readers)
      : lock_(std::move(lock)), writer_(std::move(writer)), readers_(std::move(readers)) {}
  ~SqliteStore() override { close(); }

  void write_room(RoomWrite write, Callback<RoomWritten> done) override {
    push_write(RoomItem{.write = std::move(write), .done = std::move(done)});
  }
  void write_markers(std::vector<MarkerWrite> markers, Callback<Position> done) override {
    push_write(MarkersItem{.markers = std::move(markers), .done = std::move(done)});
  }
  void put_user(UserRecord user, StatusCallback done) override {
    push_write(UserItem{.user = std::move(user), .done = std::move(done)});
  }
  void put_device(DeviceRecord device, StatusCallback done) override {
    push_write(DeviceItem{.device = std::move(device), .done = std::move(done)});
  }
  void put_setting(std::string key, Bytes value, StatusCallback done) override {
    push_write(
        SettingItem{.key = std::move(key), .value = std::move(value), .done = std::move(done)});
  }
  void put_key_packages(KeyPackagesWrite write, Callback<std::uint32_t> done) override {
    std::size_t bytes = 0;
    for (const NewKeyPackage& package : write.packages) bytes += package.data.size();
    push_call<std::uint32_t>(bytes, std::move(done),
                             [write = std::move(write)](SqliteDevices& devices) {
                               return devices.put_key_packages(write);
                             });
  }
  void claim_key_packages(KeyPackageClaim claim, Callback<ClaimedKeyPackages> done) override {
    push_call<ClaimedKeyPackages>(0, std::move(done),
                                  [claim = std::move(claim)](SqliteDevices& devices) {
                                    return devices.claim_key_packages(claim);
                                  });
  }
  void put_inbox(InboxWrite write, StatusCallback done) override {
    const std::size_t bytes = inbox_bytes(write);
    push_call<void>(bytes, std::move(done), [write = std::move(write)](SqliteDevices& devices) {
      return devices.put_inbox(write);
    });
  }
  void ack_inbox(DeviceId device, std::uint64_t number, StatusCallback done) override {
    push_call<void>(0, std::move(done),
                    [=](SqliteDevices& devices) { return devices.ack_inbox(device, number); });
  }
  void put_identity(wire::Identity identity, bool afresh, StatusCallback done) override {
    const std::size_t bytes = identity.list.size();
    push_call<void>(bytes, std::move(done),
                    [identity = std::move(identity), afresh](SqliteDevices& devices) {
                      return devices.put_identity(identity, afresh);
                    });
  }
  void put_vault(UserId user, std::vector<wire::VaultEntry> entries,
                 Callback<std::uint64_t> done) override {
    std::size_t bytes = 0;
    for (const wire::VaultEntry& entry : entries) bytes += entry.key.size() + entry.sealed.size();
    push_call<std::uint64_t>(bytes, std::move(done),
                             [user, entries = std::move(entries)](SqliteDevices& devices) {
                               return devices.put_vault(user, entries);
                             });
  }
  void put_vault_wraps(UserId user, std::vector<wire::VaultWrap> wraps, Bytes recovery_token_hash,
                       StatusCallback done) override {
    const std::size_t bytes = wraps.size() * wire::kMaxVaultWrapBytes;
    push_call<void>(
        bytes, std::move(done),
        [user, wraps = std::move(wraps), hash = std::move(recovery_token_hash)](
            SqliteDevices& devices) { return devices.put_vault_wraps(user, wraps, hash); });
  }
  void put_link_code(UserId user, Bytes hash, Timestamp expires, StatusCallback done) override {
    push_call<void>(0, std::move(done),
                    [user, hash = std::move(hash), expires](SqliteDevices& devices) {
                      return devices.put_link_code(user, hash, expires);
                    });
  }
  void take_link_code(Bytes hash, Callback<UserId> done) override {
    push_call<UserId>(0, std::move(done), [hash = std::move(hash)](SqliteDevices& devices) {
      return devices.take_link_code(hash);
    });
  }
  void put_invite_bundle(RoomId room, InviteId invite, Bytes bundle, StatusCallback done) override {
    const std::size_t bytes = bundle.size();
    push_call<void>(bytes, std::move(done),
                    [=, bundle = std::move(bundle)](SqliteDevices& devices) {
                      return devices.put_invite_bundle(room, invite, bundle);
                    });
  }

  void trim(TrimQuery query, Callback<Trimmed> done) override {
    push_write(TrimItem{.query = query, .done = std::move(done)});
  }

  void load_room(RoomId room, std::uint32_t tail, Callback<RoomSnapshot> done) override {
    push_read(std::move(done), [=](SqliteReader& reader) { return reader.load_room(room, tail); });
  }
  void load_user(UserId user, Callback<UserSnapshot> done) override {
    push_read(std::move(done), [=](SqliteReader& reader) { return reader.load_user(user); });
  }
  void read_events(EventQuery query, Callback<std::vector<StoredEvent>> done) override {
    push_read(std::move(done), [=](SqliteReader& reader) { return reader.read_events(query); });
  }
  void read_users(std::vector<UserId> users, Callback<std::vector<UserRecord>> done) override {
    push_read(std::move(done),
              [ids = std::move(users)](SqliteReader& reader) { return reader.read_users(ids); });
  }
  void search_rooms(std::string query, std::uint32_t offset, std::uint32_t limit,
                    Callback<std::vector<wire::RoomListing>> done) override {
    push_read(std::move(done), [words = std::move(query), offset, limit](SqliteReader& reader) {
      return reader.search_rooms(words, offset, limit);
    });
  }
  void find_invite(std::string code, Callback<InviteRecord> done) override {
    push_read(std::move(done),
              [code = std::move(code)](SqliteReader& reader) { return reader.find_invite(code); });
  }
  void list_invites(RoomId room, Callback<std::vector<InviteRecord>> done) override {
    push_read(std::move(done), [=](SqliteReader& reader) { return reader.list_invites(room); });
  }
  void read_group(RoomId room, std::uint64_t offset, std::uint64_t limit,
                  Callback<GroupPiece> done) override {
    push_read(std::move(done),
              [=](SqliteReader& reader) { return reader.read_group(room, offset, limit); });
  }
  void read_commits(RoomId room, std::uint64_t epoch, std::uint32_t limit, std::size_t max_bytes,
                    Callback<std::vector<wire::Event>> done) override {
    push_read(std::move(done), [=](SqliteReader& reader) {
      return reader.read_commits(room, epoch, limit, max_bytes);
    });
  }
  void find_direct(UserId one, UserId other, Callback<RoomId> done) override {
    push_read(std::move(done),
              [=](SqliteReader& reader) { return reader.find_direct(one, other); });
  }
  void read_identities(std::vector<UserId> users,
                       Callback<std::vector<IdentityRecord>> done) override {
    push_read(std::move(done), [users = std::move(users)](SqliteReader& reader) {
      return reader.read_identities(users);
    });
  }
  void read_inbox(DeviceId device, std::uint64_t after, std::size_t max_bytes,
                  Callback<std::vector<wire::InboxItem>> done) override {
    push_read(std::move(done),
              [=](SqliteReader& reader) { return reader.read_inbox(device, after, max_bytes); });
  }
  void read_vault(UserId user, std::uint64_t after, std::uint32_t limit,
                  Callback<std::vector<wire::VaultEntry>> done) override {
    push_read(std::move(done),
              [=](SqliteReader& reader) { return reader.read_vault(user, after, limit); });
  }
  void read_vault_wraps(UserId user, Callback<std::vector<wire::VaultWrap>> done) override {
    push_read(std::move(done), [=](SqliteReader& reader) { return reader.read_vault_wraps(user); });
  }
  void read_invite_bundle(RoomId room, std::string code, Callback<Bytes> done) override {
    push_read(std::move(done), [room, code = std::move(code)](SqliteReader& reader) {
      return reader.read_invite_bundle(room, code);
    });
  }
  void find_recovery(Bytes token_hash, Callback<UserId> done) override {
    push_read(std::move(done), [hash = std::move(token_hash)](SqliteReader& reader) {
      return reader.find_recovery(hash);
    });
  }
  void get_setting(std::string key, Callback<std::optional<Bytes>> done) override {
    push_read(std::move(done),
              [key = std::move(key)](SqliteReader& reader) { return reader.get_setting(key); });
  }

  StoreStats stats() const override { return writer_->stats(); }
  void stop() override { close(); }

 private:
  template <class Item>
  void push_write(Item item) {
    WriteItem queued(std::move(item));
    const Status taken = writer_->push(queued);
    if (!taken.ok()) std::get<Item>(queued).done(taken.error());
  }

  // `call` gives Result<T> on the write thread.
  template <class T, class Call>
  void push_call(std::size_t bytes, std::function<void(Result<T>)> done, Call call) {
    if constexpr (std::same_as<T, void>) {
      push_write(CallItem{.bytes = bytes, .call = std::move(call), .done = std::move(done)});
    } else {
      auto answer = std::make_shared<Result<T>>(ErrorCode::kInternal);
      push_write(
          CallItem{.bytes = bytes,
                   .call = [answer, call = std::move(call)](SqliteDevices& devices) -> Status {
                     *answer = call(devices);
                     return answer->ok() ? Status() : Status(answer->error());
                   },
                   .done =
                       [answer, done = std::move(done)](Status status) {
                         done(status.ok() ? std::move(*answer) : Result<T>(status.error()));
                       }});
    }
  }

  template <class T, class Read>
  void push_read(Callback<T> done, Read read) {
    // Shared, because a std::function must be copyable and `done` may be needed for the refusal.
    auto callback = std::make_shared<Callback<T>>(std::move(done));
    ReaderPool::Task task = [callback, read = std::move(read)](SqliteReader& reader) {
      (*callback)(read(reader));
    };
    const Status taken = readers_->push(task);
    if (!taken.ok()) (*callback)(taken.error());
  }

  void close() {
    // Reads first: they look into the writer's recent table.
    std::call_once(closed_, [this] {
      readers_->stop();
      writer_->stop();
    });
  }

  ProcessLock lock_;
  std::unique_ptr<SqliteWriter> writer_;
  std::unique_ptr<ReaderPool> readers_;
  std::once_flag closed_;
};

Status prepare(Database& database, const SqliteOptions& options) {
  PARLEY_TRY(database.execute("PRAGMA journal_mode = WAL"));
  PARLEY_TRY(migrate(database, options.path, options.vfs, migrations()));
  PARLEY_TRY(database.execute(options.durable ? "PRAGMA synchronous = FULL"
                                              : "PRAGMA synchronous = NORMAL"));
  return database.execute(kWalSizeLimit);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(SqliteOptions options) {
  if (options.path.empty() || !options.clock) return ErrorCode::kInvalidArgument;
  auto lock = ProcessLock::take(options.path + ".lock");
  if (!lock.ok()) return lock.error();
  PARLEY_TRY(create_private_file(options.path));
  auto database = Database::open(
      options.path, {.create = true, .cache_kib = options.writer_cache_kib, .vfs = options.vfs});
  if (!database.ok()) return database.error();
  PARLEY_TRY(prepare(**database, options));
  auto checkpoints =
      Database::open(options.path, {.cache_kib = kCheckpointCacheKib, .vfs = options.vfs});
  if (!checkpoints.ok()) return checkpoints.error();
  auto writer = SqliteWriter::start(options, std::move(*database), std::move(*checkpoints));
  if (!writer.ok()) return writer.error();
  std::vector<std::unique_ptr<Database>> connections;
  for (int i = 0; i < std::max(options.readers, 1); ++i) {
    auto connection = Database::open(
        options.path,
        {.read_only = true, .cache_kib = options.reader_cache_kib, .vfs = options.vfs});
    if (!connection.ok()) return connection.error();
    connections.push_back(std::move(*connection));
  }
  auto readers = std::make_unique<ReaderPool>(std::move(connections), (*writer)->recent(),
                                              options.max_queued_reads);
  return std::unique_ptr<Store>(
      new SqliteStore(std::move(*lock), std::move(*writer), std::move(readers)));
}

Status backup_sqlite(const std::string& from, const std::string& to) {
  return copy_database(from, to, {});
}

}  // namespace parley::store
