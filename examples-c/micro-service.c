/* A service with a group of two endpoints, and a client that asks it, each with a connection of its own.
 *
 * Without a number the service runs until the process is ended; then it can be asked by other programs, and seen by tools:
 *   nats request math.sum "1 2 3"; nats micro info calculator
 *
 * build: cc -o micro-service micro-service.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   micro-service [url] [requests]
 *        micro-service nats://127.0.0.1:4222 3 */
#include "example.h"

/* Says what went wrong, and releases it. True for success. */
static bool went_well(const char *what, microError *err) {
    char text[256];

    if (err == NULL)
        return true;
    fprintf(stderr, "%s: %s\n", what, microError_String(err, text, sizeof(text)));
    microError_Destroy(err);
    return false;
}

/* Adds numbers that blanks separate. What an endpoint returns as an error is its answer. */
static microError *onSum(microRequest *req) {
    const char *at = microRequest_GetData(req);
    char answer[32], *end = NULL;
    long sum = 0;

    while (*at != '\0') {
        sum += strtol(at, &end, 10);
        if (end == at)
            return micro_ErrorfCode(400, "not a number: '%s'", at);
        at = end + strspn(end, " ");
    }
    snprintf(answer, sizeof(answer), "%ld", sum);
    return microRequest_Respond(req, answer, strlen(answer));
}

static microError *onCount(microRequest *req) {
    long *count = (long *)microRequest_GetEndpointState(req);
    char answer[32];

    snprintf(answer, sizeof(answer), "%ld", ++*count); /* one request at a time */
    return microRequest_Respond(req, answer, strlen(answer));
}

static void onDone(microService *m) { counterAdd((Counter *)microService_GetState(m), 1); }

/* The service: math.sum and math.count. */
static microError *offer(microService **service, natsConnection *nc, Counter *done, long *count) {
    microServiceConfig config;
    microGroupConfig groupConfig;
    microEndpointConfig sum, counting;
    microGroup *math = NULL;
    microError *err;

    memset(&config, 0, sizeof(config));
    config.Name = "calculator";
    config.Version = "1.0.0";
    config.Description = "adds numbers";
    config.DoneHandler = onDone;
    config.State = done;
    memset(&groupConfig, 0, sizeof(groupConfig));
    groupConfig.Prefix = "math";
    memset(&sum, 0, sizeof(sum));
    sum.Name = "sum";
    sum.Handler = onSum;
    memset(&counting, 0, sizeof(counting));
    counting.Name = "count";
    counting.Handler = onCount;
    counting.State = count;
    err = micro_AddService(service, nc, &config);
    if (err == NULL)
        err = microService_AddGroup(&math, *service, &groupConfig);
    if (err == NULL)
        err = microGroup_AddEndpoint(math, &sum);
    if (err == NULL)
        err = microGroup_AddEndpoint(math, &counting);
    return err;
}

static bool askFor(microClient *client, const char *subject, const char *question) {
    natsMsg *reply = NULL;

    if (!went_well(question, microClient_DoRequest(&reply, client, subject, question, (int)strlen(question))))
        return false;
    printf("%s %s: %.*s\n", subject, question, natsMsg_GetDataLength(reply), natsMsg_GetData(reply));
    natsMsg_Destroy(reply);
    return true;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const long requests = numberArg(argc, argv, 2, 0);
    natsConnection *nc = NULL, *asking = NULL;
    microService *service = NULL;
    microServiceStats *stats = NULL;
    microClient *client = NULL;
    microError *err;
    natsMsg *reply = NULL;
    Counter done;
    char text[64];
    bool well;
    long i, count = 0;

    well = counterInit(&done) && succeeded("connect", natsConnection_ConnectTo(&nc, url)) &&
           went_well("the service", offer(&service, nc, &done, &count)) &&
           succeeded("flush", natsConnection_Flush(nc));
    if (well && requests == 0) {
        printf("The service 'calculator' answers on math.sum and math.count\n");
        well = went_well("run", microService_Run(service));
    }
    if (well && requests > 0) {
        well = succeeded("connect", natsConnection_ConnectTo(&asking, url)) &&
               went_well("the client", micro_NewClient(&client, asking, NULL));
        for (i = 1; well && i <= requests; i++) {
            snprintf(text, sizeof(text), "%ld %ld", i, i + 1);
            well = askFor(client, "math.sum", text);
        }
        well = well && askFor(client, "math.count", "");
        if (well) { /* an answer that is an error comes as one */
            err = microClient_DoRequest(&reply, client, "math.sum", "1 two", 5);
            printf("math.sum 1 two: error %d, %s\n", microError_Code(err),
                   microError_String(err, text, sizeof(text)));
            well = microError_Code(err) == 400;
            microError_Destroy(err);
            natsMsg_Destroy(reply);
        }
    }
    if (well && went_well("statistics", microService_GetStats(&stats, service)))
        for (i = 0; i < stats->EndpointsLen; i++)
            printf("%s: %" PRId64 " requests, %" PRId64 " errors\n", stats->Endpoints[i].Subject,
                   stats->Endpoints[i].NumRequests, stats->Endpoints[i].NumErrors);
    microServiceStats_Destroy(stats);
    if (service != NULL) {
        well = went_well("stop", microService_Stop(service)) && counterWait(&done, 1, 30) && well;
        well = went_well("destroy", microService_Destroy(service)) && well;
    }
    microClient_Destroy(client);
    natsConnection_Destroy(asking);
    natsConnection_Destroy(nc);
    counterDestroy(&done);
    nats_Close();
    return well ? 0 : 1;
}
