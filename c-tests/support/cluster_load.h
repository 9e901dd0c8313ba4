/* A load on the stream "S" of a cluster: threads that publish, and every kind of subscription. What was published,
 * acknowledged and received is recorded for each message. */
#ifndef NATS_RS_TEST_CLUSTER_LOAD_H
#define NATS_RS_TEST_CLUSTER_LOAD_H

#include "callbacks.h"
#include "cluster.h"
#include "jetstream.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SYNC_PUBLISHERS = 2,
    ASYNC_PUBLISHERS = 2,
    PUBLISHERS = SYNC_PUBLISHERS + ASYNC_PUBLISHERS,
    EACH = 250000,      /* the most messages of one publisher */
    MOST_PENDING = 256, /* of an async publisher */
    RETRY_MS = 20,
    NANOS_PER_S = 1000000000
};

typedef enum fate { NOT_SENT, SENT, ACKED } fate;

struct cluster_load;

typedef struct publisher {
    struct cluster_load *load;
    int number;
    bool async;
    pthread_t thread;
    jsCtx *js;
    int sent;                         /* messages 0 to sent - 1 have been sent */
    unsigned char fates[EACH];        /* under the load's lock */
    natsMsg *again[2 * MOST_PENDING]; /* those that failed, under the load's lock */
    int again_count;
    counter acked;
    counter repeated; /* publishes that had to be made once more */
    counter duplicates;
    counter wrong;
} publisher;

/* What a subscription has received. */
typedef struct consumer {
    struct cluster_load *load;
    const char *name;
    pthread_mutex_t lock;
    unsigned char seen[PUBLISHERS][EACH];
    counter messages;
    counter distinct;
    counter wrong;
    counter problems; /* calls that failed and were made again */
    uint64_t last;    /* stream sequence, of the ordered one */
    natsConnection *nc;
    jsCtx *js;
    natsSubscription *sub;
    closure events;
    pthread_t thread;
} consumer;

typedef struct cluster_load {
    cluster *servers;
    pthread_mutex_t lock;
    bool stop;     /* publishers begin nothing new */
    bool finished; /* the fetching thread ends */
    publisher publishers[PUBLISHERS];
    consumer push, ordered, fetch, pull;
} cluster_load;

/* Too large for a stack. */
void load_init(cluster_load *l, cluster *servers);
/* Sets one of the two flags. */
void load_set(cluster_load *l, bool *flag);
bool load_is_set(cluster_load *l, const bool *flag);
/* Reads "number n", the payload of each message; false if it is not valid. */
bool load_parse(natsMsg *msg, int *number, int *n);

/* Starts publisher number i, whose thread publishes on this connection until stop is set and all has been
 * acknowledged. */
void publisher_start(cluster_load *l, int i, natsConnection *nc);

/* Subscribes in every way; a thread fetches until finished is set. */
void consumers_start(cluster_load *l);
/* Waits until this number of messages has been received, and checks that each was, and (once) not twice. */
void consumer_check(consumer *c, int64_t total, bool once);
void consumer_end(consumer *c);

#ifdef __cplusplus
}
#endif
#endif
