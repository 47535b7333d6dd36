// Silences over Alertmanager's API v2. Order of checks, texts and fields are upstream's.
#include <algorithm>
#include <array>

#include "engine/api/alertmanager.hpp"
#include "engine/api/answers.hpp"
#include "engine/api/body.hpp"
#include "engine/api/routes.hpp"
#include "promql/format.hpp"

namespace tocsin::api {
namespace {

namespace json = boost::json;

// ---- showing

enum class SilenceState { active, pending, expired };  // in the order in which they are listed

SilenceState silence_state(const SilenceView& silence, WallTime now) {
  if (now < silence.starts_at) return SilenceState::pending;
  return now < silence.ends_at ? SilenceState::active : SilenceState::expired;
}

std::string_view state_name(SilenceState state) {
  static constexpr std::array<std::string_view, 3> kNames = {"active", "pending", "expired"};
  return kNames[static_cast<std::size_t>(state)];
}

bool is_negative(MatchType type) {
  return type == MatchType::not_equal || type == MatchType::not_regex;
}
bool is_regex(MatchType type) {
  return type == MatchType::regex || type == MatchType::not_regex;
}

void write_silence(JsonWriter& out, const SilenceView& silence, WallTime now) {
  out.begin_object().key("id").string(silence.id);
  out.key("status").begin_object().key("state").string(state_name(silence_state(silence, now))).end_object();
  out.key("updatedAt").string(format_rfc3339_milli(silence.updated_at));
  if (!silence.annotations.empty()) out.key("annotations").texts(silence.annotations);
  out.key("comment").string(silence.comment).key("createdBy").string(silence.created_by);
  out.key("endsAt").string(format_rfc3339_milli(silence.ends_at));
  out.key("matchers").begin_array();
  if (!silence.sets.empty()) {
    for (const SilenceView::MatcherText& matcher : silence.sets.front()) {
      out.begin_object().key("isEqual").boolean(!is_negative(matcher.type));
      out.key("isRegex").boolean(is_regex(matcher.type));
      out.key("name").string(matcher.name).key("value").string(matcher.value).end_object();
    }
  }
  out.end_array().key("startsAt").string(format_rfc3339_milli(silence.starts_at)).end_object();
}

// Active ones that end next, pending ones that begin next, expired ones that ended last come first.
bool listed_before(const SilenceView& a, const SilenceView& b, WallTime now) {
  const SilenceState x = silence_state(a, now);
  const SilenceState y = silence_state(b, now);
  if (x != y) return x < y;
  if (x == SilenceState::pending) return a.starts_at < b.starts_at;
  return x == SilenceState::active ? a.ends_at < b.ends_at : a.ends_at > b.ends_at;
}

// A filter asks for silences that hold these very matchers.
bool holds_matchers(const SilenceView& silence, const std::vector<Matcher>& filter) {
  return std::any_of(silence.sets.begin(), silence.sets.end(), [&](const auto& set) {
    return std::all_of(filter.begin(), filter.end(), [&](const Matcher& wanted) {
      const SilenceView::MatcherText text{wanted.type(), wanted.name(), wanted.value()};
      return std::find(set.begin(), set.end(), text) != set.end();
    });
  });
}

Answer get_silences(const HttpRequest& request, const View& view) {
  const auto filter = parse_filter(request.parameters("filter"));
  if (!filter) return answer_bad(filter.error().text);
  const WallTime now = view.status().now;
  std::vector<SilenceView> shown;
  for (SilenceView& silence : view.silences()) {
    const bool wanted = read_flag(request, state_name(silence_state(silence, now)));
    if (wanted && holds_matchers(silence, *filter)) shown.push_back(std::move(silence));
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [now](const SilenceView& a, const SilenceView& b) { return listed_before(a, b, now); });
  JsonWriter out;
  out.begin_array();
  for (const SilenceView& silence : shown) write_silence(out, silence, now);
  out.end_array();
  return answer_json(out.take());
}

Answer get_silence(std::string_view id, const View& view) {
  const std::vector<SilenceView> silences = view.silences();
  const auto found = std::find_if(silences.begin(), silences.end(),
                                  [id](const SilenceView& silence) { return silence.id == id; });
  if (found == silences.end()) return answer_expire_silence(false);
  JsonWriter out;
  write_silence(out, *found, view.status().now);
  return answer_json(out.take());
}

// ---- reading

// Reads one body; the first thing that is wrong becomes the answer.
class SilenceReader {
 public:
  explicit SilenceReader(WallTime now) : now_(now) {}

  Answer read(const json::object& body) {
    const bool read_all = read_annotations(body) && read_text(body, "comment", command_.comment) &&
                          read_text(body, "createdBy", command_.created_by) &&
                          read_moment(body, "endsAt", command_.ends_at) && read_matchers(body) &&
                          read_moment(body, "startsAt", command_.starts_at) && read_id(body) &&
                          check_times() && check_patterns();
    if (!read_all) return *refused_;
    return std::move(command_);
  }

 private:
  bool refuse(HttpResponse response) {
    refused_ = std::move(response);
    return false;
  }
  bool unreadable(std::string_view why) { return refuse(answer_unreadable("silence", why)); }
  bool missing(std::string_view field) {
    return refuse(answer_coded(422, 602, format("{} in body is required", field)));
  }

  bool read_annotations(const json::object& body) {
    const json::value* value = body.if_contains("annotations");
    if (value == nullptr) return true;
    auto texts = read_texts(*value, "PostableSilence.annotations");
    if (!texts) return unreadable(texts.error().text);
    command_.annotations = std::move(*texts);
    return true;
  }

  bool read_text(const json::object& body, std::string_view field, std::string& out) {
    const json::value* value = body.if_contains(field);
    if (value == nullptr || value->is_null()) return missing(field);
    const auto* text = value->if_string();
    if (text == nullptr)
      return unreadable(cannot_unmarshal(*value, format("struct field .{} of type string", field)));
    out.assign(text->data(), text->size());
    return true;
  }

  bool read_moment(const json::object& body, std::string_view field, WallTime& out) {
    const json::value* value = body.if_contains(field);
    if (value == nullptr || value->is_null()) return missing(field);
    const auto time = read_time(value, field);
    if (!time) return unreadable(time.error().text);
    out = *time;
    return true;
  }

  bool read_id(const json::object& body) {
    const json::value* value = body.if_contains("id");
    return value == nullptr || value->is_null() || read_text(body, "id", command_.id);
  }

  bool read_matchers(const json::object& body) {
    const json::value* value = body.if_contains("matchers");
    if (value == nullptr || value->is_null()) return missing("matchers");
    const auto* list = value->if_array();
    if (list == nullptr)
      return unreadable(cannot_unmarshal(*value, "struct field .matchers of type models.Matchers"));
    if (list->empty()) return refuse(answer_coded(422, 612, "matchers in body should have at least 1 items"));
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!read_matcher((*list)[i], i)) return false;
    }
    return true;
  }

  bool read_matcher(const json::value& value, std::size_t index) {
    const auto* object = value.if_object();
    if (object == nullptr) return unreadable(cannot_unmarshal(value, "value of type models.Matcher"));
    const auto flag = [&](std::string_view name) -> std::optional<bool> {
      const json::value* field = object->if_contains(name);
      if (field == nullptr || !field->is_bool()) return std::nullopt;
      return field->get_bool();
    };
    const auto text = [&](std::string_view name) -> std::optional<std::string> {
      const json::value* field = object->if_contains(name);
      if (field == nullptr || !field->is_string()) return std::nullopt;
      return std::string(field->get_string().data(), field->get_string().size());
    };
    const auto regex = flag("isRegex");
    const auto name = text("name");
    const auto matched = text("value");
    if (!regex) return missing(format("matchers.{}.isRegex", index));
    if (!name) return missing(format("matchers.{}.name", index));
    if (!matched) return missing(format("matchers.{}.value", index));
    const bool equal = flag("isEqual").value_or(true);
    const MatchType type = *regex ? (equal ? MatchType::regex : MatchType::not_regex)
                                  : (equal ? MatchType::equal : MatchType::not_equal);
    command_.matchers.push_back({type, *name, *matched});
    return true;
  }

  bool check_times() {
    if (command_.starts_at >= command_.ends_at)
      return refuse(answer_bad("Failed to create silence: start time must be before end time"));
    if (command_.ends_at < now_)
      return refuse(answer_bad("Failed to create silence: end time can't be in the past"));
    return true;
  }

  bool check_patterns() {
    for (std::size_t i = 0; i < command_.matchers.size(); ++i) {
      const SilenceView::MatcherText& text = command_.matchers[i];
      const auto matcher = Matcher::make(text.type, text.name, text.value);
      if (matcher) continue;
      return refuse(answer_bad(
          format("invalid silence: invalid label matcher {} in set 0: invalid regular expression {}: {}", i,
                 go_quote(text.value), matcher.error().text)));
    }
    return true;
  }

  WallTime now_;
  SetSilenceCommand command_;
  std::optional<HttpResponse> refused_;
};

Answer post_silence(const HttpRequest& request, const View& view) {
  const Body body = read_body(request, "silence");
  if (body.refused) return *body.refused;
  const auto* object = body.document->if_object();
  if (object == nullptr) {
    return answer_unreadable("silence",
                             cannot_unmarshal(*body.document, "value of type models.PostableSilence"));
  }
  return SilenceReader(view.status().now).read(*object);
}

// 8-4-4-4-12 hexadecimal digits, as strfmt takes them; the dashes may be missing.
bool is_uuid(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_place = i == 8 || i == 13 || i == 18 || i == 23;
    if (text[i] == '-' && dash_place) continue;
    if (std::string_view("0123456789abcdefABCDEF").find(text[i]) == std::string_view::npos) return false;
    digits += text[i];
  }
  return digits.size() == 32;
}

}  // namespace

std::optional<Answer> handle_silences(std::string_view rest, const HttpRequest& request, const View& view) {
  const bool read = request.method == "GET" || request.method == "HEAD";
  if (rest == "/silences") {
    if (read) return get_silences(request, view);
    if (request.method == "POST") return post_silence(request, view);
    return answer_method(request.method, "GET,POST");
  }
  const std::string_view id = rest.substr(std::string_view("/silence/").size());
  if (id.empty() || id.find('/') != std::string_view::npos) return std::nullopt;
  if (!read && request.method != "DELETE") return answer_method(request.method, "DELETE,GET");
  if (!is_uuid(id)) {
    return answer_coded(422, 601, format("silenceID in path must be of type uuid: {}", go_quote(id)));
  }
  if (read) return get_silence(id, view);
  return ExpireSilenceCommand{std::string(id)};
}

HttpResponse answer_set_silence(const Result<std::string>& id, bool not_found) {
  if (id) {
    JsonWriter out;
    out.begin_object().key("silenceID").string(*id).end_object();
    return answer_json(out.take());
  }
  HttpResponse response = answer_bad(id.error().text);
  if (not_found) response.status = 404;
  return response;
}

HttpResponse answer_expire_silence(bool found) {
  HttpResponse response = answer_text(found ? 200 : 404, "");
  response.content_type = "application/json";
  return response;
}

}  // namespace tocsin::api
