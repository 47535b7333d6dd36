// Prometheus' template functions (its template/template.go) and the data of alert templates.
#include "rules/rule_template.hpp"

#include <algorithm>

#include "promql/format.hpp"
#include "promql/histogram.hpp"
#include "rules/host_port.hpp"
#include "rules/template/escape.hpp"
#include "rules/template/functions.hpp"
#include "rules/template/humanize.hpp"
#include "rules/template/regex.hpp"
#include "rules/template/unicode.hpp"

namespace tocsin::rules {
namespace {

using templates::Any;
using templates::FunctionMap;
using templates::Html;
using templates::Kind;
using templates::List;
using templates::make_type;
using templates::Map;
using templates::Rest;
using templates::Type;
using templates::Value;

// What every alert template begins with; columns of error texts count it, as upstream's do.
constexpr std::string_view kPrelude =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := "
    ".Value}}";

const Type& sample_type() {
  static const Type kType =
      make_type("template.sample", Kind::structure, nullptr,
                {{"Labels", &templates::string_map_type(), ""}, {"Value", &templates::any_type(), ""}});
  return kType;
}
const Type& sample_pointer_type() {
  static const Type kType = make_type("*template.sample", Kind::pointer, &sample_type());
  return kType;
}
const Type& query_result_type() {
  static const Type kType = make_type("template.queryResult", Kind::list, &sample_pointer_type());
  return kType;
}
const Type& data_type() {
  static const Type kType = make_type(
      "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value "
      "interface {} }",
      Kind::structure, nullptr,
      {{"Labels", &templates::string_map_type(), ""},
       {"ExternalLabels", &templates::string_map_type(), ""},
       {"ExternalURL", &templates::string_type(), ""},
       {"Value", &templates::any_type(), ""}});
  return kType;
}
const Type& time_pointer_type() {
  static const Type kType = make_type("*time.Time", Kind::pointer, &templates::time_type());
  return kType;
}
const Type& duration_pointer_type() {
  static const Type kType = make_type("*time.Duration", Kind::pointer, &templates::duration_type());
  return kType;
}
// A native histogram prints itself and offers nothing else that a template could use.
const Type& histogram_type() {
  static const Type kType = [] {
    Type type = make_type("*histogram.FloatHistogram", Kind::string, nullptr);
    type.methods.push_back(
        templates::make_method("String", [](const Value& self) { return Value(self.string()); }));
    return type;
  }();
  return kType;
}

// Parameters of these types, for the binding of functions.
struct SamplePointer {
  Value value;  // a *sample
  [[nodiscard]] Value field(std::size_t index) const { return value.target().field(index); }
};
struct QueryResult {
  Value value;
};

}  // namespace
}  // namespace tocsin::rules

template <>
struct tocsin::templates::binding::Convert<tocsin::rules::SamplePointer> {
  static const Type& type() { return tocsin::rules::sample_pointer_type(); }
  static tocsin::rules::SamplePointer from(const Value& value) { return {value}; }
};
template <>
struct tocsin::templates::binding::Convert<tocsin::rules::QueryResult> {
  static const Type& type() { return tocsin::rules::query_result_type(); }
  static tocsin::rules::QueryResult from(const Value& value) { return {value}; }
};

namespace tocsin::rules {
namespace {

Value label_map(const Labels& labels) {
  Map map;
  for (const LabelView label : labels) map.emplace(label.name, std::string(label.value));
  return Value::string_map(std::move(map));
}

Value sample_value(const promql::Sample& sample) {
  if (sample.histogram == nullptr) return Value(sample.value);
  return Value::of(histogram_type(), sample.histogram->to_string());
}

Value query_result(const promql::Vector& vector) {
  List samples;
  samples.reserve(vector.size());
  for (const promql::VectorSample& element : vector) {
    samples.push_back(Value::pointer_to(
        sample_pointer_type(),
        Value::of(sample_type(), List{label_map(element.labels), sample_value(element.sample)})));
  }
  return Value::of(query_result_type(), std::move(samples));
}

// The value of a label of a sample, "" if it has none.
std::string label_of(const SamplePointer& sample, std::string_view name) {
  const Value value = sample.field(0).entry(name);
  return value.valid() ? value.string() : std::string();
}

// A pointer that is nil ends the call as Go's runtime does.
Result<Value> of_sample(const SamplePointer& sample, const std::function<Value(const SamplePointer&)>& get) {
  if (sample.value.is_nil()) return Error("runtime error: invalid memory address or nil pointer dereference");
  return get(sample);
}

Value sort_by_label(const std::string& name, const QueryResult& result) {
  List samples = result.value.list();
  std::stable_sort(samples.begin(), samples.end(),
                   [&](const Value& a, const Value& b) { return label_of({a}, name) < label_of({b}, name); });
  return Value::of(query_result_type(), std::move(samples));
}

void add_query_functions(FunctionMap& functions) {
  functions.add("first", [](const QueryResult& result) -> Result<Value> {
    if (result.value.list().empty()) return Error("first() called on vector with no elements");
    return result.value.element(0);
  });
  functions.add("label", [](const std::string& name, const SamplePointer& sample) {
    return of_sample(sample, [&](const SamplePointer& s) { return Value(label_of(s, name)); });
  });
  functions.add("value", [](const SamplePointer& sample) {
    return of_sample(sample, [](const SamplePointer& s) { return s.field(1); });
  });
  functions.add("strvalue", [](const SamplePointer& sample) {
    return of_sample(sample, [](const SamplePointer& s) { return Value(label_of(s, "__value__")); });
  });
  functions.add("sortByLabel", sort_by_label);
  functions.add("args", [](const Rest<Any>& rest) {
    Map map;
    for (std::size_t i = 0; i < rest.values.size(); ++i) map[format("arg{}", i)] = rest.values[i].value;
    return Value::any_map(std::move(map));
  });
}

void add_text_functions(FunctionMap& functions) {
  functions.add("reReplaceAll",
                [](const std::string& pattern, const std::string& replacement, const std::string& text) {
                  return templates::regex_replace_all(pattern, replacement, text);
                });
  functions.add("match", [](const std::string& pattern, const std::string& text) {
    return templates::regex_match(pattern, text);
  });
  functions.add("safeHtml", [](std::string text) { return Html{std::move(text)}; });
  functions.add("title",
                [](const std::string& text) { return templates::title(text, templates::TitleRest::keep); });
  functions.add("toUpper", [](const std::string& text) { return templates::to_upper(text); });
  functions.add("toLower", [](const std::string& text) { return templates::to_lower(text); });
  functions.add("graphLink", [](const std::string& expression) {
    return "/graph?g0.expr=" + templates::query_escape(expression) + "&g0.tab=0";
  });
  functions.add("tableLink", [](const std::string& expression) {
    return "/graph?g0.expr=" + templates::query_escape(expression) + "&g0.tab=1";
  });
  functions.add("stripPort", [](const std::string& address) { return strip_port(address); });
  functions.add("stripDomain", [](const std::string& address) { return strip_domain(address); });
  functions.add("urlQueryEscape", [](const std::string& text) { return templates::query_escape(text); });
}

void add_number_functions(FunctionMap& functions) {
  const auto humanizer = [&](std::string name, auto humanize) {
    functions.add(std::move(name), [humanize](const Any& any) -> Result<Value> {
      const auto number = templates::to_float(any.value);
      if (!number) return number.error();
      return Value(humanize(*number));
    });
  };
  humanizer("humanize", templates::humanize);
  humanizer("humanize1024", templates::humanize_1024);
  humanizer("humanizeDuration", templates::humanize_duration);
  humanizer("humanizePercentage", templates::humanize_percentage);
  functions.add("humanizeTimestamp", [](const Any& any) -> Result<std::string> {
    const auto number = templates::to_float(any.value);
    if (!number) return number.error();
    return templates::humanize_timestamp(*number);
  });
  functions.add("toTime", [](const Any& any) -> Result<Value> {
    const auto number = templates::to_float(any.value);
    if (!number) return number.error();
    const auto time = templates::float_to_time(*number);
    if (!time) return time.error();
    return Value::pointer_to(time_pointer_type(), Value(*time));
  });
  functions.add("toDuration", [](const Any& any) -> Result<Value> {
    const auto number = templates::to_float(any.value);
    if (!number) return number.error();
    return Value::pointer_to(duration_pointer_type(), Value(Duration(templates::to_int64(*number * 1e9))));
  });
  functions.add("parseDuration", [](const std::string& text) -> Result<double> {
    const bool negative = text.starts_with('-');
    const auto duration = parse_duration(std::string_view(text).substr(negative ? 1 : 0));
    if (!duration) return duration.error();
    const double seconds = seconds_of(*duration);
    return negative ? -seconds : seconds;
  });
}

std::string path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  const std::size_t slash = url.find('/');
  if (slash == url.npos) return {};
  url = url.substr(slash, url.find_first_of("?#", slash) - slash);
  // A plus sign is no space in a path.
  std::string escaped;
  for (const char c : url) escaped += c == '+' ? std::string("%2B") : std::string(1, c);
  const auto path = templates::query_unescape(escaped);
  return path ? *path : std::string(url);
}

// The functions that depend on when and where the template is expanded.
FunctionMap bound_functions(const RuleTemplateData& data) {
  FunctionMap functions;
  functions.add("query", [&data](const std::string& expression) -> Result<Value> {
    if (!data.query) return Error("no queries here");
    const auto vector = data.query(expression);
    if (!vector) return vector.error();
    return query_result(*vector);
  });
  functions.add("now", [&data] { return Value(seconds_of(to_timestamp(data.now))); });
  const auto url_function = [&](std::string name, auto get) {
    functions.add(std::move(name), [&data, get]() -> Result<Value> {
      if (data.external_url_functions) return Value(get(data.external_url));
      return Error("runtime error: invalid memory address or nil pointer dereference");
    });
  };
  url_function("externalURL", [](std::string_view url) { return std::string(url); });
  url_function("pathPrefix", path_of);
  return functions;
}

const templates::TemplateSet& rule_templates() {
  static const templates::TemplateSet kSet = [] {
    FunctionMap functions;
    add_query_functions(functions);
    add_text_functions(functions);
    add_number_functions(functions);
    // Known to the parser; bound_functions() has what is called.
    for (const char* name : {"now", "externalURL", "pathPrefix"}) functions.add(name, [] { return Value(); });
    functions.add("query", [](const std::string&) { return Value(); });
    return templates::TemplateSet(std::move(functions), templates::MissingKey::zero);
  }();
  return kSet;
}

Value expansion_data(const RuleTemplateData& data) {
  return Value::of(data_type(), List{label_map(data.labels), label_map(data.external_labels),
                                     Value(data.external_url), sample_value(data.sample)});
}

}  // namespace

Result<RuleTemplate> RuleTemplate::parse(std::string_view alert_name, std::string_view text) {
  RuleTemplate result;
  result.name_ = "__alert_" + std::string(alert_name);
  result.text_ = text;
  if (text.find("{{") == text.npos) return result;
  auto compiled = rule_templates().compile(result.name_, std::string(kPrelude) + std::string(text));
  if (!compiled) return compiled.error();
  result.compiled_ = std::move(compiled);
  return result;
}

RuleTemplate RuleTemplate::failing(std::string_view alert_name, std::string_view text, Error error) {
  RuleTemplate result;
  result.name_ = "__alert_" + std::string(alert_name);
  result.text_ = text;
  result.compiled_ = std::move(error);
  return result;
}

Result<std::string> RuleTemplate::expand(const RuleTemplateData& data) const {
  if (!compiled_) return text_;
  if (!*compiled_) return compiled_->error().wrap("error parsing template " + name_);
  const FunctionMap bound = bound_functions(data);
  auto output = (*compiled_)->execute(expansion_data(data), &bound);
  if (!output) return output.error().wrap("error executing template " + name_);
  return output;
}

std::string RuleTemplate::in_place_of(const Error& error) {
  return "<error expanding template: " + error.text + ">";
}

}  // namespace tocsin::rules
