/* Draining subscriptions. */
#include "drain.h"

static void subscription(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 10), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_ILLEGAL_STATE);
    drain_publish(&f, "foo", 0, 50);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_Drain(sub)); /* no effect */
    CHECK(natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 20), NATS_TIMEOUT);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_ILLEGAL_STATE);
    drain_publish(&f, "foo", 50, 10); /* no longer for us */
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 50);
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_Drain(sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms())); /* again */
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void sync_subscription(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static drain_world f;
    int i;

    drain_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 10);
    CHECK_OK(natsSubscription_Drain(sub));
    for (i = 0; i < 10; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%d", i);
        test_expect_next(sub, text);
    }
    /* The one that empties it, or the next call, closes it. */
    CHECK(natsSubscription_NextMsg(&msg, sub, 50) != NATS_OK);
    CHECK(msg == NULL);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void sync_subscription_with_nothing_queued(void) {
    natsSubscription *sub = NULL;
    static drain_world f;

    drain_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void check_closed(natsSubscription *sub) {
    natsMsg *msg = NULL;
    int64_t n = 0;

    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_GetDelivered(sub, &n), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_CONNECTION_CLOSED);
#if OURS
    CHECK_INT(natsSubscription_GetID(sub), 0);
#endif
}

/* It stays open until the program looks, but no longer than its connection; and its drain has gone well. */
static void drained_sync_subscription_closes_with_its_connection(void) {
    natsSubscription *a = NULL, *b = NULL, *c = NULL;
    static drain_world f;

    drain_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&a, f.nc, "a"));
    CHECK_OK(natsConnection_SubscribeSync(&b, f.nc, "b"));
    CHECK_OK(natsConnection_SubscribeSync(&c, f.nc, "c"));
    CHECK_OK(natsSubscription_Drain(a));
    CHECK_OK(natsSubscription_Drain(b));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(a, deadline_ms()));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(b, deadline_ms()));
    CHECK(natsSubscription_IsValid(a));
    CHECK_OK(natsSubscription_Unsubscribe(b));
    CHECK_OK(natsSubscription_DrainCompletionStatus(b));
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_REACHED(&f.c.closed, 1);
    check_closed(a);
    check_closed(c);
    CHECK_OK(natsSubscription_DrainCompletionStatus(a));
    natsSubscription_Destroy(a);
    natsSubscription_Destroy(b);
    natsSubscription_Destroy(c);
    drain_end(&f);
}

static void subscription_times_out(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_DrainTimeout(sub, 50));
    CHECK_SOON(!natsSubscription_IsValid(sub)); /* by force */
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_TIMEOUT);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 1);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void subscription_without_time_limit(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_DrainTimeout(sub, 0));
    CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 30), NATS_TIMEOUT);
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, 0));
    CHECK_OK(natsSubscription_DrainCompletionStatus(sub));
    CHECK_INT(counter_get(&c.messages), 5);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

static void subscription_ended_otherwise(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);

    closure_init(&c);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsSubscription_Drain(sub));
    natsConnection_Close(f.nc);
    counter_set(&c.gate, 1);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_Drain(sub), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

#if OURS
static void force_closed_sync_subscription_completes(void) {
    natsSubscription *sub = NULL;
    static drain_world f;

    drain_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 5);
    CHECK_OK(natsSubscription_DrainTimeout(sub, 30)); /* nobody reads it */
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_TIMEOUT);
    natsSubscription_Destroy(sub);
    drain_end(&f);
}
#endif

static void drain_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    natsMsg_Destroy(msg);
    if (counter_get(&c->messages) == 0)
        c->result = (int)natsSubscription_Drain(sub);
    counter_add(&c->messages, 1);
}

static void in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static drain_world f;

    closure_init(&c);
    drain_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", drain_in_callback, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    drain_publish(&f, "foo", 0, 1);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(c.result, NATS_OK);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    natsSubscription_Destroy(sub);
    drain_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(subscription),
        TEST(sync_subscription),
        TEST(sync_subscription_with_nothing_queued),
        TEST(drained_sync_subscription_closes_with_its_connection),
        TEST(subscription_times_out),
        TEST(subscription_without_time_limit),
        TEST(subscription_ended_otherwise),
#if OURS
        TEST(force_closed_sync_subscription_completes),
#endif
        TEST(in_own_callback),
    };

    return RUN_TESTS(cases, argc, argv);
}
