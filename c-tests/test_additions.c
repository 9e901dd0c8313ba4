/* Functions that libnats_rs adds to the interface. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

#include <sys/resource.h>
#include <unistd.h>

static void destroy_and_wait(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    closure *c = (closure *)malloc(sizeof(closure));
    server s;
    int i;

    closure_init(c);
    server_run(&s);
    opts = test_options(s.url);
    options_record(opts, c);
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, c));
    for (i = 0; i < 1000; i++)
        CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_REACHED(&c->messages, 1);
    CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
    /* All of it is over: the closure may go. */
    CHECK_INT(counter_get(&c->closed), 1);
    CHECK_INT(counter_get(&c->completed), 1);
    memset(c, 0xee, sizeof(*c));
    free(c);
    CHECK_STATUS(natsConnection_DestroyAndWait(nc, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_DestroyAndWait(NULL, 10), NATS_INVALID_ARG);
    natsConnection_Destroy(nc);
    natsSubscription_Destroy(sub);
    server_stop(&s);
}

static void destroy_and_wait_for_ever(void) {
    natsConnection *nc;
    server s;

    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_DestroyAndWait(nc, 0));
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_DestroyAndWait(nc, -1));
    server_stop(&s);
}

static void destroy_and_wait_times_out(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    server_run(&s);
    opts = test_options(s.url);
    options_record(opts, &c);
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_REACHED(&c.entered, 1);
    CHECK_STATUS(natsConnection_DestroyAndWait(nc, 50), NATS_TIMEOUT);
    CHECK(natsConnection_IsClosed(nc));
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.messages, 1);
    CHECK_REACHED(&c.closed, 1);
    natsSubscription_Destroy(sub);
    server_stop(&s);
}

static void wait_in_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)sub;
    natsMsg_Destroy(msg);
    ((closure *)arg)->result = (int)natsConnection_DestroyAndWait(nc, 1000);
    counter_add(&((closure *)arg)->messages, 1);
}

static void wait_in_completion(void *arg) {
    closure *c = (closure *)arg;

    c->result = (int)natsConnection_DestroyAndWait((natsConnection *)c->connection, 1000);
    counter_add(&c->completed, 1);
}

static void wait_in_closed(natsConnection *nc, void *arg) {
    ((closure *)arg)->result = (int)natsConnection_DestroyAndWait(nc, 1000);
    counter_add(&((closure *)arg)->closed, 1);
}

static void not_inside_its_own_callbacks(void) {
    natsConnection *nc, *other;
    natsSubscription *sub = NULL, *completing = NULL;
    natsOptions *opts;
    static closure c, d, e;
    server s;

    closure_init(&c);
    closure_init(&d);
    closure_init(&e);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetClosedCB(opts, wait_in_closed, &e));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", wait_in_message, &c));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_REACHED(&c.messages, 1);
    CHECK_INT(c.result, NATS_ILLEGAL_STATE);
    CHECK(!natsConnection_IsClosed(nc)); /* nothing was done */
    d.connection = nc;
    CHECK_OK(natsConnection_Subscribe(&completing, nc, "bar", on_message, &d));
    CHECK_OK(natsSubscription_SetOnCompleteCB(completing, wait_in_completion, &d));
    CHECK_OK(natsSubscription_Unsubscribe(completing));
    CHECK_REACHED(&d.completed, 1);
    CHECK_INT(d.result, NATS_ILLEGAL_STATE);
    natsConnection_Close(nc);
    CHECK_REACHED(&e.closed, 1);
    CHECK_INT(e.result, NATS_ILLEGAL_STATE);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(completing);
    natsConnection_Destroy(nc);

    /* In a callback of another connection it is fine. */
    closure_init(&d);
    nc = test_connect_url(s.url);
    other = test_connect_url(s.url);
    d.connection = other;
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &d));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, wait_in_completion, &d));
    natsSubscription_Destroy(sub);
    CHECK_REACHED(&d.completed, 1);
    CHECK_INT(d.result, NATS_OK);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* Notes what was still to come when it ran. */
static void released_last(void *arg) {
    closure *c = (closure *)arg;

    if (counter_get(&c->closed) != 1 || counter_get(&c->completed) != 1)
        counter_add(&c->wrong, 1);
    counter_add(&c->released, 1);
}

static void released_callback(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    CHECK_STATUS(natsOptions_SetReleasedCB(NULL, on_released, &c), NATS_INVALID_ARG);
    server_run(&s);
    opts = test_options(s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
    CHECK_OK(natsOptions_SetReleasedCB(opts, NULL, NULL));
    CHECK_OK(natsOptions_SetReleasedCB(opts, released_last, &c));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_REACHED(&c.entered, 1);
    natsConnection_Destroy(nc);
    CHECK(!counter_wait(&c.released, 1, 30)); /* a callback still runs */
    counter_set(&c.gate, 1);
    natsSubscription_Destroy(sub);
    CHECK_REACHED(&c.released, 1);
    CHECK_INT(counter_get(&c.wrong), 0);

    /* A connection that has closed is the program's until it destroys it. */
    closure_init(&c);
    opts = test_options(s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
    nc = test_connect(opts);
    natsConnection_Close(nc);
    CHECK_REACHED(&c.closed, 1);
    CHECK(!counter_wait(&c.released, 1, 30));
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.released, 1);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_INT(counter_get(&c.released), 1);
    server_stop(&s);
}

static int64_t delay_at_the_gate(natsConnection *nc, int attempts, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    (void)attempts;
    counter_add(&c->entered, 1);
    closure_pass_gate(c);
    if (counter_get(&c->released) > 0)
        counter_add(&c->wrong, 1);
    return 10;
}

static void reconnect_delay_is_a_callback_too(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetCustomReconnectDelay(opts, delay_at_the_gate, &c));
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
    nc = test_connect(opts);
    server_stop(&s);
    CHECK_REACHED(&c.entered, 1);
    CHECK_STATUS(natsConnection_DestroyAndWait(nc, 30), NATS_TIMEOUT);
    CHECK_INT(counter_get(&c.released), 0);
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.released, 1);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_INT(counter_get(&c.wrong), 0);
}

static void released_callback_with_destroy_and_wait(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server s;
    int i;

    server_run(&s);
    for (i = 0; i < 20; i++) {
        closure_init(&c);
        opts = test_options(s.url);
        CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
        nc = test_connect(opts);
        CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
        CHECK_REACHED(&c.released, 1);
    }
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_INT(counter_get(&c.released), 1);
    server_stop(&s);
}

typedef natsStatus (*text_getter)(natsConnection *nc, char *buffer, size_t size);

static void server_identity(void) {
    static const text_getter getters[] = {natsConnection_GetServerName, natsConnection_GetServerVersion,
                                          natsConnection_GetServerCluster};
    static const char *const wanted[] = {"the-name", "2.99.1", "the-cluster"};
    natsConnection *nc;
    char text[64], small[3];
    peer p;
    int i;

    peer_open(&p);
    peer_run(
        &p, peer_handshake,
        (void *)"INFO "
                "{\"server_id\":\"X\",\"server_name\":\"the-name\",\"version\":\"2.99.1\",\"cluster\":\"the-"
                "cluster\",\"max_payload\":100}\r\n");
    nc = test_connect(test_options(p.url));
    peer_join(&p);
    for (i = 0; i < 3; i++) {
        CHECK_OK(getters[i](nc, text, sizeof(text)));
        CHECK_STR(text, wanted[i]);
        CHECK_OK(getters[i](nc, text, strlen(wanted[i]) + 1));
        CHECK_STATUS(getters[i](nc, text, strlen(wanted[i])), NATS_INSUFFICIENT_BUFFER);
        memset(small, 'x', sizeof(small));
        CHECK_STATUS(getters[i](nc, small, sizeof(small)), NATS_INSUFFICIENT_BUFFER);
        CHECK_STR(small, "");
        CHECK_STATUS(getters[i](nc, NULL, 10), NATS_INVALID_ARG);
        CHECK_STATUS(getters[i](NULL, text, sizeof(text)), NATS_INVALID_ARG);
    }
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Close(nc);
    for (i = 0; i < 3; i++) {
        CHECK_OK(getters[i](nc, text, sizeof(text)));
        CHECK_STR(text, "");
    }
    natsConnection_Destroy(nc);
    for (i = 0; i < 3; i++)
        CHECK_STATUS(getters[i](nc, text, sizeof(text)), NATS_INVALID_ARG);
    peer_close(&p);
}

static void server_identity_of_a_real_server(void) {
    static const char *const args[] = {"--name", "my-server", NULL};
    natsConnection *nc;
    char text[64];
    server s;

    server_start(&s, NULL, args);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_GetServerName(nc, text, sizeof(text)));
    CHECK_STR(text, "my-server");
    CHECK_OK(natsConnection_GetServerVersion(nc, text, sizeof(text)));
    CHECK(strlen(text) >= 5);
    CHECK_OK(natsConnection_GetServerCluster(nc, text, sizeof(text)));
    CHECK_STR(text, "");
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void subscription_count(void) {
    natsConnection *nc;
    natsSubscription *a = NULL, *b = NULL;
    static closure c;
    server s;
    int n = -1;

    closure_init(&c);
    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_STATUS(natsConnection_GetSubscriptionCount(NULL, &n), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetSubscriptionCount(nc, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsConnection_GetSubscriptionCount(nc, &n));
    CHECK_INT(n, 0);
    CHECK_OK(natsConnection_SubscribeSync(&a, nc, "a"));
    CHECK_OK(natsConnection_Subscribe(&b, nc, "b", on_message, &c));
    CHECK_OK(natsConnection_GetSubscriptionCount(nc, &n));
    CHECK_INT(n, 2);
    CHECK_OK(natsSubscription_Unsubscribe(a));
    CHECK_OK(natsConnection_GetSubscriptionCount(nc, &n));
    CHECK_INT(n, 1);
    natsSubscription_Destroy(b);
    CHECK_OK(natsConnection_GetSubscriptionCount(nc, &n));
    CHECK_INT(n, 0);
    natsSubscription_Destroy(a);
    natsConnection_Close(nc);
    CHECK_OK(natsConnection_GetSubscriptionCount(nc, &n));
    CHECK_INT(n, 0);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void pending_bytes(void) {
    natsConnection *nc;
    natsOptions *opts;
    int64_t bytes = -1;
    static closure c;
    peer p;

    closure_init(&c);
    peer_open(&p);
    opts = test_options(p.url);
    options_record(opts, &c);
    nc = peer_connect(&p, opts);
    CHECK_STATUS(natsConnection_GetPendingBytes(NULL, &bytes), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetPendingBytes(nc, NULL), NATS_INVALID_ARG);
    CHECK_SOON(natsConnection_GetPendingBytes(nc, &bytes) == NATS_OK && bytes == 0);
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hello")); /* PUB foo 5..hello.. is 18 bytes */
    CHECK_OK(natsConnection_GetPendingBytes(nc, &bytes));
    CHECK_INT(bytes, 18);
    natsConnection_Close(nc);
    CHECK_OK(natsConnection_GetPendingBytes(nc, &bytes));
    CHECK_INT(bytes, 0);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static int64_t cpu_ms(void) {
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

/* Does a processor work, for a tenth of a second at least, in the second after a message? */
static bool looks_after_a_message(natsConnection *from, closure *c) {
    int64_t seen = counter_get(&c->messages), before, end = nats_Now() + 900;

    CHECK_OK(natsConnection_PublishString(from, "foo", "x"));
    CHECK_REACHED(&c->messages, seen + 1);
    before = cpu_ms();
    while (nats_Now() < end && cpu_ms() - before < 100)
        nats_Sleep(10);
    return cpu_ms() - before >= 100;
}

static void receive_busy_poll(void) {
    natsConnection *nc, *from, *asleep;
    natsSubscription *sub = NULL, *sleeping = NULL;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    server_run(&s);
    from = test_connect_url(s.url);
    asleep = test_connect_url(s.url);
    CHECK_OK(natsConnection_Subscribe(&sleeping, asleep, "foo", on_message, &c));
    CHECK_OK(natsConnection_Flush(asleep));
    if (time_factor() == 1)
        CHECK(!looks_after_a_message(from, &c));
    natsSubscription_Destroy(sleeping);
    CHECK_OK(natsConnection_Flush(asleep));

    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetReceiveBusyPoll(opts, 1000000));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    CHECK_OK(natsConnection_Flush(nc));
    /* A single processor has nothing to spare for it. */
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
        CHECK_SOON(looks_after_a_message(from, &c));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(asleep);
    natsConnection_Destroy(from);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(destroy_and_wait),
        TEST(destroy_and_wait_for_ever),
        TEST(destroy_and_wait_times_out),
        TEST(not_inside_its_own_callbacks),
        TEST(released_callback),
        TEST(reconnect_delay_is_a_callback_too),
        TEST(released_callback_with_destroy_and_wait),
        TEST(server_identity),
        TEST(server_identity_of_a_real_server),
        TEST(subscription_count),
        TEST(pending_bytes),
        TEST(receive_busy_poll),
    };

    return RUN_TESTS(cases, argc, argv);
}
