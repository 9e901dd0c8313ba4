/* Publishes that no server accepts are not repeated for ever. */
#include <sys/socket.h>

#include <poll.h>

#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

enum { BIG = 8000000, TAKES = 100000 };

/* A server on a thread of its own that ends each link after so many bytes. */
typedef struct grinder {
    peer p;
    int takes;
    counter links;  /* accepted */
    counter smalls; /* publishes to "small" that came whole */
} grinder;

static bool contains(const char *bytes, size_t length, const char *text) {
    return memmem(bytes, length, text, strlen(text)) != NULL;
}

static void play_grinder(peer *p, void *arg) {
    grinder *g = (grinder *)arg;

    for (;;) {
        char buffer[65536];
        long got = 0;
        ssize_t n;
        int client = accept(p->listener, NULL, NULL);
        const char *info = "INFO {\"server_id\":\"F\",\"version\":\"2.10.0\",\"proto\":1,\"headers\":true,"
                           "\"max_payload\":16777216}\r\n";

        if (client < 0)
            return;
        counter_add(&g->links, 1);
        if (send(client, info, strlen(info), MSG_NOSIGNAL) > 0) {
            while (got <= g->takes && (n = recv(client, buffer, sizeof(buffer), 0)) > 0) {
                got += n;
                if (contains(buffer, (size_t)n, "PING\r\n"))
                    (void)!send(client, "PONG\r\n", 6, MSG_NOSIGNAL);
                if (contains(buffer, (size_t)n, "PUB small 1\r\nx\r\n"))
                    counter_add(&g->smalls, 1);
            }
        }
        close(client);
    }
}

static void grinder_start(grinder *g, int takes) {
    memset(g, 0, sizeof(*g));
    counter_init(&g->links);
    counter_init(&g->smalls);
    g->takes = takes;
    peer_open(&g->p);
    peer_run(&g->p, play_grinder, g);
}

static void publish_too_much(bool direct) {
    static char data[BIG];
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    static grinder g;

    grinder_start(&g, TAKES);
    opts = options_recorded(g.p.url, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 3));
    nc = test_connect(opts);
    if (direct) {
        CHECK_OK(natsConnection_Publish(nc, "big", data, BIG));
    } else {
        natsMsg *msg = NULL;

        /* The headers are copied, so that it goes through the buffer. */
        CHECK_OK(natsMsg_Create(&msg, "big", NULL, data, 20000));
        data[BIG - 1] = '\0';
        memset(data, 'x', BIG - 1);
        CHECK_OK(natsMsgHeader_Set(msg, "Key", data));
        CHECK_OK(natsConnection_PublishMsg(nc, msg));
        natsMsg_Destroy(msg);
    }
    CHECK_OK(natsConnection_PublishString(nc, "small", "x"));
    CHECK_REACHED(&g.smalls, 1);
    CHECK_REACHED(&c.errors, 1);
    CHECK_INT(c.statuses[0], NATS_MAX_PAYLOAD);
    CHECK_CONTAINS(c.error_texts[0], "'big'");
    CHECK_CONTAINS(c.error_texts[0], "3 times");
    CHECK_INT(counter_get(&g.links), 4);
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_OK(natsConnection_Drain(nc));
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&c.errors), 1);
    CHECK_INT(counter_get(&g.smalls), 1);
    natsConnection_Destroy(nc);
    peer_close(&g.p);
}

static void publish_that_breaks_the_link(void) { publish_too_much(true); }

static void buffered_publish_that_breaks_the_link(void) { publish_too_much(false); }

#define ROOMY "INFO {\"server_id\":\"F\",\"headers\":true,\"max_payload\":33554432}\r\n"

/* The program's own wish for another connection is no fault of what is being sent. */
static void reconnects_of_the_program_do_not_count(void) {
    static char data[2 * BIG]; /* more than the kernel takes while nobody reads */
    natsConnection *nc;
    static closure c;
    peer p;
    int i;

    peer_open(&p);
    peer_run(&p, peer_handshake, (void *)ROOMY);
    nc = test_connect(options_recorded(p.url, &c));
    peer_join(&p);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_OK(natsConnection_Publish(nc, "big", data, 2 * BIG));
    for (i = 0; i < 5; i++) {
        CHECK(peer_shake_hands(&p, ROOMY));
        CHECK_REACHED(&c.reconnected, i + 1);
        CHECK(peer_expect(&p, "PUB big 16000000\r\n"));
        CHECK_OK(natsConnection_Reconnect(nc));
        CHECK_REACHED(&c.disconnected, i + 2);
    }
    CHECK(peer_shake_hands(&p, ROOMY));
    CHECK(peer_expect(&p, "PUB big 16000000\r\n"));
    CHECK_INT(counter_get(&c.errors), 0);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* A real server comes back with a smaller limit. */
static void server_takes_less_after_a_restart(void) {
    static char data[300000];
    natsConnection *nc;
    natsSubscription *sub = NULL;
    char text[256];
    static closure c;
    server big, less;
    int i, port;

    server_run(&big);
    port = big.port;
    nc = test_connect(options_recorded(big.url, &c));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "small"));
    CHECK_OK(natsConnection_Flush(nc));
    server_kill(&big);
    CHECK_REACHED(&c.disconnected, 1);
    for (i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "big.%d", i);
        CHECK_OK(natsConnection_Publish(nc, text, data, 200001 + i));
        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(nc, "small", text));
    }
    server_start_on(&less, port, "max_payload: 100000\n", NULL);
    CHECK_REACHED(&c.reconnected, 1);
    for (i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "%d", i);
        test_expect_next(sub, text);
    }
    CHECK_REACHED(&c.errors, 3);
    for (i = 0; i < 3; i++) {
        CHECK_INT(c.statuses[i], NATS_MAX_PAYLOAD);
        snprintf(text, sizeof(text), "'big.%d'", i);
        CHECK_CONTAINS(c.error_texts[i], text);
        snprintf(text, sizeof(text), "%d", 200001 + i);
        CHECK_CONTAINS(c.error_texts[i], text);
        CHECK_CONTAINS(c.error_texts[i], "100000");
    }
    CHECK_STATUS(natsConnection_Publish(nc, "big", data, 100001), NATS_MAX_PAYLOAD);
    CHECK_OK(natsConnection_Publish(nc, "big", data, 100000));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_INT(counter_get(&c.disconnected), 1);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&less);
    server_stop(&big);
}

/* An INFO in between says that the server takes less from now on: what waits is held against that too. */
static void server_takes_less_while_connected(void) {
    natsConnection *nc;
    natsOptions *opts;
    char data[1000];
    static closure c;
    peer p;

    memset(data, 'x', sizeof(data));
    peer_open(&p);
    opts = options_recorded(p.url, &c);
    nc = peer_connect(&p, opts);
    CHECK_OK(natsConnection_Publish(nc, "fits", data, 1000));
    CHECK(peer_expect(&p, "PUB fits 1000\r\n"));
    CHECK(peer_send(&p, "INFO {\"server_id\":\"F\",\"headers\":true,\"max_payload\":100}\r\n"));
    CHECK_SOON(natsConnection_GetMaxPayload(nc) == 100);
    CHECK_STATUS(natsConnection_Publish(nc, "foo", data, 101), NATS_MAX_PAYLOAD);
    CHECK(peer_send(&p, "INFO {\"server_id\":\"F\",\"headers\":true,\"max_payload\":-1}\r\n"));
    CHECK_SOON(natsConnection_GetMaxPayload(nc) < 0);
    CHECK_OK(natsConnection_Publish(nc, "foo", data, 1000));
    CHECK(peer_expect(&p, "PUB foo 1000\r\n"));
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* Below 0 there is no limit. */
static void negative_limit_is_none(void) {
    static char data[2000000];
    natsConnection *nc;
    static closure c;
    peer p;

    peer_open(&p);
    peer_run(&p, peer_handshake,
             (void *)"INFO {\"server_id\":\"F\",\"headers\":true,\"max_payload\":-1}\r\n");
    nc = test_connect(options_recorded(p.url, &c));
    peer_join(&p);
    CHECK_OK(natsConnection_Publish(nc, "foo", data, 20000));
    CHECK(peer_expect(&p, "PUB foo 20000\r\n"));
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* What has headers is not for a server without them, which would end the link for it. */
static void server_knows_no_headers_after_a_restart(void) {
    natsConnection *nc;
    natsMsg *msg = NULL;
    static closure c;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, options_recorded(p.url, &c));
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_REACHED(&c.disconnected, 1);
    msg = test_msg("with", NULL, "x");
    CHECK_OK(natsMsgHeader_Set(msg, "Key", "value"));
    CHECK_OK(natsConnection_PublishMsg(nc, msg));
    natsMsg_Destroy(msg);
    CHECK_OK(natsConnection_PublishString(nc, "without", "x"));
    peer_listen_again(&p);
    CHECK(peer_shake_hands(&p, "INFO {\"server_id\":\"F\",\"headers\":false,\"max_payload\":1000}\r\n"));
    CHECK(peer_expect(&p, "PUB without 1\r\nx\r\n"));
    CHECK(!peer_received(&p, "HPUB"));
    CHECK_REACHED(&c.errors, 1);
    CHECK_INT(c.statuses[0], NATS_NO_SERVER_SUPPORT);
    CHECK_CONTAINS(c.error_texts[0], "'with'");
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static int64_t no_delay(natsConnection *nc, int attempts, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    if (attempts != counter_get(&c->entered) + 1)
        counter_add(&c->wrong, 1);
    counter_add(&c->entered, 1);
    return 20;
}

/* Servers that end each link right after the handshake: those are no successes, so the attempts are counted, and
 * each has the full pause before it, though there is another server in the list. */
static void links_that_end_after_the_handshake(void) {
    enum { ATTEMPTS = 3 };
    natsConnection *nc;
    natsOptions *opts;
    const char *urls[2];
    const char *error = NULL;
    static closure c, delay;
    static grinder a, b;

    closure_init(&delay);
    grinder_start(&a, 0);
    grinder_start(&b, 0);
    urls[0] = a.p.url;
    urls[1] = b.p.url;
    opts = options_recorded(NULL, &c);
    CHECK_OK(natsOptions_SetServers(opts, urls, 2));
    CHECK_OK(natsOptions_SetNoRandomize(opts, true));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, ATTEMPTS));
    CHECK_OK(natsOptions_SetCustomReconnectDelay(opts, no_delay, &delay));
    nc = test_connect(opts);
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&a.links) + counter_get(&b.links), 1 + 2 * ATTEMPTS);
    CHECK_INT(counter_get(&delay.entered), 2 * ATTEMPTS);
    CHECK_INT(counter_get(&delay.wrong), 0);
    CHECK_STATUS(natsConnection_GetLastError(nc, &error), NATS_NO_SERVER);
    natsConnection_Destroy(nc);
    peer_close(&a.p);
    peer_close(&b.p);
}

/* One that lasted for a second is a success: the attempts begin anew. */
static void links_that_last_are_successes(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    peer p;
    int i;

    peer_open(&p);
    opts = options_recorded(p.url, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, 1));
    nc = peer_connect(&p, opts);
    for (i = 0; i < 3; i++) {
        int64_t until = now_ms() + 1200;

        while (now_ms() < until)
            poll_pause();
        peer_hang_up(&p);
        CHECK(peer_shake_hands(&p, NULL));
        CHECK_REACHED(&c.reconnected, i + 1);
    }
    CHECK_INT(counter_get(&c.closed), 0);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(publish_that_breaks_the_link),
        TEST(buffered_publish_that_breaks_the_link),
        TEST(reconnects_of_the_program_do_not_count),
        TEST(server_takes_less_after_a_restart),
        TEST(server_takes_less_while_connected),
        TEST(negative_limit_is_none),
        TEST(server_knows_no_headers_after_a_restart),
        TEST(links_that_end_after_the_handshake),
        TEST(links_that_last_are_successes),
    };

    return RUN_TESTS(cases, argc, argv);
}
