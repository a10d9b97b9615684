// Every op with its own samples made wrong: other shapes, values, types and attributes. Whatever comes of it,
// it is a result or an error of the caller's, not a bug of ours and no crash.
#include <algorithm>
#include <limits>

#include "floe/graph/graph.h"
#include "floe/graph/passes/passes.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"
#include "hostile.h"

namespace floe::hostile {
namespace {

constexpr size_t kSamples = 8;  // of each op
constexpr int kMutations = 12;  // of each sample
constexpr int64_t kInts[] = {0,   -1,        1,         -2,        2,         7,
                             100, INT32_MIN, INT32_MAX, INT64_MIN, INT64_MAX, int64_t(1) << 40};
constexpr double kFloats[] = {0, -1, 1e30, -1e30, 1e-30, 0.5, 1000, NAN, INFINITY, -INFINITY};

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : state_(seed * 2 + 1) {}

  int64_t below(int64_t n) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return int64_t((state_ >> 33) % uint64_t(n));
  }
  template <class T, size_t N>
  T one_of(const T (&values)[N]) {
    return values[below(N)];
  }

  void mutate(Sample& s) {
    const bool has_inputs = !s.inputs.empty(), has_attrs = s.attrs.size() > 0;
    if (has_attrs && (!has_inputs || below(4) == 0)) return mutate_attr(s.attrs);
    if (!has_inputs) return;
    Tensor& t = s.inputs[size_t(below(int64_t(s.inputs.size())))];
    switch (below(5)) {
      case 0:
        return void(t = of_shape(t, random_shape()));
      case 1:
        return void(t = of_shape(t, bent(t.shape())));
      case 2:
        if (below(3) == 0) s.inputs.pop_back();
        return;
      default:
        t = with_values(t);
    }
  }

 private:
  Shape random_shape() {
    std::vector<int64_t> dims;
    for (int64_t rank = below(6); rank > 0; --rank) dims.push_back(below(5));
    return Shape(dims);
  }
  // One dimension more, less or different.
  Shape bent(const Shape& shape) {
    std::vector<int64_t> dims(shape.begin(), shape.end());
    const int64_t kind = below(4);
    if (dims.empty() || kind == 0) {
      dims.insert(dims.begin() + below(int64_t(dims.size()) + 1), below(3));
    } else if (kind == 1) {
      dims.erase(dims.begin() + below(int64_t(dims.size())));
    } else {
      int64_t& d = dims[size_t(below(int64_t(dims.size())))];
      d = kind == 2 ? 0 : std::max<int64_t>(0, d + below(3) - 1);
    }
    return Shape(dims);
  }
  // The old values over and over in another shape.
  static Tensor of_shape(const Tensor& t, const Shape& shape) {
    if (!is_pod(t.dtype())) return t;
    Tensor r(t.dtype(), shape);
    const size_t size = dtype_size(t.dtype());
    for (int64_t i = 0; i < r.num_elements(); ++i) {
      char* to = static_cast<char*>(r.mutable_raw()) + size_t(i) * size;
      if (t.num_elements())
        std::memcpy(to, static_cast<const char*>(t.raw()) + size_t(i % t.num_elements()) * size, size);
      else
        std::memset(to, 0, size);
    }
    return r;
  }
  Tensor with_values(const Tensor& t) {
    if (t.num_elements() == 0) return t;
    Tensor r = t.clone();
    const int64_t at = below(t.num_elements());
    if (t.dtype() == DType::kString) {
      const std::string words[] = {
          "", "-", "NaN", std::string(3, '\0'), "\xff\xfe", std::string(5000, 'x'), "%s%n"};
      r.mutable_data<std::string>()[at] = one_of(words);
    } else if (is_integer(t.dtype()) || is_quantized(t.dtype())) {
      dispatch(IntTypes{}, t.dtype(), [&]<class T>() {
        const int64_t lo = int64_t(std::numeric_limits<T>::min());
        const uint64_t hi = uint64_t(std::numeric_limits<T>::max());
        const int64_t v = one_of(kInts);
        r.mutable_data<T>()[at] = v < lo                      ? std::numeric_limits<T>::min()
                                  : v > 0 && uint64_t(v) > hi ? std::numeric_limits<T>::max()
                                                              : T(v);
      });
    } else if (is_floating(t.dtype())) {
      dispatch(FloatTypes{}, t.dtype(),
               [&]<class T>() { r.mutable_data<T>()[at] = T(float(one_of(kFloats))); });
    }
    return r;
  }
  void mutate_attr(AttrMap& attrs) {
    const AttrMap::Entry entry = *(attrs.begin() + below(int64_t(attrs.size())));
    AttrValue v = entry.second;
    if (auto* i = std::get_if<int64_t>(&v)) *i = one_of(kInts);
    if (auto* f = std::get_if<float>(&v)) *f = float(one_of(kFloats));
    if (auto* b = std::get_if<bool>(&v)) *b = !*b;
    if (auto* s = std::get_if<std::string>(&v)) *s = below(2) ? "" : *s + "?";
    if (auto* t = std::get_if<DType>(&v)) *t = below(2) ? DType::kString : DType::kFloat64;
    if (auto* s = std::get_if<Shape>(&v)) *s = below(2) ? Shape::unknown() : random_shape();
    if (auto* list = std::get_if<std::vector<int64_t>>(&v)) {
      if (list->empty() || below(3) == 0)
        list->push_back(one_of(kInts));
      else if (below(3) == 0)
        list->pop_back();
      else
        (*list)[size_t(below(int64_t(list->size())))] = one_of(kInts);
    }
    attrs.set(entry.first, v);
  }

  uint64_t state_;
};

// The same tensor, of which the planner does not know the shape.
Endpoint hide_shape(Graph& g, const std::string& name, Endpoint t, DType dtype) {
  AttrMap elem_type{{"elem_type", dtype}};
  Endpoint size = g.add_constant(name + "/size", Tensor::scalar<int32_t>(-1))->output();
  Endpoint stack = g.add("StackV2", name + "/stack", {size}, elem_type)->output();
  Node* push = g.add("StackPushV2", name + "/push", {stack, t}, {{"T", dtype}});
  Node* pop = g.add("StackPopV2", name + "/pop", {stack}, elem_type);
  pop->controls.push_back(push);
  return pop->output();
}

// In a graph, with some inputs fed, of known shape or not, and the others constant.
void run_in_graph(const OpDef& def, const Sample& s, uint64_t constants, uint64_t hidden) {
  Graph g;
  g.library = std::make_shared<FunctionLibrary>();
  std::vector<Endpoint> inputs, feeds, fetches;
  std::vector<Tensor> fed;
  for (size_t i = 0; i < s.inputs.size(); ++i) {
    const std::string name = "i" + std::to_string(i);
    const bool plain = is_pod(s.inputs[i].dtype()) || s.inputs[i].dtype() == DType::kString;
    if (plain && (constants >> i & 1)) {
      inputs.push_back(g.add_constant(name, s.inputs[i])->output());
      continue;
    }
    inputs.push_back(g.add("Placeholder", name, {}, {{"dtype", s.inputs[i].dtype()}})->output());
    feeds.push_back(inputs.back());
    if (plain && (hidden >> i & 1)) inputs.back() = hide_shape(g, name, inputs.back(), s.inputs[i].dtype());
    fed.push_back(s.inputs[i]);
  }
  Node* n = g.add(def.name, "y", inputs, s.attrs);
  for (int i = 0; i < n->num_outputs(); ++i) fetches.push_back(n->output(i));
  std::vector<Node*> targets;
  if (fetches.empty()) targets.push_back(n);
  Executable executable(extract(g, feeds, fetches, targets), std::make_shared<CallableCache>());
  ResourceManager resources;
  RunState state;
  state.resources = &resources;
  std::vector<Tensor> out;
  executable.run(state, fed, out);
  for (size_t i = 0; i < out.size(); ++i) {
    EXPECT_TRUE(out[i]);
    EXPECT_GE(out[i].num_elements(), 0);
  }
}

std::string describe(const Sample& s) {
  std::string text;
  for (const Tensor& t : s.inputs)
    text += std::string(dtype_name(t.dtype())) + " " + t.shape().str() +
            (is_pod(t.dtype()) ? " " + t.values_str(6) : "") + "; ";
  for (auto& [k, v] : s.attrs) text += k + "=" + attr_str(v) + " ";
  return text;
}

class HostileOps : public testing::TestWithParam<std::string> {};

TEST_P(HostileOps, MutatedSamples) {
  const OpDef& def = get_op(GetParam());
  std::vector<Sample> samples = samples_of(def);
  if (samples.size() > kSamples) {
    for (size_t i = 0; i < kSamples; ++i) samples[i] = samples[i * samples.size() / kSamples];
    samples.resize(kSamples);
  }
  Mutator mutator(std::hash<std::string>()(def.name));
  for (const Sample& sample : samples)
    for (int m = 0; m < kMutations; ++m) {
      Sample s = sample;
      mutator.mutate(s);
      const uint64_t constants = uint64_t(mutator.below(4) ? mutator.below(1 << 16) : 0);
      const uint64_t hidden = uint64_t(mutator.below(3) ? 0 : mutator.below(1 << 16));
      try {
        run_in_graph(def, s, constants, hidden);
      } catch (const Internal& e) {
        ADD_FAILURE() << e.what() << "\n  " << describe(s);
      } catch (const Error&) {
      }
    }
}

std::vector<std::string> ops_with_samples() {
  std::vector<std::string> v;
  for (const std::string& name : op_names())
    if (const OpDef* def = find_op(name); def && def->kernel && !samples_of(*def).empty()) v.push_back(name);
  return v;
}

INSTANTIATE_TEST_SUITE_P(All, HostileOps, testing::ValuesIn(ops_with_samples()),
                         [](const testing::TestParamInfo<std::string>& i) { return i.param; });

}  // namespace
}  // namespace floe::hostile
