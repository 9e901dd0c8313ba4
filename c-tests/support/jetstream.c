#include "jetstream.h"

void api_request(natsConnection *nc, const char *function, const char *body, char *text, size_t size) {
    natsMsg *reply = NULL;
    char subject[128];
    natsStatus s;
    int64_t until = now_ms() + deadline_ms();

    snprintf(subject, sizeof(subject), "$JS.API.%s", function);
    /* JetStream may not be available yet in a server that has just started. */
    do {
        s = natsConnection_RequestString(&reply, nc, subject, body, deadline_ms());
        if (s == NATS_NO_RESPONDERS)
            poll_pause();
    } while (s == NATS_NO_RESPONDERS && now_ms() < until);
    CHECK_OK(s);
    snprintf(text, size, "%.*s", natsMsg_GetDataLength(reply), natsMsg_GetData(reply));
    natsMsg_Destroy(reply);
}

void stream_create(natsConnection *nc, const char *name, const char *subjects, const char *more) {
    char function[128], body[512], text[2048];

    snprintf(function, sizeof(function), "STREAM.CREATE.%s", name);
    snprintf(body, sizeof(body), "{\"name\":\"%s\",\"subjects\":[%s],\"storage\":\"memory\"%s}", name,
             subjects, more);
    api_request(nc, function, body, text, sizeof(text));
    if (strstr(text, "\"error\"") != NULL)
        check_failed(__FILE__, __LINE__, "stream %s: %s", name, text);
}

void stream_delete(natsConnection *nc, const char *name) {
    char function[128], text[512];

    snprintf(function, sizeof(function), "STREAM.DELETE.%s", name);
    api_request(nc, function, "", text, sizeof(text));
    CHECK_CONTAINS(text, "\"success\":true");
}

int64_t stream_messages(natsConnection *nc, const char *name) {
    char function[128], text[4096];
    const char *at;

    snprintf(function, sizeof(function), "STREAM.INFO.%s", name);
    api_request(nc, function, "", text, sizeof(text));
    at = strstr(text, "\"messages\":");
    CHECK(at != NULL);
    return strtoll(at + strlen("\"messages\":"), NULL, 10);
}
