// A new device that is linked from an old one with a code, and what can go wrong meanwhile.
#include "client/e2ee/records.hpp"
#include "shared/identity/link_emoji.hpp"
#include "tests/e2ee/world.hpp"

using namespace parley;
using namespace parley::testing;
using e2ee::LinkProblem;
using e2ee::LinkStep;

namespace {

LinkStep step(const Device& device) {
  REQUIRE(device.engine->link() != nullptr);
  return device.engine->link()->step;
}
LinkProblem problem(const Device& device) {
  REQUIRE(device.engine->link() != nullptr);
  const e2ee::LinkStatus& status = *device.engine->link();
  CHECK((status.step == LinkStep::kFailed) == (status.problem != LinkProblem::kNone));
  CHECK((status.step == LinkStep::kFailed) == status.sentence.ends_with('.'));
  return status.problem;
}
bool has_account(Device& device) { return device.disk().contains("e2ee/account"); }

// Ada, who has written with Ben, shows a code to her phone.
struct Home {
  Home() {
    room = *ada.engine->start_direct(ada.now(), ben.user());
    world.run(seconds(5));
    ada.say(room, "before");
    world.run(seconds(1));
    ben.say(room, "also before");
    world.run(seconds(1));
  }
  std::string show_code() {
    const auto shown = ada.engine->start_link(ada.now());
    REQUIRE(shown.ok());
    world.settle();
    return *shown;
  }
  Device& bring_phone() {
    code = show_code();
    Device& device = world.arrive("Ada's phone", code);
    REQUIRE(device.engine->account() == e2ee::AccountState::kLocked);
    return device;
  }
  void begin(Device& phone) {
    const auto begun = phone.engine->begin_link(phone.now(), code);
    INFO((begun.ok() ? "" : error_info(begun.error().code).name));
    REQUIRE(begun.ok());
    world.run(seconds(1));
  }
  void confirm(bool same) {
    ada.engine->confirm_link(ada.now(), same);
    world.run(seconds(5));
  }
  // Once more, after whatever happened.
  void link_again(Device& phone) {
    code = show_code();
    begin(phone);
    REQUIRE(step(ada) == LinkStep::kCompareEmoji);
    confirm(true);
    check_linked(phone);
  }
  void check_linked(Device& phone) {
    world.run(seconds(5));
    REQUIRE(phone.ready());
    CHECK(step(phone) == LinkStep::kDone);
    phone.say(room, "from the phone");
    world.run(seconds(5));
    CHECK(phone.read(room) == std::vector<std::string>{"before", "also before", "from the phone"});
    CHECK(ben.read(room) == phone.read(room));
    CHECK(ben.alerts.empty());
    CHECK(phone.alerts.empty());
  }
  // As the server has it.
  identity::DeviceList list() {
    const auto answer = reader.ask<wire::Identities>(wire::GetIdentities{{ada.user()}});
    return *identity::DeviceList::decode(answer.identities.at(0).list);
  }
  bool signs_in(const std::string& with) {
    world.run(minutes(1));  // tries are counted
    Device& device = world.arrive("somebody's", with);
    const bool in = !device.refused;
    if (!in) CHECK(*device.refused == ErrorCode::kTokenInvalid);
    device.disconnect();
    return in;
  }
  World world;
  Device& ada = world.add("Ada");
  Device& ben = world.add("Ben");
  Person reader{world.server, "Eve"};
  RoomId room;
  std::string code;
};

// Changes the handshake's messages of a type that a device is about to be given.
auto change_link(std::uint8_t type, std::function<void(Bytes& body)> change) {
  return [=](wire::Notice& notice) {
    auto* inbox = std::get_if<wire::InboxNotice>(&notice);
    if (inbox == nullptr) return;
    for (wire::InboxItem& item : inbox->items) {
      constexpr std::size_t kType = 8 + 32 + 1;
      if (item.kind == e2ee::kLinkItem && item.body.at(kType) == type) change(item.body);
    }
  };
}

}  // namespace

TEST_CASE("a link code is read as people type it", "[e2ee][link]") {
  SeededRng rng(1);
  const std::string code = e2ee::make_link_code(rng);
  REQUIRE(code.size() == 14);
  CHECK(code[4] == '-');
  CHECK(code[9] == '-');
  CHECK(code != e2ee::make_link_code(rng));

  // These bytes are part of the protocol.
  const auto keys = e2ee::derive_link_keys("K7QM-4WZX-PD9T");
  REQUIRE(keys.ok());
  CHECK(to_hex(keys->sign_in_token.expose()) ==
        "09f46da1dd7d989b55f96ed04225baf1595615cfb9cc7aae542c263bd6bcfb19");
  CHECK(to_hex(keys->message_key.expose()) ==
        "f1f5b366f3affcd7c64d413d67d8af5ee0ce63d95034c4f82f1e9393e71d5477");
  for (const char* typed : {"k7qm4wzxpd9t", " K7QM 4WZX\tPD9T\n", "k7-qm.4w_zx pd9t",
                            "https://chat.example/#link=K7QM4WZXPD9T"}) {
    INFO(typed);
    const auto token = e2ee::link_sign_in_token(typed);
    REQUIRE(token.ok());
    CHECK(std::ranges::equal(token->expose(), keys->sign_in_token.expose()));
  }
  CHECK(e2ee::link_url_fragment("K7QM-4WZX-PD9T") == "link=K7QM4WZXPD9T");

  const auto refusal = [](std::string_view typed) {
    const auto token = e2ee::link_sign_in_token(typed);
    REQUIRE_FALSE(token.ok());
    CHECK(token.error().code == ErrorCode::kInvalidArgument);
    return token.error().detail;
  };
  CHECK(refusal("") == "A link code has 12 letters and digits. This one has 0.");
  CHECK(refusal("K7QM-4WZX-PD9") == "A link code has 12 letters and digits. This one has 11.");
  CHECK(refusal("K7QM-4WZX-PD9TT") == "A link code has 12 letters and digits. This one has 13.");
  for (const char* typed : {"K7QM-4WZX-PD90", "K7QM-4WZX-PD9O", "l7QM-4WZX-PD9T", "K7QM/4WZX/PD9T",
                            "K7QM-4WZX-PD9\xc3\x84"}) {
    CHECK(refusal(typed) == "A link code has letters and digits only, and no 0, O, 1, I or L.");
  }
  CHECK(refusal(std::string(600, 'A')) == "That is longer than a link code.");
}

TEST_CASE("the emoji of a link are 64 different ones", "[e2ee][link]") {
  std::set<std::string_view> pictures, names;
  for (const identity::LinkEmoji& emoji : identity::kLinkEmojiTable) {
    CHECK(emoji.picture.size() >= 3);
    CHECK(emoji.name.size() >= 3);
    pictures.insert(emoji.picture);
    names.insert(emoji.name);
  }
  CHECK(pictures.size() == 64);
  CHECK(names.size() == 64);
}

TEST_CASE("a device linked with a code reads what was before, and writes", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  CHECK(home.ada.engine->link()->code == home.code);
  CHECK(step(home.ada) == LinkStep::kWaitingForDevice);
  CHECK(home.ada.engine->link()->expires == home.ada.now().wall + minutes(10));

  std::string typed = home.code;
  for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(std::tolower(c));
  REQUIRE(phone.engine->begin_link(phone.now(), typed).ok());
  CHECK(step(phone) == LinkStep::kWaitingForDevice);
  home.world.run(seconds(1));
  CHECK(step(home.ada) == LinkStep::kCompareEmoji);
  CHECK(step(phone) == LinkStep::kWaitingForConfirmation);
  CHECK(home.ada.engine->link()->emoji == phone.engine->link()->emoji);
  CHECK(phone.engine->link()->emoji != identity::EmojiCode{});

  // Nothing is given before the person has compared.
  home.world.run(minutes(5));
  CHECK(home.list().devices.size() == 1);
  CHECK_FALSE(has_account(phone));

  home.confirm(true);
  CHECK(step(home.ada) == LinkStep::kDone);
  CHECK(home.ada.engine->link()->code.empty());
  home.check_linked(phone);
  CHECK(home.list().devices.size() == 2);
  CHECK_FALSE(phone.disk().contains("e2ee/link"));
  CHECK_FALSE(home.ada.disk().contains("e2ee/link"));
  // It is a device like any other.
  phone.restart();
  phone.connect();
  home.world.run(seconds(5));
  CHECK(phone.ready());
  phone.say(home.room, "still here");
  home.world.run(seconds(5));
  CHECK(home.ben.read(home.room).back() == "still here");
  CHECK(phone.engine->begin_link(phone.now(), home.code).error().code ==
        ErrorCode::kInvalidArgument);
}

TEST_CASE("when the emoji differ nothing is linked, and the device is sent away", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  home.begin(phone);
  SECTION("says the old device") { home.ada.engine->confirm_link(home.ada.now(), false); }
  SECTION("says the new device") { phone.engine->confirm_link(phone.now(), false); }
  home.world.run(seconds(5));
  CHECK(problem(home.ada) == LinkProblem::kRefused);
  CHECK(problem(phone) == LinkProblem::kRefused);
  CHECK_FALSE(has_account(phone));
  CHECK_FALSE(phone.connected());
  CHECK(home.list().version == 1);
  CHECK(home.ada.ready());
  home.ada.engine->confirm_link(home.ada.now(), true);  // too late to think again
  home.world.run(seconds(5));
  CHECK(home.list().version == 1);
}

TEST_CASE("a link that nobody finishes ends with a cause", "[e2ee][link]") {
  Home home;
  SECTION("no device came") {
    home.code = home.show_code();
    home.world.run(minutes(10));
    CHECK(problem(home.ada) == LinkProblem::kExpired);
    CHECK_FALSE(home.signs_in(home.code));
  }
  SECTION("no device came before the old one started again") {
    home.code = home.show_code();
    home.ada.restart();
    home.ada.connect();
    home.world.run(seconds(1));
    CHECK(problem(home.ada) == LinkProblem::kRestarted);
    CHECK_FALSE(home.signs_in(home.code));
  }
  SECTION("the emoji were never compared") {
    Device& phone = home.bring_phone();
    home.begin(phone);
    home.world.run(minutes(10));
    CHECK(problem(home.ada) == LinkProblem::kExpired);
    CHECK(problem(phone) == LinkProblem::kExpired);
    home.confirm(true);
    CHECK_FALSE(has_account(phone));
    home.link_again(phone);  // it is signed in, and needs a new code only
  }
  SECTION("the old device is gone, and time passes without a connection too") {
    Device& phone = home.bring_phone();
    home.ada.disconnect();
    home.begin(phone);
    phone.disconnect();
    home.world.run(minutes(10));
    CHECK(problem(phone) == LinkProblem::kExpired);
    CHECK(problem(home.ada) == LinkProblem::kExpired);
  }
  SECTION("the old device cancels") {
    Device& phone = home.bring_phone();
    home.begin(phone);
    home.ada.engine->cancel_link(home.ada.now());
    home.world.run(seconds(5));
    CHECK(problem(home.ada) == LinkProblem::kCancelled);
    CHECK(problem(phone) == LinkProblem::kCancelled);
    home.ada.engine->cancel_link(home.ada.now());
    CHECK(home.ada.engine->link() == nullptr);
  }
  SECTION("the new device cancels") {
    Device& phone = home.bring_phone();
    home.begin(phone);
    phone.engine->cancel_link(phone.now());
    home.world.run(seconds(5));
    CHECK(problem(home.ada) == LinkProblem::kCancelled);
    CHECK(problem(phone) == LinkProblem::kCancelled);
    home.link_again(phone);
  }
  SECTION("a code that was cancelled or replaced signs nobody in") {
    const std::string first = home.show_code();
    const std::string second = home.show_code();
    CHECK(first != second);
    CHECK_FALSE(home.signs_in(first));
    home.ada.engine->cancel_link(home.ada.now());
    home.world.settle();
    CHECK_FALSE(home.signs_in(second));
    // Also while the server is just being told of it.
    const auto third = home.ada.engine->start_link(home.ada.now());
    REQUIRE(third.ok());
    while (home.ada.pump()) {
    }
    home.ada.engine->cancel_link(home.ada.now());
    home.world.settle();
    CHECK_FALSE(home.signs_in(*third));
  }
}

TEST_CASE("a code is for one new device", "[e2ee][link]") {
  Home home;
  Device& tablet = home.bring_phone();  // is signed in, with the code before
  Device& phone = home.bring_phone();
  CHECK_FALSE(home.signs_in(home.code));
  home.begin(phone);
  home.begin(tablet);
  CHECK(problem(tablet) == LinkProblem::kCodeUsed);
  // Nor does it speak for the phone.
  wire::SendToDevices refusal;
  refusal.devices = {{home.ada.user(), home.ada.device()}};
  refusal.kind = e2ee::kLinkItem;
  refusal.body = e2ee::LinkChannel(*e2ee::derive_link_keys(home.code)).mark(Bytes{1, 5, 3});
  tablet.request(refusal);
  home.world.run(seconds(1));
  CHECK(step(home.ada) == LinkStep::kCompareEmoji);
  CHECK(step(phone) == LinkStep::kWaitingForConfirmation);
  SECTION("which goes on") {
    home.confirm(true);
    home.check_linked(phone);
    CHECK_FALSE(has_account(tablet));
  }
  SECTION("and once") {
    home.begin(phone);
    CHECK(problem(home.ada) == LinkProblem::kStartedAgain);
    home.link_again(phone);
  }
}

TEST_CASE("a server between the devices is found out", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  const auto flip = [](Bytes& body) { body.back() ^= 1; };
  SECTION("it changes the offer") { home.ada.change_notice = change_link(1, flip); }
  SECTION("it changes the answer") { phone.change_notice = change_link(2, flip); }
  SECTION("it changes the reveal") { home.ada.change_notice = change_link(3, flip); }
  SECTION("it changes the keys") { phone.change_notice = change_link(4, flip); }
  home.begin(phone);
  home.confirm(true);
  CHECK(problem(phone) == LinkProblem::kTampered);
  CHECK(problem(home.ada) == LinkProblem::kTampered);
  CHECK_FALSE(has_account(phone));
  home.world.run(minutes(1));
  CHECK(home.list().find(phone.device()) == nullptr);
  home.ada.change_notice = phone.change_notice = nullptr;
  home.link_again(phone);
}

TEST_CASE("who knows the code and stands between shows other emoji", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  SeededRng rng(99);
  const e2ee::LinkChannel channel(*e2ee::derive_link_keys(home.code));
  const auto signing = crypto::SigningKey::generate(rng);
  const auto keys = crypto::KemKeyPair::generate(rng);
  identity::NewDevice to_ada(rng, identity::LinkMode::kEmoji,
                             {phone.device(), signing.public_key(), keys.public_key});
  std::optional<identity::OldDevice> to_phone;
  Bytes reveal;
  const auto message = [&](const Bytes& body) {
    ByteView inside;
    REQUIRE(channel.read(body, inside) == e2ee::LinkChannel::Reading::kTrue);
    return to_bytes(inside);
  };
  home.ada.change_notice = [&](wire::Notice& notice) {
    change_link(1, [&](Bytes& body) {
      to_phone = *identity::OldDevice::read_offer(rng, identity::LinkMode::kEmoji, message(body));
      body = channel.mark(to_ada.offer());
    })(notice);
    change_link(3, [&](Bytes& body) {
      REQUIRE(to_phone->handle_reveal(message(body)).ok());
      body = channel.mark(reveal);
    })(notice);
  };
  phone.change_notice = change_link(2, [&](Bytes& body) {
    reveal = *to_ada.handle_answer(message(body));
    body = channel.mark(to_phone->answer());
  });
  home.begin(phone);
  CHECK(step(home.ada) == LinkStep::kCompareEmoji);
  CHECK(step(phone) == LinkStep::kWaitingForConfirmation);
  CHECK(home.ada.engine->link()->emoji != phone.engine->link()->emoji);
  home.confirm(false);
  CHECK(problem(home.ada) == LinkProblem::kRefused);
  CHECK(problem(phone) == LinkProblem::kRefused);
  CHECK(home.list().version == 1);
}

TEST_CASE("only the device that shows the code answers", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  home.link_again(phone);
  Device& tablet = home.bring_phone();
  REQUIRE(phone.engine->start_link(phone.now()).ok());  // with a code of its own
  home.begin(tablet);
  CHECK(step(home.ada) == LinkStep::kCompareEmoji);
  CHECK(step(phone) == LinkStep::kWaitingForDevice);
}

TEST_CASE("a full account takes no more devices", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  home.begin(phone);
  const auto own = e2ee::unpack<e2ee::AccountRecord>(home.ada.disk().at("e2ee/account"));
  REQUIRE(own.has_value());
  SeededRng rng(5);
  identity::ListChange change;
  for (std::size_t i = 1; i < identity::kMaxDevices; ++i) {
    change.added.push_back({DeviceId::make(home.ada.now().wall, rng),
                            crypto::SigningKey::generate(rng).public_key(),
                            crypto::KemKeyPair::generate(rng).public_key, home.ada.now().wall});
  }
  const auto full =
      identity::make_next(crypto::SigningKey::from_seed(own->account_seed), home.list(), change);
  REQUIRE(full.ok());
  home.ada.request(wire::PutDeviceList{full->version, full->encode()});
  home.world.settle();
  home.confirm(true);
  CHECK(problem(home.ada) == LinkProblem::kTooManyDevices);
  CHECK(problem(phone) == LinkProblem::kTooManyDevices);
  CHECK(home.list().devices.size() == identity::kMaxDevices);
  CHECK_FALSE(has_account(phone));
}

TEST_CASE("an old device says so when it does not know how a link ended", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  home.begin(phone);
  home.ada.change_notice = change_link(6, [](Bytes& body) { body[0] ^= 1; });
  home.confirm(true);
  CHECK(step(home.ada) == LinkStep::kFinishing);
  home.world.run(minutes(10));
  CHECK(problem(home.ada) == LinkProblem::kNoWord);
  home.check_linked(phone);
}

TEST_CASE("lost connections delay a link and do not end it", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  const auto away = [&](Device& device) {
    device.disconnect();
    home.world.run(minutes(1));
    device.connect();
    home.world.run(seconds(5));
  };
  SECTION("of the old device, before the new one begins") {
    home.ada.disconnect();
    home.begin(phone);
    CHECK(step(phone) == LinkStep::kWaitingForDevice);
    home.ada.connect();
    home.world.run(seconds(5));
    CHECK(step(home.ada) == LinkStep::kCompareEmoji);
  }
  SECTION("of the old device, while the emoji are compared") {
    home.begin(phone);
    away(home.ada);
  }
  SECTION("of the new device, while the emoji are compared") {
    home.begin(phone);
    away(phone);
  }
  SECTION("of the old device, when its person confirms") {
    home.begin(phone);
    home.ada.disconnect();
    home.confirm(true);
    CHECK(step(home.ada) == LinkStep::kFinishing);
    CHECK(step(phone) == LinkStep::kWaitingForConfirmation);
    home.ada.connect();
    home.world.run(seconds(5));
  }
  home.confirm(true);
  CHECK(step(home.ada) == LinkStep::kDone);
  home.check_linked(phone);
}

TEST_CASE("a link survives the loss of its connections at any point", "[e2ee][link]") {
  for (int turns = 0; turns < 14; ++turns) {
    INFO("after " << turns);
    Home home;
    Device& phone = home.bring_phone();
    REQUIRE(phone.engine->begin_link(phone.now(), home.code).ok());
    const auto drop = [&] {
      for (int i = 0; i < turns; ++i) {
        home.world.server.settle();
        home.ada.pump();
        phone.pump();
      }
      for (Device* device : {&home.ada, &phone}) {
        device->disconnect();
        device->connect();
      }
      home.world.run(seconds(10));
    };
    drop();
    REQUIRE(step(home.ada) == LinkStep::kCompareEmoji);
    home.ada.engine->confirm_link(home.ada.now(), true);
    drop();
    CHECK(step(home.ada) == LinkStep::kDone);
    home.check_linked(phone);
  }
}

TEST_CASE("a restart at any point ends a link, which can be begun again", "[e2ee][link]") {
  const bool of_old = GENERATE(true, false);
  const bool confirmed = GENERATE(false, true);
  int cut_short = 0, told = 0, linked = 0;
  for (int turns = 0; turns < 14; ++turns) {
    INFO("after " << turns << (of_old ? ", the old one" : ", the new one"));
    Home home;
    Device& phone = home.bring_phone();
    REQUIRE(phone.engine->begin_link(phone.now(), home.code).ok());
    if (confirmed) {
      home.world.run(seconds(1));
      home.ada.engine->confirm_link(home.ada.now(), true);
    }
    for (int i = 0; i < turns; ++i) {
      home.world.server.settle();
      home.ada.pump();
      phone.pump();
    }
    Device& device = of_old ? home.ada : phone;
    const bool is_open = device.disk().contains("e2ee/link");
    const bool had_keys = has_account(phone);
    device.restart();
    device.connect();
    home.world.run(seconds(10));
    CHECK(home.ada.ready());
    if (phone.ready()) {  // the keys had arrived, or were on their way
      ++linked;
      home.check_linked(phone);
      continue;
    }
    CHECK_FALSE(had_keys);
    CHECK_FALSE(has_account(phone));
    CHECK(phone.engine->account() == e2ee::AccountState::kLocked);
    if (is_open) {
      ++cut_short;
      CHECK(problem(device) == LinkProblem::kRestarted);
      // The other one learns of it, unless the two had not met.
      const Device& other = of_old ? phone : home.ada;
      told += step(other) == LinkStep::kFailed ? 1 : 0;
      CHECK((step(other) == LinkStep::kFailed || step(other) == LinkStep::kWaitingForDevice));
      if (step(other) == LinkStep::kFailed) CHECK(problem(other) == LinkProblem::kRestarted);
    }
    home.link_again(phone);
    CHECK(home.list().devices.size() == 2);
  }
  CHECK(cut_short > 0);
  CHECK(told > 0);
  CHECK((linked > 0) == confirmed);
}

TEST_CASE("a device that was listed before it had keys is taken from the list", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  home.begin(phone);
  home.ada.engine->confirm_link(home.ada.now(), true);
  bool is_put = false;
  while (!is_put) {  // and nothing after it
    home.world.server.settle();
    is_put = home.list().version == 2;
    if (!is_put) home.ada.pump();
  }
  CHECK(home.list().find(phone.device()) != nullptr);
  SECTION("after a restart") {
    home.ada.restart();
    home.ada.connect();
    home.world.run(seconds(5));
    CHECK(problem(home.ada) == LinkProblem::kRestarted);
  }
  SECTION("when it is cancelled") {
    home.ada.engine->cancel_link(home.ada.now());
    home.world.run(seconds(5));
    CHECK(problem(phone) == LinkProblem::kCancelled);
  }
  CHECK(home.list().version == 3);
  CHECK(home.list().find(phone.device()) == nullptr);
  CHECK_FALSE(has_account(phone));
  CHECK(home.ada.ready());
}

TEST_CASE("a code that no device shows is said to be unanswered", "[e2ee][link]") {
  Home home;
  Device& phone = home.bring_phone();
  SeededRng rng(7);
  REQUIRE(phone.engine->begin_link(phone.now(), e2ee::make_link_code(rng)).ok());
  home.world.run(seconds(10));
  CHECK_FALSE(phone.engine->link()->unanswered);
  home.world.run(seconds(10));
  CHECK(step(phone) == LinkStep::kWaitingForDevice);
  CHECK(phone.engine->link()->unanswered);
  CHECK(step(home.ada) == LinkStep::kWaitingForDevice);
  home.begin(phone);  // as it is shown there
  CHECK_FALSE(phone.engine->link()->unanswered);
  home.confirm(true);
  home.check_linked(phone);
}
