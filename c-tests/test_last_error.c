/* The last error of a connection gives the reason in the disconnected callback, and stays during the outage. */
#include "callbacks.h"
#include "peer.h"
#include "peer_fixture.h"
#include "test.h"

enum { TEXT = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static natsStatus reason;
static char reason_text[TEXT];
/* Set before a thread of the library exists. */
static bool waits;

/* Waits at the gate first, so that much may have happened meanwhile. */
static void on_loss(natsConnection *nc, void *arg) {
    closure *c = (closure *)arg;

    if (waits)
        closure_pass_gate(c);
    pthread_mutex_lock(&lock);
    reason = natsConnection_ReadLastError(nc, reason_text, sizeof(reason_text));
    pthread_mutex_unlock(&lock);
    on_disconnected(nc, arg);
}

static closure *told;

static natsOptions *adjust(natsOptions *opts) {
    CHECK_OK(natsOptions_SetDisconnectedCB(opts, on_loss, told));
    return opts;
}

static natsOptions *adjust_pings(natsOptions *opts) {
    CHECK_OK(natsOptions_SetPingInterval(opts, 10));
    CHECK_OK(natsOptions_SetMaxPingsOut(opts, 2));
    return adjust(opts);
}

static natsOptions *adjust_deadline(natsOptions *opts) {
    CHECK_OK(natsOptions_SetWriteDeadline(opts, 50));
    return adjust(opts);
}

static void start(peer_fixture *f, natsOptions *(*how)(natsOptions *)) {
    told = &f->c;
    peer_fixture_start_with(f, how, NULL);
}

static void expect_reason(peer_fixture *f, natsStatus status, const char *part) {
    const char *now = NULL;
    natsStatus s;

    CHECK_REACHED(&f->c.disconnected, 1);
    CHECK_INT(reason, status);
    CHECK_CONTAINS(reason_text, part);
    /* The same for who asks from elsewhere, until the connection is back. */
    s = natsConnection_GetLastError(f->nc, &now);
    if (s != NATS_OK)
        CHECK_CONTAINS(now, part);
    CHECK(peer_shake_hands(&f->p, NULL));
    CHECK_REACHED(&f->c.reconnected, 1);
    CHECK_OK(natsConnection_GetLastError(f->nc, &now));
    CHECK_STR(now, "");
    peer_fixture_end(f);
}

static void end_of_stream(void) {
    static peer_fixture f;

    start(&f, adjust);
    peer_hang_up(&f.p);
    expect_reason(&f, NATS_CONNECTION_CLOSED, "end of stream");
}

static void reset(void) {
    static peer_fixture f;

    start(&f, adjust);
    peer_reset(&f.p);
    expect_reason(&f, NATS_IO_ERROR, "reset by peer");
}

static void servers_text(void) {
    static peer_fixture f;

    start(&f, adjust);
    CHECK(peer_send(&f.p, "-ERR 'Server Shutdown'\r\n"));
    peer_hang_up(&f.p);
    expect_reason(&f, NATS_ERR, "Server Shutdown");
}

static void bad_protocol(void) {
    static peer_fixture f;

    start(&f, adjust);
    CHECK(peer_send(&f.p, "HTTP/1.1 400 Bad Request\r\n"));
    expect_reason(&f, NATS_PROTOCOL_ERROR, "HTTP/1.1");
}

static void stale(void) {
    static peer_fixture f;

    start(&f, adjust_pings);
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK_INT(reason, NATS_STALE_CONNECTION);
    CHECK_CONTAINS(reason_text, "Stale Connection");
    CHECK_CONTAINS(reason_text, "2 PINGs");
    peer_fixture_end(&f);
}

static void write_deadline(void) {
    static char data[1000000];
    static peer_fixture f;

    start(&f, adjust_deadline);
    while (natsConnection_Publish(f.nc, "big", data, (int)sizeof(data)) == NATS_OK) {
    }
    CHECK_ERROR(NATS_TIMEOUT, "");
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK_INT(reason, NATS_TIMEOUT);
    CHECK_CONTAINS(reason_text, "write deadline");
    peer_fixture_end(&f);
}

/* What the server said counts more than that writing fails because of it. */
static void servers_text_while_much_is_written(void) {
    static char data[1000000];
    static peer_fixture f;
    int i;

    start(&f, adjust);
    CHECK(peer_send(&f.p, "-ERR 'Slow Consumer'\r\n"));
    peer_hang_up(&f.p);
    for (i = 0; i < 3; i++)
        CHECK_OK(natsConnection_Publish(f.nc, "big", data, (int)sizeof(data)));
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK_INT(reason, NATS_ERR);
    CHECK_STR(reason_text, "Slow Consumer");
    peer_fixture_end(&f);
}

static void through_the_outage(void) {
    const char *now = NULL;
    static peer_fixture f;

    start(&f, adjust);
    peer_refuse(&f.p);
    peer_hang_up(&f.p);
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK_INT(reason, NATS_CONNECTION_CLOSED);
    CHECK_SOON(natsConnection_GetLastError(f.nc, &now) == NATS_NO_SERVER);
    CHECK_CONTAINS(now, "end of stream");
    CHECK_CONTAINS(now, "; then ");
    CHECK_CONTAINS(now, "refused");
    CHECK_CONTAINS(now, f.p.url + strlen("nats://"));
    peer_listen_again(&f.p);
    CHECK(peer_accept(&f.p));
    CHECK(peer_send(&f.p, "-ERR 'no such luck'\r\n"));
    CHECK_SOON(natsConnection_GetLastError(f.nc, &now) == NATS_PROTOCOL_ERROR);
    CHECK_CONTAINS(now, "end of stream");
    CHECK_CONTAINS(now, "no such luck");
    CHECK_CONTAINS(now, f.p.url + strlen("nats://"));
    CHECK(peer_shake_hands(&f.p, NULL));
    CHECK_REACHED(&f.c.reconnected, 1);
    CHECK_OK(natsConnection_GetLastError(f.nc, &now));
    CHECK_STR(now, "");
    peer_fixture_end(&f);
}

/* A callback that comes late, when all is well again, still finds it. */
static void late_callback(void) {
    static peer_fixture f;

    waits = true;
    start(&f, adjust);
    peer_hang_up(&f.p);
    CHECK(peer_shake_hands(&f.p, NULL));
    CHECK(peer_expect(&f.p, "SUB foo  1\r\n"));
    CHECK_SOON(natsConnection_Status(f.nc) == NATS_CONN_STATUS_CONNECTED);
    counter_set(&f.c.gate, 1);
    CHECK_REACHED(&f.c.reconnected, 1);
    CHECK_INT(reason, NATS_CONNECTION_CLOSED);
    CHECK_CONTAINS(reason_text, "end of stream");
    peer_fixture_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(end_of_stream),
        TEST(reset),
        TEST(servers_text),
        TEST(bad_protocol),
        TEST(stale),
        TEST(write_deadline),
        TEST(servers_text_while_much_is_written),
        TEST(through_the_outage),
        TEST(late_callback),
    };

    return RUN_TESTS(cases, argc, argv);
}
