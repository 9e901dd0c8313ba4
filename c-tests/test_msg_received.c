/* Received messages: their headers, payload, lifetime, padding. */
#include "peer.h"
#include "test.h"

/* A peer with a client that has subscribed to foo. */
typedef struct received {
    peer p;
    natsConnection *nc;
    natsSubscription *sub;
} received;

static void receive_start(received *r) {
    peer_open(&r->p);
    r->nc = peer_connect(&r->p, test_options(r->p.url));
    CHECK_OK(natsConnection_SubscribeSync(&r->sub, r->nc, "foo"));
    CHECK(peer_expect(&r->p, "SUB foo  1\r\n"));
}

static void receive_end(received *r) {
    natsSubscription_Destroy(r->sub);
    peer_refuse(&r->p);
    peer_hang_up(&r->p);
    natsConnection_Destroy(r->nc);
    peer_close(&r->p);
}

/* The message as the client gets it, whose header block is this. The payload is "x". */
static natsMsg *receive(received *r, const char *block) {
    char line[4096];

    snprintf(line, sizeof(line), "HMSG foo 1 bar %zu %zu\r\n%sx\r\n", strlen(block), strlen(block) + 1,
             block);
    CHECK(peer_send(&r->p, line));
    return test_next(r->sub);
}

static void expect_header(natsMsg *msg, const char *key, const char *want) {
    const char *value = NULL;

    CHECK_OK(natsMsgHeader_Get(msg, key, &value));
    CHECK_STR(value, want);
}

static void received_headers(void) {
    received r;
    natsMsg *msg;
    const char **values = NULL, *value = NULL;
    int count = 0;

    receive_start(&r);
    msg = receive(&r, "NATS/1.0\r\nA:1\r\nB:  two words \t\r\nA: 2\r\nurl: http://x:1/\r\n\r\n");
    CHECK_STR(natsMsg_GetSubject(msg), "foo");
    CHECK_STR(natsMsg_GetReply(msg), "bar");
    CHECK_STR(natsMsg_GetData(msg), "x");
    CHECK_INT(natsMsg_GetDataLength(msg), 1);
    CHECK_OK(natsMsgHeader_Values(msg, "A", &values, &count));
    CHECK_INT(count, 2);
    CHECK_STR(values[0], "1");
    CHECK_STR(values[1], "2");
    free((void *)values);
    expect_header(msg, "B", "two words");
    expect_header(msg, "url", "http://x:1/");
    CHECK_STATUS(natsMsgHeader_Get(msg, "a", &value), NATS_NOT_FOUND);
    natsMsg_Destroy(msg);

    msg = receive(&r, "NATS/1.0\r\nA: first\r\n second\r\n\tthird\r\n\r\n");
    expect_header(msg, "A", "first second third");
    natsMsg_Destroy(msg);

#if OURS /* 3.4.1 refuses a value of no bytes */
    msg = receive(&r, "NATS/1.0\r\nempty:\r\nblank:  \r\nA: 1\r\n\r\n");
    expect_header(msg, "empty", "");
    expect_header(msg, "blank", "");
    expect_header(msg, "A", "1");
    natsMsg_Destroy(msg);
#endif

    msg = receive(&r, "NATS/1.0\r\n\r\n");
    CHECK_STATUS(natsMsgHeader_Keys(msg, &values, &count), NATS_NOT_FOUND);
    natsMsg_Destroy(msg);

    msg = receive(&r, "NATS/1.0\r\nA: 1\r\n"); /* the last empty line is missing */
    expect_header(msg, "A", "1");
    natsMsg_Destroy(msg);
    receive_end(&r);
}

static void received_inline_status(void) {
    received r;
    natsMsg *msg;
    const char *value = NULL;

    receive_start(&r);
    msg = receive(&r, "NATS/1.0 100 Idle Heartbeat\r\nX: y\r\n\r\n");
    expect_header(msg, "Status", "100");
    expect_header(msg, "Description", "Idle Heartbeat");
    expect_header(msg, "X", "y");
    natsMsg_Destroy(msg);
    msg = receive(&r, "NATS/1.0 503\r\n\r\n");
    expect_header(msg, "Status", "503");
    CHECK_STATUS(natsMsgHeader_Get(msg, "Description", &value), NATS_NOT_FOUND);
    CHECK(!natsMsg_IsNoResponders(msg)); /* it has a payload */
    natsMsg_Destroy(msg);
    msg = receive(&r, "NATS/1.0   40\r\n\r\n");
    expect_header(msg, "Status", "40");
    natsMsg_Destroy(msg);
    receive_end(&r);
}

static void received_malformed_headers(void) {
    static const char *const blocks[][2] = {
        {"NATS/2.0\r\nA: 1\r\n\r\n", "header prefix missing"},
        {"nats/1.0\r\nA: 1\r\n\r\n", "header prefix missing"},
        {"NATS/1.0", "header prefix missing"},
        {"NATS/1.0\r\n A: 1\r\n\r\n", "key cannot start with a space"},
        {"NATS/1.0\r\nno colon here\r\n\r\n", "column delimiter not found"},
        {"NATS/1.0\r\nA: no end", "no CRLF found for value of key A"},
        {"NATS/1.0\r\nA:", "no value found for key A"},
    };
    received r;
    size_t i;

    receive_start(&r);
    for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        natsMsg *msg = receive(&r, blocks[i][0]);
        const char *value = NULL, **keys = &value;
        int count = 7;

        CHECK_STR(natsMsg_GetData(msg), "x");
        CHECK_STATUS(natsMsgHeader_Get(msg, "A", &value), NATS_PROTOCOL_ERROR);
        CHECK_ERROR(NATS_PROTOCOL_ERROR, blocks[i][1]);
        CHECK_STATUS(natsMsgHeader_Keys(msg, &keys, &count), NATS_PROTOCOL_ERROR);
        CHECK(keys == NULL && count == 0);
        natsMsg_Destroy(msg);
    }
    CHECK(!natsConnection_IsClosed(r.nc) && !natsConnection_IsReconnecting(r.nc));
    receive_end(&r);
}

static void received_payload_is_terminated(void) {
    received r;
    natsMsg *first, *second, *empty;

    receive_start(&r);
    CHECK(peer_send(&r.p, "MSG foo 1 5\r\nhello\r\nMSG foo 1 the.reply 3\r\nabc\r\nMSG foo 1 0\r\n\r\n"));
    first = test_next(r.sub);
    second = test_next(r.sub);
    empty = test_next(r.sub);
    CHECK_STR(natsMsg_GetData(first), "hello");
    CHECK_STR(natsMsg_GetSubject(first), "foo");
    CHECK(natsMsg_GetReply(first) == NULL);
    CHECK_STR(natsMsg_GetData(second), "abc");
    CHECK_STR(natsMsg_GetReply(second), "the.reply");
    CHECK(natsMsg_GetData(empty) != NULL);
    CHECK_STR(natsMsg_GetData(empty), "");
    CHECK_INT(natsMsg_GetDataLength(empty), 0);
    natsMsg_Destroy(second);
    natsMsg_Destroy(first);
    natsMsg_Destroy(empty);
    receive_end(&r);
}

static void received_message_outlives_its_connection(void) {
    received r;
    natsMsg *msg;

    receive_start(&r);
    CHECK(peer_send(&r.p, "MSG foo 1 bar 5\r\nhello\r\n"));
    msg = test_next(r.sub);
    receive_end(&r);
    CHECK_STR(natsMsg_GetData(msg), "hello");
    CHECK_STR(natsMsg_GetReply(msg), "bar");
    natsMsg_Destroy(msg);
}

static void received_headers_can_be_changed(void) {
    received r;
    natsMsg *msg;
    const char *value = NULL;

    receive_start(&r);
    msg = receive(&r, "NATS/1.0\r\nA: 1\r\nB: 2\r\n\r\n");
    CHECK_OK(natsMsgHeader_Set(msg, "A", "changed"));
    CHECK_OK(natsMsgHeader_Add(msg, "C", "new"));
    CHECK_OK(natsMsgHeader_Delete(msg, "B"));
    expect_header(msg, "A", "changed");
    expect_header(msg, "C", "new");
    CHECK_STATUS(natsMsgHeader_Get(msg, "B", &value), NATS_NOT_FOUND);
    natsMsg_Destroy(msg);
    receive_end(&r);
}

#if OURS
static void padding(void) {
    static const int sizes[] = {0, 1, 8, 64, 131072};
    size_t i;
    int j, k;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        natsOptions *opts;
        received r;

        peer_open(&r.p);
        opts = test_options(r.p.url);
        CHECK_OK(natsOptions_SetMessageBufferPadding(opts, sizes[i]));
        r.nc = peer_connect(&r.p, opts);
        CHECK_OK(natsConnection_SubscribeSync(&r.sub, r.nc, "foo"));
        CHECK(peer_expect(&r.p, "SUB foo  1\r\n"));
        for (j = 0; j < 20; j++)
            CHECK(peer_send(&r.p, "MSG foo 1 7\r\nxxxxxxx\r\n"));
        for (j = 0; j < 20; j++) {
            natsMsg *msg = test_next(r.sub);

            CHECK_INT(natsMsg_GetDataLength(msg), 7);
            for (k = 0; k < (sizes[i] < 1 ? 1 : sizes[i]); k++)
                CHECK_INT(natsMsg_GetData(msg)[7 + k], 0);
            natsMsg_Destroy(msg);
        }
        receive_end(&r);
    }
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(received_headers),
        TEST(received_inline_status),
        TEST(received_malformed_headers),
        TEST(received_payload_is_terminated),
        TEST(received_message_outlives_its_connection),
        TEST(received_headers_can_be_changed),
#if OURS
        TEST(padding),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
