// Every op that TensorFlow knows the gradient of has one here, or says that it has none.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/op/op_def.h"

namespace floe {
namespace {

std::vector<std::string> lines_of(const std::string& file) {
  return split(read_file(cat(FLOE_SOURCE_DIR, "/tests/goldens/", file)), '\n');
}

// "Op": "rule" or "none", one a line (scripts/make_gradient_goldens.py).
std::map<std::string, std::string> kinds() {
  std::map<std::string, std::string> m;
  for (const std::string& line : lines_of("gradient_kinds.json")) {
    auto parts = split(line, '"');
    if (parts.size() == 5) m[parts[1]] = parts[3];
  }
  return m;
}

// Rules that live with control flow, not with an op.
const std::set<std::string> kElsewhere = {"If",    "StatelessIf",   "Case", "StatelessCase",
                                          "While", "StatelessWhile"};

TEST(GradientList, Complete) {
  std::set<std::string> missing;
  for (const std::string& name : lines_of("gradients_missing.txt"))
    if (!name.empty()) missing.insert(name);
  std::map<std::string, std::string> all = kinds();
  ASSERT_GT(all.size(), 500u);
  for (auto& [name, kind] : all) {
    const OpDef* def = find_op(name);
    if (!def || kElsewhere.count(name)) continue;
    bool has = bool(def->gradient) || def->no_gradient;
    EXPECT_EQ(has, !missing.count(name)) << name
                                         << (has ? ": take it out of tests/goldens/gradients_missing.txt"
                                                 : ": write its gradient() or no_gradient()");
  }
}

}  // namespace
}  // namespace floe
