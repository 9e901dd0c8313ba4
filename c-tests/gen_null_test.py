#!/usr/bin/env python3
"""Generates a C test that calls every declared function with NULL for each of its pointers in turn.

usage: gen_null_test.py FUNCTIONS.tsv HEADER OUTPUT.c

FUNCTIONS.tsv has the columns function, returns, parameters (see abi/). Only what HEADER declares is called, and
pointers to the same kind of object get a valid one, so that the NULL is the only thing wrong. A call must return
a status other than NATS_OK, or be a no-op; above all it must not crash.
"""
import csv
import re
import sys

# Handles, and the global in the generated test that holds a valid one.
HANDLES = {
    "natsConnection *": "connection", "natsSubscription *": "subscription", "natsOptions *": "options",
    "natsMsg *": "message", "const natsMsg *": "message", "natsHeader *": "header",
    "natsStatistics *": "statistics", "const natsStatistics *": "statistics", "jsCtx *": "context",
    # One that has begun needs a stream.
    "jsAtomicBatchCtx *": "NULL",
    # These need a server that answers.
    "kvStore *": "NULL", "const kvStore *": "NULL", "kvWatcher *": "NULL", "kvEntry *": "NULL", "const kvEntry *": "NULL",
    "kvStatus *": "NULL", "const kvStatus *": "NULL",
    # These need a server with a store.
    "objStore *": "NULL", "objStorePut *": "NULL", "objStoreGet *": "NULL", "objStoreWatcher *": "NULL",
    "microService *": "service", "microGroup *": "group", "microClient *": "client",
}
# For every other type of parameter a valid value.
VALUES = {
    "const char *": '"a.text"', "const void *": '"data"', "void *": "&anything", "char *": "buffer",
    "const unsigned char *": '(const unsigned char *)"data"', "unsigned char *": "(unsigned char *)buffer",
    "int": "1", "int64_t": "1", "uint32_t": "0x030E00", "size_t": "sizeof(buffer)", "uint64_t": "1", "_Bool": "true", "bool": "true",
    "natsStatus": "NATS_ERR", "int *": "&number[0]", "int64_t *": "&long_number", "uint64_t *": "&unsigned_number[0]",
    "const char **": "&text", "const char ***": "&texts", "char ***": "&lists", "char **": "&string",
    "unsigned char **": "&bytes", "natsStatus *": "&status", "FILE *": "sink",
    "natsMsgHandler": "message_callback", "natsConnectionHandler": "connection_callback",
    "natsErrHandler": "error_callback", "natsOnCompleteCB": "complete_callback",
    "natsCustomReconnectDelayHandler": "delay_callback", "natsTokenHandler": "token_callback",
    "natsInbox *": "NULL", "natsInbox **": "&inbox", "natsMsgList *": "&list", "natsClientConfig *": "&config",
    "natsConnection **": "&new_connection", "natsSubscription **": "&new_subscription",
    "natsOptions **": "&new_options", "natsMsg **": "&new_message", "natsHeader **": "&new_header",
    "natsStatistics **": "&new_statistics",
    # There is a request only in its handler. NULL for an error is success.
    "microRequest *": "NULL", "microError *": "NULL", "microClientConfig *": "NULL",
    "microServiceConfig *": "&service_config", "microEndpointConfig *": "&endpoint_config",
    "microGroupConfig *": "&group_config", "microServiceInfo *": "NULL", "microServiceStats *": "NULL",
    "microService **": "&new_service", "microGroup **": "&new_group", "microClient **": "&new_client",
    "microServiceInfo **": "&new_info", "microServiceStats **": "&new_stats",
}
# NULL is a value for these: (function, parameter), or a function for all its parameters, or a type of pointer.
NULL_IS_FINE = {
    ("nats_OpenWithConfig", "config"), ("nats_GetLastError", "status"), ("natsConnection_Connect", "options"),
    ("natsConnection_ConnectTo", "urls"), ("natsMsg_Create", "reply"), ("natsOptions_SetURL", "url"),
    ("natsOptions_SetName", "name"), ("natsOptions_SetUserInfo", "user"), ("natsOptions_SetUserInfo", "password"),
    ("natsOptions_SetToken", "token"), ("natsOptions_SetCustomInboxPrefix", "inboxPrefix"),
    ("natsConnection_PublishString", "str"), ("natsConnection_PublishRequestString", "str"),
    ("natsConnection_RequestString", "str"), ("natsMsgHeader_Set", "value"), ("natsMsgHeader_Add", "value"),
    ("natsHeader_Set", "value"), ("natsHeader_Add", "value"), ("nats_CheckCompatibilityImpl", "verString"),
    ("natsConnection_ReadLastError", "buf"), ("nats_PrintLastErrorStack", "file"),
    ("natsConnection_GetLastError", "lastError"), ("natsOptions_SetUserCredentialsFromFiles", "seedFile"),
    ("natsOptions_SetUserCredentialsFromMemory", "jwtAndSeedContent"), ("natsOptions_SetNKey", "pubKey"),
    ("natsOptions_SetNKeyFromSeed", "pubKey"), ("natsOptions_SetExpectedHostname", "hostname"),
    ("natsSubscription_GetPending", "msgs"), ("natsSubscription_GetPending", "bytes"),
    ("natsSubscription_GetPendingLimits", "msgLimit"), ("natsSubscription_GetPendingLimits", "bytesLimit"),
    ("natsSubscription_GetMaxPending", "msgs"), ("natsSubscription_GetMaxPending", "bytes"),
}
NULL_IS_FINE |= {
    ("microService_AddEndpoint", "config"), ("microGroup_AddEndpoint", "config"), ("micro_NewClient", "cfg"),
    ("microError_Status", "err"),
}
ALL_NULL_IS_FINE = {"natsStatistics_GetCounts", "natsSubscription_GetStats"}  # but for the handle
# Options and outputs that JetStream's functions take or leave, but for those that are about nothing else.
OPTIONAL = {"const kvWatchOptions *", "const kvPurgeOptions *", "jsOptions *", "jsPubOptions *", "jsSubOptions *", "jsErrCode *", "jsPubAck **"}
NULL_IS_FINE |= {
    (name, param)
    for param, names in {
        "si": ("js_AddStream", "js_UpdateStream"), "ci": ("js_AddConsumer", "js_UpdateConsumer"),
        "new_crr": ("js_ResetConsumer",), "new_cpr": ("js_PauseConsumer",), "subject": ("js_Subscribe", "js_SubscribeSync", "js_PullSubscribe", "js_PullSubscribeSync"),
        "durable": ("js_PullSubscribe", "js_PullSubscribeAsync", "js_PullSubscribeSync"),
    }.items()
    for name in names
}
# With NULL for these calls wait for ever.
WAITS = {("js_PublishAsyncComplete", "opts")}
# Not called at all: they end what the other calls need, or block, or need a server that answers.
SKIP = {"nats_Close", "nats_CloseAndWait", "nats_Open", "nats_Sleep", "nats_ReleaseThreadMemory"}


def parameters(text):
    if text in ("void", ""):
        return []
    result = []
    for p in re.split(r",\s*", text):
        if p.strip() == "...":
            continue
        m = re.match(r"(.*?)(\w+)$", p.strip())
        kind = re.sub(r"\s+", " ", m.group(1)).strip()
        kind = re.sub(r"\s*\[\d*\]$", " *", kind).strip()
        result.append((re.sub(r"\s*(\*+)$", r" \1", kind), m.group(2)))
    return result


def is_pointer(kind):
    return kind.endswith("*") or VALUES.get(kind, "").endswith("_callback")


def valid(kind):
    if re.match(r"(const )?(js|kv)", kind) and kind not in HANDLES and kind.endswith("*"):
        return f"&{made(kind)}"
    return HANDLES.get(kind) or VALUES.get(kind)


def made(kind):
    """The global for a structure of JetStream's, or for a pointer to one."""
    return ("new_" if kind.endswith("**") else "a_") + kind.removeprefix("const ").split()[0]


def unused(name, kind):
    """Functions that end a handle are called with NULL only."""
    return re.search(r"_(Destroy|Close|Drain|DrainTimeout|Unsubscribe|Reconnect|Process\w+)$", name) is not None


def main():
    table, header, output = sys.argv[1:4]
    text = open(header).read()
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    calls, left_out, kinds = [], [], set()

    def declared(name):
        return re.search(r"\b" + name + r"\s*\(", text) is not None

    for row in csv.DictReader(open(table, newline=""), delimiter="\t"):
        name, returns = row["function"], row["returns"]
        if name in SKIP or not declared(name):
            continue
        params = parameters(row["parameters"])
        if any(valid(k) is None for k, _ in params) or "..." in row["parameters"]:
            left_out.append(name)
            continue
        kinds.update(kind for kind, _ in params)
        for i, (kind, param) in enumerate(params):
            if not is_pointer(kind) or kind == "void *":
                continue
            if (name, param) in WAITS or (unused(name, kind) and i > 0):
                continue
            args = ["NULL" if j == i else valid(k) for j, (k, _) in enumerate(params)]
            fine = (name, param) in NULL_IS_FINE or (name in ALL_NULL_IS_FINE and i > 0)
            fine = fine or (kind in OPTIONAL and not name.endswith("_Init"))
            # A callback may be unset, unless it is what a subscription is about.
            fine = fine or (VALUES.get(kind, "").endswith("_callback") and not re.search("Subscribe", name))
            call = f"{name}({', '.join(args)})"
            if returns == "natsStatus":
                call = f"status_of({call})"
                check = "TRUE_OF" if fine else "REFUSED"
            elif returns == "microError *" and not name.startswith(("micro_Error", "microError_")):
                call = f"status_of_error({call})"
                check = "TRUE_OF" if fine else "REFUSED"
            else:
                call = f"(void){call}" if returns != "void" else call
                check = "CALLED"
            calls.append(f'    {check}({call}, "{name}: {param}");')
        if not any(is_pointer(k) for k, _ in params):
            continue
    functions = [calls[i:i + 40] for i in range(0, len(calls), 40)]
    used = sorted({kind for kind in kinds if valid(kind) == f"&{made(kind)}"})
    globals_ = sorted({
        f"static {k.removeprefix('const ').rstrip('*').strip()} {'*' * (k.count('*') - 1)}{made(k)} "
        "__attribute__((unused));"
        for k in used
    })
    objects = [k.split()[0] for k in used if k.endswith("**")]
    sweeps = [f"    {t}_Destroy(new_{t});\n    new_{t} = NULL;" for t in objects if declared(f"{t}_Destroy")]
    if any("context" in call for call in calls):
        globals_.append("static jsCtx *context;")
        parts = {"@START@": START_CONTEXT, "@END@": "    jsCtx_Destroy(context);\n"}
    elif any(kind.startswith("micro") for kind in kinds):
        globals_.append(MICRO_GLOBALS)
        sweeps.append(MICRO_SWEEP)
        parts = {"@START@": START_SERVICE, "@END@": END_SERVICE}
    else:
        parts = {"@START@": "", "@END@": ""}
    parts |= {"@GLOBALS@": "\n".join(globals_), "@SWEEPS@": "\n".join(sweeps), "@COUNT@": str(len(calls)),
              "@LEFT_OUT@": ", ".join(left_out) or "none"}
    with open(output, "w") as f:
        f.write(re.sub(r"@[A-Z_]+@\n?", lambda m: parts.get(m.group().strip(), m.group()), PROLOGUE))
        for n, part in enumerate(functions):
            f.write(f"static void part_{n}(void)\n{{\n    start();\n" + "\n".join(part) + "\n    end();\n}\n\n")
        f.write("int main(int argc, char **argv)\n{\n    static const test_case cases[] = {\n")
        f.write("".join(f"        TEST(part_{n}),\n" for n in range(len(functions))))
        f.write("    };\n\n    return RUN_TESTS(cases, argc, argv);\n}\n")


START_CONTEXT = """    {
        jsOptions o;

        /* Nobody answers. */
        CHECK_OK(jsOptions_Init(&o));
        o.Wait = 5;
        CHECK_OK(natsConnection_JetStream(&context, connection, &o));
    }
"""

MICRO_GLOBALS = """static microService *service, *new_service;
static microGroup *group, *new_group;
static microClient *client, *new_client;
static microServiceInfo *new_info;
static microServiceStats *new_stats;
static microServiceConfig service_config;
static microEndpointConfig endpoint_config;
static microGroupConfig group_config;

static microError *answer(microRequest *req) {
    (void)req;
    return NULL;
}

static int status_of_error(microError *err) {
    int s = (int)microError_Status(err);

    microError_Destroy(err);
    return s;
}"""
MICRO_SWEEP = """    microError_Destroy(new_service == NULL ? NULL : microService_Destroy(new_service));
    microClient_Destroy(new_client);
    microServiceInfo_Destroy(new_info);
    microServiceStats_Destroy(new_stats);
    new_service = NULL;
    new_client = NULL;
    new_info = NULL;
    new_stats = NULL;"""
START_SERVICE = """    service_config.Name = "s";
    service_config.Version = "1.0.0";
    endpoint_config.Name = "e";
    endpoint_config.Handler = answer;
    group_config.Prefix = "g";
    CHECK(micro_AddService(&service, connection, &service_config) == NULL);
    CHECK(microService_AddGroup(&group, service, &group_config) == NULL);
    CHECK(micro_NewClient(&client, connection, NULL) == NULL);
"""
END_SERVICE = """    microClient_Destroy(client);
    CHECK(microService_Destroy(service) == NULL);
"""

PROLOGUE = r"""/* Generated by gen_null_test.py: do not edit. @COUNT@ calls. Left out: @LEFT_OUT@. */
#include "callbacks.h"
#include "peer.h"
#include "test.h"

static peer the_peer;
static natsConnection *connection __attribute__((unused)), *new_connection __attribute__((unused));
static natsSubscription *subscription __attribute__((unused)), *new_subscription __attribute__((unused));
static natsOptions *options __attribute__((unused)), *new_options __attribute__((unused));
static natsMsg *message __attribute__((unused)), *new_message __attribute__((unused));
static natsHeader *header __attribute__((unused)), *new_header __attribute__((unused));
static natsStatistics *statistics __attribute__((unused)), *new_statistics __attribute__((unused));
static natsInbox *inbox __attribute__((unused));
static natsMsgList list __attribute__((unused));
static natsClientConfig config __attribute__((unused));
static natsStatus status __attribute__((unused));
static char buffer[256] __attribute__((unused));
static int number[4] __attribute__((unused));
static int64_t long_number __attribute__((unused));
static uint64_t unsigned_number[8] __attribute__((unused));
static const char *text __attribute__((unused)), **texts __attribute__((unused));
static char *string __attribute__((unused)), **lists __attribute__((unused));
static unsigned char *bytes __attribute__((unused));
static int anything __attribute__((unused));
static FILE *sink __attribute__((unused));
@GLOBALS@

__attribute__((unused)) static void message_callback(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *arg)
{
    (void)nc;
    (void)sub;
    (void)arg;
    natsMsg_Destroy(msg);
}

__attribute__((unused)) static void connection_callback(natsConnection *nc, void *arg)
{
    (void)nc;
    (void)arg;
}

__attribute__((unused)) static void error_callback(natsConnection *nc, natsSubscription *sub, natsStatus err, void *arg)
{
    (void)nc;
    (void)sub;
    (void)err;
    (void)arg;
}

__attribute__((unused)) static void complete_callback(void *arg) { (void)arg; }

__attribute__((unused)) static int64_t delay_callback(natsConnection *nc, int attempts, void *arg)
{
    (void)nc;
    (void)attempts;
    (void)arg;
    return 1;
}

__attribute__((unused)) static const char *token_callback(void *arg)
{
    (void)arg;
    return "token";
}

static void start(void)
{
    natsOptions *opts;

    sink = fopen("/dev/null", "w");
    CHECK(sink != NULL);
    peer_open(&the_peer);
    opts = test_options(the_peer.url);
    CHECK_OK(natsOptions_SetAllowReconnect(opts, false));
    connection = peer_connect(&the_peer, opts);
    peer_refuse(&the_peer);
    CHECK_OK(natsConnection_SubscribeSync(&subscription, connection, "foo"));
    CHECK_OK(natsOptions_Create(&options));
    CHECK_OK(natsOptions_SetURL(options, "nats://127.0.0.1:1"));
    message = test_msg("foo", NULL, "x");
    CHECK_OK(natsHeader_New(&header));
    CHECK_OK(natsStatistics_Create(&statistics));
@START@
}

/* Whatever a call made after all. */
static void sweep(void)
{
    natsSubscription_Destroy(new_subscription);
    natsConnection_Destroy(new_connection);
    natsOptions_Destroy(new_options);
    natsMsg_Destroy(new_message);
    natsHeader_Destroy(new_header);
    natsStatistics_Destroy(new_statistics);
    natsInbox_Destroy(inbox);
    new_subscription = NULL;
    new_connection = NULL;
    new_options = NULL;
    new_message = NULL;
    new_header = NULL;
    new_statistics = NULL;
    inbox = NULL;
    free((void *)texts);
    free(string);
    free(bytes);
    texts = NULL;
    string = NULL;
    bytes = NULL;
@SWEEPS@
}

static void end(void)
{
@END@
    natsStatistics_Destroy(statistics);
    natsHeader_Destroy(header);
    natsMsg_Destroy(message);
    natsOptions_Destroy(options);
    natsSubscription_Destroy(subscription);
    peer_hang_up(&the_peer);
    natsConnection_Destroy(connection);
    peer_close(&the_peer);
    fclose(sink);
}

static int status_of(natsStatus s) { return (int)s; }

/* Must not be NATS_OK. */
#define REFUSED(call, what)                                                                                  \
    do {                                                                                                     \
        if ((call) == NATS_OK)                                                                               \
            check_failed(__FILE__, __LINE__, "%s: NULL is accepted", what);                                  \
        sweep();                                                                                             \
    } while (0)
/* Any status will do. */
#define TRUE_OF(call, what)                                                                                  \
    do {                                                                                                     \
        if ((call) < 0)                                                                                      \
            check_failed(__FILE__, __LINE__, "%s: not a status", what);                                      \
        sweep();                                                                                             \
    } while (0)
/* Must come back. */
#define CALLED(call, what)                                                                                   \
    do {                                                                                                     \
        call;                                                                                                \
        (void)(what);                                                                                        \
        sweep();                                                                                             \
    } while (0)

"""

if __name__ == "__main__":
    main()
