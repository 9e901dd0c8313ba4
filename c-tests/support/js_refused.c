#include "js_refused.h"

#include "test.h"

static const int64_t SECOND = INT64_C(1000000000);

static const char *const metadata[] = {"owner", "shop"};

static void metadata_of_stream(jsStreamConfig *c) {
    c->Metadata.List = (const char **)metadata;
    c->Metadata.Count = 1;
}

static void compression(jsStreamConfig *c) { c->Compression = js_StorageCompressionS2; }

static void first_seq(jsStreamConfig *c) { c->FirstSeq = 100; }

static void transform(jsStreamConfig *c) {
    c->SubjectTransform.Source = "S";
    c->SubjectTransform.Destination = "T";
}

static void limits(jsStreamConfig *c) { c->ConsumerLimits.MaxAckPending = 5; }

static void ttl(jsStreamConfig *c) { c->AllowMsgTTL = true; }

static void markers(jsStreamConfig *c) { c->SubjectDeleteMarkerTTL = SECOND; }

static void persist(jsStreamConfig *c) { c->PersistMode = js_PersistAsync; }

static void atomic(jsStreamConfig *c) { c->AllowAtomic = true; }

static void counters(jsStreamConfig *c) { c->AllowMsgCounter = true; }

static void schedules(jsStreamConfig *c) { c->AllowMsgSchedules = true; }

static void batched(jsStreamConfig *c) { c->AllowBatched = true; }

static const struct {
    void (*set)(jsStreamConfig *);
    const char *text;
} stream_settings[] = {
    {metadata_of_stream, "streams with Metadata need a server of 2.10 or later, not 2.9"},
    {compression, "streams with Compression need a server of 2.10 or later"},
    {first_seq, "streams with FirstSeq need a server of 2.10 or later"},
    {transform, "streams with SubjectTransform need a server of 2.10 or later"},
    {limits, "streams with ConsumerLimits need a server of 2.10 or later"},
    {ttl, "streams with AllowMsgTTL need a server of 2.11 or later"},
    {markers, "streams with SubjectDeleteMarkerTTL need a server of 2.11 or later"},
    {persist, "streams with PersistMode need a server of 2.12 or later"},
    {atomic, "streams with AllowAtomic need a server of 2.12 or later"},
    {counters, "streams with AllowMsgCounter need a server of 2.12 or later"},
    {schedules, "streams with AllowMsgSchedules need a server of 2.12 or later"},
    {batched, "streams with AllowBatched need a server of 2.14 or later"},
};

static const char *const groups[] = {"g"};

static void metadata_of_consumer(jsConsumerConfig *c) {
    c->Metadata.List = (const char **)metadata;
    c->Metadata.Count = 1;
}

static void pause_until(jsConsumerConfig *c) { c->PauseUntil = INT64_C(4000000000) * SECOND; }

static void priority_groups(jsConsumerConfig *c) {
    c->PriorityGroups = (const char **)groups;
    c->PriorityGroupsLen = 1;
    c->PriorityPolicy = "overflow";
}

static void prioritized(jsConsumerConfig *c) {
    priority_groups(c);
    c->PriorityPolicy = "prioritized";
}

static void flow_control_acks(jsConsumerConfig *c) { c->AckPolicy = js_AckFlowControl; }

static const struct {
    void (*set)(jsConsumerConfig *);
    const char *text;
} consumer_settings[] = {
    {metadata_of_consumer, "consumers with Metadata need a server of 2.10 or later, not 2.9"},
    {pause_until, "consumers with PauseUntil need a server of 2.11 or later"},
    {priority_groups, "consumers with PriorityGroups need a server of 2.11 or later"},
    {prioritized, "consumers with the priority policy 'prioritized' need a server of 2.12 or later"},
    {flow_control_acks, "consumers with js_AckFlowControl need a server of 2.14 or later"},
};

void js_check_refused(jsCtx *js) {
    static const char *filters[] = {"S.a", "S.b"};
    jsSubjectTransformConfig to = {"a", "b"};
    jsSourceExtra with, *extras[] = {&with};
    jsStreamSource source, *sources[] = {&source};
    jsStreamExtra extra;
    jsStreamConfig cfg;
    jsConsumerConfig cc;
    jsSubOptions so;
    natsSubscription *sub = NULL;
    kvStore *kv = NULL;
    kvConfig kc;
    kvExtraConfig ke;
    objStore *obs = NULL;
    objStoreConfig oc;
    jsConsumerResetResponse *reset = NULL;
    size_t i;

    for (i = 0; i < sizeof(stream_settings) / sizeof(stream_settings[0]); i++) {
        CHECK_OK(jsStreamConfig_Init(&cfg));
        cfg.Name = "NEW";
        stream_settings[i].set(&cfg);
        CHECK_STATUS(js_AddStream(NULL, js, &cfg, NULL, NULL), NATS_NO_SERVER_SUPPORT);
        CHECK_ERROR(NATS_NO_SERVER_SUPPORT, stream_settings[i].text);
        CHECK_STATUS(js_UpdateStream(NULL, js, &cfg, NULL, NULL), NATS_NO_SERVER_SUPPORT);
        CHECK_STATUS(js_CreateOrUpdateStream(NULL, js, &cfg, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    }
    CHECK_OK(jsStreamConfig_Init(&cfg));
    CHECK_OK(jsStreamSource_Init(&source));
    CHECK_OK(jsSourceExtra_Init(&with));
    CHECK_OK(jsStreamExtra_Init(&extra));
    cfg.Name = "NEW";
    cfg.Sources = sources;
    cfg.SourcesLen = 1;
    source.Name = "S";
    extra.Sources = extras;
    extra.SourcesLen = 1;
    with.SubjectTransforms = &to;
    with.SubjectTransformsLen = 1;
    CHECK_STATUS(js_AddStreamWithExtra(NULL, js, &cfg, &extra, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "streams with a source's SubjectTransforms need a server of 2.10");
    with.ConsumerName = "C";
    with.ConsumerDeliverSubject = "d";
    CHECK_STATUS(js_AddStreamWithExtra(NULL, js, &cfg, &extra, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "a source's consumer need a server of 2.14");

    for (i = 0; i < sizeof(consumer_settings) / sizeof(consumer_settings[0]); i++) {
        CHECK_OK(jsConsumerConfig_Init(&cc));
        cc.Durable = "D";
        consumer_settings[i].set(&cc);
        CHECK_STATUS(js_AddConsumer(NULL, js, "S", &cc, NULL, NULL), NATS_NO_SERVER_SUPPORT);
        CHECK_ERROR(NATS_NO_SERVER_SUPPORT, consumer_settings[i].text);
        CHECK_STATUS(js_UpdateConsumer(NULL, js, "S", &cc, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    }
    /* Several filters have had a status of their own ever since. */
    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "D";
    cc.FilterSubjects = filters;
    cc.FilterSubjectsLen = 2;
    CHECK_STATUS(js_AddConsumer(NULL, js, "S", &cc, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "multiple consumer filter subjects not supported by the server");
    CHECK_OK(jsSubOptions_Init(&so));
    so.Stream = "S";
    CHECK_STATUS(js_SubscribeSyncMulti(&sub, js, filters, 2, NULL, &so, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "multiple consumer filter subjects not supported by the server");
    metadata_of_consumer(&so.Config);
    CHECK_STATUS(js_SubscribeSync(&sub, js, "S", NULL, &so, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "consumers with Metadata");
    CHECK_STATUS(js_PullSubscribe(&sub, js, "S", NULL, NULL, &so, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK(sub == NULL);

    /* Functions that the server would take for something else, or never answer. */
    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "D";
    CHECK_STATUS(js_CreateConsumer(NULL, js, "S", &cc, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_ReplaceConsumer(NULL, js, "S", &cc, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_PauseConsumer(NULL, js, "S", "D", UINT64_MAX / 4, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_UnpinConsumer(js, "S", "D", "g", NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_ResetConsumer(&reset, js, "S", "D", 1, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_StepDownStream(js, "S", "n1", NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_StepDownConsumer(js, "S", "D", "n1", NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_OK(js_SetPedantic(js, true));
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "NEW";
    CHECK_STATUS(js_AddStream(NULL, js, &cfg, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(js_AddConsumer(NULL, js, "S", &cc, NULL, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK_ERROR(NATS_NO_SERVER_SUPPORT, "pedantic requests need a server of 2.11 or later, not 2.9");
    CHECK_OK(js_SetPedantic(js, false));

    /* Buckets and object stores with such settings. */
    CHECK_OK(kvConfig_Init(&kc));
    CHECK_OK(kvExtraConfig_Init(&ke));
    kc.Bucket = "NEW";
    ke.Compression = true;
    CHECK_STATUS(js_CreateKeyValueWithExtra(&kv, js, &kc, &ke), NATS_NO_SERVER_SUPPORT);
    ke.Compression = false;
    ke.Transactions = true;
    CHECK_STATUS(js_CreateKeyValueWithExtra(&kv, js, &kc, &ke), NATS_NO_SERVER_SUPPORT);
    CHECK(kv == NULL);
    CHECK_OK(objStoreConfig_Init(&oc));
    oc.Bucket = "NEW";
    oc.Compression = true;
    CHECK_STATUS(js_CreateObjectStore(&obs, js, &oc), NATS_NO_SERVER_SUPPORT);
    CHECK(obs == NULL);
}
