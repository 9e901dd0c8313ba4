/* Atomic batches: all messages or none, errors in the middle, limits, and faults. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c;
} world;

static void world_start(world *w) {
    natsOptions *opts;

    closure_init(&w->c);
    server_run_jetstream(&w->s);
    opts = test_options(w->s.url);
    options_record(opts, &w->c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    w->nc = test_connect(opts);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
    stream_create(w->nc, "S", "\"s.>\"", ",\"allow_atomic\":true");
}

static void world_end(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

static natsStatus start(jsAtomicBatchCtx **batch, jsCtx *js, const char *subject, jsPubOptions *opts,
                        jsErrCode *code) {
    natsMsg *msg = test_msg(subject, NULL, "first");
    natsStatus s = js_BatchPublishStart(batch, NULL, js, msg, opts, code);

    natsMsg_Destroy(msg);
    return s;
}

static natsStatus add(jsAtomicBatchCtx *batch, const char *subject, jsPubOptions *opts, jsErrCode *code) {
    natsMsg *msg = test_msg(subject, NULL, "more");
    natsStatus s = js_BatchPublishAdd(NULL, batch, msg, opts, code);

    natsMsg_Destroy(msg);
    return s;
}

static natsStatus commit(jsPubAck **ack, jsAtomicBatchCtx *batch, const char *subject, jsPubOptions *opts,
                         jsErrCode *code) {
    natsMsg *msg = test_msg(subject, NULL, "last");
    natsStatus s = js_BatchPublishCommit(ack, batch, msg, opts, code);

    natsMsg_Destroy(msg);
    return s;
}

static void all_are_stored_together(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsPubAck *ack = (jsPubAck *)&w;
    jsErrCode code = (jsErrCode)1;
    natsMsg *msg = test_msg("s.a", NULL, "x");
    const char *value = NULL, *id = NULL;
    int i;

    world_start(&w);
    CHECK_OK(js_BatchPublishStart(&batch, &ack, w.js, msg, NULL, &code));
    CHECK(batch != NULL && ack == NULL);
    CHECK_INT(code, 0);
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Batch-Id", &id));
    CHECK_INT(strlen(id), 22);
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Batch-Sequence", &value));
    CHECK_STR(value, "1");
    ack = (jsPubAck *)&w;
    CHECK_OK(js_BatchPublishAdd(&ack, batch, msg, NULL, &code));
    CHECK(ack == NULL);
    for (i = 0; i < 97; i++)
        CHECK_OK(js_BatchPublishAdd(NULL, batch, msg, NULL, NULL));
    CHECK_INT(stream_messages(w.nc, "S"), 0);
    CHECK_OK(js_BatchPublishCommit(&ack, batch, msg, NULL, &code));
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Batch-Commit", &value));
    CHECK_STR(value, "1");
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Batch-Sequence", &value));
    CHECK_STR(value, "100");
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Batch-Id", &id));
    CHECK_STR(ack->Batch, id);
    CHECK_STR(ack->Stream, "S");
    CHECK_INT(ack->Count, 100);
    CHECK_INT(ack->Sequence, 100);
    CHECK_INT(stream_messages(w.nc, "S"), 100);
    jsPubAck_Destroy(ack);
#if OURS
    CHECK_STATUS(add(batch, "s.a", NULL, NULL), NATS_ILLEGAL_STATE);
    CHECK_STATUS(commit(NULL, batch, "s.a", NULL, NULL), NATS_ILLEGAL_STATE);
    CHECK_OK(js_BatchPublishDiscard(batch));
#endif
    jsAtomicBatchCtx_Destroy(batch);
    natsMsg_Destroy(msg);
    world_end(&w);
}

/* A stream copies batches like other messages, whether it is made before or after them. */
static void sources_take_batches(void) {
    static world w;
    const char *names[] = {"BEFORE", "AFTER"};

    world_start(&w);
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            stream_create(w.nc, names[i], "", ",\"sources\":[{\"name\":\"S\"}]");
        else
            stream_create(w.nc, names[i], "", ",\"allow_atomic\":true,\"sources\":[{\"name\":\"S\"}]");
        for (int round = 0; i == 0 && round < 3; round++) {
            jsAtomicBatchCtx *batch = NULL;

            CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
            for (int n = 0; n < 10; n++)
                CHECK_OK(add(batch, "s.a", NULL, NULL));
            CHECK_OK(commit(NULL, batch, "s.a", NULL, NULL));
            jsAtomicBatchCtx_Destroy(batch);
        }
    }
    for (int i = 0; i < 2; i++) {
        int64_t until = now_ms() + deadline_ms();

        while (stream_messages(w.nc, names[i]) < 36 && now_ms() < until)
            nats_Sleep(10);
        CHECK_INT(stream_messages(w.nc, names[i]), 36);
    }
    world_end(&w);
}

static void refuses(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    natsMsg *msg = test_msg("s.a", NULL, "x");
    jsPubOptions opts;

    world_start(&w);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_STATUS(js_BatchPublishStart(NULL, NULL, w.js, msg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_BatchPublishStart(&batch, NULL, NULL, msg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_BatchPublishStart(&batch, NULL, w.js, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK(batch == NULL);
    CHECK_STATUS(js_BatchPublishAdd(NULL, NULL, msg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_BatchPublishCommit(NULL, NULL, msg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
    CHECK_STATUS(js_BatchPublishAdd(NULL, batch, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_BatchPublishCommit(NULL, batch, NULL, NULL, NULL), NATS_INVALID_ARG);
    opts.MaxWait = -1;
    CHECK_STATUS(add(batch, "s.a", &opts, NULL), NATS_INVALID_ARG);
    /* None of these is an end of it. */
    CHECK_OK(commit(NULL, batch, "s.a", NULL, NULL));
    CHECK_INT(stream_messages(w.nc, "S"), 2);
    jsAtomicBatchCtx_Destroy(batch);
#if OURS
    jsAtomicBatchCtx_Destroy(batch);
    CHECK_STATUS(add(batch, "s.a", NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_BatchPublishDiscard(batch), NATS_INVALID_ARG);
    CHECK_STATUS(js_BatchPublishCommitEob(NULL, NULL, NULL, NULL), NATS_INVALID_ARG);
#endif
    jsAtomicBatchCtx_Destroy(NULL);
    natsMsg_Destroy(msg);
    world_end(&w);
}

static void a_start_that_fails_leaves_a_batch_to_destroy(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsErrCode code;

    world_start(&w);
    stream_create(w.nc, "N", "\"n.>\"", "");
    CHECK_STATUS(start(&batch, w.js, "n.a", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSBatchPublishNotEnabledErr);
    CHECK(batch != NULL);
    jsAtomicBatchCtx_Destroy(batch);
    batch = NULL;
    CHECK_STATUS(start(&batch, w.js, "nobody", NULL, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    CHECK(batch != NULL);
    jsAtomicBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "N"), 0);
    world_end(&w);
}

#if OURS
/* The error of the message that has one, not that of the commit that finds the batch gone. */
static void an_error_in_the_middle_is_what_the_commit_says(void) {
    static const struct {
        const char *subject;
        natsStatus status;
        int code;
    } cases[] = {
        {"n.a", NATS_ERR, JSBatchPublishNotEnabledErr},
        {"nobody", NATS_NO_RESPONDERS, JSNotEnabledErr},
    };
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsErrCode code;
    size_t i;
    int n;

    world_start(&w);
    stream_create(w.nc, "N", "\"n.>\"", "");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
        CHECK_OK(add(batch, cases[i].subject, NULL, &code));
        /* Perhaps already here. */
        for (n = 0; n < 3; n++) {
            natsStatus s = add(batch, "s.a", NULL, &code);

            CHECK(s == NATS_OK || s == cases[i].status);
        }
        CHECK_STATUS(commit(NULL, batch, "s.a", NULL, &code), cases[i].status);
        CHECK_INT(code, cases[i].code);
        CHECK_STATUS(commit(NULL, batch, "s.a", NULL, &code), cases[i].status);
        jsAtomicBatchCtx_Destroy(batch);
    }
    CHECK_INT(stream_messages(w.nc, "S"), 0);
    world_end(&w);
}

static void an_error_is_seen_before_the_commit(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsErrCode code = (jsErrCode)0;

    world_start(&w);
    CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
    CHECK_OK(add(batch, "nobody", NULL, NULL));
    CHECK_SOON(add(batch, "s.a", NULL, &code) != NATS_OK);
    CHECK_INT(code, JSNotEnabledErr);
    jsAtomicBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_batch_ends_without_a_message(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsPubAck *ack = NULL;
    jsErrCode code;

    world_start(&w);
    CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
    CHECK_OK(add(batch, "s.b", NULL, NULL));
    CHECK_OK(js_BatchPublishCommitEob(&ack, batch, NULL, &code));
    CHECK_INT(ack->Count, 2);
    CHECK_INT(ack->Sequence, 2);
    jsPubAck_Destroy(ack);
    CHECK_STATUS(js_BatchPublishCommitEob(&ack, batch, NULL, &code), NATS_ILLEGAL_STATE);
    CHECK_INT(stream_messages(w.nc, "S"), 2);
    jsAtomicBatchCtx_Destroy(batch);
    world_end(&w);
}

/* A stream has 50 batches at most: those that are discarded, or destroyed, make room at once. */
static void discarded_batches_make_room(void) {
    static world w;
    jsErrCode code;
    int i;

    world_start(&w);
    for (i = 0; i < 200; i++) {
        jsAtomicBatchCtx *batch = NULL;

        CHECK_OK(start(&batch, w.js, "s.a", NULL, &code));
        CHECK_OK(add(batch, "s.a", NULL, &code));
        if (i % 2 == 0) {
            CHECK_OK(js_BatchPublishDiscard(batch));
            CHECK_STATUS(add(batch, "s.a", NULL, &code), NATS_ILLEGAL_STATE);
            CHECK_STATUS(js_BatchPublishCommitEob(NULL, batch, NULL, &code), NATS_ILLEGAL_STATE);
        }
        jsAtomicBatchCtx_Destroy(batch);
    }
    CHECK_INT(stream_messages(w.nc, "S"), 0);
    world_end(&w);
}
#endif

static void expectations_are_checked_at_the_end(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsPubOptions opts;
    jsErrCode code;

    world_start(&w);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectLastSeq = 99;
    CHECK_OK(start(&batch, w.js, "s.a", &opts, NULL));
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    CHECK_STATUS(commit(NULL, batch, "s.a", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_INT(stream_messages(w.nc, "S"), 0);
    jsAtomicBatchCtx_Destroy(batch);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectNoMessage = true;
    CHECK_OK(start(&batch, w.js, "s.x", &opts, NULL));
    CHECK_OK(add(batch, "s.y", &opts, NULL));
    CHECK_OK(commit(NULL, batch, "s.z", &opts, &code));
    jsAtomicBatchCtx_Destroy(batch);
    CHECK_OK(start(&batch, w.js, "s.v", &opts, NULL));
    CHECK_OK(add(batch, "s.y", &opts, NULL));
    CHECK_STATUS(commit(NULL, batch, "s.w", &opts, &code), NATS_ERR);
    CHECK_INT(stream_messages(w.nc, "S"), 3);
    jsAtomicBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_thousand_and_not_one_more(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsPubAck *ack = NULL;
    jsErrCode code;
    natsStatus s;
    int i;

    world_start(&w);
    CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
    for (i = 0; i < 998; i++)
        CHECK_OK(add(batch, "s.a", NULL, NULL));
    CHECK_OK(commit(&ack, batch, "s.a", NULL, &code));
    CHECK_INT(ack->Count, 1000);
    jsPubAck_Destroy(ack);
    jsAtomicBatchCtx_Destroy(batch);
    CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
    for (i = 0, s = NATS_OK; i < 1000 && s == NATS_OK; i++)
        s = add(batch, "s.a", NULL, &code);
    if (s == NATS_OK)
        s = commit(NULL, batch, "s.a", NULL, &code);
    CHECK_STATUS(s, NATS_ERR);
    CHECK_INT(code, JSBatchPublishSequenceExceedsLimitErr);
    CHECK_INT(stream_messages(w.nc, "S"), 1000);
    jsAtomicBatchCtx_Destroy(batch);
    world_end(&w);
}

static void *batches(void *arg) {
    world *w = (world *)arg;
    int i, n;

    for (i = 0; i < 20; i++) {
        jsAtomicBatchCtx *batch = NULL;
        natsMsg *msg = NULL;
        natsStatus s = natsMsg_Create(&msg, "s.a", NULL, "x", 1);

        if (s == NATS_OK)
            s = js_BatchPublishStart(&batch, NULL, w->js, msg, NULL, NULL);
        for (n = 0; n < 48 && s == NATS_OK; n++)
            s = js_BatchPublishAdd(NULL, batch, msg, NULL, NULL);
        if (s == NATS_OK)
            s = js_BatchPublishCommit(NULL, batch, msg, NULL, NULL);
        if (s != NATS_OK)
            counter_add(&w->c.wrong, 1);
        natsMsg_Destroy(msg);
        jsAtomicBatchCtx_Destroy(batch);
    }
    return NULL;
}

static void several_at_once(void) {
    static world w;
    pthread_t threads[4];
    int i;

    world_start(&w);
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, batches, &w) == 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(counter_get(&w.c.wrong), 0);
    CHECK_INT(stream_messages(w.nc, "S"), 4 * 20 * 50);
    world_end(&w);
}

static void a_stream_is_deleted_meanwhile(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsErrCode code;
    natsStatus s;

    world_start(&w);
    CHECK_OK(start(&batch, w.js, "s.a", NULL, NULL));
    stream_delete(w.nc, "S");
    s = add(batch, "s.a", NULL, &code);
    CHECK(s == NATS_OK || s == NATS_NO_RESPONDERS);
    CHECK_STATUS(commit(NULL, batch, "s.a", NULL, &code), NATS_NO_RESPONDERS);
    jsAtomicBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_server_restarts_meanwhile(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsErrCode code;
    natsStatus s;

    world_start(&w);
    stream_create(w.nc, "F", "\"f.>\"", ",\"allow_atomic\":true,\"storage\":\"file\"");
    CHECK_OK(start(&batch, w.js, "f.a", NULL, NULL));
    CHECK_OK(add(batch, "f.a", NULL, NULL));
    server_kill(&w.s);
    CHECK_REACHED(&w.c.disconnected, 1);
    server_restart(&w.s);
    CHECK_REACHED(&w.c.reconnected, 1);
    s = commit(NULL, batch, "f.a", NULL, &code);
    CHECK(s != NATS_OK);
#if OURS
    CHECK_STATUS(s, NATS_CONNECTION_DISCONNECTED);
#endif
    jsAtomicBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "F"), 0);
    /* The next one is not concerned. */
    CHECK_OK(start(&batch, w.js, "f.a", NULL, NULL));
    CHECK_OK(commit(NULL, batch, "f.a", NULL, NULL));
    CHECK_INT(stream_messages(w.nc, "F"), 2);
    jsAtomicBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_batch_outlives_its_context_and_connection(void) {
    static world w;
    jsAtomicBatchCtx *batch = NULL;
    jsCtx *js = NULL;
    natsConnection *nc;

    world_start(&w);
    nc = test_connect_url(w.s.url);
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(start(&batch, js, "s.a", NULL, NULL));
    jsCtx_Destroy(js);
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    natsConnection_Destroy(nc);
    CHECK_STATUS(add(batch, "s.a", NULL, NULL), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(commit(NULL, batch, "s.a", NULL, NULL), NATS_CONNECTION_CLOSED);
    jsAtomicBatchCtx_Destroy(batch);
    world_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(all_are_stored_together),
        TEST(sources_take_batches),
        TEST(refuses),
        TEST(a_start_that_fails_leaves_a_batch_to_destroy),
#if OURS
        TEST(an_error_in_the_middle_is_what_the_commit_says),
        TEST(an_error_is_seen_before_the_commit),
        TEST(a_batch_ends_without_a_message),
        TEST(discarded_batches_make_room),
#endif
        TEST(expectations_are_checked_at_the_end),
        TEST(a_thousand_and_not_one_more),
        TEST(several_at_once),
        TEST(a_stream_is_deleted_meanwhile),
        TEST(a_server_restarts_meanwhile),
        TEST(a_batch_outlives_its_context_and_connection),
    };

    return RUN_TESTS(cases, argc, argv);
}
