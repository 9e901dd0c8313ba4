/* Ordered pulls against a real server: all messages once and in order, while consumers are deleted, the server is
 * killed, and the queue is full; their end, and the consumer afterwards. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "test.h"

typedef struct order {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c; /* of the connection */
    closure m; /* of the subscription */
    natsSubscription *sub;
    jsOptions opts;
    jsSubOptions sub_opts;
    counter ended;
    natsStatus reason;
} order;

static void on_end(natsConnection *nc, natsSubscription *sub, natsStatus s, void *arg) {
    order *o = (order *)arg;

    (void)nc;
    (void)sub;
    o->reason = s;
    counter_add(&o->ended, 1);
}

static void order_start(order *o, const char *more) {
    memset(o, 0, sizeof(*o));
    server_run_jetstream(&o->s);
    closure_init(&o->m);
    counter_init(&o->ended);
    o->nc = test_connect(options_recorded(o->s.url, &o->c));
    stream_create(o->nc, "S", "\"foo\",\"bar\",\"k.*\"", more);
    CHECK_OK(natsConnection_JetStream(&o->js, o->nc, NULL));
    CHECK_OK(jsOptions_Init(&o->opts));
    CHECK_OK(jsSubOptions_Init(&o->sub_opts));
    o->sub_opts.Ordered = true;
    o->opts.PullSubscribeAsync.Heartbeat = 500 * time_factor();
}

static void order_end(order *o) {
    natsSubscription_Destroy(o->sub);
    jsCtx_Destroy(o->js);
    natsConnection_Destroy(o->nc);
    CHECK_REACHED(&o->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&o->s);
}

static void begin_called(order *o, const char *subject) {
    CHECK_OK(js_PullSubscribeAsync(&o->sub, o->js, subject, NULL, on_ordered, &o->m, &o->opts, &o->sub_opts,
                                   NULL));
}

static void begin_taken(order *o, const char *subject) {
    CHECK_OK(js_PullSubscribeSync(&o->sub, o->js, subject, NULL, &o->opts, &o->sub_opts, NULL));
}

/* Deletes the subscription's consumer behind its back, if there is one at this moment. */
static bool delete_consumer(order *o) {
    char function[128], text[512];
    jsConsumerInfo *ci = NULL;

    if (natsSubscription_GetConsumerInfo(&ci, o->sub, NULL, NULL) != NATS_OK)
        return false;
    snprintf(function, sizeof(function), "CONSUMER.DELETE.S.%s", ci->Name);
    jsConsumerInfo_Destroy(ci);
    api_request(o->nc, function, "", text, sizeof(text));
    return strstr(text, "\"success\":true") != NULL;
}

static bool there_are_no_consumers(order *o) {
    char text[4096];

    api_request(o->nc, "STREAM.INFO.S", "", text, sizeof(text));
    return strstr(text, "\"consumer_count\":0") != NULL;
}

static void take(order *o, const char *payload) {
    natsMsg *msg = NULL;

    CHECK_OK(natsSubscription_NextMsg(&msg, o->sub, deadline_ms()));
    CHECK_STR(natsMsg_GetData(msg), payload);
    /* There is nothing to acknowledge, which is no fault. */
    CHECK_OK(natsMsg_Ack(msg, NULL));
    natsMsg_Destroy(msg);
}

static void take_number(order *o, int number) {
    char payload[16];

    snprintf(payload, sizeof(payload), "%d", number);
    take(o, payload);
}

static void all_messages(void) {
    int n;
    order o;

    order_start(&o, "");
    publish_numbers(o.nc, "foo", 0, 5000);
    begin_called(&o, "foo");
    publish_numbers(o.nc, "foo", 5000, 5000);
    CHECK_REACHED(&o.m.messages, 10000);
    CHECK_INT(counter_get(&o.m.wrong), 0);
    CHECK_OK(natsSubscription_Unsubscribe(o.sub));
    CHECK(there_are_no_consumers(&o));
    natsSubscription_Destroy(o.sub);
    begin_taken(&o, "foo");
    for (n = 0; n < 10000; n++)
        take_number(&o, n);
    CHECK_INT(counter_get(&o.c.errors), 0);
    order_end(&o);
}

static void the_consumer_that_it_makes(void) {
    jsConsumerInfo *ci = NULL;
    order o;

    order_start(&o, "");
    o.sub_opts.Config.Name = "reader";
    o.sub_opts.Config.Heartbeat = INT64_C(1000000000); /* of the requests: a pull consumer has none */
    begin_taken(&o, "foo");
    CHECK_OK(natsSubscription_GetConsumerInfo(&ci, o.sub, NULL, NULL));
    CHECK_STR(ci->Name, "reader_1");
    CHECK(ci->Config->Durable == NULL || ci->Config->Durable[0] == 0);
    CHECK_INT(ci->Config->AckPolicy, js_AckNone);
    CHECK(ci->Config->MemoryStorage);
    CHECK_INT(ci->Config->Replicas, 1);
    CHECK(ci->Config->DeliverSubject == NULL || ci->Config->DeliverSubject[0] == 0);
    CHECK_INT(ci->Config->InactiveThreshold, INT64_C(300) * 1000000000);
    CHECK_STR(ci->Config->FilterSubject, "foo");
    jsConsumerInfo_Destroy(ci);
    order_end(&o);
}

static void what_is_refused(void) {
    order o;

    order_start(&o, "");
    CHECK_STATUS(js_PullSubscribe(&o.sub, o.js, "foo", NULL, NULL, &o.sub_opts, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "can not use pull mode for an ordered consumer");
    CHECK_STATUS(js_PullSubscribeSync(&o.sub, o.js, "foo", "d", &o.opts, &o.sub_opts, NULL),
                 NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "durable can not be set for an ordered consumer");
    o.sub_opts.Config.AckPolicy = js_AckExplicit;
    CHECK_STATUS(js_PullSubscribeSync(&o.sub, o.js, "foo", NULL, &o.opts, &o.sub_opts, NULL),
                 NATS_INVALID_ARG);
    o.sub_opts.Config.AckPolicy = (jsAckPolicy)-1;
    o.sub_opts.Stream = "S";
    o.sub_opts.Consumer = "c";
    CHECK_STATUS(
        js_PullSubscribeAsync(&o.sub, o.js, "foo", NULL, on_ordered, &o.m, &o.opts, &o.sub_opts, NULL),
        NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "can not bind existing consumer for an ordered consumer");
    CHECK(o.sub == NULL);
    CHECK(there_are_no_consumers(&o));
    order_end(&o);
}

static void consumers_that_vanish(void) {
    int round;
    order o;

    order_start(&o, "");
    begin_called(&o, "foo");
    for (round = 0; round < 5; round++) {
        publish_numbers(o.nc, "foo", round * 200, 100);
        CHECK_REACHED(&o.m.messages, round * 200 + 100);
        CHECK(delete_consumer(&o));
        publish_numbers(o.nc, "foo", round * 200 + 100, 100);
        CHECK_REACHED(&o.m.messages, round * 200 + 200);
    }
    CHECK_INT(counter_get(&o.m.wrong), 0);
    CHECK_REACHED(&o.c.errors, 5);
    CHECK_INT(o.c.statuses[0], NATS_NOT_FOUND);
    order_end(&o);
}

static void server_killed_in_the_middle(void) {
    int round;
    order o;

    order_start(&o, ",\"storage\":\"file\"");
    begin_called(&o, "foo");
    for (round = 0; round < 3; round++) {
        publish_numbers(o.nc, "foo", round * 1000, 1000);
        while (stream_messages(o.nc, "S") < (round + 1) * 1000)
            poll_pause();
        server_kill(&o.s);
        server_restart(&o.s);
        CHECK_REACHED(&o.c.reconnected, round + 1);
        CHECK_REACHED(&o.m.messages, (round + 1) * 1000);
    }
    CHECK_INT(counter_get(&o.m.wrong), 0);
    CHECK_INT(counter_get(&o.m.messages), 3000);
    order_end(&o);
}

static void killed_while_nobody_takes(void) {
    int i, n = 0;
    order o;

    order_start(&o, ",\"storage\":\"file\"");
    o.opts.PullSubscribeAsync.FetchSize = 10;
    publish_numbers(o.nc, "foo", 0, 100);
    begin_taken(&o, "foo");
    for (i = 0; i < 3; i++) {
        while (n < 100 * (i + 1) - 20)
            take_number(&o, n++);
        while (stream_messages(o.nc, "S") < 100 * (i + 1))
            poll_pause();
        server_kill(&o.s);
        CHECK_REACHED(&o.c.disconnected, i + 1);
        server_restart(&o.s);
        CHECK_REACHED(&o.c.reconnected, i + 1);
        publish_numbers(o.nc, "foo", 100 * (i + 1), 100);
    }
    while (n < 400)
        take_number(&o, n++);
    order_end(&o);
}

static void a_queue_that_is_too_short(void) {
    natsMsg *msg = NULL;
    int n;
    order o;

    order_start(&o, "");
    o.opts.PullSubscribeAsync.FetchSize = 300;
    begin_taken(&o, "foo");
    CHECK_OK(natsSubscription_SetPendingLimits(o.sub, 100, -1));
    publish_numbers(o.nc, "foo", 0, 350);
    /* Nothing is lost, it only takes longer. */
    CHECK_REACHED(&o.c.errors, 1);
    CHECK_INT(o.c.statuses[0], NATS_SLOW_CONSUMER);
    for (n = 0; n < 350; n++)
        take_number(&o, n);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, o.sub, 0), NATS_TIMEOUT);
    order_end(&o);
}

static void a_message_beyond_the_limit(void) {
    order o;

    order_start(&o, "");
    begin_taken(&o, "foo");
    CHECK_OK(natsSubscription_SetPendingLimits(o.sub, 100, 1));
    publish_numbers(o.nc, "foo", 9, 1);
    take_number(&o, 9);
    publish_numbers(o.nc, "foo", 10, 1);
    CHECK_REACHED(&o.c.errors, 1);
    CHECK_INT(o.c.statuses[0], NATS_SLOW_CONSUMER);
    /* Nobody takes anything: it is asked for again nevertheless. */
    CHECK_OK(natsSubscription_SetPendingLimits(o.sub, 100, -1));
    take_number(&o, 10);
    order_end(&o);
}

static void starts_in_the_middle(void) {
    int n;
    order o;

    order_start(&o, "");
    publish_numbers(o.nc, "foo", 0, 10);
    o.sub_opts.Config.OptStartSeq = 8;
    begin_taken(&o, "foo");
    CHECK(delete_consumer(&o));
    for (n = 7; n < 10; n++)
        take_number(&o, n);
    natsSubscription_Destroy(o.sub);
    /* The last of each subject. */
    CHECK_OK(jsSubOptions_Init(&o.sub_opts));
    o.sub_opts.Ordered = true;
    o.sub_opts.Config.DeliverPolicy = js_DeliverLastPerSubject;
    o.opts.PullSubscribeAsync.FetchSize = 2;
    CHECK_OK(natsConnection_PublishString(o.nc, "k.1", "old"));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.2", "2"));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.1", "1"));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.4", "4"));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.5", "5"));
    begin_taken(&o, "k.*");
    /* A new consumer sends those again that were delivered. */
    take(&o, "2");
    take(&o, "1");
    CHECK_SOON(delete_consumer(&o));
    take(&o, "4");
    take(&o, "5");
    CHECK_SOON(delete_consumer(&o));
    CHECK_OK(natsConnection_PublishString(o.nc, "k.3", "3"));
    take(&o, "3");
    order_end(&o);
}

/* Each end says why, and leaves no consumer. */
static void how_it_ends(void) {
    natsMsg *msg = NULL;
    natsStatus s;
    int n;
    order o;

    order_start(&o, "");
    publish_numbers(o.nc, "foo", 0, 20);
    o.opts.PullSubscribeAsync.MaxMessages = 15;
    o.opts.PullSubscribeAsync.CompleteHandler = on_end;
    o.opts.PullSubscribeAsync.CompleteHandlerClosure = &o;
    begin_called(&o, "foo");
    CHECK_REACHED(&o.ended, 1);
    CHECK_INT(o.reason, NATS_MAX_DELIVERED_MSGS);
    CHECK_INT(counter_get(&o.m.messages), 15);
    CHECK_SOON(there_are_no_consumers(&o));
    natsSubscription_Destroy(o.sub);
    o.opts.PullSubscribeAsync.CompleteHandler = NULL;
    begin_taken(&o, "foo");
    for (n = 0; n < 15; n++)
        take_number(&o, n);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, o.sub, deadline_ms()), NATS_MAX_DELIVERED_MSGS);
    natsSubscription_Destroy(o.sub);
    CHECK_SOON(there_are_no_consumers(&o));
    o.opts.PullSubscribeAsync.MaxMessages = 0;
    o.opts.PullSubscribeAsync.NoWait = true;
    o.opts.PullSubscribeAsync.Heartbeat = 0;
    begin_taken(&o, "foo");
    for (n = 0; n < 20; n++)
        take_number(&o, n);
    s = natsSubscription_NextMsg(&msg, o.sub, deadline_ms());
    CHECK(s == NATS_NOT_FOUND || s == NATS_TIMEOUT);
    CHECK(!natsSubscription_IsValid(o.sub));
    natsSubscription_Destroy(o.sub);
    CHECK_SOON(there_are_no_consumers(&o));
    /* Heartbeats fit into a short time. */
    o.opts.PullSubscribeAsync.NoWait = false;
    o.opts.PullSubscribeAsync.Timeout = 400 * time_factor();
    begin_taken(&o, "foo");
    for (n = 0; n < 20; n++)
        take_number(&o, n);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, o.sub, deadline_ms()), NATS_TIMEOUT);
    CHECK(!natsSubscription_IsValid(o.sub));
    natsSubscription_Destroy(o.sub);
    CHECK_SOON(there_are_no_consumers(&o));
    /* The program's own ways. */
    o.opts.PullSubscribeAsync.Timeout = 0;
    begin_taken(&o, "foo");
    natsSubscription_Destroy(o.sub);
    CHECK_SOON(there_are_no_consumers(&o));
    begin_taken(&o, "foo");
    CHECK_OK(natsSubscription_AutoUnsubscribe(o.sub, 3));
    for (n = 0; n < 3; n++)
        take_number(&o, n);
    CHECK_SOON(there_are_no_consumers(&o));
    natsSubscription_Destroy(o.sub);
    begin_taken(&o, "bar");
    CHECK_OK(natsSubscription_Drain(o.sub));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(o.sub, deadline_ms()));
    CHECK(there_are_no_consumers(&o));
    order_end(&o);
}

static void the_stream_is_made_again(void) {
    order o;

    order_start(&o, "");
    publish_numbers(o.nc, "foo", 0, 3);
    begin_taken(&o, "foo");
    take_number(&o, 0);
    take_number(&o, 1);
    take_number(&o, 2);
    stream_delete(o.nc, "S");
    CHECK_REACHED(&o.c.errors, 2); /* the consumer is gone, and there is no stream for another one */
    stream_create(o.nc, "S", "\"foo\"", "");
    publish_numbers(o.nc, "foo", 10, 1);
    take_number(&o, 10);
    order_end(&o);
}

#if OURS
/* Numbers on the three subjects of the stream, those of "bar" not in the row of the others. */
static int publish_on_all(order *o, int from) {
    publish_numbers(o->nc, "foo", from, 50);
    publish_numbers(o->nc, "bar", 0, 20);
    publish_numbers(o->nc, "k.a", from + 50, 50);
    publish_numbers(o->nc, "foo", from + 100, 50);
    publish_numbers(o->nc, "k.b", from + 150, 50);
    return from + 200;
}

static void several_subjects(void) {
    static const char *subjects[] = {"foo", "k.*"};
    static const char *overlapping[] = {"k.a", "k.*"};
    natsMsgList list = {0};
    jsConsumerInfo *ci = NULL;
    jsErrCode code = (jsErrCode)0;
    int round, n, count;
    order o;

    order_start(&o, "");
    count = publish_on_all(&o, 0);
    CHECK_OK(js_PullSubscribeAsyncMulti(&o.sub, o.js, subjects, 2, NULL, on_ordered, &o.m, &o.opts,
                                        &o.sub_opts, NULL));
    CHECK_OK(natsSubscription_GetConsumerInfo(&ci, o.sub, NULL, NULL));
    CHECK_INT(ci->Config->FilterSubjectsLen, 2);
    jsConsumerInfo_Destroy(ci);
    for (round = 0; round < 5; round++) {
        count = publish_on_all(&o, count);
        CHECK_REACHED(&o.m.messages, count);
        CHECK(delete_consumer(&o));
        count = publish_on_all(&o, count);
        CHECK_REACHED(&o.m.messages, count);
    }
    CHECK_INT(counter_get(&o.m.wrong), 0);
    natsSubscription_Destroy(o.sub);

    CHECK_OK(js_PullSubscribeSyncMulti(&o.sub, o.js, subjects, 2, NULL, &o.opts, &o.sub_opts, NULL));
    for (n = 0; n < count / 2; n++)
        take_number(&o, n);
    CHECK(delete_consumer(&o));
    for (; n < count; n++)
        take_number(&o, n);
    natsSubscription_Destroy(o.sub);
    o.sub = NULL;

    CHECK_STATUS(js_PullSubscribeSyncMulti(&o.sub, o.js, overlapping, 2, NULL, NULL, &o.sub_opts, &code),
                 NATS_ERR);
    CHECK_INT(code, JSConsumerOverlappingSubjectFiltersErr);
    CHECK_STATUS(js_PullSubscribeSyncMulti(&o.sub, o.js, NULL, 0, NULL, NULL, &o.sub_opts, NULL),
                 NATS_INVALID_ARG);
    CHECK(o.sub == NULL);
    CHECK_STATUS(js_PullSubscribeMulti(&o.sub, o.js, subjects, 2, NULL, NULL, &o.sub_opts, NULL),
                 NATS_INVALID_ARG); /* fetching is not ordered */
    CHECK_OK(js_PullSubscribeMulti(&o.sub, o.js, subjects, 2, "both", NULL, NULL, NULL));
    CHECK_OK(natsSubscription_Fetch(&list, o.sub, 110, deadline_ms(), NULL));
    CHECK_INT(list.Count, 110);
    for (n = 0; n < list.Count; n++) {
        char number[16];

        snprintf(number, sizeof(number), "%d", n);
        CHECK_STR(natsMsg_GetData(list.Msgs[n]), number);
    }
    natsMsgList_Destroy(&list);
    order_end(&o);
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(all_messages),
        TEST(the_consumer_that_it_makes),
        TEST(what_is_refused),
        TEST(consumers_that_vanish),
        TEST(server_killed_in_the_middle),
        TEST(killed_while_nobody_takes),
        TEST(a_queue_that_is_too_short),
        TEST(a_message_beyond_the_limit),
        TEST(starts_in_the_middle),
        TEST(how_it_ends),
        TEST(the_stream_is_made_again),
#if OURS
        TEST(several_subjects),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
