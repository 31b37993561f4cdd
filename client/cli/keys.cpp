// recovery-words and verify: the account's keys, and who others are.
#include <nlohmann/json.hpp>

#include "client/cli/commands.hpp"

namespace parley::cli {
namespace {

const char* word_for(client::IdentityState state) {
  switch (state) {
    case client::IdentityState::kUnknown:
      return "unknown";
    case client::IdentityState::kNew:
      return "not_verified";
    case client::IdentityState::kVerified:
      return "verified";
    case client::IdentityState::kChanged:
      return "changed";
  }
  return "unknown";
}

void show(const Printer& printer, const client::IdentityView& identity) {
  if (printer.json()) {
    const nlohmann::json object = {{"user_id", identity.user.to_string()},
                                   {"name", identity.name},
                                   {"state", word_for(identity.state)},
                                   {"safety_number", identity.safety_number},
                                   {"link", identity.url}};
    printer.line(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  constexpr std::size_t kRow = 24;  // four groups of five
  for (std::size_t at = 0; at < identity.safety_number.size(); at += kRow) {
    printer.line(identity.safety_number.substr(at, kRow - 1));
  }
  printer.note(printable(identity.text));
}

// The same seven on both devices.
void show_signs(const Printer& printer, const client::LinkView& link) {
  nlohmann::json names = nlohmann::json::array();
  std::string line;
  for (const client::LinkEmojiView& sign : link.emoji) {
    names.push_back(sign.name);
    line += (line.empty() ? "" : "  ") + sign.emoji + " " + sign.name;
  }
  printer.line(printer.json() ? nlohmann::json{{"compare", names}}.dump() : line);
}

}  // namespace

Status recovery_words(Context& context) {
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  PARLEY_TRY(driver.wait_keys());
  driver.tell([](client::Client& client, Now at) { client.make_recovery_words(at); });
  const auto saved = [&] {
    return !driver.view().keys.busy && !driver.view().keys.recovery_words.empty();
  };
  PARLEY_TRY(driver.wait_for(saved));
  std::string line;
  for (const std::string& word : driver.view().keys.recovery_words) {
    line += (line.empty() ? "" : " ") + word;
  }
  context.printer.line(context.printer.json() ? nlohmann::json{{"words", line}}.dump() : line);
  context.printer.note(
      "Write them down and keep them safe: who has them has the account. They are not shown "
      "again.");
  driver.tell([](client::Client& client, Now at) { client.hide_recovery_words(at); });
  return {};
}

Status link_device(Context& context) {
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  PARLEY_TRY(driver.wait_keys());
  driver.tell([](client::Client& client, Now at) { client.start_link(at); });
  PARLEY_TRY(driver.wait_link({client::LinkStep::kCode}));
  const client::LinkView& link = driver.view().link;
  context.printer.line(context.printer.json()
                           ? nlohmann::json{{"code", link.code}, {"link", link.url}}.dump()
                           : link.code);
  context.printer.note("For the new device, within ten minutes: parley-cli login --server " +
                       context.store.server_url() + " --code " + link.code);
  PARLEY_TRY(driver.wait_link({client::LinkStep::kCompare}));
  show_signs(context.printer, driver.view().link);
  context.printer.note("Does the new device show the same, in this order? yes or no:");
  const auto over = [&] { return driver.view().link.step != client::LinkStep::kCompare; };
  const auto answer = read_line(driver, over);
  if (answer) {
    const bool same = *answer == "yes" || *answer == "y";
    driver.tell([same](client::Client& client, Now at) { client.confirm_link(at, same); });
  } else if (!over()) {
    driver.leave_link();
    return Error{ErrorCode::kCancelled, "nobody answered", {}};
  }
  PARLEY_TRY(driver.wait_link({client::LinkStep::kDone}));
  context.printer.note("The new device is a part of your account now.");
  return {};
}

Status finish_link(Context& context) {
  Driver& driver = *context.driver;
  const auto done = [&]() -> Status {
    context.printer.note("Waiting for your other device.");
    PARLEY_TRY(driver.wait_link({client::LinkStep::kCompare}));
    show_signs(context.printer, driver.view().link);
    context.printer.note("Compare this with your other device, and answer there.");
    PARLEY_TRY(driver.wait_link({client::LinkStep::kDone}));
    PARLEY_TRY(driver.wait_keys());
    return driver.enter_rooms();
  }();
  if (done) return {};
  std::ignore = driver.sign_out();  // a device without keys is of no use
  return done;
}

Status reset_identity(Context& context, bool sure) {
  if (!sure) {
    return Error{ErrorCode::kInvalidArgument,
                 "this gives your account new keys: what nobody else can give you back stays "
                 "closed, your old devices and recovery words stop working, and everybody in your "
                 "private rooms is told. If that is what you want, add --yes",
                 {}};
  }
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  const Status keyed = driver.wait_keys();
  if (keyed) {
    return Error{ErrorCode::kInvalidArgument,
                 "this device has the keys of your account: nothing is lost",
                 {}};
  }
  if (driver.view().keys.state != client::AccountKeys::kLocked) return keyed;
  driver.tell([](client::Client& client, Now at) { client.start_afresh(at); });
  PARLEY_TRY(driver.wait_keys());
  context.printer.note(
      "Your account has new keys. Make recovery words for them: parley-cli recovery-words");
  return {};
}

Status verify(Context& context, const VerifyArguments& arguments) {
  PARLEY_TRY(context.connect());
  Driver& driver = *context.driver;
  PARLEY_TRY(driver.wait_keys());
  auto user = resolve_user(driver, arguments.user);
  if (!user) return user.error();
  driver.tell([&](client::Client& client, Now at) { client.look_at_identity(at, *user); });
  const auto known = [&] {
    const auto& identity = driver.view().identity;
    return identity && !identity->safety_number.empty();
  };
  if (!driver.wait_for(known)) {
    return Error{ErrorCode::kInvalidArgument, "they have no keys that this device knows of", {}};
  }
  // Whom one verifies is to be read: the name may still be on its way.
  const Status named = driver.wait_for(
      [&] { return driver.view().identity && driver.view().identity->name != "Someone"; });
  if (!named && named.error().code == ErrorCode::kCancelled) return named;
  if (!arguments.scanned.empty()) {
    driver.tell([&](client::Client& client, Now at) {
      client.open_safety_code(at, arguments.scanned);
      // Whoever gives it here has it from the other: there is nobody to ask.
      const auto& identity = client.view().identity;
      const Bytes code = identity ? identity->scanned : Bytes{};
      if (!code.empty()) client.check_safety_code(at, *user, code);
    });
    if (driver.view().identity->state != client::IdentityState::kVerified) {
      return Error{ErrorCode::kInvalidArgument,
                   "this code does not prove them: " + driver.view().toasts.back().text,
                   {}};
    }
  }
  if (arguments.confirm || arguments.accept) {
    driver.tell([&](client::Client& client, Now at) {
      client.accept_identity(at, *user, arguments.confirm);
    });
  }
  show(context.printer, *driver.view().identity);
  return {};
}

}  // namespace parley::cli
