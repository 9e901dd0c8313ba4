/* A connection in a libuv loop: a timer of the loop publishes, a callback receives.
 *
 * build: cc -o loop-libuv loop-libuv.c $(pkg-config --cflags --libs nats_rs libuv) -pthread
 * run:   loop-libuv [url] [subject] [count]
 *        loop-libuv nats://127.0.0.1:4222 ticks 10
 *
 * The loop watches the connection's socket, also across reconnects: stop the server and start it again
 * meanwhile. The message callback runs in a thread of the library; it closes the connection after `count`
 * messages, and that lets the loop come to its end. For callbacks on the loop's own thread see
 * loop-poll.c. */
#include "example.h"

#ifdef USE_NATS_C_HEADER
#include <nats/adapters/libuv.h>
#else
#include <nats_rs/adapters/libuv.h>
#endif

typedef struct {
    natsConnection *nc;
    const char *subject;
    long published; /* only for the loop's thread */
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

static void onDisconnected(natsConnection *nc, void *closure) {
    (void)nc;
    (void)closure;
    printf("Disconnected\n");
}

static void onReconnected(natsConnection *nc, void *closure) {
    (void)nc;
    (void)closure;
    printf("Reconnected\n");
}

/* On the loop's thread, ten times a second. */
static void onTick(uv_timer_t *timer) {
    State *state = (State *)timer->data;
    char text[32];

    snprintf(text, sizeof(text), "tick %ld", ++state->published);
    if (natsConnection_PublishString(state->nc, state->subject, text) != NATS_OK)
        uv_close((uv_handle_t *)timer, NULL); /* the connection was closed */
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsOptions *opts = NULL;
    natsSubscription *sub = NULL;
    uv_loop_t loop;
    uv_timer_t timer;
    State state;
    natsStatus s;

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    memset(&state, 0, sizeof(state));
    state.subject = textArg(argc, argv, 2, "ticks");
    state.count = numberArg(argc, argv, 3, 10);
    if (!counterInit(&state.received) || uv_loop_init(&loop) != 0)
        return 1;
    natsLibuv_Init();
    natsLibuv_SetThreadLocalLoop(&loop);

    s = natsOptions_Create(&opts);
    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s == NATS_OK)
        s = natsOptions_SetDisconnectedCB(opts, onDisconnected, NULL);
    if (s == NATS_OK)
        s = natsOptions_SetReconnectedCB(opts, onReconnected, NULL);
    if (s == NATS_OK)
        s = natsOptions_SetEventLoop(opts, &loop, natsLibuv_Attach, natsLibuv_Read, natsLibuv_Write,
                                     natsLibuv_Detach);
    if (s == NATS_OK)
        s = natsConnection_Connect(&state.nc, opts);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, state.nc, state.subject, onMessage, &state);
    if (succeeded("start", s)) {
        uv_timer_init(&loop, &timer);
        timer.data = &state;
        uv_timer_start(&timer, onTick, 100, 100);
    } else {
        natsConnection_Close(state.nc);
    }
    uv_run(&loop, UV_RUN_DEFAULT); /* until the connection is detached and the timer closed */

    natsSubscription_Destroy(sub);
    natsConnection_Destroy(state.nc);
    natsOptions_Destroy(opts);
    if (uv_loop_close(&loop) != 0)
        fprintf(stderr, "something is left in the loop\n");
    printf("Received %" PRId64 " messages\n", counterGet(&state.received));
    nats_CloseAndWait(10000); /* no callback may use `state` from here on */
    counterDestroy(&state.received);
    return s == NATS_OK ? 0 : 1;
}
