#pragma once

#include "floe/graph/graph.h"

namespace floe {

/// Convolutions and pooling of float32 with data_format NCHW become NHWC, for which there are fast kernels;
/// what lies between them follows, so that transpositions are left only where the layout is seen from
/// outside. True when something changed: shapes are to be inferred again.
bool channels_last(FunctionBody& body);

}  // namespace floe
