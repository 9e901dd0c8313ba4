/* A real nats-server on a free port. Found by the environment variable NATS_SERVER, else in PATH. */
#ifndef NATS_RS_TEST_SERVER_H
#define NATS_RS_TEST_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SERVER_ARGS = 16 };

typedef struct server {
    pid_t pid; /* 0 when not running */
    int port;
    int ws_port;        /* of its WebSocket listener, or 0 */
    const char *scheme; /* of the URL */
    char url[64];
    char dir[64]; /* its own directory: ports file, configuration, log */
    bool has_config;
    char args[SERVER_ARGS][128]; /* extra arguments */
    int arg_count;
} server;

/* With TEST_TRANSPORT=ws in the environment each server that is started has a WebSocket listener without TLS, and its
 * URL: so tests that only use that URL run over WebSocket. */

/* Starts a server and waits until it accepts connections. conf: configuration text, or NULL.
 * args: further arguments, the last one NULL; or NULL. Fails the test if it does not start. */
void server_start(server *s, const char *conf, const char *const *args);
/* The same on a given port. */
void server_start_on(server *s, int port, const char *conf, const char *const *args);
/* The same with a WebSocket listener, which the URL then refers to. websocket: the content of its block of the
 * configuration other than address and port, such as "no_tls: true" (then the URL's scheme is ws, else wss). */
void server_start_ws(server *s, const char *conf, const char *websocket);
/* A configuration-less server. */
void server_run(server *s);
/* The same with JetStream, whose files are in its directory; they outlive server_kill. "-js" among the arguments
 * of the other functions does that too. */
void server_run_jetstream(server *s);
/* Terminates the server, waits for it and removes its directory. */
void server_stop(server *s);
/* Kills the server. The object can be started again on the same port. */
void server_kill(server *s);
/* Starts it again on the same port after server_kill, with the same arguments. */
void server_restart(server *s);
/* Sends any signal. */
void server_signal(server *s, int signal);
/* SIGSTOP, which has had its effect when it returns, and SIGCONT. */
void server_pause(server *s);
void server_resume(server *s);
/* A port that nothing listens on. */
int free_port(void);

#ifdef __cplusplus
}
#endif
#endif
