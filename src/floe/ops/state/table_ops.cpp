// Ops that fill, read and change tables.
#include "floe/ops/state/table.h"

namespace floe {
namespace {

// Table errors get the op's name in front.
template <class F>
void with_table(KernelContext& c, F&& f) {
  std::shared_ptr<Table> t = table_of(c);
  try {
    f(*t);
  } catch (const FailedPrecondition& e) {
    c.fail(e.code(), e.what());
  }
}

void require_mutable(KernelContext& c, const Table& t, const char* what) {
  if (t.kind() == Table::Kind::kFixed)
    c.fail(Code::kUnimplemented, cat(what, " not supported by HashTable implementations"));
}

void check_values(KernelContext& c, const Table& t, const Tensor& keys, const Tensor& values) {
  Shape want = keys.shape().concat(t.value_shape());
  if (!(values.shape() == want))
    c.fail(cat("Expected shape ", want.str(), " for value, got ", values.shape().str()));
}

void check_not_reserved(KernelContext& c, const Table& t) {
  if (const char* name = t.reserved_in(c.input(1)))
    c.fail(cat("Using the ", name, " as a table key is not allowed"));
}

void initialize(KernelContext& c) {
  with_table(c, [&](Table& t) {
    const Tensor &keys = c.input(1), &values = c.input(2);
    check_signature(c, t, keys.dtype(), values.dtype());
    check_values(c, t, keys, values);
    if (t.kind() == Table::Kind::kFixed)
      t.initialize(keys, values);
    else
      t.insert(keys, values);
  });
}

void find(KernelContext& c) {
  with_table(c, [&](Table& t) {
    const Tensor &keys = c.input(1), &fallback = c.input(2);
    check_signature(c, t, keys.dtype(), fallback.dtype());
    Shape full = keys.shape().concat(t.value_shape());
    int64_t one = t.value_shape().num_elements();
    bool fits =
        fallback.num_elements() == one || (t.kind() == Table::Kind::kMutable && fallback.shape() == full);
    if (!fits)
      c.fail(cat("Expected shape ", t.value_shape().str(), " or ", full.str(), " for default value, got ",
                 fallback.shape().str()));
    check_not_reserved(c, t);
    t.find(keys, fallback, c.allocate(0, t.value_type(), full));
  });
}

void insert(KernelContext& c) {
  with_table(c, [&](Table& t) {
    const Tensor &keys = c.input(1), &values = c.input(2);
    check_signature(c, t, keys.dtype(), values.dtype());
    require_mutable(c, t, "Insert");
    check_values(c, t, keys, values);
    check_not_reserved(c, t);
    t.insert(keys, values);
  });
}

void import_all(KernelContext& c) {
  with_table(c, [&](Table& t) {
    const Tensor &keys = c.input(1), &values = c.input(2);
    check_signature(c, t, keys.dtype(), values.dtype());
    check_values(c, t, keys, values);
    // A table that is filled once takes this as its filling.
    if (t.kind() == Table::Kind::kFixed)
      t.initialize(keys, values);
    else
      t.import(keys, values);
  });
}

void remove(KernelContext& c) {
  with_table(c, [&](Table& t) {
    check_signature(c, t, c.input(1).dtype(), t.value_type());
    require_mutable(c, t, "Remove");
    check_not_reserved(c, t);
    t.remove(c.input(1));
  });
}

KernelFn dump_kernel(const KernelInit& k) {
  DType keys = k.output_type(0), values = k.output_type(1);
  return [=](KernelContext& c) {
    with_table(c, [&](Table& t) {
      check_signature(c, t, keys, values);
      auto [k, v] = t.dump();
      c.set_output(0, k);
      c.set_output(1, v);
    });
  };
}

void write_size(KernelContext& c) { *c.out<int64_t>(0) = table_of(c)->size(); }

void infer_initialize(InferContext& c) {
  Shape keys = c.with_rank(1, 1);
  if (!keys.is_compatible_with(c.with_rank(2, 1)))
    c.fail(cat("Dimension 0 in both shapes must be equal, but are ", keys[0], " and ", c.shape(2)[0]));
}

// A scalar default value tells that values are scalars.
void infer_find(InferContext& c) { c.set_output(0, c.shape(2).rank() == 0 ? c.shape(1) : Shape::unknown()); }

void infer_dump(InferContext& c) {
  c.set_output(0, {-1});
  c.set_output(1, Shape::unknown());
}

constexpr const char* kRef = "table_handle:Ref(string)";
constexpr const char* kRes = "table_handle:resource";

void define_pairs(OpBuilder& op, const char* handle, const char* key, const char* value, InferFn infer,
                  KernelFn fn) {
  op.in(cat(handle, ", keys:", key, ", values:", value)).attrs(cat(key, ":type; ", value, ":type"));
  op.infer(std::move(infer)).compute(std::move(fn)).stateful();
}

FLOE_OP("InitializeTable", op) {
  define_pairs(op, kRef, "Tkey", "Tval", infer_initialize, initialize);
  op.no_gradient();
}
FLOE_OP("InitializeTableV2", op) {
  define_pairs(op, kRes, "Tkey", "Tval", infer_initialize, initialize);
  op.no_gradient();
}
FLOE_OP("LookupTableInsert", op) {
  define_pairs(op, kRef, "Tin", "Tout", infer_unknown, insert);
  op.no_gradient();
}
FLOE_OP("LookupTableInsertV2", op) {
  define_pairs(op, kRes, "Tin", "Tout", infer_unknown, insert);
  op.no_gradient();
}
FLOE_OP("LookupTableImport", op) { define_pairs(op, kRef, "Tin", "Tout", infer_unknown, import_all); }
FLOE_OP("LookupTableImportV2", op) { define_pairs(op, kRes, "Tin", "Tout", infer_unknown, import_all); }

void define_find(OpBuilder& op, const char* handle) {
  op.in(cat(handle, ", keys:Tin, default_value:Tout")).out("values:Tout").attrs("Tin:type; Tout:type");
  op.infer(infer_find).compute(find).stateful().dynamic_outputs();
}
FLOE_OP("LookupTableFind", op) {
  define_find(op, kRef);
  op.no_gradient();
}
FLOE_OP("LookupTableFindV2", op) {
  define_find(op, kRes);
  op.no_gradient();
}

void define_size(OpBuilder& op, const char* handle) {
  op.in(handle).out("size:int64").infer(infer_scalar).compute(write_size).stateful();
}
FLOE_OP("LookupTableSize", op) {
  define_size(op, kRef);
  op.no_gradient();
}
FLOE_OP("LookupTableSizeV2", op) {
  define_size(op, kRes);
  op.no_gradient();
}

void define_dump(OpBuilder& op, const char* handle) {
  op.in(handle).out("keys:Tkeys, values:Tvalues").attrs("Tkeys:type; Tvalues:type");
  op.infer(infer_dump).kernel(dump_kernel).stateful().dynamic_outputs();
}
FLOE_OP("LookupTableExport", op) { define_dump(op, kRef); }
FLOE_OP("LookupTableExportV2", op) { define_dump(op, kRes); }

FLOE_OP("LookupTableRemoveV2", op) {
  op.in("table_handle:resource, keys:Tin").attrs("Tin:type");
  op.infer(infer_unknown).compute(remove).stateful();
}

}  // namespace
}  // namespace floe
