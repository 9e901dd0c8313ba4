/* Key-value buckets in case of faults: lost races, deleted buckets, lost servers, memory. */
#include "kv.h"
#include "memory.h"

enum { RACERS = 4, ROUNDS = 25 };

typedef struct racer {
    kv_fixture *f;
    counter *go;
    int won;
    natsStatus bad;
} racer;

/* Adds to a number by get and update, as often as it succeeds ROUNDS times. */
static void *race(void *arg) {
    racer *r = (racer *)arg;

    while (r->won < ROUNDS && r->bad == NATS_OK) {
        kvEntry *e = NULL;
        char text[24];
        natsStatus s = kvStore_Get(&e, r->f->kv, "n");

        if (s == NATS_OK) {
            snprintf(text, sizeof(text), "%d", atoi(kvEntry_ValueString(e)) + 1);
            s = kvStore_UpdateString(NULL, r->f->kv, "n", text, kvEntry_Revision(e));
            if (s == NATS_OK)
                r->won++;
            else if (s != NATS_ERR)
                r->bad = s;
        } else {
            r->bad = s;
        }
        kvEntry_Destroy(e);
    }
    return NULL;
}

static void updates_that_lose_are_told(void) {
    kv_fixture f;
    racer racers[RACERS];
    pthread_t threads[RACERS];
    char total[24];
    int i;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "n", "0"));
    memset(racers, 0, sizeof(racers));
    for (i = 0; i < RACERS; i++) {
        racers[i].f = &f;
        CHECK_INT(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(racers[i].bad, NATS_OK);
    }
    snprintf(total, sizeof(total), "%d", RACERS * ROUNDS);
    kv_await(f.kv, "n", total);
    kv_end(&f);
}

/* Creates a key that all of them create and delete. */
static void *create(void *arg) {
    racer *r = (racer *)arg;
    int i;

    for (i = 0; i < ROUNDS && r->bad == NATS_OK; i++) {
        natsStatus s = kvStore_CreateString(NULL, r->f->kv, "k", "v");

        if (s == NATS_OK) {
            r->won++;
            s = kvStore_Delete(r->f->kv, "k");
        }
        if (s != NATS_OK && s != NATS_ERR)
            r->bad = s;
    }
    return NULL;
}

static void creations_that_race(void) {
    kv_fixture f;
    racer racers[RACERS];
    pthread_t threads[RACERS];
    int i, won = 0;

    kv_start(&f);
    memset(racers, 0, sizeof(racers));
    for (i = 0; i < RACERS; i++) {
        racers[i].f = &f;
        CHECK_INT(pthread_create(&threads[i], NULL, create, &racers[i]), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(racers[i].bad, NATS_OK);
        won += racers[i].won;
    }
    CHECK(won >= 1);
    kv_end(&f);
}

static void a_server_restarts_under_a_watcher(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    int round;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "0"));
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    kv_expect(w, "a", "0");
    kv_expect_complete(w);
    for (round = 1; round <= 3; round++) {
        char value[16];

        server_kill(&f.s);
        CHECK(counter_wait(&f.c.disconnected, round, deadline_ms()));
        server_restart(&f.s);
        CHECK(counter_wait(&f.c.reconnected, round, deadline_ms()));
        snprintf(value, sizeof(value), "%d", round);
        while (kvStore_PutString(NULL, f.kv, "a", value) != NATS_OK)
            poll_pause();
        kv_expect(w, "a", value);
    }
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void initial_data_over_a_restart(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    char key[16];
    int i;

    kv_start(&f);
    for (i = 0; i < 20; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        CHECK_OK(kvStore_PutString(NULL, f.kv, key, "old"));
    }
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    kv_expect(w, "k0", "old");
    server_kill(&f.s);
    CHECK(counter_wait(&f.c.disconnected, 1, deadline_ms()));
    server_restart(&f.s);
    CHECK(counter_wait(&f.c.reconnected, 1, deadline_ms()));
    for (i = 1; i < 20; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        kv_expect(w, key, "old");
    }
    kv_expect_complete(w);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void a_bucket_is_deleted_under_a_watcher(void) {
    kv_fixture f;
    kvConfig cfg;
    kvWatchOptions opts;
    kvWatcher *w = NULL, *other = NULL;
    kvEntry *e = NULL;
    kvKeysList keys;
    kvStore *again = NULL;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "0"));
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Heartbeat = INT64_C(200000000);
    CHECK_OK(kvStore_WatchAll(&w, f.kv, &opts));
    kv_expect(w, "a", "0");
    kv_expect_complete(w);
    CHECK_OK(js_DeleteKeyValue(f.js, "T"));
    /* Who waits is told, once; and the error handler is. */
    CHECK_STATUS(kvWatcher_Next(&e, w, deadline_ms()), NATS_NOT_FOUND);
    CHECK(e == NULL);
    CHECK_STATUS(kvWatcher_Next(&e, w, 50), NATS_TIMEOUT);
    CHECK(counter_wait(&f.c.errors, 1, deadline_ms()));
    CHECK_STATUS(kvStore_Keys(&keys, f.kv, NULL), NATS_NOT_FOUND);
    CHECK_STATUS(kvStore_WatchAll(&other, f.kv, NULL), NATS_NOT_FOUND);
    CHECK(other == NULL);
    CHECK(keys.Keys == NULL && keys.Count == 0);
    CHECK_STATUS(kvStore_PutString(NULL, f.kv, "a", "1"), NATS_NO_RESPONDERS);
    CHECK_STATUS(kvStore_Get(&e, f.kv, "a"), NATS_NO_RESPONDERS);
    /* When there is one of the name again, the watcher shows what it has. */
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "T";
    CHECK_OK(js_CreateKeyValue(&again, f.js, &cfg));
    CHECK_OK(kvStore_PutString(NULL, again, "b", "2"));
    kv_expect(w, "b", "2");
    CHECK_OK(js_DeleteKeyValue(f.js, "T"));
    CHECK_OK(kvWatcher_Stop(w));
    kvWatcher_Destroy(w);
    kvStore_Destroy(again);
    kv_end(&f);
}

static void keys_vanish_while_they_are_listed(void) {
    kv_fixture f;
    kvKeysList keys;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;
    char key[16];
    int i, round;

    kv_start(&f);
    for (round = 0; round < 5; round++) {
        for (i = 0; i < 50; i++) {
            snprintf(key, sizeof(key), "k%d", i);
            CHECK_OK(kvStore_PutString(NULL, f.kv, key, "v"));
        }
        CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
        /* All that the consumer counted on goes. */
        CHECK_OK(js_PurgeStream(f.js, "KV_T", NULL, NULL));
        do {
            CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
            kvEntry_Destroy(e);
        } while (e != NULL);
        kvWatcher_Destroy(w);
        CHECK_OK(kvStore_Keys(&keys, f.kv, NULL));
        CHECK_INT(keys.Count, 0);
        kvKeysList_Destroy(&keys);
    }
    kv_end(&f);
}

static void a_closed_connection(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;

    kv_start(&f);
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    kv_expect_complete(w);
    natsConnection_Close(f.nc);
    CHECK_STATUS(kvWatcher_Next(&e, w, deadline_ms()), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(kvStore_Get(&e, f.kv, "a"), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(kvStore_PutString(NULL, f.kv, "a", "1"), NATS_CONNECTION_CLOSED);
    CHECK_OK(kvWatcher_Stop(w));
    CHECK_STATUS(kvWatcher_Next(&e, w, 10), NATS_ILLEGAL_STATE);
    /* Destroys in any order. */
    kvStore_Destroy(f.kv);
    kvStore_Destroy(f.kv);
    CHECK_STATUS(kvStore_Get(&e, f.kv, "a"), NATS_INVALID_ARG);
    CHECK(kvStore_Bucket(f.kv) == NULL);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void use_it(kv_fixture *f, int times) {
    int i;

    for (i = 0; i < times; i++) {
        kvEntry *e = NULL;

        CHECK_OK(kvStore_Get(&e, f->kv, "a"));
        kvEntry_Destroy(e);
        if (i % 10 == 0) {
            kvWatcher *w = NULL;
            kvKeysList keys;

            CHECK_OK(kvStore_WatchAll(&w, f->kv, NULL));
            kv_expect(w, "a", "0");
            kv_expect_complete(w);
            kvWatcher_Destroy(w);
            CHECK_OK(kvStore_Keys(&keys, f->kv, NULL));
            kvKeysList_Destroy(&keys);
        }
    }
}

static void memory_stays_flat(void) {
    kv_fixture f;
    enum { MOST = 64 * 1024 };
    int64_t before;
    int times = time_factor() > 1 ? 100 : 3000;

    kv_start(&f);
    CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "0"));
    use_it(&f, times);
    before = memory_settled(0, 200);
    use_it(&f, times);
    /* Not in proportion to what was done. */
    CHECK_GROWN("gets, watchers and lists", before, memory_settled(before + MOST, deadline_ms()), MOST);
    kv_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(updates_that_lose_are_told),
        TEST(creations_that_race),
        TEST(a_server_restarts_under_a_watcher),
        TEST(initial_data_over_a_restart),
        TEST(a_bucket_is_deleted_under_a_watcher),
        TEST(keys_vanish_while_they_are_listed),
        TEST(a_closed_connection),
        TEST(memory_stays_flat),
    };

    memory_without_caches(argv);
    return RUN_TESTS(cases, argc, argv);
}
