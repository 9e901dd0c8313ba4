/* The program's selection of the next server and of the user. */
#include "callbacks.h"
#include "server.h"
#include "test.h"

static void set_choice(closure *c, const char *url) {
    pthread_mutex_lock(&c->lock);
    c->reply = url;
    pthread_mutex_unlock(&c->lock);
}

/* Chooses the server whose URL is the closure's reply; notes what it was given. */
static int choose(natsConnection *nc, const char *const *servers, int count, int64_t *pause, void *arg) {
    closure *c = (closure *)arg;
    const char *choice;
    int i;

    if (nc == NULL || count < 1 || *pause < 0)
        counter_add(&c->wrong, 1);
    counter_add(&c->entered, 1);
    *pause = 1;
    pthread_mutex_lock(&c->lock);
    choice = c->reply;
    pthread_mutex_unlock(&c->lock);
    for (i = 0; i < count; i++)
        if (strcmp(servers[i], choice) == 0)
            return i;
    return -1;
}

static void check_connected_to(natsConnection *nc, const server *s) {
    char url[128] = "";

    CHECK_OK(natsConnection_GetConnectedUrl(nc, url, sizeof(url)));
    CHECK_STR(url, s->url);
}

static natsConnection *connect_to(const server *a, const server *b, const server *c, natsOptions *opts) {
    const char *urls[3];
    int count = 0;

    urls[count++] = a->url;
    if (b != NULL)
        urls[count++] = b->url;
    if (c != NULL)
        urls[count++] = c->url;
    CHECK_OK(natsOptions_SetURL(opts, NULL));
    CHECK_OK(natsOptions_SetServers(opts, urls, count));
    CHECK_OK(natsOptions_SetNoRandomize(opts, true));
    CHECK_OK(natsOptions_SetIgnoreDiscoveredServers(opts, true));
    return test_connect(opts);
}

static void the_program_chooses(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c, choice;
    server a, b, d;

    closure_init(&choice);
    server_run(&a);
    server_run(&b);
    server_run(&d);
    opts = options_recorded(a.url, &c);
    CHECK_STATUS(natsOptions_SetNextServerHandler(NULL, choose, &choice), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetNextServerHandler(opts, choose, &choice));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 1000000)); /* not used */
    set_choice(&choice, d.url);
    nc = connect_to(&a, &b, &d, opts);
    check_connected_to(nc, &a);
    CHECK_INT(counter_get(&choice.entered), 0);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.reconnected, 1);
    check_connected_to(nc, &d); /* and not b, the next of the list */
    CHECK_INT(counter_get(&choice.entered), 1);
    set_choice(&choice, "none of them");
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.reconnected, 2); /* the one that the library would have tried */
    set_choice(&choice, a.url);
    server_kill(&a);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&choice.entered, 5); /* it is asked before each attempt */
    set_choice(&choice, b.url);
    CHECK_REACHED(&c.reconnected, 3);
    check_connected_to(nc, &b);
    CHECK_INT(counter_get(&choice.wrong), 0);
    natsConnection_Destroy(nc);
    server_stop(&a);
    server_stop(&b);
    server_stop(&d);
}

static int close_it(natsConnection *nc, const char *const *servers, int count, int64_t *pause, void *arg) {
    (void)servers;
    (void)count;
    (void)pause;
    (void)arg;
    natsConnection_Close(nc);
    return 0;
}

static void closed_while_choosing(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    server a;

    server_run(&a);
    opts = options_recorded(a.url, &c);
    CHECK_OK(natsOptions_SetNextServerHandler(opts, close_it, NULL));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.closed, 1);
    natsConnection_Destroy(nc);
    server_stop(&a);
}

static void other_servers(void) {
    natsConnection *nc;
    natsOptions *opts;
    const char *urls[2];
    const char *wrong[] = {"nats://a", "gopher://b"};
    const char *mixed[] = {"nats://a", "ws://b"};
    const char *none[] = {NULL};
    char **servers = NULL;
    static closure c;
    server a, b;
    int count = 0;

    server_run(&a);
    server_run(&b);
    opts = options_recorded(a.url, &c);
    CHECK_OK(natsOptions_SetIgnoreDiscoveredServers(opts, true));
    nc = test_connect(opts);
    urls[0] = b.url;
    urls[1] = b.url;
    CHECK_STATUS(natsConnection_SetServers(NULL, urls, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SetServers(nc, NULL, 0), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SetServers(nc, urls, 0), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SetServers(nc, none, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SetServers(nc, wrong, 2), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SetServers(nc, mixed, 2), NATS_INVALID_ARG);
    CHECK_OK(natsConnection_GetServers(nc, &servers, &count));
    CHECK_INT(count, 1); /* nothing has changed */
    CHECK_STR(servers[0], a.url);
    free(servers[0]);
    free(servers);

    CHECK_OK(natsConnection_SetServers(nc, urls, 1));
    check_connected_to(nc, &a); /* for as long as it goes on */
    CHECK_OK(natsConnection_GetServers(nc, &servers, &count));
    CHECK_INT(count, 1);
    CHECK_STR(servers[0], b.url);
    free(servers[0]);
    free(servers);
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.reconnected, 1);
    check_connected_to(nc, &b);

    /* While there is no server, the list is used for the next attempt. */
    server_kill(&b);
    CHECK_REACHED(&c.disconnected, 2);
    urls[0] = a.url;
    CHECK_OK(natsConnection_SetServers(nc, urls, 1));
    CHECK_REACHED(&c.reconnected, 2);
    check_connected_to(nc, &a);
    natsConnection_Close(nc);
    CHECK_STATUS(natsConnection_SetServers(nc, urls, 1), NATS_CONNECTION_CLOSED);
    natsConnection_Destroy(nc);
    server_stop(&a);
    server_stop(&b);
}

/* A server without TLS is not good enough once the list asks for it. */
static void tls_of_new_servers_is_required(void) {
    natsConnection *nc;
    natsOptions *opts;
    char url[64];
    const char *urls[1], *text;
    static closure c;
    server a;

    server_run(&a);
    opts = options_recorded(a.url, &c);
    nc = test_connect(opts);
    snprintf(url, sizeof(url), "tls://127.0.0.1:%d", a.port);
    urls[0] = url;
    CHECK_OK(natsConnection_SetServers(nc, urls, 1));
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.disconnected, 1);
    CHECK_SOON(natsConnection_GetLastError(nc, &text) == NATS_SECURE_CONNECTION_WANTED);
    CHECK_INT(counter_get(&c.reconnected), 0);
    natsConnection_Destroy(nc);
    server_stop(&a);
}

/* Gives the user "alice" and the closure's reply as the password; without one it gives none. */
static natsStatus on_user(char **user, char **password, char **error, void *arg) {
    closure *c = (closure *)arg;

    counter_add(&c->entered, 1);
    if (c->result != NATS_OK) {
        *error = strdup("the vault is closed");
        return (natsStatus)c->result;
    }
    if (c->reply != NULL) {
        *user = strdup("alice");
        *password = strdup(c->reply);
    }
    return NATS_OK;
}

static void the_user_at_each_connect(void) {
    static const char conf[] = "authorization { users = [ { user: alice, password: first } ] }";
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[64];
    static closure c, user;
    server s;

    closure_init(&user);
    server_start(&s, conf, NULL);
    opts = options_recorded(s.url, &c);
    CHECK_STATUS(natsOptions_SetUserInfoHandler(NULL, on_user, &user), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetUserInfo(opts, "bob", "x"));
    CHECK_STATUS(natsOptions_SetUserInfoHandler(opts, on_user, &user), NATS_ILLEGAL_STATE);
    CHECK_OK(natsOptions_SetUserInfo(opts, NULL, NULL));
    CHECK_OK(natsOptions_SetUserInfoHandler(opts, on_user, &user));
    CHECK_STATUS(natsOptions_SetUserInfo(opts, "bob", "x"), NATS_ILLEGAL_STATE);

    user.result = NATS_NOT_PERMITTED; /* it has none to give */
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NOT_PERMITTED);
    CHECK_ERROR(NATS_NOT_PERMITTED, "the vault is closed");
    user.result = NATS_OK;
    user.reply = NULL;
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    user.reply = "wrong";
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    user.reply = "not \xff UTF-8";
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_INVALID_ARG);
    user.reply = "first";
    snprintf(url, sizeof(url), "nats://alice:first@127.0.0.1:%d", s.port);
    CHECK_OK(natsOptions_SetURL(opts, url));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_ILLEGAL_STATE);
    CHECK_OK(natsOptions_SetURL(opts, s.url));
    counter_set(&user.entered, 0);
    CHECK_OK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
    CHECK_INT(counter_get(&user.entered), 1);
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&c.reconnected, 1);
    CHECK_INT(counter_get(&user.entered), 2);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static const test_case cases[] = {
    TEST(the_program_chooses),
    TEST(closed_while_choosing),
    TEST(other_servers),
    TEST(tls_of_new_servers_is_required),
    TEST(the_user_at_each_connect),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
