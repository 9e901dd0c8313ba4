/* A cluster of three real nats-servers with JetStream on loopback: n0, n1 and n2. */
#ifndef NATS_RS_TEST_CLUSTER_H
#define NATS_RS_TEST_CLUSTER_H

#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CLUSTER_SERVERS = 3 };

/* The servers have fixed ports: each can be killed and started again (server_kill, server_restart) as what it was.
 * Ports and files are each server's own. */
typedef struct cluster {
    server servers[CLUSTER_SERVERS];
} cluster;

/* Starts the servers, and waits until their JetStream takes requests. */
void cluster_start(cluster *c);
void cluster_stop(cluster *c);

/* A free port below those that the system gives to clients: while its server is down no client's socket gets it. */
int fixed_port(void);
/* Options with the URLs of all servers, for a client that never gives up and is not slow to come back. */
natsOptions *cluster_options(const cluster *c);
/* The number of the server that leads this stream; -1 while there is none, or nobody says so in time. */
int cluster_leader(jsCtx *js, const char *stream);
/* Waits until the stream has a leader and its other servers have all that it has: then any one may be killed. */
void cluster_settle(jsCtx *js, const char *stream);

#ifdef __cplusplus
}
#endif
#endif
