// PNG through libpng. As with JPEG, errors arrive by longjmp.
#include <png.h>

#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "floe/base/text.h"
#include "floe/ops/image/codec.h"

namespace floe {
namespace {

void png_fail(png_structp p, png_const_charp) { png_longjmp(p, 1); }
void png_ignore(png_structp, png_const_charp) {}

struct PngSource {
  const uint8_t* at;
  size_t left;
};
void png_read_memory(png_structp p, png_bytep to, size_t n) {
  auto* s = static_cast<PngSource*>(png_get_io_ptr(p));
  if (n > s->left) png_error(p, "the data ends");
  std::memcpy(to, s->at, n);
  s->at += n;
  s->left -= n;
}

class PngReader {
 public:
  explicit PngReader(std::string_view bytes)
      : source_{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, png_fail, png_ignore);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  /// Reads the header and sets up the conversion to the wanted channels and bits.
  bool header(int wanted, int bits, ImageSize& size, bool& widen) {
    if (!info_ || setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, &source_, png_read_memory);
    png_read_info(png_, info_);
    png_uint_32 width, height;
    int depth, color;
    png_get_IHDR(png_, info_, &width, &height, &depth, &color, nullptr, nullptr, nullptr);
    bool palette = color == PNG_COLOR_TYPE_PALETTE, clear = png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    bool alpha = color & PNG_COLOR_MASK_ALPHA, gray = !(color & PNG_COLOR_MASK_COLOR);
    int channels = wanted ? wanted : palette ? (clear ? 4 : 3) : png_get_channels(png_, info_);
    bool want_alpha = channels % 2 == 0, want_gray = channels < 3;

    widen = bits > 8 && depth <= 8;
    if (bits == 8) png_set_strip_16(png_);
    png_set_packing(png_);
    if (palette) png_set_palette_to_rgb(png_);
    if (gray && depth < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if (clear) png_set_tRNS_to_alpha(png_);
    if (want_alpha && !alpha && !clear)
      png_set_add_alpha(png_, depth == 16 && bits == 16 ? 0xffff : 0xff, PNG_FILLER_AFTER);
    if (!want_alpha && (alpha || clear)) png_set_strip_alpha(png_);
    if (want_gray && !gray) png_set_rgb_to_gray(png_, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
    if (!want_gray && gray) png_set_gray_to_rgb(png_);
    if (std::endian::native == std::endian::little && bits > 8) png_set_swap(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    size = {1, height, width, channels, bits};
    row_ = size_t(width) * size_t(channels) * (widen || bits == 8 ? 1 : 2);
    return png_get_rowbytes(png_, info_) == row_;
  }

  /// All rows, `row_bytes` apart.
  bool rows(uint8_t* to, size_t row_bytes, int64_t height) {
    if (setjmp(png_jmpbuf(png_))) return false;
    for (int pass = 0; pass < passes_; ++pass)
      for (int64_t y = 0; y < height; ++y) png_read_row(png_, to + size_t(y) * row_bytes, nullptr);
    png_read_end(png_, info_);
    return true;
  }

 private:
  PngSource source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  size_t row_ = 0;
};

/// 8-bit values in the first half of every row spread to 16 bits in place.
void widen_rows(uint8_t* pixels, const ImageSize& size) {
  int64_t n = size.width * size.channels;
  for (int64_t y = 0; y < size.height; ++y) {
    uint8_t* row = pixels + y * n * 2;
    for (int64_t i = n; i-- > 0;) {
      uint16_t v = uint16_t(row[i] * 257);
      std::memcpy(row + i * 2, &v, 2);
    }
  }
}

}  // namespace

bool decode_png(std::string_view bytes, int channels, int bits, const PixelAllocator& allocate,
                std::string& error) {
  error = cat("Invalid PNG data, size ", bytes.size());
  PngReader r(bytes);
  ImageSize size;
  bool widen = false;
  if (!r.header(channels, bits, size, widen)) return false;
  // Both sides are below 2^31 (libpng's limit), so the product of three factors fits.
  if (size.height * size.width > std::numeric_limits<int32_t>::max() / (size.channels * (bits / 8)))
    return false;
  auto* out = static_cast<uint8_t*>(allocate(size));
  size_t row = size_t(size.width * size.channels) * size_t(bits / 8);
  // What a damaged file leaves out stays defined, and interlaced rows are combined with what is there.
  std::memset(out, 0, row * size_t(size.height));
  if (!r.rows(out, row, size.height)) return false;
  if (widen) widen_rows(out, size);
  error.clear();
  return true;
}

namespace {

/// The C functions of libpng must not see exceptions: a failure to grow is kept for later.
struct PngSink {
  std::string* out;
  bool failed;
};
void png_write_memory(png_structp p, png_bytep from, size_t n) {
  auto* s = static_cast<PngSink*>(png_get_io_ptr(p));
  try {
    s->out->append(reinterpret_cast<const char*>(from), n);
  } catch (...) {
    s->failed = true;
  }
}
void png_flush_nothing(png_structp) {}

bool write_png(png_structp png, png_infop info, const uint8_t* pixels, int64_t height, int64_t width,
               int channels, int bits, int compression) {
  static const int colors[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                               PNG_COLOR_TYPE_RGB_ALPHA};
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_compression_level(png, compression);
  png_set_IHDR(png, info, png_uint_32(width), png_uint_32(height), bits, colors[channels - 1],
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  if (std::endian::native == std::endian::little && bits > 8) png_set_swap(png);
  for (int64_t y = 0; y < height; ++y) png_write_row(png, pixels + y * width * channels * (bits / 8));
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

bool encode_png(const void* pixels, int64_t height, int64_t width, int channels, int bits, int compression,
                std::string& out) {
  if (height <= 0 || width <= 0 || height > 1000000 || width > 1000000 || channels < 1 || channels > 4)
    return false;
  out.clear();
  PngSink sink{&out, false};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, png_fail, png_ignore);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  bool ok = false;
  if (info) {
    png_set_write_fn(png, &sink, png_write_memory, png_flush_nothing);
    ok =
        write_png(png, info, static_cast<const uint8_t*>(pixels), height, width, channels, bits, compression);
  }
  png_destroy_write_struct(&png, &info);
  return ok && !sink.failed;
}

}  // namespace floe
