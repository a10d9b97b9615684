// What the tests of the eager queue share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "floe/op_call.h"
#include "floe/operators.h"
#include "floe/runtime/eager_queue.h"

namespace floe {

inline Tensor ramp(const Shape& shape, float step = 0.001f) {
  Tensor t(DType::kFloat32, shape);
  float* p = t.mutable_data<float>();
  for (int64_t i = 0; i < t.num_elements(); ++i) p[i] = step * float(i % 1999) - 0.5f;
  return t;
}

inline Tensor ints(const std::vector<int32_t>& v) { return Tensor::vec(v); }

struct Deferred {
  explicit Deferred(bool on) : before(eager_is_deferred()) { set_eager_deferred(on); }
  ~Deferred() { set_eager_deferred(before); }
  bool before;
};

inline void expect_near(const Tensor& a, const Tensor& b, float tolerance = 1e-5f) {
  ASSERT_EQ(a.dtype(), b.dtype());
  ASSERT_EQ(a.shape(), b.shape());
  auto x = a.flat<float>(), y = b.flat<float>();
  for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(x[i], y[i], tolerance) << "element " << i;
}

/// Runs `f` op by op, queued (run op by op), and queued twice more (planned): the values must agree.
inline void expect_same_both_ways(const std::function<Tensor()>& f, float tolerance = 1e-5f) {
  Tensor plain, first, second, third;
  {
    Deferred off(false);
    plain = f();
    ASSERT_TRUE(plain.is_concrete());
  }
  Deferred on(true);
  QueueStats before = eager_queue_stats();
  first = f();
  ASSERT_FALSE(first.is_concrete());
  expect_near(first, plain, tolerance);
  second = f();
  expect_near(second, plain, tolerance);
  third = f();
  expect_near(third, plain, tolerance);
  EXPECT_GT(eager_queue_stats().planned, before.planned);
}

}  // namespace floe
