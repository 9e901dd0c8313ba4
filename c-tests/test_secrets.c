/* A private seed is never sent, even if the program or its files give it in place of something public. */
#include "callbacks.h"
#include "keys.h"
#include "peer.h"
#include "test.h"

#define JWT "eyJ0eXAiOiJKV1QifQ.eyJqdGkiOiJub25lIn0.c2lnbmF0dXJl"
#define JWT_BLOCK(jwt) "-----BEGIN NATS USER JWT-----\n" jwt "\n------END NATS USER JWT------\n\n"
#define SEED_BLOCK(seed) "-----BEGIN USER NKEY SEED-----\n" seed "\n------END USER NKEY SEED------\n"

/* Of a key that is used nowhere; the same in two pieces, and with a typing error. */
#define HALF_1 "SUAO26VFBUMH7WREBNJNPFHD7OP6U"
#define HALF_2 "CG4RMWELOR252XH5HCOUOXP2WUIPY"
#define SEED HALF_1 HALF_2
#define WRAPPED HALF_1 "\n" HALF_2
#define TYPO HALF_1 "CG4RMWELOR252XH5HCOUOXP2WUIPA"

/* Wants to know who it is, and reads whatever the client says. */
static void play_curious(peer *p, void *arg) {
    (void)arg;
    if (peer_accept(p) && peer_send(p, "INFO {" PEER_INFO_FIELDS ",\"nonce\":\"abcdefghijk\"}\r\n"))
        peer_expect_end(p);
}

static void hides_the_seed(const char *text) {
    CHECK(strstr(text, HALF_1) == NULL && strstr(text, HALF_2) == NULL);
}

/* Connecting with these options, which are destroyed, fails so, and says nothing of the seed to anybody. */
static void is_kept(natsOptions *opts, peer *p, natsStatus status, const char *text) {
    natsConnection *nc = NULL;

    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    peer_run(p, play_curious, NULL);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), status);
    CHECK_ERROR(status, text);
    hides_the_seed(nats_GetLastError(NULL));
    peer_join(p);
    CHECK(strstr(p->bytes == NULL ? "" : p->bytes, "CONNECT") == NULL);
    hides_the_seed(p->bytes == NULL ? "" : p->bytes);
    peer_hang_up(p);
    natsOptions_Destroy(opts);
}

typedef struct file_case {
    const char *first;
    const char *second; /* or NULL: the seed is in the first file */
    const char *text;   /* or NULL: no seed is found */
} file_case;

static void in_files(void) {
    static const file_case cases[] = {
        /* The JWT's block is not what it should be. */
        {JWT_BLOCK("eyJ0eXAi.\neyJqdGki.sig") SEED_BLOCK(SEED), NULL,
         ", JWT block: it is wrapped over 2 lines"},
        {JWT_BLOCK("") SEED_BLOCK(SEED), NULL, ", JWT block: it is empty"},
        {"-----BEGIN NATS USER JWT-----\n------END NATS USER JWT------\n" SEED_BLOCK(SEED), NULL,
         ", JWT block: it is empty"},
        {JWT_BLOCK(SEED) SEED_BLOCK(SEED), NULL, ", JWT block: a seed stands in its place"},
        {JWT_BLOCK(WRAPPED) SEED_BLOCK(SEED), NULL, ", JWT block: a seed stands in its place"},
        {JWT_BLOCK("a." SEED ".c") SEED_BLOCK(SEED), NULL, ", JWT block: a seed stands in its place"},
        {JWT_BLOCK(TYPO) SEED_BLOCK(SEED), NULL, ", JWT block: not a JWT"},
        {"-----BEGIN NATS USER JWT-----\n" JWT "\n" SEED_BLOCK(SEED), NULL, ", JWT block: its last line"},
        /* It is missing, or doubled. */
        {SEED_BLOCK(SEED), NULL, ": no JWT block, but a seed block"},
        {SEED_BLOCK(SEED) SEED_BLOCK(SEED), NULL, ": no JWT block, but a seed block"},
        {JWT_BLOCK(JWT) JWT_BLOCK(JWT) SEED_BLOCK(SEED), NULL, ": several JWT blocks"},
        {"------\n" SEED "\n------\n------\n" SEED "\n------\n", NULL,
         ", JWT block: a seed stands in its place"},
        {"", NULL, ": no JWT block, and it is empty"},
        {SEED "\n", NULL, ": no JWT block, and a seed stands in its place"},
        {"# mine\n " WRAPPED "\n", NULL, ": no JWT block, and a seed stands in its place"},
        /* The two files are the same, or swapped. */
        {SEED_BLOCK(SEED), SEED_BLOCK(SEED), ": no JWT block, but a seed block"},
        {SEED "\n", SEED "\n", ": no JWT block, and a seed stands in its place"},
        {SEED_BLOCK(SEED), JWT_BLOCK(JWT), ": no JWT block, but a seed block"},
        {SEED "\n", JWT "\n", ": no JWT block, and a seed stands in its place"},
        /* The seed is not what it should be. */
        {JWT_BLOCK(JWT) SEED_BLOCK(TYPO), NULL, ", seed block: bad checksum"},
        {JWT_BLOCK(JWT) SEED_BLOCK(WRAPPED), NULL, ", seed block: it is wrapped over 2 lines"},
        {JWT_BLOCK(JWT) SEED_BLOCK(JWT), NULL, ", seed block: a JWT stands in its place"},
        {JWT_BLOCK(JWT), NULL, NULL},
        {JWT, JWT, NULL},
    };
    char first[KEYS_PATH], second[KEYS_PATH], text[2 * KEYS_PATH];
    natsOptions *opts;
    keys k;
    peer p;
    size_t i;

    keys_open(&k);
    peer_open(&p);
    keys_path(&k, "1.creds", first);
    keys_path(&k, "2.creds", second);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const file_case *c = &cases[i];
        bool in_second = c->second != NULL && strcmp(c->first, c->second) == 0 && strcmp(c->first, JWT) == 0;

        keys_write(&k, "1.creds", c->first);
        if (c->second != NULL)
            keys_write(&k, "2.creds", c->second);
        opts = test_options(p.url);
        CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, first, c->second == NULL ? NULL : second));
        if (c->text == NULL)
            snprintf(text, sizeof(text), "no nkey user seed found in '%s'", in_second ? second : first);
        else
            snprintf(text, sizeof(text), "credentials file '%s'%s", in_second ? second : first, c->text);
        is_kept(opts, &p, NATS_ERR, text);
    }
    peer_close(&p);
    keys_close(&k);
}

/* A text in memory is looked at when connecting, as files are. */
static void in_memory(void) {
    static const char *const missing[] = {
        "", "no blocks", SEED, SEED_BLOCK(SEED), SEED_BLOCK(SEED) SEED_BLOCK(SEED), JWT_BLOCK(JWT)};
    static const char *const wrong[] = {JWT_BLOCK(SEED) SEED_BLOCK(SEED), JWT_BLOCK("") SEED_BLOCK(SEED),
                                        JWT_BLOCK("a.\nb.c") SEED_BLOCK(SEED),
                                        JWT_BLOCK(JWT) SEED_BLOCK(TYPO)};
    natsOptions *opts;
    peer p;
    size_t i;

    peer_open(&p);
    for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        opts = test_options(p.url);
        CHECK_OK(natsOptions_SetUserCredentialsFromMemory(opts, missing[i]));
        is_kept(opts, &p, NATS_NOT_FOUND, "credentials in memory: no ");
    }
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        opts = test_options(p.url);
        CHECK_OK(natsOptions_SetUserCredentialsFromMemory(opts, wrong[i]));
        is_kept(opts, &p, NATS_INVALID_ARG, "credentials in memory, ");
    }
    peer_close(&p);
}

static natsStatus no_signature(char **error, unsigned char **signature, int *length, const char *nonce,
                               void *arg) {
    (void)nonce;
    (void)arg;
    *error = strdup("not asked");
    *signature = NULL;
    *length = 0;
    return NATS_ERR;
}

/* Public values: those that go out as they are. A token and a password are no public values, but go out, too. */
static void in_public_values(void) {
    static const char *const seeds[] = {SEED, WRAPPED,
                                        "suao26vfbumh7wrebnjnpfhd7op6ucg4rmwelor252xh5hcouoxp2wuipy"};
    natsOptions *opts = test_options(NULL);
    size_t i;

    for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
        const char *seed = seeds[i];

        CHECK_STATUS(natsOptions_SetUserInfo(opts, seed, "x"), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "the user holds an NKey seed");
        CHECK_STATUS(natsOptions_SetUserInfo(opts, "x", seed), NATS_INVALID_ARG);
        CHECK_STATUS(natsOptions_SetToken(opts, seed), NATS_INVALID_ARG);
        CHECK_STATUS(natsOptions_SetName(opts, seed), NATS_INVALID_ARG);
        CHECK_STATUS(natsOptions_SetNKey(opts, seed, no_signature, NULL), NATS_INVALID_ARG);
        CHECK_STATUS(natsOptions_SetNKeyFromSeed(opts, seed, "/no/such/file"), NATS_INVALID_ARG);
        CHECK_STATUS(natsOptions_SetWebSocketHeader(opts, "Authorization", SEED), NATS_INVALID_ARG);
        hides_the_seed(nats_GetLastError(NULL));
    }
    CHECK_STATUS(natsOptions_SetNKey(opts, TYPO, no_signature, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "begins with S");
    natsOptions_Destroy(opts);
}

static void in_urls(void) {
    static const char *const urls[] = {"nats://" SEED "@127.0.0.1:1",
                                       "nats://" SEED ":x@127.0.0.1:1",
                                       "nats://u:" SEED "@127.0.0.1:1",
                                       "nats://" SEED,
                                       "nats://u:%53"
                                       "UAO26VFBUMH7WREBNJNPFHD7OP6U" HALF_2 "@127.0.0.1:1",
                                       "ws://127.0.0.1:1/?key=" SEED};
    natsOptions *opts = test_options(NULL);
    natsConnection *nc = NULL;
    size_t i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        CHECK_STATUS(natsConnection_ConnectTo(&nc, urls[i]), NATS_INVALID_ARG);
        CHECK_ERROR(NATS_INVALID_ARG, "holds an NKey seed");
        hides_the_seed(nats_GetLastError(NULL));
    }
    CHECK_STATUS(natsOptions_SetProxyURL(opts, "http://u:" SEED "@127.0.0.1:1"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetProxyURL(opts, "socks5://" SEED ":x@127.0.0.1:1"), NATS_INVALID_ARG);
    hides_the_seed(nats_GetLastError(NULL));
    natsOptions_Destroy(opts);
}

/* What the functions below give. */
typedef struct given {
    const char *jwt;
    const char *signature;
} given;

static natsStatus give_jwt(char **jwt, char **error, void *arg) {
    (void)error;
    *jwt = strdup(((given *)arg)->jwt);
    return NATS_OK;
}

static natsStatus give_signature(char **error, unsigned char **signature, int *length, const char *nonce,
                                 void *arg) {
    (void)error;
    (void)nonce;
    *signature = (unsigned char *)strdup(((given *)arg)->signature);
    *length = (int)strlen(((given *)arg)->signature);
    return NATS_OK;
}

static const char *give_token(void *arg) { return (const char *)arg; }

static void from_callbacks(void) {
    static const char *const jwts[] = {SEED, WRAPPED, "a." SEED ".c", TYPO, " \n"};
    natsOptions *opts;
    given g;
    peer p;
    size_t i;

    peer_open(&p);
    g.signature = "sig";
    for (i = 0; i < sizeof(jwts) / sizeof(jwts[0]); i++) {
        g.jwt = jwts[i];
        opts = test_options(p.url);
        CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, give_jwt, &g, give_signature, &g));
        is_kept(opts, &p, NATS_INVALID_ARG, "what the program's function gave as a JWT: ");
    }
    g.jwt = JWT;
    g.signature = SEED;
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, give_jwt, &g, give_signature, &g));
    is_kept(opts, &p, NATS_INVALID_ARG, "what the program's function gave as a signature holds an NKey seed");
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetNKey(opts, "UKEY", give_signature, &g));
    is_kept(opts, &p, NATS_INVALID_ARG, "what the program's function gave as a signature holds an NKey seed");
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetTokenHandler(opts, give_token, (void *)SEED));
    is_kept(opts, &p, NATS_INVALID_ARG, "the token holds an NKey seed");
    peer_close(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(in_files), TEST(in_memory), TEST(in_public_values), TEST(in_urls), TEST(from_callbacks),
    };

    return RUN_TESTS(cases, argc, argv);
}
