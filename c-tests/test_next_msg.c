/* Subscriptions without a callback: NextMsg. */
#include "callbacks.h"
#include "fixture.h"
#include "peer_fixture.h"
#include "test.h"

static void next_msg(void) {
    natsSubscription *sub = NULL, *async = NULL;
    natsMsg *msg = NULL;
    static closure c;
    int64_t started;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Subscribe(&async, f.nc, "bar", on_message, &c));
    CHECK_STATUS(natsSubscription_NextMsg(NULL, sub, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, NULL, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, async, 10), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_TIMEOUT);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, -1), NATS_TIMEOUT);
    started = now_ms();
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 50), NATS_TIMEOUT);
    CHECK(now_ms() - started >= 49);
    CHECK(msg == NULL);
    publish_numbers(f.nc, "foo", 0, 3);
    test_expect_next(sub, "0");
    test_expect_next(sub, "1");
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, 0)); /* queued: no wait needed */
    natsMsg_Destroy(msg);
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    CHECK(!natsSubscription_IsValid(sub));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_Unsubscribe(sub), NATS_INVALID_SUBSCRIPTION);
    CHECK_STATUS(natsSubscription_AutoUnsubscribe(sub, 1), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(async);
    fixture_end(&f);
}

static void next_msg_after_close(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    publish_numbers(f.nc, "foo", 0, 3);
    CHECK_SOON(natsSubscription_GetPending(sub, NULL, NULL) == NATS_OK);
    natsConnection_Close(f.nc);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_Unsubscribe(sub), NATS_CONNECTION_CLOSED);
    CHECK_STATUS(natsSubscription_AutoUnsubscribe(sub, 3), NATS_CONNECTION_CLOSED);
    CHECK(!natsSubscription_IsValid(sub));
    natsConnection_Destroy(f.nc);
    f.nc = NULL;
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 10), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

typedef struct waiter {
    natsSubscription *sub;
    natsStatus status;
    counter done;
} waiter;

static void *wait_for_message(void *arg) {
    waiter *w = (waiter *)arg;
    natsMsg *msg = NULL;

    w->status = natsSubscription_NextMsg(&msg, w->sub, 6 * deadline_ms());
    natsMsg_Destroy(msg);
    counter_add(&w->done, 1);
    return NULL;
}

static void waiting_next_msg_is_released(void) {
    natsSubscription *a = NULL, *b = NULL;
    waiter w[2];
    pthread_t threads[2];
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&a, f.nc, "foo"));
    CHECK_OK(natsConnection_SubscribeSync(&b, f.nc, "foo"));
    w[0].sub = a;
    w[1].sub = b;
    counter_init(&w[0].done);
    counter_init(&w[1].done);
    CHECK(pthread_create(&threads[0], NULL, wait_for_message, &w[0]) == 0);
    CHECK(pthread_create(&threads[1], NULL, wait_for_message, &w[1]) == 0);
    CHECK(!counter_wait(&w[0].done, 1, 30));
    CHECK_OK(natsSubscription_Unsubscribe(a));
    CHECK_REACHED(&w[0].done, 1);
    CHECK_INT(w[0].status, NATS_INVALID_SUBSCRIPTION);
    natsConnection_Close(f.nc);
    CHECK_REACHED(&w[1].done, 1);
    CHECK_INT(w[1].status, NATS_CONNECTION_CLOSED);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    natsSubscription_Destroy(a);
    natsSubscription_Destroy(b);
    fixture_end(&f);
}

#if OURS
/* Two wait, and one read brings two messages: nobody sleeps on. */
static void two_wait_and_two_come(void) {
    waiter w[2];
    pthread_t threads[2];
    static peer_fixture f;
    int i;

    peer_fixture_start(&f);
    for (i = 0; i < 2; i++) {
        w[i].sub = f.sub;
        counter_init(&w[i].done);
        CHECK(pthread_create(&threads[i], NULL, wait_for_message, &w[i]) == 0);
    }
    CHECK(!counter_wait(&w[0].done, 1, 30));
    CHECK(peer_send(&f.p, "MSG foo 1 1\r\na\r\nMSG foo 1 1\r\nb\r\n"));
    for (i = 0; i < 2; i++) {
        CHECK_REACHED(&w[i].done, 1);
        CHECK_OK(w[i].status);
        pthread_join(threads[i], NULL);
    }
    peer_fixture_end(&f);
}

static void *wait_for_drain(void *arg) {
    waiter *w = (waiter *)arg;

    w->status = natsSubscription_WaitForDrainCompletion(w->sub, 6 * deadline_ms());
    counter_add(&w->done, 1);
    return NULL;
}

/* A message wakes who waits for messages, and not in his place who waits for the drain. */
static void waits_beside_who_waits_for_the_drain(void) {
    waiter message, drain;
    pthread_t threads[2];
    static peer_fixture f;

    peer_fixture_start(&f);
    message.sub = drain.sub = f.sub;
    counter_init(&message.done);
    counter_init(&drain.done);
    CHECK_OK(natsSubscription_DrainTimeout(f.sub, 10 * deadline_ms()));
    CHECK(peer_expect(&f.p, "UNSUB 1"));
    CHECK(peer_expect(&f.p, "PING\r\n"));
    CHECK(pthread_create(&threads[0], NULL, wait_for_drain, &drain) == 0);
    CHECK(!counter_wait(&drain.done, 1, 30));
    CHECK(pthread_create(&threads[1], NULL, wait_for_message, &message) == 0);
    CHECK(!counter_wait(&message.done, 1, 30));
    CHECK(peer_send(&f.p, "MSG foo 1 1\r\na\r\n"));
    CHECK_REACHED(&message.done, 1);
    CHECK_OK(message.status);
    CHECK_INT(counter_get(&drain.done), 0);
    CHECK(peer_send(&f.p, "PONG\r\n"));
    CHECK_REACHED(&drain.done, 1);
    CHECK_OK(drain.status);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    peer_fixture_end(&f);
}
#endif

static void next_msg_no_responders(void) {
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "inbox"));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "nobody.there", "inbox", "x"));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, deadline_ms()), NATS_NO_RESPONDERS);
    CHECK(msg == NULL);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(next_msg),
        TEST(next_msg_after_close),
        TEST(waiting_next_msg_is_released),
        TEST(next_msg_no_responders),
#if OURS
        TEST(two_wait_and_two_come),
        TEST(waits_beside_who_waits_for_the_drain),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
