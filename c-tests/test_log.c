/* The log: which lines are written, at which level, by which part of the library; and that no line has a secret. */
#include "log_lines.h"
#include "tls.h"

#define PASSWORD "pass-w0rd-of-nobody"
#define TOKEN "t0ken-of-nobody"

static void check_no_secret(const char *text) {
    CHECK(strstr(text, PASSWORD) == NULL);
    CHECK(strstr(text, TOKEN) == NULL);
}

static void levels_and_targets(void) {
    static lines all, info;
    natsConnection *nc = NULL, *quiet = NULL;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    uint64_t number;
    server s;

    lines_init(&all);
    lines_init(&info);
    server_run(&s);
    opts = lines_options(s.url, &all, NATS_LOG_TRACE);
    CHECK_STATUS(natsOptions_SetLogCB(NULL, lines_add, &all, NATS_LOG_INFO), NATS_INVALID_ARG);
    CHECK_STATUS(natsOptions_SetLogCB(opts, lines_add, &all, (natsLogLevel)6), NATS_INVALID_ARG);
    CHECK_STATUS(nats_SetLogHandler(lines_add, &all, (natsLogLevel)-1), NATS_INVALID_ARG);
    CHECK_OK(natsConnection_Connect(&nc, opts));
    number = natsConnection_GetNumber(nc);
    CHECK(number > 0);
    CHECK_OK(natsOptions_SetLogCB(opts, lines_add, &info, NATS_LOG_INFO));
    CHECK_OK(natsConnection_Connect(&quiet, opts));
    natsOptions_Destroy(opts);
    CHECK(natsConnection_GetNumber(quiet) > number);
    CHECK_INT(natsConnection_GetNumber(NULL), 0);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "log.*"));
    CHECK_OK(natsConnection_PublishString(nc, "log.it", "payload"));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
    CHECK_OK(natsConnection_DestroyAndWait(quiet, deadline_ms()));
    CHECK(lines_have(&all, "connect: trying nats://127.0.0.1:"));
    CHECK(lines_have(&all, " accepted after "));
    CHECK(lines_have(&all, "connect: connected to nats://127.0.0.1:"));
    CHECK(lines_have(&all, "session: state: connecting -> connected"));
    CHECK(lines_have(&all, "protocol: <- INFO {"));
    CHECK(lines_have(&all, "protocol: -> CONNECT {"));
    CHECK(lines_have(&all, "subscribe: subscribing to 'log.*' as 1"));
    CHECK(lines_have(&all, "protocol: -> SUB log.* 1"));
    CHECK(lines_have(&all, "protocol: <- 1 MSG for 1, "));
    CHECK(lines_have(&all, "protocol: -> UNSUB 1"));
    CHECK(lines_have(&all, "subscribe: subscription on 'log.*' ended: Unsubscribed"));
    CHECK(lines_have(&all, "session: closed"));
    CHECK(!lines_have(&all, "payload\n"));
    CHECK_INT(all.highest, NATS_LOG_TRACE);
    CHECK_INT(all.number, number);
    /* The same, but less of it. */
    CHECK_INT(info.highest, NATS_LOG_INFO);
    CHECK(lines_have(&info, "connect: connected to nats://127.0.0.1:"));
    CHECK(lines_have(&info, "session: closed"));
    CHECK(!lines_have(&info, "state:"));
    CHECK_INT(counter_get(&all.wrong) + counter_get(&info.wrong), 0);
    server_stop(&s);
}

static void a_lost_server(void) {
    static lines l;
    natsSubscription *sub = NULL;
    natsConnection *nc;
    server s;

    lines_init(&l);
    server_run(&s);
    nc = test_connect(lines_options(s.url, &l, NATS_LOG_DEBUG));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "a"));
    server_kill(&s);
    CHECK(lines_get(&l, "session: lost 127.0.0.1:"));
    CHECK(lines_get(&l, "session: state: connected -> reconnecting"));
    CHECK(lines_get(&l, " failed: Connection refused"));
    CHECK(lines_get(&l, "connect: the next attempt is in "));
    server_restart(&s);
    CHECK(lines_get(&l, "session: the connection is restored"));
    CHECK(lines_get(&l, "subscribe: 1 subscriptions sent to the server"));
    CHECK_OK(natsConnection_Drain(nc));
    CHECK(lines_get(&l, "session: draining"));
    CHECK(lines_get(&l, "session: closed"));
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    CHECK_INT(counter_get(&l.wrong), 0);
    server_stop(&s);
}

static void no_line_has_a_secret(void) {
    static const char *const confs[] = {
        "authorization { user: \"u\", password: \"" PASSWORD "\" }",
        "authorization { token: \"" TOKEN "\" }",
    };
    static lines l;
    natsConnection *nc = NULL;
    natsOptions *opts;
    char url[128];
    server s;
    int i, how;

    for (i = 0; i < 2; i++) {
        server_start(&s, confs[i], NULL);
        /* 0: in the URL; 1: by options; 2: the wrong server refuses them. */
        for (how = 0; how < 3; how++) {
            lines_init(&l);
            snprintf(url, sizeof(url), "nats://%s%s@127.0.0.1:%d", i == 0 ? (how == 2 ? "v:" : "u:") : "",
                     i == 0 ? PASSWORD : (how == 2 ? TOKEN "x" : TOKEN), s.port);
            opts = lines_options(how == 1 ? s.url : url, &l, NATS_LOG_TRACE);
            if (how == 1 && i == 0)
                CHECK_OK(natsOptions_SetUserInfo(opts, "u", PASSWORD));
            if (how == 1 && i == 1)
                CHECK_OK(natsOptions_SetToken(opts, TOKEN));
            if (how == 2) {
                CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
                CHECK(lines_have(&l, "protocol: <- -ERR 'Authorization Violation'"));
            } else {
                CHECK_OK(natsConnection_Connect(&nc, opts));
                CHECK_OK(natsConnection_DestroyAndWait(nc, deadline_ms()));
                nc = NULL;
            }
            natsOptions_Destroy(opts);
            CHECK(lines_have(&l, i == 0 ? "\"pass\":\"***\"" : "\"auth_token\":\"***\""));
            check_no_secret(l.text);
        }
        server_stop(&s);
    }
}

static void slow_consumers_and_errors(void) {
    static lines l;
    natsSubscription *sub = NULL;
    natsConnection *nc;
    server s;
    int i;

    lines_init(&l);
    server_start(
        &s, "authorization { users: [{ user: u, password: p, permissions: { publish: { deny: \"no\" } } }] }",
        NULL);
    {
        natsOptions *opts = lines_options(s.url, &l, NATS_LOG_WARN);

        CHECK_OK(natsOptions_SetUserInfo(opts, "u", "p"));
        nc = test_connect(opts);
    }
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "slow"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 2, -1));
    for (i = 0; i < 5; i++)
        CHECK_OK(natsConnection_PublishString(nc, "slow", "x"));
    CHECK_OK(natsConnection_PublishString(nc, "no", "x"));
    CHECK_OK(natsConnection_Flush(nc));
    CHECK(lines_get(&l, "subscribe: slow consumer on 'slow': limit 2 messages"));
    CHECK(lines_get(&l, "session: Permissions Violation for Publish to"));
    CHECK_INT(l.highest, NATS_LOG_WARN);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void which_tls_is_used(void) {
    static lines l;
    natsOptions *opts;
    server s;

    lines_init(&l);
    tls_start(&s, "server", false);
    opts = tls_options_trusting(&s);
    CHECK_OK(natsOptions_SetLogCB(opts, lines_add, &l, NATS_LOG_DEBUG));
    tls_works(opts);
    CHECK(lines_get(&l, "tls: TLSv1_3 with TLS13_"));
    CHECK(lines_get(&l, "; certificate of 'CN=server' by 'CN=Test ca'"));
    server_stop(&s);
}

/* JetStream, stores and services: what they do by themselves, above all a consumer that is made again. */
static void what_stands_on_connections(void) {
    static lines l;
    microService *service = NULL;
    microServiceConfig micro;
    objStoreInfo *info = NULL;
    objStoreConfig obj;
    natsSubscription *pull = NULL;
    natsMsgList list = {NULL, 0};
    kvWatcher *watcher = NULL;
    objStore *objects = NULL;
    natsConnection *nc;
    jsSubOptions options;
    kvStore *kv = NULL;
    jsCtx *js = NULL;
    kvConfig config;
    server s;

    lines_init(&l);
    server_run_jetstream(&s);
    nc = test_connect(lines_options(s.url, &l, NATS_LOG_DEBUG));
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(kvConfig_Init(&config));
    config.Bucket = "b";
    CHECK_OK(js_CreateKeyValue(&kv, js, &config));
    CHECK_OK(kvStore_WatchAll(&watcher, kv, NULL));
    CHECK(lines_get(&l, "kv: watching 1 patterns of bucket 'b'"));
    CHECK_OK(kvStore_PutString(NULL, kv, "k", "v"));
    CHECK_OK(jsSubOptions_Init(&options));
    options.Stream = "KV_b";
    CHECK_OK(js_PullSubscribe(&pull, js, "$KV.b.>", NULL, NULL, &options, NULL));
    CHECK_OK(natsSubscription_Fetch(&list, pull, 1, deadline_ms(), NULL));
    natsMsgList_Destroy(&list);
    CHECK(lines_get(&l, "jetstream: pull request to $JS.API.CONSUMER.MSG.NEXT.KV_b."));
    CHECK_OK(objStoreConfig_Init(&obj));
    obj.Bucket = "o";
    CHECK_OK(js_CreateObjectStore(&objects, js, &obj));
    CHECK_OK(objStore_PutString(&info, objects, "thing", "12345"));
    CHECK(lines_get(&l, "object: object 'thing' is stored: 5 bytes in 1 chunks"));
    objStoreInfo_Destroy(info);
    memset(&micro, 0, sizeof(micro));
    micro.Name = "cats";
    micro.Version = "1.0.0";
    CHECK(micro_AddService(&service, nc, &micro) == NULL);
    CHECK(lines_get(&l, "micro: service 'cats' ("));
    microError_Destroy(microService_Destroy(service));
    CHECK(lines_get(&l, "micro: service 'cats' stops"));
    /* The watcher's consumer does not outlive the server. */
    server_kill(&s);
    CHECK(lines_get(&l, "session: lost "));
    server_restart(&s);
    CHECK(lines_get(&l, "session: the connection is restored"));
    CHECK(lines_get(&l, "jetstream: stream 'KV_b': creating a consumer behind sequence 1"));
    CHECK(lines_get(&l, " is used from now on"));
    natsSubscription_Destroy(pull);
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
    objStore_Destroy(objects);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_INT(counter_get(&l.wrong), 0);
    server_stop(&s);
}

static const test_case cases[] = {
    TEST(levels_and_targets),        TEST(a_lost_server),     TEST(no_line_has_a_secret),
    TEST(slow_consumers_and_errors), TEST(which_tls_is_used), TEST(what_stands_on_connections),
};

int main(int argc, char **argv) { return RUN_TESTS_WITH_CERTS(cases, argc, argv); }
