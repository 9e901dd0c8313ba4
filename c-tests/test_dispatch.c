/* Callbacks that the program runs itself: natsOptions_SetManualDispatch, natsConnection_Dispatch. */
#include "callbacks.h"
#include "server.h"
#include "test.h"

#include <poll.h>

static natsOptions *manual(const char *url, closure *c) {
    natsOptions *opts = test_options(url);

    closure_init(c);
    options_record(opts, c);
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, c));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    return opts;
}

static bool readable(natsConnection *nc, int timeout) {
    struct pollfd fd = {-1, POLLIN, 0};

    CHECK_OK(natsConnection_GetDispatchFd(nc, &fd.fd));
    CHECK(fd.fd >= 0);
    return poll(&fd, 1, timeout) == 1;
}

/* Runs what waits, all of it; how much that was. */
static int run(natsConnection *nc, int max) {
    int ran = -1;

    CHECK_OK(natsConnection_Dispatch(nc, max, &ran));
    return ran;
}

static int pending(natsSubscription *sub) {
    int msgs = 0;

    CHECK_OK(natsSubscription_GetPending(sub, &msgs, NULL));
    return msgs;
}

static void nothing_runs_until_asked(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    closure c, messages;
    server s;
    char text[16];
    int i;

    closure_init(&messages);
    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK(!readable(nc, 0));
    CHECK_INT(run(nc, 0), 0);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_ordered, &messages));
    for (i = 0; i < 10; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(nc, "foo", text));
    }
    CHECK(readable(nc, (int)deadline_ms()));
    CHECK_SOON(pending(sub) == 10);
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_INT(counter_get(&messages.messages), 0);

    CHECK_INT(run(nc, 3), 3);
    CHECK_INT(counter_get(&messages.messages), 3);
    CHECK_INT(pending(sub), 7);
    CHECK(readable(nc, 0));
    CHECK_INT(run(nc, 0), 7);
    CHECK_INT(counter_get(&messages.messages), 10);
    CHECK_INT(counter_get(&messages.wrong), 0);
    CHECK(!readable(nc, 0));
    CHECK_INT(run(nc, 0), 0);

    /* And again. */
    CHECK_OK(natsConnection_PublishString(nc, "foo", "10"));
    CHECK(readable(nc, (int)deadline_ms()));
    CHECK_OK(natsConnection_Dispatch(nc, -1, NULL));
    CHECK_INT(counter_get(&messages.messages), 11);
    CHECK(!readable(nc, 0));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void subscriptions_take_turns(void) {
    natsConnection *nc;
    natsSubscription *a = NULL, *b = NULL;
    closure c, of_a, of_b;
    server s;
    int i;

    closure_init(&of_a);
    closure_init(&of_b);
    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&a, nc, "foo", on_message, &of_a));
    CHECK_OK(natsConnection_Subscribe(&b, nc, "foo", on_message, &of_b));
    for (i = 0; i < 10; i++)
        CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_SOON(pending(a) == 10 && pending(b) == 10);
    CHECK_INT(run(nc, 4), 4);
    CHECK_INT(run(nc, 4), 4);
    CHECK_INT(counter_get(&of_a.messages), 4);
    CHECK_INT(counter_get(&of_b.messages), 4);
    CHECK_INT(run(nc, 0), 12);
    natsSubscription_Destroy(a);
    natsSubscription_Destroy(b);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void events_wait_too(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    closure c, messages;
    char order[256];
    server s;

    closure_init(&messages);
    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &messages));
    server_kill(&s);
    CHECK(readable(nc, (int)deadline_ms()));
    server_restart(&s);
    CHECK_SOON(natsConnection_Status(nc) == NATS_CONN_STATUS_CONNECTED);
    CHECK_STR(closure_order(&c, order), "");
    CHECK_SOON((run(nc, 1), strlen(closure_order(&c, order))) == 2);
    CHECK_STR(order, "DR");
    CHECK(!readable(nc, 0));

    /* A close leaves its callbacks behind, for as long as the handle is there. */
    natsConnection_Close(nc);
    CHECK(readable(nc, 0));
    CHECK_INT(counter_get(&messages.completed), 0);
    CHECK_INT(run(nc, 0), 3);
    CHECK_STR(closure_order(&c, order), "DRDC");
    CHECK_INT(counter_get(&messages.completed), 1);
    CHECK(!readable(nc, 0));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.released, 1);
    server_stop(&s);
}

static void drains_by_dispatching(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    closure c, messages;
    server s;
    int i;

    closure_init(&messages);
    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &messages));
    for (i = 0; i < 100; i++)
        CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_OK(natsConnection_Drain(nc));
    while (counter_get(&c.closed) == 0) {
        CHECK(readable(nc, (int)deadline_ms()));
        run(nc, 7);
    }
    CHECK_INT(counter_get(&messages.messages), 100);
    CHECK_INT(counter_get(&messages.completed), 1);
    CHECK_INT(counter_get(&c.errors), 0);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* What nobody is going to run is dropped, and nothing waits for it. */
static void destroying_drops_what_waits(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    closure c, messages;
    server s;

    closure_init(&messages);
    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK(readable(nc, (int)deadline_ms()));
    CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
    CHECK_INT(counter_get(&c.released), 1);
    CHECK_INT(counter_get(&c.closed), 0);
    CHECK_INT(counter_get(&messages.messages), 0);
    CHECK_STATUS(natsConnection_Dispatch(nc, 0, NULL), NATS_INVALID_ARG);
    natsSubscription_Destroy(sub);

    nc = test_connect(manual(s.url, &c));
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.released, 1);
    CHECK_INT(counter_get(&c.closed), 0);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    server_stop(&s);
}

typedef struct inner {
    natsStatus nested;
    int count;
} inner;

static void destroy_all(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    inner *in = (inner *)arg;

    in->nested = natsConnection_Dispatch(nc, 0, NULL);
    in->count++;
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
}

static void destroying_inside_a_callback(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    inner in = {NATS_OK, 0};
    server s;

    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", destroy_all, &in));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "y"));
    CHECK_SOON(pending(sub) == 2);
    CHECK_INT(run(nc, 0), 1);
    CHECK_INT(in.nested, NATS_ILLEGAL_STATE);
    CHECK_INT(in.count, 1);
    CHECK_REACHED(&c.released, 1);
    CHECK_STATUS(natsConnection_Dispatch(nc, 0, NULL), NATS_INVALID_ARG);
    server_stop(&s);
}

static void request_inside(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    natsMsg *reply = NULL;
    closure *c = (closure *)arg;

    (void)sub;
    c->result = natsConnection_Request(&reply, nc, "nobody", NULL, 0, 1000);
    natsMsg_Destroy(reply);
    natsMsg_Destroy(msg);
}

static void callbacks_may_wait_for_the_server(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    server s;

    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", request_inside, &c));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK(readable(nc, (int)deadline_ms()));
    CHECK_INT(run(nc, 0), 1);
    CHECK_INT(c.result, NATS_NO_RESPONDERS);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void timeouts_wait_too(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    closure c, messages;
    server s;

    closure_init(&messages);
    server_run(&s);
    nc = test_connect(manual(s.url, &c));
    CHECK_OK(natsConnection_SubscribeTimeout(&sub, nc, "foo", 10, on_message, &messages));
    CHECK(readable(nc, (int)deadline_ms()));
    CHECK_INT(run(nc, 0), 1);
    CHECK_INT(counter_get(&messages.timeouts), 1);
    CHECK(readable(nc, (int)deadline_ms()));
    CHECK_INT(run(nc, 0), 1);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void wrong_uses_are_statuses(void) {
    natsConnection *nc;
    natsSock fd = -7;
    int ran = -7;
    server s;

    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_STATUS(natsConnection_GetDispatchFd(nc, &fd), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsConnection_Dispatch(nc, 0, &ran), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "manual dispatch");
    CHECK_STATUS(natsConnection_GetDispatchFd(nc, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetDispatchFd(NULL, &fd), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Dispatch(NULL, 0, &ran), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetManualDispatch(NULL, true), NATS_INVALID_ARG);
    CHECK_INT(fd, -7);
    CHECK_INT(ran, -7);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(nothing_runs_until_asked),
        TEST(subscriptions_take_turns),
        TEST(events_wait_too),
        TEST(drains_by_dispatching),
        TEST(destroying_drops_what_waits),
        TEST(destroying_inside_a_callback),
        TEST(callbacks_may_wait_for_the_server),
        TEST(timeouts_wait_too),
        TEST(wrong_uses_are_statuses),
    };

    return RUN_TESTS(cases, argc, argv);
}
