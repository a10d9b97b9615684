#include "floe/op/conv_geometry.h"

#include "floe/base/text.h"
#include "floe/error.h"

namespace floe {
namespace {

constexpr int64_t kLargest = int64_t(1) << 40;  // keeps every product of window arithmetic inside int64

/// Spatial entries of a list attribute with one entry per dimension; batch and channel entries must be 1.
std::array<int64_t, 3> spatial_entries(const WindowAttrs& a, const OpDef& def,
                                       const std::vector<int64_t>& list, std::string_view format,
                                       const char* what, const char* positive) {
  if (int(list.size()) != a.rank())
    throw InvalidArgument(cat(def.name, " on data format ", format, " requires the ", what,
                              " attribute to contain ", a.rank(), " values, but got: ", list.size()));
  if (list[0] != 1 || list[size_t(a.channel_axis())] != 1)
    throw InvalidArgument(
        cat("Current implementation does not yet support ", what, "s in the batch and depth dimensions."));
  std::array<int64_t, 3> out{1, 1, 1};
  for (int i = 0; i < a.spatial; ++i) {
    int64_t v = list[size_t(a.spatial_axis(i))];
    if (v <= 0) throw InvalidArgument(cat(positive, v));
    if (v > kLargest) throw InvalidArgument(cat(what, " ", v, " is too large"));
    out[size_t(i)] = v;
  }
  return out;
}

void read_explicit(WindowAttrs& a, const std::vector<int64_t>& list) {
  if (a.padding != Padding::kExplicit) {
    if (!list.empty())
      throw InvalidArgument(
          "explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT");
    return;
  }
  if (int(list.size()) != 2 * a.rank())
    throw InvalidArgument(
        cat("explicit_paddings attribute must contain ", 2 * a.rank(), " values, but got: ", list.size()));
  for (int64_t p : list) {
    if (p < 0) throw InvalidArgument("All elements of explicit_paddings must be nonnegative");
    if (p > kLargest) throw InvalidArgument(cat("explicit padding ", p, " is too large"));
  }
  size_t c = size_t(a.channel_axis());
  if (list[0] || list[1] || list[2 * c] || list[2 * c + 1])
    throw InvalidArgument("Nonzero explicit padding in the batch or depth dimensions is not supported");
  for (int i = 0; i < a.spatial; ++i) {
    size_t s = size_t(a.spatial_axis(i));
    a.before[size_t(i)] = list[2 * s];
    a.after[size_t(i)] = list[2 * s + 1];
  }
}

}  // namespace

Padding parse_padding(std::string_view name) {
  return name == "SAME" ? Padding::kSame : name == "EXPLICIT" ? Padding::kExplicit : Padding::kValid;
}

WindowAttrs window_attrs(const OpDef& def, const AttrMap& attrs, int spatial) {
  WindowAttrs a;
  a.spatial = spatial;
  std::string format = attrs.get_or<std::string>("data_format", "NHWC");
  a.channels_first = format == "NCHW" || format == "NCDHW";
  if (format == "NCHW_VECT_C") throw InvalidArgument("data_format NCHW_VECT_C is not supported on the CPU");
  a.padding = parse_padding(attrs.get<std::string>("padding"));
  if (attrs.has("strides"))
    a.stride = spatial_entries(a, def, attrs.get<std::vector<int64_t>>("strides"), format, "stride",
                               "Stride must be > 0, but got ");
  if (attrs.has("dilations"))
    a.dilation = spatial_entries(a, def, attrs.get<std::vector<int64_t>>("dilations"), format, "dilation",
                                 "Dilation rate must be >= 1, but got ");
  read_explicit(a, attrs.has("explicit_paddings") ? attrs.get<std::vector<int64_t>>("explicit_paddings")
                                                  : std::vector<int64_t>());
  return a;
}

WindowAttrs window_attrs(const InferContext& c, int spatial) {
  try {
    return window_attrs(c.def(), c.attrs(), spatial);
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
}

WindowDim window_dim(Padding padding, int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                     int64_t before, int64_t after) {
  WindowDim d{in, kernel, stride, dilation, before, after, -1};
  if (in < 0 || kernel < 0) return d;
  if (kernel > kLargest || in > kLargest || (kernel > 0 && dilation > kLargest / kernel))
    throw InvalidArgument(
        cat("a window of ", kernel, " with dilation ", dilation, " on size ", in, " is too large"));
  int64_t extent = kernel > 0 ? (kernel - 1) * dilation + 1 : 0;
  if (padding == Padding::kSame) {
    d.out = (in + stride - 1) / stride;
    int64_t pad = (d.out - 1) * stride + extent - in;
    pad = pad > 0 ? pad : 0;
    d.before = pad / 2;
    d.after = pad - d.before;
    return d;
  }
  if (padding == Padding::kValid) d.before = d.after = 0;
  int64_t room = in + d.before + d.after;
  if (room < extent)
    throw InvalidArgument(cat("Negative dimension size caused by subtracting ", extent, " from ", room));
  d.out = (room - extent) / stride + 1;
  return d;
}

Shape window_shape(const WindowAttrs& a, int64_t batch, const int64_t* spatial, int64_t channels) {
  Shape s = Shape::unknown_of_rank(a.rank());
  s.set_dim(0, batch);
  s.set_dim(a.channel_axis(), channels);
  for (int i = 0; i < a.spatial; ++i) s.set_dim(a.spatial_axis(i), spatial[i]);
  return s;
}

namespace {

/// Number of output channels (or -1) after checking the depths of input and filter against each other.
int64_t conv_channels(const InferContext& c, const WindowAttrs& a, const Shape& input, const Shape& filter,
                      bool depthwise) {
  int64_t in = input[a.channel_axis()], filter_in = filter[a.spatial], last = filter[a.spatial + 1];
  if (depthwise) {
    if (in >= 0 && filter_in >= 0 && in != filter_in)
      c.fail(cat("Dimensions must be equal, but are ", in, " and ", filter_in, ": the input has ", in,
                 " channels, the filter expects ", filter_in));
    int64_t depth = filter_in >= 0 ? filter_in : in, out = -1;
    if (depth >= 0 && last >= 0 && __builtin_mul_overflow(depth, last, &out))
      c.fail("the filter is too large");
    return out;
  }
  if (filter_in == 0) c.fail("Depth of filter must not be 0");
  if (in >= 0 && filter_in > 0) {
    if (in % filter_in)
      c.fail(cat("Depth of input (", in, ") is not a multiple of input depth of filter (", filter_in,
                 "): input depth must be evenly divisible by filter depth: ", in, " vs ", filter_in,
                 "\n  If the input is channels-", a.channels_first ? "last" : "first",
                 ", use the other data_format."));
    int64_t groups = in / filter_in;
    if (last >= 0 && groups > 0 && last % groups)
      c.fail(cat("Depth of output (", last, ") is not a multiple of the number of groups (", groups, ")"));
  }
  return last;
}

}  // namespace

Shape conv_shape(const InferContext& c, const WindowAttrs& a, const Shape& input, const Shape& filter,
                 bool depthwise) {
  int64_t channels = conv_channels(c, a, input, filter, depthwise);
  int64_t out[3];
  for (int i = 0; i < a.spatial; ++i) {
    size_t s = size_t(i);
    if (filter[i] == 0) c.fail("filter must not have zero elements (i.e. all dimensions must be non-zero)");
    try {
      out[i] = window_dim(a.padding, input[a.spatial_axis(i)], filter[i], a.stride[s], a.dilation[s],
                          a.before[s], a.after[s])
                   .out;
    } catch (const InvalidArgument& e) {
      c.fail(e.what());
    }
  }
  return window_shape(a, input[0], out, channels);
}

ConvGeometry conv_geometry(const WindowAttrs& a, const Shape& input, const Shape& filter, const Shape& output,
                           bool depthwise) {
  ConvGeometry g;
  g.batch = input[0];
  g.channels_first = a.channels_first;
  g.in_channels = input[a.channel_axis()];
  g.out_channels = output[a.channel_axis()];
  int64_t per_group = depthwise ? 1 : filter[a.spatial];
  g.groups = per_group > 0 ? g.in_channels / per_group : 1;
  if (g.groups == 0) g.groups = 1;
  for (int i = 0; i < a.spatial; ++i) {
    size_t s = size_t(i);
    g.dim[size_t(3 - a.spatial + i)] = window_dim(a.padding, input[a.spatial_axis(i)], filter[i], a.stride[s],
                                                  a.dilation[s], a.before[s], a.after[s]);
  }
  return g;
}

void check_conv_backprop(const InferContext& c, const WindowAttrs& a, const Shape& input, const Shape& filter,
                         const Shape& out, bool depthwise) {
  Shape want = conv_shape(c, a, input, filter, depthwise);
  if (want[0] >= 0 && out[0] >= 0 && want[0] != out[0])
    c.fail(cat(c.def().name, ": input and out_backprop must have the same batch size. Input batch: ", want[0],
               ", outbackprop batch: ", out[0]));
  int64_t channels = want[a.channel_axis()], got = out[a.channel_axis()];
  if (channels >= 0 && got >= 0 && channels != got)
    c.fail(cat(c.def().name,
               ": filter and out_backprop must have the same out_depth: Dimensions must be equal, but are ",
               got, " and ", channels));
  for (int i = 0; i < a.spatial; ++i) {
    int64_t w = want[a.spatial_axis(i)], o = out[a.spatial_axis(i)];
    if (w >= 0 && o >= 0 && w != o)
      c.fail(cat(c.def().name, ": Size of out_backprop doesn't match computed: actual = ", o,
                 ", computed = ", w, " spatial_dim: ", a.spatial_axis(i),
                 " input: ", input[a.spatial_axis(i)], " filter: ", filter[i], " output: ", o,
                 " stride: ", a.stride[size_t(i)], " dilation: ", a.dilation[size_t(i)]));
  }
}

void infer_conv2d(InferContext& c) {
  WindowAttrs a = window_attrs(c, 2);
  c.set_output(0, conv_shape(c, a, c.with_rank(0, 4), c.with_rank(1, 4), false));
}

void infer_conv3d(InferContext& c) {
  WindowAttrs a = window_attrs(c, 3);
  c.set_output(0, conv_shape(c, a, c.with_rank(0, 5), c.with_rank(1, 5), false));
}

void infer_depthwise_conv2d(InferContext& c) {
  WindowAttrs a = window_attrs(c, 2);
  c.set_output(0, conv_shape(c, a, c.with_rank(0, 4), c.with_rank(1, 4), true));
}

}  // namespace floe
