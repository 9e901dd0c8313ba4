#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wait.h"

enum { PROXIES = 32, LINKS = 512, BUFFER = 32 * 1024 };

struct proxy {
    int listener, port, to_port;
    /* Written by the test, read by the proxies' thread. */
    int delay_ms, split, hole, refuse;
    /* Counted up for each cut. */
    int cuts, resets;
    int cut_after, cut_afters;
};

/* One direction of a link. */
typedef struct pipe_end {
    int from, to;
    char bytes[BUFFER];
    int start, end;      /* of what waits in the buffer */
    int64_t not_before;  /* when that may pass */
    bool ended, said_so; /* nothing more comes; the other side knows */
} pipe_end;

typedef struct link {
    proxy *of;
    pipe_end ends[2];
    int cuts, resets, cut_afters;
    int64_t budget; /* bytes until it is cut; -1 for no limit */
} link_t;

static proxy proxies[PROXIES];
static int proxy_count;
static link_t *links[LINKS];
static int link_count;
static pthread_t thread;
static bool running;
static int wake_fd = -1, stopping;

#define GET(x) __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define SET(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELEASE)
#define COUNT(x) __atomic_add_fetch(&(x), 1, __ATOMIC_ACQ_REL)

static void fatal(const char *what) {
    perror(what);
    abort();
}

static void wake(void) {
    uint64_t one = 1;

    if (write(wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        fatal("eventfd");
}

static void close_with_reset(int fd) {
    struct linger linger = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(fd);
}

static void end_link(link_t *l, bool reset) {
    int i;

    for (i = 0; i < 2; i++) {
        if (reset)
            close_with_reset(l->ends[i].from);
        else
            close(l->ends[i].from);
    }
    for (i = 0; links[i] != l; i++) {
    }
    links[i] = links[--link_count];
    free(l);
}

static int to_server(int port) {
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((uint16_t)port);
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void accept_link(proxy *p) {
    int client = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), server, one = 1;
    link_t *l;

    if (client < 0)
        return;
    server = GET(p->refuse) || link_count == LINKS ? -1 : to_server(p->to_port);
    if (server < 0) {
        close_with_reset(client);
        return;
    }
    fcntl(server, F_SETFL, O_NONBLOCK);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    l = calloc(1, sizeof(*l));
    if (l == NULL)
        fatal("calloc");
    l->of = p;
    l->ends[0].from = l->ends[1].to = client;
    l->ends[0].to = l->ends[1].from = server;
    l->cuts = GET(p->cuts);
    l->resets = GET(p->resets);
    l->cut_afters = GET(p->cut_afters);
    l->budget = -1;
    links[link_count++] = l;
}

/* Moves bytes of one direction. False: the link is broken. */
static bool move(link_t *l, pipe_end *e, int64_t now) {
    int split = GET(l->of->split);

    if (e->start == e->end && !e->ended) {
        ssize_t n = read(e->from, e->bytes, BUFFER);

        if (n > 0) {
            e->start = 0;
            e->end = (int)n;
            e->not_before = now + GET(l->of->delay_ms);
        } else if (n == 0) {
            e->ended = true;
        } else if (errno != EAGAIN && errno != EINTR) {
            return false;
        }
    }
    if (e->start < e->end && now >= e->not_before) {
        size_t size = (size_t)(e->end - e->start);
        ssize_t n;

        if (split > 0 && size > (size_t)split)
            size = (size_t)split;
        if (l->budget >= 0 && (int64_t)size > l->budget)
            size = (size_t)l->budget;
        n = send(e->to, e->bytes + e->start, size, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        e->start += (int)n;
        if (l->budget >= 0 && (l->budget -= n) == 0)
            return false;
    }
    if (e->ended && e->start == e->end && !e->said_so) {
        shutdown(e->to, SHUT_WR);
        e->said_so = true;
    }
    return true;
}

/* False: it is no more. */
static bool serve(link_t *l, int64_t now) {
    proxy *p = l->of;
    int i;

    if (l->resets != GET(p->resets)) {
        end_link(l, true);
        return false;
    }
    if (l->cuts != GET(p->cuts)) {
        end_link(l, false);
        return false;
    }
    if (l->cut_afters != GET(p->cut_afters)) {
        l->cut_afters = GET(p->cut_afters);
        l->budget = GET(p->cut_after);
    }
    if (GET(p->hole))
        return true;
    for (i = 0; i < 2; i++) {
        if (!move(l, &l->ends[i], now)) {
            end_link(l, true);
            return false;
        }
    }
    if (l->ends[0].said_so && l->ends[1].said_so) {
        end_link(l, false);
        return false;
    }
    return true;
}

static void *run(void *unused) {
    static struct pollfd fds[1 + PROXIES + 2 * LINKS];

    (void)unused;
    while (!GET(stopping)) {
        int n = 0, i, j, timeout = 100;
        int64_t now = now_ms();

        fds[n++] = (struct pollfd){wake_fd, POLLIN, 0};
        for (i = 0; i < proxy_count; i++)
            fds[n++] = (struct pollfd){proxies[i].listener, POLLIN, 0};
        for (i = 0; i < link_count; i++) {
            for (j = 0; j < 2; j++) {
                pipe_end *e = &links[i]->ends[j];

                if (GET(links[i]->of->hole))
                    continue;
                if (e->start < e->end && now < e->not_before)
                    timeout = 1;
                else if (e->start < e->end)
                    fds[n++] = (struct pollfd){e->to, POLLOUT, 0};
                else if (!e->ended)
                    fds[n++] = (struct pollfd){e->from, POLLIN, 0};
            }
        }
        if (poll(fds, (nfds_t)n, timeout) < 0 && errno != EINTR)
            fatal("poll");
        if (fds[0].revents != 0) {
            uint64_t count;

            if (read(wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
                fatal("eventfd");
        }
        for (i = 0; i < proxy_count; i++)
            if (fds[1 + i].revents != 0)
                accept_link(&proxies[i]);
        now = now_ms();
        /* Backwards: an ended link's place is taken by the last one. */
        for (i = link_count - 1; i >= 0; i--)
            serve(links[i], now);
    }
    while (link_count > 0)
        end_link(links[0], false);
    return NULL;
}

proxy *proxy_start(int to_port) {
    proxy *p = &proxies[proxy_count];
    struct sockaddr_in a;
    socklen_t length = sizeof(a);

    if (running || proxy_count == PROXIES)
        abort(); /* all are made before the first is used */
    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(p->listener, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(p->listener, 64) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&a, &length) != 0)
        fatal("proxy");
    p->port = ntohs(a.sin_port);
    p->to_port = to_port;
    proxy_count++;
    return p;
}

void proxies_run(void) {
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0 || pthread_create(&thread, NULL, run, NULL) != 0)
        fatal("proxy");
    running = true;
}

void proxies_stop(void) {
    int i;

    SET(stopping, 1);
    wake();
    pthread_join(thread, NULL);
    for (i = 0; i < proxy_count; i++)
        close(proxies[i].listener);
    close(wake_fd);
}

int proxy_port(const proxy *p) { return p->port; }

void proxy_cut(proxy *p, bool reset) {
    if (reset)
        COUNT(p->resets);
    else
        COUNT(p->cuts);
    wake();
}

void proxy_cut_after(proxy *p, int bytes) {
    SET(p->cut_after, bytes);
    COUNT(p->cut_afters);
    wake();
}

void proxy_delay(proxy *p, int ms) {
    SET(p->delay_ms, ms);
    wake();
}

void proxy_split(proxy *p, int bytes) {
    SET(p->split, bytes);
    wake();
}

void proxy_hole(proxy *p, bool on) {
    SET(p->hole, on);
    wake();
}

void proxy_refuse(proxy *p, bool on) {
    SET(p->refuse, on);
    wake();
}

void proxy_heal(proxy *p) {
    SET(p->delay_ms, 0);
    SET(p->split, 0);
    SET(p->hole, 0);
    SET(p->refuse, 0);
    wake();
}
