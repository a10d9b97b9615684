#include "floe/program.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/io.h"

namespace floe {
namespace {

const std::string kAssets = cat(FLOE_SOURCE_DIR, "/assets/");

Tensor pictures() { return read_npy(kAssets + "digits_images.npy").rows(0, 5).clone(); }

Tensor as_float(const Tensor& t) {
  if (t.dtype() == DType::kFloat32) return t;
  Tensor f(DType::kFloat32, t.shape());
  for (int64_t i = 0; i < t.num_elements(); ++i) f.mutable_data<float>()[i] = float(t.data<uint8_t>()[i]);
  return f;
}

TEST(Program, SavedAndReopenedGivesTheSame) {
  Program p = Program::open(kAssets + "digits.pb");
  Tensor x = as_float(pictures()), want = p.function()(x);
  for (const char* name : {"saved.pb", "saved.pbtxt"}) {
    std::string path = cat(testing::TempDir(), name);
    p.save(path);
    Tensor have = Program::open(path).function()(x);
    EXPECT_EQ(std::memcmp(have.raw(), want.raw(), want.nbytes()), 0) << name;
    std::remove(path.c_str());
  }
}

TEST(Program, NamesWithoutIndexAndWrongNames) {
  Program p = Program::open(kAssets + "digits.pb");
  EXPECT_EQ(p.function({"x"}, {"Identity"}).outputs()[0].name, "Identity:0");
  try {
    p.function({"x"}, {"Identty"});
    FAIL();
  } catch (const NotFound& e) {
    EXPECT_NE(std::string(e.what()).find("Identity"), std::string::npos) << e.what();
  }
}

TEST(Program, FromMemoryIsTheSame) {
  Program p = Program::open(kAssets + "digits.pb");
  std::string path = cat(testing::TempDir(), "memory.pbtxt");
  p.save(path);
  std::FILE* f = std::fopen(path.c_str(), "rb");
  std::string text(8 << 20, 0);
  text.resize(std::fread(text.data(), 1, text.size(), f));
  std::fclose(f);
  std::remove(path.c_str());
  EXPECT_EQ(Program::from_memory(text).operations().size(), p.operations().size());
}

}  // namespace
}  // namespace floe
