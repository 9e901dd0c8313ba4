/*
 * Connections of libnats_rs in a libevent loop. Header only; link with -levent -levent_pthreads.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   natsLibevent_Init();                 // once, before the loop is made
 *   base = event_base_new();
 *   natsOptions_SetEventLoop(opts, base, natsLibevent_Attach, natsLibevent_Read, natsLibevent_Write,
 *                            natsLibevent_Detach);
 *   natsConnection_Connect(&nc, opts);
 *   event_base_dispatch(base);
 *
 * Threads: any thread may connect, use and destroy connections. Sockets are only ever added, changed and
 * removed on the loop's thread.
 *
 * Life: a connection keeps event_base_dispatch going until it has been closed and the loop has seen to
 * that. Before event_base_free let event_base_dispatch return.
 *
 * Callbacks: on threads of the library, as without a loop. For callbacks on the loop's thread see
 * natsOptions_SetManualDispatch: one descriptor for an event, and no adapter.
 */
#ifndef NATS_RS_ADAPTERS_LIBEVENT_H_
#define NATS_RS_ADAPTERS_LIBEVENT_H_

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/time.h>

#include "../../nats_rs.h"

#if defined(__GNUC__)
#define NATS_LIBEVENT_UNUSED __attribute__((unused))
#else
#define NATS_LIBEVENT_UNUSED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One connection at a loop: what the library wants, under the lock, and what the loop's thread has made
 * of that. */
typedef struct natsLibeventEvents {
    natsConnection *nc;
    struct event_base *loop;
    struct event *wake; /* brings wishes onto the loop's thread, and keeps the loop going */

    pthread_mutex_t lock;
    natsSock next;          /* a new socket that the loop has not seen yet, or -1 */
    short events;           /* what to watch the newest socket for */
    bool given_up;          /* the socket that the loop watches is finished */
    bool detached;          /* so is the connection */
    bool in_library;        /* the loop's thread is inside the library and looks at the wishes afterwards */
    pthread_t loops_thread; /* while `in_library` */

    /* Only for the loop's thread. */
    natsSock socket; /* the one it watches, or -1 */
    short watched;   /* and what for */
    struct event *io;
} natsLibeventEvents;

/* Prepares libevent for threads. Call it once, before event_base_new. */
NATS_LIBEVENT_UNUSED static void natsLibevent_Init(void) { evthread_use_pthreads(); }

static void natsLibevent_apply(natsLibeventEvents *nle);

static void natsLibevent_onSocket(evutil_socket_t socket, short events, void *arg) {
    natsLibeventEvents *nle = (natsLibeventEvents *)arg;

    (void)socket;
    pthread_mutex_lock(&nle->lock);
    nle->in_library = true;
    nle->loops_thread = pthread_self();
    pthread_mutex_unlock(&nle->lock);
    if ((events & EV_READ) != 0)
        natsConnection_ProcessReadEvent(nle->nc);
    if ((events & EV_WRITE) != 0)
        natsConnection_ProcessWriteEvent(nle->nc);
    pthread_mutex_lock(&nle->lock);
    nle->in_library = false;
    pthread_mutex_unlock(&nle->lock);
    natsLibevent_apply(nle);
}

static void natsLibevent_onWake(evutil_socket_t none, short events, void *arg) {
    (void)none;
    (void)events;
    natsLibevent_apply((natsLibeventEvents *)arg);
}

static void natsLibevent_stop(natsLibeventEvents *nle) {
    if (nle->io != NULL) {
        event_free(nle->io);
        nle->io = NULL;
    }
    nle->watched = 0;
    natsConnection_ProcessCloseEvent(&nle->socket);
}

static bool natsLibevent_watch(natsLibeventEvents *nle, short events) {
    nle->watched = events;
    if (nle->io != NULL) {
        event_free(nle->io);
        nle->io = NULL;
    }
    if (events == 0)
        return true;
    nle->io = event_new(nle->loop, nle->socket, (short)(events | EV_PERSIST), natsLibevent_onSocket, nle);
    return nle->io != NULL && event_add(nle->io, NULL) == 0;
}

/* Does what the library has come to wish. On the loop's thread, and not inside the library. May free
 * everything. */
static void natsLibevent_apply(natsLibeventEvents *nle) {
    natsSock next;
    short events;
    bool given_up, detached, well = true;

    pthread_mutex_lock(&nle->lock);
    next = nle->next;
    events = nle->events;
    given_up = nle->given_up;
    detached = nle->detached;
    nle->next = -1;
    nle->given_up = false;
    pthread_mutex_unlock(&nle->lock);

    if (given_up || next != -1)
        natsLibevent_stop(nle);
    if (next != -1)
        nle->socket = next;
    if (nle->socket != -1 && events != nle->watched)
        well = natsLibevent_watch(nle, events);
    if (detached) {
        natsLibevent_stop(nle);
        event_free(nle->wake);
        natsConnection_ProcessDetachedEvent(nle->nc);
        pthread_mutex_destroy(&nle->lock);
        free(nle);
    } else if (!well) {
        /* This socket cannot be watched: another one perhaps. The library gives this one up in the call. */
        natsConnection_Reconnect(nle->nc);
    }
}

/* With the lock held: releases it, and sees to it that the wishes are looked at. */
static natsStatus natsLibevent_unlock(natsLibeventEvents *nle) {
    /* Still locked: as soon as the loop's thread has seen `detached`, the memory may go. */
    if (!nle->in_library || pthread_equal(nle->loops_thread, pthread_self()) == 0)
        event_active(nle->wake, EV_TIMEOUT, 0);
    pthread_mutex_unlock(&nle->lock);
    return NATS_OK;
}

static natsStatus natsLibevent_create(natsLibeventEvents **created, struct event_base *loop,
                                      natsConnection *nc) {
    struct timeval now_and_then = {3600, 0}; /* a loop ends when it waits for nothing at all */
    natsLibeventEvents *nle = (natsLibeventEvents *)calloc(1, sizeof(*nle));

    if (nle == NULL)
        return NATS_NO_MEMORY;
    nle->nc = nc;
    nle->loop = loop;
    nle->next = nle->socket = -1;
    if (pthread_mutex_init(&nle->lock, NULL) != 0) {
        free(nle);
        return NATS_ERR;
    }
    nle->wake = event_new(loop, -1, EV_PERSIST, natsLibevent_onWake, nle);
    if (nle->wake == NULL || event_add(nle->wake, &now_and_then) != 0) {
        if (nle->wake != NULL)
            event_free(nle->wake);
        pthread_mutex_destroy(&nle->lock);
        free(nle);
        return NATS_ERR;
    }
    *created = nle;
    return NATS_OK;
}

/* For natsOptions_SetEventLoop: takes a connection's new socket over. */
NATS_LIBEVENT_UNUSED static natsStatus natsLibevent_Attach(void **userData, void *loop, natsConnection *nc,
                                                           natsSock socket) {
    natsLibeventEvents *nle = (natsLibeventEvents *)*userData;

    if (nle == NULL) {
        natsStatus s = natsLibevent_create(&nle, (struct event_base *)loop, nc);

        if (s != NATS_OK)
            return s;
        *userData = (void *)nle;
    }
    pthread_mutex_lock(&nle->lock);
    nle->next = socket;
    nle->events = EV_READ;
    return natsLibevent_unlock(nle);
}

/* For natsOptions_SetEventLoop: with false, gives the socket up. */
NATS_LIBEVENT_UNUSED static natsStatus natsLibevent_Read(void *userData, bool add) {
    natsLibeventEvents *nle = (natsLibeventEvents *)userData;
    natsSock unseen = -1;
    natsStatus s;

    pthread_mutex_lock(&nle->lock);
    if (add) {
        nle->events = (short)(nle->events | EV_READ);
    } else {
        nle->events = 0;
        unseen = nle->next;
        nle->next = -1;
        nle->given_up |= unseen == -1;
    }
    s = natsLibevent_unlock(nle);
    natsConnection_ProcessCloseEvent(&unseen); /* one that the loop never watched */
    return s;
}

/* For natsOptions_SetEventLoop: watches the socket for writing, or stops that. */
NATS_LIBEVENT_UNUSED static natsStatus natsLibevent_Write(void *userData, bool add) {
    natsLibeventEvents *nle = (natsLibeventEvents *)userData;

    pthread_mutex_lock(&nle->lock);
    nle->events = (short)(add ? nle->events | EV_WRITE : nle->events & ~EV_WRITE);
    return natsLibevent_unlock(nle);
}

/* For natsOptions_SetEventLoop: forgets the connection, on the loop's thread. */
NATS_LIBEVENT_UNUSED static natsStatus natsLibevent_Detach(void *userData) {
    natsLibeventEvents *nle = (natsLibeventEvents *)userData;

    pthread_mutex_lock(&nle->lock);
    nle->detached = true;
    return natsLibevent_unlock(nle);
}

#ifdef __cplusplus
}
#endif
#endif
