#include "floe/ops/state/table.h"

#include <mutex>

#include "floe/ops/state/summarize.h"

namespace floe {

Table::Table(Kind kind, DType key_type, DType value_type, Shape value_shape)
    : kind_(kind), key_type_(key_type), value_type_(value_type), value_shape_(std::move(value_shape)) {
  width_ = value_shape_.num_elements();
}

uint64_t Table::bits(const Tensor& keys, int64_t i) const {
  uint64_t v = 0;
  size_t n = dtype_size(key_type_);
  std::memcpy(&v, static_cast<const char*>(keys.raw()) + size_t(i) * n, n);
  return v;
}

const char* Table::reserved_in(const Tensor& keys) const {
  if (reserved_.empty()) return nullptr;
  for (int64_t i = 0, n = keys.num_elements(); i < n; ++i)
    for (const auto& [key, name] : reserved_) {
      bool same = key_type_ == DType::kString ? keys.data<std::string>()[i] == *key.data<std::string>()
                                              : bits(keys, i) == bits(key, 0);
      if (same) return name;
    }
  return nullptr;
}

int64_t Table::row_of(const Tensor& keys, int64_t i) const {
  if (key_type_ == DType::kString) {
    auto it = text_index_.find(std::string_view(keys.data<std::string>()[i]));
    return it == text_index_.end() ? -1 : it->second;
  }
  auto it = index_.find(bits(keys, i));
  return it == index_.end() ? -1 : it->second;
}

int64_t Table::row_for(const Tensor& keys, int64_t i, bool& made) {
  int64_t next = free_rows_.empty() ? rows_ : free_rows_.back();
  int64_t row;
  if (key_type_ == DType::kString) {
    auto [it, added] = text_index_.emplace(keys.data<std::string>()[i], next);
    row = it->second, made = added;
  } else {
    auto [it, added] = index_.emplace(bits(keys, i), next);
    row = it->second, made = added;
  }
  if (!made) return row;
  if (!free_rows_.empty()) {
    free_rows_.pop_back();
  } else {
    ++rows_;
    if (value_type_ == DType::kString)
      texts_.resize(size_t(rows_ * width_));
    else
      bytes_.resize(size_t(rows_ * width_) * dtype_size(value_type_));
  }
  return row;
}

void Table::put(int64_t row, const Tensor& values, int64_t i) {
  if (value_type_ == DType::kString) {
    std::copy_n(values.data<std::string>() + i * width_, width_, texts_.begin() + row * width_);
    return;
  }
  size_t n = size_t(width_) * dtype_size(value_type_);
  if (n)
    std::memcpy(bytes_.data() + size_t(row) * n, static_cast<const char*>(values.raw()) + size_t(i) * n, n);
}

bool Table::equal(int64_t row, const Tensor& values, int64_t i) const {
  if (value_type_ == DType::kString)
    return std::equal(texts_.begin() + row * width_, texts_.begin() + (row + 1) * width_,
                      values.data<std::string>() + i * width_);
  size_t n = size_t(width_) * dtype_size(value_type_);
  return !n || !std::memcmp(bytes_.data() + size_t(row) * n,
                            static_cast<const char*>(values.raw()) + size_t(i) * n, n);
}

void Table::clear() {
  index_.clear();
  text_index_.clear();
  free_rows_.clear();
  texts_.clear();
  bytes_.clear();
  rows_ = 0;
}

int64_t Table::size() const {
  std::shared_lock lock(mutex_);
  return int64_t(key_type_ == DType::kString ? text_index_.size() : index_.size());
}

void Table::initialize(const Tensor& keys, const Tensor& values) {
  std::unique_lock lock(mutex_);
  int64_t n = keys.num_elements();
  if (initialized_) {
    std::unordered_map<int64_t, bool> seen;
    for (int64_t i = 0; i < n; ++i) {
      int64_t row = row_of(keys, i);
      if (row < 0 || !equal(row, values, i))
        throw FailedPrecondition("Table was already initialized with different data.");
      seen[row] = true;
    }
    if (int64_t(seen.size()) != rows_)
      throw FailedPrecondition("Table was already initialized with different data.");
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    bool made;
    int64_t row = row_for(keys, i, made);
    if (made) {
      put(row, values, i);
    } else if (!equal(row, values, i)) {
      int64_t first = 0;
      while (row_of(keys, first) != row) ++first;
      std::string message =
          cat("HashTable has different value for same key. Key ", value_text(keys, i), " has ",
              value_text(values, first), " and trying to add value ", value_text(values, i));
      clear();
      throw FailedPrecondition(message);
    }
  }
  initialized_ = true;
}

void Table::find(const Tensor& keys, const Tensor& fallback, Tensor& out) const {
  std::shared_lock lock(mutex_);
  if (kind_ == Kind::kFixed && !initialized_) throw FailedPrecondition("Table not initialized.");
  int64_t n = keys.num_elements();
  bool each = fallback.num_elements() != width_;
  if (value_type_ == DType::kString) {
    std::string* to = out.mutable_data<std::string>();
    const std::string* other = fallback.data<std::string>();
    for (int64_t i = 0; i < n; ++i) {
      int64_t row = row_of(keys, i);
      std::copy_n(row < 0 ? other + (each ? i * width_ : 0) : texts_.data() + row * width_, width_,
                  to + i * width_);
    }
    return;
  }
  size_t w = size_t(width_) * dtype_size(value_type_);
  if (!w) return;
  char* to = static_cast<char*>(out.mutable_raw());
  const char* other = static_cast<const char*>(fallback.raw());
  for (int64_t i = 0; i < n; ++i) {
    int64_t row = row_of(keys, i);
    std::memcpy(to + size_t(i) * w,
                row < 0 ? other + (each ? size_t(i) * w : 0) : bytes_.data() + size_t(row) * w, w);
  }
}

void Table::insert_all(const Tensor& keys, const Tensor& values) {
  for (int64_t i = 0, n = keys.num_elements(); i < n; ++i) {
    bool made;
    int64_t row = row_for(keys, i, made);
    put(row, values, i);
  }
}

void Table::insert(const Tensor& keys, const Tensor& values) {
  std::unique_lock lock(mutex_);
  insert_all(keys, values);
}

void Table::import(const Tensor& keys, const Tensor& values) {
  std::unique_lock lock(mutex_);
  clear();
  insert_all(keys, values);
}

void Table::remove(const Tensor& keys) {
  std::unique_lock lock(mutex_);
  for (int64_t i = 0, n = keys.num_elements(); i < n; ++i) {
    int64_t row = row_of(keys, i);
    if (row < 0) continue;
    if (key_type_ == DType::kString)
      text_index_.erase(keys.data<std::string>()[i]);
    else
      index_.erase(bits(keys, i));
    free_rows_.push_back(row);
  }
}

std::pair<Tensor, Tensor> Table::dump() const {
  std::shared_lock lock(mutex_);
  int64_t n = int64_t(key_type_ == DType::kString ? text_index_.size() : index_.size()), at = 0;
  Tensor keys(key_type_, {n}), values(value_type_, Shape{n}.concat(value_shape_));
  auto copy = [&](int64_t row) {
    if (value_type_ == DType::kString) {
      std::copy_n(texts_.begin() + row * width_, width_, values.mutable_data<std::string>() + at * width_);
    } else if (size_t w = size_t(width_) * dtype_size(value_type_)) {
      std::memcpy(static_cast<char*>(values.mutable_raw()) + size_t(at) * w, bytes_.data() + size_t(row) * w,
                  w);
    }
    ++at;
  };
  for (auto& [key, row] : text_index_) {
    keys.mutable_data<std::string>()[at] = key;
    copy(row);
  }
  size_t w = dtype_size(key_type_);
  for (auto& [key, row] : index_) {
    std::memcpy(static_cast<char*>(keys.mutable_raw()) + size_t(at) * w, &key, w);
    copy(row);
  }
  return {keys, values};
}

void check_table_types(const KernelInit& k, DType key_type, DType value_type) {
  if (key_type != DType::kString && !(is_integer(key_type) && is_pod(key_type)))
    k.fail(cat("a table's keys must be integers or strings, found ", dtype_name(key_type)));
  if (value_type != DType::kString && !is_pod(value_type))
    k.fail(cat("a table's values must be numbers or strings, found ", dtype_name(value_type)));
}

std::shared_ptr<Table> table_of(KernelContext& c) {
  const Tensor& t = c.input(0);
  if (t.dtype() == DType::kResource) return resource_of<Table>(c, 0);
  if (t.num_elements() != 2)
    c.fail(cat("Lookup table handle must have 2 elements, but has shape: ", t.shape().str()));
  const std::string *container = t.data<std::string>(), *name = container + 1;
  auto table = std::dynamic_pointer_cast<Table>(c.resources().find(*container, *name));
  if (!table)
    c.fail(Code::kNotFound, cat("there is no table '", *name, "'; the node that makes it has not run"));
  return table;
}

void check_signature(KernelContext& c, const Table& t, DType keys, DType values) {
  if (t.key_type() == keys && t.value_type() == values) return;
  c.fail(cat("Signature mismatch, have: ", dtype_name(keys), "->", dtype_name(values),
             " expected: ", dtype_name(t.key_type()), "->", dtype_name(t.value_type())));
}

}  // namespace floe
