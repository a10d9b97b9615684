// The headers with the typed functions of all ops.
#pragma once

#include <filesystem>

namespace floe::generate {

/// Writes floe/ops.h and floe/ops/<group>.h into `dir`. A file is written only when its text changes, so that
/// nothing is compiled again for nothing; headers of groups that are gone are removed.
void write_headers(const std::filesystem::path& dir);

}  // namespace floe::generate
