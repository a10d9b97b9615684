// Plain convolution loops, forward and both gradients, for any data format, groups and dilations. The
// innermost loop runs over the channels of one filter row, which are contiguous.
#pragma once

#include <algorithm>
#include <vector>

#include "floe/base/threads.h"
#include "floe/op/conv_geometry.h"
#include "floe/tensor/dispatch.h"

namespace floe {

/// What sums are kept in: float for the half types; unsigned for int32, whose overflow wraps.
template <class T>
struct conv_sum {
  using type = compute_t<T>;
};
template <>
struct conv_sum<int32_t> {
  using type = uint32_t;
};
template <class T>
using conv_sum_t = typename conv_sum<T>::type;

/// Calls fn(tap, input position) for every tap of output position (d, h, w) that reads the input.
template <class F>
void for_taps(const ConvGeometry& g, int64_t d, int64_t h, int64_t w, F&& fn) {
  const WindowDim &D = g.dim[0], &H = g.dim[1], &W = g.dim[2];
  int64_t d1 = D.end_tap(d), h0 = H.first_tap(h), h1 = H.end_tap(h), w0 = W.first_tap(w), w1 = W.end_tap(w);
  for (int64_t kd = D.first_tap(d); kd < d1; ++kd)
    for (int64_t kh = h0; kh < h1; ++kh)
      for (int64_t kw = w0; kw < w1; ++kw) {
        int64_t id = D.start(d) + kd * D.dilation, ih = H.start(h) + kh * H.dilation,
                iw = W.start(w) + kw * W.dilation;
        fn((kd * H.kernel + kh) * W.kernel + kw, (id * H.in + ih) * W.in + iw);
      }
}

/// acc[oc] += in[ic] * filter[ic][oc] for one tap, group by group.
template <class S, class T>
void add_tap(const ConvGeometry& g, S* acc, const T* in, int64_t in_step, const S* filter) {
  int64_t icg = g.in_per_group(), ocg = g.out_per_group(), oc_all = g.out_channels;
  if (icg == 1 && ocg == 1) {
    for (int64_t c = 0; c < oc_all; ++c) acc[c] += S(in[c * in_step]) * filter[c];
    return;
  }
  for (int64_t gr = 0; gr < g.groups; ++gr)
    for (int64_t ic = 0; ic < icg; ++ic) {
      S v = S(in[(gr * icg + ic) * in_step]);
      const S* f = filter + ic * oc_all + gr * ocg;
      S* a = acc + gr * ocg;
      for (int64_t oc = 0; oc < ocg; ++oc) a[oc] += v * f[oc];
    }
}

template <class T>
std::vector<conv_sum_t<T>> widened(const T* p, int64_t n) {
  std::vector<conv_sum_t<T>> v(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) v[size_t(i)] = conv_sum_t<T>(p[i]);
  return v;
}

/// The filter in the type of the sums: itself when that is the same type, else a copy in `store`.
template <class T>
const conv_sum_t<T>* sums_view(const T* p, int64_t n, std::vector<conv_sum_t<T>>& store) {
  if constexpr (std::is_same_v<T, conv_sum_t<T>>) {
    return p;
  } else {
    store = widened(p, n);
    return store.data();
  }
}

template <class T>
void conv_forward(const ConvGeometry& g, int threads, const T* in, const T* filter, T* out) {
  using S = conv_sum_t<T>;
  int64_t icg = g.in_per_group(), row = icg * g.out_channels;
  std::vector<S> store;
  const S* f = sums_view(filter, g.taps() * row, store);
  int64_t lines = g.batch * g.dim[0].out * g.dim[1].out, wide = g.dim[2].out;
  double cost = double(g.taps()) * double(row) * double(wide) * 0.3;
  parallel_for(threads, lines, cost, [&](int64_t from, int64_t to) {
    std::vector<S> acc(static_cast<size_t>(g.out_channels));
    for (int64_t line = from; line < to; ++line) {
      int64_t h = line % g.dim[1].out, d = line / g.dim[1].out % g.dim[0].out,
              n = line / (g.dim[1].out * g.dim[0].out);
      const T* image = in + n * g.in_positions() * g.in_channels;
      T* to_image = out + n * g.out_positions() * g.out_channels;
      for (int64_t w = 0; w < wide; ++w) {
        std::fill(acc.begin(), acc.end(), S(0));
        for_taps(g, d, h, w, [&](int64_t tap, int64_t at) {
          add_tap(g, acc.data(), image + at * g.in_step(), g.in_channel_step(), f + tap * row);
        });
        T* o = to_image + ((d * g.dim[1].out + h) * wide + w) * g.out_step();
        for (int64_t c = 0; c < g.out_channels; ++c) o[c * g.out_channel_step()] = T(acc[size_t(c)]);
      }
    }
  });
}

/// Gradient with respect to the input, which is also the transposed convolution: every output position adds
/// its gradient to the input positions it has read. One image per item.
template <class T>
void conv_backprop_input(const ConvGeometry& g, int threads, const T* grad, const T* filter, T* in_grad) {
  using S = conv_sum_t<T>;
  int64_t icg = g.in_per_group(), ocg = g.out_per_group(), row = icg * g.out_channels, taps = g.taps();
  // [tap][oc][icg], so that the inner loop runs over input channels.
  std::vector<S> turned(static_cast<size_t>(taps * row));
  for (int64_t t = 0; t < taps; ++t)
    for (int64_t ic = 0; ic < icg; ++ic)
      for (int64_t oc = 0; oc < g.out_channels; ++oc)
        turned[size_t(t * row + oc * icg + ic)] = S(filter[t * row + ic * g.out_channels + oc]);
  int64_t image = g.in_positions() * g.in_channels;
  double cost = double(g.out_positions()) * double(taps) * double(row) * 0.3 + double(image);
  parallel_for(threads, g.batch, cost, [&](int64_t from, int64_t to) {
    std::vector<S> sum(static_cast<size_t>(image));
    for (int64_t n = from; n < to; ++n) {
      std::fill(sum.begin(), sum.end(), S(0));
      const T* gr = grad + n * g.out_positions() * g.out_channels;
      for (int64_t p = 0; p < g.out_positions(); ++p) {
        int64_t w = p % g.dim[2].out, h = p / g.dim[2].out % g.dim[1].out,
                d = p / (g.dim[2].out * g.dim[1].out);
        for_taps(g, d, h, w, [&](int64_t tap, int64_t at) {
          S* s = sum.data() + at * g.in_channels;
          for (int64_t oc = 0; oc < g.out_channels; ++oc) {
            S v = S(gr[p * g.out_step() + oc * g.out_channel_step()]);
            const S* f = turned.data() + tap * row + oc * icg;
            S* a = s + oc / ocg * icg;
            for (int64_t ic = 0; ic < icg; ++ic) a[ic] += v * f[ic];
          }
        });
      }
      T* o = in_grad + n * image;
      for (int64_t p = 0; p < g.in_positions(); ++p)
        for (int64_t c = 0; c < g.in_channels; ++c)
          o[p * g.in_step() + c * g.in_channel_step()] = T(sum[size_t(p * g.in_channels + c)]);
    }
  });
}

/// Gradient with respect to the filter. Taps are independent of each other.
template <class T>
void conv_backprop_filter(const ConvGeometry& g, int threads, const T* in, const T* grad, T* filter_grad) {
  using S = conv_sum_t<T>;
  int64_t icg = g.in_per_group(), ocg = g.out_per_group(), row = icg * g.out_channels;
  const WindowDim &D = g.dim[0], &H = g.dim[1], &W = g.dim[2];
  double cost = double(g.batch * g.out_positions()) * double(row) * 0.3;
  parallel_for(threads, g.taps(), cost, [&](int64_t from, int64_t to) {
    std::vector<S> sum(static_cast<size_t>(row));
    for (int64_t tap = from; tap < to; ++tap) {
      std::fill(sum.begin(), sum.end(), S(0));
      int64_t kw = tap % W.kernel, kh = tap / W.kernel % H.kernel, kd = tap / (W.kernel * H.kernel);
      for (int64_t n = 0; n < g.batch; ++n) {
        const T* image = in + n * g.in_positions() * g.in_channels;
        const T* gr = grad + n * g.out_positions() * g.out_channels;
        for (int64_t p = 0; p < g.out_positions(); ++p) {
          int64_t id = D.start(p / (W.out * H.out)) + kd * D.dilation;
          int64_t ih = H.start(p / W.out % H.out) + kh * H.dilation,
                  iw = W.start(p % W.out) + kw * W.dilation;
          if (id < 0 || id >= D.in || ih < 0 || ih >= H.in || iw < 0 || iw >= W.in) continue;
          const T* x = image + ((id * H.in + ih) * W.in + iw) * g.in_step();
          const T* y = gr + p * g.out_step();
          for (int64_t group = 0; group < g.groups; ++group)
            for (int64_t ic = 0; ic < icg; ++ic) {
              S v = S(x[(group * icg + ic) * g.in_channel_step()]);
              S* s = sum.data() + ic * g.out_channels + group * ocg;
              for (int64_t oc = 0; oc < ocg; ++oc)
                s[oc] += v * S(y[(group * ocg + oc) * g.out_channel_step()]);
            }
        }
      }
      for (int64_t i = 0; i < row; ++i) filter_grad[tap * row + i] = T(sum[size_t(i)]);
    }
  });
}

}  // namespace floe
