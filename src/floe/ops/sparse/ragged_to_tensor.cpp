// RaggedTensorToTensor: rows of different lengths, cut or padded to one shape.
#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

enum class Partition { kFirstDimSize, kValueRowids, kRowSplits };

// Of the node behind an InferContext or a KernelInit.
template <class Context>
std::vector<Partition> parse_partitions(const Context& c) {
  std::vector<Partition> v;
  for (const std::string& n : c.template attr<std::vector<std::string>>("row_partition_types")) {
    if (n == "FIRST_DIM_SIZE")
      v.push_back(Partition::kFirstDimSize);
    else if (n == "VALUE_ROWIDS")
      v.push_back(Partition::kValueRowids);
    else if (n == "ROW_SPLITS")
      v.push_back(Partition::kRowSplits);
    else if (n == "ROW_LENGTHS" || n == "ROW_LIMITS" || n == "ROW_STARTS")
      c.fail(cat("Cannot handle type ", n, ", only FIRST_DIM_SIZE, VALUE_ROWIDS and ROW_SPLITS"));
    else
      c.fail(cat("Unknown string for partition info type: ", n));
  }
  if (v.empty()) c.fail("No row_partition_types given.");
  if (v[0] == Partition::kValueRowids)
    c.fail("Cannot handle VALUE_ROWIDS in first dimension. It needs a FIRST_DIM_SIZE before it");
  return v;
}

int ragged_rank(const std::vector<Partition>& p) {
  return int(p.size()) - (p[0] == Partition::kFirstDimSize ? 1 : 0);
}

// What is known of the result: the wanted shape, merged with that of the values.
std::string merged_shape(const Shape& want, int ragged, const Shape& values, Shape& result) {
  if (!values.has_rank()) {
    result = want;
    return "";
  }
  int rank = values.rank() + ragged;
  std::string both = cat("rt_input.shape and shape=", want.str(), " are incompatible: ");
  if (want.has_rank() && want.rank() != rank)
    return cat(both, "rt_input.rank = ", rank, " but shape.rank = ", want.rank());
  result = want.has_rank() ? want : Shape::unknown_of_rank(rank);
  for (int d = 1; d < values.rank(); ++d) {
    int64_t have = values[d], wanted = result[ragged + d];
    if (have >= 0 && wanted >= 0 && have != wanted)
      return cat(both, "rt_input.shape[", ragged + d, "] = ", have, " but shape[", ragged + d,
                 "] = ", wanted);
    if (have >= 0) result.set_dim(ragged + d, have);
  }
  return "";
}

std::string check_default(const Shape& d, const Shape& values) {
  if (!d.has_rank() || !values.has_rank()) return "";
  std::string both = cat("default_value.shape=", d.str(), " and rt_input.flat_values.shape=", values.str(),
                         " are incompatible: ");
  if (d.rank() >= std::max(values.rank(), 1))
    return cat(both, "default_value.rank = ", d.rank(),
               "  must be less than rt_input.flat_values.rank = ", values.rank());
  for (int i = 1; i <= d.rank(); ++i)
    if (d.dim(-i) >= 0 && values.dim(-i) >= 0 && d.dim(-i) != 1 && d.dim(-i) != values.dim(-i))
      return cat(both, "default_value.shape[-", i, "] = ", d.dim(-i), " but rt_input.flat_values.shape[-", i,
                 "] = ", values.dim(-i));
  return "";
}

void infer_ragged_to_tensor(InferContext& c) {
  std::vector<Partition> p = parse_partitions(c);
  if (auto dims = c.int_value(0))
    for (int64_t d : *dims)
      if (d < -1) c.fail(cat("Dimension ", d, " must be >= -1"));
  Shape want = c.shape(0).rank() == 0 ? Shape::unknown() : c.shape_value(0);
  Shape result = Shape::unknown();
  if (std::string e = merged_shape(want, ragged_rank(p), c.shape(1), result); !e.empty()) c.fail(e);
  if (std::string e = check_default(c.shape(2), c.shape(1)); !e.empty()) c.fail(e);
  c.set_output(0, result);
}

// Items that nothing in memory vouches for: row splits before row ids.
constexpr int64_t kMostItems = int64_t(1) << 28;

/// Where in the result the items of one level lie; -1: cut off.
using Places = std::vector<int64_t>;

struct RaggedFiller {
  KernelContext& c;
  const std::vector<Partition>& partitions;
  bool counted;  // the first partition is the number of rows

  // Length of the longest run: items with one parent, one after the other.
  int64_t longest_row(int level) const {
    std::vector<int64_t> v = c.ints(3 + level);
    int64_t longest = 0, run = 0;
    if (partitions[size_t(level)] == Partition::kRowSplits) {
      for (size_t i = 1; i < v.size(); ++i) longest = std::max(longest, v[i] - v[i - 1]);
      return longest;
    }
    for (size_t i = 0; i < v.size(); ++i) {
      run = i && v[i] == v[i - 1] ? run + 1 : 1;
      longest = std::max(longest, run);
    }
    return longest;
  }

  // Places of the items whose `count` parents lie at place(0), place(1), ...
  template <class F>
  Places children(int64_t count, F&& place, int level, int64_t width) const {
    std::vector<int64_t> v = c.ints(3 + level);
    Places to;
    auto put = [&](int64_t parent, int64_t column) {
      int64_t at = place(parent);
      to.push_back(at < 0 || column >= width ? -1 : at * width + column);
    };
    int64_t used = referenced(level);
    if (partitions[size_t(level)] == Partition::kRowSplits) {
      if (v.empty() || int64_t(v.size()) - 1 != count || v[0] != 0) c.fail("Invalid row split size.");
      for (size_t i = 1; i < v.size(); ++i) {
        if (v[i] < v[i - 1]) c.fail("Invalid row split size.");
        if (v[i] > limit(level))
          c.fail(cat("Invalid row split: ", v[i], " is past the ", limit(level), " items it divides"));
        if (used < INT64_MAX && std::min(v[i], used) > kMostItems)
          c.fail(Code::kResourceExhausted,
                 cat("row splits up to ", v[i], " before row ids up to ", used - 1));
        for (int64_t j = v[i - 1]; j < std::min(v[i], used); ++j) put(int64_t(i) - 1, j - v[i - 1]);
      }
      return to;
    }
    int64_t column = 0;
    for (size_t i = 0; i < v.size(); ++i) {
      if (v[i] < 0 || v[i] >= count)
        c.fail(cat("Got next_value_rowid=", v[i], " which is not less than ", count));
      column = i && v[i] == v[i - 1] ? column + 1 : 0;
      put(v[i], column);
    }
    if (int64_t(v.size()) > limit(level))
      c.fail(cat("Invalid row ids: ", v.size(), " for ", limit(level), " items"));
    return to;
  }

  // Items from here on have no children.
  int64_t referenced(int level) const {
    if (level + 1 == int(partitions.size()) || partitions[size_t(level) + 1] == Partition::kRowSplits)
      return INT64_MAX;
    int64_t end = 0;
    for (int64_t id : c.ints(3 + level + 1)) end = std::max(end, id < INT64_MAX ? id + 1 : id);
    return end;
  }

  // The number of items that a level's partition divides: those that the next one counts, or the values.
  int64_t limit(int level) const {
    if (level + 1 == int(partitions.size())) return c.input(1).rank() ? c.input(1).dim(0) : 1;
    int64_t n = c.input(3 + level + 1).num_elements();
    return partitions[size_t(level) + 1] == Partition::kRowSplits ? n - 1 : INT64_MAX;
  }

  int64_t first_dim() const {
    const Tensor& t = c.input(3);
    if (!t.num_elements()) c.fail("Invalid first partition input. Tensor requires at least one element.");
    int64_t n = counted ? c.ints(3)[0] : t.num_elements() - 1;
    if (n < 0) c.fail(cat("The first dimension must not be negative, found ", n));
    return n;
  }

  void run() {
    int levels = int(partitions.size()), ragged = levels - counted;
    const Tensor& values = c.input(1);
    Shape want = c.input(0).rank() == 0 ? Shape::unknown() : Shape(c.ints(0)), shape;
    if (c.input(0).rank() == 0 && c.ints(0)[0] != -1)
      c.fail("if the shape is a scalar it must be -1, for an unknown shape");
    for (int64_t d : want)
      if (d < -1) c.fail(cat("Dimension ", d, " must be >= -1"));
    if (std::string e = merged_shape(want, ragged, values.shape(), shape); !e.empty()) c.fail(e);
    if (std::string e = check_default(c.input(2).shape(), values.shape()); !e.empty()) c.fail(e);

    int64_t rows = first_dim();
    if (shape[0] < 0) shape.set_dim(0, rows);
    for (int d = 1; d <= ragged; ++d)
      if (shape[d] < 0) shape.set_dim(d, longest_row(d - 1 + counted));
    Tensor& out = c.allocate(0, values.dtype(), shape);
    fill(out);
    if (!out.num_elements()) return;
    int64_t last = values.rank() ? values.dim(0) : 1;
    auto need = [&](int64_t n) {
      if (n > last) c.fail(cat("Invalid row partitions: they ask for ", n, " values, found ", last));
    };
    auto top = [&](int64_t i) { return i < shape[0] ? i : -1; };
    Places places;
    if (levels == int(counted)) {
      need(rows);
      for (int64_t i = 0; i < rows; ++i) places.push_back(top(i));
    } else {
      places = children(rows, top, counted, shape[1]);
    }
    for (int level = counted + 1; level < levels; ++level) {
      Places parents = std::move(places);
      auto place = [&](int64_t i) { return parents[size_t(i)]; };
      places = children(int64_t(parents.size()), place, level, shape[level - counted + 1]);
    }
    need(int64_t(places.size()));
    copy(values, places, out);
  }

  void fill(Tensor& out) const {
    const Tensor& d = c.input(2);
    Shape inner = c.input(1).shape().slice(1);
    int64_t n = inner.num_elements(), lead = inner.rank() - d.rank();
    dispatch_moves(out.dtype(), [&]<class T>() {
      const T* from = static_cast<const T*>(d.raw());
      T* to = static_cast<T*>(out.mutable_raw());
      std::vector<T> block(static_cast<size_t>(n));
      for (int64_t i = 0; i < n; ++i) {
        int64_t at = 0, rest = i, stride = 1;
        for (int k = d.rank() - 1; k >= 0; --k) {
          int64_t size = inner[int(lead) + k];
          if (d.dim(k) != 1) at += rest % size * stride;
          stride *= d.dim(k);
          rest /= size;
        }
        block[size_t(i)] = from[at];
      }
      for (int64_t i = 0; n && i < out.num_elements(); i += n) std::copy(block.begin(), block.end(), to + i);
    });
  }

  void copy(const Tensor& values, const Places& places, Tensor& out) const {
    int64_t n = values.shape().slice(1).num_elements();
    dispatch_moves(out.dtype(), [&]<class T>() {
      const T* from = static_cast<const T*>(values.raw());
      T* to = static_cast<T*>(out.mutable_raw());
      for (size_t i = 0; i < places.size(); ++i)
        if (places[i] >= 0) std::copy_n(from + int64_t(i) * n, n, to + places[i] * n);
    });
  }
};

FLOE_OP("RaggedTensorToTensor", op) {
  op.in("shape:Tshape, values:T, default_value:T, row_partition_tensors:num_row_partition_tensors*Tindex");
  op.out("result:T");
  op.attrs(
      "T:type; Tindex:{int64,int32}; Tshape:{int64,int32}; num_row_partition_tensors:int>=1; "
      "row_partition_types:list(string)");
  op.infer(infer_ragged_to_tensor).dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::vector<Partition> p = parse_partitions(k);
    if (int(p.size()) != k.num_inputs() - 3)
      k.fail(cat("Number of row_partition_types (", p.size(),
                 ") does not match the number of partition tensors (", k.num_inputs() - 3, ")"));
    return [p](KernelContext& c) { RaggedFiller{c, p, p[0] == Partition::kFirstDimSize}.run(); };
  });
  op.samples([](Samples& s) {
    using Names = std::vector<std::string>;
    Tensor zero = Tensor::scalar(0.0f), four = Samples::iota({4}), any = Tensor::scalar(int64_t(-1));
    Tensor two = Samples::i64({-1, -1}), wide = Samples::iota({4, 2}), three = Samples::i64({-1, 3, 2});
    Tensor splits = Samples::i64({0, 2, 2, 4}), five = Tensor::scalar(int64_t(5));
    auto types = [](Names n) { return AttrMap{{"row_partition_types", std::move(n)}}; };
    AttrMap one = types({"ROW_SPLITS"}), ids = types({"FIRST_DIM_SIZE", "VALUE_ROWIDS"});
    for (Tensor shape :
         {two, any, Samples::i64({2, 3}), Samples::i64({5, 1}), Samples::i64({0, 0}), Samples::i64({4, -1})})
      s.add({shape, four, zero, splits}, one);
    s.each_type("T", [&](DType t) { s.add({two, s.random({4}, t), s.random({}, t), splits}, one); });
    s.add({Tensor::scalar(-1), four, zero, Samples::i32({0, 1, 4})}, one);
    s.add({any, four, zero, five, Samples::i64({0, 0, 2, 3})}, ids);
    s.add({any, four, zero, Tensor::scalar(int64_t(3)), Samples::i64({0, 2}), Samples::i64({0, 0, 1, 1})},
          types({"FIRST_DIM_SIZE", "VALUE_ROWIDS", "VALUE_ROWIDS"}));
    for (Tensor shape : {any, Samples::i64({2, -1, 2}), Samples::i64({1, 3, -1})})
      s.add({shape, four, zero, Samples::i64({0, 2, 2}), Samples::i64({0, 1, 4})},
            types({"ROW_SPLITS", "ROW_SPLITS"}));
    s.add({any, four, zero, Samples::i64({0, 1, 2}), Samples::i64({0, 0, 1, 1})},
          types({"ROW_SPLITS", "VALUE_ROWIDS"}));
    s.add({three, wide, Tensor::vec<float>({7, 8}), splits}, one);
    s.add({three, wide, Tensor::vec<float>({7}), splits}, one);
    s.add({any, Samples::iota({4, 2, 3}), Samples::iota({2, 1}), splits}, one);
    s.add({two, four, zero, Samples::i64({0, 3})}, one);
    s.add({two, four, zero, Samples::i64({0})}, one);
    s.add({two, Samples::iota({0}), zero, Samples::i64({0, 0, 0})}, one);
    s.fails("rt_input.shape[2] = 2 but shape[2] = 5", {Samples::i64({-1, 3, 5}), wide, zero, splits}, one);
    s.fails("rt_input.rank = 3 but shape.rank = 2", {two, wide, zero, splits}, one);
    s.fails("default_value.shape[-1] = 3 but", {three, wide, Samples::iota({3}), splits}, one);
    s.fails("must be less than rt_input.flat_values.rank = 2", {three, wide, Samples::iota({2, 1}), splits},
            one);
    s.fails("Invalid row split size.", {two, four, zero, Samples::i64({1, 2, 2, 4})}, one);
    s.fails("Invalid row split size.", {two, four, zero, Samples::i64({0, 3, 2, 4})}, one);
    s.fails("Invalid first partition input. Tensor requires at least one element.",
            {two, four, zero, Samples::i64({})}, one);
    s.fails("Cannot handle type ROW_LENGTHS", {two, four, zero, Samples::i64({2, 2})},
            types({"ROW_LENGTHS"}));
    s.fails("Unknown string for partition info type: XX", {two, four, zero, splits}, types({"XX"}));
    s.fails("No row_partition_types given.", {two, four, zero, splits}, types({}));
    s.fails("Cannot handle VALUE_ROWIDS in first dimension.", {two, four, zero, splits},
            types({"VALUE_ROWIDS"}));
    s.fails("Dimension -2 must be >= -1", {Samples::i64({-2, -1}), four, zero, splits}, one);
    s.fails("Got next_value_rowid=3 which is not less than 3",
            {any, four, zero, Tensor::scalar(int64_t(3)), Samples::i64({0, 0, 2, 3})}, ids);
  });
}

}  // namespace
}  // namespace floe
