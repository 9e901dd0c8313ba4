/* Measures how costs grow: one case at one size, with a library that has this interface. Built once against nats_rs.h
 * and once, with -DUSE_NATS_C, against <nats/nats.h>. Prints one line of JSON.
 *
 *   scaling CASE URL AT COUNT
 *
 *   subscriptions    AT on one connection; COUNT messages to all of them in turn
 *   publishers       AT threads publish on one connection for COUNT milliseconds
 *   connections      AT of them; COUNT messages to, then from, all in turn, BURST for each at a time
 *   publish, deliver COUNT messages of AT bytes
 *   waiting_next, waiting_callback   AT messages wait before they are taken, COUNT times
 *   sleepers         AT subscriptions whose callbacks sleep, beside a fast one; COUNT messages to the fast one
 *
 * The URL is that of `peer`. Only this process is measured: its CPU time with getrusage (or that of one thread), its
 * resident memory and its threads with /proc/self/status.
 */
#include "common.h"

#include <limits.h>
#include <stdatomic.h>

#define LIMIT_SECONDS 40 /* of one case, enforced by alarm() */
#define MAX_AT (8L << 20)
#define MAX_COUNT 20000000L
#define MAX_THREADS 64
#define SIZE 16
#define BURST 16 /* messages in a row for one of many connections */
#define TICK_NS 1000000
#define TICKS_A_SLEEP 6 /* the sleepers get a message each so often, */
#define SLEEP_US 10000  /* and so fall behind */
#define SETTLE_US 50000 /* until threads have started and sleep */
#define REST_MS 8000    /* the longest wait for threads to leave, */
#define MAY_STAY 3      /* but for so many */

struct result {
    const char *name;
    long at, count;
};

struct span {
    int64_t wall, cpu;
};

static struct span begin(void) { return (struct span){now_ns(), cpu_ns()}; }
static struct span since(struct span start) {
    return (struct span){now_ns() - start.wall, cpu_ns() - start.cpu};
}

static int64_t thread_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *zeroed(size_t n, size_t size) {
    void *p = aligned_alloc(64, (n * size + 63) / 64 * 64);
    if (p == NULL)
        fail("no memory");
    return memset(p, 0, n * size); /* touched, so that these pages do not count later */
}

static void pause_until(int64_t ns) {
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* ---- output ---- */

static void open_line(const struct result *r) {
    printf("{\"library\": \"%s\", \"case\": \"%s\", \"at\": %ld, \"count\": %ld", LIBRARY, r->name, r->at,
           r->count);
}
static void number(const char *key, double value) { printf(", \"%s\": %.3f", key, value); }
static void whole(const char *key, long value) { printf(", \"%s\": %ld", key, value); }
static void close_line(void) { printf("}\n"); }

static void rate_and_cpu(const char *prefix, struct span s, long count) {
    char key[64];
    snprintf(key, sizeof key, "%srate", prefix);
    number(key, (double)count * 1e9 / (double)s.wall);
    snprintf(key, sizeof key, "%scpu_ns", prefix);
    number(key, (double)s.cpu / (double)count);
}

/* ---- connections, and requests to the peer ---- */

static natsConnection *connected(void) {
    natsConnection *nc = NULL;
    CHECK(natsConnection_ConnectTo(&nc, url));
    return nc;
}

/* Requests COUNT messages for the sids FIRST to FIRST+N-1 in turn. */
static void ask_spread(natsConnection *nc, int size, long count, long first, long n) {
    char subject[96];
    snprintf(subject, sizeof subject, "spread.%d.%ld.%ld.%ld", size, count, first, n);
    CHECK(natsConnection_Publish(nc, subject, NULL, 0));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
}

static void ask_round(natsConnection *nc, int size, long count, int burst) {
    char subject[96];
    snprintf(subject, sizeof subject, "round.%d.%ld.%d", size, count, burst);
    CHECK(natsConnection_Publish(nc, subject, NULL, 0));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
}

static unsigned long long wire_size(int size) {
    char text[64];
    return (unsigned long long)snprintf(text, sizeof text, "PUB bench.pub %d\r\n\r\n", size) +
           (unsigned long long)size;
}

/* Waits until the peer has received this number of additional bytes. The question itself adds a few bytes. */
static void wait_received(unsigned long long before, unsigned long long expected) {
    int64_t deadline = now_ns() + TIMEOUT_MS * 1000000LL;
    while (peer_received() - before < (expected += strlen("STAT\r\n"))) {
        if (now_ns() > deadline)
            fail("not all that was published arrived");
        usleep(500);
    }
}

/* ---- messages for many recipients, each of which must get its share ---- */

struct crowd {
    atomic_long open; /* the number of recipients without all messages */
    int size;
    struct gate done;
};

/* One recipient, on a cache line of its own, because two workers may serve neighbours. */
struct one {
    _Alignas(64) long left;
    struct crowd *crowd;
};

static void on_share(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    struct one *one = closure;
    (void)nc;
    (void)sub;
    if (natsMsg_GetDataLength(msg) != one->crowd->size ||
        (one->crowd->size > 0 && natsMsg_GetData(msg)[0] != 'x'))
        fail("a wrong message");
    natsMsg_Destroy(msg);
    if (--one->left < 0)
        fail("a message too many");
    if (one->left == 0 && atomic_fetch_sub(&one->crowd->open, 1) == 1)
        gate_open(&one->crowd->done);
}

static void expect_each(struct crowd *crowd, struct one *ones, long n, long share) {
    for (long i = 0; i < n; i++)
        ones[i].crowd = crowd, ones[i].left = share;
    atomic_store(&crowd->open, n);
}

/* ---- subscriptions ---- */

static void subscriptions(struct result *r) {
    natsConnection *nc = connected();
    long n = r->at, share = r->count / n, first, bytes, before, idle_threads;
    natsSubscription **subs = zeroed((size_t)n, sizeof *subs);
    struct one *ones = zeroed((size_t)n, sizeof *ones);
    struct crowd crowd = {.size = SIZE, .done = GATE};
    struct span subscribing, delivering, leaving;
    char subject[32];

    r->count = share * n;
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    bytes = resident_bytes();
    before = threads();
    subscribing = begin();
    for (long i = 0; i < n; i++) {
        snprintf(subject, sizeof subject, "many.%ld", i);
        CHECK(natsConnection_Subscribe(&subs[i], nc, subject, on_share, &ones[i]));
    }
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    subscribing = since(subscribing);
    usleep(SETTLE_US);
    bytes = resident_bytes() - bytes;
    idle_threads = threads() - before;

    first = natsSubscription_GetID(subs[0]);
    for (long i = 0; i < n; i++) {
        if (natsSubscription_GetID(subs[i]) != first + i)
            fail("sids are expected to be consecutive");
        CHECK(natsSubscription_SetPendingLimits(subs[i], -1, -1));
    }
    expect_each(&crowd, ones, n, 1);
    ask_spread(nc, SIZE, n, first, n);
    gate_pass(&crowd.done);
    usleep(SETTLE_US);

    expect_each(&crowd, ones, n, share);
    delivering = begin();
    ask_spread(nc, SIZE, r->count, first, n);
    gate_pass(&crowd.done);
    delivering = since(delivering);

    open_line(r);
    rate_and_cpu("", delivering, r->count);
    number("bytes", (double)bytes / (double)n);
    whole("threads", idle_threads);
    whole("threads_busy", threads() - before);
    rate_and_cpu("subscribe_", subscribing, n);
    leaving = begin();
    for (long i = 0; i < n; i++)
        natsSubscription_Destroy(subs[i]);
    leaving = since(leaving);
    rate_and_cpu("destroy_", leaving, n);
    close_line();
}

/* ---- publishing threads ---- */

static atomic_bool enough;
static pthread_barrier_t together;

struct publisher {
    _Alignas(64) natsConnection *nc;
    atomic_long count;
    long seen; /* the count that the watching thread saw, and since when */
    int64_t since;
};

static void *publish_until_enough(void *arg) {
    struct publisher *p = arg;
    long count = 0;
    pthread_barrier_wait(&together);
    while (!atomic_load_explicit(&enough, memory_order_relaxed)) {
        CHECK(natsConnection_Publish(p->nc, "bench.pub", "xxxxxxxxxxxxxxxx", SIZE));
        atomic_store_explicit(&p->count, ++count, memory_order_relaxed);
    }
    return NULL;
}

/* The longest time without progress of any thread, in milliseconds. */
static int64_t watch(struct publisher *all, long n, int64_t until) {
    int64_t longest = 0, now = now_ns();
    for (long i = 0; i < n; i++)
        all[i].since = now;
    while (now < until) {
        usleep(1000);
        now = now_ns();
        for (long i = 0; i < n; i++) {
            long count = atomic_load_explicit(&all[i].count, memory_order_relaxed);
            if (now - all[i].since > longest)
                longest = now - all[i].since;
            if (count != all[i].seen)
                all[i].seen = count, all[i].since = now;
        }
    }
    return longest;
}

static void publishers(struct result *r) {
    natsConnection *nc = connected();
    struct publisher *all = zeroed(MAX_THREADS, sizeof *all);
    pthread_t tids[MAX_THREADS];
    long n = r->at, total = 0, least = LONG_MAX, most = 0;
    unsigned long long before;
    int64_t stall;
    struct span span, flushed;

    if (n > MAX_THREADS)
        fail("too many threads");
    before = peer_received();
    pthread_barrier_init(&together, NULL, (unsigned)n + 1);
    for (long i = 0; i < n; i++) {
        all[i].nc = nc;
        pthread_create(&tids[i], NULL, publish_until_enough, &all[i]);
    }
    pthread_barrier_wait(&together);
    span = begin();
    stall = watch(all, n, now_ns() + r->count * 1000000);
    atomic_store(&enough, true);
    for (long i = 0; i < n; i++)
        pthread_join(tids[i], NULL);
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    flushed = since(span);
    for (long i = 0; i < n; i++) {
        long count = atomic_load(&all[i].count);
        total += count;
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    wait_received(before, (unsigned long long)total * wire_size(SIZE));
    open_line(r);
    rate_and_cpu("", flushed, total);
    number("least_share", (double)least * (double)n / (double)total);
    number("most_share", (double)most * (double)n / (double)total);
    number("stall_ms", (double)stall / 1e6);
    close_line();
}

/* ---- connections ---- */

static void connections(struct result *r) {
    long n = r->at, turns = r->count / n / BURST, bytes, busy_bytes, before, idle_threads;
    natsConnection *first = connected(); /* starts what the library starts only once */
    natsConnection **ncs = zeroed((size_t)n, sizeof *ncs);
    natsSubscription **subs = zeroed((size_t)n, sizeof *subs);
    struct one *ones = zeroed((size_t)n, sizeof *ones);
    struct crowd crowd = {.size = SIZE, .done = GATE};
    struct span connecting, delivering, publishing, leaving;
    unsigned long long received;

    turns = turns > 0 ? turns : 1;
    r->count = turns * n * BURST;
    bytes = resident_bytes();
    before = threads();
    connecting = begin();
    for (long i = 0; i < n; i++)
        ncs[i] = connected();
    connecting = since(connecting);
    usleep(SETTLE_US);
    busy_bytes = bytes;
    bytes = resident_bytes() - bytes;
    idle_threads = threads() - before;

    for (long i = 0; i < n; i++) {
        CHECK(natsConnection_Subscribe(&subs[i], ncs[i], "member", on_share, &ones[i]));
        CHECK(natsSubscription_SetPendingLimits(subs[i], -1, -1));
        CHECK(natsConnection_FlushTimeout(ncs[i], TIMEOUT_MS));
    }
    expect_each(&crowd, ones, n, BURST);
    ask_round(ncs[0], SIZE, n * BURST, BURST);
    gate_pass(&crowd.done);
    usleep(SETTLE_US);

    expect_each(&crowd, ones, n, turns * BURST);
    delivering = begin();
    ask_round(ncs[0], SIZE, r->count, BURST);
    gate_pass(&crowd.done);
    delivering = since(delivering);

    received = peer_received();
    publishing = begin();
    for (long turn = 0; turn < turns; turn++)
        for (long i = 0; i < n; i++)
            for (int k = 0; k < BURST; k++)
                CHECK(natsConnection_Publish(ncs[i], "bench.pub", "xxxxxxxxxxxxxxxx", SIZE));
    wait_received(received, (unsigned long long)r->count * wire_size(SIZE));
    publishing = since(publishing);
    usleep(SETTLE_US);
    busy_bytes = resident_bytes() - busy_bytes;

    open_line(r);
    rate_and_cpu("deliver_", delivering, r->count);
    rate_and_cpu("publish_", publishing, r->count);
    rate_and_cpu("connect_", connecting, n);
    number("bytes", (double)bytes / (double)n);
    number("bytes_used", (double)busy_bytes / (double)n);
    whole("threads", idle_threads);
    whole("threads_busy", threads() - before);
    leaving = begin();
    for (long i = 0; i < n; i++) {
        natsSubscription_Destroy(subs[i]);
        natsConnection_Destroy(ncs[i]);
    }
    leaving = since(leaving);
    rate_and_cpu("destroy_", leaving, n);
    close_line();
    natsConnection_Destroy(first);
}

/* ---- sizes ---- */

static void publish_size(struct result *r) {
    natsConnection *nc = connected();
    int size = (int)r->at;
    char *payload = malloc((size_t)size + 1);
    unsigned long long before;
    struct span span;

    memset(payload, 'x', (size_t)size + 1);
    for (long i = 0; i < r->count / 10 + 1; i++)
        CHECK(natsConnection_Publish(nc, "bench.pub", payload, size));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    before = peer_received();
    span = begin();
    for (long i = 0; i < r->count; i++)
        CHECK(natsConnection_Publish(nc, "bench.pub", payload, size));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    span = since(span);
    wait_received(before, (unsigned long long)r->count * wire_size(size));
    open_line(r);
    rate_and_cpu("", span, r->count);
    close_line();
}

static void deliver_size(struct result *r) {
    natsConnection *nc = connected();
    natsSubscription *sub = NULL;
    struct crowd crowd = {.size = (int)r->at, .done = GATE};
    struct one *one = zeroed(1, sizeof *one);
    struct span span;
    long sid;

    CHECK(natsConnection_Subscribe(&sub, nc, "many.0", on_share, one));
    CHECK(natsSubscription_SetPendingLimits(sub, -1, -1));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    sid = (long)natsSubscription_GetID(sub);
    expect_each(&crowd, one, 1, r->count / 10 + 1);
    ask_spread(nc, crowd.size, r->count / 10 + 1, sid, 1);
    gate_pass(&crowd.done);
    expect_each(&crowd, one, 1, r->count);
    span = begin();
    ask_spread(nc, crowd.size, r->count, sid, 1);
    gate_pass(&crowd.done);
    span = since(span);
    open_line(r);
    rate_and_cpu("", span, r->count);
    close_line();
}

/* ---- waiting messages ---- */

/* Reads the clock on the thread that takes the messages: at the beginning, at the end, and a tenth from both. */
struct taking {
    long n, taken, tenth;
    int64_t begin, after_first, before_last, end;
    struct gate release, blocked, done;
};

static void took(struct taking *t, natsMsg *msg) {
    if (natsMsg_GetDataLength(msg) != SIZE || natsMsg_GetData(msg)[0] != 'x')
        fail("a wrong message");
    natsMsg_Destroy(msg);
    t->taken++;
    if (t->taken == t->tenth)
        t->after_first = thread_cpu_ns();
    if (t->taken == t->n - t->tenth)
        t->before_last = thread_cpu_ns();
    if (t->taken == t->n)
        t->end = thread_cpu_ns();
}

static void on_waiting(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    struct taking *t = closure;
    (void)nc;
    (void)sub;
    if (t->n == 0) { /* the message that delays the others */
        natsMsg_Destroy(msg);
        gate_open(&t->blocked);
        gate_pass(&t->release);
        t->begin = thread_cpu_ns();
        return;
    }
    took(t, msg);
    if (t->taken == t->n)
        gate_open(&t->done);
}

static void waiting(struct result *r, bool callback) {
    natsConnection *nc = connected();
    natsSubscription *sub = NULL;
    struct taking t = {.release = GATE, .blocked = GATE, .done = GATE};
    double first = 0, last = 0, all = 0, filling = 0, clock_itself;
    long n = r->at, sid, bytes = 0, kept = 0;

    CHECK(callback ? natsConnection_Subscribe(&sub, nc, "wait", on_waiting, &t)
                   : natsConnection_SubscribeSync(&sub, nc, "wait"));
    CHECK(natsSubscription_SetPendingLimits(sub, -1, -1));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    sid = (long)natsSubscription_GetID(sub);
    clock_itself = (double)thread_cpu_ns();
    for (int i = 0; i < 1000; i++)
        thread_cpu_ns();
    clock_itself = ((double)thread_cpu_ns() - clock_itself) / 1001;

    for (long i = 0; i < r->count; i++) {
        int64_t deadline = now_ns() + TIMEOUT_MS * 1000000LL, start;
        int msgs = 0, before;
        t.n = t.taken = 0;
        if (callback) {
            ask_spread(nc, SIZE, 1, sid, 1);
            gate_pass(&t.blocked);
        }
        CHECK(natsSubscription_GetPending(sub, &before,
                                          NULL)); /* as the library counts the one in the callback */
        bytes -= resident_bytes();
        kept -= resident_bytes();
        start = cpu_ns();
        ask_spread(nc, SIZE, n, sid, 1);
        for (;;) {
            CHECK(natsSubscription_GetPending(sub, &msgs, NULL));
            if (msgs - before >= n)
                break;
            if (now_ns() > deadline)
                fail("not all messages wait");
            usleep(200);
        }
        filling += (double)(cpu_ns() - start);
        bytes += resident_bytes();
        t.n = n;
        t.tenth = n / 10;
        if (callback) {
            gate_open(&t.release);
            gate_pass(&t.done);
        } else {
            t.begin = thread_cpu_ns();
            for (long k = 0; k < n; k++) {
                natsMsg *msg = NULL;
                CHECK(natsSubscription_NextMsg(&msg, sub, TIMEOUT_MS));
                took(&t, msg);
            }
        }
        usleep(i + 1 == r->count ? SETTLE_US : 0);
        kept += resident_bytes();
        all += (double)(t.end - t.begin) - clock_itself;
        first += (double)(t.after_first - t.begin) - clock_itself;
        last += (double)(t.end - t.before_last) - clock_itself;
    }
    open_line(r);
    number("cpu_ns", all / (double)n / (double)r->count);
    number("fill_cpu_ns", filling / (double)n / (double)r->count);
    if (t.tenth > 0) {
        number("first_cpu_ns", first / (double)t.tenth / (double)r->count);
        number("last_cpu_ns", last / (double)t.tenth / (double)r->count);
        number("bytes", (double)bytes / (double)n / (double)r->count);
        number("bytes_kept", (double)kept / (double)n / (double)r->count);
    }
    close_line();
}

/* ---- sleepers ---- */

/* The payload of the peer's messages. */
struct stamp {
    int64_t number, sent;
};

struct fast {
    int64_t *ns; /* the time of each message from the publish to the callback */
    long count;
    atomic_long seen;
};

static void on_fast(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    struct fast *f = closure;
    int64_t arrived = now_ns();
    struct stamp stamp;
    (void)nc;
    (void)sub;
    memcpy(&stamp, natsMsg_GetData(msg), sizeof stamp);
    natsMsg_Destroy(msg);
    if (stamp.number != atomic_load(&f->seen) || stamp.number >= f->count)
        fail("out of order");
    f->ns[stamp.number] = arrived - stamp.sent;
    atomic_fetch_add(&f->seen, 1);
}

struct sleeper {
    _Alignas(64) atomic_long seen;
    int64_t next;
};

static void on_sleeper(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    struct sleeper *s = closure;
    struct stamp stamp;
    (void)nc;
    (void)sub;
    memcpy(&stamp, natsMsg_GetData(msg), sizeof stamp);
    natsMsg_Destroy(msg);
    if (stamp.number != s->next++)
        fail("a sleeper's messages are out of order");
    usleep(SLEEP_US);
    atomic_fetch_add(&s->seen, 1);
}

/* The peer sends the message to that subscription. */
static void send_to(natsConnection *nc, natsSubscription *sub, int64_t n) {
    struct stamp stamp = {n, now_ns()};
    char subject[32];
    snprintf(subject, sizeof subject, "to.%ld", (long)natsSubscription_GetID(sub));
    CHECK(natsConnection_PublishRequest(nc, subject, "echo", &stamp, sizeof stamp));
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void percentiles(const char *suffix, const int64_t *from, long n) {
    int64_t *ns = malloc((size_t)n * sizeof *ns);
    char key[64];
    memcpy(ns, from, (size_t)n * sizeof *ns);
    qsort(ns, (size_t)n, sizeof *ns, ascending);
    snprintf(key, sizeof key, "p50_us%s", suffix);
    number(key, (double)ns[n / 2] / 1e3);
    snprintf(key, sizeof key, "p99_us%s", suffix);
    number(key, (double)ns[n - 1 - n / 100] / 1e3);
    snprintf(key, sizeof key, "max_us%s", suffix);
    number(key, (double)ns[n - 1] / 1e3);
    free(ns);
}

static void sleepers(struct result *r) {
    static const int look_at[] = {0, 5, 10, 20, 50, 100, 200, 400, 800}; /* milliseconds */
    enum { LOOKS = sizeof look_at / sizeof *look_at, EARLY = 200 };
    natsConnection *nc = connected();
    natsSubscription *fast_sub = NULL, *subs[1024];
    struct fast fast = {zeroed((size_t)r->count, sizeof(int64_t)), r->count, 0};
    struct sleeper *all = zeroed((size_t)r->at + 1, sizeof *all);
    long n = r->at, rounds = 0, seen[LOOKS], looked = 0, before, at_end, rested_ms;
    int64_t start, ended, deadline;

    if (n > 1000 || r->count < EARLY * 2)
        fail("too many sleepers, or too few messages");
    CHECK(natsConnection_Subscribe(&fast_sub, nc, "_INBOX.fast", on_fast, &fast));
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    for (long i = 0; i < n; i++) {
        CHECK(natsConnection_Subscribe(&subs[i], nc, "sleep", on_sleeper, &all[i]));
        CHECK(natsSubscription_SetPendingLimits(subs[i], -1, -1));
    }
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    /* One-time initialisations are complete. */
    fast.count = 1;
    send_to(nc, fast_sub, 0);
    while (atomic_load(&fast.seen) < 1)
        usleep(1000);
    atomic_store(&fast.seen, 0);
    fast.count = r->count;
    usleep(SETTLE_US);
    before = threads();

    start = now_ns();
    for (long tick = 0; tick < r->count; tick++) {
        pause_until(start + tick * TICK_NS);
        send_to(nc, fast_sub, tick);
        if (tick % TICKS_A_SLEEP == 0) {
            for (long i = 0; i < n; i++)
                send_to(nc, subs[i], rounds);
            rounds++;
        }
        if (looked < LOOKS && tick >= look_at[looked])
            seen[looked++] = threads();
    }
    deadline = now_ns() + TIMEOUT_MS * 1000000LL;
    at_end = threads();
    while (atomic_load(&fast.seen) < r->count)
        if (usleep(1000), now_ns() > deadline)
            fail("not all messages came back");
    for (long i = 0; i < n; i++)
        while (atomic_load(&all[i].seen) < rounds)
            if (usleep(1000), now_ns() > deadline)
                fail("a sleeper lacks messages");
    ended = now_ns();
    while (threads() > before + MAY_STAY && now_ns() - ended < REST_MS * 1000000LL)
        usleep(20000);
    rested_ms = (now_ns() - ended) / 1000000;

    open_line(r);
    percentiles("", fast.ns, r->count);
    percentiles("_early", fast.ns, EARLY);
    percentiles("_later", fast.ns + EARLY, r->count - EARLY);
    number("seconds", (double)(ended - start) / 1e9);
    whole("threads_before", before);
    for (long i = 0; i < looked; i++)
        printf(", \"threads_%d_ms\": %ld", look_at[i], seen[i]);
    whole("threads_last", at_end);
    whole("threads_rested", threads());
    whole("rested_ms", rested_ms);
    close_line();
}

/* ---- one case ---- */

int main(int argc, char **argv) {
    struct result r;
    if (argc != 5) {
        fprintf(stderr, "usage: scaling CASE URL AT COUNT\n");
        return 2;
    }
    r = (struct result){argv[1], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10)};
    url = argv[2];
    if (r.at < 0 || r.at > MAX_AT || r.count < 1 || r.count > MAX_COUNT)
        fail("a size is 0 to 8388608, a count 1 to 20000000");
    alarm(LIMIT_SECONDS);
    CHECK(nats_Open(-1));

#define IS(text) (strcmp(r.name, text) == 0)
    if (IS("publish"))
        publish_size(&r);
    else if (IS("deliver"))
        deliver_size(&r);
    else if (IS("sleepers"))
        sleepers(&r);
    else if (r.at == 0)
        fail("none is no size for this case");
    else if (IS("subscriptions"))
        subscriptions(&r);
    else if (IS("publishers"))
        publishers(&r);
    else if (IS("connections"))
        connections(&r);
    else if (IS("waiting_next"))
        waiting(&r, false);
    else if (IS("waiting_callback"))
        waiting(&r, true);
    else
        fail("no such case");
    fflush(stdout);
    _exit(0); /* closing the library is not part of the case */
}
