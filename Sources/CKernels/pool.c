// The buffer pool: free lists by size class, one set a thread, with a shared depot behind them.
//
// A buffer freed on another thread than the one that took it would drain one list and fill the
// other, so a full list gives half of itself to the depot and an empty one takes from it.
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "CKernels.h"

enum { CLASSES = 160, LOCAL_LIMIT = 64, SMALLEST_SHIFT = 6 };

struct node { struct node *next; };
struct list { struct node *head; int count; };
struct cache { struct list lists[CLASSES]; };

static struct cache depot;
static pthread_mutex_t depot_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;
static _Thread_local struct cache *local;
static atomic_uint_fast64_t misses, total_bytes;
static _Thread_local uint64_t local_misses;
static _Thread_local int64_t local_in_use, local_peak;
static _Thread_local int storage_precision;
static _Thread_local void *current_tape, *spare_tape, *engine_workers, *current_forward, *anomaly_watch;

void *swirl_current_tape(void) { return current_tape; }
void swirl_set_current_tape(void *tape) { current_tape = tape; }
void *swirl_engine_workers(void) { return engine_workers; }
void swirl_set_engine_workers(void *pool) { engine_workers = pool; }
void *swirl_current_forward(void) { return current_forward; }
void swirl_set_current_forward(void *pass) { current_forward = pass; }
void *swirl_anomaly_watch(void) { return anomaly_watch; }
void swirl_set_anomaly_watch(void *watch) { anomaly_watch = watch; }
int swirl_storage_precision(void) { return storage_precision; }
void swirl_set_storage_precision(int type) { storage_precision = type; }
void *swirl_spare_tape(void) { return spare_tape; }
void swirl_set_spare_tape(void *tape) { spare_tape = tape; }

// Four classes a power of two: at most a quarter of a buffer is unused.
static int class_of(size_t bytes, size_t *rounded) {
  if (bytes < 64) bytes = 64;
  int shift = 63 - __builtin_clzll(bytes);
  size_t quarter = (size_t)1 << (shift - 2);
  size_t steps = (bytes - ((size_t)1 << shift) + quarter - 1) / quarter;
  *rounded = ((size_t)1 << shift) + steps * quarter;
  return (shift - SMALLEST_SHIFT) * 4 + (int)steps;
}

static int64_t bytes_of_class(int class) {
  const int shift = class / 4 + SMALLEST_SHIFT;
  return ((int64_t)1 << shift) + ((int64_t)(class % 4) << (shift - 2));
}

static void push(struct list *l, struct node *n) {
  n->next = l->head;
  l->head = n;
  l->count++;
}

static struct node *pop(struct list *l) {
  struct node *n = l->head;
  l->head = n->next;
  l->count--;
  return n;
}

static void give_back(void *pointer) {
  struct cache *cache = pointer;
  pthread_mutex_lock(&depot_lock);
  for (int i = 0; i < CLASSES; i++)
    while (cache->lists[i].head) push(&depot.lists[i], pop(&cache->lists[i]));
  pthread_mutex_unlock(&depot_lock);
  free(cache);
  local = NULL;
}

static void make_key(void) { pthread_key_create(&cache_key, give_back); }

static struct cache *local_cache(void) {
  if (__builtin_expect(local == NULL, 0)) {
    pthread_once(&cache_once, make_key);
    local = calloc(1, sizeof(struct cache));
    if (!local) abort();
    pthread_setspecific(cache_key, local);
  }
  return local;
}

void *swirl_pool_acquire(size_t bytes, int *size_class) {
  size_t rounded;
  int class = class_of(bytes, &rounded);
  *size_class = class;
  local_in_use += (int64_t)rounded;
  if (local_in_use > local_peak) local_peak = local_in_use;
  struct list *l = &local_cache()->lists[class];
  if (!l->head) {
    pthread_mutex_lock(&depot_lock);
    for (int i = 0; i < LOCAL_LIMIT / 4 && depot.lists[class].head; i++)
      push(l, pop(&depot.lists[class]));
    pthread_mutex_unlock(&depot_lock);
  }
  if (l->head) return pop(l);
  local_misses++;
  atomic_fetch_add_explicit(&misses, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&total_bytes, rounded, memory_order_relaxed);
  void *buffer = NULL;
  if (posix_memalign(&buffer, 64, rounded) != 0) abort();
  return buffer;
}

void swirl_pool_release(void *buffer, int size_class) {
  struct list *l = &local_cache()->lists[size_class];
  push(l, buffer);
  local_in_use -= bytes_of_class(size_class);
  if (l->count > LOCAL_LIMIT) {
    pthread_mutex_lock(&depot_lock);
    while (l->count > LOCAL_LIMIT / 2) push(&depot.lists[size_class], pop(l));
    pthread_mutex_unlock(&depot_lock);
  }
}

uint64_t swirl_pool_misses(void) { return atomic_load_explicit(&misses, memory_order_relaxed); }
uint64_t swirl_pool_misses_of_this_thread(void) { return local_misses; }
uint64_t swirl_pool_bytes(void) { return atomic_load_explicit(&total_bytes, memory_order_relaxed); }
int64_t swirl_pool_in_use_of_this_thread(void) { return local_in_use; }
int64_t swirl_pool_peak_of_this_thread(void) { return local_peak; }
void swirl_pool_reset_peak(void) { local_peak = local_in_use; }
