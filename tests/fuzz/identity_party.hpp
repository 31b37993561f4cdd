// Who is linked and listed in fuzz_identity, and what its inputs are: their first byte is an Input.
#pragma once

#include "tests/identity/people.hpp"

namespace parley::test {

struct IdentityParty {
  enum class Input : std::uint8_t {
    kDeviceList,
    kListDevices,  // version (varint), hash before, devices; signed by the account
    kCredential,
    kPin,
    kHandshake,   // mode, then changes of its four messages: length (varint), bytes in the place
    kLinkBundle,  // what is sealed in the fourth
    kSafetyCode,
    kRecoveryWords,
    kCount,
  };

  Person ada = some_person(1);
  Person ben = some_person(2);
  Device phone = some_device(3);
  Device laptop = some_device(4);
  crypto::Secret vault_key = some_secret(5);
};

}  // namespace parley::test
