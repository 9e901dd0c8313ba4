/* What operators see of a connection: its log, and its metrics as OpenMetrics text, which Prometheus reads.
 * With additions of libnats_rs: natsOptions_SetLogCB, nats_GetMetricsText, nats_rs_GetBuildInfo.
 *
 * build: cc -o observe observe.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   observe [url]
 *        NATS_RS_LOG=debug observe        (the log to standard error, without any code) */
#include "example.h"

/* Runs on a thread of the library, one line at a time; may call any function. */
static void onLine(const natsLogRecord *record, void *closure) {
    static const char *const levels[] = {"off", "error", "warn", "info", "debug", "trace"};

    fprintf((FILE *)closure, "%-5s %s [%" PRIu64 "] %s\n", levels[record->Level], record->Target,
            record->Connection, record->Text);
}

static void onMsg(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    (void)closure;
    natsMsg_Destroy(msg);
}

int main(int argc, char **argv) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsOptions *opts = NULL;
    natsMetrics metrics;
    char *text = NULL;
    natsStatus s;
    int i;

    printf("%s\n", nats_rs_GetBuildInfo());
    s = natsOptions_Create(&opts);
    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    if (s == NATS_OK)
        s = natsOptions_SetName(opts, "observed");
    if (s == NATS_OK)
        s = natsOptions_SetLogCB(opts, onLine, stdout, NATS_LOG_DEBUG);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, nc, "observe", onMsg, NULL);
    for (i = 0; s == NATS_OK && i < 1000; i++)
        s = natsConnection_PublishString(nc, "observe", "hello");
    if (s == NATS_OK)
        s = natsConnection_FlushTimeout(nc, 5000);
    if (s == NATS_OK)
        s = natsConnection_GetMetrics(&metrics, sizeof(metrics), nc);
    if (s == NATS_OK)
        printf("received %" PRIu64 ", waiting %" PRIu64 ", dropped %" PRIu64 "\n", metrics.InMsgs,
               metrics.PendingMsgs, metrics.DroppedMsgs);
    if (s == NATS_OK)
        s = nats_GetMetricsText(&text, NULL); /* what an HTTP server of the program answers to GET /metrics */
    if (s == NATS_OK)
        fputs(text, stdout);
    free(text);
    if (s != NATS_OK)
        fprintf(stderr, "%s: %s\n", natsStatus_GetText(s), nats_GetLastError(NULL));
    natsSubscription_Destroy(sub);
    if (natsConnection_DestroyAndWait(nc, 5000) == NATS_TIMEOUT) /* the last lines of the log are there now */
        fprintf(stderr, "a callback still runs\n");
    natsOptions_Destroy(opts);
    nats_CloseAndWait(5000);
    return s == NATS_OK ? 0 : 1;
}
