/* What this process has of memory, for tests that bound it.
 *
 * Valgrind and AddressSanitizer allocate in place of the C library and keep what was released: under them the figures say
 * nothing, and memory_counts is false. */
#ifndef NATS_RS_TEST_MEMORY_H
#define NATS_RS_TEST_MEMORY_H

#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Do the figures say anything? Says in the output if they do not. */
bool memory_counts(void);
/* Resident bytes. */
int64_t memory_resident(void);
/* Bytes that the allocator has given out, in all threads. */
int64_t memory_given_out(void);
/* The least that is given out within a moment, which ends when it is no more than enough: what other threads are in the
 * middle of, and what is released a moment after the last message, is no leak. */
int64_t memory_settled(int64_t enough, int64_t within_ms);
/* What each thread keeps of its freed memory for itself counts as given out, up to 200 KiB a thread: begins anew in a
 * process whose threads keep nothing. For main, whose arguments these are. */
void memory_without_caches(char **argv);
/* Fails the test if a figure has grown by more than most bytes since it was before. */
void memory_check_grown(const char *file, int line, const char *what, int64_t before, int64_t now,
                        int64_t most);
#define CHECK_GROWN(what, before, now, most)                                                                 \
    memory_check_grown(__FILE__, __LINE__, (what), (before), (now), (most))

#ifdef __cplusplus
}
#endif
#endif
