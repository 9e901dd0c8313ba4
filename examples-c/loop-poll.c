/* All in one thread: a plain poll() loop that runs the callbacks itself. No locks needed, and no adapter.
 *
 * build: cc -o loop-poll loop-poll.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   loop-poll [url] [subject] [count]
 *        loop-poll nats://127.0.0.1:4222 ticks 10
 *
 * With manual dispatch, which nats.c lacks, the library keeps the socket and a connection has one
 * descriptor, readable while callbacks wait. It goes into any loop: poll, epoll, libuv, libevent, asio,
 * GLib. */
#include "example.h"

#include <poll.h>

/* Used by the callbacks without a lock: they run in this thread. */
typedef struct {
    long received;
    bool closed;
} State;

static void onMessage(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    State *state = (State *)closure;

    (void)nc;
    (void)sub;
    printf("Received on %s: %.*s\n", natsMsg_GetSubject(msg), natsMsg_GetDataLength(msg),
           natsMsg_GetData(msg));
    state->received++;
    natsMsg_Destroy(msg);
}

static void onClosed(natsConnection *nc, void *closure) {
    (void)nc;
    printf("Closed\n");
    ((State *)closure)->closed = true;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "ticks");
    const long count = numberArg(argc, argv, 3, 10);
    natsConnection *nc = NULL;
    natsOptions *opts = NULL;
    natsSubscription *sub = NULL;
    struct pollfd fd = {-1, POLLIN, 0};
    State state = {0, false};
    long published = 0;
    natsStatus s;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    s = natsOptions_Create(&opts);
    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s == NATS_OK)
        s = natsOptions_SetClosedCB(opts, onClosed, &state);
    if (s == NATS_OK)
        s = natsOptions_SetManualDispatch(opts, true);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = natsConnection_GetDispatchFd(nc, &fd.fd);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, nc, subject, onMessage, &state);

    while (s == NATS_OK && !state.closed) {
        int ready = poll(&fd, 1, 100);

        if (ready > 0)
            s = natsConnection_Dispatch(nc, 0, NULL); /* onMessage and onClosed run in here */
        if (ready == 0 && published < count) {
            char text[32];

            snprintf(text, sizeof(text), "tick %ld", ++published);
            s = natsConnection_PublishString(nc, subject, text);
        }
        if (s == NATS_OK && state.received >= count && !natsConnection_IsClosed(nc))
            natsConnection_Close(nc); /* what it calls waits for the next turn */
    }

    succeeded("loop", s);
    printf("Received %ld messages\n", state.received);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
