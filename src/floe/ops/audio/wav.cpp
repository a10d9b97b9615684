// DecodeWav and EncodeWav: 16-bit PCM.
#include <cmath>
#include <cstring>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

// Reads a WAV file from the front; every read checks what is left.
class WavReader {
 public:
  WavReader(KernelContext& c, std::string_view data) : c_(c), data_(data) {}

  std::string_view bytes(size_t n) {
    if (n > data_.size() - at_) c_.fail("Data too short when trying to read string");
    at_ += n;
    return data_.substr(at_ - n, n);
  }
  template <class T>
  T number() {
    T v;
    std::memcpy(&v, bytes(sizeof v).data(), sizeof v);
    return v;
  }
  void expect(std::string_view what) {
    std::string_view found = bytes(4);
    if (found != what) c_.fail(cat("Header mismatch: Expected ", what, " but found ", found));
  }
  void skip(size_t n) { at_ = n > data_.size() - at_ ? data_.size() : at_ + n; }
  bool done() const { return at_ >= data_.size(); }

 private:
  KernelContext& c_;
  std::string_view data_;
  size_t at_ = 0;
};

struct WavSound {
  uint32_t channels = 0, sample_rate = 0;
  std::string_view samples;
  int64_t frames = 0;
};

WavSound read_wav(KernelContext& c, std::string_view data) {
  WavReader in(c, data);
  WavSound w;
  in.expect("RIFF");
  in.number<uint32_t>();
  in.expect("WAVE");
  if (std::string_view id = in.bytes(4); id != "fmt ") c.fail(cat("Unexpected field ", id));
  uint32_t format_size = in.number<uint32_t>();
  if (format_size != 16 && format_size != 18)
    c.fail(cat("Bad format chunk size for WAV: Expected 16 or 18, but got", format_size));
  uint16_t format = in.number<uint16_t>();
  if (format != 1) c.fail(cat("Bad audio format for WAV: Expected 1 (PCM), but got", format));
  w.channels = in.number<uint16_t>();
  if (w.channels < 1) c.fail("Bad number of channels for WAV: Expected at least 1, but got 0");
  w.sample_rate = in.number<uint32_t>();
  uint32_t per_second = in.number<uint32_t>();
  uint16_t frame = in.number<uint16_t>(), bits = in.number<uint16_t>();
  if (bits != 16) c.fail(cat("Can only read 16-bit WAV files, but received ", bits));
  uint32_t want = (bits * w.channels + 7) / 8;
  if (want != frame) c.fail(cat("Bad bytes per sample in WAV header: Expected ", want, " but got ", frame));
  uint32_t want_per_second = frame * w.sample_rate;
  if (want_per_second != per_second)
    c.fail(cat("Bad bytes per second in WAV header: Expected ", want_per_second, " but got ", per_second,
               " (sample_rate=", w.sample_rate, ", bytes_per_sample=", frame, ")"));
  if (format_size == 18) in.bytes(2);
  bool found = false;
  while (!in.done()) {
    std::string_view id = in.bytes(4);
    uint32_t size = in.number<uint32_t>();
    if (size > INT32_MAX)
      c.fail(cat("WAV data chunk '", id, "' is too large: ", size, " bytes, but the limit is ", INT32_MAX));
    if (id != "data") {
      in.skip(size);
      continue;
    }
    if (found) c.fail("More than one data chunk found in WAV");
    found = true;
    w.frames = size / frame;
    w.samples = in.bytes(size_t(w.frames) * frame);
  }
  if (!found) c.fail("No data chunk found in WAV");
  return w;
}

FLOE_OP("DecodeWav", op) {
  op.in("contents:string")
      .out("audio:float, sample_rate:int32")
      .attrs("desired_channels:int=-1; desired_samples:int=-1");
  op.infer([](InferContext& c) {
    c.with_rank(0, 0);
    int64_t channels = c.attr<int64_t>("desired_channels"), samples = c.attr<int64_t>("desired_samples");
    if (channels < -1) c.fail(cat("channels must be non-negative, got ", channels));
    if (samples < -1) c.fail(cat("samples must be non-negative, got ", samples));
    c.set_output(0, {samples, channels});
    c.set_output(1, {});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t want_channels = k.attr<int64_t>("desired_channels"),
            want_frames = k.attr<int64_t>("desired_samples");
    return [=](KernelContext& c) {
      if (c.input(0).num_elements() != 1)
        c.fail(cat("contents must be scalar, got shape ", c.input(0).shape().str()));
      WavSound w = read_wav(c, *c.in<std::string>(0));
      int64_t channels = want_channels < 0 ? w.channels : want_channels;
      int64_t frames = want_frames < 0 ? w.frames : want_frames;
      Tensor& audio = c.allocate(0, DType::kFloat32, {frames, channels});
      float* out = audio.mutable_data<float>();
      for (int64_t i = 0; i < frames; ++i)
        for (int64_t j = 0; j < channels; ++j, ++out) {
          if (i >= w.frames) {
            *out = 0;
            continue;
          }
          int16_t v;
          std::memcpy(&v, w.samples.data() + (i * w.channels + std::min<int64_t>(j, w.channels - 1)) * 2, 2);
          *out = float(v) / 32768.0f;
        }
      c.allocate(1, DType::kInt32, {}).mutable_data<int32_t>()[0] = int32_t(w.sample_rate);
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    using namespace std::string_literals;
    std::string w =
        "RIFF0\0\0\0WAVEfmt \x10\0\0\0\1\0\2\0D\xac\0\0\x10\xb1\2\0\4\0\x10\0data\x0c\0\0\0\0@\0\xc0\xff\x7f\0\x80\xcd\x0c\xff\x7f"s;
    auto with = [&](size_t at, std::string bytes) {
      std::string v = w;
      return Tensor::scalar(v.replace(at, bytes.size(), bytes));
    };
    for (int64_t channels : {-1, 1, 2, 3}) s.add({Tensor::scalar(w)}, {{"desired_channels", channels}});
    for (int64_t n : {2, 5}) s.add({Tensor::scalar(w)}, {{"desired_samples", n}});
    s.add({Tensor::scalar(w.substr(0, 36) + "LIST\3\0\0\0abc"s + w.substr(36))});
    s.add({Tensor::scalar(w + "LIST\xff\0\0\0abc"s)});
    s.fails("Data too short", {Tensor::scalar("RIFF")});
    s.fails("Data too short", {Tensor::scalar(w.substr(0, w.size() - 1))});
    s.fails("Header mismatch: Expected RIFF but found XXXX", {with(0, "XXXX")});
    s.fails("Header mismatch: Expected WAVE but found XXXX", {with(8, "XXXX")});
    s.fails("Unexpected field XXXX", {with(12, "XXXX")});
    s.fails("Expected 16 or 18, but got15", {with(16, "\x0f")});
    s.fails("Expected 1 (PCM), but got3", {with(20, "\3")});
    s.fails("Bad number of channels for WAV", {with(22, "\0"s)});
    s.fails("Bad bytes per sample in WAV header: Expected 2 but got 4", {with(22, "\1")});
    s.fails("Can only read 16-bit WAV files, but received 8", {with(34, "\x08")});
    s.fails("Bad bytes per second in WAV header", {with(28, "\1")});
    s.fails("No data chunk found in WAV", {with(36, "XXXX")});
    s.fails("No data chunk found in WAV", {Tensor::scalar(w.substr(0, 36))});
    s.fails("is too large: 4294967295 bytes", {with(40, "\xff\xff\xff\xff")});
    s.fails("Data too short", {with(40, "\xff\xff\xff\x7f")});
    s.fails("Data too short", {with(40, "\x0b")});
    s.fails("More than one data chunk", {Tensor::scalar(w + "data\4\0\0\0abcd"s)});
    s.fails("Shape must be rank 0", {Tensor::vec<std::string>({w})});
  });
}

int16_t to_sample(float v) {
  float x = std::round(v * 32768.0f);
  if (std::isnan(x)) return 0;
  return int16_t(std::min(std::max(x, -32768.0f), 32767.0f));
}

FLOE_OP("EncodeWav", op) {
  op.in("audio:float, sample_rate:int32").out("contents:string");
  op.infer([](InferContext& c) {
    c.with_rank(0, 2);
    c.with_rank(1, 0);
    c.set_output(0, {});
  });
  op.compute([](KernelContext& c) {
    const Tensor& audio = c.input(0);
    int64_t frames = audio.dim(0), channels = audio.dim(1);
    int32_t rate = c.scalar<int32_t>(1);
    if (channels == 0) c.fail("audio is null: it has no channels");
    if (channels > UINT16_MAX / 2)
      c.fail(cat("channels must be at most ", UINT16_MAX / 2, ", got ", channels));
    if (rate <= 0) c.fail(cat("sample_rate must be in (0, 2^32), got: ", uint64_t(int64_t(rate))));
    if (frames > (INT32_MAX - 44) / (2 * channels))
      c.fail(cat("audio has too many samples for a WAV file: ", frames));
    uint32_t bytes = uint32_t(frames * channels * 2);
    std::string s;
    auto put = [&](auto v) { s.append(reinterpret_cast<const char*>(&v), sizeof v); };
    s.reserve(44 + bytes);
    s += "RIFF";
    put(uint32_t(36 + bytes));
    s += "WAVEfmt ";
    put(uint32_t(16));
    put(uint16_t(1));
    put(uint16_t(channels));
    put(uint32_t(rate));
    put(uint32_t(rate) * uint32_t(channels * 2));
    put(uint16_t(channels * 2));
    put(uint16_t(16));
    s += "data";
    put(bytes);
    for (float v : audio.flat<float>()) put(to_sample(v));
    *c.out<std::string>(0) = std::move(s);
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor rate = Tensor::scalar(int32_t(44100));
    s.add({Samples::numbers({3, 2}, {0.5, -0.5, 1, -1, 0.1, 2}), rate});
    s.add({Samples::numbers({7, 1}, {NAN, INFINITY, -INFINITY, 1.5 / 32768, 0.5 / 32768, -1.5 / 32768, -2}),
           rate});
    s.add({s.random({0, 2}), rate});
    s.fails("sample_rate must be in (0, 2^32), got: 18446744073709551611",
            {s.random({2, 2}), Tensor::scalar(int32_t(-5))});
    s.fails("audio is null", {s.random({2, 0}), rate});
    s.fails("Shape must be rank 2 but is rank 1", {s.random({2}), rate});
  });
}

}  // namespace
}  // namespace floe
