/* Requests made in callbacks while a connection drains. */
#include "callbacks.h"
#include "fixture.h"
#include "peer_fixture.h"

static void publish_reply_in_drain(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    natsMsg *reply = NULL;

    (void)sub;
    closure_pass_gate(c);
    if (natsConnection_RequestString(&reply, nc, "echo", natsMsg_GetData(msg), deadline_ms()) != NATS_OK)
        counter_add(&c->wrong, 1);
    natsMsg_Destroy(reply);
    natsMsg_Destroy(msg);
    counter_add(&c->messages, 1);
}

static natsOptions *old_style(natsOptions *opts) {
    CHECK_OK(natsOptions_UseOldRequestStyle(opts, true));
    return opts;
}

static void requests_work_while_subscriptions_drain_in(natsOptions *(*style)(natsOptions *)) {
    natsSubscription *sub = NULL, *echo = NULL;
    natsMsg *reply = NULL;
    natsConnection *other;
    static closure c, e;
    static fixture f;

    closure_init(&c);
    closure_init(&e);
    fixture_start_with(&f, style);
    other = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_Subscribe(&echo, other, "echo", on_request, &e));
    CHECK_OK(natsConnection_Flush(other));
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "echo", "x", deadline_ms()));
    natsMsg_Destroy(reply);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", publish_reply_in_drain, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish_numbers(other, "foo", 0, 10);
    CHECK_OK(natsConnection_FlushTimeout(f.nc, deadline_ms()));
    CHECK_REACHED(&c.entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    counter_set(&c.gate, 1);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_INT(counter_get(&c.messages), 10);
    CHECK_INT(counter_get(&c.wrong), 0);
    CHECK_INT(counter_get(&f.c.errors), 0);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(echo);
    natsConnection_Destroy(other);
    fixture_end(&f);
}

static void requests_work_while_subscriptions_drain(void) {
    requests_work_while_subscriptions_drain_in(NULL);
}

static void old_requests_work_while_subscriptions_drain(void) {
    requests_work_while_subscriptions_drain_in(old_style);
}

/* Its request is under way when the drain begins. */
static void request_once(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    natsMsg *reply = NULL;

    (void)sub;
    natsMsg_Destroy(msg);
    c->result = (int)natsConnection_RequestString(&reply, nc, "slow", "x", deadline_ms());
    natsMsg_Destroy(reply);
    counter_add(&c->messages, 1);
}

static void a_drain_waits_for_a_request_in(natsOptions *(*style)(natsOptions *)) {
    natsSubscription *sub = NULL, *slow = NULL;
    natsMsg *msg;
    natsConnection *other;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start_with(&f, style);
    other = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_SubscribeSync(&slow, other, "slow"));
    CHECK_OK(natsConnection_Flush(other));
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", request_once, &c));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish_numbers(other, "foo", 0, 1);
    CHECK_OK(natsConnection_FlushTimeout(f.nc, deadline_ms()));
    msg = test_next(slow);
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_OK(natsConnection_PublishString(other, natsMsg_GetReply(msg), "y"));
    natsMsg_Destroy(msg);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_INT(counter_get(&c.messages), 1);
    CHECK_INT(c.result, NATS_OK);
    CHECK_INT(counter_get(&f.c.errors), 0);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(slow);
    natsConnection_Destroy(other);
    fixture_end(&f);
}

static void a_drain_waits_for_a_request(void) { a_drain_waits_for_a_request_in(NULL); }
static void a_drain_waits_for_an_old_request(void) { a_drain_waits_for_a_request_in(old_style); }

/* What is not an answer is refused, and so is all of it once the callbacks are through. */
static void request_when_publishing_is_over(void) {
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;
    static peer_fixture f;

    peer_fixture_start_with(&f, old_style, NULL);
    natsSubscription_Destroy(f.sub);
    f.sub = NULL;
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_STATUS(natsConnection_SubscribeSync(&sub, f.nc, "bar"), NATS_DRAINING);
    CHECK(peer_expect(&f.p, "PING\r\n"));
    CHECK(peer_send(&f.p, "PONG\r\n"));
    CHECK(peer_expect(&f.p, "PING\r\n"));
    CHECK_SOON(natsConnection_Status(f.nc) == NATS_CONN_STATUS_DRAINING_PUBS);
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "foo", "x", 100), NATS_DRAINING);
    CHECK(peer_send(&f.p, "PONG\r\n"));
    CHECK_REACHED(&f.c.closed, 1);
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "foo", "x", 100), NATS_CONNECTION_CLOSED);
    peer_fixture_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(requests_work_while_subscriptions_drain),
        TEST(old_requests_work_while_subscriptions_drain),
        TEST(a_drain_waits_for_a_request),
        TEST(a_drain_waits_for_an_old_request),
        TEST(request_when_publishing_is_over),
    };

    return RUN_TESTS(cases, argc, argv);
}
