/*
 * What the files of libnats.so.3.N share: the functions of libnats_rs that it hides by functions of the same name, and the
 * conversions of structures.
 */
#ifndef COMPAT_FUNCTIONS_H
#define COMPAT_FUNCTIONS_H

#include "layouts.h"

#define EXPORT __attribute__((visibility("default")))

#define FUNCTIONS(X)                                                                                         \
    X(jsOptions_Init)                                                                                        \
    X(jsStreamConfig_Init)                                                                                   \
    X(jsStreamSource_Init)                                                                                   \
    X(jsConsumerConfig_Init)                                                                                 \
    X(jsPubOptions_Init)                                                                                     \
    X(jsSubOptions_Init)                                                                                     \
    X(jsFetchRequest_Init)                                                                                   \
    X(kvConfig_Init)                                                                                         \
    X(kvPurgeOptions_Init)                                                                                   \
    X(kvWatchOptions_Init)                                                                                   \
    X(nats_OpenWithConfig)                                                                                   \
    X(natsConnection_JetStream)                                                                              \
    X(js_AddStream)                                                                                          \
    X(js_UpdateStream)                                                                                       \
    X(js_PurgeStream)                                                                                        \
    X(js_DeleteStream)                                                                                       \
    X(js_GetMsg)                                                                                             \
    X(js_GetLastMsg)                                                                                         \
    X(js_DirectGetMsg)                                                                                       \
    X(js_DeleteMsg)                                                                                          \
    X(js_EraseMsg)                                                                                           \
    X(js_GetStreamInfo)                                                                                      \
    X(js_Streams)                                                                                            \
    X(js_StreamNames)                                                                                        \
    X(js_AddConsumer)                                                                                        \
    X(js_UpdateConsumer)                                                                                     \
    X(js_GetConsumerInfo)                                                                                    \
    X(js_DeleteConsumer)                                                                                     \
    X(js_PauseConsumer)                                                                                      \
    X(js_Consumers)                                                                                          \
    X(js_ConsumerNames)                                                                                      \
    X(js_GetAccountInfo)                                                                                     \
    X(js_Publish)                                                                                            \
    X(js_PublishMsg)                                                                                         \
    X(js_PublishAsync)                                                                                       \
    X(js_PublishMsgAsync)                                                                                    \
    X(js_PublishAsyncComplete)                                                                               \
    X(js_Subscribe)                                                                                          \
    X(js_SubscribeMulti)                                                                                     \
    X(js_SubscribeSync)                                                                                      \
    X(js_SubscribeSyncMulti)                                                                                 \
    X(js_PullSubscribe)                                                                                      \
    X(js_PullSubscribeAsync)                                                                                 \
    X(natsSubscription_FetchRequest)                                                                         \
    X(js_UnpinConsumer)                                                                                      \
    X(natsSubscription_GetConsumerInfo)                                                                      \
    X(natsMsg_Ack)                                                                                           \
    X(natsMsg_AckSync)                                                                                       \
    X(natsMsg_Nak)                                                                                           \
    X(natsMsg_NakWithDelay)                                                                                  \
    X(natsMsg_InProgress)                                                                                    \
    X(natsMsg_Term)                                                                                          \
    X(js_CreateKeyValue)                                                                                     \
    X(kvStore_Purge)                                                                                         \
    X(kvStore_PurgeDeletes)                                                                                  \
    X(kvStore_Watch)                                                                                         \
    X(kvStore_WatchMulti)                                                                                    \
    X(kvStore_WatchAll)                                                                                      \
    X(kvStore_Keys)                                                                                          \
    X(kvStore_KeysWithFilters)                                                                               \
    X(kvStore_History)

#if NATS_ABI == 307
#define SERVICE_FUNCTIONS(X)                                                                                 \
    X(micro_AddService)                                                                                      \
    X(microService_AddEndpoint)                                                                              \
    X(microGroup_AddEndpoint)                                                                                \
    X(microService_AddGroup)                                                                                 \
    X(microGroup_AddGroup)                                                                                   \
    X(microService_GetInfo)                                                                                  \
    X(microServiceInfo_Destroy)                                                                              \
    X(microService_GetStats)                                                                                 \
    X(microServiceStats_Destroy)
#else
#define SERVICE_FUNCTIONS(X)
#endif

/* Those of libnats_rs, found before anything of the program runs that could call one. */
typedef struct {
#define DECLARE(name) __typeof__(&name) name;
    FUNCTIONS(DECLARE)
    SERVICE_FUNCTIONS(DECLARE)
#undef DECLARE
} Functions;
extern Functions real;

/* now_x makes the present structure x of that version's. */
void now_natsClientConfig(natsClientConfig *now, const void *then);
void now_jsOptions(jsOptions *now, const void *then);
void now_jsStreamConfig(jsStreamConfig *now, const void *then);
void now_jsStreamSource(jsStreamSource *now, const void *then);
void now_jsConsumerConfig(jsConsumerConfig *now, const void *then);
void now_jsPubOptions(jsPubOptions *now, const void *then);
void now_jsSubOptions(jsSubOptions *now, const void *then);
void now_jsFetchRequest(jsFetchRequest *now, const void *then);
void now_kvConfig(kvConfig *now, const void *then);
void now_kvPurgeOptions(kvPurgeOptions *now, const void *then);
void now_kvWatchOptions(kvWatchOptions *now, const void *then);

/* From here on the parameter is the present structure. */
#define GIVEN(type, parameter)                                                                               \
    type parameter##_now;                                                                                    \
    if (parameter != NULL) {                                                                                 \
        now_##type(&parameter##_now, parameter);                                                             \
        parameter = &parameter##_now;                                                                        \
    }

#endif /* COMPAT_FUNCTIONS_H */
