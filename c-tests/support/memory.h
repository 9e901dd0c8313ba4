/* The memory of this process, for tests that limit it.
 *
 * Valgrind and the sanitizers allocate in place of the C library and keep released memory: under them the figures
 * are meaningless, and memory_counts is false; so it is with another C library than glibc. */
#ifndef NATS_RS_TEST_MEMORY_H
#define NATS_RS_TEST_MEMORY_H

#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Are the figures meaningful? Prints a message if they are not. */
bool memory_counts(void);
/* Resident bytes. */
int64_t memory_resident(void);
/* Allocated bytes in all threads. */
int64_t memory_given_out(void);
/* The smallest number of allocated bytes within a short time, which ends when the number is at most enough: memory
 * that other threads use temporarily, or that is released shortly after the last message, is not a leak. */
int64_t memory_settled(int64_t enough, int64_t within_ms);
/* Freed memory that a thread caches counts as allocated, up to 200 KiB per thread: starts the program again in a
 * process whose threads have no cache. To be called by main with its arguments. */
void memory_without_caches(char **argv);
/* Fails the test if a figure has grown by more than most bytes since before. */
void memory_check_grown(const char *file, int line, const char *what, int64_t before, int64_t now,
                        int64_t most);
#define CHECK_GROWN(what, before, now, most)                                                                 \
    memory_check_grown(__FILE__, __LINE__, (what), (before), (now), (most))

#ifdef __cplusplus
}
#endif
#endif
