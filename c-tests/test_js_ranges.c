/* Negative numbers in configurations and requests: refused before anything is sent, except where -1 is no limit. */
#include "jetstream.h"
#include "server.h"

typedef struct ranges {
    server s;
    natsConnection *nc;
    jsCtx *js;
} ranges;

static void ranges_start(ranges *r) {
    server_run_jetstream(&r->s);
    r->nc = test_connect_url(r->s.url);
    CHECK_OK(natsConnection_JetStream(&r->js, r->nc, NULL));
}

static void ranges_end(ranges *r) {
    jsCtx_Destroy(r->js);
    natsConnection_Destroy(r->nc);
    server_stop(&r->s);
}

static void streams(void) {
    jsErrCode code;
    jsStreamConfig cfg;
    jsStreamSource source;
    ranges r;

#define STREAM_REFUSED(field, value, words)                                                                  \
    do {                                                                                                     \
        CHECK_OK(jsStreamConfig_Init(&cfg));                                                                 \
        cfg.Name = "S";                                                                                      \
        cfg.field = (value);                                                                                 \
        CHECK_STATUS(js_AddStream(NULL, r.js, &cfg, NULL, &code), NATS_INVALID_ARG);                         \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be " words);                                           \
        CHECK_STATUS(js_UpdateStream(NULL, r.js, &cfg, NULL, &code), NATS_INVALID_ARG);                      \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be " words);                                           \
    } while (0)

    ranges_start(&r);
    STREAM_REFUSED(MaxConsumers, -2, "less than -1");
    STREAM_REFUSED(MaxMsgs, INT64_MIN, "less than -1");
    STREAM_REFUSED(MaxBytes, -2, "less than -1");
    STREAM_REFUSED(MaxMsgSize, INT32_MIN, "less than -1");
    STREAM_REFUSED(MaxMsgsPerSubject, -2, "less than -1");
    STREAM_REFUSED(ConsumerLimits.MaxAckPending, -2, "less than -1");
    STREAM_REFUSED(ConsumerLimits.InactiveThreshold, -1, "negative");
    STREAM_REFUSED(MaxAge, -1, "negative");
    STREAM_REFUSED(Replicas, -1, "negative");
    STREAM_REFUSED(Duplicates, -1, "negative");
    STREAM_REFUSED(SubjectDeleteMarkerTTL, -1, "negative");
    CHECK_OK(jsStreamConfig_Init(&cfg));
    CHECK_OK(jsStreamSource_Init(&source));
    source.Name = "ORIGIN";
    source.OptStartTime = -1;
    cfg.Name = "S";
    cfg.Mirror = &source;
    CHECK_STATUS(js_AddStream(NULL, r.js, &cfg, NULL, &code), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "OptStartTime cannot be negative: -1");

    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "S";
    cfg.MaxMsgsPerSubject = -1;
    CHECK_OK(js_AddStream(NULL, r.js, &cfg, NULL, &code));
    ranges_end(&r);
}

static void consumers(void) {
    int64_t pauses[] = {1000000000, -1};
    jsErrCode code;
    jsConsumerConfig cfg;
    jsSubOptions sub_options;
    natsSubscription *sub = NULL;
    ranges r;

/* The functions that send a configuration. subscribed: the words of the subscription's check. */
#define CONSUMER_REFUSED_AS(assign, words, subscribed)                                                       \
    do {                                                                                                     \
        CHECK_OK(jsConsumerConfig_Init(&cfg));                                                               \
        cfg.Durable = "d";                                                                                   \
        assign;                                                                                              \
        CHECK_STATUS(js_AddConsumer(NULL, r.js, "S", &cfg, NULL, &code), NATS_INVALID_ARG);                  \
        CHECK_ERROR(NATS_INVALID_ARG, words);                                                                \
        CHECK_STATUS(js_UpdateConsumer(NULL, r.js, "S", &cfg, NULL, &code), NATS_INVALID_ARG);               \
        CHECK_ERROR(NATS_INVALID_ARG, words);                                                                \
        CHECK_OK(jsSubOptions_Init(&sub_options));                                                           \
        sub_options.Config = cfg;                                                                            \
        CHECK_STATUS(js_SubscribeSync(&sub, r.js, "foo", NULL, &sub_options, &code), NATS_INVALID_ARG);      \
        CHECK_ERROR(NATS_INVALID_ARG, subscribed);                                                           \
        CHECK_STATUS(js_PullSubscribe(&sub, r.js, "foo", "d", NULL, &sub_options, &code), NATS_INVALID_ARG); \
        CHECK_ERROR(NATS_INVALID_ARG, subscribed);                                                           \
    } while (0)
#define CONSUMER_REFUSED(field, value, words)                                                                \
    CONSUMER_REFUSED_AS(cfg.field = (value), #field " cannot be " words, #field " cannot be " words)

    ranges_start(&r);
    stream_create(r.nc, "S", "\"foo\"", "");
    CONSUMER_REFUSED(MaxDeliver, -2, "less than -1");
    CONSUMER_REFUSED(MaxAckPending, INT64_MIN, "less than -1");
    CONSUMER_REFUSED(OptStartTime, -1, "negative");
    CONSUMER_REFUSED(AckWait, -1, "negative");
    CONSUMER_REFUSED(MaxWaiting, -1, "negative");
    CONSUMER_REFUSED(Heartbeat, -1, "negative");
    CONSUMER_REFUSED(MaxRequestBatch, -1, "negative");
    CONSUMER_REFUSED(MaxRequestExpires, -1, "negative");
    CONSUMER_REFUSED(MaxRequestMaxBytes, -1, "negative");
    CONSUMER_REFUSED(Replicas, -1, "negative");
    CONSUMER_REFUSED(PauseUntil, -1, "negative");
    CONSUMER_REFUSED(PinnedTTL, -1, "negative");
    CONSUMER_REFUSED_AS(cfg.InactiveThreshold = -1, "InactiveThreshold cannot be negative: -1",
                        "invalid InactiveThreshold value (-1), needs to be greater or equal to 0");
    CONSUMER_REFUSED_AS((cfg.BackOff = pauses, cfg.BackOffLen = 2), "BackOff cannot be negative: -1",
                        "BackOff cannot be negative: -1");
    CHECK(sub == NULL);
    CHECK_OK(jsConsumerConfig_Init(&cfg));
    cfg.Durable = "d";
    cfg.MaxDeliver = cfg.MaxAckPending = -1;
    CHECK_OK(js_AddConsumer(NULL, r.js, "S", &cfg, NULL, &code));
    ranges_end(&r);
}

static void buckets(void) {
    kvConfig cfg;
    objStoreConfig obj;
    kvStore *kv = NULL;
    objStore *obs = NULL;
    ranges r;

#define KV_REFUSED(field, value, words)                                                                      \
    do {                                                                                                     \
        CHECK_OK(kvConfig_Init(&cfg));                                                                       \
        cfg.Bucket = "B";                                                                                    \
        cfg.field = (value);                                                                                 \
        CHECK_STATUS(js_CreateKeyValue(&kv, r.js, &cfg), NATS_INVALID_ARG);                                  \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be " words);                                           \
    } while (0)
#define OBJ_REFUSED(field, value, words)                                                                     \
    do {                                                                                                     \
        CHECK_OK(objStoreConfig_Init(&obj));                                                                 \
        obj.Bucket = "B";                                                                                    \
        obj.field = (value);                                                                                 \
        CHECK_STATUS(js_CreateObjectStore(&obs, r.js, &obj), NATS_INVALID_ARG);                              \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be " words);                                           \
        CHECK_STATUS(js_UpdateObjectStore(&obs, r.js, &obj), NATS_INVALID_ARG);                              \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be " words);                                           \
    } while (0)

    ranges_start(&r);
    KV_REFUSED(MaxValueSize, -2, "less than -1");
    KV_REFUSED(MaxBytes, INT64_MIN, "less than -1");
    KV_REFUSED(TTL, -1, "negative: -1");
    KV_REFUSED(LimitMarkerTTL, -1, "negative: -1");
    OBJ_REFUSED(MaxBytes, -2, "less than -1");
    OBJ_REFUSED(TTL, -1, "negative: -1");
    OBJ_REFUSED(Replicas, -1, "negative: -1");
    CHECK(kv == NULL && obs == NULL);

    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "B";
    cfg.MaxValueSize = -1;
    cfg.MaxBytes = -1;
    cfg.Replicas = -1;
    CHECK_OK(js_CreateKeyValue(&kv, r.js, &cfg));
    kvStore_Destroy(kv);
    CHECK_OK(objStoreConfig_Init(&obj));
    obj.Bucket = "B";
    obj.MaxBytes = -1;
    CHECK_OK(js_CreateObjectStore(&obs, r.js, &obj));
    objStore_Destroy(obs);
    ranges_end(&r);
}

static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    (void)arg;
    natsMsg_Destroy(msg);
}

static void requests(void) {
    natsSubscription *sub = NULL;
    natsMsgList list;
    jsFetchRequest request;
    jsOptions options;
    ranges r;

#define FETCH_REFUSED(field)                                                                                 \
    do {                                                                                                     \
        CHECK_OK(jsFetchRequest_Init(&request));                                                             \
        request.Batch = 1;                                                                                   \
        request.NoWait = true;                                                                               \
        request.field = -1;                                                                                  \
        CHECK_STATUS(natsSubscription_FetchRequest(&list, sub, &request), NATS_INVALID_ARG);                 \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be negative: -1");                                     \
    } while (0)
#define ASYNC_REFUSED(field)                                                                                 \
    do {                                                                                                     \
        natsSubscription *other = NULL;                                                                      \
        CHECK_OK(jsOptions_Init(&options));                                                                  \
        options.PullSubscribeAsync.field = -1;                                                               \
        CHECK_STATUS(                                                                                        \
            js_PullSubscribeAsync(&other, r.js, "foo", "e", on_message, NULL, &options, NULL, NULL),         \
            NATS_INVALID_ARG);                                                                               \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be negative: -1");                                     \
        CHECK_STATUS(js_PullSubscribeSync(&other, r.js, "foo", "e", &options, NULL, NULL),                   \
                     NATS_INVALID_ARG);                                                                      \
        CHECK_ERROR(NATS_INVALID_ARG, #field " cannot be negative: -1");                                     \
        CHECK(other == NULL);                                                                                \
    } while (0)

    ranges_start(&r);
    stream_create(r.nc, "S", "\"foo\"", "");
    CHECK_OK(js_PullSubscribe(&sub, r.js, "foo", "d", NULL, NULL, NULL));
    FETCH_REFUSED(MaxBytes);
    FETCH_REFUSED(Expires);
    FETCH_REFUSED(Heartbeat);
    FETCH_REFUSED(MinPending);
    FETCH_REFUSED(MinAckPending);
    natsSubscription_Destroy(sub);
    ASYNC_REFUSED(Timeout);
    ASYNC_REFUSED(MaxMessages);
    ASYNC_REFUSED(MaxBytes);
    ASYNC_REFUSED(Heartbeat);
    ASYNC_REFUSED(MinPending);
    ASYNC_REFUSED(MinAckPending);
    ASYNC_REFUSED(FetchSize);
    ASYNC_REFUSED(KeepAhead);
    ranges_end(&r);
}

static const test_case cases[] = {
    TEST(streams),
    TEST(consumers),
    TEST(buckets),
    TEST(requests),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
