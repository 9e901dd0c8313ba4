/* Monitoring of services: PING, INFO, STATS, and the data that a program adds. */
#include "micro.h"

static void ask_of(natsConnection *nc, const char *prefix, const char *verb, const char *level, char *text,
                   size_t size) {
    char subject[256];

    snprintf(subject, sizeof(subject), "%s.%s%s", prefix, verb, level);
    ask(nc, subject, text, size);
}

static void all_verbs_on_all_levels(void) {
    static const char *const verbs[] = {MICRO_PING_VERB, MICRO_INFO_VERB, MICRO_STATS_VERB};
    static const char *const types[] = {MICRO_PING_RESPONSE_TYPE, MICRO_INFO_RESPONSE_TYPE,
                                        MICRO_STATS_RESPONSE_TYPE};
    fixture f;
    microServiceConfig config;
    microServiceInfo *info = NULL;
    microService *m = NULL;
    char levels[3][64] = {"", ".bare", ""};
    char text[1024], id[64], type[64];
    int v, l;

    fixture_start(&f);
    config = service_config("bare", &f.c);
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_GetInfo(&info, m));
    CHECK_INT(info->EndpointsLen, 0);
    CHECK(info->Description == NULL && info->Metadata.Count == 0);
    snprintf(levels[2], sizeof(levels[2]), ".bare.%s", info->Id);
    snprintf(id, sizeof(id), "\"id\":\"%s\"", info->Id);
    microServiceInfo_Destroy(info);
    for (v = 0; v < 3; v++) {
        snprintf(type, sizeof(type), "\"type\":\"%s\"", types[v]);
        for (l = 0; l < 3; l++) {
            ask_of(f.nc, MICRO_API_PREFIX, verbs[v], levels[l], text, sizeof(text));
            CHECK_CONTAINS(text, type);
            CHECK_CONTAINS(text, id);
            CHECK_CONTAINS(text, "\"name\":\"bare\"");
            CHECK_CONTAINS(text, "\"version\":\"1.2.3\"");
            CHECK_CONTAINS(text, "\"metadata\":{}");
            if (v > 0)
                CHECK_CONTAINS(text, "\"endpoints\":[]");
            if (v == 1)
                CHECK_CONTAINS(text, "\"description\":\"\"");
            if (v == 2)
                CHECK_CONTAINS(text, "\"started\":\"20");
        }
    }
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

static void texts_are_escaped_and_members_there(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo), alone = endpoint_config("alone", echo);
    const char *metadata[] = {"k\"", "v\n\\"};
    microService *m = NULL;
    char text[1024];

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.Description = "say \"hi\"\t";
    config.Metadata.List = metadata;
    config.Metadata.Count = 1;
    endpoint.Metadata = config.Metadata;
    config.Endpoint = &endpoint;
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    ask(f.nc, "$SRV.INFO.s", text, sizeof(text));
    CHECK_CONTAINS(text, "\"description\":\"say \\\"hi\\\"\\t\"");
    CHECK_CONTAINS(text, "\"metadata\":{\"k\\\"\":\"v\\n\\\\\"}");
    CHECK_CONTAINS(text, "\"endpoints\":[{\"name\":\"e\",\"subject\":\"e\",\"queue_group\":\"q\","
                         "\"metadata\":{\"k\\\"\":\"v\\n\\\\\"}}]");
    /* Other clients do not read an endpoint without a queue group. */
    alone.NoQueueGroup = true;
    CHECK_FINE(microService_AddEndpoint(m, &alone));
    ask(f.nc, "$SRV.INFO.s", text, sizeof(text));
    CHECK_CONTAINS(text, "{\"name\":\"alone\",\"subject\":\"alone\",\"queue_group\":\"\",\"metadata\":{}}");
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK_CONTAINS(text,
                   "{\"name\":\"alone\",\"subject\":\"alone\",\"queue_group\":\"\",\"num_requests\":0,");
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

/* Data by what the closure says: its reply, or an error. */
static microError *data_for(char **data, microService *m, const char *subject, void *arg) {
    closure *c = (closure *)arg;

    counter_add(&c->entered, 1);
    if (microService_GetState(m) != c || strcmp(subject, "g.e") != 0)
        counter_add(&c->wrong, 1);
    if (c->reply == NULL)
        return micro_Errorf("no data today");
    if (c->reply[0] != '\0')
        *data = strdup(c->reply);
    return NULL;
}

static void statistics_and_their_data(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microGroupConfig group_config;
    microGroup *group = NULL;
    microServiceStats *stats = NULL;
    microService *m = NULL;
    char text[2048];

    fixture_start(&f);
    config = service_config("s", &f.c);
    memset(&group_config, 0, sizeof(group_config));
    group_config.Prefix = "g";
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_AddGroup(&group, m, &group_config));
    CHECK_FINE(microGroup_AddEndpoint(group, &endpoint));
    expect_answer(f.nc, "g.e", "x", "x");
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK_CONTAINS(
        text, "\"endpoints\":[{\"name\":\"e\",\"subject\":\"g.e\",\"queue_group\":\"q\",\"num_requests\":1,"
              "\"num_errors\":0,\"last_error\":\"\",\"processing_time\":");
    CHECK_CONTAINS(text, "\"average_processing_time\":");
    CHECK(strstr(text, "\"data\"") == NULL);

    CHECK_FAULT(microService_SetStatsDataHandler(m, "nobody", data_for, &f.c), NATS_NOT_FOUND,
                "service 's' has no endpoint with the subject 'nobody'");
    CHECK_FAULT(microService_SetStatsDataHandler(m, "$SRV.PING", data_for, &f.c), NATS_NOT_FOUND, "");
    CHECK_FAULT(microService_SetStatsDataHandler(m, NULL, data_for, &f.c), NATS_INVALID_ARG, "");
    CHECK_FINE(microService_SetStatsDataHandler(m, "g.e", data_for, &f.c));
    f.c.reply = "{\"cache\": [1, 2]}";
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK_CONTAINS(text, "\"data\":{\"cache\":[1,2]}");
    f.c.reply = "";
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK(strstr(text, "\"data\"") == NULL);
    CHECK_CONTAINS(text, "\"num_errors\":0");
    f.c.reply = "{broken";
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK(strstr(text, "\"data\"") == NULL);
    CHECK_CONTAINS(text, "\"num_errors\":1,\"last_error\":\"the data for the statistics of endpoint 'g.e' "
                         "are not a JSON object\"");
    f.c.reply = NULL;
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK_CONTAINS(text, "\"num_errors\":2,\"last_error\":\"no data today\"");
    CHECK_FINE(microService_SetStatsDataHandler(m, "g.e", NULL, NULL));
    CHECK_INT(counter_get(&f.c.entered), 4);
    CHECK_INT(counter_get(&f.c.wrong), 0);

    CHECK_FINE(microService_Reset(m));
    CHECK_FAULT(microService_Reset(NULL), NATS_INVALID_ARG, "");
    CHECK_FINE(microService_GetStats(&stats, m));
    CHECK_INT(stats->EndpointsLen, 1);
    CHECK_INT(stats->Endpoints[0].NumRequests, 0);
    CHECK_INT(stats->Endpoints[0].NumErrors, 0);
    CHECK_INT(stats->Endpoints[0].ProcessingTimeNanoseconds, 0);
    CHECK_INT(stats->Endpoints[0].AverageProcessingTimeNanoseconds, 0);
    CHECK_STR(stats->Endpoints[0].LastErrorString, "");
    microServiceStats_Destroy(stats);
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

/* Answers STATS in place of the library. */
static microError *own_stats(microRequest *req) {
    microServiceStats *stats = NULL;
    microError *err = microService_GetStats(&stats, microRequest_GetService(req));
    char text[64];
    int length;

    if (err != NULL)
        return err;
    length =
        snprintf(text, sizeof(text), "%d endpoints, state %d", stats->EndpointsLen,
                 microRequest_GetEndpointState(req) == NULL && microRequest_GetServiceState(req) != NULL);
    microServiceStats_Destroy(stats);
    return microRequest_Respond(req, text, (size_t)length);
}

static void a_handler_of_the_program_for_stats(void) {
    fixture f;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo);
    microService *m = NULL;
    char text[1024];

    fixture_start(&f);
    config = service_config("s", &f.c);
    config.Endpoint = &endpoint;
    config.StatsHandler = own_stats;
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    ask(f.nc, "$SRV.STATS", text, sizeof(text));
    CHECK_STR(text, "1 endpoints, state 1");
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK_STR(text, "1 endpoints, state 1");
    ask(f.nc, "$SRV.PING.s", text, sizeof(text));
    CHECK_CONTAINS(text, MICRO_PING_RESPONSE_TYPE);
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

static void another_prefix(void) {
    fixture f;
    microServiceConfig config;
    microService *m = NULL;
    natsMsg *reply = NULL;
    char text[1024];

    fixture_start(&f);
    config = service_config("s", &f.c);
    CHECK_FAULT(micro_AddServiceWithPrefix(&m, f.nc, &config, "a.*"), NATS_INVALID_ARG, "");
    CHECK_FAULT(micro_AddServiceWithPrefix(&m, f.nc, &config, ""), NATS_INVALID_ARG, "");
    CHECK_FINE(micro_AddServiceWithPrefix(&m, f.nc, &config, "tools.mon"));
    ask_of(f.nc, "tools.mon", "INFO", ".s", text, sizeof(text));
    CHECK_CONTAINS(text, MICRO_INFO_RESPONSE_TYPE);
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "$SRV.INFO", "", deadline_ms()),
                 NATS_NO_RESPONDERS);
    CHECK_FINE(microService_Destroy(m));
    CHECK_FINE(micro_AddServiceWithPrefix(&m, f.nc, &config, NULL));
    ask(f.nc, "$SRV.INFO", text, sizeof(text));
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(all_verbs_on_all_levels),
        TEST(texts_are_escaped_and_members_there),
        TEST(statistics_and_their_data),
        TEST(a_handler_of_the_program_for_stats),
        TEST(another_prefix),
    };

    return RUN_TESTS(cases, argc, argv);
}
