#include "drain.h"

void drain_start(drain_world *f) {
    natsOptions *opts;

    closure_init(&f->c);
    server_run(&f->s);
    opts = test_options(f->s.url);
    options_record(opts, &f->c);
    f->nc = test_connect(opts);
    f->other = test_connect_url(f->s.url);
}

void drain_end(drain_world *f) {
    natsConnection_Destroy(f->nc);
    CHECK_REACHED(&f->c.closed, 1); /* no callback is to find the closure gone */
    natsConnection_Destroy(f->other);
    server_stop(&f->s);
}

void drain_publish(drain_world *f, const char *subject, int from, int count) {
    char text[16];
    int i;

    for (i = from; i < from + count; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(f->other, subject, text));
    }
    CHECK_OK(natsConnection_Flush(f->other));
    CHECK_OK(natsConnection_FlushTimeout(f->nc, deadline_ms()));
}
