/* Nothing is lost while servers of a cluster die: several threads publish, every kind of subscription consumes, and
 * the server that leads the stream is killed and started again, or told to hand over, time after time.
 *
 * TEST_CLUSTER_SECONDS says for how long: 15 without it, but at least three servers are killed. The counts are
 * printed. */
#include "callbacks.h"
#include "cluster.h"
#include "jetstream.h"
#include "test.h"

enum {
    SYNC_PUBLISHERS = 2,
    ASYNC_PUBLISHERS = 2,
    PUBLISHERS = SYNC_PUBLISHERS + ASYNC_PUBLISHERS,
    EACH = 250000,      /* the most messages of one publisher */
    MOST_PENDING = 256, /* of an async publisher */
    LEAST_KILLS = 3,
    RETRY_MS = 20,
    NANOS_PER_S = 1000000000
};

typedef enum fate { NOT_SENT, SENT, ACKED } fate;

struct run;

typedef struct publisher {
    struct run *run;
    int number;
    bool async;
    pthread_t thread;
    jsCtx *js;
    int sent;                         /* messages 0 to sent - 1 have been given away */
    unsigned char fates[EACH];        /* under the run's lock */
    natsMsg *again[2 * MOST_PENDING]; /* what failed, under the run's lock */
    int again_count;
    counter acked;
    counter repeated; /* publishes that had to be made once more */
    counter duplicates;
    counter wrong;
} publisher;

/* What one way of consuming has seen. */
typedef struct consumer {
    struct run *run;
    const char *name;
    pthread_mutex_t lock;
    unsigned char seen[PUBLISHERS][EACH];
    counter messages;
    counter distinct;
    counter wrong;
    counter problems; /* calls that failed and were made again */
    uint64_t last;    /* stream sequence, of the ordered one */
    natsConnection *nc;
    jsCtx *js;
    natsSubscription *sub;
    closure events;
    pthread_t thread;
} consumer;

typedef struct run {
    cluster servers;
    pthread_mutex_t lock;
    bool stop;     /* publishers begin nothing new */
    bool finished; /* the fetching thread ends */
    publisher publishers[PUBLISHERS];
    consumer push, ordered, fetch, pull;
    int kills;
    int hand_overs;          /* a stream's leader that handed over, and the program saw the next one */
    int consumer_hand_overs; /* a consumer's */
    counter stream_leaders;  /* advisories of elections; those that come during a reconnect are missed */
    counter consumer_leaders;
} run;

/* Too large for a stack. */
static run r;

static bool is_set(const bool *flag) {
    bool value;

    pthread_mutex_lock(&r.lock);
    value = *flag;
    pthread_mutex_unlock(&r.lock);
    return value;
}

static void set(bool *flag) {
    pthread_mutex_lock(&r.lock);
    *flag = true;
    pthread_mutex_unlock(&r.lock);
}

/* ---- publishing ---- */

static void acked(publisher *p, int n, bool duplicate) {
    pthread_mutex_lock(&r.lock);
    if (p->fates[n] != ACKED) {
        p->fates[n] = ACKED;
        counter_add(&p->acked, 1);
    }
    pthread_mutex_unlock(&r.lock);
    if (duplicate)
        counter_add(&p->duplicates, 1);
}

/* "number n": the payload, and the message's id. */
static void payload_of(const publisher *p, int n, char text[32]) {
    snprintf(text, 32, "%d %d", p->number, n);
}

static bool parse(natsMsg *msg, int *number, int *n) {
    char text[32];

    snprintf(text, sizeof(text), "%.*s", natsMsg_GetDataLength(msg), natsMsg_GetData(msg));
    return sscanf(text, "%d %d", number, n) == 2 && *number >= 0 && *number < PUBLISHERS && *n >= 0 &&
           *n < EACH;
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
    if (!parse(msg, &number, &n) || number != p->number || (pa == NULL) == (pae == NULL)) {
        counter_add(&p->wrong, 1);
    } else if (pa != NULL) {
        acked(p, n, pa->Duplicate);
    } else {
        /* It may be stored or not: the publisher's thread sends it once more, by the same id. */
        counter_add(&p->repeated, 1);
        pthread_mutex_lock(&r.lock);
        p->again[p->again_count++] = msg;
        pthread_mutex_unlock(&r.lock);
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

    pthread_mutex_lock(&r.lock);
    count = p->again_count;
    memcpy(msgs, p->again, sizeof(msgs));
    p->again_count = 0;
    pthread_mutex_unlock(&r.lock);
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

    for (n = 0; n < EACH && !is_set(&r.stop); n++) {
        char text[32];
        natsMsg *msg = NULL;

        pthread_mutex_lock(&r.lock);
        p->fates[n] = SENT;
        p->sent = n + 1;
        pthread_mutex_unlock(&r.lock);
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

/* ---- consuming ---- */

static void note(consumer *c, natsMsg *msg) {
    int number, n;

    if (!parse(msg, &number, &n)) {
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
    note(c, msg);
    if (natsMsg_GetMetaData(&meta, msg) != NATS_OK) {
        counter_add(&c->wrong, 1);
    } else {
        /* Nothing is deleted: no sequence is missing. */
        if (meta->Sequence.Stream != c->last + 1)
            counter_add(&c->wrong, 1);
        c->last = meta->Sequence.Stream;
    }
    jsMsgMetaData_Destroy(meta);
    natsMsg_Destroy(msg);
}

static void *fetch(void *arg) {
    consumer *c = (consumer *)arg;

    while (!is_set(&r.finished)) {
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

static void consumer_start(consumer *c, const char *name) {
    natsOptions *opts;

    memset(c, 0, sizeof(*c));
    c->run = &r;
    c->name = name;
    pthread_mutex_init(&c->lock, NULL);
    counter_init(&c->messages);
    counter_init(&c->distinct);
    counter_init(&c->wrong);
    counter_init(&c->problems);
    closure_init(&c->events);
    opts = cluster_options(&r.servers);
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

static void consume(void) {
    jsSubOptions so;
    jsOptions jo;

    consumer_start(&r.push, "push");
    durable(&so);
    so.Config.Durable = "push";
    CHECK_OK(js_Subscribe(&r.push.sub, r.push.js, "s.*", on_push, &r.push, NULL, &so, NULL));

    consumer_start(&r.ordered, "ordered");
    CHECK_OK(jsSubOptions_Init(&so));
    so.Stream = "S";
    so.Ordered = true;
    so.Config.Heartbeat = (int64_t)time_factor() * NANOS_PER_S;
    CHECK_OK(js_Subscribe(&r.ordered.sub, r.ordered.js, "s.*", on_ordered_msg, &r.ordered, NULL, &so, NULL));

    consumer_start(&r.fetch, "fetch");
    durable(&so);
    CHECK_OK(js_PullSubscribe(&r.fetch.sub, r.fetch.js, "s.*", "fetch", NULL, &so, NULL));
    CHECK(pthread_create(&r.fetch.thread, NULL, fetch, &r.fetch) == 0);

    consumer_start(&r.pull, "async pull");
    durable(&so);
    CHECK_OK(jsOptions_Init(&jo));
    jo.PullSubscribeAsync.FetchSize = 100;
    jo.PullSubscribeAsync.KeepAhead = 50;
    jo.PullSubscribeAsync.Heartbeat = 1000 * time_factor();
    CHECK_OK(js_PullSubscribeAsync(&r.pull.sub, r.pull.js, "s.*", "pull", on_push, &r.pull, &jo, &so, NULL));
}

/* ---- the run ---- */

static void make_stream(jsCtx *js) {
    jsStreamConfig cfg;
    const char *subjects[] = {"s.*"};

    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "S";
    cfg.Subjects = subjects;
    cfg.SubjectsLen = 1;
    cfg.Storage = js_FileStorage;
    cfg.Replicas = CLUSTER_SERVERS;
    cfg.AllowDirect = true;
    cfg.Duplicates = (int64_t)600 * NANOS_PER_S;
    CHECK_SOON(js_AddStream(NULL, js, &cfg, NULL, NULL) == NATS_OK);
    cluster_settle(js, "S");
}

static void on_election(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    counter_add((counter *)arg, 1);
    natsMsg_Destroy(msg);
}

/* Asks a leader to hand over; whether it did. Nobody may be there to ask. */
static bool hand_over(natsConnection *nc, const char *function) {
    natsMsg *reply = NULL;
    bool done = natsConnection_RequestString(&reply, nc, function, "", 1000) == NATS_OK &&
                strstr(natsMsg_GetData(reply), "\"success\":true") != NULL;

    natsMsg_Destroy(reply);
    return done;
}

/* Waits for a leader other than this one (-1: for any) and returns it. */
static int next_leader(jsCtx *js, int not_this) {
    int64_t until = now_ms() + 6 * deadline_ms();

    for (;;) {
        int leader = cluster_leader(js, "S");

        if (leader >= 0 && leader != not_this)
            return leader;
        if (now_ms() > until)
            check_failed(__FILE__, __LINE__, "no leader but %d", not_this);
        poll_pause();
    }
}

static void trouble(natsConnection *nc, jsCtx *js, int64_t seconds) {
    static const char *const consumers[] = {"push", "fetch", "pull"};
    int64_t until = now_ms() + seconds * 1000;
    int round;

    for (round = 0; now_ms() < until || r.kills < LEAST_KILLS; round++) {
        int leader = next_leader(js, -1);

        server_kill(&r.servers.servers[leader]);
        r.kills++;
        if (round % 2 == 0) {
            /* Two servers go on; the third finds out later what it has missed. */
            next_leader(js, leader);
            server_restart(&r.servers.servers[leader]);
        } else {
            /* It is back, behind the others, before they have elected a leader. */
            server_restart(&r.servers.servers[leader]);
            next_leader(js, -1);
        }
        cluster_settle(js, "S");
        /* Then everything is handed over, under load. */
        leader = next_leader(js, -1);
        if (hand_over(nc, "$JS.API.STREAM.LEADER.STEPDOWN.S")) {
            next_leader(js, leader);
            r.hand_overs++;
        }
        for (leader = 0; leader < 3; leader++) {
            char function[64];

            snprintf(function, sizeof(function), "$JS.API.CONSUMER.LEADER.STEPDOWN.S.%s", consumers[leader]);
            r.consumer_hand_overs += hand_over(nc, function);
        }
        cluster_settle(js, "S");
    }
}

/* Reads what the stream has, by its sequences: each acknowledged message once, and nothing that was never sent. */
static int64_t check_stream(jsCtx *js) {
    static unsigned char stored[PUBLISHERS][EACH];
    uint64_t next = 1;
    int64_t count = 0;
    int i, n;

    for (;;) {
        natsMsgList list = {NULL, 0};
        jsDirectBatchInfo info;
        jsDirectBatchOptions batch;
        natsStatus s;

        CHECK_OK(jsDirectBatchOptions_Init(&batch));
        batch.Batch = 500;
        batch.Sequence = next;
        s = js_DirectGetMsgs(&list, &info, js, "S", NULL, &batch);
        if (s == NATS_NOT_FOUND)
            break;
        CHECK_OK(s);
        for (i = 0; i < list.Count; i++) {
            int number;

            CHECK(parse(list.Msgs[i], &number, &n));
            CHECK_INT(natsMsg_GetSequence(list.Msgs[i]), next + (uint64_t)i);
            CHECK(r.publishers[number].fates[n] != NOT_SENT);
            if (stored[number][n]++ != 0)
                check_failed(__FILE__, __LINE__, "message %d of publisher %d is stored twice", n, number);
            count++;
        }
        next += (uint64_t)list.Count;
        natsMsgList_Destroy(&list);
        if (info.NumPending == 0)
            break;
    }
    for (i = 0; i < PUBLISHERS; i++)
        for (n = 0; n < r.publishers[i].sent; n++)
            if (r.publishers[i].fates[n] == ACKED && stored[i][n] == 0)
                check_failed(__FILE__, __LINE__, "message %d of publisher %d was acknowledged and is lost", n,
                             i);
    return count;
}

static void consumer_check(consumer *c, int64_t total, bool once) {
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

static void consumer_end(consumer *c) {
    natsSubscription_Destroy(c->sub);
    jsCtx_Destroy(c->js);
    natsConnection_Destroy(c->nc);
    CHECK_REACHED(&c->events.closed, 1);
}

static void nothing_is_lost(void) {
    const char *text = getenv("TEST_CLUSTER_SECONDS");
    int64_t seconds = text == NULL ? 15 : atoi(text), total, all_acked = 0;
    natsConnection *nc, *publishing[2];
    natsSubscription *elections[2];
    jsCtx *js = NULL;
    jsOptions jo;
    int i;

    alarm((unsigned)((seconds + 120) * time_factor()));
    pthread_mutex_init(&r.lock, NULL);
    counter_init(&r.stream_leaders);
    counter_init(&r.consumer_leaders);
    cluster_start(&r.servers);
    nc = test_connect(cluster_options(&r.servers));
    CHECK_OK(jsOptions_Init(&jo));
    /* Nobody answers where there is no leader: then it is asked again soon. */
    jo.Wait = 500 * time_factor();
    CHECK_OK(natsConnection_JetStream(&js, nc, &jo));
    CHECK_OK(natsConnection_Subscribe(&elections[0], nc, "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.S",
                                      on_election, &r.stream_leaders));
    CHECK_OK(natsConnection_Subscribe(&elections[1], nc, "$JS.EVENT.ADVISORY.CONSUMER.LEADER_ELECTED.S.>",
                                      on_election, &r.consumer_leaders));
    make_stream(js);
    consume();
    for (i = 0; i < 2; i++)
        publishing[i] = test_connect(cluster_options(&r.servers));
    for (i = 0; i < PUBLISHERS; i++) {
        publisher *p = &r.publishers[i];
        jsOptions opts;

        p->run = &r;
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
        CHECK_OK(natsConnection_JetStream(&p->js, publishing[p->async], &opts));
        CHECK(pthread_create(&p->thread, NULL, publish, p) == 0);
    }

    trouble(nc, js, seconds);
    set(&r.stop);
    for (i = 0; i < PUBLISHERS; i++)
        pthread_join(r.publishers[i].thread, NULL);
    cluster_settle(js, "S");
    total = check_stream(js);
    printf("%d kills, %d hand-overs of the stream and %d of consumers, %" PRId64 " and %" PRId64
           " elections seen, %" PRId64 " messages stored\n",
           r.kills, r.hand_overs, r.consumer_hand_overs, counter_get(&r.stream_leaders),
           counter_get(&r.consumer_leaders), total);
    for (i = 0; i < PUBLISHERS; i++) {
        publisher *p = &r.publishers[i];

        printf("%s %d: %7d sent, %" PRId64 " acknowledged, %" PRId64 " publishes repeated, %" PRId64
               " found stored already\n",
               p->async ? "async" : "sync ", i, p->sent, counter_get(&p->acked), counter_get(&p->repeated),
               counter_get(&p->duplicates));
        CHECK_INT(counter_get(&p->wrong), 0);
        CHECK_INT(counter_get(&p->acked), p->sent);
        all_acked += p->sent;
        jsCtx_Destroy(p->js);
    }
    CHECK_INT(total, all_acked);
    CHECK(r.kills >= LEAST_KILLS);
    CHECK(r.hand_overs > 0 && r.consumer_hand_overs > 0);
    /* A new leader for each kill, and for each hand-over. Some were not told while this connection was lost. */
    CHECK(counter_get(&r.stream_leaders) >= r.hand_overs);
    consumer_check(&r.push, total, false);
    consumer_check(&r.fetch, total, false);
    consumer_check(&r.pull, total, false);
    consumer_check(&r.ordered, total, true);
    CHECK_INT(r.ordered.last, total);
    set(&r.finished);
    pthread_join(r.fetch.thread, NULL);
    consumer_end(&r.push);
    consumer_end(&r.ordered);
    consumer_end(&r.fetch);
    consumer_end(&r.pull);
    for (i = 0; i < 2; i++) {
        natsConnection_Destroy(publishing[i]);
        natsSubscription_Destroy(elections[i]);
    }
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    cluster_stop(&r.servers);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(nothing_is_lost),
    };

    return RUN_TESTS(cases, argc, argv);
}
