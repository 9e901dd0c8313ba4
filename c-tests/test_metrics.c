/* Metrics of connections, as structures and as OpenMetrics text. */
#include "callbacks.h"
#include "children.h"
#include "fixture.h"
#include "test.h"

static natsMetrics metrics_of(natsConnection *nc) {
    natsMetrics m;

    memset(&m, 0xff, sizeof(m));
    if (nc != NULL)
        CHECK_OK(natsConnection_GetMetrics(&m, sizeof(m), nc));
    else
        CHECK_OK(nats_GetMetrics(&m, sizeof(m)));
    return m;
}

static void check_histogram(const natsHistogram *h, uint64_t count) {
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < sizeof(h->Buckets) / sizeof(h->Buckets[0]); i++)
        sum += h->Buckets[i];
    CHECK_INT(h->Count, count);
    CHECK_INT(sum, count);
    CHECK(count == 0 || h->SumNs > 0);
}

static void counters_of_a_connection(void) {
    natsSubscription *sub = NULL, *sync = NULL;
    natsMetrics m, total;
    closure c;
    fixture f;

    closure_init(&c);
    fixture_start(&f);
    m = metrics_of(f.nc);
    CHECK_INT(m.ConnectAttempts, 1);
    CHECK_INT(m.ConnectFailures + m.InMsgs + m.OutMsgs + m.DroppedMsgs + m.Errors, 0);
    CHECK_INT(m.Connected, 1);
    CHECK_INT(m.Connections, 1);
    check_histogram(&m.RoundTrips, 0);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_message, &c));
    CHECK_OK(natsConnection_SubscribeSync(&sync, f.nc, "foo"));
    publish_numbers(f.nc, "foo", 0, 10); /* flushes */
    CHECK_REACHED(&c.messages, 10);
    CHECK_SOON(metrics_of(f.nc).Callbacks.Count == 10);
    m = metrics_of(f.nc);
    CHECK_INT(m.OutMsgs, 10);
    CHECK_INT(m.InMsgs, 20);
    CHECK_INT(m.InBytes, 20);
    CHECK_INT(m.OutBytes, 10);
    CHECK_INT(m.PendingMsgs, 10);
    CHECK_INT(m.PendingBytes, 10);
    CHECK_INT(m.Subscriptions, 2);
    check_histogram(&m.RoundTrips, 1);
    check_histogram(&m.Callbacks, 10);
    CHECK_OK(natsConnection_Flush(f.nc));
    CHECK_INT(metrics_of(f.nc).RoundTrips.Count, 2);
    total = metrics_of(NULL);
    CHECK_INT(total.Connections, 1);
    CHECK_INT(total.InMsgs, 20);
    natsSubscription_Destroy(sub);
    natsSubscription_Destroy(sync);
    fixture_end(&f);
    /* What it has done is still in the sums; its state is not. */
    CHECK_SOON(metrics_of(NULL).Connections == 0);
    total = metrics_of(NULL);
    CHECK_INT(total.InMsgs, 20);
    CHECK_INT(total.Callbacks.Count, 10);
    CHECK(total.RoundTrips.Count >= 2);
    CHECK_INT(total.PendingMsgs + total.Subscriptions + total.Connected, 0);
}

static void failures_and_slow_consumers(void) {
    natsSubscription *sub = NULL;
    natsConnection *nc;
    natsMetrics m;
    closure c;
    server s;
    int i;

    server_run(&s);
    nc = test_connect(options_recorded(s.url, &c));
    CHECK_OK(natsConnection_SubscribeSync(&sub, nc, "slow"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, 3, -1));
    for (i = 0; i < 10; i++)
        CHECK_OK(natsConnection_PublishString(nc, "slow", "1234"));
    CHECK_OK(natsConnection_Flush(nc));
    m = metrics_of(nc);
    CHECK_INT(m.DroppedMsgs, 7);
    CHECK_INT(m.PendingMsgs, 3);
    CHECK_INT(m.PendingBytes, 12);
    CHECK_INT(m.SlowConsumers, 1);
    CHECK_INT(m.Errors, 1);
    server_kill(&s);
    CHECK_SOON(metrics_of(nc).ConnectFailures >= 2);
    CHECK_INT(metrics_of(nc).Connected, 0);
    CHECK_OK(natsConnection_PublishString(nc, "kept", "x"));
    CHECK(metrics_of(nc).BufferedBytes > 0);
    server_restart(&s);
    CHECK_REACHED(&c.reconnected, 1);
    m = metrics_of(nc);
    CHECK_INT(m.Reconnects, 1);
    CHECK_INT(m.ConnectAttempts, m.ConnectFailures + 2);
    CHECK_INT(m.DroppedMsgs, 7);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* A callback that takes its time is in the bucket of that time. */
static void on_slow(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    nats_Sleep(20);
    on_message(nc, sub, msg, arg);
}

static void times_are_in_their_buckets(void) {
    natsSubscription *sub = NULL;
    natsMetrics m;
    closure c;
    fixture f;
    int i;

    closure_init(&c);
    fixture_start(&f);
    CHECK_OK(natsConnection_Subscribe(&sub, f.nc, "foo", on_slow, &c));
    CHECK_OK(natsConnection_PublishString(f.nc, "foo", "x"));
    CHECK_SOON(metrics_of(f.nc).Callbacks.Count == 1);
    m = metrics_of(f.nc);
    CHECK(m.Callbacks.SumNs >= 20 * 1000000);
    for (i = 0; i <= 7; i++) /* up to 16.4 ms */
        CHECK_INT(m.Callbacks.Buckets[i], 0);
    natsSubscription_Destroy(sub);
    fixture_end(&f);
}

/* Programs that were compiled with another version of the structure. */
static void structures_of_other_sizes(void) {
    struct {
        natsMetrics m;
        uint64_t more[4];
    } large;
    uint64_t small[4] = {7, 7, 7, 7};
    natsProcessMetrics p;
    fixture f;

    fixture_start(&f);
    publish_numbers(f.nc, "foo", 0, 3);
    memset(&large, 0xff, sizeof(large));
    CHECK_OK(natsConnection_GetMetrics(&large.m, sizeof(large), f.nc));
    CHECK_INT(large.m.OutMsgs, 3);
    CHECK_INT(large.more[0] + large.more[3], 0);
    CHECK_OK(natsConnection_GetMetrics((natsMetrics *)(void *)small, 3 * sizeof(uint64_t), f.nc));
    CHECK_INT(small[2], 3);
    CHECK_INT(small[3], 7);
    CHECK_STATUS(natsConnection_GetMetrics(&large.m, 7, f.nc), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetMetrics(NULL, sizeof(large.m), f.nc), NATS_INVALID_ARG);
    CHECK_STATUS(natsConnection_GetMetrics(&large.m, sizeof(large.m), NULL), NATS_INVALID_ARG);
    CHECK_STATUS(nats_GetMetrics(NULL, sizeof(large.m)), NATS_INVALID_ARG);
    CHECK_STATUS(nats_GetProcessMetrics(NULL, sizeof(p)), NATS_INVALID_ARG);
    CHECK_OK(nats_GetProcessMetrics(&p, sizeof(p)));
    CHECK(p.Threads >= 4 && p.Threads == (uint64_t)(count_threads() - 1));
    CHECK_INT(p.ConnectionHandles, 1);
    CHECK_INT(p.SubscriptionHandles, 0);
    CHECK_INT(p.LogLinesLost, 0);
    CHECK(p.MessageMemory >= p.UnusedMemory);
    fixture_end(&f);
    CHECK_OK(nats_GetProcessMetrics(&p, sizeof(p)));
    CHECK_INT(p.ConnectionHandles + p.OptionsHandles, 0);
}

/* The text as a connection that has received five messages has it. */
static void the_text(void) {
    natsSubscription *sub = NULL;
    natsOptions *opts;
    natsConnection *nc;
    char *text = NULL;
    int length = 0;
    char part[128], path[96], number[24];
    closure c;
    server s;
    FILE *file;

    closure_init(&c);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetName(opts, "a \"b\" \\"));
    nc = test_connect(opts);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_message, &c));
    publish_numbers(nc, "foo", 0, 5);
    CHECK_SOON(metrics_of(nc).Callbacks.Count == 5);
    CHECK_STATUS(nats_GetMetricsText(NULL, &length), NATS_INVALID_ARG);
    CHECK_OK(nats_GetMetricsText(&text, &length));
    CHECK_INT(strlen(text), length);
    snprintf(number, sizeof(number), "%" PRIu64, natsConnection_GetNumber(nc));
    snprintf(part, sizeof(part),
             "nats_received_messages_total{connection=\"%s\",name=\"a \\\"b\\\" \\\\\"} 5\n", number);
    CHECK_CONTAINS(text, part);
    CHECK_CONTAINS(text, "# TYPE nats_received_bytes counter\n# UNIT nats_received_bytes bytes\n");
    CHECK_CONTAINS(text, "# TYPE nats_callback_seconds histogram\n");
    CHECK_CONTAINS(text, ",le=\"+Inf\"} 5\n");
    CHECK_CONTAINS(text, "\nnats_handles{kind=\"connection\"} 1\n");
    CHECK_CONTAINS(text, "nats_build_info{version=\"" NATS_RS_VERSION "\",commit=\"");
    CHECK_STR(text + length - 6, "# EOF\n");
    free(text);
    /* The same into a file, whole and with nothing beside it. */
    snprintf(path, sizeof(path), "%s/metrics", s.dir);
    CHECK_STATUS(nats_WriteMetrics(NULL), NATS_INVALID_ARG);
    CHECK_STATUS(nats_WriteMetrics(""), NATS_INVALID_ARG);
    CHECK_STATUS(nats_WriteMetrics("/nonexistent/metrics"), NATS_SYS_ERROR);
    CHECK_ERROR(NATS_SYS_ERROR, "metrics to '/nonexistent/metrics': No such file or directory");
    CHECK_OK(nats_WriteMetrics(path));
    CHECK_OK(nats_WriteMetrics(path));
    file = fopen(path, "r");
    CHECK(file != NULL && fread(part, 1, 6, file) == 6 && fclose(file) == 0);
    CHECK(memcmp(part, "# TYPE", 6) == 0);
    strcat(path, ".new");
    CHECK(access(path, F_OK) != 0);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* A child made by fork counts its own connections. */
static void children_begin_anew(void) {
    natsOptions *opts;
    fixture f;
    pid_t child;

    fixture_start(&f);
    publish_numbers(f.nc, "foo", 0, 3);
    opts = test_options(f.s.url);
    child = fork();
    if (child == 0) {
        natsMetrics m;
        char *text = NULL;
        bool all = true;

        begin_child();
        WELL(&all, nats_GetMetrics(&m, sizeof(m)) == NATS_OK && m.Connections == 0 && m.OutMsgs == 0);
        WELL(&all, natsConnection_GetMetrics(&m, sizeof(m), f.nc) == NATS_ILLEGAL_STATE);
        WELL(&all, connect_works(opts));
        WELL(&all, nats_GetMetrics(&m, sizeof(m)) == NATS_OK && m.OutMsgs == 2 && m.ConnectAttempts == 1);
        WELL(&all, nats_GetMetricsText(&text, NULL) == NATS_OK && strstr(text, "# EOF") != NULL);
        free(text);
        end_child(all);
    }
    child_ends_well(child);
    CHECK_INT(metrics_of(NULL).OutMsgs, 3);
    natsOptions_Destroy(opts);
    fixture_end(&f);
}

static void what_it_was_built_from(void) {
    CHECK_STR(nats_rs_GetVersion(), NATS_RS_VERSION);
    CHECK_CONTAINS(nats_rs_GetBuildInfo(), "libnats_rs " NATS_RS_VERSION "; commit ");
    CHECK_CONTAINS(nats_rs_GetBuildInfo(), "; rustc ");
    CHECK_CONTAINS(nats_rs_GetBuildInfo(), "; TLS by rustls ");
}

static const test_case cases[] = {
    TEST(counters_of_a_connection),
    TEST(failures_and_slow_consumers),
    TEST(times_are_in_their_buckets),
    TEST(structures_of_other_sizes),
    TEST(the_text),
    TEST_OF_CHILDREN(children_begin_anew),
    TEST(what_it_was_built_from),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
