#include "floe/format/message_type.h"

#include <algorithm>

namespace floe {

const char* kind_name(Kind k) {
  static constexpr const char* kNames[] = {"int32",  "int64", "uint32", "uint64", "bool",   "float",
                                           "double", "enum",  "string", "bytes",  "message"};
  return kNames[size_t(k)];
}

const EnumValue* EnumType::by_name(std::string_view name) const {
  for (const EnumValue& v : values)
    if (v.name == name) return &v;
  return nullptr;
}

const EnumValue* EnumType::by_number(int32_t number) const {
  if (number >= 0 && size_t(number) < values.size() && values[size_t(number)].number == number)
    return &values[size_t(number)];
  for (const EnumValue& v : values)
    if (v.number == number) return &v;
  return nullptr;
}

const FieldType* MessageType::by_name(std::string_view field_name) const {
  for (const FieldType& f : fields)
    if (f.name == field_name) return &f;
  return nullptr;
}

const FieldType* MessageType::by_number(uint32_t number) const {
  if (number - 1 < fields.size() && fields[number - 1].number == number) return &fields[number - 1];
  auto it = std::lower_bound(fields.begin(), fields.end(), number,
                             [](const FieldType& f, uint32_t n) { return f.number < n; });
  return it != fields.end() && it->number == number ? &*it : nullptr;
}

}  // namespace floe
