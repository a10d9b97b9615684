// GIF through giflib: frames are drawn over each other, as TensorFlow does it.
#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "floe/base/text.h"
#include "floe/ops/image/codec.h"

namespace floe {
namespace {

int read_gif(GifFileType* f, GifByteType* to, int n) {
  auto* left = static_cast<std::string_view*>(f->UserData);
  size_t k = std::min(left->size(), size_t(std::max(n, 0)));
  std::memcpy(to, left->data(), k);
  left->remove_prefix(k);
  return int(k);
}

struct CloseGif {
  void operator()(GifFileType* f) const { DGifCloseFile(f, nullptr); }
};

/// Draws frame k into `to`; `before` is the frame before it or null.
bool draw_frame(GifFileType* f, int k, int64_t height, int64_t width, const uint8_t* before, uint8_t* to,
                std::string& error) {
  const SavedImage& image = f->SavedImages[k];
  const GifImageDesc& d = image.ImageDesc;
  if (before)
    std::memcpy(to, before, size_t(height * width * 3));
  else
    std::memset(to, 0, size_t(height * width * 3));
  const ColorMapObject* colors = d.ColorMap ? d.ColorMap : f->SColorMap;
  if (!colors) return error = cat("missing color map for frame ", k), false;
  GraphicsControlBlock control;
  int transparent = DGifSavedExtensionToGCB(f, k, &control) == GIF_OK ? control.TransparentColor : -1;
  int64_t top = std::max(d.Top, 0), left = std::max(d.Left, 0);
  int64_t bottom = std::min<int64_t>(int64_t(d.Top) + d.Height, height);
  int64_t right = std::min<int64_t>(int64_t(d.Left) + d.Width, width);
  for (int64_t y = top; y < bottom; ++y)
    for (int64_t x = left; x < right; ++x) {
      int index = image.RasterBits[(y - d.Top) * d.Width + (x - d.Left)];
      if (index == transparent) continue;
      if (index >= colors->ColorCount) {
        error = cat("found color index ", index, " outside of color map range ", colors->ColorCount);
        return false;
      }
      const GifColorType& c = colors->Colors[index];
      uint8_t* p = to + (y * width + x) * 3;
      p[0] = c.Red, p[1] = c.Green, p[2] = c.Blue;
    }
  return true;
}

}  // namespace

bool decode_gif(std::string_view bytes, bool all_frames, const PixelAllocator& allocate, std::string& error) {
  std::string_view left = bytes;
  int code = 0;
  auto fail = [&](const std::string& why) {
    error = cat("Invalid GIF data (size ", bytes.size(), "), ", why);
    return false;
  };
  auto reason = [](int c) -> std::string {
    const char* s = GifErrorString(c);
    return s ? s : "unknown error";
  };
  std::unique_ptr<GifFileType, CloseGif> f(DGifOpen(&left, read_gif, &code));
  if (!f) return fail(cat("failed to open gif file: ", reason(code)));
  // A truncated file keeps the frames that are whole.
  bool complete = DGifSlurp(f.get()) == GIF_OK;
  int frames = f->SavedImages ? f->ImageCount : 0;
  while (frames > 0 && !f->SavedImages[frames - 1].RasterBits) --frames;
  if (!complete && frames > 0) --frames;
  if (frames <= 0)
    return fail(complete ? "gif file does not contain any image"
                         : cat("failed to slurp gif file: ", reason(f->Error)));
  int64_t height = 0, width = 0;
  for (int k = 0; k < frames; ++k) {
    const SavedImage& image = f->SavedImages[k];
    if (!image.RasterBits || image.ImageDesc.Width <= 0 || image.ImageDesc.Height <= 0)
      return fail(cat("frame ", k, " is empty"));
    height = std::max<int64_t>(height, image.ImageDesc.Height);
    width = std::max<int64_t>(width, image.ImageDesc.Width);
  }
  if (!all_frames) frames = 1;
  if (height * width * 3 > std::numeric_limits<int32_t>::max() / frames)
    return fail("the image is too large");
  auto* out = static_cast<uint8_t*>(allocate({frames, height, width, 3, 8}));
  for (int k = 0; k < frames; ++k) {
    uint8_t* to = out + k * height * width * 3;
    std::string why;
    if (!draw_frame(f.get(), k, height, width, k ? to - height * width * 3 : nullptr, to, why))
      return fail(why);
  }
  error.clear();
  return true;
}

}  // namespace floe
