/* Throughput over TLS: 1 KiB publishes to a nats-server, or deliveries from it. Built once against nats_rs.h and once,
 * with -DUSE_NATS_C, against <nats/nats.h>; scripts/bench-tls.sh runs both in turn. Prints one line of JSON.
 *
 *   tls publish|deliver URL CA_FILE COUNT
 *
 * `deliver` prints `ready` when the server knows its subscription, and then counts the messages of another process.
 */
#include "common.h"

#define SIZE 1024
#define LIMIT_SECONDS 60 /* enforced by alarm() */

static void report(const char *name, long count, int64_t wall, int64_t cpu) {
    printf("{\"library\": \"%s\", \"case\": \"%s\", \"rate\": %.0f, \"cpu_ns_per_msg\": %.0f}\n", LIBRARY,
           name, (double)count * 1e9 / (double)wall, (double)cpu / (double)count);
    fflush(stdout);
}

struct delivery {
    long seen, wanted;
    int64_t wall, cpu; /* at the first message; then the times for all */
    struct gate done;
};

static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    struct delivery *d = closure;

    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    if (d->seen == 0) {
        d->wall = now_ns();
        d->cpu = cpu_ns();
    }
    if (++d->seen == d->wanted) {
        d->wall = now_ns() - d->wall;
        gate_open(&d->done);
    }
}

static void publish(natsConnection *nc, long count) {
    char payload[SIZE];
    int64_t wall = now_ns(), cpu = cpu_ns();

    memset(payload, 'x', sizeof(payload));
    for (long i = 0; i < count; i++)
        CHECK(natsConnection_Publish(nc, "bench", payload, SIZE));
    CHECK(natsConnection_FlushTimeout(nc, LIMIT_SECONDS * 1000));
    report("tls_publish_1k", count, now_ns() - wall, cpu_ns() - cpu);
}

static void deliver(natsConnection *nc, long count) {
    struct delivery d = {0, count, 0, 0, GATE};
    natsSubscription *sub = NULL;

    CHECK(natsConnection_Subscribe(&sub, nc, "bench", on_message, &d));
    CHECK(natsSubscription_SetPendingLimits(sub, -1, -1));
    CHECK(natsConnection_Flush(nc));
    puts("ready");
    fflush(stdout);
    gate_pass(&d.done);
    report("tls_deliver_1k", count, d.wall, cpu_ns() - d.cpu);
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
    CHECK(natsOptions_Create(&opts));
    CHECK(natsOptions_SetURL(opts, argv[2]));
    CHECK(natsOptions_SetTimeout(opts, 10000));
    CHECK(natsOptions_SetSecure(opts, true));
    CHECK(natsOptions_LoadCATrustedCertificates(opts, argv[3]));
    CHECK(natsConnection_Connect(&nc, opts));
    if (strcmp(argv[1], "publish") == 0)
        publish(nc, count);
    else
        deliver(nc, count);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    nats_Close();
    return 0;
}
