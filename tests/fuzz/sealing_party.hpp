// Who seals and opens in fuzz_sealing, and what its inputs are: their first byte is an Input.
#pragma once

#include "tests/identity/people.hpp"

namespace parley::test {

struct SealingParty {
  enum class Input : std::uint8_t {
    kMessage,         // of one's sender: nonce, ciphertext
    kMessageInside,   // ... what is sealed, whole
    kMessageFields,   // ... between author and signature
    kBundle,          // as it came
    kBundleFields,    // between author and signature
    kRequest,         // as it came
    kRequestFields,   // between author and signature
    kInviteKey,       // as it came
    kInviteFields,    // between author and signature
    kEntryName,       // of the vault
    kEntry,           // sealed
    kDeviceWrap,      // as it came
    kDeviceWrapText,  // up to the signature
    kKeyWrap,
    kAttachmentKey,
    kAttachmentChunks,  // size (varint), then each chunk: length (varint), its bytes' value, last?
    kChain,             // of a sender, as stored
    kChainLinks,        // each: counter, previous and hash by a byte
    kCount,
  };

  Person ada = some_person(1);
  Device phone = some_device(2);
  identity::DeviceCredential credential = ada.credential(phone);
  crypto::KemKeyPair receiver = some_kem_key(3);
  RoomId room = some_id<RoomId>(4);
  crypto::Secret secret = some_secret(5);  // of a room's epoch, or the vault's key
};

}  // namespace parley::test
