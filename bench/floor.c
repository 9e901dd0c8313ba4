/* Measures the least time that the kernel needs, with programs that do only the system calls of a client.
 *
 *   floor request|oneway PORT COUNT   a round trip through a nats-server, or half of one: two threads that only write
 *                                     to and read from blocking sockets
 *   floor looking PORT COUNT          as request, but the requesting thread polls for the answer instead of sleeping,
 *                                     and yields between polls
 *   floor publish PORT COUNT          publishes of 1 MiB to bench/peer.c: one thread that only writes, and first writes
 *                                     a small part of each, as fast clients do
 *   floor KIB/FRAMES/PIECE PORT COUNT publishes of KIB KiB: FRAMES frames in each call, from one prepared payload; or,
 *                                     if PIECE is not 0, one frame in pieces of PIECE KiB
 *
 * Server and peer listen on the loopback address. Prints one line of JSON; The results are in bench/NOTES.md.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MOST_FRAMES 64  /* in one call */
#define SILENCE_US 1000 /* between one-way messages, as in bench.c */

static int port;

static void fail(const char *why) {
    fprintf(stderr, "floor: %s\n", why);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void say(int fd, const char *text) {
    size_t n = strlen(text);
    if (write(fd, text, n) != (ssize_t)n)
        fail("the server takes no more");
}

/* One read is enough, because messages of this size arrive in one piece. */
static void hear(int fd, char *text, size_t size, bool looking) {
    ssize_t n;
    while ((n = recv(fd, text, size - 1, looking ? MSG_DONTWAIT : 0)) < 0 && errno == EAGAIN)
        sched_yield();
    if (n <= 0)
        fail("the server is gone");
    text[n] = '\0';
}

static int connect_and_subscribe(const char *subscription) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    char text[8192];
    addr.sin_port = htons((uint16_t)port);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0)
        fail("no server");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    hear(fd, text, sizeof text, false);
    say(fd, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n");
    say(fd, subscription);
    say(fd, "PING\r\n");
    hear(fd, text, sizeof text, false);
    return fd;
}

static _Atomic int64_t arrived;

static void *answer(void *arg) {
    int fd = *(int *)arg;
    char text[8192];
    for (;;) {
        hear(fd, text, sizeof text, false);
        say(fd, "PUB floor.reply 16\r\n0123456789abcdef\r\n");
    }
    return NULL;
}

static void *take(void *arg) {
    int fd = *(int *)arg;
    char text[8192];
    for (;;) {
        hear(fd, text, sizeof text, false);
        atomic_store(&arrived, now_ns());
    }
    return NULL;
}

/* Writes all, then waits until the peer has read it. */
static void publish(long count) {
    int fd = connect_and_subscribe("SUB floor.none 1\r\n");
    size_t begin = 32 << 10, payload = 1 << 20;
    char *frame = malloc(payload + 64), text[64];
    size_t size = (size_t)sprintf(frame, "PUB floor.publish %zu\r\n", payload);
    int64_t wall = now_ns();

    memset(frame + size, 'x', payload);
    size += payload;
    memcpy(frame + size, "\r\n", 2);
    size += 2;
    for (long i = 0; i < count; i++) {
        if (write(fd, frame, begin) != (ssize_t)begin ||
            write(fd, frame + begin, size - begin) != (ssize_t)(size - begin))
            fail("the peer takes no more");
    }
    say(fd, "PING\r\n");
    hear(fd, text, sizeof text, false);
    printf("{\"library\": \"floor\", \"case\": \"pub_1m\", \"count\": %ld, \"rate\": %.2f}\n", count,
           (double)count * 1e9 / (double)(now_ns() - wall));
    free(frame);
}

/* Writes `frames` messages with the same payload. */
static void write_frames(int fd, const char *head, const char *payload, size_t size, int frames) {
    static struct iovec parts[3 * MOST_FRAMES];
    int count = 3 * frames, first = 0;
    for (int i = 0; i < frames; i++) {
        parts[3 * i] = (struct iovec){(void *)(uintptr_t)head, strlen(head)};
        parts[3 * i + 1] = (struct iovec){(void *)(uintptr_t)payload, size};
        parts[3 * i + 2] = (struct iovec){(void *)(uintptr_t) "\r\n", 2};
    }
    while (first < count) {
        ssize_t n = writev(fd, parts + first, count - first);
        if (n < 0)
            fail("the peer takes no more");
        for (; first < count && (size_t)n >= parts[first].iov_len; first++)
            n -= (ssize_t)parts[first].iov_len;
        if (first < count) {
            parts[first].iov_base = (char *)parts[first].iov_base + n;
            parts[first].iov_len -= (size_t)n;
        }
    }
}

static void write_all(int fd, const char *bytes, size_t size, size_t piece) {
    for (size_t at = 0; at < size;) {
        size_t part = size - at < piece ? size - at : piece;
        ssize_t n = write(fd, bytes + at, part);
        if (n < 0)
            fail("the peer takes no more");
        at += (size_t)n;
    }
}

static void publish_so(const char *how, long count) {
    int kib, frames, piece, fd = connect_and_subscribe("SUB floor.none 1\r\n");
    if (sscanf(how, "%d/%d/%d", &kib, &frames, &piece) != 3 || kib < 1 || kib > 8192 || frames < 1 ||
        frames > MOST_FRAMES || piece < 0)
        fail("no such case");
    size_t payload = (size_t)kib << 10;
    char head[64], text[64], *frame = malloc(payload + sizeof head);
    size_t size = (size_t)sprintf(head, "PUB floor.publish %zu\r\n", payload);
    memcpy(frame, head, size);
    memset(frame + size, 'x', payload);
    memcpy(frame + size + payload, "\r\n", 2);
    int64_t wall = now_ns();
    for (long i = 0; i < count; i += frames)
        if (piece > 0)
            write_all(fd, frame, size + payload + 2, (size_t)piece << 10);
        else
            write_frames(fd, head, frame + size, payload, frames);
    say(fd, "PING\r\n");
    hear(fd, text, sizeof text, false);
    printf("{\"library\": \"floor\", \"case\": \"%s\", \"count\": %ld, \"rate\": %.2f}\n", how, count,
           (double)count * 1e9 / (double)(now_ns() - wall));
    free(frame);
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    bool oneway = argc == 4 && strcmp(argv[1], "oneway") == 0;
    bool looking = argc == 4 && strcmp(argv[1], "looking") == 0;
    long count;
    int64_t *ns;
    int here, there;
    pthread_t thread;
    char text[8192];
    if (argc != 4 || (count = strtol(argv[3], NULL, 10)) < 100 || count > 1000000) {
        fprintf(stderr, "usage: floor request|oneway|looking|publish|KIB/FRAMES/PIECE PORT COUNT\n");
        return 2;
    }
    port = atoi(argv[2]);
    alarm(60);
    if (strcmp(argv[1], "publish") == 0) {
        publish(count);
        return 0;
    }
    if (strchr(argv[1], '/') != NULL) {
        publish_so(argv[1], count);
        return 0;
    }
    ns = malloc((size_t)count * sizeof *ns);
    here = connect_and_subscribe("SUB floor.reply 1\r\n");
    there = connect_and_subscribe("SUB floor.request 1\r\n");
    pthread_create(&thread, NULL, oneway ? take : answer, &there);
    for (long i = 0; i < count; i++) {
        int64_t sent = now_ns();
        say(here, "PUB floor.request floor.reply 16\r\n0123456789abcdef\r\n");
        if (oneway) {
            usleep(SILENCE_US);
            ns[i] = atomic_load(&arrived) - sent;
        } else {
            hear(here, text, sizeof text, looking);
            ns[i] = now_ns() - sent;
        }
    }
    qsort(ns, (size_t)count, sizeof *ns, ascending);
    printf("{\"library\": \"floor\", \"case\": \"%s\", \"count\": %ld, \"p50_us\": %.2f, \"p99_us\": %.2f}\n",
           argv[1], count, (double)ns[count / 2] / 1e3, (double)ns[count - 1 - count / 100] / 1e3);
    return 0;
}
