// The two hashes HTTP and WebSocket need, from OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"

namespace parley::net {

// RFC 6455 section 4.2.2: proves that the server read the key. SHA-1 is what the protocol fixed;
// nothing secret depends on it.
std::string websocket_accept(std::string_view key);

// 128 bits of SHA-256 in hexadecimal: names a file's content.
std::string content_hash(ByteView content);

}  // namespace parley::net
