// Records of client/e2ee, what is inside of seals, and what comes while devices are linked: what is
// read is written again as it was.
#include "client/e2ee/link.hpp"
#include "tests/fuzz/e2ee_records.hpp"
#include "tests/fuzz/fuzz_require.hpp"

namespace {

using namespace parley;
using namespace parley::e2ee;
using parley::test::fuzz_require;

template <class T>
void check(ByteView bytes) {
  std::optional<T> value;
  if constexpr (requires { T::kFormat; }) {
    value = unpack<T>(bytes);
  } else if (auto read = wire::decode<T>(bytes)) {
    value = *std::move(read);
  }
  if (!value) return;
  fuzz_require(std::ranges::equal(pack(*value, bytes.size()).expose(), bytes),
               "a record is not canonical");
}

template <std::size_t... I>
void check_kind(std::size_t kind, ByteView bytes, std::index_sequence<I...>) {
  ((kind == I ? check<std::tuple_element_t<I, e2ee::test::FuzzedRecords>>(bytes) : void()), ...);
}

void check_link_item(ByteView body) {
  const LinkChannel channel(*derive_link_keys(e2ee::test::kFuzzedCode));
  ByteView message;
  const auto reading = channel.read(body, message);
  const bool same =
      reading != LinkChannel::Reading::kOfAnotherLink && channel.mark(message) == to_bytes(body);
  fuzz_require((reading == LinkChannel::Reading::kTrue) == same, "a mark is read wrongly");
}

// However a code was typed, the one that is shown for it is the same.
void check_link_code(std::string_view typed) {
  const auto keys = derive_link_keys(typed);
  if (!keys) return;
  std::string letters;
  for (const char c : typed.substr(typed.rfind('=') + 1)) {
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (kLinkAlphabet.find(upper) != std::string_view::npos) letters.push_back(upper);
  }
  const auto token = link_sign_in_token(link_url_fragment(letters));
  fuzz_require(token.ok() && std::ranges::equal(token->expose(), keys->sign_in_token.expose()),
               "a code is read in two ways");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  if (data[0] == e2ee::test::kFuzzedLinkItem) {
    check_link_item(bytes);
  } else if (data[0] == e2ee::test::kFuzzedLinkCode) {
    check_link_code(as_text(bytes));
  } else {
    check_kind(data[0], bytes,
               std::make_index_sequence<std::tuple_size_v<e2ee::test::FuzzedRecords>>());
  }
  return 0;
}
