// Static descriptions of messages: what a protocol buffer descriptor says, as constant tables.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

namespace floe {

class Message;
struct MessageType;

/// What a field's value is for the program.
enum class Kind : uint8_t {
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kBool,
  kFloat,
  kDouble,
  kEnum,
  kString,
  kBytes,
  kMessage,
};

const char* kind_name(Kind k);

/// How a field's value lies in the binary form.
enum class Wire : uint8_t { kVarint, kZigzag, kFixed32, kFixed64, kLength };

struct EnumValue {
  std::string_view name;
  int32_t number;
};

struct EnumType {
  std::string_view full_name;
  std::span<const EnumValue> values;

  const EnumValue* by_name(std::string_view name) const;
  /// The first value with this number, as protobuf prints aliases.
  const EnumValue* by_number(int32_t number) const;
};

struct FieldType {
  std::string_view name;
  uint32_t number;
  Kind kind;
  Wire wire;
  bool repeated;
  bool packed;
  /// A repeated message whose entries are `key` and `value`: a map.
  bool map;
  /// "Set to the default" and "not set" are different things.
  bool presence;
  /// Position in MessageType::oneofs, -1 outside of them.
  int8_t oneof;
  const MessageType* message;
  const EnumType* enum_type;

  const FieldType& map_key() const;
  const FieldType& map_value() const;
  bool is_string() const { return kind == Kind::kString || kind == Kind::kBytes; }
  bool is_message() const { return kind == Kind::kMessage; }
};

struct MessageType {
  std::string_view full_name;
  /// The last part of the full name.
  std::string_view name;
  /// In the order of their numbers.
  std::span<const FieldType> fields;
  std::span<const std::string_view> oneofs;
  mutable std::atomic<const Message*> empty{nullptr};

  const FieldType* by_name(std::string_view field_name) const;
  const FieldType* by_number(uint32_t number) const;
};

inline const FieldType& FieldType::map_key() const { return message->fields[0]; }
inline const FieldType& FieldType::map_value() const { return message->fields[1]; }

}  // namespace floe
