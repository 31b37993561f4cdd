// Linking a new device to an account with a code that an old device shows.
//
// The old device makes a code (start_link) and its person types it into the new one, or scans it.
// With what follows from the code the new device signs in to the server, once, and then both shake
// hands through each other's inboxes (identity/link.hpp, kEmoji). Seven emoji are shown on both;
// the person compares them and confirms on the old device, which then puts the new one into the
// account's device list and gives it the account's keys.
//
// Everything between the two is in memory only: whichever ends or restarts ends the link with a
// cause, and a new one is begun with a new code.
#pragma once

#include <string>
#include <string_view>

#include "shared/crypto/secret.hpp"
#include "shared/identity/link.hpp"

namespace parley::e2ee {

// ---- codes -------------------------------------------------------------------------------------

inline constexpr std::size_t kLinkCodeLetters = 12;  // of 31: 59 bits
inline constexpr std::string_view kLinkAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
inline constexpr Duration kLinkLifetime = minutes(10);
inline constexpr Duration kLinkAnswerTime = seconds(15);  // a device that shows the code needs less

// HKDF-SHA256 of the 12 letters with salt "Parley link code 1"; info "sign in" and "handshake".
struct LinkKeys {
  crypto::Secret sign_in_token;  // `authenticate.recovery` of the new device
  crypto::Secret message_key;    // of the tags below
};

// "K7QM-4WZX-PD9T".
std::string make_link_code(Rng& rng);
// What a person typed or pasted: in any case, with or without separators, or a page's address with
// the fragment below. kInvalidArgument with a sentence for people as its detail.
Result<LinkKeys> derive_link_keys(std::string_view typed);
Result<crypto::Secret> link_sign_in_token(std::string_view typed);
// What comes after the '#' of the page's address in a QR code: "link=K7QM4WZXPD9T".
std::string link_url_fragment(std::string_view code);

// ---- messages between the two devices ----------------------------------------------------------

inline constexpr std::uint8_t kLinkItem = 4;  // kind of the inbox items

// Marks messages as coming from who knows the code:
//
//   link (8)   the first bytes of SHA-256(sign-in token)
//   tag (32)   HMAC-SHA256(message key, message)
//   message    of identity/link.hpp; or 01 05, problem (1): ended; or 01 06: the keys have arrived
//
// Devices of the account that show no code, or another one, know by the first that it is not for
// them. The second keeps the server, which does not know the code, out of the handshake, whatever
// people compare.
class LinkChannel {
 public:
  explicit LinkChannel(LinkKeys keys) : keys_(std::move(keys)) {}

  Bytes registered() const;  // SHA-256(sign-in token), what the server knows
  Bytes mark(ByteView message) const;
  enum class Reading : std::uint8_t { kOfAnotherLink, kForged, kTrue };
  // `message` is a part of `body`.
  Reading read(ByteView body, ByteView& message) const;

 private:
  LinkKeys keys_;
};

// ---- what people see ---------------------------------------------------------------------------

enum class LinkStep : std::uint8_t {
  kWaitingForDevice,        // old: the code is shown; new: no old device has answered yet
  kCompareEmoji,            // old: confirm_link is waited for
  kWaitingForConfirmation,  // new: emoji are shown, the person confirms on the old device
  kFinishing,
  kDone,
  kFailed,
};

// Numbers go from device to device.
enum class LinkProblem : std::uint8_t {
  kNone = 0,
  kExpired = 1,
  kCancelled = 2,
  kRefused = 3,         // the emoji differ
  kCodeUsed = 4,        // by another new device
  kStartedAgain = 5,    // by either device
  kTampered = 6,        // a message was changed on its way
  kBroken = 7,          // the handshake failed; LinkStatus::sentence says how
  kOtherAccount = 8,    // the two devices are signed in to different ones
  kTooManyDevices = 9,  // in the account's list
  kRestarted = 10,      // this device was
  kServer = 11,         // refused
  kNoWord = 12,         // whether the keys, which were sent, have arrived; goes nowhere
};
std::string_view describe(LinkProblem problem);  // a full sentence for people

struct LinkStatus {
  enum class Side : std::uint8_t { kOld, kNew };
  Side side = Side::kOld;
  LinkStep step = LinkStep::kWaitingForDevice;
  std::string code;             // old, while it waits: "K7QM-4WZX-PD9T"
  identity::EmojiCode emoji{};  // from the comparison on: places in identity::kLinkEmojiTable
  Timestamp expires;
  LinkProblem problem = LinkProblem::kNone;
  std::string sentence;     // why it failed, for people
  bool unanswered = false;  // new: no device has said that it shows this code

  bool active() const { return step != LinkStep::kDone && step != LinkStep::kFailed; }
};

}  // namespace parley::e2ee
