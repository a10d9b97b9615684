#include "floe/ops/strings/example_proto.h"

#include <cstring>
#include <protozero/pbf_reader.hpp>

namespace floe {
namespace {

std::string_view bytes_of(protozero::pbf_reader& r) {
  auto v = r.get_view();
  return {v.data(), v.size()};
}

protozero::pbf_reader reader(std::string_view s) { return protozero::pbf_reader(s.data(), s.size()); }

constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;

// Feature: bytes_list = 1, float_list = 2, int64_list = 3, one of them.
ExampleFeature read_feature(std::string_view message) {
  ExampleFeature f;
  auto r = reader(message);
  while (r.next()) {
    if (r.wire_type() != kBytes || r.tag() < 1 || r.tag() > 3) {
      r.skip();
      continue;
    }
    f.type = r.tag() == 1 ? DType::kString : r.tag() == 2 ? DType::kFloat32 : DType::kInt64;
    f.list = bytes_of(r);
  }
  return f;
}

void read_entry(std::string_view message, ExampleFeatures& features) {
  std::string_view name;
  ExampleFeature f;
  auto r = reader(message);
  while (r.next()) {
    if (r.tag() == 1 && r.wire_type() == kBytes)
      name = bytes_of(r);
    else if (r.tag() == 2 && r.wire_type() == kBytes)
      f = read_feature(bytes_of(r));
    else
      r.skip();
  }
  features.emplace_back(name, f);
}

std::vector<ExampleFeature> read_list(std::string_view message) {
  std::vector<ExampleFeature> features;
  auto r = reader(message);
  while (r.next()) {
    if (r.tag() == 1 && r.wire_type() == kBytes)
      features.push_back(read_feature(bytes_of(r)));
    else
      r.skip();
  }
  return features;
}

// Calls item(reader) for every field 1 of a list message, packed or not.
template <class F>
bool each_value(std::string_view list, F&& item) {
  try {
    auto r = reader(list);
    while (r.next()) {
      if (r.tag() == 1)
        item(r);
      else
        r.skip();
    }
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

}  // namespace

bool read_example(std::string_view message, ExampleFeatures& features) {
  try {
    auto example = reader(message);
    while (example.next()) {
      if (example.tag() != 1 || example.wire_type() != kBytes) {
        example.skip();
        continue;
      }
      auto map = reader(bytes_of(example));
      while (map.next()) {
        if (map.tag() == 1 && map.wire_type() == kBytes)
          read_entry(bytes_of(map), features);
        else
          map.skip();
      }
    }
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

bool read_feature_lists(std::string_view message, ExampleFeatureLists& lists) {
  try {
    auto example = reader(message);
    while (example.next()) {
      if (example.tag() != 2 || example.wire_type() != kBytes) {
        example.skip();
        continue;
      }
      auto map = reader(bytes_of(example));
      while (map.next()) {
        if (map.tag() != 1 || map.wire_type() != kBytes) {
          map.skip();
          continue;
        }
        auto& [name, list] = lists.emplace_back();
        auto entry = reader(bytes_of(map));
        while (entry.next()) {
          if (entry.tag() == 1 && entry.wire_type() == kBytes)
            name = bytes_of(entry);
          else if (entry.tag() == 2 && entry.wire_type() == kBytes)
            list = read_list(bytes_of(entry));
          else
            entry.skip();
        }
      }
    }
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

bool read_values(std::string_view list, std::vector<std::string_view>& values) {
  return each_value(list, [&](protozero::pbf_reader& r) {
    if (r.wire_type() == kBytes)
      values.push_back(bytes_of(r));
    else
      r.skip();
  });
}

bool read_values(std::string_view list, std::vector<float>& values) {
  bool whole = true;
  bool ok = each_value(list, [&](protozero::pbf_reader& r) {
    if (r.wire_type() == protozero::pbf_wire_type::fixed32) {
      values.push_back(r.get_float());
    } else if (r.wire_type() == kBytes) {
      std::string_view packed = bytes_of(r);
      whole = whole && packed.size() % 4 == 0;
      size_t at = values.size(), n = packed.size() / 4;
      values.resize(at + n);
      if (n) std::memcpy(values.data() + at, packed.data(), n * 4);
    } else {
      r.skip();
    }
  });
  return ok && whole;
}

bool read_values(std::string_view list, std::vector<int64_t>& values) {
  return each_value(list, [&](protozero::pbf_reader& r) {
    if (r.wire_type() == protozero::pbf_wire_type::varint) {
      values.push_back(r.get_int64());
    } else if (r.wire_type() == kBytes) {
      for (int64_t v : r.get_packed_int64()) values.push_back(v);
    } else {
      r.skip();
    }
  });
}

}  // namespace floe
