#include "cluster_load.h"

static void acked(publisher *p, int n, bool duplicate) {
    pthread_mutex_lock(&p->load->lock);
    if (p->fates[n] != ACKED) {
        p->fates[n] = ACKED;
        counter_add(&p->acked, 1);
    }
    pthread_mutex_unlock(&p->load->lock);
    if (duplicate)
        counter_add(&p->duplicates, 1);
}

/* The payload, which is the message's id too. */
static void payload_of(const publisher *p, int n, char text[32]) {
    snprintf(text, 32, "%d %d", p->number, n);
}

static void publish_until_stored(publisher *p, int n) {
    int64_t until = now_ms() + 6 * deadline_ms();
    char text[32];

    payload_of(p, n, text);
    for (;;) {
        jsPubAck *ack = NULL;
        jsPubOptions opts;
        int64_t began = now_ms();
        natsStatus s = jsPubOptions_Init(&opts);

        opts.MsgId = text;
        opts.MaxWait = 2000 * time_factor();
        if (s == NATS_OK)
            s = js_Publish(&ack, p->js, "s.sync", text, (int)strlen(text), &opts, NULL);
        if (now_ms() - began > 2000 * time_factor() + deadline_ms())
            counter_add(&p->wrong, 1); /* it did not end in its time */
        if (s == NATS_OK) {
            acked(p, n, ack->Duplicate);
            jsPubAck_Destroy(ack);
            return;
        }
        counter_add(&p->repeated, 1);
        if (now_ms() > until) {
            counter_add(&p->wrong, 1);
            return;
        }
        nats_Sleep(RETRY_MS);
    }
}

static natsStatus publish_async(publisher *p, natsMsg **msg) {
    jsPubOptions opts;
    char text[32];
    natsStatus s = jsPubOptions_Init(&opts);

    snprintf(text, sizeof(text), "%.*s", natsMsg_GetDataLength(*msg), natsMsg_GetData(*msg));
    opts.MsgId = text;
    opts.MaxWait = 3000 * time_factor();
    return s == NATS_OK ? js_PublishMsgAsync(p->js, msg, &opts) : s;
}

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *arg) {
    publisher *p = (publisher *)arg;
    int number, n;

    (void)js;
    if (!load_parse(msg, &number, &n) || number != p->number || (pa == NULL) == (pae == NULL)) {
        counter_add(&p->wrong, 1);
    } else if (pa != NULL) {
        acked(p, n, pa->Duplicate);
    } else {
        /* It may be stored or not: the publisher's thread sends it once more, by the same id. */
        counter_add(&p->repeated, 1);
        pthread_mutex_lock(&p->load->lock);
        p->again[p->again_count++] = msg;
        pthread_mutex_unlock(&p->load->lock);
        return;
    }
    natsMsg_Destroy(msg);
}

/* While there is no leader the room for messages that wait is soon used up. */
static void send_async(publisher *p, natsMsg *msg) {
    int64_t until = now_ms() + 6 * deadline_ms();

    while (publish_async(p, &msg) != NATS_OK && now_ms() < until)
        nats_Sleep(RETRY_MS);
    if (msg != NULL)
        counter_add(&p->wrong, 1);
    natsMsg_Destroy(msg);
}

/* False when nothing has failed. */
static bool send_again(publisher *p) {
    natsMsg *msgs[2 * MOST_PENDING];
    int count, i;

    pthread_mutex_lock(&p->load->lock);
    count = p->again_count;
    memcpy(msgs, p->again, sizeof(msgs));
    p->again_count = 0;
    pthread_mutex_unlock(&p->load->lock);
    if (count > 0)
        nats_Sleep(RETRY_MS);
    for (i = 0; i < count; i++)
        send_async(p, msgs[i]);
    return count > 0;
}

static bool all_have_acks(publisher *p) {
    int64_t until = now_ms() + 6 * deadline_ms();
    jsPubOptions opts;

    if (jsPubOptions_Init(&opts) != NATS_OK)
        return false;
    opts.MaxWait = 6 * deadline_ms();
    do {
        if (js_PublishAsyncComplete(p->js, &opts) != NATS_OK)
            return false;
    } while (send_again(p) && now_ms() < until);
    return counter_get(&p->acked) == p->sent;
}

static void *publish(void *arg) {
    publisher *p = (publisher *)arg;
    int n;

    for (n = 0; n < EACH && !load_is_set(p->load, &p->load->stop); n++) {
        char text[32];
        natsMsg *msg = NULL;

        pthread_mutex_lock(&p->load->lock);
        p->fates[n] = SENT;
        p->sent = n + 1;
        pthread_mutex_unlock(&p->load->lock);
        if (!p->async) {
            publish_until_stored(p, n);
            continue;
        }
        payload_of(p, n, text);
        if (natsMsg_Create(&msg, "s.async", NULL, text, (int)strlen(text)) != NATS_OK) {
            counter_add(&p->wrong, 1);
            break;
        }
        /* Nothing new while anything has failed: so no more than what may wait fails. */
        while (send_again(p)) {
        }
        send_async(p, msg);
        if (n % 16 == 15)
            nats_Sleep(5); /* the servers and all clients share a machine */
    }
    if (p->async && !all_have_acks(p))
        counter_add(&p->wrong, 1);
    return NULL;
}

void publisher_start(cluster_load *l, int i, natsConnection *nc) {
    publisher *p = &l->publishers[i];
    jsOptions opts;

    p->load = l;
    p->number = i;
    p->async = i >= SYNC_PUBLISHERS;
    counter_init(&p->acked);
    counter_init(&p->repeated);
    counter_init(&p->duplicates);
    counter_init(&p->wrong);
    CHECK_OK(jsOptions_Init(&opts));
    if (p->async) {
        opts.PublishAsync.MaxPending = MOST_PENDING;
        opts.PublishAsync.AckHandler = on_ack;
        opts.PublishAsync.AckHandlerClosure = p;
    }
    CHECK_OK(natsConnection_JetStream(&p->js, nc, &opts));
    CHECK(pthread_create(&p->thread, NULL, publish, p) == 0);
}
