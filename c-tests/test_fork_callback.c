/* fork in callbacks, and children with callbacks, event loops and dispatching of their own. */
#include "callbacks.h"
#include "children.h"
#include "loops.h"
#include "server.h"

/* What the callback that forks does, and what became of its child. */
typedef struct forking {
    const char *url;
    bool stays;     /* the child does its work in the callback; else it returns */
    bool in_child;  /* set there */
    counter forked; /* in the parent */
    pid_t child;
} forking;

static void forking_init(forking *f, const char *url, bool stays) {
    memset(f, 0, sizeof(*f));
    counter_init(&f->forked);
    f->url = url;
    f->stays = stays;
}

static void fork_here(forking *f) {
    const pid_t child = fork();

    if (child != 0) {
        f->child = child;
        counter_add(&f->forked, 1);
        return;
    }
    begin_child();
    f->in_child = true;
    if (f->stays) {
        natsOptions *opts = test_options(f->url);
        bool all = true;

        WELL(&all, connect_works(opts));
        natsOptions_Destroy(opts);
        /* It is in no callback of its own library. */
        WELL(&all, nats_CloseAndWait(deadline_ms()) == NATS_OK);
        end_child(all);
    }
}

static void fork_in_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    fork_here((forking *)arg);
}

static void fork_in_closed(natsConnection *nc, void *arg) {
    (void)nc;
    fork_here((forking *)arg);
}

static const char *fork_in_token(void *arg) {
    fork_here((forking *)arg);
    return "token";
}

static void in_a_message_callback(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static forking f;
    server s;
    int i, status;

    server_run(&s);
    nc = test_connect_url(s.url);
    for (i = 0; i < 2; i++) {
        forking_init(&f, s.url, i == 0);
        CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", fork_in_message, &f));
        CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
        CHECK_REACHED(&f.forked, 1);
        CHECK(waitpid(f.child, &status, 0) == f.child);
        /* A child that returns ends well, as its thread does; valgrind counts there what the parent used. */
        CHECK(status == 0 || (i == 1 && time_factor() > 1 && WIFEXITED(status) && WEXITSTATUS(status) == 9));
        natsSubscription_Destroy(sub);
    }
    CHECK(request_works(nc));
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void in_a_connection_callback(void) {
    natsConnection *nc;
    natsOptions *opts;
    static forking f;
    server s;

    server_run(&s);
    forking_init(&f, s.url, true);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetClosedCB(opts, fork_in_closed, &f));
    nc = test_connect(opts);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&f.forked, 1);
    child_ends_well(f.child);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    server_stop(&s);
}

/* Where the callback runs on the program's thread, its call into the library says what has happened. */
static void returning_on_the_programs_thread(void) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static forking f;
    server s;
    natsStatus status = NATS_OK;
    int64_t end;
    bool all = true;

    server_run(&s);
    forking_init(&f, s.url, false);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", fork_in_message, &f));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    for (end = now_ms() + deadline_ms(); counter_get(&f.forked) == 0 && !f.in_child && now_ms() < end;
         poll_pause())
        status = natsConnection_Dispatch(nc, 0, NULL);
    if (f.in_child) {
        WELL(&all, status == NATS_ILLEGAL_STATE);
        WELL(&all, natsConnection_Dispatch(nc, 0, NULL) == NATS_ILLEGAL_STATE);
        natsSubscription_Destroy(sub);
        natsConnection_Destroy(nc);
        WELL(&all, connect_works(test_options(s.url)) && nats_CloseAndWait(deadline_ms()) == NATS_OK);
        end_child(all);
    }
    CHECK_OK(status);
    child_ends_well(f.child);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void returning_into_connect(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    static forking f;
    server s;
    natsStatus status;
    bool all = true;

    server_run(&s);
    forking_init(&f, s.url, false);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetTokenHandler(opts, fork_in_token, &f));
    status = natsConnection_Connect(&nc, opts);
    if (f.in_child) {
        WELL(&all, status == NATS_ILLEGAL_STATE && nc == NULL);
        WELL(&all, natsOptions_SetTokenHandler(opts, NULL, NULL) == NATS_OK);
        WELL(&all, connect_works(opts) && nats_CloseAndWait(deadline_ms()) == NATS_OK);
        end_child(all);
    }
    CHECK_OK(status);
    child_ends_well(f.child);
    CHECK(request_works(nc));
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

/* Dispatches until the counter is there. */
static bool dispatch_until(natsConnection *nc, counter *c, int64_t n) {
    const int64_t end = now_ms() + deadline_ms();

    while (counter_get(c) < n && now_ms() < end) {
        if (natsConnection_Dispatch(nc, 0, NULL) != NATS_OK)
            return false;
        poll_pause();
    }
    return counter_get(c) >= n;
}

static bool dispatching_works(natsOptions *opts) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    static closure c;
    bool all = true;

    closure_init(&c);
    if (WELL(&all, natsConnection_Connect(&nc, opts) == NATS_OK) &&
        WELL(&all, natsConnection_Subscribe(&sub, nc, "foo", on_message, &c) == NATS_OK) &&
        WELL(&all, natsConnection_PublishString(nc, "foo", "x") == NATS_OK))
        WELL(&all, dispatch_until(nc, &c.messages, 1));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    return all;
}

static void children_dispatch_themselves(void) {
    natsConnection *nc;
    natsOptions *opts;
    pid_t child;
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    CHECK_OK(natsConnection_Connect(&nc, opts));
    child = fork();
    if (child == 0) {
        bool all = true;

        begin_child();
        WELL(&all, dispatching_works(opts));
        WELL(&all, nats_CloseAndWait(deadline_ms()) == NATS_OK);
        end_child(all);
    }
    child_ends_well(child);
    natsConnection_Destroy(nc);
    CHECK(dispatching_works(opts));
    natsOptions_Destroy(opts);
    server_stop(&s);
}

static void children_have_loops(void) {
    static loop_thread parents, own;
    server s;
    int kind;

    server_run(&s);
    for (kind = WITH_LIBUV; kind <= WITH_LIBEVENT; kind++) {
        natsConnection *nc = loop_start(&parents, (loop_kind)kind, test_options(s.url));
        pid_t child = fork();

        if (child == 0) {
            natsConnection *mine;
            bool all = true;

            begin_child();
            WELL(&all, natsConnection_PublishString(nc, "foo", "x") == NATS_ILLEGAL_STATE);
            natsConnection_Destroy(nc);
            mine = loop_start(&own, (loop_kind)kind, test_options(s.url));
            WELL(&all, request_works(mine));
            natsConnection_Destroy(mine);
            loop_join(&own);
            WELL(&all, nats_CloseAndWait(deadline_ms()) == NATS_OK);
            end_child(all);
        }
        child_ends_well(child);
        CHECK(request_works(nc));
        natsConnection_Destroy(nc);
        loop_join(&parents);
    }
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(in_a_message_callback),
        TEST(in_a_connection_callback),
        TEST(returning_on_the_programs_thread),
        TEST(returning_into_connect),
        TEST(children_dispatch_themselves),
        TEST(children_have_loops),
    };

    return RUN_TESTS(cases, argc, argv);
}
