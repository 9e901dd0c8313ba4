/* Managing streams, and single messages of streams. */
#include "jetstream.h"
#include "server.h"

typedef struct fixture {
    server s;
    natsConnection *nc;
    jsCtx *js;
} fixture;

static void start(fixture *f) {
    jsOptions opts;

    char text[1024];

    server_run_jetstream(&f->s);
    f->nc = test_connect_url(f->s.url);
    /* Waits until JetStream is there. */
    api_request(f->nc, "INFO", "", text, sizeof(text));
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = deadline_ms();
    CHECK_OK(natsConnection_JetStream(&f->js, f->nc, &opts));
}

static void end(fixture *f) {
    jsCtx_Destroy(f->js);
    natsConnection_Destroy(f->nc);
    server_stop(&f->s);
}

static void publish(fixture *f, const char *subject, const char *text) {
    natsMsg *reply = NULL;

    CHECK_OK(natsConnection_RequestString(&reply, f->nc, subject, text, deadline_ms()));
    CHECK_CONTAINS(natsMsg_GetData(reply), "\"seq\":");
    natsMsg_Destroy(reply);
}

static void config_init(jsStreamConfig *cfg, const char *name, const char **subjects, int count) {
    CHECK_OK(jsStreamConfig_Init(cfg));
    cfg->Name = name;
    cfg->Subjects = subjects;
    cfg->SubjectsLen = count;
}

static void a_stream_from_its_creation_to_its_end(void) {
    fixture f;
    jsStreamConfig cfg;
    jsStreamInfo *si = NULL;
    jsErrCode code = (jsErrCode)1;
    const char *subjects[] = {"a.*", "b"};
    const char *metadata[] = {"owner", "me \"quoted\""};

    start(&f);
    config_init(&cfg, "S", subjects, 2);
    cfg.Description = "d";
    cfg.MaxMsgs = 10;
    cfg.MaxAge = INT64_C(3600000000000);
    cfg.Storage = js_MemoryStorage;
    cfg.AllowDirect = true;
    cfg.Metadata.List = metadata;
    cfg.Metadata.Count = 1;
    cfg.ConsumerLimits.MaxAckPending = 7;
    CHECK_OK(js_AddStream(&si, f.js, &cfg, NULL, &code));
    CHECK_INT(code, 0);
    CHECK_STR(si->Config->Name, "S");
    CHECK_INT(si->Config->SubjectsLen, 2);
    CHECK_STR(si->Config->Subjects[1], "b");
    CHECK_STR(si->Config->Description, "d");
    CHECK_INT(si->Config->MaxAge, INT64_C(3600000000000));
    CHECK_INT(si->Config->Storage, js_MemoryStorage);
    CHECK_INT(si->Config->ConsumerLimits.MaxAckPending, 7);
    CHECK(si->Config->AllowDirect);
    CHECK(si->Created > INT64_C(1600000000000000000));
    CHECK_INT(si->State.Msgs, 0);
    jsStreamInfo_Destroy(si);

    /* The same again is no error, and no info need be asked for. */
    CHECK_OK(js_AddStream(NULL, f.js, &cfg, NULL, NULL));
    cfg.MaxMsgs = 11;
    CHECK_STATUS(js_AddStream(NULL, f.js, &cfg, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSStreamNameExistErr);
    CHECK_ERROR(NATS_ERR, "stream name already in use");

    publish(&f, "a.x", "1");
    si = NULL;
    CHECK_OK(js_GetStreamInfo(&si, f.js, "S", NULL, &code));
    CHECK_INT(si->State.Msgs, 1);
    CHECK_INT(si->State.LastSeq, 1);
    CHECK(si->State.LastTime > 0);
    CHECK(si->State.Subjects == NULL);
    si->Config->MaxMsgs = 12;
    CHECK_OK(js_UpdateStream(NULL, f.js, si->Config, NULL, NULL));
    jsStreamInfo_Destroy(si);
    si = NULL;
    CHECK_OK(js_GetStreamInfo(&si, f.js, "S", NULL, NULL));
    CHECK_INT(si->Config->MaxMsgs, 12);
    jsStreamInfo_Destroy(si);
    jsStreamInfo_Destroy(NULL);

    CHECK_OK(js_DeleteStream(f.js, "S", NULL, &code));
    si = NULL;
    CHECK_STATUS(js_GetStreamInfo(&si, f.js, "S", NULL, &code), NATS_NOT_FOUND);
    CHECK_INT(code, JSStreamNotFoundErr);
    CHECK(si == NULL);
    CHECK_STATUS(js_DeleteStream(f.js, "S", NULL, NULL), NATS_NOT_FOUND);
    CHECK_STATUS(js_PurgeStream(f.js, "S", NULL, NULL), NATS_NOT_FOUND);
    CHECK_STATUS(js_UpdateStream(NULL, f.js, &cfg, NULL, &code), NATS_NOT_FOUND);
    CHECK_INT(code, JSStreamNotFoundErr);
    end(&f);
}

static void names_and_choices_are_checked(void) {
    fixture f;
    jsStreamConfig cfg;
    jsStreamSource source;
    jsExternalStream external;
    jsErrCode code = (jsErrCode)1;

    start(&f);
    config_init(&cfg, NULL, NULL, 0);
    CHECK_STATUS(js_AddStream(NULL, f.js, NULL, NULL, &code), NATS_INVALID_ARG);
    CHECK_INT(code, 0);
    CHECK_ERROR(NATS_INVALID_ARG, "stream configuration required");
    CHECK_STATUS(js_AddStream(NULL, f.js, &cfg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "stream name is required");
    cfg.Name = "a.b";
    CHECK_STATUS(js_AddStream(NULL, f.js, &cfg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid stream name 'a.b' (cannot contain '.')");
    cfg.Name = "S";
    cfg.Retention = (jsRetentionPolicy)77;
    CHECK_STATUS(js_AddStream(NULL, f.js, &cfg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid retention policy 77");
    cfg.Retention = js_LimitsPolicy;
    CHECK_OK(jsStreamSource_Init(&source));
    CHECK_OK(jsExternalStream_Init(&external));
    external.APIPrefix = "$JS.far.API";
    source.Name = "O";
    source.Domain = "far";
    source.External = &external;
    cfg.Mirror = &source;
    CHECK_STATUS(js_AddStream(NULL, f.js, &cfg, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "mirror's domain and external are both set");
    CHECK_STATUS(js_DeleteStream(f.js, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "stream name is required");
    end(&f);
}

/* A program changes what it was told, or a copy of that. */
static void what_c_has_no_place_for_survives_an_update(void) {
    fixture f;
    jsStreamInfo *si = NULL;
    jsStreamConfig copy;
    char text[4096];

    start(&f);
    stream_create(f.nc, "O", "\"o.>\"", "");
    api_request(
        f.nc, "STREAM.CREATE.S",
        "{\"name\":\"S\",\"sources\":[{\"name\":\"O\",\"subject_transforms\":[{\"src\":\"o.>\",\"dest\":"
        "\"s.>\"}]}]}",
        text, sizeof(text));
    CHECK_OK(js_GetStreamInfo(&si, f.js, "S", NULL, NULL));
    copy = *si->Config;
    copy.Description = "changed";
    CHECK_OK(js_UpdateStream(NULL, f.js, &copy, NULL, NULL));
    jsStreamInfo_Destroy(si);
    api_request(f.nc, "STREAM.INFO.S", "", text, sizeof(text));
    CHECK_CONTAINS(text, "\"description\":\"changed\"");
    CHECK_CONTAINS(text, "\"dest\":\"s.\\u003e\"");
    end(&f);
}

static void purges(void) {
    fixture f;
    jsOptions opts;
    int i;

    start(&f);
    stream_create(f.nc, "S", "\"a\",\"b\"", "");
    for (i = 0; i < 10; i++)
        publish(&f, i % 2 == 0 ? "a" : "b", "x");
    CHECK_OK(jsOptions_Init(&opts));
    opts.Stream.Purge.Subject = "a";
    opts.Stream.Purge.Keep = 1;
    CHECK_OK(js_PurgeStream(f.js, "S", &opts, NULL));
    CHECK_INT(stream_messages(f.nc, "S"), 6);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Stream.Purge.Sequence = 5;
    CHECK_OK(js_PurgeStream(f.js, "S", &opts, NULL));
    CHECK_INT(stream_messages(f.nc, "S"), 4);
    opts.Stream.Purge.Keep = 1;
    CHECK_STATUS(js_PurgeStream(f.js, "S", &opts, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "mutually exclusive");
    CHECK_OK(js_PurgeStream(f.js, "S", NULL, NULL));
    CHECK_INT(stream_messages(f.nc, "S"), 0);
    end(&f);
}

static void infos_with_subjects_and_deleted(void) {
    fixture f;
    jsOptions opts;
    jsStreamInfo *si = NULL;
    int i;

    start(&f);
    stream_create(f.nc, "S", "\"a.*\"", "");
    publish(&f, "a.x", "1");
    publish(&f, "a.y", "2");
    publish(&f, "a.x", "3");
    CHECK_OK(js_DeleteMsg(f.js, "S", 2, NULL, NULL));
    publish(&f, "a.x", "4");
    CHECK_OK(jsOptions_Init(&opts));
    opts.Stream.Info.DeletedDetails = true;
    opts.Stream.Info.SubjectsFilter = ">";
    CHECK_OK(js_GetStreamInfo(&si, f.js, "S", &opts, NULL));
    CHECK_INT(si->State.NumDeleted, 1);
    CHECK_INT(si->State.DeletedLen, 1);
    CHECK_INT(si->State.Deleted[0], 2);
    CHECK(si->State.Subjects != NULL);
    for (i = 0; i < si->State.Subjects->Count; i++) {
        if (strcmp(si->State.Subjects->List[i].Subject, "a.x") == 0)
            CHECK_INT(si->State.Subjects->List[i].Msgs, 3);
    }
    CHECK_INT(si->State.Subjects->Count, 1);
    jsStreamInfo_Destroy(si);
    end(&f);
}

static void single_messages(void) {
    fixture f;
    natsMsg *msg = NULL, *stored = NULL, *reply = NULL;
    const char *value = NULL;
    jsErrCode code = (jsErrCode)1;
    jsDirectGetMsgOptions which;

    start(&f);
    stream_create(f.nc, "S", "\"a.*\"", ",\"allow_direct\":true");
    stored = test_msg("a.x", NULL, "one");
    CHECK_OK(natsMsgHeader_Set(stored, "Mine", "yes"));
    CHECK_OK(natsConnection_RequestMsg(&reply, f.nc, stored, deadline_ms()));
    natsMsg_Destroy(stored);
    natsMsg_Destroy(reply);
    publish(&f, "a.y", "");
    publish(&f, "a.x", "three");

    CHECK_OK(js_GetMsg(&msg, f.js, "S", 1, NULL, &code));
    CHECK_INT(code, 0);
    CHECK_STR(natsMsg_GetSubject(msg), "a.x");
    CHECK_STR(natsMsg_GetData(msg), "one");
    CHECK(natsMsg_GetReply(msg) == NULL);
    CHECK_OK(natsMsgHeader_Get(msg, "Mine", &value));
    CHECK_STR(value, "yes");
    CHECK_INT(natsMsg_GetSequence(msg), 1);
    CHECK(natsMsg_GetTime(msg) > INT64_C(1600000000000000000));
    natsMsg_Destroy(msg);
    CHECK_OK(js_GetMsg(&msg, f.js, "S", 2, NULL, NULL));
    CHECK_INT(natsMsg_GetDataLength(msg), 0);
    natsMsg_Destroy(msg);
    CHECK_OK(js_GetLastMsg(&msg, f.js, "S", "a.x", NULL, NULL));
    CHECK_STR(natsMsg_GetData(msg), "three");
    natsMsg_Destroy(msg);
    msg = NULL;
    CHECK_STATUS(js_GetMsg(&msg, f.js, "S", 99, NULL, &code), NATS_NOT_FOUND);
    CHECK_INT(code, JSNoMessageFoundErr);
    CHECK(msg == NULL);
    CHECK_STATUS(js_GetLastMsg(&msg, f.js, "S", "a.z", NULL, NULL), NATS_NOT_FOUND);
    CHECK_STATUS(js_GetMsg(&msg, f.js, "none", 1, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSStreamNotFoundErr);
    CHECK_STATUS(js_GetMsg(&msg, f.js, "S", 0, NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_GetLastMsg(&msg, f.js, "S", "", NULL, NULL), NATS_INVALID_ARG);

    CHECK_OK(jsDirectGetMsgOptions_Init(&which));
    which.Sequence = 1;
    CHECK_OK(js_DirectGetMsg(&msg, f.js, "S", NULL, &which));
    CHECK_STR(natsMsg_GetSubject(msg), "a.x");
    CHECK_STR(natsMsg_GetData(msg), "one");
    CHECK_INT(natsMsg_GetSequence(msg), 1);
    CHECK_OK(natsMsgHeader_Get(msg, "Mine", &value));
    CHECK_STR(value, "yes");
    CHECK_OK(natsMsgHeader_Get(msg, "Nats-Stream", &value));
    CHECK_STR(value, "S");
    natsMsg_Destroy(msg);
    which.Sequence = 2;
    which.NextBySubject = "a.x";
    CHECK_OK(js_DirectGetMsg(&msg, f.js, "S", NULL, &which));
    CHECK_INT(natsMsg_GetSequence(msg), 3);
    natsMsg_Destroy(msg);
    which.LastBySubject = "a.y";
    CHECK_OK(js_DirectGetMsg(&msg, f.js, "S", NULL, &which));
    CHECK_INT(natsMsg_GetSequence(msg), 2);
    natsMsg_Destroy(msg);
    which.LastBySubject = "a.z";
    msg = NULL;
    CHECK_STATUS(js_DirectGetMsg(&msg, f.js, "S", NULL, &which), NATS_NOT_FOUND);
    CHECK(msg == NULL);
    CHECK_OK(jsDirectGetMsgOptions_Init(&which));
    CHECK_STATUS(js_DirectGetMsg(&msg, f.js, "S", NULL, &which), NATS_ERR);
    CHECK_ERROR(NATS_ERR, "error getting message: ");

    CHECK_OK(js_DeleteMsg(f.js, "S", 1, NULL, &code));
    CHECK_OK(js_EraseMsg(f.js, "S", 2, NULL, &code));
    CHECK_INT(stream_messages(f.nc, "S"), 1);
    CHECK_STATUS(js_EraseMsg(f.js, "S", 2, NULL, &code), NATS_ERR);
    CHECK_INT(code, JSSequenceNotFoundErr);
    CHECK_STATUS(js_DeleteMsg(f.js, "none", 1, NULL, &code), NATS_NOT_FOUND);
    CHECK_INT(code, JSStreamNotFoundErr);
    end(&f);
}

static void nobody_answers(void) {
    fixture f;
    jsOptions opts;
    jsErrCode code = (jsErrCode)1;
    jsStreamInfo *si = NULL;
    natsSubscription *sub = NULL;

    start(&f);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Domain = "far";
    CHECK_STATUS(js_GetStreamInfo(&si, f.js, "S", &opts, &code), NATS_NO_RESPONDERS);
    CHECK_INT(code, JSNotEnabledErr);
    /* Somebody listens and does not answer. */
    CHECK_OK(natsConnection_SubscribeSync(&sub, f.nc, "silent.>"));
    CHECK_OK(jsOptions_Init(&opts));
    opts.Prefix = "silent.";
    opts.Wait = 20;
    CHECK_STATUS(js_GetStreamInfo(&si, f.js, "S", &opts, &code), NATS_TIMEOUT);
    CHECK_INT(code, 0);
    natsSubscription_Destroy(sub);
    CHECK(si == NULL);
    natsConnection_Close(f.nc);
    CHECK_STATUS(js_DeleteStream(f.js, "S", NULL, &code), NATS_CONNECTION_CLOSED);
    end(&f);
}

#if OURS
static void create_or_update(void) {
    fixture f;
    jsStreamConfig cfg;
    jsStreamInfo *si = NULL;
    const char *subjects[] = {"a"};
    char *name = NULL;
    uint64_t purged = 0;

    start(&f);
    config_init(&cfg, "S", subjects, 1);
    cfg.MaxMsgs = 5;
    CHECK_OK(js_CreateOrUpdateStream(NULL, f.js, &cfg, NULL, NULL));
    cfg.MaxMsgs = 6;
    CHECK_OK(js_CreateOrUpdateStream(&si, f.js, &cfg, NULL, NULL));
    CHECK_INT(si->Config->MaxMsgs, 6);
    jsStreamInfo_Destroy(si);
    publish(&f, "a", "1");
    publish(&f, "a", "2");
    CHECK_OK(js_PurgeStreamCount(&purged, f.js, "S", NULL, NULL));
    CHECK_INT(purged, 2);
    CHECK_OK(js_StreamNameBySubject(&name, f.js, "a", NULL, NULL));
    CHECK_STR(name, "S");
    free(name);
    name = NULL;
    CHECK_STATUS(js_StreamNameBySubject(&name, f.js, "b", NULL, NULL), NATS_NOT_FOUND);
    CHECK_STATUS(js_StreamNameBySubject(&name, f.js, NULL, NULL, NULL), NATS_INVALID_ARG);
    CHECK(name == NULL);
    end(&f);
}

static void many_messages_at_once(void) {
    fixture f;
    natsMsgList list;
    natsMsg *msg = NULL;
    jsDirectBatchOptions batch;
    jsDirectBatchInfo info;
    jsDirectGetMsgOptions which;
    const char *subjects[] = {"a.1", "a.2"};
    char subject[8], payload[8];
    int i;

    start(&f);
    stream_create(f.nc, "S", "\"a.*\"", ",\"allow_direct\":true");
    for (i = 0; i < 10; i++) {
        snprintf(subject, sizeof(subject), "a.%d", i % 5);
        snprintf(payload, sizeof(payload), "%d", i);
        publish(&f, subject, payload);
    }
    memset(&list, 0, sizeof(list));
    CHECK_OK(jsDirectBatchOptions_Init(&batch));
    CHECK_STATUS(js_DirectGetMsgs(&list, NULL, f.js, "S", NULL, &batch), NATS_INVALID_ARG);
    batch.Batch = 4;
    batch.Sequence = 2;
    CHECK_OK(js_DirectGetMsgs(&list, &info, f.js, "S", NULL, &batch));
    CHECK_INT(list.Count, 4);
    for (i = 0; i < 4; i++)
        CHECK_INT(natsMsg_GetSequence(list.Msgs[i]), i + 2);
    CHECK_STR(natsMsg_GetSubject(list.Msgs[0]), "a.1");
    CHECK_INT(info.NumPending, 5);
    CHECK_INT(info.LastSequence, 5);
    natsMsgList_Destroy(&list);
    batch.Sequence = 99;
    CHECK_STATUS(js_DirectGetMsgs(&list, &info, f.js, "S", NULL, &batch), NATS_NOT_FOUND);
    batch.Batch = -1;
    CHECK_STATUS(js_DirectGetMsgs(&list, &info, f.js, "S", NULL, &batch), NATS_INVALID_ARG);
    batch.Batch = 1;
    batch.StartTime = -1;
    CHECK_STATUS(js_DirectGetMsgs(&list, &info, f.js, "S", NULL, &batch), NATS_INVALID_ARG);
    batch.StartTime = 0;
    batch.UpToTime = -1;
    CHECK_STATUS(js_DirectGetMsgs(&list, &info, f.js, "S", NULL, &batch), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "UpToTime (-1) cannot be negative");

    CHECK_OK(jsDirectBatchOptions_Init(&batch));
    batch.MultiLast = subjects;
    batch.MultiLastLen = 2;
    batch.UpToSequence = 7;
    CHECK_OK(js_DirectGetMsgs(&list, &info, f.js, "S", NULL, &batch));
    CHECK_INT(list.Count, 2);
    CHECK_STR(natsMsg_GetData(list.Msgs[0]), "2");
    CHECK_STR(natsMsg_GetData(list.Msgs[1]), "6");
    natsMsgList_Destroy(&list);

    CHECK_OK(js_DirectGetLastMsgs(&list, f.js, "S", subjects, 2, NULL));
    CHECK_INT(list.Count, 2);
    CHECK_STR(natsMsg_GetData(list.Msgs[0]), "6");
    CHECK_STR(natsMsg_GetData(list.Msgs[1]), "7");
    natsMsgList_Destroy(&list);
    CHECK_STATUS(js_DirectGetLastMsgs(&list, f.js, "S", subjects, 0, NULL), NATS_INVALID_ARG);

    CHECK_OK(jsDirectGetMsgOptions_Init(&which));
    which.Sequence = 3;
    CHECK_OK(js_DirectGetPayload(&msg, f.js, "S", NULL, &which));
    CHECK_STR(natsMsg_GetData(msg), "2");
    natsMsg_Destroy(msg);
    end(&f);
}

/* No stream has them: servers leave such a request without an answer, or take a part of the name for a subject. */
static void names_that_no_stream_has(void) {
    static const char *const names[] = {"S.a", "S a", "*", "S/a", ""};
    fixture f;
    natsMsg *msg = NULL;
    natsMsgList list = {NULL, 0};
    char *value = NULL;
    jsErrCode code = (jsErrCode)1;
    jsDirectGetMsgOptions which;
    jsDirectBatchOptions batch;
    const char *subjects[] = {"a.x"};
    size_t i;

    start(&f);
    CHECK_OK(jsDirectGetMsgOptions_Init(&which));
    which.Sequence = 1;
    CHECK_OK(jsDirectBatchOptions_Init(&batch));
    batch.Batch = 1;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *name = names[i];

        CHECK_STATUS(js_GetMsg(&msg, f.js, name, 1, NULL, &code), NATS_INVALID_ARG);
        CHECK_INT(code, 0);
        CHECK_STATUS(js_GetLastMsg(&msg, f.js, name, "a.x", NULL, NULL), NATS_INVALID_ARG);
        CHECK_STATUS(js_DeleteMsg(f.js, name, 1, NULL, NULL), NATS_INVALID_ARG);
        CHECK_STATUS(js_EraseMsg(f.js, name, 1, NULL, NULL), NATS_INVALID_ARG);
        CHECK_STATUS(js_DirectGetMsg(&msg, f.js, name, NULL, &which), NATS_INVALID_ARG);
        CHECK_STATUS(js_DirectGetPayload(&msg, f.js, name, NULL, &which), NATS_INVALID_ARG);
        CHECK_STATUS(js_DirectGetMsgs(&list, NULL, f.js, name, NULL, &batch), NATS_INVALID_ARG);
        CHECK_STATUS(js_DirectGetLastMsgs(&list, f.js, name, subjects, 1, NULL), NATS_INVALID_ARG);
        CHECK_STATUS(js_GetCounter(&value, f.js, name, "a.x", NULL, NULL), NATS_INVALID_ARG);
    }
    CHECK_STATUS(js_GetMsg(&msg, f.js, "S.a", 1, NULL, NULL), NATS_INVALID_ARG);
    CHECK_ERROR(NATS_INVALID_ARG, "invalid stream name 'S.a' (cannot contain '.')");
    end(&f);
}

static void counters(void) {
    fixture f;
    char *value = NULL;

    start(&f);
    CHECK_STATUS(js_GetCounter(&value, f.js, "COUNT", "", NULL, NULL), NATS_INVALID_ARG);
    CHECK_STATUS(js_GetCounter(&value, f.js, "COUNT", NULL, NULL, NULL), NATS_INVALID_ARG);
    stream_create(f.nc, "COUNT", "\"count.*\"", ",\"allow_direct\":true,\"allow_msg_counter\":true");
    CHECK_STATUS(js_GetCounter(&value, f.js, "COUNT", "count.a", NULL, NULL), NATS_NOT_FOUND);
    CHECK_OK(js_AddToCounter(NULL, f.js, "count.a", "12345678901234567890", NULL, NULL));
    CHECK_OK(js_AddToCounter(NULL, f.js, "count.a", "-1", NULL, NULL));
    CHECK_OK(js_GetCounter(&value, f.js, "COUNT", "count.a", NULL, NULL));
    CHECK_STR(value, "12345678901234567889");
    free(value);
    end(&f);
}

static void a_level_that_the_server_does_not_have(void) {
    fixture f;
    jsErrCode code = (jsErrCode)0;

    start(&f);
    stream_create(f.nc, "S", "\"a\"", "");
    CHECK_STATUS(js_SetRequiredApiLevel(f.js, -1), NATS_INVALID_ARG);
    CHECK_OK(js_SetRequiredApiLevel(f.js, 9999));
    CHECK_STATUS(js_PurgeStream(f.js, "S", NULL, &code), NATS_ERR);
    CHECK_INT(code, JSRequiredApiLevelErr);
    CHECK_OK(js_SetRequiredApiLevel(f.js, 1));
    CHECK_OK(js_PurgeStream(f.js, "S", NULL, &code));
    end(&f);
}
#endif

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(a_stream_from_its_creation_to_its_end),
        TEST(names_and_choices_are_checked),
        TEST(what_c_has_no_place_for_survives_an_update),
        TEST(purges),
        TEST(infos_with_subjects_and_deleted),
        TEST(single_messages),
        TEST(nobody_answers),
#if OURS
        TEST(create_or_update),
        TEST(many_messages_at_once),
        TEST(names_that_no_stream_has),
        TEST(counters),
        TEST(a_level_that_the_server_does_not_have),
#endif
    };
    return RUN_TESTS(cases, argc, argv);
}
