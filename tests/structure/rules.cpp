#include "tests/structure/rules.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace tocsin::structure {
namespace {

// Lower folders first. A folder may include those that it lists, and what these may include.
struct Folder {
  std::string_view name;
  std::vector<std::string_view> may_include;
};

const std::vector<Folder>& folders() {
  static const std::vector<Folder> kFolders = {
      {"promql", {}},
      {"rules/yaml", {"promql"}},
      {"rules/template", {"promql"}},
      {"rules", {"rules/yaml", "rules/template"}},
      {"notifiers", {"rules"}},
      {"engine/config", {"notifiers"}},
      {"engine/store", {"engine/config"}},
      {"engine/scrape", {"engine/config"}},
      {"engine/dispatch", {"engine/config"}},
      {"engine/lint", {"engine/config"}},
      {"engine/api", {"engine/config"}},
      {"engine/core", {"engine/store", "engine/scrape", "engine/dispatch", "engine/lint", "engine/api"}},
      {"engine/testing", {"engine/core"}},
      {"engine/web", {"engine/api"}},
      {"engine/shell", {"engine/core", "engine/web"}},
      {"engine/cli", {"engine/shell", "engine/testing"}},
      {"examples", {"engine/cli"}},
      {"tests", {"engine/cli", "examples"}},
  };
  return kFolders;
}

const Folder* find_folder(std::string_view name) {
  const auto found = std::find_if(folders().begin(), folders().end(),
                                  [&](const Folder& folder) { return folder.name == name; });
  return found == folders().end() ? nullptr : &*found;
}

bool may_include(std::string_view from, std::string_view to) {
  if (from == to) return true;
  const Folder* const folder = find_folder(from);
  if (!folder) return false;
  return std::any_of(folder->may_include.begin(), folder->may_include.end(),
                     [&](std::string_view next) { return may_include(next, to); });
}

bool is_pure(std::string_view folder) {
  return folder != "engine/shell" && folder != "engine/cli" && folder != "engine/web" &&
         folder != "examples" && folder != "tests";
}

std::string at(const Source& source, std::size_t line, std::string_view text) {
  return source.path + ":" + std::to_string(line) + ": " + std::string(text);
}

std::string not_used(std::string_view what, std::string_view instead) {
  return std::string(what) + " is not used here, use " + std::string(instead);
}

// Calls `f` with each line and its number, from 1.
template <class F>
void for_each_line(std::string_view text, F f) {
  std::size_t number = 1;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    f(text.substr(0, end), number++);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// The name that a line includes, with its quotes or brackets; "" if it includes nothing.
std::string_view included(std::string_view line) {
  constexpr std::string_view kWord = "#include ";
  if (!line.starts_with(kWord)) return {};
  line.remove_prefix(kWord.size());
  const std::size_t end = line.find_last_of("\">");
  return end == std::string_view::npos ? std::string_view() : line.substr(0, end + 1);
}

struct Library {
  std::string_view header;                // its beginning
  std::vector<std::string_view> allowed;  // paths, or their beginnings
  std::string_view instead;
};

const std::vector<Library>& libraries() {
  static const std::vector<Library> kLibraries = {
      {"<boost/asio", {"engine/shell/", "examples/", "tests/io/"}, "an action that the shell performs"},
      {"<boost/beast", {"engine/shell/", "examples/", "tests/io/"}, "an action that the shell performs"},
      {"<boost/json",
       {"engine/shell/", "engine/api/", "engine/testing/", "engine/cli/", "notifiers/", "examples/",
        "tests/"},
       "rules/yaml to read, and leave JSON to api, notifiers, testing and shell"},
      {"<boost/system/result", {"promql/result.hpp"}, "promql/result.hpp"},
      {"<boost/", {}, "the standard library"},
      {"<curl/", {"engine/shell/", "tests/io/"}, "an HttpCall, which the shell performs"},
      {"<yaml-cpp/", {"rules/yaml/"}, "rules/yaml/node.hpp"},
      {"<spdlog/", {"engine/shell/", "engine/cli/"}, "a LogRecord among the actions"},
      {"<fmt/", {"promql/format"}, "promql/format.hpp"},
      {"<re2/",
       {"promql/", "rules/template/", "tests/unit/web/"},
       "promql/matcher.hpp or promql/regex_groups.hpp"},
      {"<sqlite3", {"engine/shell/", "tests/io/"}, "an action that the shell performs"},
      {"<openssl/md5", {"engine/scrape/relabel.cpp"}, "xxhash"},
      {"<openssl/", {"engine/shell/", "notifiers/", "tests/io/"}, "what shell and notifiers offer"},
      {"<crypt.h", {"engine/shell/"}, "the shell's check of passwords"},
      {"<zlib.h", {"engine/shell/", "engine/scrape/", "tests/io/"}, "an HttpCall with accept_gzip"},
      {"<snappy", {"engine/scrape/"}, "engine/scrape"},
      {"<protozero", {"engine/scrape/", "engine/core/"}, "the row codecs in engine/core/wire.hpp"},
      {"<CLI/", {"engine/cli/"}, "engine/cli"},
      {"<fast_float/", {"promql/", "rules/", "engine/"}, "std::from_chars"},
      {"<xxhash", {"promql/", "rules/", "engine/"}, "Labels::hash"},
      {"<date/", {"promql/", "engine/"}, "promql/time.hpp"},
      {"<absl/time", {"promql/", "rules/template/", "engine/dispatch/"}, "rules/template/go_time.hpp"},
      {"<absl/", {}, "the standard library"},
      {"<utf8proc", {"rules/template/"}, "rules/template/unicode.hpp"},
      {"<catch2/", {"tests/support/catch.hpp"}, "tests/support/catch.hpp"},
      {"<benchmark/", {"tests/bench/"}, "tests/bench"},
      {"<regex>", {}, "promql/matcher.hpp: std::regex has other semantics and no limits"},
      {"<iostream>",
       {"engine/cli/", "examples/", "tests/"},
       "data that the caller prints: it also runs code before main"},
  };
  return kLibraries;
}

// A word that is looked for in code, outside comments and string literals.
struct Word {
  std::string_view text;
  std::vector<std::string_view> allowed;  // paths, or their beginnings
  bool in_pure_folders_only = false;
  std::string_view instead;
};

const std::vector<Word>& words() {
  static const std::vector<std::string_view> kClocks = {"engine/shell/", "engine/cli/",   "tests/io/",
                                                        "tests/bench/",  "tests/compat/", "examples/"};
  static constexpr std::string_view kNow = "the Now that came with the step";
  static constexpr std::string_view kShell = "the shell's threads: this folder belongs to one";
  static constexpr std::string_view kWait = "a virtual clock, or wait for the event itself";
  static const std::vector<Word> kWords = {
      {"system_clock", kClocks, false, kNow},
      {"steady_clock", kClocks, false, kNow},
      {"high_resolution_clock", {}, false, kNow},
      {"clock_gettime", kClocks, false, kNow},
      {"gettimeofday", {}, false, kNow},
      {"std::time", kClocks, false, kNow},
      {"time(nullptr)", {}, false, kNow},
      {"time(NULL)", {}, false, kNow},
      {"random_device", {"engine/shell/", "engine/cli/"}, false, "a generator seeded by the options"},
      {"sleep_for", {"examples/"}, false, kWait},
      {"sleep_until", {"examples/"}, false, kWait},
      {"usleep", {}, false, kWait},
      {"nanosleep", {}, false, kWait},
      {"std::thread", {}, true, kShell},
      {"std::jthread", {}, true, kShell},
      {"std::mutex", {}, true, kShell},
      {"std::atomic", {}, true, kShell},
      {"std::condition_variable", {}, true, kShell},
      {"std::async", {}, true, kShell},
      {"std::ifstream", {}, true, "content that the caller read"},
      {"std::ofstream", {}, true, "an action that the shell performs"},
      {"fopen", {}, true, "content that the caller read"},
      {"getenv", {}, true, "what the options say"},
      {"std::cout", {"engine/cli/", "examples/", "tests/"}, false, "data that the caller prints"},
      {"std::cerr", {"engine/cli/", "examples/", "tests/"}, false, "an error as a value"},
      {"printf", {"engine/cli/", "examples/", "tests/"}, true, "data that the caller prints"},
      {"malloc", {"tests/support/allocation_counter.cpp"}, false, "values and std::unique_ptr"},
      {"const_cast", {}, true, "a reference that may be written"},
      {"TODO", {}, false, "an issue"},
      {"FIXME", {}, false, "an issue"},
  };
  return kWords;
}

bool is_word_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Whether the line has the word with nothing of a longer name around it.
bool has_word(std::string_view line, std::string_view word) {
  for (std::size_t found = line.find(word); found != std::string_view::npos;
       found = line.find(word, found + 1)) {
    const bool begins = found == 0 || !is_word_byte(line[found - 1]);
    const std::size_t end = found + word.size();
    const bool ends = end >= line.size() || !is_word_byte(line[end]) || !is_word_byte(word.back());
    if (begins && ends) return true;
  }
  return false;
}

bool is_allowed(std::string_view path, const std::vector<std::string_view>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](std::string_view prefix) { return path.starts_with(prefix); });
}

// Replaces comments and the inside of literals by blanks. A word in a comment is prose.
class CodeOnly {
 public:
  static std::string of(std::string_view text) {
    CodeOnly reader(text);
    while (reader.at_ < text.size()) reader.step();
    return std::move(reader.out_);
  }

 private:
  explicit CodeOnly(std::string_view text) : text_(text) {}

  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  void keep(std::size_t count) {
    out_ += text_.substr(at_, count);
    at_ += count;
  }
  void blank(std::size_t count) {
    for (const char c : text_.substr(at_, count)) out_ += c == '\n' ? '\n' : ' ';
    at_ += count;
  }
  void blank_through(std::string_view end) {
    const std::size_t found = rest().find(end);
    blank(found == std::string_view::npos ? rest().size() : found + end.size());
  }

  void step() {
    const std::string_view here = rest();
    if (here.starts_with("//")) return blank(std::min(here.find('\n'), here.size()));
    if (here.starts_with("/*")) return blank_through("*/");
    if (here.starts_with("R\"")) {
      const std::size_t open = here.find('(');
      if (open != std::string_view::npos)
        return blank_through(")" + std::string(here.substr(2, open - 2)) + "\"");
    }
    const bool digit_separator = here[0] == '\'' && at_ > 0 && is_word_byte(text_[at_ - 1]);
    if (here[0] == '"' || (here[0] == '\'' && !digit_separator)) return blank(literal_length(here));
    keep(1);
  }

  static std::size_t literal_length(std::string_view here) {
    for (std::size_t i = 1; i < here.size(); ++i) {
      if (here[i] == '\\') {
        ++i;
      } else if (here[i] == here[0] || here[i] == '\n') {
        return i + 1;
      }
    }
    return here.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string_view folder_of(std::string_view path) {
  // The longest name that fits: rules/yaml before rules.
  std::string_view best;
  for (const Folder& folder : folders()) {
    const bool inside =
        path.starts_with(folder.name) && path.size() > folder.name.size() && path[folder.name.size()] == '/';
    if (inside && folder.name.size() > best.size()) best = folder.name;
  }
  return best;
}

Findings check_include_direction(const Source& source) {
  Findings findings;
  const std::string_view from = folder_of(source.path);
  for_each_line(source.text, [&](std::string_view line, std::size_t number) {
    const std::string_view name = included(line);
    if (name.empty() || name[0] != '"') return;
    const std::string_view path = name.substr(1, name.size() - 2);
    const std::string_view to = folder_of(path);
    if (to.empty()) {
      findings.push_back(at(source, number, not_used(name, "a path from the repository's root")));
    } else if (!may_include(from, to)) {
      findings.push_back(at(source, number,
                            not_used(name, "what stands below " + std::string(from) +
                                               ", or let a folder above bring the two together")));
    }
  });
  return findings;
}

Findings check_libraries(const Source& source) {
  Findings findings;
  for_each_line(source.text, [&](std::string_view line, std::size_t number) {
    const std::string_view name = included(line);
    for (const Library& library : libraries()) {
      if (!name.starts_with(library.header)) continue;
      if (!is_allowed(source.path, library.allowed))
        findings.push_back(at(source, number, not_used(name, library.instead)));
      return;  // the first that fits decides
    }
  });
  return findings;
}

Findings check_words(const Source& source) {
  Findings findings;
  const std::string code = CodeOnly::of(source.text);
  const bool pure = is_pure(folder_of(source.path));
  for_each_line(code, [&](std::string_view line, std::size_t number) {
    for (const Word& word : words()) {
      if (word.in_pure_folders_only && !pure) continue;
      if (has_word(line, word.text) && !is_allowed(source.path, word.allowed))
        findings.push_back(at(source, number, not_used(word.text, word.instead)));
    }
  });
  // What is left to do is not code: it is looked for in comments.
  for_each_line(source.text, [&](std::string_view line, std::size_t number) {
    const std::size_t comment = line.find("//");
    if (comment == std::string_view::npos) return;
    for (const std::string_view word : {std::string_view("TODO"), std::string_view("FIXME")}) {
      if (has_word(line.substr(comment), word))
        findings.push_back(at(source, number, not_used(word, "an issue")));
    }
  });
  return findings;
}

Findings check_length(const Source& source) {
  constexpr std::ptrdiff_t kMost = 800;
  const std::ptrdiff_t lines = std::count(source.text.begin(), source.text.end(), '\n');
  if (lines <= kMost) return {};
  return {source.path + ": " + std::to_string(lines) + " lines are more than one thought; at most " +
          std::to_string(kMost)};
}

}  // namespace tocsin::structure
