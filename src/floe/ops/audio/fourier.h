// The discrete Fourier transform of any length, in double.
#pragma once

#include <complex>
#include <memory>
#include <vector>

namespace floe {

/// A prepared transform of one length and direction. Not for use by two threads at once.
class Fourier {
 public:
  using Complex = std::complex<double>;
  Fourier(size_t n, bool inverse);
  ~Fourier();
  Fourier(Fourier&&) noexcept;
  Fourier& operator=(Fourier&&) noexcept;

  size_t size() const { return n_; }
  /// out[k] = sum over t of in[t] exp(-+2 pi i k t / n), not scaled. `in` and `out` must differ.
  void run(const Complex* in, Complex* out);

 private:
  struct Impl;
  size_t n_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace floe
