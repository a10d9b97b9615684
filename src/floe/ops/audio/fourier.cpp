#include "floe/ops/audio/fourier.h"

#include <cmath>
#include <kissfft/kissfft.hh>

namespace floe {
namespace {

// Above this, a prime factor costs more than two transforms of a power of two.
constexpr size_t kLargestFactor = 64;

size_t largest_factor(size_t n) {
  size_t largest = 1;
  for (size_t p = 2; p * p <= n; ++p)
    while (n % p == 0) largest = p, n /= p;
  return std::max(largest, n);
}

}  // namespace

// Bluestein: a transform of length n as a convolution of a length that is a power of two.
struct Fourier::Impl {
  size_t n, padded = 0;
  std::unique_ptr<kissfft<double>> direct, forward, backward;
  std::vector<Complex> chirp, filter, a, b;

  Impl(size_t n, bool inverse) : n(n) {
    if (largest_factor(n) <= kLargestFactor) {
      direct = std::make_unique<kissfft<double>>(n, inverse);
      return;
    }
    padded = 1;
    while (padded < 2 * n - 1) padded *= 2;
    forward = std::make_unique<kissfft<double>>(padded, false);
    backward = std::make_unique<kissfft<double>>(padded, true);
    chirp.resize(n);
    for (size_t i = 0; i < n; ++i) {
      double angle = M_PI * double(uint64_t(i) * i % (2 * n)) / double(n);
      chirp[i] = std::polar(1.0, inverse ? angle : -angle);
    }
    a.resize(padded);
    b.resize(padded);
    filter.resize(padded);
    std::fill(a.begin(), a.end(), 0.0);
    for (size_t i = 0; i < n; ++i) a[i] = a[(padded - i) % padded] = std::conj(chirp[i]);
    forward->transform(a.data(), filter.data());
    for (Complex& f : filter) f /= double(padded);
  }

  void run(const Complex* in, Complex* out) {
    if (direct) return direct->transform(in, out);
    std::fill(a.begin(), a.end(), 0.0);
    for (size_t i = 0; i < n; ++i) a[i] = in[i] * chirp[i];
    forward->transform(a.data(), b.data());
    for (size_t i = 0; i < padded; ++i) b[i] *= filter[i];
    backward->transform(b.data(), a.data());
    for (size_t i = 0; i < n; ++i) out[i] = a[i] * chirp[i];
  }
};

Fourier::Fourier(size_t n, bool inverse)
    : n_(n), impl_(n > 1 ? std::make_unique<Impl>(n, inverse) : nullptr) {}
Fourier::~Fourier() = default;
Fourier::Fourier(Fourier&&) noexcept = default;
Fourier& Fourier::operator=(Fourier&&) noexcept = default;

void Fourier::run(const Complex* in, Complex* out) {
  if (impl_)
    impl_->run(in, out);
  else if (n_)
    out[0] = in[0];
}

}  // namespace floe
