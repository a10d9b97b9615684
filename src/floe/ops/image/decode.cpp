// DecodeJpeg, DecodePng, DecodeGif, DecodeBmp, DecodeImage, DecodeAndCropJpeg, ExtractJpegShape.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/image/codec.h"

namespace floe {
namespace {

/// What a decoding op was asked for.
struct DecodeRequest {
  JpegOptions jpeg;
  DType dtype = DType::kUint8;
  bool all_frames = true;  // GIF: every frame, as a dimension of its own
  bool one_frame = false;  // GIF: refuse animations
  bool frame_dim = false;  // every format gets a frame dimension (DecodeGif)
};

/// JpegOptions of the op's attributes. Throws InvalidArgument.
JpegOptions jpeg_options(const AttrMap& a) {
  JpegOptions o;
  o.channels = int(a.get_or<int64_t>("channels", 0));
  o.ratio = int(a.get_or<int64_t>("ratio", 1));
  o.fancy_upscaling = a.get_or<bool>("fancy_upscaling", true);
  o.recover_truncated = a.get_or<bool>("try_recover_truncated", false);
  o.acceptable_fraction = a.get_or<float>("acceptable_fraction", 1.0f);
  std::string dct = a.get_or<std::string>("dct_method", "");
  if (int64_t c = a.get_or<int64_t>("channels", 0); c != 0 && c != 1 && c != 3 && c != 4)
    throw InvalidArgument(cat("`channels` must be 0, 1, 3 or 4 but got ", c));
  if (int64_t r = a.get_or<int64_t>("ratio", 1); r != 1 && r != 2 && r != 4 && r != 8)
    throw InvalidArgument(cat("ratio must be 1, 2, 4, or 8, got ", r));
  if (dct != "" && dct != "INTEGER_FAST" && dct != "INTEGER_ACCURATE")
    throw InvalidArgument("dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}");
  o.fast_dct = dct != "INTEGER_ACCURATE";
  return o;
}

const std::string& file_contents(KernelContext& c) {
  const Tensor& t = c.input(0);
  if (t.num_elements() != 1 || t.rank() != 0)
    c.fail(cat("`contents` must be scalar but got shape", t.shape().str()));
  const std::string& s = t.item<std::string>();
  if (s.empty()) c.fail("Input is empty.");
  return s;
}

Shape decoded_shape(const ImageSize& s, bool with_frames) {
  return with_frames ? Shape{s.frames, s.height, s.width, s.channels} : Shape{s.height, s.width, s.channels};
}

/// 8- or 16-bit pixels of `bits` as the op's dtype.
void convert_pixels(const Tensor& from, int bits, Tensor& to) {
  int64_t n = to.num_elements();
  if (bits == 16) {
    const uint16_t* p = from.data<uint16_t>();
    float* o = to.mutable_data<float>();
    for (int64_t i = 0; i < n; ++i) o[i] = float(p[i]) / 65535.0f;
    return;
  }
  const uint8_t* p = from.data<uint8_t>();
  if (to.dtype() == DType::kUint16) {
    uint16_t* o = to.mutable_data<uint16_t>();
    for (int64_t i = 0; i < n; ++i) o[i] = uint16_t(p[i] * 256);
  } else {
    float* o = to.mutable_data<float>();
    for (int64_t i = 0; i < n; ++i) o[i] = float(p[i]) / 255.0f;
  }
}

void decode_any(KernelContext& c, const DecodeRequest& q) {
  const std::string& bytes = file_contents(c);
  ImageFormat format = image_format(bytes);
  std::string error;
  Tensor pixels;
  int bits = 8;
  bool with_frames = q.frame_dim || (format == ImageFormat::kGif && q.all_frames && !q.one_frame);
  PixelAllocator allocate = [&](const ImageSize& s) -> void* {
    if (q.one_frame && s.frames > 1)
      c.fail(cat("Got ", s.frames,
                 " frames, but animated gifs can only be decoded by tf.io.decode_gif or tf.io.decode_image"));
    if (q.dtype == DType::kFloat32 && format == ImageFormat::kPng) bits = 16;
    DType raw = s.bits == 16 ? DType::kUint16 : DType::kUint8;
    bits = s.bits;
    pixels = Tensor(raw, decoded_shape(s, with_frames));
    return pixels.mutable_raw();
  };
  bool ok = false;
  int channels = q.jpeg.channels;
  switch (format) {
    case ImageFormat::kJpeg:
      ok = decode_jpeg(bytes, q.jpeg, allocate, error);
      break;
    case ImageFormat::kPng:
      ok = decode_png(bytes, channels, q.dtype == DType::kUint8 ? 8 : 16, allocate, error);
      break;
    case ImageFormat::kGif:
      if (channels != 0 && channels != 3) c.fail(cat("channels must be 0 or 3 for GIF, but got ", channels));
      ok = decode_gif(bytes, q.all_frames || q.one_frame, allocate, error);
      break;
    case ImageFormat::kBmp:
      ok = decode_bmp(bytes, channels, allocate, error);
      break;
    default:
      error = "Unknown image file format. One of JPEG, PNG, GIF, BMP required.";
  }
  if (!ok) c.fail(error);
  if (pixels.dtype() == q.dtype) return c.set_output(0, std::move(pixels));
  Tensor out(q.dtype, pixels.shape());
  convert_pixels(pixels, bits, out);
  c.set_output(0, std::move(out));
}

void infer_decoded(InferContext& c, int rank) {
  c.with_rank(0, 0);
  int64_t channels = c.has_attr("channels") ? c.attr<int64_t>("channels") : 0;
  if (channels < 0) c.fail(cat("channels must be non-negative, got ", channels));
  try {
    jpeg_options(c.attrs());
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
  Shape s = Shape::unknown_of_rank(rank);
  if (channels) s.set_dim(rank - 1, channels);
  c.set_output(0, s);
}

std::string sample_pixels(int64_t h, int64_t w, int64_t channels) {
  std::string p;
  for (int64_t y = 0; y < h; ++y)
    for (int64_t x = 0; x < w; ++x)
      for (int64_t k = 0; k < channels; ++k) p.push_back(char((y * 17 + x * 11 + k * 70 + x * y * 3) & 0xff));
  return p;
}

Tensor jpeg_sample(int64_t h, int64_t w, int channels, JpegWriteOptions o = {}) {
  std::string out, p = sample_pixels(h, w, channels);
  encode_jpeg(reinterpret_cast<const uint8_t*>(p.data()), h, w, channels, o, out);
  return Tensor::scalar(out);
}
Tensor png_sample(int64_t h, int64_t w, int channels, int bits = 8) {
  std::string out, p = sample_pixels(h, w, channels * (bits / 8));
  encode_png(p.data(), h, w, channels, bits, -1, out);
  return Tensor::scalar(out);
}
Tensor bmp_sample(int channels, bool top_down) {
  int w = 3, h = 2, row = (channels * w + 3) / 4 * 4;
  std::string b(54, '\0');
  auto put = [&](size_t at, int32_t v, int n) {
    for (int i = 0; i < n; ++i) b[at + size_t(i)] = char(v >> (8 * i));
  };
  b[0] = 'B', b[1] = 'M';
  put(10, 54, 4), put(14, 40, 4), put(18, w, 4), put(22, top_down ? -h : h, 4), put(26, 1, 2),
      put(28, channels * 8, 2);
  return Tensor::scalar(b + sample_pixels(1, row * h, 1));
}
/// Two frames of 2 x 2, the second smaller and with a transparent colour.
Tensor gif_sample(bool animated) {
  std::string g("GIF89a\x02\0\x02\0\x80\0\0\xff\x10\x20\x01\x80\xf0", 19);
  std::string frame("\x2c\0\0\0\0\x02\0\x02\0\0\x02\x03\x44\x02\x05\0", 16);
  std::string control("\x21\xf9\x04\x01\0\0\0\0", 8);
  std::string small("\x2c\0\0\0\0\x02\0\x02\0\0\x02\x03\x0c\x10\x05\0", 16);
  return Tensor::scalar(g + frame + (animated ? control + small : std::string()) + ";");
}
Tensor cut(const Tensor& t, size_t n) { return Tensor::scalar(t.item<std::string>().substr(0, n)); }

const char kJpegAttrs[] =
    "channels:int=0; ratio:int=1; fancy_upscaling:bool=true; try_recover_truncated:bool=false; "
    "acceptable_fraction:float=1.0; dct_method:string=''";

FLOE_OP("DecodeJpeg", op) {
  op.in("contents:string").out("image:uint8").attrs(kJpegAttrs);
  op.infer([](InferContext& c) { infer_decoded(c, 3); }).dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    DecodeRequest q{jpeg_options(k.attrs)};
    q.one_frame = true;
    return [q](KernelContext& c) { decode_any(c, q); };
  });
  op.samples([](Samples& s) {
    JpegWriteOptions progressive, full;
    progressive.progressive = true;
    full.chroma_downsampling = false;
    full.quality = 60;
    s.add({jpeg_sample(21, 34, 3)});
    s.add({jpeg_sample(21, 34, 1)});
    s.add({jpeg_sample(21, 34, 3, progressive)});
    s.add({jpeg_sample(21, 34, 3, full)});
    s.add({jpeg_sample(21, 34, 3)}, {{"channels", int64_t(1)}});
    s.add({jpeg_sample(21, 34, 1)}, {{"channels", int64_t(3)}});
    for (int64_t r : {2, 4, 8}) s.add({jpeg_sample(21, 34, 3)}, {{"ratio", r}});
    s.add({jpeg_sample(21, 34, 3)}, {{"fancy_upscaling", false}});
    for (const char* d : {"INTEGER_FAST", "INTEGER_ACCURATE"})
      s.add({jpeg_sample(21, 34, 3)}, {{"dct_method", std::string(d)}});
    s.add({png_sample(4, 5, 3)});
    s.fails("jpeg::Uncompress failed", {cut(jpeg_sample(21, 34, 3), 500)});
    s.fails("jpeg::Uncompress failed", {cut(jpeg_sample(21, 34, 3), 100)});
    s.fails("Input is empty", {Tensor::scalar("")});
    s.fails("Unknown image file format", {Tensor::scalar("garbage")});
    s.fails("JPEG does not support 4 channels", {jpeg_sample(4, 4, 3)}, {{"channels", int64_t(4)}});
    s.fails("`channels` must be 0, 1, 3 or 4 but got 2", {jpeg_sample(4, 4, 3)}, {{"channels", int64_t(2)}});
    s.fails("ratio must be 1, 2, 4, or 8, got 3", {jpeg_sample(4, 4, 3)}, {{"ratio", int64_t(3)}});
    s.fails("dct_method must be one of", {jpeg_sample(4, 4, 3)}, {{"dct_method", std::string("X")}});
  });
}

FLOE_OP("DecodePng", op) {
  op.in("contents:string").out("image:dtype").attrs("channels:int=0; dtype:{uint8,uint16}=uint8");
  op.infer([](InferContext& c) { infer_decoded(c, 3); }).dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    DecodeRequest q{jpeg_options(k.attrs)};
    q.one_frame = true;
    q.dtype = k.output_type(0);
    return [q](KernelContext& c) { decode_any(c, q); };
  });
  op.samples([](Samples& s) {
    for (int channels : {1, 2, 3, 4})
      for (int bits : {8, 16})
        for (DType t : {DType::kUint8, DType::kUint16})
          s.add({png_sample(4, 5, channels, bits)}, {{"dtype", t}});
    for (int64_t want : {1, 3, 4})
      for (int channels : {1, 2, 3, 4}) s.add({png_sample(4, 5, channels)}, {{"channels", want}});
    s.fails("Invalid PNG data", {cut(png_sample(4, 5, 3), 60)});
    s.fails("`channels` must be 0, 1, 3 or 4 but got 2", {png_sample(4, 5, 3)}, {{"channels", int64_t(2)}});
  });
}

FLOE_OP("DecodeGif", op) {
  op.in("contents:string").out("image:uint8");
  op.infer([](InferContext& c) {
    c.with_rank(0, 0);
    c.set_output(0, Shape{-1, -1, -1, 3});
  });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit&) -> KernelFn {
    DecodeRequest q;
    q.frame_dim = true;
    q.jpeg.channels = 3;
    return [q](KernelContext& c) { decode_any(c, q); };
  });
  op.samples([](Samples& s) {
    s.add({gif_sample(false)});
    s.add({gif_sample(true)});
    s.add({png_sample(4, 5, 3)});
    s.fails("Invalid GIF data (size 6), failed to open gif file", {Tensor::scalar("GIF89a")});
  });
}

/// Only one format is allowed; anything else says which op to use.
void require_format(KernelContext& c, ImageFormat want, const char* instead) {
  ImageFormat f = image_format(file_contents(c));
  if (f != want && f != ImageFormat::kUnknown)
    c.fail(cat("Trying to decode ", image_format_name(f), " format using ", c.def().name, " op. Use ",
               instead, " instead."));
}

FLOE_OP("DecodeBmp", op) {
  op.in("contents:string").out("image:uint8").attrs("channels:int=0");
  op.infer([](InferContext& c) { infer_decoded(c, 3); }).dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    DecodeRequest q{jpeg_options(k.attrs)};
    return [q](KernelContext& c) {
      require_format(c, ImageFormat::kBmp, "`decode_jpeg` or `decode_image`");
      decode_any(c, q);
    };
  });
  op.samples([](Samples& s) {
    for (int n : {1, 3, 4}) s.add({bmp_sample(n, false)});
    s.add({bmp_sample(3, true)});
    s.add({bmp_sample(3, false)}, {{"channels", int64_t(3)}});
    s.fails("Incomplete bmp content, requires at least 32 bytes", {Tensor::scalar("BM")});
    s.fails("Incomplete bmp content", {cut(bmp_sample(3, false), 60)});
    s.fails("channels attribute 1 does not match bits per pixel from file 3", {bmp_sample(3, false)},
            {{"channels", int64_t(1)}});
    s.fails("Trying to decode JPEG format using DecodeBmp op", {jpeg_sample(4, 4, 3)});
  });
}

FLOE_OP("DecodeImage", op) {
  op.in("contents:string").out("image:dtype");
  op.attrs("channels:int=0; dtype:{uint8,uint16,float}=uint8; expand_animations:bool=true");
  op.infer([](InferContext& c) {
    infer_decoded(c, 3);
    if (c.attr<bool>("expand_animations")) c.set_output(0, Shape::unknown());
  });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    DecodeRequest q{jpeg_options(k.attrs)};
    q.all_frames = k.attr<bool>("expand_animations");
    q.dtype = k.output_type(0);
    return [q](KernelContext& c) { decode_any(c, q); };
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kUint8, DType::kUint16, DType::kFloat32})
      for (const Tensor& f : {jpeg_sample(21, 34, 3), png_sample(4, 5, 4), png_sample(4, 5, 3, 16),
                              gif_sample(true), bmp_sample(3, false)})
        s.add({f}, {{"dtype", t}});
    s.add({gif_sample(true)}, {{"expand_animations", false}});
    s.add({jpeg_sample(4, 4, 3)}, {{"channels", int64_t(1)}});
    s.fails("Unknown image file format", {Tensor::scalar("garbage")});
    s.fails("Input is empty", {Tensor::scalar("")});
  });
}

FLOE_OP("DecodeAndCropJpeg", op) {
  op.in("contents:string, crop_window:int32").out("image:uint8").attrs(kJpegAttrs);
  op.infer([](InferContext& c) {
    infer_decoded(c, 3);
    int64_t n = c.with_rank(1, 1)[0];
    if (n >= 0 && n != 4) c.fail(cat("crop_size must have four elements: Dimension must be 4 but is ", n));
    Shape s = c.output_shape(0);
    if (auto w = c.int_value(1))
      for (int i = 0; i < 2; ++i)
        if ((*w)[size_t(2 + i)] > 0) s.set_dim(i, (*w)[size_t(2 + i)]);
    c.set_output(0, s);
  });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    JpegOptions o = jpeg_options(k.attrs);
    return [o](KernelContext& c) {
      require_format(c, ImageFormat::kJpeg, "`decode_jpeg` or `decode_image`");
      const int32_t* w = c.in<int32_t>(1);
      DecodeRequest q{o};
      q.jpeg.crop = true;
      q.jpeg.crop_y = w[0], q.jpeg.crop_x = w[1], q.jpeg.crop_height = w[2], q.jpeg.crop_width = w[3];
      decode_any(c, q);
    };
  });
  op.samples([](Samples& s) {
    s.add({jpeg_sample(21, 34, 3), Samples::i32({3, 5, 10, 20})});
    s.add({jpeg_sample(21, 34, 1), Samples::i32({0, 0, 21, 34})});
    s.fails("Invalid JPEG data or crop window", {jpeg_sample(21, 34, 3), Samples::i32({3, 5, 19, 20})});
    s.fails("Invalid JPEG data or crop window", {jpeg_sample(21, 34, 3), Samples::i32({-1, 5, 9, 20})});
    s.fails("crop_size must have four elements", {jpeg_sample(21, 34, 3), Samples::i32({1, 5, 9})});
    s.fails("Trying to decode PNG format using DecodeAndCropJpeg op",
            {png_sample(4, 4, 3), Samples::i32({1, 1, 1, 1})});
  });
}

FLOE_OP("ExtractJpegShape", op) {
  op.in("contents:string").out("image_shape:output_type").attrs("output_type:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    c.with_rank(0, 0);
    c.set_output(0, Shape{3});
  });
  op.fails_on_values();
  op.compute([](KernelContext& c) {
    const std::string& bytes = c.input(0).item<std::string>();
    ImageSize size;
    if (!jpeg_size(bytes, size)) c.fail(cat("Invalid JPEG data, size ", bytes.size()));
    int64_t v[3] = {size.height, size.width, size.channels};
    for (int i = 0; i < 3; ++i)
      if (c.output(0).dtype() == DType::kInt32)
        c.out<int32_t>(0)[i] = int32_t(v[i]);
      else
        c.out<int64_t>(0)[i] = v[i];
  });
  op.samples([](Samples& s) {
    s.add({jpeg_sample(21, 34, 3)});
    s.add({jpeg_sample(21, 34, 1)}, {{"output_type", DType::kInt64}});
    s.fails("Invalid JPEG data, size", {png_sample(4, 4, 3)});
  });
}

}  // namespace
}  // namespace floe
