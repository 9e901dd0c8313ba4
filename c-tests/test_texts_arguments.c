/* Error texts about arguments, about the calling thread, and about a closed library. */
#include "fixture.h"
#include "test.h"
#include "words.h"

static void ignore(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    (void)arg;
    natsMsg_Destroy(msg);
}

static void options(void) {
    static const char bad_utf8[] = "na\xff";
    const char *servers[] = {"nats://a:1", NULL};
    natsOptions *opts = NULL;
    natsOptions *gone = NULL;

    CHECK_OK(natsOptions_Create(&opts));
    CHECK_SAYS(natsOptions_SetTimeout(opts, -1), NATS_INVALID_ARG, "timeout cannot be negative: -1 ms");
    CHECK_SAYS(natsOptions_SetReconnectWait(opts, -2), NATS_INVALID_ARG,
               "reconnectWait cannot be negative: -2 ms");
    CHECK_SAYS(natsOptions_SetReconnectJitter(opts, -1, 1), NATS_INVALID_ARG,
               "jitter cannot be negative: -1 ms");
    CHECK_SAYS(natsOptions_SetReconnectJitter(opts, 1, -1), NATS_INVALID_ARG,
               "jitterTLS cannot be negative: -1 ms");
    CHECK_SAYS(natsOptions_SetReconnectBufSize(opts, -1), NATS_INVALID_ARG,
               "reconnectBufSize cannot be negative: -1");
    CHECK_SAYS(natsOptions_SetIOBufSize(opts, -1), NATS_INVALID_ARG, "ioBufSize cannot be negative: -1");
    CHECK_SAYS(natsOptions_SetFlusherWaitMicros(opts, -1), NATS_INVALID_ARG,
               "flusherWaitUs cannot be negative: -1");
    CHECK_SAYS(natsOptions_SetWriteDeadline(opts, -1), NATS_INVALID_ARG,
               "deadline cannot be negative: -1 ms");
    CHECK_SAYS(natsOptions_SetMaxPendingMsgs(opts, 0), NATS_INVALID_ARG,
               "maxPending must be greater than 0: 0");
    CHECK_SAYS(natsOptions_SetMaxPendingBytes(opts, -1), NATS_INVALID_ARG,
               "maxPending must be greater than 0: -1");
    CHECK_SAYS(natsOptions_SetMessageBufferPadding(opts, -1), NATS_INVALID_ARG,
               "paddingSize cannot be negative: -1");
    CHECK_SAYS(natsOptions_IPResolutionOrder(opts, 5), NATS_INVALID_ARG,
               "order must be 0, 4, 6, 46 or 64: 5");
    CHECK_SAYS(natsOptions_SetBusyPoll(opts, 2000000), NATS_INVALID_ARG,
               "busyPollUs must be from 0 to 1000000: 2000000");
    CHECK_SAYS(natsOptions_SetLocalAddress(opts, "here"), NATS_INVALID_ARG,
               "ip must be an IPv4 or IPv6 address: 'here'");
    CHECK_SAYS(natsOptions_SetCustomInboxPrefix(opts, "a.*"), NATS_INVALID_ARG,
               "Invalid inbox prefix 'a.*': wildcard '*' at byte 2");
    CHECK_SAYS(natsOptions_SetCustomInboxPrefix(opts, "a."), NATS_INVALID_ARG,
               "Invalid inbox prefix 'a.': dot with no token behind it at byte 1");
    CHECK_SAYS(natsOptions_SetUserInfo(opts, bad_utf8, SECRET), NATS_INVALID_ARG,
               "user must be UTF-8: byte 2 is not");
    CHECK_SAYS(natsOptions_SetServers(opts, NULL, 2), NATS_INVALID_ARG, "servers cannot be NULL|2");
    CHECK_SAYS(natsOptions_SetServers(opts, servers, -1), NATS_INVALID_ARG,
               "servers count must be positive: -1");
    CHECK_SAYS(natsOptions_SetServers(opts, servers, 2), NATS_INVALID_ARG, "server URL 1 cannot be NULL");
    CHECK_SAYS(natsOptions_SetEventLoop(opts, opts, NULL, NULL, NULL, NULL), NATS_INVALID_ARG,
               "attachCb cannot be NULL");
    CHECK_SAYS(natsOptions_SetEventLoop(opts, NULL, NULL, NULL, NULL, NULL), NATS_INVALID_ARG,
               "loop cannot be NULL");
    CHECK_SAYS(natsOptions_SetWebSocketHeader(opts, NULL, "x"), NATS_INVALID_ARG, "name cannot be NULL");
    CHECK_SAYS(natsOptions_SetWebSocketHeader(opts, "a b", SECRET), NATS_INVALID_ARG, "a b");
    CHECK_SAYS(natsOptions_SetTimeout(NULL, 1), NATS_INVALID_ARG, "options cannot be NULL");
    CHECK_SAYS(natsOptions_Create(NULL), NATS_INVALID_ARG, "newOpts cannot be NULL");
    CHECK_OK(natsOptions_Create(&gone));
    natsOptions_Destroy(gone);
    CHECK_SAYS(natsOptions_SetTimeout(gone, 1), NATS_INVALID_ARG, "the options were destroyed");
    CHECK_OK(natsOptions_SetToken(opts, SECRET));
    CHECK_SAYS(natsOptions_SetTokenHandler(opts, on_token, NULL), NATS_ILLEGAL_STATE,
               "Cannot set a token handler if a token has already been set");
    natsOptions_Destroy(opts);
}

static void arguments(void) {
    natsSubscription *sub = NULL;
    natsConnection *gone;
    char small[4];
    fixture f;

    fixture_start(&f);
    CHECK_SAYS(natsConnection_PublishString(NULL, "a", "x"), NATS_INVALID_ARG, "connection cannot be NULL");
    CHECK_SAYS(natsConnection_Subscribe(&sub, f.nc, "a", NULL, NULL), NATS_INVALID_ARG,
               "callback cannot be NULL");
    CHECK_SAYS(natsConnection_SubscribeTimeout(&sub, f.nc, "a", 0, ignore, NULL), NATS_INVALID_ARG,
               "timeout must be greater than 0: 0");
    CHECK_SAYS(natsConnection_SubscribeSync(NULL, f.nc, "a"), NATS_INVALID_ARG, "sub cannot be NULL");
    CHECK_SAYS(natsConnection_PublishMsg(f.nc, NULL), NATS_INVALID_ARG, "message cannot be NULL");
    CHECK_SAYS(natsConnection_GetConnectedUrl(f.nc, small, sizeof(small)), NATS_INSUFFICIENT_BUFFER,
               "buffer of 4 bytes is too small|are needed");
    CHECK_SAYS(natsConnection_GetStats(f.nc, NULL), NATS_INVALID_ARG, "stats cannot be NULL");
    CHECK_SAYS(natsConnection_Sign(f.nc, (const unsigned char *)"x", 1, NULL), NATS_INVALID_ARG, "sig");
    gone = test_connect_url(f.s.url);
    natsConnection_Destroy(gone);
    CHECK_SAYS(natsConnection_PublishString(gone, "a", "x"), NATS_INVALID_ARG,
               "the connection was destroyed");
    fixture_end(&f);
}

static natsStatus inside[2];
static char inside_texts[2][256];

static void note(int i, natsStatus s) {
    const char *text = nats_GetLastError(NULL);

    inside[i] = s;
    snprintf(inside_texts[i], sizeof(inside_texts[i]), "%s", text == NULL ? "" : text);
}

static void misuse(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)sub;
    note(0, natsConnection_DestroyAndWait(nc, 100));
    note(1, nats_CloseAndWait(100));
    natsMsg_Destroy(msg);
    counter_add((counter *)arg, 1);
}

static void wrong_threads(void) {
    natsSubscription *sub = NULL;
    counter done;
    fixture f;

    counter_init(&done);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "a", misuse, &done));
    CHECK_OK(natsConnection_PublishString(f.nc, "a", "x"));
    CHECK_REACHED(&done, 1);
    CHECK_STATUS(inside[0], NATS_ILLEGAL_STATE);
    CHECK_WORDS(inside_texts[0], "natsConnection_DestroyAndWait|inside a callback");
    CHECK_STATUS(inside[1], NATS_ILLEGAL_STATE);
    CHECK_WORDS(inside_texts[1], "nats_CloseAndWait|inside a callback");
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void library(void) {
    natsClientConfig config;
    natsSubscription *sub = NULL;
    natsConnection *nc;
    natsOptions *opts;
    char text[512];
    server s;
    FILE *f;
    size_t n;

    CHECK_SAYS(nats_CloseAndWait(10), NATS_NOT_INITIALIZED, "the library is not open");
    memset(&config, 0, sizeof(config));
    CHECK_OK(nats_OpenWithConfig(&config));
    CHECK_SAYS(nats_SetMessageDeliveryPoolSize(-4), NATS_ERR, "Pool size cannot be negative or zero|-4");
    f = tmpfile();
    nats_PrintLastErrorStack(f);
    rewind(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    CHECK_CONTAINS(text, "Pool size cannot be negative or zero");
    CHECK_CONTAINS(text, "nats_SetMessageDeliveryPoolSize");
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_UseGlobalMessageDelivery(opts, true));
    nc = test_connect(opts);
    CHECK_SAYS(natsConnection_Subscribe(&sub, nc, "a", ignore, NULL), NATS_FAILED_TO_INITIALIZE,
               "No message dispatchers available, the pool is empty.|nats_SetMessageDeliveryPoolSize");
    CHECK_SAYS(natsConnection_Dispatch(nc, 1, NULL), NATS_ILLEGAL_STATE,
               "the connection was not made with manual dispatch");
    CHECK_SAYS(nats_CloseAndWait(20), NATS_TIMEOUT, "still in use after 20 ms");
    CHECK_SAYS(nats_Open(-1), NATS_FAILED_TO_INITIALIZE, "the library is being closed");
    natsConnection_Destroy(nc);
    CHECK_SOON(nats_Open(-1) == NATS_OK);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(options),
        TEST(arguments),
        TEST(wrong_threads),
        TEST(library),
    };
    return RUN_TESTS(cases, argc, argv);
}
