// What is said to people: what happened, what it means for them, what to do.
#pragma once

#include <string>

#include "client/core/timeline_view.hpp"
#include "shared/identity/safety_number.hpp"

namespace parley::client {

std::string words_for(const Error& error);
// Under a message that was not sent.
std::string words_for_failed_message(ErrorCode code);
// Why there is no connection, as the end of a sentence: "the server did not answer".
std::string words_for_loss(const Error& error);

// ---- private rooms ----
std::string words_for_protection(Protection protection);
std::string words_for_span(std::uint32_t seconds);  // "1 day", "4 weeks", "90 minutes"
std::string words_for_keys(AccountKeys state);
std::string words_for_identity(IdentityState state, const std::string& name);
std::string words_for_changed_identity(const std::string& name);
std::string words_for_own_new_keys();
std::string words_for_replaced_keys();  // on a device that is no part of the account any more
std::string words_for_alert(e2ee::AlertKind kind, const std::string& name);
// Where something in a member's name was not taken. `fault`: one that is_refused.
std::string words_for_refused(e2ee::OpenFault fault, const std::string& name);
// Where messages are missing; an empty name: of one's own other device.
std::string words_for_missed(std::uint64_t count, const std::string& name);
std::string words_for_moved(const std::string& name);
std::string words_for_downgrade();
std::string words_for_unknown_recovery();  // the server knows no account with these words
std::string words_for_unknown_link();      // ... or with this link code
// Before an account whose session has ended gives way: to a new guest, or to whatever account it
// is.
std::string words_for_erasing(const std::string& name);
std::string words_for_replacing(const std::string& name);
std::string words_for_recovery_fault(const identity::RecoveryFault& fault);
std::string words_for_safety_check(identity::SafetyCheck check);

}  // namespace parley::client
