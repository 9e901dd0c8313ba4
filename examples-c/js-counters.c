/* Counts in a stream: the server adds, so many programs can count at once. Needs a server of 2.12 or later.
 *
 * build: cc -o js-counters js-counters.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-counters [url] [stream] [count]
 *        js-counters nats://127.0.0.1:4222 HITS 1000
 *
 * The stream is made if it is not there; its subjects are <stream>.*, a counter each. */
#include "example-js.h"

static natsStatus makeCounters(jsCtx *js, const char *stream, const char **subjects) {
    jsStreamConfig config;
    natsStatus s = jsStreamConfig_Init(&config);

    config.Name = stream;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.AllowMsgCounter = true;
    config.AllowDirect = true;
    if (s == NATS_OK)
        s = js_CreateOrUpdateStream(NULL, js, &config, NULL, NULL);
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *stream = textArg(argc, argv, 2, "HITS");
    const long count = numberArg(argc, argv, 3, 1000);
    char all[128], home[128], shop[128];
    const char *subjects[1];
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    natsMsgList list;
    natsStatus s;
    long i;
    int n;

    snprintf(all, sizeof(all), "%s.*", stream);
    snprintf(home, sizeof(home), "%s.home", stream);
    snprintf(shop, sizeof(shop), "%s.shop", stream);
    subjects[0] = all;
    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_JetStream(&js, nc, NULL);
    if (s == NATS_OK)
        s = makeCounters(js, stream, subjects);
    for (i = 1; s == NATS_OK && i <= count; i++) {
        char *value = NULL;

        /* A number of any size: "+1" and "-1" as well as one with a hundred digits. */
        s = js_AddToCounter(&value, js, i % 3 == 0 ? shop : home, "1", NULL, NULL);
        if (s == NATS_OK && i % 1000 == 0)
            printf("counted %ld times, the last counter is at %s\n", i, value);
        free(value);
    }
    /* All of them as they are at one moment. */
    if (s == NATS_OK)
        s = js_DirectGetLastMsgs(&list, js, stream, subjects, 1, NULL);
    if (s == NATS_OK) {
        for (n = 0; n < list.Count; n++)
            printf("%s %.*s\n", natsMsg_GetSubject(list.Msgs[n]), natsMsg_GetDataLength(list.Msgs[n]),
                   natsMsg_GetData(list.Msgs[n]));
        natsMsgList_Destroy(&list);
    }
    if (s == NATS_OK && count > 0) {
        char *value = NULL;

        s = js_GetCounter(&value, js, stream, home, NULL, NULL);
        if (s == NATS_OK)
            printf("%s is at %s\n", home, value);
        free(value);
    }
    succeeded("count", s);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
