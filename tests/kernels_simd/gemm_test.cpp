#include "floe/kernels/cpu/simd/gemm.h"

#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

struct Case {
  int64_t m, n, k;
  Activation activation = Activation::kNone;
  bool bias = true, residual = false, in_place = false;
  int64_t pad_a = 0, pad_c = 0;
};

void check(const Case& c) {
  SCOPED_TRACE(::testing::Message() << "m " << c.m << " n " << c.n << " k " << c.k << " activation "
                                    << int(c.activation) << " residual " << c.residual);
  const int64_t lda = c.k + c.pad_a, ldc = c.n + c.pad_c;
  const auto a = random_floats(size_t(c.m * lda), 1), b = random_floats(size_t(c.k * c.n), 2);
  const auto bias = random_floats(size_t(c.n), 3), residual = random_floats(size_t(c.m * ldc), 4);
  const float sentinel = 12345.0f;
  std::vector<float> out(size_t(c.m * ldc), sentinel);
  if (c.in_place) out = residual;
  std::vector<double> expected(out.begin(), out.end());
  for (int64_t i = 0; i < c.m; ++i) {
    for (int64_t j = 0; j < c.n; ++j) {
      double sum = c.bias ? bias[size_t(j)] : 0;
      for (int64_t p = 0; p < c.k; ++p) sum += double(a[size_t(i * lda + p)]) * b[size_t(p * c.n + j)];
      if (c.residual) sum += residual[size_t(i * ldc + j)];
      expected[size_t(i * ldc + j)] = activate(sum, c.activation, 0.2);
    }
  }
  std::vector<float> packed(packed_b_size(c.k, c.n));
  pack_b(b.data(), c.n, 1, c.k, c.n, packed.data());
  GemmArgs args;
  args.m = c.m, args.n = c.n, args.k = c.k;
  args.a = a.data(), args.lda = lda, args.packed_b = packed.data(), args.c = out.data(), args.ldc = ldc;
  args.epilogue.bias = c.bias ? bias.data() : nullptr;
  args.epilogue.residual = c.residual ? (c.in_place ? out.data() : residual.data()) : nullptr;
  args.epilogue.residual_stride = ldc;
  args.epilogue.activation = c.activation;
  gemm(args);
  EXPECT_TRUE(near(out, expected, 1e-5 * std::max(1.0, std::sqrt(double(c.k)) / 8)));
}

TEST(Gemm, EveryTileSize) {
  for_each_target([] {
    for (int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 29, 57}) {
      for (int64_t n : {1, 7, 8, 15, 16, 17, 31, 33, 48, 50, 63, 64, 65, 100, 144}) check({m, n, 11});
    }
  });
}

TEST(Gemm, InnerLengths) {
  for_each_target([] {
    for (int64_t k : {0, 1, 2, 3, 4, 5, 8, 67, 512, 1537, 2050, 3100}) {
      check({1, 70, k});
      check({3, 37, k});
      check({30, 70, k});
    }
  });
}

TEST(Gemm, LargeMatrixUsesPrefetchAndChunks) {
  for_each_target([] {
    check({130, 400, 300});
    check({500, 260, 700, Activation::kRelu});
  });
}

TEST(Gemm, Activations) {
  for_each_target([] {
    for (Activation activation : kAllActivations) {
      check({9, 70, 24, activation});
      check({1, 70, 24, activation, true, true});
      check({31, 35, 1700, activation, true, true, true, 3, 5});
    }
  });
}

TEST(Gemm, StridesBiasAndResidual) {
  for_each_target([] {
    for (int64_t m : {1, 4, 12, 60}) {
      check({m, 45, 20, Activation::kNone, false, false, false, 5, 9});
      check({m, 45, 20, Activation::kRelu6, true, true, false, 0, 3});
      check({m, 45, 2000, Activation::kRelu, true, true, true, 1, 3});
      check({m, 45, 20, Activation::kNone, false, true, true, 1, 0});
    }
  });
}

TEST(Gemm, TransposedPackingAndRanges) {
  for_each_target([] {
    const int64_t m = 40, n = 150, k = 33;
    const auto a = random_floats(size_t(m * k), 1), b = random_floats(size_t(k * n), 2);
    std::vector<float> transposed(size_t(k * n)), packed(packed_b_size(k, n)), other(packed_b_size(k, n));
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < n; ++j) transposed[size_t(j * k + i)] = b[size_t(i * n + j)];
    }
    pack_b(b.data(), n, 1, k, n, packed.data());
    pack_b(transposed.data(), 1, k, k, n, other.data());
    EXPECT_EQ(packed, other);
    std::vector<float> whole(size_t(m * n)), parts(size_t(m * n), -7.0f);
    GemmArgs args;
    args.m = m, args.n = n, args.k = k, args.a = a.data(), args.lda = k, args.packed_b = packed.data();
    args.c = whole.data(), args.ldc = n;
    gemm(args);
    args.c = parts.data();
    const int64_t panels = panel_count(n);
    for (int64_t panel = 0; panel < panels; ++panel) {
      gemm(args, 0, 13, panel, panel + 1);
      gemm(args, 13, m, panel, panel + 1);
    }
    EXPECT_TRUE(near(parts, std::vector<double>(whole.begin(), whole.end()), 1e-6));
  });
}

TEST(Gemm, NanAndInfinityPass) {
  for_each_target([] {
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    const std::vector<float> a{nan, inf, 1.0f}, b(20, 1.0f);
    std::vector<float> packed(packed_b_size(1, 20)), c(60);
    pack_b(b.data(), 20, 1, 1, 20, packed.data());
    GemmArgs args;
    args.m = 3, args.n = 20, args.k = 1, args.a = a.data(), args.lda = 1, args.packed_b = packed.data();
    args.c = c.data(), args.ldc = 20;
    args.epilogue.activation = Activation::kRelu;
    gemm(args);
    for (size_t j = 0; j < 20; ++j) {
      EXPECT_TRUE(std::isnan(c[j]));
      EXPECT_EQ(c[20 + j], inf);
      EXPECT_EQ(c[40 + j], 1.0f);
    }
  });
}

TEST(Gemm, CostRule) {
  EXPECT_TRUE(gemm_is_preferred(1, 4096, 4096));
  EXPECT_TRUE(gemm_is_preferred(49, 1280, 320));
  EXPECT_FALSE(gemm_is_preferred(4096, 1024, 256));
}

}  // namespace
}  // namespace floe::simd::testing
