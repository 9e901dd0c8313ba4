/* Runs one case of the benchmark with a library that has this interface. Built once against nats_rs.h and once, with
 * -DUSE_NATS_C, against <nats/nats.h>. Prints one line of JSON.
 *
 *   bench CASE URL COUNT
 *
 * The URL is that of `peer`, or, for the cases `oneway` and `request_*`, that of a nats-server. Only this process
 * is measured: its CPU time with getrusage, its resident memory and its threads with /proc/self/status.
 */
#include "common.h"

#include <stdatomic.h>

#define MAX_COUNT 20000000L
#define LIMIT_SECONDS 60 /* of one case, enforced by alarm() */
#define WARM_UP 200      /* round trips before they are measured */
#define SILENCE_US 1000  /* between one-way messages */

struct result {
    const char *name;
    long count;
    int64_t wall, cpu;
    double p50_us, p99_us;
    double bytes, threads;
};

static void start(struct result *r) {
    r->cpu = cpu_ns();
    r->wall = now_ns();
}
static void stop(struct result *r) {
    r->wall = now_ns() - r->wall;
    r->cpu = cpu_ns() - r->cpu;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void percentiles(struct result *r, int64_t *ns, long n) {
    qsort(ns, (size_t)n, sizeof *ns, ascending);
    r->p50_us = (double)ns[n / 2] / 1e3;
    r->p99_us = (double)ns[n - 1 - n / 100] / 1e3;
}

static void print_number(const char *key, double value, bool there) {
    if (there)
        printf(", \"%s\": %.2f", key, value);
    else
        printf(", \"%s\": null", key);
}

static void print_result(const struct result *r, bool rate) {
    printf("{\"library\": \"%s\", \"case\": \"%s\", \"count\": %ld, \"seconds\": %.6f", LIBRARY, r->name,
           r->count, (double)r->wall / 1e9);
    print_number("rate", (double)r->count * 1e9 / (double)r->wall, rate);
    print_number("cpu_ns_per_msg", (double)r->cpu / (double)r->count, true);
    print_number("p50_us", r->p50_us, r->p50_us >= 0);
    print_number("p99_us", r->p99_us, r->p99_us >= 0);
    print_number("bytes", r->bytes, r->bytes >= 0);
    print_number("threads", r->threads, r->threads >= 0);
    printf("}\n");
}

/* ---- connections ---- */

/* Set for cases with these suffixes: */
static bool send_asap; /* _asap: natsOptions_SetSendAsap, in both libraries */
static bool asleep;    /* _asleep: natsOptions_SetBusyPoll(0), not in nats.c */
static bool busy;      /* _busy: natsOptions_SetReceiveBusyPoll for longer than the pauses, not in nats.c */

static natsConnection *connect_to(const char *to) {
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    CHECK(natsOptions_Create(&opts));
    CHECK(natsOptions_SetURL(opts, to));
    CHECK(natsOptions_SetSendAsap(opts, send_asap));
#ifndef USE_NATS_C
    if (asleep)
        CHECK(natsOptions_SetBusyPoll(opts, 0));
    if (busy)
        CHECK(natsOptions_SetReceiveBusyPoll(opts, 10 * SILENCE_US));
#endif
    CHECK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
    return nc;
}

/* ---- delivery ---- */

struct delivery {
    long seen, count;
    int size;
    struct gate done;
};

static void on_delivery(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    struct delivery *d = closure;
    (void)nc;
    (void)sub;
    if (natsMsg_GetDataLength(msg) != d->size || natsMsg_GetData(msg)[0] != 'x')
        fail("a wrong message");
    natsMsg_Destroy(msg);
    if (++d->seen == d->count)
        gate_open(&d->done);
}

static void deliver(struct result *r, int size, bool sync) {
    struct delivery d = {0, r->count, size, GATE};
    natsConnection *nc = connect_to(url);
    natsSubscription *sub = NULL;
    char subject[64];
    snprintf(subject, sizeof subject, "blast.%d.%ld", size, r->count);
    CHECK(sync ? natsConnection_SubscribeSync(&sub, nc, subject)
               : natsConnection_Subscribe(&sub, nc, subject, on_delivery, &d));
    CHECK(natsSubscription_SetPendingLimits(sub, -1, -1));
    start(r); /* the peer begins at the PING */
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    if (sync) {
        for (long i = 0; i < r->count; i++) {
            natsMsg *msg = NULL;
            CHECK(natsSubscription_NextMsg(&msg, sub, TIMEOUT_MS));
            if (natsMsg_GetDataLength(msg) != size || natsMsg_GetData(msg)[0] != 'x')
                fail("a wrong message");
            natsMsg_Destroy(msg);
        }
    } else {
        gate_pass(&d.done);
    }
    stop(r);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

/* ---- publishing ---- */

struct publisher {
    natsConnection *nc;
    const char *payload;
    int size;
    long count;
    bool headers;
};

static void *publish_all(void *arg) {
    const struct publisher *p = arg;
    if (p->headers) {
        for (long i = 0; i < p->count; i++) {
            natsMsg *msg = NULL;
            CHECK(natsMsg_Create(&msg, "bench.pub", NULL, p->payload, p->size));
            CHECK(natsMsgHeader_Set(msg, "Trace-Id", "0af7651916cd43dd8448eb211c80319c"));
            CHECK(natsMsgHeader_Set(msg, "Content-Type", "application/json"));
            CHECK(natsConnection_PublishMsg(p->nc, msg));
            natsMsg_Destroy(msg);
        }
    } else {
        for (long i = 0; i < p->count; i++)
            CHECK(natsConnection_Publish(p->nc, "bench.pub", p->payload, p->size));
    }
    return NULL;
}

static void publish(struct result *r, int size, int n_threads, bool headers) {
    natsConnection *nc = connect_to(url);
    char *payload = malloc((size_t)size);
    struct publisher p = {nc, payload, size, r->count / n_threads, headers};
    pthread_t tids[16];
    unsigned long long before, expected;
    memset(payload, 'x', (size_t)size);
    r->count = p.count * n_threads;
    expected =
        (unsigned long long)r->count * (unsigned long long)(size + (int)strlen("PUB bench.pub 1\r\n\r\n"));
    before = peer_received();

    start(r);
    for (int i = 1; i < n_threads; i++)
        pthread_create(&tids[i], NULL, publish_all, &p);
    publish_all(&p);
    for (int i = 1; i < n_threads; i++)
        pthread_join(tids[i], NULL);
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    stop(r);

    if (peer_received() - before < expected)
        fail("not all that was published arrived");
    natsConnection_Destroy(nc);
    free(payload);
}

/* Publishes one message with headers many times: measures the encoding only. */
static void publish_one_msg(struct result *r, int size) {
    natsConnection *nc = connect_to(url);
    natsMsg *msg = NULL;
    char *payload = malloc((size_t)size);
    memset(payload, 'x', (size_t)size);
    CHECK(natsMsg_Create(&msg, "bench.pub", NULL, payload, size));
    CHECK(natsMsgHeader_Set(msg, "Trace-Id", "0af7651916cd43dd8448eb211c80319c"));
    CHECK(natsMsgHeader_Set(msg, "Content-Type", "application/json"));
    start(r);
    for (long i = 0; i < r->count; i++)
        CHECK(natsConnection_PublishMsg(nc, msg));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    stop(r);
    natsMsg_Destroy(msg);
    natsConnection_Destroy(nc);
    free(payload);
}

/* ---- round trips ---- */

struct oneway {
    _Atomic int64_t latency;
    struct gate arrived;
};

static void on_oneway(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    struct oneway *o = closure;
    int64_t sent;
    (void)nc;
    (void)sub;
    memcpy(&sent, natsMsg_GetData(msg), sizeof sent);
    atomic_store(&o->latency, now_ns() - sent);
    natsMsg_Destroy(msg);
    gate_open(&o->arrived);
}

/* A publish and a pause, from one connection to a callback of another. */
static void oneway(struct result *r) {
    struct oneway o = {0, GATE};
    natsConnection *from = connect_to(url), *to = connect_to(url);
    natsSubscription *sub = NULL;
    int64_t *ns = malloc((size_t)r->count * sizeof *ns);
    CHECK(natsConnection_Subscribe(&sub, to, "bench.oneway", on_oneway, &o));
    CHECK(natsConnection_FlushTimeout(to, TIMEOUT_MS));
    for (long i = -WARM_UP / 4; i < r->count; i++) {
        int64_t sent;
        if (i == 0)
            start(r);
        sent = now_ns();
        CHECK(natsConnection_Publish(from, "bench.oneway", &sent, sizeof sent));
        gate_pass(&o.arrived);
        if (i >= 0)
            ns[i] = atomic_load(&o.latency);
        usleep(SILENCE_US);
    }
    stop(r);
    percentiles(r, ns, r->count);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(from);
    natsConnection_Destroy(to);
    free(ns);
}

static void on_request(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)sub;
    (void)closure;
    CHECK(
        natsConnection_Publish(nc, natsMsg_GetReply(msg), natsMsg_GetData(msg), natsMsg_GetDataLength(msg)));
    natsMsg_Destroy(msg);
}

struct caller {
    natsConnection *nc;
    long count;
    int64_t *ns;
};

static void one_request(natsConnection *nc) {
    natsMsg *reply = NULL;
    CHECK(natsConnection_Request(&reply, nc, "bench.service", "0123456789abcdef", 16, TIMEOUT_MS));
    if (natsMsg_GetDataLength(reply) != 16)
        fail("a wrong reply");
    natsMsg_Destroy(reply);
}

static void *call_all(void *arg) {
    const struct caller *c = arg;
    for (long i = 0; i < c->count; i++) {
        int64_t t = now_ns();
        one_request(c->nc);
        c->ns[i] = now_ns() - t;
    }
    return NULL;
}

/* Requests from one connection, answered by a callback of another one or by the peer. */
static void request(struct result *r, int n_threads, bool responder) {
    natsConnection *nc = connect_to(url), *service = NULL;
    natsSubscription *sub = NULL;
    int64_t *ns = malloc((size_t)r->count * sizeof *ns);
    struct caller callers[16];
    pthread_t tids[16];
    if (responder) {
        service = connect_to(url);
        CHECK(natsConnection_Subscribe(&sub, service, "bench.service", on_request, NULL));
        CHECK(natsConnection_FlushTimeout(service, TIMEOUT_MS));
    }
    for (int i = 0; i < WARM_UP; i++)
        one_request(nc);
    r->count -= r->count % n_threads;
    for (int i = 0; i < n_threads; i++)
        callers[i] = (struct caller){nc, r->count / n_threads, ns + i * (r->count / n_threads)};
    start(r);
    for (int i = 1; i < n_threads; i++)
        pthread_create(&tids[i], NULL, call_all, &callers[i]);
    call_all(&callers[0]);
    for (int i = 1; i < n_threads; i++)
        pthread_join(tids[i], NULL);
    stop(r);
    percentiles(r, ns, r->count);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(service);
    natsConnection_Destroy(nc);
    free(ns);
}

/* ---- costs of idle objects ---- */

static void on_nothing(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    (void)closure;
    natsMsg_Destroy(msg);
}

static void idle_subscriptions(struct result *r) {
    natsConnection *nc = connect_to(url);
    natsSubscription **subs = calloc((size_t)r->count, sizeof *subs);
    char subject[32];
    long bytes_before, threads_before;
    memset(subs, 1, (size_t)r->count * sizeof *subs); /* so that these pages do not count */
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    bytes_before = resident_bytes();
    threads_before = threads();
    start(r);
    for (long i = 0; i < r->count; i++) {
        snprintf(subject, sizeof subject, "idle.%ld", i);
        CHECK(natsConnection_Subscribe(&subs[i], nc, subject, on_nothing, NULL));
    }
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    stop(r);
    usleep(50000); /* until all threads have started and sleep */
    r->bytes = (double)(resident_bytes() - bytes_before) / (double)r->count;
    r->threads = (double)(threads() - threads_before);
    for (long i = 0; i < r->count; i++)
        natsSubscription_Destroy(subs[i]);
    natsConnection_Destroy(nc);
    free(subs);
}

static void idle_connections(struct result *r) {
    natsConnection **ncs = calloc((size_t)r->count, sizeof *ncs), *first = connect_to(url);
    long bytes_before, threads_before;
    memset(ncs, 1, (size_t)r->count * sizeof *ncs);
    bytes_before = resident_bytes();
    threads_before = threads();
    start(r);
    for (long i = 0; i < r->count; i++)
        ncs[i] = connect_to(url);
    stop(r);
    usleep(50000);
    r->bytes = (double)(resident_bytes() - bytes_before) / (double)r->count;
    r->threads = (double)(threads() - threads_before);
    for (long i = 0; i < r->count; i++)
        natsConnection_Destroy(ncs[i]);
    natsConnection_Destroy(first);
    free(ncs);
}

static void connect_close(struct result *r) {
    int64_t *ns = malloc((size_t)r->count * sizeof *ns);
    natsConnection_Destroy(connect_to(url));
    start(r);
    for (long i = 0; i < r->count; i++) {
        int64_t t = now_ns();
        natsConnection_Destroy(connect_to(url));
        ns[i] = now_ns() - t;
    }
    stop(r);
    percentiles(r, ns, r->count);
    free(ns);
}

int main(int argc, char **argv) {
    struct result r = {.p50_us = -1, .p99_us = -1, .bytes = -1, .threads = -1};
    bool rate = true;
    int size;
    if (argc != 4) {
        fprintf(stderr, "usage: bench CASE URL COUNT\n");
        return 2;
    }
    r.name = argv[1];
    url = argv[2];
    r.count = strtol(argv[3], NULL, 10);
    if (r.count < 16 || r.count > MAX_COUNT)
        fail("a count is 16 to 20000000");
    alarm(LIMIT_SECONDS);
    CHECK(nats_Open(-1));

    send_asap = strstr(r.name, "_asap") != NULL;
    asleep = strstr(r.name, "_asleep") != NULL;
    busy = strstr(r.name, "_busy") != NULL;
#define IS(text) (strcmp(r.name, text) == 0)
    if (IS("deliver_cb_16"))
        deliver(&r, 16, false);
    else if (IS("deliver_cb_1k"))
        deliver(&r, 1024, false);
    else if (IS("deliver_sync_16"))
        deliver(&r, 16, true);
    else if (IS("pub_16"))
        publish(&r, 16, 1, false);
    else if (IS("pub_16_4t"))
        publish(&r, 16, 4, false);
    else if (IS("pub_hdr_128_new"))
        publish(&r, 128, 1, true);
    else if (IS("pub_hdr_128"))
        publish_one_msg(&r, 128);
    else if (IS("pub_1k"))
        publish(&r, 1024, 1, false);
    else if (IS("pub_64k"))
        publish(&r, 64 << 10, 1, false);
    else if (IS("pub_1m"))
        publish(&r, 1 << 20, 1, false);
    else if (sscanf(r.name, "pub_bytes_%d", &size) == 1)
        publish(&r, size, 1, false);
    else if (IS("oneway") || IS("oneway_asap") || IS("oneway_asap_busy"))
        oneway(&r), rate = false;
    else if (IS("request_1") || IS("request_1_asap") || IS("request_1_asleep"))
        request(&r, 1, true);
    else if (IS("request_8"))
        request(&r, 8, true);
    else if (IS("request_1_peer") || IS("request_1_peer_asleep"))
        request(&r, 1, false);
    else if (IS("idle_subs") || IS("idle_subs_many"))
        idle_subscriptions(&r);
    else if (IS("idle_conns") || IS("idle_conns_many"))
        idle_connections(&r);
    else if (IS("connect_close"))
        connect_close(&r);
    else
        fail("no such case");
    print_result(&r, rate);
    fflush(stdout);
    _exit(0); /* closing the library is not part of the case */
}
