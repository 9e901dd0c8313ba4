/* No message is lost while servers of a cluster are killed: several threads publish, every kind of subscription consumes,
 * and the server that leads the stream is killed and started again, or asked to hand over, many times.
 *
 * TEST_CLUSTER_SECONDS is the duration, 15 seconds by default; at least three servers are killed. The counts are
 * printed. */
#include "cluster_load.h"

enum { LEAST_KILLS = 3 };

typedef struct run {
    cluster servers;
    cluster_load load;
    int kills;
    int hand_overs;          /* of the stream's leader, after which the program saw the next one */
    int consumer_hand_overs; /* of a consumer's leader */
    counter stream_leaders;  /* advisories of elections; those that come during a reconnect are missed */
    counter consumer_leaders;
} run;

/* Too large for a stack. */
static run r;

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

/* Asks a leader to hand over, and returns whether it did. There may be no leader at the moment. */
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
            /* Two servers continue; the third learns later what it has missed. */
            next_leader(js, leader);
            server_restart(&r.servers.servers[leader]);
        } else {
            /* It is back, behind the others, before they have elected a leader. */
            server_restart(&r.servers.servers[leader]);
            next_leader(js, -1);
        }
        cluster_settle(js, "S");
        /* Then the leaders hand over, under load. */
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

/* Reads the stream from its first sequence on: it must have each acknowledged message once, and none that was not sent. */
static int64_t check_stream(jsCtx *js) {
    static unsigned char stored[PUBLISHERS][EACH];
    jsStreamInfo *si = NULL;
    uint64_t next = 1, last;
    int64_t count = 0, until;
    int i, n;

    CHECK_SOON(js_GetStreamInfo(&si, js, "S", NULL, NULL) == NATS_OK);
    last = si->State.LastSeq;
    jsStreamInfo_Destroy(si);
    /* The server that answers a direct get may have applied less of the stream than the leader. */
    for (until = now_ms() + 6 * deadline_ms(); next <= last && now_ms() < until;) {
        natsMsgList list = {NULL, 0};
        jsDirectBatchInfo info;
        jsDirectBatchOptions batch;
        natsStatus s;

        CHECK_OK(jsDirectBatchOptions_Init(&batch));
        batch.Batch = 500;
        batch.Sequence = next;
        s = js_DirectGetMsgs(&list, &info, js, "S", NULL, &batch);
        if (s == NATS_NOT_FOUND) {
            poll_pause();
            continue;
        }
        CHECK_OK(s);
        for (i = 0; i < list.Count; i++) {
            int number;

            CHECK(load_parse(list.Msgs[i], &number, &n));
            CHECK_INT(natsMsg_GetSequence(list.Msgs[i]), next + (uint64_t)i);
            CHECK(r.load.publishers[number].fates[n] != NOT_SENT);
            if (stored[number][n]++ != 0)
                check_failed(__FILE__, __LINE__, "message %d of publisher %d is stored twice", n, number);
            count++;
        }
        next += (uint64_t)list.Count;
        natsMsgList_Destroy(&list);
    }
    for (i = 0; i < PUBLISHERS; i++)
        for (n = 0; n < r.load.publishers[i].sent; n++)
            if (r.load.publishers[i].fates[n] == ACKED && stored[i][n] == 0)
                check_failed(__FILE__, __LINE__, "message %d of publisher %d was acknowledged and is lost", n,
                             i);
    return count;
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
    counter_init(&r.stream_leaders);
    counter_init(&r.consumer_leaders);
    cluster_start(&r.servers);
    load_init(&r.load, &r.servers);
    nc = test_connect(cluster_options(&r.servers));
    CHECK_OK(jsOptions_Init(&jo));
    /* Without a leader there is no answer: a short wait, and the next attempt. */
    jo.Wait = 500 * time_factor();
    CHECK_OK(natsConnection_JetStream(&js, nc, &jo));
    CHECK_OK(natsConnection_Subscribe(&elections[0], nc, "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.S",
                                      on_election, &r.stream_leaders));
    CHECK_OK(natsConnection_Subscribe(&elections[1], nc, "$JS.EVENT.ADVISORY.CONSUMER.LEADER_ELECTED.S.>",
                                      on_election, &r.consumer_leaders));
    make_stream(js);
    consumers_start(&r.load);
    for (i = 0; i < 2; i++)
        publishing[i] = test_connect(cluster_options(&r.servers));
    for (i = 0; i < PUBLISHERS; i++)
        publisher_start(&r.load, i, publishing[i >= SYNC_PUBLISHERS]);

    trouble(nc, js, seconds);
    load_set(&r.load, &r.load.stop);
    for (i = 0; i < PUBLISHERS; i++)
        pthread_join(r.load.publishers[i].thread, NULL);
    cluster_settle(js, "S");
    total = check_stream(js);
    printf("%d kills, %d hand-overs of the stream and %d of consumers, %" PRId64 " and %" PRId64
           " elections seen, %" PRId64 " messages stored\n",
           r.kills, r.hand_overs, r.consumer_hand_overs, counter_get(&r.stream_leaders),
           counter_get(&r.consumer_leaders), total);
    for (i = 0; i < PUBLISHERS; i++) {
        publisher *p = &r.load.publishers[i];

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
    consumer_check(&r.load.push, total, false);
    consumer_check(&r.load.fetch, total, false);
    consumer_check(&r.load.pull, total, false);
    consumer_check(&r.load.ordered, total, true);
    CHECK_INT(r.load.ordered.last, total);
    load_set(&r.load, &r.load.finished);
    pthread_join(r.load.fetch.thread, NULL);
    consumer_end(&r.load.push);
    consumer_end(&r.load.ordered);
    consumer_end(&r.load.fetch);
    consumer_end(&r.load.pull);
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
