// Every length, count and depth a peer may send, in one place. Decoders check them before they
// take memory; PROTOCOL.md repeats them for other implementers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::wire {

inline constexpr std::uint8_t kProtocolVersion = 1;

inline constexpr std::size_t kMaxFrameBytes = 1u << 20;        // FEATURES A6
// What a server packs into one frame: lists stop here and go on in the next page, batch or notice,
// so that no frame gets near kMaxFrameBytes.
inline constexpr std::size_t kFullFrameBytes = kMaxFrameBytes / 2;
inline constexpr std::size_t kMaxMessageCharacters = 4096;     // FEATURES B1, code points
inline constexpr std::size_t kMaxContentBytes = 4 * kMaxMessageCharacters;
inline constexpr std::size_t kMaxBodyBytes = 64 * 1024;        // one event body, sealed or open
inline constexpr std::size_t kMaxNameBytes = 4 * 80;           // names of users and rooms
inline constexpr std::size_t kMaxNameCharacters = 80;
inline constexpr std::size_t kMaxTopicBytes = 4 * 500;
inline constexpr std::size_t kMaxTopicCharacters = 500;
inline constexpr std::size_t kMaxStatusTextBytes = 4 * 100;
inline constexpr std::size_t kMaxEmojiBytes = 64;
inline constexpr std::size_t kMaxMentions = 50;
inline constexpr std::size_t kMaxTokenBytes = 2048;
inline constexpr std::size_t kMaxQueryBytes = 256;
inline constexpr std::size_t kMaxDetailBytes = 1024;
inline constexpr std::size_t kMaxCodeBytes = 64;
inline constexpr std::size_t kMaxEventsPerFrame = 1000;
inline constexpr std::size_t kMaxPageSize = 200;
inline constexpr std::size_t kMaxListItems = 10'000;
inline constexpr std::size_t kMaxCursors = 10'000;
// Of private rooms.
inline constexpr std::uint64_t kPastEpochs = 3;  // sealed events may be as many epochs late
inline constexpr std::size_t kMaxKeyPackages = 100;  // one-time ones of one device
inline constexpr std::size_t kMaxKeyPackageBytes = 4096;
inline constexpr std::size_t kMaxWelcomeBytes = 128 * 1024;
inline constexpr std::size_t kMaxGroupInfoBytes = 16 * 1024;
inline constexpr std::size_t kMaxTreeChunkBytes = 256 * 1024;
inline constexpr std::size_t kMaxVaultKeyBytes = 64;
inline constexpr std::size_t kMaxVaultEntryBytes = 4096;
inline constexpr std::size_t kMaxVaultWrapBytes = 1024;
inline constexpr std::size_t kRecoveryTokenBytes = 32;
inline constexpr std::size_t kChallengeBytes = 32;
inline constexpr std::size_t kSignatureBytes = 64;
inline constexpr std::size_t kSealNonceBytes = 24;
// Seconds after which messages may be made to disappear.
inline constexpr std::uint32_t kMinDisappear_s = 60;
inline constexpr std::uint32_t kMaxDisappear_s = 365 * 86'400;
inline constexpr int kMaxDepth = 16;

}  // namespace parley::wire
