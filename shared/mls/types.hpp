// What a member presents of itself: credentials, capabilities, leaf nodes, key packages
// (RFC 9420 sections 5.3, 7.2, 10, 13). Plain data as on the wire; nothing here is checked.
#pragma once

#include <span>

#include "shared/mls/codec.hpp"
#include "shared/mls/tree_math.hpp"

namespace parley::mls {

enum class ProtocolVersion : std::uint16_t { kMls10 = 1 };

// 3: MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519, the only one that is spoken here.
enum class CipherSuite : std::uint16_t { kX25519ChaCha20 = 3 };

enum class ExtensionType : std::uint16_t {
  kApplicationId = 1,
  kRatchetTree = 2,
  kRequiredCapabilities = 3,
  kExternalPub = 4,
  kExternalSenders = 5,
  kLastResort = 10,  // of a key package that may be used more than once (draft-ietf-mls-extensions)
  // Of a group whose messages disappear: after how many seconds (4 bytes). For private use (17.3).
  kDisappearAfter = 0xf0d1,
};

enum class ProposalType : std::uint16_t {
  kAdd = 1,
  kUpdate = 2,
  kRemove = 3,
  kPreSharedKey = 4,
  kReInit = 5,
  kExternalInit = 6,
  kGroupContextExtensions = 7,
};

enum class CredentialType : std::uint16_t { kBasic = 1, kX509 = 2 };

enum class LeafNodeSource : std::uint8_t { kKeyPackage = 1, kUpdate = 2, kCommit = 3 };

struct Certificate {
  Bytes data;
  bool operator==(const Certificate&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.data);
  }
};

struct Credential {
  CredentialType type = CredentialType::kBasic;
  Bytes identity;                         // kBasic
  std::vector<Certificate> certificates;  // kX509

  bool operator==(const Credential&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.type);
    switch (self.type) {
      case CredentialType::kBasic:
        ar(self.identity);
        break;
      case CredentialType::kX509:
        ar(self.certificates);
        break;
      default:
        ar.fail("a credential of an unknown type");
    }
  }
};

struct Capabilities {
  std::vector<std::uint16_t> versions, cipher_suites, extensions, proposals, credentials;

  bool operator==(const Capabilities&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.versions, self.cipher_suites, self.extensions, self.proposals, self.credentials);
  }
};

struct RequiredCapabilities {  // content of the extension
  std::vector<std::uint16_t> extensions, proposals, credentials;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.extensions, self.proposals, self.credentials);
  }
};

struct ExternalSender {
  Bytes signature_key;
  Credential credential;

  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.signature_key, self.credential);
  }
};

// As a bound of a lifetime: none.
inline constexpr std::uint64_t kAnyLifetime = ~std::uint64_t{0};

struct Lifetime {  // seconds since 1970
  std::uint64_t not_before = 0;
  std::uint64_t not_after = 0;

  bool operator==(const Lifetime&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.not_before, self.not_after);
  }
};

struct Extension {
  ExtensionType type{};
  Bytes data;

  bool operator==(const Extension&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.type, self.data);
  }
};
using Extensions = std::vector<Extension>;

// nullptr when there is none.
const Extension* find_extension(std::span<const Extension> extensions, ExtensionType type);
// Of a group context; 0 when its messages stay, or the extension cannot be read.
std::uint32_t disappear_after(std::span<const Extension> extensions);

struct LeafNode {
  Bytes encryption_key;
  Bytes signature_key;
  Credential credential;
  Capabilities capabilities;
  LeafNodeSource source = LeafNodeSource::kKeyPackage;
  Lifetime lifetime;  // kKeyPackage
  Bytes parent_hash;  // kCommit
  Extensions extensions;
  Bytes signature;

  bool operator==(const LeafNode&) const = default;
  // All but the signature: the beginning of what is signed.
  template <class Self, class Archive>
  static void content(Self& self, Archive& ar) {
    ar(self.encryption_key, self.signature_key, self.credential, self.capabilities, self.source);
    switch (self.source) {
      case LeafNodeSource::kKeyPackage:
        ar(self.lifetime);
        break;
      case LeafNodeSource::kUpdate:
        break;
      case LeafNodeSource::kCommit:
        ar(self.parent_hash);
        break;
      default:
        ar.fail("a leaf node from an unknown source");
    }
    ar(self.extensions);
  }
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    content(self, ar);
    ar(self.signature);
  }
};

struct KeyPackage {
  ProtocolVersion version = ProtocolVersion::kMls10;
  CipherSuite cipher_suite = CipherSuite::kX25519ChaCha20;
  Bytes init_key;
  LeafNode leaf_node;
  Extensions extensions;
  Bytes signature;

  bool operator==(const KeyPackage&) const = default;
  template <class Self, class Archive>
  static void content(Self& self, Archive& ar) {
    ar(self.version, self.cipher_suite, self.init_key, self.leaf_node, self.extensions);
  }
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    content(self, ar);
    ar(self.signature);
  }
};

struct ParentNode {
  Bytes encryption_key;
  Bytes parent_hash;
  std::vector<LeafIndex> unmerged_leaves;  // ascending

  bool operator==(const ParentNode&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.encryption_key, self.parent_hash, self.unmerged_leaves);
  }
};

struct GroupContext {
  ProtocolVersion version = ProtocolVersion::kMls10;
  CipherSuite cipher_suite = CipherSuite::kX25519ChaCha20;
  Bytes group_id;
  std::uint64_t epoch = 0;
  Bytes tree_hash;
  Bytes confirmed_transcript_hash;
  Extensions extensions;

  bool operator==(const GroupContext&) const = default;
  template <class Self, class Archive>
  static void fields(Self& self, Archive& ar) {
    ar(self.version, self.cipher_suite, self.group_id, self.epoch, self.tree_hash,
       self.confirmed_transcript_hash, self.extensions);
  }
};

}  // namespace parley::mls
