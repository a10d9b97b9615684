// ParseSequenceExample, ParseSequenceExampleV2 and ParseSingleSequenceExample: tf.train.SequenceExample
// messages, which have a context and lists of features over time, to tensors.
#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <unordered_map>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/strings/example_proto.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using Names = std::vector<std::string>;
using DTypes = std::vector<DType>;

// What to read of the context, or of the lists.
struct SequencePart {
  Names sparse, dense, ragged;
  DTypes sparse_types, dense_types, ragged_types, split_types;
  std::vector<Shape> shapes;  // of the dense ones
};

struct SequenceRequest {
  SequencePart context, lists;
  std::unordered_set<std::string> may_miss;  // dense lists that are empty where they are missing
  int first_default = 0;                     // input of the first dense default of the context
  bool has_lengths = true;
};

// Tensors of one part for each sequence.
struct SequenceMessage {
  std::string name;
  std::unordered_map<std::string_view, ExampleFeature> context;
  std::unordered_map<std::string_view, std::vector<ExampleFeature>> lists;
};

// Values of one feature name over all messages: ends of each time step and each message.
template <class T>
struct SequenceColumn {
  std::vector<T> values;
  std::vector<int64_t> step_ends;     // in values
  std::vector<int64_t> message_ends;  // in steps
};

template <class F>
void with_sequence_type(DType t, F&& f) {
  if (t == DType::kString) return f.template operator()<std::string_view>();
  if (t == DType::kFloat32) return f.template operator()<float>();
  return f.template operator()<int64_t>();
}

template <class T>
using stored_t = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;

const char* sequence_type_text(DType t) { return t == DType::kFloat32 ? "float" : dtype_name(t); }

class SequenceParser {
 public:
  SequenceParser(KernelContext& c, const SequenceRequest& r, const Tensor& serialized, const Tensor* names)
      : c_(c), r_(r), single_(serialized.rank() == 0), batch_(serialized.num_elements()) {
    for (int64_t b = 0; b < batch_; ++b) {
      SequenceMessage& m = messages_.emplace_back();
      m.name = names && names->num_elements() ? names->data<std::string>()[b] : "<unknown>";
      std::string_view bytes = serialized.data<std::string>()[b];
      ExampleFeatures context;
      ExampleFeatureLists lists;
      if (!read_example(bytes, context) || !read_feature_lists(bytes, lists))
        c.fail(cat("Invalid protocol message input, example id: ", m.name));
      for (auto& [key, f] : context) m.context[key] = f;
      for (auto& [key, l] : lists) m.lists[key] = std::move(l);
    }
  }

  void run() {
    const SequencePart &x = r_.context, &l = r_.lists;
    context_sparse(x);
    for (size_t k = 0; k < x.dense.size(); ++k) context_dense(k);
    context_ragged(x);
    list_sparse(l);
    for (size_t k = 0; k < l.dense.size(); ++k) list_dense(k);
    out_ += int(l.dense.size()) * (r_.has_lengths ? 2 : 1);
    list_ragged(l);
  }

 private:
  template <class T>
  void append(const SequenceMessage& m, const std::string& where, const ExampleFeature& f, DType type,
              std::vector<T>& to) {
    if (f.type == DType::kInvalid) return;
    if (f.type != type)
      c_.fail(cat("Name: ", m.name, ", ", where, ".  Data types don't match. Expected type: ",
                  sequence_type_text(type), ", found: ", sequence_type_text(f.type)));
    if (!read_values(f.list, to)) c_.fail(cat("Name: ", m.name, ", ", where, ".  Can't parse the values"));
  }

  template <class T>
  SequenceColumn<T> context_column(const std::string& key, DType type) {
    SequenceColumn<T> column;
    for (const SequenceMessage& m : messages_) {
      if (auto it = m.context.find(key); it != m.context.end())
        append(m, cat("Context feature: ", key), it->second, type, column.values);
      column.step_ends.push_back(int64_t(column.values.size()));
    }
    return column;
  }

  template <class T>
  SequenceColumn<T> list_column(const std::string& key, DType type, bool required) {
    SequenceColumn<T> column;
    for (const SequenceMessage& m : messages_) {
      auto it = m.lists.find(key);
      if (it == m.lists.end() && required)
        c_.fail(cat("Name: ", m.name, ", Feature list '", key,
                    "' is required but could not be found.  Did you mean to include it in "
                    "feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"));
      for (size_t i = 0; it != m.lists.end() && i < it->second.size(); ++i) {
        append(m, cat("Feature list: ", key, ", Index: ", i), it->second[i], type, column.values);
        column.step_ends.push_back(int64_t(column.values.size()));
      }
      column.message_ends.push_back(int64_t(column.step_ends.size()));
    }
    return column;
  }

  template <class T>
  void put_values(int at, DType type, const std::vector<T>& values) {
    Tensor& t = c_.allocate(at, type, {int64_t(values.size())});
    std::copy(values.begin(), values.end(), t.mutable_data<stored_t<T>>());
  }

  void put_splits(int at, DType type, const std::vector<int64_t>& ends) {
    Tensor& t = c_.allocate(at, type, {int64_t(ends.size()) + 1});
    dispatch(IndexTypes{}, type, [&]<class S>() {
      S* to = t.mutable_data<S>();
      *to++ = 0;
      for (int64_t end : ends) *to++ = S(end);
    });
  }

  void context_sparse(const SequencePart& p) {
    int n = int(p.sparse.size());
    for (int k = 0; k < n; ++k)
      with_sequence_type(p.sparse_types[size_t(k)], [&]<class T>() {
        auto column = context_column<T>(p.sparse[size_t(k)], p.sparse_types[size_t(k)]);
        int64_t count = int64_t(column.values.size()), longest = 0, at = 0;
        int64_t* index =
            c_.allocate(out_ + k, DType::kInt64, {count, single_ ? 1 : 2}).mutable_data<int64_t>();
        for (int64_t b = 0; b < batch_; ++b)
          for (int64_t j = 0; at < column.step_ends[size_t(b)]; ++j, ++at) {
            if (!single_) *index++ = b;
            *index++ = j;
            longest = std::max(longest, j + 1);
          }
        put_values(out_ + n + k, p.sparse_types[size_t(k)], column.values);
        int64_t* shape =
            c_.allocate(out_ + 2 * n + k, DType::kInt64, {single_ ? 1 : 2}).mutable_data<int64_t>();
        if (!single_) *shape++ = batch_;
        *shape = longest;
      });
    out_ += 3 * n;
  }

  void context_dense(size_t k) {
    const SequencePart& p = r_.context;
    const std::string& key = p.dense[k];
    const Tensor& fallback = c_.input(r_.first_default + int(k));
    int64_t per = p.shapes[k].num_elements();
    if (fallback.num_elements() && !(fallback.shape() == p.shapes[k]))
      c_.fail(cat("def_value[", k, "].shape() == ", fallback.shape().str(), " != context_dense_shapes_[", k,
                  "] == ", p.shapes[k].str()));
    with_sequence_type(p.dense_types[k], [&]<class T>() {
      Shape shape = single_ ? p.shapes[k] : Shape{batch_}.concat(p.shapes[k]);
      stored_t<T>* to = c_.allocate(out_, p.dense_types[k], shape).template mutable_data<stored_t<T>>();
      for (const SequenceMessage& m : messages_) {
        auto it = m.context.find(key);
        bool missing = it == m.context.end() || it->second.type == DType::kInvalid;
        if (missing && fallback.num_elements() == 0 && per > 0 && !single_)
          c_.fail(cat("Feature: ", key, " (data type: ", sequence_type_text(p.dense_types[k]),
                      ") is required but could not be found. Name: ", m.name));
        std::vector<T> values;
        if (!missing) append(m, cat("Context feature: ", key), it->second, p.dense_types[k], values);
        if (missing && fallback.num_elements()) {
          to = std::copy_n(fallback.data<stored_t<T>>(), per, to);
          continue;
        }
        if (int64_t(values.size()) != per)
          c_.fail(cat("Inconsistent max number of elements for feature ", key, ": expected ", per,
                      ", but found ", values.size()));
        to = std::copy(values.begin(), values.end(), to);
      }
    });
    ++out_;
  }

  void context_ragged(const SequencePart& p) {
    int n = int(p.ragged.size());
    for (int k = 0; k < n; ++k)
      with_sequence_type(p.ragged_types[size_t(k)], [&]<class T>() {
        auto column = context_column<T>(p.ragged[size_t(k)], p.ragged_types[size_t(k)]);
        put_values(out_ + k, p.ragged_types[size_t(k)], column.values);
        if (single_)
          c_.allocate(out_ + n + k, p.split_types[size_t(k)], {0});
        else
          put_splits(out_ + n + k, p.split_types[size_t(k)], column.step_ends);
      });
    out_ += 2 * n;
  }

  void list_sparse(const SequencePart& p) {
    int n = int(p.sparse.size());
    for (int k = 0; k < n; ++k)
      with_sequence_type(p.sparse_types[size_t(k)], [&]<class T>() {
        auto column = list_column<T>(p.sparse[size_t(k)], p.sparse_types[size_t(k)], false);
        int64_t count = int64_t(column.values.size()), steps = 0, longest = 0, at = 0, step = 0;
        int64_t* index =
            c_.allocate(out_ + k, DType::kInt64, {count, single_ ? 2 : 3}).mutable_data<int64_t>();
        for (int64_t b = 0; b < batch_; ++b) {
          int64_t first = step;
          for (; step < column.message_ends[size_t(b)]; ++step)
            for (int64_t j = 0; at < column.step_ends[size_t(step)]; ++j, ++at) {
              if (!single_) *index++ = b;
              *index++ = step - first;
              *index++ = j;
              longest = std::max(longest, j + 1);
            }
          steps = std::max(steps, step - first);
        }
        put_values(out_ + n + k, p.sparse_types[size_t(k)], column.values);
        int64_t* shape =
            c_.allocate(out_ + 2 * n + k, DType::kInt64, {single_ ? 2 : 3}).mutable_data<int64_t>();
        if (!single_) *shape++ = batch_;
        *shape++ = steps;
        *shape = longest;
      });
    out_ += 3 * n;
  }

  void list_dense(size_t k) {
    const SequencePart& p = r_.lists;
    int n = int(p.dense.size()), at = out_ + int(k);
    with_sequence_type(p.dense_types[k], [&]<class T>() {
      auto column = list_column<T>(p.dense[k], p.dense_types[k], !r_.may_miss.count(p.dense[k]));
      int64_t per = p.shapes[k].num_elements(), begin = 0, longest = 0, steps = 0;
      for (int64_t end : column.step_ends) {
        if (end - begin != per)
          c_.fail(cat("Feature list '", p.dense[k],
                      "' has an unexpected number of values.  Total values size: ", column.values.size(),
                      " is not consistent with output shape: ", Shape{-1}.concat(p.shapes[k]).str(),
                      ". A step holds ", end - begin));
        begin = end;
      }
      std::vector<int64_t> lengths;
      for (int64_t end : column.message_ends) {
        lengths.push_back(end - steps);
        longest = std::max(longest, end - steps);
        steps = end;
      }
      Shape shape = single_ ? Shape{longest} : Shape{batch_, longest};
      Tensor& out = c_.allocate(at, p.dense_types[k], shape.concat(p.shapes[k]));
      stored_t<T>* to = out.template mutable_data<stored_t<T>>();
      std::fill_n(to, out.num_elements(), stored_t<T>());
      auto from = column.values.begin();
      for (size_t b = 0; b < lengths.size(); ++b) {
        std::copy_n(from, lengths[b] * per, to + int64_t(b) * longest * per);
        from += lengths[b] * per;
      }
      if (!r_.has_lengths) return;
      Tensor& counts = c_.allocate(at + n, DType::kInt64, single_ ? Shape{} : Shape{batch_});
      std::copy(lengths.begin(), lengths.end(), counts.mutable_data<int64_t>());
    });
  }

  void list_ragged(const SequencePart& p) {
    int n = int(p.ragged.size());
    for (int k = 0; k < n; ++k)
      with_sequence_type(p.ragged_types[size_t(k)], [&]<class T>() {
        auto column = list_column<T>(p.ragged[size_t(k)], p.ragged_types[size_t(k)], false);
        DType splits = p.split_types[size_t(k)];
        put_values(out_ + k, p.ragged_types[size_t(k)], column.values);
        if (single_)
          c_.allocate(out_ + n + k, splits, {0});
        else
          put_splits(out_ + n + k, splits, column.message_ends);
        put_splits(out_ + 2 * n + k, splits, column.step_ends);
      });
  }

  KernelContext& c_;
  const SequenceRequest& r_;
  bool single_;
  int64_t batch_;
  int out_ = 0;
  std::vector<SequenceMessage> messages_;
};

void parse_sequences(KernelContext& c, const SequenceRequest& r, const Tensor* names) {
  const Tensor& serialized = c.input(0);
  if (serialized.rank() > 1)
    c.fail(
        cat("Shape must be at most rank 1 but is rank ", serialized.rank(), " for the serialized examples"));
  if (names && names->num_elements() && names->num_elements() != serialized.num_elements())
    c.fail(cat("example_names must be empty or have the correct number of elements: ",
               serialized.num_elements(), ", found ", names->num_elements()));
  SequenceParser(c, r, serialized, names).run();
}

void check_sequence_part(const KernelInit& k, const SequencePart& p, const char* what) {
  if (p.shapes.size() != p.dense_types.size())
    k.fail(cat(what, "_dense_shapes has ", p.shapes.size(), " entries, the types of its dense features ",
               p.dense_types.size()));
  for (const Shape& s : p.shapes)
    if (!s.is_fully_defined()) k.fail(cat(what, "_dense_shapes must be fully defined, found ", s.str()));
  if (p.ragged_types.size() != p.split_types.size())
    k.fail(cat(what, "_ragged_value_types and ", what, "_ragged_split_types must have the same length"));
}

void check_count(const KernelInit& k, const char* attr, size_t types) {
  if (k.attr<int64_t>(attr) != int64_t(types))
    k.fail(cat(attr, " (", k.attr<int64_t>(attr), ") must match the number of its types (", types, ")"));
}

SequenceRequest sequence_types(const KernelInit& k) {
  SequenceRequest r;
  r.context.sparse_types = k.attr<DTypes>("context_sparse_types");
  r.context.dense_types = k.attr<DTypes>("Tcontext_dense");
  r.context.shapes = k.attr<std::vector<Shape>>("context_dense_shapes");
  r.lists.sparse_types = k.attr<DTypes>("feature_list_sparse_types");
  r.lists.dense_types = k.attr<DTypes>("feature_list_dense_types");
  r.lists.shapes = k.attr<std::vector<Shape>>("feature_list_dense_shapes");
  if (k.attrs.has("context_ragged_value_types")) {
    r.context.ragged_types = k.attr<DTypes>("context_ragged_value_types");
    r.context.split_types = k.attr<DTypes>("context_ragged_split_types");
    r.lists.ragged_types = k.attr<DTypes>("feature_list_ragged_value_types");
    r.lists.split_types = k.attr<DTypes>("feature_list_ragged_split_types");
  }
  check_sequence_part(k, r.context, "context");
  check_sequence_part(k, r.lists, "feature_list");
  check_count(k, "Ncontext_sparse", r.context.sparse_types.size());
  check_count(k, "Nfeature_list_sparse", r.lists.sparse_types.size());
  check_count(k, "Nfeature_list_dense", r.lists.dense_types.size());
  return r;
}

Names sequence_keys(KernelContext& c, int i, size_t count) {
  auto keys = c.input(i).flat<std::string>();
  if (keys.size() != count)
    c.fail(cat("Expected len(", c.def().inputs[size_t(i)].name, ") == ", count, ", got ", keys.size()));
  return {keys.begin(), keys.end()};
}

void infer_sequences(InferContext& c, const Shape& serialized, bool has_lengths) {
  auto count = [&](const char* attr) { return c.has_attr(attr) ? c.attr<DTypes>(attr).size() : 0; };
  int at = 0;
  auto put = [&](size_t n, const Shape& s) {
    for (size_t i = 0; i < n && at < c.num_outputs(); ++i) c.set_output(at++, s);
  };
  bool known = serialized.has_rank();
  auto columns = [&](int more) -> int64_t { return known ? serialized.rank() + more : -1; };
  auto dense = [&](const char* attr, const Shape& lead) {
    for (const Shape& s : c.attr<std::vector<Shape>>(attr)) put(1, known ? lead.concat(s) : Shape::unknown());
  };
  auto sparse = [&](size_t n, int64_t rank) {
    put(n, {-1, rank});
    put(n, {-1});
    put(n, {rank});
  };
  sparse(count("context_sparse_types"), columns(1));
  dense("context_dense_shapes", serialized);
  put(2 * count("context_ragged_value_types"), {-1});
  sparse(count("feature_list_sparse_types"), columns(2));
  dense("feature_list_dense_shapes", known ? serialized.concat({-1}) : serialized);
  if (has_lengths) put(count("feature_list_dense_types"), serialized);
  put(3 * count("feature_list_ragged_value_types"), {-1});
}

Shape at_most_vector(const InferContext& c) {
  const Shape& s = c.shape(0);
  if (s.has_rank() && s.rank() > 1) c.fail(cat("Shape must be at most rank 1 but is rank ", s.rank()));
  return s;
}

// A message of {field tag: bytes} pairs, for samples.
std::string wire(const std::vector<std::pair<uint32_t, std::string>>& fields) {
  std::string bytes;
  protozero::pbf_writer w(bytes);
  for (auto& [tag, value] : fields) w.add_message(tag, value);
  return bytes;
}
std::string map_entry(const std::string& key, const std::string& value) {
  return wire({{1, wire({{1, key}, {2, value}})}});
}
std::string floats(std::vector<float> v) {
  std::string list;
  protozero::pbf_writer(list).add_packed_float(1, v.begin(), v.end());
  return wire({{2, list}});
}
std::string ints(std::vector<int64_t> v) {
  std::string list;
  protozero::pbf_writer(list).add_packed_int64(1, v.begin(), v.end());
  return wire({{3, list}});
}
std::string texts(const Names& v) {
  std::string list;
  protozero::pbf_writer w(list);
  for (auto& s : v) w.add_string(1, s);
  return wire({{1, list}});
}
std::string steps(const Names& features) {
  std::vector<std::pair<uint32_t, std::string>> all;
  for (auto& f : features) all.emplace_back(1, f);
  return wire(all);
}

std::string long_sequence() {
  std::string context =
      map_entry("n", ints({3})) + map_entry("x", floats({1, 2})) + map_entry("s", texts({"u", "v"}));
  std::string lists = map_entry("f", steps({floats({1, 2}), floats({3, 4})})) +
                      map_entry("w", steps({texts({"a", "bc"}), texts({"z"})})) +
                      map_entry("i", steps({ints({1, 2}), ints({3})}));
  return wire({{1, context}, {2, lists}});
}
std::string short_sequence() {
  std::string lists = map_entry("f", steps({floats({5, 6})})) + map_entry("i", steps({ints({4})}));
  return wire({{1, map_entry("x", floats({5, 6}))}, {2, lists}});
}

constexpr DType kF = DType::kFloat32, kI = DType::kInt64, kS = DType::kString;

AttrMap sequence_attrs(DTypes context_sparse, std::vector<Shape> context_shapes, DTypes list_sparse,
                       DTypes list_dense, std::vector<Shape> list_shapes) {
  return {{"Ncontext_sparse", int64_t(context_sparse.size())},
          {"context_sparse_types", context_sparse},
          {"context_dense_shapes", context_shapes},
          {"Nfeature_list_sparse", int64_t(list_sparse.size())},
          {"feature_list_sparse_types", list_sparse},
          {"Nfeature_list_dense", int64_t(list_dense.size())},
          {"feature_list_dense_types", list_dense},
          {"feature_list_dense_shapes", list_shapes}};
}

FLOE_OP("ParseSequenceExampleV2", op) {
  op.in(
      "serialized:string, debug_name:string, context_sparse_keys:string, context_dense_keys:string, "
      "context_ragged_keys:string, feature_list_sparse_keys:string, feature_list_dense_keys:string, "
      "feature_list_ragged_keys:string, feature_list_dense_missing_assumed_empty:bool, "
      "context_dense_defaults:Tcontext_dense");
  op.out(
      "context_sparse_indices:Ncontext_sparse*int64, context_sparse_values:context_sparse_types, "
      "context_sparse_shapes:Ncontext_sparse*int64, context_dense_values:Tcontext_dense, "
      "context_ragged_values:context_ragged_value_types, "
      "context_ragged_row_splits:context_ragged_split_types, "
      "feature_list_sparse_indices:Nfeature_list_sparse*int64, "
      "feature_list_sparse_values:feature_list_sparse_types, "
      "feature_list_sparse_shapes:Nfeature_list_sparse*int64, "
      "feature_list_dense_values:feature_list_dense_types, "
      "feature_list_dense_lengths:Nfeature_list_dense*int64, "
      "feature_list_ragged_values:feature_list_ragged_value_types, "
      "feature_list_ragged_outer_splits:feature_list_ragged_split_types, "
      "feature_list_ragged_inner_splits:feature_list_ragged_split_types");
  op.attrs(
      "Ncontext_sparse:int>=0=0; Tcontext_dense:list({float,int64,string})>=0=[]; "
      "context_sparse_types:list({float,int64,string})>=0=[]; "
      "context_ragged_value_types:list({float,int64,string})>=0=[]; "
      "context_ragged_split_types:list({int32,int64})>=0=[]; context_dense_shapes:list(shape)>=0=[]; "
      "Nfeature_list_sparse:int>=0=0; Nfeature_list_dense:int>=0=0; "
      "feature_list_dense_types:list({float,int64,string})>=0=[]; "
      "feature_list_sparse_types:list({float,int64,string})>=0=[]; "
      "feature_list_ragged_value_types:list({float,int64,string})>=0=[]; "
      "feature_list_ragged_split_types:list({int32,int64})>=0=[]; "
      "feature_list_dense_shapes:list(shape)>=0=[]");
  op.infer([](InferContext& c) { infer_sequences(c, at_most_vector(c), true); });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    SequenceRequest base = sequence_types(k);
    base.first_default = 9;
    return [base](KernelContext& c) {
      SequenceRequest r = base;
      r.context.sparse = sequence_keys(c, 2, r.context.sparse_types.size());
      r.context.dense = sequence_keys(c, 3, r.context.dense_types.size());
      r.context.ragged = sequence_keys(c, 4, r.context.ragged_types.size());
      r.lists.sparse = sequence_keys(c, 5, r.lists.sparse_types.size());
      r.lists.dense = sequence_keys(c, 6, r.lists.dense_types.size());
      r.lists.ragged = sequence_keys(c, 7, r.lists.ragged_types.size());
      auto empty = c.input(8).flat<bool>();
      if (empty.size() != r.lists.dense.size())
        c.fail(cat("Expected len(feature_list_dense_missing_assumed_empty) == ", r.lists.dense.size(),
                   ", got ", empty.size()));
      for (size_t i = 0; i < empty.size(); ++i)
        if (empty[i]) r.may_miss.insert(r.lists.dense[i]);
      parse_sequences(c, r, &c.input(1));
    };
  });
  op.samples([](Samples& s) {
    std::string a = long_sequence(), b = short_sequence();
    auto words = [](const Names& v) { return Tensor::vec(v); };
    Tensor none = words({}), two = words({a, b}), no_flags = Tensor(DType::kBool, {0});
    auto flags = [](bool v) { return Tensor::of<bool>({1}, {v}); };
    auto with = [](AttrMap m, const char* part, DTypes values, DTypes splits) {
      m.set(cat(part, "_ragged_value_types"), values);
      m.set(cat(part, "_ragged_split_types"), splits);
      return m;
    };
    AttrMap lists = sequence_attrs({}, {}, {kS}, {kF}, {{2}});
    s.add({two, none, words({"s", "q"}), words({"x", "n"}), none, none, none, none, no_flags,
           Tensor::vec<float>({}), Tensor::scalar(int64_t(-1))},
          sequence_attrs({kS, kI}, {{2}, {}}, {}, {}, {}));
    s.add({two, none, none, none, none, words({"w"}), words({"f"}), none, flags(false)}, lists);
    s.add({two, words({"A", "B"}), none, none, none, words({"q"}), words({"g"}), none, flags(true)}, lists);
    s.add({words({a}).reshaped({}), none, words({"s"}), words({"n"}), none, words({"w"}), words({"f"}), none,
           flags(false), Tensor::scalar(int64_t(-1))},
          sequence_attrs({kS}, {{}}, {kS}, {kF}, {{2}}));
    AttrMap ragged =
        with(with({}, "context", {kS, kI}, {DType::kInt32, kI}), "feature_list", {kI}, {DType::kInt32});
    s.add({two, none, none, none, words({"s", "q"}), none, none, words({"i"}), no_flags}, ragged);
    s.add({none, none, none, none, words({"s", "q"}), none, none, words({"i"}), no_flags}, ragged);
    s.fails("Feature: n (data type: int64) is required but could not be found.",
            {two, none, none, words({"n"}), none, none, none, none, no_flags, Tensor(DType::kInt64, {0})},
            sequence_attrs({}, {{}}, {}, {}, {}));
    s.fails("Inconsistent max number of elements for feature x: expected 3, but found 2",
            {two, none, none, words({"x"}), none, none, none, none, no_flags, Tensor::vec<float>({})},
            sequence_attrs({}, {{3}}, {}, {}, {}));
    AttrMap dense = sequence_attrs({}, {}, {}, {kF}, {{3}});
    auto list = [&](const char* key) {
      return std::vector<Tensor>{two, none, none, none, none, none, words({key}), none, flags(false)};
    };
    s.fails("Name: <unknown>, Feature list 'g' is required but could not be found.", list("g"), dense);
    s.fails("Total values size: ", list("f"), dense);
    s.fails("Name: <unknown>, Feature list: i, Index: 0.  Data types don't match. Expected type: float",
            list("i"), dense);
    auto bad = list("f");
    bad[0] = words({a.substr(0, a.size() - 3), b});
    s.fails("Invalid protocol message input, example id: <unknown>", bad, dense);
    bad = list("f");
    bad[1] = words({"A"});
    s.fails("example_names must be empty or have the correct number of elements", bad, dense);
  });
}

FLOE_OP("ParseSequenceExample", op) {
  op.in("serialized:string, debug_name:string, context_dense_defaults:Tcontext_dense");
  op.out(
      "context_sparse_indices:Ncontext_sparse*int64, context_sparse_values:context_sparse_types, "
      "context_sparse_shapes:Ncontext_sparse*int64, context_dense_values:Tcontext_dense, "
      "feature_list_sparse_indices:Nfeature_list_sparse*int64, "
      "feature_list_sparse_values:feature_list_sparse_types, "
      "feature_list_sparse_shapes:Nfeature_list_sparse*int64, "
      "feature_list_dense_values:feature_list_dense_types, "
      "feature_list_dense_lengths:Nfeature_list_dense*int64");
  op.attrs(
      "feature_list_dense_missing_assumed_empty:list(string)>=0; context_sparse_keys:list(string)>=0; "
      "context_dense_keys:list(string)>=0; feature_list_sparse_keys:list(string)>=0; "
      "feature_list_dense_keys:list(string)>=0; Ncontext_sparse:int>=0=0; Ncontext_dense:int>=0=0; "
      "Nfeature_list_sparse:int>=0=0; Nfeature_list_dense:int>=0=0; "
      "context_sparse_types:list({float,int64,string})>=0=[]; "
      "Tcontext_dense:list({float,int64,string})>=0=[]; "
      "feature_list_dense_types:list({float,int64,string})>=0=[]; context_dense_shapes:list(shape)>=0=[]; "
      "feature_list_sparse_types:list({float,int64,string})>=0=[]; "
      "feature_list_dense_shapes:list(shape)>=0=[]");
  op.infer([](InferContext& c) { infer_sequences(c, c.with_rank(0, 1), true); });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    SequenceRequest r = sequence_types(k);
    r.context.sparse = k.attr<Names>("context_sparse_keys");
    r.context.dense = k.attr<Names>("context_dense_keys");
    r.lists.sparse = k.attr<Names>("feature_list_sparse_keys");
    r.lists.dense = k.attr<Names>("feature_list_dense_keys");
    const Names& empty = k.attr<Names>("feature_list_dense_missing_assumed_empty");
    r.may_miss.insert(empty.begin(), empty.end());
    r.first_default = 2;
    if (r.context.sparse.size() != r.context.sparse_types.size() ||
        r.context.dense.size() != r.context.dense_types.size() ||
        r.lists.sparse.size() != r.lists.sparse_types.size() ||
        r.lists.dense.size() != r.lists.dense_types.size())
      k.fail("every list of keys must be as long as the list of its types");
    return [r](KernelContext& c) { parse_sequences(c, r, &c.input(1)); };
  });
  op.samples([](Samples& s) {
    Tensor two = Tensor::vec<std::string>({long_sequence(), short_sequence()}), none = Tensor::vec(Names{});
    AttrMap attrs = sequence_attrs({kS}, {{2}}, {kS}, {kF, kF}, {{2}, {2}});
    attrs.set("Ncontext_dense", int64_t(1));
    attrs.set("context_sparse_keys", Names{"s"});
    attrs.set("context_dense_keys", Names{"x"});
    attrs.set("feature_list_sparse_keys", Names{"w"});
    attrs.set("feature_list_dense_keys", Names{"f", "g"});
    attrs.set("feature_list_dense_missing_assumed_empty", Names{"g"});
    s.add({two, none, Tensor::vec<float>({})}, attrs);
    attrs.set("feature_list_dense_missing_assumed_empty", Names{});
    s.fails("Feature list 'g' is required but could not be found.", {two, none, Tensor::vec<float>({})},
            attrs);
  });
}

FLOE_OP("ParseSingleSequenceExample", op) {
  op.in(
      "serialized:string, feature_list_dense_missing_assumed_empty:string, "
      "context_sparse_keys:Ncontext_sparse*string, context_dense_keys:Ncontext_dense*string, "
      "feature_list_sparse_keys:Nfeature_list_sparse*string, "
      "feature_list_dense_keys:Nfeature_list_dense*string, "
      "context_dense_defaults:Tcontext_dense, debug_name:string");
  op.out(
      "context_sparse_indices:Ncontext_sparse*int64, context_sparse_values:context_sparse_types, "
      "context_sparse_shapes:Ncontext_sparse*int64, context_dense_values:Tcontext_dense, "
      "feature_list_sparse_indices:Nfeature_list_sparse*int64, "
      "feature_list_sparse_values:feature_list_sparse_types, "
      "feature_list_sparse_shapes:Nfeature_list_sparse*int64, "
      "feature_list_dense_values:feature_list_dense_types");
  op.attrs(
      "Ncontext_sparse:int>=0=0; Ncontext_dense:int>=0=0; Nfeature_list_sparse:int>=0=0; "
      "Nfeature_list_dense:int>=0=0; context_sparse_types:list({float,int64,string})>=0=[]; "
      "Tcontext_dense:list({float,int64,string})>=0=[]; "
      "feature_list_dense_types:list({float,int64,string})>=0=[]; "
      "context_dense_shapes:list(shape)>=0=[]; feature_list_sparse_types:list({float,int64,string})>=0=[]; "
      "feature_list_dense_shapes:list(shape)>=0=[]");
  op.infer([](InferContext& c) { infer_sequences(c, c.with_rank(0, 0), false); });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    SequenceRequest base = sequence_types(k);
    base.has_lengths = false;
    int keys[4] = {int(base.context.sparse_types.size()), int(base.context.dense_types.size()),
                   int(base.lists.sparse_types.size()), int(base.lists.dense_types.size())};
    base.first_default = 2 + keys[0] + keys[1] + keys[2] + keys[3];
    int debug_name = k.num_inputs() - 1;
    if (base.first_default + keys[1] != debug_name)
      k.fail("Ncontext_dense must match the number of Tcontext_dense");
    return [=](KernelContext& c) {
      SequenceRequest r = base;
      Names* into[4] = {&r.context.sparse, &r.context.dense, &r.lists.sparse, &r.lists.dense};
      int at = 2;
      for (int part = 0; part < 4; ++part)
        for (int i = 0; i < keys[part]; ++i) into[part]->push_back(c.scalar<std::string>(at++));
      for (const std::string& s : c.input(1).flat<std::string>()) r.may_miss.insert(s);
      parse_sequences(c, r, &c.input(debug_name));
    };
  });
  op.samples([](Samples& s) {
    AttrMap attrs = sequence_attrs({kS}, {{}}, {kS}, {kF}, {{2}});
    attrs.set("Ncontext_dense", int64_t(1));
    s.add({Tensor::scalar(long_sequence()), Tensor::vec(Names{}), Tensor::scalar("s"), Tensor::scalar("n"),
           Tensor::scalar("w"), Tensor::scalar("f"), Tensor::scalar(int64_t(-1)), Tensor::scalar("")},
          attrs);
    s.add(
        {Tensor::scalar(short_sequence()), Tensor::vec(Names{"g"}), Tensor::scalar("s"), Tensor::scalar("n"),
         Tensor::scalar("w"), Tensor::scalar("g"), Tensor::scalar(int64_t(-1)), Tensor::scalar("me")},
        attrs);
  });
}

}  // namespace
}  // namespace floe
