/* The calls of a connection to an event loop, and their order, recorded by a poll() loop on the test's thread. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

#include <fcntl.h>
#include <poll.h>

typedef struct poll_loop {
    pthread_mutex_t lock;
    char log[256];    /* A attach, W and w write on and off, R and r read, X detach */
    natsSock socket;  /* what to watch, or -1 */
    natsSock closing; /* what to close next, or -1 */
    bool write;
    natsConnection *nc;
    int inside;      /* calls running */
    int overlapping; /* calls that came while another thread's ran */
    pthread_t thread;
    int refuse;           /* so many attaches fail */
    int attaches;         /* all of them */
    void *data_seen;      /* in *userData at the last attach */
    natsStatus reentered; /* of calls made inside the functions */
} poll_loop;

static void poll_init(poll_loop *p) {
    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    p->socket = p->closing = -1;
}

static void enter(poll_loop *p, char what) {
    size_t n;

    pthread_mutex_lock(&p->lock);
    if (p->inside > 0 && !pthread_equal(p->thread, pthread_self()))
        p->overlapping++;
    p->inside++;
    p->thread = pthread_self();
    n = strlen(p->log);
    if (n + 1 < sizeof(p->log)) {
        p->log[n] = what;
        p->log[n + 1] = '\0';
    }
    pthread_mutex_unlock(&p->lock);
}

/* Each function calls the library from inside, as loops may. */
static natsStatus leave(poll_loop *p, bool subscribe) {
    natsSubscription *sub = NULL;
    natsStatus s = NATS_OK;

    if (p->nc != NULL) {
        natsConnection_Status(p->nc);
        natsConnection_Buffered(p->nc);
        natsConnection_ProcessReadEvent(NULL);
        if (subscribe && natsConnection_SubscribeSync(&sub, p->nc, "inside") == NATS_OK)
            s = natsSubscription_Unsubscribe(sub);
        natsSubscription_Destroy(sub);
    }
    pthread_mutex_lock(&p->lock);
    p->inside--;
    if (s != NATS_OK && s != NATS_CONNECTION_CLOSED)
        p->reentered = s;
    pthread_mutex_unlock(&p->lock);
    return NATS_OK;
}

static natsStatus on_attach(void **userData, void *loop, natsConnection *nc, natsSock socket) {
    poll_loop *p = (poll_loop *)loop;
    bool refused;

    enter(p, 'A');
    pthread_mutex_lock(&p->lock);
    p->attaches++;
    p->data_seen = *userData;
    refused = p->refuse > 0;
    if (refused) {
        p->refuse--;
    } else {
        *userData = p;
        p->socket = socket;
        p->nc = nc;
    }
    pthread_mutex_unlock(&p->lock);
    leave(p, true);
    return refused ? NATS_NO_MEMORY : NATS_OK;
}

static natsStatus on_read(void *userData, bool add) {
    poll_loop *p = (poll_loop *)userData;

    enter(p, add ? 'R' : 'r');
    pthread_mutex_lock(&p->lock);
    p->closing = p->socket;
    p->socket = -1;
    pthread_mutex_unlock(&p->lock);
    return leave(p, true);
}

static natsStatus on_write(void *userData, bool add) {
    poll_loop *p = (poll_loop *)userData;

    enter(p, add ? 'W' : 'w');
    pthread_mutex_lock(&p->lock);
    p->write = add;
    pthread_mutex_unlock(&p->lock);
    return leave(p, false);
}

static natsStatus on_detach(void *userData) {
    poll_loop *p = (poll_loop *)userData;

    enter(p, 'X');
    return leave(p, true);
}

static const char *so_far(poll_loop *p, char copy[256]) {
    pthread_mutex_lock(&p->lock);
    memcpy(copy, p->log, sizeof(p->log));
    p->log[0] = '\0';
    pthread_mutex_unlock(&p->lock);
    return copy;
}

static int attaches(poll_loop *p) {
    int n;

    pthread_mutex_lock(&p->lock);
    n = p->attaches;
    pthread_mutex_unlock(&p->lock);
    return n;
}

static bool wants_to_write(poll_loop *p) {
    bool wants;

    pthread_mutex_lock(&p->lock);
    wants = p->write;
    pthread_mutex_unlock(&p->lock);
    return wants;
}

/* The connection whose events turn processes. */
static void watch(poll_loop *p, natsConnection *nc) {
    pthread_mutex_lock(&p->lock);
    p->nc = nc;
    pthread_mutex_unlock(&p->lock);
}

/* One turn of the loop. True if something was ready. */
static bool turn(poll_loop *p) {
    natsConnection *nc;
    struct pollfd fd;
    int ready;

    pthread_mutex_lock(&p->lock);
    nc = p->nc;
    fd.fd = p->socket;
    fd.events = (short)(POLLIN | (p->write ? POLLOUT : 0));
    fd.revents = 0;
    ready = p->closing;
    p->closing = -1;
    pthread_mutex_unlock(&p->lock);
    if (ready != -1) {
        CHECK(fcntl(ready, F_GETFD) != -1);
        fd.fd = ready;
        natsConnection_ProcessCloseEvent(&ready);
        CHECK_INT(ready, -1);
        CHECK(fcntl(fd.fd, F_GETFD) == -1 && errno == EBADF);
        return true;
    }
    ready = poll(&fd, 1, 5);
    if (ready > 0 && (fd.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        natsConnection_ProcessReadEvent(nc);
    if (ready > 0 && (fd.revents & POLLOUT) != 0)
        natsConnection_ProcessWriteEvent(nc);
    return ready > 0;
}

static bool logged(poll_loop *p, const char *text) {
    bool found;

    pthread_mutex_lock(&p->lock);
    found = strstr(p->log, text) != NULL;
    pthread_mutex_unlock(&p->lock);
    return found;
}

/* Turns the loop until the log has this in it. */
#define TURN_UNTIL(p, condition)                                                                             \
    do {                                                                                                     \
        int64_t turn_until = now_ms() + deadline_ms();                                                       \
        while (!(condition)) {                                                                               \
            CHECK(now_ms() < turn_until);                                                                    \
            turn(p);                                                                                         \
        }                                                                                                    \
    } while (0)

static natsOptions *polled(const char *url, poll_loop *p) {
    natsOptions *opts = test_options(url);

    poll_init(p);
    CHECK_OK(natsOptions_SetEventLoop(opts, p, on_attach, on_read, on_write, on_detach));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    return opts;
}

static void calls_come_in_order(void) {
    natsConnection *nc;
    natsOptions *opts;
    poll_loop p;
    static closure c;
    char log[256];
    peer s;
    int i;

    closure_init(&c);
    peer_open(&s);
    opts = polled(s.url, &p);
    CHECK_OK(natsOptions_SetClosedCB(opts, on_closed, &c));
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
    nc = peer_connect(&s, opts);
    CHECK(p.data_seen == NULL);
    CHECK_INT(attaches(&p), 1);
    CHECK_INT(p.socket >= 0, 1);
    CHECK((fcntl(p.socket, F_GETFL) & O_NONBLOCK) != 0);
    /* What the functions themselves do with the connection is asked for by the library's threads. */
    TURN_UNTIL(&p, natsConnection_Buffered(nc) == 0 && !wants_to_write(&p));
    so_far(&p, log);

    watch(&p, NULL);
    for (i = 0; i < 10; i++)
        CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_STR(so_far(&p, log), "W");
    watch(&p, nc);
    natsConnection_ProcessWriteEvent(nc);
    CHECK_CONTAINS(so_far(&p, log), "w");
    for (i = 0; i < 10; i++)
        CHECK(peer_expect(&s, "PUB foo 1\r\nx\r\n"));
    CHECK(peer_send(&s, "PING\r\n"));
    TURN_UNTIL(&p, peer_expect_within(&s, "PONG\r\n", 1));

    /* Lost: nothing more for this socket, which the loop closes; then another one. */
    TURN_UNTIL(&p, natsConnection_Buffered(nc) == 0 && !wants_to_write(&p));
    so_far(&p, log);
    watch(&p, NULL);
    peer_hang_up(&s);
    CHECK_SOON((natsConnection_ProcessReadEvent(nc), logged(&p, "r")));
    CHECK(logged(&p, "wr"));
    CHECK(!logged(&p, "X"));
    watch(&p, nc);
    CHECK(turn(&p)); /* closes */
    CHECK(peer_shake_hands(&s, NULL));
    TURN_UNTIL(&p, attaches(&p) == 2 && natsConnection_Status(nc) == NATS_CONN_STATUS_CONNECTED);
    CHECK(p.data_seen == &p);
    CHECK(logged(&p, "wrA"));

    /* Closed: the same, and goodbye. Until that is confirmed the handle works. */
    so_far(&p, log);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    so_far(&p, log);
    CHECK_INT(strlen(log) >= 3 && strcmp(log + strlen(log) - 3, "wrX") == 0, 1);
    CHECK(natsConnection_IsClosed(nc));
    CHECK_STATUS(natsConnection_PublishString(nc, "foo", "x"), NATS_CONNECTION_CLOSED);
    CHECK(turn(&p)); /* closes */
    natsConnection_ProcessDetachedEvent(nc);
    CHECK_STATUS(natsConnection_PublishString(nc, "foo", "x"), NATS_INVALID_ARG);
    natsConnection_ProcessReadEvent(nc);
    natsConnection_ProcessWriteEvent(nc);
    natsConnection_ProcessDetachedEvent(nc);
    CHECK_REACHED(&c.released, 1);
    CHECK_INT(p.overlapping, 0);
    CHECK_INT(p.reentered, NATS_OK);
    CHECK_STR(so_far(&p, log), "");
    peer_close(&s);
}

static void *turn_to_the_end(void *arg) {
    poll_loop *p = (poll_loop *)arg;
    int64_t until = now_ms() + deadline_ms();

    while (!logged(p, "X") && now_ms() < until)
        turn(p);
    while (p->closing != -1)
        turn(p);
    natsConnection_ProcessDetachedEvent(p->nc);
    return NULL;
}

/* The program destroys the connection on a thread that is not the loop's: what was published still leaves, by the
 * loop, and the loop's last call releases the connection. */
static void destroyed_on_another_thread(void) {
    static char data[3000];
    natsConnection *nc, *other;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c, released;
    poll_loop p;
    pthread_t loop;
    server s;
    int i, round;

    closure_init(&c);
    server_run(&s);
    other = test_connect_url(s.url);
    CHECK_OK(natsConnection_Subscribe(&sub, other, "foo", on_message, &c));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    CHECK_OK(natsConnection_Flush(other));
    for (round = 1; round <= 3; round++) {
        closure_init(&released);
        opts = polled(s.url, &p);
        CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &released));
        nc = test_connect(opts);
        pthread_create(&loop, NULL, turn_to_the_end, &p);
        for (i = 0; i < 2000; i++)
            CHECK_OK(natsConnection_Publish(nc, "foo", data, sizeof(data)));
        natsConnection_Destroy(nc);
        pthread_join(loop, NULL);
        CHECK_REACHED(&released.released, 1);
        CHECK_REACHED(&c.messages, 2000 * round);
        CHECK_STATUS(natsConnection_PublishString(nc, "foo", "x"), NATS_INVALID_ARG);
    }
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(other);
    server_stop(&s);
}

static void attaching_can_fail(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    poll_loop p;
    static closure c;
    char log[256];
    server s;

    server_run(&s);
    opts = polled(s.url, &p);
    p.refuse = 1;
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_MEMORY);
    CHECK_ERROR(NATS_NO_MEMORY, "Error attaching to the event loop: 24 - No Memory");
    CHECK_STR(so_far(&p, log), "A");
    CHECK_INT(attaches(&p), 1);
    natsOptions_Destroy(opts);

    /* In a reconnect it is one more attempt. */
    closure_init(&c);
    opts = polled(s.url, &p);
    CHECK_OK(natsOptions_SetReconnectedCB(opts, on_reconnected, &c));
    nc = test_connect(opts);
    p.refuse = 3;
    CHECK_OK(natsConnection_Reconnect(nc));
    TURN_UNTIL(&p, counter_get(&c.reconnected) == 1);
    CHECK_INT(attaches(&p), 5);
    natsConnection_Destroy(nc);
    CHECK(logged(&p, "X"));
    while (p.closing != -1)
        turn(&p);
    natsConnection_ProcessDetachedEvent(nc);
    server_stop(&s);
}

/* A publisher on the loop's own thread, with a server that does not read: it gets an error. */
static void a_full_socket_ends_at_the_write_deadline(void) {
    static char data[16 * 1024];
    natsConnection *nc;
    natsOptions *opts;
    poll_loop p;
    natsStatus st = NATS_OK;
    peer s;
    int i;

    peer_open(&s);
    opts = polled(s.url, &p);
    CHECK_OK(natsOptions_SetWriteDeadline(opts, 50));
    nc = peer_connect(&s, opts);
    watch(&p, NULL);
    for (i = 0; i < 10000 && st == NATS_OK; i++)
        st = natsConnection_Publish(nc, "foo", data, sizeof(data));
    CHECK_INT(st, NATS_TIMEOUT);
    CHECK(logged(&p, "W"));
    CHECK(logged(&p, "wr"));
    peer_refuse(&s);
    natsConnection_Destroy(nc);
    CHECK(logged(&p, "X"));
    while (p.closing != -1)
        turn(&p);
    natsConnection_ProcessDetachedEvent(nc);
    peer_close(&s);
}

static void nonsense_is_harmless(void) {
    natsOptions *opts = test_options("nats://127.0.0.1:1");
    natsConnection *nc;
    poll_loop p;
    natsSock none = -1;
    server s;

    poll_init(&p);
    CHECK_STATUS(natsOptions_SetEventLoop(NULL, &p, on_attach, on_read, on_write, on_detach),
                 NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetEventLoop(opts, NULL, on_attach, on_read, on_write, on_detach),
                 NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetEventLoop(opts, &p, NULL, on_read, on_write, on_detach), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetEventLoop(opts, &p, on_attach, NULL, on_write, on_detach), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetEventLoop(opts, &p, on_attach, on_read, NULL, on_detach), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetEventLoop(opts, &p, on_attach, on_read, on_write, NULL), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
    natsConnection_ProcessReadEvent(NULL);
    natsConnection_ProcessWriteEvent(NULL);
    natsConnection_ProcessDetachedEvent(NULL);
    natsConnection_ProcessCloseEvent(NULL);
    natsConnection_ProcessCloseEvent(&none);
    CHECK_INT(none, -1);

    /* A connection without a loop takes no notice. */
    server_run(&s);
    nc = test_connect_url(s.url);
    natsConnection_ProcessReadEvent(nc);
    natsConnection_ProcessWriteEvent(nc);
    natsConnection_ProcessDetachedEvent(nc);
    CHECK_OK(natsConnection_Flush(nc));
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(calls_come_in_order),  TEST(destroyed_on_another_thread),
        TEST(attaching_can_fail),   TEST(a_full_socket_ends_at_the_write_deadline),
        TEST(nonsense_is_harmless),
    };

    return RUN_TESTS(cases, argc, argv);
}
