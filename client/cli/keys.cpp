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
  std::ignore = driver.wait_for(
      [&] { return driver.view().identity && driver.view().identity->name != "Someone"; });
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
                   "this code does not prove them: " + driver.view().toasts.back().text, {}};
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
