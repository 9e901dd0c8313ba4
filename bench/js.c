/* Measures publishing to a stream, one case in each run, with a library that has this interface. Built once against nats_rs.h and once,
 * with -DUSE_NATS_C, against <nats/nats.h>. Prints one line of JSON.
 *
 *   js CASE URL COUNT
 *
 * The URL is that of a nats-server with JetStream; the stream is in memory and new. Only this process is
 * measured, with getrusage: the rates depend mostly on the server. */
#include "js.h"

#define MAX_COUNT 20000000L
#define WARM_UP 200 /* sync publishes before they are measured */
#define WARM_UP_ASYNC 4096
#define SIZE 128
#define BATCH 1000
#define SUBJECT "bench.js"

static jsCtx *js;
static const char payload[SIZE + 1] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

static void make_stream(void) {
    ask("$JS.API.STREAM.DELETE.BENCH", "");
    ask("$JS.API.STREAM.CREATE.BENCH",
        "{\"name\":\"BENCH\",\"subjects\":[\"" SUBJECT
        "\"],\"storage\":\"memory\",\"allow_atomic\":true,\"max_msgs\":100000}");
}

static long told;

static void on_ack(jsCtx *ctx, natsMsg *msg, jsPubAck *pa, jsPubAckErr *pae, void *closure) {
    (void)ctx;
    (void)closure;
    if (pa == NULL || pae != NULL)
        fail("a message was not stored");
    told++;
    natsMsg_Destroy(msg);
}

static void publish_async(long count) {
    for (long i = 0; i < count; i++)
        CHECK(js_PublishAsync(js, SUBJECT, payload, SIZE, NULL));
    CHECK(js_PublishAsyncComplete(js, NULL));
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double publish_sync(int64_t *ns, long count) {
    for (long i = 0; i < count; i++) {
        int64_t begun = now_ns();

        CHECK(js_Publish(NULL, js, SUBJECT, payload, SIZE, NULL, NULL));
        ns[i] = now_ns() - begun;
    }
    qsort(ns, (size_t)count, sizeof *ns, ascending);
    return (double)ns[count / 2] / 1e3;
}

#ifndef USE_NATS_C
/* Batches of 1,000; the messages are created before the measurement. */
static void publish_batches(long count) {
    natsMsg *msg = NULL;

    CHECK(natsMsg_Create(&msg, SUBJECT, NULL, payload, SIZE));
    for (long i = 0; i < count; i += BATCH) {
        jsAtomicBatchCtx *batch = NULL;

        CHECK(js_BatchPublishStart(&batch, NULL, js, msg, NULL, NULL));
        for (int n = 2; n < BATCH; n++)
            CHECK(js_BatchPublishAdd(NULL, batch, msg, NULL, NULL));
        CHECK(js_BatchPublishCommit(NULL, batch, msg, NULL, NULL));
        jsAtomicBatchCtx_Destroy(batch);
    }
    natsMsg_Destroy(msg);
}
#endif

int main(int argc, char **argv) {
    jsOptions options;
    double p50 = -1;
    int64_t wall, cpu;
    long count;

    if (argc != 4) {
        fprintf(stderr, "usage: js CASE URL COUNT\n");
        return 2;
    }
    const char *name = argv[1];
    url = argv[2];
    count = strtol(argv[3], NULL, 10);
    if (count < BATCH || count > MAX_COUNT || count % BATCH != 0)
        fail("a count is a multiple of 1000, up to 20000000");
    begin(strstr(name, "_asap") != NULL);
    make_stream();
    CHECK(jsOptions_Init(&options));
    if (strstr(name, "_handler") != NULL)
        options.PublishAsync.AckHandler = on_ack;
    js = context(&options);

    int64_t *ns = calloc((size_t)count, sizeof *ns);
    if (ns == NULL)
        fail("no memory");
    if (strncmp(name, "js_sync", 7) == 0)
        publish_sync(ns, WARM_UP);
    else if (strncmp(name, "js_async", 8) == 0)
        publish_async(WARM_UP_ASYNC);
    told = 0;
    cpu = cpu_ns();
    wall = now_ns();
    if (strncmp(name, "js_sync", 7) == 0)
        p50 = publish_sync(ns, count);
    else if (strncmp(name, "js_async", 8) == 0)
        publish_async(count);
#ifndef USE_NATS_C
    else if (strcmp(name, "js_batch_1000") == 0)
        publish_batches(count);
#endif
    else
        fail("no such case");
    wall = now_ns() - wall;
    cpu = cpu_ns() - cpu;
    if (options.PublishAsync.AckHandler != NULL && told != count)
        fail("the handler was not told of all");
    tell(name, count, wall, cpu);
    if (p50 >= 0)
        printf(", \"p50_us\": %.2f", p50);
    end();
}
