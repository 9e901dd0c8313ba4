/* Chaos: a cluster of three real servers behind proxies that break everything, over TCP, TLS and WebSocket at once, while
 * programs publish, subscribe, request, and use streams, keys and objects. Every number is accounted for: what was lost,
 * doubled, out of order or hung, and which of that the documentation allows.
 *
 * usage: chaos [SECONDS]     run by scripts/chaos.sh and scripts/soak.sh
 *
 * CHAOS_SEED=N      the same faults in the same order; the seed is printed
 * CHAOS_SLOW=N      N times slower publishers
 * CHAOS_SAMPLES=F   a line a second: seconds, resident KiB, threads, descriptors, median and longest round trip in
 *                   microseconds, round trips, reconnects, KiB allocated by malloc
 * CHAOS_FLAT_KIB=N  fails if memory grows by more from the first fifth of the time to the last */
#include "certs.h"
#include "cluster.h"
#include "load.h"
#include "proxy.h"
#include "samples.h"
#include "server.h"
#include "verdict.h"

#include <signal.h>

enum { SERVERS = 3, TRANSPORTS = 3, TCP = 0, TLS = 1, WS = 2 };

static const char *const names[TRANSPORTS] = {"tcp", "tls", "ws"};
static server servers[SERVERS];
static bool down[SERVERS];
static int ws_ports[SERVERS];
static proxy *paths[TRANSPORTS][SERVERS];
static load loads[TRANSPORTS];

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

/* ---- the account ------------------------------------------------------------------------------------------------ */

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
    /* Before the stream is asked: a message that is stored afterwards must not be missing at the end. */
    bool done = !load_writes(l), all;
    uint64_t last = stream_last(l, undisturbed);

    (void)unused;
    pthread_mutex_lock(&l->lock);
    all = done && last > 0 && last >= l->acked_count && l->ordered_next > last && l->pulled_count >= last;
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

static uint64_t all_reconnects(void) {
    uint64_t all = 0;
    int i;

    for (i = 0; i < TRANSPORTS; i++)
        all += load_reconnects(&loads[i]);
    return all;
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

static void run(void) {
    const char *seed = getenv("CHAOS_SEED"), *seconds = getenv("CHAOS_SECONDS"),
               *flat = getenv("CHAOS_FLAT_KIB");
    const char *samples_file = getenv("CHAOS_SAMPLES");
    int64_t began, total = 1000 * (int64_t)(seconds == NULL ? 30 : atol(seconds)), next_fault, next_sample;
    natsConnection *admin;
    jsCtx *js = NULL;
    uint64_t stored[TRANSPORTS];
    int t, i;

    state = seed == NULL ? (uint64_t)now_ms() * 2654435761u ^ (uint64_t)getpid() : strtoull(seed, NULL, 10);
    printf("CHAOS_SEED=%" PRIu64 "\n", state);
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
    samples_begin(samples_file, total);
    next_fault = began + 500;
    next_sample = began;
    while (now_ms() < began + total) {
        int64_t now = now_ms();

        if (now >= next_fault) {
            make_fault(admin);
            next_fault = now_ms() + between(10, 300);
        }
        if (now >= next_sample) {
            sample(all_reconnects());
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
        verify_account(&loads[t], stored[t]);
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
    if (flat != NULL) {
        long at_first, grown = samples_grown(&at_first), allocated_first,
                       more = samples_allocated(&allocated_first);

        printf("memory: %ld KiB at first, %ld KiB more at last; allocated of it: %ld KiB, %ld KiB more\n",
               at_first, grown, allocated_first, more);
        require(grown <= atol(flat), "memory grew by %ld KiB", grown);
    }
    proxies_stop();
    for (i = 0; i < SERVERS; i++)
        server_stop(&servers[i]);
    samples_end();
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
