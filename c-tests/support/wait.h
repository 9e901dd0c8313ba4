/* Waiting without sleeping: counters with deadlines, and a closure that records what callbacks see. */
#ifndef NATS_RS_TEST_WAIT_H
#define NATS_RS_TEST_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A generous deadline: 10 s times TEST_TIME_FACTOR. */
int64_t deadline_ms(void);
/* TEST_TIME_FACTOR, at least 1. */
int time_factor(void);
/* Monotonic milliseconds. */
int64_t now_ms(void);
/* A short pause between two checks of a condition that is not signalled. */
void poll_pause(void);

/* A counter that threads increment and wait for. */
typedef struct counter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t value;
} counter;

void counter_init(counter *c);
void counter_add(counter *c, int64_t n);
void counter_set(counter *c, int64_t n);
int64_t counter_get(counter *c);
/* True as soon as the value is at least n; false when the time has passed. */
bool counter_wait(counter *c, int64_t n, int64_t timeout_ms);

enum { CLOSURE_TEXTS = 64, CLOSURE_TEXT_SIZE = 256 };

/* The record of callbacks. One for each connection or subscription under test. */
typedef struct closure {
    counter messages;     /* messages received */
    counter timeouts;     /* message callbacks with no message */
    counter completed;    /* completion callbacks */
    counter closed;       /* connection callbacks, one counter a kind */
    counter disconnected; /* */
    counter reconnected;  /* */
    counter connected;    /* */
    counter discovered;   /* */
    counter lame_duck;    /* */
    counter errors;       /* */
    counter released;     /* the released callback (ours) */
    counter entered;      /* callbacks that wait at the gate, or have passed it */
    counter gate;         /* opened by the test: counter_set(&c.gate, 1) */
    counter wrong;        /* things that must not happen: out of order, overlapping, wrong closure */

    pthread_mutex_t lock;
    char order[256];                                    /* a letter a connection callback: D R C N S L E */
    char texts[CLOSURE_TEXTS][CLOSURE_TEXT_SIZE];       /* payloads of the first messages */
    int statuses[CLOSURE_TEXTS];                        /* statuses of the first error callbacks */
    void *subscriptions[CLOSURE_TEXTS];                 /* and their subscriptions */
    char error_texts[CLOSURE_TEXTS][CLOSURE_TEXT_SIZE]; /* and the last error's text in them */
    int result;                                         /* status of a call made inside a callback */
    int64_t next;                                       /* the number the next ordered message must have */
    int running;                                        /* callbacks running now */
    void *connection;                                   /* for callbacks that act on it */
    void *subscription;                                 /* */
    const char *reply;                                  /* what on_request answers */
} closure;

void closure_init(closure *c);
/* Copies the order of the connection callbacks so far. */
const char *closure_order(closure *c, char buffer[256]);
/* Records a letter. */
void closure_note(closure *c, char letter);
/* Waits at the gate, for a callback that blocks. */
void closure_pass_gate(closure *c);

#ifdef __cplusplus
}
#endif
#endif
