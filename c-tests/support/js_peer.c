#include "js_peer.h"

void js_peer_start(js_peer *j, natsOptions *(*adjust)(natsOptions *)) {
    natsOptions *opts;

    memset(j, 0, sizeof(*j));
    peer_open(&j->p);
    opts = test_options(j->p.url);
    j->nc = peer_connect(&j->p, adjust == NULL ? opts : adjust(opts));
    CHECK_OK(natsConnection_JetStream(&j->js, j->nc, NULL));
}

void js_peer_start_as(js_peer *j, const char *version) {
    char info[256];

    snprintf(info, sizeof(info),
             "INFO "
             "{\"server_id\":\"FAKE\",\"version\":\"%s\",\"proto\":1,\"headers\":true,\"max_payload\":"
             "1048576}\r\n",
             version);
    memset(j, 0, sizeof(*j));
    peer_open(&j->p);
    peer_run(&j->p, peer_handshake, info);
    j->nc = test_connect(test_options(j->p.url));
    peer_join(&j->p);
    CHECK_OK(natsConnection_JetStream(&j->js, j->nc, NULL));
}

void js_peer_end(js_peer *j) {
    jsCtx_Destroy(j->js);
    peer_close(&j->p); /* a script that is running ends with it */
#if OURS
    /* The next round uses the same closures. */
    CHECK_OK(natsConnection_DestroyAndWait(j->nc, deadline_ms()));
#else
    natsConnection_Destroy(j->nc);
#endif
}

/* Reads the next line; false if none arrives in time. */
static bool next_line(js_peer *j, char *line, size_t size, int64_t timeout_ms) {
    size_t from = j->p.seen;
    const char *end;

    if (!peer_expect_within(&j->p, "\r\n", timeout_ms))
        return false;
    end = strstr(j->p.bytes + from, "\r\n");
    snprintf(line, size, "%.*s", (int)(end - (j->p.bytes + from)), j->p.bytes + from);
    j->p.seen = (size_t)(end - j->p.bytes) + 2;
    return true;
}

static bool next_op(js_peer *j, int64_t timeout_ms) {
    char line[1024], a[256], b[256], c[256], d[256];
    size_t length, from;
    js_op *op = &j->op;
    int n;

    if (!next_line(j, line, sizeof(line), timeout_ms))
        return false;
    memset(op, 0, sizeof(*op));
    a[0] = b[0] = c[0] = d[0] = 0;
    n = sscanf(line, "%7s %255s %255s %255s %255s", op->verb, a, b, c, d);
    if (strcmp(op->verb, "PING") == 0)
        return peer_send(&j->p, "PONG\r\n");
    snprintf(op->subject, sizeof(op->subject), "%s", a);
    if (strcmp(op->verb, "SUB") == 0) {
        snprintf(op->reply, sizeof(op->reply), "%s", n > 3 ? c : b);
        if (strncmp(a, "_INBOX.", 7) == 0 && strchr(a, '*') == NULL) {
            snprintf(j->inbox, sizeof(j->inbox), "%.127s", a);
            snprintf(j->sid, sizeof(j->sid), "%.23s", op->reply);
            j->consumer_seq = 0;
        } else if (strchr(a, '*') != NULL) {
            int at = j->wild_made++ % (int)(sizeof(j->wild) / sizeof(j->wild[0]));

            snprintf(j->answers, sizeof(j->answers), "%.23s", op->reply);
            snprintf(j->wild[at].prefix, sizeof(j->wild[at].prefix), "%.*s", (int)(strchr(a, '*') - a), a);
            snprintf(j->wild[at].sid, sizeof(j->wild[at].sid), "%.23s", op->reply);
        }
        return true;
    }
    if (strcmp(op->verb, "PUB") != 0 && strcmp(op->verb, "HPUB") != 0)
        return true;
    if (n > (op->verb[0] == 'H' ? 4 : 3))
        snprintf(op->reply, sizeof(op->reply), "%s", b);
    length = strtoul(n == 5 ? d : n == 4 ? c : b, NULL, 10);
    from = j->p.seen;
    if (!peer_expect_bytes(&j->p, from + length + 2))
        return false;
    snprintf(op->body, sizeof(op->body), "%.*s", (int)length, j->p.bytes + from);
    j->p.seen = from + length + 2;
    return true;
}

bool js_peer_await_within(js_peer *j, const char *verb, const char *subject, int64_t timeout_ms) {
    int64_t until = now_ms() + timeout_ms;

    for (;;) {
        int64_t left = until - now_ms();

        if (left < 0 || !next_op(j, left))
            return false;
        if (strcmp(j->op.verb, verb) == 0 && strncmp(j->op.subject, subject, strlen(subject)) == 0)
            return true;
    }
}

bool js_peer_await(js_peer *j, const char *verb, const char *subject) {
    if (js_peer_await_within(j, verb, subject, deadline_ms()))
        return true;
    if (j->p.problem[0] == 0)
        snprintf(j->p.problem, sizeof(j->p.problem), "no %s %.100s", verb, subject);
    return false;
}

const char *js_peer_sid_of(const js_peer *j, const char *subject) {
    size_t i;

    for (i = 0; i < sizeof(j->wild) / sizeof(j->wild[0]); i++) {
        size_t length = strlen(j->wild[i].prefix);

        if (length > 0 && strncmp(subject, j->wild[i].prefix, length) == 0)
            return j->wild[i].sid;
    }
    return "";
}

bool js_peer_answer(js_peer *j, const char *json) {
    char text[4096];

    snprintf(text, sizeof(text), "MSG %s %s %zu\r\n%s\r\n", j->op.reply, js_peer_sid_of(j, j->op.reply),
             strlen(json), json);
    return peer_send(&j->p, text);
}

bool js_peer_consumer(js_peer *j, const char *part, uint64_t delivered, uint64_t pending) {
    static const char flow_acked[] = "\"ack_policy\":\"flow_control\"";
    static const char heartbeat_name[] = "\"idle_heartbeat\":";
    const char *heartbeat;
    char json[1024];
    bool is_flow_acked;

    if (!js_peer_await(j, "PUB", "$JS.API.CONSUMER."))
        return false;
    /* Abandoned consumers are deleted before or after it. */
    while (strstr(j->op.subject, ".CONSUMER.DELETE.") != NULL) {
        js_peer_answer(j, "{\"success\":true}");
        if (!js_peer_await(j, "PUB", "$JS.API.CONSUMER."))
            return false;
    }
    if (part != NULL && strstr(j->op.body, part) == NULL) {
        snprintf(j->p.problem, sizeof(j->p.problem), "no %.60s in %.160s", part, j->op.body);
        return false;
    }
    is_flow_acked = strstr(j->op.body, flow_acked) != NULL;
    heartbeat = strstr(j->op.body, heartbeat_name);
    snprintf(json, sizeof(json),
             "{\"stream_name\":\"S\",\"name\":\"c%s\",\"created\":\"2026-01-01T00:00:00Z\","
             "\"config\":{\"deliver_subject\":\"%s\",\"idle_heartbeat\":%lld%s%s},"
             "\"delivered\":{\"consumer_seq\":0,\"stream_seq\":%" PRIu64 "},\"num_pending\":%" PRIu64 "}",
             j->sid, j->inbox, heartbeat == NULL ? 5000000000LL : atoll(heartbeat + strlen(heartbeat_name)),
             is_flow_acked ? "," : "", is_flow_acked ? flow_acked : "", delivered, pending);
    return js_peer_answer(j, json);
}

void js_peer_first_consumer(peer *p, void *arg) {
    (void)arg;
    js_peer_consumer((js_peer *)p, NULL, 0, 0);
}

bool js_peer_deliver_to(js_peer *j, const char *sid, uint64_t stream_seq, uint64_t consumer_seq,
                        uint64_t pending) {
    char text[512], payload[24];

    snprintf(payload, sizeof(payload), "%" PRIu64, stream_seq);
    snprintf(text, sizeof(text),
             "MSG foo %s $JS.ACK.S.c.1.%" PRIu64 ".%" PRIu64 ".1767225600000000000.%" PRIu64 " %zu\r\n%s\r\n",
             sid, stream_seq, consumer_seq, pending, strlen(payload), payload);
    return peer_send(&j->p, text);
}

bool js_peer_deliver(js_peer *j, uint64_t stream_seq, uint64_t consumer_seq, uint64_t pending) {
    j->consumer_seq = consumer_seq == 0 ? j->consumer_seq + 1 : consumer_seq;
    return js_peer_deliver_to(j, j->sid, stream_seq, j->consumer_seq, pending);
}

/* A message without a payload. reply: or "". */
static bool send_status(js_peer *j, const char *reply, const char *headers) {
    char text[1024];

    snprintf(text, sizeof(text), "HMSG %s %s %s%s%zu %zu\r\n%s\r\n", j->inbox, j->sid, reply,
             reply[0] == 0 ? "" : " ", strlen(headers), strlen(headers), headers);
    return peer_send(&j->p, text);
}

bool js_peer_heartbeat(js_peer *j, uint64_t consumer_seq, uint64_t stream_seq, const char *stalled) {
    char headers[512];

    snprintf(headers, sizeof(headers),
             "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: %" PRIu64 "\r\nNats-Last-Stream: %" PRIu64
             "\r\n%s%s%s\r\n",
             consumer_seq, stream_seq,
             stalled == NULL ? "" : "Nats-Consumer-Stalled: ", stalled == NULL ? "" : stalled,
             stalled == NULL ? "" : "\r\n");
    return send_status(j, "", headers);
}

bool js_peer_flow(js_peer *j, const char *reply) {
    return send_status(j, reply, "NATS/1.0 100 FlowControl Request\r\n\r\n");
}
