/* Moves a connection to other servers, has the program choose among them, and takes user and password from a function.
 * With additions of libnats_rs: natsConnection_SetServers, natsOptions_SetNextServerHandler,
 * natsOptions_SetUserInfoHandler.
 *
 * build: cc -o move-servers move-servers.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   move-servers [url] [url to move to]
 *        move-servers nats://127.0.0.1:4222 nats://127.0.0.1:4223 */
#include "example.h"

typedef struct State {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool reconnected;
} State;

/* Called for each attempt to connect, so a password may change. NULL for none. */
static natsStatus onUser(char **user, char **password, char **error, void *closure) {
    const char *name = getenv("NATS_USER"), *secret = getenv("NATS_PASSWORD");

    (void)closure;
    if (name == NULL)
        return NATS_OK;
    if (secret == NULL) {
        *error = strdup("NATS_USER without NATS_PASSWORD");
        return NATS_INVALID_ARG;
    }
    *user = strdup(name);
    *password = strdup(secret);
    return NATS_OK;
}

/* Called before each attempt to reconnect. */
static int onNextServer(natsConnection *nc, const char *const *servers, int count, int64_t *pause,
                        void *closure) {
    (void)nc;
    (void)closure;
    printf("%d servers, the last of them is next: %s\n", count, servers[count - 1]);
    *pause = 10;
    return count - 1;
}

static void onReconnected(natsConnection *nc, void *closure) {
    State *state = (State *)closure;

    (void)nc;
    pthread_mutex_lock(&state->lock);
    state->reconnected = true;
    pthread_cond_signal(&state->changed);
    pthread_mutex_unlock(&state->lock);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *others[] = {textArg(argc, argv, 2, url)};
    State state = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    char present[256] = "";
    natsStatus s;

    s = natsOptions_Create(&opts);
    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s == NATS_OK)
        s = natsOptions_SetUserInfoHandler(opts, onUser, NULL);
    if (s == NATS_OK)
        s = natsOptions_SetNextServerHandler(opts, onNextServer, NULL);
    if (s == NATS_OK)
        s = natsOptions_SetReconnectedCB(opts, onReconnected, &state);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    natsOptions_Destroy(opts);
    succeeded("connect", s);

    if (s == NATS_OK)
        s = natsConnection_SetServers(nc, others, 1);
    if (s == NATS_OK)
        s = natsConnection_Reconnect(nc);
    if (succeeded("move", s)) {
        pthread_mutex_lock(&state.lock);
        while (!state.reconnected)
            pthread_cond_wait(&state.changed, &state.lock);
        pthread_mutex_unlock(&state.lock);
        s = natsConnection_GetConnectedUrl(nc, present, sizeof(present));
        printf("Connected to %s\n", present);
    }

    natsConnection_DestroyAndWait(nc, 5000); /* afterwards no callback uses state */
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
