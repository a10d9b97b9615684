#include "floe/base/text.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace floe {

std::string join(std::span<const std::string> parts, std::string_view sep) {
  std::string s;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i) s += sep;
    s += parts[i];
  }
  return s;
}

std::vector<std::string> split(std::string_view s, char sep) {
  std::vector<std::string> out;
  size_t from = 0;
  while (true) {
    size_t at = s.find(sep, from);
    out.emplace_back(s.substr(from, at == s.npos ? s.npos : at - from));
    if (at == s.npos) return out;
    from = at + 1;
  }
}

namespace {

// Edit distance with case changes at a lower price; capped, so that hostile lists stay cheap.
double distance(std::string_view a, std::string_view b) {
  constexpr size_t kMax = 200;
  a = a.substr(0, kMax);
  b = b.substr(0, kMax);
  std::vector<double> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = double(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    double diag = row[0];
    row[0] = double(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      double cost = a[i - 1] == b[j - 1]                                                             ? 0.0
                    : std::tolower((unsigned char)a[i - 1]) == std::tolower((unsigned char)b[j - 1]) ? 0.2
                                                                                                     : 1.0;
      double next = std::min({row[j] + 1, row[j - 1] + 1, diag + cost});
      diag = row[j];
      row[j] = next;
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates,
                                       size_t n) {
  std::vector<std::pair<double, const std::string*>> scored;
  for (const std::string& c : candidates) {
    // A candidate that contains the name (or the reverse) is a good guess however long it is.
    bool contains = name.size() > 2 && (c.find(name) != c.npos || name.find(c) != name.npos);
    scored.emplace_back(distance(name, c) - (contains ? double(c.size()) * 0.5 : 0), &c);
  }
  std::stable_sort(scored.begin(), scored.end(), [](auto& x, auto& y) { return x.first < y.first; });
  std::vector<std::string> out;
  for (auto& [d, c] : scored) {
    if (out.size() == n) break;
    if (d <= std::max<double>(2, double(name.size()) * 0.5)) out.push_back(*c);
  }
  return out;
}

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  auto v = nearest_names(name, candidates, 1);
  return v.empty() ? "" : v[0];
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  std::string n = nearest_name(name, candidates);
  return n.empty() ? "" : cat(" Did you mean '", n, "'?");
}

std::string with_commas(int64_t v) {
  std::string s = std::to_string(v < 0 ? -v : v);
  for (int i = int(s.size()) - 3; i > 0; i -= 3) s.insert(size_t(i), ",");
  return v < 0 ? "-" + s : s;
}

std::string human_bytes(uint64_t bytes) {
  static const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double v = double(bytes);
  int u = 0;
  while (v >= 1024 && u < 4) v /= 1024, ++u;
  char buf[32];
  std::snprintf(buf, sizeof buf, u ? "%.1f %s" : "%.0f %s", v, units[u]);
  return buf;
}

}  // namespace floe
