#include "floe/ops/image/codec.h"

#include <cstring>
#include <limits>
#include <vector>

#include "floe/base/text.h"

namespace floe {

ImageFormat image_format(std::string_view b) {
  if (b.starts_with("\xff\xd8\xff")) return ImageFormat::kJpeg;
  if (b.starts_with("\x89PNG\r\n\x1a\n")) return ImageFormat::kPng;
  if (b.starts_with("GIF8")) return ImageFormat::kGif;
  if (b.starts_with("BM")) return ImageFormat::kBmp;
  return ImageFormat::kUnknown;
}

const char* image_format_name(ImageFormat f) {
  switch (f) {
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kGif:
      return "GIF";
    case ImageFormat::kBmp:
      return "BMP";
    default:
      return "unknown";
  }
}

bool decode_image(std::string_view bytes, int channels, const PixelAllocator& allocate, std::string& error) {
  switch (image_format(bytes)) {
    case ImageFormat::kJpeg: {
      JpegOptions o;
      o.channels = channels;
      return decode_jpeg(bytes, o, allocate, error);
    }
    case ImageFormat::kPng:
      return decode_png(bytes, channels, 8, allocate, error);
    case ImageFormat::kGif:
      if (channels != 0 && channels != 3)
        return error = cat("GIF does not support ", channels, " channels"), false;
      return decode_gif(bytes, false, allocate, error);
    case ImageFormat::kBmp:
      return decode_bmp(bytes, channels, allocate, error);
    default:
      error = "Unknown image file format. One of JPEG, PNG, GIF, BMP required.";
      return false;
  }
}

namespace {
int32_t little_endian(std::string_view b, size_t at, size_t bytes) {
  uint32_t v = 0;
  for (size_t i = 0; i < bytes; ++i) v |= uint32_t(uint8_t(b[at + i])) << (8 * i);
  return bytes == 2 ? int16_t(v) : int32_t(v);
}
}  // namespace

bool decode_bmp(std::string_view b, int channels, const PixelAllocator& allocate, std::string& error) {
  if (b.size() < 32) {
    error =
        cat("Incomplete bmp content, requires at least 32 bytes to find the header size, width, height, and "
            "bpp, got ",
            b.size(), " bytes");
    return false;
  }
  int64_t offset = little_endian(b, 10, 4), width = little_endian(b, 18, 4), height = little_endian(b, 22, 4);
  int bpp = little_endian(b, 28, 2);
  if (channels != 0 && channels * 8 != bpp) {
    error = cat("channels attribute ", channels, " does not match bits per pixel from file ", bpp / 8);
    return false;
  }
  int n = bpp / 8;
  if (bpp % 8 || (n != 1 && n != 3 && n != 4)) {
    error = cat("Number of channels inside a bmp must be 1, 3 or 4, found ", bpp, " bits per pixel");
    return false;
  }
  if (width <= 0) return error = "Width must be positive", false;
  if (height == 0) return error = "Height must not be zero", false;
  if (offset < 0) return error = "header size must be nonnegative", false;
  bool top_down = height < 0;
  height = top_down ? -height : height;
  int64_t row = (n * width + 3) / 4 * 4, need = offset + row * (height - 1) + n * width;
  if (need > int64_t(b.size()) || height > std::numeric_limits<int32_t>::max()) {
    error = cat("Incomplete bmp content, requires at least ", need, " bytes, got ", b.size(), " bytes");
    return false;
  }
  uint8_t* out = static_cast<uint8_t*>(allocate({1, height, width, n, 8}));
  for (int64_t y = 0; y < height; ++y) {
    const char* in = b.data() + offset + row * (top_down ? y : height - 1 - y);
    for (int64_t x = 0; x < width; ++x, in += n, out += n) {
      if (n == 1) {
        out[0] = uint8_t(in[0]);
        continue;
      }
      for (int k = 0; k < 3; ++k) out[k] = uint8_t(in[2 - k]);
      if (n == 4) out[3] = uint8_t(in[3]);
    }
  }
  return true;
}

}  // namespace floe
