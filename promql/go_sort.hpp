// Go's heap and small sorts, where their treatment of ties shows in results. After Go's container/heap and
// sort.
#pragma once

#include <algorithm>
#include <cstddef>
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

// sort.Sort. Up to twelve elements it inserts, which keeps ties in order; beyond that its order of ties is
// its own affair, and ours is stable.
template <class T, class Less>
void go_sort(std::vector<T>& values, const Less& less) {
  if (values.size() > 12) {
    std::stable_sort(values.begin(), values.end(), less);
    return;
  }
  for (std::size_t i = 1; i < values.size(); ++i) {
    for (std::size_t j = i; j > 0 && less(values[j], values[j - 1]); --j) std::swap(values[j], values[j - 1]);
  }
}

}  // namespace tocsin::promql
