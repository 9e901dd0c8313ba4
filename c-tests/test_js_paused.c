/* A process that is stopped for longer than the heartbeats of its consumers: they wait in its socket meanwhile, so none
 * is missing when it goes on. */
#include <signal.h>

#include "callbacks.h"
#include "children.h"
#include "fixture.h"
#include "jetstream.h"
#include "js_fetch.h"
#include "test.h"

/* Stops this process and has a child let it go on after a while. The child only makes system calls. */
static void stop_for(int64_t ms) {
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    pid_t me = getpid(), child = fork();

    if (child == 0) {
        kill(me, SIGSTOP);
        nanosleep(&pause, NULL);
        kill(me, SIGCONT);
        end_child(true);
    }
    child_ends_well(child);
}

/* Waits until the server has a request for messages: what it has not been asked it does not answer. */
static void await_request(jsCtx *js, const char *consumer) {
    int64_t until = now_ms() + deadline_ms(), waiting = 0;

    while (waiting == 0 && now_ms() < until) {
        jsConsumerInfo *ci = NULL;

        CHECK_OK(js_GetConsumerInfo(&ci, js, "S", consumer, NULL, NULL));
        waiting = ci->NumWaiting;
        jsConsumerInfo_Destroy(ci);
    }
    CHECK(waiting > 0);
}

static void no_heartbeat_is_missing_after_a_pause(void) {
    const int64_t heartbeat_ms = 300 * time_factor();
    const int pauses = time_factor() > 1 ? 1 : 3;
    natsSubscription *plain = NULL, *ordered = NULL, *ahead = NULL, *pulled = NULL;
    closure c, plain_m, ordered_m, ahead_m;
    jsSubOptions options;
    jsOptions pulls;
    natsConnection *nc;
    js_fetch fetch;
    jsCtx *js = NULL;
    server s;

    server_run_jetstream(&s);
    closure_init(&plain_m);
    closure_init(&ordered_m);
    closure_init(&ahead_m);
    nc = test_connect(options_recorded(s.url, &c));
    stream_create(nc, "S", "\"foo\"", "");
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));

    CHECK_OK(jsSubOptions_Init(&options));
    options.Config.Heartbeat = heartbeat_ms * 1000000;
    CHECK_OK(js_Subscribe(&plain, js, "foo", on_message, &plain_m, NULL, &options, NULL));
    options.Ordered = true;
    CHECK_OK(js_Subscribe(&ordered, js, "foo", on_message, &ordered_m, NULL, &options, NULL));
    CHECK_OK(jsOptions_Init(&pulls));
    pulls.PullSubscribeAsync.Heartbeat = heartbeat_ms;
    CHECK_OK(js_PullSubscribeAsync(&ahead, js, "foo", "ahead", on_message, &ahead_m, &pulls, NULL, NULL));
    CHECK_OK(js_PullSubscribe(&pulled, js, "foo", "pulled", NULL, NULL, NULL));
    js_fetch_begin(&fetch, pulled, 1, 10 * deadline_ms(), heartbeat_ms);

    for (int i = 1; i <= pauses; i++) {
        await_request(js, "pulled");
        await_request(js, "ahead");
        stop_for(6 * heartbeat_ms);
        /* All of them still listen, to the consumers that they had. */
        publish_numbers(nc, "foo", i, 1);
        CHECK_REACHED(&plain_m.messages, i);
        CHECK_REACHED(&ordered_m.messages, i);
        CHECK_REACHED(&ahead_m.messages, i);
        CHECK_INT(counter_get(&c.errors), 0);
        js_fetch_end(&fetch, NATS_OK, 1);
        if (i < pauses)
            js_fetch_begin(&fetch, pulled, 1, 10 * deadline_ms(), heartbeat_ms);
    }
    CHECK_INT(counter_get(&c.errors), 0);
    natsSubscription_Destroy(plain);
    natsSubscription_Destroy(ordered);
    natsSubscription_Destroy(ahead);
    natsSubscription_Destroy(pulled);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&s);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(no_heartbeat_is_missing_after_a_pause),
    };

    return RUN_TESTS(cases, argc, argv);
}
