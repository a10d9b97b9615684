// Hash tables from keys to values, as tensors see them.
#pragma once

#include <functional>
#include <shared_mutex>
#include <unordered_map>

#include "floe/ops/state/resource.h"

namespace floe {

class Table : public Object {
 public:
  static constexpr const char* kTypeName = "HashTable";
  enum class Kind { kFixed, kMutable };
  /// Keys must be integers or strings; every value has `value_shape`.
  Table(Kind kind, DType key_type, DType value_type, Shape value_shape = {});

  const char* type_name() const override { return kTypeName; }
  Kind kind() const { return kind_; }
  DType key_type() const { return key_type_; }
  DType value_type() const { return value_type_; }
  const Shape& value_shape() const { return value_shape_; }

  int64_t size() const;
  /// Keys that nobody may use, before anybody does; `name` is what errors call the key.
  void reserve(const Tensor& key, const char* name) { reserved_.emplace_back(key, name); }
  /// The name of the first reserved key among `keys`, or null.
  const char* reserved_in(const Tensor& keys) const;
  /// Fills a fixed table. Once only, unless the entries are the same; a key may come twice with one value.
  void initialize(const Tensor& keys, const Tensor& values);
  /// out: keys' shape + value_shape. `fallback`: one value for all, or one for every key.
  void find(const Tensor& keys, const Tensor& fallback, Tensor& out) const;
  void insert(const Tensor& keys, const Tensor& values);
  void remove(const Tensor& keys);
  /// Replaces everything.
  void import(const Tensor& keys, const Tensor& values);
  std::pair<Tensor, Tensor> dump() const;

 private:
  using Index = std::unordered_map<uint64_t, int64_t>;
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  using TextIndex = std::unordered_map<std::string, int64_t, TextHash, std::equal_to<>>;

  uint64_t bits(const Tensor& keys, int64_t i) const;
  int64_t row_of(const Tensor& keys, int64_t i) const;
  int64_t row_for(const Tensor& keys, int64_t i, bool& made);
  void put(int64_t row, const Tensor& values, int64_t i);
  bool equal(int64_t row, const Tensor& values, int64_t i) const;
  void insert_all(const Tensor& keys, const Tensor& values);
  void clear();

  mutable std::shared_mutex mutex_;
  Kind kind_;
  DType key_type_, value_type_;
  Shape value_shape_;
  int64_t width_ = 1;  // elements of one value
  bool initialized_ = false;
  Index index_;
  TextIndex text_index_;
  std::vector<std::pair<Tensor, const char*>> reserved_;
  std::vector<int64_t> free_rows_;
  std::vector<std::string> texts_;  // values, when they are strings
  std::vector<char> bytes_;         // values otherwise
  int64_t rows_ = 0;
};

/// Key and value types a table may have.
void check_table_types(const KernelInit& k, DType key_type, DType value_type);

/// The table at input 0: a resource, or the container and name that the old ops hand on as strings.
std::shared_ptr<Table> table_of(KernelContext& c);

/// Fails unless the table has these types.
void check_signature(KernelContext& c, const Table& t, DType keys, DType values);

}  // namespace floe
