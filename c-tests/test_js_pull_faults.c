/* Pull subscriptions against a scripted server: late messages, statuses of other requests, silence, cancelled
 * requests. */
#include "callbacks.h"
#include "js_fetch.h"
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

static void late_messages_are_for_the_next(void) {
    natsMsgList list = {NULL, 0};
    natsSubscription *sub;
    char first[256];
    int waiting = 0;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 2, 100, 0);
    PEER(js_fetch_await(&j, "\"batch\":2"));
    snprintf(first, sizeof(first), "%s", j.op.reply);
    CHECK_CONTAINS(first, ".1");
    js_fetch_end(&f, NATS_TIMEOUT, 0);
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_SOON(natsSubscription_GetPending(sub, &waiting, NULL) == NATS_OK && waiting == 1);
    CHECK_OK(natsSubscription_Fetch(&list, sub, 1, deadline_ms(), NULL));
    CHECK_INT(list.Count, 1);
    natsMsgList_Destroy(&list);
    /* What is said of the first request is not said of the second, and what is there is counted. */
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    CHECK_SOON(natsSubscription_GetPending(sub, &waiting, NULL) == NATS_OK && waiting == 1);
    js_fetch_begin(&f, sub, 3, deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":2"));
    PEER(js_fetch_say(&j, first, "408 Request Timeout"));
    PEER(js_fetch_say(&j, "_INBOX.somebody.else.2", "409 Consumer Deleted"));
    PEER(js_fetch_say(&j, j.op.reply, "100 Idle Heartbeat"));
    PEER(js_peer_deliver_to(&j, j.answers, 3, 3, 0));
    PEER(js_peer_deliver_to(&j, j.answers, 4, 4, 0));
    js_fetch_end(&f, NATS_OK, 3);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void some_messages_are_a_success(void) {
    natsSubscription *sub;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 3, deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":3"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(js_fetch_say(&j, j.op.reply, "409 Batch Completed\r\nNats-Pending-Messages: 2"));
    js_fetch_end(&f, NATS_OK, 1);
    js_fetch_begin(&f, sub, 3, deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":3"));
    PEER(js_fetch_say(&j, j.op.reply, "777 What Is This"));
    js_fetch_end(&f, NATS_ERR, 0);
    CHECK_CONTAINS(f.error, "What Is This");
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void what_is_taken_back_is_asked_for_again(void) {
    natsSubscription *sub;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    js_fetch_begin(&f, sub, 2, deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":2"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    PEER(js_fetch_say(&j, j.op.reply, "409 Leadership Change"));
    PEER(js_fetch_await(&j, "\"batch\":1"));
    PEER(js_fetch_say(&j, j.op.reply, "409 Server Shutdown"));
    PEER(js_fetch_await(&j, "\"batch\":1"));
    PEER(js_peer_deliver_to(&j, j.answers, 2, 2, 0));
    js_fetch_end(&f, NATS_OK, 2);
    natsSubscription_Destroy(sub);
    js_peer_end(&j);
}

static void silence_ends_a_fetch(void) {
    natsSubscription *sub;
    int64_t began;
    js_fetch f;
    js_peer j;

    js_peer_start(&j, recorded);
    sub = js_fetch_pull(&j);
    began = now_ms();
    js_fetch_begin(&f, sub, 2, 10 * deadline_ms(), 100);
    PEER(js_fetch_await(&j, "\"idle_heartbeat\":100000000"));
    js_fetch_end(&f, NATS_MISSED_HEARTBEAT, 0);
    CHECK(now_ms() - began >= 190 && now_ms() - began < deadline_ms());
    /* The server is to forget the request. */
    PEER(js_peer_await(&j, "UNSUB", ""));
    js_fetch_begin(&f, sub, 1, deadline_ms(), 0);
    PEER(js_fetch_await(&j, "\"batch\":1"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    js_fetch_end(&f, NATS_OK, 1);
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
    js_fetch_bound(&options);
    CHECK_OK(jsOptions_Init(&opts));
    opts.PullSubscribeAsync.FetchSize = 5;
    opts.PullSubscribeAsync.Heartbeat = 100;
    peer_run(&j.p, js_fetch_info, NULL);
    CHECK_OK(js_PullSubscribeAsync(&sub, j.js, NULL, NULL, on_message, &received, &opts, &options, NULL));
    peer_join(&j.p);
    PEER(js_fetch_await(&j, "\"batch\":5"));
    PEER(js_peer_deliver_to(&j, j.answers, 1, 1, 0));
    CHECK_REACHED(&received.messages, 1);
    /* The rest of it, on another inbox, again and again. */
    for (i = 0; i < 3; i++) {
        PEER(js_peer_await(&j, "UNSUB", ""));
        PEER(js_fetch_await(&j, i == 0 ? "\"batch\":5" : "\"batch\":"));
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
