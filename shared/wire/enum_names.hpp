// The names enums have in JSON. Numbers are what binary frames carry; both are stable.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "shared/wire/commands.hpp"
#include "shared/wire/responses.hpp"

namespace parley::wire {

template <class E>
struct EnumName {
  E value;
  std::string_view name;
};

// One table an enum; a new enum that travels needs one, or its structs do not compile for JSON.
template <class E>
inline constexpr EnumName<E> kEnumNames[] = {};

template <>
inline constexpr EnumName<RoomKind> kEnumNames<RoomKind>[] = {
    {RoomKind::kOpen, "open"},
    {RoomKind::kPrivate, "private"},
};
template <>
inline constexpr EnumName<RoomAccess> kEnumNames<RoomAccess>[] = {
    {RoomAccess::kPublic, "public"},
    {RoomAccess::kInviteOnly, "invite_only"},
};
template <>
inline constexpr EnumName<Role> kEnumNames<Role>[] = {
    {Role::kNone, "none"},           {Role::kInvited, "invited"}, {Role::kMember, "member"},
    {Role::kModerator, "moderator"}, {Role::kOwner, "owner"},
};
template <>
inline constexpr EnumName<EventKind> kEnumNames<EventKind>[] = {
    {EventKind::kNone, "none"},
    {EventKind::kMessage, "message"},
    {EventKind::kEdit, "edit"},
    {EventKind::kDeletion, "deletion"},
    {EventKind::kReaction, "reaction"},
    {EventKind::kMembership, "membership"},
    {EventKind::kRoomSettings, "room_settings"},
    {EventKind::kRoomDeleted, "room_deleted"},
    {EventKind::kSealed, "sealed"},
    {EventKind::kCommit, "commit"},
    {EventKind::kDevicesChanged, "devices_changed"},
};
template <>
inline constexpr EnumName<MessageType> kEnumNames<MessageType>[] = {
    {MessageType::kText, "text"},
    {MessageType::kNotice, "notice"},
    {MessageType::kAction, "action"},
};
template <>
inline constexpr EnumName<MemberChange> kEnumNames<MemberChange>[] = {
    {MemberChange::kJoined, "joined"},     {MemberChange::kLeft, "left"},
    {MemberChange::kInvited, "invited"},   {MemberChange::kRemoved, "removed"},
    {MemberChange::kBanned, "banned"},     {MemberChange::kRoleChanged, "role_changed"},
    {MemberChange::kUnbanned, "unbanned"},
};
template <>
inline constexpr EnumName<PresenceStatus> kEnumNames<PresenceStatus>[] = {
    {PresenceStatus::kOffline, "offline"},     {PresenceStatus::kOnline, "online"},
    {PresenceStatus::kAway, "away"},           {PresenceStatus::kBusy, "busy"},
    {PresenceStatus::kInvisible, "invisible"},
};
template <>
inline constexpr EnumName<HistoryFrom> kEnumNames<HistoryFrom>[] = {
    {HistoryFrom::kNewest, "newest"}, {HistoryFrom::kBefore, "before"},
    {HistoryFrom::kAfter, "after"},   {HistoryFrom::kAround, "around"},
    {HistoryFrom::kTime, "time"},
};

template <>
inline constexpr EnumName<HistoryAccess> kEnumNames<HistoryAccess>[] = {
    {HistoryAccess::kAll, "all"},
    {HistoryAccess::kSinceInvited, "since_invited"},
    {HistoryAccess::kNone, "none"},
};
template <>
inline constexpr EnumName<VaultWrapKind> kEnumNames<VaultWrapKind>[] = {
    {VaultWrapKind::kDevice, "device"},
    {VaultWrapKind::kRecovery, "recovery"},
    {VaultWrapKind::kPassword, "password"},
};

// "" for a value newer than this build.
template <class E>
constexpr std::string_view enum_name(E value) {
  for (const auto& entry : kEnumNames<E>) {
    if (entry.value == value) return entry.name;
  }
  return {};
}

template <class E>
constexpr std::optional<E> enum_from_name(std::string_view name) {
  for (const auto& entry : kEnumNames<E>) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

}  // namespace parley::wire
