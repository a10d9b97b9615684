#include "floe/tools/json.h"

#include <cmath>

#include "floe/op/kernel.h"
#include "floe/tensor/dispatch.h"

namespace floe::tools {
namespace {

template <class T>
nlohmann::json number(T v) {
  if (std::isfinite(v)) return v;
  return std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf";
}

}  // namespace

nlohmann::ordered_json spec_json(const TensorSpec& s) {
  nlohmann::ordered_json j{{"name", s.name}};
  if (s.dtype != DType::kInvalid) j["dtype"] = dtype_name(s.dtype);
  if (!s.shape.has_rank()) return j["shape"] = nullptr, j;
  j["shape"] = nlohmann::ordered_json::array();
  for (int64_t d : s.shape)
    j["shape"].push_back(d < 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(d));
  return j;
}

nlohmann::json element_json(const Tensor& t, int64_t i) {
  if (t.dtype() == DType::kString) return t.data<std::string>()[i];
  if (t.dtype() == DType::kBool) return t.data<bool>()[i];
  if (t.dtype() == DType::kFloat32) return number(t.data<float>()[i]);
  nlohmann::json j;
  dispatch(NumberTypes{}, t.dtype(), [&]<class T>() {
    const T& v = t.data<T>()[i];
    if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
      j = {number(v.real()), number(v.imag())};
    else if constexpr (std::is_integral_v<T>)
      j = v;
    else
      j = number(double(compute_t<T>(v)));
  });
  return j;
}

}  // namespace floe::tools
