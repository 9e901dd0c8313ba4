/* A context that publishes without waiting for acknowledgements, and a record of its handler's calls. */
#ifndef NATS_RS_TEST_PUBLISHER_H
#define NATS_RS_TEST_PUBLISHER_H

#include "callbacks.h"
#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PUB_ACK "{\"stream\":\"S\",\"seq\":1}"

/* The record of a handler, and its instructions. */
typedef struct pub_seen {
    counter acked;
    counter failed;
    counter wrong;
    counter entered; /* calls that wait at the gate, or have passed it */
    counter gate;    /* opened by a test whose handler blocks */
    bool blocks;
    bool resends;
    bool destroys;
    bool completes;
    jsCtx *js;
    pthread_mutex_t lock;
    uint64_t sum; /* of the sequences */
    natsStatus status;
    jsErrCode code;
    natsStatus result; /* of a call in the handler */
    char text[256];
    char payload[64];
} pub_seen;

typedef struct pub_world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c;
    pub_seen h;
} pub_world;

/* The handler of a context. */
typedef enum pub_told { PUB_NOBODY, PUB_ACKS, PUB_ERRORS } pub_told;

void pub_seen_init(pub_seen *h);
/* A server with a stream "S" of "s.>" in a file, and a context without limits. */
void pub_world_start(pub_world *w, pub_told told);
/* Checks that no fault was recorded. */
void pub_world_end(pub_world *w);
/* Makes the context. */
void pub_context(pub_world *w, pub_told told, int64_t max_pending, int64_t stall_wait, bool mux);
/* Checks that no message is pending. */
void pub_complete(jsCtx *js);
/* Publishes the numbers from 0 on. */
void pub_many(jsCtx *js, const char *subject, int count);
/* A subscriber that acknowledges messages on "f.>" in place of a stream, or does not. */
natsSubscription *pub_acknowledger(pub_world *w, natsMsgHandler cb, const char *reply);

/* A thread that waits for the acknowledgements of all messages, or for room to publish a message
 * on "f.a". */
typedef struct pub_waiter {
    jsCtx *js;
    bool completes; /* else it publishes */
    natsStatus status;
    counter done;
    pthread_t thread;
} pub_waiter;

void pub_waiter_start(pub_waiter *p, jsCtx *js, bool completes);
/* Checks that the thread has ended with this status. */
void pub_waiter_expect(pub_waiter *p, natsStatus status);

#ifdef __cplusplus
}
#endif
#endif
