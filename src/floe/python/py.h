// What the binding files share.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "floe/error.h"
#include "floe/format/message.h"
#include "floe/graph/graph.h"
#include "floe/op/kernel.h"
#include "floe/tensor.h"

namespace nb = nanobind;

namespace floe::python {

/// `tf.Tensor`: the base of eager and symbolic tensors.
struct PyTensor {
  explicit PyTensor(Tensor t) : value(std::move(t)) {}
  Tensor value;
};

/// `tf.EagerTensor`: a tensor with a value, now or when somebody looks.
struct EagerTensor : PyTensor {
  using PyTensor::PyTensor;
};

/// `SymbolicTensor`: an output of a node in a graph.
struct SymbolicTensor : PyTensor {
  using PyTensor::PyTensor;
};

/// Objects that the Python side of the package registers at import.
struct Registered {
  nb::object dtypes[24];
  nb::object tensor_shape;
  nb::object error_classes;  // code -> class
  nb::object decode_error, parse_error;
  nb::object message_class;  // full name -> Python class
  nb::object graph_for;      // GraphCore, is function -> Graph
  nb::object convert;        // value, dtype or None, name -> Tensor: for what the core does not know
};
Registered& registered();

/// An EagerTensor, or the SymbolicTensor that its graph has for it.
nb::object wrap(Tensor t);
nb::list wrap_all(std::vector<Tensor> tensors);
/// The tensor inside of a Python tensor of any kind, or null.
const Tensor* unwrap(nb::handle h);
/// Anything that can be an op's input: tensors, variables, arrays, numbers. While a graph is being recorded,
/// values become constants of it, called `name`.
Tensor to_input(nb::handle value, DType dtype = DType::kInvalid, DType hint = DType::kInvalid,
                std::string_view name = {});
/// A list of tensors.
std::vector<Tensor> tensors_from(nb::handle sequence);

nb::object dtype_object(DType t);
/// From a DType object, a name, a NumPy type or an enum value; the Python side does the look-up.
DType dtype_from(nb::handle h);
nb::object shape_object(const Shape& s);
/// From a TensorShape, None, an integer or a sequence.
Shape shape_from(nb::handle h);

/// A private, writable NumPy array with the values (a NumPy scalar or bytes for rank 0). With `steal` the
/// memory is handed over instead of copied when no other handle sees it.
nb::object to_numpy(Tensor t, bool steal);
/// A read-only array that sees the tensor's memory.
nb::object numpy_view(const Tensor& t);
enum class Sharing { kCopy, kBorrow };
/// Converts NumPy arrays, scalars, nested lists and tensors. kInvalid leaves the type to the value; `hint` is
/// tried first for Python numbers. kBorrow shares the memory of well-formed arrays: only for the time of a
/// call.
Tensor to_tensor(nb::handle value, DType dtype = DType::kInvalid, DType hint = DType::kInvalid,
                 Sharing sharing = Sharing::kCopy);

nb::object wrap_message(Message& m);
Message& unwrap_message(nb::handle h);
bool is_message(nb::handle h);

nb::object attr_object(const AttrValue& v);
AttrValue attr_from(nb::handle h, const AttrDef& def, std::string_view op);
AttrMap attrs_from(const OpDef& op, nb::dict attrs);

/// Sets the Python exception that belongs to a C++ one.
void translate_exception(const std::exception_ptr& e);
/// Sets the Python exception that belongs to an error.
void set_python_error(const Error& e);
[[noreturn]] void throw_python(PyObject* type, const std::string& text);
std::string name_of_type(nb::handle h);
nb::bytes bytes_object(std::string_view s);
nb::str str_object(std::string_view s);

void bind_errors(nb::module_& m);
void bind_tensor(nb::module_& m);
void bind_dlpack(nb::class_<EagerTensor, PyTensor>& c);
void init_numpy();
void bind_message(nb::module_& m);
void bind_message_containers(nb::module_& m);
void bind_graph(nb::module_& m);
void bind_function(nb::module_& m);
void bind_ops(nb::module_& m);
void bind_op_function(nb::module_& m);
/// Slots of the Tensor type for arithmetic.
PyType_Slot* operator_slots();
void bind_operators(nb::module_& m);
void bind_autodiff(nb::module_& m);
void bind_concrete(nb::module_& m);
void bind_misc(nb::module_& m);

}  // namespace floe::python
