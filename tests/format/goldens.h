// The messages that make_goldens.py wrote.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "floe/base/file.h"
#include "floe/error.h"
#include "floe/format/message.h"
#include "floe/format/schema.h"

namespace floe {

struct Golden {
  const char* name;
  const char* type;
  /// Python's protobuf orders maps with number keys its own way (Floe and C++ protobuf: by the key).
  bool own_order = false;
};

inline const std::vector<Golden>& goldens() {
  static const std::vector<Golden> all = {
      {"every_kind", "NodeDef"},
      {"many_keys", "NodeDef"},
      {"function", "GraphDef", true},
      {"config", "ConfigProto"},
      {"debug_info", "GraphDebugInfo", true},
      {"structured", "StructuredValue"},
      {"any", "MetaGraphDef"},
      {"op_list", "OpList"},
      {"bundle_entry", "BundleEntryProto"},
  };
  return all;
}

inline std::string golden_path(const std::string& file) {
  return std::string(FLOE_TEST_DIR) + "/goldens/" + file;
}
inline std::string golden_text(const Golden& g, const char* suffix) {
  return read_file(golden_path(std::string(g.name) + suffix));
}
inline const MessageType& golden_type(const Golden& g) {
  return *schema::find_message(std::string("tensorflow.") + g.type);
}
inline MessagePtr golden_message(const Golden& g) {
  return Message::parse(golden_type(g), own_bytes(golden_text(g, ".pb")));
}

/// Runs `f` and gives the text of the error of class E that it throws.
template <class E, class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  } catch (const std::exception& e) {
    ADD_FAILURE() << "another error: " << e.what();
    return "";
  }
  ADD_FAILURE() << "no error";
  return "";
}

#define EXPECT_ERROR(Class, statement, text)                                                \
  do {                                                                                      \
    std::string error_text = ::floe::error_of<Class>([&] { statement; });                   \
    EXPECT_NE(error_text.find(text), std::string::npos) << "the error was: " << error_text; \
  } while (false)

}  // namespace floe
