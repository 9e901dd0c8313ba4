/* Error texts: the subject, the position, the limit, the time, and advice. */
#include "callbacks.h"
#include "fixture.h"
#include "peer_fixture.h"
#include "server.h"
#include "test.h"
#include "words.h"

static void ignore(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    (void)arg;
    natsMsg_Destroy(msg);
}

static void names(void) {
    static const struct {
        const char *subject, *publish, *subscribe;
    } cases[] = {
        {NULL, "subject cannot be NULL nor empty", "subject cannot be NULL nor empty"},
        {"", "subject cannot be NULL nor empty", "subject cannot be NULL nor empty"},
        {"a b", "subject 'a b': blank at byte 1", "subject 'a b': blank at byte 1"},
        {"a.b ", "subject 'a.b ': blank at byte 3", "subject 'a.b ': blank at byte 3"},
        {"a\r\nPUB x 0", "'a\\r\\nPUB x 0': control character 0x0d at byte 1",
         "'a\\r\\nPUB x 0': control character 0x0d at byte 1"},
        {"a.\x01", "'a.\\x01': control character 0x01 at byte 2", "control character 0x01 at byte 2"},
        {".a", NULL, "subject '.a': empty token at byte 0"},
        {"a..b", NULL, "subject 'a..b': empty token at byte 2"},
        {"a.b.", NULL, "subject 'a.b.': dot with no token behind it at byte 3"},
        {"a.>.b", NULL, "subject 'a.>.b': '>' before the last token at byte 2"},
    };
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    fixture f;
    size_t i;

    fixture_start(&f);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *subject = cases[i].subject;

        CHECK_SAYS(natsConnection_SubscribeSync(&sub, f.nc, subject), NATS_INVALID_SUBJECT,
                   cases[i].subscribe);
        CHECK_SAYS(natsConnection_Subscribe(&sub, f.nc, subject, ignore, NULL), NATS_INVALID_SUBJECT,
                   cases[i].subscribe);
        if (cases[i].publish == NULL)
            continue;
        CHECK_SAYS(natsConnection_Publish(f.nc, subject, "x", 1), NATS_INVALID_SUBJECT, cases[i].publish);
        CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, subject, "x", 100), NATS_INVALID_SUBJECT,
                   cases[i].publish);
    }
    CHECK_SAYS(natsConnection_PublishRequestString(f.nc, "a", "b c", "x"), NATS_INVALID_SUBJECT,
               "reply 'b c': blank at byte 1");
    CHECK_SAYS(natsConnection_PublishRequestString(f.nc, "a", NULL, "x"), NATS_INVALID_ARG,
               "reply cannot be NULL nor empty");
    CHECK_SAYS(natsConnection_QueueSubscribeSync(&sub, f.nc, "a", "my group"), NATS_INVALID_QUEUE_NAME,
               "queue group 'my group': blank at byte 2");
    CHECK_SAYS(natsConnection_QueueSubscribeSync(&sub, f.nc, "a", ""), NATS_INVALID_ARG,
               "queue group cannot be NULL nor empty");
    CHECK_SAYS(natsMsg_Create(&msg, "", NULL, NULL, 0), NATS_INVALID_ARG, "subject cannot be NULL nor empty");
    fixture_end(&f);
}

static void payloads(void) {
    static const char conf[] = "max_payload: 1024\n";
    char data[2000];
    natsConnection *nc;
    server s;

    memset(data, 'x', sizeof(data));
    server_start(&s, conf, NULL);
    nc = test_connect_url(s.url);
    CHECK_SAYS(natsConnection_Publish(nc, "big", data, sizeof(data)), NATS_MAX_PAYLOAD,
               "publish to 'big': Payload 2000 greater than maximum allowed: 1024");
    CHECK_SAYS(natsConnection_Publish(nc, "a", data, -5), NATS_INVALID_ARG,
               "data length cannot be negative: -5");
    CHECK_SAYS(natsConnection_Publish(nc, "a", NULL, 5), NATS_INVALID_ARG,
               "data cannot be NULL with a length of 5");
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void headers(void) {
    static const char info[] =
        "INFO {\"server_id\":\"OLD\",\"version\":\"1.4.1\",\"proto\":1,\"max_payload\":1048576}\r\n";
    natsMsg *msg = test_msg("with.headers", NULL, "x");
    const char *value = NULL;
    peer_fixture f;
    char words[128];

    CHECK_SAYS(natsMsgHeader_Set(msg, "", "v"), NATS_INVALID_ARG, "key cannot be NULL nor empty");
    CHECK_SAYS(natsMsgHeader_Set(msg, "a:b", "v"), NATS_INVALID_ARG, "header key|a:b");
    CHECK_SAYS(natsMsgHeader_Set(msg, "a\r\nb", "v"), NATS_INVALID_ARG, "header key|a\\r\\nb");
    CHECK_SAYS(natsMsgHeader_Set(NULL, "a", "v"), NATS_INVALID_ARG, "message cannot be NULL");
    CHECK_SAYS(natsMsgHeader_Get(msg, "a", NULL), NATS_INVALID_ARG, "value cannot be NULL");
    CHECK_OK(natsMsgHeader_Set(msg, "Key", "v"));
    CHECK_OK(natsMsgHeader_Get(msg, "Key", &value));
    peer_fixture_start_with(&f, NULL, info);
    snprintf(words, sizeof(words), "'with.headers'|headers|127.0.0.1:%d|'1.4.1'|does not support", f.p.port);
    CHECK_SAYS(natsConnection_PublishMsg(f.nc, msg), NATS_NO_SERVER_SUPPORT, words);
    natsMsg_Destroy(msg);
    peer_fixture_end(&f);
}

static void closed_connection(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    uint64_t id = 0;
    int64_t rtt = 0;
    char *ip = NULL;
    fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "left"));
    natsConnection_Close(f.nc);
    CHECK_SAYS(natsConnection_PublishString(f.nc, "out", "x"), NATS_CONNECTION_CLOSED,
               "publish to 'out'|the connection is closed");
    CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, "ask", "x", 100), NATS_CONNECTION_CLOSED,
               "request to 'ask'|the connection is closed");
    CHECK_SAYS(natsConnection_SubscribeSync(&sub, f.nc, "in"), NATS_CONNECTION_CLOSED,
               "subscribe to 'in'|the connection is closed");
    CHECK_SAYS(natsSubscription_NextMsg(&msg, sub, 100), NATS_CONNECTION_CLOSED,
               "subscription on 'left'|the connection is closed");
    CHECK_SAYS(natsSubscription_Unsubscribe(sub), NATS_CONNECTION_CLOSED, "'left'|the connection is closed");
    CHECK_SAYS(natsConnection_FlushTimeout(f.nc, 100), NATS_CONNECTION_CLOSED, "the connection is closed");
    CHECK_SAYS(natsConnection_GetRTT(f.nc, &rtt), NATS_CONNECTION_CLOSED, "the connection is closed");
    CHECK_SAYS(natsConnection_Drain(f.nc), NATS_CONNECTION_CLOSED, "the connection is closed");
    CHECK_SAYS(natsConnection_Reconnect(f.nc), NATS_CONNECTION_CLOSED, "the connection is closed");
    CHECK_SAYS(natsConnection_GetClientID(f.nc, &id), NATS_CONNECTION_CLOSED, "the connection is closed");
    CHECK_SAYS(natsConnection_GetClientIP(f.nc, &ip), NATS_CONNECTION_CLOSED, "the connection is closed");
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

/* The calls that come after it say why a connection was closed. */
static natsOptions *no_reconnect(natsOptions *opts) {
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    return opts;
}

static void closed_for_a_reason(void) {
    peer_fixture f;

    peer_fixture_start_with(&f, no_reconnect, NULL);
    CHECK(peer_send(&f.p, "-ERR 'Some Reason'\r\n"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_SAYS(natsConnection_PublishString(f.nc, "out", "x"), NATS_CONNECTION_CLOSED,
               "publish to 'out'|the connection is closed|Some Reason");
    peer_fixture_end(&f);
}

static void draining(void) {
    natsSubscription *sub = NULL, *other = NULL;
    fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "slowly"));
    publish_numbers(f.nc, "slowly", 0, 3);
    CHECK_SAYS(natsSubscription_WaitForDrainCompletion(sub, 10), NATS_ILLEGAL_STATE,
               "Subscription not in draining mode|'slowly'");
    CHECK_OK(natsConnection_DrainTimeout(f.nc, 200));
    CHECK_SAYS(natsConnection_SubscribeSync(&other, f.nc, "in"), NATS_DRAINING,
               "subscribe to 'in'|the connection is draining");
    CHECK_SAYS(natsSubscription_Drain(sub), NATS_DRAINING,
               "Illegal to drain a subscription while its connection is draining|'slowly'");
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_WORDS(f.c.error_texts[0], "Drain error: timeout waiting for subscriptions to drain: 26 (Timeout)|"
                                    "limit of 200 ms passed|'slowly' has 3 messages left");
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static natsOptions *small_buffer(natsOptions *opts) {
    CHECK_OK(natsOptions_SetReconnectBufSize(opts, 1000));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    return opts;
}

static void no_connection(void) {
    natsMsg *msg = NULL;
    int64_t rtt = 0;
    char data[600], *ip = NULL;
    int port = 0;
    peer_fixture f;

    memset(data, 'x', sizeof(data));
    peer_fixture_start_with(&f, small_buffer, NULL);
    peer_refuse(&f.p);
    peer_hang_up(&f.p);
    CHECK_REACHED(&f.c.disconnected, 1);
    CHECK_SAYS(natsSubscription_NextMsg(&msg, f.sub, 30), NATS_TIMEOUT,
               "no message on 'foo' within 30 ms|the connection is lost, reconnecting");
    CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, "ask", "x", 30), NATS_TIMEOUT,
               "request to 'ask': no reply within 30 ms|the connection is lost, reconnecting");
    CHECK_SAYS(natsConnection_FlushTimeout(f.nc, 30), NATS_TIMEOUT,
               "no PONG from 127.0.0.1:|within 30 ms|the connection is lost, reconnecting");
    CHECK_SAYS(natsConnection_GetRTT(f.nc, &rtt), NATS_CONNECTION_DISCONNECTED, "not connected");
    CHECK_SAYS(natsConnection_GetLocalIPAndPort(f.nc, &ip, &port), NATS_CONNECTION_DISCONNECTED,
               "local address|not connected");
    CHECK_SAYS(natsConnection_Drain(f.nc), NATS_ILLEGAL_STATE,
               "Illegal to call Drain while the connection is reconnecting");
    CHECK_OK(natsConnection_Publish(f.nc, "out", data, sizeof(data)));
    CHECK_OK(natsConnection_Publish(f.nc, "out", data, sizeof(data)));
    CHECK_SAYS(natsConnection_Publish(f.nc, "out", data, sizeof(data)), NATS_INSUFFICIENT_BUFFER,
               "publish to 'out'|the reconnect buffer is full|limit 1000|reconnecting");
    peer_fixture_end(&f);
}

static void not_connected_yet(void) {
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[64], *ip = NULL;
    uint64_t id = 7;
    static closure c;

    closure_init(&c);
    snprintf(url, sizeof(url), "nats://127.0.0.1:%d", free_port());
    opts = test_options(url);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, &c));
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_NOT_YET_CONNECTED);
    CHECK_SAYS(natsConnection_GetClientID(nc, &id), NATS_NO_SERVER_SUPPORT,
               "did not tell the client id|the connection is not connected yet");
    CHECK_INT(id, 0);
    CHECK_SAYS(natsConnection_GetClientIP(nc, &ip), NATS_NO_SERVER_SUPPORT,
               "did not tell the client's address|the connection is not connected yet");
    CHECK(ip == NULL);
    natsOptions_Destroy(opts);
    natsConnection_Destroy(nc);
}

static natsOptions *short_deadline(natsOptions *opts) {
    CHECK_OK(natsOptions_SetWriteDeadline(opts, 100));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    return opts;
}

static void write_deadline(void) {
    char *data = (char *)calloc(1, 1 << 20);
    natsStatus s = NATS_OK;
    peer_fixture f;
    int i;

    peer_fixture_start_with(&f, short_deadline, NULL);
    for (i = 0; i < 1000 && s == NATS_OK; i++)
        s = natsConnection_Publish(f.nc, "out", data, 1 << 20);
    CHECK_SAYS(s, NATS_TIMEOUT,
               "publish to 'out'|write deadline of 100 ms exceeded|127.0.0.1:|does not read");
    free(data);
    peer_fixture_end(&f);
}

static void next_message(void) {
    natsSubscription *sub = NULL, *async = NULL;
    natsMsg *msg = NULL;
    int pending;
    fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "in"));
    CHECK_OK(natsConnection_Subscribe(&async, f.nc, "async", ignore, NULL));
    CHECK_SAYS(natsSubscription_NextMsg(&msg, sub, 20), NATS_TIMEOUT, "no message on 'in' within 20 ms");
    CHECK(strstr(nats_GetLastError(NULL), "lost") == NULL);
    CHECK_SAYS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT, "no message waits on 'in'");
    CHECK_SAYS(natsSubscription_NextMsg(NULL, sub, 20), NATS_INVALID_ARG, "nextMsg cannot be NULL");
    CHECK_SAYS(natsSubscription_NextMsg(&msg, async, 20), NATS_ILLEGAL_STATE,
               "subscription on 'async' has a callback");
    CHECK_SAYS(natsSubscription_SetOnCompleteCB(sub, on_complete, NULL), NATS_INVALID_SUBSCRIPTION,
               "subscription on 'in' has no callback");
    CHECK_SAYS(natsSubscription_SetPendingLimits(sub, 0, 5), NATS_INVALID_ARG,
               "Limits must be either > 0 or negative to specify no limit|0 messages, 5 bytes");
    CHECK_SAYS(natsSubscription_AutoUnsubscribe(sub, -3), NATS_INVALID_ARG, "max cannot be negative: -3");
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 2));
    publish_numbers(f.nc, "in", 0, 2);
    natsMsg_Destroy(test_next(sub));
    natsMsg_Destroy(test_next(sub));
    CHECK_SAYS(natsSubscription_NextMsg(&msg, sub, 20), NATS_MAX_DELIVERED_MSGS,
               "subscription on 'in' has delivered its maximum of 2 messages");
    CHECK_SAYS(natsSubscription_GetPending(sub, &pending, NULL), NATS_INVALID_SUBSCRIPTION,
               "subscription on 'in' is closed|2 messages");
    CHECK_OK(natsSubscription_Unsubscribe(async));
    CHECK_SAYS(natsSubscription_Unsubscribe(async), NATS_INVALID_SUBSCRIPTION,
               "subscription on 'async' is closed");
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(async);
    CHECK_SAYS(natsSubscription_Unsubscribe(sub), NATS_INVALID_ARG, "the subscription was destroyed");
    fixture_end(&f);
}

static void drained_subscription(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "in"));
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_SAYS(natsSubscription_NextMsg(&msg, sub, 20), NATS_TIMEOUT,
               "subscription on 'in' is drained: no message follows");
    CHECK_SAYS(natsSubscription_NextMsg(&msg, sub, 20), NATS_INVALID_SUBSCRIPTION,
               "subscription on 'in' is closed: it was drained");
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void requests(void) {
    natsSubscription *deaf = NULL, *inbox = NULL;
    natsMsg *msg = NULL;
    fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&deaf, f.nc, "deaf", ignore, NULL));
    CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, "deaf", "x", 50), NATS_TIMEOUT,
               "request to 'deaf': no reply within 50 ms");
    CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, "nobody", "x", deadline_ms()), NATS_NO_RESPONDERS,
               "request to 'nobody': no responders");
    CHECK_SAYS(natsConnection_Request(&msg, f.nc, "a", "x", -1, 50), NATS_INVALID_ARG, "data length|-1");
    CHECK_SAYS(natsConnection_Request(NULL, f.nc, "a", "x", 1, 50), NATS_INVALID_ARG,
               "replyMsg cannot be NULL");
    CHECK_OK(natsConnection_SubscribeSync(&inbox, f.nc, "my.inbox"));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "nobody", "my.inbox", "x"));
    CHECK_SAYS(natsSubscription_NextMsg(&msg, inbox, deadline_ms()), NATS_NO_RESPONDERS,
               "no responders|'my.inbox'");
    natsSubscription_Destroy(deaf);
    natsSubscription_Destroy(inbox);
    fixture_end(&f);
}

static natsOptions *old_style(natsOptions *opts) {
    CHECK_OK(natsOptions_UseOldRequestStyle(opts, true));
    return opts;
}

static void requests_of_the_old_style(void) {
    natsSubscription *deaf = NULL;
    natsMsg *msg = NULL;
    fixture f;

    fixture_start_with(&f, old_style);
    CHECK_OK(natsConnection_Subscribe(&deaf, f.nc, "deaf", ignore, NULL));
    CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, "deaf", "x", 50), NATS_TIMEOUT,
               "request to 'deaf': no reply within 50 ms");
    CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, "nobody", "x", deadline_ms()), NATS_NO_RESPONDERS,
               "request to 'nobody': no responders");
    natsSubscription_Destroy(deaf);
    fixture_end(&f);
}

static natsOptions *fail_requests(natsOptions *opts) {
    CHECK_OK(natsOptions_SetFailRequestsOnDisconnect(opts, true));
    return opts;
}

static void hang_up_on_request(peer *p, void *arg) {
    (void)arg;
    if (peer_expect(p, "PUB ask"))
        peer_hang_up(p);
}

static void request_when_the_server_goes(void) {
    natsMsg *msg = NULL;
    peer_fixture f;

    peer_fixture_start_with(&f, fail_requests, NULL);
    peer_run(&f.p, hang_up_on_request, NULL);
    CHECK_SAYS(natsConnection_RequestString(&msg, f.nc, "ask", "x", deadline_ms()),
               NATS_CONNECTION_DISCONNECTED,
               "request to 'ask'|the connection was lost before the reply came");
    peer_join(&f.p);
    peer_fixture_end(&f);
}

static natsOptions *ten_messages(natsOptions *opts) {
    CHECK_OK(natsOptions_SetMaxPendingMsgs(opts, 10));
    return opts;
}

static void slow_consumer(void) {
    natsSubscription *sub = NULL, *bytes = NULL;
    char text[256];
    natsMsg *msg = NULL;
    fixture f;

    fixture_start_with(&f, ten_messages);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "x"));
    publish_numbers(f.nc, "x", 0, 11);
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_WORDS(f.c.error_texts[0], "slow consumer on 'x': limit 10 messages, 1 dropped");
    CHECK_STATUS(natsConnection_ReadLastError(f.nc, text, sizeof(text)), NATS_SLOW_CONSUMER);
    CHECK_WORDS(text, "slow consumer on 'x': limit 10 messages, 1 dropped");
    publish_numbers(f.nc, "x", 0, 189);
    CHECK_SAYS(natsSubscription_NextMsg(&msg, sub, 20), NATS_SLOW_CONSUMER,
               "slow consumer on 'x': limit 10 messages, 190 dropped");
    CHECK_OK(natsConnection_SubscribeSync(&bytes, f.nc, "y"));
    CHECK_OK(natsSubscription_SetPendingLimits(bytes, -1, 100));
    publish_numbers(f.nc, "y", 1000, 26);
    CHECK_REACHED(&f.c.errors, 2);
    CHECK_WORDS(f.c.error_texts[1], "slow consumer on 'y': limit 100 bytes, 1 dropped");
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(bytes);
    fixture_end(&f);
}

static void flushing(void) {
    peer_fixture f;
    char words[128];

    peer_fixture_start(&f);
    snprintf(words, sizeof(words), "no PONG from 127.0.0.1:%d within 40 ms", f.p.port);
    CHECK_SAYS(natsConnection_FlushTimeout(f.nc, 40), NATS_TIMEOUT, words);
    CHECK_SAYS(natsConnection_FlushTimeout(f.nc, 0), NATS_INVALID_TIMEOUT,
               "timeout must be greater than 0: 0 ms");
    CHECK_SAYS(natsConnection_FlushTimeout(f.nc, -7), NATS_INVALID_TIMEOUT,
               "timeout must be greater than 0: -7 ms");
    peer_fixture_end(&f);
}

static void permissions(void) {
    static const char conf[] =
        "authorization: {users: [{user: me, password: pw, permissions: {publish: [ok], subscribe: [ok]}}]}\n";
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    natsConnection *nc;
    char url[64];
    closure c;
    server s;

    server_start(&s, conf, NULL);
    snprintf(url, sizeof(url), "nats://me:pw@127.0.0.1:%d", s.port);
    nc = test_connect(options_recorded(url, &c));
    CHECK_OK(natsConnection_PublishString(nc, "not.ok", "x"));
    CHECK_REACHED(&c.errors, 1);
    CHECK_WORDS(c.error_texts[0], "Permissions Violation for Publish to \"not.ok\"");
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "also.not"));
    CHECK_REACHED(&c.errors, 2);
    CHECK_WORDS(c.error_texts[1], "Permissions Violation for Subscription to \"also.not\"");
    CHECK_SAYS(
        natsConnection_RequestString(&msg, nc, "not.ok", "x", 1000), NATS_TIMEOUT,
        "request to 'not.ok': no reply|the server says: Permissions Violation for Publish to \"not.ok\"");
    /* The inbox for replies is not permitted either; the last that the server said is about something else. */
    CHECK_SAYS(natsConnection_RequestString(&msg, nc, "ok", "x", 200), NATS_TIMEOUT,
               "request to 'ok': no reply within 200 ms");
    CHECK(strstr(nats_GetLastError(NULL), "the server says") == NULL);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    nc = test_connect(options_recorded(url, &c));
    CHECK_SAYS(
        natsConnection_RequestString(&msg, nc, "ok", "x", 1000), NATS_TIMEOUT,
        "request to 'ok': no reply|the server says: Permissions Violation for Subscription to \"_INBOX.");
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(names),
        TEST(payloads),
        TEST(headers),
        TEST(closed_connection),
        TEST(closed_for_a_reason),
        TEST(draining),
        TEST(no_connection),
        TEST(not_connected_yet),
        TEST(write_deadline),
        TEST(next_message),
        TEST(drained_subscription),
        TEST(requests),
        TEST(requests_of_the_old_style),
        TEST(request_when_the_server_goes),
        TEST(slow_consumer),
        TEST(flushing),
        TEST(permissions),
    };
    return RUN_TESTS(cases, argc, argv);
}
