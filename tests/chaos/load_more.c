/* Publishing without waiting for acks, and connections that come and go. */
#include "load.h"

#define GET(x) __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define ADD(x) __atomic_add_fetch(&(x), 1, __ATOMIC_ACQ_REL)

/* ---- publishing without waiting --------------------------------------------------------------------------------- */

enum { TOLD = 1, ACKED = 2 };

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *closure) {
    async_load *a = closure;
    uint64_t n = load_number(msg);
    unsigned char what;

    (void)js;
    pthread_mutex_lock(&a->lock);
    ledger_read(&a->outcomes, n, &what);
    if ((what & TOLD) != 0)
        a->told_again++;
    what |= TOLD;
    a->told++;
    if (pa != NULL && pae == NULL) {
        what |= ACKED;
        a->acked++;
    }
    ledger_write(&a->outcomes, n, &what);
    pthread_mutex_unlock(&a->lock);
    natsMsg_Destroy(msg);
}

void *load_async(void *closure) {
    load *l = closure;
    async_load *a = &l->async;
    jsCtx *js = NULL;
    jsOptions opts;
    jsPubOptions wait;
    bool complete;

    jsOptions_Init(&opts);
    opts.Wait = LOAD_WAIT;
    opts.PublishAsync.MaxPending = 64;
    opts.PublishAsync.StallWait = LOAD_WAIT;
    opts.PublishAsync.AckHandler = on_ack;
    opts.PublishAsync.AckHandlerClosure = a;
    if (natsConnection_JetStream(&js, l->nc[ASYNC_PUBLISHER], &opts) != NATS_OK)
        abort();
    while (!GET(l->stop_writing)) {
        char text[24], id[48];
        natsMsg *msg = NULL;
        jsPubOptions one;

        snprintf(text, sizeof(text), "%" PRIu64, a->numbers);
        snprintf(id, sizeof(id), "async-%s-%" PRIu64, l->transport, a->numbers++);
        jsPubOptions_Init(&one);
        one.MaxWait = 2 * LOAD_WAIT;
        one.MsgId = id;
        if (natsMsg_Create(&msg, a->subject, NULL, text, (int)strlen(text)) != NATS_OK)
            abort();
        call_begin(a->caller, "js_PublishMsgAsync", LOAD_WAIT + LOAD_ALLOWANCE);
        if (load_ended(a->caller, js_PublishMsgAsync(js, &msg, &one)))
            ADD(a->accepted);
        natsMsg_Destroy(msg);
        load_pause(2);
    }
    jsPubOptions_Init(&wait);
    wait.MaxWait = 60000;
    call_begin(a->caller, "js_PublishAsyncComplete", 60000 + LOAD_ALLOWANCE);
    complete = load_ended(a->caller, js_PublishAsyncComplete(js, &wait));
    a->complete = complete;
    jsCtx_Destroy(js);
    return NULL;
}

bool load_async_acked(const async_load *a, uint64_t n) {
    unsigned char what;

    ledger_read(&a->outcomes, n, &what);
    return (what & ACKED) != 0;
}

/* ---- connections that come and go ------------------------------------------------------------------------------- */

churn_counts churned;

static void on_complete(void *closure) {
    (void)closure;
    ADD(churned.completed);
}

static void on_released(void *closure) {
    (void)closure;
    ADD(churned.released);
}

static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    (void)closure;
    natsMsg_Destroy(msg);
}

static unsigned one_of(unsigned *random, unsigned n) { return (unsigned)rand_r(random) % n; }

/* One connection's life. */
static void live(load *l, caller *c, natsConnection *nc, unsigned *random) {
    natsSubscription *subs[4] = {NULL, NULL, NULL, NULL};
    natsMsg *reply = NULL;
    char subject[48];
    unsigned count = one_of(random, 4), i;

    snprintf(subject, sizeof(subject), "chaos.core.%s", l->transport);
    for (i = 0; i < count; i++) {
        call_begin(c, "natsConnection_Subscribe", LOAD_ALLOWANCE);
        if (load_ended(c, natsConnection_Subscribe(&subs[i], nc, subject, on_message, NULL)) &&
            natsSubscription_SetOnCompleteCB(subs[i], on_complete, NULL) == NATS_OK)
            ADD(churned.subscribed);
    }
    snprintf(subject, sizeof(subject), "chaos.ask.%s", l->transport);
    for (i = one_of(random, 4); i > 0; i--) {
        call_begin(c, "natsConnection_Request", 300 + LOAD_ALLOWANCE);
        load_ended(c, natsConnection_RequestString(&reply, nc, subject, "1", 300));
        natsMsg_Destroy(reply);
        reply = NULL;
    }
    if (one_of(random, 2) == 0) {
        call_begin(c, "natsConnection_FlushTimeout", 300 + LOAD_ALLOWANCE);
        load_ended(c, natsConnection_FlushTimeout(nc, 300));
    }
    switch (one_of(random, 4)) {
    case 0:
        call_begin(c, "natsConnection_DrainTimeout", LOAD_ALLOWANCE);
        load_ended(c, natsConnection_DrainTimeout(nc, 500));
        break;
    case 1:
        call_begin(c, "natsConnection_Close", 1000 + LOAD_ALLOWANCE);
        natsConnection_Close(nc);
        load_ended(c, NATS_OK);
        break;
    default:
        break;
    }
    if (one_of(random, 2) == 0)
        for (i = 0; i < count; i++)
            natsSubscription_Destroy(subs[i]);
    call_begin(c, "natsConnection_DestroyAndWait", 10000 + LOAD_ALLOWANCE);
    if (one_of(random, 2) == 0) {
        load_ended(c, natsConnection_DestroyAndWait(nc, 10000));
    } else {
        natsConnection_Destroy(nc);
        load_ended(c, NATS_OK);
    }
    /* A second time does nothing. */
    for (i = 0; i < count; i++)
        natsSubscription_Destroy(subs[i]);
}

void *load_churn(void *closure) {
    load *l = closure;
    unsigned random = (unsigned)l->transport[0];

    while (!GET(l->stop_writing)) {
        natsConnection *nc = NULL;

        call_begin(l->churn, "natsConnection_Connect", 3 * 2000 + LOAD_ALLOWANCE);
        if (load_ended(l->churn, natsConnection_Connect(&nc, l->churn_options))) {
            ADD(churned.connected);
            live(l, l->churn, nc, &random);
        }
        load_pause(20);
    }
    return NULL;
}

void load_prepare_churn(natsOptions *opts) { CHECK_OK(natsOptions_SetReleasedCB(opts, on_released, NULL)); }
