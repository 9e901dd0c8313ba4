/* JSON as the payload of messages: written with its strings escaped, read by a small reader of one flat object.
 *
 * build: cc -o json json.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   json [url]
 *
 * The library does not look at payloads: any library for JSON will do, and programs with more than a few fields
 * should use one. */
#include "example.h"

/* Appends a text with what JSON wants escaped. False if there is no room. */
static bool appendString(char *out, size_t size, const char *text) {
    size_t at = strlen(out);

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        int n;

        if (c == '"' || c == '\\')
            n = snprintf(out + at, size - at, "\\%c", c);
        else if (c < 0x20)
            n = snprintf(out + at, size - at, "\\u%04x", c);
        else
            n = snprintf(out + at, size - at, "%c", c);
        if (n < 0 || (size_t)n >= size - at)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* The string field of a flat object, without its escapes. False if it is not there. */
static bool readString(const char *json, const char *name, char *out, size_t size) {
    char pattern[64];
    const char *at;
    size_t n = 0;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
    at = strstr(json, pattern);
    if (at == NULL)
        return false;
    for (at += strlen(pattern); *at != '"' && *at != '\0' && n + 1 < size; at++) {
        unsigned code = 0;

        if (*at != '\\')
            out[n++] = *at;
        else if (at[1] == 'u' && sscanf(at + 2, "%4x", &code) == 1) {
            out[n++] = (char)code; /* only those that appendString writes */
            at += 5;
        } else
            out[n++] = *++at;
    }
    out[n] = '\0';
    return *at == '"';
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    char json[256] = "{\"name\":\"", name[64] = "";
    natsStatus s = natsConnection_ConnectTo(&nc, url);

    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(&sub, nc, "people");
    if (s == NATS_OK) {
        if (!appendString(json, sizeof(json) - 16, "Ada \"the first\""))
            s = NATS_INSUFFICIENT_BUFFER;
        snprintf(json + strlen(json), sizeof(json) - strlen(json), "\",\"age\":%d}", 36);
    }
    if (s == NATS_OK)
        s = natsConnection_PublishString(nc, "people", json);
    if (s == NATS_OK)
        s = natsSubscription_NextMsg(&msg, sub, 5000);
    if (s == NATS_OK) {
        const char *age = strstr(natsMsg_GetData(msg), "\"age\":"); /* a NUL follows the payload */

        printf("Received %s\n", natsMsg_GetData(msg));
        if (!readString(natsMsg_GetData(msg), "name", name, sizeof(name)) || age == NULL)
            s = NATS_INVALID_ARG;
        else
            printf("%s is %d years old\n", name, atoi(age + 6));
    }
    succeeded("json", s);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
