// Python's slicing x[a:b:c, ..., None, 3], as StridedSlice encodes it in vectors and bit masks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "floe/shape.h"

namespace floe {

struct SliceMasks {
  int64_t begin = 0, end = 0, ellipsis = 0, new_axis = 0, shrink_axis = 0;
};

template <class C>
SliceMasks slice_masks(const C& c) {
  auto get = [&](const char* n) { return c.template attr<int64_t>(n); };
  return {get("begin_mask"), get("end_mask"), get("ellipsis_mask"), get("new_axis_mask"),
          get("shrink_axis_mask")};
}

/// A slice resolved against an input shape. One entry per input dimension in begin, stride and size.
struct StridedSlice {
  std::string problem;  // TensorFlow's phrase for what is wrong, else empty
  std::vector<int64_t> begin, stride;
  Shape box;    // what is taken of every input dimension (-1 unknown)
  Shape shape;  // the result: without the shrunken dimensions, with the new ones
};

/// `begin` and `end` may be unknown (their values, or single values: an empty vector or a missing one);
/// `in` may have unknown dimensions but needs a rank.
StridedSlice resolve_slice(const Shape& in, int64_t entries, const std::optional<std::vector<int64_t>>& begin,
                           const std::optional<std::vector<int64_t>>& end,
                           const std::optional<std::vector<int64_t>>& strides, const SliceMasks& masks);

}  // namespace floe
