// Comparing tensors with what was expected.
#pragma once

#include <complex>
#include <string>
#include <vector>

#include "floe/tensor.h"

namespace floe {

/// The numbers of a tensor of any numeric type.
std::vector<std::complex<double>> as_complex(const Tensor& t);

/// Empty when they agree, else what differs. `tolerance` is relative to the largest finite value; 0 stands
/// for the dtype's default. Integers, strings and bools must be equal.
std::string compare(const Tensor& have, const Tensor& want, double tolerance);

}  // namespace floe
