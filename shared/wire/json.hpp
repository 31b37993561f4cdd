// JSON archives over the same field declarations as the binary ones.
//
// Ids are UUID strings, sequence numbers plain numbers, moments ISO 8601 in UTC with milliseconds,
// byte strings base64url, enums their lower-case names (numbers when newer than this build). Missing
// fields keep their defaults, unknown fields are ignored; a field of the wrong type is an error that
// names it. Input is bounded by kMaxFrameBytes, kMaxDepth and the same caps as the binary form.
#pragma once

#include <memory>

#include "shared/wire/frame.hpp"

namespace parley::wire {

// A command of the JSON protocol and the "id" its sender gave it, echoed in the answer.
struct JsonCommand {
  std::string id;  // the JSON text of the member, "" when there was none
  Command command;
};

// One text message from a client. The user-made events have commands of their own here:
// send_message, edit_message, delete_message and react become Post. `fresh_client_id` serves
// senders that name none.
struct JsonFault {
  Error error;
  std::string id;
};
std::variant<JsonCommand, JsonFault> command_from_json(std::string_view text,
                                                       ClientId fresh_client_id);

// {"type": name, "id": ..., fields...}. Each gives one line of JSON without a newline.
std::string to_json(const Response& response, std::string_view id);
std::string to_json(const ErrorReply& error, std::string_view id);
std::string to_json(RoomId room, const Event& event);  // type is the event kind's name
std::string to_json(const Notice& notice);
std::string to_json(const Goodbye& goodbye);

}  // namespace parley::wire
