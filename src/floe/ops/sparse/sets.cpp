// Sets in the last dimension: SetSize, DenseToDenseSetOperation, DenseToSparseSetOperation and
// SparseToSparseSetOperation.
#include <cctype>
#include <iterator>
#include <map>
#include <set>

#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

using SetTypes = Types<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, std::string>;
constexpr const char* kSetTypes =
    "; validate_indices:bool=true; T:{int8,int16,int32,int64,uint8,uint16,string}";

enum class SetOp { kAMinusB, kBMinusA, kIntersection, kUnion };

SetOp parse_set_op(const KernelInit& k) {
  std::string name = k.attr<std::string>("set_operation");
  for (char& ch : name) ch = char(std::tolower(static_cast<unsigned char>(ch)));
  if (name == "a-b") return SetOp::kAMinusB;
  if (name == "b-a") return SetOp::kBMinusA;
  if (name == "intersection") return SetOp::kIntersection;
  if (name == "union") return SetOp::kUnion;
  k.fail(cat("Invalid set_operation ", name, ". Known are a-b, b-a, intersection and union"));
}

// The sets of one operand by their place in the leading dimensions.
template <class T>
struct SetOperand {
  Shape groups;
  std::map<std::vector<int64_t>, std::set<T>> sets;
};

template <class T>
SetOperand<T> dense_sets(KernelContext& c, int at) {
  const Tensor& t = c.input(at);
  if (t.rank() < 2) c.fail(cat("Shape ", t.shape().str(), " has rank ", t.rank(), " < 2"));
  SetOperand<T> o{t.shape().slice(0, t.rank() - 1), {}};
  int64_t n = t.dim(-1);
  const T* v = t.data<T>();
  std::vector<int64_t> place(size_t(o.groups.rank()), 0);
  for (int64_t g = 0, groups = o.groups.num_elements(); g < groups && n; ++g) {
    o.sets[place].insert(v + g * n, v + (g + 1) * n);
    for (int d = o.groups.rank() - 1; d >= 0 && ++place[size_t(d)] == o.groups[d]; --d) place[size_t(d)] = 0;
  }
  return o;
}

template <class T>
SetOperand<T> sparse_sets(KernelContext& c, int at, bool validate) {
  check_sparse(c, at);
  Shape shape = dense_shape(c, at + 2);
  int rank = shape.rank();
  if (rank < 2) c.fail(cat("Invalid rank ", rank, "."));
  SetOperand<T> o{shape.slice(0, rank - 1), {}};
  const int64_t* index = c.in<int64_t>(at);
  for (int64_t i = 0; i < c.input(at).dim(0); ++i, index += rank) {
    for (int d = 0; d < rank; ++d)
      if (index[d] < 0 || index[d] >= shape[d])
        c.fail(cat("indices[", i, "] = ", index_text(index, rank), " is out of bounds: need 0 <= index < ",
                   shape.str()));
    if (validate && i) {
      const int64_t* before = index - rank;
      if (!std::lexicographical_compare(before, before + rank, index, index + rank))
        c.fail(cat("indices[", i, "] = ", index_text(index, rank),
                   std::equal(before, index, index) ? " is repeated" : " is out of order",
                   ". Many sparse ops require sorted indices.  Use `tf.sparse.reorder` to create a correctly "
                   "ordered copy."));
    }
    o.sets[std::vector<int64_t>(index, index + rank - 1)].insert(c.in<T>(at + 1)[i]);
  }
  return o;
}

template <class T>
std::vector<T> join_sets(SetOp op, const std::set<T>& a, const std::set<T>& b) {
  std::vector<T> out;
  auto to = std::back_inserter(out);
  if (op == SetOp::kAMinusB) std::set_difference(a.begin(), a.end(), b.begin(), b.end(), to);
  if (op == SetOp::kBMinusA) std::set_difference(b.begin(), b.end(), a.begin(), a.end(), to);
  if (op == SetOp::kIntersection) std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), to);
  if (op == SetOp::kUnion) std::set_union(a.begin(), a.end(), b.begin(), b.end(), to);
  return out;
}

template <class T>
void write_sets(KernelContext& c, SetOp op, const SetOperand<T>& a, const SetOperand<T>& b) {
  if (!(a.groups == b.groups)) c.fail(cat("Mismatched shapes ", a.groups.str(), " vs ", b.groups.str()));
  std::map<std::vector<int64_t>, std::vector<T>> joined;
  static const std::set<T> none;
  for (const auto& [place, set] : a.sets) {
    auto other = b.sets.find(place);
    joined[place] = join_sets(op, set, other == b.sets.end() ? none : other->second);
  }
  for (const auto& [place, set] : b.sets)
    if (!a.sets.contains(place)) joined[place] = join_sets(op, none, set);
  int64_t n = 0, largest = 0, rank = a.groups.rank() + 1;
  for (const auto& [place, values] : joined) {
    n += int64_t(values.size());
    largest = std::max(largest, int64_t(values.size()));
  }
  int64_t* index = c.allocate(0, DType::kInt64, {n, rank}).mutable_data<int64_t>();
  T* to = c.allocate(1, dtype_of_v<T>, {n}).template mutable_data<T>();
  for (const auto& [place, values] : joined)
    for (size_t i = 0; i < values.size(); ++i) {
      index = std::copy(place.begin(), place.end(), index);
      *index++ = int64_t(i);
      *to++ = values[i];
    }
  int64_t* shape = c.allocate(2, DType::kInt64, {rank}).mutable_data<int64_t>();
  *std::copy(a.groups.begin(), a.groups.end(), shape) = largest;
}

// `sparse_a` and `sparse_b`: whether an operand takes three inputs.
void define_set_op(OpBuilder& op, bool sparse_a, bool sparse_b) {
  op.out("result_indices:int64, result_values:T, result_shape:int64")
      .attrs(std::string("set_operation:string") + kSetTypes);
  op.infer([=](InferContext& c) {
    int64_t rank = -1;
    auto look = [&](int at, bool sparse) {
      const Shape s = sparse ? c.with_rank(at + 2, 1) : c.with_rank_at_least(at, 2);
      if (sparse && s[0] >= 0 && s[0] < 2) c.fail(cat("Invalid rank ", s[0], "."));
      int64_t r = sparse ? s[0] : s.has_rank() ? s.rank() : -1;
      if (r >= 0 && rank >= 0 && r != rank) c.fail(cat("Ranks do not match: ", rank, " vs ", r));
      if (r >= 0) rank = r;
    };
    look(0, sparse_a);
    look(sparse_a ? 3 : 1, sparse_b);
    c.set_output(0, {-1, rank});
    c.set_output(1, {-1});
    c.set_output(2, {rank});
  });
  op.kernel([=](const KernelInit& k) {
    KernelFn fn;
    SetOp what = parse_set_op(k);
    bool validate = k.attr<bool>("validate_indices");
    dispatch(SetTypes{}, k.output_type(1), [&]<class T>() {
      fn = [=](KernelContext& c) {
        SetOperand<T> a = sparse_a ? sparse_sets<T>(c, 0, validate) : dense_sets<T>(c, 0);
        int second = sparse_a ? 3 : 1;
        SetOperand<T> b = sparse_b ? sparse_sets<T>(c, second, validate) : dense_sets<T>(c, second);
        write_sets(c, what, a, b);
      };
    });
    return fn;
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([=](Samples& s) {
    auto operand = [&](bool sparse, DType t, bool second) -> std::vector<Tensor> {
      if (!sparse) return {s.uniform({2, 3}, 0, 4, t)};
      return {
          index_matrix(
              second ? std::vector<int64_t>{0, 0, 0, 2, 1, 1} : std::vector<int64_t>{0, 1, 1, 0, 1, 2}, 2),
          s.uniform({3}, 0, 4, t), Samples::i64({2, 3})};
    };
    auto both = [&](DType t) {
      auto inputs = operand(sparse_a, t, false);
      for (Tensor& x : operand(sparse_b, t, true)) inputs.push_back(x);
      return inputs;
    };
    for (const char* name : {"a-b", "b-a", "intersection", "union", "UNION"})
      for (DType t :
           {DType::kInt32, DType::kInt64, DType::kInt8, DType::kInt16, DType::kUint8, DType::kUint16})
        s.add(both(t), {{"set_operation", std::string(name)}});
    s.fails("Invalid set_operation xx.", both(DType::kInt32), {{"set_operation", std::string("xx")}});
    AttrMap join{{"set_operation", std::string("union")}};
    if (!sparse_a && !sparse_b) {
      s.add({Tensor::of<std::string>({1, 2}, {"b", "a"}), Tensor::of<std::string>({1, 2}, {"c", "a"})}, join);
      s.add({s.uniform({2, 1, 3}, 0, 4, DType::kInt32), s.uniform({2, 1, 0}, 0, 4, DType::kInt32)}, join);
      s.fails("rank", {Samples::i32({1}), Samples::i32({1})}, join);
      s.fails("Mismatched shapes [2] vs [1]",
              {s.uniform({2, 1}, 0, 4, DType::kInt32), s.uniform({1, 1}, 0, 4, DType::kInt32)}, join);
    } else {
      auto bad = both(DType::kInt32);
      size_t at = sparse_a ? 3 : 1;
      bad[at] = index_matrix({1, 1, 0, 0, 0, 2}, 2);
      s.fails("is out of order", bad, join);
      bad[at] = index_matrix({0, 0, 0, 1, 1, 5}, 2);
      s.fails("is out of bounds: need 0 <= index < [2,3]", bad, join);
    }
  });
}

FLOE_OP("DenseToDenseSetOperation", op) {
  op.in("set1:T, set2:T");
  define_set_op(op, false, false);
  op.no_gradient();
}
FLOE_OP("DenseToSparseSetOperation", op) {
  op.in("set1:T, set2_indices:int64, set2_values:T, set2_shape:int64");
  define_set_op(op, false, true);
  op.no_gradient();
}
FLOE_OP("SparseToSparseSetOperation", op) {
  op.in(
      "set1_indices:int64, set1_values:T, set1_shape:int64, set2_indices:int64, set2_values:T, "
      "set2_shape:int64");
  define_set_op(op, true, true);
  op.no_gradient();
}

FLOE_OP("SetSize", op) {
  op.in("set_indices:int64, set_values:T, set_shape:int64")
      .out("size:int32")
      .attrs(std::string(kSetTypes).substr(2));
  op.infer([](InferContext& c) {
    Shape shape = c.shape_value(2);
    if (shape.has_rank() && shape.rank() < 2) c.fail(cat("Invalid rank ", shape.rank(), "."));
    c.set_output(0, shape.has_rank() ? shape.slice(0, shape.rank() - 1) : Shape::unknown());
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    bool validate = k.attr<bool>("validate_indices");
    dispatch(SetTypes{}, k.input_type(1), [&]<class T>() {
      fn = [=](KernelContext& c) {
        SetOperand<T> o = sparse_sets<T>(c, 0, validate);
        Tensor& sizes = c.allocate(0, DType::kInt32, o.groups);
        int32_t* out = sizes.mutable_data<int32_t>();
        std::fill_n(out, sizes.num_elements(), 0);
        for (const auto& [place, set] : o.sets) {
          int64_t at = 0;
          for (int d = 0; d < o.groups.rank(); ++d) at = at * o.groups[d] + place[size_t(d)];
          out[at] = int32_t(set.size());
        }
      };
    });
    return fn;
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 0, 0, 1, 2, 0}, 2), shape = Samples::i64({3, 2});
    s.each_type("T", [&](DType t) { s.add({at, s.random({3}, t), shape}); });
    s.add({at, Samples::i32({1, 1, 2}), shape});
    s.add({index_matrix({0, 1, 0, 1, 0, 1}, 3), Samples::i32({1, 2}), Samples::i64({2, 2, 2})});
    s.fails("is out of bounds: need 0 <= index < [3,2]", {index_matrix({5, 0}, 2), Samples::i32({1}), shape});
    s.fails("Invalid rank 1.", {index_matrix({0}, 1), Samples::i32({1}), Samples::i64({2})});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
