/* Sends messages with headers and reads them at the other end.
 *
 * build: cc -o headers headers.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   headers [url] [subject] [count]
 *        headers nats://127.0.0.1:4222 orders 1
 *
 * A key is kept as it was written, and may have several values. */
#include "example.h"

static natsStatus sendOrder(natsConnection *nc, const char *subject, long number) {
    natsMsg *msg = NULL;
    natsStatus s;
    char text[32];

    snprintf(text, sizeof(text), "order %ld", number);
    s = natsMsg_Create(&msg, subject, NULL, text, (int)strlen(text));
    if (s == NATS_OK)
        s = natsMsgHeader_Set(msg, "Content-Type", "text/plain");
    if (s == NATS_OK)
        s = natsMsgHeader_Add(msg, "Tag", "urgent");
    if (s == NATS_OK)
        s = natsMsgHeader_Add(msg, "Tag", "fragile");
    if (s == NATS_OK)
        s = natsMsgHeader_Set(msg, "Draft", "yes");
    if (s == NATS_OK)
        s = natsMsgHeader_Delete(msg, "Draft");
    if (s == NATS_OK)
        s = natsConnection_PublishMsg(nc, msg);
    natsMsg_Destroy(msg); /* publishing does not take the message over */
    return s;
}

static int byText(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static natsStatus printHeaders(natsMsg *msg) {
    const char **keys = NULL;
    const char **values = NULL;
    const char *first = NULL;
    natsStatus s;
    int keyCount = 0, valueCount = 0, k, v;

    s = natsMsgHeader_Keys(msg, &keys, &keyCount);
    if (s == NATS_OK) /* the order of keys is not defined */
        qsort((void *)keys, (size_t)keyCount, sizeof(*keys), byText);
    for (k = 0; k < keyCount && s == NATS_OK; k++) {
        s = natsMsgHeader_Values(msg, keys[k], &values, &valueCount);
        for (v = 0; v < valueCount && s == NATS_OK; v++)
            printf("  %s: %s\n", keys[k], values[v]);
        free((void *)values); /* the arrays are ours, the texts are the message's */
        values = NULL;
    }
    free((void *)keys);

    if (s == NATS_OK)
        s = natsMsgHeader_Get(msg, "Content-Type", &first);
    if (s == NATS_OK)
        printf("  the type is %s\n", first);
    if (s == NATS_OK && natsMsgHeader_Get(msg, "Draft", &first) == NATS_NOT_FOUND)
        printf("  no such key: Draft\n");
    return s;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "orders");
    const long count = numberArg(argc, argv, 3, 1);
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsStatus s;
    long i;

    s = natsConnection_ConnectTo(&nc, url);
    if (s == NATS_OK)
        s = natsConnection_HasHeaderSupport(nc);
    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(&sub, nc, subject);
    for (i = 0; i < count && s == NATS_OK; i++)
        s = sendOrder(nc, subject, i + 1);
    succeeded("send", s);

    for (i = 0; i < count && s == NATS_OK; i++) {
        natsMsg *msg = NULL;

        s = natsSubscription_NextMsg(&msg, sub, 5000);
        if (s == NATS_OK) {
            printf("Received on %s: %.*s\n", natsMsg_GetSubject(msg), natsMsg_GetDataLength(msg),
                   natsMsg_GetData(msg));
            s = printHeaders(msg);
        }
        succeeded("receive", s);
        natsMsg_Destroy(msg);
    }

    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
