/* Draining connections whose server answers nothing. A suite of its own, because it only waits: twenty seconds, during which
 * other suites run. */
#include "drain.h"
#include "peer_fixture.h"

/* Connects to a server that answers nothing from then on. */
static natsConnection *connect_to_silent(peer *p, closure *c) {
    natsOptions *opts;

    closure_init(c);
    peer_open(p);
    opts = test_options(p->url);
    options_record(opts, c);
    return peer_connect(p, opts);
}

/* A drain without a limit, and a server that answers nothing: each flush has its ten seconds. */
static void silent_server_ends_it(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c, messages;
    char order[256];
    peer p;

    closure_init(&messages);
    nc = connect_to_silent(&p, &c);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
    CHECK_OK(natsConnection_DrainTimeout(nc, 0));
    CHECK(counter_wait(&c.errors, 1, 10000 + deadline_ms()));
    CHECK_CONTAINS(c.error_texts[0], "unable to flush all subscriptions UNSUB protocols");
    CHECK(counter_wait(&c.closed, 1, 10000 + deadline_ms()));
    CHECK_CONTAINS(c.error_texts[1], "unable to flush publish calls");
    CHECK_INT(c.statuses[1], NATS_TIMEOUT);
    CHECK_STR(closure_order(&c, order), "EEDC");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* The same with a limit, and with or without a subscription. */
static void silent_server_and_a_time_limit(void) {
    int subscribed;

    for (subscribed = 0; subscribed < 2; subscribed++) {
        natsConnection *nc;
        natsSubscription *sub = NULL;
        static closure c, messages;
        char order[256];
        peer p;

        closure_init(&messages);
        nc = connect_to_silent(&p, &c);
        if (subscribed)
            CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &messages));
        CHECK_OK(natsConnection_DrainTimeout(nc, 50));
        CHECK_REACHED(&c.closed, 1);
        CHECK_STR(closure_order(&c, order), "EEDC");
        CHECK_CONTAINS(c.error_texts[0], "unable to flush all subscriptions UNSUB protocols");
        CHECK_CONTAINS(c.error_texts[1], subscribed ? "timeout waiting for subscriptions to drain"
                                                    : "unable to flush publish calls");
        natsSubscription_Destroy(sub);
        natsConnection_Destroy(nc);
        peer_close(&p);
    }
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(silent_server_ends_it),
        TEST(silent_server_and_a_time_limit),
    };

    return RUN_TESTS(cases, argc, argv);
}
