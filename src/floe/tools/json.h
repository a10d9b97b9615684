// Values as the verbs write them in JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "floe/floe.h"

namespace floe::tools {

/// {"name", "dtype", "shape"}: unknown dimensions and shapes are null.
nlohmann::ordered_json spec_json(const TensorSpec& s);

/// Element i of a tensor. What JSON has no number for is "nan", "inf" or "-inf"; complex numbers are pairs.
nlohmann::json element_json(const Tensor& t, int64_t i);

}  // namespace floe::tools
