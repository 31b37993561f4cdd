#include "tests/wire/samples.hpp"

#include "shared/wire/json.hpp"
#include "tests/wire/random_values.hpp"

namespace parley::test {
namespace {

using namespace wire;

std::uint64_t seed_of(const std::string& name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return hash;
}

template <class T>
std::string json_of(const T& value) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  if constexpr (requires { T::kName; }) writer.member("type", T::kName);
  writer.members(value);
  writer.end_object();
  return out;
}

std::string json_of(const ClientFrame& frame) {
  const auto* command = std::get_if<CommandFrame>(&frame);
  if (command == nullptr) return R"({"type":"ping or pong"})";
  return std::visit([](const auto& c) { return json_of(c); }, command->command);
}

std::string json_of(const ServerFrame& frame) {
  return std::visit(
      [](const auto& f) -> std::string {
        using T = std::decay_t<decltype(f)>;
        if constexpr (std::same_as<T, ResponseFrame>) return to_json(f.response, "7");
        if constexpr (std::same_as<T, ErrorFrame>) return to_json(f.error, "7");
        if constexpr (std::same_as<T, Notice>) return to_json(f);
        if constexpr (std::same_as<T, Goodbye>) return to_json(f);
        if constexpr (std::same_as<T, EventBatch>) return json_of(f);
        return R"({"type":"ping or pong"})";
      },
      frame);
}

}  // namespace

std::vector<Sample> make_samples() {
  constexpr RequestId kRequest = 300;
  std::vector<Sample> samples;
  const auto client = [&](const std::string& name, const ClientFrame& frame) {
    samples.push_back({SampleForm::kClientFrame, name, 0, encode_frame(frame)});
  };
  const auto server = [&](const std::string& name, const ServerFrame& frame) {
    samples.push_back({SampleForm::kServerFrame, name, 0, encode_frame(frame)});
  };
  for_each_alternative<Command>([&]<class T>() {
    const std::string name = std::string("command.") + T::kName;
    client(name, CommandFrame{kRequest, random_value<T>(seed_of(name), Fill::kTypical)});
  });
  client("client.ping", PingFrame{kRequest});
  client("client.pong", PongFrame{kRequest});
  for_each_alternative<Response>([&]<class T>() {
    const std::string name = std::string("response.") + T::kName;
    server(name, ResponseFrame{kRequest, random_value<T>(seed_of(name), Fill::kTypical)});
  });
  for_each_alternative<Notice>([&]<class T>() {
    const std::string name = std::string("notice.") + T::kName;
    server(name, Notice{random_value<T>(seed_of(name), Fill::kTypical)});
  });
  server("server.error",
         ErrorFrame{kRequest, random_value<ErrorReply>(seed_of("error"), Fill::kTypical)});
  server("server.events", random_value<EventBatch>(seed_of("events"), Fill::kTypical));
  server("server.goodbye", random_value<Goodbye>(seed_of("goodbye"), Fill::kTypical));
  server("server.ping", PingFrame{kRequest});
  server("server.pong", PongFrame{kRequest});
  for_each_alternative<EventBody>([&]<class T>() {
    if constexpr (Declared<T, BinaryWriter>) {
      const std::string name = "event." + std::string(enum_name(T::kKind));
      const Bytes body = encode(random_value<T>(seed_of(name), Fill::kTypical));
      samples.push_back({SampleForm::kEventBody, name, static_cast<std::uint16_t>(T::kKind), body});
    }
  });
  return samples;
}

std::string sample_as_json(const Sample& sample) {
  switch (sample.form) {
    case SampleForm::kClientFrame: {
      const auto frame = decode_client_frame(sample.bytes);
      const auto* good = std::get_if<ClientFrame>(&frame);
      return good == nullptr ? "" : json_of(*good);
    }
    case SampleForm::kServerFrame: {
      const auto frame = decode_server_frame(sample.bytes);
      return frame ? json_of(*frame) : "";
    }
    case SampleForm::kEventBody:
      break;
  }
  Event event;
  event.kind = EventKind{sample.event_kind};
  event.body = sample.bytes;
  return to_json(RoomId{}, event);
}

Bytes sample_recoded(const Sample& sample) {
  switch (sample.form) {
    case SampleForm::kClientFrame: {
      const auto frame = decode_client_frame(sample.bytes);
      const auto* good = std::get_if<ClientFrame>(&frame);
      return good == nullptr ? Bytes{} : encode_frame(*good);
    }
    case SampleForm::kServerFrame: {
      const auto frame = decode_server_frame(sample.bytes);
      return frame ? encode_frame(*frame) : Bytes{};
    }
    case SampleForm::kEventBody:
      break;
  }
  const auto body = decode_body(EventKind{sample.event_kind}, sample.bytes);
  if (!body) return {};
  return std::visit(
      [](const auto& known) -> Bytes {
        if constexpr (Declared<std::decay_t<decltype(known)>, BinaryWriter>) {
          return encode(known);
        } else {
          return {};
        }
      },
      *body);
}

std::vector<std::string> json_command_samples() {
  std::vector<std::string> texts;
  for_each_alternative<Command>([&]<class T>() {
    const std::string name = std::string("json.") + T::kName;
    texts.push_back(json_of(random_value<T>(seed_of(name), Fill::kTypical)));
  });
  const std::string room = R"("room_id":"0190b5a0-7c1e-7abc-8def-0123456789ab")";
  texts.push_back(R"({"type":"authenticate","guest_name":"Ann","id":1})");
  texts.push_back(R"({"type":"send_message",)" + room +
                  R"(,"content":"**hi** \ud83d\ude00","message_type":"text","id":"a"})");
  texts.push_back(R"({"type":"edit_message",)" + room + R"(,"seq":3,"content":"new"})");
  texts.push_back(R"({"type":"delete_message",)" + room + R"(,"target":3,"id":2.5})");
  texts.push_back(R"({"type":"react",)" + room + R"(,"target":3,"emoji":"+1","on":false})");
  texts.push_back(R"({"type":"mark_read",)" + room + R"(,"seq":9})");
  texts.push_back(R"({"type":"presence_update","status":"away"})");
  texts.push_back(R"({"type":"history",)" + room +
                  R"(,"from":"time","time":"2026-03-01T12:34:56+01:00"})");
  texts.push_back(R"({"type":"share_file",)" + room +
                  R"(,"file_url":"u","file_name":"n","file_size":1})");
  texts.push_back("[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]");
  texts.push_back(R"({"type":"typing","type":"post"})");
  texts.push_back(R"({"type":"typing","on":1,"id":{}})");
  texts.push_back(R"({"type":)");
  return texts;
}

}  // namespace parley::test
