/* The header that every test file includes: the header under test, cmocka, the checks and the
 * runner.
 *
 * Each test runs in a child process of its own, as a cmocka group of one, so that a crash, a hang or a connection
 * that a failed test left open does not affect others. The checks may only be used on the thread that runs the test:
 * callbacks record in a closure (wait.h), which the test checks. */
#ifndef NATS_RS_TEST_H
#define NATS_RS_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef TEST_AGAINST_NATS_C
#include <nats/nats.h>
#define OURS 0
#else
#include "nats_rs.h"
#define OURS 1
#endif

#ifdef __cplusplus
extern "C" {
#endif
#include <cmocka.h>

#include "wait.h"

typedef struct test_case {
    const char *name;
    void (*run)(void);
} test_case;

#define TEST(function)                                                                                       \
    { #function, function }
/* A case that forks while other threads run, and whose children have threads too. ThreadSanitizer does not support these:
 * then it is left out, and the runner says so. */
#ifdef __SANITIZE_THREAD__
#define TEST_OF_CHILDREN(function)                                                                           \
    { #function, true ? NULL : function }
#else
#define TEST_OF_CHILDREN(function) TEST(function)
#endif
#define RUN_TESTS(cases, argc, argv)                                                                         \
    run_cases(__FILE__, (cases), (int)(sizeof(cases) / sizeof((cases)[0])), (argc), (argv))

/* Runs the cases whose names contain one of the arguments, or all; returns the exit status.
 * With TEST_NO_FORK set they run in this process (for a debugger). */
int run_cases(const char *file, const test_case *cases, int count, int argc, char **argv);

/* Ends the test as failed. Only on the test's own thread. */
void check_failed(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

void check_status(const char *file, int line, const char *text, natsStatus got, natsStatus want);
void check_int(const char *file, int line, const char *text, int64_t got, int64_t want);
void check_str(const char *file, int line, const char *text, const char *got, const char *want);
void check_contains(const char *file, int line, const char *got, const char *part);
void check_last_error(const char *file, int line, natsStatus status, const char *part);

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            check_failed(__FILE__, __LINE__, "%s", #condition);                                              \
    } while (0)
/* The call returns NATS_OK. */
#define CHECK_OK(call) check_status(__FILE__, __LINE__, #call, (call), NATS_OK)
/* The call returns this status. */
#define CHECK_STATUS(call, status) check_status(__FILE__, __LINE__, #call, (call), (status))
#define CHECK_INT(got, want) check_int(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(want))
#define CHECK_STR(got, want) check_str(__FILE__, __LINE__, #got, (got), (want))
#define CHECK_CONTAINS(got, part) check_contains(__FILE__, __LINE__, (got), (part))
/* The thread's last error has this status, and its text contains this. */
#define CHECK_ERROR(status, part) check_last_error(__FILE__, __LINE__, (status), (part))
/* The counter reaches n before the deadline. */
#define CHECK_REACHED(counter, n)                                                                            \
    do {                                                                                                     \
        if (!counter_wait((counter), (n), deadline_ms()))                                                    \
            check_failed(__FILE__, __LINE__, "%s: %" PRId64 " of %" PRId64 " when the time was over",        \
                         #counter, counter_get(counter), (int64_t)(n));                                      \
    } while (0)
/* The condition becomes true before the deadline. */
#define CHECK_SOON(condition)                                                                                \
    do {                                                                                                     \
        int64_t check_until = now_ms() + deadline_ms();                                                      \
        while (!(condition)) {                                                                               \
            if (now_ms() > check_until)                                                                      \
                check_failed(__FILE__, __LINE__, "never: %s", #condition);                                   \
            poll_pause();                                                                                    \
        }                                                                                                    \
    } while (0)

/* Options for a test: this URL, no jitter, a short reconnect wait, quiet error handler. */
natsOptions *test_options(const char *url);
/* A connection with these options, which are destroyed; fails the test if connecting fails. */
natsConnection *test_connect(natsOptions *opts);
/* The same with only a URL. */
natsConnection *test_connect_url(const char *url);
/* A message whose payload is this text. */
natsMsg *test_msg(const char *subject, const char *reply, const char *text);
/* The next message of a sync subscription; fails the test if none comes. */
natsMsg *test_next(natsSubscription *sub);
/* Takes the next message and compares its payload. */
void test_expect_next(natsSubscription *sub, const char *text);

#ifdef __cplusplus
}
#endif
#endif
