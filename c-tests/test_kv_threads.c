/* Watchers that are used by several threads and ended from inside, from outside and by the connection. */
#include "kv.h"

typedef struct waiting {
    kvWatcher *w;
    counter waits;
    natsStatus ended_with;
} waiting;

/* Takes entries until the watcher ends. */
static void *take_until_the_end(void *arg) {
    waiting *t = (waiting *)arg;
    natsStatus s = NATS_OK;

    while (s == NATS_OK || s == NATS_TIMEOUT) {
        kvEntry *e = NULL;

        counter_add(&t->waits, 1);
        s = kvWatcher_Next(&e, t->w, 1000 * deadline_ms());
        kvEntry_Destroy(e);
    }
    t->ended_with = s;
    return NULL;
}

static void waiting_start(waiting *t, kvWatcher *w, pthread_t *thread) {
    t->w = w;
    t->ended_with = NATS_OK;
    counter_init(&t->waits);
    CHECK_INT(pthread_create(thread, NULL, take_until_the_end, t), 0);
    /* The marker was taken: now it waits, or is about to. */
    CHECK(counter_wait(&t->waits, 2, deadline_ms()));
}

static void a_watcher_is_destroyed_while_next_waits(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    waiting t;
    pthread_t thread;
    int round;

    kv_start(&f);
    for (round = 0; round < 20; round++) {
        CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
        waiting_start(&t, w, &thread);
        kvWatcher_Destroy(w);
        pthread_join(thread, NULL);
        /* It waited, or came too late to find the handle. */
        CHECK(t.ended_with == NATS_ILLEGAL_STATE || t.ended_with == NATS_INVALID_ARG);
    }
    kv_end(&f);
}

static void the_connection_is_closed_while_next_waits(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    waiting t;
    pthread_t thread;

    kv_start(&f);
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    waiting_start(&t, w, &thread);
    natsConnection_Close(f.nc);
    pthread_join(thread, NULL);
    CHECK_INT(t.ended_with, NATS_CONNECTION_CLOSED);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void the_bucket_is_deleted_while_next_waits(void) {
    kv_fixture f;
    kvWatchOptions opts;
    kvWatcher *w = NULL;
    waiting t;
    pthread_t thread;

    kv_start(&f);
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Heartbeat = INT64_C(100000000);
    CHECK_OK(kvStore_WatchAll(&w, f.kv, &opts));
    waiting_start(&t, w, &thread);
    CHECK_OK(js_DeleteKeyValue(f.js, "T"));
    pthread_join(thread, NULL);
    CHECK_INT(t.ended_with, NATS_NOT_FOUND);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

/* What a callback does to its own watcher at its first entry. */
typedef struct own_end {
    kvWatcher *w;
    bool destroys;
    counter entries, others;
} own_end;

static void end_it(kvWatcher *w, kvEntry *e, natsStatus s, void *closure) {
    own_end *o = (own_end *)closure;

    if (s != NATS_OK || e == NULL) {
        counter_add(&o->others, 1);
        return;
    }
    kvEntry_Destroy(e);
    if (o->destroys)
        kvWatcher_Destroy(w);
    else
        kvWatcher_Stop(w);
    counter_add(&o->entries, 1);
}

static void callbacks_end_their_own_watcher(void) {
    kv_fixture f;
    kvWatchOptions opts;
    own_end o;
    int round, i;

    kv_start(&f);
    for (i = 0; i < 5; i++)
        CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "1"));
    CHECK_OK(kvStore_PutString(NULL, f.kv, "b", "1"));
    for (round = 0; round < 20; round++) {
        memset(&o, 0, sizeof(o));
        counter_init(&o.entries);
        counter_init(&o.others);
        o.destroys = round % 2 == 0;
        CHECK_OK(kvWatchOptions_Init(&opts));
        opts.Callback = end_it;
        opts.Closure = &o;
        opts.IncludeHistory = true;
        CHECK_OK(kvStore_WatchAll(&o.w, f.kv, &opts));
        CHECK(counter_wait(&o.entries, 1, deadline_ms()));
        CHECK_OK(kvStore_PutString(NULL, f.kv, "a", "2"));
        kvWatcher_Destroy(o.w); /* where the callback has done it, nothing happens */
        CHECK_INT(counter_get(&o.entries), 1);
        CHECK_INT(counter_get(&o.others), 0);
    }
    kv_end(&f);
}

/* Counts what it is called with, slowly. */
static void count_slowly(kvWatcher *w, kvEntry *e, natsStatus s, void *closure) {
    counter *calls = (counter *)closure;

    (void)w;
    (void)s;
    kvEntry_Destroy(e);
    poll_pause();
    counter_add(calls, 1);
}

static void destroyed_from_outside_while_callbacks_run(void) {
    kv_fixture f;
    kvWatchOptions opts;
    kvWatcher *w = NULL;
    static counter calls; /* of all rounds: a callback may be running when the next one begins */
    char key[16];
    int i, round;

    counter_init(&calls);
    kv_start(&f);
    for (i = 0; i < 50; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        CHECK_OK(kvStore_PutString(NULL, f.kv, key, "1"));
    }
    for (round = 0; round < 10; round++) {
        int64_t before = counter_get(&calls), after;

        CHECK_OK(kvWatchOptions_Init(&opts));
        opts.Callback = count_slowly;
        opts.Closure = &calls;
        CHECK_OK(kvStore_WatchAll(&w, f.kv, &opts));
        CHECK(counter_wait(&calls, before + 2, deadline_ms()));
        kvWatcher_Destroy(w);
        /* One may be running; none begins. */
        after = counter_get(&calls);
        CHECK_OK(kvStore_PutString(NULL, f.kv, "k0", "2"));
        CHECK(counter_get(&calls) <= after + 1);
    }
    kv_end(&f);
}

static void a_bucket_deleted_under_a_callback(void) {
    kv_fixture f;
    kvWatchOptions opts;
    own_end o;

    kv_start(&f);
    memset(&o, 0, sizeof(o));
    counter_init(&o.entries);
    counter_init(&o.others);
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Callback = end_it;
    opts.Closure = &o;
    opts.Heartbeat = INT64_C(100000000);
    CHECK_OK(kvStore_WatchAll(&o.w, f.kv, &opts));
    CHECK(counter_wait(&o.others, 1, deadline_ms())); /* the marker */
    CHECK_OK(js_DeleteKeyValue(f.js, "T"));
    CHECK(counter_wait(&o.others, 2, deadline_ms())); /* NATS_NOT_FOUND */
    kvWatcher_Destroy(o.w);
    kv_end(&f);
}

/* Threads that make, use and end watchers and lists of one bucket at the same time. */
typedef struct user {
    kv_fixture *f;
    int number;
    natsStatus bad;
} user;

static void *use_bucket(void *arg) {
    user *u = (user *)arg;
    char key[16];
    int i;

    snprintf(key, sizeof(key), "u%d", u->number);
    for (i = 0; i < 25 && u->bad == NATS_OK; i++) {
        kvWatcher *w = NULL;
        kvEntry *e = NULL;
        kvKeysList keys;
        natsStatus s = kvStore_PutString(NULL, u->f->kv, key, "1");

        if (s == NATS_OK)
            s = kvStore_Watch(&w, u->f->kv, key, NULL);
        if (s == NATS_OK)
            s = kvWatcher_Next(&e, w, deadline_ms());
        if (s == NATS_OK && (e == NULL || strcmp(kvEntry_Key(e), key) != 0))
            s = NATS_ERR;
        kvEntry_Destroy(e);
        kvWatcher_Destroy(w);
        if (s == NATS_OK)
            s = kvStore_Keys(&keys, u->f->kv, NULL);
        if (s == NATS_OK) {
            if (keys.Count < 1)
                s = NATS_ERR;
            kvKeysList_Destroy(&keys);
        }
        u->bad = s;
    }
    return NULL;
}

static void many_threads_use_one_bucket(void) {
    enum { USERS = 6 };
    kv_fixture f;
    user users[USERS];
    pthread_t threads[USERS];
    int i;

    kv_start(&f);
    memset(users, 0, sizeof(users));
    for (i = 0; i < USERS; i++) {
        users[i].f = &f;
        users[i].number = i;
        CHECK_INT(pthread_create(&threads[i], NULL, use_bucket, &users[i]), 0);
    }
    for (i = 0; i < USERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(users[i].bad, NATS_OK);
    }
    kv_end(&f);
}

/* While a thread lists, it reads for the whole connection. */
enum { LISTED = 20000, LISTS = 12 };

typedef struct asker {
    kv_fixture *f;
    counter *stop;
    int64_t answers;
    natsStatus bad;
} asker;

/* Asks a subscription of the same connection, and gets values, until the lists are over. */
static void *ask_meanwhile(void *arg) {
    asker *a = (asker *)arg;

    while (counter_get(a->stop) == 0 && a->bad == NATS_OK) {
        natsMsg *msg = NULL;
        kvEntry *e = NULL;

        a->bad = natsConnection_RequestString(&msg, a->f->nc, "asked", "?", deadline_ms());
        if (a->bad == NATS_OK)
            a->bad = kvStore_Get(&e, a->f->kv, "k.7");
        natsMsg_Destroy(msg);
        kvEntry_Destroy(e);
        a->answers++;
    }
    return NULL;
}

/* Lists, too, in its callback. */
static void answer(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    asker *a = (asker *)closure;
    kvKeysList keys;

    (void)sub;
    if (a->answers++ % 50 == 0) {
        natsStatus s = kvStore_Keys(&keys, a->f->kv, NULL);

        if (s == NATS_OK && keys.Count != LISTED)
            s = NATS_ERR;
        if (s != NATS_OK)
            a->bad = s;
        kvKeysList_Destroy(&keys);
    }
    natsConnection_PublishString(nc, natsMsg_GetReply(msg), "!");
    natsMsg_Destroy(msg);
}

static void others_are_served_during_a_list(void) {
    enum { ASKERS = 3 };
    kv_fixture f;
    asker askers[ASKERS], answering;
    pthread_t threads[ASKERS];
    natsSubscription *sub = NULL;
    counter stop;
    kvKeysList keys;
    char subject[32];
    int i, round;

    kv_start(&f);
    for (i = 0; i < LISTED; i++) {
        snprintf(subject, sizeof(subject), "$KV.T.k.%d", i);
        CHECK_OK(js_PublishAsync(f.js, subject, "1", 1, NULL));
    }
    CHECK_OK(js_PublishAsyncComplete(f.js, NULL));
    counter_init(&stop);
    memset(askers, 0, sizeof(askers));
    memset(&answering, 0, sizeof(answering));
    answering.f = &f;
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "asked", answer, &answering));
    for (i = 0; i < ASKERS; i++) {
        askers[i].f = &f;
        askers[i].stop = &stop;
        CHECK_INT(pthread_create(&threads[i], NULL, ask_meanwhile, &askers[i]), 0);
    }
    for (round = 0; round < LISTS; round++) {
        CHECK_OK(kvStore_Keys(&keys, f.kv, NULL));
        CHECK_INT(keys.Count, LISTED);
        /* In the order in which they were stored. */
        CHECK_STR(keys.Keys[0], "k.0");
        CHECK_STR(keys.Keys[LISTED - 1], "k.19999");
        kvKeysList_Destroy(&keys);
    }
    counter_set(&stop, 1);
    for (i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_OK(askers[i].bad);
        CHECK(askers[i].answers > 0);
    }
    natsSubscription_Destroy(sub);
    CHECK_OK(answering.bad);
    kv_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_watcher_is_destroyed_while_next_waits),
        TEST(the_connection_is_closed_while_next_waits),
        TEST(the_bucket_is_deleted_while_next_waits),
        TEST(callbacks_end_their_own_watcher),
        TEST(destroyed_from_outside_while_callbacks_run),
        TEST(a_bucket_deleted_under_a_callback),
        TEST(many_threads_use_one_bucket),
        TEST(others_are_served_during_a_list),
    };

    return RUN_TESTS(cases, argc, argv);
}
