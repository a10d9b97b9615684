#include "floe/format/message.h"

#include <algorithm>
#include <bit>

#include "floe/base/text.h"
#include "floe/error.h"

namespace floe {

namespace {

std::vector<std::string> field_names(const MessageType& t) {
  std::vector<std::string> names;
  for (const FieldType& f : t.fields) names.emplace_back(f.name);
  return names;
}

[[noreturn]] void throw_misuse(const MessageType& t, const FieldType& f, const char* what) {
  throw InvalidArgument(cat("Field ", t.full_name, ".", f.name, " is not ", what, "."));
}

void check_index(const FieldType& f, size_t i, size_t n) {
  if (i >= n) throw OutOfRange(cat("'", f.name, "' has ", n, " elements, none at index ", i, "."));
}

MapEntry make_key(const FieldType& f, const MapKey& k) {
  const FieldType& kf = f.map_key();
  MapEntry e;
  if (k.is_number()) {
    if (kf.is_string())
      throw InvalidArgument(cat("Keys of '", f.name, "' are strings, got ", k.number(), "."));
    e.number = to_bits(kf, k.number());
  } else {
    if (!kf.is_string())
      throw InvalidArgument(cat("Keys of '", f.name, "' are numbers, got '", k.text(), "'."));
    check_utf8(kf, k.text());
    e.text = StringValue(k.text(), nullptr);
  }
  return e;
}

template <class Entries>
auto find_entry(const FieldType& f, Entries& entries, const MapEntry& key) {
  Kind kind = f.map_key().kind;
  auto it = std::lower_bound(entries.begin(), entries.end(), key,
                             [&](const MapEntry& a, const MapEntry& b) { return key_less(kind, a, b); });
  bool found = it != entries.end() && !key_less(kind, key, *it);
  return std::pair(it, found);
}

Single make_single(const FieldType& f, const Scalar& v) {
  if (f.is_message()) throw InvalidArgument(cat("'", f.name, "' holds messages; change them in place."));
  if (!f.is_string()) return to_bits(f, v);
  auto* s = std::get_if<std::string_view>(&v);
  if (!s) throw InvalidArgument(cat("Field '", f.name, "' takes ", kind_name(f.kind), ", got a number."));
  check_utf8(f, *s);
  return StringValue(*s);
}

Scalar single_scalar(const FieldType& f, const Single& s) {
  if (auto* bits = std::get_if<uint64_t>(&s)) return from_bits(f, *bits);
  if (auto* text = std::get_if<StringValue>(&s)) return text->view();
  throw InvalidArgument(cat("'", f.name, "' holds messages, not plain values."));
}

Single empty_single(const FieldType& f) {
  if (f.is_message()) return Message::make(*f.message);
  if (f.is_string()) return StringValue();
  return uint64_t(0);
}

}  // namespace

MessagePtr Message::make(const MessageType& type) { return MessagePtr(new Message(type)); }

const Message& Message::empty(const MessageType& type) {
  const Message* m = type.empty.load(std::memory_order_acquire);
  if (m) return *m;
  auto* fresh = new Message(type);
  fresh->retain();
  if (type.empty.compare_exchange_strong(m, fresh, std::memory_order_acq_rel)) return *fresh;
  fresh->release();
  return *m;
}

Message::~Message() {
  for (Slot& s : slots_)
    if (auto* m = std::get_if<MessagePtr>(&s.value)) (*m)->parent_ = nullptr;
}

const FieldType& Message::resolve(FieldKey key) const {
  if (key.field()) {
    size_t i = size_t(key.field() - type_->fields.data());
    if (i >= type_->fields.size())
      throw Internal(cat(type_->full_name, " has no such field: ", key.field()->name));
    return *key.field();
  }
  if (const FieldType* f = type_->by_name(key.name())) return *f;
  throw InvalidArgument(cat("Protocol message ", type_->name, " has no \"", key.name(), "\" field.",
                            did_you_mean(key.name(), field_names(*type_))));
}

const FieldType& Message::field(FieldKey key) const { return resolve(key); }

const FieldType& Message::resolve_single(FieldKey key) const {
  const FieldType& f = resolve(key);
  if (f.repeated) throw_misuse(*type_, f, "a single value");
  return f;
}

const FieldType& Message::resolve_list(FieldKey key) const {
  const FieldType& f = resolve(key);
  if (!f.repeated || f.map) throw_misuse(*type_, f, "a list");
  return f;
}

const FieldType& Message::resolve_map(FieldKey key) const {
  const FieldType& f = resolve(key);
  if (!f.map) throw_misuse(*type_, f, "a map");
  return f;
}

const Slot* Message::find(const FieldType& f) const {
  uint16_t i = index_of(f);
  for (const Slot& s : slots_)
    if (s.field >= i) return s.field == i ? &s : nullptr;
  return nullptr;
}

Slot& Message::slot(const FieldType& f) {
  uint16_t i = index_of(f);
  size_t at = slots_.size();
  while (at > 0 && slots_[at - 1].field >= i) --at;
  if (at < slots_.size() && slots_[at].field == i) return slots_[at];
  if (slots_.capacity() == 0)
    slots_.reserve(type_->oneofs.empty() ? std::min<size_t>(type_->fields.size(), 4) : 1);
  return *slots_.insert(slots_.begin() + ptrdiff_t(at), Slot{i, uint64_t(0)});
}

void Message::erase(const FieldType& f) {
  Slot* s = find(f);
  if (!s) return;
  if (auto* m = std::get_if<MessagePtr>(&s->value)) (*m)->parent_ = nullptr;
  slots_.erase(slots_.begin() + (s - slots_.data()));
}

bool Message::present(const Slot& s) {
  if (auto* m = std::get_if<MessagePtr>(&s.value)) return (*m)->parent_ == nullptr;
  if (auto* r = std::get_if<std::unique_ptr<Repeated>>(&s.value)) return list_size(**r) > 0;
  if (auto* m = std::get_if<std::unique_ptr<MapValue>>(&s.value)) return !(*m)->entries.empty();
  return true;
}

void Message::claim_oneof(const FieldType& f) {
  if (f.oneof < 0) return;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const FieldType& other = type_->fields[slots_[i].field];
    if (&other == &f || other.oneof != f.oneof || !present(slots_[i])) continue;
    slots_.erase(slots_.begin() + ptrdiff_t(i));
    return;
  }
}

void Message::attach() {
  Message* parent = std::exchange(parent_, nullptr);
  for (const Slot& s : parent->slots_) {
    auto* m = std::get_if<MessagePtr>(&s.value);
    if (!m || m->get() != this) continue;
    parent->claim_oneof(parent->type_->fields[s.field]);
    break;
  }
  parent->touch();
}

bool Message::has(FieldKey key) const {
  const FieldType& f = resolve(key);
  if (f.repeated || !f.presence)
    throw InvalidArgument(cat("Field ", type_->full_name, ".", f.name, " does not have presence."));
  const Slot* s = find(f);
  return s && present(*s);
}

bool Message::is_set(FieldKey key) const {
  const Slot* s = find(resolve(key));
  return s && present(*s);
}

void Message::clear(FieldKey key) {
  const FieldType& f = resolve(key);
  touch();
  erase(f);
}

void Message::clear() {
  touch();
  for (Slot& s : slots_)
    if (auto* m = std::get_if<MessagePtr>(&s.value)) (*m)->parent_ = nullptr;
  slots_.clear();
  unknown_.reset();
}

const FieldType* Message::which_oneof(std::string_view oneof) const {
  size_t o = 0;
  while (o < type_->oneofs.size() && type_->oneofs[o] != oneof) ++o;
  if (o == type_->oneofs.size())
    throw InvalidArgument(cat("Protocol message ", type_->name, " has no \"", oneof, "\" field."));
  for (const Slot& s : slots_)
    if (type_->fields[s.field].oneof == int(o) && present(s)) return &type_->fields[s.field];
  return nullptr;
}

std::vector<const FieldType*> Message::set_fields() const {
  std::vector<const FieldType*> out;
  for (const Slot& s : slots_)
    if (present(s)) out.push_back(&type_->fields[s.field]);
  return out;
}

size_t Message::size(FieldKey key) const {
  const FieldType& f = resolve(key);
  if (!f.repeated) throw_misuse(*type_, f, "a list or a map");
  if (f.map) {
    const MapValue* m = map(f);
    return m ? m->entries.size() : 0;
  }
  const Repeated* r = repeated(f);
  return r ? list_size(*r) : 0;
}

uint64_t Message::bits(const FieldType& f) const {
  if (f.is_string() || f.is_message()) throw_misuse(*type_, f, "a number");
  const Slot* s = find(f);
  return s ? std::get<uint64_t>(s->value) : 0;
}

void Message::store_bits(const FieldType& f, uint64_t bits) {
  touch();
  if (bits == 0 && !f.presence) return erase(f);
  claim_oneof(f);
  slot(f).value = bits;
}

void Message::store_string(const FieldType& f, StringValue v) {
  touch();
  if (v.view().empty() && !f.presence) return erase(f);
  claim_oneof(f);
  slot(f).value = std::move(v);
}

int64_t Message::get_int(FieldKey key) const { return int64_t(get_uint(key)); }

uint64_t Message::get_uint(FieldKey key) const {
  const FieldType& f = resolve_single(key);
  if (f.kind == Kind::kFloat || f.kind == Kind::kDouble) throw_misuse(*type_, f, "an integer");
  return bits(f);
}

double Message::get_double(FieldKey key) const {
  const FieldType& f = resolve_single(key);
  if (f.kind == Kind::kFloat) return std::bit_cast<float>(uint32_t(bits(f)));
  if (f.kind == Kind::kDouble) return std::bit_cast<double>(bits(f));
  throw_misuse(*type_, f, "a floating-point number");
}

std::string_view Message::get_string(FieldKey key) const {
  const FieldType& f = resolve_single(key);
  if (!f.is_string()) throw_misuse(*type_, f, "a string");
  const Slot* s = find(f);
  return s ? std::get<StringValue>(s->value).view() : std::string_view();
}

Bytes Message::get_bytes(FieldKey key) const {
  const FieldType& f = resolve_single(key);
  if (!f.is_string()) throw_misuse(*type_, f, "a string");
  const Slot* s = find(f);
  return s ? std::get<StringValue>(s->value).bytes() : Bytes();
}

const Message& Message::get_message(FieldKey key) const {
  const FieldType& f = resolve_single(key);
  if (!f.is_message()) throw_misuse(*type_, f, "a message");
  const Slot* s = find(f);
  return s ? *std::get<MessagePtr>(s->value) : empty(*f.message);
}

Scalar Message::get(FieldKey key) const {
  const FieldType& f = resolve_single(key);
  if (f.is_string()) return get_string(f);
  return from_bits(f, bits(f));
}

void Message::set_int(FieldKey key, int64_t value) {
  const FieldType& f = resolve_single(key);
  store_bits(f, to_bits(f, value));
}

void Message::set_uint(FieldKey key, uint64_t value) {
  const FieldType& f = resolve_single(key);
  store_bits(f, to_bits(f, value));
}

void Message::set_double(FieldKey key, double value) {
  const FieldType& f = resolve_single(key);
  store_bits(f, to_bits(f, value));
}

void Message::set_string(FieldKey key, std::string_view value) {
  const FieldType& f = resolve_single(key);
  store_string(f, std::get<StringValue>(make_single(f, value)));
}

void Message::set_bytes(FieldKey key, Bytes value) {
  const FieldType& f = resolve_single(key);
  if (!f.is_string()) throw_misuse(*type_, f, "a string");
  if (!value.owner) return set_string(f, value.view);
  check_utf8(f, value.view);
  store_string(f, StringValue(value.view, StringOwner::share(std::move(value.owner))));
}

void Message::set(FieldKey key, const Scalar& value) {
  const FieldType& f = resolve_single(key);
  Single s = make_single(f, value);
  if (auto* text = std::get_if<StringValue>(&s)) return store_string(f, std::move(*text));
  store_bits(f, std::get<uint64_t>(s));
}

Message& Message::child(FieldKey key) {
  const FieldType& f = resolve_single(key);
  if (!f.is_message()) throw_misuse(*type_, f, "a message");
  if (Slot* s = find(f)) return *std::get<MessagePtr>(s->value);
  MessagePtr m = make(*f.message);
  m->parent_ = this;
  return *(slot(f).value.emplace<MessagePtr>(std::move(m)));
}

Message& Message::mutable_message(FieldKey key) {
  Message& m = child(key);
  m.touch();
  touch();
  return m;
}

const Repeated* Message::repeated(const FieldType& f) const {
  const Slot* s = find(f);
  return s ? std::get<std::unique_ptr<Repeated>>(s->value).get() : nullptr;
}

Repeated& Message::make_repeated(const FieldType& f) {
  touch();
  auto& v = slot(f).value;
  if (auto* r = std::get_if<std::unique_ptr<Repeated>>(&v)) return **r;
  return *v.emplace<std::unique_ptr<Repeated>>(new Repeated(make_list(f.kind)));
}

const MapValue* Message::map(const FieldType& f) const {
  const Slot* s = find(f);
  return s ? std::get<std::unique_ptr<MapValue>>(s->value).get() : nullptr;
}

MapValue& Message::make_map(const FieldType& f) {
  touch();
  auto& v = slot(f).value;
  if (auto* m = std::get_if<std::unique_ptr<MapValue>>(&v)) return **m;
  auto& map = *v.emplace<std::unique_ptr<MapValue>>(new MapValue());
  map.entries.reserve(4);
  return map;
}

int64_t Message::get_int(FieldKey key, size_t i) const {
  Scalar v = get(key, i);
  if (auto* n = std::get_if<int64_t>(&v)) return *n;
  if (auto* n = std::get_if<uint64_t>(&v)) return int64_t(*n);
  if (auto* b = std::get_if<bool>(&v)) return *b;
  throw_misuse(*type_, resolve(key), "a list of integers");
}

double Message::get_double(FieldKey key, size_t i) const {
  Scalar v = get(key, i);
  if (auto* d = std::get_if<double>(&v)) return *d;
  throw_misuse(*type_, resolve(key), "a list of floating-point numbers");
}

namespace {
template <class T>
const T& element(const MessageType& type, const FieldType& f, const Repeated* r, size_t i, const char* what) {
  if (!(std::is_same_v<T, MessagePtr> ? f.is_message() : f.is_string())) throw_misuse(type, f, what);
  check_index(f, i, r ? list_size(*r) : 0);
  return std::get<std::vector<T>>(*r)[i];
}
}  // namespace

std::string_view Message::get_string(FieldKey key, size_t i) const {
  const FieldType& f = resolve_list(key);
  return element<StringValue>(*type_, f, repeated(f), i, "a list of strings").view();
}

Bytes Message::get_bytes(FieldKey key, size_t i) const {
  const FieldType& f = resolve_list(key);
  return element<StringValue>(*type_, f, repeated(f), i, "a list of strings").bytes();
}

const Message& Message::get_message(FieldKey key, size_t i) const {
  const FieldType& f = resolve_list(key);
  return *element<MessagePtr>(*type_, f, repeated(f), i, "a list of messages");
}

Message& Message::mutable_message(FieldKey key, size_t i) {
  const FieldType& f = resolve_list(key);
  return *element<MessagePtr>(*type_, f, repeated(f), i, "a list of messages");
}

Scalar Message::get(FieldKey key, size_t i) const {
  const FieldType& f = resolve_list(key);
  if (f.is_string()) return get_string(f, i);
  if (f.is_message()) throw_misuse(*type_, f, "a list of plain values");
  const Repeated* r = repeated(f);
  check_index(f, i, r ? list_size(*r) : 0);
  return from_bits(f, bits_at(*r, i));
}

void Message::set(FieldKey key, size_t i, const Scalar& value) {
  const FieldType& f = resolve_list(key);
  Single s = make_single(f, value);
  const Repeated* had = repeated(f);
  check_index(f, i, had ? list_size(*had) : 0);
  std::visit(
      [&]<class T>(std::vector<T>& v) {
        if constexpr (std::is_same_v<T, StringValue>)
          v[i] = std::move(std::get<StringValue>(s));
        else if constexpr (std::is_same_v<T, float>)
          v[i] = std::bit_cast<float>(uint32_t(std::get<uint64_t>(s)));
        else if constexpr (std::is_same_v<T, double>)
          v[i] = std::bit_cast<double>(std::get<uint64_t>(s));
        else if constexpr (std::is_arithmetic_v<T>)
          v[i] = T(std::get<uint64_t>(s));
      },
      make_repeated(f));
}

void Message::add(FieldKey key, const Scalar& value) {
  const FieldType& f = resolve_list(key);
  Single s = make_single(f, value);
  Repeated& r = make_repeated(f);
  if (auto* text = std::get_if<StringValue>(&s))
    std::get<std::vector<StringValue>>(r).push_back(std::move(*text));
  else
    append_bits(r, std::get<uint64_t>(s));
}

void Message::add_int(FieldKey key, int64_t value) { add(key, value); }

Message& Message::add_message(FieldKey key) {
  const FieldType& f = resolve_list(key);
  if (!f.is_message()) throw_misuse(*type_, f, "a list of messages");
  auto& list = std::get<std::vector<MessagePtr>>(make_repeated(f));
  return *list.emplace_back(make(*f.message));
}

void Message::remove(FieldKey key, size_t from, size_t to) {
  const FieldType& f = resolve_list(key);
  size_t n = size(f);
  if (from > to || to > n)
    throw OutOfRange(cat("'", f.name, "' has ", n, " elements, no [", from, ", ", to, ")."));
  if (from == to) return;
  std::visit([&](auto& v) { v.erase(v.begin() + ptrdiff_t(from), v.begin() + ptrdiff_t(to)); },
             make_repeated(f));
}

void Message::reorder(FieldKey key, std::span<const size_t> order) {
  const FieldType& f = resolve_list(key);
  size_t n = size(f);
  std::vector<bool> seen(n);
  for (size_t i : order) {
    if (i >= n || seen[i])
      throw InvalidArgument(cat("'", f.name, "': not a permutation of ", n, " elements."));
    seen[i] = true;
  }
  if (order.size() != n) throw InvalidArgument(cat("'", f.name, "': not a permutation of ", n, " elements."));
  if (n == 0) return;
  std::visit(
      [&](auto& v) {
        auto old = v;
        for (size_t i = 0; i < n; ++i) v[i] = std::move(old[order[i]]);
      },
      make_repeated(f));
}

template <class T>
std::span<const T> Message::values(FieldKey key) const {
  const FieldType& f = resolve_list(key);
  const Repeated* r = repeated(f);
  if (!std::holds_alternative<std::vector<T>>(r ? *r : make_list(f.kind)))
    throw_misuse(*type_, f, "a list of that type");
  return r ? std::span<const T>(std::get<std::vector<T>>(*r)) : std::span<const T>();
}

template <class T>
void Message::set_values(FieldKey key, std::vector<T> v) {
  const FieldType& f = resolve_list(key);
  if (!std::holds_alternative<std::vector<T>>(make_list(f.kind)))
    throw_misuse(*type_, f, "a list of that type");
  std::get<std::vector<T>>(make_repeated(f)) = std::move(v);
}

#define FLOE_LIST(T)                                              \
  template std::span<const T> Message::values<T>(FieldKey) const; \
  template void Message::set_values<T>(FieldKey, std::vector<T>)
FLOE_LIST(int32_t);
FLOE_LIST(int64_t);
FLOE_LIST(uint32_t);
FLOE_LIST(uint64_t);
FLOE_LIST(uint8_t);
FLOE_LIST(float);
FLOE_LIST(double);
#undef FLOE_LIST

bool Message::map_has(FieldKey key, MapKey k) const {
  const FieldType& f = resolve_map(key);
  const MapValue* m = map(f);
  MapEntry e = make_key(f, k);
  return m && find_entry(f, m->entries, e).second;
}

MapKey Message::map_key(FieldKey key, size_t i) const {
  const FieldType& f = resolve_map(key);
  check_index(f, i, size(f));
  const MapEntry& e = map(f)->entries[i];
  if (f.map_key().is_string()) return e.text.view();
  return int64_t(e.number);
}

Scalar Message::map_get(FieldKey key, MapKey k) const {
  const FieldType& f = resolve_map(key);
  const MapValue* m = map(f);
  MapEntry e = make_key(f, k);
  if (m) {
    auto [it, found] = find_entry(f, m->entries, e);
    if (found) return single_scalar(f.map_value(), it->value);
  }
  throw NotFound(
      cat("'", f.name, "' has no entry ", k.is_number() ? cat(k.number()) : cat("'", k.text(), "'"), "."));
}

Scalar Message::map_get_at(FieldKey key, size_t i) const {
  const FieldType& f = resolve_map(key);
  check_index(f, i, size(f));
  return single_scalar(f.map_value(), map(f)->entries[i].value);
}

const Message* Message::find_map_message(FieldKey key, MapKey k) const {
  const FieldType& f = resolve_map(key);
  if (!f.map_value().is_message()) throw_misuse(*type_, f, "a map of messages");
  const MapValue* m = map(f);
  MapEntry e = make_key(f, k);
  if (!m) return nullptr;
  auto [it, found] = find_entry(f, m->entries, e);
  return found ? std::get<MessagePtr>(it->value).get() : nullptr;
}

const Message& Message::map_message_at(FieldKey key, size_t i) const {
  const FieldType& f = resolve_map(key);
  if (!f.map_value().is_message()) throw_misuse(*type_, f, "a map of messages");
  check_index(f, i, size(f));
  return *std::get<MessagePtr>(map(f)->entries[i].value);
}

namespace {
MapEntry& make_entry(const FieldType& f, MapValue& m, MapEntry key) {
  auto [it, found] = find_entry(f, m.entries, key);
  if (found) return *it;
  key.text = StringValue(key.text.view());
  key.value = empty_single(f.map_value());
  return *m.entries.insert(it, std::move(key));
}
}  // namespace

Message& Message::map_message(FieldKey key, MapKey k) {
  const FieldType& f = resolve_map(key);
  if (!f.map_value().is_message()) throw_misuse(*type_, f, "a map of messages");
  MapEntry e = make_key(f, k);
  return *std::get<MessagePtr>(make_entry(f, make_map(f), std::move(e)).value);
}

void Message::map_set(FieldKey key, MapKey k, const Scalar& value) {
  const FieldType& f = resolve_map(key);
  MapEntry e = make_key(f, k);
  Single s = make_single(f.map_value(), value);
  make_entry(f, make_map(f), std::move(e)).value = std::move(s);
}

bool Message::map_erase(FieldKey key, MapKey k) {
  const FieldType& f = resolve_map(key);
  MapEntry e = make_key(f, k);
  if (!map(f)) return false;
  auto& entries = make_map(f).entries;
  auto [it, found] = find_entry(f, entries, e);
  if (found) entries.erase(it);
  return found;
}

void Message::merge_slot(const FieldType& f, const Slot& from) {
  if (auto* bits = std::get_if<uint64_t>(&from.value)) return store_bits(f, *bits);
  if (auto* text = std::get_if<StringValue>(&from.value)) return store_string(f, *text);
  if (auto* m = std::get_if<MessagePtr>(&from.value)) return mutable_message(f).merge_from(**m);
  if (auto* m = std::get_if<std::unique_ptr<MapValue>>(&from.value)) {
    MapValue& to = make_map(f);
    for (const MapEntry& e : (*m)->entries) {
      auto* sub = std::get_if<MessagePtr>(&e.value);
      MapEntry key;
      key.text = StringValue(e.text.view(), nullptr);
      key.number = e.number;
      Single copy = sub ? Single((*sub)->clone()) : e.value;
      make_entry(f, to, std::move(key)).value = std::move(copy);
    }
    return;
  }
  const Repeated& list = *std::get<std::unique_ptr<Repeated>>(from.value);
  std::visit(
      [&]<class T>(std::vector<T>& to) {
        const auto& v = std::get<std::vector<T>>(list);
        size_t n = v.size();
        to.reserve(to.size() + n);
        for (size_t i = 0; i < n; ++i) {
          if constexpr (std::is_same_v<T, MessagePtr>)
            to.push_back(v[i]->clone());
          else
            to.push_back(v[i]);
        }
      },
      make_repeated(f));
}

void Message::merge_from(const Message& o) {
  if (o.type_ != type_)
    throw InvalidArgument(cat("Cannot merge a ", o.type_->full_name, " into a ", type_->full_name, "."));
  if (&o == this) return;
  MessagePtr keep(const_cast<Message*>(&o));  // setting a oneof may drop the part that `o` lies in
  touch();
  for (const Slot& s : o.slots_)
    if (present(s)) merge_slot(type_->fields[s.field], s);
  if (!o.unknown_) return;
  if (!unknown_) unknown_ = std::make_unique<std::vector<StringValue>>();
  unknown_->insert(unknown_->end(), o.unknown_->begin(), o.unknown_->end());
}

void Message::merge_field(FieldKey key, const Message& o) {
  const FieldType& f = resolve(key);
  if (o.type_ != type_)
    throw InvalidArgument(cat("Cannot merge a ", o.type_->full_name, " into a ", type_->full_name, "."));
  const Slot* s = o.find(f);
  if (s && present(*s)) merge_slot(f, *s);
}

void Message::copy_from(const Message& o) {
  if (&o == this) return;
  MessagePtr keep(const_cast<Message*>(&o));  // `o` may be a part of this message
  if (o.type_ != type_)
    throw InvalidArgument(cat("Cannot copy a ", o.type_->full_name, " into a ", type_->full_name, "."));
  clear();
  merge_from(o);
}

MessagePtr Message::clone() const {
  MessagePtr m = make(*type_);
  m->merge_from(*this);
  return m;
}

namespace {

bool same_number(const FieldType& f, uint64_t a, uint64_t b) {
  if (f.kind == Kind::kFloat) return std::bit_cast<float>(uint32_t(a)) == std::bit_cast<float>(uint32_t(b));
  if (f.kind == Kind::kDouble) return std::bit_cast<double>(a) == std::bit_cast<double>(b);
  return a == b;
}

bool same_list(const Repeated& a, const Repeated& b) {
  return std::visit(
      [&]<class T>(const std::vector<T>& v) {
        const auto& w = std::get<std::vector<T>>(b);
        return std::equal(v.begin(), v.end(), w.begin(), w.end(), [](const T& x, const T& y) {
          if constexpr (std::is_same_v<T, MessagePtr>)
            return *x == *y;
          else
            return x == y;
        });
      },
      a);
}

bool same_single(const FieldType& f, const Single& a, const Single& b) {
  if (auto* m = std::get_if<MessagePtr>(&a)) return **m == *std::get<MessagePtr>(b);
  if (auto* s = std::get_if<StringValue>(&a)) return *s == std::get<StringValue>(b);
  return same_number(f, std::get<uint64_t>(a), std::get<uint64_t>(b));
}

std::string joined(const std::vector<StringValue>* parts) {
  std::string s;
  if (parts)
    for (const StringValue& p : *parts) s += p.view();
  return s;
}

}  // namespace

bool Message::operator==(const Message& o) const {
  if (type_ != o.type_) return false;
  if (this == &o) return true;
  auto next = [](auto it, auto end) {
    while (it != end && !present(*it)) ++it;
    return it;
  };
  auto a = next(slots_.begin(), slots_.end()), b = next(o.slots_.begin(), o.slots_.end());
  for (; a != slots_.end() && b != o.slots_.end();
       a = next(a + 1, slots_.end()), b = next(b + 1, o.slots_.end())) {
    if (a->field != b->field) return false;
    const FieldType& f = type_->fields[a->field];
    if (f.map) {
      auto &x = std::get<std::unique_ptr<MapValue>>(a->value)->entries,
           &y = std::get<std::unique_ptr<MapValue>>(b->value)->entries;
      bool same =
          std::equal(x.begin(), x.end(), y.begin(), y.end(), [&](const MapEntry& p, const MapEntry& q) {
            return p.text == q.text && p.number == q.number && same_single(f.map_value(), p.value, q.value);
          });
      if (!same) return false;
    } else if (f.repeated) {
      if (!same_list(*std::get<std::unique_ptr<Repeated>>(a->value),
                     *std::get<std::unique_ptr<Repeated>>(b->value)))
        return false;
    } else if (f.is_message()) {
      if (!(*std::get<MessagePtr>(a->value) == *std::get<MessagePtr>(b->value))) return false;
    } else if (f.is_string()) {
      if (!(std::get<StringValue>(a->value) == std::get<StringValue>(b->value))) return false;
    } else if (!same_number(f, std::get<uint64_t>(a->value), std::get<uint64_t>(b->value))) {
      return false;
    }
  }
  return a == slots_.end() && b == o.slots_.end() && joined(unknown_.get()) == joined(o.unknown_.get());
}

void Message::discard_unknown_fields() {
  unknown_.reset();
  for (Slot& s : slots_) {
    if (auto* m = std::get_if<MessagePtr>(&s.value)) (*m)->discard_unknown_fields();
    if (auto* r = std::get_if<std::unique_ptr<Repeated>>(&s.value))
      if (auto* list = std::get_if<std::vector<MessagePtr>>(r->get()))
        for (auto& m : *list) m->discard_unknown_fields();
    if (auto* map = std::get_if<std::unique_ptr<MapValue>>(&s.value))
      for (MapEntry& e : (*map)->entries)
        if (auto* m = std::get_if<MessagePtr>(&e.value)) (*m)->discard_unknown_fields();
  }
}

}  // namespace floe
