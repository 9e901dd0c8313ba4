/* Services: offered to others, and asked of them. */
#include "ours.h"

static microError *on_echo(microRequest *req) {
    return microRequest_Respond(req, microRequest_GetData(req), (size_t)microRequest_GetDataLength(req));
}

static microError *on_fail(microRequest *req) {
    (void)req;
    return micro_ErrorfCode(400, "bad request");
}

/* What an endpoint adds to its statistics. */
static microError *stats_data(char **data, microService *m, const char *subject, void *closure) {
    static const char text[] = "{\"said\": \"\\\"hi\\\"\"}";

    (void)m;
    (void)subject;
    (void)closure;
    *data = (char *)malloc(sizeof(text));
    if (*data == NULL)
        return micro_ErrorOutOfMemory;
    memcpy(*data, text, sizeof(text));
    return NULL;
}

static bool fine(const char *what, microError *err) {
    char text[512];

    if (err == NULL)
        return true;
    snprintf(why, sizeof(why), "%s: %s", what, microError_String(err, text, sizeof(text)));
    microError_Destroy(err);
    return false;
}

static bool offer(microService **services, natsConnection *nc, const char *who) {
    static const char *metadata[] = {"k", "v"};
    microServiceConfig config, bare;
    microGroupConfig group;
    microGroup *g = NULL;
    microEndpointConfig echo, failing, alone;
    char name[64], subject[64];

    memset(&config, 0, sizeof(config));
    memset(&bare, 0, sizeof(bare));
    memset(&group, 0, sizeof(group));
    memset(&echo, 0, sizeof(echo));
    config.Name = named(name, "svc", who);
    config.Version = "1.2.3";
    config.Description = "says \"it\" again";
    config.Metadata.List = metadata;
    config.Metadata.Count = 1;
    group.Prefix = who;
    echo.Name = "echo";
    echo.Handler = on_echo;
    echo.Metadata = config.Metadata;
    failing = alone = echo;
    failing.Name = "fail";
    failing.Handler = on_fail;
    memset(&failing.Metadata, 0, sizeof(failing.Metadata));
    alone.Name = "alone";
    alone.NoQueueGroup = true;
    /* One that has nothing of all that. */
    bare.Name = "bare";
    bare.Version = "0.0.1-rc.1+build";
    if (!fine("service", micro_AddService(&services[0], nc, &config)) ||
        !fine("group", microService_AddGroup(&g, services[0], &group)) ||
        !fine("echo", microGroup_AddEndpoint(g, &echo)) ||
        !fine("fail", microGroup_AddEndpoint(g, &failing)) ||
        !fine("alone", microGroup_AddEndpoint(g, &alone)) ||
        !fine("bare", micro_AddService(&services[1], nc, &bare)))
        return false;
    snprintf(subject, sizeof(subject), "%s.echo", who);
    return fine("data", microService_SetStatsDataHandler(services[0], subject, stats_data, NULL)) &&
           natsConnection_Flush(nc) == NATS_OK;
}

bool serve(natsConnection *nc, const char *who) {
    microService *services[2] = {NULL, NULL};
    bool well = offer(services, nc, who);
    int i;

    if (well) {
        ready();
        /* The script closes it when the others have asked. */
        while (getchar() != EOF)
            ;
    }
    for (i = 0; i < 2; i++)
        if (services[i] != NULL)
            well = fine("destroy", microService_Destroy(services[i])) && well;
    return report("service offered", well);
}

/* JSON without the blanks between its parts. */
static void squeeze(char *text) {
    char *to = text;
    bool inside = false;

    for (; *text != '\0'; text++) {
        if (*text == '"')
            inside = !inside;
        if (*text == '\\' && inside)
            *to++ = *text++;
        if (inside || (*text != ' ' && *text != '\n'))
            *to++ = *text;
    }
    *to = '\0';
}

static char answer[8192];

static bool ask_for(natsConnection *nc, const char *subject, bool json) {
    natsMsg *reply = NULL;

    EXPECT_OK(natsConnection_RequestString(&reply, nc, subject, "", WAIT_MS));
    snprintf(answer, sizeof(answer), "%.*s", natsMsg_GetDataLength(reply), natsMsg_GetData(reply));
    natsMsg_Destroy(reply);
    if (json)
        squeeze(answer);
    return true;
}

static bool says(const char *part) {
    if (strstr(answer, part) != NULL)
        return true;
    snprintf(why, sizeof(why), "no %s in %.900s", part, answer);
    return false;
}

/* The value of a member that is a string. */
static bool member(const char *name, char *value, size_t size) {
    char key[64];
    const char *at;

    snprintf(key, sizeof(key), "\"%s\":\"", name);
    at = strstr(answer, key);
    EXPECT(at != NULL);
    at += strlen(key);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
    return true;
}

static bool ping(natsConnection *nc, const char *who) {
    char subject[256], id[64], name[96];

    snprintf(name, sizeof(name), "\"name\":\"svc-%s\"", who);
    snprintf(subject, sizeof(subject), "$SRV.PING.svc-%s", who);
    if (!ask_for(nc, subject, true) || !says(name) || !says("\"type\":\"io.nats.micro.v1.ping_response\"") ||
        !says("\"version\":\"1.2.3\"") || !member("id", id, sizeof(id)))
        return false;
    snprintf(subject, sizeof(subject), "$SRV.PING.svc-%s.%s", who, id);
    snprintf(name, sizeof(name), "\"id\":\"%s\"", id);
    return ask_for(nc, subject, true) && says(name);
}

static bool info(natsConnection *nc, const char *who) {
    char text[256];

    snprintf(text, sizeof(text), "$SRV.INFO.svc-%s", who);
    if (!ask_for(nc, text, true) || !says("\"type\":\"io.nats.micro.v1.info_response\"") ||
        !says("\"description\":\"says \\\"it\\\" again\"") || !says("\"metadata\":{\"k\":\"v\"}"))
        return false;
    snprintf(text, sizeof(text), "\"subject\":\"%s.echo\"", who);
    return says(text) && says("\"queue_group\":\"q\"");
}

static bool requests(natsConnection *nc, const char *who) {
    microClient *client = NULL;
    natsMsg *reply = NULL;
    microError *err;
    char subject[128], text[128];
    bool well;

    snprintf(subject, sizeof(subject), "%s.echo", who);
    well = fine("client", micro_NewClient(&client, nc, NULL)) &&
           fine("echo", microClient_DoRequest(&reply, client, subject, "hello", 5)) &&
           strcmp(natsMsg_GetData(reply), "hello") == 0;
    natsMsg_Destroy(reply);
    reply = NULL;
    snprintf(subject, sizeof(subject), "%s.fail", who);
    err = well ? microClient_DoRequest(&reply, client, subject, "", 0) : NULL;
    if (well && strcmp(microError_String(err, text, sizeof(text)), "code 400: bad request") != 0) {
        snprintf(why, sizeof(why), "fail: %s", text);
        well = false;
    }
    microError_Destroy(err);
    natsMsg_Destroy(reply);
    microClient_Destroy(client);
    return well;
}

static bool stats(natsConnection *nc, const char *who) {
    char subject[128];

    snprintf(subject, sizeof(subject), "$SRV.STATS.svc-%s", who);
    return ask_for(nc, subject, true) && says("\"type\":\"io.nats.micro.v1.stats_response\"") &&
           says("\"started\":\"20") && says("\"num_requests\":1") && says("\"num_errors\":1") &&
           says("\"average_processing_time\":");
}

bool ask(natsConnection *nc, const char *who) {
    bool well = report("services: PING", ping(nc, who));

    well = report("services: INFO", info(nc, who)) && well;
    well = report("services: requests", requests(nc, who)) && well;
    return report("services: STATS", stats(nc, who)) && well;
}
