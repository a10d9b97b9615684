// How pack_b lays out its panels, for those who pack in their own way.
#if defined(FLOE_KERNELS_CPU_SIMD_GEMM_PANELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FLOE_KERNELS_CPU_SIMD_GEMM_PANELS_INL_H_
#undef FLOE_KERNELS_CPU_SIMD_GEMM_PANELS_INL_H_
#else
#define FLOE_KERNELS_CPU_SIMD_GEMM_PANELS_INL_H_
#endif

#include "floe/kernels/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

#if HWY_TARGET <= HWY_AVX3
inline constexpr int kMaxPanelVectors = 4;
constexpr int MaxTileRows(int vectors) { return vectors == 4 ? 7 : vectors == 3 ? 9 : 14; }
#else
inline constexpr int kMaxPanelVectors = 2;
constexpr int MaxTileRows(int vectors) { return vectors == 2 ? 6 : 8; }
#endif

// n columns as vectors, dealt out evenly: 9 vectors make panels of 3, 3, 3 rather than 4, 4, 1.
struct PanelSplit {
  explicit PanelSplit(int64_t n)
      : vectors((n + int64_t(kLanes) - 1) / int64_t(kLanes)),
        panels((vectors + kMaxPanelVectors - 1) / kMaxPanelVectors),
        base(panels ? vectors / panels : 0),
        wide(panels ? vectors % panels : 0) {}
  int64_t FirstVector(int64_t panel) const { return panel * base + (panel < wide ? panel : wide); }
  int Width(int64_t panel) const { return int(base + (panel < wide ? 1 : 0)); }

  int64_t vectors, panels, base, wide;
};

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
