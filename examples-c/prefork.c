/* A server of several processes, as web servers and application servers are: the parent prepares the options and has
 * a connection, its children answer requests, each with a connection of its own.
 *
 * build: cc -o prefork prefork.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   prefork [url] [subject] [requests] [children]
 *        prefork nats://127.0.0.1:4222 work 1000 4
 *
 * Options, messages and headers from before the fork can be used after it. Connections and subscriptions cannot: they
 * stay the parent's. A child may destroy its copies of them or not, the parent does not notice.
 */
#include "example.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CHILDREN = 64 };

static void onRequest(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    char answer[64];

    (void)sub;
    (void)closure;
    snprintf(answer, sizeof(answer), "%ld", (long)getpid());
    natsConnection_PublishString(nc, natsMsg_GetReply(msg), answer);
    natsMsg_Destroy(msg);
}

/* The life of a child: it serves until the parent closes the other end of the pipe, or ends. */
static int serve(natsOptions *opts, const char *subject, int ready, int end) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    char c = 'r';
    natsStatus s;

    s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = natsConnection_QueueSubscribe(&sub, nc, subject, "children", onRequest, NULL);
    if (s == NATS_OK) /* the server must know this child before the parent goes on */
        s = natsConnection_Flush(nc);
    if (!succeeded("child", s))
        c = 'f';
    if (write(ready, &c, 1) == 1 && s == NATS_OK)
        while (read(end, &c, 1) > 0)
            ;
    if (s == NATS_OK)
        s = natsConnection_Drain(nc);
    while (s == NATS_OK && !natsConnection_IsClosed(nc))
        nats_Sleep(5);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "work");
    const long requests = numberArg(argc, argv, 3, 1000);
    const long children = numberArg(argc, argv, 4, 4);
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    pid_t pids[MOST_CHILDREN];
    long answers[MOST_CHILDREN] = {0};
    int ready[2], end[2], status, bad = 0;
    long i, n;
    char c;
    natsStatus s;

    if (children < 1 || children > MOST_CHILDREN || pipe(ready) != 0 || pipe(end) != 0)
        return 2;
    s = natsOptions_Create(&opts);
    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (!succeeded("connect", s))
        return 1;

    for (i = 0; i < children; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(ready[0]);
            close(end[1]);
            return serve(opts, subject, ready[1], end[0]);
        }
    }
    close(ready[1]);
    close(end[0]);
    for (i = 0; i < children; i++)
        bad += read(ready[0], &c, 1) != 1 || c != 'r';

    for (n = 0; n < requests && s == NATS_OK && bad == 0; n++) {
        natsMsg *reply = NULL;

        s = natsConnection_RequestString(&reply, nc, subject, "a job", 5000);
        for (i = 0; i < children && s == NATS_OK; i++)
            if (atol(natsMsg_GetData(reply)) == (long)pids[i])
                answers[i]++;
        natsMsg_Destroy(reply);
    }
    succeeded("request", s);
    close(end[1]);
    for (i = 0; i < children; i++) {
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
            bad++;
        printf("Child %ld answered %ld\n", i + 1, answers[i]);
    }
    printf("Requested %ld, each answered by one of %ld children\n", n, children);

    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    nats_Close();
    return s == NATS_OK && bad == 0 ? 0 : 1;
}
