#include "cluster_load.h"

static void note(consumer *c, natsMsg *msg) {
    int number, n;

    if (!load_parse(msg, &number, &n)) {
        counter_add(&c->wrong, 1);
        return;
    }
    pthread_mutex_lock(&c->lock);
    if (c->seen[number][n] < 255)
        c->seen[number][n]++;
    if (c->seen[number][n] == 1)
        counter_add(&c->distinct, 1);
    pthread_mutex_unlock(&c->lock);
    counter_add(&c->messages, 1);
}

static void on_push(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    note((consumer *)arg, msg);
    /* Where the ack does not arrive, the message comes again. */
    natsMsg_Ack(msg, NULL);
    natsMsg_Destroy(msg);
}

static void on_ordered_msg(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    consumer *c = (consumer *)arg;
    jsMsgMetaData *meta = NULL;

    (void)nc;
    (void)sub;
    if (natsMsg_GetMetaData(&meta, msg) != NATS_OK) {
        counter_add(&c->wrong, 1);
    } else {
        /* Nothing is deleted: no sequence is missing. */
        if (meta->Sequence.Stream != c->last + 1)
            counter_add(&c->wrong, 1);
        c->last = meta->Sequence.Stream;
    }
    note(c, msg); /* the last step: the test looks at all of it when it has seen the number of messages */
    jsMsgMetaData_Destroy(meta);
    natsMsg_Destroy(msg);
}

static void *fetch(void *arg) {
    consumer *c = (consumer *)arg;

    while (!load_is_set(c->load, &c->load->finished)) {
        natsMsgList list = {NULL, 0};
        int64_t began = now_ms();
        natsStatus s = natsSubscription_Fetch(&list, c->sub, 100, 1000 * time_factor(), NULL);
        int i;

        if (now_ms() - began > 1000 * time_factor() + deadline_ms())
            counter_add(&c->wrong, 1);
        if (s != NATS_OK) {
            counter_add(&c->problems, 1);
            if (s != NATS_TIMEOUT)
                nats_Sleep(RETRY_MS);
            continue;
        }
        for (i = 0; i < list.Count; i++) {
            note(c, list.Msgs[i]);
            natsMsg_Ack(list.Msgs[i], NULL);
        }
        natsMsgList_Destroy(&list);
    }
    return NULL;
}

static void consumer_start(cluster_load *l, consumer *c, const char *name) {
    natsOptions *opts;

    memset(c, 0, sizeof(*c));
    c->load = l;
    c->name = name;
    pthread_mutex_init(&c->lock, NULL);
    counter_init(&c->messages);
    counter_init(&c->distinct);
    counter_init(&c->wrong);
    counter_init(&c->problems);
    closure_init(&c->events);
    opts = cluster_options(l->servers);
    options_record(opts, &c->events);
    c->nc = test_connect(opts);
    CHECK_OK(natsConnection_JetStream(&c->js, c->nc, NULL));
}

static void durable(jsSubOptions *so) {
    CHECK_OK(jsSubOptions_Init(so));
    so->Stream = "S";
    so->ManualAck = true;
    so->Config.AckWait = (int64_t)3 * time_factor() * NANOS_PER_S;
    so->Config.MaxAckPending = 1000;
}

void consumers_start(cluster_load *l) {
    jsSubOptions so;
    jsOptions jo;

    consumer_start(l, &l->push, "push");
    durable(&so);
    so.Config.Durable = "push";
    CHECK_OK(js_Subscribe(&l->push.sub, l->push.js, "s.*", on_push, &l->push, NULL, &so, NULL));

    consumer_start(l, &l->ordered, "ordered");
    CHECK_OK(jsSubOptions_Init(&so));
    so.Stream = "S";
    so.Ordered = true;
    so.Config.Heartbeat = (int64_t)time_factor() * NANOS_PER_S;
    CHECK_OK(
        js_Subscribe(&l->ordered.sub, l->ordered.js, "s.*", on_ordered_msg, &l->ordered, NULL, &so, NULL));

    consumer_start(l, &l->fetch, "fetch");
    durable(&so);
    CHECK_OK(js_PullSubscribe(&l->fetch.sub, l->fetch.js, "s.*", "fetch", NULL, &so, NULL));
    CHECK(pthread_create(&l->fetch.thread, NULL, fetch, &l->fetch) == 0);

    consumer_start(l, &l->pull, "async pull");
    durable(&so);
    CHECK_OK(jsOptions_Init(&jo));
    jo.PullSubscribeAsync.FetchSize = 100;
    jo.PullSubscribeAsync.KeepAhead = 50;
    jo.PullSubscribeAsync.Heartbeat = 1000 * time_factor();
    CHECK_OK(
        js_PullSubscribeAsync(&l->pull.sub, l->pull.js, "s.*", "pull", on_push, &l->pull, &jo, &so, NULL));
}

void consumer_check(consumer *c, int64_t total, bool once) {
    int i, n;

    if (!counter_wait(&c->distinct, total, 6 * deadline_ms()))
        check_failed(__FILE__, __LINE__, "%s: %" PRId64 " of %" PRId64 " messages", c->name,
                     counter_get(&c->distinct), total);
    printf("%-10s %7" PRId64 " messages, %" PRId64 " of them again, %" PRId64 " calls that failed, %" PRId64
           " reconnects\n",
           c->name, counter_get(&c->messages), counter_get(&c->messages) - total, counter_get(&c->problems),
           counter_get(&c->events.reconnected));
    CHECK_INT(counter_get(&c->wrong), 0);
    CHECK_INT(counter_get(&c->distinct), total);
    for (i = 0; once && i < PUBLISHERS; i++)
        for (n = 0; n < EACH; n++)
            CHECK(c->seen[i][n] <= 1);
}

void consumer_end(consumer *c) {
    natsSubscription_Destroy(c->sub);
    jsCtx_Destroy(c->js);
    natsConnection_Destroy(c->nc);
    CHECK_REACHED(&c->events.closed, 1);
}
