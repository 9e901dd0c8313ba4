/* A service that answers requests, and a requester that asks it, each with a connection of its own.
 *
 * build: cc -o request-reply request-reply.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   request-reply [url] [subject] [count]
 *        request-reply nats://127.0.0.1:4222 service.upper 5 */
#include "example.h"

#include <ctype.h>

/* Answers with the request's text in capital letters. */
static void onRequest(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    const int length = natsMsg_GetDataLength(msg);
    const char *text = natsMsg_GetData(msg);
    char answer[256];
    int i;

    (void)sub;
    (void)closure;
    if (natsMsg_GetReply(msg) != NULL) {
        for (i = 0; i < length && i < (int)sizeof(answer); i++)
            answer[i] = (char)toupper((unsigned char)text[i]);
        succeeded("reply", natsConnection_Publish(nc, natsMsg_GetReply(msg), answer, i));
    }
    natsMsg_Destroy(msg);
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "service.upper");
    const long count = numberArg(argc, argv, 3, 5);
    natsConnection *service = NULL;
    natsConnection *requester = NULL;
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;
    natsStatus s;
    char text[64];
    long i;

    s = natsConnection_ConnectTo(&service, url);
    if (s == NATS_OK)
        s = natsConnection_Subscribe(&sub, service, subject, onRequest, NULL);
    if (s == NATS_OK)
        s = natsConnection_Flush(service);
    if (s == NATS_OK)
        s = natsConnection_ConnectTo(&requester, url);
    succeeded("set-up", s);

    int64_t start = nats_NowInNanoSeconds();
    for (i = 0; i < count && s == NATS_OK; i++) {
        snprintf(text, sizeof(text), "question %ld", i + 1);
        s = natsConnection_RequestString(&reply, requester, subject, text, 5000);
        if (!succeeded("request", s))
            break;
        if (i < 10)
            printf("Asked: %s, answer: %.*s\n", text, natsMsg_GetDataLength(reply), natsMsg_GetData(reply));
        natsMsg_Destroy(reply);
        reply = NULL;
    }
    int64_t took = nats_NowInNanoSeconds() - start;
    if (s == NATS_OK && count > 0)
        printf("%ld requests answered, %.3f ms each\n", count, (double)took / 1e6 / (double)count);

    if (s == NATS_OK) { /* nobody there is an answer as well, and comes at once */
        snprintf(text, sizeof(text), "nobody.%" PRId64, nats_Now());
        s = natsConnection_RequestString(&reply, requester, text, "anyone?", 5000);
        printf("Asked nobody: %s\n", natsStatus_GetText(s));
        natsMsg_Destroy(reply);
        s = s == NATS_NO_RESPONDERS ? NATS_OK : NATS_ERR;
    }

    natsSubscription_Destroy(sub);
    natsConnection_Destroy(requester);
    natsConnection_Destroy(service);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
