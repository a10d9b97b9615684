// DecodeCSV: records of comma separated values to columns.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/strings/parse_number.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

// RFC 4180, as TensorFlow reads it: line ends before a field are skipped, elsewhere they need quotes.
struct CsvReader {
  KernelContext& c;
  char delim;
  bool quotes;
  const std::vector<int64_t>& select;

  std::string quoted(const std::string& s, size_t& at) const {
    std::string field;
    for (++at; at < s.size(); ++at) {
      if (s[at] == '"') {
        if (at + 1 == s.size() || s[at + 1] == delim) {
          at += 2;
          return field;
        }
        if (s[at + 1] != '"') c.fail("Quote inside a string has to be escaped by another quote");
        ++at;
      }
      field += s[at];
    }
    c.fail("Quoted field has to end with quote followed by delim or end");
  }

  std::string plain(const std::string& s, size_t& at) const {
    std::string field;
    for (; at < s.size() && s[at] != delim; ++at) {
      if ((quotes && s[at] == '"') || s[at] == '\n' || s[at] == '\r')
        c.fail("Unquoted fields cannot have quotes/CRLFs inside");
      field += s[at];
    }
    ++at;
    return field;
  }

  std::vector<std::string> fields(const std::string& s) const {
    std::vector<std::string> found;
    int64_t number = 0;
    auto wanted = [&] {
      return select.empty() || (found.size() < select.size() && select[found.size()] == number);
    };
    for (size_t at = 0; at < s.size();) {
      if (s[at] == '\n' || s[at] == '\r') {
        ++at;
        continue;
      }
      std::string field = quotes && s[at] == '"' ? quoted(s, at) : plain(s, at);
      if (wanted()) found.push_back(std::move(field));
      ++number;
      if (!select.empty() && found.size() == select.size()) return found;
    }
    if (!s.empty() && s.back() == delim && wanted()) found.emplace_back();
    return found;
  }
};

FLOE_OP("DecodeCSV", op) {
  op.in("records:string, record_defaults:OUT_TYPE").out("output:OUT_TYPE");
  op.attrs(
      "OUT_TYPE:list({float,double,int32,int64,string})>=1; field_delim:string=','; "
      "use_quote_delim:bool=true; "
      "na_value:string=''; select_cols:list(int)=[]");
  op.infer([](InferContext& c) {
    for (int i = 1; i < c.num_inputs(); ++i) {
      const Shape& s = c.shape(i);
      if (s.has_rank() && s.rank() > 1)
        c.fail(cat("Each record default should be at most rank 1, ", i - 1, " is ", s.str()));
      if (s.has_rank() && s.rank() == 1 && s[0] > 1)
        c.fail(cat("There should only be 1 default per field but field ", i - 1, " has ", s[0]));
    }
    for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, c.shape(0));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    const std::string& delim = k.attr<std::string>("field_delim");
    if (delim.size() != 1) k.fail(cat("field_delim should be only 1 char, not \"", delim, "\""));
    std::vector<int64_t> select = k.attr<std::vector<int64_t>>("select_cols");
    if (!select.empty() && int(select.size()) != k.num_outputs())
      k.fail(cat("select_cols should match output size: ", select.size(), " vs. ", k.num_outputs()));
    for (size_t i = 0; i < select.size(); ++i) {
      if (select[i] < 0) k.fail(cat("select_cols should be non-negative indices, not ", select[i]));
      if (i && select[i] <= select[i - 1]) k.fail("select_cols should be strictly increasing indices");
    }
    bool quotes = k.attr<bool>("use_quote_delim");
    std::string missing = k.attr<std::string>("na_value");
    return [=, d = delim[0]](KernelContext& c) {
      CsvReader reader{c, d, quotes, select};
      auto records = c.input(0).flat<std::string>();
      for (size_t row = 0; row < records.size(); ++row) {
        std::vector<std::string> fields = reader.fields(records[row]);
        if (int(fields.size()) != c.num_outputs())
          c.fail(cat("Expect ", c.num_outputs(), " fields but have ", fields.size(), " in record ", row));
        for (int f = 0; f < c.num_outputs(); ++f) {
          const std::string& text = fields[size_t(f)];
          const Tensor& fallback = c.input(1 + f);
          dispatch(Types<float, double, int32_t, int64_t, std::string>{}, fallback.dtype(), [&]<class T>() {
            T& out = c.out<T>(f)[row];
            if (text.empty() || text == missing) {
              if (!fallback.num_elements())
                c.fail(cat("Field ", f, " is required but missing in record ", row, "!"));
              out = fallback.data<T>()[0];
            } else if constexpr (std::is_same_v<T, std::string>) {
              out = text;
            } else if (!parse_number(text, out)) {
              const char* type = std::is_same_v<T, float>    ? "float"
                                 : std::is_same_v<T, double> ? "double"
                                                             : dtype_name(fallback.dtype());
              c.fail(cat("Field ", f, " in record ", row, " is not a valid ", type, ": ",
                         std::string_view(text).substr(0, 64)));
            }
          });
        }
      }
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor i = Samples::i32({7}), f = Tensor::vec<float>({0.5f}), t = Tensor::vec<std::string>({"d"});
    auto text = [](std::initializer_list<const char*> v) {
      return Tensor::vec(std::vector<std::string>(v.begin(), v.end()));
    };
    s.add({text({"1,2.5,x", "2,,", " 3 ,1e3,\"a,b\"", "4,inf,\"a\"\"b\"", "\n5,1,\"a\nb\""}), i, f, t});
    s.add({text({"-9000000000,1e300"}), Samples::i64({1}), Tensor::vec<double>({1})});
    s.add({Tensor::of<std::string>({2, 1}, {"1,2", "3,"}), i, Tensor::scalar(int32_t(3))});
    s.add({Tensor::scalar("1,2"), i, i});
    s.add({text({"\"\",1"}), t, i});
    s.add({text({"NA,NA,1,"}), i, t, i, t}, {{"na_value", std::string("NA")}});
    s.add({text({"a\"b\t\"c\""}), t, t}, {{"field_delim", std::string("\t")}, {"use_quote_delim", false}});
    s.add({text({"1,2,3,4"}), i, i}, {{"select_cols", std::vector<int64_t>{1, 3}}});
    s.add({text({"1,\"2,3"}), i}, {{"select_cols", std::vector<int64_t>{0}}});
    s.add({Tensor(DType::kString, {0}), i});
    s.fails("Field 1 is required but missing in record 0!", {text({"1,"}), i, Tensor(DType::kString, {0})});
    s.fails("Expect 2 fields but have 1 in record 0", {text({"1"}), i, i});
    s.fails("Expect 2 fields but have 3 in record 0", {text({"1,2,"}), i, i});
    s.fails("Expect 1 fields but have 0 in record 0", {text({"\n"}), t});
    s.fails("Field 0 in record 0 is not a valid int32: x", {text({"x"}), i});
    s.fails("Field 0 in record 0 is not a valid float: 1.5x", {text({"1.5x"}), f});
    s.fails("Unquoted fields cannot have quotes/CRLFs inside", {text({"a\"b"}), t});
    s.fails("Quote inside a string has to be escaped by another quote", {text({"\"ab\"x"}), t});
    s.fails("Quoted field has to end with quote followed by delim or end", {text({"\"ab,1"}), t, t});
    s.fails("field_delim should be only 1 char", {text({"1"}), i}, {{"field_delim", std::string("ab")}});
    s.fails("select_cols should be strictly increasing indices", {text({"1,2"}), i, i},
            {{"select_cols", std::vector<int64_t>{1, 1}}});
    s.fails("select_cols should match output size", {text({"1,2"}), i},
            {{"select_cols", std::vector<int64_t>{0, 1}}});
    s.fails("There should only be 1 default per field but field 0 has 2",
            {text({"1"}), Samples::i32({1, 2})});
  });
}

}  // namespace
}  // namespace floe
