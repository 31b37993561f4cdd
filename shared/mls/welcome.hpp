// Making and opening Welcomes (RFC 9420 section 12.4.3).
#pragma once

#include "shared/mls/group.hpp"

namespace parley::mls {

void sign_group_info(GroupInfo& info, const crypto::SigningKey& key);

// `info`: of the epoch that begins, signed. `path`: of the same commit, if it has one.
Result<Welcome> make_welcome(Rng& rng, const GroupInfo& info, const Secret& joiner_secret,
                             const Secret& psk_secret, const AppliedProposals& applied,
                             const NewPath* path, LeafIndex committer);

struct OpenedWelcome {
  GroupInfo group_info;  // nothing in it is checked yet
  Secret joiner_secret;
  Secret psk_secret;
  std::optional<Secret> path_secret;
};
Result<OpenedWelcome> open_welcome(const Welcome& welcome, const KeyPackageKeys& keys,
                                   const PskLookup& psks);

// kMlsInvalid when one is not known.
Result<Secret> combine_known_psks(std::span<const PreSharedKeyId> ids, const PskLookup& psks);

}  // namespace parley::mls
