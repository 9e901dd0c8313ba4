/* Chaos: a cluster of three real servers behind proxies that break everything, over TCP, TLS and WebSocket at once, while
 * programs publish, subscribe, request, and use streams, keys and objects. Every number is accounted for: what was lost,
 * doubled, out of order or hung, and which of that the documentation allows.
 *
 * usage: chaos [SECONDS]     run by scripts/chaos.sh and scripts/soak.sh
 *
 * CHAOS_SEED=N      the same faults in the same order; the seed is printed
 * CHAOS_SLOW=N      N times slower publishers
 * CHAOS_SAMPLES=F   a line a second: seconds, resident KiB, threads, descriptors, median and longest round trip in
 *                   microseconds, round trips, reconnects
 * CHAOS_FLAT_KIB=N  fails if memory grows by more from the first fifth of the time to the last */
#include "certs.h"
#include "cluster.h"
#include "load.h"
#include "proxy.h"
#include "server.h"

#include <dirent.h>
#include <signal.h>

enum { SERVERS = 3, TRANSPORTS = 3, TCP = 0, TLS = 1, WS = 2 };

static const char *const names[TRANSPORTS] = {"tcp", "tls", "ws"};
static server servers[SERVERS];
static bool down[SERVERS];
static int ws_ports[SERVERS];
static proxy *paths[TRANSPORTS][SERVERS];
static load loads[TRANSPORTS];
static int64_t began;

/* ---- random numbers: splitmix64, so that a seed means the same everywhere ---------------------------------------- */

static uint64_t state;

static uint64_t any(void) {
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static int between(int low, int high) { return low + (int)(any() % (uint64_t)(high - low + 1)); }

/* ---- servers ---------------------------------------------------------------------------------------------------- */

static natsConnection *direct(jsCtx **js) {
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    const char *urls[SERVERS];
    jsOptions options;
    int i;

    for (i = 0; i < SERVERS; i++)
        urls[i] = servers[i].url;
    CHECK_OK(natsOptions_Create(&opts));
    CHECK_OK(natsOptions_SetServers(opts, urls, SERVERS));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 50));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
    CHECK_OK(jsOptions_Init(&options));
    options.Wait = 5000;
    CHECK_OK(natsConnection_JetStream(js, nc, &options));
    return nc;
}

static void start_servers(void) {
    static const char *const args[] = {"-js", NULL};
    int routes[SERVERS], i;
    char conf[1200];

    for (i = 0; i < SERVERS; i++) {
        routes[i] = fixed_port();
        ws_ports[i] = fixed_port();
    }
    for (i = 0; i < SERVERS; i++) {
        snprintf(conf, sizeof(conf),
                 "server_name: n%d\n"
                 "cluster { name: chaos, listen: \"127.0.0.1:%d\", no_advertise: true, routes: [\n"
                 "\"nats://127.0.0.1:%d\", \"nats://127.0.0.1:%d\", \"nats://127.0.0.1:%d\"] }\n"
                 "tls { cert_file: \"%s\", key_file: \"%s\" }\nallow_non_tls: true\n"
                 "websocket { host: \"127.0.0.1\", port: %d, no_tls: true }\n",
                 i, routes[i], routes[0], routes[1], routes[2], cert("server.pem"), cert("server.key"),
                 ws_ports[i]);
        server_start_on(&servers[i], fixed_port(), conf, args);
        snprintf(servers[i].url, sizeof(servers[i].url), "nats://127.0.0.1:%d", servers[i].port);
    }
}

/* Calls again what fails only because servers are still electing a leader. */
#define CHECK_EVENTUALLY(call)                                                                               \
    do {                                                                                                     \
        int64_t check_until = now_ms() + 60000;                                                              \
        while ((call) != NATS_OK) {                                                                          \
            if (now_ms() > check_until)                                                                      \
                check_failed(__FILE__, __LINE__, "never: %s", #call);                                        \
            poll_pause();                                                                                    \
        }                                                                                                    \
    } while (0)

static void wait_for_jetstream(jsCtx *js) {
    int64_t until = now_ms() + 60000;

    for (;;) {
        jsAccountInfo *info = NULL;
        natsStatus s = js_GetAccountInfo(&info, js, NULL, NULL);

        jsAccountInfo_Destroy(info);
        if (s == NATS_OK)
            return;
        if (now_ms() > until)
            check_failed(__FILE__, __LINE__, "the servers elect no leader");
        poll_pause();
    }
}

static natsOptions *options_for(int transport) {
    static const char *const schemes[TRANSPORTS] = {"nats", "tls", "ws"};
    natsOptions *opts = NULL;
    char urls[SERVERS][64];
    const char *list[SERVERS];
    int i;

    for (i = 0; i < SERVERS; i++) {
        snprintf(urls[i], sizeof(urls[i]), "%s://127.0.0.1:%d", schemes[transport],
                 proxy_port(paths[transport][i]));
        list[i] = urls[i];
    }
    CHECK_OK(natsOptions_Create(&opts));
    CHECK_OK(natsOptions_SetServers(opts, list, SERVERS));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 50));
    CHECK_OK(natsOptions_SetReconnectJitter(opts, 50, 50));
    CHECK_OK(natsOptions_SetTimeout(opts, 2000));
    CHECK_OK(natsOptions_SetPingInterval(opts, 500));
    CHECK_OK(natsOptions_SetMaxPingsOut(opts, 2));
    CHECK_OK(natsOptions_SetWriteDeadline(opts, 2000));
    if (transport == TLS)
        CHECK_OK(natsOptions_LoadCATrustedCertificates(opts, cert("ca.pem")));
    return opts;
}

/* ---- faults ----------------------------------------------------------------------------------------------------- */

/* A fault that ends at some time. */
typedef struct fault {
    proxy *path;
    int64_t until;
} fault;

static fault faults[TRANSPORTS][SERVERS];
static int64_t restart_at[SERVERS];
static int fault_counts[10];
static const char *const fault_names[10] = {
    "cut",    "reset",         "cut within a frame", "delay",  "split", "hole",
    "refuse", "server killed", "leader sent away",   "all cut"};

/* The servers' restarts are due, and the ends of faults. */
static void look_at_faults(void) {
    int t, i;
    int64_t now = now_ms();

    for (i = 0; i < SERVERS; i++) {
        if (down[i] && now >= restart_at[i]) {
            server_restart(&servers[i]);
            snprintf(servers[i].url, sizeof(servers[i].url), "nats://127.0.0.1:%d", servers[i].port);
            down[i] = false;
        }
        for (t = 0; t < TRANSPORTS; t++) {
            if (faults[t][i].until != 0 && now >= faults[t][i].until) {
                proxy_heal(paths[t][i]);
                faults[t][i].until = 0;
            }
        }
    }
}

static void lasts(int t, int i, int ms) { faults[t][i].until = now_ms() + ms; }

static void send_leader_away(natsConnection *nc, int t) {
    char subject[96];
    const char *kinds[] = {"CHAOS_%s", "KV_chaos_%s", "OBJ_chaos_%s"};
    char stream[48];
    int kind = between(0, 2);

    snprintf(stream, sizeof(stream), kinds[kind], names[t]);
    snprintf(subject, sizeof(subject), "$JS.API.STREAM.LEADER.STEPDOWN.%s", stream);
    natsConnection_PublishString(nc, subject, "");
}

/* Every choice is drawn whether or not it can be made now, so a seed means the same schedule. */
static void make_fault(natsConnection *nc) {
    int kind = between(0, 99), t = between(0, TRANSPORTS - 1), i = between(0, SERVERS - 1), j;
    int ms = between(300, 2500), small = between(1, 40), bytes = between(0, 20000);
    proxy *p = paths[t][i];
    int which;

    if (kind < 12) {
        which = 0;
        proxy_cut(p, false);
    } else if (kind < 26) {
        which = 1;
        proxy_cut(p, true);
    } else if (kind < 46) {
        which = 2;
        proxy_cut_after(p, 1 + bytes);
    } else if (kind < 57) {
        which = 3;
        proxy_delay(p, ms / 5);
        lasts(t, i, ms);
    } else if (kind < 69) {
        which = 4;
        proxy_split(p, small);
        lasts(t, i, ms);
    } else if (kind < 78) {
        which = 5;
        proxy_hole(p, true);
        lasts(t, i, 2 * ms);
    } else if (kind < 84) {
        which = 6;
        proxy_refuse(p, true);
        proxy_cut(p, true);
        lasts(t, i, ms);
    } else if (kind < 88) {
        which = 7;
        if (down[0] || down[1] || down[2])
            return;
        server_kill(&servers[i]);
        down[i] = true;
        restart_at[i] = now_ms() + ms;
    } else if (kind < 96) {
        which = 8;
        send_leader_away(nc, t);
    } else {
        which = 9;
        for (j = 0; j < SERVERS; j++)
            proxy_cut(paths[t][j], true);
    }
    fault_counts[which]++;
}

static void calm_down(void) {
    int t, i;

    for (i = 0; i < SERVERS; i++) {
        restart_at[i] = 0;
        for (t = 0; t < TRANSPORTS; t++)
            faults[t][i].until = 1;
    }
    look_at_faults();
}

/* ---- samples ---------------------------------------------------------------------------------------------------- */

static FILE *samples;
static long first_kib, last_kib;
static int first_count, last_count;

static long resident_kib(void) {
    FILE *f = fopen("/proc/self/statm", "r");
    long all = 0, resident = 0;

    if (f == NULL || fscanf(f, "%ld %ld", &all, &resident) != 2)
        abort();
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int entries_of(const char *folder) {
    DIR *d = opendir(folder);
    int n = -2;

    if (d == NULL)
        return 0;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

static void sample(int64_t total_ms) {
    int64_t median, longest, now = now_ms() - began;
    uint64_t reconnects = 0;
    int count, t;
    long kib = resident_kib();

    load_latency(&median, &longest, &count);
    for (t = 0; t < TRANSPORTS; t++)
        reconnects += load_reconnects(&loads[t]);
    if (samples != NULL) {
        fprintf(samples, "%.1f %ld %d %d %" PRId64 " %" PRId64 " %d %" PRIu64 "\n", (double)now / 1000, kib,
                entries_of("/proc/self/task"), entries_of("/proc/self/fd"), median, longest, count,
                reconnects);
        fflush(samples);
    }
    /* The first tenth warms up. */
    if (now >= total_ms / 10 && now < 3 * total_ms / 10) {
        first_kib += kib;
        first_count++;
    } else if (now >= 8 * total_ms / 10) {
        last_kib += kib;
        last_count++;
    }
}

/* ---- the account ------------------------------------------------------------------------------------------------ */

static int violations;

static void require(bool condition, const char *format, ...) {
    va_list args;

    if (condition)
        return;
    violations++;
    printf("NOT ALLOWED: ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* Reads a stream with a connection that nothing disturbs: at which sequence each number is, 0 for none, to be freed.
 * Counts those that are there twice. */
static uint64_t *read_stream(const char *stream, const char *subject, uint64_t numbers, jsCtx *js,
                             uint64_t *last, uint64_t *twice) {
    natsSubscription *sub = NULL;
    jsStreamInfo *info = NULL;
    jsSubOptions opts;
    uint64_t seen = 0, n;
    uint64_t *at = calloc(numbers, sizeof(at[0]));

    CHECK(at != NULL);
    CHECK_EVENTUALLY(js_GetStreamInfo(&info, js, stream, NULL, NULL));
    *last = info->State.LastSeq;
    require(info->State.Msgs == *last, "%s has %" PRIu64 " messages up to %" PRIu64, stream, info->State.Msgs,
            *last);
    jsStreamInfo_Destroy(info);
    CHECK_OK(jsSubOptions_Init(&opts));
    opts.Ordered = true;
    CHECK_EVENTUALLY(js_SubscribeSync(&sub, js, subject, NULL, &opts, NULL));
    while (seen < *last) {
        natsMsg *msg = NULL;
        natsStatus s = natsSubscription_NextMsg(&msg, sub, 20000);

        if (s != NATS_OK) {
            require(false, "%s cannot be read behind %" PRIu64 ": %s", stream, seen, natsStatus_GetText(s));
            break;
        }
        seen++;
        n = load_number(msg);
        if (n < numbers) {
            *twice += at[n] != 0;
            at[n] = seen;
        }
        natsMsg_Destroy(msg);
    }
    natsSubscription_Destroy(sub);
    return at;
}

/* Compares the streams with the acks. Returns the last sequence of the first one. */
static uint64_t verify_streams(load *l, jsCtx *js) {
    async_load *a = &l->async;
    uint64_t last = 0, last_async = 0, lost = 0, moved = 0, twice = 0, n;
    uint64_t *at = read_stream(l->stream, l->subject, l->acked_count + 2, js, &last, &twice);

    for (n = 0; n < l->acked_count; n++) {
        lost += at[n] == 0;
        moved += at[n] != 0 && at[n] != l->acked[n];
    }
    free(at);
    require(lost == 0, "%s: %" PRIu64 " acknowledged messages are not in the stream", l->transport, lost);
    require(moved == 0, "%s: %" PRIu64 " messages are at another sequence than their acks say", l->transport,
            moved);
    require(twice == 0, "%s: %" PRIu64 " messages are twice in the stream", l->transport, twice);

    lost = twice = 0;
    at = read_stream(a->stream, a->subject, a->numbers, js, &last_async, &twice);
    for (n = 0; n < a->numbers; n++)
        lost += at[n] == 0 && load_async_acked(a, n);
    free(at);
    printf("\n%s: async: %" PRIu64 " accepted of %" PRIu64 ", handler called for %" PRIu64 ", %" PRIu64
           " acknowledged, %" PRIu64 " stored\n",
           l->transport, a->accepted, a->numbers, a->told, a->acked, last_async);
    require(lost == 0, "%s: %" PRIu64 " messages of js_PublishMsgAsync are not there, though acknowledged",
            l->transport, lost);
    require(twice == 0, "%s: %" PRIu64 " messages of js_PublishMsgAsync are there twice", l->transport,
            twice);
    require(a->complete && a->told == a->accepted && a->told_again == 0,
            "%s: %" PRIu64 " messages of js_PublishMsgAsync, the handler was told of %" PRIu64 ", %" PRIu64
            " times again",
            l->transport, a->accepted, a->told, a->told_again);
    return last;
}

static void verify_keys(load *l, jsCtx *js) {
    kvStore *kv = NULL;
    int64_t until = now_ms() + 60000;
    int i;

    CHECK_EVENTUALLY(js_KeyValue(&kv, js, l->bucket));
    for (i = 0; i < KEYS; i++) {
        kvEntry *entry = NULL;
        char key[16];
        natsStatus s;

        snprintf(key, sizeof(key), "k%d", i);
        do {
            s = kvStore_Get(&entry, kv, key);
        } while (s != NATS_OK && s != NATS_NOT_FOUND && now_ms() < until);
        if (s != NATS_OK) {
            require(l->written[i] == 0, "%s: %s was written, and is not there", l->transport, key);
            continue;
        }
        require(kvEntry_Revision(entry) >= l->written[i],
                "%s: %s has a revision before its last confirmed one", l->transport, key);
        require(l->watched[i] == kvEntry_Revision(entry) &&
                    l->watched_value[i] == strtoull(kvEntry_ValueString(entry), NULL, 10),
                "%s: the watcher saw %s at %" PRIu64 ", it is at %" PRIu64, l->transport, key, l->watched[i],
                kvEntry_Revision(entry));
        kvEntry_Destroy(entry);
    }
    kvStore_Destroy(kv);
}

static uint64_t stream_last(load *l, jsCtx *js) {
    jsStreamInfo *info = NULL;
    uint64_t last = 0;

    if (js_GetStreamInfo(&info, js, l->stream, NULL, NULL) == NATS_OK)
        last = info->State.LastSeq;
    jsStreamInfo_Destroy(info);
    return last;
}

static bool keys_are_seen(load *l) {
    bool all = true;
    int i;

    pthread_mutex_lock(&l->lock);
    for (i = 0; i < KEYS; i++)
        all = all && l->watched[i] >= l->written[i];
    pthread_mutex_unlock(&l->lock);
    return all;
}

static jsCtx *undisturbed; /* a context whose connection has no proxy */

/* The stream is asked each time: its leader may be a new one, and the last message unacknowledged. */
static bool caught_up(load *l, uint64_t unused) {
    uint64_t last = stream_last(l, undisturbed);
    bool all;

    (void)unused;
    pthread_mutex_lock(&l->lock);
    all = last > 0 && last >= l->acked_count && l->ordered_next > last && l->pulled_count >= last;
    pthread_mutex_unlock(&l->lock);
    return all && keys_are_seen(l);
}

/* Waits for what has to come once nothing disturbs any more. */
static bool soon(const char *what, const char *transport, bool (*is)(load *, uint64_t), load *l,
                 uint64_t value) {
    int64_t until = now_ms() + 60000 * time_factor();

    while (!is(l, value)) {
        int t, i;

        for (t = 0; t < TRANSPORTS; t++)
            for (i = 0; i < loads[t].caller_count; i++)
                caller_look(&loads[t].callers[i]);
        if (now_ms() > until) {
            require(false, "%s: %s within a minute of quiet", transport, what);
            return false;
        }
        poll_pause();
    }
    return true;
}

static bool is_connected(load *l, uint64_t unused) {
    (void)unused;
    return load_connected(l);
}

static bool has_core(load *l, uint64_t next) { return order_read(&l->core).next >= next; }

/* In quiet times nothing is lost, not even of what may be. */
static void quiet_time(void) {
    uint64_t missing[TRANSPORTS], late[TRANSPORTS], from[TRANSPORTS], failed[TRANSPORTS], slow[TRANSPORTS];
    int t;

    for (t = 0; t < TRANSPORTS; t++)
        soon("not all connections came back", names[t], is_connected, &loads[t], 0);
    for (t = 0; t < TRANSPORTS; t++) {
        load *l = &loads[t];
        order core;

        /* What was buffered meanwhile, and what the subscriber's server did not know yet. */
        CHECK_OK(natsConnection_FlushTimeout(l->nc[SUBSCRIBER], 10000));
        CHECK_OK(natsConnection_FlushTimeout(l->nc[PUBLISHER], 10000));
        from[t] = __atomic_load_n(&l->published, __ATOMIC_ACQUIRE) + 20;
        soon("a publisher or subscriber does not go on", names[t], has_core, l, from[t]);
        core = order_read(&l->core);
        missing[t] = core.missing;
        late[t] = core.late;
        failed[t] = l->requester->failed;
        slow[t] = l->slow;
    }
    for (t = 0; t < TRANSPORTS; t++)
        soon("a publisher or subscriber does not go on", names[t], has_core, &loads[t], from[t] + 500);
    for (t = 0; t < TRANSPORTS; t++) {
        load *l = &loads[t];
        order core = order_read(&l->core);

        require(core.missing == missing[t] && core.late == late[t],
                "%s: of published messages %" PRIu64 " are lost and %" PRIu64 " out of order in a quiet time",
                names[t], core.missing - missing[t], core.late - late[t]);
        require(l->requester->failed <= failed[t] + 1, "%s: %" PRIu64 " requests failed in a quiet time (%s)",
                names[t], l->requester->failed - failed[t], l->requester->last_error);
        require(l->slow == slow[t], "%s: a slow consumer in a quiet time", names[t]);
    }
}

static void print_account(load *l, uint64_t stored) {
    order core = order_read(&l->core);
    int i;

    printf("%s: %" PRIu64 " reconnects\n", l->transport, load_reconnects(l));
    printf("  published %" PRIu64 ", received %" PRIu64 ": %" PRIu64 " lost (allowed), %" PRIu64
           " late (allowed), %" PRIu64 " doubled\n",
           l->published, core.received, l->published - core.received, core.late, core.doubled);
    printf("  stream %" PRIu64 ", acknowledged to the publisher %" PRIu64 " (%" PRIu64
           " had been stored before)\n",
           stored, l->acked_count, l->ack_duplicates);
    printf("  pulled %" PRIu64 " of it; redelivered %" PRIu64 " (allowed); again without saying so %" PRIu64
           ", after a confirmed acknowledgement %" PRIu64 " (the servers')\n",
           l->pulled_count, l->redelivered, l->pulled_again, l->acked_again);
    printf("  ordered %" PRIu64 ": %" PRIu64 " missing, %" PRIu64 " doubled\n", l->ordered_received,
           l->ordered_gaps, l->ordered_again);
    printf("  keys: %" PRIu64 " changes watched, %" PRIu64 " not in the order of revisions\n",
           l->watched_count, l->watched_back);
    for (i = 0; i < l->caller_count; i++) {
        caller *c = &l->callers[i];

        printf("  %-18s %7" PRIu64 " ok %6" PRIu64 " failed %3" PRIu64 " hung, longest %5" PRId64 " ms%s%s\n",
               c->name, c->ok, c->failed, c->hung, c->longest_ms, c->failed > 0 ? "; last: " : "",
               c->last_error);
        require(c->hung == 0, "%s: %s hung", l->transport, c->name);
        require(c->ok > 0, "%s: %s never succeeded", l->transport, c->name);
    }
    require(core.doubled == 0, "%s: published messages came twice", l->transport);
    require(l->wrong_replies == 0, "%s: %" PRIu64 " replies to other requests", l->transport,
            l->wrong_replies);
    require(l->ordered_gaps == 0 && l->ordered_again == 0 && l->ordered_next == stored + 1,
            "%s: the ordered consumer came to %" PRIu64 " of %" PRIu64 ", %" PRIu64 " missing, %" PRIu64
            " doubled",
            l->transport, l->ordered_next - 1, stored, l->ordered_gaps, l->ordered_again);
    require(l->pulled_count == stored, "%s: of %" PRIu64 " stored messages %" PRIu64 " were pulled",
            l->transport, stored, l->pulled_count);
    require(l->watched_back == 0, "%s: revisions went back", l->transport);
    require(l->objects_wrong == 0, "%s: %" PRIu64 " objects or messages with wrong content", l->transport,
            l->objects_wrong);
    require(l->closed == 0, "%s: %" PRIu64 " connections gave up", l->transport, l->closed);
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

static void run(void) {
    const char *seed = getenv("CHAOS_SEED"), *seconds = getenv("CHAOS_SECONDS"),
               *flat = getenv("CHAOS_FLAT_KIB");
    const char *samples_file = getenv("CHAOS_SAMPLES");
    int64_t total = 1000 * (int64_t)(seconds == NULL ? 30 : atol(seconds)), next_fault, next_sample;
    natsConnection *admin;
    jsCtx *js = NULL;
    uint64_t stored[TRANSPORTS];
    int t, i;

    state = seed == NULL ? (uint64_t)now_ms() * 2654435761u ^ (uint64_t)getpid() : strtoull(seed, NULL, 10);
    printf("CHAOS_SEED=%" PRIu64 "\n", state);
    samples = samples_file == NULL ? NULL : fopen(samples_file, "w");
    CHECK(samples_file == NULL || samples != NULL);
    start_servers();
    for (t = 0; t < TRANSPORTS; t++)
        for (i = 0; i < SERVERS; i++)
            paths[t][i] = proxy_start(t == WS ? ws_ports[i] : servers[i].port);
    proxies_run();
    admin = direct(&js);
    undisturbed = js;
    wait_for_jetstream(js);
    for (t = 0; t < TRANSPORTS; t++)
        load_prepare(&loads[t], names[t], js);
    for (t = 0; t < TRANSPORTS; t++) {
        natsOptions *opts = options_for(t);

        load_begin(&loads[t], opts, options_for(t));
        natsOptions_Destroy(opts);
    }

    printf("%.0f s of faults\n", (double)total / 1000);
    began = now_ms();
    next_fault = began + 500;
    next_sample = began;
    while (now_ms() < began + total) {
        int64_t now = now_ms();

        if (now >= next_fault) {
            make_fault(admin);
            next_fault = now_ms() + between(10, 300);
        }
        if (now >= next_sample) {
            sample(total);
            next_sample = now + 1000;
        }
        look_at_faults();
        for (t = 0; t < TRANSPORTS; t++)
            for (i = 0; i < loads[t].caller_count; i++)
                caller_look(&loads[t].callers[i]);
        poll_pause();
    }

    calm_down();
    printf("quiet\n");
    quiet_time();
    for (t = 0; t < TRANSPORTS; t++)
        __atomic_store_n(&loads[t].stop_writing, 1, __ATOMIC_RELEASE);
    for (t = 0; t < TRANSPORTS; t++) {
        wait_for_jetstream(js);
        soon("not all that is stored came", names[t], caught_up, &loads[t], 0);
    }
    for (t = 0; t < TRANSPORTS; t++)
        __atomic_store_n(&loads[t].stop_reading, 1, __ATOMIC_RELEASE);
    for (t = 0; t < TRANSPORTS; t++)
        load_join(&loads[t]);
    printf("faults:");
    for (i = 0; i < 10; i++)
        printf("%s %s %d", i == 0 ? "" : ",", fault_names[i], fault_counts[i]);
    printf("\n");
    for (t = 0; t < TRANSPORTS; t++) {
        stored[t] = verify_streams(&loads[t], js);
        verify_keys(&loads[t], js);
        print_account(&loads[t], stored[t]);
    }
    for (t = 0; t < TRANSPORTS; t++)
        require(load_end(&loads[t]), "%s: a connection does not end", names[t]);
    jsCtx_Destroy(js);
    natsConnection_Destroy(admin);
    require(nats_CloseAndWait(10000) == NATS_OK, "the library does not close");
    printf("\ncome and gone: %" PRIu64 " connections, %" PRIu64 " subscriptions\n", churned.connected,
           churned.subscribed);
    require(churned.connected == churned.released && churned.subscribed == churned.completed,
            "%" PRIu64 " connections and %" PRIu64 " subscriptions were reported as ended", churned.released,
            churned.completed);
    if (flat != NULL && first_count > 0 && last_count > 0) {
        long grown = last_kib / last_count - first_kib / first_count;

        printf("memory: %ld KiB at first, %ld KiB more at last\n", first_kib / first_count, grown);
        require(grown <= atol(flat), "memory grew by %ld KiB", grown);
    }
    proxies_stop();
    for (i = 0; i < SERVERS; i++)
        server_stop(&servers[i]);
    if (samples != NULL)
        fclose(samples);
    if (violations > 0)
        check_failed(__FILE__, __LINE__, "%d violations", violations);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {TEST(run)};

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1)
        setenv("CHAOS_SECONDS", argv[1], 1);
    /* Nobody stops it but its own deadlines. */
    setenv("TEST_NO_FORK", "1", 1);
    return certs_make() != 0 ? 1 : certs_removed_after(run_cases(__FILE__, cases, 1, 1, argv));
}
