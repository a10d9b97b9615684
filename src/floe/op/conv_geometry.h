// The geometry of sliding windows: convolutions, transposed convolutions and pools, their attributes,
// padding, output sizes and shape rules. Reference and tuned kernels read the same description.
#pragma once

#include <array>
#include <cstdint>

#include "floe/op/infer.h"
#include "floe/op/kernel.h"

namespace floe {

enum class Padding : uint8_t { kSame, kValid, kExplicit };

/// The attributes of a window op with 2 or 3 spatial dimensions, spatial entries in the order (depth,)
/// height, width.
struct WindowAttrs {
  int spatial = 2;
  bool channels_first = false;
  Padding padding = Padding::kValid;
  std::array<int64_t, 3> stride{1, 1, 1}, dilation{1, 1, 1};
  std::array<int64_t, 3> before{}, after{};  // explicit padding only

  int rank() const { return spatial + 2; }
  int channel_axis() const { return channels_first ? 1 : spatial + 1; }
  int spatial_axis(int i) const { return channels_first ? i + 2 : i + 1; }
};

/// One spatial dimension with everything resolved.
struct WindowDim {
  int64_t in = 1, kernel = 1, stride = 1, dilation = 1, before = 0, after = 0, out = 1;

  /// The input position of tap 0 for output position `o`; may lie in the padding.
  int64_t start(int64_t o) const { return o * stride - before; }
  /// First tap of output position `o` that reads the input.
  int64_t first_tap(int64_t o) const {
    int64_t s = start(o);
    return s >= 0 ? 0 : (-s + dilation - 1) / dilation;
  }
  /// One past the last tap of output position `o` that reads the input; never below first_tap.
  int64_t end_tap(int64_t o) const {
    int64_t s = start(o), n = in - s;
    int64_t end = n <= 0 ? 0 : (n + dilation - 1) / dilation;
    end = end < kernel ? end : kernel;
    int64_t first = first_tap(o);
    return end > first ? end : first;
  }
};

/// A whole convolution. With two spatial dimensions dim[0] is trivial. Filters are [(kd,) kh, kw,
/// in_channels / groups, out_channels]; a depthwise filter is that with groups = in_channels.
struct ConvGeometry {
  int64_t batch = 0, in_channels = 0, out_channels = 0, groups = 1;
  bool channels_first = false;
  std::array<WindowDim, 3> dim;  // depth, height, width

  int64_t in_per_group() const { return groups ? in_channels / groups : 0; }
  int64_t out_per_group() const { return groups ? out_channels / groups : 0; }
  int64_t taps() const { return dim[0].kernel * dim[1].kernel * dim[2].kernel; }
  int64_t in_positions() const { return dim[0].in * dim[1].in * dim[2].in; }
  int64_t out_positions() const { return dim[0].out * dim[1].out * dim[2].out; }
  /// Elements between neighbouring positions and between neighbouring channels.
  int64_t in_step() const { return channels_first ? 1 : in_channels; }
  int64_t in_channel_step() const { return channels_first ? in_positions() : 1; }
  int64_t out_step() const { return channels_first ? 1 : out_channels; }
  int64_t out_channel_step() const { return channels_first ? out_positions() : 1; }
};

/// Reads and checks strides, dilations, padding, explicit_paddings and data_format where the op has them.
WindowAttrs window_attrs(const OpDef& def, const AttrMap& attrs, int spatial);
/// The same inside shape inference, where a complaint names the node.
WindowAttrs window_attrs(const InferContext& c, int spatial);

/// "VALID", ... as the attribute has it.
Padding parse_padding(std::string_view name);

/// Output size and padding of one spatial dimension; `in` may be unknown (-1), then so are the results.
/// SAME puts the odd row at the end. Throws TensorFlow's "Negative dimension size" complaint.
WindowDim window_dim(Padding padding, int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                     int64_t before, int64_t after);

/// The shape of batch, spatial sizes and channels in the op's data format.
Shape window_shape(const WindowAttrs& a, int64_t batch, const int64_t* spatial, int64_t channels);

/// Output shape of a convolution; checks depths and sizes.
Shape conv_shape(const InferContext& c, const WindowAttrs& a, const Shape& input, const Shape& filter,
                 bool depthwise);

/// Geometry from full shapes of the (forward) input, filter and output.
ConvGeometry conv_geometry(const WindowAttrs& a, const Shape& input, const Shape& filter, const Shape& output,
                           bool depthwise);

/// Checks that `out` is what a forward convolution of `input` with `filter` gives (gradients and transposed
/// convolutions); unknown sizes pass.
void check_conv_backprop(const InferContext& c, const WindowAttrs& a, const Shape& input, const Shape& filter,
                         const Shape& out, bool depthwise);

// Shape rules of the ops themselves.
void infer_conv2d(InferContext& c);
void infer_conv3d(InferContext& c);
void infer_depthwise_conv2d(InferContext& c);

}  // namespace floe
