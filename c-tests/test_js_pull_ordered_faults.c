/* Ordered pulls against a scripted server: gaps, silence, statuses, consumers that are deleted or restart their
 * count, lost messages at the end of the stream, reconnects. */
#include "callbacks.h"
#include "js_peer.h"
#include "test.h"

static closure errors;

static natsOptions *recorded(natsOptions *opts) {
    closure_init(&errors);
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, &errors));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 10));
    return opts;
}

static void check_peer(js_peer *j, bool done, const char *file, int line) {
    if (!done)
        check_failed(file, line, "%s", j->p.problem);
}
#define PEER(call) check_peer(&j, (call), __FILE__, __LINE__)

typedef struct ordered {
    js_peer *j;
    natsSubscription *sub;
    jsOptions opts;
    jsSubOptions sub_opts;
    char consumer[128]; /* its name */
    char reply[256];    /* of the last request for messages */
    char sid[24];       /* of its inbox */
    uint64_t counted;   /* number of the consumer's last delivery */
} ordered;

/* Awaits the request for a consumer, whose body must have this part (or NULL), and answers with a consumer that has
 * delivered up to this stream sequence. */
static bool create(ordered *o, const char *part, uint64_t delivered) {
    js_peer *j = o->j;
    char json[512];

    if (!js_peer_await(j, "PUB", "$JS.API.CONSUMER.CREATE.S."))
        return false;
    if (part != NULL && strstr(j->op.body, part) == NULL) {
        snprintf(j->p.problem, sizeof(j->p.problem), "no %.60s in %.160s", part, j->op.body);
        return false;
    }
    snprintf(o->consumer, sizeof(o->consumer), "%.100s",
             j->op.subject + strlen("$JS.API.CONSUMER.CREATE.S."));
    if (strchr(o->consumer, '.') != NULL)
        *strchr(o->consumer, '.') = 0;
    o->counted = 0;
    snprintf(json, sizeof(json),
             "{\"stream_name\":\"S\",\"name\":\"%s\",\"created\":\"2026-01-01T00:00:00Z\","
             "\"config\":{\"name\":\"%s\",\"ack_policy\":\"none\"},"
             "\"delivered\":{\"consumer_seq\":0,\"stream_seq\":%" PRIu64 "},\"num_pending\":9}",
             o->consumer, o->consumer, delivered);
    return js_peer_answer(j, json);
}

static void create_first(peer *p, void *arg) {
    ordered *o = (ordered *)arg;

    (void)p;
    create(o, "\"ack_policy\":\"none\"", 0);
}

/* Awaits the next request for messages to the present consumer, whose body must have this part. */
static bool await_request(ordered *o, const char *part) {
    js_peer *j = o->j;
    char subject[256];

    snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.MSG.NEXT.S.%s", o->consumer);
    if (!js_peer_await(j, "PUB", subject))
        return false;
    if (strstr(j->op.body, part) == NULL) {
        snprintf(j->p.problem, sizeof(j->p.problem), "no %.60s in %.160s", part, j->op.body);
        return false;
    }
    snprintf(o->reply, sizeof(o->reply), "%s", j->op.reply);
    snprintf(o->sid, sizeof(o->sid), "%s", js_peer_sid_of(j, o->reply));
    return true;
}

static void options(ordered *o) {
    CHECK_OK(jsOptions_Init(&o->opts));
    CHECK_OK(jsSubOptions_Init(&o->sub_opts));
    o->sub_opts.Stream = "S";
    o->sub_opts.Ordered = true;
    o->opts.PullSubscribeAsync.FetchSize = 8;
}

/* Subscribes, and reads the first request. heartbeat: in milliseconds, or 0 for the default. */
static void begin(ordered *o, js_peer *j, int64_t heartbeat) {
    memset(o, 0, sizeof(*o));
    o->j = j;
    js_peer_start(j, recorded);
    options(o);
    o->opts.PullSubscribeAsync.Heartbeat = heartbeat;
    peer_run(&j->p, create_first, o);
    CHECK_OK(js_PullSubscribeSync(&o->sub, j->js, "foo", NULL, &o->opts, &o->sub_opts, NULL));
    peer_join(&j->p);
    check_peer(j, await_request(o, "\"batch\":8"), __FILE__, __LINE__);
}

static void end(ordered *o) {
    natsSubscription_Destroy(o->sub);
    js_peer_end(o->j);
}

/* Delivers a message with the consumer's next number. */
static bool deliver(ordered *o, uint64_t stream_seq) {
    return js_peer_deliver_to(o->j, o->sid, stream_seq, ++o->counted, 1);
}

/* Says this about a request. */
static bool say(ordered *o, const char *reply, const char *status) {
    char frame[512];
    int length = (int)strlen(status) + 13;

    snprintf(frame, sizeof(frame), "HMSG %s %s %d %d\r\nNATS/1.0 %s\r\n\r\n\r\n", reply, o->sid, length,
             length, status);
    return peer_send(&o->j->p, frame);
}

static void expect_message(ordered *o, uint64_t stream_seq) {
    natsMsg *msg = NULL;
    char payload[24];

    snprintf(payload, sizeof(payload), "%" PRIu64, stream_seq);
    CHECK_OK(natsSubscription_NextMsg(&msg, o->sub, deadline_ms()));
    CHECK_STR(natsMsg_GetData(msg), payload);
    natsMsg_Destroy(msg);
}

static void expect_none(ordered *o) {
    natsMsg *msg = NULL;

    CHECK_STATUS(natsSubscription_NextMsg(&msg, o->sub, 0), NATS_TIMEOUT);
}

static void a_gap(void) {
    char old_sid[24], old_consumer[128], old_reply[256], deletion[192];
    ordered o;
    js_peer j;

    begin(&o, &j, 0);
    CHECK_CONTAINS(j.op.body, "\"idle_heartbeat\":5000000000");
    PEER(deliver(&o, 3));
    PEER(deliver(&o, 5));
    snprintf(old_sid, sizeof(old_sid), "%s", o.sid);
    snprintf(old_consumer, sizeof(old_consumer), "%s", o.consumer);
    snprintf(old_reply, sizeof(old_reply), "%s", o.reply);
    /* The third is missing; what follows is not for the program, nor is what is said of the request. */
    o.counted = 3;
    PEER(deliver(&o, 9));
    PEER(deliver(&o, 10));
    PEER(say(&o, old_reply, "400 Bad Request"));
    PEER(js_peer_await(&j, "UNSUB", old_sid));
    snprintf(deletion, sizeof(deletion), "$JS.API.CONSUMER.DELETE.S.%s", old_consumer);
    PEER(js_peer_await(&j, "PUB", deletion));
    PEER(js_peer_answer(&j, "{\"success\":true}"));
    PEER(create(&o, "\"opt_start_seq\":6", 5));
    CHECK_CONTAINS(j.op.body, "\"deliver_policy\":\"by_start_sequence\"");
    CHECK_CONTAINS(j.op.body, "\"mem_storage\":true");
    CHECK(strcmp(o.consumer, old_consumer) != 0);
    /* All that was asked for and has not come. */
    PEER(await_request(&o, "\"batch\":8"));
    CHECK(strcmp(o.sid, old_sid) != 0);
    /* Late ones of the old consumer. */
    PEER(js_peer_deliver_to(&j, old_sid, 11, 3, 4));
    PEER(deliver(&o, 7));
    PEER(deliver(&o, 9));
    expect_message(&o, 3);
    expect_message(&o, 5);
    expect_message(&o, 7);
    expect_message(&o, 9);
    expect_none(&o);
    CHECK_INT(counter_get(&errors.errors), 0);
    end(&o);
}

static void wrong_sequences(void) {
    ordered o;
    js_peer j;

    begin(&o, &j, 0);
    PEER(deliver(&o, 1));
    PEER(deliver(&o, 2));
    /* The same again is no reason for anything. */
    PEER(js_peer_deliver_to(&j, o.sid, 2, 2, 1));
    PEER(js_peer_deliver_to(&j, o.sid, 1, 1, 1));
    PEER(deliver(&o, 3));
    expect_message(&o, 1);
    expect_message(&o, 2);
    expect_message(&o, 3);
    expect_none(&o);
    /* One that counts anew, further on. */
    o.counted = 0;
    PEER(deliver(&o, 7));
    PEER(create(&o, "\"opt_start_seq\":4", 3));
    PEER(await_request(&o, "\"batch\""));
    /* Not what has no sequences at all. */
    {
        char text[128];

        snprintf(text, sizeof(text), "MSG foo %s 5\r\nhello\r\n", o.sid);
        PEER(peer_send(&j.p, text));
    }
    PEER(deliver(&o, 4));
    expect_message(&o, 4);
    expect_none(&o);
    end(&o);
}

static void before_the_first_message(void) {
    ordered o;
    js_peer j;

    memset(&o, 0, sizeof(o));
    o.j = &j;
    js_peer_start(&j, recorded);
    options(&o);
    o.sub_opts.Config.OptStartTime = INT64_C(1700000000000000000);
    o.sub_opts.Config.Name = "mine";
    peer_run(&j.p, create_first, &o);
    CHECK_OK(js_PullSubscribeSync(&o.sub, j.js, "foo", NULL, &o.opts, &o.sub_opts, NULL));
    peer_join(&j.p);
    CHECK_STR(o.consumer, "mine_1");
    CHECK_CONTAINS(j.op.body, "\"opt_start_time\":\"2023-11-14T22:13:20Z\"");
    CHECK_CONTAINS(j.op.body, "\"inactive_threshold\":300000000000");
    PEER(await_request(&o, "\"batch\":8"));
    o.counted = 6; /* six are missing */
    PEER(deliver(&o, 99));
    PEER(create(&o, "\"opt_start_seq\":1", 0));
    CHECK(strstr(j.op.body, "opt_start_time") == NULL);
    CHECK_STR(o.consumer, "mine_2");
    PEER(await_request(&o, "\"batch\":8"));
    PEER(deliver(&o, 42));
    expect_message(&o, 42);
    end(&o);
}

static void silence(void) {
    char old[24];
    ordered o;
    js_peer j;
    int i;

    begin(&o, &j, 400 * time_factor());
    PEER(deliver(&o, 1));
    expect_message(&o, 1);
    /* It is not the program that has to notice. */
    for (i = 0; i < 2; i++) {
        snprintf(old, sizeof(old), "%s", o.sid);
        PEER(js_peer_await(&j, "UNSUB", old));
        PEER(create(&o, "\"opt_start_seq\":2", 1));
        PEER(await_request(&o, "\"idle_heartbeat\":"));
        CHECK_REACHED(&errors.errors, i + 1);
        CHECK_INT(errors.statuses[i], NATS_MISSED_HEARTBEAT);
    }
    PEER(deliver(&o, 2));
    expect_message(&o, 2);
    CHECK(natsSubscription_IsValid(o.sub));
    end(&o);
}

static void requests_that_are_taken_back(void) {
    char consumer[128];
    ordered o;
    js_peer j;

    begin(&o, &j, 0);
    snprintf(consumer, sizeof(consumer), "%s", o.consumer);
    PEER(deliver(&o, 1));
    PEER(say(&o, o.reply, "409 Leadership Change"));
    PEER(await_request(&o, "\"batch\":"));
    PEER(deliver(&o, 2));
    PEER(say(&o, o.reply, "409 Server Shutdown"));
    PEER(await_request(&o, "\"batch\":"));
    PEER(say(&o, o.reply, "408 Request Timeout\r\nNats-Pending-Messages: 8"));
    PEER(await_request(&o, "\"batch\":"));
    PEER(deliver(&o, 3));
    expect_message(&o, 1);
    expect_message(&o, 2);
    expect_message(&o, 3);
    /* It is still the same consumer. */
    CHECK_STR(o.consumer, consumer);
    CHECK_INT(counter_get(&errors.errors), 0);
    /* What nothing can mend ends it. */
    PEER(say(&o, o.reply, "409 Exceeded MaxRequestBatch of 5"));
    PEER(js_peer_await(&j, "PING", ""));
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.DELETE.S."));
    PEER(js_peer_answer(&j, "{\"success\":true}"));
    {
        natsMsg *msg = NULL;

        CHECK_STATUS(natsSubscription_NextMsg(&msg, o.sub, deadline_ms()), NATS_LIMIT_REACHED);
        CHECK(!natsSubscription_IsValid(o.sub));
    }
    end(&o);
}

static void deleted_consumers(void) {
    ordered o;
    js_peer j;

    begin(&o, &j, 0);
    PEER(deliver(&o, 1));
    PEER(say(&o, o.reply, "409 Consumer Deleted"));
    /* There is nothing to be deleted. */
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER."));
    CHECK_CONTAINS(j.op.subject, ".CONSUMER.CREATE.");
    CHECK_CONTAINS(j.op.body, "\"opt_start_seq\":2");
    /* Refused once. */
    PEER(js_peer_answer(&j, "{\"error\":{\"code\":503,\"err_code\":10008,\"description\":\"unavailable\"}}"));
    PEER(create(&o, "\"opt_start_seq\":2", 1));
    PEER(await_request(&o, "\"batch\":"));
    PEER(deliver(&o, 2));
    expect_message(&o, 1);
    expect_message(&o, 2);
    CHECK_REACHED(&errors.errors, 2);
    CHECK_INT(errors.statuses[0], NATS_NOT_FOUND);
    /* Nobody answers a request: the server is asked. */
    PEER(say(&o, o.reply, "503"));
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.INFO.S."));
    PEER(js_peer_answer(&j, "{\"error\":{\"code\":404,\"err_code\":10014,\"description\":\"not found\"}}"));
    PEER(create(&o, "\"opt_start_seq\":3", 2));
    PEER(await_request(&o, "\"batch\":"));
    PEER(deliver(&o, 3));
    expect_message(&o, 3);
    CHECK_REACHED(&errors.errors, 3);
    CHECK_INT(errors.statuses[2], NATS_NOT_FOUND);
    end(&o);
}

/* An account that may not ask for infos: requests without a responder show that the consumer is gone. */
static void nobody_may_ask(void) {
    ordered o;
    js_peer j;

    memset(&o, 0, sizeof(o));
    o.j = &j;
    js_peer_start(&j, recorded);
    jsCtx_Destroy(j.js);
    options(&o);
    CHECK_OK(natsConnection_JetStream(&j.js, j.nc, NULL));
    o.opts.Wait = 200;
    peer_run(&j.p, create_first, &o);
    CHECK_OK(js_PullSubscribeSync(&o.sub, j.js, "foo", NULL, &o.opts, &o.sub_opts, NULL));
    peer_join(&j.p);
    PEER(await_request(&o, "\"batch\":8"));
    PEER(deliver(&o, 1));
    PEER(say(&o, o.reply, "503"));
    PEER(await_request(&o, "\"batch\":8"));
    PEER(say(&o, o.reply, "503"));
    /* The question has had no answer by then, or will have none. */
    while (js_peer_await(&j, "PUB", "$JS.API.CONSUMER.") && strstr(j.op.subject, ".CREATE.") == NULL)
        if (strstr(j.op.subject, ".MSG.NEXT.") != NULL)
            PEER(say(&o, j.op.reply, "503"));
    CHECK_CONTAINS(j.op.subject, ".CONSUMER.CREATE.");
    CHECK_CONTAINS(j.op.body, "\"opt_start_seq\":2");
    end(&o);
}

/* Answers the question what the consumer has delivered. */
static bool info(ordered *o, uint64_t counted, uint64_t stream_seq) {
    char json[256];

    if (!js_peer_await(o->j, "PUB", "$JS.API.CONSUMER.INFO.S."))
        return false;
    snprintf(json, sizeof(json),
             "{\"stream_name\":\"S\",\"name\":\"%s\",\"delivered\":{\"consumer_seq\":%" PRIu64
             ",\"stream_seq\":%" PRIu64 "},\"num_pending\":0}",
             o->consumer, counted, stream_seq);
    return js_peer_answer(o->j, json);
}

static void a_lost_message_that_nothing_follows(void) {
    ordered o;
    js_peer j;

    begin(&o, &j, 0);
    PEER(deliver(&o, 1));
    PEER(say(&o, o.reply, "100 Idle Heartbeat"));
    PEER(info(&o, 1, 1));
    /* It is asked once only: the next question is that after the next message. */
    PEER(say(&o, o.reply, "100 Idle Heartbeat"));
    PEER(deliver(&o, 2));
    PEER(say(&o, o.reply, "100 Idle Heartbeat"));
    /* It has sent three; that is asked again, in case the third is on its way. */
    PEER(info(&o, 3, 3));
    PEER(info(&o, 3, 3));
    PEER(create(&o, "\"opt_start_seq\":3", 2));
    PEER(await_request(&o, "\"batch\":"));
    PEER(deliver(&o, 3));
    expect_message(&o, 1);
    expect_message(&o, 2);
    expect_message(&o, 3);
    end(&o);
}

static void reconnects(void) {
    ordered o;
    js_peer j;
    int i;

    begin(&o, &j, 0);
    for (i = 0; i < 3; i++) {
        PEER(deliver(&o, (uint64_t)(2 * i + 1)));
        PEER(deliver(&o, (uint64_t)(2 * i + 2)));
        /* The program gets them also during the outage, and later. */
        if (i != 1) {
            expect_message(&o, (uint64_t)(2 * i + 1));
            expect_message(&o, (uint64_t)(2 * i + 2));
        } else {
            int waiting = 0;

            CHECK_SOON(natsSubscription_GetPending(o.sub, &waiting, NULL) == NATS_OK && waiting == 2);
        }
        peer_hang_up(&j.p);
        PEER(peer_shake_hands(&j.p, NULL));
        {
            char part[64];

            snprintf(part, sizeof(part), "\"opt_start_seq\":%d", 2 * i + 3);
            PEER(create(&o, part, (uint64_t)(2 * i + 2)));
        }
        PEER(await_request(&o, "\"batch\":"));
        if (i == 1) {
            expect_message(&o, 3);
            expect_message(&o, 4);
        }
    }
    expect_none(&o);
    end(&o);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_gap),
        TEST(wrong_sequences),
        TEST(before_the_first_message),
        TEST(silence),
        TEST(requests_that_are_taken_back),
        TEST(deleted_consumers),
        TEST(nobody_may_ask),
        TEST(a_lost_message_that_nothing_follows),
        TEST(reconnects),
    };

    return RUN_TESTS(cases, argc, argv);
}
