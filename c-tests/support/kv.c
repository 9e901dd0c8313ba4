#include "kv.h"

void kv_start(kv_fixture *f) {
    natsOptions *opts;
    jsOptions jopts;
    kvConfig cfg;
    char text[1024];

    server_run_jetstream(&f->s);
    closure_init(&f->c);
    opts = options_recorded(f->s.url, &f->c);
    CHECK_OK(natsOptions_SetReconnectWait(opts, 20));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    f->nc = test_connect(opts);
    /* Waits until JetStream is available. */
    api_request(f->nc, "INFO", "", text, sizeof(text));
    CHECK_OK(jsOptions_Init(&jopts));
    jopts.Wait = deadline_ms();
    CHECK_OK(natsConnection_JetStream(&f->js, f->nc, &jopts));
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "T";
    cfg.History = 10;
    CHECK_OK(js_CreateKeyValue(&f->kv, f->js, &cfg));
}

void kv_end(kv_fixture *f) {
    kvStore_Destroy(f->kv);
    jsCtx_Destroy(f->js);
    natsConnection_Destroy(f->nc);
    CHECK_REACHED(&f->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&f->s);
}

void kv_await(kvStore *kv, const char *key, const char *value) {
    int64_t until = now_ms() + deadline_ms();
    bool same = false;

    while (!same) {
        kvEntry *e = NULL;

        if (kvStore_Get(&e, kv, key) == NATS_OK)
            same = strcmp(kvEntry_ValueString(e), value) == 0;
        kvEntry_Destroy(e);
        CHECK(now_ms() < until);
        if (!same)
            poll_pause();
    }
}

void kv_expect(kvWatcher *w, const char *key, const char *value) {
    kvEntry *e = NULL;

    CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
    CHECK(e != NULL);
    CHECK_STR(kvEntry_Key(e), key);
    if (value != NULL)
        CHECK_STR(kvEntry_ValueString(e), value);
    CHECK_INT(kvEntry_Operation(e) == kvOp_Put, value != NULL);
    kvEntry_Destroy(e);
}

void kv_expect_complete(kvWatcher *w) {
    kvEntry *e = (kvEntry *)w;

    CHECK_OK(kvWatcher_Next(&e, w, deadline_ms()));
    CHECK(e == NULL);
}
