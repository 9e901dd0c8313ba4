/* Streams for tests, by the JetStream API's own messages: so a test needs no more of the library than it is
 * about. */
#ifndef NATS_RS_TEST_JETSTREAM_H
#define NATS_RS_TEST_JETSTREAM_H

#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Asks "$JS.API." and this function with this body, and copies the answer to text. Fails the test where nobody
 * answers. */
void api_request(natsConnection *nc, const char *function, const char *body, char *text, size_t size);
/* Makes a stream of these subjects in memory, a list of JSON strings. more: further fields, each behind a comma, or
 * "". */
void stream_create(natsConnection *nc, const char *name, const char *subjects, const char *more);
void stream_delete(natsConnection *nc, const char *name);
/* How many messages it has. */
int64_t stream_messages(natsConnection *nc, const char *name);

#ifdef __cplusplus
}
#endif
#endif
