/* Fast batches against a scripted server: acknowledgements that are late, lost or missing, other servers, and the
 * end of waiting calls. */
#include "callbacks.h"
#include "js_peer.h"
#include "test.h"

static jsFastBatchCtx *batch;
static js_peer j;

/* A call that waits, on a thread of its own. */
typedef struct call {
    pthread_t thread;
    counter done;
    natsStatus status;
    jsErrCode code;
    uint64_t count; /* of the ack */
    int64_t wait;   /* MaxWait in milliseconds */
} call;

static void *add_one(void *arg) {
    call *c = (call *)arg;
    jsPubOptions opts;

    jsPubOptions_Init(&opts);
    opts.MaxWait = c->wait;
    c->status = js_FastPublishAddData(batch, "foo", "x", 1, &opts, &c->code);
    counter_set(&c->done, 1);
    return NULL;
}

static void *commit_it(void *arg) {
    call *c = (call *)arg;
    jsPubOptions opts;
    jsPubAck *ack = NULL;

    jsPubOptions_Init(&opts);
    opts.MaxWait = c->wait;
    c->status = js_FastPublishCommitEob(&ack, batch, &opts, &c->code);
    c->count = ack == NULL ? 0 : ack->Count;
    jsPubAck_Destroy(ack);
    counter_set(&c->done, 1);
    return NULL;
}

static void call_begin(call *c, void *(*run)(void *), int64_t wait) {
    memset(c, 0, sizeof(*c));
    counter_init(&c->done);
    c->wait = wait;
    CHECK(pthread_create(&c->thread, NULL, run, c) == 0);
}

static natsStatus call_end(call *c) {
    CHECK_REACHED(&c->done, 1);
    pthread_join(c->thread, NULL);
    return c->status;
}

/* The next message of the batch has this end of its reply subject, which has the number and the operation. Pings that
 * nobody waits for come when the test is slow. */
static bool await_token(const char *end) {
    char tail[64];

    snprintf(tail, sizeof(tail), ".%s.$FI", end);
    do {
        if (!js_peer_await(&j, "PUB", "foo"))
            return false;
    } while (strstr(j.op.reply, ".4.$FI") != NULL && strstr(end, ".4") == NULL);
    if (strlen(j.op.reply) > strlen(tail) &&
        strcmp(j.op.reply + strlen(j.op.reply) - strlen(tail), tail) == 0)
        return true;
    snprintf(j.p.problem, sizeof(j.p.problem), "%.100s does not end with %.60s", j.op.reply, tail);
    return false;
}

/* Answers the message that was read last. */
static bool answer(const char *json) {
    char text[1024];

    snprintf(text, sizeof(text), "MSG %s %s %zu\r\n%s\r\n", j.op.reply, j.sid, strlen(json), json);
    return peer_send(&j.p, text);
}

static bool acknowledge(int seq, int msgs) {
    char json[128];

    snprintf(json, sizeof(json), "{\"type\":\"ack\",\"seq\":%d,\"msgs\":%d}", seq, msgs);
    return answer(json);
}

#define PEER(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            check_failed(__FILE__, __LINE__, "%s: %s", #condition, j.p.problem);                             \
    } while (0)

static natsOptions *patient(natsOptions *opts) {
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 10));
    return opts;
}

/* Starts a batch; the first message was accepted with one acknowledgement each so many messages. */
static void begin(jsFastPublishOptions *opts, int msgs) {
    call first;

    js_peer_start(&j, patient);
    CHECK_OK(js_FastPublishStart(&batch, j.js, opts));
    call_begin(&first, add_one, 0);
    PEER(await_token("1.0"));
    /* No other one goes out before. */
    CHECK_INT(counter_get(&first.done), 0);
    PEER(acknowledge(0, msgs));
    CHECK_OK(call_end(&first));
}

static natsStatus add(int64_t wait, jsErrCode *code) {
    jsPubOptions opts;

    CHECK_OK(jsPubOptions_Init(&opts));
    opts.MaxWait = wait;
    return js_FastPublishAddData(batch, "foo", "x", 1, &opts, code);
}

static void finish(void) {
    jsFastBatchCtx_Destroy(batch);
    js_peer_end(&j);
}

static jsFastPublishProgress progress(void) {
    jsFastPublishProgress p;

    CHECK_OK(js_FastPublishGetProgress(&p, batch));
    return p;
}

static void the_window_is_what_the_server_says(void) {
    jsFastPublishOptions opts;
    call late;
    char token[32];
    int i;

    CHECK_OK(jsFastPublishOptions_Init(&opts));
    opts.Flow = 10;
    opts.MaxOutstandingAcks = 3;
    begin(&opts, 2);
    CHECK(strstr(j.op.reply, ".10.fail.1.0.$FI") != NULL);
    for (i = 2; i <= 6; i++) {
        CHECK_OK(add(0, NULL));
        snprintf(token, sizeof(token), "%d.1", i);
        PEER(await_token(token));
    }
    CHECK_STATUS(add(20, NULL), NATS_TIMEOUT);
    CHECK_ERROR(NATS_TIMEOUT, "0 of 6");
    CHECK_INT(progress().Sent, 6);
    call_begin(&late, add_one, 0);
    PEER(acknowledge(2, 2));
    CHECK_OK(call_end(&late));
    PEER(await_token("7.1"));
    CHECK_INT(progress().Acked, 2);
    /* Faster than was asked for is not possible: 7 + 3 x 10. */
    PEER(acknowledge(1000000, 60000));
    CHECK_SOON(progress().Acked == 7);
    for (i = 8; i <= 37; i++)
        CHECK_OK(add(0, NULL));
    CHECK_STATUS(add(20, NULL), NATS_TIMEOUT);
    finish();
}

static void a_lost_acknowledgement_is_asked_for(void) {
    jsFastPublishOptions opts;
    call late;

    CHECK_OK(jsFastPublishOptions_Init(&opts));
    opts.MaxOutstandingAcks = 1;
    opts.AllowGaps = true;
    begin(&opts, 2);
    CHECK(strstr(j.op.reply, ".100.ok.1.0.$FI") != NULL);
    CHECK_OK(add(0, NULL));
    PEER(await_token("2.1"));
    call_begin(&late, add_one, deadline_ms());
    PEER(await_token("2.4"));
    PEER(acknowledge(2, 2));
    CHECK_OK(call_end(&late));
    PEER(await_token("3.1"));
    finish();
}

static void a_server_that_knows_no_fast_batches(void) {
    call first;

    js_peer_start(&j, NULL);
    CHECK_OK(js_FastPublishStart(&batch, j.js, NULL));
    call_begin(&first, add_one, 0);
    PEER(await_token("1.0"));
    PEER(answer("{\"stream\":\"S\",\"seq\":1}"));
    CHECK_STATUS(call_end(&first), NATS_NO_SERVER_SUPPORT);
    CHECK_STATUS(add(0, NULL), NATS_NO_SERVER_SUPPORT);
    CHECK(progress().Ended);
    finish();
}

static void nobody_answers_the_first_message(void) {
    call first;

    js_peer_start(&j, NULL);
    CHECK_OK(js_FastPublishStart(&batch, j.js, NULL));
    call_begin(&first, add_one, 50);
    PEER(await_token("1.0"));
    CHECK_STATUS(call_end(&first), NATS_TIMEOUT);
    /* In case that it has arrived. */
    PEER(await_token("2.3"));
    CHECK_STATUS(add(0, NULL), NATS_TIMEOUT);
    finish();
}

static void answers_that_are_none(void) {
    static const char *const bodies[] = {"", "OK", "[]", "{\"type\":7}", "{\"type\":\"news\"}", "{"};
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        call first;
        natsStatus s;

        js_peer_start(&j, NULL);
        CHECK_OK(js_FastPublishStart(&batch, j.js, NULL));
        call_begin(&first, add_one, 200);
        PEER(await_token("1.0"));
        PEER(answer(bodies[i]));
        s = call_end(&first);
        CHECK(s != NATS_OK);
        finish();
    }
}

/* The end is sent once, however often it is waited for, and no ping asks for what may be stored already. */
static void the_answer_to_the_end_is_late(void) {
    call last;

    begin(NULL, 10);
    call_begin(&last, commit_it, 1500);
    PEER(await_token("2.3"));
    CHECK_STATUS(call_end(&last), NATS_TIMEOUT);
    CHECK_STATUS(add(0, NULL), NATS_ILLEGAL_STATE);
    call_begin(&last, commit_it, deadline_ms());
    CHECK(!js_peer_await_within(&j, "PUB", "foo", 1200));
    CHECK_INT(counter_get(&last.done), 0);
    PEER(answer("{\"stream\":\"S\",\"seq\":9,\"batch\":\"b\",\"count\":1}"));
    CHECK_OK(call_end(&last));
    CHECK_INT(last.count, 1);
    finish();
}

static void the_stream_has_less_than_was_sent(void) {
    call last;

    begin(NULL, 10);
    CHECK_OK(add(0, NULL));
    PEER(await_token("2.1"));
    call_begin(&last, commit_it, 0);
    PEER(await_token("3.3"));
    PEER(answer("{\"stream\":\"S\",\"seq\":9,\"batch\":\"b\",\"count\":1}"));
    CHECK_STATUS(call_end(&last), NATS_MISMATCH);
    CHECK_INT(progress().Acked, 1);
    finish();
}

/* The second message is lost with the connection, and the stream finds the gap. */
static void a_reconnect_with_a_gap(void) {
    jsErrCode code = (jsErrCode)1;

    begin(NULL, 10);
    CHECK_OK(add(0, NULL));
    PEER(await_token("2.1"));
    peer_hang_up(&j.p);
    peer_run(&j.p, peer_handshake, NULL);
    peer_join(&j.p);
    PEER(js_peer_await(&j, "SUB", "_INBOX."));
    PEER(await_token("2.4"));
    PEER(answer("{\"type\":\"gap\",\"last_seq\":2,\"seq\":3}"));
    PEER(answer("{\"stream\":\"S\",\"seq\":9,\"batch\":\"b\",\"count\":1}"));
    CHECK_SOON(progress().Ended);
    CHECK_STATUS(add(0, &code), NATS_CONNECTION_DISCONNECTED);
    CHECK_ERROR(NATS_CONNECTION_DISCONNECTED, "message 2");
    CHECK_INT(code, 0);
    CHECK_INT(progress().Acked, 1);
    CHECK_INT(progress().Lost, 1);
    finish();
}

/* The acknowledgement of the end is lost with the connection: nobody knows. */
static void a_reconnect_while_the_end_is_waited_for(void) {
    call last;

    begin(NULL, 10);
    call_begin(&last, commit_it, deadline_ms() / 4); /* it lasts that long */
    PEER(await_token("2.3"));
    peer_hang_up(&j.p);
    peer_run(&j.p, peer_handshake, NULL);
    peer_join(&j.p);
    PEER(js_peer_await(&j, "SUB", "_INBOX."));
    PEER(await_token("2.4"));
    PEER(
        answer("{\"error\":{\"code\":400,\"err_code\":10208,\"description\":\"unknown\"},\"stream\":\"S\"}"));
    CHECK_STATUS(call_end(&last), NATS_CONNECTION_DISCONNECTED);
    CHECK_INT(last.code, JSFastBatchUnknownIDErr);
    finish();
}

/* The same, but it comes after the answer to the ping. */
static void the_end_is_acknowledged_after_a_reconnect(void) {
    call last;

    begin(NULL, 10);
    call_begin(&last, commit_it, deadline_ms());
    PEER(await_token("2.3"));
    peer_hang_up(&j.p);
    peer_run(&j.p, peer_handshake, NULL);
    peer_join(&j.p);
    PEER(js_peer_await(&j, "SUB", "_INBOX."));
    PEER(await_token("2.4"));
    PEER(
        answer("{\"error\":{\"code\":400,\"err_code\":10208,\"description\":\"unknown\"},\"stream\":\"S\"}"));
    PEER(answer("{\"stream\":\"S\",\"seq\":9,\"batch\":\"b\",\"count\":1}"));
    CHECK_OK(call_end(&last));
    CHECK_INT(last.count, 1);
    finish();
}

static void stall(call *waiting, void *(*run)(void *)) {
    jsFastPublishOptions opts;

    CHECK_OK(jsFastPublishOptions_Init(&opts));
    opts.MaxOutstandingAcks = 1;
    begin(&opts, 1);
    call_begin(waiting, run, deadline_ms());
    if (run == commit_it)
        PEER(await_token("2.3"));
    else /* It waits: the library asks. */
        PEER(await_token("1.4"));
}

static void destroying_ends_waits(void) {
    call waiting;
    int i;

    for (i = 0; i < 2; i++) {
        stall(&waiting, i == 0 ? add_one : commit_it);
        jsFastBatchCtx_Destroy(batch);
        CHECK_STATUS(call_end(&waiting), NATS_ILLEGAL_STATE);
        /* The inbox goes. */
        PEER(js_peer_await(&j, "UNSUB", j.sid));
        js_peer_end(&j);
    }
}

static void closing_ends_waits(void) {
    call waiting;
    int i;

    for (i = 0; i < 2; i++) {
        stall(&waiting, i == 0 ? add_one : commit_it);
        natsConnection_Close(j.nc);
        CHECK_STATUS(call_end(&waiting), NATS_CONNECTION_CLOSED);
        finish();
    }
}

static void waits_end_in_time_without_a_server(void) {
    begin(NULL, 10);
    peer_refuse(&j.p);
    peer_hang_up(&j.p);
    CHECK_SOON(natsConnection_Status(j.nc) == NATS_CONN_STATUS_RECONNECTING);
    {
        int sent = 1;
        jsPubOptions opts;
        natsStatus s = NATS_OK;

        CHECK_OK(jsPubOptions_Init(&opts));
        opts.MaxWait = 100;
        while (s == NATS_OK) {
            s = add(100, NULL);
            sent += s == NATS_OK;
        }
        CHECK_STATUS(s, NATS_TIMEOUT);
        /* What waits for the next server is bounded by the window. */
        CHECK_INT(sent, 20);
        CHECK_STATUS(js_FastPublishCommitEob(NULL, batch, &opts, NULL), NATS_TIMEOUT);
    }
    finish();
}

static void a_drained_connection(void) {
    begin(NULL, 10);
    CHECK_OK(natsConnection_Drain(j.nc));
    CHECK_SOON(add(100, NULL) != NATS_OK);
    {
        jsFastBatchCtx *other = NULL;
        natsStatus s = js_FastPublishStart(&other, j.js, NULL);

        CHECK(s == NATS_DRAINING || s == NATS_CONNECTION_CLOSED);
        CHECK(other == NULL);
    }
    finish();
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(the_window_is_what_the_server_says),
        TEST(a_lost_acknowledgement_is_asked_for),
        TEST(a_server_that_knows_no_fast_batches),
        TEST(nobody_answers_the_first_message),
        TEST(answers_that_are_none),
        TEST(the_answer_to_the_end_is_late),
        TEST(the_stream_has_less_than_was_sent),
        TEST(a_reconnect_with_a_gap),
        TEST(a_reconnect_while_the_end_is_waited_for),
        TEST(the_end_is_acknowledged_after_a_reconnect),
        TEST(destroying_ends_waits),
        TEST(closing_ends_waits),
        TEST(waits_end_in_time_without_a_server),
        TEST(a_drained_connection),
    };

    return RUN_TESTS(cases, argc, argv);
}
