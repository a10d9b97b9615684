// Ops that make tables.
#include "floe/ops/state/table.h"

namespace floe {
namespace {

constexpr const char* kTableAttrs =
    "container:string=''; shared_name:string=''; use_node_name_sharing:bool=false; key_dtype:type; "
    "value_dtype:type";

Shape value_shape(const KernelInit& k) {
  Shape s = k.attrs.has("value_shape") ? k.attr<Shape>("value_shape") : Shape{};
  if (!s.is_fully_defined()) k.fail(cat("value_shape must be fully defined, found ", s.str()));
  return s;
}

std::shared_ptr<Table> find_or_make(KernelContext& c, const ResourceName& where, Table::Kind kind, DType keys,
                                    DType values, const Shape& shape, bool dense = false) {
  auto make = [&] {
    auto t = std::make_shared<Table>(kind, keys, values, shape);
    if (dense) t->reserve(c.input(0), "empty_key"), t->reserve(c.input(1), "deleted_key");
    return t;
  };
  if (where.name.empty()) return make();
  ObjectPtr o = c.resources().get_or_make(where.container, where.name, make);
  auto t = std::dynamic_pointer_cast<Table>(o);
  if (!t) c.fail(cat("'", where.name, "' is a ", o->type_name(), " already, not a table"));
  if (t->key_type() != keys || t->value_type() != values)
    c.fail(cat("Conflicting key/value dtypes ", dtype_name(keys), "->", dtype_name(values), " with ",
               dtype_name(t->key_type()), "-", dtype_name(t->value_type()), " for table ", where.name));
  return t;
}

template <Table::Kind kKind>
KernelFn make_table(const KernelInit& k) {
  DType keys = k.attr<DType>("key_dtype"), values = k.attr<DType>("value_dtype");
  check_table_types(k, keys, values);
  Shape shape = value_shape(k);
  ResourceName where = k.attrs.has("shared_name") ? resource_name(k) : ResourceName{};
  return [=](KernelContext& c) {
    c.set_output(0, make_handle(find_or_make(c, where, kKind, keys, values, shape)));
  };
}

KernelFn make_dense_table(const KernelInit& k) {
  DType keys = k.attr<DType>("key_dtype"), values = k.attr<DType>("value_dtype");
  check_table_types(k, keys, values);
  Shape shape = value_shape(k);
  int64_t buckets = k.attr<int64_t>("initial_num_buckets");
  if (buckets < 4 || (buckets & (buckets - 1)))
    k.fail(cat("Number of buckets must be at least 4 and a power of 2, got: ", buckets));
  ResourceName where = k.attrs.has("shared_name") ? resource_name(k) : ResourceName{};
  return [=](KernelContext& c) {
    Table empty(Table::Kind::kMutable, keys, values, shape);
    empty.reserve(c.input(0), "empty_key");
    if (empty.reserved_in(c.input(1))) c.fail("Empty and deleted keys cannot be equal");
    c.set_output(0, make_handle(find_or_make(c, where, Table::Kind::kMutable, keys, values, shape, true)));
  };
}

// The old ops hand on where the table is, not the table.
template <Table::Kind kKind>
KernelFn make_named_table(const KernelInit& k) {
  DType keys = k.attr<DType>("key_dtype"), values = k.attr<DType>("value_dtype");
  check_table_types(k, keys, values);
  Shape shape = value_shape(k);
  ResourceName where = resource_name(k);
  if (where.name.empty()) where.name = k.def.name;
  return [=](KernelContext& c) {
    find_or_make(c, where, kKind, keys, values, shape);
    c.set_output(0, Tensor::vec<std::string>({where.container, where.name}));
  };
}

void infer_named(InferContext& c) { c.set_output(0, {2}); }

template <Table::Kind kKind>
void define_table(OpBuilder& op, const std::string& attrs) {
  op.out("table_handle:resource").attrs(attrs);
  op.infer(infer_scalar).kernel(make_table<kKind>).stateful().dynamic_outputs();
}

template <Table::Kind kKind>
void define_named_table(OpBuilder& op, const std::string& attrs) {
  op.out("table_handle:Ref(string)").attrs(attrs);
  op.infer(infer_named).kernel(make_named_table<kKind>).stateful().dynamic_outputs();
}

constexpr auto kFixed = Table::Kind::kFixed;
constexpr auto kMutable = Table::Kind::kMutable;

FLOE_OP("HashTable", op) {
  define_named_table<kFixed>(op, kTableAttrs);
  op.no_gradient();
}
FLOE_OP("HashTableV2", op) {
  define_table<kFixed>(op, kTableAttrs);
  op.no_gradient();
}
FLOE_OP("AnonymousHashTable", op) { define_table<kFixed>(op, "key_dtype:type; value_dtype:type"); }
FLOE_OP("MutableHashTable", op) {
  define_named_table<kMutable>(op, kTableAttrs);
  op.no_gradient();
}
FLOE_OP("MutableHashTableV2", op) {
  define_table<kMutable>(op, kTableAttrs);
  op.no_gradient();
}
FLOE_OP("AnonymousMutableHashTable", op) { define_table<kMutable>(op, "key_dtype:type; value_dtype:type"); }
FLOE_OP("MutableHashTableOfTensors", op) {
  define_named_table<kMutable>(op, cat(kTableAttrs, "; value_shape:shape=[]"));
  op.no_gradient();
}
FLOE_OP("MutableHashTableOfTensorsV2", op) {
  define_table<kMutable>(op, cat(kTableAttrs, "; value_shape:shape=[]"));
  op.no_gradient();
}
FLOE_OP("AnonymousMutableHashTableOfTensors", op) {
  define_table<kMutable>(op, "key_dtype:type; value_dtype:type; value_shape:shape=[]");
}

constexpr const char* kDenseAttrs =
    "value_shape:shape=[]; initial_num_buckets:int=131072; max_load_factor:float=0.8";

FLOE_OP("MutableDenseHashTable", op) {
  op.in("empty_key:key_dtype").out("table_handle:Ref(string)").attrs(cat(kTableAttrs, "; ", kDenseAttrs));
  op.infer(infer_named).kernel(make_named_table<kMutable>).stateful().dynamic_outputs();
  op.no_gradient();
}
FLOE_OP("MutableDenseHashTableV2", op) {
  op.in("empty_key:key_dtype, deleted_key:key_dtype").out("table_handle:resource");
  op.attrs(cat(kTableAttrs, "; ", kDenseAttrs));
  op.infer(infer_scalar).kernel(make_dense_table).stateful().dynamic_outputs();
  op.no_gradient();
}
FLOE_OP("AnonymousMutableDenseHashTable", op) {
  op.in("empty_key:key_dtype, deleted_key:key_dtype").out("table_handle:resource");
  op.attrs(cat("key_dtype:type; value_dtype:type; ", kDenseAttrs));
  op.infer(infer_scalar).kernel(make_dense_table).stateful().dynamic_outputs();
}

}  // namespace
}  // namespace floe
