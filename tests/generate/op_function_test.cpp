#include "floe/generate/op_function.h"

#include <gtest/gtest.h>

#include "floe/op/kernel.h"

namespace floe::generate {
namespace {

OpDef op(const char* name, const char* in, const char* out, const char* attrs) {
  OpDef def;
  def.name = name;
  OpBuilder(def).in(in).out(out).attrs(attrs).compute([](KernelContext&) {});
  return def;
}

TEST(OpFunction, OneOutput) {
  EXPECT_EQ(op_function(op("NotReal", "x:T, default:int32", "y:T",
                           "T:type; shape:shape; eps:float=0.5; to:list(type)=[int32]")),
            R"(/// What not_real does unless told otherwise.
struct NotRealAttrs {
  float eps = 0.5f;
  std::vector<DType> to = {DType::kInt32};
};

/// NotReal(x: T, default: int32) -> (y: T)  T: type  shape: shape  eps: float = 0.5  to: list(type) = [int32]
inline Tensor not_real(const Tensor& x, const Tensor& default_, const Shape& shape, const NotRealAttrs& attrs = {}) {
  return detail::only(floe::call("NotReal", {x, default_}, {{"shape", shape}, {"eps", attrs.eps}, {"to", attrs.to}}));
}
)");
}

TEST(OpFunction, ListsAndSeveralOutputs) {
  EXPECT_EQ(op_function(op("Pair", "a:N*T, b:Tb", "sum:T, rest:n*T, same:Tb",
                           "N:int; T:type; Tb:list(type); n:int=2")),
            R"(/// What pair does unless told otherwise.
struct PairAttrs {
  int64_t n = 2;
};

/// What pair gives.
struct PairOutputs {
  Tensor sum;
  std::vector<Tensor> rest;
  std::vector<Tensor> same;
};

/// Pair(a: N*T, b: Tb) -> (sum: T, rest: n*T, same: Tb)  N: int  T: type  Tb: list(type)  n: int = 2
inline PairOutputs pair(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const PairAttrs& attrs = {}) {
  detail::Outputs outputs_(floe::call("Pair", detail::join(a, b), {{"N", int64_t(a.size())}, {"Tb", detail::types(b)}, {"n", attrs.n}}));
  return {outputs_.one(), outputs_.many(size_t(attrs.n)), outputs_.many(b.size())};
}
)");
}

TEST(OpFunction, NoOutputs) {
  EXPECT_EQ(op_function(op("Drop", "", "", "")),
            "/// Drop() -> ()\ninline void drop() {\n  floe::call(\"Drop\", {});\n}\n");
}

TEST(OpFunction, WhatUsersGet) {
  EXPECT_TRUE(is_public(op("NotReal", "x:float", "y:float", "")));
  EXPECT_FALSE(is_public(op("_NotReal", "x:float", "y:float", "")));
  EXPECT_FALSE(is_public(op("NotReal", "x:Ref(float)", "y:float", "")));
  EXPECT_FALSE(is_public(op("NotReal", "x:float", "y:Ref(float)", "")));
  EXPECT_FALSE(is_public(op("NotReal", "x:float", "y:float", "f:func")));
  OpDef declared = op("NotReal", "x:float", "y:float", "");
  declared.kernel = nullptr;
  EXPECT_FALSE(is_public(declared));
}

TEST(OpFunction, TwoParametersOfOneName) {
  EXPECT_THROW(op_function(op("NotReal", "x:float", "y:float", "x:int")), Internal);
}

}  // namespace
}  // namespace floe::generate
