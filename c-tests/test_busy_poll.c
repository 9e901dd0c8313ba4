/* Threads that wait for an answer poll before they sleep, as long as natsOptions_SetBusyPoll allows. */
#include <sys/resource.h>
#include <unistd.h>

#include "callbacks.h"
#include "fixture.h"
#include "test.h"

static natsOptions *no_busy_poll(natsOptions *opts) {
    CHECK_OK(natsOptions_SetBusyPoll(opts, 0));
    return opts;
}

static natsOptions *long_busy_poll(natsOptions *opts) {
    CHECK_OK(natsOptions_SetBusyPoll(opts, 1000000));
    return opts;
}

static natsMsg *request(natsConnection *nc, natsSubscription *answers) {
    natsMsg *reply = NULL;

    (void)answers;
    CHECK_OK(natsConnection_RequestString(&reply, nc, "echo", "x", deadline_ms()));
    return reply;
}

static natsMsg *publish_and_wait(natsConnection *nc, natsSubscription *answers) {
    natsMsg *reply = NULL;

    CHECK_OK(natsConnection_PublishRequestString(nc, "echo", "answers", "x"));
    CHECK_OK(natsSubscription_NextMsg(&reply, answers, deadline_ms()));
    return reply;
}

/* The number of times that this thread sleeps in 300 exchanges; -1 over a WebSocket, where it does not poll. */
static long sleeps(natsMsg *(*exchange)(natsConnection *, natsSubscription *),
                   natsOptions *(*adjust)(natsOptions *)) {
    natsSubscription *answers = NULL, *sub = NULL;
    struct rusage before, after;
    natsConnection *responder;
    bool looks;
    static fixture f;
    static closure c;
    int i;

    fixture_start_with(&f, adjust);
    closure_init(&c);
    responder = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_Subscribe(&sub, responder, "echo", on_request, &c));
    CHECK_OK(natsConnection_Flush(responder));
    looks = strncmp(f.s.url, "ws", 2) != 0;
    CHECK_OK(natsConnection_SubscribeSync(&answers, f.nc, "answers"));
    getrusage(RUSAGE_THREAD, &before);
    for (i = 0; i < 300; i++)
        natsMsg_Destroy(exchange(f.nc, answers));
    getrusage(RUSAGE_THREAD, &after);
    natsSubscription_Destroy(answers);
    CHECK_INT(counter_get(&c.wrong), 0);
    natsSubscription_Destroy(sub);
    natsConnection_DestroyAndWait(responder, deadline_ms());
    fixture_end(&f);
    return looks ? after.ru_nvcsw - before.ru_nvcsw : -1;
}

static void sleeps_unless_it_looks(natsMsg *(*exchange)(natsConnection *, natsSubscription *)) {
    long asleep = sleeps(exchange, no_busy_poll), looking = sleeps(exchange, long_busy_poll);

    /* Valgrind lets its threads sleep for each other; a single processor cannot be shared that way. */
    if (looking >= 0 && time_factor() == 1 && sysconf(_SC_NPROCESSORS_ONLN) > 1) {
        CHECK(asleep > 100);
        CHECK(looking < 100);
    }
}

static void busy_poll_in_requests(void) { sleeps_unless_it_looks(request); }

static void busy_poll_in_next_msg(void) { sleeps_unless_it_looks(publish_and_wait); }

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(busy_poll_in_requests),
        TEST(busy_poll_in_next_msg),
    };

    return RUN_TESTS(cases, argc, argv);
}
