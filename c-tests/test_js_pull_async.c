/* Pull subscriptions with a callback against a real server: the requests, and the end of the subscription. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "test.h"

typedef struct pull {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c; /* of the connection */
    closure m; /* of the subscription */
    natsSubscription *sub;
    jsOptions opts;
    jsSubOptions sub_opts;
    counter ended;
    counter asked; /* calls of the next handler */
    natsStatus reason;
    char text[256];
} pull;

static void on_end(natsConnection *nc, natsSubscription *sub, natsStatus s, void *arg) {
    pull *p = (pull *)arg;
    natsStatus last;
    const char *text = nats_GetLastError(&last);

    if (nc != p->nc || sub != p->sub || natsSubscription_IsValid(sub) || counter_get(&p->m.completed) > 0)
        counter_add(&p->m.wrong, 1);
    p->reason = s;
    snprintf(p->text, sizeof(p->text), "%s", text == NULL ? "" : text);
    counter_add(&p->ended, 1);
}

static void pull_start(pull *p, int messages) {
    memset(p, 0, sizeof(*p));
    server_run_jetstream(&p->s);
    closure_init(&p->m);
    counter_init(&p->ended);
    counter_init(&p->asked);
    p->nc = test_connect(options_recorded(p->s.url, &p->c));
    stream_create(p->nc, "S", "\"foo\",\"bar\"", ",\"storage\":\"file\"");
    publish_numbers(p->nc, "foo", 0, messages);
    CHECK_OK(natsConnection_JetStream(&p->js, p->nc, NULL));
    CHECK_OK(jsOptions_Init(&p->opts));
    CHECK_OK(jsSubOptions_Init(&p->sub_opts));
    p->opts.PullSubscribeAsync.CompleteHandler = on_end;
    p->opts.PullSubscribeAsync.CompleteHandlerClosure = p;
}

static void begin_with(pull *p, natsMsgHandler cb) {
    CHECK_OK(js_PullSubscribeAsync(&p->sub, p->js, "foo", "d", cb, &p->m, &p->opts, &p->sub_opts, NULL));
}

static void begin(pull *p) { begin_with(p, on_ordered); }

static void expect_end(pull *p, natsStatus reason) {
    CHECK_REACHED(&p->ended, 1);
    CHECK_INT(p->reason, reason);
    CHECK_INT(counter_get(&p->m.wrong), 0);
}

static bool consumer_exists(pull *p) {
    char text[4096];

    api_request(p->nc, "CONSUMER.INFO.S.d", "", text, sizeof(text));
    return strstr(text, "\"err_code\":10014") == NULL;
}

static void pull_end(pull *p) {
    natsSubscription_Destroy(p->sub);
    jsCtx_Destroy(p->js);
    natsConnection_Destroy(p->nc);
    CHECK_REACHED(&p->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&p->s);
    CHECK_INT(counter_get(&p->m.wrong), 0);
    CHECK(counter_get(&p->ended) <= 1);
}

static void ends_with_its_messages(void) {
    natsMsgList list = {NULL, 0};
    pull p;

    pull_start(&p, 500);
    p.opts.PullSubscribeAsync.MaxMessages = 300;
    p.opts.PullSubscribeAsync.FetchSize = 7;
    begin(&p);
    CHECK_OK(natsSubscription_SetOnCompleteCB(p.sub, on_complete, &p.m));
    expect_end(&p, NATS_MAX_DELIVERED_MSGS);
    CHECK_REACHED(&p.m.completed, 1);
    CHECK_INT(counter_get(&p.m.messages), 300);
    /* The library had made the consumer. */
    CHECK(!consumer_exists(&p));
    CHECK_STATUS(natsSubscription_Fetch(&list, p.sub, 1, 10, NULL), NATS_ERR);
    pull_end(&p);
}

static void asks_ahead(void) {
    pull p;

    pull_start(&p, 0);
    p.opts.PullSubscribeAsync.FetchSize = 10;
    p.opts.PullSubscribeAsync.KeepAhead = 25;
    p.opts.PullSubscribeAsync.Heartbeat = 500;
    begin(&p);
    publish_numbers(p.nc, "foo", 0, 2000);
    CHECK_REACHED(&p.m.messages, 2000);
    CHECK_OK(natsSubscription_Unsubscribe(p.sub));
    expect_end(&p, NATS_OK);
    CHECK(!consumer_exists(&p));
    pull_end(&p);
}

static void contradictions_are_refused(void) {
    const char *groups[] = {"g"};
    pull p;

    pull_start(&p, 0);
    p.opts.PullSubscribeAsync.KeepAhead = 5;
#define REFUSED(words)                                                                                       \
    CHECK_STATUS(                                                                                            \
        js_PullSubscribeAsync(&p.sub, p.js, "foo", "d", on_message, &p.m, &p.opts, &p.sub_opts, NULL),       \
        NATS_INVALID_ARG);                                                                                   \
    CHECK_ERROR(NATS_INVALID_ARG, words);                                                                    \
    CHECK(p.sub == NULL)
    p.opts.PullSubscribeAsync.MaxBytes = 1;
    REFUSED("Can not use MaxBytes and KeepAhead together");
    p.opts.PullSubscribeAsync.MaxBytes = 0;
    p.opts.PullSubscribeAsync.NoWait = true;
    REFUSED("Can not use NoWait with KeepAhead together");
    p.opts.PullSubscribeAsync.NoWait = false;
    p.opts.PullSubscribeAsync.Group = "h";
    REFUSED("Group is not supported for a non-priority group consumer");
    p.sub_opts.Config.PriorityGroups = groups;
    p.sub_opts.Config.PriorityGroupsLen = 1;
    p.sub_opts.Config.PriorityPolicy = "overflow";
    REFUSED("Group is not part of the priority group consumer");
    p.opts.PullSubscribeAsync.Group = NULL;
    REFUSED("Group is required for a priority group consumer");
    CHECK_STATUS(js_PullSubscribeAsync(NULL, p.js, "foo", "d", on_message, NULL, NULL, NULL, NULL),
                 NATS_INVALID_ARG);
    CHECK_STATUS(js_PullSubscribeAsync(&p.sub, p.js, "foo", "d", NULL, NULL, NULL, NULL, NULL),
                 NATS_INVALID_ARG);
    pull_end(&p);
}

static void ends_with_its_time(void) {
    pull p;

    pull_start(&p, 30);
    p.opts.PullSubscribeAsync.Timeout = 300 * time_factor();
    begin(&p);
    expect_end(&p, NATS_TIMEOUT);
#if OURS
    CHECK_CONTAINS(p.text, "of stream 'S' has ended: its time has passed (Timeout)");
#endif
    CHECK_INT(counter_get(&p.m.messages), 30);
    pull_end(&p);
}

static void ends_when_there_is_no_more(void) {
    pull p;

    pull_start(&p, 30);
    p.opts.PullSubscribeAsync.NoWait = true;
    begin(&p);
    CHECK_REACHED(&p.ended, 1);
    CHECK(p.reason == NATS_NOT_FOUND || p.reason == NATS_TIMEOUT);
    CHECK_INT(counter_get(&p.m.messages), 30);
    pull_end(&p);
}

static void ends_with_its_bytes(void) {
    int64_t messages;
    pull p;

    pull_start(&p, 500);
    p.opts.PullSubscribeAsync.MaxBytes = 2000;
    begin(&p);
    CHECK_REACHED(&p.ended, 1);
    /* The server counts more of a message than its payload. */
    CHECK_INT(p.reason, NATS_LIMIT_REACHED);
    CHECK_CONTAINS(p.text, "Exceeds MaxBytes");
    messages = counter_get(&p.m.messages);
    CHECK(messages > 10 && messages < 100);
    pull_end(&p);
}

static void a_bad_request_ends_it(void) {
    pull p;

    pull_start(&p, 1);
    p.opts.PullSubscribeAsync.Timeout = 1000;
    p.opts.PullSubscribeAsync.Heartbeat = 800;
    p.opts.PullSubscribeAsync.FetchSize = 2;
    begin(&p);
    expect_end(&p, NATS_INVALID_ARG);
    CHECK_CONTAINS(p.text, "heartbeat value too large");
    pull_end(&p);
}

#if OURS
static void heartbeats_may_take_half_of_the_time(void) {
    const int64_t endless = INT64_MAX;
    int i;

    for (i = 0; i < 2; i++) {
        pull p;

        pull_start(&p, 3);
        p.opts.PullSubscribeAsync.Timeout = i == 0 ? deadline_ms() : endless;
        p.opts.PullSubscribeAsync.Heartbeat = p.opts.PullSubscribeAsync.Timeout / 2;
        p.opts.PullSubscribeAsync.MaxMessages = 3;
        begin(&p);
        expect_end(&p, NATS_MAX_DELIVERED_MSGS);
        pull_end(&p);
    }
}
#endif

/* Asks for one message at a time. */
static bool one_more(int *messages, int64_t *max_bytes, natsSubscription *sub, void *arg) {
    pull *p = (pull *)arg;

    if (sub != p->sub)
        counter_add(&p->m.wrong, 1);
    counter_add(&p->asked, 1);
    *messages = 1;
    *max_bytes = 0;
    return true;
}

static void the_program_decides(void) {
    pull p;

    pull_start(&p, 20);
    p.opts.PullSubscribeAsync.NextHandler = one_more;
    p.opts.PullSubscribeAsync.NextHandlerClosure = &p;
    begin_with(&p, on_message);
    CHECK_REACHED(&p.m.messages, 20);
    CHECK_REACHED(&p.asked, 21);
    /* What was asked for is asked for again. */
    server_kill(&p.s);
    CHECK_REACHED(&p.c.disconnected, 1);
    server_restart(&p.s);
    CHECK_REACHED(&p.c.reconnected, 1);
    publish_numbers(p.nc, "foo", 20, 20);
    CHECK_REACHED(&p.m.messages, 40);
    natsConnection_Close(p.nc);
    expect_end(&p, NATS_CONNECTION_CLOSED);
    pull_end(&p);
}

/* The error handler was, before or after other things. */
static bool was_told(pull *p, natsStatus status) {
    int64_t errors = counter_get(&p->c.errors);
    int i;

    for (i = 0; i < errors && i < CLOSURE_TEXTS; i++)
        if (p->c.statuses[i] == (int)status)
            return true;
    return false;
}

static void survives_what_can_be_mended(void) {
    char text[1024];
    int i;
    pull p;

    pull_start(&p, 100);
    p.opts.PullSubscribeAsync.FetchSize = 10;
    p.opts.PullSubscribeAsync.KeepAhead = 10;
    p.opts.PullSubscribeAsync.Heartbeat = 1000 * time_factor();
    begin_with(&p, on_message);
    CHECK_REACHED(&p.m.messages, 100);
    for (i = 0; i < 3; i++) {
        server_kill(&p.s);
        CHECK_REACHED(&p.c.disconnected, i + 1);
        server_restart(&p.s);
        CHECK_REACHED(&p.c.reconnected, i + 1);
        publish_numbers(p.nc, "foo", 100 + 100 * i, 100);
        CHECK_REACHED(&p.m.messages, 200 + 100 * i);
    }
    /* Deleted under it: the library made it, and makes it again behind the last message. */
    api_request(p.nc, "CONSUMER.DELETE.S.d", "", text, sizeof(text));
    CHECK_SOON(was_told(&p, NATS_NOT_FOUND));
    publish_numbers(p.nc, "foo", 400, 100);
    CHECK_REACHED(&p.m.messages, 500);
    CHECK_OK(natsSubscription_Drain(p.sub));
    expect_end(&p, NATS_OK);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(p.sub, deadline_ms()));
    CHECK(!consumer_exists(&p));
    pull_end(&p);
}

static void an_attached_consumer_that_is_gone_ends_it(void) {
    natsSubscription *maker = NULL;
    pull p;

    pull_start(&p, 5);
    CHECK_OK(js_PullSubscribe(&maker, p.js, "foo", "d", NULL, NULL, NULL));
    begin(&p);
    CHECK_REACHED(&p.m.messages, 5);
    CHECK_OK(natsSubscription_Unsubscribe(maker));
    expect_end(&p, NATS_LIMIT_REACHED);
    CHECK_CONTAINS(p.text, "Consumer Deleted");
    CHECK_REACHED(&p.c.errors, 1);
    natsSubscription_Destroy(maker);
    pull_end(&p);
}

static void pinned_clients(void) {
    const char *groups[] = {"g"};
    char text[1024];
    pull p;

    pull_start(&p, 20);
    p.sub_opts.Config.PriorityPolicy = "pinned_client";
    p.sub_opts.Config.PriorityGroups = groups;
    p.sub_opts.Config.PriorityGroupsLen = 1;
    p.sub_opts.Config.PinnedTTL = 60 * 1000000000LL;
    p.opts.PullSubscribeAsync.Group = "g";
    p.opts.PullSubscribeAsync.FetchSize = 4;
    p.opts.PullSubscribeAsync.KeepAhead = 4;
    begin(&p);
    CHECK_REACHED(&p.m.messages, 20);
    /* Another pin: requests with the old one are refused, and made again without. */
    api_request(p.nc, "CONSUMER.UNPIN.S.d", "{\"group\":\"g\"}", text, sizeof(text));
    publish_numbers(p.nc, "foo", 20, 20);
    CHECK_REACHED(&p.m.messages, 40);
    CHECK_INT(counter_get(&p.ended), 0);
    pull_end(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(ends_with_its_messages),
        TEST(asks_ahead),
        TEST(contradictions_are_refused),
        TEST(ends_with_its_time),
        TEST(ends_when_there_is_no_more),
        TEST(ends_with_its_bytes),
        TEST(a_bad_request_ends_it),
#if OURS
        TEST(heartbeats_may_take_half_of_the_time),
#endif
        TEST(the_program_decides),
        TEST(survives_what_can_be_mended),
        TEST(an_attached_consumer_that_is_gone_ends_it),
        TEST(pinned_clients),
    };

    return RUN_TESTS(cases, argc, argv);
}
