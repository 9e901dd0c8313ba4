#include "obj.h"

void obj_open(obj_fixture *f) {
    objStoreConfig cfg;

    CHECK_OK(objStoreConfig_Init(&cfg));
    cfg.Bucket = "B";
    cfg.Description = "d";
    cfg.TTL = 3600000;
    CHECK_OK(js_CreateObjectStore(&f->obs, f->js, &cfg));
}

void obj_start(obj_fixture *f) {
    jsOptions opts;
    char text[1024];

    server_run_jetstream(&f->s);
    f->nc = test_connect_url(f->s.url);
    /* Waits until JetStream is available. */
    api_request(f->nc, "INFO", "", text, sizeof(text));
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = deadline_ms();
    CHECK_OK(natsConnection_JetStream(&f->js, f->nc, &opts));
    obj_open(f);
}

void obj_end(obj_fixture *f) {
    objStore_Destroy(f->obs);
    jsCtx_Destroy(f->js);
    natsConnection_Destroy(f->nc);
    server_stop(&f->s);
}

char *obj_pattern(int size, int seed) {
    char *data = (char *)malloc((size_t)size);
    int i;

    CHECK(data != NULL);
    for (i = 0; i < size; i++)
        data[i] = (char)(i * 7 + i / 1000 + seed);
    return data;
}
