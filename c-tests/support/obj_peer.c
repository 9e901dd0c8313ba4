#include "obj_peer.h"

#define STREAM_INFO                                                                                          \
    "{\"config\":{\"name\":\"OBJ_B\",\"subjects\":[\"$O.B.C.>\",\"$O.B.M.>\"],\"allow_direct\":true},"       \
    "\"created\":\"2026-01-01T00:00:00Z\",\"state\":{\"messages\":0}}"

static bool answer_status(js_peer *j, const char *status) {
    char headers[256], text[1024];

    snprintf(headers, sizeof(headers), "NATS/1.0 %s\r\n\r\n", status);
    snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s\r\n", j->op.reply, j->answers, strlen(headers),
             strlen(headers), headers);
    return peer_send(&j->p, text);
}

static void script_open(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.STREAM.INFO.OBJ_B"))
        js_peer_answer(j, STREAM_INFO);
}

objStore *obj_peer_open(js_peer *j, uint64_t in_flight) {
    objStore *obs = NULL;

    js_peer_start(j, NULL);
    peer_run(&j->p, script_open, NULL);
    CHECK_OK(js_ObjectStore(&obs, j->js, "B"));
    peer_join(&j->p);
    CHECK_OK(objStore_SetMaxBytesInFlight(obs, in_flight));
    return obs;
}

void obj_peer_without(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;

    (void)arg;
    if (js_peer_await(j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M."))
        answer_status(j, "404 Message Not Found");
}

void obj_peer_with(peer *p, void *arg) {
    js_peer *j = (js_peer *)p;
    char json[256], headers[256], text[1024];

    (void)arg;
    if (!js_peer_await(j, "PUB", "$JS.API.DIRECT.GET.OBJ_B.$O.B.M.bw=="))
        return;
    snprintf(json, sizeof(json), "{\"name\":\"o\",\"bucket\":\"B\",\"nuid\":\"N\",\"size\":%d,\"chunks\":%d}",
             OBJ_PEER_SIZE, OBJ_PEER_CHUNKS);
    snprintf(headers, sizeof(headers),
             "NATS/1.0\r\nNats-Stream: OBJ_B\r\nNats-Subject: $O.B.M.bw==\r\nNats-Sequence: 9\r\n"
             "Nats-Time-Stamp: 2026-01-01T00:00:00Z\r\n\r\n");
    snprintf(text, sizeof(text), "HMSG %s %s %zu %zu\r\n%s%s\r\n", j->op.reply, j->answers, strlen(headers),
             strlen(headers) + strlen(json), headers, json);
    peer_send(&j->p, text);
}
