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

/* What a program with streams begins with. */
EXAMPLE_UNUSED static natsStatus connectJs(natsConnection **nc, jsCtx **js, const char *url) {
    natsStatus s = natsConnection_ConnectTo(nc, url);

    return s == NATS_OK ? natsConnection_JetStream(js, *nc, NULL) : s;
}

/* A stream in memory with one subject, which begins empty. The caller sets the rest of `config` before. */
EXAMPLE_UNUSED static natsStatus freshStream(jsCtx *js, jsStreamConfig *config, const char *name,
                                             const char *subject) {
    const char *subjects[1];
    natsStatus s;

    subjects[0] = subject;
    config->Name = name;
    if (subject != NULL) {
        config->Subjects = subjects;
        config->SubjectsLen = 1;
    }
    config->Storage = js_MemoryStorage;
    js_DeleteStream(js, name, NULL, NULL); /* of a run before */
    s = js_AddStream(NULL, js, config, NULL, NULL);
    config->Subjects = NULL;
    config->SubjectsLen = 0;
    return s;
}

/* Publishes so many messages, whose payloads are numbers from 1. */
EXAMPLE_UNUSED static natsStatus publishNumbers(jsCtx *js, const char *subject, int count) {
    natsStatus s = NATS_OK;
    char text[16];
    int i;

    for (i = 1; i <= count && s == NATS_OK; i++) {
        snprintf(text, sizeof(text), "%d", i);
        s = js_Publish(NULL, js, subject, text, (int)strlen(text), NULL, NULL);
    }
    return s;
}

/* How many messages a stream has; -1 for a failure. */
EXAMPLE_UNUSED static int64_t messagesOf(jsCtx *js, const char *stream) {
    jsStreamInfo *info = NULL;
    int64_t count = -1;

    if (js_GetStreamInfo(&info, js, stream, NULL, NULL) == NATS_OK)
        count = (int64_t)info->State.Msgs;
    jsStreamInfo_Destroy(info);
    return count;
}

#endif
