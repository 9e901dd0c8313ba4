/* Gets the messages of a stream by a callback, which the library acknowledges when it returns.
 *
 * build: cc -o js-push js-push.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-push [url] [stream] [durable] [count]
 *        js-push nats://127.0.0.1:4222 ORDERS worker 1000
 *
 * The stream is made if it is not there; its subjects are <stream>.>. Started again with the same durable name it goes
 * on where it was. Started several times at once the messages are shared, since the name is also a queue group. */
#include "example-js.h"

typedef struct work {
    pthread_mutex_t lock;
    pthread_cond_t done;
    long left;
    long count;
} work;

static void onMsg(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    work *w = (work *)closure;
    jsMsgMetaData *meta = NULL;

    (void)nc;
    (void)sub;
    pthread_mutex_lock(&w->lock);
    w->count++;
    if (w->count % 1000 == 1 && natsMsg_GetMetaData(&meta, msg) == NATS_OK) {
        printf("%ld: %s at %" PRIu64 ", %" PRIu64 " more\n", w->count, natsMsg_GetSubject(msg),
               meta->Sequence.Stream, meta->NumPending);
        jsMsgMetaData_Destroy(meta);
    }
    if (--w->left <= 0)
        pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
    /* Neither natsMsg_Ack nor natsMsg_Destroy: the library does both. */
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "ORDERS");
    const char *durable = textArg(argc, argv, 3, "worker");
    const long count = numberArg(argc, argv, 4, 1000);
    work w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    char subjects[128];
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    jsCtx *js = NULL;
    jsSubOptions opts;
    jsErrCode code = (jsErrCode)0;
    natsStatus s;

    w.left = count;
    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, false);
    if (s == NATS_OK)
        s = jsSubOptions_Init(&opts);
    if (s == NATS_OK) {
        opts.Stream = stream;
        opts.Queue = durable; /* also the durable name */
        opts.Config.MaxAckPending = 1000;
        s = js_Subscribe(&sub, js, subjects, onMsg, &w, NULL, &opts, &code);
    }
    if (succeeded("subscribe", s)) {
        printf("Waiting for %ld messages of %s\n", count, stream);
        pthread_mutex_lock(&w.lock);
        while (w.left > 0)
            pthread_cond_wait(&w.done, &w.lock);
        pthread_mutex_unlock(&w.lock);
        printf("Got %ld messages\n", w.count);
    } else {
        fprintf(stderr, "error %d of the server\n", (int)code);
    }
    /* Destroy keeps the consumer for the next time; natsSubscription_Unsubscribe would delete it. */
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
