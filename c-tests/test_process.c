/* Effects of the process: fork, the end of threads, limits of the number of threads, closed standard descriptors, and
 * closing the library in places where that is not possible. Only libnats_rs supports this. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callbacks.h"
#include "children.h"
#include "server.h"
#include "test.h"

static int status_of(pid_t child) {
    int status = -1;

    CHECK(child > 0);
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

/* Is a message delivered, or is there a status that says why not? */
static bool delivers_or_tells(const char *url) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    static closure c;
    bool well;

    closure_init(&c);
    if (natsConnection_ConnectTo(&nc, url) != NATS_OK)
        return true;
    if (natsConnection_Subscribe(&sub, nc, "foo", on_message, &c) != NATS_OK)
        return true;
    well = natsConnection_PublishString(nc, "foo", "x") == NATS_OK &&
           counter_wait(&c.messages, 1, deadline_ms());
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    return well && nats_CloseAndWait(deadline_ms()) == NATS_OK;
}

static void fork_after_the_end(void) {
    natsConnection *nc;
    server s;
    pid_t child;
    int status;

    server_run(&s);
    nc = test_connect_url(s.url);
    natsConnection_Destroy(nc);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    child = fork();
    if (child == 0) {
        alarm((unsigned)(60 * time_factor()));
        end_child(natsConnection_ConnectTo(&nc, s.url) == NATS_OK && (natsConnection_Destroy(nc), true) &&
                  delivers_or_tells(s.url));
    }
    status = status_of(child);
    server_stop(&s);
    CHECK_INT(status, 0);
}

/* A child and its parent do not make the same names. */
static void inboxes_after_fork(void) {
    natsInbox *mine = NULL, *childs = NULL;
    char text[64] = "";
    int ends[2];
    pid_t child;

    CHECK_OK(natsInbox_Create(&mine));
    natsInbox_Destroy(mine);
    CHECK_INT(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        bool made = natsInbox_Create(&childs) == NATS_OK;

        end_child(made && write(ends[1], childs, strlen(childs)) == (ssize_t)strlen(childs));
    }
    CHECK_INT(status_of(child), 0);
    CHECK(read(ends[0], text, sizeof(text) - 1) > 20);
    CHECK_OK(natsInbox_Create(&mine));
    CHECK(strncmp(mine, text, 7 + 12) != 0);
    natsInbox_Destroy(mine);
    close(ends[0]);
    close(ends[1]);
}

/* However many threads there may be: either messages are delivered, or a call says that they are not. */
static void few_threads_allowed(void) {
    server s;
    int most;

    /* The limit does not hold for root, and who is not root may run other processes that count. */
    if (geteuid() != 0)
        return;
    server_run(&s);
    for (most = 1; most < 9; most++) {
        pid_t child = fork();

        if (child == 0) {
            struct rlimit limit = {(rlim_t)most, (rlim_t)most};

            alarm((unsigned)(60 * time_factor()));
            if (setresuid(54321, 54321, 54321) != 0 || setrlimit(RLIMIT_NPROC, &limit) != 0)
                _exit(1);
            end_child(delivers_or_tells(s.url));
        }
        if (status_of(child) != 0)
            check_failed(__FILE__, __LINE__, "with %d threads messages are lost", most);
    }
    server_stop(&s);
}

/* A program without standard input, output and error: its descriptors get other numbers than those, which somebody may
 * still print to. */
static void without_standard_descriptors(void) {
    server s;
    pid_t child;

    server_run(&s);
    child = fork();
    if (child == 0) {
        natsConnection *nc = NULL;
        natsOptions *opts = NULL;
        bool well;

        alarm((unsigned)(60 * time_factor()));
        for (int fd = 0; fd <= 2; fd++)
            close(fd);
        well = natsOptions_Create(&opts) == NATS_OK && natsOptions_SetURL(opts, s.url) == NATS_OK &&
               natsOptions_SetManualDispatch(opts, true) == NATS_OK &&
               natsConnection_Connect(&nc, opts) == NATS_OK;
        for (int fd = 0; fd <= 2; fd++)
            well = well && fcntl(fd, F_GETFD) == -1 && errno == EBADF;
        well = well && natsConnection_Flush(nc) == NATS_OK;
        natsConnection_Destroy(nc);
        natsOptions_Destroy(opts);
        end_child(well && delivers_or_tells(s.url));
    }
    CHECK_INT(status_of(child), 0);
    server_stop(&s);
}

typedef struct late {
    natsConnection *nc;
    natsConnection *manual;
    const char *url;
    int uses;
    int callbacks;
    const char *failed;
} late;

#define EXPECT_LATE(l, condition) ((condition) ? (void)0 : (void)((l)->failed = #condition))

/* Destroys what it is called for, and goes on using it. */
static void late_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    late *l = (late *)arg;

    l->callbacks++;
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    EXPECT_LATE(l, natsSubscription_IsValid(sub) == false);
    EXPECT_LATE(l, natsSubscription_GetConnection(sub) == nc);
    EXPECT_LATE(l, natsConnection_PublishString(nc, "foo", "x") == NATS_OK);
    EXPECT_LATE(l, natsConnection_DestroyAndWait(nc, 0) == NATS_ILLEGAL_STATE);
}

/* What does not wait. */
static void use_quickly(late *l) {
    natsMsg *msg = NULL;
    const char *text = NULL;

    EXPECT_LATE(l, natsMsg_Create(&msg, "foo", NULL, "x", 1) == NATS_OK);
    EXPECT_LATE(l, natsMsgHeader_Set(msg, "key", "value") == NATS_OK);
    EXPECT_LATE(l, natsConnection_PublishMsg(l->nc, msg) == NATS_OK);
    natsMsg_Destroy(msg);
    EXPECT_LATE(l, natsConnection_GetLastError(l->nc, &text) == NATS_OK && text != NULL);
    EXPECT_LATE(l, natsConnection_PublishString(NULL, "foo", "x") == NATS_INVALID_ARG);
    EXPECT_LATE(l, nats_GetLastError(NULL) != NULL);
    l->uses++;
}

static void use_quickly_in_destructor(void *arg) { use_quickly((late *)arg); }

static void use_all(void *arg) {
    late *l = (late *)arg;
    natsConnection *other = NULL;
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;
    natsInbox *inbox = NULL;
    int before = l->callbacks;
    int64_t end = now_ms() + deadline_ms();

    EXPECT_LATE(l, natsConnection_SubscribeSync(&sub, l->nc, "nothing") == NATS_OK);
    EXPECT_LATE(l, natsSubscription_NextMsg(&reply, sub, 1) == NATS_TIMEOUT);
    natsSubscription_Destroy(sub);
    EXPECT_LATE(l, natsConnection_RequestString(&reply, l->nc, "nobody", "x", deadline_ms()) ==
                       NATS_NO_RESPONDERS);
    EXPECT_LATE(l, natsInbox_Create(&inbox) == NATS_OK);
    natsInbox_Destroy(inbox);
    EXPECT_LATE(l, natsConnection_ConnectTo(&other, l->url) == NATS_OK);
    EXPECT_LATE(l, natsConnection_DestroyAndWait(other, deadline_ms()) == NATS_OK);
    EXPECT_LATE(l, natsConnection_Subscribe(&sub, l->manual, "late", late_callback, l) == NATS_OK);
    EXPECT_LATE(l, natsConnection_PublishString(l->manual, "late", "x") == NATS_OK);
    while ((void)natsConnection_Dispatch(l->manual, 0, NULL), l->callbacks == before && now_ms() < end)
        poll_pause();
    EXPECT_LATE(l, l->callbacks == before + 1);
    use_quickly(l);
}

static pthread_key_t late_key;

static void *leaves_unused(void *arg) {
    pthread_setspecific(late_key, arg);
    return NULL;
}

static void *leaves_used(void *arg) {
    use_all(arg);
    return leaves_unused(arg);
}

static void run_to_its_end(void *(*thread)(void *), void (*destructor)(void *), late *l) {
    pthread_t id;
    int uses = l->uses;

    CHECK_INT(pthread_key_create(&late_key, destructor), 0);
    CHECK_INT(pthread_create(&id, NULL, thread, l), 0);
    pthread_join(id, NULL);
    pthread_key_delete(late_key);
    CHECK(l->uses > uses);
    if (l->failed != NULL)
        check_failed(__FILE__, __LINE__, "%s", l->failed);
}

/* A thread that is ending has lost what is `thread_local`, and what it makes anew is never freed. */
static void in_a_destructor_of_a_thread(void) {
    late l = {NULL, NULL, NULL, 0, 0, NULL};
    natsOptions *opts;
    server s;

    server_run(&s);
    l.url = s.url;
    l.nc = test_connect_url(s.url);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    l.manual = test_connect(opts);
    /* The first wait of a thread's life in a destructor of a key costs 32 bytes: not shown here. */
    run_to_its_end(leaves_unused, use_quickly_in_destructor, &l);
    run_to_its_end(leaves_used, use_all, &l);
    use_all(&l); /* and nothing has broken for others */
    CHECK(l.failed == NULL);
    natsConnection_Destroy(l.nc);
    natsConnection_Destroy(l.manual);
    server_stop(&s);
}

static void note_thread(counter *c) { counter_set(c, (int64_t)syscall(SYS_gettid)); }

static bool is_there(counter *thread) {
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%lld", (long long)counter_get(thread));
    return access(path, F_OK) == 0;
}

static void exit_in_message_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    note_thread(&((closure *)arg)->entered);
    pthread_exit(NULL);
}

static void exit_in_connection_callback(natsConnection *nc, void *arg) {
    (void)nc;
    note_thread(&((closure *)arg)->completed);
    counter_add(&((closure *)arg)->closed, 1);
    pthread_cancel(pthread_self());
    pthread_testcancel();
}

/* Two threads of the library are gone; then, does it go on with the others? */
static bool goes_on_without_threads(const char *url) {
    natsConnection *nc = NULL, *other = NULL;
    natsSubscription *fatal = NULL, *sub = NULL;
    natsOptions *opts = test_options(url);
    static closure c;
    int64_t delivered = 0, end = now_ms() + deadline_ms();
    bool well;

    closure_init(&c);
    well = natsOptions_SetClosedCB(opts, exit_in_connection_callback, &c) == NATS_OK &&
           natsConnection_Connect(&other, opts) == NATS_OK;
    natsConnection_Destroy(other);
    well = well && counter_wait(&c.closed, 1, deadline_ms()) &&
           natsConnection_ConnectTo(&nc, url) == NATS_OK &&
           natsConnection_Subscribe(&fatal, nc, "fatal", exit_in_message_callback, &c) == NATS_OK &&
           natsConnection_Subscribe(&sub, nc, "foo", on_message, &c) == NATS_OK &&
           natsConnection_PublishString(nc, "fatal", "x") == NATS_OK &&
           natsConnection_PublishString(nc, "foo", "x") == NATS_OK &&
           counter_wait(&c.messages, 1, deadline_ms());
    while (well && natsSubscription_GetDelivered(fatal, &delivered) == NATS_OK && delivered == 0 &&
           now_ms() < end)
        poll_pause();
    well = well && delivered == 1 && natsConnection_PublishString(nc, "foo", "x") == NATS_OK &&
           counter_wait(&c.messages, 2, deadline_ms());
    /* They sleep: others may still refer to their stacks. */
    well = well && is_there(&c.entered) && is_there(&c.completed);
    natsOptions_Destroy(opts);
    return well;
}

/* As with interpreters that were finalised: their callbacks end the thread that they are called on. */
static void threads_ended_in_callbacks(void) {
    server s;
    pid_t child;
    int status;

    server_run(&s);
    child = fork();
    if (child == 0) {
        alarm((unsigned)(60 * time_factor()));
        end_child(goes_on_without_threads(s.url));
    }
    status = status_of(child);
    server_stop(&s);
    CHECK_INT(status, 0);
}

#ifdef __cplusplus
static void throw_in_message_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    (void)arg;
    natsMsg_Destroy(msg);
    throw 1;
}

/* It ends the process where it is thrown: as in a noexcept function, and whoever would catch it. */
static void exception_in_a_callback(void) {
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    server s;
    pid_t child;
    int status;

    server_run(&s);
    child = fork();
    if (child == 0) {
        alarm((unsigned)(60 * time_factor()));
        if (freopen("/dev/null", "w", stderr) == NULL || natsConnection_ConnectTo(&nc, s.url) != NATS_OK ||
            natsConnection_Subscribe(&sub, nc, "foo", throw_in_message_callback, NULL) != NATS_OK ||
            natsConnection_PublishString(nc, "foo", "x") != NATS_OK)
            _exit(1);
        pause();
    }
    status = status_of(child);
    server_stop(&s);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
#endif

static void close_in_message_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    closure *c = (closure *)arg;

    (void)nc;
    (void)sub;
    natsMsg_Destroy(msg);
    c->result = nats_CloseAndWait(0);
    counter_add(&c->messages, 1);
}

static void close_in_released_callback(void *arg) {
    closure *c = (closure *)arg;

    c->result = nats_CloseAndWait(0);
    counter_add(&c->released, 1);
}

static const char *close_in_token_handler(void *arg) {
    closure *c = (closure *)arg;

    c->result = nats_CloseAndWait(0);
    return "token";
}

/* Wherever the callback runs, waiting for the end of all callbacks would be waiting for itself. */
static void closing_in_callbacks_on_the_programs_threads(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsOptions *opts;
    static closure c;
    server s;

    closure_init(&c);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetTokenHandler(opts, close_in_token_handler, &c));
    CHECK_OK(natsOptions_SetReleasedCB(opts, close_in_released_callback, &c));
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    nc = test_connect(opts);
    CHECK_INT(c.result, NATS_ILLEGAL_STATE);
    c.result = NATS_OK;
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", close_in_message_callback, &c));
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x"));
    CHECK_SOON((natsConnection_Dispatch(nc, 0, NULL), counter_get(&c.messages) == 1));
    CHECK_INT(c.result, NATS_ILLEGAL_STATE);
    c.result = NATS_OK;
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&c.released, 1);
    CHECK_INT(c.result, NATS_ILLEGAL_STATE);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(fork_after_the_end),          TEST(inboxes_after_fork),
        TEST(few_threads_allowed),         TEST(without_standard_descriptors),
        TEST(in_a_destructor_of_a_thread), TEST(closing_in_callbacks_on_the_programs_threads),
        TEST(threads_ended_in_callbacks),
#ifdef __cplusplus
        TEST(exception_in_a_callback),
#endif
    };

    return RUN_TESTS(cases, argc, argv);
}
