// What a device reads back from its disk, and what members send each other inside of seals. The
// first byte of an input of fuzz_e2ee_records is the place in this list; two more kinds follow it.
#pragma once

#include <tuple>

#include "client/e2ee/records.hpp"

namespace parley::e2ee::test {

using FuzzedRecords = std::tuple<AccountRecord, LinkMark, VaultKeysRecord, UserRecord,
                                 PackageRecord, EpochRecord, InviteRecord, RoomRecord,
                                 PendingRecord, SinceRecord, ChainRecord, RoomState, Naming, TimesRecord,
                                 SaidRecord, InvitesRecord, InviteKeyRecord>;

inline constexpr std::uint8_t kFuzzedLinkItem = 0xf0;
inline constexpr std::uint8_t kFuzzedLinkCode = kFuzzedLinkItem + 1;
inline constexpr std::string_view kFuzzedCode = "K7QM-4WZX-PD9T";

// The first byte for a T.
template <class T, std::size_t I = 0>
constexpr std::uint8_t fuzzed_kind() {
  if constexpr (std::is_same_v<T, std::tuple_element_t<I, FuzzedRecords>>) {
    return I;
  } else {
    return fuzzed_kind<T, I + 1>();
  }
}

}  // namespace parley::e2ee::test
