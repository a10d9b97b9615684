// EditDistance: how many insertions, deletions and replacements lead from one sequence to another, for
// sequences in the last dimension of sparse tensors.
#include <map>

#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

void check_operand(KernelContext& c, int at, const char* name) {
  const Tensor &indices = c.input(at), &values = c.input(at + 1), &shape = c.input(at + 2);
  if (indices.rank() != 2)
    c.fail(cat(name, "_indices should be a matrix, but got shape: ", indices.shape().str()));
  if (values.rank() != 1)
    c.fail(cat(name, "_values should be a vector, but got shape: ", values.shape().str()));
  if (shape.rank() != 1) c.fail(cat(name, "_shape should be a vector, but got shape: ", shape.shape().str()));
  if (values.num_elements() != indices.dim(0))
    c.fail(cat("Expected ", name, "_values.NumElements == #rows(", name,
               "_indices), their shapes are: ", values.shape().str(), " and ", indices.shape().str()));
  if (shape.num_elements() != indices.dim(1))
    c.fail(cat("Expected ", name, "_shape.NumElements == #cols(", name,
               "_indices), their shapes are: ", shape.shape().str(), " and ", indices.shape().str()));
  if (shape.num_elements() < 2)
    c.fail(cat("Input SparseTensors must have rank at least 2, but ", name,
               "_shape rank is: ", shape.num_elements()));
}

// Values of each sequence in the order they come, by the sequence's place.
template <class T>
std::map<int64_t, std::vector<T>> sequences(KernelContext& c, int at, const Shape& groups) {
  std::map<int64_t, std::vector<T>> all;
  int64_t rank = groups.rank() + 1;
  const int64_t* index = c.in<int64_t>(at);
  const T* values = c.in<T>(at + 1);
  for (int64_t i = 0; i < c.input(at).dim(0); ++i, index += rank) {
    int64_t place = 0;
    for (int d = 0; d + 1 < rank; ++d) {
      if (index[d] < 0 || index[d] >= groups[d])
        c.fail(cat("Got an inner product ", index[d],
                   " which would require writing to outside of the buffer for the output tensor "
                   "(max elements ",
                   groups.num_elements(), "): indices[", i, "] = ", index_text(index, rank),
                   " is outside of ", groups.str()));
      place = place * groups[d] + index[d];
    }
    all[place].push_back(values[i]);
  }
  return all;
}

template <class T>
int64_t edits(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = int64_t(i) + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      int64_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

template <class T>
void edit_distance(KernelContext& c, bool normalize) {
  check_operand(c, 0, "hypothesis");
  check_operand(c, 3, "truth");
  Shape hypothesis_shape = dense_shape(c, 2), groups = dense_shape(c, 5);
  if (hypothesis_shape.rank() != groups.rank())
    c.fail(cat("Expected truth and hypothesis to have matching ranks, but their shapes are: [", groups.rank(),
               "] and [", hypothesis_shape.rank(), "]"));
  groups = groups.slice(0, groups.rank() - 1);
  for (int d = 0; d < groups.rank(); ++d) groups.set_dim(d, std::max(groups[d], hypothesis_shape[d]));
  auto hypothesis = sequences<T>(c, 0, groups), truth = sequences<T>(c, 3, groups);
  Tensor& out = c.allocate(0, DType::kFloat32, groups);
  float* to = out.mutable_data<float>();
  std::fill_n(to, out.num_elements(), 0.0f);
  for (const auto& [place, sequence] : truth) {
    auto it = hypothesis.find(place);
    float distance = it == hypothesis.end() ? float(sequence.size()) : float(edits(it->second, sequence));
    to[place] = normalize ? distance / float(sequence.size()) : distance;
  }
  for (const auto& [place, sequence] : hypothesis)
    if (!truth.contains(place))
      to[place] = normalize ? std::numeric_limits<float>::infinity() : float(sequence.size());
}

FLOE_OP("EditDistance", op) {
  op.in(
      "hypothesis_indices:int64, hypothesis_values:T, hypothesis_shape:int64, truth_indices:int64, "
      "truth_values:T, "
      "truth_shape:int64");
  op.out("output:float").attrs("normalize:bool=true; T:type");
  op.infer([](InferContext& c) {
    for (int at : {0, 3}) c.with_rank(at, 2);
    for (int at : {1, 2, 4, 5}) c.with_rank(at, 1);
    auto a = c.int_value(2), b = c.int_value(5);
    Shape out = Shape::unknown();
    if (a && b && a->size() == b->size() && a->size() > 1) {
      out = Shape{};
      for (size_t d = 0; d + 1 < a->size(); ++d) out.push_back(std::max((*a)[d], (*b)[d]));
    } else if (int64_t n = c.shape(5).has_rank() ? c.shape(5)[0] : -1; n > 1 && n < 255) {
      out = Shape::unknown_of_rank(int(n) - 1);
    }
    c.set_output(0, out);
  });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    bool normalize = k.attr<bool>("normalize");
    using All = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t, uint16_t,
                      bool, std::string>;
    dispatch(All{}, k.input_type(1),
             [&]<class T>() { fn = [=](KernelContext& c) { edit_distance<T>(c, normalize); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    using Parts = std::vector<Tensor>;
    auto sparse = [](std::vector<int64_t> at, Tensor values, std::vector<int64_t> shape) {
      int64_t rank = int64_t(shape.size());
      return Parts{at.empty() ? Tensor(DType::kInt64, {0, rank}) : index_matrix(at, rank), values,
                   Samples::i64(shape)};
    };
    auto both = [](Parts a, const Parts& b) {
      a.insert(a.end(), b.begin(), b.end());
      return a;
    };
    Parts a = sparse({0, 0, 0, 1, 2, 0}, Samples::i32({1, 2, 3}), {3, 2});
    Parts b = sparse({0, 0, 0, 1, 0, 2, 1, 0}, Samples::i32({1, 3, 2, 5}), {3, 3});
    AttrMap plain{{"normalize", false}};
    s.add(both(a, b));
    s.add(both(a, b), plain);
    s.add(both(sparse({0, 0, 3, 1}, Samples::i32({1, 2}), {4, 2}), b));
    s.add(both(sparse({0, 3, 0, 5}, Samples::i32({1, 2}), {3, 9}), b), plain);
    s.add(both(sparse({0, 0, 0, 0, 1, 0}, Samples::i32({1, 2}), {1, 2, 2}),
               sparse({0, 0, 0, 0, 1, 1}, Samples::i32({1, 1}), {1, 2, 2})));
    s.add(both(sparse({}, Samples::i32({}), {2, 2}), sparse({}, Samples::i32({}), {2, 2})));
    s.add(both(sparse({0, 0, 0, 1}, Tensor::vec<std::string>({"a", "b"}), {1, 2}),
               sparse({0, 0}, Tensor::vec<std::string>({"b"}), {1, 2})));
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt64, DType::kInt8, DType::kInt16,
                    DType::kUint8, DType::kUint16})
      s.add(both(sparse({0, 0, 0, 1, 0, 2}, s.uniform({3}, 0, 2, t), {1, 3}),
                 sparse({0, 0, 0, 1, 0, 2}, s.uniform({3}, 0, 2, t), {1, 3})));
    s.fails("matching ranks", both(sparse({0, 0, 0}, Samples::i32({1}), {1, 1, 1}), b));
    s.fails("which would require writing to outside of the buffer",
            both(sparse({5, 0}, Samples::i32({1}), {1, 2}), b));
    s.fails("hypothesis_values.NumElements == #rows(hypothesis_indices)",
            both(sparse({0, 0}, Samples::i32({1, 2}), {1, 2}), b));
    s.fails("Input SparseTensors must have rank at least 2",
            both(sparse({0}, Samples::i32({1}), {3}), sparse({0}, Samples::i32({1}), {3})));
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
