/* The end of a subscription with a maximum: the server ends it by itself, and the client sends no second UNSUB.
 * (nats.c sends it in most of these cases, which is harmless.) A scripted peer checks the bytes on the wire. */
#include "callbacks.h"
#include "peer_fixture.h"

typedef struct last {
    closure c;
    natsStatus (*act)(natsConnection *nc, natsSubscription *sub); /* in the callback of message number at */
    int at;
} last;

static void on_last(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    last *l = (last *)arg;
    counter *messages = &l->c.messages;

    natsMsg_Destroy(msg);
    if (counter_get(messages) + 1 == l->at)
        l->c.result = (int)l->act(nc, sub);
    counter_add(messages, 1);
}

static natsStatus destroy_sub(natsConnection *nc, natsSubscription *sub) {
    (void)nc;
    natsSubscription_Destroy(sub);
    return NATS_OK;
}

static natsStatus destroy_conn(natsConnection *nc, natsSubscription *sub) {
    (void)sub;
    natsConnection_Destroy(nc);
    return NATS_OK;
}

static natsStatus close_conn(natsConnection *nc, natsSubscription *sub) {
    (void)sub;
    natsConnection_Close(nc);
    return NATS_OK;
}

static natsStatus unsubscribe(natsConnection *nc, natsSubscription *sub) {
    (void)nc;
    return natsSubscription_Unsubscribe(sub);
}

static natsStatus unsubscribe_at_once(natsConnection *nc, natsSubscription *sub) {
    (void)nc;
    return natsSubscription_AutoUnsubscribe(sub, 0);
}

static natsStatus fewer(natsConnection *nc, natsSubscription *sub) {
    (void)nc;
    return natsSubscription_AutoUnsubscribe(sub, 1);
}

static natsStatus more(natsConnection *nc, natsSubscription *sub) {
    (void)nc;
    return natsSubscription_AutoUnsubscribe(sub, 9);
}

static natsStatus drain_sub(natsConnection *nc, natsSubscription *sub) {
    (void)nc;
    return natsSubscription_Drain(sub);
}

static natsStatus drain_conn(natsConnection *nc, natsSubscription *sub) {
    (void)sub;
    return natsConnection_Drain(nc);
}

/* The server ends the subscription after two messages, and this is called in the second callback. What was told
 * of the subscription is in the answer to the PING that comes after that, or at the end of the connection. */
static void in_the_last_callback(natsStatus (*act)(natsConnection *, natsSubscription *)) {
    bool over = act == destroy_conn || act == close_conn || act == drain_conn;
    natsSubscription *sub = NULL;
    static peer_fixture f;
    static last l;

    closure_init(&l.c);
    l.act = act;
    l.at = 2;
    peer_fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "bar", on_last, &l));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 2));
    CHECK(peer_expect(&f.p, "SUB bar  2\r\nUNSUB 2 2\r\n"));
    CHECK(peer_send(&f.p, "MSG bar 2 1\r\na\r\nMSG bar 2 1\r\nb\r\n"));
    CHECK_REACHED(&l.c.messages, over ? 1 : 2);
    if (act == drain_conn) {
        CHECK(peer_expect(&f.p, "PING\r\n"));
        CHECK(peer_send(&f.p, "PONG\r\n"));
        CHECK(peer_expect(&f.p, "PING\r\n"));
        CHECK(peer_send(&f.p, "PONG\r\n"));
    }
    if (over)
        CHECK(peer_expect_end(&f.p));
    else {
        CHECK_OK(natsConnection_PublishString(f.nc, "over", "x"));
        CHECK(peer_expect(&f.p, "PUB over 1\r\nx\r\n"));
    }
    CHECK_REACHED(&l.c.messages, 2);
    if (act == unsubscribe_at_once || act == fewer || act == more)
        CHECK(l.c.result == NATS_OK);
    CHECK(!peer_received(&f.p, "UNSUB 2 \r\n"));
    CHECK(!peer_received(&f.p, "UNSUB 2 9\r\n"));
    if (act != destroy_sub) {
        natsSubscription_Destroy(sub);
        if (!over) {
            CHECK_OK(natsConnection_PublishString(f.nc, "over", "y"));
            CHECK(peer_expect(&f.p, "PUB over 1\r\ny\r\n"));
            CHECK(!peer_received(&f.p, "UNSUB 2 \r\n"));
        }
    }
    if (act == destroy_conn) {
        natsSubscription_Destroy(f.sub);
        CHECK_REACHED(&f.c.closed, 1);
        peer_close(&f.p);
    } else
        peer_fixture_end(&f);
}

static void destroy_subscription(void) { in_the_last_callback(destroy_sub); }
static void destroy_connection(void) { in_the_last_callback(destroy_conn); }
static void close_connection(void) { in_the_last_callback(close_conn); }
static void unsubscribe_in_last(void) { in_the_last_callback(unsubscribe); }
static void unsubscribe_at_once_in_last(void) { in_the_last_callback(unsubscribe_at_once); }
static void lower_maximum_in_last(void) { in_the_last_callback(fewer); }
static void higher_maximum_in_last(void) { in_the_last_callback(more); }
static void drain_in_last(void) { in_the_last_callback(drain_sub); }
static void drain_connection_in_last(void) { in_the_last_callback(drain_conn); }

/* Before the last one the server has to be told. */
static void destroy_before_the_last(void) {
    natsSubscription *sub = NULL;
    static peer_fixture f;
    static last l;

    closure_init(&l.c);
    l.act = destroy_sub;
    l.at = 1;
    peer_fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "bar", on_last, &l));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 2));
    CHECK(peer_expect(&f.p, "SUB bar  2\r\nUNSUB 2 2\r\n"));
    CHECK(peer_send(&f.p, "MSG bar 2 1\r\na\r\n"));
    CHECK(peer_expect(&f.p, "UNSUB 2 \r\n"));
    peer_fixture_end(&f);
}

/* The same without a callback. */
static void next_msg_reaches_the_maximum(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "bar"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 2));
    CHECK(peer_expect(&f.p, "SUB bar  2\r\nUNSUB 2 2\r\n"));
    CHECK(peer_send(&f.p, "MSG bar 2 1\r\na\r\nMSG bar 2 1\r\nb\r\n"));
    test_expect_next(sub, "a");
    test_expect_next(sub, "b");
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_MAX_DELIVERED_MSGS);
    CHECK_STATUS(natsSubscription_Unsubscribe(sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_Drain(sub), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_PublishString(f.nc, "over", "x"));
    CHECK(peer_expect(&f.p, "PUB over 1\r\nx\r\n"));
    CHECK(!peer_received(&f.p, "UNSUB 2 \r\n"));
    peer_fixture_end(&f);
}

/* All has come, and nothing of it was looked at: the server is not told of what it has ended. */
static void destroyed_with_all_of_it_waiting(void) {
    natsSubscription *sub = NULL;
    static peer_fixture f;
    int waiting = 0;

    peer_fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "bar"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 2));
    CHECK(peer_expect(&f.p, "SUB bar  2\r\nUNSUB 2 2\r\n"));
    CHECK(peer_send(&f.p, "MSG bar 2 1\r\na\r\nMSG bar 2 1\r\nb\r\n"));
    CHECK_SOON(natsSubscription_GetPending(sub, &waiting, NULL) == NATS_OK && waiting == 2);
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_PublishString(f.nc, "over", "x"));
    CHECK(peer_expect(&f.p, "PUB over 1\r\nx\r\n"));
    CHECK(!peer_received(&f.p, "UNSUB 2 \r\n"));
    peer_fixture_end(&f);
}

/* Another server begins to count at its SUB. Messages of the old one that waited bring the end before it is
 * there, and it has to be told; and a maximum is told to it without what was delivered before. */
static void after_a_reconnect_the_server_counts_anew(void) {
    natsSubscription *sub = NULL;
    static peer_fixture f;
    int waiting = 0;

    peer_fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "bar"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 5));
    CHECK(peer_expect(&f.p, "SUB bar  2\r\nUNSUB 2 5\r\n"));
    CHECK(peer_send(&f.p, "MSG bar 2 1\r\na\r\nMSG bar 2 1\r\nb\r\nMSG bar 2 1\r\nc\r\n"));
    test_expect_next(sub, "a");
    CHECK_SOON(natsSubscription_GetPending(sub, &waiting, NULL) == NATS_OK && waiting == 2);
    peer_hang_up(&f.p);
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK(peer_shake_hands(&f.p, NULL));
    CHECK_REACHED(&f.c.reconnected, 1);
    CHECK_OK(natsConnection_PublishString(f.nc, "over", "x"));
    CHECK(peer_expect(&f.p, "PUB over 1\r\nx\r\n"));
    CHECK(peer_received(&f.p, "SUB bar  2\r\nUNSUB 2 4\r\n"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 4));
    CHECK(peer_expect(&f.p, "UNSUB 2 3\r\n"));
    CHECK(peer_send(&f.p, "MSG bar 2 1\r\nd\r\n"));
    test_expect_next(sub, "b");
    test_expect_next(sub, "c");
    test_expect_next(sub, "d");
    CHECK(!natsSubscription_IsValid(sub));
    CHECK(peer_expect(&f.p, "UNSUB 2 \r\n"));
    natsSubscription_Destroy(sub);
    peer_fixture_end(&f);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(destroy_subscription),
        TEST(destroy_connection),
        TEST(close_connection),
        TEST(unsubscribe_in_last),
        TEST(unsubscribe_at_once_in_last),
        TEST(lower_maximum_in_last),
        TEST(higher_maximum_in_last),
        TEST(drain_in_last),
        TEST(drain_connection_in_last),
        TEST(destroy_before_the_last),
        TEST(next_msg_reaches_the_maximum),
        TEST(destroyed_with_all_of_it_waiting),
        TEST(after_a_reconnect_the_server_counts_anew),
    };
    return RUN_TESTS(cases, argc, argv);
}
