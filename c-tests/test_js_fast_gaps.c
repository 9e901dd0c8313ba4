/* Fast batches on a real server: messages that are refused or lost, with and without the end of the batch. */
#include "fast_batch.h"
#include "jetstream.h"

/* A message that is refused ends the batch in front of it, and the number of those that are stored is known. */
static void a_refused_message_ends_the_batch(void) {
    static fast_world w;
    jsFastBatchCtx *batch;
    jsFastPublishProgress p;
    jsPubOptions opts = fast_impossible();
    jsErrCode code;
    int i;

    fast_world_start(&w);
    batch = fast_start(&w, NULL);
    for (i = 1; i <= 30; i++)
        CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    CHECK_OK(fast_add(batch, "s.a", &opts, NULL));
    CHECK_SOON(fast_add(batch, "s.a", NULL, &code) != NATS_OK);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_STATUS(fast_add(batch, "s.a", NULL, &code), NATS_ERR);
    CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    p = fast_progress(batch);
    CHECK(p.Ended && p.Refused == 1);
    CHECK_INT(p.Acked, 30);
    CHECK_INT(stream_messages(w.nc, "S"), 30);
    jsFastBatchCtx_Destroy(batch);
    /* The first one. */
    batch = fast_start(&w, NULL);
    CHECK_SOON(fast_add(batch, "s.a", &opts, &code) != NATS_OK);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    jsFastBatchCtx_Destroy(batch);
    /* The last one. */
    batch = fast_start(&w, NULL);
    CHECK_OK(fast_add(batch, "s.a", NULL, NULL));
    CHECK_STATUS(fast_commit(NULL, batch, "s.a", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_INT(fast_progress(batch).Acked, 1);
    jsFastBatchCtx_Destroy(batch);
    CHECK_INT(stream_messages(w.nc, "S"), 31);
    fast_world_end(&w);
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
    static fast_world w;
    static char large[2000];
    jsFastBatchCtx *batch;
    jsErrCode code;
    size_t i;

    fast_world_start(&w);
    stream_create(w.nc, "Z", "\"z.>\"", ",\"allow_batched\":true,\"max_msg_size\":1000");
    for (i = 0; i < 2; i++) {
        batch = fast_start(&w, NULL);
        CHECK_OK(fast_add(batch, "z.a", NULL, NULL));
        CHECK_OK(fast_add(batch, "z.a", NULL, NULL));
        CHECK_OK(js_FastPublishAddData(batch, cases[i].subject, large, sizeof(large), NULL, NULL));
        CHECK_STATUS(fast_commit(NULL, batch, "z.a", NULL, &code), cases[i].status);
        CHECK_INT(code, cases[i].code);
        CHECK_INT(fast_progress(batch).Acked, 2);
        jsFastBatchCtx_Destroy(batch);
        batch = fast_start(&w, NULL);
        CHECK_OK(fast_add(batch, "z.a", NULL, NULL));
        CHECK_OK(js_FastPublishAddData(batch, cases[i].subject, large, sizeof(large), NULL, NULL));
        CHECK_SOON(fast_add(batch, "z.a", NULL, &code) != NATS_OK);
        CHECK_INT(code, cases[i].code);
        CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, NULL, &code), cases[i].status);
        CHECK_INT(fast_progress(batch).Acked, 1);
        jsFastBatchCtx_Destroy(batch);
        CHECK_INT(stream_messages(w.nc, "Z"), (int64_t)(i + 1) * 3);
    }
    fast_world_end(&w);
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

static void with_gaps_the_batch_goes_on(void) {
    static fast_world w;
    static told t;
    jsFastPublishOptions fast;
    jsFastPublishProgress p;
    jsPubOptions opts = fast_impossible();
    jsPubAck *ack = NULL;
    jsErrCode code;
    char text[64];

    fast_world_start(&w);
    tell(&t, &fast);
    t.batch = fast_start(&w, &fast);
    CHECK_OK(fast_add(t.batch, "s.a", NULL, NULL));
    CHECK_OK(fast_add(t.batch, "s.a", &opts, NULL));
    CHECK_OK(fast_add(t.batch, "s.a", NULL, NULL));
    CHECK_REACHED(&t.c.errors, 1);
    CHECK_OK(fast_add(t.batch, "nobody", NULL, NULL));
    CHECK_REACHED(&t.c.errors, 2);
    CHECK_OK(fast_commit(&ack, t.batch, "s.a", NULL, &code));
    CHECK_REACHED(&t.c.errors, 3);
    CHECK_STR(t.c.error_texts[0], words(text, sizeof(text), 2, 1, NATS_ERR, JSStreamWrongLastSequenceErr));
    CHECK_STR(t.c.error_texts[1], words(text, sizeof(text), 4, 1, NATS_NO_RESPONDERS, JSNotEnabledErr));
    CHECK_STR(t.c.error_texts[2], words(text, sizeof(text), 4, 1, NATS_MISMATCH, 0));
    CHECK_INT(ack->Count, 5);
    jsPubAck_Destroy(ack);
    p = fast_progress(t.batch);
    CHECK(p.Lost == 1 && p.Refused == 1 && p.Acked == 5 && p.Sent == 5 && p.Ended);
    CHECK_INT(stream_messages(w.nc, "S"), 3);
    jsFastBatchCtx_Destroy(t.batch);
    /* The last one has to be stored. */
    t.batch = fast_start(&w, &fast);
    CHECK_OK(fast_add(t.batch, "s.a", NULL, NULL));
    CHECK_STATUS(fast_commit(NULL, t.batch, "s.a", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    jsFastBatchCtx_Destroy(t.batch);
    CHECK_INT(counter_get(&t.c.wrong), 0);
    fast_world_end(&w);
}

/* The server acknowledges none of them; the batch must not stall. */
static void all_are_refused(void) {
    enum { COUNT = 3000 };
    static fast_world w;
    static told t;
    jsFastPublishOptions fast;
    jsPubOptions opts = fast_impossible();
    int i;

    fast_world_start(&w);
    tell(&t, &fast);
    fast.Flow = 10;
    t.batch = fast_start(&w, &fast);
    for (i = 0; i < COUNT; i++)
        CHECK_OK(fast_add(t.batch, "s.a", &opts, NULL));
    CHECK_OK(fast_commit(NULL, t.batch, "s.a", NULL, NULL));
    CHECK_INT(fast_progress(t.batch).Refused, COUNT);
    CHECK_INT(stream_messages(w.nc, "S"), 1);
    jsFastBatchCtx_Destroy(t.batch);
    fast_world_end(&w);
}

static void a_handler_that_blocks(void) {
    enum { COUNT = 3000, MOST = 1024 };
    static fast_world w;
    static told t;
    jsFastPublishOptions fast;
    jsPubOptions opts = fast_impossible();
    int i;

    fast_world_start(&w);
    tell(&t, &fast);
    t.blocks = true;
    t.batch = fast_start(&w, &fast);
    for (i = 0; i < COUNT; i++)
        CHECK_OK(fast_add(t.batch, "s.a", &opts, NULL));
    CHECK_OK(fast_commit(NULL, t.batch, "s.a", NULL, NULL));
    CHECK_INT(fast_progress(t.batch).Refused, COUNT);
    counter_set(&t.c.gate, 1);
    /* The one that blocked, and those that waited behind it. */
    CHECK_REACHED(&t.c.errors, MOST + 1);
    jsFastBatchCtx_Destroy(t.batch);
    jsCtx_Destroy(w.js);
    w.js = NULL;
    natsConnection_DestroyAndWait(w.nc, deadline_ms());
    w.nc = NULL;
    CHECK_INT(counter_get(&t.c.errors), MOST + 1);
    fast_world_end(&w);
}

static void a_handler_destroys_its_batch(void) {
    static fast_world w;
    static told t;
    jsFastPublishOptions fast;
    jsPubOptions opts = fast_impossible();
    natsStatus s = NATS_OK;

    fast_world_start(&w);
    tell(&t, &fast);
    t.destroys = true;
    t.batch = fast_start(&w, &fast);
    CHECK_OK(fast_add(t.batch, "s.a", NULL, NULL));
    CHECK_OK(fast_add(t.batch, "s.a", &opts, NULL));
    while (s == NATS_OK)
        s = fast_add(t.batch, "s.a", NULL, NULL);
    CHECK(s == NATS_ILLEGAL_STATE || s == NATS_INVALID_ARG);
    CHECK_REACHED(&t.c.errors, 1);
    CHECK_INT(counter_get(&t.c.wrong), 0);
    fast_world_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_refused_message_ends_the_batch),
        TEST(a_message_that_does_not_fit_the_stream),
        TEST(with_gaps_the_batch_goes_on),
        TEST(all_are_refused),
        TEST(a_handler_that_blocks),
        TEST(a_handler_destroys_its_batch),
    };

    return RUN_TESTS(cases, argc, argv);
}
