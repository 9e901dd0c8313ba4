/* Measures the least time that a nats-server with JetStream needs, with one thread, one socket and prepared bytes.
 *
 *   floor_js keys PORT COUNT       lists the COUNT keys of the bucket BENCH: creates the consumer, reads until all messages
 *                                  have arrived, and finds only the beginning of each
 *   floor_js batch PORT COUNT      publishes to the stream BENCH in atomic batches of 1,000: a batch is written at once,
 *                                  and only its end is answered
 *   floor_js get_N PORT COUNT      reads keys of the bucket BENCH, one with each request and with N requests at a time: after
 *                                  each read, writes as many requests as answers have arrived
 *   floor_js looking_N PORT COUNT  as get_N, but polls for answers instead of sleeping
 *   floor_js put_N PORT COUNT      stores values in the bucket BENCH, as get_N
 *   floor_js publish_N PORT COUNT  publishes to the stream BENCH, with an acknowledgement for each, as get_N;
 *                                  publish_looking_N as looking_N
 *   floor_js push PORT COUNT       reads the messages of the stream BENCH from a consumer without acknowledgements
 *   floor_js fetch PORT COUNT      as push, from a pull consumer, 500 at a time; acknowledges all 500 in one write
 *
 * `stores kv_keys`, `stores kv_get_1`, `js js_batch_1000` and `js_consume fill` create the bucket and the streams. The
 * server listens on the loopback address. Prints one line of JSON. The results are in bench/NOTES.md.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 1000
#define KEYS 1000      /* as stores.c */
#define PAYLOAD 128    /* as js.c */
#define ROOM (1 << 20) /* of one read */
#define LINE 256       /* of one request at most */
#define MOST 64        /* requests at a time */

static int fd;
static char *heard; /* the result of the last read */

static void fail(const char *why) {
    fprintf(stderr, "floor_js: %s\n", why);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t cpu_ns(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000LL +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000LL;
}

static void say(const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n <= 0)
            fail("the server takes no more");
        bytes += n;
        size -= (size_t)n;
    }
}

static size_t hear(bool looking) {
    ssize_t n;
    while ((n = recv(fd, heard, ROOM, looking ? MSG_DONTWAIT : 0)) < 0 && errno == EAGAIN)
        sched_yield();
    if (n <= 0)
        fail("the server is gone");
    heard[n] = '\0';
    return (size_t)n;
}

/* Counts the messages that begin in these bytes: lines that begin with M or H. `last` keeps the byte before them, for
 * lines that begin with a read. No line of payloads or headers begins with these letters. */
static long messages_in(size_t size, char *last) {
    const char *at = heard, *end = heard + size;
    long count = 0;
    if (*last == '\n' && (heard[0] == 'M' || heard[0] == 'H'))
        count++;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL && ++at < end)
        if (*at == 'M' || *at == 'H')
            count++;
    *last = end[-1];
    return count;
}

static void connect_to(int port) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *hello =
        "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n"
        "SUB floor.key 1\r\nSUB floor.made 2\r\nSUB floor.ack 3\r\nSUB floor.got 4\r\nSUB floor.msg "
        "5\r\nPING\r\n";
    int on = 1;
    heard = malloc(ROOM + 1);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    addr.sin_port = htons((uint16_t)port);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0)
        fail("no server");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    hear(false);
    say(hello, strlen(hello));
    hear(false);
}

static void list_keys(long count) {
    const char *config = "{\"stream_name\":\"KV_BENCH\",\"config\":{\"deliver_subject\":\"floor.key\","
                         "\"deliver_policy\":\"last_per_subject\","
                         "\"ack_policy\":\"none\",\"max_deliver\":1,\"headers_only\":true,\"mem_storage\":"
                         "true,\"num_replicas\":1,"
                         "\"filter_subject\":\"$KV.BENCH.>\",\"inactive_threshold\":5000000000}}";
    char request[1024], last = '\n';
    int size =
        snprintf(request, sizeof request, "PUB $JS.API.CONSUMER.CREATE.KV_BENCH floor.made %zu\r\n%s\r\n",
                 strlen(config), config);
    long come = 0;
    say(request, (size_t)size);
    /* The answer to the request is counted too. */
    while (come < count + 1)
        come += messages_in(hear(false), &last);
}

/* Makes the frames of one batch; `id_at` is the position of the batch's id in each. */
static char frames[BATCH * 512];
static size_t id_at[BATCH], frames_size;

static void prepare_batch(void) {
    for (int i = 0; i < BATCH; i++) {
        char headers[256];
        int head =
            snprintf(headers, sizeof headers,
                     "NATS/1.0\r\nNats-Batch-Id: 00000000000000000000\r\nNats-Batch-Sequence: %d\r\n%s\r\n",
                     i + 1, i + 1 == BATCH ? "Nats-Batch-Commit: 1\r\n" : "");
        frames_size += (size_t)sprintf(frames + frames_size, "HPUB bench.js %s%d %d\r\n",
                                       i + 1 == BATCH ? "floor.ack " : "", head, head + PAYLOAD);
        id_at[i] = frames_size + strlen("NATS/1.0\r\nNats-Batch-Id: ");
        frames_size += (size_t)sprintf(frames + frames_size, "%s%0*d\r\n", headers, PAYLOAD, 0);
    }
}

static void publish_batches(long count) {
    for (long batch = 0; batch < count / BATCH; batch++) {
        char id[21];
        snprintf(id, sizeof id, "%020lld", (long long)now_ns());
        for (int i = 0; i < BATCH; i++)
            memcpy(frames + id_at[i], id, 20);
        say(frames, frames_size);
        hear(false);
        if (strstr(heard, "\"error\"") != NULL)
            fail("a batch was refused");
    }
}

enum kind { GET, PUT, PUBLISH };

static size_t encode(enum kind kind, char *frame, int key) {
    switch (kind) {
    case GET:
        return (size_t)sprintf(
            frame, "PUB $JS.API.DIRECT.GET.KV_BENCH.$KV.BENCH.some.key.%06d floor.got 0\r\n\r\n", key);
    case PUT:
        return (size_t)sprintf(frame, "PUB $KV.BENCH.some.key.%06d floor.got %d\r\n%0*d\r\n", key, PAYLOAD,
                               PAYLOAD, 0);
    default:
        return (size_t)sprintf(frame, "PUB bench.js floor.got %d\r\n%0*d\r\n", PAYLOAD, PAYLOAD, 0);
    }
}

static void ask(enum kind kind, long count, int at_a_time, bool looking) {
    static char requests[KEYS][LINE];
    static size_t sizes[KEYS];
    char batch[MOST * LINE], last = '\n';
    long asked = 0, come = 0;
    for (int i = 0; i < KEYS; i++)
        sizes[i] = encode(kind, requests[i], i);
    while (come < count) {
        size_t size = 0;
        for (; asked < count && asked - come < at_a_time; asked++) {
            memcpy(batch + size, requests[asked % KEYS], sizes[asked % KEYS]);
            size += sizes[asked % KEYS];
        }
        say(batch, size);
        come += messages_in(hear(looking), &last);
    }
}

/* Subscribes to messages, and makes a consumer of the stream BENCH. */
static void make_consumer(const char *name, const char *config) {
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "SUB floor.msg 5\r\nPUB $JS.API.CONSUMER.CREATE.BENCH.%s floor.made %zu\r\n%s\r\n",
                        name, strlen(config), config);
    say(request, (size_t)size);
}

static void read_push(long count) {
    char last = '\n';
    long come = 0;
    make_consumer(
        "push", "{\"stream_name\":\"BENCH\",\"config\":{\"name\":\"push\",\"deliver_subject\":\"floor.msg\","
                "\"ack_policy\":\"none\",\"max_deliver\":1,\"mem_storage\":true,\"num_replicas\":1,"
                "\"inactive_threshold\":1000000000}}");
    while (come < count + 1)
        come += messages_in(hear(false), &last);
}

/* Answers the messages in `all`, whose reply subjects are the third words of their lines. */
static size_t encode_acks(const char *all, size_t size, char *acks) {
    size_t length = 0;
    const char *at = all, *end = all + size;
    while (at < end && *at == 'M') {
        const char *reply = at, *after, *line = memchr(at, '\n', (size_t)(end - at));
        for (int i = 0; i < 3; i++)
            reply = memchr(reply, ' ', (size_t)(end - reply)) + 1;
        after = memchr(reply, ' ', (size_t)(end - reply));
        length += (size_t)sprintf(acks + length, "PUB %.*s 4\r\n+ACK\r\n", (int)(after - reply), reply);
        at = line + 1 + PAYLOAD + 2;
    }
    return length;
}

static void fetch(long count) {
    static char all[ROOM], acks[ROOM];
    const char *next = "PUB $JS.API.CONSUMER.MSG.NEXT.BENCH.pull floor.msg 3\r\n500\r\n";
    char last = '\n';
    make_consumer("pull",
                  "{\"stream_name\":\"BENCH\",\"config\":{\"name\":\"pull\",\"ack_policy\":\"explicit\","
                  "\"max_ack_pending\":5000,\"mem_storage\":true,\"num_replicas\":1,"
                  "\"inactive_threshold\":1000000000}}");
    hear(false);
    for (long come = 0; come < count; come += 500) {
        size_t size = 0;
        say(next, strlen(next));
        for (long here = 0; here < 500;) {
            size_t n = hear(false);
            here += messages_in(n, &last);
            memcpy(all + size, heard, n);
            size += n;
        }
        /* The last message's payload may be still to come. */
        while (size < 2 || memcmp(all + size - 2, "\r\n", 2) != 0) {
            size_t n = hear(false);
            messages_in(n, &last);
            memcpy(all + size, heard, n);
            size += n;
        }
        say(acks, encode_acks(all, size, acks));
    }
}

int main(int argc, char **argv) {
    int at_a_time = 0;
    long count;
    if (argc != 4 || (count = strtol(argv[3], NULL, 10)) < 1 || count > 10000000) {
        fprintf(stderr, "usage: floor_js CASE PORT COUNT\n");
        return 2;
    }
    const char *name = argv[1];
    alarm(60);
    connect_to(atoi(argv[2]));
    prepare_batch();
    int64_t wall = now_ns(), cpu = cpu_ns();
    if (strcmp(name, "keys") == 0)
        list_keys(count);
    else if (strcmp(name, "batch") == 0)
        publish_batches(count);
    else if (strcmp(name, "push") == 0)
        read_push(count);
    else if (strcmp(name, "fetch") == 0)
        fetch(count);
    else if (sscanf(name, "get_%d", &at_a_time) == 1 && at_a_time > 0 && at_a_time <= MOST)
        ask(GET, count, at_a_time, false);
    else if (sscanf(name, "looking_%d", &at_a_time) == 1 && at_a_time > 0 && at_a_time <= MOST)
        ask(GET, count, at_a_time, true);
    else if (sscanf(name, "put_%d", &at_a_time) == 1 && at_a_time > 0 && at_a_time <= MOST)
        ask(PUT, count, at_a_time, false);
    else if (sscanf(name, "publish_%d", &at_a_time) == 1 && at_a_time > 0 && at_a_time <= MOST)
        ask(PUBLISH, count, at_a_time, false);
    else if (sscanf(name, "publish_looking_%d", &at_a_time) == 1 && at_a_time > 0 && at_a_time <= MOST)
        ask(PUBLISH, count, at_a_time, true);
    else
        fail("no such case");
    wall = now_ns() - wall;
    cpu = cpu_ns() - cpu;
    printf("{\"library\": \"floor\", \"case\": \"%s\", \"count\": %ld, \"rate\": %.2f, \"cpu_ns_per_msg\": "
           "%.2f}\n",
           name, count, (double)count * 1e9 / (double)wall, (double)cpu / (double)count);
    return 0;
}
