// Protocol buffer messages without the protobuf library: one class for all types, driven by tables.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "floe/format/message_type.h"
#include "floe/format/message_value.h"

namespace floe {

/// Names a field of a message: by its description or by its name.
class FieldKey {
 public:
  FieldKey(const FieldType& f) : field_(&f) {}        // NOLINT: both forms are meant to convert
  FieldKey(std::string_view name) : name_(name) {}    // NOLINT
  FieldKey(const char* name) : name_(name) {}         // NOLINT
  FieldKey(const std::string& name) : name_(name) {}  // NOLINT
  const FieldType* field() const { return field_; }
  std::string_view name() const { return name_; }

 private:
  const FieldType* field_ = nullptr;
  std::string_view name_;
};

/// Key of a map entry: a string or an integer, as the field's type has it.
class MapKey {
 public:
  MapKey(std::string_view s) : text_(s) {}    // NOLINT
  MapKey(const char* s) : text_(s) {}         // NOLINT
  MapKey(const std::string& s) : text_(s) {}  // NOLINT
  template <class T>
    requires std::is_integral_v<T>
  MapKey(T n) : number_(uint64_t(int64_t(n))), is_number_(true) {}  // NOLINT
  bool is_number() const { return is_number_; }
  std::string_view text() const { return text_; }
  int64_t number() const { return int64_t(number_); }

 private:
  std::string_view text_;
  uint64_t number_ = 0;
  bool is_number_ = false;
};

struct ParseOptions {
  /// Nested messages deeper than this are refused.
  int max_depth = 100;
  /// More messages than this in one parse are refused (each costs far more memory than its bytes).
  size_t max_messages = 20'000'000;
};

/// How numbers are written in text: as Python's text_format ("1.0") or as protobuf's str() ("1").
enum class TextStyle { kTextFormat, kStr };

/// One message. It lives on the heap and is counted; sub-messages are messages of their own that may
/// outlive their parent. Copies are explicit (copy_from, clone). Reading from several threads is safe.
///
///     MessagePtr graph = Message::make(schema::GraphDef);
///     Message& node = graph->add_message("node");
///     node.set_string("name", "x");
///     node.map_message("attr", "T").set_int("type", 1);
class Message {
 public:
  static MessagePtr make(const MessageType& type);
  /// An unchangeable message with nothing set.
  static const Message& empty(const MessageType& type);
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  const MessageType& type() const { return *type_; }
  /// The description of a field; InvalidArgument when the name is unknown.
  const FieldType& field(FieldKey key) const;

  // Presence.
  /// As protobuf's HasField: InvalidArgument for fields without presence.
  bool has(FieldKey key) const;
  /// Set to something other than nothing: any field, lists and maps when they have elements.
  bool is_set(FieldKey key) const;
  void clear(FieldKey key);
  void clear();
  /// Sets this message in its parent if it is a child that was not set.
  void set_in_parent() { touch(); }
  /// The member of a oneof that is set, or null. InvalidArgument when there is no such oneof.
  const FieldType* which_oneof(std::string_view oneof) const;
  /// The fields that are set, in the order of their numbers.
  std::vector<const FieldType*> set_fields() const;
  /// Number of elements of a list or a map.
  size_t size(FieldKey key) const;

  // Single values. An unset field reads as zero, "" or an empty message. Integers, bools and enums share
  // the `int` functions; InvalidArgument "Value out of range" when a value does not fit the field.
  int64_t get_int(FieldKey key) const;
  uint64_t get_uint(FieldKey key) const;
  bool get_bool(FieldKey key) const { return get_int(key) != 0; }
  double get_double(FieldKey key) const;
  float get_float(FieldKey key) const { return float(get_double(key)); }
  std::string_view get_string(FieldKey key) const;
  /// As get_string, with what keeps the bytes alive.
  Bytes get_bytes(FieldKey key) const;
  const Message& get_message(FieldKey key) const;
  Scalar get(FieldKey key) const;
  void set_int(FieldKey key, int64_t value);
  void set_uint(FieldKey key, uint64_t value);
  void set_bool(FieldKey key, bool value) { set_int(key, value); }
  void set_double(FieldKey key, double value);
  void set_string(FieldKey key, std::string_view value);
  /// Keeps a reference to the bytes instead of copying them.
  void set_bytes(FieldKey key, Bytes value);
  void set(FieldKey key, const Scalar& value);
  /// The sub-message, created and set when it was not.
  Message& mutable_message(FieldKey key);
  /// The sub-message without setting it: it becomes set by the first change made to it, as in Python.
  Message& child(FieldKey key);

  // Lists. An index beyond the end is OutOfRange.
  int64_t get_int(FieldKey key, size_t i) const;
  double get_double(FieldKey key, size_t i) const;
  std::string_view get_string(FieldKey key, size_t i) const;
  Bytes get_bytes(FieldKey key, size_t i) const;
  const Message& get_message(FieldKey key, size_t i) const;
  Message& mutable_message(FieldKey key, size_t i);
  Scalar get(FieldKey key, size_t i) const;
  void set(FieldKey key, size_t i, const Scalar& value);
  void add(FieldKey key, const Scalar& value);
  void add_int(FieldKey key, int64_t value);
  void add_double(FieldKey key, double value) { add(key, value); }
  void add_string(FieldKey key, std::string_view value) { add(key, value); }
  Message& add_message(FieldKey key);
  /// Removes elements [from, to).
  void remove(FieldKey key, size_t from, size_t to);
  /// The element at i becomes the one that was at order[i]; `order` is a permutation.
  void reorder(FieldKey key, std::span<const size_t> order);
  /// All elements of a list of numbers: int32_t (also enums), int64_t, uint32_t, uint64_t, uint8_t
  /// (bools), float or double, which must be the field's own type.
  template <class T>
  std::span<const T> values(FieldKey key) const;
  /// Replaces a list of numbers.
  template <class T>
  void set_values(FieldKey key, std::vector<T> v);

  // Maps. Entries are held in the order of their keys.
  bool map_has(FieldKey key, MapKey k) const;
  MapKey map_key(FieldKey key, size_t i) const;
  Scalar map_get(FieldKey key, MapKey k) const;
  Scalar map_get_at(FieldKey key, size_t i) const;
  /// The message of an entry, or null.
  const Message* find_map_message(FieldKey key, MapKey k) const;
  const Message& map_message_at(FieldKey key, size_t i) const;
  /// The message of an entry, created when there is none.
  Message& map_message(FieldKey key, MapKey k);
  void map_set(FieldKey key, MapKey k, const Scalar& value);
  /// False when there was no such entry.
  bool map_erase(FieldKey key, MapKey k);

  // Whole messages.
  /// As protobuf's MergeFrom: lists are appended, single values replaced, sub-messages merged.
  void merge_from(const Message& o);
  /// Merges one field only.
  void merge_field(FieldKey key, const Message& o);
  void copy_from(const Message& o);
  MessagePtr clone() const;
  bool operator==(const Message& o) const;

  // Binary form. Values of `string` and `bytes` fields are views into the parsed bytes.
  size_t byte_size() const;
  /// Fields in the order of their numbers, maps in the order of their keys, unknown fields last.
  std::string serialize() const;
  void serialize_to(std::string& out) const;
  /// Replaces the contents. DataLoss with byte offset and field path on damaged input.
  void parse(const Bytes& data, const ParseOptions& options = {});
  void merge_from_bytes(const Bytes& data, const ParseOptions& options = {});
  static MessagePtr parse(const MessageType& type, const Bytes& data, const ParseOptions& options = {});

  // Text form. Unknown fields are not printed.
  std::string print_text(TextStyle style = TextStyle::kTextFormat) const;
  /// Replaces the contents. InvalidArgument that starts with "line:column: ".
  void parse_text(std::string_view text, const ParseOptions& options = {});
  void merge_from_text(std::string_view text, const ParseOptions& options = {});
  static MessagePtr parse_text(const MessageType& type, std::string_view text,
                               const ParseOptions& options = {});

  bool has_unknown_fields() const { return unknown_ && !unknown_->empty(); }
  void discard_unknown_fields();

  void retain() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  friend class WireParser;
  friend class WireWriter;
  friend class TextPrinter;
  friend class TextParser;

  explicit Message(const MessageType& type) : type_(&type) {}
  ~Message();

  const FieldType& resolve(FieldKey key) const;
  const FieldType& resolve_single(FieldKey key) const;
  const FieldType& resolve_list(FieldKey key) const;
  const FieldType& resolve_map(FieldKey key) const;
  uint16_t index_of(const FieldType& f) const { return uint16_t(&f - type_->fields.data()); }
  const Slot* find(const FieldType& f) const;
  Slot* find(const FieldType& f) { return const_cast<Slot*>(std::as_const(*this).find(f)); }
  Slot& slot(const FieldType& f);
  void erase(const FieldType& f);
  /// Clears the other members of the field's oneof.
  void claim_oneof(const FieldType& f);
  static bool present(const Slot& s);
  void touch() {
    if (parent_) attach();
  }
  void attach();

  uint64_t bits(const FieldType& f) const;
  void store_bits(const FieldType& f, uint64_t bits);
  void store_string(const FieldType& f, StringValue v);
  const Repeated* repeated(const FieldType& f) const;
  Repeated& make_repeated(const FieldType& f);
  const MapValue* map(const FieldType& f) const;
  MapValue& make_map(const FieldType& f);
  void merge_slot(const FieldType& f, const Slot& from);

  const MessageType* type_;
  /// Where this message would be set; not null only while it is a child that is not set.
  Message* parent_ = nullptr;
  std::vector<Slot> slots_;
  std::unique_ptr<std::vector<StringValue>> unknown_;
  std::atomic<uint32_t> refs_{0};
};

}  // namespace floe
