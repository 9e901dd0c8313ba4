/* JetStream while the program's callbacks are not called, because it does not dispatch or because one of them
 * blocks. The library's own work continues. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"

enum { COUNT = 50 };

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c;
} world;

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *arg) {
    closure *c = (closure *)arg;

    (void)js;
    (void)pae;
    closure_pass_gate(c);
    counter_add(pa != NULL ? &c->messages : &c->wrong, 1);
    natsMsg_Destroy(msg);
}

static void world_start(world *w, bool dispatched, bool told) {
    natsOptions *opts;
    jsOptions js;
    jsPubPolicy policy;

    closure_init(&w->c);
    server_run_jetstream(&w->s);
    opts = test_options(w->s.url);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetManualDispatch(opts, dispatched));
    w->nc = test_connect(opts);
    CHECK_OK(jsOptions_Init(&js));
    if (told) {
        js.PublishAsync.AckHandler = on_ack;
        js.PublishAsync.AckHandlerClosure = &w->c;
    }
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, &js));
    CHECK_OK(jsPubPolicy_Init(&policy));
    policy.ResendOnReconnect = true;
    CHECK_OK(js_SetPubPolicy(w->js, &policy));
    stream_create(w->nc, "S", "\"s.>\"", ",\"storage\":\"file\"");
}

static void world_end(world *w) {
    CHECK_INT(counter_get(&w->c.wrong), 0);
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    nats_CloseAndWait(deadline_ms());
    server_stop(&w->s);
}

static void publish(world *w, int count) {
    int i;

    for (i = 0; i < count; i++)
        CHECK_OK(js_PublishAsync(w->js, "s.a", "x", 1, NULL));
}

static void complete(world *w) {
    jsPubOptions opts;

    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = deadline_ms();
    CHECK_OK(js_PublishAsyncComplete(w->js, &opts));
}

/* The server dies with messages that it has not read. */
static void lose_the_server(world *w) {
    server_pause(&w->s);
    publish(w, COUNT);
    server_kill(&w->s);
    server_restart(&w->s);
}

static void dispatch_until(world *w, counter *c, int64_t n) {
    int64_t until = now_ms() + deadline_ms();

    while (counter_get(c) < n) {
        CHECK(now_ms() < until);
        CHECK_OK(natsConnection_Dispatch(w->nc, 0, NULL));
        poll_pause();
    }
}

static void a_thread_that_dispatches_waits_for_all_acks(void) {
    world w;

    world_start(&w, true, true);
    counter_set(&w.c.gate, 1);
    publish(&w, COUNT);
    complete(&w);
    CHECK_INT(counter_get(&w.c.messages), 0);
    dispatch_until(&w, &w.c.messages, COUNT);
    complete(&w);
    world_end(&w);
}

static void acks_that_were_not_dispatched_go_with_the_context(void) {
    world w;

    world_start(&w, true, true);
    publish(&w, COUNT);
    complete(&w);
    jsCtx_Destroy(w.js);
    w.js = NULL;
    CHECK_OK(natsConnection_Dispatch(w.nc, 0, NULL));
    CHECK_INT(counter_get(&w.c.messages), 0);
    natsConnection_Destroy(w.nc);
    nats_CloseAndWait(deadline_ms());
    server_stop(&w.s);
}

static void resent_although_nobody_dispatches(void) {
    world w;

    world_start(&w, true, false);
    lose_the_server(&w);
    complete(&w);
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    world_end(&w);
}

static void resent_with_a_handler_although_nobody_dispatches(void) {
    world w;

    world_start(&w, true, true);
    counter_set(&w.c.gate, 1);
    lose_the_server(&w);
    complete(&w);
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    dispatch_until(&w, &w.c.messages, COUNT);
    world_end(&w);
}

static void resent_although_a_handler_does_not_return(void) {
    world w;

    world_start(&w, false, true);
    publish(&w, 1);
    CHECK_REACHED(&w.c.entered, 1);
    lose_the_server(&w);
    CHECK_SOON(natsConnection_Status(w.nc) == NATS_CONN_STATUS_CONNECTED);
    CHECK_SOON(stream_messages(w.nc, "S") == COUNT + 1);
    CHECK_INT(counter_get(&w.c.entered), 1);
    counter_set(&w.c.gate, 1);
    complete(&w);
    CHECK_INT(counter_get(&w.c.messages), COUNT + 1);
    world_end(&w);
}

static void an_ordered_subscription_recovers_although_nobody_dispatches(void) {
    world w;
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    jsConsumerInfo *info = NULL;
    natsMsg *msg;
    int i;

    world_start(&w, true, false);
    publish(&w, COUNT);
    complete(&w);
    CHECK_OK(jsSubOptions_Init(&opts));
    opts.Ordered = true;
    CHECK_OK(js_SubscribeSync(&sub, w.js, "s.>", NULL, &opts, NULL));
    for (i = 0; i < COUNT / 2; i++)
        natsMsg_Destroy(test_next(sub));
    CHECK_OK(natsSubscription_GetConsumerInfo(&info, sub, NULL, NULL));
    server_kill(&w.s); /* its consumer, in memory, is gone */
    jsConsumerInfo_Destroy(info);
    server_restart(&w.s);
    for (; i < COUNT; i++)
        natsMsg_Destroy(test_next(sub));
    CHECK_SOON(natsConnection_Status(w.nc) == NATS_CONN_STATUS_CONNECTED);
    CHECK_OK(js_Publish(NULL, w.js, "s.last", "y", 1, NULL, NULL));
    msg = test_next(sub);
    CHECK_STR(natsMsg_GetSubject(msg), "s.last");
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(a_thread_that_dispatches_waits_for_all_acks),
        TEST(acks_that_were_not_dispatched_go_with_the_context),
        TEST(resent_although_nobody_dispatches),
        TEST(resent_with_a_handler_although_nobody_dispatches),
        TEST(resent_although_a_handler_does_not_return),
        TEST(an_ordered_subscription_recovers_although_nobody_dispatches),
    };

    return RUN_TESTS(cases, argc, argv);
}
