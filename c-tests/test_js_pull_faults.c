/* Pull subscriptions against a scripted server: late messages, statuses of other requests, silence, requests that are
 * taken back. */
#include "callbacks.h"
#include "js_peer.h"
#include "test.h"

static closure errors;
static closure received;

static natsOptions *recorded(natsOptions *opts) {
    closure_init(&errors);
    closure_init(&received);
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, &errors));
    return opts;
}

static void check_peer(js_peer *j, bool done, const char *file, int line) {
    if (!done)
        check_failed(file, line, "%s", j->p.problem);
}
#define PEER(call) check_peer(&j, (call), __FILE__, __LINE__)

/* Says that the consumer exists. */
static void answer_info(peer *p, void *arg) {
    js_peer *j = (js_peer *)((char *)p - offsetof(js_peer, p));

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.CONSUMER.INFO.S.c"))
        js_peer_answer(j, "{\"stream_name\":\"S\",\"name\":\"c\","
                          "\"config\":{\"durable_name\":\"c\",\"ack_policy\":\"explicit\"}}");
}

static void bound(jsSubOptions *options) {
    CHECK_OK(jsSubOptions_Init(options));
    options->Stream = "S";
    options->Consumer = "c";
}

static natsSubscription *pull(js_peer *j) {
    natsSubscription *sub = NULL;
    jsSubOptions options;

    bound(&options);
    peer_run(&j->p, answer_info, NULL);
    CHECK_OK(js_PullSubscribe(&sub, j->js, NULL, NULL, NULL, &options, NULL));
    peer_join(&j->p);
    return sub;
}

/* Awaits the next request, whose body must have this part. */
static bool await_request(js_peer *j, const char *part) {
    return js_peer_await(j, "PUB", "$JS.API.CONSUMER.MSG.NEXT.S.c") && strstr(j->op.body, part) != NULL;
}

/* Says this about the request with this reply subject, on the subscription that was made last. */
static bool say(js_peer *j, const char *reply, const char *status) {
    char frame[512];
    int length = (int)strlen(status) + 13;

    snprintf(frame, sizeof(frame), "HMSG %s %s %d %d\r\nNATS/1.0 %s\r\n\r\n\r\n", reply, j->answers, length,
             length, status);
    return peer_send(&j->p, frame);
}

typedef struct fetching {
    natsSubscription *sub;
    jsFetchRequest request;
    natsMsgList list;
    natsStatus status;
    char error[256];
    pthread_t thread;
} fetching;

static void *run_fetch(void *arg) {
    fetching *f = (fetching *)arg;
    natsStatus s;
    const char *text;

    f->status = natsSubscription_FetchRequest(&f->list, f->sub, &f->request);
    text = nats_GetLastError(&s);
    snprintf(f->error, sizeof(f->error), "%s", text == NULL ? "" : text);
    return NULL;
}

static void begin(fetching *f, natsSubscription *sub, int batch, int64_t expires_ms, int64_t heartbeat_ms) {
    memset(f, 0, sizeof(*f));
    f->sub = sub;
    CHECK_OK(jsFetchRequest_Init(&f->request));
    f->request.Batch = batch;
    f->request.Expires = expires_ms * 1000000;
    f->request.Heartbeat = heartbeat_ms * 1000000;
    CHECK_INT(pthread_create(&f->thread, NULL, run_fetch, f), 0);
}

/* The fetch ends so, with so many messages. */
static void expect(fetching *f, natsStatus status, int count) {
    pthread_join(f->thread, NULL);
    CHECK_INT(f->status, status);
    CHECK_INT(f->list.Count, count);
    natsMsgList_Destroy(&f->list);
}

static void late_messages_are_for_the_next(void) {
    natsMsgList list = {NULL, 0};
    natsSubscription *sub;
    char first[256];
    int waiting = 0;
    fetching f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = pull(&j);
    begin(&f, sub, 2, 100, 0);
    PEER(await_request(&j, "\"batch\":2"));
    snprintf(first, sizeof(first), "%s", j.op.reply);
    CHECK_CONTAINS(first, ".1");
    expect(&f, NATS_TIMEOUT, 0);
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_SOON(natsSubscription_GetPending(sub, &waiting, NULL) == NATS_OK && waiting == 1);
    CHECK_OK(natsSubscription_Fetch(&list, sub, 1, deadline_ms(), NULL));
    CHECK_INT(list.Count, 1);
    natsMsgList_Destroy(&list);
    /* What is said of the first request is not said of the second, and what is there is counted. */
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    CHECK_SOON(natsSubscription_GetPending(sub, &waiting, NULL) == NATS_OK && waiting == 1);
    begin(&f, sub, 3, deadline_ms(), 0);
    PEER(await_request(&j, "\"batch\":2"));
    PEER(say(&j, first, "408 Request Timeout"));
    PEER(say(&j, "_INBOX.somebody.else.2", "409 Consumer Deleted"));
    PEER(say(&j, j.op.reply, "100 Idle Heartbeat"));
    PEER(js_peer_deliver_to(&j, j.answers, 3, 3, 0));
    PEER(js_peer_deliver_to(&j, j.answers, 4, 4, 0));
    expect(&f, NATS_OK, 3);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void some_messages_are_a_success(void) {
    natsSubscription *sub;
    fetching f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = pull(&j);
    begin(&f, sub, 3, deadline_ms(), 0);
    PEER(await_request(&j, "\"batch\":3"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(say(&j, j.op.reply, "409 Batch Completed\r\nNats-Pending-Messages: 2"));
    expect(&f, NATS_OK, 1);
    begin(&f, sub, 3, deadline_ms(), 0);
    PEER(await_request(&j, "\"batch\":3"));
    PEER(say(&j, j.op.reply, "777 What Is This"));
    expect(&f, NATS_ERR, 0);
    CHECK_CONTAINS(f.error, "What Is This");
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void what_is_taken_back_is_asked_for_again(void) {
    natsSubscription *sub;
    fetching f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = pull(&j);
    begin(&f, sub, 2, deadline_ms(), 0);
    PEER(await_request(&j, "\"batch\":2"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(say(&j, j.op.reply, "409 Leadership Change"));
    PEER(await_request(&j, "\"batch\":1"));
    PEER(say(&j, j.op.reply, "409 Server Shutdown"));
    PEER(await_request(&j, "\"batch\":1"));
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    expect(&f, NATS_OK, 2);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void silence_ends_a_fetch(void) {
    natsSubscription *sub;
    int64_t began;
    fetching f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = pull(&j);
    began = now_ms();
    begin(&f, sub, 2, 10 * deadline_ms(), 100);
    PEER(await_request(&j, "\"idle_heartbeat\":100000000"));
    expect(&f, NATS_MISSED_HEARTBEAT, 0);
    CHECK(now_ms() - began >= 190 && now_ms() - began < deadline_ms());
    /* The server is to forget the request. */
    PEER(js_peer_await(&j, "UNSUB", ""));
    begin(&f, sub, 1, deadline_ms(), 0);
    PEER(await_request(&j, "\"batch\":1"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    expect(&f, NATS_OK, 1);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void silence_does_not_end_an_asynchronous_pull(void) {
    natsSubscription *sub = NULL;
    jsSubOptions options;
    jsOptions opts;
    js_peer j;
    int i;

    js_peer_start(&j, recorded);
    bound(&options);
    CHECK_OK(jsOptions_Init(&opts));
    opts.PullSubscribeAsync.FetchSize = 5;
    opts.PullSubscribeAsync.Heartbeat = 100;
    peer_run(&j.p, answer_info, NULL);
    CHECK_OK(js_PullSubscribeAsync(&sub, j.js, NULL, NULL, on_message, &received, &opts, &options, NULL));
    peer_join(&j.p);
    PEER(await_request(&j, "\"batch\":5"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_REACHED(&received.messages, 1);
    /* The rest of it, on another inbox, again and again. */
    for (i = 0; i < 3; i++) {
        PEER(js_peer_await(&j, "UNSUB", ""));
        PEER(await_request(&j, i == 0 ? "\"batch\":5" : "\"batch\":"));
    }
    CHECK_REACHED(&errors.errors, 3);
    CHECK_INT(errors.statuses[0], NATS_MISSED_HEARTBEAT);
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    CHECK_REACHED(&received.messages, 2);
    CHECK(natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(late_messages_are_for_the_next),
        TEST(some_messages_are_a_success),
        TEST(what_is_taken_back_is_asked_for_again),
        TEST(silence_ends_a_fetch),
        TEST(silence_does_not_end_an_asynchronous_pull),
    };

    return RUN_TESTS(cases, argc, argv);
}
