/* Asynchronous pulls against a scripted server, by each sentence of their manual: the requests and their times,
 * the meaning of each status, and the end. */
#include "callbacks.h"
#include "js_fetch.h"
#include "test.h"

static closure errors;
static closure received;

typedef struct ending {
    counter ended;
    counter asked; /* calls of the next handler */
    natsStatus reason;
    char text[256];
    int64_t messages; /* received before the end */
} ending;

static ending end_of_it;

static void on_end(natsConnection *nc, natsSubscription *sub, natsStatus s, void *arg) {
    ending *e = (ending *)arg;
    natsStatus last;
    const char *text = nats_GetLastError(&last);

    (void)nc;
    if (natsSubscription_IsValid(sub))
        counter_add(&received.wrong, 1);
    e->reason = s;
    e->messages = counter_get(&received.messages);
    snprintf(e->text, sizeof(e->text), "%s", text == NULL ? "" : text);
    counter_add(&e->ended, 1);
}

static natsOptions *recorded(natsOptions *opts) {
    closure_init(&errors);
    closure_init(&received);
    memset(&end_of_it, 0, sizeof(end_of_it));
    counter_init(&end_of_it.ended);
    counter_init(&end_of_it.asked);
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, &errors));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 10));
    return opts;
}

static void check_peer(js_peer *j, bool done, const char *file, int line) {
    if (!done)
        check_failed(file, line, "%s", j->p.problem);
}
#define PEER(call) check_peer(&j, (call), __FILE__, __LINE__)

static void options(jsOptions *opts) {
    CHECK_OK(jsOptions_Init(opts));
    opts->PullSubscribeAsync.CompleteHandler = on_end;
    opts->PullSubscribeAsync.CompleteHandlerClosure = &end_of_it;
    opts->PullSubscribeAsync.FetchSize = 4;
}

static natsSubscription *begin_with(js_peer *j, jsOptions *opts, natsMsgHandler cb) {
    natsSubscription *sub = NULL;
    jsSubOptions sub_opts;

    js_fetch_bound(&sub_opts);
    peer_run(&j->p, js_fetch_info, NULL);
    CHECK_OK(js_PullSubscribeAsync(&sub, j->js, NULL, NULL, cb, &received, opts, &sub_opts, NULL));
    peer_join(&j->p);
    return sub;
}

static natsSubscription *begin(js_peer *j, jsOptions *opts) { return begin_with(j, opts, on_message); }

static void end(js_peer *j, natsSubscription *sub) {
    CHECK_INT(counter_get(&received.wrong), 0);
    natsSubscription_Destroy(sub);
    js_peer_end(j);
}

static bool nothing_is_asked_for(js_peer *j) {
    return !js_peer_await_within(j, "PUB", "$JS.API.CONSUMER.MSG.NEXT.S.c", 100);
}

static void it_asks_when_all_is_delivered(void) {
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;
    uint64_t n;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.MaxMessages = 10;
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "{\"batch\":4,"));
    for (n = 1; n <= 3; n++)
        PEER(js_peer_deliver_to(&j, j.answers, n, n, 0));
    CHECK_REACHED(&received.messages, 3);
    CHECK(nothing_is_asked_for(&j));
    PEER(js_peer_deliver_to(&j, j.answers, 4, 4, 0));
    PEER(js_fetch_await(&j, "{\"batch\":4,"));
    for (n = 5; n <= 8; n++)
        PEER(js_peer_deliver_to(&j, j.answers, n, n, 0));
    /* Not more than it wants. */
    PEER(js_fetch_await(&j, "{\"batch\":2,"));
    for (n = 9; n <= 12; n++)
        PEER(js_peer_deliver_to(&j, j.answers, n, n, 0));
    CHECK_REACHED(&end_of_it.ended, 1);
    CHECK_INT(end_of_it.reason, NATS_MAX_DELIVERED_MSGS);
    CHECK_INT(end_of_it.messages, 10);
    CHECK_INT(counter_get(&received.messages), 10);
    end(&j, sub);
}

static void it_asks_ahead(void) {
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;
    uint64_t n;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.KeepAhead = 2;
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "{\"batch\":4,"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_REACHED(&received.messages, 1);
    CHECK(nothing_is_asked_for(&j));
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    PEER(js_fetch_await(&j, "{\"batch\":4,"));
    /* Six are on their way now: four of them have to be delivered first. */
    for (n = 3; n <= 5; n++)
        PEER(js_peer_deliver_to(&j, j.answers, n, n, 0));
    CHECK_REACHED(&received.messages, 5);
    CHECK(nothing_is_asked_for(&j));
    PEER(js_peer_deliver_to(&j, j.answers, 6, 6, 0));
    PEER(js_fetch_await(&j, "{\"batch\":4,"));
    end(&j, sub);
}

static void what_a_request_says(void) {
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.Timeout = 10 * deadline_ms();
    opts.PullSubscribeAsync.Heartbeat = deadline_ms();
    opts.PullSubscribeAsync.Group = "g";
    opts.PullSubscribeAsync.MinPending = 3;
    opts.PullSubscribeAsync.MinAckPending = 4;
    opts.PullSubscribeAsync.FetchSize = 0;
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "\"batch\":128"));
    CHECK_CONTAINS(j.op.body, "\"expires\":");
    CHECK_CONTAINS(j.op.body, "\"idle_heartbeat\":");
    CHECK_CONTAINS(j.op.body, "\"group\":\"g\"");
    CHECK_CONTAINS(j.op.body, "\"min_pending\":3");
    CHECK_CONTAINS(j.op.body, "\"min_ack_pending\":4");
    CHECK(strstr(j.op.body, "\"id\"") == NULL);
    CHECK(strstr(j.op.body, "no_wait") == NULL);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK_REACHED(&end_of_it.ended, 1);
    CHECK_INT(end_of_it.reason, NATS_OK);
    end(&j, sub);
}

static void statuses_that_end_it(void) {
    static const struct {
        const char *status;
        natsStatus result;
        const char *text;
    } cases[] = {
        {"404 No Messages", NATS_NOT_FOUND, ""},
        {"400 Bad Request", NATS_INVALID_ARG, "Bad Request"},
        {"409 Consumer is push based", NATS_LIMIT_REACHED, "Consumer is push based"},
        {"409 Exceeded MaxRequestBatch of 1", NATS_LIMIT_REACHED, "Exceeded MaxRequestBatch of 1"},
        {"409 Something New", NATS_LIMIT_REACHED, "Something New"},
        {"409 Consumer Deleted", NATS_LIMIT_REACHED, "Consumer Deleted"},
        {"777", NATS_ERR, "error checking pull subscribe message"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        natsSubscription *sub;
        jsOptions opts;
        js_peer j;

        js_peer_start(&j, recorded);
        options(&opts);
        sub = begin(&j, &opts);
        PEER(js_fetch_await(&j, "\"batch\":4"));
        /* What had come before goes to the program first. */
        PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
        PEER(js_fetch_say(&j, j.op.reply, cases[i].status));
        PEER(js_peer_await(&j, "PING", "")); /* it drains */
        CHECK_REACHED(&end_of_it.ended, 1);
        CHECK_INT(end_of_it.reason, cases[i].result);
        CHECK_CONTAINS(end_of_it.text, cases[i].text);
        CHECK_INT(end_of_it.messages, 1);
        end(&j, sub);
    }
}

static void statuses_that_do_not(void) {
    static const char *const cases[] = {
        "408 Request Timeout\r\nNats-Pending-Messages: 4\r\nNats-Pending-Bytes: 0",
        "408 Interest Expired",
        "409 Leadership Change",
        "409 Server Shutdown",
        "409 Batch Completed\r\nNats-Pending-Messages: 4\r\nNats-Pending-Bytes: 0",
        "409 Exceeded MaxWaiting",
        "423 Nats-Wrong-Pin-Id",
    };
    natsSubscription *sub;
    uint64_t sequence = 0;
    jsOptions opts;
    js_peer j;
    size_t i;

    js_peer_start(&j, recorded);
    options(&opts);
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "\"batch\":4"));
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char reply[256];
        int n;

        /* What is said of somebody else's request means nothing. */
        PEER(js_fetch_say(&j, "_INBOX.of.another.1", "409 Consumer Deleted"));
        snprintf(reply, sizeof(reply), "%.200s99", j.op.reply);
        PEER(js_fetch_say(&j, reply, "400 Bad Request"));
        PEER(js_fetch_say(&j, j.op.reply, cases[i]));
        PEER(js_fetch_await(&j, "\"batch\":4"));
        for (n = 0; n < 4; n++) {
            sequence++;
            PEER(js_peer_deliver_to(&j, j.answers, sequence, sequence, 0));
        }
        PEER(js_fetch_await(&j, "\"batch\":4"));
    }
    CHECK_INT(counter_get(&received.messages), (int64_t)sequence);
    CHECK_INT(counter_get(&end_of_it.ended), 0);
    CHECK_INT(counter_get(&errors.errors), 0);
    /* Part of a request comes before it is cut: the rest is asked for again. */
    sequence++;
    PEER(js_peer_deliver_to(&j, j.answers, sequence, sequence, 0));
    PEER(js_fetch_say(&j, j.op.reply, "409 Server Shutdown"));
    CHECK_REACHED(&received.messages, (int64_t)sequence);
    PEER(js_fetch_await(&j, "\"batch\":4"));
    end(&j, sub);
}

static void pins(void) {
    const char *headers = "NATS/1.0\r\nNats-Pin-Id: pin number 1\r\n\r\n";
    char message[512];
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.Group = "g";
    opts.PullSubscribeAsync.FetchSize = 1;
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "\"group\":\"g\""));
    CHECK(strstr(j.op.body, "\"id\"") == NULL);
    snprintf(message, sizeof(message), "HMSG foo %s $JS.ACK.S.c.1.1.1.1767225600000000000.0 %d %d\r\n%s1\r\n",
             j.answers, (int)strlen(headers), (int)strlen(headers) + 1, headers);
    PEER(peer_send(&j.p, message));
    PEER(js_fetch_await(&j, "\"id\":\"pin number 1\""));
    PEER(js_fetch_say(&j, j.op.reply, "423 Nats-Pin-Id mismatch"));
    PEER(js_fetch_await(&j, "\"group\":\"g\""));
    CHECK(strstr(j.op.body, "\"id\"") == NULL);
    CHECK_INT(counter_get(&end_of_it.ended), 0);
    end(&j, sub);
}

/* Asks for two, then for nothing, and so on. */
static bool every_other_time(int *messages, int64_t *max_bytes, natsSubscription *sub, void *arg) {
    ending *e = (ending *)arg;

    (void)sub;
    counter_add(&e->asked, 1);
    *messages = 2;
    *max_bytes = 1000;
    return counter_get(&e->asked) % 2 == 1;
}

static void the_program_decides(void) {
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.NextHandler = every_other_time;
    opts.PullSubscribeAsync.NextHandlerClosure = &end_of_it;
    sub = begin(&j, &opts);
    /* It is asked before the call returns. */
    CHECK_INT(counter_get(&end_of_it.asked), 1);
    PEER(js_fetch_await(&j, "{\"batch\":2,\"max_bytes\":1000,"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_REACHED(&end_of_it.asked, 2);
    CHECK(nothing_is_asked_for(&j));
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    CHECK_REACHED(&end_of_it.asked, 3);
    PEER(js_fetch_await(&j, "{\"batch\":2,\"max_bytes\":1000,"));
    CHECK_INT(counter_get(&end_of_it.asked), 3);
    end(&j, sub);
}

/* Delivers a message with a payload of so many bytes. */
static bool deliver_large(js_peer *j, uint64_t sequence, int size) {
    char text[1024];

    snprintf(text, sizeof(text),
             "MSG foo %s $JS.ACK.S.c.1.%" PRIu64 ".%" PRIu64 ".1767225600000000000.0 %d\r\n%0*d\r\n",
             j->answers, sequence, sequence, size, size, 0);
    return peer_send(&j->p, text);
}

static void it_ends_with_its_bytes(void) {
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.MaxBytes = 100;
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "{\"batch\":4,\"max_bytes\":100,"));
    PEER(deliver_large(&j, 1, 60));
    PEER(deliver_large(&j, 2, 60)); /* it crosses the limit, and is the last one */
    PEER(deliver_large(&j, 3, 60));
    CHECK_REACHED(&end_of_it.ended, 1);
    CHECK_INT(end_of_it.reason, NATS_MAX_DELIVERED_MSGS);
    CHECK_INT(counter_get(&received.messages), 2);
    end(&j, sub);
}

static void it_ends_with_its_time(void) {
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.Timeout = 1000 * time_factor();
    opts.PullSubscribeAsync.Heartbeat = 450 * time_factor();
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "\"idle_heartbeat\":"));
    {
        int64_t until = now_ms() + 300 * time_factor();

        while (now_ms() < until)
            poll_pause();
    }
    /* A server refuses heartbeats of more than half of the time that is left. */
    PEER(js_fetch_say(&j, j.op.reply, "409 Leadership Change"));
    PEER(js_fetch_await(&j, "\"batch\":4"));
    CHECK(strstr(j.op.body, "idle_heartbeat") == NULL);
    PEER(js_peer_await(&j, "PING", ""));
    CHECK_REACHED(&end_of_it.ended, 1);
    CHECK_INT(end_of_it.reason, NATS_TIMEOUT);
    CHECK_INT(counter_get(&errors.errors), 0);
    end(&j, sub);
}

static void it_takes_what_there_is(void) {
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.NoWait = true;
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "{\"batch\":4,\"no_wait\":true}"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(js_fetch_say(&j, j.op.reply, "408 Requests Pending"));
    PEER(js_peer_await(&j, "PING", ""));
    CHECK_REACHED(&end_of_it.ended, 1);
    CHECK_INT(end_of_it.reason, NATS_TIMEOUT);
    CHECK_INT(end_of_it.messages, 1);
    end(&j, sub);
}

static void messages_that_look_like_statuses(void) {
    const char *headers = "NATS/1.0 409 Consumer Deleted\r\n\r\n";
    char message[512];
    natsSubscription *sub;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.FetchSize = 1;
    sub = begin(&j, &opts);
    PEER(js_fetch_await(&j, "\"batch\":1"));
    snprintf(message, sizeof(message), "HMSG foo %s $JS.ACK.S.c.1.1.1.1767225600000000000.0 %d %d\r\n%s\r\n",
             j.answers, (int)strlen(headers), (int)strlen(headers), headers);
    PEER(peer_send(&j.p, message));
    CHECK_REACHED(&received.messages, 1);
    PEER(js_fetch_await(&j, "\"batch\":1"));
    CHECK_INT(counter_get(&end_of_it.ended), 0);
    end(&j, sub);
}

/* A callback that takes its time is no silence of the server. */
static void heartbeats_during_a_callback(void) {
    natsSubscription *sub;
    int64_t until;
    jsOptions opts;
    js_peer j;

    js_peer_start(&j, recorded);
    options(&opts);
    opts.PullSubscribeAsync.Heartbeat = 300 * time_factor();
    sub = begin_with(&j, &opts, on_blocked);
    PEER(js_fetch_await(&j, "\"batch\":4"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_REACHED(&received.entered, 1);
    for (until = now_ms() + 1000 * time_factor(); now_ms() < until; poll_pause())
        PEER(js_fetch_say(&j, j.op.reply, "100 Idle Heartbeat"));
    CHECK_INT(counter_get(&errors.errors), 0);
    counter_set(&received.gate, 1);
    CHECK_REACHED(&received.messages, 1);
    end(&j, sub);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(it_asks_when_all_is_delivered),
        TEST(it_asks_ahead),
        TEST(what_a_request_says),
        TEST(statuses_that_end_it),
        TEST(statuses_that_do_not),
        TEST(pins),
        TEST(the_program_decides),
        TEST(it_ends_with_its_bytes),
        TEST(it_ends_with_its_time),
        TEST(it_takes_what_there_is),
        TEST(messages_that_look_like_statuses),
        TEST(heartbeats_during_a_callback),
    };

    return RUN_TESTS(cases, argc, argv);
}
