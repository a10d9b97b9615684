// Splitting a body into a front that treats every sample of a batch alone and a rest.
#pragma once

#include <memory>

#include "floe/graph/graph.h"

namespace floe {

struct BatchSplit {
  /// From the arguments to what the rest reads; every argument and result has the batch as first dimension.
  std::unique_ptr<FunctionBody> front;
  /// From the front's results to the body's results; null when the front gives them already, in order.
  std::unique_ptr<FunctionBody> rest;
  /// Bytes that the largest step of the front touches per sample.
  int64_t bytes_per_sample = 0;
};

/// For a body with known shapes: its convolutional front, if running it a few samples at a time pays (their
/// activations stay in the cache). Empty when there is none.
BatchSplit split_batch(const FunctionBody& body);

}  // namespace floe
