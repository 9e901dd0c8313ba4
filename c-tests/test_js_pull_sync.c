/* An addition: pull subscriptions for which the library requests messages, and from which the program takes them. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "test.h"

typedef struct pull {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c; /* of the connection */
    natsSubscription *sub;
    jsOptions opts;
} pull;

static void pull_start(pull *p, int messages) {
    memset(p, 0, sizeof(*p));
    server_run_jetstream(&p->s);
    p->nc = test_connect(options_recorded(p->s.url, &p->c));
    stream_create(p->nc, "S", "\"foo\",\"bar\"", ",\"storage\":\"file\"");
    publish_numbers(p->nc, "foo", 0, messages);
    CHECK_OK(natsConnection_JetStream(&p->js, p->nc, NULL));
    CHECK_OK(jsOptions_Init(&p->opts));
}

static void begin(pull *p) {
    CHECK_OK(js_PullSubscribeSync(&p->sub, p->js, "foo", "d", &p->opts, NULL, NULL));
}

static void pull_end(pull *p) {
    natsSubscription_Destroy(p->sub);
    jsCtx_Destroy(p->js);
    natsConnection_Destroy(p->nc);
    CHECK_REACHED(&p->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&p->s);
}

/* Takes the next message, and acknowledges it; returns its number. */
static int take_any(pull *p) {
    natsMsg *msg = NULL;
    int number;

    CHECK_OK(natsSubscription_NextMsg(&msg, p->sub, deadline_ms()));
    number = atoi(natsMsg_GetData(msg));
    CHECK_OK(natsMsg_Ack(msg, NULL));
    natsMsg_Destroy(msg);
    return number;
}

static void take(pull *p, int number) { CHECK_INT(take_any(p), number); }

/* As take, where a server that was killed may have forgotten acks. */
static void take_new(pull *p, int number) {
    int taken;

    do
        taken = take_any(p);
    while (taken < number);
    CHECK_INT(taken, number);
}

static void expect_end(pull *p, natsStatus reason) {
    natsMsg *msg = NULL;

    CHECK_STATUS(natsSubscription_NextMsg(&msg, p->sub, deadline_ms()), reason);
    CHECK(msg == NULL);
    CHECK(!natsSubscription_IsValid(p->sub));
    /* It stays so. */
    CHECK_STATUS(natsSubscription_NextMsg(&msg, p->sub, 1), reason);
}

static bool consumer_says(pull *p, const char *words) {
    char text[4096];

    api_request(p->nc, "CONSUMER.INFO.S.d", "", text, sizeof(text));
    return strstr(text, words) != NULL;
}

static void all_are_taken_in_order(void) {
    natsMsg *msg = NULL;
    int i;
    pull p;

    pull_start(&p, 1000);
    begin(&p);
    for (i = 0; i < 1000; i++)
        take(&p, i);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, p.sub, 20), NATS_TIMEOUT);
    CHECK(natsSubscription_IsValid(p.sub));
    publish_numbers(p.nc, "foo", 1000, 1);
    take(&p, 1000);
    CHECK_SOON(consumer_says(&p, "\"num_ack_pending\":0"));
    CHECK_OK(natsSubscription_Unsubscribe(p.sub));
    CHECK(consumer_says(&p, "\"err_code\":10014"));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, p.sub, 1), NATS_INVALID_SUBSCRIPTION);
    pull_end(&p);
}

/* Without anything said of it: messages wait before the last one asked for is taken. */
static void more_are_asked_for_in_time(void) {
    int i;
    pull p;

    pull_start(&p, 100);
    p.opts.PullSubscribeAsync.FetchSize = 10;
    begin(&p);
    for (i = 0; i < 4; i++)
        take(&p, i);
    CHECK_SOON(consumer_says(&p, "\"num_pending\":90"));
    take(&p, 4);
    CHECK_SOON(consumer_says(&p, "\"num_pending\":80"));
    pull_end(&p);
}

static void ends_with_its_messages(void) {
    int i;
    pull p;

    pull_start(&p, 100);
    p.opts.PullSubscribeAsync.MaxMessages = 30;
    p.opts.PullSubscribeAsync.FetchSize = 7;
    begin(&p);
    for (i = 0; i < 30; i++)
        take(&p, i);
    expect_end(&p, NATS_MAX_DELIVERED_MSGS);
    CHECK_ERROR(NATS_MAX_DELIVERED_MSGS, "of stream 'S' has ended: it has delivered its maximum of messages");
    /* The library had made the consumer. */
    CHECK_SOON(consumer_says(&p, "\"err_code\":10014"));
    pull_end(&p);
}

static void ends_when_there_is_no_more(void) {
    int i;
    pull p;

    pull_start(&p, 30);
    p.opts.PullSubscribeAsync.NoWait = true;
    begin(&p);
    for (i = 0; i < 30; i++)
        take(&p, i);
    {
        natsMsg *msg = NULL;
        natsStatus s = natsSubscription_NextMsg(&msg, p.sub, deadline_ms());

        CHECK(s == NATS_NOT_FOUND || s == NATS_TIMEOUT);
        expect_end(&p, s);
    }
    pull_end(&p);
}

static void survives_outages_while_nobody_takes(void) {
    int i, n = 0;
    pull p;

    pull_start(&p, 100);
    p.opts.PullSubscribeAsync.FetchSize = 10;
    begin(&p);
    for (i = 0; i < 100; i++)
        take(&p, n++);
    for (i = 0; i < 3; i++) {
        server_kill(&p.s);
        CHECK_REACHED(&p.c.disconnected, i + 1);
        server_restart(&p.s);
        CHECK_REACHED(&p.c.reconnected, i + 1);
        publish_numbers(p.nc, "foo", n, 50);
        while (n < 100 + 50 * (i + 1))
            take_new(&p, n++);
    }
    pull_end(&p);
}

static void lists_of_messages(void) {
    natsMsgList list = {NULL, 0};
    int i, n = 0;
    pull p;

    pull_start(&p, 200);
    begin(&p);
    while (n < 200) {
        CHECK_OK(natsSubscription_NextMsgs(&list, p.sub, 50, deadline_ms()));
        for (i = 0; i < list.Count; i++)
            CHECK_INT(atoi(natsMsg_GetData(list.Msgs[i])), n++);
        natsMsgList_Destroy(&list);
    }
    /* It asks by itself. */
    CHECK_STATUS(natsSubscription_Fetch(&list, p.sub, 1, 10, NULL), NATS_ERR);
    pull_end(&p);
}

static void never(natsConnection *nc, natsSubscription *sub, natsStatus s, void *arg) {
    (void)nc;
    (void)sub;
    (void)s;
    (void)arg;
}

static void there_are_no_handlers(void) {
    pull p;

    pull_start(&p, 0);
    p.opts.PullSubscribeAsync.CompleteHandler = never;
    CHECK_STATUS(js_PullSubscribeSync(&p.sub, p.js, "foo", "d", &p.opts, NULL, NULL), NATS_INVALID_ARG);
    CHECK(p.sub == NULL);
    pull_end(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(all_are_taken_in_order),
        TEST(more_are_asked_for_in_time),
        TEST(ends_with_its_messages),
        TEST(ends_when_there_is_no_more),
        TEST(survives_outages_while_nobody_takes),
        TEST(lists_of_messages),
        TEST(there_are_no_handlers),
    };

    return RUN_TESTS(cases, argc, argv);
}
