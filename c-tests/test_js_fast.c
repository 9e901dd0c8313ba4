/* Fast batches on a real server: complete storage, limits, threads, and faults. */
#include "fast_batch.h"
#include "jetstream.h"

static void all_are_stored_in_order(void) {
    enum { COUNT = 5000 };
    static fast_world w;
    jsFastBatchCtx *batch;
    jsFastPublishProgress p;
    jsPubAck *ack = NULL;
    jsErrCode code = (jsErrCode)1;
    natsSubscription *sub = NULL;
    jsSubOptions ordered;
    natsMsg *msg = NULL;
    char text[32];
    int i;

    fast_world_start(&w);
    batch = fast_start(&w, NULL);
    p = fast_progress(batch);
    CHECK(p.Sent == 0 && p.Acked == 0 && p.Flow == 0 && !p.Ended);
    for (i = 1; i < COUNT; i++) {
        snprintf(text, sizeof(text), "%d", i);
        msg = test_msg("s.a", "a.reply", text);
        CHECK_OK(natsMsgHeader_Set(msg, "Number", text));
        CHECK_OK(js_FastPublishAdd(batch, msg, NULL, &code));
        CHECK_INT(code, 0);
        natsMsg_Destroy(msg);
        p = fast_progress(batch);
        CHECK_INT(p.Sent, i);
        CHECK(p.Flow >= 1 && p.Flow <= 100 && p.Sent <= p.Acked + 200 && !p.Ended);
    }
    CHECK(p.Acked >= COUNT - 201);
    CHECK_OK(fast_commit(&ack, batch, "s.b", NULL, &code));
    CHECK_INT(code, 0);
    CHECK_STR(ack->Stream, "S");
    CHECK_INT(ack->Sequence, COUNT);
    CHECK_INT(ack->Count, COUNT);
    CHECK(ack->Batch != NULL && strlen(ack->Batch) > 8);
    jsPubAck_Destroy(ack);
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    p = fast_progress(batch);
    CHECK(p.Sent == COUNT && p.Acked == COUNT && p.Lost == 0 && p.Refused == 0 && p.Ended);
    CHECK_STATUS(fast_add(batch, "s.a", NULL, &code), NATS_ILLEGAL_STATE);
    CHECK_STATUS(fast_commit(NULL, batch, "s.a", NULL, &code), NATS_ILLEGAL_STATE);
    CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, NULL, &code), NATS_ILLEGAL_STATE);
    jsFastBatchCtx_Destroy(batch);
    CHECK_OK(jsSubOptions_Init(&ordered));
    ordered.Ordered = true;
    CHECK_OK(js_SubscribeSync(&sub, w.js, "s.>", NULL, &ordered, NULL));
    for (i = 1; i < COUNT; i++) {
        const char *number = NULL;

        msg = test_next(sub);
        snprintf(text, sizeof(text), "%d", i);
        CHECK_STR(natsMsg_GetData(msg), text);
        CHECK_OK(natsMsgHeader_Get(msg, "Number", &number));
        CHECK_STR(number, text);
        natsMsg_Destroy(msg);
    }
    test_expect_next(sub, "last");
    natsSubscription_Destroy(sub);
    fast_world_end(&w);
}

static void a_batch_ends_without_a_message(void) {
    static fast_world w;
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;
    jsErrCode code;

    fast_world_start(&w);
    batch = fast_start(&w, NULL);
    CHECK_STATUS(js_FastPublishCommitEob(&ack, batch, NULL, &code), NATS_ILLEGAL_STATE);
    CHECK(ack == NULL);
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    CHECK_OK(fast_add(batch, "s.b", NULL, NULL));
    CHECK_OK(js_FastPublishCommitEob(&ack, batch, NULL, &code));
    CHECK_INT(ack->Count, 2);
    CHECK_INT(ack->Sequence, 2);
    jsPubAck_Destroy(ack);
    CHECK_INT(stream_messages(w.nc, "S"), 2);
    jsFastBatchCtx_Destroy(batch);
    fast_world_end(&w);
}

static void a_batch_of_one_message(void) {
    static fast_world w;
    jsFastBatchCtx *batch;
    jsPubOptions opts = fast_impossible();
    jsPubAck *ack = NULL;
    jsErrCode code;

    fast_world_start(&w);
    batch = fast_start(&w, NULL);
    CHECK_OK(fast_commit(&ack, batch, "s.a", NULL, &code));
    CHECK(ack->Count == 1 && ack->Sequence == 1);
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
    batch = fast_start(&w, NULL);
    CHECK_STATUS(fast_commit(NULL, batch, "s.a", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    jsFastBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "S"), 1);
    fast_world_end(&w);
}

static void refuses(void) {
    static const int flows[] = {-1, 65536}, acks[] = {-1, 4};
    static fast_world w;
    jsFastBatchCtx *batch = NULL;
    jsFastPublishOptions fast;
    jsFastPublishProgress p;
    jsPubOptions opts;
    natsMsg *msg = test_msg("s.a", NULL, "x");
    size_t i;

    fast_world_start(&w);
    CHECK_STATUS(jsFastPublishOptions_Init(NULL), NATS_INVALID_ARG);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_STATUS(js_FastPublishStart(NULL, w.js, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishStart(&batch, NULL, NULL), NATS_INVALID_ARG);
    for (i = 0; i < 2; i++) {
        CHECK_OK(jsFastPublishOptions_Init(&fast));
        fast.Flow = flows[i];
        CHECK_STATUS(js_FastPublishStart(&batch, w.js, &fast), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "Flow");
        CHECK_OK(jsFastPublishOptions_Init(&fast));
        fast.MaxOutstandingAcks = acks[i];
        CHECK_STATUS(js_FastPublishStart(&batch, w.js, &fast), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "MaxOutstandingAcks");
    }
    CHECK(batch == NULL);
    CHECK_STATUS(js_FastPublishAdd(NULL, msg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(NULL, "s.a", "x", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishCommit(NULL, NULL, msg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishCommitEob(NULL, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishGetProgress(&p, NULL), NATS_INVALID_ARG);
    batch = fast_start(&w, NULL);
    CHECK_STATUS(js_FastPublishGetProgress(NULL, batch), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAdd(batch, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, NULL, "x", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, "", "x", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, "s.a", NULL, 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, "s.a", "x", -1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishCommit(NULL, batch, NULL, NULL, NULL), NATS_INVALID_ARG);
    opts.MaxWait = -1;
    CHECK_STATUS(fast_add(batch, "s.a", &opts, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(fast_commit(NULL, batch, "s.a", &opts, NULL), NATS_INVALID_ARG);
    CHECK(fast_add(batch, "s. a", NULL, NULL) != NATS_OK);
    CHECK_INT(fast_progress(batch).Sent, 0);
    /* None of these is an end of it. */
    CHECK_OK(js_FastPublishAddData(batch, "s.a", NULL, 0, NULL, NULL));
    CHECK(fast_add(batch, "s. a", NULL, NULL) != NATS_OK);
    CHECK_OK(fast_commit(NULL, batch, "s.a", NULL, NULL));
    CHECK_INT(stream_messages(w.nc, "S"), 2);
    jsFastBatchCtx_Destroy(batch);
    jsFastBatchCtx_Destroy(batch);
    jsFastBatchCtx_Destroy(NULL);
    CHECK_STATUS(fast_add(batch, "s.a", NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishGetProgress(&p, batch), NATS_INVALID_ARG);
    natsMsg_Destroy(msg);
    fast_world_end(&w);
}

static void a_batch_that_no_stream_takes(void) {
    static fast_world w;
    jsFastBatchCtx *batch;
    jsErrCode code;

    fast_world_start(&w);
    stream_create(w.nc, "N", "\"n.>\"", "");
    batch = fast_start(&w, NULL);
    CHECK_STATUS(fast_add(batch, "n.a", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSFastBatchDisabledErr);
    CHECK_STATUS(fast_add(batch, "s.a", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSFastBatchDisabledErr);
    CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, NULL, &code), NATS_ERR);
    CHECK(fast_progress(batch).Ended);
    jsFastBatchCtx_Destroy(batch);
    batch = fast_start(&w, NULL);
    CHECK_STATUS(fast_add(batch, "nobody", NULL, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    jsFastBatchCtx_Destroy(batch);
    batch = fast_start(&w, NULL);
    CHECK_STATUS(fast_commit(NULL, batch, "nobody", NULL, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    jsFastBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "N"), 0);
    fast_world_end(&w);
}

static void a_payload_that_no_server_takes(void) {
    static fast_world w;
    static char large[2 * 1024 * 1024];
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;

    fast_world_start(&w);
    batch = fast_start(&w, NULL);
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    CHECK_STATUS(js_FastPublishAddData(batch, "s.a", large, sizeof(large), NULL, NULL), NATS_MAX_PAYLOAD);
    CHECK_OK(js_FastPublishAddData(batch, "s.a", large, 512 * 1024, NULL, NULL));
    CHECK_OK(fast_commit(&ack, batch, "s.a", NULL, NULL));
    CHECK_INT(ack->Count, 3);
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
    fast_world_end(&w);
}

/* A server has so many fast batches at most: those that are destroyed make room. */
static void destroyed_batches_make_room(void) {
    static fast_world w;
    jsErrCode code;
    int i;

    fast_world_start(&w);
    for (i = 0; i < 1200; i++) {
        jsFastBatchCtx *batch = fast_start(&w, NULL);

        CHECK_OK(fast_add(batch, "s.a", NULL, &code));
        jsFastBatchCtx_Destroy(batch);
    }
    CHECK_INT(stream_messages(w.nc, "S"), 1200);
    fast_world_end(&w);
}

static void *publish_own(void *arg) {
    fast_world *w = (fast_world *)arg;
    jsFastBatchCtx *batch = NULL;
    jsPubAck *ack = NULL;
    natsStatus s = js_FastPublishStart(&batch, w->js, NULL);
    int i;

    for (i = 0; i < 2000 && s == NATS_OK; i++)
        s = js_FastPublishAddData(batch, "s.a", "x", 1, NULL, NULL);
    if (s == NATS_OK)
        s = js_FastPublishCommitEob(&ack, batch, NULL, NULL);
    if (s != NATS_OK || ack->Count != 2000)
        counter_add(&w->c.wrong, 1);
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
    return NULL;
}

static void several_at_once(void) {
    static fast_world w;
    pthread_t threads[6];
    int i;

    fast_world_start(&w);
    for (i = 0; i < 6; i++)
        CHECK(pthread_create(&threads[i], NULL, publish_own, &w) == 0);
    for (i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(counter_get(&w.c.wrong), 0);
    CHECK_INT(stream_messages(w.nc, "S"), 12000);
    fast_world_end(&w);
}

typedef struct shared {
    fast_world w;
    jsFastBatchCtx *batch;
} shared;

static void *publish_shared(void *arg) {
    shared *sh = (shared *)arg;
    int i;

    for (i = 0; i < 1000; i++)
        if (fast_add(sh->batch, "s.a", NULL, NULL) != NATS_OK)
            counter_add(&sh->w.c.wrong, 1);
    return NULL;
}

static void several_threads_share_one(void) {
    static shared sh;
    pthread_t threads[4];
    jsPubAck *ack = NULL;
    int i;

    fast_world_start(&sh.w);
    sh.batch = fast_start(&sh.w, NULL);
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, publish_shared, &sh) == 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(counter_get(&sh.w.c.wrong), 0);
    CHECK_OK(js_FastPublishCommitEob(&ack, sh.batch, NULL, NULL));
    CHECK_INT(ack->Count, 4000);
    jsPubAck_Destroy(ack);
    CHECK_INT(stream_messages(sh.w.nc, "S"), 4000);
    jsFastBatchCtx_Destroy(sh.batch);
    fast_world_end(&sh.w);
}

/* The server forgets a batch after two seconds without a word. */
static void a_batch_without_messages_stays_alive(void) {
    static fast_world w;
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;
    int64_t until;

    server_start(&w.s, "jetstream { limits { batch { timeout: \"2s\" } } }", NULL);
    fast_world_open(&w);
    batch = fast_start(&w, NULL);
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    for (until = now_ms() + 5000; now_ms() < until;)
        poll_pause();
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    CHECK_OK(fast_commit(&ack, batch, "s.a", NULL, NULL));
    CHECK_INT(ack->Count, 3);
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
    fast_world_end(&w);
}

static void a_stream_is_deleted_meanwhile(void) {
    static fast_world w;
    jsFastPublishOptions fast;
    jsFastBatchCtx *batch;
    jsErrCode code;
    natsStatus s = NATS_OK;
    int gaps;

    fast_world_start(&w);
    for (gaps = 0; gaps < 2; gaps++) {
        CHECK_OK(jsFastPublishOptions_Init(&fast));
        fast.AllowGaps = gaps != 0;
        batch = fast_start(&w, &fast);
        CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
        stream_delete(w.nc, "S");
        if (gaps == 0) {
            for (s = NATS_OK; s == NATS_OK;)
                s = fast_add(batch, "s.a", NULL, &code);
            CHECK_STATUS(s, NATS_NO_RESPONDERS);
        }
        CHECK_STATUS(fast_commit(NULL, batch, "s.a", NULL, &code), NATS_NO_RESPONDERS);
        CHECK_INT(code, JSNotEnabledErr);
        jsFastBatchCtx_Destroy(batch);
        stream_create(w.nc, "S", "\"s.>\"", ",\"allow_batched\":true");
    }
    fast_world_end(&w);
}

static void a_stream_is_changed_meanwhile(void) {
    static fast_world w;
    jsFastBatchCtx *batch;
    jsErrCode code;
    char text[2048];

    fast_world_start(&w);
    batch = fast_start(&w, NULL);
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    api_request(w.nc, "STREAM.UPDATE.S", "{\"name\":\"S\",\"subjects\":[\"s.>\"],\"storage\":\"memory\"}",
                text, sizeof(text));
    CHECK_SOON(fast_add(batch, "s.a", NULL, &code) != NATS_OK);
    CHECK_INT(code, JSFastBatchDisabledErr);
    jsFastBatchCtx_Destroy(batch);
    fast_world_end(&w);
}

static void a_server_restarts_meanwhile(void) {
    static fast_world w;
    jsFastPublishOptions fast;
    jsFastBatchCtx *batch;
    jsErrCode code;
    int gaps;

    fast_world_start(&w);
    stream_create(w.nc, "F", "\"f.>\"", ",\"allow_batched\":true,\"storage\":\"file\"");
    for (gaps = 0; gaps < 2; gaps++) {
        CHECK_OK(jsFastPublishOptions_Init(&fast));
        fast.AllowGaps = gaps != 0;
        batch = fast_start(&w, &fast);
        CHECK_OK(fast_add(batch, "f.a", NULL, NULL));
        CHECK_OK(fast_add(batch, "f.a", NULL, NULL));
        server_kill(&w.s);
        CHECK_REACHED(&w.c.disconnected, gaps + 1);
        server_restart(&w.s);
        CHECK_REACHED(&w.c.reconnected, gaps + 1);
        CHECK_SOON(fast_progress(batch).Ended);
        CHECK_STATUS(fast_add(batch, "f.a", NULL, &code), NATS_CONNECTION_DISCONNECTED);
        CHECK_INT(code, JSFastBatchUnknownIDErr);
        CHECK_STATUS(fast_commit(NULL, batch, "f.a", NULL, &code), NATS_CONNECTION_DISCONNECTED);
        jsFastBatchCtx_Destroy(batch);
        /* The next one is not concerned. */
        batch = fast_start(&w, NULL);
        CHECK_OK(fast_add(batch, "f.a", NULL, NULL));
        CHECK_OK(fast_commit(NULL, batch, "f.a", NULL, NULL));
        jsFastBatchCtx_Destroy(batch);
    }
    fast_world_end(&w);
}

/* The server keeps the batch while its client is away. */
static void a_batch_outlives_a_reconnect(void) {
    static fast_world w;
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;
    int i, round;

    fast_world_start(&w);
    batch = fast_start(&w, NULL);
    for (round = 1; round <= 5; round++) {
        for (i = 0; i < 100; i++)
            CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
        /* What was on its way at the loss could be lost, and end it. */
        CHECK_OK(natsConnection_Flush(w.nc));
        CHECK_OK(natsConnection_Reconnect(w.nc));
        CHECK_REACHED(&w.c.reconnected, round);
    }
    CHECK_OK(fast_commit(&ack, batch, "s.a", NULL, NULL));
    CHECK_INT(ack->Count, 501);
    jsPubAck_Destroy(ack);
    CHECK_INT(stream_messages(w.nc, "S"), 501);
    jsFastBatchCtx_Destroy(batch);
    fast_world_end(&w);
}

static void a_batch_outlives_its_context_and_connection(void) {
    static fast_world w;
    jsFastBatchCtx *batch = NULL;
    jsCtx *js = NULL;
    natsConnection *nc;

    fast_world_start(&w);
    nc = test_connect_url(w.s.url);
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(js_FastPublishStart(&batch, js, NULL));
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    jsCtx_Destroy(js);
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    natsConnection_Destroy(nc);
    CHECK_STATUS(fast_add(batch, "s.a", NULL, NULL), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(fast_commit(NULL, batch, "s.a", NULL, NULL), NATS_CONNECTION_CLOSED);
    jsFastBatchCtx_Destroy(batch);
    fast_world_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(all_are_stored_in_order),
        TEST(a_batch_ends_without_a_message),
        TEST(a_batch_of_one_message),
        TEST(refuses),
        TEST(a_batch_that_no_stream_takes),
        TEST(a_payload_that_no_server_takes),
        TEST(destroyed_batches_make_room),
        TEST(several_at_once),
        TEST(several_threads_share_one),
        TEST(a_batch_without_messages_stays_alive),
        TEST(a_stream_is_deleted_meanwhile),
        TEST(a_stream_is_changed_meanwhile),
        TEST(a_server_restarts_meanwhile),
        TEST(a_batch_outlives_a_reconnect),
        TEST(a_batch_outlives_its_context_and_connection),
    };

    return RUN_TESTS(cases, argc, argv);
}
