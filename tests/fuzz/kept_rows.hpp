// What must hold for any bytes that are found as a row of the state file: they are read or counted as
// damaged, and what was read is written and read again as the same. Shared by the fuzz target and by the unit
// tests.
#pragma once

#include <string>
#include <vector>

#include "engine/core/kept_rows.hpp"

namespace tocsin::core {

template <class Record>
std::string check_same_again(const std::vector<Record>& records, Table table,
                             std::vector<Record>& (*pick)(Decoded&)) {
  for (const Record& record : records) {
    const std::string once = encode(record);
    Decoded again = decode({{{table, record.row}, once}});
    const std::vector<Record>& found = pick(again);
    if (found.size() != 1) return "a row that was read is not read again";
    if (encode(found[0]) != once) return "a row that was read is not the same when it is read again";
  }
  return "";
}

// "" when all is well.
inline std::string check_any_row(Table table, const std::string& body) {
  Decoded decoded = decode({{{table, 3}, body}});
  const std::string wrong[] = {
      check_same_again<dispatch::KeptAlert>(
          decoded.dispatch.alerts, Table::alerts,
          [](Decoded& from) -> std::vector<dispatch::KeptAlert>& { return from.dispatch.alerts; }),
      check_same_again<dispatch::KeptGroup>(
          decoded.dispatch.groups, Table::groups,
          [](Decoded& from) -> std::vector<dispatch::KeptGroup>& { return from.dispatch.groups; }),
      check_same_again<dispatch::KeptTold>(
          decoded.dispatch.told, Table::told,
          [](Decoded& from) -> std::vector<dispatch::KeptTold>& { return from.dispatch.told; }),
      check_same_again<dispatch::KeptSend>(
          decoded.dispatch.outbox, Table::outbox,
          [](Decoded& from) -> std::vector<dispatch::KeptSend>& { return from.dispatch.outbox; }),
      check_same_again<dispatch::KeptSilence>(
          decoded.dispatch.silences, Table::silences,
          [](Decoded& from) -> std::vector<dispatch::KeptSilence>& { return from.dispatch.silences; }),
      check_same_again<KeptRuleAlert>(
          decoded.rule_alerts, Table::rule_alerts,
          [](Decoded& from) -> std::vector<KeptRuleAlert>& { return from.rule_alerts; })};
  for (const std::string& text : wrong) {
    if (!text.empty()) return text;
  }
  (void)kept_config({{{table, 3}, body}}, 1);
  return "";
}

}  // namespace tocsin::core
