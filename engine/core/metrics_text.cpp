#include "engine/core/metrics_text.hpp"

#include "promql/value.hpp"

namespace tocsin::core {
namespace {

std::string_view name_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return "counter";
    case MetricKind::gauge:
      return "gauge";
    case MetricKind::summary:
      return "summary";
    case MetricKind::histogram:
      return "histogram";
  }
  return "untyped";
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
}

}  // namespace

MetricsText& MetricsText::family(std::string_view name, MetricKind kind, std::string_view help) {
  name_ = name;
  out_.append("# HELP ").append(name).append(" ").append(help);
  out_.append("\n# TYPE ").append(name).append(" ").append(name_of(kind)).append("\n");
  return *this;
}

MetricsText& MetricsText::sample(double value, Pairs labels) {
  return suffixed("", value, labels);
}

MetricsText& MetricsText::suffixed(std::string_view suffix, double value, Pairs labels) {
  out_.append(name_).append(suffix);
  char separator = '{';
  for (const auto& [name, text] : labels) {
    out_ += separator;
    out_.append(name).append("=\"");
    append_escaped(out_, text);
    out_ += '"';
    separator = ',';
  }
  if (separator == ',') out_ += '}';
  out_.append(" ").append(promql::format_float_go(value)).append("\n");
  return *this;
}

MetricsText& MetricsText::counter(std::string_view name, std::string_view help, double value) {
  return family(name, MetricKind::counter, help).sample(value);
}

MetricsText& MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  return family(name, MetricKind::gauge, help).sample(value);
}

}  // namespace tocsin::core
