/* Publishes to a stream without waiting for each ack: a handler is told what became of every message.
 *
 * build: cc -o js-async js-async.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-async [url] [stream] [count] [size]
 *        js-async nats://127.0.0.1:4222 METRICS 100000 128
 *
 * The stream is made if it is not there; its subjects are <stream>.>. The handler publishes messages that
 * fail again. libnats_rs does that by itself for those whose acks were lost with the connection, or that no stream
 * had taken yet. */
#include "example-js.h"

typedef struct {
    Counter stored;
    Counter failed;
} Told;

/* Owns the message. Runs on a thread of the library, one call after another. */
static void onAck(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *closure) {
    Told *told = (Told *)closure;

    if (pa != NULL) {
        counterAdd(&told->stored, 1);
    } else if (counterAdd(&told->failed, 1) <= 1000) {
        fprintf(stderr, "%s: %s\n", natsStatus_GetText(pae->Err), pae->ErrText == NULL ? "" : pae->ErrText);
        /* Once more. If that works the library owns the message, and msg is NULL. */
        succeeded("publish again", js_PublishMsgAsync(js, &msg, NULL));
    }
    natsMsg_Destroy(msg);
}

/* Publishes all, and waits for the acks. */
static natsStatus publishAll(jsCtx *js, const char *subject, const char *payload, long count, long size,
                             Told *told) {
    const int64_t start = nats_NowInNanoSeconds();
    jsPubOptions wait;
    natsStatus s = NATS_OK;
    int64_t took;
    long i;

    for (i = 0; i < count && s == NATS_OK; i++) {
        s = js_PublishAsync(js, subject, payload, (int)size, NULL);
        if ((i + 1) % 100000 == 0)
            printf("%ld published, %" PRId64 " of them stored\n", i + 1, counterGet(&told->stored));
    }
    jsPubOptions_Init(&wait);
    wait.MaxWait = 60000;
    if (s == NATS_OK)
        s = js_PublishAsyncComplete(js, &wait);
    took = nats_NowInNanoSeconds() - start;
    if (succeeded("publish", s)) {
        printf("Stored %" PRId64 " messages of %ld bytes in %.3f s (%.0f a second); %" PRId64 " failures\n",
               counterGet(&told->stored), size, (double)took / 1e9, ratePerSecond(count, took),
               counterGet(&told->failed));
    } else {
        natsMsgList pending;

        if (js_PublishAsyncGetPendingList(&pending, js) == NATS_OK) {
            fprintf(stderr, "%d messages have no ack\n", pending.Count);
            natsMsgList_Destroy(&pending);
        }
    }
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "METRICS");
    const long count = numberArg(argc, argv, 3, 100000);
    const long size = numberArg(argc, argv, 4, 128);
    char subjects[128], subject[128];
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    jsOptions options;
    Told told;
    char *payload = (char *)calloc(1, (size_t)size + 1);
    natsStatus s;

    if (payload == NULL || !counterInit(&told.stored) || !counterInit(&told.failed))
        return 1;
    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    snprintf(subject, sizeof(subject), "%s.cpu", stream);
    jsOptions_Init(&options);
    options.PublishAsync.AckHandler = onAck;
    options.PublishAsync.AckHandlerClosure = &told;
    options.PublishAsync.MaxPending = 4096; /* more wait for room */
    options.PublishAsync.StallWait = 10000;
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, &options);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, false);
#ifndef USE_NATS_C_HEADER
    if (s == NATS_OK) {
        jsPubPolicy policy;

        jsPubPolicy_Init(&policy);
        policy.NoRespondersRetries = 3;
        policy.ResendOnReconnect = true;
        s = js_SetPubPolicy(js, &policy);
    }
#endif
    if (succeeded("prepare", s))
        s = publishAll(js, subject, payload, count, size, &told);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    counterDestroy(&told.stored);
    counterDestroy(&told.failed);
    free(payload);
    return s == NATS_OK ? 0 : 1;
}
