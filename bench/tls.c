/* Throughput over TLS: 1 KiB publishes to a nats-server, or deliveries from it. Built once against nats_rs.h and once,
 * with -DUSE_NATS_C, against <nats/nats.h>; scripts/bench-tls.sh runs both in turn. Prints one line of JSON.
 *
 *   tls publish|deliver URL CA_FILE COUNT
 *
 * `deliver` prints `ready` when its subscription stands, and then counts what some other process publishes.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#ifdef USE_NATS_C
#include <nats/nats.h>
#define LIBRARY "nats.c"
#else
#include "nats_rs.h"
#define LIBRARY "nats_rs"
#endif

#define SIZE 1024
#define LIMIT_SECONDS 60 /* enforced by alarm() */

static void check(natsStatus s, const char *what) {
    if (s == NATS_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", LIBRARY, what, natsStatus_GetText(s));
    exit(1);
}

static double wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void report(const char *name, long count, double seconds, double cpu_seconds) {
    printf("{\"library\": \"%s\", \"case\": \"%s\", \"rate\": %.0f, \"cpu_ns_per_msg\": %.0f}\n", LIBRARY,
           name, (double)count / seconds, cpu_seconds / (double)count * 1e9);
    fflush(stdout);
}

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t done;
    long seen, wanted;
    double start, start_cpu, end;
} delivery;

static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    delivery *d = (delivery *)arg;

    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    if (d->seen == 0) {
        d->start = wall();
        d->start_cpu = cpu();
    }
    if (++d->seen == d->wanted) {
        pthread_mutex_lock(&d->lock);
        d->end = wall();
        pthread_cond_signal(&d->done);
        pthread_mutex_unlock(&d->lock);
    }
}

static void publish(natsConnection *nc, long count) {
    char payload[SIZE];
    double start = wall(), start_cpu = cpu();
    long i;

    memset(payload, 'x', sizeof(payload));
    for (i = 0; i < count; i++)
        check(natsConnection_Publish(nc, "bench", payload, SIZE), "natsConnection_Publish");
    check(natsConnection_FlushTimeout(nc, LIMIT_SECONDS * 1000), "natsConnection_FlushTimeout");
    report("tls_publish_1k", count, wall() - start, cpu() - start_cpu);
}

static void deliver(natsConnection *nc, long count) {
    static delivery d = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, 0, 0};
    natsSubscription *sub = NULL;

    d.wanted = count;
    check(natsConnection_Subscribe(&sub, nc, "bench", on_message, &d), "natsConnection_Subscribe");
    check(natsSubscription_SetPendingLimits(sub, -1, -1), "natsSubscription_SetPendingLimits");
    check(natsConnection_Flush(nc), "natsConnection_Flush");
    puts("ready");
    fflush(stdout);
    pthread_mutex_lock(&d.lock);
    while (d.end == 0)
        pthread_cond_wait(&d.done, &d.lock);
    pthread_mutex_unlock(&d.lock);
    report("tls_deliver_1k", count, d.end - d.start, cpu() - d.start_cpu);
    natsSubscription_Destroy(sub);
}

int main(int argc, char **argv) {
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    long count = argc == 5 ? atol(argv[4]) : 0;

    if (count < 1 || count > 10000000 ||
        (strcmp(argv[1], "publish") != 0 && strcmp(argv[1], "deliver") != 0)) {
        fprintf(stderr, "usage: tls publish|deliver URL CA_FILE COUNT\n");
        return 1;
    }
    alarm(LIMIT_SECONDS);
    check(natsOptions_Create(&opts), "natsOptions_Create");
    check(natsOptions_SetURL(opts, argv[2]), "natsOptions_SetURL");
    check(natsOptions_SetTimeout(opts, 10000), "natsOptions_SetTimeout");
    check(natsOptions_SetSecure(opts, true), "natsOptions_SetSecure");
    check(natsOptions_LoadCATrustedCertificates(opts, argv[3]), "natsOptions_LoadCATrustedCertificates");
    check(natsConnection_Connect(&nc, opts), "natsConnection_Connect");
    if (strcmp(argv[1], "publish") == 0)
        publish(nc, count);
    else
        deliver(nc, count);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    nats_Close();
    return 0;
}
