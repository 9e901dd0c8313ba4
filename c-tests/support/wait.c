#include "wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int time_factor(void) {
    const char *text = getenv("TEST_TIME_FACTOR");
    int factor = text == NULL ? 1 : atoi(text);

    return factor < 1 ? 1 : factor;
}

int64_t deadline_ms(void) { return (int64_t)10000 * time_factor(); }

int64_t now_ms(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void poll_pause(void) {
    struct timespec t = {0, 2000000};

    nanosleep(&t, NULL);
}

void counter_init(counter *c) {
    pthread_condattr_t attr;

    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &attr);
    pthread_condattr_destroy(&attr);
    c->value = 0;
}

void counter_add(counter *c, int64_t n) {
    pthread_mutex_lock(&c->lock);
    c->value += n;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void counter_set(counter *c, int64_t n) {
    pthread_mutex_lock(&c->lock);
    c->value = n;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

int64_t counter_get(counter *c) {
    int64_t value;

    pthread_mutex_lock(&c->lock);
    value = c->value;
    pthread_mutex_unlock(&c->lock);
    return value;
}

bool counter_wait(counter *c, int64_t n, int64_t timeout_ms) {
    struct timespec until;
    bool reached;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec += 1;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&c->lock);
    while (c->value < n && pthread_cond_timedwait(&c->changed, &c->lock, &until) != ETIMEDOUT) {
    }
    reached = c->value >= n;
    pthread_mutex_unlock(&c->lock);
    return reached;
}

void closure_init(closure *c) {
    memset(c, 0, sizeof(*c));
    counter_init(&c->messages);
    counter_init(&c->timeouts);
    counter_init(&c->completed);
    counter_init(&c->closed);
    counter_init(&c->disconnected);
    counter_init(&c->reconnected);
    counter_init(&c->connected);
    counter_init(&c->discovered);
    counter_init(&c->lame_duck);
    counter_init(&c->errors);
    counter_init(&c->released);
    counter_init(&c->entered);
    counter_init(&c->gate);
    counter_init(&c->wrong);
    pthread_mutex_init(&c->lock, NULL);
}

const char *closure_order(closure *c, char buffer[256]) {
    pthread_mutex_lock(&c->lock);
    memcpy(buffer, c->order, 256);
    pthread_mutex_unlock(&c->lock);
    return buffer;
}

void closure_note(closure *c, char letter) {
    size_t n;

    pthread_mutex_lock(&c->lock);
    n = strlen(c->order);
    if (n + 1 < sizeof(c->order))
        c->order[n] = letter;
    pthread_mutex_unlock(&c->lock);
}

void closure_pass_gate(closure *c) {
    counter_add(&c->entered, 1);
    if (!counter_wait(&c->gate, 1, 6 * deadline_ms()))
        counter_add(&c->wrong, 1);
}
