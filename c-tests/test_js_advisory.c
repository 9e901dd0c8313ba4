/* Reading advisories, which servers publish about streams and consumers. */
#include "jetstream.h"
#include "server.h"

static natsSubscription *listen(natsConnection *nc, jsAdvisoryKind kind, const char *stream,
                                const char *consumer, const char *want) {
    natsSubscription *sub = NULL;
    char *subject = NULL;

    CHECK_OK(js_AdvisorySubject(&subject, kind, stream, consumer));
    CHECK_STR(subject, want);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, subject));
    free(subject);
    return sub;
}

static jsAdvisory *read_next(natsSubscription *sub) {
    natsMsg *msg = test_next(sub);
    jsAdvisory *advisory = NULL;

    CHECK_OK(js_ReadAdvisory(&advisory, msg));
    natsMsg_Destroy(msg);
    return advisory;
}

/* Pulls one message, which is not acknowledged. */
static void pull(natsConnection *nc, const char *consumer, const char *body) {
    char function[128];
    natsMsg *msg = NULL;

    snprintf(function, sizeof(function), "$JS.API.CONSUMER.MSG.NEXT.S.%s", consumer);
    CHECK_OK(natsConnection_RequestString(&msg, nc, function, body, deadline_ms()));
    natsMsg_Destroy(msg);
}

static void of_messages_and_pins(void) {
    server s;
    natsConnection *nc;
    natsSubscription *max, *pinned, *unpinned, *all;
    natsMsg *msg = NULL;
    jsAdvisory *advisory;
    char text[2048];

    server_run_jetstream(&s);
    nc = test_connect_url(s.url);
    stream_create(nc, "S", "\"s\"", "");
    max = listen(nc, js_AdvisoryMaxDeliveries, "S", "C", "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.S.C");
    pinned = listen(nc, js_AdvisoryPinned, "S", NULL, "$JS.EVENT.ADVISORY.CONSUMER.PINNED.S.*");
    unpinned = listen(nc, js_AdvisoryUnpinned, NULL, "", "$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.*.*");
    all = listen(nc, js_AdvisoryOther, NULL, NULL, "$JS.EVENT.ADVISORY.>");
    CHECK_OK(natsConnection_Flush(nc));
    api_request(nc, "CONSUMER.CREATE.S.C",
                "{\"stream_name\":\"S\",\"config\":{\"name\":\"C\",\"durable_name\":\"C\",\"ack_policy\":"
                "\"explicit\",\"max_deliver\":1,\"ack_wait\":50000000}}",
                text, sizeof(text));
    CHECK_CONTAINS(text, "\"name\":\"C\"");
    CHECK_OK(natsConnection_PublishString(nc, "s", "x"));
    pull(nc, "C", "1");
    /* The server looks at what is not acknowledged when it is asked for more. */
    while (natsSubscription_NextMsg(&msg, max, 100) != NATS_OK)
        pull(nc, "C", "{\"batch\":1,\"no_wait\":true}");
    advisory = NULL;
    CHECK_OK(js_ReadAdvisory(&advisory, msg));
    natsMsg_Destroy(msg);
    CHECK_INT(advisory->Kind, js_AdvisoryMaxDeliveries);
    CHECK_STR(advisory->Type, "io.nats.jetstream.advisory.v1.max_deliver");
    CHECK_STR(advisory->Stream, "S");
    CHECK_STR(advisory->Consumer, "C");
    CHECK_INT(advisory->StreamSeq, 1);
    CHECK_INT(advisory->Deliveries, 1);
    CHECK(advisory->Time > INT64_C(1700000000000000000) && advisory->ID != NULL);
    CHECK(advisory->Group == NULL && advisory->Domain == NULL && advisory->Batch == NULL);
    jsAdvisory_Destroy(advisory);

    api_request(nc, "CONSUMER.CREATE.S.P",
                "{\"stream_name\":\"S\",\"config\":{\"name\":\"P\",\"durable_name\":\"P\",\"ack_policy\":"
                "\"explicit\",\"priority_policy\":\"pinned_client\",\"priority_groups\":[\"g\"],"
                "\"priority_timeout\":60000000000}}",
                text, sizeof(text));
    CHECK_CONTAINS(text, "\"name\":\"P\"");
    pull(nc, "P", "{\"batch\":1,\"group\":\"g\",\"expires\":5000000000}");
    advisory = read_next(pinned);
    CHECK_INT(advisory->Kind, js_AdvisoryPinned);
    CHECK_STR(advisory->Group, "g");
    CHECK_STR(advisory->Consumer, "P");
    CHECK(advisory->PinnedClientID != NULL);
    jsAdvisory_Destroy(advisory);
    api_request(nc, "CONSUMER.UNPIN.S.P", "{\"group\":\"g\"}", text, sizeof(text));
    advisory = read_next(unpinned);
    CHECK_INT(advisory->Kind, js_AdvisoryUnpinned);
    CHECK_STR(advisory->Group, "g");
    CHECK_STR(advisory->Reason, "admin");
    jsAdvisory_Destroy(advisory);

    /* One that has no kind of its own: the first of all is that C was created. */
    advisory = read_next(all);
    CHECK_INT(advisory->Kind, js_AdvisoryOther);
    CHECK(advisory->Type != NULL);
    jsAdvisory_Destroy(advisory);
    natsSubscription_Destroy(max);
    natsSubscription_Destroy(pinned);
    natsSubscription_Destroy(unpinned);
    natsSubscription_Destroy(all);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void of_batches(void) {
    server s;
    natsConnection *nc;
    natsSubscription *sub;
    natsMsg *msg = NULL, *reply = NULL;
    jsAdvisory *advisory;

    server_run_jetstream(&s);
    nc = test_connect_url(s.url);
    stream_create(nc, "S", "\"s\"", ",\"allow_atomic\":true");
    sub =
        listen(nc, js_AdvisoryBatchAbandoned, "S", "ignored", "$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.S");
    CHECK_OK(natsConnection_Flush(nc));
    /* The second message has the number of the third. */
    msg = test_msg("s", NULL, "x");
    CHECK_OK(natsMsgHeader_Set(msg, "Nats-Batch-Id", "B"));
    CHECK_OK(natsMsgHeader_Set(msg, "Nats-Batch-Sequence", "1"));
    CHECK_OK(natsConnection_RequestMsg(&reply, nc, msg, deadline_ms()));
    natsMsg_Destroy(reply);
    CHECK_OK(natsMsgHeader_Set(msg, "Nats-Batch-Sequence", "3"));
    CHECK_OK(natsConnection_RequestMsg(&reply, nc, msg, deadline_ms()));
    natsMsg_Destroy(reply);
    natsMsg_Destroy(msg);
    advisory = read_next(sub);
    CHECK_INT(advisory->Kind, js_AdvisoryBatchAbandoned);
    CHECK_STR(advisory->Batch, "B");
    CHECK_STR(advisory->Stream, "S");
    CHECK(advisory->Reason != NULL);
    jsAdvisory_Destroy(advisory);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static void others_are_none(void) {
    natsMsg *msg = test_msg("s", NULL, "{\"type\":\"io.nats.server.advisory.v1.client_connect\"}");
    jsAdvisory *advisory = NULL;
    char *subject = NULL;

    CHECK_STATUS(js_ReadAdvisory(&advisory, msg), NATS_NOT_FOUND);
    CHECK_STATUS(js_ReadAdvisory(NULL, msg), NATS_INVALID_ARG);
    CHECK_STATUS(js_ReadAdvisory(&advisory, NULL), NATS_INVALID_ARG);
    natsMsg_Destroy(msg);
    msg = test_msg("s", NULL, "no JSON");
    CHECK_STATUS(js_ReadAdvisory(&advisory, msg), NATS_ERR);
    natsMsg_Destroy(msg);
    msg =
        test_msg("s", NULL, "{\"type\":\"io.nats.jetstream.advisory.v1.max_deliver\",\"stream_seq\":\"1\"}");
    CHECK_STATUS(js_ReadAdvisory(&advisory, msg), NATS_INVALID_ARG);
    natsMsg_Destroy(msg);
    CHECK(advisory == NULL);
    CHECK_STATUS(js_AdvisorySubject(&subject, (jsAdvisoryKind)8, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_AdvisorySubject(&subject, (jsAdvisoryKind)-1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_AdvisorySubject(&subject, js_AdvisoryPinned, "a.b", NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_AdvisorySubject(&subject, js_AdvisoryPinned, "a", "*"), NATS_INVALID_ARG);
    CHECK_STATUS(js_AdvisorySubject(NULL, js_AdvisoryPinned, "a", "b"), NATS_INVALID_ARG);
    CHECK(subject == NULL);
    jsAdvisory_Destroy(NULL);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(of_messages_and_pins),
        TEST(of_batches),
        TEST(others_are_none),
    };

    return RUN_TESTS(cases, argc, argv);
}
