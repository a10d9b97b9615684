#include "compare.h"

#include <cmath>
#include <cstring>

#include "floe/base/text.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

double default_tolerance(DType t) {
  switch (t) {
    case DType::kFloat64:
    case DType::kComplex128:
      return 1e-12;
    case DType::kFloat16:
      return 2e-3;
    case DType::kBfloat16:
      return 1.6e-2;
    default:
      return 2e-6;
  }
}

bool same_special(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b;
}

}  // namespace

std::vector<std::complex<double>> as_complex(const Tensor& t) {
  std::vector<std::complex<double>> v;
  Tensor a = t.aligned();  // goldens lie in their file as they come
  dispatch(NumberTypes{}, t.dtype(), [&]<class T>() {
    for (const T& x : a.flat<T>()) {
      if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
        v.emplace_back(x.real(), x.imag());
      else
        v.emplace_back(double(compute_t<T>(x)), 0.0);
    }
  });
  return v;
}

std::string compare(const Tensor& have, const Tensor& want, double tolerance) {
  if (have.dtype() != want.dtype())
    return cat("dtype ", dtype_name(have.dtype()), ", expected ", dtype_name(want.dtype()));
  if (!(have.shape() == want.shape()))
    return cat("shape ", have.shape().str(), ", expected ", want.shape().str());
  if (have.dtype() == DType::kString) {
    for (int64_t i = 0; i < have.num_elements(); ++i)
      if (have.data<std::string>()[i] != want.data<std::string>()[i])
        return cat("element ", i, ": ", have.values_str(), ", expected ", want.values_str());
    return "";
  }
  if (!is_floating(have.dtype()) && !is_complex(have.dtype())) {
    if (have.nbytes() && std::memcmp(have.raw(), want.raw(), have.nbytes()))
      return cat("values ", have.values_str(200), ", expected ", want.values_str(200));
    return "";
  }
  if (tolerance == 0) tolerance = default_tolerance(have.dtype());
  auto a = as_complex(have), b = as_complex(want);
  double largest = 0;
  for (auto& x : b)
    if (std::isfinite(x.real()) && std::isfinite(x.imag())) largest = std::max(largest, std::abs(x));
  for (size_t i = 0; i < a.size(); ++i) {
    bool ok;
    if (std::isfinite(b[i].real()) && std::isfinite(b[i].imag()))
      ok = std::abs(a[i] - b[i]) <= tolerance * largest + 1e-30;
    else
      ok = same_special(a[i].real(), b[i].real()) && same_special(a[i].imag(), b[i].imag());
    if (!ok)
      return cat("element ", i, " is ", a[i].real(), "+", a[i].imag(), "j, expected ", b[i].real(), "+",
                 b[i].imag(), "j (tolerance ", tolerance * largest, ")\n  have ", have.values_str(64),
                 "\n  want ", want.values_str(64));
  }
  return "";
}

}  // namespace floe
