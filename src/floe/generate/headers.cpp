#include "floe/generate/headers.h"

#include <map>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/generate/names.h"
#include "floe/generate/op_function.h"

namespace floe::generate {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBanner =
    "// Made by floe_generate from the declarations of the ops.\n#pragma once\n\n";

/// The text of each group's header.
std::map<std::string, std::string> group_headers() {
  std::map<std::string, std::string> functions, owners, headers;
  for (const std::string& name : op_names()) {
    const OpDef& def = get_op(name);
    if (!is_public(def)) continue;
    auto [other, added] = owners.emplace(function_name(name), name);
    if (!added)
      throw Internal(cat("ops '", other->second, "' and '", name, "' would both be '", other->first, "'"));
    functions[def.group] += "\n" + op_function(def);
  }
  for (const auto& [group, text] : functions)
    headers[group] =
        cat(kBanner, "#include <cstdint>\n#include <limits>\n#include <string>\n#include <vector>\n\n",
            "#include \"floe/op_call.h\"\n\nnamespace floe::ops {\n", text, "\n}  // namespace floe::ops\n");
  return headers;
}

void write_if_changed(const fs::path& path, const std::string& text) {
  if (file_exists(path.string()) && read_file(path.string()) == text) return;
  write_file(path.string(), text);
}

}  // namespace

void write_headers(const fs::path& dir) {
  std::map<std::string, std::string> headers = group_headers();
  fs::create_directories(dir / "floe" / "ops");
  std::string umbrella = kBanner;
  for (const auto& [group, text] : headers) {
    umbrella += cat("#include \"floe/ops/", group, ".h\"\n");
    write_if_changed(dir / "floe" / "ops" / (group + ".h"), text);
  }
  write_if_changed(dir / "floe" / "ops.h", umbrella);
  for (const fs::directory_entry& e : fs::directory_iterator(dir / "floe" / "ops"))
    if (!headers.count(e.path().stem().string())) fs::remove(e.path());
}

}  // namespace floe::generate
