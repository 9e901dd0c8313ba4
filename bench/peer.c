/* The other side of the benchmarks: the necessary part of a NATS server, with so little cost that the client is
 * measured. It has one thread, listens on a free port of the loopback address, which it prints, and ends when its
 * standard input ends.
 *
 * Large reads are dropped, except for their end, where a PING is answered: a client publishes anything and then
 * flushes. Only small reads are searched for the following lines, which therefore must be flushed alone:
 *   SUB blast.SIZE.COUNT SID   at the next PING, COUNT prebuilt messages of SIZE bytes follow the PONG
 *   PUB spread.SIZE.COUNT.FIRST.N   at the next PING, COUNT messages for the sids FIRST to FIRST+N-1 in turn
 *   SUB member SID             this connection takes part in rounds
 *   PUB round.SIZE.COUNT.BURST at the next PING, COUNT messages for the members in turn, BURST for each at a time
 *   SUB _INBOX... SID          each later PUB with a reply subject is answered with its payload for that SID, or for
 *                              X if its subject is to.X
 *   STAT                       answered with `+BYTES`, the bytes received on all connections so far
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECV_BYTES (1 << 20)
#define SMALL 4096
#define TAIL 6 /* PING\r\n */
#define BLOCK (256 << 10)
#define MAX_SIZE (8LL << 20)
#define MAX_COUNT 50000000LL
#define MAX_TOTAL (16LL << 30)
#define MAX_SIDS 1000000
#define MAX_BURST 10000
#define MAX_BLOCK (64LL << 20)

struct conn {
    int fd;
    char tail[TAIL]; /* the last bytes received */
    char sid[24];    /* of the subscription to blast or to echo to */
    char subject[64];
    long long size, count; /* of the next blast */
    long long first, sids; /* its recipients */
    long long burst;       /* if not 0, it is a round over the members instead */
    struct conn *next;     /* of the members */
    bool member;
    bool now; /* send at once, not at the next PING */
    bool echo;
    size_t kept; /* echo only: the beginning of a frame */
    char keep[2 * SMALL];
};

static char buffer[RECV_BYTES];
static unsigned long long received;
static struct conn *members;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static bool send_all(int fd, const char *data, size_t n) {
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        data += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* Messages for the sids from `first` on, all `sids` of them in turn, `cycles` times. */
static char *prebuilt(const struct conn *c, long long first, long long sids, size_t cycles, size_t *size) {
    size_t most = strlen(c->subject) + (size_t)c->size + 64;
    char *block = malloc(most * (size_t)sids * cycles), *p = block;
    size_t one;

    if (block == NULL)
        die("malloc");
    for (long long i = 0; i < sids; i++) {
        p += sprintf(p, "MSG %s %lld %lld\r\n", c->subject, first + i, c->size);
        memset(p, 'x', (size_t)c->size);
        p += c->size;
        memcpy(p, "\r\n", 2);
        p += 2;
    }
    one = (size_t)(p - block);
    for (size_t i = 1; i < cycles; i++)
        memcpy(block + i * one, block, one);
    *size = one;
    return block;
}

/* Sends the requested messages by sending one block of them many times. */
static bool blast(struct conn *c) {
    size_t one = (strlen(c->subject) + (size_t)c->size + 32) * (size_t)c->sids;
    long long in_block = one < BLOCK ? (long long)(BLOCK / one) : 1, cycles = c->count / c->sids;
    char *block = prebuilt(c, c->first, c->sids, (size_t)in_block, &one);
    bool ok = true;

    for (long long left = cycles; left > 0 && ok;) {
        long long n = left < in_block ? left : in_block;
        ok = send_all(c->fd, block, (size_t)n * one);
        left -= n;
    }
    free(block);
    c->count = 0;
    return ok;
}

/* Sends each member a few messages in turn. A closed connection is noticed when it is read. */
static void play_round(struct conn *c) {
    size_t one = 0;
    long long sid = -1;
    char *block = NULL;

    for (long long left = c->count; left > 0 && members != NULL;) {
        for (struct conn *m = members; m != NULL && left > 0; m = m->next) {
            long long n = left < c->burst ? left : c->burst;
            if (m->first != sid) {
                free(block);
                sid = m->first;
                block = prebuilt(c, sid, 1, (size_t)c->burst, &one);
            }
            send_all(m->fd, block, (size_t)n * one);
            left -= n;
        }
    }
    free(block);
    c->count = c->burst = 0;
}

static void forget(const struct conn *c) {
    for (struct conn **m = &members; *m != NULL; m = &(*m)->next) {
        if (*m == c) {
            *m = c->next;
            break;
        }
    }
}

static bool on_ping(struct conn *c) {
    if (!send_all(c->fd, "PONG\r\n", 6))
        return false;
    if (c->burst > 0)
        play_round(c);
    return c->count == 0 || blast(c);
}

static void on_sub(struct conn *c, char *line) {
    char subject[64], sid[24];
    long long size, count;

    if (sscanf(line, "SUB %63s %23s", subject, sid) != 2)
        return;
    c->now = strncmp(subject, "now.", 4) == 0;
    if ((sscanf(subject, "blast.%lld.%lld", &size, &count) == 2 ||
         sscanf(subject, "now.%lld.%lld", &size, &count) == 2) &&
        size >= 0 && size <= MAX_SIZE && count > 0 && count <= MAX_COUNT &&
        (size + 32) * count <= MAX_TOTAL) {
        strcpy(c->subject, subject);
        strcpy(c->sid, sid);
        c->size = size;
        c->count = count;
        c->first = strtoll(sid, NULL, 10);
        c->sids = 1;
    } else if (strcmp(subject, "member") == 0 && !c->member) {
        c->first = strtoll(sid, NULL, 10);
        c->member = true;
        c->next = members;
        members = c;
    } else if (strncmp(subject, "_INBOX", 6) == 0) {
        strcpy(c->sid, sid);
        c->echo = true;
    }
}

/* Prepares the messages that a program requests by publishing. */
static void on_pub(struct conn *c, const char *line) {
    long long size, count, first = 0, sids = 1, burst = 0;

    if (sscanf(line, "PUB spread.%lld.%lld.%lld.%lld ", &size, &count, &first, &sids) != 4 &&
        sscanf(line, "PUB round.%lld.%lld.%lld ", &size, &count, &burst) != 3)
        return;
    if (size < 0 || size > MAX_SIZE || count <= 0 || count > MAX_COUNT || (size + 32) * count > MAX_TOTAL ||
        first < 0 || sids <= 0 || sids > MAX_SIDS || burst < 0 || burst > MAX_BURST ||
        (size + 64) * sids > MAX_BLOCK || (size + 64) * burst > MAX_BLOCK)
        return;
    strcpy(c->subject, "bench.spread");
    c->size = size;
    c->count = count;
    c->burst = burst;
    if (burst == 0) {
        c->first = first;
        c->sids = sids;
    }
}

/* Answers requests: reads every frame. Payloads that are larger than a small read are not supported. */
static bool echo(struct conn *c, const char *data, size_t n) {
    static char out[4 * SMALL];
    size_t used = 0, at = 0;

    if (c->kept + n > sizeof c->keep)
        return false;
    memcpy(c->keep + c->kept, data, n);
    c->kept += n;
    while (at < c->kept) {
        char *line = c->keep + at, *eol = memchr(line, '\n', c->kept - at);
        char subject[128], reply[128];
        size_t size = 0, whole;
        int words;
        if (eol == NULL)
            break;
        whole = (size_t)(eol + 1 - line);
        if (memcmp(line, "PUB ", 4) == 0) {
            *eol = '\0';
            words = sscanf(line, "PUB %127s %127s %zu", subject, reply, &size);
            *eol = '\n';
            if (words == 2)
                size = strtoul(reply, NULL, 10);
            if (size > SMALL)
                return false;
            whole += size + 2;
            if (at + whole > c->kept)
                break;
            if (words == 3) {
                const char *sid = strncmp(subject, "to.", 3) == 0 ? subject + 3 : c->sid;
                if (used + size + 300 > sizeof out) {
                    if (!send_all(c->fd, out, used))
                        return false;
                    used = 0;
                }
                used += (size_t)sprintf(out + used, "MSG %s %s %zu\r\n", reply, sid, size);
                memcpy(out + used, eol + 1, size + 2);
                used += size + 2;
            }
        } else if (memcmp(line, "PING", 4) == 0) {
            memcpy(out + used, "PONG\r\n", 6);
            used += 6;
        }
        at += whole;
    }
    memmove(c->keep, c->keep + at, c->kept - at);
    c->kept -= at;
    return used == 0 || send_all(c->fd, out, used);
}

/* Searches a small read for the lines above. */
static bool small(struct conn *c, char *data, size_t n) {
    char *end = data + n, *line = data;
    while (line < end) {
        char *eol = memchr(line, '\n', (size_t)(end - line));
        if (eol == NULL)
            break;
        *eol = '\0';
        if (strncmp(line, "SUB ", 4) == 0) {
            on_sub(c, line);
            if (c->echo) /* the first request may be in the same read */
                return echo(c, eol + 1, (size_t)(end - eol - 1));
        }
        if (strncmp(line, "PUB ", 4) == 0)
            on_pub(c, line);
        if (strncmp(line, "STAT", 4) == 0) {
            char text[32];
            int size = snprintf(text, sizeof text, "+%llu\r\n", received);
            if (!send_all(c->fd, text, (size_t)size))
                return false;
        }
        line = eol + 1;
    }
    return true;
}

/* Reads the available bytes. False at the end of the connection. */
static bool on_readable(struct conn *c) {
    char tail[2 * TAIL];
    int there = 0;
    ssize_t n, skipped = 0;
    size_t last;

    /* A long read is dropped inside the kernel (MSG_TRUNC), all but its tail. */
    if (!c->echo && ioctl(c->fd, FIONREAD, &there) == 0 && there > 4 * SMALL) {
        skipped = recv(c->fd, NULL, (size_t)there - TAIL, MSG_TRUNC | MSG_DONTWAIT);
        if (skipped < 0)
            skipped = 0;
    }
    n = recv(c->fd, buffer, c->echo ? SMALL : sizeof buffer, MSG_DONTWAIT);
    if (n == 0)
        return false;
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    received += (unsigned long long)(skipped + n);
    if (c->echo)
        return echo(c, buffer, (size_t)n);

    last = n < TAIL ? (size_t)n : TAIL;
    memcpy(tail, c->tail, TAIL);
    memcpy(tail + TAIL, buffer + n - last, last);
    memcpy(c->tail, tail + last, TAIL);
    if (skipped == 0 && n < SMALL && !small(c, buffer, (size_t)n))
        return false;
    if (c->echo)
        return true;
    if (c->count > 0 && c->now && !blast(c))
        return false;
    return memcmp(c->tail, "PING\r\n", TAIL) != 0 || on_ping(c);
}

static void on_connect(int epoll, int listener, int port) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
    struct conn *c = calloc(1, sizeof *c);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    char info[512];
    int n;

    if (fd < 0 || c == NULL)
        die("accept");
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    n = snprintf(
        info, sizeof info,
        "INFO {\"server_id\":\"PEER\",\"server_name\":\"peer\",\"version\":\"2.10.0\",\"proto\":1,"
        "\"host\":\"127.0.0.1\",\"port\":%d,\"headers\":true,\"max_payload\":8388608,\"client_id\":1}\r\n",
        port);
    if (!send_all(fd, info, (size_t)n) || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        close(fd), free(c);
}

int main(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), epoll = epoll_create1(EPOLL_CLOEXEC),
        big = 4 << 20;
    struct epoll_event events[64], event = {.events = EPOLLIN};
    static char is_listener, is_stdin;

    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &big, sizeof big); /* accepted connections inherit it */
    if (bind(listener, (struct sockaddr *)&addr, len) != 0 || listen(listener, 4096) != 0)
        die("listen");
    getsockname(listener, (struct sockaddr *)&addr, &len);
    event.data.ptr = &is_listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = &is_stdin;
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    printf("%d\n", ntohs(addr.sin_port));
    fflush(stdout);

    for (;;) {
        int n = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &is_listener) {
                on_connect(epoll, listener, ntohs(addr.sin_port));
            } else if (events[i].data.ptr == &is_stdin) {
                if (read(STDIN_FILENO, buffer, sizeof buffer) <= 0)
                    return 0;
            } else if (!on_readable(events[i].data.ptr)) {
                struct conn *c = events[i].data.ptr;
                if (c->member)
                    forget(c);
                close(c->fd);
                free(c);
            }
        }
    }
}
