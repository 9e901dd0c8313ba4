#include "load.h"

#include <time.h>

#define GET(x) __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define ADD(x) __atomic_add_fetch(&(x), 1, __ATOMIC_ACQ_REL)

enum { WAIT = LOAD_WAIT, ALLOWANCE = LOAD_ALLOWANCE };

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* With CHAOS_SLOW=N everything is published N times slower: for hours, in which what is counted must stay small. */
static long pace(long ms) {
    static int slow;

    if (slow == 0) {
        const char *text = getenv("CHAOS_SLOW");

        slow = text == NULL || atoi(text) < 1 ? 1 : atoi(text);
    }
    return ms * slow;
}

uint64_t load_number_of(const char *data, int length) {
    char text[24] = "";

    if (length <= 0 || length >= (int)sizeof(text))
        return UINT64_MAX;
    memcpy(text, data, (size_t)length);
    return strtoull(text, NULL, 10);
}

uint64_t load_number(natsMsg *msg) {
    return load_number_of(natsMsg_GetData(msg), natsMsg_GetDataLength(msg));
}

const char *load_error_text(natsStatus s) {
    const char *text = nats_GetLastError(NULL);

    if (s == NATS_OK)
        return NULL;
    return text == NULL ? natsStatus_GetText(s) : text;
}

/* Ends a call by its status. */
bool load_ended(caller *c, natsStatus s) {
    call_end(c, s == NATS_OK, load_error_text(s));
    return s == NATS_OK;
}

void load_pause(long ms) { pause_ms(pace(ms)); }

/* ---- core ----------------------------------------------------------------------------------------------------- */

/* A message is its number and as many further bytes as the number says: mostly few, sometimes more than a TLS record, a
 * frame of WebSocket or the library's buffers hold. */
enum { DIGITS = 20, MOST = 150 * 1000 };

static int size_of(uint64_t n) { return DIGITS + (int)(n % 101 == 0 ? n * 7919 % (MOST - DIGITS) : n % 64); }

static char filler(uint64_t n, int i) { return (char)(n * 131 + (uint64_t)i * 31 + ((uint64_t)i >> 8)); }

static void make_message(char *bytes, uint64_t n) {
    int i, size = size_of(n);
    char digits[DIGITS + 1];

    snprintf(digits, sizeof(digits), "%0*" PRIu64, DIGITS, n);
    memcpy(bytes, digits, DIGITS);
    for (i = DIGITS; i < size; i++)
        bytes[i] = filler(n, i);
}

static bool is_whole(const char *bytes, int length, uint64_t n) {
    int i;

    if (length != size_of(n))
        return false;
    for (i = DIGITS; i < length; i++)
        if (bytes[i] != filler(n, i))
            return false;
    return true;
}

static void *publish(void *closure) {
    load *l = closure;
    char subject[48], *bytes = malloc(MOST);

    if (bytes == NULL)
        abort();
    snprintf(subject, sizeof(subject), "chaos.core.%s", l->transport);
    while (!GET(l->stop_writing)) {
        int i;

        for (i = 0; i < 10; i++) {
            make_message(bytes, l->published);
            call_begin(l->publisher, "natsConnection_Publish", 5000 + ALLOWANCE);
            /* One that fails has a number too, which is then missing. */
            load_ended(l->publisher,
                       natsConnection_Publish(l->nc[PUBLISHER], subject, bytes, size_of(l->published)));
            ADD(l->published);
        }
        load_pause(10);
    }
    free(bytes);
    return NULL;
}

static void on_core(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    load *l = closure;
    const char *bytes = natsMsg_GetData(msg);
    int length = natsMsg_GetDataLength(msg);
    uint64_t n = length < DIGITS ? UINT64_MAX : load_number_of(bytes, DIGITS);

    (void)nc;
    (void)sub;
    if (n > GET(l->published) || !is_whole(bytes, length, n))
        ADD(l->core_wrong);
    else
        order_add(&l->core, n);
    natsMsg_Destroy(msg);
}

static void on_request(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)sub;
    (void)closure;
    natsConnection_Publish(nc, natsMsg_GetReply(msg), natsMsg_GetData(msg), natsMsg_GetDataLength(msg));
    natsMsg_Destroy(msg);
}

enum { TIMES = 4096 };
static pthread_mutex_t times_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t times[TIMES];
static int time_count;

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void load_latency(int64_t *median, int64_t *longest, int *count) {
    pthread_mutex_lock(&times_lock);
    *count = time_count;
    qsort(times, (size_t)time_count, sizeof(times[0]), by_size);
    *median = time_count == 0 ? 0 : times[time_count / 2];
    *longest = time_count == 0 ? 0 : times[time_count - 1];
    time_count = 0;
    pthread_mutex_unlock(&times_lock);
}

static void *request(void *closure) {
    load *l = closure;
    char subject[48], text[24];
    uint64_t n = 0;

    snprintf(subject, sizeof(subject), "chaos.ask.%s", l->transport);
    while (!GET(l->stop_writing)) {
        natsMsg *reply = NULL;
        int64_t began = nats_NowMonotonicInNanoSeconds();

        snprintf(text, sizeof(text), "%" PRIu64, n);
        call_begin(l->requester, "natsConnection_Request", WAIT + ALLOWANCE);
        if (load_ended(l->requester,
                       natsConnection_RequestString(&reply, l->nc[REQUESTER], subject, text, WAIT))) {
            if (load_number(reply) != n)
                ADD(l->wrong_replies);
            pthread_mutex_lock(&times_lock);
            if (time_count < TIMES)
                times[time_count++] = (nats_NowMonotonicInNanoSeconds() - began) / 1000;
            pthread_mutex_unlock(&times_lock);
            natsMsg_Destroy(reply);
        }
        n++;
        load_pause(5);
    }
    return NULL;
}

/* ---- streams -------------------------------------------------------------------------------------------------- */

jsCtx *load_context(load *l, enum role role) {
    jsCtx *js = NULL;
    jsOptions opts;

    jsOptions_Init(&opts);
    opts.Wait = WAIT;
    if (natsConnection_JetStream(&js, l->nc[role], &opts) != NATS_OK)
        abort();
    return js;
}

/* Each number is published until it is acknowledged, with an id by which the server finds those that it has. */
static void *stream_publish(void *closure) {
    load *l = closure;
    jsCtx *js = load_context(l, STREAM_PUBLISHER);
    uint64_t n = 0;

    while (!GET(l->stop_writing)) {
        char text[24], id[48];
        jsPubOptions opts;
        jsPubAck *ack = NULL;

        snprintf(text, sizeof(text), "%" PRIu64, n);
        snprintf(id, sizeof(id), "%s-%" PRIu64, l->transport, n);
        jsPubOptions_Init(&opts);
        opts.MaxWait = WAIT;
        opts.MsgId = id;
        call_begin(l->stream_publisher, "js_Publish", WAIT + ALLOWANCE);
        if (load_ended(l->stream_publisher,
                       js_Publish(&ack, js, l->subject, text, (int)strlen(text), &opts, NULL))) {
            pthread_mutex_lock(&l->lock);
            ledger_write(&l->acked, n, &ack->Sequence);
            l->acked_count = n + 1;
            l->ack_duplicates += ack->Duplicate;
            pthread_mutex_unlock(&l->lock);
            jsPubAck_Destroy(ack);
            n++;
        }
        load_pause(5);
    }
    jsCtx_Destroy(js);
    load_written(l);
    return NULL;
}

/* What is known of a number; call it with the lock. */
static unsigned char pulled_so_far(const load *l, uint64_t n) {
    unsigned char what;

    ledger_read(&l->pulled, n, &what);
    return what;
}

static void pulled(load *l, natsMsg *msg) {
    jsMsgMetaData *meta = NULL;
    uint64_t n = load_number(msg);
    unsigned char what;
    bool first;

    if (natsMsg_GetMetaData(&meta, msg) != NATS_OK) {
        ADD(l->objects_wrong);
        return;
    }
    first = meta->NumDelivered == 1;
    pthread_mutex_lock(&l->lock);
    what = pulled_so_far(l, n);
    l->pulled_count += what == 0;
    l->pulled_again += first && what != 0;
    l->acked_again += (what & CONFIRMED) != 0;
    l->redelivered += !first;
    what |= PULLED;
    ledger_write(&l->pulled, n, &what);
    pthread_mutex_unlock(&l->lock);
    jsMsgMetaData_Destroy(meta);
    call_begin(l->puller, "natsMsg_AckSync", WAIT + ALLOWANCE);
    if (load_ended(l->puller, natsMsg_AckSync(msg, NULL, NULL))) {
        pthread_mutex_lock(&l->lock);
        what = pulled_so_far(l, n) | CONFIRMED;
        ledger_write(&l->pulled, n, &what);
        pthread_mutex_unlock(&l->lock);
    }
}

static void *pull(void *closure) {
    load *l = closure;
    jsCtx *js = load_context(l, PULLER);
    natsSubscription *sub = NULL;
    jsSubOptions opts;

    jsSubOptions_Init(&opts);
    opts.Config.AckPolicy = js_AckExplicit;
    opts.Config.AckWait = 3 * INT64_C(1000000000);
    while (!GET(l->stop_reading)) {
        natsMsgList list = {NULL, 0};
        int i;

        if (sub == NULL) {
            call_begin(l->puller, "js_PullSubscribe", 4 * WAIT + ALLOWANCE);
            if (!load_ended(l->puller, js_PullSubscribe(&sub, js, l->subject, "puller", NULL, &opts, NULL))) {
                pause_ms(100);
                continue;
            }
        }
        call_begin(l->puller, "natsSubscription_Fetch", 1000 + ALLOWANCE);
        if (!load_ended(l->puller, natsSubscription_Fetch(&list, sub, 20, 1000, NULL)))
            pause_ms(20);
        for (i = 0; i < list.Count; i++)
            pulled(l, list.Msgs[i]);
        natsMsgList_Destroy(&list);
    }
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    return NULL;
}

/* The stream has every sequence, so each has to come once, in order, whatever happens. */
static void on_ordered(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    load *l = closure;
    jsMsgMetaData *meta = NULL;

    (void)nc;
    (void)sub;
    if (natsMsg_GetMetaData(&meta, msg) == NATS_OK) {
        uint64_t sequence = meta->Sequence.Stream;

        pthread_mutex_lock(&l->lock);
        l->ordered_received++;
        if (sequence < l->ordered_next)
            l->ordered_again++;
        else if (sequence > l->ordered_next)
            l->ordered_gaps += sequence - l->ordered_next;
        if (sequence >= l->ordered_next)
            l->ordered_next = sequence + 1;
        pthread_mutex_unlock(&l->lock);
        jsMsgMetaData_Destroy(meta);
    }
    natsMsg_Destroy(msg);
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

void load_prepare(load *l, const char *transport, jsCtx *js) {
    const char *subjects[1];
    jsStreamConfig stream;
    kvConfig bucket;
    objStoreConfig objects;
    kvStore *kv = NULL;
    objStore *store = NULL;
    char *object = malloc(OBJECT_SIZE);
    int i;

    memset(l, 0, sizeof(*l));
    l->transport = transport;
    l->ordered_next = 1;
    pthread_mutex_init(&l->lock, NULL);
    order_init(&l->core);
    ledger_open(&l->acked, sizeof(uint64_t));
    ledger_open(&l->pulled, 1);
    ledger_open(&l->async.outcomes, 1);
    snprintf(l->stream, sizeof(l->stream), "CHAOS_%s", transport);
    snprintf(l->subject, sizeof(l->subject), "chaos.stored.%s", transport);
    snprintf(l->bucket, sizeof(l->bucket), "chaos_%s", transport);
    snprintf(l->async.stream, sizeof(l->async.stream), "CHAOS_ASYNC_%s", transport);
    snprintf(l->async.subject, sizeof(l->async.subject), "chaos.async.%s", transport);
    pthread_mutex_init(&l->async.lock, NULL);

    CHECK(object != NULL);
    for (i = 0; i < OBJECT_SIZE; i++)
        object[i] = (char)load_byte(i);
    CHECK_OK(jsStreamConfig_Init(&stream));
    subjects[0] = l->subject;
    stream.Name = l->stream;
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Replicas = 3;
    CHECK_OK(js_AddStream(NULL, js, &stream, NULL, NULL));
    subjects[0] = l->async.subject;
    stream.Name = l->async.stream;
    CHECK_OK(js_AddStream(NULL, js, &stream, NULL, NULL));
    CHECK_OK(kvConfig_Init(&bucket));
    bucket.Bucket = l->bucket;
    bucket.Replicas = 3;
    CHECK_OK(js_CreateKeyValue(&kv, js, &bucket));
    kvStore_Destroy(kv);
    CHECK_OK(objStoreConfig_Init(&objects));
    objects.Bucket = l->bucket;
    objects.Replicas = 3;
    CHECK_OK(js_CreateObjectStore(&store, js, &objects));
    CHECK_OK(objStore_PutBytes(NULL, store, "object", object, OBJECT_SIZE));
    objStore_Destroy(store);
    free(object);
}

static void on_closed(natsConnection *nc, void *closure) {
    (void)nc;
    ADD(((load *)closure)->closed);
}

static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus s, void *closure) {
    (void)nc;
    (void)sub;
    if (s == NATS_SLOW_CONSUMER)
        ADD(((load *)closure)->slow);
}

static caller *make_caller(load *l, const char *name) {
    caller *c = &l->callers[l->caller_count++];

    caller_init(c, l->transport, name);
    return c;
}

static void start(load *l, void *(*run)(void *)) {
    CHECK(pthread_create(&l->threads[l->thread_count++], NULL, run, l) == 0);
}

void load_begin(load *l, natsOptions *opts, natsOptions *churn) {
    jsSubOptions ordered;
    jsCtx *js;
    char subject[48];
    int i;

    CHECK_OK(natsOptions_SetClosedCB(opts, on_closed, l));
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, l));
    for (i = 0; i < ROLES; i++)
        CHECK_OK(natsConnection_Connect(&l->nc[i], opts));
    snprintf(subject, sizeof(subject), "chaos.core.%s", l->transport);
    CHECK_OK(natsConnection_Subscribe(&l->subscriber, l->nc[SUBSCRIBER], subject, on_core, l));
    CHECK_OK(natsConnection_FlushTimeout(l->nc[SUBSCRIBER], 5000));
    snprintf(subject, sizeof(subject), "chaos.ask.%s", l->transport);
    CHECK_OK(natsConnection_Subscribe(&l->responder, l->nc[RESPONDER], subject, on_request, l));
    CHECK_OK(natsConnection_FlushTimeout(l->nc[RESPONDER], 5000));
    js = load_context(l, ORDERED);
    CHECK_OK(jsSubOptions_Init(&ordered));
    ordered.Ordered = true;
    CHECK_OK(js_Subscribe(&l->ordered, js, l->subject, on_ordered, l, NULL, &ordered, NULL));
    jsCtx_Destroy(js);

    l->publisher = make_caller(l, "publish");
    l->requester = make_caller(l, "request");
    l->stream_publisher = make_caller(l, "publish to stream");
    l->puller = make_caller(l, "pull");
    l->key_writer = make_caller(l, "put key");
    l->key_watcher = make_caller(l, "watch keys");
    l->object_reader = make_caller(l, "get object");
    l->async.caller = make_caller(l, "publish async");
    l->churn = make_caller(l, "come and go");
    /* The options of those that come and go; they outlive the call. */
    l->churn_options = churn;
    load_prepare_churn(churn);
    l->writing = 2; /* stream_publish, load_write_keys */
    start(l, publish);
    start(l, request);
    start(l, stream_publish);
    start(l, pull);
    start(l, load_write_keys);
    start(l, load_watch_keys);
    start(l, load_read_objects);
    start(l, load_async);
    start(l, load_churn);
}

uint64_t load_reconnects(const load *l) {
    natsStatistics *stats = NULL;
    uint64_t all = 0, n = 0;
    int i;

    CHECK_OK(natsStatistics_Create(&stats));
    for (i = 0; i < ROLES; i++) {
        if (natsConnection_GetStats(l->nc[i], stats) == NATS_OK &&
            natsStatistics_GetCounts(stats, NULL, NULL, NULL, NULL, &n) == NATS_OK)
            all += n;
    }
    natsStatistics_Destroy(stats);
    return all;
}

bool load_connected(const load *l) {
    int i;

    for (i = 0; i < ROLES; i++)
        if (natsConnection_Status(l->nc[i]) != NATS_CONN_STATUS_CONNECTED)
            return false;
    return true;
}

void load_written(load *l) { __atomic_sub_fetch(&l->writing, 1, __ATOMIC_ACQ_REL); }

bool load_writes(const load *l) { return GET(l->writing) > 0; }

void load_join(load *l) {
    while (l->thread_count > 0)
        pthread_join(l->threads[--l->thread_count], NULL);
}

bool load_end(load *l) {
    bool all = true;
    int i;

    natsSubscription_Destroy(l->subscriber);
    natsSubscription_Destroy(l->responder);
    natsSubscription_Destroy(l->ordered);
    for (i = 0; i < ROLES; i++)
        all = natsConnection_DestroyAndWait(l->nc[i], 10000) == NATS_OK && all;
    natsOptions_Destroy(l->churn_options);
    ledger_close(&l->async.outcomes);
    ledger_close(&l->acked);
    ledger_close(&l->pulled);
    return all;
}
