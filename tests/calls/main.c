/* Calls the exported functions in random order with random arguments, on several threads and in callbacks, against
 * a server with JetStream. Right is what does not end the process, and that each call returns; no other outcome is
 * checked. Half of the calls are sensible: their arguments are those of a program. At the end most functions must
 * have succeeded at least once, so that the calls reach more than the checks of arguments. Made for AddressSanitizer;
 * without it, the C library's own checks of the heap are on.
 *
 * usage: calls SECONDS [SEED]
 *
 * The environment: CALLS_THREADS (3), CALLS_ONLY (only functions whose names begin like this), CALLS_NOT (none of
 * the functions named in this), CALLS_TRACE (each call on standard error, before it is made), CALLS_METRICS (what is
 * alive, each second), CALLS_COUNTS (how often each function was called, and how often with success), CALLS_DEBUGGER
 * (gdb shows all threads when something is left or does not return), CALLS_HOLD (then the process waits for a
 * debugger). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "certs.h"
#include "run.h"
#include "server.h"

enum { THREADS = 1024, DEEPEST = 3, STUCK_SECONDS = 40, END_SECONDS = 20, REACHED_PERCENT = 80 };

int anything;
FILE *sink;

char server_url[64];
static uint64_t seed;
static atomic_int over, threads;
static pthread_key_t place_key;
static atomic_ullong made;
/* For each function: how often it was called, and how often with success. */
static atomic_uint *tried, *succeeded;
static const char *only, *not_these;
static bool trace;
/* What is going on in each thread, for the one that watches and for the handler of signals. Threads of the library come
 * and go: a place is used again when its thread has ended. */
static struct {
    atomic_bool taken;
    _Atomic(const char *) name;
    atomic_llong since;
} now[THREADS];
static __thread int my_place, depth;

static int64_t seconds(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static void take_place(void) {
    int i;

    for (i = 0; atomic_exchange(&now[i].taken, true); i = (i + 1) % THREADS)
        ;
    my_place = i;
    pthread_setspecific(place_key, &now[i].taken);
}

static void leave_place(void *taken) { atomic_store((atomic_bool *)taken, false); }

uint64_t begin_thread(void) {
    take_place();
    return seed + (uint64_t)atomic_fetch_add(&threads, 1) * 0x632be59bd9b4e019ull + 1;
}

/* ---- Calls ----------------------------------------------------------------------------------------------- */

static void one(const one_call *call) {
    frame f;
    const char *outer;
    bool before;

    pick(1); /* a thread of the library gets its place */
    outer = atomic_load(&now[my_place].name);
    if (atomic_load(&over))
        return;
    if (not_these != NULL && strstr(not_these, call->name) != NULL)
        return;
    f.block_count = 0;
    f.borrowed_count = 0;
    f.succeeded = false;
    atomic_store(&now[my_place].since, seconds());
    atomic_store(&now[my_place].name, call->name);
    if (trace)
        fprintf(stderr, "%d %s\n", my_place, call->name);
    depth++;
    before = set_sensible(one_in(2));
    call->run(&f);
    set_sensible(before);
    depth--;
    atomic_store(&now[my_place].since, seconds());
    atomic_store(&now[my_place].name, outer);
    while (f.borrowed_count > 0) {
        f.borrowed_count--;
        give(f.borrowed[f.borrowed_count].kind, f.borrowed[f.borrowed_count].object);
    }
    while (f.block_count > 0)
        free(f.blocks[--f.block_count]);
    atomic_fetch_add(&made, 1);
    atomic_fetch_add(&tried[call - calls], 1);
    if (f.succeeded)
        atomic_fetch_add(&succeeded[call - calls], 1);
}

void call_matching(const char *prefix) {
    size_t length = strlen(prefix);
    int i, chosen = -1, matching = 0;

    for (i = 0; i < call_count; i++)
        if (strncmp(calls[i].name, prefix, length) == 0 && one_in((uint32_t)++matching))
            chosen = i;
    if (chosen >= 0)
        one(&calls[chosen]);
}

static void any_call(void) {
    const one_call *call;

    if (only != NULL) {
        call_matching(only);
        return;
    }
    do
        call = &calls[pick((uint64_t)call_count)];
    while (call->ends && !one_in(8));
    one(call);
}

void nested_calls(void) {
    int n;

    if (depth >= DEEPEST || atomic_load(&over) || one_in(2))
        return;
    depth++;
    for (n = 1 + (int)pick(2); n > 0; n--)
        any_call();
    depth--;
}

static void *caller(void *arg) {
    (void)arg;
    while (!atomic_load(&over)) {
        if (one_in(100))
            make_good();
        if (one_in(50))
            call_matching("natsConnection_Dispatch");
        any_call();
    }
    return NULL;
}

/* ---- The run --------------------------------------------------------------------------------------------- */

static void say(const char *text) {
    ssize_t n = write(2, text, strlen(text));

    (void)n;
}

static void what_was_going_on(void) {
    int i;

    say("\nin these calls:");
    for (i = 0; i < THREADS; i++) {
        const char *name = atomic_load(&now[i].name);

        if (name != NULL) {
            say(" ");
            say(name);
        }
    }
    say("\n");
}

/* With CALLS_DEBUGGER the debugger is run on this process; with CALLS_HOLD the process waits for one. */
static void stop_for_debugger(void) {
    char command[256];

    if (getenv("CALLS_DEBUGGER") != NULL) {
        snprintf(command, sizeof(command),
                 "gdb -p %d -batch -ex 'set pagination off' -ex 'thread apply all bt 40' 2>&1 | "
                 "grep -E '^(Thread|#[0-9])' >&2",
                 (int)getpid());
        if (system(command) != 0)
            fprintf(stderr, "there is no debugger\n");
    }
    if (getenv("CALLS_HOLD") != NULL)
        pause();
}

static bool something_is_going_on(void) {
    int i;

    for (i = 0; i < THREADS; i++)
        if (atomic_load(&now[i].name) != NULL)
            return true;
    return false;
}

/* What is left, and how: a debugger shows where the threads wait. */
static int left(const char *text) {
    natsProcessMetrics m;

    (void)nats_GetProcessMetrics(&m, sizeof(m));
    fprintf(stderr, "%s: %llu connections, %llu subscriptions, %llu options, %llu threads\n", text,
            (unsigned long long)m.ConnectionHandles, (unsigned long long)m.SubscriptionHandles,
            (unsigned long long)m.OptionsHandles, (unsigned long long)m.Threads);
    what_was_going_on();
    stop_for_debugger();
    return 1;
}

/* How far the calls reach: the functions that never succeeded are those whose insides were not tested. */
static bool report_outcomes(void) {
    int i, with_outcome = 0, reached = 0;

    for (i = 0; i < call_count; i++) {
        with_outcome += calls[i].has_outcome;
        reached += calls[i].has_outcome && atomic_load(&succeeded[i]) > 0;
    }
    printf("%d of %d functions succeeded at least once; never:", reached, with_outcome);
    for (i = 0; i < call_count; i++)
        if (calls[i].has_outcome && atomic_load(&succeeded[i]) == 0)
            printf(" %s", calls[i].name);
    printf("\n");
    if (getenv("CALLS_COUNTS") != NULL)
        for (i = 0; i < call_count; i++)
            printf("%s %u of %u\n", calls[i].name, atomic_load(&succeeded[i]), atomic_load(&tried[i]));
    return only != NULL || not_these != NULL || reached * 100 >= with_outcome * REACHED_PERCENT;
}

static void on_signal(int number) {
    what_was_going_on();
    signal(number, SIG_DFL);
    raise(number);
}

static void *watch(void *arg) {
    int i;

    (void)arg;
    for (;;) {
        sleep(1);
        if (getenv("CALLS_METRICS") != NULL) {
            natsProcessMetrics m;

            (void)nats_GetProcessMetrics(&m, sizeof(m));
            fprintf(stderr, "%llu calls, %llu connections, %llu threads\n", (unsigned long long)made,
                    (unsigned long long)m.ConnectionHandles, (unsigned long long)m.Threads);
            what_was_going_on();
        }
        for (i = 0; i < THREADS; i++)
            if (atomic_load(&now[i].name) != NULL && seconds() - atomic_load(&now[i].since) > STUCK_SECONDS) {
                fprintf(stderr, "%s does not return\n", atomic_load(&now[i].name));
                what_was_going_on();
                stop_for_debugger();
                abort();
            }
    }
    return NULL;
}

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

int main(int argc, char **argv) {
    static server s;
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    pthread_t callers[16], watcher;
    int i, count = getenv("CALLS_THREADS") != NULL ? atoi(getenv("CALLS_THREADS")) : 3;
    int64_t length = argc > 1 ? atoll(argv[1]) : 30, start, start_of_end;
    natsProcessMetrics m = {0};

    if (count < 1 || count > 16) {
        fprintf(stderr, "CALLS_THREADS: 1 to 16\n");
        return 2;
    }
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) * 1000003 ^ (uint64_t)getpid();
    only = getenv("CALLS_ONLY");
    not_these = getenv("CALLS_NOT");
    trace = getenv("CALLS_TRACE") != NULL;
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    tried = calloc((size_t)call_count, sizeof(*tried));
    succeeded = calloc((size_t)call_count, sizeof(*succeeded));
    sink = fopen("/dev/null", "w");
    if (certs_make() != 0)
        return 2;
    write_file("seed", SEED);
    write_file("one", "the content of a file");
    server_start(&s, "jetstream { domain: d }", (const char *const[]){"-js", NULL});
    strcpy(server_url, s.url);
    for (i = 0; i < (int)(sizeof(fatal) / sizeof(fatal[0])); i++)
        if (getenv("CALLS_SANITIZED") == NULL) /* a sanitizer has handlers of its own */
            signal(fatal[i], on_signal);
    pthread_key_create(&place_key, leave_place);
    start = seconds();
    make_good();
    pthread_create(&watcher, NULL, watch, NULL);
    for (i = 0; i < count; i++)
        pthread_create(&callers[i], NULL, caller, NULL);
    while (seconds() - start < length)
        usleep(100000);
    atomic_store(&over, 1);
    for (i = 0; i < count; i++)
        pthread_join(callers[i], NULL);
    /* Callbacks may be in the middle of a call that makes something. */
    do
        usleep(100000);
    while (something_is_going_on());
    /* Callbacks that are still to come keep objects, so this is repeated until all connections are gone. */
    for (start_of_end = seconds(); seconds() - start_of_end < END_SECONDS;) {
        (void)end_all();
        (void)nats_GetProcessMetrics(&m, sizeof(m));
        if (m.ConnectionHandles + m.SubscriptionHandles + m.OptionsHandles == 0)
            break;
        usleep(20000);
    }
    if (m.ConnectionHandles + m.SubscriptionHandles + m.OptionsHandles > 0)
        return left("the library does not let go of everything");
    if (nats_CloseAndWait(1000 * END_SECONDS) != NATS_OK)
        return left("the library does not close");
    end_all();
    (void)nats_GetProcessMetrics(&m, sizeof(m));
    if (m.MessageMemory > m.UnusedMemory)
        printf("%llu bytes of messages are left\n", (unsigned long long)(m.MessageMemory - m.UnusedMemory));
    server_stop(&s);
    certs_remove();
    if (!report_outcomes() && length >= 10) {
        fprintf(stderr, "these are less than %d %%: most of the library was not tested\n", REACHED_PERCENT);
        return 1;
    }
    printf("%llu calls on %d threads in %lld s, %d threads in all made some\n", (unsigned long long)made,
           count, (long long)(seconds() - start), atomic_load(&threads));
    return 0;
}
