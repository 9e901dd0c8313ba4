/* The log: which lines are told, to whom, and when; and that no line has a secret. */
#include "callbacks.h"
#include "certs.h"
#include "children.h"
#include "server.h"
#include "test.h"
#include "tls.h"
#include <fcntl.h>
#include <sys/mman.h>

#define PASSWORD "pass-w0rd-of-nobody"
#define TOKEN "t0ken-of-nobody"

enum { TEXT_MAX = 256 * 1024 };

/* What a handler has received. */
typedef struct lines {
    pthread_mutex_t lock;
    char text[TEXT_MAX]; /* "target: text\n" of each line */
    size_t length;
    counter count;
    counter wrong; /* records that cannot be, calls that overlap */
    counter gate;  /* to be passed before a line is received, if closed */
    bool closed;   /* the gate */
    counter entered;
    int running;
    int highest;       /* level */
    uint64_t number;   /* of the last connection */
    int64_t last_time; /* of the last line */
} lines;

static void lines_init(lines *l) {
    memset(l, 0, sizeof(*l));
    pthread_mutex_init(&l->lock, NULL);
    counter_init(&l->count);
    counter_init(&l->wrong);
    counter_init(&l->gate);
    counter_init(&l->entered);
}

static void on_line(const natsLogRecord *record, void *arg) {
    lines *l = (lines *)arg;
    int n;

    if (__atomic_add_fetch(&l->running, 1, __ATOMIC_SEQ_CST) != 1)
        counter_add(&l->wrong, 1);
    counter_add(&l->entered, 1);
    if (__atomic_load_n(&l->closed, __ATOMIC_SEQ_CST))
        counter_wait(&l->gate, 1, deadline_ms());
    if (record->Level < NATS_LOG_ERROR || record->Level > NATS_LOG_TRACE ||
        strchr(record->Text, '\n') != NULL || record->Time < INT64_C(1700000000000000000))
        counter_add(&l->wrong, 1);
    pthread_mutex_lock(&l->lock);
    n = snprintf(l->text + l->length, TEXT_MAX - l->length, "%s: %s\n", record->Target, record->Text);
    if (n > 0 && l->length + (size_t)n < TEXT_MAX)
        l->length += (size_t)n;
    if ((int)record->Level > l->highest)
        l->highest = (int)record->Level;
    l->number = record->Connection;
    l->last_time = record->Time;
    pthread_mutex_unlock(&l->lock);
    __atomic_sub_fetch(&l->running, 1, __ATOMIC_SEQ_CST);
    counter_add(&l->count, 1);
}

static bool lines_have(lines *l, const char *what) {
    bool found;

    pthread_mutex_lock(&l->lock);
    l->text[l->length] = '\0';
    found = strstr(l->text, what) != NULL;
    pthread_mutex_unlock(&l->lock);
    return found;
}

/* Waits until a line contains this. */
static bool lines_get(lines *l, const char *what) {
    const int64_t until = now_ms() + deadline_ms();

    while (!lines_have(l, what)) {
        if (now_ms() > until) {
            fprintf(stderr, "no line with '%s' in:\n%s", what, l->text);
            return false;
        }
        poll_pause();
    }
    return true;
}

static void check_no_secret(const char *text) {
    CHECK(strstr(text, PASSWORD) == NULL);
    CHECK(strstr(text, TOKEN) == NULL);
}

static natsOptions *logged(const char *url, lines *l, natsLogLevel level) {
    static closure c;
    natsOptions *opts = options_recorded(url, &c);

    CHECK_OK(natsOptions_SetLogCB(opts, on_line, l, level));
    return opts;
}

static void levels_and_targets(void) {
    static lines all, info;
    natsConnection *nc = NULL, *quiet = NULL;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    uint64_t number;
    server s;

    lines_init(&all);
    lines_init(&info);
    server_run(&s);
    opts = logged(s.url, &all, NATS_LOG_TRACE);
    CHECK_STATUS(natsOptions_SetLogCB(NULL, on_line, &all, NATS_LOG_INFO), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetLogCB(opts, on_line, &all, (natsLogLevel)6), NATS_INVALID_ARG);
    CHECK_STATUS(nats_SetLogHandler(on_line, &all, (natsLogLevel)-1), NATS_INVALID_ARG);
    CHECK_OK(natsConnection_Connect(&nc, opts));
    number = natsConnection_GetNumber(nc);
    CHECK(number > 0);
    CHECK_OK(natsOptions_SetLogCB(opts, on_line, &info, NATS_LOG_INFO));
    CHECK_OK(natsConnection_Connect(&quiet, opts));
    natsOptions_Destroy(opts);
    CHECK(natsConnection_GetNumber(quiet) > number);
    CHECK_INT(natsConnection_GetNumber(NULL), 0);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "log.*"));
    CHECK_OK(natsConnection_PublishString(nc, "log.it", "payload"));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
    CHECK_OK(natsConnection_DestroyAndWait(quiet, deadline_ms()));
    CHECK(lines_have(&all, "connect: trying nats://127.0.0.1:"));
    CHECK(lines_have(&all, " accepted after "));
    CHECK(lines_have(&all, "connect: connected to nats://127.0.0.1:"));
    CHECK(lines_have(&all, "session: state: connecting -> connected"));
    CHECK(lines_have(&all, "protocol: <- INFO {"));
    CHECK(lines_have(&all, "protocol: -> CONNECT {"));
    CHECK(lines_have(&all, "subscribe: subscribing to 'log.*' as 1"));
    CHECK(lines_have(&all, "protocol: -> SUB log.* 1"));
    CHECK(lines_have(&all, "protocol: <- 1 MSG for 1, "));
    CHECK(lines_have(&all, "protocol: -> UNSUB 1"));
    CHECK(lines_have(&all, "subscribe: subscription on 'log.*' ended: Unsubscribed"));
    CHECK(lines_have(&all, "session: closed"));
    CHECK(!lines_have(&all, "payload\n"));
    CHECK_INT(all.highest, NATS_LOG_TRACE);
    CHECK_INT(all.number, number);
    /* The same, but less of it. */
    CHECK_INT(info.highest, NATS_LOG_INFO);
    CHECK(lines_have(&info, "connect: connected to nats://127.0.0.1:"));
    CHECK(lines_have(&info, "session: closed"));
    CHECK(!lines_have(&info, "state:"));
    CHECK_INT(counter_get(&all.wrong) + counter_get(&info.wrong), 0);
    server_stop(&s);
}

static void a_lost_server(void) {
    static lines l;
    natsSubscription *sub = NULL;
    natsConnection *nc;
    server s;

    lines_init(&l);
    server_run(&s);
    nc = test_connect(logged(s.url, &l, NATS_LOG_DEBUG));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "a"));
    server_kill(&s);
    CHECK(lines_get(&l, "session: lost 127.0.0.1:"));
    CHECK(lines_get(&l, "session: state: connected -> reconnecting"));
    CHECK(lines_get(&l, " failed: Connection refused"));
    CHECK(lines_get(&l, "connect: the next attempt is in "));
    server_restart(&s);
    CHECK(lines_get(&l, "session: the connection is restored"));
    CHECK(lines_get(&l, "subscribe: 1 subscriptions sent to the server"));
    CHECK_OK(natsConnection_Drain(nc));
    CHECK(lines_get(&l, "session: draining"));
    CHECK(lines_get(&l, "session: closed"));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    CHECK_INT(counter_get(&l.wrong), 0);
    server_stop(&s);
}

static void no_line_has_a_secret(void) {
    static const char *const confs[] = {
        "authorization { user: \"u\", password: \"" PASSWORD "\" }",
        "authorization { token: \"" TOKEN "\" }",
    };
    static lines l;
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[128];
    server s;
    int i, how;

    for (i = 0; i < 2; i++) {
        server_start(&s, confs[i], NULL);
        /* 0: in the URL; 1: by options; 2: the wrong server refuses them. */
        for (how = 0; how < 3; how++) {
            lines_init(&l);
            snprintf(url, sizeof(url), "nats://%s%s@127.0.0.1:%d", i == 0 ? (how == 2 ? "v:" : "u:") : "",
                     i == 0 ? PASSWORD : (how == 2 ? TOKEN "x" : TOKEN), s.port);
            opts = logged(how == 1 ? s.url : url, &l, NATS_LOG_TRACE);
            if (how == 1 && i == 0)
                CHECK_OK(natsOptions_SetUserInfo(opts, "u", PASSWORD));
            if (how == 1 && i == 1)
                CHECK_OK(natsOptions_SetToken(opts, TOKEN));
            if (how == 2) {
                CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
                CHECK(lines_have(&l, "protocol: <- -ERR 'Authorization Violation'"));
            } else {
                CHECK_OK(natsConnection_Connect(&nc, opts));
                CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
                nc = NULL;
            }
            natsOptions_Destroy(opts);
            CHECK(lines_have(&l, i == 0 ? "\"pass\":\"***\"" : "\"auth_token\":\"***\""));
            check_no_secret(l.text);
        }
        server_stop(&s);
    }
}

/* If connecting fails, the closure may be freed when the call has returned. */
static void a_failed_connect_has_told_everything(void) {
    lines *l = (lines *)malloc(sizeof(lines));
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[64];

    lines_init(l);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", free_port());
    opts = logged(url, l, NATS_LOG_DEBUG);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NO_SERVER);
    natsOptions_Destroy(opts);
    CHECK(lines_have(l, "Connection refused"));
    CHECK(lines_have(l, "session: state: disconnected -> closed"));
    free(l);
}

/* A handler that uses and destroys the connection that the line is about. */
typedef struct meddler {
    natsConnection *nc;
    counter done;
    counter wrong;
} meddler;

static void meddle(const natsLogRecord *record, void *arg) {
    meddler *m = (meddler *)arg;
    natsConnection *other = NULL;

    if (strstr(record->Text, "subscribing to 'trigger'") == NULL)
        return;
    if (nats_CloseAndWait(100) != NATS_ILLEGAL_STATE ||
        natsConnection_DestroyAndWait(m->nc, 100) != NATS_ILLEGAL_STATE ||
        natsConnection_PublishString(m->nc, "a", "b") != NATS_OK ||
        natsConnection_FlushTimeout(m->nc, 10000) != NATS_OK)
        counter_add(&m->wrong, 1);
    /* A connection that fails, with lines for this very thread. */
    if (natsConnection_ConnectTo(&other, "nats://127.0.0.1:1") == NATS_OK)
        counter_add(&m->wrong, 1);
    natsConnection_Destroy(m->nc);
    counter_add(&m->done, 1);
}

static void a_handler_may_destroy_the_connection(void) {
    natsSubscription *sub = NULL;
    static meddler m;
    static closure c;
    natsOptions *opts;
    int process;
    server s;

    server_run(&s);
    for (process = 0; process < 2; process++) {
        memset(&m, 0, sizeof(m));
        counter_init(&m.done);
        counter_init(&m.wrong);
        opts = options_recorded(s.url, &c);
        if (process)
            CHECK_OK(nats_SetLogHandler(meddle, &m, NATS_LOG_TRACE));
        else
            CHECK_OK(natsOptions_SetLogCB(opts, meddle, &m, NATS_LOG_TRACE));
        CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
        CHECK_OK(natsConnection_Connect(&m.nc, opts));
        natsOptions_Destroy(opts);
        CHECK_OK(natsConnection_SubscribeSync(&sub, m.nc, "trigger"));
        CHECK_REACHED(&m.done, 1);
        CHECK_INT(counter_get(&m.wrong), 0);
        natsSubscription_Destroy(sub);
        CHECK_REACHED(&c.released, 1);
        CHECK_OK(nats_SetLogHandler(NULL, NULL, NATS_LOG_OFF));
    }
    server_stop(&s);
}

static void *set_none(void *arg) {
    CHECK_OK(nats_SetLogHandler(NULL, NULL, NATS_LOG_INFO));
    counter_add((counter *)arg, 1);
    return NULL;
}

static void the_handler_of_the_process(void) {
    static lines l, own;
    static closure c;
    natsConnection *nc = NULL;
    natsOptions *opts;
    counter unset;
    pthread_t thread;
    int64_t before;
    server s;

    lines_init(&l);
    lines_init(&own);
    counter_init(&unset);
    server_run(&s);
    CHECK_OK(nats_SetLogHandler(NULL, NULL, NATS_LOG_OFF));
    nc = test_connect(options_recorded(s.url, &c));
    /* While connected. */
    CHECK_OK(nats_SetLogHandler(on_line, &l, NATS_LOG_TRACE));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK(lines_get(&l, "protocol: <- PONG"));
    CHECK(lines_get(&l, "protocol: -> PING"));
    CHECK_OK(nats_SetLogHandler(on_line, &l, NATS_LOG_OFF));
    before = counter_get(&l.count);
    CHECK_OK(natsConnection_Flush(nc));
    /* Both handlers: the process's only receives what it wants. */
    CHECK_OK(nats_SetLogHandler(on_line, &l, NATS_LOG_WARN));
    opts = logged(s.url, &own, NATS_LOG_TRACE);
    natsConnection_Destroy(nc);
    CHECK_OK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
    CHECK(lines_get(&own, "connect: connected to"));
    CHECK_INT(counter_get(&l.count), before);
    server_kill(&s);
    CHECK(lines_get(&l, "session: lost 127.0.0.1:"));
    CHECK(lines_get(&own, "session: lost 127.0.0.1:"));
    server_restart(&s);
    CHECK(lines_get(&own, "restored"));
    /* Taking the handler away waits for its call to return. */
    __atomic_store_n(&l.closed, true, __ATOMIC_SEQ_CST);
    before = counter_get(&l.entered);
    CHECK_OK(nats_SetLogHandler(on_line, &l, NATS_LOG_TRACE));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_REACHED(&l.entered, before + 1);
    CHECK(pthread_create(&thread, NULL, set_none, &unset) == 0);
    CHECK(!counter_wait(&unset, 1, 100));
    counter_set(&l.gate, 1);
    CHECK_REACHED(&unset, 1);
    pthread_join(thread, NULL);
    before = counter_get(&l.count);
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
    CHECK_INT(counter_get(&l.count), before);
    CHECK_INT(counter_get(&l.wrong) + counter_get(&own.wrong), 0);
    server_stop(&s);
}

static void lines_that_nobody_takes_are_counted(void) {
    static lines l;
    natsConnection *nc;
    server s;
    int i;

    lines_init(&l);
    server_run(&s);
    __atomic_store_n(&l.closed, true, __ATOMIC_SEQ_CST);
    nc = test_connect(logged(s.url, &l, NATS_LOG_TRACE));
    for (i = 0; i < 5000; i++)
        CHECK_OK(natsConnection_Flush(nc));
    __atomic_store_n(&l.closed, false, __ATOMIC_SEQ_CST);
    counter_set(&l.gate, 1);
    CHECK_REACHED(&l.count, 8192);
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
    CHECK(counter_get(&l.count) < 10000);
    CHECK(lines_have(&l, "library: "));
    CHECK(lines_have(&l, " lines are missing here: the log handlers did not keep up"));
    CHECK_INT(counter_get(&l.wrong), 0);
    server_stop(&s);
}

static void slow_consumers_and_errors(void) {
    static lines l;
    natsSubscription *sub = NULL;
    natsConnection *nc;
    server s;
    int i;

    lines_init(&l);
    server_start(
        &s, "authorization { users: [{ user: u, password: p, permissions: { publish: { deny: \"no\" } } }] }",
        NULL);
    {
        natsOptions *opts = logged(s.url, &l, NATS_LOG_WARN);

        CHECK_OK(natsOptions_SetUserInfo(opts, "u", "p"));
        nc = test_connect(opts);
    }
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "slow"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 2, -1));
    for (i = 0; i < 5; i++)
        CHECK_OK(natsConnection_PublishString(nc, "slow", "x"));
    CHECK_OK(natsConnection_PublishString(nc, "no", "x"));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK(lines_get(&l, "subscribe: slow consumer on 'slow': limit 2 messages"));
    CHECK(lines_get(&l, "session: Permissions Violation for Publish to"));
    CHECK_INT(l.highest, NATS_LOG_WARN);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void which_tls_is_used(void) {
    static lines l;
    natsOptions *opts;
    server s;

    lines_init(&l);
    tls_start(&s, "server", false);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetLogCB(opts, on_line, &l, NATS_LOG_DEBUG));
    tls_works(opts);
    CHECK(lines_get(&l, "tls: TLSv1_3 with TLS13_"));
    CHECK(lines_get(&l, "; certificate of 'CN=server' by 'CN=Test ca'"));
    server_stop(&s);
}

/* JetStream, stores and services: what they do by themselves, above all a consumer that is made again. */
static void what_stands_on_connections(void) {
    static lines l;
    microService *service = NULL;
    microServiceConfig micro;
    objStoreInfo *info = NULL;
    objStoreConfig obj;
    natsSubscription *pull = NULL;
    natsMsgList list = {NULL, 0};
    kvWatcher *watcher = NULL;
    objStore *objects = NULL;
    natsConnection *nc;
    jsSubOptions options;
    kvStore *kv = NULL;
    jsCtx *js = NULL;
    kvConfig config;
    server s;

    lines_init(&l);
    server_run_jetstream(&s);
    nc = test_connect(logged(s.url, &l, NATS_LOG_DEBUG));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(kvConfig_Init(&config));
    config.Bucket = "b";
    CHECK_OK(js_CreateKeyValue(&kv, js, &config));
    CHECK_OK(kvStore_WatchAll(&watcher, kv, NULL));
    CHECK(lines_get(&l, "kv: watching 1 patterns of bucket 'b'"));
    CHECK_OK(kvStore_PutString(NULL, kv, "k", "v"));
    CHECK_OK(jsSubOptions_Init(&options));
    options.Stream = "KV_b";
    CHECK_OK(js_PullSubscribe(&pull, js, "$KV.b.>", NULL, NULL, &options, NULL));
    CHECK_OK(natsSubscription_Fetch(&list, pull, 1, deadline_ms(), NULL));
    natsMsgList_Destroy(&list);
    CHECK(lines_get(&l, "jetstream: pull request to $JS.API.CONSUMER.MSG.NEXT.KV_b."));
    CHECK_OK(objStoreConfig_Init(&obj));
    obj.Bucket = "o";
    CHECK_OK(js_CreateObjectStore(&objects, js, &obj));
    CHECK_OK(objStore_PutString(&info, objects, "thing", "12345"));
    CHECK(lines_get(&l, "object: object 'thing' is stored: 5 bytes in 1 chunks"));
    objStoreInfo_Destroy(info);
    memset(&micro, 0, sizeof(micro));
    micro.Name = "cats";
    micro.Version = "1.0.0";
    CHECK(micro_AddService(&service, nc, &micro) == NULL);
    CHECK(lines_get(&l, "micro: service 'cats' ("));
    microError_Destroy(microService_Destroy(service));
    CHECK(lines_get(&l, "micro: service 'cats' stops"));
    /* The watcher's consumer does not outlive the server. */
    server_kill(&s);
    CHECK(lines_get(&l, "session: lost "));
    server_restart(&s);
    CHECK(lines_get(&l, "session: the connection is restored"));
    CHECK(lines_get(&l, "jetstream: stream 'KV_b': creating a consumer behind sequence 1"));
    CHECK(lines_get(&l, " is used from now on"));
    natsSubscription_Destroy(pull);
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
    objStore_Destroy(objects);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_INT(counter_get(&l.wrong), 0);
    server_stop(&s);
}

/* Connects with what NATS_RS_LOG says, and returns what standard error has then. Runs in a child. */
static bool stderr_of(const char *filter, natsOptions *opts, char *text, size_t size) {
    char path[64];
    bool all = true;
    ssize_t n = -1;
    int fd, saved;

    snprintf(path, sizeof(path), "/tmp/nats_rs_log.%ld", (long)getpid());
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    unlink(path);
    saved = dup(2);
    if (fd < 0 || dup2(fd, 2) < 0)
        return false;
    setenv("NATS_RS_LOG", filter, 1);
    connect_works(opts);
    nats_CloseAndWait(deadline_ms());
    dup2(saved, 2);
    n = pread(fd, text, size - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    close(fd);
    close(saved);
    return WELL(&all, n >= 0);
}

static bool child_logs_to_stderr(natsOptions *opts) {
    static char text[65536];
    bool all = true;

    if (!stderr_of("debug,protocol=trace,subscribe=off", opts, text, sizeof(text)))
        return false;
    WELL(&all, strstr(text, " info  nats_rs::connect [") != NULL);
    WELL(&all, strstr(text, " debug nats_rs::session [") != NULL);
    WELL(&all, strstr(text, " trace nats_rs::protocol [") != NULL);
    WELL(&all, strstr(text, "nats_rs::subscribe") == NULL);
    WELL(&all, strstr(text, "Z info ") != NULL);
    if (!stderr_of("warn", opts, text, sizeof(text)))
        return false;
    WELL(&all, text[0] == '\0');
    if (!stderr_of("warn,none=info,tls=loud", opts, text, sizeof(text)))
        return false;
    WELL(&all, strstr(text, "nats_rs: NATS_RS_LOG: no target 'none'") != NULL);
    WELL(&all, strstr(text, "nats_rs: NATS_RS_LOG: no level 'loud'") != NULL);
    return all;
}

/* A child made by fork reads the environment itself, and has its parent's handler. */
static void children(void) {
    lines *shared =
        (lines *)mmap(NULL, sizeof(lines), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    natsConnection *nc;
    natsOptions *opts;
    pid_t child;
    server s;

    CHECK(shared != MAP_FAILED);
    lines_init(shared);
    server_run(&s);
    opts = test_options(s.url);
    child = fork();
    if (child == 0) {
        begin_child();
        end_child(child_logs_to_stderr(opts));
    }
    child_ends_well(child);
    CHECK_OK(nats_SetLogHandler(on_line, shared, NATS_LOG_INFO));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    CHECK(lines_get(shared, "connected to"));
    shared->length = 0;
    child = fork();
    if (child == 0) {
        bool all = true;

        begin_child();
        WELL(&all, connect_works(opts));
        WELL(&all, nats_CloseAndWait(deadline_ms()) == NATS_OK);
        WELL(&all, lines_have(shared, "connected to"));
        WELL(&all, lines_have(shared, "session: closed"));
        end_child(all);
    }
    child_ends_well(child);
    CHECK(lines_have(shared, "session: closed"));
    /* The parent's goes on. */
    shared->length = 0;
    natsConnection_Destroy(nc);
    CHECK(lines_get(shared, "session: closed"));
    CHECK_OK(nats_SetLogHandler(NULL, NULL, NATS_LOG_OFF));
    CHECK_INT(counter_get(&shared->wrong), 0);
    natsOptions_Destroy(opts);
    munmap(shared, sizeof(lines));
    server_stop(&s);
}

/* Closing the library delivers what waits, and ends the thread. */
static void closing_delivers_everything(void) {
    static lines l;
    natsConnection *nc;
    server s;
    int i;

    lines_init(&l);
    server_run(&s);
    CHECK_OK(nats_SetLogHandler(on_line, &l, NATS_LOG_TRACE));
    nc = test_connect(test_options(s.url));
    for (i = 0; i < 100; i++)
        CHECK_OK(natsConnection_Flush(nc));
    natsConnection_Destroy(nc);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK(lines_have(&l, "session: closed"));
    CHECK_INT(count_threads(), 1);
    CHECK_OK(nats_SetLogHandler(NULL, NULL, NATS_LOG_OFF));
    CHECK_INT(counter_get(&l.wrong), 0);
    server_stop(&s);
}

static const test_case cases[] = {
    TEST(levels_and_targets),
    TEST(a_lost_server),
    TEST(no_line_has_a_secret),
    TEST(a_failed_connect_has_told_everything),
    TEST(a_handler_may_destroy_the_connection),
    TEST(the_handler_of_the_process),
    TEST(lines_that_nobody_takes_are_counted),
    TEST(slow_consumers_and_errors),
    TEST(which_tls_is_used),
    TEST(what_stands_on_connections),
    TEST(children),
    TEST(closing_delivers_everything),
};

int main(int argc, char **argv) { return RUN_TESTS_WITH_CERTS(cases, argc, argv); }
