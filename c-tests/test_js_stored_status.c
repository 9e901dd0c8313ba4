/* Messages without a payload that a program has stored with a header named "Status": every way to read a stream gives them to
 * the program. A server's status has the same form, except where it says it in the first line of the headers. */
#include "callbacks.h"
#include "jetstream.h"
#include "server.h"
#include "test.h"

static const char *const STATUSES[] = {"100", "200", "204", "404", "408", "409", "503"};
enum { COUNT = 7 };

typedef struct stored {
    server s;
    natsConnection *nc;
    jsCtx *js;
} stored;

static void start(stored *f) {
    int i;

    memset(f, 0, sizeof(*f));
    server_run_jetstream(&f->s);
    f->nc = test_connect_url(f->s.url);
    stream_create(f->nc, "S", "\"foo\"", ",\"allow_direct\":true");
    CHECK_OK(natsConnection_JetStream(&f->js, f->nc, NULL));
    for (i = 0; i < COUNT; i++) {
        natsMsg *msg = NULL;

        CHECK_OK(natsMsg_Create(&msg, "foo", NULL, NULL, 0));
        CHECK_OK(natsMsgHeader_Set(msg, "Status", STATUSES[i]));
        CHECK_OK(js_PublishMsg(NULL, f->js, msg, NULL, NULL));
        natsMsg_Destroy(msg);
    }
}

static void end(stored *f) {
    jsCtx_Destroy(f->js);
    natsConnection_Destroy(f->nc);
    server_stop(&f->s);
}

/* It is the message with this index. */
static void expect(natsMsg *msg, int i) {
    const char *status = NULL;

    CHECK_OK(natsMsgHeader_Get(msg, "Status", &status));
    CHECK_STR(status, STATUSES[i]);
    CHECK_INT(natsMsg_GetDataLength(msg), 0);
}

static void expect_next(natsSubscription *sub, int i) {
    natsMsg *msg = NULL;

    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    expect(msg, i);
    natsMsg_Destroy(msg);
}

static void fetched(void) {
    natsSubscription *sub = NULL;
    natsMsgList list = {NULL, 0};
    int i;
    static stored f;

    start(&f);
    CHECK_OK(js_PullSubscribe(&sub, f.js, "foo", "d", NULL, NULL, NULL));
    CHECK_OK(natsSubscription_Fetch(&list, sub, COUNT, deadline_ms(), NULL));
    CHECK_INT(list.Count, COUNT);
    for (i = 0; i < COUNT; i++)
        expect(list.Msgs[i], i);
    natsMsgList_Destroy(&list);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void pushed(void) {
    natsSubscription *sub = NULL;
    int i;
    static stored f;

    start(&f);
    CHECK_OK(js_SubscribeSync(&sub, f.js, "foo", NULL, NULL, NULL));
    for (i = 0; i < COUNT; i++)
        expect_next(sub, i);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void in_order(void) {
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    int i;
    static stored f;

    start(&f);
    CHECK_OK(jsSubOptions_Init(&opts));
    opts.Ordered = true;
    CHECK_OK(js_SubscribeSync(&sub, f.js, "foo", NULL, &opts, NULL));
    for (i = 0; i < COUNT; i++)
        expect_next(sub, i);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void pulled_with_a_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static stored f;

    start(&f);
    closure_init(&c);
    CHECK_OK(js_PullSubscribeAsync(&sub, f.js, "foo", "d", on_message, &c, NULL, NULL, NULL));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, on_complete, &c));
    CHECK_REACHED(&c.messages, COUNT);
    natsSubscription_Destroy(sub);
    CHECK_REACHED(&c.completed, 1);
    end(&f);
}

static void read_directly(void) {
    natsMsgList list = {NULL, 0};
    jsDirectBatchInfo info;
    jsDirectBatchOptions batch;
    jsDirectGetMsgOptions opts;
    int i;
    static stored f;

    start(&f);
    for (i = 0; i < COUNT; i++) {
        natsMsg *msg = NULL;

        CHECK_OK(jsDirectGetMsgOptions_Init(&opts));
        opts.Sequence = (uint64_t)i + 1;
        CHECK_OK(js_DirectGetMsg(&msg, f.js, "S", NULL, &opts));
        expect(msg, i);
        natsMsg_Destroy(msg);
        CHECK_OK(js_GetMsg(&msg, f.js, "S", (uint64_t)i + 1, NULL, NULL));
        expect(msg, i);
        natsMsg_Destroy(msg);
    }
    CHECK_OK(jsDirectBatchOptions_Init(&batch));
    batch.Batch = COUNT;
    batch.Sequence = 1;
    CHECK_OK(js_DirectGetMsgs(&list, &info, f.js, "S", NULL, &batch));
    CHECK_INT(list.Count, COUNT);
    for (i = 0; i < COUNT; i++)
        expect(list.Msgs[i], i);
    natsMsgList_Destroy(&list);
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(fetched), TEST(pushed), TEST(in_order), TEST(pulled_with_a_callback), TEST(read_directly),
    };

    return RUN_TESTS(cases, argc, argv);
}
