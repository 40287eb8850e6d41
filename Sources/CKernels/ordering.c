// Orders of numbers. A number becomes an unsigned key whose order is the number's (−0 as 0, NaN above
// all); equal keys keep the order of their positions.
#include <string.h>

#include "CKernels.h"

static uint32_t key(float x) {
  uint32_t bits;
  x = x + 0.0f;  // −0 becomes 0
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return 0xffffffffu;
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

void swirl_extreme_positions(long rows, long n, const float *x, int smallest, int32_t *positions) {
  for (long r = 0; r < rows; r++, x += n) {
    float best;
    swirl_active->reduce(smallest ? SWIRL_MIN : SWIRL_MAX, 1, n, 1, x, &best);
    long at = 0;
    if (best != best)
      while (x[at] == x[at]) at++;
    else
      while (x[at] != best) at++;
    positions[r] = (int32_t)at;
  }
}

struct entry {
  uint32_t key;
  int32_t position;
};

static void insertion_sort(long n, struct entry *entries) {
  for (long i = 1; i < n; i++) {
    const struct entry next = entries[i];
    long j = i;
    for (; j > 0 && entries[j - 1].key > next.key; j--) entries[j] = entries[j - 1];
    entries[j] = next;
  }
}

// Sorts by four digits of 8 bits, the lowest first; a digit that all share takes no pass.
static struct entry *radix_sort(long n, struct entry *from, struct entry *to) {
  uint32_t counts[4][256] = {{0}};
  for (long i = 0; i < n; i++)
    for (int digit = 0; digit < 4; digit++) counts[digit][from[i].key >> 8 * digit & 255]++;
  for (int digit = 0; digit < 4; digit++) {
    uint32_t *count = counts[digit], start = 0;
    if (count[from[0].key >> 8 * digit & 255] == n) continue;
    for (int value = 0; value < 256; value++) {
      const uint32_t next = start + count[value];
      count[value] = start;
      start = next;
    }
    for (long i = 0; i < n; i++) to[count[from[i].key >> 8 * digit & 255]++] = from[i];
    struct entry *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

void swirl_sort_row(long n, const float *x, int descending, int32_t *order, void *scratch) {
  struct entry *entries = scratch;
  const uint32_t flip = descending ? 0xffffffffu : 0;
  for (long i = 0; i < n; i++) entries[i] = (struct entry){key(x[i]) ^ flip, (int32_t)i};
  if (n <= 48) insertion_sort(n, entries);
  else entries = radix_sort(n, entries, entries + n);
  for (long i = 0; i < n; i++) order[i] = entries[i].position;
}

// A heap whose root is the entry that leaves first: the worst key, the last position of equals.
static int leaves_before(struct entry a, struct entry b) {
  return a.key != b.key ? a.key > b.key : a.position > b.position;
}

static void sink(struct entry *heap, long n, long i) {
  const struct entry moved = heap[i];
  for (;;) {
    long child = 2 * i + 1;
    if (child >= n) break;
    if (child + 1 < n && leaves_before(heap[child + 1], heap[child])) child++;
    if (!leaves_before(heap[child], moved)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moved;
}

void swirl_top_row(long n, long k, const float *x, int smallest, int32_t *positions,
                   void *scratch) {
  struct entry *heap = scratch;
  const uint32_t flip = smallest ? 0 : 0xffffffffu;
  for (long i = 0; i < k; i++) heap[i] = (struct entry){key(x[i]) ^ flip, (int32_t)i};
  for (long i = k / 2 - 1; i >= 0; i--) sink(heap, k, i);
  for (long i = k; i < n && k > 0; i++) {
    const struct entry next = {key(x[i]) ^ flip, (int32_t)i};
    if (next.key >= heap[0].key) continue;
    heap[0] = next;
    sink(heap, k, 0);
  }
  // The root leaves last: the order comes out backwards.
  for (long i = k - 1; i >= 0; i--) {
    positions[i] = heap[0].position;
    heap[0] = heap[i];
    sink(heap, i, 0);
  }
}
