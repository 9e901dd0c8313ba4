/* Object stores against a scripted server: how much is on its way, what it refuses, messages that do not come, come twice,
 * or come from a consumer that was given up. */
#include "js_peer.h"

enum { CHUNK = 1000, CHUNKS = 4, SIZE = CHUNK * CHUNKS };

#define STREAM_INFO                                                                                          \
    "{\"config\":{\"name\":\"OBJ_B\",\"subjects\":[\"$O.B.C.>\",\"$O.B.M.>\"],\"allow_direct\":true},"       \
    "\"created\":\"2026-01-01T00:00:00Z\",\"state\":{\"messages\":0}}"

static bool answer_status(js_peer *j, const char *status) {
    char headers[256], text[1024];

    snprintf(headers, sizeof(headers), "NATS/1.0 %s\r\n\r\n", status);
    snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s\r\n", j->op.reply, j->answers, strlen(headers),
             strlen(headers), headers);
    return peer_send(&j->p, text);
}

static void script_open(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.OBJ_B"))
        js_peer_answer(j, STREAM_INFO);
}

static objStore *open_store(js_peer *j, uint64_t in_flight) {
    objStore *obs = NULL;

    js_peer_start(j, NULL);
    peer_run(&j->p, script_open, NULL);
    CHECK_OK(js_ObjectStore(&obs, j->js, "B"));
    peer_join(&j->p);
    CHECK_OK(objStore_SetMaxBytesInFlight(obs, in_flight));
    return obs;
}

/* There is no such object. */
static void script_no_object(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M."))
        answer_status(j, "404 Message Not Found");
}

/* ---- puts */

typedef struct putter {
    objStorePut *put;
    int64_t timeout;
    natsStatus added, completed;
    char text[256];
} putter;

static void *put_all(void *arg) {
    putter *p = (putter *)arg;
    char *data = (char *)calloc(1, 10 * CHUNK);

    p->added = objStorePut_Add(p->put, data, 10 * CHUNK);
    p->completed = objStorePut_Complete(NULL, p->put, p->timeout);
    snprintf(p->text, sizeof(p->text), "%s", nats_GetLastError(NULL));
    objStorePut_Destroy(p->put);
    free(data);
    return NULL;
}

static void next_chunk(js_peer *j, js_op *op) {
    CHECK(js_peer_await(j, "PUB", "$O.B.C."));
    *op = j->op;
}

static void acknowledge(js_peer *j, const js_op *op, const char *json) {
    j->op = *op;
    CHECK(js_peer_answer(j, json));
}

#define ACK "{\"stream\":\"OBJ_B\",\"seq\":7}"

static void begin_put(js_peer *j, objStore *obs, putter *p, int64_t timeout, peer_script script,
                      pthread_t *thread) {
    objStoreMeta meta;

    p->timeout = timeout;
    CHECK_OK(objStoreMeta_Init(&meta));
    meta.Name = "o";
    meta.Opts.ChunkSize = CHUNK;
    peer_run(&j->p, script, NULL);
    CHECK_OK(objStore_Put(&p->put, obs, &meta));
    peer_join(&j->p);
    CHECK(pthread_create(thread, NULL, put_all, p) == 0);
}

static void a_put_is_bounded_and_a_refusal_ends_it(void) {
    js_peer j;
    putter p;
    pthread_t thread;
    objStore *obs = open_store(&j, 3 * CHUNK);
    js_op ops[5];
    char body[300];
    int i;

    begin_put(&j, obs, &p, deadline_ms(), script_no_object, &thread);
    for (i = 0; i < 3; i++)
        next_chunk(&j, &ops[i]);
    CHECK(!js_peer_await_within(&j, "PUB", "$O.B.C.", 200));
    /* In any order. */
    acknowledge(&j, &ops[1], ACK);
    next_chunk(&j, &ops[3]);
    CHECK(!js_peer_await_within(&j, "PUB", "$O.B.C.", 200));
    acknowledge(&j, &ops[0], ACK);
    next_chunk(&j, &ops[4]);
    /* The server has too much to do, and has dropped this one. */
    acknowledge(&j, &ops[2],
                "{\"error\":{\"code\":429,\"err_code\":10167,\"description\":\"too many requests\"},"
                "\"stream\":\"OBJ_B\",\"seq\":0}");
    acknowledge(&j, &ops[3], ACK);
    acknowledge(&j, &ops[4], ACK);
    /* What was stored of it is removed, and it is not described. */
    CHECK(js_peer_await(&j, "PUB", ""));
    CHECK_STR(j.op.subject, "$JS.API.STREAM.PURGE.OBJ_B");
    snprintf(body, sizeof(body), "\"filter\":\"%s\"", ops[0].subject);
    CHECK_CONTAINS(j.op.body, body);
    CHECK(js_peer_answer(&j, "{\"success\":true,\"purged\":4}"));
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_INT(p.added, NATS_ERR);
    CHECK_INT(p.completed, NATS_ERR);
    CHECK_STR(p.text, "too many requests (10167)");
    objStore_Destroy(obs);
    js_peer_end(&j);
}

/* The description of a put that two others overtake is stored on top of theirs, and their chunks go. */
static void a_put_that_others_overtake(void) {
    static const char refusal[] =
        "{\"error\":{\"code\":400,\"err_code\":%d,\"description\":\"wrong last sequence\"},"
        "\"stream\":\"OBJ_B\",\"seq\":0}";
    js_peer j;
    putter p;
    pthread_t thread;
    objStore *obs = open_store(&j, 100 * CHUNK);
    char json[256], headers[256], text[1024];
    js_op op;
    int i;

    begin_put(&j, obs, &p, deadline_ms(), script_no_object, &thread);
    for (i = 0; i < 10; i++) {
        next_chunk(&j, &op);
        acknowledge(&j, &op, ACK);
    }
    for (i = 0; i < 2; i++) {
        CHECK(js_peer_await(&j, "HPUB", "$O.B.M.bw=="));
        snprintf(text, sizeof(text), "Nats-Expected-Last-Subject-Sequence: %d\r\n", i == 0 ? 0 : 41);
        CHECK_CONTAINS(j.op.body, text);
        CHECK_CONTAINS(j.op.body, "Nats-Rollup: sub\r\n");
        snprintf(json, sizeof(json), refusal, i == 0 ? 10071 : 10164);
        CHECK(js_peer_answer(&j, json));
        CHECK(js_peer_await(&j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bw=="));
        snprintf(json, sizeof(json),
                 "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"N%d\",\"size\":1,\"chunks\":1}", i);
        snprintf(headers, sizeof(headers),
                 "NATS/1.0\r\nNats-Stream: OBJ_B\r\nNats-Subject: $O.B.M.bw==\r\nNats-Sequence: %d\r\n"
                 "Nats-Time-Stamp: 2026-01-01T00:00:00Z\r\n\r\n",
                 41 + i);
        snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s%s\r\n", j.op.reply, j.answers, strlen(headers),
                 strlen(headers) + strlen(json), headers, json);
        CHECK(peer_send(&j.p, text));
    }
    CHECK(js_peer_await(&j, "HPUB", "$O.B.M.bw=="));
    CHECK_CONTAINS(j.op.body, "Nats-Expected-Last-Subject-Sequence: 42\r\n");
    CHECK(js_peer_answer(&j, ACK));
    CHECK(js_peer_await(&j, "PUB", "$JS.API.STREAM.PURGE.OBJ_B"));
    CHECK_CONTAINS(j.op.body, "\"filter\":\"$O.B.C.N1\"");
    CHECK(js_peer_answer(&j, "{\"success\":true,\"purged\":1}"));
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_INT(p.added, NATS_OK);
    CHECK_INT(p.completed, NATS_OK);
    objStore_Destroy(obs);
    js_peer_end(&j);
}

/* Answers the question for the description with one that has this NUID. */
static void answer_object(js_peer *j, const char *nuid) {
    char json[256], headers[256], text[1024];

    snprintf(json, sizeof(json), "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"%s\",\"size\":1,\"chunks\":1}",
             nuid);
    snprintf(headers, sizeof(headers),
             "NATS/1.0\r\nNats-Stream: OBJ_B\r\nNats-Subject: $O.B.M.bw==\r\nNats-Sequence: 9\r\n"
             "Nats-Time-Stamp: 2026-01-01T00:00:00Z\r\n\r\n");
    snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s%s\r\n", j->op.reply, j->answers, strlen(headers),
             strlen(headers) + strlen(json), headers, json);
    CHECK(peer_send(&j->p, text));
}

static void script_object(peer *p, void *arg);

/* Awaits the message behind the description, on a subject of its own, and answers it: so the stream has seen that. */
static void answer_fence(js_peer *j, const js_op *chunk) {
    char filter[300];

    CHECK(js_peer_await(j, "PUB", "$O.B.C."));
    CHECK(strcmp(j->op.subject, chunk->subject) != 0);
    snprintf(filter, sizeof(filter), "\"filter\":\"%s\"", j->op.subject);
    CHECK(js_peer_answer(j, ACK));
    CHECK(js_peer_await(j, "PUB", "$JS.API.STREAM.PURGE.OBJ_B"));
    CHECK_CONTAINS(j->op.body, filter);
    CHECK(js_peer_answer(j, "{\"success\":true,\"purged\":1}"));
    CHECK(js_peer_await(j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bw=="));
}

static void answer_purge(js_peer *j, const char *subject) {
    char filter[300];

    CHECK(js_peer_await(j, "PUB", "$JS.API.STREAM.PURGE.OBJ_B"));
    snprintf(filter, sizeof(filter), "\"filter\":\"%s\"", subject);
    CHECK_CONTAINS(j->op.body, filter);
    CHECK(js_peer_answer(j, "{\"success\":true,\"purged\":10}"));
}

/* The description is sent and not answered. It may be stored: the chunks must not go before that is known. */
static void a_description_that_is_not_answered(void) {
    enum { STORED, NOT_STORED, STORED_BUT_SILENT, CASES };
    int now;

    for (now = 0; now < CASES; now++) {
        js_peer j;
        putter p;
        pthread_t thread;
        objStore *obs = open_store(&j, 100 * CHUNK);
        js_op op;
        int i;

        begin_put(&j, obs, &p, 500 * time_factor(), script_object, &thread);
        for (i = 0; i < 10; i++) {
            next_chunk(&j, &op);
            acknowledge(&j, &op, ACK);
        }
        CHECK(js_peer_await(&j, "HPUB", "$O.B.M.bw=="));
        /* A server that stays silent is asked again when the put is released. */
        if (now == STORED_BUT_SILENT)
            CHECK(js_peer_await(&j, "PUB", "$O.B.C."));
        answer_fence(&j, &op);
        answer_object(&j, now == NOT_STORED ? "N" : op.subject + 7);
        /* Either these chunks go, or those of the object before. */
        answer_purge(&j, now == NOT_STORED ? op.subject : "$O.B.C.N");
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK_INT(p.added, NATS_OK);
        CHECK_INT(p.completed, now == STORED ? NATS_OK : NATS_TIMEOUT);
        CHECK(!js_peer_await_within(&j, "PUB", "$JS.API.STREAM.PURGE.", 50));
        objStore_Destroy(obs);
        js_peer_end(&j);
    }
}

/* ---- gets */

typedef struct reader {
    objStoreGet *get;
    int64_t timeout;
    char bytes[2 * SIZE];
    int length;
    bool done;
    natsStatus s;
    char text[256];
} reader;

static void *read_all(void *arg) {
    reader *r = (reader *)arg;
    void *bytes = NULL;
    int len = 0;
    int64_t until = now_ms() + 2 * deadline_ms();

    while (!r->done && now_ms() < until) {
        r->s = objStoreGet_Read(&r->done, &bytes, &len, r->get, r->timeout);
        if (r->s == NATS_TIMEOUT)
            continue;
        if (r->s != NATS_OK)
            break;
        if (r->length + len <= (int)sizeof(r->bytes))
            memcpy(r->bytes + r->length, bytes, (size_t)len);
        r->length += len;
        free(bytes);
    }
    snprintf(r->text, sizeof(r->text), "%s", r->s == NATS_OK ? "" : nats_GetLastError(NULL));
    return NULL;
}

static void script_object(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;
    char json[256], headers[256], text[1024];

    (void)arg;
    if (!js_peer_await(j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bw=="))
        return;
    snprintf(json, sizeof(json), "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"N\",\"size\":%d,\"chunks\":%d}",
             SIZE, CHUNKS);
    snprintf(headers, sizeof(headers),
             "NATS/1.0\r\nNats-Stream: OBJ_B\r\nNats-Subject: $O.B.M.bw==\r\nNats-Sequence: 9\r\n"
             "Nats-Time-Stamp: 2026-01-01T00:00:00Z\r\n\r\n");
    snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s%s\r\n", j->op.reply, j->answers, strlen(headers),
             strlen(headers) + strlen(json), headers, json);
    peer_send(&j->p, text);
}

static objStore *begin_get(js_peer *j, uint64_t in_flight, reader *r, int64_t timeout, pthread_t *thread) {
    objStore *obs = open_store(j, in_flight);

    memset(r, 0, sizeof(*r));
    r->timeout = timeout;
    peer_run(&j->p, script_object, NULL);
    CHECK_OK(objStore_Get(&r->get, obs, "o", NULL));
    peer_join(&j->p);
    CHECK(pthread_create(thread, NULL, read_all, r) == 0);
    return obs;
}

static void end_get(js_peer *j, objStore *obs, reader *r, pthread_t thread) {
    CHECK(pthread_join(thread, NULL) == 0);
    objStoreGet_Destroy(r->get);
    objStore_Destroy(obs);
    js_peer_end(j);
}

/* Awaits the request for a consumer, which must begin at this sequence (1 for the first). */
static void asked(js_peer *j, int from) {
    char part[64];

    do {
        CHECK(js_peer_await(j, "PUB", "$JS.API.CONSUMER."));
    } while (strstr(j->op.subject, ".DELETE.") != NULL);
    CHECK_CONTAINS(j->op.subject, ".CREATE.OBJ_B");
    CHECK_CONTAINS(j->op.body, "\"filter_subject\":\"$O.B.C.N\"");
    snprintf(part, sizeof(part), "\"opt_start_seq\":%d", from);
    if (from > 1)
        CHECK_CONTAINS(j->op.body, part);
    else
        CHECK(strstr(j->op.body, "opt_start_seq") == NULL);
}

/* Answers that request. */
static void answer_asked(js_peer *j, const char *name, int from) {
    char json[512];

    snprintf(json, sizeof(json),
             "{\"stream_name\":\"OBJ_B\",\"name\":\"%s\",\"created\":\"2026-01-01T00:00:00Z\",\"config\":{},"
             "\"num_pending\":%d}",
             name, CHUNKS + 1 - from);
    CHECK(js_peer_answer(j, json));
}

/* Awaits the request for a consumer, and grants it. */
static void grant(js_peer *j, const char *name, int from) {
    asked(j, from);
    answer_asked(j, name, from);
}

/* Awaits a pull of this consumer. */
static void pulled(js_peer *j, const char *name) {
    char subject[128];

    snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.MSG.NEXT.OBJ_B.%s", name);
    CHECK(js_peer_await(j, "PUB", subject));
    snprintf(j->inbox, sizeof(j->inbox), "%s", j->op.reply);
}

/* Delivers a chunk, all of whose bytes are its number. */
static void deliver(js_peer *j, const char *name, int stream_seq, int consumer_seq) {
    char text[CHUNK + 256];
    int length =
        snprintf(text, sizeof(text), "MSG $O.B.C.N %s $JS.ACK.OBJ_B.%s.1.%d.%d.1767225600000000000.%d %d\r\n",
                 j->sid, name, stream_seq, consumer_seq, CHUNKS - stream_seq, CHUNK);

    memset(text + length, '0' + stream_seq, CHUNK);
    memcpy(text + length + CHUNK, "\r\n", 2);
    CHECK(peer_send_bytes(&j->p, text, (size_t)length + CHUNK + 2));
}

static void tell(js_peer *j, const char *status) {
    char headers[256], text[512];

    snprintf(headers, sizeof(headers), "NATS/1.0 %s\r\n\r\n", status);
    snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s\r\n", j->inbox, j->sid, strlen(headers),
             strlen(headers), headers);
    CHECK(peer_send(&j->p, text));
}

static void check_whole(const reader *r) {
    int i;

    CHECK_STR(r->text, "");
    CHECK_INT(r->s, NATS_OK);
    CHECK(r->done);
    CHECK_INT(r->length, SIZE);
    for (i = 0; i < SIZE; i++)
        CHECK(r->bytes[i] == '1' + i / CHUNK);
}

/* No more is asked for than may be on its way. */
static void a_get_is_bounded(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 2 * CHUNK, &r, deadline_ms(), &thread);
    int i;

    grant(&j, "c1", 1);
    pulled(&j, "c1");
    CHECK_CONTAINS(j.op.body, "\"batch\":1");
    CHECK_CONTAINS(j.op.body, "\"max_bytes\":");
    pulled(&j, "c1");
    CHECK(!js_peer_await_within(&j, "PUB", "$JS.API.CONSUMER.MSG.NEXT.", 200));
    for (i = 1; i <= CHUNKS; i++) {
        deliver(&j, "c1", i, i);
        if (i <= CHUNKS - 2)
            pulled(&j, "c1");
        CHECK(!js_peer_await_within(&j, "PUB", "$JS.API.CONSUMER.MSG.NEXT.", 50));
    }
    end_get(&j, obs, &r, thread);
    check_whole(&r);
}

/* A message is lost, others come twice or late: each chunk is read once, in its place. */
static void messages_that_are_lost_or_come_twice(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 100 * CHUNK, &r, deadline_ms(), &thread);

    grant(&j, "c1", 1);
    pulled(&j, "c1");
    deliver(&j, "c1", 1, 1);
    deliver(&j, "old", 2, 2);
    deliver(&j, "c1", 3, 3);
    grant(&j, "c2", 2);
    pulled(&j, "c2");
    deliver(&j, "c1", 4, 4);
    deliver(&j, "c2", 2, 1);
    deliver(&j, "c2", 2, 2);
    grant(&j, "c3", 3);
    pulled(&j, "c3");
    tell(&j, "100 Idle Heartbeat");
    deliver(&j, "c3", 3, 1);
    /* Gone, with its server. */
    tell(&j, "409 Consumer Deleted");
    grant(&j, "c4", 4);
    pulled(&j, "c4");
    deliver(&j, "c4", 4, 1);
    end_get(&j, obs, &r, thread);
    check_whole(&r);
}

/* A server that has no leader is asked again; one that says nothing is, too, however short the calls are. */
static void a_server_that_cannot_answer_now(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 100 * CHUNK, &r, 100, &thread);
    int64_t began;
    int i;

    for (i = 0; i < 3; i++) {
        CHECK(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.CREATE.OBJ_B"));
        CHECK(js_peer_answer(&j, "{\"error\":{\"code\":503,\"err_code\":10008,"
                                 "\"description\":\"JetStream system temporarily unavailable\"}}"));
    }
    grant(&j, "c1", 1);
    pulled(&j, "c1");
    deliver(&j, "c1", 1, 1);
    began = now_ms();
    grant(&j, "c2", 2);
    CHECK(now_ms() - began > 4000);
    pulled(&j, "c2");
    for (i = 2; i <= CHUNKS; i++)
        deliver(&j, "c2", i, i - 1);
    end_get(&j, obs, &r, thread);
    check_whole(&r);
}

/* Calls that are shorter than the server needs for its answer: each goes on where the last one has ended. */
static void calls_that_are_too_short(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 100 * CHUNK, &r, 1, &thread);
    js_op request;
    int i;

    for (i = 1; i <= CHUNKS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "c%d", i);
        asked(&j, i);
        request = j.op;
        CHECK(!js_peer_await_within(&j, "PUB", "$JS.API.CONSUMER.", 100));
        j.op = request;
        answer_asked(&j, name, i);
        pulled(&j, name);
        deliver(&j, name, i, 1);
        if (i < CHUNKS)
            tell(&j, "409 Consumer Deleted");
    }
    end_get(&j, obs, &r, thread);
    check_whole(&r);
}

/* One that grants consumers and never sends a chunk is not asked for ever. */
static void a_server_that_sends_nothing_but_words(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 100 * CHUNK, &r, deadline_ms(), &thread);
    int i;

    for (i = 0; i < 5; i++) {
        grant(&j, "c1", 1);
        pulled(&j, "c1");
        tell(&j, "409 Exceeded MaxWaiting");
    }
    end_get(&j, obs, &r, thread);
    CHECK_INT(r.s, NATS_ERR);
    CHECK_STR(r.text, "the server does not send the object: Exceeded MaxWaiting");
    CHECK_INT(r.length, 0);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(a_put_is_bounded_and_a_refusal_ends_it),
        TEST(a_put_that_others_overtake),
        TEST(a_description_that_is_not_answered),
        TEST(a_get_is_bounded),
        TEST(messages_that_are_lost_or_come_twice),
        TEST(a_server_that_cannot_answer_now),
        TEST(calls_that_are_too_short),
        TEST(a_server_that_sends_nothing_but_words),
    };
    return RUN_TESTS(cases, argc, argv);
}
