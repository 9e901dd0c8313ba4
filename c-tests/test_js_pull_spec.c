/* Fetches against a scripted server, by each sentence of their manual: the requests, the meaning of each status,
 * the duration of a call, and the state afterwards. */
#include "callbacks.h"
#include "js_fetch.h"
#include "test.h"

static closure errors;

static natsOptions *recorded(natsOptions *opts) {
    closure_init(&errors);
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, &errors));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 10));
    return opts;
}

static natsOptions *with_own_prefix(natsOptions *opts) {
    CHECK_OK(natsOptions_SetCustomInboxPrefix(opts, "my.own"));
    return recorded(opts);
}

static void check_peer(js_peer *j, bool done, const char *file, int line) {
    if (!done)
        check_failed(file, line, "%s", j->p.problem);
}
#define PEER(call) check_peer(&j, (call), __FILE__, __LINE__)

/* So many messages of the subscription have come and wait. */
static bool so_many_wait(natsSubscription *sub, int count) {
    int waiting = -1;

    return natsSubscription_GetPending(sub, &waiting, NULL) == NATS_OK && waiting == count;
}

static long long number_in(const char *json, const char *name) {
    const char *at = strstr(json, name);

    return at == NULL ? -1 : strtoll(at + strlen(name), NULL, 10);
}

static void what_a_request_says(void) {
    natsSubscription *sub;
    jsFetchRequest before;
    js_fetch f;
    js_peer j;
    long long expires;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    /* As little as possible. */
    js_fetch_begin(&f, sub, 1, 10 * deadline_ms(), 0);
    PEER(js_fetch_await(&j, "{\"batch\":1,\"expires\":"));
    CHECK_CONTAINS(j.op.reply, ".1");
    CHECK(strchr(j.op.body, ',') == strrchr(j.op.body, ','));
    /* It ends a little before the call does. */
    expires = number_in(j.op.body, "\"expires\":");
    CHECK(expires <= (10 * deadline_ms() - 10) * 1000000LL && expires > 9 * deadline_ms() * 1000000LL);
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    js_fetch_end(&f, NATS_OK, 1);
    /* As much as possible. */
    js_fetch_init(&f, sub, 7, deadline_ms(), 0);
    f.request.MaxBytes = 1000;
    f.request.NoWait = true;
    f.request.Heartbeat = deadline_ms() * 100000; /* a tenth of it */
    f.request.MinPending = 3;
    f.request.MinAckPending = 4;
    f.request.Group = "g";
    f.request.ID = "pin";
    f.request.Priority = 5;
    before = f.request;
    js_fetch_run(&f);
    PEER(js_fetch_await(&j, "\"batch\":7"));
    CHECK_CONTAINS(j.op.reply, ".2");
    CHECK_CONTAINS(j.op.body, "\"max_bytes\":1000");
    CHECK_CONTAINS(j.op.body, "\"no_wait\":true");
    CHECK(number_in(j.op.body, "\"idle_heartbeat\":") == before.Heartbeat);
    CHECK_CONTAINS(j.op.body, "\"min_pending\":3");
    CHECK_CONTAINS(j.op.body, "\"min_ack_pending\":4");
    CHECK_CONTAINS(j.op.body, "\"group\":\"g\"");
    CHECK_CONTAINS(j.op.body, "\"id\":\"pin\"");
    CHECK_CONTAINS(j.op.body, "\"priority\":5");
    PEER(js_fetch_say(&j, j.op.reply, "404 No Messages"));
    js_fetch_end(&f, NATS_NOT_FOUND, 0);
    /* It is the program's own. */
    CHECK(memcmp(&before, &f.request, sizeof(before)) == 0);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void a_simple_fetch_takes_what_there_is(void) {
    natsSubscription *sub;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_init(&f, sub, 3, deadline_ms(), 0);
    f.simple = true;
    js_fetch_run(&f);
    PEER(js_fetch_await(&j, "\"no_wait\":true"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(js_fetch_say(&j, j.op.reply, "404 No Messages"));
    js_fetch_end(&f, NATS_OK, 1);
    /* Where there is nothing, it waits for all. */
    js_fetch_init(&f, sub, 2, deadline_ms(), 0);
    f.simple = true;
    js_fetch_run(&f);
    PEER(js_fetch_await(&j, "\"no_wait\":true"));
    PEER(js_fetch_say(&j, j.op.reply, "404 No Messages"));
    PEER(js_fetch_await(&j, "\"batch\":2"));
    CHECK(strstr(j.op.body, "no_wait") == NULL);
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    PEER(js_peer_deliver_to(&j, j.answers, 3, 3, 0));
    js_fetch_end(&f, NATS_OK, 2);
    /* One message is waited for at once. */
    js_fetch_init(&f, sub, 1, deadline_ms(), 0);
    f.simple = true;
    js_fetch_run(&f);
    PEER(js_fetch_await(&j, "\"batch\":1"));
    CHECK(strstr(j.op.body, "no_wait") == NULL);
    PEER(js_peer_deliver_to(&j, j.answers, 4, 4, 0));
    js_fetch_end(&f, NATS_OK, 1);
    /* One that has come late is not held back for the one that is missing. */
    PEER(js_peer_deliver_to(&j, j.answers, 5, 5, 0));
    CHECK_SOON(so_many_wait(sub, 1));
    js_fetch_init(&f, sub, 2, 10 * deadline_ms(), 0);
    f.simple = true;
    js_fetch_run(&f);
    PEER(js_fetch_await(&j, "\"no_wait\":true"));
    PEER(js_fetch_say(&j, j.op.reply, "404 No Messages"));
    js_fetch_end(&f, NATS_OK, 1);
    CHECK(f.took_ms < deadline_ms());
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

/* Each status alone, and behind a message. */
static void what_statuses_mean(void) {
    static const struct {
        const char *status;
        natsStatus result;
        const char *text;
    } cases[] = {
        {"404 No Messages", NATS_NOT_FOUND, ""},
        {"408 Request Timeout\r\nNats-Pending-Messages: 2\r\nNats-Pending-Bytes: 0", NATS_TIMEOUT, ""},
        {"408 Requests Pending", NATS_TIMEOUT, ""},
        {"408 Interest Expired", NATS_TIMEOUT, ""},
        {"409 Consumer is push based", NATS_LIMIT_REACHED, "Consumer is push based"},
        {"409 Message Size Exceeds MaxBytes", NATS_LIMIT_REACHED, "Message Size Exceeds MaxBytes"},
        {"409 Batch Completed", NATS_LIMIT_REACHED, "Batch Completed"},
        {"409 Exceeded MaxWaiting", NATS_LIMIT_REACHED, "Exceeded MaxWaiting"},
        {"409 Exceeded MaxRequestBatch of 1", NATS_LIMIT_REACHED, "Exceeded MaxRequestBatch of 1"},
        {"409 Exceeded MaxRequestExpires of 1s", NATS_LIMIT_REACHED, "Exceeded MaxRequestExpires"},
        {"409 Something New", NATS_LIMIT_REACHED, "Something New"},
        {"423 Nats-Wrong-Pin-Id", NATS_PIN_ID_MISMATCH, ""},
        {"400 Bad Request - Priority Group missing", NATS_INVALID_ARG, "Priority Group missing"},
        {"412 Precondition", NATS_ERR, "Precondition"},
        {"777", NATS_ERR, "error checking pull subscribe message"},
        /* In the headers, where programs that forward or imitate a status have it. */
        {"\r\nStatus: 404\r\nDescription: No Messages", NATS_NOT_FOUND, ""},
        {"\r\nDescription: Batch Completed\r\nStatus: 409", NATS_LIMIT_REACHED, "Batch Completed"},
    };
    natsSubscription *sub;
    uint64_t sequence = 0;
    js_fetch f;
    js_peer j;
    size_t i;
    int some;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (some = 0; some <= 1; some++) {
            js_fetch_begin(&f, sub, 3, deadline_ms(), 0);
            PEER(js_fetch_await(&j, "\"batch\":3"));
            if (some) {
                sequence++;
                PEER(js_peer_deliver_to(&j, j.answers, sequence, sequence, 0));
            }
            PEER(js_fetch_say(&j, j.op.reply, cases[i].status));
            js_fetch_end(&f, some ? NATS_OK : cases[i].result, some);
            CHECK(f.took_ms < deadline_ms());
            if (some)
                CHECK_STR(f.error, "");
            else
                CHECK_CONTAINS(f.error, cases[i].text);
        }
    CHECK_INT(counter_get(&errors.errors), 0);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void statuses_come_to_any_inbox(void) {
    natsSubscription *sub;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, with_own_prefix);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 3, deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":3"));
    CHECK_INT(strncmp(j.op.reply, "my.own.", 7), 0);
    PEER(js_fetch_say(&j, j.op.reply, "408 Request Timeout"));
    js_fetch_end(&f, NATS_TIMEOUT, 0);
    CHECK(f.took_ms < deadline_ms());
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

/* Delivers a message of the stream without a payload, with these headers or none. */
static bool deliver_empty(js_peer *j, uint64_t sequence, const char *headers) {
    char text[512];

    snprintf(text, sizeof(text), "%s foo %s $JS.ACK.S.c.1.%" PRIu64 ".%" PRIu64 ".1767225600000000000.0 ",
             headers == NULL ? "MSG" : "HMSG", j->answers, sequence, sequence);
    if (headers == NULL)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "0\r\n\r\n");
    else
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%zu %zu\r\n%s\r\n", strlen(headers),
                 strlen(headers), headers);
    return peer_send(&j->p, text);
}

/* Whatever a publisher has stored is a message; else it would come again and again. */
static void messages_that_look_like_statuses(void) {
    natsSubscription *sub;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 5, deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":5"));
    PEER(deliver_empty(&j, 1, NULL));
    PEER(deliver_empty(&j, 2, "NATS/1.0\r\nA: b\r\n\r\n"));
    PEER(deliver_empty(&j, 3, "NATS/1.0 503\r\n\r\n"));
    PEER(deliver_empty(&j, 4, "NATS/1.0 100 Idle Heartbeat\r\n\r\n"));
    PEER(deliver_empty(&j, 5, "NATS/1.0 409 Consumer Deleted\r\n\r\n"));
    js_fetch_end(&f, NATS_OK, 5);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void the_time_always_holds(void) {
    int64_t until;
    natsSubscription *sub;
    js_fetch f;
    js_peer j;
    int requests = 0;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    /* No answer. */
    js_fetch_begin(&f, sub, 2, 150, 0);
    PEER(js_fetch_await(&j, "\"batch\":2"));
    js_fetch_end(&f, NATS_TIMEOUT, 0);
    CHECK(f.took_ms >= 149 && f.took_ms < deadline_ms());
    /* Heartbeats without end. */
    js_fetch_begin(&f, sub, 2, 800 * time_factor(), 200 * time_factor());
    PEER(js_fetch_await(&j, "\"idle_heartbeat\":"));
    for (until = now_ms() + 1000 * time_factor(); now_ms() < until; poll_pause())
        PEER(js_fetch_say(&j, j.op.reply, "100 Idle Heartbeat"));
    js_fetch_end(&f, NATS_TIMEOUT, 0);
    CHECK(f.took_ms >= 799 * time_factor() && f.took_ms < deadline_ms());
    /* A server that takes every request back: at once the first time, then more and more seldom. */
    js_fetch_begin(&f, sub, 2, 1500, 0);
    until = now_ms() + 1500;
    while (now_ms() < until && js_peer_await_within(&j, "PUB", "$JS.API.CONSUMER.MSG.NEXT.S.c", 1500)) {
        requests++;
        PEER(js_fetch_say(&j, j.op.reply, "409 Leadership Change"));
    }
    pthread_join(f.thread, NULL);
    /* Also where the last one has come with the end of the time. */
    CHECK_INT(f.status, NATS_TIMEOUT);
    CHECK_INT(f.list.Count, 0);
    CHECK(f.took_ms >= 1499 && f.took_ms < deadline_ms());
    CHECK(requests >= 2 && requests <= 6);
    /* Messages that trickle in are there at the end of it. */
    js_fetch_begin(&f, sub, 5, 300, 0);
    PEER(js_fetch_await(&j, "\"batch\":5"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    js_fetch_end(&f, NATS_OK, 2);
    CHECK(f.took_ms >= 299);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void *publish_until_it_fails(void *arg) {
    static char large[64 * 1024];
    natsConnection *nc = (natsConnection *)arg;

    while (natsConnection_Publish(nc, "to.nobody", large, sizeof(large)) == NATS_OK)
        ;
    return NULL;
}

/* Also where the request itself cannot be sent, because the server does not read. */
static void the_time_holds_without_room(void) {
    natsSubscription *sub;
    pthread_t publisher;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    CHECK_INT(pthread_create(&publisher, NULL, publish_until_it_fails, j.nc), 0);
    /* The socket and the outgoing buffer are full when nothing more is published. */
    for (;;) {
        int before = natsConnection_Buffered(j.nc);
        int64_t until = now_ms() + 200;

        while (now_ms() < until)
            poll_pause();
        if (before > 128 * 1024 && natsConnection_Buffered(j.nc) == before)
            break;
    }
    js_fetch_begin(&f, sub, 2, 300, 0);
    js_fetch_end(&f, NATS_TIMEOUT, 0);
    CHECK(f.took_ms >= 299 && f.took_ms < deadline_ms());
    natsConnection_Close(j.nc);
    pthread_join(publisher, NULL);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

/* A request that is repeated late asks for no heartbeats that the server would refuse. */
static void heartbeats_fit_into_what_is_left(void) {
    natsSubscription *sub;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 2, 1000 * time_factor(), 450 * time_factor());
    PEER(js_fetch_await(&j, "\"idle_heartbeat\":"));
    {
        int64_t until = now_ms() + 300 * time_factor();

        while (now_ms() < until)
            poll_pause();
    }
    PEER(js_fetch_say(&j, j.op.reply, "409 Leadership Change"));
    PEER(js_fetch_await(&j, "\"batch\":2"));
    CHECK(strstr(j.op.body, "idle_heartbeat") == NULL);
    js_fetch_end(&f, NATS_TIMEOUT, 0);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void bytes_are_counted_as_the_server_does(void) {
    /* A message of js_peer: its subject, its reply subject, its payload. */
    const int64_t each = (int64_t)strlen("foo"
                                         "$JS.ACK.S.c.1.1.1.1767225600000000000.0"
                                         "1");
    char part[32];
    natsSubscription *sub;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_init(&f, sub, 10, deadline_ms(), 0);
    f.request.MaxBytes = 2 * each;
    js_fetch_run(&f);
    snprintf(part, sizeof(part), "\"max_bytes\":%d,", (int)(2 * each));
    PEER(js_fetch_await(&j, part));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    js_fetch_end(&f, NATS_OK, 2);
    CHECK(f.took_ms < deadline_ms());
    /* What is there is part of it. */
    PEER(js_peer_deliver_to(&j, j.answers, 3, 3, 0));
    CHECK_SOON(so_many_wait(sub, 1));
    js_fetch_init(&f, sub, 10, deadline_ms(), 0);
    f.request.MaxBytes = 2 * each + 10;
    js_fetch_run(&f);
    snprintf(part, sizeof(part), "\"max_bytes\":%d,", (int)(each + 10));
    PEER(js_fetch_await(&j, part));
    CHECK_CONTAINS(j.op.body, "\"batch\":9");
    PEER(js_fetch_say(&j, j.op.reply, "409 Message Size Exceeds MaxBytes"));
    js_fetch_end(&f, NATS_OK, 1);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void what_comes_without_waiting(void) {
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;
    natsSubscription *sub;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    CHECK_OK(jsFetchRequest_Init(&request));
    request.Batch = 5;
    request.NoWait = true;
    CHECK_STATUS(natsSubscription_FetchRequest(&list, sub, &request), NATS_TIMEOUT);
    PEER(js_fetch_await(&j, "\"no_wait\":true"));
    CHECK(strstr(j.op.body, "expires") == NULL);
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    PEER(js_fetch_say(&j, j.op.reply, "404 No Messages"));
    CHECK_SOON(so_many_wait(sub, 2));
    CHECK_OK(natsSubscription_FetchRequest(&list, sub, &request));
    CHECK_INT(list.Count, 2);
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void what_ends_a_fetch_from_outside(void) {
    natsSubscription *sub;
    int64_t delivered = 0;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 2, 10 * deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":2"));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    js_fetch_end(&f, NATS_INVALID_SUBSCRIPTION, 0);
    natsSubscription_Destroy(sub);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 2, 10 * deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":2"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_SOON(natsSubscription_GetDelivered(sub, &delivered) == NATS_OK && delivered == 1);
    natsConnection_Close(j.nc);
    pthread_join(f.thread, NULL);
    /* What has come is not thrown away. */
    CHECK(f.status == NATS_OK ? f.list.Count == 1 : f.status == NATS_CONNECTION_CLOSED);
    natsMsgList_Destroy(&f.list);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(what_a_request_says),
        TEST(a_simple_fetch_takes_what_there_is),
        TEST(what_statuses_mean),
        TEST(statuses_come_to_any_inbox),
        TEST(messages_that_look_like_statuses),
        TEST(the_time_always_holds),
        TEST(the_time_holds_without_room),
        TEST(heartbeats_fit_into_what_is_left),
        TEST(bytes_are_counted_as_the_server_does),
        TEST(what_comes_without_waiting),
        TEST(what_ends_a_fetch_from_outside),
    };

    return RUN_TESTS(cases, argc, argv);
}
