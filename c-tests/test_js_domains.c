/* Buckets of another domain, mirrored in the program's domain; and JetStream of another account, by its prefix. */
#include "callbacks.h"
#include "jetstream.h"
#include "server.h"
#include "test.h"

static bool has(kvStore *kv, const char *key, const char *value) {
    kvEntry *entry = NULL;
    bool same = kvStore_Get(&entry, kv, key) == NATS_OK && strcmp(kvEntry_ValueString(entry), value) == 0;

    kvEntry_Destroy(entry);
    return same;
}

static void expect_entry(kvWatcher *watcher, const char *key, const char *value) {
    kvEntry *entry = NULL;

    CHECK_OK(kvWatcher_Next(&entry, watcher, 4 * deadline_ms()));
    if (key == NULL) {
        CHECK(entry == NULL);
        return;
    }
    CHECK(entry != NULL);
    CHECK_STR(kvEntry_Key(entry), key);
    CHECK_STR(kvEntry_ValueString(entry), value);
    kvEntry_Destroy(entry);
}

/* It is read where the program is, also while its origin is away; what is written goes to the origin, and comes back. */
static void a_bucket_is_mirrored_in_a_leaf(void) {
    static const char *const args[] = {"-js", NULL};
    server hub, leaf;
    char conf[256];
    int port = free_port();
    natsConnection *nc;
    jsOptions opts;
    jsCtx *far = NULL, *near = NULL;
    jsAccountInfo *info = NULL;
    jsStreamSource origin_source;
    kvConfig cfg;
    kvStore *origin = NULL, *mirror = NULL, *again = NULL;
    kvWatcher *watcher = NULL;
    kvKeysList keys;

    snprintf(conf, sizeof(conf),
             "server_name: hub\njetstream {domain: hub}\nleafnodes {listen: \"127.0.0.1:%d\"}\n", port);
    server_start(&hub, conf, args);
    snprintf(conf, sizeof(conf),
             "server_name: leaf\njetstream {domain: leaf}\n"
             "leafnodes {reconnect: \"200ms\", remotes: [{url: \"nats://127.0.0.1:%d\"}]}\n",
             port);
    server_start(&leaf, conf, args);
    nc = test_connect_url(leaf.url);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = 1000;
    CHECK_OK(natsConnection_JetStream(&near, nc, &opts));
    opts.Domain = "hub";
    CHECK_OK(natsConnection_JetStream(&far, nc, &opts));
    CHECK_SOON(js_GetAccountInfo(&info, far, NULL, NULL) == NATS_OK);
    jsAccountInfo_Destroy(info);
    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "B";
    CHECK_OK(js_CreateKeyValue(&origin, far, &cfg));
    CHECK_OK(kvStore_PutString(NULL, origin, "a", "1"));
    CHECK_OK(kvStore_PutString(NULL, origin, "b.c", "2"));

    CHECK_OK(jsStreamSource_Init(&origin_source));
    origin_source.Name = "B";
    origin_source.Domain = "hub";
    cfg.Bucket = "M";
    cfg.Mirror = &origin_source;
    CHECK_OK(js_CreateKeyValue(&mirror, near, &cfg));
    CHECK_SOON(has(mirror, "a", "1") && has(mirror, "b.c", "2"));
    CHECK_OK(kvStore_WatchAll(&watcher, mirror, NULL));
    expect_entry(watcher, "a", "1");
    expect_entry(watcher, "b.c", "2");
    expect_entry(watcher, NULL, NULL);
    CHECK_OK(kvStore_PutString(NULL, mirror, "a", "3"));
    CHECK(has(origin, "a", "3"));
    expect_entry(watcher, "a", "3");
    CHECK(has(mirror, "a", "3"));
    CHECK_OK(kvStore_Delete(mirror, "b.c"));
    expect_entry(watcher, "b.c", "");
    CHECK_OK(kvStore_Keys(&keys, mirror, NULL));
    CHECK_INT(keys.Count, 1);
    CHECK_STR(keys.Keys[0], "a");
    kvKeysList_Destroy(&keys);
    CHECK_OK(js_KeyValue(&again, near, "M"));

    server_kill(&hub);
    CHECK_SOON(kvStore_PutString(NULL, again, "a", "lost") != NATS_OK);
    CHECK(has(again, "a", "3"));
    server_restart(&hub);
    CHECK_SOON(kvStore_PutString(NULL, again, "a", "4") == NATS_OK);
    CHECK(has(origin, "a", "4")); /* when the mirror has it is the servers' matter */

    kvWatcher_Destroy(watcher);
    kvStore_Destroy(again);
    kvStore_Destroy(mirror);
    kvStore_Destroy(origin);
    jsCtx_Destroy(near);
    jsCtx_Destroy(far);
    natsConnection_Destroy(nc);
    server_stop(&leaf);
    server_stop(&hub);
}

static int64_t messages(jsCtx *js, const char *stream) {
    jsStreamInfo *info = NULL;
    int64_t count = -1;

    if (js_GetStreamInfo(&info, js, stream, NULL, NULL) == NATS_OK)
        count = (int64_t)info->State.Msgs;
    jsStreamInfo_Destroy(info);
    return count;
}

/* Copies the bucket "B" in all ways, with its domain, by this context, which is in that domain. */
static void copy_in_one_domain(jsCtx *js) {
    jsStreamSource from, *sources[] = {&from};
    jsStreamConfig stream;
    kvConfig cfg;
    kvStore *origin = NULL, *mirror = NULL, *gathered = NULL;

    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "B";
    CHECK_OK(js_CreateKeyValue(&origin, js, &cfg));
    CHECK_OK(kvStore_PutString(NULL, origin, "a", "1"));

    CHECK_OK(jsStreamSource_Init(&from));
    from.Name = "B";
    from.Domain = "hub";
    cfg.Bucket = "M";
    cfg.Mirror = &from;
    CHECK_OK(js_CreateKeyValue(&mirror, js, &cfg));
    cfg.Bucket = "G";
    cfg.Mirror = NULL;
    cfg.Sources = sources;
    cfg.SourcesLen = 1;
    CHECK_OK(js_CreateKeyValue(&gathered, js, &cfg));
    kvStore_Destroy(gathered);
    CHECK_OK(js_CreateKeyValue(&gathered, js, &cfg)); /* the same configuration */
    CHECK_SOON(has(mirror, "a", "1") && has(gathered, "a", "1"));
    CHECK_OK(kvStore_PutString(NULL, mirror, "a", "2"));
    CHECK(has(origin, "a", "2"));
    CHECK_SOON(has(mirror, "a", "2") && has(gathered, "a", "2"));

    CHECK_OK(jsStreamConfig_Init(&stream));
    stream.Name = "S";
    CHECK_OK(js_CreateOrUpdateStream(NULL, js, &stream, NULL, NULL));
    from.Name = "KV_B";
    stream.Sources = sources;
    stream.SourcesLen = 1;
    CHECK_OK(js_UpdateStream(NULL, js, &stream, NULL, NULL));
    CHECK_SOON(messages(js, "S") == 1);

    CHECK_OK(js_DeleteStream(js, "S", NULL, NULL));
    kvStore_Destroy(gathered);
    kvStore_Destroy(mirror);
    kvStore_Destroy(origin);
    CHECK_OK(js_DeleteKeyValue(js, "G"));
    CHECK_OK(js_DeleteKeyValue(js, "M"));
    CHECK_OK(js_DeleteKeyValue(js, "B"));
}

/* A server does not find streams of its own domain by the external API of that. */
static void copies_within_a_domain(void) {
    static const char *const args[] = {"-js", NULL};
    server s;
    natsConnection *nc;
    jsOptions opts;
    jsCtx *js = NULL;

    server_start(&s, "jetstream {domain: hub}\n", args);
    nc = test_connect_url(s.url);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Wait = deadline_ms();
    CHECK_OK(natsConnection_JetStream(&js, nc, &opts));
    copy_in_one_domain(js);
    jsCtx_Destroy(js);
    js = NULL;
    opts.Domain = "hub";
    CHECK_OK(natsConnection_JetStream(&js, nc, &opts));
    copy_in_one_domain(js);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

/* The account exports its API, and the program's account imports that under a prefix. */
static void jetstream_of_another_account(void) {
    static const char conf[] =
        "accounts {\n"
        "  A {jetstream: enabled, users: [{user: a, password: a}], exports: [\n"
        "    {service: \"$JS.API.>\", response: stream}, {service: \"$KV.>\"}, {service: \"s.>\"},\n"
        "    {stream: \"to.I.>\"}, {service: \"$JS.ACK.>\"}, {service: \"$JS.FC.>\"}]}\n"
        "  I {users: [{user: i, password: i}], imports: [\n"
        "    {service: {account: A, subject: \"$JS.API.>\"}, to: \"from.A.>\"},\n"
        "    {service: {account: A, subject: \"$KV.>\"}, to: \"from.A.$KV.>\"},\n"
        "    {service: {account: A, subject: \"s.>\"}}, {stream: {account: A, subject: \"to.I.>\"}},\n"
        "    {service: {account: A, subject: \"$JS.ACK.>\"}}, {service: {account: A, subject: "
        "\"$JS.FC.>\"}}]}\n"
        "}\n";
    static const char *const args[] = {"-js", NULL};
    static const char *subjects[] = {"s.>"};
    server s;
    natsOptions *options;
    natsConnection *nc;
    jsOptions opts;
    jsCtx *js = NULL;
    jsStreamConfig stream;
    jsStreamInfo *info = NULL;
    jsPubAck *ack = NULL;
    jsSubOptions sub_opts;
    natsSubscription *sub = NULL;
    natsMsg *msg = NULL;
    kvConfig cfg;
    kvStore *kv = NULL;
    kvWatcher *watcher = NULL;
    int i;

    server_start(&s, conf, args);
    options = test_options(s.url);
    CHECK_OK(natsOptions_SetUserInfo(options, "i", "i"));
    CHECK_OK(natsOptions_SetCustomInboxPrefix(options, "to.I"));
    nc = test_connect(options);
    CHECK_OK(jsOptions_Init(&opts));
    opts.Prefix = "from.A";
    opts.Wait = deadline_ms();
    CHECK_OK(natsConnection_JetStream(&js, nc, &opts));
    CHECK_OK(jsStreamConfig_Init(&stream));
    stream.Name = "S";
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    CHECK_OK(js_AddStream(NULL, js, &stream, NULL, NULL));
    for (i = 1; i <= 10; i++) {
        CHECK_OK(js_Publish(&ack, js, "s.a", "x", 1, NULL, NULL));
        CHECK_INT(ack->Sequence, i);
        jsPubAck_Destroy(ack);
        ack = NULL;
    }
    CHECK_OK(js_GetMsg(&msg, js, "S", 7, NULL, NULL));
    CHECK_INT(natsMsg_GetSequence(msg), 7);
    natsMsg_Destroy(msg);
    msg = NULL;
    /* The server delivers to the program's inboxes, which the account imports. */
    CHECK_OK(jsSubOptions_Init(&sub_opts));
    sub_opts.Ordered = true;
    CHECK_OK(js_SubscribeSync(&sub, js, "s.>", NULL, &sub_opts, NULL));
    for (i = 1; i <= 10; i++)
        natsMsg_Destroy(test_next(sub));
    natsSubscription_Destroy(sub);
    CHECK_OK(js_GetStreamInfo(&info, js, "S", NULL, NULL));
    CHECK_INT(info->State.Msgs, 10);
    jsStreamInfo_Destroy(info);

    CHECK_OK(kvConfig_Init(&cfg));
    cfg.Bucket = "B";
    CHECK_OK(js_CreateKeyValue(&kv, js, &cfg));
    CHECK_OK(kvStore_PutString(NULL, kv, "a", "1"));
    CHECK(has(kv, "a", "1"));
    CHECK_OK(kvStore_WatchAll(&watcher, kv, NULL));
    expect_entry(watcher, "a", "1");
    expect_entry(watcher, NULL, NULL);
    CHECK_OK(kvStore_PutString(NULL, kv, "a", "2"));
    expect_entry(watcher, "a", "2");
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

int main(int argc, char **argv) {
    static const test_case cases[] = {
        TEST(a_bucket_is_mirrored_in_a_leaf),
        TEST(copies_within_a_domain),
        TEST(jetstream_of_another_account),
    };

    return RUN_TESTS(cases, argc, argv);
}
