/* Stops on SIGINT or SIGTERM without losing a message: draining ends the subscriptions, lets the callbacks
 * finish what has already arrived, sends what is still to be sent, and closes the connection.
 *
 * build: cc -o drain-on-signal drain-on-signal.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   drain-on-signal [url] [subject] [count]
 *        drain-on-signal nats://127.0.0.1:4222 work 50
 *
 * Publishes `count` messages to itself, then sends itself SIGTERM while most of them still wait to be
 * handled. With a count of 0 it handles what others publish, until you press Ctrl-C. */
#include "example.h"

#include <signal.h>
#include <unistd.h>

static void onWork(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    nats_Sleep(5); /* the work */
    natsMsg_Destroy(msg);
    counterAdd((Counter *)closure, 1);
}

static void onClosed(natsConnection *nc, void *closure) {
    (void)nc;
    counterAdd((Counter *)closure, 1);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "work");
    const long count = numberArg(argc, argv, 3, 50);
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    Counter handled, closed;
    sigset_t stop;
    natsStatus s;
    bool drained = false;
    int signalNumber = 0;
    long i;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    /* Blocked before the library starts its threads, which inherit it: the signal then waits for sigwait
     * below. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &stop, NULL) != 0 || !counterInit(&handled) || !counterInit(&closed))
        return 1;

    s = natsOptions_Create(&opts);
    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s == NATS_OK)
        s = natsOptions_SetClosedCB(opts, onClosed, &closed);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, nc, subject, onWork, &handled);
    for (i = 0; i < count && s == NATS_OK; i++)
        s = natsConnection_PublishString(nc, subject, "work");
    if (s == NATS_OK)
        s = natsConnection_Flush(nc);

    if (succeeded("set-up", s)) {
        printf("Working on %s\n", subject);
        if (count > 0)
            kill(getpid(), SIGTERM);
        sigwait(&stop, &signalNumber);
        printf("Got %s, draining\n", signalNumber == SIGINT ? "SIGINT" : "SIGTERM");

        s = natsConnection_DrainTimeout(nc, 30000);
        if (succeeded("drain", s))
            drained = counterWait(&closed, 1, 40);
        printf("Drained: %s, handled %" PRId64 " messages\n", drained ? "yes" : "no", counterGet(&handled));
        if (count > 0 && counterGet(&handled) != count)
            drained = false;
    }

    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    nats_CloseAndWait(10000); /* after it no callback runs, so the counters may go */
    counterDestroy(&closed);
    counterDestroy(&handled);
    return drained ? 0 : 1;
}
