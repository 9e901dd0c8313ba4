/*
 * libnats.so.3.N for programs that were linked with nats.c 3.N and are not built again: the functions of libnats_rs that are
 * given a structure which has grown since then. Each one takes the structure as that version declares it, makes the
 * present one of it, and calls the function of the same name in libnats_rs. All other functions the dynamic linker finds
 * in libnats_rs itself, which this library needs.
 *
 * Without it, jsStreamConfig_Init and its siblings would write behind the structures on the stack of such a program, and
 * the other functions would read there. NATS_ABI is the version: see layouts.h.
 */
#include "functions.h"

/* A program is told whether the library fits its header: this one fits those of its version. */
EXPORT bool nats_CheckCompatibilityImpl(uint32_t required, uint32_t number, const char *text) {
    (void)required;
    (void)text;
    return number >> 8 == (uint32_t)(NATS_ABI / 100 << 8 | NATS_ABI % 100);
}

/* The mirror and the sources of a stream, which its configuration points at. */
typedef struct {
    jsStreamSource mirror;
    jsStreamSource *sources;
    jsStreamSource **list;
} Sources;

static natsStatus take_sources(Sources *sources, jsStreamConfig *cfg) {
    sources->sources = NULL;
    sources->list = NULL;
    if (SIZE_OF(jsStreamSource) == sizeof(jsStreamSource) || cfg == NULL)
        return NATS_OK;
    if (cfg->Mirror != NULL) {
        now_jsStreamSource(&sources->mirror, cfg->Mirror);
        cfg->Mirror = &sources->mirror;
    }
    if (cfg->Sources == NULL || cfg->SourcesLen <= 0)
        return NATS_OK;
    sources->sources = calloc((size_t)cfg->SourcesLen, sizeof *sources->sources);
    sources->list = calloc((size_t)cfg->SourcesLen, sizeof *sources->list);
    if (sources->sources == NULL || sources->list == NULL)
        return NATS_NO_MEMORY;
    for (int i = 0; i < cfg->SourcesLen; i++) {
        if (cfg->Sources[i] == NULL)
            continue;
        now_jsStreamSource(&sources->sources[i], cfg->Sources[i]);
        sources->list[i] = &sources->sources[i];
    }
    cfg->Sources = sources->list;
    return NATS_OK;
}

#define WITH_SOURCES(cfg, call)                                                                              \
    Sources sources;                                                                                         \
    natsStatus s = take_sources(&sources, cfg);                                                              \
    if (s == NATS_OK)                                                                                        \
        s = call;                                                                                            \
    free(sources.list);                                                                                      \
    free(sources.sources);                                                                                   \
    return s

EXPORT natsStatus nats_OpenWithConfig(natsClientConfig *config) {
    GIVEN(natsClientConfig, config);
    return real.nats_OpenWithConfig(config);
}

EXPORT natsStatus natsConnection_JetStream(jsCtx **js, natsConnection *nc, jsOptions *opts) {
    GIVEN(jsOptions, opts);
    return real.natsConnection_JetStream(js, nc, opts);
}

EXPORT natsStatus js_AddStream(jsStreamInfo **si, jsCtx *js, jsStreamConfig *cfg, jsOptions *opts,
                               jsErrCode *errCode) {
    GIVEN(jsStreamConfig, cfg);
    GIVEN(jsOptions, opts);
    WITH_SOURCES(cfg, real.js_AddStream(si, js, cfg, opts, errCode));
}

EXPORT natsStatus js_UpdateStream(jsStreamInfo **si, jsCtx *js, jsStreamConfig *cfg, jsOptions *opts,
                                  jsErrCode *errCode) {
    GIVEN(jsStreamConfig, cfg);
    GIVEN(jsOptions, opts);
    WITH_SOURCES(cfg, real.js_UpdateStream(si, js, cfg, opts, errCode));
}

EXPORT natsStatus js_PurgeStream(jsCtx *js, const char *stream, jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_PurgeStream(js, stream, opts, errCode);
}

EXPORT natsStatus js_DeleteStream(jsCtx *js, const char *stream, jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_DeleteStream(js, stream, opts, errCode);
}

EXPORT natsStatus js_GetMsg(natsMsg **msg, jsCtx *js, const char *stream, uint64_t seq, jsOptions *opts,
                            jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_GetMsg(msg, js, stream, seq, opts, errCode);
}

EXPORT natsStatus js_GetLastMsg(natsMsg **msg, jsCtx *js, const char *stream, const char *subject,
                                jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_GetLastMsg(msg, js, stream, subject, opts, errCode);
}

EXPORT natsStatus js_DirectGetMsg(natsMsg **msg, jsCtx *js, const char *stream, jsOptions *opts,
                                  jsDirectGetMsgOptions *dgOpts) {
    GIVEN(jsOptions, opts);
    return real.js_DirectGetMsg(msg, js, stream, opts, dgOpts);
}

EXPORT natsStatus js_DeleteMsg(jsCtx *js, const char *stream, uint64_t seq, jsOptions *opts,
                               jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_DeleteMsg(js, stream, seq, opts, errCode);
}

EXPORT natsStatus js_EraseMsg(jsCtx *js, const char *stream, uint64_t seq, jsOptions *opts,
                              jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_EraseMsg(js, stream, seq, opts, errCode);
}

EXPORT natsStatus js_GetStreamInfo(jsStreamInfo **si, jsCtx *js, const char *stream, jsOptions *opts,
                                   jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_GetStreamInfo(si, js, stream, opts, errCode);
}

EXPORT natsStatus js_Streams(jsStreamInfoList **list, jsCtx *js, jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_Streams(list, js, opts, errCode);
}

EXPORT natsStatus js_StreamNames(jsStreamNamesList **list, jsCtx *js, jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_StreamNames(list, js, opts, errCode);
}

EXPORT natsStatus js_AddConsumer(jsConsumerInfo **ci, jsCtx *js, const char *stream, jsConsumerConfig *cfg,
                                 jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsConsumerConfig, cfg);
    GIVEN(jsOptions, opts);
    return real.js_AddConsumer(ci, js, stream, cfg, opts, errCode);
}

EXPORT natsStatus js_UpdateConsumer(jsConsumerInfo **ci, jsCtx *js, const char *stream, jsConsumerConfig *cfg,
                                    jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsConsumerConfig, cfg);
    GIVEN(jsOptions, opts);
    return real.js_UpdateConsumer(ci, js, stream, cfg, opts, errCode);
}

EXPORT natsStatus js_GetConsumerInfo(jsConsumerInfo **ci, jsCtx *js, const char *stream, const char *consumer,
                                     jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_GetConsumerInfo(ci, js, stream, consumer, opts, errCode);
}

EXPORT natsStatus js_DeleteConsumer(jsCtx *js, const char *stream, const char *consumer, jsOptions *opts,
                                    jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_DeleteConsumer(js, stream, consumer, opts, errCode);
}

EXPORT natsStatus js_PauseConsumer(jsConsumerPauseResponse **new_cpr, jsCtx *js, const char *stream,
                                   const char *consumer, uint64_t pauseUntil, jsOptions *opts,
                                   jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_PauseConsumer(new_cpr, js, stream, consumer, pauseUntil, opts, errCode);
}

EXPORT natsStatus js_Consumers(jsConsumerInfoList **list, jsCtx *js, const char *stream, jsOptions *opts,
                               jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_Consumers(list, js, stream, opts, errCode);
}

EXPORT natsStatus js_ConsumerNames(jsConsumerNamesList **list, jsCtx *js, const char *stream, jsOptions *opts,
                                   jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_ConsumerNames(list, js, stream, opts, errCode);
}

EXPORT natsStatus js_GetAccountInfo(jsAccountInfo **ai, jsCtx *js, jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_GetAccountInfo(ai, js, opts, errCode);
}

EXPORT natsStatus js_Publish(jsPubAck **pubAck, jsCtx *js, const char *subj, const void *data, int dataLen,
                             jsPubOptions *opts, jsErrCode *errCode) {
    GIVEN(jsPubOptions, opts);
    return real.js_Publish(pubAck, js, subj, data, dataLen, opts, errCode);
}

EXPORT natsStatus js_PublishMsg(jsPubAck **pubAck, jsCtx *js, natsMsg *msg, jsPubOptions *opts,
                                jsErrCode *errCode) {
    GIVEN(jsPubOptions, opts);
    return real.js_PublishMsg(pubAck, js, msg, opts, errCode);
}

EXPORT natsStatus js_PublishAsync(jsCtx *js, const char *subj, const void *data, int dataLen,
                                  jsPubOptions *opts) {
    GIVEN(jsPubOptions, opts);
    return real.js_PublishAsync(js, subj, data, dataLen, opts);
}

EXPORT natsStatus js_PublishMsgAsync(jsCtx *js, natsMsg **msg, jsPubOptions *opts) {
    GIVEN(jsPubOptions, opts);
    return real.js_PublishMsgAsync(js, msg, opts);
}

EXPORT natsStatus js_PublishAsyncComplete(jsCtx *js, jsPubOptions *opts) {
    GIVEN(jsPubOptions, opts);
    return real.js_PublishAsyncComplete(js, opts);
}

EXPORT natsStatus js_Subscribe(natsSubscription **sub, jsCtx *js, const char *subject, natsMsgHandler cb,
                               void *cbClosure, jsOptions *opts, jsSubOptions *subOpts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    GIVEN(jsSubOptions, subOpts);
    return real.js_Subscribe(sub, js, subject, cb, cbClosure, opts, subOpts, errCode);
}

EXPORT natsStatus js_SubscribeMulti(natsSubscription **sub, jsCtx *js, const char **subjects, int numSubjects,
                                    natsMsgHandler cb, void *cbClosure, jsOptions *opts,
                                    jsSubOptions *subOpts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    GIVEN(jsSubOptions, subOpts);
    return real.js_SubscribeMulti(sub, js, subjects, numSubjects, cb, cbClosure, opts, subOpts, errCode);
}

EXPORT natsStatus js_SubscribeSync(natsSubscription **sub, jsCtx *js, const char *subject, jsOptions *opts,
                                   jsSubOptions *subOpts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    GIVEN(jsSubOptions, subOpts);
    return real.js_SubscribeSync(sub, js, subject, opts, subOpts, errCode);
}

EXPORT natsStatus js_SubscribeSyncMulti(natsSubscription **sub, jsCtx *js, const char **subjects,
                                        int numSubjects, jsOptions *opts, jsSubOptions *subOpts,
                                        jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    GIVEN(jsSubOptions, subOpts);
    return real.js_SubscribeSyncMulti(sub, js, subjects, numSubjects, opts, subOpts, errCode);
}

EXPORT natsStatus js_PullSubscribe(natsSubscription **sub, jsCtx *js, const char *subject,
                                   const char *durable, jsOptions *opts, jsSubOptions *subOpts,
                                   jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    GIVEN(jsSubOptions, subOpts);
    return real.js_PullSubscribe(sub, js, subject, durable, opts, subOpts, errCode);
}

EXPORT natsStatus js_PullSubscribeAsync(natsSubscription **sub, jsCtx *js, const char *subject,
                                        const char *durable, natsMsgHandler msgCB, void *msgCBClosure,
                                        jsOptions *jsOpts, jsSubOptions *subOpts, jsErrCode *errCode) {
    GIVEN(jsOptions, jsOpts);
    GIVEN(jsSubOptions, subOpts);
    return real.js_PullSubscribeAsync(sub, js, subject, durable, msgCB, msgCBClosure, jsOpts, subOpts,
                                      errCode);
}

EXPORT natsStatus natsSubscription_FetchRequest(natsMsgList *list, natsSubscription *sub,
                                                jsFetchRequest *request) {
    GIVEN(jsFetchRequest, request);
    return real.natsSubscription_FetchRequest(list, sub, request);
}

EXPORT natsStatus js_UnpinConsumer(jsCtx *js, const char *stream, const char *consumer, const char *group,
                                   jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.js_UnpinConsumer(js, stream, consumer, group, opts, errCode);
}

EXPORT natsStatus natsSubscription_GetConsumerInfo(jsConsumerInfo **ci, natsSubscription *sub,
                                                   jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.natsSubscription_GetConsumerInfo(ci, sub, opts, errCode);
}

EXPORT natsStatus natsMsg_Ack(natsMsg *msg, jsOptions *opts) {
    GIVEN(jsOptions, opts);
    return real.natsMsg_Ack(msg, opts);
}

EXPORT natsStatus natsMsg_AckSync(natsMsg *msg, jsOptions *opts, jsErrCode *errCode) {
    GIVEN(jsOptions, opts);
    return real.natsMsg_AckSync(msg, opts, errCode);
}

EXPORT natsStatus natsMsg_Nak(natsMsg *msg, jsOptions *opts) {
    GIVEN(jsOptions, opts);
    return real.natsMsg_Nak(msg, opts);
}

EXPORT natsStatus natsMsg_NakWithDelay(natsMsg *msg, int64_t delay, jsOptions *opts) {
    GIVEN(jsOptions, opts);
    return real.natsMsg_NakWithDelay(msg, delay, opts);
}

EXPORT natsStatus natsMsg_InProgress(natsMsg *msg, jsOptions *opts) {
    GIVEN(jsOptions, opts);
    return real.natsMsg_InProgress(msg, opts);
}

EXPORT natsStatus natsMsg_Term(natsMsg *msg, jsOptions *opts) {
    GIVEN(jsOptions, opts);
    return real.natsMsg_Term(msg, opts);
}

EXPORT natsStatus js_CreateKeyValue(kvStore **new_kv, jsCtx *js, kvConfig *cfg) {
    GIVEN(kvConfig, cfg);
    return real.js_CreateKeyValue(new_kv, js, cfg);
}

EXPORT natsStatus kvStore_Purge(kvStore *kv, const char *key, const kvPurgeOptions *opts) {
    GIVEN(kvPurgeOptions, opts);
    return real.kvStore_Purge(kv, key, opts);
}

EXPORT natsStatus kvStore_PurgeDeletes(kvStore *kv, const kvPurgeOptions *opts) {
    GIVEN(kvPurgeOptions, opts);
    return real.kvStore_PurgeDeletes(kv, opts);
}

EXPORT natsStatus kvStore_Watch(kvWatcher **new_watcher, kvStore *kv, const char *keys,
                                const kvWatchOptions *opts) {
    GIVEN(kvWatchOptions, opts);
    return real.kvStore_Watch(new_watcher, kv, keys, opts);
}

EXPORT natsStatus kvStore_WatchMulti(kvWatcher **new_watcher, kvStore *kv, const char **keys, int numKeys,
                                     const kvWatchOptions *opts) {
    GIVEN(kvWatchOptions, opts);
    return real.kvStore_WatchMulti(new_watcher, kv, keys, numKeys, opts);
}

EXPORT natsStatus kvStore_WatchAll(kvWatcher **new_watcher, kvStore *kv, const kvWatchOptions *opts) {
    GIVEN(kvWatchOptions, opts);
    return real.kvStore_WatchAll(new_watcher, kv, opts);
}

EXPORT natsStatus kvStore_Keys(kvKeysList *list, kvStore *kv, const kvWatchOptions *opts) {
    GIVEN(kvWatchOptions, opts);
    return real.kvStore_Keys(list, kv, opts);
}

EXPORT natsStatus kvStore_KeysWithFilters(kvKeysList *list, kvStore *kv, const char **filters, int numFilters,
                                          const kvWatchOptions *opts) {
    GIVEN(kvWatchOptions, opts);
    return real.kvStore_KeysWithFilters(list, kv, filters, numFilters, opts);
}

EXPORT natsStatus kvStore_History(kvEntryList *list, kvStore *kv, const char *key,
                                  const kvWatchOptions *opts) {
    GIVEN(kvWatchOptions, opts);
    return real.kvStore_History(list, kv, key, opts);
}
