/* Publishing to a peer that does not read: which calls wait, for how long, and what happens to the remaining data. */
#include "callbacks.h"
#include "peer.h"
#include "peer_fixture.h"
#include "server.h"
#include "test.h"

static natsOptions *short_deadline(natsOptions *opts) {
    CHECK_OK(natsOptions_SetWriteDeadline(opts, 100));
    return opts;
}

static void write_deadline_against_a_stalled_peer(void) {
    natsOptions *opts;
    char *data = (char *)calloc(1, 65536);
    natsStatus s = NATS_OK;
    int64_t until;
    static closure c;
    natsConnection *nc;
    peer p;

    closure_init(&c);
    peer_open(&p);
    opts = short_deadline(test_options(p.url));
    options_record(opts, &c);
    nc = peer_connect(&p, opts);
    peer_refuse(&p);
    /* The peer reads nothing: sooner or later there is no room, and the call says so in time. */
    until = now_ms() + deadline_ms();
    while (s == NATS_OK && now_ms() < until) {
        int64_t start = now_ms();

        s = natsConnection_Publish(nc, "foo", data, 65536);
        CHECK(now_ms() - start < 5000 * time_factor());
        if (counter_get(&c.disconnected) > 0)
            break;
    }
    if (s != NATS_OK)
        CHECK(s == NATS_TIMEOUT || s == NATS_IO_ERROR || s == NATS_INSUFFICIENT_BUFFER);
    else
        CHECK(counter_get(&c.disconnected) > 0);
    CHECK_REACHED(&c.disconnected, 1);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
    free(data);
}

#if OURS
typedef struct stalled {
    natsConnection *nc;
    int size;
    counter begun;
    natsStatus status;
} stalled;

static void *publish_until_stopped(void *arg) {
    stalled *p = (stalled *)arg;
    void *data = calloc(1, (size_t)p->size);

    do {
        counter_add(&p->begun, 1);
        p->status = natsConnection_Publish(p->nc, "foo", data, p->size);
    } while (p->status == NATS_OK);
    free(data);
    return NULL;
}

/* A thread publishes to a peer that reads nothing, and there is no write deadline: others keep their times, and closing
 * ends it. */
static void behind_a_stalled_publisher(int size) {
    char *large = (char *)calloc(1, 300000);
    natsMsg *reply = NULL;
    int64_t started, last = -1;
    pthread_t thread;
    stalled p;
    peer peer;
    int same;

    peer_open(&peer);
    p.nc = peer_connect(&peer, test_options(peer.url));
    p.size = size;
    counter_init(&p.begun);
    peer_refuse(&peer);
    pthread_create(&thread, NULL, publish_until_stopped, &p);
    for (same = 0; same < 50; poll_pause()) { /* until it gets no further */
        same = counter_get(&p.begun) == last ? same + 1 : 0;
        last = counter_get(&p.begun);
    }
    started = now_ms();
    CHECK_STATUS(natsConnection_FlushTimeout(p.nc, 50), NATS_TIMEOUT);
    CHECK_STATUS(natsConnection_RequestString(&reply, p.nc, "foo", "x", 50), NATS_TIMEOUT);
    CHECK_STATUS(natsConnection_Request(&reply, p.nc, "foo", large, 300000, 50), NATS_TIMEOUT);
    CHECK(natsConnection_Status(p.nc) == NATS_CONN_STATUS_CONNECTED);
    natsConnection_Close(p.nc);
    CHECK(now_ms() - started < deadline_ms());
    pthread_join(thread, NULL);
    CHECK_INT(p.status, NATS_CONNECTION_CLOSED);
    if (size > 65536)
        CHECK_INT(counter_get(&p.begun), last); /* the very call whose message was cut says so */
    natsConnection_Destroy(p.nc);
    peer_close(&peer);
    free(large);
}

/* Large requests whose time ends while the socket takes no more: what has begun to leave leaves whole. */
static void requests_to_a_stalled_peer_leave_whole(void) {
    enum { SIZE = 300000, TIMES = 40 };
    char *large = (char *)malloc(SIZE);
    const char *at;
    natsMsg *reply = NULL;
    natsConnection *nc;
    peer p;
    int i, size, head, n = 0;

    memset(large, '.', SIZE);
    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    for (i = 0; i < TIMES; i++)
        CHECK_STATUS(natsConnection_Request(&reply, nc, "foo", large, SIZE, 10), NATS_TIMEOUT);
    CHECK_OK(natsConnection_PublishString(nc, "end", "x"));
    CHECK(peer_expect(&p, "PUB end 1\r\nx\r\n"));
    at = strstr(p.bytes, "PUB foo ");
    CHECK(at != NULL);
    for (; strncmp(at, "PUB foo ", 8) == 0; n++) {
        head = 0;
        CHECK_INT(sscanf(at, "PUB foo %*s %d\r\n%n", &size, &head), 1);
        CHECK_INT(size, SIZE);
        CHECK(memcmp(at + head, large, SIZE) == 0 && memcmp(at + head + SIZE, "\r\n", 2) == 0);
        at += head + SIZE + 2;
    }
    CHECK(strncmp(at, "PUB end", 7) == 0);
    CHECK(n >= 1 && n < TIMES); /* as many as the kernel took the beginning of */
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
    free(large);
}

static void *request_large(void *arg) {
    stalled *p = (stalled *)arg;
    void *data = calloc(1, (size_t)p->size);
    natsMsg *reply = NULL;

    counter_add(&p->begun, 1);
    p->status = natsConnection_Request(&reply, p->nc, "bar", data, p->size, 10 * deadline_ms());
    natsMsg_Destroy(reply);
    free(data);
    return NULL;
}

/* A request that cannot leave, since the server waits for us to read: we read. */
static void requests_that_cannot_leave_do_not_stop_the_reading(void) {
    static peer_fixture f;
    pthread_t threads[2];
    stalled publisher, request;
    int64_t last = -1;
    int same;

    peer_fixture_start(&f);
    publisher.nc = request.nc = f.nc;
    publisher.size = request.size = 100000;
    counter_init(&publisher.begun);
    counter_init(&request.begun);
    pthread_create(&threads[0], NULL, publish_until_stopped, &publisher);
    for (same = 0; same < 50; poll_pause()) {
        same = counter_get(&publisher.begun) == last ? same + 1 : 0;
        last = counter_get(&publisher.begun);
    }
    pthread_create(&threads[1], NULL, request_large, &request);
    CHECK_REACHED(&request.begun, 1);
    CHECK(!counter_wait(&request.begun, 2, 100)); /* it has begun to wait by now */
    CHECK(peer_send(&f.p, "MSG foo 1 2\r\nhi\r\n"));
    test_expect_next(f.sub, "hi");
    natsConnection_Close(f.nc);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    CHECK_INT(request.status, NATS_CONNECTION_CLOSED);
    peer_fixture_end(&f);
}

typedef struct publishers {
    natsConnection *nc;
    counter accepted;
    counter stop;
} publishers;

static void *publish_large(void *arg) {
    publishers *p = (publishers *)arg;
    char *data = (char *)calloc(1, 1024 * 1024);

    while (counter_get(&p->stop) == 0) {
        if (natsConnection_Publish(p->nc, "foo", data, 1024 * 1024) == NATS_OK)
            counter_add(&p->accepted, 1);
        else
            poll_pause();
    }
    free(data);
    return NULL;
}

/* When the server goes while large messages are on their way, no more of them are kept than there may be. */
static void loss_under_large_publishes(void) {
    enum { THREADS = 3, ROUNDS = 5, LIMIT = 8 << 20, MOST_ON_THEIR_WAY = (THREADS + 1) << 20 };
    pthread_t threads[THREADS];
    static closure c;
    static publishers p;
    int64_t pending = 0;
    int round, i;
    server s;

    server_run(&s);
    for (round = 0; round < ROUNDS; round++) {
        p.nc = test_connect(options_recorded(s.url, &c));
        counter_init(&p.accepted);
        counter_init(&p.stop);
        for (i = 0; i < THREADS; i++)
            CHECK_INT(pthread_create(&threads[i], NULL, publish_large, &p), 0);
        CHECK_REACHED(&p.accepted, 20);
        server_kill(&s);
        CHECK_REACHED(&c.disconnected, 1);
        do {
            CHECK_OK(natsConnection_GetPendingBytes(p.nc, &pending));
            CHECK(pending <= LIMIT + MOST_ON_THEIR_WAY);
            poll_pause();
        } while (pending < LIMIT);
        counter_set(&p.stop, 1);
        for (i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        natsConnection_Destroy(p.nc);
        CHECK_REACHED(&c.closed, 1);
        server_restart(&s);
    }
    server_stop(&s);
}

static void behind_a_stalled_small_publisher(void) { behind_a_stalled_publisher(1000); }

static void behind_a_stalled_large_publisher(void) { behind_a_stalled_publisher(1000000); }
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(write_deadline_against_a_stalled_peer),
#if OURS
        TEST(requests_to_a_stalled_peer_leave_whole),
        TEST(behind_a_stalled_small_publisher),
        TEST(behind_a_stalled_large_publisher),
        TEST(requests_that_cannot_leave_do_not_stop_the_reading),
        TEST(loss_under_large_publishes),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
