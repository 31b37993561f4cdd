// Accounts and devices for tests, the same ones for the same seed.
#pragma once

#include <string>

#include "shared/identity/credential.hpp"
#include "shared/identity/device_list.hpp"

namespace parley::test {

template <class Id>
Id some_id(std::uint64_t seed) {
  SeededRng rng(seed);
  Id id;
  rng.fill(id.uuid.bytes);
  return id;
}

inline crypto::SigningKey some_signing_key(std::uint64_t seed) {
  SeededRng rng(seed);
  return crypto::SigningKey::generate(rng);
}

inline crypto::KemKeyPair some_kem_key(std::uint64_t seed) {
  SeededRng rng(seed);
  return crypto::KemKeyPair::generate(rng);
}

template <std::size_t N = 32>
crypto::SecretArray<N> some_secret(std::uint64_t seed) {
  SeededRng rng(seed);
  crypto::SecretArray<N> secret;
  rng.fill(secret.write());
  return secret;
}

struct Device {
  DeviceId id;
  crypto::SigningKey signing_key;
  crypto::KemKeyPair kem_key;

  identity::DeviceEntry entry() const {
    return {id, signing_key.public_key(), kem_key.public_key, {1'700'000'000'000}};
  }
};

inline Device some_device(std::uint64_t seed) {
  return {some_id<DeviceId>(seed), some_signing_key(seed + 1000), some_kem_key(seed + 2000)};
}

struct Person {
  UserId user;
  crypto::SigningKey account;

  identity::DeviceCredential credential(const Device& device) const {
    return identity::make_credential(account, user, device.id, device.signing_key.public_key(),
                                     device.kem_key.public_key);
  }
};

inline Person some_person(std::uint64_t seed) {
  return {some_id<UserId>(seed + 5000), some_signing_key(seed + 6000)};
}

// Calls `check` with each of the bytes changed in one bit, which one by the seed.
template <class Check>
void for_each_flip(ByteView bytes, std::uint64_t seed, Check check) {
  SeededRng rng(seed);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = to_bytes(bytes);
    changed[i] ^= static_cast<std::uint8_t>(1u << rng.below(8));
    check(ByteView(changed), i);
  }
}

inline std::string digest_hex(ByteView bytes) { return to_hex(crypto::sha256(bytes)); }

}  // namespace parley::test
