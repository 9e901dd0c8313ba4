#include "fixture.h"

void fixture_start_with(fixture *f, natsOptions *(*adjust)(natsOptions *)) {
    natsOptions *opts;

    closure_init(&f->c);
    server_run(&f->s);
    opts = test_options(f->s.url);
    options_record(opts, &f->c);
    f->nc = test_connect(adjust == NULL ? opts : adjust(opts));
}

void fixture_start(fixture *f) { fixture_start_with(f, NULL); }

void fixture_end(fixture *f) {
    natsConnection_Destroy(f->nc);
    CHECK_REACHED(&f->c.closed, 1); /* no callback is to find the closure gone */
    server_stop(&f->s);
}

void publish_numbers(natsConnection *nc, const char *subject, int from, int count) {
    char text[16];
    int i;

    for (i = from; i < from + count; i++) {
        snprintf(text, sizeof(text), "%d", i);
        CHECK_OK(natsConnection_PublishString(nc, subject, text));
    }
    CHECK_OK(natsConnection_FlushTimeout(nc, deadline_ms()));
}
