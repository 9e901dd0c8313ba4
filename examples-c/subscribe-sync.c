/* Fetches messages one by one, in the thread that wants them.
 *
 * build: cc -o subscribe-sync subscribe-sync.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   subscribe-sync [url] [subject] [count] [milliseconds to wait for each]
 *        subscribe-sync nats://127.0.0.1:4222 greetings 10 5000 */
#include "example.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "greetings");
    const long count = numberArg(argc, argv, 3, 10);
    const long patience = numberArg(argc, argv, 4, 30000);
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsStatus s;
    long i;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(&sub, nc, subject);
    if (s == NATS_OK)
        s = natsConnection_Flush(nc);
    if (succeeded("subscribe", s))
        printf("Listening on %s for %ld messages\n", subject, count);

    for (i = 0; i < count && s == NATS_OK; i++) {
        natsMsg *msg = NULL;

        s = natsSubscription_NextMsg(&msg, sub, patience);
        if (!succeeded("next message", s))
            break;
        printf("Received on %s: %.*s\n", natsMsg_GetSubject(msg), natsMsg_GetDataLength(msg),
               natsMsg_GetData(msg));
        natsMsg_Destroy(msg);
    }
    if (s == NATS_OK) {
        s = natsSubscription_Unsubscribe(sub);
        if (succeeded("unsubscribe", s))
            printf("Received %ld messages\n", count);
    }

    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
