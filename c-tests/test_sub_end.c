/* The end of a subscription: completion callbacks, and callbacks that end their own subscription. */
#include "callbacks.h"
#include "fixture.h"
#include "test.h"

static void completion_after(natsStatus (*ender)(natsSubscription *), natsStatus drain_status) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_blocked, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish_numbers(f.nc, "foo", 0, 5);
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(ender(sub));
    CHECK(!counter_wait(&c.completed, 1, 20)); /* not before the running callback has returned */
    counter_set(&c.gate, 1);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 1); /* what was queued is gone */
    if (drain_status != NATS_ERR) {
        CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), drain_status);
        CHECK_STATUS(natsSubscription_WaitForDrainCompletion(sub, 10), NATS_ILLEGAL_STATE);
        natsSubscription_Destroy(sub);
    }
    fixture_end(&f);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_INT(counter_get(&c.completed), 1);
}

static natsStatus destroy(natsSubscription *sub) {
    natsSubscription_Destroy(sub);
    return NATS_OK;
}

static void completion_after_unsubscribe(void) {
    completion_after(natsSubscription_Unsubscribe, NATS_INVALID_SUBSCRIPTION);
}

static void completion_after_destroy(void) { completion_after(destroy, NATS_ERR); }

static void completion_after_close(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_message, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    natsConnection_Close(f.nc);
    CHECK_REACHED(&c.completed, 1);
    CHECK_STATUS(natsSubscription_DrainCompletionStatus(sub), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_SetOnCompleteCB(sub, on_complete, &c), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void no_completion_for_sync(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_STATUS(natsSubscription_SetOnCompleteCB(sub, on_complete, &c), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void destroy_in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_destroy_sub, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish_numbers(f.nc, "foo", 0, 10);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&c.messages), 1);
    fixture_end(&f);
}

static void unsubscribe_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    natsMsg_Destroy(msg);
    c->result = (int)natsSubscription_Unsubscribe(sub);
    counter_add(&c->messages, 1);
}

static void unsubscribe_in_own_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", unsubscribe_in_callback, &c));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish_numbers(f.nc, "foo", 0, 10);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(c.result, NATS_OK);
    CHECK_INT(counter_get(&c.messages), 1);
    CHECK(!natsSubscription_IsValid(sub));
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void close_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)sub;
    natsMsg_Destroy(msg);
    natsConnection_Close(nc);
    counter_add(&((closure *)arg)->messages, 1);
}

static void close_connection_in_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", close_in_callback, &c));
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_REACHED(&c.messages, 1);
    CHECK(natsConnection_IsClosed(f.nc));
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void subscribe_in_callback_handler(natsConnection *nc, natsSubscription *sub, natsMsg *msg,
                                          void *arg) {
    closure *c = (closure *)arg;
    natsSubscription *inner = NULL;
    natsMsg *got = NULL;

    (void)sub;
    natsMsg_Destroy(msg);
    c->result = (int)natsConnection_SubscribeSync(&inner, nc, "inner");
    if (c->result == NATS_OK)
        c->result = (int)natsConnection_PublishString(nc, "inner", "x");
    if (c->result == NATS_OK)
        c->result = (int)natsConnection_FlushTimeout(nc, deadline_ms());
    if (c->result == NATS_OK)
        c->result = (int)natsSubscription_NextMsg(&got, inner, deadline_ms());
    natsMsg_Destroy(got);
    natsSubscription_Destroy(inner);
    counter_add(&c->messages, 1);
}

static void subscribe_flush_and_receive_in_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", subscribe_in_callback_handler, &c));
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    CHECK_REACHED(&c.messages, 1);
    CHECK_INT(c.result, NATS_OK);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(completion_after_unsubscribe), TEST(completion_after_destroy),
        TEST(completion_after_close),       TEST(no_completion_for_sync),
        TEST(destroy_in_own_callback),      TEST(unsubscribe_in_own_callback),
        TEST(close_connection_in_callback), TEST(subscribe_flush_and_receive_in_callback),
    };

    return RUN_TESTS(cases, argc, argv);
}
