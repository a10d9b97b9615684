// Attributes between messages (AttrValue) and memory (floe::AttrValue).
#pragma once

#include "floe/format/message.h"
#include "floe/op/attr.h"

namespace floe {

/// Binds placeholders ("T") of generic functions; may be null.
AttrValue attr_from_proto(const Message& attr_value, const AttrMap* bindings = nullptr);
AttrMap attrs_from_proto(const Message& holder, const char* field, const AttrMap* bindings = nullptr);
void attr_to_proto(const AttrValue& value, Message& attr_value);

Shape shape_from_proto(const Message& shape_proto);
void shape_to_proto(const Shape& shape, Message& shape_proto);

}  // namespace floe
