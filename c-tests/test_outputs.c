/* Outputs of failed calls.
 *
 * Most functions do not write them. Some, as in nats.c, write a value that a program may rely on: 0, NULL or an
 * empty text. Each row calls one function with one cause of failure; all outputs are filled with a pattern, and
 * those that the row does not name must keep it. */
#include "peer_fixture.h"
#include "server.h"

enum { PATTERN = 0xA5 };

/* Room for the outputs of any function. */
typedef struct outputs {
    void *pointer; /* also for char ***, natsMsg ** and the like */
    int number;
    int number2;
    int number3;
    int number4;
    int64_t big;
    int64_t big2;
    uint64_t count[5];
    char text[64];
} outputs;

/* What there is to call functions on. */
typedef struct world {
    natsConnection *nc;        /* connected to a server that tells little */
    natsConnection *closed;    /* closed */
    natsConnection *lost;      /* without server */
    natsSubscription *sync;    /* open, nothing in it */
    natsSubscription *async;   /* open */
    natsSubscription *ended;   /* unsubscribed */
    natsSubscription *orphan;  /* its connection is closed */
    natsSubscription *emptied; /* ended after its maximum */
    natsMsg *msg;              /* with the header "key" */
    natsMsg *plain;            /* without headers */
#if OURS
    natsHeader *header; /* with the key "key" */
    natsHeader *bare;   /* empty */
#endif
    natsOptions *nobody; /* of a server that refuses */
    char nobody_url[64];
} world;

typedef natsStatus (*call)(const world *w, outputs *o);

typedef struct row {
    const char *name;
    call run;
    natsStatus status;
    const char *written; /* the outputs that are 0, NULL or empty afterwards */
} row;

#define CALL(name, ...)                                                                                      \
    static natsStatus name(const world *w, outputs *o) {                                                     \
        (void)w;                                                                                             \
        (void)o;                                                                                             \
        return __VA_ARGS__;                                                                                  \
    }
#define AS(type, place) ((type *)(void *)&(place))

static void nothing(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
    (void)nc;
    (void)sub;
    (void)closure;
    natsMsg_Destroy(msg);
}

/* Connections. */
CALL(connect_refused, natsConnection_Connect(AS(natsConnection *, o->pointer), w->nobody))
CALL(connect_to_refused, natsConnection_ConnectTo(AS(natsConnection *, o->pointer), w->nobody_url))
CALL(connect_to_nonsense, natsConnection_ConnectTo(AS(natsConnection *, o->pointer), "nats://host:port"))
CALL(rtt_null, natsConnection_GetRTT(NULL, &o->big))
CALL(rtt_closed, natsConnection_GetRTT(w->closed, &o->big))
CALL(rtt_lost, natsConnection_GetRTT(w->lost, &o->big))
CALL(url_null, natsConnection_GetConnectedUrl(NULL, o->text, sizeof(o->text)))
CALL(url_small, natsConnection_GetConnectedUrl(w->nc, o->text, 3))
CALL(server_id_null, natsConnection_GetConnectedServerId(NULL, o->text, sizeof(o->text)))
CALL(server_id_small, natsConnection_GetConnectedServerId(w->nc, o->text, 3))
CALL(servers_null, natsConnection_GetServers(NULL, AS(char **, o->pointer), &o->number))
CALL(servers_no_count, natsConnection_GetServers(w->nc, AS(char **, o->pointer), NULL))
CALL(servers_no_array, natsConnection_GetServers(w->nc, NULL, &o->number))
CALL(discovered_null, natsConnection_GetDiscoveredServers(NULL, AS(char **, o->pointer), &o->number))
CALL(discovered_no_count, natsConnection_GetDiscoveredServers(w->nc, AS(char **, o->pointer), NULL))
CALL(discovered_no_array, natsConnection_GetDiscoveredServers(w->nc, NULL, &o->number))
CALL(client_id_null, natsConnection_GetClientID(NULL, &o->count[0]))
CALL(client_id_closed, natsConnection_GetClientID(w->closed, &o->count[0]))
CALL(client_id_unsaid, natsConnection_GetClientID(w->nc, &o->count[0]))
CALL(client_ip_null, natsConnection_GetClientIP(NULL, AS(char *, o->pointer)))
CALL(client_ip_closed, natsConnection_GetClientIP(w->closed, AS(char *, o->pointer)))
CALL(client_ip_unsaid, natsConnection_GetClientIP(w->nc, AS(char *, o->pointer)))
CALL(local_null, natsConnection_GetLocalIPAndPort(NULL, AS(char *, o->pointer), &o->number))
CALL(local_no_port, natsConnection_GetLocalIPAndPort(w->nc, AS(char *, o->pointer), NULL))
CALL(local_no_ip, natsConnection_GetLocalIPAndPort(w->nc, NULL, &o->number))
CALL(local_closed, natsConnection_GetLocalIPAndPort(w->closed, AS(char *, o->pointer), &o->number))
CALL(local_lost, natsConnection_GetLocalIPAndPort(w->lost, AS(char *, o->pointer), &o->number))
CALL(last_error_null, natsConnection_GetLastError(NULL, AS(const char *, o->pointer)))
CALL(stats_null, natsConnection_GetStats(w->nc, NULL))
CALL(sign_without_key, natsConnection_Sign(w->nc, (const unsigned char *)"x", 1, (unsigned char *)o->text))
CALL(sign_null, natsConnection_Sign(NULL, (const unsigned char *)"x", 1, (unsigned char *)o->text))

/* Requests. */
CALL(request_null, natsConnection_Request(AS(natsMsg *, o->pointer), NULL, "foo", NULL, 0, 1))
CALL(request_no_subject, natsConnection_Request(AS(natsMsg *, o->pointer), w->nc, NULL, NULL, 0, 1))
CALL(request_closed, natsConnection_Request(AS(natsMsg *, o->pointer), w->closed, "foo", NULL, 0, 1))
CALL(request_late, natsConnection_Request(AS(natsMsg *, o->pointer), w->nc, "foo", NULL, 0, 1))
CALL(request_string_null, natsConnection_RequestString(AS(natsMsg *, o->pointer), NULL, "foo", "x", 1))
CALL(request_string_closed, natsConnection_RequestString(AS(natsMsg *, o->pointer), w->closed, "foo", "x", 1))
CALL(request_string_late, natsConnection_RequestString(AS(natsMsg *, o->pointer), w->nc, "foo", "x", 1))
CALL(request_msg_null, natsConnection_RequestMsg(AS(natsMsg *, o->pointer), NULL, w->plain, 1))
CALL(request_msg_no_msg, natsConnection_RequestMsg(AS(natsMsg *, o->pointer), w->nc, NULL, 1))
CALL(request_msg_closed, natsConnection_RequestMsg(AS(natsMsg *, o->pointer), w->closed, w->plain, 1))
CALL(request_msg_late, natsConnection_RequestMsg(AS(natsMsg *, o->pointer), w->nc, w->plain, 1))

/* Subscribing. */
CALL(sub_null, natsConnection_Subscribe(AS(natsSubscription *, o->pointer), NULL, "foo", nothing, NULL))
CALL(sub_subject, natsConnection_Subscribe(AS(natsSubscription *, o->pointer), w->nc, "a..b", nothing, NULL))
CALL(sub_no_cb, natsConnection_Subscribe(AS(natsSubscription *, o->pointer), w->nc, "foo", NULL, NULL))
CALL(sub_closed,
     natsConnection_Subscribe(AS(natsSubscription *, o->pointer), w->closed, "foo", nothing, NULL))
CALL(sub_timeout_bad,
     natsConnection_SubscribeTimeout(AS(natsSubscription *, o->pointer), w->nc, "foo", 0, nothing, NULL))
CALL(sub_timeout_closed,
     natsConnection_SubscribeTimeout(AS(natsSubscription *, o->pointer), w->closed, "foo", 9, nothing, NULL))
CALL(sub_sync_null, natsConnection_SubscribeSync(AS(natsSubscription *, o->pointer), NULL, "foo"))
CALL(sub_sync_subject, natsConnection_SubscribeSync(AS(natsSubscription *, o->pointer), w->nc, ""))
CALL(sub_sync_closed, natsConnection_SubscribeSync(AS(natsSubscription *, o->pointer), w->closed, "foo"))
CALL(queue_name,
     natsConnection_QueueSubscribe(AS(natsSubscription *, o->pointer), w->nc, "foo", "a b", nothing, NULL))
CALL(queue_closed,
     natsConnection_QueueSubscribe(AS(natsSubscription *, o->pointer), w->closed, "foo", "q", nothing, NULL))
CALL(queue_timeout_name, natsConnection_QueueSubscribeTimeout(AS(natsSubscription *, o->pointer), w->nc,
                                                              "foo", "a b", 9, nothing, NULL))
CALL(queue_sync_none,
     natsConnection_QueueSubscribeSync(AS(natsSubscription *, o->pointer), w->nc, "foo", NULL))
CALL(queue_sync_name,
     natsConnection_QueueSubscribeSync(AS(natsSubscription *, o->pointer), w->nc, "foo", "a b"))

/* Subscriptions. */
CALL(next_null, natsSubscription_NextMsg(AS(natsMsg *, o->pointer), NULL, 1))
CALL(next_late, natsSubscription_NextMsg(AS(natsMsg *, o->pointer), w->sync, 1))
CALL(next_at_once, natsSubscription_NextMsg(AS(natsMsg *, o->pointer), w->sync, 0))
CALL(next_async, natsSubscription_NextMsg(AS(natsMsg *, o->pointer), w->async, 1))
CALL(next_ended, natsSubscription_NextMsg(AS(natsMsg *, o->pointer), w->ended, 1))
CALL(next_orphan, natsSubscription_NextMsg(AS(natsMsg *, o->pointer), w->orphan, 1))
CALL(next_emptied, natsSubscription_NextMsg(AS(natsMsg *, o->pointer), w->emptied, 1))
CALL(queued_null, natsSubscription_QueuedMsgs(NULL, &o->count[0]))
CALL(queued_ended, natsSubscription_QueuedMsgs(w->ended, &o->count[0]))
CALL(queued_orphan, natsSubscription_QueuedMsgs(w->orphan, &o->count[0]))
CALL(limits_null, natsSubscription_GetPendingLimits(NULL, &o->number, &o->number2))
CALL(limits_ended, natsSubscription_GetPendingLimits(w->ended, &o->number, &o->number2))
CALL(pending_null, natsSubscription_GetPending(NULL, &o->number, &o->number2))
CALL(pending_ended, natsSubscription_GetPending(w->ended, &o->number, &o->number2))
CALL(delivered_null, natsSubscription_GetDelivered(NULL, &o->big))
CALL(delivered_ended, natsSubscription_GetDelivered(w->ended, &o->big))
CALL(dropped_null, natsSubscription_GetDropped(NULL, &o->big))
CALL(dropped_ended, natsSubscription_GetDropped(w->ended, &o->big))
CALL(max_pending_null, natsSubscription_GetMaxPending(NULL, &o->number, &o->number2))
CALL(max_pending_ended, natsSubscription_GetMaxPending(w->ended, &o->number, &o->number2))
CALL(sub_stats_null,
     natsSubscription_GetStats(NULL, &o->number, &o->number2, &o->number3, &o->number4, &o->big, &o->big2))
CALL(sub_stats_ended, natsSubscription_GetStats(w->ended, &o->number, &o->number2, &o->number3, &o->number4,
                                                &o->big, &o->big2))

/* Messages and headers. */
CALL(msg_no_subject, natsMsg_Create(AS(natsMsg *, o->pointer), NULL, NULL, "x", 1))
CALL(msg_empty_subject, natsMsg_Create(AS(natsMsg *, o->pointer), "", NULL, "x", 1))
CALL(msg_empty_reply, natsMsg_Create(AS(natsMsg *, o->pointer), "foo", "", "x", 1))
CALL(get_null, natsMsgHeader_Get(NULL, "key", AS(const char *, o->pointer)))
CALL(get_no_key, natsMsgHeader_Get(w->msg, NULL, AS(const char *, o->pointer)))
CALL(get_absent, natsMsgHeader_Get(w->msg, "none", AS(const char *, o->pointer)))
CALL(get_plain, natsMsgHeader_Get(w->plain, "key", AS(const char *, o->pointer)))
CALL(values_null, natsMsgHeader_Values(NULL, "key", AS(const char **, o->pointer), &o->number))
CALL(values_no_key, natsMsgHeader_Values(w->msg, "", AS(const char **, o->pointer), &o->number))
CALL(values_no_count, natsMsgHeader_Values(w->msg, "key", AS(const char **, o->pointer), NULL))
CALL(values_absent, natsMsgHeader_Values(w->msg, "none", AS(const char **, o->pointer), &o->number))
CALL(values_plain, natsMsgHeader_Values(w->plain, "key", AS(const char **, o->pointer), &o->number))
CALL(keys_null, natsMsgHeader_Keys(NULL, AS(const char **, o->pointer), &o->number))
CALL(keys_no_count, natsMsgHeader_Keys(w->msg, AS(const char **, o->pointer), NULL))
CALL(keys_plain, natsMsgHeader_Keys(w->plain, AS(const char **, o->pointer), &o->number))

/* Of no object. */
CALL(seed_bad, nats_Sign("SUAAAA", "x", AS(unsigned char *, o->pointer), &o->number))
CALL(seed_empty, nats_Sign("", "x", AS(unsigned char *, o->pointer), &o->number))
CALL(counts_null,
     natsStatistics_GetCounts(NULL, &o->count[0], &o->count[1], &o->count[2], &o->count[3], &o->count[4]))

#if OURS /* nats.c writes to a buffer without room, or its releases in distributions lack the function. */
CALL(url_no_room, natsConnection_GetConnectedUrl(w->nc, o->text, 0))
CALL(read_error_null, natsConnection_ReadLastError(NULL, o->text, sizeof(o->text)))
CALL(header_null, natsHeader_Get(NULL, "key", AS(const char *, o->pointer)))
CALL(header_no_key, natsHeader_Get(w->header, "", AS(const char *, o->pointer)))
CALL(header_absent, natsHeader_Get(w->header, "none", AS(const char *, o->pointer)))
CALL(header_values_null, natsHeader_Values(NULL, "key", AS(const char **, o->pointer), &o->number))
CALL(header_values_no_count, natsHeader_Values(w->header, "key", AS(const char **, o->pointer), NULL))
CALL(header_values_absent, natsHeader_Values(w->header, "none", AS(const char **, o->pointer), &o->number))
CALL(header_keys_null, natsHeader_Keys(NULL, AS(const char **, o->pointer), &o->number))
CALL(header_keys_no_count, natsHeader_Keys(w->header, AS(const char **, o->pointer), NULL))
CALL(header_keys_bare, natsHeader_Keys(w->bare, AS(const char **, o->pointer), &o->number))
/* And what nats.c has not at all. */
CALL(server_name_null, natsConnection_GetServerName(NULL, o->text, sizeof(o->text)))
CALL(server_version_null, natsConnection_GetServerVersion(NULL, o->text, sizeof(o->text)))
CALL(server_version_small, natsConnection_GetServerVersion(w->nc, o->text, 3))
CALL(server_cluster_null, natsConnection_GetServerCluster(NULL, o->text, sizeof(o->text)))
CALL(sub_count_null, natsConnection_GetSubscriptionCount(NULL, &o->number))
CALL(pending_bytes_null, natsConnection_GetPendingBytes(NULL, &o->big))
CALL(dispatch_fd_null, natsConnection_GetDispatchFd(NULL, &o->number))
CALL(dispatch_fd_automatic, natsConnection_GetDispatchFd(w->nc, &o->number))
CALL(dispatch_null, natsConnection_Dispatch(NULL, 1, &o->number))
CALL(dispatch_automatic, natsConnection_Dispatch(w->nc, 1, &o->number))
#endif

/* nats.c looks at its other arguments before it clears the reply, and libnats_rs after. */
#define IF_OURS(text) (OURS ? (text) : "")

static const row rows[] = {
#define ROW(name, status, written)                                                                           \
    { #name, name, status, written }
    ROW(connect_refused, NATS_NO_SERVER, ""),
    ROW(connect_to_refused, NATS_NO_SERVER, ""),
    ROW(connect_to_nonsense, NATS_INVALID_ARG, ""),
    ROW(rtt_null, NATS_INVALID_ARG, ""),
    ROW(rtt_closed, NATS_CONNECTION_CLOSED, "big"),
    ROW(rtt_lost, NATS_CONNECTION_DISCONNECTED, "big"),
    ROW(url_null, NATS_INVALID_ARG, ""),
    ROW(url_small, NATS_INSUFFICIENT_BUFFER, "text"),
#if OURS
    ROW(url_no_room, NATS_INSUFFICIENT_BUFFER, ""),
#endif
    ROW(server_id_null, NATS_INVALID_ARG, ""),
    ROW(server_id_small, NATS_INSUFFICIENT_BUFFER, "text"),
    ROW(servers_null, NATS_INVALID_ARG, ""),
    ROW(servers_no_count, NATS_INVALID_ARG, ""),
    ROW(servers_no_array, NATS_INVALID_ARG, ""),
    ROW(discovered_null, NATS_INVALID_ARG, ""),
    ROW(discovered_no_count, NATS_INVALID_ARG, ""),
    ROW(discovered_no_array, NATS_INVALID_ARG, ""),
    ROW(client_id_null, NATS_INVALID_ARG, ""),
    ROW(client_id_closed, NATS_CONNECTION_CLOSED, ""),
    ROW(client_id_unsaid, NATS_NO_SERVER_SUPPORT, "count"),
    ROW(client_ip_null, NATS_INVALID_ARG, ""),
    ROW(client_ip_closed, NATS_CONNECTION_CLOSED, "pointer"),
    ROW(client_ip_unsaid, NATS_NO_SERVER_SUPPORT, "pointer"),
    ROW(local_null, NATS_INVALID_ARG, ""),
    ROW(local_no_port, NATS_INVALID_ARG, ""),
    ROW(local_no_ip, NATS_INVALID_ARG, ""),
    ROW(local_closed, NATS_CONNECTION_CLOSED, "pointer number"),
    ROW(local_lost, NATS_CONNECTION_DISCONNECTED, "pointer number"),
    ROW(last_error_null, NATS_INVALID_ARG, ""),
    ROW(stats_null, NATS_INVALID_ARG, ""),
    ROW(sign_without_key, NATS_ERR, ""),
    ROW(sign_null, NATS_INVALID_ARG, ""),
    ROW(request_null, NATS_INVALID_ARG, IF_OURS("pointer")),
    ROW(request_no_subject, NATS_INVALID_SUBJECT, "pointer"),
    ROW(request_closed, NATS_CONNECTION_CLOSED, "pointer"),
    ROW(request_late, NATS_TIMEOUT, "pointer"),
    ROW(request_string_null, NATS_INVALID_ARG, IF_OURS("pointer")),
    ROW(request_string_closed, NATS_CONNECTION_CLOSED, "pointer"),
    ROW(request_string_late, NATS_TIMEOUT, "pointer"),
    ROW(request_msg_null, NATS_INVALID_ARG, IF_OURS("pointer")),
    ROW(request_msg_no_msg, NATS_INVALID_ARG, IF_OURS("pointer")),
    ROW(request_msg_closed, NATS_CONNECTION_CLOSED, "pointer"),
    ROW(request_msg_late, NATS_TIMEOUT, "pointer"),
    ROW(sub_null, NATS_INVALID_ARG, ""),
    ROW(sub_subject, NATS_INVALID_SUBJECT, ""),
    ROW(sub_no_cb, NATS_INVALID_ARG, ""),
    ROW(sub_closed, NATS_CONNECTION_CLOSED, ""),
    ROW(sub_timeout_bad, NATS_INVALID_ARG, ""),
    ROW(sub_timeout_closed, NATS_CONNECTION_CLOSED, ""),
    ROW(sub_sync_null, NATS_INVALID_ARG, ""),
    ROW(sub_sync_subject, NATS_INVALID_SUBJECT, ""),
    ROW(sub_sync_closed, NATS_CONNECTION_CLOSED, ""),
    ROW(queue_name, NATS_INVALID_QUEUE_NAME, ""),
    ROW(queue_closed, NATS_CONNECTION_CLOSED, ""),
    ROW(queue_timeout_name, NATS_INVALID_QUEUE_NAME, ""),
    ROW(queue_sync_none, NATS_INVALID_ARG, ""),
    ROW(queue_sync_name, NATS_INVALID_QUEUE_NAME, ""),
    ROW(next_null, NATS_INVALID_ARG, ""),
    ROW(next_late, NATS_TIMEOUT, ""),
    ROW(next_at_once, NATS_TIMEOUT, ""),
    ROW(next_async, NATS_ILLEGAL_STATE, ""),
    ROW(next_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(next_orphan, NATS_CONNECTION_CLOSED, ""),
    ROW(next_emptied, NATS_MAX_DELIVERED_MSGS, ""),
    ROW(queued_null, NATS_INVALID_ARG, ""),
    ROW(queued_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(queued_orphan, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(limits_null, NATS_INVALID_ARG, ""),
    ROW(limits_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(pending_null, NATS_INVALID_ARG, ""),
    ROW(pending_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(delivered_null, NATS_INVALID_ARG, ""),
    ROW(delivered_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(dropped_null, NATS_INVALID_ARG, ""),
    ROW(dropped_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(max_pending_null, NATS_INVALID_ARG, ""),
    ROW(max_pending_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(sub_stats_null, NATS_INVALID_ARG, ""),
    ROW(sub_stats_ended, NATS_INVALID_SUBSCRIPTION, ""),
    ROW(msg_no_subject, NATS_INVALID_ARG, ""),
    ROW(msg_empty_subject, NATS_INVALID_ARG, ""),
    ROW(msg_empty_reply, NATS_INVALID_ARG, ""),
    ROW(get_null, NATS_INVALID_ARG, ""),
    ROW(get_no_key, NATS_INVALID_ARG, ""),
    ROW(get_absent, NATS_NOT_FOUND, "pointer"),
    ROW(get_plain, NATS_NOT_FOUND, "pointer"),
    ROW(values_null, NATS_INVALID_ARG, ""),
    ROW(values_no_key, NATS_INVALID_ARG, ""),
    ROW(values_no_count, NATS_INVALID_ARG, ""),
    ROW(values_absent, NATS_NOT_FOUND, "pointer number"),
    ROW(values_plain, NATS_NOT_FOUND, "pointer number"),
    ROW(keys_null, NATS_INVALID_ARG, ""),
    ROW(keys_no_count, NATS_INVALID_ARG, ""),
    ROW(keys_plain, NATS_NOT_FOUND, "pointer number"),
    ROW(seed_bad, NATS_ERR, ""),
    ROW(seed_empty, NATS_INVALID_ARG, ""),
    ROW(counts_null, NATS_INVALID_ARG, ""),
#if OURS
    ROW(read_error_null, NATS_INVALID_ARG, ""),
    ROW(header_null, NATS_INVALID_ARG, ""),
    ROW(header_no_key, NATS_INVALID_ARG, ""),
    ROW(header_absent, NATS_NOT_FOUND, "pointer"),
    ROW(header_values_null, NATS_INVALID_ARG, ""),
    ROW(header_values_no_count, NATS_INVALID_ARG, ""),
    ROW(header_values_absent, NATS_NOT_FOUND, "pointer number"),
    ROW(header_keys_null, NATS_INVALID_ARG, ""),
    ROW(header_keys_no_count, NATS_INVALID_ARG, ""),
    ROW(header_keys_bare, NATS_NOT_FOUND, "pointer number"),
    ROW(server_name_null, NATS_INVALID_ARG, ""),
    ROW(server_version_null, NATS_INVALID_ARG, ""),
    ROW(server_version_small, NATS_INSUFFICIENT_BUFFER, "text"),
    ROW(server_cluster_null, NATS_INVALID_ARG, ""),
    ROW(sub_count_null, NATS_INVALID_ARG, ""),
    ROW(pending_bytes_null, NATS_INVALID_ARG, ""),
    ROW(dispatch_fd_null, NATS_INVALID_ARG, ""),
    ROW(dispatch_fd_automatic, NATS_ILLEGAL_STATE, ""),
    ROW(dispatch_null, NATS_INVALID_ARG, ""),
    ROW(dispatch_automatic, NATS_ILLEGAL_STATE, ""),
#endif
};

/* Writes down which outputs were changed, and how. */
typedef struct place {
    const char *name;
    size_t offset;
    size_t size;
} place;

#define PLACE(member)                                                                                        \
    { #member, offsetof(outputs, member), sizeof(((outputs *)NULL)->member) }

static const place places[] = {PLACE(pointer), PLACE(number), PLACE(number2), PLACE(number3),
                               PLACE(number4), PLACE(big),    PLACE(big2)};

static bool all_bytes(const unsigned char *bytes, size_t size, int value) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void describe(const outputs *o, char *text, size_t size) {
    const unsigned char *bytes = (const unsigned char *)o;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const unsigned char *at = bytes + places[i].offset;
        if (all_bytes(at, places[i].size, PATTERN))
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s%s", used == 0 ? "" : " ", places[i].name,
                                 all_bytes(at, places[i].size, 0) ? "" : "=?");
    }
    for (int i = 0; i < 5; i++)
        if (!all_bytes((const unsigned char *)&o->count[i], sizeof(o->count[i]), PATTERN))
            used += (size_t)snprintf(text + used, size - used, "%scount%s", used == 0 ? "" : " ",
                                     o->count[i] == 0 ? "" : "=?");
    if (!all_bytes((const unsigned char *)o->text, sizeof(o->text), PATTERN))
        snprintf(text + used, size - used, "%stext%s", used == 0 ? "" : " ", o->text[0] == '\0' ? "" : "=?");
}

static void failing_calls_leave_their_outputs_as_promised(void) {
    int wrong = 0;
    world w;
    peer p, gone;
    /* No client_id and no client_ip. */
    static char info[] =
        "INFO {\"server_id\":\"FAKE\",\"version\":\"2.10.0\",\"proto\":1,\"max_payload\":1048576}\r\n";
    char got[256];
    memset(&w, 0, sizeof(w));
    peer_open(&p);
    peer_open(&gone);
    snprintf(w.nobody_url, sizeof(w.nobody_url), "%s", gone.url);
    w.nobody = test_options(gone.url);
    peer_refuse(&gone);

    peer_run(&p, peer_handshake, (void *)info);
    w.closed = test_connect(test_options(p.url));
    peer_join(&p);
    CHECK_OK(natsConnection_SubscribeSync(&w.orphan, w.closed, "foo"));
    peer_hang_up(&p);
    natsConnection_Close(w.closed);

    natsOptions *opts = test_options(p.url);
    CHECK_OK(natsOptions_SetReconnectWait(opts, 60000));
    CHECK_OK(natsOptions_SetMaxReconnect(opts, -1));
    peer_run(&p, peer_handshake, (void *)info);
    w.lost = test_connect(opts);
    peer_join(&p);
    peer_hang_up(&p);
    CHECK_SOON(natsConnection_IsReconnecting(w.lost));

    peer_run(&p, peer_handshake, (void *)info);
    w.nc = test_connect(test_options(p.url));
    peer_join(&p);
    CHECK_OK(natsConnection_SubscribeSync(&w.sync, w.nc, "foo"));
    CHECK_OK(natsConnection_Subscribe(&w.async, w.nc, "foo", nothing, NULL));
    CHECK_OK(natsConnection_SubscribeSync(&w.ended, w.nc, "foo"));
    CHECK_OK(natsSubscription_Unsubscribe(w.ended));
    CHECK_OK(natsConnection_SubscribeSync(&w.emptied, w.nc, "bar"));
    CHECK_OK(natsSubscription_AutoUnsubscribe(w.emptied, 1));
    CHECK(peer_send(&p, "MSG bar 4 1\r\nx\r\n"));
    test_expect_next(w.emptied, "x");
    w.plain = test_msg("foo", NULL, "x");
    w.msg = test_msg("foo", NULL, "x");
    CHECK_OK(natsMsgHeader_Set(w.msg, "key", "value"));
#if OURS
    CHECK_OK(natsHeader_New(&w.bare));
    CHECK_OK(natsHeader_New(&w.header));
    CHECK_OK(natsHeader_Set(w.header, "key", "value"));
#endif

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        outputs o;
        memset(&o, PATTERN, sizeof(o));
        natsStatus s = rows[i].run(&w, &o);
        describe(&o, got, sizeof(got));
        if (s != rows[i].status || strcmp(got, rows[i].written) != 0) {
            fprintf(stderr, "%s: %s, written: '%s'; not %s, '%s'\n", rows[i].name, natsStatus_GetText(s), got,
                    natsStatus_GetText(rows[i].status), rows[i].written);
            wrong++;
        }
    }
    CHECK_INT(wrong, 0);

#if OURS
    natsHeader_Destroy(w.header);
    natsHeader_Destroy(w.bare);
#endif
    natsMsg_Destroy(w.msg);
    natsMsg_Destroy(w.plain);
    natsSubscription_Destroy(w.sync);
    natsSubscription_Destroy(w.async);
    natsSubscription_Destroy(w.ended);
    natsSubscription_Destroy(w.emptied);
    natsSubscription_Destroy(w.orphan);
    natsConnection_Destroy(w.nc);
    natsConnection_Destroy(w.lost);
    natsConnection_Destroy(w.closed);
    natsOptions_Destroy(w.nobody);
    peer_close(&p);
    peer_close(&gone);
}

int main(int argc, char **argv) {
    const test_case cases[] = {
        TEST(failing_calls_leave_their_outputs_as_promised),
    };
    return RUN_TESTS(cases, argc, argv);
}
