/* Publishing: all forms, the bytes on the wire, limits, headers, forwarding. */
#include "callbacks.h"
#include "peer.h"
#include "test.h"

typedef struct wire {
    peer p;
    natsConnection *nc;
} wire;

static void wire_start(wire *w, natsOptions *(*adjust)(natsOptions *)) {
    natsOptions *opts;

    peer_open(&w->p);
    opts = test_options(w->p.url);
    w->nc = peer_connect(&w->p, adjust == NULL ? opts : adjust(opts));
}

static void wire_end(wire *w) {
    peer_refuse(&w->p);
    peer_hang_up(&w->p);
    natsConnection_Destroy(w->nc);
    peer_close(&w->p);
}

/* The next bytes on the wire are exactly these. */
static void expect_wire(wire *w, const char *bytes) {
    size_t from = w->p.seen, n = strlen(bytes);

    if (!peer_expect_bytes(&w->p, from + n) || memcmp(w->p.bytes + from, bytes, n) != 0)
        check_failed(__FILE__, __LINE__, "on the wire: \"%s\", expected: \"%s\"",
                     w->p.length > from ? w->p.bytes + from : "", bytes);
    w->p.seen = from + n;
}

static void publishes_on_the_wire(void) {
    natsMsg *msg;
    wire w;

    wire_start(&w, NULL);
    CHECK_OK(natsConnection_Publish(w.nc, "foo", "hello", 5));
    expect_wire(&w, "PUB foo 5\r\nhello\r\n");
    CHECK_OK(natsConnection_Publish(w.nc, "foo", NULL, 0));
    expect_wire(&w, "PUB foo 0\r\n\r\n");
    CHECK_OK(natsConnection_Publish(w.nc, "foo", "ignored", 0));
    expect_wire(&w, "PUB foo 0\r\n\r\n");
    CHECK_OK(natsConnection_PublishString(w.nc, "foo.bar", "text"));
    expect_wire(&w, "PUB foo.bar 4\r\ntext\r\n");
    CHECK_OK(natsConnection_PublishString(w.nc, "foo", NULL));
    expect_wire(&w, "PUB foo 0\r\n\r\n");
    CHECK_OK(natsConnection_PublishRequest(w.nc, "foo", "reply.to", "abc", 3));
    expect_wire(&w, "PUB foo reply.to 3\r\nabc\r\n");
    CHECK_OK(natsConnection_PublishRequestString(w.nc, "foo", "reply.to", "abcd"));
    expect_wire(&w, "PUB foo reply.to 4\r\nabcd\r\n");
    CHECK_OK(natsConnection_PublishRequestString(w.nc, "foo", "reply.to", NULL));
    expect_wire(&w, "PUB foo reply.to 0\r\n\r\n");
    msg = test_msg("msg.subject", NULL, "m");
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg)); /* it stays ours */
    expect_wire(&w, "PUB msg.subject 1\r\nm\r\nPUB msg.subject 1\r\nm\r\n");
    natsMsg_Destroy(msg);
    msg = test_msg("msg.subject", "msg.reply", NULL);
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    expect_wire(&w, "PUB msg.subject msg.reply 0\r\n\r\n");
    natsMsg_Destroy(msg);
    wire_end(&w);
}

static void publishes_any_bytes(void) {
    static const char data[] = {'a', '\0', '\r', '\n', 'P', 'I', 'N', 'G', '\r', '\n'};
    wire w;

    wire_start(&w, NULL);
    CHECK_OK(natsConnection_Publish(w.nc, "foo", data, sizeof(data)));
    CHECK(peer_expect_bytes(&w.p, w.p.seen + 12 + sizeof(data)));
    CHECK(memcmp(w.p.bytes + w.p.seen, "PUB foo 10\r\n", 12) == 0);
    CHECK(memcmp(w.p.bytes + w.p.seen + 12, data, sizeof(data)) == 0);
    wire_end(&w);
}

#if OURS
static void sends_on_the_wire(void) {
    natsMsg *msg;
    wire w;

    wire_start(&w, NULL);
    CHECK_OK(natsConnection_Publish(w.nc, "foo", "1", 1));
    CHECK_OK(natsConnection_Send(w.nc, "foo", "2", 1)); /* does not overtake */
    CHECK_OK(natsConnection_Send(w.nc, "foo", NULL, 0));
    CHECK_OK(natsConnection_SendRequest(w.nc, "foo", "reply", "3", 1));
    msg = test_msg("bar", "other", "4");
    CHECK_OK(natsConnection_SendMsg(w.nc, msg));
    CHECK_INT(natsConnection_Buffered(w.nc), 0);
    natsMsg_Destroy(msg);
    expect_wire(&w, "PUB foo 1\r\n1\r\nPUB foo 1\r\n2\r\nPUB foo 0\r\n\r\nPUB foo reply 1\r\n3\r\nPUB bar "
                    "other 1\r\n4\r\n");
    wire_end(&w);
}
#endif

static void refuses_arguments(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    wire w;

#if OURS
    CHECK_STATUS(natsConnection_Publish(NULL, "foo", "x", 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_PublishString(NULL, "foo", "x"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_PublishMsg(NULL, msg), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_PublishRequest(NULL, "foo", "bar", "x", 1), NATS_INVALID_ARG);
#endif
    wire_start(&w, NULL);
    CHECK_STATUS(natsConnection_Publish(w.nc, NULL, "x", 1), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_Publish(w.nc, "", "x", 1), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_PublishString(w.nc, NULL, "x"), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_PublishString(w.nc, "", "x"), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_PublishRequest(w.nc, "foo", NULL, "x", 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_PublishRequest(w.nc, "foo", "", "x", 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_PublishRequest(w.nc, "", "bar", "x", 1), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_PublishRequestString(w.nc, "foo", NULL, "x"), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_PublishRequestString(w.nc, "foo", "", "x"), NATS_INVALID_ARG);
#if OURS
    CHECK_STATUS(natsConnection_PublishMsg(w.nc, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Publish(w.nc, "foo", "x", -1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Publish(w.nc, "foo", NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_PublishRequest(w.nc, "foo", "bar", "x", -1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Send(w.nc, "", "x", 1), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_Send(w.nc, "foo", "x", -1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Send(NULL, "foo", "x", 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SendMsg(w.nc, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SendRequest(w.nc, "foo", NULL, "x", 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SendRequest(w.nc, "foo", "", "x", 1), NATS_INVALID_ARG);
#endif
    CHECK_OK(natsConnection_Publish(w.nc, "still", "fine", 4)); /* nothing of the above went out */
    expect_wire(&w, "PUB still 4\r\nfine\r\n");
    natsMsg_Destroy(msg);
    wire_end(&w);
}

#if OURS
static void refuses_injection(void) {
    static const char *const bad[] = {
        "foo bar", "foo 5\r\nhello\r\nPUB bar", "foo\r\nPING", "foo\n", "foo\r", "a\tb", " foo", "foo "};
    natsMsg *reply = NULL;
    size_t i;
    wire w;

    wire_start(&w, NULL);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        natsMsg *subject = test_msg(bad[i], NULL, "x"), *with_reply = test_msg("foo", bad[i], "x");

        CHECK_STATUS(natsConnection_Publish(w.nc, bad[i], "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_PublishString(w.nc, bad[i], "x"), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_PublishRequest(w.nc, bad[i], "reply", "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_PublishRequest(w.nc, "foo", bad[i], "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_PublishMsg(w.nc, subject), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_PublishMsg(w.nc, with_reply), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_Send(w.nc, bad[i], "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_SendRequest(w.nc, "foo", bad[i], "x", 1), NATS_INVALID_SUBJECT);
        CHECK_STATUS(natsConnection_RequestString(&reply, w.nc, bad[i], "x", 1000), NATS_INVALID_SUBJECT);
        CHECK(reply == NULL);
        natsMsg_Destroy(subject);
        natsMsg_Destroy(with_reply);
    }
    CHECK_OK(natsConnection_Publish(w.nc, "clean", "x", 1));
    CHECK(peer_expect(&w.p, "PUB clean 1\r\nx\r\n"));
    CHECK(strstr(w.p.bytes, "PUB foo") == NULL); /* a request may have set up its SUB, but nothing of this */
    CHECK(strstr(w.p.bytes, "PUB bar") == NULL);
    wire_end(&w);
}

static void header_injection(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    natsStatus s;
    wire w;

    wire_start(&w, NULL);
    CHECK_OK(natsMsgHeader_Set(msg, "k", "a\r\nb: c\nd"));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    expect_wire(&w, "HPUB foo 26 27\r\nNATS/1.0\r\nk: a  b: c d\r\n\r\nx\r\n");
    natsMsg_Destroy(msg);
    /* A key that would break the block: refused early or late, but never sent. */
    msg = test_msg("foo", NULL, "x");
    s = natsMsgHeader_Set(msg, "bad\r\nkey", "v");
    if (s == NATS_OK)
        s = natsConnection_PublishMsg(w.nc, msg);
    CHECK(s != NATS_OK);
    natsMsg_Destroy(msg);
    CHECK_OK(natsConnection_Publish(w.nc, "clean", "x", 1));
    expect_wire(&w, "PUB clean 1\r\nx\r\n");
    wire_end(&w);
}
#endif

static void headers_on_the_wire(void) {
    natsMsg *msg = test_msg("foo", NULL, "data");
    wire w;

    wire_start(&w, NULL);
    CHECK_OK(natsMsgHeader_Set(msg, "key", "value"));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    expect_wire(&w, "HPUB foo 24 28\r\nNATS/1.0\r\nkey: value\r\n\r\ndata\r\n");
    CHECK_OK(natsMsgHeader_Add(msg, "key", " two "));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    expect_wire(&w, "HPUB foo 36 40\r\nNATS/1.0\r\nkey: value\r\nkey:  two \r\n\r\ndata\r\n");
#if OURS
    CHECK_OK(natsMsgHeader_Set(msg, "key", NULL));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    expect_wire(&w, "HPUB foo 19 23\r\nNATS/1.0\r\nkey: \r\n\r\ndata\r\n");
#endif
    CHECK_OK(natsMsgHeader_Delete(msg, "key"));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    expect_wire(&w, "HPUB foo 12 16\r\nNATS/1.0\r\n\r\ndata\r\n");
    natsMsg_Destroy(msg);
    msg = test_msg("foo", "bar", NULL);
    CHECK_OK(natsMsgHeader_Set(msg, "A", "1"));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    expect_wire(&w, "HPUB foo bar 18 18\r\nNATS/1.0\r\nA: 1\r\n\r\n\r\n");
    natsMsg_Destroy(msg);
    wire_end(&w);
}

static void headers_need_server_support(void) {
    natsConnection *nc;
    natsMsg *msg = test_msg("foo", NULL, "x");
    peer p;

    peer_open(&p);
    peer_run(&p, peer_handshake, (void *)"INFO {\"server_id\":\"old\",\"max_payload\":100}\r\n");
    nc = test_connect(test_options(p.url));
    peer_join(&p);
    CHECK_OK(natsConnection_PublishMsg(nc, msg));
    CHECK_OK(natsMsgHeader_Set(msg, "k", "v"));
    CHECK_STATUS(natsConnection_PublishMsg(nc, msg), NATS_NO_SERVER_SUPPORT);
    CHECK_OK(natsMsgHeader_Delete(msg, "k"));
    CHECK_STATUS(natsConnection_PublishMsg(nc, msg), NATS_NO_SERVER_SUPPORT);
    natsMsg_Destroy(msg);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void max_payload(void) {
    static const char data[101] = {0};
    natsConnection *nc;
    natsMsg *msg = NULL, *reply = NULL;
    peer p;

    peer_open(&p);
    peer_run(&p, peer_handshake,
             (void *)"INFO {\"server_id\":\"small\",\"max_payload\":100,\"headers\":true}\r\n");
    nc = test_connect(test_options(p.url));
    peer_join(&p);
    CHECK_OK(natsConnection_Publish(nc, "foo", data, 100));
    CHECK_STATUS(natsConnection_Publish(nc, "foo", data, 101), NATS_MAX_PAYLOAD);
    CHECK_ERROR(NATS_MAX_PAYLOAD, "Payload 101 greater than maximum allowed: 100");
    CHECK_STATUS(natsConnection_PublishRequest(nc, "foo", "bar", data, 101), NATS_MAX_PAYLOAD);
    CHECK_STATUS(natsConnection_Request(&reply, nc, "foo", data, 101, 100), NATS_MAX_PAYLOAD);
    CHECK_OK(nats_Open(-1));
    CHECK_OK(natsMsg_Create(&msg, "foo", NULL, data, 80));
    CHECK_OK(natsMsgHeader_Set(msg, "A", "12")); /* a block of 19 bytes */
    CHECK_OK(natsConnection_PublishMsg(nc, msg));
    CHECK_OK(natsMsgHeader_Set(msg, "A", "1234"));
    CHECK_STATUS(natsConnection_PublishMsg(nc, msg), NATS_MAX_PAYLOAD);
    natsMsg_Destroy(msg);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void forwards_verbatim(void) {
    /* Odd spelling on purpose: it must come out as it came in. */
    static const char block[] = "NATS/1.0 299  Odd\r\nA:1\r\nB:   x  \r\n y\r\n\r\n";
    natsSubscription *sub = NULL;
    natsMsg *msg;
    const char *value = NULL;
    char text[256];
    wire w;

    wire_start(&w, NULL);
    CHECK_OK(natsConnection_SubscribeSync(&sub, w.nc, "foo"));
    CHECK(peer_expect(&w.p, "SUB foo  1\r\n"));
    snprintf(text, sizeof(text), "HMSG foo 1 rep %zu %zu\r\n%sdata\r\n", strlen(block), strlen(block) + 4,
             block);
    CHECK(peer_send(&w.p, text));
    msg = test_next(sub);
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    snprintf(text, sizeof(text), "HPUB foo rep %zu %zu\r\n%sdata\r\n", strlen(block), strlen(block) + 4,
             block);
    expect_wire(&w, text);
    /* After an access it is encoded anew. */
    CHECK_OK(natsMsgHeader_Get(msg, "A", &value));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    CHECK(peer_expect(&w.p, "HPUB foo rep "));
    CHECK(peer_expect(&w.p, "data\r\n"));
    CHECK_CONTAINS(w.p.bytes + w.p.length - 80, "\r\nA: 1\r\n");
    CHECK_CONTAINS(w.p.bytes + w.p.length - 80, "\r\nStatus: 299\r\n");
    CHECK_CONTAINS(w.p.bytes + w.p.length - 80, "\r\nDescription: Odd\r\n");
    natsMsg_Destroy(msg);

    CHECK(peer_send(&w.p, "MSG foo 1 rep 3\r\nabc\r\n"));
    msg = test_next(sub);
    CHECK_OK(natsConnection_PublishString(w.nc, natsMsg_GetReply(msg), natsMsg_GetData(msg)));
    CHECK_OK(natsConnection_PublishMsg(w.nc, msg));
    natsMsg_Destroy(msg);
    expect_wire(&w, "PUB rep 3\r\nabc\r\nPUB foo rep 3\r\nabc\r\n");
    natsSubscription_Destroy(sub);
    wire_end(&w);
}

static natsOptions *send_asap(natsOptions *opts) {
    CHECK_OK(natsOptions_SetSendAsap(opts, true));
    return opts;
}

static void send_asap_writes_in_the_call(void) {
    wire w;
    int i;

    wire_start(&w, send_asap);
    for (i = 0; i < 100; i++) {
        CHECK_OK(natsConnection_PublishString(w.nc, "foo", "x"));
        CHECK_INT(natsConnection_Buffered(w.nc), 0);
    }
    for (i = 0; i < 100; i++)
        expect_wire(&w, "PUB foo 1\r\nx\r\n");
    wire_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(publishes_on_the_wire),
        TEST(publishes_any_bytes),
#if OURS
        TEST(sends_on_the_wire),
        TEST(refuses_injection),
        TEST(header_injection),
#endif
        TEST(refuses_arguments),
        TEST(headers_on_the_wire),
        TEST(headers_need_server_support),
        TEST(max_payload),
        TEST(forwards_verbatim),
        TEST(send_asap_writes_in_the_call),
    };

    return RUN_TESTS(cases, argc, argv);
}
