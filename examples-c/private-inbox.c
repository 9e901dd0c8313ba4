/* Requests whose replies no other user can read: a prefix for the subjects of replies, by which servers tell apart
 * who may subscribe to what.
 *
 * build: cc -o private-inbox private-inbox.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   private-inbox [url] [user] [password] [prefix]
 *        private-inbox nats://127.0.0.1:4222 alice secret _INBOX_alice
 *
 * The server lets this user subscribe to `_INBOX_alice.>` and not to `_INBOX.>`; services may publish there. */
#include "example.h"

static void onError(natsConnection *nc, natsSubscription *sub, natsStatus err, void *closure) {
    (void)nc;
    (void)sub;
    if (err == NATS_NOT_PERMITTED)
        counterAdd((Counter *)closure, 1);
}

static void onRequest(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)sub;
    (void)closure;
    natsConnection_PublishString(nc, natsMsg_GetReply(msg), natsMsg_GetReply(msg));
    natsMsg_Destroy(msg);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *user = textArg(argc, argv, 2, "alice"), *password = textArg(argc, argv, 3, "secret");
    const char *prefix = textArg(argc, argv, 4, "_INBOX_alice");
    Counter refused;
    natsOptions *opts = NULL;
    natsConnection *nc = NULL;
    natsSubscription *service = NULL, *curious = NULL;
    natsMsg *reply = NULL;
    natsStatus s = counterInit(&refused) ? natsOptions_Create(&opts) : NATS_SYS_ERROR;

    if (s == NATS_OK)
        s = natsOptions_SetURL(opts, url);
    if (s == NATS_OK)
        s = natsOptions_SetUserInfo(opts, user, password);
    if (s == NATS_OK)
        s = natsOptions_SetCustomInboxPrefix(opts, prefix);
    if (s == NATS_OK)
        s = natsOptions_SetErrorHandler(opts, onError, &refused);
    if (s == NATS_OK)
        s = natsConnection_Connect(&nc, opts);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&service, nc, "service", onRequest, NULL);
    if (s == NATS_OK)
        s = natsConnection_RequestString(&reply, nc, "service", "?", 5000);
    if (succeeded("request", s))
        printf("The reply came to %s\n", natsMsg_GetData(reply));
    natsMsg_Destroy(reply);
    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(&curious, nc, "_INBOX.>");
    if (s == NATS_OK && succeeded("flush", natsConnection_Flush(nc)) && counterWait(&refused, 1, 5))
        printf("The replies of others are refused\n");
    natsSubscription_Destroy(curious);
    natsSubscription_Destroy(service);
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    return s == NATS_OK ? 0 : 1;
}
