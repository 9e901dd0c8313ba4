/* Event loops for tests: libuv and libevent in threads of their own, each with one connection. */
#ifndef NATS_RS_TEST_LOOPS_H
#define NATS_RS_TEST_LOOPS_H

#include "nats_rs/adapters/libevent.h"
#include "nats_rs/adapters/libuv.h"

#include "test.h"

typedef enum { WITH_LIBUV, WITH_LIBEVENT } loop_kind;

typedef struct loop_thread {
    loop_kind kind;
    natsOptions *opts;
    /* Runs on the loop's thread between connecting and running, if not NULL. */
    void (*at_start)(natsConnection *nc, void *arg);
    void *arg;
    pthread_t thread;
    counter connected;
    natsConnection *nc;
    natsStatus status;
} loop_thread;

static inline void loop_connect(loop_thread *l) {
    l->status = natsConnection_Connect(&l->nc, l->opts);
    if (l->status == NATS_OK && l->at_start != NULL)
        l->at_start(l->nc, l->arg);
    counter_set(&l->connected, 1);
}

static inline void *loop_run(void *arg) {
    loop_thread *l = (loop_thread *)arg;

    if (l->kind == WITH_LIBUV) {
        uv_loop_t loop;

        uv_loop_init(&loop);
        natsLibuv_Init();
        natsLibuv_SetThreadLocalLoop(&loop);
        l->status = natsOptions_SetEventLoop(l->opts, &loop, natsLibuv_Attach, natsLibuv_Read,
                                             natsLibuv_Write, natsLibuv_Detach);
        loop_connect(l);
        uv_run(&loop, UV_RUN_DEFAULT);
        /* Checks that the adapter has released everything. */
        if (uv_loop_close(&loop) != 0)
            l->status = NATS_ERR;
    } else {
        struct event_base *base;

        natsLibevent_Init();
        base = event_base_new();
        l->status = natsOptions_SetEventLoop(l->opts, base, natsLibevent_Attach, natsLibevent_Read,
                                             natsLibevent_Write, natsLibevent_Detach);
        loop_connect(l);
        event_base_dispatch(base);
        event_base_free(base);
    }
    return NULL;
}

/* Connects on the thread of a new loop, calls `at_start` there, and runs it until that is detached. */
static inline natsConnection *loop_start_with(loop_thread *l, loop_kind kind, natsOptions *opts,
                                              void (*at_start)(natsConnection *nc, void *arg), void *arg) {
    l->kind = kind;
    l->at_start = at_start;
    l->arg = arg;
    l->opts = opts;
    l->nc = NULL;
    l->status = NATS_OK;
    counter_init(&l->connected);
    CHECK(pthread_create(&l->thread, NULL, loop_run, l) == 0);
    CHECK_REACHED(&l->connected, 1);
    CHECK_INT(l->status, NATS_OK);
    return l->nc;
}

static inline natsConnection *loop_start(loop_thread *l, loop_kind kind, natsOptions *opts) {
    return loop_start_with(l, kind, opts, NULL, NULL);
}

/* Waits until the loop has ended by itself. */
static inline void loop_join(loop_thread *l) {
    pthread_join(l->thread, NULL);
    CHECK_INT(l->status, NATS_OK);
    natsOptions_Destroy(l->opts);
}

#endif
