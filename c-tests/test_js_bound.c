/* A push consumer without a deliver group has one subscription: a second one of the same connection is refused, also
 * while the server has not noticed the first one. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "js_peer.h"

#define BOUND "consumer is already bound to a subscription"

/* The server still finds that nobody listens. */
#define UNNOTICED(group)                                                                                     \
    "{\"stream_name\":\"S\",\"name\":\"c\",\"created\":\"2026-01-01T00:00:00Z\",\"config\":{"                \
    "\"durable_name\":\"c\",\"ack_policy\":\"explicit\",\"deliver_subject\":\"to.c\"" group                  \
    "},\"push_bound\":false,\"num_pending\":0}"

static void answer_info(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    if (js_peer_await(j, "PUB", "$JS.API.CONSUMER.INFO.S.c"))
        js_peer_answer(j, (const char *)arg);
}

static natsStatus bind_to(js_peer *j, jsCtx *js, natsSubscription **sub, const char *queue) {
    jsSubOptions options;
    natsStatus s;

    CHECK_OK(jsSubOptions_Init(&options));
    options.Stream = "S";
    options.Consumer = "c";
    options.Config.Durable = "c";
    options.Queue = queue;
    peer_run(&j->p, answer_info,
             (void *)(queue == NULL ? UNNOTICED("") : UNNOTICED(",\"deliver_group\":\"q\"")));
    s = js_SubscribeSync(sub, js, NULL, NULL, &options, NULL);
    peer_join(&j->p);
    return s;
}

static void the_connection_knows_it_first(void) {
    natsSubscription *first = NULL, *second = NULL;
    jsCtx *other = NULL;
    natsMsg *msg = NULL;
    js_peer j;

    js_peer_start(&j, NULL);
    CHECK_OK(natsConnection_JetStream(&other, j.nc, NULL));
    CHECK_OK(bind_to(&j, j.js, &first, NULL));
    CHECK_STATUS(bind_to(&j, j.js, &second, NULL), NATS_ERR);
    CHECK_ERROR(NATS_ERR, BOUND);
    /* Contexts share the connection. */
    CHECK_STATUS(bind_to(&j, other, &second, NULL), NATS_ERR);
    CHECK_ERROR(NATS_ERR, BOUND);
    CHECK(second == NULL);
    CHECK_STATUS(natsSubscription_NextMsg(&msg, first, 10), NATS_TIMEOUT);
    /* It is free when the first one has ended, however that was. */
    CHECK_OK(natsSubscription_Unsubscribe(first));
    CHECK_OK(bind_to(&j, other, &second, NULL));
    CHECK_OK(natsSubscription_Drain(second));
    natsSubscription_Destroy(first);
    CHECK_OK(bind_to(&j, j.js, &first, NULL));
    natsSubscription_Destroy(first);
    natsSubscription_Destroy(second);
    CHECK_OK(bind_to(&j, j.js, &first, NULL));
    natsSubscription_Destroy(first);
    jsCtx_Destroy(other);
    js_peer_end(&j);
}

static void a_group_has_several(void) {
    natsSubscription *subs[3] = {NULL, NULL, NULL};
    js_peer j;
    int i;

    js_peer_start(&j, NULL);
    for (i = 0; i < 3; i++)
        CHECK_OK(bind_to(&j, j.js, &subs[i], "q"));
    for (i = 0; i < 3; i++)
        natsSubscription_Destroy(subs[i]);
    js_peer_end(&j);
}

#define ROUNDS 20
#define THREADS 4

typedef struct racer {
    pthread_t thread;
    jsCtx *js;
    const char *durable;
    natsSubscription *sub;
    natsStatus s;
    char text[128];
} racer;

static void *race(void *arg) {
    racer *r = (racer *)arg;
    jsSubOptions options;

    jsSubOptions_Init(&options);
    options.Config.Durable = r->durable;
    r->s = js_SubscribeSync(&r->sub, r->js, "foo", NULL, &options, NULL);
    snprintf(r->text, sizeof(r->text), "%s", r->s == NATS_OK ? "" : nats_GetLastError(NULL));
    return NULL;
}

/* Threads that subscribe to the same durable at the same time, with a real server: one of them gets it. */
static void one_of_several_threads(void) {
    fixture f;
    jsCtx *js = NULL;
    int round, i;

    memset(&f, 0, sizeof(f));
    server_run_jetstream(&f.s);
    f.nc = test_connect_url(f.s.url);
    stream_create(f.nc, "S", "\"foo\"", "");
    CHECK_OK(natsConnection_JetStream(&js, f.nc, NULL));
    for (round = 0; round < ROUNDS; round++) {
        racer racers[THREADS];
        char durable[16];
        int won = 0;

        snprintf(durable, sizeof(durable), "d%d", round);
        memset(racers, 0, sizeof(racers));
        for (i = 0; i < THREADS; i++) {
            racers[i].js = js;
            racers[i].durable = durable;
            CHECK(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
        }
        for (i = 0; i < THREADS; i++) {
            CHECK(pthread_join(racers[i].thread, NULL) == 0);
            won += racers[i].s == NATS_OK;
        }
        for (i = 0; i < THREADS; i++) {
            if (racers[i].s != NATS_OK) {
                CHECK_INT(racers[i].s, NATS_ERR);
                CHECK_STR(racers[i].text, BOUND);
            }
            natsSubscription_Destroy(racers[i].sub);
        }
        CHECK_INT(won, 1);
    }
    jsCtx_Destroy(js);
    natsConnection_Destroy(f.nc);
    server_stop(&f.s);
}

static const test_case cases[] = {
    TEST(the_connection_knows_it_first),
    TEST(a_group_has_several),
    TEST(one_of_several_threads),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
