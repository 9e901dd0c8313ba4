/* Measures consuming a stream, one case in each run, with a library that has this interface; built like js.c. Prints one
 * line of JSON.
 *
 *   js_consume CASE URL COUNT
 *
 * The case "fill" stores the messages in the stream, which is in memory, before the measurement. Only this process is
 * measured; at the end the server has received all acknowledgements. */
#include "js.h"

#define MAX_COUNT 5000000L
#define SIZE 128
#define BATCH 500
#define ACK_PENDING 5000 /* messages that await their acks at the server, at most */
#define SUBJECT "bench.js"

static jsCtx *js;
static long count, got;
static struct gate all_here = GATE;

static void make_stream(void) {
    char payload[SIZE];

    memset(payload, 'x', sizeof payload);
    ask("$JS.API.STREAM.DELETE.BENCH", "");
    ask("$JS.API.STREAM.CREATE.BENCH",
        "{\"name\":\"BENCH\",\"subjects\":[\"" SUBJECT "\"],\"storage\":\"memory\"}");
    for (long i = 0; i < count; i++)
        CHECK(js_PublishAsync(js, SUBJECT, payload, SIZE, NULL));
    CHECK(js_PublishAsyncComplete(js, NULL));
}

static void on_message(natsConnection *conn, natsSubscription *sub, natsMsg *msg, void *ack) {
    (void)conn;
    (void)sub;
    if (natsMsg_GetDataLength(msg) != SIZE)
        fail("a message of another size");
    if (ack != NULL)
        CHECK(natsMsg_Ack(msg, NULL));
    natsMsg_Destroy(msg);
    if (++got == count)
        gate_open(&all_here);
}

static void push(jsSubOptions *options, bool ack) {
    natsSubscription *sub = NULL;

    CHECK(js_Subscribe(&sub, js, SUBJECT, on_message, ack ? &got : NULL, NULL, options, NULL));
    /* The server limits only consumers that wait for acknowledgements. */
    CHECK(natsSubscription_SetPendingLimits(sub, -1, -1));
    gate_pass(&all_here);
}

static void fetch(jsSubOptions *options) {
    natsSubscription *sub = NULL;

    CHECK(js_PullSubscribe(&sub, js, SUBJECT, "bench", NULL, options, NULL));
    while (got < count) {
        natsMsgList list;

        CHECK(natsSubscription_Fetch(&list, sub, BATCH, TIMEOUT_MS, NULL));
        for (int i = 0; i < list.Count; i++) {
            if (natsMsg_GetDataLength(list.Msgs[i]) != SIZE)
                fail("a message of another size");
            CHECK(natsMsg_Ack(list.Msgs[i], NULL));
        }
        got += list.Count;
        natsMsgList_Destroy(&list);
    }
}

int main(int argc, char **argv) {
    jsSubOptions options;
    jsOptions publishing;
    int64_t wall, cpu;

    if (argc != 4) {
        fprintf(stderr, "usage: js_consume CASE URL COUNT\n");
        return 2;
    }
    const char *name = argv[1];
    url = argv[2];
    count = strtol(argv[3], NULL, 10);
    if (count < BATCH || count > MAX_COUNT || count % BATCH != 0)
        fail("a count is a multiple of 500, up to 5000000");
    if (strcmp(name, "fill") != 0)
        run_elsewhere(argv, "fill");
    begin(false);
    CHECK(jsOptions_Init(&publishing));
    js = context(&publishing);
    if (strcmp(name, "fill") == 0) {
        make_stream();
        return 0;
    }
    CHECK(jsSubOptions_Init(&options));
    options.Config.MaxAckPending = ACK_PENDING;
    cpu = cpu_ns();
    wall = now_ns();
    if (strcmp(name, "js_fetch_500_ack") == 0) {
        fetch(&options);
    } else if (strcmp(name, "js_push_ack") == 0) {
        options.ManualAck = true;
        push(&options, true);
    } else if (strcmp(name, "js_push_ordered") == 0) {
        CHECK(jsSubOptions_Init(&options));
        options.Ordered = true;
        push(&options, false);
    } else {
        fail("no such case");
    }
    CHECK(natsConnection_FlushTimeout(nc, TIMEOUT_MS));
    wall = now_ns() - wall;
    cpu = cpu_ns() - cpu;
    if (got != count)
        fail("not as many messages as there are");
    tell(name, count, wall, cpu);
    end();
}
