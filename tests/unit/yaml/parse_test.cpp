#include <string>

#include "rules/yaml/node.hpp"
#include "tests/support/catch.hpp"

using namespace tocsin;
using namespace tocsin::yaml;

namespace {

std::string dump(const Node* node) {
  if (node == nullptr) return "nothing";
  switch (node->kind) {
    case NodeKind::scalar:
      return node->value;
    case NodeKind::sequence: {
      std::string out = "[";
      for (const Node* item : node->items) out += (out.size() > 1 ? " " : "") + dump(item);
      return out + "]";
    }
    case NodeKind::mapping:
      break;
  }
  std::string out = "{";
  for (const Entry& entry : node->entries) {
    out += (out.size() > 1 ? " " : "") + entry.key->value + ":" + dump(entry.value);
  }
  return out + "}";
}

struct Read {
  Document document;
  std::string errors;
};

Read read(std::string text, Dialect dialect = Dialect::v2) {
  Diagnostics diagnostics;
  Document document = parse(std::move(text), {"f.yml", dialect}, diagnostics);
  std::string errors;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    errors += std::to_string(diagnostic.position.line) + ":" + std::to_string(diagnostic.position.column) +
              ": " + diagnostic.text + "\n";
  }
  return {std::move(document), errors};
}

}  // namespace

TEST_CASE("DuplicateKeysStayWhereTheyAreAllowed") {
  Diagnostics diagnostics;
  const Document document =
      parse("a: 1\nb: {c: 1, c: 2}\na: 3\n", {.file = "f.yml", .duplicate_keys = true}, diagnostics);
  CHECK_FALSE(diagnostics.has_errors());
  CHECK(dump(document.root()) == "{a:1 b:{c:1 c:2} a:3}");
  // A merge decides who wins, and then none is left twice.
  const Document merged =
      parse("a: 1\n<<: {a: 2, b: 2}\nb: 3\nb: 4\n", {.file = "f.yml", .duplicate_keys = true}, diagnostics);
  CHECK_FALSE(diagnostics.has_errors());
  CHECK(dump(merged.root()) == "{a:2 b:4}");
}

TEST_CASE("DocumentsBecomeTrees") {
  struct Case {
    std::string name, text, expected;
  };
  const std::vector<Case> cases = {
      {"empty", "", "nothing"},
      {"comment only", "# a\n", "nothing"},
      {"document start only", "---\n", ""},
      {"mapping", "a: 1\nb: [x, y]\n", "{a:1 b:[x y]}"},
      {"nested", "a:\n  b:\n  - c: d\n", "{a:{b:[{c:d}]}}"},
      {"empty value before a key that looks like null", "a:\nnull: 1\n", "{a: null:1}"},
      {"null words keep their spelling", "a: ~\nb: Null\n", "{a:~ b:Null}"},
      {"crlf", "a: b\r\nc: |\r\n  d\r\n  e\r\n", "{a:b c:d\ne\n}"},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a: b\n",
       "{a:b}"},
      {"utf-16",
       std::string("\xFF\xFE"
                   "a\0:\0 \0\xE9\0",
                   10),
       "{a:\xC3\xA9}"},
      {"aliases share", "a: &x [1]\nb: *x\n", "{a:[1] b:[1]}"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const Read got = read(c.text);
    CHECK(got.errors.empty());
    CHECK(dump(got.document.root()) == c.expected);
  }
}

TEST_CASE("MergeKeysAreResolvedAsEachLibraryDoes") {
  struct Case {
    std::string name, text, v2, v3;
  };
  const std::vector<Case> cases = {
      {"merge first, own key wins", "x: &x {a: 1, b: 2}\ny: {<<: *x, a: 3}\n", "{a:3 b:2}", "{a:3 b:2}"},
      {"merge last: v2 overwrites, v3 does not", "x: &x {a: 1}\ny: {a: 3, <<: *x}\n", "{a:1}", "{a:3}"},
      {"list: earlier wins", "x: [&x {a: 1}, &z {a: 2, b: 2}]\ny: {<<: [*x, *z]}\n", "{a:1 b:2}",
       "{a:1 b:2}"},
      {"inline mapping", "x: 1\ny: {<<: {a: 1}, b: 2}\n", "{a:1 b:2}", "{b:2 a:1}"},
      {"quoted is a plain key", "x: 1\ny: {'<<': 1}\n", "{<<:1}", "{<<:1}"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(dump(read(c.text, Dialect::v2).document.root()->find("y")) == c.v2);
    CHECK(dump(read(c.text, Dialect::v3).document.root()->find("y")) == c.v3);
  }
}

TEST_CASE("WhatIsWrongIsSaidWithItsPlace") {
  struct Case {
    std::string name, text, expected;
  };
  const std::vector<Case> cases = {
      {"duplicate keys, all of them", "a: 1\nb: 2\na: 3\nb: 4\n",
       "3:1: key \"a\" is already used at line 1\n4:1: key \"b\" is already used at line 2\n"},
      {"duplicate key inside", "x:\n  - {é: 1, é: 2}\n", "2:12: key \"é\" is already used at line 2\n"},
      {"key is a list", "[a]: b\n", "1:1: expected a string as key, found a list\n"},
      {"merge of a text", "<<: a\n",
       "1:5: \"<<\": expected a mapping or a list of mappings to merge, found a string\n"},
      {"not utf-8", "a: b\nc: \xFF\n", "2:4: not valid UTF-8: byte 0xff\n"},
      {"overlong utf-8", "a: \xC0\xAF\n", "1:4: not valid UTF-8: byte 0xc0\n"},
      {"control character", "a: \x01\n", "1:4: control characters are not allowed, found U+0001\n"},
      {"alias into itself", "a: &x [*x]\n", "1:8: an anchor's value contains itself\n"},
      {"colon in a plain text", "a: b: c\n",
       "1:5: not valid YAML: \": \" is not allowed here; put the text in quotes if it holds a colon\n"},
      {"unclosed list", "a: [1, 2\n", "2:1: not valid YAML: expected \",\" or \"]\"\n"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(read(c.text).errors == c.expected);
  }
}

TEST_CASE("TreesThatAreTooLargeAreRefused") {
  std::string deep;
  deep.append(400, '[').append(400, ']');
  CHECK(read("a: " + deep).errors == "1:203: nested more than 200 levels deep\n");

  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 400; ++i) {
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  CHECK(read(chain).errors.find("nested more than 200 levels deep") != std::string::npos);

  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    std::string line = "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) line += (j > 0 ? "," : "") + previous;
    bomb += line + "]\n";
  }
  CHECK(read(bomb).errors.find("aliases expand to too many values") != std::string::npos);
}

TEST_CASE("TabsMayStandInsideOfValuesOnly") {
  static const std::string kRefused = "not valid YAML: a tab is not allowed in indentation, use spaces\n";
  struct Case {
    std::string name, text, errors;
  };
  const std::vector<Case> cases = {
      {"in a flow root", "[\n\t{a: 1},\n\t[\n\t]\n\t]\n", ""},
      {"in a nested flow list", "a: [1,\n\t[2],\n\t3]\n", ""},
      {"in a literal", "a: |\n  \tb\n  \tc\n", ""},
      {"in quotes", "a: 'b\n\tc'\n", ""},
      {"before a value", "a:\n \tb\n", "2:2: " + kRefused},
      {"behind a dash", "-\ta\n", "1:2: " + kRefused},
      {"behind the end of a flow list", "a: [1]\nb: [2,\n\t3]\nc:\n \td\n", "5:2: " + kRefused},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(read(c.text).errors == c.errors);
  }
}

// Each of these takes minutes where the time grows with the square of the text, the first more than a test
// has.
TEST_CASE("LargeFilesFullOfTabsAndBlanksAreRead") {
  std::string groups = "[\n";
  std::string rules;
  for (int i = 0; i < 20'000; ++i) {
    groups += "\t{\n\t\t\"targets\": [\"a:1\"],\n\t\t\"labels\": {\"b\": \"c\"}\n\t},\n";
    rules += "- record: a\n  expr: |\n    sum(\n    \tb\n    \t)\n";
  }
  CHECK(read(groups + "]\n").document.root()->items.size() == 20'000);
  CHECK(read(rules, Dialect::v3).document.root()->items.size() == 20'000);

  const std::string blanks(500'000, ' ');
  const Read wide = read("'a" + blanks + "b'");
  CHECK(wide.document.position_in(*wide.document.root(), blanks.size() + 1) == SourcePosition{1, 500'003});
}

TEST_CASE("OnlyTheFirstDocumentIsRead") {
  CHECK_FALSE(read("a: 1\n").document.has_second_document());
  CHECK_FALSE(read("---\na: 1\n...\n").document.has_second_document());
  const Read two = read("a: 1\n---\n{]\n");
  CHECK(two.errors.empty());
  CHECK(two.document.has_second_document());
  CHECK(dump(two.document.root()) == "{a:1}");
}

TEST_CASE("PositionsCountCharactersFromOne") {
  const Read got = read("a: é\nkey:\n  - {x: 'é', y: z}\n");
  const Node* root = got.document.root();
  CHECK(root->find("a")->position == SourcePosition{1, 4});
  const Node* item = root->find("key")->items.at(0);
  CHECK(item->position == SourcePosition{3, 5});
  CHECK(item->entries.at(1).key->position == SourcePosition{3, 14});
  CHECK(item->find("y")->position == SourcePosition{3, 17});
  CHECK(got.document.line(3) == "  - {x: 'é', y: z}");
  CHECK(got.document.line(9).empty());
}

// In each text "@" of the value is looked for; it stands once.
TEST_CASE("BytesOfAValueAreFoundInTheFile") {
  struct Case {
    std::string name, text;
  };
  const std::vector<Case> cases = {
      {"plain", "a: b @ c\n"},
      {"plain over lines", "a: b\n  c\n\n  d @ e\n"},
      {"plain behind a tag and an anchor", "a: !!str &x   b@\n"},
      {"single quotes", "a: 'it''s ''@'' there'\n"},
      {"single quotes over lines", "a: 'b\n   c\n\n\n   d@'\n"},
      {"double quotes", "a: \"x\\n\\u00e9\\x41\\\"@\"\n"},
      {"double quotes with an escaped break", "a: \"x\\\n     y @\"\n"},
      {"double quotes that begin a line", "a: \"x\\\n     @\"\n"},
      {"literal", "a: |\n  b\n    c @\n  d\n"},
      {"literal with empty lines", "a: |\n\n  b\n\n\n  @\n"},
      {"literal with a header comment", "a: |- # why\n      b\n      c@\n"},
      {"literal that begins with spaces", "a: |2\n     b\n   @\n"},
      {"folded", "a: >\n  b\n  c @ d\n"},
      {"folded with empty lines", "a: >-\n  b\n\n  c\n  @ d\n"},
      {"folded with more indented lines", "a: >\n  b\n    c\n  @\n"},
      {"characters of several bytes", "a: 'é€😀 @'\n"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const Read got = read(c.text);
    REQUIRE(got.errors.empty());
    const Node* node = got.document.root()->find("a");
    const std::size_t offset = node->value.find('@');
    REQUIRE(offset != std::string::npos);
    CHECK(got.document.position_in(*node, offset) == got.document.position_of(got.document.text().find('@')));
  }
}
