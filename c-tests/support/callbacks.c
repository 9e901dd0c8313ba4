#include "callbacks.h"

static void record(closure *c, natsMsg *msg) {
    int64_t n = counter_get(&c->messages);

    if (n < CLOSURE_TEXTS) {
        size_t length = (size_t)natsMsg_GetDataLength(msg);

        if (length >= CLOSURE_TEXT_SIZE)
            length = CLOSURE_TEXT_SIZE - 1;
        pthread_mutex_lock(&c->lock);
        memcpy(c->texts[n], natsMsg_GetData(msg), length);
        c->texts[n][length] = '\0';
        pthread_mutex_unlock(&c->lock);
    }
    natsMsg_Destroy(msg);
    counter_add(&c->messages, 1);
}

void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    if (nc == NULL || sub == NULL)
        counter_add(&c->wrong, 1);
    if (msg == NULL)
        counter_add(&c->timeouts, 1);
    else
        record(c, msg);
}

void on_ordered(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    long long number;

    (void)nc;
    (void)sub;
    if (__sync_add_and_fetch(&c->running, 1) != 1)
        counter_add(&c->wrong, 1);
    number = strtoll(natsMsg_GetData(msg), NULL, 10);
    if (number != c->next)
        counter_add(&c->wrong, 1);
    c->next = number + 1;
    __sync_sub_and_fetch(&c->running, 1);
    record(c, msg);
}

void on_blocked(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    closure_pass_gate((closure *)arg);
    record((closure *)arg, msg);
}

void on_request(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;
    natsStatus s;

    (void)sub;
    if (natsMsg_GetReply(msg) == NULL)
        s = NATS_OK;
    else if (c->reply != NULL)
        s = natsConnection_PublishString(nc, natsMsg_GetReply(msg), c->reply);
    else
        s = natsConnection_Publish(nc, natsMsg_GetReply(msg), natsMsg_GetData(msg),
                                   natsMsg_GetDataLength(msg));
    if (s != NATS_OK)
        counter_add(&c->wrong, 1);
    record(c, msg);
}

void on_destroy_sub(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    natsSubscription_Destroy(sub);
    record((closure *)arg, msg);
}

void on_closed(natsConnection *nc, void *arg) {
    (void)nc;
    closure_note((closure *)arg, 'C');
    counter_add(&((closure *)arg)->closed, 1);
}

void on_disconnected(natsConnection *nc, void *arg) {
    (void)nc;
    closure_note((closure *)arg, 'D');
    counter_add(&((closure *)arg)->disconnected, 1);
}

void on_reconnected(natsConnection *nc, void *arg) {
    (void)nc;
    closure_note((closure *)arg, 'R');
    counter_add(&((closure *)arg)->reconnected, 1);
}

void on_connected(natsConnection *nc, void *arg) {
    (void)nc;
    closure_note((closure *)arg, 'N');
    counter_add(&((closure *)arg)->connected, 1);
}

void on_discovered(natsConnection *nc, void *arg) {
    (void)nc;
    closure_note((closure *)arg, 'S');
    counter_add(&((closure *)arg)->discovered, 1);
}

void on_lame_duck(natsConnection *nc, void *arg) {
    (void)nc;
    closure_note((closure *)arg, 'L');
    counter_add(&((closure *)arg)->lame_duck, 1);
}

void on_error(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg) {
    closure *c = (closure *)arg;
    int64_t n = counter_get(&c->errors);

    (void)nc;
    if (n < CLOSURE_TEXTS) {
        const char *text = nats_GetLastError(NULL);

        pthread_mutex_lock(&c->lock);
        c->statuses[n] = (int)err;
        c->subscriptions[n] = sub;
        snprintf(c->error_texts[n], CLOSURE_TEXT_SIZE, "%s", text == NULL ? "" : text);
        pthread_mutex_unlock(&c->lock);
    }
    closure_note(c, 'E');
    counter_add(&c->errors, 1);
}

void on_error_quiet(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg) {
    (void)nc;
    (void)sub;
    (void)err;
    (void)arg;
}

void on_complete(void *arg) { counter_add(&((closure *)arg)->completed, 1); }

void on_released(void *arg) { counter_add(&((closure *)arg)->released, 1); }

const char *on_token(void *arg) {
    counter_add((counter *)arg, 1);
    return "the.token";
}

void options_record(natsOptions *opts, closure *c) {
    CHECK_OK(natsOptions_SetClosedCB(opts, on_closed, c));
    CHECK_OK(natsOptions_SetDisconnectedCB(opts, on_disconnected, c));
    CHECK_OK(natsOptions_SetReconnectedCB(opts, on_reconnected, c));
    CHECK_OK(natsOptions_SetDiscoveredServersCB(opts, on_discovered, c));
    CHECK_OK(natsOptions_SetLameDuckModeCB(opts, on_lame_duck, c));
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error, c));
}

natsOptions *options_recorded(const char *url, closure *c) {
    natsOptions *opts = test_options(url);

    closure_init(c);
    options_record(opts, c);
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    return opts;
}
