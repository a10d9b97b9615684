// Einsum with one or two inputs: every equation becomes packed operands, one batched product and a scatter.
#include <map>

#include "floe/ops/math/elementwise.h"
#include "floe/ops/math/gemm.h"

namespace floe {
namespace {

// Labels are characters; the dimensions under an ellipsis are numbered from the right below zero.
using Labels = std::vector<int>;
constexpr int kEllipsis = -1000;

struct Equation {
  std::vector<Labels> inputs;
  Labels output;
};

template <class Fail>
Labels parse_labels(std::string_view s, Fail&& fail) {
  Labels labels;
  bool seen = false;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '.') {
      labels.push_back(static_cast<unsigned char>(s[i]));
      continue;
    }
    if (s.substr(i, 3) != "..." || seen) fail(cat("'", s, "' may hold one ellipsis (...) and no other '.'"));
    labels.push_back(kEllipsis);
    seen = true;
    i += 2;
  }
  return labels;
}

template <class Fail>
Equation parse_equation(const std::string& text, int inputs, Fail&& fail) {
  size_t arrow = text.find("->");
  if (arrow == std::string::npos || text.find("->", arrow + 2) != std::string::npos)
    fail(cat("Expecting exactly one '->' in einsum equation: ", text));
  Equation e;
  for (const std::string& part : split(std::string_view(text).substr(0, arrow), ','))
    e.inputs.push_back(parse_labels(part, fail));
  if (e.inputs.empty()) e.inputs.emplace_back();
  e.output = parse_labels(std::string_view(text).substr(arrow + 2), fail);
  if (e.inputs.size() > 2)
    fail(cat("Expecting 1 or 2 input subscripts in equation '", text, "' but got: ", e.inputs.size()));
  if (int(e.inputs.size()) != inputs) fail(cat("Expected ", e.inputs.size(), " inputs but got: ", inputs));
  return e;
}

// Puts one label for each dimension that the ellipsis stands for.
Labels expand(const Labels& labels, int broadcast_dims) {
  Labels out;
  for (int l : labels) {
    if (l != kEllipsis)
      out.push_back(l);
    else
      for (int d = broadcast_dims; d > 0; --d) out.push_back(-d);
  }
  return out;
}

int ellipsis_rank(const Labels& labels, int rank) {
  for (int l : labels)
    if (l == kEllipsis) return rank - int(labels.size()) + 1;
  return 0;
}

void infer_einsum(InferContext& c) {
  auto fail = [&](const std::string& m) { c.fail(m); };
  Equation e = parse_equation(c.attr<std::string>("equation"), c.num_inputs(), fail);
  std::map<int, int64_t> sizes;
  int broadcast = 0;
  bool ranks_known = true;
  for (int i = 0; i < c.num_inputs(); ++i) {
    const Labels& labels = e.inputs[size_t(i)];
    const Shape& s = c.shape(i);
    if (!s.has_rank()) {
      ranks_known = false;
      continue;
    }
    bool has_ellipsis = std::find(labels.begin(), labels.end(), kEllipsis) != labels.end();
    int dims = ellipsis_rank(labels, s.rank());
    if (dims < 0)
      c.fail(cat("Expected input ", i, " to have rank at least ", labels.size() - 1, " but got: ", s.rank()));
    if (!has_ellipsis && s.rank() != int(labels.size()))
      c.fail(cat("Expected input ", i, " to have rank ", labels.size(), " but got: ", s.rank()));
    broadcast = std::max(broadcast, dims);
    Labels all = expand(labels, dims);
    for (int d = 0; d < s.rank(); ++d) {
      auto [at, fresh] = sizes.try_emplace(all[size_t(d)], s[d]);
      if (fresh) continue;
      int64_t& have = at->second;
      if (all[size_t(d)] < 0 && (have == 1 || s[d] == 1)) {
        have = have == 1 ? s[d] : have;  // broadcast; unknown stays unknown
      } else if (have < 0) {
        have = s[d];
      } else if (s[d] < 0) {
        continue;
      } else if (have != s[d]) {
        c.fail(cat("Expected dimension ", have, " at axis ", d, " of the input shaped ", s.str(),
                   " but got dimension ", s[d]));
      }
    }
  }
  bool out_ellipsis = std::find(e.output.begin(), e.output.end(), kEllipsis) != e.output.end();
  if (broadcast > 0 && !out_ellipsis)
    c.fail(cat("Output contains ", broadcast,
               " broadcasting dimension(s) but no ellipsis (...) was found in the output subscripts."));
  for (int l : e.output) {
    bool found = l == kEllipsis;
    for (const Labels& in : e.inputs) found = found || std::find(in.begin(), in.end(), l) != in.end();
    if (!found) c.fail(cat("Output subscript '", char(l), "' is not in any input"));
  }
  if (!ranks_known && out_ellipsis) return;
  Shape out;
  for (int l : expand(e.output, broadcast)) {
    auto at = sizes.find(l);
    out.push_back(at == sizes.end() ? -1 : at->second);
  }
  c.set_output(0, out);
}

struct Dim {
  int64_t size, stride;
};
using Dims = std::vector<Dim>;
int64_t count_of(const Dims& dims) {
  int64_t n = 1;
  for (const Dim& d : dims) n *= d.size;
  return n;
}
// Calls fn(offset) for every index, the last dimension fastest.
template <class F>
void each_offset(const Dims& dims, F&& fn) {
  if (count_of(dims) == 0) return;
  std::vector<int64_t> index(dims.size(), 0);
  int64_t offset = 0;
  while (true) {
    fn(offset);
    size_t d = dims.size();
    while (d > 0) {
      --d;
      offset += dims[d].stride;
      if (++index[d] < dims[d].size) break;
      offset -= dims[d].stride * dims[d].size;
      index[d] = 0;
      if (d == 0) return;
    }
    if (dims.empty()) return;
  }
}

using LabelDims = std::map<int, Dim>;
// Size and stride of every label; a repeated label walks the diagonal, a broadcast one is left out.
LabelDims label_dims(const Labels& labels, const Shape& s, const std::map<int, int64_t>* sizes) {
  LabelDims dims;
  int64_t stride = 1;
  for (int d = s.rank() - 1; d >= 0; --d) {
    int l = labels[size_t(d)];
    if (!(sizes && l < 0 && s[d] == 1 && sizes->at(l) != 1)) {
      Dim& x = dims.try_emplace(l, Dim{s[d], 0}).first->second;
      x.stride += stride;
    }
    stride *= s[d];
  }
  return dims;
}

// The elements of x in the order of `dims`, summed over `sums`.
template <class T>
std::vector<T> packed(const T* x, const Dims& dims, const Dims& sums) {
  std::vector<T> out;
  out.reserve(size_t(count_of(dims)));
  if (sums.empty()) {
    each_offset(dims, [&](int64_t at) { out.push_back(x[at]); });
  } else {
    using A = gemm_internal::accumulator_t<T>;
    each_offset(dims, [&](int64_t at) {
      A sum(0);
      each_offset(sums, [&](int64_t more) { sum += A(compute_t<T>(x[at + more])); });
      out.push_back(T(sum));
    });
  }
  return out;
}

template <class T>
void einsum(KernelContext& c, const Equation& e) {
  std::map<int, int64_t> sizes;
  std::vector<Labels> labels;
  int broadcast = 0;
  for (int i = 0; i < c.num_inputs(); ++i) {
    const Shape& s = c.input(i).shape();
    int dims = ellipsis_rank(e.inputs[size_t(i)], s.rank());
    broadcast = std::max(broadcast, dims);
    labels.push_back(expand(e.inputs[size_t(i)], dims));
    for (int d = 0; d < s.rank(); ++d) {
      int64_t& size = sizes.try_emplace(labels.back()[size_t(d)], 1).first->second;
      if (s[d] != 1) size = s[d];
    }
  }
  const Shape& shape = c.output(0).shape();
  LabelDims out = label_dims(expand(e.output, broadcast), shape, nullptr);
  LabelDims a = label_dims(labels[0], c.input(0).shape(), &sizes), b;
  if (c.num_inputs() == 2) b = label_dims(labels[1], c.input(1).shape(), &sizes);

  Dims batch_a, batch_b, batch_o, rows_a, rows_o, columns_b, columns_o, inner_a, inner_b, sum_a, sum_b;
  for (auto& [l, dim] : a) {
    auto in_b = b.find(l);
    auto in_o = out.find(l);
    if (in_b != b.end() && in_o != out.end()) {
      batch_a.push_back(dim), batch_b.push_back(in_b->second), batch_o.push_back(in_o->second);
    } else if (in_b != b.end()) {
      inner_a.push_back(dim), inner_b.push_back(in_b->second);
    } else if (in_o != out.end()) {
      rows_a.push_back(dim), rows_o.push_back(in_o->second);
    } else {
      sum_a.push_back(dim);
    }
  }
  for (auto& [l, dim] : b) {
    if (a.count(l)) continue;
    auto in_o = out.find(l);
    if (in_o != out.end())
      columns_b.push_back(dim), columns_o.push_back(in_o->second);
    else
      sum_b.push_back(dim);
  }
  auto join_dims = [](const Dims& x, const Dims& y, const Dims& z) {
    Dims all = x;
    all.insert(all.end(), y.begin(), y.end());
    all.insert(all.end(), z.begin(), z.end());
    return all;
  };
  T* to = c.out<T>(0);
  int64_t n = c.output(0).num_elements();
  std::fill_n(to, n, T(0));
  std::vector<T> pa = packed(c.in<T>(0), join_dims(batch_a, rows_a, inner_a), sum_a);
  std::vector<T> product;
  if (c.num_inputs() == 1) {
    product = std::move(pa);
  } else {
    std::vector<T> pb = packed(c.in<T>(1), join_dims(batch_b, inner_b, columns_b), sum_b);
    int64_t batch = count_of(batch_a), m = count_of(rows_a), k = count_of(inner_a), q = count_of(columns_b);
    product.resize(size_t(batch * m * q));
    batched_gemm<T, T>(c.threads(), batch, m, q, k, product.data(),
                       [&](int64_t i, MatrixView<T>& x, MatrixView<T>& y) {
                         x = {pa.data() + i * m * k, k, 1};
                         y = {pb.data() + i * k * q, q, 1};
                       });
  }
  size_t i = 0;
  each_offset(join_dims(batch_o, rows_o, columns_o), [&](int64_t at) { to[at] = product[i++]; });
}

std::string text_of(const Labels& labels) {
  std::string s;
  for (int l : labels) l == kEllipsis ? s += "..." : s += char(l);
  return s;
}
bool holds(const Labels& labels, int l) { return std::find(labels.begin(), labels.end(), l) != labels.end(); }
Tensor einsum(const std::string& equation, std::vector<Tensor> inputs) {
  return grad::op("Einsum", std::move(inputs), {{"equation", equation}});
}

// The gradient of operand i. First with the ellipsis in front and each label once, then as the operand has
// it.
Tensor operand_gradient(GradientContext& g, const Equation& e, int i) {
  const Labels& own = e.inputs[size_t(i)];
  bool two = g.num_inputs() == 2;
  Labels other = two ? e.inputs[size_t(1 - i)] : Labels{};
  bool broadcast = holds(e.output, kEllipsis) || holds(other, kEllipsis);
  Labels unique, made;
  for (int l : own) {
    if (l == kEllipsis || holds(unique, l)) continue;
    unique.push_back(l);
    if (holds(e.output, l) || holds(other, l)) made.push_back(l);
  }
  auto in_front = [&](const Labels& labels, bool dots) { return (dots ? "..." : "") + text_of(labels); };
  std::string target = in_front(unique, holds(own, kEllipsis));
  Tensor as = text_of(own) == target ? g.input(i) : einsum(text_of(own) + "->" + target, {g.input(i)});
  Tensor d;
  if (two)
    d = einsum(cat(text_of(e.output), ",", text_of(other), "->", in_front(made, broadcast)),
               {g.grad(), grad::conj(g.input(1 - i))});
  else
    d = einsum(cat(text_of(e.output), "->", in_front(made, broadcast)), {g.grad()});
  for (size_t k = unique.size(); k-- > 0;)
    if (!holds(made, unique[k])) d = grad::expand_dims(d, int64_t(k) - int64_t(unique.size()));
  // Labels that were summed up alone.
  if (made.size() != unique.size()) d = d * grad::ones_like(as);
  if (broadcast) d = grad::sum_to(d, as);
  return text_of(own) == target ? d : einsum(target + "->" + text_of(own), {d});
}

FLOE_OP("Einsum", op) {
  op.in("inputs:N*T").out("output:T").attrs("equation:string; N:int>=1; T:type");
  op.infer(infer_einsum);
  op.kernel([](const KernelInit& k) -> KernelFn {
    Equation e = parse_equation(k.attr<std::string>("equation"), k.num_inputs(),
                                [&](const std::string& m) { k.fail(m); });
    KernelFn fn;
    using EinsumTypes =
        Types<float, double, float16, bfloat16, int32_t, int64_t, std::complex<float>, std::complex<double>>;
    dispatch(EinsumTypes{}, k.input_type(0),
             [&]<class T>() { fn = [e](KernelContext& c) { einsum<T>(c, e); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    auto eq = [](const char* text) { return AttrMap{{"equation", std::string(text)}}; };
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt32,
                    DType::kInt64, DType::kComplex64, DType::kComplex128}) {
      s.add({s.random({2, 3}, t), s.random({3, 4}, t)}, eq("ij,jk->ik"));
      s.add({s.random({2, 3}, t)}, eq("ij->ji"));
    }
    s.add({s.random({2, 3, 4}), s.random({2, 5, 4})}, eq("bij,bkj->bik"));
    s.add({s.random({2, 3, 2, 4}), s.random({2, 5, 2, 4})}, eq("BFNH,BTNH->BNFT"));
    s.add({s.random({2, 2, 3, 5}), s.random({2, 5, 2, 4})}, eq("BNFT,BTNH->BFNH"));
    s.add({s.random({2, 3, 4}), s.random({4, 2, 5})}, eq("abc,cde->abde"));
    s.add({s.random({2, 3, 4, 5}), s.random({4, 5, 6})}, eq("abcd,cde->abe"));
    s.add({s.random({2, 1, 2, 3}), s.random({4, 3, 1})}, eq("...ij,...jk->...ik"));
    s.add({s.random({2, 5, 3}), s.random({3, 4})}, eq("...x,xy->...y"));
    s.add({s.random({2, 3}), s.random({3, 1})}, eq("...ij,jk->ik"));
    s.add({s.random({3, 3})}, eq("ii->"));
    s.add({s.random({3, 3})}, eq("ii->i"));
    s.add({s.random({3})}, eq("i->ii"));
    s.add({s.random({3, 3})}, eq("ij->ii"));
    s.add({s.random({2, 2, 3}), s.random({3, 2, 2})}, eq("iij,jkk->ik"));
    s.add({s.random({2, 3})}, eq("...i->i..."));
    s.add({s.random({2, 3})}, eq("ij->"));
    s.add({s.random({2}), s.random({3})}, eq("i,j->ij"));
    s.add({s.random({2}), s.random({2})}, eq("i,i->"));
    s.add({s.random({}), s.random({3})}, eq(",j->j"));
    s.add({s.random({2, 3}), s.random({4, 5})}, eq("ij,kl->ik"));
    s.add({s.random({0}), s.random({3})}, eq("i,j->ij"));
    s.add({s.random({2, 0}), s.random({0, 3})}, eq("ij,jk->ik"));
    s.fails("Expected dimension 3 at axis 0 of the input shaped [2,3] but got dimension 2",
            {s.random({2, 3}), s.random({2, 3})}, eq("ij,jk->ik"));
    s.fails("Expecting exactly one '->' in einsum equation: ij,jk", {s.random({2, 3}), s.random({3, 3})},
            eq("ij,jk"));
    s.fails("Expected dimension 2 at axis 1", {s.random({2, 3})}, eq("ii->i"));
    s.fails("Expected 1 inputs but got: 2", {s.random({2, 3}), s.random({2})}, eq("ij->"));
    s.fails("Expected input 0 to have rank 3 but got: 2", {s.random({2, 3})}, eq("ijk->i"));
    s.fails("no ellipsis (...) was found in the output", {s.random({1, 2, 3}), s.random({3, 1})},
            eq("...ij,jk->ik"));
    s.fails("Expecting 1 or 2 input subscripts", {s.random({2}), s.random({2}), s.random({2})},
            eq("i,i,i->i"));
  });
  op.gradient([](GradientContext& g) {
    Equation e = parse_equation(g.attr<std::string>("equation"), g.num_inputs(),
                                [&](const std::string& m) { g.fail(m); });
    for (int i = 0; i < g.num_inputs(); ++i)
      if (g.needs(i)) g.set(i, operand_gradient(g, e, i));
  });
}

}  // namespace
}  // namespace floe
