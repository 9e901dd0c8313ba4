/* How calls are chosen and made. */
#ifndef NATS_RS_CALLS_RUN_H
#define NATS_RS_CALLS_RUN_H

#include <stdbool.h>
#include <stdint.h>

/* A few calls inside a callback; none where callbacks are already deep in each other, or the run is over. */
void nested_calls(void);
/* One call of a function whose name begins like this. */
void call_matching(const char *prefix);
/* Objects that work, as a correct program makes them. */
void make_good(void);
/* Whether the calls of this thread are sensible from now on (calls.h). Returns whether they were. */
bool set_sensible(bool value);
/* Called by each thread once, before its first random number: where its numbers begin. */
uint64_t begin_thread(void);
/* Ends all objects. Returns how many there were: callbacks that are still to return, or to come, keep more. */
int end_all(void);

extern char server_url[64];

#endif
