// What members send each other: proposals, commits, framing, welcomes (RFC 9420 sections 6, 8, 11,
// 12). Plain data as on the wire; nothing here is checked.
#pragma once

#include <variant>

#include "shared/mls/types.hpp"

namespace parley::mls {

enum class WireFormat : std::uint16_t {
  kPublicMessage = 1,
  kPrivateMessage = 2,
  kWelcome = 3,
  kGroupInfo = 4,
  kKeyPackage = 5,
};
enum class ContentType : std::uint8_t { kApplication = 1, kProposal = 2, kCommit = 3 };
enum class SenderType : std::uint8_t {
  kMember = 1,
  kExternal = 2,
  kNewMemberProposal = 3,
  kNewMemberCommit = 4,
};
enum class PskType : std::uint8_t { kExternal = 1, kResumption = 2 };
enum class ResumptionUsage : std::uint8_t { kApplication = 1, kReInit = 2, kBranch = 3 };

struct PreSharedKeyId {
  PskType type = PskType::kExternal;
  Bytes id;                                               // kExternal
  ResumptionUsage usage = ResumptionUsage::kApplication;  // kResumption, with the two below
  Bytes group_id;
  std::uint64_t epoch = 0;
  Bytes nonce;

  bool operator==(const PreSharedKeyId&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.type);
    switch (self.type) {
      case PskType::kExternal:
        ar(self.id);
        break;
      case PskType::kResumption:
        ar(self.usage);
        if (self.usage < ResumptionUsage::kApplication || self.usage > ResumptionUsage::kBranch) {
          ar.fail("a resumption PSK of an unknown usage");
        }
        ar(self.group_id, self.epoch);
        break;
      default:
        ar.fail("a PSK of an unknown type");
    }
    ar(self.nonce);
  }
};

struct Add {
  std::shared_ptr<const KeyPackage> key_package = std::make_shared<KeyPackage>();
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.key_package);
  }
};
struct Update {
  std::shared_ptr<const LeafNode> leaf_node = std::make_shared<LeafNode>();
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.leaf_node);
  }
};
struct Remove {
  LeafIndex removed;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.removed);
  }
};
struct PreSharedKey {
  PreSharedKeyId psk;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.psk);
  }
};
struct ReInit {
  Bytes group_id;
  ProtocolVersion version = ProtocolVersion::kMls10;
  CipherSuite cipher_suite = CipherSuite::kX25519ChaCha20;
  Extensions extensions;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.group_id, self.version, self.cipher_suite, self.extensions);
  }
};
struct ExternalInit {
  Bytes kem_output;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.kem_output);
  }
};
struct GroupContextExtensions {
  Extensions extensions;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.extensions);
  }
};

// The alternatives are in the order of ProposalType, from 1.
struct Proposal {
  std::variant<Add, Update, Remove, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions>
      body;

  ProposalType type() const { return static_cast<ProposalType>(body.index() + 1); }
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    auto type = self.type();
    ar(type);
    if constexpr (Archive::kReads) {
      switch (type) {
        case ProposalType::kAdd:
          self.body = Add();
          break;
        case ProposalType::kUpdate:
          self.body = Update();
          break;
        case ProposalType::kRemove:
          self.body = Remove();
          break;
        case ProposalType::kPreSharedKey:
          self.body = PreSharedKey();
          break;
        case ProposalType::kReInit:
          self.body = ReInit();
          break;
        case ProposalType::kExternalInit:
          self.body = ExternalInit();
          break;
        case ProposalType::kGroupContextExtensions:
          self.body = GroupContextExtensions();
          break;
        default:
          ar.fail("a proposal of an unknown type");
      }
    }
    std::visit([&](auto& body) { ar(body); }, self.body);
  }
};

struct ProposalRef {
  Bytes hash;
  auto operator<=>(const ProposalRef&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.hash);
  }
};

struct ProposalOrRef {
  std::variant<Proposal, ProposalRef> body;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    either_of(self.body, ar, "neither a proposal nor a reference to one");
  }
};

struct HpkeCiphertext {
  Bytes kem_output;
  Bytes ciphertext;
  bool operator==(const HpkeCiphertext&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.kem_output, self.ciphertext);
  }
};

struct UpdatePathNode {
  Bytes encryption_key;
  std::vector<HpkeCiphertext> encrypted_path_secrets;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.encryption_key, self.encrypted_path_secrets);
  }
};

struct UpdatePath {
  LeafNode leaf_node;
  std::vector<UpdatePathNode> nodes;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.leaf_node, self.nodes);
  }
};

struct Commit {
  std::vector<ProposalOrRef> proposals;
  std::optional<UpdatePath> path;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.proposals, self.path);
  }
};

struct Sender {
  SenderType type = SenderType::kMember;
  LeafIndex leaf;           // kMember
  std::uint32_t index = 0;  // kExternal: in the group's external_senders

  bool operator==(const Sender&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.type);
    switch (self.type) {
      case SenderType::kMember:
        ar(self.leaf);
        break;
      case SenderType::kExternal:
        ar(self.index);
        break;
      case SenderType::kNewMemberProposal:
      case SenderType::kNewMemberCommit:
        break;
      default:
        ar.fail("a sender of an unknown type");
    }
  }
};

struct ApplicationData {
  Bytes data;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.data);
  }
};

// The alternatives are in the order of ContentType, from 1.
using Content = std::variant<ApplicationData, Proposal, Commit>;

inline ContentType type_of(const Content& content) {
  return static_cast<ContentType>(content.index() + 1);
}

template <class Archive, class SomeContent>
void content_fields(Archive& ar, ContentType type, SomeContent& content) {
  if constexpr (Archive::kReads) {
    switch (type) {
      case ContentType::kApplication:
        content = ApplicationData();
        break;
      case ContentType::kProposal:
        content = Proposal();
        break;
      case ContentType::kCommit:
        content = Commit();
        break;
      default:
        ar.fail("content of an unknown type");
    }
  }
  std::visit([&](auto& body) { ar(body); }, content);
}

struct FramedContent {
  Bytes group_id;
  std::uint64_t epoch = 0;
  Sender sender;
  Bytes authenticated_data;
  Content content;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.group_id, self.epoch, self.sender, self.authenticated_data);
    auto type = type_of(self.content);
    ar(type);
    content_fields(ar, type, self.content);
  }
};

// The confirmation tag goes with commits only.
struct FramedContentAuth {
  Bytes signature;
  Bytes confirmation_tag;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar, ContentType type) {
    ar(self.signature);
    if (type == ContentType::kCommit) ar(self.confirmation_tag);
  }
};

// What is signed, hashed into transcripts and referred to, however it travels.
struct AuthenticatedContent {
  WireFormat wire_format = WireFormat::kPublicMessage;
  FramedContent content;
  FramedContentAuth auth;

  ContentType type() const { return type_of(content.content); }
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.wire_format, self.content);
    FramedContentAuth::fields(self.auth, ar, type_of(self.content.content));
  }
};

struct PublicMessage {
  FramedContent content;
  FramedContentAuth auth;
  Bytes membership_tag;  // of members only

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.content);
    FramedContentAuth::fields(self.auth, ar, type_of(self.content.content));
    if (self.content.sender.type == SenderType::kMember) ar(self.membership_tag);
  }
};

struct PrivateMessage {
  Bytes group_id;
  std::uint64_t epoch = 0;
  ContentType content_type = ContentType::kApplication;
  Bytes authenticated_data;
  Bytes encrypted_sender_data;
  Bytes ciphertext;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.group_id, self.epoch, self.content_type, self.authenticated_data,
       self.encrypted_sender_data, self.ciphertext);
    if (self.content_type < ContentType::kApplication || self.content_type > ContentType::kCommit) {
      ar.fail("content of an unknown type");
    }
  }
};

struct GroupInfo {
  GroupContext group_context;
  Extensions extensions;
  Bytes confirmation_tag;
  LeafIndex signer;
  Bytes signature;

  template <class Self, class Archive>
  static void content(Self& self, Archive& ar) {
    ar(self.group_context, self.extensions, self.confirmation_tag, self.signer);
  }
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    content(self, ar);
    ar(self.signature);
  }
};

struct PathSecret {
  crypto::SecretBytes secret;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.secret);
  }
};

struct GroupSecrets {
  crypto::SecretBytes joiner_secret;
  std::optional<PathSecret> path_secret;
  std::vector<PreSharedKeyId> psks;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.joiner_secret, self.path_secret, self.psks);
  }
};

struct EncryptedGroupSecrets {
  Bytes new_member;  // reference of the key package
  HpkeCiphertext encrypted_group_secrets;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.new_member, self.encrypted_group_secrets);
  }
};

struct Welcome {
  CipherSuite cipher_suite = CipherSuite::kX25519ChaCha20;
  std::vector<EncryptedGroupSecrets> secrets;
  Bytes encrypted_group_info;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.cipher_suite, self.secrets, self.encrypted_group_info);
  }
};

// The alternatives are in the order of WireFormat, from 1.
struct Message {
  ProtocolVersion version = ProtocolVersion::kMls10;
  std::variant<PublicMessage, PrivateMessage, Welcome, GroupInfo, KeyPackage> body;

  WireFormat wire_format() const { return static_cast<WireFormat>(body.index() + 1); }
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.version);
    if (self.version != ProtocolVersion::kMls10) ar.fail("another version than MLS 1.0");
    auto format = self.wire_format();
    ar(format);
    if constexpr (Archive::kReads) {
      switch (format) {
        case WireFormat::kPublicMessage:
          self.body.template emplace<PublicMessage>();
          break;
        case WireFormat::kPrivateMessage:
          self.body.template emplace<PrivateMessage>();
          break;
        case WireFormat::kWelcome:
          self.body.template emplace<Welcome>();
          break;
        case WireFormat::kGroupInfo:
          self.body.template emplace<GroupInfo>();
          break;
        case WireFormat::kKeyPackage:
          self.body.template emplace<KeyPackage>();
          break;
        default:
          ar.fail("a message of an unknown format");
      }
    }
    std::visit([&](auto& body) { ar(body); }, self.body);
  }
};

}  // namespace parley::mls
