/* The process is the program's: it forks, it ends threads, it may not have as many as it likes, and it closes the
 * library where it should not. Only libnats_rs promises anything here. */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callbacks.h"
#include "server.h"
#include "test.h"

/* Ends a child, as an exit would not: valgrind would count what the parent still uses as leaks. */
static void end_child(bool well) {
    execlp(well ? "true" : "false", "x", (char *)NULL);
    _exit(1);
}

static int status_of(pid_t child) {
    int status = -1;

    CHECK(child > 0);
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static void fork_child_gets_a_status(void) {
    natsConnection *nc;
    server s;
    int status = -1;
    pid_t child;

    server_run(&s);
    nc = test_connect_url(s.url);
    child = fork();
    if (child == 0) {
        alarm((unsigned)(20 * time_factor()));
        end_child(natsConnection_PublishString(nc, "foo", "x") == NATS_ILLEGAL_STATE &&
                  natsConnection_FlushTimeout(nc, 1000) == NATS_ILLEGAL_STATE);
    }
    status = status_of(child);
    CHECK_OK(natsConnection_PublishString(nc, "foo", "x")); /* the parent goes on */
    CHECK_OK(natsConnection_Flush(nc));
    natsConnection_Destroy(nc);
    server_stop(&s);
    CHECK_INT(status, 0);
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
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
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

typedef struct late {
    natsConnection *nc;
    const char *url;
    counter done;
    bool works;
} late;

/* Runs when the thread has lost what belongs to it. */
static void use_late(void *arg) {
    late *l = (late *)arg;
    natsConnection *other = NULL;
    natsMsg *reply = NULL;
    natsInbox *inbox = NULL;

    l->works =
        natsConnection_RequestString(&reply, l->nc, "nobody", "x", deadline_ms()) == NATS_NO_RESPONDERS &&
        natsInbox_Create(&inbox) == NATS_OK && natsConnection_ConnectTo(&other, l->url) == NATS_OK &&
        natsConnection_DestroyAndWait(other, deadline_ms()) == NATS_OK;
    natsInbox_Destroy(inbox);
    counter_add(&l->done, 1);
}

static pthread_key_t late_key;

static void *thread_with_a_destructor(void *arg) {
    late *l = (late *)arg;

    (void)natsConnection_PublishString(NULL, "foo", "x"); /* so that there is a last error */
    if (natsConnection_ConnectTo(&l->nc, l->url) == NATS_OK)
        pthread_setspecific(late_key, arg);
    return NULL;
}

static void in_a_destructor_of_a_thread(void) {
    pthread_t thread;
    late l = {NULL, NULL, {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}, false};
    server s;

    server_run(&s);
    l.url = s.url;
    CHECK_INT(pthread_key_create(&late_key, use_late), 0);
    CHECK_INT(pthread_create(&thread, NULL, thread_with_a_destructor, &l), 0);
    pthread_join(thread, NULL);
    CHECK_REACHED(&l.done, 1);
    CHECK(l.works);
    use_late(&l); /* and nothing has broken for others */
    CHECK(l.works);
    pthread_key_delete(late_key);
    natsConnection_Destroy(l.nc);
    server_stop(&s);
}

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
        TEST(fork_child_gets_a_status),    TEST(fork_after_the_end),
        TEST(inboxes_after_fork),          TEST(few_threads_allowed),
        TEST(in_a_destructor_of_a_thread), TEST(closing_in_callbacks_on_the_programs_threads),
    };

    return RUN_TESTS(cases, argc, argv);
}
