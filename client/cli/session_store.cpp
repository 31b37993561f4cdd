#include "client/cli/session_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "client/core/stored.hpp"
#include "client/native/local_store.hpp"

namespace parley::cli {
namespace {

constexpr const char* kSessionKey = "session";
constexpr const char* kServerKey = "cli/server";
constexpr const char* kNotesPrefix = "notes/";  // what is in no log

// Without what refers to records that are not kept: the place to resume from and the open room.
Bytes without_places(const Bytes& value) {
  auto session = client::unpack<client::StoredSession>(value);
  if (!session) return value;
  session->sync_token.clear();
  session->open_room = {};
  return client::pack(*session);
}

}  // namespace

SessionStore::~SessionStore() {
  if (lock_ >= 0) close(lock_);
}

bool SessionStore::take_keys() {
  if (lock_ >= 0) return true;
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
  const int file = ::open((path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  // A short run is waited for; a `tail` keeps them, and what needs no keys should not wait long.
  constexpr int kTries = 6;
  for (int i = 0; i < kTries; ++i) {
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
      lock_ = file;
      return true;
    }
    usleep(50'000);
  }
  close(file);
  return false;
}

Status SessionStore::load() {
  entries_.clear();
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) return {};
  auto file = native::LocalStore::open(path_);
  if (!file) return file.error();
  auto entries = file->read("");
  if (!entries) return entries.error();
  for (Entry& entry : *entries) entries_[std::move(entry.key)] = std::move(entry.value);
  return {};
}

std::string SessionStore::server_url() const {
  const auto found = entries_.find(kServerKey);
  return found == entries_.end() ? std::string() : std::string(as_text(found->second));
}

void SessionStore::set_server_url(const std::string& url) {
  entries_[kServerKey] = to_bytes(as_bytes(url));
}

std::vector<SessionStore::Entry> SessionStore::read(const std::string& prefix) const {
  std::vector<Entry> out;
  for (auto at = entries_.lower_bound(prefix);
       at != entries_.end() && at->first.starts_with(prefix); ++at) {
    if (at->first != kServerKey) out.push_back({at->first, at->second});
  }
  return out;
}

Status SessionStore::write(const std::vector<Entry>& entries) {
  std::vector<Entry> kept;
  for (const Entry& entry : entries) {
    Bytes value = entry.value;
    if (entry.key == kSessionKey) {
      value = without_places(entry.value);
      const auto present = entries_.find(kSessionKey);
      const bool same = present != entries_.end() && present->second == value;
      if (!same) kept.push_back({kSessionKey, value});
    } else if (entry.key.starts_with(e2ee::kPrefix) || entry.key.starts_with(kNotesPrefix)) {
      kept.push_back({entry.key, value});
    }
    if (value.empty()) {
      entries_.erase(entry.key);
    } else {
      entries_[entry.key] = std::move(value);
    }
  }
  if (kept.empty()) return {};
  kept.push_back({kServerKey, to_bytes(as_bytes(server_url()))});
  return save(kept);
}

Status SessionStore::save(const std::vector<Entry>& entries) {
  auto file = native::LocalStore::open(path_);
  if (!file) return file.error();
  return file->write(entries);
}

Status SessionStore::clear() {
  entries_.clear();
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) return {};
  auto file = native::LocalStore::open(path_);
  if (!file) return file.error();
  return file->clear();
}

}  // namespace parley::cli
