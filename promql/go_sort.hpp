// Go's heap and sort, whose treatment of ties shows in results. After Go's container/heap and sort.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tocsin::promql {

template <class T, class Less>
void go_heap_push(std::vector<T>& heap, T value, const Less& less) {
  heap.push_back(std::move(value));
  for (std::size_t child = heap.size() - 1; child > 0;) {
    const std::size_t parent = (child - 1) / 2;
    if (!less(heap[child], heap[parent])) return;
    std::swap(heap[child], heap[parent]);
    child = parent;
  }
}

// The first element has changed.
template <class T, class Less>
void go_heap_fix_first(std::vector<T>& heap, const Less& less) {
  for (std::size_t parent = 0;;) {
    std::size_t child = 2 * parent + 1;
    if (child >= heap.size()) return;
    if (child + 1 < heap.size() && less(heap[child + 1], heap[child])) ++child;
    if (!less(heap[child], heap[parent])) return;
    std::swap(heap[child], heap[parent]);
    parent = child;
  }
}

// sort.Sort and slices.SortFunc, whose order of ties is that of their pattern-defeating quicksort (O. Peters,
// https://arxiv.org/pdf/2106.05123.pdf, as Go has it in sort/zsortinterface.go and, the same, in
// slices/zsortanyfunc.go): one choice of pivots and swaps. The order may contradict itself.
template <class T, class Less>
class GoSort {
 public:
  GoSort(std::vector<T>& values, const Less& less) : values_(values), less_(less) {}

  void run() {
    const std::size_t size = values_.size();
    sort(0, size, static_cast<int>(std::bit_width(size)));
  }

 private:
  static constexpr std::size_t kLongestInsertion = 12;
  static constexpr std::size_t kShortestNinther = 50;

  enum class Pattern { unknown, rising, falling };
  struct Pivot {
    std::size_t at;
    Pattern pattern;
  };

  bool is_less(std::size_t a, std::size_t b) const { return less_(values_[a], values_[b]); }
  void swap(std::size_t a, std::size_t b) { std::swap(values_[a], values_[b]); }

  // Sorts [from, to). After `bad_pivots` unbalanced partitions it falls back to a heap sort.
  void sort(std::size_t from, std::size_t to, int bad_pivots) {
    bool was_balanced = true;
    bool was_partitioned = true;
    while (true) {
      const std::size_t size = to - from;
      if (size <= kLongestInsertion) return insert(from, to);
      if (bad_pivots == 0) return heap_sort(from, to);
      if (!was_balanced) {
        break_patterns(from, to);
        --bad_pivots;
      }
      Pivot pivot = choose_pivot(from, to);
      if (pivot.pattern == Pattern::falling) {
        for (std::size_t low = from, high = to - 1; low < high; ++low, --high) swap(low, high);
        pivot = {to - 1 - (pivot.at - from), Pattern::rising};
      }
      if (was_balanced && was_partitioned && pivot.pattern == Pattern::rising && insert_a_few(from, to))
        return;
      if (from > 0 && !is_less(from - 1, pivot.at)) {
        from = partition_equal(from, to, pivot.at);
        continue;
      }
      std::size_t middle = 0;
      was_partitioned = partition(from, to, pivot.at, middle);
      const std::size_t left = middle - from;
      const std::size_t right = to - middle;
      was_balanced = std::min(left, right) >= size / 8;
      if (left < right) {
        sort(from, middle, bad_pivots);
        from = middle + 1;
      } else {
        sort(middle + 1, to, bad_pivots);
        to = middle;
      }
    }
  }

  void insert(std::size_t from, std::size_t to) {
    for (std::size_t i = from + 1; i < to; ++i) {
      for (std::size_t j = i; j > from && is_less(j, j - 1); --j) swap(j, j - 1);
    }
  }

  void sift_down(std::size_t root, std::size_t size, std::size_t first) {
    while (true) {
      std::size_t child = 2 * root + 1;
      if (child >= size) return;
      if (child + 1 < size && is_less(first + child, first + child + 1)) ++child;
      if (!is_less(first + root, first + child)) return;
      swap(first + root, first + child);
      root = child;
    }
  }

  void heap_sort(std::size_t from, std::size_t to) {
    const std::size_t size = to - from;
    for (std::size_t i = (size - 1) / 2 + 1; i-- > 0;) sift_down(i, size, from);
    for (std::size_t i = size; i-- > 0;) {
      swap(from, from + i);
      sift_down(0, i, from);
    }
  }

  // Moves what is less than the pivot before it. True if nothing had to move.
  bool partition(std::size_t from, std::size_t to, std::size_t pivot, std::size_t& middle) {
    swap(from, pivot);
    std::size_t low = from + 1;
    std::size_t high = to - 1;
    bool moved = false;
    while (true) {
      while (low <= high && is_less(low, from)) ++low;
      while (low <= high && !is_less(high, from)) --high;
      if (low > high) break;
      moved = true;
      swap(low++, high--);
    }
    swap(high, from);
    middle = high;
    return !moved;
  }

  // Where nothing is less than the pivot: moves what equals it to the front, and tells where the rest begins.
  std::size_t partition_equal(std::size_t from, std::size_t to, std::size_t pivot) {
    swap(from, pivot);
    std::size_t low = from + 1;
    std::size_t high = to - 1;
    while (true) {
      while (low <= high && !is_less(from, low)) ++low;
      while (low <= high && is_less(from, high)) --high;
      if (low > high) return low;
      swap(low++, high--);
    }
  }

  // Puts up to five neighbours right; true if all is sorted then.
  bool insert_a_few(std::size_t from, std::size_t to) {
    std::size_t i = from + 1;
    for (int step = 0; step < 5; ++step) {
      while (i < to && !is_less(i, i - 1)) ++i;
      if (i == to) return true;
      if (to - from < kShortestNinther) return false;
      swap(i, i - 1);
      if (i - from >= 2) {
        for (std::size_t j = i - 1; j >= 1 && is_less(j, j - 1); --j) swap(j, j - 1);
      }
      if (to - i >= 2) {
        for (std::size_t j = i + 1; j < to && is_less(j, j - 1); ++j) swap(j, j - 1);
      }
    }
    return false;
  }

  void break_patterns(std::size_t from, std::size_t to) {
    const std::size_t size = to - from;
    std::uint64_t random = size;
    const std::size_t mask = (std::size_t{1} << std::bit_width(size)) - 1;
    const std::size_t first = from + size / 4 * 2 - 1;
    for (std::size_t at = first; at < first + 3; ++at) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      std::size_t other = random & mask;
      if (other >= size) other -= size;
      swap(at, from + other);
    }
  }

  // The median of three, or of three medians. How many pairs stood the wrong way round tells the pattern.
  Pivot choose_pivot(std::size_t from, std::size_t to) const {
    const std::size_t size = to - from;
    int swaps = 0;
    std::size_t low = from + size / 4;
    std::size_t middle = from + size / 4 * 2;
    std::size_t high = from + size / 4 * 3;
    if (size >= kShortestNinther) {
      low = median(low - 1, low, low + 1, swaps);
      middle = median(middle - 1, middle, middle + 1, swaps);
      high = median(high - 1, high, high + 1, swaps);
    }
    middle = median(low, middle, high, swaps);
    constexpr int kAllSwapped = 12;
    return {middle,
            swaps == 0 ? Pattern::rising : (swaps == kAllSwapped ? Pattern::falling : Pattern::unknown)};
  }

  std::size_t median(std::size_t a, std::size_t b, std::size_t c, int& swaps) const {
    const auto order = [&](std::size_t& left, std::size_t& right) {
      if (!is_less(right, left)) return;
      ++swaps;
      std::swap(left, right);
    };
    order(a, b);
    order(b, c);
    order(a, b);
    return b;
  }

  std::vector<T>& values_;
  const Less& less_;
};

template <class T, class Less>
void go_sort(std::vector<T>& values, const Less& less) {
  GoSort<T, Less>(values, less).run();
}

}  // namespace tocsin::promql
