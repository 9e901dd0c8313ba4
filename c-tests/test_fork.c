/* Children made by fork: their own library, and the handles of the parent. Only libnats_rs supports this. */
#include "callbacks.h"
#include "children.h"
#include "server.h"
#include <sys/syscall.h>

/* Options, messages and the like are made without a thread, and so before the program forks. */
static void making_things_starts_no_thread(void) {
    natsOptions *opts = NULL;
    natsMsg *msg = NULL;
    natsHeader *header = NULL;
    natsInbox *inbox = NULL;
    natsStatistics *stats = NULL;
    natsStatus status;
    const int before = count_threads();

    CHECK_OK(nats_Open(-1));
    CHECK_OK(natsOptions_Create(&opts));
    CHECK_OK(natsOptions_SetURL(opts, "nats://127.0.0.1:1"));
    CHECK_OK(natsOptions_SetSecure(opts, true));
    CHECK_STATUS(natsOptions_SetURL(NULL, "x"), NATS_INVALID_ARG);
    CHECK(nats_GetLastError(&status) != NULL);
    CHECK_OK(natsMsg_Create(&msg, "foo", NULL, "x", 1));
    CHECK_OK(natsMsgHeader_Set(msg, "k", "v"));
    CHECK_OK(natsHeader_New(&header));
    CHECK_OK(natsInbox_Create(&inbox));
    CHECK_OK(natsStatistics_Create(&stats));
    CHECK(nats_GetVersion() != NULL && nats_GetVersionNumber() != 0);
    CHECK_OK(nats_SetMessageDeliveryPoolSize(5));
    CHECK_INT(count_threads(), before);
    natsStatistics_Destroy(stats);
    natsInbox_Destroy(inbox);
    natsHeader_Destroy(header);
    natsMsg_Destroy(msg);
    natsOptions_Destroy(opts);
    CHECK_OK(nats_CloseAndWait(deadline_ms()));
    CHECK_STATUS(nats_CloseAndWait(deadline_ms()), NATS_NOT_INITIALIZED);
}

static void children_with_the_parents_options(void) {
    natsOptions *opts;
    natsConnection *nc;
    pid_t children[6];
    server s;
    int i;

    server_run(&s);
    opts = test_options(s.url);
    for (i = 0; i < 6; i++) {
        /* The second three while the parent is connected. */
        if (i == 3)
            CHECK_OK(natsConnection_Connect(&nc, opts));
        children[i] = fork();
        if (children[i] == 0) {
            begin_child();
            end_child(connect_works(opts));
        }
    }
    for (i = 0; i < 6; i++)
        child_ends_well(children[i]);
    CHECK(request_works(nc));
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

static void options_are_changed_apart(void) {
    natsOptions *opts;
    natsConnection *nc = NULL;
    pid_t child;
    server s;

    server_start(&s, "authorization { user: \"u\", password: \"p\" }", NULL);
    opts = test_options(s.url);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    child = fork();
    if (child == 0) {
        bool all = true;

        begin_child();
        WELL(&all, natsOptions_SetUserInfo(opts, "u", "p") == NATS_OK);
        WELL(&all, connect_works(opts));
        natsOptions_Destroy(opts);
        WELL(&all, natsOptions_SetUserInfo(opts, "u", "p") == NATS_INVALID_ARG);
        end_child(all);
    }
    child_ends_well(child);
    CHECK_STATUS(natsConnection_Connect(&nc, opts), NATS_CONNECTION_AUTH_FAILED);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

static void messages_and_headers_live_on(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsMsg *made, *got;
    natsHeader *header = NULL;
    pid_t child;
    server s;

    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    made = test_msg("foo", "bar", "made");
    CHECK_OK(natsConnection_PublishString(nc, "foo", "got"));
    got = test_next(sub);
    CHECK_OK(natsHeader_New(&header));
    CHECK_OK(natsHeader_Set(header, "a", "b"));
    child = fork();
    if (child == 0) {
        natsConnection *own = NULL;
        const char *value = NULL;
        natsMsg *another = NULL;
        bool all = true;
        int i;

        begin_child();
        WELL(&all, strcmp(natsMsg_GetData(made), "made") == 0 && strcmp(natsMsg_GetData(got), "got") == 0);
        WELL(&all,
             natsMsgHeader_Set(got, "k", "v") == NATS_OK && natsMsgHeader_Get(got, "k", &value) == NATS_OK);
        WELL(&all, natsHeader_Get(header, "a", &value) == NATS_OK && strcmp(value, "b") == 0);
        WELL(&all, natsConnection_ConnectTo(&own, s.url) == NATS_OK);
        WELL(&all, natsConnection_PublishMsg(own, made) == NATS_OK && natsConnection_Flush(own) == NATS_OK);
        natsConnection_Destroy(own);
        natsMsg_Destroy(made);
        natsMsg_Destroy(got);
        natsHeader_Destroy(header);
        for (i = 0; i < 1000; i++) {
            WELL(&all, natsMsg_Create(&another, "foo", NULL, "x", 1) == NATS_OK);
            natsMsg_Destroy(another);
        }
        end_child(all);
    }
    child_ends_well(child);
    test_expect_next(sub, "made");
    natsMsg_Destroy(made);
    natsMsg_Destroy(got);
    natsHeader_Destroy(header);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* Each call with a handle of the parent's, in a child. */
static bool all_refuse(natsConnection *nc, natsSubscription *sub) {
    natsSubscription *s = NULL;
    natsMsg *m = NULL;
    natsStatistics *stats = NULL;
    char text[64], *string = NULL;
    const char *constant = NULL;
    char **list = NULL;
    uint64_t u = 0;
    int64_t t = 0;
    int i = 0, j = 0, k = 0, l = 0;
    unsigned char signature[64];
    bool all = true;
    natsStatus status;

    natsMsg_Create(&m, "foo", "bar", "x", 1);
    natsStatistics_Create(&stats);
#define REFUSED(call) WELL(&all, (call) == NATS_ILLEGAL_STATE)
    REFUSED(natsConnection_Publish(nc, "foo", "x", 1));
    REFUSED(natsConnection_PublishString(nc, "foo", "x"));
    REFUSED(natsConnection_PublishMsg(nc, m));
    REFUSED(natsConnection_PublishRequest(nc, "foo", "bar", "x", 1));
    REFUSED(natsConnection_PublishRequestString(nc, "foo", "bar", "x"));
    REFUSED(natsConnection_Request(&m, nc, "foo", "x", 1, 10));
    REFUSED(natsConnection_RequestString(&m, nc, "foo", "x", 10));
    REFUSED(natsConnection_RequestMsg(&m, nc, m, 10));
    REFUSED(natsConnection_Subscribe(&s, nc, "foo", answer_ping, NULL));
    REFUSED(natsConnection_SubscribeTimeout(&s, nc, "foo", 10, answer_ping, NULL));
    REFUSED(natsConnection_SubscribeSync(&s, nc, "foo"));
    REFUSED(natsConnection_QueueSubscribe(&s, nc, "foo", "q", answer_ping, NULL));
    REFUSED(natsConnection_QueueSubscribeTimeout(&s, nc, "foo", "q", 10, answer_ping, NULL));
    REFUSED(natsConnection_QueueSubscribeSync(&s, nc, "foo", "q"));
    REFUSED(natsConnection_Flush(nc));
    REFUSED(natsConnection_FlushTimeout(nc, 10));
    REFUSED(natsConnection_GetRTT(nc, &t));
    REFUSED(natsConnection_Drain(nc));
    REFUSED(natsConnection_DrainTimeout(nc, 10));
    REFUSED(natsConnection_Reconnect(nc));
    REFUSED(natsConnection_GetStats(nc, stats));
    REFUSED(natsConnection_GetConnectedUrl(nc, text, sizeof(text)));
    REFUSED(natsConnection_GetConnectedServerId(nc, text, sizeof(text)));
    REFUSED(natsConnection_GetServers(nc, &list, &i));
    REFUSED(natsConnection_GetDiscoveredServers(nc, &list, &i));
    REFUSED(natsConnection_GetLastError(nc, &constant));
    REFUSED(natsConnection_GetClientID(nc, &u));
    REFUSED(natsConnection_GetClientIP(nc, &string));
    REFUSED(natsConnection_GetLocalIPAndPort(nc, &string, &i));
    REFUSED(natsConnection_HasHeaderSupport(nc));
    REFUSED(natsConnection_Sign(nc, signature, 1, signature));
    REFUSED(natsConnection_GetDispatchFd(nc, &i));
    REFUSED(natsConnection_Dispatch(nc, 0, NULL));
    REFUSED(natsConnection_DestroyAndWait(nc, 10));
    REFUSED(natsConnection_GetServerName(nc, text, sizeof(text)));
    REFUSED(natsConnection_GetServerVersion(nc, text, sizeof(text)));
    REFUSED(natsConnection_GetServerCluster(nc, text, sizeof(text)));
    REFUSED(natsConnection_GetSubscriptionCount(nc, &i));
    REFUSED(natsConnection_GetPendingBytes(nc, &t));
    REFUSED(natsConnection_ReadLastError(nc, text, sizeof(text)));
    REFUSED(natsSubscription_NextMsg(&m, sub, 10));
    REFUSED(natsSubscription_Unsubscribe(sub));
    REFUSED(natsSubscription_AutoUnsubscribe(sub, 3));
    REFUSED(natsSubscription_Drain(sub));
    REFUSED(natsSubscription_DrainTimeout(sub, 10));
    REFUSED(natsSubscription_WaitForDrainCompletion(sub, 10));
    REFUSED(natsSubscription_DrainCompletionStatus(sub));
    REFUSED(natsSubscription_QueuedMsgs(sub, &u));
    REFUSED(natsSubscription_NoDeliveryDelay(sub));
    REFUSED(natsSubscription_GetPending(sub, &i, &j));
    REFUSED(natsSubscription_SetPendingLimits(sub, 1, 1));
    REFUSED(natsSubscription_GetPendingLimits(sub, &i, &j));
    REFUSED(natsSubscription_ClearMaxPending(sub));
    REFUSED(natsSubscription_GetMaxPending(sub, &i, &j));
    REFUSED(natsSubscription_GetDelivered(sub, &t));
    REFUSED(natsSubscription_GetDropped(sub, &t));
    REFUSED(natsSubscription_GetStats(sub, &i, &j, &k, &l, &t, &t));
    REFUSED(natsSubscription_SetOnCompleteCB(sub, on_complete, NULL));
#undef REFUSED
    CHECK_ERROR(NATS_ILLEGAL_STATE, "belongs to the process that this one was forked from");
    nats_ReleaseThreadMemory();
    /* What has no status gives what it gives for NULL. */
    WELL(&all, natsConnection_IsClosed(nc) == natsConnection_IsClosed(NULL));
    WELL(&all, natsConnection_IsReconnecting(nc) == natsConnection_IsReconnecting(NULL));
    WELL(&all, natsConnection_IsDraining(nc) == natsConnection_IsDraining(NULL));
    WELL(&all, natsConnection_Status(nc) == natsConnection_Status(NULL));
    WELL(&all, natsConnection_Buffered(nc) == natsConnection_Buffered(NULL));
    WELL(&all, natsConnection_GetMaxPayload(nc) == natsConnection_GetMaxPayload(NULL));
    WELL(&all, !natsSubscription_IsValid(sub));
    WELL(&all, natsSubscription_GetID(sub) == natsSubscription_GetID(NULL));
    WELL(&all, natsSubscription_GetSubject(sub) == NULL);
    natsConnection_ProcessReadEvent(nc);
    natsConnection_ProcessWriteEvent(nc);
    natsConnection_ProcessDetachedEvent(nc);
    natsConnection_Close(nc);
    WELL(&all, nats_GetLastError(&status) == NULL);
    /* Each twice. */
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(nc);
    WELL(&all, natsConnection_Flush(nc) == NATS_ILLEGAL_STATE);
    natsMsg_Destroy(m);
    natsStatistics_Destroy(stats);
    return all;
}

static void inherited_handles_are_dead(void) {
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsStatistics *stats = NULL;
    uint64_t reconnects = 1;
    pid_t child;
    server s;
    int i;

    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "foo"));
    for (i = 0; i < 2; i++) {
        child = fork();
        if (child == 0) {
            begin_child();
            end_child(all_refuse(nc, sub));
        }
        child_ends_well(child);
    }
    /* The parent has not noticed. */
    CHECK_OK(natsConnection_PublishString(nc, "foo", "goes on"));
    test_expect_next(sub, "goes on");
    CHECK_OK(natsStatistics_Create(&stats));
    CHECK_OK(natsConnection_GetStats(nc, stats));
    CHECK_OK(natsStatistics_GetCounts(stats, NULL, NULL, NULL, NULL, &reconnects));
    CHECK_INT(reconnects, 0);
    natsStatistics_Destroy(stats);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* A child that leaves by exit, with handlers that destroy what is not its own. */
static natsConnection *left_over;
static void destroy_left_over(void) { natsConnection_Destroy(left_over); }

static void a_child_may_exit(void) {
    pid_t child;
    server s;
    int status = -1;

    server_run(&s);
    left_over = test_connect_url(s.url);
    child = fork();
    if (child == 0) {
        begin_child();
        atexit(destroy_left_over);
        exit(connect_works(test_options(s.url)) ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    /* Valgrind counts there what other threads of the parent used. */
    CHECK(status == 0 || (time_factor() > 1 && WIFEXITED(status) && WEXITSTATUS(status) == 9));
    CHECK(request_works(left_over));
    natsConnection_Destroy(left_over);
    server_stop(&s);
}

static void descriptors_are_closed_in_the_child(void) {
    natsConnection *nc, *manual;
    natsOptions *opts;
    pid_t child;
    server s;
    int before;

    server_run(&s);
    before = count_descriptors();
    nc = test_connect_url(s.url);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetManualDispatch(opts, true));
    manual = test_connect(opts);
    CHECK(count_descriptors() > before + 3);
    child = fork();
    if (child == 0) {
        bool all = true;

        begin_child();
        /* The program may be watching the one of the manual dispatch. */
        WELL(&all, count_descriptors() == before + 1);
        natsConnection_Destroy(manual);
        natsConnection_Destroy(nc);
        WELL(&all, count_descriptors() == before);
        WELL(&all, connect_works(test_options(s.url)));
        WELL(&all, nats_CloseAndWait(deadline_ms()) == NATS_OK);
        WELL(&all, count_descriptors() == before);
        end_child(all);
    }
    child_ends_well(child);
    CHECK(request_works(nc));
    natsConnection_Destroy(manual);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* The end of the parent's connection is the end, whether or not children live. */
static void the_server_sees_the_parents_end(void) {
    natsConnection *nc, *watcher;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    pid_t child;
    server s;
    int ends[2];

    server_start(&s,
                 "accounts { A { users [ { user: a, password: a } ] }, $SYS { users [ { user: s, password: s "
                 "} ] } }\n",
                 NULL);
    {
        char url[96];

        snprintf(url, sizeof(url), "nats://s:s@127.0.0.1:%d", s.port);
        watcher = test_connect_url(url);
        CHECK_OK(natsConnection_SubscribeSync(&sub, watcher, "$SYS.ACCOUNT.A.DISCONNECT"));
        CHECK_OK(natsConnection_Flush(watcher));
        snprintf(url, sizeof(url), "nats://a:a@127.0.0.1:%d", s.port);
        nc = test_connect_url(url);
    }
    CHECK_INT(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        char end;

        begin_child();
        close(ends[1]);
        end_child(read(ends[0], &end, 1) == 0);
    }
    natsConnection_Destroy(nc);
    CHECK_OK(natsSubscription_NextMsg(&msg, sub, deadline_ms()));
    natsMsg_Destroy(msg);
    close(ends[0]);
    close(ends[1]);
    child_ends_well(child);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(watcher);
    server_stop(&s);
}

/* Without fork handlers. What the C library has is in no good state in such a child: only a call, and exec. */
static void a_bare_clone_is_noticed(void) {
    natsConnection *nc;
    pid_t child;
    server s;

    server_run(&s);
    nc = test_connect_url(s.url);
    child = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) {
        begin_child();
        end_child(natsConnection_PublishString(nc, "foo", "x") == NATS_ILLEGAL_STATE);
    }
    child_ends_well(child);
    /* A child that shares the memory is no other process to the library. */
    child = vfork();
    if (child == 0) {
        execlp("true", "true", (char *)NULL);
        _exit(1);
    }
    child_ends_well(child);
    CHECK(request_works(nc));
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static bool generations(natsConnection *parents, natsOptions *opts, int left) {
    natsConnection *own = NULL;
    bool all = true;
    pid_t child;
    int status = -1;

    WELL(&all, natsConnection_PublishString(parents, "foo", "x") == NATS_ILLEGAL_STATE);
    WELL(&all, natsConnection_Connect(&own, opts) == NATS_OK);
    if (left > 0) {
        child = fork();
        if (child == 0)
            end_child(generations(own, opts, left - 1));
        WELL(&all, waitpid(child, &status, 0) == child && status == 0);
    }
    WELL(&all, natsConnection_PublishString(parents, "foo", "x") == NATS_ILLEGAL_STATE);
    WELL(&all, request_works(own));
    natsConnection_Destroy(own);
    return WELL(&all, nats_CloseAndWait(deadline_ms()) == NATS_OK) && all;
}

static void children_of_children(void) {
    natsConnection *nc;
    natsOptions *opts;
    pid_t child;
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsConnection_Connect(&nc, opts));
    child = fork();
    if (child == 0) {
        begin_child();
        end_child(generations(nc, opts, 3));
    }
    child_ends_well(child);
    CHECK(request_works(nc));
    natsConnection_Destroy(nc);
    natsOptions_Destroy(opts);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(making_things_starts_no_thread),
        TEST(children_with_the_parents_options),
        TEST(options_are_changed_apart),
        TEST(messages_and_headers_live_on),
        TEST(inherited_handles_are_dead),
        TEST(a_child_may_exit),
        TEST(descriptors_are_closed_in_the_child),
        TEST(the_server_sees_the_parents_end),
        TEST(a_bare_clone_is_noticed),
        TEST(children_of_children),
    };

    return RUN_TESTS(cases, argc, argv);
}
