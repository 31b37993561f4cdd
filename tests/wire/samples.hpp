// One sample of every struct of the protocol, as frames and as JSON lines, by name. They feed the
// golden file and the fuzz corpora (see samples_main.cpp).
#pragma once

#include <string>
#include <vector>

#include "shared/base/bytes.hpp"

namespace parley::test {

enum class SampleForm { kClientFrame, kServerFrame, kEventBody };

struct Sample {
  SampleForm form;
  std::string name;          // "command.post", "event.message", ...
  std::uint16_t event_kind;  // of a kEventBody
  Bytes bytes;
};

std::vector<Sample> make_samples();

// What the bytes of a sample say, as one line of JSON; "" if they cannot be read.
std::string sample_as_json(const Sample& sample);

// Decodes and encodes again; empty if the bytes cannot be read.
Bytes sample_recoded(const Sample& sample);

// Texts a JSON client may send, good and bad.
std::vector<std::string> json_command_samples();

}  // namespace parley::test
