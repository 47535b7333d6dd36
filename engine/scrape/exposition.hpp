// The text formats that targets answer in: Prometheus text 0.0.4 and 1.0.0, and OpenMetrics text 0.0.1 and
// 1.0.0. What upstream's parser (model/textparse) takes or refuses, these take or refuse, in its words.
//
// A parser walks one page entry by entry and borrows the page. Everything it hands out as a view lives as
// long as the page. It belongs to one thread; it has no state outside itself.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/labels.hpp"
#include "promql/result.hpp"
#include "promql/time.hpp"

namespace tocsin::scrape {

enum class Format { text, open_metrics };

enum class MetricType : std::uint8_t {
  unknown,
  counter,
  gauge,
  histogram,
  gauge_histogram,
  summary,
  info,
  stateset
};
[[nodiscard]] std::string_view to_string(MetricType type);  // "counter", "gaugehistogram"

enum class EntryKind {
  end,     // the page is over
  series,  // one sample
  type,
  help,
  unit,
  comment
};

// What the labels of a line came to. A page that gives a label twice is refused when it is appended, unless
// relabelling drops that label, so the name is carried along.
struct ParsedLabels {
  Labels labels;
  std::string repeated_name;  // "" as it should be
  // Labels given with an empty value are no labels, but with honor_labels they keep the target's away.
  std::vector<std::string> empty_names;
};

class ExpositionParser {
 public:
  explicit ExpositionParser(std::string_view page) : page_(page) {}
  ExpositionParser(const ExpositionParser&) = delete;
  ExpositionParser& operator=(const ExpositionParser&) = delete;
  virtual ~ExpositionParser() = default;

  // Reads one entry. After an error the parser is of no more use. The error has upstream's text, with the
  // piece of the page it is about: expected value after metric, got "\n" ("INVALID") while parsing: "a\n".
  [[nodiscard]] virtual Result<EntryKind> next() = 0;

  // Where the next line starts. A caller that knows the line already may go past it: `position` must be the
  // start of a line.
  [[nodiscard]] std::size_t position() const { return at_; }
  void continue_at(std::size_t position) { at_ = position; }
  [[nodiscard]] std::string_view page() const { return page_; }

  // The entry as it is written, its line break included where that was read.
  [[nodiscard]] std::string_view entry() const { return page_.substr(start_, at_ - start_); }

  // After EntryKind::series. The series as it is written, name and braces: what names it in the memory of a
  // target (series_memory.hpp).
  [[nodiscard]] std::string_view series() const { return page_.substr(start_, series_end_ - start_); }
  [[nodiscard]] double value() const { return value_; }
  [[nodiscard]] std::optional<Timestamp> timestamp() const { return timestamp_; }
  // With escapes resolved, and `le` and `quantile` of histograms and summaries in the form that OpenMetrics
  // gives floats ("1" becomes "1.0"), as every series in Prometheus 3 has them.
  [[nodiscard]] ParsedLabels labels() const;

  // After type, help and unit.
  [[nodiscard]] std::string_view family() const;
  [[nodiscard]] virtual std::string help() const = 0;
  [[nodiscard]] std::string_view unit() const { return text_; }

  // The type that the lines to come are of: the last one that was read, or set.
  [[nodiscard]] MetricType type() const { return type_; }
  void set_type(MetricType type) { type_ = type; }

 protected:
  // [start, end) in the page.
  struct Range {
    std::size_t start = 0;
    std::size_t end = 0;
  };
  struct LabelRange {
    Range name;
    Range value;
  };

  [[nodiscard]] std::string_view text_of(Range range) const {
    return page_.substr(range.start, range.end - range.start);
  }

  std::string_view page_;
  std::size_t at_ = 0;          // next byte
  std::size_t start_ = 0;       // of the entry
  std::size_t series_end_ = 0;  // of the series of the entry
  std::optional<Range> name_;   // of the metric or the family
  std::vector<LabelRange> label_ranges_;
  std::string_view text_;  // of help and unit
  MetricType type_ = MetricType::unknown;
  double value_ = 0;
  std::optional<Timestamp> timestamp_;
};

// REQUIRES: a text page ends with a newline of the caller's own adding, as upstream adds one.
[[nodiscard]] std::unique_ptr<ExpositionParser> make_parser(Format format, std::string_view page);

// Go's strconv.ParseFloat without the forms that came with Go 1.13 ("0x1p2", "1_000"), and its error:
// strconv.ParseFloat: parsing "1x": invalid syntax.
[[nodiscard]] Result<double> parse_sample_value(std::string_view text);

// A float as OpenMetrics writes it: "1.0", "0.25", "+Inf".
[[nodiscard]] std::string format_open_metrics_float(double value);

}  // namespace tocsin::scrape
