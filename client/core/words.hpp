// What is said to people: what happened, what it means for them, what to do.
#pragma once

#include <string>

#include "client/core/timeline_view.hpp"

namespace parley::client {

std::string words_for(const Error& error);
// Under a message that was not sent.
std::string words_for_failed_message(ErrorCode code);
// Why there is no connection, as the end of a sentence: "the server did not answer".
std::string words_for_loss(const Error& error);

}  // namespace parley::client
