/* The end of services: by the program, with their connection, by an error, in callbacks, in children. */
#include "children.h"
#include "memory.h"
#include "micro.h"

/* A service with one endpoint `e`, which records its end. */
static microService *add(fixture *f, microRequestHandler handler) {
    microServiceConfig config = service_config("s", &f->c);
    microEndpointConfig endpoint = endpoint_config("e", handler);
    microService *m = NULL;

    config.Endpoint = &endpoint;
    config.DoneHandler = on_done;
    CHECK_FINE(micro_AddService(&m, f->nc, &config));
    return m;
}

static void publish_requests(fixture *f, int count) {
    int i;

    for (i = 0; i < count; i++)
        CHECK_OK(natsConnection_PublishRequestString(f->nc, "e", "inbox", "x"));
    CHECK_OK(natsConnection_FlushTimeout(f->nc, deadline_ms()));
}

/* Hundreds wait when it stops: all are answered, and monitoring goes last. */
static void stopping_answers_what_has_come(void) {
    enum { COUNT = 300 };
    fixture f;
    microService *m;
    natsSubscription *inbox = NULL;
    natsMsg *reply = NULL;
    char text[1024];
    int i;

    fixture_start(&f);
    m = add(&f, echo_blocked);
    CHECK_OK(natsConnection_SubscribeSync(&inbox, f.nc, "inbox"));
    publish_requests(&f, COUNT);
    CHECK_REACHED(&f.c.entered, 1);
    CHECK(!microService_IsStopped(m));
    CHECK_FINE(microService_Stop(m));
    CHECK(microService_IsStopped(m));
    CHECK_FINE(microService_Stop(m));
    CHECK_FINE(microService_Run(m));
    /* Nobody takes new ones, but the service can be seen until the old ones are answered. */
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "e", "", deadline_ms()), NATS_NO_RESPONDERS);
    ask(f.nc, "$SRV.STATS.s", text, sizeof(text));
    CHECK_CONTAINS(text, "\"subject\":\"e\"");
    CHECK_INT(counter_get(&f.c.completed), 0);
    counter_set(&f.c.gate, 1);
    for (i = 0; i < COUNT; i++)
        test_expect_next(inbox, "x");
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, "$SRV.PING", "", deadline_ms()),
                 NATS_NO_RESPONDERS);
    CHECK_INT(counter_get(&f.c.messages), COUNT);
    CHECK_FINE(microService_Destroy(m));
    CHECK_INT(counter_get(&f.c.completed), 1);
    natsSubscription_Destroy(inbox);
    end(&f);
}

static microError *destroy_own(microRequest *req) {
    closure *c = (closure *)microRequest_GetServiceState(req);
    microService *m = microRequest_GetService(req);

    microError_Destroy(microService_Destroy(m));
    /* It works until this returns. */
    if (microService_GetState(m) != c || !microService_IsStopped(m))
        counter_add(&c->wrong, 1);
    return echo(req);
}

static void destroy_done(microService *m) {
    closure *c = (closure *)microService_GetState(m);

    if (microService_Destroy(m) != NULL || microService_GetState(m) != c)
        counter_add(&c->wrong, 1);
    counter_add(&c->completed, 1);
}

static void destroyed_in_its_own_callbacks(void) {
    fixture f;
    microServiceConfig config;
    microService *m;

    fixture_start(&f);
    m = add(&f, destroy_own);
    expect_answer(f.nc, "e", "x", "x");
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_FAULT(microService_Destroy(m), NATS_INVALID_ARG, "");
    CHECK_FAULT(microService_Destroy(NULL), NATS_INVALID_ARG, "");
    CHECK_FAULT(microService_Run(NULL), NATS_INVALID_ARG, "");
    CHECK(microService_IsStopped(NULL));

    config = service_config("s", &f.c);
    config.DoneHandler = destroy_done;
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    CHECK_FINE(microService_Stop(m));
    CHECK_REACHED(&f.c.completed, 2);
    CHECK_INT(counter_get(&f.c.wrong), 0);
    end(&f);
}

static void *run(void *arg) {
    microService *m = (microService *)arg;

    return microService_Run(m);
}

static void it_ends_with_its_connection(void) {
    fixture f;
    microService *m;
    pthread_t thread;
    void *result = &f;

    fixture_start(&f);
    m = add(&f, echo);
    CHECK(pthread_create(&thread, NULL, run, m) == 0);
    expect_answer(f.nc, "e", "x", "x");
    natsConnection_Close(f.nc);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == NULL);
    CHECK_REACHED(&f.c.completed, 1);
    CHECK(microService_IsStopped(m));
    CHECK_FINE(microService_Stop(m));
    CHECK_FINE(microService_Destroy(m));
    end(&f);
}

static void a_drain_of_the_connection_answers_what_has_come(void) {
    fixture f;
    natsConnection *other;
    natsSubscription *inbox = NULL;
    microService *m;
    int i;

    fixture_start(&f);
    other = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_SubscribeSync(&inbox, other, "inbox"));
    CHECK_OK(natsConnection_Flush(other));
    m = add(&f, echo_blocked);
    publish_requests(&f, 50);
    CHECK_REACHED(&f.c.entered, 1);
    CHECK_OK(natsConnection_Drain(f.nc));
    CHECK_FAULT(microService_Stop(m), NATS_DRAINING,
                "failed to stop service 's', stopping endpoint 'e': failed to drain subscription: ");
    CHECK(microService_IsStopped(m));
    counter_set(&f.c.gate, 1);
    for (i = 0; i < 50; i++)
        test_expect_next(inbox, "x");
    CHECK_REACHED(&f.c.completed, 1);
    CHECK_FINE(microService_Destroy(m));
    natsSubscription_Destroy(inbox);
    natsConnection_Destroy(other);
    end(&f);
}

/* Everything is destroyed while a handler does not return. */
static void a_handler_that_does_not_return(void) {
    fixture f;
    microService *m;

    fixture_start(&f);
    m = add(&f, echo_blocked);
    CHECK_OK(natsConnection_PublishString(f.nc, "e", "x"));
    CHECK_REACHED(&f.c.entered, 1);
    CHECK_FINE(microService_Destroy(m));
    CHECK_STATUS(natsConnection_DestroyAndWait(f.nc, 50), NATS_TIMEOUT);
    f.nc = NULL;
    CHECK_INT(counter_get(&f.c.completed), 0);
    counter_set(&f.c.gate, 1);
    CHECK_REACHED(&f.c.completed, 1);
    end(&f);
}

static natsOptions *few_pending(natsOptions *opts) {
    CHECK_OK(natsOptions_SetMaxPendingMsgs(opts, 2));
    return opts;
}

static void on_micro_error(microService *m, microEndpoint *ep, natsStatus s) {
    closure *c = (closure *)microService_GetState(m);

    /* After the connection's own handler, and before the service stops. */
    if (ep == NULL || counter_get(&c->errors) == 0 || microService_IsStopped(m))
        counter_add(&c->wrong, 1);
    c->result = (int)s;
    counter_add(&c->timeouts, 1);
}

static void a_slow_consumer_stops_its_service_and_no_other(void) {
    fixture f;
    closure second;
    microServiceConfig config;
    microEndpointConfig endpoint = endpoint_config("e", echo_blocked),
                        other_endpoint = endpoint_config("o", echo);
    microServiceStats *stats = NULL;
    natsSubscription *slow = NULL;
    microService *m = NULL, *other = NULL;

    fixture_start_with(&f, few_pending);
    closure_init(&second);
    config = service_config("s", &f.c);
    config.Endpoint = &endpoint;
    config.ErrHandler = on_micro_error;
    config.DoneHandler = on_done;
    CHECK_FINE(micro_AddService(&m, f.nc, &config));
    config = service_config("other", &second);
    config.Endpoint = &other_endpoint;
    config.ErrHandler = on_micro_error;
    CHECK_FINE(micro_AddService(&other, f.nc, &config));

    /* A subscription of the program's on the subject of an endpoint is nobody else's business. */
    CHECK_OK(natsConnection_SubscribeSync(&slow, f.nc, "o"));
    CHECK_OK(natsConnection_PublishString(f.nc, "o", "1"));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_REACHED(&second.messages, 1);
    CHECK_OK(natsConnection_PublishString(f.nc, "o", "2"));
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_REACHED(&second.messages, 2);
    CHECK_OK(natsConnection_PublishString(f.nc, "o", "3"));
    CHECK_REACHED(&f.c.errors, 1);

    publish_requests(&f, 10);
    CHECK_REACHED(&f.c.timeouts, 1);
    CHECK_INT(f.c.result, NATS_SLOW_CONSUMER);
    CHECK_SOON(microService_IsStopped(m));
    CHECK_FINE(microService_GetStats(&stats, m));
    CHECK_INT(stats->Endpoints[0].NumErrors, 1);
    CHECK_STR(stats->Endpoints[0].LastErrorString,
              "NATS error on endpoint 'e': status 20: Slow Consumer, messages dropped");
    microServiceStats_Destroy(stats);
    CHECK_INT(counter_get(&f.c.completed), 0);
    counter_set(&f.c.gate, 1);
    CHECK_REACHED(&f.c.completed, 1);
    CHECK(!microService_IsStopped(other));
    CHECK_INT(counter_get(&second.timeouts), 0);
    CHECK_INT(counter_get(&f.c.wrong), 0);
    natsSubscription_Destroy(slow);
    CHECK_FINE(microService_Destroy(m));
    CHECK_FINE(microService_Destroy(other));
    end(&f);
}

static void in_a_child_it_is_the_parents(void) {
    fixture f;
    microService *m;
    microClient *client = NULL;
    microEndpointConfig endpoint = endpoint_config("x", echo);
    pid_t child;

    fixture_start(&f);
    m = add(&f, echo);
    CHECK_FINE(micro_NewClient(&client, f.nc, NULL));
    child = fork();
    if (child == 0) {
        natsMsg *reply = NULL;
        microError *err;
        bool all = true;

        begin_child();
        err = microService_AddEndpoint(m, &endpoint);
        WELL(&all, microError_Status(err) == NATS_ILLEGAL_STATE);
        microError_Destroy(err);
        err = microClient_DoRequest(&reply, client, "e", "", 0);
        WELL(&all, microError_Status(err) == NATS_ILLEGAL_STATE);
        microError_Destroy(err);
        WELL(&all, microService_IsStopped(m));
        WELL(&all, microService_Destroy(m) == NULL);
        microClient_Destroy(client);
        end_child(all);
    }
    child_ends_well(child);
    expect_answer(f.nc, "e", "still", "still");
    microClient_Destroy(client);
    CHECK_FINE(microService_Destroy(m));
    CHECK_REACHED(&f.c.completed, 1);
    end(&f);
}

enum { ADDERS = 4 };

typedef struct adder {
    microService *m;
    int number;
    int added;
    counter *ready;
} adder;

static void *add_until_stopped(void *arg) {
    adder *a = (adder *)arg;
    char name[32];

    for (;;) {
        microEndpointConfig endpoint;
        microError *err;

        snprintf(name, sizeof(name), "x-%d-%d", a->number, a->added);
        endpoint = endpoint_config(name, echo);
        err = microService_AddEndpoint(a->m, &endpoint);
        if (err != NULL) {
            microError_Destroy(err);
            return NULL;
        }
        a->added++;
        counter_add(a->ready, 1);
    }
}

static void endpoints_that_are_added_while_it_stops_end_too(void) {
    fixture f;
    microService *m;
    adder adders[ADDERS];
    pthread_t threads[ADDERS];
    natsMsg *reply = NULL;
    counter ready;
    char name[32];
    int i;

    fixture_start(&f);
    counter_init(&ready);
    m = add(&f, echo);
    for (i = 0; i < ADDERS; i++) {
        adders[i].m = m;
        adders[i].number = i;
        adders[i].added = 0;
        adders[i].ready = &ready;
        CHECK(pthread_create(&threads[i], NULL, add_until_stopped, &adders[i]) == 0);
    }
    CHECK_REACHED(&ready, 20);
    CHECK_FINE(microService_Stop(m));
    for (i = 0; i < ADDERS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_REACHED(&f.c.completed, 1);
    for (i = 0; i < ADDERS; i++) {
        snprintf(name, sizeof(name), "x-%d-%d", i, adders[i].added == 0 ? 0 : adders[i].added - 1);
        CHECK_STATUS(natsConnection_RequestString(&reply, f.nc, name, "", deadline_ms()), NATS_NO_RESPONDERS);
    }
    CHECK_FINE(microService_Destroy(m));
    CHECK_INT(counter_get(&f.c.completed), 1);
    end(&f);
}

static void many_services_one_after_the_other_leave_nothing(void) {
    const int count = 3000 / (time_factor() * time_factor());
    fixture f;
    int64_t before = 0;
    int i;

    fixture_start(&f);
    counter_set(&f.c.gate, 1);
    for (i = 0; i < count; i++) {
        microService *m = add(&f, echo);

        if (i % 10 == 0)
            expect_answer(f.nc, "e", "x", "x");
        CHECK_FINE(microService_Destroy(m));
        if (i % 50 == 49)
            CHECK_REACHED(&f.c.completed, i + 1);
        if (i == count / 2)
            before = memory_resident();
    }
    CHECK_REACHED(&f.c.completed, count);
    CHECK_GROWN("services", before, memory_resident(), 2 * 1024 * 1024);
    end(&f);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(stopping_answers_what_has_come),
        TEST(destroyed_in_its_own_callbacks),
        TEST(it_ends_with_its_connection),
        TEST(a_drain_of_the_connection_answers_what_has_come),
        TEST(a_handler_that_does_not_return),
        TEST(a_slow_consumer_stops_its_service_and_no_other),
        TEST(in_a_child_it_is_the_parents),
        TEST(endpoints_that_are_added_while_it_stops_end_too),
        TEST(many_services_one_after_the_other_leave_nothing),
    };

    return RUN_TESTS(cases, argc, argv);
}
