/* A server with a stream that accepts fast batches, and a batch. */
#ifndef NATS_RS_TEST_FAST_BATCH_H
#define NATS_RS_TEST_FAST_BATCH_H

#include "callbacks.h"
#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fast_world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c; /* of the connection */
} fast_world;

/* Connects to a running server, and creates the stream "S" of "s.>" in memory. */
void fast_world_open(fast_world *w);
/* The same with a server that it starts. */
void fast_world_start(fast_world *w);
void fast_world_end(fast_world *w);

/* Begins a batch. opts: the options, or NULL. */
jsFastBatchCtx *fast_start(fast_world *w, jsFastPublishOptions *opts);
/* Adds the payload "more". */
natsStatus fast_add(jsFastBatchCtx *batch, const char *subject, jsPubOptions *opts, jsErrCode *code);
/* Commits with the payload "last". */
natsStatus fast_commit(jsPubAck **ack, jsFastBatchCtx *batch, const char *subject, jsPubOptions *opts,
                       jsErrCode *code);
jsFastPublishProgress fast_progress(jsFastBatchCtx *batch);
/* An expectation that no message of the stream can meet. */
jsPubOptions fast_impossible(void);

#ifdef __cplusplus
}
#endif
#endif
