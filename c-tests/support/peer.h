/* A scripted fake server on a loopback port.
 *
 * Its functions run on the calling thread: a script, run by peer_run in a thread of the test (needed while the test's
 * own thread sits in natsConnection_Connect), or afterwards the test itself. Nothing is read except by these
 * functions, so a peer that is not used stalls the client. All bytes read are kept. */
#ifndef NATS_RS_TEST_PEER_H
#define NATS_RS_TEST_PEER_H

#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PEER_INFO_FIELDS                                                                                     \
    "\"server_id\":\"FAKE\",\"version\":\"2.15.0\",\"proto\":1,\"host\":\"127.0.0.1\",\"headers\":true,"     \
    "\"max_payload\":1048576,\"client_id\":7,\"client_ip\":\"127.0.0.1\""
#define PEER_INFO "INFO {" PEER_INFO_FIELDS "}\r\n"

typedef struct peer peer;
typedef void (*peer_script)(peer *p, void *arg);

struct peer {
    int listener;
    int socket; /* the accepted connection, or -1 */
    int port;
    char url[64];
    pthread_t thread;
    bool running;
    peer_script script;
    void *arg;
    char *bytes;   /* all bytes received over the current connection, followed by a NUL */
    size_t length; /* their number */
    size_t room;
    size_t seen;       /* peer_expect goes on from here */
    char problem[256]; /* what went wrong first in this peer, or empty */
};

/* Listens on a free port. Fails the test if it cannot. */
void peer_open(peer *p);
/* Ends the script's thread (closing the sockets wakes it) and frees everything. */
void peer_close(peer *p);
/* Stops listening, so that connects are refused; and listens again on the same port. */
void peer_refuse(peer *p);
void peer_listen_again(peer *p);

/* Runs a script in a thread; peer_join waits for its end and fails the test if the script
 * recorded a problem. */
void peer_run(peer *p, peer_script script, void *arg);
void peer_join(peer *p);

/* Each returns false on failure, and records the problem. */
bool peer_accept(peer *p);
bool peer_send(peer *p, const char *text);
bool peer_send_bytes(peer *p, const void *data, size_t length);
/* Reads until this text arrives (after the text found by the previous call). A run of blanks in it stands for any run
 * of blanks, and before the end of a line also for none: the protocol allows any number. */
bool peer_expect(peer *p, const char *text);
/* The same with a time limit; a failure is not recorded as a problem. */
bool peer_expect_within(peer *p, const char *text, int64_t timeout_ms);
/* The bytes read so far contain this text, blanks as above. */
bool peer_received(const peer *p, const char *text);
/* Reads until at least this number of bytes has arrived in all. */
bool peer_expect_bytes(peer *p, size_t length);
/* Reads until the client closes. */
bool peer_expect_end(peer *p);
/* Closes the accepted connection: in order, or with a reset. */
void peer_hang_up(peer *p);
void peer_reset(peer *p);

/* accept, INFO, CONNECT, PING, PONG. The script for a well-behaved start; arg: another INFO line, or NULL. */
void peer_handshake(peer *p, void *arg);
/* The handshake on the calling thread. */
bool peer_shake_hands(peer *p, const char *info);
/* Answers the PING that nats.c sends once it has reconnected; libnats_rs sends none. */
void peer_settle(peer *p);
/* Connects a client: runs the handshake while connecting with these options (destroyed). */

natsConnection *peer_connect(peer *p, natsOptions *opts);

#ifdef __cplusplus
}
#endif
#endif
