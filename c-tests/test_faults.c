/* A peer that breaks the protocol or the connection: garbage, cuts, silence. */
#include <sys/socket.h>

#include "callbacks.h"
#include "memory.h"
#include "peer.h"
#include "peer_fixture.h"
#include "test.h"

enum { MIB = 1024 * 1024 };

static void garbage(void) {
    static const char *const lines[] = {
        "HELLO WORLD\r\n",
        "\x01\x02\x03\x04\r\n",
        "\xff\xfe\xfd",
        "MSG\r\n",
        "MSG foo\r\n",
        "MSG foo 1\r\n",
        "MSG foo 1 2 3 4 5\r\n",
        "MSG foo x 2\r\nhi\r\n",
        "MSG foo 1 x\r\nhi\r\n",
        "MSG foo 1 -2\r\nhi\r\n",
        "MSG foo -1 2\r\nhi\r\n",
        "MSG foo 1 9223372036854775807\r\nhi\r\n",
        "MSG foo 1 9223372036854775808\r\nhi\r\n",
        "MSG foo 1 18446744073709551616\r\nhi\r\n",
        "MSG foo 1 99999999999999999999999999999999\r\nhi\r\n",
        "MSG foo 99999999999999999999999999 2\r\nhi\r\n",
        "HMSG foo 1 12\r\n",
        "HMSG foo 1 12 5\r\nNATS/1.0\r\n\r\n\r\n",
        "HMSG foo 1 -1 5\r\nhello\r\n",
        "HMSG foo 1 9223372036854775807 9223372036854775807\r\n",
#if OURS
        "HMSG foo 1 4294967296 4294967297\r\n", /* no int can hold it */
        "MSG foo 1 2147483648\r\n",
#endif
        "PIN\r\n",
        "+KO\r\n",
        "-ER\r\n",
        "INFOX {}\r\n",
    };
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        static peer_fixture f;

        peer_fixture_start(&f);
        CHECK(peer_send(&f.p, lines[i]));
        if (!counter_wait(&f.c.disconnected, 1, deadline_ms()))
            check_failed(__FILE__, __LINE__, "no disconnect after \"%s\"", lines[i]);
        peer_fixture_reconnects(&f);
        peer_fixture_end(&f);
    }
}

/* With no reconnect the connection closes, and says why. */
static natsOptions *no_reconnect(natsOptions *opts) {
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    return opts;
}

static void garbage_closes_without_reconnect(void) {
    const char *error = NULL;
    char order[256];
    static peer_fixture f;

    peer_fixture_start_with(&f, no_reconnect, NULL);
    CHECK(peer_send(&f.p, "HELLO WORLD\r\n"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_STR(closure_order(&f.c, order), "DC");
    CHECK_STATUS(natsConnection_GetLastError(f.nc, &error), NATS_PROTOCOL_ERROR);
    peer_fixture_end(&f);
}

static void unusual_but_fine(void) {
    static peer_fixture f;

    peer_fixture_start(&f);
    CHECK(peer_send(&f.p, "+OK\r\nPONG\r\nPONG\r\nMSG unknown 77 2\r\nhi\r\nmsg\tfoo \t 1  2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    CHECK(peer_send(&f.p,
                    "MSG foo 1 2\nho\r\nHMSG foo 1 12 14\r\nNATS/1.0\r\n\r\nhe\r\n")); /* a line ends at LF */
    test_expect_next(f.sub, "ho");
    test_expect_next(f.sub, "he");
    CHECK(peer_send(&f.p, "HMSG foo 1 0 2\r\nhu\r\n"));
    test_expect_next(f.sub, "hu");
    CHECK_INT(counter_get(&f.c.disconnected), 0);
    peer_fixture_end(&f);
}

static void in_single_bytes(void) {
    static const char text[] =
        "PING\r\nMSG foo 1 reply 5\r\nhello\r\n+OK\r\nHMSG foo 1 18 20\r\nNATS/1.0\r\nA: 1\r\n\r\nhi\r\n"
        "INFO {" PEER_INFO_FIELDS "}\r\nMSG foo 1 0\r\n\r\nMSG foo 1 3\r\nend\r\n";
    const char *value = NULL;
    natsMsg *msg;
    static peer_fixture f;
    size_t i;

    peer_fixture_start(&f);
    for (i = 0; i < sizeof(text) - 1; i++)
        CHECK(peer_send_bytes(&f.p, text + i, 1));
    test_expect_next(f.sub, "hello");
    msg = test_next(f.sub);
    CHECK_OK(natsMsgHeader_Get(msg, "A", &value));
    CHECK_STR(value, "1");
    CHECK_STR(natsMsg_GetData(msg), "hi");
    natsMsg_Destroy(msg);
    test_expect_next(f.sub, "");
    test_expect_next(f.sub, "end");
    peer_fixture_end(&f);
}

static void closed_in_the_middle(void) {
    static const char *const parts[] = {
        "M",
        "MSG fo",
        "MSG foo 1 100\r",
        "MSG foo 1 100\r\nonly some of",
        "HMSG foo 1 100 200\r\nNATS/1.0\r\n",
        "INFO {\"a",
        "MSG foo 1 5\r\nhello",
        "MSG foo 1 5\r\nhello\r",
        "",
    };
    size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        static peer_fixture f;

        peer_fixture_start(&f);
        CHECK(peer_send(&f.p, parts[i]));
        if (i % 2 == 0)
            peer_hang_up(&f.p);
        else
            peer_reset(&f.p);
        if (!counter_wait(&f.c.disconnected, 1, deadline_ms()))
            check_failed(__FILE__, __LINE__, "no disconnect after \"%s\" and the end", parts[i]);
        peer_fixture_reconnects(&f); /* nothing of the half message is left over */
        peer_fixture_end(&f);
    }
}

#if OURS
static void endless_line(void) {
    char *chunk = (char *)malloc(65536);
    int64_t before;
    static peer_fixture f;
    int i;

    memset(chunk, 'a', 65536);
    peer_fixture_start(&f);
    before = memory_resident();
    peer_refuse(&f.p);
    CHECK(peer_send(&f.p, "MSG foo 1 "));
    for (i = 0; i < 1024; i++) /* 64 MiB, unless the client has had enough */
        if (send(f.p.socket, chunk, 65536, MSG_NOSIGNAL) <= 0)
            break;
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK_GROWN("an endless line", before, memory_resident(), 32 * MIB);
    free(chunk);
    peer_fixture_end(&f);
}
#endif

static void announced_but_not_sent(void) {
    int64_t before;
    static peer_fixture f;

    peer_fixture_start(&f);
    before = memory_resident();
    /* A size that is legal but never comes must not cost its memory. */
    CHECK(peer_send(&f.p, "MSG foo 1 1073741824\r\nsome"));
    CHECK(!counter_wait(&f.c.disconnected, 1, 100) || OURS);
    CHECK_GROWN("a message that is announced", before, memory_resident(), 64 * MIB);
    peer_hang_up(&f.p);
    peer_fixture_reconnects(&f);
    peer_fixture_end(&f);
}

static void memory_stays_bounded(void) {
    static const char payload[1024] = {0};
    char *batch = (char *)malloc(64 * 1200);
    size_t n = 0;
    int64_t before = 0;
    static peer_fixture f;
    int i, j;

    for (i = 0; i < 64; i++) {
        n += (size_t)sprintf(batch + n, "MSG foo 1 1024\r\n");
        memcpy(batch + n, payload, sizeof(payload));
        n += sizeof(payload);
        memcpy(batch + n, "\r\n", 2);
        n += 2;
    }
    peer_fixture_start(&f);
    for (i = 0; i < 600; i++) { /* 40 MB through the client */
        CHECK(peer_send_bytes(&f.p, batch, n));
        for (j = 0; j < 64; j++)
            natsMsg_Destroy(test_next(f.sub));
        if (i == 50)
            before = memory_resident();
    }
    CHECK_GROWN("messages", before, memory_resident(), 16 * MIB);
    free(batch);
    peer_fixture_end(&f);
}

static void reconnects_do_not_pile_up_memory(void) {
    natsOptions *opts;
    natsConnection *nc;
    int64_t before = 0;
    peer p;
    int i;

    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetReconnectWait(opts, 0));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    nc = peer_connect(&p, opts);
    for (i = 0; i < 200; i++) {
        peer_hang_up(&p);
        CHECK(peer_shake_hands(&p, NULL));
        peer_settle(&p);
        if (i == 20)
            before = memory_resident();
    }
    CHECK_GROWN("reconnects", before, memory_resident(), 16 * MIB);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void silent_after_accept_in_a_reconnect(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    peer p;

    closure_init(&c);
    peer_open(&p);
    opts = test_options(p.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetTimeout(opts, 100 * time_factor()));
    nc = peer_connect(&p, opts);
    peer_hang_up(&p);
    CHECK(peer_accept(&p)); /* and not a word */
    CHECK(peer_expect_end(&p));
    CHECK(peer_shake_hands(&p, NULL));
    peer_settle(&p);
    CHECK_REACHED(&c.reconnected, 1);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

/* Random bytes after valid beginnings. A fixed seed, so that a failure can be repeated. */
static void random_bytes(void) {
    static const char *const beginnings[] = {"",     "MSG foo 1 ", "HMSG foo 1 12 ", "INFO {", "-ERR ",
                                             "MSG ", "PING"};
    uint32_t random = 12345;
    int round, i;

    for (round = 0; round < 60; round++) {
        char noise[64];
        static peer_fixture f;

        peer_fixture_start_with(&f, no_reconnect, NULL);
        for (i = 0; i < (int)sizeof(noise); i++) {
            random = random * 1664525u + 1013904223u;
            noise[i] = (char)(random >> 24);
        }
        CHECK(peer_send(&f.p, beginnings[round % 7]));
        send(f.p.socket, noise, sizeof(noise), MSG_NOSIGNAL);
        send(f.p.socket, "\r\n\r\n", 4, MSG_NOSIGNAL);
        peer_hang_up(&f.p);
        CHECK_REACHED(&f.c.closed, 1);
        peer_fixture_end(&f);
    }
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(garbage),
        TEST(garbage_closes_without_reconnect),
        TEST(unusual_but_fine),
        TEST(in_single_bytes),
        TEST(closed_in_the_middle),
#if OURS
        TEST(endless_line),
#endif
        TEST(announced_but_not_sent),
        TEST(memory_stays_bounded),
        TEST(reconnects_do_not_pile_up_memory),
        TEST(silent_after_accept_in_a_reconnect),
        TEST(random_bytes),
    };

    return RUN_TESTS(cases, argc, argv);
}
