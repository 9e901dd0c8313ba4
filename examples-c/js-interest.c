/* A stream that keeps a message until all consumers that want it have acknowledged it.
 *
 * build: cc -o js-interest js-interest.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-interest [url]
 *
 * Without a consumer that wants its subject a message is not kept at all. */
#include "example-js.h"

/* Acknowledges what a consumer has, and waits for the server each time. */
static natsStatus work(natsSubscription *sub, int count) {
    natsStatus s = NATS_OK;

    while (count > 0 && s == NATS_OK) {
        natsMsgList list = {NULL, 0};
        int i;

        s = natsSubscription_Fetch(&list, sub, count, 5000, NULL);
        for (i = 0; i < list.Count && s == NATS_OK; i++)
            s = natsMsg_AckSync(list.Msgs[i], NULL, NULL);
        count -= list.Count;
        natsMsgList_Destroy(&list);
    }
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    natsSubscription *first = NULL, *second = NULL;
    jsCtx *js = NULL;
    jsStreamConfig config;
    natsStatus s = connectJs(&nc, &js, url);

    jsStreamConfig_Init(&config);
    config.Retention = js_InterestPolicy;
    if (s == NATS_OK)
        s = freshStream(js, &config, "INTEREST", "interest.>");
    if (s == NATS_OK)
        s = publishNumbers(js, "interest.a", 5);
    if (s == NATS_OK)
        printf("Without consumers: %" PRId64 " messages\n", messagesOf(js, "INTEREST"));
    if (s == NATS_OK)
        s = js_PullSubscribe(&first, js, "interest.>", "first", NULL, NULL, NULL);
    if (s == NATS_OK)
        s = js_PullSubscribe(&second, js, "interest.>", "second", NULL, NULL, NULL);
    if (s == NATS_OK)
        s = publishNumbers(js, "interest.a", 5);
    if (s == NATS_OK)
        s = work(first, 5);
    if (s == NATS_OK)
        printf("One of two consumers has acknowledged: %" PRId64 " messages\n", messagesOf(js, "INTEREST"));
    if (s == NATS_OK)
        s = work(second, 5);
    if (s == NATS_OK) {
        int tries;

        for (tries = 0; tries < 1000 && messagesOf(js, "INTEREST") > 0; tries++)
            nats_Sleep(5);
        printf("Both have: %" PRId64 " messages\n", messagesOf(js, "INTEREST"));
        s = js_DeleteStream(js, "INTEREST", NULL, NULL);
    }
    succeeded("js-interest", s);
    natsSubscription_Destroy(first);
    natsSubscription_Destroy(second);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
