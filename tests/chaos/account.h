/* What became of numbered things, and how long calls took. */
#ifndef CHAOS_ACCOUNT_H
#define CHAOS_ACCOUNT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* How far back a number that comes again is recognised. */
enum { WINDOW = 1 << 16 };

/* Numbers that should come as 0, 1, 2, ... */
typedef struct order {
    pthread_mutex_t lock;
    uint64_t next;     /* the highest so far and one */
    uint64_t received; /* without those that came twice */
    uint64_t missing;  /* below `next`, and never came */
    uint64_t late;     /* came behind a higher one */
    uint64_t doubled;
    unsigned char seen[WINDOW / 8];
} order;

void order_init(order *o);
void order_add(order *o, uint64_t n);
/* The numbers in one piece. */
order order_read(order *o);

/* A thread that makes calls which must not take for ever. */
typedef struct caller {
    const char *transport, *name;
    pthread_mutex_t lock;
    const char *call; /* the one it is inside of; NULL between calls */
    int64_t since, limit_ms;
    bool told;
    uint64_t ok, failed, hung;
    int64_t longest_ms;
    char last_error[160];
} caller;

void caller_init(caller *c, const char *transport, const char *name);
/* Begins a call that has to return within limit_ms, an allowance included. */
void call_begin(caller *c, const char *call, int64_t limit_ms);
/* Ends it, and counts how it went. error: its text, or NULL. Returns how long it took. */
int64_t call_end(caller *c, bool ok, const char *error);
/* Counts a call as hung that takes longer than it may, and says so. */
void caller_look(caller *c);

#endif
