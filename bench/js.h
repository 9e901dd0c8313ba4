/* For the benchmarks of JetStream, buckets, objects and services: the connection, requests to the server's API, a stream
 * with messages, and the output. For each library with this interface, like common.h. */
#ifndef BENCH_JS_H
#define BENCH_JS_H

#include <sys/wait.h>

#include "common.h"

#define LIMIT_SECONDS 60 /* of one case, enforced by alarm() */

static natsConnection *nc;

static inline void ask(const char *function, const char *body) {
    natsMsg *reply = NULL;

    CHECK(natsConnection_RequestString(&reply, nc, function, body, TIMEOUT_MS));
    natsMsg_Destroy(reply);
}

/* Connects to `url`; with `asap` each publish is written at once. */
static inline void begin(bool asap) {
    natsOptions *opts = NULL;

    alarm(LIMIT_SECONDS);
    CHECK(nats_Open(-1));
    CHECK(natsOptions_Create(&opts));
    CHECK(natsOptions_SetURL(opts, url));
    CHECK(natsOptions_SetSendAsap(opts, asap));
    CHECK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
}

/* Runs another case of the program in a separate process, before the library is opened: its costs are not part of this
 * process, also under valgrind. */
static inline void run_elsewhere(char **argv, const char *name) {
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL)
            execl(argv[0], argv[0], name, argv[2], argv[3], NULL);
        _exit(1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        fail("what is to be measured could not be prepared");
}

/* A context in which at most 4,096 messages wait for their acks, independent of the library's default. */
static inline jsCtx *context(jsOptions *options) {
    jsCtx *made = NULL;

    options->PublishAsync.MaxPending = 4096;
    options->PublishAsync.StallWait = TIMEOUT_MS;
    CHECK(natsConnection_JetStream(&made, nc, options));
    return made;
}

/* Prints the line of a case without its end, which `end` prints. */
static inline void tell(const char *name, long count, int64_t wall, int64_t cpu) {
    printf("{\"library\": \"%s\", \"case\": \"%s\", \"count\": %ld, \"seconds\": %.6f, \"rate\": %.2f, "
           "\"cpu_ns_per_msg\": %.2f",
           LIBRARY, name, count, (double)wall / 1e9, (double)count * 1e9 / (double)wall,
           (double)cpu / (double)count);
}

/* Ends the line and the process: closing the library is not part of the case. */
static inline void end(void) {
    printf("}\n");
    fflush(stdout);
    _exit(0);
}

#endif
