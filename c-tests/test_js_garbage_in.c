/* Invalid deliveries: malformed reply subjects, unknown statuses, headers without an end, descriptions of objects
 * that are not JSON. Subscriptions of all kinds and watchers survive them: calls return in time, and the
 * connection continues to work. Invalid answers to calls are in test_js_garbage.c. */
#include "callbacks.h"
#include "js_peer.h"
#include "test.h"

static const char *const replies[] = {
    "",
    "x",
    "$JS.ACK.",
    "$JS.ACK.S.c.1.2.3.4",
    "$JS.ACK.S.c.1.2.3.4.5.6",
    "$JS.ACK.S.c.x.y.z.a.b",
    "$JS.ACK.S.c.1.-2.3.4.5",
    "$JS.ACK.S.c.99999999999999999999.1.1.1.1",
    "$JS.ACK.S.c.1.18446744073709551615.18446744073709551615.9223372036854775807.18446744073709551615",
    "$JS.ACK.S.c.1.1.1.9223372036854775808.0",
    "$JS.ACK.S.c.0.0.0.0.0",
    "$JS.ACK.d.a.S.c.1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20",
    "$JS.ACK.......................",
    "$JS.ACK.S.c.1.7.1.1767225600000000000.0",
    "$JS.ACK.S.c.1.5.2.1767225600000000000.0",
};

static const char *const headers[] = {
    "NATS/1.0\r\n\r\n",
    "NATS/1.0",
    "garbage",
    "NATS/1.0 100\r\n\r\n",
    "NATS/1.0 100 Idle Heartbeat\r\n\r\n",
    "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: x\r\nNats-Last-Stream: -1\r\n\r\n",
    "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 99999999999999999999\r\nNats-Last-Stream: \r\n\r\n",
    "NATS/1.0 100 Idle Heartbeat\r\nNats-Consumer-Stalled: a b\x01\r\n\r\n",
    "NATS/1.0 100 FlowControl Request\r\n\r\n",
    "NATS/1.0 404\r\n\r\n",
    "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: -1\r\nNats-Pending-Bytes: x\r\n\r\n",
    "NATS/1.0 409\r\n\r\n",
    "NATS/1.0 409 \xff\xfe something new\r\n\r\n",
    "NATS/1.0 423\r\n\r\n",
    "NATS/1.0 503\r\n\r\n",
    "NATS/1.0 999 ?\r\n\r\n",
    "NATS/1.0 -100 x\r\n\r\n",
    "NATS/1.0 99999999999 x\r\n\r\n",
    "NATS/1.0\r\nKV-Operation: EXPLODE\r\nNats-Marker-Reason: \x01\r\n\r\n",
    "NATS/1.0\r\nKV-Operation: DEL\r\nKV-Operation: PURGE\r\n\r\n",
    "NATS/1.0\r\nNats-Rollup: x\r\n: no name\r\nno colon\r\n\r\n",
};

static const char *const bodies[] = {
    "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"n\"}",
    "",
    "x",
    "{",
    "{}",
    "null",
    "[]",
    "{\"name\":7}",
    "{\"name\":\"\",\"size\":-1}",
    "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"\",\"size\":18446744073709551615,\"chunks\":4294967295}",
    "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"a b\",\"size\":5,\"chunks\":-1,\"digest\":\"MD5=x\"}",
    "{\"name\":\"o\",\"bucket\":\"\",\"options\":{\"link\":{\"bucket\":\"\",\"name\":\"\"}},\"mtime\":"
    "\"never\"}",
    "{\"name\":\"\\u0000\",\"bucket\":\"B\",\"headers\":{\"A\":\"not a list\"},\"metadata\":[]}",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

typedef struct attack {
    js_peer j;
    const char *info;    /* of the stream */
    const char *subject; /* of what is delivered */
    uint64_t stream_seq;
    closure got, errors;
} attack;

/* Too large for a stack. */
static attack a;

static bool deliver(const char *sid, const char *subject, const char *reply, const char *head,
                    const char *body) {
    char frame[2048];
    size_t h = strlen(head), n = strlen(body);

    if (h > 0)
        snprintf(frame, sizeof(frame), "HMSG %s %s %s %zu %zu\r\n%s%s\r\n", subject, sid, reply, h, h + n,
                 head, body);
    else
        snprintf(frame, sizeof(frame), "MSG %s %s %s %zu\r\n%s\r\n", subject, sid, reply, n, body);
    return peer_send(&a.j.p, frame);
}

/* Messages with any header and body as the consumer's next ones, with metadata that are right; then each reply, header
 * and body with some of the others. */
static bool deliver_all(const char *sid, const char *subject) {
    char good[128];
    size_t i;
    int n = 0;
    bool sent = true;

    for (i = 0; sent && i < COUNT(bodies) + COUNT(headers); i++) {
        bool is_body = i < COUNT(bodies);

        snprintf(good, sizeof(good), "$JS.ACK.S.c.1.%" PRIu64 ".%d.1767225600000000000.0", ++a.stream_seq,
                 ++n);
        sent =
            deliver(sid, subject, good, is_body ? "" : headers[i - COUNT(bodies)], is_body ? bodies[i] : "x");
    }
    for (i = 0; sent && i < COUNT(replies); i++)
        sent = deliver(sid, subject, replies[i], "", bodies[i % COUNT(bodies)]) &&
               deliver(sid, subject, replies[i], headers[i % COUNT(headers)], "") &&
               deliver(sid, "x", replies[i], "", "x");
    for (i = 0; sent && i < COUNT(headers); i++)
        sent = deliver(sid, subject, "", headers[i], "") && deliver(sid, subject, good, headers[i], "");
    return sent;
}

/* Answers what is asked about streams and consumers, and delivers all of it to each new consumer and each pull, for as
 * long as the client is there. */
static void serve(peer *p, void *arg) {
    js_peer *j = &a.j;
    char json[512];
    int rounds = 0;

    (void)p;
    (void)arg;
    while (js_peer_await_within(j, "PUB", "$JS.API.", 60000)) {
        const char *subject = j->op.subject;

        if (strstr(subject, ".STREAM.INFO.") != NULL) {
            js_peer_answer(j, a.info);
        } else if (strstr(subject, ".CONSUMER.DELETE.") != NULL) {
            js_peer_answer(j, "{\"success\":true}");
        } else if (strstr(subject, ".CONSUMER.MSG.NEXT.") != NULL) {
            if (rounds++ < 20)
                deliver_all(j->answers, j->op.reply); /* whose subscription has been made last */
        } else if (strstr(subject, ".CONSUMER.") != NULL) {
            bool push = strstr(j->op.body, "deliver_subject") != NULL;

            snprintf(
                json, sizeof(json),
                "{\"stream_name\":\"S\",\"name\":\"c\",\"created\":\"2026-01-01T00:00:00Z\","
                "\"config\":{\"durable_name\":\"c\",\"ack_policy\":\"explicit\",\"filter_subject\":\"foo\","
                "\"deliver_subject\":\"%s\"},\"num_pending\":5}",
                push ? j->inbox : "");
            js_peer_answer(j, json);
            if (push && rounds++ < 20)
                deliver_all(j->sid, a.subject);
        }
    }
}

static natsOptions *recorded(natsOptions *opts) {
    closure_init(&a.errors);
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, &a.errors));
    return opts;
}

static void start(const char *info, const char *subject) {
    memset(&a, 0, sizeof(a));
    closure_init(&a.got);
    js_peer_start(&a.j, recorded);
    a.info = info;
    a.subject = subject;
    peer_run(&a.j.p, serve, NULL);
}

static void end(void) {
    /* The connection works. */
    CHECK_OK(natsConnection_FlushTimeout(a.j.nc, deadline_ms()));
    js_peer_end(&a.j);
}

/* Asks a message all that can be asked. */
static void look_at(natsMsg *msg) {
    jsMsgMetaData *meta = NULL;
    const char *value = NULL;
    const char **keys = NULL;
    int count = 0;

    if (natsMsg_GetMetaData(&meta, msg) == NATS_OK)
        jsMsgMetaData_Destroy(meta);
    natsMsgHeader_Get(msg, "KV-Operation", &value);
    if (natsMsgHeader_Keys(msg, &keys, &count) == NATS_OK)
        free((void *)keys);
    natsMsg_Ack(msg, NULL);
    natsMsg_Destroy(msg);
}

static void on_any(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    look_at(msg);
    counter_add(&((closure *)arg)->messages, 1);
}

static jsSubOptions *options(bool ordered) {
    static jsSubOptions so;

    CHECK_OK(jsSubOptions_Init(&so));
    so.Stream = "S";
    so.Ordered = ordered;
    return &so;
}

/* Takes messages for some time; every call ends in its time, and some bring something. */
static void take(natsSubscription *sub, int calls) {
    int i, taken = 0;

    for (i = 0; i < calls; i++) {
        int64_t began = now_ms();
        natsMsg *msg = NULL;

        if (natsSubscription_NextMsg(&msg, sub, 100) == NATS_OK) {
            look_at(msg);
            taken++;
        }
        CHECK(now_ms() - began < 100 + deadline_ms());
    }
    CHECK(taken > 0);
}

static void push_sync(void) {
    natsSubscription *sub = NULL;

    start("{}", "foo");
    CHECK_OK(js_SubscribeSync(&sub, a.j.js, "foo", NULL, options(false), NULL));
    take(sub, 60);
    natsSubscription_Destroy(sub);
    end();
}

static void push_async(void) {
    natsSubscription *sub = NULL;

    start("{}", "foo");
    CHECK_OK(js_Subscribe(&sub, a.j.js, "foo", on_any, &a.got, NULL, options(false), NULL));
    CHECK_REACHED(&a.got.messages, 20);
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_FlushTimeout(a.j.nc, deadline_ms()));
    end();
}

static void ordered(void) {
    natsSubscription *sub = NULL;

    start("{\"config\":{\"name\":\"S\"},\"created\":\"2026-01-01T00:00:00Z\"}", "foo");
    CHECK_OK(js_SubscribeSync(&sub, a.j.js, "foo", NULL, options(true), NULL));
    take(sub, 20);
    natsSubscription_Destroy(sub);
    end();
}

static void fetches(void) {
    natsSubscription *sub = NULL;
    int i, n, fetched = 0;

    start("{}", "foo");
    CHECK_OK(js_PullSubscribe(&sub, a.j.js, "foo", "c", NULL, options(false), NULL));
    for (i = 0; i < 10; i++) {
        natsMsgList list = {NULL, 0};
        int64_t began = now_ms();

        natsSubscription_Fetch(&list, sub, 10, 200, NULL);
        CHECK(now_ms() - began < 200 + deadline_ms());
        for (n = 0; n < list.Count; n++) {
            look_at(list.Msgs[n]);
            list.Msgs[n] = NULL;
        }
        fetched += list.Count;
        natsMsgList_Destroy(&list);
    }
    CHECK(fetched > 0);
    natsSubscription_Destroy(sub);
    end();
}

static void async_pull(void) {
    natsSubscription *sub = NULL;

    start("{}", "foo");
    CHECK_OK(js_PullSubscribeAsync(&sub, a.j.js, "foo", "c", on_any, &a.got, NULL, options(false), NULL));
    CHECK_REACHED(&a.got.messages, 5);
    natsSubscription_Destroy(sub);
    end();
}

static void kv_watch(void) {
    kvWatcher *w = NULL;
    kvStore *kv = NULL;
    int i, entries = 0;

    start(
        "{\"config\":{\"name\":\"KV_B\",\"subjects\":[\"$KV.B.>\"],\"max_msgs_per_subject\":5},\"state\":{}}",
        "$KV.B.k");
    CHECK_OK(js_KeyValue(&kv, a.j.js, "B"));
    CHECK_OK(kvStore_WatchAll(&w, kv, NULL));
    for (i = 0; i < 60; i++) {
        int64_t began = now_ms();
        kvEntry *e = NULL;

        if (kvWatcher_Next(&e, w, 50) == NATS_OK && e != NULL) {
            CHECK(kvEntry_Key(e)[0] != 0);
            CHECK(kvEntry_ValueLen(e) >= 0);
            entries++;
        }
        kvEntry_Destroy(e);
        CHECK(now_ms() - began < 50 + deadline_ms());
    }
    CHECK(entries > 0);
    kvWatcher_Destroy(w);
    kvStore_Destroy(kv);
    end();
}

static void object_watch(void) {
    objStoreWatcher *w = NULL;
    objStore *obs = NULL;
    int i, seen = 0;

    start("{\"config\":{\"name\":\"OBJ_B\",\"subjects\":[\"$O.B.C.>\",\"$O.B.M.>\"]},\"state\":{}}",
          "$O.B.M.bw==");
    CHECK_OK(js_ObjectStore(&obs, a.j.js, "B"));
    CHECK_OK(objStore_Watch(&w, obs, NULL));
    for (i = 0; i < 60; i++) {
        int64_t began = now_ms();
        objStoreInfo *info = NULL;

        if (objStoreWatcher_Next(&info, w, 50) == NATS_OK && info != NULL) {
            CHECK(info->Meta.Name != NULL && info->Meta.Name[0] != 0);
            seen++;
        }
        objStoreInfo_Destroy(info);
        CHECK(now_ms() - began < 50 + deadline_ms());
    }
    CHECK(seen > 0);
    objStoreWatcher_Destroy(w);
    objStore_Destroy(obs);
    end();
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(push_sync),  TEST(push_async), TEST(ordered),      TEST(fetches),
        TEST(async_pull), TEST(kv_watch),   TEST(object_watch),
    };

    return RUN_TESTS(cases, argc, argv);
}
