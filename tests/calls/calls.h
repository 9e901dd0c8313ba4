/* What the generated functions make their arguments with. Each call has a frame; what was allocated for the
 * call is freed with it, in the size that the library was told, so that a sanitizer sees each byte beyond. */
#ifndef NATS_RS_CALLS_H
#define NATS_RS_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls_table_kinds.h"
#include "nats_rs.h"

enum { FRAME_BLOCKS = 512, FRAME_OBJECTS = 16 };

typedef struct frame {
    void *blocks[FRAME_BLOCKS];
    int block_count;
    struct {
        int kind;
        void *object;
    } borrowed[FRAME_OBJECTS];
    int borrowed_count;
} frame;

typedef struct one_call {
    const char *name;
    void (*run)(frame *f);
} one_call;

/* Generated. */
extern const one_call calls[];
extern const int call_count;
void end_object(int kind, void *object);

/* Of this thread's random numbers: one below n (0 for 0), and true once in n times. */
uint32_t pick(uint64_t n);
bool one_in(uint32_t n);

/* Handles that the library keeps the memory of: living, destroyed, of another kind, or NULL. keep adds a new
 * one, and ends the one whose place it takes. */
void *a_handle(int kind);
void keep(int kind, void *handle);

/* Objects that one thread at a time may use: taken out of those that there are, or NULL; given back; taken until
 * the end of the call. */
void *take(int kind);
void give(int kind, void *object);
void *borrow(frame *f, int kind);
/* The request that this thread's callback is about, or NULL. */
microRequest *the_request(void);

enum text_category {
    TEXT_ANY,
    TEXT_URL,
    TEXT_FILE,
    TEXT_STREAM,
    TEXT_CONSUMER,
    TEXT_BUCKET,
    TEXT_KEY,
    TEXT_SUBJECT,
    TEXT_CATEGORIES
};
/* All that follows lives until the end of the call. Zeroed memory; a text or NULL; a list of n; n bytes. */
void *memory(frame *f, size_t size);
const char *a_text(frame *f, int category);
const char **some_texts(frame *f, int category, int n);
void *some_bytes(frame *f, int n);

int a_length(void);
int64_t a_time(void);
int64_t a_number(void);
int a_small_number(void);
int an_enum(void);
/* Reads to the NUL. */
void read_text(const char *text);

extern int anything;
extern FILE *sink;

/* Callbacks: most make calls of their own. */
void on_natsThreadStartedHandler(void *closure);
void on_natsLogHandler(const natsLogRecord *record, void *closure);
void on_natsErrHandler(natsConnection *nc, natsSubscription *sub, natsStatus err, void *closure);
void on_natsConnectionHandler(natsConnection *nc, void *closure);
void on_natsOnCompleteCB(void *closure);
natsStatus on_natsUserJWTHandler(char **jwt, char **error, void *closure);
natsStatus on_natsSignatureHandler(char **error, unsigned char **signature, int *length, const char *nonce,
                                   void *closure);
natsStatus on_natsEvLoop_Attach(void **data, void *loop, natsConnection *nc, natsSock socket);
natsStatus on_natsEvLoop_ReadAddRemove(void *data, bool add);
natsStatus on_natsEvLoop_WriteAddRemove(void *data, bool add);
natsStatus on_natsEvLoop_Detach(void *data);
int on_natsNextServerHandler(natsConnection *nc, const char *const *servers, int count, int64_t *pause,
                             void *closure);
natsStatus on_natsProxyConnHandler(natsSock *fd, char *host, int port, void *closure);
int64_t on_natsCustomReconnectDelayHandler(natsConnection *nc, int attempts, void *closure);
const char *on_natsTokenHandler(void *closure);
int on_natsSSLVerifyCb(int preverifyOk, void *ctx);
natsStatus on_natsUserInfoHandler(char **user, char **password, char **error, void *closure);
void on_natsReplyHandler(natsConnection *nc, natsStatus s, natsMsg *reply, void *closure);
bool on_natsLastReplyHandler(natsMsg *reply, void *closure);
void on_natsMsgHandler(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure);
void on_natsMsgsHandler(natsConnection *nc, natsSubscription *sub, natsMsgList *msgs, void *closure);
void on_jsPubAckHandler(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *closure);
void on_jsPubAckErrHandler(jsCtx *js, jsPubAckErr *pae, void *closure);
void on_jsFetchCompleteHandler(natsConnection *nc, natsSubscription *sub, natsStatus s, void *closure);
bool on_jsFetchNextHandler(int *messages, int64_t *maxBytes, natsSubscription *sub, void *closure);
void on_jsFastPublishErrHandler(jsFastBatchCtx *ctx, jsFastPublishErr *err, void *closure);
natsStatus on_kvCodecCb(void **out, int *outLen, const void *in, int inLen, void *closure);
void on_kvCodecReleaseCb(void *closure);
void on_kvWatchCb(kvWatcher *w, kvEntry *e, natsStatus s, void *closure);
microError *on_microRequestHandler(microRequest *req);
void on_microErrorHandler(microService *m, microEndpoint *ep, natsStatus s);
void on_microDoneHandler(microService *m);
microError *on_microStatsDataHandler(char **data, microService *m, const char *subject, void *closure);
void on_objStoreProgressHandler(const char *name, uint64_t bytes, uint64_t total, void *closure);

#endif
