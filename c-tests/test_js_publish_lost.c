/* Publishing to streams without waiting for each ack: deleted streams, lost servers, and lost acks. */
#include "jetstream.h"
#include "js_peer.h"
#include "publisher.h"

/* A server that deletes a stream says nothing of messages that it has not stored yet. */
static void a_stream_is_deleted_meanwhile(void) {
    static pub_world w;
    jsPubOptions opts;
    int i;

    pub_world_start(&w, PUB_ACKS);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = 1000;
    for (i = 0; i < 2000; i++) {
        CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, &opts));
        if (i == 1000)
            stream_delete(w.nc, "S");
    }
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), 2000);
    CHECK(counter_get(&w.h.failed) >= 999);
    CHECK(w.h.status == NATS_NO_RESPONDERS || w.h.status == NATS_TIMEOUT);
    pub_world_end(&w);
}

static void *restart_later(void *arg) {
    pub_world *w = (pub_world *)arg;

    server_kill(&w->s);
    server_restart(&w->s);
    return NULL;
}

/* Each message is told of once, whatever happened to it. */
static void a_server_restarts_meanwhile(void) {
    static pub_world w;
    int i, count = 0;

    pub_world_start(&w, PUB_ACKS);
    for (i = 0; i < 3; i++) {
        pub_many(w.js, "s.a", 2000);
        count += 2000;
        restart_later(&w);
        pub_many(w.js, "s.a", 100); /* while it reconnects */
        count += 100;
        CHECK_REACHED(&w.c.reconnected, i + 1);
    }
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), count);
    CHECK(stream_messages(w.nc, "S") >= counter_get(&w.h.acked));
    pub_world_end(&w);
}

#if OURS
/* What was on its way when the connection was lost. */
static void lost_messages(pub_told told, bool comes_back) {
    static pub_world w;
    natsSubscription *sub;
    natsMsgList list;
    jsPubOptions opts;

    pub_world_start(&w, told);
    sub = pub_acknowledger(&w, on_blocked, NULL);
    pub_many(w.js, "f.a", 5);
    CHECK_REACHED(&w.c.entered, 1);
    server_kill(&w.s);
    CHECK_REACHED(&w.c.disconnected, 1);
    if (comes_back)
        server_restart(&w.s);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = deadline_ms();
    if (told == PUB_NOBODY) {
        CHECK_STATUS(js_PublishAsyncComplete(w.js, &opts), NATS_CONNECTION_DISCONNECTED);
        CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
        CHECK_INT(list.Count, 5);
        natsMsgList_Destroy(&list);
    } else {
        CHECK_REACHED(&w.h.failed, 5);
        CHECK_INT(w.h.status, NATS_CONNECTION_DISCONNECTED);
    }
    pub_complete(w.js);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

static void lost_messages_are_told(void) { lost_messages(PUB_ACKS, true); }

static void lost_messages_are_told_as_errors(void) { lost_messages(PUB_ERRORS, true); }

static void lost_messages_are_told_without_a_server(void) { lost_messages(PUB_ERRORS, false); }

static void lost_messages_can_be_taken(void) { lost_messages(PUB_NOBODY, true); }

static void lost_messages_are_sent_again(void) {
    enum { COUNT = 3000 };
    static pub_world w;
    jsPubPolicy policy;
    int i;

    pub_world_start(&w, PUB_ACKS);
    CHECK_OK(jsPubPolicy_Init(&policy));
    policy.ResendOnReconnect = true;
    policy.NoRespondersRetries = 1000; /* until JetStream is there again */
    policy.NoRespondersWait = 10;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    for (i = 0; i < COUNT; i++) {
        jsPubOptions opts;
        char id[16];

        CHECK_OK(jsPubOptions_Init(&opts));
        snprintf(id, sizeof(id), "%d", i);
        if (i % 2 == 0)
            opts.MsgId = id;
        CHECK_OK(js_PublishAsync(w.js, "s.a", id, (int)strlen(id), &opts));
        if (i % 1000 == 500)
            restart_later(&w);
    }
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), COUNT);
    CHECK_INT(counter_get(&w.h.failed), 0);
    /* Each once. */
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    pub_world_end(&w);
}

/* Published before the context was told to send messages again: their stream would not know them again. */
static void messages_without_an_id_are_not_sent_again(void) {
    static pub_world w;
    natsSubscription *sub;
    jsPubOptions opts;
    jsPubPolicy policy;

    pub_world_start(&w, PUB_ERRORS);
    sub = pub_acknowledger(&w, on_blocked, NULL);
    pub_many(w.js, "f.a", 4);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MsgId = "known";
    CHECK_OK(js_PublishAsync(w.js, "f.a", "4", 1, &opts));
    CHECK_REACHED(&w.c.entered, 1);
    CHECK_OK(jsPubPolicy_Init(&policy));
    policy.ResendOnReconnect = true;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    server_kill(&w.s);
    CHECK_REACHED(&w.c.disconnected, 1);
    server_restart(&w.s);
    CHECK_REACHED(&w.h.failed, 4);
    CHECK_INT(w.h.status, NATS_CONNECTION_DISCONNECTED);
    /* The one with an id waits again. */
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = 50;
    CHECK_STATUS(js_PublishAsyncComplete(w.js, &opts), NATS_TIMEOUT);
    CHECK_INT(counter_get(&w.h.failed), 4);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

/* A server that loses the connection whenever this message comes. */
static void bad_message(int max_resends) {
    static js_peer j;
    static pub_world w;
    jsPubPolicy policy;
    char count[64];
    int i, sent = 1 + (max_resends == 0 ? 3 : max_resends);

    js_peer_start(&j, NULL);
    pub_seen_init(&w.h);
    w.nc = j.nc;
    pub_context(&w, PUB_ERRORS, 0, 0, false);
    CHECK_OK(jsPubPolicy_Init(&policy));
    policy.ResendOnReconnect = true;
    policy.MaxResends = max_resends;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    CHECK_OK(js_PublishAsync(w.js, "s.bad", "x", 1, NULL));
    for (i = 0; i < sent; i++) {
        CHECK(js_peer_await(&j, "HPUB", "s.bad"));
        CHECK_INT(counter_get(&w.h.failed), 0);
        peer_hang_up(&j.p);
        CHECK(peer_shake_hands(&j.p, NULL));
    }
    CHECK_REACHED(&w.h.failed, 1);
    CHECK_INT(w.h.status, NATS_CONNECTION_DISCONNECTED);
    snprintf(count, sizeof(count), "%d times", sent);
    CHECK_CONTAINS(w.h.text, count);
    pub_complete(w.js);
    /* Nothing more of it is sent: the next message is another one. */
    CHECK_OK(js_PublishAsync(w.js, "s.good", "x", 1, NULL));
    CHECK(js_peer_await(&j, "HPUB", "s."));
    CHECK_STR(j.op.subject, "s.good");
    CHECK(js_peer_answer(&j, PUB_ACK));
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.failed), 1);
    CHECK_INT(counter_get(&w.h.wrong), 0);
    jsCtx_Destroy(w.js);
    js_peer_end(&j);
}

static void a_message_that_ends_connections_is_given_up(void) { bad_message(0); }

static void the_number_of_resends_can_be_chosen(void) { bad_message(1); }

static void nobody_listens_at_first(void) {
    static pub_world w;
    jsPubPolicy policy;

    pub_world_start(&w, PUB_ERRORS);
    CHECK_OK(jsPubPolicy_Init(&policy));
    policy.NoRespondersRetries = 2;
    policy.NoRespondersWait = 10;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    CHECK_OK(js_PublishAsync(w.js, "l.a", "x", 1, NULL));
    CHECK_REACHED(&w.h.failed, 1);
    CHECK_INT(w.h.status, NATS_NO_RESPONDERS);
    policy.NoRespondersRetries = 100000;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    pub_many(w.js, "l.a", 100);
    stream_create(w.nc, "L", "\"l.>\"", "");
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.failed), 1);
    CHECK_INT(stream_messages(w.nc, "L"), 100);
    pub_world_end(&w);
}
#endif

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_stream_is_deleted_meanwhile),
        TEST(a_server_restarts_meanwhile),
#if OURS
        TEST(lost_messages_are_told),
        TEST(lost_messages_are_told_as_errors),
        TEST(lost_messages_are_told_without_a_server),
        TEST(lost_messages_can_be_taken),
        TEST(lost_messages_are_sent_again),
        TEST(messages_without_an_id_are_not_sent_again),
        TEST(a_message_that_ends_connections_is_given_up),
        TEST(the_number_of_resends_can_be_chosen),
        TEST(nobody_listens_at_first),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
