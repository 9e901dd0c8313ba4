/* A log handler that records the lines it receives. */
#ifndef NATS_RS_TEST_LOG_LINES_H
#define NATS_RS_TEST_LOG_LINES_H

#include "callbacks.h"
#include "certs.h"
#include "server.h"
#include "test.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LINES_MAX = 256 * 1024 };

/* The lines that a handler has received. */
typedef struct lines {
    pthread_mutex_t lock;
    char text[LINES_MAX]; /* "target: text\n" of each line */
    size_t length;
    counter count;
    counter wrong; /* invalid records, overlapping calls */
    counter gate;  /* to be passed before a line is received, if closed */
    bool closed;   /* the gate */
    counter entered;
    int running;
    int highest;       /* level */
    uint64_t number;   /* of the last connection */
    int64_t last_time; /* of the last line */
} lines;

void lines_init(lines *l);
/* The handler. arg: lines. */
void lines_add(const natsLogRecord *record, void *arg);
/* Whether a line contains this. */
bool lines_have(lines *l, const char *what);
/* Waits until a line contains this. */
bool lines_get(lines *l, const char *what);
/* Options whose handler records lines. */
natsOptions *lines_options(const char *url, lines *l, natsLogLevel level);

#ifdef __cplusplus
}
#endif
#endif
