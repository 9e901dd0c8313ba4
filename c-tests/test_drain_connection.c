/* Draining connections. */
#include "drain.h"
#include "peer_fixture.h"

static void connection(void) {
    natsSubscription *subs[3], *sub = NULL, *receiver = NULL;
    static closure c[3];
    char text[64], order[256];
    static drain_world f;
    int i;

    drain_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&receiver, f.other, "out"));
    for (i = 0; i < 3; i++) {
        closure_init(&c[i]);
        CHECK_OK(natsConnection_Subscribe(&subs[i], f.nc, "foo", on_blocked, &c[i]));
        CHECK_OK(natsSubscription_SetOnCompleteCB(subs[i], on_complete, &c[i]));
    }
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 20);
    for (i = 0; i < 3; i++)
        CHECK_REACHED(&c[i].entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK(natsConnection_IsDraining(f.nc));
    CHECK_INT(natsConnection_Status(f.nc), NATS_CONN_STATUS_DRAINING_SUBS);
    CHECK(!natsConnection_IsClosed(f.nc));
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_STATUS(natsConnection_SubscribeSync(&sub, f.nc, "bar"), NATS_DRAINING);
    CHECK_STATUS(natsSubscription_Drain(subs[0]), NATS_DRAINING);
    CHECK_OK(natsConnection_PublishString(f.nc, "out", "still publishing"));
    CHECK_OK(natsConnection_GetConnectedUrl(f.nc, text, sizeof(text)));
    CHECK_STR(text, "");
    for (i = 0; i < 3; i++)
        counter_set(&c[i].gate, 1);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_STR(closure_order(&f.c, order), "DC");
    for (i = 0; i < 3; i++) {
        CHECK_INT(counter_get(&c[i].messages), 20);
        CHECK_REACHED(&c[i].completed, 1);
        CHECK_OK(natsSubscription_DrainCompletionStatus(subs[i]));
        natsSubscription_Destroy(subs[i]);
    }
    test_expect_next(receiver, "still publishing");
    CHECK_STATUS(natsConnection_PublishString(f.nc, "out", "x"), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_Drain(f.nc), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsConnection_Drain(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_DrainTimeout(NULL, 10), NATS_INVALID_ARG);
    natsSubscription_Destroy(receiver);
    drain_end(&f);
}

static void connection_without_subscriptions(void) {
    natsSubscription *receiver = NULL;
    static drain_world f;
    int i;

    drain_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&receiver, f.other, "out"));
    CHECK_OK(natsConnection_Flush(f.other));
    for (i = 0; i < 1000; i++)
        CHECK_OK(natsConnection_PublishString(f.nc, "out", "x"));
    CHECK_OK(natsConnection_DrainTimeout(f.nc, 0));
    CHECK_REACHED(&f.c.closed, 1);
    for (i = 0; i < 1000; i++)
        test_expect_next(receiver, "x");
    natsSubscription_Destroy(receiver);
    drain_end(&f);
}

static void connection_times_out(void) {
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_DrainTimeout(f.nc, 50));
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_TIMEOUT);
    CHECK_CONTAINS(f.c.error_texts[0], "Drain error: timeout waiting for subscriptions to drain");
    CHECK_REACHED(&f.c.closed, 1);
    counter_set(&c.gate, 1);
    CHECK_STR(closure_order(&f.c, order), "EDC");
    CHECK_SOON(natsSubscription_DrainCompletionStatus(sub) == NATS_TIMEOUT);
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void close_stops_it(void) {
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    natsConnection_Close(f.nc);
    CHECK(natsConnection_IsClosed(f.nc));
    CHECK_REACHED(&f.c.closed, 1);
    closure_order(&f.c, order);
    CHECK(order[0] == 'D' && strchr(order, 'C') != NULL); /* an error of the drain may be between them */
    counter_set(&c.gate, 1);
    CHECK_SOON(natsSubscription_DrainCompletionStatus(sub) == NATS_CONNECTION_CLOSED);
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void loss_while_draining_closes(void) {
    natsSubscription *sub = NULL;
    static closure c;
    char order[256];
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    server_kill(&f.s);
    CHECK_REACHED(&f.c.closed, 1);
    closure_order(&f.c, order);
    CHECK(order[0] == 'D' && strchr(order, 'C') != NULL); /* an error of the drain may be between them */
    CHECK_INT(counter_get(&f.c.reconnected), 0);
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.messages, 1);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void on_the_wire(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    peer p;

    closure_init(&c);
    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    CHECK(peer_expect(&p, "SUB foo  1\r\n"));
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK(peer_expect(&p, "UNSUB 1 \r\n"));
    CHECK(peer_expect(&p, "PING\r\n"));
    CHECK(peer_send(&p, "MSG foo 1 2\r\nhi\r\nPONG\r\n")); /* on its way when the UNSUB came */
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void drained_connection_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg,
                                           void *arg) {
    (void)sub;
    natsMsg_Destroy(msg);
    if (counter_get(&((closure *)arg)->messages) == 0 && natsConnection_Drain(nc) != NATS_OK)
        counter_add(&((closure *)arg)->wrong, 1);
    counter_add(&((closure *)arg)->messages, 1);
}

static void connection_in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", drained_connection_in_callback, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_OK(natsConnection_PublishString(f.other, "foo", "x"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(connection),
        TEST(connection_without_subscriptions),
        TEST(connection_times_out),
        TEST(close_stops_it),
        TEST(loss_while_draining_closes),
        TEST(on_the_wire),
        TEST(connection_in_own_callback),
    };

    return RUN_TESTS(cases, argc, argv);
}
