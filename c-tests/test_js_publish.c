/* Publishing to streams and waiting for the ack: options, refusals by the stream, and faults. */
#include "callbacks.h"
#include "fixture.h"
#include "jetstream.h"
#include "peer.h"

typedef struct world {
    server s;
    natsConnection *nc;
    jsCtx *js;
    closure c;
} world;

static void world_start(world *w) {
    natsOptions *opts;

    closure_init(&w->c);
    server_run_jetstream(&w->s);
    opts = test_options(w->s.url);
    options_record(opts, &w->c);
    w->nc = test_connect(opts);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
    stream_create(w->nc, "S", "\"s.>\"", "");
}

static void world_end(world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

static natsStatus publish_text(jsPubAck **ack, jsCtx *js, const char *subject, const char *text,
                               jsPubOptions *opts, jsErrCode *code) {
    return js_Publish(ack, js, subject, text, (int)strlen(text), opts, code);
}

static void acks_say_where_it_is(void) {
    static world w;
    jsPubAck *ack = NULL;
    jsErrCode code = (jsErrCode)1;
    natsMsg *msg = test_msg("s.a", "ignored.reply", "in a message");

    world_start(&w);
    CHECK_OK(publish_text(&ack, w.js, "s.a", "hello", NULL, &code));
    CHECK_INT(code, 0);
    CHECK_STR(ack->Stream, "S");
    CHECK_INT(ack->Sequence, 1);
    CHECK(!ack->Duplicate && ack->Domain == NULL && ack->Batch == NULL && ack->Value == NULL);
    CHECK_INT(ack->Count, 0);
    jsPubAck_Destroy(ack);
    ack = NULL;
    CHECK_OK(js_PublishMsg(&ack, w.js, msg, NULL, NULL));
    CHECK_INT(ack->Sequence, 2);
    jsPubAck_Destroy(ack);
    CHECK_STR(natsMsg_GetReply(msg), "ignored.reply");
    CHECK_OK(js_Publish(NULL, w.js, "s.a", NULL, 0, NULL, NULL));
    CHECK_INT(stream_messages(w.nc, "S"), 3);
    natsMsg_Destroy(msg);
    jsPubAck_Destroy(NULL);
    world_end(&w);
}

static void refuses(void) {
    static world w;
    jsPubOptions opts;
    jsErrCode code = (jsErrCode)1;
    natsMsg *msg = test_msg("s.a", NULL, "x");
    const char *value = NULL;

    world_start(&w);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_STATUS(js_Publish(NULL, NULL, "s.a", "x", 1, NULL, &code), NATS_INVALID_ARG);
    CHECK_INT(code, 0);
    CHECK_STATUS(js_Publish(NULL, w.js, NULL, "x", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_Publish(NULL, w.js, "", "x", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishMsg(NULL, NULL, msg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_PublishMsg(NULL, w.js, NULL, NULL, NULL), NATS_INVALID_ARG);
#if OURS
    CHECK_STATUS(js_Publish(NULL, w.js, "s.a", "x", -1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_Publish(NULL, w.js, "s.a", NULL, 1, NULL, NULL), NATS_INVALID_ARG);
#endif
    opts.MaxWait = -5;
    CHECK_STATUS(js_Publish(NULL, w.js, "s.a", "x", 1, &opts, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "option 'MaxWait' (-5) cannot be negative");
    opts.MaxWait = 0;
    opts.MsgTTL = -1;
    CHECK_STATUS(js_Publish(NULL, w.js, "s.a", "x", 1, &opts, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "option 'MsgTTL' (-1) cannot be negative");
    opts.MsgTTL = 0;
    opts.Schedule.TTL = -1;
    CHECK_STATUS(js_Publish(NULL, w.js, "s.a", "x", 1, &opts, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "option 'Schedule.TTL' (-1) cannot be negative");
    opts.Schedule.TTL = 0;
    opts.Schedule.CancelScheduledSubject = "later";
    opts.Schedule.Rollup = true;
    CHECK_STATUS(js_PublishMsg(NULL, w.js, msg, &opts, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "option 'Schedule.CancelScheduledSubject' (later) cannot be used");
    CHECK_STATUS(natsMsgHeader_Get(msg, "Nats-Scheduler", &value), NATS_NOT_FOUND);
    CHECK_INT(stream_messages(w.nc, "S"), 0);
    natsMsg_Destroy(msg);
    world_end(&w);
}

static void errors_of_the_stream_have_their_code(void) {
    static world w;
    jsPubOptions opts;
    jsErrCode code;
    jsPubAck *ack = NULL;

    world_start(&w);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_OK(publish_text(NULL, w.js, "s.a", "1", NULL, NULL));
    opts.ExpectLastSeq = 7;
    CHECK_STATUS(publish_text(&ack, w.js, "s.a", "x", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_ERROR(NATS_ERR, "wrong last sequence: 1");
    CHECK(ack == NULL);
    opts.ExpectLastSeq = 1;
    CHECK_OK(publish_text(NULL, w.js, "s.a", "2", &opts, &code));
    CHECK_INT(code, 0);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectStream = "T";
    CHECK_STATUS(publish_text(NULL, w.js, "s.a", "x", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamNotMatchErr);
    opts.ExpectStream = "S";
    opts.ExpectLastSubjectSeq = 2;
    CHECK_OK(publish_text(NULL, w.js, "s.a", "3", &opts, &code));
    CHECK_STATUS(publish_text(NULL, w.js, "s.a", "x", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    opts.ExpectLastSubjectSeq = 3;
    opts.ExpectLastSubjectSeqSubject = "s.*";
    CHECK_OK(publish_text(NULL, w.js, "s.b", "4", &opts, &code));
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectNoMessage = true;
    CHECK_STATUS(publish_text(NULL, w.js, "s.a", "x", &opts, &code), NATS_ERR);
    CHECK_OK(publish_text(NULL, w.js, "s.new", "5", &opts, &code));
    CHECK_INT(stream_messages(w.nc, "S"), 5);
    world_end(&w);
}

static void ids_find_duplicates(void) {
    static world w;
    jsPubOptions opts;
    jsErrCode code;
    jsPubAck *ack = NULL;
    natsMsg *msg = test_msg("s.a", NULL, "again");
    const char *value = NULL;

    world_start(&w);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MsgId = "one";
    CHECK_OK(publish_text(&ack, w.js, "s.a", "x", &opts, NULL));
    CHECK(!ack->Duplicate);
    jsPubAck_Destroy(ack);
    CHECK_OK(natsMsgHeader_Set(msg, "Nats-Msg-Id", "replaced"));
    CHECK_OK(js_PublishMsg(&ack, w.js, msg, &opts, NULL));
    CHECK(ack->Duplicate);
    CHECK_INT(ack->Sequence, 1);
    jsPubAck_Destroy(ack);
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Msg-Id", &value));
    CHECK_STR(value, "one");
    opts.MsgId = "two";
    opts.ExpectLastMsgId = "zero";
    CHECK_STATUS(publish_text(NULL, w.js, "s.a", "x", &opts, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastMsgIDErr);
    opts.ExpectLastMsgId = "one";
    CHECK_OK(publish_text(NULL, w.js, "s.a", "x", &opts, &code));
    natsMsg_Destroy(msg);
    world_end(&w);
}

/* A time to live and a schedule are for the server to act on: here, that it understands them. */
static void ttl_and_schedules_are_understood(void) {
    static world w;
    jsPubOptions opts;
    jsErrCode code;
    natsSubscription *sub = NULL;

    world_start(&w);
    stream_create(w.nc, "T", "\"t.>\"", ",\"allow_msg_ttl\":true,\"allow_msg_schedules\":true");
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MsgTTL = 90000;
    CHECK_OK(publish_text(NULL, w.js, "t.a", "x", &opts, &code));
    CHECK_STATUS(publish_text(NULL, w.js, "s.a", "x", &opts, &code), NATS_ERR);
    opts.MsgTTL = 10;
    CHECK_STATUS(publish_text(NULL, w.js, "t.a", "x", &opts, &code), NATS_ERR);
    CHECK_OK(jsPubOptions_Init(&opts));
    opts.Schedule.Schedule = "@every 1s";
    opts.Schedule.Target = "t.target";
    opts.Schedule.TTL = 60000;
    CHECK_OK(natsConnection_SubscribeSync(&sub, w.nc, "t.target"));
    CHECK_OK(publish_text(NULL, w.js, "t.schedule", "x", &opts, &code));
    CHECK_SOON(stream_messages(w.nc, "T") >= 3);
    opts.Schedule.Schedule = "never";
    CHECK_STATUS(publish_text(NULL, w.js, "t.schedule", "x", &opts, &code), NATS_ERR);
    CHECK(code != 0);
    natsSubscription_Destroy(sub);
    world_end(&w);
}

static void nobody_listens(void) {
    static world w;
    jsErrCode code = (jsErrCode)0;
    jsPubOptions opts;
    int64_t started = now_ms();

    world_start(&w);
    CHECK_OK(jsPubOptions_Init(&opts));
    CHECK_STATUS(publish_text(NULL, w.js, "elsewhere", "x", NULL, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    stream_delete(w.nc, "S");
    CHECK_STATUS(publish_text(NULL, w.js, "s.a", "x", NULL, &code), NATS_NO_RESPONDERS);
    CHECK(now_ms() - started < deadline_ms());
    /* Somebody listens who does not answer. */
    {
        natsSubscription *silent = NULL;

        CHECK_OK(natsConnection_SubscribeSync(&silent, w.nc, "s.a"));
        opts.MaxWait = 50;
        started = now_ms();
        CHECK_STATUS(publish_text(NULL, w.js, "s.a", "x", &opts, &code), NATS_TIMEOUT);
        CHECK(now_ms() - started >= 49);
        CHECK_INT(code, 0);
        natsSubscription_Destroy(silent);
    }
    world_end(&w);
}

#if OURS
static void *create_later(void *arg) {
    world *w = (world *)arg;
    natsConnection *nc = NULL;

    /* Not before the first attempt of the other thread has failed. */
    if (natsConnection_ConnectTo(&nc, w->s.url) == NATS_OK) {
        natsMsg *reply = NULL;

        if (natsConnection_RequestString(&reply, nc, "$JS.API.STREAM.CREATE.L",
                                         "{\"name\":\"L\",\"subjects\":[\"l.>\"],\"storage\":\"memory\"}",
                                         deadline_ms()) != NATS_OK)
            counter_add(&w->c.wrong, 1);
        natsMsg_Destroy(reply);
    }
    natsConnection_Destroy(nc);
    return NULL;
}

static void retries_by_policy(void) {
    static world w;
    jsPubPolicy policy;
    jsPubOptions opts;
    jsErrCode code;
    pthread_t thread;
    int64_t started;

    world_start(&w);
    CHECK_OK(jsPubPolicy_Init(&policy));
    CHECK_OK(jsPubOptions_Init(&opts));
    policy.NoRespondersRetries = -1;
    CHECK_STATUS(js_SetPubPolicy(w.js, &policy), NATS_INVALID_ARG);
    policy.NoRespondersRetries = 3;
    policy.MaxResends = -1;
    CHECK_STATUS(js_SetPubPolicy(w.js, &policy), NATS_INVALID_ARG);
    policy.MaxResends = 0;
    policy.NoRespondersWait = 20;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    started = now_ms();
    CHECK_STATUS(publish_text(NULL, w.js, "l.a", "x", NULL, &code), NATS_NO_RESPONDERS);
    CHECK(now_ms() - started >= 59);
    CHECK_INT(code, JSNotEnabledErr);
    /* Not beyond the time of the call. */
    policy.NoRespondersWait = 10 * deadline_ms();
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    opts.MaxWait = 100;
    started = now_ms();
    CHECK_STATUS(publish_text(NULL, w.js, "l.a", "x", &opts, &code), NATS_NO_RESPONDERS);
    CHECK(now_ms() - started < deadline_ms());
    /* A stream that comes meanwhile. */
    policy.NoRespondersRetries = 1000;
    policy.NoRespondersWait = 10;
    CHECK_OK(js_SetPubPolicy(w.js, &policy));
    opts.MaxWait = deadline_ms();
    CHECK(pthread_create(&thread, NULL, create_later, &w) == 0);
    CHECK_OK(publish_text(NULL, w.js, "l.a", "x", &opts, &code));
    pthread_join(thread, NULL);
    CHECK_OK(js_SetPubPolicy(w.js, NULL));
    CHECK_STATUS(publish_text(NULL, w.js, "m.a", "x", &opts, &code), NATS_NO_RESPONDERS);
    CHECK_INT(counter_get(&w.c.wrong), 0);
    world_end(&w);
}

static void an_empty_stream_can_be_expected(void) {
    static world w;
    natsMsg *msg = test_msg("s.a", NULL, "x");
    jsErrCode code;

    world_start(&w);
    CHECK_STATUS(natsMsg_ExpectLastSeq(NULL, 0), NATS_INVALID_ARG);
    CHECK_OK(natsMsg_ExpectLastSeq(msg, 0));
    CHECK_OK(js_PublishMsg(NULL, w.js, msg, NULL, &code));
    CHECK_STATUS(js_PublishMsg(NULL, w.js, msg, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSStreamWrongLastSequenceErr);
    CHECK_OK(natsMsg_ExpectLastSeq(msg, 1));
    CHECK_OK(js_PublishMsg(NULL, w.js, msg, NULL, &code));
    natsMsg_Destroy(msg);
    world_end(&w);
}

static void counters(void) {
    static world w;
    jsErrCode code;
    char *value = NULL;

    world_start(&w);
    stream_create(w.nc, "C", "\"c.>\"", ",\"allow_msg_counter\":true");
    CHECK_OK(js_AddToCounter(&value, w.js, "c.a", "5", NULL, &code));
    CHECK_STR(value, "5");
    free(value);
    CHECK_OK(js_AddToCounter(&value, w.js, "c.a", "-7", NULL, &code));
    CHECK_STR(value, "-2");
    free(value);
    CHECK_OK(js_AddToCounter(&value, w.js, "c.a", "+100000000000000000000000000000", NULL, &code));
    CHECK_STR(value, "99999999999999999999999999998");
    free(value);
    CHECK_OK(js_AddToCounter(NULL, w.js, "c.b", "1", NULL, NULL));
    CHECK_STATUS(js_AddToCounter(NULL, w.js, "c.b", "one", NULL, &code), NATS_INVALID_ARG);
    CHECK_STATUS(js_AddToCounter(NULL, w.js, "c.b", NULL, NULL, &code), NATS_INVALID_ARG);
    CHECK_STATUS(js_AddToCounter(NULL, w.js, NULL, "1", NULL, &code), NATS_INVALID_ARG);
    CHECK_STATUS(js_AddToCounter(NULL, NULL, "c.b", "1", NULL, &code), NATS_INVALID_ARG);
    CHECK_STATUS(js_AddToCounter(NULL, w.js, "s.a", "1", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSMessageIncrDisabledErr);
    world_end(&w);
}
#endif

/* Answers that no server gives, from a fake one. */
typedef struct answers {
    peer p;
    const char *answer;
} answers;

static void answer_requests(peer *p, void *arg) {
    const char *answer = ((answers *)arg)->answer;
    char line[512], reply[256];
    const char *at;

    peer_expect(p, "PUB s.a ");
    peer_expect(p, "\r\n");
    at = strstr(p->bytes, "PUB s.a ");
    if (at == NULL || sscanf(at, "PUB s.a %255s", reply) != 1)
        return;
    snprintf(line, sizeof(line), "MSG %s 1 %d\r\n%s\r\n", reply, (int)strlen(answer), answer);
    peer_send(p, line);
}

static void strange_answers(void) {
    static const struct {
        const char *answer;
        natsStatus status;
        int code;
    } cases[] = {
        {"", NATS_OK, 0},
        {"{\"stream\":\"S\",\"seq\":1", NATS_ERR, 0},
        {"nonsense", NATS_ERR, 0},
        {"{\"error\":{\"code\":500,\"err_code\":54321,\"description\":\"new\"}}", NATS_ERR, 54321},
        {"{\"stream\":7,\"seq\":1}", NATS_INVALID_ARG, 0},
        {"{\"stream\":\"S\",\"seq\":3,\"unknown\":{\"a\":[]}}", NATS_OK, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static answers a;
        natsConnection *nc;
        jsCtx *js = NULL;
        jsPubAck *ack = (jsPubAck *)&a;
        jsErrCode code = (jsErrCode)1;
        jsPubOptions opts;

        CHECK_OK(jsPubOptions_Init(&opts));
        opts.MaxWait = deadline_ms();
        peer_open(&a.p);
        a.answer = cases[i].answer;
        nc = peer_connect(&a.p, test_options(a.p.url));
        CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
        peer_run(&a.p, answer_requests, &a);
        CHECK_STATUS(js_Publish(&ack, js, "s.a", "x", 1, &opts, &code), cases[i].status);
        CHECK_INT(code, cases[i].code);
        peer_join(&a.p);
        if (cases[i].status == NATS_OK && a.answer[0] == '\0')
            CHECK(ack == NULL);
        if (cases[i].status == NATS_OK)
            jsPubAck_Destroy(ack);
        jsCtx_Destroy(js);
        natsConnection_Destroy(nc);
        peer_close(&a.p);
    }
}

typedef struct publisher {
    jsCtx *js;
    natsStatus status;
    counter stored;
    counter failed;
    counter stop;
    pthread_t thread;
} publisher;

static void *publish_on(void *arg) {
    publisher *p = (publisher *)arg;
    jsPubOptions opts;

    jsPubOptions_Init(&opts);
    opts.MaxWait = 500;
    while (counter_get(&p->stop) == 0) {
        if (js_Publish(NULL, p->js, "s.a", "x", 1, &opts, NULL) == NATS_OK)
            counter_add(&p->stored, 1);
        else
            counter_add(&p->failed, 1);
    }
    return NULL;
}

static void publisher_start(publisher *p, jsCtx *js) {
    memset(p, 0, sizeof(*p));
    p->js = js;
    counter_init(&p->stored);
    counter_init(&p->failed);
    counter_init(&p->stop);
    CHECK(pthread_create(&p->thread, NULL, publish_on, p) == 0);
}

static void publisher_end(publisher *p) {
    counter_set(&p->stop, 1);
    pthread_join(p->thread, NULL);
}

static void a_stream_is_deleted_meanwhile(void) {
    static world w;
    publisher p;

    world_start(&w);
    publisher_start(&p, w.js);
    CHECK_REACHED(&p.stored, 10);
    stream_delete(w.nc, "S");
    CHECK_REACHED(&p.failed, 1);
    stream_create(w.nc, "S", "\"s.>\"", "");
    CHECK_REACHED(&p.stored, counter_get(&p.stored) + 10);
    publisher_end(&p);
    world_end(&w);
}

static void a_server_restarts_meanwhile(void) {
    static world w;
    publisher p;
    int64_t stored;

    world_start(&w);
    stream_delete(w.nc, "S");
    stream_create(w.nc, "F", "\"s.>\"", ",\"storage\":\"file\"");
    publisher_start(&p, w.js);
    CHECK_REACHED(&p.stored, 10);
    server_kill(&w.s);
    CHECK_REACHED(&p.failed, 1);
    server_restart(&w.s);
    CHECK_REACHED(&w.c.reconnected, 1);
    stored = counter_get(&p.stored);
    CHECK_REACHED(&p.stored, stored + 10);
    publisher_end(&p);
    CHECK(stream_messages(w.nc, "F") >= counter_get(&p.stored));
    world_end(&w);
}

static void a_context_outlives_its_connection_and_other_way_round(void) {
    static world w;
    natsConnection *nc;
    jsErrCode code;

    world_start(&w);
    nc = test_connect_url(w.s.url);
    {
        jsCtx *js = NULL;

        CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
        natsConnection_Close(nc);
        CHECK_STATUS(publish_text(NULL, js, "s.a", "x", NULL, &code), NATS_CONNECTION_CLOSED);
        natsConnection_Destroy(nc);
        CHECK_STATUS(publish_text(NULL, js, "s.a", "x", NULL, &code), NATS_CONNECTION_CLOSED);
        jsCtx_Destroy(js);
#if OURS
        CHECK_STATUS(publish_text(NULL, js, "s.a", "x", NULL, &code), NATS_INVALID_ARG);
        jsCtx_Destroy(js);
#endif
    }
    CHECK_OK(publish_text(NULL, w.js, "s.a", "x", NULL, &code));
    world_end(&w);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(acks_say_where_it_is),
        TEST(refuses),
        TEST(errors_of_the_stream_have_their_code),
        TEST(ids_find_duplicates),
        TEST(ttl_and_schedules_are_understood),
        TEST(nobody_listens),
#if OURS
        TEST(retries_by_policy),
        TEST(an_empty_stream_can_be_expected),
        TEST(counters),
#endif
        TEST(strange_answers),
        TEST(a_stream_is_deleted_meanwhile),
        TEST(a_server_restarts_meanwhile),
        TEST(a_context_outlives_its_connection_and_other_way_round),
    };

    return RUN_TESTS(cases, argc, argv);
}
