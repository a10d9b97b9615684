#include "floe/kernels/cpu/simd/rows.h"

#include <algorithm>

#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr Reduction kAll[] = {Reduction::kSum, Reduction::kMean, Reduction::kMax,
                              Reduction::kMin, Reduction::kProd, Reduction::kSumOfSquares};

double reduce(Reduction op, const std::vector<double>& v) {
  double sum = 0, squares = 0, product = 1, largest = -kInf, smallest = kInf;
  for (double x : v) {
    sum += x, squares += x * x, product *= x;
    largest = std::max(largest, x), smallest = std::min(smallest, x);
  }
  switch (op) {
    case Reduction::kSum:
      return sum;
    case Reduction::kMean:
      return sum / double(v.size());
    case Reduction::kMax:
      return largest;
    case Reduction::kMin:
      return smallest;
    case Reduction::kProd:
      return product;
    case Reduction::kSumOfSquares:
      return squares;
  }
  return 0;
}

const int64_t kLengths[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129, 1000, 4099};

TEST(Rows, Reductions) {
  for_each_target([] {
    for (int64_t n : kLengths) {
      const int64_t rows = 3, stride = n + 2;
      const auto x = random_floats(size_t(rows * stride), 1, -1.2f, 1.2f);
      for (Reduction op : kAll) {
        std::vector<double> expected;
        for (int64_t r = 0; r < rows; ++r) {
          expected.push_back(
              reduce(op, std::vector<double>(&x[size_t(r * stride)], &x[size_t(r * stride + n)])));
        }
        std::vector<float> y(size_t(rows), 0.0f);
        reduce_rows(op, x.data(), rows, n, stride, y.data());
        EXPECT_TRUE(near(y, expected, 2e-5)) << "op " << int(op) << " n " << n;
      }
    }
  });
}

TEST(Rows, ColumnReductions) {
  for_each_target([] {
    for (int64_t n : {1, 3, 16, 19, 64, 70, 130}) {
      for (int64_t rows : {1, 2, 7, 49}) {
        const int64_t stride = n + 3;
        const auto x = random_floats(size_t(rows * stride), 1, -1.2f, 1.2f);
        for (Reduction op : kAll) {
          std::vector<double> expected;
          for (int64_t j = 0; j < n; ++j) {
            std::vector<double> column;
            for (int64_t r = 0; r < rows; ++r) column.push_back(x[size_t(r * stride + j)]);
            expected.push_back(reduce(op, column));
          }
          std::vector<float> y(size_t(n), 0.0f);
          reduce_columns(op, x.data(), rows, n, stride, y.data());
          EXPECT_TRUE(near(y, expected, 1e-5)) << "op " << int(op) << " n " << n;
        }
      }
    }
  });
}

TEST(Rows, EmptyRowsAndNan) {
  for_each_target([] {
    float y = -1, x = 0;
    reduce_rows(Reduction::kSum, &x, 1, 0, 0, &y);
    EXPECT_EQ(y, 0.0f);
    reduce_rows(Reduction::kMax, &x, 1, 0, 0, &y);
    EXPECT_EQ(y, -kInf);
    reduce_rows(Reduction::kProd, &x, 1, 0, 0, &y);
    EXPECT_EQ(y, 1.0f);
    reduce_rows(Reduction::kMean, &x, 1, 0, 0, &y);
    EXPECT_TRUE(std::isnan(y));
    for (size_t at : {0, 5, 37, 99}) {
      std::vector<float> row(100, 2.0f);
      row[at] = kNan;
      for (Reduction op : kAll) {
        reduce_rows(op, row.data(), 1, 100, 100, &y);
        EXPECT_TRUE(std::isnan(y)) << at;
        reduce_columns(op, row.data(), 100, 1, 1, &y);
        EXPECT_TRUE(std::isnan(y)) << at;
      }
    }
  });
}

TEST(Rows, Softmax) {
  for_each_target([] {
    for (int64_t n : kLengths) {
      const int64_t rows = 3, stride = n + 1;
      const auto x = random_floats(size_t(rows * stride), 1, -20.0f, 90.0f);
      std::vector<float> y(x.size(), 7.0f), logarithms(x.size(), 7.0f);
      std::vector<double> expected(x.size(), 7.0), expected_log(x.size(), 7.0);
      for (int64_t r = 0; r < rows; ++r) {
        const float* row = &x[size_t(r * stride)];
        double sum = 0;
        const double largest = *std::max_element(row, row + n);
        for (int64_t i = 0; i < n; ++i) sum += std::exp(row[i] - largest);
        for (int64_t i = 0; i < n; ++i) {
          expected[size_t(r * stride + i)] = std::exp(row[i] - largest) / sum;
          expected_log[size_t(r * stride + i)] = row[i] - largest - std::log(sum);
        }
      }
      softmax_rows(x.data(), rows, n, stride, y.data(), stride);
      softmax_rows(x.data(), rows, n, stride, logarithms.data(), stride, true);
      EXPECT_TRUE(near(y, expected, 1e-6)) << n;
      EXPECT_TRUE(near(logarithms, expected_log, 1e-6)) << n;
      std::vector<float> in_place = x;
      softmax_rows(in_place.data(), rows, n, stride, in_place.data(), stride);
      EXPECT_EQ(in_place[size_t(n - 1)], y[size_t(n - 1)]);
    }
    const std::vector<float> special = {-kInf, 0.0f, 1.0f, kNan, 0.0f, 1.0f};
    std::vector<float> y(6);
    softmax_rows(special.data(), 2, 3, 3, y.data(), 3);
    EXPECT_EQ(y[0], 0.0f);
    EXPECT_NEAR(y[1] + y[2], 1.0f, 1e-6);
    EXPECT_TRUE(std::isnan(y[3]));
  });
}

TEST(Rows, LayerNorm) {
  for_each_target([] {
    for (int64_t n : kLengths) {
      for (const bool residual : {false, true}) {
        const int64_t rows = 3;
        const auto x = random_floats(size_t(rows * n), 1, 3.0f, 5.0f), r = random_floats(size_t(rows * n), 2);
        const auto gamma = random_floats(size_t(n), 3), beta = random_floats(size_t(n), 4);
        std::vector<double> expected;
        for (int64_t row = 0; row < rows; ++row) {
          std::vector<double> v;
          double mean = 0, variance = 0;
          for (int64_t i = 0; i < n; ++i) {
            const size_t at = size_t(row * n + i);
            v.push_back(residual ? double(x[at] + r[at]) : double(x[at]));
            mean += v.back() / double(n);
          }
          for (double e : v) variance += (e - mean) * (e - mean) / double(n);
          for (int64_t i = 0; i < n; ++i) {
            expected.push_back((v[size_t(i)] - mean) / std::sqrt(variance + 1e-3) * gamma[size_t(i)] +
                               beta[size_t(i)]);
          }
        }
        std::vector<float> y = x;
        LayerNormArgs args;
        args.n = n, args.x = y.data(), args.x_stride = n, args.gamma = gamma.data(), args.beta = beta.data();
        if (residual) args.residual = r.data(), args.residual_stride = n;
        args.y = y.data(), args.y_stride = n;
        layer_norm_rows(args, 0, 2);
        layer_norm_rows(args, 2, rows);
        EXPECT_TRUE(near(y, expected, 1e-5)) << n;
      }
    }
    const std::vector<float> x = {1.0f, 3.0f};
    std::vector<float> y(2);
    LayerNormArgs args;
    args.n = 2, args.x = x.data(), args.y = y.data(), args.epsilon = 0;
    layer_norm_rows(args, 0, 1);
    EXPECT_NEAR(y[0], -1.0f, 1e-6);
    EXPECT_NEAR(y[1], 1.0f, 1e-6);
  });
}

TEST(Rows, ArgMax) {
  for_each_target([] {
    for (int64_t n : kLengths) {
      auto x = random_floats(size_t(2 * n), 1);
      int64_t y[2];
      arg_max_rows(x.data(), 2, n, n, false, y);
      EXPECT_EQ(y[0], std::max_element(x.begin(), x.begin() + n) - x.begin());
      EXPECT_EQ(y[1], std::max_element(x.begin() + n, x.end()) - x.begin() - n);
      arg_max_rows(x.data(), 2, n, n, true, y);
      EXPECT_EQ(y[1], std::min_element(x.begin() + n, x.end()) - x.begin() - n);
    }
    const std::vector<float> ties = {1.0f, 3.0f, kNan, 3.0f};
    int64_t y;
    arg_max_rows(ties.data(), 1, 4, 4, false, &y);
    EXPECT_EQ(y, 1);
    const std::vector<float> all_nan = {kNan, kNan};
    arg_max_rows(all_nan.data(), 1, 2, 2, false, &y);
    EXPECT_EQ(y, 0);
  });
}

}  // namespace
}  // namespace floe::simd::testing
