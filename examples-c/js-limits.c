/* A stream that keeps messages up to limits: of their number, their bytes and their age.
 *
 * build: cc -o js-limits js-limits.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-limits [url]
 *
 * The oldest messages go first, unless the stream refuses new ones (js_DiscardNew). Limits can be changed while the
 * stream is in use; a smaller one takes effect at once. */
#include "example-js.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    jsStreamConfig config;
    const char *subjects[] = {"limits.>"};
    natsStatus s = connectJs(&nc, &js, url);

    jsStreamConfig_Init(&config); /* no limit at all */
    if (s == NATS_OK)
        s = freshStream(js, &config, "LIMITS", subjects[0]);
    config.Subjects = subjects; /* an update says everything, also what stays */
    config.SubjectsLen = 1;
    if (s == NATS_OK)
        s = publishNumbers(js, "limits.a", 20);
    if (s == NATS_OK)
        printf("Without limits: %" PRId64 " messages\n", messagesOf(js, "LIMITS"));
    config.MaxMsgs = 10;
    if (s == NATS_OK)
        s = js_UpdateStream(NULL, js, &config, NULL, NULL);
    if (s == NATS_OK)
        printf("At most 10 messages: %" PRId64 "\n", messagesOf(js, "LIMITS"));
    config.MaxMsgsPerSubject = 3;
    if (s == NATS_OK)
        s = js_UpdateStream(NULL, js, &config, NULL, NULL);
    if (s == NATS_OK)
        printf("At most 3 of each subject: %" PRId64 "\n", messagesOf(js, "LIMITS"));
    config.Discard = js_DiscardNew;
    config.MaxMsgs = 3;
    config.MaxMsgsPerSubject = 0;
    if (s == NATS_OK)
        s = js_UpdateStream(NULL, js, &config, NULL, NULL);
    if (s == NATS_OK && js_Publish(NULL, js, "limits.a", "x", 1, NULL, NULL) != NATS_OK)
        printf("A full stream that discards new messages: %s\n", nats_GetLastError(NULL));
    config.MaxAge = 100 * 1000000LL; /* nanoseconds */
    config.Discard = js_DiscardOld;
    if (s == NATS_OK)
        s = js_UpdateStream(NULL, js, &config, NULL, NULL);
    if (s == NATS_OK) {
        int tries;

        for (tries = 0; tries < 1000 && messagesOf(js, "LIMITS") > 0; tries++)
            nats_Sleep(10);
        printf("After their time: %" PRId64 " messages\n", messagesOf(js, "LIMITS"));
        s = js_DeleteStream(js, "LIMITS", NULL, NULL);
    }
    succeeded("js-limits", s);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
