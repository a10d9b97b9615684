// Files: mapped reading, atomic writing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace floe {

/// Bytes that live as long as somebody holds `owner` (a mapped file, a string, a user's buffer).
struct Bytes {
  std::string_view view;
  std::shared_ptr<const void> owner;
};

/// Maps a file read-only. Errors name the file: NotFound, PermissionDenied, InvalidArgument (a folder).
Bytes map_file(const std::string& path);

/// Tells the system that these bytes of a mapped file are not needed in memory for now; they are read again
/// when touched. Does nothing for memory that is not a file mapped by map_file.
void drop_mapped_pages(const void* data, size_t size);

/// Whole file as a string.
std::string read_file(const std::string& path);

/// Writes to a temporary name beside `path`, then renames, so that no half-written file is ever seen.
void write_file(const std::string& path, std::string_view data);

/// Takes ownership of a string.
Bytes own_bytes(std::string s);

bool file_exists(const std::string& path);
bool is_directory(const std::string& path);
std::vector<std::string> list_directory(const std::string& path);

/// "a/b" + "c" -> "a/b/c".
std::string join_path(std::string_view a, std::string_view b);

}  // namespace floe
