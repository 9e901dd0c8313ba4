/* Processes the messages of one subscription by several threads.
 *
 * build: cc -o concurrent concurrent.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   concurrent [url] [subject] [threads] [messages]
 *
 * Each message goes to one of the threads that wait for the subscription. A message that takes long holds up its own
 * thread only; the order in which messages are finished is not that in which they were sent. */
#include "example.h"

typedef struct work {
    natsSubscription *sub;
    Counter done;
} work;

static void *worker(void *arg) {
    work *w = (work *)arg;
    natsMsg *msg = NULL;

    for (;;) {
        natsStatus s = natsSubscription_NextMsg(&msg, w->sub, 10000);

        if (s != NATS_OK) /* the subscription was closed, when all was done */
            return NULL;
        nats_Sleep(atoi(natsMsg_GetData(msg)) % 3); /* what a program does with it */
        natsMsg_Destroy(msg);
        counterAdd(&w->done, 1);
    }
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "jobs");
    long threads = numberArg(argc, argv, 3, 4), messages = numberArg(argc, argv, 4, 200), i, started = 0;
    pthread_t ids[32];
    natsConnection *nc = NULL;
    work w = {NULL, {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}};
    char text[32];
    natsStatus s = natsConnection_ConnectTo(&nc, url);

    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(&w.sub, nc, subject);
    for (i = 0; s == NATS_OK && i < threads && i < 32; i++)
        if (pthread_create(&ids[i], NULL, worker, &w) == 0)
            started++;
        else
            s = NATS_SYS_ERROR;
    for (i = 0; s == NATS_OK && i < messages; i++) {
        snprintf(text, sizeof(text), "%ld", i);
        s = natsConnection_PublishString(nc, subject, text);
    }
    if (s == NATS_OK && !counterWait(&w.done, messages, 30))
        s = NATS_TIMEOUT;
    if (succeeded("concurrent", s))
        printf("%ld threads have processed %ld messages\n", started, (long)counterGet(&w.done));
    natsSubscription_Unsubscribe(w.sub); /* the threads return */
    for (i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    natsSubscription_Destroy(w.sub);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
