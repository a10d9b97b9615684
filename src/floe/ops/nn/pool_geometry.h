// Windows of pooling ops: attributes, shape rules and the loop over the input positions of a window.
#pragma once

#include "floe/op/conv_geometry.h"

namespace floe {

/// A pool's attributes; `depth` is the window (and stride) along channels, 1 for ordinary pools.
struct PoolAttrs {
  WindowAttrs window;
  std::array<int64_t, 3> size{1, 1, 1};
  int64_t depth = 1;
};

/// Reads ksize, strides, padding, explicit_paddings and data_format. With `from_inputs` ksize and strides are
/// given (MaxPoolV2 takes them as inputs).
PoolAttrs pool_attrs(const OpDef& def, const AttrMap& attrs, int spatial);
PoolAttrs pool_attrs(const OpDef& def, const AttrMap& attrs, int spatial, const std::vector<int64_t>& ksize,
                     const std::vector<int64_t>& strides);
PoolAttrs pool_attrs(const InferContext& c, int spatial);

/// Output shape for an input shape (of known rank).
Shape pool_shape(const InferContext& c, const PoolAttrs& a, const Shape& input);

/// As a convolution with one group per channel: positions, steps and padding of the window.
ConvGeometry pool_geometry(const PoolAttrs& a, const Shape& input, const Shape& output);

void infer_pool2d(InferContext& c);
void infer_pool3d(InferContext& c);

/// Calls fn(input position) for every input position under the window of output position p.
template <class F>
void for_window(const ConvGeometry& g, int64_t p, F&& fn) {
  const WindowDim &D = g.dim[0], &H = g.dim[1], &W = g.dim[2];
  int64_t w = p % W.out, h = p / W.out % H.out, d = p / (W.out * H.out);
  int64_t d1 = D.end_tap(d), h0 = H.first_tap(h), h1 = H.end_tap(h), w0 = W.first_tap(w), w1 = W.end_tap(w);
  for (int64_t kd = D.first_tap(d); kd < d1; ++kd)
    for (int64_t kh = h0; kh < h1; ++kh)
      for (int64_t kw = w0; kw < w1; ++kw)
        fn(((D.start(d) + kd) * H.in + H.start(h) + kh) * W.in + W.start(w) + kw);
}

/// How many input positions the window of output position p covers.
int64_t window_count(const ConvGeometry& g, int64_t p);

}  // namespace floe
