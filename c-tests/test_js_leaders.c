/* Leaders of streams and consumers in a cluster: a leader hands over to the server that the program prefers. */
#include "cluster.h"
#include "jetstream.h"

static cluster servers;

/* The number of the server that leads the consumer, or -1. */
static int consumer_leader(jsCtx *js) {
    jsConsumerInfo *ci = NULL;
    int leader = -1;

    if (js_GetConsumerInfo(&ci, js, "S", "C", NULL, NULL) == NATS_OK && ci->Cluster != NULL &&
        ci->Cluster->Leader != NULL)
        leader = ci->Cluster->Leader[1] - '0';
    jsConsumerInfo_Destroy(ci);
    return leader;
}

static int stream_leader(jsCtx *js) { return cluster_leader(js, "S"); }

/* Waits until there is one, and returns its number. */
static int await_leader(jsCtx *js, int (*leader)(jsCtx *js)) {
    int found = -1;

    CHECK_SOON((found = leader(js)) >= 0);
    return found;
}

static natsStatus step_down(jsCtx *js, bool of_stream, const char *name, jsErrCode *code) {
    return of_stream ? js_StepDownStream(js, "S", name, NULL, code)
                     : js_StepDownConsumer(js, "S", "C", name, NULL, code);
}

/* Has the leadership handed over to this server. On a busy machine another one may be elected all the same, or no server
 * answers: it is asked for again then, but not so often that chance would do. */
static void hand_over(jsCtx *js, bool of_stream, int wanted) {
    int (*leader)(jsCtx * js) = of_stream ? stream_leader : consumer_leader;
    int tries, found = -1;
    char name[8];

    snprintf(name, sizeof(name), "n%d", wanted);
    for (tries = 0; tries < 3 && found != wanted; tries++) {
        int64_t until = now_ms() + deadline_ms() / 2;
        natsStatus s = step_down(js, of_stream, name, NULL);

        CHECK(s == NATS_OK || s == NATS_TIMEOUT);
        while ((found = leader(js)) != wanted && now_ms() < until)
            poll_pause();
    }
    if (found != wanted)
        check_failed(__FILE__, __LINE__, "n%d leads, not n%d", found, wanted);
}

static void the_preferred_server_leads(void) {
    natsConnection *nc;
    jsCtx *js = NULL;
    jsStreamConfig cfg;
    jsConsumerConfig cc;
    jsStreamInfo *si = NULL;
    jsErrCode code;
    jsOptions jo;
    const char *id = NULL;
    natsStatus s;

    cluster_start(&servers);
    nc = test_connect(cluster_options(&servers));
    /* While there is no leader, no server answers. */
    CHECK_OK(jsOptions_Init(&jo));
    jo.Wait = deadline_ms() / 10;
    CHECK_OK(natsConnection_JetStream(&js, nc, &jo));
    CHECK_OK(jsStreamConfig_Init(&cfg));
    cfg.Name = "S";
    cfg.Replicas = 3;
    CHECK_SOON(js_AddStream(NULL, js, &cfg, NULL, NULL) == NATS_OK);
    cluster_settle(js, "S");
    hand_over(js, true, (await_leader(js, stream_leader) + 1) % CLUSTER_SERVERS);

    CHECK_OK(js_GetStreamInfo(&si, js, "S", NULL, NULL));
    CHECK_OK(jsPeerInfo_GetRaftState(&id, NULL, si->Cluster->Replicas[0]));
    CHECK(id != NULL && id[0] != 0);
    jsStreamInfo_Destroy(si);

    CHECK_OK(jsConsumerConfig_Init(&cc));
    cc.Durable = "C";
    CHECK_SOON(js_AddConsumer(NULL, js, "S", &cc, NULL, NULL) == NATS_OK);
    hand_over(js, false, (await_leader(js, consumer_leader) + 2) % CLUSTER_SERVERS);

    /* To any other one. */
    CHECK_SOON(step_down(js, true, NULL, NULL) == NATS_OK);
    CHECK_SOON((s = step_down(js, true, "nobody", &code)) != NATS_TIMEOUT);
    CHECK_STATUS(s, NATS_ERR);
    CHECK(code != 0);
    CHECK_STATUS(js_StepDownStream(js, "NONE", NULL, NULL, &code), NATS_NOT_FOUND);
    CHECK_INT(code, JSStreamNotFoundErr);
    CHECK_STATUS(js_StepDownConsumer(js, "S", "NONE", NULL, NULL, &code), NATS_NOT_FOUND);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    cluster_stop(&servers);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(the_preferred_server_leads),
    };

    return RUN_TESTS(cases, argc, argv);
}
