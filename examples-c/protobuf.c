/* Protocol buffers as the payload of messages, encoded by hand.
 *
 * build: cc -o protobuf protobuf.c $(pkg-config --cflags --libs nats_rs) -pthread
 * run:   protobuf [url]
 *
 * The message is
 *
 *     message Reading { string sensor = 1; uint64 count = 2; }
 *
 * A program with many types uses a generator, such as protobuf-c; what it packs is published in the same way. Payloads
 * may have NULs: their length counts. */
#include "example.h"

static size_t putVarint(unsigned char *out, uint64_t value) {
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (unsigned char)(value | 0x80);
    out[n++] = (unsigned char)value;
    return n;
}

/* The bytes that it takes; 0 if there are not enough. */
static size_t getVarint(const unsigned char *in, size_t size, uint64_t *value) {
    size_t n;

    *value = 0;
    for (n = 0; n < size && n < 10; n++) {
        *value |= (uint64_t)(in[n] & 0x7f) << (7 * n);
        if (in[n] < 0x80)
            return n + 1;
    }
    return 0;
}

static size_t encode(unsigned char *out, const char *sensor, uint64_t count) {
    size_t n = 0, length = strlen(sensor);

    out[n++] = 1 << 3 | 2; /* field 1, a length and bytes */
    n += putVarint(out + n, length);
    memcpy(out + n, sensor, length);
    n += length;
    out[n++] = 2 << 3 | 0; /* field 2, a varint */
    return n + putVarint(out + n, count);
}

static bool decode(const unsigned char *in, size_t size, char *sensor, size_t room, uint64_t *count) {
    size_t at = 0, n;
    uint64_t key, value;

    while (at < size) {
        if ((n = getVarint(in + at, size - at, &key)) == 0)
            return false;
        at += n;
        if ((n = getVarint(in + at, size - at, &value)) == 0)
            return false;
        at += n;
        if ((key & 7) == 2) {
            if (value > size - at)
                return false;
            if (key >> 3 == 1 && value < room) {
                memcpy(sensor, in + at, (size_t)value);
                sensor[value] = '\0';
            }
            at += (size_t)value;
        } else if ((key & 7) != 0) {
            return false; /* a type that this program does not know */
        } else if (key >> 3 == 2) {
            *count = value;
        }
    }
    return true;
}

int main(int argc, char **argv) {
    const char *url = textArg(argc, argv, 1, NATS_DEFAULT_URL);
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    unsigned char bytes[64];
    char sensor[32] = "";
    uint64_t count = 0;
    natsStatus s = natsConnection_ConnectTo(&nc, url);

    if (s == NATS_OK)
        s = natsConnection_SubscribeSync(&sub, nc, "readings");
    if (s == NATS_OK)
        s = natsConnection_Publish(nc, "readings", bytes, (int)encode(bytes, "attic", 123456789));
    if (s == NATS_OK)
        s = natsSubscription_NextMsg(&msg, sub, 5000);
    if (s == NATS_OK && !decode((const unsigned char *)natsMsg_GetData(msg),
                                (size_t)natsMsg_GetDataLength(msg), sensor, sizeof(sensor), &count))
        s = NATS_INVALID_ARG;
    if (succeeded("protobuf", s))
        printf("%d bytes: %s has counted %" PRIu64 "\n", natsMsg_GetDataLength(msg), sensor, count);
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    return s == NATS_OK ? 0 : 1;
}
