#include "shared/mls/types.hpp"

#include <algorithm>

namespace parley::mls {

const Extension* find_extension(std::span<const Extension> extensions, ExtensionType type) {
  const auto found = std::ranges::find(extensions, type, &Extension::type);
  return found == extensions.end() ? nullptr : &*found;
}

std::uint32_t disappear_after(std::span<const Extension> extensions) {
  const Extension* extension = find_extension(extensions, ExtensionType::kDisappearAfter);
  if (extension == nullptr) return 0;
  const auto seconds = decode<std::uint32_t>(extension->data);
  return seconds ? *seconds : 0;
}

}  // namespace parley::mls
