/* All kinds of authentication against real servers: NKeys, and JWTs of a server in operator mode. User, password
 * and token are in test_connect.c, errors in test_auth_errors.c. */
#include "callbacks.h"
#include "jwt_server.h"
#include "test.h"

/* A server that knows the NKey "user". */
static void start_with_nkey(jwt_server *f) {
    char *key, conf[256];

    keys_open(&f->k);
    keys_make(&f->k, "nkey", "user", NULL);
    key = keys_read(&f->k, "user.pub");
    snprintf(conf, sizeof(conf), "authorization { timeout: 60, users: [ { nkey: %s } ] }\n", key);
    free(key);
    server_start(&f->s, conf, NULL);
}

/* A round trip: the server lets this client do things. */
static void works(natsConnection *nc) {
    natsSubscription *sub = NULL;

    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hi"));
    test_expect_next(sub, "hi");
    natsSubscription_Destroy(sub);
}

/* Connects with these options, which are destroyed, and tries the connection out. */
static void signs_in(natsOptions *opts) {
    natsConnection *nc = test_connect(opts);

    works(nc);
    natsConnection_Destroy(nc);
}

/* What the handlers below sign with and give; counts their calls. */
typedef struct signer {
    char *seed;
    char *jwt;
    counter signatures;
    counter jwts;
} signer;

static void signer_init(signer *s, const keys *k) {
    s->seed = keys_read(k, "user.seed");
    s->jwt = NULL;
    counter_init(&s->signatures);
    counter_init(&s->jwts);
}

static void signer_free(signer *s) {
    free(s->seed);
    free(s->jwt);
}

static natsStatus give_signature(char **error, unsigned char **signature, int *length, const char *nonce,
                                 void *arg) {
    signer *s = (signer *)arg;

    (void)error;
    counter_add(&s->signatures, 1);
    return nats_Sign(s->seed, nonce, signature, length);
}

static natsStatus give_jwt(char **jwt, char **error, void *arg) {
    signer *s = (signer *)arg;

    (void)error;
    counter_add(&s->jwts, 1);
    *jwt = strdup(s->jwt);
    return NATS_OK;
}

static void nkey_by_callback(void) {
    natsOptions *opts;
    char *key;
    signer who;
    jwt_server f;

    start_with_nkey(&f);
    signer_init(&who, &f.k);
    key = keys_read(&f.k, "user.pub");
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetNKey(opts, key, give_signature, &who));
    signs_in(opts);
    CHECK_INT(counter_get(&who.signatures), 1);
    free(key);
    signer_free(&who);
    jwt_server_stop(&f);
}

static void nkey_by_seed_file(void) {
    natsOptions *opts;
    char *key, path[KEYS_PATH];
    jwt_server f;

    start_with_nkey(&f);
    key = keys_read(&f.k, "user.pub");
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, key, keys_path(&f.k, "user.seed", path)));
    signs_in(opts);
    free(key);
    jwt_server_stop(&f);
}

static void jwt_by_callbacks(void) {
    natsOptions *opts;
    signer who;
    jwt_server f;

    jwt_server_start(&f);
    signer_init(&who, &f.k);
    who.jwt = keys_read(&f.k, "user.jwt");
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, give_jwt, &who, give_signature, &who));
    signs_in(opts);
    CHECK_INT(counter_get(&who.jwts), 1);
    CHECK_INT(counter_get(&who.signatures), 1);
    signer_free(&who);
    jwt_server_stop(&f);
}

static void jwt_by_credentials_file(void) {
    natsOptions *opts;
    char path[KEYS_PATH];
    jwt_server f;

    jwt_server_start(&f);
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f.k, "user.creds", path), NULL));
    signs_in(opts);
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, path, ""));
    signs_in(opts);
    jwt_server_stop(&f);
}

static void jwt_and_seed_by_two_files(void) {
    natsOptions *opts;
    char jwt[KEYS_PATH], seed[KEYS_PATH];
    jwt_server f;

    jwt_server_start(&f);
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f.k, "user.jwt", jwt),
                                                     keys_path(&f.k, "user.seed", seed)));
    signs_in(opts);
    jwt_server_stop(&f);
}

static void jwt_by_memory(void) {
    natsOptions *opts;
    char *content;
    jwt_server f;

    jwt_server_start(&f);
    content = keys_read(&f.k, "user.creds");
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromMemory(opts, content));
    memset(content, 'x', strlen(content)); /* it was copied */
    free(content);
    signs_in(opts);
    jwt_server_stop(&f);
}

static void rotated_file_counts_at_the_next_reconnect(void) {
    natsConnection *nc;
    natsOptions *opts;
    char path[KEYS_PATH];
    static closure c;
    jwt_server f;

    jwt_server_start(&f);
    closure_init(&c);
    keys_make(&f.k, "user", "acc", "next", NULL);
    keys_copy(&f.k, "user.creds", "rotated");
    opts = test_options(f.s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f.k, "rotated", path), NULL));
    nc = test_connect(opts);
    works(nc);
    server_kill(&f.s);
    CHECK_REACHED(&c.disconnected, 1);
    keys_copy(&f.k, "next.creds", "rotated");
    jwt_server_change_account(&f, "revoke=user"); /* what was in the file does not work any more */
    server_restart(&f.s);
    CHECK_REACHED(&c.reconnected, 1);
    works(nc);
    CHECK_INT(counter_get(&c.errors), 0);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    jwt_server_stop(&f);
}

static void callbacks_are_asked_at_each_reconnect(void) {
    natsConnection *nc;
    natsOptions *opts;
    signer who;
    static closure c;
    jwt_server f;

    jwt_server_start(&f);
    closure_init(&c);
    signer_init(&who, &f.k);
    who.jwt = keys_read(&f.k, "user.jwt");
    opts = test_options(f.s.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, give_jwt, &who, give_signature, &who));
    nc = test_connect(opts);
    server_kill(&f.s);
    CHECK_REACHED(&c.disconnected, 1);
    server_restart(&f.s);
    CHECK_REACHED(&c.reconnected, 1);
    works(nc);
    CHECK_INT(counter_get(&who.jwts), 2);
    CHECK_INT(counter_get(&who.signatures), 2);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    signer_free(&who);
    jwt_server_stop(&f);
}

/* A URL that says who to be goes before an NKey. */
static void credentials_in_the_url_go_before_an_nkey(void) {
    static const char *const args[] = {"--user", "me", "--pass", "secret", NULL};
    natsOptions *opts;
    char url[128], *key;
    signer who;
    keys k;
    server s;

    keys_open(&k);
    keys_make(&k, "nkey", "user", NULL);
    signer_init(&who, &k);
    key = keys_read(&k, "user.pub");
    server_start(&s, NULL, args);
    snprintf(url, sizeof(url), "nats://me:secret@127.0.0.1:%d", s.port);
    opts = test_options(url);
    CHECK_OK(natsOptions_SetNKey(opts, key, give_signature, &who));
    signs_in(opts);
    CHECK_INT(counter_get(&who.signatures), 0);
    free(key);
    signer_free(&who);
    server_stop(&s);
    keys_close(&k);
}

/* A server that asks for nothing is told all the same, and does not mind. */
static void open_server(void) {
    natsOptions *opts;
    char path[KEYS_PATH];
    server s;
    keys k;

    server_run(&s);
    keys_open(&k);
    keys_make(&k, "operator", NULL);
    keys_make(&k, "account", "acc", NULL);
    keys_make(&k, "user", "acc", "user", NULL);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&k, "user.creds", path), NULL));
    signs_in(opts);
    server_stop(&s);
    keys_close(&k);
}

/* natsConnection_Sign gives what nats_Sign gives for the same seed. */
static void signs_like_the_seed(natsConnection *nc, const char *seed) {
    unsigned char *want = NULL, got[64];
    int length = 0;

    CHECK_OK(nats_Sign(seed, "a message", &want, &length));
    CHECK_INT(length, 64);
    memset(got, 0, sizeof(got));
    CHECK_OK(natsConnection_Sign(nc, (const unsigned char *)"a message", 9, got));
    CHECK(memcmp(got, want, 64) == 0);
    memset(got, 0, sizeof(got));
    CHECK_OK(natsConnection_Sign(nc, (const unsigned char *)"a message", 0, got)); /* a string */
    CHECK(memcmp(got, want, 64) == 0);
    memset(got, 0, sizeof(got));
    CHECK_OK(natsConnection_Sign(nc, (const unsigned char *)"", 0, got)); /* an empty one */
    CHECK(memcmp(got, want, 64) != 0 && (got[0] | got[1] | got[2] | got[3]) != 0);
    free(want);
}

static void sign_with_the_credentials_of_a_connection(void) {
    unsigned char sig[64];
    natsConnection *nc;
    natsOptions *opts;
    char *seed, *content, path[KEYS_PATH], seed_path[KEYS_PATH];
    jwt_server f;
    int way;

    jwt_server_start(&f);
    seed = keys_read(&f.k, "user.seed");
    for (way = 0; way < 3; way++) {
        opts = test_options(f.s.url);
        keys_path(&f.k, way == 0 ? "user.creds" : "user.jwt", path);
        if (way == 2) {
            content = keys_read(&f.k, "user.creds");
            CHECK_OK(natsOptions_SetUserCredentialsFromMemory(opts, content));
            free(content);
        } else {
            CHECK_OK(natsOptions_SetUserCredentialsFromFiles(
                opts, path, way == 0 ? NULL : keys_path(&f.k, "user.seed", seed_path)));
        }
        nc = test_connect(opts);
        signs_like_the_seed(nc, seed);
        CHECK_STATUS(natsConnection_Sign(NULL, (const unsigned char *)"x", 1, sig), NATS_INVALID_ARG);
        CHECK_STATUS(natsConnection_Sign(nc, NULL, 1, sig), NATS_INVALID_ARG);
        CHECK_STATUS(natsConnection_Sign(nc, NULL, 0, sig), NATS_INVALID_ARG);
        CHECK_STATUS(natsConnection_Sign(nc, (const unsigned char *)"x", -1, sig), NATS_INVALID_ARG);
        CHECK_STATUS(natsConnection_Sign(nc, (const unsigned char *)"x", 1, NULL), NATS_INVALID_ARG);
        natsConnection_Destroy(nc);
    }
    free(seed);
    jwt_server_stop(&f);
}

static void sign_with_an_nkey_or_nothing(void) {
    unsigned char sig[64];
    natsConnection *nc;
    natsOptions *opts;
    char *key, *seed, path[KEYS_PATH];
    jwt_server f;
    signer who;

    start_with_nkey(&f);
    signer_init(&who, &f.k);
    key = keys_read(&f.k, "user.pub");
    seed = keys_read(&f.k, "user.seed");
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, key, keys_path(&f.k, "user.seed", path)));
    nc = test_connect(opts);
    signs_like_the_seed(nc, seed);
    CHECK(unlink(path) == 0); /* it is read anew */
    CHECK_STATUS(natsConnection_Sign(nc, (const unsigned char *)"x", 1, sig), NATS_ERR);
    natsConnection_Destroy(nc);

    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetNKey(opts, key, give_signature, &who));
    nc = test_connect(opts);
    CHECK_STATUS(natsConnection_Sign(nc, (const unsigned char *)"x", 1, sig), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "unable to sign since no user credentials have been set");
    CHECK_INT(counter_get(&who.signatures), 1);
    natsConnection_Destroy(nc);
    free(key);
    free(seed);
    signer_free(&who);
    jwt_server_stop(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(nkey_by_callback),
        TEST(nkey_by_seed_file),
        TEST(jwt_by_callbacks),
        TEST(jwt_by_credentials_file),
        TEST(jwt_and_seed_by_two_files),
        TEST(jwt_by_memory),
        TEST(rotated_file_counts_at_the_next_reconnect),
        TEST(callbacks_are_asked_at_each_reconnect),
        TEST(credentials_in_the_url_go_before_an_nkey),
        TEST(open_server),
        TEST(sign_with_the_credentials_of_a_connection),
        TEST(sign_with_an_nkey_or_nothing),
    };

    return RUN_TESTS(cases, argc, argv);
}
