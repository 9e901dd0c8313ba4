/* A server whose JetStream is simulated by a second connection: it answers every request as the test specifies.
 * And a table of the calls that wait for such an answer. */
#ifndef NATS_RS_TEST_JS_GARBAGE_H
#define NATS_RS_TEST_JS_GARBAGE_H

#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct garbage {
    server s;
    natsConnection *nc, *other;
    natsSubscription *answering[4];
    jsCtx *js;
    jsOptions jo;
    jsErrCode code;
    kvStore *kv;
    objStore *obs;
    bool gave; /* the call failed and set its result all the same */
    pthread_mutex_t lock;
    const char *headers; /* the answer: a block of headers, or NULL */
    const char *body;
    int body_len;
} garbage;

/* Starts the server and both connections, and opens a bucket and an object store. */
void garbage_start(garbage *w);
void garbage_end(garbage *w);
/* As garbage_end, and fails the test if a call was found at fault. */
void garbage_check_end(garbage *w);
/* Sets the answer. headers: the value of its Status header, or NULL. len: -1 for the length of the text. */
void garbage_answer(garbage *w, const char *headers, const char *body, int len);
/* Makes every call with this answer and checks that it ends in time, with a status, a text and no result. json: the
 * answer is JSON, so that some calls may accept it. */
void garbage_answer_all(garbage *w, const char *name, const char *headers, const char *body, int len,
                        bool json);

#ifdef __cplusplus
}
#endif

#endif
