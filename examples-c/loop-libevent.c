/* A connection in a libevent loop: a timer of the loop publishes, a callback receives.
 *
 * build: cc -o loop-libevent loop-libevent.c $(pkg-config --cflags --libs nats_rs libevent) \
 *           -levent_pthreads -pthread
 * run:   loop-libevent [url] [subject] [count]
 *        loop-libevent nats://127.0.0.1:4222 ticks 10
 *
 * The loop watches the connection's socket, also across reconnects: stop the server and start it again
 * meanwhile. The message callback runs in a thread of the library; it closes the connection after `count`
 * messages, and that lets the loop come to its end. For callbacks on the loop's own thread see
 * loop-poll.c. */
#include "example.h"

#ifdef USE_NATS_C_HEADER
#include <nats/adapters/libevent.h>
#else
#include <nats_rs/adapters/libevent.h>
#endif

typedef struct {
    natsConnection *nc;
    const char *subject;
    struct event *timer; /* this and the next only for the loop's thread */
    long published;
    long count;
    Counter received;
} State;

static void onMessage(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    State *state = (State *)closure;

    (void)sub;
    printf("Received on %s: %.*s\n", natsMsg_GetSubject(msg), natsMsg_GetDataLength(msg),
           natsMsg_GetData(msg));
    natsMsg_Destroy(msg);
    if (counterAdd(&state->received, 1) == state->count)
        natsConnection_Close(nc);
}

/* On the loop's thread, ten times a second. */
static void onTick(evutil_socket_t none, short events, void *closure) {
    State *state = (State *)closure;
    char text[32];

    (void)none;
    (void)events;
    snprintf(text, sizeof(text), "tick %ld", ++state->published);
    if (natsConnection_PublishString(state->nc, state->subject, text) != NATS_OK)
        event_del(state->timer); /* the connection was closed */
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const struct timeval interval = {0, 100000};
    struct event_base *loop;
    natsOptions *opts = NULL;
    natsSubscription *sub = NULL;
    State state;
    natsStatus s;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    memset(&state, 0, sizeof(state));
    state.subject = textArg(argc, argv, 2, "ticks");
    state.count = numberArg(argc, argv, 3, 10);
    natsLibevent_Init(); /* before the loop is made */
    loop = event_base_new();
    if (loop == NULL || !counterInit(&state.received))
        return 1;

    s = natsOptions_Create(&opts);
    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s == NATS_OK)
        s = natsOptions_SetEventLoop(opts, loop, natsLibevent_Attach, natsLibevent_Read, natsLibevent_Write,
                                     natsLibevent_Detach);
    if (s == NATS_OK)
        s = natsConnection_Connect(&state.nc, opts);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, state.nc, state.subject, onMessage, &state);
    state.timer = event_new(loop, -1, EV_PERSIST, onTick, &state);
    if (succeeded("start", s) && state.timer != NULL)
        event_add(state.timer, &interval);
    else
        natsConnection_Close(state.nc);
    event_base_dispatch(loop); /* until the connection is detached and the timer deleted */

    natsSubscription_Destroy(sub);
    natsConnection_Destroy(state.nc);
    natsOptions_Destroy(opts);
    if (state.timer != NULL)
        event_free(state.timer);
    event_base_free(loop);
    printf("Received %" PRId64 " messages\n", counterGet(&state.received));
    nats_CloseAndWait(10000); /* no callback may use `state` from here on */
    counterDestroy(&state.received);
    libevent_global_shutdown();
    return s == NATS_OK ? 0 : 1;
}
