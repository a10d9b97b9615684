#ifndef FLOE_KERNELS_CPU_SIMD_TARGETS_H_
#define FLOE_KERNELS_CPU_SIMD_TARGETS_H_

// Included before <hwy/highway.h> by every file here: three instruction sets are enough (AVX-512, AVX2 and
// the compiler's baseline); each further one costs compile time and adds nothing these kernels use.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)

#endif  // FLOE_KERNELS_CPU_SIMD_TARGETS_H_
