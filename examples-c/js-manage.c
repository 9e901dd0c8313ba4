/* Manages streams and consumers: makes them, changes them, looks at them, lists and removes them.
 *
 * build: cc -o js-manage js-manage.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-manage [url] [stream] [messages]
 *        js-manage nats://127.0.0.1:4222 INVENTORY 1000
 *
 * The stream is removed at the end. */
#include "example-js.h"

/* Changes one setting: what was read, with all that a newer server says beyond it, is sent back. */
static natsStatus limitMessages(jsCtx *js, const char *stream, int64_t most) {
    jsStreamInfo *info = NULL;
    natsStatus s = js_GetStreamInfo(&info, js, stream, NULL, NULL);

    if (s == NATS_OK) {
        info->Config->MaxMsgs = most;
        s = js_UpdateStream(NULL, js, info->Config, NULL, NULL);
    }
    jsStreamInfo_Destroy(info);
    return s;
}

static natsStatus makeConsumer(jsCtx *js, const char *stream, const char *name) {
    jsConsumerConfig config;
    natsStatus s = jsConsumerConfig_Init(&config);

    config.Durable = name;
    config.MaxDeliver = 5;
    if (s == NATS_OK)
        s = js_AddConsumer(NULL, js, stream, &config, NULL, NULL);
    return s;
}

static natsStatus showStream(jsCtx *js, const char *stream) {
    jsStreamInfo *info = NULL;
    natsStatus s = js_GetStreamInfo(&info, js, stream, NULL, NULL);

    if (s == NATS_OK)
        printf("%s: %" PRIu64 " messages, %" PRIu64 " to %" PRIu64 ", %" PRId64 " consumers\n",
               info->Config->Name, info->State.Msgs, info->State.FirstSeq, info->State.LastSeq,
               info->State.Consumers);
    jsStreamInfo_Destroy(info);
    return s;
}

static natsStatus showConsumers(jsCtx *js, const char *stream) {
    jsConsumerInfoList *list = NULL;
    natsStatus s = js_Consumers(&list, js, stream, NULL, NULL);
    int i;

    for (i = 0; s == NATS_OK && i < list->Count; i++)
        printf("consumer %s: %" PRIu64 " messages to deliver\n", list->List[i]->Name,
               list->List[i]->NumPending);
    jsConsumerInfoList_Destroy(list);
    return s;
}

/* Keeps only the last messages. */
static natsStatus purge(jsCtx *js, const char *stream, uint64_t keep) {
    jsOptions opts;
    natsStatus s = jsOptions_Init(&opts);

    opts.Stream.Purge.Keep = keep;
    if (s == NATS_OK)
        s = js_PurgeStream(js, stream, &opts, NULL);
    return s;
}

static natsStatus showLast(jsCtx *js, const char *stream, const char *subject) {
    natsMsg *msg = NULL;
    natsStatus s = js_GetLastMsg(&msg, js, stream, subject, NULL, NULL);

    if (s == NATS_OK)
        printf("the last one of %s: %.*s\n", subject, natsMsg_GetDataLength(msg), natsMsg_GetData(msg));
    natsMsg_Destroy(msg);
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "INVENTORY");
    const long count = numberArg(argc, argv, 3, 1000);
    char subjects[128], subject[128], payload[64];
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    natsStatus s;
    long i;

    snprintf(subjects, sizeof(subjects), "%s.>", stream);
    snprintf(subject, sizeof(subject), "%s.item", stream);
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeStream(js, stream, subjects, false);
    for (i = 1; s == NATS_OK && i <= count; i++) {
        int length = snprintf(payload, sizeof(payload), "item %ld", i);

        s = js_Publish(NULL, js, subject, payload, length, NULL, NULL);
        if (i % 1000 == 0)
            printf("%ld messages stored\n", i);
    }
    if (s == NATS_OK)
        s = makeConsumer(js, stream, "first");
    if (s == NATS_OK)
        s = makeConsumer(js, stream, "second");
    if (s == NATS_OK)
        s = showStream(js, stream);
    if (s == NATS_OK)
        s = limitMessages(js, stream, 500);
    if (s == NATS_OK)
        s = purge(js, stream, 10);
    if (s == NATS_OK)
        s = js_DeleteConsumer(js, stream, "second", NULL, NULL);
    if (s == NATS_OK)
        s = showStream(js, stream);
    if (s == NATS_OK)
        s = showConsumers(js, stream);
    if (s == NATS_OK && count > 0)
        s = showLast(js, stream, subject);
    succeeded("manage", s);
    if (js != NULL && js_DeleteStream(js, stream, NULL, NULL) == NATS_OK)
        printf("%s is removed\n", stream);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
