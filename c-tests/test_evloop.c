/* Connections in real event loops, by the adapters for libuv and libevent. Each scenario runs with both. */
#include "loops.h"

#include "callbacks.h"
#include "server.h"

#include <dirent.h>

static int open_descriptors(void) {
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    CHECK(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

/* Options that record everything and never give up. */
static natsOptions *recorded(const char *url, closure *c) {
    natsOptions *opts = test_options(url);

    closure_init(c);
    options_record(opts, c);
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, c));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    return opts;
}

/* How many descriptors there are without a connection: what libraries open once is no leak. */
static int descriptors_at_first(void) {
    natsConnection *nc = NULL;
    uv_loop_t loop;

    /* The first attempt starts what watches sockets. */
    CHECK_STATUS(natsConnection_ConnectTo(&nc, "nats://127.0.0.1:1"), NATS_NO_SERVER);
    CHECK(uv_loop_init(&loop) == 0 && uv_loop_close(&loop) == 0);
    return open_descriptors();
}

/* Messages, requests and flushes of another thread than the loop's; then the loop ends by itself. */
static void publishes_and_subscribes(loop_kind kind) {
    natsConnection *nc;
    natsSubscription *sub = NULL, *service = NULL;
    natsMsg *reply = NULL;
    char text[16], order[256];
    closure c, messages, requests;
    loop_thread l;
    server s;
    int before, i;

    closure_init(&messages);
    closure_init(&requests);
    server_run(&s);
    before = descriptors_at_first();
    nc = loop_start(&l, kind, recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_ordered, &messages));
    CHECK_OK(natsConnection_Subscribe(&service, nc, "help", on_request, &requests));
    for (i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(nc, "foo", text));
    }
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_REACHED(&messages.messages, 1000);
    CHECK_INT(counter_get(&messages.wrong), 0);
    for (i = 0; i < 20; i++) {
        CHECK_OK(natsConnection_RequestString(&reply, nc, "help", "me", deadline_ms()));
        CHECK_STR(natsMsg_GetData(reply), "me");
        natsMsg_Destroy(reply);
    }
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(service);
    natsConnection_Destroy(nc);
    loop_join(&l);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DC");
    CHECK_REACHED(&c.released, 1);
    CHECK_SOON(open_descriptors() == before);
    server_stop(&s);
}

/* More than the socket takes at once, both ways. */
static void moves_a_lot(loop_kind kind) {
    static char data[1024];
    natsConnection *nc;
    natsSubscription *sub = NULL;
    closure c, messages;
    loop_thread l;
    server s;
    int i;

    closure_init(&messages);
    server_run(&s);
    nc = loop_start(&l, kind, recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    for (i = 0; i < 20000; i++)
        CHECK_OK(natsConnection_Publish(nc, "foo", data, sizeof(data)));
    CHECK_REACHED(&messages.messages, 20000);
    CHECK_SOON(natsConnection_Buffered(nc) == 0);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    loop_join(&l);
    server_stop(&s);
}

static void reconnects_while_the_loop_runs(loop_kind kind) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    char order[256];
    closure c, messages;
    loop_thread l;
    server s;
    int before, round;

    closure_init(&messages);
    server_run(&s);
    before = descriptors_at_first();
    nc = loop_start(&l, kind, recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsConnection_Flush(nc));
    for (round = 1; round <= 3; round++) {
        server_kill(&s);
        CHECK_REACHED(&c.disconnected, round);
        CHECK_OK(natsConnection_PublishString(nc, "foo", "meanwhile"));
        server_restart(&s);
        CHECK_REACHED(&c.reconnected, round);
        CHECK_OK(natsConnection_PublishString(nc, "foo", "after"));
        CHECK_OK(natsConnection_Flush(nc));
        CHECK_REACHED(&messages.messages, 2 * round);
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    loop_join(&l);
    CHECK_REACHED(&c.closed, 1);
    CHECK_STR(closure_order(&c, order), "DRDRDRDC");
    CHECK_REACHED(&c.released, 1);
    CHECK_SOON(open_descriptors() == before);
    server_stop(&s);
}

static void close_connection(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    natsConnection_Close(nc);
    counter_add(&((closure *)arg)->messages, 1);
}

static void closing_inside_a_callback(loop_kind kind) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    loop_thread l;
    server s;

    server_run(&s);
    nc = loop_start(&l, kind, recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", close_connection, &c));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "bye"));
    loop_join(&l);
    CHECK_REACHED(&c.messages, 1);
    CHECK_REACHED(&c.closed, 1);
    CHECK(natsConnection_IsClosed(nc));
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.released, 1);
    server_stop(&s);
}

/* The server is gone for good: the connection closes while nobody calls it. */
static void giving_up_ends_the_loop(loop_kind kind) {
    natsOptions *opts;
    static closure c;
    loop_thread l;
    server s;

    server_run(&s);
    opts = recorded(s.url, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 2));
    loop_start(&l, kind, opts);
    server_kill(&s);
    loop_join(&l);
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&c.reconnected), 0);
    natsConnection_Destroy(l.nc);
    server_stop(&s);
}

static void drains(loop_kind kind) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    closure c, messages;
    loop_thread l;
    server s;
    int i;

    closure_init(&messages);
    server_run(&s);
    nc = loop_start(&l, kind, recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    for (i = 0; i < 500; i++)
        CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_OK(natsConnection_Drain(nc));
    loop_join(&l);
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&messages.messages), 500);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* Where nobody else could read the answer, the library does. */
static void wait_on_the_loop(natsConnection *nc, void *arg) {
    closure *c = (closure *)arg;
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;

    c->result = natsConnection_Flush(nc);
    if (c->result == NATS_OK)
        c->result = natsConnection_Subscribe(&sub, nc, "help", on_request, c);
    if (c->result == NATS_OK)
        c->result = natsConnection_RequestString(&reply, nc, "help", "me", deadline_ms());
    natsMsg_Destroy(reply);
    natsSubscription_Destroy(sub);
    if (c->result == NATS_OK)
        natsConnection_Destroy(nc);
}

static void waiting_on_the_loops_thread(loop_kind kind) {
    closure c, requests;
    loop_thread l;
    server s;
    int64_t start;

    closure_init(&requests);
    server_run(&s);
    start = now_ms();
    loop_start_with(&l, kind, recorded(s.url, &c), wait_on_the_loop, &requests);
    CHECK_INT(requests.result, NATS_OK);
    CHECK(now_ms() - start < deadline_ms());
    loop_join(&l);
    CHECK_REACHED(&c.released, 1);
    server_stop(&s);
}

static void libuv_wants_its_own_thread(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    uv_loop_t loop;
    server s;

    server_run(&s);
    CHECK(uv_loop_init(&loop) == 0);
    natsLibuv_Init();
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetEventLoop(opts, &loop, natsLibuv_Attach, natsLibuv_Read, natsLibuv_Write,
                                      natsLibuv_Detach));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "Error attaching to the event loop: 19 - Illegal State");
    CHECK(nc == NULL);
    natsOptions_Destroy(opts);
    CHECK(uv_loop_close(&loop) == 0);
    server_stop(&s);
}

/* Callbacks on the thread of a libuv loop, which knows nothing but one descriptor. */
typedef struct dispatching {
    natsConnection *nc;
    uv_poll_t poll;
    closure *messages;
    int elsewhere; /* callbacks on another thread */
    pthread_t thread;
} dispatching;

static void on_waiting(uv_poll_t *poll, int status, int events) {
    dispatching *d = (dispatching *)poll->data;

    (void)events;
    if (status != 0 || natsConnection_Dispatch(d->nc, 0, NULL) != NATS_OK)
        counter_add(&d->messages->wrong, 1);
    if (counter_get(&d->messages->messages) >= 1000)
        uv_close((uv_handle_t *)poll, NULL);
}

static void on_here(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    dispatching *d = (dispatching *)arg;

    d->elsewhere += pthread_equal(pthread_self(), d->thread) ? 0 : 1;
    on_ordered(nc, sub, msg, d->messages);
}

static void dispatching_in_a_libuv_loop(void) {
    natsSubscription *sub = NULL;
    natsOptions *opts;
    natsSock fd = -1;
    dispatching d;
    closure messages;
    uv_loop_t loop;
    server s;
    int i;

    closure_init(&messages);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    memset(&d, 0, sizeof(d));
    d.nc = test_connect(opts);
    d.messages = &messages;
    d.thread = pthread_self();
    CHECK_OK(natsConnection_GetDispatchFd(d.nc, &fd));
    CHECK(uv_loop_init(&loop) == 0);
    CHECK(uv_poll_init(&loop, &d.poll, fd) == 0);
    d.poll.data = &d;
    CHECK(uv_poll_start(&d.poll, UV_READABLE, on_waiting) == 0);
    CHECK_OK(natsConnection_Subscribe(&sub, d.nc, "foo", on_here, &d));
    for (i = 0; i < 1000; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(d.nc, "foo", text));
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(counter_get(&messages.messages), 1000);
    CHECK_INT(counter_get(&messages.wrong), 0);
    CHECK_INT(d.elsewhere, 0);
    CHECK(uv_loop_close(&loop) == 0);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(d.nc);
    server_stop(&s);
}

#define BOTH(scenario)                                                                                       \
    static void libuv_##scenario(void) { scenario(WITH_LIBUV); }                                             \
    static void libevent_##scenario(void) { scenario(WITH_LIBEVENT); }
BOTH(publishes_and_subscribes)
BOTH(moves_a_lot)
BOTH(reconnects_while_the_loop_runs)
BOTH(closing_inside_a_callback)
BOTH(giving_up_ends_the_loop)
BOTH(drains)
BOTH(waiting_on_the_loops_thread)

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(libuv_publishes_and_subscribes),
        TEST(libevent_publishes_and_subscribes),
        TEST(libuv_moves_a_lot),
        TEST(libevent_moves_a_lot),
        TEST(libuv_reconnects_while_the_loop_runs),
        TEST(libevent_reconnects_while_the_loop_runs),
        TEST(libuv_closing_inside_a_callback),
        TEST(libevent_closing_inside_a_callback),
        TEST(libuv_giving_up_ends_the_loop),
        TEST(libevent_giving_up_ends_the_loop),
        TEST(libuv_drains),
        TEST(libevent_drains),
        TEST(libuv_waiting_on_the_loops_thread),
        TEST(libevent_waiting_on_the_loops_thread),
        TEST(libuv_wants_its_own_thread),
        TEST(dispatching_in_a_libuv_loop),
    };

    return RUN_TESTS(cases, argc, argv);
}
