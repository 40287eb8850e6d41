#ifndef C_ALLOCATION_COUNTER_H
#define C_ALLOCATION_COUNTER_H

#include <stdbool.h>

/// Heap blocks that the calling thread has asked for since it began, resized ones included.
unsigned long allocations_of_this_thread(void);

/// Whether allocations are counted here: on Linux with glibc and without a sanitizer.
bool allocations_are_counted(void);

#endif
