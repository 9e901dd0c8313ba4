/* A connection to a scripted peer (peer.h), with a subscription. */
#ifndef NATS_RS_TEST_PEER_FIXTURE_H
#define NATS_RS_TEST_PEER_FIXTURE_H

#include "callbacks.h"
#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct peer_fixture {
    peer p;
    natsConnection *nc;
    natsSubscription *sub; /* "foo", sid 1 */
    closure c;
} peer_fixture;

void peer_fixture_start(peer_fixture *f);
/* adjust: changes the options of the connection, or NULL. info: the INFO line of the peer, or
 * NULL. */
void peer_fixture_start_with(peer_fixture *f, natsOptions *(*adjust)(natsOptions *), const char *info);
/* The client reconnects after a disconnect, and works. */
void peer_fixture_reconnects(peer_fixture *f);
void peer_fixture_end(peer_fixture *f);

#ifdef __cplusplus
}
#endif
#endif
