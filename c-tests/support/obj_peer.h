/* An object store "B" on a scripted server. */
#ifndef NATS_RS_TEST_OBJ_PEER_H
#define NATS_RS_TEST_OBJ_PEER_H

#include "js_peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The object "o" that obj_peer_with describes, in bytes and chunks. */
enum { OBJ_PEER_CHUNK = 1000, OBJ_PEER_CHUNKS = 4, OBJ_PEER_SIZE = OBJ_PEER_CHUNK * OBJ_PEER_CHUNKS };

/* Starts the server, connects, and opens the store. in_flight: the limit of bytes on their way. */
objStore *obj_peer_open(js_peer *j, uint64_t in_flight);
/* For peer_run: awaits the request for a description, and answers that there is no such object. arg: NULL. */
void obj_peer_without(peer *p, void *arg);
/* For peer_run: the same, and answers with the description of the object "o", whose chunks have the NUID "N". */
void obj_peer_with(peer *p, void *arg);

#ifdef __cplusplus
}
#endif
#endif
