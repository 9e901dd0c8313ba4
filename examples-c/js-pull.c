/* A worker on a pull consumer: fetches messages in a loop and acknowledges each of them.
 *
 * build: cc -o js-pull js-pull.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-pull [url] [stream] [durable] [count] [batch]
 *        js-pull nats://127.0.0.1:4222 ORDERS fetcher 1000 100
 *
 * The stream is made if it is not there; its subjects are <stream>.>. Started several times at once the messages are
 * shared. What is not acknowledged when it ends is delivered again after 30 seconds. Also compiles with nats.c. */
#include "example-js.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "ORDERS");
    const char *durable = textArg(argc, argv, 3, "fetcher");
    const long count = numberArg(argc, argv, 4, 1000);
    const long batch = numberArg(argc, argv, 5, 100);
    char subjects[128];
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    jsCtx *js = NULL;
    long done = 0, fetches = 0;
    natsStatus s;

    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, false);
    if (s == NATS_OK)
        s = js_PullSubscribe(&sub, js, subjects, durable, NULL, NULL, NULL);
    if (s == NATS_OK)
        printf("Waiting for %ld messages of %s\n", count, stream);
    while (s == NATS_OK && done < count) {
        const long missing = count - done;
        natsMsgList list;
        int i;

        /* What the server has, up to a batch; if it has nothing, what comes within a second. */
        s = natsSubscription_Fetch(&list, sub, (int)(missing < batch ? missing : batch), 1000, NULL);
        if (s == NATS_TIMEOUT) {
            s = NATS_OK; /* nothing has been published in this second */
            continue;
        }
        if (s != NATS_OK)
            break;
        for (i = 0; s == NATS_OK && i < list.Count; i++) {
            /* Here the work is done that the message asks for. */
            s = natsMsg_Ack(list.Msgs[i], NULL);
            if (s == NATS_OK && ++done % 1000 == 0)
                printf("%ld messages\n", done);
        }
        natsMsgList_Destroy(&list);
        fetches++;
    }
    /* The acks are on their way. */
    if (s == NATS_OK)
        s = natsConnection_FlushTimeout(nc, 5000);
    if (succeeded("fetch", s))
        printf("Got %ld messages\n", done);
    if (fetches > 0)
        fprintf(stderr, "%ld fetches, %.1f messages each\n", fetches, (double)done / (double)fetches);
    /* Destroy keeps the consumer for the next time; natsSubscription_Unsubscribe would delete it. */
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
