/* Error texts of JetStream and the stores: they name the stream, the consumer, the subject or the object, and give
 * advice. */
#include "jetstream.h"
#include "obj.h"
#include "publisher.h"

static void fetches(void) {
    server s;
    natsConnection *nc;
    jsCtx *js = NULL;
    natsSubscription *sub = NULL;
    natsMsgList list = {NULL, 0};
    jsFetchRequest request;

    server_run_jetstream(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    stream_create(nc, "ORDERS", "\"orders.>\"", "");
    CHECK_OK(js_PullSubscribe(&sub, js, "orders.>", "worker", NULL, NULL, NULL));
    CHECK_STATUS(natsSubscription_Fetch(&list, sub, 1, 50, NULL), NATS_TIMEOUT);
    CHECK_CONTAINS(nats_GetLastError(NULL), "fetch from consumer 'worker' of stream 'ORDERS'");
    CHECK_CONTAINS(nats_GetLastError(NULL), "within 50 ms");
    CHECK_OK(jsFetchRequest_Init(&request));
    request.Batch = 1;
    request.NoWait = true;
    request.Expires = INT64_C(1000000) * deadline_ms();
    CHECK_STATUS(natsSubscription_FetchRequest(&list, sub, &request), NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "fetch from consumer 'worker' of stream 'ORDERS'");
    natsConnection_Close(nc);
    CHECK(natsSubscription_Fetch(&list, sub, 1, 50, NULL) != NATS_OK);
    CHECK_CONTAINS(nats_GetLastError(NULL), "closed");
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void asynchronous_publishes(void) {
    static pub_world w;
    natsSubscription *sub;
    jsPubOptions opts;

    pub_world_start(&w, PUB_ERRORS);
    CHECK_OK(js_PublishAsync(w.js, "nobody.here", "x", 1, NULL));
    CHECK_REACHED(&w.h.failed, 1);
    CHECK_INT(w.h.status, NATS_NO_RESPONDERS);
    CHECK_CONTAINS(w.h.text, "publish to 'nobody.here': No responders available for request: no stream");
    sub = pub_acknowledger(&w, on_blocked, NULL);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = 50;
    CHECK_OK(js_PublishAsync(w.js, "f.slow", "x", 1, &opts));
    CHECK_REACHED(&w.h.failed, 2);
    CHECK_INT(w.h.status, NATS_TIMEOUT);
    CHECK_CONTAINS(w.h.text, "publish to 'f.slow': Timeout: no acknowledgement");
    CHECK_OK(js_PublishAsync(w.js, "f.lost", "x", 1, NULL));
    CHECK_OK(natsConnection_FlushTimeout(w.nc, deadline_ms()));
    server_kill(&w.s);
    server_restart(&w.s);
    CHECK_REACHED(&w.h.failed, 3);
    CHECK_INT(w.h.status, NATS_CONNECTION_DISCONNECTED);
    CHECK_CONTAINS(w.h.text, "publish to 'f.lost': the connection was lost");
    CHECK_CONTAINS(w.h.text, "js_SetPubPolicy");
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    natsConnection_Close(w.nc);
    CHECK_STATUS(js_PublishAsync(w.js, "s.a", "x", 1, NULL), NATS_CONNECTION_CLOSED);
    CHECK_CONTAINS(nats_GetLastError(NULL), "publish to 's.a'");
    pub_world_end(&w);
}

static void objects(void) {
    obj_fixture f;
    char *text = NULL;

    obj_start(&f);
    CHECK_STATUS(objStore_GetString(&text, f.obs, "missing", NULL), NATS_NOT_FOUND);
    CHECK_CONTAINS(nats_GetLastError(NULL), "object 'missing' not found in bucket 'B'");
    obj_end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(fetches),
        TEST(asynchronous_publishes),
        TEST(objects),
    };

    return RUN_TESTS(cases, argc, argv);
}
