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
    bool succeeded;
} frame;

typedef struct one_call {
    const char *name;
    void (*run)(frame *f);
    /* Its result says whether it succeeded. */
    bool has_outcome;
    /* It ends what other calls need: it is made less often. */
    bool ends;
} one_call;

/* Generated. */
extern const one_call calls[];
extern const int call_count;
void end_object(int kind, void *object);

/* Of this thread's random numbers: one below n (0 for 0), and true once in n times. */
uint32_t pick(uint64_t n);
bool one_in(uint32_t n);
/* Half of the calls are sensible: their arguments are chosen such that most of them succeed, and reach what is behind the
 * checks of arguments. odd is one_in in the other calls, and false in these; some_field says whether a field of a
 * structure is filled at random. */
bool is_sensible(void);
bool odd(uint32_t n);
bool some_field(void);

/* Handles that the library keeps the memory of: living, destroyed, of another kind, or NULL. keep adds a new
 * one, and ends the one whose place it takes. */
void *a_handle(int kind);
/* One of the last that were made of a kind, or of those that prefer was given. */
void *preferred(int kind);
void prefer(int kind, void *handle);
void keep(int kind, void *handle);

/* Objects that one thread at a time may use: taken out of those that there are, or NULL; given back; taken until
 * the end of the call. */
void *take(int kind);
void give(int kind, void *object);
void *borrow(frame *f, int kind);
/* Gives an object back at the end of the call. Returns it. */
void *lend(frame *f, int kind, void *object);
/* Some messages of the list, and the others are destroyed. */
void give_messages(natsMsgList *list);
/* The request that this thread's callback is about, or NULL. */
microRequest *the_request(void);

/* Beside the kinds of handles: subscriptions by what may be called on them. */
enum { PREFER_PULL = SLOT_KINDS, PREFER_SYNC, PREFERENCES };

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
/* One of the texts, which are separated by |. */
const char *a_choice(frame *f, const char *choices);
/* The path, and the text, of one of these files of certs.h. */
const char *a_certificate(frame *f, const char *choices);
const char *a_file_text(frame *f, const char *choices);
const char **some_texts(frame *f, int category, int n);
const char **some_choices(frame *f, const char *choices, int n);
void *some_bytes(frame *f, int n);

int a_length(void);
int64_t a_time(void);
int64_t a_number(void);
int a_small_number(void);
int an_enum(void);
/* Revisions of buckets and sequences of the stream s0, as they were when last seen. */
void saw_revision(uint64_t revision);
uint64_t a_revision(void);
void saw_sequences(uint64_t first, uint64_t last);
uint64_t a_sequence(void);
natsMsg *an_advisory(frame *f);
/* The subjects and settings that other calls expect of a stream of this name. */
void the_stream(frame *f, jsStreamConfig *cfg);

/* A key of NATS's documentation. The file seed has the seed. */
#define SEED "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
#define PUBLIC_KEY "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"

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
