/* fork while the threads of the program are in arbitrary calls. */
#include <dlfcn.h>

#include "callbacks.h"
#include "certs.h"
#include "children.h"
#include "server.h"
#include "tls.h"

enum { FORKS = 100, AT_ONCE = 10 };

/* What the parent's threads work with. */
static struct {
    natsConnection *nc;
    natsOptions *opts;
    const char *url;
    counter stop;
    counter published;
    counter failed;
} work;

static void failed(const char *what, natsStatus s) {
    fprintf(stderr, "parent: %s: %s\n", what, natsStatus_GetText(s));
    counter_add(&work.failed, 1);
}

/* Numbers in order, some of them large. */
static void *publishes(void *arg) {
    static char large[100000]; /* beyond what is copied */
    natsStatus s = NATS_OK;
    int64_t n = 0;

    (void)arg;
    memset(large, ' ', sizeof(large));
    while (s == NATS_OK && counter_get(&work.stop) == 0) {
        const int length = snprintf(large, 32, "%" PRId64, n);

        large[length] = ' ';
        s = natsConnection_Publish(work.nc, "ordered", large, n % 50 == 0 ? (int)sizeof(large) : length + 1);
        n++;
        if (s == NATS_OK && n % 200 == 0)
            s = natsConnection_FlushTimeout(work.nc, deadline_ms());
    }
    if (s != NATS_OK)
        failed("publish", s);
    counter_set(&work.published, n);
    return NULL;
}

static void *requests(void *arg) {
    (void)arg;
    while (counter_get(&work.stop) == 0)
        if (!request_works(work.nc)) {
            failed("request", NATS_ERR);
            break;
        }
    return NULL;
}

/* Connections and options come and go; names are looked up. */
static void *connects(void *arg) {
    char url[64];

    (void)arg;
    snprintf(url, sizeof(url), "nats://localhost:%s", strrchr(work.url, ':') + 1);
    while (counter_get(&work.stop) == 0) {
        natsOptions *opts = test_options(url);
        natsConnection *nc = NULL;
        natsStatus s = natsConnection_Connect(&nc, opts);

        if (s != NATS_OK)
            failed("connect", s);
        natsConnection_Destroy(nc);
        natsOptions_Destroy(opts);
        /* The options that the children use are in change as well. */
        s = natsOptions_SetName(work.opts, url);
        if (s != NATS_OK)
            failed("options", s);
    }
    return NULL;
}

static void *messages(void *arg) {
    (void)arg;
    while (counter_get(&work.stop) == 0) {
        natsMsg *msg = NULL;
        natsInbox *inbox = NULL;

        if (natsMsg_Create(&msg, "foo", "bar", "x", 1) != NATS_OK || natsInbox_Create(&inbox) != NATS_OK)
            failed("message", NATS_ERR);
        natsMsg_Destroy(msg);
        natsInbox_Destroy(inbox);
    }
    return NULL;
}

static void fork_many(void) {
    pid_t children[AT_ONCE];
    int i, n;

    for (n = 0; n < FORKS / AT_ONCE; n++) {
        for (i = 0; i < AT_ONCE; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                bool all = true;

                begin_child();
                WELL(&all, natsConnection_PublishString(work.nc, "ordered", "x") == NATS_ILLEGAL_STATE);
                WELL(&all, connect_works(work.opts));
                end_child(all);
            }
        }
        for (i = 0; i < AT_ONCE; i++)
            child_ends_well(children[i]);
    }
}

/* A message callback for numbers in order, which have blanks behind them. */
static void on_number(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    (void)sub;
    if (strtoll(natsMsg_GetData(msg), NULL, 10) != c->next++)
        counter_add(&c->wrong, 1);
    natsMsg_Destroy(msg);
    counter_add(&c->messages, 1);
}

static void under_load(natsOptions *opts, const char *url) {
    static void *(*const jobs[])(void *) = {publishes, requests, requests, connects, messages};
    enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };
    pthread_t threads[JOBS];
    natsSubscription *sub = NULL;
    static closure c;
    int i;

    closure_init(&c);
    counter_init(&work.stop);
    counter_init(&work.published);
    counter_init(&work.failed);
    work.opts = opts;
    work.url = url;
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, &c));
    CHECK_OK(natsOptions_SetDisconnectedCB(opts, on_disconnected, &c));
    CHECK_OK(natsConnection_Connect(&work.nc, opts));
    CHECK_OK(natsConnection_Subscribe(&sub, work.nc, "ordered", on_number, &c));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    for (i = 0; i < (int)JOBS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, jobs[i], NULL), 0);
    fork_many();
    counter_set(&work.stop, 1);
    for (i = 0; i < (int)JOBS; i++)
        pthread_join(threads[i], NULL);
    /* The parent has lost nothing, and was not disturbed. */
    CHECK_OK(natsConnection_FlushTimeout(work.nc, deadline_ms()));
    CHECK_REACHED(&c.messages, counter_get(&work.published));
    CHECK_INT(counter_get(&c.messages), counter_get(&work.published));
    CHECK_INT(counter_get(&c.wrong), 0);
    CHECK_INT(counter_get(&work.failed), 0);
    CHECK_INT(counter_get(&c.errors), 0);
    CHECK_INT(counter_get(&c.disconnected), 0);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(work.nc);
    natsOptions_Destroy(opts);
}

static void hundred_forks(void) {
    server s;

    server_run(&s);
    under_load(test_options(s.url), s.url);
    server_stop(&s);
}

static void hundred_forks_with_tls(void) {
    server s, plain;

    tls_start(&s, "server", false);
    server_run(&plain);
    under_load(tls_options_trusting(&s), plain.url);
    server_stop(&plain);
    server_stop(&s);
}

/* Nothing but messages and names, whose memory the threads of a process share: the library is not open. */
static void messages_alone(void) {
    pthread_t thread;
    int i;

    counter_init(&work.stop);
    counter_init(&work.failed);
    CHECK_INT(pthread_create(&thread, NULL, messages, NULL), 0);
    for (i = 0; i < FORKS; i++) {
        pid_t child = fork();

        if (child == 0) {
            natsMsg *msg = NULL;
            bool all = true;

            begin_child();
            WELL(&all, natsMsg_Create(&msg, "foo", "bar", "x", 1) == NATS_OK);
            natsMsg_Destroy(msg);
            end_child(all);
        }
        child_ends_well(child);
    }
    counter_set(&work.stop, 1);
    pthread_join(thread, NULL);
    CHECK_INT(counter_get(&work.failed), 0);
}

/* Python's own, by way of ctypes. */
static void workers_of_python(void) {
    char script[512];
    Dl_info library;
    pid_t child;
    server s;

    if (system("command -v python3 >/dev/null 2>&1") != 0) {
        puts("workers_of_python: skipped, there is no python3");
        return;
    }
    snprintf(script, sizeof(script), "%s", __FILE__);
    snprintf(strrchr(script, '/'), 20, "/fork_workers.py");
    CHECK(dladdr((void *)nats_Open, &library) != 0);
    server_run(&s);
    child = fork();
    if (child == 0) {
        begin_child();
        execlp("python3", "python3", script, library.dli_fname, s.url, (char *)NULL);
        _exit(1);
    }
    child_ends_well(child);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(hundred_forks),
        TEST(hundred_forks_with_tls),
        TEST(messages_alone),
        TEST(workers_of_python),
    };

    return RUN_TESTS_WITH_CERTS(cases, argc, argv);
}
