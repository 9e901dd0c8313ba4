/* Requests: the multiplexer and the old style, no responders, timeouts, many at once, loss and close. */
#include "callbacks.h"
#include "peer.h"
#include "server.h"
#include "test.h"

typedef struct fixture {
    server s;
    natsConnection *nc;        /* asks */
    natsConnection *responder; /* answers on "echo" */
    natsSubscription *sub;
    closure c;
} fixture;

static void start(fixture *f, natsOptions *(*adjust)(natsOptions *)) {
    natsOptions *opts;

    closure_init(&f->c);
    server_run(&f->s);
    f->responder = test_connect_url(f->s.url);
    CHECK_OK(natsConnection_Subscribe(&f->sub, f->responder, "echo", on_request, &f->c));
    CHECK_OK(natsConnection_Flush(f->responder));
    opts = test_options(f->s.url);
    f->nc = test_connect(adjust == NULL ? opts : adjust(opts));
}

static void end(fixture *f) {
    CHECK_INT(counter_get(&f->c.wrong), 0);
    natsSubscription_Destroy(f->sub);
    natsConnection_Destroy(f->nc);
    natsConnection_Destroy(f->responder);
    server_stop(&f->s);
}

static natsOptions *old_style(natsOptions *opts) {
    CHECK_OK(natsOptions_UseOldRequestStyle(opts, true));
    return opts;
}

static void forms(natsOptions *(*adjust)(natsOptions *)) {
    natsMsg *reply = NULL, *msg = test_msg("echo", "ignored.reply", "in a message");
    const char *value = NULL;
    static fixture f;
    int i;

    start(&f, adjust);
    for (i = 0; i < 50; i++) {
        char text[16];
        int n = snprintf(text, sizeof(text), "%d", i);

        CHECK_OK(natsConnection_Request(&reply, f.nc, "echo", text, n, deadline_ms()));
        CHECK_STR(natsMsg_GetData(reply), text);
        CHECK_INT(natsMsg_GetDataLength(reply), n);
        CHECK(strncmp(natsMsg_GetSubject(reply), "_INBOX.", 7) == 0);
        natsMsg_Destroy(reply);
    }
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "echo", "as a string", deadline_ms()));
    CHECK_STR(natsMsg_GetData(reply), "as a string");
    natsMsg_Destroy(reply);
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "echo", NULL, deadline_ms()));
    CHECK_INT(natsMsg_GetDataLength(reply), 0);
    natsMsg_Destroy(reply);
    CHECK_OK(natsConnection_Request(&reply, f.nc, "echo", NULL, 0, deadline_ms()));
    CHECK_INT(natsMsg_GetDataLength(reply), 0);
    natsMsg_Destroy(reply);
    CHECK_OK(natsMsgHeader_Set(msg, "k", "v"));
    CHECK_OK(natsConnection_RequestMsg(&reply, f.nc, msg, deadline_ms()));
    CHECK_STR(natsMsg_GetData(reply), "in a message");
    natsMsg_Destroy(reply);
    CHECK_STR(natsMsg_GetReply(msg), "ignored.reply"); /* replaced on the wire only */
    CHECK_OK(natsMsgHeader_Get(msg, "k", &value));
    natsMsg_Destroy(msg);
    end(&f);
}

static void new_style_forms(void) { forms(NULL); }

static void old_style_forms(void) { forms(old_style); }

static void refuses(void) {
    natsMsg *reply = (natsMsg *)&reply, *msg = test_msg("echo", NULL, "x");
    natsConnection *nc;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    CHECK_STATUS(natsConnection_Request(NULL, nc, "echo", "x", 1, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Request(&reply, NULL, "echo", "x", 1, 10), NATS_INVALID_ARG);
#if OURS
    CHECK(reply == NULL);
    CHECK_STATUS(natsConnection_Request(&reply, nc, "echo", "x", -1, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Request(&reply, nc, "echo", NULL, 1, 10), NATS_INVALID_ARG);
#endif
    CHECK_STATUS(natsConnection_RequestMsg(&reply, nc, NULL, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_RequestMsg(&reply, NULL, msg, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_RequestMsg(NULL, nc, msg, 10), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_Request(&reply, nc, NULL, "x", 1, 10), NATS_INVALID_SUBJECT);
    CHECK_STATUS(natsConnection_Request(&reply, nc, "", "x", 1, 10), NATS_INVALID_SUBJECT);
    CHECK(reply == NULL);
    natsMsg_Destroy(msg);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void no_responders(natsOptions *(*adjust)(natsOptions *)) {
    natsMsg *reply = NULL;
    static fixture f;

    start(&f, adjust);
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "nobody", "x", deadline_ms()),
                 NATS_NO_RESPONDERS);
    CHECK(reply == NULL);
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "echo", "x", deadline_ms()));
    natsMsg_Destroy(reply);
    end(&f);
}

static void no_responders_new_style(void) { no_responders(NULL); }

static void no_responders_old_style(void) { no_responders(old_style); }

static natsOptions *disable_no_responders(natsOptions *opts) {
    CHECK_OK(natsOptions_DisableNoResponders(opts, true));
    return opts;
}

static void no_responders_disabled(void) {
    natsMsg *reply = NULL;
    static fixture f;

    start(&f, disable_no_responders);
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "nobody", "x", 50), NATS_TIMEOUT);
    CHECK(reply == NULL);
    end(&f);
}

static void time_out(natsOptions *(*adjust)(natsOptions *)) {
    natsSubscription *silent = NULL;
    natsMsg *reply = NULL;
    int64_t started;
    static fixture f;

    start(&f, adjust);
    CHECK_OK(natsConnection_SubscribeSync(&silent, f.responder, "silent"));
    CHECK_OK(natsConnection_Flush(f.responder));
    started = now_ms();
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "silent", "x", 60), NATS_TIMEOUT);
    CHECK(now_ms() - started >= 59);
    CHECK(reply == NULL);
    natsMsg_Destroy(test_next(silent));
    /* No time at all: sent nevertheless. */
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "silent", "y", 0), NATS_TIMEOUT);
    test_expect_next(silent, "y");
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "silent", "z", -1), NATS_TIMEOUT);
    test_expect_next(silent, "z");
    natsSubscription_Destroy(silent);
    end(&f);
}

static void time_out_new_style(void) { time_out(NULL); }

static void time_out_old_style(void) { time_out(old_style); }

static void late_reply_is_dropped(void) {
    natsSubscription *silent = NULL;
    natsMsg *reply = NULL, *request;
    static fixture f;

    start(&f, NULL);
    CHECK_OK(natsConnection_SubscribeSync(&silent, f.responder, "silent"));
    CHECK_OK(natsConnection_Flush(f.responder));
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "silent", "x", 10), NATS_TIMEOUT);
    request = test_next(silent);
    CHECK_OK(natsConnection_PublishString(f.responder, natsMsg_GetReply(request), "too late"));
    CHECK_OK(natsConnection_Flush(f.responder));
    natsMsg_Destroy(request);
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "echo", "fresh", deadline_ms()));
    CHECK_STR(natsMsg_GetData(reply), "fresh");
    natsMsg_Destroy(reply);
    natsSubscription_Destroy(silent);
    end(&f);
}

typedef struct asker {
    natsConnection *nc;
    int id;
    int count;
    counter *failures;
} asker;

static void *ask_many(void *arg) {
    asker *a = (asker *)arg;
    int i;

    for (i = 0; i < a->count; i++) {
        natsMsg *reply = NULL;
        char text[32];

        snprintf(text, sizeof(text), "%d-%d", a->id, i);
        if (natsConnection_RequestString(&reply, a->nc, "echo", text, deadline_ms()) != NATS_OK ||
            strcmp(natsMsg_GetData(reply), text) != 0)
            counter_add(a->failures, 1);
        natsMsg_Destroy(reply);
    }
    return NULL;
}

static void many_threads(natsOptions *(*adjust)(natsOptions *), int count) {
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    asker askers[THREADS];
    counter failures;
    static fixture f;
    int i;

    counter_init(&failures);
    start(&f, adjust);
    for (i = 0; i < THREADS; i++) {
        askers[i].nc = f.nc;
        askers[i].id = i;
        askers[i].count = count;
        askers[i].failures = &failures;
        CHECK(pthread_create(&threads[i], NULL, ask_many, &askers[i]) == 0);
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(counter_get(&failures), 0);
    end(&f);
}

static void many_at_once(void) { many_threads(NULL, 300); }

static void many_at_once_old_style(void) { many_threads(old_style, 100); }

typedef struct pending {
    natsConnection *nc;
    natsStatus status;
    counter done;
    pthread_t thread;
} pending;

static void *ask_silent(void *arg) {
    pending *p = (pending *)arg;
    natsMsg *reply = NULL;

    p->status = natsConnection_RequestString(&reply, p->nc, "silent", "x", 6 * deadline_ms());
    natsMsg_Destroy(reply);
    counter_add(&p->done, 1);
    return NULL;
}

static void pending_start(pending *p, natsConnection *nc) {
    p->nc = nc;
    counter_init(&p->done);
    CHECK(pthread_create(&p->thread, NULL, ask_silent, p) == 0);
}

static natsStatus pending_end(pending *p) {
    CHECK_REACHED(&p->done, 1);
    pthread_join(p->thread, NULL);
    return p->status;
}

static void closed_during(natsOptions *(*adjust)(natsOptions *)) {
    natsSubscription *silent = NULL;
    pending request;
    static fixture f;

    start(&f, adjust);
    CHECK_OK(natsConnection_SubscribeSync(&silent, f.responder, "silent"));
    CHECK_OK(natsConnection_Flush(f.responder));
    pending_start(&request, f.nc);
    natsMsg_Destroy(test_next(silent)); /* it is on its way */
    natsConnection_Close(f.nc);
    CHECK_INT(pending_end(&request), NATS_CONNECTION_CLOSED);
    natsSubscription_Destroy(silent);
    end(&f);
}

static void closed_during_new_style(void) { closed_during(NULL); }

static void closed_during_old_style(void) { closed_during(old_style); }

static void fails_on_disconnect_when_asked(void) {
    natsConnection *nc;
    natsOptions *opts;
    pending request;
    peer p;

    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetFailRequestsOnDisconnect(opts, true));
    nc = peer_connect(&p, opts);
    pending_start(&request, nc);
    CHECK(peer_expect(&p, "PUB silent "));
    peer_refuse(&p);
    peer_hang_up(&p);
    CHECK_INT(pending_end(&request), NATS_CONNECTION_DISCONNECTED);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void survives_a_reconnect(void) {
    natsConnection *nc;
    pending request;
    char *inbox, line[256];
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    pending_start(&request, nc);
    CHECK(peer_expect(&p, "SUB _INBOX."));
    CHECK(peer_expect(&p, "PUB silent "));
    CHECK(peer_expect(&p, " 1\r\nx\r\n"));
    inbox = strdup(strstr(p.bytes, "PUB silent ") + 11);
    *strchr(inbox, ' ') = '\0';
    CHECK(strncmp(inbox, "_INBOX.", 7) == 0);
    peer_hang_up(&p);
    CHECK(peer_shake_hands(&p, NULL));
    CHECK(peer_expect(&p, "SUB _INBOX."));
    snprintf(line, sizeof(line), "MSG %s 1 2\r\nok\r\n", inbox);
    free(inbox);
    CHECK(peer_send(&p, line));
    CHECK_INT(pending_end(&request), NATS_OK);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void mux_on_the_wire(void) {
    natsConnection *nc;
    pending request;
    natsOptions *opts;
    char *at, line[256], subject[64], previous[64] = "";
    int i;
    peer p;

    peer_open(&p);
    opts = test_options(p.url);
    CHECK_OK(natsOptions_SetCustomInboxPrefix(opts, "my.prefix"));
    nc = peer_connect(&p, opts);
    for (i = 0; i < 2; i++) {
        pending_start(&request, nc);
        CHECK(peer_expect(&p, "PUB silent my.prefix."));
        CHECK(peer_expect(&p, " 1\r\nx\r\n"));
        at = strstr(p.bytes, "PUB silent ");
        while (strstr(at + 1, "PUB silent ") != NULL)
            at = strstr(at + 1, "PUB silent ");
        snprintf(subject, sizeof(subject), "%.*s", (int)strcspn(at + 11, " "), at + 11);
        /* The part after the last dot is the request's own. */
        CHECK(strchr(subject + strlen("my.prefix."), '.') != NULL);
        CHECK(strcmp(subject, previous) != 0);
        snprintf(previous, sizeof(previous), "%s", subject);
        snprintf(line, sizeof(line), "MSG %s 1 2\r\nok\r\n", subject);
        CHECK(peer_send(&p, line));
        CHECK_INT(pending_end(&request), NATS_OK);
    }
    CHECK_CONTAINS(p.bytes, "SUB my.prefix.");
    CHECK(strstr(strstr(p.bytes, "SUB my.prefix.") + 1, "SUB my.prefix.") == NULL); /* one for all */
    /* A reply to a mapped subject goes to the only request there is. */
    pending_start(&request, nc);
    CHECK(peer_expect(&p, " 1\r\nx\r\n"));
    CHECK(peer_send(&p, "MSG my.prefix.mapped 1 2\r\nok\r\n"));
    CHECK_INT(pending_end(&request), NATS_OK);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void status_503_on_the_wire(void) {
    natsConnection *nc;
    pending request;
    char line[256], *at;
    peer p;

    peer_open(&p);
    nc = peer_connect(&p, test_options(p.url));
    pending_start(&request, nc);
    CHECK(peer_expect(&p, "PUB silent "));
    CHECK(peer_expect(&p, " 1\r\nx\r\n"));
    at = strstr(p.bytes, "PUB silent ") + 11;
    snprintf(line, sizeof(line), "HMSG %.*s 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", (int)strcspn(at, " "), at);
    CHECK(peer_send(&p, line));
    CHECK_INT(pending_end(&request), NATS_NO_RESPONDERS);
    peer_refuse(&p);
    peer_hang_up(&p);
    natsConnection_Destroy(nc);
    peer_close(&p);
}

static void request_in_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    natsMsg *reply = NULL;

    (void)sub;
    natsMsg_Destroy(msg);
    c->result = (int)natsConnection_RequestString(&reply, nc, "echo", "x", deadline_ms());
    natsMsg_Destroy(reply);
    counter_add(&c->messages, 1);
}

static void inside_a_callback(void) {
    natsSubscription *sub = NULL;
    static closure c;
    static fixture f;

    closure_init(&c);
    start(&f, NULL);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", request_in_callback, &c));
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    CHECK_REACHED(&c.messages, 1);
    CHECK_INT(c.result, NATS_OK);
    natsSubscription_Destroy(sub);
    end(&f);
}

static void responder_on_the_same_connection(void) {
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;
    static closure c;
    static fixture f;
    int i;

    closure_init(&c);
    start(&f, NULL);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "self", on_request, &c));
    for (i = 0; i < 100; i++) {
        CHECK_OK(natsConnection_RequestString(&reply, f.nc, "self", "to myself", deadline_ms()));
        CHECK_STR(natsMsg_GetData(reply), "to myself");
        natsMsg_Destroy(reply);
    }
    natsSubscription_Destroy(sub);
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(new_style_forms),
        TEST(old_style_forms),
        TEST(refuses),
        TEST(no_responders_new_style),
        TEST(no_responders_old_style),
        TEST(no_responders_disabled),
        TEST(time_out_new_style),
        TEST(time_out_old_style),
        TEST(late_reply_is_dropped),
        TEST(many_at_once),
        TEST(many_at_once_old_style),
        TEST(closed_during_new_style),
        TEST(closed_during_old_style),
        TEST(fails_on_disconnect_when_asked),
        TEST(survives_a_reconnect),
        TEST(mux_on_the_wire),
        TEST(status_503_on_the_wire),
        TEST(inside_a_callback),
        TEST(responder_on_the_same_connection),
    };

    return RUN_TESTS(cases, argc, argv);
}
