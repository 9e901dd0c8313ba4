/* Fetches from a scripted server: a pull subscription to the consumer "c" of the stream "S", a thread that fetches, and
 * what the server says about its requests. */
#ifndef NATS_RS_TEST_JS_FETCH_H
#define NATS_RS_TEST_JS_FETCH_H

#include "js_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A script that answers the question whether the consumer exists. arg: NULL. */
void js_fetch_info(peer *p, void *arg);
/* Options for the consumer. */
void js_fetch_bound(jsSubOptions *options);
/* Makes the pull subscription. */
natsSubscription *js_fetch_pull(js_peer *j);

/* Awaits the next request, whose body must have this part. */
bool js_fetch_await(js_peer *j, const char *part);
/* Says this about the request with this reply subject: a status line's end, and headers. */
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
/* Begins what js_fetch_init or the test has put into the request. */
void js_fetch_run(js_fetch *f);
/* Both. */
void js_fetch_begin(js_fetch *f, natsSubscription *sub, int batch, int64_t expires_ms, int64_t heartbeat_ms);
/* The fetch ends so, with so many messages, which are destroyed. */
void js_fetch_end(js_fetch *f, natsStatus status, int count);

#ifdef __cplusplus
}
#endif
#endif
