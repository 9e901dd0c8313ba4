/*
 * The structures that programs linked with an older nats.c allocate themselves, as that version declares them.
 *
 * From one version of nats.c to the next these structures have grown, mostly at their ends. NATS_ABI selects the version:
 * 304 is nats.c 3.4, 310 is nats.c 3.10. LAST_x is the last field that structure x has in that version; all fields up to it
 * are where nats_rs.h has them, too. The structures in whose middle fields were added follow below as Then_x.
 *
 * Sizes and offsets are those of the headers that Debian 12, Ubuntu 24.04, Debian 13 and Ubuntu 26.04 have installed.
 */
#ifndef COMPAT_LAYOUTS_H
#define COMPAT_LAYOUTS_H

#include "nats_rs.h"

#define LAST_jsStreamSource Domain
#define LAST_jsStreamConfig ConsumerLimits
#define LAST_jsConsumerConfig PriorityGroupsLen
#define LAST_jsFetchRequest Heartbeat
#define LAST_jsOptionsPublishAsync StallWait
#define LAST_kvConfig SourcesLen
#define LAST_kvPurgeOptions DeleteMarkersOlderThan
#define LAST_kvWatchOptions UpdatesOnly
#define LAST_natsClientConfig ReplyThreadPoolMax

#if NATS_ABI == 304
#undef LAST_jsStreamSource
#define LAST_jsStreamSource External
#undef LAST_jsStreamConfig
#define LAST_jsStreamConfig DiscardNewPerSubject
#undef LAST_jsConsumerConfig
#define LAST_jsConsumerConfig MemoryStorage
#undef LAST_kvConfig
#define LAST_kvConfig RePublish
#undef LAST_kvWatchOptions
#define LAST_kvWatchOptions Timeout
#elif NATS_ABI == 307
#undef LAST_jsConsumerConfig
#define LAST_jsConsumerConfig Metadata
#undef LAST_kvWatchOptions
#define LAST_kvWatchOptions Timeout
#elif NATS_ABI == 310
#undef LAST_jsConsumerConfig
#define LAST_jsConsumerConfig PauseUntil
#elif NATS_ABI == 312
#undef LAST_jsStreamConfig
#define LAST_jsStreamConfig SubjectDeleteMarkerTTL
#undef LAST_jsFetchRequest
#define LAST_jsFetchRequest Group
#else
#error "NATS_ABI is not a version whose layouts are known"
#endif

/* Up to here the fields of a structure are the same. */
#define END_OF(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))
#define HEAD_OF(type) END_OF(type, LAST_##type)

/* The size that it has in that version. All of these structures have a pointer or a 64-bit integer in them. */
typedef union {
    int64_t integer;
    void *pointer;
} Word;
typedef struct {
    char first;
    Word word;
} Aligned;
#define ALIGNMENT offsetof(Aligned, word)
#define SIZE_OF(type) ((HEAD_OF(type) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

/* Room for such a structure inside of another one. */
#define THEN(type)                                                                                           \
    union {                                                                                                  \
        Word word;                                                                                           \
        char bytes[SIZE_OF(type)];                                                                           \
    }

#if NATS_ABI >= 312
typedef jsOptionsPullSubscribeAsync Then_jsOptionsPullSubscribeAsync;
#elif NATS_ABI >= 310
typedef struct {
    union {
        Word word;
        char bytes[END_OF(jsOptionsPullSubscribeAsync, Heartbeat)];
    } Head;
    int FetchSize;
    int KeepAhead;
    jsFetchNextHandler NextHandler;
    void *NextHandlerClosure;
} Then_jsOptionsPullSubscribeAsync;
#endif

typedef struct {
    const char *Prefix;
    const char *Domain;
    int64_t Wait;
    THEN(jsOptionsPublishAsync) PublishAsync;
#if NATS_ABI >= 310
    Then_jsOptionsPullSubscribeAsync PullSubscribeAsync;
#endif
    jsOptionsStream Stream;
} Then_jsOptions;

typedef struct {
    union {
        Word word;
        char bytes[END_OF(jsPubOptions, ExpectLastSubjectSeq)];
    } Head;
    bool ExpectNoMessage;
#if NATS_ABI >= 312
    int64_t MsgTTL;
#endif
} Then_jsPubOptions;

typedef struct {
    const char *Stream;
    const char *Consumer;
    const char *Queue;
    bool ManualAck;
    THEN(jsConsumerConfig) Config;
    bool Ordered;
} Then_jsSubOptions;

/* Services, which have grown between 3.7 and 3.10. */
#if NATS_ABI == 307
typedef struct {
    const char *Name;
    const char *Subject;
    natsMetadata Metadata;
    microRequestHandler Handler;
    void *State;
} Then_microEndpointConfig;

typedef struct {
    const char *Name;
    const char *Version;
    const char *Description;
    natsMetadata Metadata;
    Then_microEndpointConfig *Endpoint;
    microRequestHandler StatsHandler;
    microErrorHandler ErrHandler;
    microDoneHandler DoneHandler;
    void *State;
} Then_microServiceConfig;

typedef struct {
    const char *Name;
    const char *Subject;
    natsMetadata Metadata;
} Then_microEndpointInfo;

typedef struct {
    const char *Name;
    const char *Subject;
    int64_t NumRequests;
    int64_t NumErrors;
    int64_t ProcessingTimeSeconds;
    int64_t ProcessingTimeNanoseconds;
    int64_t AverageProcessingTimeNanoseconds;
    char LastErrorString[2048];
} Then_microEndpointStats;
#endif

/* What the compilers of 64-bit programs have for these sizes. */
#if defined(__LP64__)
#define SAME(size, a, b, c, d)                                                                               \
    _Static_assert((size) == (NATS_ABI == 304   ? (a)                                                        \
                              : NATS_ABI == 307 ? (b)                                                        \
                              : NATS_ABI == 310 ? (c)                                                        \
                                                : (d)),                                                      \
                   #size)
SAME(sizeof(Then_jsOptions), 112, 112, 192, 216);
SAME(sizeof(Then_jsPubOptions), 56, 56, 56, 64);
SAME(sizeof(Then_jsSubOptions), 264, 296, 304, 336);
SAME(SIZE_OF(jsStreamSource), 40, 48, 48, 48);
SAME(SIZE_OF(jsStreamConfig), 168, 232, 232, 248);
SAME(SIZE_OF(jsConsumerConfig), 224, 256, 264, 296);
SAME(SIZE_OF(jsFetchRequest), 40, 40, 40, 72);
SAME(SIZE_OF(kvConfig), 56, 80, 80, 80);
SAME(SIZE_OF(kvPurgeOptions), 16, 16, 16, 16);
SAME(SIZE_OF(kvWatchOptions), 16, 16, 24, 24);
SAME(SIZE_OF(natsClientConfig), 32, 32, 32, 32);
#undef SAME
#if NATS_ABI == 307
_Static_assert(sizeof(Then_microEndpointConfig) == 48, "microEndpointConfig");
_Static_assert(sizeof(Then_microServiceConfig) == 80, "microServiceConfig");
_Static_assert(sizeof(Then_microEndpointInfo) == 32, "microEndpointInfo");
_Static_assert(sizeof(Then_microEndpointStats) == 2104, "microEndpointStats");
#endif
#endif

#endif /* COMPAT_LAYOUTS_H */
