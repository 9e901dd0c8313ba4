/* What programs do with the library, on connections of one transport, with every number accounted for. */
#ifndef CHAOS_LOAD_H
#define CHAOS_LOAD_H

#include "account.h"
#include "ledger.h"
#include "test.h"

enum { PULLED = 1, CONFIRMED = 2 };
enum { KEYS = 40, OBJECT_SIZE = 400 * 1000, CALLERS = 10 };
/* How long calls wait, and what they may take beyond that: the machine is busy. */
enum { LOAD_WAIT = 2000, LOAD_ALLOWANCE = 8000 };

/* A connection each. */
enum role {
    PUBLISHER,
    SUBSCRIBER,
    REQUESTER,
    RESPONDER,
    STREAM_PUBLISHER,
    PULLER,
    ORDERED,
    KEY_WRITER,
    KEY_WATCHER,
    OBJECT_READER,
    ASYNC_PUBLISHER,
    ROLES
};

/* Messages that are published without waiting for their acks: each one's handler is called once. */
typedef struct async_load {
    char stream[32], subject[32];
    caller *caller;
    pthread_mutex_t lock;
    ledger outcomes; /* a byte for each number */
    uint64_t numbers, accepted, told, told_again, acked;
    bool complete; /* nothing is pending at the end */
} async_load;

typedef struct load {
    const char *transport;
    char stream[32], subject[32], bucket[32];
    natsConnection *nc[ROLES];
    natsSubscription *subscriber, *responder, *ordered;
    pthread_t threads[CALLERS];
    int thread_count;
    caller callers[CALLERS];
    int caller_count;
    caller *publisher, *requester, *stream_publisher, *puller, *key_writer, *key_watcher, *object_reader;
    int stop_writing, stop_reading; /* set by the test */
    int writing;                    /* threads that may still change the stream or the bucket */

    uint64_t published; /* numbers that natsConnection_Publish accepted or not, by the publisher's thread */
    order core;
    uint64_t core_wrong, wrong_replies, closed, slow;

    /* The stream: at which sequence each number is, by its ack; 0 for none. */
    ledger acked;
    uint64_t acked_count, ack_duplicates;
    ledger pulled;         /* a byte for each number: PULLED, CONFIRMED */
    uint64_t pulled_count; /* of numbers */
    uint64_t redelivered;  /* deliveries that say that they are not the first */
    uint64_t pulled_again; /* of a number that had come, and do not say so */
    uint64_t acked_again;  /* of a number whose acknowledgement was confirmed */
    pthread_mutex_t lock;  /* of the ledgers and of what follows */
    uint64_t ordered_next, ordered_received, ordered_gaps, ordered_again;

    uint64_t written[KEYS], written_value[KEYS]; /* the last confirmed revision of each key */
    uint64_t watched[KEYS], watched_value[KEYS], watched_last, watched_back, watched_count;
    uint64_t objects_wrong;
    async_load async;
    natsOptions *churn_options;
    caller *churn;
} load;

/* Connections that come and go, of all transports, and callbacks that have to come once for each of them. */
typedef struct churn_counts {
    uint64_t connected, released, subscribed, completed;
} churn_counts;
extern churn_counts churned;

/* Round trips of requests since the last time this was called, in microseconds. */
void load_latency(int64_t *median, int64_t *longest, int *count);

/* Makes what the load uses, on a connection that nothing disturbs. */
void load_prepare(load *l, const char *transport, jsCtx *js);
/* Connects by these options and begins. churn: the same again, for connections that come and go; kept. */
void load_begin(load *l, natsOptions *opts, natsOptions *churn);
/* How often its connections had to connect again. */
uint64_t load_reconnects(const load *l);
/* Whether all its connections are connected. */
bool load_connected(const load *l);
/* Waits for the threads, which have been told to stop. */
void load_join(load *l);
/* Whether a thread may still change the stream or the bucket. */
bool load_writes(const load *l);
/* Ends the connections; false if one does not end. */
bool load_end(load *l);

/* The threads of load_more.c and load_stores.c, and what they use of load.c. */
void *load_async(void *closure);
bool load_async_acked(const async_load *a, uint64_t n);
void *load_churn(void *closure);
void load_prepare_churn(natsOptions *opts);
void *load_write_keys(void *closure);
void *load_watch_keys(void *closure);
void *load_read_objects(void *closure);
/* A thread that writes has ended. */
void load_written(load *l);
/* The bytes of the object. */
unsigned char load_byte(int i);
/* A JetStream context of one of the connections. */
jsCtx *load_context(load *l, enum role role);
/* The text of a status other than NATS_OK; else NULL. */
const char *load_error_text(natsStatus s);
/* The number that some bytes are. */
uint64_t load_number_of(const char *data, int length);
/* The number that a message is. */
uint64_t load_number(natsMsg *msg);
/* Ends a call by its status; true for NATS_OK. */
bool load_ended(caller *c, natsStatus s);
/* Sleeps so long, or a multiple of it. */
void load_pause(long ms);

#endif
