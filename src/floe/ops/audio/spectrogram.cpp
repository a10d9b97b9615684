// AudioSpectrogram and Mfcc: what speech models start with.
#include <algorithm>
#include <bit>
#include <cmath>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/audio/fourier.h"

namespace floe {
namespace {

// Keeps a damaged file from asking for a window of gigabytes.
constexpr int64_t kLargestWindow = int64_t(1) << 26;

FLOE_OP("AudioSpectrogram", op) {
  op.in("input:float")
      .out("spectrogram:float")
      .attrs("window_size:int; stride:int; magnitude_squared:bool=false");
  op.infer([](InferContext& c) {
    Shape in = c.with_rank(0, 2);
    int64_t window = c.attr<int64_t>("window_size"), stride = c.attr<int64_t>("stride");
    if (window <= 1 || window > kLargestWindow) c.fail(cat("window size must be > 1, got ", window));
    if (stride <= 0) c.fail(cat("stride must be strictly positive, got ", stride));
    int64_t slices = in[0] < 0 ? -1 : in[0] < window ? 0 : 1 + (in[0] - window) / stride;
    c.set_output(0, {in[1], slices, 1 + int64_t(std::bit_ceil(uint64_t(window))) / 2});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t size = k.attr<int64_t>("window_size"), stride = k.attr<int64_t>("stride");
    if (size <= 1 || size > kLargestWindow) k.fail(cat("window size must be > 1, got ", size));
    bool squared = k.attr<bool>("magnitude_squared");
    std::vector<double> window(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i)
      window[size_t(i)] = 0.5 - 0.5 * std::cos(2.0 * M_PI * double(i) / double(size));
    return [=](KernelContext& c) {
      int64_t channels = c.output(0).dim(0), slices = c.output(0).dim(1), bins = c.output(0).dim(2);
      const float* in = c.in<float>(0);
      float* out = c.out<float>(0);
      size_t n = size_t(bins - 1) * 2;
      parallel_for(c.threads(), channels * slices, double(n) * 30, [&](int64_t from, int64_t to) {
        Fourier f(n, false);
        std::vector<Fourier::Complex> x(n), y(n);
        for (int64_t s = from; s < to; ++s) {
          int64_t channel = s / slices, start = (s % slices) * stride;
          for (int64_t i = 0; i < size; ++i)
            x[size_t(i)] = double(in[(start + i) * channels + channel]) * window[size_t(i)];
          f.run(x.data(), y.data());
          for (int64_t b = 0; b < bins; ++b) {
            float power = float(std::norm(y[size_t(b)]));
            out[s * bins + b] = squared ? power : std::sqrt(power);
          }
        }
      });
    };
  });
  op.samples([](Samples& s) {
    auto attrs = [](int64_t window, int64_t stride, bool squared) {
      return AttrMap{{"window_size", window}, {"stride", stride}, {"magnitude_squared", squared}};
    };
    s.add({s.random({100, 1})}, attrs(16, 7, false));
    s.add({s.random({100, 3})}, attrs(30, 11, true));
    s.add({s.random({50, 2})}, attrs(2, 1, false));
    s.add({s.random({500, 1})}, attrs(480, 10, true));
    s.add({s.random({5, 1})}, attrs(9, 1, false));
    s.add({s.random({9, 0})}, attrs(3, 1, false));
    s.fails("window size must be > 1, got 1", {s.random({5, 1})}, attrs(1, 1, false));
    s.fails("stride must be strictly positive, got 0", {s.random({5, 1})}, attrs(2, 0, false));
    s.fails("Shape must be rank 2 but is rank 1", {s.random({5})}, attrs(2, 1, false));
  });
}

double to_mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }

// Triangular filters spaced evenly in mel. A bin counts with `weight` for its channel and with the rest for
// the next.
struct MelFilters {
  int64_t channels = 0, first = 0, last = -1;
  std::vector<int64_t> channel;
  std::vector<double> weight;

  // False when the numbers do not make filters.
  bool prepare(int64_t bins, double sample_rate, int64_t count, double low, double high) {
    if (count < 1 || sample_rate <= 0 || bins < 2 || !(low >= 0) || !(high > low)) return false;
    channels = count;
    double mel_low = to_mel(low), spacing = (to_mel(high) - mel_low) / double(count + 1);
    std::vector<double> center(static_cast<size_t>(count + 1));
    for (int64_t i = 0; i <= count; ++i) center[size_t(i)] = mel_low + spacing * double(i + 1);
    double hz = 0.5 * sample_rate / double(bins - 1);
    first = int64_t(std::min(1.5 + low / hz, 1e15));
    last = int64_t(std::min(high / hz, 1e15));
    channel.assign(size_t(bins), -2);
    weight.assign(size_t(bins), 0);
    int64_t at = 0;
    for (int64_t i = first; i < bins && i <= last; ++i) {
      double mel = to_mel(double(i) * hz);
      while (at < count && center[size_t(at)] < mel) ++at;
      int64_t ch = at - 1;
      channel[size_t(i)] = ch;
      double right = ch >= 0 ? center[size_t(ch + 1)] : center[0],
             left = ch >= 0 ? center[size_t(ch)] : mel_low;
      weight[size_t(i)] = (right - mel) / (right - left);
    }
    return true;
  }

  void apply(const float* power, double* out) const {
    std::fill_n(out, channels, 0.0);
    for (int64_t i = first; i <= last; ++i) {
      double v = std::sqrt(double(power[i])), weighted = v * weight[size_t(i)];
      int64_t ch = channel[size_t(i)];
      if (ch >= 0) out[ch] += weighted;
      if (ch + 1 < channels) out[ch + 1] += v - weighted;
    }
  }
};

FLOE_OP("Mfcc", op) {
  op.in("spectrogram:float, sample_rate:int32")
      .out("output:float")
      .attrs(
          "upper_frequency_limit:float=4000; lower_frequency_limit:float=20; "
          "filterbank_channel_count:int=40; "
          "dct_coefficient_count:int=13");
  op.infer([](InferContext& c) {
    Shape in = c.with_rank(0, 3);
    c.with_rank(1, 0);
    int64_t n = c.attr<int64_t>("dct_coefficient_count");
    if (n < 0 || n > (1 << 20)) c.fail(cat("dct_coefficient_count must be in [1, 2^20], got ", n));
    c.set_output(0, {in[0], in[1], n});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    double low = k.attr<float>("lower_frequency_limit"), high = k.attr<float>("upper_frequency_limit");
    int64_t channels = k.attr<int64_t>("filterbank_channel_count"),
            count = k.attr<int64_t>("dct_coefficient_count");
    std::vector<double> cosines;
    bool possible = count >= 1 && count <= channels && channels <= (1 << 20) && count * channels <= (1 << 26);
    if (possible) {
      cosines.resize(size_t(count * channels));
      double norm = std::sqrt(2.0 / double(channels)), arg = M_PI / double(channels);
      for (int64_t i = 0; i < count; ++i)
        for (int64_t j = 0; j < channels; ++j)
          cosines[size_t(i * channels + j)] = norm * std::cos(double(i) * arg * (double(j) + 0.5));
    }
    return [=](KernelContext& c) {
      const Tensor& in = c.input(0);
      int64_t bins = in.dim(2), rows = in.dim(0) * in.dim(1);
      int32_t rate = c.scalar<int32_t>(1);
      MelFilters mel;
      if (!possible || !mel.prepare(bins, rate, channels, low, high))
        c.fail(cat("Mfcc initialization failed for channel count ", bins, ", sample rate ", rate,
                   " and filterbank_channel_count ", channels));
      if (mel.last >= bins)
        c.fail(cat("the spectrogram has ", bins, " frequencies up to ", rate / 2.0,
                   " Hz, too few for upper_frequency_limit ", high));
      const float* power = in.data<float>();
      float* out = c.out<float>(0);
      parallel_for(c.threads(), rows, double(channels * count) + double(bins) * 5,
                   [&](int64_t from, int64_t to) {
                     std::vector<double> logs(static_cast<size_t>(channels));
                     for (int64_t r = from; r < to; ++r) {
                       mel.apply(power + r * bins, logs.data());
                       for (double& v : logs) v = std::log(v < 1e-12 ? 1e-12 : v);
                       for (int64_t i = 0; i < count; ++i) {
                         double sum = 0;
                         for (int64_t j = 0; j < channels; ++j)
                           sum += cosines[size_t(i * channels + j)] * logs[size_t(j)];
                         out[r * count + i] = float(sum);
                       }
                     }
                   });
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor rate = Tensor::scalar(int32_t(16000));
    s.add({s.uniform({2, 3, 257}, 0, 10), rate});
    s.add({s.uniform({1, 2, 513}, 0, 1), Tensor::scalar(int32_t(44100))},
          {{"dct_coefficient_count", int64_t(40)}});
    s.add({s.uniform({1, 2, 129}, 0, 1), rate}, {{"upper_frequency_limit", 7600.0f},
                                                 {"lower_frequency_limit", 125.0f},
                                                 {"filterbank_channel_count", int64_t(64)}});
    s.add({Samples::filled({1, 1, 3}, 1), rate},
          {{"dct_coefficient_count", int64_t(3)}, {"filterbank_channel_count", int64_t(4)}});
    s.add({s.random({0, 2, 129}), rate});
    s.fails("Mfcc initialization failed for channel count 3, sample rate -1",
            {s.random({1, 5, 3}), Tensor::scalar(int32_t(-1))});
    s.fails("Mfcc initialization failed", {s.random({1, 1, 1}), rate});
    s.fails("Mfcc initialization failed", {s.random({1, 1, 3}), rate},
            {{"dct_coefficient_count", int64_t(50)}});
    s.fails("Mfcc initialization failed", {s.random({1, 1, 3}), rate}, {{"upper_frequency_limit", 10.0f}});
    s.fails("Shape must be rank 3 but is rank 2", {s.random({5, 3}), rate});
    s.fails("Shape must be rank 0 but is rank 1", {s.random({1, 5, 3}), Samples::i32({16000})});
  });
}

}  // namespace
}  // namespace floe
