/* Opening and closing the library, its last error, version, clocks, signing and status texts. */
#include <time.h>

#include "callbacks.h"
#include "peer.h"
#include "test.h"

static void opens_and_closes(void) {
    CHECK_STATUS(nats_CloseAndWait(0), NATS_NOT_INITIALIZED);
    nats_Close();
    CHECK_OK(nats_Open(-1));
    CHECK_OK(nats_Open(10));
    CHECK_OK(nats_CloseAndWait(0));
    CHECK_STATUS(nats_CloseAndWait(1000), NATS_NOT_INITIALIZED);
    CHECK_OK(nats_Open(0));
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
}

static void opens_itself(void) {
    natsOptions *opts = NULL;
    natsInbox *inbox = NULL;

    CHECK_OK(natsOptions_Create(&opts));
    natsOptions_Destroy(opts);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_OK(natsInbox_Create(&inbox));
    natsInbox_Destroy(inbox);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_OK(nats_SetMessageDeliveryPoolSize(2));
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
}

static void works_while_not_open(void) {
    natsMsg *msg = NULL;
    natsStatistics *stats = NULL;
    const char *value = NULL;

    CHECK_OK(natsMsg_Create(&msg, "foo", NULL, "data", 4));
    CHECK_OK(natsMsgHeader_Set(msg, "key", "value"));
    CHECK_OK(natsMsgHeader_Get(msg, "key", &value));
    CHECK_STR(value, "value");
    CHECK_OK(natsStatistics_Create(&stats));
    natsStatistics_Destroy(stats);
#if !OURS
    nats_Open(-1);
#endif
    natsMsg_Destroy(msg);
}

static void *open_many(void *arg) {
    if (nats_Open(-1) != NATS_OK)
        counter_add((counter *)arg, 1);
    return NULL;
}

static void opens_from_many_threads(void) {
    pthread_t threads[8];
    counter failures;
    int i;

    counter_init(&failures);
    for (i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], NULL, open_many, &failures) == 0);
    for (i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(counter_get(&failures), 0);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
}

static void refuses_to_open_while_closing(void) {
    natsConnection *nc;
    natsOptions *opts = NULL;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    nats_Close();
    CHECK_STATUS(nats_Open(-1), NATS_FAILED_TO_INITIALIZE);
    CHECK_STATUS(natsOptions_Create(&opts), NATS_FAILED_TO_INITIALIZE);
    CHECK_STATUS(nats_CloseAndWait(100), NATS_ILLEGAL_STATE);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "still works"));
    CHECK(peer_expect(&p, "still works"));
    peer_hang_up(&p);
    peer_refuse(&p);
    natsConnection_Destroy(nc);
    CHECK_SOON(nats_Open(-1) == NATS_OK);
    peer_close(&p);
}

static void close_and_wait_times_out(void) {
    natsConnection *nc;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_STATUS(nats_CloseAndWait(30), NATS_TIMEOUT);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    CHECK_SOON(nats_Open(-1) == NATS_OK);
    peer_close(&p);
}

static void close_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    c->result = (int)nats_CloseAndWait(1000);
    counter_add(&c->messages, 1);
}

static void refuses_to_close_in_callback(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    static closure c;
    peer p;

    closure_init(&c);
    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", close_in_callback, &c));
    CHECK(peer_expect(&p, "SUB foo"));
    CHECK(peer_send(&p, "MSG foo 1 2\r\nhi\r\n"));
    CHECK_REACHED(&c.messages, 1);
    CHECK_INT(c.result, NATS_ILLEGAL_STATE);
    CHECK_OK(nats_Open(-1));
    peer_hang_up(&p);
    peer_refuse(&p);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void sets_pool_size(void) {
    CHECK_STATUS(nats_SetMessageDeliveryPoolSize(0), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "Pool size cannot be negative or zero");
    CHECK_STATUS(nats_SetMessageDeliveryPoolSize(-1), NATS_ERR);
    CHECK_OK(nats_SetMessageDeliveryPoolSize(5));
    CHECK_OK(nats_SetMessageDeliveryPoolSize(1));
}

#if OURS
static void count_thread(void *arg) { counter_add((counter *)arg, 1); }

static void opens_with_config(void) {
    natsClientConfig config;
    natsConnection *nc;
    natsSubscription *sub = NULL;
    counter threads;
    static closure c;
    peer p;

    memset(&config, 0, sizeof(config));
    counter_init(&threads);
    closure_init(&c);
    config.LockSpinCount = -1;
    config.DefaultToThreadPool = true;
    config.ThreadPoolMax = 2;
    config.ThreadStartedHandler = count_thread;
    config.ThreadStartedHandlerClosure = &threads;
    CHECK_OK(nats_OpenWithConfig(&config));
    memset(&config, 0xff, sizeof(config));
    CHECK_OK(nats_OpenWithConfig(NULL));
    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    CHECK(peer_expect(&p, "SUB foo"));
    CHECK(peer_send(&p, "MSG foo 1 2\r\nhi\r\n"));
    CHECK_REACHED(&c.messages, 1);
    CHECK_REACHED(&threads, 2); /* one that reads, one that calls */
    peer_hang_up(&p);
    peer_refuse(&p);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_OK(nats_OpenWithConfig(NULL));
    peer_close(&p);
}

static void empty_pool_is_a_status(void) {
    natsClientConfig config;
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    peer p;

    memset(&config, 0, sizeof(config));
    CHECK_OK(nats_OpenWithConfig(&config));
    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_UseGlobalMessageDelivery(opts, true));
    nc = peer_connect(&p, opts);
    CHECK_STATUS(natsConnection_Subscribe(&sub, nc, "foo", on_message, NULL), NATS_FAILED_TO_INITIALIZE);
    CHECK_ERROR(NATS_FAILED_TO_INITIALIZE, "No message dispatchers available, the pool is empty.");
    CHECK(sub == NULL);
    CHECK_OK(nats_SetMessageDeliveryPoolSize(1));
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, NULL));
    peer_hang_up(&p);
    peer_refuse(&p);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    peer_close(&p);
}
#endif

static void *other_thread_error(void *arg) {
    natsStatus s = NATS_ERR;

    *(bool *)arg = nats_GetLastError(&s) == NULL && s == NATS_OK;
    nats_ReleaseThreadMemory();
    return NULL;
}

static void last_error_is_sticky_and_thread_local(void) {
    natsOptions *opts = NULL;
    natsStatus s = NATS_ERR;
    bool none_there = false;
    pthread_t thread;

    CHECK_OK(natsOptions_Create(&opts));
    nats_ReleaseThreadMemory();
    nats_ReleaseThreadMemory();
    CHECK(nats_GetLastError(&s) == NULL);
    CHECK_INT(s, NATS_OK);
    CHECK_STATUS(natsOptions_SetTimeout(opts, -1), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "");
    CHECK_OK(natsOptions_SetTimeout(opts, 1000));
    CHECK_ERROR(NATS_INVALID_ARG, "");
    CHECK(nats_GetLastError(NULL) != NULL);
    CHECK(pthread_create(&thread, NULL, other_thread_error, &none_there) == 0);
    pthread_join(thread, NULL);
    CHECK(none_there);
    nats_ReleaseThreadMemory();
    CHECK(nats_GetLastError(&s) == NULL);
    natsOptions_Destroy(opts);
}

static void header_not_found_leaves_no_error(void) {
    natsMsg *msg = test_msg("foo", NULL, "x");
    const char *value = "before";

    CHECK_OK(nats_Open(-1));
    nats_ReleaseThreadMemory();
    CHECK_STATUS(natsMsgHeader_Get(msg, "absent", &value), NATS_NOT_FOUND);
    CHECK(value == NULL);
    CHECK_STATUS(natsMsgHeader_Delete(msg, "absent"), NATS_NOT_FOUND);
    CHECK(nats_GetLastError(NULL) == NULL);
    natsMsg_Destroy(msg);
}

static void error_stack(void) {
    char buffer[1024], small[4];

    CHECK_OK(nats_Open(-1));
    nats_ReleaseThreadMemory();
    memset(buffer, 'x', sizeof(buffer));
    CHECK_OK(nats_GetLastErrorStack(buffer, sizeof(buffer)));
    CHECK_STR(buffer, "");
    CHECK_STATUS(nats_SetMessageDeliveryPoolSize(-5), NATS_ERR);
    CHECK_OK(nats_GetLastErrorStack(buffer, sizeof(buffer)));
    CHECK_CONTAINS(buffer, "nats_SetMessageDeliveryPoolSize");
    CHECK(buffer[strlen(buffer) - 1] != '\n');
    memset(small, 'x', sizeof(small));
    CHECK_STATUS(nats_GetLastErrorStack(small, sizeof(small)), NATS_INSUFFICIENT_BUFFER);
    CHECK(memchr(small, '\0', sizeof(small)) != NULL);
    CHECK_STATUS(nats_GetLastErrorStack(NULL, 10), NATS_INVALID_ARG);
    CHECK_STATUS(nats_GetLastErrorStack(buffer, 0), NATS_INVALID_ARG);
}

static void prints_error_stack(void) {
    char text[2048];
    FILE *f = tmpfile();
    size_t n;

    CHECK(f != NULL);
    CHECK_OK(nats_Open(-1));
    nats_ReleaseThreadMemory();
    nats_PrintLastErrorStack(f);
    CHECK_INT(ftell(f), 0);
    CHECK_STATUS(nats_SetMessageDeliveryPoolSize(-5), NATS_ERR);
    nats_PrintLastErrorStack(f);
    rewind(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    CHECK(strncmp(text, "Error: 1 - Error - ", 19) == 0);
    CHECK_CONTAINS(text, "Pool size cannot be negative or zero");
    CHECK_CONTAINS(text, "\nStack: (library version: ");
    CHECK_CONTAINS(text, "  01 - nats_SetMessageDeliveryPoolSize");
}

static void long_error_is_cut(void) {
    natsOptions *opts = NULL;
    char prefix[600];

    memset(prefix, 'a', sizeof(prefix));
    prefix[sizeof(prefix) - 2] = '.';
    prefix[sizeof(prefix) - 1] = '\0';
    CHECK_OK(natsOptions_Create(&opts));
    CHECK_STATUS(natsOptions_SetCustomInboxPrefix(opts, prefix), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "Invalid inbox prefix 'aaa");
    CHECK(strlen(nats_GetLastError(NULL)) <= 255);
    natsOptions_Destroy(opts);
}

static void version(void) {
    CHECK_STR(nats_GetVersion(), NATS_VERSION_STRING);
    CHECK_INT(nats_GetVersionNumber(), NATS_VERSION_NUMBER);
    CHECK(nats_CheckCompatibility());
#if OURS
    CHECK(nats_GetVersionNumber() >= 0x030E00);
    CHECK(nats_CheckCompatibilityImpl(0x030E00, 0x030E00, "3.14.0"));
    CHECK(!nats_CheckCompatibilityImpl(0x7f0000, 0x7f0000, "127.0.0"));
    CHECK(!nats_CheckCompatibilityImpl(0x010000, 0x010000, "1.0.0"));
#ifndef NATS_RS_VERSION
    CHECK(!"nats_rs.h does not define NATS_RS_VERSION");
#endif
#endif
}

static void clocks(void) {
    int64_t before = (int64_t)time(NULL) * 1000, start;

    CHECK(nats_Now() >= before);
    CHECK(nats_Now() < before + 60000);
    CHECK(nats_NowInNanoSeconds() / 1000000 >= before);
    start = now_ms();
    nats_Sleep(30);
    CHECK(now_ms() - start >= 29);
    nats_Sleep(0);
#if OURS
    nats_Sleep(-5);
    {
        int64_t a = nats_NowMonotonicInNanoSeconds(), b = nats_NowMonotonicInNanoSeconds();

        CHECK(a > 0 && b >= a);
    }
#endif
}

/* A seed from the NATS documentation. */
#define SEED "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"

static void sign(void) {
    static const char hex[] = "904a6ee58f669a8a762c419a99bd33502c02da17080e2503c80fac0229dd58fb9af84093c9d8ea"
                              "5a8aaa78459c2d987f84b8cbf6faaf78b0faf6f8249d784f08";
    unsigned char *sig = NULL, *again = NULL;
    int length = 0, i;
    char text[129];

    CHECK_OK(nats_Open(-1));
    CHECK_OK(nats_Sign(SEED, "a nonce", &sig, &length));
    CHECK_INT(length, 64);
    for (i = 0; i < 64; i++)
        snprintf(text + 2 * i, 3, "%02x", sig[i]);
    CHECK_STR(text, hex);
    CHECK_OK(nats_Sign(SEED, "another nonce", &again, &length));
    CHECK(memcmp(sig, again, 64) != 0);
    free(sig);
    free(again);
}

static void sign_refuses(void) {
    unsigned char *sig = NULL;
    int length = 0;

    CHECK_OK(nats_Open(-1));
    CHECK_STATUS(nats_Sign(NULL, "x", &sig, &length), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "seed cannot be empty");
    CHECK_STATUS(nats_Sign("", "x", &sig, &length), NATS_INVALID_ARG);
    CHECK_STATUS(nats_Sign(SEED, NULL, &sig, &length), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "input cannot be empty");
    CHECK_STATUS(nats_Sign(SEED, "", &sig, &length), NATS_INVALID_ARG);
    CHECK_STATUS(nats_Sign(SEED, "x", NULL, &length), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "signature and/or signatureLength cannot be NULL");
    CHECK_STATUS(nats_Sign(SEED, "x", &sig, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(nats_Sign("SU1CSSL3", "x", &sig, &length), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "base32: invalid data at location 3");
    CHECK_STATUS(nats_Sign("SU", "x", &sig, &length), NATS_ERR);
    CHECK_STATUS(nats_Sign("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VA", "x", &sig, &length),
                 NATS_ERR);
    CHECK_ERROR(NATS_ERR, "invalid checksum");
    /* A public key is not a seed. */
    CHECK_STATUS(nats_Sign("UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4", "x", &sig, &length),
                 NATS_ERR);
    CHECK_ERROR(NATS_ERR, "invalid");
    CHECK(sig == NULL);
}

static void status_texts(void) {
    static const char *const texts[] = {
        "OK",
        "Error",
        "Protocol Error",
        "IO Error",
        "Line too long",
        "Connection Closed",
        "No server available for connection",
        "Stale Connection",
        "Secure Connection not available",
        "Secure Connection Required",
        "Connection Disconnected",
        "Authentication Violation",
        "Not Permitted",
        "Not Found",
        "TCP Address missing",
        "Invalid Subject",
        "Invalid Argument",
        "Invalid Subscription",
        "Invalid Timeout",
        "Illegal State",
        "Slow Consumer, messages dropped",
        "Maximum Payload Exceeded",
        "Maximum Messages Delivered",
        "Insufficient Buffer",
        "No Memory",
        "System Error",
        "Timeout",
        "Initialization Failed",
        "Not Initialized",
        "SSL Error",
        "Not Supported By Server",
        "Not Yet Connected",
        "Draining in progress",
        "Invalid queue name",
        "No responders available for request",
        "Mismatch",
        "Missed Server Heartbeat",
#if OURS
        "Limit reached",
        "Jetstream Consumer PinID Mismatch",
        "Invalid Configuration",
#endif
    };
    int i, n = (int)(sizeof(texts) / sizeof(texts[0]));

    for (i = 0; i < n; i++)
        CHECK_STR(natsStatus_GetText((natsStatus)i), texts[i]);
#if OURS
    CHECK(natsStatus_GetText((natsStatus)n) != NULL);
    CHECK(natsStatus_GetText((natsStatus)-1) != NULL);
    CHECK(natsStatus_GetText((natsStatus)1000000) != NULL);
#endif
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(opens_and_closes),
        TEST(opens_itself),
        TEST(works_while_not_open),
        TEST(opens_from_many_threads),
        TEST(refuses_to_open_while_closing),
        TEST(close_and_wait_times_out),
        TEST(refuses_to_close_in_callback),
        TEST(sets_pool_size),
#if OURS
        TEST(opens_with_config),
        TEST(empty_pool_is_a_status),
#endif
        TEST(last_error_is_sticky_and_thread_local),
        TEST(header_not_found_leaves_no_error),
        TEST(error_stack),
        TEST(prints_error_stack),
        TEST(long_error_is_cut),
        TEST(version),
        TEST(clocks),
        TEST(sign),
        TEST(sign_refuses),
        TEST(status_texts),
    };

    return RUN_TESTS(cases, argc, argv);
}
