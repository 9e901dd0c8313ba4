/* Gets of objects against a scripted server: how much is requested ahead of reading, and messages that are lost, arrive
 * twice, or come from a consumer that was given up. */
#include "obj_peer.h"

typedef struct reader {
    objStoreGet *get;
    int64_t timeout;
    char bytes[2 * OBJ_PEER_SIZE];
    int length;
    bool done;
    natsStatus s;
    char text[256];
    /* Calls whose time was over, and whose text was that of the server. */
    int refused;
} reader;

static void *read_all(void *arg) {
    reader *r = (reader *)arg;
    void *bytes = NULL;
    int len = 0;
    int64_t until = now_ms() + 2 * deadline_ms();

    while (!r->done && now_ms() < until) {
        r->s = objStoreGet_Read(&r->done, &bytes, &len, r->get, r->timeout);
        if (r->s == NATS_TIMEOUT) {
            r->refused += strstr(nats_GetLastError(NULL),
                                 "answered 'JetStream system temporarily unavailable'") != NULL;
            continue;
        }
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

static objStore *begin_get(js_peer *j, uint64_t in_flight, reader *r, int64_t timeout, pthread_t *thread) {
    objStore *obs = obj_peer_open(j, in_flight);

    memset(r, 0, sizeof(*r));
    r->timeout = timeout;
    peer_run(&j->p, obj_peer_with, NULL);
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
             name, OBJ_PEER_CHUNKS + 1 - from);
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
    snprintf(j->inbox, sizeof(j->inbox), "%.127s", j->op.reply);
}

/* Delivers a chunk, all of whose bytes are its number. */
static void deliver(js_peer *j, const char *name, int stream_seq, int consumer_seq) {
    char text[OBJ_PEER_CHUNK + 256];
    int length =
        snprintf(text, sizeof(text), "MSG $O.B.C.N %s $JS.ACK.OBJ_B.%s.1.%d.%d.1767225600000000000.%d %d\r\n",
                 j->sid, name, stream_seq, consumer_seq, OBJ_PEER_CHUNKS - stream_seq, OBJ_PEER_CHUNK);

    memset(text + length, '0' + stream_seq, OBJ_PEER_CHUNK);
    memcpy(text + length + OBJ_PEER_CHUNK, "\r\n", 2);
    CHECK(peer_send_bytes(&j->p, text, (size_t)length + OBJ_PEER_CHUNK + 2));
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
    CHECK_INT(r->length, OBJ_PEER_SIZE);
    for (i = 0; i < OBJ_PEER_SIZE; i++)
        CHECK(r->bytes[i] == '1' + i / OBJ_PEER_CHUNK);
}

/* No more is asked for than may be on its way. */
static void a_get_is_bounded(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 2 * OBJ_PEER_CHUNK, &r, deadline_ms(), &thread);
    int i;

    grant(&j, "c1", 1);
    pulled(&j, "c1");
    CHECK_CONTAINS(j.op.body, "\"batch\":1");
    CHECK_CONTAINS(j.op.body, "\"max_bytes\":");
    pulled(&j, "c1");
    CHECK(!js_peer_await_within(&j, "PUB", "$JS.API.CONSUMER.MSG.NEXT.", 200));
    for (i = 1; i <= OBJ_PEER_CHUNKS; i++) {
        deliver(&j, "c1", i, i);
        if (i <= OBJ_PEER_CHUNKS - 2)
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
    objStore *obs = begin_get(&j, 100 * OBJ_PEER_CHUNK, &r, deadline_ms(), &thread);

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

/* A server that has no leader is asked again; one that says nothing is, too, however short the calls are. The time of a
 * call being over is what it reports, with the server's answer. */
static void a_server_that_cannot_answer_now(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 100 * OBJ_PEER_CHUNK, &r, 100, &thread);
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
    for (i = 2; i <= OBJ_PEER_CHUNKS; i++)
        deliver(&j, "c2", i, i - 1);
    end_get(&j, obs, &r, thread);
    check_whole(&r);
    CHECK(r.refused > 0);
}

/* Calls that are shorter than the server needs for its answer: each goes on where the last one has ended. */
static void calls_that_are_too_short(void) {
    js_peer j;
    reader r;
    pthread_t thread;
    objStore *obs = begin_get(&j, 100 * OBJ_PEER_CHUNK, &r, 1, &thread);
    js_op request;
    int i;

    for (i = 1; i <= OBJ_PEER_CHUNKS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "c%d", i);
        asked(&j, i);
        request = j.op;
        CHECK(!js_peer_await_within(&j, "PUB", "$JS.API.CONSUMER.", 100));
        j.op = request;
        answer_asked(&j, name, i);
        pulled(&j, name);
        deliver(&j, name, i, 1);
        if (i < OBJ_PEER_CHUNKS)
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
    objStore *obs = begin_get(&j, 100 * OBJ_PEER_CHUNK, &r, deadline_ms(), &thread);
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
    static const test_case cases[] = {
        TEST(a_get_is_bounded),
        TEST(messages_that_are_lost_or_come_twice),
        TEST(a_server_that_cannot_answer_now),
        TEST(calls_that_are_too_short),
        TEST(a_server_that_sends_nothing_but_words),
    };

    return RUN_TESTS(cases, argc, argv);
}
