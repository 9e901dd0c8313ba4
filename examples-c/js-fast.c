/* Publishes a fast batch: a stream stores messages as they come, sets the pace, and acknowledges them now and then
 * (servers from 2.14).
 *
 * build: cc -o js-fast js-fast.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-fast [url] [stream] [count] [size] [gaps]
 *        js-fast nats://127.0.0.1:4222 READINGS 1000000 128
 *
 * The stream is made if it is not there; its subjects are <stream>.>. With "gaps" the batch goes on where messages are
 * lost or refused, which a handler is told of; else that ends it. */
#include "example-js.h"

/* Runs on a thread of the library. */
static void onProblem(jsFastBatchCtx *batch, jsFastPublishErr *err, void *closure) {
    (void)batch;
    counterAdd((Counter *)closure, (int64_t)err->Count);
    fprintf(stderr, "not stored: %" PRIu64 " from number %" PRIu64 " on: %s\n", err->Count, err->Sequence,
            err->ErrText);
}

static natsStatus makeFastStream(jsCtx *js, const char *stream, const char *subject) {
    jsStreamConfig config;
    jsErrCode code = (jsErrCode)0;
    const char *subjects[1];
    natsStatus s;

    subjects[0] = subject;
    s = jsStreamConfig_Init(&config);
    if (s != NATS_OK)
        return s;
    config.Name = stream;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_MemoryStorage;
    config.AllowBatched = true;
    s = js_AddStream(NULL, js, &config, NULL, &code);
    return code == JSStreamNameExistErr ? NATS_OK : s;
}

static natsStatus publishAll(jsFastBatchCtx *batch, const char *subject, const char *payload, long count,
                             long size, jsErrCode *code) {
    const int64_t start = nats_NowInNanoSeconds();
    jsFastPublishProgress progress;
    jsPubAck *ack = NULL;
    natsStatus s = NATS_OK;
    int64_t took;
    long i;

    for (i = 0; i < count && s == NATS_OK; i++) {
        s = js_FastPublishAddData(batch, subject, payload, (int)size, NULL, code);
        if ((i + 1) % 100000 == 0 && js_FastPublishGetProgress(&progress, batch) == NATS_OK)
            printf("%ld published, %" PRIu64 " of them acknowledged, one ack for %" PRIu64 " messages\n",
                   i + 1, progress.Acked, progress.Flow);
    }
    if (s == NATS_OK)
        s = js_FastPublishCommitEob(&ack, batch, NULL, code);
    took = nats_NowInNanoSeconds() - start;
    if (succeeded("publish", s))
        printf("Stored %ld messages of %ld bytes in %.3f s (%.0f a second), up to sequence %" PRIu64 "\n",
               count, size, (double)took / 1e9, ratePerSecond(count, took), ack->Sequence);
    else if (js_FastPublishGetProgress(&progress, batch) == NATS_OK)
        fprintf(stderr,
                "error %d of the server; %" PRIu64 " of %" PRIu64 " messages are known to be stored\n",
                (int)*code, progress.Acked, progress.Sent);
    jsPubAck_Destroy(ack);
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "READINGS");
    const long count = numberArg(argc, argv, 3, 1000000);
    const long size = numberArg(argc, argv, 4, 128);
    const bool gaps = strcmp(textArg(argc, argv, 5, ""), "gaps") == 0;
    char subjects[128], subject[128];
    char *payload = (char *)calloc((size_t)size + 1, 1);
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    jsFastBatchCtx *batch = NULL;
    jsFastPublishOptions opts;
    jsErrCode code = (jsErrCode)0;
    Counter problems;
    natsStatus s;

    if (payload == NULL || !counterInit(&problems) || count == 0) {
        fprintf(stderr, "no memory, or nothing to publish\n");
        free(payload);
        return 2;
    }
    memset(payload, 'x', (size_t)size);
    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    snprintf(subject, sizeof(subject), "%s.reading", stream);
    jsFastPublishOptions_Init(&opts);
    opts.AllowGaps = gaps;
    opts.ErrHandler = onProblem;
    opts.ErrHandlerClosure = &problems;
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeFastStream(js, stream, subjects);
    if (s == NATS_OK)
        s = js_FastPublishStart(&batch, js, &opts);
    if (succeeded("prepare", s))
        s = publishAll(batch, subject, payload, count, size, &code);
    if (counterGet(&problems) > 0)
        printf("%" PRId64 " messages were not stored\n", counterGet(&problems));
    jsFastBatchCtx_Destroy(batch);
    jsCtx_Destroy(js);
    /* The handler uses the counter. */
    natsConnection_DestroyAndWait(nc, 5000);
    counterDestroy(&problems);
    free(payload);
    return s == NATS_OK ? 0 : 1;
}
