/* Many connections and subscriptions on few threads; many threads on one connection. Only libnats_rs has a small
 * number of threads. */
#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

static int thread_count(void) {
    DIR *d = opendir("/proc/self/task");
    struct dirent *e;
    int n = 0;

    CHECK(d != NULL);
    while ((e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void *no_work(void *arg) { return arg; }

static void few_threads_for_many_subscriptions(void) {
    enum { CONNECTIONS = 100, EACH = 100 };
    static natsConnection *connections[CONNECTIONS];
    static natsSubscription *subs[CONNECTIONS][EACH];
    natsConnection *publisher;
    static closure c;
    server s;
    pthread_t first;
    int i, j, before;

    /* A sanitizer's own thread begins with the first other one. */
    CHECK_INT(pthread_create(&first, NULL, no_work, NULL), 0);
    CHECK_INT(pthread_join(first, NULL), 0);
    before = thread_count();
    closure_init(&c);
    server_run(&s);
    for (i = 0; i < CONNECTIONS; i++) {
        connections[i] = test_connect_url(s.url);
        for (j = 0; j < EACH; j++)
            CHECK_OK(natsConnection_Subscribe(&subs[i][j], connections[i], "all", on_message, &c));
    }
    for (i = 0; i < CONNECTIONS; i++)
        CHECK_OK(natsConnection_FlushTimeout(connections[i], deadline_ms()));
    CHECK(thread_count() - before < 11);
    publisher = test_connect_url(s.url);
    for (i = 0; i < 3; i++)
        CHECK_OK(natsConnection_PublishString(publisher, "all", "x"));
    CHECK_OK(natsConnection_Flush(publisher));
    CHECK_REACHED(&c.messages, 3 * CONNECTIONS * EACH);
    CHECK_INT(counter_get(&c.wrong), 0);
    /* On a machine so slow that callbacks seem to block there were more for a while. */
    CHECK(thread_count() - before < CONNECTIONS);
    CHECK_SOON(thread_count() - before < 11);
    for (i = 0; i < CONNECTIONS; i++) {
        for (j = 0; j < EACH; j++)
            natsSubscription_Destroy(subs[i][j]);
        natsConnection_Destroy(connections[i]);
    }
    natsConnection_Destroy(publisher);
    server_stop(&s);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_SOON(thread_count() <= before);
}

/* Servers that accept and then say nothing have many connections wait: not this one. */
static void hung_servers_hold_up_nobody_else(void) {
    enum { HUNG = 24 };
    static natsConnection *hung[HUNG];
    natsConnection *nc;
    natsOptions *opts;
    static closure c, mine;
    server s, other;
    peer silent;
    int sockets[HUNG], i;

    closure_init(&c);
    closure_init(&mine);
    server_run(&s);
    server_run(&other);
    peer_open(&silent);
    for (i = 0; i < HUNG; i++) {
        const char *urls[2] = {s.url, silent.url};

        opts = test_options(NULL);
        CHECK_OK(natsOptions_SetServers(opts, urls, 2));
        CHECK_OK(natsOptions_SetNoRandomize(opts, true));
        CHECK_OK(natsOptions_SetTimeout(opts, 60000));
        options_record(opts, &c);
        hung[i] = test_connect(opts);
    }
    opts = test_options(other.url);
    options_record(opts, &mine);
    nc = test_connect(opts);
    server_stop(&s);
    for (i = 0; i < HUNG; i++) /* all of them are there, and wait */
        CHECK((sockets[i] = accept(silent.listener, NULL, NULL)) >= 0);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&mine.reconnected, 1);
    for (i = 0; i < HUNG; i++) {
        CHECK(natsConnection_Status(hung[i]) != NATS_CONN_STATUS_CONNECTED);
        close(sockets[i]);
        natsConnection_Destroy(hung[i]);
    }
    natsConnection_Destroy(nc);
    peer_close(&silent);
    server_stop(&other);
}

typedef struct worker {
    natsConnection *nc;
    const char *url;
    int id;
    int rounds;
    counter *failures;
} worker;

static void run_workers(void *(*run)(void *), int threads, int rounds, const char *url, natsConnection *nc) {
    pthread_t ids[32];
    worker workers[32];
    counter failures;
    int i;

    counter_init(&failures);
    for (i = 0; i < threads; i++) {
        workers[i].nc = nc;
        workers[i].url = url;
        workers[i].id = i;
        workers[i].rounds = rounds;
        workers[i].failures = &failures;
        CHECK(pthread_create(&ids[i], NULL, run, &workers[i]) == 0);
    }
    for (i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    CHECK_INT(counter_get(&failures), 0);
}

/* Publishes, subscribes, receives and unsubscribes on a connection shared by all. */
static void *share_a_connection(void *arg) {
    worker *w = (worker *)arg;
    char subject[32], text[32];
    int i, j;

    for (i = 0; i < w->rounds; i++) {
        natsSubscription *sync = NULL, *async = NULL;
        closure *c = (closure *)malloc(sizeof(closure));
        bool ok = true;

        closure_init(c);
        snprintf(subject, sizeof(subject), "w.%d.%d", w->id, i);
        ok = ok && natsConnection_SubscribeSync(&sync, w->nc, subject) == NATS_OK;
        ok = ok && natsConnection_Subscribe(&async, w->nc, subject, on_ordered, c) == NATS_OK;
        ok = ok && natsSubscription_SetOnCompleteCB(async, on_complete, c) == NATS_OK;
        for (j = 0; j < 20; j++) {
            snprintf(text, sizeof(text), "%d", j);
            ok = ok && natsConnection_PublishString(w->nc, subject, text) == NATS_OK;
        }
        for (j = 0; j < 20 && ok; j++) {
            natsMsg *msg = NULL;

            ok = natsSubscription_NextMsg(&msg, sync, deadline_ms()) == NATS_OK &&
                 atoi(natsMsg_GetData(msg)) == j;
            natsMsg_Destroy(msg);
        }
        ok = ok && counter_wait(&c->messages, 20, deadline_ms()) && counter_get(&c->wrong) == 0;
        natsSubscription_Destroy(sync);
        natsSubscription_Destroy(async);
        ok = ok && counter_wait(&c->completed, 1, deadline_ms());
        if (ok)
            free(c);
        else
            counter_add(w->failures, 1);
    }
    nats_ReleaseThreadMemory();
    return NULL;
}

static void many_threads_on_one_connection(void) {
    natsConnection *nc;
    server s;

    server_run(&s);
    nc = test_connect_url(s.url);
    run_workers(share_a_connection, 16, 20, s.url, nc);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* Connects, talks and destroys, again and again. */
static void *come_and_go(void *arg) {
    worker *w = (worker *)arg;
    int i;

    for (i = 0; i < w->rounds; i++) {
        natsConnection *nc = NULL;
        natsSubscription *sub = NULL, *echo = NULL;
        natsMsg *msg = NULL;
        natsOptions *opts = NULL;
        closure *c = (closure *)malloc(sizeof(closure));
        char subject[32];
        bool ok;

        closure_init(c);
        snprintf(subject, sizeof(subject), "echo.%d", w->id);
        ok = natsOptions_Create(&opts) == NATS_OK && natsOptions_SetURL(opts, w->url) == NATS_OK &&
             natsOptions_SetTimeout(opts, deadline_ms()) == NATS_OK &&
             natsOptions_SetClosedCB(opts, on_closed, c) == NATS_OK &&
             natsConnection_Connect(&nc, opts) == NATS_OK;
        natsOptions_Destroy(opts);
        ok = ok && natsConnection_SubscribeSync(&sub, nc, "foo.*") == NATS_OK;
        ok = ok && natsConnection_Subscribe(&echo, nc, subject, on_request, c) == NATS_OK;
        ok = ok && natsSubscription_SetOnCompleteCB(echo, on_complete, c) == NATS_OK;
        ok = ok && natsConnection_RequestString(&msg, nc, subject, "x", deadline_ms()) == NATS_OK;
        natsMsg_Destroy(msg);
        if (i % 2 == 0) {
            natsConnection_Destroy(nc);
            natsSubscription_Destroy(sub);
            natsSubscription_Destroy(echo);
        } else {
            natsSubscription_Destroy(echo);
            natsSubscription_Destroy(sub);
            natsConnection_Destroy(nc);
        }
        ok =
            ok && counter_wait(&c->closed, 1, deadline_ms()) && counter_wait(&c->completed, 1, deadline_ms());
        if (ok)
            free(c);
        else
            counter_add(w->failures, 1);
    }
    return NULL;
}

static void connections_come_and_go(void) {
    server s;

    server_run(&s);
    run_workers(come_and_go, 8, 15, s.url, NULL);
    server_stop(&s);
}

/* Everything at once on a connection that is closed in the middle: statuses, no crash. */
static void *use_until_closed(void *arg) {
    worker *w = (worker *)arg;
    natsStatus s = NATS_OK;
    int i;

    for (i = 0; s == NATS_OK; i++) {
        natsSubscription *sub = NULL;
        natsMsg *msg = NULL;

        switch ((i + w->id) % 4) {
        case 0:
            s = natsConnection_PublishString(w->nc, "foo", "x");
            break;
        case 1:
            s = natsConnection_SubscribeSync(&sub, w->nc, "foo");
            if (s == NATS_OK) {
                natsSubscription_NextMsg(&msg, sub, 1);
                natsMsg_Destroy(msg);
            }
            natsSubscription_Destroy(sub);
            break;
        case 2:
            s = natsConnection_FlushTimeout(w->nc, deadline_ms());
            break;
        default:
            s = natsConnection_RequestString(&msg, w->nc, "echo", "x", deadline_ms());
            natsMsg_Destroy(msg);
            break;
        }
    }
    if (s != NATS_CONNECTION_CLOSED && s != NATS_INVALID_ARG)
        counter_add(w->failures, 1);
    return NULL;
}

static void closed_under_many_threads(bool destroy) {
    enum { THREADS = 8 };
    pthread_t ids[THREADS];
    worker workers[THREADS];
    natsConnection *nc;
    natsSubscription *echo = NULL;
    counter failures;
    static closure c;
    server s;
    int i;

    counter_init(&failures);
    closure_init(&c);
    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_Subscribe(&echo, nc, "echo", on_message, &c));
    natsSubscription_Destroy(echo);
    CHECK_OK(natsConnection_Subscribe(&echo, nc, "echo", on_request, &c));
    for (i = 0; i < THREADS; i++) {
        workers[i].nc = nc;
        workers[i].id = i;
        workers[i].failures = &failures;
        CHECK(pthread_create(&ids[i], NULL, use_until_closed, &workers[i]) == 0);
    }
    CHECK_REACHED(&c.messages, 50);
    if (destroy)
        natsConnection_Destroy(nc);
    else
        natsConnection_Close(nc);
    for (i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    CHECK_INT(counter_get(&failures), 0);
    natsSubscription_Destroy(echo);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void closed_while_in_use(void) { closed_under_many_threads(false); }

static void destroyed_while_in_use(void) { closed_under_many_threads(true); }

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(few_threads_for_many_subscriptions),
        TEST(hung_servers_hold_up_nobody_else),
        TEST(many_threads_on_one_connection),
        TEST(connections_come_and_go),
        TEST(closed_while_in_use),
        TEST(destroyed_while_in_use),
    };

    return RUN_TESTS(cases, argc, argv);
}
