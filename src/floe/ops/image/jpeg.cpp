// JPEG through libjpeg-turbo. The library reports errors by longjmp: every function that calls it sets its
// own jump target and holds nothing that needs a destructor.
#include <cstdio>
// jpeglib.h needs stdio's types declared first.
#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "floe/base/text.h"
#include "floe/ops/image/codec.h"

namespace floe {
namespace {

struct JpegErrors {
  jpeg_error_mgr base;
  jmp_buf jump;
};

void fail_jump(j_common_ptr c) { std::longjmp(reinterpret_cast<JpegErrors*>(c->err)->jump, 1); }
void stay_silent(j_common_ptr) {}
void stay_silent(j_common_ptr, int) {}

void set_errors(JpegErrors& e) {
  jpeg_std_error(&e.base);
  e.base.error_exit = fail_jump;
  e.base.output_message = stay_silent;
  e.base.emit_message = stay_silent;
}

/// A file in memory. Where it ends too early, reading stops or, to recover, the end is made up.
struct MemorySource {
  jpeg_source_mgr base;
  bool recover;
};

void source_nothing(j_decompress_ptr) {}
boolean source_fill(j_decompress_ptr c) {
  static const JOCTET end[2] = {0xff, JPEG_EOI};
  auto* s = reinterpret_cast<MemorySource*>(c->src);
  if (!s->recover) return FALSE;
  s->base.next_input_byte = end;
  s->base.bytes_in_buffer = 2;
  return TRUE;
}
void source_skip(j_decompress_ptr c, long n) {
  if (n <= 0) return;
  if (size_t(n) > c->src->bytes_in_buffer) n = long(c->src->bytes_in_buffer);
  c->src->next_input_byte += n;
  c->src->bytes_in_buffer -= size_t(n);
}

// Each pass over a large progressive picture costs time and few bytes: a file may not ask for any number of
// them.
void limit_scans(j_common_ptr c) {
  if (reinterpret_cast<j_decompress_ptr>(c)->input_scan_number > 1000) fail_jump(c);
}

class JpegReader {
 public:
  JpegReader(std::string_view bytes, bool recover) {
    set_errors(errors_);
    c_.err = &errors_.base;
    source_.recover = recover;
    source_.base.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.base.bytes_in_buffer = bytes.size();
    source_.base.init_source = source_nothing;
    source_.base.term_source = source_nothing;
    source_.base.fill_input_buffer = source_fill;
    source_.base.skip_input_data = source_skip;
    source_.base.resync_to_restart = jpeg_resync_to_restart;
    progress_.progress_monitor = limit_scans;
  }
  ~JpegReader() {
    if (made_) jpeg_destroy_decompress(&c_);
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  jpeg_decompress_struct& info() { return c_; }

  bool header() {
    if (setjmp(errors_.jump)) return false;
    jpeg_create_decompress(&c_);
    made_ = true;
    c_.src = &source_.base;
    c_.progress = &progress_;
    return jpeg_read_header(&c_, TRUE) == JPEG_HEADER_OK;
  }
  bool start() {
    if (setjmp(errors_.jump)) return false;
    return jpeg_start_decompress(&c_);
  }
  /// False on an error; `got` is 0 when the data ends.
  bool row(JSAMPLE* to, JDIMENSION& got) {
    if (setjmp(errors_.jump)) return false;
    got = jpeg_read_scanlines(&c_, &to, 1);
    return true;
  }

 private:
  jpeg_decompress_struct c_{};
  JpegErrors errors_{};
  MemorySource source_{};
  jpeg_progress_mgr progress_{};
  bool made_ = false;
};

const char kBadJpeg[] = "jpeg::Uncompress failed. Invalid JPEG data or crop window.";

/// Four-channel ink values as red, green and blue; Adobe's files hold them inverted.
void cmyk_to_rgb(const uint8_t* in, uint8_t* out, int64_t n, bool inverted) {
  for (int64_t i = 0; i < n; ++i, in += 4, out += 3) {
    int k = inverted ? in[3] : 255 - in[3];
    for (int j = 0; j < 3; ++j) out[j] = uint8_t(k * (inverted ? in[j] : 255 - in[j]) / 255);
  }
}

}  // namespace

bool decode_jpeg(std::string_view bytes, const JpegOptions& o, const PixelAllocator& allocate,
                 std::string& error) {
  if (o.channels == 4) return error = "JPEG does not support 4 channels", false;
  error = kBadJpeg;
  JpegReader r(bytes, o.recover_truncated);
  if (!r.header()) return false;
  jpeg_decompress_struct& c = r.info();
  int channels = o.channels ? o.channels : c.num_components < 3 ? c.num_components : 3;
  if (channels != 1 && channels != 3) return false;
  bool cmyk = channels == 3 && (c.jpeg_color_space == JCS_CMYK || c.jpeg_color_space == JCS_YCCK);
  c.out_color_space = channels == 1 ? JCS_GRAYSCALE : cmyk ? JCS_CMYK : JCS_RGB;
  c.do_fancy_upsampling = o.fancy_upscaling ? TRUE : FALSE;
  c.scale_num = 1;
  c.scale_denom = unsigned(o.ratio);
  c.dct_method = o.fast_dct ? JDCT_IFAST : JDCT_ISLOW;
  if (!r.start()) return false;

  int64_t height = c.output_height, width = c.output_width, wide = width * c.output_components;
  JpegOptions crop = o;
  if (!o.crop) crop.crop_y = crop.crop_x = 0, crop.crop_height = height, crop.crop_width = width;
  auto inside = [](int64_t from, int64_t n, int64_t size) {
    return from >= 0 && n > 0 && from <= size && n <= size - from;
  };
  if (!inside(crop.crop_y, crop.crop_height, height) || !inside(crop.crop_x, crop.crop_width, width))
    return false;
  int64_t out_row = crop.crop_width * channels;
  if (height <= 0 || width <= 0 || out_row * crop.crop_height > std::numeric_limits<int32_t>::max())
    return false;

  auto* out = static_cast<uint8_t*>(allocate({1, crop.crop_height, crop.crop_width, channels, 8}));
  std::vector<uint8_t> line(static_cast<size_t>(wide)), rgb(static_cast<size_t>(cmyk ? width * 3 : 0));
  int64_t last = crop.crop_y + crop.crop_height, read = 0;
  for (; read < last; ++read) {
    JDIMENSION got = 0;
    if (!r.row(line.data(), got)) return false;
    if (got == 0) break;
    if (read < crop.crop_y) continue;
    if (cmyk) cmyk_to_rgb(line.data(), rgb.data(), width, c.saw_Adobe_marker);
    const uint8_t* from = (cmyk ? rgb.data() : line.data()) + crop.crop_x * channels;
    std::memcpy(out + (read - crop.crop_y) * out_row, from, size_t(out_row));
  }
  if (read < last) {
    if (!o.recover_truncated || float(read) < float(last) * o.acceptable_fraction) return false;
    int64_t from = read > crop.crop_y ? read - crop.crop_y : 0;
    std::memset(out + from * out_row, 0, size_t((crop.crop_height - from) * out_row));
  }
  error.clear();
  return true;
}

bool jpeg_size(std::string_view bytes, ImageSize& size) {
  JpegReader r(bytes, false);
  if (!r.header()) return false;
  size = {1, r.info().image_height, r.info().image_width, r.info().num_components, 8};
  return true;
}

namespace {

class JpegWriter {
 public:
  JpegWriter() {
    set_errors(errors_);
    c_.err = &errors_.base;
  }
  ~JpegWriter() {
    if (made_) jpeg_destroy_compress(&c_);
    std::free(data_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  bool write(const uint8_t* pixels, int64_t height, int64_t width, int channels, const JpegWriteOptions& o) {
    if (setjmp(errors_.jump)) return false;
    jpeg_create_compress(&c_);
    made_ = true;
    jpeg_mem_dest(&c_, &data_, &size_);
    c_.image_width = JDIMENSION(width);
    c_.image_height = JDIMENSION(height);
    c_.input_components = channels;
    c_.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&c_);
    if (o.optimize_size) c_.optimize_coding = TRUE;
    c_.density_unit = UINT8(o.density_unit);
    c_.X_density = UINT16(o.x_density);
    c_.Y_density = UINT16(o.y_density);
    jpeg_set_quality(&c_, o.quality, TRUE);
    if (o.progressive) jpeg_simple_progression(&c_);
    if (!o.chroma_downsampling)
      for (int i = 0; i < c_.num_components; ++i)
        c_.comp_info[i].h_samp_factor = c_.comp_info[i].v_samp_factor = 1;
    jpeg_start_compress(&c_, TRUE);
    if (!o.xmp.empty()) write_xmp(o.xmp);
    for (int64_t y = 0; y < height; ++y) {
      auto* row = const_cast<JSAMPLE*>(pixels + y * width * channels);
      jpeg_write_scanlines(&c_, &row, 1);
    }
    jpeg_finish_compress(&c_);
    return true;
  }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(data_), size_t(size_)}; }

 private:
  void write_xmp(const std::string& xmp) {
    static const char space[] = "http://ns.adobe.com/xap/1.0/";  // its closing zero belongs to the marker
    jpeg_write_m_header(&c_, JPEG_APP0 + 1, unsigned(sizeof space + xmp.size()));
    for (char b : space) jpeg_write_m_byte(&c_, uint8_t(b));
    for (char b : xmp) jpeg_write_m_byte(&c_, uint8_t(b));
  }

  jpeg_compress_struct c_{};
  JpegErrors errors_{};
  bool made_ = false;
  unsigned char* data_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

bool encode_jpeg(const uint8_t* pixels, int64_t height, int64_t width, int channels,
                 const JpegWriteOptions& o, std::string& out) {
  if (height <= 0 || width <= 0 || height > JPEG_MAX_DIMENSION || width > JPEG_MAX_DIMENSION) return false;
  if (o.xmp.size() > 65000) return false;
  JpegWriter w;
  if (!w.write(pixels, height, width, channels, o)) return false;
  out = std::string(w.bytes());
  return true;
}

}  // namespace floe
