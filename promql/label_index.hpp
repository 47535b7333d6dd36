// Dense numbers for label sets, or for parts of them, that are seen again and again: groups of an
// aggregation, signatures of a match. Internal to the evaluator.
//
// Sets are told apart by 128 bits of hash, not kept: two different ones take the same number with a
// probability of 1e-26 among a million.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "promql/labels.hpp"

namespace tocsin::promql {

class LabelIndex {
 public:
  enum class Part { all, listed, unlisted };
  struct Entry {
    std::uint32_t number;
    bool is_new;
  };

  // The number of the labels whose names are in a sorted list, or of those whose names are not.
  Entry number_of(const Labels& labels, Part part, std::span<const std::string> sorted_names);
  Entry number_of(const Labels& labels) { return number_of(labels, Part::all, {}); }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  void clear();

 private:
  struct Slot {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint32_t number = 0;
    bool used = false;
  };
  void grow();
  [[nodiscard]] Slot& slot_of(std::uint64_t low, std::uint64_t high);

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::uint32_t size_ = 0;
  std::string buffer_;
};

}  // namespace tocsin::promql
