/* What limits a pull consumer: acks that are awaited, and the size and time of requests.
 *
 * build: cc -o js-pull-limits js-pull-limits.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-pull-limits [url] */
#include "example-js.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsMsgList list = {NULL, 0}, more = {NULL, 0};
    jsCtx *js = NULL;
    jsStreamConfig config;
    jsSubOptions opts;
    natsStatus s = connectJs(&nc, &js, url);

    jsStreamConfig_Init(&config);
    jsSubOptions_Init(&opts);
    opts.Config.MaxAckPending = 2;                    /* messages that were delivered and not acknowledged */
    opts.Config.MaxRequestBatch = 5;                  /* messages that a request may ask for */
    opts.Config.MaxRequestExpires = 2000 * 1000000LL; /* nanoseconds that a request may wait */
    if (s == NATS_OK)
        s = freshStream(js, &config, "PULLS", "pulls.>");
    if (s == NATS_OK)
        s = publishNumbers(js, "pulls.a", 10);
    if (s == NATS_OK)
        s = js_PullSubscribe(&sub, js, "pulls.>", "limited", NULL, &opts, NULL);
    if (s == NATS_OK && natsSubscription_Fetch(&list, sub, 6, 1000, NULL) != NATS_OK)
        printf("Six at once: refused, %s\n", nats_GetLastError(NULL));
    if (s == NATS_OK)
        s = natsSubscription_Fetch(&list, sub, 5, 1000, NULL);
    if (s == NATS_OK)
        printf("Five were asked for, %d have come: two may await their acks\n", list.Count);
    if (s == NATS_OK && natsSubscription_Fetch(&more, sub, 1, 200, NULL) == NATS_TIMEOUT)
        printf("No more before these are acknowledged\n");
    while (s == NATS_OK && list.Count > 0)
        s = natsMsg_AckSync(list.Msgs[--list.Count], NULL, NULL), natsMsg_Destroy(list.Msgs[list.Count]);
    natsMsgList_Destroy(&list);
    if (s == NATS_OK)
        s = natsSubscription_Fetch(&list, sub, 1, 1000, NULL);
    if (s == NATS_OK)
        printf("Then message %s\n", natsMsg_GetData(list.Msgs[0]));
    natsMsgList_Destroy(&list);
    if (s == NATS_OK)
        s = js_DeleteStream(js, "PULLS", NULL, NULL);
    succeeded("js-pull-limits", s);
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
