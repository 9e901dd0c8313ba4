/* Streams that are made of others: a copy, one that gathers, and parts by the hash of a subject's token.
 *
 * build: cc -o js-mirror js-mirror.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-mirror [url] */
#include "example-js.h"

static bool reaches(jsCtx *js, const char *stream, int64_t count) {
    int tries;

    for (tries = 0; tries < 2000 && messagesOf(js, stream) < count; tries++)
        nats_Sleep(5);
    printf("%s has %" PRId64 " messages\n", stream, messagesOf(js, stream));
    return messagesOf(js, stream) == count;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *streams[] = {"ORIGIN", "COPY", "PARTS"};
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    jsStreamConfig config;
    jsStreamSource source;
    jsStreamSource *sources[1];
    jsStreamInfo *info = NULL;
    char subject[32];
    bool ok = true;
    int i;
    natsStatus s = connectJs(&nc, &js, url);

    sources[0] = &source;
    for (i = 2; i >= 0 && s == NATS_OK; i--)
        js_DeleteStream(js, streams[i], NULL, NULL); /* of a run before */
    jsStreamConfig_Init(&config);
    if (s == NATS_OK)
        s = freshStream(js, &config, "ORIGIN", "orders.*");
    for (i = 0; i < 40 && s == NATS_OK; i++) {
        snprintf(subject, sizeof(subject), "orders.%d", i);
        s = publishNumbers(js, subject, 1);
    }
    /* A mirror has the messages with their sequences, and is often in another place. */
    jsStreamConfig_Init(&config);
    jsStreamSource_Init(&source);
    source.Name = "ORIGIN";
    config.Mirror = &source;
    if (s == NATS_OK)
        s = freshStream(js, &config, "COPY", NULL);
    ok = ok && s == NATS_OK && reaches(js, "COPY", 40);
    /* Sources are gathered, and may be filtered; here the subjects change to orders.<part>.<number>, so that each of
     * several consumers can have a part, always the same for a number. */
    jsStreamConfig_Init(&config);
    config.Sources = sources;
    config.SourcesLen = 1;
    config.SubjectTransform.Source = "orders.*";
    config.SubjectTransform.Destination = "orders.{{partition(3,1)}}.{{wildcard(1)}}";
    if (s == NATS_OK)
        s = freshStream(js, &config, "PARTS", NULL);
    ok = ok && s == NATS_OK && reaches(js, "PARTS", 40);
    for (i = 0; i < 3 && s == NATS_OK; i++) {
        jsOptions opts;

        snprintf(subject, sizeof(subject), "orders.%d.*", i);
        jsOptions_Init(&opts);
        opts.Stream.Info.SubjectsFilter = subject;
        s = js_GetStreamInfo(&info, js, "PARTS", &opts, NULL);
        if (s == NATS_OK && info->State.Subjects != NULL)
            printf("Part %d: %d orders\n", i, info->State.Subjects->Count);
        jsStreamInfo_Destroy(info);
        info = NULL;
    }
    for (i = 2; i >= 0 && s == NATS_OK; i--)
        s = js_DeleteStream(js, streams[i], NULL, NULL);
    succeeded("js-mirror", s);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK && ok ? 0 : 1;
}
