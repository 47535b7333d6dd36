// "did you mean": the nearest of a list of words by edit distance.
#include <algorithm>
#include <cctype>
#include <vector>

#include "promql/format.hpp"
#include "rules/yaml/diagnostic.hpp"

namespace tocsin {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours each cost one. Case
// is passed over, so that "Labels" is at distance 0 of "labels".
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > 200) return {};  // nobody mistypes a word that long, and the work is quadratic
  std::string_view best;
  std::size_t best_distance = 0;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    // One slip in four characters may still be a typing error; more is another word.
    const std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 4);
    const bool near = distance <= allowed && distance < std::max(word.size(), candidate.size());
    // "pagerdutty" for "pagerduty-critical": a name of which one is nearly the beginning of the other.
    const std::size_t shorter = std::min(word.size(), candidate.size());
    const bool begins =
        shorter >= 4 && edit_distance(word.substr(0, shorter), candidate.substr(0, shorter)) <=
                            std::max<std::size_t>(1, shorter / 5);
    if (!near && !begins) continue;
    if (best.empty() || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view best = nearest(word, candidates);
  return best.empty() ? std::string() : format(", did you mean \"{}\"?", best);
}

}  // namespace tocsin
