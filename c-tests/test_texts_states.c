/* Error texts of calls whose connection is closed, drains, is lost, or was destroyed: all of them say more than the
 * status says by itself. */
#include "jetstream.h"
#include "micro.h"
#include "obj.h"
#include "peer_fixture.h"

/* The handles that the calls use. */
typedef struct world {
    server s;
    closure c;
    natsConnection *nc;
    jsCtx *js;
    jsCtx *used; /* has published without waiting */
    kvStore *kv;
    kvWatcher *kv_watcher;
    objStore *obs;
    objStoreWatcher *obj_watcher;
    objStoreGet *get;
    objStorePut *put;
    natsSubscription *plain, *callback, *push, *pull;
    natsMsg *msg, *taken;
    jsAtomicBatchCtx *batch;
    jsFastBatchCtx *fast;
    microService *service;
    microGroup *group;
    microClient *client;
    jsStreamConfig stream;
    jsConsumerConfig consumer;
    kvConfig kv_config;
    objStoreConfig obj_config;
    jsSubOptions on_stream;
    jsFetchRequest fetch;
    jsDirectGetMsgOptions direct;
    jsDirectBatchOptions direct_batch;
    natsRequestManyOptions many;
    microServiceConfig service_config;
    microEndpointConfig endpoint;
    microGroupConfig group_config;
    char micro_text[512]; /* of the microError that a call returned */
} world;

/* What a call gave. */
typedef struct outs {
    jsStreamInfo *stream;
    jsConsumerInfo *consumer;
    jsConsumerPauseResponse *pause;
    jsConsumerResetResponse *reset;
    jsStreamInfoList *streams;
    jsStreamNamesList *stream_names;
    jsConsumerInfoList *consumers;
    jsConsumerNamesList *consumer_names;
    jsAccountInfo *account;
    jsPubAck *ack;
    jsCtx *js;
    natsMsg *msg;
    natsMsgList list;
    natsSubscription *sub;
    kvStore *kv;
    kvEntry *entry;
    kvStatus *kv_status;
    kvKeysList keys;
    kvEntryList entries;
    kvWatcher *kv_watcher;
    objStore *obs;
    objStoreInfo *object;
    objStoreGet *get;
    objStorePut *put;
    objStoreStatus *obj_status;
    objStoreInfoList *objects;
    objStoreNamesList *obj_names;
    objStoreStatusesList *obj_statuses;
    objStoreWatcher *obj_watcher;
    jsAtomicBatchCtx *batch;
    jsFastBatchCtx *fast;
    microService *service;
    microGroup *group;
    microServiceInfo *info;
    microServiceStats *stats;
    char *text;
    void *bytes;
    char **texts;
    int count;
    int64_t number;
    uint64_t revision;
    bool done;
    char buffer[128];
} outs;

static void outs_release(outs *o) {
    jsStreamInfo_Destroy(o->stream);
    jsConsumerInfo_Destroy(o->consumer);
    jsConsumerPauseResponse_Destroy(o->pause);
    jsConsumerResetResponse_Destroy(o->reset);
    jsStreamInfoList_Destroy(o->streams);
    jsStreamNamesList_Destroy(o->stream_names);
    jsConsumerInfoList_Destroy(o->consumers);
    jsConsumerNamesList_Destroy(o->consumer_names);
    jsAccountInfo_Destroy(o->account);
    jsPubAck_Destroy(o->ack);
    jsCtx_Destroy(o->js);
    natsMsg_Destroy(o->msg);
    natsMsgList_Destroy(&o->list);
    natsSubscription_Destroy(o->sub);
    kvStore_Destroy(o->kv);
    kvEntry_Destroy(o->entry);
    kvStatus_Destroy(o->kv_status);
    kvKeysList_Destroy(&o->keys);
    kvEntryList_Destroy(&o->entries);
    kvWatcher_Destroy(o->kv_watcher);
    objStore_Destroy(o->obs);
    objStoreInfo_Destroy(o->object);
    objStoreGet_Destroy(o->get);
    objStorePut_Destroy(o->put);
    objStoreStatus_Destroy(o->obj_status);
    objStoreInfoList_Destroy(o->objects);
    objStoreNamesList_Destroy(o->obj_names);
    objStoreStatusesList_Destroy(o->obj_statuses);
    objStoreWatcher_Destroy(o->obj_watcher);
    jsAtomicBatchCtx_Destroy(o->batch);
    jsFastBatchCtx_Destroy(o->fast);
    microError_Destroy(microService_Destroy(o->service));
    microServiceInfo_Destroy(o->info);
    microServiceStats_Destroy(o->stats);
    free(o->text);
    free(o->bytes);
    free(o->texts);
}

/* The status of an error of a service, whose text is kept. */
static natsStatus fault(world *w, microError *err) {
    natsStatus s = microError_Status(err);

    if (err != NULL)
        microError_String(err, w->micro_text, sizeof(w->micro_text));
    microError_Destroy(err);
    return s;
}

static void on_reply(natsConnection *nc, natsStatus status, natsMsg *reply, void *arg) {
    (void)nc;
    (void)status;
    (void)arg;
    natsMsg_Destroy(reply);
}

static const char *const two[] = {"s.a", "s.b"};
static const kvChange change = {kvOp_Put, "k", "v", 1, false, 0, 0};

static natsStatus publish_msg_async(world *w) {
    natsMsg *msg = test_msg("s.a", NULL, "x");
    natsStatus s = js_PublishMsgAsync(w->js, &msg, NULL);

    natsMsg_Destroy(msg);
    return s;
}

static natsStatus publish_complete(world *w) {
    jsPubOptions opts;

    jsPubOptions_Init(&opts);
    opts.MaxWait = 30;
    return js_PublishAsyncComplete(w->js, &opts);
}

/* How many calls have failed, how many of them because the connection drains, and how many of their texts say too
 * little. */
static int wrong, failed, refused;

/* The text of a failed call says more than its status, and names no inbox: the program does not know those. */
static bool says_enough(const char *text, natsStatus s) {
    const char *bare = natsStatus_GetText(s);
    size_t length = strlen(text), end = strlen(bare);

    return length > end && strcmp(text + length - end, bare) != 0 && strstr(text, "_INBOX") == NULL &&
           strstr(text, "internal error") == NULL;
}

static void look(const world *w, const char *call, natsStatus s) {
    natsStatus last = NATS_OK;
    const char *text = nats_GetLastError(&last);

    /* What is not found is an ordinary outcome of many calls, which leaves no text. */
    if (s == NATS_OK || s == NATS_NOT_FOUND)
        return;
    if (w->micro_text[0] != '\0')
        text = w->micro_text;
    else if (last != s)
        text = "";
    if (getenv("TEST_SHOW_TEXTS") != NULL)
        fprintf(stderr, "%s\n    %s: %s\n", call, natsStatus_GetText(s), text);
    failed++;
    refused += s == NATS_DRAINING;
    if (says_enough(text, s))
        return;
    fprintf(stderr, "%s: %s (\"%s\")\n", call, natsStatus_GetText(s), text);
    wrong++;
}

#define CALL(call)                                                                                           \
    do {                                                                                                     \
        outs results, *o = &results;                                                                         \
        memset(o, 0, sizeof(*o));                                                                            \
        w->micro_text[0] = '\0';                                                                             \
        look(w, #call, (call));                                                                              \
        outs_release(o);                                                                                     \
    } while (0)

static void core_calls(world *w) {
    CALL(natsConnection_Publish(w->nc, "out", "x", 1));
    CALL(natsConnection_PublishMsg(w->nc, w->msg));
    CALL(natsConnection_PublishRequestString(w->nc, "out", "in", "x"));
    CALL(natsConnection_RequestString(&o->msg, w->nc, "deaf", "x", 30));
    CALL(natsConnection_RequestMsg(&o->msg, w->nc, w->msg, 30));
    CALL(natsConnection_RequestMsgAsync(w->nc, w->msg, 30, on_reply, NULL));
    CALL(natsConnection_RequestMany(&o->list, w->nc, w->msg, &w->many));
    CALL(natsConnection_SubscribeSync(&o->sub, w->nc, "in"));
    CALL(natsConnection_QueueSubscribeSync(&o->sub, w->nc, "in", "q"));
    CALL(natsConnection_Subscribe(&o->sub, w->nc, "in", on_message, &w->c));
    CALL(natsConnection_SubscribeTimeout(&o->sub, w->nc, "in", 50, on_message, &w->c));
    CALL(natsConnection_FlushTimeout(w->nc, 30));
    CALL(natsConnection_GetRTT(w->nc, &o->number));
    CALL(natsConnection_GetClientID(w->nc, &o->revision));
    CALL(natsConnection_GetClientIP(w->nc, &o->text));
    CALL(natsConnection_GetLocalIPAndPort(w->nc, &o->text, &o->count));
    CALL(natsConnection_GetConnectedUrl(w->nc, o->buffer, sizeof(o->buffer)));
    CALL(natsConnection_GetConnectedServerId(w->nc, o->buffer, sizeof(o->buffer)));
    CALL(natsConnection_GetServerName(w->nc, o->buffer, sizeof(o->buffer)));
    CALL(natsConnection_HasHeaderSupport(w->nc));
    CALL(natsConnection_GetPendingBytes(w->nc, &o->number));
    CALL(natsConnection_JetStream(&o->js, w->nc, NULL));
    CALL(natsSubscription_NextMsg(&o->msg, w->plain, 30));
    CALL(natsSubscription_NextMsgs(&o->list, w->plain, 5, 30));
    CALL(natsSubscription_QueuedMsgs(w->plain, &o->revision));
    CALL(natsSubscription_SetPendingLimits(w->plain, 10, 10));
    CALL(natsSubscription_GetPending(w->plain, &o->count, NULL));
    CALL(natsSubscription_GetDelivered(w->plain, &o->number));
    CALL(natsSubscription_GetDropped(w->plain, &o->number));
    CALL(natsSubscription_ClearMaxPending(w->plain));
    CALL(natsSubscription_AutoUnsubscribe(w->plain, 1000));
    CALL(natsSubscription_SetOnCompleteCB(w->callback, on_complete, &w->c));
}

static void jetstream_calls(world *w) {
    CALL(js_AddStream(&o->stream, w->js, &w->stream, NULL, NULL));
    CALL(js_UpdateStream(&o->stream, w->js, &w->stream, NULL, NULL));
    CALL(js_CreateOrUpdateStream(&o->stream, w->js, &w->stream, NULL, NULL));
    CALL(js_GetStreamInfo(&o->stream, w->js, "S", NULL, NULL));
    CALL(js_StreamNameBySubject(&o->text, w->js, "s.a", NULL, NULL));
    CALL(js_PurgeStream(w->js, "T", NULL, NULL));
    CALL(js_PurgeStreamCount(&o->revision, w->js, "T", NULL, NULL));
    CALL(js_Streams(&o->streams, w->js, NULL, NULL));
    CALL(js_ListStreams(&o->streams, &o->stream_names, w->js, NULL, NULL));
    CALL(js_StreamNames(&o->stream_names, w->js, NULL, NULL));
    CALL(js_Consumers(&o->consumers, w->js, "S", NULL, NULL));
    CALL(js_ListConsumers(&o->consumers, &o->consumer_names, w->js, "S", NULL, NULL));
    CALL(js_ConsumerNames(&o->consumer_names, w->js, "S", NULL, NULL));
    CALL(js_GetAccountInfo(&o->account, w->js, NULL, NULL));
    CALL(js_GetMsg(&o->msg, w->js, "S", 1, NULL, NULL));
    CALL(js_GetLastMsg(&o->msg, w->js, "S", "s.a", NULL, NULL));
    CALL(js_DirectGetMsg(&o->msg, w->js, "S", NULL, &w->direct));
    CALL(js_DirectGetPayload(&o->msg, w->js, "S", NULL, &w->direct));
    CALL(js_DirectGetMsgs(&o->list, NULL, w->js, "S", NULL, &w->direct_batch));
    CALL(js_DirectGetLastMsgs(&o->list, w->js, "S", (const char **)two, 2, NULL));
    CALL(js_GetCounter(&o->text, w->js, "S", "s.a", NULL, NULL));
    CALL(js_AddToCounter(&o->text, w->js, "s.a", "1", NULL, NULL));
    CALL(js_DeleteMsg(w->js, "S", 3, NULL, NULL));
    CALL(js_EraseMsg(w->js, "S", 4, NULL, NULL));
    CALL(js_AddConsumer(&o->consumer, w->js, "S", &w->consumer, NULL, NULL));
    CALL(js_CreateConsumer(&o->consumer, w->js, "S", &w->consumer, NULL, NULL));
    CALL(js_UpdateConsumer(&o->consumer, w->js, "S", &w->consumer, NULL, NULL));
    CALL(js_ReplaceConsumer(&o->consumer, w->js, "S", &w->consumer, NULL, NULL));
    CALL(js_GetConsumerInfo(&o->consumer, w->js, "S", "c", NULL, NULL));
    CALL(js_PauseConsumer(&o->pause, w->js, "S", "c", 1, NULL, NULL));
    CALL(js_ResetConsumer(&o->reset, w->js, "S", "c", 1, NULL, NULL));
    CALL(js_UnpinConsumer(w->js, "S", "c", "g", NULL, NULL));
    CALL(js_StepDownStream(w->js, "S", NULL, NULL, NULL));
    CALL(js_StepDownConsumer(w->js, "S", "c", NULL, NULL, NULL));
    CALL(js_DeleteConsumer(w->js, "S", "c", NULL, NULL));
    CALL(js_Publish(&o->ack, w->js, "s.a", "x", 1, NULL, NULL));
    CALL(js_PublishMsg(&o->ack, w->js, w->msg, NULL, NULL));
    CALL(js_PublishAsync(w->js, "s.a", "x", 1, NULL));
    CALL(js_PublishAsync(w->used, "s.a", "x", 1, NULL));
    CALL(publish_msg_async(w));
    CALL(publish_complete(w));
    CALL(js_BatchPublishAdd(NULL, w->batch, w->msg, NULL, NULL));
    CALL(js_BatchPublishCommit(&o->ack, w->batch, w->msg, NULL, NULL));
    CALL(js_BatchPublishStart(&o->batch, NULL, w->js, w->msg, NULL, NULL));
    CALL(js_FastPublishStart(&o->fast, w->js, NULL));
    CALL(js_FastPublishAddData(w->fast, "s.a", "x", 1, NULL, NULL));
    CALL(js_FastPublishCommit(&o->ack, w->fast, w->msg, NULL, NULL));
    CALL(js_SubscribeSync(&o->sub, w->js, "s.a", NULL, NULL, NULL));
    CALL(js_SubscribeSync(&o->sub, w->js, "s.a", NULL, &w->on_stream, NULL));
    CALL(js_Subscribe(&o->sub, w->js, "s.a", on_message, &w->c, NULL, NULL, NULL));
    CALL(js_SubscribeSyncMulti(&o->sub, w->js, (const char **)two, 2, NULL, &w->on_stream, NULL));
    CALL(js_PullSubscribe(&o->sub, w->js, "s.a", "p", NULL, NULL, NULL));
    CALL(js_PullSubscribe(&o->sub, w->js, "s.a", "p", NULL, &w->on_stream, NULL));
    CALL(js_PullSubscribeAsync(&o->sub, w->js, "s.a", "p", on_message, &w->c, NULL, NULL, NULL));
    CALL(js_PullSubscribeSync(&o->sub, w->js, "s.a", "p", NULL, &w->on_stream, NULL));
    CALL(natsSubscription_NextMsg(&o->msg, w->push, 30));
    CALL(natsSubscription_Fetch(&o->list, w->pull, 1, 30, NULL));
    CALL(natsSubscription_FetchRequest(&o->list, w->pull, &w->fetch));
    CALL(natsSubscription_GetConsumerInfo(&o->consumer, w->pull, NULL, NULL));
    CALL(natsSubscription_GetConsumerInfo(&o->consumer, w->push, NULL, NULL));
    CALL(natsMsg_InProgress(w->taken, NULL));
    CALL(natsMsg_AckSync(w->taken, NULL, NULL));
}

static void kv_calls(world *w) {
    CALL(js_CreateKeyValue(&o->kv, w->js, &w->kv_config));
    CALL(js_UpdateKeyValue(&o->kv, w->js, &w->kv_config, NULL));
    CALL(js_CreateOrUpdateKeyValue(&o->kv, w->js, &w->kv_config, NULL));
    CALL(js_KeyValue(&o->kv, w->js, "K"));
    CALL(js_KeyValueNames(&o->keys, w->js));
    CALL(js_DeleteKeyValue(w->js, "L"));
    CALL(kvStore_Get(&o->entry, w->kv, "k"));
    CALL(kvStore_GetRevision(&o->entry, w->kv, "k", 1));
    CALL(kvStore_GetMany(&o->entries, w->kv, (const char **)two, 2));
    CALL(kvStore_Keys(&o->keys, w->kv, NULL));
    CALL(kvStore_KeysWithFilters(&o->keys, w->kv, (const char **)two, 2, NULL));
    CALL(kvStore_History(&o->entries, w->kv, "k", NULL));
    CALL(kvStore_PutString(&o->revision, w->kv, "k", "v"));
    CALL(kvStore_CreateString(&o->revision, w->kv, "n", "v"));
    CALL(kvStore_UpdateString(&o->revision, w->kv, "k", "v", 1));
    CALL(kvStore_CreateStringWithTTL(&o->revision, w->kv, "m", "v", 5000));
    CALL(kvStore_Apply(&o->revision, w->kv, &change, 1));
    CALL(kvStore_Delete(w->kv, "k"));
    CALL(kvStore_DeleteIfRevision(w->kv, "k", 1));
    CALL(kvStore_Purge(w->kv, "k", NULL));
    CALL(kvStore_PurgeDeletes(w->kv, NULL));
    CALL(kvStore_Status(&o->kv_status, w->kv));
    CALL(kvStore_Watch(&o->kv_watcher, w->kv, "k", NULL));
    CALL(kvStore_WatchAll(&o->kv_watcher, w->kv, NULL));
    CALL(kvWatcher_Next(&o->entry, w->kv_watcher, 30));
}

static void object_calls(world *w) {
    CALL(js_CreateObjectStore(&o->obs, w->js, &w->obj_config));
    CALL(js_UpdateObjectStore(&o->obs, w->js, &w->obj_config));
    CALL(js_ObjectStore(&o->obs, w->js, "B"));
    CALL(js_ObjectStoreNames(&o->obj_names, w->js));
    CALL(js_ObjectStoreStatuses(&o->obj_statuses, w->js));
    CALL(js_DeleteObjectStore(w->js, "C"));
    CALL(objStore_Status(&o->obj_status, w->obs));
    CALL(objStore_Get(&o->get, w->obs, "o", NULL));
    CALL(objStore_GetString(&o->text, w->obs, "o", NULL));
    CALL(objStore_GetBytes(&o->bytes, &o->count, w->obs, "o", NULL));
    CALL(objStore_GetFile(w->obs, "o", "/dev/null", NULL));
    CALL(objStore_GetInfo(&o->object, w->obs, "o", NULL));
    CALL(objStore_GetRevision(&o->revision, w->obs, "o"));
    CALL(objStoreGet_Read(&o->done, &o->bytes, &o->count, w->get, 30));
    CALL(objStorePut_Add(w->put, two, sizeof(two)));
    CALL(objStorePut_Complete(&o->object, w->put, 30));
    CALL(objStore_PutString(&o->object, w->obs, "n", "x"));
    CALL(objStore_PutFile(&o->object, w->obs, "/etc/hostname"));
    CALL(objStore_Delete(w->obs, "n"));
    CALL(objStore_AddBucketLink(&o->object, w->obs, "l", w->obs));
    CALL(objStore_List(&o->objects, w->obs, NULL));
    CALL(objStore_Watch(&o->obj_watcher, w->obs, NULL));
    CALL(objStoreWatcher_Next(&o->object, w->obj_watcher, 30));
    CALL(objStore_Seal(w->obs));
}

static void service_calls(world *w) {
    CALL(fault(w, micro_AddService(&o->service, w->nc, &w->service_config)));
    CALL(fault(w, microService_AddEndpoint(w->service, &w->endpoint)));
    CALL(fault(w, microGroup_AddEndpoint(w->group, &w->endpoint)));
    CALL(fault(w, microService_AddGroup(&o->group, w->service, &w->group_config)));
    CALL(fault(w, microService_GetInfo(&o->info, w->service)));
    CALL(fault(w, microService_GetStats(&o->stats, w->service)));
    CALL(fault(w, microClient_DoRequest(&o->msg, w->client, "deaf", "x", 1)));
}

static void all_calls(world *w) {
    wrong = failed = refused = 0;
    core_calls(w);
    jetstream_calls(w);
    kv_calls(w);
    object_calls(w);
    service_calls(w);
}

static void world_options(world *w) {
    CHECK_OK(jsStreamConfig_Init(&w->stream));
    w->stream.Name = "T";
    w->stream.Subjects = (const char **)two + 1;
    w->stream.SubjectsLen = 1;
    CHECK_OK(jsConsumerConfig_Init(&w->consumer));
    w->consumer.Durable = "c";
    CHECK_OK(kvConfig_Init(&w->kv_config));
    w->kv_config.Bucket = "K";
    w->kv_config.LimitMarkerTTL = INT64_C(1000000000);
    w->kv_config.StorageType = js_MemoryStorage;
    CHECK_OK(objStoreConfig_Init(&w->obj_config));
    w->obj_config.Bucket = "B";
    CHECK_OK(jsSubOptions_Init(&w->on_stream));
    w->on_stream.Stream = "S";
    CHECK_OK(jsFetchRequest_Init(&w->fetch));
    w->fetch.Batch = 1;
    w->fetch.Expires = 30 * INT64_C(1000000);
    CHECK_OK(jsDirectGetMsgOptions_Init(&w->direct));
    w->direct.Sequence = 1;
    CHECK_OK(jsDirectBatchOptions_Init(&w->direct_batch));
    w->direct_batch.Batch = 2;
    w->direct_batch.NextBySubject = "s.>";
    CHECK_OK(natsRequestManyOptions_Init(&w->many));
    w->many.MaxWait = 30;
    w->service_config = service_config("s", &w->c);
    w->endpoint = endpoint_config("e", echo);
    memset(&w->group_config, 0, sizeof(w->group_config));
    w->group_config.Prefix = "g";
}

/* The longest that a call of JetStream waits, in milliseconds: short, since many time out. */
enum { WAIT = 60 };

static natsStatus put_begin(world *w) {
    objStoreMeta meta;

    objStoreMeta_Init(&meta);
    meta.Name = "p";
    return objStore_Put(&w->put, w->obs, &meta);
}

/* Calls that need an answer of the server are repeated until it comes in the short time. */
static void world_start(world *w) {
    natsOptions *opts;
    jsOptions js_opts;
    char text[1024], *bytes;
    int i;

    memset(w, 0, sizeof(*w));
    closure_init(&w->c);
    server_run_jetstream(&w->s);
    opts = options_recorded(w->s.url, &w->c);
    w->nc = test_connect(opts);
    api_request(w->nc, "INFO", "", text, sizeof(text));
    stream_create(w->nc, "S", "\"s.>\"",
                  ",\"allow_direct\":true,\"allow_atomic\":true,\"allow_batched\":true");
    CHECK_OK(jsOptions_Init(&js_opts));
    js_opts.Wait = WAIT;
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, &js_opts));
    CHECK_OK(natsConnection_JetStream(&w->used, w->nc, &js_opts));
    CHECK_OK(js_PublishAsync(w->used, "s.a", "x", 1, NULL));
    world_options(w);
    for (i = 0; i < 10; i++)
        CHECK_SOON(js_Publish(NULL, w->js, "s.a", "x", 1, NULL, NULL) == NATS_OK);
    CHECK_SOON(js_CreateOrUpdateKeyValue(&w->kv, w->js, &w->kv_config, NULL) == NATS_OK);
    CHECK_SOON(js_CreateObjectStore(&w->obs, w->js, &w->obj_config) == NATS_OK);
    bytes = obj_pattern(4 * 131072, 1);
    CHECK_SOON(objStore_PutBytes(NULL, w->obs, "o", bytes, 4 * 131072) == NATS_OK);
    free(bytes);
    CHECK_SOON(kvStore_WatchAll(&w->kv_watcher, w->kv, NULL) == NATS_OK);
    CHECK_SOON(objStore_Watch(&w->obj_watcher, w->obs, NULL) == NATS_OK);
    CHECK_SOON(objStore_Get(&w->get, w->obs, "o", NULL) == NATS_OK);
    CHECK_SOON(put_begin(w) == NATS_OK);
    CHECK_OK(natsConnection_SubscribeSync(&w->plain, w->nc, "plain"));
    CHECK_OK(natsConnection_Subscribe(&w->callback, w->nc, "slow", on_blocked, &w->c));
    CHECK_SOON(js_SubscribeSync(&w->push, w->js, "s.a", NULL, &w->on_stream, NULL) == NATS_OK);
    CHECK_SOON(js_PullSubscribe(&w->pull, w->js, "s.a", "p", NULL, &w->on_stream, NULL) == NATS_OK);
    w->taken = test_next(w->push);
    w->msg = test_msg("s.a", NULL, "x");
    CHECK_SOON(js_BatchPublishStart(&w->batch, NULL, w->js, w->msg, NULL, NULL) == NATS_OK);
    CHECK_SOON(js_FastPublishStart(&w->fast, w->js, NULL) == NATS_OK);
    CHECK_FINE(micro_AddService(&w->service, w->nc, &w->service_config));
    CHECK_FINE(microService_AddGroup(&w->group, w->service, &w->group_config));
    CHECK_FINE(micro_NewClient(&w->client, w->nc, NULL));
    /* A callback that does not return holds a drain up. */
    CHECK_OK(natsConnection_PublishString(w->nc, "slow", "x"));
    CHECK_REACHED(&w->c.entered, 1);
}

static void world_end(world *w) {
    counter_set(&w->c.gate, 1);
    microClient_Destroy(w->client);
    microError_Destroy(microService_Destroy(w->service));
    jsFastBatchCtx_Destroy(w->fast);
    jsAtomicBatchCtx_Destroy(w->batch);
    natsMsg_Destroy(w->msg);
    natsMsg_Destroy(w->taken);
    natsSubscription_Destroy(w->pull);
    natsSubscription_Destroy(w->push);
    natsSubscription_Destroy(w->callback);
    natsSubscription_Destroy(w->plain);
    objStorePut_Destroy(w->put);
    objStoreGet_Destroy(w->get);
    objStoreWatcher_Destroy(w->obj_watcher);
    kvWatcher_Destroy(w->kv_watcher);
    objStore_Destroy(w->obs);
    kvStore_Destroy(w->kv);
    jsCtx_Destroy(w->used);
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    CHECK_REACHED(&w->c.closed, 1);
    server_stop(&w->s);
}

static void closed(void) {
    world w;

    world_start(&w);
    natsConnection_Close(w.nc);
    all_calls(&w);
    CHECK_INT(wrong, 0);
    CHECK(failed >= 110);
    world_end(&w);
}

static void draining(void) {
    world w;

    world_start(&w);
    CHECK_OK(natsConnection_Drain(w.nc));
    all_calls(&w);
    CHECK_INT(wrong, 0);
    CHECK(failed >= 45);
    world_end(&w);
}

/* The callbacks are through: nothing leaves any more, so no request is answered. Contexts are all that there is, because
 * the server is a script. */
static void publishing_is_over(void) {
    jsOptions js_opts;
    peer_fixture f;
    world w;

    memset(&w, 0, sizeof(w));
    closure_init(&w.c);
    peer_fixture_start(&f);
    natsSubscription_Destroy(f.sub);
    f.sub = NULL;
    w.nc = f.nc;
    w.msg = test_msg("s.a", NULL, "x");
    w.taken = test_msg("s.a", "reply", "x");
    CHECK_OK(jsOptions_Init(&js_opts));
    js_opts.Wait = deadline_ms();
    CHECK_OK(natsConnection_JetStream(&w.js, w.nc, &js_opts));
    world_options(&w);
    CHECK_OK(natsConnection_Drain(w.nc));
    CHECK(peer_expect(&f.p, "PING\r\n"));
    CHECK(peer_send(&f.p, "PONG\r\n"));
    CHECK(peer_expect(&f.p, "PING\r\n"));
    CHECK_SOON(natsConnection_Status(w.nc) == NATS_CONN_STATUS_DRAINING_PUBS);
    wrong = failed = refused = 0;
    jetstream_calls(&w);
    kv_calls(&w);
    object_calls(&w);
    service_calls(&w);
    CHECK_INT(wrong, 0);
    CHECK(refused >= 50);
    CHECK(peer_send(&f.p, "PONG\r\n"));
    jsCtx_Destroy(w.js);
    natsMsg_Destroy(w.taken);
    natsMsg_Destroy(w.msg);
    peer_fixture_end(&f);
}

static void lost(void) {
    world w;

    world_start(&w);
    server_kill(&w.s);
    CHECK_REACHED(&w.c.disconnected, 1);
    all_calls(&w);
    CHECK_INT(wrong, 0);
    CHECK(failed >= 95);
    world_end(&w);
}

/* Every handle was destroyed. The messages are not: they are plain memory. */
static void destroyed(void) {
    world w;

    world_start(&w);
    world_end(&w);
    w.msg = test_msg("s.a", NULL, "x");
    w.taken = test_msg("s.a", "reply", "x");
    all_calls(&w);
    CHECK_INT(wrong, 0);
    CHECK(failed >= 140);
    CHECK_FAULT(microService_Stop(w.service), NATS_INVALID_ARG, "the service was destroyed");
    CHECK(microService_Stop(NULL) == micro_ErrorInvalidArg);
    natsMsg_Destroy(w.taken);
    natsMsg_Destroy(w.msg);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(closed), TEST(draining), TEST(publishing_is_over), TEST(lost), TEST(destroyed),
    };

    return RUN_TESTS(cases, argc, argv);
}
