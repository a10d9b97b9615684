// Tables from text files: a line is an entry, its columns (or all of it, or its number) key and value.
#include "floe/base/file.h"
#include "floe/ops/state/table.h"
#include "floe/ops/strings/parse_number.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

constexpr int64_t kLineNumber = -1, kWholeLine = -2;

struct TableFileFormat {
  int64_t key_index, value_index, vocab_size, offset;
  char delimiter;
};

using FieldTypes = Types<int32_t, int64_t, float, double>;

void put_field(KernelContext& c, Tensor& to, int64_t line, std::string_view field) {
  if (to.dtype() == DType::kString) {
    to.mutable_data<std::string>()[line] = field;
    return;
  }
  bool ok = false;
  dispatch(FieldTypes{}, to.dtype(),
           [&]<class T>() { ok = parse_number(field, to.mutable_data<T>()[line]); });
  if (!ok) c.fail(cat("Field ", field, " in line ", line, " is not a valid ", dtype_name(to.dtype()), "."));
}

void put_number(Tensor& to, int64_t line, int64_t number) {
  dispatch(IndexTypes{}, to.dtype(), [&]<class T>() { to.mutable_data<T>()[line] = T(number); });
}

void check_column(KernelContext& c, int64_t index, DType type, const char* what, bool is_key) {
  if (index == kLineNumber && type != DType::kInt64 && (is_key || type != DType::kInt32))
    c.fail(cat(what, " index for line number requires table ", is_key ? "key" : "value",
               " dtype of int64, got ", dtype_name(type)));
  bool readable = type == DType::kString || type == DType::kInt32 || type == DType::kInt64 ||
                  type == DType::kFloat32 || type == DType::kFloat64;
  if (!readable) c.fail(cat("Data type ", dtype_name(type), " not supported."));
}

// The lines of the file, at most vocab_size of them, without line ends.
std::vector<std::string> read_lines(KernelContext& c, const std::string& path, std::string_view text,
                                    int64_t limit) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size() && (limit < 0 || int64_t(lines.size()) < limit);) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string line(text.substr(at, end - at));
    std::erase(line, '\r');
    at = std::min(end + 1, text.size());
    if (line.empty()) c.fail(cat("Invalid content in ", path, ": empty line found at position ", at, "."));
    lines.push_back(std::move(line));
  }
  if (limit >= 0 && int64_t(lines.size()) < limit)
    c.fail(cat("Invalid vocab_size in ", path, ": expected ", limit, " but got ", lines.size()));
  return lines;
}

void fill_from_file(KernelContext& c, const TableFileFormat& f) {
  std::shared_ptr<Table> table = table_of(c);
  if (c.input(1).num_elements() != 1)
    c.fail(cat("filename should be a single string, but got ", c.input(1).shape().str()));
  if (table->value_shape().rank() != 0) c.fail("a table of tensors cannot be filled from a file");
  const std::string& path = c.input(1).item<std::string>();
  check_column(c, f.key_index, table->key_type(), "Key", true);
  check_column(c, f.value_index, table->value_type(), "Value", false);
  Bytes bytes;
  try {
    bytes = map_file(path);
  } catch (const Error& e) {
    c.fail(e.code(), e.what());
  }
  std::vector<std::string> lines = read_lines(c, path, bytes.view, f.vocab_size);
  Tensor keys(table->key_type(), {int64_t(lines.size())}),
      values(table->value_type(), {int64_t(lines.size())});
  int64_t columns = std::max(f.key_index, f.value_index) + 1;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::string> fields;
    if (columns > 0) fields = split(lines[i], f.delimiter);
    if (int64_t(fields.size()) < columns)
      c.fail(cat("Invalid number of columns in ", path, " line ", i, " (", lines[i], ") : expected at least ",
                 columns, " got ", fields.size()));
    auto put = [&](Tensor& to, int64_t index) {
      if (index == kLineNumber)
        put_number(to, int64_t(i), int64_t(i) + f.offset);
      else
        put_field(c, to, int64_t(i), index == kWholeLine ? lines[i] : fields[size_t(index)]);
    };
    put(keys, f.key_index);
    put(values, f.value_index);
  }
  try {
    table->kind() == Table::Kind::kFixed ? table->initialize(keys, values) : table->insert(keys, values);
  } catch (const FailedPrecondition& e) {
    c.fail(e.code(), e.what());
  }
}

void define_from_file(OpBuilder& op, const char* handle) {
  op.in(cat(handle, ", filename:string"));
  op.attrs(
      "key_index:int>=-2; value_index:int>=-2; vocab_size:int>=-1=-1; delimiter:string='\t'; offset:int=0");
  op.infer([](InferContext& c) { c.with_rank(1, 0); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    const std::string& delimiter = k.attr<std::string>("delimiter");
    if (delimiter.size() != 1) k.fail("delimiter should be only 1 char");
    TableFileFormat f{k.attr<int64_t>("key_index"), k.attr<int64_t>("value_index"),
                      k.attr<int64_t>("vocab_size"), k.attr<int64_t>("offset"), delimiter[0]};
    return [f](KernelContext& c) { fill_from_file(c, f); };
  });
  op.stateful();
}

FLOE_OP("InitializeTableFromTextFile", op) {
  define_from_file(op, "table_handle:Ref(string)");
  op.no_gradient();
}
FLOE_OP("InitializeTableFromTextFileV2", op) {
  define_from_file(op, "table_handle:resource");
  op.no_gradient();
}

}  // namespace
}  // namespace floe
