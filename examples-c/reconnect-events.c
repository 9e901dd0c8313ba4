/* Shows what a connection goes through when its server goes away and comes back.
 *
 * build: cc -o reconnect-events reconnect-events.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   reconnect-events [url] [subject] [count] [milliseconds between two]
 *        reconnect-events nats://127.0.0.1:4222 ticks 25 200
 *
 * Publishes `count` ticks and receives them itself. Restart the server meanwhile: ticks published while it is
 * away are kept and sent when it is back. */
#include "example.h"

typedef struct {
    Counter ticks;
    Counter disconnects;
    Counter reconnects;
    Counter closed;
} Events;

static void onTick(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    counterAdd(&((Events *)closure)->ticks, 1);
}

static void onDisconnected(natsConnection *nc, void *closure) {
    (void)nc;
    printf("Disconnected\n");
    counterAdd(&((Events *)closure)->disconnects, 1);
}

static void onReconnected(natsConnection *nc, void *closure) {
    (void)nc;
    printf("Reconnected\n");
    counterAdd(&((Events *)closure)->reconnects, 1);
}

static void onClosed(natsConnection *nc, void *closure) {
    (void)nc;
    printf("Closed\n");
    counterAdd(&((Events *)closure)->closed, 1);
}

static void onDiscovered(natsConnection *nc, void *closure) {
    (void)nc;
    (void)closure;
    printf("The cluster has more servers\n");
}

static void onLameDuck(natsConnection *nc, void *closure) {
    (void)nc;
    (void)closure;
    printf("The server is about to leave\n");
}

static void onError(natsConnection *nc, natsSubscription *sub, natsStatus err, void *closure) {
    (void)nc;
    (void)sub;
    (void)closure;
    printf("Error: %s\n", natsStatus_GetText(err));
}

static natsStatus makeOptions(natsOptions **opts, const char *url, Events *events) {
    natsStatus s = natsOptions_Create(opts);

    if (s == NATS_OK)
        s = natsOptions_SetURL(*opts, url);
    if (s == NATS_OK)
        s = natsOptions_SetMaxReconnect(*opts, 300);
    if (s == NATS_OK)
        s = natsOptions_SetReconnectWait(*opts, 100);
    if (s == NATS_OK)
        s = natsOptions_SetReconnectJitter(*opts, 20, 20);
    if (s == NATS_OK) /* bytes kept for the server that comes back */
        s = natsOptions_SetReconnectBufSize(*opts, 1024 * 1024);
    if (s == NATS_OK)
        s = natsOptions_SetDisconnectedCB(*opts, onDisconnected, events);
    if (s == NATS_OK)
        s = natsOptions_SetReconnectedCB(*opts, onReconnected, events);
    if (s == NATS_OK)
        s = natsOptions_SetClosedCB(*opts, onClosed, events);
    if (s == NATS_OK)
        s = natsOptions_SetDiscoveredServersCB(*opts, onDiscovered, events);
    if (s == NATS_OK)
        s = natsOptions_SetLameDuckModeCB(*opts, onLameDuck, events);
    if (s == NATS_OK)
        s = natsOptions_SetErrorHandler(*opts, onError, events);
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "ticks");
    const long count = numberArg(argc, argv, 3, 25);
    const long pause = numberArg(argc, argv, 4, 200);
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    Events events;
    natsStatus s;
    bool back = true;
    long i;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (!counterInit(&events.ticks) || !counterInit(&events.disconnects) ||
        !counterInit(&events.reconnects) || !counterInit(&events.closed))
        return 1;

    s = makeOptions(&opts, url, &events);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, nc, subject, onTick, &events);
    if (s == NATS_OK)
        s = natsConnection_Flush(nc);
    if (succeeded("connect", s))
        printf("Connected, ticking on %s\n", subject);

    for (i = 0; i < count && s == NATS_OK; i++) {
        s = natsConnection_PublishString(nc, subject, "tick");
        succeeded("publish", s);
        nats_Sleep(pause);
    }
    if (s == NATS_OK && counterGet(&events.disconnects) > 0)
        back = counterWait(&events.reconnects, counterGet(&events.disconnects), 30);
    if (s == NATS_OK) {
        s = natsConnection_FlushTimeout(nc, 30000);
        succeeded("flush", s);
    }
    /* What was on its way when the server stopped may be lost: NATS delivers at most once. */
    if (s == NATS_OK && counterGet(&events.disconnects) == 0)
        back = counterWait(&events.ticks, count, 10);
    else if (s == NATS_OK)
        counterWait(&events.ticks, count, 2);
    if (s == NATS_OK) {
        printf("Published %ld ticks, received %" PRId64 "\n", count, counterGet(&events.ticks));
        printf("Disconnects: %" PRId64 ", reconnects: %" PRId64 "\n", counterGet(&events.disconnects),
               counterGet(&events.reconnects));
    }

    if (nc != NULL) {
        natsConnection_Close(nc);
        back = counterWait(&events.closed, 1, 10) && back;
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    nats_CloseAndWait(10000); /* after it no callback runs, so the counters may go */
    counterDestroy(&events.closed);
    counterDestroy(&events.reconnects);
    counterDestroy(&events.disconnects);
    counterDestroy(&events.ticks);
    return s == NATS_OK && back ? 0 : 1;
}
