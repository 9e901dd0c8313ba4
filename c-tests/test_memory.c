/* The memory of messages that wait or are kept, measured by the growth of the process. Under a tool that replaces
 * the allocator only the messages are checked, not the figures. */
#include "fixture.h"
#include "memory.h"
#include "test.h"

/* allocator: what its pages and the library's buffers may take beside messages. */
enum { ALLOCATOR = 1536 * 1024 };

static void check_grown(const char *what, int64_t before, int64_t count, int64_t each) {
    int64_t grown = memory_resident() - before;

    if (memory_counts() && grown > count * each + ALLOCATOR)
        check_failed(__FILE__, __LINE__, "%s: %" PRId64 " bytes each, %" PRId64 " allowed", what,
                     grown / count, each);
}

/* Has one subscription wait for count messages of a size, with a flush after so many. */
static void waiting(int size, int count, int flush) {
    static char body[100000];
    natsConnection *other;
    natsSubscription *sub = NULL;
    int64_t before;
    int msgs = 0, i;
    char what[64];
    static fixture f;

    fixture_start(&f);
    other = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "case-mem"));
    CHECK_OK(natsSubscription_SetPendingLimits(sub, -1, -1));
    CHECK_OK(natsConnection_Flush(f.nc));
    before = memory_resident();
    for (i = 0; i < count; i++) {
        CHECK_OK(natsConnection_Publish(other, "case-mem", body, size));
        if (i % flush == flush - 1)
            CHECK_OK(natsConnection_Flush(other));
    }
    CHECK_OK(natsConnection_Flush(other));
    CHECK_SOON(natsSubscription_GetPending(sub, &msgs, NULL) == NATS_OK && msgs == count);
    snprintf(what, sizeof(what), "%d bytes, flushed by %d", size, flush);
    check_grown(what, before, count, (8 + (int64_t)size) * 3 / 2 + 250);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(other);
    fixture_end(&f);
}

static void small_ones_that_trickle(void) { waiting(16, memory_counts() ? 20000 : 500, 1); }

static void one_kibibyte(void) { waiting(1024, memory_counts() ? 4000 : 200, 1); }

static void above_a_quarter_block(void) { waiting(4200, memory_counts() ? 2000 : 200, 1); }

static void about_a_block(void) { waiting(16384, memory_counts() ? 500 : 50, 1); }

static void in_bursts(void) { waiting(1000, memory_counts() ? 5000 : 500, 100); }

static void answer(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)sub;
    (void)arg;
    natsConnection_PublishString(nc, natsMsg_GetReply(msg), "0123456789abcdef");
    natsMsg_Destroy(msg);
}

static void kept_replies(void) {
    int count = memory_counts() ? 5000 : 300, i;
    natsMsg **kept = (natsMsg **)calloc((size_t)count, sizeof(*kept));
    natsSubscription *sub = NULL;
    natsConnection *other;
    int64_t before;
    static fixture f;

    CHECK(kept != NULL);
    fixture_start(&f);
    other = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_Subscribe(&sub, other, "service", answer, NULL));
    CHECK_OK(natsConnection_Flush(other));
    memset(kept, 0, (size_t)count * sizeof(*kept));
    before = memory_resident();
    for (i = 0; i < count; i++)
        CHECK_OK(natsConnection_RequestString(&kept[i], f.nc, "service", "?", deadline_ms()));
    check_grown("kept replies", before, count, (40 + 16) * 3 / 2 + 250);
    for (i = 0; i < count; i++) {
        CHECK_STR(natsMsg_GetData(kept[i]), "0123456789abcdef");
        natsMsg_Destroy(kept[i]);
    }
    free(kept);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(other);
    fixture_end(&f);
}

/* One message in a thousand goes to a subscription that nobody looks at, the others are destroyed at once. */
static void slow_beside_fast(void) {
    int count = memory_counts() ? 1000 : 10, msgs = 0, i, j;
    natsSubscription *slow = NULL, *fast = NULL;
    natsConnection *other;
    int64_t before;
    static fixture f;

    fixture_start(&f);
    other = test_connect_url(f.s.url);
    CHECK_OK(natsConnection_SubscribeSync(&slow, f.nc, "slow"));
    CHECK_OK(natsConnection_SubscribeSync(&fast, f.nc, "fast"));
    CHECK_OK(natsConnection_Flush(f.nc));
    before = memory_resident();
    for (i = 0; i < count; i++) {
        for (j = 0; j < 999; j++)
            CHECK_OK(natsConnection_PublishString(other, "fast", "0123456789abcdef"));
        CHECK_OK(natsConnection_PublishString(other, "slow", "0123456789abcdef"));
        CHECK_OK(natsConnection_Flush(other));
        for (j = 0; j < 999; j++)
            natsMsg_Destroy(test_next(fast));
    }
    CHECK_SOON(natsSubscription_GetPending(slow, &msgs, NULL) == NATS_OK && msgs == count);
    check_grown("slow beside fast", before, count, 4096);
    for (i = 0; i < count; i++)
        test_expect_next(slow, "0123456789abcdef");
    natsSubscription_Destroy(slow);
    natsSubscription_Destroy(fast);
    natsConnection_Destroy(other);
    fixture_end(&f);
}

static const test_case cases[] = {
    TEST(small_ones_that_trickle), TEST(one_kibibyte), TEST(above_a_quarter_block),
    TEST(about_a_block),           TEST(in_bursts),    TEST(kept_replies),
    TEST(slow_beside_fast),
};

int main(int argc, char **argv) { return RUN_TESTS(cases, argc, argv); }
