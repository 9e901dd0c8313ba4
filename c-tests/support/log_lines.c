#include "log_lines.h"

void lines_init(lines *l) {
    memset(l, 0, sizeof(*l));
    pthread_mutex_init(&l->lock, NULL);
    counter_init(&l->count);
    counter_init(&l->wrong);
    counter_init(&l->gate);
    counter_init(&l->entered);
}

void lines_add(const natsLogRecord *record, void *arg) {
    lines *l = (lines *)arg;
    int n;

    if (__atomic_add_fetch(&l->running, 1, __ATOMIC_SEQ_CST) != 1)
        counter_add(&l->wrong, 1);
    counter_add(&l->entered, 1);
    if (__atomic_load_n(&l->closed, __ATOMIC_SEQ_CST))
        counter_wait(&l->gate, 1, deadline_ms());
    if (record->Level < NATS_LOG_ERROR || record->Level > NATS_LOG_TRACE ||
        strchr(record->Text, '\n') != NULL || record->Time < INT64_C(1700000000000000000))
        counter_add(&l->wrong, 1);
    pthread_mutex_lock(&l->lock);
    n = snprintf(l->text + l->length, LINES_MAX - l->length, "%s: %s\n", record->Target, record->Text);
    if (n > 0 && l->length + (size_t)n < LINES_MAX)
        l->length += (size_t)n;
    if ((int)record->Level > l->highest)
        l->highest = (int)record->Level;
    l->number = record->Connection;
    l->last_time = record->Time;
    pthread_mutex_unlock(&l->lock);
    __atomic_sub_fetch(&l->running, 1, __ATOMIC_SEQ_CST);
    counter_add(&l->count, 1);
}

bool lines_have(lines *l, const char *what) {
    bool found;

    pthread_mutex_lock(&l->lock);
    l->text[l->length] = '\0';
    found = strstr(l->text, what) != NULL;
    pthread_mutex_unlock(&l->lock);
    return found;
}

bool lines_get(lines *l, const char *what) {
    const int64_t until = now_ms() + deadline_ms();

    while (!lines_have(l, what)) {
        if (now_ms() > until) {
            fprintf(stderr, "no line with '%s' in:\n%s", what, l->text);
            return false;
        }
        poll_pause();
    }
    return true;
}

natsOptions *lines_options(const char *url, lines *l, natsLogLevel level) {
    static closure c;
    natsOptions *opts = options_recorded(url, &c);

    CHECK_OK(natsOptions_SetLogCB(opts, lines_add, l, level));
    return opts;
}
