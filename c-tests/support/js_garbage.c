#include "js_garbage.h"

#if OURS
enum { WAIT_MS = 200 };

void garbage_answer(garbage *w, const char *headers, const char *body, int len) {
    pthread_mutex_lock(&w->lock);
    w->headers = headers;
    w->body = body;
    w->body_len = len < 0 ? (int)strlen(body) : len;
    pthread_mutex_unlock(&w->lock);
}

static void on_ask(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    garbage *w = (garbage *)arg;
    const char *reply = natsMsg_GetReply(msg);
    natsMsg *answer = NULL;

    (void)sub;
    if (reply != NULL) {
        pthread_mutex_lock(&w->lock);
        if (natsMsg_Create(&answer, reply, NULL, w->body, w->body_len) == NATS_OK) {
            if (w->headers != NULL)
                natsMsgHeader_Set(answer, "Status", w->headers);
            natsConnection_PublishMsg(nc, answer);
        }
        pthread_mutex_unlock(&w->lock);
    }
    natsMsg_Destroy(answer);
    natsMsg_Destroy(msg);
}

void garbage_start(garbage *w) {
    static const char *const asked[] = {"$JS.API.>", "s.>", "$KV.>", "$O.>"};
    const char *kv = "{\"config\":{\"name\":\"KV_B\",\"subjects\":[\"$KV.B.>\"],\"max_msgs_per_subject\":5,"
                     "\"allow_direct\":true},\"state\":{}}";
    const char *obs = "{\"config\":{\"name\":\"OBJ_B\",\"subjects\":[\"$O.B.C.>\",\"$O.B.M.>\"],"
                      "\"allow_direct\":true},\"state\":{}}";
    int i;

    memset(w, 0, sizeof(*w));
    pthread_mutex_init(&w->lock, NULL);
    server_run(&w->s);
    w->nc = test_connect_url(w->s.url);
    w->other = test_connect_url(w->s.url);
    for (i = 0; i < 4; i++)
        CHECK_OK(natsConnection_Subscribe(&w->answering[i], w->other, asked[i], on_ask, w));
    CHECK_OK(natsConnection_Flush(w->other));
    CHECK_OK(jsOptions_Init(&w->jo));
    w->jo.Wait = WAIT_MS;
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, &w->jo));
    /* A busy machine may not answer in the short time that is for answers that never come. */
    garbage_answer(w, NULL, kv, -1);
    CHECK_SOON(js_KeyValue(&w->kv, w->js, "B") == NATS_OK);
    garbage_answer(w, NULL, obs, -1);
    CHECK_SOON(js_ObjectStore(&w->obs, w->js, "B") == NATS_OK);
}

void garbage_end(garbage *w) {
    int i;

    kvStore_Destroy(w->kv);
    objStore_Destroy(w->obs);
    jsCtx_Destroy(w->js);
    for (i = 0; i < 4; i++)
        natsSubscription_Destroy(w->answering[i]);
    natsConnection_DestroyAndWait(w->other, deadline_ms());
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

/* ---- the calls ---- */

/* What a call may make of an answer that says nothing, such as "{}". */
typedef enum kind {
    READS,    /* may take it for a description with nothing in it */
    DOES,     /* has not done what no server has said to be done */
    MSGS,     /* expects a message, of which the answer is not one */
    ANYTHING, /* takes any bytes for what was asked for */
} kind;

#define GIVES(name, type, destroy, expression)                                                               \
    static natsStatus name(garbage *w) {                                                                     \
        type *out = NULL;                                                                                    \
        natsStatus s = expression;                                                                           \
                                                                                                             \
        w->gave = s != NATS_OK && out != NULL;                                                               \
        if (out != NULL)                                                                                     \
            destroy(out);                                                                                    \
        return s;                                                                                            \
    }
#define GIVES_LIST(name, type, destroy, expression)                                                          \
    static natsStatus name(garbage *w) {                                                                     \
        type out;                                                                                            \
        natsStatus s;                                                                                        \
                                                                                                             \
        memset(&out, 0, sizeof(out));                                                                        \
        s = expression;                                                                                      \
        w->gave = s != NATS_OK && out.Count != 0;                                                            \
        destroy(&out);                                                                                       \
        return s;                                                                                            \
    }
#define SAYS(name, expression)                                                                               \
    static natsStatus name(garbage *w) { return expression; }

static jsStreamConfig *stream_cfg(void) {
    static const char *subjects[] = {"s.*"};
    static jsStreamConfig cfg;

    jsStreamConfig_Init(&cfg);
    cfg.Name = "S";
    cfg.Subjects = subjects;
    cfg.SubjectsLen = 1;
    return &cfg;
}

static jsConsumerConfig *consumer_cfg(void) {
    static jsConsumerConfig cfg;

    jsConsumerConfig_Init(&cfg);
    cfg.Durable = "C";
    return &cfg;
}

static jsDirectGetMsgOptions *direct(void) {
    static jsDirectGetMsgOptions opts;

    jsDirectGetMsgOptions_Init(&opts);
    opts.Sequence = 1;
    return &opts;
}

static kvConfig *kv_cfg(void) {
    static kvConfig cfg;

    kvConfig_Init(&cfg);
    cfg.Bucket = "B";
    return &cfg;
}

static objStoreConfig *obs_cfg(void) {
    static objStoreConfig cfg;

    objStoreConfig_Init(&cfg);
    cfg.Bucket = "B";
    return &cfg;
}

#define JS w->js, "S", NULL, &w->code
GIVES(account_info, jsAccountInfo, jsAccountInfo_Destroy, js_GetAccountInfo(&out, w->js, NULL, &w->code))
GIVES(add_stream, jsStreamInfo, jsStreamInfo_Destroy, js_AddStream(&out, w->js, stream_cfg(), NULL, &w->code))
GIVES(update_stream, jsStreamInfo, jsStreamInfo_Destroy,
      js_UpdateStream(&out, w->js, stream_cfg(), NULL, &w->code))
GIVES(put_stream, jsStreamInfo, jsStreamInfo_Destroy,
      js_CreateOrUpdateStream(&out, w->js, stream_cfg(), NULL, &w->code))
GIVES(stream_info, jsStreamInfo, jsStreamInfo_Destroy, js_GetStreamInfo(&out, JS))
SAYS(delete_stream, js_DeleteStream(JS))
SAYS(purge_stream, js_PurgeStream(JS))
GIVES(stream_of, char, free, js_StreamNameBySubject(&out, w->js, "s.a", NULL, &w->code))
GIVES(streams, jsStreamInfoList, jsStreamInfoList_Destroy, js_Streams(&out, w->js, NULL, &w->code))
GIVES(stream_names, jsStreamNamesList, jsStreamNamesList_Destroy, js_StreamNames(&out, w->js, NULL, &w->code))
GIVES(list_streams, jsStreamInfoList, jsStreamInfoList_Destroy,
      js_ListStreams(&out, NULL, w->js, NULL, &w->code))
GIVES(consumers, jsConsumerInfoList, jsConsumerInfoList_Destroy, js_Consumers(&out, JS))
GIVES(consumer_names, jsConsumerNamesList, jsConsumerNamesList_Destroy, js_ConsumerNames(&out, JS))
GIVES(list_consumers, jsConsumerInfoList, jsConsumerInfoList_Destroy, js_ListConsumers(&out, NULL, JS))
GIVES(add_consumer, jsConsumerInfo, jsConsumerInfo_Destroy,
      js_AddConsumer(&out, w->js, "S", consumer_cfg(), NULL, &w->code))
GIVES(create_consumer, jsConsumerInfo, jsConsumerInfo_Destroy,
      js_CreateConsumer(&out, w->js, "S", consumer_cfg(), NULL, &w->code))
GIVES(update_consumer, jsConsumerInfo, jsConsumerInfo_Destroy,
      js_UpdateConsumer(&out, w->js, "S", consumer_cfg(), NULL, &w->code))
GIVES(consumer_info, jsConsumerInfo, jsConsumerInfo_Destroy,
      js_GetConsumerInfo(&out, w->js, "S", "C", NULL, &w->code))
SAYS(delete_consumer, js_DeleteConsumer(w->js, "S", "C", NULL, &w->code))
GIVES(reset_consumer, jsConsumerResetResponse, jsConsumerResetResponse_Destroy,
      js_ResetConsumer(&out, w->js, "S", "C", 1, NULL, &w->code))
GIVES(pause_consumer, jsConsumerPauseResponse, jsConsumerPauseResponse_Destroy,
      js_PauseConsumer(&out, w->js, "S", "C", 5, NULL, &w->code))
SAYS(unpin_consumer, js_UnpinConsumer(w->js, "S", "C", "g", NULL, &w->code))
GIVES(get_msg, natsMsg, natsMsg_Destroy, js_GetMsg(&out, w->js, "S", 1, NULL, &w->code))
GIVES(get_last_msg, natsMsg, natsMsg_Destroy, js_GetLastMsg(&out, w->js, "S", "s.a", NULL, &w->code))
SAYS(delete_msg, js_DeleteMsg(w->js, "S", 1, NULL, &w->code))
SAYS(erase_msg, js_EraseMsg(w->js, "S", 1, NULL, &w->code))
GIVES(direct_get, natsMsg, natsMsg_Destroy, js_DirectGetMsg(&out, w->js, "S", NULL, direct()))
GIVES(direct_payload, natsMsg, natsMsg_Destroy, js_DirectGetPayload(&out, w->js, "S", NULL, direct()))
static jsDirectBatchOptions *batch_options(void) {
    static jsDirectBatchOptions opts;

    jsDirectBatchOptions_Init(&opts);
    opts.Batch = 5;
    return &opts;
}
static jsDirectBatchInfo batch_info;
static const char *some_keys[] = {"a", "b"};
GIVES_LIST(direct_batch, natsMsgList, natsMsgList_Destroy,
           js_DirectGetMsgs(&out, &batch_info, w->js, "S", NULL, batch_options()))
GIVES_LIST(direct_last, natsMsgList, natsMsgList_Destroy,
           js_DirectGetLastMsgs(&out, w->js, "S", some_keys, 2, NULL))
GIVES(get_counter, char, free, js_GetCounter(&out, w->js, "S", "s.a", NULL, &w->code))
GIVES(add_to_counter, char, free, js_AddToCounter(&out, w->js, "s.a", "1", NULL, &w->code))
GIVES(publish, jsPubAck, jsPubAck_Destroy, js_Publish(&out, w->js, "s.a", "x", 1, NULL, &w->code))

static natsStatus publish_async(garbage *w) {
    jsPubOptions opts;
    natsMsgList pending = {NULL, 0};
    natsStatus s;

    jsPubOptions_Init(&opts);
    opts.MaxWait = WAIT_MS;
    s = js_PublishAsync(w->js, "s.a", "x", 1, &opts);
    if (s != NATS_OK)
        return s;
    s = js_PublishAsyncComplete(w->js, &opts);
    js_PublishAsyncGetPendingList(&pending, w->js);
    natsMsgList_Destroy(&pending);
    return s;
}

static natsStatus batch_publish(garbage *w) {
    jsAtomicBatchCtx *batch = NULL;
    jsPubAck *ack = NULL;
    natsMsg *msg = test_msg("s.a", NULL, "x");
    jsPubOptions opts;
    natsStatus s;

    jsPubOptions_Init(&opts);
    opts.MaxWait = WAIT_MS;
    s = js_BatchPublishStart(&batch, &ack, w->js, msg, &opts, &w->code);
    jsPubAck_Destroy(ack);
    ack = NULL;
    if (s == NATS_OK)
        s = js_BatchPublishCommit(&ack, batch, msg, &opts, &w->code);
    w->gave = s != NATS_OK && ack != NULL;
    jsPubAck_Destroy(ack);
    jsAtomicBatchCtx_Destroy(batch);
    natsMsg_Destroy(msg);
    return s;
}

static void drop_msg(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    (void)arg;
    natsMsg_Destroy(msg);
}

static jsSubOptions *sub_options(bool ordered) {
    static jsSubOptions so;

    jsSubOptions_Init(&so);
    so.Stream = "S";
    so.Ordered = ordered;
    return &so;
}

GIVES(subscribe, natsSubscription, natsSubscription_Destroy,
      js_Subscribe(&out, w->js, "s.a", drop_msg, NULL, NULL, sub_options(false), &w->code))
GIVES(subscribe_by_subject, natsSubscription, natsSubscription_Destroy,
      js_Subscribe(&out, w->js, "s.a", drop_msg, NULL, NULL, NULL, &w->code))
GIVES(subscribe_sync, natsSubscription, natsSubscription_Destroy,
      js_SubscribeSync(&out, w->js, "s.a", NULL, sub_options(false), &w->code))
GIVES(subscribe_ordered, natsSubscription, natsSubscription_Destroy,
      js_SubscribeSync(&out, w->js, "s.a", NULL, sub_options(true), &w->code))
GIVES(pull_subscribe, natsSubscription, natsSubscription_Destroy,
      js_PullSubscribe(&out, w->js, "s.a", "C", NULL, sub_options(false), &w->code))
GIVES(pull_async, natsSubscription, natsSubscription_Destroy,
      js_PullSubscribeAsync(&out, w->js, "s.a", "C", drop_msg, NULL, NULL, sub_options(false), &w->code))

/* A pull whose consumer is made by an honest answer; the pull itself gets the other one. */
static natsStatus fetch(garbage *w) {
    static const char honest[] = "{\"stream_name\":\"S\",\"name\":\"C\",\"config\":{\"durable_name\":\"C\","
                                 "\"ack_policy\":\"explicit\",\"filter_subject\":\"s.a\"}}";
    const char *headers = w->headers, *body = w->body;
    natsSubscription *sub = NULL;
    natsMsgList list = {NULL, 0};
    int len = w->body_len, i;
    natsStatus s;

    garbage_answer(w, NULL, honest, -1);
    CHECK_OK(js_PullSubscribe(&sub, w->js, "s.a", "C", NULL, sub_options(false), &w->code));
    garbage_answer(w, headers, body, len);
    s = natsSubscription_Fetch(&list, sub, 1, 2 * WAIT_MS, &w->code);
    w->gave = s != NATS_OK && list.Count != 0;
    for (i = 0; i < list.Count; i++) {
        jsMsgMetaData *meta = NULL;

        CHECK(natsMsg_GetMetaData(&meta, list.Msgs[i]) != NATS_OK && meta == NULL);
        CHECK(natsMsg_Ack(list.Msgs[i], NULL) != NATS_OK);
    }
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(sub);
    return s;
}

GIVES(kv_bind, kvStore, kvStore_Destroy, js_KeyValue(&out, w->js, "B"))
GIVES(kv_create, kvStore, kvStore_Destroy, js_CreateKeyValue(&out, w->js, kv_cfg()))
GIVES(kv_update, kvStore, kvStore_Destroy, js_UpdateKeyValue(&out, w->js, kv_cfg(), NULL))
GIVES(kv_put_bucket, kvStore, kvStore_Destroy, js_CreateOrUpdateKeyValue(&out, w->js, kv_cfg(), NULL))
SAYS(kv_delete_bucket, js_DeleteKeyValue(w->js, "B"))
GIVES_LIST(kv_names, kvKeysList, kvKeysList_Destroy, js_KeyValueNames(&out, w->js))
GIVES(kv_get, kvEntry, kvEntry_Destroy, kvStore_Get(&out, w->kv, "k"))
GIVES(kv_get_revision, kvEntry, kvEntry_Destroy, kvStore_GetRevision(&out, w->kv, "k", 3))
GIVES_LIST(kv_get_many, kvEntryList, kvEntryList_Destroy, kvStore_GetMany(&out, w->kv, some_keys, 2))
SAYS(kv_put, kvStore_PutString(NULL, w->kv, "k", "v"))
SAYS(kv_make, kvStore_CreateString(NULL, w->kv, "k", "v"))
SAYS(kv_change, kvStore_UpdateString(NULL, w->kv, "k", "v", 7))
SAYS(kv_delete, kvStore_Delete(w->kv, "k"))
SAYS(kv_purge, kvStore_Purge(w->kv, "k", NULL))
SAYS(kv_purge_deletes, kvStore_PurgeDeletes(w->kv, NULL))
GIVES_LIST(kv_keys, kvKeysList, kvKeysList_Destroy, kvStore_Keys(&out, w->kv, NULL))
GIVES_LIST(kv_history, kvEntryList, kvEntryList_Destroy, kvStore_History(&out, w->kv, "k", NULL))
GIVES(kv_status, kvStatus, kvStatus_Destroy, kvStore_Status(&out, w->kv))
GIVES(kv_watch, kvWatcher, kvWatcher_Destroy, kvStore_WatchAll(&out, w->kv, NULL))

GIVES(obs_bind, objStore, objStore_Destroy, js_ObjectStore(&out, w->js, "B"))
GIVES(obs_create, objStore, objStore_Destroy, js_CreateObjectStore(&out, w->js, obs_cfg()))
GIVES(obs_update, objStore, objStore_Destroy, js_UpdateObjectStore(&out, w->js, obs_cfg()))
SAYS(obs_delete_bucket, js_DeleteObjectStore(w->js, "B"))
GIVES(obs_names, objStoreNamesList, objStoreNamesList_Destroy, js_ObjectStoreNames(&out, w->js))
GIVES(obs_statuses, objStoreStatusesList, objStoreStatusesList_Destroy, js_ObjectStoreStatuses(&out, w->js))
GIVES(obs_status, objStoreStatus, objStoreStatus_Destroy, objStore_Status(&out, w->obs))
SAYS(obs_seal, objStore_Seal(w->obs))
GIVES(obs_info, objStoreInfo, objStoreInfo_Destroy, objStore_GetInfo(&out, w->obs, "o", NULL))
GIVES(obs_get, char, free, objStore_GetString(&out, w->obs, "o", NULL))
GIVES(obs_put, objStoreInfo, objStoreInfo_Destroy, objStore_PutString(&out, w->obs, "o", "x"))
SAYS(obs_delete, objStore_Delete(w->obs, "o"))
GIVES(obs_watch, objStoreWatcher, objStoreWatcher_Destroy, objStore_Watch(&out, w->obs, NULL))
GIVES(obs_list, objStoreInfoList, objStoreInfoList_Destroy, objStore_List(&out, w->obs, NULL))

#define CALL(name, kind)                                                                                     \
    { #name, name, kind }

static const struct call {
    const char *name;
    natsStatus (*run)(garbage *w);
    kind expects;
} calls[] = {
    CALL(account_info, READS),
    CALL(add_stream, READS),
    CALL(update_stream, READS),
    CALL(put_stream, READS),
    CALL(stream_info, READS),
    CALL(delete_stream, DOES),
    CALL(purge_stream, DOES),
    CALL(stream_of, READS),
    CALL(streams, READS),
    CALL(stream_names, READS),
    CALL(list_streams, READS),
    CALL(consumers, READS),
    CALL(consumer_names, READS),
    CALL(list_consumers, READS),
    CALL(add_consumer, READS),
    CALL(create_consumer, READS),
    CALL(update_consumer, READS),
    CALL(consumer_info, READS),
    CALL(delete_consumer, DOES),
    CALL(reset_consumer, READS),
    CALL(pause_consumer, READS),
    CALL(unpin_consumer, READS),
    CALL(get_msg, DOES),
    CALL(get_last_msg, DOES),
    CALL(delete_msg, DOES),
    CALL(erase_msg, DOES),
    CALL(direct_get, MSGS),
    CALL(direct_payload, ANYTHING),
    CALL(direct_batch, MSGS),
    CALL(direct_last, MSGS),
    CALL(get_counter, DOES),
    CALL(add_to_counter, DOES),
    CALL(publish, DOES),
    CALL(publish_async, READS), /* its result goes to a handler */
    CALL(batch_publish, DOES),
    CALL(subscribe, DOES),
    CALL(subscribe_by_subject, DOES),
    CALL(subscribe_sync, DOES),
    CALL(subscribe_ordered, DOES),
    CALL(pull_subscribe, DOES),
    CALL(pull_async, DOES),
    CALL(fetch, ANYTHING),
    CALL(kv_bind, DOES),
    CALL(kv_create, READS),
    CALL(kv_update, READS),
    CALL(kv_put_bucket, READS),
    CALL(kv_delete_bucket, DOES),
    CALL(kv_names, READS),
    CALL(kv_get, MSGS),
    CALL(kv_get_revision, MSGS),
    CALL(kv_get_many, MSGS),
    CALL(kv_put, DOES),
    CALL(kv_make, DOES),
    CALL(kv_change, DOES),
    CALL(kv_delete, DOES),
    CALL(kv_purge, DOES),
    CALL(kv_purge_deletes, DOES),
    CALL(kv_keys, DOES),
    CALL(kv_history, DOES),
    CALL(kv_status, READS),
    CALL(kv_watch, DOES),
    CALL(obs_bind, READS),
    CALL(obs_create, READS),
    CALL(obs_update, READS),
    CALL(obs_delete_bucket, DOES),
    CALL(obs_names, READS),
    CALL(obs_statuses, READS),
    CALL(obs_status, READS),
    CALL(obs_seal, READS),
    CALL(obs_info, DOES),
    CALL(obs_get, DOES),
    CALL(obs_put, DOES),
    CALL(obs_delete, DOES),
    CALL(obs_watch, DOES),
    CALL(obs_list, DOES),
};

static int failures;

static void complain(const char *call, const char *answer, const char *what, natsStatus s) {
    fprintf(stderr, "%s, answered %.60s: %s (%s; %s)\n", call, answer, what, natsStatus_GetText(s),
            nats_GetLastError(NULL));
    failures++;
}

void garbage_answer_all(garbage *w, const char *name, const char *headers, const char *body, int len,
                        bool json) {
    size_t i;

    for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        const struct call *c = &calls[i];
        int64_t began = now_ms();
        natsStatus told = NATS_OK, s;
        const char *text;

        garbage_answer(w, headers, body, len);
        w->gave = false;
        s = c->run(w);
        if (now_ms() - began > 4 * WAIT_MS + deadline_ms())
            complain(c->name, name, "took too long", s);
        if (w->gave)
            complain(c->name, name, "failed and gave something", s);
        if (s == NATS_OK) {
            if (c->expects == ANYTHING || (json && c->expects == READS))
                continue;
            /* What goes to a handler has only been sent; an empty answer to a publish is one. */
            if (c->run == publish_async || (c->run == publish && len == 0))
                continue;
            /* None of the keys exists. */
            if (c->run == kv_get_many && headers != NULL && strncmp(headers, "404", 3) == 0)
                continue;
            complain(c->name, name, "was taken for a success", s);
            continue;
        }
        /* An ordinary outcome has no words of its own. */
        if (s == NATS_NOT_FOUND)
            continue;
        text = nats_GetLastError(&told);
        if (text == NULL)
            text = "";
        if (told != s)
            complain(c->name, name, "has the words of another failure", s);
        if (strlen(text) > 1000)
            complain(c->name, name, "has endless words", s);
        if (text[0] == 0)
            complain(c->name, name, "has no words", s);
    }
}

void garbage_check_end(garbage *w) {
    garbage_end(w);
    CHECK_INT(failures, 0);
}
#endif
