// Templates against the answers of Go's text/template, recorded in tests/golden/template (how: README there).
#include <limits>
#include <string>

#include "rules/template/template.hpp"
#include "rules/template/unicode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden_table.hpp"

namespace {

using namespace tocsin;
using namespace tocsin::templates;

// The types and data of the recording.
const Type& item_type() {
  static const Type kType = [] {
    Type type;
    type.name = "main.Item";
    type.kind = Kind::structure;
    type.fields = {{"Name", &string_type(), ""},   {"Count", &int_type(), ""}, {"Tags", &strings_type(), ""},
                   {"Price", &float64_type(), ""}, {"Any", &any_type(), ""},   {"hidden", &int_type(), ""}};
    const auto name = [](const Value& self) { return self.field(0).string(); };
    type.methods.push_back(make_method("Upper", [name](const Value& self) {
      std::string text = name(self);
      for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return Value(text);
    }));
    type.methods.push_back(make_method("Add", [](const Value& self, std::int64_t a, std::int64_t b) {
      return Value(a + b + self.field(1).integer());
    }));
    type.methods.push_back(
        make_method("Join", [](const Value&, const std::string& separator, const Rest<std::string>& texts) {
          std::string out;
          for (std::size_t i = 0; i < texts.values.size(); ++i)
            out += (i > 0 ? separator : "") + texts.values[i];
          return Value(out);
        }));
    type.methods.push_back(
        make_method("Fail", [](const Value&) -> Result<Value> { return Error("item failed"); }));
    type.methods.push_back(make_method("Self", [](const Value& self) { return self; }));
    return type;
  }();
  return kType;
}

const Type& items_type() {
  static const Type kType{"[]main.Item", Kind::list, &item_type(), {}, {}};
  return kType;
}
const Type& item_pointer_type() {
  static const Type kType{"*main.Item", Kind::pointer, &item_type(), {}, {}};
  return kType;
}

Value bolt() {
  return Value::of(item_type(), List{"bolt", 3, Value::strings({"x", "y"}), 1.5, Value::nil_interface(), 9});
}
Value nut() {
  return Value::of(item_type(), List{"nut", 5, Value::zero(strings_type()), 0.0, Value::nil_interface(), 0});
}

Value data() {
  CivilTime civil;
  civil.year = 2026;
  civil.month = 2;
  civil.day = 3;
  civil.hour = 4;
  civil.minute = 5;
  civil.second = 6;
  civil.nanosecond = 789'000'000;
  Map map;
  map["str"] = "hello";
  map["empty"] = "";
  map["int"] = 42;
  map["neg"] = -7;
  map["zero"] = 0;
  map["float"] = 3.25;
  map["big"] = 1e21;
  map["million"] = 1e6;
  map["nan"] = std::numeric_limits<double>::quiet_NaN();
  map["inf"] = std::numeric_limits<double>::infinity();
  map["yes"] = true;
  map["no"] = false;
  map["nil"] = Value();
  map["list"] = Value::anys({1, "two", 3.5, Value(), true});
  map["strings"] = Value::strings({"a", "b", "c"});
  map["none"] = Value::anys({});
  map["map"] = Value::any_map({{"b", 2}, {"a", 1}, {"c", Value::any_map({{"x", "y"}})}});
  map["smap"] = Value::string_map({{"k", "v"}, {"l", "w"}});
  map["item"] = bolt();
  map["pitem"] = Value::pointer_to(item_pointer_type(), bolt());
  map["items"] = Value::of(items_type(), List{bolt(), nut()});
  map["html"] = Value::of(html_type(), std::string("<b>"));
  map["time"] = GoTime::from_civil(civil, Zone());
  map["dur"] = Duration(90'500'000'000);
  map["u"] = Value::of(uint64_type(), std::uint64_t{7});
  map["i64"] = Value::of(int64_type(), std::int64_t{9});
  map["text"] = std::string("a <b> & 'c' \"d\" =\n") + '\0' + "\x7f \u00e9 \u20ac";
  map["bad"] =
      "a\xff"
      "b";
  map["emptymap"] = Value::any_map({});
  map["nilmap"] = Value::zero(any_map_type());
  map["nilstrings"] = Value::zero(strings_type());
  return Value::any_map(std::move(map));
}

FunctionMap functions() {
  FunctionMap functions;
  functions.add("upper", [](const std::string& text) { return to_upper(text); });
  functions.add("add", [](std::int64_t a, std::int64_t b) { return Value(a + b); });
  functions.add("addf", [](double a, double b) { return Value(a + b); });
  functions.add("isyes", [](bool flag) { return Value(flag ? "yes" : "no"); });
  functions.add("joinall", [](const std::string& separator, const Rest<std::string>& texts) {
    std::string out;
    for (std::size_t i = 0; i < texts.values.size(); ++i) out += (i > 0 ? separator : "") + texts.values[i];
    return Value(out);
  });
  functions.add("fail", []() -> Result<Value> { return Error("it failed"); });
  functions.add("typeof", [](const Any& any) { return Value(any.value.type_name()); });
  functions.add("pass", [](const Any& any) { return any; });
  functions.add("items", [](const std::vector<std::string>& texts) {
    return Value(static_cast<std::int64_t>(texts.size()));
  });
  functions.add("list", [](const Rest<Any>& rest) {
    List list;
    for (const Any& any : rest.values) list.push_back(any.value);
    return rest.values.empty() ? Value::zero(anys_type()) : Value::anys(std::move(list));
  });
  return functions;
}

Result<std::string> run(const std::string& option, const std::string& text) {
  const MissingKey missing = option == "zero"    ? MissingKey::zero
                             : option == "error" ? MissingKey::error
                                                 : MissingKey::no_value;
  const TemplateSet set(functions(), missing);
  const auto compiled = set.compile("t", text);
  if (!compiled) return compiled.error();
  return compiled->execute(data());
}

}  // namespace

TEST_CASE("templates give what Go's text/template gives", "[template]") {
  const auto lines = testing::read_golden_table("tests/golden/template/text_template.txt");
  CHECK(lines.size() > 3500);
  for (const testing::GoldenLine& line : lines) {
    INFO(line.words << ' ' << line.literal);
    CHECK(testing::golden_answer(run(line.words, line.input)) == line.answer);
  }
}
