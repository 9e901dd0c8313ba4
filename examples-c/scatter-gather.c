/* Asks all instances of a service at once and collects their answers; then asks without waiting. With additions of
 * libnats_rs: natsConnection_RequestMany, natsConnection_RequestMsgAsync, natsMsg_SetTrace.
 *
 * build: cc -o scatter-gather scatter-gather.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   scatter-gather [url] [number of instances]
 *        scatter-gather nats://127.0.0.1:4222 5 */
#include "example.h"

enum { MOST_INSTANCES = 100 };

/* Answers with the load of an instance. */
static void onRequest(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    char answer[64];

    (void)sub;
    snprintf(answer, sizeof(answer), "instance %ld is well", *(const long *)closure);
    succeeded("answer", natsConnection_PublishString(nc, natsMsg_GetReply(msg), answer));
    natsMsg_Destroy(msg);
}

typedef struct Answers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
} Answers;

/* Called on a thread of the library: with the answer, or with the reason why there is none. */
static void onReply(natsConnection *nc, natsStatus s, natsMsg *reply, void *closure) {
    Answers *answers = (Answers *)closure;

    (void)nc;
    if (s == NATS_OK)
        printf("Called back: %s\n", natsMsg_GetData(reply));
    else
        printf("Called back: %s\n", nats_GetLastError(NULL));
    natsMsg_Destroy(reply);
    pthread_mutex_lock(&answers->lock);
    answers->count++;
    pthread_cond_signal(&answers->changed);
    pthread_mutex_unlock(&answers->lock);
}

/* Collects the answers of all instances: until nothing has come for 200 ms, 2 s at the most. */
static natsStatus collect(natsConnection *nc, natsMsg *request) {
    natsRequestManyOptions opts;
    natsMsgList replies;
    natsStatus s;
    int i;

    natsRequestManyOptions_Init(&opts);
    opts.MaxWait = 2000;
    opts.StallWait = 200;
    s = natsConnection_RequestMany(&replies, nc, request, &opts);
    if (s == NATS_OK) {
        for (i = 0; i < replies.Count && i < 10; i++)
            printf("Collected: %s\n", natsMsg_GetData(replies.Msgs[i]));
        printf("%d answers\n", replies.Count);
        natsMsgList_Destroy(&replies);
    }
    return s;
}

/* Asks the servers which way the request would go; no instance receives it. */
static natsStatus trace(natsConnection *nc, natsMsg *request) {
    natsSubscription *traces = NULL;
    natsMsg *report = NULL;
    natsStatus s = natsConnection_SubscribeSync(&traces, nc, "example.traces");

    if (s == NATS_OK)
        s = natsMsg_SetTrace(request, "example.traces", true);
    if (s == NATS_OK)
        s = natsConnection_PublishMsg(nc, request);
    if (s == NATS_OK)
        s = natsSubscription_NextMsg(&report, traces, 1000);
    if (s == NATS_OK)
        printf("Trace of a server: %.60s...\n", natsMsg_GetData(report));
    else if (s == NATS_TIMEOUT)
        printf("No trace: servers have them from 2.11 on\n");
    natsMsg_Destroy(report);
    natsSubscription_Destroy(traces);
    return s == NATS_TIMEOUT ? NATS_OK : s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    long instances = numberArg(argc, argv, 2, 5);
    Answers answers = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    natsSubscription *subs[MOST_INSTANCES] = {NULL};
    long names[MOST_INSTANCES];
    natsConnection *nc = NULL;
    natsMsg *request = NULL, *nobody = NULL;
    natsStatus s;
    long i;

    if (instances > MOST_INSTANCES)
        instances = MOST_INSTANCES;
    s = natsConnection_ConnectTo(&nc, url);
    for (i = 0; i < instances && s == NATS_OK; i++) {
        names[i] = i + 1;
        s = natsConnection_Subscribe(&subs[i], nc, "example.health", onRequest, &names[i]);
    }
    if (s == NATS_OK)
        s = natsMsg_Create(&request, "example.health", NULL, "", 0);
    if (s == NATS_OK)
        s = natsMsg_Create(&nobody, "example.nobody", NULL, "", 0);
    succeeded("set-up", s);

    if (s == NATS_OK)
        succeeded("many replies", s = collect(nc, request));
    if (s == NATS_OK)
        s = natsConnection_RequestMsgAsync(nc, request, 2000, onReply, &answers);
    if (s == NATS_OK) {
        s = natsConnection_RequestMsgAsync(nc, nobody, 2000, onReply, &answers);
        pthread_mutex_lock(&answers.lock);
        while (answers.count < (s == NATS_OK ? 2 : 1))
            pthread_cond_wait(&answers.changed, &answers.lock);
        pthread_mutex_unlock(&answers.lock);
    }
    succeeded("request that calls back", s);
    if (s == NATS_OK)
        succeeded("trace", s = trace(nc, request));

    natsMsg_Destroy(request);
    natsMsg_Destroy(nobody);
    natsConnection_DestroyAndWait(nc, 5000); /* afterwards no callback uses names and answers */
    for (i = 0; i < instances; i++)
        natsSubscription_Destroy(subs[i]);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
