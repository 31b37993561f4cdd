// Signing, sealing and opening messages (RFC 9420 section 6).
//
// A message passes through types: what is on the wire (PublicMessage, PrivateMessage), then
// AuthenticatedContent, whose signature the caller checks against the sender's key with
// verify_content, because who the sender is depends on the group.
#pragma once

#include <functional>

#include "shared/mls/key_schedule.hpp"
#include "shared/mls/secret_tree.hpp"

namespace parley::mls {

// `group_context` encoded; for members and new members who commit it is part of what is signed.
Bytes content_to_be_signed(const AuthenticatedContent& content, ByteView group_context);
AuthenticatedContent sign_content(WireFormat format, FramedContent content,
                                  const crypto::SigningKey& key, ByteView group_context);
Status verify_content(const AuthenticatedContent& content, ByteView public_key,
                      ByteView group_context);

PublicMessage protect_public(AuthenticatedContent content, const Secret& membership_key,
                             ByteView group_context);
// Checks the membership tag of a member's message. kMlsInvalid, also for application data.
Result<AuthenticatedContent> unprotect_public(PublicMessage message, const Secret& membership_key,
                                              ByteView group_context);
// For those without the membership key (the server): the shape only.
Result<AuthenticatedContent> open_public(PublicMessage message);

// Private messages are filled up with zeros to the smallest of 64, 128, 256, 512, 1024 and the
// multiples of 1024 that holds them, so that their size tells less.
std::size_t padded_size(std::size_t size);

Result<PrivateMessage> protect_private(Rng& rng, const AuthenticatedContent& content,
                                       const Secret& sender_data_secret, SecretTree& keys);

// Until accept() of the secret tree, nothing is used up.
struct OpenedPrivate {
  AuthenticatedContent content;
  SecretTree::Opening key;
};
// `is_member`: whether a leaf holds somebody.
Result<OpenedPrivate> unprotect_private(const PrivateMessage& message,
                                        const Secret& sender_data_secret, SecretTree& keys,
                                        const std::function<bool(LeafIndex)>& is_member);

}  // namespace parley::mls
