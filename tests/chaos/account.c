#include "account.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wait.h"

static bool is_seen(const order *o, uint64_t n) { return (o->seen[n % WINDOW / 8] >> n % 8 & 1) != 0; }

static void set_seen(order *o, uint64_t n, bool seen) {
    unsigned char bit = (unsigned char)(1 << n % 8);

    if (seen)
        o->seen[n % WINDOW / 8] |= bit;
    else
        o->seen[n % WINDOW / 8] &= (unsigned char)~bit;
}

void order_init(order *o) {
    memset(o, 0, sizeof(*o));
    pthread_mutex_init(&o->lock, NULL);
}

void order_add(order *o, uint64_t n) {
    pthread_mutex_lock(&o->lock);
    if (n >= o->next) {
        o->missing += n - o->next;
        for (; o->next < n; o->next++)
            set_seen(o, o->next, false);
        set_seen(o, n, true);
        o->next = n + 1;
        o->received++;
    } else if (o->next - n > WINDOW || is_seen(o, n)) {
        o->doubled++;
    } else {
        set_seen(o, n, true);
        o->missing--;
        o->late++;
        o->received++;
    }
    pthread_mutex_unlock(&o->lock);
}

order order_read(order *o) {
    order copy;

    pthread_mutex_lock(&o->lock);
    copy = *o;
    pthread_mutex_unlock(&o->lock);
    return copy;
}

void caller_init(caller *c, const char *transport, const char *name) {
    memset(c, 0, sizeof(*c));
    c->transport = transport;
    c->name = name;
    pthread_mutex_init(&c->lock, NULL);
}

void call_begin(caller *c, const char *call, int64_t limit_ms) {
    pthread_mutex_lock(&c->lock);
    c->call = call;
    c->since = now_ms();
    c->limit_ms = limit_ms * time_factor();
    c->told = false;
    pthread_mutex_unlock(&c->lock);
}

int64_t call_end(caller *c, bool ok, const char *error) {
    int64_t took;

    pthread_mutex_lock(&c->lock);
    took = now_ms() - c->since;
    if (c->told)
        printf("%s %s: %s returned after %" PRId64 " ms\n", c->transport, c->name, c->call, took);
    c->call = NULL;
    if (ok)
        c->ok++;
    else
        c->failed++;
    if (error != NULL)
        snprintf(c->last_error, sizeof(c->last_error), "%s", error);
    if (took > c->longest_ms)
        c->longest_ms = took;
    pthread_mutex_unlock(&c->lock);
    return took;
}

void caller_look(caller *c) {
    pthread_mutex_lock(&c->lock);
    if (c->call != NULL && !c->told && now_ms() - c->since > c->limit_ms) {
        c->told = true;
        c->hung++;
        printf("HUNG: %s %s: %s, for more than %" PRId64 " ms\n", c->transport, c->name, c->call,
               c->limit_ms);
    }
    pthread_mutex_unlock(&c->lock);
}
