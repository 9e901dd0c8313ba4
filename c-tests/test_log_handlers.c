/* Log handlers: those of a connection and of the process, calls of the library in them, lines they are too slow for,
 * NATS_RS_LOG, children of fork, and the end of the library. */
#include "children.h"
#include "log_lines.h"

#include <fcntl.h>
#include <sys/mman.h>

/* If connecting fails, the closure may be freed when the call has returned. */
static void a_failed_connect_has_told_everything(void) {
    lines *l = (lines *)malloc(sizeof(lines));
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[64];

    lines_init(l);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", free_port());
    opts = lines_options(url, l, NATS_LOG_DEBUG);
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
    CHECK_OK(nats_SetLogHandler(lines_add, &l, NATS_LOG_TRACE));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK(lines_get(&l, "protocol: <- PONG"));
    CHECK(lines_get(&l, "protocol: -> PING"));
    CHECK_OK(nats_SetLogHandler(lines_add, &l, NATS_LOG_OFF));
    before = counter_get(&l.count);
    CHECK_OK(natsConnection_Flush(nc));
    /* Both handlers: the process's only receives what it wants. */
    CHECK_OK(nats_SetLogHandler(lines_add, &l, NATS_LOG_WARN));
    opts = lines_options(s.url, &own, NATS_LOG_TRACE);
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
    CHECK_OK(nats_SetLogHandler(lines_add, &l, NATS_LOG_TRACE));
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
    nc = test_connect(lines_options(s.url, &l, NATS_LOG_TRACE));
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
    CHECK_OK(nats_SetLogHandler(lines_add, shared, NATS_LOG_INFO));
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
    CHECK_OK(nats_SetLogHandler(lines_add, &l, NATS_LOG_TRACE));
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

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_failed_connect_has_told_everything),
        TEST(a_handler_may_destroy_the_connection),
        TEST(the_handler_of_the_process),
        TEST(lines_that_nobody_takes_are_counted),
        TEST_OF_CHILDREN(children),
        TEST(closing_delivers_everything),
    };

    return RUN_TESTS(cases, argc, argv);
}
