#include "npz.h"

#include <minizip/unzip.h>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/npy.h"

namespace floe {

std::map<std::string, Tensor> read_npz(const std::string& path) {
  unzFile zip = unzOpen64(path.c_str());
  if (!zip) throw NotFound(cat(path, ": no such archive"));
  std::map<std::string, Tensor> arrays;
  for (int r = unzGoToFirstFile(zip); r == UNZ_OK; r = unzGoToNextFile(zip)) {
    unz_file_info64 info;
    char name[512];
    unzGetCurrentFileInfo64(zip, &info, name, sizeof name, nullptr, 0, nullptr, 0);
    std::string bytes(info.uncompressed_size, 0);
    unzOpenCurrentFile(zip);
    size_t at = 0;
    while (at < bytes.size()) {
      int n =
          unzReadCurrentFile(zip, bytes.data() + at, unsigned(std::min<size_t>(bytes.size() - at, 1 << 20)));
      if (n <= 0) break;
      at += size_t(n);
    }
    unzCloseCurrentFile(zip);
    std::string key = name;
    if (key.size() > 4) key.resize(key.size() - 4);
    arrays[key] = parse_npy(bytes, path);
  }
  unzClose(zip);
  return arrays;
}

}  // namespace floe
