/* Receives messages in a callback, prints the first ten, and says how fast they came.
 *
 * build: cc -o subscribe subscribe.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   subscribe [url] [subject] [count]
 *        subscribe nats://127.0.0.1:4222 'greetings.>' 10
 *
 * The callback runs in a thread of the library, one message at a time. Ends after `count` messages, or with
 * an error when they have not come in a minute. */
#include "example.h"

typedef struct {
    int64_t received; /* by the callback alone until `completed` is raised */
    int64_t firstAt;
    int64_t lastAt;
    Counter completed;
} Receiver;

static void onMessage(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    Receiver *r = (Receiver *)closure;

    (void)nc;
    (void)sub;
    r->lastAt = nats_NowInNanoSeconds();
    if (r->received++ == 0)
        r->firstAt = r->lastAt;
    if (r->received <= 10)
        printf("Received on %s: %.*s\n", natsMsg_GetSubject(msg), natsMsg_GetDataLength(msg),
               natsMsg_GetData(msg));
    else if (r->received == 11)
        printf("... and more\n");
    natsMsg_Destroy(msg); /* the message is ours, and may also be kept for later */
}

/* Runs once, after the last message callback of the subscription. */
static void onComplete(void *closure) { counterAdd(&((Receiver *)closure)->completed, 1); }

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "greetings");
    const long count = numberArg(argc, argv, 3, 10);
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    Receiver r;
    natsStatus s;
    bool all = false;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    r.received = r.firstAt = r.lastAt = 0;
    if (!counterInit(&r.completed))
        return 1;

    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, nc, subject, onMessage, &r);
    if (s == NATS_OK) /* keep all that a fast publisher sends, however long the queue gets */
        s = natsSubscription_SetPendingLimits(sub, -1, -1);
    if (s == NATS_OK)
        s = natsSubscription_SetOnCompleteCB(sub, onComplete, &r);
    if (s == NATS_OK && count > 0) /* the server stops after so many, and the subscription completes */
        s = natsSubscription_AutoUnsubscribe(sub, (int)count);
    if (s == NATS_OK)
        s = natsConnection_Flush(nc);

    if (succeeded("subscribe", s)) {
        printf("Listening on %s for %ld messages\n", subject, count);
        all = counterWait(&r.completed, 1, 60);
        if (all) {
            int64_t took = r.lastAt - r.firstAt;
            printf("Received %" PRId64 " messages in %.3f s (%.0f a second)\n", r.received,
                   (double)took / 1e9, ratePerSecond(r.received, took));
        } else {
            fprintf(stderr, "the messages did not come within a minute\n");
        }
    }

    natsSubscription_Destroy(sub);
    if (!all && sub != NULL)
        counterWait(&r.completed, 1, 10); /* no callback may use `r` from here on */
    natsConnection_Destroy(nc);
    nats_Close();
    counterDestroy(&r.completed);
    return all ? 0 : 1;
}
