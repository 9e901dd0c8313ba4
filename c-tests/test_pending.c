/* Pending messages of a subscription: limits, slow consumers, statistics. */
#include "callbacks.h"
#include "fixture.h"
#include "test.h"

static natsOptions *small_limits(natsOptions *opts) {
    CHECK_OK(natsOptions_SetMaxPendingMsgs(opts, 10));
    return opts;
}

static void pending_limits(void) {
    natsSubscription *sub = NULL;
    int msgs = 0, bytes = 0;
    static fixture f;

    fixture_start_with(&f, small_limits);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_GetPendingLimits(sub, &msgs, &bytes));
    CHECK_INT(msgs, 10);
    CHECK_INT(bytes, 10 * 1024);
    CHECK_OK(natsSubscription_GetPendingLimits(sub, NULL, NULL));
    CHECK_STATUS(natsSubscription_SetPendingLimits(sub, 0, 10), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "Limits must be either > 0 or negative to specify no limit");
    CHECK_STATUS(natsSubscription_SetPendingLimits(sub, 10, 0), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_SetPendingLimits(NULL, 10, 10), NATS_INVALID_ARG);
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 5, 100));
    CHECK_OK(natsSubscription_GetPendingLimits(sub, &msgs, &bytes));
    CHECK_INT(msgs, 5);
    CHECK_INT(bytes, 100);
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    publish_numbers(f.nc, "foo", 0, 100);
    CHECK_SOON(natsSubscription_GetPending(sub, &msgs, &bytes) == NATS_OK && msgs == 100);
    CHECK_INT(bytes, 190);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK_STATUS(natsSubscription_SetPendingLimits(sub, 5, 100), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetPendingLimits(sub, &msgs, &bytes), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void slow_consumer_sync(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    int64_t dropped = 0, delivered = 0;
    int msgs = 0, bytes = 0, i;
    static fixture f;

    fixture_start_with(&f, small_limits);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish_numbers(f.nc, "foo", 0, 15);
    CHECK_SOON(natsSubscription_GetDropped(sub, &dropped) == NATS_OK && dropped == 5);
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_INT(f.c.statuses[0], NATS_SLOW_CONSUMER);
    CHECK(f.c.subscriptions[0] == (void *)sub);
    CHECK_OK(natsSubscription_GetPending(sub, &msgs, &bytes));
    CHECK_INT(msgs, 10);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_SLOW_CONSUMER);
    for (i = 0; i < 10; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%d", i); /* the newest were dropped */
        test_expect_next(sub, text);
    }
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    publish_numbers(f.nc, "foo", 20, 1);
    test_expect_next(sub, "20");
    CHECK_INT(counter_get(&f.c.errors), 1);
    CHECK_OK(natsSubscription_GetDelivered(sub, &delivered));
    CHECK_INT(delivered, 11);
    /* The next drop is told again. */
    publish_numbers(f.nc, "foo", 0, 12);
    CHECK_REACHED(&f.c.errors, 2);
    CHECK_OK(natsSubscription_GetMaxPending(sub, &msgs, &bytes));
    CHECK_INT(msgs, 10);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void slow_consumer_async(void) {
    natsSubscription *sub = NULL, *other = NULL;
    int64_t dropped = 0;
    static closure c, d;
    static fixture f;

    closure_init(&c);
    closure_init(&d);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 10, -1));
    CHECK_OK(natsConnection_Subscribe(&other, f.nc, "foo", on_message, &d));
    publish_numbers(f.nc, "foo", 0, 1);
    CHECK_REACHED(&c.entered, 1); /* it sits in the callback, which no longer counts */
    publish_numbers(f.nc, "foo", 1, 30);
    CHECK_REACHED(&d.messages, 31); /* the others go on */
    CHECK_SOON(natsSubscription_GetDropped(sub, &dropped) == NATS_OK && dropped == 20);
    CHECK_REACHED(&f.c.errors, 1);
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.messages, 11);
    CHECK_STR(c.texts[10], "10");
    publish_numbers(f.nc, "foo", 100, 1);
    CHECK_REACHED(&c.messages, 12);
    CHECK_INT(counter_get(&f.c.errors), 1);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(other);
    fixture_end(&f);
}

static void message_larger_than_the_byte_limit(void) {
    static const char data[200] = {0};
    natsSubscription *sub = NULL;
    int64_t dropped = 0;
    natsMsg *msg = NULL;
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, 100));
    CHECK_OK(natsConnection_Publish(f.nc, "foo", data, 200));
    CHECK_OK(natsConnection_Publish(f.nc, "foo", data, 100));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_SOON(natsSubscription_GetDropped(sub, &dropped) == NATS_OK && dropped == 1);
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms())); /* one was accepted since */
    CHECK_INT(natsMsg_GetDataLength(msg), 100);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void statistics(void) {
    natsSubscription *sub = NULL;
    int msgs = -1, bytes = -1, max_msgs = -1, max_bytes = -1;
    int64_t delivered = -1, dropped = -1;
    uint64_t queued = 99;
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish_numbers(f.nc, "foo", 0, 10);
    CHECK_SOON(natsSubscription_GetPending(sub, &msgs, &bytes) == NATS_OK && msgs == 10);
    CHECK_INT(bytes, 10);
    CHECK_OK(natsSubscription_QueuedMsgs(sub, &queued));
    CHECK_INT(queued, 10);
    natsMsg_Destroy(test_next(sub));
    natsMsg_Destroy(test_next(sub));
    CHECK_OK(natsSubscription_GetStats(sub, &msgs, &bytes, &max_msgs, &max_bytes, &delivered, &dropped));
    CHECK_INT(msgs, 8);
    CHECK_INT(bytes, 8);
    CHECK_INT(max_msgs, 10);
    CHECK_INT(max_bytes, 10);
    CHECK_INT(delivered, 2);
    CHECK_INT(dropped, 0);
    CHECK_OK(natsSubscription_GetStats(sub, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK_OK(natsSubscription_ClearMaxPending(sub));
    CHECK_OK(natsSubscription_GetMaxPending(sub, &max_msgs, &max_bytes));
    CHECK_INT(max_msgs, 0);
    CHECK_INT(max_bytes, 0);
    CHECK_OK(natsSubscription_GetMaxPending(sub, NULL, NULL));
    CHECK_OK(natsSubscription_GetPending(sub, NULL, NULL));
    CHECK_OK(natsSubscription_NoDeliveryDelay(sub));
    CHECK_STATUS(natsSubscription_GetDelivered(sub, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_GetDropped(sub, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_QueuedMsgs(sub, NULL), NATS_INVALID_ARG);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK_STATUS(natsSubscription_GetPending(sub, &msgs, &bytes), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetDelivered(sub, &delivered), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetDropped(sub, &dropped), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetMaxPending(sub, &msgs, &bytes), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_ClearMaxPending(sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_QueuedMsgs(sub, &queued), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_GetStats(sub, &msgs, NULL, NULL, NULL, NULL, NULL),
                 NATS_INVALID_SUBSCRIPTION);
    CHECK_INT(natsSubscription_GetID(sub), 0);
    CHECK(natsSubscription_GetSubject(sub) == NULL);
    CHECK_OK(natsSubscription_NoDeliveryDelay(sub));
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

/* One by one, so that no limit is exceeded. */
static void publish_and_await(natsConnection *nc, closure *c, int count) {
    int i;

    for (i = 0; i < count; i++) {
        int64_t before = counter_get(&c->messages);

        publish_numbers(nc, "foo", i, 1);
        CHECK_REACHED(&c->messages, before + 1);
    }
}

static int64_t dropped_by(natsSubscription *sub) {
    int64_t dropped = -1;

    return natsSubscription_GetDropped(sub, &dropped) == NATS_OK ? dropped : -1;
}

/* The server counts messages that are dropped; the program's maximum does not. */
static void maximum_of_a_slow_consumer(bool set_before) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 10, -1));
    if (set_before)
        CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 20));
    publish_numbers(f.nc, "foo", 0, 1);
    CHECK_REACHED(&c.entered, 1); /* it is in the callback, and does not count as pending */
    publish_numbers(f.nc, "foo", 1, 30);
    /* The server ends the subscription with the twentieth, and has it again before it reads the ping of this flush. */
    CHECK_SOON(dropped_by(sub) >= (set_before ? 9 : 20));
    if (!set_before)
        CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 20));
    CHECK_OK(natsConnection_FlushTimeout(f.nc, deadline_ms()));
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.messages, 11);
    publish_and_await(f.nc, &c, 8);
    CHECK(natsSubscription_IsValid(sub));
    CHECK_INT(counter_get(&c.completed), 0);
    publish_and_await(f.nc, &c, 1);
    CHECK_REACHED(&c.completed, 1);
    CHECK(!natsSubscription_IsValid(sub));
    publish_numbers(f.nc, "foo", 0, 5);
    CHECK_INT(counter_get(&c.messages), 20);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void maximum_set_before_drops(void) { maximum_of_a_slow_consumer(true); }

static void maximum_set_after_drops(void) { maximum_of_a_slow_consumer(false); }

static void maximum_of_a_slow_consumer_sync(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    int i;
    static fixture f;

    fixture_start_with(&f, small_limits);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 12));
    publish_numbers(f.nc, "foo", 0, 12);
    CHECK_SOON(dropped_by(sub) == 2);
    CHECK_OK(natsConnection_FlushTimeout(f.nc, deadline_ms()));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_SLOW_CONSUMER);
    for (i = 0; i < 10; i++)
        natsMsg_Destroy(test_next(sub));
    publish_numbers(f.nc, "foo", 50, 3);
    test_expect_next(sub, "50");
    test_expect_next(sub, "51");
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_MAX_DELIVERED_MSGS);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(pending_limits),
        TEST(slow_consumer_sync),
        TEST(slow_consumer_async),
        TEST(message_larger_than_the_byte_limit),
        TEST(statistics),
        TEST(maximum_set_before_drops),
        TEST(maximum_set_after_drops),
        TEST(maximum_of_a_slow_consumer_sync),
    };

    return RUN_TESTS(cases, argc, argv);
}
