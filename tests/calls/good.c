/* Objects that work, as a correct program makes them: among random arguments alone few would come about. */
#include "calls.h"
#include "run.h"

static natsConnection *good_connection(void) {
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;

    if (natsOptions_Create(&opts) != NATS_OK)
        return NULL;
    (void)natsOptions_SetURL(opts, server_url);
    (void)natsOptions_SetTimeout(opts, 2000);
    if (one_in(5)) /* then callbacks run where natsConnection_Dispatch is called */
        (void)natsOptions_SetManualDispatch(opts, true);
    if (one_in(5))
        (void)natsOptions_SetNKeyFromSeed(opts, PUBLIC_KEY, "seed");
    (void)natsOptions_SetReconnectWait(opts, 5);
    (void)natsOptions_SetErrorHandler(opts, on_natsErrHandler, NULL);
    (void)natsOptions_SetClosedCB(opts, on_natsConnectionHandler, NULL);
    (void)natsOptions_SetDisconnectedCB(opts, on_natsConnectionHandler, NULL);
    (void)natsOptions_SetReconnectedCB(opts, on_natsConnectionHandler, NULL);
    if (natsConnection_Connect(&nc, opts) != NATS_OK) {
        natsOptions_Destroy(opts);
        return NULL;
    }
    keep(KIND_natsOptions, opts);
    return nc;
}

static void good_subscriptions(natsConnection *nc) {
    natsSubscription *sub = NULL;

    if (natsConnection_Subscribe(&sub, nc, one_in(2) ? "x" : "s0.>", on_natsMsgHandler, NULL) == NATS_OK)
        keep(KIND_natsSubscription, sub);
    sub = NULL;
    if (natsConnection_SubscribeSync(&sub, nc, "x.*") == NATS_OK) {
        keep(KIND_natsSubscription, sub);
        prefer(PREFER_SYNC, sub);
    }
    (void)natsConnection_PublishString(nc, "x.y", "a message");
}

/* The stream as other calls expect it, whatever they made of it. */
static void good_stream(jsCtx *js, const char *name, const char *subject, bool counter) {
    jsStreamConfig sc;
    jsStreamInfo *si = NULL;

    jsStreamConfig_Init(&sc);
    sc.Name = name;
    sc.Subjects = &subject;
    sc.SubjectsLen = 1;
    sc.Storage = js_MemoryStorage;
    sc.AllowDirect = true;
    sc.AllowMsgCounter = counter;
    if (!counter) {
        sc.MaxMsgs = 1000;
        sc.AllowAtomic = true;
        sc.AllowBatched = true;
    }
    if (js_CreateOrUpdateStream(&si, js, &sc, NULL, NULL) != NATS_OK) {
        (void)js_DeleteStream(js, name, NULL, NULL);
        (void)js_AddStream(&si, js, &sc, NULL, NULL);
    }
    if (si != NULL && !counter)
        saw_sequences(si->State.FirstSeq, si->State.LastSeq);
    give(KIND_jsStreamInfo, si);
}

static void good_streams(jsCtx *js) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    natsMsgList list = {0};
    jsFastBatchCtx *fast = NULL;
    jsAtomicBatchCtx *batch = NULL;
    jsConsumerConfig cc;
    jsConsumerInfo *ci = NULL;
    jsSubOptions so;
    jsFetchRequest request;
    const char *group = "group";
    char *value = NULL;

    good_stream(js, "s0", "s0.>", false);
    good_stream(js, "s2", "s2.>", true);
    if (js_AddToCounter(&value, js, "s2.n", "1", NULL, NULL) == NATS_OK)
        free(value);
    if (js_Subscribe(&sub, js, "s0.>", on_natsMsgHandler, NULL, NULL, NULL, NULL) == NATS_OK)
        keep(KIND_natsSubscription, sub);
    sub = NULL;
    if (js_SubscribeSync(&sub, js, "s0.a", NULL, NULL, NULL) == NATS_OK) {
        keep(KIND_natsSubscription, sub);
        prefer(PREFER_SYNC, sub);
    }
    (void)js_Publish(NULL, js, "s0.a", "a stored message", 16, NULL, NULL);
    sub = NULL;
    if (js_PullSubscribe(&sub, js, "s0.a", "c0", NULL, NULL, NULL) == NATS_OK) {
        keep(KIND_natsSubscription, sub);
        prefer(PREFER_PULL, sub);
        if (natsSubscription_Fetch(&list, sub, 5, 100, NULL) == NATS_OK)
            give_messages(&list);
    }
    jsConsumerConfig_Init(&cc);
    cc.Durable = "pinned";
    cc.AckPolicy = js_AckExplicit;
    cc.PriorityPolicy = "pinned_client";
    cc.PriorityGroups = &group;
    cc.PriorityGroupsLen = 1;
    if (js_AddConsumer(&ci, js, "s0", &cc, NULL, NULL) == NATS_OK)
        give(KIND_jsConsumerInfo, ci);
    jsSubOptions_Init(&so);
    so.Stream = "s0";
    so.Consumer = "pinned";
    sub = NULL;
    if (one_in(2) && js_PullSubscribe(&sub, js, NULL, NULL, NULL, &so, NULL) == NATS_OK) {
        keep(KIND_natsSubscription, sub);
        jsFetchRequest_Init(&request);
        request.Batch = 2;
        request.Expires = 20000000;
        request.Group = group;
        if (natsSubscription_FetchRequest(&list, sub, &request) == NATS_OK)
            give_messages(&list);
    }
    if (js_FastPublishStart(&fast, js, NULL) == NATS_OK)
        keep(KIND_jsFastBatchCtx, fast);
    if (natsMsg_Create(&msg, "s0.b", NULL, "first", 5) == NATS_OK &&
        (js_BatchPublishStart(&batch, NULL, js, msg, NULL, NULL) == NATS_OK || batch != NULL))
        keep(KIND_jsAtomicBatchCtx, batch); /* there is one to release also where the server refused it */
    give(KIND_natsMsg, msg);
}

static void good_bucket(jsCtx *js) {
    kvConfig kc;
    kvExtraConfig extra;
    kvStore *kv = NULL;
    kvWatcher *watcher = NULL;
    kvWatchOptions wo;
    uint64_t revision;

    kvConfig_Init(&kc);
    kc.Bucket = "b0";
    kc.History = 5;
    kc.StorageType = js_MemoryStorage;
    kc.LimitMarkerTTL = 1000000000;
    kvExtraConfig_Init(&extra);
    extra.Transactions = true;
    if (js_CreateOrUpdateKeyValue(&kv, js, &kc, &extra) != NATS_OK && js_KeyValue(&kv, js, "b0") != NATS_OK)
        return;
    if (kvStore_PutString(&revision, kv, "k0", "value") == NATS_OK)
        saw_revision(revision);
    kvWatchOptions_Init(&wo);
    if (one_in(2))
        wo.Callback = on_kvWatchCb;
    if (kvStore_WatchAll(&watcher, kv, &wo) == NATS_OK)
        keep(KIND_kvWatcher, watcher);
    keep(KIND_kvStore, kv);
}

static void good_objects(jsCtx *js) {
    objStoreConfig oc;
    objStore *obs = NULL;
    objStorePut *put = NULL;
    objStoreGet *get = NULL;
    objStoreMeta meta;
    objStoreWatcher *watcher = NULL;

    objStoreConfig_Init(&oc);
    oc.Bucket = "o0";
    oc.Storage = js_MemoryStorage;
    if (js_CreateObjectStore(&obs, js, &oc) != NATS_OK && js_ObjectStore(&obs, js, "o0") != NATS_OK)
        return;
    if (objStore_PutString(NULL, obs, "name", "an object") != NATS_OK) { /* it was sealed */
        (void)js_DeleteObjectStore(js, "o0");
        objStore_Destroy(obs);
        return;
    }
    objStoreMeta_Init(&meta);
    meta.Name = "k0";
    if (objStore_Put(&put, obs, &meta) == NATS_OK)
        keep(KIND_objStorePut, put);
    if (objStore_Get(&get, obs, "name", NULL) == NATS_OK)
        keep(KIND_objStoreGet, get);
    if (objStore_Watch(&watcher, obs, NULL) == NATS_OK)
        keep(KIND_objStoreWatcher, watcher);
    keep(KIND_objStore, obs);
}

static void good_service(natsConnection *nc) {
    microServiceConfig mc;
    microEndpointConfig ec;
    microGroupConfig gc;
    microService *service = NULL;
    microGroup *group = NULL;
    microClient *client = NULL;
    natsMsg *msg = NULL;

    memset(&mc, 0, sizeof(mc));
    memset(&ec, 0, sizeof(ec));
    memset(&gc, 0, sizeof(gc));
    mc.Name = "svc";
    mc.Version = "1.0.0";
    mc.DoneHandler = on_microDoneHandler;
    mc.ErrHandler = on_microErrorHandler;
    ec.Name = "svc";
    ec.Handler = on_microRequestHandler;
    mc.Endpoint = &ec;
    gc.Prefix = "g";
    give(KIND_microError, micro_AddService(&service, nc, &mc));
    if (service != NULL) {
        give(KIND_microError, microService_AddGroup(&group, service, &gc));
        keep(KIND_microGroup, group);
        keep(KIND_microService, service);
        if (natsMsg_Create(&msg, "svc", "x.reply", "a request", 9) == NATS_OK) {
            (void)natsMsgHeader_Set(msg, "Key", "value");
            (void)natsConnection_PublishMsg(nc, msg);
            give(KIND_natsMsg, msg);
        }
    }
    give(KIND_microError, micro_NewClient(&client, nc, NULL));
    keep(KIND_microClient, client);
}

void make_good(void) {
    natsMsg *msg = NULL;
    natsConnection *nc;
    jsCtx *js = NULL;
    jsOptions jo;

    if (natsMsg_Create(&msg, "s0.a", "x", "data", 4) == NATS_OK) {
        (void)natsMsgHeader_Set(msg, "Key", "value");
        give(KIND_natsMsg, msg);
    }
    nc = good_connection();
    if (nc == NULL)
        return;
    good_subscriptions(nc);
    jsOptions_Init(&jo);
    jo.Wait = 1000;
    jo.PublishAsync.AckHandler = one_in(2) ? on_jsPubAckHandler : NULL;
    jo.PublishAsync.ErrHandler = on_jsPubAckErrHandler;
    jo.PublishAsync.StallWait = 20;
    if (natsConnection_JetStream(&js, nc, &jo) == NATS_OK) {
        good_streams(js);
        good_bucket(js);
        good_objects(js);
        keep(KIND_jsCtx, js);
    }
    good_service(nc);
    keep(KIND_natsConnection, nc);
}
