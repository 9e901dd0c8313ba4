/* Measures the least time that a nats-server with JetStream needs, with one thread, one socket and prepared bytes.
 *
 *   floor_js keys PORT COUNT       lists the COUNT keys of the bucket BENCH: creates the consumer, reads until all messages
 *                                  have arrived, and finds only the beginning of each
 *   floor_js batch PORT COUNT      publishes to the stream BENCH in atomic batches of 1,000: a batch is written at once,
 *                                  and only its end is answered
 *   floor_js get_N PORT COUNT      reads keys of the bucket BENCH, one with each request and with N requests at a time: after
 *                                  each read, writes as many requests as answers have arrived
 *   floor_js looking_N PORT COUNT  as get_N, but polls for answers instead of sleeping
 *
 * `stores kv_keys`, `stores kv_get_1` and `js js_batch_1000` create the bucket and the streams. The server listens on
 * the loopback address. Prints one line of JSON. The results are in bench/NOTES.md.
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
        "SUB floor.key 1\r\nSUB floor.made 2\r\nSUB floor.ack 3\r\nSUB floor.got 4\r\nPING\r\n";
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

static void get(long count, int at_a_time, bool looking) {
    static char requests[KEYS][LINE];
    static size_t sizes[KEYS];
    char batch[MOST * LINE], last = '\n';
    long asked = 0, come = 0;
    for (int i = 0; i < KEYS; i++)
        sizes[i] = (size_t)sprintf(
            requests[i], "PUB $JS.API.DIRECT.GET.KV_BENCH.$KV.BENCH.some.key.%06d floor.got 0\r\n\r\n", i);
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

int main(int argc, char **argv) {
    int at_a_time = 0;
    long count;
    if (argc != 4 || (count = strtol(argv[3], NULL, 10)) < 1 || count > 10000000) {
        fprintf(stderr, "usage: floor_js keys|batch|get_N|looking_N PORT COUNT\n");
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
    else if ((sscanf(name, "get_%d", &at_a_time) == 1 || sscanf(name, "looking_%d", &at_a_time) == 1) &&
             at_a_time > 0 && at_a_time <= MOST)
        get(count, at_a_time, name[0] == 'l');
    else
        fail("no such case");
    wall = now_ns() - wall;
    cpu = cpu_ns() - cpu;
    printf("{\"library\": \"floor\", \"case\": \"%s\", \"count\": %ld, \"rate\": %.2f, \"cpu_ns_per_msg\": "
           "%.2f}\n",
           name, count, (double)count * 1e9 / (double)wall, (double)cpu / (double)count);
    return 0;
}
