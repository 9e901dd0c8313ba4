/* A cluster of three real nats-servers with JetStream on loopback: n0, n1 and n2. */
#ifndef NATS_RS_TEST_CLUSTER_H
#define NATS_RS_TEST_CLUSTER_H

#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CLUSTER_SERVERS = 3 };

/* The servers have fixed ports: each can be killed and started again (server_kill, server_restart) with its ports and
 * files. */
typedef struct cluster {
    server servers[CLUSTER_SERVERS];
} cluster;

/* Starts the servers, and waits until JetStream accepts requests. */
void cluster_start(cluster *c);
void cluster_stop(cluster *c);

/* A free port below those that the system assigns to clients, so that no client's socket takes it while the server is
 * down. */
int fixed_port(void);
/* Options with the URLs of all servers, for a client that reconnects without limit and with short pauses. */
natsOptions *cluster_options(const cluster *c);
/* The number of the server that is the leader of this stream; -1 if there is none, or no server answers in time. */
int cluster_leader(jsCtx *js, const char *stream);
/* Waits until the stream has a leader and its other servers are up to date: then any one may be killed. */
void cluster_settle(jsCtx *js, const char *stream);

#ifdef __cplusplus
}
#endif
#endif
