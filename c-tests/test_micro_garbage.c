/* Invalid requests to services and invalid answers of services: both sides report the errors and continue. */
#include "micro.h"

enum { LONG_TEXT = 200 * 1000 };

static char long_text[LONG_TEXT + 1];

typedef struct answer {
    const char *code, *text; /* headers, or NULL */
    const char *body;
    bool is_error;
} answer;

static void answer_so(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    const answer *a = (const answer *)arg;
    natsMsg *reply = NULL;

    (void)sub;
    if (natsMsg_Create(&reply, natsMsg_GetReply(msg), NULL, a->body, (int)strlen(a->body)) == NATS_OK) {
        if (a->code != NULL)
            natsMsgHeader_Set(reply, "Nats-Service-Error-Code", a->code);
        if (a->text != NULL)
            natsMsgHeader_Set(reply, "Nats-Service-Error", a->text);
        natsConnection_PublishMsg(nc, reply);
    }
    natsMsg_Destroy(reply);
    natsMsg_Destroy(msg);
}

static void answers_that_no_service_should_give(void) {
    static const answer answers[] = {
        {NULL, NULL, "", false},
        {NULL, NULL, "\x01{", false},
        {"0", NULL, "x", false},
        {"", "", "x", false},
        {"x", NULL, "x", true},
        {"-1", NULL, "x", true},
        {"99999999999999999999999", NULL, "x", true},
        {"4 0 0", "", "x", true},
        {"1e3", "%s%n%x", "", true},
        {NULL, "words only", "x", true},
        {"500", long_text, "x", true},
        {long_text, "\xff\xfe", "x", true},
    };
    microClient *client = NULL;
    size_t i;
    fixture f;

    memset(long_text, 'x', LONG_TEXT);
    fixture_start(&f);
    CHECK_FINE(micro_NewClient(&client, f.nc, NULL));
    for (i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        natsSubscription *sub = NULL;
        natsMsg *reply = NULL;
        microError *err;
        char text[512];

        CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "s", answer_so, (void *)&answers[i]));
        err = microClient_DoRequest(&reply, client, "s", "ask", 3);
        if ((err != NULL) != answers[i].is_error || (err != NULL && reply != NULL) ||
            (err == NULL && strcmp(natsMsg_GetData(reply), answers[i].body) != 0))
            check_failed(__FILE__, __LINE__, "answer %zu: %s", i,
                         err == NULL ? "no error" : microError_String(err, text, sizeof(text)));
        if (err != NULL)
            CHECK(microError_String(err, text, sizeof(text))[0] != 0);
        microError_Destroy(err);
        natsMsg_Destroy(reply);
        CHECK_OK(natsSubscription_Unsubscribe(sub));
        natsSubscription_Destroy(sub);
    }
    microClient_Destroy(client);
    end(&f);
}

static void requests_that_make_no_sense(void) {
    static const char *const bodies[] = {"", "{", "null", "[[[[", "\xff\xfe\x01", "{\"type\":7}", long_text};
    static const char *const subjects[] = {"$SRV.PING",   "$SRV.PING.s",  "$SRV.INFO",
                                           "$SRV.INFO.s", "$SRV.STATS.s", "e"};
    microServiceConfig config = service_config("s", NULL);
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microService *service = NULL;
    size_t i, j;
    fixture f;

    memset(long_text, 'x', LONG_TEXT);
    fixture_start(&f);
    config.Endpoint = &endpoint;
    CHECK_FINE(micro_AddService(&service, f.nc, &config));
    for (i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
        for (j = 0; j < sizeof(bodies) / sizeof(*bodies); j++) {
            natsMsg *msg = NULL, *reply = NULL;

            CHECK_OK(natsMsg_Create(&msg, subjects[i], NULL, bodies[j], (int)strlen(bodies[j])));
            CHECK_OK(natsMsgHeader_Set(msg, "Nats-Service-Error-Code", "x"));
            CHECK_OK(natsMsgHeader_Set(msg, "Nats-Status", ""));
            /* Nobody to answer to. */
            CHECK_OK(natsConnection_PublishMsg(f.nc, msg));
            CHECK_OK(natsConnection_RequestMsg(&reply, f.nc, msg, deadline_ms()));
            if (subjects[i][0] == '$')
                CHECK_CONTAINS(natsMsg_GetData(reply), "\"type\":\"io.nats.micro.v1.");
            else
                CHECK_STR(natsMsg_GetData(reply), bodies[j]);
            natsMsg_Destroy(reply);
            natsMsg_Destroy(msg);
        }
    }
    /* Names that nobody has are nobody's. */
    for (i = 0; i < 2; i++) {
        natsMsg *reply = NULL;

        CHECK_STATUS(
            natsConnection_RequestString(&reply, f.nc, i == 0 ? "$SRV.PING.x" : "$SRV.INFO.s.x", "", 200),
            NATS_NO_RESPONDERS);
    }
    CHECK_FINE(microService_Destroy(service));
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(answers_that_no_service_should_give),
        TEST(requests_that_make_no_sense),
    };

    return RUN_TESTS(cases, argc, argv);
}
