#include "floe/ops/nn/pool_geometry.h"

#include "floe/base/text.h"
#include "floe/error.h"

namespace floe {

PoolAttrs pool_attrs(const OpDef& def, const AttrMap& attrs, int spatial, const std::vector<int64_t>& ksize,
                     const std::vector<int64_t>& strides) {
  PoolAttrs a;
  size_t rank = size_t(spatial + 2);
  if (ksize.size() != rank)
    throw InvalidArgument(cat("Sliding window ksize field must specify ", rank, " dimensions: ", def.name,
                              " requires the ksize attribute to contain ", rank,
                              " values, but got: ", ksize.size()));
  if (strides.size() != rank)
    throw InvalidArgument(cat("Sliding window strides field must specify ", rank, " dimensions: ", def.name,
                              " requires the stride attribute to contain ", rank,
                              " values, but got: ", strides.size()));
  for (int64_t s : strides)
    if (s <= 0) throw InvalidArgument(cat("Stride must be > 0, but got ", s));
  for (int64_t s : ksize)
    if (s <= 0)
      throw InvalidArgument(
          cat("Sliding window ksize must be positive. The specified or inferred ksize is: ", s));
  for (size_t i = 0; i < rank; ++i)
    if (ksize[i] > (int64_t(1) << 31) || strides[i] > (int64_t(1) << 31))
      throw InvalidArgument("a pooling window or stride is too large");
  AttrMap window = attrs;
  window.erase("strides");
  a.window = window_attrs(def, window, spatial);
  size_t channel = size_t(a.window.channel_axis());
  if (ksize[0] != 1 || strides[0] != 1)
    throw InvalidArgument("Pooling is not yet supported on the batch dimension.");
  for (int i = 0; i < spatial; ++i) {
    a.size[size_t(i)] = ksize[size_t(a.window.spatial_axis(i))];
    a.window.stride[size_t(i)] = strides[size_t(a.window.spatial_axis(i))];
    if (a.window.padding == Padding::kExplicit &&
        (a.window.before[size_t(i)] >= a.size[size_t(i)] || a.window.after[size_t(i)] >= a.size[size_t(i)]))
      throw InvalidArgument(
          cat("the explicit padding must be less than the window size ", a.size[size_t(i)]));
  }
  a.depth = ksize[channel];
  bool max = def.name.rfind("MaxPool", 0) == 0 && spatial == 2;
  if (a.depth == 1 && strides[channel] == 1) return a;
  if (!max) throw InvalidArgument("Non-spatial pooling is not yet supported.");
  for (int i = 0; i < spatial; ++i)
    if (a.size[size_t(i)] != 1 || a.window.stride[size_t(i)] != 1)
      throw InvalidArgument(
          "MaxPooling supports exactly one of pooling across depth or pooling across width/height.");
  if (a.depth != strides[channel])
    throw InvalidArgument("Depthwise max pooling requires the depth window to equal the depth stride");
  return a;
}

PoolAttrs pool_attrs(const OpDef& def, const AttrMap& attrs, int spatial) {
  return pool_attrs(def, attrs, spatial, attrs.get<std::vector<int64_t>>("ksize"),
                    attrs.get<std::vector<int64_t>>("strides"));
}

PoolAttrs pool_attrs(const InferContext& c, int spatial) {
  try {
    return pool_attrs(c.def(), c.attrs(), spatial);
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
}

Shape pool_shape(const InferContext& c, const PoolAttrs& a, const Shape& input) {
  const WindowAttrs& w = a.window;
  int64_t channels = input[w.channel_axis()], out[3];
  if (a.depth > 1 && channels >= 0) {
    if (channels % a.depth)
      c.fail("Depthwise max pooling requires the depth window to evenly divide the input depth");
    channels /= a.depth;
  }
  for (int i = 0; i < w.spatial; ++i) {
    size_t s = size_t(i);
    try {
      out[i] =
          window_dim(w.padding, input[w.spatial_axis(i)], a.size[s], w.stride[s], 1, w.before[s], w.after[s])
              .out;
    } catch (const InvalidArgument& e) {
      c.fail(e.what());
    }
  }
  return window_shape(w, input[0], out, channels);
}

ConvGeometry pool_geometry(const PoolAttrs& a, const Shape& input, const Shape& output) {
  const WindowAttrs& w = a.window;
  ConvGeometry g;
  g.batch = input[0];
  g.channels_first = w.channels_first;
  g.in_channels = input[w.channel_axis()];
  g.out_channels = output[w.channel_axis()];
  g.groups = g.out_channels;
  for (int i = 0; i < w.spatial; ++i) {
    size_t s = size_t(i);
    g.dim[size_t(3 - w.spatial + i)] =
        window_dim(w.padding, input[w.spatial_axis(i)], a.size[s], w.stride[s], 1, w.before[s], w.after[s]);
  }
  return g;
}

void infer_pool2d(InferContext& c) {
  PoolAttrs a = pool_attrs(c, 2);
  c.set_output(0, pool_shape(c, a, c.with_rank(0, 4)));
}

void infer_pool3d(InferContext& c) {
  PoolAttrs a = pool_attrs(c, 3);
  c.set_output(0, pool_shape(c, a, c.with_rank(0, 5)));
}

int64_t window_count(const ConvGeometry& g, int64_t p) {
  const WindowDim &D = g.dim[0], &H = g.dim[1], &W = g.dim[2];
  int64_t w = p % W.out, h = p / W.out % H.out, d = p / (W.out * H.out);
  return (D.end_tap(d) - D.first_tap(d)) * (H.end_tap(h) - H.first_tap(h)) * (W.end_tap(w) - W.first_tap(w));
}

}  // namespace floe
