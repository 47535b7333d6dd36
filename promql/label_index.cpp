#include "promql/label_index.hpp"

#include <xxhash.h>

namespace tocsin::promql {
namespace {

void append_sized(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(size >> shift));
  out.append(text);
}

}  // namespace

LabelIndex::Entry LabelIndex::number_of(const Labels& labels, Part part,
                                        std::span<const std::string> sorted_names) {
  buffer_.clear();
  auto name = sorted_names.begin();
  for (const LabelView label : labels) {
    while (name != sorted_names.end() && *name < label.name) ++name;
    const bool listed = name != sorted_names.end() && *name == label.name;
    if (part != Part::all && listed != (part == Part::listed)) continue;
    append_sized(buffer_, label.name);
    append_sized(buffer_, label.value);
  }
  const XXH128_hash_t hash = XXH3_128bits(buffer_.data(), buffer_.size());
  if ((size_ + 1) * 2 > slots_.size()) grow();
  Slot& slot = slot_of(hash.low64, hash.high64);
  if (slot.used) return {slot.number, false};
  slot = {hash.low64, hash.high64, size_++, true};
  return {slot.number, true};
}

LabelIndex::Slot& LabelIndex::slot_of(std::uint64_t low, std::uint64_t high) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = low & mask;
  while (slots_[at].used && (slots_[at].low != low || slots_[at].high != high)) at = (at + 1) & mask;
  return slots_[at];
}

void LabelIndex::grow() {
  std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
  std::swap(old, slots_);
  for (const Slot& slot : old) {
    if (slot.used) slot_of(slot.low, slot.high) = slot;
  }
}

void LabelIndex::clear() {
  slots_.clear();
  size_ = 0;
}

}  // namespace tocsin::promql
