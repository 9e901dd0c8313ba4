/* Publishing to streams without waiting for each ack: handlers, ownership, room, time, and faults. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"

#define ACK "{\"stream\":\"S\",\"seq\":1}"

/* What a handler has seen. */
typedef struct seen {
    counter acked;
    counter failed;
    counter wrong;
    counter entered; /* calls that wait at the gate, or have passed it */
    counter gate;    /* opened by a test whose handler blocks */
    bool blocks;
    bool resends;
    bool destroys;
    bool completes;
    jsCtx *js;
    pthread_mutex_t lock;
    uint64_t sum; /* of the sequences */
    natsStatus status;
    jsErrCode code;
    natsStatus result; /* of a call in the handler */
    char text[256];
    char payload[64];
} seen;

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c;
    seen h;
} world;

static void seen_init(seen *h) {
    memset(h, 0, sizeof(*h));
    counter_init(&h->acked);
    counter_init(&h->failed);
    counter_init(&h->wrong);
    counter_init(&h->entered);
    counter_init(&h->gate);
    pthread_mutex_init(&h->lock, NULL);
}

static void note_error(seen *h, natsMsg *msg, jsPubAckErr *pae) {
    pthread_mutex_lock(&h->lock);
    h->status = pae->Err;
    h->code = pae->ErrCode;
    snprintf(h->text, sizeof(h->text), "%s", pae->ErrText == NULL ? "" : pae->ErrText);
    snprintf(h->payload, sizeof(h->payload), "%s", natsMsg_GetData(msg));
    pthread_mutex_unlock(&h->lock);
}

static void pass_gate(seen *h) {
    counter_add(&h->entered, 1);
    if (h->blocks && !counter_wait(&h->gate, 1, deadline_ms()))
        counter_add(&h->wrong, 1);
}

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *closure) {
    seen *h = (seen *)closure;

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
    seen *h = (seen *)closure;

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

typedef enum told { NOBODY, ACKS, ERRORS } told;

static void context(world *w, told told, int64_t max_pending, int64_t stall_wait, bool mux) {
    jsOptions opts;

    CHECK_OK(jsOptions_Init(&opts));
    if (told == ACKS) {
        opts.PublishAsync.AckHandler = on_ack;
        opts.PublishAsync.AckHandlerClosure = &w->h;
    }
    if (told != NOBODY) { /* not used beside the other one */
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

static void world_start(world *w, told told) {
    natsOptions *opts;

    closure_init(&w->c);
    seen_init(&w->h);
    server_run_jetstream(&w->s);
    opts = test_options(w->s.url);
    options_record(opts, &w->c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    w->nc = test_connect(opts);
    context(w, told, 0, 0, false);
    stream_create(w->nc, "S", "\"s.>\"", ",\"storage\":\"file\"");
}

static void world_end(world *w) {
    CHECK_INT(counter_get(&w->h.wrong), 0);
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

static void complete(jsCtx *js) {
    jsPubOptions opts;

    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = deadline_ms();
    CHECK_OK(js_PublishAsyncComplete(js, &opts));
}

static void publish_many(jsCtx *js, const char *subject, int count) {
    char text[16];
    int i;

    for (i = 0; i < count; i++) {
        int n = snprintf(text, sizeof(text), "%d", i);

        CHECK_OK(js_PublishAsync(js, subject, text, n, NULL));
    }
}

static void acks_are_told(bool mux) {
    enum { COUNT = 1000 };
    static world w;
    natsMsg *msg;

    world_start(&w, ACKS);
    jsCtx_Destroy(w.js);
    context(&w, ACKS, 0, 0, mux);
    publish_many(w.js, "s.a", COUNT - 1);
    msg = test_msg("s.a", "ignored.reply", "a message");
    CHECK_OK(js_PublishMsgAsync(w.js, &msg, NULL));
    CHECK(msg == NULL);
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), COUNT);
    CHECK_INT(counter_get(&w.h.failed), 0);
    CHECK_INT(w.h.sum, (uint64_t)COUNT * (COUNT + 1) / 2);
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    world_end(&w);
}

static void acks_are_told_by_an_inbox(void) { acks_are_told(false); }

static void acks_are_told_by_the_inbox_for_requests(void) { acks_are_told(true); }

static void nobody_is_told(void) {
    static world w;
    jsPubOptions opts;

    world_start(&w, NOBODY);
    CHECK_OK(js_PublishAsyncComplete(w.js, NULL)); /* before anything */
    publish_many(w.js, "s.a", 500);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectLastSeq = 7777;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, &opts));
    CHECK_OK(js_PublishAsync(w.js, "nobody", "x", 1, NULL));
    complete(w.js);
    CHECK_INT(stream_messages(w.nc, "S"), 500);
    world_end(&w);
}

static void refuses(void) {
    static world w;
    jsPubOptions opts;
    natsMsg *msg = NULL, *kept = test_msg("s.a", NULL, "x");
    natsMsg *same = kept;
    natsMsgList list = {(natsMsg **)&w, 77};

    world_start(&w, ACKS);
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
    complete(w.js);
    natsConnection_Close(w.nc);
    msg = same = test_msg("s.a", NULL, "x");
    CHECK_STATUS(js_PublishMsgAsync(w.js, &msg, NULL), NATS_CONNECTION_CLOSED);
    CHECK(msg == same);
    CHECK_STR(natsMsg_GetData(msg), "x");
    CHECK_STATUS(js_PublishAsync(w.js, "s.a", "x", 1, NULL), NATS_CONNECTION_CLOSED);
    natsMsg_Destroy(msg);
    CHECK_OK(js_PublishAsyncComplete(w.js, NULL));
    world_end(&w);
}

static void errors_are_told(told told) {
    static world w;
    jsPubOptions opts;

    world_start(&w, told);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_OK(js_PublishAsync(w.js, "s.a", "good", 4, NULL));
    opts.ExpectLastSeq = 7777;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "bad", 3, &opts));
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), told == ACKS ? 1 : 0);
    CHECK_INT(counter_get(&w.h.failed), 1);
    CHECK_INT(w.h.status, NATS_ERR);
    CHECK_INT(w.h.code, JSStreamWrongLastSequenceErr);
    CHECK_CONTAINS(w.h.text, "wrong last sequence");
    CHECK_STR(w.h.payload, "bad");
    CHECK_OK(js_PublishAsync(w.js, "nobody", "lost", 4, NULL));
    complete(w.js);
    CHECK_INT(counter_get(&w.h.failed), 2);
    CHECK_INT(w.h.status, NATS_NO_RESPONDERS);
    CHECK_STR(w.h.payload, "lost");
    world_end(&w);
}

static void errors_are_told_to_the_ack_handler(void) { errors_are_told(ACKS); }

static void errors_are_told_to_the_error_handler(void) { errors_are_told(ERRORS); }

/* A subscriber that acknowledges by itself what is published on "f.>", or does not. */
static natsSubscription *acknowledger(world *w, natsMsgHandler cb, const char *reply) {
    natsSubscription *sub = NULL;

    w->c.reply = reply;
    CHECK_OK(natsConnection_Subscribe(&sub, w->nc, "f.>", cb, &w->c));
    CHECK_OK(natsConnection_FlushTimeout(w->nc, deadline_ms()));
    return sub;
}

static void resent(told told) {
    static world w;
    natsSubscription *sub;
    int i;

    world_start(&w, told);
    w.h.resends = true;
    sub = acknowledger(&w, on_request,
                       "{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"not yet\"}}");
    for (i = 0; i < 10; i++)
        CHECK_OK(js_PublishAsync(w.js, "f.a", "again", 5, NULL));
    CHECK_REACHED(&w.h.failed, 100);
    CHECK_INT(w.h.code, 10077);
    w.h.resends = false;
    complete(w.js);
    CHECK(counter_get(&w.h.failed) >= 110);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void resent_by_the_ack_handler(void) { resent(ACKS); }

static void resent_by_the_error_handler(void) { resent(ERRORS); }

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
    natsConnection_PublishString(nc, other, ACK);
    other[n - 1] = '-';
    natsConnection_PublishString(nc, other, ACK);
    other[n - 1] = '\0';
    natsConnection_PublishString(nc, other, ACK);
    snprintf(other, sizeof(other), "%s0", reply);
    natsConnection_PublishString(nc, other, ACK);
    natsConnection_PublishString(nc, reply, c->reply);
    natsConnection_PublishString(nc, reply, ACK);
    natsMsg_Destroy(msg);
}

static void strange_acks_are_harmless(void) {
    static const struct {
        const char *ack;
        natsStatus status;
    } cases[] = {{ACK, NATS_OK},
                 {"{\"stream\":\"S\",\"seq\":1,\"more\":[1,{}]}", NATS_OK},
                 {"nonsense", NATS_ERR},
                 {"{\"stream\":\"S\",\"seq\":1", NATS_ERR},
                 {"{\"stream\":\"S\",\"seq\":true}", NATS_INVALID_ARG},
                 {"{\"error\":{\"code\":500,\"err_code\":99999,\"description\":\"new\"}}", NATS_ERR}};
    static world w;
    size_t i;

    world_start(&w, ACKS);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        natsSubscription *sub = acknowledger(&w, on_strange, cases[i].ack);

        counter_set(&w.h.acked, 0);
        counter_set(&w.h.failed, 0);
        CHECK_OK(js_PublishAsync(w.js, "f.a", "x", 1, NULL));
        complete(w.js);
        CHECK_INT(counter_get(&w.h.acked), cases[i].status == NATS_OK);
        CHECK_INT(counter_get(&w.h.failed), cases[i].status != NATS_OK);
        if (cases[i].status != NATS_OK)
            CHECK_INT(w.h.status, cases[i].status);
        natsSubscription_Destroy(sub);
    }
    CHECK_INT(w.h.code, 99999);
    world_end(&w);
}

typedef struct waiter {
    jsCtx *js;
    bool completes; /* else it publishes */
    natsStatus status;
    counter done;
    pthread_t thread;
} waiter;

static void *wait_there(void *arg) {
    waiter *p = (waiter *)arg;

    p->status =
        p->completes ? js_PublishAsyncComplete(p->js, NULL) : js_PublishAsync(p->js, "f.a", "x", 1, NULL);
    counter_add(&p->done, 1);
    return NULL;
}

static void waiter_start(waiter *p, jsCtx *js, bool completes) {
    memset(p, 0, sizeof(*p));
    p->js = js;
    p->completes = completes;
    counter_init(&p->done);
    CHECK(pthread_create(&p->thread, NULL, wait_there, p) == 0);
}

static void waiter_expect(waiter *p, natsStatus status) {
    CHECK_REACHED(&p->done, 1);
    pthread_join(p->thread, NULL);
    CHECK_INT(p->status, status);
}

static void stalls_when_too_many_wait(void) {
    static world w;
    natsSubscription *sub;
    waiter p;
    int64_t started;

    world_start(&w, ACKS);
    jsCtx_Destroy(w.js);
    context(&w, ACKS, 3, 50, false);
    sub = acknowledger(&w, on_blocked, NULL);
    publish_many(w.js, "f.a", 3);
    started = now_ms();
    CHECK_STATUS(js_PublishAsync(w.js, "f.a", "x", 1, NULL), NATS_TIMEOUT);
    CHECK(now_ms() - started >= 49);
    CHECK_ERROR(NATS_TIMEOUT, "stalled with too many outstanding async published messages");
    CHECK_INT(counter_get(&w.c.entered), 1);
    jsCtx_Destroy(w.js);
    context(&w, ACKS, 3, 6 * deadline_ms(), false);
    publish_many(w.js, "f.a", 3);
    /* A thread that waits for room gets it when messages are taken away. */
    waiter_start(&p, w.js, false);
    {
        natsMsgList list;

        CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
        CHECK(list.Count == 3 || list.Count == 4);
        natsMsgList_Destroy(&list);
    }
    waiter_expect(&p, NATS_OK);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

/* With room for one message only, many threads get all through. */
static void *publish_some(void *arg) {
    waiter *p = (waiter *)arg;
    int i;

    for (i = 0; i < 200 && p->status == NATS_OK; i++)
        p->status = js_PublishAsync(p->js, "s.a", "x", 1, NULL);
    return NULL;
}

static void threads_share_the_room(void) {
    enum { THREADS = 4 };
    static world w;
    waiter p[THREADS];
    int64_t max;
    int i;

    world_start(&w, ACKS);
    for (max = 1; max <= 64; max *= 8) {
        jsCtx_Destroy(w.js);
        context(&w, ACKS, max, deadline_ms(), max == 8);
        counter_set(&w.h.acked, 0);
        for (i = 0; i < THREADS; i++) {
            memset(&p[i], 0, sizeof(p[i]));
            p[i].js = w.js;
            CHECK(pthread_create(&p[i].thread, NULL, publish_some, &p[i]) == 0);
        }
        for (i = 0; i < THREADS; i++) {
            pthread_join(p[i].thread, NULL);
            CHECK_INT(p[i].status, NATS_OK);
        }
        complete(w.js);
        CHECK_INT(counter_get(&w.h.acked), THREADS * 200);
    }
    world_end(&w);
}

static void messages_have_their_time(void) {
    static world w;
    natsSubscription *sub;
    jsPubOptions opts;
    int64_t started;

    world_start(&w, ERRORS);
    sub = acknowledger(&w, on_blocked, NULL);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_OK(js_PublishAsync(w.js, "f.a", "for ever", 8, NULL));
    opts.MaxWait = 6 * deadline_ms();
    CHECK_OK(js_PublishAsync(w.js, "f.a", "long", 4, &opts));
    opts.MaxWait = 50;
    started = now_ms();
    CHECK_OK(js_PublishAsync(w.js, "f.a", "short", 5, &opts));
    CHECK_REACHED(&w.h.failed, 1);
    CHECK(now_ms() - started >= 49);
    CHECK_INT(w.h.status, NATS_TIMEOUT);
    CHECK_STR(w.h.payload, "short");
    CHECK_STATUS(js_PublishAsyncComplete(w.js, &opts), NATS_TIMEOUT);
    CHECK_INT(counter_get(&w.h.failed), 1);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void what_waits_can_be_taken(void) {
    static world w;
    natsSubscription *sub;
    natsMsgList list;
    waiter p;
    int i, resend = 0;

    world_start(&w, ACKS);
    sub = acknowledger(&w, on_blocked, NULL);
    publish_many(w.js, "f.a", 5);
    waiter_start(&p, w.js, true);
    CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
    CHECK_INT(list.Count, 5);
#if OURS
    waiter_expect(&p, NATS_OK);
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
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), resend);
    CHECK_STATUS(js_PublishAsyncGetPendingList(&list, w.js), NATS_NOT_FOUND);
    /* Acks for what was taken lead to nothing. */
    counter_set(&w.c.gate, 1);
    CHECK_OK(natsConnection_FlushTimeout(w.nc, deadline_ms()));
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void closing_wakes_who_waits(void) {
    static world w;
    natsSubscription *sub;
    natsMsgList list;
    waiter completing, stalled;

    world_start(&w, ACKS);
    jsCtx_Destroy(w.js);
    context(&w, ACKS, 3, 6 * deadline_ms(), false);
    sub = acknowledger(&w, on_blocked, NULL);
    publish_many(w.js, "f.a", 3);
    waiter_start(&completing, w.js, true);
    waiter_start(&stalled, w.js, false);
    CHECK_REACHED(&w.c.entered, 1);
    natsConnection_Close(w.nc);
    waiter_expect(&completing, NATS_CONNECTION_CLOSED);
    waiter_expect(&stalled, NATS_CONNECTION_CLOSED);
    /* Not told, and still there. */
    CHECK_INT(counter_get(&w.h.failed), 0);
    CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
    CHECK_INT(list.Count, 3);
    natsMsgList_Destroy(&list);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void draining_wakes_who_waits(void) {
    static world w;
    natsSubscription *sub;
    waiter completing, stalled;

    world_start(&w, ACKS);
    jsCtx_Destroy(w.js);
    context(&w, ACKS, 3, 6 * deadline_ms(), false);
    CHECK_OK(natsConnection_SubscribeSync(&sub, w.nc, "f.>"));
    publish_many(w.js, "f.a", 3);
    waiter_start(&completing, w.js, true);
    waiter_start(&stalled, w.js, false);
    test_expect_next(sub, "0");
    CHECK_OK(natsConnection_DrainTimeout(w.nc, 300));
    waiter_expect(&stalled, NATS_DRAINING);
    waiter_expect(&completing, NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void destroying_wakes_who_waits(void) {
    static world w;
    natsSubscription *sub;
    waiter completing, stalled;

    world_start(&w, ACKS);
    jsCtx_Destroy(w.js);
    context(&w, ACKS, 3, 6 * deadline_ms(), false);
    sub = acknowledger(&w, on_blocked, NULL);
    publish_many(w.js, "f.a", 3);
    waiter_start(&completing, w.js, true);
    waiter_start(&stalled, w.js, false);
    CHECK_REACHED(&w.c.entered, 1);
    jsCtx_Destroy(w.js);
    CHECK_REACHED(&completing.done, 1);
    CHECK_REACHED(&stalled.done, 1);
    pthread_join(completing.thread, NULL);
    pthread_join(stalled.thread, NULL);
    /* Whoever came too late finds the handle dead. */
    CHECK(completing.status == NATS_ILLEGAL_STATE || completing.status == NATS_INVALID_ARG);
    CHECK(stalled.status == NATS_ILLEGAL_STATE || stalled.status == NATS_INVALID_ARG);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), 0);
    world_end(&w);
}

static void destroyed_in_its_handler(told told) {
    static world w;

    world_start(&w, told);
    w.h.destroys = true;
    publish_many(w.js, told == ACKS ? "s.a" : "nobody", 50);
    CHECK_REACHED(told == ACKS ? &w.h.acked : &w.h.failed, 1);
    CHECK_SOON(js_PublishAsyncComplete(w.js, NULL) == NATS_INVALID_ARG);
    natsConnection_Destroy(w.nc);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), 1);
    w.nc = NULL;
    world_end(&w);
}

static void destroyed_in_its_ack_handler(void) { destroyed_in_its_handler(ACKS); }

static void destroyed_in_its_error_handler(void) { destroyed_in_its_handler(ERRORS); }

/* The one that is told of still counts. */
static void a_handler_cannot_wait_for_others(void) {
    static world w;

    world_start(&w, ACKS);
    w.h.completes = true;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, NULL));
    complete(w.js);
    CHECK_INT(w.h.result, NATS_OK);
    w.h.blocks = true;
    publish_many(w.js, "s.a", 2);
    CHECK_REACHED(&w.h.entered, 2);
    counter_set(&w.h.gate, 1);
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), 3);
    world_end(&w);
}

/* A handler that blocks holds up nobody else's. */
static void contexts_do_not_wait_for_each_other(void) {
    static world w;
    static world other;

    world_start(&w, ACKS);
    w.h.blocks = true;
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, NULL));
    CHECK_REACHED(&w.h.entered, 1);
    seen_init(&other.h);
    other.nc = w.nc;
    context(&other, ACKS, 0, 0, false);
    publish_many(other.js, "s.a", 100);
    complete(other.js);
    CHECK_INT(counter_get(&other.h.acked), 100);
    CHECK_INT(counter_get(&w.h.acked), 0);
    counter_set(&w.h.gate, 1);
    complete(w.js);
    jsCtx_Destroy(other.js);
    world_end(&w);
}

/* A server that deletes a stream says nothing of messages that it has not stored yet. */
static void a_stream_is_deleted_meanwhile(void) {
    static world w;
    jsPubOptions opts;
    int i;

    world_start(&w, ACKS);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = 1000;
    for (i = 0; i < 2000; i++) {
        CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, &opts));
        if (i == 1000)
            stream_delete(w.nc, "S");
    }
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), 2000);
    CHECK(counter_get(&w.h.failed) >= 999);
    CHECK(w.h.status == NATS_NO_RESPONDERS || w.h.status == NATS_TIMEOUT);
    world_end(&w);
}

static void *restart_later(void *arg) {
    world *w = (world *)arg;

    server_kill(&w->s);
    server_restart(&w->s);
    return NULL;
}

/* Each message is told of once, whatever happened to it. */
static void a_server_restarts_meanwhile(void) {
    static world w;
    int i, count = 0;

    world_start(&w, ACKS);
    for (i = 0; i < 3; i++) {
        publish_many(w.js, "s.a", 2000);
        count += 2000;
        restart_later(&w);
        publish_many(w.js, "s.a", 100); /* while it reconnects */
        count += 100;
        CHECK_REACHED(&w.c.reconnected, i + 1);
    }
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked) + counter_get(&w.h.failed), count);
    CHECK(stream_messages(w.nc, "S") >= counter_get(&w.h.acked));
    world_end(&w);
}

#if OURS
/* What was on its way when the connection was lost. */
static void lost_messages(told told, bool comes_back) {
    static world w;
    natsSubscription *sub;
    natsMsgList list;
    jsPubOptions opts;

    world_start(&w, told);
    sub = acknowledger(&w, on_blocked, NULL);
    publish_many(w.js, "f.a", 5);
    CHECK_REACHED(&w.c.entered, 1);
    server_kill(&w.s);
    CHECK_REACHED(&w.c.disconnected, 1);
    if (comes_back)
        server_restart(&w.s);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = deadline_ms();
    if (told == NOBODY) {
        CHECK_STATUS(js_PublishAsyncComplete(w.js, &opts), NATS_CONNECTION_DISCONNECTED);
        CHECK_OK(js_PublishAsyncGetPendingList(&list, w.js));
        CHECK_INT(list.Count, 5);
        natsMsgList_Destroy(&list);
    } else {
        CHECK_REACHED(&w.h.failed, 5);
        CHECK_INT(w.h.status, NATS_CONNECTION_DISCONNECTED);
    }
    complete(w.js);
    counter_set(&w.c.gate, 1);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void lost_messages_are_told(void) { lost_messages(ACKS, true); }

static void lost_messages_are_told_as_errors(void) { lost_messages(ERRORS, true); }

static void lost_messages_are_told_without_a_server(void) { lost_messages(ERRORS, false); }

static void lost_messages_can_be_taken(void) { lost_messages(NOBODY, true); }

static void lost_messages_are_sent_again(void) {
    enum { COUNT = 3000 };
    static world w;
    jsPubPolicy policy;
    int i;

    world_start(&w, ACKS);
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
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), COUNT);
    CHECK_INT(counter_get(&w.h.failed), 0);
    /* Each once. */
    CHECK_INT(stream_messages(w.nc, "S"), COUNT);
    world_end(&w);
}

static void nobody_listens_at_first(void) {
    static world w;
    jsPubPolicy policy;

    world_start(&w, ERRORS);
    CHECK_OK(jsPubPolicy_Init(&policy));
    policy.NoRespondersRetries = 2;
    policy.NoRespondersWait = 10;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    CHECK_OK(js_PublishAsync(w.js, "l.a", "x", 1, NULL));
    CHECK_REACHED(&w.h.failed, 1);
    CHECK_INT(w.h.status, NATS_NO_RESPONDERS);
    policy.NoRespondersRetries = 100000;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    publish_many(w.js, "l.a", 100);
    stream_create(w.nc, "L", "\"l.>\"", "");
    complete(w.js);
    CHECK_INT(counter_get(&w.h.failed), 1);
    CHECK_INT(stream_messages(w.nc, "L"), 100);
    world_end(&w);
}
#endif

static void ids_and_expectations(void) {
    static world w;
    jsPubOptions opts;
    natsMsg *msg = test_msg("s.a", NULL, "x");

    world_start(&w, ACKS);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MsgId = "same";
    CHECK_OK(js_PublishAsync(w.js, "s.a", "x", 1, &opts));
    CHECK_OK(js_PublishMsgAsync(w.js, &msg, &opts));
    complete(w.js);
    CHECK_INT(counter_get(&w.h.acked), 2);
    CHECK_INT(w.h.sum, 2); /* the second one is the first one's */
    CHECK_INT(stream_messages(w.nc, "S"), 1);
    world_end(&w);
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
        TEST(stalls_when_too_many_wait),
        TEST(threads_share_the_room),
        TEST(messages_have_their_time),
        TEST(what_waits_can_be_taken),
        TEST(ids_and_expectations),
        TEST(contexts_do_not_wait_for_each_other),
        TEST(a_stream_is_deleted_meanwhile),
        TEST(a_server_restarts_meanwhile),
#if OURS
        TEST(closing_wakes_who_waits),
        TEST(draining_wakes_who_waits),
        TEST(destroying_wakes_who_waits),
        TEST(destroyed_in_its_ack_handler),
        TEST(destroyed_in_its_error_handler),
        TEST(a_handler_cannot_wait_for_others),
        TEST(lost_messages_are_told),
        TEST(lost_messages_are_told_as_errors),
        TEST(lost_messages_are_told_without_a_server),
        TEST(lost_messages_can_be_taken),
        TEST(lost_messages_are_sent_again),
        TEST(nobody_listens_at_first),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
