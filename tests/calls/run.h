/* How calls are chosen and made. */
#ifndef NATS_RS_CALLS_RUN_H
#define NATS_RS_CALLS_RUN_H

/* A few calls inside a callback; none where callbacks are already deep in each other, or the run is over. */
void nested_calls(void);
/* One call of a function whose name begins like this. */
void call_matching(const char *prefix);

#endif
