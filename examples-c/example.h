/* What the examples share: the include, error reports, and waiting for something that a callback does.
 *
 * The examples use names that nats.c has as well. -DUSE_NATS_C_HEADER includes <nats/nats.h> in place of
 * <nats_rs.h>, to build them with that library, or with this one through its compat headers. */
#ifndef EXAMPLE_H_
#define EXAMPLE_H_

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef USE_NATS_C_HEADER
#include <nats/nats.h>
#else
#include <nats_rs.h>
#endif

#if defined(__GNUC__)
#define EXAMPLE_UNUSED __attribute__((unused))
#else
#define EXAMPLE_UNUSED
#endif

/* The argument at `index`, or `otherwise` when the command line is shorter. */
EXAMPLE_UNUSED static const char *textArg(int argc, char **argv, int index, const char *otherwise) {
    return index < argc ? argv[index] : otherwise;
}

/* The same for a number that is not negative. Anything else ends the program. */
EXAMPLE_UNUSED static long numberArg(int argc, char **argv, int index, long otherwise) {
    char *end = NULL;
    long value;

    if (index >= argc)
        return otherwise;
    errno = 0;
    value = strtol(argv[index], &end, 10);
    if (end == argv[index] || *end != '\0' || errno != 0 || value < 0 || value > INT32_MAX) {
        fprintf(stderr, "not a usable number: %s\n", argv[index]);
        exit(2);
    }
    return value;
}

/* Says what went wrong, with the text that the library keeps for this thread. True for NATS_OK. */
EXAMPLE_UNUSED static bool succeeded(const char *what, natsStatus s) {
    const char *text;

    if (s == NATS_OK)
        return true;
    text = nats_GetLastError(NULL);
    fprintf(stderr, "%s: %s (%s)\n", what, natsStatus_GetText(s),
            text != NULL && text[0] != '\0' ? text : "no details");
    return false;
}

/* Messages a second, also where the clock did not move. */
EXAMPLE_UNUSED static double ratePerSecond(int64_t count, int64_t nanos) {
    return nanos > 0 ? (double)count * 1e9 / (double)nanos : 0.0;
}

/* A counter that callbacks raise and main waits for. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t value;
} Counter;

EXAMPLE_UNUSED static bool counterInit(Counter *c) {
    c->value = 0;
    return pthread_mutex_init(&c->lock, NULL) == 0 && pthread_cond_init(&c->changed, NULL) == 0;
}

EXAMPLE_UNUSED static void counterDestroy(Counter *c) {
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
}

EXAMPLE_UNUSED static int64_t counterAdd(Counter *c, int64_t n) {
    int64_t now;

    pthread_mutex_lock(&c->lock);
    now = (c->value += n);
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return now;
}

EXAMPLE_UNUSED static int64_t counterGet(Counter *c) { return counterAdd(c, 0); }

/* Waits until the counter has reached `goal`, `seconds` at the longest. True where it has. */
EXAMPLE_UNUSED static bool counterWait(Counter *c, int64_t goal, int seconds) {
    struct timespec until;
    int rc = 0;
    bool reached;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&c->lock);
    while (c->value < goal && rc == 0)
        rc = pthread_cond_timedwait(&c->changed, &c->lock, &until);
    reached = c->value >= goal;
    pthread_mutex_unlock(&c->lock);
    return reached;
}

#endif
