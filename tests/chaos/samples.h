/* What the process has of memory, threads and descriptors, and how long round trips take, once a second. */
#ifndef CHAOS_SAMPLES_H
#define CHAOS_SAMPLES_H

#include <stdint.h>

/* Into this file; NULL for none. */
void samples_begin(const char *file, int64_t total_ms);
/* One line. */
void sample(uint64_t reconnects);
/* By how many KiB memory grew from the first fifth of the time, its first tenth left out, to the last; and what it was. */
long samples_grown(long *at_first);
/* The same for the memory that is allocated by malloc; 0 where the C library does not say. */
long samples_allocated(long *at_first);
void samples_end(void);

#endif
