/* Fast batches on a real server: all that is stored and refused, gaps, limits, and faults. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c;
} world;

static void world_open(world *w) {
    natsOptions *opts = options_recorded(w->s.url, &w->c);

    w->nc = test_connect(opts);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
    stream_create(w->nc, "S", "\"s.>\"", ",\"allow_batched\":true");
}

static void world_start(world *w) {
    server_run_jetstream(&w->s);
    world_open(w);
}

static void world_end(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

static jsFastBatchCtx *start(world *w, jsFastPublishOptions *opts) {
    jsFastBatchCtx *batch = NULL;

    CHECK_OK(js_FastPublishStart(&batch, w->js, opts));
    CHECK(batch != NULL);
    return batch;
}

static natsStatus add(jsFastBatchCtx *batch, const char *subject, jsPubOptions *opts, jsErrCode *code) {
    return js_FastPublishAddData(batch, subject, "more", 4, opts, code);
}

static natsStatus commit(jsPubAck **ack, jsFastBatchCtx *batch, const char *subject, jsPubOptions *opts,
                         jsErrCode *code) {
    natsMsg *msg = test_msg(subject, NULL, "last");
    natsStatus s = js_FastPublishCommit(ack, batch, msg, opts, code);

    natsMsg_Destroy(msg);
    return s;
}

static jsFastPublishProgress progress(jsFastBatchCtx *batch) {
    jsFastPublishProgress p;

    CHECK_OK(js_FastPublishGetProgress(&p, batch));
    return p;
}

/* What no message of the stream can fulfil. */
static jsPubOptions impossible(void) {
    jsPubOptions opts;

    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectLastSeq = 1000000;
    return opts;
}

/* What the program's function was told, in words. */
typedef struct told {
    closure c;
    jsFastBatchCtx *batch;
    bool destroys;
    bool blocks;
    uint64_t count;
} told;

static void on_problem(jsFastBatchCtx *ctx, jsFastPublishErr *err, void *arg) {
    told *t = (told *)arg;
    char text[CLOSURE_TEXT_SIZE];
    int64_t n = counter_get(&t->c.errors);

    if (ctx != t->batch || err->ErrText == NULL || err->ErrText[0] == 0)
        counter_add(&t->c.wrong, 1);
    snprintf(text, sizeof(text), "%" PRIu64 "+%" PRIu64 " %d %d", err->Sequence, err->Count, (int)err->Err,
             (int)err->ErrCode);
    t->count += err->Count;
    if (n < CLOSURE_TEXTS)
        snprintf(t->c.error_texts[n], sizeof(t->c.error_texts[n]), "%s", text);
    if (t->destroys)
        jsFastBatchCtx_Destroy(ctx);
    if (t->blocks)
        closure_pass_gate(&t->c);
    counter_add(&t->c.errors, 1);
}

static void tell(told *t, jsFastPublishOptions *opts) {
    memset(t, 0, sizeof(*t));
    closure_init(&t->c);
    CHECK_OK(jsFastPublishOptions_Init(opts));
    opts->AllowGaps = true;
    opts->ErrHandler = on_problem;
    opts->ErrHandlerClosure = t;
}

static const char *words(char *text, size_t size, int sequence, int count, natsStatus s, int code) {
    snprintf(text, size, "%d+%d %d %d", sequence, count, (int)s, code);
    return text;
}

static void all_are_stored_in_order(void) {
    enum { COUNT = 5000 };
    static world w;
    jsFastBatchCtx *batch;
    jsFastPublishProgress p;
    jsPubAck *ack = NULL;
    jsErrCode code = (jsErrCode)1;
    natsSubscription *sub = NULL;
    jsSubOptions ordered;
    natsMsg *msg = NULL;
    char text[32];
    int i;

    world_start(&w);
    batch = start(&w, NULL);
    p = progress(batch);
    CHECK(p.Sent == 0 && p.Acked == 0 && p.Flow == 0 && !p.Ended);
    for (i = 1; i < COUNT; i++) {
        snprintf(text, sizeof(text), "%d", i);
        msg = test_msg("s.a", "a.reply", text);
        CHECK_OK(natsMsgHeader_Set(msg, "Number", text));
        CHECK_OK(js_FastPublishAdd(batch, msg, NULL, &code));
        CHECK_INT(code, 0);
        natsMsg_Destroy(msg);
        p = progress(batch);
        CHECK_INT(p.Sent, i);
        CHECK(p.Flow >= 1 && p.Flow <= 100 && p.Sent <= p.Acked + 200 && !p.Ended);
    }
    CHECK(p.Acked >= COUNT - 201);
    CHECK_OK(commit(&ack, batch, "s.b", NULL, &code));
    CHECK_INT(code, 0);
    CHECK_STR(ack->Stream, "S");
    CHECK_INT(ack->Sequence, COUNT);
    CHECK_INT(ack->Count, COUNT);
    CHECK(ack->Batch != NULL && strlen(ack->Batch) > 8);
    jsPubAck_Destroy(ack);
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    p = progress(batch);
    CHECK(p.Sent == COUNT && p.Acked == COUNT && p.Lost == 0 && p.Refused == 0 && p.Ended);
    CHECK_STATUS(add(batch, "s.a", NULL, &code), NATS_ILLEGAL_STATE);
    CHECK_STATUS(commit(NULL, batch, "s.a", NULL, &code), NATS_ILLEGAL_STATE);
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
    world_end(&w);
}

static void a_batch_ends_without_a_message(void) {
    static world w;
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;
    jsErrCode code;

    world_start(&w);
    batch = start(&w, NULL);
    CHECK_STATUS(js_FastPublishCommitEob(&ack, batch, NULL, &code), NATS_ILLEGAL_STATE);
    CHECK(ack == NULL);
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    CHECK_OK(add(batch, "s.b", NULL, NULL));
    CHECK_OK(js_FastPublishCommitEob(&ack, batch, NULL, &code));
    CHECK_INT(ack->Count, 2);
    CHECK_INT(ack->Sequence, 2);
    jsPubAck_Destroy(ack);
    CHECK_INT(stream_messages(w.nc, "S"), 2);
    jsFastBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_batch_of_one_message(void) {
    static world w;
    jsFastBatchCtx *batch;
    jsPubOptions opts = impossible();
    jsPubAck *ack = NULL;
    jsErrCode code;

    world_start(&w);
    batch = start(&w, NULL);
    CHECK_OK(commit(&ack, batch, "s.a", NULL, &code));
    CHECK(ack->Count == 1 && ack->Sequence == 1);
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
    batch = start(&w, NULL);
    CHECK_STATUS(commit(NULL, batch, "s.a", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    jsFastBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "S"), 1);
    world_end(&w);
}

static void refuses(void) {
    static const int flows[] = {-1, 65536}, acks[] = {-1, 4};
    static world w;
    jsFastBatchCtx *batch = NULL;
    jsFastPublishOptions fast;
    jsFastPublishProgress p;
    jsPubOptions opts;
    natsMsg *msg = test_msg("s.a", NULL, "x");
    size_t i;

    world_start(&w);
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
    batch = start(&w, NULL);
    CHECK_STATUS(js_FastPublishGetProgress(NULL, batch), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAdd(batch, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, NULL, "x", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, "", "x", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, "s.a", NULL, 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishAddData(batch, "s.a", "x", -1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishCommit(NULL, batch, NULL, NULL, NULL), NATS_INVALID_ARG);
    opts.MaxWait = -1;
    CHECK_STATUS(add(batch, "s.a", &opts, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(commit(NULL, batch, "s.a", &opts, NULL), NATS_INVALID_ARG);
    CHECK(add(batch, "s. a", NULL, NULL) != NATS_OK);
    CHECK_INT(progress(batch).Sent, 0);
    /* None of these is an end of it. */
    CHECK_OK(js_FastPublishAddData(batch, "s.a", NULL, 0, NULL, NULL));
    CHECK(add(batch, "s. a", NULL, NULL) != NATS_OK);
    CHECK_OK(commit(NULL, batch, "s.a", NULL, NULL));
    CHECK_INT(stream_messages(w.nc, "S"), 2);
    jsFastBatchCtx_Destroy(batch);
    jsFastBatchCtx_Destroy(batch);
    jsFastBatchCtx_Destroy(NULL);
    CHECK_STATUS(add(batch, "s.a", NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishGetProgress(&p, batch), NATS_INVALID_ARG);
    natsMsg_Destroy(msg);
    world_end(&w);
}

static void a_batch_that_no_stream_takes(void) {
    static world w;
    jsFastBatchCtx *batch;
    jsErrCode code;

    world_start(&w);
    stream_create(w.nc, "N", "\"n.>\"", "");
    batch = start(&w, NULL);
    CHECK_STATUS(add(batch, "n.a", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSFastBatchDisabledErr);
    CHECK_STATUS(add(batch, "s.a", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSFastBatchDisabledErr);
    CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, NULL, &code), NATS_ERR);
    CHECK(progress(batch).Ended);
    jsFastBatchCtx_Destroy(batch);
    batch = start(&w, NULL);
    CHECK_STATUS(add(batch, "nobody", NULL, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    jsFastBatchCtx_Destroy(batch);
    batch = start(&w, NULL);
    CHECK_STATUS(commit(NULL, batch, "nobody", NULL, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    jsFastBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "N"), 0);
    world_end(&w);
}

/* A message that is refused ends the batch in front of it, and the number of those that are stored is known. */
static void a_refused_message_ends_the_batch(void) {
    static world w;
    jsFastBatchCtx *batch;
    jsFastPublishProgress p;
    jsPubOptions opts = impossible();
    jsErrCode code;
    int i;

    world_start(&w);
    batch = start(&w, NULL);
    for (i = 1; i <= 30; i++)
        CHECK_OK(add(batch, "s.a", NULL, NULL));
    CHECK_OK(add(batch, "s.a", &opts, NULL));
    CHECK_SOON(add(batch, "s.a", NULL, &code) != NATS_OK);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_STATUS(add(batch, "s.a", NULL, &code), NATS_ERR);
    CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    p = progress(batch);
    CHECK(p.Ended && p.Refused == 1);
    CHECK_INT(p.Acked, 30);
    CHECK_INT(stream_messages(w.nc, "S"), 30);
    jsFastBatchCtx_Destroy(batch);
    /* The first one. */
    batch = start(&w, NULL);
    CHECK_SOON(add(batch, "s.a", &opts, &code) != NATS_OK);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    jsFastBatchCtx_Destroy(batch);
    /* The last one. */
    batch = start(&w, NULL);
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    CHECK_STATUS(commit(NULL, batch, "s.a", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_INT(progress(batch).Acked, 1);
    jsFastBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "S"), 31);
    world_end(&w);
}

/* Refused before the stream looks at the batch: the error is the message's, not that of the gap which it leaves. */
static void a_message_that_does_not_fit_the_stream(void) {
    static const struct {
        const char *subject;
        natsStatus status;
        int code;
    } cases[] = {
        {"z.large", NATS_ERR, JSStreamMessageExceedsMaximumErr},
        {"nobody", NATS_NO_RESPONDERS, JSNotEnabledErr},
    };
    static world w;
    static char large[2000];
    jsFastBatchCtx *batch;
    jsErrCode code;
    size_t i;

    world_start(&w);
    stream_create(w.nc, "Z", "\"z.>\"", ",\"allow_batched\":true,\"max_msg_size\":1000");
    for (i = 0; i < 2; i++) {
        batch = start(&w, NULL);
        CHECK_OK(add(batch, "z.a", NULL, NULL));
        CHECK_OK(add(batch, "z.a", NULL, NULL));
        CHECK_OK(js_FastPublishAddData(batch, cases[i].subject, large, sizeof(large), NULL, NULL));
        CHECK_STATUS(commit(NULL, batch, "z.a", NULL, &code), cases[i].status);
        CHECK_INT(code, cases[i].code);
        CHECK_INT(progress(batch).Acked, 2);
        jsFastBatchCtx_Destroy(batch);
        batch = start(&w, NULL);
        CHECK_OK(add(batch, "z.a", NULL, NULL));
        CHECK_OK(js_FastPublishAddData(batch, cases[i].subject, large, sizeof(large), NULL, NULL));
        CHECK_SOON(add(batch, "z.a", NULL, &code) != NATS_OK);
        CHECK_INT(code, cases[i].code);
        CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, NULL, &code), cases[i].status);
        CHECK_INT(progress(batch).Acked, 1);
        jsFastBatchCtx_Destroy(batch);
        CHECK_INT(stream_messages(w.nc, "Z"), (int64_t)(i + 1) * 3);
    }
    world_end(&w);
}

static void with_gaps_the_batch_goes_on(void) {
    static world w;
    static told t;
    jsFastPublishOptions fast;
    jsFastPublishProgress p;
    jsPubOptions opts = impossible();
    jsPubAck *ack = NULL;
    jsErrCode code;
    char text[64];

    world_start(&w);
    tell(&t, &fast);
    t.batch = start(&w, &fast);
    CHECK_OK(add(t.batch, "s.a", NULL, NULL));
    CHECK_OK(add(t.batch, "s.a", &opts, NULL));
    CHECK_OK(add(t.batch, "s.a", NULL, NULL));
    CHECK_REACHED(&t.c.errors, 1);
    CHECK_OK(add(t.batch, "nobody", NULL, NULL));
    CHECK_REACHED(&t.c.errors, 2);
    CHECK_OK(commit(&ack, t.batch, "s.a", NULL, &code));
    CHECK_REACHED(&t.c.errors, 3);
    CHECK_STR(t.c.error_texts[0], words(text, sizeof(text), 2, 1, NATS_ERR, JSStreamWrongLastSequenceErr));
    CHECK_STR(t.c.error_texts[1], words(text, sizeof(text), 4, 1, NATS_NO_RESPONDERS, JSNotEnabledErr));
    CHECK_STR(t.c.error_texts[2], words(text, sizeof(text), 4, 1, NATS_MISMATCH, 0));
    CHECK_INT(ack->Count, 5);
    jsPubAck_Destroy(ack);
    p = progress(t.batch);
    CHECK(p.Lost == 1 && p.Refused == 1 && p.Acked == 5 && p.Sent == 5 && p.Ended);
    CHECK_INT(stream_messages(w.nc, "S"), 3);
    jsFastBatchCtx_Destroy(t.batch);
    /* The last one has to be stored. */
    t.batch = start(&w, &fast);
    CHECK_OK(add(t.batch, "s.a", NULL, NULL));
    CHECK_STATUS(commit(NULL, t.batch, "s.a", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    jsFastBatchCtx_Destroy(t.batch);
    CHECK_INT(counter_get(&t.c.wrong), 0);
    world_end(&w);
}

/* The server acknowledges none of them; the batch must not stall. */
static void all_are_refused(void) {
    enum { COUNT = 3000 };
    static world w;
    static told t;
    jsFastPublishOptions fast;
    jsPubOptions opts = impossible();
    int i;

    world_start(&w);
    tell(&t, &fast);
    fast.Flow = 10;
    t.batch = start(&w, &fast);
    for (i = 0; i < COUNT; i++)
        CHECK_OK(add(t.batch, "s.a", &opts, NULL));
    CHECK_OK(commit(NULL, t.batch, "s.a", NULL, NULL));
    CHECK_INT(progress(t.batch).Refused, COUNT);
    CHECK_INT(stream_messages(w.nc, "S"), 1);
    jsFastBatchCtx_Destroy(t.batch);
    world_end(&w);
}

static void a_handler_that_blocks(void) {
    enum { COUNT = 3000, MOST = 1024 };
    static world w;
    static told t;
    jsFastPublishOptions fast;
    jsPubOptions opts = impossible();
    int i;

    world_start(&w);
    tell(&t, &fast);
    t.blocks = true;
    t.batch = start(&w, &fast);
    for (i = 0; i < COUNT; i++)
        CHECK_OK(add(t.batch, "s.a", &opts, NULL));
    CHECK_OK(commit(NULL, t.batch, "s.a", NULL, NULL));
    CHECK_INT(progress(t.batch).Refused, COUNT);
    counter_set(&t.c.gate, 1);
    /* The one that blocked, and those that waited behind it. */
    CHECK_REACHED(&t.c.errors, MOST + 1);
    jsFastBatchCtx_Destroy(t.batch);
    jsCtx_Destroy(w.js);
    w.js = NULL;
    natsConnection_DestroyAndWait(w.nc, deadline_ms());
    w.nc = NULL;
    CHECK_INT(counter_get(&t.c.errors), MOST + 1);
    world_end(&w);
}

static void a_handler_destroys_its_batch(void) {
    static world w;
    static told t;
    jsFastPublishOptions fast;
    jsPubOptions opts = impossible();
    natsStatus s = NATS_OK;

    world_start(&w);
    tell(&t, &fast);
    t.destroys = true;
    t.batch = start(&w, &fast);
    CHECK_OK(add(t.batch, "s.a", NULL, NULL));
    CHECK_OK(add(t.batch, "s.a", &opts, NULL));
    while (s == NATS_OK)
        s = add(t.batch, "s.a", NULL, NULL);
    CHECK(s == NATS_ILLEGAL_STATE || s == NATS_INVALID_ARG);
    CHECK_REACHED(&t.c.errors, 1);
    CHECK_INT(counter_get(&t.c.wrong), 0);
    world_end(&w);
}

static void a_payload_that_no_server_takes(void) {
    static world w;
    static char large[2 * 1024 * 1024];
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;

    world_start(&w);
    batch = start(&w, NULL);
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    CHECK_STATUS(js_FastPublishAddData(batch, "s.a", large, sizeof(large), NULL, NULL), NATS_MAX_PAYLOAD);
    CHECK_OK(js_FastPublishAddData(batch, "s.a", large, 512 * 1024, NULL, NULL));
    CHECK_OK(commit(&ack, batch, "s.a", NULL, NULL));
    CHECK_INT(ack->Count, 3);
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
    world_end(&w);
}

/* A server has so many fast batches at most: those that are destroyed make room. */
static void destroyed_batches_make_room(void) {
    static world w;
    jsErrCode code;
    int i;

    world_start(&w);
    for (i = 0; i < 1200; i++) {
        jsFastBatchCtx *batch = start(&w, NULL);

        CHECK_OK(add(batch, "s.a", NULL, &code));
        jsFastBatchCtx_Destroy(batch);
    }
    CHECK_INT(stream_messages(w.nc, "S"), 1200);
    world_end(&w);
}

static void *publish_own(void *arg) {
    world *w = (world *)arg;
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
    static world w;
    pthread_t threads[6];
    int i;

    world_start(&w);
    for (i = 0; i < 6; i++)
        CHECK(pthread_create(&threads[i], NULL, publish_own, &w) == 0);
    for (i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(counter_get(&w.c.wrong), 0);
    CHECK_INT(stream_messages(w.nc, "S"), 12000);
    world_end(&w);
}

typedef struct shared {
    world w;
    jsFastBatchCtx *batch;
} shared;

static void *publish_shared(void *arg) {
    shared *sh = (shared *)arg;
    int i;

    for (i = 0; i < 1000; i++)
        if (add(sh->batch, "s.a", NULL, NULL) != NATS_OK)
            counter_add(&sh->w.c.wrong, 1);
    return NULL;
}

static void several_threads_share_one(void) {
    static shared sh;
    pthread_t threads[4];
    jsPubAck *ack = NULL;
    int i;

    world_start(&sh.w);
    sh.batch = start(&sh.w, NULL);
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
    world_end(&sh.w);
}

/* The server forgets a batch after two seconds without a word. */
static void a_batch_without_messages_stays_alive(void) {
    static world w;
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;
    int64_t until;

    server_start(&w.s, "jetstream { limits { batch { timeout: \"2s\" } } }", NULL);
    world_open(&w);
    batch = start(&w, NULL);
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    for (until = now_ms() + 5000; now_ms() < until;)
        poll_pause();
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    CHECK_OK(commit(&ack, batch, "s.a", NULL, NULL));
    CHECK_INT(ack->Count, 3);
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_stream_is_deleted_meanwhile(void) {
    static world w;
    jsFastPublishOptions fast;
    jsFastBatchCtx *batch;
    jsErrCode code;
    natsStatus s = NATS_OK;
    int gaps;

    world_start(&w);
    for (gaps = 0; gaps < 2; gaps++) {
        CHECK_OK(jsFastPublishOptions_Init(&fast));
        fast.AllowGaps = gaps != 0;
        batch = start(&w, &fast);
        CHECK_OK(add(batch, "s.a", NULL, NULL));
        stream_delete(w.nc, "S");
        if (gaps == 0) {
            for (s = NATS_OK; s == NATS_OK;)
                s = add(batch, "s.a", NULL, &code);
            CHECK_STATUS(s, NATS_NO_RESPONDERS);
        }
        CHECK_STATUS(commit(NULL, batch, "s.a", NULL, &code), NATS_NO_RESPONDERS);
        CHECK_INT(code, JSNotEnabledErr);
        jsFastBatchCtx_Destroy(batch);
        stream_create(w.nc, "S", "\"s.>\"", ",\"allow_batched\":true");
    }
    world_end(&w);
}

static void a_stream_is_changed_meanwhile(void) {
    static world w;
    jsFastBatchCtx *batch;
    jsErrCode code;
    char text[2048];

    world_start(&w);
    batch = start(&w, NULL);
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    api_request(w.nc, "STREAM.UPDATE.S", "{\"name\":\"S\",\"subjects\":[\"s.>\"],\"storage\":\"memory\"}",
                text, sizeof(text));
    CHECK_SOON(add(batch, "s.a", NULL, &code) != NATS_OK);
    CHECK_INT(code, JSFastBatchDisabledErr);
    jsFastBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_server_restarts_meanwhile(void) {
    static world w;
    jsFastPublishOptions fast;
    jsFastBatchCtx *batch;
    jsErrCode code;
    int gaps;

    world_start(&w);
    stream_create(w.nc, "F", "\"f.>\"", ",\"allow_batched\":true,\"storage\":\"file\"");
    for (gaps = 0; gaps < 2; gaps++) {
        CHECK_OK(jsFastPublishOptions_Init(&fast));
        fast.AllowGaps = gaps != 0;
        batch = start(&w, &fast);
        CHECK_OK(add(batch, "f.a", NULL, NULL));
        CHECK_OK(add(batch, "f.a", NULL, NULL));
        server_kill(&w.s);
        CHECK_REACHED(&w.c.disconnected, gaps + 1);
        server_restart(&w.s);
        CHECK_REACHED(&w.c.reconnected, gaps + 1);
        CHECK_SOON(progress(batch).Ended);
        CHECK_STATUS(add(batch, "f.a", NULL, &code), NATS_CONNECTION_DISCONNECTED);
        CHECK_INT(code, JSFastBatchUnknownIDErr);
        CHECK_STATUS(commit(NULL, batch, "f.a", NULL, &code), NATS_CONNECTION_DISCONNECTED);
        jsFastBatchCtx_Destroy(batch);
        /* The next one is not concerned. */
        batch = start(&w, NULL);
        CHECK_OK(add(batch, "f.a", NULL, NULL));
        CHECK_OK(commit(NULL, batch, "f.a", NULL, NULL));
        jsFastBatchCtx_Destroy(batch);
    }
    world_end(&w);
}

/* The server keeps the batch while its client is away. */
static void a_batch_outlives_a_reconnect(void) {
    static world w;
    jsFastBatchCtx *batch;
    jsPubAck *ack = NULL;
    int i, round;

    world_start(&w);
    batch = start(&w, NULL);
    for (round = 1; round <= 5; round++) {
        for (i = 0; i < 100; i++)
            CHECK_OK(add(batch, "s.a", NULL, NULL));
        /* What was on its way at the loss could be lost, and end it. */
        CHECK_OK(natsConnection_Flush(w.nc));
        CHECK_OK(natsConnection_Reconnect(w.nc));
        CHECK_REACHED(&w.c.reconnected, round);
    }
    CHECK_OK(commit(&ack, batch, "s.a", NULL, NULL));
    CHECK_INT(ack->Count, 501);
    jsPubAck_Destroy(ack);
    CHECK_INT(stream_messages(w.nc, "S"), 501);
    jsFastBatchCtx_Destroy(batch);
    world_end(&w);
}

static void a_batch_outlives_its_context_and_connection(void) {
    static world w;
    jsFastBatchCtx *batch = NULL;
    jsCtx *js = NULL;
    natsConnection *nc;

    world_start(&w);
    nc = test_connect_url(w.s.url);
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(js_FastPublishStart(&batch, js, NULL));
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    jsCtx_Destroy(js);
    CHECK_OK(add(batch, "s.a", NULL, NULL));
    natsConnection_Destroy(nc);
    CHECK_STATUS(add(batch, "s.a", NULL, NULL), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(commit(NULL, batch, "s.a", NULL, NULL), NATS_CONNECTION_CLOSED);
    jsFastBatchCtx_Destroy(batch);
    world_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(all_are_stored_in_order),
        TEST(a_batch_ends_without_a_message),
        TEST(a_batch_of_one_message),
        TEST(refuses),
        TEST(a_batch_that_no_stream_takes),
        TEST(a_refused_message_ends_the_batch),
        TEST(a_message_that_does_not_fit_the_stream),
        TEST(with_gaps_the_batch_goes_on),
        TEST(all_are_refused),
        TEST(a_handler_that_blocks),
        TEST(a_handler_destroys_its_batch),
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
