#include "publisher.h"

#include "jetstream.h"

void pub_seen_init(pub_seen *h) {
    memset(h, 0, sizeof(*h));
    counter_init(&h->acked);
    counter_init(&h->failed);
    counter_init(&h->wrong);
    counter_init(&h->entered);
    counter_init(&h->gate);
    pthread_mutex_init(&h->lock, NULL);
}

static void note_error(pub_seen *h, natsMsg *msg, jsPubAckErr *pae) {
    pthread_mutex_lock(&h->lock);
    h->status = pae->Err;
    h->code = pae->ErrCode;
    snprintf(h->text, sizeof(h->text), "%s", pae->ErrText == NULL ? "" : pae->ErrText);
    snprintf(h->payload, sizeof(h->payload), "%s", natsMsg_GetData(msg));
    pthread_mutex_unlock(&h->lock);
}

static void pass_gate(pub_seen *h) {
    counter_add(&h->entered, 1);
    if (h->blocks && !counter_wait(&h->gate, 1, deadline_ms()))
        counter_add(&h->wrong, 1);
}

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *closure) {
    pub_seen *h = (pub_seen *)closure;

    pass_gate(h);
    if (js != h->js || msg == NULL || (pa == NULL) == (pae == NULL))
        counter_add(&h->wrong, 1);
    if (pa != NULL) {
        pthread_mutex_lock(&h->lock);
        h->sum += pa->Sequence;
        if (pa->Stream == NULL || strcmp(pa->Stream, "S") != 0)
            counter_add(&h->wrong, 1);
        pthread_mutex_unlock(&h->lock);
        counter_add(&h->acked, 1);
    } else {
        if (pae->Msg != NULL)
            counter_add(&h->wrong, 1);
        note_error(h, msg, pae);
        if (h->resends && js_PublishMsgAsync(js, &msg, NULL) != NATS_OK)
            counter_add(&h->wrong, 1);
        counter_add(&h->failed, 1);
    }
    if (h->completes)
        h->result = js_PublishAsyncComplete(js, NULL);
    if (h->destroys)
        jsCtx_Destroy(js);
    natsMsg_Destroy(msg);
}

static void on_pub_error(jsCtx *js, jsPubAckErr *pae, void *closure) {
    pub_seen *h = (pub_seen *)closure;

    pass_gate(h);
    if (js != h->js || pae->Msg == NULL)
        counter_add(&h->wrong, 1);
    note_error(h, pae->Msg, pae);
    if (h->resends && (js_PublishMsgAsync(js, &pae->Msg, NULL) != NATS_OK || pae->Msg != NULL))
        counter_add(&h->wrong, 1);
    if (h->destroys)
        jsCtx_Destroy(js);
    counter_add(&h->failed, 1);
}

void pub_context(pub_world *w, pub_told told, int64_t max_pending, int64_t stall_wait, bool mux) {
    jsOptions opts;

    CHECK_OK(jsOptions_Init(&opts));
    if (told == PUB_ACKS) {
        opts.PublishAsync.AckHandler = on_ack;
        opts.PublishAsync.AckHandlerClosure = &w->h;
    }
    if (told != PUB_NOBODY) { /* not used beside the other one */
        opts.PublishAsync.ErrHandler = on_pub_error;
        opts.PublishAsync.ErrHandlerClosure = &w->h;
    }
    opts.PublishAsync.MaxPending = max_pending;
    opts.PublishAsync.StallWait = stall_wait;
    opts.PublishAsync.MuxReplies = mux;
    opts.Wait = 500;
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, &opts));
    w->h.js = w->js;
}

void pub_world_start(pub_world *w, pub_told told) {
    natsOptions *opts;

    closure_init(&w->c);
    pub_seen_init(&w->h);
    server_run_jetstream(&w->s);
    opts = test_options(w->s.url);
    options_record(opts, &w->c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    w->nc = test_connect(opts);
    pub_context(w, told, 0, 0, false);
    stream_create(w->nc, "S", "\"s.>\"", ",\"storage\":\"file\"");
}

void pub_world_end(pub_world *w) {
    CHECK_INT(counter_get(&w->h.wrong), 0);
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

void pub_complete(jsCtx *js) {
    jsPubOptions opts;

    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = deadline_ms();
    CHECK_OK(js_PublishAsyncComplete(js, &opts));
}

void pub_many(jsCtx *js, const char *subject, int count) {
    char text[16];
    int i;

    for (i = 0; i < count; i++) {
        int n = snprintf(text, sizeof(text), "%d", i);

        CHECK_OK(js_PublishAsync(js, subject, text, n, NULL));
    }
}

natsSubscription *pub_acknowledger(pub_world *w, natsMsgHandler cb, const char *reply) {
    natsSubscription *sub = NULL;

    w->c.reply = reply;
    CHECK_OK(natsConnection_Subscribe(&sub, w->nc, "f.>", cb, &w->c));
    CHECK_OK(natsConnection_FlushTimeout(w->nc, deadline_ms()));
    return sub;
}

static void *wait_there(void *arg) {
    pub_waiter *p = (pub_waiter *)arg;

    p->status =
        p->completes ? js_PublishAsyncComplete(p->js, NULL) : js_PublishAsync(p->js, "f.a", "x", 1, NULL);
    counter_add(&p->done, 1);
    return NULL;
}

void pub_waiter_start(pub_waiter *p, jsCtx *js, bool completes) {
    memset(p, 0, sizeof(*p));
    p->js = js;
    p->completes = completes;
    counter_init(&p->done);
    CHECK(pthread_create(&p->thread, NULL, wait_there, p) == 0);
}

void pub_waiter_expect(pub_waiter *p, natsStatus status) {
    CHECK_REACHED(&p->done, 1);
    pthread_join(p->thread, NULL);
    CHECK_INT(p->status, status);
}
