// ParseExample, ParseExampleV2 and ParseSingleExample: tf.train.Example messages to tensors.
#include <protozero/pbf_writer.hpp>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/strings/example_proto.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

// What to read and where outputs start.
struct ParseRequest {
  std::vector<std::string> sparse, dense, ragged;
  std::vector<DType> sparse_types, dense_types, ragged_types, split_types;
  std::vector<Shape> dense_shapes;
  int first_default = 0;  // input of the first dense default
};

bool is_variable(const Shape& s) { return s.rank() > 0 && s[0] < 0; }

// The example being read, for messages.
struct ExampleReader {
  KernelContext& c;
  std::string name;
  int64_t index;
  std::unordered_map<std::string_view, ExampleFeature> features;

  std::string place(const std::string& key) const {
    return cat("Name: ", name, ", Key: ", key, ", Index: ", index, ".  ");
  }

  void read(std::string_view message) {
    features.clear();
    ExampleFeatures all;
    if (!read_example(message, all))
      c.fail(cat("Could not parse example input, value: '", message.substr(0, 64), "'"));
    for (auto& [key, f] : all) features[key] = f;
  }

  // Null when the example has no such feature, or an empty one.
  const ExampleFeature* find(const std::string& key) const {
    auto it = features.find(key);
    return it == features.end() || it->second.type == DType::kInvalid ? nullptr : &it->second;
  }

  template <class T>
  void values(const std::string& key, const ExampleFeature& f, std::vector<T>& to) const {
    if (!read_values(f.list, to)) c.fail(cat(place(key), "Can't parse serialized Example."));
  }
};

// Values of one key over all examples, as they come.
template <class T>
struct Column {
  std::vector<T> values;
  std::vector<int64_t> ends;
};

template <class F>
void with_values(DType t, F&& f) {
  if (t == DType::kString) return f.template operator()<std::string_view>();
  if (t == DType::kFloat32) return f.template operator()<float>();
  return f.template operator()<int64_t>();
}

template <class T>
void copy_values(const std::vector<T>& from, Tensor& to) {
  if constexpr (std::is_same_v<T, std::string_view>)
    std::copy(from.begin(), from.end(), to.mutable_data<std::string>());
  else
    std::copy(from.begin(), from.end(), to.mutable_data<T>());
}

struct ExampleParser {
  KernelContext& c;
  const ParseRequest& r;
  bool single;
  int64_t batch;
  std::vector<ExampleReader> examples;

  template <class T>
  Column<T> read_column(const std::string& key, DType type) {
    Column<T> column;
    for (ExampleReader& e : examples) {
      if (const ExampleFeature* f = e.find(key)) {
        if (f->type != type)
          c.fail(cat(e.place(key), "Data types don't match. Expected type: ", type_text(type),
                     ", Actual type: ", type_text(f->type)));
        e.values(key, *f, column.values);
      }
      column.ends.push_back(int64_t(column.values.size()));
    }
    return column;
  }

  static const char* type_text(DType t) { return t == DType::kFloat32 ? "float" : dtype_name(t); }

  void sparse(size_t k) {
    int ns = int(r.sparse.size()), i = int(k);
    with_values(r.sparse_types[k], [&]<class T>() {
      Column<T> column = read_column<T>(r.sparse[k], r.sparse_types[k]);
      int64_t n = int64_t(column.values.size()), longest = 0, at = 0;
      int64_t* index = c.allocate(i, DType::kInt64, {n, single ? 1 : 2}).mutable_data<int64_t>();
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t j = 0; at < column.ends[size_t(b)]; ++j, ++at) {
          if (!single) *index++ = b;
          *index++ = j;
          longest = std::max(longest, j + 1);
        }
      copy_values(column.values, c.allocate(ns + i, r.sparse_types[k], {n}));
      int64_t* shape = c.allocate(2 * ns + i, DType::kInt64, {single ? 1 : 2}).mutable_data<int64_t>();
      if (!single) *shape++ = batch;
      *shape = longest;
    });
  }

  void dense(size_t k) {
    const Shape& shape = r.dense_shapes[k];
    const Tensor& fallback = c.input(r.first_default + int(k));
    bool variable = is_variable(shape);
    if (variable && fallback.num_elements() != 1)
      c.fail(cat("dense_shape[", k, "] is a variable length shape: ", shape.str(), ", therefore def_value[",
                 k, "] must contain a single element (the padding element).  But its shape is: ",
                 fallback.shape().str()));
    if (!variable && fallback.num_elements() && !(fallback.shape() == shape))
      c.fail(cat("def_value[", k, "].shape() == ", fallback.shape().str(),
                 " is not compatible with dense_shapes_[", k, "] == ", shape.str()));
    with_values(r.dense_types[k], [&]<class T>() { dense_values<T>(k, shape, fallback, variable); });
  }

  template <class T>
  void dense_values(size_t k, const Shape& shape, const Tensor& fallback, bool variable) {
    const std::string& key = r.dense[k];
    DType type = r.dense_types[k];
    std::vector<std::vector<T>> rows(static_cast<size_t>(batch));
    std::vector<char> found(static_cast<size_t>(batch), 0);
    int64_t stride = variable ? shape.slice(1).num_elements() : shape.num_elements(), longest = 0;
    for (int64_t b = 0; b < batch; ++b) {
      ExampleReader& e = examples[size_t(b)];
      const ExampleFeature* f = e.find(key);
      if (!f) {
        if (!variable && fallback.num_elements() == 0 && stride > 0)
          c.fail(cat("Name: ", e.name, ", Feature: ", key, " (data type: ", type_text(type),
                     ") is required but could not be found."));
        continue;
      }
      if (f->type != type)
        c.fail(cat(e.place(key), "Data types don't match. Data type: ", type_text(f->type),
                   " but expected type: ", type_text(type)));
      std::vector<T>& row = rows[size_t(b)];
      e.values(key, *f, row);
      found[size_t(b)] = 1;
      int64_t n = int64_t(row.size());
      if (!variable && n != stride)
        c.fail(cat(e.place(key), "Number of ", type_text(type), " values != expected.  Values size: ", n,
                   " but output shape: ", shape.str()));
      if (variable && (stride == 0 ? n != 0 : n % stride != 0))
        c.fail(cat(e.place(key), "Number of ", type_text(type),
                   " values is not a multiple of stride length. Saw ", n,
                   " values but output shape is: ", shape.str()));
      if (stride) longest = std::max(longest, n / stride);
    }
    Shape one = shape;
    if (variable) one.set_dim(0, longest);
    Tensor& out =
        c.allocate(3 * int(r.sparse.size()) + int(k), type, single ? one : Shape{batch}.concat(one));
    using E = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;
    E* to = out.mutable_data<E>();
    const E* other = fallback.data<E>();
    int64_t per = one.num_elements();
    for (int64_t b = 0; b < batch; ++b, to += per) {
      const auto& row = rows[size_t(b)];
      if (!found[size_t(b)] && !variable) {
        std::copy_n(other, fallback.num_elements(), to);
        continue;
      }
      std::copy(row.begin(), row.end(), to);
      for (int64_t j = int64_t(row.size()); j < per; ++j) to[j] = *other;
    }
  }

  void ragged(size_t k) {
    int first = 3 * int(r.sparse.size()) + int(r.dense.size()), i = int(k);
    with_values(r.ragged_types[k], [&]<class T>() {
      Column<T> column = read_column<T>(r.ragged[k], r.ragged_types[k]);
      copy_values(column.values, c.allocate(first + i, r.ragged_types[k], {int64_t(column.values.size())}));
      Tensor& splits =
          c.allocate(first + int(r.ragged.size()) + i, r.split_types[k], {single ? 0 : batch + 1});
      if (single) return;
      dispatch(IndexTypes{}, splits.dtype(), [&]<class S>() {
        S* to = splits.mutable_data<S>();
        *to++ = 0;
        for (int64_t end : column.ends) *to++ = S(end);
      });
    });
  }

  void run(std::span<const std::string> serialized, const Tensor* names) {
    batch = int64_t(serialized.size());
    for (int64_t b = 0; b < batch; ++b) {
      bool named = names && names->num_elements() == batch;
      examples.push_back({c, named ? names->data<std::string>()[b] : "<unknown>", b, {}});
      examples.back().read(serialized[size_t(b)]);
    }
    for (size_t k = 0; k < r.sparse.size(); ++k) sparse(k);
    for (size_t k = 0; k < r.dense.size(); ++k) dense(k);
    for (size_t k = 0; k < r.ragged.size(); ++k) ragged(k);
  }
};

void parse_all(KernelContext& c, const ParseRequest& r, const Tensor* names) {
  const Tensor& serialized = c.input(0);
  if (serialized.rank() > 1)
    c.fail(
        cat("Shape must be at most rank 1 but is rank ", serialized.rank(), " for the serialized examples"));
  if (names && names->num_elements() && !(names->shape() == serialized.shape()))
    c.fail(cat("Expected names have the same shape as serialized: name.shape=", names->shape().str(),
               ", serialized.shape=", serialized.shape().str()));
  ExampleParser parser{c, r, serialized.rank() == 0, 0, {}};
  parser.run(serialized.flat<std::string>(), names);
}

void check_shapes(const KernelInit& k, const std::vector<Shape>& shapes, size_t count) {
  if (shapes.size() != count) k.fail(cat("dense_shapes has ", shapes.size(), " entries, Tdense ", count));
  for (const Shape& s : shapes)
    if (!s.has_rank() || (s.rank() && !s.slice(1).is_fully_defined()))
      k.fail(cat("only the first dimension of a dense shape may be unknown, found ", s.str()));
}

std::vector<std::string> keys_at(KernelContext& c, int i, size_t count, const char* what) {
  auto keys = c.input(i).flat<std::string>();
  if (keys.size() != count) c.fail(cat("Expected len(", what, ") == ", count, ", got ", keys.size()));
  return {keys.begin(), keys.end()};
}

// Shapes of the outputs, in the order sparse, dense, ragged.
void infer_parsed(InferContext& c, int64_t sparse, size_t ragged, const Shape& serialized) {
  int at = 0;
  const size_t types = c.attr<std::vector<DType>>("sparse_types").size();
  if (sparse < 0 || uint64_t(sparse) != types)
    c.fail(cat("there are ", sparse, " sparse features and ", types, " sparse_types"));
  int64_t columns = serialized.has_rank() ? serialized.rank() + 1 : -1;
  for (int64_t i = 0; i < sparse; ++i) c.set_output(at++, {-1, columns});
  for (int64_t i = 0; i < sparse; ++i) c.set_output(at++, {-1});
  for (int64_t i = 0; i < sparse; ++i) c.set_output(at++, {columns});
  for (const Shape& s : c.attr<std::vector<Shape>>("dense_shapes")) {
    if (at >= c.num_outputs()) break;
    c.set_output(at++, serialized.has_rank() && s.has_rank() ? serialized.concat(s) : Shape::unknown());
  }
  for (size_t i = 0; i < ragged && at < c.num_outputs(); ++i) c.set_output(at++, {-1});
  int64_t n = serialized.rank() == 1 && serialized[0] >= 0 ? serialized[0] + 1
              : serialized.rank() == 0                     ? 0
                                                           : -1;
  for (size_t i = 0; i < ragged && at < c.num_outputs(); ++i) c.set_output(at++, {n});
}

Shape serialized_shape(const InferContext& c, int most) {
  const Shape& s = c.shape(0);
  if (s.has_rank() && s.rank() > most)
    c.fail(cat("Shape must be at most rank ", most, " but is rank ", s.rank()));
  return s;
}

std::string make_example() {
  auto feature = [](std::string& to, const char* name, int tag, const std::string& list) {
    std::string f, entry;
    protozero::pbf_writer(f).add_message(uint32_t(tag), list);
    protozero::pbf_writer e(entry);
    e.add_string(1, name);
    e.add_message(2, f);
    protozero::pbf_writer(to).add_message(1, entry);
  };
  std::string map, floats, ints, texts, example;
  float x[] = {1, 2};
  int64_t n[] = {3, -4, 5};
  protozero::pbf_writer(floats).add_packed_float(1, x, x + 2);
  protozero::pbf_writer(ints).add_packed_int64(1, n, n + 3);
  protozero::pbf_writer t(texts);
  t.add_string(1, "u");
  t.add_string(1, "vw");
  feature(map, "x", 2, floats);
  feature(map, "n", 3, ints);
  feature(map, "s", 1, texts);
  protozero::pbf_writer(example).add_message(1, map);
  return example;
}

Tensor strings(const std::vector<std::string>& v) { return Tensor::vec(v); }

FLOE_OP("ParseExampleV2", op) {
  op.in(
      "serialized:string, names:string, sparse_keys:string, dense_keys:string, ragged_keys:string, "
      "dense_defaults:Tdense");
  op.out(
      "sparse_indices:num_sparse*int64, sparse_values:sparse_types, sparse_shapes:num_sparse*int64, "
      "dense_values:Tdense, ragged_values:ragged_value_types, ragged_row_splits:ragged_split_types");
  op.attrs(
      "Tdense:list({float,int64,string})>=0; num_sparse:int>=0; sparse_types:list({float,int64,string})>=0; "
      "ragged_value_types:list({float,int64,string})>=0; ragged_split_types:list({int32,int64})>=0; "
      "dense_shapes:list(shape)>=0");
  op.infer([](InferContext& c) {
    infer_parsed(c, c.attr<int64_t>("num_sparse"), c.attr<std::vector<DType>>("ragged_value_types").size(),
                 serialized_shape(c, 1));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    ParseRequest base;
    base.sparse_types = k.attr<std::vector<DType>>("sparse_types");
    base.dense_types = k.attr<std::vector<DType>>("Tdense");
    base.ragged_types = k.attr<std::vector<DType>>("ragged_value_types");
    base.split_types = k.attr<std::vector<DType>>("ragged_split_types");
    base.dense_shapes = k.attr<std::vector<Shape>>("dense_shapes");
    base.first_default = 5;
    if (int64_t(base.sparse_types.size()) != k.attr<int64_t>("num_sparse"))
      k.fail(cat("num_sparse (", k.attr<int64_t>("num_sparse"), ") must match the size of sparse_types (",
                 base.sparse_types.size(), ")"));
    if (base.ragged_types.size() != base.split_types.size())
      k.fail("ragged_value_types and ragged_split_types must have the same length");
    check_shapes(k, base.dense_shapes, base.dense_types.size());
    return [base](KernelContext& c) {
      ParseRequest r = base;
      r.sparse = keys_at(c, 2, r.sparse_types.size(), "sparse_keys");
      r.dense = keys_at(c, 3, r.dense_types.size(), "dense_keys");
      r.ragged = keys_at(c, 4, r.ragged_types.size(), "ragged_keys");
      parse_all(c, r, &c.input(1));
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    std::string a = make_example();
    Tensor none = strings({}), two = strings({a, ""}), floats = Tensor::vec<float>({});
    auto attrs = [](std::vector<DType> sparse, std::vector<DType> ragged, std::vector<DType> splits,
                    std::vector<Shape> shapes) {
      return AttrMap{{"num_sparse", int64_t(sparse.size())},
                     {"sparse_types", sparse},
                     {"ragged_value_types", ragged},
                     {"ragged_split_types", splits},
                     {"dense_shapes", shapes}};
    };
    constexpr DType F = DType::kFloat32, I = DType::kInt64, S = DType::kString, I32 = DType::kInt32;
    s.add({two, none, strings({"n", "s", "q"}), none, none}, attrs({I, S, F}, {}, {}, {}));
    s.add({two, none, none, none, strings({"n", "s"})}, attrs({}, {I, S}, {I32, I}, {}));
    s.add({strings({a, a}), strings({"A", "B"}), none, strings({"x"}), none, floats},
          attrs({}, {}, {}, {{2}}));
    s.add({two, none, none, strings({"x", "n", "s"}), none, Tensor::vec<float>({8, 9}),
           Tensor::scalar(int64_t(-1)), strings({"pad"})},
          attrs({}, {}, {}, {{2}, {-1}, {-1, 1}}));
    s.add({Tensor::scalar(a), none, strings({"n"}), strings({"x"}), strings({"s"}), floats},
          attrs({I}, {S}, {I32}, {{2}}));
    s.add({none, none, strings({"n"}), strings({"x"}), none, floats}, attrs({I}, {}, {}, {{2}}));
    s.fails("Name: <unknown>, Feature: x (data type: float) is required but could not be found.",
            {two, none, none, strings({"x"}), none, floats}, attrs({}, {}, {}, {{2}}));
    s.fails("Number of float values != expected.  Values size: 2 but output shape: [3]",
            {strings({a}), none, none, strings({"x"}), none, floats}, attrs({}, {}, {}, {{3}}));
    s.fails("Data types don't match. Data type: int64 but expected type: float",
            {strings({a}), none, none, strings({"n"}), none, floats}, attrs({}, {}, {}, {{3}}));
    s.fails("Data types don't match. Expected type: float, Actual type: int64",
            {strings({a}), none, strings({"n"}), none, none}, attrs({F}, {}, {}, {}));
    s.fails("is not compatible with dense_shapes_[0] == [2]",
            {two, none, none, strings({"x"}), none, Tensor::vec<float>({1})}, attrs({}, {}, {}, {{2}}));
    s.fails("must contain a single element", {two, none, none, strings({"x"}), none, floats},
            attrs({}, {}, {}, {{-1}}));
    s.fails("Could not parse example input",
            {strings({a.substr(0, a.size() - 3)}), none, strings({"n"}), none, none}, attrs({I}, {}, {}, {}));
    s.fails("Expected names have the same shape", {two, strings({"A"}), strings({"n"}), none, none},
            attrs({I}, {}, {}, {}));
    s.fails("Shape must be at most rank 1", {two.reshaped({1, 2}), none, strings({"n"}), none, none},
            attrs({I}, {}, {}, {}));
  });
}

FLOE_OP("ParseExample", op) {
  op.in(
      "serialized:string, names:string, sparse_keys:Nsparse*string, dense_keys:Ndense*string, "
      "dense_defaults:Tdense");
  op.out(
      "sparse_indices:Nsparse*int64, sparse_values:sparse_types, sparse_shapes:Nsparse*int64, "
      "dense_values:Tdense");
  op.attrs(
      "Nsparse:int>=0; Ndense:int>=0; sparse_types:list({float,int64,string})>=0; "
      "Tdense:list({float,int64,string})>=0; dense_shapes:list(shape)>=0");
  op.infer([](InferContext& c) { infer_parsed(c, c.attr<int64_t>("Nsparse"), 0, c.with_rank(0, 1)); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    ParseRequest base;
    base.sparse_types = k.attr<std::vector<DType>>("sparse_types");
    base.dense_types = k.attr<std::vector<DType>>("Tdense");
    base.dense_shapes = k.attr<std::vector<Shape>>("dense_shapes");
    size_t sparse = size_t(k.attr<int64_t>("Nsparse")), dense = size_t(k.attr<int64_t>("Ndense"));
    if (sparse != base.sparse_types.size() || dense != base.dense_types.size())
      k.fail(cat("Nsparse and Ndense must match sparse_types and Tdense: ", sparse, " and ", dense,
                 ", found ", base.sparse_types.size(), " and ", base.dense_types.size()));
    check_shapes(k, base.dense_shapes, dense);
    base.first_default = int(2 + sparse + dense);
    return [=](KernelContext& c) {
      ParseRequest r = base;
      for (size_t i = 0; i < sparse + dense; ++i)
        (i < sparse ? r.sparse : r.dense).push_back(c.scalar<std::string>(int(2 + i)));
      parse_all(c, r, &c.input(1));
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    constexpr DType F = DType::kFloat32, I = DType::kInt64;
    s.add({strings({make_example(), make_example()}), strings({}), Tensor::scalar("n"), Tensor::scalar("x"),
           Tensor::vec<float>({})},
          {{"Nsparse", int64_t(1)},
           {"Ndense", int64_t(1)},
           {"sparse_types", std::vector<DType>{I}},
           {"Tdense", std::vector<DType>{F}},
           {"dense_shapes", std::vector<Shape>{{2}}}});
  });
}

FLOE_OP("ParseSingleExample", op) {
  op.in("serialized:string, dense_defaults:Tdense");
  op.out(
      "sparse_indices:num_sparse*int64, sparse_values:sparse_types, sparse_shapes:num_sparse*int64, "
      "dense_values:Tdense");
  op.attrs(
      "num_sparse:int>=0; sparse_keys:list(string)>=0; dense_keys:list(string)>=0; "
      "sparse_types:list({float,int64,string})>=0; Tdense:list({float,int64,string})>=0; "
      "dense_shapes:list(shape)>=0");
  op.infer([](InferContext& c) { infer_parsed(c, c.attr<int64_t>("num_sparse"), 0, c.with_rank(0, 0)); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    ParseRequest r;
    r.sparse = k.attr<std::vector<std::string>>("sparse_keys");
    r.dense = k.attr<std::vector<std::string>>("dense_keys");
    r.sparse_types = k.attr<std::vector<DType>>("sparse_types");
    r.dense_types = k.attr<std::vector<DType>>("Tdense");
    r.dense_shapes = k.attr<std::vector<Shape>>("dense_shapes");
    r.first_default = 1;
    if (r.sparse.size() != r.sparse_types.size() || r.dense.size() != r.dense_types.size() ||
        int64_t(r.sparse.size()) != k.attr<int64_t>("num_sparse"))
      k.fail(
          "sparse_keys and dense_keys must have as many entries as sparse_types, num_sparse and Tdense say");
    check_shapes(k, r.dense_shapes, r.dense_types.size());
    return [r](KernelContext& c) {
      if (c.input(0).rank() != 0)
        c.fail(cat("serialized must be a scalar, found ", c.input(0).shape().str()));
      parse_all(c, r, nullptr);
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    constexpr DType I = DType::kInt64;
    s.add({Tensor::scalar(make_example()), Tensor::vec<float>({})},
          {{"num_sparse", int64_t(1)},
           {"sparse_keys", std::vector<std::string>{"n"}},
           {"dense_keys", std::vector<std::string>{"x"}},
           {"sparse_types", std::vector<DType>{I}},
           {"dense_shapes", std::vector<Shape>{{2}}}});
  });
}

}  // namespace
}  // namespace floe
