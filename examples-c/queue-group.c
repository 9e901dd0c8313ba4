/* Shares work between the members of a queue group: each message goes to one of them, whichever the server
 * picks.
 *
 * build: cc -o queue-group queue-group.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   queue-group [url] [subject] [count]
 *        queue-group nats://127.0.0.1:4222 jobs 300
 *
 * The three members are in one program here. Members in several programs, on several machines, work the same.
 */
#include "example.h"

enum { MEMBERS = 3 };

typedef struct {
    int64_t handled; /* by its own callback alone until all messages have been counted */
    Counter *total;
} Member;

static void onJob(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    Member *m = (Member *)closure;

    (void)nc;
    (void)sub;
    m->handled++;
    natsMsg_Destroy(msg);
    counterAdd(m->total, 1);
}

static void onComplete(void *closure) { counterAdd((Counter *)closure, 1); }

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "jobs");
    const long count = numberArg(argc, argv, 3, 300);
    natsConnection *workers = NULL;
    natsConnection *publisher = NULL;
    natsSubscription *subs[MEMBERS] = {NULL, NULL, NULL};
    Member members[MEMBERS];
    Counter total, completed;
    natsStatus s;
    bool all = false;
    long i;
    int m, subscribed = 0;

    if (!counterInit(&total) || !counterInit(&completed))
        return 1;
    s = natsConnection_ConnectTo(&workers, url);
    for (m = 0; m < MEMBERS && s == NATS_OK; m++) {
        members[m].handled = 0;
        members[m].total = &total;
        s = natsConnection_QueueSubscribe(&subs[m], workers, subject, "crew", onJob, &members[m]);
        if (s == NATS_OK)
            s = natsSubscription_SetOnCompleteCB(subs[m], onComplete, &completed);
        if (s == NATS_OK)
            subscribed++;
    }
    if (s == NATS_OK) /* the server must know the members before the first message comes */
        s = natsConnection_Flush(workers);
    if (s == NATS_OK)
        s = natsConnection_ConnectTo(&publisher, url);
    for (i = 0; i < count && s == NATS_OK; i++)
        s = natsConnection_PublishString(publisher, subject, "a job");
    if (s == NATS_OK)
        s = natsConnection_Flush(publisher);

    if (succeeded("queue group", s)) {
        all = counterWait(&total, count, 60);
        for (m = 0; m < MEMBERS && all; m++)
            printf("Member %d handled %" PRId64 "\n", m + 1, members[m].handled);
        printf("Published %ld, handled %" PRId64 ", each by one member\n", count, counterGet(&total));
    }

    for (m = 0; m < MEMBERS; m++)
        natsSubscription_Destroy(subs[m]);
    counterWait(&completed, subscribed, 10); /* then no callback uses the locals of this function any more */
    natsConnection_Destroy(publisher);
    natsConnection_Destroy(workers);
    nats_Close();
    counterDestroy(&completed);
    counterDestroy(&total);
    return all ? 0 : 1;
}
