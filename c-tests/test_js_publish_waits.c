/* Publishing to streams without waiting for each ack: waiting for room, for the end, or for a time, and the end of
 * each of these waits. */
#include "jetstream.h"
#include "publisher.h"

static void stalls_when_too_many_wait(void) {
    static pub_world w;
    natsSubscription *sub;
    pub_waiter p;
    int64_t started;

    pub_world_start(&w, PUB_ACKS);
    jsCtx_Destroy(w.js);
    pub_context(&w, PUB_ACKS, 3, 50, false);
    sub = pub_acknowledger(&w, on_blocked, NULL);
    pub_many(w.js, "f.a", 3);
    started = now_ms();
    CHECK_STATUS(js_PublishAsync(w.js, "f.a", "x", 1, NULL), NATS_TIMEOUT);
    CHECK(now_ms() - started >= 49);
    CHECK_ERROR(NATS_TIMEOUT, "stalled with too many outstanding async published messages");
    CHECK_INT(counter_get(&w.c.entered), 1);
    jsCtx_Destroy(w.js);
    pub_context(&w, PUB_ACKS, 3, 6 * deadline_ms(), false);
    pub_many(w.js, "f.a", 3);
    /* A thread that waits for room gets it when messages are taken away. */
    pub_waiter_start(&p, w.js, false);
    {
        natsMsgList list;

        CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
        CHECK(list.Count == 3 || list.Count == 4);
        natsMsgList_Destroy(&list);
    }
    pub_waiter_expect(&p, NATS_OK);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

/* With room for one message only, many threads get all through. */
static void *publish_some(void *arg) {
    pub_waiter *p = (pub_waiter *)arg;
    int i;

    for (i = 0; i < 200 && p->status == NATS_OK; i++)
        p->status = js_PublishAsync(p->js, "s.a", "x", 1, NULL);
    return NULL;
}

static void threads_share_the_room(void) {
    enum { THREADS = 4 };
    static pub_world w;
    pub_waiter p[THREADS];
    int64_t max;
    int i;

    pub_world_start(&w, PUB_ACKS);
    for (max = 1; max <= 64; max *= 8) {
        jsCtx_Destroy(w.js);
        pub_context(&w, PUB_ACKS, max, deadline_ms(), max == 8);
        counter_set(&w.h.acked, 0);
        for (i = 0; i < THREADS; i++) {
            memset(&p[i], 0, sizeof(p[i]));
            p[i].js = w.js;
            CHECK(pthread_create(&p[i].thread, NULL, publish_some, &p[i]) == 0);
        }
        for (i = 0; i < THREADS; i++) {
            pthread_join(p[i].thread, NULL);
            CHECK_INT(p[i].status, NATS_OK);
        }
        pub_complete(w.js);
        CHECK_INT(counter_get(&w.h.acked), THREADS * 200);
    }
    pub_world_end(&w);
}

static void messages_have_their_time(void) {
    static pub_world w;
    natsSubscription *sub;
    jsPubOptions opts;
    int64_t started;

    pub_world_start(&w, PUB_ERRORS);
    sub = pub_acknowledger(&w, on_blocked, NULL);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_OK(js_PublishAsync(w.js, "f.a", "for ever", 8, NULL));
    opts.MaxWait = 6 * deadline_ms();
    CHECK_OK(js_PublishAsync(w.js, "f.a", "long", 4, &opts));
    opts.MaxWait = 50;
    started = now_ms();
    CHECK_OK(js_PublishAsync(w.js, "f.a", "short", 5, &opts));
    CHECK_REACHED(&w.h.failed, 1);
    CHECK(now_ms() - started >= 49);
    CHECK_INT(w.h.status, NATS_TIMEOUT);
    CHECK_STR(w.h.payload, "short");
    CHECK_STATUS(js_PublishAsyncComplete(w.js, &opts), NATS_TIMEOUT);
    CHECK_INT(counter_get(&w.h.failed), 1);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

#if OURS
static void closing_wakes_who_waits(void) {
    static pub_world w;
    natsSubscription *sub;
    natsMsgList list;
    pub_waiter completing, stalled;

    pub_world_start(&w, PUB_ACKS);
    jsCtx_Destroy(w.js);
    pub_context(&w, PUB_ACKS, 3, 6 * deadline_ms(), false);
    sub = pub_acknowledger(&w, on_blocked, NULL);
    pub_many(w.js, "f.a", 3);
    pub_waiter_start(&completing, w.js, true);
    pub_waiter_start(&stalled, w.js, false);
    CHECK_REACHED(&w.c.entered, 1);
    natsConnection_Close(w.nc);
    pub_waiter_expect(&completing, NATS_CONNECTION_CLOSED);
    pub_waiter_expect(&stalled, NATS_CONNECTION_CLOSED);
    /* Not told, and still there. */
    CHECK_INT(counter_get(&w.h.failed), 0);
    CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
    CHECK_INT(list.Count, 3);
    natsMsgList_Destroy(&list);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

static void draining_wakes_who_waits(void) {
    static pub_world w;
    natsSubscription *sub;
    pub_waiter completing, stalled;

    pub_world_start(&w, PUB_ACKS);
    jsCtx_Destroy(w.js);
    pub_context(&w, PUB_ACKS, 3, 6 * deadline_ms(), false);
    CHECK_OK(natsConnection_SubscribeSync(&sub, w.nc, "f.>"));
    pub_many(w.js, "f.a", 3);
    pub_waiter_start(&completing, w.js, true);
    pub_waiter_start(&stalled, w.js, false);
    test_expect_next(sub, "0");
    CHECK_OK(natsConnection_DrainTimeout(w.nc, 300));
    pub_waiter_expect(&stalled, NATS_DRAINING);
    pub_waiter_expect(&completing, NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

static void destroying_wakes_who_waits(void) {
    static pub_world w;
    natsSubscription *sub;
    pub_waiter completing, stalled;

    pub_world_start(&w, PUB_ACKS);
    jsCtx_Destroy(w.js);
    pub_context(&w, PUB_ACKS, 3, 6 * deadline_ms(), false);
    sub = pub_acknowledger(&w, on_blocked, NULL);
    pub_many(w.js, "f.a", 3);
    pub_waiter_start(&completing, w.js, true);
    pub_waiter_start(&stalled, w.js, false);
    CHECK_REACHED(&w.c.entered, 1);
    jsCtx_Destroy(w.js);
    CHECK_REACHED(&completing.done, 1);
    CHECK_REACHED(&stalled.done, 1);
    pthread_join(completing.thread, NULL);
    pthread_join(stalled.thread, NULL);
    /* Whoever came too late finds the handle dead. */
    CHECK(completing.status == NATS_ILLEGAL_STATE || completing.status == NATS_INVALID_ARG);
    CHECK(stalled.status == NATS_ILLEGAL_STATE || stalled.status == NATS_INVALID_ARG);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), 0);
    pub_world_end(&w);
}

static void destroyed_in_its_handler(pub_told told) {
    static pub_world w;

    pub_world_start(&w, told);
    w.h.destroys = true;
    pub_many(w.js, told == PUB_ACKS ? "s.a" : "nobody", 50);
    CHECK_REACHED(told == PUB_ACKS ? &w.h.acked : &w.h.failed, 1);
    CHECK_SOON(js_PublishAsyncComplete(w.js, NULL) == NATS_INVALID_ARG);
    natsConnection_Destroy(w.nc);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), 1);
    w.nc = NULL;
    pub_world_end(&w);
}

static void destroyed_in_its_ack_handler(void) { destroyed_in_its_handler(PUB_ACKS); }

static void destroyed_in_its_error_handler(void) { destroyed_in_its_handler(PUB_ERRORS); }

/* The one that is told of still counts. */
static void a_handler_cannot_wait_for_others(void) {
    static pub_world w;

    pub_world_start(&w, PUB_ACKS);
    w.h.completes = true;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, NULL));
    pub_complete(w.js);
    CHECK_INT(w.h.result, NATS_OK);
    w.h.blocks = true;
    pub_many(w.js, "s.a", 2);
    CHECK_REACHED(&w.h.entered, 2);
    counter_set(&w.h.gate, 1);
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), 3);
    pub_world_end(&w);
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(stalls_when_too_many_wait),
        TEST(threads_share_the_room),
        TEST(messages_have_their_time),
#if OURS
        TEST(closing_wakes_who_waits),
        TEST(draining_wakes_who_waits),
        TEST(destroying_wakes_who_waits),
        TEST(destroyed_in_its_ack_handler),
        TEST(destroyed_in_its_error_handler),
        TEST(a_handler_cannot_wait_for_others),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
