/* Reads a stream from its beginning, or from a sequence on: every message once and in order. Kill and restart the
 * server meanwhile, or delete the consumer: it goes on where it was.
 *
 * build: cc -o js-ordered js-ordered.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-ordered [url] [stream] [first sequence] [count]
 *        js-ordered nats://127.0.0.1:4222 ORDERS 1 1000
 *
 * The stream is made if it is not there; its subjects are <stream>.>. */
#include "example-js.h"

static void onError(natsConnection *nc, natsSubscription *sub, natsStatus err, void *closure) {
    const char *text = nats_GetLastError(NULL);

    (void)nc;
    (void)sub;
    (void)closure;
    printf("On the way: %s\n", text == NULL ? natsStatus_GetText(err) : text);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "ORDERS");
    const long first = numberArg(argc, argv, 3, 1);
    const long count = numberArg(argc, argv, 4, 1000);
    char subjects[128];
    natsOptions *options = NULL;
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    jsCtx *js = NULL;
    jsSubOptions opts;
    uint64_t last = 0;
    long got = 0;
    natsStatus s;

    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    s = natsOptions_Create(&options);
    if (s == NATS_OK)
        s = natsOptions_SetURL(options, url);
    if (s == NATS_OK)
        s = natsOptions_SetMaxReconnect(options, -1);
    if (s == NATS_OK)
        s = natsOptions_SetErrorHandler(options, onError, NULL);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, options);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, false);
    if (s == NATS_OK)
        s = jsSubOptions_Init(&opts);
    if (s == NATS_OK) {
        opts.Ordered = true;
        opts.Config.OptStartSeq = (uint64_t)first;
        s = js_SubscribeSync(&sub, js, subjects, NULL, &opts, NULL);
    }
    if (succeeded("subscribe", s)) {
        while (got < count && (s == NATS_OK || s == NATS_TIMEOUT)) {
            natsMsg *msg = NULL;
            jsMsgMetaData *meta = NULL;

            s = natsSubscription_NextMsg(&msg, sub, 1000);
            if (s == NATS_OK && natsMsg_GetMetaData(&meta, msg) == NATS_OK) {
                if (meta->Sequence.Stream <= last)
                    printf("%" PRIu64 " after %" PRIu64 "!\n", meta->Sequence.Stream, last);
                last = meta->Sequence.Stream;
                if (++got % 1000 == 0)
                    printf("%ld messages, the last one at %" PRIu64 "\n", got, last);
                jsMsgMetaData_Destroy(meta);
            }
            natsMsg_Destroy(msg);
        }
        succeeded("read", s);
        printf("Got %ld messages, the last one at %" PRIu64 "\n", got, last);
    }
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(options);
    return s == NATS_OK ? 0 : 1;
}
