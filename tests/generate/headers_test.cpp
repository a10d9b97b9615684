#include "floe/generate/headers.h"

#include <gtest/gtest.h>

#include "floe/base/file.h"

namespace floe::generate {
namespace {

namespace fs = std::filesystem;

class Headers : public testing::Test {
 protected:
  void SetUp() override { write_headers(dir_); }
  void TearDown() override { fs::remove_all(dir_); }
  std::string text(const char* name) { return read_file((dir_ / "floe" / name).string()); }

  fs::path dir_ = fs::path(testing::TempDir()) / "floe_headers_test";
};

TEST_F(Headers, GroupsAreFolders) {
  EXPECT_NE(text("ops.h").find("#include \"floe/ops/math.h\""), std::string::npos);
  EXPECT_NE(text("ops/math.h").find("inline Tensor matmul(const Tensor& a, const Tensor& b, "),
            std::string::npos);
  EXPECT_NE(text("ops/nn.h").find("inline Tensor conv2d("), std::string::npos);
}

TEST_F(Headers, UnchangedFilesAreLeftAlone) {
  fs::path file = dir_ / "floe/ops/math.h", umbrella = dir_ / "floe/ops.h";
  auto old = fs::last_write_time(file) - std::chrono::hours(1);
  fs::last_write_time(file, old);
  fs::last_write_time(umbrella, old);
  write_file(umbrella.string(), "something else");
  write_headers(dir_);
  EXPECT_EQ(fs::last_write_time(file), old);
  EXPECT_NE(text("ops.h"), "something else");
}

TEST_F(Headers, GroupsThatAreGoneAreRemoved) {
  fs::path gone = dir_ / "floe/ops/no_such_group.h";
  write_file(gone.string(), "");
  write_headers(dir_);
  EXPECT_FALSE(fs::exists(gone));
}

}  // namespace
}  // namespace floe::generate
