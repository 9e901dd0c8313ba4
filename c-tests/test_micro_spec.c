/* Services, by the sentences of their manual: copies of arguments, one request at a time, counters, answers that
 * cannot be sent, errors for the client, requests during a stop. */
#include "micro.h"

/* ---- what was given is copied */

static void what_was_given_is_copied(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint;
    microGroupConfig group_config;
    microGroup *group = NULL;
    microService *m = NULL;
    char name[] = "s", version[] = "any text", description[] = "what it does", queue[] = "sq", key[] = "k",
         value[] = "v", endpoint_name[] = "e", subject[] = "deep.>", prefix[] = "g", text[1024];
    const char *metadata[2];

    fixture_start(&f);
    metadata[0] = key;
    metadata[1] = value;
    config = service_config(name, &f.c);
    /* ADR-32 wants a semantic version; nats.c takes any text, and so programs have others. */
    config.Version = version;
    config.Description = description;
    config.QueueGroup = queue;
    config.Metadata.List = metadata;
    config.Metadata.Count = 1;
    endpoint = endpoint_config(endpoint_name, echo);
    endpoint.Subject = subject;
    endpoint.Metadata = config.Metadata;
    memset(&group_config, 0, sizeof(group_config));
    group_config.Prefix = prefix;
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_AddGroup(&group, m, &group_config));
    CHECK_FINE(microGroup_AddEndpoint(group, &endpoint));
    name[0] = version[0] = description[0] = queue[0] = key[0] = value[0] = endpoint_name[0] = subject[0] =
        prefix[0] = '#';
    metadata[0] = metadata[1] = NULL;
    memset(&config, 0, sizeof(config));
    memset(&endpoint, 0, sizeof(endpoint));
    expect_answer(f.nc, "g.deep.er.still", "x", "x");
    /* The body of what monitoring tools ask does not matter. */
    {
        natsMsg *reply = NULL;

        CHECK_OK(
            natsConnection_RequestString(&reply, f.nc, "$SRV.INFO.s", "{\"no\": \"matter\"}", deadline_ms()));
        snprintf(text, sizeof(text), "%s", natsMsg_GetData(reply));
        natsMsg_Destroy(reply);
    }
    CHECK_CONTAINS(text, "\"version\":\"any text\",\"metadata\":{\"k\":\"v\"}");
    CHECK_CONTAINS(text,
                   "\"description\":\"what it does\",\"endpoints\":[{\"name\":\"e\",\"subject\":\"g.deep.>\","
                   "\"queue_group\":\"sq\",\"metadata\":{\"k\":\"v\"}}]");
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

/* ---- one request at a time, endpoints beside each other */

static void endpoints_run_beside_each_other(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig blocked = endpoint_config("blocked", echo_blocked),
                        quick = endpoint_config("quick", echo);
    microService *m = NULL;
    natsSubscription *inbox = NULL;
    int i;

    fixture_start(&f);
    config = service_config("s", &f.c);
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_AddEndpoint(m, &blocked));
    CHECK_FINE(microService_AddEndpoint(m, &quick));
    CHECK_OK(natsConnection_SubscribeSync(&inbox, f.nc, "inbox"));
    for (i = 0; i < 5; i++)
        CHECK_OK(natsConnection_PublishRequestString(f.nc, "blocked", "inbox", "x"));
    CHECK_REACHED(&f.c.entered, 1);
    /* The other endpoint, and monitoring, go on; the second request waits for the first one. */
    for (i = 0; i < 50; i++)
        expect_answer(f.nc, "quick", "y", "y");
    {
        char text[2048];

        ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
        CHECK_CONTAINS(text, "\"num_requests\":50");
    }
    CHECK_INT(counter_get(&f.c.entered), 1);
    counter_set(&f.c.gate, 1);
    for (i = 0; i < 5; i++)
        test_expect_next(inbox, "x");
    natsSubscription_Destroy(inbox);
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

/* ---- counts, and answers that cannot be sent */

static microError *fails_twice(microRequest *req) {
    microError_Destroy(microRequest_RespondError(req, micro_ErrorfCode(1, "first")));
    return micro_ErrorfCode(2, "second");
}

static microError *answers_nothing(microRequest *req) {
    (void)req;
    return NULL;
}

/* Without a reply subject no answer can be sent; the handler is told. */
static microError *tries_to_answer(microRequest *req) {
    closure *c = (closure *)microRequest_GetServiceState(req);
    microError *err = microRequest_Respond(req, "x", 1);
    char text[128];

    microError_String(err, text, sizeof(text));
    if (microError_Status(err) != NATS_INVALID_ARG || strstr(text, "microRequest_Respond") == NULL)
        counter_add(&c->wrong, 1);
    microError_Destroy(err);
    err = microRequest_RespondCustom(req, micro_ErrorfCode(3, "third"), "x", 1);
    if (microError_Status(err) != NATS_INVALID_ARG)
        counter_add(&c->wrong, 1);
    microError_Destroy(err);
    counter_add(&c->completed, 1);
    return NULL;
}

static void counts_of_errors(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoints[3];
    microServiceStats *stats = NULL;
    microService *m = NULL;
    natsMsg *reply = NULL;
    natsSubscription *inbox = NULL;
    const char *value = NULL;
    int i;

    fixture_start(&f);
    config = service_config("s", &f.c);
    endpoints[0] = endpoint_config("twice", fails_twice);
    endpoints[1] = endpoint_config("nothing", answers_nothing);
    endpoints[2] = endpoint_config("tries", tries_to_answer);
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    for (i = 0; i < 3; i++)
        CHECK_FINE(microService_AddEndpoint(m, &endpoints[i]));
    CHECK_OK(natsConnection_SubscribeSync(&inbox, f.nc, "inbox"));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "twice", "inbox", "x"));
    for (i = 1; i <= 2; i++) {
        reply = test_next(inbox);
        CHECK_OK(natsMsgHeader_Get(reply, MICRO_ERROR_CODE_HDR, &value));
        CHECK_INT(atoi(value), i);
        natsMsg_Destroy(reply);
    }
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "nothing", "", 50), NATS_TIMEOUT);
    CHECK_OK(natsConnection_PublishString(f.nc, "tries", "x"));
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_INT(counter_get(&f.c.wrong), 0);
    /* A count may come a moment after the answer that it is about. */
    do {
        microServiceStats_Destroy(stats);
        CHECK_FINE(microService_GetStats(&stats, m));
    } while (stats->Endpoints[2].NumErrors < 2);
    CHECK_INT(stats->Endpoints[2].NumRequests, 1);
    CHECK_INT(stats->Endpoints[2].NumErrors, 2);
    CHECK_STR(stats->Endpoints[2].LastErrorString, "code 2: second");
    CHECK_INT(stats->Endpoints[1].NumRequests, 1);
    CHECK_INT(stats->Endpoints[1].NumErrors, 0);
    CHECK_STR(stats->Endpoints[1].LastErrorString, "");
    CHECK_INT(stats->Endpoints[0].NumErrors, 1);
    CHECK_STR(stats->Endpoints[0].LastErrorString, "code 3: third");
    microServiceStats_Destroy(stats);
    natsSubscription_Destroy(inbox);
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

/* ---- the asking side */

/* Answers with the header that is the request's payload, NAME=VALUE. */
static void on_header(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    natsMsg *reply = NULL;
    char name[64];
    const char *value = strchr(natsMsg_GetData(msg), '=');

    (void)sub;
    (void)arg;
    if (value != NULL && natsMsg_Create(&reply, natsMsg_GetReply(msg), NULL, "data", 4) == NATS_OK) {
        snprintf(name, sizeof(name), "%.*s", (int)(value - natsMsg_GetData(msg)), natsMsg_GetData(msg));
        natsMsgHeader_Set(reply, name, value + 1);
        natsConnection_PublishMsg(nc, reply);
    }
    natsMsg_Destroy(reply);
    natsMsg_Destroy(msg);
}

static void what_the_asking_side_takes_for_an_error(void) {
    static const struct {
        const char *question;
        int code;
        const char *text; /* NULL for no error */
    } cases[] = {
        {"Nats-Status=Timeout", 0, NULL},
        {"Nats-Service-Error-Code=0", 0, NULL},
        {"Nats-Service-Error=100%s broken%n", 0, "100%s broken%n"},
        {"Nats-Service-Error-Code=503", 503, "code 503: "},
    };
    fixture f;
    natsSubscription *sub = NULL, *silent = NULL;
    microClient *client = NULL;
    natsMsg *reply = NULL;
    microError *err;
    char text[128];
    int64_t began;
    size_t i;

    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "header", on_header, NULL));
    CHECK_OK(natsConnection_SubscribeSync(&silent, f.nc, "silent"));
    CHECK_FINE(micro_NewClient(&client, f.nc, NULL));
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        err = microClient_DoRequest(&reply, client, "header", cases[i].question,
                                    (int)strlen(cases[i].question));
        if (cases[i].text == NULL) {
            CHECK_FINE(err);
            CHECK_STR(natsMsg_GetData(reply), "data");
            natsMsg_Destroy(reply);
            reply = NULL;
            continue;
        }
        CHECK(err != NULL && reply == NULL);
        CHECK_INT(microError_Code(err), cases[i].code);
        CHECK_STR(microError_String(err, text, sizeof(text)), cases[i].text);
        microError_Destroy(err);
    }
    began = now_ms();
    CHECK_FAULT(microClient_DoRequest(&reply, client, "silent", "", 0), NATS_TIMEOUT,
                "request failed: status 26");
    CHECK(now_ms() - began >= 4900 && now_ms() - began < 5000 + deadline_ms());
    microClient_Destroy(client);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(silent);
    end(&f);
}

/* ---- requests that meet a stop, a connection that is closed by a handler */

typedef struct asker {
    natsConnection *nc;
    counter answered;
    natsStatus last;
} asker;

static void *ask_until_refused(void *arg) {
    asker *a = (asker *)arg;
    natsMsg *reply = NULL;

    while ((a->last = natsConnection_RequestString(&reply, a->nc, "e", "x", deadline_ms())) == NATS_OK) {
        natsMsg_Destroy(reply);
        counter_add(&a->answered, 1);
    }
    return NULL;
}

/* Each request is answered, or told that nobody is there: none is lost in between. */
static void no_request_is_lost_in_a_stop(void) {
    enum { ASKERS = 4 };
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microService *m = NULL;
    asker askers[ASKERS];
    pthread_t threads[ASKERS];
    int i, round;

    for (round = 0; round < 3; round++) {
        fixture_start(&f);
        config = service_config("s", &f.c);
        config.Endpoint = &endpoint;
        config.DoneHandler = on_done;
        CHECK_FINE(micro_AddService(&m, f.nc, &config));
        CHECK_OK(natsConnection_Flush(f.nc));
        for (i = 0; i < ASKERS; i++) {
            askers[i].nc = test_connect_url(f.s.url);
            counter_init(&askers[i].answered);
            CHECK(pthread_create(&threads[i], NULL, ask_until_refused, &askers[i]) == 0);
        }
        for (i = 0; i < ASKERS; i++)
            CHECK_REACHED(&askers[i].answered, 50);
        if (round < 2)
            CHECK_FINE(microService_Stop(m));
        else
            CHECK_OK(natsConnection_Drain(f.nc));
        for (i = 0; i < ASKERS; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
            CHECK_INT(askers[i].last, NATS_NO_RESPONDERS);
            natsConnection_Destroy(askers[i].nc);
        }
        CHECK_REACHED(&f.c.completed, 1);
        CHECK_FINE(microService_Destroy(m));
        end(&f);
    }
}

static microError *close_connection(microRequest *req) {
    natsConnection_Close(microRequest_GetConnection(req));
    return microRequest_Respond(req, "too late", 8);
}

static void a_handler_closes_the_connection(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", close_connection);
    microServiceStats *stats = NULL;
    microService *m = NULL;

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.Endpoint = &endpoint;
    config.DoneHandler = on_done;
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "e", "inbox", "x"));
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_REACHED(&f.c.closed, 1);
    CHECK(microService_IsStopped(m));
    CHECK_FINE(microService_GetStats(&stats, m));
    CHECK_INT(stats->EndpointsLen, 0);
    microServiceStats_Destroy(stats);
    CHECK_FINE(microService_Destroy(m));
    CHECK_INT(counter_get(&f.c.completed), 1);
    end(&f);
}

/* Two of one name on one connection: both are found, and each by its id. */
static void two_instances_on_one_connection(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microService *m[2] = {NULL, NULL};
    microServiceInfo *info[2] = {NULL, NULL};
    natsSubscription *inbox = NULL;
    char subject[128], text[512], part[64];
    int i;

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.Endpoint = &endpoint;
    for (i = 0; i < 2; i++) {
        CHECK_FINE(micro_AddService(&m[i], f.nc, &config));
        CHECK_FINE(microService_GetInfo(&info[i], m[i]));
    }
    CHECK(strcmp(info[0]->Id, info[1]->Id) != 0);
    CHECK_OK(natsConnection_SubscribeSync(&inbox, f.nc, "inbox"));
    CHECK_OK(natsConnection_PublishRequestString(f.nc, "$SRV.PING.s", "inbox", ""));
    for (i = 0; i < 2; i++)
        natsMsg_Destroy(test_next(inbox));
    for (i = 0; i < 2; i++) {
        snprintf(subject, sizeof(subject), "$SRV.PING.s.%s", info[i]->Id);
        snprintf(part, sizeof(part), "\"id\":\"%s\"", info[i]->Id);
        ask(f.nc, subject, text, sizeof(text));
        CHECK_CONTAINS(text, part);
        microServiceInfo_Destroy(info[i]);
    }
    /* One goes, the other one stays. */
    CHECK_FINE(microService_Destroy(m[0]));
    for (i = 0; i < 20; i++)
        expect_answer(f.nc, "e", "x", "x");
    CHECK_FINE(microService_Destroy(m[1]));
    natsSubscription_Destroy(inbox);
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(what_was_given_is_copied),
        TEST(endpoints_run_beside_each_other),
        TEST(counts_of_errors),
        TEST(what_the_asking_side_takes_for_an_error),
        TEST(no_request_is_lost_in_a_stop),
        TEST(a_handler_closes_the_connection),
        TEST(two_instances_on_one_connection),
    };

    return RUN_TESTS(cases, argc, argv);
}
