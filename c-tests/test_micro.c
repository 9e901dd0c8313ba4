/* Services: errors, requests and their answers, groups, queue groups, the client side. */
#include "micro.h"

static void errors(void) {
    char text[64], *wide = (char *)malloc(5001);
    microError *err;

    memset(wide, 'x', 5000);
    wide[5000] = '\0';
    err = micro_Errorf("%s %d %.1f", "a", 7, 1.5);
    CHECK_STR(microError_String(err, text, sizeof(text)), "a 7 1.5");
    CHECK_INT(microError_Status(err), NATS_OK);
    CHECK_INT(microError_Code(err), 0);
    microError_Destroy(err);
    err = micro_ErrorfCode(404, "%s", wide);
    CHECK_INT(microError_Code(err), 404);
    CHECK_STR(microError_String(err, text, 12), "code 404: x");
    CHECK_STR(microError_String(err, wide, 5001) + 4990, "xxxxxxxxxx");
    err = microError_Wrapf(err, "no '%s' of %" PRId64, "order", INT64_C(7));
    CHECK_STR(microError_String(err, text, 32), "no 'order' of 7: code 404: xxxx");
    CHECK_INT(microError_Code(err), 0);
    microError_Ignore(err);
    CHECK(microError_Wrapf(NULL, "%s", "x") == NULL);
    CHECK(micro_ErrorFromStatus(NATS_OK) == NULL);
    err = microError_Wrapf(micro_ErrorFromStatus(NATS_TIMEOUT), NULL);
    CHECK_STR(microError_String(err, text, sizeof(text)), ": status 26: Timeout");
    CHECK_INT(microError_Status(err), NATS_TIMEOUT);
    microError_Destroy(err);
    err = micro_Errorf(NULL);
    CHECK_STR(microError_String(err, text, sizeof(text)), "");
    microError_Destroy(err);

    /* Texts are no formats. */
    err = microError_WrapText(micro_ErrorFromText(400, "%s"), "100%");
    CHECK_STR(microError_String(err, text, sizeof(text)), "100%: code 400: %s");
    microError_Destroy(err);
    CHECK(microError_WrapText(NULL, "x") == NULL);

    CHECK_STR(microError_String(NULL, text, sizeof(text)), "null");
    CHECK_STR(microError_String(micro_ErrorInvalidArg, text, sizeof(text)),
              "status 16: invalid function argument");
    err = microError_Wrapf(micro_ErrorInvalidArg, "twice");
    microError_Destroy(err);
    err = microError_Wrapf(micro_ErrorOutOfMemory, "twice");
    CHECK_STR(microError_String(err, text, sizeof(text)), "twice: status 24: out of memory");
    microError_Destroy(err);
    microError_Destroy(micro_ErrorInvalidArg);
    microError_Destroy(micro_ErrorOutOfMemory);
    microError_Destroy(NULL);
    CHECK_INT(microError_Status(micro_ErrorInvalidArg), NATS_INVALID_ARG);
    CHECK_INT(microError_Code(NULL), 0);
    CHECK_INT(microError_Status(NULL), NATS_OK);
    free(wide);
}

/* What the handler of `requests` found. Counted as wrong where it was not what it should have been. */
#define EXPECT(c, condition)                                                                                 \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            counter_add(&(c)->wrong, 1);                                                                     \
        }                                                                                                    \
    } while (0)

static microService *the_service;

static bool is_status(microError *err, natsStatus s) {
    bool is = microError_Status(err) == s;

    microError_Destroy(err);
    return is;
}

static bool says(microError *err, const char *text) {
    char buf[256];
    bool is = strstr(microError_String(err, buf, sizeof(buf)), text) != NULL;

    microError_Destroy(err);
    return is;
}

static microError *curious(microRequest *req) {
    closure *c = (closure *)microRequest_GetServiceState(req);
    const char *value = NULL, **values = NULL;
    int count = 0;

    counter_add(&c->messages, 1);
    EXPECT(c, microRequest_GetEndpointState(req) == &c->gate);
    EXPECT(c, microRequest_GetService(req) == the_service);
    EXPECT(c, microService_GetState(the_service) == c);
    EXPECT(c, microRequest_GetConnection(req) == c->connection);
    EXPECT(c, microService_GetConnection(microRequest_GetService(req)) == c->connection);
    EXPECT(c, strcmp(microRequest_GetSubject(req), "curious.cat") == 0);
    EXPECT(c, microRequest_GetReply(req) != NULL);
    EXPECT(c, microRequest_GetDataLength(req) == 4 && strcmp(microRequest_GetData(req), "meow") == 0);
    EXPECT(c, microRequest_GetHeaderValue(req, "A", &value) == NULL && strcmp(value, "1") == 0);
    EXPECT(c, microRequest_GetHeaderValues(req, "A", &values, &count) == NULL);
    EXPECT(c, count == 2 && strcmp(values[1], "2") == 0);
    free((void *)values);
    EXPECT(c, is_status(microRequest_GetHeaderValue(req, "a", &value), NATS_NOT_FOUND));
    EXPECT(c, microRequest_SetHeader(req, "B", "x") == NULL && microRequest_AddHeader(req, "B", "y") == NULL);
    EXPECT(c, microRequest_DeleteHeader(req, "A") == NULL);
    EXPECT(c, is_status(microRequest_DeleteHeader(req, "A"), NATS_NOT_FOUND));
    EXPECT(c, says(microRequest_GetHeaderValue(req, "a", &value),
                   "microRequest_GetHeaderValue failed: status 13: the request has no header 'a'"));
    EXPECT(c, is_status(microRequest_SetHeader(req, "a:b", "x"), NATS_INVALID_ARG));
    EXPECT(c, says(microRequest_Respond(NULL, "x", 1), "status 16: the request is NULL"));
    EXPECT(c, says(microRequest_Respond(req, NULL, 1), "status 16: the payload is NULL"));
    EXPECT(c, microRequest_GetHeaderKeys(req, &values, &count) == NULL);
    EXPECT(c, count == 1 && strcmp(values[0], "B") == 0);
    free((void *)values);
    /* It is the library's: nothing happens. */
    natsMsg_Destroy(microRequest_GetMsg(req));
    EXPECT(c, strcmp(natsMsg_GetData(microRequest_GetMsg(req)), "meow") == 0);
    return microRequest_Respond(req, "purr", 4);
}

static void requests(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("curious", curious);
    natsMsg *msg, *reply = NULL;
    const char *value;

    fixture_start(&f);
    f.c.connection = f.nc;
    config = service_config("cats", &f.c);
    endpoint.Subject = "curious.*";
    endpoint.State = &f.c.gate;
    config.Endpoint = &endpoint;
    CHECK_FINE(micro_AddService(&the_service, f.nc, &config));
    msg = test_msg("curious.cat", NULL, "meow");
    CHECK_OK(natsMsgHeader_Add(msg, "A", "1"));
    CHECK_OK(natsMsgHeader_Add(msg, "A", "2"));
    CHECK_OK(natsConnection_RequestMsg(&reply, f.nc, msg, deadline_ms()));
    CHECK_STR(natsMsg_GetData(reply), "purr");
    CHECK_STATUS(natsMsgHeader_Get(reply, "B", &value), NATS_NOT_FOUND);
    natsMsg_Destroy(reply);
    natsMsg_Destroy(msg);
    CHECK_INT(counter_get(&f.c.wrong), 0);
    CHECK_FINE(microService_Destroy(the_service));
    end(&f);
}

static microError *fails(microRequest *req) {
    (void)req;
    return micro_ErrorfCode(-7, "50%% of\r\nnothing");
}

static microError *fails_inside(microRequest *req) {
    (void)req;
    return microError_Wrapf(micro_ErrorFromStatus(NATS_TIMEOUT), "outer");
}

static microError *invalid(microRequest *req) {
    (void)req;
    return micro_ErrorInvalidArg;
}

/* Answers twice, and with an error beside data. */
static microError *twice(microRequest *req) {
    microError_Destroy(microRequest_RespondCustom(req, micro_ErrorfCode(5, "five"), "data", 4));
    return microRequest_RespondError(req, NULL);
}

static void expect_headers(natsMsg *reply, const char *error, const char *code, const char *status) {
    const char *value = NULL;

    CHECK_OK(natsMsgHeader_Get(reply, MICRO_ERROR_HDR, &value));
    CHECK_STR(value, error);
    CHECK_OK(natsMsgHeader_Get(reply, MICRO_ERROR_CODE_HDR, &value));
    CHECK_STR(value, code);
    if (status == NULL) {
        CHECK_STATUS(natsMsgHeader_Get(reply, MICRO_STATUS_HDR, &value), NATS_NOT_FOUND);
    } else {
        CHECK_OK(natsMsgHeader_Get(reply, MICRO_STATUS_HDR, &value));
        CHECK_STR(value, status);
    }
}

static microEndpointStats *stats_of(microServiceStats *stats, const char *subject) {
    int i;

    for (i = 0; i < stats->EndpointsLen; i++)
        if (strcmp(stats->Endpoints[i].Subject, subject) == 0)
            return &stats->Endpoints[i];
    check_failed(__FILE__, __LINE__, "no endpoint %s", subject);
}

static void answers_that_are_errors(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoints[4];
    microServiceStats *stats = NULL;
    microEndpointStats *one;
    microService *m = NULL;
    microClient *client = NULL;
    natsSubscription *inbox = NULL;
    natsMsg *reply = NULL;
    microError *err;
    char text[64];
    int i;

    fixture_start(&f);
    config = service_config("s", &f.c);
    endpoints[0] = endpoint_config("fails", fails);
    endpoints[1] = endpoint_config("inside", fails_inside);
    endpoints[2] = endpoint_config("invalid", invalid);
    endpoints[3] = endpoint_config("twice", twice);
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    for (i = 0; i < 4; i++)
        CHECK_FINE(microService_AddEndpoint(m, &endpoints[i]));
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "fails", "", deadline_ms()));
    expect_headers(reply, "50% of  nothing", "-7", NULL);
    CHECK_INT(natsMsg_GetDataLength(reply), 0);
    natsMsg_Destroy(reply);
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "inside", "", deadline_ms()));
    expect_headers(reply, "outer", "0", NULL);
    natsMsg_Destroy(reply);
    CHECK_OK(natsConnection_RequestString(&reply, f.nc, "invalid", "", deadline_ms()));
    expect_headers(reply, "invalid function argument", "0", "Invalid Argument");
    natsMsg_Destroy(reply);

    /* Two answers. */
    CHECK_OK(natsConnection_SubscribeSync(&inbox, f.nc, "inbox"));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "twice", "inbox", "x"));
    reply = test_next(inbox);
    expect_headers(reply, "five", "5", NULL);
    CHECK_STR(natsMsg_GetData(reply), "data");
    natsMsg_Destroy(reply);
    test_expect_next(inbox, "");
    /* No reply subject: the answer cannot be sent, which counts. */
    CHECK_OK(natsConnection_PublishString(f.nc, "fails", "x"));
    expect_answer(f.nc, "inside", "", "");

    /* The asking side. */
    CHECK_FINE(micro_NewClient(&client, f.nc, NULL));
    reply = NULL;
    err = microClient_DoRequest(&reply, client, "fails", "", 0);
    CHECK_INT(microError_Code(err), -7);
    CHECK_STR(microError_String(err, text, sizeof(text)), "code -7: 50% of  nothing");
    microError_Destroy(err);
    CHECK(reply == NULL);
    CHECK_FAULT(microClient_DoRequest(&reply, client, "nobody", "", 0), NATS_NO_RESPONDERS,
                "request failed: status 34");
    CHECK_FAULT(microClient_DoRequest(NULL, client, "fails", "", 0), NATS_INVALID_ARG,
                "invalid function argument");
    CHECK_FAULT(microClient_DoRequest(&reply, client, "fails", "", -1), NATS_INVALID_ARG, "");
    microClient_Destroy(client);
    microClient_Destroy(client);
    CHECK_FAULT(microClient_DoRequest(&reply, client, "fails", "", 0), NATS_INVALID_ARG, "");

    /* A count may come a moment after the answer that it is about. */
    do {
        microServiceStats_Destroy(stats);
        CHECK_FINE(microService_GetStats(&stats, m));
    } while (stats_of(stats, "fails")->NumErrors < 4);
    CHECK_STR(stats->Type, MICRO_STATS_RESPONSE_TYPE);
    CHECK_STR(stats->Name, "s");
    CHECK_STR(stats->Version, "1.2.3");
    CHECK_INT(strlen(stats->Id), 22);
    CHECK(stats->Started % 1000000 == 0 && stats->Started > nats_NowInNanoSeconds() - INT64_C(600000000000));
    CHECK_INT(stats->EndpointsLen, 4);
    CHECK_STR(stats->Endpoints[0].Name, "twice");
    CHECK_STR(stats->Endpoints[3].Name, "fails");
    one = stats_of(stats, "fails");
    CHECK_INT(one->NumRequests, 3);
    CHECK_INT(one->NumErrors, 4);
    CHECK_STR(one->QueueGroup, "q");
    CHECK(one->ProcessingTimeNanoseconds > 0 && one->ProcessingTimeNanoseconds < 1000000000);
    CHECK_INT(one->AverageProcessingTimeNanoseconds,
              (one->ProcessingTimeSeconds * 1000000000 + one->ProcessingTimeNanoseconds) / 3);
    CHECK_CONTAINS(one->LastErrorString, "code -7: 50%");
    one = stats_of(stats, "twice");
    CHECK_INT(one->NumRequests, 1);
    CHECK_INT(one->NumErrors, 1);
    CHECK_STR(one->LastErrorString, "code 5: five");
    microServiceStats_Destroy(stats);
    natsSubscription_Destroy(inbox);
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

static microGroup *group_in(microService *m, microGroup *parent, const char *prefix, const char *queue,
                            bool none) {
    microGroupConfig config;
    microGroup *group = NULL;

    memset(&config, 0, sizeof(config));
    config.Prefix = prefix;
    config.QueueGroup = queue;
    config.NoQueueGroup = none;
    CHECK_FINE(parent == NULL ? microService_AddGroup(&group, m, &config)
                              : microGroup_AddGroup(&group, parent, &config));
    return group;
}

static void groups_and_queue_groups(void) {
    static const struct {
        const char *subject, *queue;
    } want[] = {{"a.b.e", "own"}, {"a.n.e", NULL}, {"a.b.d", "ga"}, {"a.d", "ga"},
                {"p.d", "sq"},    {"e", NULL},     {"d", "sq"}};
    fixture f;
    microServiceConfig config;
    microEndpointConfig plain = endpoint_config("d", echo), own = endpoint_config("e", echo);
    microEndpointConfig none = endpoint_config("e", echo);
    const char *metadata[] = {"k\"ey", "v\n\\", "b", ""};
    microServiceInfo *info = NULL;
    microService *m = NULL;
    microGroup *a, *b;
    int i;

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.QueueGroup = "sq";
    config.Description = "a \"test\"";
    config.Metadata.List = metadata;
    config.Metadata.Count = 2;
    config.Endpoint = &plain;
    own.QueueGroup = "own";
    own.Metadata = config.Metadata;
    none.NoQueueGroup = true;
    plain.QueueGroup = "";
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_AddEndpoint(m, &none));
    CHECK_FINE(microGroup_AddEndpoint(group_in(m, NULL, "p", "", false), &plain));
    a = group_in(m, NULL, "a", "ga", false);
    CHECK_FINE(microGroup_AddEndpoint(a, &plain));
    b = group_in(m, a, "b", NULL, false);
    CHECK_FINE(microGroup_AddEndpoint(b, &plain));
    own.Name = "f"; /* the name is no part of it */
    own.Subject = "e";
    none.QueueGroup = NULL;
    none.NoQueueGroup = false;
    CHECK_FINE(microGroup_AddEndpoint(group_in(m, a, "n", "x", true), &none));
    CHECK_FINE(microGroup_AddEndpoint(b, &own));

    CHECK_FINE(microService_GetInfo(&info, m));
    CHECK_STR(info->Type, MICRO_INFO_RESPONSE_TYPE);
    CHECK_STR(info->Description, "a \"test\"");
    CHECK_INT(info->Metadata.Count, 2);
    CHECK_STR(info->Metadata.List[2], "k\"ey");
    CHECK_STR(info->Metadata.List[3], "v\n\\");
    CHECK_INT(info->EndpointsLen, 7);
    for (i = 0; i < 7; i++) {
        CHECK_STR(info->Endpoints[i].Subject, want[i].subject);
        if (want[i].queue == NULL)
            CHECK(info->Endpoints[i].QueueGroup == NULL);
        else
            CHECK_STR(info->Endpoints[i].QueueGroup, want[i].queue);
    }
    CHECK_STR(info->Endpoints[0].Name, "f");
    CHECK_INT(info->Endpoints[0].Metadata.Count, 2);
    microServiceInfo_Destroy(info);
    expect_answer(f.nc, "a.b.e", "x", "x");
    expect_answer(f.nc, "p.d", "y", "y");

    /* The groups end with the service. */
    CHECK_FINE(microService_Destroy(m));
    CHECK_FAULT(microGroup_AddEndpoint(b, &plain), NATS_INVALID_ARG, "");
    CHECK_FAULT(microService_Stop(m), NATS_INVALID_ARG, "");
    CHECK(microService_IsStopped(m) && microService_GetState(m) == NULL);
    end(&f);
}

static void configurations_that_cannot_be(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo), other;
    microService *m = NULL, *bad = NULL;
    microServiceStats *stats = NULL;
    microGroupConfig group;
    microGroup *g = NULL;

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.Endpoint = &endpoint;
    memset(&group, 0, sizeof(group));
#define REFUSED(field, value)                                                                                \
    do {                                                                                                     \
        microServiceConfig changed = config;                                                                 \
        changed.field = value;                                                                               \
        CHECK_FAULT(micro_AddService(&bad, f.nc, &changed), NATS_INVALID_ARG, "invalid function argument");  \
        CHECK(bad == NULL);                                                                                  \
    } while (0)
    REFUSED(Name, NULL);
    REFUSED(Name, "");
    REFUSED(Name, "a.b");
    REFUSED(Version, NULL);
    REFUSED(Version, "");
    REFUSED(QueueGroup, "");
    endpoint.Name = "a b";
    CHECK_FAULT(micro_AddService(&bad, f.nc, &config), NATS_INVALID_ARG, "failed to add microservice 's': ");
    endpoint.Name = "e";
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_AddEndpoint(m, NULL));
    other = endpoint_config("f", NULL);
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_INVALID_ARG,
                "can't add an endpoint 'f' to service 's': NULL endpoint request handler for 'f'");
    other = endpoint_config(NULL, echo);
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_INVALID_ARG, "invalid function argument");
    other.Subject = "sub";
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_INVALID_ARG, "invalid endpoint name ''");
    other = endpoint_config("f", echo);
    other.Subject = "a.>.b";
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_INVALID_ARG,
                "invalid subject 'a.>.b' for endpoint 'f'");
    CHECK_FAULT(microService_AddGroup(&g, m, &group), NATS_INVALID_ARG, "");
    other.Subject = "$SRV.PING";
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_INVALID_ARG,
                "the subject '$SRV.PING' is one for monitoring");
    other.Subject = "$SRV.STATS.s";
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_INVALID_ARG,
                "the subject '$SRV.STATS.s' is one for monitoring");
    other.Subject = "q";
    other.QueueGroup = "a b";
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_INVALID_QUEUE_NAME, "can't add an endpoint 'f'");

    /* The same subject: another handler, statistics from the beginning. */
    expect_answer(f.nc, "e", "x", "x");
    other = endpoint_config("again", twice);
    other.Subject = "e";
    CHECK_FINE(microService_AddEndpoint(m, &other));
    expect_answer(f.nc, "e", "x", "data");
    CHECK_FINE(microService_GetStats(&stats, m));
    CHECK_INT(stats->EndpointsLen, 1);
    CHECK_STR(stats->Endpoints[0].Name, "again");
    CHECK_INT(stats->Endpoints[0].NumRequests, 1);
    microServiceStats_Destroy(stats);
    other.NoQueueGroup = true;
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_OK,
                "can't change the queue group settings for endpoint 'again'");
    other.NoQueueGroup = false;
    other.QueueGroup = "x";
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_OK,
                "can't change the queue group for endpoint 'again'");

    CHECK_FINE(microService_Stop(m));
    other = endpoint_config("g", echo);
    CHECK_FAULT(microService_AddEndpoint(m, &other), NATS_OK,
                "can't add an endpoint 'g' to service 's': the service is stopped");
    CHECK_FINE(microService_Destroy(m));
    natsConnection_Close(f.nc);
    CHECK_FAULT(micro_AddService(&bad, f.nc, &config), NATS_CONNECTION_CLOSED,
                "can't add service 's' to a closed or draining connection");
    end(&f);
}

/* Instances share the requests of a queue group; without one each gets all. */
static void instances(void) {
    fixture f;
    natsConnection *other;
    closure second;
    microServiceConfig config;
    microEndpointConfig shared = endpoint_config("shared", echo), all = endpoint_config("all", echo);
    microService *one = NULL, *two = NULL;
    int i;

    fixture_start(&f);
    closure_init(&second);
    other = test_connect_url(f.s.url);
    all.NoQueueGroup = true;
    config = service_config("s", &f.c);
    CHECK_FINE(micro_AddService(&one, f.nc, &config));
    config.State = &second;
    CHECK_FINE(micro_AddService(&two, other, &config));
    CHECK_FINE(microService_AddEndpoint(one, &shared));
    CHECK_FINE(microService_AddEndpoint(two, &shared));
    CHECK_FINE(microService_AddEndpoint(one, &all));
    CHECK_FINE(microService_AddEndpoint(two, &all));
    CHECK_OK(natsConnection_Flush(other));
    for (i = 0; i < 200; i++)
        expect_answer(f.nc, "shared", "x", "x");
    CHECK_INT(counter_get(&f.c.messages) + counter_get(&second.messages), 200);
    CHECK(counter_get(&f.c.messages) > 0 && counter_get(&second.messages) > 0);
    counter_set(&f.c.messages, 0);
    counter_set(&second.messages, 0);
    for (i = 0; i < 10; i++)
        expect_answer(f.nc, "all", "x", "x");
    CHECK_REACHED(&f.c.messages, 10);
    CHECK_REACHED(&second.messages, 10);
    CHECK_FINE(microService_Destroy(one));
    CHECK_FINE(microService_Destroy(two));
    natsConnection_Destroy(other);
    end(&f);
}

/* Requests go on after a reconnect. */
static void over_a_reconnect(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microService *m = NULL;
    char text[512];

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.Endpoint = &endpoint;
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    expect_answer(f.nc, "e", "x", "x");
    server_kill(&f.s);
    server_restart(&f.s);
    CHECK_REACHED(&f.c.reconnected, 1);
    expect_answer(f.nc, "e", "y", "y");
    ask(f.nc, "$SRV.PING.s", text, sizeof(text));
    CHECK_CONTAINS(text, MICRO_PING_RESPONSE_TYPE);
    CHECK(!microService_IsStopped(m));
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(errors),
        TEST(requests),
        TEST(answers_that_are_errors),
        TEST(groups_and_queue_groups),
        TEST(configurations_that_cannot_be),
        TEST(instances),
        TEST(over_a_reconnect),
    };

    return RUN_TESTS(cases, argc, argv);
}
