/* Connects with options and shows what the connection knows about itself and its server.
 *
 * build: cc -o connect-options connect-options.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   connect-options [url] [subject] [user] [password]
 *        connect-options nats://127.0.0.1:4222 check alice secret
 *
 * A user and password in the URL (nats://alice:secret@host:4222) win over those in the options. */
#include "example.h"

static natsStatus makeOptions(natsOptions **opts, const char *url, const char *user, const char *password) {
    const char *servers[1];
    natsStatus s = natsOptions_Create(opts);

    servers[0] = url;
    if (s == NATS_OK) /* a list: with several, one that is down is skipped */
        s = natsOptions_SetServers(*opts, servers, 1);
    if (s == NATS_OK)
        s = natsOptions_SetNoRandomize(*opts, true);
    if (s == NATS_OK && user != NULL)
        s = natsOptions_SetUserInfo(*opts, user, password);
    if (s == NATS_OK) /* shown by the server's monitoring */
        s = natsOptions_SetName(*opts, "connect-options example");
    if (s == NATS_OK) /* milliseconds for one attempt on one server */
        s = natsOptions_SetTimeout(*opts, 3000);
    if (s == NATS_OK)
        s = natsOptions_SetPingInterval(*opts, 20000);
    if (s == NATS_OK)
        s = natsOptions_SetMaxPingsOut(*opts, 3);
    if (s == NATS_OK)
        s = natsOptions_SetMaxReconnect(*opts, 10);
    if (s == NATS_OK)
        s = natsOptions_SetReconnectWait(*opts, 500);
    if (s == NATS_OK)
        s = natsOptions_SetMaxPendingMsgs(*opts, 100000);
    if (s == NATS_OK)
        s = natsOptions_SetCustomInboxPrefix(*opts, "_INBOX.example");
    if (s == NATS_OK) /* milliseconds that a write to the server may take */
        s = natsOptions_SetWriteDeadline(*opts, 5000);
    return s;
}

static natsStatus describe(natsConnection *nc) {
    char text[256];
    char *ip = NULL;
    int64_t roundTrip = 0;
    uint64_t clientId = 0;
    int port = 0;
    natsStatus s = natsConnection_GetConnectedUrl(nc, text, sizeof(text));

    if (s == NATS_OK) {
        printf("Connected to %s\n", text);
        s = natsConnection_GetConnectedServerId(nc, text, sizeof(text));
    }
    if (s == NATS_OK) {
        printf("Server id %s\n", text);
        s = natsConnection_GetClientID(nc, &clientId);
    }
    if (s == NATS_OK) {
        printf("Client id %" PRIu64 "\n", clientId);
        s = natsConnection_GetClientIP(nc, &ip);
    }
    if (s == NATS_OK) {
        printf("Seen by the server as %s\n", ip);
        free(ip);
        ip = NULL;
        s = natsConnection_GetLocalIPAndPort(nc, &ip, &port);
    }
    if (s == NATS_OK) {
        printf("Local address %s, port %d\n", ip, port);
        free(ip);
        s = natsConnection_GetRTT(nc, &roundTrip);
    }
    if (s == NATS_OK) {
        printf("Round trip %.3f ms\n", (double)roundTrip / 1e6);
        printf("Largest payload %" PRId64 " bytes\n", natsConnection_GetMaxPayload(nc));
    }
    return s;
}

static natsStatus check(natsConnection *nc, const char *subject) {
    natsSubscription *sub = NULL;
    natsStatistics *stats = NULL;
    natsMsg *msg = NULL;
    uint64_t inMsgs = 0, outMsgs = 0;
    natsStatus s = natsConnection_SubscribeSync(&sub, nc, subject);

    if (s == NATS_OK)
        s = natsConnection_PublishString(nc, subject, "a message to myself");
    if (s == NATS_OK)
        s = natsSubscription_NextMsg(&msg, sub, 5000);
    if (s == NATS_OK)
        printf("Received on %s: %.*s\n", natsMsg_GetSubject(msg), natsMsg_GetDataLength(msg),
               natsMsg_GetData(msg));
    if (s == NATS_OK)
        s = natsStatistics_Create(&stats);
    if (s == NATS_OK)
        s = natsConnection_GetStats(nc, stats);
    if (s == NATS_OK)
        s = natsStatistics_GetCounts(stats, &inMsgs, NULL, &outMsgs, NULL, NULL);
    if (s == NATS_OK)
        printf("Messages in %" PRIu64 ", out %" PRIu64 "\n", inMsgs, outMsgs);
    natsStatistics_Destroy(stats);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "check");
    const char *user = textArg(argc, argv, 3, NULL);
    const char *password = textArg(argc, argv, 4, NULL);
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    natsStatus s = makeOptions(&opts, url, user, password);

    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = describe(nc);
    if (s == NATS_OK)
        s = check(nc, subject);
    succeeded("connect with options", s);

    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts); /* the connection has its own copy; they may go in any order */
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
