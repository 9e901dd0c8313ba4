/* Publishes to a stream and waits for each ack: message ids, an expectation, and what went wrong.
 *
 * build: cc -o js-publish js-publish.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-publish [url] [stream] [count]
 *        js-publish nats://127.0.0.1:4222 ORDERS 1000
 *
 * The stream is made if it is not there; its subjects are <stream>.>. */
#include "example-js.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "ORDERS");
    const long count = numberArg(argc, argv, 3, 1000);
    char subjects[128], subject[128], id[64], payload[64];
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    jsPubOptions opts;
    jsErrCode code = (jsErrCode)0;
    uint64_t last = 0;
    natsStatus s;
    long i;

    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    snprintf(subject, sizeof(subject), "%s.new", stream);
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, false);
    if (!succeeded("prepare", s)) {
        jsCtx_Destroy(js);
        natsConnection_Destroy(nc);
        return 1;
    }

    int64_t start = nats_NowInNanoSeconds();
    for (i = 0; i < count && s == NATS_OK; i++) {
        jsPubAck *ack = NULL;
        int length = snprintf(payload, sizeof(payload), "order %ld", i);

        /* The id lets the stream recognise a message that is published twice. */
        snprintf(id, sizeof(id), "%" PRId64 "-%ld", start, i);
        jsPubOptions_Init(&opts);
        opts.MsgId = id;
        opts.ExpectStream = stream;
        s = js_Publish(&ack, js, subject, payload, length, &opts, &code);
        if (s == NATS_OK)
            last = ack->Sequence;
        jsPubAck_Destroy(ack);
        if ((i + 1) % 1000 == 0)
            printf("%ld stored, the last one at %" PRIu64 "\n", i + 1, last);
    }
    int64_t took = nats_NowInNanoSeconds() - start;

    if (succeeded("publish", s)) {
        printf("Stored %ld messages in %.3f s (%.0f a second), the last one at %" PRIu64 "\n", count,
               (double)took / 1e9, ratePerSecond(count, took), last);
        /* An expectation that is not true: nothing is stored, and the code says why. */
        jsPubOptions_Init(&opts);
        opts.ExpectLastSeq = last + 1000;
        if (js_Publish(NULL, js, subject, "x", 1, &opts, &code) == NATS_ERR)
            printf("Refused, as it should be: error %d, %s\n", (int)code, nats_GetLastError(NULL));
    } else {
        fprintf(stderr, "error %d of the server\n", (int)code);
    }
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
