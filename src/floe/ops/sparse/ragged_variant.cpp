// RaggedTensorToVariant and RaggedTensorFromVariant: rows of a ragged tensor as elements of a plain one, for
// loops and maps.
#include "floe/ops/sparse/ragged.h"

namespace floe {
namespace {

class RaggedRows : public Object {
 public:
  const char* type_name() const override { return "RaggedTensorVariant"; }
  std::vector<RowSplits> splits;
  Tensor values;
};

Tensor variants(std::vector<std::shared_ptr<RaggedRows>> rows, const Shape& shape) {
  Tensor t(DType::kVariant, shape);
  for (size_t i = 0; i < rows.size(); ++i) t.mutable_data<ObjectPtr>()[i] = std::move(rows[i]);
  return t;
}

void to_variant(KernelContext& c, int levels, bool batched) {
  auto whole = std::make_shared<RaggedRows>();
  for (int i = 0; i < levels; ++i) whole->splits.push_back(c.ints(i));
  whole->values = c.keep(levels);
  for (const RowSplits& v : whole->splits)
    if (v.empty()) c.fail("Ragged splits may not be empty");
  if (!batched) return c.set_output(0, variants({whole}, {}));
  if (!levels) c.fail("ragged_rank=0 is not currently supported when batched_input=true.");
  for (size_t k = 0; k < whole->splits.size(); ++k) {
    const RowSplits& v = whole->splits[k];
    int64_t end =
        k + 1 < whole->splits.size() ? int64_t(whole->splits[k + 1].size()) - 1 : whole->values.dim(0);
    if (v[0] != 0 || !std::is_sorted(v.begin(), v.end()) || v.back() > end)
      c.fail("Invalid ragged splits: they must start with 0, never fall and stay within what they divide");
  }
  std::vector<std::shared_ptr<RaggedRows>> rows;
  for (size_t r = 0; r + 1 < whole->splits[0].size(); ++r) {
    auto row = std::make_shared<RaggedRows>();
    int64_t from = whole->splits[0][r], to = whole->splits[0][r + 1];
    for (size_t k = 1; k < whole->splits.size(); ++k) {
      const RowSplits& v = whole->splits[k];
      RowSplits part;
      for (int64_t i = from; i <= to; ++i) part.push_back(v[size_t(i)] - v[size_t(from)]);
      row->splits.push_back(part);
      from = v[size_t(from)];
      to = v[size_t(to)];
    }
    row->values = gather_ranges(whole->values, {{from, to}});
    rows.push_back(row);
  }
  int64_t n = int64_t(rows.size());
  c.set_output(0, variants(std::move(rows), {n}));
}

FLOE_OP("RaggedTensorToVariant", op) {
  op.in("rt_nested_splits:RAGGED_RANK*Tsplits, rt_dense_values:Tvalues").out("encoded_ragged:variant");
  op.attrs("RAGGED_RANK:int>=0; Tvalues:type; Tsplits:{int32,int64}=int64; batched_input:bool");
  op.infer([](InferContext& c) {
    int levels = c.num_inputs() - 1;
    for (int i = 0; i < levels; ++i) c.with_rank(i, 1);
    c.with_rank_at_least(levels, c.attr<bool>("batched_input") ? 1 : 0);
    if (!c.attr<bool>("batched_input")) return c.set_output(0, {});
    int64_t n = levels && c.shape(0).has_rank() ? c.shape(0)[0] : -1;
    c.set_output(0, {n > 0 ? n - 1 : -1});
  });
  op.dynamic_outputs().fails_on_values().keeps_inputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    int levels = k.num_inputs() - 1;
    bool batched = k.attr<bool>("batched_input");
    return [=](KernelContext& c) { to_variant(c, levels, batched); };
  });
}

// Variants of one kind, joined: their splits moved behind each other, their values concatenated.
void from_variant(KernelContext& c, int64_t input_rank, int output_rank, DType values_type,
                  DType splits_type) {
  const Tensor& encoded = c.input(0);
  if (input_rank == -1) {
    input_rank = output_rank - encoded.rank();
    if (input_rank < 0)
      c.fail(
          cat("Inferred input_ragged_rank (output_ragged_rank - encoded_variant.dims()) must be >= 0, found ",
              "output_ragged_rank: ", output_rank, ", encoded_variant.dims(): ", encoded.rank()));
  }
  if (output_rank != input_rank + encoded.rank())
    c.fail(cat(
        "output_ragged_rank must be equal to input_ragged_rank + encoded_ragged.dims(); output_ragged_rank: ",
        output_rank, ", input_ragged_rank: ", input_rank, ", encoded_variant.dims(): ", encoded.rank(), "."));
  std::vector<std::shared_ptr<RaggedRows>> rows;
  for (const ObjectPtr& o : encoded.flat<ObjectPtr>()) {
    auto r = std::dynamic_pointer_cast<RaggedRows>(o);
    if (!r)
      c.fail(cat("Input Variant element is not a RaggedTensorVariant: ", o ? o->type_name() : "nothing"));
    if (int64_t(r->splits.size()) != input_rank)
      c.fail(cat("Encoded input RaggedTensorVariant has ragged_rank=", r->splits.size(),
                 ".  Expected ragged_rank=", input_rank, "."));
    if (r->values.dtype() != values_type)
      c.fail(cat("Expected values Tensor dtype: ", dtype_name(values_type),
                 ", found: ", dtype_name(r->values.dtype())));
    rows.push_back(std::move(r));
  }
  int out = 0;
  int64_t count = 1;
  for (int d = 0; d + 1 < encoded.rank(); ++d) {
    count *= encoded.dim(d);
    RowSplits even(static_cast<size_t>(count + 1));
    for (int64_t i = 0; i <= count; ++i) even[size_t(i)] = i * encoded.dim(d + 1);
    c.set_output(out++, splits_tensor(even, splits_type));
  }
  auto length = [&](const RaggedRows& r) {
    return r.splits.empty() ? (r.values.rank() ? r.values.dim(0) : 1) : int64_t(r.splits[0].size()) - 1;
  };
  if (encoded.rank()) {
    RowSplits outer{0};
    for (auto& r : rows) outer.push_back(outer.back() + length(*r));
    c.set_output(out++, splits_tensor(outer, splits_type));
  }
  for (int64_t k = 0; k < input_rank; ++k) {
    RowSplits all{0};
    for (auto& r : rows) {
      int64_t base = all.back();
      const RowSplits& v = r->splits[size_t(k)];
      for (size_t i = 1; i < v.size(); ++i) all.push_back(base + v[i]);
    }
    c.set_output(out++, splits_tensor(all, splits_type));
  }
  if (rows.empty()) {
    c.allocate(out, values_type, {0});
    return;
  }
  if (rows.size() == 1) return c.set_output(out, rows[0]->values);
  Shape inner = rows[0]->values.shape();
  int64_t n = 0;
  for (auto& r : rows) {
    const Shape& s = r->values.shape();
    if (s.rank() < 1 || s.rank() != inner.rank() || !(s.slice(1) == inner.slice(1)))
      c.fail(cat("All flat_values must have compatible shapes.  Shape at index 0: ", inner.str(),
                 ".  Another: ", s.str()));
    n += s[0];
  }
  inner.set_dim(0, n);
  Tensor& all = c.allocate(out, values_type, inner);
  dispatch_moves(values_type, [&]<class T>() {
    T* to = static_cast<T*>(all.mutable_raw());
    for (auto& r : rows)
      to = std::copy_n(static_cast<const T*>(r->values.raw()), r->values.num_elements(), to);
  });
}

FLOE_OP("RaggedTensorFromVariant", op) {
  op.in("encoded_ragged:variant")
      .out("output_nested_splits:output_ragged_rank*Tsplits, output_dense_values:Tvalues");
  op.attrs("input_ragged_rank:int>=-1; output_ragged_rank:int>=0; Tvalues:type; Tsplits:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    for (int i = 0; i + 1 < c.num_outputs(); ++i) c.set_output(i, {-1});
  });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t input = k.attr<int64_t>("input_ragged_rank");
    int output = k.num_outputs() - 1;
    DType values = k.output_type(output), splits = k.attr<DType>("Tsplits");
    return [=](KernelContext& c) { from_variant(c, input, output, values, splits); };
  });
}

}  // namespace
}  // namespace floe
