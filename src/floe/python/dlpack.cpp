// The DLPack protocol: tensors handed to other libraries without a copy.
#include "floe/python/py.h"

namespace floe::python {
namespace {

// The C structures of DLPack 1.0 (https://dmlc.github.io/dlpack/latest/c_api.html).
struct DLDevice {
  int32_t device_type;
  int32_t device_id;
};
struct DLDataType {
  uint8_t code, bits;
  uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
};
struct DLManagedTensor {
  DLTensor tensor;
  void* context;
  void (*deleter)(DLManagedTensor*);
};
struct DLManagedTensorVersioned {
  uint32_t major, minor;
  void* context;
  void (*deleter)(DLManagedTensorVersioned*);
  uint64_t flags;
  DLTensor tensor;
};
constexpr int32_t kCpu = 1;
constexpr uint64_t kReadOnly = 1, kCopied = 2;

struct Held {
  Tensor tensor;
  std::vector<int64_t> shape, strides;
};

DLDataType type_of(DType t) {
  auto bits = uint8_t(8 * dtype_size(t));
  if (t == DType::kBool) return {6, 8, 1};
  if (t == DType::kBfloat16) return {4, 16, 1};
  if (is_complex(t)) return {5, bits, 1};
  if (is_floating(t)) return {2, bits, 1};
  switch (t) {
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kInt64:
      return {0, bits, 1};
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32:
    case DType::kUint64:
      return {1, bits, 1};
    default:
      throw_python(PyExc_BufferError, std::string("DLPack has no type for ") + dtype_name(t));
  }
}

DLTensor describe(Held& h) {
  h.shape.assign(h.tensor.shape().begin(), h.tensor.shape().end());
  h.strides.resize(h.shape.size());
  int64_t step = 1;
  for (size_t i = h.shape.size(); i-- > 0; step *= h.shape[i]) h.strides[i] = step;
  return {
      h.tensor.mutable_raw(), {kCpu, 0}, int32_t(h.shape.size()), type_of(h.tensor.dtype()), h.shape.data(),
      h.strides.data(),       0};
}

template <class Managed>
void delete_managed(Managed* m) {
  delete static_cast<Held*>(m->context);
  delete m;
}

template <class Managed>
void release_capsule(PyObject* capsule, const char* name) {
  if (!PyCapsule_IsValid(capsule, name)) return;  // consumed: the consumer calls the deleter
  auto* m = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  m->deleter(m);
}

nb::object make_capsule(const EagerTensor& t, nb::object max_version, nb::object copy) {
  bool versioned = !max_version.is_none() && nb::cast<int>(max_version[0]) >= 1;
  bool copied = copy.ptr() == Py_True;
  // Consumers of the old form may write to the memory, so they get memory of their own.
  if (!versioned && copy.ptr() == Py_False)
    throw_python(PyExc_BufferError,
                 "Tensors are read-only, which DLPack before 1.0 cannot say: a copy is needed");
  copied = copied || !versioned;
  auto held = std::make_unique<Held>();
  held->tensor = copied ? t.value.clone() : t.value;
  DLTensor d = describe(*held);
  if (versioned) {
    auto* m = new DLManagedTensorVersioned{
        1, 0, held.release(), &delete_managed<DLManagedTensorVersioned>, copied ? kCopied : kReadOnly, d};
    return nb::steal(PyCapsule_New(m, "dltensor_versioned", [](PyObject* c) {
      release_capsule<DLManagedTensorVersioned>(c, "dltensor_versioned");
    }));
  }
  auto* m = new DLManagedTensor{d, held.release(), &delete_managed<DLManagedTensor>};
  return nb::steal(
      PyCapsule_New(m, "dltensor", [](PyObject* c) { release_capsule<DLManagedTensor>(c, "dltensor"); }));
}

}  // namespace

void bind_dlpack(nb::class_<EagerTensor, PyTensor>& c) {
  c.def(
      "__dlpack__",
      [](const EagerTensor& t, nb::object, nb::object max_version, nb::object, nb::object copy) {
        return make_capsule(t, max_version, copy);
      },
      nb::kw_only(), nb::arg("stream") = nb::none(), nb::arg("max_version") = nb::none(),
      nb::arg("dl_device") = nb::none(), nb::arg("copy") = nb::none());
  c.def("__dlpack_device__", [](const EagerTensor&) { return nb::make_tuple(kCpu, 0); });
}

}  // namespace floe::python
