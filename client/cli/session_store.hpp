// What parley-cli keeps between runs: the session and the server it belongs to.
//
// Several runs may be under way at once (a `tail` and a `send`), so the file is only open for the
// moments of reading and writing, and what else the core keeps (timelines, outbox) lives in memory:
// a message that was not acknowledged when the command failed is not sent behind its back later.
// The keys of private rooms are kept, too, and belong to one run at a time: see take_keys.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/core/client.hpp"

namespace parley::cli {

class SessionStore {
 public:
  using Entry = client::WriteStore::Entry;

  explicit SessionStore(std::string path) : path_(std::move(path)) {}
  ~SessionStore();
  SessionStore(const SessionStore&) = delete;
  SessionStore& operator=(const SessionStore&) = delete;

  // Makes the keys of private rooms this run's until it ends; false while another run has them.
  // Before load().
  bool take_keys();
  // Reads the file; a missing one is an empty store.
  Status load();
  const std::string& path() const { return path_; }

  std::string server_url() const;
  // Saved together with the session by the next write.
  void set_server_url(const std::string& url);

  std::vector<Entry> read(const std::string& prefix) const;
  Status write(const std::vector<Entry>& entries);
  Status clear();

 private:
  Status save(const std::vector<Entry>& entries);

  std::string path_;
  std::map<std::string, Bytes> entries_;
  int lock_ = -1;  // of the keys
};

}  // namespace parley::cli
