#include "floe/base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "goldens.h"

namespace floe {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("floe_file_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path(const char* name) const { return folder_ / name; }
  fs::path folder_;
};

TEST_F(File, SmallAndMappedContentsAgree) {
  for (size_t n : {size_t(0), size_t(1), size_t(65535), size_t(65536), size_t(1) << 20}) {
    std::string s(n, 'q');
    if (n) s[n - 1] = 'e';
    write_file(path("f"), s);
    EXPECT_EQ(map_file(path("f")).view, s);
    EXPECT_EQ(read_file(path("f")), s);
  }
}

TEST_F(File, MappingSurvivesReplacementAndRemoval) {
  write_file(path("f"), std::string(1 << 20, 'a'));
  Bytes b = map_file(path("f"));
  write_file(path("f"), std::string(1 << 20, 'b'));
  fs::remove(path("f"));
  EXPECT_EQ(b.view.back(), 'a');
}

TEST_F(File, ErrorsNameTheFile) {
  EXPECT_ERROR(NotFound, map_file(path("none")), path("none") + ": no such file.");
  EXPECT_ERROR(NotFound, write_file(path("no/such"), "x"), "the folder to write to does not exist.");
  EXPECT_ERROR(InvalidArgument, map_file(folder_), "is a folder, a file was expected.");
  EXPECT_ERROR(InvalidArgument, write_file(folder_, "x"), "is a folder");
  EXPECT_ERROR(InvalidArgument, map_file(std::string("a\0b", 3)), "zero byte");
  EXPECT_ERROR(NotFound, list_directory(path("none")), "no such file");
}

TEST_F(File, WritingLeavesNothingBehindAndKeepsModeAndLinks) {
  write_file(path("f"), "one");
  fs::permissions(path("f"), fs::perms(0640));
  fs::create_symlink(path("f"), path("link"));
  write_file(path("link"), "two");
  EXPECT_EQ(read_file(path("f")), "two");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(fs::status(path("f")).permissions(), fs::perms(0640));
  EXPECT_EQ(list_directory(folder_), (std::vector<std::string>{"f", "link"}));
}

TEST_F(File, PipesAreReadToTheirEnd) {
  std::string pipe = path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  pid_t child = fork();
  if (child == 0) {
    FILE* f = fopen(pipe.c_str(), "w");
    for (int i = 0; i < 100000; ++i) fputs("abc", f);
    fclose(f);
    _exit(0);
  }
  EXPECT_EQ(map_file(pipe).view.size(), 300000u);
}

TEST_F(File, Paths) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_TRUE(is_directory(folder_));
  EXPECT_FALSE(file_exists(path("none")));
}

}  // namespace
}  // namespace floe
