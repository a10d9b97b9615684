// Opening models and making inputs.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include <CLI/CLI.hpp>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/format/program_impl.h"
#include "floe/op/kernel.h"
#include "floe/tensor/dispatch.h"
#include "floe/tools/tool.h"

namespace floe::tools {

void ModelOptions::add_to(CLI::App& app) {
  app.add_option("model", model, "Frozen graph (.pb or .pbtxt)")->required();
  app.add_option("--inputs", input_names, "Names of the tensors to feed (default: found)")->delimiter(',');
  app.add_option("--outputs", output_names, "Names of the tensors to compute (default: found)")
      ->delimiter(',');
  app.add_option("--threads", threads, "Threads to use (default: all cores)")->check(CLI::Range(1, 1024));
}

namespace {

int code_of_file(const Error& e, const std::string& path) {
  bool absent = (e.code() == Code::kNotFound && !file_exists(path)) || e.code() == Code::kPermissionDenied;
  return absent ? kNoFile : e.code() == Code::kInternal ? kBug : kBadInput;
}

}  // namespace

Program open_model(const ModelOptions& o) {
  if (o.model.empty()) throw Failure{kUsage, "the name of the model is empty"};
  if (o.threads) set_num_threads(o.threads);
  try {
    return Program::open(o.model);
  } catch (const Error& e) {
    throw Failure{code_of_file(e, o.model), e.what()};
  }
}

Function make_function(const Program& p, const ModelOptions& o) {
  try {
    std::vector<Endpoint> fed;
    for (const std::string& s : o.input_names) {
      fed.push_back(find_endpoint(*p.impl()->graph, s, o.model, "input"));
      if (std::find(fed.begin(), fed.end() - 1, fed.back()) != fed.end() - 1)
        throw Failure{kUsage, cat(o.model, ": input '", s, "' is named twice")};
    }
    for (const std::string& s : o.output_names) find_endpoint(*p.impl()->graph, s, o.model, "output");
  } catch (const Error& e) {
    throw Failure{kUsage, e.what()};
  }
  try {
    return p.function(o.input_names, o.output_names);
  } catch (const Error& e) {
    int code = e.code() == Code::kUnimplemented ? kUnsupported
               : e.code() == Code::kInternal    ? kBug
                                                : kBadInput;
    throw Failure{code, e.what()};
  }
}

namespace {

Shape parse_shape(const std::string& text) {
  std::vector<int64_t> dims;
  for (const std::string& part : split(text, ',')) {
    if (part.empty()) continue;
    int64_t v = -1;
    auto r = std::from_chars(part.data(), part.data() + part.size(), v);
    if (r.ec != std::errc() || r.ptr != part.data() + part.size() || v < 0)
      throw Failure{kUsage, cat("'", text, "' is not a shape; expected numbers like 1,224,224,3")};
    dims.push_back(v);
  }
  return Shape(dims);
}

Tensor allocate(const TensorSpec& spec, const Shape& shape) {
  try {
    return Tensor(spec.dtype, shape);
  } catch (const Error& e) {
    throw_error(e.code(), cat("input '", spec.name, "' ", shape.tuple_str(), ": ", e.what()));
  }
}

Tensor apply(const char* op, std::vector<Tensor> in, AttrMap attrs = {}) {
  static ResourceManager* none = new ResourceManager;
  RunState state;
  state.resources = none;
  return invoke(get_op(op), std::move(in), std::move(attrs), state)[0];
}

bool is_picture(std::string_view b) {
  return b.substr(0, 3) == "\xff\xd8\xff" || b.substr(0, 8) == "\x89PNG\r\n\x1a\n" ||
         b.substr(0, 2) == "BM" || b.substr(0, 4) == "GIF8";
}

Tensor fit_picture(const std::string& path, const TensorSpec& spec, const std::vector<double>& range) {
  const Shape& s = spec.shape;
  if (spec.dtype == DType::kString) {
    // Graphs that decode for themselves take the file as it is.
    Tensor t(DType::kString, s.rank() == 1 ? Shape{1} : Shape{});
    *t.mutable_data<std::string>() = read_file(path);
    return t;
  }
  bool channels_first = s.rank() == 4 && s[3] > 4 && s[1] >= 1 && s[1] <= 4;
  int64_t channels = s.rank() == 4 ? (channels_first ? s[1] : s[3]) : s.rank() == 3 ? s[2] : 0;
  if (channels != 1 && channels != 3 && channels != 4) channels = channels < 0 ? 3 : 0;
  if (s.has_rank() && channels == 0)
    throw Failure{kBadInput, cat(path, ": a picture does not fit input '", spec.name, "' of shape ",
                                 s.tuple_str(), "; give a .npy file")};
  Tensor image = apply("ExpandDims", {read_image(path, int(channels)), Tensor::scalar<int32_t>(0)});
  int64_t height = -1, width = -1;
  if (s.rank() == 4) height = s[channels_first ? 2 : 1], width = s[channels_first ? 3 : 2];
  if (s.rank() == 3) height = s[0], width = s[1];
  if (height < 0) height = image.dim(1);
  if (width < 0) width = image.dim(2);
  if (height != image.dim(1) || width != image.dim(2))
    image = apply("ResizeBilinear", {image, Tensor::vec<int32_t>({int32_t(height), int32_t(width)})},
                  {{"half_pixel_centers", true}});
  Tensor x = apply("Cast", {image}, {{"DstT", DType::kFloat32}});
  if (range.size() == 2) {
    float scale = float((range[1] - range[0]) / 255), offset = float(range[0]);
    for (float& v : x.mutable_flat<float>()) v = v * scale + offset;
  }
  if (channels_first) x = apply("Transpose", {x, Tensor::vec<int32_t>({0, 3, 1, 2})});
  if (is_integer(spec.dtype))
    for (float& v : x.mutable_flat<float>()) v = std::round(v);
  x = apply("Cast", {x}, {{"DstT", spec.dtype}});
  return s.rank() == 3 ? x.reshaped(x.shape().slice(1)) : x;
}

std::string differs(const std::string& path, const Tensor& t, const TensorSpec& spec) {
  return cat(path, ": holds ", dtype_name(t.dtype()), ", input '", spec.name, "' is ",
             dtype_name(spec.dtype));
}

// Numbers of another type are taken where the input's type can hold them: whole ones as integers, real ones
// as floats of any width.
Tensor as_type_of(const Tensor& t, const TensorSpec& spec, const std::string& path) {
  if (t.dtype() == spec.dtype) return t;
  if (!is_pod(t.dtype()) || !is_pod(spec.dtype) || (is_complex(t.dtype()) && !is_complex(spec.dtype)))
    throw Failure{kBadInput, differs(path, t, spec)};
  Tensor to = apply("Cast", {t}, {{"DstT", spec.dtype}});
  if (is_floating(spec.dtype) || is_complex(spec.dtype)) return to;
  Tensor back = apply("Cast", {to}, {{"DstT", t.dtype()}});
  if (std::memcmp(back.raw(), t.raw(), t.nbytes()) != 0)
    throw Failure{kBadInput, cat(differs(path, t, spec), ", which cannot hold all of its values")};
  return to;
}

}  // namespace

void check_shapes(const std::vector<std::string>& given, const Function& f) {
  if (given.size() > f.inputs().size())
    throw Failure{kUsage, cat("--shape was given ", given.size(), " times, the model has ", f.inputs().size(),
                              f.inputs().size() == 1 ? " input" : " inputs")};
}

CLI::Validator is_finite() {
  return CLI::Validator(
      [](const std::string& text) {
        double v = 0;
        bool number = CLI::detail::lexical_cast(text, v);
        return number && !std::isfinite(v) ? cat("'", text, "' is not finite") : std::string();
      },
      "");
}

std::vector<Tensor> call(const Function& f, const std::vector<Tensor>& inputs, const ModelOptions& o) {
  Interruptible run;
  try {
    return f.impl()->call(inputs, &interrupted);
  } catch (const Error& e) {
    std::string what = e.what();
    if (e.code() == Code::kCancelled || what.rfind(o.model, 0) == 0) throw;
    throw_error(e.code(), cat(o.model, ": ", what));
  }
}

Shape input_shape(const TensorSpec& spec, const std::string& given, int64_t batch) {
  if (!given.empty()) {
    Shape s = parse_shape(given);
    if (!spec.shape.is_compatible_with(s))
      throw Failure{kUsage, cat("--shape: input '", spec.name, "' has shape ", spec.shape.tuple_str(), ", ",
                                s.tuple_str(), " does not fit")};
    return s;
  }
  if (!spec.shape.has_rank())
    throw Failure{kUsage, cat("input '", spec.name,
                              "' may have any shape; give one with --shape, e.g. --shape 1,224,224,3")};
  Shape s = spec.shape;
  for (int i = 0; i < s.rank(); ++i) {
    if (s[i] >= 0) continue;
    if (i > 0)
      throw Failure{kUsage, cat("dimension ", i, " of input '", spec.name, "' ", spec.shape.tuple_str(),
                                " is unknown; give the shape with --shape")};
    s.set_dim(0, batch);
  }
  return s;
}

Tensor random_tensor(const TensorSpec& spec, const Shape& shape, uint64_t seed) {
  const DType dtype = spec.dtype;
  if (!is_pod(dtype) && dtype != DType::kString)
    throw Failure{kUsage, cat("input '", spec.name, "' is a ", dtype_name(dtype),
                              ", which cannot be made at random. Name tensors further on with --inputs")};
  Tensor t = allocate(spec, shape);
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  auto next = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 11;
  };
  if (dtype == DType::kString) {
    for (std::string& s : t.mutable_flat<std::string>()) s = cat("word", next() % 100);
  } else if (dtype == DType::kBool) {
    for (bool& v : t.mutable_flat<bool>()) v = next() & 1;
  } else if (is_integer(dtype) || is_quantized(dtype)) {
    dispatch(IntTypes{}, dtype, [&]<class T>() {
      for (T& v : t.mutable_flat<T>()) v = T(next() % 10);
    });
  } else if (is_complex(dtype)) {
    dispatch(ComplexTypes{}, dtype, [&]<class T>() {
      for (T& v : t.mutable_flat<T>())
        v = T(typename T::value_type(double(next()) * 0x1p-53),
              typename T::value_type(double(next()) * 0x1p-53));
    });
  } else {
    dispatch(FloatTypes{}, dtype, [&]<class T>() {
      for (T& v : t.mutable_flat<T>()) v = T(float(double(next()) * 0x1p-53));
    });
  }
  return t;
}

Tensor read_input(const std::string& path, const TensorSpec& spec, const std::vector<double>& range) {
  if (path.empty()) throw Failure{kUsage, "--input: the name of the file is empty"};
  try {
    Bytes file = map_file(path);
    std::string_view head = file.view;
    if (head.substr(0, 6) != "\x93NUMPY") {
      if (is_picture(head)) return fit_picture(path, spec, range);
      if (spec.dtype == DType::kString) return fit_picture(path, spec, range);
      throw Failure{kBadInput, cat(path, ": neither a .npy file nor a picture (JPEG, PNG, BMP, GIF)")};
    }
    Tensor t = read_npy(path);
    Shape found = t.shape();
    t = as_type_of(t, spec, path);
    // One sample without its batch dimension is a batch of one.
    if (spec.shape.has_rank() && t.rank() + 1 == spec.shape.rank()) {
      Shape s = Shape{1}.concat(t.shape());
      if (spec.shape.is_compatible_with(s)) t = t.reshaped(s);
    }
    if (!spec.shape.is_compatible_with(t.shape()))
      throw Failure{kBadInput, cat(path, ": holds an array of shape ", found.tuple_str(), ", input '",
                                   spec.name, "' has shape ", spec.shape.tuple_str())};
    return t;
  } catch (const Error& e) {
    throw Failure{code_of_file(e, path), e.what()};
  }
}

bool show_progress() { return isatty(2); }

}  // namespace floe::tools
