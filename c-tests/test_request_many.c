/* Requests with many replies, and requests with a callback. */
#include "callbacks.h"
#include "fixture.h"
#include "peer_fixture.h"
#include "test.h"

/* Answers with the numbers from 0 to 4, and with an empty message if the request has a payload. */
static void answer_five_times(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    char text[8];
    int i;

    (void)sub;
    for (i = 0; i < 5; i++) {
        snprintf(text, sizeof(text), "%d", i);
        if (natsConnection_PublishString(nc, natsMsg_GetReply(msg), text) != NATS_OK)
            counter_add(&c->wrong, 1);
    }
    if (natsMsg_GetDataLength(msg) > 0)
        natsConnection_PublishString(nc, natsMsg_GetReply(msg), "");
    natsMsg_Destroy(msg);
    counter_add(&c->messages, 1);
}

static natsStatus many(natsConnection *nc, const char *subject, const char *text,
                       const natsRequestManyOptions *opts, natsMsgList *list) {
    natsMsg *msg = test_msg(subject, NULL, text);
    natsStatus s = natsConnection_RequestMany(list, nc, msg, opts);

    natsMsg_Destroy(msg);
    return s;
}

/* The replies are the numbers from 0 on, and perhaps an empty one. */
static void check_replies(natsMsgList *list, int count, bool with_empty) {
    char text[8];
    int i;

    CHECK_INT(list->Count, count + (with_empty ? 1 : 0));
    for (i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_STR(natsMsg_GetData(list->Msgs[i]), text);
    }
    if (with_empty)
        CHECK_INT(natsMsg_GetDataLength(list->Msgs[count]), 0);
    natsMsgList_Destroy(list);
    CHECK(list->Msgs == NULL && list->Count == 0);
}

static bool is_two(natsMsg *reply, void *arg) {
    counter_add(&((closure *)arg)->entered, 1);
    natsMsg_Destroy(reply); /* does nothing: it is not the program's */
    return strcmp(natsMsg_GetData(reply), "2") == 0;
}

static void each_limit(void) {
    natsRequestManyOptions opts;
    natsSubscription *sub = NULL;
    natsMsgList list;
    static closure c;
    static fixture f;
    int64_t began;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "many", answer_five_times, &c));
    memset(&opts, 0xff, sizeof(opts));
    CHECK_OK(natsRequestManyOptions_Init(&opts));
    CHECK(opts.MaxWait == 0 && opts.StallWait == 0 && opts.MaxMsgs == 0 && opts.IsLast == NULL);
    CHECK(!opts.StopOnEmpty && !opts.IncludeLast);

    opts.MaxMsgs = 3; /* a count */
    CHECK_OK(many(f.nc, "many", "", &opts, &list));
    check_replies(&list, 3, false);

    opts.MaxMsgs = 0;
    opts.MaxWait = deadline_ms();
    opts.StallWait = 200 * time_factor(); /* a silence */
    CHECK_OK(many(f.nc, "many", "", &opts, &list));
    check_replies(&list, 5, false);

    opts.StallWait = 0;
    opts.StopOnEmpty = true; /* a reply without payload */
    CHECK_OK(many(f.nc, "many", "x", &opts, &list));
    check_replies(&list, 5, false);
    opts.IncludeLast = true;
    CHECK_OK(many(f.nc, "many", "x", &opts, &list));
    check_replies(&list, 5, true);

    opts.IsLast = is_two; /* what the program says */
    opts.IsLastClosure = &c;
    CHECK_OK(many(f.nc, "many", "", &opts, &list));
    check_replies(&list, 3, false);
    CHECK_INT(counter_get(&c.entered), 3);

    CHECK_OK(natsRequestManyOptions_Init(&opts));
    opts.MaxWait = 200; /* the time */
    began = now_ms();
    CHECK_OK(many(f.nc, "many", "", &opts, &list));
    CHECK(now_ms() - began >= 199);
    CHECK(list.Count <= 5);
    natsMsgList_Destroy(&list);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static void no_reply_and_no_responders(void) {
    natsRequestManyOptions opts;
    natsSubscription *sub = NULL;
    natsMsgList list;
    static fixture f;

    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "silent"));
    CHECK_OK(natsRequestManyOptions_Init(&opts));
    opts.MaxWait = 50;
    CHECK_OK(many(f.nc, "silent", "", &opts, &list));
    CHECK(list.Count == 0);
    natsMsgList_Destroy(&list);
    CHECK_STATUS(many(f.nc, "nobody", "", NULL, &list), NATS_NO_RESPONDERS);
    CHECK_ERROR(NATS_NO_RESPONDERS, "request to 'nobody'");
    CHECK(list.Msgs == NULL && list.Count == 0);
    natsSubscription_Destroy(sub);
    natsConnection_Close(f.nc);
    CHECK_STATUS(many(f.nc, "many", "", &opts, &list), NATS_CONNECTION_CLOSED);
    fixture_end(&f);
}

static void wrong_arguments(void) {
    natsRequestManyOptions opts;
    natsMsg *msg = test_msg("many", NULL, "");
    natsMsgList list;
    static closure c;
    static fixture f;

    closure_init(&c);
    fixture_start(&f);
    CHECK_STATUS(natsRequestManyOptions_Init(NULL), NATS_INVALID_ARG);
    CHECK_OK(natsRequestManyOptions_Init(&opts));
    CHECK_STATUS(natsConnection_RequestMany(NULL, f.nc, msg, &opts), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_RequestMany(&list, NULL, msg, &opts), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_RequestMany(&list, f.nc, NULL, &opts), NATS_INVALID_ARG);
    opts.MaxWait = -1;
    CHECK_STATUS(natsConnection_RequestMany(&list, f.nc, msg, &opts), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "MaxWait");
    opts.MaxWait = 0;
    opts.StallWait = -1;
    CHECK_STATUS(natsConnection_RequestMany(&list, f.nc, msg, &opts), NATS_INVALID_ARG);
    opts.StallWait = 0;
    opts.MaxMsgs = -1;
    CHECK_STATUS(natsConnection_RequestMany(&list, f.nc, msg, &opts), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_RequestMsgAsync(f.nc, msg, 10, NULL, &c), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_RequestMsgAsync(NULL, msg, 10, NULL, &c), NATS_INVALID_ARG);
    natsMsg_Destroy(msg);
    fixture_end(&f);
}

static void on_reply(natsConnection *nc, natsStatus s, natsMsg *reply, void *arg) {
    closure *c = (closure *)arg;
    const char *text = nats_GetLastError(NULL);
    int64_t n;

    if (nc == NULL || (s == NATS_OK) != (reply != NULL))
        counter_add(&c->wrong, 1);
    pthread_mutex_lock(&c->lock);
    if (c->running++ != 0)
        counter_add(&c->wrong, 1);
    n = c->next++;
    if (n < CLOSURE_TEXTS) {
        c->statuses[n] = (int)s;
        snprintf(c->texts[n], CLOSURE_TEXT_SIZE, "%s", reply != NULL ? natsMsg_GetData(reply) : "");
        snprintf(c->error_texts[n], CLOSURE_TEXT_SIZE, "%s", text != NULL ? text : "");
    }
    c->running--;
    pthread_mutex_unlock(&c->lock);
    natsMsg_Destroy(reply);
    counter_add(&c->messages, 1);
}

static natsStatus ask(natsConnection *nc, const char *subject, const char *text, int64_t timeout,
                      natsReplyHandler cb, closure *c) {
    natsMsg *msg = test_msg(subject, NULL, text);
    natsStatus s = natsConnection_RequestMsgAsync(nc, msg, timeout, cb, c);

    natsMsg_Destroy(msg);
    return s;
}

static void called_back(void) {
    natsSubscription *sub = NULL, *silent = NULL;
    static closure c, service;
    static fixture f;
    int i;

    closure_init(&c);
    closure_init(&service);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "echo", on_request, &service));
    CHECK_OK(natsConnection_SubscribeSync(&silent, f.nc, "silent"));
    CHECK_OK(ask(f.nc, "echo", "hello", 0, on_reply, &c)); /* without limit */
    CHECK_REACHED(&c.messages, 1);
    CHECK_INT(c.statuses[0], NATS_OK);
    CHECK_STR(c.texts[0], "hello");
    CHECK_OK(ask(f.nc, "nobody", "", deadline_ms(), on_reply, &c));
    CHECK_REACHED(&c.messages, 2);
    CHECK_INT(c.statuses[1], NATS_NO_RESPONDERS);
    CHECK_CONTAINS(c.error_texts[1], "request to 'nobody'");
    CHECK_OK(ask(f.nc, "silent", "", 20, on_reply, &c));
    CHECK_REACHED(&c.messages, 3);
    CHECK_INT(c.statuses[2], NATS_TIMEOUT);
    CHECK_CONTAINS(c.error_texts[2], "request to 'silent': no reply within 20 ms");
    for (i = 0; i < 1000; i++)
        CHECK_OK(ask(f.nc, "echo", "x", deadline_ms(), on_reply, &c));
    CHECK_REACHED(&c.messages, 1003);
    CHECK_STATUS(ask(f.nc, "a b", "", 10, on_reply, &c), NATS_INVALID_SUBJECT);
    CHECK_OK(ask(f.nc, "silent", "", 0, on_reply, &c));
    natsConnection_Close(f.nc);
    CHECK_REACHED(&c.messages, 1004); /* closing tells those that wait */
    CHECK_STATUS(ask(f.nc, "echo", "", 10, on_reply, &c), NATS_CONNECTION_CLOSED);
    CHECK_INT(counter_get(&c.messages), 1004);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(silent);
    fixture_end(&f);
}

/* The last callback has run when the connection is destroyed with waiting. */
static void closures_may_go_after_the_connection(void) {
    natsSubscription *silent = NULL;
    closure *c = (closure *)malloc(sizeof(closure));
    static fixture f;
    int i;

    closure_init(c);
    fixture_start(&f);
    CHECK_OK(natsConnection_SubscribeSync(&silent, f.nc, "silent"));
    for (i = 0; i < 10; i++)
        CHECK_OK(ask(f.nc, "silent", "", 0, on_reply, c));
    CHECK_OK(natsConnection_DestroyAndWait(f.nc, deadline_ms()));
    f.nc = NULL;
    CHECK_INT(counter_get(&c->messages), 10);
    for (i = 0; i < 10; i++)
        CHECK_INT(c->statuses[i], NATS_CONNECTION_CLOSED);
    memset(c, 0xee, sizeof(*c));
    free(c);
    natsSubscription_Destroy(silent);
    fixture_end(&f);
}

static void ask_again(natsConnection *nc, natsStatus s, natsMsg *reply, void *arg) {
    closure *c = (closure *)arg;
    natsMsg *next = NULL;

    natsMsg_Destroy(reply);
    if (s == NATS_OK && counter_get(&c->messages) < 9) {
        if (natsMsg_Create(&next, "echo", NULL, "x", 1) != NATS_OK ||
            natsConnection_RequestMsgAsync(nc, next, 0, ask_again, c) != NATS_OK)
            counter_add(&c->wrong, 1);
        natsMsg_Destroy(next);
    }
    counter_add(&c->messages, 1);
}

static void asked_in_its_callback(void) {
    natsSubscription *sub = NULL;
    static closure c, service;
    static fixture f;

    closure_init(&c);
    closure_init(&service);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "echo", on_request, &service));
    CHECK_OK(ask(f.nc, "echo", "x", 0, ask_again, &c));
    CHECK_REACHED(&c.messages, 10);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

static natsOptions *manual(natsOptions *opts) {
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    return opts;
}

static void dispatched_by_the_program(void) {
    natsConnection *other;
    natsSubscription *sub = NULL;
    static closure c, service;
    static fixture f;
    int ran = 0;

    closure_init(&c);
    closure_init(&service);
    fixture_start_with(&f, manual);
    other = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_Subscribe(&sub, other, "echo", on_request, &service));
    CHECK_OK(natsConnection_Flush(other));
    CHECK_OK(ask(f.nc, "echo", "x", deadline_ms(), on_reply, &c));
    CHECK_OK(ask(f.nc, "echo", "x", deadline_ms(), on_reply, &c));
    CHECK_REACHED(&service.messages, 2);
    CHECK_OK(natsConnection_Flush(other));
    CHECK_OK(natsConnection_Flush(f.nc)); /* the replies are here, and nobody is called */
    CHECK_INT(counter_get(&c.messages), 0);
    CHECK_OK(natsConnection_Dispatch(f.nc, 1, &ran));
    CHECK_INT(ran, 1);
    CHECK_OK(natsConnection_Dispatch(f.nc, 0, &ran));
    CHECK_INT(counter_get(&c.messages), 2);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(other);
    natsConnection_Close(f.nc);
    CHECK_OK(natsConnection_Dispatch(f.nc, 0, &ran)); /* the closed callback */
    fixture_end(&f);
}

static natsOptions *failing(natsOptions *opts) {
    CHECK_OK(natsOptions_SetFailRequestsOnDisconnect(opts, true));
    return opts;
}

static void lost_server(void) {
    static closure c;
    static peer_fixture f;

    closure_init(&c);
    peer_fixture_start_with(&f, failing, NULL);
    CHECK_OK(ask(f.nc, "silent", "x", 0, on_reply, &c));
    peer_hang_up(&f.p);
    CHECK_REACHED(&c.messages, 1);
    CHECK_INT(c.statuses[0], NATS_CONNECTION_DISCONNECTED);
    peer_fixture_end(&f);
}

static const test_case cases[] = {
    TEST(each_limit),
    TEST(no_reply_and_no_responders),
    TEST(wrong_arguments),
    TEST(called_back),
    TEST(closures_may_go_after_the_connection),
    TEST(asked_in_its_callback),
    TEST(dispatched_by_the_program),
    TEST(lost_server),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
