// Transposition and permutations.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

// The permutation, not negative, or what is wrong with it in `problem`.
std::vector<int> read_permutation(const std::vector<int64_t>& perm, int rank, std::string& problem) {
  std::vector<int> p;
  std::vector<char> seen(size_t(rank), 0);
  if (int(perm.size()) != rank) {
    problem =
        cat("transpose expects a vector of size ", rank, ". But input(1) is a vector of size ", perm.size());
    return p;
  }
  for (int64_t d : perm) {
    if (d < -rank || d >= rank) {
      problem = cat(d, " is out of range [0 .. ", rank, ")");
      return p;
    }
    p.push_back(int(d < 0 ? d + rank : d));
    seen[size_t(p.back())] = 1;
  }
  for (int i = 0; i < rank; ++i)
    if (!seen[size_t(i)]) {
      problem = cat(i, " is missing from {");
      for (int k = 0; k < rank; ++k) problem += cat(k ? "," : "", perm[size_t(k)]);
      problem += "}.";
      return p;
    }
  return p;
}

void infer_transpose(InferContext& c) {
  const Shape &in = c.shape(0), &perm = c.shape(1);
  if (perm.has_rank() && perm.rank() != 1) c.fail(cat("perm must be rank 1, got shape ", perm.str()));
  int rank = in.has_rank()                                       ? in.rank()
             : perm.has_rank() && perm[0] >= 0 && perm[0] <= 254 ? int(perm[0])
                                                                 : -1;
  if (rank < 0) return;
  if (perm.has_rank() && perm[0] >= 0 && perm[0] != rank)
    c.fail(cat("transpose expects a vector of size ", rank, ". But input(1) is a vector of size ", perm[0]));
  Shape from = in.has_rank() ? in : Shape::unknown_of_rank(rank);
  auto v = known_integers(c, 1);
  if (!v) {
    c.set_output(0, rank < 2 ? from : Shape::unknown_of_rank(rank));
    return;
  }
  std::string problem;
  std::vector<int> p = read_permutation(*v, rank, problem);
  if (!problem.empty()) c.fail(problem);
  Shape out = Shape::unknown_of_rank(rank);
  for (int i = 0; i < rank; ++i) out.set_dim(i, from[p[size_t(i)]]);
  c.set_output(0, out);
}

template <class T>
void conjugate_in_place(Tensor& t) {
  for (auto& x : t.mutable_flat<std::complex<T>>()) x = std::conj(x);
}

void compute_transpose(KernelContext& c) {
  const Tensor& x = c.input(0);
  std::string problem;
  std::vector<int> p = read_permutation(integers(c.input(1)), x.rank(), problem);
  if (!problem.empty()) c.fail(problem);
  Tensor& y = c.output(0);
  std::vector<int64_t> in = element_strides(x.shape()), from(in.size()), to = element_strides(y.shape());
  for (size_t i = 0; i < p.size(); ++i) from[i] = in[size_t(p[i])];
  copy_strided(c.threads(), x.dtype(), y.shape().dims(), y.mutable_raw(), to, x.raw(), from);
}

void compute_conjugate_transpose(KernelContext& c) {
  compute_transpose(c);
  if (c.output(0).dtype() == DType::kComplex64) conjugate_in_place<float>(c.output(0));
  if (c.output(0).dtype() == DType::kComplex128) conjugate_in_place<double>(c.output(0));
}

void transpose_samples(Samples& s) {
  s.each_type("T", [&](DType t) { s.add({s.random({2, 3, 4}, t), Samples::i32({2, 0, 1})}); });
  s.add({s.random({2, 3, 4}), Samples::i64({0, 2, 1})});
  s.add({s.random({2, 3}), Samples::i32({-1, 0})});
  s.add({s.random({2, 3, 4, 5}), Samples::i32({0, 2, 1, 3})});
  s.add({s.random({2, 5, 4, 3}), Samples::i32({0, 3, 1, 2})});
  s.add({s.random({2, 3, 5, 4}), Samples::i32({0, 2, 3, 1})});
  s.add({s.random({2, 1, 3, 2, 2}), Samples::i32({4, 1, 3, 0, 2})});
  s.add({s.random({70, 45}), Samples::i32({1, 0})});
  s.add({s.random({3, 40, 35}), Samples::i32({2, 1, 0})});
  s.add({s.random({2, 2, 1, 2, 3, 2, 2}), Samples::i32({6, 4, 2, 0, 1, 3, 5})});
  s.add({s.random({0, 3}), Samples::i32({1, 0})});
  s.add({s.random({4}), Samples::i32({0})});
  s.add({s.random({}), Samples::i32({})});
  s.fails("transpose expects a vector of size 2. But input(1) is a vector of size 3",
          {s.random({2, 3}), Samples::i32({0, 1, 2})});
  s.fails("1 is missing from {0,0}.", {s.random({2, 3}), Samples::i32({0, 0})});
  s.fails("2 is out of range [0 .. 2)", {s.random({2, 3}), Samples::i32({0, 2})});
  s.fails("perm must be rank 1, got shape []", {s.random({2, 3}), Tensor::scalar<int32_t>(0)});
}

// Entries may count from the back.
Tensor inverse_order(GradientContext& g) {
  const Tensor& perm = g.input(1);
  return grad::op("InvertPermutation",
                  {grad::op("FloorMod", {perm, grad::cast(grad::rank_of(g.input(0)), perm.dtype())})});
}

FLOE_OP("Transpose", op) {
  op.in("x:T, perm:Tperm").out("y:T").attrs("T:type; Tperm:{int32,int64}=int32");
  op.infer(infer_transpose).compute(compute_transpose).fails_on_values().samples(transpose_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::transpose(g.grad(), inverse_order(g))); });
}

FLOE_OP("ConjugateTranspose", op) {
  op.in("x:T, perm:Tperm").out("y:T").attrs("T:type; Tperm:{int32,int64}=int32");
  op.infer(infer_transpose).compute(compute_conjugate_transpose).fails_on_values().samples(transpose_samples);
  op.gradient(
      [](GradientContext& g) { g.set(0, grad::op("ConjugateTranspose", {g.grad(), inverse_order(g)})); });
}

FLOE_OP("InvertPermutation", op) {
  op.in("x:T").out("y:T").attrs("T:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 1) c.fail("invert_permutation expects a 1D vector.");
    c.set_output(0, c.shape(0).has_rank() ? c.shape(0) : Shape{-1});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(IndexTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        const T* x = c.in<T>(0);
        T* y = c.out<T>(0);
        int64_t n = c.input(0).num_elements();
        std::fill_n(y, n, T(-1));
        for (int64_t i = 0; i < n; ++i) {
          if (x[i] < 0 || int64_t(x[i]) >= n) c.fail(cat(x[i], " is not between 0 and ", n));
          if (y[x[i]] != -1) c.fail(cat(x[i], " is duplicated in the input."));
          y[x[i]] = T(i);
        }
      };
    });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.add({Samples::i32({2, 0, 1, 3})});
    s.add({Samples::i64({2, 0, 1, 3})});
    s.add({Samples::i32({})});
    s.fails("5 is not between 0 and 2", {Samples::i32({0, 5})});
    s.fails("-1 is not between 0 and 2", {Samples::i32({0, -1})});
    s.fails("0 is duplicated in the input.", {Samples::i32({0, 0})});
    s.fails("invert_permutation expects a 1D vector.", {Tensor::scalar<int32_t>(0)});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
