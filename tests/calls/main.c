/* Calls the exported functions in random order with random arguments, on several threads and in callbacks, against
 * a server with JetStream. Right is what does not end the process: there is no other outcome to check, except that
 * each call returns. Made for AddressSanitizer; without it, the C library's own checks of the heap are on.
 *
 * usage: calls SECONDS [SEED]
 *
 * The environment: CALLS_THREADS (3), CALLS_ONLY (only functions whose names begin like this), CALLS_NOT (none of
 * the functions named in this), CALLS_TRACE (each call on standard error, before it is made), CALLS_METRICS (what is
 * alive, each second), CALLS_DEBUGGER (gdb shows all threads when something is left or does not return), CALLS_HOLD
 * (then the process waits for a debugger). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "run.h"
#include "server.h"

enum {
    HANDLES_EACH = 12,
    OBJECTS_EACH = 48,
    THREADS = 1024,
    DEEPEST = 3,
    STUCK_SECONDS = 40,
    END_SECONDS = 20
};

int anything;
FILE *sink;

static char server_url[64];
static uint64_t seed;
static atomic_int over, threads;
static pthread_key_t place_key;
static atomic_ullong made;
static const char *only, *not_these;
static bool trace;
/* What is going on in each thread, for the one that watches and for the handler of signals. Threads of the library come
 * and go: a place is used again when its thread has ended. */
static struct {
    atomic_bool taken;
    _Atomic(const char *) name;
    atomic_llong since;
} now[THREADS];
static __thread int my_place, depth;
static __thread uint64_t state;

static int64_t seconds(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- Random numbers: splitmix64, begun from the seed and the order in which threads first ask. ------------- */

static void take_place(void) {
    int i;

    for (i = 0; atomic_exchange(&now[i].taken, true); i = (i + 1) % THREADS)
        ;
    my_place = i;
    pthread_setspecific(place_key, &now[i].taken);
}

static void leave_place(void *taken) { atomic_store((atomic_bool *)taken, false); }

static uint64_t next(void) {
    uint64_t z;

    if (state == 0) {
        take_place();
        state = seed + (uint64_t)atomic_fetch_add(&threads, 1) * 0x632be59bd9b4e019ull + 1;
    }
    z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

uint32_t pick(uint64_t n) { return n == 0 ? 0 : (uint32_t)(next() % n); }
bool one_in(uint32_t n) { return next() % n == 0; }

/* ---- Objects --------------------------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *handles[SLOT_KINDS][HANDLES_EACH];
static void *objects[KINDS][OBJECTS_EACH];

void *a_handle(int kind) {
    void *handle;

    if (one_in(40))
        return NULL;
    if (one_in(25))
        kind = (int)pick(SLOT_KINDS);
    pthread_mutex_lock(&lock);
    handle = handles[kind][pick(HANDLES_EACH)];
    pthread_mutex_unlock(&lock);
    return handle;
}

void keep(int kind, void *handle) {
    uint32_t place = pick(HANDLES_EACH);
    void *before;

    if (handle == NULL)
        return;
    pthread_mutex_lock(&lock);
    before = handles[kind][place];
    handles[kind][place] = handle;
    pthread_mutex_unlock(&lock);
    /* It may have ended long ago: then this is one more call with a stale handle. */
    if (before != NULL && before != handle)
        end_object(kind, before);
}

void *take(int kind) {
    void *object;
    uint32_t place = pick(OBJECTS_EACH), i;

    pthread_mutex_lock(&lock);
    for (i = 0, object = NULL; i < OBJECTS_EACH && object == NULL; i++) {
        object = objects[kind][(place + i) % OBJECTS_EACH];
        objects[kind][(place + i) % OBJECTS_EACH] = NULL;
    }
    pthread_mutex_unlock(&lock);
    return object;
}

void give(int kind, void *object) {
    uint32_t place = pick(OBJECTS_EACH);
    void *before;

    if (object == NULL)
        return;
    pthread_mutex_lock(&lock);
    before = objects[kind][place];
    objects[kind][place] = object;
    pthread_mutex_unlock(&lock);
    if (before != NULL)
        end_object(kind, before);
}

void *borrow(frame *f, int kind) {
    void *object;

    if (one_in(40) || f->borrowed_count == FRAME_OBJECTS)
        return NULL;
    object = take(kind);
    if (object == NULL)
        return NULL;
    f->borrowed[f->borrowed_count].kind = kind;
    f->borrowed[f->borrowed_count++].object = object;
    return object;
}

/* ---- Arguments ------------------------------------------------------------------------------------------- */

void *memory(frame *f, size_t size) {
    void *block;

    if (f->block_count == FRAME_BLOCKS)
        abort(); /* the generator asks for more than there is room for */
    block = calloc(1, size);
    f->blocks[f->block_count++] = block;
    return block;
}

static char *long_text(frame *f) {
    size_t n = 1 + pick(one_in(10) ? 70000 : 600);
    char *text = memory(f, n + 1);

    memset(text, one_in(2) ? 'a' : '.', n);
    return text;
}

const char *a_text(frame *f, int category) {
    static const char *const any[] = {"",
                                      " ",
                                      "a",
                                      "a b",
                                      "a.b",
                                      "*",
                                      ">",
                                      "a.>",
                                      "a..b",
                                      ".a",
                                      "a.",
                                      "$JS.API.INFO",
                                      "$SRV.PING",
                                      "_INBOX.x",
                                      "a\r\nPUB b 0\r\n",
                                      "%s%n%d",
                                      "\xff\xfe\x80",
                                      "\xc3",
                                      "\xf0\x9f\x98\x80",
                                      "1.0.0",
                                      "name",
                                      "0",
                                      "-1",
                                      "18446744073709551616",
                                      "{\"a\":1}",
                                      "100ms",
                                      "@every 1s",
                                      "Nats-Msg-Id",
                                      "+5",
                                      "k0",
                                      "b0",
                                      "s0",
                                      "c0"};
    static const char *const streams[] = {"s0", "s1", "KV_b0", "OBJ_o0", "none"};
    static const char *const consumers[] = {"c0", "c1", "c2", "none"};
    static const char *const buckets[] = {"b0", "o0", "b1", "o1"};
    static const char *const keys[] = {"k0", "k1", "k.2", "k.*", "k.>", ">", "k0"};
    static const char *const subjects[] = {"s0.a", "s0.b", "s0.>", "s1.a", "x", "x.*", "svc", "$KV.b0.k0"};
    static const char *const files[] = {"one", "two", "no/such/file", "."};
    const char *text;
    char *copy;

    if (one_in(30))
        return NULL;
    if (one_in(40))
        return long_text(f);
    if (one_in(8))
        category = (int)pick(TEXT_CATEGORIES);
#define OF(list) list[pick(sizeof(list) / sizeof(list[0]))]
    switch (category) {
    case TEXT_URL:
        text = one_in(4) ? "nats://127.0.0.1:1" : one_in(8) ? "tls://127.0.0.1:1,ws://[::1]:1/x" : server_url;
        break;
    case TEXT_FILE:
        text = OF(files);
        break;
    case TEXT_STREAM:
        text = OF(streams);
        break;
    case TEXT_CONSUMER:
        text = OF(consumers);
        break;
    case TEXT_BUCKET:
        text = OF(buckets);
        break;
    case TEXT_KEY:
        text = OF(keys);
        break;
    case TEXT_SUBJECT:
        text = OF(subjects);
        break;
    default:
        text = OF(any);
        break;
    }
    copy = memory(f, strlen(text) + 1);
    strcpy(copy, text);
    return copy;
}

const char **some_texts(frame *f, int category, int n) {
    const char **list = memory(f, (size_t)n * sizeof(char *));

    while (n-- > 0)
        list[n] = a_text(f, category);
    return list;
}

/* With a NUL behind: lengths of 0 stand for a text in some functions. */
void *some_bytes(frame *f, int n) {
    unsigned char *bytes = memory(f, (size_t)n + 1);
    int i;

    for (i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i < 64 ? next() : 7);
    return bytes;
}

int a_length(void) { return (int)(one_in(20) ? pick(200000) : one_in(4) ? 0 : pick(100)); }

int64_t a_time(void) {
    static const int64_t times[] = {1, 1, 2, 5, 10, 20, 20, 50, 0, -1};

    return times[pick(sizeof(times) / sizeof(times[0]))];
}

int64_t a_number(void) {
    switch (pick(6)) {
    case 0:
        return one_in(2) ? INT64_MAX : INT64_MIN;
    case 1:
        return (int64_t)next();
    case 2:
        return 1000000000ll * pick(20);
    default:
        return (int64_t)pick(5) - 1;
    }
}

int a_small_number(void) {
    if (one_in(10))
        return one_in(2) ? INT32_MAX : INT32_MIN;
    return (int)pick(one_in(4) ? 1000 : 5) - 1;
}

int an_enum(void) { return one_in(20) ? (int)next() : (int)pick(8) - 1; }

void read_text(const char *text) {
    static _Atomic(size_t) sum;

    if (text != NULL)
        sum += strlen(text);
}

/* ---- Calls ----------------------------------------------------------------------------------------------- */

static void one(const one_call *call) {
    frame f;
    const char *outer;

    pick(1); /* a thread of the library gets its place */
    outer = atomic_load(&now[my_place].name);
    if (atomic_load(&over))
        return;
    if (not_these != NULL && strstr(not_these, call->name) != NULL)
        return;
    f.block_count = 0;
    f.borrowed_count = 0;
    atomic_store(&now[my_place].since, seconds());
    atomic_store(&now[my_place].name, call->name);
    if (trace)
        fprintf(stderr, "%d %s\n", my_place, call->name);
    depth++;
    call->run(&f);
    depth--;
    atomic_store(&now[my_place].since, seconds());
    atomic_store(&now[my_place].name, outer);
    while (f.borrowed_count > 0) {
        f.borrowed_count--;
        give(f.borrowed[f.borrowed_count].kind, f.borrowed[f.borrowed_count].object);
    }
    while (f.block_count > 0)
        free(f.blocks[--f.block_count]);
    atomic_fetch_add(&made, 1);
}

void call_matching(const char *prefix) {
    size_t length = strlen(prefix);
    int i, start = (int)pick((uint64_t)call_count);

    for (i = 0; i < call_count; i++) {
        const one_call *call = &calls[(start + i) % call_count];

        if (strncmp(call->name, prefix, length) == 0) {
            one(call);
            return;
        }
    }
}

static void any_call(void) {
    if (only != NULL)
        call_matching(only);
    else
        one(&calls[pick((uint64_t)call_count)]);
}

void nested_calls(void) {
    int n;

    if (depth >= DEEPEST || atomic_load(&over) || one_in(2))
        return;
    depth++;
    for (n = 1 + (int)pick(2); n > 0; n--)
        any_call();
    depth--;
}

/* Handles that work, as a correct program makes them: among random arguments alone few would come about. */
static void make_good(void) {
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    jsCtx *js = NULL;
    jsOptions jo;
    jsStreamConfig sc;
    kvConfig kc;
    kvStore *kv = NULL;
    kvWatcher *watcher = NULL;
    kvWatchOptions wo;
    objStoreConfig oc;
    objStore *obs = NULL;
    objStorePut *put = NULL;
    objStoreGet *get = NULL;
    objStoreMeta meta;
    microServiceConfig mc;
    microEndpointConfig ec;
    microGroupConfig gc;
    microService *service = NULL;
    microGroup *group = NULL;
    microClient *client = NULL;
    jsAtomicBatchCtx *batch = NULL;
    jsFastBatchCtx *fast = NULL;
    jsStreamInfo *si = NULL;
    const char *stream_subjects[] = {"s0.>"};

    if (natsMsg_Create(&msg, "s0.a", "x", "data", 4) == NATS_OK)
        give(KIND_natsMsg, msg);
    if (natsOptions_Create(&opts) != NATS_OK)
        return;
    (void)natsOptions_SetURL(opts, server_url);
    (void)natsOptions_SetTimeout(opts, 2000);
    if (one_in(5)) /* then callbacks run where natsConnection_Dispatch is called */
        (void)natsOptions_SetManualDispatch(opts, true);
    (void)natsOptions_SetReconnectWait(opts, 5);
    (void)natsOptions_SetErrorHandler(opts, on_natsErrHandler, NULL);
    (void)natsOptions_SetClosedCB(opts, on_natsConnectionHandler, NULL);
    (void)natsOptions_SetDisconnectedCB(opts, on_natsConnectionHandler, NULL);
    (void)natsOptions_SetReconnectedCB(opts, on_natsConnectionHandler, NULL);
    if (natsConnection_Connect(&nc, opts) != NATS_OK) {
        natsOptions_Destroy(opts);
        return;
    }
    keep(KIND_natsOptions, opts);
    if (natsConnection_Subscribe(&sub, nc, one_in(2) ? "x" : "s0.>", on_natsMsgHandler, NULL) == NATS_OK)
        keep(KIND_natsSubscription, sub);
    sub = NULL;
    if (natsConnection_SubscribeSync(&sub, nc, "x.*") == NATS_OK)
        keep(KIND_natsSubscription, sub);
    jsOptions_Init(&jo);
    jo.Wait = 200;
    jo.PublishAsync.AckHandler = one_in(2) ? on_jsPubAckHandler : NULL;
    jo.PublishAsync.ErrHandler = on_jsPubAckErrHandler;
    jo.PublishAsync.StallWait = 20;
    if (natsConnection_JetStream(&js, nc, &jo) == NATS_OK) {
        jsStreamConfig_Init(&sc);
        sc.Name = "s0";
        sc.Subjects = stream_subjects;
        sc.SubjectsLen = 1;
        sc.Storage = js_MemoryStorage;
        sc.MaxMsgs = 1000;
        sc.AllowDirect = true;
        sc.AllowAtomic = true;
        sc.AllowBatched = true;
        if (js_AddStream(&si, js, &sc, NULL, NULL) == NATS_OK)
            give(KIND_jsStreamInfo, si);
        sub = NULL;
        if (js_Subscribe(&sub, js, "s0.>", on_natsMsgHandler, NULL, NULL, NULL, NULL) == NATS_OK)
            keep(KIND_natsSubscription, sub);
        sub = NULL;
        if (js_PullSubscribe(&sub, js, "s0.a", "c0", NULL, NULL, NULL) == NATS_OK)
            keep(KIND_natsSubscription, sub);
        kvConfig_Init(&kc);
        kc.Bucket = "b0";
        kc.History = 5;
        kc.StorageType = js_MemoryStorage;
        if (js_CreateKeyValue(&kv, js, &kc) == NATS_OK || js_KeyValue(&kv, js, "b0") == NATS_OK) {
            (void)kvStore_PutString(NULL, kv, "k0", "value");
            kvWatchOptions_Init(&wo);
            if (one_in(2))
                wo.Callback = on_kvWatchCb;
            if (kvStore_WatchAll(&watcher, kv, &wo) == NATS_OK)
                keep(KIND_kvWatcher, watcher);
            keep(KIND_kvStore, kv);
        }
        objStoreConfig_Init(&oc);
        oc.Bucket = "o0";
        oc.Storage = js_MemoryStorage;
        if (js_CreateObjectStore(&obs, js, &oc) == NATS_OK || js_ObjectStore(&obs, js, "o0") == NATS_OK) {
            (void)objStore_PutString(NULL, obs, "name", "an object");
            objStoreMeta_Init(&meta);
            meta.Name = "k0";
            if (objStore_Put(&put, obs, &meta) == NATS_OK)
                keep(KIND_objStorePut, put);
            if (objStore_Get(&get, obs, "name", NULL) == NATS_OK)
                keep(KIND_objStoreGet, get);
            keep(KIND_objStore, obs);
        }
        if (js_FastPublishStart(&fast, js, NULL) == NATS_OK)
            keep(KIND_jsFastBatchCtx, fast);
        msg = NULL;
        if (natsMsg_Create(&msg, "s0.b", NULL, "first", 5) == NATS_OK &&
            (js_BatchPublishStart(&batch, NULL, js, msg, NULL, NULL) == NATS_OK || batch != NULL))
            keep(KIND_jsAtomicBatchCtx, batch); /* there is one to release also where the server refused it */
        give(KIND_natsMsg, msg);
        keep(KIND_jsCtx, js);
    }
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
        (void)natsConnection_PublishRequestString(nc, "svc", "x.reply", "a request");
    }
    give(KIND_microError, micro_NewClient(&client, nc, NULL));
    keep(KIND_microClient, client);
    keep(KIND_natsConnection, nc);
}

static void *caller(void *arg) {
    (void)arg;
    while (!atomic_load(&over)) {
        if (one_in(100))
            make_good();
        if (one_in(50))
            call_matching("natsConnection_Dispatch");
        any_call();
    }
    return NULL;
}

/* ---- The run --------------------------------------------------------------------------------------------- */

static void say(const char *text) {
    ssize_t n = write(2, text, strlen(text));

    (void)n;
}

static void what_was_going_on(void) {
    int i;

    say("\nin these calls:");
    for (i = 0; i < THREADS; i++) {
        const char *name = atomic_load(&now[i].name);

        if (name != NULL) {
            say(" ");
            say(name);
        }
    }
    say("\n");
}

/* With CALLS_DEBUGGER the debugger is run on this process; with CALLS_HOLD the process waits for one. */
static void stop_for_debugger(void) {
    char command[256];

    if (getenv("CALLS_DEBUGGER") != NULL) {
        snprintf(command, sizeof(command),
                 "gdb -p %d -batch -ex 'set pagination off' -ex 'thread apply all bt 40' 2>&1 | "
                 "grep -E '^(Thread|#[0-9])' >&2",
                 (int)getpid());
        if (system(command) != 0)
            fprintf(stderr, "there is no debugger\n");
    }
    if (getenv("CALLS_HOLD") != NULL)
        pause();
}

static bool something_is_going_on(void) {
    int i;

    for (i = 0; i < THREADS; i++)
        if (atomic_load(&now[i].name) != NULL)
            return true;
    return false;
}

/* Ends what a place of a table has. Returns 1 if there was something. */
static int end_place(int kind, void **place) {
    void *object;

    pthread_mutex_lock(&lock);
    object = *place;
    *place = NULL;
    pthread_mutex_unlock(&lock);
    if (object != NULL)
        end_object(kind, object);
    return object != NULL;
}

/* Returns how much there was to end: callbacks that are still to return, or to come, keep more. */
static int end_all(void) {
    int k, i, n = 0;

    for (k = 0; k < SLOT_KINDS; k++)
        for (i = 0; i < HANDLES_EACH; i++)
            n += end_place(k, &handles[k][i]);
    for (k = SLOT_KINDS; k < KINDS; k++)
        for (i = 0; i < OBJECTS_EACH; i++)
            n += end_place(k, &objects[k][i]);
    return n;
}

/* What is left, and how: a debugger shows where the threads wait. */
static int left(const char *text) {
    natsProcessMetrics m;

    (void)nats_GetProcessMetrics(&m, sizeof(m));
    fprintf(stderr, "%s: %llu connections, %llu subscriptions, %llu options, %llu threads\n", text,
            (unsigned long long)m.ConnectionHandles, (unsigned long long)m.SubscriptionHandles,
            (unsigned long long)m.OptionsHandles, (unsigned long long)m.Threads);
    what_was_going_on();
    stop_for_debugger();
    return 1;
}

static void on_signal(int number) {
    what_was_going_on();
    signal(number, SIG_DFL);
    raise(number);
}

static void *watch(void *arg) {
    int i;

    (void)arg;
    for (;;) {
        sleep(1);
        if (getenv("CALLS_METRICS") != NULL) {
            natsProcessMetrics m;

            (void)nats_GetProcessMetrics(&m, sizeof(m));
            fprintf(stderr, "%llu calls, %llu connections, %llu threads\n", (unsigned long long)made,
                    (unsigned long long)m.ConnectionHandles, (unsigned long long)m.Threads);
            what_was_going_on();
        }
        for (i = 0; i < THREADS; i++)
            if (atomic_load(&now[i].name) != NULL && seconds() - atomic_load(&now[i].since) > STUCK_SECONDS) {
                fprintf(stderr, "%s does not return\n", atomic_load(&now[i].name));
                what_was_going_on();
                stop_for_debugger();
                abort();
            }
    }
    return NULL;
}

int main(int argc, char **argv) {
    static server s;
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    pthread_t callers[16], watcher;
    int i, count = getenv("CALLS_THREADS") != NULL ? atoi(getenv("CALLS_THREADS")) : 3;
    int64_t length = argc > 1 ? atoll(argv[1]) : 30, start, start_of_end;
    natsProcessMetrics m = {0};

    if (count < 1 || count > 16) {
        fprintf(stderr, "CALLS_THREADS: 1 to 16\n");
        return 2;
    }
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) * 1000003 ^ (uint64_t)getpid();
    only = getenv("CALLS_ONLY");
    not_these = getenv("CALLS_NOT");
    trace = getenv("CALLS_TRACE") != NULL;
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    sink = fopen("/dev/null", "w");
    server_run_jetstream(&s);
    strcpy(server_url, s.url);
    for (i = 0; i < (int)(sizeof(fatal) / sizeof(fatal[0])); i++)
        if (getenv("CALLS_SANITIZED") == NULL) /* a sanitizer has handlers of its own */
            signal(fatal[i], on_signal);
    pthread_key_create(&place_key, leave_place);
    start = seconds();
    make_good();
    pthread_create(&watcher, NULL, watch, NULL);
    for (i = 0; i < count; i++)
        pthread_create(&callers[i], NULL, caller, NULL);
    while (seconds() - start < length)
        usleep(100000);
    atomic_store(&over, 1);
    for (i = 0; i < count; i++)
        pthread_join(callers[i], NULL);
    /* Callbacks may be in the middle of a call that makes something. */
    do
        usleep(100000);
    while (something_is_going_on());
    /* Callbacks that are still to come keep objects, so this is repeated until all connections are gone. */
    for (start_of_end = seconds(); seconds() - start_of_end < END_SECONDS;) {
        (void)end_all();
        (void)nats_GetProcessMetrics(&m, sizeof(m));
        if (m.ConnectionHandles + m.SubscriptionHandles + m.OptionsHandles == 0)
            break;
        usleep(20000);
    }
    if (m.ConnectionHandles + m.SubscriptionHandles + m.OptionsHandles > 0)
        return left("the library does not let go of everything");
    if (nats_CloseAndWait(1000 * END_SECONDS) != NATS_OK)
        return left("the library does not close");
    end_all();
    (void)nats_GetProcessMetrics(&m, sizeof(m));
    if (m.MessageMemory > m.UnusedMemory)
        printf("%llu bytes of messages are left\n", (unsigned long long)(m.MessageMemory - m.UnusedMemory));
    server_stop(&s);
    printf("%llu calls on %d threads in %lld s, %d threads in all made some\n", (unsigned long long)made,
           count, (long long)(seconds() - start), atomic_load(&threads));
    return 0;
}
