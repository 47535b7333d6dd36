#include "notifiers/notification.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "promql/format.hpp"

namespace tocsin::notifiers {
namespace {

// Negative, zero or positive: the order by one label, in which a missing one comes last.
int compare_label(const Labels& a, const Labels& b, std::string_view name) {
  const bool in_a = a.has(name);
  const bool in_b = b.has(name);
  if (in_a != in_b) return in_a ? -1 : 1;
  return in_a ? a.get(name).compare(b.get(name)) : 0;
}

}  // namespace

// model.LabelSet.Before: fewer labels first; then the first name, of both sets' in order, that differs
// decides: the set that lacks it comes first, else the smaller value.
bool label_set_before(const Labels& a, const Labels& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    const LabelView l = *left;
    const LabelView r = *right;
    if (l.name != r.name) return r.name < l.name;
    if (l.value != r.value) return l.value < r.value;
  }
  return false;
}

bool notification_order(const Labels& a, const Labels& b) {
  if (const int order = compare_label(a, b, "job"); order != 0) return order < 0;
  if (const int order = compare_label(a, b, "instance"); order != 0) return order < 0;
  return label_set_before(a, b);
}

std::string_view to_string(NotifyReason reason) {
  switch (reason) {
    case NotifyReason::first_notification:
      return "first notification";
    case NotifyReason::new_alerts_added:
      return "new alerts added";
    case NotifyReason::some_alerts_resolved:
      return "some alerts resolved";
    case NotifyReason::all_alerts_resolved:
      return "all alerts resolved";
    case NotifyReason::repeat_interval_elapsed:
      return "repeat interval elapsed";
    case NotifyReason::unknown:
      break;
  }
  return "unknown";
}

bool Notification::firing() const {
  return std::any_of(alerts.begin(), alerts.end(),
                     [](const NotifiedAlert& alert) { return !alert.resolved; });
}

void sort_for_notification(std::vector<NotifiedAlert>& alerts) {
  std::stable_sort(alerts.begin(), alerts.end(), [](const NotifiedAlert& a, const NotifiedAlert& b) {
    return notification_order(a.labels, b.labels);
  });
}

std::string hashed_group_key(std::string_view group_key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(group_key.data()), group_key.size(), digest.data());
  std::string out;
  for (const unsigned char byte : digest) out += format("{:02x}", byte);
  return out;
}

}  // namespace tocsin::notifiers
