/* What the examples with streams share. */
#ifndef EXAMPLE_JS_H_
#define EXAMPLE_JS_H_

#include "example.h"

/* Makes a stream in memory that stores one subject, which may have wildcards; it may be there already. */
EXAMPLE_UNUSED static natsStatus makeStream(jsCtx *js, const char *stream, const char *subject, bool atomic) {
    jsStreamConfig config;
    jsErrCode code = (jsErrCode)0;
    const char *subjects[1];
    natsStatus s;

    subjects[0] = subject;
    s = jsStreamConfig_Init(&config);
    if (s != NATS_OK)
        return s;
    config.Name = stream;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_MemoryStorage;
#ifdef NATS_RS_VERSION
    config.AllowAtomic = atomic;
#else
    (void)atomic; /* nats.c before 3.12 has no such streams */
#endif
    s = js_AddStream(NULL, js, &config, NULL, &code);
    return code == JSStreamNameExistErr ? NATS_OK : s;
}

#endif
