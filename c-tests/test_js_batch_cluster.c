/* Batches, and publishes that expect a last sequence, while servers of a cluster are killed and hand over. Each
 * call returns in time with a status; acknowledged messages are stored; an atomic batch is stored completely or
 * not at all; and only one of several publishes that expect the same sequence succeeds. */
#include "cluster.h"
#include "jetstream.h"
#include "test.h"

enum { CHANGES = 5, ATOMIC = 20, FAST = 400, BATCHES = 20000, WRITERS = 3, WAIT_MS = 2000 };

typedef struct batch_fate {
    bool stored;    /* the commit has said so */
    uint64_t acked; /* messages that are known to be stored */
    int seen;       /* messages that are */
    uint64_t first; /* their stream sequences */
    uint64_t last;
} batch_fate;

struct run;

typedef struct worker {
    struct run *run;
    void (*act)(struct worker *w);
    const char *name;
    natsConnection *nc;
    jsCtx *js;
    pthread_t thread;
    int number;
    int batches;
    counter done, failed, mismatches[2], wrong, odd;
    batch_fate *fates;
} worker;

typedef struct run {
    cluster servers;
    natsConnection *nc;
    jsCtx *js;
    pthread_mutex_t lock;
    bool stop;
    worker atomic, fast, writers[WRITERS];
} run;

static run r;

static bool is_over(void) {
    bool over;

    pthread_mutex_lock(&r.lock);
    over = r.stop;
    pthread_mutex_unlock(&r.lock);
    return over;
}

static jsPubOptions options(void) {
    jsPubOptions opts;

    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = WAIT_MS * time_factor();
    return opts;
}

/* It has ended in its time. */
static void note(worker *w, int64_t began, natsStatus s) {
    if (now_ms() - began > WAIT_MS * time_factor() + deadline_ms())
        counter_add(&w->wrong, 1);
    if (s != NATS_OK)
        counter_add(&w->failed, 1);
}

static natsMsg *numbered(const worker *w, int batch, int n) {
    natsMsg *msg = NULL;
    char subject[32], text[32];

    snprintf(subject, sizeof(subject), "s.%s", w->name);
    snprintf(text, sizeof(text), "%d %d", batch, n);
    CHECK_OK(natsMsg_Create(&msg, subject, NULL, text, (int)strlen(text)));
    return msg;
}

static void atomic_batch(worker *w) {
    jsPubOptions opts = options();
    jsAtomicBatchCtx *batch = NULL;
    jsPubAck *ack = NULL;
    natsStatus s = NATS_OK;
    int n;

    for (n = 0; n < ATOMIC && s == NATS_OK; n++) {
        natsMsg *msg = numbered(w, w->batches, n);
        int64_t began = now_ms();

        if (n == 0)
            s = js_BatchPublishStart(&batch, NULL, w->js, msg, &opts, NULL);
        else if (n < ATOMIC - 1)
            s = js_BatchPublishAdd(NULL, batch, msg, &opts, NULL);
        else
            s = js_BatchPublishCommit(&ack, batch, msg, &opts, NULL);
        note(w, began, s);
        natsMsg_Destroy(msg);
    }
    if (s == NATS_OK) {
        if (ack == NULL || ack->Count != ATOMIC)
            counter_add(&w->wrong, 1);
        w->fates[w->batches].stored = true;
        counter_add(&w->done, 1);
    }
    jsPubAck_Destroy(ack);
    jsAtomicBatchCtx_Destroy(batch);
}

static void fast_batch(worker *w) {
    jsPubOptions opts = options();
    jsFastBatchCtx *batch = NULL;
    jsFastPublishProgress p;
    jsPubAck *ack = NULL;
    natsStatus s = js_FastPublishStart(&batch, w->js, NULL);
    int n;

    memset(&p, 0, sizeof(p));
    for (n = 0; n < FAST && s == NATS_OK; n++) {
        natsMsg *msg = numbered(w, w->batches, n);
        int64_t began = now_ms();

        if (n < FAST - 1)
            s = js_FastPublishAdd(batch, msg, &opts, NULL);
        else
            s = js_FastPublishCommit(&ack, batch, msg, &opts, NULL);
        note(w, began, s);
        natsMsg_Destroy(msg);
    }
    if (batch != NULL && js_FastPublishGetProgress(&p, batch) != NATS_OK)
        counter_add(&w->wrong, 1);
    w->fates[w->batches].acked = p.Acked;
    if (s == NATS_OK) {
        if (ack == NULL || ack->Count != FAST)
            counter_add(&w->wrong, 1);
        w->fates[w->batches].stored = true;
        counter_add(&w->done, 1);
    }
    jsPubAck_Destroy(ack);
    jsFastBatchCtx_Destroy(batch);
}

static void *work(void *arg) {
    worker *w = (worker *)arg;

    while (!is_over() && w->batches < BATCHES - 1) {
        w->act(w);
        w->batches++;
        nats_Sleep(5);
    }
    return NULL;
}

static void begin(worker *w, const char *name, void (*act)(worker *w)) {
    jsOptions opts;
    int i;

    w->name = name;
    w->act = act;
    w->fates = (batch_fate *)calloc(BATCHES, sizeof(batch_fate));
    CHECK(w->fates != NULL);
    counter_init(&w->done);
    counter_init(&w->failed);
    counter_init(&w->wrong);
    counter_init(&w->odd);
    for (i = 0; i < 2; i++)
        counter_init(&w->mismatches[i]);
    w->nc = test_connect(cluster_options(&r.servers));
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = WAIT_MS * time_factor();
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, &opts));
    CHECK(pthread_create(&w->thread, NULL, work, w) == 0);
}

static void end(worker *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    free(w->fates);
}

static void run_start(void) {
    char text[1024];

    memset(&r, 0, sizeof(r));
    pthread_mutex_init(&r.lock, NULL);
    cluster_start(&r.servers);
    r.nc = test_connect(cluster_options(&r.servers));
    CHECK_OK(natsConnection_JetStream(&r.js, r.nc, NULL));
    api_request(r.nc, "STREAM.CREATE.S",
                "{\"name\":\"S\",\"subjects\":[\"s.>\"],\"storage\":\"file\",\"num_replicas\":3,"
                "\"allow_atomic\":true,\"allow_batched\":true,\"allow_direct\":true}",
                text, sizeof(text));
    CHECK(strstr(text, "\"error\"") == NULL);
    cluster_settle(r.js, "S");
}

static void run_end(void) {
    jsCtx_Destroy(r.js);
    natsConnection_Destroy(r.nc);
    cluster_stop(&r.servers);
}

/* This worker gets something done. */
static void await_progress(worker *w) {
    int64_t done = counter_get(&w->done);

    CHECK(counter_wait(&w->done, done + 2, 6 * deadline_ms()));
}

/* The server that leads the stream is killed and started again, or hands over. */
static void change_leader(int round, worker **workers, int count) {
    int leader = -1, i;

    for (i = 0; i < count; i++)
        await_progress(workers[i]);
    CHECK_SOON((leader = cluster_leader(r.js, "S")) >= 0);
    if (round % 2 == 0) {
        server_kill(&r.servers.servers[leader]);
        for (i = 0; i < count; i++)
            await_progress(workers[i]);
        server_restart(&r.servers.servers[leader]);
        cluster_settle(r.js, "S");
    } else {
        CHECK_SOON(js_StepDownStream(r.js, "S", NULL, NULL, NULL) == NATS_OK);
    }
}

static void stop_all(worker **workers, int count) {
    int i;

    pthread_mutex_lock(&r.lock);
    r.stop = true;
    pthread_mutex_unlock(&r.lock);
    for (i = 0; i < count; i++) {
        CHECK(pthread_join(workers[i]->thread, NULL) == 0);
        CHECK_INT(counter_get(&workers[i]->wrong), 0);
    }
    cluster_settle(r.js, "S");
}

/* The sequence of the last message on this subject, as the leader says. A consumer's number of pending messages is no
 * sign of the end: the server that has the consumer may have applied less of the stream than the leader. */
static uint64_t last_sequence(const char *subject) {
    natsMsg *last = NULL;
    uint64_t sequence;

    CHECK_SOON(js_GetLastMsg(&last, r.js, "S", subject, NULL, NULL) == NATS_OK);
    sequence = natsMsg_GetSequence(last);
    natsMsg_Destroy(last);
    return sequence;
}

/* Reads all that the stream has of this worker's. A batch that is not complete begins with its first message. */
static void read_all(worker *w, bool atomic) {
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    jsMsgMetaData *meta = NULL;
    char subject[32];
    uint64_t last, sequence = 0;
    int i, complete = 0, partial = 0;

    snprintf(subject, sizeof(subject), "s.%s", w->name);
    last = last_sequence(subject);
    CHECK_OK(jsSubOptions_Init(&opts));
    opts.Ordered = true;
    CHECK_OK(js_SubscribeSync(&sub, r.js, subject, NULL, &opts, NULL));
    while (sequence < last) {
        natsMsg *msg = NULL;
        batch_fate *fate;
        int batch = -1, n = -1;

        CHECK_OK(natsSubscription_NextMsg(&msg, sub, 6 * deadline_ms()));
        CHECK(sscanf(natsMsg_GetData(msg), "%d %d", &batch, &n) == 2 && batch >= 0 && batch < BATCHES);
        CHECK_OK(natsMsg_GetMetaData(&meta, msg));
        sequence = meta->Sequence.Stream;
        fate = &w->fates[batch];
        CHECK_INT(n, fate->seen); /* in order, and once each */
        if (fate->seen++ == 0)
            fate->first = sequence;
        fate->last = sequence;
        jsMsgMetaData_Destroy(meta);
        natsMsg_Destroy(msg);
    }
    natsSubscription_Destroy(sub);
    for (i = 0; i < w->batches; i++) {
        const batch_fate *fate = &w->fates[i];
        int whole = atomic ? ATOMIC : FAST;

        if (fate->stored)
            CHECK_INT(fate->seen, whole);
        CHECK((uint64_t)fate->seen >= fate->acked);
        if (atomic && fate->seen > 0) {
            CHECK_INT(fate->seen, ATOMIC);
            CHECK(fate->last - fate->first == ATOMIC - 1);
        }
        complete += fate->seen == whole;
        partial += fate->seen > 0 && fate->seen < whole;
    }
    printf("%s: %d batches, %d acknowledged, %d stored, %d in part\n", w->name, w->batches,
           (int)counter_get(&w->done), complete, partial);
}

/* Adds one to the number in the last message, if no other writer has done that meanwhile. */
static void increase(worker *w) {
    jsPubOptions opts = options();
    jsErrCode code = (jsErrCode)0;
    natsMsg *last = NULL;
    jsPubAck *ack = NULL;
    char text[32];
    int64_t began = now_ms();
    natsStatus s = js_GetLastMsg(&last, w->js, "S", "s.number", NULL, NULL);

    note(w, began, s);
    if (s != NATS_OK)
        return;
    opts.ExpectLastSubjectSeq = natsMsg_GetSequence(last);
    snprintf(text, sizeof(text), "%d", atoi(natsMsg_GetData(last)) + 1);
    natsMsg_Destroy(last);
    began = now_ms();
    s = js_Publish(&ack, w->js, "s.number", text, (int)strlen(text), &opts, &code);
    note(w, began, s);
    if (s == NATS_OK) {
        w->fates[w->batches].acked = ack->Sequence;
        counter_add(&w->done, 1);
    } else if (code == JSStreamWrongLastSequenceErr) {
        counter_add(&w->mismatches[0], 1);
    } else if (code == JSStreamWrongLastSequenceConstantErr) {
        counter_add(&w->mismatches[1], 1);
    } else if (s != NATS_TIMEOUT && s != NATS_NO_RESPONDERS && s != NATS_CONNECTION_DISCONNECTED) {
        fprintf(stderr, "status %d, code %d: %s\n", (int)s, (int)code, nats_GetLastError(NULL));
        counter_add(&w->odd, 1);
    }
    jsPubAck_Destroy(ack);
}

/* Each acknowledged change is in the stream, and each message is the one before plus one: no change was made on top of
 * a number that was not the last one. */
static void check_changes(void) {
    natsSubscription *sub = NULL;
    jsSubOptions opts;
    jsMsgMetaData *meta = NULL;
    uint64_t last = last_sequence("s.number"), sequence = 0;
    int64_t done = 0, numbered_by_server = 0, constant = 0;
    unsigned char *stored = (unsigned char *)calloc(last + 1, 1);
    int i, n, next = 0;

    CHECK(stored != NULL);
    CHECK_OK(jsSubOptions_Init(&opts));
    opts.Ordered = true;
    CHECK_OK(js_SubscribeSync(&sub, r.js, "s.number", NULL, &opts, NULL));
    while (sequence < last) {
        natsMsg *msg = NULL;

        CHECK_OK(natsSubscription_NextMsg(&msg, sub, 6 * deadline_ms()));
        /* The first number may have been published twice. */
        n = atoi(natsMsg_GetData(msg));
        CHECK(n == next || (n == 0 && next <= 1));
        next = n + 1;
        CHECK_OK(natsMsg_GetMetaData(&meta, msg));
        sequence = meta->Sequence.Stream;
        CHECK(sequence <= last);
        stored[sequence] = 1;
        jsMsgMetaData_Destroy(meta);
        natsMsg_Destroy(msg);
    }
    natsSubscription_Destroy(sub);
    for (i = 0; i < WRITERS; i++) {
        worker *w = &r.writers[i];

        for (n = 0; n < w->batches; n++) {
            uint64_t seq = w->fates[n].acked;

            CHECK(seq <= last && (seq == 0 || stored[seq]));
        }
        CHECK_INT(counter_get(&w->odd), 0);
        done += counter_get(&w->done);
        numbered_by_server += counter_get(&w->mismatches[0]);
        constant += counter_get(&w->mismatches[1]);
    }
    CHECK(numbered_by_server + constant > 0);
    printf("%d changes, refused with 10071: %d, with 10164: %d\n", (int)done, (int)numbered_by_server,
           (int)constant);
    free(stored);
}

/* Together: most of the time goes into the elections of the servers. */
static void batches_and_changes_while_leaders_change(void) {
    worker *workers[2 + WRITERS] = {&r.atomic, &r.fast};
    int i, count = 2;

    run_start();
    CHECK_SOON(js_Publish(NULL, r.js, "s.number", "0", 1, NULL, NULL) == NATS_OK);
    begin(&r.atomic, "atomic", atomic_batch);
    begin(&r.fast, "fast", fast_batch);
    for (i = 0; i < WRITERS; i++) {
        workers[count++] = &r.writers[i];
        begin(&r.writers[i], "number", increase);
    }
    for (i = 0; i < CHANGES; i++)
        change_leader(i, workers, count);
    stop_all(workers, count);
    read_all(&r.atomic, true);
    read_all(&r.fast, false);
    check_changes();
    for (i = 0; i < count; i++)
        end(workers[i]);
    run_end();
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(batches_and_changes_while_leaders_change),
    };

    return RUN_TESTS(cases, argc, argv);
}
