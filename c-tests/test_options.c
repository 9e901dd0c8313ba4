/* All core options: accepted and refused values, and the connection's copy. */
#include "callbacks.h"
#include "peer.h"
#include "test.h"

typedef struct int_setter {
    const char *name;
    natsStatus (*set)(natsOptions *opts, int value);
    int good[4];
    int good_count;
    int bad[3];
    int bad_count;
} int_setter;

typedef struct int64_setter {
    const char *name;
    natsStatus (*set)(natsOptions *opts, int64_t value);
    int64_t good[3];
    int good_count;
    int64_t bad[3];
    int bad_count;
} int64_setter;

typedef struct bool_setter {
    const char *name;
    natsStatus (*set)(natsOptions *opts, bool value);
} bool_setter;

static natsOptions *options(void) {
    natsOptions *opts = NULL;

    CHECK_OK(natsOptions_Create(&opts));
    return opts;
}

static void creates_and_destroys(void) {
    natsOptions *opts = options();

    CHECK(opts != NULL);
    natsOptions_Destroy(opts);
    natsOptions_Destroy(NULL);
#if OURS
    CHECK_STATUS(natsOptions_Create(NULL), NATS_INVALID_ARG);
#endif
}

static void int_options(void) {
    static const int_setter setters[] = {
        {"MaxPingsOut", natsOptions_SetMaxPingsOut, {0, 1, 100, -1}, 4, {0}, 0},
        {"IOBufSize", natsOptions_SetIOBufSize, {0, 1, 65536, 1024}, 4, {-1, -65536}, 2},
        {"MaxReconnect", natsOptions_SetMaxReconnect, {0, 1, 10, -1}, 4, {0}, 0},
        {"ReconnectBufSize", natsOptions_SetReconnectBufSize, {0, 1, 1048576, 8}, 4, {-1, -2}, 2},
        {"MaxPendingMsgs", natsOptions_SetMaxPendingMsgs, {1, 10, 65536, 2147483647}, 4, {0, -1}, 2},
        {"IPResolutionOrder", natsOptions_IPResolutionOrder, {0, 4, 6, 46}, 4, {1, -1, 5}, 3},
#if OURS
        {"MessageBufferPadding",
         natsOptions_SetMessageBufferPadding,
         {0, 1, 8, 1048576},
         4,
         {-1, 1048577, 2147483647},
         3},
        {"MaxControlLine", natsOptions_SetMaxControlLine, {0, 1, 4096, 2147483647}, 4, {-1, -4096}, 2},
#endif
    };
    natsOptions *opts = options();
    size_t i;
    int j;

    for (i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        const int_setter *s = &setters[i];

        for (j = 0; j < s->good_count; j++)
            if (s->set(opts, s->good[j]) != NATS_OK)
                check_failed(__FILE__, __LINE__, "%s refuses %d", s->name, s->good[j]);
        for (j = 0; j < s->bad_count; j++)
            if (s->set(opts, s->bad[j]) != NATS_INVALID_ARG)
                check_failed(__FILE__, __LINE__, "%s accepts %d", s->name, s->bad[j]);
        if (s->set(NULL, s->good[1]) != NATS_INVALID_ARG)
            check_failed(__FILE__, __LINE__, "%s accepts NULL options", s->name);
    }
    CHECK_OK(natsOptions_IPResolutionOrder(opts, 64));
    CHECK_STATUS(natsOptions_IPResolutionOrder(opts, 60), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
}

static void int64_options(void) {
    static const int64_setter setters[] = {
        {"Timeout", natsOptions_SetTimeout, {0, 1, 100000}, 3, {-1, -100}, 2},
        {"PingInterval", natsOptions_SetPingInterval, {0, 1000, -1}, 3, {0}, 0},
        {"ReconnectWait", natsOptions_SetReconnectWait, {0, 1, 100000}, 3, {-1}, 1},
        {"WriteDeadline", natsOptions_SetWriteDeadline, {0, 1, 100000}, 3, {-1}, 1},
#if OURS
        {"MaxPendingBytes", natsOptions_SetMaxPendingBytes, {1, 1024, INT64_C(8589934592)}, 3, {0, -1}, 2},
        {"FlusherWaitMicros", natsOptions_SetFlusherWaitMicros, {0, 1, 100000}, 3, {-1}, 1},
        {"BusyPoll", natsOptions_SetBusyPoll, {0, 200, 1000000}, 3, {-1, 1000001}, 2},
        {"ReceiveBusyPoll", natsOptions_SetReceiveBusyPoll, {0, 200, 1000000}, 3, {-1, 1000001}, 2},
#endif
    };
    natsOptions *opts = options();
    size_t i;
    int j;

    for (i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        const int64_setter *s = &setters[i];

        for (j = 0; j < s->good_count; j++)
            if (s->set(opts, s->good[j]) != NATS_OK)
                check_failed(__FILE__, __LINE__, "%s refuses %" PRId64, s->name, s->good[j]);
        for (j = 0; j < s->bad_count; j++)
            if (s->set(opts, s->bad[j]) != NATS_INVALID_ARG)
                check_failed(__FILE__, __LINE__, "%s accepts %" PRId64, s->name, s->bad[j]);
        if (s->set(NULL, s->good[1]) != NATS_INVALID_ARG)
            check_failed(__FILE__, __LINE__, "%s accepts NULL options", s->name);
    }
    CHECK_OK(natsOptions_SetReconnectJitter(opts, 0, 0));
    CHECK_OK(natsOptions_SetReconnectJitter(opts, 10, 2000));
    CHECK_STATUS(natsOptions_SetReconnectJitter(opts, -1, 0), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetReconnectJitter(opts, 0, -1), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetReconnectJitter(NULL, 0, 0), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
}

static void bool_options(void) {
    static const bool_setter setters[] = {
        {"NoRandomize", natsOptions_SetNoRandomize},
        {"Verbose", natsOptions_SetVerbose},
        {"Pedantic", natsOptions_SetPedantic},
        {"AllowReconnect", natsOptions_SetAllowReconnect},
        {"UseGlobalMessageDelivery", natsOptions_UseGlobalMessageDelivery},
        {"SendAsap", natsOptions_SetSendAsap},
        {"UseOldRequestStyle", natsOptions_UseOldRequestStyle},
        {"FailRequestsOnDisconnect", natsOptions_SetFailRequestsOnDisconnect},
        {"NoEcho", natsOptions_SetNoEcho},
        {"DisableNoResponders", natsOptions_DisableNoResponders},
        {"IgnoreDiscoveredServers", natsOptions_SetIgnoreDiscoveredServers},
#if OURS
        {"IgnoreAuthErrorAbort", natsOptions_SetIgnoreAuthErrorAbort},
        {"ReconnectOnProtocolError", natsOptions_SetReconnectOnProtocolError},
#endif
    };
    natsOptions *opts = options();
    size_t i;

    for (i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        if (setters[i].set(opts, true) != NATS_OK || setters[i].set(opts, false) != NATS_OK)
            check_failed(__FILE__, __LINE__, "%s refuses a value", setters[i].name);
        if (setters[i].set(NULL, true) != NATS_INVALID_ARG)
            check_failed(__FILE__, __LINE__, "%s accepts NULL options", setters[i].name);
    }
    natsOptions_Destroy(opts);
}

static void servers(void) {
    const char *list[] = {"nats://127.0.0.1:1", "127.0.0.1:2", "  nats://127.0.0.1:3  "};
    natsOptions *opts = options();

    CHECK_OK(natsOptions_SetURL(opts, "nats://127.0.0.1:4222"));
    CHECK_OK(natsOptions_SetURL(opts, "not checked here: ://::"));
    CHECK_OK(natsOptions_SetURL(opts, NULL));
    CHECK_STATUS(natsOptions_SetURL(NULL, "nats://127.0.0.1:4222"), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetServers(opts, list, 3));
    CHECK_STATUS(natsOptions_SetServers(opts, list, 0), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetServers(opts, list, -1), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetServers(opts, NULL, 1), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetServers(NULL, list, 3), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetServers(opts, NULL, 0));
#if OURS
    list[1] = NULL;
    CHECK_STATUS(natsOptions_SetServers(opts, list, 3), NATS_INVALID_ARG);
#endif
    natsOptions_Destroy(opts);
}

static const char *a_token(void *arg) {
    (void)arg;
    return "token";
}

static void identity(void) {
    natsOptions *opts = options();

    CHECK_OK(natsOptions_SetName(opts, "a name"));
    CHECK_OK(natsOptions_SetName(opts, NULL));
    CHECK_STATUS(natsOptions_SetName(NULL, "a name"), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetUserInfo(opts, "user", "password"));
    CHECK_OK(natsOptions_SetUserInfo(opts, "user", NULL));
    CHECK_OK(natsOptions_SetUserInfo(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetUserInfo(NULL, "user", "password"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetToken(NULL, "token"), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetTokenHandler(NULL, a_token, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetToken(opts, "token"));
    CHECK_STATUS(natsOptions_SetTokenHandler(opts, a_token, NULL), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "Cannot set a token handler if a token has already been set");
    CHECK_OK(natsOptions_SetToken(opts, NULL));
    CHECK_OK(natsOptions_SetTokenHandler(opts, a_token, NULL));
    CHECK_STATUS(natsOptions_SetToken(opts, "token"), NATS_ILLEGAL_STATE);
    CHECK_ERROR(NATS_ILLEGAL_STATE, "Cannot set a token if a token handler has already been set");
    CHECK_OK(natsOptions_SetTokenHandler(opts, NULL, NULL));
    CHECK_OK(natsOptions_SetToken(opts, "token"));
    natsOptions_Destroy(opts);
}

static void inbox_prefix(void) {
    static const char *const bad[] = {
        "foo bar",
        ".foo",
        "foo.",
        "foo..bar",
        "foo.*",
        "foo.>",
        ">",
        "*",
        "a\tb",
        "a\r\nb",
#if OURS
        "a\x01z",
#endif
    };
    natsOptions *opts = options();
    size_t i;

    CHECK_OK(natsOptions_SetCustomInboxPrefix(opts, "my.prefix"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (natsOptions_SetCustomInboxPrefix(opts, bad[i]) != NATS_INVALID_ARG)
            check_failed(__FILE__, __LINE__, "inbox prefix '%s' accepted", bad[i]);
        CHECK_ERROR(NATS_INVALID_ARG, "Invalid inbox prefix '");
    }
    CHECK_OK(natsOptions_SetCustomInboxPrefix(opts, "a"));
    CHECK_OK(natsOptions_SetCustomInboxPrefix(opts, ""));
    CHECK_OK(natsOptions_SetCustomInboxPrefix(opts, NULL));
    CHECK_STATUS(natsOptions_SetCustomInboxPrefix(NULL, "a"), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
}

static int64_t a_delay(natsConnection *nc, int attempts, void *arg) {
    (void)nc;
    (void)attempts;
    (void)arg;
    return 1;
}

static void callbacks(void) {
    natsOptions *opts = options();

    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, NULL));
    CHECK_OK(natsOptions_SetErrorHandler(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetErrorHandler(NULL, on_error, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetClosedCB(opts, on_closed, NULL));
    CHECK_OK(natsOptions_SetClosedCB(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetClosedCB(NULL, on_closed, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetDisconnectedCB(opts, on_disconnected, NULL));
    CHECK_OK(natsOptions_SetDisconnectedCB(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetDisconnectedCB(NULL, on_disconnected, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetReconnectedCB(opts, on_reconnected, NULL));
    CHECK_OK(natsOptions_SetReconnectedCB(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetReconnectedCB(NULL, on_reconnected, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetDiscoveredServersCB(opts, on_discovered, NULL));
    CHECK_OK(natsOptions_SetDiscoveredServersCB(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetDiscoveredServersCB(NULL, on_discovered, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetLameDuckModeCB(opts, on_lame_duck, NULL));
    CHECK_OK(natsOptions_SetLameDuckModeCB(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetLameDuckModeCB(NULL, on_lame_duck, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetCustomReconnectDelay(opts, a_delay, NULL));
    CHECK_OK(natsOptions_SetCustomReconnectDelay(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetCustomReconnectDelay(NULL, a_delay, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, NULL));
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, NULL, NULL));
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, false, on_connected, NULL));
    CHECK_STATUS(natsOptions_SetRetryOnFailedConnect(NULL, true, NULL, NULL), NATS_INVALID_ARG);
    natsOptions_Destroy(opts);
}

#ifdef HAVE_CREDENTIALS
static natsStatus no_jwt(char **jwt, char **error, void *arg) {
    (void)jwt;
    (void)error;
    (void)arg;
    return NATS_ERR;
}

static natsStatus no_signature(char **error, unsigned char **sig, int *length, const char *nonce, void *arg) {
    (void)error;
    (void)sig;
    (void)length;
    (void)nonce;
    (void)arg;
    return NATS_ERR;
}

static void credentials(void) {
    natsOptions *opts = options();

    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, no_jwt, NULL, no_signature, NULL));
    CHECK_STATUS(natsOptions_SetUserCredentialsCallbacks(opts, no_jwt, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetUserCredentialsCallbacks(opts, NULL, NULL, no_signature, NULL),
                 NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, NULL, NULL, NULL, NULL));
    CHECK_STATUS(natsOptions_SetUserCredentialsCallbacks(NULL, no_jwt, NULL, no_signature, NULL),
                 NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, "/no/such/file", NULL));
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, "/no/such/file", "/nor/this"));
    CHECK_STATUS(natsOptions_SetUserCredentialsFromFiles(opts, NULL, "/nor/this"), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "user or chained file need to be specified");
    CHECK_OK(natsOptions_SetUserCredentialsFromFiles(opts, NULL, NULL));
    CHECK_STATUS(natsOptions_SetUserCredentialsFromFiles(NULL, "/no/such/file", NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetNKey(opts, "UABC", no_signature, NULL));
    CHECK_STATUS(natsOptions_SetNKey(opts, "UABC", NULL, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetNKey(opts, NULL, NULL, NULL));
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, "UABC", "/no/such/file"));
    CHECK_STATUS(natsOptions_SetNKeyFromSeed(opts, "UABC", NULL), NATS_INVALID_ARG);
    CHECK_OK(natsOptions_SetNKeyFromSeed(opts, NULL, NULL));
    natsOptions_Destroy(opts);
}
#endif

static void destroyed_while_in_use(void) {
    natsConnection *nc;
    char name[] = "the name", url[64];
    natsOptions *opts;
    peer p;

    peer_open(&p);
    snprintf(url, sizeof(url), "%s", p.url);
    opts = test_options("nats://127.0.0.1:1");
    CHECK_OK(natsOptions_SetURL(opts, url));
    CHECK_OK(natsOptions_SetName(opts, name));
    memset(url, 'x', sizeof(url) - 1); /* strings are copied */
    memset(name, 'x', sizeof(name) - 1);
    nc = peer_connect(&p, opts); /* destroys them */
    CHECK_CONTAINS(p.bytes, "\"name\":\"the name\"");
    CHECK_OK(natsConnection_PublishString(nc, "foo", "hello"));
    CHECK(peer_expect(&p, "hello"));
    peer_hang_up(&p);
    peer_refuse(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void connection_has_its_own_copy(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    static closure first, second;
    peer p;

    closure_init(&first);
    closure_init(&second);
    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetClosedCB(opts, on_closed, &first));
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    peer_run(&p, peer_handshake, NULL);
    CHECK_OK(natsConnection_Connect(&nc, opts));
    peer_join(&p);
    CHECK_OK(natsOptions_SetClosedCB(opts, on_closed, &second));
    CHECK_OK(natsOptions_SetAllowReconnect(opts, true));
    peer_hang_up(&p);
    CHECK_REACHED(&first.closed, 1);
    CHECK_INT(counter_get(&second.closed), 0);
    natsOptions_Destroy(opts);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(creates_and_destroys),
        TEST(int_options),
        TEST(int64_options),
        TEST(bool_options),
        TEST(servers),
        TEST(identity),
        TEST(inbox_prefix),
        TEST(callbacks),
#ifdef HAVE_CREDENTIALS
        TEST(credentials),
#endif
        TEST(destroyed_while_in_use),
        TEST(connection_has_its_own_copy),
    };

    return RUN_TESTS(cases, argc, argv);
}
