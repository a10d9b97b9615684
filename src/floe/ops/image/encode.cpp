// EncodeJpeg, EncodeJpegVariableQuality, EncodePng.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/image/codec.h"

namespace floe {
namespace {

void check_jpeg_channels(InferContext& c, const Shape& image, const std::string& format) {
  int64_t n = image[2];
  if (n < 0) return;
  if (format == "" && n != 1 && n != 3) c.fail(cat("image must have 1 or 3 channels, got ", image.str()));
  if (format == "grayscale" && n != 1) c.fail(cat("format grayscale expects 1 channels, got ", image.str()));
  if (format == "rgb" && n != 3) c.fail(cat("format rgb expects 3 channels, got ", image.str()));
}

void encode_one_jpeg(KernelContext& c, const JpegWriteOptions& o) {
  const Tensor& t = c.input(0);
  std::string out;
  if (!encode_jpeg(t.data<uint8_t>(), t.dim(0), t.dim(1), int(t.dim(2)), o, out))
    c.fail(
        cat("JPEG encoding failed: height and width must be from 1 to 65500, and xmp_metadata at most 65000 "
            "bytes, got ",
            t.shape().str(), " and ", o.xmp.size()));
  *c.out<std::string>(0) = std::move(out);
}

FLOE_OP("EncodeJpeg", op) {
  op.in("image:uint8")
      .out("contents:string")
      .attrs(
          "format:{'','grayscale','rgb'}=''; quality:int=95; progressive:bool=false; "
          "optimize_size:bool=false; "
          "chroma_downsampling:bool=true; density_unit:{'in','cm'}='in'; x_density:int=300; "
          "y_density:int=300; "
          "xmp_metadata:string=''");
  op.infer([](InferContext& c) {
    check_jpeg_channels(c, c.with_rank(0, 3), c.attr<std::string>("format"));
    int64_t q = c.attr<int64_t>("quality");
    if (q < 0 || q > 100) c.fail(cat("quality must be in [0,100], got ", q));
    c.set_output(0, Shape{});
  });
  op.fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    JpegWriteOptions o;
    o.quality = int(k.attr<int64_t>("quality"));
    o.progressive = k.attr<bool>("progressive");
    o.optimize_size = k.attr<bool>("optimize_size");
    o.chroma_downsampling = k.attr<bool>("chroma_downsampling");
    o.density_unit = k.attr<std::string>("density_unit") == "in" ? 1 : 2;
    o.x_density = int(k.attr<int64_t>("x_density"));
    o.y_density = int(k.attr<int64_t>("y_density"));
    o.xmp = k.attr<std::string>("xmp_metadata");
    return [o](KernelContext& c) { encode_one_jpeg(c, o); };
  });
  op.samples([](Samples& s) {
    auto image = [&](int64_t channels) { return s.uniform({13, 18, channels}, 0, 255, DType::kUint8); };
    s.add({image(3)});
    s.add({image(1)});
    s.add({image(3)}, {{"quality", int64_t(40)}, {"format", std::string("rgb")}});
    s.add({image(3)}, {{"progressive", true}});
    s.add({image(3)}, {{"optimize_size", true}, {"chroma_downsampling", false}});
    s.add({image(1)}, {{"density_unit", std::string("cm")},
                       {"x_density", int64_t(30)},
                       {"xmp_metadata", std::string("<x/>")}});
    s.fails("image must have 1 or 3 channels, got [13,18,2]", {image(2)});
    s.fails("format grayscale expects 1 channels, got [13,18,3]", {image(3)},
            {{"format", std::string("grayscale")}});
    s.fails("quality must be in [0,100], got 101", {image(3)}, {{"quality", int64_t(101)}});
    s.fails("JPEG encoding failed", {Samples::filled({0, 4, 3}, 0, DType::kUint8)});
  });
}

FLOE_OP("EncodeJpegVariableQuality", op) {
  op.in("images:uint8, quality:int32").out("contents:string");
  op.infer([](InferContext& c) {
    check_jpeg_channels(c, c.with_rank(0, 3), "");
    c.with_rank(1, 0);
    c.set_output(0, Shape{});
  });
  op.fails_on_values();
  op.compute([](KernelContext& c) {
    JpegWriteOptions o;
    o.quality = c.scalar<int32_t>(1);
    if (o.quality < 0 || o.quality > 100) c.fail(cat("quality must be in [0,100], got ", o.quality));
    encode_one_jpeg(c, o);
  });
  op.samples([](Samples& s) {
    s.add({s.uniform({13, 18, 3}, 0, 255, DType::kUint8), Tensor::scalar<int32_t>(50)});
    s.fails("quality must be in [0,100]",
            {s.uniform({3, 8, 3}, 0, 255, DType::kUint8), Tensor::scalar<int32_t>(-1)});
  });
}

FLOE_OP("EncodePng", op) {
  op.in("image:T").out("contents:string").attrs("compression:int=-1; T:{uint8,uint16}=uint8");
  op.infer([](InferContext& c) {
    Shape image = c.with_rank_at_least(0, 3);
    if (image.has_rank() && (image.dim(-1) == 0 || image.dim(-1) > 4))
      c.fail(cat("image must have 1, 2, 3, or 4 channels, got ", image.dim(-1)));
    int64_t level = c.attr<int64_t>("compression");
    if (level < -1 || level > 9) c.fail(cat("compression should be in [-1,9], got ", level));
    c.set_output(0, image.has_rank() ? image.slice(0, image.rank() - 3) : Shape::unknown());
  });
  op.fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    int level = int(k.attr<int64_t>("compression")), bits = k.input_type(0) == DType::kUint16 ? 16 : 8;
    return [=](KernelContext& c) {
      const Tensor& t = c.input(0);
      int64_t h = t.dim(-3), w = t.dim(-2), channels = t.dim(-1), n = c.output(0).num_elements();
      const char* p = static_cast<const char*>(t.raw());
      for (int64_t i = 0; i < n; ++i) {
        std::string& out = c.out<std::string>(0)[i];
        if (!encode_png(p + i * h * w * channels * (bits / 8), h, w, int(channels), bits, level, out))
          c.fail(cat("PNG encoding failed at the following flattened batch indices: ", i,
                     ". Height and width must be from 1 to 1000000, got ", t.shape().str()));
      }
    };
  });
  op.samples([](Samples& s) {
    for (int64_t channels : {1, 2, 3, 4}) s.add({s.uniform({5, 7, channels}, 0, 255, DType::kUint8)});
    s.add({s.uniform({2, 5, 7, 3}, 0, 255, DType::kUint8)});
    s.add({s.uniform({5, 7, 3}, 0, 65535, DType::kUint16)});
    s.add({s.uniform({5, 7, 3}, 0, 255, DType::kUint8)}, {{"compression", int64_t(9)}});
    s.add({s.uniform({5, 7, 3}, 0, 255, DType::kUint8)}, {{"compression", int64_t(0)}});
    s.fails("image must have 1, 2, 3, or 4 channels, got 5", {s.uniform({2, 2, 5}, 0, 255, DType::kUint8)});
    s.fails("compression should be in [-1,9], got 10", {s.uniform({2, 2, 3}, 0, 255, DType::kUint8)},
            {{"compression", int64_t(10)}});
  });
}

}  // namespace
}  // namespace floe
