// tf.train.Example messages, read in place.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "floe/tensor.h"

namespace floe {

/// The values of one feature, not read yet.
struct ExampleFeature {
  DType type = DType::kInvalid;  // kString, kFloat32 or kInt64; kInvalid when the feature holds nothing
  std::string_view list;         // the BytesList, FloatList or Int64List message
};

/// Entries of a Features map in order of appearance; the last one of a name counts.
using ExampleFeatures = std::vector<std::pair<std::string_view, ExampleFeature>>;

/// The features of an Example message. False when it is damaged.
bool read_example(std::string_view message, ExampleFeatures& features);

/// Feature lists of a SequenceExample message by name (its context is read as that of an Example). False when
/// it is damaged.
using ExampleFeatureLists = std::vector<std::pair<std::string_view, std::vector<ExampleFeature>>>;
bool read_feature_lists(std::string_view message, ExampleFeatureLists& lists);

/// Appends the values of a feature. False when the list is damaged.
bool read_values(std::string_view list, std::vector<std::string_view>& values);
bool read_values(std::string_view list, std::vector<float>& values);
bool read_values(std::string_view list, std::vector<int64_t>& values);

}  // namespace floe
