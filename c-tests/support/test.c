#include "test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "callbacks.h"

enum { TEST_SECONDS = 60 };

static const test_case *current;
static bool finished;

void check_failed(const char *file, int line, const char *format, ...) {
    va_list args;
    char text[2048];
    natsStatus status = NATS_OK;
    const char *last = NULL;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    last = nats_GetLastError(&status);
    print_error("%s:%d: failed: %s (last error: %d %s)\n", file, line, text, (int)status,
                last == NULL ? "-" : last);
    _fail(file, line);
    abort();
}

void check_status(const char *file, int line, const char *text, natsStatus got, natsStatus want) {
    if (got != want)
        check_failed(file, line, "%s is %d (%s), not %d (%s)", text, (int)got, natsStatus_GetText(got),
                     (int)want, natsStatus_GetText(want));
}

void check_int(const char *file, int line, const char *text, int64_t got, int64_t want) {
    if (got != want)
        check_failed(file, line, "%s is %" PRId64 ", not %" PRId64, text, got, want);
}

void check_str(const char *file, int line, const char *text, const char *got, const char *want) {
    if (got == NULL || want == NULL ? got != want : strcmp(got, want) != 0)
        check_failed(file, line, "%s is \"%s\", not \"%s\"", text, got == NULL ? "(null)" : got,
                     want == NULL ? "(null)" : want);
}

void check_contains(const char *file, int line, const char *got, const char *part) {
    if (got == NULL || strstr(got, part) == NULL)
        check_failed(file, line, "\"%s\" does not contain \"%s\"", got == NULL ? "(null)" : got, part);
}

void check_last_error(const char *file, int line, natsStatus status, const char *part) {
    natsStatus got = NATS_OK;
    const char *text = nats_GetLastError(&got);

    check_status(file, line, "the last error", got, status);
    check_contains(file, line, text, part);
}

natsOptions *test_options(const char *url) {
    natsOptions *opts = NULL;

    CHECK_OK(natsOptions_Create(&opts));
    CHECK_OK(natsOptions_SetURL(opts, url));
    CHECK_OK(natsOptions_SetTimeout(opts, deadline_ms()));
    CHECK_OK(natsOptions_SetReconnectWait(opts, 20));
    CHECK_OK(natsOptions_SetReconnectJitter(opts, 0, 0));
    CHECK_OK(natsOptions_SetErrorHandler(opts, on_error_quiet, NULL));
    return opts;
}

natsConnection *test_connect(natsOptions *opts) {
    natsConnection *nc = NULL;

    CHECK_OK(natsConnection_Connect(&nc, opts));
    natsOptions_Destroy(opts);
    CHECK(nc != NULL);
    return nc;
}

natsConnection *test_connect_url(const char *url) { return test_connect(test_options(url)); }

natsMsg *test_msg(const char *subject, const char *reply, const char *text) {
    natsMsg *msg = NULL;

#if !OURS
    nats_Open(-1); /* else natsMsg_Destroy may crash */
#endif
    CHECK_OK(natsMsg_Create(&msg, subject, reply, text, text == NULL ? 0 : (int)strlen(text)));
    return msg;
}

natsMsg *test_next(natsSubscription *sub) {
    natsMsg *msg = NULL;

    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    CHECK(msg != NULL);
    return msg;
}

void test_expect_next(natsSubscription *sub, const char *text) {
    natsMsg *msg = test_next(sub);

    CHECK_STR(natsMsg_GetData(msg), text);
    CHECK_INT(natsMsg_GetDataLength(msg), strlen(text));
    natsMsg_Destroy(msg);
}

static void run_current(void **state) {
    (void)state;
    finished = false;
    current->run();
    finished = true;
}

/* Every object of the test must have been released, so that the library can close. */
static int close_library(void **state) {
    natsStatus s;

    (void)state;
    if (!finished)
        return 0;
    s = nats_CloseAndWait(deadline_ms());
    if (s != NATS_OK && s != NATS_NOT_INITIALIZED) {
        print_error("nats_CloseAndWait returned %d (%s): something is still in use\n", (int)s,
                    natsStatus_GetText(s));
        return -1;
    }
    return 0;
}

static int run_one(const test_case *test) {
    const struct CMUnitTest group[] = {{test->name, run_current, NULL, close_library, NULL}};

    current = test;
    return cmocka_run_group_tests_name(test->name, group, NULL, NULL) == 0 ? 0 : 1;
}

static bool run_in_child(const test_case *test) {
    int status = 0;
    pid_t child;

    fflush(stdout);
    fflush(stderr);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm((unsigned)(TEST_SECONDS * time_factor()));
        exit(run_one(test));
    }
    if (child < 0)
        return false;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status))
        printf("%s: killed by signal %d%s\n", test->name, WTERMSIG(status),
               WTERMSIG(status) == SIGALRM ? " (its time was over)" : "");
    else if (WEXITSTATUS(status) != 0)
        printf("%s: exit status %d\n", test->name, WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool wanted(const test_case *test, int argc, char **argv) {
    int i;

    for (i = 1; i < argc; i++)
        if (strstr(test->name, argv[i]) != NULL)
            return true;
    return argc < 2;
}

int run_cases(const char *file, const test_case *cases, int count, int argc, char **argv) {
    int i, ran = 0, failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (i = 0; i < count; i++) {
        bool ok;

        if (!wanted(&cases[i], argc, argv))
            continue;
        if (cases[i].run == NULL) {
            printf("%s: left out with this sanitizer\n", cases[i].name);
            continue;
        }
        ran++;
        ok = getenv("TEST_NO_FORK") != NULL ? run_one(&cases[i]) == 0 : run_in_child(&cases[i]);
        if (!ok)
            printf("FAILED %s %s\n", file, cases[i].name);
        failed += !ok;
    }
    printf("%s: %d of %d tests passed\n", file, ran - failed, ran);
    return failed == 0 && ran > 0 ? 0 : 1;
}
