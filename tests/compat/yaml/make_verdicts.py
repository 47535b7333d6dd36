#!/usr/bin/env python3
"""Asks the real promtool and amtool what they make of YAML oddities, and writes verdicts.txt.

    make_verdicts.py PROMTOOL AMTOOL > verdicts.txt

A case is a text and a kind. Kinds: rules (promtool check rules: go.yaml.in/yaml/v3), prometheus
(promtool check config: go.yaml.in/yaml/v2), alertmanager (amtool check-config: gopkg.in/yaml.v2).
A value case is a value that is put in the same place of a file of each kind, so it makes three cases.
"""
import os
import subprocess
import sys
import tempfile

RULES = """groups:
- name: g
  rules:
  - alert: A
    expr: vector(1)
    labels:
      k: %s
"""
PROMETHEUS = """global:
  external_labels:
    k: %s
"""
ALERTMANAGER = """route:
  receiver: r
receivers:
- name: r
  labels:
    k: %s
"""
WRAPPERS = {"rules": RULES, "prometheus": PROMETHEUS, "alertmanager": ALERTMANAGER}

VALUES = {
    "plain-word": "word",
    "plain-with-spaces": "two words",
    "empty": "",
    "tilde": "~",
    "null-word": "null",
    "null-capital": "Null",
    "yes": "yes",
    "off": "off",
    "true": "true",
    "integer": "12",
    "octal": "0o14",
    "old-octal": "014",
    "hex": "0xC",
    "underscored": "1_000",
    "float": "1.5",
    "exponent": "1e3",
    "infinity": ".inf",
    "not-a-number": ".nan",
    "sexagesimal": "1:30",
    "date": "2001-12-14",
    "timestamp": "2001-12-14t21:59:43.10-05:00",
    "version-like": "1.2.3",
    "single-quoted": "'it''s'",
    "double-quoted-escapes": '"a\\tb\\n\\x41\\u00e9\\U0001F600"',
    "double-quoted-single-quote-escape": '"a\\\'b"',
    "double-quoted-slash-escape": '"a\\/b"',
    "double-quoted-bad-escape": '"a\\qb"',
    "double-quoted-short-hex": '"\\x4"',
    "double-quoted-surrogate": '"\\ud83d"',
    "double-quoted-line-continuation": '"a\\\n         b"',
    "double-quoted-folded": '"a\n\n         b"',
    "double-quoted-folded-at-column-0": '"a\nb"',
    "single-quoted-folded-at-column-0": "'a\nb'",
    "plain-folded": "a\n        b",
    "plain-folded-less-indented": "a\n b",
    "unterminated-double": '"abc',
    "unterminated-single": "'abc",
    "text-after-quotes": "'a' b",
    "comment-after-quotes": "'a' # b",
    "comment-without-space": "a#b",
    "comment-only": "# nothing",
    "literal": "|\n        a\n        b",
    "literal-keep": "|+\n        a\n\n",
    "literal-strip": "|-\n        a\n",
    "literal-indent-indicator": "|2\n          a",
    "literal-indent-and-strip": "|2-\n          a",
    "literal-bad-indicator": "|x\n        a",
    "literal-comment": "| # c\n        a",
    "literal-less-indented-later": "|\n          a\n        b",
    "literal-tab-line": "|\n        a\n        \tb",
    "literal-empty": "|\n",
    "folded": ">\n        a\n        b",
    "folded-more-indented": ">\n        a\n          b\n        c",
    "flow-sequence": "[a, b]",
    "flow-mapping": "{a: b}",
    "unclosed-flow-sequence": "[a, b",
    "colon-space-inside": "a: b",
    "colon-at-end": "a:",
    "colon-without-space": "http://x:9090/a",
    "starts-with-at": "@a",
    "starts-with-backtick": "`a`",
    "starts-with-percent": "%a",
    "starts-with-ampersand-only": "&",
    "starts-with-star": "*a",
    "starts-with-exclamation": "!a",
    "starts-with-bang-space": "! a",
    "starts-with-question": "?a",
    "starts-with-dash": "-a",
    "dash-space": "- a",
    "starts-with-comma": ",a",
    "starts-with-bracket": "]a",
    "starts-with-brace": "}a",
    "starts-with-pipe-text": "|a",
    "starts-with-hash-quoted": "'#a'",
    "template-braces": "{{ $value }}",
    "template-braces-quoted": "'{{ $value }}'",
    "template-in-the-middle": "a {{ $value }} b",
    "tag-str": "!!str 12",
    "tag-int": "!!int 12",
    "tag-int-on-text": "!!int twelve",
    "tag-float-on-int": "!!float 12",
    "tag-bool-on-text": "!!bool maybe",
    "tag-null-on-text": "!!null a",
    "tag-binary": "!!binary aGVsbG8=",
    "tag-binary-invalid": "!!binary a*b",
    "tag-local": "!mine a",
    "tag-verbatim": "!<tag:yaml.org,2002:str> 12",
    "tag-undeclared-handle": "!e!x a",
    "tag-seq-on-scalar": "!!seq a",
    "anchor": "&a word",
    "anchor-with-dash": "&a-b word",
    "anchor-with-dot": "&a.b word",
    "anchor-on-nothing": "&a",
    "alias-unknown": "*nope",
    "tab-before-value": "\tword",
    "tab-after-value": "word\t",
    "tab-inside": "a\tb",
    "tab-before-comment": "word\t# c",
    "trailing-spaces": "word   ",
    "unicode": "h\u00e9llo \U0001F600",
    "non-breaking-space": "a\u00a0b",
    "next-line-character": "a\u0085b",
    "line-separator": "a\u2028b",
    "control-character": "a\x01b",
    "delete-character": "a\x7fb",
    "nul-character": "a\x00b",
    "byte-order-mark-inside": "a\ufeffb",
    "invalid-utf8": b"a\xffb",
    "overlong-utf8": b"a\xc0\xafb",
    "long": "x" * 5000,
}

# name, kind, text
STRUCTURES = [
    ("empty-file", "rules", ""),
    ("empty-file", "prometheus", ""),
    ("empty-file", "alertmanager", ""),
    ("only-comment", "rules", "# nothing\n"),
    ("only-comment", "prometheus", "# nothing\n"),
    ("only-document-start", "rules", "---\n"),
    ("only-document-start", "prometheus", "---\n"),
    ("null-document", "rules", "~\n"),
    ("null-document", "prometheus", "null\n"),
    ("top-is-list", "rules", "- a\n"),
    ("top-is-list", "prometheus", "- a\n"),
    ("top-is-string", "rules", "hello\n"),
    ("top-is-string", "prometheus", "hello\n"),
    ("empty-mapping", "rules", "{}\n"),
    ("empty-mapping", "prometheus", "{}\n"),
    ("null-groups", "rules", "groups:\n"),
    ("groups-is-mapping", "rules", "groups: {}\n"),
    ("groups-is-string", "rules", "groups: a\n"),
    ("groups-is-empty-string", "rules", 'groups: ""\n'),
    ("null-group", "rules", "groups:\n-\n"),
    ("null-rule", "rules", "groups:\n- name: g\n  rules:\n  -\n"),
    ("null-global", "prometheus", "global:\n"),
    ("null-scrape-configs", "prometheus", "scrape_configs:\n"),
    ("null-scrape-config", "prometheus", "scrape_configs:\n-\n"),
    ("null-receivers", "alertmanager", "route: {receiver: r}\nreceivers:\n"),
    ("null-receiver", "alertmanager", "route: {receiver: r}\nreceivers:\n- name: r\n-\n"),
    ("null-route", "alertmanager", "route:\nreceivers: [{name: r}]\n"),
    ("document-start", "rules", "---\n" + RULES % "a"),
    ("document-start-and-end", "rules", "---\n" + RULES % "a" + "...\n"),
    ("second-document", "rules", RULES % "a" + "---\n" + RULES % "b"),
    ("second-document", "prometheus", PROMETHEUS % "a" + "---\nnonsense: 1\n"),
    ("second-document-broken", "rules", RULES % "a" + "---\n{]\n"),
    ("second-document-broken", "prometheus", PROMETHEUS % "a" + "---\n{]\n"),
    ("second-document", "alertmanager", ALERTMANAGER % "a" + "---\nnonsense: 1\n"),
    ("text-after-document-end", "prometheus", PROMETHEUS % "a" + "...\nnonsense: 1\n"),
    ("yaml-directive", "rules", "%YAML 1.1\n---\n" + RULES % "a"),
    ("yaml-directive-1.2", "rules", "%YAML 1.2\n---\n" + RULES % "a"),
    ("yaml-directive-2.0", "rules", "%YAML 2.0\n---\n" + RULES % "a"),
    ("yaml-directive-twice", "rules", "%YAML 1.1\n%YAML 1.1\n---\n" + RULES % "a"),
    ("unknown-directive", "rules", "%FOO bar\n---\n" + RULES % "a"),
    ("tag-directive", "rules", "%TAG !e! tag:example.com,2000:\n---\n" + RULES % "!e!x a"),
    ("directive-without-document", "rules", "%YAML 1.1\n" + RULES % "a"),
    ("crlf", "rules", (RULES % "a").replace("\n", "\r\n")),
    ("crlf", "prometheus", (PROMETHEUS % "a").replace("\n", "\r\n")),
    ("crlf", "alertmanager", (ALERTMANAGER % "a").replace("\n", "\r\n")),
    ("cr-only", "rules", (RULES % "a").replace("\n", "\r")),
    ("byte-order-mark", "rules", "\ufeff" + RULES % "a"),
    ("byte-order-mark", "prometheus", "\ufeff" + PROMETHEUS % "a"),
    ("byte-order-mark", "alertmanager", "\ufeff" + ALERTMANAGER % "a"),
    ("utf-16-le", "prometheus", b"\xff\xfe" + (PROMETHEUS % "a").encode("utf-16-le")),
    ("utf-16-be", "rules", b"\xfe\xff" + (RULES % "a").encode("utf-16-be")),
    ("no-final-newline", "rules", (RULES % "a").rstrip("\n")),
    ("tab-indent", "rules", "groups:\n- name: g\n\trules: []\n"),
    ("tab-indent", "prometheus", "global:\n\tscrape_interval: 1m\n"),
    ("tab-only-line", "rules", "groups:\n\t\n- name: g\n"),
    ("tab-after-dash", "rules", "groups:\n-\tname: g\n"),
    ("tab-after-dash", "prometheus", "rule_files:\n-\ta.yml\n"),
    ("tab-after-colon", "rules", "groups:\n- name:\tg\n"),
    ("tab-after-key", "rules", "groups\t:\n- name: g\n"),
    ("tab-in-flow", "rules", "groups: [\n\t{name: g}\n]\n"),
    ("space-before-colon", "rules", "groups :\n- name : g\n"),
    ("dedent-too-little", "rules", "groups:\n  - name: g\n - name: h\n"),
    ("indent-too-much", "rules", "groups:\n- name: g\n    limit: 3\n"),
    ("sequence-at-key-indent", "rules", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n"),
    ("sequence-indented", "rules", "groups:\n    - name: g\n      rules:\n          - alert: A\n            expr: up\n"),
    ("key-on-dash-line", "rules", "groups:\n-   name: g\n    limit: 3\n"),
    ("nested-dash", "prometheus", "rule_files:\n- - a.yml\n"),
    ("missing-colon", "rules", "groups\n- name: g\n"),
    ("missing-space-after-colon", "rules", "groups:\n- name:g\n"),
    ("key-is-quoted", "rules", '"groups":\n- \'name\': g\n'),
    ("quoted-key-without-space", "rules", 'groups:\n- {"name":"g"}\n'),
    ("plain-key-flow-without-space", "rules", "groups:\n- {name:g}\n"),
    ("key-is-number", "rules", "groups:\n- name: g\n  labels: {1: a}\n"),
    ("key-is-null", "prometheus", "global: {external_labels: {~: a}}\n"),
    ("key-is-null", "rules", "groups: [{name: g, labels: {~: a}}]\n"),
    ("key-is-list", "rules", "groups: [{name: g, labels: {[a]: b}}]\n"),
    ("key-is-mapping", "prometheus", "global: {external_labels: {{a: b}: c}}\n"),
    ("explicit-key", "rules", "? groups\n: - name: g\n"),
    ("explicit-key-without-value", "prometheus", "? global\n"),
    ("long-key", "prometheus", "global: {external_labels: {" + "k" * 1100 + ": v}}\n"),
    ("key-over-two-lines", "rules", "groups:\n- na\n  me: g\n"),
    ("flow-trailing-comma", "prometheus", "rule_files: [a.yml, b.yml,]\n"),
    ("flow-double-comma", "prometheus", "rule_files: [a.yml,, b.yml]\n"),
    ("flow-leading-comma", "prometheus", "rule_files: [,a.yml]\n"),
    ("flow-mapping-trailing-comma", "rules", "groups: [{name: g,}]\n"),
    ("flow-mapping-without-value", "rules", "groups: [{name: g, labels}]\n"),
    ("flow-mapping-double-comma", "rules", "groups: [{name: g,, limit: 1}]\n"),
    ("flow-missing-comma", "prometheus", "rule_files: [a.yml 'b.yml']\n"),
    ("flow-pair-in-sequence", "prometheus", "rule_files: [a: b]\n"),
    ("flow-over-lines-at-column-0", "prometheus", "rule_files: [\na.yml,\nb.yml\n]\n"),
    ("flow-closing-at-column-0", "rules", "groups: [\n  {name: g}\n]\n"),
    ("flow-mismatched", "rules", "groups: [{name: g]}\n"),
    ("flow-extra-close", "rules", "groups: [{name: g}]]\n"),
    ("flow-comment", "prometheus", "rule_files: [a.yml, # first\n  b.yml]\n"),
    ("flow-dash", "prometheus", "rule_files: [- a.yml]\n"),
    ("flow-colon-in-plain", "prometheus", "scrape_configs: [{job_name: j, static_configs: [{targets: [a:9090]}]}]\n"),
    ("flow-url-in-plain", "alertmanager",
     "route: {receiver: r}\nreceivers: [{name: r, webhook_configs: [{url: http://a:1/b}]}]\n"),
    ("json", "prometheus", '{"global": {"scrape_interval": "1m"}, "rule_files": []}\n'),
    ("json-escaped-slash", "prometheus", '{"rule_files": ["a\\/b.yml"]}\n'),
    ("text-after-flow-document", "prometheus", "{global: {}} trailing\n"),
    ("duplicate-top-key", "rules", "groups: []\ngroups: []\n"),
    ("duplicate-top-key", "prometheus", "global: {}\nglobal: {}\n"),
    ("duplicate-top-key", "alertmanager", ALERTMANAGER % "a" + "route: {receiver: r}\n"),
    ("duplicate-map-key", "rules", "groups: [{name: g, labels: {a: b, a: c}}]\n"),
    ("duplicate-map-key", "prometheus", "global: {external_labels: {a: b, a: c}}\n"),
    ("duplicate-map-key-by-quotes", "prometheus", "global: {external_labels: {a: b, 'a': c}}\n"),
    ("duplicate-map-key-by-quotes", "rules", "groups: [{name: g, labels: {a: b, 'a': c}}]\n"),
    ("duplicate-numbers-differ", "rules", "groups: [{name: g, labels: {a1: b, a01: c}}]\n"),
    ("alias", "rules", "groups:\n- &g {name: g, labels: &l {a: b}}\n- {name: h, labels: *l}\n"),
    ("alias", "prometheus",
     "global: {external_labels: &l {a: b}}\nscrape_configs: [{job_name: j, static_configs: [{labels: *l}]}]\n"),
    ("alias-before-anchor", "rules", "groups:\n- {name: g, labels: *l}\n- {name: h, labels: &l {a: b}}\n"),
    ("alias-to-itself", "rules", "groups: &g\n- *g\n"),
    ("alias-to-itself", "prometheus", "rule_files: &g\n- *g\n"),
    ("alias-redefined", "rules",
     "groups:\n- {name: &n g}\n- {name: &n h}\n- {name: *n}\n"),
    ("alias-as-key", "prometheus", "global: {query_log_file: &k a, external_labels: {*k : b}}\n"),
    ("alias-with-tag", "rules", "groups:\n- {name: &n g}\n- {name: !!str *n}\n"),
    ("alias-bomb", "prometheus",
     "rule_files: &a [x,x,x,x,x,x,x,x,x]\n" +
     "".join("scrape_config_files%d: &%s [%s]\n" % (i, c, ",".join("*" + chr(ord(c) - 1) for _ in range(9)))
             for i, c in enumerate("bcdefgh"))),
    ("merge", "rules", "groups:\n- &g {name: g, limit: 1}\n- {<<: *g, name: h}\n"),
    ("merge", "prometheus",
     "scrape_configs:\n- &j {job_name: a, scrape_interval: 10s}\n- {<<: *j, job_name: b}\n"),
    ("merge-after-key", "prometheus",
     "scrape_configs:\n- &j {job_name: a, scrape_interval: 10s}\n- {job_name: b, <<: *j}\n"),
    ("merge-after-key", "rules", "groups:\n- &g {name: g, limit: 1}\n- {name: h, <<: *g}\n"),
    ("merge-list", "prometheus",
     "scrape_configs:\n- &a {job_name: a, scrape_interval: 10s}\n- &b {job_name: b, scheme: https}\n"
     "- {<<: [*a, *b], job_name: c}\n"),
    ("merge-list-not-mappings", "rules", "groups:\n- {<<: [a], name: g}\n"),
    ("merge-scalar", "rules", "groups:\n- {<<: a, name: g}\n"),
    ("merge-scalar", "prometheus", "global: {<<: a}\n"),
    ("merge-null", "rules", "groups:\n- {<<: , name: g}\n"),
    ("merge-inline-mapping", "rules", "groups:\n- {<<: {limit: 1}, name: g}\n"),
    ("merge-in-map-overridden", "rules",
     "groups:\n- {name: g, labels: &l {a: b}}\n- {name: h, labels: {<<: *l, a: c}}\n"),
    ("merge-in-map-overridden", "prometheus",
     "global: {external_labels: &l {a: b}}\n"
     "scrape_configs: [{job_name: j, static_configs: [{labels: {<<: *l, a: c}}]}]\n"),
    ("merge-in-map-added", "prometheus",
     "global: {external_labels: &l {a: b}}\n"
     "scrape_configs: [{job_name: j, static_configs: [{labels: {<<: *l, c: d}}]}]\n"),
    ("merge-map-of-struct-united", "prometheus",
     "scrape_configs:\n- {job_name: j, static_configs: [&s {labels: {a: b}}, {<<: *s, labels: {c: d}}]}\n"),
    ("merge-map-of-struct-clash", "prometheus",
     "scrape_configs:\n- {job_name: j, static_configs: [&s {labels: {a: b}}, {<<: *s, labels: {a: d}}]}\n"),
    ("merge-twice", "prometheus",
     "scrape_configs:\n- &a {job_name: a, scrape_interval: 10s}\n- &b {job_name: b, scheme: https}\n"
     "- {<<: *a, <<: *b, job_name: c}\n"),
    ("merge-twice", "rules",
     "groups:\n- &a {name: a, limit: 1}\n- &b {name: b, interval: 1m}\n- {<<: *a, <<: *b, name: c}\n"),
    ("merge-quoted", "rules", "groups:\n- &g {name: g}\n- {'<<': *g, name: h}\n"),
    ("merge-unknown-key", "rules", "groups:\n- {<<: {nonsense: 1}, name: g}\n"),
    ("merge-unknown-key", "prometheus", "global: {<<: {nonsense: 1}}\n"),
    ("unknown-key", "rules", "groups: [{name: g, nonsense: 1}]\n"),
    ("unknown-key", "prometheus", "nonsense: 1\n"),
    ("unknown-key", "alertmanager", ALERTMANAGER % "a" + "nonsense: 1\n"),
    ("unknown-key-null", "prometheus", "nonsense:\n"),
    ("key-in-capitals", "rules", "groups: [{Name: g}]\n"),
    ("int-octal", "rules", "groups: [{name: g, limit: 010}]\n"),
    ("int-new-octal", "rules", "groups: [{name: g, limit: 0o10}]\n"),
    ("int-hex", "rules", "groups: [{name: g, limit: 0x10}]\n"),
    ("int-binary", "rules", "groups: [{name: g, limit: 0b11}]\n"),
    ("int-underscore", "rules", "groups: [{name: g, limit: 1_000}]\n"),
    ("int-float", "rules", "groups: [{name: g, limit: 1.9}]\n"),
    ("int-exponent", "rules", "groups: [{name: g, limit: 1e2}]\n"),
    ("int-plus", "rules", "groups: [{name: g, limit: +5}]\n"),
    ("int-negative", "rules", "groups: [{name: g, limit: -5}]\n"),
    ("int-quoted", "rules", "groups: [{name: g, limit: '5'}]\n"),
    ("int-bool", "rules", "groups: [{name: g, limit: true}]\n"),
    ("int-null", "rules", "groups: [{name: g, limit: ~}]\n"),
    ("int-too-large", "rules", "groups: [{name: g, limit: 99999999999999999999}]\n"),
    ("int-list", "rules", "groups: [{name: g, limit: [1]}]\n"),
    ("int-bad-octal", "rules", "groups: [{name: g, limit: 089}]\n"),
    ("int-sexagesimal", "rules", "groups: [{name: g, limit: 1:30}]\n"),
    ("uint-negative", "prometheus", "global: {sample_limit: -1}\n"),
    ("uint-float", "prometheus", "global: {sample_limit: 1.5}\n"),
    ("uint-large", "prometheus", "global: {sample_limit: 18446744073709551615}\n"),
    ("uint-too-large", "prometheus", "global: {sample_limit: 18446744073709551616}\n"),
    ("uint-quoted", "prometheus", "global: {sample_limit: '1'}\n"),
    ("uint-underscore-hex", "prometheus", "global: {sample_limit: 0x_ff}\n"),
    ("bool-yes", "prometheus", "scrape_configs: [{job_name: j, honor_labels: yes}]\n"),
    ("bool-y", "prometheus", "scrape_configs: [{job_name: j, honor_labels: y}]\n"),
    ("bool-on", "prometheus", "scrape_configs: [{job_name: j, honor_labels: on}]\n"),
    ("bool-capital", "prometheus", "scrape_configs: [{job_name: j, honor_labels: TRUE}]\n"),
    ("bool-mixed-case", "prometheus", "scrape_configs: [{job_name: j, honor_labels: tRue}]\n"),
    ("bool-quoted", "prometheus", "scrape_configs: [{job_name: j, honor_labels: 'true'}]\n"),
    ("bool-quoted-yes", "prometheus", "scrape_configs: [{job_name: j, honor_labels: 'yes'}]\n"),
    ("bool-one", "prometheus", "scrape_configs: [{job_name: j, honor_labels: 1}]\n"),
    ("bool-null", "prometheus", "scrape_configs: [{job_name: j, honor_labels: }]\n"),
    ("bool-yes", "alertmanager", "route: {receiver: r, continue: no}\nreceivers: [{name: r}]\n"),
    ("duration-number", "prometheus", "global: {scrape_interval: 15}\n"),
    ("duration-zero", "prometheus", "global: {scrape_interval: 0}\n"),
    ("duration-null", "prometheus", "global: {scrape_interval: }\n"),
    ("duration-fraction", "prometheus", "global: {scrape_interval: 1.5m}\n"),
    ("duration-spaces", "prometheus", "global: {scrape_interval: 1 m}\n"),
    ("duration-order", "prometheus", "global: {scrape_interval: 1s1m}\n"),
    ("duration-compound", "prometheus", "global: {scrape_interval: 1m30s}\n"),
    ("duration-list", "prometheus", "global: {scrape_interval: [1m]}\n"),
    ("duration-empty-string", "prometheus", "global: {scrape_interval: ''}\n"),
    ("duration-number", "rules", "groups: [{name: g, interval: 15}]\n"),
    ("duration-empty-string", "rules", "groups: [{name: g, interval: ''}]\n"),
    ("duration-negative", "rules", "groups: [{name: g, interval: -5m}]\n"),
    ("string-number", "rules", "groups: [{name: 1}]\n"),
    ("string-list", "rules", "groups: [{name: [a]}]\n"),
    ("string-mapping", "prometheus", "global: {query_log_file: {a: b}}\n"),
    ("list-scalar", "prometheus", "rule_files: a.yml\n"),
    ("list-null-element", "prometheus", "rule_files: [~]\n"),
    ("list-of-mappings-for-strings", "prometheus", "rule_files: [{a: b}]\n"),
    ("list-empty-string", "prometheus", "rule_files: ''\n"),
    ("map-scalar", "prometheus", "global: {external_labels: a}\n"),
    ("map-list", "prometheus", "global: {external_labels: [a]}\n"),
    ("map-null", "prometheus", "global: {external_labels: }\n"),
    ("map-null-value", "prometheus", "global: {external_labels: {a: }}\n"),
    ("map-list-value", "prometheus", "global: {external_labels: {a: [b]}}\n"),
    ("struct-list", "prometheus", "global: [a]\n"),
    ("struct-scalar", "prometheus", "global: a\n"),
    ("struct-empty-string", "prometheus", "global: ''\n"),
    ("deep-flow", "prometheus", "rule_files: " + "[" * 150 + "]" * 150 + "\n"),
    ("expr-number", "rules", "groups: [{name: g, rules: [{alert: A, expr: 1}]}]\n"),
    ("expr-bool", "rules", "groups: [{name: g, rules: [{alert: A, expr: true}]}]\n"),
    ("expr-null", "rules", "groups: [{name: g, rules: [{alert: A, expr: ~}]}]\n"),
    ("expr-list", "rules", "groups: [{name: g, rules: [{alert: A, expr: [up]}]}]\n"),
    ("expr-literal", "rules", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |\n      up\n        == 0\n"),
    ("expr-folded-with-comment", "rules",
     "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: >\n      up # c\n      == 0\n"),
    ("expr-with-colon-space", "rules", 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up{a="b: c"}\n'),
    ("expr-with-hash", "rules", 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up{a="b #c"} == 0\n'),
    ("expr-starts-with-brace", "rules", 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {__name__="up"}\n'),
    ("expr-starts-with-quote", "rules", 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: "up" == 0\n'),
    ("alert-number", "rules", "groups: [{name: g, rules: [{alert: 1, expr: up}]}]\n"),
    ("alert-null", "rules", "groups: [{name: g, rules: [{alert: ~, expr: up}]}]\n"),
    ("for-zero", "rules", "groups: [{name: g, rules: [{alert: A, expr: up, for: 0}]}]\n"),
    ("for-null", "rules", "groups: [{name: g, rules: [{alert: A, expr: up, for: }]}]\n"),
    ("labels-null", "rules", "groups: [{name: g, rules: [{alert: A, expr: up, labels: }]}]\n"),
    ("labels-list", "rules", "groups: [{name: g, rules: [{alert: A, expr: up, labels: [a]}]}]\n"),
    ("label-number", "rules", "groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: 1.50}}]}]\n"),
    ("label-null", "rules", "groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: }}]}]\n"),
    ("annotations-nested", "rules", "groups: [{name: g, rules: [{alert: A, expr: up, annotations: {a: {b: c}}}]}]\n"),
]

COMMANDS = {
    "rules": lambda promtool, amtool, path: [promtool, "check", "rules", path],
    "prometheus": lambda promtool, amtool, path: [promtool, "check", "config", path],
    "alertmanager": lambda promtool, amtool, path: [amtool, "check-config", path],
}
NAMES = {"rules": "rules.yml", "prometheus": "prometheus.yml", "alertmanager": "alertmanager.yml"}


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def wrap(kind, value):
    before, after = WRAPPERS[kind].split("%s")
    return as_bytes(before) + as_bytes(value) + as_bytes(after)


def cases():
    for name, value in VALUES.items():
        for kind in WRAPPERS:
            yield "value-" + name, kind, wrap(kind, value)
    for name, kind, text in STRUCTURES:
        yield name, kind, as_bytes(text)


def ask(promtool, amtool, kind, text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, NAMES[kind])
        with open(path, "wb") as file:
            file.write(text)
        for extra in ("a.yml", "b.yml"):
            with open(os.path.join(folder, extra), "w") as file:
                file.write("groups: []\n")
        run = subprocess.run(COMMANDS[kind](promtool, amtool, path), capture_output=True)
        output = (run.stdout + run.stderr).decode("utf-8", "replace").replace(folder + "/", "")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = next((line for line in lines if not line.startswith(("Checking", "time="))), "")
    said = "".join(c if c.isprintable() else "?" for c in said)
    return ("accept" if run.returncode == 0 else "reject"), said[:160]


def escape(text):
    out = []
    for byte in text:
        if byte == 0x5C:
            out.append("\\\\")
        elif byte == 0x0A:
            out.append("\\n\n|")
        elif 0x20 <= byte < 0x7F:
            out.append(chr(byte))
        else:
            out.append("\\x%02x" % byte)
    lines = "|" + "".join(out)
    return lines[:-2] if lines.endswith("\n|") else lines


def main():
    promtool, amtool = sys.argv[1:3]
    print("# Made by make_verdicts.py; see README.md. Each case: name, kind, verdict, what the program said, text.")
    for name, kind, text in cases():
        verdict, said = ask(promtool, amtool, kind, text)
        print(f"\n= {name} {kind} {verdict}\n# {said}\n{escape(text)}")


main()
