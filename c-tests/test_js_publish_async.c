/* Publishing to streams without waiting for each ack: the calls of the handlers, and the ownership of messages. */
#include "jetstream.h"
#include "publisher.h"

static void acks_are_told(bool mux) {
    enum { COUNT = 1000 };
    static pub_world w;
    natsMsg *msg;

    pub_world_start(&w, PUB_ACKS);
    jsCtx_Destroy(w.js);
    pub_context(&w, PUB_ACKS, 0, 0, mux);
    pub_many(w.js, "s.a", COUNT - 1);
    msg = test_msg("s.a", "ignored.reply", "a message");
    CHECK_OK(js_PublishMsgAsync(w.js, &msg, NULL));
    CHECK(msg == NULL);
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), COUNT);
    CHECK_INT(counter_get(&w.h.failed), 0);
    CHECK_INT(w.h.sum, (uint64_t)COUNT * (COUNT + 1) / 2);
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    pub_world_end(&w);
}

static void acks_are_told_by_an_inbox(void) { acks_are_told(false); }

static void acks_are_told_by_the_inbox_for_requests(void) { acks_are_told(true); }

static void nobody_is_told(void) {
    static pub_world w;
    jsPubOptions opts;

    pub_world_start(&w, PUB_NOBODY);
    CHECK_OK(js_PublishAsyncComplete(w.js, NULL)); /* before anything */
    pub_many(w.js, "s.a", 500);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectLastSeq = 7777;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, &opts));
    CHECK_OK(js_PublishAsync(w.js, "nobody", "x", 1, NULL));
    pub_complete(w.js);
    CHECK_INT(stream_messages(w.nc, "S"), 500);
    pub_world_end(&w);
}

static void refuses(void) {
    static pub_world w;
    jsPubOptions opts;
    natsMsg *msg = NULL, *kept = test_msg("s.a", NULL, "x");
    natsMsg *same = kept;
    natsMsgList list = {(natsMsg **)&w, 77};

    pub_world_start(&w, PUB_ACKS);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_STATUS(js_PublishAsync(NULL, "s.a", "x", 1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishAsync(w.js, NULL, "x", 1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishAsync(w.js, "", "x", 1, NULL), NATS_INVALID_ARG);
#if OURS
    CHECK_STATUS(js_PublishAsync(w.js, "s.a", "x", -1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishAsync(w.js, "s. a", "x", 1, NULL), NATS_INVALID_SUBJECT);
#endif
    CHECK_STATUS(js_PublishMsgAsync(NULL, &kept, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishMsgAsync(w.js, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishMsgAsync(w.js, &msg, NULL), NATS_INVALID_ARG);
    opts.MsgTTL = -1;
    CHECK_STATUS(js_PublishMsgAsync(w.js, &kept, &opts), NATS_INVALID_ARG);
    CHECK(kept == same);
    CHECK_STATUS(js_PublishAsyncComplete(NULL, NULL), NATS_INVALID_ARG);
    opts.MaxWait = -1;
    CHECK_STATUS(js_PublishAsyncComplete(w.js, &opts), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "option 'MaxWait' (-1) cannot be negative");
    CHECK_STATUS(js_PublishAsyncGetPendingList(NULL, w.js), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishAsyncGetPendingList(&list, NULL), NATS_INVALID_ARG);
#if OURS
    CHECK_STATUS(js_PublishAsyncGetPendingList(&list, w.js), NATS_NOT_FOUND);
#endif
    CHECK_INT(list.Count, 77);
    /* A negative time is none, here. */
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = -1;
    CHECK_OK(js_PublishMsgAsync(w.js, &kept, &opts));
    pub_complete(w.js);
    natsConnection_Close(w.nc);
    msg = same = test_msg("s.a", NULL, "x");
    CHECK_STATUS(js_PublishMsgAsync(w.js, &msg, NULL), NATS_CONNECTION_CLOSED);
    CHECK(msg == same);
    CHECK_STR(natsMsg_GetData(msg), "x");
    CHECK_STATUS(js_PublishAsync(w.js, "s.a", "x", 1, NULL), NATS_CONNECTION_CLOSED);
    natsMsg_Destroy(msg);
    CHECK_OK(js_PublishAsyncComplete(w.js, NULL));
    pub_world_end(&w);
}

static void errors_are_told(pub_told told) {
    static pub_world w;
    jsPubOptions opts;

    pub_world_start(&w, told);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_OK(js_PublishAsync(w.js, "s.a", "good", 4, NULL));
    opts.ExpectLastSeq = 7777;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "bad", 3, &opts));
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), told == PUB_ACKS ? 1 : 0);
    CHECK_INT(counter_get(&w.h.failed), 1);
    CHECK_INT(w.h.status, NATS_ERR);
    CHECK_INT(w.h.code, JSStreamWrongLastSequenceErr);
    CHECK_CONTAINS(w.h.text, "wrong last sequence");
    CHECK_STR(w.h.payload, "bad");
    CHECK_OK(js_PublishAsync(w.js, "nobody", "lost", 4, NULL));
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.failed), 2);
    CHECK_INT(w.h.status, NATS_NO_RESPONDERS);
    CHECK_STR(w.h.payload, "lost");
    pub_world_end(&w);
}

static void errors_are_told_to_the_ack_handler(void) { errors_are_told(PUB_ACKS); }

static void errors_are_told_to_the_error_handler(void) { errors_are_told(PUB_ERRORS); }

static void resent(pub_told told) {
    static pub_world w;
    natsSubscription *sub;
    int i;

    pub_world_start(&w, told);
    w.h.resends = true;
    sub = pub_acknowledger(&w, on_request,
                           "{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"not yet\"}}");
    for (i = 0; i < 10; i++)
        CHECK_OK(js_PublishAsync(w.js, "f.a", "again", 5, NULL));
    CHECK_REACHED(&w.h.failed, 100);
    CHECK_INT(w.h.code, 10077);
    w.h.resends = false;
    pub_complete(w.js);
    CHECK(counter_get(&w.h.failed) >= 110);
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

static void resent_by_the_ack_handler(void) { resent(PUB_ACKS); }

static void resent_by_the_error_handler(void) { resent(PUB_ERRORS); }

static void on_strange(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    const char *reply = natsMsg_GetReply(msg);
    char other[256];
    size_t n = strlen(reply);

    (void)sub;
    counter_add(&c->messages, 1);
    /* To tokens that there are not, to one too long and one too short, and to the right one twice. */
    snprintf(other, sizeof(other), "%s", reply);
    other[n - 1] = other[n - 1] == 'z' ? 'y' : 'z';
    natsConnection_PublishString(nc, other, PUB_ACK);
    other[n - 1] = '-';
    natsConnection_PublishString(nc, other, PUB_ACK);
    other[n - 1] = '\0';
    natsConnection_PublishString(nc, other, PUB_ACK);
    snprintf(other, sizeof(other), "%s0", reply);
    natsConnection_PublishString(nc, other, PUB_ACK);
    natsConnection_PublishString(nc, reply, c->reply);
    natsConnection_PublishString(nc, reply, PUB_ACK);
    natsMsg_Destroy(msg);
}

static void strange_acks_are_harmless(void) {
    static const struct {
        const char *ack;
        natsStatus status;
    } cases[] = {{PUB_ACK, NATS_OK},
                 {"{\"stream\":\"S\",\"seq\":1,\"more\":[1,{}]}", NATS_OK},
                 {"nonsense", NATS_ERR},
                 {"{\"stream\":\"S\",\"seq\":1", NATS_ERR},
                 {"{\"stream\":\"S\",\"seq\":true}", NATS_INVALID_ARG},
                 {"{\"error\":{\"code\":500,\"err_code\":99999,\"description\":\"new\"}}", NATS_ERR}};
    static pub_world w;
    size_t i;

    pub_world_start(&w, PUB_ACKS);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        natsSubscription *sub = pub_acknowledger(&w, on_strange, cases[i].ack);

        counter_set(&w.h.acked, 0);
        counter_set(&w.h.failed, 0);
        CHECK_OK(js_PublishAsync(w.js, "f.a", "x", 1, NULL));
        pub_complete(w.js);
        CHECK_INT(counter_get(&w.h.acked), cases[i].status == NATS_OK);
        CHECK_INT(counter_get(&w.h.failed), cases[i].status != NATS_OK);
        if (cases[i].status != NATS_OK)
            CHECK_INT(w.h.status, cases[i].status);
        natsSubscription_Destroy(sub);
    }
    CHECK_INT(w.h.code, 99999);
    pub_world_end(&w);
}

static void what_waits_can_be_taken(void) {
    static pub_world w;
    natsSubscription *sub;
    natsMsgList list;
    pub_waiter p;
    int i, resend = 0;

    pub_world_start(&w, PUB_ACKS);
    sub = pub_acknowledger(&w, on_blocked, NULL);
    pub_many(w.js, "f.a", 5);
    pub_waiter_start(&p, w.js, true);
    CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
    CHECK_INT(list.Count, 5);
#if OURS
    pub_waiter_expect(&p, NATS_OK);
#endif
    for (i = 0; i < list.Count; i++) {
        natsMsg *to_stream;

        CHECK_STR(natsMsg_GetSubject(list.Msgs[i]), "f.a");
        if (i % 2 == 0)
            continue;
        to_stream = test_msg("s.b", NULL, natsMsg_GetData(list.Msgs[i]));
        natsMsg_Destroy(list.Msgs[i]);
        list.Msgs[i] = to_stream;
        CHECK_OK(js_PublishMsgAsync(w.js, &list.Msgs[i], NULL));
        CHECK(list.Msgs[i] == NULL);
        resend++;
    }
    natsMsgList_Destroy(&list);
    CHECK(list.Msgs == NULL && list.Count == 0);
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), resend);
    CHECK_STATUS(js_PublishAsyncGetPendingList(&list, w.js), NATS_NOT_FOUND);
    /* Acks for what was taken lead to nothing. */
    counter_set(&w.c.gate, 1);
    CHECK_OK(natsConnection_FlushTimeout(w.nc, deadline_ms()));
    natsSubscription_Destroy(sub);
    pub_world_end(&w);
}

static void ids_and_expectations(void) {
    static pub_world w;
    jsPubOptions opts;
    natsMsg *msg = test_msg("s.a", NULL, "x");

    pub_world_start(&w, PUB_ACKS);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MsgId = "same";
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, &opts));
    CHECK_OK(js_PublishMsgAsync(w.js, &msg, &opts));
    pub_complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), 2);
    CHECK_INT(w.h.sum, 2); /* the second one is the first one's */
    CHECK_INT(stream_messages(w.nc, "S"), 1);
    pub_world_end(&w);
}

/* A handler that blocks holds up nobody else's. */
static void contexts_do_not_wait_for_each_other(void) {
    static pub_world w;
    static pub_world other;

    pub_world_start(&w, PUB_ACKS);
    w.h.blocks = true;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, NULL));
    CHECK_REACHED(&w.h.entered, 1);
    pub_seen_init(&other.h);
    other.nc = w.nc;
    pub_context(&other, PUB_ACKS, 0, 0, false);
    pub_many(other.js, "s.a", 100);
    pub_complete(other.js);
    CHECK_INT(counter_get(&other.h.acked), 100);
    CHECK_INT(counter_get(&w.h.acked), 0);
    counter_set(&w.h.gate, 1);
    pub_complete(w.js);
    jsCtx_Destroy(other.js);
    pub_world_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(acks_are_told_by_an_inbox),
        TEST(acks_are_told_by_the_inbox_for_requests),
        TEST(nobody_is_told),
        TEST(refuses),
        TEST(errors_are_told_to_the_ack_handler),
        TEST(errors_are_told_to_the_error_handler),
        TEST(resent_by_the_ack_handler),
        TEST(resent_by_the_error_handler),
        TEST(strange_acks_are_harmless),
        TEST(what_waits_can_be_taken),
        TEST(ids_and_expectations),
        TEST(contexts_do_not_wait_for_each_other),
    };

    return RUN_TESTS(cases, argc, argv);
}
