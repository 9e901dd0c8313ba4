/* A server in operator mode with one account, "acc", in its memory, and one user of that, "user". */
#ifndef NATS_RS_TEST_JWT_SERVER_H
#define NATS_RS_TEST_JWT_SERVER_H

#include "keys.h"
#include "server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jwt_server {
    keys k;
    server s;
} jwt_server;

void jwt_server_start(jwt_server *f);
void jwt_server_stop(jwt_server *f);
/* Creates the account again and writes the server's configuration, for its next start or SIGHUP. option: an option of
 * nkeygen, for example "revoke=user". */
void jwt_server_change_account(jwt_server *f, const char *option);

#ifdef __cplusplus
}
#endif
#endif
