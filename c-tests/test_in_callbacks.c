/* What cannot be done inside a callback, of whichever kind: closing the library and waiting for it, and waiting for
 * the end of the callback's own connection. And what a callback may return. */
#include "callbacks.h"
#include "kv.h"
#include "obj.h"
#include "server.h"
#include "test.h"

#include <ctype.h>

enum { KINDS = 32 };

/* Of each kind of callback: how often both calls were refused in it, and how often they were not. */
typedef struct record {
    pthread_mutex_t lock;
    natsConnection *nc; /* NULL while there is none */
    char refused[KINDS];
    char other[KINDS];
} record;

static record all = {PTHREAD_MUTEX_INITIALIZER, NULL, "", ""};

static void use_connection(natsConnection *nc) {
    pthread_mutex_lock(&all.lock);
    all.nc = nc;
    pthread_mutex_unlock(&all.lock);
}

static void note(char *kinds, char kind) {
    size_t n = strlen(kinds);

    if (strchr(kinds, kind) == NULL && n + 1 < KINDS)
        kinds[n] = kind;
}

/* In a callback of this kind. Lower case: it belongs to no connection. */
static void refused_here(char kind) {
    natsConnection *nc;
    natsStatus closed, destroyed = NATS_ILLEGAL_STATE;

    pthread_mutex_lock(&all.lock);
    nc = all.nc;
    pthread_mutex_unlock(&all.lock);
    closed = nats_CloseAndWait(20);
    if (nc != NULL && isupper((unsigned char)kind))
        destroyed = natsConnection_DestroyAndWait(nc, 20);
    pthread_mutex_lock(&all.lock);
    note(closed == NATS_ILLEGAL_STATE && destroyed == NATS_ILLEGAL_STATE ? all.refused : all.other, kind);
    pthread_mutex_unlock(&all.lock);
}

static bool seen(const char *kinds) {
    bool each = true;

    pthread_mutex_lock(&all.lock);
    for (; *kinds != '\0'; kinds++)
        each = each && strchr(all.refused, *kinds) != NULL;
    pthread_mutex_unlock(&all.lock);
    return each;
}

/* Nothing of it was done: the library is open, and no callback saw another status. */
static void check_refused(const char *kinds) {
    CHECK_SOON(seen(kinds));
    pthread_mutex_lock(&all.lock);
    CHECK_STR(all.other, "");
    pthread_mutex_unlock(&all.lock);
    CHECK_OK(nats_Open(-1));
}

static void in_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg) {
    (void)nc;
    (void)sub;
    (void)arg;
    natsMsg_Destroy(msg);
    refused_here('M');
}

static void in_completion(void *arg) {
    (void)arg;
    refused_here('C');
}

static void in_release(void *arg) {
    counter_add((counter *)arg, 1);
    refused_here('r');
}

static void in_reply(natsConnection *nc, natsStatus s, natsMsg *reply, void *arg) {
    (void)nc;
    (void)s;
    (void)arg;
    natsMsg_Destroy(reply);
    refused_here('R');
}

static void in_event(natsConnection *nc, void *arg) {
    (void)nc;
    (void)arg;
    refused_here('E');
}

static const char *in_token(void *arg) {
    (void)arg;
    refused_here('T');
    return "token";
}

static natsStatus in_user(char **user, char **password, char **error, void *arg) {
    (void)user;
    (void)password;
    (void)error;
    (void)arg;
    refused_here('U');
    return NATS_OK;
}

static int64_t in_delay(natsConnection *nc, int attempts, void *arg) {
    (void)nc;
    (void)attempts;
    (void)arg;
    refused_here('D');
    return 1;
}

static int in_choice(natsConnection *nc, const char *const *servers, int count, int64_t *pause, void *arg) {
    (void)nc;
    (void)servers;
    (void)count;
    (void)pause;
    (void)arg;
    refused_here('N');
    return 0;
}

static void of_connections_and_subscriptions(void) {
    natsOptions *opts;
    natsConnection *nc;
    natsSubscription *sub = NULL;
    natsMsg *msg = test_msg("foo", NULL, "");
    static counter released;
    server s;

    counter_init(&released);
    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetReleasedCB(opts, in_release, &released));
    CHECK_OK(natsOptions_SetReconnectedCB(opts, in_event, NULL));
    CHECK_OK(natsOptions_SetTokenHandler(opts, in_token, NULL));
    CHECK_OK(natsOptions_SetUserInfoHandler(opts, in_user, NULL));
    CHECK_OK(natsOptions_SetCustomReconnectDelay(opts, in_delay, NULL));
    CHECK_OK(natsOptions_SetNextServerHandler(opts, in_choice, NULL));
    nc = test_connect(opts);
    use_connection(nc);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", in_message, NULL));
    CHECK_OK(natsSubscription_SetOnCompleteCB(sub, in_completion, NULL));
    CHECK_OK(natsConnection_RequestMsgAsync(nc, msg, 50, in_reply, NULL));
    CHECK_SOON(seen("MR"));
    natsSubscription_Destroy(sub);
    CHECK_OK(natsConnection_Reconnect(nc));
    check_refused("MRCETUDN");
    use_connection(NULL);
    natsConnection_Destroy(nc);
    CHECK_REACHED(&released, 1);
    check_refused("r");
    natsMsg_Destroy(msg);
    server_stop(&s);
}

static natsStatus in_attach(void **data, void *loop, natsConnection *nc, natsSock socket) {
    use_connection(nc);
    refused_here('A');
    *data = loop;
    *(natsSock *)loop = socket;
    return NATS_OK;
}

static natsStatus in_read(void *data, bool add) {
    (void)data;
    (void)add;
    refused_here('I');
    return NATS_OK;
}

static natsStatus in_write(void *data, bool add) {
    (void)data;
    (void)add;
    refused_here('O');
    return NATS_OK;
}

static natsStatus in_detach(void *data) {
    refused_here('X');
    natsConnection_ProcessCloseEvent((natsSock *)data);
    natsConnection_ProcessDetachedEvent(all.nc);
    return NATS_OK;
}

static void of_event_loops(void) {
    natsOptions *opts;
    natsConnection *nc;
    natsSock socket = -1;
    server s;

    server_run(&s);
    opts = test_options(s.url);
    CHECK_OK(natsOptions_SetEventLoop(opts, &socket, in_attach, in_read, in_write, in_detach));
    nc = test_connect(opts);
    natsConnection_Destroy(nc);
    CHECK_INT(socket, -1);
    check_refused("AIOX");
    server_stop(&s);
}

static bool is_the_last(natsMsg *reply, void *arg) {
    (void)reply;
    (void)arg;
    refused_here('L');
    return true;
}

/* Those that run on the thread of the program that called a function. */
static void of_calls(void) {
    natsRequestManyOptions opts;
    natsSubscription *sub = NULL;
    natsConnection *nc;
    natsMsgList list;
    natsMsg *msg = test_msg("foo", NULL, "");
    static closure c;
    server s;

    closure_init(&c);
    c.reply = "reply";
    server_run(&s);
    nc = test_connect_url(s.url);
    use_connection(nc);
    CHECK_OK(natsConnection_Subscribe(&sub, nc, "foo", on_request, &c));
    CHECK_OK(natsRequestManyOptions_Init(&opts));
    opts.IsLast = is_the_last;
    CHECK_OK(natsConnection_RequestMany(&list, nc, msg, &opts));
    natsMsgList_Destroy(&list);
    check_refused("L");
    natsMsg_Destroy(msg);
    natsSubscription_Destroy(sub);
    natsConnection_Destroy(nc);
    server_stop(&s);
}

static natsStatus in_codec(void **out, int *out_len, const void *in, int in_len, void *arg) {
    (void)arg;
    refused_here('c');
    *out = malloc((size_t)in_len + 1);
    memcpy(*out, in, (size_t)in_len);
    *out_len = in_len;
    return NATS_OK;
}

static void in_codec_release(void *arg) {
    counter_add((counter *)arg, 1);
    refused_here('d');
}

static void in_progress(const char *name, uint64_t bytes, uint64_t total, void *arg) {
    (void)name;
    (void)bytes;
    (void)total;
    (void)arg;
    refused_here('p');
}

static void of_codecs(void) {
    kv_fixture f;
    kvCodecs codecs;
    kvCodec codec;
    kvStore *kv = NULL;
    static counter released;

    counter_init(&released);
    kv_start(&f);
    memset(&codec, 0, sizeof(codec));
    codec.Kind = kvCodec_Custom;
    codec.Encode = codec.Decode = in_codec;
    codec.Release = in_codec_release;
    codec.Closure = &released;
    CHECK_OK(kvCodecs_Init(&codecs));
    codecs.Values = &codec;
    codecs.ValuesLen = 1;
    CHECK_OK(kvStore_WithCodecs(&kv, f.kv, &codecs));
    CHECK_OK(kvStore_PutString(NULL, kv, "key", "value"));
    check_refused("c");
    kvStore_Destroy(kv);
    CHECK_REACHED(&released, 1);
    check_refused("d");
    kv_end(&f);
}

static void of_progress(void) {
    objStoreInfo *info = NULL;
    obj_fixture f;

    obj_start(&f);
    CHECK_OK(objStore_SetProgress(f.obs, in_progress, NULL));
    CHECK_OK(objStore_PutString(&info, f.obs, "name", "content"));
    objStoreInfo_Destroy(info);
    check_refused("p");
    obj_end(&f);
}

/* What the callbacks of a failing attempt return. */
static int returned;

static natsStatus return_from_jwt(char **jwt, char **error, void *arg) {
    (void)jwt;
    *error = arg == NULL ? NULL : strdup((const char *)arg);
    return (natsStatus)returned;
}

static natsStatus return_from_signature(char **error, unsigned char **signature, int *length,
                                        const char *nonce, void *arg) {
    (void)error;
    (void)signature;
    (void)length;
    (void)nonce;
    (void)arg;
    return NATS_ERR;
}

static natsStatus return_from_attach(void **data, void *loop, natsConnection *nc, natsSock socket) {
    (void)data;
    (void)loop;
    (void)nc;
    (void)socket;
    return (natsStatus)returned;
}

/* A callback fails an attempt with its status, whatever that means elsewhere; Connect has given no connection. */
static void statuses_that_fail_an_attempt(void) {
    static const int given[] = {
        NATS_TIMEOUT, NATS_CONNECTION_CLOSED, NATS_NOT_YET_CONNECTED, NATS_MAX_STATUS_VALUE, 9999, -1};
    static const int expected[] = {NATS_TIMEOUT, NATS_CONNECTION_CLOSED, NATS_ERR, NATS_ERR, NATS_ERR,
                                   NATS_ERR};
    natsConnection *nc;
    natsOptions *opts;
    const char *text;
    natsSock socket = -1;
    server s;
    int i, kind;

    server_run(&s);
    for (i = 0; i < 6; i++) {
        for (kind = 0; kind < 3; kind++) {
            returned = given[i];
            nc = NULL;
            opts = test_options(s.url);
            if (kind == 0)
                CHECK_OK(natsOptions_SetEventLoop(opts, &socket, return_from_attach, in_read, in_write,
                                                  in_detach));
            else
                CHECK_OK(natsOptions_SetUserCredentialsCallbacks(opts, return_from_jwt,
                                                                 (void *)(kind == 1 ? "" : "own text"),
                                                                 return_from_signature, NULL));
            CHECK_STATUS(natsConnection_Connect(&nc, opts), (natsStatus)expected[i]);
            text = natsStatus_GetText((natsStatus)(i == 2 ? returned : expected[i]));
            CHECK_ERROR((natsStatus)expected[i], kind == 2 ? "own text" : text);
            CHECK(nc == NULL);
            natsOptions_Destroy(opts);
        }
    }
    server_stop(&s);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(of_connections_and_subscriptions),
        TEST(of_event_loops),
        TEST(of_calls),
        TEST(of_codecs),
        TEST(of_progress),
        TEST(statuses_that_fail_an_attempt),
    };

    return RUN_TESTS(cases, argc, argv);
}
