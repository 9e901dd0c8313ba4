/* Children made by fork, for tests of the state of a process after it. */
#ifndef NATS_RS_TEST_CHILDREN_H
#define NATS_RS_TEST_CHILDREN_H

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* Begins the work of a child, with a time limit. */
static inline void begin_child(void) { alarm((unsigned)(60 * time_factor())); }

/* Ends a child without exit handlers: valgrind would report memory that the parent still uses as
 * leaks. */
static inline void end_child(bool well) {
    execlp(well ? "true" : "false", "x", (char *)NULL);
    _exit(1);
}

/* Records a fault in a child; the first one is reported. */
static inline bool well(bool *all, bool one, const char *what) {
    if (!one && *all)
        fprintf(stderr, "child: not so: %s (last error: %s)\n", what, nats_GetLastError(NULL));
    *all = *all && one;
    return one;
}
#define WELL(all, condition) well((all), (condition), #condition)

static inline void child_ends_well(pid_t child) {
    int status = -1;

    CHECK(child > 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
}

/* Threads of this process. With ThreadSanitizer, which has threads of its own, only the first one and the library's. */
static inline int count_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *one;
    int n = 0;

    while (tasks != NULL && (one = readdir(tasks)) != NULL) {
#ifdef __SANITIZE_THREAD__
        char path[64], name[16] = "";
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", one->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue;
        n += atoi(one->d_name) == (int)getpid() ||
             (fgets(name, sizeof(name), file) != NULL && strncmp(name, "nats-", 5) == 0);
        fclose(file);
#else
        n += one->d_name[0] != '.';
#endif
    }
    if (tasks != NULL)
        closedir(tasks);
    return n;
}

/* The number of descriptors of this process that are sockets, or of a kind that the library creates: event
 * descriptors and epoll. */
static inline int count_descriptors(void) {
    DIR *all = opendir("/proc/self/fd");
    struct dirent *one;
    int n = 0;

    while (all != NULL && (one = readdir(all)) != NULL) {
        char target[64] = "";

        if (readlinkat(dirfd(all), one->d_name, target, sizeof(target) - 1) > 0 &&
            (strncmp(target, "socket:", 7) == 0 || strncmp(target, "anon_inode:[event", 17) == 0))
            n++;
    }
    if (all != NULL)
        closedir(all);
    return n;
}

static inline void answer_ping(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)sub;
    (void)arg;
    natsConnection_PublishString(nc, natsMsg_GetReply(msg), "pong");
    natsMsg_Destroy(msg);
}

/* Does a request over a new connection receive its answer? */
static inline bool request_works(natsConnection *nc) {
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;
    char subject[48];
    bool all = true;

    snprintf(subject, sizeof(subject), "ping.%ld.%p", (long)getpid(), (void *)&sub);
    if (WELL(&all, natsConnection_Subscribe(&sub, nc, subject, answer_ping, NULL) == NATS_OK) &&
        WELL(&all, natsConnection_RequestString(&reply, nc, subject, "ping", deadline_ms()) == NATS_OK))
        WELL(&all, strcmp(natsMsg_GetData(reply), "pong") == 0);
    natsMsg_Destroy(reply);
    natsSubscription_Destroy(sub);
    return all;
}

/* Does a connection by these options work? */
static inline bool connect_works(natsOptions *opts) {
    natsConnection *nc = NULL;
    bool all = true;

    if (WELL(&all, natsConnection_Connect(&nc, opts) == NATS_OK))
        WELL(&all, request_works(nc));
    natsConnection_Destroy(nc);
    return all;
}

#endif
