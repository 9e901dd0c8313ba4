/* Publishes messages and says how fast.
 *
 * build: cc -o publish publish.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   publish [url] [subject] [count] [payload]
 *        publish nats://127.0.0.1:4222 greetings 10 hello
 *
 * natsConnection_Publish returns as soon as the message is in the connection's buffer; natsConnection_Flush
 * at the end waits until the server has them all. */
#include "example.h"

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    const char *subject = textArg(argc, argv, 2, "greetings");
    const long count = numberArg(argc, argv, 3, 10);
    const char *payload = textArg(argc, argv, 4, "hello");
    const int length = (int)strlen(payload);
    natsConnection *nc = NULL;
    natsStatus s;
    long i;

    s = natsConnection_ConnectTo(&nc, url);
    if (!succeeded("connect", s))
        return 1;

    int64_t start = nats_NowInNanoSeconds();
    for (i = 0; i < count && s == NATS_OK; i++)
        s = natsConnection_Publish(nc, subject, payload, length);
    if (s == NATS_OK)
        s = natsConnection_Flush(nc);
    int64_t took = nats_NowInNanoSeconds() - start;

    if (succeeded("publish", s))
        printf("Published %ld messages of %d bytes to %s in %.3f s (%.0f a second)\n", count, length, subject,
               (double)took / 1e9, ratePerSecond(count, took));

    natsConnection_Destroy(nc);
    nats_Close();
    return s == NATS_OK ? 0 : 1;
}
