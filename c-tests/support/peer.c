#include <poll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "test.h"

#include "peer.h"

static void problem(peer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void problem(peer *p, const char *format, ...) {
    va_list args;

    if (p->problem[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(p->problem, sizeof(p->problem), format, args);
    va_end(args);
}

static void listen_on(peer *p, int port) {
    struct sockaddr_in a;
    socklen_t length = sizeof(a);
    int one = 1;

    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(p->listener >= 0);
    setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(p->listener, (struct sockaddr *)&a, sizeof(a)) == 0);
    CHECK(listen(p->listener, 16) == 0);
    CHECK(getsockname(p->listener, (struct sockaddr *)&a, &length) == 0);
    p->port = ntohs(a.sin_port);
    snprintf(p->url, sizeof(p->url), "nats://127.0.0.1:%d", p->port);
}

/* The thread of a script opens and closes the socket; peer_close shuts it down meanwhile. It must not be another file of the
 * test by then. */
static pthread_mutex_t socket_lock = PTHREAD_MUTEX_INITIALIZER;

void peer_open(peer *p) {
    memset(p, 0, sizeof(*p));
    p->socket = -1;
    listen_on(p, 0);
}

void peer_refuse(peer *p) {
    if (p->listener >= 0)
        close(p->listener);
    p->listener = -1;
}

void peer_listen_again(peer *p) { listen_on(p, p->port); }

void peer_close(peer *p) {
    if (p->listener >= 0)
        shutdown(p->listener, SHUT_RDWR);
    if (p->running) {
        pthread_mutex_lock(&socket_lock);
        if (p->socket >= 0)
            shutdown(p->socket, SHUT_RDWR);
        pthread_mutex_unlock(&socket_lock);
        pthread_join(p->thread, NULL);
    }
    p->running = false;
    peer_refuse(p);
    peer_hang_up(p);
    free(p->bytes);
    p->bytes = NULL;
}

static void *run_script(void *arg) {
    peer *p = (peer *)arg;

    p->script(p, p->arg);
    return NULL;
}

void peer_run(peer *p, peer_script script, void *arg) {
    CHECK(!p->running);
    p->script = script;
    p->arg = arg;
    CHECK(pthread_create(&p->thread, NULL, run_script, p) == 0);
    p->running = true;
}

void peer_join(peer *p) {
    CHECK(p->running);
    pthread_join(p->thread, NULL);
    p->running = false;
    if (p->problem[0] != '\0')
        check_failed(__FILE__, __LINE__, "the fake server: %s; it received: %s", p->problem,
                     p->bytes == NULL ? "" : p->bytes);
}

static bool readable(int fd, int64_t timeout_ms) {
    struct pollfd f;
    int n;

    f.fd = fd;
    f.events = POLLIN;
    f.revents = 0;
    do {
        n = poll(&f, 1, timeout_ms < 0 ? 0 : (int)timeout_ms);
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

bool peer_accept(peer *p) {
    int accepted;

    peer_hang_up(p);
    p->length = p->seen = 0;
    if (!readable(p->listener, deadline_ms())) {
        problem(p, "nobody connected");
        return false;
    }
    accepted = accept(p->listener, NULL, NULL);
    pthread_mutex_lock(&socket_lock);
    p->socket = accepted;
    pthread_mutex_unlock(&socket_lock);
    if (accepted < 0) {
        problem(p, "accept failed");
        return false;
    }
    return true;
}

bool peer_send_bytes(peer *p, const void *data, size_t length) {
    const char *at = (const char *)data;

    while (length > 0) {
        ssize_t n = send(p->socket, at, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            problem(p, "cannot send: %s", strerror(errno));
            return false;
        }
        at += n;
        length -= (size_t)n;
    }
    return true;
}

bool peer_send(peer *p, const char *text) { return peer_send_bytes(p, text, strlen(text)); }

/* 1: bytes arrived, 0: the client has closed the connection, -1: the time has passed. */
static int read_more(peer *p, int64_t until) {
    ssize_t n;

    if (p->room - p->length < 65536) {
        char *bigger = (char *)realloc(p->bytes, p->room * 2 + 65537);

        if (bigger == NULL)
            return 0;
        p->bytes = bigger;
        p->room = p->room * 2 + 65536;
    }
    if (!readable(p->socket, until - now_ms()))
        return -1;
    n = recv(p->socket, p->bytes + p->length, p->room - p->length, 0);
    p->bytes[p->length + (n > 0 ? (size_t)n : 0)] = '\0';
    if (n <= 0)
        return 0;
    p->length += (size_t)n;
    return 1;
}

/* The number of bytes at this place that match the text, 0 for none. A run of blanks matches any run of blanks, and
 * before the end of a line also none at all. */
static size_t match_at(const char *bytes, size_t length, const char *text) {
    size_t n = 0;

    while (*text != '\0') {
        if (*text == ' ') {
            size_t start = n;

            while (*text == ' ')
                text++;
            while (n < length && bytes[n] == ' ')
                n++;
            if (n == start && *text != '\r')
                return 0;
        } else {
            if (n == length || bytes[n] != *text)
                return 0;
            n++;
            text++;
        }
    }
    return n;
}

/* The end of the first place from an offset on that matches the text; 0 if there is none. */
static size_t find(const peer *p, size_t from, const char *text) {
    size_t i;

    for (i = from; i < p->length; i++) {
        size_t n = match_at(p->bytes + i, p->length - i, text);

        if (n > 0)
            return i + n;
    }
    return 0;
}

bool peer_received(const peer *p, const char *text) { return find(p, 0, text) > 0; }

bool peer_expect_within(peer *p, const char *text, int64_t timeout_ms) {
    int64_t until = now_ms() + timeout_ms;

    for (;;) {
        size_t end = find(p, p->seen, text);

        if (end > 0) {
            p->seen = end;
            return true;
        }
        if (p->socket < 0 || read_more(p, until) <= 0)
            return false;
    }
}

bool peer_expect(peer *p, const char *text) {
    if (peer_expect_within(p, text, deadline_ms()))
        return true;
    problem(p, "\"%s\" never came", text);
    return false;
}

bool peer_expect_bytes(peer *p, size_t length) {
    int64_t until = now_ms() + deadline_ms();

    while (p->length < length) {
        if (read_more(p, until) <= 0) {
            problem(p, "only %zu of %zu bytes came", p->length, length);
            return false;
        }
    }
    return true;
}

bool peer_expect_end(peer *p) {
    int64_t until = now_ms() + deadline_ms();
    int n;

    while ((n = read_more(p, until)) > 0) {
    }
    if (n < 0)
        problem(p, "the client did not close");
    return n == 0;
}

void peer_hang_up(peer *p) {
    pthread_mutex_lock(&socket_lock);
    if (p->socket >= 0)
        close(p->socket);
    p->socket = -1;
    pthread_mutex_unlock(&socket_lock);
}

void peer_reset(peer *p) {
    struct linger l = {1, 0};

    if (p->socket >= 0)
        setsockopt(p->socket, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
    peer_hang_up(p);
}

bool peer_shake_hands(peer *p, const char *info) {
    return peer_accept(p) && peer_send(p, info == NULL ? PEER_INFO : info) && peer_expect(p, "CONNECT {") &&
           peer_expect(p, "\r\nPING\r\n") && peer_send(p, "PONG\r\n");
}

void peer_handshake(peer *p, void *arg) { peer_shake_hands(p, (const char *)arg); }

void peer_settle(peer *p) {
#if OURS
    (void)p;
#else
    if (peer_expect(p, "PING\r\n"))
        peer_send(p, "PONG\r\n");
#endif
}

natsConnection *peer_connect(peer *p, natsOptions *opts) {
    natsConnection *nc;

    peer_run(p, peer_handshake, NULL);
    nc = test_connect(opts);
    peer_join(p);
    return nc;
}
