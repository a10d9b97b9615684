// Pieces of the message bindings.
#pragma once

#include "floe/format/message.h"
#include "floe/python/py.h"

namespace floe::python {

struct PyMessage {
  MessagePtr message;
};
/// A repeated field: a view that keeps its message alive.
struct PyList {
  MessagePtr owner;
  const FieldType* field;
};
struct PyMap {
  MessagePtr owner;
  const FieldType* field;
};

/// A Python value checked against a field, and what keeps its bytes alive.
class ScalarArgument {
 public:
  ScalarArgument(const FieldType& f, nb::handle value);
  const Scalar& value() const { return value_; }

 private:
  Scalar value_;
};

class MapKeyArgument {
 public:
  MapKeyArgument(const FieldType& f, nb::handle key);
  MapKey key() const;

 private:
  Scalar value_;
};

nb::object scalar_object(const FieldType& f, const Scalar& v);
/// The value of a field as Python sees it: a number, a string, a message, a list or a map.
nb::object field_object(Message& m, const FieldType& f);
/// Sets fields from keyword arguments.
void init_fields(Message& m, nb::dict fields);
/// Fills a sub-message from a dict or a message of its class; `f` is for messages.
void init_message(Message& m, nb::handle value, const FieldType& f);
void extend_list(Message& m, const FieldType& f, nb::handle values);

}  // namespace floe::python
