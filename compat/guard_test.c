/*
 * Calls a libnats.so.3.N as a program does that was linked with that version of nats.c: with structures of that version's
 * sizes. Each lies at the end of a page, and the page behind it cannot be touched: a function that writes or reads behind
 * a structure ends this program. Fields are set where that version has them, and their effect is asked for.
 *
 * usage: guard_test LIBRARY URL
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nats_rs.h"

/* Sizes of the structures, and offsets that differ, on 64-bit machines. */
typedef struct {
    int minor;
    size_t options, options_stream, pub, pub_no_message, sub, sub_ordered, source, stream, consumer, fetch,
        kv, purge, watch, client;
} Version;
static const Version VERSIONS[] = {
    {4, 112, 72, 56, 48, 264, 256, 40, 168, 224, 40, 56, 16, 16, 32},
    {7, 112, 72, 56, 48, 296, 288, 48, 232, 256, 40, 80, 16, 16, 32},
    {10, 192, 152, 56, 48, 304, 296, 48, 232, 264, 40, 80, 16, 24, 32},
    {12, 216, 176, 64, 48, 336, 328, 48, 248, 296, 72, 80, 16, 24, 32},
    {14, 224, 184, 128, 56, 336, 328, 48, 256, 296, 80, 88, 24, 56, 48},
};

static void *library;

static void *function(const char *name) {
    void *f = dlsym(library, name);
    if (f == NULL) {
        fprintf(stderr, "no %s: %s\n", name, dlerror());
        exit(1);
    }
    return f;
}
#define CALL(name) ((__typeof__(&name))function(#name))

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            natsStatus s = NATS_OK;                                                                          \
            const char *text = CALL(nats_GetLastError)(&s);                                                  \
            fprintf(stderr, "line %d: %s (%d, %s)\n", __LINE__, #condition, (int)s, text ? text : "");       \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* A structure of this size at the end of a page, filled with what no field may be. It is not released. */
static void *guarded(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) {
        perror("mmap");
        exit(1);
    }
    return memset(pages + page - size, 0xA5, size);
}

#define MADE(type, variable, size)                                                                           \
    type *variable = guarded(size);                                                                          \
    CHECK(CALL(type##_Init)(variable) == NATS_OK)

static void on_msg(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc, (void)sub, (void)closure;
    CALL(natsMsg_Destroy)(msg);
}

static uint64_t messages(jsCtx *js, const char *stream, jsOptions *opts) {
    jsStreamInfo *si = NULL;
    CHECK(CALL(js_GetStreamInfo)(&si, js, stream, opts, NULL) == NATS_OK);
    uint64_t n = si->State.Msgs;
    CALL(jsStreamInfo_Destroy)(si);
    return n;
}

static void streams(const Version *v, jsCtx *js) {
    MADE(jsOptions, opts, v->options);
    MADE(jsStreamConfig, cfg, v->stream);
    const char *subjects[] = {"orders.>"};
    jsStreamInfo *si = NULL;
    cfg->Name = "ORDERS";
    cfg->Subjects = subjects;
    cfg->SubjectsLen = 1;
    cfg->AllowDirect = true;
    CHECK(CALL(js_AddStream)(&si, js, cfg, opts, NULL) == NATS_OK);
    CHECK(strcmp(si->Config->Name, "ORDERS") == 0 && si->Config->AllowDirect);
    CALL(jsStreamInfo_Destroy)(si);
    cfg->Description = "updated";
    CHECK(CALL(js_UpdateStream)(&si, js, cfg, opts, NULL) == NATS_OK);
    CHECK(strcmp(si->Config->Description, "updated") == 0);
    CALL(jsStreamInfo_Destroy)(si);

    /* Sources and mirrors, which a configuration points at. */
    MADE(jsStreamConfig, copy, v->stream);
    MADE(jsStreamSource, first, v->source);
    MADE(jsStreamSource, mirror, v->source);
    jsStreamSource *sources[] = {first};
    first->Name = "ORDERS";
    first->FilterSubject = "orders.eu";
    copy->Name = "COPY";
    copy->Sources = sources;
    copy->SourcesLen = 1;
    CHECK(CALL(js_AddStream)(&si, js, copy, opts, NULL) == NATS_OK);
    CHECK(si->Config->SourcesLen == 1 && strcmp(si->Config->Sources[0]->FilterSubject, "orders.eu") == 0);
    CALL(jsStreamInfo_Destroy)(si);
    CHECK(CALL(jsStreamConfig_Init)(copy) == NATS_OK);
    mirror->Name = "ORDERS";
    copy->Name = "MIRROR";
    copy->Mirror = mirror;
    CHECK(CALL(js_AddStream)(&si, js, copy, NULL, NULL) == NATS_OK);
    CHECK(strcmp(si->Config->Mirror->Name, "ORDERS") == 0);
    CALL(jsStreamInfo_Destroy)(si);
}

static void publishing(const Version *v, jsCtx *js) {
    MADE(jsOptions, opts, v->options);
    MADE(jsPubOptions, pub, v->pub);
    jsPubAck *ack = NULL;
    jsErrCode code = 0;
    bool *no_message = (bool *)((char *)pub + v->pub_no_message);
    *no_message = true;
    CHECK(CALL(js_Publish)(&ack, js, "orders.eu", "1", 1, pub, &code) == NATS_OK && ack->Sequence == 1);
    CALL(jsPubAck_Destroy)(ack);
    /* The stream is not empty now. */
    CHECK(CALL(js_Publish)(NULL, js, "orders.eu", "2", 1, pub, &code) != NATS_OK &&
          code == JSStreamWrongLastSequenceErr);
    *no_message = false;
    pub->MsgId = "two";
    CHECK(CALL(js_Publish)(&ack, js, "orders.eu", "2", 1, pub, &code) == NATS_OK && !ack->Duplicate);
    CALL(jsPubAck_Destroy)(ack);
    CHECK(CALL(js_Publish)(&ack, js, "orders.eu", "2", 1, pub, &code) == NATS_OK && ack->Duplicate);
    CALL(jsPubAck_Destroy)(ack);
    CHECK(CALL(js_PublishAsync)(js, "orders.us", "3", 1, NULL) == NATS_OK);
    MADE(jsPubOptions, wait, v->pub);
    wait->MaxWait = 20000;
    CHECK(CALL(js_PublishAsyncComplete)(js, wait) == NATS_OK);
    CHECK(messages(js, "ORDERS", opts) == 3);

    /* The part of the options that lies behind those that have grown: a purge of one subject only. */
    ((jsOptionsStream *)((char *)opts + v->options_stream))->Purge.Subject = "orders.us";
    CHECK(CALL(js_PurgeStream)(js, "ORDERS", opts, NULL) == NATS_OK);
    CHECK(messages(js, "ORDERS", NULL) == 2);
}

static void consuming(const Version *v, jsCtx *js) {
    MADE(jsOptions, opts, v->options);
    MADE(jsConsumerConfig, cfg, v->consumer);
    jsConsumerInfo *ci = NULL;
    cfg->Durable = "worker";
    cfg->AckPolicy = js_AckExplicit;
    cfg->FilterSubject = "orders.eu";
    cfg->MemoryStorage = true;
    CHECK(CALL(js_AddConsumer)(&ci, js, "ORDERS", cfg, opts, NULL) == NATS_OK);
    CHECK(ci->NumPending == 2 && ci->Config->MemoryStorage);
    CALL(jsConsumerInfo_Destroy)(ci);

    natsSubscription *sub = NULL;
    natsMsgList list = {0};
    MADE(jsSubOptions, pull, v->sub);
    MADE(jsFetchRequest, request, v->fetch);
    pull->Stream = "ORDERS";
    pull->Consumer = "worker";
    pull->Config.MemoryStorage = true;
    request->Batch = 2;
    request->Expires = 5000000000;
    CHECK(CALL(js_PullSubscribe)(&sub, js, "orders.eu", "worker", opts, pull, NULL) == NATS_OK);
    CHECK(CALL(natsSubscription_FetchRequest)(&list, sub, request) == NATS_OK && list.Count == 2);
    MADE(jsOptions, ack, v->options);
    CHECK(CALL(natsMsg_AckSync)(list.Msgs[0], ack, NULL) == NATS_OK);
    CHECK(CALL(natsMsg_Ack)(list.Msgs[1], ack) == NATS_OK);
    CALL(natsMsgList_Destroy)(&list);
    CALL(natsSubscription_Destroy)(sub);

    /* Ordered is the last field, behind the configuration that has grown. */
    MADE(jsSubOptions, ordered, v->sub);
    *((bool *)ordered + v->sub_ordered) = true;
    CHECK(CALL(js_Subscribe)(&sub, js, "orders.>", on_msg, NULL, opts, ordered, NULL) == NATS_OK);
    CHECK(CALL(natsSubscription_GetConsumerInfo)(&ci, sub, opts, NULL) == NATS_OK);
    CHECK(ci->Config->FlowControl && ci->Config->AckPolicy == js_AckNone);
    CALL(jsConsumerInfo_Destroy)(ci);
    CALL(natsSubscription_Destroy)(sub);
}

static void buckets(const Version *v, jsCtx *js) {
    MADE(kvConfig, cfg, v->kv);
    MADE(kvWatchOptions, watch, v->watch);
    MADE(kvPurgeOptions, purge, v->purge);
    kvStore *kv = NULL;
    kvWatcher *watcher = NULL;
    kvEntry *entry = NULL;
    kvKeysList keys = {0};
    cfg->Bucket = "settings";
    cfg->History = 3;
    CHECK(CALL(js_CreateKeyValue)(&kv, js, cfg) == NATS_OK);
    CHECK(CALL(kvStore_PutString)(NULL, kv, "colour", "red") == NATS_OK);
    watch->MetaOnly = true;
    CHECK(CALL(kvStore_WatchAll)(&watcher, kv, watch) == NATS_OK);
    CHECK(CALL(kvWatcher_Next)(&entry, watcher, 10000) == NATS_OK && entry != NULL);
    CHECK(CALL(kvEntry_ValueLen)(entry) == 0); /* no values are sent */
    CALL(kvEntry_Destroy)(entry);
    CALL(kvWatcher_Destroy)(watcher);
    CHECK(CALL(kvStore_Keys)(&keys, kv, watch) == NATS_OK && keys.Count == 1);
    CALL(kvKeysList_Destroy)(&keys);
    CHECK(CALL(kvStore_Purge)(kv, "colour", purge) == NATS_OK);
    CHECK(CALL(kvStore_PurgeDeletes)(kv, purge) == NATS_OK);
    CALL(kvStore_Destroy)(kv);
}

static microError *on_request(microRequest *req) { return CALL(microRequest_Respond)(req, "pong", 4); }

/* nats.c 3.7 has no queue groups, and names a group by its prefix alone. 3.4 has no services. */
static void services(const Version *v, natsConnection *nc) {
    bool old = v->minor == 7;
    char *endpoint = memset(guarded(old ? 48 : 64), 0, old ? 48 : 64);
    char *config = memset(guarded(old ? 80 : 96), 0, old ? 80 : 96);
    microService *service = NULL;
    microGroup *group = NULL;
    microServiceInfo *info = NULL;
    microServiceStats *stats = NULL;
    natsMsg *reply = NULL;
    microGroupConfig group_config = {.Prefix = "inner"};
    ((microEndpointConfig *)endpoint)->Name = "ping";
    *(microRequestHandler *)(endpoint + (old ? 32 : 48)) = on_request;
    ((microServiceConfig *)config)->Name = "test";
    ((microServiceConfig *)config)->Version = "1.0.0";
    *(void **)(config + (old ? 40 : 56)) = endpoint;
    CHECK(CALL(micro_AddService)(&service, nc, (microServiceConfig *)config) == NULL);
    CHECK(CALL(microService_AddGroup)(&group, service, old ? (microGroupConfig *)"inner" : &group_config) ==
          NULL);
    CHECK(CALL(microGroup_AddEndpoint)(group, (microEndpointConfig *)endpoint) == NULL);
    CHECK(CALL(natsConnection_RequestString)(&reply, nc, "inner.ping", "?", 10000) == NATS_OK);
    CHECK(strcmp(CALL(natsMsg_GetData)(reply), "pong") == 0);
    CALL(natsMsg_Destroy)(reply);

    /* Both have the name and the subject first; the newest endpoint comes first. */
    CHECK(CALL(microService_GetInfo)(&info, service) == NULL && info->EndpointsLen == 2);
    microEndpointInfo *other = (void *)((char *)info->Endpoints + (old ? 32 : 40));
    CHECK(strcmp(info->Endpoints->Subject, "inner.ping") == 0 && strcmp(other->Subject, "ping") == 0);
    CALL(microServiceInfo_Destroy)(info);
    CHECK(CALL(microService_GetStats)(&stats, service) == NULL && stats->EndpointsLen == 2);
    microEndpointStats *idle = (void *)((char *)stats->Endpoints + (old ? 2104 : 2112));
    CHECK(*(int64_t *)((char *)stats->Endpoints + (old ? 16 : 24)) == 1 &&
          strcmp(idle->Subject, "ping") == 0);
    CALL(microServiceStats_Destroy)(stats);
    CHECK(CALL(microService_Destroy)(service) == NULL);
}

int main(int argc, char **argv) {
    int minor = 0;
    const char *name = argc == 3 ? strstr(argv[1], "libnats.so.3.") : NULL;
    if (name == NULL || sscanf(name, "libnats.so.3.%d", &minor) != 1) {
        fprintf(stderr, "usage: guard_test .../libnats.so.3.N URL\n");
        return 2;
    }
    const Version *v = NULL;
    for (size_t i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++)
        if (VERSIONS[i].minor == minor)
            v = &VERSIONS[i];
    library = v != NULL ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL) {
        fprintf(stderr, "%s: %s\n", argv[1], v != NULL ? dlerror() : "its structures are not in the table");
        return 1;
    }

    uint32_t number = 3u << 16 | (uint32_t)minor << 8;
    CHECK(CALL(nats_CheckCompatibilityImpl)(number, number, "3"));
    CHECK(minor == 14 || !CALL(nats_CheckCompatibilityImpl)(number + 256, number + 256, "3"));
    natsClientConfig *client = memset(guarded(v->client), 0, v->client);
    client->ThreadPoolMax = 4;
    CHECK(CALL(nats_OpenWithConfig)(client) == NATS_OK);

    natsConnection *nc = NULL;
    jsCtx *js = NULL;
    MADE(jsOptions, opts, v->options);
    opts->Wait = 10000;
    CHECK(CALL(natsConnection_ConnectTo)(&nc, argv[2]) == NATS_OK);
    CHECK(CALL(natsConnection_JetStream)(&js, nc, opts) == NATS_OK);
    streams(v, js);
    publishing(v, js);
    consuming(v, js);
    buckets(v, js);
    if (minor != 4)
        services(v, nc);
    CALL(jsCtx_Destroy)(js);
    CALL(natsConnection_Destroy)(nc);
    CALL(nats_Close)();
    printf("3.%d: structures of that version are neither written nor read behind their ends\n", minor);
    return 0;
}
