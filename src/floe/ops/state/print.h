// Where Print and PrintV2 write to.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace floe {

/// Called with the stream's name ("stderr", "stdout", "log(info)", "log(warning)", "log(error)") and the
/// text.
using PrintSink = std::function<void(std::string_view stream, std::string_view text)>;

/// Replaces the sink of the whole process; an empty one puts the default back: stdout for "stdout", stderr
/// otherwise.
void set_print_sink(PrintSink sink);

void print_text(std::string_view stream, std::string_view text);

}  // namespace floe
