/* A worker on a pull consumer, with a loop instead of a callback: the library asks for messages ahead of it.
 *
 * build: cc -o js-next js-next.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-next [url] [stream] [durable] [count]
 *        js-next nats://127.0.0.1:4222 ORDERS puller 1000
 *        js-next nats://127.0.0.1:4222 ORDERS - 1000
 *
 * The stream is made if it is not there; its subjects are <stream>.>. Started several times at once the messages are
 * shared. What is not acknowledged when it ends is delivered again after 30 seconds. With - instead of a
 * durable name it reads the whole stream in order by an ordered consumer, and there is nothing to acknowledge. */
#include "example-js.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "ORDERS");
    const char *durable = textArg(argc, argv, 3, "puller");
    const long count = numberArg(argc, argv, 4, 1000);
    char subjects[128];
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    jsCtx *js = NULL;
    jsOptions opts;
    jsSubOptions subOpts;
    long done = 0;
    natsStatus s;

    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, false);
    if (s == NATS_OK)
        s = jsOptions_Init(&opts);
    if (s == NATS_OK)
        s = jsSubOptions_Init(&subOpts);
    if (s == NATS_OK) {
        opts.PullSubscribeAsync.FetchSize = 500;
        opts.PullSubscribeAsync.Heartbeat = 5000; /* a silent server is asked again */
        subOpts.Ordered = strcmp(durable, "-") == 0;
        s = js_PullSubscribeSync(&sub, js, subjects, subOpts.Ordered ? NULL : durable, &opts, &subOpts, NULL);
    }
    if (s == NATS_OK)
        printf("Waiting for %ld messages of %s\n", count, stream);
    while (s == NATS_OK && done < count) {
        s = natsSubscription_NextMsg(&msg, sub, 60000);
        if (s != NATS_OK)
            break;
        if (done++ % 1000 == 0)
            printf("%ld: %s\n", done, natsMsg_GetSubject(msg));
        s = natsMsg_Ack(msg, NULL);
        natsMsg_Destroy(msg);
    }
    if (succeeded("pull", s))
        printf("Got %ld messages\n", done);
    /* Destroy keeps the consumer for the next time; natsSubscription_Unsubscribe would delete it. */
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
