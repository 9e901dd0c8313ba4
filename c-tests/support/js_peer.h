/* A scripted JetStream server: a peer that reads the client's protocol operation by operation, answers its API
 * requests as the test specifies, and makes valid and invalid deliveries. For states that are rare with a real
 * server. */
#ifndef NATS_RS_TEST_JS_PEER_H
#define NATS_RS_TEST_JS_PEER_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct js_op {
    char verb[8];      /* SUB, UNSUB, PUB, HPUB */
    char subject[256]; /* of UNSUB, the sid */
    char reply[256];   /* of SUB, the sid */
    char body[2048];   /* payload, and headers in front */
} js_op;

typedef struct js_peer {
    peer p;
    natsConnection *nc;
    jsCtx *js;
    char inbox[128]; /* the consumer's deliver subject, as the last SUB for one had it */
    char sid[24];
    char answers[24]; /* the sid of the wildcard subscription that was made last */
    struct {
        char prefix[128]; /* up to the wildcard */
        char sid[24];
    } wild[32];            /* the wildcard subscriptions, the oldest one overwritten */
    int wild_made;         /* their number */
    uint64_t consumer_seq; /* of the last message delivered */
    js_op op;              /* the last one read */
} js_peer;

/* Connects a client. adjust: changes its options, or NULL. */
void js_peer_start(js_peer *j, natsOptions *(*adjust)(natsOptions *));
/* The same with a server that reports this version. */
void js_peer_start_as(js_peer *j, const char *version);
void js_peer_end(js_peer *j);

/* Reads operations until one has this verb and a subject with this prefix. Other operations are dropped, except that
 * PINGs are answered and new deliver subjects recorded. False if none arrives in time. */
bool js_peer_await(js_peer *j, const char *verb, const char *subject);
/* The same with a time limit; a failure is not recorded as a problem. */
bool js_peer_await_within(js_peer *j, const char *verb, const char *subject, int64_t timeout_ms);
/* The sid of the wildcard subscription that matches this subject; "" for none. */
const char *js_peer_sid_of(const js_peer *j, const char *subject);
/* Answers the request that was read last. */
bool js_peer_answer(js_peer *j, const char *json);
/* Waits for the request for a consumer, whose body must contain this part (or NULL), and answers with a consumer that
 * has delivered up to this stream sequence and has this number of messages pending. */
bool js_peer_consumer(js_peer *j, const char *part, uint64_t delivered, uint64_t pending);
/* The same for a script that peer_run runs while the test subscribes. arg: NULL. */
void js_peer_first_consumer(peer *p, void *arg);
/* Delivers a message: its payload is the stream sequence. consumer_seq: 0 for the next one. */
bool js_peer_deliver(js_peer *j, uint64_t stream_seq, uint64_t consumer_seq, uint64_t pending);
/* The same to another sid. */
bool js_peer_deliver_to(js_peer *j, const char *sid, uint64_t stream_seq, uint64_t consumer_seq,
                        uint64_t pending);
/* Sends a heartbeat. stalled: a subject, or NULL. */
bool js_peer_heartbeat(js_peer *j, uint64_t consumer_seq, uint64_t stream_seq, const char *stalled);
/* Asks for flow control, to be answered on this subject. */
bool js_peer_flow(js_peer *j, const char *reply);

#ifdef __cplusplus
}
#endif
#endif
