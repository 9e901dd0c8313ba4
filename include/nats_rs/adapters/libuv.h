/*
 * Connections of libnats_rs in a libuv loop. Header only; link with -luv.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   natsLibuv_Init();                    // once, before anything else here
 *   natsLibuv_SetThreadLocalLoop(loop);  // on the thread that runs the loop, before connecting there
 *   natsOptions_SetEventLoop(opts, loop, natsLibuv_Attach, natsLibuv_Read, natsLibuv_Write,
 *                            natsLibuv_Detach);
 *   natsConnection_Connect(&nc, opts);   // on that thread
 *   uv_run(loop, UV_RUN_DEFAULT);
 *
 * Threads: the loop's thread connects and runs the loop; any thread may use and destroy the connection.
 * libuv is only ever called on the loop's thread, except for uv_async_send.
 *
 * Life: a connection keeps uv_run going until it has been closed and the loop has seen to that. Before
 * uv_loop_close let uv_run return.
 *
 * Callbacks: on threads of the library, as without a loop. For callbacks on the loop's thread see
 * natsOptions_SetManualDispatch: one descriptor for a uv_poll_t, and no adapter.
 */
#ifndef NATS_RS_ADAPTERS_LIBUV_H_
#define NATS_RS_ADAPTERS_LIBUV_H_

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "../../nats_rs.h"

#if defined(__GNUC__)
#define NATS_LIBUV_UNUSED __attribute__((unused))
#else
#define NATS_LIBUV_UNUSED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One connection at a loop: what the library wants, under the lock, and what the loop's thread has made
 * of that. */
typedef struct natsLibuvEvents {
    natsConnection *nc;
    uv_loop_t *loop;
    uv_thread_t thread; /* that of the loop */
    uv_async_t wake;    /* brings wishes onto it */

    uv_mutex_t lock;
    natsSock next;   /* a new socket that the loop has not seen yet, or -1 */
    int events;      /* what to watch the newest socket for */
    bool given_up;   /* the socket that the loop watches is finished */
    bool detached;   /* so is the connection */
    bool in_library; /* the loop's thread is inside the library and looks at the wishes afterwards */

    /* Only for the loop's thread. */
    natsSock socket; /* the one it watches, or -1 */
    int watched;     /* and what for */
    uv_poll_t *poll;
    bool ended;
} natsLibuvEvents;

static uv_once_t natsLibuv_once = UV_ONCE_INIT;
static uv_key_t natsLibuv_loopOfThread;
static bool natsLibuv_ready = false;

static void natsLibuv_makeKey(void) { natsLibuv_ready = uv_key_create(&natsLibuv_loopOfThread) == 0; }

/* Prepares the adapter. Call it once, in each source file that uses the adapter, before the others. */
NATS_LIBUV_UNUSED static void natsLibuv_Init(void) { uv_once(&natsLibuv_once, natsLibuv_makeKey); }

/* Says that the calling thread is the one that runs this loop. */
NATS_LIBUV_UNUSED static void natsLibuv_SetThreadLocalLoop(uv_loop_t *loop) {
    natsLibuv_Init();
    if (natsLibuv_ready)
        uv_key_set(&natsLibuv_loopOfThread, (void *)loop);
}

static void natsLibuv_apply(natsLibuvEvents *nle);

static void natsLibuv_freePoll(uv_handle_t *handle) { free(handle); }

static void natsLibuv_freeAll(uv_handle_t *wake) {
    natsLibuvEvents *nle = (natsLibuvEvents *)wake->data;

    natsConnection_ProcessDetachedEvent(nle->nc);
    uv_mutex_destroy(&nle->lock);
    free(nle);
}

static void natsLibuv_enter(natsLibuvEvents *nle, bool in_library) {
    uv_mutex_lock(&nle->lock);
    nle->in_library = in_library;
    uv_mutex_unlock(&nle->lock);
}

static void natsLibuv_onPoll(uv_poll_t *handle, int status, int events) {
    natsLibuvEvents *nle = (natsLibuvEvents *)handle->data;

    natsLibuv_enter(nle, true);
    /* An error of the socket shows when it is read. */
    if (status < 0 || (events & UV_READABLE) != 0)
        natsConnection_ProcessReadEvent(nle->nc);
    if (status == 0 && (events & UV_WRITABLE) != 0)
        natsConnection_ProcessWriteEvent(nle->nc);
    natsLibuv_enter(nle, false);
    natsLibuv_apply(nle);
}

static void natsLibuv_onWake(uv_async_t *wake) { natsLibuv_apply((natsLibuvEvents *)wake->data); }

static void natsLibuv_stop(natsLibuvEvents *nle) {
    if (nle->poll != NULL) {
        uv_poll_stop(nle->poll);
        uv_close((uv_handle_t *)nle->poll, natsLibuv_freePoll);
        nle->poll = NULL;
    }
    nle->watched = 0;
    natsConnection_ProcessCloseEvent(&nle->socket);
}

static bool natsLibuv_start(natsLibuvEvents *nle, natsSock socket) {
    uv_poll_t *handle = (uv_poll_t *)malloc(sizeof(*handle));

    nle->socket = socket;
    if (handle == NULL)
        return false;
    if (uv_poll_init(nle->loop, handle, socket) != 0) {
        free(handle);
        return false;
    }
    handle->data = nle;
    nle->poll = handle;
    return true;
}

/* Does what the library has come to wish. On the loop's thread, and not inside the library. */
static void natsLibuv_apply(natsLibuvEvents *nle) {
    natsSock next;
    int events;
    bool given_up, detached, well = true;

    if (nle->ended)
        return;
    uv_mutex_lock(&nle->lock);
    next = nle->next;
    events = nle->events;
    given_up = nle->given_up;
    detached = nle->detached;
    nle->next = -1;
    nle->given_up = false;
    uv_mutex_unlock(&nle->lock);

    if (given_up || next != -1)
        natsLibuv_stop(nle);
    if (next != -1)
        well = natsLibuv_start(nle, next);
    if (well && nle->poll != NULL && events != nle->watched) {
        well =
            (events == 0 ? uv_poll_stop(nle->poll) : uv_poll_start(nle->poll, events, natsLibuv_onPoll)) == 0;
        nle->watched = events;
    }
    if (detached) {
        natsLibuv_stop(nle);
        nle->ended = true;
        uv_close((uv_handle_t *)&nle->wake, natsLibuv_freeAll);
    } else if (!well) {
        /* This socket cannot be watched: another one perhaps. The library gives this one up in the call. */
        natsConnection_Reconnect(nle->nc);
    }
}

/* With the lock held: releases it, and sees to it that the wishes are looked at. */
static natsStatus natsLibuv_unlock(natsLibuvEvents *nle) {
    uv_thread_t self = uv_thread_self();
    bool soon = nle->in_library && uv_thread_equal(&self, &nle->thread);
    /* Still locked: as soon as the loop's thread has seen `detached`, the memory may go. */
    int failed = soon ? 0 : uv_async_send(&nle->wake);

    uv_mutex_unlock(&nle->lock);
    return failed != 0 ? NATS_ERR : NATS_OK;
}

static natsStatus natsLibuv_create(natsLibuvEvents **created, uv_loop_t *loop, natsConnection *nc) {
    natsLibuvEvents *nle;

    if (!natsLibuv_ready || uv_key_get(&natsLibuv_loopOfThread) != (void *)loop)
        return NATS_ILLEGAL_STATE; /* not on the loop's thread */
    nle = (natsLibuvEvents *)calloc(1, sizeof(*nle));
    if (nle == NULL)
        return NATS_NO_MEMORY;
    nle->nc = nc;
    nle->loop = loop;
    nle->thread = uv_thread_self();
    nle->next = nle->socket = -1;
    if (uv_mutex_init(&nle->lock) != 0) {
        free(nle);
        return NATS_ERR;
    }
    if (uv_async_init(loop, &nle->wake, natsLibuv_onWake) != 0) {
        uv_mutex_destroy(&nle->lock);
        free(nle);
        return NATS_ERR;
    }
    nle->wake.data = nle;
    *created = nle;
    return NATS_OK;
}

/* For natsOptions_SetEventLoop: takes a connection's new socket over. The first time on the loop's thread, as
 * set by natsLibuv_SetThreadLocalLoop, else NATS_ILLEGAL_STATE. */
NATS_LIBUV_UNUSED static natsStatus natsLibuv_Attach(void **userData, void *loop, natsConnection *nc,
                                                     natsSock socket) {
    natsLibuvEvents *nle = (natsLibuvEvents *)*userData;

    if (nle == NULL) {
        natsStatus s = natsLibuv_create(&nle, (uv_loop_t *)loop, nc);

        if (s != NATS_OK)
            return s;
        *userData = (void *)nle;
    }
    uv_mutex_lock(&nle->lock);
    nle->next = socket;
    nle->events = UV_READABLE;
    return natsLibuv_unlock(nle);
}

/* For natsOptions_SetEventLoop: with false, gives the socket up. */
NATS_LIBUV_UNUSED static natsStatus natsLibuv_Read(void *userData, bool add) {
    natsLibuvEvents *nle = (natsLibuvEvents *)userData;
    natsSock unseen = -1;
    natsStatus s;

    uv_mutex_lock(&nle->lock);
    if (add) {
        nle->events |= UV_READABLE;
    } else {
        nle->events = 0;
        unseen = nle->next;
        nle->next = -1;
        nle->given_up |= unseen == -1;
    }
    s = natsLibuv_unlock(nle);
    natsConnection_ProcessCloseEvent(&unseen); /* one that the loop never watched */
    return s;
}

/* For natsOptions_SetEventLoop: watches the socket for writing, or stops that. */
NATS_LIBUV_UNUSED static natsStatus natsLibuv_Write(void *userData, bool add) {
    natsLibuvEvents *nle = (natsLibuvEvents *)userData;

    uv_mutex_lock(&nle->lock);
    if (add)
        nle->events |= UV_WRITABLE;
    else
        nle->events &= ~UV_WRITABLE;
    return natsLibuv_unlock(nle);
}

/* For natsOptions_SetEventLoop: forgets the connection, on the loop's thread. */
NATS_LIBUV_UNUSED static natsStatus natsLibuv_Detach(void *userData) {
    natsLibuvEvents *nle = (natsLibuvEvents *)userData;

    uv_mutex_lock(&nle->lock);
    nle->detached = true;
    return natsLibuv_unlock(nle);
}

#ifdef __cplusplus
}
#endif
#endif
