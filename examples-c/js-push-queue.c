/* A push consumer whose messages are shared by the members of a queue group.
 *
 * build: cc -o js-push-queue js-push-queue.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   js-push-queue [url]
 *
 * The members may be programs of different machines. For new programs a pull consumer is simpler: it is shared as it
 * is, and each program takes what it can work on. */
#include "example-js.h"

typedef struct member {
    Counter *all;
    Counter own;
} member;

static void onMsg(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    member *m = (member *)closure;

    (void)nc;
    (void)sub;
    (void)msg; /* the library acknowledges and destroys it */
    counterAdd(&m->own, 1);
    counterAdd(m->all, 1);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    enum { MEMBERS = 3, MESSAGES = 60 };
    natsConnection *nc = NULL;
    natsSubscription *subs[MEMBERS] = {NULL, NULL, NULL};
    member members[MEMBERS];
    Counter all;
    jsCtx *js = NULL;
    jsStreamConfig config;
    jsSubOptions opts;
    int i;
    natsStatus s = connectJs(&nc, &js, url);

    counterInit(&all);
    jsStreamConfig_Init(&config);
    if (s == NATS_OK)
        s = freshStream(js, &config, "SHARED", "shared.>");
    for (i = 0; i < MEMBERS; i++) {
        counterInit(&members[i].own);
        members[i].all = &all;
        jsSubOptions_Init(&opts);
        opts.Queue = "workers"; /* also the name of the consumer */
        if (s == NATS_OK)
            s = js_Subscribe(&subs[i], js, "shared.>", onMsg, &members[i], NULL, &opts, NULL);
    }
    if (s == NATS_OK)
        s = publishNumbers(js, "shared.a", MESSAGES);
    if (s == NATS_OK && !counterWait(&all, MESSAGES, 30))
        s = NATS_TIMEOUT;
    if (succeeded("js-push-queue", s)) {
        for (i = 0; i < MEMBERS; i++)
            printf("Member %d has had %" PRId64 " messages\n", i + 1, counterGet(&members[i].own));
        printf("Together %" PRId64 "\n", counterGet(&all));
        s = js_DeleteStream(js, "SHARED", NULL, NULL);
    }
    for (i = 0; i < MEMBERS; i++)
        natsSubscription_Destroy(subs[i]);
    jsCtx_Destroy(js);
    natsConnection_DestroyAndWait(nc, 0); /* no callback uses the counters any more */
    return s == NATS_OK ? 0 : 1;
}
