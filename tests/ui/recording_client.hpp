// The core's commands written down instead of carried out: for tests of what a click asks for.
// Linked in place of the core's Client, of which the interface is all that calls it here.
#pragma once

#include "tests/ui/harness.hpp"

namespace parley::test {

class RecordingCore final : public ui::Core {
 public:
  RecordingCore();
  ~RecordingCore() override;
  const client::AppView& view() override { return app; }
  void perform(Now now, const ui::Command& command) override { command(*client_, now); }

  // True when this was asked for, words and ids as in recording_client.cpp; all is forgotten then.
  bool asked(const std::string& command);
  std::string all() const;  // for a test's message

  client::AppView app;

 private:
  std::unique_ptr<client::Client> client_;
};

}  // namespace parley::test
