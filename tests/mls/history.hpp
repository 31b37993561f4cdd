// A random life of a group of devices, beside a plain model of it: who is a member, in which epoch,
// and who can read what. Choices come from outside, so that a seed or a fuzzer's bytes make a
// history.
#pragma once

#include <set>
#include <string>

#include "shared/mls/welcome.hpp"

namespace parley::mls::test {

class History {
 public:
  // A number below `bound`, which is not 0.
  using Choose = std::function<std::size_t(std::size_t bound)>;
  // Called with every property; `what` names it.
  using Require = std::function<void(bool holds, const char* what)>;
  struct Options {
    std::size_t devices = 8;
    WireFormat handshakes = WireFormat::kPublicMessage;  // private: no public group follows
  };

  History(Options options, Choose choose, Require require);
  void step();

 private:
  struct Device {
    std::string name;
    crypto::SigningKey key;
    std::optional<Group> group;       // also after a removal
    std::uint64_t readable_from = 0;  // epoch
    std::set<std::size_t> read;       // messages
  };
  struct Sent {
    Bytes message;
    Bytes text;
    std::uint64_t epoch = 0;
    std::size_t sender = 0;
  };
  // A commit as it was made, and what it does to the model.
  struct Plan {
    std::size_t committer = 0;
    std::set<std::size_t> added, removed;
    Result<PendingCommit> pending = ErrorCode::kInternal;
  };

  std::size_t any_of(const std::set<std::size_t>& set);
  std::set<std::size_t> outsiders() const;
  Group& group(std::size_t device) { return *devices_[device].group; }
  LeafIndex leaf_of(std::size_t device);
  Identity identity(std::size_t device) const;
  const KeyPackageKeys& invite(std::size_t device);

  void restart(std::size_t device);  // from its saved state
  Plan plan_commit();
  Plan plan_external(std::size_t device);
  void settle(Plan plan);
  void propose();
  void follow(ByteView message);
  void send();
  void deliver();
  void tamper(Bytes message);
  void check();

  Options options_;
  Choose choose_;
  Require require_;
  SeededRng rng_{1};  // of the cryptography
  std::vector<Device> devices_;
  std::vector<Sent> sent_;
  std::optional<PublicGroup> follower_;

  // The model.
  std::set<std::size_t> members_;
  std::uint64_t epoch_ = 0;
  std::set<std::size_t> to_add_, to_remove_;       // open proposals
  std::map<std::size_t, KeyPackageKeys> invited_;  // of this epoch
};

}  // namespace parley::mls::test
