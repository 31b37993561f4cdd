// The interface's fonts as part of the program.
#pragma once

#include "client/ui/app_ui.hpp"

namespace parley::native {

ui::FontFiles embedded_fonts();

}  // namespace parley::native
