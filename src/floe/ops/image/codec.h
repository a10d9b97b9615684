// Image files in memory to pixels and back: JPEG, PNG, GIF, BMP. Bytes and plain pointers only, no tensors.
// All readers are safe on damaged and hostile files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace floe {

enum class ImageFormat : uint8_t { kUnknown, kJpeg, kPng, kGif, kBmp };

/// Told by the first bytes.
ImageFormat image_format(std::string_view bytes);
const char* image_format_name(ImageFormat f);

/// Size of decoded pixels, row-major [frames, height, width, channels], `bits` (8 or 16) per channel.
struct ImageSize {
  int64_t frames = 1, height = 0, width = 0, channels = 0;
  int bits = 8;
  int64_t bytes() const { return frames * height * width * channels * (bits / 8); }
};

/// Provides memory for the pixels once their size is known; called at most once.
using PixelAllocator = std::function<void*(const ImageSize&)>;

struct JpegOptions {
  int channels = 0;  // 0: as in the file; 1, 3
  int ratio = 1;     // shrinks by 1, 2, 4 or 8 while decoding
  bool fancy_upscaling = true;
  bool recover_truncated = false;
  float acceptable_fraction = 1;  // of the rows, for a truncated file
  bool fast_dct = true;           // what TensorFlow uses unless told otherwise
  bool crop = false;
  int64_t crop_y = 0, crop_x = 0, crop_height = 0, crop_width = 0;
};

/// Each decodes one file; on failure the reason is put into `error` and the result is false.
bool decode_jpeg(std::string_view bytes, const JpegOptions& options, const PixelAllocator& allocate,
                 std::string& error);
/// channels 0 (as in the file), 1, 2, 3 or 4; bits 8 or 16.
bool decode_png(std::string_view bytes, int channels, int bits, const PixelAllocator& allocate,
                std::string& error);
/// All frames (or only the first), always RGB.
bool decode_gif(std::string_view bytes, bool all_frames, const PixelAllocator& allocate, std::string& error);
/// channels 0 (as in the file), 1, 3 or 4.
bool decode_bmp(std::string_view bytes, int channels, const PixelAllocator& allocate, std::string& error);
/// Any of the four, 8 bits; GIF gives its first frame. What `floe run --input cat.jpg` uses.
bool decode_image(std::string_view bytes, int channels, const PixelAllocator& allocate, std::string& error);

/// Reads only the header.
bool jpeg_size(std::string_view bytes, ImageSize& size);

struct JpegWriteOptions {
  int quality = 95;
  bool progressive = false, optimize_size = false, chroma_downsampling = true;
  int density_unit = 1, x_density = 300, y_density = 300;  // unit 1: per inch, 2: per centimetre
  std::string xmp;
};
/// `channels` 1 or 3, 8 bits.
bool encode_jpeg(const uint8_t* pixels, int64_t height, int64_t width, int channels,
                 const JpegWriteOptions& options, std::string& out);
/// `channels` 1 to 4; compression 0 to 9, or -1 for the default.
bool encode_png(const void* pixels, int64_t height, int64_t width, int channels, int bits, int compression,
                std::string& out);

}  // namespace floe
