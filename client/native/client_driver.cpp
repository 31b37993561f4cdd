#include "client/native/client_driver.hpp"

namespace parley::native {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

void ClientDriver::pump(Now now) {
  while (auto event = transport_.poll()) {
    deliver(now, std::move(*event));
    while (auto effect = client_.poll_effect()) perform(now, std::move(*effect));
  }
  const auto deadline = client_.poll_deadline();
  if (deadline && *deadline <= now.mono) client_.handle_timeout(now);
  while (auto effect = client_.poll_effect()) perform(now, std::move(*effect));
}

void ClientDriver::deliver(Now now, WsTransport::Event event) {
  std::visit(
      Overloaded{
          [&](const WsTransport::Opened& e) { client_.handle_transport_open(now, e.attempt); },
          [&](const WsTransport::Received& e) {
            client_.handle_transport_bytes(now, e.attempt, e.bytes);
          },
          [&](WsTransport::Closed& e) {
            client_.handle_transport_closed(now, e.attempt, e.close_code, std::move(e.reason));
          }},
      event);
}

void ClientDriver::perform(Now now, client::Effect effect) {
  std::visit(
      Overloaded{[&](const client::OpenTransport& e) { transport_.open(e.attempt, e.url); },
                 [&](client::SendBytes& e) { transport_.send(e.attempt, std::move(e.bytes)); },
                 [&](const client::CloseTransport& e) { transport_.close(e.attempt); },
                 [&](const client::WriteStore& e) {
                   client_.handle_stored(now, e.batch, store_.write(e.entries));
                 },
                 [&](const client::ReadStore& e) {
                   auto entries = store_.read(e.prefix);
                   client_.handle_loaded(
                       now, e.prefix,
                       entries ? std::move(*entries) : std::vector<client::WriteStore::Entry>{});
                 },
                 [&](const client::ClearStore&) { (void)store_.clear().ok(); },
                 [&](const client::Notify& e) {
                   if (on_notify) on_notify(e);
                 },
                 [](const client::CommandDone&) {}, [](const client::EventArrived&) {},
                 [](const client::NoteAdded&) {}},
      effect);
}

}  // namespace parley::native
