/* Push and ordered consumers against a scripted server: gaps, silence, late and repeated messages, heartbeats with
 * wrong sequences, refused and lost creations, reconnects. */
#include "callbacks.h"
#include "js_peer.h"
#include "test.h"

static natsOptions *fast(natsOptions *opts) {
    CHECK_OK(natsOptions_SetReconnectWait(opts, 10));
    return opts;
}

static closure errors;

static natsOptions *recorded(natsOptions *opts) {
    closure_init(&errors);
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, &errors));
    return fast(opts);
}

/* Subscribes while the script runs. */
static natsSubscription *subscribe(js_peer *j, jsSubOptions *options, peer_script script) {
    natsSubscription *sub = NULL;

    peer_run(&j->p, script, NULL);
    CHECK_OK(js_SubscribeSync(&sub, j->js, "foo", NULL, options, NULL));
    peer_join(&j->p);
    return sub;
}

static void ordered_options(jsSubOptions *options) {
    CHECK_OK(jsSubOptions_Init(options));
    options->Stream = "S";
    options->Ordered = true;
}

static natsSubscription *ordered(js_peer *j) {
    jsSubOptions options;

    ordered_options(&options);
    return subscribe(j, &options, js_peer_first_consumer);
}

/* The next message is this one of the stream. */
static void expect_message(natsSubscription *sub, uint64_t stream_seq) {
    natsMsg *msg = NULL;
    char payload[24];

    snprintf(payload, sizeof(payload), "%" PRIu64, stream_seq);
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    CHECK_STR(natsMsg_GetData(msg), payload);
    natsMsg_Destroy(msg);
}

static void expect_none(natsSubscription *sub) {
    natsMsg *msg = NULL;

    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
}

static void check_peer(js_peer *j, bool done, const char *file, int line) {
    if (!done)
        check_failed(file, line, "%s", j->p.problem);
}
#define PEER(call) check_peer(&j, (call), __FILE__, __LINE__)

static void ordered_gap(void) {
    natsSubscription *sub;
    char inbox[128], sid[24];
    int64_t id;
    js_peer j;

    js_peer_start(&j, NULL);
    sub = ordered(&j);
    CHECK_STR(natsSubscription_GetSubject(sub), j.inbox);
    id = natsSubscription_GetID(sub);
    PEER(js_peer_deliver(&j, 3, 0, 9));
    PEER(js_peer_deliver(&j, 5, 0, 8));
    snprintf(inbox, sizeof(inbox), "%s", j.inbox);
    snprintf(sid, sizeof(sid), "%s", j.sid);
    /* The third is missing; what follows is not for the program. */
    PEER(js_peer_deliver(&j, 9, 4, 6));
    PEER(js_peer_deliver(&j, 10, 5, 5));
    PEER(js_peer_await(&j, "UNSUB", sid));
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.DELETE.S.c"));
    PEER(js_peer_answer(&j, "{\"success\":true}"));
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":6", 5, 4));
    CHECK_CONTAINS(j.op.body, "\"deliver_policy\":\"by_start_sequence\"");
    CHECK_CONTAINS(j.op.body, "\"ack_policy\":\"none\"");
    CHECK(strcmp(inbox, j.inbox) != 0);
    /* Late ones of the old consumer. */
    PEER(js_peer_deliver_to(&j, sid, 11, 6, 4));
    PEER(js_peer_deliver(&j, 7, 0, 3));
    PEER(js_peer_deliver(&j, 9, 0, 2));
    expect_message(sub, 3);
    expect_message(sub, 5);
    expect_message(sub, 7);
    expect_message(sub, 9);
    expect_none(sub);
    CHECK_STR(natsSubscription_GetSubject(sub), j.inbox);
    CHECK(natsSubscription_GetID(sub) != id);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void ordered_before_the_first_message(void) {
    natsSubscription *sub;
    jsSubOptions options;
    js_peer j;

    js_peer_start(&j, NULL);
    ordered_options(&options);
    options.Config.OptStartTime = INT64_C(1700000000000000000);
    /* The first consumer starts behind 41, which it says. */
    sub = subscribe(&j, &options, js_peer_first_consumer);
    CHECK_INT(options.Config.DeliverPolicy, js_DeliverByStartTime);
    CHECK_CONTAINS(j.op.body, "\"opt_start_time\":\"2023-11-14T22:13:20Z\"");
    PEER(js_peer_deliver(&j, 99, 7, 1)); /* six are missing */
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":1", 0, 2));
    CHECK(strstr(j.op.body, "opt_start_time") == NULL);
    PEER(js_peer_deliver(&j, 42, 0, 1));
    expect_message(sub, 42);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void behind_41(peer *p, void *arg) {
    (void)arg;
    js_peer_consumer((js_peer *)p, "\"deliver_policy\":\"new\"", 41, 0);
}

static void ordered_new_messages_only(void) {
    natsSubscription *sub;
    jsSubOptions options;
    js_peer j;

    js_peer_start(&j, NULL);
    ordered_options(&options);
    options.Config.DeliverPolicy = js_DeliverNew;
    sub = subscribe(&j, &options, behind_41);
    PEER(js_peer_heartbeat(&j, 2, 43, NULL)); /* two have been sent and lost */
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":42", 41, 2));
    PEER(js_peer_deliver(&j, 42, 0, 1));
    expect_message(sub, 42);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void last_per_subject(peer *p, void *arg) {
    (void)arg;
    js_peer_consumer((js_peer *)p, "\"deliver_policy\":\"last_per_subject\"", 2, 3);
}

static void ordered_last_per_subject(void) {
    natsSubscription *sub;
    jsSubOptions options;
    js_peer j;

    js_peer_start(&j, NULL);
    ordered_options(&options);
    options.Config.DeliverPolicy = js_DeliverLastPerSubject;
    sub = subscribe(&j, &options, last_per_subject);
    PEER(js_peer_deliver(&j, 3, 0, 2));
    PEER(js_peer_deliver(&j, 9, 3, 0)); /* 5 is missing */
    /* The initial data are not complete: once more, and 3 is not for the program again. */
    PEER(js_peer_consumer(&j, "\"deliver_policy\":\"last_per_subject\"", 2, 3));
    CHECK(strstr(j.op.body, "opt_start_seq") == NULL);
    PEER(js_peer_deliver(&j, 3, 0, 2));
    PEER(js_peer_deliver(&j, 9, 0, 1));
    PEER(js_peer_deliver(&j, 11, 0, 0)); /* what was 5 is 11 by now */
    /* They are complete. */
    PEER(js_peer_heartbeat(&j, 5, 20, NULL));
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":12", 11, 0));
    expect_message(sub, 3);
    expect_message(sub, 9);
    expect_message(sub, 11);
    expect_none(sub);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void ordered_repeated(void) {
    natsSubscription *sub;
    js_peer j;

    js_peer_start(&j, NULL);
    sub = ordered(&j);
    PEER(js_peer_deliver(&j, 1, 1, 1));
    PEER(js_peer_deliver(&j, 1, 1, 1));
    PEER(js_peer_deliver(&j, 2, 2, 0));
    PEER(js_peer_deliver(&j, 2, 2, 0));
    PEER(js_peer_heartbeat(&j, 2, 2, NULL));
    expect_message(sub, 1);
    expect_message(sub, 2);
    expect_none(sub);
    /* A consumer that begins to count anew is none to go on with. */
    PEER(js_peer_deliver(&j, 7, 1, 0));
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":3", 2, 0));
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void ordered_silence(void) {
    natsSubscription *sub;
    jsSubOptions options;
    js_peer j;

    js_peer_start(&j, recorded);
    ordered_options(&options);
    options.Config.Heartbeat = INT64_C(1000) * 1000 * 1000 * time_factor();
    sub = subscribe(&j, &options, js_peer_first_consumer);
    PEER(js_peer_deliver(&j, 1, 0, 0));
    expect_message(sub, 1);
    /* The server says nothing for twice the interval; nobody is in NextMsg. */
    CHECK(js_peer_await_within(&j, "PUB", "$JS.API.CONSUMER.CREATE.S", deadline_ms()));
    CHECK_CONTAINS(j.op.body, "\"opt_start_seq\":2");
    CHECK_REACHED(&errors.errors, 1);
    CHECK_INT(errors.statuses[0], NATS_MISSED_HEARTBEAT);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void ordered_refused(void) {
    natsSubscription *sub;
    int64_t began;
    int n;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = ordered(&j);
    PEER(js_peer_deliver(&j, 1, 0, 0));
    PEER(js_peer_heartbeat(&j, 7, 7, NULL));
    began = now_ms();
    for (n = 0; n < 3; n++) {
        PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.CREATE.S"));
        PEER(js_peer_answer(&j, "{\"error\":{\"code\":503,\"err_code\":10008,\"description\":\"not now\"}}"));
    }
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":2", 1, 0));
    /* 250 ms, 500 ms and 1 s at least. */
    CHECK(now_ms() - began >= 1750);
    CHECK_REACHED(&errors.errors, 3);
    CHECK_CONTAINS(errors.error_texts[0], "error recreating ordered consumer, will try again: status=1");
    CHECK_CONTAINS(errors.error_texts[0], "not now");
    PEER(js_peer_deliver(&j, 2, 0, 0));
    expect_message(sub, 1);
    expect_message(sub, 2);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void ordered_stream_made_again(void) {
    natsSubscription *sub;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = ordered(&j);
    PEER(js_peer_deliver(&j, 100, 0, 0));
    PEER(js_peer_heartbeat(&j, 7, 7, NULL));
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.CREATE.S"));
    PEER(js_peer_answer(
        &j, "{\"error\":{\"code\":404,\"err_code\":10059,\"description\":\"stream not found\"}}"));
    /* It was made on the day after the message. */
    PEER(js_peer_await(&j, "PUB", "$JS.API.STREAM.INFO.S"));
    PEER(js_peer_answer(&j,
                        "{\"config\":{\"name\":\"S\"},\"created\":\"2026-01-02T00:00:00Z\",\"state\":{}}"));
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":1,", 0, 1));
    PEER(js_peer_deliver(&j, 1, 0, 0));
    expect_message(sub, 100);
    expect_message(sub, 1);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void ordered_reconnect(void) {
    natsSubscription *sub;
    char sid[24];
    js_peer j;

    js_peer_start(&j, fast);
    sub = ordered(&j);
    PEER(js_peer_deliver(&j, 1, 0, 1));
    expect_message(sub, 1);
    snprintf(sid, sizeof(sid), "%s", j.sid);
    peer_hang_up(&j.p);
    CHECK(peer_shake_hands(&j.p, PEER_INFO));
    /* It does not subscribe to what it had: another consumer, at once, with nobody in NextMsg. */
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":2", 1, 1));
    CHECK(strcmp(sid, j.sid) != 0);
    PEER(js_peer_deliver(&j, 2, 0, 0));
    expect_message(sub, 2);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void flow_control(void) {
    natsSubscription *sub;
    js_peer j;

    js_peer_start(&j, NULL);
    sub = ordered(&j);
    /* Nothing waits: at once. */
    PEER(js_peer_flow(&j, "$JS.FC.a"));
    PEER(js_peer_await(&j, "PUB", "$JS.FC.a"));
    PEER(js_peer_deliver(&j, 1, 0, 1));
    PEER(js_peer_deliver(&j, 2, 0, 0));
    PEER(js_peer_flow(&j, "$JS.FC.b"));
    PEER(js_peer_heartbeat(&j, 2, 2, "$JS.FC.stalled"));
    PEER(js_peer_await(&j, "PUB", "$JS.FC.stalled"));
    expect_message(sub, 1);
    CHECK_OK(natsConnection_PublishString(j.nc, "mark", ""));
    PEER(js_peer_await(&j, "PUB", "mark"));
    CHECK(!peer_received(&j.p, "$JS.FC.b"));
    expect_message(sub, 2);
    PEER(js_peer_await(&j, "PUB", "$JS.FC.b"));
    expect_none(sub);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void ordered_full_queue(void) {
    natsSubscription *sub;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = ordered(&j);
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 2, 1000));
    PEER(js_peer_deliver(&j, 1, 0, 3));
    PEER(js_peer_deliver(&j, 2, 0, 2));
    PEER(js_peer_deliver(&j, 3, 0, 1));
    PEER(js_peer_deliver(&j, 4, 0, 0));
    CHECK_REACHED(&errors.errors, 1);
    CHECK_INT(errors.statuses[0], NATS_SLOW_CONSUMER);
    expect_message(sub, 1);
    /* There is room: what did not fit is asked for again. */
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":3", 2, 2));
    expect_message(sub, 2);
    PEER(js_peer_deliver(&j, 3, 0, 1));
    expect_message(sub, 3);
    PEER(js_peer_deliver(&j, 4, 0, 0));
    expect_message(sub, 4);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

/* A message that is larger than all that may wait is asked for again, with pauses, until it may. */
static void ordered_message_beyond_the_limit(void) {
    natsSubscription *sub;
    int n;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = ordered(&j);
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 10, 2));
    PEER(js_peer_deliver(&j, 1, 0, 1));
    expect_message(sub, 1);
    PEER(js_peer_deliver(&j, 100, 0, 0));
    CHECK_REACHED(&errors.errors, 1);
    CHECK_INT(errors.statuses[0], NATS_SLOW_CONSUMER);
    for (n = 0; n < 2; n++) {
        PEER(js_peer_consumer(&j, "\"opt_start_seq\":2", 1, 1));
        PEER(js_peer_deliver(&j, 100, 0, 0));
    }
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":2", 1, 1));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 10, 3));
    PEER(js_peer_deliver(&j, 100, 0, 0));
    expect_message(sub, 100);
    /* It is reported once. */
    CHECK_INT(counter_get(&errors.errors), 1);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void plain_options(jsSubOptions *options) {
    CHECK_OK(jsSubOptions_Init(options));
    options->Stream = "S";
    options->Config.Heartbeat = INT64_C(5) * 1000 * 1000 * 1000;
}

static void mismatch_sync(void) {
    jsConsumerSequenceMismatch mismatch;
    natsSubscription *sub;
    jsSubOptions options;
    natsMsg *msg = NULL;
    int n;
    js_peer j;

    js_peer_start(&j, recorded);
    plain_options(&options);
    sub = subscribe(&j, &options, js_peer_first_consumer);
    PEER(js_peer_heartbeat(&j, 3, 3, NULL)); /* before the first message there is nothing to compare */
    PEER(js_peer_deliver(&j, 10, 0, 0));
    expect_message(sub, 10);
    PEER(js_peer_heartbeat(&j, 1, 10, NULL));
    CHECK_OK(natsConnection_PublishString(j.nc, "mark", ""));
    PEER(js_peer_await(&j, "PUB", "mark"));
    for (n = 0; natsSubscription_GetSequenceMismatch(&mismatch, sub) == NATS_OK && n < 1000; n++)
        poll_pause();
    CHECK_STATUS(natsSubscription_GetSequenceMismatch(&mismatch, sub), NATS_NOT_FOUND);
    for (n = 0; n < 2; n++)
        PEER(js_peer_heartbeat(&j, 4, 13, NULL));
    for (n = 0; natsSubscription_GetSequenceMismatch(&mismatch, sub) != NATS_OK && n < 1000; n++)
        poll_pause();
    CHECK_OK(natsSubscription_GetSequenceMismatch(&mismatch, sub));
    CHECK_INT(mismatch.Stream, 10);
    CHECK_INT(mismatch.ConsumerClient, 1);
    CHECK_INT(mismatch.ConsumerServer, 4);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 100), NATS_MISMATCH);
    CHECK_ERROR(NATS_MISMATCH, "consumer sequence mismatch");
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    /* A heartbeat that matches ends it; messages that come before the next one are no mismatch. */
    PEER(js_peer_heartbeat(&j, 1, 10, NULL));
    for (n = 0; natsSubscription_GetSequenceMismatch(&mismatch, sub) == NATS_OK && n < 1000; n++)
        poll_pause();
    PEER(js_peer_deliver(&j, 11, 0, 0));
    expect_message(sub, 11);
    CHECK_STATUS(natsSubscription_GetSequenceMismatch(&mismatch, sub), NATS_NOT_FOUND);
    CHECK_INT(counter_get(&errors.errors), 0);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void mismatch_async(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options;
    closure c;
    js_peer j;

    js_peer_start(&j, recorded);
    closure_init(&c);
    plain_options(&options);
    options.ManualAck = true;
    peer_run(&j.p, js_peer_first_consumer, NULL);
    CHECK_OK(js_Subscribe(&sub, j.js, "foo", on_message, &c, NULL, &options, NULL));
    peer_join(&j.p);
    PEER(js_peer_deliver(&j, 10, 0, 0));
    PEER(js_peer_heartbeat(&j, 4, 13, NULL));
    PEER(js_peer_heartbeat(&j, 4, 13, NULL));
    CHECK_REACHED(&errors.errors, 1);
    CHECK_INT(errors.statuses[0], NATS_MISMATCH);
    /* One that matches makes the next mismatch a new one. */
    PEER(js_peer_heartbeat(&j, 1, 10, NULL));
    PEER(js_peer_heartbeat(&j, 4, 13, NULL));
    CHECK_REACHED(&errors.errors, 2);
    CHECK_INT(errors.statuses[1], NATS_MISMATCH);
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void plain_reconnect(void) {
    natsSubscription *sub;
    jsSubOptions options;
    js_peer j;

    js_peer_start(&j, recorded);
    plain_options(&options);
    sub = subscribe(&j, &options, js_peer_first_consumer);
    PEER(js_peer_deliver(&j, 10, 0, 0));
    expect_message(sub, 10);
    peer_hang_up(&j.p);
    CHECK(peer_shake_hands(&j.p, PEER_INFO));
    /* It subscribes to what it had, and asks whether the consumer is still there: it was reaped. */
    PEER(js_peer_await(&j, "PUB", "$JS.API.CONSUMER.INFO.S.c"));
    PEER(js_peer_answer(
        &j, "{\"error\":{\"code\":404,\"err_code\":10014,\"description\":\"consumer not found\"}}"));
    PEER(js_peer_consumer(&j, "\"opt_start_seq\":11", 10, 1));
    CHECK_REACHED(&errors.errors, 1);
    CHECK_INT(errors.statuses[0], NATS_NOT_FOUND);
    PEER(js_peer_deliver(&j, 11, 0, 0));
    expect_message(sub, 11);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static const test_case cases[] = {
    TEST(ordered_gap),
    TEST(ordered_before_the_first_message),
    TEST(ordered_new_messages_only),
    TEST(ordered_last_per_subject),
    TEST(ordered_repeated),
    TEST(ordered_silence),
    TEST(ordered_refused),
    TEST(ordered_stream_made_again),
    TEST(ordered_reconnect),
    TEST(ordered_full_queue),
    TEST(ordered_message_beyond_the_limit),
    TEST(flow_control),
    TEST(mismatch_sync),
    TEST(mismatch_async),
    TEST(plain_reconnect),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
