/* What the files of ours.c share. */
#ifndef INTEROP_OURS_H_
#define INTEROP_OURS_H_

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nats_rs.h>

/* Bytes of the object "big", and of each of its chunks. */
enum { BIG = 1048579, BIG_CHUNK = 65536, WAIT_MS = 10000 };

/* What is wrong with the case that runs. */
extern char why[1024];

bool fail(const char *file, int line, const char *what);
/* Tells how a case went, and returns that. */
bool report(const char *name, bool well);
/* KIND-WHO: a bucket or a service. */
const char *named(char buffer[64], const char *kind, const char *who);
/* Tells the script that the other side may begin. */
void ready(void);

/* Ends the case as failed, unless the condition holds; the call succeeds; it has this status. */
#define EXPECT(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return fail(__FILE__, __LINE__, #condition);                                                     \
    } while (0)
#define EXPECT_OK(call) EXPECT((call) == NATS_OK)

/* ours_kv.c */
bool write_keys(jsCtx *js, const char *who);
bool read_keys(jsCtx *js, const char *who);
/* ours_obj.c */
bool write_objects(jsCtx *js, const char *who);
bool read_objects(jsCtx *js, const char *who);
/* ours_watch.c */
bool watch(jsCtx *js, const char *who);
bool change(jsCtx *js, const char *who);
/* ours_micro.c */
bool serve(natsConnection *nc, const char *who);
bool ask(natsConnection *nc, const char *who);

#endif
