// One description of a record serves writing and reading: a function template
//
//   template <class Codec, Is<Record> R>
//   void fields(Codec& codec, R& record) { codec(1, record.name); codec(2, record.time); ... }
//
// says which member is which field. The writer leaves out what is zero; the reader offers each field that it
// meets to all of them, and passes over what none takes. Private to kept_rows.cpp.
#pragma once

#include <concepts>
#include <map>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "promql/labels.hpp"
#include "promql/time.hpp"

namespace tocsin::core::wire {

template <class R, class Record>
concept Is = std::same_as<std::remove_const_t<R>, Record>;

using Tag = protozero::pbf_tag_type;

// An enum with the last of its values: one that is not known here leaves the member as it is.
template <class Enum>
struct UpTo {
  Enum& value;
  std::remove_const_t<Enum> last;
};
template <class Enum>
UpTo(Enum&, std::remove_const_t<Enum>) -> UpTo<Enum>;

// Encodes a message. Pairs are one string after the other, in a message of their own.
class Writer {
 public:
  explicit Writer(protozero::pbf_writer& out) : out_(out) {}

  void operator()(Tag tag, const std::string& text) {
    if (!text.empty()) out_.add_string(tag, text);
  }
  void operator()(Tag tag, WallTime time) {
    if (time != kNoTime) out_.add_sfixed64(tag, time.time_since_epoch().count());
  }
  void operator()(Tag tag, bool value) {
    if (value) out_.add_bool(tag, value);
  }
  void operator()(Tag tag, std::int64_t value) {
    if (value != 0) out_.add_int64(tag, value);
  }
  void operator()(Tag tag, std::uint64_t value) {
    if (value != 0) out_.add_uint64(tag, value);
  }
  void operator()(Tag tag, double value) { out_.add_double(tag, value); }
  template <class Enum>
  void operator()(Tag tag, const UpTo<Enum>& choice) {
    (*this)(tag, static_cast<std::uint64_t>(choice.value));
  }
  void operator()(Tag tag, Fingerprint value) { out_.add_fixed64(tag, value.value); }
  void operator()(Tag tag, const std::vector<Fingerprint>& values) {
    std::vector<std::uint64_t> numbers;
    numbers.reserve(values.size());
    for (const Fingerprint value : values) numbers.push_back(value.value);
    if (!numbers.empty()) out_.add_packed_fixed64(tag, numbers.begin(), numbers.end());
  }
  void operator()(Tag tag, const Labels& labels) {
    if (labels.empty()) return;
    protozero::pbf_writer pairs(out_, tag);
    for (const LabelView label : labels) {
      pairs.add_string(1, label.name.data(), label.name.size());
      pairs.add_string(1, label.value.data(), label.value.size());
    }
  }
  void operator()(Tag tag, const std::map<std::string, std::string>& map) {
    if (map.empty()) return;
    protozero::pbf_writer pairs(out_, tag);
    for (const auto& [name, value] : map) {
      pairs.add_string(1, name);
      pairs.add_string(1, value);
    }
  }
  template <class Item>
  void operator()(Tag tag, const std::optional<Item>& item) {
    if (item) nested(tag, *item);
  }
  template <class Item>
  void operator()(Tag tag, const std::vector<Item>& items) {
    for (const Item& item : items) nested(tag, item);
  }
  void operator()(Tag tag, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) out_.add_string(tag, text);
  }
  void operator()(Tag tag, const std::set<std::string>& texts) {
    for (const std::string& text : texts) out_.add_string(tag, text);
  }
  // A member that is a message of its own. It is written also when all in it is zero: protozero leaves out a
  // message that it nests itself and that stays empty.
  template <class Item>
  void nested(Tag tag, const Item& item) {
    std::string body;
    protozero::pbf_writer message(body);
    Writer writer(message);
    fields(writer, item);
    out_.add_message(tag, body);
  }

 private:
  protozero::pbf_writer& out_;
};

template <class Record>
void read(protozero::pbf_reader in, Record& record);

// Decodes the field that `in` stands at.
class Reader {
 public:
  explicit Reader(protozero::pbf_reader& in) : in_(in) {}
  [[nodiscard]] bool taken() const { return taken_; }

  void operator()(Tag tag, std::string& text) {
    if (take(tag, Wire::length_delimited)) text = in_.get_string();
  }
  void operator()(Tag tag, WallTime& time) {
    if (take(tag, Wire::fixed64)) time = wall_from_ns(in_.get_sfixed64());
  }
  void operator()(Tag tag, bool& value) {
    if (take(tag, Wire::varint)) value = in_.get_bool();
  }
  void operator()(Tag tag, std::int64_t& value) {
    if (take(tag, Wire::varint)) value = in_.get_int64();
  }
  void operator()(Tag tag, std::uint64_t& value) {
    if (take(tag, Wire::varint)) value = in_.get_uint64();
  }
  void operator()(Tag tag, double& value) {
    if (take(tag, Wire::fixed64)) value = in_.get_double();
  }
  template <class Enum>
  void operator()(Tag tag, const UpTo<Enum>& choice) {
    if (!take(tag, Wire::varint)) return;
    const std::uint64_t value = in_.get_uint64();
    if (value <= static_cast<std::uint64_t>(choice.last)) choice.value = static_cast<Enum>(value);
  }
  void operator()(Tag tag, Fingerprint& value) {
    if (take(tag, Wire::fixed64)) value.value = in_.get_fixed64();
  }
  void operator()(Tag tag, std::vector<Fingerprint>& values) {
    if (!take(tag, Wire::length_delimited)) return;
    for (const std::uint64_t value : in_.get_packed_fixed64()) values.push_back({value});
  }
  void operator()(Tag tag, Labels& labels) {
    if (!take(tag, Wire::length_delimited)) return;
    LabelsBuilder builder;
    for_each_pair([&](const std::string& name, const std::string& value) { builder.set(name, value); });
    labels = builder.build();
  }
  void operator()(Tag tag, std::map<std::string, std::string>& map) {
    if (!take(tag, Wire::length_delimited)) return;
    for_each_pair(
        [&](std::string name, std::string value) { map.emplace(std::move(name), std::move(value)); });
  }
  template <class Item>
  void operator()(Tag tag, std::optional<Item>& item) {
    if (take(tag, Wire::length_delimited)) read(in_.get_message(), item.emplace());
  }
  template <class Item>
  void operator()(Tag tag, std::vector<Item>& items) {
    if (take(tag, Wire::length_delimited)) read(in_.get_message(), items.emplace_back());
  }
  void operator()(Tag tag, std::vector<std::string>& texts) {
    if (take(tag, Wire::length_delimited)) texts.push_back(in_.get_string());
  }
  void operator()(Tag tag, std::set<std::string>& texts) {
    if (take(tag, Wire::length_delimited)) texts.insert(in_.get_string());
  }
  template <class Item>
  void nested(Tag tag, Item& item) {
    if (take(tag, Wire::length_delimited)) read(in_.get_message(), item);
  }

 private:
  using Wire = protozero::pbf_wire_type;

  // A field of another type than was written is passed over like one that nobody knows.
  [[nodiscard]] bool take(Tag tag, Wire type) {
    if (taken_ || in_.tag() != tag || !in_.has_wire_type(type)) return false;
    return taken_ = true;
  }
  template <class Use>
  void for_each_pair(const Use& use) {
    protozero::pbf_reader pairs = in_.get_message();
    while (pairs.next(1, Wire::length_delimited)) {
      std::string name = pairs.get_string();
      if (!pairs.next(1, Wire::length_delimited)) return;
      use(std::move(name), pairs.get_string());
    }
  }

  protozero::pbf_reader& in_;
  bool taken_ = false;
};

template <class Record>
void read(protozero::pbf_reader in, Record& record) {
  while (in.next()) {
    Reader reader(in);
    fields(reader, record);
    if (!reader.taken()) in.skip();
  }
}

template <class Record>
std::string write(const Record& record) {
  std::string body;
  protozero::pbf_writer out(body);
  Writer writer(out);
  fields(writer, record);
  return body;
}

}  // namespace tocsin::core::wire
