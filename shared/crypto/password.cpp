#include "shared/crypto/password.hpp"

#include <sodium.h>

namespace parley::crypto {

static_assert(std::tuple_size_v<PasswordSalt> == crypto_pwhash_argon2id_SALTBYTES);

Result<Secret> hash_password(ByteView password, const PasswordSalt& salt, PasswordCost cost) {
  Secret key;
  if (crypto_pwhash_argon2id(key.write().data(), key.size(),
                             reinterpret_cast<const char*>(password.data()), password.size(),
                             salt.data(), cost.passes, std::size_t{cost.memory_kib} * 1024,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return Error{ErrorCode::kInvalidArgument, "not enough memory for this password's cost", {}};
  }
  return key;
}

}  // namespace parley::crypto
