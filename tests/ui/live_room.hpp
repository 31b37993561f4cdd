// The interface over a real client core whose server is the test.
#pragma once

#include "client/search/message_index.hpp"
#include "tests/client_core/rig.hpp"
#include "tests/ui/harness.hpp"

namespace parley::test {

class RigCore final : public ui::Core {
 public:
  const client::AppView& view() override { return rig.view(); }
  void perform(Now, const ui::Command& command) override {
    rig.call([&](client::Client& c) { command(c, rig.now); });
  }
  client::Rig rig{{}, {.search_index = [] { return search::MessageIndex::make(); }}};
};

// Signed in as Ada; room 1 has `head` messages "text N." by Grace, the newest `held` are here.
class LiveRoom {
 public:
  explicit LiveRoom(std::uint64_t head, std::uint64_t held = 50, bool more_members = false)
      : rig(core.rig), h(1280, 800, 1, &core) {
    rig.call([&](client::Client& c) { c.sign_in_guest(rig.now, "Ada"); });
    rig.open_transport();
    auto hello = rig.welcome();
    hello.rooms = {client::Rig::summary(1, head, head)};
    rig.reply<wire::Authenticate>(hello);
    rig.call([&](client::Client& c) { c.open_room(rig.now, client::room_id(1)); });
    page(head - held + 1, head);
    wire::MemberPage members;
    members.room_id = client::room_id(1);
    members.members = {{{client::user_id(1), "Ada", true}, wire::Role::kMember, {}, {}},
                       {{client::user_id(2), "Grace", true}, wire::Role::kMember, {}, {}},
                       {{client::user_id(3), "Grace Hopper", true}, wire::Role::kOwner, {}, {}}};
    members.more = more_members;
    rig.reply<wire::ListMembers>(members);
    rig.sent.clear();
    h.settle();
  }

  void page(std::uint64_t first, std::uint64_t last) {
    std::vector<wire::Event> events;
    for (std::uint64_t seq = first; seq <= last; ++seq) {
      wire::Message message;
      message.content = "text " + std::to_string(seq) + ".";
      // One in ten answers a message from long ago.
      if (seq % 10 == 0 && seq > 500) message.reply_to = {seq - 500};
      events.push_back(rig.event(seq, 2, message));
    }
    rig.page(1, std::move(events), first == 1);
    h.settle();
  }
  // The place of a message on the screen; nothing when it cannot be seen.
  std::optional<float> place(std::uint64_t seq) const {
    const auto* row = h.find(ui::SemanticRole::kArticle, "text " + std::to_string(seq) + ".");
    if (!row || row->rect.h < 4) return std::nullopt;
    return row->rect.y;
  }
  std::string path() const { return "/r/" + client::room_id(1).to_string(); }

  RigCore core;
  client::Rig& rig;
  Harness h;
};

}  // namespace parley::test
