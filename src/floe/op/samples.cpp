#include "floe/op/samples.h"

#include <algorithm>
#include <cmath>

#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using Fillable = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t, uint16_t,
                       uint32_t, uint64_t, bool, std::complex<float>, std::complex<double>>;

template <class F>
Tensor fill(const Shape& shape, DType dtype, F&& value) {
  Tensor t(dtype, shape);
  dispatch(Fillable{}, dtype, [&]<class T>() {
    for (T& x : t.mutable_flat<T>()) {
      double v = value();
      if constexpr (std::is_same_v<T, bool>)
        x = v > 0;
      else if constexpr (std::is_integral_v<T>)
        x = T(int64_t(v));
      else if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
        x = T(typename T::value_type(v), typename T::value_type(value()));
      else
        x = T(float(v)), x = std::is_same_v<T, double> ? T(v) : x;
    }
  });
  return t;
}

}  // namespace

Sample& Samples::add(std::vector<Tensor> inputs, AttrMap attrs) {
  samples_.push_back({std::move(inputs), std::move(attrs), 0, "", false});
  return samples_.back();
}

Sample& Samples::fails(const std::string& text, std::vector<Tensor> inputs, AttrMap attrs) {
  samples_.push_back({std::move(inputs), std::move(attrs), 0, text, false});
  return samples_.back();
}

void Samples::each_type(std::string_view attr, const std::function<void(DType)>& fn) {
  static const DType all[] = {DType::kFloat32, DType::kFloat64, DType::kFloat16,   DType::kBfloat16,
                              DType::kInt8,    DType::kInt16,   DType::kInt32,     DType::kInt64,
                              DType::kUint8,   DType::kUint16,  DType::kUint32,    DType::kUint64,
                              DType::kBool,    DType::kString,  DType::kComplex64, DType::kComplex128};
  const AttrDef* a = def_.find_attr(attr);
  for (DType t : all)
    if (!a || a->allowed_types.empty() ||
        std::find(a->allowed_types.begin(), a->allowed_types.end(), t) != a->allowed_types.end())
      fn(t);
}

double Samples::next() {
  state_ += 0x9e3779b97f4a7c15ull;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return double(z >> 11) * 0x1p-53;
}

Tensor Samples::random(const Shape& shape, DType dtype) {
  if (dtype == DType::kString) {
    static const char* words[] = {"", "a", "floe", "ice", "drift", "\xc3\xa9t\xc3\xa9", "North Sea", "x y z"};
    Tensor t(dtype, shape);
    for (std::string& s : t.mutable_flat<std::string>()) s = words[size_t(next() * 8)];
    return t;
  }
  if (dtype == DType::kBool) return fill(shape, dtype, [&] { return next() - 0.5; });
  if (is_integer(dtype) || is_quantized(dtype)) {
    bool is_unsigned = dtype == DType::kUint8 || dtype == DType::kUint16 || dtype == DType::kUint32 ||
                       dtype == DType::kUint64 || dtype == DType::kQuint8 || dtype == DType::kQuint16;
    return fill(shape, dtype,
                [&] { return is_unsigned ? std::floor(next() * 10) : std::floor(next() * 19) - 9; });
  }
  return fill(shape, dtype, [&] {
    double u = next(), v = next();
    return std::sqrt(-2 * std::log(1 - u)) * std::cos(6.283185307179586 * v);
  });
}

Tensor Samples::uniform(const Shape& shape, double lo, double hi, DType dtype) {
  return fill(shape, dtype, [&] {
    double v = lo + (hi - lo) * next();
    return is_integer(dtype) ? std::round(v) : v;
  });
}

Tensor Samples::iota(const Shape& shape, DType dtype) {
  double i = 0;
  return fill(shape, dtype, [&] { return i++; });
}

Tensor Samples::filled(const Shape& shape, double v, DType dtype) {
  return fill(shape, dtype, [&] { return v; });
}

Tensor Samples::numbers(const Shape& shape, const std::vector<double>& v, DType dtype) {
  if (int64_t(v.size()) != shape.num_elements()) throw Internal("Samples::numbers: wrong count");
  size_t i = 0;
  return fill(shape, dtype, [&] { return v[i++ % v.size()]; });
}

std::vector<Sample> samples_of(const OpDef& def) {
  Samples s(def);
  if (def.samples) def.samples(s);
  return s.all();
}

}  // namespace floe
