/* What programs keep beyond the life of what it belongs to: messages and entries of a connection that is gone, and the
 * closures of callbacks of subscriptions that were not made. */
#include "js_peer.h"
#include "kv.h"

static void closing(kv_fixture *f) {
    kvStore_Destroy(f->kv);
    jsCtx_Destroy(f->js);
    natsConnection_Destroy(f->nc);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    server_stop(&f->s);
}

static void kept_messages_and_entries_keep_nothing_open(void) {
    natsSubscription *push = NULL, *pull = NULL;
    natsMsg *pushed = NULL;
    natsMsgList pulled = {NULL, 0};
    kvEntry *entry = NULL, *watched = NULL;
    kvWatcher *w = NULL;
    static kv_fixture f;

    kv_start(&f);
    stream_create(f.nc, "S", "\"s\"", "");
    CHECK_OK(js_Publish(NULL, f.js, "s", "one", 3, NULL, NULL));
    CHECK_OK(js_SubscribeSync(&push, f.js, "s", NULL, NULL, NULL));
    CHECK_OK(natsSubscription_NextMsg(&pushed, push, deadline_ms()));
    CHECK_OK(js_PullSubscribe(&pull, f.js, "s", NULL, NULL, NULL, NULL));
    CHECK_OK(natsSubscription_Fetch(&pulled, pull, 1, deadline_ms(), NULL));
    CHECK_OK(kvStore_PutString(NULL, f.kv, "k", "v"));
    CHECK_OK(kvStore_Get(&entry, f.kv, "k"));
    CHECK_OK(kvStore_Watch(&w, f.kv, "k", NULL));
    CHECK_OK(kvWatcher_Next(&watched, w, deadline_ms()));
    kvWatcher_Destroy(w);
    natsSubscription_Destroy(push);
    natsSubscription_Destroy(pull);
    closing(&f);
    /* They can still be read, and cannot be acknowledged any more. */
    CHECK_STR(natsMsg_GetData(pushed), "one");
    CHECK_STATUS(natsMsg_Ack(pushed, NULL), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsMsg_AckSync(pushed, NULL, NULL), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsMsg_Nak(pulled.Msgs[0], NULL), NATS_CONNECTION_CLOSED);
    CHECK_STR(kvEntry_Bucket(entry), "T");
    CHECK_STR(kvEntry_ValueString(entry), "v");
    CHECK_STR(kvEntry_Bucket(watched), "T");
    CHECK_STR(kvEntry_Key(watched), "k");
    natsMsg_Destroy(pushed);
    natsMsgList_Destroy(&pulled);
    kvEntry_Destroy(entry);
    kvEntry_Destroy(watched);
}

/* ---- Subscriptions that are not made --------------------------------------------------------------------- */

/* The consumer sends five messages before its creation is answered. */
static void messages_before(js_peer *j, const char *answer) {
    js_op request;
    int i;

    if (!js_peer_await(j, "PUB", "$JS.API.CONSUMER.CREATE."))
        return;
    request = j->op;
    /* A pull has a wildcard subscription, made before that for answers. */
    for (i = 1; i <= 5; i++)
        (void)js_peer_deliver_to(j, j->sid[0] != '\0' ? j->sid : j->wild[0].sid, (uint64_t)i, (uint64_t)i, 5);
    j->op = request;
    (void)js_peer_answer(j, answer);
}

static void refuse(peer *p, void *arg) {
    (void)arg;
    /* js_peer's first member is the peer. */
    messages_before((js_peer *)p, "{\"error\":{\"code\":500,\"err_code\":10012,\"description\":\"no\"}}");
}

static void called(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc, (void)sub;
    natsMsg_Destroy(msg);
    counter_add((counter *)arg, 1);
}

static void completed(natsConnection *nc, natsSubscription *sub, natsStatus s, void *arg) {
    (void)nc, (void)sub, (void)s;
    counter_add((counter *)arg, 1);
}

static bool asked(int *messages, int64_t *bytes, natsSubscription *sub, void *arg) {
    (void)bytes, (void)sub;
    *messages = 1;
    counter_add((counter *)arg, 1);
    return true;
}

/* All callbacks of the connection's pool that were due before have run. */
static void callbacks_have_run(js_peer *j) {
    natsSubscription *sub = NULL;
    counter later;

    counter_init(&later);
    CHECK_OK(natsConnection_SubscribeTimeout(&sub, j->nc, "later", 1, called, &later));
    CHECK_REACHED(&later, 1);
    natsSubscription_Destroy(sub);
}

static void a_push_that_fails_calls_nothing(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options;
    jsErrCode code = (jsErrCode)0;
    counter calls;
    js_peer j;

    counter_init(&calls);
    js_peer_start(&j, NULL);
    CHECK_OK(jsSubOptions_Init(&options));
    options.Stream = "S";
    peer_run(&j.p, refuse, NULL);
    CHECK_STATUS(js_Subscribe(&sub, j.js, "foo", called, &calls, NULL, &options, &code), NATS_ERR);
    CHECK_INT(code, 10012);
    peer_join(&j.p);
    CHECK(sub == NULL);
    callbacks_have_run(&j);
    CHECK_INT(counter_get(&calls), 0);
    js_peer_end(&j);
}

static void a_pull_that_fails_calls_nothing(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options;
    jsOptions jo;
    jsErrCode code = (jsErrCode)0;
    counter calls;
    js_peer j;

    counter_init(&calls);
    js_peer_start(&j, NULL);
    CHECK_OK(jsSubOptions_Init(&options));
    options.Stream = "S";
    CHECK_OK(jsOptions_Init(&jo));
    jo.PullSubscribeAsync.CompleteHandler = completed;
    jo.PullSubscribeAsync.CompleteHandlerClosure = &calls;
    jo.PullSubscribeAsync.NextHandler = asked;
    jo.PullSubscribeAsync.NextHandlerClosure = &calls;
    peer_run(&j.p, refuse, NULL);
    CHECK_STATUS(js_PullSubscribeAsync(&sub, j.js, "foo", NULL, called, &calls, &jo, &options, &code),
                 NATS_ERR);
    CHECK_INT(code, 10012);
    peer_join(&j.p);
    callbacks_have_run(&j);
    CHECK_INT(counter_get(&calls), 0);
    js_peer_end(&j);
}

/* What arrives before the answer is delivered after it. */
static void make_late(peer *p, void *arg) {
    (void)arg;
    messages_before((js_peer *)p,
                    "{\"stream_name\":\"S\",\"name\":\"c\",\"created\":\"2024-01-01T00:00:00Z\","
                    "\"config\":{\"ack_policy\":\"explicit\",\"max_ack_pending\":1000},"
                    "\"delivered\":{\"consumer_seq\":0,\"stream_seq\":0},"
                    "\"ack_floor\":{\"consumer_seq\":0,\"stream_seq\":0},\"num_pending\":5}");
}

static void messages_before_the_answer_are_delivered(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options;
    counter calls;
    js_peer j;

    counter_init(&calls);
    js_peer_start(&j, NULL);
    CHECK_OK(jsSubOptions_Init(&options));
    options.Stream = "S";
    peer_run(&j.p, make_late, NULL);
    CHECK_OK(js_Subscribe(&sub, j.js, "foo", called, &calls, NULL, &options, NULL));
    peer_join(&j.p);
    CHECK_REACHED(&calls, 5);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(kept_messages_and_entries_keep_nothing_open),
        TEST(a_push_that_fails_calls_nothing),
        TEST(a_pull_that_fails_calls_nothing),
        TEST(messages_before_the_answer_are_delivered),
    };

    return RUN_TESTS(cases, argc, argv);
}
