/* Watchers compared with a model: a thread changes random keys while a watcher reads them, and its consumer and
 * its connection are removed at random times. TEST_KV_ROUNDS is the number of rounds. */
#include "kv.h"

enum { KEYS = 10, BEFORE = 60 };

/* What the writer did to a key last, and when something of it was erased. */
typedef struct state {
    uint64_t revision; /* 0 for never */
    kvOperation operation;
    bool deleted; /* it was deleted since the snapshot, perhaps before the watcher was made */
    bool erased;  /* older revisions of it went since the snapshot */
    bool gone;    /* all of it went, without a marker */
    int changes;  /* since the snapshot; the bucket keeps 10 revisions of a key */
} state;

typedef struct model {
    kv_fixture f;
    natsConnection *nc; /* the writer's own */
    jsCtx *js;
    kvStore *kv;
    pthread_mutex_t lock;
    state keys[KEYS];
    uint64_t last; /* the last revision that was acknowledged */
    bool stop;
    unsigned seed;
    pthread_t thread;
} model;

static void key_name(char *key, size_t size, int n) { snprintf(key, size, "k.%d", n); }

static uint64_t last_seq(jsCtx *js) {
    jsStreamInfo *si = NULL;
    uint64_t last;

    CHECK_OK(js_GetStreamInfo(&si, js, "KV_T", NULL, NULL));
    last = si->State.LastSeq;
    jsStreamInfo_Destroy(si);
    return last;
}

/* One change. A delete and a purge say nothing of their revision: it is asked for, nobody else writes. */
static void change(model *m, int n, int what) {
    char key[16], subject[32], value[24];
    uint64_t revision = 0;
    kvOperation operation = what < 7 ? kvOp_Put : what == 7 ? kvOp_Delete : kvOp_Purge;
    jsOptions opts;

    key_name(key, sizeof(key), n);
    pthread_mutex_lock(&m->lock);
    if (what < 7) {
        snprintf(value, sizeof(value), "%u", m->seed);
        CHECK_OK(kvStore_PutString(&revision, m->kv, key, value));
    } else if (what == 7) {
        CHECK_OK(kvStore_Delete(m->kv, key));
        revision = last_seq(m->js);
    } else if (what == 8) {
        CHECK_OK(kvStore_Purge(m->kv, key, NULL));
        revision = last_seq(m->js);
        m->keys[n].erased = true;
    } else {
        /* It vanishes: nobody is told. */
        CHECK_OK(jsOptions_Init(&opts));
        snprintf(subject, sizeof(subject), "$KV.T.%s", key);
        opts.Stream.Purge.Subject = subject;
        CHECK_OK(js_PurgeStream(m->js, "KV_T", &opts, NULL));
        m->keys[n].erased = m->keys[n].gone = true;
    }
    if (what < 9) {
        m->keys[n].revision = m->last = revision;
        m->keys[n].operation = operation;
        m->keys[n].gone = false;
        m->keys[n].deleted |= operation != kvOp_Put;
        m->keys[n].changes++;
    }
    pthread_mutex_unlock(&m->lock);
}

static void *write_keys(void *arg) {
    model *m = (model *)arg;
    bool stop = false;

    while (!stop) {
        change(m, rand_r(&m->seed) % KEYS, rand_r(&m->seed) % 10);
        pthread_mutex_lock(&m->lock);
        stop = m->stop;
        pthread_mutex_unlock(&m->lock);
    }
    return NULL;
}

static void model_start(model *m, unsigned seed) {
    int i;

    memset(m, 0, sizeof(*m));
    pthread_mutex_init(&m->lock, NULL);
    kv_start(&m->f);
    m->nc = test_connect_url(m->f.s.url);
    CHECK_OK(natsConnection_JetStream(&m->js, m->nc, NULL));
    CHECK_OK(js_KeyValue(&m->kv, m->js, "T"));
    m->seed = seed;
    for (i = 0; i < BEFORE; i++)
        change(m, rand_r(&m->seed) % KEYS, rand_r(&m->seed) % 10);
}

static void model_end(model *m) {
    kvStore_Destroy(m->kv);
    jsCtx_Destroy(m->js);
    natsConnection_Destroy(m->nc);
    kv_end(&m->f);
    pthread_mutex_destroy(&m->lock);
}

static void model_stop_writing(model *m) {
    pthread_mutex_lock(&m->lock);
    m->stop = true;
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
}

static void delete_consumers(model *m) {
    jsConsumerNamesList *list = NULL;
    int i;

    natsStatus s = js_ConsumerNames(&list, m->js, "KV_T", NULL, NULL);

    /* Between two of them there may be none; and the watcher may delete one itself meanwhile. */
    CHECK(s == NATS_OK || s == NATS_NOT_FOUND);
    for (i = 0; list != NULL && i < list->Count; i++)
        js_DeleteConsumer(m->js, "KV_T", list->List[i], NULL, NULL);
    jsConsumerNamesList_Destroy(list);
}

/* What the watcher has shown. */
typedef struct seen {
    uint64_t revisions[KEYS]; /* the last one of each key */
    kvOperation operations[KEYS];
    uint64_t last;
    uint64_t before_marker; /* the highest one in front of the marker */
    int markers, entries;
    char story
        [4096]; /* all of it in words, for a failure: "revision.key operation/pending", and * for the marker */
    size_t told;
} seen;

static void tell(seen *s, const char *format, ...) {
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(s->story + s->told, sizeof(s->story) - s->told, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof(s->story) - s->told)
        s->told += (size_t)n;
}

static void failed(int line, const model *m, const seen *s, const state *then, const char *what) {
    int n;

    fprintf(stderr, "shown: %s\nbefore the watcher was made, and now:\n", s->story);
    for (n = 0; n < KEYS; n++)
        fprintf(stderr, "k.%d: %" PRIu64 " %d%s, now %" PRIu64 " %d%s, %d changes%s\n", n, then[n].revision,
                (int)then[n].operation, then[n].gone ? " gone" : "", m->keys[n].revision,
                (int)m->keys[n].operation, m->keys[n].gone ? " gone" : "", m->keys[n].changes,
                m->keys[n].erased ? ", erased" : "");
    check_failed(__FILE__, line, "%s", what);
}

/* Takes one entry; false when none came in time. */
static bool take(model *m, kvWatcher *w, seen *s, const kvWatchOptions *opts, int64_t timeout) {
    kvEntry *e = NULL;
    natsStatus status = kvWatcher_Next(&e, w, timeout);
    int n;

    (void)m;
    if (status == NATS_TIMEOUT)
        return false;
    CHECK_OK(status);
    if (e == NULL) {
        CHECK(!opts->UpdatesOnly);
        CHECK_INT(++s->markers, 1);
        tell(s, "* ");
        s->before_marker = s->last;
        return true;
    }
    CHECK_INT(sscanf(kvEntry_Key(e), "k.%d", &n), 1);
    tell(s, "%" PRIu64 ".%d %d/%" PRIu64 " ", kvEntry_Revision(e), n, (int)kvEntry_Operation(e),
         kvEntry_Delta(e));
    /* Nothing twice, nothing out of order; so no revision behind a later one of its key. */
    if (kvEntry_Revision(e) <= s->last)
        check_failed(__FILE__, __LINE__, "revision %" PRIu64 " comes after %" PRIu64, kvEntry_Revision(e),
                     s->last);
    CHECK(!(opts->IgnoreDeletes && kvEntry_Operation(e) != kvOp_Put));
    CHECK(!(opts->MetaOnly && kvEntry_ValueLen(e) != 0));
    s->last = s->revisions[n] = kvEntry_Revision(e);
    s->operations[n] = kvEntry_Operation(e);
    s->entries++;
    kvEntry_Destroy(e);
    return true;
}

/* All that was acknowledged before the watcher was made, and is still there, came before the marker. */
static void check_marker(model *m, const seen *s, const state *then, const kvWatchOptions *opts) {
    int n;

    pthread_mutex_lock(&m->lock);
    for (n = 0; n < KEYS; n++) {
        bool hidden = opts->IgnoreDeletes && (then[n].operation != kvOp_Put || m->keys[n].deleted);

        if (then[n].revision == 0 || then[n].gone || m->keys[n].erased || hidden)
            continue;
        /* The revision may have made room for later ones. */
        if (m->keys[n].changes >= 10)
            continue;
        if (s->revisions[n] < then[n].revision) {
            char text[80];

            snprintf(text, sizeof(text), "k.%d of revision %" PRIu64 " is not in front of the marker", n,
                     then[n].revision);
            failed(__LINE__, m, s, then, text);
        }
    }
    pthread_mutex_unlock(&m->lock);
}

static bool has_all(model *m, const seen *s, const kvWatchOptions *opts, uint64_t from) {
    bool all = s->markers == 1 || opts->UpdatesOnly;
    int n;

    for (n = 0; n < KEYS; n++) {
        const state *key = &m->keys[n];
        bool hidden = opts->IgnoreDeletes && key->operation != kvOp_Put;

        if (key->revision <= from || key->gone || hidden)
            continue;
        all = all && s->revisions[n] == key->revision;
    }
    return all;
}

/* Was nothing replaced or erased since the snapshot? Then the server's count of the initial data is exact. */
static bool nothing_went(model *m) {
    bool none = true;
    int n;

    pthread_mutex_lock(&m->lock);
    for (n = 0; n < KEYS; n++)
        none = none && !m->keys[n].erased && m->keys[n].changes < 10;
    pthread_mutex_unlock(&m->lock);
    return none;
}

static void one_round(unsigned seed, int resets) {
    model m;
    seen s;
    state then[KEYS];
    kvWatchOptions opts;
    kvWatcher *w = NULL;
    uint64_t from = 0, made, before;
    int64_t until;
    int i, done = 0;
    bool checked = false;

    model_start(&m, seed);
    memset(&s, 0, sizeof(s));
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Heartbeat = INT64_C(150000000);
    opts.IgnoreDeletes = rand_r(&seed) % 4 == 0;
    opts.MetaOnly = rand_r(&seed) % 4 == 0;
    opts.IncludeHistory = rand_r(&seed) % 4 == 0;
    opts.UpdatesOnly = rand_r(&seed) % 5 == 0;
    for (i = 0; i < KEYS; i++)
        m.keys[i].erased = m.keys[i].deleted = false, m.keys[i].changes = 0;
    memcpy(then, m.keys, sizeof(then));
    before = m.last;
    if (rand_r(&seed) % 5 == 0) {
        opts.UpdatesOnly = false;
        opts.ResumeFromRevision = before / 2 + 1;
    }
    if (opts.UpdatesOnly)
        from = before;
    if (opts.ResumeFromRevision > 0)
        from = opts.ResumeFromRevision - 1;
    CHECK_INT(pthread_create(&m.thread, NULL, write_keys, &m), 0);
    CHECK_OK(kvStore_WatchAll(&w, m.f.kv, &opts));
    made = last_seq(m.f.js);
    if (opts.UpdatesOnly)
        from = made; /* what comes meanwhile may be shown or not */
    until = now_ms() + 200;
    while (now_ms() < until || done < resets) {
        take(&m, w, &s, &opts, 100);
        if (done < resets && rand_r(&seed) % 20 == 0) {
            done++;
            if (rand_r(&seed) % 2 == 0)
                delete_consumers(&m);
            else
                CHECK_OK(natsConnection_Reconnect(m.f.nc));
            until = now_ms() + 600; /* time for heartbeats to be missed */
        }
        if (s.markers == 1 && !checked) {
            checked = true;
            if (opts.ResumeFromRevision == 0)
                check_marker(&m, &s, then, &opts);
            /* Without a reset the marker is in front of all that came after the consumer was made. */
            if (done == 0 && s.before_marker > made && nothing_went(&m))
                failed(__LINE__, &m, &s, then, "the marker is behind what was stored later");
        }
    }
    model_stop_writing(&m);
    until = now_ms() + deadline_ms();
    while (!has_all(&m, &s, &opts, from)) {
        take(&m, w, &s, &opts, 100);
        if (now_ms() >= until)
            failed(__LINE__, &m, &s, then, "not all keys came");
    }
    if (opts.UpdatesOnly || opts.ResumeFromRevision > 0)
        for (i = 0; i < KEYS; i++)
            CHECK(s.revisions[i] == 0 || s.revisions[i] > (opts.UpdatesOnly ? before : from));
    CHECK_INT(s.markers, opts.UpdatesOnly ? 0 : 1);
    kvWatcher_Destroy(w);
    model_end(&m);
}

static int rounds(int otherwise) {
    const char *text = getenv("TEST_KV_ROUNDS");

    return text != NULL ? atoi(text) : time_factor() > 1 ? 1 : otherwise;
}

static unsigned first_seed(void) {
    const char *text = getenv("TEST_KV_SEED");

    return text != NULL ? (unsigned)atoi(text) : (unsigned)nats_NowInNanoSeconds();
}

static void run_rounds(int count, int resets) {
    unsigned seed = first_seed();
    int i;

    for (i = 0; i < count; i++) {
        fprintf(stderr, "TEST_KV_SEED=%u\n", seed + (unsigned)i);
        one_round(seed + (unsigned)i, resets);
    }
}

static void a_watcher_that_nothing_happens_to(void) { run_rounds(rounds(8), 0); }

static void a_watcher_that_loses_its_consumer_and_its_connection(void) { run_rounds(rounds(5), 4); }

/* Keys that expire while they are watched and listed: by markers of the server. */
static void keys_that_expire(void) {
    kv_fixture f;
    kvConfig cfg;
    kvStore *kv = NULL;
    kvWatcher *w = NULL;
    kvKeysList keys;
    kvEntry *e = NULL;
    char key[16];
    int i, expired = 0, markers = 0;

    kv_start(&f);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "E";
    cfg.LimitMarkerTTL = INT64_C(1000000000);
    CHECK_OK(js_CreateKeyValue(&kv, f.js, &cfg));
    for (i = 0; i < 20; i++) {
        key_name(key, sizeof(key), i);
        CHECK_OK(kvStore_CreateStringWithTTL(NULL, kv, key, "1", 1000));
    }
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    while (expired < 20) {
        CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
        if (e == NULL)
            CHECK_INT(++markers, 1);
        else
            expired += kvEntry_Operation(e) == kvOp_Purge;
        kvEntry_Destroy(e);
    }
    CHECK_INT(markers, 1);
    CHECK_OK(kvStore_Keys(&keys, kv, NULL));
    CHECK_INT(keys.Count, 0);
    kvKeysList_Destroy(&keys);
    kvWatcher_Destroy(w);
    kvStore_Destroy(kv);
    kv_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_watcher_that_nothing_happens_to),
        TEST(a_watcher_that_loses_its_consumer_and_its_connection),
        TEST(keys_that_expire),
    };

    return RUN_TESTS(cases, argc, argv);
}
