/* Acknowledging messages, and their metadata, against a real server. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "test.h"

typedef struct acks {
    server s;
    natsConnection *nc;
    jsCtx *js;
    natsSubscription *sub;
} acks;

/* A stream S of "foo" with messages 0, 1, ..., and a subscription whose consumer waits so long for acks. */
static void acks_start_on(acks *a, int messages, int64_t ack_wait_ms, const char *conf) {
    const char *const args[] = {"-js", NULL};
    jsSubOptions options;

    memset(a, 0, sizeof(*a));
    if (conf == NULL)
        server_run_jetstream(&a->s);
    else
        server_start(&a->s, conf, args);
    a->nc = test_connect_url(a->s.url);
    stream_create(a->nc, "S", "\"foo\"", "");
    publish_numbers(a->nc, "foo", 0, messages);
    CHECK_OK(natsConnection_JetStream(&a->js, a->nc, NULL));
    CHECK_OK(jsSubOptions_Init(&options));
    options.Config.AckWait = ack_wait_ms * 1000 * 1000;
    CHECK_OK(js_SubscribeSync(&a->sub, a->js, "foo", NULL, &options, NULL));
}

static void acks_start(acks *a, int messages, int64_t ack_wait_ms) {
    acks_start_on(a, messages, ack_wait_ms, NULL);
}

static void acks_end(acks *a) {
    natsSubscription_Destroy(a->sub);
    jsCtx_Destroy(a->js);
    natsConnection_Destroy(a->nc);
    server_stop(&a->s);
}

/* The next message, which must be this one. */
static natsMsg *next(acks *a, const char *payload) {
    natsMsg *msg = NULL;

    CHECK_OK(natsSubscription_NextMsg(&msg, a->sub, deadline_ms()));
    CHECK_STR(natsMsg_GetData(msg), payload);
    return msg;
}

static uint64_t delivered(natsMsg *msg) {
    jsMsgMetaData *meta = NULL;
    uint64_t n;

    CHECK_OK(natsMsg_GetMetaData(&meta, msg));
    n = meta->NumDelivered;
    jsMsgMetaData_Destroy(meta);
    return n;
}

/* Waits until so many messages are acknowledged, and none is pending. */
static void expect_floor(acks *a, uint64_t stream_seq) {
    jsConsumerInfo *ci = NULL;
    int64_t until = now_ms() + deadline_ms();
    bool there = false;

    while (!there && now_ms() < until) {
        CHECK_OK(natsSubscription_GetConsumerInfo(&ci, a->sub, NULL, NULL));
        there = ci->AckFloor.Stream == stream_seq && ci->NumAckPending == 0;
        jsConsumerInfo_Destroy(ci);
        if (!there)
            poll_pause();
    }
    CHECK(there);
}

static void acknowledged(void) {
    jsErrCode code = (jsErrCode)7;
    jsOptions wait;
    natsMsg *msg;
    acks a;

    acks_start(&a, 4, 60000);
    CHECK_OK(jsOptions_Init(&wait));
    wait.Wait = deadline_ms();
    msg = next(&a, "0");
    CHECK_OK(natsMsg_Ack(msg, NULL));
    CHECK_OK(natsMsg_Ack(msg, NULL)); /* once more does nothing */
    CHECK_OK(natsMsg_Nak(msg, NULL));
    CHECK_OK(natsMsg_InProgress(msg, NULL));
    natsMsg_Destroy(msg);
    msg = next(&a, "1");
    CHECK_OK(natsMsg_AckSync(msg, NULL, &code));
    CHECK_INT(code, 7); /* not written */
    CHECK_OK(natsMsg_AckSync(msg, NULL, NULL));
    natsMsg_Destroy(msg);
    msg = next(&a, "2");
    CHECK_OK(natsMsg_Ack(msg, &wait));
    natsMsg_Destroy(msg);
    msg = next(&a, "3");
    CHECK_OK(natsMsg_Term(msg, NULL));
    natsMsg_Destroy(msg);
    expect_floor(&a, 4);
    acks_end(&a);
}

static void refused_and_delivered_again(void) {
    natsMsg *msg;
    int64_t began;
    acks a;

    acks_start(&a, 1, 60000);
    msg = next(&a, "0");
    CHECK_INT(delivered(msg), 1);
    CHECK_OK(natsMsg_Nak(msg, NULL));
    natsMsg_Destroy(msg);
    msg = next(&a, "0");
    CHECK_INT(delivered(msg), 2);
    began = now_ms();
    CHECK_OK(natsMsg_NakWithDelay(msg, 300, NULL));
    natsMsg_Destroy(msg);
    msg = next(&a, "0");
    CHECK_INT(delivered(msg), 3);
    CHECK(now_ms() - began >= 290);
    CHECK_OK(natsMsg_NakWithDelay(msg, 0, NULL));
    natsMsg_Destroy(msg);
    msg = next(&a, "0");
    CHECK_INT(delivered(msg), 4);
    CHECK_OK(natsMsg_AckSync(msg, NULL, NULL));
    natsMsg_Destroy(msg);
    expect_floor(&a, 1);
    acks_end(&a);
}

static void in_progress(void) {
    natsMsg *msg, *again = NULL;
    int64_t until;
    acks a;

    acks_start(&a, 1, 1000 * time_factor());
    msg = next(&a, "0");
    /* Said often enough, the message is not delivered again. */
    until = now_ms() + 2500 * time_factor();
    while (now_ms() < until) {
        CHECK_OK(natsMsg_InProgress(msg, NULL));
        CHECK_STATUS(natsSubscription_NextMsg(&again, a.sub, 100), NATS_TIMEOUT);
    }
    CHECK_OK(natsMsg_AckSync(msg, NULL, NULL));
    natsMsg_Destroy(msg);
    expect_floor(&a, 1);
    acks_end(&a);
}

static void terminated_with_a_reason(void) {
    natsSubscription *advisories = NULL;
    natsMsg *msg, *advisory = NULL;
    acks a;

    acks_start(&a, 1, 60000);
    CHECK_OK(
        natsConnection_SubscribeSync(&advisories, a.nc, "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.S.*"));
    msg = next(&a, "0");
    CHECK_OK(natsMsg_TermWithReason(msg, "no such order", NULL));
    natsMsg_Destroy(msg);
    CHECK_OK(natsSubscription_NextMsg(&advisory, advisories, deadline_ms()));
    CHECK_CONTAINS(natsMsg_GetData(advisory), "\"reason\":\"no such order\"");
    natsMsg_Destroy(advisory);
    natsSubscription_Destroy(advisories);
    expect_floor(&a, 1);
    acks_end(&a);
}

static void what_cannot_be_acknowledged(void) {
    natsSubscription *plain = NULL;
    jsMsgMetaData *meta = NULL;
    natsMsg *msg = NULL;
    acks a;

    acks_start(&a, 0, 60000);
    CHECK_STATUS(natsMsg_Ack(NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_AckSync(NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_GetMetaData(&meta, NULL), NATS_INVALID_ARG);
    msg = test_msg("foo", "$JS.ACK.S.c.1.2.3.4.5", "x");
    CHECK_STATUS(natsMsg_GetMetaData(NULL, msg), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_Ack(msg, NULL), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "message not bound to a subscription");
    /* What it says can be read all the same. */
    CHECK_OK(natsMsg_GetMetaData(&meta, msg));
    CHECK_INT(meta->NumPending, 5);
    jsMsgMetaData_Destroy(meta);
    meta = NULL;
    natsMsg_Destroy(msg);
    /* A message of a plain subscription, with a reply subject. */
    CHECK_OK(natsConnection_SubscribeSync(&plain, a.nc, "plain"));
    CHECK_OK(natsConnection_PublishRequestString(a.nc, "plain", "some.where", "x"));
    CHECK_OK(natsSubscription_NextMsg(&msg, plain, deadline_ms()));
    CHECK_STATUS(natsMsg_GetMetaData(&meta, msg), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "invalid meta data 'some.where'");
    CHECK_STATUS(natsMsg_Ack(msg, NULL), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "message not bound to a subscription");
    CHECK_STATUS(natsMsg_InProgress(msg, NULL), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsMsg_AckSync(msg, NULL, NULL), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsMsg_Term(msg, NULL), NATS_ILLEGAL_STATE);
    natsMsg_Destroy(msg);
    CHECK_OK(natsConnection_PublishString(a.nc, "plain", "x"));
    CHECK_OK(natsSubscription_NextMsg(&msg, plain, deadline_ms()));
    CHECK_STATUS(natsMsg_Ack(msg, NULL), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsMsg_GetMetaData(&meta, msg), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "not a JetStream message");
    natsMsg_Destroy(msg);
    /* One of the program's own. */
    msg = test_msg("foo", "some.where", "x");
    CHECK_STATUS(natsMsg_GetMetaData(&meta, msg), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "message not bound to a subscription");
    CHECK(meta == NULL);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(plain);
    /* What is no message of a consumer although the consumer's subscription got it. */
    CHECK_OK(natsConnection_PublishString(a.nc, natsSubscription_GetSubject(a.sub), "x"));
    CHECK_OK(natsSubscription_NextMsg(&msg, a.sub, deadline_ms()));
    CHECK_STATUS(natsMsg_Ack(msg, NULL), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "not a JetStream message");
    natsMsg_Destroy(msg);
    CHECK_OK(
        natsConnection_PublishRequestString(a.nc, natsSubscription_GetSubject(a.sub), "some.where", "x"));
    CHECK_OK(natsSubscription_NextMsg(&msg, a.sub, deadline_ms()));
    CHECK_STATUS(natsMsg_GetMetaData(&meta, msg), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "invalid meta data 'some.where'");
    natsMsg_Destroy(msg);
    jsMsgMetaData_Destroy(NULL);
    acks_end(&a);
}

/* A program may make a consumer that delivers to a plain subscription of its own. */
static void metadata_on_a_plain_subscription(void) {
    natsSubscription *plain = NULL;
    jsMsgMetaData *meta = NULL;
    natsMsg *msg = NULL;
    jsConsumerConfig config;
    acks a;

    acks_start(&a, 1, 60000);
    CHECK_OK(natsConnection_SubscribeSync(&plain, a.nc, "own.inbox"));
    CHECK_OK(jsConsumerConfig_Init(&config));
    config.Durable = "own";
    config.DeliverSubject = "own.inbox";
    CHECK_OK(js_AddConsumer(NULL, a.js, "S", &config, NULL, NULL));
    CHECK_OK(natsSubscription_NextMsg(&msg, plain, deadline_ms()));
    CHECK_OK(natsMsg_GetMetaData(&meta, msg));
    CHECK_STR(meta->Consumer, "own");
    CHECK_INT(meta->Sequence.Stream, 1);
    jsMsgMetaData_Destroy(meta);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(plain);
    acks_end(&a);
}

static void without_a_server(void) {
    jsErrCode code = (jsErrCode)0;
    natsMsg *msg;
    jsOptions wait;
    acks a;

    acks_start(&a, 1, 60000);
    msg = next(&a, "0");
    stream_delete(a.nc, "S");
    CHECK_OK(jsOptions_Init(&wait));
    wait.Wait = 500;
    /* Nobody listens to the acks of a stream that is gone. */
    CHECK_STATUS(natsMsg_AckSync(msg, &wait, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    CHECK_STATUS(natsMsg_Nak(msg, &wait), NATS_NO_RESPONDERS);
    CHECK_OK(natsMsg_Ack(msg, NULL));
    natsConnection_Close(a.nc);
    natsMsg_Destroy(msg);
    acks_end(&a);
}

static void metadata(void) {
    const char *const confs[] = {NULL, "feature_flags { js_ack_fc_v2: true }\njetstream { domain: hub }\n"};
    jsMsgMetaData *meta = NULL;
    jsConsumerInfo *ci = NULL;
    natsMsg *msg;
    size_t n;
    acks a;

    for (n = 0; n < sizeof(confs) / sizeof(confs[0]); n++) {
        acks_start_on(&a, 3, 60000, confs[n]);
        CHECK_OK(natsSubscription_GetConsumerInfo(&ci, a.sub, NULL, NULL));
        natsMsg_Destroy(next(&a, "0"));
        msg = next(&a, "1");
        CHECK_OK(natsMsg_GetMetaData(&meta, msg));
        CHECK_STR(meta->Stream, "S");
        CHECK_STR(meta->Consumer, ci->Name);
        CHECK_INT(meta->Sequence.Stream, 2);
        CHECK_INT(meta->Sequence.Consumer, 2);
        CHECK_INT(meta->NumDelivered, 1);
        CHECK_INT(meta->NumPending, 1);
        CHECK(meta->Timestamp > INT64_C(1700000000) * 1000000000);
        if (confs[n] == NULL)
            CHECK(meta->Domain == NULL);
        else
            CHECK_STR(meta->Domain, "hub");
        jsMsgMetaData_Destroy(meta);
        CHECK_OK(natsMsg_AckSync(msg, NULL, NULL));
        natsMsg_Destroy(msg);
        jsConsumerInfo_Destroy(ci);
        acks_end(&a);
    }
}

static const test_case cases[] = {
    TEST(acknowledged),
    TEST(refused_and_delivered_again),
    TEST(in_progress),
    TEST(terminated_with_a_reason),
    TEST(what_cannot_be_acknowledged),
    TEST(metadata_on_a_plain_subscription),
    TEST(without_a_server),
    TEST(metadata),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
