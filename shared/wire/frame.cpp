#include "shared/wire/frame.hpp"

namespace parley::wire {
namespace {

// Room for most frames at the first go; longer ones grow.
constexpr std::size_t kUsualFrameBytes = 128;

void begin(Bytes& out, FrameType type, RequestId request) {
  out.push_back(kProtocolVersion);
  out.push_back(static_cast<std::uint8_t>(type));
  BinaryWriter(out).write_varint(request);
}

template <class T>
Bytes frame_of(FrameType type, RequestId request, const T& payload) {
  Bytes out;
  out.reserve(kUsualFrameBytes);
  begin(out, type, request);
  BinaryWriter writer(out);
  writer(payload);
  return out;
}

// A kind number and the fields of whichever alternative is there.
template <class Variant>
Bytes tagged_frame(FrameType type, RequestId request, const Variant& variant) {
  Bytes out;
  out.reserve(kUsualFrameBytes);
  begin(out, type, request);
  std::visit(
      [&](const auto& alternative) {
        BinaryWriter writer(out);
        writer.write_varint(std::decay_t<decltype(alternative)>::kKind);
        writer(alternative);
      },
      variant);
  return out;
}

// False when no alternative has this kind.
template <class Variant, std::size_t I = 0>
bool read_alternative(BinaryReader& reader, std::uint64_t kind, Variant& out) {
  if constexpr (I < std::variant_size_v<Variant>) {
    using Alternative = std::variant_alternative_t<I, Variant>;
    if (kind == Alternative::kKind) {
      reader(out.template emplace<I>());
      return true;
    }
    return read_alternative<Variant, I + 1>(reader, kind, out);
  } else {
    return false;
  }
}

struct Header {
  std::uint8_t version = 0;
  FrameType type{};
  RequestId request = 0;
};

Header read_header(BinaryReader& reader) {
  Header header;
  const ByteView fixed = reader.read_raw(2);
  if (fixed.size() == 2) {
    header.version = fixed[0];
    header.type = static_cast<FrameType>(fixed[1]);
  }
  header.request = reader.read_varint();
  if (reader.ok() && header.version != kProtocolVersion) reader.fail("unknown frame version");
  return header;
}

FrameFault fault(ErrorCode code, const char* detail, RequestId request) {
  return {Error{code, detail, {}}, request};
}

}  // namespace

Bytes encode_frame(const ClientFrame& frame) {
  return std::visit(
      [](const auto& f) -> Bytes {
        using T = std::decay_t<decltype(f)>;
        if constexpr (std::same_as<T, CommandFrame>) {
          return tagged_frame(FrameType::kCommand, f.request, f.command);
        } else if constexpr (std::same_as<T, PingFrame>) {
          return frame_of(FrameType::kPing, f.request, Done{});
        } else {
          return frame_of(FrameType::kPong, f.request, Done{});
        }
      },
      frame);
}

Bytes encode_frame(const ServerFrame& frame) {
  return std::visit(
      [](const auto& f) -> Bytes {
        using T = std::decay_t<decltype(f)>;
        if constexpr (std::same_as<T, ResponseFrame>) {
          return tagged_frame(FrameType::kResponse, f.request, f.response);
        } else if constexpr (std::same_as<T, ErrorFrame>) {
          return frame_of(FrameType::kError, f.request, f.error);
        } else if constexpr (std::same_as<T, EventBatch>) {
          return frame_of(FrameType::kEvents, 0, f);
        } else if constexpr (std::same_as<T, Notice>) {
          return tagged_frame(FrameType::kNotice, 0, f);
        } else if constexpr (std::same_as<T, PingFrame>) {
          return frame_of(FrameType::kPing, f.request, Done{});
        } else if constexpr (std::same_as<T, PongFrame>) {
          return frame_of(FrameType::kPong, f.request, Done{});
        } else if constexpr (std::same_as<T, Goodbye>) {
          return frame_of(FrameType::kGoodbye, 0, f);
        } else {
          return {};  // UnknownFrame is only ever received
        }
      },
      frame);
}

std::variant<ClientFrame, FrameFault> decode_client_frame(ByteView bytes) {
  BinaryReader reader(bytes);
  const Header header = read_header(reader);
  if (!reader.ok()) return FrameFault{reader.finish().error(), 0};
  switch (header.type) {
    case FrameType::kPing: {
      if (auto done = reader.finish(); !done) return FrameFault{done.error(), 0};
      return ClientFrame{PingFrame{header.request}};
    }
    case FrameType::kPong: {
      if (auto done = reader.finish(); !done) return FrameFault{done.error(), 0};
      return ClientFrame{PongFrame{header.request}};
    }
    case FrameType::kCommand:
      break;
    default:
      return fault(ErrorCode::kProtocolViolation, "not a frame a client sends", 0);
  }
  if (header.request == 0) return fault(ErrorCode::kMalformed, "request id 0", 0);
  CommandFrame frame{header.request, {}};
  const std::uint64_t kind = reader.read_varint();
  if (!reader.ok()) return FrameFault{reader.finish().error(), header.request};
  if (!read_alternative(reader, kind, frame.command)) {
    return fault(ErrorCode::kUnknownCommand, "unknown command number", header.request);
  }
  if (auto done = reader.finish(); !done) return FrameFault{done.error(), header.request};
  return ClientFrame{std::move(frame)};
}

Result<ServerFrame> decode_server_frame(ByteView bytes) {
  BinaryReader reader(bytes);
  const Header header = read_header(reader);
  if (!reader.ok()) return reader.finish().error();
  ServerFrame frame = UnknownFrame{header.request};
  switch (header.type) {
    case FrameType::kResponse: {
      ResponseFrame response{header.request, {}};
      if (!read_alternative(reader, reader.read_varint(), response.response)) {
        PARLEY_TRY(reader.ok() ? Status{} : reader.finish());
        return frame;
      }
      frame = std::move(response);
      break;
    }
    case FrameType::kError:
      reader(frame.emplace<ErrorFrame>(ErrorFrame{header.request, {}}).error);
      break;
    case FrameType::kEvents:
      reader(frame.emplace<EventBatch>());
      break;
    case FrameType::kNotice: {
      Notice notice;
      if (!read_alternative(reader, reader.read_varint(), notice)) {
        PARLEY_TRY(reader.ok() ? Status{} : reader.finish());
        return frame;
      }
      frame = std::move(notice);
      break;
    }
    case FrameType::kPing:
      frame = PingFrame{header.request};
      break;
    case FrameType::kPong:
      frame = PongFrame{header.request};
      break;
    case FrameType::kGoodbye:
      reader(frame.emplace<Goodbye>());
      break;
    case FrameType::kCommand:
      return Error{ErrorCode::kProtocolViolation, "a server sends no commands", {}};
    default:
      return frame;
  }
  PARLEY_TRY(reader.finish());
  return frame;
}

EventBatchEncoder::EventBatchEncoder(RoomId room, std::size_t event_count, std::size_t size_hint) {
  out_.reserve(size_hint + 32);
  begin(out_, FrameType::kEvents, 0);
  BinaryWriter writer(out_);
  writer(room);
  writer.write_varint(event_count);
}

void EventBatchEncoder::add(const Event& event) { BinaryWriter{out_}(event); }

}  // namespace parley::wire
