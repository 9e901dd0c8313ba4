#include "js_fetch.h"

void js_fetch_info(peer *p, void *arg) {
    js_peer *j = (js_peer *)((char *)p - offsetof(js_peer, p));

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.CONSUMER.INFO.S.c"))
        js_peer_answer(j, "{\"stream_name\":\"S\",\"name\":\"c\","
                          "\"config\":{\"durable_name\":\"c\",\"ack_policy\":\"explicit\"}}");
}

void js_fetch_bound(jsSubOptions *options) {
    CHECK_OK(jsSubOptions_Init(options));
    options->Stream = "S";
    options->Consumer = "c";
}

natsSubscription *js_fetch_pull(js_peer *j) {
    natsSubscription *sub = NULL;
    jsSubOptions options;

    js_fetch_bound(&options);
    peer_run(&j->p, js_fetch_info, NULL);
    CHECK_OK(js_PullSubscribe(&sub, j->js, NULL, NULL, NULL, &options, NULL));
    peer_join(&j->p);
    return sub;
}

bool js_fetch_await(js_peer *j, const char *part) {
    if (!js_peer_await(j, "PUB", "$JS.API.CONSUMER.MSG.NEXT.S.c"))
        return false;
    if (strstr(j->op.body, part) != NULL)
        return true;
    snprintf(j->p.problem, sizeof(j->p.problem), "no %.60s in %.160s", part, j->op.body);
    return false;
}

bool js_fetch_say(js_peer *j, const char *reply, const char *status) {
    char frame[512];
    int length = (int)strlen(status) + 13;

    snprintf(frame, sizeof(frame), "HMSG %s %s %d %d\r\nNATS/1.0 %s\r\n\r\n\r\n", reply, j->answers, length,
             length, status);
    return peer_send(&j->p, frame);
}

static void *run_fetch(void *arg) {
    js_fetch *f = (js_fetch *)arg;
    int64_t began = now_ms();
    natsStatus s;
    const char *text;

    if (f->simple)
        f->status =
            natsSubscription_Fetch(&f->list, f->sub, f->request.Batch, f->request.Expires / 1000000, NULL);
    else
        f->status = natsSubscription_FetchRequest(&f->list, f->sub, &f->request);
    text = nats_GetLastError(&s);
    snprintf(f->error, sizeof(f->error), "%s", text == NULL ? "" : text);
    f->took_ms = now_ms() - began;
    return NULL;
}

void js_fetch_init(js_fetch *f, natsSubscription *sub, int batch, int64_t expires_ms, int64_t heartbeat_ms) {
    memset(f, 0, sizeof(*f));
    f->sub = sub;
    CHECK_OK(jsFetchRequest_Init(&f->request));
    f->request.Batch = batch;
    f->request.Expires = expires_ms * 1000000;
    f->request.Heartbeat = heartbeat_ms * 1000000;
}

void js_fetch_run(js_fetch *f) { CHECK_INT(pthread_create(&f->thread, NULL, run_fetch, f), 0); }

void js_fetch_begin(js_fetch *f, natsSubscription *sub, int batch, int64_t expires_ms, int64_t heartbeat_ms) {
    js_fetch_init(f, sub, batch, expires_ms, heartbeat_ms);
    js_fetch_run(f);
}

void js_fetch_end(js_fetch *f, natsStatus status, int count) {
    pthread_join(f->thread, NULL);
    CHECK_INT(f->status, status);
    CHECK_INT(f->list.Count, count);
    natsMsgList_Destroy(&f->list);
}
