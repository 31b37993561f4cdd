#include "client/e2ee/link.hpp"

#include <algorithm>

#include "shared/crypto/hkdf.hpp"

namespace parley::e2ee {
namespace {

constexpr std::size_t kGroup = 4;
constexpr std::size_t kLinkIdBytes = 8;
constexpr std::size_t kTagBytes = 32;
constexpr std::size_t kMaxTyped = 512;
constexpr std::string_view kFragment = "link=";
constexpr std::string_view kSeparators = " -_.\t\r\n";

Error wrong(std::string sentence) { return {ErrorCode::kInvalidArgument, std::move(sentence), {}}; }

char upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

// The letters alone.
Result<std::string> parse(std::string_view typed) {
  if (typed.size() > kMaxTyped) return wrong("That is longer than a link code.");
  const auto fragment = typed.rfind(kFragment);
  if (fragment != std::string_view::npos) typed.remove_prefix(fragment + kFragment.size());
  std::string letters;
  for (const char c : typed) {
    if (kSeparators.find(c) != std::string_view::npos) continue;
    if (kLinkAlphabet.find(upper(c)) == std::string_view::npos) {
      return wrong("A link code has letters and digits only, and no 0, O, 1, I or L.");
    }
    letters.push_back(upper(c));
  }
  if (letters.size() == kLinkCodeLetters) return letters;
  return wrong("A link code has " + std::to_string(kLinkCodeLetters) +
               " letters and digits. This one has " + std::to_string(letters.size()) + ".");
}

crypto::SecretArray<kTagBytes> tag_of(const crypto::Secret& key, ByteView message) {
  return crypto::HmacSha256(key.expose()).update(message).finish();
}

}  // namespace

// ---- codes -------------------------------------------------------------------------------------

std::string make_link_code(Rng& rng) {
  std::string code;
  for (std::size_t i = 0; i < kLinkCodeLetters; ++i) {
    if (i > 0 && i % kGroup == 0) code.push_back('-');
    code.push_back(kLinkAlphabet[static_cast<std::size_t>(rng.below(kLinkAlphabet.size()))]);
  }
  return code;
}

Result<LinkKeys> derive_link_keys(std::string_view typed) {
  using crypto::HkdfSha256;
  const auto letters = parse(typed);
  if (!letters) return letters.error();
  const auto key = HkdfSha256::extract(as_bytes("Parley link code 1"), as_bytes(*letters));
  return LinkKeys{HkdfSha256::expand<32>(key.expose(), {as_bytes("sign in")}),
                  HkdfSha256::expand<32>(key.expose(), {as_bytes("handshake")})};
}

Result<crypto::Secret> link_sign_in_token(std::string_view typed) {
  auto keys = derive_link_keys(typed);
  if (!keys) return keys.error();
  return std::move(keys->sign_in_token);
}

std::string link_url_fragment(std::string_view code) {
  std::string fragment(kFragment);
  std::ranges::copy_if(code, std::back_inserter(fragment), [](char c) { return c != '-'; });
  return fragment;
}

// ---- messages ----------------------------------------------------------------------------------

Bytes LinkChannel::registered() const {
  return to_bytes(crypto::sha256(keys_.sign_in_token.expose()));
}

Bytes LinkChannel::mark(ByteView message) const {
  const Bytes hash = registered();
  const auto tag = tag_of(keys_.message_key, message);
  return identity::concat({ByteView(hash).first(kLinkIdBytes), tag.expose(), message});
}

LinkChannel::Reading LinkChannel::read(ByteView body, ByteView& message) const {
  const Bytes hash = registered();
  if (body.size() < kLinkIdBytes + kTagBytes ||
      !std::ranges::equal(body.first(kLinkIdBytes), ByteView(hash).first(kLinkIdBytes))) {
    return Reading::kOfAnotherLink;
  }
  message = body.subspan(kLinkIdBytes + kTagBytes);
  const auto tag = tag_of(keys_.message_key, message);
  const bool is_true =
      crypto::constant_time_equal(tag.expose(), body.subspan(kLinkIdBytes, kTagBytes));
  return is_true ? Reading::kTrue : Reading::kForged;
}

// ---- what people see ---------------------------------------------------------------------------

std::string_view describe(LinkProblem problem) {
  switch (problem) {
    case LinkProblem::kNone:
      return "Nothing went wrong.";
    case LinkProblem::kExpired:
      return "The time for linking ran out. Make a new code and try again.";
    case LinkProblem::kCancelled:
      return "Linking was cancelled.";
    case LinkProblem::kRefused:
      return "The emoji on the two devices were not the same, so the new device was not linked. "
             "Somebody may have been between them.";
    case LinkProblem::kCodeUsed:
      return "Another device has used this code. Make a new one, and look into your list of "
             "devices if that was not you.";
    case LinkProblem::kStartedAgain:
      return "Linking was started again. Use a new code.";
    case LinkProblem::kTampered:
      return "What the devices sent each other was changed on its way, so the new device was not "
             "linked. Make a new code and try again.";
    case LinkProblem::kBroken:
      return "The devices did not understand each other. Make a new code and try again.";
    case LinkProblem::kOtherAccount:
      return "The two devices are signed in to different accounts.";
    case LinkProblem::kTooManyDevices:
      return "The account has as many devices as it can have. Remove one and try again.";
    case LinkProblem::kRestarted:
      return "Parley was closed while the devices were being linked. Make a new code and try "
             "again.";
    case LinkProblem::kServer:
      return "The server refused to link devices.";
    case LinkProblem::kNoWord:
      return "The new device has not said whether it got the account's keys. If it does not work, "
             "remove it from your list of devices and link it again.";
  }
  return "The devices could not be linked.";
}

}  // namespace parley::e2ee
