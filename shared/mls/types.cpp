#include "shared/mls/types.hpp"

#include <algorithm>

namespace parley::mls {

const Extension* find_extension(std::span<const Extension> extensions, ExtensionType type) {
  const auto found = std::ranges::find(extensions, type, &Extension::type);
  return found == extensions.end() ? nullptr : &*found;
}

}  // namespace parley::mls
