// Most of upstream's default templates are the same few texts under many names, so they are put together
// here: a subject, a link, and lists of alerts with or without headings in Markdown. The names, line breaks
// and spaces are upstream's interface.
#include "notifiers/default_templates.hpp"

#include <array>
#include <string_view>

#include "promql/format.hpp"

namespace tocsin::notifiers {
namespace {

constexpr std::string_view kShared = R"({{define "__alertmanager"}}Alertmanager{{end -}}
{{define "__alertmanagerURL"}}{{.ExternalURL}}/#/alerts?receiver={{.Receiver | urlquery}}{{end -}}
{{define "__subject" -}}
[{{.Status | toUpper}}{{if eq .Status "firing"}}:{{len .Alerts.Firing}}{{end}}] {{join " " .GroupLabels.SortedPairs.Values}}
{{- " "}}
{{- if gt (len .CommonLabels) (len .GroupLabels) -}}
({{with .CommonLabels.Remove .GroupLabels.Names}}{{join " " .Values}}{{end}})
{{- end}}
{{- end -}}
{{define "__description"}}{{end -}}
{{define "__text_alert_list"}}{{range .}}Labels:
{{range .Labels.SortedPairs}} - {{.Name}} = {{.Value}}
{{end}}Annotations:
{{range .Annotations.SortedPairs}} - {{.Name}} = {{.Value}}
{{end}}Source: {{.GeneratorURL}}
{{end}}{{end -}}
{{define "__text_alert_list_markdown"}}{{range .}}
Labels:
{{range .Labels.SortedPairs}}  - {{.Name}} = {{.Value}}
{{end}}
Annotations:
{{range .Annotations.SortedPairs}}  - {{.Name}} = {{.Value}}
{{end}}
Source: {{.GeneratorURL}}
{{end}}
{{end -}}
{{define "__color"}}{{if eq .Status "firing"}}danger{{else}}good{{end}}{{end -}}
{{define "__priority_of" -}}
{{$highest := "" -}}
{{range . -}}
{{$severity := index .Labels "severity" -}}
{{if eq $severity "critical"}}{{$highest = "High"}}{{break}}{{end -}}
{{if eq $severity "warning"}}{{$highest = "Medium"}}{{end -}}
{{if and (eq $severity "info") (not $highest)}}{{$highest = "Low"}}{{end -}}
{{end -}}
{{$highest -}}
{{end -}}
)";

struct Definition {
  std::string_view name;
  std::string_view body;
};

constexpr std::string_view kSubject = R"({{template "__subject" .}})";
constexpr std::string_view kName = R"({{template "__alertmanager" .}})";
constexpr std::string_view kLink = R"({{template "__alertmanagerURL" .}})";
constexpr std::string_view kColor = R"({{template "__color" .}})";
constexpr std::string_view kNothing;

constexpr auto kSimple = std::to_array<Definition>({
    {"slack.default.title", kSubject},
    {"slack.default.username", kName},
    {"slack.default.fallback",
     R"({{template "slack.default.title" .}} | {{template "slack.default.titlelink" .}})"},
    {"slack.default.callbackid", kNothing},
    {"slack.default.pretext", kNothing},
    {"slack.default.titlelink", kLink},
    {"slack.default.iconemoji", kNothing},
    {"slack.default.iconurl", kNothing},
    {"slack.default.text", kNothing},
    {"slack.default.footer", kNothing},
    {"slack.default.color", kColor},
    {"pagerduty.default.description", kSubject},
    {"pagerduty.default.client", kName},
    {"pagerduty.default.clientURL", kLink},
    {"pagerduty.default.instances", R"({{template "__text_alert_list" .}})"},
    {"opsgenie.default.message", kSubject},
    {"opsgenie.default.source", kLink},
    {"wechat.default.to_user", kNothing},
    {"wechat.default.to_party", kNothing},
    {"wechat.default.to_tag", kNothing},
    {"wechat.default.agent_id", kNothing},
    {"victorops.default.entity_display_name", kSubject},
    {"victorops.default.monitoring_tool", kName},
    {"pushover.default.title", kSubject},
    {"pushover.default.url", kLink},
    {"sns.default.subject", kSubject},
    {"discord.default.content", kNothing},
    {"discord.default.title", kSubject},
    {"msteams.default.summary", kSubject},
    {"msteams.default.title", kSubject},
    {"msteamsv2.default.title", kSubject},
    {"jira.default.summary", kSubject},
    {"rocketchat.default.title", kSubject},
    {"rocketchat.default.alias", kName},
    {"rocketchat.default.titlelink", kLink},
    {"rocketchat.default.emoji", kNothing},
    {"rocketchat.default.iconurl", kNothing},
    {"rocketchat.default.text", kNothing},
    {"mattermost.default.color", kColor},
    {"mattermost.default.username", kName},
    {"mattermost.default.title", kSubject},
    {"mattermost.default.titlelink", kLink},
    {"mattermost.default.fallback",
     R"({{template "mattermost.default.title" .}} | {{template "mattermost.default.titlelink" .}})"},
    {"email.default.subject", kSubject},
});

enum class Spacing {
  open,  // each list stands between line breaks
  tight  // the line breaks around a list go
};

// "Alerts Firing:" and "Alerts Resolved:", each with its list if there are such alerts.
std::string alert_sections(std::string_view heading, std::string_view list, Spacing spacing) {
  const bool tight = spacing == Spacing::tight;
  std::string out;
  for (const std::string_view state : {"Firing", "Resolved"}) {
    if (state == "Resolved") out += "\n";
    out += format(
        "{{{{if gt (len .Alerts.{0}) 0{1}}}}}\n{2}Alerts {0}:\n{{{{template \"{3}\" "
        ".Alerts.{0}}}}}\n{{{{{4}end}}}}",
        state, tight ? " -" : "", heading, list, tight ? "- " : "");
  }
  return out;
}

std::string define(std::string_view name, std::string_view body) {
  return format("{{{{define \"{}\"}}}}{}{{{{end -}}}}\n", name, body);
}

}  // namespace

std::string default_templates() {
  std::string out(kShared);
  for (const Definition& definition : kSimple) out += define(definition.name, definition.body);

  const std::string annotations = R"({{join " " .CommonAnnotations.SortedPairs.Values}})"
                                  "\n";
  const std::string tight = annotations + alert_sections("", "__text_alert_list", Spacing::tight);
  out += define("opsgenie.default.description", tight);
  out += define("victorops.default.state_message", tight);
  out += define("wechat.default.message",
                std::string(kSubject) + "\n" + tight + "\nAlertmanagerUrl:\n" + std::string(kLink));

  const std::string open = alert_sections("", "__text_alert_list", Spacing::open) + "\n";
  for (const std::string_view name :
       {"pushover.default.message", "sns.default.message", "webex.default.message"}) {
    out += define(name, annotations + open);
  }
  for (const std::string_view name : {"telegram.default.message", "discord.default.message"}) {
    out += define(name, "\n" + open);
  }

  const std::string markdown =
      "\n" + alert_sections("# ", "__text_alert_list_markdown", Spacing::open) + "\n";
  for (const std::string_view name : {"msteams.default.text", "msteamsv2.default.text",
                                      "jira.default.description", "mattermost.default.text"}) {
    out += define(name, markdown);
  }
  // Resolved alerts decide only where no firing one has a severity that counts.
  out += define(
      "jira.default.priority",
      "{{$known := false}}{{range .Alerts.Firing}}{{$s := index .Labels \"severity\"}}"
      "{{if or (eq $s \"critical\") (eq $s \"warning\") (eq $s \"info\")}}{{$known = true}}{{end}}{{end}}"
      "{{if $known}}{{template \"__priority_of\" .Alerts.Firing}}"
      "{{else}}{{template \"__priority_of\" .Alerts.Resolved}}{{end}}");
  return out;
}

}  // namespace tocsin::notifiers
