/* Pull subscriptions against a real server: fetching, its limits and its end, and the consumer afterwards. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "test.h"

typedef struct pull {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c; /* of the connection */
    natsSubscription *sub;
} pull;

static void pull_start(pull *p, int messages, jsSubOptions *options) {
    server_run_jetstream(&p->s);
    p->nc = test_connect(options_recorded(p->s.url, &p->c));
    stream_create(p->nc, "S", "\"foo\",\"bar\"", ",\"storage\":\"file\"");
    publish_numbers(p->nc, "foo", 0, messages);
    CHECK_OK(natsConnection_JetStream(&p->js, p->nc, NULL));
    CHECK_OK(js_PullSubscribe(&p->sub, p->js, "foo", "d", NULL, options, NULL));
}

static void pull_end(pull *p) {
    natsSubscription_Destroy(p->sub);
    jsCtx_Destroy(p->js);
    natsConnection_Destroy(p->nc);
    CHECK_REACHED(&p->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&p->s);
}

/* Acknowledges what is in a list of so many numbers from this one on, and destroys it. */
static void expect_list(natsMsgList *list, int from, int count) {
    char text[16];
    int i;

    CHECK_INT(list->Count, count);
    for (i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "%d", from + i);
        CHECK_STR(natsMsg_GetData(list->Msgs[i]), text);
        CHECK_OK(natsMsg_Ack(list->Msgs[i], NULL));
    }
    natsMsgList_Destroy(list);
}

static void expect_fetch(natsSubscription *sub, int batch, int from, int count) {
    natsMsgList list;
    jsErrCode code = (jsErrCode)1;

    memset(&list, 0x55, sizeof(list));
    /* A fetch for more than there is does not wait for the rest. */
    CHECK_OK(natsSubscription_Fetch(&list, sub, batch, deadline_ms(), &code));
    CHECK_INT(code, 0);
    expect_list(&list, from, count);
}

static void expect_none(natsSubscription *sub, natsStatus status) {
    natsMsgList list = {NULL, 7};

    CHECK_STATUS(natsSubscription_Fetch(&list, sub, 10, 100, NULL), status);
    CHECK(list.Msgs == NULL);
    CHECK_INT(list.Count, 0);
}

static bool consumer_exists(natsConnection *nc, const char *name) {
    char function[128], text[4096];

    snprintf(function, sizeof(function), "CONSUMER.INFO.S.%s", name);
    api_request(nc, function, "", text, sizeof(text));
    return strstr(text, "\"err_code\":10014") == NULL;
}

static void request_init(jsFetchRequest *request, int batch, int64_t expires_ms) {
    CHECK_OK(jsFetchRequest_Init(request));
    request->Batch = batch;
    request->Expires = expires_ms * 1000000;
}

static void fetches_what_there_is(void) {
    jsConsumerInfo *ci = NULL;
    int64_t began;
    pull p;
    int i;

    pull_start(&p, 10, NULL);
    expect_fetch(p.sub, 4, 0, 4);
    expect_fetch(p.sub, 100, 4, 6);
    began = now_ms();
    expect_none(p.sub, NATS_TIMEOUT);
    CHECK(now_ms() - began >= 90);
    for (i = 0; i < 20; i++) {
        publish_numbers(p.nc, "foo", i * 50, 50);
        expect_fetch(p.sub, 50, i * 50, 50);
    }
    CHECK_OK(natsSubscription_GetConsumerInfo(&ci, p.sub, NULL, NULL));
    CHECK_STR(ci->Name, "d");
    CHECK_INT(ci->Delivered.Consumer, 1010);
    jsConsumerInfo_Destroy(ci);
    pull_end(&p);
}

/* They are gathered, but do not wait for another call. */
static void acknowledgements_leave_by_themselves(void) {
    natsConnection *other = NULL; /* asking on the same connection would have them written */
    char text[4096];
    int64_t until;
    pull p;

    pull_start(&p, 400, NULL);
    CHECK_OK(natsConnection_ConnectTo(&other, p.s.url));
    expect_fetch(p.sub, 200, 0, 200);
    expect_fetch(p.sub, 200, 200, 200);
    until = now_ms() + deadline_ms();
    do {
        poll_pause();
        api_request(other, "CONSUMER.INFO.S.d", "", text, sizeof(text));
    } while (strstr(text, "\"num_ack_pending\":0") == NULL && now_ms() < until);
    CHECK_CONTAINS(text, "\"num_ack_pending\":0");
    natsConnection_Destroy(other);
    pull_end(&p);
}

static void checks_its_arguments(void) {
    natsMsgList list = {NULL, 0};
    natsSubscription *other = NULL;
    jsFetchRequest request;
    natsMsg *msg = NULL;
    pull p;

    pull_start(&p, 0, NULL);
    CHECK_STATUS(natsSubscription_Fetch(NULL, p.sub, 1, 1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_Fetch(&list, NULL, 1, 1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_Fetch(&list, p.sub, 0, 1, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_Fetch(&list, p.sub, 1, 0, NULL), NATS_INVALID_TIMEOUT);
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, NULL), NATS_INVALID_ARG);
    request_init(&request, 1, 0);
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_INVALID_TIMEOUT);
    request.Expires = 1;
    request.MaxBytes = -1;
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_INVALID_ARG);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, p.sub, 1), NATS_INVALID_SUBSCRIPTION);
    CHECK_ERROR(NATS_INVALID_SUBSCRIPTION, "not applicable to JetStream pull subscriptions");
    CHECK_OK(natsConnection_SubscribeSync(&other, p.nc, "bar"));
    CHECK_STATUS(natsSubscription_Fetch(&list, other, 1, 1, NULL), NATS_INVALID_SUBSCRIPTION);
    CHECK_ERROR(NATS_INVALID_SUBSCRIPTION, "not a JetStream pull subscription");
    natsSubscription_Destroy(other);
    /* The server looks at some of it. */
    request_init(&request, 1, 1000);
    request.Heartbeat = 800 * 1000000LL;
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "heartbeat value too large");
    pull_end(&p);
}

static void takes_bytes_and_does_not_wait(void) {
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;
    int64_t began;
    natsStatus status;
    pull p;

    pull_start(&p, 20, NULL);
    request_init(&request, 20, deadline_ms());
    /* A message is counted with its subject and what it is acknowledged on. */
    request.MaxBytes = 200;
    CHECK_OK(natsSubscription_FetchRequest(&list, p.sub, &request));
    CHECK(list.Count >= 2 && list.Count < 10);
    expect_list(&list, 0, list.Count);
    request.MaxBytes = 10;
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_LIMIT_REACHED);
    CHECK_ERROR(NATS_LIMIT_REACHED, "Message Size Exceeds MaxBytes");
    request_init(&request, 100, deadline_ms());
    request.NoWait = true;
    began = now_ms();
    CHECK_OK(natsSubscription_FetchRequest(&list, p.sub, &request));
    CHECK(list.Count > 10);
    natsMsgList_Destroy(&list);
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_NOT_FOUND);
    CHECK(now_ms() - began < deadline_ms());
    request.Expires = 0;
    /* No time to wait: the server's answer is there already only where this thread was held up. */
    status = natsSubscription_FetchRequest(&list, p.sub, &request);
    CHECK(status == NATS_TIMEOUT || status == NATS_NOT_FOUND);
    pull_end(&p);
}

typedef struct other_fetch {
    pull *p;
    int64_t timeout_ms;
    natsMsgList list;
    natsStatus status;
    char error[256];
    pthread_t thread;
} other_fetch;

static void *run_fetch(void *arg) {
    other_fetch *f = (other_fetch *)arg;
    const char *text;
    natsStatus s;

    f->status = natsSubscription_Fetch(&f->list, f->p->sub, 10, f->timeout_ms, NULL);
    text = nats_GetLastError(&s);
    snprintf(f->error, sizeof(f->error), "%s", text == NULL ? "" : text);
    return NULL;
}

/* Begins a fetch, which the server knows of when this returns. */
static void begin_fetch(other_fetch *f, pull *p, int64_t timeout_ms) {
    char text[4096];
    int64_t until = now_ms() + deadline_ms();

    memset(f, 0, sizeof(*f));
    f->p = p;
    f->timeout_ms = timeout_ms;
    CHECK_INT(pthread_create(&f->thread, NULL, run_fetch, f), 0);
    do {
        poll_pause();
        api_request(p->nc, "CONSUMER.INFO.S.d", "", text, sizeof(text));
    } while (strstr(text, "\"num_waiting\":0") != NULL && now_ms() < until);
    CHECK_CONTAINS(text, "\"num_waiting\":1");
}

static void only_one_at_a_time(void) {
    other_fetch f;
    pull p;

    pull_start(&p, 0, NULL);
    begin_fetch(&f, &p, deadline_ms());
    expect_none(p.sub, NATS_ERR);
    CHECK_ERROR(NATS_ERR, "concurrent fetch request not allowed");
    publish_numbers(p.nc, "foo", 0, 10);
    pthread_join(f.thread, NULL);
    CHECK_INT(f.status, NATS_OK);
    /* The first request ends when the server has nothing more: perhaps before all have been published. */
    CHECK(f.list.Count >= 1);
    expect_list(&f.list, 0, f.list.Count);
    pull_end(&p);
}

static void consumer_is_deleted_under_a_fetch(void) {
    char text[1024];
    other_fetch f;
    pull p;

    pull_start(&p, 3, NULL);
    expect_fetch(p.sub, 3, 0, 3);
    begin_fetch(&f, &p, deadline_ms());
    api_request(p.nc, "CONSUMER.DELETE.S.d", "", text, sizeof(text));
    pthread_join(f.thread, NULL);
    CHECK_INT(f.status, NATS_LIMIT_REACHED);
    CHECK_CONTAINS(f.error, "Consumer Deleted");
    CHECK_REACHED(&p.c.errors, 1);
    CHECK_INT(p.c.statuses[0], NATS_NOT_FOUND);
    /* The library had made it, and makes it again, behind the last message. */
    publish_numbers(p.nc, "foo", 3, 5);
    expect_fetch(p.sub, 5, 3, 5);
    CHECK(consumer_exists(p.nc, "d"));
    pull_end(&p);
}

/* A server that was killed may have forgotten what was acknowledged last. */
static void fetch_until(natsSubscription *sub, const char *text) {
    natsMsgList list = {NULL, 0};
    int64_t until = now_ms() + deadline_ms();
    bool found = false;
    int i;

    while (!found && now_ms() < until) {
        natsStatus s = natsSubscription_Fetch(&list, sub, 10, 500, NULL);

        CHECK(s == NATS_OK || s == NATS_TIMEOUT);
        for (i = 0; i < list.Count; i++)
            found = found || strcmp(natsMsg_GetData(list.Msgs[i]), text) == 0;
        natsMsgList_Destroy(&list);
    }
    CHECK(found);
}

static void server_restarts_under_a_fetch(void) {
    other_fetch f;
    pull p;

    pull_start(&p, 0, NULL);
    begin_fetch(&f, &p, 6 * deadline_ms());
    server_kill(&p.s);
    CHECK_REACHED(&p.c.disconnected, 1);
    server_restart(&p.s);
    CHECK_REACHED(&p.c.reconnected, 1);
    publish_numbers(p.nc, "foo", 0, 10);
    pthread_join(f.thread, NULL);
    CHECK_INT(f.status, NATS_OK);
    /* Perhaps before all have been published, as above. */
    CHECK(f.list.Count >= 1);
    expect_list(&f.list, 0, f.list.Count);
    /* And while nobody fetches. */
    server_kill(&p.s);
    CHECK_REACHED(&p.c.disconnected, 2);
    expect_none(p.sub, NATS_TIMEOUT);
    server_restart(&p.s);
    CHECK_REACHED(&p.c.reconnected, 2);
    publish_numbers(p.nc, "foo", 10, 10);
    fetch_until(p.sub, "19");
    pull_end(&p);
}

static void too_many_wait(void) {
    natsMsgList list = {NULL, 0};
    natsSubscription *second = NULL;
    jsFetchRequest request;
    jsSubOptions options;
    other_fetch f;
    int64_t began;
    int taken;
    pull p;

    CHECK_OK(jsSubOptions_Init(&options));
    options.Config.MaxWaiting = 1;
    pull_start(&p, 0, &options);
    CHECK_OK(js_PullSubscribe(&second, p.js, "foo", "d", NULL, NULL, NULL));
    begin_fetch(&f, &p, 3 * deadline_ms());
    CHECK_STATUS(natsSubscription_Fetch(&list, second, 1, deadline_ms(), NULL), NATS_LIMIT_REACHED);
    CHECK_ERROR(NATS_LIMIT_REACHED, "Exceeded MaxWaiting");
    /* With heartbeats the server says nothing. */
    request_init(&request, 1, deadline_ms());
    request.Heartbeat = 100 * 1000000LL * time_factor();
    began = now_ms();
    CHECK_STATUS(natsSubscription_FetchRequest(&list, second, &request), NATS_MISSED_HEARTBEAT);
    CHECK(now_ms() - began < deadline_ms());
    publish_numbers(p.nc, "foo", 0, 10);
    pthread_join(f.thread, NULL);
    CHECK_INT(f.status, NATS_OK);
    /* The first request ends when the server has nothing more: perhaps before all have been published. */
    taken = f.list.Count;
    CHECK(taken >= 1);
    expect_list(&f.list, 0, taken);
    publish_numbers(p.nc, "foo", 10, 1);
    expect_fetch(second, 11 - taken, taken, 11 - taken);
    natsSubscription_Destroy(second);
    pull_end(&p);
}

static void heartbeats_keep_a_fetch_waiting(void) {
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;
    pull p;

    /* Longer than the silence that ends a fetch, which is longer than a busy server is held up. */
    pull_start(&p, 0, NULL);
    request_init(&request, 1, 2500 * time_factor());
    request.Heartbeat = 1000 * 1000000LL * time_factor();
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_TIMEOUT);
    pull_end(&p);
}

#if OURS
/* The request ends at the server a little earlier than the program asks, which does not make half of the time too
 * long. */
static void heartbeats_may_take_half_of_the_time(void) {
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;
    pull p;

    pull_start(&p, 2, NULL);
    request_init(&request, 1, deadline_ms());
    request.Heartbeat = request.Expires / 2;
    CHECK_OK(natsSubscription_FetchRequest(&list, p.sub, &request));
    expect_list(&list, 0, 1);
    /* Neither is any other time too long for the server to read. */
    request.Expires = INT64_MAX;
    request.Heartbeat = INT64_MAX / 2;
    CHECK_OK(natsSubscription_FetchRequest(&list, p.sub, &request));
    expect_list(&list, 1, 1);
    pull_end(&p);
}
#endif

static void the_end_of_the_consumer(void) {
    natsSubscription *sub = NULL;
    pull p;

    pull_start(&p, 1, NULL);
    CHECK_OK(js_PullSubscribe(&sub, p.js, "foo", "d", NULL, NULL, NULL));
    /* It was there already. */
    CHECK_OK(natsSubscription_Unsubscribe(sub));
    natsSubscription_Destroy(sub);
    CHECK(consumer_exists(p.nc, "d"));
    CHECK_OK(natsSubscription_Unsubscribe(p.sub));
    CHECK(!consumer_exists(p.nc, "d"));
    CHECK_OK(js_PullSubscribe(&sub, p.js, "foo", "e", NULL, NULL, NULL));
    natsSubscription_Destroy(sub);
    CHECK(consumer_exists(p.nc, "e"));
    CHECK_OK(js_PullSubscribe(&sub, p.js, "foo", "f", NULL, NULL, NULL));
    CHECK_OK(natsSubscription_Drain(sub));
    CHECK_OK(natsSubscription_WaitForDrainCompletion(sub, deadline_ms()));
    CHECK(!consumer_exists(p.nc, "f"));
    natsSubscription_Destroy(sub);
    expect_none(p.sub, NATS_INVALID_SUBSCRIPTION);
    pull_end(&p);
}

static void an_attached_consumer_that_is_gone(void) {
    jsConsumerSequenceMismatch mismatch;
    natsMsgList list = {NULL, 0};
    natsSubscription *sub = NULL;
    jsConsumerInfo *ci = NULL;
    char text[1024];
    pull p;
    int i;

    pull_start(&p, 0, NULL);
    CHECK_OK(js_PullSubscribe(&sub, p.js, "foo", "d", NULL, NULL, NULL));
    CHECK_STATUS(natsSubscription_GetSequenceMismatch(&mismatch, sub), NATS_NOT_FOUND);
    CHECK_OK(natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL));
    CHECK_STR(ci->Name, "d");
    jsConsumerInfo_Destroy(ci);
    CHECK_OK(natsSubscription_Unsubscribe(p.sub));
    CHECK_STATUS(natsSubscription_Fetch(&list, sub, 1, deadline_ms(), NULL), NATS_NO_RESPONDERS);
    CHECK_REACHED(&p.c.errors, 1);
    CHECK_INT(p.c.statuses[0], NATS_NOT_FOUND);
    CHECK(p.c.subscriptions[0] == sub);
    CHECK_STATUS(natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL), NATS_NOT_FOUND);
    /* That is told once, until it has been there again. */
    api_request(p.nc, "CONSUMER.DURABLE.CREATE.S.d",
                "{\"stream_name\":\"S\",\"config\":{\"durable_name\":\"d\",\"ack_policy\":\"explicit\"}}",
                text, sizeof(text));
    publish_numbers(p.nc, "foo", 0, 1);
    expect_fetch(sub, 1, 0, 1);
    CHECK_INT(counter_get(&p.c.errors), 1);
    api_request(p.nc, "STREAM.DELETE.S", "", text, sizeof(text));
    CHECK_STATUS(natsSubscription_Fetch(&list, sub, 1, deadline_ms(), NULL), NATS_NO_RESPONDERS);
    CHECK_REACHED(&p.c.errors, 2);
    for (i = 0; i < 5; i++)
        CHECK_STATUS(natsSubscription_Fetch(&list, sub, 1, deadline_ms(), NULL), NATS_NO_RESPONDERS);
    /* The answer to a question that is not asked would be there before this one. */
    CHECK_STATUS(natsSubscription_GetConsumerInfo(&ci, sub, NULL, NULL), NATS_ERR);
    CHECK_INT(counter_get(&p.c.errors), 2);
    natsConnection_Close(p.nc);
    expect_none(sub, NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    pull_end(&p);
}

static void priority_groups(void) {
    const char *groups[] = {"g"};
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;
    jsSubOptions options;
    pull p;

    CHECK_OK(jsSubOptions_Init(&options));
    options.Config.PriorityPolicy = "pinned_client";
    options.Config.PriorityGroups = groups;
    options.Config.PriorityGroupsLen = 1;
    options.Config.PinnedTTL = 60 * 1000000000LL;
    pull_start(&p, 10, &options);
    /* Without the group. */
    CHECK_STATUS(natsSubscription_Fetch(&list, p.sub, 1, deadline_ms(), NULL), NATS_INVALID_ARG);
    request_init(&request, 2, deadline_ms());
    request.Group = "g";
    CHECK_OK(natsSubscription_FetchRequest(&list, p.sub, &request));
    CHECK_INT(list.Count, 2);
    natsMsgList_Destroy(&list);
    request.ID = "somebody else";
    CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_PIN_ID_MISMATCH);
    pull_end(&p);
}

static void memory_stays_flat(void) {
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;
    pull p;
    int i;

    pull_start(&p, 0, NULL);
    request_init(&request, 5, deadline_ms());
    request.NoWait = true;
    for (i = 0; i < 2000; i++)
        CHECK_STATUS(natsSubscription_FetchRequest(&list, p.sub, &request), NATS_NOT_FOUND);
    pull_end(&p);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(fetches_what_there_is),
        TEST(acknowledgements_leave_by_themselves),
        TEST(checks_its_arguments),
        TEST(takes_bytes_and_does_not_wait),
        TEST(only_one_at_a_time),
        TEST(consumer_is_deleted_under_a_fetch),
        TEST(server_restarts_under_a_fetch),
        TEST(too_many_wait),
        TEST(heartbeats_keep_a_fetch_waiting),
#if OURS
        TEST(heartbeats_may_take_half_of_the_time),
#endif
        TEST(the_end_of_the_consumer),
        TEST(an_attached_consumer_that_is_gone),
        TEST(priority_groups),
        TEST(memory_stays_flat),
    };

    return RUN_TESTS(cases, argc, argv);
}
