// TensorFlow's answers to the samples, made by scripts/make_op_goldens.py.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "floe/tensor.h"

namespace floe {

struct Golden {
  std::map<int, Tensor> outputs;
  std::string error;  // "Class: message" when TensorFlow refused the sample
};

/// By sample number; empty when tests/goldens/<folder> has no file for the op.
std::map<int, Golden> load_goldens(const std::string& op, const std::string& folder = "ops");

}  // namespace floe
