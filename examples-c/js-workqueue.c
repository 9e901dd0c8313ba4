/* A stream that keeps work: each message until it is acknowledged, once.
 *
 * build: cc -o js-workqueue js-workqueue.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-workqueue [url]
 *
 * Each message belongs to one consumer: consumers whose subjects overlap are refused. Any number of programs may
 * share a consumer. */
#include "example-js.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    natsSubscription *workers = NULL, *east = NULL, *west = NULL, *again = NULL;
    natsMsgList list = {NULL, 0};
    jsCtx *js = NULL;
    jsStreamConfig config;
    int i, tries;
    natsStatus s = connectJs(&nc, &js, url);

    jsStreamConfig_Init(&config);
    config.Retention = js_WorkQueuePolicy;
    if (s == NATS_OK)
        s = freshStream(js, &config, "WORK", "work.>");
    if (s == NATS_OK)
        s = publishNumbers(js, "work.east", 3);
    if (s == NATS_OK)
        s = publishNumbers(js, "work.west", 3);
    if (s == NATS_OK)
        s = js_PullSubscribe(&workers, js, "work.>", "all", NULL, NULL, NULL);
    if (s == NATS_OK && js_PullSubscribe(&again, js, "work.>", "too-many", NULL, NULL, NULL) != NATS_OK)
        printf("A second consumer: %s\n", nats_GetLastError(NULL));
    while (s == NATS_OK && list.Count < 6) {
        natsMsgList_Destroy(&list);
        s = natsSubscription_Fetch(&list, workers, 6, 5000, NULL);
    }
    for (i = 0; i < list.Count && s == NATS_OK; i++)
        s = natsMsg_AckSync(list.Msgs[i], NULL, NULL);
    natsMsgList_Destroy(&list);
    for (tries = 0; s == NATS_OK && tries < 1000 && messagesOf(js, "WORK") > 0; tries++)
        nats_Sleep(5);
    if (s == NATS_OK)
        printf("All is done: %" PRId64 " messages\n", messagesOf(js, "WORK"));
    /* Consumers for parts of the work. */
    if (s == NATS_OK)
        s = js_DeleteConsumer(js, "WORK", "all", NULL, NULL);
    if (s == NATS_OK)
        s = js_PullSubscribe(&east, js, "work.east", "east", NULL, NULL, NULL);
    if (s == NATS_OK)
        s = js_PullSubscribe(&west, js, "work.west", "west", NULL, NULL, NULL);
    if (s == NATS_OK)
        printf("A consumer for east, one for west\n");
    if (s == NATS_OK)
        s = js_DeleteStream(js, "WORK", NULL, NULL);
    succeeded("js-workqueue", s);
    natsSubscription_Destroy(workers);
    natsSubscription_Destroy(again);
    natsSubscription_Destroy(east);
    natsSubscription_Destroy(west);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
