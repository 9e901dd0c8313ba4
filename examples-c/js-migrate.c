/* From a push consumer to a pull consumer, which goes on where the other one was.
 *
 * build: cc -o js-migrate js-migrate.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-migrate [url]
 *
 * A consumer cannot change its kind. The new one begins behind the last message up to which all are acknowledged:
 * what was delivered behind that and acknowledged out of order is delivered once more. */
#include "example-js.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    natsSubscription *push = NULL, *pull = NULL;
    natsMsg *msg = NULL;
    natsMsgList list = {NULL, 0};
    jsConsumerInfo *info = NULL;
    jsCtx *js = NULL;
    jsStreamConfig config;
    jsSubOptions opts;
    uint64_t next = 0;
    int i;
    natsStatus s = connectJs(&nc, &js, url);

    jsStreamConfig_Init(&config);
    if (s == NATS_OK)
        s = freshStream(js, &config, "MOVES", "moves.>");
    if (s == NATS_OK)
        s = publishNumbers(js, "moves.a", 10);
    jsSubOptions_Init(&opts);
    opts.Config.Durable = "pushed";
    if (s == NATS_OK)
        s = js_SubscribeSync(&push, js, "moves.>", NULL, &opts, NULL);
    for (i = 0; i < 4 && s == NATS_OK; i++) {
        s = natsSubscription_NextMsg(&msg, push, 5000);
        if (s == NATS_OK)
            s = natsMsg_AckSync(msg, NULL, NULL);
        natsMsg_Destroy(msg);
        msg = NULL;
    }
    /* The old program has ended: its consumer is read, and deleted. */
    natsSubscription_Destroy(push);
    if (s == NATS_OK)
        s = js_GetConsumerInfo(&info, js, "MOVES", "pushed", NULL, NULL);
    if (s == NATS_OK) {
        next = info->AckFloor.Stream + 1;
        printf("The push consumer has finished %" PRIu64 " messages\n", info->AckFloor.Stream);
        s = js_DeleteConsumer(js, "MOVES", "pushed", NULL, NULL);
    }
    jsConsumerInfo_Destroy(info);
    jsSubOptions_Init(&opts);
    opts.Config.DeliverPolicy = js_DeliverByStartSequence;
    opts.Config.OptStartSeq = next;
    if (s == NATS_OK)
        s = js_PullSubscribe(&pull, js, "moves.>", "pulled", NULL, &opts, NULL);
    if (s == NATS_OK)
        s = natsSubscription_Fetch(&list, pull, 1, 5000, NULL);
    if (succeeded("js-migrate", s)) {
        printf("The pull consumer goes on with message %s\n", natsMsg_GetData(list.Msgs[0]));
        s = js_DeleteStream(js, "MOVES", NULL, NULL);
    }
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(pull);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
