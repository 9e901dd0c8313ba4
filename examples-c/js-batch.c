/* Publishes atomic batches: a stream stores all messages of a batch, or none (servers from 2.12).
 *
 * build: cc -o js-batch js-batch.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-batch [url] [stream] [batches] [size of a batch]
 *        js-batch nats://127.0.0.1:4222 LEDGER 20 1000
 *
 * The stream is made if it is not there; its subjects are <stream>.>. */
#include "example-js.h"

/* One batch. Only its first message and its last one are waited for. */
static natsStatus publishBatch(jsCtx *js, const char *subject, long size, uint64_t *last, jsErrCode *code) {
    jsAtomicBatchCtx *batch = NULL;
    jsPubAck *ack = NULL;
    natsStatus s = NATS_OK;
    char text[32];
    long i;

    for (i = 0; i < size && s == NATS_OK; i++) {
        natsMsg *msg = NULL;
        int length = snprintf(text, sizeof(text), "entry %ld", i);

        s = natsMsg_Create(&msg, subject, NULL, text, length);
        if (s == NATS_OK && i == 0)
            s = js_BatchPublishStart(&batch, NULL, js, msg, NULL, code);
        else if (s == NATS_OK && i + 1 < size)
            s = js_BatchPublishAdd(NULL, batch, msg, NULL, code);
        else if (s == NATS_OK)
            s = js_BatchPublishCommit(&ack, batch, msg, NULL, code);
        natsMsg_Destroy(msg);
    }
    if (s == NATS_OK && ack != NULL)
        *last = ack->Sequence;
    jsPubAck_Destroy(ack);
    /* A batch that was not committed is discarded. */
    jsAtomicBatchCtx_Destroy(batch);
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "LEDGER");
    const long batches = numberArg(argc, argv, 3, 20);
    const long size = numberArg(argc, argv, 4, 1000);
    char subjects[128], subject[128];
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    jsErrCode code = (jsErrCode)0;
    uint64_t last = 0;
    natsStatus s;
    long i;

    if (size < 2) {
        fprintf(stderr, "a batch of this example has two messages at least\n");
        return 2;
    }
    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    snprintf(subject, sizeof(subject), "%s.entry", stream);
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, true);
    if (!succeeded("prepare", s)) {
        jsCtx_Destroy(js);
        natsConnection_Destroy(nc);
        return 1;
    }

    int64_t start = nats_NowInNanoSeconds();
    for (i = 0; i < batches && s == NATS_OK; i++) {
        s = publishBatch(js, subject, size, &last, &code);
        if (s == NATS_OK && (i + 1) % 10 == 0)
            printf("%ld batches stored, up to sequence %" PRIu64 "\n", i + 1, last);
    }
    int64_t took = nats_NowInNanoSeconds() - start;

    if (succeeded("publish", s))
        printf("Stored %ld batches of %ld messages in %.3f s (%.0f messages a second)\n", batches, size,
               (double)took / 1e9, ratePerSecond(batches * size, took));
    else
        fprintf(stderr, "error %d of the server; nothing of this batch is stored\n", (int)code);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
