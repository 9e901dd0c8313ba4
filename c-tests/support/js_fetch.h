/* Fetches from a scripted server: a pull subscription to the consumer "c" of the stream "S", a thread that fetches,
 * and the statuses of the server for its requests. */
#ifndef NATS_RS_TEST_JS_FETCH_H
#define NATS_RS_TEST_JS_FETCH_H

#include "js_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A script that answers the request for the consumer's info. arg: NULL. */
void js_fetch_info(peer *p, void *arg);
/* Options for the consumer. */
void js_fetch_bound(jsSubOptions *options);
/* Makes the pull subscription. */
natsSubscription *js_fetch_pull(js_peer *j);

/* Waits for the next request, whose body must contain this part. */
bool js_fetch_await(js_peer *j, const char *part);
/* Sends a status for the request with this reply subject: the rest of the status line, and
 * headers. */
bool js_fetch_say(js_peer *j, const char *reply, const char *status);

/* A thread that fetches. */
typedef struct js_fetch {
    natsSubscription *sub;
    jsFetchRequest request;
    bool simple; /* by natsSubscription_Fetch */
    natsMsgList list;
    natsStatus status;
    char error[256]; /* the last error's text behind it */
    int64_t took_ms;
    pthread_t thread;
} js_fetch;

/* What to fetch. Times in milliseconds; heartbeat_ms: 0 for none. */
void js_fetch_init(js_fetch *f, natsSubscription *sub, int batch, int64_t expires_ms, int64_t heartbeat_ms);
/* Begins the fetch with the request of js_fetch_init or of the test. */
void js_fetch_run(js_fetch *f);
/* Both. */
void js_fetch_begin(js_fetch *f, natsSubscription *sub, int batch, int64_t expires_ms, int64_t heartbeat_ms);
/* Checks that the fetch ends with this status and this number of messages, which are destroyed.
 * */
void js_fetch_end(js_fetch *f, natsStatus status, int count);

#ifdef __cplusplus
}
#endif
#endif
