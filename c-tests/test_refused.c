/* Subscriptions that the server refuses: reported once, and not sent again until the program acts. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static void too_many_for_a_real_server(void) {
    enum { SUBS = 4, MOST = 2 };
    natsConnection *nc;
    natsSubscription *subs[SUBS] = {NULL};
    natsMsg *msg = NULL;
    char subject[16];
    static closure c;
    server s;
    int i;

    server_start(&s, "max_subscriptions: 2\n", NULL);
    nc = test_connect(options_recorded(s.url, &c));
    for (i = 0; i < SUBS; i++) {
        snprintf(subject, sizeof(subject), "s.%d", i);
        CHECK_OK(natsConnection_SubscribeSync(&subs[i], nc, subject));
        CHECK_OK(natsConnection_Flush(nc));
    }
    CHECK_REACHED(&c.errors, SUBS - MOST);
    for (i = 0; i < SUBS - MOST; i++) {
        CHECK_INT(c.statuses[i], NATS_ERR);
        CHECK_CONTAINS(c.error_texts[i], "maximum subscriptions exceeded");
        CHECK(c.subscriptions[i] == subs[MOST + i]);
    }
    /* It stays connected, and what was taken works; so it does after a reconnect, when nothing is told again. */
    for (i = 1; i <= 2; i++) {
        int n;

        for (n = 0; n < MOST; n++) {
            snprintf(subject, sizeof(subject), "s.%d", n);
            CHECK_OK(natsConnection_PublishString(nc, subject, "x"));
            test_expect_next(subs[n], "x");
        }
        CHECK_INT(counter_get(&c.disconnected), i - 1);
        CHECK_INT(counter_get(&c.errors), SUBS - MOST);
        server_kill(&s);
        CHECK_REACHED(&c.disconnected, i);
        server_restart(&s);
        CHECK_REACHED(&c.reconnected, i);
        CHECK_OK(natsConnection_Flush(nc));
    }
    /* Room is made by the end of another one. */
    natsSubscription_Destroy(subs[0]);
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 3);
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 3);
    CHECK_OK(natsConnection_PublishString(nc, "s.2", "room"));
    test_expect_next(subs[2], "room");
    CHECK_STATUS(natsSubscription_NextMsg(&msg, subs[3], 1), NATS_TIMEOUT);
    for (i = 1; i < SUBS; i++)
        natsSubscription_Destroy(subs[i]);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* The same with all of them sent at once: by number it is clear which ones were refused. */
static void many_too_many_at_once(void) {
    enum { SUBS = 20, MOST = 15 };
    natsConnection *nc;
    natsSubscription *subs[SUBS] = {NULL};
    char subject[16];
    static closure c;
    server s;
    int i;

    server_start(&s, "max_subscriptions: 15\n", NULL);
    nc = test_connect(options_recorded(s.url, &c));
    for (i = 0; i < SUBS; i++) {
        snprintf(subject, sizeof(subject), "s.%d", i);
        CHECK_OK(natsConnection_SubscribeSync(&subs[i], nc, subject));
    }
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_REACHED(&c.errors, 1);
    server_kill(&s);
    CHECK_REACHED(&c.disconnected, 1);
    counter_set(&c.errors, 0);
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 1);
    for (i = 0; i < MOST; i++) {
        snprintf(subject, sizeof(subject), "s.%d", i);
        CHECK_OK(natsConnection_PublishString(nc, subject, "x"));
        test_expect_next(subs[i], "x");
    }
    CHECK_INT(counter_get(&c.errors), 0);
    for (i = 0; i < SUBS; i++)
        natsSubscription_Destroy(subs[i]);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* A request whose answer cannot be subscribed to is told so, and the next one tries anew. */
static void subscription_for_answers(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL, *answers = NULL;
    natsMsg *msg = NULL;
    static closure c, service;
    server s;

    closure_init(&service);
    server_start(&s, "max_subscriptions: 2\n", NULL);
    nc = test_connect(options_recorded(s.url, &c));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "service", on_request, &service));
    CHECK_OK(natsConnection_SubscribeSync(&answers, nc, "other"));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_STATUS(natsConnection_RequestString(&msg, nc, "service", "x", deadline_ms()), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "maximum subscriptions exceeded");
    CHECK_REACHED(&c.errors, 1);
    CHECK_OK(natsSubscription_Unsubscribe(answers));
    CHECK_OK(natsConnection_RequestString(&msg, nc, "service", "y", deadline_ms()));
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(answers);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static natsOptions *reconnect_on_error(natsOptions *opts) {
    CHECK_OK(natsOptions_SetReconnectOnProtocolError(opts, true));
    return opts;
}

/* A line that is too long ends each link: the second time it is clear which it was. */
static void line_that_is_too_long(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL, *lengthy = NULL;
    char subject[2001];
    static closure c;
    server s;

    memset(subject, 'x', sizeof(subject) - 1);
    subject[sizeof(subject) - 1] = '\0';
    server_start(&s, "max_control_line: 1000\n", NULL);
    nc = test_connect(reconnect_on_error(options_recorded(s.url, &c)));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "fine"));
    CHECK_OK(natsConnection_SubscribeSync(&lengthy, nc, subject));
    CHECK_REACHED(&c.errors, 2);
    CHECK_CONTAINS(c.error_texts[0], "maximum control line exceeded");
    CHECK_CONTAINS(c.error_texts[1], "maximum control line exceeded");
    CHECK(c.subscriptions[1] == lengthy);
    CHECK_REACHED(&c.reconnected, 2);
    CHECK_OK(natsConnection_PublishString(nc, "fine", "x"));
    test_expect_next(sub, "x");
    CHECK_INT(counter_get(&c.errors), 2);
    CHECK_INT(counter_get(&c.disconnected), 2);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(lengthy);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* Publishes whose lines are too long end links, too: no subscription that is sent in front of them is blamed. */
static void publish_with_a_line_that_is_too_long(void) {
    enum { ROUNDS = 4 };
    natsConnection *nc;
    natsSubscription *sub = NULL;
    char subject[2001];
    static closure c;
    server s;
    int i;

    memset(subject, 'x', sizeof(subject) - 1);
    subject[sizeof(subject) - 1] = '\0';
    server_start(&s, "max_control_line: 1000\n", NULL);
    nc = test_connect(reconnect_on_error(options_recorded(s.url, &c)));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "fine"));
    CHECK_OK(natsConnection_Flush(nc));
    for (i = 1; i <= ROUNDS; i++) {
        /* It waits for the next server, and follows the subscriptions at once. */
        server_kill(&s);
        CHECK_REACHED(&c.disconnected, 2 * i - 1);
        CHECK_OK(natsConnection_PublishString(nc, subject, "x"));
        server_restart(&s);
        CHECK_REACHED(&c.errors, i);
        CHECK_CONTAINS(c.error_texts[i - 1], "maximum control line exceeded");
        CHECK(c.subscriptions[i - 1] == NULL);
        CHECK_REACHED(&c.reconnected, 2 * i);
        CHECK_OK(natsConnection_PublishString(nc, "fine", "y"));
        test_expect_next(sub, "y");
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* The program asks for another connection: all are sent again. */
static void reconnect_sends_all(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, options_recorded(p.url, &c));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK(peer_expect(&p, "SUB foo  1\r\n"));
    CHECK(peer_send(&p, "-ERR 'maximum subscriptions exceeded'\r\n"));
    CHECK(peer_expect(&p, "PING\r\n"));
    CHECK(peer_send(&p, "PONG\r\nPING\r\n"));
    CHECK(peer_expect(&p, "PONG\r\n"));
    peer_hang_up(&p);
    CHECK(peer_shake_hands(&p, NULL));
    CHECK(peer_expect(&p, "PING\r\n"));
    CHECK(!peer_received(&p, "SUB foo"));
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK(peer_shake_hands(&p, NULL));
    CHECK(peer_expect(&p, "SUB foo  1\r\n"));
    CHECK_INT(counter_get(&c.errors), 1);
    natsSubscription_Destroy(sub);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(too_many_for_a_real_server),
        TEST(many_too_many_at_once),
        TEST(subscription_for_answers),
        TEST(line_that_is_too_long),
        TEST(publish_with_a_line_that_is_too_long),
        TEST(reconnect_sends_all),
    };

    return RUN_TESTS(cases, argc, argv);
}
