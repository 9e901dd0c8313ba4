/* Key-value watchers and lists. */
#include "kv.h"

static void put(kv_fixture *f, const char *key, const char *value) {
    CHECK_OK(kvStore_PutString(NULL, f->kv, key, value));
}

static void expect_none(kvWatcher *w) {
    kvEntry *e = (kvEntry *)w;

    CHECK_STATUS(kvWatcher_Next(&e, w, 50), NATS_TIMEOUT);
    CHECK(e == NULL);
}

static void initial_data_then_updates(void) {
    kv_fixture f;
    kvWatcher *w = NULL;

    kv_start(&f);
    put(&f, "a", "1");
    put(&f, "b", "1");
    put(&f, "a", "2");
    CHECK_OK(kvStore_Delete(f.kv, "b"));
    put(&f, "c", "1");
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    kv_expect(w, "a", "2");
    kv_expect(w, "b", NULL);
    kv_expect(w, "c", "1");
    kv_expect_complete(w);
    expect_none(w);
    put(&f, "b", "2");
    CHECK_OK(kvStore_Purge(f.kv, "a", NULL));
    kv_expect(w, "b", "2");
    kv_expect(w, "a", NULL);
    expect_none(w);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

/* What an entry says beside key and value. */
static void entries_of_watchers(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;
    int64_t before = nats_Now();
    int i;

    kv_start(&f);
    put(&f, "a", "1");
    put(&f, "b", "2");
    put(&f, "c", "");
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    for (i = 0; i < 3; i++) {
        CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
        CHECK_STR(kvEntry_Bucket(e), "T");
        CHECK_INT(kvEntry_Revision(e), i + 1);
        CHECK_INT(kvEntry_Delta(e), 2 - i);
        CHECK(kvEntry_Created(e) / 1000000 >= before - 1000);
        CHECK_INT(kvEntry_ValueLen(e), i < 2 ? 1 : 0);
        CHECK(kvEntry_Value(e) != NULL);
        kvEntry_Destroy(e);
    }
    kv_expect_complete(w);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void patterns_that_overlap(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    const char *crossing[] = {"a.*", "*.b"};
    const char *covered[] = {"a.b", "a.*", "c", "c", "a.x"};
    kvKeysList list;

    kv_start(&f);
    put(&f, "a.b", "1");
    put(&f, "b.b", "2");
    put(&f, "c", "3");
    put(&f, "c.d", "4");
    CHECK_OK(kvStore_WatchMulti(&w, f.kv, covered, 5, NULL));
    kv_expect(w, "a.b", "1");
    kv_expect(w, "c", "3");
    kv_expect_complete(w);
    put(&f, "a.b", "5");
    kv_expect(w, "a.b", "5");
    kvWatcher_Destroy(w);
    CHECK_OK(kvStore_WatchMulti(&w, f.kv, crossing, 2, NULL));
    kv_expect(w, "b.b", "2");
    kv_expect(w, "a.b", "5");
    kv_expect_complete(w);
    put(&f, "a.b", "6");
    put(&f, "b.b", "7");
    kv_expect(w, "a.b", "6");
    kv_expect(w, "b.b", "7");
    kvWatcher_Destroy(w);
    CHECK_OK(kvStore_KeysWithFilters(&list, f.kv, covered, 5, NULL));
    CHECK_INT(list.Count, 2);
    CHECK_STR(list.Keys[0], "c");
    CHECK_STR(list.Keys[1], "a.b");
    kvKeysList_Destroy(&list);
    CHECK_OK(kvStore_KeysWithFilters(&list, f.kv, crossing, 2, NULL));
    CHECK_INT(list.Count, 2);
    CHECK_STR(list.Keys[0], "a.b");
    CHECK_STR(list.Keys[1], "b.b");
    kvKeysList_Destroy(&list);
    kv_end(&f);
}

static void nothing_there(void) {
    kv_fixture f;
    kvWatcher *w = NULL;

    kv_start(&f);
    CHECK_OK(kvStore_Watch(&w, f.kv, "a.*", NULL));
    kv_expect_complete(w);
    expect_none(w);
    put(&f, "b.c", "0");
    put(&f, "a.c", "1");
    kv_expect(w, "a.c", "1");
    CHECK_OK(kvWatcher_Stop(w));
    CHECK_OK(kvWatcher_Stop(w));
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void what_options_do(void) {
    kv_fixture f;
    kvWatchOptions opts;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;
    const char *keys[] = {"a", "b.>"};

    kv_start(&f);
    put(&f, "a", "1");
    put(&f, "a", "2");
    put(&f, "b.c", "3");
    put(&f, "d", "4");
    CHECK_OK(kvStore_Delete(f.kv, "d"));

    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.IncludeHistory = true;
    CHECK_OK(kvStore_WatchMulti(&w, f.kv, keys, 2, &opts));
    kv_expect(w, "a", "1");
    kv_expect(w, "a", "2");
    kv_expect(w, "b.c", "3");
    kv_expect_complete(w);
    kvWatcher_Destroy(w);

    /* A deletion that is not shown may be what completes the initial data. */
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.IgnoreDeletes = true;
    CHECK_OK(kvStore_WatchAll(&w, f.kv, &opts));
    kv_expect(w, "a", "2");
    kv_expect(w, "b.c", "3");
    kv_expect_complete(w);
    kvWatcher_Destroy(w);

    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.MetaOnly = true;
    CHECK_OK(kvStore_Watch(&w, f.kv, "b.c", &opts));
    CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
    CHECK_INT(kvEntry_ValueLen(e), 0);
    CHECK_INT(kvEntry_Revision(e), 3);
    kvEntry_Destroy(e);
    kv_expect_complete(w);
    kvWatcher_Destroy(w);

    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.UpdatesOnly = true;
    opts.IncludeHistory = true;
    CHECK_OK(kvStore_WatchAll(&w, f.kv, &opts));
    expect_none(w);
    put(&f, "a", "5");
    kv_expect(w, "a", "5");
    expect_none(w);
    kvWatcher_Destroy(w);

    opts.ResumeFromRevision = 3;
    CHECK_OK(kvStore_WatchAll(&w, f.kv, &opts));
    kv_expect(w, "b.c", "3");
    kv_expect(w, "d", "4");
    kv_expect(w, "d", NULL);
    kv_expect(w, "a", "5");
    kv_expect_complete(w);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

typedef struct seen {
    counter entries, completed, wrong, errors;
    kvWatcher *watcher;
    bool stop;
    int64_t before_complete;
} seen;

static void seen_init(seen *s) {
    memset(s, 0, sizeof(*s));
    counter_init(&s->entries);
    counter_init(&s->completed);
    counter_init(&s->wrong);
    counter_init(&s->errors);
}

static void on_entry(kvWatcher *w, kvEntry *e, natsStatus s, void *closure) {
    seen *n = (seen *)closure;

    if (w != n->watcher)
        counter_add(&n->wrong, 1);
    if (s != NATS_OK) {
        counter_add(&n->errors, 1);
    } else if (e == NULL) {
        n->before_complete = counter_get(&n->entries);
        counter_add(&n->completed, 1);
    } else {
        if (n->stop && counter_get(&n->entries) == 0) {
            if (kvWatcher_Stop(w) != NATS_OK)
                counter_add(&n->wrong, 1);
        } else if (n->stop) {
            counter_add(&n->wrong, 1);
        }
        counter_add(&n->entries, 1);
    }
    kvEntry_Destroy(e);
}

static void callbacks_get_entries(void) {
    kv_fixture f;
    kvWatchOptions opts;
    kvEntry *e = NULL;
    seen s;

    kv_start(&f);
    put(&f, "a", "1");
    put(&f, "b", "2");
    seen_init(&s);
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Callback = on_entry;
    opts.Closure = &s;
    CHECK_OK(kvStore_WatchAll(&s.watcher, f.kv, &opts));
    CHECK(counter_wait(&s.completed, 1, deadline_ms()));
    CHECK_INT(s.before_complete, 2);
    CHECK_STATUS(kvWatcher_Next(&e, s.watcher, 10), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "cannot invoke kvWatcher_Next if a callback has been set");
    put(&f, "c", "3");
    CHECK(counter_wait(&s.entries, 3, deadline_ms()));
    CHECK_OK(kvWatcher_Stop(s.watcher));
    kvWatcher_Destroy(s.watcher);
    CHECK_INT(counter_get(&s.completed), 1);
    CHECK_INT(counter_get(&s.errors), 0);

    /* Of an empty set. */
    seen_init(&s);
    CHECK_OK(kvStore_Watch(&s.watcher, f.kv, "nothing", &opts));
    CHECK(counter_wait(&s.completed, 1, deadline_ms()));
    CHECK_INT(s.before_complete, 0);
    kvWatcher_Destroy(s.watcher);

    /* One that stops itself sees nothing more. */
    seen_init(&s);
    s.stop = true;
    CHECK_OK(kvStore_WatchAll(&s.watcher, f.kv, &opts));
    CHECK(counter_wait(&s.entries, 1, deadline_ms()));
    kvWatcher_Destroy(s.watcher);
    CHECK_INT(counter_get(&s.wrong), 0);
    CHECK_INT(counter_get(&s.completed), 0);
    kv_end(&f);
}

static void *stop_later(void *arg) {
    poll_pause();
    kvWatcher_Stop((kvWatcher *)arg);
    return NULL;
}

static void a_stop_wakes_who_waits(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;
    pthread_t thread;

    kv_start(&f);
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    kv_expect_complete(w);
    CHECK_INT(pthread_create(&thread, NULL, stop_later, w), 0);
    CHECK_STATUS(kvWatcher_Next(&e, w, 1000 * deadline_ms()), NATS_ILLEGAL_STATE);
    pthread_join(thread, NULL);
    CHECK_STATUS(kvWatcher_Next(&e, w, 10), NATS_ILLEGAL_STATE);
    CHECK(e == NULL);
    kvWatcher_Destroy(w);
    kvWatcher_Destroy(w);
    CHECK_STATUS(kvWatcher_Next(&e, w, 10), NATS_INVALID_ARG);
    kv_end(&f);
}

static void wrong_arguments(void) {
    kv_fixture f;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;
    kvKeysList keys;
    kvEntryList entries;
    kvWatchOptions opts;
    const char *empty[] = {""};
    seen s;

    kv_start(&f);
    CHECK_STATUS(kvStore_Watch(&w, f.kv, "", NULL), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_WatchMulti(&w, f.kv, NULL, 1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_WatchMulti(&w, f.kv, empty, 0, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_WatchMulti(&w, f.kv, empty, -1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_WatchMulti(&w, f.kv, empty, 1, NULL), NATS_INVALID_ARG);
    CHECK(w == NULL);
    CHECK_STATUS(kvStore_KeysWithFilters(&keys, f.kv, NULL, 1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_KeysWithFilters(&keys, f.kv, empty, 0, NULL), NATS_INVALID_ARG);
    CHECK(keys.Keys == NULL && keys.Count == 0);
    CHECK_STATUS(kvStore_History(&entries, f.kv, "", NULL), NATS_INVALID_ARG);
    /* A list that would have no end, and one with a callback. */
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.UpdatesOnly = true;
    CHECK_STATUS(kvStore_Keys(&keys, f.kv, &opts), NATS_INVALID_ARG);
    CHECK_STATUS(kvStore_History(&entries, f.kv, "a", &opts), NATS_INVALID_ARG);
    opts.UpdatesOnly = false;
    opts.Callback = on_entry;
    opts.Closure = &s;
    CHECK_STATUS(kvStore_Keys(&keys, f.kv, &opts), NATS_ILLEGAL_STATE);
    CHECK_OK(kvStore_WatchAll(&w, f.kv, NULL));
    CHECK_STATUS(kvWatcher_Next(&e, w, 0), NATS_INVALID_ARG);
    CHECK_STATUS(kvWatcher_Next(NULL, w, 10), NATS_INVALID_ARG);
    kvWatcher_Destroy(w);
    kv_end(&f);
}

static void lists_of_keys(void) {
    kv_fixture f;
    kvKeysList list;
    kvWatchOptions opts;
    const char *filters[] = {"a.*", "b"};
    char key[16];
    int i;

    kv_start(&f);
    CHECK_OK(kvStore_Keys(&list, f.kv, NULL));
    CHECK(list.Keys == NULL && list.Count == 0);
    kvKeysList_Destroy(&list);
    put(&f, "a.x", "1");
    put(&f, "b", "1");
    put(&f, "c", "1");
    put(&f, "a.x", "2");
    CHECK_OK(kvStore_Delete(f.kv, "c"));
    CHECK_OK(kvStore_Keys(&list, f.kv, NULL));
    CHECK_INT(list.Count, 2);
    CHECK_STR(list.Keys[0], "b");
    CHECK_STR(list.Keys[1], "a.x");
    kvKeysList_Destroy(&list);
    CHECK(list.Keys == NULL && list.Count == 0);
    kvKeysList_Destroy(&list);
    kvKeysList_Destroy(NULL);
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.IncludeHistory = true;
    opts.Timeout = deadline_ms();
    CHECK_OK(kvStore_KeysWithFilters(&list, f.kv, filters, 2, &opts));
    CHECK_INT(list.Count, 2);
    kvKeysList_Destroy(&list);
    for (i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "many.%d", i);
        CHECK_OK(kvStore_PutString(NULL, f.kv, key, "v"));
    }
    CHECK_OK(kvStore_Keys(&list, f.kv, NULL));
    CHECK_INT(list.Count, 1002);
    CHECK_STR(list.Keys[1001], "many.999");
    kvKeysList_Destroy(&list);
    kv_end(&f);
}

/* Rewrites keys all the time, each writer some of them, by messages that nobody waits for. */
enum { CHANGING = 1500, CHANGERS = 3, LISTS = 40 };

typedef struct changer {
    natsConnection *nc;
    int number;
    counter *stop;
    int64_t rounds;
    natsStatus bad;
} changer;

static void *change_keys(void *arg) {
    changer *c = (changer *)arg;
    char subject[32];
    int i;

    while (counter_get(c->stop) == 0 && c->bad == NATS_OK) {
        for (i = c->number; i < CHANGING && c->bad == NATS_OK; i += CHANGERS) {
            snprintf(subject, sizeof(subject), "$KV.C.k.%d", i);
            c->bad = natsConnection_PublishString(c->nc, subject, "x");
        }
        /* No faster than the server stores. */
        if (c->bad == NATS_OK)
            c->bad = natsConnection_FlushTimeout(c->nc, deadline_ms());
        c->rounds++;
    }
    return NULL;
}

/* How many of k.0, k.1, ... a list has; each may be there once. */
static int of_those(const kvKeysList *list, bool *there) {
    int i, n, found = 0;

    memset(there, 0, CHANGING * sizeof(*there));
    for (i = 0; i < list->Count; i++)
        if (sscanf(list->Keys[i], "k.%d", &n) == 1) {
            CHECK(n >= 0 && n < CHANGING && !there[n]);
            there[n] = true;
            found++;
        }
    return found;
}

static void keys_that_change_all_the_time_are_listed(void) {
    static const char *filters[] = {"k.*"};
    static bool there[CHANGING];
    static changer changers[CHANGERS];
    pthread_t threads[CHANGERS];
    kv_fixture f;
    kvConfig cfg;
    kvStore *kv = NULL;
    kvKeysList list;
    counter stop;
    char key[16];
    int i, round;

    kv_start(&f);
    counter_init(&stop);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "C";
    cfg.StorageType = js_MemoryStorage;
    CHECK_OK(js_CreateKeyValue(&kv, f.js, &cfg));
    for (i = 0; i < CHANGING; i++) {
        snprintf(key, sizeof(key), "k.%d", i);
        CHECK_OK(kvStore_PutString(NULL, kv, key, "0"));
    }
    CHECK_OK(kvStore_PutString(NULL, kv, "deleted", "0"));
    CHECK_OK(kvStore_Delete(kv, "deleted"));
    for (i = 0; i < CHANGERS; i++) {
        memset(&changers[i], 0, sizeof(changers[i]));
        changers[i].nc = test_connect_url(f.s.url);
        changers[i].number = i;
        changers[i].stop = &stop;
        CHECK_INT(pthread_create(&threads[i], NULL, change_keys, &changers[i]), 0);
    }
    for (round = 0; round < LISTS; round++) {
        int found;

        CHECK_OK(round % 2 == 0 ? kvStore_Keys(&list, kv, NULL)
                                : kvStore_KeysWithFilters(&list, kv, filters, 1, NULL));
        found = of_those(&list, there);
        for (i = 0; i < CHANGING; i++)
            if (!there[i])
                check_failed(__FILE__, __LINE__, "list %d has %d of %d keys: k.%d is missing", round, found,
                             (int)CHANGING, i);
        CHECK_INT(list.Count, CHANGING);
        kvKeysList_Destroy(&list);
    }
    counter_set(&stop, 1);
    for (i = 0; i < CHANGERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_OK(changers[i].bad);
        CHECK(changers[i].rounds > 0);
        natsConnection_Destroy(changers[i].nc);
    }
    kvStore_Destroy(kv);
    kv_end(&f);
}

static void histories(void) {
    kv_fixture f;
    kvEntryList list;
    kvWatchOptions opts;
    int i;

    kv_start(&f);
    for (i = 0; i < 12; i++) {
        char value[8];

        snprintf(value, sizeof(value), "%d", i);
        put(&f, "a", value);
    }
    CHECK_OK(kvStore_Delete(f.kv, "a"));
    CHECK_OK(kvStore_History(&list, f.kv, "a", NULL));
    CHECK_INT(list.Count, 10);
    CHECK_STR(kvEntry_ValueString(list.Entries[0]), "3");
    CHECK_INT(kvEntry_Revision(list.Entries[9]), 13);
    CHECK_STR(kvEntry_Bucket(list.Entries[9]), "T");
    kvEntryList_Destroy(&list);
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.IgnoreDeletes = true;
    CHECK_OK(kvStore_History(&list, f.kv, ">", &opts));
    CHECK_INT(list.Count, 9);
    kvEntryList_Destroy(&list);
    kvEntryList_Destroy(NULL);
    kv_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(initial_data_then_updates),
        TEST(entries_of_watchers),
        TEST(patterns_that_overlap),
        TEST(nothing_there),
        TEST(what_options_do),
        TEST(callbacks_get_entries),
        TEST(a_stop_wakes_who_waits),
        TEST(wrong_arguments),
        TEST(lists_of_keys),
        TEST(keys_that_change_all_the_time_are_listed),
        TEST(histories),
    };

    return RUN_TESTS(cases, argc, argv);
}
