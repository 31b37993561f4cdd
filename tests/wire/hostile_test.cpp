// Bytes from a peer that means harm or has gone wrong: always a typed fault, never more memory than
// the input pays for.
#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "shared/wire/json.hpp"
#include "tests/wire/allocation_counter.hpp"
#include "tests/wire/random_values.hpp"
#include "tests/wire/samples.hpp"

namespace parley::test {
namespace {

using namespace wire;

// The most a decoder may ask for: elements of lists are larger in memory than on the wire (a member
// is 9 bytes shortest and about 100 held), and a growing vector asks for everything twice.
constexpr std::size_t kBytesPerInputByte = 64;
constexpr std::size_t kBytesAlways = 4096;

std::size_t cost_of(const std::function<void()>& work) {
  const std::size_t before = allocated_bytes();
  work();
  return allocated_bytes() - before;
}

// Reads the bytes as what the sample is; whether they were accepted.
bool accepts(const Sample& sample, ByteView bytes) {
  switch (sample.form) {
    case SampleForm::kClientFrame:
      return std::holds_alternative<ClientFrame>(decode_client_frame(bytes));
    case SampleForm::kServerFrame: return decode_server_frame(bytes).ok();
    case SampleForm::kEventBody: break;
  }
  return decode_body(EventKind{sample.event_kind}, bytes).ok();
}

void check_bounded(const Sample& sample, ByteView bytes) {
  const std::size_t cost = cost_of([&] { accepts(sample, bytes); });
  if (cost > kBytesPerInputByte * bytes.size() + kBytesAlways) {
    FAIL(sample.name << ": " << bytes.size() << " bytes made it ask for " << cost << ": "
                     << to_hex(bytes));
  }
}

std::size_t random_index(Rng& rng, const Bytes& bytes) {
  return static_cast<std::size_t>(rng.below(bytes.size()));
}

FrameFault fault_of(const Bytes& bytes) {
  const auto got = decode_client_frame(bytes);
  REQUIRE(std::holds_alternative<FrameFault>(got));
  return std::get<FrameFault>(got);
}

TEST_CASE("a frame cut at any byte is refused") {
  for (const Sample& sample : make_samples()) {
    for (std::size_t length = 0; length < sample.bytes.size(); ++length) {
      INFO(sample.name << " cut to " << length);
      const ByteView cut = ByteView(sample.bytes).first(length);
      if (accepts(sample, cut)) FAIL("accepted");
      check_bounded(sample, cut);
    }
  }
}

TEST_CASE("trailing bytes are refused") {
  for (Sample sample : make_samples()) {
    INFO(sample.name);
    sample.bytes.push_back(0);
    CHECK(!accepts(sample, sample.bytes));
  }
}

TEST_CASE("flipped bits never cost more than the input pays for") {
  SeededRng rng(Catch::getSeed());
  INFO("seed " << Catch::getSeed());
  for (const Sample& sample : make_samples()) {
    for (int round = 0; round < 200; ++round) {
      Bytes bytes = sample.bytes;
      if (bytes.empty()) continue;
      const auto flips = 1 + rng.below(3);
      for (std::uint64_t i = 0; i < flips; ++i) {
        bytes[random_index(rng, bytes)] ^= static_cast<std::uint8_t>(1u << rng.below(8));
      }
      check_bounded(sample, bytes);
    }
  }
}

// What was accepted says the same when it is written again: there is one form of everything. (A
// frame's unknown kinds are skipped, not kept.)
TEST_CASE("accepted bytes are canonical") {
  SeededRng rng(Catch::getSeed());
  INFO("seed " << Catch::getSeed());
  for (const Sample& sample : make_samples()) {
    for (int round = 0; round < 100; ++round) {
      Sample changed = sample;
      if (changed.bytes.empty()) continue;
      changed.bytes[random_index(rng, changed.bytes)] = static_cast<std::uint8_t>(rng.next_u64());
      if (!accepts(changed, changed.bytes)) continue;
      if (sample.form == SampleForm::kServerFrame) {
        const auto frame = decode_server_frame(changed.bytes);
        if (std::holds_alternative<UnknownFrame>(*frame)) continue;
        // These carry no request id; any number is read and 0 is written.
        if (!std::holds_alternative<ResponseFrame>(*frame) &&
            !std::holds_alternative<ErrorFrame>(*frame)) {
          continue;
        }
      }
      INFO(sample.name);
      CHECK(to_hex(sample_recoded(changed)) == to_hex(changed.bytes));
    }
  }
}

TEST_CASE("a huge length in any place costs nothing") {
  const Bytes huge[] = {
      {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},  // 2^64 - 1
      {0xff, 0xff, 0xff, 0xff, 0x0f},                                // 2^32 - 1
      {0x90, 0x4e},                                                  // 10 000, the longest list
  };
  for (const Sample& sample : make_samples()) {
    for (std::size_t at = 0; at < sample.bytes.size(); ++at) {
      for (const Bytes& length : huge) {
        Bytes bytes = sample.bytes;
        const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        bytes.insert(bytes.erase(place), length.begin(), length.end());
        check_bounded(sample, bytes);
      }
    }
  }
}

TEST_CASE("the largest frame of the smallest elements stays within the bound") {
  // get_presence: room id, then as many user ids as a frame holds; and lists of server frames.
  Bytes bytes = {1, 2, 1, 10};
  RoomSummary room;
  const Bytes element = encode(RoomList{{room, room, room, room}});
  const Bytes one(element.begin() + 1, element.end());
  bytes = {1, 2, 1, 11, 0x90, 0x4e};
  for (int i = 0; i < 2500; ++i) bytes.insert(bytes.end(), one.begin(), one.end());
  const Sample list{SampleForm::kServerFrame, "10 000 rooms", 0, bytes};
  REQUIRE(accepts(list, bytes));
  check_bounded(list, bytes);

  Bytes nothing(kMaxFrameBytes, 0);
  for (std::uint8_t type = 0; type < 12; ++type) {
    for (std::uint8_t kind = 0; kind < 40; ++kind) {
      nothing[0] = 1, nothing[1] = type, nothing[2] = 1, nothing[3] = kind;
      nothing[4] = 0x90, nothing[5] = 0x4e;
      check_bounded({SampleForm::kServerFrame, "zeros", 0, {}}, nothing);
      check_bounded({SampleForm::kClientFrame, "zeros", 0, {}}, nothing);
    }
  }
}

TEST_CASE("varints have one form") {
  struct Case {
    Bytes bytes;
    bool good;
  };
  const Case cases[] = {
      {{0x00}, true},
      {{0x7f}, true},
      {{0x80, 0x01}, true},
      {{0x80, 0x00}, false},  // 0 in two bytes
      {{0xff, 0x00}, false},  // 127 in two bytes
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, true},
      {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, false},  // 2^64 and more
      {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, false},
      {{0x80}, false},
      {{}, false},
  };
  for (const auto& [bytes, good] : cases) {
    INFO(to_hex(bytes));
    CHECK(decode<Deletion>(bytes).ok() == good);
  }
}

TEST_CASE("numbers keep their edges") {
  struct Edge {
    std::int64_t value;
    std::string hex;
  };
  const Edge edges[] = {{0, "00"},
                        {-1, "01"},
                        {1, "02"},
                        {-64, "7f"},
                        {64, "8001"},
                        {INT64_MAX, "feffffffffffffffff01"},
                        {INT64_MIN, "ffffffffffffffffff01"}};
  for (const auto& [value, hex] : edges) {
    const Bytes bytes = encode(Timestamp{value});
    CHECK(to_hex(bytes) == hex);
    const auto back = decode<Timestamp>(bytes);
    REQUIRE(back.ok());
    CHECK(back->ms == value);
  }
  CHECK(decode<bool>(Bytes{1}).ok());
  CHECK(!decode<bool>(Bytes{2}).ok());
  CHECK(!decode<std::uint32_t>(Bytes{0xff, 0xff, 0xff, 0xff, 0x1f}).ok());
  CHECK(!decode<Role>(Bytes{0x80, 0x02}).ok());  // 256 in a byte
}

TEST_CASE("texts must be UTF-8 and within their caps") {
  SetProfile profile;
  profile.name = "\xc0\xaf";
  CHECK(!decode<SetProfile>(encode(profile)).ok());
  profile.name.assign(kMaxNameBytes, 'x');
  CHECK(decode<SetProfile>(encode(profile)).ok());
  profile.name += 'x';
  CHECK(!decode<SetProfile>(encode(profile)).ok());
  GetUsers users;
  users.user_ids.resize(kMaxPageSize);
  CHECK(decode<GetUsers>(encode(users)).ok());
  users.user_ids.emplace_back();
  CHECK(!decode<GetUsers>(encode(users)).ok());
}

// A struct that contains itself, which no message does; the reader must hold anyway.
struct Nested {
  std::vector<Nested> inside;
  template <class Archive>
  void serialize(Archive& ar) {
    ar(field("inside", inside, std::size_t{1}));
  }
};

TEST_CASE("nesting is bounded") {
  Bytes bytes(static_cast<std::size_t>(kMaxDepth) - 1, 1);
  bytes.push_back(0);
  CHECK(decode<Nested>(bytes).ok());
  Bytes deeper(static_cast<std::size_t>(kMaxDepth), 1);
  deeper.push_back(0);
  CHECK(!decode<Nested>(deeper).ok());
  CHECK(!decode<Nested>(Bytes(100'000, 1)).ok());
}

TEST_CASE("a bad client frame says whose fault it is") {
  CHECK(fault_of({}).request == 0);
  CHECK(fault_of({1}).request == 0);
  CHECK(fault_of({2, 1, 7, 3}).request == 0);                  // another version
  CHECK(fault_of({1, 9, 7, 3}).request == 0);                  // no such type
  CHECK(fault_of({1, 2, 7, 1}).request == 0);                  // what only servers send
  CHECK(fault_of({1, 1, 0, 3}).request == 0);                  // request 0
  CHECK(fault_of({1, 6, 7, 3}).request == 0);                  // a ping with a payload
  CHECK(fault_of({1, 1, 7}).request == 7);                     // no kind
  CHECK(fault_of({1, 1, 7, 99}).request == 7);                 // no such command
  CHECK(fault_of({1, 1, 7, 99}).error.code == ErrorCode::kUnknownCommand);
  CHECK(fault_of({1, 1, 7, 3, 0}).request == 7);               // trailing bytes
  CHECK(fault_of({1, 1, 7, 5, 1}).request == 7);               // a cut payload
  CHECK(fault_of({1, 1, 7, 5, 1}).error.code == ErrorCode::kMalformed);
}

TEST_CASE("a client skips what only newer servers say") {
  for (const Bytes& bytes : {Bytes{1, 2, 7, 99, 1, 2, 3}, Bytes{1, 5, 0, 99, 1}, Bytes{1, 77, 7}}) {
    const auto frame = decode_server_frame(bytes);
    REQUIRE(frame.ok());
    CHECK(std::holds_alternative<UnknownFrame>(*frame));
  }
  CHECK(!decode_server_frame(Bytes{1, 2, 7}).ok());
  CHECK(!decode_server_frame(Bytes{1, 1, 7, 3}).ok());
  CHECK(!decode_server_frame(Bytes{2, 2, 7, 1}).ok());
}

TEST_CASE("hostile JSON is bounded, too") {
  const auto check = [](const std::string& text) {
    INFO(text.substr(0, 60));
    const std::size_t cost = cost_of([&] {
      CHECK(std::holds_alternative<JsonFault>(command_from_json(text, ClientId{})));
    });
    CHECK(cost <= 256 * text.size() + 16'384);
  };
  const std::size_t size = kMaxFrameBytes;
  check(std::string(size, '['));
  check(std::string(size, '{'));
  check(std::string(size, '"'));
  check(std::string(size, '1'));
  check(std::string(size, '\0'));
  std::string objects, members = "{", values = "[0";
  while (objects.size() + 8 < size) objects += R"({"a":)";
  for (int i = 0; members.size() + 20 < size; ++i) {
    members += "\"" + std::to_string(i) + "\":0,";
  }
  while (values.size() + 2 < size) values += ",0";
  check(objects);
  check(members + "\"z\":0}");
  check(values + "]");
  check(std::string(size + 1, ' '));
  check("{}" + std::string(1, '\0') + "{}");
}

}  // namespace
}  // namespace parley::test
