// The number of threads that kernels use.
#pragma once

namespace floe {

/// Threads for the kernels; 0 returns to the default (the cores this process may use). The environment
/// variables FLOE_NUM_THREADS, TF_NUM_INTRAOP_THREADS and OMP_NUM_THREADS set the default.
void set_num_threads(int n);
int num_threads();

}  // namespace floe
