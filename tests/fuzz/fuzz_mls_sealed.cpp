// What only somebody with the keys can write: the insides of private messages, by another member,
// and of a saved group and its message keys, by whoever changed a disk and its key together.
#include "tests/fuzz/fuzz_require.hpp"
#include "tests/mls/sealed_party.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  using namespace parley::mls;
  using mls::test::Sealed;
  using parley::test::fuzz_require;
  if (size == 0 || data[0] >= static_cast<std::uint8_t>(Sealed::kCount)) return 0;
  static mls::test::SealedParty party;
  const auto kind = static_cast<Sealed>(data[0]);
  const ByteView inside(data + 1, size - 1);
  switch (kind) {
    case Sealed::kSenderData:
    case Sealed::kApplication:
    case Sealed::kProposal:
    case Sealed::kCommit: {
      const auto opened = party.open_message(kind, inside);
      if (!opened) break;
      fuzz_require(opened->content.content.sender.leaf.value < 2, "a sender who is no member");
      break;
    }
    case Sealed::kState: {
      const auto group = party.open_saved(inside);
      if (!group) break;
      const Bytes written = party.inside_of(*group);
      const auto again = party.open_saved(written);
      fuzz_require(again.ok(), "a group that was read is not read again");
      fuzz_require(party.inside_of(*again) == written, "a group changes when it is kept");
      break;
    }
    case Sealed::kNodeKeys:
    case Sealed::kLeafKeys: {
      Group group = party.without_keys();
      const KeyPart part = party.part(kind);
      if (!restore_keys(group, part, inside)) break;
      const auto written = encode_keys(group, part);
      Group other = party.without_keys();
      fuzz_require(restore_keys(other, part, written.expose()).ok(), "keys are not read again");
      break;
    }
    case Sealed::kCount:
      break;
  }
  return 0;
}
