/* What the account says, and what of it is not allowed. */
#ifndef CHAOS_VERDICT_H
#define CHAOS_VERDICT_H

#include "load.h"

/* How many conditions were not met so far. */
extern int violations;

/* Counts and prints a condition that is not met. */
void require(bool condition, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Compares the streams with the acks. Returns the last sequence of the first one. */
uint64_t verify_streams(load *l, jsCtx *js);
/* Compares the bucket with what the writer has put and the watcher seen. */
void verify_keys(load *l, jsCtx *js);
/* Prints the account of a transport, and looks at it. stored: the stream's last sequence. */
void verify_account(load *l, uint64_t stored);

#endif
