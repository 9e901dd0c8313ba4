/* Receives many messages by one call, in the thread that wants them and with a callback. With additions of libnats_rs:
 * natsSubscription_NextMsgs, natsConnection_SubscribeMsgs.
 *
 * build: cc -o many-messages many-messages.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   many-messages [url] [count]
 *        many-messages nats://127.0.0.1:4222 100000 */
#include "example.h"

typedef struct Received {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    long messages;
    long calls;
} Received;

/* Called with what waits. The library releases the messages that are still in the list afterwards. */
static void onMessages(natsConnection *nc, natsSubscription *sub, natsMsgList *msgs, void *closure) {
    Received *received = (Received *)closure;

    (void)nc;
    (void)sub;
    pthread_mutex_lock(&received->lock);
    received->calls++;
    received->messages += msgs->Count;
    pthread_cond_signal(&received->changed);
    pthread_mutex_unlock(&received->lock);
}

static natsStatus fetchAll(natsSubscription *sub, long count) {
    natsStatus s = NATS_OK;
    long messages = 0, calls = 0;

    while (messages < count && s == NATS_OK) {
        natsMsgList list;

        s = natsSubscription_NextMsgs(&list, sub, 1000, 5000);
        if (s == NATS_OK) {
            messages += list.Count;
            calls++;
            natsMsgList_Destroy(&list);
        }
    }
    printf("Fetched %ld messages by %ld calls\n", messages, calls);
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const long count = numberArg(argc, argv, 2, 100000);
    Received received = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    natsSubscribeMsgsOptions lists;
    natsConnection *nc = NULL, *publisher = NULL;
    natsSubscription *fetched = NULL, *called = NULL;
    natsStatus s;
    long i;

    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_ConnectTo(&publisher, url);
    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(&fetched, nc, "example.readings");
    if (s == NATS_OK)
        s = natsSubscription_SetPendingLimits(fetched, -1, -1);
    natsSubscribeMsgsOptions_Init(&lists);
    lists.MaxMsgs = 500;
    if (s == NATS_OK)
        s = natsConnection_SubscribeMsgs(&called, nc, "example.readings", &lists, onMessages, &received);
    if (s == NATS_OK)
        s = natsSubscription_SetPendingLimits(called, -1, -1);
    if (s == NATS_OK)
        s = natsConnection_Flush(nc);
    for (i = 0; i < count && s == NATS_OK; i++)
        s = natsConnection_PublishString(publisher, "example.readings", "21.5");
    if (s == NATS_OK)
        s = natsConnection_Flush(publisher);
    if (succeeded("publish", s))
        succeeded("fetch", s = fetchAll(fetched, count));
    if (s == NATS_OK) {
        pthread_mutex_lock(&received.lock);
        while (received.messages < count)
            pthread_cond_wait(&received.changed, &received.lock);
        printf("Received %ld messages in %ld callbacks\n", received.messages, received.calls);
        pthread_mutex_unlock(&received.lock);
    }

    natsConnection_Destroy(publisher);
    natsConnection_DestroyAndWait(nc, 5000); /* afterwards no callback uses what it has received */
    natsSubscription_Destroy(fetched);
    natsSubscription_Destroy(called);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
