#include "floe/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include "floe/base/text.h"
#include "floe/error.h"

namespace floe {

namespace {

// Below this a copy is as fast as a mapping, and nobody can change it afterwards.
constexpr size_t kMapFrom = 64 * 1024;
// What is read from pipes and devices, which may never end.
constexpr size_t kStreamLimit = size_t(4) << 30;

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

[[noreturn]] void throw_errno(const std::string& path, const char* doing, int error) {
  switch (error) {
    case ENOENT:
      throw NotFound(cat(path, ": no such file."));
    case ENOTDIR:
      throw NotFound(cat(path, ": no such file; a part of the path is not a folder."));
    case EACCES:
    case EPERM:
    case EROFS:
      throw PermissionDenied(cat(path, ": ", doing, " is not allowed (", std::strerror(error), ")."));
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      throw ResourceExhausted(cat(path, ": ", doing, " failed (", std::strerror(error), ")."));
    case EISDIR:
      throw InvalidArgument(cat(path, ": is a folder, a file was expected."));
    default:
      throw Unavailable(cat(path, ": ", doing, " failed (", std::strerror(error), ")."));
  }
}

std::string read_stream(int fd, const std::string& path, size_t expected) {
  std::string s;
  s.resize(expected + 1);
  size_t have = 0;
  while (true) {
    if (have == s.size()) s.resize(std::max<size_t>(s.size() * 2, 64 * 1024));
    ssize_t n = ::read(fd, s.data() + have, s.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(path, "reading", errno);
    if (n == 0) break;
    have += size_t(n);
    if (have > kStreamLimit)
      throw ResourceExhausted(cat(path, ": more than ", human_bytes(kStreamLimit), " came from it."));
  }
  s.resize(have);
  return s;
}

int open_to_read(const std::string& path, struct stat& info) {
  if (path.find('\0') != path.npos) throw InvalidArgument("A path cannot hold a zero byte.");
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw_errno(path, "reading", errno);
  if (::fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
    ::close(fd);
    throw_errno(path, "reading", S_ISDIR(info.st_mode) ? EISDIR : errno);
  }
  return fd;
}

void write_all(int fd, const std::string& path, std::string_view data) {
  while (!data.empty()) {
    ssize_t n = ::write(fd, data.data(), std::min<size_t>(data.size(), size_t(1) << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_errno(path, "writing", errno);
    data.remove_prefix(size_t(n));
  }
}

std::string real_path(const std::string& path) {
  char* p = ::realpath(path.c_str(), nullptr);
  std::string real = p ? p : path;
  std::free(p);
  return real;
}

}  // namespace

Bytes own_bytes(std::string s) {
  auto owner = std::make_shared<const std::string>(std::move(s));
  std::string_view view = *owner;
  return {view, std::move(owner)};
}

namespace {

// Where files are mapped: begin -> end.
struct Mappings {
  std::mutex mutex;
  std::map<uintptr_t, uintptr_t> ranges;
};
Mappings& mappings() {
  static Mappings* m = new Mappings;  // outlives every owner
  return *m;
}

}  // namespace

void drop_mapped_pages(const void* data, size_t size) {
  constexpr uintptr_t kPage = 4096;
  uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + kPage - 1) & ~(kPage - 1);
  uintptr_t end = (reinterpret_cast<uintptr_t>(data) + size) & ~(kPage - 1);
  if (begin >= end) return;
  Mappings& m = mappings();
  std::lock_guard lock(m.mutex);
  auto it = m.ranges.upper_bound(begin);
  if (it == m.ranges.begin() || std::prev(it)->second < end) return;
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Bytes map_file(const std::string& path) {
  struct stat info{};
  Descriptor d{open_to_read(path, info)};
  if (!S_ISREG(info.st_mode) || size_t(info.st_size) < kMapFrom) {
    size_t expected = S_ISREG(info.st_mode) ? size_t(info.st_size) : 0;
    return own_bytes(read_stream(d.fd, path, expected));
  }
  auto size = size_t(info.st_size);
  void* p = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, d.fd, 0);
  if (p == MAP_FAILED) return own_bytes(read_stream(d.fd, path, size));
  {
    std::lock_guard lock(mappings().mutex);
    mappings().ranges[reinterpret_cast<uintptr_t>(p)] = reinterpret_cast<uintptr_t>(p) + size;
  }
  std::shared_ptr<const void> owner(p, [size](const void* q) {
    {
      std::lock_guard lock(mappings().mutex);
      mappings().ranges.erase(reinterpret_cast<uintptr_t>(q));
    }
    ::munmap(const_cast<void*>(q), size);
  });
  return {{static_cast<const char*>(p), size}, std::move(owner)};
}

std::string read_file(const std::string& path) {
  struct stat info{};
  Descriptor d{open_to_read(path, info)};
  return read_stream(d.fd, path, S_ISREG(info.st_mode) ? size_t(info.st_size) : 0);
}

void write_file(const std::string& path, std::string_view data) {
  if (path.find('\0') != path.npos) throw InvalidArgument("A path cannot hold a zero byte.");
  std::string target = real_path(path);
  struct stat info{};
  bool exists = ::stat(target.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) throw_errno(path, "writing", EISDIR);
  if (exists && !S_ISREG(info.st_mode)) {
    Descriptor d{::open(target.c_str(), O_WRONLY | O_CLOEXEC)};
    if (d.fd < 0) throw_errno(path, "writing", errno);
    return write_all(d.fd, path, data);
  }
  static std::atomic<unsigned> counter{0};
  std::string temporary = cat(target, ".", int(::getpid()), ".", counter++, ".tmp");
  Descriptor d{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
  if (d.fd < 0) {
    if (errno == ENOENT) throw NotFound(cat(path, ": the folder to write to does not exist."));
    throw_errno(path, "writing", errno);
  }
  try {
    write_all(d.fd, path, data);
    if (exists && ::fchmod(d.fd, info.st_mode & 07777) != 0) throw_errno(path, "writing", errno);
    if (::fsync(d.fd) != 0 && errno != EINVAL) throw_errno(path, "writing", errno);
    if (::rename(temporary.c_str(), target.c_str()) != 0) throw_errno(path, "writing", errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

bool file_exists(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0;
}

bool is_directory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::vector<std::string> list_directory(const std::string& path) {
  DIR* dir = ::opendir(path.c_str());
  if (!dir) throw_errno(path, "listing", errno);
  std::vector<std::string> names;
  while (dirent* e = ::readdir(dir)) {
    std::string name = e->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

std::string join_path(std::string_view a, std::string_view b) {
  if (a.empty()) return std::string(b);
  return a.back() == '/' ? cat(a, b) : cat(a, "/", b);
}

}  // namespace floe
