/* Configurations of streams and consumers: each field reaches the server and is returned, and settings that the
 * structures do not have survive an update by the program. */
#include "jetstream.h"
#include "server.h"

static const int64_t SECOND = INT64_C(1000000000);

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
} world;

static void begin(world *w) {
    server_run_jetstream(&w->s);
    w->nc = test_connect_url(w->s.url);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
}

static void finish(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

/* What the server says a stream is, without its metadata's values of its own. */
static const char *metadata_of(const natsMetadata *metadata, const char *name) {
    int i;

    for (i = 0; i < metadata->Count; i++) {
        if (strcmp(metadata->List[2 * i], name) == 0)
            return metadata->List[2 * i + 1];
    }
    return NULL;
}

static void a_stream_s_fields(void) {
    world w;
    jsStreamConfig cfg;
    jsStreamInfo *si = NULL, *again = NULL;
    jsRePublish republish;
    jsPlacement placement;
    const char *subjects[] = {"orders.*", "returns.>"};
    const char *metadata[] = {"owner", "shop", "tier", "\"gold\"\n"};
    jsErrCode code = JSNotEnabledErr;
    const jsStreamConfig *got;

    begin(&w);
    CHECK_OK(jsStreamConfig_Init(&cfg));
    CHECK_OK(jsRePublish_Init(&republish));
    CHECK_OK(jsPlacement_Init(&placement));
    cfg.Name = "ORDERS";
    cfg.Description = "what was \"ordered\"";
    cfg.Subjects = subjects;
    cfg.SubjectsLen = 2;
    cfg.Retention = js_InterestPolicy;
    cfg.MaxConsumers = 11;
    cfg.MaxMsgs = 1200;
    cfg.MaxBytes = 1 << 20;
    cfg.MaxAge = 3600 * SECOND;
    cfg.MaxMsgsPerSubject = 3;
    cfg.MaxMsgSize = 4096;
    cfg.Discard = js_DiscardNew;
    cfg.Storage = js_FileStorage;
    cfg.NoAck = true;
    cfg.Duplicates = 60 * SECOND;
    cfg.DenyDelete = true;
    cfg.AllowRollup = true;
    cfg.RePublish = &republish;
    republish.Source = "orders.*";
    republish.Destination = "copies.{{wildcard(1)}}";
    republish.HeadersOnly = true;
    cfg.AllowDirect = true;
    cfg.DiscardNewPerSubject = true;
    cfg.Metadata.List = metadata;
    cfg.Metadata.Count = 2;
    cfg.Compression = js_StorageCompressionS2;
    cfg.FirstSeq = 1000;
    cfg.SubjectTransform.Source = "orders.*";
    cfg.SubjectTransform.Destination = "orders.{{wildcard(1)}}";
    cfg.ConsumerLimits.InactiveThreshold = 30 * SECOND;
    cfg.ConsumerLimits.MaxAckPending = 50;
    cfg.AllowMsgTTL = true;
    cfg.SubjectDeleteMarkerTTL = 5 * SECOND;
    CHECK_OK(js_AddStream(&si, w.js, &cfg, NULL, &code));
    CHECK_INT(code, 0);
    CHECK_OK(js_GetStreamInfo(&again, w.js, "ORDERS", NULL, &code));
    CHECK_INT(si->Created, again->Created);
    CHECK(si->Created > 0);
    got = again->Config;
    CHECK_STR(got->Name, "ORDERS");
    CHECK_STR(got->Description, "what was \"ordered\"");
    CHECK_INT(got->SubjectsLen, 2);
    CHECK_STR(got->Subjects[0], "orders.*");
    CHECK_STR(got->Subjects[1], "returns.>");
    CHECK_INT(got->Retention, js_InterestPolicy);
    CHECK_INT(got->MaxConsumers, 11);
    CHECK_INT(got->MaxMsgs, 1200);
    CHECK_INT(got->MaxBytes, 1 << 20);
    CHECK_INT(got->MaxAge, 3600 * SECOND);
    CHECK_INT(got->MaxMsgsPerSubject, 3);
    CHECK_INT(got->MaxMsgSize, 4096);
    CHECK_INT(got->Discard, js_DiscardNew);
    CHECK_INT(got->Storage, js_FileStorage);
    CHECK_INT(got->Replicas, 1);
    CHECK(got->NoAck && got->DenyDelete && !got->DenyPurge && got->AllowRollup && !got->Sealed);
    CHECK_INT(got->Duplicates, 60 * SECOND);
    CHECK(got->Mirror == NULL && got->Sources == NULL && got->SourcesLen == 0 && got->Template == NULL);
    CHECK_STR(got->RePublish->Source, "orders.*");
    CHECK_STR(got->RePublish->Destination, "copies.{{wildcard(1)}}");
    CHECK(got->RePublish->HeadersOnly && got->AllowDirect && !got->MirrorDirect);
    CHECK(got->DiscardNewPerSubject);
    CHECK_STR(metadata_of(&got->Metadata, "owner"), "shop");
    CHECK_STR(metadata_of(&got->Metadata, "tier"), "\"gold\"\n");
    CHECK_INT(got->Compression, js_StorageCompressionS2);
    CHECK_INT(got->FirstSeq, 1000);
    CHECK_STR(got->SubjectTransform.Source, "orders.*");
    CHECK_STR(got->SubjectTransform.Destination, "orders.{{wildcard(1)}}");
    CHECK_INT(got->ConsumerLimits.InactiveThreshold, 30 * SECOND);
    CHECK_INT(got->ConsumerLimits.MaxAckPending, 50);
    CHECK(got->AllowMsgTTL && !got->AllowAtomic && !got->AllowMsgCounter && !got->AllowMsgSchedules);
    CHECK_INT(got->SubjectDeleteMarkerTTL, 5 * SECOND);
    CHECK_INT(got->PersistMode, js_PersistDefault);
    jsStreamInfo_Destroy(si);
    jsStreamInfo_Destroy(again);

    /* Those that do not go with the others. */
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "LOOSE";
    cfg.Storage = js_MemoryStorage;
    cfg.AllowAtomic = cfg.AllowBatched = cfg.AllowMsgSchedules = true;
    CHECK_OK(js_AddStream(&si, w.js, &cfg, NULL, NULL));
    got = si->Config;
    CHECK_INT(got->SubjectsLen, 1);
    CHECK_STR(got->Subjects[0], "LOOSE");
    CHECK_INT(got->Storage, js_MemoryStorage);
    CHECK(got->AllowAtomic && got->AllowBatched && got->AllowMsgSchedules);
    CHECK(got->RePublish == NULL && got->SubjectTransform.Source == NULL && got->Description == NULL);
    CHECK_INT(got->MaxMsgs, -1);
    jsStreamInfo_Destroy(si);
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "COUNTS";
    cfg.AllowMsgCounter = cfg.DenyPurge = true;
    CHECK_OK(js_AddStream(&si, w.js, &cfg, NULL, NULL));
    CHECK(si->Config->AllowMsgCounter && si->Config->DenyPurge);
    jsStreamInfo_Destroy(si);
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "ASYNC";
    cfg.PersistMode = js_PersistAsync;
    CHECK_OK(js_AddStream(&si, w.js, &cfg, NULL, NULL));
    CHECK_INT(si->Config->PersistMode, js_PersistAsync);
    jsStreamInfo_Destroy(si);
    finish(&w);
}

static void a_source_s_fields(void) {
    world w;
    jsStreamConfig cfg;
    jsStreamSource mirror, source, *sources[1];
    jsExternalStream external;
    jsStreamInfo *si = NULL;

    begin(&w);
    stream_create(w.nc, "ORIGIN", "\"origin.>\"", ",\"allow_direct\":true");
    CHECK_OK(jsStreamConfig_Init(&cfg));
    CHECK_OK(jsStreamSource_Init(&mirror));
    CHECK_OK(jsStreamSource_Init(&source));
    CHECK_OK(jsExternalStream_Init(&external));
    cfg.Name = "MIRROR";
    cfg.Mirror = &mirror;
    cfg.MirrorDirect = true;
    mirror.Name = "ORIGIN";
    mirror.OptStartSeq = 5;
    mirror.FilterSubject = "origin.a";
    CHECK_OK(js_AddStream(&si, w.js, &cfg, NULL, NULL));
    CHECK_STR(si->Config->Mirror->Name, "ORIGIN");
    CHECK_INT(si->Config->Mirror->OptStartSeq, 5);
    CHECK_STR(si->Config->Mirror->FilterSubject, "origin.a");
    CHECK(si->Config->Mirror->External == NULL && si->Config->MirrorDirect);
    jsStreamInfo_Destroy(si);
    CHECK_OK(js_GetStreamInfo(&si, w.js, "MIRROR", NULL, NULL));
    CHECK_STR(si->Mirror->Name, "ORIGIN");
    jsStreamInfo_Destroy(si);

    CHECK_OK(jsStreamConfig_Init(&cfg));
    sources[0] = &source;
    cfg.Name = "GATHERED";
    cfg.Sources = sources;
    cfg.SourcesLen = 1;
    source.Name = "FAR";
    source.OptStartTime = INT64_C(1700000000) * SECOND + 5000;
    source.Domain = "hub";
    CHECK_OK(js_AddStream(&si, w.js, &cfg, NULL, NULL));
    CHECK_INT(si->Config->SourcesLen, 1);
    CHECK_STR(si->Config->Sources[0]->Name, "FAR");
    CHECK_INT(si->Config->Sources[0]->OptStartTime, INT64_C(1700000000) * SECOND + 5000);
    CHECK_STR(si->Config->Sources[0]->External->APIPrefix, "$JS.hub.API");
    CHECK(si->Config->Sources[0]->Domain == NULL);
    CHECK(source.External == NULL);
    jsStreamInfo_Destroy(si);
    source.External = &external;
    external.APIPrefix = "$JS.hub.API";
    /* An update ignores the domain, also beside the external API that it stood for. */
    CHECK_OK(js_UpdateStream(&si, w.js, &cfg, NULL, NULL));
    CHECK_STR(si->Config->Sources[0]->External->APIPrefix, "$JS.hub.API");
    jsStreamInfo_Destroy(si);
    source.External = NULL;
    CHECK_OK(js_UpdateStream(&si, w.js, &cfg, NULL, NULL));
    CHECK(si->Config->Sources[0]->External == NULL);
    jsStreamInfo_Destroy(si);
#if OURS
    CHECK_OK(js_CreateOrUpdateStream(&si, w.js, &cfg, NULL, NULL));
    CHECK_STR(si->Config->Sources[0]->External->APIPrefix, "$JS.hub.API");
    jsStreamInfo_Destroy(si);
#endif
    source.External = &external;
    external.APIPrefix = "$JS.far.API";
    cfg.Name = "OTHER";
    si = NULL;
    CHECK_STATUS(js_AddStream(&si, w.js, &cfg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "source's domain and external are both set");
    CHECK(si == NULL);
    finish(&w);
}

static void a_consumer_s_fields(void) {
    world w;
    jsConsumerConfig cfg;
    jsConsumerInfo *ci = NULL;
    int64_t backoff[] = {SECOND, 2 * SECOND, 5 * SECOND};
    const char *filters[] = {"orders.a", "orders.b"};
    const char *groups[] = {"main"};
    const char *metadata[] = {"owner", "shop"};
    const jsConsumerConfig *got;

    begin(&w);
    stream_create(w.nc, "ORDERS", "\"orders.>\"", "");
    CHECK_OK(jsConsumerConfig_Init(&cfg));
    cfg.Name = cfg.Durable = "PULL";
    cfg.Description = "pulled";
    cfg.DeliverPolicy = js_DeliverByStartSequence;
    cfg.OptStartSeq = 7;
    cfg.AckPolicy = js_AckExplicit;
    cfg.MaxDeliver = 4;
    cfg.BackOff = backoff;
    cfg.BackOffLen = 3;
    cfg.ReplayPolicy = js_ReplayOriginal;
    cfg.SampleFrequency = "30%";
    cfg.MaxWaiting = 20;
    cfg.MaxAckPending = -1;
    cfg.HeadersOnly = true;
    cfg.MaxRequestBatch = 100;
    cfg.MaxRequestExpires = 10 * SECOND;
    cfg.MaxRequestMaxBytes = 1 << 16;
    cfg.InactiveThreshold = 90 * SECOND;
    cfg.Replicas = 1;
    cfg.MemoryStorage = true;
    cfg.FilterSubjects = filters;
    cfg.FilterSubjectsLen = 2;
    cfg.Metadata.List = metadata;
    cfg.Metadata.Count = 1;
    cfg.PauseUntil = INT64_C(4000000000) * SECOND;
    cfg.PriorityPolicy = "pinned_client";
    cfg.PinnedTTL = 3 * SECOND;
    cfg.PriorityGroups = groups;
    cfg.PriorityGroupsLen = 1;
    CHECK_OK(js_AddConsumer(NULL, w.js, "ORDERS", &cfg, NULL, NULL));
    CHECK_OK(js_GetConsumerInfo(&ci, w.js, "ORDERS", "PULL", NULL, NULL));
    CHECK_STR(ci->Stream, "ORDERS");
    CHECK_STR(ci->Name, "PULL");
    CHECK(ci->Created > 0 && ci->Paused && ci->PauseRemaining > 0);
    got = ci->Config;
    CHECK_STR(got->Name, "PULL");
    CHECK_STR(got->Durable, "PULL");
    CHECK_STR(got->Description, "pulled");
    CHECK_INT(got->DeliverPolicy, js_DeliverByStartSequence);
    CHECK_INT(got->OptStartSeq, 7);
    CHECK_INT(got->AckPolicy, js_AckExplicit);
    CHECK_INT(got->AckWait, SECOND);
    CHECK_INT(got->MaxDeliver, 4);
    CHECK_INT(got->BackOffLen, 3);
    CHECK_INT(got->BackOff[2], 5 * SECOND);
    CHECK(got->FilterSubject == NULL);
    CHECK_INT(got->ReplayPolicy, js_ReplayOriginal);
    CHECK_STR(got->SampleFrequency, "30%");
    CHECK_INT(got->MaxWaiting, 20);
    CHECK_INT(got->MaxAckPending, -1);
    CHECK(got->HeadersOnly && got->MemoryStorage && !got->FlowControl);
    CHECK_INT(got->MaxRequestBatch, 100);
    CHECK_INT(got->MaxRequestExpires, 10 * SECOND);
    CHECK_INT(got->MaxRequestMaxBytes, 1 << 16);
    CHECK(got->DeliverSubject == NULL && got->DeliverGroup == NULL);
    CHECK_INT(got->InactiveThreshold, 90 * SECOND);
    CHECK_INT(got->Replicas, 1);
    CHECK_INT(got->FilterSubjectsLen, 2);
    CHECK_STR(got->FilterSubjects[1], "orders.b");
    CHECK_STR(metadata_of(&got->Metadata, "owner"), "shop");
    CHECK_INT(got->PauseUntil, INT64_C(4000000000) * SECOND);
    CHECK_STR(got->PriorityPolicy, "pinned_client");
    CHECK_INT(got->PinnedTTL, 3 * SECOND);
    CHECK_INT(got->PriorityGroupsLen, 1);
    CHECK_STR(got->PriorityGroups[0], "main");
    jsConsumerInfo_Destroy(ci);

    CHECK_OK(jsConsumerConfig_Init(&cfg));
    cfg.Durable = "PUSH";
    cfg.DeliverSubject = "here";
    cfg.DeliverGroup = "group";
    cfg.OptStartTime = INT64_C(1700000000) * SECOND + 1000;
    cfg.DeliverPolicy = js_DeliverByStartTime;
    cfg.AckPolicy = js_AckAll;
    cfg.AckWait = 7 * SECOND;
    cfg.MaxAckPending = 9;
    cfg.RateLimit = 1 << 20;
    cfg.FilterSubject = "orders.c";
    CHECK_OK(js_AddConsumer(&ci, w.js, "ORDERS", &cfg, NULL, NULL));
    got = ci->Config;
    CHECK_STR(got->DeliverSubject, "here");
    CHECK_STR(got->DeliverGroup, "group");
    CHECK_INT(got->OptStartTime, INT64_C(1700000000) * SECOND + 1000);
    CHECK_INT(got->AckPolicy, js_AckAll);
    CHECK_INT(got->AckWait, 7 * SECOND);
    CHECK_INT(got->MaxAckPending, 9);
    CHECK_INT(got->RateLimit, 1 << 20);
    CHECK_STR(got->FilterSubject, "orders.c");
    CHECK(got->FilterSubjects == NULL && !ci->PushBound);
    CHECK_INT(got->ReplayPolicy, js_ReplayInstant);
    jsConsumerInfo_Destroy(ci);
    /* What was not chosen was chosen for the program. */
    CHECK_INT((int)cfg.ReplayPolicy, js_ReplayInstant);

    CHECK_OK(jsConsumerConfig_Init(&cfg));
    cfg.Name = "FLOW";
    cfg.DeliverSubject = "there";
    cfg.FlowControl = true;
    cfg.Heartbeat = SECOND;
    cfg.AckPolicy = js_AckNone;
    cfg.DeliverPolicy = js_DeliverLastPerSubject;
    cfg.FilterSubject = "orders.>";
    CHECK_OK(js_AddConsumer(&ci, w.js, "ORDERS", &cfg, NULL, NULL));
    CHECK(ci->Config->FlowControl && ci->Config->Durable == NULL);
    CHECK_INT(ci->Config->Heartbeat, SECOND);
    CHECK_INT(ci->Config->AckPolicy, js_AckNone);
    CHECK_INT(ci->Config->DeliverPolicy, js_DeliverLastPerSubject);
    jsConsumerInfo_Destroy(ci);
    finish(&w);
}

static void what_a_structure_has_no_place_for_survives(void) {
    static const char sources[] = ",\"sources\":[{\"name\":\"ORIGIN\",\"subject_transforms\":[{\"src\":"
                                  "\"origin.a\",\"dest\":\"got.a\"},"
                                  "{\"src\":\"origin.b\",\"dest\":\"got.b\"}]}]";
    world w;
    jsStreamInfo *si = NULL, *updated = NULL;
    jsStreamConfig copy;
    char text[8192];

    begin(&w);
    stream_create(w.nc, "ORIGIN", "\"origin.>\"", "");
    stream_create(w.nc, "GATHERED", "", sources);
    CHECK_OK(js_GetStreamInfo(&si, w.js, "GATHERED", NULL, NULL));
    /* In place, */
    si->Config->MaxMsgs = 100;
    CHECK_OK(js_UpdateStream(&updated, w.js, si->Config, NULL, NULL));
    CHECK_INT(updated->Config->MaxMsgs, 100);
    api_request(w.nc, "STREAM.INFO.GATHERED", "", text, sizeof(text));
    CHECK_CONTAINS(text, "\"dest\":\"got.b\"");
    /* and by a copy of the answer to that. */
    jsStreamInfo_Destroy(si);
    copy = *updated->Config;
    copy.Description = "changed";
    CHECK_OK(js_UpdateStream(NULL, w.js, &copy, NULL, NULL));
    api_request(w.nc, "STREAM.INFO.GATHERED", "", text, sizeof(text));
    CHECK_CONTAINS(text, "\"description\":\"changed\"");
    CHECK_CONTAINS(text, "\"dest\":\"got.b\"");
    /* A source of another stream's configuration as well. */
    CHECK_OK(jsStreamConfig_Init(&copy));
    copy.Name = "SECOND";
    copy.Sources = updated->Config->Sources;
    copy.SourcesLen = 1;
    CHECK_OK(js_AddStream(NULL, w.js, &copy, NULL, NULL));
    api_request(w.nc, "STREAM.INFO.SECOND", "", text, sizeof(text));
    CHECK_CONTAINS(text, "\"dest\":\"got.b\"");
    jsStreamInfo_Destroy(updated);
    finish(&w);
}

static void choices_are_checked(void) {
    world w;
    jsStreamConfig cfg;
    jsConsumerConfig cc;

    begin(&w);
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "S";
    cfg.Retention = (jsRetentionPolicy)77;
    CHECK_STATUS(js_AddStream(NULL, w.js, &cfg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid retention policy 77");
    cfg.Retention = js_LimitsPolicy;
    cfg.Compression = (jsStorageCompression)-1;
    CHECK_STATUS(js_AddStream(NULL, w.js, &cfg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid storage type -1");
    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "D";
    cc.AckPolicy = (jsAckPolicy)99;
    CHECK_STATUS(js_AddConsumer(NULL, w.js, "S", &cc, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid ack policy 99");
    finish(&w);
}

static void lists_may_lose_entries(void) {
    world w;
    jsStreamInfoList *infos = NULL;
    jsStreamNamesList *names = NULL;
    jsStreamInfo *taken;
    char *name;

    begin(&w);
    CHECK_STATUS(js_Streams(&infos, w.js, NULL, NULL), NATS_NOT_FOUND);
    CHECK(infos == NULL);
    stream_create(w.nc, "A", "\"a\"", "");
    stream_create(w.nc, "B", "\"b\"", "");
    CHECK_OK(js_Streams(&infos, w.js, NULL, NULL));
    CHECK_INT(infos->Count, 2);
    taken = infos->List[1];
    infos->List[1] = NULL;
    jsStreamInfoList_Destroy(infos);
    CHECK_STR(taken->Config->Name, "B");
    jsStreamInfo_Destroy(taken);
    CHECK_OK(js_StreamNames(&names, w.js, NULL, NULL));
    CHECK_INT(names->Count, 2);
    name = names->List[0];
    names->List[0] = NULL;
    jsStreamNamesList_Destroy(names);
    CHECK_STR(name, "A");
    free(name);
    /* A program may replace strings by its own. */
    CHECK_OK(js_GetStreamInfo(&taken, w.js, "A", NULL, NULL));
    free((void *)taken->Config->Description);
    taken->Config->Description = strdup("its own");
    CHECK_OK(js_UpdateStream(NULL, w.js, taken->Config, NULL, NULL));
    jsStreamInfo_Destroy(taken);
    jsStreamInfo_Destroy(NULL);
    jsStreamInfoList_Destroy(NULL);
    jsStreamNamesList_Destroy(NULL);
    jsConsumerInfo_Destroy(NULL);
    jsConsumerInfoList_Destroy(NULL);
    jsConsumerNamesList_Destroy(NULL);
    jsConsumerPauseResponse_Destroy(NULL);
    jsConsumerResetResponse_Destroy(NULL);
    jsAccountInfo_Destroy(NULL);
    jsMsgMetaData_Destroy(NULL);
    finish(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_stream_s_fields),   TEST(a_source_s_fields),
        TEST(a_consumer_s_fields), TEST(what_a_structure_has_no_place_for_survives),
        TEST(choices_are_checked), TEST(lists_may_lose_entries),
    };

    return RUN_TESTS(cases, argc, argv);
}
