/* Errors of authentication: invalid keys, JWTs, files and handlers. Errors of connected clients are in
 * test_auth_later.c. */
#include "callbacks.h"
#include "jwt_server.h"
#include "peer.h"
#include "test.h"

#include <sys/stat.h>

/* Connecting with these options, which are destroyed, fails so. */
static void is_refused(natsOptions *opts, natsStatus status, const char *text) {
    natsConnection *nc = NULL;

    CHECK_STATUS(natsConnection_Connect(&nc, opts), status);
    CHECK_ERROR(status, text);
    CHECK(nc == NULL);
    natsOptions_Destroy(opts);
}

/* The same with a credentials file of the fixture. */
static void file_is_refused(jwt_server *f, const char *file, natsStatus status, const char *text) {
    natsOptions *opts = test_options(f->s.url);
    char path[KEYS_PATH];

    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f->k, file, path), NULL));
    is_refused(opts, status, text);
}

/* Two servers refuse what is well-formed but wrong. */
static void wrong_keys(void) {
    char *key, *other, *jwt, conf[256], path[KEYS_PATH], seed[KEYS_PATH];
    natsOptions *opts;
    jwt_server f;
    server s;

    jwt_server_start(&f);
    keys_make(&f.k, "nkey", "other", NULL);
    key = keys_read(&f.k, "user.pub");
    other = keys_read(&f.k, "other.pub");
    snprintf(conf, sizeof(conf), "authorization { timeout: 60, users: [ { nkey: %s } ] }\n", key);
    server_start(&s, conf, NULL);

    opts = test_options(s.url); /* the seed of another key */
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, key, keys_path(&f.k, "other.seed", seed)));
    is_refused(opts, NATS_CONNECTION_AUTH_FAILED, "Authorization Violation");
    opts = test_options(s.url); /* a key that the server does not know */
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, other, seed));
    is_refused(opts, NATS_CONNECTION_AUTH_FAILED, "Authorization Violation");
    opts = test_options(f.s.url); /* a JWT with the seed of another key */
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f.k, "user.jwt", path), seed));
    is_refused(opts, NATS_CONNECTION_AUTH_FAILED, "Authorization Violation");
    is_refused(test_options(f.s.url), NATS_CONNECTION_AUTH_FAILED, "Authorization Violation");

    jwt = keys_read(&f.k, "user.jwt"); /* tampered with */
    jwt[strlen(jwt) / 2] = jwt[strlen(jwt) / 2] == 'A' ? 'B' : 'A';
    keys_write(&f.k, "bad.jwt", jwt);
    opts = test_options(f.s.url);
    keys_path(&f.k, "user.seed", seed);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f.k, "bad.jwt", path), seed));
    is_refused(opts, NATS_CONNECTION_AUTH_FAILED, "Authorization Violation");
    free(key);
    free(other);
    free(jwt);
    server_stop(&s);
    jwt_server_stop(&f);
}

static void files_that_cannot_be_used(void) {
    char *seed, *creds, path[KEYS_PATH];
    const char *text;
    natsConnection *nc = NULL;
    natsOptions *opts;
    jwt_server f;
    FILE *file;

    jwt_server_start(&f);
    file_is_refused(&f, "none", NATS_ERR, "none': No such file or directory");
    CHECK(mkdir(keys_path(&f.k, "dir", path), 0700) == 0);
    file_is_refused(&f, "dir", NATS_ERR, "dir': Is a directory");
    file = fopen(keys_path(&f.k, "huge", path), "w");
    CHECK(file != NULL);
    CHECK(ftruncate(fileno(file), (off_t)1 << 30) == 0);
    fclose(file);
    file_is_refused(&f, "huge", NATS_ERR, "larger than 1 MiB");
    CHECK(mkfifo(keys_path(&f.k, "pipe", path), 0600) == 0);
    file_is_refused(&f, "pipe", NATS_ERR, "not a regular file");
    file_is_refused(&f, "user.jwt", NATS_ERR, "no nkey user seed found in '");
    seed = keys_read(&f.k, "user.seed");
    /* A seed with a typing error. */
    creds = keys_read(&f.k, "user.creds");
    memcpy(strstr(creds, seed) + 20, "AAAA", 4);
    memcpy(seed + 20, "AAAA", 4);
    keys_write(&f.k, "typo", creds);
    opts = test_options(f.s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, keys_path(&f.k, "typo", path), NULL));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_ERR);
    text = nats_GetLastError(NULL);
    CHECK_CONTAINS(text, "typo', seed block: bad checksum");
    CHECK(strstr(text, seed) == NULL);
    natsOptions_Destroy(opts);
    free(seed);
    free(creds);
    jwt_server_stop(&f);
}

/* What the handlers below do. */
typedef struct script {
    bool jwt_fails;
    bool no_jwt;
    const char *words;
    counter jwts;
    counter signatures;
    counter gate;
    bool blocks;
} script;

static void script_init(script *s) {
    memset(s, 0, sizeof(*s));
    counter_init(&s->jwts);
    counter_init(&s->signatures);
    counter_init(&s->gate);
}

static natsStatus play_jwt(char **jwt, char **error, void *arg) {
    script *s = (script *)arg;

    counter_add(&s->jwts, 1);
    if (s->blocks)
        counter_wait(&s->gate, 1, deadline_ms());
    if (s->jwt_fails) {
        *jwt = strdup("is freed too");
        *error = s->words == NULL ? NULL : strdup(s->words);
        return NATS_NOT_PERMITTED;
    }
    *jwt = s->no_jwt ? NULL : strdup("the.j.wt");
    return NATS_OK;
}

static natsStatus play_signature(char **error, unsigned char **signature, int *length, const char *nonce,
                                 void *arg) {
    script *s = (script *)arg;

    (void)nonce;
    counter_add(&s->signatures, 1);
    *signature = (unsigned char *)calloc(1, 64);
    *length = 64;
    *error = s->words == NULL ? NULL : strdup(s->words);
    return NATS_TIMEOUT;
}

static void handlers_that_fail(void) {
    natsOptions *opts;
    char url[64];
    script s;
    server plain;

    script_init(&s);
    server_run(&plain);
    snprintf(url, sizeof(url), "%s", plain.url);
    s.jwt_fails = true;
    s.words = "my own words";
    opts = test_options(url);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, play_jwt, &s, play_signature, &s));
    is_refused(opts, NATS_NOT_PERMITTED, "my own words");
    CHECK_INT(counter_get(&s.signatures), 0);
    s.words = NULL;
    opts = test_options(url);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, play_jwt, &s, play_signature, &s));
    is_refused(opts, NATS_NOT_PERMITTED, natsStatus_GetText(NATS_NOT_PERMITTED));
    s.jwt_fails = false;
    s.words = "cannot sign";
    opts = test_options(url);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, play_jwt, &s, play_signature, &s));
    is_refused(opts, NATS_TIMEOUT, "cannot sign");
    CHECK_INT(counter_get(&s.signatures), 1);
    opts = test_options(url);
    CHECK_OK(natsOptions_SetNKey(opts, "UKEY", play_signature, &s));
    is_refused(opts, NATS_TIMEOUT, "cannot sign");
    /* Without a JWT there is nothing to sign. */
    s.no_jwt = true;
    opts = test_options(url);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, play_jwt, &s, play_signature, &s));
    natsConnection_Destroy(test_connect(opts));
    CHECK_INT(counter_get(&s.signatures), 2);
    server_stop(&plain);
}

/* An NKey takes the place of a JWT, however it signs. */
static void an_nkey_takes_the_jwt_out(void) {
    natsOptions *opts;
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, "/no/such/file", NULL));
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, "UKEY", "/no/such/seed"));
    is_refused(opts, NATS_ERR, "error opening file '/no/such/seed': No such file or directory");
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, "/no/such/file", NULL));
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, "UKEY", "/no/such/seed"));
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, NULL, NULL));
    natsConnection_Destroy(test_connect(opts));
    server_stop(&s);
}

/* Closing does not wait for a handler, and the next handler is not called any more. */
static void closing_while_a_handler_runs(void) {
    natsConnection *nc;
    natsOptions *opts;
    static closure c;
    script s;
    server plain;

    closure_init(&c);
    script_init(&s);
    s.no_jwt = true;
    server_run(&plain);
    opts = test_options(plain.url);
    options_record(opts, &c);
    CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, &c));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, play_jwt, &s, play_signature, &s));
    nc = test_connect(opts);
    s.blocks = true;
    s.no_jwt = false;
    CHECK_OK(natsConnection_Reconnect(nc));
    CHECK_REACHED(&s.jwts, 2);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    CHECK_INT(counter_get(&c.released), 0); /* the handler still runs */
    counter_set(&s.gate, 1);
    CHECK_REACHED(&c.released, 1);
    CHECK_INT(counter_get(&s.signatures), 0);
    server_stop(&plain);
}

static void expired_before_connecting(void) {
    jwt_server f;

    jwt_server_start(&f);
    keys_make(&f.k, "user", "acc", "user", "expires=-10", NULL);
    file_is_refused(&f, "user.creds", NATS_CONNECTION_AUTH_FAILED, "");
    jwt_server_stop(&f);
}

/* What the server gets to see: well-formed JSON, whatever the texts. */
static void play_escapes(peer *p, void *arg) {
    (void)arg;
    if (peer_accept(p) && peer_send(p, "INFO {" PEER_INFO_FIELDS ",\"nonce\":\"abc\"}\r\n") &&
        peer_expect(p, "\"jwt\":\"the.j.wt\"") && peer_expect(p, "\"sig\":\"") &&
        peer_expect(p, "\"user\":\"m\\\"e\",\"pass\":\"s\\\\x\"") && peer_expect(p, "PING\r\n"))
        peer_send(p, "PONG\r\n");
}

static natsStatus plain_jwt(char **jwt, char **error, void *arg) {
    (void)error;
    (void)arg;
    *jwt = strdup("the.j.wt");
    return NATS_OK;
}

static natsStatus three_bytes(char **error, unsigned char **signature, int *length, const char *nonce,
                              void *arg) {
    (void)error;
    counter_add((counter *)arg, strcmp(nonce, "abc") == 0);
    *signature = (unsigned char *)malloc(4);
    memcpy(*signature, "\xfb\xff\xbf\x01", 4);
    *length = 4;
    return NATS_OK;
}

static void what_the_server_gets(void) {
    natsOptions *opts;
    natsConnection *nc;
    counter nonces;
    peer p;

    counter_init(&nonces);
    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetUserInfo(opts, "m\"e", "s\\x"));
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, plain_jwt, NULL, three_bytes, &nonces));
    peer_run(&p, play_escapes, NULL);
    nc = test_connect(opts);
    peer_join(&p);
    CHECK_CONTAINS(p.bytes, "\"sig\":\"-_-_AQ\""); /* base64url, no padding */
    CHECK(strstr(p.bytes, "nkey") == NULL);
    CHECK_INT(counter_get(&nonces), 1);
    peer_hang_up(&p);
    peer_refuse(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(wrong_keys),
        TEST(files_that_cannot_be_used),
        TEST(handlers_that_fail),
        TEST(an_nkey_takes_the_jwt_out),
        TEST(closing_while_a_handler_runs),
        TEST(what_the_server_gets),
        TEST(expired_before_connecting),
    };

    return RUN_TESTS(cases, argc, argv);
}
