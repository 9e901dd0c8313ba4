#include "server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test.h"

static bool can_connect(int port) {
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    close(fd);
    return ok;
}

int free_port(void) {
    struct sockaddr_in a;
    socklen_t length = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port;

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &length) == 0);
    port = ntohs(a.sin_port);
    close(fd);
    return port;
}

static void remove_dir(const char *dir) {
    DIR *d = opendir(dir);
    struct dirent *e;
    char path[512];

    if (d == NULL)
        return;
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (unlink(path) != 0)
            remove_dir(path);
    }
    closedir(d);
    rmdir(dir);
}

/* Returns the client port from the ports file once the server has written it; otherwise 0. */
static int port_from_file(const server *s) {
    char path[512], text[1024];
    DIR *d = opendir(s->dir);
    struct dirent *e;
    int port = 0;

    if (d == NULL)
        return 0;
    while ((e = readdir(d)) != NULL) {
        size_t n = strlen(e->d_name);
        char *at, *end;
        FILE *f;

        if (n < 6 || strcmp(e->d_name + n - 6, ".ports") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", s->dir, e->d_name);
        f = fopen(path, "r");
        if (f == NULL)
            continue;
        n = fread(text, 1, sizeof(text) - 1, f);
        text[n] = '\0';
        fclose(f);
        at = strstr(text, "\"nats\"");
        at = at == NULL ? NULL : strstr(at, "://"); /* nats or tls */
        end = at == NULL ? NULL : strchr(at, '"');
        if (end == NULL || strchr(end, ']') == NULL)
            continue;
        *end = '\0';
        port = atoi(strrchr(at, ':') + 1); /* an address of IPv6 has colons of its own */
    }
    closedir(d);
    return port;
}

static void spawn(server *s, int port) {
    const char *program = getenv("NATS_SERVER");
    char port_text[16], log[128], config[128];
    const char *argv[SERVER_ARGS + 16];
    int n = 0, i;
    pid_t parent = getpid();

    if (program == NULL || program[0] == '\0')
        program = "nats-server";
    snprintf(port_text, sizeof(port_text), "%d", port);
    snprintf(log, sizeof(log), "%s/log", s->dir);
    snprintf(config, sizeof(config), "%s/conf", s->dir);
    argv[n++] = program;
    argv[n++] = "-a";
    argv[n++] = "127.0.0.1";
    argv[n++] = "-p";
    argv[n++] = port_text;
    argv[n++] = "--ports_file_dir";
    argv[n++] = s->dir;
    argv[n++] = "-l";
    argv[n++] = log;
    if (s->has_config) {
        argv[n++] = "-c";
        argv[n++] = config;
    }
    for (i = 0; i < s->arg_count; i++)
        argv[n++] = s->args[i];
    argv[n] = NULL;
    /* Before the fork: the child must not allocate, since another thread may have had the allocator's lock. */
    setenv("GOMAXPROCS", "1", 0);
    s->pid = fork();
    CHECK(s->pid >= 0);
    if (s->pid == 0) {
        int null_fd = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(126);
        dup2(null_fd, 0);
        dup2(null_fd, 1);
        dup2(null_fd, 2);
        execvp(program, (char *const *)argv);
        _exit(127);
    }
}

static bool wait_ready(server *s) {
    int64_t until = now_ms() + deadline_ms();

    while (now_ms() < until) {
        int status, port;

        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            s->pid = 0;
            return false;
        }
        port = port_from_file(s);
        if (port > 0 && can_connect(port) && (s->ws_port == 0 || can_connect(s->ws_port))) {
            s->port = port;
            snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%d", s->scheme,
                     s->ws_port > 0 ? s->ws_port : port);
            return true;
        }
        poll_pause();
    }
    return false;
}

/* The configuration: the test's, and the listener for WebSocket. */
static void write_config(server *s, const char *conf, const char *websocket) {
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/conf", s->dir);
    f = fopen(path, "w");
    CHECK(f != NULL);
    fputs(conf == NULL ? "" : conf, f);
    if (websocket != NULL) {
        s->ws_port = free_port();
        fprintf(f, "\nwebsocket { host: \"127.0.0.1\", port: %d, %s }\n", s->ws_port, websocket);
    }
    fclose(f);
    s->has_config = true;
}

static void start(server *s, int port, const char *conf, const char *const *args, const char *websocket) {
    int attempts = websocket == NULL ? 1 : 5;

    memset(s, 0, sizeof(*s));
    s->scheme = websocket == NULL ? "nats" : strstr(websocket, "no_tls") != NULL ? "ws" : "wss";
    snprintf(s->dir, sizeof(s->dir), "/tmp/nats-rs-test-XXXXXX");
    CHECK(mkdtemp(s->dir) != NULL);
    for (; args != NULL && *args != NULL; args++) {
        CHECK(s->arg_count < SERVER_ARGS);
        snprintf(s->args[s->arg_count++], sizeof(s->args[0]), "%s", *args);
        if (strcmp(*args, "-js") == 0) {
            CHECK(s->arg_count + 2 <= SERVER_ARGS);
            snprintf(s->args[s->arg_count++], sizeof(s->args[0]), "-sd");
            snprintf(s->args[s->arg_count++], sizeof(s->args[0]), "%s", s->dir);
        }
    }
    /* Another process may have taken the listener's port meanwhile. */
    while (attempts-- > 0) {
        if (conf != NULL || websocket != NULL)
            write_config(s, conf, websocket);
        spawn(s, port);
        if (wait_ready(s))
            return;
    }
    check_failed(__FILE__, __LINE__, "nats-server does not start (is NATS_SERVER set?); see %s/log", s->dir);
}

void server_start_on(server *s, int port, const char *conf, const char *const *args) {
    const char *transport = getenv("TEST_TRANSPORT");
    bool ws = transport != NULL && strcmp(transport, "ws") == 0;

    start(s, port, conf, args, ws ? "no_tls: true" : NULL);
}

void server_start_ws(server *s, const char *conf, const char *websocket) {
    start(s, -1, conf, NULL, websocket);
}

void server_start(server *s, const char *conf, const char *const *args) {
    server_start_on(s, -1, conf, args);
}

void server_run(server *s) { server_start(s, NULL, NULL); }

void server_run_jetstream(server *s) {
    static const char *const args[] = {"-js", NULL};

    server_start(s, NULL, args);
}

static void reap(server *s) {
    int status;

    while (s->pid > 0 && waitpid(s->pid, &status, 0) < 0 && errno == EINTR) {
    }
    s->pid = 0;
}

void server_stop(server *s) {
    if (s->pid > 0) {
        kill(s->pid, SIGCONT);
        kill(s->pid, SIGTERM);
        reap(s);
    }
    if (s->dir[0] != '\0')
        remove_dir(s->dir);
    s->dir[0] = '\0';
}

void server_kill(server *s) {
    char path[128];

    CHECK(s->pid > 0);
    snprintf(path, sizeof(path), "%s/nats-server_%d.ports", s->dir, (int)s->pid);
    kill(s->pid, SIGKILL);
    reap(s);
    unlink(path);
}

void server_restart(server *s) {
    int64_t until = now_ms() + deadline_ms();

    CHECK(s->pid == 0 && s->port > 0);
    /* The port may be taken for a moment. */
    do {
        spawn(s, s->port);
        if (wait_ready(s))
            return;
    } while (now_ms() < until);
    check_failed(__FILE__, __LINE__, "nats-server does not start again on port %d", s->port);
}

void server_signal(server *s, int signal) {
    CHECK(s->pid > 0);
    CHECK(kill(s->pid, signal) == 0);
}

/* The signal stops the threads of the server one after the other: until all have stopped, it may
 * still answer. */
void server_pause(server *s) {
    int status = 0;

    server_signal(s, SIGSTOP);
    CHECK(waitpid(s->pid, &status, WUNTRACED) == s->pid);
    CHECK(WIFSTOPPED(status));
}

void server_resume(server *s) { server_signal(s, SIGCONT); }
