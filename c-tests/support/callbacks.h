/* Callbacks that record into a closure (wait.h). */
#ifndef NATS_RS_TEST_CALLBACKS_H
#define NATS_RS_TEST_CALLBACKS_H

#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Message callbacks. All of them count the message, record its text and destroy it. */
void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg);
/* Payloads must be 0, 1, 2, ... and callbacks must not overlap. */
void on_ordered(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg);
/* Waits at the gate first. */
void on_blocked(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg);
/* Answers with the closure's reply, or with the payload of the request. */
void on_request(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg);
/* Destroys its own subscription with the first message. */
void on_destroy_sub(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg);

/* Connection callbacks. */
void on_closed(natsConnection *nc, void *arg);
void on_disconnected(natsConnection *nc, void *arg);
void on_reconnected(natsConnection *nc, void *arg);
void on_connected(natsConnection *nc, void *arg);
void on_discovered(natsConnection *nc, void *arg);
void on_lame_duck(natsConnection *nc, void *arg);
void on_error(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg);
void on_error_quiet(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg);

/* Completion callbacks. */
void on_complete(void *arg);
void on_released(void *arg);

/* Token handler: counts its calls in a counter, and returns "the.token". */
const char *on_token(void *arg);

/* Sets every connection callback to those above with this closure. */
void options_record(natsOptions *opts, closure *c);
/* test_options that record into this closure, which is initialized, and that reconnect without
 * limit. */
natsOptions *options_recorded(const char *url, closure *c);

#ifdef __cplusplus
}
#endif
#endif
