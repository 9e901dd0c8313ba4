/* Shared functions of the tests of services. */
#ifndef NATS_RS_TEST_MICRO_H
#define NATS_RS_TEST_MICRO_H

#include "callbacks.h"
#include "fixture.h"
#include "test.h"

#define UNUSED __attribute__((unused))

/* The call returns success. */
#define CHECK_FINE(call) check_fine(__FILE__, __LINE__, (call))
/* The call returns an error with this status and this text in it. The error is destroyed. */
#define CHECK_FAULT(call, status, part) check_fault(__FILE__, __LINE__, (call), (status), (part))

UNUSED static void check_fine(const char *file, int line, microError *err) {
    char text[512];

    if (err == NULL)
        return;
    microError_String(err, text, sizeof(text));
    microError_Destroy(err);
    check_failed(file, line, "%s", text);
}

UNUSED static void check_fault(const char *file, int line, microError *err, natsStatus status,
                               const char *part) {
    char text[512];
    natsStatus got = microError_Status(err);

    if (err == NULL)
        check_failed(file, line, "no error, and not %s", part);
    microError_String(err, text, sizeof(text));
    microError_Destroy(err);
    check_contains(file, line, text, part);
    check_int(file, line, text, (int)got, (int)status);
}

/* Ends a fixture after the last of its callbacks has returned, since they record into it. */
UNUSED static void end(fixture *f) {
    CHECK_OK(f->nc == NULL ? NATS_OK : natsConnection_DestroyAndWait(f->nc, deadline_ms()));
    f->nc = NULL;
    fixture_end(f);
}

UNUSED static microServiceConfig service_config(const char *name, closure *c) {
    microServiceConfig config;

    memset(&config, 0, sizeof(config));
    config.Name = name;
    config.Version = "1.2.3";
    config.State = c;
    return config;
}

UNUSED static microEndpointConfig endpoint_config(const char *name, microRequestHandler handler) {
    microEndpointConfig config;

    memset(&config, 0, sizeof(config));
    config.Name = name;
    config.Handler = handler;
    return config;
}

/* Answers with the payload of the request, and counts. */
UNUSED static microError *echo(microRequest *req) {
    closure *c = (closure *)microRequest_GetServiceState(req);

    if (c != NULL)
        counter_add(&c->messages, 1);
    return microRequest_Respond(req, microRequest_GetData(req), (size_t)microRequest_GetDataLength(req));
}

/* As echo, after waiting at the gate. */
UNUSED static microError *echo_blocked(microRequest *req) {
    closure_pass_gate((closure *)microRequest_GetServiceState(req));
    return echo(req);
}

/* Counts as completed. */
UNUSED static void on_done(microService *m) {
    closure *c = (closure *)microService_GetState(m);

    counter_add(&c->completed, 1);
}

/* Sends a request and expects this answer. */
UNUSED static void expect_answer(natsConnection *nc, const char *subject, const char *ask, const char *want) {
    natsMsg *reply = NULL;

    CHECK_OK(natsConnection_RequestString(&reply, nc, subject, ask, deadline_ms()));
    CHECK_STR(natsMsg_GetData(reply), want);
    natsMsg_Destroy(reply);
}

/* The answer, in a buffer. */
UNUSED static void ask(natsConnection *nc, const char *subject, char *text, size_t size) {
    natsMsg *reply = NULL;

    CHECK_OK(natsConnection_RequestString(&reply, nc, subject, "", deadline_ms()));
    CHECK(natsMsg_GetDataLength(reply) < (int)size);
    memcpy(text, natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply) + 1);
    natsMsg_Destroy(reply);
}

#endif
