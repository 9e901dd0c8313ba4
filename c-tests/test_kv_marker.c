/* The end of the initial data of a watcher, at its place among the entries, and messages that are not entries:
 * against a scripted server, which sends them in orders that are rare with real servers. */
#include "js_peer.h"
#include "kv.h"

/* A consumer that answers when it has already delivered something. */
typedef struct script {
    js_peer j;
    uint64_t expected;  /* pending when it answers */
    uint64_t delivered; /* what it says that it has delivered by then */
    int before;         /* messages that come before the answer */
    int after;          /* and behind it */
    int live_from;      /* from this message on they were stored after the consumer was created; 0 for none */
    int caught_up;      /* at this message nothing is pending, at all others something is; 0 for none */
    int looks; /* how often the consumer is asked for until it has looked at all of the stream; 0 for never */
    counter looked; /* how often it was */
} script;

static bool deliver_at(js_peer *j, uint64_t n, uint64_t pending, const char *time) {
    char text[256];

    snprintf(text, sizeof(text),
             "MSG $KV.B.k%" PRIu64 " %s $JS.ACK.KV_B.c.1.%" PRIu64 ".%" PRIu64 ".%s.%" PRIu64 " 1\r\nv\r\n",
             n, j->sid, n, n, time, pending);
    return peer_send(&j->p, text);
}

static bool deliver(js_peer *j, uint64_t n, uint64_t pending) {
    return deliver_at(j, n, pending, "1767225600000000000");
}

/* Delivers the next one of a script. */
static void deliver_next(script *s, int n) {
    bool live = s->live_from > 0 && n >= s->live_from;

    deliver_at(&s->j, (uint64_t)n, n == s->caught_up ? 0 : 9,
               live ? "1767225601000000000" : "1767225600000000000");
}

static void play(peer *p, void *arg) {
    script *s = (script *)p;
    js_peer *j = &s->j;
    char json[512];
    int i, n = 0;

    (void)arg;
    if (!js_peer_await(j, "PUB", "$JS.API.CONSUMER.CREATE"))
        return;
    /* pending is never 0, as with a bucket that is always written to. */
    for (i = 0; i < s->before; i++)
        deliver_next(s, ++n);
    snprintf(json, sizeof(json),
             "{\"stream_name\":\"KV_B\",\"name\":\"c\",\"created\":\"2026-01-01T00:00:00Z\","
             "\"config\":{\"deliver_subject\":\"%s\",\"idle_heartbeat\":5000000000},"
             "\"delivered\":{\"consumer_seq\":%" PRIu64 ",\"stream_seq\":%" PRIu64
             "},\"num_pending\":%" PRIu64 "}",
             j->inbox, s->delivered, s->delivered, s->expected);
    js_peer_answer(j, json);
    for (i = 0; i < s->after; i++)
        deliver_next(s, ++n);
    for (i = 1; i <= s->looks; i++) {
        if (!js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.KV_B"))
            return;
        js_peer_answer(j, "{\"config\":{\"name\":\"KV_B\"},\"state\":{\"last_seq\":9}}");
        if (!js_peer_await(j, "PUB", "$JS.API.CONSUMER.INFO.KV_B.c"))
            return;
        snprintf(json, sizeof(json),
                 "{\"stream_name\":\"KV_B\",\"name\":\"c\",\"config\":{},\"num_pending\":0,"
                 "\"delivered\":{\"consumer_seq\":%d,\"stream_seq\":%d}}",
                 n, i < s->looks ? 8 : 9);
        counter_add(&s->looked, 1);
        js_peer_answer(j, json);
    }
}

static void bind_script(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.KV_B"))
        js_peer_answer(j,
                       "{\"config\":{\"name\":\"KV_B\",\"subjects\":[\"$KV.B.>\"],\"max_msgs_per_subject\":1,"
                       "\"allow_direct\":true},\"created\":\"2026-01-01T00:00:00Z\",\"state\":{}}");
}

static kvStore *bind_bucket(js_peer *j) {
    kvStore *kv = NULL;

    peer_run(&j->p, bind_script, NULL);
    CHECK_OK(js_KeyValue(&kv, j->js, "B"));
    peer_join(&j->p);
    return kv;
}

/* The entries k1, k2, … come in order, with the marker behind `initial` of them. */
static void expect_marker_behind(kvWatcher *w, int initial, int all) {
    int n = 0, markers = 0;

    while (n < all || markers == 0) {
        kvEntry *e = NULL;
        char key[24];

        CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
        if (e == NULL) {
            CHECK_INT(n, initial);
            CHECK_INT(++markers, 1);
            continue;
        }
        snprintf(key, sizeof(key), "k%d", ++n);
        CHECK_STR(kvEntry_Key(e), key);
        kvEntry_Destroy(e);
    }
}

static void watch_with(script *s, int initial) {
    kvStore *kv;
    kvWatcher *w = NULL;

    js_peer_start(&s->j, NULL);
    kv = bind_bucket(&s->j);
    peer_run(&s->j.p, play, NULL);
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    if (s->looks == 0)
        peer_join(&s->j.p);
    expect_marker_behind(w, initial, s->before + s->after);
    if (s->looks > 0)
        peer_join(&s->j.p);
    kvStore_Destroy(kv);
    js_peer_end(&s->j);
    kvWatcher_Destroy(w);
}

static void the_answer_comes_first(void) {
    static script s;

    memset(&s, 0, sizeof(s));
    s.expected = 3;
    s.after = 5;
    watch_with(&s, 3);
}

static void the_answer_comes_behind_live_updates(void) {
    static script s;

    memset(&s, 0, sizeof(s));
    s.expected = 3;
    s.before = 6;
    s.after = 2;
    watch_with(&s, 3);
}

static void the_answer_comes_amid_the_initial_data(void) {
    static script s;

    memset(&s, 0, sizeof(s));
    s.expected = 5;
    s.before = 2;
    s.after = 6;
    watch_with(&s, 5);
}

/* As servers answer that do not remember what the consumer was at its creation. */
static void the_answer_counts_what_was_delivered(void) {
    static script s;

    memset(&s, 0, sizeof(s));
    s.expected = 4;
    s.delivered = 3;
    s.before = 3;
    s.after = 6;
    watch_with(&s, 7);
}

/* Two keys changed before they were delivered: what was stored in their place comes later than the number that the server
 * has said, and has come when nothing is pending. */
static void keys_are_replaced_before_they_are_delivered(void) {
    static script s;

    memset(&s, 0, sizeof(s));
    s.expected = 4;
    s.after = 8;
    s.live_from = 3;
    s.caught_up = 7;
    watch_with(&s, 7);
    /* The same where the answer comes behind all that, and where it comes in between. */
    memset(&s, 0, sizeof(s));
    s.expected = 4;
    s.before = 8;
    s.live_from = 3;
    s.caught_up = 7;
    watch_with(&s, 7);
    memset(&s, 0, sizeof(s));
    s.expected = 4;
    s.before = 5;
    s.after = 3;
    s.live_from = 3;
    s.caught_up = 7;
    watch_with(&s, 7);
}

/* The server names nothing as pending because it has subtracted what it never counted. */
static void nothing_is_pending_too_early(void) {
    static script s;

    memset(&s, 0, sizeof(s));
    s.expected = 5;
    s.after = 7;
    s.caught_up = 2;
    watch_with(&s, 5);
    memset(&s, 0, sizeof(s));
    s.expected = 5;
    s.before = 3;
    s.after = 4;
    s.caught_up = 2;
    watch_with(&s, 5);
}

/* Fewer come than the server has said: the others have vanished, as the consumer has looked at all of the stream. */
static void some_vanish(void) {
    static script s;
    int looks;

    for (looks = 1; looks <= 3; looks++) {
        memset(&s, 0, sizeof(s));
        s.expected = 5;
        s.before = looks - 1;
        s.after = 4 - looks;
        s.caught_up = 3;
        s.looks = looks;
        counter_init(&s.looked);
        watch_with(&s, 3);
        CHECK_INT(counter_get(&s.looked), looks);
    }
}

static void nothing_is_there_and_updates_overtake_the_answer(void) {
    static script s;

    memset(&s, 0, sizeof(s));
    s.before = 2;
    s.after = 1;
    watch_with(&s, 0);
}

/* A message of another subject is reported, and the watcher goes on. */
static void a_message_that_is_no_entry(void) {
    static script s;
    kvStore *kv;
    kvWatcher *w = NULL;
    kvEntry *e = NULL;

    memset(&s, 0, sizeof(s));
    js_peer_start(&s.j, NULL);
    kv = bind_bucket(&s.j);
    peer_run(&s.j.p, play, NULL);
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    peer_join(&s.j.p);
    kv_expect_complete(w);
    CHECK(js_peer_deliver(&s.j, 1, 1, 0));
    CHECK(deliver(&s.j, 2, 0));
    CHECK_STATUS(kvWatcher_Next(&e, w, deadline_ms()), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "invalid update's subject 'foo'");
    CHECK(e == NULL);
    kv_expect(w, "k2", "v");
    kvStore_Destroy(kv);
    js_peer_end(&s.j);
    kvWatcher_Destroy(w);
}

/* What a callback is called with: an entry is 'e', the marker 'm'. */
typedef struct calls {
    char text[32];
    counter count;
} calls;

static void on_entry(kvWatcher *w, kvEntry *e, natsStatus s, void *closure) {
    calls *c = (calls *)closure;

    (void)w;
    c->text[strlen(c->text)] = s != NATS_OK ? '!' : e == NULL ? 'm' : 'e';
    kvEntry_Destroy(e);
    counter_add(&c->count, 1);
}

static void callbacks_wait_for_the_answer(void) {
    static script s;
    kvStore *kv;
    kvWatcher *w = NULL;
    kvWatchOptions opts;
    calls c;

    memset(&s, 0, sizeof(s));
    memset(&c, 0, sizeof(c));
    counter_init(&c.count);
    s.expected = 2;
    s.before = 4;
    js_peer_start(&s.j, NULL);
    kv = bind_bucket(&s.j);
    peer_run(&s.j.p, play, NULL);
    CHECK_OK(kvWatchOptions_Init(&opts));
    opts.Callback = on_entry;
    opts.Closure = &c;
    CHECK_OK(kvStore_WatchAll(&w, kv, &opts));
    peer_join(&s.j.p);
    CHECK(counter_wait(&c.count, 5, deadline_ms()));
    CHECK_STR(c.text, "eemee");
    kvWatcher_Destroy(w);
    kvStore_Destroy(kv);
    js_peer_end(&s.j);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(the_answer_comes_first),
        TEST(the_answer_comes_behind_live_updates),
        TEST(the_answer_comes_amid_the_initial_data),
        TEST(the_answer_counts_what_was_delivered),
        TEST(keys_are_replaced_before_they_are_delivered),
        TEST(nothing_is_pending_too_early),
        TEST(some_vanish),
        TEST(nothing_is_there_and_updates_overtake_the_answer),
        TEST(callbacks_wait_for_the_answer),
        TEST(a_message_that_is_no_entry),
    };

    return RUN_TESTS(cases, argc, argv);
}
