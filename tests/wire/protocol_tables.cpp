#include "tests/wire/protocol_tables.hpp"

#include "shared/wire/json_archive.hpp"
#include "tests/wire/random_values.hpp"

namespace parley::test {
namespace {

using namespace wire;

// What a type is called in the document.
template <class T>
inline constexpr const char* kTypeName = nullptr;
template <> inline constexpr const char* kTypeName<bool> = "bool";
template <> inline constexpr const char* kTypeName<std::uint8_t> = "u8";
template <> inline constexpr const char* kTypeName<std::uint16_t> = "u16";
template <> inline constexpr const char* kTypeName<std::uint32_t> = "u32";
template <> inline constexpr const char* kTypeName<std::uint64_t> = "u64";
template <> inline constexpr const char* kTypeName<Seq> = "seq";
template <> inline constexpr const char* kTypeName<Timestamp> = "time";
template <class Tag> inline constexpr const char* kTypeName<Id<Tag>> = "id";
template <> inline constexpr const char* kTypeName<RoomKind> = "RoomKind";
template <> inline constexpr const char* kTypeName<RoomAccess> = "RoomAccess";
template <> inline constexpr const char* kTypeName<Role> = "Role";
template <> inline constexpr const char* kTypeName<EventKind> = "EventKind";
template <> inline constexpr const char* kTypeName<MessageType> = "MessageType";
template <> inline constexpr const char* kTypeName<MemberChange> = "MemberChange";
template <> inline constexpr const char* kTypeName<PresenceStatus> = "PresenceStatus";
template <> inline constexpr const char* kTypeName<HistoryFrom> = "HistoryFrom";
template <> inline constexpr const char* kTypeName<HistoryAccess> = "HistoryAccess";
template <> inline constexpr const char* kTypeName<VaultWrapKind> = "VaultWrapKind";
template <> inline constexpr const char* kTypeName<DeviceRef> = "DeviceRef";
template <> inline constexpr const char* kTypeName<OfferedKeyPackage> = "OfferedKeyPackage";
template <> inline constexpr const char* kTypeName<ClaimedKeyPackage> = "ClaimedKeyPackage";
template <> inline constexpr const char* kTypeName<Identity> = "Identity";
template <> inline constexpr const char* kTypeName<InboxItem> = "InboxItem";
template <> inline constexpr const char* kTypeName<VaultEntry> = "VaultEntry";
template <> inline constexpr const char* kTypeName<VaultWrap> = "VaultWrap";
template <> inline constexpr const char* kTypeName<Event> = "Event";
template <> inline constexpr const char* kTypeName<RoomSettings> = "RoomSettings";
template <> inline constexpr const char* kTypeName<UserInfo> = "UserInfo";
template <> inline constexpr const char* kTypeName<PresenceInfo> = "PresenceInfo";
template <> inline constexpr const char* kTypeName<DeviceInfo> = "DeviceInfo";
template <> inline constexpr const char* kTypeName<RoomSummary> = "RoomSummary";
template <> inline constexpr const char* kTypeName<RoomListing> = "RoomListing";
template <> inline constexpr const char* kTypeName<MemberInfo> = "MemberInfo";
template <> inline constexpr const char* kTypeName<Marker> = "Marker";
template <> inline constexpr const char* kTypeName<InviteInfo> = "InviteInfo";
template <> inline constexpr const char* kTypeName<Session> = "Session";

template <class T>
struct Describe {
  static std::string type() { return kTypeName<T>; }
};
template <class T>
struct Describe<std::optional<T>> {
  static std::string type() { return Describe<T>::type() + "?"; }
};
template <class T>
std::string describe_capped(std::size_t cap) {
  if constexpr (Optional<T>) {
    return describe_capped<typename T::value_type>(cap) + "?";
  } else if constexpr (std::same_as<T, std::string>) {
    return "text " + std::to_string(cap);
  } else if constexpr (std::same_as<T, Bytes>) {
    return "bytes " + std::to_string(cap);
  } else {
    return Describe<typename T::value_type>::type() + "[" + std::to_string(cap) + "]";
  }
}

// A fourth reading of the declarations: field names and types.
class FieldList {
 public:
  template <class... Fields>
  void operator()(Fields&&... fields) {
    (add(fields.name, fields.value), ...);
  }
  const std::string& text() const { return text_; }

 private:
  template <class T>
  void add(const char* name, const Capped<T>& capped) {
    put(name, describe_capped<T>(capped.cap));
  }
  template <class T>
  void add(const char* name, const T&) {
    put(name, Describe<T>::type());
  }
  void put(const char* name, const std::string& type) {
    if (!text_.empty()) text_ += ", ";
    text_ += std::string("`") + name + "` " + type;
  }
  std::string text_;
};

template <class T>
std::string fields_of() {
  T value{};
  // What only private rooms have is listed too.
  if constexpr (requires { value.kind = RoomKind::kPrivate; }) value.kind = RoomKind::kPrivate;
  if constexpr (requires { value.settings.kind; }) value.settings.kind = RoomKind::kPrivate;
  FieldList list;
  value.serialize(list);
  return list.text();
}

std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const auto& cell : cells) text += cell.empty() ? " |" : " " + cell + " |";
  return text;
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

template <class Variant>
ProtocolTable variant_table(const char* title) {
  ProtocolTable table{title, {}};
  for_each_alternative<Variant>([&]<class T>() {
    table.rows.push_back(row({std::to_string(T::kKind), code(T::kName), fields_of<T>()}));
  });
  return table;
}

ProtocolTable event_table() {
  ProtocolTable table{"event bodies", {}};
  for_each_alternative<EventBody>([&]<class T>() {
    if constexpr (Declared<T, BinaryWriter>) {
      table.rows.push_back(row({std::to_string(static_cast<int>(T::kKind)),
                                code(enum_name(T::kKind)), fields_of<T>()}));
    }
  });
  return table;
}

template <class T>
std::string record_row() {
  return row({kTypeName<T>, fields_of<T>()});
}

ProtocolTable record_table() {
  return {"records",
          {record_row<Event>(), record_row<UserInfo>(), record_row<PresenceInfo>(),
           record_row<DeviceInfo>(), record_row<RoomSettings>(), record_row<RoomSummary>(),
           record_row<RoomListing>(), record_row<MemberInfo>(), record_row<Marker>(),
           record_row<InviteInfo>(), record_row<Session>(),
           record_row<DeviceRef>(), record_row<OfferedKeyPackage>(),
           record_row<ClaimedKeyPackage>(), record_row<Identity>(), record_row<InboxItem>(),
           record_row<VaultEntry>(), record_row<VaultWrap>(),
           row({"ErrorReply", fields_of<ErrorReply>()}),
           row({"EventBatch", fields_of<EventBatch>()}),
           row({"Goodbye", fields_of<Goodbye>()})}};
}

template <class E>
std::string enum_row() {
  std::string values;
  for (const auto& entry : kEnumNames<E>) {
    if (!values.empty()) values += ", ";
    values += std::to_string(static_cast<int>(entry.value)) + " " + std::string(entry.name);
  }
  return row({kTypeName<E>, sizeof(E) == 1 ? "u8" : "u16", values});
}

ProtocolTable enum_table() {
  return {"enums",
          {enum_row<RoomKind>(), enum_row<RoomAccess>(), enum_row<Role>(), enum_row<EventKind>(),
           enum_row<MessageType>(), enum_row<MemberChange>(), enum_row<PresenceStatus>(),
           enum_row<HistoryFrom>(), enum_row<HistoryAccess>(), enum_row<VaultWrapKind>()}};
}

ProtocolTable limit_table() {
  const auto limit = [](const char* name, std::size_t value) {
    return row({name, std::to_string(value)});
  };
  return {"limits",
          {limit("bytes of a frame or JSON text", kMaxFrameBytes),
           limit("characters of a message", kMaxMessageCharacters),
           limit("bytes of an event's body", kMaxBodyBytes),
           limit("characters of a name", kMaxNameCharacters),
           limit("characters of a topic", kMaxTopicCharacters),
           limit("mentions of a message", kMaxMentions),
           limit("events of a frame", kMaxEventsPerFrame),
           limit("elements of a page", kMaxPageSize),
           limit("elements of any other list", kMaxListItems),
           limit("structs within each other", static_cast<std::size_t>(kMaxDepth)),
           limit("values of a JSON text", kMaxJsonValues),
           limit("members of a JSON object", kMaxJsonMembers)}};
}

std::string action_name(ErrorAction action) {
  switch (action) {
    case ErrorAction::kTellUser: return "tell the user";
    case ErrorAction::kRetryAfter: return "retry later";
    case ErrorAction::kReauthenticate: return "sign in again";
    case ErrorAction::kResync: return "fetch and merge";
    case ErrorAction::kReconnect: return "reconnect";
    case ErrorAction::kStop: return "stop";
  }
  return "";
}

ProtocolTable error_table() {
  ProtocolTable table{"error codes", {}};
#define X(name, number, wire_name, action, text)                             \
  if (number < 900) {                                                        \
    table.rows.push_back(row({std::to_string(number), code(wire_name),       \
                              action_name(ErrorAction::action), text}));     \
  }
  PARLEY_ERROR_TABLE(X)
#undef X
  return table;
}

}  // namespace

std::vector<ProtocolTable> protocol_tables() {
  return {variant_table<Command>("commands"),
          variant_table<Response>("responses"),
          variant_table<Notice>("notices"),
          event_table(),
          record_table(),
          enum_table(),
          limit_table(),
          error_table()};
}

}  // namespace parley::test
