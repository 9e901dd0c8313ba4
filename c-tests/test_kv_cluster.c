/* Key-value buckets on three servers: lost races, which replicated streams refuse with a code of their own, and
 * the loss of the leader. */
#include "cluster.h"
#include "kv.h"

enum { RACERS = 4, ROUNDS = 25 };

typedef struct replicated {
    cluster c;
    natsConnection *nc[RACERS];
    jsCtx *js[RACERS];
    kvStore *kv[RACERS];
} replicated;

static void replicated_start(replicated *r) {
    kvConfig cfg;
    kvExtraConfig extra;
    jsOptions opts;
    int i;

    memset(r, 0, sizeof(*r));
    cluster_start(&r->c);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = deadline_ms();
    CHECK_OK(kvConfig_Init(&cfg));
    CHECK_OK(kvExtraConfig_Init(&extra));
    cfg.Bucket = "T";
    cfg.History = 64;
    cfg.Replicas = CLUSTER_SERVERS;
    extra.Transactions = true;
    for (i = 0; i < RACERS; i++) {
        r->nc[i] = test_connect(cluster_options(&r->c));
        CHECK_OK(natsConnection_JetStream(&r->js[i], r->nc[i], &opts));
        if (i == 0) {
            kvStore *kv = NULL;

            CHECK_OK(js_CreateKeyValueWithExtra(&kv, r->js[0], &cfg, &extra));
            kvStore_Destroy(kv);
        }
        CHECK_OK(js_KeyValue(&r->kv[i], r->js[i], "T"));
    }
    cluster_settle(r->js[0], "KV_T");
}

static void replicated_end(replicated *r) {
    int i;

    for (i = 0; i < RACERS; i++) {
        kvStore_Destroy(r->kv[i]);
        jsCtx_Destroy(r->js[i]);
        natsConnection_Destroy(r->nc[i]);
    }
    cluster_stop(&r->c);
}

typedef struct racer {
    replicated *r;
    int number;
    int won, lost;
    natsStatus bad;
} racer;

static void run_racers(replicated *r, void *(*race)(void *), racer *racers) {
    pthread_t threads[RACERS];
    int i;

    memset(racers, 0, RACERS * sizeof(*racers));
    for (i = 0; i < RACERS; i++) {
        racers[i].r = r;
        racers[i].number = i;
        CHECK_INT(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(racers[i].bad, NATS_OK);
    }
}

/* Adds to a number by get and update. A get may be answered by a server that is behind: then the update is refused. */
static void *add(void *arg) {
    racer *a = (racer *)arg;
    kvStore *kv = a->r->kv[a->number];

    while (a->won < ROUNDS && a->bad == NATS_OK) {
        kvEntry *e = NULL;
        char text[24];
        natsStatus s = kvStore_Get(&e, kv, "n");

        if (s == NATS_OK) {
            snprintf(text, sizeof(text), "%d", atoi(kvEntry_ValueString(e)) + 1);
            s = kvStore_UpdateString(NULL, kv, "n", text, kvEntry_Revision(e));
        }
        kvEntry_Destroy(e);
        if (s == NATS_OK)
            a->won++;
        else if (s == NATS_ERR && strstr(nats_GetLastError(NULL), "wrong last sequence") != NULL)
            a->lost++;
        else
            a->bad = s;
    }
    return NULL;
}

/* Creates keys that the others create, too; with an expectation of the additions. */
static void *create(void *arg) {
    racer *a = (racer *)arg;
    kvStore *kv = a->r->kv[a->number];
    char key[16];
    int i;

    for (i = 0; i < ROUNDS && a->bad == NATS_OK; i++) {
        kvChange change;
        natsStatus s;

        snprintf(key, sizeof(key), "c%d", i);
        if (i % 2 == 0) {
            s = kvStore_CreateString(NULL, kv, key, "1");
            if (s == NATS_ERR)
                s = NATS_MISMATCH;
        } else {
            memset(&change, 0, sizeof(change));
            change.Operation = kvOp_Put;
            change.Key = key;
            change.CheckRevision = true;
            s = kvStore_Apply(NULL, kv, &change, 1);
        }
        if (s == NATS_OK)
            a->won++;
        else if (s == NATS_MISMATCH)
            a->lost++;
        else
            a->bad = s;
    }
    return NULL;
}

static void races(void) {
    static replicated r;
    racer racers[RACERS];
    char total[24];
    int i, won = 0, lost = 0;
    uint64_t rev = 0, other = 0;

    replicated_start(&r);
    CHECK_OK(kvStore_PutString(NULL, r.kv[0], "n", "0"));
    for (i = 0; i < RACERS; i++)
        kv_await(r.kv[i], "n", "0");
    run_racers(&r, add, racers);
    for (i = 0; i < RACERS; i++)
        lost += racers[i].lost;
    snprintf(total, sizeof(total), "%d", RACERS * ROUNDS);
    kv_await(r.kv[0], "n", total);
    fprintf(stderr, "%d updates lost a race\n", lost);
    CHECK(lost > 0);

    /* Each key is created once. */
    run_racers(&r, create, racers);
    for (lost = won = i = 0; i < RACERS; i++) {
        won += racers[i].won;
        lost += racers[i].lost;
    }
    CHECK_INT(won, ROUNDS);
    CHECK_INT(lost, (RACERS - 1) * ROUNDS);

    CHECK_OK(kvStore_PutString(&rev, r.kv[0], "d", "1"));
    CHECK_OK(kvStore_PutString(&other, r.kv[1], "d", "2"));
    CHECK_STATUS(kvStore_DeleteIfRevision(r.kv[2], "d", rev), NATS_MISMATCH);
    CHECK_STATUS(kvStore_PurgeIfRevision(r.kv[2], "d", rev, NULL), NATS_MISMATCH);
    CHECK_OK(kvStore_DeleteIfRevision(r.kv[2], "d", other));
    replicated_end(&r);
}

/* The server that leads is killed while a watcher has got half of what there is. */
static void the_leader_is_lost_under_a_watcher(void) {
    static replicated r;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;
    char key[16];
    uint64_t last = 0;
    int i, leader, entries = 0, markers = 0, killed = 0;
    bool seen[100];

    replicated_start(&r);
    for (i = 0; i < 50; i++) {
        snprintf(key, sizeof(key), "k.%d", i);
        CHECK_OK(kvStore_PutString(NULL, r.kv[0], key, "old"));
    }
    cluster_settle(r.js[0], "KV_T");
    CHECK_OK(kvStore_Watch(&w, r.kv[0], "k.*", NULL));
    memset(seen, 0, sizeof(seen));
    leader = cluster_leader(r.js[0], "KV_T");
    CHECK(leader >= 0);
    while (entries < 100) {
        /* The watcher waits for two heartbeats, and for an election. */
        natsStatus s = kvWatcher_Next(&e, w, 4 * deadline_ms());

        CHECK_OK(s);
        if (e == NULL) {
            CHECK(entries >= 50);
            CHECK_INT(++markers, 1);
            for (i = 50; i < 100; i++) {
                snprintf(key, sizeof(key), "k.%d", i);
                while (kvStore_PutString(NULL, r.kv[1], key, "new") != NATS_OK)
                    poll_pause();
            }
            continue;
        }
        CHECK(kvEntry_Revision(e) > last);
        last = kvEntry_Revision(e);
        CHECK_INT(sscanf(kvEntry_Key(e), "k.%d", &i), 1);
        /* A put whose answer was lost was made again. */
        entries += !seen[i];
        seen[i] = true;
        kvEntry_Destroy(e);
        if (entries == 20 && killed++ == 0)
            server_kill(&r.c.servers[leader]);
    }
    CHECK_INT(markers, 1);
    kvWatcher_Destroy(w);
    server_restart(&r.c.servers[leader]);
    replicated_end(&r);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(races),
        TEST(the_leader_is_lost_under_a_watcher),
    };

    return RUN_TESTS(cases, argc, argv);
}
