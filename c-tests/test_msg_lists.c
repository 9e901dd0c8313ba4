/* Calls with many messages: natsSubscription_NextMsgs, natsConnection_SubscribeMsgs. And the trace of a message. */
#include "callbacks.h"
#include "fixture.h"
#include "test.h"

/* The list has the numbers from this one on. Returns the next. */
static int check_list(natsMsgList *list, int from) {
    char text[16];
    int i;

    CHECK(list->Count > 0);
    for (i = 0; i < list->Count; i++) {
        snprintf(text, sizeof(text), "%d", from + i);
        CHECK_STR(natsMsg_GetData(list->Msgs[i]), text);
    }
    from += list->Count;
    natsMsgList_Destroy(list);
    return from;
}

static int pending(natsSubscription *sub) {
    int msgs = -1;

    CHECK_OK(natsSubscription_GetPending(sub, &msgs, NULL));
    return msgs;
}

static void next_msgs(void) {
    natsSubscription *sub = NULL, *async = NULL;
    natsMsgList list;
    static closure c;
    static fixture f;
    int64_t delivered = 0;
    int next = 0;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "foo"));
    CHECK_OK(natsConnection_Subscribe(&async, f.nc, "bar", on_message, &c));
    CHECK_STATUS(natsSubscription_NextMsgs(NULL, sub, 1, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, NULL, 1, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, 0, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, -1, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, async, 1, 10), NATS_ILLEGAL_STATE);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, 10, -1), NATS_TIMEOUT);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, 10, 20), NATS_TIMEOUT);
    CHECK_ERROR(NATS_TIMEOUT, "no message on 'foo' within 20 ms");
    CHECK(list.Msgs == NULL && list.Count == 0);
    publish_numbers(f.nc, "foo", 0, 1000);
    CHECK_SOON(pending(sub) == 1000);
    CHECK_OK(natsSubscription_NextMsgs(&list, sub, 10, 0));
    CHECK_INT(list.Count, 10);
    next = check_list(&list, next);
    CHECK_OK(natsSubscription_NextMsgs(&list, sub, 2147483647, 0)); /* all that is there */
    CHECK_INT(list.Count, 990);
    next = check_list(&list, next);
    CHECK_OK(natsSubscription_GetDelivered(sub, &delivered));
    CHECK_INT(delivered, 1000);
    CHECK_INT(pending(sub), 0);
    publish_numbers(f.nc, "foo", next, 100);
    while (next < 1100) { /* waits for the first only */
        CHECK_OK(natsSubscription_NextMsgs(&list, sub, 1000, deadline_ms()));
        next = check_list(&list, next);
    }
    natsConnection_Close(f.nc);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, 1, 10), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(async);
    fixture_end(&f);
}

static void next_msgs_says_what_next_msg_says(void) {
    natsSubscription *sub = NULL;
    natsMsgList list;
    natsMsg *msg = NULL;
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "slow"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 5, -1));
    publish_numbers(f.nc, "slow", 0, 10);
    CHECK_REACHED(&f.c.errors, 1);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, 100, 10), NATS_SLOW_CONSUMER); /* once */
    CHECK_OK(natsSubscription_NextMsgs(&list, sub, 100, 10));
    CHECK_INT(list.Count, 5);
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(sub);

    /* A list ends before the notice that nobody answers, which is the result of the next call. */
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "inbox"));
    publish_numbers(f.nc, "inbox", 0, 2);
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "nobody", "inbox", "x"));
    CHECK_OK(natsConnection_Flush(f.nc));
    publish_numbers(f.nc, "inbox", 2, 1);
    CHECK_SOON(pending(sub) == 4);
    CHECK_OK(natsSubscription_NextMsgs(&list, sub, 100, 10));
    CHECK_INT(list.Count, 2);
    natsMsgList_Destroy(&list);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, 100, 10), NATS_NO_RESPONDERS);
    CHECK_OK(natsSubscription_NextMsgs(&list, sub, 100, 10));
    CHECK_INT(check_list(&list, 2), 3);
    natsSubscription_Destroy(sub);

    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "few"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 3));
    publish_numbers(f.nc, "few", 0, 10);
    CHECK_SOON(pending(sub) == 3);
    CHECK_OK(natsSubscription_NextMsgs(&list, sub, 100, 10));
    CHECK_INT(check_list(&list, 0), 3);
    CHECK_STATUS(natsSubscription_NextMsgs(&list, sub, 1, 10), NATS_MAX_DELIVERED_MSGS);
    natsSubscription_Destroy(sub);

    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "drained"));
    publish_numbers(f.nc, "drained", 0, 7);
    CHECK_SOON(pending(sub) == 7);
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_OK(natsSubscription_NextMsgs(&list, sub, 100, 10));
    CHECK_INT(check_list(&list, 0), 7);
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK_STATUS(natsSubscription_NextMsg(&msg, sub, 0), NATS_INVALID_SUBSCRIPTION);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

/* Lists as they came: how long each was, and whether the numbers go on. */
typedef struct lists {
    counter messages;
    counter calls;
    counter empty;
    counter wrong;
    counter gate;
    int64_t longest;
    int64_t next;
    natsMsgList kept;
} lists;

static void lists_init(lists *l) {
    memset(l, 0, sizeof(*l));
    counter_init(&l->messages);
    counter_init(&l->calls);
    counter_init(&l->empty);
    counter_init(&l->wrong);
    counter_init(&l->gate);
}

static void on_list(natsConnection *nc, natsSubscription *sub, natsMsgList *msgs, void *arg) {
    lists *l = (lists *)arg;
    int64_t calls = counter_get(&l->calls);
    int i;

    if (nc == NULL || sub == NULL)
        counter_add(&l->wrong, 1);
    if (msgs->Count == 0) {
        counter_add(&l->empty, 1);
        return;
    }
    counter_add(&l->calls, 1);
    counter_wait(&l->gate, 1, deadline_ms());
    for (i = 0; i < msgs->Count; i++)
        if (atoi(natsMsg_GetData(msgs->Msgs[i])) != (int)l->next++)
            counter_add(&l->wrong, 1);
    if (msgs->Count > l->longest)
        l->longest = msgs->Count;
    i = msgs->Count;
    switch (calls % 4) {
    case 0: /* the library releases all */
        break;
    case 1:
        natsMsg_Destroy(msgs->Msgs[0]); /* one is the program's */
        msgs->Msgs[0] = NULL;
        break;
    case 2:
        natsMsgList_Destroy(msgs);
        break;
    default: /* all are the program's */
        natsMsgList_Destroy(&l->kept);
        l->kept = *msgs;
        msgs->Msgs = NULL;
        msgs->Count = 0;
        break;
    }
    counter_add(&l->messages, i);
}

static void callback_with_lists(void) {
    natsSubscribeMsgsOptions opts;
    natsSubscription *sub = NULL, *other = NULL;
    static lists l;
    static closure c;
    static fixture f;
    int64_t delivered = 0;

    lists_init(&l);
    closure_init(&c);
    fixture_start(&f);
    CHECK_STATUS(natsSubscribeMsgsOptions_Init(NULL), NATS_INVALID_ARG);
    memset(&opts, 0xff, sizeof(opts));
    CHECK_OK(natsSubscribeMsgsOptions_Init(&opts));
    CHECK(opts.Queue == NULL && opts.MaxMsgs == 0 && opts.Timeout == 0);
    CHECK_STATUS(natsConnection_SubscribeMsgs(NULL, f.nc, "foo", &opts, on_list, &l), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SubscribeMsgs(&sub, NULL, "foo", &opts, on_list, &l), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SubscribeMsgs(&sub, f.nc, "foo", &opts, NULL, &l), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_SubscribeMsgs(&sub, f.nc, NULL, &opts, on_list, &l), NATS_INVALID_SUBJECT);
    opts.MaxMsgs = -1;
    CHECK_STATUS(natsConnection_SubscribeMsgs(&sub, f.nc, "foo", &opts, on_list, &l), NATS_INVALID_ARG);
    opts.MaxMsgs = 0;
    opts.Timeout = -1;
    CHECK_STATUS(natsConnection_SubscribeMsgs(&sub, f.nc, "foo", &opts, on_list, &l), NATS_INVALID_ARG);
    opts.Timeout = 0;
    opts.Queue = "";
    CHECK_STATUS(natsConnection_SubscribeMsgs(&sub, f.nc, "foo", &opts, on_list, &l), NATS_INVALID_ARG);
    opts.Queue = "workers";
    opts.MaxMsgs = 50;
    CHECK_OK(natsConnection_SubscribeMsgs(&sub, f.nc, "foo", &opts, on_list, &l));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish_numbers(f.nc, "foo", 0, 1);
    CHECK_REACHED(&l.calls, 1);
    publish_numbers(f.nc, "foo", 1, 999); /* they wait behind the one that is in the callback */
    CHECK_SOON(pending(sub) == 999);
    counter_set(&l.gate, 1);
    CHECK_REACHED(&l.messages, 1000);
    CHECK_INT(l.longest, 50);
    CHECK(counter_get(&l.calls) >= 1 + 999 / 50);
    CHECK_INT(counter_get(&l.wrong), 0);
    CHECK_INT(counter_get(&l.empty), 0);
    CHECK_OK(natsSubscription_GetDelivered(sub, &delivered));
    CHECK_INT(delivered, 1000);
    CHECK_INT(pending(sub), 0);
    CHECK_OK(natsSubscription_AutoUnsubscribe(sub, 1010));
    publish_numbers(f.nc, "foo", 1000, 100);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&l.messages), 1010);
    CHECK_INT(counter_get(&l.wrong), 0);
    natsMsgList_Destroy(&l.kept);
    natsSubscription_Destroy(sub);

    lists_init(&l);
    counter_set(&l.gate, 1);
    opts.Queue = NULL;
    opts.Timeout = 10;
    CHECK_OK(natsConnection_SubscribeMsgs(&other, f.nc, "bar", &opts, on_list, &l));
    CHECK_REACHED(&l.empty, 2);
    publish_numbers(f.nc, "bar", 0, 300);
    CHECK_REACHED(&l.messages, 300);
    CHECK_INT(counter_get(&l.wrong), 0);
    CHECK_OK(natsConnection_DestroyAndWait(f.nc, deadline_ms()));
    f.nc = NULL;
    natsMsgList_Destroy(&l.kept);
    natsSubscription_Destroy(other);
    fixture_end(&f);
}

/* Ends the subscription with the first list. */
static void on_only_list(natsConnection *nc, natsSubscription *sub, natsMsgList *msgs, void *arg) {
    lists *l = (lists *)arg;

    (void)nc;
    counter_wait(&l->gate, 1, deadline_ms());
    natsSubscription_Destroy(sub);
    counter_add(&l->messages, msgs->Count);
    counter_add(&l->calls, 1);
}

static void ended_in_its_callback(void) {
    natsSubscribeMsgsOptions opts;
    natsSubscription *sub = NULL;
    static lists l;
    static closure c;
    static fixture f;

    lists_init(&l);
    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsSubscribeMsgsOptions_Init(&opts));
    opts.MaxMsgs = 1;
    CHECK_OK(natsConnection_SubscribeMsgs(&sub, f.nc, "foo", &opts, on_only_list, &l));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    publish_numbers(f.nc, "foo", 0, 10);
    counter_set(&l.gate, 1);
    CHECK_REACHED(&c.completed, 1);
    CHECK_INT(counter_get(&l.calls), 1);
    CHECK_INT(counter_get(&l.messages), 1);
    fixture_end(&f);
}

static void the_way_of_a_message(void) {
    natsSubscription *traces = NULL, *sub = NULL;
    natsMsg *msg = test_msg("orders", NULL, "x"), *trace = NULL;
    const char *value = NULL;
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&traces, f.nc, "traces"));
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "orders"));
    CHECK_STATUS(natsMsg_SetTrace(NULL, "traces", true), NATS_INVALID_ARG);
    CHECK_STATUS(natsMsg_SetTrace(msg, "", true), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsMsg_SetTrace(msg, "a.*", true), NATS_INVALID_SUBJECT);
    CHECK_ERROR(NATS_INVALID_SUBJECT, "trace destination");
    CHECK_OK(natsMsg_SetTrace(msg, "traces", true));
    CHECK_OK(natsConnection_PublishMsg(f.nc, msg));
    trace = test_next(traces);
    CHECK_CONTAINS(natsMsg_GetData(trace), "\"events\"");
    CHECK_CONTAINS(natsMsg_GetData(trace), "\"orders\"");
    natsMsg_Destroy(trace);
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_INT(pending(sub), 0); /* it has not been delivered */
    CHECK_OK(natsMsg_SetTrace(msg, "traces", false));
    CHECK_OK(natsConnection_PublishMsg(f.nc, msg));
    natsMsg_Destroy(test_next(traces));
    natsMsg_Destroy(test_next(sub));
    CHECK_OK(natsMsg_SetTrace(msg, NULL, true));
    CHECK_STATUS(natsMsgHeader_Get(msg, "Nats-Trace-Dest", &value), NATS_NOT_FOUND);
    CHECK_STATUS(natsMsgHeader_Get(msg, "Nats-Trace-Only", &value), NATS_NOT_FOUND);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(traces);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static const test_case cases[] = {
    TEST(next_msgs),
    TEST(next_msgs_says_what_next_msg_says),
    TEST(callback_with_lists),
    TEST(ended_in_its_callback),
    TEST(the_way_of_a_message),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
