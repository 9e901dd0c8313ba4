/* A callback that is ready is started, even if other callbacks block and the server sends nothing more: the peer
 * sends only what the test requests. */
#include "callbacks.h"
#include "peer.h"
#include "test.h"

enum { SUBSCRIPTIONS = 5, ROUNDS = 10 };

/* What the callbacks of one round share. */
typedef struct round {
    peer p;
    natsConnection *nc;
    natsSubscription *subs[SUBSCRIPTIONS];
    closure c;
} round;

static void on_anything(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    closure_pass_gate((closure *)arg);
}

/* One message for each subscription. */
static size_t messages(char *text, size_t size) {
    size_t n = 0;
    int i;

    for (i = 0; i < SUBSCRIPTIONS; i++)
        n += (size_t)snprintf(text + n, size - n, "MSG s%d %d 1\r\nx\r\n", i, i + 1);
    return n;
}

/* The messages come right before a PONG, so that who waits for that one reads them. */
static void before_the_pong(peer *p, void *arg) {
    char text[512];
    size_t n = messages(text, sizeof(text));

    (void)arg;
    snprintf(text + n, sizeof(text) - n, "PONG\r\n");
    if (peer_expect(p, "PING\r\n"))
        peer_send(p, text);
}

/* And right before the answer to a request. */
static void before_the_answer(peer *p, void *arg) {
    char text[1024], reply[256] = "";
    const char *at;
    size_t n = messages(text, sizeof(text));
    int sid = 0;

    (void)arg;
    if (!peer_expect(p, "PUB ask ") || !peer_expect(p, "\r\n"))
        return;
    at = strstr(p->bytes, "SUB _INBOX.");
    if (at == NULL || sscanf(at, "SUB %*s %d", &sid) != 1)
        return;
    if (sscanf(strstr(p->bytes, "PUB ask "), "PUB ask %255s", reply) != 1)
        return;
    snprintf(text + n, sizeof(text) - n, "MSG %s %d 1\r\ny\r\n", reply, sid);
    peer_send(p, text);
}

/* A library that has just been opened: its two first threads watch the sockets, and no other one sleeps. timeout: of
 * the subscriptions, or 0. */
static void begin(round *r, natsMsgHandler first, natsMsgHandler others, int64_t timeout) {
    int i;

    closure_init(&r->c);
    peer_open(&r->p);
    r->nc = peer_connect(&r->p, test_options(r->p.url));
    for (i = 0; i < SUBSCRIPTIONS; i++) {
        natsMsgHandler cb = i == 0 ? first : others;
        char subject[8], line[32];

        snprintf(subject, sizeof(subject), "s%d", i);
        snprintf(line, sizeof(line), "SUB s%d  %d\r\n", i, i + 1);
        if (timeout > 0)
            CHECK_OK(natsConnection_SubscribeTimeout(&r->subs[i], r->nc, subject, timeout, cb, &r->c));
        else
            CHECK_OK(natsConnection_Subscribe(&r->subs[i], r->nc, subject, cb, &r->c));
        CHECK(peer_expect(&r->p, line));
    }
}

static void end(round *r) {
    int i;

    counter_set(&r->c.gate, 1);
    peer_hang_up(&r->p); /* the end of the connection waits for no answer */
    for (i = 0; i < SUBSCRIPTIONS; i++)
        natsSubscription_Destroy(r->subs[i]);
    natsConnection_Destroy(r->nc);
    peer_close(&r->p);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
}

static void all_block_and_a_flush_reads(void) {
    static round r;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        begin(&r, on_anything, on_anything, 0);
        peer_run(&r.p, before_the_pong, NULL);
        CHECK_OK(natsConnection_FlushTimeout(r.nc, deadline_ms()));
        CHECK_REACHED(&r.c.entered, SUBSCRIPTIONS);
        peer_join(&r.p);
        end(&r);
    }
}

static void all_block_and_a_request_reads(void) {
    static round r;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        natsMsg *answer = NULL;

        begin(&r, on_anything, on_anything, 0);
        peer_run(&r.p, before_the_answer, NULL);
        CHECK_OK(natsConnection_RequestString(&answer, r.nc, "ask", "?", deadline_ms()));
        natsMsg_Destroy(answer);
        CHECK_REACHED(&r.c.entered, SUBSCRIPTIONS);
        peer_join(&r.p);
        end(&r);
    }
}

static void all_block_for_want_of_messages(void) {
    static round r;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        begin(&r, on_anything, on_anything, 50);
        CHECK_REACHED(&r.c.entered, SUBSCRIPTIONS);
        end(&r);
    }
}

static void one_blocks_and_the_others_are_quick(void) {
    static round r;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        begin(&r, on_anything, on_message, 0);
        peer_run(&r.p, before_the_pong, NULL);
        CHECK_OK(natsConnection_FlushTimeout(r.nc, deadline_ms()));
        CHECK_REACHED(&r.c.messages, SUBSCRIPTIONS - 1);
        CHECK_REACHED(&r.c.entered, 1);
        peer_join(&r.p);
        end(&r);
    }
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(all_block_and_a_flush_reads),
        TEST(all_block_and_a_request_reads),
        TEST(all_block_for_want_of_messages),
        TEST(one_blocks_and_the_others_are_quick),
    };

    return RUN_TESTS(cases, argc, argv);
}
