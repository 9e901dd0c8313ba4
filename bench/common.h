/* Clocks, counters, a gate to wait at, and a request to the peer, for all benchmarks. For each library with this
 * interface: nats_rs.h or, with -DUSE_NATS_C, <nats/nats.h>. A program sets `url` first.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef USE_NATS_C
#include <nats/nats.h>
#define LIBRARY "nats.c"
#else
#include "nats_rs.h"
#define LIBRARY "nats_rs"
#endif

#define TIMEOUT_MS 30000

#define CHECK(call) check((call), #call)

static inline void check(natsStatus s, const char *what) {
    if (s == NATS_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", LIBRARY, what, natsStatus_GetText(s));
    exit(1);
}

static inline void fail(const char *why) {
    fprintf(stderr, "%s: %s\n", LIBRARY, why);
    exit(1);
}

/* ---- clocks and counters ---- */

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline int64_t cpu_ns(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000LL +
           (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000LL;
}

static inline long from_status(const char *key) {
    char line[256];
    long value = -1;
    size_t n = strlen(key);
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, n) == 0)
            value = strtol(line + n, NULL, 10);
    if (f != NULL)
        fclose(f);
    return value;
}
static inline long resident_bytes(void) { return from_status("VmRSS:") * 1024; }
static inline long threads(void) { return from_status("Threads:"); }

/* ---- the peer ---- */

static const char *url;

/* The bytes that the peer has received so far, requested on a separate socket. */
static inline unsigned long long peer_received(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[1024] = "", *plus = NULL;
    size_t n = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    addr.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || write(fd, "STAT\r\n", 6) != 6)
        fail("the peer cannot be asked");
    while (plus == NULL || strchr(plus, '\n') == NULL) {
        ssize_t got = read(fd, text + n, sizeof text - 1 - n);
        if (got <= 0)
            fail("the peer does not answer");
        n += (size_t)got;
        text[n] = '\0';
        plus = strstr(text, "\n+");
        if (plus != NULL)
            plus++;
    }
    close(fd);
    return strtoull(plus + 1, NULL, 10);
}

/* ---- waiting ---- */

/* Set by the last callback: the main thread sleeps meanwhile. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
};
#define GATE                                                                                                 \
    { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false }

static inline void gate_open(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
}
static inline void gate_pass(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    while (!g->open)
        pthread_cond_wait(&g->changed, &g->lock);
    g->open = false;
    pthread_mutex_unlock(&g->lock);
}

#endif
