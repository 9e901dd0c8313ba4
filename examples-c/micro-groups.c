/* A service with groups in groups, an endpoint that fails in different ways, and its statistics as monitoring tools see
 * them.
 *
 * build: cc -o micro-groups micro-groups.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   micro-groups [url]
 *        micro-groups nats://127.0.0.1:4222 */
#include "example.h"

/* Says what went wrong, and releases it. True for success. */
static bool wentWell(const char *what, microError *err) {
    char text[256];

    if (err == NULL)
        return true;
    fprintf(stderr, "%s: %s\n", what, microError_String(err, text, sizeof(text)));
    microError_Destroy(err);
    return false;
}

/* orders.v1.place: an order is the number of pieces. */
static microError *onPlace(microRequest *req) {
    Counter *pieces = (Counter *)microRequest_GetEndpointState(req);
    const char *data = microRequest_GetData(req);
    char answer[64];
    long n = strtol(data, NULL, 10);

    if (n <= 0) /* what a handler returns is sent as an error, with this code, and counted as one */
        return micro_ErrorfCode(400, "how many pieces are '%s'?", data);
    if (n > 1000) {
        microError *err = micro_ErrorfCode(409, "only 1000 in stock");

        /* the same with something for the client to read; an error is not for the service's statistics only */
        return microRequest_RespondCustom(req, err, "{\"stock\":1000}", strlen("{\"stock\":1000}"));
    }
    snprintf(answer, sizeof(answer), "ordered: %" PRId64 " pieces so far", counterAdd(pieces, n));
    return microRequest_Respond(req, answer, strlen(answer));
}

/* orders.v1.admin.cancel: each instance of the service gets the request. */
static microError *onCancel(microRequest *req) {
    Counter *pieces = (Counter *)microRequest_GetEndpointState(req);

    counterAdd(pieces, -counterGet(pieces));
    return microRequest_Respond(req, "cancelled", strlen("cancelled"));
}

static microError *offer(microService **service, natsConnection *nc, Counter *pieces) {
    const char *labels[] = {"since", "2024"};
    microServiceConfig config;
    microGroupConfig orders, admin;
    microEndpointConfig place, cancel;
    microGroup *ordersGroup = NULL, *adminGroup = NULL;
    microError *err;

    memset(&config, 0, sizeof(config));
    config.Name = "shop";
    config.Version = "1.2.0";
    config.Description = "takes orders";
    memset(&orders, 0, sizeof(orders));
    orders.Prefix = "orders.v1";
    memset(&admin, 0, sizeof(admin));
    admin.Prefix = "admin";
    memset(&place, 0, sizeof(place));
    place.Name = "place";
    place.Handler = onPlace;
    place.State = pieces;
    place.Metadata.List = labels;
    place.Metadata.Count = 1;
    memset(&cancel, 0, sizeof(cancel));
    cancel.Name = "cancel";
    cancel.Handler = onCancel;
    cancel.State = pieces;
    cancel.NoQueueGroup = true;
    err = micro_AddService(service, nc, &config);
    if (err == NULL)
        err = microService_AddGroup(&ordersGroup, *service, &orders);
    if (err == NULL)
        err = microGroup_AddEndpoint(ordersGroup, &place);
    if (err == NULL)
        err = microGroup_AddGroup(&adminGroup, ordersGroup, &admin);
    if (err == NULL)
        err = microGroup_AddEndpoint(adminGroup, &cancel);
    return err;
}

/* An answer that is an error comes as a microError, and as a message with the headers of one. */
static bool ask(microClient *client, const char *subject, const char *question, int expected) {
    natsMsg *reply = NULL;
    microError *err = microClient_DoRequest(&reply, client, subject, question, (int)strlen(question));
    int code = err == NULL ? 0 : microError_Code(err);
    char text[128];

    if (err == NULL)
        printf("%s %s: %.*s\n", subject, question, natsMsg_GetDataLength(reply), natsMsg_GetData(reply));
    else
        printf("%s %s: %s\n", subject, question, microError_String(err, text, sizeof(text)));
    microError_Destroy(err);
    natsMsg_Destroy(reply);
    return code == expected;
}

/* What "nats micro stats" asks, too. */
static bool showStatistics(natsConnection *nc, microService *service) {
    microServiceStats *stats = NULL;
    natsMsg *reply = NULL;
    bool well = succeeded("STATS", natsConnection_RequestString(&reply, nc, "$SRV.STATS.shop", "", 5000));
    int i;

    if (well)
        printf("STATS is JSON of the type %s\n",
               strstr(natsMsg_GetData(reply), MICRO_STATS_RESPONSE_TYPE) != NULL ? MICRO_STATS_RESPONSE_TYPE
                                                                                 : "?");
    natsMsg_Destroy(reply);
    well = well && wentWell("statistics", microService_GetStats(&stats, service));
    for (i = 0; well && i < stats->EndpointsLen; i++)
        printf("%s: %" PRId64 " requests, %" PRId64 " errors, queue group %s\n", stats->Endpoints[i].Subject,
               stats->Endpoints[i].NumRequests, stats->Endpoints[i].NumErrors,
               stats->Endpoints[i].QueueGroup == NULL || stats->Endpoints[i].QueueGroup[0] == '\0'
                   ? "none"
                   : stats->Endpoints[i].QueueGroup);
    microServiceStats_Destroy(stats);
    return well;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    microService *service = NULL;
    microClient *client = NULL;
    Counter pieces;
    bool well;

    well = counterInit(&pieces) && succeeded("connect", natsConnection_ConnectTo(&nc, url)) &&
           wentWell("the service", offer(&service, nc, &pieces)) &&
           wentWell("the client", micro_NewClient(&client, nc, NULL));
    well = well && ask(client, "orders.v1.place", "3", 0) && ask(client, "orders.v1.place", "4", 0) &&
           ask(client, "orders.v1.place", "many", 400) && ask(client, "orders.v1.place", "5000", 409) &&
           ask(client, "orders.v1.admin.cancel", "", 0) && ask(client, "orders.v1.place", "1", 0) &&
           showStatistics(nc, service);
    if (service != NULL)
        well = wentWell("destroy", microService_Destroy(service)) && well;
    microClient_Destroy(client);
    natsConnection_Destroy(nc);
    nats_Close();
    return well ? 0 : 1;
}
