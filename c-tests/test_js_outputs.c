/* Outputs of failed JetStream calls: they stay unchanged, except for the error code, which is the server's or 0.
 *
 * Each function is called with a context that is NULL or destroyed, with one of a closed connection, and with one
 * of a server without JetStream. All outputs are filled with a pattern, which must not change. */
#include "server.h"
#include "test.h"

enum { PATTERN = 0xA5 };

typedef struct outputs {
    void *pointer;
    void *second;
    uint64_t number;
    natsMsgList list;
    jsDirectBatchInfo info;
    jsErrCode code;
} outputs;

typedef struct world {
    jsCtx *js;
    jsOptions *opts;
    outputs o;
    natsMsg *msg;
    jsFastBatchCtx *batch;
} world;

typedef natsStatus (*call)(world *w);

#define OUT(type) ((type **)(void *)&w->o.pointer)
#define OUT2(type) ((type **)(void *)&w->o.second)
#define CALL(name, ...)                                                                                      \
    static natsStatus name(world *w) { return __VA_ARGS__; }

static jsStreamConfig stream_config;
static jsConsumerConfig consumer_config;
static jsDirectGetMsgOptions direct;
static jsDirectBatchOptions direct_batch;
static const char *subjects[] = {"s"};

CALL(add_stream, js_AddStream(OUT(jsStreamInfo), w->js, &stream_config, w->opts, &w->o.code))
CALL(update_stream, js_UpdateStream(OUT(jsStreamInfo), w->js, &stream_config, w->opts, &w->o.code))
CALL(purge_stream, js_PurgeStream(w->js, "S", w->opts, &w->o.code))
CALL(delete_stream, js_DeleteStream(w->js, "S", w->opts, &w->o.code))
CALL(get_msg, js_GetMsg(OUT(natsMsg), w->js, "S", 1, w->opts, &w->o.code))
CALL(get_last_msg, js_GetLastMsg(OUT(natsMsg), w->js, "S", "s", w->opts, &w->o.code))
CALL(direct_get_msg, js_DirectGetMsg(OUT(natsMsg), w->js, "S", w->opts, &direct))
CALL(delete_msg, js_DeleteMsg(w->js, "S", 1, w->opts, &w->o.code))
CALL(erase_msg, js_EraseMsg(w->js, "S", 1, w->opts, &w->o.code))
CALL(stream_info, js_GetStreamInfo(OUT(jsStreamInfo), w->js, "S", w->opts, &w->o.code))
CALL(streams, js_Streams(OUT(jsStreamInfoList), w->js, w->opts, &w->o.code))
CALL(stream_names, js_StreamNames(OUT(jsStreamNamesList), w->js, w->opts, &w->o.code))
CALL(add_consumer, js_AddConsumer(OUT(jsConsumerInfo), w->js, "S", &consumer_config, w->opts, &w->o.code))
CALL(update_consumer,
     js_UpdateConsumer(OUT(jsConsumerInfo), w->js, "S", &consumer_config, w->opts, &w->o.code))
CALL(consumer_info, js_GetConsumerInfo(OUT(jsConsumerInfo), w->js, "S", "C", w->opts, &w->o.code))
CALL(delete_consumer, js_DeleteConsumer(w->js, "S", "C", w->opts, &w->o.code))
CALL(pause_consumer, js_PauseConsumer(OUT(jsConsumerPauseResponse), w->js, "S", "C", 0, w->opts, &w->o.code))
CALL(unpin_consumer, js_UnpinConsumer(w->js, "S", "C", "g", w->opts, &w->o.code))
CALL(consumers, js_Consumers(OUT(jsConsumerInfoList), w->js, "S", w->opts, &w->o.code))
CALL(consumer_names, js_ConsumerNames(OUT(jsConsumerNamesList), w->js, "S", w->opts, &w->o.code))
CALL(account_info, js_GetAccountInfo(OUT(jsAccountInfo), w->js, w->opts, &w->o.code))
CALL(publish, js_Publish(OUT(jsPubAck), w->js, "s", "x", 1, NULL, &w->o.code))
CALL(publish_msg, js_PublishMsg(OUT(jsPubAck), w->js, w->msg, NULL, &w->o.code))
/* Additions. */
CALL(create_or_update_stream,
     js_CreateOrUpdateStream(OUT(jsStreamInfo), w->js, &stream_config, w->opts, &w->o.code))
CALL(purge_count, js_PurgeStreamCount(&w->o.number, w->js, "S", w->opts, &w->o.code))
CALL(create_consumer,
     js_CreateConsumer(OUT(jsConsumerInfo), w->js, "S", &consumer_config, w->opts, &w->o.code))
CALL(replace_consumer,
     js_ReplaceConsumer(OUT(jsConsumerInfo), w->js, "S", &consumer_config, w->opts, &w->o.code))
CALL(reset_consumer, js_ResetConsumer(OUT(jsConsumerResetResponse), w->js, "S", "C", 1, w->opts, &w->o.code))
CALL(add_with_extra,
     js_AddStreamWithExtra(OUT(jsStreamInfo), w->js, &stream_config, NULL, w->opts, &w->o.code))
CALL(update_with_extra,
     js_UpdateStreamWithExtra(OUT(jsStreamInfo), w->js, &stream_config, NULL, w->opts, &w->o.code))
CALL(list_streams, js_ListStreams(OUT(jsStreamInfoList), OUT2(jsStreamNamesList), w->js, w->opts, &w->o.code))
CALL(list_consumers,
     js_ListConsumers(OUT(jsConsumerInfoList), OUT2(jsConsumerNamesList), w->js, "S", w->opts, &w->o.code))
CALL(step_down_stream, js_StepDownStream(w->js, "S", NULL, w->opts, &w->o.code))
CALL(step_down_consumer, js_StepDownConsumer(w->js, "S", "C", NULL, w->opts, &w->o.code))
CALL(get_counter, js_GetCounter(OUT(char), w->js, "S", "s", w->opts, &w->o.code))
CALL(add_to_counter, js_AddToCounter(OUT(char), w->js, "s", "1", NULL, &w->o.code))
CALL(direct_get_msgs, js_DirectGetMsgs(&w->o.list, &w->o.info, w->js, "S", w->opts, &direct_batch))
CALL(direct_get_last_msgs, js_DirectGetLastMsgs(&w->o.list, w->js, "S", subjects, 1, w->opts))
CALL(direct_get_payload, js_DirectGetPayload(OUT(natsMsg), w->js, "S", w->opts, &direct))
CALL(name_by_subject, js_StreamNameBySubject(OUT(char), w->js, "s", w->opts, &w->o.code))
CALL(fast_publish_add, js_FastPublishAdd(w->batch, w->msg, NULL, &w->o.code))
CALL(fast_publish_add_data, js_FastPublishAddData(w->batch, "s", "x", 1, NULL, &w->o.code))
CALL(fast_publish_commit, js_FastPublishCommit(OUT(jsPubAck), w->batch, w->msg, NULL, &w->o.code))

typedef struct row {
    const char *name;
    call run;
    bool has_code;
} row;

static const row rows[] = {
#define ROW(name)                                                                                            \
    { #name, name, true }
    ROW(add_stream),
    ROW(update_stream),
    ROW(purge_stream),
    ROW(delete_stream),
    ROW(get_msg),
    ROW(get_last_msg),
    {"direct_get_msg", direct_get_msg, false},
    ROW(delete_msg),
    ROW(erase_msg),
    ROW(stream_info),
    ROW(streams),
    ROW(stream_names),
    ROW(add_consumer),
    ROW(update_consumer),
    ROW(consumer_info),
    ROW(delete_consumer),
    ROW(pause_consumer),
    ROW(unpin_consumer),
    ROW(consumers),
    ROW(consumer_names),
    ROW(account_info),
    ROW(publish),
    ROW(publish_msg),
    ROW(create_or_update_stream),
    ROW(purge_count),
    ROW(create_consumer),
    ROW(replace_consumer),
    ROW(reset_consumer),
    ROW(add_with_extra),
    ROW(update_with_extra),
    ROW(list_streams),
    ROW(list_consumers),
    ROW(step_down_stream),
    ROW(step_down_consumer),
    {"get_counter", get_counter, false},
    ROW(add_to_counter),
    {"direct_get_msgs", direct_get_msgs, false},
    {"direct_get_last_msgs", direct_get_last_msgs, false},
    {"direct_get_payload", direct_get_payload, false},
    ROW(name_by_subject),
    ROW(fast_publish_add),
    ROW(fast_publish_add_data),
    ROW(fast_publish_commit),
};

static bool is_pattern(const void *memory, size_t size) {
    const unsigned char *bytes = (const unsigned char *)memory;
    size_t i;

    for (i = 0; i < size; i++)
        if (bytes[i] != PATTERN)
            return false;
    return true;
}

static int check_all(const char *what, jsCtx *js, jsFastBatchCtx *batch, natsStatus status, jsErrCode code) {
    jsOptions opts;
    world w;
    size_t i;
    int wrong = 0;

    CHECK_OK(jsOptions_Init(&opts));
    w.js = js;
    w.opts = &opts;
    w.batch = batch;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        natsStatus s;

        memset(&w.o, PATTERN, sizeof(w.o));
        w.msg = test_msg("s", NULL, "x");
        s = rows[i].run(&w);
        natsMsg_Destroy(w.msg);
        if (s != status || !is_pattern(&w.o.pointer, sizeof(w.o.pointer)) ||
            !is_pattern(&w.o.second, sizeof(w.o.second)) || !is_pattern(&w.o.number, sizeof(w.o.number)) ||
            !is_pattern(&w.o.list, sizeof(w.o.list)) || !is_pattern(&w.o.info, sizeof(w.o.info)) ||
            (rows[i].has_code && w.o.code != code)) {
            fprintf(stderr, "%s with %s: %s, code %d, pointer %p, number %" PRIx64 "\n", rows[i].name, what,
                    natsStatus_GetText(s), (int)w.o.code, w.o.pointer, w.o.number);
            wrong++;
        }
    }
    return wrong;
}

static void failing_calls_leave_their_outputs_alone(void) {
    server s;
    natsConnection *nc;
    jsCtx *js = NULL, *gone = NULL;
    jsFastBatchCtx *batch = NULL, *later = NULL, *ended = NULL;
    int wrong = 0;

    CHECK_OK(jsStreamConfig_Init(&stream_config));
    stream_config.Name = "S";
    CHECK_OK(jsConsumerConfig_Init(&consumer_config));
    consumer_config.Durable = "C";
    CHECK_OK(jsDirectGetMsgOptions_Init(&direct));
    direct.Sequence = 1;
    CHECK_OK(jsDirectBatchOptions_Init(&direct_batch));
    direct_batch.Batch = 2;
    server_run(&s);
    nc = test_connect_url(s.url);
    CHECK_OK(natsConnection_JetStream(&js, nc, NULL));
    CHECK_OK(natsConnection_JetStream(&gone, nc, NULL));
    CHECK_OK(js_FastPublishStart(&batch, js, NULL));
    CHECK_OK(js_FastPublishStart(&later, js, NULL));
    CHECK_OK(js_FastPublishStart(&ended, js, NULL));
    jsFastBatchCtx_Destroy(ended);
    jsCtx_Destroy(gone);
    wrong += check_all("NULL", NULL, NULL, NATS_INVALID_ARG, (jsErrCode)0);
    wrong += check_all("a context that was destroyed", gone, ended, NATS_INVALID_ARG, (jsErrCode)0);
    wrong += check_all("no JetStream", js, batch, NATS_NO_RESPONDERS, JSNotEnabledErr);
    natsConnection_Close(nc);
    wrong += check_all("a connection that is closed", js, later, NATS_CONNECTION_CLOSED, (jsErrCode)0);
    ended = NULL;
    CHECK_STATUS(js_FastPublishStart(&ended, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishStart(&ended, gone, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_FastPublishStart(&ended, js, NULL), NATS_CONNECTION_CLOSED);
    CHECK(ended == NULL);
    jsFastBatchCtx_Destroy(batch);
    jsFastBatchCtx_Destroy(later);
    CHECK_INT(wrong, 0);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(failing_calls_leave_their_outputs_alone),
    };

    return RUN_TESTS(cases, argc, argv);
}
