/* Arguments that would break a line of the protocol, or make it longer than servers accept, are refused by the
 * call: nothing is sent, and the connection continues to work. */
#include "fixture.h"
#include "peer_fixture.h"

enum { LIMIT = 4096 };

static void nothing(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    (void)closure;
    natsMsg_Destroy(msg);
}

static void control_characters_are_refused(void) {
    static const char *const names[] = {
        "a\x01", "\x02", "a\x1f.b",   "a.b\x7f", "a\x1b[0m", "a long enough\x03",
        "a b",   "a\tb", "a\r\nPING", "a\n",     "\x0b",     "a.very.long.one.\x7f.b"};
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;
    static peer_fixture f;

    peer_fixture_start(&f);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *name = names[i];
        natsMsg *msg = test_msg(name, NULL, "x");
        natsOptions *opts = test_options(f.p.url);

        CHECK_STATUS(natsConnection_Subscribe(&sub, f.nc, name, nothing, NULL), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_SubscribeSync(&sub, f.nc, name), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_SubscribeTimeout(&sub, f.nc, name, 9, nothing, NULL),
                     NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_QueueSubscribeSync(&sub, f.nc, name, "q"), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_QueueSubscribeSync(&sub, f.nc, "foo", name), NATS_INVALID_QUEUE_NAME);
        CHECK_STATUS(natsConnection_QueueSubscribe(&sub, f.nc, "foo", name, nothing, NULL),
                     NATS_INVALID_QUEUE_NAME);
        CHECK_STATUS(natsConnection_QueueSubscribeTimeout(&sub, f.nc, "foo", name, 9, nothing, NULL),
                     NATS_INVALID_QUEUE_NAME);
        CHECK_STATUS(natsConnection_PublishString(f.nc, name, "x"), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_Send(f.nc, name, "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_PublishMsg(f.nc, msg), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_PublishRequestString(f.nc, "foo", name, "x"), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_SendRequest(f.nc, "foo", name, "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, name, "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_RequestMsg(&reply, f.nc, msg, 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsOptions_SetCustomInboxPrefix(opts, name), NATS_INVALID_ARG);
        natsMsg_Destroy(msg);
        natsOptions_Destroy(opts);
    }
    CHECK(sub == NULL && reply == NULL);
    CHECK_OK(natsConnection_PublishString(f.nc,
                                          "gr\xc3\xb6\xc3\x9f"
                                          "e",
                                          "x")); /* other bytes are fine */
    CHECK(peer_expect(&f.p, "PUB gr\xc3\xb6\xc3\x9f"
                            "e 1\r\nx\r\n"));
    CHECK(!peer_received(&f.p, "PUB foo") && !peer_received(&f.p, "SUB foo q"));
    peer_fixture_end(&f);
}

/* A text of so many bytes. */
static char *text_of(int length) {
    char *text = (char *)malloc((size_t)length + 1);

    CHECK(text != NULL);
    memset(text, 'x', (size_t)length);
    text[length] = '\0';
    return text;
}

/* The longest subjects that a server takes go through, and a byte more is refused: the server is never asked. */
static void subjects_up_to_the_limit(natsConnection *nc, closure *c, int limit) {
    natsSubscription *sub = NULL;
    natsSubscription *all = NULL;
    natsMsg *msg = NULL;
    char *text = text_of(limit);
    /* The end of a text is the text that is shorter. */
#define OF(length) (text + limit - (length))

    CHECK_OK(natsConnection_SubscribeSync(&all, nc, ">")); /* sid 1 */

    CHECK_OK(natsConnection_PublishString(nc, OF(limit - 2), "y")); /* "x...x 1" */
    test_expect_next(all, "y");
    CHECK_STATUS(natsConnection_PublishString(nc, OF(limit - 1), "y"), NATS_INVALID_SUBJECT);
    CHECK_ERROR(NATS_INVALID_SUBJECT, "max_control_line");
    CHECK_STATUS(natsConnection_PublishString(nc, OF(limit - 2), "0123456789"), NATS_INVALID_SUBJECT);
    CHECK_OK(natsConnection_PublishString(nc, OF(limit - 3), "0123456789"));
    test_expect_next(all, "0123456789");
    CHECK_STATUS(natsConnection_Send(nc, OF(limit - 1), "y", 1), NATS_INVALID_SUBJECT);

    CHECK_OK(natsConnection_PublishRequestString(nc, "foo", OF(limit - 6), "y")); /* "foo x...x 1" */
    test_expect_next(all, "y");
    CHECK_STATUS(natsConnection_PublishRequestString(nc, "foo", OF(limit - 5), "y"), NATS_INVALID_SUBJECT);

    msg = test_msg(OF(limit - 6), NULL, "y"); /* "x...x 20 21" */
    CHECK_OK(natsMsgHeader_Set(msg, "k", "abc"));
    CHECK_OK(natsConnection_PublishMsg(nc, msg));
    test_expect_next(all, "y");
    natsMsg_Destroy(msg);
    msg = test_msg(OF(limit - 5), NULL, "y");
    CHECK_OK(natsMsgHeader_Set(msg, "k", "abc"));
    CHECK_STATUS(natsConnection_PublishMsg(nc, msg), NATS_INVALID_SUBJECT);
    natsMsg_Destroy(msg);

    CHECK_STATUS(natsConnection_SubscribeSync(&sub, nc, OF(limit - 2)),
                 NATS_INVALID_SUBJECT); /* "x...x  1" */
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, OF(limit - 3)));
    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
    natsSubscription_Destroy(sub);
    CHECK_STATUS(natsConnection_QueueSubscribeSync(&sub, nc, "foo", OF(limit - 5)), NATS_INVALID_QUEUE_NAME);
    CHECK_STATUS(natsConnection_QueueSubscribeSync(&sub, nc, OF(limit), "q"), NATS_INVALID_SUBJECT);
    CHECK_OK(natsConnection_QueueSubscribeSync(&sub, nc, "foo", OF(limit - 6)));
    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
    natsSubscription_Destroy(sub);

    CHECK_STATUS(natsConnection_RequestString(&msg, nc, OF(limit - 20), "y", 1), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_RequestString(&msg, nc, OF(limit - 60), "y", 1), NATS_TIMEOUT);

    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
    CHECK_INT(counter_get(&c->disconnected), 0);
    CHECK_INT(counter_get(&c->errors), 0);
    natsSubscription_Destroy(all);
    free(text);
#undef OF
}

static void the_default_limit(void) {
    static fixture f;

    fixture_start(&f);
    subjects_up_to_the_limit(f.nc, &f.c, LIMIT);
    fixture_end(&f);
}

static void a_server_that_takes_more(void) {
    natsOptions *opts;
    natsConnection *nc;
    static closure c;
    server s;

    closure_init(&c);
    memset(&s, 0, sizeof(s));
    server_start(&s, "max_control_line: 10000\n", NULL);
    opts = test_options(s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetMaxControlLine(opts, 10000));
    nc = test_connect(opts);
    subjects_up_to_the_limit(nc, &c, 10000);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* An inbox that could not be subscribed to fails each request, old and new. */
static void long_inbox_prefixes(void) {
    natsMsg *reply = NULL;
    char *prefix = text_of(LIMIT - 10);
    static fixture f;

    fixture_start(&f);
    for (int old = 0; old <= 1; old++) {
        natsOptions *opts = test_options(f.s.url);
        natsConnection *nc;

        CHECK_OK(natsOptions_SetCustomInboxPrefix(opts, prefix));
        CHECK_OK(natsOptions_UseOldRequestStyle(opts, old == 1));
        nc = test_connect(opts);
        for (int i = 0; i < 2; i++)
            CHECK_STATUS(natsConnection_RequestString(&reply, nc, "foo", "x", 100), NATS_INVALID_SUBJECT);
        CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
        natsConnection_Destroy(nc);
    }
    fixture_end(&f);
    free(prefix);
}

/* What is kept for the next server is checked as well. */
static void without_a_server(void) {
    natsOptions *opts = test_options("nats://127.0.0.1:1");
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    char *text = text_of(LIMIT);
    static closure c;

    closure_init(&c);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, &c));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NOT_YET_CONNECTED);
    natsOptions_Destroy(opts);
    CHECK_STATUS(natsConnection_PublishString(nc, text, "x"), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_SubscribeSync(&sub, nc, text), NATS_INVALID_SUBJECT);
    CHECK_INT(natsConnection_Buffered(nc), 0);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    free(text);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(control_characters_are_refused),
        TEST(the_default_limit),
        TEST(a_server_that_takes_more),
        TEST(long_inbox_prefixes),
        TEST(without_a_server),
    };
    return RUN_TESTS(cases, argc, argv);
}
