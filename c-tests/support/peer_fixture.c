#include "peer_fixture.h"

void peer_fixture_start_with(peer_fixture *f, natsOptions *(*adjust)(natsOptions *), const char *info) {
    natsOptions *opts;

    closure_init(&f->c);
    peer_open(&f->p);
    opts = test_options(f->p.url);
    options_record(opts, &f->c);
    peer_run(&f->p, peer_handshake, (void *)info);
    f->nc = test_connect(adjust == NULL ? opts : adjust(opts));
    peer_join(&f->p);
    CHECK_OK(natsConnection_SubscribeSync(&f->sub, f->nc, "foo"));
    CHECK(peer_expect(&f->p, "SUB foo  1\r\n"));
}

void peer_fixture_start(peer_fixture *f) { peer_fixture_start_with(f, NULL, NULL); }

void peer_fixture_end(peer_fixture *f) {
    natsSubscription_Destroy(f->sub);
    peer_refuse(&f->p);
    peer_hang_up(&f->p);
    natsConnection_Destroy(f->nc);
    CHECK_REACHED(&f->c.closed, 1); /* the next round uses the same closure */
    peer_close(&f->p);
}

void peer_fixture_reconnects(peer_fixture *f) {
    CHECK_REACHED(&f->c.disconnected, 1);
    CHECK(peer_shake_hands(&f->p, NULL));
    CHECK(peer_expect(&f->p, "SUB foo  1\r\n"));
    peer_settle(&f->p);
    CHECK(peer_send(&f->p, "MSG foo 1 5\r\nalive\r\n"));
    CHECK_REACHED(&f->c.reconnected, 1);
    for (;;) {
        natsMsg *msg = test_next(f->sub);
        bool alive = strcmp(natsMsg_GetData(msg), "alive") == 0;

        natsMsg_Destroy(msg);
        if (alive)
            break;
    }
}
