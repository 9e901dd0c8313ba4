/* Puts of objects against a scripted server: how much is sent ahead of acknowledgements, chunks and descriptions that the
 * server refuses or does not answer, puts of others in between. */
#include "obj_peer.h"

typedef struct putter {
    objStorePut *put;
    int64_t timeout;
    natsStatus added, completed;
    char text[256];
} putter;

static void *put_all(void *arg) {
    putter *p = (putter *)arg;
    char *data = (char *)calloc(1, 10 * OBJ_PEER_CHUNK);

    p->added = objStorePut_Add(p->put, data, 10 * OBJ_PEER_CHUNK);
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
    meta.Opts.ChunkSize = OBJ_PEER_CHUNK;
    peer_run(&j->p, script, NULL);
    CHECK_OK(objStore_Put(&p->put, obs, &meta));
    peer_join(&j->p);
    CHECK(pthread_create(thread, NULL, put_all, p) == 0);
}

static void a_put_is_bounded_and_a_refusal_ends_it(void) {
    js_peer j;
    putter p;
    pthread_t thread;
    objStore *obs = obj_peer_open(&j, 3 * OBJ_PEER_CHUNK);
    js_op ops[5];
    char body[300];
    int i;

    begin_put(&j, obs, &p, deadline_ms(), obj_peer_without, &thread);
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
    objStore *obs = obj_peer_open(&j, 100 * OBJ_PEER_CHUNK);
    char json[256], headers[256], text[1024];
    js_op op;
    int i;

    begin_put(&j, obs, &p, deadline_ms(), obj_peer_without, &thread);
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

    snprintf(json, sizeof(json),
             "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"%.64s\",\"size\":1,\"chunks\":1}", nuid);
    snprintf(headers, sizeof(headers),
             "NATS/1.0\r\nNats-Stream: OBJ_B\r\nNats-Subject: $O.B.M.bw==\r\nNats-Sequence: 9\r\n"
             "Nats-Time-Stamp: 2026-01-01T00:00:00Z\r\n\r\n");
    snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s%s\r\n", j->op.reply, j->answers, strlen(headers),
             strlen(headers) + strlen(json), headers, json);
    CHECK(peer_send(&j->p, text));
}

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
        objStore *obs = obj_peer_open(&j, 100 * OBJ_PEER_CHUNK);
        js_op op;
        int i;

        begin_put(&j, obs, &p, 500 * time_factor(), obj_peer_with, &thread);
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

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_put_is_bounded_and_a_refusal_ends_it),
        TEST(a_put_that_others_overtake),
        TEST(a_description_that_is_not_answered),
    };

    return RUN_TESTS(cases, argc, argv);
}
