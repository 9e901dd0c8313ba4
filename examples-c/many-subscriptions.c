/* Takes messages of several subscriptions in one loop.
 *
 * build: cc -o many-subscriptions many-subscriptions.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   many-subscriptions [url]
 *
 * Three ways: one subscription with a wildcard, where subjects have a common part; the same callback for several
 * subscriptions; and, as here, asking each subscription in turn for what it has. */
#include "example.h"

enum { SUBSCRIPTIONS = 3 };

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subjects[SUBSCRIPTIONS] = {"cars.0", "lorries.0", "ships.0"};
    natsSubscription *subs[SUBSCRIPTIONS] = {NULL, NULL, NULL};
    natsConnection *nc = NULL;
    int i, got = 0, rounds = 0;
    natsStatus s = natsConnection_ConnectTo(&nc, url);

    for (i = 0; s == NATS_OK && i < SUBSCRIPTIONS; i++)
        s = natsConnection_SubscribeSync(&subs[i], nc, subjects[i]);
    for (i = 0; s == NATS_OK && i < 9; i++)
        s = natsConnection_PublishString(nc, subjects[i % SUBSCRIPTIONS], "hello");
    while (s == NATS_OK && got < 9 && rounds++ < 10000) {
        int before = got;

        for (i = 0; i < SUBSCRIPTIONS && s == NATS_OK; i++) {
            natsMsg *msg = NULL;

            /* 0: what is there already. */
            while ((s = natsSubscription_NextMsg(&msg, subs[i], 0)) == NATS_OK) {
                printf("%s: %s\n", natsMsg_GetSubject(msg), natsMsg_GetData(msg));
                natsMsg_Destroy(msg);
                got++;
            }
            if (s == NATS_TIMEOUT)
                s = NATS_OK;
        }
        if (got == before)
            nats_Sleep(1);
    }
    if (succeeded("many-subscriptions", s))
        printf("Got %d messages of %d subscriptions\n", got, SUBSCRIPTIONS);
    for (i = 0; i < SUBSCRIPTIONS; i++)
        natsSubscription_Destroy(subs[i]);
    natsConnection_Destroy(nc);
    return s == NATS_OK && got == 9 ? 0 : 1;
}
