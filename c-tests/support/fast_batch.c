#include "fast_batch.h"

#include "fixture.h"
#include "jetstream.h"

void fast_world_open(fast_world *w) {
    natsOptions *opts = options_recorded(w->s.url, &w->c);

    w->nc = test_connect(opts);
    CHECK_OK(natsConnection_JetStream(&w->js, w->nc, NULL));
    stream_create(w->nc, "S", "\"s.>\"", ",\"allow_batched\":true");
}

void fast_world_start(fast_world *w) {
    server_run_jetstream(&w->s);
    fast_world_open(w);
}

void fast_world_end(fast_world *w) {
    jsCtx_Destroy(w->js);
    natsConnection_Destroy(w->nc);
    server_stop(&w->s);
}

jsFastBatchCtx *fast_start(fast_world *w, jsFastPublishOptions *opts) {
    jsFastBatchCtx *batch = NULL;

    CHECK_OK(js_FastPublishStart(&batch, w->js, opts));
    CHECK(batch != NULL);
    return batch;
}

natsStatus fast_add(jsFastBatchCtx *batch, const char *subject, jsPubOptions *opts, jsErrCode *code) {
    return js_FastPublishAddData(batch, subject, "more", 4, opts, code);
}

natsStatus fast_commit(jsPubAck **ack, jsFastBatchCtx *batch, const char *subject, jsPubOptions *opts,
                       jsErrCode *code) {
    natsMsg *msg = test_msg(subject, NULL, "last");
    natsStatus s = js_FastPublishCommit(ack, batch, msg, opts, code);

    natsMsg_Destroy(msg);
    return s;
}

jsFastPublishProgress fast_progress(jsFastBatchCtx *batch) {
    jsFastPublishProgress p;

    CHECK_OK(js_FastPublishGetProgress(&p, batch));
    return p;
}

jsPubOptions fast_impossible(void) {
    jsPubOptions opts;

    CHECK_OK(jsPubOptions_Init(&opts));
    opts.ExpectLastSeq = 1000000;
    return opts;
}
