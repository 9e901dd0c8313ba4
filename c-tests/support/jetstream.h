/* Streams for tests, created by messages of the JetStream API, so that a test uses only the functions that it is
 * about. */
#ifndef NATS_RS_TEST_JETSTREAM_H
#define NATS_RS_TEST_JETSTREAM_H

#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sends a request to "$JS.API." and this function with this body, and copies the answer to text. Fails the test if
 * there is no answer. */
void api_request(natsConnection *nc, const char *function, const char *body, char *text, size_t size);
/* Creates a stream in memory with these subjects, a list of JSON strings. more: further fields, each behind a comma,
 * or "". */
void stream_create(natsConnection *nc, const char *name, const char *subjects, const char *more);
void stream_delete(natsConnection *nc, const char *name);
/* Returns its number of messages. */
int64_t stream_messages(natsConnection *nc, const char *name);

#ifdef __cplusplus
}
#endif
#endif
