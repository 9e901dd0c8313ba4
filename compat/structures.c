/*
 * From that version's structures to the present ones, and back: for the Init functions, which must not write behind the
 * structure that a program of that version has.
 */
#include <string.h>

#include "functions.h"

/* Structures that have grown at their ends only. */
#define GROWN(type)                                                                                          \
    void now_##type(type *now, const void *then) {                                                           \
        (void)real.type##_Init(now);                                                                         \
        memcpy(now, then, HEAD_OF(type));                                                                    \
    }                                                                                                        \
    static void then_##type(void *then, const type *now) { memcpy(then, now, HEAD_OF(type)); }

GROWN(jsStreamSource)
GROWN(jsConsumerConfig)
GROWN(jsStreamConfig)
GROWN(jsFetchRequest)
GROWN(kvConfig)
GROWN(kvPurgeOptions)
GROWN(kvWatchOptions)

void now_natsClientConfig(natsClientConfig *now, const void *then) {
    memset(now, 0, sizeof *now);
    memcpy(now, then, HEAD_OF(natsClientConfig));
}

void now_jsOptions(jsOptions *now, const void *given) {
    const Then_jsOptions *then = given;
    (void)real.jsOptions_Init(now);
    now->Prefix = then->Prefix;
    now->Domain = then->Domain;
    now->Wait = then->Wait;
    memcpy(&now->PublishAsync, &then->PublishAsync, HEAD_OF(jsOptionsPublishAsync));
#if NATS_ABI >= 312
    now->PullSubscribeAsync = then->PullSubscribeAsync;
#elif NATS_ABI >= 310
    memcpy(&now->PullSubscribeAsync, &then->PullSubscribeAsync.Head, sizeof then->PullSubscribeAsync.Head);
    now->PullSubscribeAsync.FetchSize = then->PullSubscribeAsync.FetchSize;
    now->PullSubscribeAsync.KeepAhead = then->PullSubscribeAsync.KeepAhead;
    now->PullSubscribeAsync.NextHandler = then->PullSubscribeAsync.NextHandler;
    now->PullSubscribeAsync.NextHandlerClosure = then->PullSubscribeAsync.NextHandlerClosure;
#endif
    now->Stream = then->Stream;
}

static void then_jsOptions(void *given, const jsOptions *now) {
    Then_jsOptions *then = given;
    memset(then, 0, sizeof *then);
    then->Prefix = now->Prefix;
    then->Domain = now->Domain;
    then->Wait = now->Wait;
    memcpy(&then->PublishAsync, &now->PublishAsync, HEAD_OF(jsOptionsPublishAsync));
#if NATS_ABI >= 312
    then->PullSubscribeAsync = now->PullSubscribeAsync;
#elif NATS_ABI >= 310
    memcpy(&then->PullSubscribeAsync.Head, &now->PullSubscribeAsync, sizeof then->PullSubscribeAsync.Head);
    then->PullSubscribeAsync.FetchSize = now->PullSubscribeAsync.FetchSize;
    then->PullSubscribeAsync.KeepAhead = now->PullSubscribeAsync.KeepAhead;
    then->PullSubscribeAsync.NextHandler = now->PullSubscribeAsync.NextHandler;
    then->PullSubscribeAsync.NextHandlerClosure = now->PullSubscribeAsync.NextHandlerClosure;
#endif
    then->Stream = now->Stream;
}

void now_jsPubOptions(jsPubOptions *now, const void *given) {
    const Then_jsPubOptions *then = given;
    (void)real.jsPubOptions_Init(now);
    memcpy(now, &then->Head, sizeof then->Head);
    now->ExpectNoMessage = then->ExpectNoMessage;
#if NATS_ABI >= 312
    now->MsgTTL = then->MsgTTL;
#endif
}

static void then_jsPubOptions(void *given, const jsPubOptions *now) {
    Then_jsPubOptions *then = given;
    memset(then, 0, sizeof *then);
    memcpy(&then->Head, now, sizeof then->Head);
    then->ExpectNoMessage = now->ExpectNoMessage;
#if NATS_ABI >= 312
    then->MsgTTL = now->MsgTTL;
#endif
}

void now_jsSubOptions(jsSubOptions *now, const void *given) {
    const Then_jsSubOptions *then = given;
    (void)real.jsSubOptions_Init(now);
    now->Stream = then->Stream;
    now->Consumer = then->Consumer;
    now->Queue = then->Queue;
    now->ManualAck = then->ManualAck;
    memcpy(&now->Config, &then->Config, HEAD_OF(jsConsumerConfig));
    now->Ordered = then->Ordered;
}

static void then_jsSubOptions(void *given, const jsSubOptions *now) {
    Then_jsSubOptions *then = given;
    memset(then, 0, sizeof *then);
    then->Stream = now->Stream;
    then->Consumer = now->Consumer;
    then->Queue = now->Queue;
    then->ManualAck = now->ManualAck;
    memcpy(&then->Config, &now->Config, HEAD_OF(jsConsumerConfig));
    then->Ordered = now->Ordered;
}

#define INIT(type, argument)                                                                                 \
    EXPORT natsStatus type##_Init(type *argument) {                                                          \
        type now;                                                                                            \
        natsStatus s = real.type##_Init(argument != NULL ? &now : NULL);                                     \
        if (s == NATS_OK)                                                                                    \
            then_##type(argument, &now);                                                                     \
        return s;                                                                                            \
    }

INIT(jsOptions, opts)
INIT(jsStreamConfig, cfg)
INIT(jsStreamSource, source)
INIT(jsConsumerConfig, cc)
INIT(jsPubOptions, opts)
INIT(jsSubOptions, opts)
INIT(jsFetchRequest, request)
INIT(kvConfig, cfg)
INIT(kvPurgeOptions, opts)
INIT(kvWatchOptions, opts)
