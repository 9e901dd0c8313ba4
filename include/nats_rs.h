/**
 * @file nats_rs.h
 * The C interface of libnats_rs, a NATS client with a Rust core.
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The names, types, constants and struct layouts are those of the public interface of the nats.c client, so a program
 * written for nats.c compiles against this header. Additions of this library are marked as such. The following
 * conventions hold everywhere, unless a function says otherwise.
 *
 * @par Statuses
 * Most functions return a natsStatus; NATS_OK is 0. A failing call leaves a text with the calling thread, which
 * nats_GetLastError() returns and which the thread's next failing call replaces. Outputs are written only on success, or
 * receive 0, NULL or an empty string if the function says so. If there is no memory for a
 * message or for data to be sent, the call returns NATS_NO_MEMORY; without memory for its own small objects the library
 * ends the process.
 *
 * @par Ownership
 * The caller owns the results of X_Create, X_New, Connect, Subscribe, NextMsg and Request and releases them with
 * X_Destroy of their type. A message passed to a message callback is owned by the callback. Strings and arrays received
 * through an output pointer that is not const (char **, const char ***) are released with free(), one call each. Strings
 * returned as const char * belong to the object that the function was called with, and are valid until it is released. Arguments are copied.
 *
 * @par NULL
 * X_Destroy(NULL) does nothing. NULL where a value is required gives NATS_INVALID_ARG (or false, 0, NULL). With a length
 * of 0 the pointer is ignored; a negative length is refused.
 *
 * @par Destroyed handles
 * The long-lived objects are handles: natsConnection, natsSubscription, natsOptions, jsCtx, jsAtomicBatchCtx,
 * jsFastBatchCtx, kvStore, kvWatcher, objStore, objStorePut, objStoreGet, objStoreWatcher, microService, microGroup and
 * microClient. A call on a handle that was destroyed gives NATS_INVALID_ARG and does not access freed memory; a second
 * Destroy does nothing. This helps to find mistakes; programs must not depend on it, because the memory of a destroyed
 * handle is used for later handles. All other objects (messages, headers, lists, entries, statistics, inboxes) are plain
 * memory: using one after it was released is undefined.
 *
 * @par Threads
 * Any thread may use any handle at any time. The other objects, such as messages, headers, statistics and inboxes, belong
 * to one thread at a time. The number of threads of the library does not grow with the number of connections or
 * subscriptions.
 *
 * @par Callbacks
 * Callbacks run on threads of the library, or on the program's own with natsOptions_SetManualDispatch(), without a lock
 * held, and may call any function except nats_CloseAndWait(), including Destroy of their own handle. The callbacks of one
 * subscription run in order, one at a time; connection callbacks and error handlers run in order on one thread. Callbacks
 * may block, up to 512 message callbacks at a time; further ones wait until one of these returns. A callback has to
 * return: a longjmp or a C++ exception out of it ends the process. After pthread_exit() in a callback, which some
 * interpreters call after their own end, the thread of the library sleeps for ever, like a callback that does not return
 * (on x86-64; on other processors, and on threads of the program, the process ends, as it does if any other call is
 * interrupted by pthread_cancel()).
 *
 * @par fork
 * A child process has its own library, opened on first use. Options, messages and headers from before the fork can be
 * used in it. A call on any other handle from before the fork gives NATS_ILLEGAL_STATE, or the value for NULL; destroying
 * it in the child does not affect the parent.
 *
 * @par Units
 * Times are int64_t milliseconds, unless the name or the text says nanoseconds or microseconds. Lengths are bytes. Text
 * is UTF-8 with a NUL at its end. Payloads are bytes; a received payload is followed by a NUL.
 */


#ifndef NATS_RS_H_
#define NATS_RS_H_

/* Made by cbindgen from the sources in src/ffi: change those, never this file. */

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** Linkage of all functions; define it before including the header to change it. @ingroup nats_library */
#ifndef NATS_EXTERN
#if defined(__GNUC__)
#define NATS_EXTERN __attribute__((visibility("default")))
#else
#define NATS_EXTERN
#endif
#endif

/** Major version of this library. @ingroup nats_library */
#define NATS_RS_VERSION_MAJOR 0
/** Minor version of this library. @ingroup nats_library */
#define NATS_RS_VERSION_MINOR 1
/** Patch version of this library. @ingroup nats_library */
#define NATS_RS_VERSION_PATCH 0
/** Version of this library as a string. @ingroup nats_library */
#define NATS_RS_VERSION "0.1.0"
/** Version of this library as a number: major << 16 | minor << 8 | patch. @ingroup nats_library */
#define NATS_RS_VERSION_NUMBER                                                                                \
    ((NATS_RS_VERSION_MAJOR << 16) | (NATS_RS_VERSION_MINOR << 8) | NATS_RS_VERSION_PATCH)

/** Major version of the interface: that of the nats.c release whose names are declared here. @ingroup nats_library */
#define NATS_VERSION_MAJOR 3
/** Minor version of the interface. @ingroup nats_library */
#define NATS_VERSION_MINOR 14
/** Patch version of the interface. @ingroup nats_library */
#define NATS_VERSION_PATCH 0
/** Version of the interface as a string. @ingroup nats_library */
#define NATS_VERSION_STRING "3.14.0-beta"
/** Version of the interface as a number: major << 16 | minor << 8 | patch. @ingroup nats_library */
#define NATS_VERSION_NUMBER ((NATS_VERSION_MAJOR << 16) | (NATS_VERSION_MINOR << 8) | NATS_VERSION_PATCH)
/** Oldest version of the interface that fits this header. @ingroup nats_library */
#define NATS_VERSION_REQUIRED_NUMBER 0x030E00

/** True if the library found at run time fits the header this program was compiled with. @ingroup nats_library */
#define nats_CheckCompatibility()                                                                             \
    nats_CheckCompatibilityImpl(NATS_VERSION_REQUIRED_NUMBER, NATS_VERSION_NUMBER, NATS_VERSION_STRING)

/** The server that is connected to if no URL is given. @ingroup nats_servers */
#define NATS_DEFAULT_URL "nats://localhost:4222"

/* The connection statuses under their former names without a prefix, for programs that define this macro. */
#ifdef NATS_CONN_STATUS_NO_PREFIX
#define DISCONNECTED NATS_CONN_STATUS_DISCONNECTED
#define CONNECTING NATS_CONN_STATUS_CONNECTING
#define CONNECTED NATS_CONN_STATUS_CONNECTED
#define CLOSED NATS_CONN_STATUS_CLOSED
#define RECONNECTING NATS_CONN_STATUS_RECONNECTING
#define DRAINING_SUBS NATS_CONN_STATUS_DRAINING_SUBS
#define DRAINING_PUBS NATS_CONN_STATUS_DRAINING_PUBS
#endif

/** Header of a message that was delivered without its payload: the size of the payload. @ingroup nats_js_streams */
#define JSMsgSize "Nats-Msg-Size"
/** Header of a message that replaces earlier ones. @ingroup nats_js_streams */
#define JSMsgRollup "Nats-Rollup"
/** Value of #JSMsgRollup: replaces the earlier messages of its subject. @ingroup nats_js_streams */
#define JSMsgRollupSubject "sub"
/** Value of #JSMsgRollup: replaces all earlier messages of the stream. @ingroup nats_js_streams */
#define JSMsgRollupAll "all"
/** Header of a republished message, or one of a direct get: the stream. @ingroup nats_js_streams */
#define JSStream "Nats-Stream"
/** Header of a republished message, or one of a direct get: its sequence number. @ingroup nats_js_streams */
#define JSSequence "Nats-Sequence"
/** Header of a republished message: the number of the message before it on its subject. @ingroup nats_js_streams */
#define JSLastSequence "Nats-Last-Sequence"
/** Header of a message of a direct get: when the stream received it. @ingroup nats_js_streams */
#define JSTimeStamp "Nats-Time-Stamp"
/** Header of a republished message, or one of a direct get: its subject. @ingroup nats_js_streams */
#define JSSubject "Nats-Subject"

/** What the subjects of the monitoring of services begin with. @ingroup nats_micro_stats */
#define MICRO_API_PREFIX "$SRV"
/** Asks services whether they are there. @ingroup nats_micro_stats */
#define MICRO_PING_VERB "PING"
/** Asks services for their statistics. @ingroup nats_micro_stats */
#define MICRO_STATS_VERB "STATS"
/** Asks services what they are and offer. @ingroup nats_micro_stats */
#define MICRO_INFO_VERB "INFO"
/** The type of the answer to #MICRO_INFO_VERB. @ingroup nats_micro_stats */
#define MICRO_INFO_RESPONSE_TYPE "io.nats.micro.v1.info_response"
/** The type of the answer to #MICRO_PING_VERB. @ingroup nats_micro_stats */
#define MICRO_PING_RESPONSE_TYPE "io.nats.micro.v1.ping_response"
/** The type of the answer to #MICRO_STATS_VERB. @ingroup nats_micro_stats */
#define MICRO_STATS_RESPONSE_TYPE "io.nats.micro.v1.stats_response"
/** Header of an answer that is an error: the text of its status. @ingroup nats_micro_error */
#define MICRO_STATUS_HDR "Nats-Status"
/** Header of an answer that is an error: its text. @ingroup nats_micro_error */
#define MICRO_ERROR_HDR "Nats-Service-Error"
/** Header of an answer that is an error: its code. @ingroup nats_micro_error */
#define MICRO_ERROR_CODE_HDR "Nats-Service-Error-Code"
/** Ignores an error: the same as microError_Destroy(). @ingroup nats_micro_error */
#define microError_Ignore(__err) microError_Destroy(__err)

/** The descriptor of a socket; -1 for none. @ingroup nats_loop */
typedef int natsSock;


/**
 * Result of a call: `NATS_OK`, or the reason for the failure. `natsStatus_GetText` returns a text
 * for each.
 *
 * @ingroup nats_errors
 */
typedef enum natsStatus {
    /** Success. */
    NATS_OK = 0,
    /** An error without a status of its own. */
    NATS_ERR,
    /** The server violated the NATS protocol, or the headers of a message are malformed. */
    NATS_PROTOCOL_ERROR,
    /** Reading from or writing to the socket failed. */
    NATS_IO_ERROR,
    /** The server's first line is too long. */
    NATS_LINE_TOO_LONG,
    /** The connection is closed, or the server closed it. */
    NATS_CONNECTION_CLOSED,
    /** No server could be reached. */
    NATS_NO_SERVER,
    /** The server did not answer the client's PINGs. */
    NATS_STALE_CONNECTION,
    /** TLS is required by the options and the server does not offer it. */
    NATS_SECURE_CONNECTION_WANTED,
    /** The server requires TLS. Never returned: the client switches to TLS by itself. */
    NATS_SECURE_CONNECTION_REQUIRED,
    /** The connection was lost and may be restored. */
    NATS_CONNECTION_DISCONNECTED,
    /** The server refused the credentials, or they expired. */
    NATS_CONNECTION_AUTH_FAILED,
    /** The server does not permit this publish or subscription. */
    NATS_NOT_PERMITTED,
    /** The header, key or value does not exist. */
    NATS_NOT_FOUND,
    /** The URL of a server has no host. */
    NATS_ADDRESS_MISSING,
    /** The subject is missing or not valid. */
    NATS_INVALID_SUBJECT,
    /** An argument is not valid: NULL, negative, out of range, or a destroyed handle. */
    NATS_INVALID_ARG,
    /** The subscription is closed. */
    NATS_INVALID_SUBSCRIPTION,
    /** The timeout must be greater than zero. */
    NATS_INVALID_TIMEOUT,
    /** The call is not possible in the present state. */
    NATS_ILLEGAL_STATE,
    /** Messages were dropped because the subscription's pending limits were reached. */
    NATS_SLOW_CONSUMER,
    /** The payload is larger than the server allows. */
    NATS_MAX_PAYLOAD,
    /** The subscription has delivered its maximum of messages. */
    NATS_MAX_DELIVERED_MSGS,
    /** A buffer is too small, or the reconnect buffer is full. */
    NATS_INSUFFICIENT_BUFFER,
    /** Memory could not be allocated. */
    NATS_NO_MEMORY,
    /** A call of the operating system failed. */
    NATS_SYS_ERROR,
    /** The time ran out. */
    NATS_TIMEOUT,
    /** The library could not be opened, for example because it is being closed. */
    NATS_FAILED_TO_INITIALIZE,
    /** The library has not been opened. */
    NATS_NOT_INITIALIZED,
    /** A certificate, a cipher list or the TLS handshake failed. */
    NATS_SSL_ERROR,
    /** The server does not support this: it is too old or not configured for it. */
    NATS_NO_SERVER_SUPPORT,
    /** Not connected yet; attempts continue in the background. */
    NATS_NOT_YET_CONNECTED,
    /** The connection or subscription is draining. */
    NATS_DRAINING,
    /** The name of the queue group is not valid. */
    NATS_INVALID_QUEUE_NAME,
    /** Nobody is subscribed to the request's subject. */
    NATS_NO_RESPONDERS,
    /** JetStream: a consumer's sequence does not match. */
    NATS_MISMATCH,
    /** JetStream: a heartbeat of the server is missing. */
    NATS_MISSED_HEARTBEAT,
    /** JetStream: a limit has been reached. */
    NATS_LIMIT_REACHED,
    /** JetStream: the pin of a pinned consumer does not match. */
    NATS_PIN_ID_MISMATCH,
    /** JetStream: the configuration cannot be used. */
    NATS_INVALID_CONFIG,
    /** The number of statuses; not a status. */
    NATS_MAX_STATUS_VALUE
} natsStatus;

/**
 * State of a connection, as returned by `natsConnection_Status`.
 *
 * @ingroup nats_state
 */
typedef enum natsConnStatus {
    /**
     * Not connected: a transient state between attempts on two servers, and between the loss of
     * the server and the end of the connection.
     */
    NATS_CONN_STATUS_DISCONNECTED = 0,
    /** The handshake with a server is in progress, also during a reconnect. */
    NATS_CONN_STATUS_CONNECTING,
    /** Connected. */
    NATS_CONN_STATUS_CONNECTED,
    /** Closed for good. */
    NATS_CONN_STATUS_CLOSED,
    /** The server was lost; the connection waits or tries to reconnect. */
    NATS_CONN_STATUS_RECONNECTING,
    /** Draining: subscriptions deliver what they received, and new ones are refused. */
    NATS_CONN_STATUS_DRAINING_SUBS,
    /** Draining: published messages are sent, and publishing is refused. */
    NATS_CONN_STATUS_DRAINING_PUBS
} natsConnStatus;

/**
 * How important a line of the log is. Each level includes those before it.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_log
 */
typedef enum natsLogLevel {
    /** Nothing. */
    NATS_LOG_OFF = 0,
    /** Something failed for good, or was lost. */
    NATS_LOG_ERROR,
    /** Something failed and is tried again, or needs attention: a lost server, a slow consumer. */
    NATS_LOG_WARN,
    /** What happens rarely: a connection is made, restored, drained, closed. */
    NATS_LOG_INFO,
    /** Each step: addresses, TLS, subscriptions, consumers that are created again. */
    NATS_LOG_DEBUG,
    /** The lines of the protocol, without messages and secrets. */
    NATS_LOG_TRACE
} natsLogLevel;

/**
 * The operation that created a revision of a key.
 *
 * @ingroup nats_kv_values
 */
typedef enum kvOperation {
    /** No operation: the value for a NULL entry. */
    kvOp_Unknown = 0,
    /** A value was put. */
    kvOp_Put,
    /** The key was deleted; its earlier revisions are still in the bucket. */
    kvOp_Delete,
    /** The key was deleted together with its earlier revisions. */
    kvOp_Purge
} kvOperation;

/* ---- JetStream: choices, and what servers say went wrong -------------------------------------------- */

/**
 * How long a stream keeps its messages.
 *
 * @ingroup nats_js_streams
 */
typedef enum jsRetentionPolicy {
    /** Until a limit of the stream is reached; the default. */
    js_LimitsPolicy = 0,
    /** Until all consumers that are interested have acknowledged them. */
    js_InterestPolicy,
    /** Until the one consumer that is interested has acknowledged them. */
    js_WorkQueuePolicy,
    /**
     * An addition: a value of a newer server that this library does not know. It can be read, and passed back as
     * part of the configuration that was read.
     */
    js_RetentionUnknown = 255
} jsRetentionPolicy;

/**
 * What a stream does at its limits.
 *
 * @ingroup nats_js_streams
 */
typedef enum jsDiscardPolicy {
    /** It removes the oldest messages; the default. */
    js_DiscardOld = 0,
    /** It refuses new messages. */
    js_DiscardNew,
    /** An addition: a value of a newer server that this library does not know. */
    js_DiscardUnknown = 255
} jsDiscardPolicy;

/**
 * Where a stream keeps its messages.
 *
 * @ingroup nats_js_streams
 */
typedef enum jsStorageType {
    /** In files; the default. */
    js_FileStorage = 0,
    /** In memory. */
    js_MemoryStorage,
    /** An addition: a value of a newer server that this library does not know. */
    js_StorageUnknown = 255
} jsStorageType;

/**
 * How a stream's files are compressed.
 *
 * @ingroup nats_js_streams
 */
typedef enum jsStorageCompression {
    /** Not at all; the default. */
    js_StorageCompressionNone = 0,
    /** By S2. */
    js_StorageCompressionS2,
    /** An addition: a value of a newer server that this library does not know. */
    js_StorageCompressionUnknown = 255
} jsStorageCompression;

/**
 * When a stream writes its messages to the disk.
 *
 * @ingroup nats_js_streams
 */
typedef enum jsPersistModeType {
    /** Before they are acknowledged; the default. */
    js_PersistDefault = 0,
    /**
     * Some time after the acknowledgement: faster, but the last messages can be lost when a server
     * fails.
     */
    js_PersistAsync,
    /** An addition: a value of a newer server that this library does not know. */
    js_PersistUnknown = 255
} jsPersistModeType;

/**
 * The message that a consumer begins with. `jsConsumerConfig_Init` sets -1, which becomes `js_DeliverAll`.
 *
 * @ingroup nats_js_consumers
 */
typedef enum jsDeliverPolicy {
    /** The first of the stream. */
    js_DeliverAll = 0,
    /** The last of the stream, or of the filter. */
    js_DeliverLast,
    /** The next one to be stored. */
    js_DeliverNew,
    /** The one with the sequence `OptStartSeq`, or the next that there is. */
    js_DeliverByStartSequence,
    /** The first that was stored at `OptStartTime` or later. */
    js_DeliverByStartTime,
    /** The last of each subject. */
    js_DeliverLastPerSubject,
    /** An addition: a value of a newer server that this library does not know. */
    js_DeliverUnknown = 255
} jsDeliverPolicy;

/**
 * How messages of a consumer are acknowledged. `jsConsumerConfig_Init` sets -1, which becomes `js_AckExplicit`.
 *
 * @ingroup nats_js_consumers
 */
typedef enum jsAckPolicy {
    /** Each message on its own. */
    js_AckExplicit = 0,
    /** Not at all. */
    js_AckNone,
    /** An acknowledgement also counts for all messages before it. */
    js_AckAll,
    /**
     * An addition: by the answers to flow control, from nats-server 2.14 on (ADR-60). Servers use it for the
     * consumers of mirrors and sources. Each answer of a push subscription acknowledges the messages for which the
     * callback has returned, or that `natsSubscription_NextMsg` has returned; `natsMsg_Ack` does nothing. Messages
     * arrive in order and without a gap: if one is missing, for example after a reconnect, the consumer is reset and
     * delivers again the messages that the program has not received. Only for push consumers without a queue group,
     * with a limit of `MaxAckPending`, and without `AckWait`, `BackOff` and `MaxDeliver`.
     */
    js_AckFlowControl,
    /** An addition: a value of a newer server that this library does not know. */
    js_AckUnknown = 255
} jsAckPolicy;

/**
 * How fast a consumer delivers the messages that are already in the stream. `jsConsumerConfig_Init` sets -1, which
 * becomes `js_ReplayInstant`.
 *
 * @ingroup nats_js_consumers
 */
typedef enum jsReplayPolicy {
    /** As fast as possible. */
    js_ReplayInstant = 0,
    /** At the pace at which they were stored. */
    js_ReplayOriginal,
    /** An addition: a value of a newer server that this library does not know. */
    js_ReplayUnknown = 255
} jsReplayPolicy;

/**
 * The error code of a JetStream server's answer.
 *
 * Functions with a `jsErrCode *` output write it there: 0 if no server has answered with an error, otherwise the
 * code of the server's answer, even if it is not listed here. The text of the answer is the thread's last error
 * (`nats_GetLastError`). Source: `server/errors.json` of nats-server 2.15; the constants beyond nats.c's are
 * additions.
 *
 * @ingroup nats_js_context
 */
typedef enum jsErrCode {
    /** The account has used up its resources. */
    JSAccountResourcesExceededErr = 10002,
    /** The request cannot be understood. */
    JSBadRequestErr,
    /** The cluster has lost its quorum. */
    JSClusterIncompleteErr,
    /** No server is suitable for this stream or consumer. */
    JSClusterNoPeersErr,
    /** The server is not part of a cluster with JetStream. */
    JSClusterNotActiveErr,
    /** The stream or consumer is not assigned to a server of the cluster yet. */
    JSClusterNotAssignedErr,
    /** The cluster has no leader now. */
    JSClusterNotAvailErr,
    /** The server that received the request is not the leader. */
    JSClusterNotLeaderErr,
    /** Needs a cluster. */
    JSClusterRequiredErr,
    /** The tags of the placement do not fit together. */
    JSClusterTagsErr,
    /** The consumer could not be created; the text says why. */
    JSConsumerCreateErr,
    /** A consumer of this name exists. */
    JSConsumerNameExistErr,
    /** The consumer does not exist. */
    JSConsumerNotFoundErr,
    /** The subject to deliver a snapshot to is not legal. */
    JSSnapshotDeliverSubjectInvalidErr,
    /** The request's subject lacks the durable name. */
    JSConsumerDurableNameNotInSubjectErr,
    /** The durable name differs from that in the request's subject. */
    JSConsumerDurableNameNotMatchSubjectErr,
    /** The configuration lacks the durable name that the request's subject has. */
    JSConsumerDurableNameNotSetErr,
    /** A durable name in the request's subject, but not in the configuration. */
    JSConsumerEphemeralWithDurableInSubjectErr,
    /** A durable name in the configuration, but not in the request's subject. */
    JSConsumerEphemeralWithDurableNameErr,
    /** The API prefix of an external stream overlaps this account's. */
    JSStreamExternalApiOverlapErr,
    /** The delivery prefix of an external stream overlaps a stream's subjects. */
    JSStreamExternalDelPrefixOverlapsErr,
    /** The server or cluster has too few resources left. */
    JSInsufficientResourcesErr,
    /** The delivery prefix of an external stream is not legal. */
    JSStreamInvalidExternalDeliverySubjErr,
    /** The request is not JSON, or has a field that the server does not know. */
    JSInvalidJSONErr,
    /** The limit of consumers is reached. */
    JSMaximumConsumersLimitErr,
    /** The limit of streams is reached. */
    JSMaximumStreamsLimitErr,
    /** Too little memory is left for the stream. */
    JSMemoryResourcesExceededErr,
    /** The consumer of a mirror could not be made. */
    JSMirrorConsumerSetupFailedErr,
    /** The mirror takes smaller messages than its origin. */
    JSMirrorMaxMessageSizeTooBigErr,
    /** A mirror cannot have sources. */
    JSMirrorWithSourcesErr,
    /** A mirror can start by sequence or by time, not both. */
    JSMirrorWithStartSeqAndTimeErr,
    /** A mirror cannot have subject filters. */
    JSMirrorWithSubjectFiltersErr,
    /** A mirror cannot have subjects. */
    JSMirrorWithSubjectsErr,
    /** The account is unknown. */
    JSNoAccountErr,
    /** Not supported in a cluster. */
    JSClusterUnSupportFeatureErr,
    /** The message does not exist. */
    JSNoMessageFoundErr,
    /** The request must be empty. */
    JSNotEmptyRequestErr,
    /** JetStream is not enabled for the account. */
    JSNotEnabledForAccountErr,
    /** The peer is no member of the group. */
    JSClusterPeerNotMemberErr,
    /** An error of the servers' consensus; the text has it. */
    JSRaftGeneralErr,
    /** The server could not subscribe for a restore. */
    JSRestoreSubscribeFailedErr,
    /** There is no message with this sequence. */
    JSSequenceNotFoundErr,
    /** The server is no member of the cluster. */
    JSClusterServerNotMemberErr,
    /** The consumer of a source could not be made. */
    JSSourceConsumerSetupFailedErr,
    /** The stream takes smaller messages than its source. */
    JSSourceMaxMessageSizeTooBigErr,
    /** Too little storage is left for the stream. */
    JSStorageResourcesExceededErr,
    /** The stream could not be assigned; the text says why. */
    JSStreamAssignmentErr,
    /** The stream could not be created; the text says why. */
    JSStreamCreateErr,
    /** The stream could not be deleted; the text says why. */
    JSStreamDeleteErr,
    /** An error of the stream; the text has it. */
    JSStreamGeneralError,
    /** The stream's configuration is not valid; the text says why. */
    JSStreamInvalidConfig,
    /** The stream exceeds a limit; the text says which. */
    JSStreamLimitsErr,
    /** The message is larger than the stream takes. */
    JSStreamMessageExceedsMaximumErr,
    /** A mirror's origin cannot be changed. */
    JSStreamMirrorNotUpdatableErr,
    /** The stream's name differs from that in the request's subject. */
    JSStreamMismatchErr,
    /** The message could not be deleted; the text says why. */
    JSStreamMsgDeleteFailed,
    /** A stream of this name exists with another configuration. */
    JSStreamNameExistErr,
    /** The stream does not exist. */
    JSStreamNotFoundErr,
    /** The stream that stored the message is not the expected one. */
    JSStreamNotMatchErr,
    /** The number of replicas cannot be changed. */
    JSStreamReplicasNotUpdatableErr,
    /** The restore failed; the text says why. */
    JSStreamRestoreErr,
    /** The sequence is not the stream's. */
    JSStreamSequenceNotMatchErr,
    /** The snapshot failed; the text says why. */
    JSStreamSnapshotErr,
    /** The subjects overlap those of another stream. */
    JSStreamSubjectOverlapErr,
    /** A template could not be created (old servers). */
    JSStreamTemplateCreateErr,
    /** A template could not be deleted (old servers). */
    JSStreamTemplateDeleteErr,
    /** The template does not exist (old servers). */
    JSStreamTemplateNotFoundErr,
    /** The stream could not be updated; the text says why. */
    JSStreamUpdateErr,
    /** The stream's last message id is not the expected one. */
    JSStreamWrongLastMsgIDErr,
    /** The last sequence is not the expected one; the text has it. */
    JSStreamWrongLastSequenceErr,
    /** The server could not open temporary storage for a restore. */
    JSTempStorageFailedErr,
    /** The template's name differs from that in the subject (old servers). */
    JSTemplateNameNotMatchSubjectErr,
    /** Replicas need a cluster. */
    JSStreamReplicasNotSupportedErr,
    /** No other server could be found to take over. */
    JSPeerRemapErr,
    /** JetStream is not enabled, or no server answers. */
    JSNotEnabledErr,
    /** The message could not be stored; the text says why. */
    JSStreamStoreFailedErr,
    /** The configuration is missing. */
    JSConsumerConfigRequiredErr,
    /** The delivery subject has wildcards. */
    JSConsumerDeliverToWildcardsErr,
    /** Only a pull consumer has a limit of waiting requests. */
    JSConsumerPushMaxWaitingErr,
    /** The delivery subject is one of the stream's. */
    JSConsumerDeliverCycleErr,
    /** A limit of pending acks needs an ack policy. */
    JSConsumerMaxPendingAckPolicyRequiredErr,
    /** The heartbeat is less than 100 ms. */
    JSConsumerSmallHeartbeatErr,
    /** A pull consumer of a work queue needs explicit acks. */
    JSConsumerPullRequiresAckErr,
    /** A pull consumer needs a durable name (old servers). */
    JSConsumerPullNotDurableErr,
    /** A pull consumer cannot have a rate limit. */
    JSConsumerPullWithRateLimitErr,
    /** The limit of waiting requests is negative. */
    JSConsumerMaxWaitingNegativeErr,
    /** Only a push consumer has a heartbeat. */
    JSConsumerHBRequiresPushErr,
    /** Only a push consumer has flow control. */
    JSConsumerFCRequiresPushErr,
    /** A direct consumer must be a push consumer. */
    JSConsumerDirectRequiresPushErr,
    /** A direct consumer must be ephemeral. */
    JSConsumerDirectRequiresEphemeralErr,
    /** A direct consumer cannot be on a mapped subject. */
    JSConsumerOnMappedErr,
    /** The filter is outside of the stream's subjects. */
    JSConsumerFilterNotSubsetErr,
    /** A policy is not valid; the text says which. */
    JSConsumerInvalidPolicyErr,
    /** The sampling frequency is not valid. */
    JSConsumerInvalidSamplingErr,
    /** The stream is not valid. */
    JSStreamInvalidErr,
    /** The headers are larger than 64 KiB. */
    JSStreamHeaderExceedsMaximumErr,
    /** A consumer of a work queue needs explicit acks. */
    JSConsumerWQRequiresExplicitAckErr,
    /** A work queue has at most one consumer without a filter. */
    JSConsumerWQMultipleUnfilteredErr,
    /** The filters of a work queue's consumers must not overlap. */
    JSConsumerWQConsumerNotUniqueErr,
    /** A consumer of a work queue must deliver all. */
    JSConsumerWQConsumerNotDeliverAllErr,
    /** The consumer's name is too long. */
    JSConsumerNameTooLongErr,
    /** The durable name has a character that is not legal. */
    JSConsumerBadDurableNameErr,
    /** The consumer's state could not be stored. */
    JSConsumerStoreFailedErr,
    /** The consumer exists and is in use. */
    JSConsumerExistingActiveErr,
    /** The consumer cannot be replaced by one of another name. */
    JSConsumerReplacementWithDifferentNameErr,
    /** The description is too long. */
    JSConsumerDescriptionTooLongErr,
    /** Flow control needs a heartbeat. */
    JSConsumerWithFlowControlNeedsHeartbeatsErr,
    /** The stream is sealed. */
    JSStreamSealedErr,
    /** The purge failed; the text says why. */
    JSStreamPurgeFailedErr,
    /** The roll-up failed; the text says why. */
    JSStreamRollupFailedErr,
    /** The delivery subject is not legal. */
    JSConsumerInvalidDeliverSubjectErr,
    /** The account requires a byte limit for each stream. */
    JSStreamMaxBytesRequiredErr,
    /** The limit of a request's batch is negative. */
    JSConsumerMaxRequestBatchNegativeErr,
    /** The limit of a request's expiry is less than 1 ms. */
    JSConsumerMaxRequestExpiresToSmallErr,
    /** There are more backoff steps than deliveries. */
    JSConsumerMaxDeliverBackoffErr,
    /** There are more subjects than an info can have. */
    JSStreamInfoMaxSubjectsErr,
    /** The stream is offline. */
    JSStreamOfflineErr,
    /** The consumer is offline. */
    JSConsumerOfflineErr,
    /** The account has no limit for this kind of storage or number of replicas. */
    JSNoLimitsErr,
    /** More pending acks than the stream or account allows. */
    JSConsumerMaxPendingAckExcessErr,
    /** More bytes than the account allows for one stream. */
    JSStreamMaxStreamBytesExceededErr,
    /** A stream cannot be moved and scaled at once. */
    JSStreamMoveAndScaleErr,
    /** The stream is being moved. */
    JSStreamMoveInProgressErr,
    /** A larger batch of requests than the server allows. */
    JSConsumerMaxRequestBatchExceededErr,
    /** More replicas than the stream has. */
    JSConsumerReplicasExceedsStreamErr,
    /** The consumer's name has a path separator. */
    JSConsumerNameContainsPathSeparatorsErr,
    /** The stream's name has a path separator. */
    JSStreamNameContainsPathSeparatorsErr,
    /** The stream is not being moved. */
    JSStreamMoveNotInProgressErr,
    /** A stream of the name to restore exists. */
    JSStreamNameExistRestoreFailedErr,
    /** The filter differs from that in the request's subject. */
    JSConsumerCreateFilterSubjectMismatchErr,
    /** The durable name differs from the name. */
    JSConsumerCreateDurableAndNameMismatchErr,
    /** The number of replicas is negative. */
    JSReplicasCountCannotBeNegativeErr,
    /** The consumer needs as many replicas as the stream. */
    JSConsumerReplicasShouldMatchStreamErr,
    /** The metadata are too long. */
    JSConsumerMetadataLengthErr,
    /** Both a filter and several filters are given. */
    JSConsumerDuplicateFilterSubjectsErr,
    /** Several filters cannot be in a request by subject. */
    JSConsumerMultipleFiltersNotAllowedErr,
    /** The filters overlap. */
    JSConsumerOverlappingSubjectFiltersErr,
    /** A filter is empty. */
    JSConsumerEmptyFilterErr,
    /** Two sources are the same. */
    JSSourceDuplicateDetectedErr,
    /** The name of a source is not legal. */
    JSSourceInvalidStreamNameErr,
    /** The name of the mirror's origin is not legal. */
    JSMirrorInvalidStreamNameErr,
    /** A mirror cannot have a first sequence. */
    JSMirrorWithFirstSeqErr,
    /** A source has a filter and transforms. */
    JSSourceMultipleFiltersNotAllowedErr,
    /** The filter of a source is not legal. */
    JSSourceInvalidSubjectFilterErr,
    /** The destination of a source's transform is not legal. */
    JSSourceInvalidTransformDestinationErr,
    /** The filters of a source overlap. */
    JSSourceOverlappingSubjectFiltersErr,
    /** The consumer exists, and was only to be created. */
    JSConsumerAlreadyExistsErr,
    /** The consumer does not exist, and was only to be updated. */
    JSConsumerDoesNotExistErr,
    /** A mirror has a filter and transforms. */
    JSMirrorMultipleFiltersNotAllowedErr,
    /** The filter of the mirror is not legal. */
    JSMirrorInvalidSubjectFilterErr,
    /** The filters of the mirror overlap. */
    JSMirrorOverlappingSubjectFiltersErr,
    /** The inactivity threshold exceeds the stream's limit. */
    JSConsumerInactiveThresholdExcessErr,
    /** The destination of the mirror's transform is not legal. */
    JSMirrorInvalidTransformDestinationErr,
    /** The source of the subject transform is not legal. */
    JSStreamTransformInvalidSourceErr,
    /** The destination of the subject transform is not legal. */
    JSStreamTransformInvalidDestinationErr,
    /** The server would have to change the configuration, and was asked not to. */
    JSPedanticErr,
    /** A message with this id is being stored. */
    JSStreamDuplicateMessageConflictErr,
    /** A priority policy needs a group. */
    JSConsumerPriorityPolicyWithoutGroupErr,
    /** The request's priority group is not the consumer's. */
    JSConsumerInvalidPriorityGroupErr,
    /** The name of a priority group is empty. */
    JSConsumerEmptyGroupNameErr,
    /** The name of a priority group is not legal. */
    JSConsumerInvalidGroupNameErr,
    /** The last sequence of the subject is not known yet. */
    JSStreamExpectedLastSeqPerSubjectNotReadyErr,
    /** The last sequence is not the expected one; the text does not have it. */
    JSStreamWrongLastSequenceConstantErr,
    /** The message's time to live is not valid; less than a second, for example. */
    JSMessageTTLInvalidErr,
    /** The stream does not allow a time to live in messages. */
    JSMessageTTLDisabledErr,
    /** Too many requests: the message was dropped. */
    JSStreamTooManyRequestsErr,
    /** The stream has no counters. */
    JSMessageIncrDisabledErr,
    /** The counter's increment is missing. */
    JSMessageIncrMissingErr,
    /** A counter's increment must have no payload. */
    JSMessageIncrPayloadErr,
    /** The counter's increment is not a number. */
    JSMessageIncrInvalidErr,
    /** The subject's last message is not a counter. */
    JSMessageCounterBrokenErr,
    /** A mirror cannot have counters of its own. */
    JSMirrorWithCountersErr,
    /** The stream does not allow atomic batches. */
    JSBatchPublishNotEnabledErr,
    /** The message has no sequence in its atomic batch. */
    JSBatchPublishSequenceMissingErr,
    /** Messages of the atomic batch are missing. */
    JSBatchPublishIncompleteErr,
    /** A header of the message cannot be in an atomic batch. */
    JSBatchPublishUnsupportedHeaderErr,
    /** A push consumer cannot have priority groups. */
    JSConsumerPushWithPriorityGroupErr,
    /** The atomic batch's id is longer than 64 characters. */
    JSBatchPublishInvalidIDErr,
    /** The server has not reached the sequence that the request needs. */
    JSStreamMinLastSeqErr,
    /** The ack policy is not valid. */
    JSConsumerAckPolicyInvalidErr,
    /** The replay policy is not valid. */
    JSConsumerReplayPolicyInvalidErr,
    /** The ack wait is negative. */
    JSConsumerAckWaitNegativeErr,
    /** A backoff step is negative. */
    JSConsumerBackOffNegativeErr,
    /** The server's API level is lower than the request asks for. */
    JSRequiredApiLevelErr,
    /** A mirror cannot have schedules. */
    JSMirrorWithMsgSchedulesErr,
    /** A stream with sources cannot have schedules. */
    JSSourceWithMsgSchedulesErr,
    /** The stream does not allow schedules. */
    JSMessageSchedulesDisabledErr,
    /** The schedule is not valid. */
    JSMessageSchedulesPatternInvalidErr,
    /** The schedule's target is not legal. */
    JSMessageSchedulesTargetInvalidErr,
    /** The schedule's time to live is not valid. */
    JSMessageSchedulesTTLInvalidErr,
    /** The schedule's roll-up is not valid. */
    JSMessageSchedulesRollupInvalidErr,
    /** A subject for an expected last sequence, but no sequence. */
    JSStreamExpectedLastSeqPerSubjectInvalidErr,
    /** The stream is offline; the text says why. */
    JSStreamOfflineReasonErr,
    /** The consumer is offline; the text says why. */
    JSConsumerOfflineReasonErr,
    /** Priority groups need a priority policy. */
    JSConsumerPriorityGroupWithPolicyNoneErr,
    /** A time to live of pins needs a priority policy. */
    JSConsumerPinnedTTLWithoutPriorityPolicyNoneErr,
    /** A mirror cannot allow atomic batches. */
    JSMirrorWithAtomicPublishErr,
    /** The atomic batch has too many messages. */
    JSBatchPublishSequenceExceedsLimitErr,
    /** The commit of the atomic batch is not valid. */
    JSBatchPublishInvalidCommitErr,
    /** A message id is twice in the atomic batch, or stored already. */
    JSBatchPublishDuplicateMessageIDErr,
    /** The cluster's members are being changed. */
    JSClusterServerMemberChangeInflightErr,
    /** The schedule's source is not legal. */
    JSMessageSchedulesSourceInvalidErr,
    /** The consumer cannot be reset so; the text says why. */
    JSConsumerInvalidResetErr,
    /** The stream does not allow fast batches. */
    JSFastBatchDisabledErr,
    /** The reply subject of a fast batch's message is not valid. */
    JSFastBatchInvalidPatternErr,
    /** The fast batch's id is not valid. */
    JSFastBatchInvalidIDErr,
    /** The server does not know the fast batch, or no longer. */
    JSFastBatchUnknownIDErr,
    /** A mirror cannot allow fast batches. */
    JSMirrorWithFastBatchErr,
    /** Too many atomic batches are in flight. */
    JSBatchPublishTooManyInflightErr,
    /** Too many fast batches are in flight. */
    JSFastBatchTooManyInflightErr,
    /** The headers that cancel a schedule are not valid. */
    JSMessageSchedulesSchedulerInvalidErr,
    /** The mirror's consumer is not configured as it must be. */
    JSMirrorDurableConsumerCfgInvalidErr,
    /** The mirror's consumer must be acknowledged by flow control. */
    JSMirrorConsumerRequiresAckFCErr,
    /** A source's consumer is not configured as it must be. */
    JSSourceDurableConsumerCfgInvalidErr,
    /** Two sources have the same consumer. */
    JSSourceDurableConsumerDuplicateDetectedErr,
    /** A source's consumer must be acknowledged by flow control. */
    JSSourceConsumerRequiresAckFCErr,
    /** Acks by flow control need a push consumer. */
    JSConsumerAckFCRequiresPushErr,
    /** Acks by flow control need flow control. */
    JSConsumerAckFCRequiresFCErr,
    /** Acks by flow control need a limit of pending acks. */
    JSConsumerAckFCRequiresMaxAckPendingErr,
    /** Acks by flow control cannot have an ack wait. */
    JSConsumerAckFCRequiresNoAckWaitErr,
    /** Acks by flow control cannot have a limit of deliveries. */
    JSConsumerAckFCRequiresNoMaxDeliverErr,
    /** The schedule's time zone is not valid, or not for this kind of schedule. */
    JSMessageSchedulesTimeZoneInvalidErr,
    /** The rescue of the cluster was not done; the text says why. */
    JSClusterRescueErr,
    /** The consumer belongs to another stream of this name. */
    JSConsumerStreamIdentityMismatchErr,
    /** The stream is being reconfigured. */
    JSStreamReconfigureInProgressErr,
    /** The message has a header that only the server writes. */
    JSMessageSourceHdrNotAllowedErr
} jsErrCode;

/**
 * The subject of an advisory. An addition.
 *
 * @ingroup nats_js_context
 */
typedef enum jsAdvisoryKind {
    /** Another subject, which `Type` names. */
    js_AdvisoryOther = 0,
    /**
     * A message was delivered the maximum number of times without being acknowledged: `StreamSeq`, `Deliveries`.
     */
    js_AdvisoryMaxDeliveries,
    /** A message was terminated and is not delivered again: `StreamSeq`, `Deliveries`, `Reason`. */
    js_AdvisoryTerminated,
    /** A client was pinned in a priority group: `Group`, `PinnedClientID`. */
    js_AdvisoryPinned,
    /** A client is no longer pinned: `Group`, `Reason`. */
    js_AdvisoryUnpinned,
    /** A stream has a new leader: `Leader`. */
    js_AdvisoryStreamLeader,
    /** A consumer has a new leader: `Leader`. */
    js_AdvisoryConsumerLeader,
    /** A server abandoned an atomic or fast batch: `Batch`, `Reason`. */
    js_AdvisoryBatchAbandoned
} jsAdvisoryKind;

/**
 * The kind of a `kvCodec`. An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_kv_codecs
 */
typedef enum kvCodecKind {
    /** A codec of the program, whose functions are in the structure. */
    kvCodec_Custom = 0,
    /**
     * Base64 with the alphabet for URLs and without padding; each token of a key is encoded on its own. For keys and
     * values. Keys may then contain any character except NUL.
     */
    kvCodec_Base64,
    /**
     * Paths: the key `/a/b` is stored as `_root_.a.b`, and `a/b` as `a.b`. A `/` at the end of a key is dropped; a key
     * with a dot is refused. Only for keys.
     */
    kvCodec_Path
} kvCodecKind;

/** The structure behind `microClientConfig`. */
typedef struct __for_forward_compatibility_only __for_forward_compatibility_only;

/** The structure behind `jsAtomicBatchCtx`. */
typedef struct __jsAtomicBatchCtx __jsAtomicBatchCtx;

/** The structure behind `jsCtx`. */
typedef struct __jsCtx __jsCtx;

/** The structure behind `jsFastBatchCtx`. */
typedef struct __jsFastBatchCtx __jsFastBatchCtx;

/** The structure behind `kvEntry`. */
typedef struct __kvEntry __kvEntry;

/** The structure behind `kvStatus`. */
typedef struct __kvStatus __kvStatus;

/** The structure behind `kvStore`. */
typedef struct __kvStore __kvStore;

/** The structure behind `kvWatcher`. */
typedef struct __kvWatcher __kvWatcher;

/** The structure behind `natsConnection`. */
typedef struct __natsConnection __natsConnection;

/** The structure behind `natsHeader`. */
typedef struct __natsHeader __natsHeader;

/** The structure behind `natsMsg`. */
typedef struct __natsMsg __natsMsg;

/** The structure behind `natsOptions`. */
typedef struct __natsOptions __natsOptions;

/** The structure behind `natsStatistics`. */
typedef struct __natsStatistics __natsStatistics;

/** The structure behind `natsSubscription`. */
typedef struct __natsSubscription __natsSubscription;

/** The structure behind `objStore`. */
typedef struct __objStore __objStore;

/** The structure behind `objStoreGet`. */
typedef struct __objStoreGet __objStoreGet;

/** The structure behind `objStorePut`. */
typedef struct __objStorePut __objStorePut;

/** The structure behind `objStoreWatcher`. */
typedef struct __objStoreWatcher __objStoreWatcher;

/** The structure behind `microClient`. */
typedef struct micro_client_s micro_client_s;

/** The structure behind `microEndpoint`. */
typedef struct micro_endpoint_s micro_endpoint_s;

/** The structure behind `microError`. */
typedef struct micro_error_s micro_error_s;

/** The structure behind `microGroup`. */
typedef struct micro_group_s micro_group_s;

/** The structure behind `microRequest`. */
typedef struct micro_request_s micro_request_s;

/** The structure behind `microService`. */
typedef struct micro_service_s micro_service_s;

/**
 * A connection to a NATS server. Opaque to C.
 *
 * Created by `natsConnection_Connect` or `natsConnection_ConnectTo` and released by
 * `natsConnection_Destroy` or `natsConnection_DestroyAndWait`, which also close it. The
 * subscriptions made on it are released on their own. Any thread may call any `natsConnection_`
 * function at any time, callbacks included. A call on a destroyed connection returns
 * `NATS_INVALID_ARG`, except in a callback that was given the connection: there it acts as a
 * closed connection until the callback returns. With an event loop of the program it can be used
 * until `natsConnection_ProcessDetachedEvent`. A call in a child of the process that created it
 * returns `NATS_ILLEGAL_STATE`, or the value for NULL; destroying it there does not affect the
 * parent's connection.
 *
 * @ingroup nats_connection
 */
typedef struct __natsConnection natsConnection;

/**
 * Options for connections. Opaque to C.
 *
 * Created by `natsOptions_Create`, filled by the `natsOptions_` functions, copied by
 * `natsConnection_Connect`, and released by `natsOptions_Destroy` at any time after. Any thread
 * may call any `natsOptions_` function at any time. A call on destroyed options returns
 * `NATS_INVALID_ARG`. A child made by `fork` has its own copy, which it can use and change.
 *
 * @ingroup nats_options
 */
typedef struct __natsOptions natsOptions;

/**
 * A snapshot of a connection's counters. Opaque to C.
 *
 * Created by `natsStatistics_Create`, filled by `natsConnection_GetStats` any number of times,
 * read by `natsStatistics_GetCounts`, and released by `natsStatistics_Destroy`. One thread at a
 * time may use it.
 *
 * @ingroup nats_statistics
 */
typedef struct __natsStatistics natsStatistics;

/**
 * A set of headers: keys, each with one or more values. Opaque to C.
 *
 * Keys are case-sensitive, and the values of a key keep the order in which they were added.
 * Created by `natsHeader_New` and released by `natsHeader_Destroy`. One thread at a time may use
 * it.
 *
 * @ingroup nats_headers
 */
typedef struct __natsHeader natsHeader;

/**
 * A unique subject to receive replies on: a string with a NUL at its end.
 *
 * Created by `natsInbox_Create` and released by `natsInbox_Destroy`.
 *
 * @ingroup nats_inbox
 */
typedef char natsInbox;

/**
 * Callback that runs first in every thread that the library starts.
 *
 * It runs in the new thread; several calls may run at once.
 *
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_library
 */
typedef void (*natsThreadStartedHandler)(void *closure);

/**
 * Settings for `nats_OpenWithConfig`, which copies them.
 *
 * A structure of zeros is valid but does not have the defaults: its delivery pool is empty.
 *
 * @ingroup nats_library
 */
typedef struct natsClientConfig {
    /** Initial write deadline of new options in milliseconds; zero or less for none. */
    int64_t DefaultWriteDeadline;
    /** Ignored: spinning on locks cannot be configured in this library. */
    int64_t LockSpinCount;
    /** Initial value of `natsOptions_UseGlobalMessageDelivery` in new options. */
    bool DefaultToThreadPool;
    /** Number of threads in the fixed-size delivery pool; zero or less for an empty pool. */
    int ThreadPoolMax;
    /** Ignored: replies to requests need no pool. */
    bool DefaultRepliesToThreadPool;
    /** Ignored: replies to requests need no pool. */
    bool UseSeparatePoolForReplies;
    /** Ignored: replies to requests need no pool. */
    int ReplyThreadPoolMax;
    /** Callback that runs first in every thread that the library starts; NULL for none. */
    natsThreadStartedHandler ThreadStartedHandler;
    /** The argument of `ThreadStartedHandler`. */
    void *ThreadStartedHandlerClosure;
} natsClientConfig;

/**
 * A line of the log, as a handler receives it. Later versions may append fields.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_log
 */
typedef struct natsLogRecord {
    /** How important it is. */
    enum natsLogLevel Level;
    /**
     * The part of the library: `library`, `connect`, `tls`, `session`, `subscribe`, `jetstream`,
     * `kv`, `object`, `micro` or `protocol`.
     */
    const char *Target;
    /** The text: one line without its end, without passwords, tokens, seeds and JWTs. */
    const char *Text;
    /** When it was logged, in nanoseconds since 1970-01-01 UTC. */
    int64_t Time;
    /**
     * The number of the connection in this process, as `natsConnection_GetNumber` returns it; 0 if
     * the line is about none.
     */
    uint64_t Connection;
} natsLogRecord;

/**
 * Callback that receives the log.
 *
 * All handlers of the process run on one thread of the library, `nats-log`, one line at a time and
 * in order, with no lock held. A handler may call any function, except those that no callback may
 * call. A line may arrive a moment after what it says. At most 8192 lines wait; if a handler does
 * not keep up, further ones are dropped, and the next line that it receives is preceded by one that
 * says how many. A handler that causes what it logs (publishing at the level `NATS_LOG_TRACE`, for
 * example) does not end.
 *
 * @param record The line, valid until the callback returns.
 * @param closure The pointer that was given with the callback.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_log
 */
typedef void (*natsLogHandler)(const struct natsLogRecord *record, void *closure);

/**
 * How often something took how long.
 *
 * Bucket 0 has what took up to a microsecond; the bound of each further bucket is four times that of
 * the one before (4, 16, 64, 256 microseconds, and so on up to 16.8 seconds), and the last bucket,
 * number 13, has the rest.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_metrics
 */
typedef struct natsHistogram {
    /** For each bucket how often it was used. */
    uint64_t Buckets[14];
    /** How often it was used in all. */
    uint64_t Count;
    /** The sum of all times, in nanoseconds. */
    uint64_t SumNs;
} natsHistogram;

/**
 * What a connection has done so far, and its present state. Later versions may append fields.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_metrics
 */
typedef struct natsMetrics {
    /** Messages received, including replies and messages that were dropped. */
    uint64_t InMsgs;
    /** Bytes in their headers and payloads. */
    uint64_t InBytes;
    /** Messages accepted for publishing. */
    uint64_t OutMsgs;
    /** Bytes in their headers and payloads. */
    uint64_t OutBytes;
    /** How often the connection was lost and restored. */
    uint64_t Reconnects;
    /** Attempts to connect to a server. */
    uint64_t ConnectAttempts;
    /** Those of them that failed. */
    uint64_t ConnectFailures;
    /** Messages that were dropped because they exceeded the limits of a subscription. */
    uint64_t DroppedMsgs;
    /** How often a subscription began to drop messages. */
    uint64_t SlowConsumers;
    /** Errors that no call returned: those of the error handler. */
    uint64_t Errors;
    /** Messages that wait in subscriptions now. */
    uint64_t PendingMsgs;
    /** Bytes in their headers and payloads. */
    uint64_t PendingBytes;
    /** Bytes that wait now to be written, including those kept for after a reconnect. */
    uint64_t BufferedBytes;
    /** Open subscriptions. */
    uint64_t Subscriptions;
    /** Connections that have a server now: 1 or 0 for one connection. */
    uint64_t Connected;
    /** Connections that the snapshot is about. */
    uint64_t Connections;
    /**
     * How long servers took to answer PINGs: those of flushes, of `natsConnection_GetRTT`, and those
     * that are sent from time to time.
     */
    struct natsHistogram RoundTrips;
    /**
     * How long message callbacks took. Times are taken for the callbacks of a run together, which
     * count with their average.
     */
    struct natsHistogram Callbacks;
} natsMetrics;

/**
 * What the library uses in this process. Later versions may append fields.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_metrics
 */
typedef struct natsProcessMetrics {
    /** Threads of the library. */
    uint64_t Threads;
    /** Connections that were created and not destroyed. */
    uint64_t ConnectionHandles;
    /** Subscriptions that were created and not destroyed. */
    uint64_t SubscriptionHandles;
    /** Options that were created and not destroyed. */
    uint64_t OptionsHandles;
    /** Bytes of memory that messages are received into, with messages in it or without. */
    uint64_t MessageMemory;
    /** The part of it that is kept for reuse. */
    uint64_t UnusedMemory;
    /** Lines that log handlers have not received because they did not keep up. */
    uint64_t LogLinesLost;
} natsProcessMetrics;

/**
 * A message: a subject, a payload, and optionally a reply subject and headers. Opaque to C.
 *
 * Received in a `natsMsgHandler`, from `natsSubscription_NextMsg` or from the
 * `natsConnection_Request` functions, or created by `natsMsg_Create`. In each case the program
 * owns it and releases it with `natsMsg_Destroy`. What the `natsMsg_Get` functions return belongs
 * to the message and is valid as long as it. One thread at a time may use a message, even to read
 * it; it may be passed to another thread. The `natsMsgHeader_` functions access its headers.
 *
 * @ingroup nats_msg
 */
typedef struct __natsMsg natsMsg;

/**
 * A list of messages.
 *
 * The structure belongs to the program; `natsMsgList_Destroy` releases its content.
 *
 * @ingroup nats_msg
 */
typedef struct natsMsgList {
    /** An array from `malloc`. To keep a message, take it and write NULL in its place. */
    natsMsg **Msgs;
    /** The number of messages. */
    int Count;
} natsMsgList;

/**
 * A subscription to a subject. Opaque to C.
 *
 * Created by `natsConnection_Subscribe` and its variants and released by
 * `natsSubscription_Destroy`, also after its connection was destroyed. Any thread may call any
 * `natsSubscription_` function at any time, callbacks included. A call on a destroyed subscription
 * returns `NATS_INVALID_ARG`, except in a callback that was given the subscription: there it acts
 * as a closed subscription until the callback returns. A call in a child of the process that
 * created it returns `NATS_ILLEGAL_STATE`, or the value for NULL.
 *
 * @ingroup nats_subscribe
 */
typedef struct __natsSubscription natsSubscription;

/**
 * Callback for an error that no call could return, such as a slow consumer, a permissions
 * violation or a failed drain.
 *
 * Runs on the same thread as `natsConnectionHandler`, with the same rules. If the event has a
 * text, `nats_GetLastError` returns it here.
 *
 * @param nc The connection: the program's own handle.
 * @param subscription The subscription concerned, or NULL.
 * @param err The error.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_errors
 */
typedef void (*natsErrHandler)(natsConnection *nc,
                               natsSubscription *subscription,
                               enum natsStatus err,
                               void *closure);

/**
 * Callback for a change of a connection's state.
 *
 * All callbacks of this type, for all connections of the process, run on one thread of the library
 * in the order of the events: one that blocks delays the others. The connection stays usable until
 * the callback returns, even if the program has destroyed it.
 *
 * @param nc The connection: the program's own handle.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_events
 */
typedef void (*natsConnectionHandler)(natsConnection *nc, void *closure);

/**
 * Callback that reports the end of an object's callbacks.
 *
 * @param closure The pointer that was given with the callback; what it points to may be freed now.
 *
 * @ingroup nats_subscribe
 */
typedef void (*natsOnCompleteCB)(void *closure);

/**
 * Callback that supplies the user's JWT for an attempt to connect.
 *
 * Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
 * of the library when reconnecting. If the connection is closed meanwhile, the attempt ends with
 * `NATS_CONNECTION_CLOSED`.
 *
 * @param userJWT Receives the JWT, a string from `malloc` that the library releases. If it is left
 * NULL, the connection is made without a JWT.
 * @param customErrTxt Receives a text for a failure, a string from `malloc` that the library
 * releases; may be left NULL.
 * @param closure The pointer that was given with the callback.
 *
 * @return `NATS_OK`; any other status fails the attempt with that status and text.
 *
 * @ingroup nats_auth
 */
typedef natsStatus (*natsUserJWTHandler)(char **userJWT, char **customErrTxt, void *closure);

/**
 * Callback that signs the server's nonce with the client's key (Ed25519) for an attempt to
 * connect.
 *
 * Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
 * of the library when reconnecting. `nats_Sign` computes such a signature from a seed.
 *
 * @param customErrTxt Receives a text for a failure, a string from `malloc` that the library
 * releases; may be left NULL.
 * @param signature Receives the signature, memory from `malloc` that the library releases.
 * @param signatureLength Receives the length of the signature in bytes.
 * @param nonce The string to sign, which belongs to the library.
 * @param closure The pointer that was given with the callback.
 *
 * @return `NATS_OK`; any other status fails the attempt with that status and text.
 *
 * @ingroup nats_auth
 */
typedef natsStatus (*natsSignatureHandler)(char **customErrTxt,
                                           unsigned char **signature,
                                           int *signatureLength,
                                           const char *nonce,
                                           void *closure);

/**
 * Function of an event loop that begins to watch the socket of a connection.
 *
 * Called after each successful handshake, before the connection counts as connected. From then on
 * the loop watches the socket for reading and calls `natsConnection_ProcessReadEvent` as long as
 * there is something to read, as `poll` and `epoll` without EPOLLET do. Runs on the thread that
 * connects: the caller of `natsConnection_Connect` first, a thread of the library when
 * reconnecting. It may call the library.
 *
 * @param userData The place where the loop stores its data for the connection; NULL is in it the
 * first time, later what the loop stored.
 * @param loop The pointer that `natsOptions_SetEventLoop` was given.
 * @param nc The connection: the program's own handle, usable until
 * `natsConnection_ProcessDetachedEvent`.
 * @param socket The descriptor, non-blocking. With `NATS_OK` it belongs to the loop, which closes
 * it with `natsConnection_ProcessCloseEvent`.
 *
 * @return `NATS_OK`; any other status fails the attempt to connect with this status, and the
 * library closes the socket.
 *
 * @ingroup nats_loop
 */
typedef natsStatus (*natsEvLoop_Attach)(void **userData, void *loop, natsConnection *nc, natsSock socket);

/**
 * Function of an event loop that starts or stops watching a socket for reading.
 *
 * The library calls it only with `false`: the socket is finished. The loop stops watching it and
 * then closes it on its own thread with `natsConnection_ProcessCloseEvent`. Runs on the thread
 * that noticed the loss or closes the connection, which may be the loop's. It may call the
 * library.
 *
 * @param userData The loop's data for the connection.
 * @param add Whether to watch.
 *
 * @return `NATS_OK`; any other status is ignored.
 *
 * @ingroup nats_loop
 */
typedef natsStatus (*natsEvLoop_ReadAddRemove)(void *userData, bool add);

/**
 * Function of an event loop that starts or stops watching a socket for writing.
 *
 * With `true`, data waits: the loop calls `natsConnection_ProcessWriteEvent` each time that the
 * socket is writable, until this function is called with `false`. Runs on any thread, the loop's
 * included. It may call the library.
 *
 * @param userData The loop's data for the connection.
 * @param add Whether to watch.
 *
 * @return `NATS_OK`; any other status after `true` means the loss of the connection, and is
 * ignored after `false`.
 *
 * @ingroup nats_loop
 */
typedef natsStatus (*natsEvLoop_WriteAddRemove)(void *userData, bool add);

/**
 * Function of an event loop that forgets a connection that is closed for good.
 *
 * The last call for the connection. The loop releases its data and calls
 * `natsConnection_ProcessDetachedEvent`. Runs once, on the thread that closes the connection,
 * after the closed callback was queued.
 *
 * @param userData The loop's data for the connection.
 *
 * @return `NATS_OK`; any other status is ignored.
 *
 * @ingroup nats_loop
 */
typedef natsStatus (*natsEvLoop_Detach)(void *userData);

/**
 * Callback that chooses the server of the next attempt to reconnect.
 *
 * Runs on a thread of the library, before each attempt. It may call functions on the connection,
 * and close it. A server that it names is tried once; which one is tried after that it is asked
 * again.
 *
 * @param nc The connection: the program's own handle.
 * @param servers The URLs of the servers that may be tried, without credentials. The array and its
 * strings belong to the library and are valid during the call. The first is the one that the
 * library would try.
 * @param count The number of servers, at least 1.
 * @param pause The pause before the attempt in milliseconds, as the options have it. The callback
 * may write another one, not negative.
 * @param closure The pointer that was given with the callback.
 *
 * @return The index of the server to try; any other number for the first one.
 *
 * @ingroup nats_reconnect
 */
typedef int (*natsNextServerHandler)(natsConnection *nc,
                                     const char *const *servers,
                                     int count,
                                     int64_t *pause,
                                     void *closure);

/**
 * Callback that connects to a server in place of the library, for example through a proxy.
 *
 * Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
 * of the library when reconnecting. It may block: its time counts for the attempt, but nothing
 * interrupts it.
 *
 * @param fd Receives the descriptor of a connected stream socket. With `NATS_OK` it belongs to the
 * library, which makes it non-blocking and closes it, also if the attempt fails later. Ignored
 * with any other status.
 * @param host The host of the server; an IPv6 address without brackets. Belongs to the library.
 * @param port The port of the server.
 * @param closure The pointer that was given with the callback.
 *
 * @return `NATS_OK`; any other status fails the attempt.
 *
 * @ingroup nats_proxy
 */
typedef natsStatus (*natsProxyConnHandler)(natsSock *fd, char *host, int port, void *closure);

/**
 * Callback that computes the pause before the next pass over the list of servers.
 *
 * Runs on a thread of the library. It may close the connection.
 *
 * @param nc The connection: the program's own handle.
 * @param attempts The number of the pass, from 1.
 * @param closure The pointer that was given with the callback.
 *
 * @return The pause in milliseconds; zero or less for none.
 *
 * @ingroup nats_reconnect
 */
typedef int64_t (*natsCustomReconnectDelayHandler)(natsConnection *nc, int attempts, void *closure);

/**
 * Callback that supplies the token for an attempt to connect.
 *
 * Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
 * of the library when reconnecting. It must not call functions on the connection.
 *
 * @param closure The pointer that was given with the callback.
 *
 * @return The token, which remains the program's and must not change until the next call; NULL for
 * no token.
 *
 * @ingroup nats_auth
 */
typedef const char *(*natsTokenHandler)(void *closure);

/**
 * Callback that decides whether to accept a server after its certificate was checked.
 *
 * Runs once in each handshake, on the thread that makes the attempt. Calls for connections that
 * share options do not overlap, unless `natsOptions_AllowConcurrentTLSHandshakes` is set.
 *
 * @param preverifyOk 1 if the library trusts the certificate, else 0.
 * @param ctx NULL. With nats.c it is a pointer to OpenSSL's `X509_STORE_CTX`; there is no OpenSSL
 * here.
 *
 * @return Not 0 to continue, 0 to refuse the server.
 *
 * @ingroup nats_tls
 */
typedef int (*natsSSLVerifyCb)(int preverifyOk, void *ctx);

/**
 * Callback that supplies user and password for an attempt to connect.
 *
 * Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
 * of the library when reconnecting. It must not call functions on the connection. If the
 * connection is closed meanwhile, the attempt ends with `NATS_CONNECTION_CLOSED`.
 *
 * @param user Receives the user, a string from `malloc` that the library releases. If it is left
 * NULL, the connection is made without user and password.
 * @param password Receives the password, a string from `malloc` that the library wipes and
 * releases; may be left NULL.
 * @param customErrTxt Receives a text for a failure, a string from `malloc` that the library
 * releases; may be left NULL.
 * @param closure The pointer that was given with the callback.
 *
 * @return `NATS_OK`; any other status fails the attempt with that status and text.
 *
 * @ingroup nats_auth
 */
typedef natsStatus (*natsUserInfoHandler)(char **user, char **password, char **customErrTxt, void *closure);

/**
 * Callback that receives the reply to a request that nobody waits for.
 *
 * Runs on a thread of the library that delivers messages, where it may block. The callbacks for
 * the requests of one connection run one after the other, in the order in which the replies
 * arrived. If the request failed, `nats_GetLastError` returns the reason here.
 *
 * @param nc The connection: the program's own handle.
 * @param s `NATS_OK` if there is a reply. `NATS_TIMEOUT` if there was none in time,
 * `NATS_NO_RESPONDERS` if nobody is subscribed to the subject, `NATS_CONNECTION_CLOSED` if the
 * connection was closed first, `NATS_CONNECTION_DISCONNECTED` if it was lost and
 * `natsOptions_SetFailRequestsOnDisconnect` is set.
 * @param reply The reply, which the callback owns and releases with `natsMsg_Destroy`; NULL with
 * any status other than `NATS_OK`.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_request
 */
typedef void (*natsReplyHandler)(natsConnection *nc, enum natsStatus s, natsMsg *reply, void *closure);

/**
 * Callback that says whether a reply is the last one of a request with many replies.
 *
 * Runs on the thread that called `natsConnection_RequestMany`, for each reply in order.
 *
 * @param reply The reply, which remains the library's: `natsMsg_Destroy` does nothing with it.
 * @param closure The pointer that was given with the callback.
 *
 * @return True to end the request with this reply.
 *
 * @ingroup nats_request
 */
typedef bool (*natsLastReplyHandler)(natsMsg *reply, void *closure);

/**
 * When a request with many replies has all of them. `natsRequestManyOptions_Init` begins one.
 *
 * The first limit that is reached ends the request. Source: ADR-47.
 *
 * @ingroup nats_request
 */
typedef struct natsRequestManyOptions {
    /** The longest time for all replies together, in milliseconds; 0 for 5000. */
    int64_t MaxWait;
    /**
     * The longest time from one reply to the next, in milliseconds; 0 for no limit. The first reply
     * is waited for until `MaxWait`.
     */
    int64_t StallWait;
    /** The largest number of replies; 0 for no limit. */
    int MaxMsgs;
    /** Whether a reply without payload is the last one. */
    bool StopOnEmpty;
    /** Says whether a reply is the last one; NULL for none. */
    natsLastReplyHandler IsLast;
    /** The last argument of `IsLast`. */
    void *IsLastClosure;
    /** Whether the reply that was the last one by `StopOnEmpty` or `IsLast` is among the results. */
    bool IncludeLast;
} natsRequestManyOptions;

/**
 * Callback that receives the messages of a subscription.
 *
 * Called with one message at a time, in order, on a thread of the library. It may block, and may
 * call any function on the connection and the subscription, destroying them included; both stay
 * usable until it returns.
 *
 * @param nc The connection of the subscription: the program's own handle.
 * @param sub The subscription: the program's own handle.
 * @param msg The message, which the callback owns and has to release with `natsMsg_Destroy`, now
 * or later. NULL reports to a subscription with a timeout that no message arrived in time.
 * @param closure The pointer that was given when subscribing.
 *
 * @ingroup nats_subscribe
 */
typedef void (*natsMsgHandler)(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure);

/**
 * How to subscribe with `natsConnection_SubscribeMsgs`. `natsSubscribeMsgsOptions_Init` begins one.
 *
 * @ingroup nats_subscribe
 */
typedef struct natsSubscribeMsgsOptions {
    /** The queue group, not empty; NULL for none. */
    const char *Queue;
    /** The largest number of messages in a list; 0 for 256. */
    int MaxMsgs;
    /** The time in milliseconds after which an empty list says that no message came; 0 for never. */
    int64_t Timeout;
} natsSubscribeMsgsOptions;

/**
 * Callback that receives the messages of a subscription in lists.
 *
 * Runs on a thread of the library: for one subscription the lists are delivered in order, one at a
 * time. An empty list says that no message came for the time of `natsSubscribeMsgsOptions`.
 *
 * @param nc The connection: the program's own handle.
 * @param sub The subscription: the program's own handle.
 * @param msgs The messages, in order. After the call the library releases those that are still in
 * the list. To keep one, take it and write NULL in its place; to keep all of them with the array,
 * copy the structure and write NULL to `Msgs`. `natsMsgList_Destroy` may be called.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_subscribe
 */
typedef void (*natsMsgsHandler)(natsConnection *nc,
                                natsSubscription *sub,
                                struct natsMsgList *msgs,
                                void *closure);

/**
 * A JetStream context of a connection. Opaque to C.
 *
 * Made by `natsConnection_JetStream`, released by `jsCtx_Destroy`, also after its connection was destroyed; any
 * number of them may share a connection. Any thread may call any `js_` function on it at any time, callbacks
 * included. A call on a destroyed context returns `NATS_INVALID_ARG`, except in a callback that was given the
 * context: there it works until the callback returns. A call in a child of the process that made it returns
 * `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_js_context
 */
typedef struct __jsCtx jsCtx;

/* ---- JetStream: structures and callbacks ------------------------------------------------------------ */

/**
 * The acknowledgement of a stream for a message that it has stored. `jsPubAck_Destroy` releases it
 * together with its fields.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsPubAck {
    /** The stream's name. */
    char *Stream;
    /** The sequence of the message in the stream. */
    uint64_t Sequence;
    /** The domain that the stream is in; NULL for none. */
    char *Domain;
    /** Whether the stream already had a message with this id and has not stored this one. */
    bool Duplicate;
    /** The id of the batch; NULL if the message is not part of a batch. */
    char *Batch;
    /** The number of messages in the batch. */
    uint64_t Count;
    /** The value of the counter; NULL if the stream does not have counters. */
    char *Value;
} jsPubAck;

/**
 * The reason why a message is not known to be stored. Valid during the callback.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsPubAckErr {
    /** The message, for a `jsPubAckErrHandler`; NULL for a `jsPubAckHandler`, which has it as an argument. */
    natsMsg *Msg;
    /** The status of the failure. */
    enum natsStatus Err;
    /** The error code of the server's answer; 0 if the server has not answered with an error. */
    jsErrCode ErrCode;
    /** The text of the error. Valid during the callback. */
    const char *ErrText;
} jsPubAckErr;

/**
 * Callback that receives the outcome of a message that was published with `js_PublishMsgAsync` or `js_PublishAsync`.
 *
 * Runs on a thread of the library; the calls for one context do not overlap.
 *
 * @param js The context: the program's own handle.
 * @param msg The message, which the callback owns and has to release with `natsMsg_Destroy` or publish again with
 * `js_PublishMsgAsync(js, &msg, ..)`.
 * @param pa The acknowledgement; NULL if the message failed. Valid during the callback.
 * @param pae The error; NULL if the message is stored. Valid during the callback; its `Msg` is
 * NULL.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_js_publish
 */
typedef void (*jsPubAckHandler)(jsCtx *js,
                                natsMsg *msg,
                                struct jsPubAck *pa,
                                struct jsPubAckErr *pae,
                                void *closure);

/**
 * Callback that receives the error for a message that was published with `js_PublishMsgAsync` or `js_PublishAsync`
 * and is not known to be stored.
 *
 * Runs on a thread of the library; the calls for one context do not overlap.
 *
 * @param js The context: the program's own handle.
 * @param pae The error. The library owns its `Msg` and destroys it after the callback, unless the callback has
 * published it again with `js_PublishMsgAsync(js, &pae->Msg, ..)`, or has taken it and written NULL in its place.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_js_publish
 */
typedef void (*jsPubAckErrHandler)(jsCtx *js, struct jsPubAckErr *pae, void *closure);

/**
 * Settings of `js_PublishAsync` and `js_PublishMsgAsync`. Part of `jsOptions`; only the options of a context are
 * used, not those of a call.
 *
 * @ingroup nats_js_context
 */
typedef struct jsOptionsPublishAsync {
    /** The maximum number of messages that wait for their acknowledgements; 0 for no limit. */
    int64_t MaxPending;
    /** The callback for the outcome of each message; NULL for none. */
    jsPubAckHandler AckHandler;
    /** The last argument of `AckHandler`. */
    void *AckHandlerClosure;
    /**
     * The callback for each message that is not known to be stored; NULL for none. Not used if there is an
     * `AckHandler`.
     */
    jsPubAckErrHandler ErrHandler;
    /** The last argument of `ErrHandler`. */
    void *ErrHandlerClosure;
    /**
     * The longest time that a publish waits while `MaxPending` messages are pending, in
     * milliseconds; 0 for 200.
     */
    int64_t StallWait;
    /**
     * Whether acknowledgements use the inbox of the connection's requests in place of one of the
     * context.
     */
    bool MuxReplies;
} jsOptionsPublishAsync;

/**
 * Callback for the end of a subscription made by `js_PullSubscribeAsync`: no more messages are
 * delivered.
 *
 * Runs once, on a thread of the library, after the last message callback.
 *
 * @param nc The connection: the program's own handle.
 * @param sub The subscription: the program's own handle, which the program still has to destroy.
 * @param s The reason; `NATS_OK` if the program has ended the subscription.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_js_subscribe
 */
typedef void (*jsFetchCompleteHandler)(natsConnection *nc, natsSubscription *sub, natsStatus s, void *closure);

/**
 * Callback that decides what a subscription made by `js_PullSubscribeAsync` requests from the
 * consumer next.
 *
 * Runs after each message callback, on the same thread.
 *
 * @param messages Receives the number of messages to request.
 * @param maxBytes Receives the limit in bytes of the request; 0 for no limit.
 * @param sub The subscription: the program's own handle.
 * @param closure The pointer that was given with the callback.
 * @return True to send a request now, false to send none.
 *
 * @ingroup nats_js_subscribe
 */
typedef bool (*jsFetchNextHandler)(int *messages, int64_t *maxBytes, natsSubscription *sub, void *closure);

/**
 * Settings of `js_PullSubscribeAsync` and `js_PullSubscribeSync`. Part of `jsOptions`; only the
 * options of these calls are used, not those of a context.
 *
 * @ingroup nats_js_context
 */
typedef struct jsOptionsPullSubscribeAsync {
    /** The time after which the subscription ends, in milliseconds; 0 for no limit. */
    int64_t Timeout;
    /** The number of messages after which the subscription ends; 0 for no limit. */
    int MaxMessages;
    /**
     * The number of bytes after which the subscription ends; 0 for no limit. Not together with
     * `KeepAhead`.
     */
    int64_t MaxBytes;
    /**
     * Whether to receive the messages that are available now and then end. Not together with
     * `KeepAhead`.
     */
    bool NoWait;
    /** The callback for the end of the subscription; NULL for none. */
    jsFetchCompleteHandler CompleteHandler;
    /** The last argument of `CompleteHandler`. */
    void *CompleteHandlerClosure;
    /**
     * The time without a message after which the server sends a heartbeat, in milliseconds; 0 for the default:
     * 5,000, or none if `NoWait` is set or the consumer's configuration could not be read. If two heartbeats in a
     * row are missing, the connection's error handler receives `NATS_MISSED_HEARTBEAT` and the messages are
     * requested again.
     */
    int64_t Heartbeat;
    /** The priority group; NULL for none. */
    const char *Group;
    /**
     * The requests are served only while at least this number of messages is still to be
     * delivered; 0 for always.
     */
    int64_t MinPending;
    /**
     * The requests are served only while at least this number of messages waits for
     * acknowledgements; 0 for always.
     */
    int64_t MinAckPending;
    /** The number of messages in each request; 0 for 128. */
    int FetchSize;
    /**
     * The next request is sent when at most this number of requested messages is not delivered
     * yet; 0 to send it when all are delivered.
     */
    int KeepAhead;
    /**
     * The callback that decides what to request next; NULL if the library decides by the fields
     * above.
     */
    jsFetchNextHandler NextHandler;
    /** The last argument of `NextHandler`. */
    void *NextHandlerClosure;
} jsOptionsPullSubscribeAsync;

/**
 * What `js_PurgeStream` removes. Part of `jsOptions`. If no field is set, all messages are
 * removed.
 *
 * @ingroup nats_js_context
 */
typedef struct jsOptionsStreamPurge {
    /** The subject of the messages, which may have wildcards; NULL for all subjects. */
    const char *Subject;
    /** Only messages before this sequence; 0 for no such limit. Not together with `Keep`. */
    uint64_t Sequence;
    /** The number of newest messages to keep; 0 for none. */
    uint64_t Keep;
} jsOptionsStreamPurge;

/**
 * The details that `js_GetStreamInfo` requests. Part of `jsOptions`.
 *
 * @ingroup nats_js_context
 */
typedef struct jsOptionsStreamInfo {
    /** Whether to get the sequences of deleted messages. */
    bool DeletedDetails;
    /**
     * The subjects whose numbers of messages are requested, which may have wildcards; NULL for none. For
     * `js_Streams` and `js_StreamNames`, a subject that the streams must have. Only used in the options of a call.
     */
    const char *SubjectsFilter;
} jsOptionsStreamInfo;

/**
 * Settings of functions on streams. Part of `jsOptions`.
 *
 * @ingroup nats_js_context
 */
typedef struct jsOptionsStream {
    /** For `js_PurgeStream`. */
    struct jsOptionsStreamPurge Purge;
    /** For `js_GetStreamInfo`, `js_Streams` and `js_StreamNames`. */
    struct jsOptionsStreamInfo Info;
} jsOptionsStream;

/**
 * Settings of a context, or of a single call. Initialize it with `jsOptions_Init`.
 *
 * `natsConnection_JetStream` copies the settings of a context; its callbacks and closures must stay valid as long as
 * the context. In the options of a call, zero stands for the context's setting: for `Prefix`, `Domain` and `Wait`
 * each on its own, for `Stream.Purge` as a whole. `Stream.Info` is always that of the call if the call has options.
 * `PublishAsync` is used only in the options of a context, `PullSubscribeAsync` only in those of a call.
 *
 * @ingroup nats_js_context
 */
typedef struct jsOptions {
    /** The prefix of the JetStream API's subjects; NULL for `$JS.API`. */
    const char *Prefix;
    /** The domain, which stands for the prefix `$JS.<domain>.API` and overrides `Prefix`; NULL for none. */
    const char *Domain;
    /** The longest time to wait for an answer, in milliseconds; 0 for 5000. */
    int64_t Wait;
    /** Settings of asynchronous publishing. */
    struct jsOptionsPublishAsync PublishAsync;
    /** Settings of asynchronous pull subscriptions. */
    struct jsOptionsPullSubscribeAsync PullSubscribeAsync;
    /** Settings of functions on streams. */
    struct jsOptionsStream Stream;
} jsOptions;

/**
 * The two sequence numbers of a message.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsSequencePair {
    /** The number of the delivery, counted by the consumer. */
    uint64_t Consumer;
    /** The sequence in the stream. */
    uint64_t Stream;
} jsSequencePair;

/**
 * The metadata of a message that was delivered by a consumer. Released with `jsMsgMetaData_Destroy`.
 *
 * @ingroup nats_js_subscribe
 */
typedef struct jsMsgMetaData {
    /** The sequence numbers of the message. */
    struct jsSequencePair Sequence;
    /** The number of deliveries of the message, this one included. */
    uint64_t NumDelivered;
    /** The number of messages that the consumer still has to deliver after this one. */
    uint64_t NumPending;
    /** The time at which the stream stored the message, in nanoseconds since the epoch. */
    int64_t Timestamp;
    /** The stream's name. */
    char *Stream;
    /** The consumer's name. */
    char *Consumer;
    /** The domain that the stream is in; NULL for none. */
    char *Domain;
} jsMsgMetaData;

/**
 * An advisory: an event of a stream or a consumer that a server has published. An addition. `jsAdvisory_Destroy`
 * releases it together with its fields. A field that the kind does not have is NULL or 0.
 *
 * @ingroup nats_js_context
 */
typedef struct jsAdvisory {
    /** The kind of event. */
    jsAdvisoryKind Kind;
    /** The type as the server states it, such as `io.nats.jetstream.advisory.v1.max_deliver`. */
    char *Type;
    /** The advisory's own id. */
    char *ID;
    /** The time of the event, in nanoseconds since the epoch. */
    int64_t Time;
    /** The name of the stream. */
    char *Stream;
    /** The name of the consumer. */
    char *Consumer;
    /** The domain of the server. */
    char *Domain;
    /** The sequence of the message in the stream. */
    uint64_t StreamSeq;
    /** The number of deliveries of the message. */
    uint64_t Deliveries;
    /** The priority group. */
    char *Group;
    /** The id of the pin. */
    char *PinnedClientID;
    /** The reason for the event. */
    char *Reason;
    /** The name of the server that is the leader. */
    char *Leader;
    /** The id of the batch. */
    char *Batch;
} jsAdvisory;

/**
 * The servers that a stream is placed on. Initialize it with `jsPlacement_Init`.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsPlacement {
    /** The cluster's name; NULL for any. */
    const char *Cluster;
    /** Tags that the servers must have. */
    const char **Tags;
    /** The number of tags. */
    int TagsLen;
} jsPlacement;

/**
 * Access to a stream of another account or domain. Initialize it with `jsExternalStream_Init`.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsExternalStream {
    /** The prefix of the other JetStream API's subjects. */
    const char *APIPrefix;
    /** The prefix of the subjects that the messages are delivered to; NULL for none. */
    const char *DeliverPrefix;
} jsExternalStream;

/**
 * A stream that another stream copies messages from: the origin of a mirror, or a source. Initialize it with
 * `jsStreamSource_Init`.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamSource {
    /** The stream's name. */
    const char *Name;
    /** The sequence to begin with; 0 for the first. */
    uint64_t OptStartSeq;
    /** The time to begin at, in nanoseconds since the epoch; 0 for the beginning. */
    int64_t OptStartTime;
    /** The subject of the messages to copy, which may have wildcards; NULL for all subjects. */
    const char *FilterSubject;
    /** Access to the stream if it is in another account; NULL for the same account. */
    struct jsExternalStream *External;
    /**
     * The domain of the stream; NULL for the same domain. When a stream is created, it stands for an `External` with
     * the API prefix `$JS.<domain>.API`.
     */
    const char *Domain;
} jsStreamSource;

/**
 * Publishes the messages again that a stream has stored. Initialize it with `jsRePublish_Init`.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsRePublish {
    /** The subject of the messages, which may have wildcards; NULL for all subjects. */
    const char *Source;
    /** The subject to publish on. */
    const char *Destination;
    /** Whether to publish the headers without the payloads. */
    bool HeadersOnly;
} jsRePublish;

/**
 * Pairs of strings that belong to a JetStream object.
 *
 * The program owns the structure and its content.
 *
 * @ingroup nats_msg
 */
typedef struct natsMetadata {
    /** The keys and values, alternating: twice `Count` strings. */
    const char **List;
    /** The number of pairs. */
    int Count;
} natsMetadata;

/**
 * A change of the subjects of the messages that a stream stores.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsSubjectTransformConfig {
    /** The subjects to change. */
    const char *Source;
    /** The subjects that they are changed to. */
    const char *Destination;
} jsSubjectTransformConfig;

/**
 * Limits, and defaults, for the consumers of a stream.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamConsumerLimits {
    /** The longest inactivity threshold of a consumer in nanoseconds; 0 for no limit. */
    int64_t InactiveThreshold;
    /** The maximum number of messages of a consumer that wait for acknowledgements; 0 for no limit. */
    int MaxAckPending;
} jsStreamConsumerLimits;

/**
 * The configuration of a stream. Initialize it with `jsStreamConfig_Init`.
 *
 * A configuration that is passed to the library is copied and remains the program's. One that the library returns is
 * part of a `jsStreamInfo`. Settings of newer servers that have no field here, and settings of sources, are kept
 * with it: they are part of an update that uses the same structure or a copy of it. Source: ADR-31, ADR-33, ADR-36,
 * ADR-43, ADR-48, ADR-49, ADR-50, ADR-51.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamConfig {
    /** The name: no white space, and none of `.`, `*`, `>`, `/` and `\`. */
    const char *Name;
    /** A description; NULL for none. */
    const char *Description;
    /**
     * The subjects whose messages are stored, which may have wildcards. None stands for the name of the stream, or
     * for no subjects if the stream has a mirror or sources.
     */
    const char **Subjects;
    /** The number of subjects. */
    int SubjectsLen;
    /** The retention policy. */
    jsRetentionPolicy Retention;
    /** The maximum number of consumers; -1 for no limit. */
    int64_t MaxConsumers;
    /** The maximum number of messages; -1 for no limit. */
    int64_t MaxMsgs;
    /** The maximum number of bytes; -1 for no limit. */
    int64_t MaxBytes;
    /** The maximum age of messages in nanoseconds; 0 for no limit. */
    int64_t MaxAge;
    /** The maximum number of messages of each subject; 0 for no limit. */
    int64_t MaxMsgsPerSubject;
    /** The maximum size of a message in bytes; -1 for no limit. */
    int32_t MaxMsgSize;
    /** What the stream does at its limits. */
    jsDiscardPolicy Discard;
    /** Where the messages are stored. */
    jsStorageType Storage;
    /** The number of servers that store the stream, 1 to 5. */
    int64_t Replicas;
    /** Whether publishes are not acknowledged. */
    bool NoAck;
    /** Not used: servers no longer have templates and refuse this setting. */
    const char *Template;
    /** The time for which message ids are remembered, in nanoseconds; 0 for the server's default. */
    int64_t Duplicates;
    /** The servers that the stream is placed on; NULL for any. */
    struct jsPlacement *Placement;
    /** The stream that this one is a copy of; NULL for none. */
    struct jsStreamSource *Mirror;
    /** The streams that messages are copied from. */
    struct jsStreamSource **Sources;
    /** The number of sources. */
    int SourcesLen;
    /** Whether the stream refuses all changes, permanently. Only an update can set it. */
    bool Sealed;
    /** Whether messages cannot be deleted. */
    bool DenyDelete;
    /** Whether the stream cannot be purged. */
    bool DenyPurge;
    /** Whether a message with the header `Nats-Rollup` may replace earlier messages. */
    bool AllowRollup;
    /** Settings for publishing stored messages again; NULL not to do that. */
    struct jsRePublish *RePublish;
    /** Whether all servers of the stream answer `js_DirectGetMsg`, not only the leader. */
    bool AllowDirect;
    /** Whether a mirror answers `js_DirectGetMsg` for its origin. */
    bool MirrorDirect;
    /** Whether `js_DiscardNew` also applies to `MaxMsgsPerSubject`. */
    bool DiscardNewPerSubject;
    /** Metadata of the program. */
    struct natsMetadata Metadata;
    /** How the files are compressed. */
    jsStorageCompression Compression;
    /** The sequence of the first message; 0 for 1. */
    uint64_t FirstSeq;
    /** The change of the subjects of stored messages. */
    struct jsSubjectTransformConfig SubjectTransform;
    /** Limits and defaults for consumers of the stream. */
    struct jsStreamConsumerLimits ConsumerLimits;
    /** Whether messages may have a time to live of their own. */
    bool AllowMsgTTL;
    /**
     * The time to live of the marker that is stored when a limit removes the last message of a subject, in
     * nanoseconds, at least one second; 0 for no markers.
     */
    int64_t SubjectDeleteMarkerTTL;
    /** When messages are written to the disk. */
    jsPersistModeType PersistMode;
    /** Whether atomic batches may be published. */
    bool AllowAtomic;
    /** Whether the messages are counters. */
    bool AllowMsgCounter;
    /** Whether messages may be schedules. */
    bool AllowMsgSchedules;
    /** Whether fast batches may be published. */
    bool AllowBatched;
} jsStreamConfig;

/**
 * The number of messages of one subject in a stream.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamStateSubject {
    /** The subject. */
    const char *Subject;
    /** How many messages there are. */
    uint64_t Msgs;
} jsStreamStateSubject;

/**
 * The number of messages of each subject in a stream.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamStateSubjects {
    /** The subjects, in no particular order. */
    struct jsStreamStateSubject *List;
    /** The number of subjects. */
    int Count;
} jsStreamStateSubjects;

/**
 * Messages that a stream has lost because its files were damaged.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsLostStreamData {
    /** The sequences of the messages. */
    uint64_t *Msgs;
    /** The number of elements. */
    int MsgsLen;
    /** The number of bytes that were lost. */
    uint64_t Bytes;
} jsLostStreamData;

/**
 * The state of a stream.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamState {
    /** The number of messages. */
    uint64_t Msgs;
    /** The number of bytes. */
    uint64_t Bytes;
    /** The sequence of the first message. */
    uint64_t FirstSeq;
    /** When that was stored, in nanoseconds since the epoch; 0 where there is none. */
    int64_t FirstTime;
    /** The sequence of the last message. */
    uint64_t LastSeq;
    /** When that was stored, in nanoseconds since the epoch; 0 where there is none. */
    int64_t LastTime;
    /** The number of different subjects of the messages. */
    int64_t NumSubjects;
    /**
     * The number of messages of each subject; NULL unless requested with
     * `jsOptions.Stream.Info.SubjectsFilter`.
     */
    struct jsStreamStateSubjects *Subjects;
    /** The number of deleted messages between the first and the last one. */
    uint64_t NumDeleted;
    /**
     * The sequences of the deleted messages; NULL unless requested with
     * `jsOptions.Stream.Info.DeletedDetails`.
     */
    uint64_t *Deleted;
    /** The number of elements. */
    int DeletedLen;
    /** The messages that were lost; NULL for none. */
    struct jsLostStreamData *Lost;
    /** The number of consumers. */
    int64_t Consumers;
} jsStreamState;

/**
 * A server of a stream or consumer other than the leader.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsPeerInfo {
    /** The server's name. */
    char *Name;
    /** Whether the server is up to date with the leader. */
    bool Current;
    /** Whether the server cannot be reached. */
    bool Offline;
    /** The time since the server last answered, in nanoseconds. */
    int64_t Active;
    /** The number of operations that the server is behind the leader. */
    uint64_t Lag;
} jsPeerInfo;

/**
 * The servers of a stream or consumer.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsClusterInfo {
    /** The cluster's name. */
    char *Name;
    /** The leader's name; NULL while there is none. */
    char *Leader;
    /** The other servers. */
    struct jsPeerInfo **Replicas;
    /** The number of elements. */
    int ReplicasLen;
    /** The name of the Raft group. */
    char *RaftGroup;
    /** The time at which the leader was elected, in nanoseconds since the epoch; 0 if unknown. */
    int64_t LeaderSince;
    /** Whether the replication traffic uses the system account. */
    bool SystemAcc;
    /** The account of the replication traffic. */
    char *TrafficAcc;
} jsClusterInfo;

/**
 * The progress of a stream with a mirror's origin or a source.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamSourceInfo {
    /** The other stream's name. */
    char *Name;
    /** Access to the stream if it is in another account; NULL for the same account. */
    struct jsExternalStream *External;
    /** The number of messages that are not copied yet. */
    uint64_t Lag;
    /** The time since the last contact with the other stream, in nanoseconds; -1 for never. */
    int64_t Active;
    /** The subject of the messages that are copied; NULL for all subjects. */
    const char *FilterSubject;
    /** The changes of the subjects. */
    struct jsSubjectTransformConfig *SubjectTransforms;
    /** The number of transforms. */
    int SubjectTransformsLen;
} jsStreamSourceInfo;

/**
 * A stream that has the same messages: the stream itself or a mirror.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamAlternate {
    /** The name. */
    const char *Name;
    /** The domain of the stream; NULL for none. */
    const char *Domain;
    /** The cluster of the stream. */
    const char *Cluster;
} jsStreamAlternate;

/**
 * The configuration and state of a stream at the time of the server's answer. `jsStreamInfo_Destroy` releases it
 * together with its fields.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamInfo {
    /** The configuration. */
    struct jsStreamConfig *Config;
    /** When it was created, in nanoseconds since the epoch. */
    int64_t Created;
    /** The state. */
    struct jsStreamState State;
    /** The servers in the cluster; NULL if there is no cluster. */
    struct jsClusterInfo *Cluster;
    /** The progress with the origin; NULL if the stream is not a mirror. */
    struct jsStreamSourceInfo *Mirror;
    /** The progress with each source. */
    struct jsStreamSourceInfo **Sources;
    /** The number of sources. */
    int SourcesLen;
    /** The streams that have the same messages, the nearest first. */
    struct jsStreamAlternate **Alternates;
    /** The number of elements. */
    int AlternatesLen;
} jsStreamInfo;

/**
 * The configuration of a consumer. Initialize it with `jsConsumerConfig_Init`.
 *
 * A configuration that is passed to the library is copied and remains the program's. One that the library returns is
 * part of a `jsConsumerInfo`. Settings of newer servers that have no field here are kept with it: they are part of
 * an update that uses the same structure or a copy of it. Source: ADR-13, ADR-42.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsConsumerConfig {
    /**
     * The name; NULL for the durable name or, without one, a generated name. No white space, and none of `.`, `*`,
     * `>`, `/` and `\`.
     */
    const char *Name;
    /**
     * The name of a durable consumer, which stays while it is not used; NULL for an ephemeral
     * consumer.
     */
    const char *Durable;
    /** A description; NULL for none. */
    const char *Description;
    /** The message that the consumer begins with. */
    jsDeliverPolicy DeliverPolicy;
    /** The sequence to begin with, for `js_DeliverByStartSequence`. */
    uint64_t OptStartSeq;
    /** The time to begin at, in nanoseconds since the epoch, for `js_DeliverByStartTime`. */
    int64_t OptStartTime;
    /** How messages are acknowledged. */
    jsAckPolicy AckPolicy;
    /**
     * The time without an acknowledgement after which a message is delivered again, in nanoseconds; 0 for the
     * server's default.
     */
    int64_t AckWait;
    /** The maximum number of deliveries of a message; 0 or -1 for no limit. */
    int64_t MaxDeliver;
    /**
     * The time to wait for the acknowledgement of each delivery in nanoseconds, in place of
     * `AckWait`.
     */
    int64_t *BackOff;
    /** The number of elements. */
    int BackOffLen;
    /** The subject of the messages to deliver, which may have wildcards; NULL for all subjects. */
    const char *FilterSubject;
    /** How fast the messages that are already in the stream are delivered. */
    jsReplayPolicy ReplayPolicy;
    /** The maximum rate of a push consumer in bits per second; 0 for no limit. */
    uint64_t RateLimit;
    /**
     * The percentage of acknowledgements for which the server publishes a sample, such as `"30"`;
     * NULL for none.
     */
    const char *SampleFrequency;
    /** The maximum number of waiting pull requests; 0 for the server's default. */
    int64_t MaxWaiting;
    /**
     * The maximum number of messages that wait for acknowledgements; 0 for the server's default,
     * -1 for no limit.
     */
    int64_t MaxAckPending;
    /** Whether a push consumer pauses while the program has not processed earlier messages. */
    bool FlowControl;
    /**
     * The time without a message after which a push consumer sends a heartbeat, in nanoseconds; 0 for never. Without
     * heartbeats the library asks the server, after 30 s without a message, whether the consumer still exists.
     */
    int64_t Heartbeat;
    /** Whether payloads are left out. */
    bool HeadersOnly;
    /** The maximum number of messages of a pull request; 0 for no limit. */
    int64_t MaxRequestBatch;
    /** The longest time that a pull request may wait, in nanoseconds; 0 for no limit. */
    int64_t MaxRequestExpires;
    /** The maximum number of bytes of a pull request; 0 for no limit. */
    int64_t MaxRequestMaxBytes;
    /** The subject that a push consumer delivers to; NULL for a pull consumer. */
    const char *DeliverSubject;
    /** The queue group that a push consumer delivers to; NULL for none. */
    const char *DeliverGroup;
    /**
     * The time without use after which the consumer is removed, in nanoseconds; 0 for the server's
     * default.
     */
    int64_t InactiveThreshold;
    /** The number of servers that store the state; 0 for as many as the stream has. */
    int64_t Replicas;
    /** Whether the state is stored in memory, independent of the storage of the stream. */
    bool MemoryStorage;
    /** The subjects of the messages to deliver, if more than one. */
    const char **FilterSubjects;
    /** The number of elements. */
    int FilterSubjectsLen;
    /** Metadata of the program. */
    struct natsMetadata Metadata;
    /** The time until which the consumer is paused, in nanoseconds since the epoch; 0 for no pause. */
    int64_t PauseUntil;
    /**
     * How clients of the same group take turns: `"overflow"`, `"pinned_client"` or `"prioritized"`; NULL for none.
     */
    const char *PriorityPolicy;
    /**
     * The time without a pull request after which another client may be pinned, in nanoseconds; 0 for the server's
     * default.
     */
    int64_t PinnedTTL;
    /** The groups. */
    const char **PriorityGroups;
    /** The number of groups. */
    int PriorityGroupsLen;
} jsConsumerConfig;

/**
 * The progress of a consumer.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsSequenceInfo {
    /** The number of the delivery, counted by the consumer. */
    uint64_t Consumer;
    /** The sequence in the stream. */
    uint64_t Stream;
    /** The time of the last activity, in nanoseconds since the epoch; 0 for never. */
    int64_t Last;
} jsSequenceInfo;

/**
 * The client that is pinned in a priority group.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsPriorityGroupState {
    /** The group. */
    char *Group;
    /** The id of the pin; NULL if no client is pinned. */
    char *PinnedClientID;
    /** The time at which the client was pinned, in nanoseconds since the epoch. */
    int64_t PinnedTS;
} jsPriorityGroupState;

/**
 * The configuration and state of a consumer at the time of the server's answer. `jsConsumerInfo_Destroy` releases it
 * together with its fields.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsConsumerInfo {
    /** The stream's name. */
    char *Stream;
    /** The consumer's name. */
    char *Name;
    /** When it was created, in nanoseconds since the epoch. */
    int64_t Created;
    /** The configuration. Never NULL. */
    struct jsConsumerConfig *Config;
    /** The last message that was delivered. */
    struct jsSequenceInfo Delivered;
    /** The last message before which all are acknowledged. */
    struct jsSequenceInfo AckFloor;
    /** The number of messages that wait for acknowledgements. */
    int64_t NumAckPending;
    /** The number of messages that were delivered more than once and are not acknowledged yet. */
    int64_t NumRedelivered;
    /** The number of waiting pull requests. */
    int64_t NumWaiting;
    /** The number of messages that are still to be delivered for the first time. */
    uint64_t NumPending;
    /** The servers in the cluster; NULL if there is no cluster. */
    struct jsClusterInfo *Cluster;
    /** Whether a client is subscribed to the subject of a push consumer. */
    bool PushBound;
    /** Whether the consumer is paused. */
    bool Paused;
    /** The rest of the pause in nanoseconds. */
    int64_t PauseRemaining;
    /** The client that is pinned in each priority group. */
    struct jsPriorityGroupState *PriorityGroups;
    /** The number of groups. */
    int PriorityGroupsLen;
} jsConsumerInfo;

/**
 * The use of the JetStream API by an account.
 *
 * @ingroup nats_js_context
 */
typedef struct jsAPIStats {
    /** The number of requests. */
    uint64_t Total;
    /** The number of requests that failed. */
    uint64_t Errors;
} jsAPIStats;

/**
 * The limits of an account; -1 for no limit.
 *
 * @ingroup nats_js_context
 */
typedef struct jsAccountLimits {
    /** Bytes in memory. */
    int64_t MaxMemory;
    /** Bytes in files. */
    int64_t MaxStore;
    /** Streams. */
    int64_t MaxStreams;
    /** Consumers of a stream. */
    int64_t MaxConsumers;
    /** Messages of a consumer that wait for acknowledgements. */
    int64_t MaxAckPending;
    /** Bytes of a stream in memory. */
    int64_t MemoryMaxStreamBytes;
    /** Bytes of a stream in files. */
    int64_t StoreMaxStreamBytes;
    /** Whether streams must have a limit of bytes. */
    bool MaxBytesRequired;
} jsAccountLimits;

/**
 * The use and limits of an account in one tier: for streams with a certain number of replicas.
 *
 * @ingroup nats_js_context
 */
typedef struct jsTier {
    /** The tier's name, such as `R3`. */
    const char *Name;
    /** Bytes in memory. */
    uint64_t Memory;
    /** Bytes in files. */
    uint64_t Store;
    /** Streams. */
    int64_t Streams;
    /** Consumers. */
    int64_t Consumers;
    /** The limits. */
    struct jsAccountLimits Limits;
} jsTier;

/**
 * The use and limits of an account. `jsAccountInfo_Destroy` releases it together with its fields.
 *
 * @ingroup nats_js_context
 */
typedef struct jsAccountInfo {
    /** Bytes in memory. */
    uint64_t Memory;
    /** Bytes in files. */
    uint64_t Store;
    /** Streams. */
    int64_t Streams;
    /** Consumers. */
    int64_t Consumers;
    /** The servers' domain; NULL for none. */
    char *Domain;
    /** The use of the API. */
    struct jsAPIStats API;
    /** The limits, if there are no tiers. */
    struct jsAccountLimits Limits;
    /** The tiers, in the order of their names. */
    struct jsTier **Tiers;
    /** The number of tiers. */
    int TiersLen;
} jsAccountInfo;

/**
 * The result of resetting a consumer. `jsConsumerResetResponse_Destroy` releases it together with the info in it.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsConsumerResetResponse {
    /** The consumer after the reset. */
    struct jsConsumerInfo *Consumer;
    /** The sequence in the stream that the consumer continues with. */
    uint64_t ResetSeq;
} jsConsumerResetResponse;

/**
 * The result of pausing a consumer. Released with `jsConsumerPauseResponse_Destroy`.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsConsumerPauseResponse {
    /** Whether the consumer is paused. */
    bool Paused;
    /** The end of the pause, in nanoseconds since the epoch; 0 if the consumer is not paused. */
    int64_t PauseUntil;
    /** The rest of the pause in nanoseconds. */
    int64_t PauseRemaining;
} jsConsumerPauseResponse;

/**
 * The messages to get with `js_DirectGetMsgs`. Initialize it with `jsDirectBatchOptions_Init`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsDirectBatchOptions {
    /**
     * The maximum number of messages; 0, which is allowed only together with `MultiLast`, for as many as the server
     * sends.
     */
    int Batch;
    /** The maximum number of bytes; 0 for as many as the server sends. */
    int64_t MaxBytes;
    /** The sequence to begin with; 0 for the first. */
    uint64_t Sequence;
    /** The time to begin at, in nanoseconds since the epoch; 0 for no such limit. */
    int64_t StartTime;
    /** The messages of this subject, which may have wildcards; NULL for all. */
    const char *NextBySubject;
    /**
     * The last message of each subject that one of these matches, at most 1024 subjects; not
     * together with `NextBySubject`.
     */
    const char **MultiLast;
    /** The number of elements of `MultiLast`. */
    int MultiLastLen;
    /**
     * With `MultiLast`: the state of the stream when this was its last sequence; 0 for the present
     * state.
     */
    uint64_t UpToSequence;
    /**
     * With `MultiLast`: the state of the stream at this time, in nanoseconds since the epoch; 0
     * for the present state.
     */
    int64_t UpToTime;
} jsDirectBatchOptions;

/**
 * The position behind a batch of messages.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsDirectBatchInfo {
    /** The number of further messages that match the request. */
    uint64_t NumPending;
    /** The sequence of the last message: the next request begins behind it. */
    uint64_t LastSequence;
    /**
     * With `MultiLast`: the last sequence of the stream for the state that the messages are from. If it is the
     * `UpToSequence` of the next request, the messages of both are from the same state.
     */
    uint64_t UpToSequence;
} jsDirectBatchInfo;

/**
 * The message to get with `js_DirectGetMsg`. Initialize it with `jsDirectGetMsgOptions_Init`.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsDirectGetMsgOptions {
    /**
     * The sequence of the message; together with `NextBySubject`, the sequence from which the
     * search begins.
     */
    uint64_t Sequence;
    /** The first message of this subject; NULL for any. May have wildcards. */
    const char *NextBySubject;
    /**
     * The last message of this subject; NULL for another message. If it is set, the other fields
     * are ignored.
     */
    const char *LastBySubject;
} jsDirectGetMsgOptions;

/**
 * A request to a pull consumer. Initialize it with `jsFetchRequest_Init`.
 *
 * @ingroup nats_js_subscribe
 */
typedef struct jsFetchRequest {
    /** The longest time to wait in nanoseconds; greater than 0, except with `NoWait`. */
    int64_t Expires;
    /** The maximum number of messages; greater than 0. */
    int Batch;
    /**
     * The maximum number of bytes of subjects, reply subjects, headers and payloads; 0 for no
     * limit.
     */
    int64_t MaxBytes;
    /** Whether to receive only the messages that are available now, without waiting. */
    bool NoWait;
    /**
     * The time without a message after which the server sends a heartbeat, in nanoseconds; 0 for never. At most half
     * of `Expires`.
     */
    int64_t Heartbeat;
    /**
     * The request is served only while at least this number of messages is still to be delivered (`"overflow"`); 0
     * for always.
     */
    int64_t MinPending;
    /**
     * The request is served only while at least this number of messages waits for acknowledgements
     * (`"overflow"`); 0 for always.
     */
    int64_t MinAckPending;
    /** The id of the pin (`"pinned_client"`); NULL for none. */
    const char *ID;
    /** The priority group; NULL for none. */
    const char *Group;
    /** The priority, from 0 for the highest to 9 (`"prioritized"`). */
    uint8_t Priority;
} jsFetchRequest;

/**
 * Infos of streams. Released with `jsStreamInfoList_Destroy`; to keep an element, take it and
 * write NULL in its place.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamInfoList {
    /** The infos. */
    struct jsStreamInfo **List;
    /** The number of elements. */
    int Count;
} jsStreamInfoList;

/**
 * Names of streams. Released with `jsStreamNamesList_Destroy`; to keep a name, take it, write NULL in its place, and
 * release it with `free()`.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamNamesList {
    /** The names. */
    char **List;
    /** The number of elements. */
    int Count;
} jsStreamNamesList;

/**
 * Infos of consumers. Released with `jsConsumerInfoList_Destroy`; to keep an element, take it and
 * write NULL in its place.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsConsumerInfoList {
    /** The infos. */
    struct jsConsumerInfo **List;
    /** The number of elements. */
    int Count;
} jsConsumerInfoList;

/**
 * Names of consumers. Released with `jsConsumerNamesList_Destroy`; to keep a name, take it, write NULL in its place,
 * and release it with `free()`.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsConsumerNamesList {
    /** The names. */
    char **List;
    /** The number of elements. */
    int Count;
} jsConsumerNamesList;

/**
 * The schedule of a message: it is published later, or repeatedly. Part of `jsPubOptions`.
 *
 * The stream needs `AllowMsgSchedules`. Only the server checks the strings. Source: ADR-51.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsScheduleOptions {
    /**
     * The schedule: `@at` with a time, `@every` with a duration, or a cron expression with six fields; NULL for no
     * schedule.
     */
    const char *Schedule;
    /** The subject to publish on. */
    const char *Target;
    /**
     * A subject whose last message is published in place of the scheduled message itself; NULL for
     * the message itself.
     */
    const char *Source;
    /** The time to live of the published messages in milliseconds; 0 for no limit. */
    int64_t TTL;
    /** The time zone of a cron expression; NULL for UTC. */
    const char *TimeZone;
    /** Whether each published message replaces the earlier messages of its subject. */
    bool Rollup;
    /**
     * The subject of a schedule that this message cancels; NULL for none. Not together with the other fields.
     */
    const char *CancelScheduledSubject;
} jsScheduleOptions;

/**
 * Options of a message that is published to a stream. Initialize it with `jsPubOptions_Init`. A field that is 0 or
 * NULL has no effect, except where its text says otherwise.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsPubOptions {
    /**
     * The longest time to wait for the acknowledgement, in milliseconds; 0 for the context's `Wait`. With
     * `js_PublishMsgAsync`, the time after which the message counts as failed; 0 for no limit. With
     * `js_PublishAsyncComplete`, the longest time to wait; 0 for no limit.
     */
    int64_t MaxWait;
    /**
     * The message id: within the time `Duplicates` of its configuration the stream stores only one
     * message with this id.
     */
    const char *MsgId;
    /** The name of the stream that must store the message. */
    const char *ExpectStream;
    /** The id that the stream's last message must have. */
    const char *ExpectLastMsgId;
    /** The sequence that the stream's last message must have. */
    uint64_t ExpectLastSeq;
    /** The sequence that the last message of the subject must have. */
    uint64_t ExpectLastSubjectSeq;
    /** The subject that `ExpectLastSubjectSeq` or `ExpectNoMessage` is about; NULL for the message's own. */
    const char *ExpectLastSubjectSeqSubject;
    /** Whether the subject must have no message. */
    bool ExpectNoMessage;
    /**
     * The time to live of the message in milliseconds; 0 for the limit of the stream. The stream needs
     * `AllowMsgTTL`.
     */
    int64_t MsgTTL;
    /** The schedule of the message. */
    struct jsScheduleOptions Schedule;
} jsPubOptions;

/**
 * An atomic batch that is being published. Opaque to C.
 *
 * Made by `js_BatchPublishStart`, released by `jsAtomicBatchCtx_Destroy`, also after its context was destroyed. Any
 * thread may call any function on it at any time; those that add to it or commit it wait for each other. A call on
 * a destroyed batch returns `NATS_INVALID_ARG`; a call in a child of the process that made it returns
 * `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_js_publish
 */
typedef struct __jsAtomicBatchCtx jsAtomicBatchCtx;

/**
 * A fast batch that is being published. Opaque to C.
 *
 * Made by `js_FastPublishStart`, released by `jsFastBatchCtx_Destroy`, also after its context was destroyed. Any
 * thread may call any function on it at any time, callbacks included; messages that several threads add are numbered
 * in the order of the calls. A call on a destroyed batch returns `NATS_INVALID_ARG`, except in a callback that was
 * given the batch: there it acts as a batch that has ended until the callback returns. A call in a child of the
 * process that made it returns `NATS_ILLEGAL_STATE`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_publish
 */
typedef struct __jsFastBatchCtx jsFastBatchCtx;

/**
 * Messages of a fast batch that are not stored. Valid during the callback.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsFastPublishErr {
    /** The number of the first of these messages in the batch, counted from 1. */
    uint64_t Sequence;
    /** The number of elements. */
    uint64_t Count;
    /**
     * `NATS_MISMATCH` for messages that did not reach the stream; `NATS_CONNECTION_DISCONNECTED` if the connection
     * was lost meanwhile; `NATS_NO_RESPONDERS` for a message whose subject no stream has, which is also reported as
     * one that did not reach the stream; `NATS_ERR` for a message that the server refused.
     */
    enum natsStatus Err;
    /** The error code of the server's answer; 0 if the server has not answered with an error. */
    jsErrCode ErrCode;
    /** The text of the error. Valid during the callback. */
    const char *ErrText;
} jsFastPublishErr;

/**
 * Callback for messages of a fast batch with `AllowGaps` that are not stored.
 *
 * Runs on a thread of the library; the calls for one batch do not overlap. At most 1024 calls wait; further failures
 * are only counted in `jsFastPublishProgress`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ctx The batch: the program's own handle.
 * @param err The messages and the reason. Valid during the callback.
 * @param closure The pointer that was given with the callback.
 *
 * @ingroup nats_js_publish
 */
typedef void (*jsFastPublishErrHandler)(jsFastBatchCtx *ctx, struct jsFastPublishErr *err, void *closure);

/**
 * Options of a fast batch. Initialize it with `jsFastPublishOptions_Init`. Zero in a field stands for the default.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsFastPublishOptions {
    /**
     * The maximum number of messages between two acknowledgements, 1 to 65535; 0 for 100. The stream begins with a
     * lower number, which it reports, if other batches are being published to it.
     */
    int Flow;
    /**
     * The number of outstanding acknowledgements at which the library waits, 1 to 3; 0 for 2, with which the stream
     * continues to store messages while an acknowledgement is on its way. 3 can be faster if the round trip to the
     * server is long.
     */
    int MaxOutstandingAcks;
    /**
     * Whether the batch continues after messages were lost or refused; otherwise the first such
     * message ends it.
     */
    bool AllowGaps;
    /** With `AllowGaps`: the callback for messages that are lost or refused; NULL for none. */
    jsFastPublishErrHandler ErrHandler;
    /** The last argument of `ErrHandler`. */
    void *ErrHandlerClosure;
} jsFastPublishOptions;

/**
 * The progress of a fast batch.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsFastPublishProgress {
    /** The number of the last message that was sent; the end of the batch without a message counts too. */
    uint64_t Sent;
    /**
     * The number of the last message that the stream has acknowledged. Without `AllowGaps` all messages up to it are
     * stored.
     */
    uint64_t Acked;
    /** The number of messages that the stream has reported as missing. */
    uint64_t Lost;
    /** The number of messages that the stream has refused. */
    uint64_t Refused;
    /**
     * The present number of messages between two acknowledgements; 0 before the first answer of
     * the stream.
     */
    uint64_t Flow;
    /** Whether the batch has ended, by a commit or an error. */
    bool Ended;
} jsFastPublishProgress;

/**
 * What a context does about messages that may not have been stored. Initialize it with
 * `jsPubPolicy_Init`, which sets it to do nothing.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_publish
 */
typedef struct jsPubPolicy {
    /**
     * How often to publish a message again if nobody is subscribed to its subject, as happens while a stream has no
     * leader (ADR-22); 0 for never. Applies to `js_Publish` and its siblings, within `MaxWait`, and to
     * `js_PublishAsync` and its siblings.
     */
    int NoRespondersRetries;
    /** The pause before each repetition in milliseconds; 0 for 250. */
    int64_t NoRespondersWait;
    /**
     * Whether asynchronously published messages whose acknowledgements are missing are published again after a
     * reconnect. Messages without a `Nats-Msg-Id` are given one when they are published, so that the stream stores
     * each message only once, within the time `Duplicates` of its configuration. Messages that were published
     * without an id before this was set are not published again: they fail with `NATS_CONNECTION_DISCONNECTED`. The
     * order of messages that are published again, and of those published meanwhile, is not defined.
     */
    bool ResendOnReconnect;
    /**
     * How often in a row a message is published again by `ResendOnReconnect`; 0 for 3. A message
     * may be what ends the connection: when the connection is lost once more before its ack has come,
     * the message fails with `NATS_CONNECTION_DISCONNECTED`. An answer that there is no responder
     * makes the count begin anew.
     */
    int MaxResends;
} jsPubPolicy;

/**
 * Options of a subscription to a stream. Initialize it with `jsSubOptions_Init`.
 *
 * @ingroup nats_js_subscribe
 */
typedef struct jsSubOptions {
    /** The stream's name; NULL to find it by the subject. */
    const char *Stream;
    /** The name of a consumer to use, if it exists; NULL for the durable name, or none. */
    const char *Consumer;
    /** The queue group whose members share the messages; NULL for none. */
    const char *Queue;
    /**
     * Whether the callback acknowledges and destroys the messages; otherwise the library acknowledges and destroys
     * each message after the callback has returned.
     */
    bool ManualAck;
    /**
     * The configuration of a consumer that is created; the settings that an existing consumer must
     * have.
     */
    struct jsConsumerConfig Config;
    /**
     * Whether all messages are delivered in order and exactly once, through a consumer that the library creates, and
     * creates again whenever a message is missing.
     */
    bool Ordered;
} jsSubOptions;

/**
 * Settings that `jsStreamSource` has no fields for. An addition of this library: nats.c does not
 * have it.
 *
 * Initialize it with `jsSourceExtra_Init`. It is copied and remains the program's.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsSourceExtra {
    /**
     * The subjects to copy and the subjects that they are changed to. Not together with `FilterSubject` of the
     * source.
     */
    struct jsSubjectTransformConfig *SubjectTransforms;
    /** The number of transforms. */
    int SubjectTransformsLen;
    /** The name of an existing consumer to use; NULL for one that the server creates. Servers from 2.14. */
    const char *ConsumerName;
    /** The subject that this consumer delivers to. */
    const char *ConsumerDeliverSubject;
} jsSourceExtra;

/**
 * Settings that `jsStreamConfig` has no fields for. An addition of this library: nats.c does not
 * have it.
 *
 * Initialize it with `jsStreamExtra_Init`.
 *
 * @ingroup nats_js_streams
 */
typedef struct jsStreamExtra {
    /** For `Mirror` of the configuration; NULL for nothing. */
    struct jsSourceExtra *Mirror;
    /** For the `Sources` of the configuration, in their order. Elements may be NULL. */
    struct jsSourceExtra **Sources;
    /** The number of elements, at most the number of sources of the configuration. */
    int SourcesLen;
} jsStreamExtra;

/**
 * The difference between a push subscription and its consumer, as returned by
 * `natsSubscription_GetSequenceMismatch`.
 *
 * @ingroup nats_js_consumers
 */
typedef struct jsConsumerSequenceMismatch {
    /** The sequence in the stream of the last message received. */
    uint64_t Stream;
    /** The number of the last delivery received. */
    uint64_t ConsumerClient;
    /** The number of the last delivery according to the server. */
    uint64_t ConsumerServer;
} jsConsumerSequenceMismatch;

/**
 * Settings that `kvConfig` has no fields for. An addition of this library: nats.c does not have
 * it.
 *
 * Initialize it with `kvExtraConfig_Init`. 0 or NULL in a field stands for the default.
 *
 * @ingroup nats_kv_buckets
 */
typedef struct kvExtraConfig {
    /** Whether values are stored compressed. */
    bool Compression;
    /** Whether Whether `kvStore_Apply` may change several keys at once. Servers from 2.12. */
    bool Transactions;
    /** The servers that the bucket is placed on; NULL for any. */
    struct jsPlacement *Placement;
    /** Metadata of the program. */
    struct natsMetadata Metadata;
} kvExtraConfig;

/**
 * A key-value bucket. Opaque to C.
 *
 * Made by `js_CreateKeyValue` and `js_KeyValue`, released by `kvStore_Destroy`, also after its context and its
 * connection were destroyed. Any thread may call any `kvStore_` function on it at any time, callbacks included. A
 * call on a destroyed bucket returns `NATS_INVALID_ARG`; a call in a child of the process that made it returns
 * `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_kv_buckets
 */
typedef struct __kvStore kvStore;

/**
 * The configuration of a bucket. Initialize it with `kvConfig_Init`.
 *
 * 0 or NULL in a field stands for the default.
 *
 * @ingroup nats_kv_buckets
 */
typedef struct kvConfig {
    /** The name: ASCII letters, digits, `_` and `-`. Required. */
    const char *Bucket;
    /** A description; NULL for none. */
    const char *Description;
    /** The maximum size of a value in bytes; 0 for no limit. */
    int32_t MaxValueSize;
    /** The number of revisions that are kept of each key, at most 64; 0 for 1. */
    uint8_t History;
    /** The maximum age of revisions in nanoseconds; 0 for no limit. */
    int64_t TTL;
    /** The maximum size of the bucket in bytes; 0 for no limit. */
    int64_t MaxBytes;
    /** Where values are stored. */
    jsStorageType StorageType;
    /** The number of servers that store the bucket; 0 for 1. */
    int Replicas;
    /** Settings for publishing stored revisions again; NULL not to do that. */
    struct jsRePublish *RePublish;
    /**
     * The bucket that this one is a copy of, named with or without `KV_`; NULL for none. Keys that are put into this
     * bucket are put into the other one.
     */
    struct jsStreamSource *Mirror;
    /** The buckets whose keys are copied into this one; ignored if there is a mirror. */
    struct jsStreamSource **Sources;
    /** The number of sources. */
    int SourcesLen;
    /**
     * The time to live of the markers for expired keys, in nanoseconds, at least one second; 0 for no markers, and
     * then revisions cannot have a time to live of their own. Servers from 2.11.
     */
    int64_t LimitMarkerTTL;
} kvConfig;

/**
 * Keys, as returned by `kvStore_Keys`. Released with `kvKeysList_Destroy`.
 *
 * @ingroup nats_kv_watch
 */
typedef struct kvKeysList {
    /** The keys; NULL if there are none. */
    char **Keys;
    /** The number of elements. */
    int Count;
} kvKeysList;

/**
 * Callback that encodes or decodes a key, a value or a pattern of keys. An addition of this library: nats.c does not have
 * it.
 *
 * Runs on the thread that calls the library or, for the entries of a watcher, on a thread of the library. Several
 * threads may call it at the same time. It may block.
 *
 * @param out Receives the result: memory from `malloc`, which the library releases. NULL for an empty result.
 * @param outLen Receives the number of bytes of the result. No NUL is needed at its end.
 * @param in The bytes to encode or decode, followed by a NUL.
 * @param inLen The number of bytes in `in`.
 * @param closure The pointer in the codec.
 *
 * @return `NATS_OK`; any other status becomes the result of the function that needed the codec.
 *
 * @ingroup nats_kv_codecs
 */
typedef natsStatus (*kvCodecCb)(void **out, int *outLen, const void *in, int inLen, void *closure);

/**
 * Callback for the end of the use of a codec. An addition of this library: nats.c does not have it.
 *
 * Called once, when the last object that uses the codec is released: on the thread that has destroyed it, or on a
 * thread of the library.
 *
 * @param closure The pointer in the codec.
 *
 * @ingroup nats_kv_codecs
 */
typedef void (*kvCodecReleaseCb)(void *closure);

/**
 * The form of keys or values in a bucket. An addition of this library: nats.c does not have it.
 *
 * Fill it with zeros before its fields are set, or use `kvCodecs_Init` for the structure that points at it. The
 * other fields are ignored unless `Kind` is `kvCodec_Custom`.
 *
 * @ingroup nats_kv_codecs
 */
typedef struct kvCodec {
    /** Which codec it is. */
    kvCodecKind Kind;
    /**
     * Encodes a key or value of the program into the stored form. The result for a key must be a valid key of a
     * bucket, and always the same for the same key.
     */
    kvCodecCb Encode;
    /** Decodes the stored form into the key or value of the program. */
    kvCodecCb Decode;
    /**
     * Encodes a pattern of keys, which contains `*` or `>`, into a pattern of stored keys. NULL if wildcards have no
     * meaning in stored keys; then patterns other than `>` are refused. Ignored for values.
     */
    kvCodecCb EncodeFilter;
    /** Called when the codec is not used any more; may be NULL. */
    kvCodecReleaseCb Release;
    /** The last argument of the callbacks; may be NULL. */
    void *Closure;
} kvCodec;

/**
 * The codecs of a bucket's handle. An addition of this library: nats.c does not have it.
 *
 * Several codecs are a chain: they encode in their order and decode in the reverse order.
 *
 * @ingroup nats_kv_codecs
 */
typedef struct kvCodecs {
    /** The codecs of keys. */
    const struct kvCodec *Keys;
    /** The number of codecs of keys; 0 to store keys unchanged. */
    int KeysLen;
    /** The codecs of values. */
    const struct kvCodec *Values;
    /** The number of codecs of values; 0 to store values unchanged. */
    int ValuesLen;
} kvCodecs;

/**
 * A watcher of keys of a bucket. Opaque to C.
 *
 * Made by `kvStore_Watch` and its siblings, released by `kvWatcher_Destroy`, also after its bucket was destroyed. Any
 * thread may call any `kvWatcher_` function on it at any time, callbacks included. A call on a destroyed watcher
 * returns `NATS_INVALID_ARG`, except in a callback that was given it; a call in a child of the process that made it
 * returns `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_kv_watch
 */
typedef struct __kvWatcher kvWatcher;

/**
 * A revision of a key. Opaque to C.
 *
 * Made by `kvStore_Get`, `kvWatcher_Next` and others, given to the callbacks of watchers, and released by
 * `kvEntry_Destroy`, also after its bucket was destroyed. Any number of threads may read it at once.
 *
 * @ingroup nats_kv_values
 */
typedef struct __kvEntry kvEntry;

/**
 * Callback that receives the entries of a watcher.
 *
 * Called with one entry at a time, in order, on a thread of the library. It may block, and may call any function
 * on the watcher, `kvWatcher_Stop` and `kvWatcher_Destroy` included; the handle stays usable until it returns.
 *
 * @param w The watcher: the program's own handle.
 * @param e The entry, which the callback owns and has to release with `kvEntry_Destroy`, now or later. NULL with
 * `NATS_OK` reports, once, that the initial data are complete.
 * @param s `NATS_OK`; or, with a NULL entry, `NATS_NOT_FOUND` if the bucket no longer exists, or the reason why a
 * message of the bucket is not a valid entry.
 * @param closure The pointer that was given with the options of the watcher.
 *
 * @ingroup nats_kv_watch
 */
typedef void (*kvWatchCb)(kvWatcher *w, kvEntry *e, enum natsStatus s, void *closure);

/**
 * Options of a watcher or a list. Initialize it with `kvWatchOptions_Init`.
 *
 * @ingroup nats_kv_watch
 */
typedef struct kvWatchOptions {
    /** Whether to leave out revisions that delete or purge keys. */
    bool IgnoreDeletes;
    /** Whether to include all revisions of each key, not only the last one. */
    bool IncludeHistory;
    /** Whether to leave out the values. */
    bool MetaOnly;
    /**
     * The longest time for collecting keys and histories, in milliseconds; 0 for no limit. Not used by watchers.
     */
    int64_t Timeout;
    /**
     * Whether to deliver only changes after the creation of the watcher; then there are no initial data and no
     * report of their end. Takes precedence over `IncludeHistory`.
     */
    bool UpdatesOnly;
    /**
     * The interval of heartbeats of the server while nothing changes, in nanoseconds; 0 for 5
     * seconds.
     */
    int64_t Heartbeat;
    /**
     * The revision from which all revisions are delivered; 0 for none. Takes precedence over
     * `IncludeHistory` and `UpdatesOnly`.
     */
    uint64_t ResumeFromRevision;
    /** The callback that receives the entries; NULL if `kvWatcher_Next` returns them. */
    kvWatchCb Callback;
    /** The last argument of the callback; may be NULL. */
    void *Closure;
} kvWatchOptions;

/**
 * Options of purging keys. Initialize it with `kvPurgeOptions_Init`.
 *
 * @ingroup nats_kv_values
 */
typedef struct kvPurgeOptions {
    /** The longest time to wait in milliseconds; 0 for the time of the context. */
    int64_t Timeout;
    /**
     * For `kvStore_PurgeDeletes`: the age in nanoseconds from which on the markers of deleted keys are removed, too;
     * 0 for 30 minutes, a negative value to remove all of them.
     */
    int64_t DeleteMarkersOlderThan;
    /** For `kvStore_Purge`: the time to live of the marker in milliseconds; 0 for that of the bucket. */
    int64_t TTL;
} kvPurgeOptions;

/**
 * Entries, as returned by `kvStore_History`. Released with `kvEntryList_Destroy`.
 *
 * @ingroup nats_kv_watch
 */
typedef struct kvEntryList {
    /** The entries; NULL if there are none. */
    kvEntry **Entries;
    /** The number of elements. */
    int Count;
} kvEntryList;

/**
 * One of several changes of keys. An addition of this library: nats.c does not have it.
 *
 * Fill it with zeros before its fields are set.
 *
 * @ingroup nats_kv_values
 */
typedef struct kvChange {
    /** The operation: `kvOp_Put`, `kvOp_Delete` or `kvOp_Purge`. */
    kvOperation Operation;
    /** The key. */
    const char *Key;
    /** The value for `kvOp_Put`; ignored if the length is 0. */
    const void *Value;
    /** The number of bytes of the value. */
    int ValueLen;
    /** Whether the key must have the revision `Revision`. */
    bool CheckRevision;
    /** The revision that the key must have; 0 if the key must not exist. */
    uint64_t Revision;
    /** The time to live of the revision in milliseconds; 0 for that of the bucket. */
    int64_t TTL;
} kvChange;

/**
 * The configuration and state of a bucket at the time of the request. Opaque to C.
 *
 * Made by `kvStore_Status`, released by `kvStatus_Destroy`. Any number of threads may read it at once.
 *
 * @ingroup nats_kv_buckets
 */
typedef struct __kvStatus kvStatus;

/**
 * An error of a service: a text, a code for the client, a status, and optionally the error that caused it. Opaque to
 * C. NULL stands for success.
 *
 * Made by `micro_Errorf` and its siblings, and returned by the functions of services. The owner releases it with
 * `microError_Destroy` or passes the ownership on: to a function that answers a request, to `microError_Wrapf`, or
 * by returning it from a handler. One thread at a time may use it.
 *
 * @ingroup nats_micro_error
 */
typedef struct micro_error_s microError;

/**
 * A service: endpoints on one connection that can be discovered and monitored. Opaque to C.
 *
 * Made by `micro_AddService`, released by `microService_Destroy`, which stops it. Any thread may call any function
 * on it at any time, callbacks included. A call on a destroyed service returns an error with `NATS_INVALID_ARG`, or
 * the value for NULL, except in a callback of the service: there it works until the callback returns. A call in a
 * child of the process that made it returns an error with `NATS_ILLEGAL_STATE`, or the value for NULL.
 *
 * @ingroup nats_micro_service
 */
typedef struct micro_service_s microService;

/**
 * A request that a handler answers. Opaque to C.
 *
 * Given to a `microRequestHandler`, and valid until that returns, together with its message. One thread at a time may
 * use it.
 *
 * @ingroup nats_micro_request
 */
typedef struct micro_request_s microRequest;

/**
 * Callback that handles the requests of an endpoint.
 *
 * Called with one request at a time, in order, on a thread of the library; the handlers of other endpoints may run
 * at the same time. It may block, and may call any function on the service and its connection, stopping and
 * destroying them included.
 *
 * @param req The request, which is valid until the callback returns.
 *
 * @return NULL if the request was answered or needs no answer; otherwise an error, which the library sends as the
 * answer, counts and releases.
 *
 * @ingroup nats_micro_request
 */
typedef microError *(*microRequestHandler)(microRequest *req);

/**
 * The configuration of an endpoint. Fill it with zeros before its fields are set. It is copied.
 *
 * @ingroup nats_micro_service
 */
typedef struct microEndpointConfig {
    /** The name: letters, digits, `_` and `-`. Required. */
    const char *Name;
    /**
     * The subject, which follows the prefix of the group; wildcards are allowed. NULL or empty for the name.
     */
    const char *Subject;
    /**
     * The queue group, of which one member receives each request; NULL or empty for that of the group or, without
     * one, of the service or, without one, `q`.
     */
    const char *QueueGroup;
    /** Whether to use no queue group: then each instance of the service receives each request. */
    bool NoQueueGroup;
    /** The metadata. */
    struct natsMetadata Metadata;
    /** The function that handles the requests. Required. */
    microRequestHandler Handler;
    /** A pointer for the handler, which `microRequest_GetEndpointState` returns. */
    void *State;
} microEndpointConfig;

/**
 * An endpoint of a service, as passed to a `microErrorHandler`. Opaque to C. It can be compared and is valid until
 * the handler returns.
 *
 * @ingroup nats_micro_service
 */
typedef struct micro_endpoint_s microEndpoint;

/**
 * Callback for an error of an endpoint that no call could return, such as a slow consumer.
 *
 * Runs after the error handler of the connection, on the same thread. The service stops when the callback has
 * returned.
 *
 * @param m The service: the program's own handle.
 * @param ep The endpoint; never NULL.
 * @param s The error.
 *
 * @ingroup nats_micro_service
 */
typedef void (*microErrorHandler)(microService *m, microEndpoint *ep, enum natsStatus s);

/**
 * Callback for the end of a service: its last endpoint is gone, and none of its handlers runs or will run.
 *
 * Called once, on a thread that runs handlers. It may destroy the service.
 *
 * @param m The service: the program's own handle.
 *
 * @ingroup nats_micro_service
 */
typedef void (*microDoneHandler)(microService *m);

/**
 * The configuration of a service. Fill it with zeros before its fields are set. It is copied.
 *
 * @ingroup nats_micro_service
 */
typedef struct microServiceConfig {
    /** The name, which all instances of the service share: letters, digits, `_` and `-`. Required. */
    const char *Name;
    /** The version, such as `1.2.0`: monitoring tools expect a semantic version. Required. */
    const char *Version;
    /** The description; may be NULL. */
    const char *Description;
    /** The queue group of the endpoints; NULL for `q`. Not an empty string. */
    const char *QueueGroup;
    /** Whether the endpoints have no queue group. */
    bool NoQueueGroup;
    /** The metadata. */
    struct natsMetadata Metadata;
    /** A first endpoint; may be NULL. */
    struct microEndpointConfig *Endpoint;
    /**
     * A function that answers STATS requests in place of the library; may be NULL. `microService_GetStats` returns
     * the statistics of the library.
     */
    microRequestHandler StatsHandler;
    /** The callback for errors; may be NULL. */
    microErrorHandler ErrHandler;
    /** The callback for the end of the service; may be NULL. */
    microDoneHandler DoneHandler;
    /**
     * A pointer for the handlers, which `microService_GetState` and `microRequest_GetServiceState`
     * return.
     */
    void *State;
} microServiceConfig;

/**
 * Callback that adds data to the statistics of an endpoint when they are requested.
 *
 * Called on a thread of the library, possibly at the same time as the handler of the endpoint.
 *
 * @param data Receives a JSON object as a string from `malloc`, which the library releases; left NULL for no data.
 * @param m The service: the program's own handle.
 * @param subject The complete subject of the endpoint.
 * @param closure The pointer that was given with the callback.
 *
 * @return NULL, or an error, which counts in the statistics of the endpoint; the data are left out then.
 *
 * @ingroup nats_micro_stats
 */
typedef microError *(*microStatsDataHandler)(char **data, microService *m, const char *subject, void *closure);

/**
 * A client of services on a connection. Opaque to C.
 *
 * Made by `micro_NewClient`, released by `microClient_Destroy`, also after its connection was destroyed. Any thread
 * may use it at any time.
 *
 * @ingroup nats_micro_client
 */
typedef struct micro_client_s microClient;

/**
 * Settings of a client: there are none. Pass NULL.
 *
 * @ingroup nats_micro_client
 */
typedef struct __for_forward_compatibility_only microClientConfig;

/**
 * A group of a service's endpoints, whose subjects have the same prefix. Opaque to C.
 *
 * Made by `microService_AddGroup` or `microGroup_AddGroup`; it belongs to the service, and can be used until that is
 * destroyed. Any thread may use it at any time.
 *
 * @ingroup nats_micro_service
 */
typedef struct micro_group_s microGroup;

/**
 * The configuration of a group of endpoints. Fill it with zeros before its fields are set. It is
 * copied.
 *
 * @ingroup nats_micro_service
 */
typedef struct microGroupConfig {
    /** The prefix of the subjects of the endpoints, without a dot at its end. Required. */
    const char *Prefix;
    /**
     * The queue group of the endpoints; NULL or empty for that of the enclosing group or, without one, of the
     * service.
     */
    const char *QueueGroup;
    /** Whether the endpoints have no queue group. */
    bool NoQueueGroup;
} microGroupConfig;

/**
 * A description of an endpoint.
 *
 * @ingroup nats_micro_stats
 */
typedef struct microEndpointInfo {
    /** The name. */
    const char *Name;
    /** The complete subject. */
    const char *Subject;
    /** The queue group; NULL for none. */
    const char *QueueGroup;
    /** The metadata. */
    struct natsMetadata Metadata;
} microEndpointInfo;

/**
 * A description of a service. `microServiceInfo_Destroy` releases it together with its fields.
 *
 * @ingroup nats_micro_stats
 */
typedef struct microServiceInfo {
    /** `MICRO_INFO_RESPONSE_TYPE`. */
    const char *Type;
    /** The name. */
    const char *Name;
    /** The version. */
    const char *Version;
    /** The description; NULL for none. */
    const char *Description;
    /** The id of the instance. */
    const char *Id;
    /** The metadata. */
    struct natsMetadata Metadata;
    /** The endpoints, the newest first. */
    struct microEndpointInfo *Endpoints;
    /** The number of endpoints. */
    int EndpointsLen;
} microServiceInfo;

/**
 * The statistics of an endpoint.
 *
 * @ingroup nats_micro_stats
 */
typedef struct microEndpointStats {
    /** The name. */
    const char *Name;
    /** The complete subject. */
    const char *Subject;
    /** The queue group; NULL for none. */
    const char *QueueGroup;
    /** The number of requests that the handler was called with. */
    int64_t NumRequests;
    /** The number of errors that were sent as answers or that the endpoint reported. */
    int64_t NumErrors;
    /** The processing time of all requests: the whole seconds. */
    int64_t ProcessingTimeSeconds;
    /** The rest of the processing time in nanoseconds, less than a second. */
    int64_t ProcessingTimeNanoseconds;
    /** The average processing time of a request in nanoseconds; 0 without requests. */
    int64_t AverageProcessingTimeNanoseconds;
    /** The last error; an empty string if there was none. */
    char LastErrorString[2048];
} microEndpointStats;

/**
 * The statistics of a service. `microServiceStats_Destroy` releases them together with their
 * fields.
 *
 * @ingroup nats_micro_stats
 */
typedef struct microServiceStats {
    /** `MICRO_STATS_RESPONSE_TYPE`. */
    const char *Type;
    /** The name. */
    const char *Name;
    /** The version. */
    const char *Version;
    /** The id of the instance. */
    const char *Id;
    /**
     * The time at which the service was created, in nanoseconds since the epoch, with a precision
     * of milliseconds.
     */
    int64_t Started;
    /** The endpoints, the newest first. */
    struct microEndpointStats *Endpoints;
    /** The number of endpoints. */
    int EndpointsLen;
} microServiceStats;

/**
 * A bucket of objects. Opaque to C.
 *
 * Made by `js_CreateObjectStore`, `js_UpdateObjectStore` and `js_ObjectStore`, released by `objStore_Destroy`, also after
 * its context and its connection were destroyed. Any thread may call any `objStore_` function on it at any time. A call on a destroyed handle returns
 * `NATS_INVALID_ARG`; a call in a child of the process that made it returns `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_obj_buckets
 */
typedef struct __objStore objStore;

/**
 * An object that is being stored. Opaque to C.
 *
 * Made by `objStore_Put`, released by `objStorePut_Destroy`, also after its store was destroyed. Any thread may call any `objStorePut_` function on it at any time. A call on a destroyed handle returns
 * `NATS_INVALID_ARG`; a call in a child of the process that made it returns `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_obj_put
 */
typedef struct __objStorePut objStorePut;

/**
 * Callback that reports each chunk of a put or a get. An addition of this library.
 *
 * Called on the thread that stores or reads, during its call, with no lock held. `name` is the name of the object,
 * `bytes` the number of bytes that were sent or read so far, and `total` the size of the object, 0 if it is not
 * known (when an object is stored in pieces). The callback may call any function.
 *
 * @ingroup nats_obj_objects
 */
typedef void (*objStoreProgressHandler)(const char *name, uint64_t bytes, uint64_t total, void *closure);

/**
 * The configuration of a store. Initialize it with `objStoreConfig_Init`.
 *
 * @ingroup nats_obj_buckets
 */
typedef struct objStoreConfig {
    /** The name: letters, digits, `_`, `-`. */
    const char *Bucket;
    /** A description; NULL for none. */
    const char *Description;
    /** The maximum age of objects in milliseconds; 0 for no limit. */
    int64_t TTL;
    /** The maximum size of the store in bytes; 0 for no limit. */
    int64_t MaxBytes;
    /** Where the objects are stored. */
    jsStorageType Storage;
    /** The number of servers that store the objects; 0 for one. */
    int Replicas;
    /** The servers that the bucket is placed on; NULL for any. */
    struct jsPlacement *Placement;
    /** Whether the objects are stored compressed. */
    bool Compression;
    /** Metadata of the program. */
    struct natsMetadata Metadata;
} objStoreConfig;

/**
 * Names of stores. Released with `objStoreNamesList_Destroy`. Released with
 * `objStoreNamesList_Destroy`.
 *
 * @ingroup nats_obj_buckets
 */
typedef struct objStoreNamesList {
    /** The names. */
    char **List;
    /** The number of elements. */
    int Count;
} objStoreNamesList;

/**
 * The configuration and state of a store. Released with `objStoreStatus_Destroy`.
 *
 * @ingroup nats_obj_buckets
 */
typedef struct objStoreStatus {
    /** The name. */
    const char *Bucket;
    /** The description; belongs to `StreamInfo`. */
    const char *Description;
    /** The maximum age of objects in milliseconds; 0 for no limit. */
    int64_t TTL;
    /** Where the objects are stored. */
    jsStorageType Storage;
    /** The number of servers that store the objects. */
    int Replicas;
    /** Whether the store refuses all changes. */
    bool Sealed;
    /** The size of the store in bytes, descriptions of objects included. */
    uint64_t Size;
    /** `"JetStream"`. */
    const char *BackingStore;
    /** The metadata; they belong to `StreamInfo`. */
    struct natsMetadata Metadata;
    /** The stream of the store. */
    struct jsStreamInfo *StreamInfo;
    /** Whether the objects are stored compressed. */
    bool IsCompressed;
} objStoreStatus;

/**
 * The statuses of stores. Released with `objStoreStatusesList_Destroy`.
 *
 * @ingroup nats_obj_buckets
 */
typedef struct objStoreStatusesList {
    /** The statuses. */
    struct objStoreStatus **List;
    /** The number of elements. */
    int Count;
} objStoreStatusesList;

/**
 * An object that is being read. Opaque to C.
 *
 * Made by `objStore_Get`, released by `objStoreGet_Destroy`, also after its store was destroyed. Any thread may call any `objStoreGet_` function on it at any time. A call on a destroyed handle returns
 * `NATS_INVALID_ARG`; a call in a child of the process that made it returns `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_obj_get
 */
typedef struct __objStoreGet objStoreGet;

/**
 * The objects that a function takes into account. Initialize it with `objStoreOptions_Init`.
 *
 * @ingroup nats_obj_objects
 */
typedef struct objStoreOptions {
    /** Whether deleted objects are included. */
    bool ShowDeleted;
} objStoreOptions;

/**
 * The target of a link.
 *
 * @ingroup nats_obj_objects
 */
typedef struct objStoreLink {
    /** The store. */
    const char *Bucket;
    /** The object; NULL for the store as a whole. */
    const char *Name;
} objStoreLink;

/**
 * How an object is stored.
 *
 * @ingroup nats_obj_objects
 */
typedef struct objStoreMetaOptions {
    /** The target of the link; NULL if the object is not a link. */
    struct objStoreLink *Link;
    /** The maximum size of a chunk in bytes; 0 for 131072. */
    uint32_t ChunkSize;
} objStoreMetaOptions;

/**
 * The description of an object by the program. Initialize it with `objStoreMeta_Init`.
 *
 * @ingroup nats_obj_objects
 */
typedef struct objStoreMeta {
    /** The name: any text. */
    const char *Name;
    /** A description; NULL for none. */
    const char *Description;
    /** Headers; NULL for none. */
    natsHeader *Headers;
    /** Metadata of the program. */
    struct natsMetadata Metadata;
    /** How it is stored. */
    struct objStoreMetaOptions Opts;
} objStoreMeta;

/**
 * An object as its store describes it.
 *
 * @ingroup nats_obj_objects
 */
typedef struct objStoreInfo {
    /** The description by the program that stored the object. */
    struct objStoreMeta Meta;
    /** The store. */
    const char *Bucket;
    /** The unique id of the object's content: the end of the subject of its chunks. */
    const char *NUID;
    /** The size of the object in bytes. */
    uint64_t Size;
    /** The time of the last change, in nanoseconds since the epoch. */
    int64_t ModTime;
    /** The number of chunks. */
    uint32_t Chunks;
    /** The digest of the content: `SHA-256=` and base64; NULL for none. */
    const char *Digest;
    /** Whether the object was deleted. */
    bool Deleted;
} objStoreInfo;

/**
 * Options of a watcher. Initialize it with `objStoreWatchOptions_Init`.
 *
 * @ingroup nats_obj_watch
 */
typedef struct objStoreWatchOptions {
    /** Whether to leave out deleted objects. */
    bool IgnoreDeletes;
    /** Whether to leave out objects that existed before the watcher was created. */
    bool UpdatesOnly;
} objStoreWatchOptions;

/**
 * A watcher of the objects of a store. Opaque to C.
 *
 * Made by `objStore_Watch`, released by `objStoreWatcher_Destroy`, also after its store was destroyed. Any thread may call any `objStoreWatcher_` function on it at any time. A call on a destroyed handle returns
 * `NATS_INVALID_ARG`; a call in a child of the process that made it returns `NATS_ILLEGAL_STATE`.
 *
 * @ingroup nats_obj_watch
 */
typedef struct __objStoreWatcher objStoreWatcher;

/**
 * Objects, as returned by `objStore_List`. Released with `objStoreInfoList_Destroy`.
 *
 * @ingroup nats_obj_watch
 */
typedef struct objStoreInfoList {
    /** The objects. */
    struct objStoreInfo **List;
    /** The number of elements. */
    int Count;
} objStoreInfoList;

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * The error for memory that could not be allocated: status `NATS_NO_MEMORY`, text "out of memory". It may be returned,
 * wrapped and destroyed like others, which leaves it as it is.
 *
 * @ingroup nats_micro_error
 */
extern microError *micro_ErrorOutOfMemory;

/**
 * The error for an argument that cannot be used: status `NATS_INVALID_ARG`, text "invalid function argument". It may be
 * returned, wrapped and destroyed like others, which leaves it as it is.
 *
 * @ingroup nats_micro_error
 */
extern microError *micro_ErrorInvalidArg;

/**
 * The error for a format that `printf` refuses: status `NATS_INVALID_ARG`, text "invalid format string". An addition of
 * this library. It may be returned, wrapped and destroyed like others, which leaves it as it is.
 *
 * @ingroup nats_micro_error
 */
extern microError *micro_ErrorInvalidFormat;

/**
 * Return the version of this library, such as `0.1.0`.
 *
 * It is the version of the library that is used at run time; `NATS_RS_VERSION` is that of the header
 * that the program was compiled with, and `nats_GetVersion` that of the interface.
 *
 * @return A constant string that belongs to the library.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_library
 */
NATS_EXTERN const char *nats_rs_GetVersion(void);

/**
 * Return what this library was built from, for reports of faults.
 *
 * One line for people: version, commit, the version of Rust, the target and profile, the versions of
 * the TLS library and of its cryptography, and the parts that are there. The commit is `unknown` if
 * the library was not built in the release profile from a git repository.
 *
 * @return A constant string that belongs to the library.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_library
 */
NATS_EXTERN const char *nats_rs_GetBuildInfo(void);

/**
 * Connect to a NATS server.
 *
 * Opens the library if it is not open. Blocks until a server accepts the connection or every
 * server of the list was tried once. With `natsOptions_SetRetryOnFailedConnect` the list is tried
 * more often, or in the background. The timeout of `natsOptions_SetTimeout` limits each attempt at
 * one server, including name resolution, TLS and the handshake. Success clears the last error of
 * the calling thread. After a failure `nats_GetLastError` names each server that was tried and the
 * reason why it failed, as far as there is room, beginning with the one that the status is about.
 * Protocol: INFO, CONNECT and PING of the NATS client protocol.
 *
 * @param nc Receives the connection, which the caller owns and releases with
 * `natsConnection_Destroy`. Written only with `NATS_OK` and `NATS_NOT_YET_CONNECTED`.
 * @param options The options, or NULL for the defaults and `NATS_DEFAULT_URL`. They are copied:
 * later changes do not affect this connection, and they may be destroyed at once.
 *
 * @retval NATS_OK The connection is established.
 * @retval NATS_NOT_YET_CONNECTED No server accepted the connection, and attempts continue in the
 * background because `natsOptions_SetRetryOnFailedConnect` was given a callback.
 * @retval NATS_INVALID_ARG `nc` is NULL, `options` were destroyed, or a URL is empty or has an
 * invalid port.
 * @retval NATS_ERR A URL has invalid percent-encoding, or a server rejected the handshake with an
 * error that has no status of its own.
 * @retval NATS_NO_SERVER No server could be reached.
 * @retval NATS_CONNECTION_AUTH_FAILED The server refused the credentials.
 * @retval NATS_SECURE_CONNECTION_WANTED TLS is required by the options and the server does not
 * offer it.
 * @retval NATS_SSL_ERROR The TLS handshake failed, for example because the server's certificate is
 * not trusted.
 * @retval NATS_NO_SERVER_SUPPORT The options ask for something that the server is too old for
 * (`natsOptions_SetNoEcho`).
 * @retval NATS_PROTOCOL_ERROR The peer does not speak the NATS protocol.
 * @retval NATS_TIMEOUT The last server that answered did not complete the handshake in time.
 * @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsOptions *opts = NULL;
 * natsConnection *nc = NULL;
 * natsStatus s = natsOptions_Create(&opts);
 * if (s == NATS_OK) s = natsOptions_SetURL(opts, "nats://demo.example:4222");
 * if (s == NATS_OK) s = natsConnection_Connect(&nc, opts);
 * natsOptions_Destroy(opts);
 * if (s != NATS_OK) fprintf(stderr, "%s\n", nats_GetLastError(NULL));
 * ```
 *
 * @see natsConnection_ConnectTo, natsConnection_Destroy, natsConnection_DestroyAndWait
 *
 * @ingroup nats_connection
 */
NATS_EXTERN enum natsStatus natsConnection_Connect(natsConnection **nc, natsOptions *options);

/**
 * Connect to one of several servers, with default options.
 *
 * Equivalent to `natsConnection_Connect` with options that have only the URLs set. Opens the
 * library if it is not open, and blocks until a server accepts the connection or each one was
 * tried once.
 *
 * @param nc Receives the connection, which the caller owns and releases with
 * `natsConnection_Destroy`. Written only with `NATS_OK`.
 * @param urls One URL, or several separated by commas, which are tried in random order:
 * `[scheme://][user[:password]@ | token@]host[:port]`. The default port is 4222. White space
 * around each URL is ignored. NULL stands for `NATS_DEFAULT_URL`. Copied.
 *
 * @retval NATS_OK The connection is established.
 * @retval NATS_INVALID_ARG `nc` is NULL, an element of the list is empty or has an invalid port, a
 * scheme is not one that `natsOptions_SetURL` accepts, or `urls` is not UTF-8.
 * @retval NATS_ERR A URL has invalid percent-encoding, or a server rejected the handshake with an
 * error that has no status of its own.
 * @retval NATS_NO_SERVER No server could be reached.
 * @retval NATS_CONNECTION_AUTH_FAILED The server refused the credentials.
 * @retval NATS_SSL_ERROR The TLS handshake failed.
 * @retval NATS_PROTOCOL_ERROR The peer does not speak the NATS protocol.
 * @retval NATS_TIMEOUT The last server that answered did not complete the handshake in time.
 * @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsConnection *nc = NULL;
 * natsStatus s = natsConnection_ConnectTo(&nc, "nats://localhost:4222");
 * if (s != NATS_OK) fprintf(stderr, "%s: %s\n", natsStatus_GetText(s), nats_GetLastError(NULL));
 * // ...
 * natsConnection_Destroy(nc);
 * ```
 *
 * @see natsConnection_Connect
 *
 * @ingroup nats_connection
 */
NATS_EXTERN enum natsStatus natsConnection_ConnectTo(natsConnection **nc, const char *urls);

/**
 * Drop the present server and connect to the next one.
 *
 * Returns at once. What follows is the same as after any loss of the connection: the callbacks are
 * called, subscriptions are made again, and messages published meanwhile are kept up to the limit
 * of `natsOptions_SetReconnectBufSize`. Subscriptions that the server refused are tried again. If
 * the options do not allow reconnecting, or the connection is draining, the connection is closed
 * instead.
 *
 * @param nc The connection.
 *
 * @retval NATS_OK The reconnect has begun, or the connection was reconnecting already and nothing
 * changes.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetReconnectedCB
 *
 * @ingroup nats_connection
 */
NATS_EXTERN enum natsStatus natsConnection_Reconnect(natsConnection *nc);

/**
 * Wait until the server has processed everything sent so far, for at most 10 seconds.
 *
 * Sends a PING behind all that was published and subscribed and waits for the PONG. Equivalent to
 * `natsConnection_FlushTimeout` with 10000 milliseconds. Works while the connection drains. While
 * it reconnects, the call waits for the reconnect too.
 *
 * @param nc The connection.
 *
 * @retval NATS_OK The server has read everything that was sent before.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_TIMEOUT The server did not answer within 10 seconds.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsConnection_PublishString(nc, "log", "started");
 * if (s == NATS_OK) s = natsConnection_Flush(nc); // the server has it now
 * ```
 *
 * @see natsConnection_FlushTimeout
 *
 * @ingroup nats_connection
 */
NATS_EXTERN enum natsStatus natsConnection_Flush(natsConnection *nc);

/**
 * Wait until the server has processed everything sent so far.
 *
 * Sends a PING behind all that was published and subscribed and waits for the PONG: the server has
 * then read all of it. Works while the connection drains. While it reconnects, the call waits for
 * the reconnect too. Protocol: PING and PONG.
 *
 * @param nc The connection.
 * @param timeout The longest time to wait in milliseconds; greater than 0.
 *
 * @retval NATS_OK The server has read everything that was sent before.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_INVALID_TIMEOUT `timeout` is zero or negative.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_connection
 */
NATS_EXTERN enum natsStatus natsConnection_FlushTimeout(natsConnection *nc, int64_t timeout);

/**
 * Measure the round-trip time to the server.
 *
 * Sends a PING and waits for the PONG, for at most 10 seconds. Data that was published before and
 * is not yet written is written first, so it counts in the measured time.
 *
 * @param nc The connection.
 * @param rtt Receives the time in nanoseconds. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The time was measured.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_CONNECTION_DISCONNECTED The connection has no server at the moment.
 * @retval NATS_TIMEOUT The server did not answer within 10 seconds.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_GetRTT(natsConnection *nc, int64_t *rtt);

/**
 * Close a connection gracefully, within 30 seconds.
 *
 * Equivalent to `natsConnection_DrainTimeout` with 30000 milliseconds. Returns at once. In the
 * background the subscriptions stop receiving and deliver the messages they have, what was
 * published is sent, and the connection is closed. The closed callback reports the end.
 *
 * @param nc The connection.
 *
 * @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_ILLEGAL_STATE The connection has no server at the moment.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * // in response to SIGTERM, for example; on_closed was set with natsOptions_SetClosedCB
 * natsStatus s = natsConnection_Drain(nc);
 * if (s != NATS_OK) natsConnection_Close(nc);
 * ```
 *
 * @see natsConnection_DrainTimeout, natsOptions_SetClosedCB
 *
 * @ingroup nats_drain
 */
NATS_EXTERN enum natsStatus natsConnection_Drain(natsConnection *nc);

/**
 * Close a connection gracefully, within a given time.
 *
 * Returns at once; the drain runs in the background. First all subscriptions stop receiving and
 * deliver the messages they have received; meanwhile publishing and requests still work and
 * subscribing fails with `NATS_DRAINING`. Then publishing fails with `NATS_DRAINING` too, what was
 * published is sent, and the connection is closed, which the closed callback reports. A
 * subscription without a callback has to be read to its end with `natsSubscription_NextMsg`.
 * Errors during the drain, `NATS_TIMEOUT` included, are reported to the error handler. The loss of
 * the server ends the drain and closes the connection.
 *
 * @param nc The connection.
 * @param timeout The time in milliseconds after which the connection is closed in any case; 0 or
 * less for no limit.
 *
 * @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_ILLEGAL_STATE The connection has no server at the moment.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetClosedCB, natsSubscription_Drain
 *
 * @ingroup nats_drain
 */
NATS_EXTERN enum natsStatus natsConnection_DrainTimeout(natsConnection *nc, int64_t timeout);

/**
 * Close a connection for good.
 *
 * Waits up to 500 milliseconds for the server to accept what was published. Then all calls that
 * wait on this connection return, messages that were not yet delivered are discarded, and the
 * disconnected and closed callbacks are called once. The handle remains usable for queries until
 * `natsConnection_Destroy`. Does not change the last error of the calling thread. A second call
 * does nothing.
 *
 * @param nc The connection. NULL and a destroyed connection are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_Drain, natsConnection_Destroy
 *
 * @ingroup nats_connection
 */
NATS_EXTERN void natsConnection_Close(natsConnection *nc);

/**
 * Close and release a connection.
 *
 * Closes the connection as `natsConnection_Close` does if it is open. From then on calls with `nc`
 * return `NATS_INVALID_ARG`, except in callbacks that were given the connection, until they
 * return. Does not wait for callbacks that are running; `natsConnection_DestroyAndWait` does. The
 * subscriptions of the connection are closed and still have to be destroyed. Does not change the
 * last error of the calling thread.
 *
 * @param nc The connection. NULL and a destroyed connection are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_DestroyAndWait, natsOptions_SetReleasedCB
 *
 * @ingroup nats_connection
 */
NATS_EXTERN void natsConnection_Destroy(natsConnection *nc);

/**
 * Close and release a connection, and wait until its last callback has returned.
 *
 * Does what `natsConnection_Destroy` does, then waits for the message and completion callbacks of
 * the connection's subscriptions, its connection callbacks (the closed callback included) and its
 * error handler. Afterwards the memory that their closures point to may be freed. As soon as the
 * call has begun, calls of other threads on the connection fail with `NATS_CONNECTION_CLOSED`;
 * when it is over, with `NATS_INVALID_ARG`.
 *
 * @param nc The connection.
 * @param timeout The longest time to wait for callbacks in milliseconds; 0 or less for no limit.
 *
 * @retval NATS_OK No callback of this connection runs or will run.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_TIMEOUT A callback is still running. The connection is closed and destroyed all the
 * same.
 * @retval NATS_ILLEGAL_STATE The call came from a callback of this connection or its
 * subscriptions, from a connection callback, or from a message callback in the shared pool, which
 * might wait for itself. Nothing was done.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function, except in the callbacks named under `NATS_ILLEGAL_STATE`.
 *
 * @see natsConnection_Destroy, natsOptions_SetReleasedCB
 *
 * @ingroup nats_connection
 */
NATS_EXTERN enum natsStatus natsConnection_DestroyAndWait(natsConnection *nc, int64_t timeout);

/**
 * Return the state of a connection.
 *
 * @param nc The connection.
 *
 * @return The state; `NATS_CONN_STATUS_CLOSED` if `nc` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsConnStatus natsConnection_Status(natsConnection *nc);

/**
 * Test whether a connection is closed for good.
 *
 * @param nc The connection.
 *
 * @return True if it is closed, also if `nc` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN bool natsConnection_IsClosed(natsConnection *nc);

/**
 * Test whether a connection has lost its server and tries to get back.
 *
 * @param nc The connection.
 *
 * @return True from the loss of the server until the connection is restored; false if `nc` is NULL
 * or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN bool natsConnection_IsReconnecting(natsConnection *nc);

/**
 * Test whether a connection is draining.
 *
 * @param nc The connection.
 *
 * @return True while its subscriptions or its publishers are drained; false if `nc` is NULL or was
 * destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_Drain
 *
 * @ingroup nats_drain
 */
NATS_EXTERN bool natsConnection_IsDraining(natsConnection *nc);

/**
 * Return the number that the server gave this client.
 *
 * @param nc The connection.
 * @param cid Receives the number, which changes with each reconnect; 0 with
 * `NATS_NO_SERVER_SUPPORT`. Not written with other failures.
 *
 * @retval NATS_OK The number was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_SERVER_SUPPORT The server gives no numbers.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_GetClientID(natsConnection *nc, uint64_t *cid);

/**
 * Return the IP address of this client as the server sees it.
 *
 * @param nc The connection.
 * @param ip Receives the address, a string that the caller releases with `free()`. NULL with every
 * failure except `NATS_INVALID_ARG`, which writes nothing.
 *
 * @retval NATS_OK The address was written. While reconnecting it is what the previous server
 * reported.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_SERVER_SUPPORT The server does not report addresses.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_GetClientIP(natsConnection *nc, char **ip);

/**
 * Return the name that the options gave this connection.
 *
 * @param nc The connection.
 *
 * @return The name, which belongs to the connection and is valid as long as the connection; NULL
 * if it has none, or `nc` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetName
 *
 * @ingroup nats_state
 */
NATS_EXTERN const char *natsConnection_GetName(natsConnection *nc);

/**
 * Return the local address of the connection's socket.
 *
 * @param nc The connection.
 * @param ip Receives the IP address, a string that the caller releases with `free()`. NULL with
 * every failure except `NATS_INVALID_ARG`, which writes nothing.
 * @param port Receives the port; 0 where `ip` receives NULL.
 *
 * @retval NATS_OK The address was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_CONNECTION_DISCONNECTED The connection has no socket at the moment.
 * @retval NATS_SYS_ERROR The operating system could not report the address.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_GetLocalIPAndPort(natsConnection *nc, char **ip, int *port);

/**
 * Return the last error of a connection.
 *
 * The error is what the server reported, or why the connection was lost or closed. While the
 * connection reconnects the text has the reason for the loss, followed by the result of the last
 * attempt with the address of the server; a successful reconnect clears it. In a disconnected
 * callback it is the reason for the loss, and in the error handler it is the reported error. This
 * is not the last error of the calling thread, which `nats_GetLastError` returns.
 *
 * @param nc The connection.
 * @param lastError Receives the text, at most 255 characters; an empty string if there is no
 * error. It belongs to the library and is valid until the same thread calls this function again or
 * ends. Not written with `NATS_INVALID_ARG`.
 *
 * @return The status of the error; `NATS_OK` if there is none; `NATS_INVALID_ARG` if an argument
 * is NULL or `nc` was destroyed.
 *
 * @deprecated Use `natsConnection_ReadLastError`, which copies the text.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_errors
 */
NATS_EXTERN enum natsStatus natsConnection_GetLastError(natsConnection *nc, const char **lastError);

/**
 * Copy the last error of a connection.
 *
 * The error is what the server reported, or why the connection was lost or closed. While the
 * connection reconnects the text has the reason for the loss, followed by the result of the last
 * attempt with the address of the server; a successful reconnect clears it. In a disconnected
 * callback it is the reason for the loss, and in the error handler it is the reported error. This
 * is not the last error of the calling thread, which `nats_GetLastError` returns and which this
 * call does not change.
 *
 * @param nc The connection.
 * @param buf Receives the text, an empty string if there is no error. A text that does not fit is
 * truncated and then ends in `...` if there is room for that. NULL for no text. Not written with
 * `NATS_INVALID_ARG`.
 * @param n The size of the buffer in bytes, NUL included; 0 for no text.
 *
 * @return The status of the error; `NATS_OK` if there is none; `NATS_INVALID_ARG` if `nc` is NULL
 * or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_errors
 */
NATS_EXTERN enum natsStatus natsConnection_ReadLastError(natsConnection *nc, char *buf, size_t n);

/**
 * Return the number of bytes that were published and are not yet written to the socket.
 *
 * Data that is kept while the connection has no server does not count.
 *
 * @param nc The connection.
 *
 * @return The number of bytes; -1 if the connection is closed, or `nc` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_GetPendingBytes
 *
 * @ingroup nats_state
 */
NATS_EXTERN int natsConnection_Buffered(natsConnection *nc);

/**
 * Return the number of bytes that wait to be sent, including those kept for after a reconnect.
 *
 * Counts publishes and other operations that the socket has not accepted yet.
 * `natsConnection_Buffered` leaves out what is kept while there is no server.
 *
 * @param nc The connection.
 * @param bytes Receives the number of bytes; 0 for a closed connection. Written only with
 * `NATS_OK`.
 *
 * @retval NATS_OK The number was written, also for a closed connection.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_GetPendingBytes(natsConnection *nc, int64_t *bytes);

/**
 * Return the number of open subscriptions of a connection.
 *
 * A subscription counts until it is unsubscribed, drained, destroyed, or has delivered the maximum
 * of `natsSubscription_AutoUnsubscribe`.
 *
 * @param nc The connection.
 * @param count Receives the number. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The number was written, also for a closed connection.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_GetSubscriptionCount(natsConnection *nc, int *count);

/**
 * Take a snapshot of a connection's counters.
 *
 * The counters are messages and bytes in both directions, and the number of reconnects.
 *
 * @param nc The connection.
 * @param stats An object from `natsStatistics_Create`, which receives the counters. No other
 * thread may use it during the call.
 *
 * @retval NATS_OK The counters were copied, in any state of the connection.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatistics *stats = NULL;
 * uint64_t in = 0, out = 0;
 * natsStatus s = natsStatistics_Create(&stats);
 * if (s == NATS_OK) s = natsConnection_GetStats(nc, stats);
 * if (s == NATS_OK) s = natsStatistics_GetCounts(stats, &in, NULL, &out, NULL, NULL);
 * if (s == NATS_OK) printf("%" PRIu64 " in, %" PRIu64 " out\n", in, out);
 * natsStatistics_Destroy(stats);
 * ```
 *
 * @see natsStatistics_GetCounts
 *
 * @ingroup nats_statistics
 */
NATS_EXTERN enum natsStatus natsConnection_GetStats(natsConnection *nc, natsStatistics *stats);

/**
 * Return the largest message that the server accepts, headers and payload together.
 *
 * @param nc The connection.
 *
 * @return The number of bytes as of the server's last INFO, also after the connection was closed;
 * a negative number if the server has no limit; 0 before the first connect and if `nc` is NULL or
 * was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN int64_t natsConnection_GetMaxPayload(natsConnection *nc);

/**
 * Copy the URL of the present server.
 *
 * @param nc The connection.
 * @param buffer Receives the URL with the credentials it contains; an empty string while the
 * connection is not connected, or is draining.
 * @param bufferSize The size of the buffer in bytes; it must hold the URL and a NUL.
 *
 * @retval NATS_OK The URL or an empty string was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
 * if it has room for one.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN
enum natsStatus natsConnection_GetConnectedUrl(natsConnection *nc,
                                               char *buffer,
                                               size_t bufferSize);

/**
 * Copy the unique identifier of the present server.
 *
 * @param nc The connection.
 * @param buffer Receives the identifier; an empty string while the connection is not connected, or
 * is draining.
 * @param bufferSize The size of the buffer in bytes; it must hold the identifier and a NUL.
 *
 * @retval NATS_OK The identifier or an empty string was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
 * if it has room for one.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_GetServerName
 *
 * @ingroup nats_state
 */
NATS_EXTERN
enum natsStatus natsConnection_GetConnectedServerId(natsConnection *nc,
                                                    char *buffer,
                                                    size_t bufferSize);

/**
 * Copy the name of the present server.
 *
 * The name is the field `server_name` of the server's INFO.
 *
 * @param nc The connection.
 * @param buffer Receives the name; an empty string while the connection is not connected, or is
 * draining, or the server has no name.
 * @param bufferSize The size of the buffer in bytes; it must hold the name and a NUL.
 *
 * @retval NATS_OK The name or an empty string was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
 * if it has room for one.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_GetServerName(natsConnection *nc, char *buffer, size_t bufferSize);

/**
 * Copy the version of the present server, such as `2.10.4`.
 *
 * The version is the field `version` of the server's INFO.
 *
 * @param nc The connection.
 * @param buffer Receives the version; an empty string while the connection is not connected, or is
 * draining.
 * @param bufferSize The size of the buffer in bytes; it must hold the version and a NUL.
 *
 * @retval NATS_OK The version or an empty string was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
 * if it has room for one.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN
enum natsStatus natsConnection_GetServerVersion(natsConnection *nc,
                                                char *buffer,
                                                size_t bufferSize);

/**
 * Copy the name of the cluster that the present server belongs to.
 *
 * The name is the field `cluster` of the server's INFO.
 *
 * @param nc The connection.
 * @param buffer Receives the name; an empty string while the connection is not connected, or is
 * draining, or the server belongs to no cluster.
 * @param bufferSize The size of the buffer in bytes; it must hold the name and a NUL.
 *
 * @retval NATS_OK The name or an empty string was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_INSUFFICIENT_BUFFER The text does not fit. The buffer then holds an empty string,
 * if it has room for one.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN
enum natsStatus natsConnection_GetServerCluster(natsConnection *nc,
                                                char *buffer,
                                                size_t bufferSize);

/**
 * List the servers that a connection knows.
 *
 * The list has the servers that the options named and those that the cluster announced.
 *
 * @param nc The connection.
 * @param servers Receives an array of URLs in the form `nats://host:port`, without credentials.
 * The caller releases each string and then the array with `free()`; the array also if it has no
 * elements. Written only with `NATS_OK`.
 * @param count Receives the number of elements. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The list was written, in any state of the connection.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * char **servers = NULL;
 * int count = 0, i;
 * if (natsConnection_GetServers(nc, &servers, &count) == NATS_OK) {
 *     for (i = 0; i < count; i++) {
 *         puts(servers[i]);
 *         free(servers[i]);
 *     }
 *     free(servers);
 * }
 * ```
 *
 * @see natsConnection_GetDiscoveredServers
 *
 * @ingroup nats_servers
 */
NATS_EXTERN enum natsStatus natsConnection_GetServers(natsConnection *nc, char ***servers, int *count);

/**
 * List the servers that a connection learned of from the cluster.
 *
 * @param nc The connection.
 * @param servers Receives an array of URLs in the form `nats://host:port`, without credentials.
 * The caller releases each string and then the array with `free()`; the array also if it has no
 * elements. Written only with `NATS_OK`.
 * @param count Receives the number of elements, which may be 0. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The list was written, in any state of the connection.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_GetServers, natsOptions_SetDiscoveredServersCB
 *
 * @ingroup nats_servers
 */
NATS_EXTERN
enum natsStatus natsConnection_GetDiscoveredServers(natsConnection *nc,
                                                    char ***servers,
                                                    int *count);

/**
 * Test whether the server supports message headers.
 *
 * Does not change the last error of the calling thread if the server does not.
 *
 * @param nc The connection.
 *
 * @retval NATS_OK The server supports headers.
 * @retval NATS_NO_SERVER_SUPPORT The server does not, or there was no connection yet.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_state
 */
NATS_EXTERN enum natsStatus natsConnection_HasHeaderSupport(natsConnection *nc);

/**
 * Return the descriptor that reports waiting callbacks of a connection.
 *
 * The descriptor is readable exactly while something waits for `natsConnection_Dispatch`. Watch it
 * for reading, level-triggered, with `poll`, `epoll`, libuv, libevent, GLib or asio. It stays the
 * same for the life of the connection, across reconnects, and belongs to the library: do not read,
 * write or close it, and stop watching it before `natsConnection_Destroy`.
 *
 * @param nc The connection.
 * @param fd Receives the descriptor. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The descriptor was written, also for a closed connection.
 * @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
 * @retval NATS_ILLEGAL_STATE The connection was not made with `natsOptions_SetManualDispatch`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * struct pollfd watch = {-1, POLLIN, 0};
 * if (natsConnection_GetDispatchFd(nc, &watch.fd) == NATS_OK) {
 *     while (!natsConnection_IsClosed(nc)) {
 *         if (poll(&watch, 1, -1) > 0) natsConnection_Dispatch(nc, 0, NULL);
 *     }
 * }
 * ```
 *
 * @ingroup nats_dispatch
 */
NATS_EXTERN enum natsStatus natsConnection_GetDispatchFd(natsConnection *nc, natsSock *fd);

/**
 * Run the waiting callbacks of a connection on the calling thread.
 *
 * Runs message, timeout and completion callbacks of the connection's subscriptions, connection
 * callbacks and the error handler. Runs those that waited when the call began and does not wait
 * for more. Callbacks may call any function, destroying the connection included. A call that waits
 * for callbacks of this connection on another thread, such as
 * `natsSubscription_WaitForDrainCompletion`, would wait for ever on this thread.
 *
 * After `natsConnection_Close` and after a drain the last callbacks (disconnected, closed,
 * completion) still wait to be run. `natsConnection_Destroy` and `natsConnection_DestroyAndWait`
 * drop those that still wait: they are never called. A program that needs them closes the
 * connection, dispatches until nothing waits, then destroys it.
 *
 * @param nc The connection.
 * @param max The largest number of callbacks to run; 0 or less for no limit.
 * @param ran Receives the number of callbacks that ran; may be NULL. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The callbacks have run, or nothing waited.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The call came from a callback of this connection, or the connection
 * was not made with `natsOptions_SetManualDispatch`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function. One thread at a time runs callbacks: a call during that of
 * another thread does nothing.
 *
 * @see natsConnection_GetDispatchFd
 *
 * @ingroup nats_dispatch
 */
NATS_EXTERN enum natsStatus natsConnection_Dispatch(natsConnection *nc, int max, int *ran);

/**
 * Return the text of the calling thread's last failure.
 *
 * A successful call does not clear the last error. The thread's next failure replaces it, and
 * `nats_ReleaseThreadMemory` clears it. In an error handler the text is that of the reported
 * event, where it has one. The text states what failed (subject, server address, argument), the
 * position of the fault, the limit or time that was reached, and where it is not obvious what to
 * check next: `subject 'a b': blank at byte 1`, `no message on 'in' within 500 ms`. Bytes are
 * counted from 0, unprintable bytes are escaped and long values are truncated. The text is for
 * people and may change between versions; programs decide by the status. It never contains a
 * password, a token, a seed or a JWT.
 *
 * @param status Receives the status of that failure, `NATS_OK` if there was none; may be NULL.
 *
 * @return The text, possibly empty, at most 255 characters; NULL if nothing failed. It belongs to
 * the library and stays valid until the next failure in this thread.
 *
 * @par Threads
 * Each thread has its own last error. Any thread may call this function at any time, also before
 * the library is opened.
 *
 * @par Example
 * ```c
 * natsStatus why = NATS_OK;
 * if (natsConnection_PublishString(nc, "a subject", "x") != NATS_OK) {
 *     const char *text = nats_GetLastError(&why);
 *     fprintf(stderr, "%s: %s\n", natsStatus_GetText(why), text);
 * }
 * ```
 *
 * @see nats_GetLastErrorStack, natsConnection_ReadLastError
 *
 * @ingroup nats_errors
 */
NATS_EXTERN const char *nats_GetLastError(enum natsStatus *status);

/**
 * Copy the name of the function that failed last in the calling thread.
 *
 * Programs that expect several names, one in a line and the innermost first, can read the result
 * unchanged: this library names the one function that the program called. Does not change the last
 * error.
 *
 * @param buffer Receives the name and a NUL; an empty string if nothing failed.
 * @param bufLen The size of the buffer in bytes.
 *
 * @retval NATS_OK The name or an empty string was written.
 * @retval NATS_INVALID_ARG `buffer` is NULL or `bufLen` is 0.
 * @retval NATS_INSUFFICIENT_BUFFER The name does not fit. The buffer holds its beginning and a
 * NUL.
 *
 * @par Threads
 * Each thread has its own last error. Any thread may call this function at any time.
 *
 * @see nats_GetLastError
 *
 * @ingroup nats_errors
 */
NATS_EXTERN enum natsStatus nats_GetLastErrorStack(char *buffer, size_t bufLen);

/**
 * Print the calling thread's last failure.
 *
 * Writes the number and the text of the status, the text of the error, the version of the library
 * and the name of the function. Prints nothing if nothing failed.
 *
 * @param file An open stream, which is flushed and stays open; NULL prints nothing.
 *
 * @par Threads
 * Each thread has its own last error. Any thread may call this function at any time.
 *
 * @see nats_GetLastError
 *
 * @ingroup nats_errors
 */
NATS_EXTERN void nats_PrintLastErrorStack(FILE *file);

/**
 * Release the memory that the library keeps for the calling thread.
 *
 * Clears the last error of the thread. Threads of the library do this by themselves when they end.
 *
 * @par Threads
 * Any thread may call this function at any time, also before the library is opened and more than
 * once.
 *
 * @ingroup nats_library
 */
NATS_EXTERN void nats_ReleaseThreadMemory(void);

/**
 * Read what arrived on a connection's socket.
 *
 * For event loops set with `natsOptions_SetEventLoop`: the loop calls it on its thread when the
 * socket is readable, broken or at its end. Messages are handed to subscriptions and requests;
 * callbacks do not run in the call. The loss of the server is handled in the call, so the
 * functions of the loop may be called from inside. Reads a bounded amount: while the socket has
 * more, the loop has to call again. Ignored while no socket is attached.
 *
 * @param nc The connection. NULL and a destroyed connection are ignored.
 *
 * @par Threads
 * The thread of the event loop.
 *
 * @ingroup nats_loop
 */
NATS_EXTERN void natsConnection_ProcessReadEvent(natsConnection *nc);

/**
 * Write what waits for a connection's socket, as far as the socket accepts it.
 *
 * For event loops set with `natsOptions_SetEventLoop`: the loop calls it on its thread when the
 * socket is writable and the loop was asked to watch for that. When nothing is left the loop's
 * write function is called with `false` from inside. Ignored while no socket is attached.
 *
 * @param nc The connection. NULL and a destroyed connection are ignored.
 *
 * @par Threads
 * The thread of the event loop.
 *
 * @ingroup nats_loop
 */
NATS_EXTERN void natsConnection_ProcessWriteEvent(natsConnection *nc);

/**
 * Close a socket that an event loop has stopped watching.
 *
 * For event loops set with `natsOptions_SetEventLoop`, after the loop's read function was called
 * with `false`. The library does not close the loop's sockets by itself.
 *
 * @param socket The descriptor, which is set to -1. NULL, and -1 in it, are ignored.
 *
 * @par Threads
 * The thread of the event loop.
 *
 * @ingroup nats_loop
 */
NATS_EXTERN void natsConnection_ProcessCloseEvent(natsSock *socket);

/**
 * Release a connection that an event loop has forgotten.
 *
 * For event loops set with `natsOptions_SetEventLoop`: to be called once, in the loop's detach
 * function or after it; earlier calls are ignored. From the first attach until then the
 * connection's memory is kept, and its handle works for the loop even if the program has destroyed
 * it. A loop that never calls this function leaks the connection, and `nats_CloseAndWait` does not
 * return.
 *
 * @param nc The connection. NULL and a destroyed connection are ignored.
 *
 * @par Threads
 * The thread of the event loop.
 *
 * @ingroup nats_loop
 */
NATS_EXTERN void natsConnection_ProcessDetachedEvent(natsConnection *nc);

/**
 * Create an empty header object.
 *
 * @param new_header Receives the object, which the caller releases with `natsHeader_Destroy`.
 * Written only with `NATS_OK`.
 *
 * @retval NATS_OK The object was created.
 * @retval NATS_INVALID_ARG `new_header` is NULL.
 *
 * @par Threads
 * Any thread may call this function at any time. The object belongs to one thread at a time.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsHeader_New(natsHeader **new_header);

/**
 * Set the value of a key, replacing all its values.
 *
 * @param h The header object.
 * @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
 * control characters.
 * @param value The value, which is copied. NULL is stored as NULL and sent as an empty value.
 *
 * @retval NATS_OK The value was set.
 * @retval NATS_INVALID_ARG `h` is NULL, or the key is not valid.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsHeader_Set(natsHeader *h, const char *key, const char *value);

/**
 * Add a value to a key.
 *
 * Values that the key has are kept, in order.
 *
 * @param h The header object.
 * @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
 * control characters.
 * @param value The value, which is copied. NULL is stored as NULL and sent as an empty value.
 *
 * @retval NATS_OK The value was added.
 * @retval NATS_INVALID_ARG `h` is NULL, or the key is not valid.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsHeader_Add(natsHeader *h, const char *key, const char *value);

/**
 * Return the first value of a key.
 *
 * @param h The header object.
 * @param key The key; case-sensitive.
 * @param value Receives the value, which belongs to the object and is valid until the key is
 * changed or the object is destroyed. NULL if the key is absent or has the value NULL.
 *
 * @retval NATS_OK The key exists.
 * @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
 * @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsHeader_Get(natsHeader *h, const char *key, const char **value);

/**
 * Return all values of a key, in the order in which they were added.
 *
 * @param h The header object.
 * @param key The key; case-sensitive.
 * @param values Receives an array that the caller releases with `free()`. The strings belong to
 * the object and are valid until the key is changed or the object is destroyed. NULL if the key is
 * absent.
 * @param count Receives the number of values.
 *
 * @retval NATS_OK The key exists.
 * @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
 * @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN
enum natsStatus natsHeader_Values(natsHeader *h,
                                  const char *key,
                                  const char ***values,
                                  int *count);

/**
 * Return all keys, in no particular order.
 *
 * @param h The header object.
 * @param keys Receives an array that the caller releases with `free()`. The strings belong to the
 * object and are valid until the key is changed or the object is destroyed. NULL if there is no
 * key.
 * @param count Receives the number of keys.
 *
 * @retval NATS_OK The object has keys.
 * @retval NATS_NOT_FOUND The object has no keys. The last error of the calling thread does not
 * change.
 * @retval NATS_INVALID_ARG An argument is NULL.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsHeader_Keys(natsHeader *h, const char ***keys, int *count);

/**
 * Return the number of keys.
 *
 * @param h The header object.
 *
 * @return The number of keys; 0 if `h` is NULL.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN int natsHeader_KeysCount(natsHeader *h);

/**
 * Remove a key with all its values.
 *
 * @param h The header object.
 * @param key The key; case-sensitive.
 *
 * @retval NATS_OK The key was removed.
 * @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
 * @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsHeader_Delete(natsHeader *h, const char *key);

/**
 * Release a header object and the strings that belong to it.
 *
 * @param h The header object; NULL is ignored.
 *
 * @par Threads
 * One thread at a time may use a header object.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN void natsHeader_Destroy(natsHeader *h);

/**
 * Create a unique subject to receive replies on.
 *
 * The subject is `_INBOX.` followed by 22 letters and digits. It is not bound to a connection, so
 * `natsOptions_SetCustomInboxPrefix` has no effect on it. Opens the library if it is not open.
 *
 * @param newInbox Receives the string, which the caller releases with `natsInbox_Destroy`. Written
 * only with `NATS_OK`.
 *
 * @retval NATS_OK The subject was created.
 * @retval NATS_INVALID_ARG `newInbox` is NULL.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 * @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_inbox
 */
NATS_EXTERN enum natsStatus natsInbox_Create(natsInbox **newInbox);

/**
 * Release a subject made by `natsInbox_Create`.
 *
 * @param inbox The string; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function; one thread at a time may use the string.
 *
 * @ingroup nats_inbox
 */
NATS_EXTERN void natsInbox_Destroy(natsInbox *inbox);

/**
 * Open the library.
 *
 * Programs need not call it: functions that need the library open it. Starts no thread; the first
 * connection does. Does nothing if the library is open. Reads the environment variables
 * `NATS_DEFAULT_LIB_WRITE_DEADLINE` (milliseconds), `NATS_DEFAULT_TO_LIB_MSG_DELIVERY` (its
 * presence is enough) and `NATS_DEFAULT_LIB_MSG_DELIVERY_POOL_SIZE` (threads). A child made by
 * `fork` has its own library, which is opened again on first use.
 *
 * @param lockSpinCount Ignored; accepted for programs that pass one.
 *
 * @retval NATS_OK The library is open.
 * @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
 *
 * @par Threads
 * Any thread may call this function at any time. While one thread opens the library, others wait.
 *
 * @see nats_OpenWithConfig
 *
 * @ingroup nats_library
 */
NATS_EXTERN enum natsStatus nats_Open(int64_t lockSpinCount);

/**
 * Open the library with settings of the program.
 *
 * With settings, the environment variables of `nats_Open` are not read. Does nothing if the
 * library is open: call it before other functions. Children made by `fork` while the library is
 * open inherit these settings, unless they call this function first.
 *
 * @param config The settings, which are copied; NULL is the same as `nats_Open(-1)`.
 *
 * @retval NATS_OK The library is open.
 * @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
 *
 * @par Threads
 * Any thread may call this function at any time. While one thread opens the library, others wait.
 *
 * @ingroup nats_library
 */
NATS_EXTERN enum natsStatus nats_OpenWithConfig(struct natsClientConfig *config);

/**
 * Close the library without waiting for the connections that still exist.
 *
 * Those connections keep working and are destroyed as usual, but connection callbacks and error
 * handlers are not called any more and timeouts of subscriptions end. New options and connections
 * fail with `NATS_FAILED_TO_INITIALIZE` until the last connection is destroyed; then the library
 * can be opened again. Clears the last error of the calling thread. Does nothing if the library is
 * not open.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see nats_CloseAndWait
 *
 * @ingroup nats_library
 */
NATS_EXTERN void nats_Close(void);

/**
 * Close the library and wait until all connections are destroyed and all its threads have ended.
 *
 * With `NATS_OK` the last error of the calling thread is cleared.
 *
 * @param timeout The longest time to wait in milliseconds; 0 or less for no limit.
 *
 * @retval NATS_OK The library is closed and its threads have ended.
 * @retval NATS_TIMEOUT Connections or threads are left. Closing continues in the background.
 * @retval NATS_NOT_INITIALIZED The library is not open.
 * @retval NATS_ILLEGAL_STATE The library is being closed already, or the call came from a
 * callback. In a callback nothing is closed.
 *
 * @par Threads
 * Any thread may call this function, except in a callback.
 *
 * @par Example
 * ```c
 * natsSubscription_Destroy(sub);
 * natsConnection_Destroy(nc);
 * nats_CloseAndWait(5000);
 * ```
 *
 * @see nats_Close
 *
 * @ingroup nats_library
 */
NATS_EXTERN enum natsStatus nats_CloseAndWait(int64_t timeout);

/**
 * Set the largest number of threads in the fixed-size delivery pool.
 *
 * The pool serves the subscriptions of connections made with
 * `natsOptions_UseGlobalMessageDelivery`. Opens the library if it is not open. Subscriptions that
 * exist stay on the thread they have.
 *
 * @param max The number of threads; a number smaller than the present one changes nothing.
 *
 * @retval NATS_OK The size was set, or was large enough already.
 * @retval NATS_ERR `max` is zero or negative.
 * @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_UseGlobalMessageDelivery
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus nats_SetMessageDeliveryPoolSize(int max);

/**
 * Return the version of the nats.c interface that the library implements, such as `3.14.0-beta`.
 *
 * The version of this library is the macro `NATS_RS_VERSION`.
 *
 * @return A constant string that belongs to the library.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_library
 */
NATS_EXTERN const char *nats_GetVersion(void);

/**
 * Return the version of the nats.c interface that the library implements, as a number.
 *
 * @return Major, minor and patch number, combined as in `NATS_VERSION_NUMBER`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_library
 */
NATS_EXTERN uint32_t nats_GetVersionNumber(void);

/**
 * Test whether a program that was compiled with some version of the header can use this library.
 *
 * Call it through the macro `nats_CheckCompatibility`, which supplies the arguments. Unlike in
 * nats.c, versions that do not match neither print a text nor end the process.
 *
 * @param reqVerNumber `NATS_VERSION_REQUIRED_NUMBER` of the program's header.
 * @param verNumber `NATS_VERSION_NUMBER` of the program's header.
 * @param verString `NATS_VERSION_STRING` of the program's header; ignored.
 *
 * @return True if the versions match.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_library
 */
NATS_EXTERN
bool nats_CheckCompatibilityImpl(uint32_t reqVerNumber,
                                 uint32_t verNumber,
                                 const char *verString);

/**
 * Return the text for a status.
 *
 * @param s A status. Any other number gets a text that says so.
 *
 * @return A constant string that belongs to the library.
 *
 * @par Threads
 * Any thread may call this function at any time, also before the library is opened.
 *
 * @ingroup nats_errors
 */
NATS_EXTERN const char *natsStatus_GetText(natsStatus s);

/**
 * Return the time of day in milliseconds.
 *
 * @return Milliseconds since 1970-01-01 UTC.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_library
 */
NATS_EXTERN int64_t nats_Now(void);

/**
 * Return the time of day in nanoseconds.
 *
 * @return Nanoseconds since 1970-01-01 UTC.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_library
 */
NATS_EXTERN int64_t nats_NowInNanoSeconds(void);

/**
 * Return the time of a clock that never goes back.
 *
 * Setting the time of day does not affect this clock. Only differences between two results are
 * meaningful.
 *
 * @return Nanoseconds since an unspecified moment.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_library
 */
NATS_EXTERN int64_t nats_NowMonotonicInNanoSeconds(void);

/**
 * Suspend the calling thread.
 *
 * @param sleepTime The time in milliseconds; zero or less returns at once.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_library
 */
NATS_EXTERN void nats_Sleep(int64_t sleepTime);

/**
 * Set the handler that receives the log of the whole process.
 *
 * It receives the lines of all connections, present and future, from now on. A child made by `fork`
 * inherits it. The handler may be changed at any time. When this returns, the former handler is not
 * running and will not be called again, so that its closure may be freed; called in the handler
 * itself, this holds when the handler has returned. The environment variable `NATS_RS_LOG`, which
 * sends the log to standard error, is independent of it.
 *
 * @param cb The handler; NULL for none.
 * @param closure The last argument of the handler.
 * @param level The highest level that it receives. `NATS_LOG_OFF` is the same as no handler.
 *
 * @retval NATS_OK The handler was set.
 * @retval NATS_INVALID_ARG `level` is not a level.
 * @retval NATS_SYS_ERROR The thread that calls handlers cannot be started; no handler is set.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. It waits for a call of the
 * former handler to return.
 *
 * @par Example
 * ```c
 * static void on_line(const natsLogRecord *record, void *closure) {
 *     fprintf((FILE *)closure, "%s: %s\n", record->Target, record->Text);
 * }
 *
 * natsStatus s = nats_SetLogHandler(on_line, stderr, NATS_LOG_INFO);
 * ```
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see natsOptions_SetLogCB
 *
 * @ingroup nats_log
 */
NATS_EXTERN enum natsStatus nats_SetLogHandler(natsLogHandler cb, void *closure, natsLogLevel level);

/**
 * Set the handler that receives the log of the connections made with the options.
 *
 * Lines go to it in addition to the handler of `nats_SetLogHandler`. The last line of a connection
 * says that it is closed. If connecting fails, the call waits until the handler has received what
 * was logged.
 *
 * @param opts The options.
 * @param cb The handler; NULL for none.
 * @param closure The last argument of the handler. It must stay valid as long as connections made
 * with these options exist, and until lines that wait are delivered: until
 * `natsConnection_DestroyAndWait` has returned, or the callback of `natsOptions_SetReleasedCB` has
 * run.
 * @param level The highest level that it receives. `NATS_LOG_OFF` is the same as no handler.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `level` is not a level.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see nats_SetLogHandler
 *
 * @ingroup nats_log
 */
NATS_EXTERN
enum natsStatus natsOptions_SetLogCB(natsOptions *opts,
                                     natsLogHandler cb,
                                     void *closure,
                                     natsLogLevel level);

/**
 * Return a number that no other connection of the process has.
 *
 * Lines of the log and metrics have this number. It does not change with a reconnect and is not
 * that of `natsConnection_GetClientID`, which belongs to a server.
 *
 * @param nc The connection.
 *
 * @return The number, from 1 on; 0 if `nc` is NULL, was destroyed or belongs to another process.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_log
 */
NATS_EXTERN uint64_t natsConnection_GetNumber(const natsConnection *nc);

/**
 * Read the metrics of a connection.
 *
 * Counters continue across reconnects. Taking the snapshot locks each subscription for a moment.
 *
 * @param metrics Receives the metrics.
 * @param size `sizeof(natsMetrics)`. If the program was compiled with the header of another version,
 * its structure may be smaller or larger than the library's: only what it has is written, and what
 * the library does not know is 0.
 * @param nc The connection.
 *
 * @retval NATS_OK The metrics were written.
 * @retval NATS_INVALID_ARG `metrics` is NULL, `size` is less than 8, or `nc` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The connection belongs to the process that this one was forked from.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsMetrics metrics;
 * natsStatus s = natsConnection_GetMetrics(&metrics, sizeof(metrics), nc);
 * if (s == NATS_OK) printf("dropped: %" PRIu64 "\n", metrics.DroppedMsgs);
 * ```
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see nats_GetMetrics
 *
 * @ingroup nats_metrics
 */
NATS_EXTERN
enum natsStatus natsConnection_GetMetrics(struct natsMetrics *metrics,
                                          size_t size,
                                          natsConnection *nc);

/**
 * Read the metrics of all connections of the process together.
 *
 * Counters and histograms include connections that do not exist any more.
 *
 * @param metrics Receives the sums. `Connections` is the number of connections that exist.
 * @param size `sizeof(natsMetrics)`, as for `natsConnection_GetMetrics`.
 *
 * @retval NATS_OK The metrics were written.
 * @retval NATS_INVALID_ARG `metrics` is NULL, or `size` is less than 8.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see nats_GetMetricsText, nats_GetProcessMetrics
 *
 * @ingroup nats_metrics
 */
NATS_EXTERN enum natsStatus nats_GetMetrics(struct natsMetrics *metrics, size_t size);

/**
 * Read what the library uses in this process: threads, handles, memory.
 *
 * @param metrics Receives the metrics.
 * @param size `sizeof(natsProcessMetrics)`, as for `natsConnection_GetMetrics`.
 *
 * @retval NATS_OK The metrics were written.
 * @retval NATS_INVALID_ARG `metrics` is NULL, or `size` is less than 8.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_metrics
 */
NATS_EXTERN enum natsStatus nats_GetProcessMetrics(struct natsProcessMetrics *metrics, size_t size);

/**
 * Write all metrics of the process as OpenMetrics text, the format that Prometheus reads.
 *
 * Each connection has a series of its own, with the labels `connection` (the number of
 * `natsConnection_GetNumber`) and `name`; those that do not exist any more are one series together,
 * with `connection="0"`, so that sums are those of the process. The text ends with `# EOF`. A program
 * that serves it by HTTP sends the type `application/openmetrics-text; version=1.0.0; charset=utf-8`.
 *
 * @param text Receives the text, which the caller releases with `free`.
 * @param length Receives its length without the NUL at its end; may be NULL.
 *
 * @retval NATS_OK The text was written.
 * @retval NATS_INVALID_ARG `text` is NULL.
 * @retval NATS_NO_MEMORY There is no memory for the text.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see nats_WriteMetrics
 *
 * @ingroup nats_metrics
 */
NATS_EXTERN enum natsStatus nats_GetMetricsText(char **text, int *length);

/**
 * Write the text of `nats_GetMetricsText` to a file, for a collector that reads files.
 *
 * The text is written to a file with the same name and the suffix `.new`, which then replaces the
 * file in one step: a reader finds either the old text or the new one. One thread at a time may write
 * to the same file.
 *
 * @param path The file, which need not exist.
 *
 * @retval NATS_OK The file was written.
 * @retval NATS_INVALID_ARG `path` is NULL or empty.
 * @retval NATS_SYS_ERROR The file cannot be written; the text says why.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see nats_GetMetricsText
 *
 * @ingroup nats_metrics
 */
NATS_EXTERN enum natsStatus nats_WriteMetrics(const char *path);

/**
 * Create a message.
 *
 * Copies its arguments. Whether the subject can be published on is checked when the message is
 * published.
 *
 * @param newMsg Receives the message, which the caller owns and releases with `natsMsg_Destroy`.
 * Written only with `NATS_OK`.
 * @param subj The subject; not empty.
 * @param reply The subject for replies; NULL for none, but not an empty string.
 * @param data The payload. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 *
 * @retval NATS_OK The message was created.
 * @retval NATS_INVALID_ARG `newMsg` is NULL, `subj` is NULL or empty, `reply` is empty, `dataLen`
 * is negative, or `data` is NULL while `dataLen` is not 0.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. The message belongs to one thread at a time.
 *
 * @par Example
 * ```c
 * natsMsg *msg = NULL;
 * natsStatus s = natsMsg_Create(&msg, "orders.new", NULL, "{\"id\":7}", 8);
 * if (s == NATS_OK) s = natsConnection_PublishMsg(nc, msg);
 * natsMsg_Destroy(msg);
 * ```
 *
 * @see natsConnection_PublishMsg, natsMsgHeader_Set
 *
 * @ingroup nats_msg
 */
NATS_EXTERN
enum natsStatus natsMsg_Create(natsMsg **newMsg,
                               const char *subj,
                               const char *reply,
                               const char *data,
                               int dataLen);

/**
 * Return the subject of a message.
 *
 * @param msg The message.
 *
 * @return The subject, which belongs to the message and is valid as long as the message; NULL if
 * `msg` is NULL.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN const char *natsMsg_GetSubject(const natsMsg *msg);

/**
 * Return the subject on which the publisher of a message expects replies.
 *
 * @param msg The message.
 *
 * @return The subject, which belongs to the message and is valid as long as the message; NULL if
 * it has none, or `msg` is NULL.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN const char *natsMsg_GetReply(const natsMsg *msg);

/**
 * Return the payload of a message.
 *
 * A NUL follows the payload, so text can be used as a string. The payload itself may contain NULs.
 *
 * @param msg The message.
 *
 * @return The payload, which belongs to the message and is valid as long as the message. Not NULL
 * for a message, even if the payload is empty; NULL if `msg` is NULL.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @par Example
 * ```c
 * fwrite(natsMsg_GetData(msg), 1, (size_t)natsMsg_GetDataLength(msg), stdout);
 * ```
 *
 * @see natsMsg_GetDataLength
 *
 * @ingroup nats_msg
 */
NATS_EXTERN const char *natsMsg_GetData(const natsMsg *msg);

/**
 * Return the length of a message's payload.
 *
 * @param msg The message.
 *
 * @return The number of bytes, without headers and without the NUL behind the payload; 0 if `msg`
 * is NULL.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN int natsMsg_GetDataLength(const natsMsg *msg);

/**
 * Test whether a message is the server's notice that a request has no responders.
 *
 * Such a message has an empty payload and a `Status` header that begins with 503 (ADR-4).
 *
 * @param msg The message.
 *
 * @return True if it is; false if `msg` is NULL.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN bool natsMsg_IsNoResponders(natsMsg *msg);

/**
 * Return the sequence number of a message in its stream.
 *
 * @param msg The message.
 *
 * @return The number, for a message that was read directly from a stream or a key-value store; 0
 * for any other message, and if `msg` is NULL.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN uint64_t natsMsg_GetSequence(natsMsg *msg);

/**
 * Return the time at which the stream received a message.
 *
 * @param msg The message.
 *
 * @return Nanoseconds since 1970-01-01 UTC, for a message that was read directly from a stream or
 * a key-value store; 0 for any other message, and if `msg` is NULL.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN int64_t natsMsg_GetTime(natsMsg *msg);

/**
 * Release a message and everything that belongs to it.
 *
 * @param msg The message; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, also after the connection was destroyed, once no other thread
 * uses the message.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN void natsMsg_Destroy(natsMsg *msg);

/**
 * Release the messages of a list and its array.
 *
 * The structure itself belongs to the program; it is left empty.
 *
 * @param list The list, whose NULL elements are skipped; NULL is ignored.
 *
 * @par Threads
 * One thread at a time may use the list.
 *
 * @ingroup nats_msg
 */
NATS_EXTERN void natsMsgList_Destroy(struct natsMsgList *list);

/**
 * Set the value of a key in a message's headers, replacing all its values.
 *
 * Format of headers: ADR-4.
 *
 * @param msg The message.
 * @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
 * control characters.
 * @param value The value, which is copied. NULL is stored as NULL and sent as an empty value. Line
 * ends in it are sent as blanks.
 *
 * @retval NATS_OK The value was set.
 * @retval NATS_INVALID_ARG `msg` is NULL, or the key is not valid.
 * @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @par Example
 * ```c
 * natsStatus s = natsMsgHeader_Set(msg, "Trace-Id", "7f3a");
 * if (s == NATS_OK) s = natsMsgHeader_Add(msg, "Tag", "first");
 * if (s == NATS_OK) s = natsMsgHeader_Add(msg, "Tag", "second");
 * ```
 *
 * @see natsMsgHeader_Add
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Set(natsMsg *msg, const char *key, const char *value);

/**
 * Add a value to a key in a message's headers.
 *
 * Values that the key has are kept, in order.
 *
 * @param msg The message.
 * @param key The key, which is copied; case-sensitive, not empty, without colons, white space and
 * control characters.
 * @param value The value, which is copied. NULL is stored as NULL and sent as an empty value. Line
 * ends in it are sent as blanks.
 *
 * @retval NATS_OK The value was added.
 * @retval NATS_INVALID_ARG `msg` is NULL, or the key is not valid.
 * @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @see natsMsgHeader_Set
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Add(natsMsg *msg, const char *key, const char *value);

/**
 * Return the first value of a key in a message's headers.
 *
 * @param msg The message.
 * @param key The key; case-sensitive.
 * @param value Receives the value, which belongs to the message and is valid until the key is
 * changed or the message is destroyed. NULL if the key is absent, has the value NULL, or the
 * headers are malformed.
 *
 * @retval NATS_OK The key exists.
 * @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
 * @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
 * @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @par Example
 * ```c
 * const char *trace = NULL;
 * if (natsMsgHeader_Get(msg, "Trace-Id", &trace) == NATS_OK) printf("trace %s\n", trace);
 * ```
 *
 * @see natsMsgHeader_Values
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Get(natsMsg *msg, const char *key, const char **value);

/**
 * Return all values of a key in a message's headers, in the order in which they were added.
 *
 * @param msg The message.
 * @param key The key; case-sensitive.
 * @param values Receives an array that the caller releases with `free()`. The strings belong to
 * the message and are valid until the key is changed or the message is destroyed. NULL if the key
 * is absent or the headers are malformed.
 * @param count Receives the number of values.
 *
 * @retval NATS_OK The key exists.
 * @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
 * @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
 * @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN
enum natsStatus natsMsgHeader_Values(natsMsg *msg,
                                     const char *key,
                                     const char ***values,
                                     int *count);

/**
 * Return all keys of a message's headers, in no particular order.
 *
 * @param msg The message.
 * @param keys Receives an array that the caller releases with `free()`. The strings belong to the
 * message and are valid until the key is changed or the message is destroyed. NULL if there are no
 * headers or they are malformed.
 * @param count Receives the number of keys.
 *
 * @retval NATS_OK The message has headers.
 * @retval NATS_NOT_FOUND The message has no headers. The last error of the calling thread does not
 * change.
 * @retval NATS_INVALID_ARG An argument is NULL.
 * @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @par Example
 * ```c
 * const char **keys = NULL;
 * int count = 0, i;
 * if (natsMsgHeader_Keys(msg, &keys, &count) == NATS_OK) {
 *     for (i = 0; i < count; i++) puts(keys[i]);
 *     free((void *)keys);
 * }
 * ```
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Keys(natsMsg *msg, const char ***keys, int *count);

/**
 * Remove a key with all its values from a message's headers.
 *
 * A message whose last header was removed is still published as one with headers.
 *
 * @param msg The message.
 * @param key The key; case-sensitive.
 *
 * @retval NATS_OK The key was removed.
 * @retval NATS_NOT_FOUND The key is absent. The last error of the calling thread does not change.
 * @retval NATS_INVALID_ARG An argument is NULL, or the key is empty.
 * @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Delete(natsMsg *msg, const char *key);

/**
 * Set where servers report the way of a message to.
 *
 * Each server that the message passes publishes a JSON text about what it did with it to the
 * subject: how it received the message, subject mappings, streams, and to whom it sent it. Servers
 * before 2.11 do not know this and pass the message on. Sets the headers `Nats-Trace-Dest` and
 * `Nats-Trace-Only`, which subscribers see, too. Source: ADR-41.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param msg The message.
 * @param subject The subject for the reports, without wildcards; NULL for none.
 * @param traceOnly Whether servers only report where the message would go: no subscriber and no
 * stream receives it then.
 *
 * @retval NATS_OK The headers were set.
 * @retval NATS_INVALID_ARG `msg` is NULL.
 * @retval NATS_INVALID_SUBJECT The subject is empty, or has wildcards, an empty token, white space
 * or control characters.
 * @retval NATS_PROTOCOL_ERROR The headers were received and are malformed.
 *
 * @par Threads
 * One thread at a time may use a message, even to read it.
 *
 * @par Example
 * ```c
 * natsStatus s = natsMsg_SetTrace(msg, "traces.orders", true);
 * if (s == NATS_OK) s = natsConnection_PublishMsg(nc, msg);
 * ```
 *
 * @see natsMsgHeader_Set
 *
 * @ingroup nats_headers
 */
NATS_EXTERN enum natsStatus natsMsg_SetTrace(natsMsg *msg, const char *subject, bool traceOnly);

/**
 * Take the messages that wait for a subscription without a callback.
 *
 * Takes what waits, in order and up to a maximum, with one lock; waits only if nothing is there,
 * and then returns with what arrived first. Otherwise as `natsSubscription_NextMsg`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param list Receives at least one message, to be released with `natsMsgList_Destroy`. Empty with
 * any status other than `NATS_OK`.
 * @param sub The subscription.
 * @param max The largest number of messages; greater than 0. There may be more waiting even if
 * fewer were taken.
 * @param timeout The longest time to wait in milliseconds; with zero or less only messages that
 * are already there are taken.
 *
 * @retval NATS_OK Messages were taken.
 * @retval NATS_INVALID_ARG `list` is NULL, `sub` is NULL or was destroyed, or `max` is not
 * positive.
 * @retval NATS_TIMEOUT No message arrived in time.
 * @retval NATS_SLOW_CONSUMER Messages were dropped since the last call because a pending limit was
 * reached. No message was taken.
 * @retval NATS_NO_RESPONDERS The next message was the server's notice that nobody answers a
 * request. It was consumed. A list ends before such a notice.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_MAX_DELIVERED_MSGS The maximum of `natsSubscription_AutoUnsubscribe` was reached.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription was closed in another way.
 * @retval NATS_ILLEGAL_STATE The subscription has a callback.
 * @retval NATS_NO_MEMORY Memory could not be allocated. No message was taken.
 *
 * @par Threads
 * Any thread may call this function at any time. If several threads wait, each message goes to one
 * of them.
 *
 * @par Example
 * ```c
 * natsMsgList list;
 *
 * while (natsSubscription_NextMsgs(&list, sub, 500, 1000) == NATS_OK) {
 *     for (int i = 0; i < list.Count; i++) puts(natsMsg_GetData(list.Msgs[i]));
 *     natsMsgList_Destroy(&list);
 * }
 * ```
 *
 * @see natsSubscription_NextMsg, natsConnection_SubscribeMsgs
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsSubscription_NextMsgs(struct natsMsgList *list,
                                          natsSubscription *sub,
                                          int max,
                                          int64_t timeout);

/**
 * Create an options object with default values.
 *
 * Opens the library if it is not open, which starts no thread. The write deadline and the use of
 * the fixed-size delivery pool begin as the library was configured (`nats_OpenWithConfig`, or the
 * environment). Options may be created before a `fork` and used after it, in the parent and in its
 * children, each of which changes its own copy.
 *
 * @param newOpts Receives the object, which the caller owns and releases with
 * `natsOptions_Destroy`. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The object was created.
 * @retval NATS_INVALID_ARG `newOpts` is NULL.
 * @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsOptions *opts = NULL;
 * natsStatus s = natsOptions_Create(&opts);
 * if (s == NATS_OK) s = natsOptions_SetName(opts, "billing");
 * if (s == NATS_OK) s = natsOptions_SetTimeout(opts, 5000);
 * if (s == NATS_OK) s = natsConnection_Connect(&nc, opts);
 * natsOptions_Destroy(opts);
 * ```
 *
 * @see natsConnection_Connect
 *
 * @ingroup nats_options
 */
NATS_EXTERN enum natsStatus natsOptions_Create(natsOptions **newOpts);

/**
 * Release an options object.
 *
 * Connections made with the options are not affected.
 *
 * @param opts The options. NULL and destroyed options are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_options
 */
NATS_EXTERN void natsOptions_Destroy(natsOptions *opts);

/**
 * Set the callback for errors that no call can return.
 *
 * The default handler prints one line to standard error for each error. `natsErrHandler` describes
 * when the callback runs.
 *
 * Every error that a server reports goes to the handler. The text, compared without regard to case
 * and quotes, decides what else happens:
 *
 * | Text of the server | Status | Effect |
 * |---|---|---|
 * | contains `Permissions Violation` | `NATS_NOT_PERMITTED` | none |
 * | `maximum subscriptions exceeded` | `NATS_ERR`, with the subscription if it is known | The subscription is not sent again until another one ends or `natsConnection_Reconnect` is called. |
 * | `Invalid Subject`, `Invalid Publish Subject` | `NATS_ERR` | none |
 * | `maximum connections exceeded`, `maximum account active connections exceeded`, `Server Shutdown`, `Slow Consumer`, `Authentication Timeout` | `NATS_ERR` | reconnect, if the options allow it |
 * | `Stale Connection` | `NATS_STALE_CONNECTION` | reconnect, if the options allow it |
 * | contains `Authorization Violation`, `User Authentication Expired`, `User Authentication Revoked` or `Account Authentication Expired` | `NATS_CONNECTION_AUTH_FAILED` | reconnect, if the options allow it; the same error twice from one server, without a second of success between, closes the connection unless `natsOptions_SetIgnoreAuthErrorAbort` is set |
 * | anything else | `NATS_ERR` | The connection is closed, or reconnects with `natsOptions_SetReconnectOnProtocolError`. |
 *
 * An error that a server reports in the handshake of a reconnect goes to the handler too; the next
 * attempt follows, unless credentials were refused twice.
 *
 * The handler also receives slow consumers (`NATS_SLOW_CONSUMER`, with the subscription), failed
 * drains, and publishes that were accepted and then dropped, with the subject in the text. A
 * publish is dropped if it was kept across a reconnect and the next server does not accept it
 * (`NATS_MAX_PAYLOAD`, or `NATS_NO_SERVER_SUPPORT` if it has headers that the server does not
 * support), or if the connection broke three times in a row while it was being sent
 * (`NATS_MAX_PAYLOAD`).
 *
 * An error that waits for the handler already is not queued again: its text has the number of
 * times it happened. At most 128 different errors of a connection wait.
 *
 * @param opts The options.
 * @param errHandler The callback; NULL for the default handler.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus err, void *closure) {
 *     fprintf(stderr, "%s: %s\n", natsStatus_GetText(err), nats_GetLastError(NULL));
 * }
 *
 * natsStatus s = natsOptions_SetErrorHandler(opts, on_error, NULL);
 * ```
 *
 * @ingroup nats_errors
 */
NATS_EXTERN
enum natsStatus natsOptions_SetErrorHandler(natsOptions *opts,
                                            natsErrHandler errHandler,
                                            void *closure);

/**
 * Set the callback for a connection that is closed for good.
 *
 * A connection is closed by the program, at the end of a drain, or when reconnecting is given up.
 *
 * @param opts The options.
 * @param closedCb The callback, as described for `natsConnectionHandler`; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_closed(natsConnection *nc, void *closure) {
 *     char why[256] = "";
 *     natsConnection_ReadLastError(nc, why, sizeof(why));
 *     fprintf(stderr, "closed: %s\n", why);
 * }
 *
 * natsStatus s = natsOptions_SetClosedCB(opts, on_closed, NULL);
 * ```
 *
 * @ingroup nats_events
 */
NATS_EXTERN
enum natsStatus natsOptions_SetClosedCB(natsOptions *opts,
                                        natsConnectionHandler closedCb,
                                        void *closure);

/**
 * Set the callback for a connection that lost its server, or was closed while connected.
 *
 * In the callback `natsConnection_ReadLastError` has the reason for the loss, whatever happened
 * since.
 *
 * @param opts The options.
 * @param disconnectedCb The callback, as described for `natsConnectionHandler`; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_events
 */
NATS_EXTERN
enum natsStatus natsOptions_SetDisconnectedCB(natsOptions *opts,
                                              natsConnectionHandler disconnectedCb,
                                              void *closure);

/**
 * Set the callback for a lost connection that is restored.
 *
 * It is not called for the first connect.
 *
 * @param opts The options.
 * @param reconnectedCb The callback, as described for `natsConnectionHandler`; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_reconnected(natsConnection *nc, void *closure) {
 *     char url[256] = "";
 *     natsConnection_GetConnectedUrl(nc, url, sizeof(url));
 *     fprintf(stderr, "connected again, to %s\n", url);
 * }
 *
 * natsStatus s = natsOptions_SetReconnectedCB(opts, on_reconnected, NULL);
 * ```
 *
 * @ingroup nats_events
 */
NATS_EXTERN
enum natsStatus natsOptions_SetReconnectedCB(natsOptions *opts,
                                             natsConnectionHandler reconnectedCb,
                                             void *closure);

/**
 * Set the callback for a cluster that announced a server unknown to the connection.
 *
 * @param opts The options.
 * @param discoveredServersCb The callback, as described for `natsConnectionHandler`; NULL for
 * none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_GetDiscoveredServers
 *
 * @ingroup nats_events
 */
NATS_EXTERN
enum natsStatus natsOptions_SetDiscoveredServersCB(natsOptions *opts,
                                                   natsConnectionHandler discoveredServersCb,
                                                   void *closure);

/**
 * Set the callback for a server that is about to shut down (lame duck mode).
 *
 * The server asks its clients to connect elsewhere; `natsConnection_Reconnect` does so.
 *
 * @param opts The options.
 * @param lameDuckCb The callback, as described for `natsConnectionHandler`; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_events
 */
NATS_EXTERN
enum natsStatus natsOptions_SetLameDuckModeCB(natsOptions *opts,
                                              natsConnectionHandler lameDuckCb,
                                              void *closure);

/**
 * Set the callback that reports that a connection makes no further callbacks.
 *
 * It is called once for each connection that `natsConnection_Connect` returned: after the
 * connection was destroyed and the last callback of it and of its subscriptions has returned. The
 * memory that their closures point to may be freed then. The callback must not use the connection.
 *
 * @param opts The options.
 * @param cb The callback, which is called on any thread, also inside `natsConnection_Destroy`;
 * NULL for none.
 * @param closure The argument of the callback.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_DestroyAndWait
 *
 * @ingroup nats_events
 */
NATS_EXTERN enum natsStatus natsOptions_SetReleasedCB(natsOptions *opts, natsOnCompleteCB cb, void *closure);

/**
 * Set the time for one attempt to connect to one server.
 *
 * The time covers name resolution, TCP, TLS and the handshake.
 *
 * @param opts The options.
 * @param timeout The time in milliseconds; the default is 2000. With 0 every attempt has timed out
 * before it begins.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `timeout` is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_servers
 */
NATS_EXTERN enum natsStatus natsOptions_SetTimeout(natsOptions *opts, int64_t timeout);

/**
 * Set which addresses of a host are tried, and in which order.
 *
 * Addresses of one family are shuffled, unless `natsOptions_SetNoRandomize` is set.
 *
 * @param opts The options.
 * @param order 0 for the order of the resolver, which is the default; 4 or 6 for IPv4 or IPv6
 * only; 46 or 64 for IPv4 or IPv6 first.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `order` is none of these.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_servers
 */
NATS_EXTERN enum natsStatus natsOptions_IPResolutionOrder(natsOptions *opts, int order);

/**
 * Set whether to keep trying when no server can be reached at first.
 *
 * Without a callback, `natsConnection_Connect` blocks and tries again as often as
 * `natsOptions_SetMaxReconnect` says, with the pauses of `natsOptions_SetReconnectWait`. With a
 * callback it returns `NATS_NOT_YET_CONNECTED` and a connection that keeps trying in the
 * background; subscriptions can be made and publishes are kept. The callback reports success; the
 * closed callback reports that the attempts were given up.
 *
 * @param opts The options.
 * @param retry True to keep trying; the default is false.
 * @param connectedCb The callback for a later attempt that succeeds, as described for
 * `natsConnectionHandler`; NULL to block. Ignored if `retry` is false.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_connected(natsConnection *nc, void *closure) { puts("connected"); }
 *
 * natsStatus s = natsOptions_SetRetryOnFailedConnect(opts, true, on_connected, NULL);
 * if (s == NATS_OK) s = natsConnection_Connect(&nc, opts);
 * if (s == NATS_NOT_YET_CONNECTED) s = NATS_OK; // nc exists and connects later
 * ```
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN
enum natsStatus natsOptions_SetRetryOnFailedConnect(natsOptions *opts,
                                                    bool retry,
                                                    natsConnectionHandler connectedCb,
                                                    void *closure);

/**
 * Set whether the server acknowledges each operation with `+OK`.
 *
 * Useful only to study the protocol.
 *
 * @param opts The options.
 * @param verbose The default is false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_options
 */
NATS_EXTERN enum natsStatus natsOptions_SetVerbose(natsOptions *opts, bool verbose);

/**
 * Set whether the server checks subjects strictly.
 *
 * @param opts The options.
 * @param pedantic The default is false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_options
 */
NATS_EXTERN enum natsStatus natsOptions_SetPedantic(natsOptions *opts, bool pedantic);

/**
 * Set whether the server leaves out messages that the connection itself published.
 *
 * Connecting to a server that is too old for this fails with `NATS_NO_SERVER_SUPPORT`.
 *
 * @param opts The options.
 * @param noEcho True to receive none of the connection's own messages; the default is false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_options
 */
NATS_EXTERN enum natsStatus natsOptions_SetNoEcho(natsOptions *opts, bool noEcho);

/**
 * Set whether requests that nobody listens for wait until their timeout.
 *
 * @param opts The options.
 * @param disabled True to wait; with false, the default, such requests fail at once with
 * `NATS_NO_RESPONDERS`.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_request
 */
NATS_EXTERN enum natsStatus natsOptions_DisableNoResponders(natsOptions *opts, bool disabled);

/**
 * Set whether each request uses an inbox and a subscription of its own.
 *
 * By default all requests of a connection share one subscription.
 *
 * @param opts The options.
 * @param useOldStyle The default is false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_request
 */
NATS_EXTERN enum natsStatus natsOptions_UseOldRequestStyle(natsOptions *opts, bool useOldStyle);

/**
 * Set the first part of the inboxes of a connection.
 *
 * For accounts that permit only certain subjects. `natsInbox_Create` does not know a connection
 * and always uses the default.
 *
 * @param opts The options.
 * @param inboxPrefix A subject without wildcards and without a dot at its end, which is copied;
 * NULL or an empty string for the default, `_INBOX`.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the prefix is not such a subject.
 * The previous prefix stays.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_inbox
 */
NATS_EXTERN enum natsStatus natsOptions_SetCustomInboxPrefix(natsOptions *opts, const char *inboxPrefix);

/**
 * Set callbacks that supply the user's JWT and sign the server's nonce.
 *
 * Both are called for each attempt to connect. A JWT consists of three parts of base64url with
 * dots between them, on one line; blanks around it are ignored. Anything else, and an NKey seed in
 * place of the JWT or of the signature, fails the attempt with `NATS_INVALID_ARG` and is not sent.
 * Replaces credentials from files or memory, and an NKey.
 *
 * @param opts The options.
 * @param ujwtCB The callback that supplies the JWT; NULL together with `sigCB` removes JWT
 * credentials of every kind.
 * @param ujwtClosure The last argument of `ujwtCB`. It must stay valid as long as connections made
 * with these options exist.
 * @param sigCB The callback that signs; not called if there is no JWT.
 * @param sigClosure The last argument of `sigCB`. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or only one of the callbacks is NULL.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserCredentialsCallbacks(natsOptions *opts,
                                                        natsUserJWTHandler ujwtCB,
                                                        void *ujwtClosure,
                                                        natsSignatureHandler sigCB,
                                                        void *sigClosure);

/**
 * Set the files with the user's JWT and with the seed of the user's key.
 *
 * The files are read for each attempt to connect and not before, so that a replaced file takes
 * effect with the next attempt. The seed is wiped from memory as soon as it has signed. Each file
 * must be a regular file of at most 1 MiB. If a file cannot be read, or does not hold what it
 * should, the attempt fails with `NATS_ERR` and a text that names the file, the block and the
 * fault.
 *
 * In a file the JWT is the line between two lines decorated with dashes (`-----BEGIN NATS USER
 * JWT-----`), and the seed is the line between two others (`-----BEGIN USER NKEY SEED-----`). If
 * the first lines of the blocks say neither `JWT` nor `SEED`, the first block is the JWT and the
 * second the seed. A file without such lines is a bare JWT, or has the seed on a line that begins
 * with `SU`. The JWT must have the form of one: three parts of base64url with dots between them,
 * on one line. A seed in its place is never sent. Replaces other JWT credentials and an NKey.
 *
 * @param opts The options.
 * @param userOrChainedFile The path of a file with the JWT, and with the seed if there is no other
 * file; copied. NULL or empty, together with `seedFile`, removes JWT credentials of every kind.
 * @param seedFile The path of a file with the seed; NULL or empty if the first file has it.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or there is a seed file without the
 * other file.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsOptions_SetUserCredentialsFromFiles(opts, "/etc/app/user.creds", NULL);
 * ```
 *
 * @see natsOptions_SetUserCredentialsFromMemory
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserCredentialsFromFiles(natsOptions *opts,
                                                        const char *userOrChainedFile,
                                                        const char *seedFile);

/**
 * Set the user's JWT and seed as the text of a credentials file.
 *
 * The blocks have the form that `natsOptions_SetUserCredentialsFromFiles` describes. The library's
 * copy is wiped when the options and all connections made with them are gone. Replaces other JWT
 * credentials and an NKey. The text is looked at when connecting: an attempt fails with
 * `NATS_NOT_FOUND` if it has no JWT or no seed, and with `NATS_INVALID_ARG` if one of them is not
 * valid.
 *
 * @param opts The options.
 * @param jwtAndSeedContent The text, which is copied; NULL removes JWT credentials of every kind.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserCredentialsFromMemory(natsOptions *opts,
                                                         const char *jwtAndSeedContent);

/**
 * Set an NKey and a callback that signs the server's nonce with it.
 *
 * The callback is called for each attempt to connect, except to servers whose URL has a user or a
 * token. If it returns a seed in place of a signature, the seed is not sent and the attempt fails
 * with `NATS_INVALID_ARG`. A key replaces JWT credentials; removing the key leaves them.
 *
 * @param opts The options.
 * @param pubKey The public key, `U...`, which is copied; NULL or empty removes the NKey.
 * @param sigCB The callback that signs.
 * @param sigClosure The last argument of the callback. It must stay valid as long as connections
 * made with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the key is not UTF-8, is a seed
 * (begins with `S`), or has no callback.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetNKeyFromSeed
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetNKey(natsOptions *opts,
                                    const char *pubKey,
                                    natsSignatureHandler sigCB,
                                    void *sigClosure);

/**
 * Set an NKey and the file with its seed.
 *
 * The file is read for each attempt to connect and not before, with the rules of
 * `natsOptions_SetUserCredentialsFromFiles`. A key replaces JWT credentials; removing the key
 * leaves them.
 *
 * @param opts The options.
 * @param pubKey The public key, `U...`, which is copied; NULL or empty removes the NKey.
 * @param seedFile The path of the file, which is copied.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the key is not UTF-8, is a seed
 * (begins with `S`), or has no file.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsOptions_SetNKeyFromSeed(opts, getenv("NATS_NKEY"), "/etc/app/user.nk");
 * ```
 *
 * @see natsOptions_SetNKey
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetNKeyFromSeed(natsOptions *opts,
                                            const char *pubKey,
                                            const char *seedFile);

/**
 * Let an event loop of the program watch the sockets of connections.
 *
 * The library connects and reconnects by itself. Each established socket is handed to the loop,
 * which reports its events with `natsConnection_ProcessReadEvent` and
 * `natsConnection_ProcessWriteEvent`. Callbacks still run on threads of the library. Functions for
 * libuv and libevent are supplied in `nats_rs/adapters/libuv.h` and `libevent.h`. To run callbacks
 * on a thread of the program, use `natsOptions_SetManualDispatch`.
 *
 * The loop gets a duplicate of the socket: the loop closes the duplicate, and the library keeps
 * its own. Attach, read and write are never called at the same time for one connection, but one of
 * them may be called inside another on the same thread. No lock of the library is held during the
 * calls. Flushes and requests on the thread of the loop read and write for the loop while they
 * wait; `natsSubscription_NextMsg` there only takes what has already arrived. The option cannot be
 * unset.
 *
 * @param opts The options.
 * @param loop The second argument of `attachCb`; not used otherwise. It must outlive the
 * connections.
 * @param attachCb Called with each new socket.
 * @param readCb Called when a socket is finished.
 * @param writeCb Called when data waits to be written, and when none is left.
 * @param detachCb Called once when a connection is closed.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG An argument is NULL, or `opts` was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_ProcessDetachedEvent
 *
 * @ingroup nats_loop
 */
NATS_EXTERN
enum natsStatus natsOptions_SetEventLoop(natsOptions *opts,
                                         void *loop,
                                         natsEvLoop_Attach attachCb,
                                         natsEvLoop_ReadAddRemove readCb,
                                         natsEvLoop_WriteAddRemove writeCb,
                                         natsEvLoop_Detach detachCb);

/**
 * Set whether the program runs the callbacks of its connections itself.
 *
 * Message and completion callbacks of subscriptions, connection callbacks and the error handler
 * then wait until the program calls `natsConnection_Dispatch`, and run on the calling thread. The
 * descriptor of `natsConnection_GetDispatchFd` is readable while something waits, so that any
 * event loop can watch it. The library still handles the sockets: PINGs are answered and limits
 * are enforced however late the program is. The order of callbacks does not change.
 *
 * Callbacks that return a value (token, reconnect delay), the one of `natsOptions_SetReleasedCB`
 * and those of `natsOptions_SetEventLoop` stay on threads of the library. The option can be
 * combined with `natsOptions_SetEventLoop`; `natsOptions_UseGlobalMessageDelivery` has no effect
 * with it.
 *
 * A function that waits for callbacks to have run (`natsSubscription_WaitForDrainCompletion`,
 * `natsConnection_DestroyAndWait`) waits for another thread to dispatch them: on the thread that
 * dispatches, give it a limit, or watch the state instead. `js_PublishAsyncComplete` waits for the
 * acks only.
 *
 * @param opts The options.
 * @param manual True to run callbacks with `natsConnection_Dispatch`; the default is false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_Dispatch, natsConnection_GetDispatchFd
 *
 * @ingroup nats_dispatch
 */
NATS_EXTERN enum natsStatus natsOptions_SetManualDispatch(natsOptions *opts, bool manual);

/**
 * Set the number of bytes that are read from and written to the socket in one system call.
 *
 * By default a read takes up to 128 KiB, and the library measures whether writes of up to 48 KiB
 * or of up to 256 KiB are faster on this machine. A size that is set applies to both directions
 * and disables the measurement: data is written in equal pieces of at most this size, and reads
 * take this size, rounded down to a multiple of 16 KiB and within 16 and 128 KiB. The buffers that
 * collect publishes are not affected; they grow and shrink with the load.
 *
 * @param opts The options.
 * @param ioBufSize The size in bytes; less than 4096 counts as 4096; 0 for the default.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the size is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tuning
 */
NATS_EXTERN enum natsStatus natsOptions_SetIOBufSize(natsOptions *opts, int ioBufSize);

/**
 * Set the longest protocol line that may be sent.
 *
 * Subjects, reply subjects and queue groups are part of protocol lines. A server ends a connection
 * whose line exceeds its `max_control_line`, and it does not tell clients the limit. A call whose
 * line would exceed this option fails with `NATS_INVALID_SUBJECT`, or with
 * `NATS_INVALID_QUEUE_NAME` if the group is too long, and nothing is sent. Change it together with
 * the configuration of the servers.
 *
 * @param opts The options.
 * @param bytes The length in bytes as servers count it: subject, reply subject or queue group,
 * numbers, and the blanks between them; 0 for the default of servers, 4096.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the length is negative.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tuning
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxControlLine(natsOptions *opts, int bytes);

/**
 * Set whether every publish and subscribe is written to the socket within the call.
 *
 * By default the library writes shortly after, several operations at once.
 *
 * @param opts The options.
 * @param sendAsap True to write within the call; the default is false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_Send
 *
 * @ingroup nats_tuning
 */
NATS_EXTERN enum natsStatus natsOptions_SetSendAsap(natsOptions *opts, bool sendAsap);

/**
 * Accept the time for which nats.c collects publishes before it writes them; without effect here.
 *
 * The value is checked, kept for compatibility, and not used: the first publish after a pause is
 * written at once, and publishes that follow are collected meanwhile.
 *
 * @param opts The options.
 * @param flusherWaitUs The time in microseconds; 0 for no wait. The default is 1000.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tuning
 */
NATS_EXTERN enum natsStatus natsOptions_SetFlusherWaitMicros(natsOptions *opts, int64_t flusherWaitUs);

/**
 * Set how long a thread that waits for an answer polls the socket before it sleeps.
 *
 * Waking a thread takes the operating system tens of microseconds, more than a nearby server takes
 * to answer. A thread in `natsConnection_Request`, `natsConnection_Flush` and their variants
 * therefore polls the socket for this time and yields the processor in between. So does a thread
 * in `natsSubscription_NextMsg` if something was published on the connection since its last such
 * wait. Polling costs up to this much processor time for each answer. It is done only while
 * answers arrive within five eighths of this time (otherwise every 64th wait tests whether that
 * has changed), by one thread for each two processors of the process at a time, and not with TLS,
 * WebSocket or an event loop of the program.
 *
 * @param opts The options.
 * @param busyPollUs The time in microseconds, at most 1000000; 0 to sleep at once. The default is
 * 250.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative or longer than
 * a second.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetReceiveBusyPoll
 *
 * @ingroup nats_tuning
 */
NATS_EXTERN enum natsStatus natsOptions_SetBusyPoll(natsOptions *opts, int64_t busyPollUs);

/**
 * Set how long a thread of the library polls for the next message before it sleeps.
 *
 * For programs that need latencies of microseconds and can spare a processor. A message that finds
 * all threads asleep has to wait until one wakes, which takes longer than the message itself on
 * virtual machines. With this option the thread that read from the connection and ran its
 * callbacks polls the sockets for this time and yields the processor in between. If messages
 * arrive at shorter intervals, it never sleeps and keeps one processor busy.
 *
 * One thread of the process polls at a time. It polls the sockets of all connections, TLS and
 * WebSocket included, but only activity on a connection with this option starts or prolongs the
 * polling. The option has no effect if the process has a single processor, or with an event loop
 * of the program. Threads in `natsSubscription_NextMsg` and in fixed-size delivery pools still
 * have to be woken by the thread that polls.
 *
 * @param opts The options.
 * @param busyPollUs The time in microseconds, at most 1000000; 0, the default, to sleep at once.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative or longer than
 * a second.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetBusyPoll
 *
 * @ingroup nats_tuning
 */
NATS_EXTERN enum natsStatus natsOptions_SetReceiveBusyPoll(natsOptions *opts, int64_t busyPollUs);

/**
 * Set how long the socket may refuse data before a call fails.
 *
 * When the time has passed, the call that sends fails with `NATS_TIMEOUT` and the connection
 * counts as lost.
 *
 * @param opts The options.
 * @param deadline The time in milliseconds; 0 for no limit, which is the default unless the
 * library was configured otherwise.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tuning
 */
NATS_EXTERN enum natsStatus natsOptions_SetWriteDeadline(natsOptions *opts, int64_t deadline);

/**
 * Set how many messages may wait to be delivered to a subscription.
 *
 * Messages beyond the limit are dropped. Unless `natsOptions_SetMaxPendingBytes` is called too,
 * the limit in bytes is 1024 times this number. `natsSubscription_SetPendingLimits` changes both
 * limits of one subscription.
 *
 * @param opts The options.
 * @param maxPending The number of messages, at least 1. The default is 65536.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the number is not positive.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxPendingMsgs(natsOptions *opts, int maxPending);

/**
 * Set how many bytes may wait to be delivered to a subscription.
 *
 * Headers and payloads count. Messages beyond the limit are dropped.
 * `natsSubscription_SetPendingLimits` changes the limit of one subscription.
 *
 * @param opts The options.
 * @param maxPending The number of bytes, at least 1; larger numbers than an `int` can hold count
 * as the largest `int`. The default is 1024 times the limit of `natsOptions_SetMaxPendingMsgs`.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the number is not positive.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxPendingBytes(natsOptions *opts, int64_t maxPending);

/**
 * Set the number of zero bytes behind the payload of received messages.
 *
 * For programs that read past the end of the payload. The bytes do not count in its length. At
 * least one zero byte is always there. With padding, received messages are copied.
 *
 * @param opts The options.
 * @param paddingSize The number of bytes; the default is 0.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the size is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_options
 */
NATS_EXTERN enum natsStatus natsOptions_SetMessageBufferPadding(natsOptions *opts, int paddingSize);

/**
 * Set whether message callbacks run in the fixed-size pool that all connections share.
 *
 * Each subscription then stays with one thread of the pool, and a callback that blocks delays
 * every subscription of that thread. `nats_SetMessageDeliveryPoolSize` sets the size. By default
 * callbacks run in a pool that grows when callbacks block.
 *
 * @param opts The options.
 * @param global The default is false, unless the library was configured otherwise.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see nats_SetMessageDeliveryPoolSize
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsOptions_UseGlobalMessageDelivery(natsOptions *opts, bool global);

/**
 * Set a callback that chooses the server of each attempt to reconnect.
 *
 * It is called before each attempt, with the servers that may be tried and the pause before the
 * attempt, which it may change. It is not called for the first connect, unless that continues in
 * the background (`natsOptions_SetRetryOnFailedConnect`). The limit of
 * `natsOptions_SetMaxReconnect` holds for each server, whoever chooses it.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param opts The options.
 * @param cb The callback, as described for `natsNextServerHandler`; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static int prefer_local(natsConnection *nc, const char *const *servers, int count,
 *                         int64_t *pause, void *closure) {
 *     for (int i = 0; i < count; i++)
 *         if (strstr(servers[i], "localhost") != NULL) return i;
 *     return 0;
 * }
 *
 * natsStatus s = natsOptions_SetNextServerHandler(opts, prefer_local, NULL);
 * ```
 *
 * @see natsConnection_SetServers, natsOptions_SetCustomReconnectDelay
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN
enum natsStatus natsOptions_SetNextServerHandler(natsOptions *opts,
                                                 natsNextServerHandler cb,
                                                 void *closure);

/**
 * Set a callback that connects to servers in place of the library.
 *
 * It is called for each attempt to connect and replaces name resolution and TCP; TLS and the
 * handshake follow as usual. If it fails, `natsConnection_Connect` returns `NATS_NO_SERVER`.
 * Replaces the proxy of `natsOptions_SetProxyURL`.
 *
 * @param opts The options.
 * @param proxyConnHandler The callback, as described for `natsProxyConnHandler`; NULL to connect
 * directly.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_proxy
 */
NATS_EXTERN
enum natsStatus natsOptions_SetProxyConnHandler(natsOptions *opts,
                                                natsProxyConnHandler proxyConnHandler,
                                                void *closure);

/**
 * Set the proxy through which servers are reached.
 *
 * `http://[user[:password]@]host[:port]` is a proxy with the CONNECT method of HTTP, default port
 * 80; `socks5://...` and `socks5h://...` are SOCKS5 proxies, default port 1080. User and password
 * may be percent-encoded, and are sent unencrypted. The proxy resolves the names of the servers.
 * The time that it takes is part of the timeout of the attempt. If the proxy refuses, the attempt
 * fails with `NATS_NO_SERVER` and a text that has its answer. Replaces the callback of
 * `natsOptions_SetProxyConnHandler`.
 *
 * @param opts The options.
 * @param url The URL of the proxy, which is copied; NULL or empty to connect directly.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the URL cannot be used.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_proxy
 */
NATS_EXTERN enum natsStatus natsOptions_SetProxyURL(natsOptions *opts, const char *url);

/**
 * Set the local address to connect from.
 *
 * Only addresses of the same family (IPv4, IPv6) of a server, or of its proxy, are then tried. If
 * this machine does not have the address, connecting fails with `NATS_NO_SERVER`. Has no effect on
 * `natsOptions_SetProxyConnHandler`.
 *
 * @param opts The options.
 * @param ip The address, such as `192.0.2.7` or `::1`, which is copied; NULL or empty for any.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `ip` is not an address.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_proxy
 */
NATS_EXTERN enum natsStatus natsOptions_SetLocalAddress(natsOptions *opts, const char *ip);

/**
 * Set whether a lost connection is restored.
 *
 * @param opts The options.
 * @param allow True, the default, to reconnect; false to close a connection that is lost.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetAllowReconnect(natsOptions *opts, bool allow);

/**
 * Set whether an unknown error reported by the server leads to a reconnect.
 *
 * `natsOptions_SetErrorHandler` has a table of the errors that are known.
 *
 * @param opts The options.
 * @param reconnect True to reconnect; with false, the default, the connection is closed.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetReconnectOnProtocolError(natsOptions *opts, bool reconnect);

/**
 * Set the number of attempts to reconnect to each server.
 *
 * A server that has used up its attempts is removed from the list; when the list is empty the
 * connection is closed. A success resets the count. A connection that is lost within a second of
 * its handshake is no success: its attempts keep counting, and the full pause precedes the next
 * one.
 *
 * @param opts The options.
 * @param maxReconnect The number of attempts for each server, not for all together; negative for
 * no limit; 0 for none. The default is 60.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxReconnect(natsOptions *opts, int maxReconnect);

/**
 * Set the pause before each pass over the list of servers while reconnecting.
 *
 * @param opts The options.
 * @param reconnectWait The time in milliseconds; 0 for no pause. The default is 2000.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetReconnectJitter
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetReconnectWait(natsOptions *opts, int64_t reconnectWait);

/**
 * Set the largest random time that is added to the pause of `natsOptions_SetReconnectWait`.
 *
 * It prevents clients that lost the same server from returning at the same moment.
 *
 * @param opts The options.
 * @param jitter The time in milliseconds for connections without TLS. The default is 100.
 * @param jitterTLS The time in milliseconds for connections with TLS. The default is 1000.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a time is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN
enum natsStatus natsOptions_SetReconnectJitter(natsOptions *opts,
                                               int64_t jitter,
                                               int64_t jitterTLS);

/**
 * Set a callback that computes the pause before each pass over the list of servers.
 *
 * It replaces `natsOptions_SetReconnectWait` and `natsOptions_SetReconnectJitter`.
 *
 * @param opts The options.
 * @param cb The callback, as described for `natsCustomReconnectDelayHandler`, which runs on a
 * thread of the library; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN
enum natsStatus natsOptions_SetCustomReconnectDelay(natsOptions *opts,
                                                    natsCustomReconnectDelayHandler cb,
                                                    void *closure);

/**
 * Set the number of published bytes that are kept while reconnecting.
 *
 * When the buffer is full, publishing fails with `NATS_INSUFFICIENT_BUFFER` until the connection
 * is restored. Kept messages that the next server does not accept are dropped and reported to the
 * error handler.
 *
 * @param opts The options.
 * @param reconnectBufSize The size in bytes; 0 for the default, 8388608.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the size is negative.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetReconnectBufSize(natsOptions *opts, int reconnectBufSize);

/**
 * Set whether to keep reconnecting when a server refuses the credentials twice in a row.
 *
 * @param opts The options.
 * @param ignore True to keep trying; with false, the default, the connection is closed.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetIgnoreAuthErrorAbort(natsOptions *opts, bool ignore);

/**
 * Set how often the client sends a PING to detect a server that is gone.
 *
 * @param opts The options.
 * @param interval The time in milliseconds; zero or less for never. The default is 120000.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetMaxPingsOut
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetPingInterval(natsOptions *opts, int64_t interval);

/**
 * Set the number of unanswered PINGs after which the connection counts as lost.
 *
 * @param opts The options.
 * @param maxPingsOut The number of PINGs that may be unanswered; with zero or less the first PING
 * that is due ends the connection. The default is 2.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetPingInterval
 *
 * @ingroup nats_reconnect
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxPingsOut(natsOptions *opts, int maxPingsOut);

/**
 * Set whether servers that the cluster announces are ignored.
 *
 * @param opts The options.
 * @param ignore True to connect only to the servers that the options name; the default is false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_servers
 */
NATS_EXTERN enum natsStatus natsOptions_SetIgnoreDiscoveredServers(natsOptions *opts, bool ignore);

/**
 * Set whether pending requests fail when the connection is lost.
 *
 * @param opts The options.
 * @param failRequests True to fail them with `NATS_CONNECTION_DISCONNECTED`; with false, the
 * default, they keep waiting across the reconnect.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_request
 */
NATS_EXTERN enum natsStatus natsOptions_SetFailRequestsOnDisconnect(natsOptions *opts, bool failRequests);

/**
 * Set the server to connect to first.
 *
 * The form is `[scheme://][user[:password]@ | token@]host[:port]`; the default scheme is `nats`,
 * the default port 4222. The scheme `tls` requires TLS of all servers, unless
 * `natsOptions_SetSecure` was called. User and password may be percent-encoded. Without this
 * option and `natsOptions_SetServers` the server is `nats://localhost:4222`. No error text
 * contains a part of a URL that might be a password or a token.
 *
 * `ws://...[/path]` and `wss://...[/path]` are for the WebSocket listener of a server (an
 * addition: nats.c does not have them). The default ports are 80 and 443 (RFC 6455); the path may
 * have a query. `wss` is WebSocket over TLS with all TLS options, and requires TLS of all servers
 * as `tls` does: servers with `ws` are then refused with `NATS_SECURE_CONNECTION_WANTED`. Either
 * all servers of a connection use WebSocket or none does; servers that the cluster announces get
 * the scheme, path and query of the announcing server. A server that does not answer the request
 * with WebSocket fails the attempt with `NATS_NO_SERVER`, with its status line in the last error,
 * or with `NATS_PROTOCOL_ERROR`.
 *
 * @param opts The options.
 * @param url The URL of the server, which is copied; white space around it is ignored. NULL for
 * none.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `url` is not UTF-8 or has a scheme
 * other than `nats`, `tls`, `ws` and `wss`. The previous URL stays. `natsConnection_Connect`
 * checks the rest of the URL.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsOptions_SetURL(opts, "tls://user:pass%40word@nats.example:4222");
 * ```
 *
 * @see natsOptions_SetServers, natsOptions_SetWebSocketHeader
 *
 * @ingroup nats_servers
 */
NATS_EXTERN enum natsStatus natsOptions_SetURL(natsOptions *opts, const char *url);

/**
 * Set the list of servers to connect to, replacing the previous list.
 *
 * The servers are tried in random order, unless `natsOptions_SetNoRandomize` is set, and after the
 * server of `natsOptions_SetURL`.
 *
 * @param opts The options.
 * @param servers An array of URLs in the form of `natsOptions_SetURL`, which are copied. NULL
 * together with a count of 0 empties the list.
 * @param serversCount The number of URLs.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `servers` and `serversCount` do not
 * match, or an element is NULL, not UTF-8, or has a scheme that `natsOptions_SetURL` refuses. The
 * previous list stays.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * const char *servers[] = {"nats://a.example", "nats://b.example", "nats://c.example"};
 * natsStatus s = natsOptions_SetServers(opts, servers, 3);
 * ```
 *
 * @ingroup nats_servers
 */
NATS_EXTERN enum natsStatus natsOptions_SetServers(natsOptions *opts, const char **servers, int serversCount);

/**
 * Set whether servers, and the addresses of a host, are tried in the given order.
 *
 * @param opts The options.
 * @param noRandomize True to keep the order; with false, the default, it is random.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_servers
 */
NATS_EXTERN enum natsStatus natsOptions_SetNoRandomize(natsOptions *opts, bool noRandomize);

/**
 * Set the name that the server's monitoring shows for the client.
 *
 * @param opts The options.
 * @param name The name, which is copied; NULL for none.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `name` is not UTF-8 or contains an
 * NKey seed, which must not be sent.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_options
 */
NATS_EXTERN enum natsStatus natsOptions_SetName(natsOptions *opts, const char *name);

/**
 * Set the user and password for servers whose URL has no credentials.
 *
 * @param opts The options.
 * @param user The user, which is copied; NULL for none.
 * @param password The password, which is copied; NULL for none.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a text is not UTF-8 or contains an
 * NKey seed, which must not be sent.
 * @retval NATS_ILLEGAL_STATE A user callback is set.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsOptions_SetUserInfo(opts, "alice", getenv("NATS_PASSWORD"));
 * ```
 *
 * @see natsOptions_SetUserInfoHandler
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserInfo(natsOptions *opts,
                                        const char *user,
                                        const char *password);

/**
 * Set the token for servers whose URL has no credentials.
 *
 * @param opts The options.
 * @param token The token, which is copied; NULL for none.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the token is not UTF-8 or contains
 * an NKey seed, which must not be sent.
 * @retval NATS_ILLEGAL_STATE A token callback is set.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsOptions_SetToken(opts, getenv("NATS_TOKEN"));
 * ```
 *
 * @see natsOptions_SetTokenHandler
 *
 * @ingroup nats_auth
 */
NATS_EXTERN enum natsStatus natsOptions_SetToken(natsOptions *opts, const char *token);

/**
 * Set a callback that supplies the token for each attempt to connect.
 *
 * An attempt fails with `NATS_ILLEGAL_STATE` if the URL of the server has a token, and with
 * `NATS_INVALID_ARG` if the callback's token contains an NKey seed; nothing is sent then.
 *
 * @param opts The options.
 * @param tokenCb The callback, which runs on the thread that connects; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE A token is set.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetToken
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetTokenHandler(natsOptions *opts,
                                            natsTokenHandler tokenCb,
                                            void *closure);

/**
 * Set whether connections must use TLS.
 *
 * If TLS is required, a server that does not offer it is refused with
 * `NATS_SECURE_CONNECTION_WANTED` before anything secret is sent. If not, TLS is used with servers
 * that require it; a connection that has met such a server requires TLS of all later ones. Once
 * this function was called, the scheme `tls://` of a URL has no effect on the choice.
 *
 * TLS is of version 1.2 or 1.3. Certificates are checked against those that the system trusts,
 * which are read once for each process, and those added by `natsOptions_LoadCATrustedCertificates`
 * and its variants. The environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others in
 * place of the system's, except in a program with set-uid, set-gid or capabilities. Certificates
 * may be for ECDSA with P-256 or P-384, Ed25519, or RSA of at least 2048 bits.
 *
 * @param opts The options.
 * @param secure True to require TLS. False, the default, not to require it; then all TLS settings
 * are removed: certificates, keys, ciphers, names.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 *
 * @note In contrast to the other TLS functions, this one may be called while connections made with
 * the options exist. It does not affect them.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_SetSecure(natsOptions *opts, bool secure);

/**
 * Require TLS, and start it as soon as TCP is connected.
 *
 * The server must be configured in the same way (`handshake_first`); otherwise client and server
 * wait for each other until the attempt times out. The option is removed only by
 * `natsOptions_SetSecure` with false.
 *
 * @param opts The options.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_TLSHandshakeFirst(natsOptions *opts);

/**
 * Allow the verification callback to run several times at once.
 *
 * Concerns connections that share these options. Handshakes themselves never wait for each other
 * in this library. The option is removed only by `natsOptions_SetSecure` with false.
 *
 * @param opts The options.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetSSLVerificationCallback
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_AllowConcurrentTLSHandshakes(natsOptions *opts);

/**
 * Trust the certificates in a file, in addition to the system's.
 *
 * The file is read now, to detect mistakes, and again at each handshake, so that a replaced file
 * takes effect with the next connect or reconnect. It may hold several certificates, also with the
 * labels `X509 CERTIFICATE` and `TRUSTED CERTIFICATE`, and may begin with a byte-order mark.
 * Certificates that cannot be read are skipped, unless none is left; if a handshake then fails
 * because the issuer is unknown, the error names them by number. Revocation lists in the file are
 * applied as `natsOptions_SetCATrustedCertificates` describes. A self-signed server certificate in
 * the file is trusted for its own names and during its validity.
 *
 * @param opts The options.
 * @param fileName The name of a PEM file.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `fileName` is NULL or empty.
 * @retval NATS_SSL_ERROR The file cannot be read or holds no usable certificate.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsOptions_SetSecure(opts, true);
 * if (s == NATS_OK) s = natsOptions_LoadCATrustedCertificates(opts, "/etc/app/ca.pem");
 * ```
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_LoadCATrustedCertificates(natsOptions *opts, const char *fileName);

/**
 * Trust the certificates in the files of a directory, in addition to the system's.
 *
 * The directory is read now and again at each handshake. Each PEM file in it that holds
 * certificates or revocation lists counts, whatever its name. Other files and subdirectories are
 * ignored.
 *
 * @param opts The options.
 * @param path The name of the directory.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `path` is NULL or empty.
 * @retval NATS_SSL_ERROR The directory cannot be read or holds no certificate.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_LoadCATrustedCertificatesPath(natsOptions *opts, const char *path);

/**
 * Trust the certificates in a text, in addition to the system's.
 *
 * If the text has certificate revocation lists, the certificates of the server and of its issuers
 * must not be revoked, and each of their issuers must have a list that has not expired.
 *
 * @param opts The options.
 * @param certificates One or more certificates in PEM form, one after the other; copied.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `certificates` is NULL or empty.
 * @retval NATS_SSL_ERROR The text has no usable certificate.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_SetCATrustedCertificates(natsOptions *opts, const char *certificates);

/**
 * Refuse servers whose certificate was revoked.
 *
 * The certificates of the server and of its issuers must not be in the list, and each of their
 * issuers must have a list here that has not expired. The file is read now, to check that it can
 * be, and again at each handshake, so that a replaced list takes effect with the next connect or
 * reconnect.
 *
 * @param opts The options.
 * @param fileName The name of a file with one or more lists (PEM, or one list in DER); NULL for
 * none.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `fileName` is empty.
 * @retval NATS_SSL_ERROR The file cannot be read or holds no list.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_SetTLSRevocationListFile(natsOptions *opts, const char *fileName);

/**
 * Set the name that the certificate of the server must have.
 *
 * Without this option the name is the host of the server's URL or, for a server that another one
 * announced, the host by which the announcing server was reached. The host of the URL is also sent
 * to the server (SNI); if it is an address, the expected name is sent.
 *
 * @param opts The options.
 * @param hostname A host name or an IP address, which is copied; NULL or empty for none.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `hostname` cannot be the name of a
 * host.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_SetExpectedHostname(natsOptions *opts, const char *hostname);

/**
 * Set whether every certificate of a server is accepted.
 *
 * For tests only: anyone between the client and the server can read and change the data. Trusted
 * certificates are then not read.
 *
 * @param opts The options.
 * @param skip True to check nothing, which also removes a verification callback; the default is
 * false.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_SkipServerVerification(natsOptions *opts, bool skip);

/**
 * Set a callback that decides whether to accept a server.
 *
 * The callback is called once in each handshake with the library's verdict on the certificate.
 * There is no OpenSSL here and therefore no `X509_STORE_CTX`: the second argument is NULL. That
 * the server has the private key of its certificate is checked in any case. A callback switches
 * `natsOptions_SkipServerVerification` off.
 *
 * @param opts The options.
 * @param callback The callback, as described for `natsSSLVerifyCb`; NULL for none.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_AllowConcurrentTLSHandshakes
 *
 * @ingroup nats_tls
 */
NATS_EXTERN
enum natsStatus natsOptions_SetSSLVerificationCallback(natsOptions *opts,
                                                       natsSSLVerifyCb callback);

/**
 * Set the client's certificate and key from files.
 *
 * The certificate is shown to servers that ask for one. The files are read now. The certificate
 * comes first, then those of its issuers. The key is in PKCS#8, PKCS#1 or SEC1 form and not
 * encrypted: RSA of at least 2048 bits, ECDSA with P-256 or P-384, or Ed25519.
 *
 * @param opts The options.
 * @param certsFileName The name of a PEM file with the certificates.
 * @param keyFileName The name of a PEM file with the key; it may be the same file.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a name is NULL or empty.
 * @retval NATS_SSL_ERROR A file cannot be read or used, or the key does not belong to the
 * certificate.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsOptions_LoadCertificatesChain(opts, "client.pem", "client-key.pem");
 * ```
 *
 * @see natsOptions_LoadCertificatesChainDynamic
 *
 * @ingroup nats_tls
 */
NATS_EXTERN
enum natsStatus natsOptions_LoadCertificatesChain(natsOptions *opts,
                                                  const char *certsFileName,
                                                  const char *keyFileName);

/**
 * Set the client's certificate and key from files that are read at each handshake.
 *
 * A renewed certificate is used from the next connect or reconnect on. Nothing is read now: files
 * that cannot be read or used fail the attempt with `NATS_SSL_ERROR`.
 *
 * @param opts The options.
 * @param certsFileName The name of a PEM file, as for `natsOptions_LoadCertificatesChain`.
 * @param keyFileName The name of a PEM file with the key.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a name is NULL or empty.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN
enum natsStatus natsOptions_LoadCertificatesChainDynamic(natsOptions *opts,
                                                         const char *certsFileName,
                                                         const char *keyFileName);

/**
 * Set the client's certificate and key from memory.
 *
 * The certificate is shown to servers that ask for one.
 *
 * @param opts The options.
 * @param cert The certificate in PEM form, followed by those of its issuers if necessary; copied.
 * @param key The key in PEM form, as for `natsOptions_LoadCertificatesChain`; copied.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a text is NULL or empty.
 * @retval NATS_SSL_ERROR A text cannot be used, or the key does not belong to the certificate.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_tls
 */
NATS_EXTERN
enum natsStatus natsOptions_SetCertificatesChain(natsOptions *opts,
                                                 const char *cert,
                                                 const char *key);

/**
 * Set the ciphers for TLS 1.2, in order of preference.
 *
 * The syntax is that of OpenSSL: names separated by colons, such as
 * `ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305`, and groups such as `DEFAULT`,
 * `HIGH`, `ECDHE+AESGCM`, with `!` or `-` before what is left out. Six ciphers exist: `ECDHE` with
 * `ECDSA` or `RSA`, each with `AES256-GCM-SHA384`, `AES128-GCM-SHA256` or `CHACHA20-POLY1305`.
 *
 * @param opts The options.
 * @param ciphers The list.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `ciphers` is NULL or empty.
 * @retval NATS_SSL_ERROR A name is unknown or not supported (the last error has the name), or no
 * cipher is left.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetCipherSuites
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_SetCiphers(natsOptions *opts, const char *ciphers);

/**
 * Set the cipher suites for TLS 1.3, in order of preference.
 *
 * @param opts The options.
 * @param ciphers Names separated by colons, from `TLS_AES_256_GCM_SHA384`,
 * `TLS_AES_128_GCM_SHA256` and `TLS_CHACHA20_POLY1305_SHA256`.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `ciphers` is NULL or empty.
 * @retval NATS_SSL_ERROR A name is unknown; the last error has it.
 * @retval NATS_ILLEGAL_STATE A connection made with these options exists.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsOptions_SetCiphers
 *
 * @ingroup nats_tls
 */
NATS_EXTERN enum natsStatus natsOptions_SetCipherSuites(natsOptions *opts, const char *ciphers);

/**
 * Set a callback that supplies user and password for each attempt to connect.
 *
 * For passwords that change: the callback is called for the first connect and for each reconnect.
 * An attempt fails with `NATS_ILLEGAL_STATE` if the URL of the server has a user, and with
 * `NATS_INVALID_ARG` if user or password is not UTF-8 or contains an NKey seed; nothing is sent
 * then.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param opts The options.
 * @param cb The callback, which runs on the thread that connects; NULL for none.
 * @param closure The last argument of the callback. It must stay valid as long as connections made
 * with these options exist.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE A user is set.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static natsStatus on_user(char **user, char **password, char **error, void *closure) {
 *     *user = strdup("billing");
 *     *password = strdup((const char *)closure);
 *     return *user != NULL && *password != NULL ? NATS_OK : NATS_NO_MEMORY;
 * }
 *
 * natsStatus s = natsOptions_SetUserInfoHandler(opts, on_user, (void *)"secret");
 * ```
 *
 * @see natsOptions_SetUserInfo, natsOptions_SetTokenHandler
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserInfoHandler(natsOptions *opts,
                                               natsUserInfoHandler cb,
                                               void *closure);

/**
 * Set a header of the HTTP request that opens a WebSocket.
 *
 * Applies to servers with `ws://` and `wss://` URLs, for example to send `Authorization`, `Cookie`
 * or `Origin` to an HTTP server in front of the NATS server. Each name has one value; a call with
 * the same name, compared without regard to case, replaces it. The number of names is not limited.
 * The headers are sent with each attempt to connect, unencrypted with `ws://`. Headers of the
 * handshake itself cannot be set: `Host`, `Connection`, `Upgrade`, `Sec-WebSocket-*`, and those
 * that describe a body.
 *
 * @param opts The options.
 * @param name The name of the header, which is copied.
 * @param value The value, which is copied without the blanks around it; NULL to remove the header.
 *
 * @retval NATS_OK The option was set.
 * @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `name` is NULL, is not valid in
 * HTTP or belongs to the handshake, `value` has a line end or another control character, a text is
 * not UTF-8, or both together are longer than 8 KiB. The options do not change.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_websocket
 */
NATS_EXTERN
enum natsStatus natsOptions_SetWebSocketHeader(natsOptions *opts,
                                               const char *name,
                                               const char *value);

/**
 * Publish a payload on a subject.
 *
 * The message is copied into the buffer of the connection and written soon, together with others.
 * `natsConnection_Send` writes it within the call, and `natsConnection_Flush` waits until the
 * server has it. Messages published by one thread keep their order. While the connection
 * reconnects, messages are kept up to the limit of `natsOptions_SetReconnectBufSize`. If the
 * socket accepts less than is published, the call waits for room, up to the write deadline.
 * Protocol: PUB.
 *
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `dataLen` is negative, or `data` is NULL
 * while `dataLen` is not 0.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static const unsigned char reading[] = {0x17, 0x03, 0x00, 0x2a};
 * natsStatus s = natsConnection_Publish(nc, "sensor.7", reading, (int)sizeof(reading));
 * ```
 *
 * @see natsConnection_PublishMsg, natsOptions_SetReconnectBufSize, natsOptions_SetWriteDeadline
 *
 * @ingroup nats_publish
 */
NATS_EXTERN
enum natsStatus natsConnection_Publish(natsConnection *nc,
                                       const char *subj,
                                       const void *data,
                                       int dataLen);

/**
 * Publish a string on a subject.
 *
 * The string, without its NUL, is copied into the buffer of the connection and written soon,
 * together with other messages. While the connection reconnects, messages are kept up to the limit
 * of `natsOptions_SetReconnectBufSize`. `natsConnection_Publish` describes the order of messages
 * and waiting for room. Protocol: PUB.
 *
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param str The payload, a string whose NUL is not sent; NULL for an empty payload. Copied.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsConnection_PublishString(nc, "greet.world", "hello");
 * ```
 *
 * @see natsConnection_Publish
 *
 * @ingroup nats_publish
 */
NATS_EXTERN
enum natsStatus natsConnection_PublishString(natsConnection *nc,
                                             const char *subj,
                                             const char *str);

/**
 * Publish a message with its reply subject and headers.
 *
 * The message is copied into the buffer of the connection and written soon, together with others.
 * A received message can be published unchanged on its own subject; its headers are then sent as
 * they were received. `natsConnection_Publish` describes the order of messages, waiting for room
 * and reconnects. Protocol: PUB and HPUB; headers: ADR-4.
 *
 * @param nc The connection.
 * @param msg The message, which is copied and remains the caller's. No other thread may use it
 * during the call.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, or `msg` is NULL.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 * @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsMsg *msg = NULL;
 * natsStatus s = natsMsg_Create(&msg, "orders.new", NULL, "{}", 2);
 * if (s == NATS_OK) s = natsMsgHeader_Set(msg, "Content-Type", "application/json");
 * if (s == NATS_OK) s = natsConnection_PublishMsg(nc, msg);
 * natsMsg_Destroy(msg);
 * ```
 *
 * @see natsMsg_Create, natsMsgHeader_Set
 *
 * @ingroup nats_publish
 */
NATS_EXTERN enum natsStatus natsConnection_PublishMsg(natsConnection *nc, natsMsg *msg);

/**
 * Publish a payload with a subject for replies, without waiting for a reply.
 *
 * The message is copied into the buffer of the connection and written soon, together with others.
 * To receive the replies, all of them, subscribe to the reply subject first.
 * `natsConnection_Publish` describes the order of messages, waiting for room and reconnects.
 * Protocol: PUB with a reply subject.
 *
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param reply The subject for replies; not empty.
 * @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `reply` is NULL or empty, `dataLen` is
 * negative, or `data` is NULL while `dataLen` is not 0.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsInbox_Create, natsConnection_Request
 *
 * @ingroup nats_publish
 */
NATS_EXTERN
enum natsStatus natsConnection_PublishRequest(natsConnection *nc,
                                              const char *subj,
                                              const char *reply,
                                              const void *data,
                                              int dataLen);

/**
 * Publish a string with a subject for replies, without waiting for a reply.
 *
 * The string, without its NUL, is copied into the buffer of the connection and written soon,
 * together with other messages. To receive the replies, all of them, subscribe to the reply
 * subject first. `natsConnection_Publish` describes the order of messages, waiting for room and
 * reconnects. Protocol: PUB with a reply subject.
 *
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param reply The subject for replies; not empty.
 * @param str The payload, a string whose NUL is not sent; NULL for an empty payload. Copied.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, or `reply` is NULL or empty.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsInbox_Create, natsConnection_RequestString
 *
 * @ingroup nats_publish
 */
NATS_EXTERN
enum natsStatus natsConnection_PublishRequestString(natsConnection *nc,
                                                    const char *subj,
                                                    const char *reply,
                                                    const char *str);

/**
 * Publish a payload and write it to the socket within the call.
 *
 * For a message that must not wait for others to share a system call with. Messages published
 * before are written first. While the connection reconnects, the message is kept up to the limit
 * of `natsOptions_SetReconnectBufSize`. The call does not wait for the server;
 * `natsConnection_Flush` does. Protocol: PUB.
 *
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `dataLen` is negative, or `data` is NULL
 * while `dataLen` is not 0.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_Publish, natsOptions_SetSendAsap
 *
 * @ingroup nats_publish
 */
NATS_EXTERN
enum natsStatus natsConnection_Send(natsConnection *nc,
                                    const char *subj,
                                    const void *data,
                                    int dataLen);

/**
 * Publish a message with its reply subject and headers, and write it to the socket within the
 * call.
 *
 * For a message that must not wait for others to share a system call with. Messages published
 * before are written first. While the connection reconnects, the message is kept up to the limit
 * of `natsOptions_SetReconnectBufSize`. Protocol: PUB and HPUB; headers: ADR-4.
 *
 * @param nc The connection.
 * @param msg The message, which remains the caller's. No other thread may use it during the call.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, or `msg` is NULL.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 * @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_PublishMsg
 *
 * @ingroup nats_publish
 */
NATS_EXTERN enum natsStatus natsConnection_SendMsg(natsConnection *nc, natsMsg *msg);

/**
 * Publish a payload with a subject for replies, and write it to the socket within the call.
 *
 * Does not wait for a reply: to receive the replies, subscribe to the reply subject first.
 * Messages published before are written first. While the connection reconnects, the message is
 * kept up to the limit of `natsOptions_SetReconnectBufSize`. Protocol: PUB with a reply subject.
 *
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param reply The subject for replies; not empty.
 * @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 *
 * @retval NATS_OK The message was accepted. It is sent before anything that this thread publishes
 * later.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `reply` is NULL or empty, `dataLen` is
 * negative, or `data` is NULL while `dataLen` is not 0.
 * @retval NATS_INVALID_SUBJECT A subject is NULL or empty, has white space or control characters,
 * or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_TIMEOUT The socket did not accept data within the write deadline; the connection
 * counts as lost. The message was not accepted, except that one of 80 KiB or more that was partly
 * written is sent after the reconnect.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory for the message could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_PublishRequest, natsConnection_Request
 *
 * @ingroup nats_publish
 */
NATS_EXTERN
enum natsStatus natsConnection_SendRequest(natsConnection *nc,
                                           const char *subj,
                                           const char *reply,
                                           const void *data,
                                           int dataLen);

/**
 * Send a request and wait for the first reply.
 *
 * The request is written within the call, behind everything that was published before. Later
 * replies are discarded. The wait continues across a reconnect, unless
 * `natsOptions_SetFailRequestsOnDisconnect` is set. All requests of a connection share one
 * subscription, unless `natsOptions_UseOldRequestStyle` is set. Protocol: request-reply of NATS;
 * the status 503 for a request without responders is described by ADR-4.
 *
 * @param replyMsg Receives the reply, which the caller owns and releases with `natsMsg_Destroy`.
 * NULL with any status other than `NATS_OK`.
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 * @param timeout The longest time to wait for the reply in milliseconds. The request is sent even
 * if this is zero or negative.
 *
 * @retval NATS_OK A reply arrived.
 * @retval NATS_TIMEOUT No reply arrived in time, or the socket did not accept the request within
 * the write deadline.
 * @retval NATS_NO_RESPONDERS Nobody is subscribed to the subject.
 * @retval NATS_INVALID_ARG `replyMsg` is NULL, `nc` is NULL or was destroyed, `dataLen` is
 * negative, or `data` is NULL while `dataLen` is not 0.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
 * characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
 * `natsOptions_SetFailRequestsOnDisconnect` is set.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. A callback that runs on the only thread that
 * could produce the reply waits in vain.
 *
 * @par Example
 * ```c
 * natsMsg *reply = NULL;
 * natsStatus s = natsConnection_Request(&reply, nc, "time.now", NULL, 0, 1000);
 * if (s == NATS_OK) printf("%.*s\n", natsMsg_GetDataLength(reply), natsMsg_GetData(reply));
 * else if (s == NATS_NO_RESPONDERS) puts("the service is not running");
 * natsMsg_Destroy(reply);
 * ```
 *
 * @see natsConnection_RequestMsg, natsConnection_PublishRequest
 *
 * @ingroup nats_request
 */
NATS_EXTERN
enum natsStatus natsConnection_Request(natsMsg **replyMsg,
                                       natsConnection *nc,
                                       const char *subj,
                                       const void *data,
                                       int dataLen,
                                       int64_t timeout);

/**
 * Send a string as a request and wait for the first reply.
 *
 * The request, the string without its NUL, is written within the call, behind everything that was
 * published before. Later replies are discarded. The wait continues across a reconnect, unless
 * `natsOptions_SetFailRequestsOnDisconnect` is set. Protocol: request-reply of NATS; no
 * responders: ADR-4.
 *
 * @param replyMsg Receives the reply, which the caller owns and releases with `natsMsg_Destroy`.
 * NULL with any status other than `NATS_OK`.
 * @param nc The connection.
 * @param subj The subject; not empty, without wildcards, white space or control characters.
 * @param str The payload, a string whose NUL is not sent; NULL for an empty payload.
 * @param timeout The longest time to wait for the reply in milliseconds. The request is sent even
 * if this is zero or negative.
 *
 * @retval NATS_OK A reply arrived.
 * @retval NATS_TIMEOUT No reply arrived in time, or the socket did not accept the request within
 * the write deadline.
 * @retval NATS_NO_RESPONDERS Nobody is subscribed to the subject.
 * @retval NATS_INVALID_ARG `replyMsg` is NULL, or `nc` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
 * characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
 * `natsOptions_SetFailRequestsOnDisconnect` is set.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. A callback that runs on the only thread that
 * could produce the reply waits in vain.
 *
 * @par Example
 * ```c
 * natsMsg *reply = NULL;
 * natsStatus s = natsConnection_RequestString(&reply, nc, "greet", "world", 1000);
 * if (s == NATS_OK) puts(natsMsg_GetData(reply));
 * natsMsg_Destroy(reply);
 * ```
 *
 * @see natsConnection_Request
 *
 * @ingroup nats_request
 */
NATS_EXTERN
enum natsStatus natsConnection_RequestString(natsMsg **replyMsg,
                                             natsConnection *nc,
                                             const char *subj,
                                             const char *str,
                                             int64_t timeout);

/**
 * Send a message with its headers as a request and wait for the first reply.
 *
 * The request is written within the call, behind everything that was published before. The reply
 * subject of the message is neither used nor changed. Later replies are discarded. The wait
 * continues across a reconnect, unless `natsOptions_SetFailRequestsOnDisconnect` is set. Protocol:
 * request-reply of NATS; headers and no responders: ADR-4.
 *
 * @param replyMsg Receives the reply, which the caller owns and releases with `natsMsg_Destroy`.
 * NULL with any status other than `NATS_OK`.
 * @param nc The connection.
 * @param requestMsg The request, which remains the caller's. No other thread may use it during the
 * call.
 * @param timeout The longest time to wait for the reply in milliseconds. The request is sent even
 * if this is zero or negative.
 *
 * @retval NATS_OK A reply arrived.
 * @retval NATS_TIMEOUT No reply arrived in time, or the socket did not accept the request within
 * the write deadline.
 * @retval NATS_NO_RESPONDERS Nobody is subscribed to the subject.
 * @retval NATS_INVALID_ARG `replyMsg` or `requestMsg` is NULL, or `nc` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
 * characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
 * `natsOptions_SetFailRequestsOnDisconnect` is set.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 * @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
 *
 * @par Threads
 * Any thread may call this function at any time. A callback that runs on the only thread that
 * could produce the reply waits in vain.
 *
 * @see natsConnection_Request
 *
 * @ingroup nats_request
 */
NATS_EXTERN
enum natsStatus natsConnection_RequestMsg(natsMsg **replyMsg,
                                          natsConnection *nc,
                                          natsMsg *requestMsg,
                                          int64_t timeout);

/**
 * Send a message as a request and have a callback called with the first reply.
 *
 * Returns as soon as the request is written. The callback is called once, with the reply or with
 * the reason why there is none; if this function fails it is not called. Later replies are
 * discarded. The wait continues across a reconnect, unless
 * `natsOptions_SetFailRequestsOnDisconnect` is set. A drain of the connection does not wait for
 * the reply. The reply subject of the message is neither used nor changed.
 *
 * With manual dispatch (`natsOptions_SetManualDispatch`) the callback runs in
 * `natsConnection_Dispatch`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param nc The connection.
 * @param requestMsg The request, which remains the caller's. No other thread may use it during the
 * call.
 * @param timeout The longest time to wait for the reply in milliseconds; 0 or less for no limit.
 * @param cb The callback, as described for `natsReplyHandler`.
 * @param closure The last argument of `cb`; may be NULL.
 *
 * @retval NATS_OK The request was sent, and the callback will be called.
 * @retval NATS_INVALID_ARG `requestMsg` or `cb` is NULL, or `nc` is NULL or was destroyed.
 * @retval NATS_TIMEOUT The socket did not accept the request in time.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
 * characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 * @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_reply(natsConnection *nc, natsStatus s, natsMsg *reply, void *closure) {
 *     if (s == NATS_OK) puts(natsMsg_GetData(reply));
 *     else fprintf(stderr, "%s\n", nats_GetLastError(NULL));
 *     natsMsg_Destroy(reply);
 * }
 *
 * natsStatus s = natsConnection_RequestMsgAsync(nc, msg, 2000, on_reply, NULL);
 * ```
 *
 * @see natsConnection_RequestMsg, natsConnection_RequestMany
 *
 * @ingroup nats_request
 */
NATS_EXTERN
enum natsStatus natsConnection_RequestMsgAsync(natsConnection *nc,
                                               natsMsg *requestMsg,
                                               int64_t timeout,
                                               natsReplyHandler cb,
                                               void *closure);

/**
 * Set the fields of a structure to their defaults.
 *
 * All limits are off except for the time, which is 5000 milliseconds.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param opts The structure.
 *
 * @retval NATS_OK The fields were set.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_RequestMany
 *
 * @ingroup nats_request
 */
NATS_EXTERN enum natsStatus natsRequestManyOptions_Init(struct natsRequestManyOptions *opts);

/**
 * Send a message as a request and collect the replies.
 *
 * Returns when the first limit of the options is reached, with the replies that arrived until then,
 * which may be none. The request is written within the call, behind everything that was published
 * before. The wait continues across a reconnect, unless
 * `natsOptions_SetFailRequestsOnDisconnect` is set. The reply subject of the message is neither
 * used nor changed. Source: ADR-47.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param list Receives the replies in order, to be released with `natsMsgList_Destroy`. Empty with
 * any status other than `NATS_OK`.
 * @param nc The connection.
 * @param requestMsg The request, which remains the caller's. No other thread may use it during the
 * call.
 * @param opts The limits; NULL for those of `natsRequestManyOptions_Init`.
 *
 * @retval NATS_OK The request has ended; there may be no replies.
 * @retval NATS_NO_RESPONDERS Nobody is subscribed to the subject.
 * @retval NATS_INVALID_ARG `list` or `requestMsg` is NULL, `nc` is NULL or was destroyed, or a
 * limit is negative.
 * @retval NATS_TIMEOUT The socket did not accept the request in time.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
 * characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
 * `natsOptions_SetFailRequestsOnDisconnect` is set.
 * @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
 * @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
 * @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
 * full.
 * @retval NATS_IO_ERROR Writing to the socket failed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 * @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
 *
 * @par Threads
 * Any thread may call this function at any time. A callback that runs on the only thread that
 * could produce the replies waits in vain.
 *
 * @par Example
 * ```c
 * natsRequestManyOptions many;
 * natsMsgList replies;
 *
 * natsRequestManyOptions_Init(&many);
 * many.MaxWait = 2000;
 * many.StallWait = 100;
 * natsStatus s = natsConnection_RequestMany(&replies, nc, msg, &many);
 * if (s == NATS_OK) {
 *     for (int i = 0; i < replies.Count; i++) puts(natsMsg_GetData(replies.Msgs[i]));
 *     natsMsgList_Destroy(&replies);
 * }
 * ```
 *
 * @see natsConnection_RequestMsg, natsConnection_RequestMsgAsync
 *
 * @ingroup nats_request
 */
NATS_EXTERN
enum natsStatus natsConnection_RequestMany(struct natsMsgList *list,
                                           natsConnection *nc,
                                           natsMsg *requestMsg,
                                           const struct natsRequestManyOptions *opts);

/**
 * Replace the list of servers of a connection.
 *
 * The connection stays with its present server, also if that is not in the new list; then it does
 * not return to it after a loss. `natsConnection_Reconnect` moves the connection at once. Servers
 * that the cluster announced leave the list as well; the next server announces its own. User,
 * password and token of the new URLs replace those of the old ones; what the options have holds
 * for all servers. The list is shuffled unless `natsOptions_SetNoRandomize` is set. A URL with
 * `tls://` or `wss://` requires TLS of all servers from now on, as `natsOptions_SetURL` describes.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param nc The connection.
 * @param servers An array of URLs in the form of `natsOptions_SetURL`, which are copied.
 * @param serversCount The number of URLs, at least 1.
 *
 * @retval NATS_OK The list was replaced.
 * @retval NATS_INVALID_ARG `nc` is NULL or was destroyed, `servers` is NULL, `serversCount` is not
 * positive, or a URL is NULL, not UTF-8 or not valid. The previous list stays.
 * @retval NATS_ERR The percent-encoding of a URL is wrong. The previous list stays.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * const char *servers[] = {"nats://d.example", "nats://e.example"};
 * natsStatus s = natsConnection_SetServers(nc, servers, 2);
 * if (s == NATS_OK) s = natsConnection_Reconnect(nc);
 * ```
 *
 * @see natsConnection_GetServers, natsConnection_Reconnect, natsOptions_SetNextServerHandler
 *
 * @ingroup nats_servers
 */
NATS_EXTERN
enum natsStatus natsConnection_SetServers(natsConnection *nc,
                                          const char **servers,
                                          int serversCount);

/**
 * Sign a string with the seed of an NKey (Ed25519).
 *
 * The library keeps no copy of the seed. Does not need the library to be open.
 *
 * @param encodedSeed The encoded seed, `S...`, of a user, account, server or cluster.
 * @param input The string to sign; not empty.
 * @param signature Receives the signature, which the caller releases with `free()`. Written only
 * with `NATS_OK`.
 * @param signatureLength Receives the length of the signature in bytes, which is 64. Written only
 * with `NATS_OK`.
 *
 * @retval NATS_OK The signature was made.
 * @retval NATS_INVALID_ARG An argument is NULL or a string is empty.
 * @retval NATS_ERR The seed is not valid; `nats_GetLastError` has the reason.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_Sign
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus nats_Sign(const char *encodedSeed,
                          const char *input,
                          unsigned char **signature,
                          int *signatureLength);

/**
 * Sign a message with the seed of a connection's credentials (Ed25519).
 *
 * Uses the seed of `natsOptions_SetUserCredentialsFromFiles`,
 * `natsOptions_SetUserCredentialsFromMemory` or `natsOptions_SetNKeyFromSeed`; a file is read
 * again. Signature callbacks (`natsOptions_SetNKey`, `natsOptions_SetUserCredentialsCallbacks`)
 * are only for the nonce of the server and are not called. Works on a closed connection too.
 *
 * @param nc The connection.
 * @param message The message; may be empty.
 * @param messageLen Its length in bytes; 0 for a message that ends with a NUL.
 * @param sig Receives the signature of 64 bytes. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The signature was made.
 * @retval NATS_INVALID_ARG An argument is NULL, `messageLen` is negative, or `nc` was destroyed.
 * @retval NATS_ERR The connection has no such credentials, their file cannot be read, or the seed
 * is not valid.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see nats_Sign
 *
 * @ingroup nats_auth
 */
NATS_EXTERN
enum natsStatus natsConnection_Sign(natsConnection *nc,
                                    const unsigned char *message,
                                    int messageLen,
                                    unsigned char *sig);

/**
 * Create a statistics object with all counters zero.
 *
 * @param newStats Receives the object, which the caller releases with `natsStatistics_Destroy`.
 * Written only with `NATS_OK`.
 *
 * @retval NATS_OK The object was created.
 * @retval NATS_INVALID_ARG `newStats` is NULL.
 *
 * @par Threads
 * Any thread may call this function. One thread at a time may use the object.
 *
 * @see natsConnection_GetStats
 *
 * @ingroup nats_statistics
 */
NATS_EXTERN enum natsStatus natsStatistics_Create(natsStatistics **newStats);

/**
 * Read the counters of a statistics object.
 *
 * The counters are those of the last `natsConnection_GetStats`. They continue across reconnects.
 * Every output may be NULL.
 *
 * @param stats The object.
 * @param inMsgs Receives the number of messages received, including replies and messages that were
 * dropped.
 * @param inBytes Receives the number of bytes in the headers and payloads of those messages.
 * @param outMsgs Receives the number of messages published.
 * @param outBytes Receives the number of bytes in the headers and payloads of those messages.
 * @param reconnects Receives the number of times that the connection was restored.
 *
 * @retval NATS_OK The counters were written.
 * @retval NATS_INVALID_ARG `stats` is NULL.
 *
 * @par Threads
 * One thread at a time may use the object.
 *
 * @ingroup nats_statistics
 */
NATS_EXTERN
enum natsStatus natsStatistics_GetCounts(const natsStatistics *stats,
                                         uint64_t *inMsgs,
                                         uint64_t *inBytes,
                                         uint64_t *outMsgs,
                                         uint64_t *outBytes,
                                         uint64_t *reconnects);

/**
 * Release a statistics object.
 *
 * @param stats The object; NULL is ignored.
 *
 * @par Threads
 * One thread at a time may use the object.
 *
 * @ingroup nats_statistics
 */
NATS_EXTERN void natsStatistics_Destroy(natsStatistics *stats);

/**
 * Subscribe to a subject with a callback.
 *
 * The callback runs on a thread of the library: for one subscription the messages are delivered in
 * order, one at a time; different subscriptions are served in parallel. While a callback is busy,
 * messages wait, up to the pending limits; messages beyond the limits are dropped and reported to
 * the connection's error handler. The call does not wait for the server; `natsConnection_Flush`
 * does. After a reconnect the subscription is made again. Protocol: SUB.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
 * `NATS_OK`.
 * @param nc The connection.
 * @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
 * end) are allowed.
 * @param cb The function that receives each message and then owns it.
 * @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
 * callback of the subscription is called.
 *
 * @retval NATS_OK The subscription was created.
 * @retval NATS_INVALID_ARG `sub` or `cb` is NULL, or `nc` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
 * or an empty token, has a `>` before its end, or makes the protocol line longer than
 * `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 * @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_message(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
 *     printf("%s: %s\n", natsMsg_GetSubject(msg), natsMsg_GetData(msg));
 *     natsMsg_Destroy(msg);
 * }
 *
 * natsSubscription *sub = NULL;
 * natsStatus s = natsConnection_Subscribe(&sub, nc, "greet.*", on_message, NULL);
 * ```
 *
 * @see natsSubscription_SetPendingLimits, natsSubscription_SetOnCompleteCB,
 * natsOptions_SetErrorHandler
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsConnection_Subscribe(natsSubscription **sub,
                                         natsConnection *nc,
                                         const char *subject,
                                         natsMsgHandler cb,
                                         void *cbClosure);

/**
 * Subscribe to a subject with a callback that is also called when no message arrives in time.
 *
 * Works as `natsConnection_Subscribe`. If no message arrives for `timeout` milliseconds, the
 * callback is called with a NULL message, and again each time that this time passes. The time
 * starts again when the callback for the last waiting message has returned. No such call is made
 * while messages wait or while the subscription drains.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
 * `NATS_OK`.
 * @param nc The connection.
 * @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
 * end) are allowed.
 * @param timeout The time to wait for a message in milliseconds; greater than 0.
 * @param cb The function that receives each message and then owns it, or NULL in place of a
 * message.
 * @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
 * callback of the subscription is called.
 *
 * @retval NATS_OK The subscription was created.
 * @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `timeout` is not positive, or `nc` is NULL or
 * was destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
 * or an empty token, has a `>` before its end, or makes the protocol line longer than
 * `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 * @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_Subscribe
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsConnection_SubscribeTimeout(natsSubscription **sub,
                                                natsConnection *nc,
                                                const char *subject,
                                                int64_t timeout,
                                                natsMsgHandler cb,
                                                void *cbClosure);

/**
 * Subscribe to a subject without a callback.
 *
 * The messages wait until `natsSubscription_NextMsg` takes them, up to the pending limits;
 * messages beyond the limits are dropped and reported to the connection's error handler. The call
 * does not wait for the server; `natsConnection_Flush` does. After a reconnect the subscription is
 * made again. Protocol: SUB.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. Written only with `NATS_OK`.
 * @param nc The connection.
 * @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
 * end) are allowed.
 *
 * @retval NATS_OK The subscription was created.
 * @retval NATS_INVALID_ARG `sub` is NULL, or `nc` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
 * or an empty token, has a `>` before its end, or makes the protocol line longer than
 * `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsSubscription *sub = NULL;
 * natsMsg *msg = NULL;
 * natsStatus s = natsConnection_SubscribeSync(&sub, nc, "greet.*");
 * if (s == NATS_OK) s = natsSubscription_NextMsg(&msg, sub, 1000);
 * if (s == NATS_OK) puts(natsMsg_GetData(msg));
 * natsMsg_Destroy(msg);
 * natsSubscription_Destroy(sub);
 * ```
 *
 * @see natsSubscription_NextMsg
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsConnection_SubscribeSync(natsSubscription **sub,
                                             natsConnection *nc,
                                             const char *subject);

/**
 * Subscribe to a subject as a member of a queue group, with a callback.
 *
 * Each message goes to one subscription of the group, wherever its members are connected, so that
 * they share the work. Callbacks, pending limits and reconnects work as for
 * `natsConnection_Subscribe`. Protocol: SUB with a queue group.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
 * `NATS_OK`.
 * @param nc The connection.
 * @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
 * end) are allowed.
 * @param queueGroup The name of the group; not empty.
 * @param cb The function that receives each message and then owns it.
 * @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
 * callback of the subscription is called.
 *
 * @retval NATS_OK The subscription was created.
 * @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `queueGroup` is NULL or empty, or `nc` is NULL
 * or was destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
 * or an empty token, has a `>` before its end, or makes the protocol line longer than
 * `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 * @retval NATS_INVALID_QUEUE_NAME The group's name has white space or control characters, or makes
 * the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_job(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure) {
 *     natsConnection_PublishString(nc, natsMsg_GetReply(msg), "done");
 *     natsMsg_Destroy(msg);
 * }
 *
 * natsSubscription *sub = NULL;
 * natsStatus s = natsConnection_QueueSubscribe(&sub, nc, "jobs", "workers", on_job, NULL);
 * ```
 *
 * @see natsConnection_Subscribe
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsConnection_QueueSubscribe(natsSubscription **sub,
                                              natsConnection *nc,
                                              const char *subject,
                                              const char *queueGroup,
                                              natsMsgHandler cb,
                                              void *cbClosure);

/**
 * Subscribe as a member of a queue group, with a callback that is also called when no message
 * arrives in time.
 *
 * Each message goes to one subscription of the group. If no message arrives here for `timeout`
 * milliseconds, the callback is called with a NULL message, and again each time that this time
 * passes, as described for `natsConnection_SubscribeTimeout`.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
 * `NATS_OK`.
 * @param nc The connection.
 * @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
 * end) are allowed.
 * @param queueGroup The name of the group; not empty.
 * @param timeout The time to wait for a message in milliseconds; greater than 0.
 * @param cb The function that receives each message and then owns it, or NULL in place of a
 * message.
 * @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
 * callback of the subscription is called.
 *
 * @retval NATS_OK The subscription was created.
 * @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `queueGroup` is NULL or empty, `timeout` is not
 * positive, or `nc` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
 * or an empty token, has a `>` before its end, or makes the protocol line longer than
 * `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 * @retval NATS_INVALID_QUEUE_NAME The group's name has white space or control characters, or makes
 * the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_QueueSubscribe
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsConnection_QueueSubscribeTimeout(natsSubscription **sub,
                                                     natsConnection *nc,
                                                     const char *subject,
                                                     const char *queueGroup,
                                                     int64_t timeout,
                                                     natsMsgHandler cb,
                                                     void *cbClosure);

/**
 * Subscribe to a subject as a member of a queue group, without a callback.
 *
 * Each message goes to one subscription of the group. Those for this one wait until
 * `natsSubscription_NextMsg` takes them, up to the pending limits; messages beyond the limits are
 * dropped and reported to the connection's error handler. Protocol: SUB with a queue group.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. Written only with `NATS_OK`.
 * @param nc The connection.
 * @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
 * end) are allowed.
 * @param queueGroup The name of the group; not empty.
 *
 * @retval NATS_OK The subscription was created.
 * @retval NATS_INVALID_ARG `sub` is NULL, `queueGroup` is NULL or empty, or `nc` is NULL or was
 * destroyed.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
 * or an empty token, has a `>` before its end, or makes the protocol line longer than
 * `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 * @retval NATS_INVALID_QUEUE_NAME The group's name has white space or control characters, or makes
 * the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_SubscribeSync, natsSubscription_NextMsg
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsConnection_QueueSubscribeSync(natsSubscription **sub,
                                                  natsConnection *nc,
                                                  const char *subject,
                                                  const char *queueGroup);

/**
 * Set the fields of a structure to their defaults.
 *
 * No queue group, lists of up to 256 messages, no timeout.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param opts The structure.
 *
 * @retval NATS_OK The fields were set.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_SubscribeMsgs
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN enum natsStatus natsSubscribeMsgsOptions_Init(struct natsSubscribeMsgsOptions *opts);

/**
 * Subscribe to a subject with a callback that receives messages in lists.
 *
 * The callback gets what waits, in order and up to a maximum: one message when little comes, many
 * when the program falls behind. So it is called, and crosses the border of a language, once for
 * many messages. A message counts as delivered when its list is given to the callback, and with
 * `natsConnection_Dispatch` as one callback. Otherwise as `natsConnection_Subscribe`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
 * `NATS_OK`.
 * @param nc The connection.
 * @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
 * end) are allowed.
 * @param opts Queue group, length of lists and timeout; NULL for those of
 * `natsSubscribeMsgsOptions_Init`.
 * @param cb The function, as described for `natsMsgsHandler`.
 * @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
 * callback of the subscription is called.
 *
 * @retval NATS_OK The subscription was created.
 * @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `nc` is NULL or was destroyed, the queue group is
 * empty, or a number is negative.
 * @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
 * or an empty token, has a `>` before its end, or makes the protocol line longer than
 * `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_INVALID_QUEUE_NAME The queue group has white space or control characters, or makes
 * the protocol line longer than `natsOptions_SetMaxControlLine` allows.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 * @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static void on_msgs(natsConnection *nc, natsSubscription *sub, natsMsgList *msgs, void *closure) {
 *     for (int i = 0; i < msgs->Count; i++) puts(natsMsg_GetData(msgs->Msgs[i]));
 * }
 *
 * natsStatus s = natsConnection_SubscribeMsgs(&sub, nc, "readings.>", NULL, on_msgs, NULL);
 * ```
 *
 * @see natsConnection_Subscribe, natsSubscription_NextMsgs
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsConnection_SubscribeMsgs(natsSubscription **sub,
                                             natsConnection *nc,
                                             const char *subject,
                                             const struct natsSubscribeMsgsOptions *opts,
                                             natsMsgsHandler cb,
                                             void *cbClosure);

/**
 * Do nothing: messages are never delayed.
 *
 * @param sub The subscription.
 *
 * @retval NATS_OK The subscription exists.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 *
 * @deprecated Kept for programs that call it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN enum natsStatus natsSubscription_NoDeliveryDelay(natsSubscription *sub);

/**
 * Take the next message of a subscription without a callback.
 *
 * Waits for a message if none is there. The wait continues when the connection is lost and ends
 * when it is closed. Dropped messages are reported once, by `NATS_SLOW_CONSUMER`; the messages
 * that still wait follow with the next calls.
 *
 * @param nextMsg Receives the message, which the caller owns and releases with `natsMsg_Destroy`.
 * Written only with `NATS_OK`.
 * @param sub The subscription.
 * @param timeout The longest time to wait in milliseconds; with zero or less only a message that
 * is already there is taken.
 *
 * @retval NATS_OK A message was taken.
 * @retval NATS_INVALID_ARG `nextMsg` is NULL, or `sub` is NULL or was destroyed.
 * @retval NATS_TIMEOUT No message arrived in time.
 * @retval NATS_SLOW_CONSUMER Messages were dropped since the last call because a pending limit was
 * reached.
 * @retval NATS_NO_RESPONDERS The message was the server's notice that nobody answers a request. It
 * was consumed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_MAX_DELIVERED_MSGS The maximum of `natsSubscription_AutoUnsubscribe` was reached.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription was closed in another way.
 * @retval NATS_ILLEGAL_STATE The subscription has a callback.
 *
 * @par Threads
 * Any thread may call this function at any time. If several threads wait, each message goes to one
 * of them.
 *
 * @par Example
 * ```c
 * natsMsg *msg = NULL;
 * natsStatus s = NATS_OK;
 * while ((s = natsSubscription_NextMsg(&msg, sub, 500)) == NATS_OK || s == NATS_SLOW_CONSUMER) {
 *     if (s != NATS_OK) continue;
 *     puts(natsMsg_GetData(msg));
 *     natsMsg_Destroy(msg);
 * }
 * ```
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsSubscription_NextMsg(natsMsg **nextMsg,
                                         natsSubscription *sub,
                                         int64_t timeout);

/**
 * Close a subscription at once and discard its waiting messages.
 *
 * A callback that is running finishes; no other one starts. To deliver the waiting messages first,
 * use `natsSubscription_Drain`. Protocol: UNSUB.
 *
 * @param sub The subscription.
 *
 * @retval NATS_OK The subscription was closed.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsSubscription_Drain, natsSubscription_Destroy
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN enum natsStatus natsSubscription_Unsubscribe(natsSubscription *sub);

/**
 * Close a subscription after it has delivered a number of messages.
 *
 * The number counts messages given to the callback or taken with `natsSubscription_NextMsg` since
 * the subscription was created. A later call replaces the number. Protocol: UNSUB with a maximum.
 *
 * Messages that are dropped because of the pending limits do not count. The server counts them; if
 * it ends the subscription for that reason, it is sent the subscription again with the remaining
 * number.
 *
 * @param sub The subscription.
 * @param max The number of messages. If that many were delivered already, or with 0, the
 * subscription is closed at once. A JetStream consumer that was created for the subscription is
 * kept, except with 0.
 *
 * @retval NATS_OK The maximum was set, or the subscription was closed.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed, or `max` is negative.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsConnection_SubscribeSync(&sub, nc, "replies");
 * if (s == NATS_OK) s = natsSubscription_AutoUnsubscribe(sub, 5);
 * ```
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN enum natsStatus natsSubscription_AutoUnsubscribe(natsSubscription *sub, int max);

/**
 * Close a subscription after it has delivered what it received, within 30 seconds.
 *
 * Equivalent to `natsSubscription_DrainTimeout` with 30000 milliseconds. Returns at once: the
 * server is told to send no more, the messages that it sent until then are delivered, and the
 * subscription is closed.
 *
 * @param sub The subscription.
 *
 * @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
 * @retval NATS_DRAINING The connection of the subscription is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = natsSubscription_Drain(sub);
 * if (s == NATS_OK) s = natsSubscription_WaitForDrainCompletion(sub, 10000);
 * natsSubscription_Destroy(sub);
 * ```
 *
 * @see natsSubscription_DrainTimeout, natsSubscription_WaitForDrainCompletion
 *
 * @ingroup nats_drain
 */
NATS_EXTERN enum natsStatus natsSubscription_Drain(natsSubscription *sub);

/**
 * Close a subscription after it has delivered what it received, within a given time.
 *
 * Returns at once. The server is told to send no more; the messages that it sent until then are
 * still delivered; then the subscription is closed. A subscription without a callback has to be
 * read to its end with `natsSubscription_NextMsg`.
 *
 * @param sub The subscription.
 * @param timeout The time in milliseconds after which the subscription is closed in any case; 0 or
 * less for no limit.
 *
 * @retval NATS_OK The drain has begun, or one was in progress already and keeps its timeout.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription was closed before.
 * @retval NATS_DRAINING The connection of the subscription is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsSubscription_WaitForDrainCompletion, natsSubscription_DrainCompletionStatus
 *
 * @ingroup nats_drain
 */
NATS_EXTERN enum natsStatus natsSubscription_DrainTimeout(natsSubscription *sub, int64_t timeout);

/**
 * Wait until the drain of a subscription, or of its connection, has ended.
 *
 * The drain has ended when the callback for the last message has returned, or the last message was
 * taken. `natsSubscription_DrainCompletionStatus` tells how it ended. A timeout does not change
 * the last error of the calling thread.
 *
 * @param sub The subscription.
 * @param timeout The longest time to wait in milliseconds; 0 or less for no limit.
 *
 * @retval NATS_OK The drain has ended.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE No drain was started.
 * @retval NATS_TIMEOUT The drain has not ended in time.
 *
 * @par Threads
 * Any thread may call this function at any time, except in the subscription's own callback, which
 * would wait for itself.
 *
 * @see natsSubscription_DrainCompletionStatus
 *
 * @ingroup nats_drain
 */
NATS_EXTERN enum natsStatus natsSubscription_WaitForDrainCompletion(natsSubscription *sub, int64_t timeout);

/**
 * Return the outcome of a subscription's drain.
 *
 * Results other than `NATS_ILLEGAL_STATE` do not change the last error of the calling thread. Any
 * other status than those listed is the reason why the server could not be told.
 *
 * @param sub The subscription.
 *
 * @retval NATS_OK All messages were delivered.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The drain has not ended, or none was started.
 * @retval NATS_TIMEOUT The time ran out first.
 * @retval NATS_CONNECTION_CLOSED The connection was closed first.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription was unsubscribed first.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_drain
 */
NATS_EXTERN enum natsStatus natsSubscription_DrainCompletionStatus(natsSubscription *sub);

/**
 * Set a function that is called after the last message callback of a subscription.
 *
 * The function is called once, however the subscription ends, and also if the handle was destroyed
 * before. Afterwards no message callback runs, so what its closure points to may be freed in this
 * function. It runs on a thread of the library, or in `natsConnection_Dispatch` with manual
 * dispatch; there it is not called if the connection is destroyed first. It can be set as long as a
 * callback of the subscription may run, also when the subscription is closed already. If the call
 * fails, the function is never called.
 *
 * @param sub The subscription, which must have a callback.
 * @param cb The function; NULL for none. The last one set is called.
 * @param closure The argument of `cb`; may be NULL.
 *
 * @retval NATS_OK The function was set, and will be called.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription has no callback, or it is closed and its last
 * callback has returned: what the closure of the callback points to may be freed now.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsConnection_DestroyAndWait
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN
enum natsStatus natsSubscription_SetOnCompleteCB(natsSubscription *sub,
                                                 natsOnCompleteCB cb,
                                                 void *closure);

/**
 * Return the connection of a subscription.
 *
 * @param sub The subscription.
 *
 * @return The handle that the program received when it connected, which it may have destroyed
 * since; NULL if `sub` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN natsConnection *natsSubscription_GetConnection(natsSubscription *sub);

/**
 * Return the number that identifies a subscription between client and server (the sid).
 *
 * @param sub The subscription.
 *
 * @return The number, from 1; 0 if the subscription is closed, or `sub` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN int64_t natsSubscription_GetID(natsSubscription *sub);

/**
 * Return the subject of a subscription.
 *
 * @param sub The subscription.
 *
 * @return The subject, which belongs to the subscription and is valid until it is destroyed; NULL
 * if the subscription is closed, or `sub` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN const char *natsSubscription_GetSubject(natsSubscription *sub);

/**
 * Test whether a subscription is open.
 *
 * @param sub The subscription.
 *
 * @return True until the subscription is unsubscribed, drained, has delivered its maximum, or its
 * connection is closed; false if `sub` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN bool natsSubscription_IsValid(natsSubscription *sub);

/**
 * Close and release a subscription.
 *
 * Closes the subscription as `natsSubscription_Unsubscribe` does if it is open. From then on calls
 * with `sub` return `NATS_INVALID_ARG`, except in a callback that was given it, until that
 * returns. Does not wait for a callback that is running; the completion callback reports its end.
 * Every subscription must be destroyed once, also after its connection was destroyed. Does not
 * change the last error of the calling thread.
 *
 * @param sub The subscription. NULL and a destroyed subscription are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsSubscription_SetOnCompleteCB
 *
 * @ingroup nats_subscribe
 */
NATS_EXTERN void natsSubscription_Destroy(natsSubscription *sub);

/**
 * Return the number of messages that wait to be delivered.
 *
 * @param sub The subscription.
 * @param queuedMsgs Receives the number. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The number was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `sub` was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @deprecated Use `natsSubscription_GetPending`, which also returns the bytes.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsSubscription_QueuedMsgs(natsSubscription *sub, uint64_t *queuedMsgs);

/**
 * Set how much may wait to be delivered to a subscription.
 *
 * A message that would exceed a limit is dropped. The first one is reported to the connection's
 * error handler with `NATS_SLOW_CONSUMER`; the next report follows only after a message was
 * accepted again. Takes effect with the next message.
 *
 * @param sub The subscription.
 * @param msgLimit The limit in messages; negative for no limit; not 0.
 * @param bytesLimit The limit in bytes of headers and payloads; negative for no limit; not 0.
 *
 * @retval NATS_OK The limits were set.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed, or a limit is 0.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * // a million messages, but no more than 512 MiB of them
 * natsStatus s = natsSubscription_SetPendingLimits(sub, 1000000, 512 * 1024 * 1024);
 * ```
 *
 * @see natsOptions_SetMaxPendingMsgs, natsOptions_SetMaxPendingBytes
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN
enum natsStatus natsSubscription_SetPendingLimits(natsSubscription *sub,
                                                  int msgLimit,
                                                  int bytesLimit);

/**
 * Return the limits of what may wait to be delivered to a subscription.
 *
 * @param sub The subscription.
 * @param msgLimit Receives the limit in messages, negative for no limit; may be NULL.
 * @param bytesLimit Receives the limit in bytes of headers and payloads, negative for no limit;
 * may be NULL.
 *
 * @retval NATS_OK The limits were written. The outputs are written only with this status.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsSubscription_SetPendingLimits
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN
enum natsStatus natsSubscription_GetPendingLimits(natsSubscription *sub,
                                                  int *msgLimit,
                                                  int *bytesLimit);

/**
 * Return how much waits to be delivered to a subscription.
 *
 * A message whose callback is running does not count any more.
 *
 * @param sub The subscription.
 * @param msgs Receives the number of messages; may be NULL.
 * @param bytes Receives the number of bytes of their headers and payloads; may be NULL.
 *
 * @retval NATS_OK The numbers were written. The outputs are written only with this status.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsSubscription_GetPending(natsSubscription *sub, int *msgs, int *bytes);

/**
 * Return the number of messages that a subscription has delivered.
 *
 * @param sub The subscription.
 * @param msgs Receives the number. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The number was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `sub` was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsSubscription_GetDelivered(natsSubscription *sub, int64_t *msgs);

/**
 * Return the number of messages that were dropped because a pending limit was reached.
 *
 * @param sub The subscription.
 * @param msgs Receives the number since the subscription was created. Written only with `NATS_OK`.
 *
 * @retval NATS_OK The number was written.
 * @retval NATS_INVALID_ARG An argument is NULL, or `sub` was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsSubscription_SetPendingLimits
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsSubscription_GetDropped(natsSubscription *sub, int64_t *msgs);

/**
 * Return the largest amount that ever waited to be delivered to a subscription.
 *
 * @param sub The subscription.
 * @param msgs Receives the number of messages; may be NULL.
 * @param bytes Receives the number of bytes of headers and payloads; may be NULL.
 *
 * @retval NATS_OK The numbers were written. The outputs are written only with this status.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsSubscription_ClearMaxPending
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsSubscription_GetMaxPending(natsSubscription *sub, int *msgs, int *bytes);

/**
 * Reset the counters of `natsSubscription_GetMaxPending`.
 *
 * @param sub The subscription.
 *
 * @retval NATS_OK The counters were reset.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see natsSubscription_GetMaxPending
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN enum natsStatus natsSubscription_ClearMaxPending(natsSubscription *sub);

/**
 * Return all counters of a subscription, taken at one moment.
 *
 * Every output may be NULL.
 *
 * @param sub The subscription.
 * @param pendingMsgs Receives the number of messages that wait.
 * @param pendingBytes Receives the number of bytes of their headers and payloads.
 * @param maxPendingMsgs Receives the largest number of messages that ever waited.
 * @param maxPendingBytes Receives the largest number of bytes that ever waited.
 * @param deliveredMsgs Receives the number of messages delivered.
 * @param droppedMsgs Receives the number of messages dropped.
 *
 * @retval NATS_OK The counters were written. The outputs are written only with this status.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_delivery
 */
NATS_EXTERN
enum natsStatus natsSubscription_GetStats(natsSubscription *sub,
                                          int *pendingMsgs,
                                          int *pendingBytes,
                                          int *maxPendingMsgs,
                                          int *maxPendingBytes,
                                          int64_t *deliveredMsgs,
                                          int64_t *droppedMsgs);

/**
 * Acknowledge a message.
 *
 * Tells the consumer that the message was processed. The call does not wait for the server unless
 * `opts` has a `Wait`. A message that was acknowledged before, and one of a consumer without
 * acknowledgements, is left alone. The message still has to be destroyed. Source: ADR-15.
 *
 * @param msg The message, received from a JetStream subscription.
 * @param opts The options of the call, of which only `Wait` is used: if it is greater than 0, the
 * call waits this number of milliseconds for the confirmation of the server; NULL for none.
 *
 * @retval NATS_OK The acknowledgement was sent, or none was needed.
 * @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
 * @retval NATS_TIMEOUT The server did not confirm in time.
 * @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
 * @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
 * nor the library open.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @par Example
 * ```c
 * natsMsg *msg = NULL;
 * if (natsSubscription_NextMsg(&msg, sub, 1000) == NATS_OK) {
 *     printf("%s\n", natsMsg_GetData(msg));
 *     natsMsg_Ack(msg, NULL);
 *     natsMsg_Destroy(msg);
 * }
 * ```
 *
 * @see natsMsg_AckSync, natsMsg_Nak, natsMsg_Term
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_Ack(natsMsg *msg, struct jsOptions *opts);

/**
 * Acknowledge a message and wait until the server has recorded it.
 *
 * After `NATS_OK` the message is not delivered again, whatever happens to the client. A message
 * that was acknowledged before is left alone. Source: ADR-15.
 *
 * @param msg The message, received from a JetStream subscription.
 * @param opts The options of the call, of which only `Wait` is used, in milliseconds; NULL or 0 for
 * the wait of the context that the subscription was made with.
 * @param errCode Receives `JSNotEnabledErr` with `NATS_NO_RESPONDERS`, and is not written
 * otherwise; may be NULL.
 *
 * @retval NATS_OK The server has recorded the acknowledgement, or none was needed.
 * @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
 * @retval NATS_TIMEOUT The server did not confirm in time. The message may be acknowledged.
 * @retval NATS_NO_RESPONDERS The stream or its server is not available.
 * @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
 * nor the library open.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @see natsMsg_Ack
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_AckSync(natsMsg *msg, struct jsOptions *opts, jsErrCode *errCode);

/**
 * Refuse a message, so that the consumer delivers it again.
 *
 * The consumer delivers it again at once, unless it has a `BackOff`. A message that was
 * acknowledged before is left alone. Source: ADR-15.
 *
 * @param msg The message, received from a JetStream subscription.
 * @param opts As for `natsMsg_Ack`.
 *
 * @retval NATS_OK The refusal was sent, or none was needed.
 * @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
 * @retval NATS_TIMEOUT The server did not confirm in time.
 * @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
 * @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
 * nor the library open.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @see natsMsg_NakWithDelay
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_Nak(natsMsg *msg, struct jsOptions *opts);

/**
 * Refuse a message, so that the consumer delivers it again after a while.
 *
 * The consumer waits for the given time before it delivers the message again. A message that was
 * acknowledged before is left alone. Source: ADR-15.
 *
 * @param msg The message, received from a JetStream subscription.
 * @param delay The time until the next delivery in milliseconds; with zero or less the same as
 * `natsMsg_Nak`.
 * @param opts As for `natsMsg_Ack`.
 *
 * @retval NATS_OK The refusal was sent, or none was needed.
 * @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
 * @retval NATS_TIMEOUT The server did not confirm in time.
 * @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
 * @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
 * nor the library open.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @see natsMsg_Nak
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_NakWithDelay(natsMsg *msg, int64_t delay, struct jsOptions *opts);

/**
 * Tell the consumer that a message is still being processed.
 *
 * The consumer's wait for the acknowledgement (`AckWait`) starts anew, so that a message with a
 * long processing time is not delivered to another client meanwhile. The message still has to be
 * acknowledged. Source: ADR-15.
 *
 * @param msg The message, received from a JetStream subscription.
 * @param opts As for `natsMsg_Ack`.
 *
 * @retval NATS_OK The progress was reported, or the message has been acknowledged already.
 * @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
 * @retval NATS_TIMEOUT The server did not confirm in time.
 * @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
 * @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
 * nor the library open.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_InProgress(natsMsg *msg, struct jsOptions *opts);

/**
 * Terminate a message: it is not delivered again.
 *
 * For messages that can never be processed. The server publishes an advisory about it. A message
 * that was acknowledged before is left alone. Source: ADR-15.
 *
 * @param msg The message, received from a JetStream subscription.
 * @param opts As for `natsMsg_Ack`.
 *
 * @retval NATS_OK The progress was reported, or the message has been acknowledged already.
 * @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
 * @retval NATS_TIMEOUT The server did not confirm in time.
 * @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
 * @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
 * nor the library open.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @see natsMsg_TermWithReason
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_Term(natsMsg *msg, struct jsOptions *opts);

/**
 * Terminate a message, with a reason: it is not delivered again.
 *
 * For messages that can never be processed. The server publishes an advisory with the reason;
 * servers before 2.10 ignore it. A message that was acknowledged before is left alone. Source:
 * ADR-15.
 *
 * @param msg The message, received from a JetStream subscription.
 * @param reason The reason; NULL or an empty text has the same effect as `natsMsg_Term`.
 * @param opts As for `natsMsg_Ack`.
 *
 * @retval NATS_OK The progress was reported, or the message has been acknowledged already.
 * @retval NATS_INVALID_ARG `msg` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The message does not come from a JetStream subscription.
 * @retval NATS_TIMEOUT The server did not confirm in time.
 * @retval NATS_NO_RESPONDERS The stream or its server is not available; only with `Wait`.
 * @retval NATS_MAX_PAYLOAD The reason is longer than the server's limit for a payload.
 * @retval NATS_CONNECTION_CLOSED The connection is closed or destroyed. The message keeps neither it
 * nor the library open.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see natsMsg_Term
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_TermWithReason(natsMsg *msg, const char *reason, struct jsOptions *opts);

/**
 * Return the metadata of a message: its sequences, the time at which it was stored, the number of
 * deliveries.
 *
 * The metadata are parsed from the reply subject of the message during the call. Source: ADR-15.
 *
 * @param new_meta Receives the metadata, which the caller owns and releases with
 * `jsMsgMetaData_Destroy`. Written only with `NATS_OK`.
 * @param msg The message, received from a JetStream subscription, or from a plain one on a
 * consumer's deliver subject.
 *
 * @retval NATS_OK The metadata were written.
 * @retval NATS_INVALID_ARG `new_meta` or `msg` is NULL, or the message was destroyed.
 * @retval NATS_ILLEGAL_STATE The message has no reply subject, or it was created by the program and
 * its reply subject is not one that a consumer writes.
 * @retval NATS_ERR The message was received, and its reply subject is not one that a consumer
 * writes.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @par Example
 * ```c
 * jsMsgMetaData *meta = NULL;
 * if (natsMsg_GetMetaData(&meta, msg) == NATS_OK) {
 *     printf("%s %" PRIu64 "\n", meta->Stream, meta->Sequence.Stream);
 *     jsMsgMetaData_Destroy(meta);
 * }
 * ```
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus natsMsg_GetMetaData(struct jsMsgMetaData **new_meta, natsMsg *msg);

/* ---- JetStream: functions --------------------------------------------------------------------------- */

/**
 * Release metadata.
 *
 * @param meta The metadata; NULL is ignored.
 *
 * @par Threads
 * The metadata belong to one thread at a time.
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN void jsMsgMetaData_Destroy(struct jsMsgMetaData *meta);

/**
 * Return the subject of advisories, to subscribe to.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * Advisories are ordinary messages, delivered at most once: subscribe to them with
 * `natsConnection_Subscribe`, and read them with `js_ReadAdvisory`.
 *
 * @param newSubject Receives the subject, a string that the caller releases with `free()`.
 * @param kind The kind of advisory; `js_AdvisoryOther` for all kinds.
 * @param stream The name of the stream; NULL or empty for any.
 * @param consumer The name of the consumer, for kinds that concern consumers; NULL or empty for any.
 *
 * @retval NATS_OK The subject was written.
 * @retval NATS_INVALID_ARG `newSubject` is NULL, `kind` is not a kind of advisory, or a name is
 * not valid.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @par Example
 * ```c
 * char *subject = NULL;
 * natsSubscription *sub = NULL;
 *
 * js_AdvisorySubject(&subject, js_AdvisoryMaxDeliveries, "ORDERS", "workers");
 * natsStatus s = natsConnection_SubscribeSync(&sub, nc, subject);
 * free(subject);
 * ```
 *
 * @see js_ReadAdvisory
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN
enum natsStatus js_AdvisorySubject(char **newSubject,
                                   jsAdvisoryKind kind,
                                   const char *stream,
                                   const char *consumer);

/**
 * Parse the advisory in a message.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param newAdvisory Receives the advisory, to be released with `jsAdvisory_Destroy`.
 * @param msg The message, which remains the program's.
 *
 * @retval NATS_OK The advisory was read.
 * @retval NATS_NOT_FOUND The payload is JSON, but not an advisory of JetStream.
 * @retval NATS_INVALID_ARG `newAdvisory` or `msg` is NULL, or a field of the advisory has the wrong type.
 * @retval NATS_ERR The payload is not JSON.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Threads
 * One thread at a time may use a message; it may be any thread.
 *
 * @see js_AdvisorySubject
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN enum natsStatus js_ReadAdvisory(struct jsAdvisory **newAdvisory, natsMsg *msg);

/**
 * Release an advisory together with its strings.
 *
 * @param advisory The advisory; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the advisory.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN void jsAdvisory_Destroy(struct jsAdvisory *advisory);

/**
 * Get the time at which the server made the info of a stream.
 *
 * The ages in the info are relative to this time, which also allows infos from different servers
 * to be compared.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param time Receives the time, in nanoseconds since the epoch. Written only with `NATS_OK`.
 * @param si The info as the library returned it, not a copy of the structure.
 *
 * @retval NATS_OK The time was written.
 * @retval NATS_NOT_FOUND The server did not report it (servers before 2.10), or `si` is a copy, was created by the
 * program, or was received in the parent process before `fork`.
 * @retval NATS_INVALID_ARG `time` or `si` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the info during the call.
 *
 * @see js_GetStreamInfo, jsConsumerInfo_GetTimestamp
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus jsStreamInfo_GetTimestamp(int64_t *time,
                                          const struct jsStreamInfo *si);

/**
 * Get the JetStream domain that a stream is in.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param domain Receives the name of the domain, which belongs to the info and is valid until that is
 * destroyed. Written only with `NATS_OK`.
 * @param si The info as the library returned it, not a copy of the structure.
 *
 * @retval NATS_OK The name was written.
 * @retval NATS_NOT_FOUND The server has no domain, or `si` is a copy, was created by the program, or was received in
 * the parent process before `fork`.
 * @retval NATS_INVALID_ARG `domain` or `si` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the info during the call.
 *
 * @see js_GetStreamInfo
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus jsStreamInfo_GetDomain(const char **domain,
                                       const struct jsStreamInfo *si);

/**
 * Get the reason why a mirror's origin or a source cannot be copied.
 *
 * A server that cannot create the consumer at the other stream reports it here, while `Active` and `Lag` in the
 * structure merely do not change.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param text Receives the text of the server, which belongs to the info and is valid until that is destroyed; NULL
 * if it is not needed. Written only with `NATS_OK`.
 * @param code Receives the code of the error; NULL if it is not needed. Written only with `NATS_OK`.
 * @param source The `Mirror`, or one of the `Sources`, of an info as the library returned it, not a copy of the
 * structure.
 *
 * @retval NATS_OK There is an error.
 * @retval NATS_NOT_FOUND There is no error, or `source` is a copy, was created by the program, or was received in
 * the parent process before `fork`.
 * @retval NATS_INVALID_ARG `source` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the info during the call.
 *
 * @see js_GetStreamInfo
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus jsStreamSourceInfo_GetError(const char **text,
                                            jsErrCode *code,
                                            const struct jsStreamSourceInfo *source);

/**
 * Get the id of a server in its Raft group, and how many operations it has yet to apply.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param id Receives the id, which belongs to the info and is valid until that is destroyed, or NULL if the server
 * did not report it; NULL if it is not needed. Written only with `NATS_OK`.
 * @param pending Receives the number of operations that are not applied yet; NULL if it is not needed. Written only
 * with `NATS_OK`.
 * @param peer One of the `Replicas` of a cluster in an info as the library returned it, not a copy of the structure.
 *
 * @retval NATS_OK The outputs were written.
 * @retval NATS_NOT_FOUND The server reported neither, or `peer` is a copy, was created by the program, or was
 * received in the parent process before `fork`.
 * @retval NATS_INVALID_ARG `peer` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the info during the call.
 *
 * @see js_GetStreamInfo, js_GetConsumerInfo
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus jsPeerInfo_GetRaftState(const char **id,
                                        uint64_t *pending,
                                        const struct jsPeerInfo *peer);

/**
 * Get the time at which the server made the info of a consumer.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param time Receives the time, in nanoseconds since the epoch. Written only with `NATS_OK`.
 * @param ci The info as the library returned it, not a copy of the structure.
 *
 * @retval NATS_OK The time was written.
 * @retval NATS_NOT_FOUND The server did not report it (servers before 2.10), or `ci` is a copy, was created by the
 * program, or was received in the parent process before `fork`.
 * @retval NATS_INVALID_ARG `time` or `ci` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the info during the call.
 *
 * @see js_GetConsumerInfo, jsStreamInfo_GetTimestamp
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus jsConsumerInfo_GetTimestamp(int64_t *time,
                                            const struct jsConsumerInfo *ci);

/**
 * Get the level of the JetStream API of a server, and how many requests it is working on.
 *
 * The level says which settings and functions the server knows: ADR-44 has the levels. A program that needs a
 * setting to be either applied or refused requires its level with `js_SetRequiredApiLevel`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param level Receives the level, 0 for servers before 2.11; NULL if it is not needed. Written only with `NATS_OK`.
 * @param inflight Receives the number of requests of the account that the server is working on; NULL if it is not
 * needed. Written only with `NATS_OK`.
 * @param ai The structure that `js_GetAccountInfo` returned, not a copy of it.
 *
 * @retval NATS_OK The outputs were written.
 * @retval NATS_NOT_FOUND `ai` is a copy, was created by the program, or was received in the parent process before
 * `fork`.
 * @retval NATS_INVALID_ARG `ai` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the structure during the call.
 *
 * @par Example
 * ```c
 * jsAccountInfo *ai = NULL;
 * int level = 0;
 *
 * if (js_GetAccountInfo(&ai, js, NULL, NULL) == NATS_OK)
 *     jsAccountInfo_GetAPI(&level, NULL, ai);
 * jsAccountInfo_Destroy(ai);
 * ```
 *
 * @see js_GetAccountInfo, js_SetRequiredApiLevel
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN
enum natsStatus jsAccountInfo_GetAPI(int *level,
                                     uint64_t *inflight,
                                     const struct jsAccountInfo *ai);

/**
 * Get the number of bytes that the streams of an account have reserved.
 *
 * A stream with a byte limit reserves this number of bytes, whether they are used or not.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param memory Receives the bytes in memory; NULL if the number is not needed. Written only with `NATS_OK`.
 * @param store Receives the bytes in files; NULL if the number is not needed. Written only with `NATS_OK`.
 * @param ai The structure that `js_GetAccountInfo` returned, not a copy of it.
 * @param tier The name of a tier, such as `R3`; NULL for the account as a whole.
 *
 * @retval NATS_OK The outputs were written.
 * @retval NATS_NOT_FOUND The tier does not exist, or `ai` is a copy, was created by the program, or was received in
 * the parent process before `fork`.
 * @retval NATS_INVALID_ARG `ai` is NULL, or `tier` is not UTF-8.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the structure during the call.
 *
 * @see js_GetAccountInfo
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN
enum natsStatus jsAccountInfo_GetReserved(uint64_t *memory,
                                          uint64_t *store,
                                          const struct jsAccountInfo *ai,
                                          const char *tier);

/**
 * Create a consumer that must not exist.
 *
 * Fails with `NATS_ERR` and `JSConsumerAlreadyExistsErr` if a consumer of that name exists with
 * another configuration. The name is that of the configuration (`Name` or `Durable`); without one
 * the server chooses it.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ci Receives the configuration and state of the consumer, to be released with
 * `jsConsumerInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param cfg The configuration, initialized with `jsConsumerConfig_Init`. Read during the call; a
 * policy of -1 in it becomes the default of its kind.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The consumer is created.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.10.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; a name is missing or
 * invalid; a choice or a length is out of range; or a string is not UTF-8.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_AddConsumer, js_ReplaceConsumer
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_CreateConsumer(struct jsConsumerInfo **ci,
                                  jsCtx *js,
                                  const char *stream,
                                  struct jsConsumerConfig *cfg,
                                  struct jsOptions *opts,
                                  jsErrCode *errCode);

/**
 * Change the configuration of a consumer that must exist.
 *
 * Fails with `NATS_ERR` and `JSConsumerDoesNotExistErr` if there is no consumer of that name.
 * Unlike `js_AddConsumer`, it never creates one.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ci Receives the configuration and state of the consumer, to be released with
 * `jsConsumerInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param cfg The configuration, initialized with `jsConsumerConfig_Init`. Read during the call; a
 * policy of -1 in it becomes the default of its kind.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The consumer has the configuration.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.10.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; a name is missing or
 * invalid; a choice or a length is out of range; or a string is not UTF-8.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_AddConsumer, js_CreateConsumer
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_ReplaceConsumer(struct jsConsumerInfo **ci,
                                   jsCtx *js,
                                   const char *stream,
                                   struct jsConsumerConfig *cfg,
                                   struct jsOptions *opts,
                                   jsErrCode *errCode);

/**
 * Initialize the configuration of a consumer with the defaults of the server.
 *
 * Sets `DeliverPolicy`, `AckPolicy` and `ReplayPolicy` to -1, which means that none is chosen, and
 * the rest to zero.
 *
 * @param cc The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `cc` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN enum natsStatus jsConsumerConfig_Init(struct jsConsumerConfig *cc);

/**
 * Reset a consumer, so that it delivers messages again from a sequence on.
 *
 * Messages that wait for acknowledgements are no longer pending. Servers support this from 2.14
 * on.
 *
 * @param new_crr Receives the result, to be released with `jsConsumerResetResponse_Destroy`; NULL
 * if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param consumer The name of the consumer.
 * @param seq The sequence in the stream; 0 for the one behind the acknowledged messages.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The consumer is reset.
 * @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
 * last error is cleared.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.14.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a name is missing or invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsConsumerResetResponse_Destroy
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_ResetConsumer(struct jsConsumerResetResponse **new_crr,
                                 jsCtx *js,
                                 const char *stream,
                                 const char *consumer,
                                 uint64_t seq,
                                 struct jsOptions *opts,
                                 jsErrCode *errCode);

/**
 * Pause a consumer until a given time, or resume it.
 *
 * Servers support this from 2.11 on.
 *
 * @param new_cpr Receives the result, to be released with `jsConsumerPauseResponse_Destroy`; NULL
 * if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param consumer The name of the consumer.
 * @param pauseUntil The end of the pause, in nanoseconds since the epoch; 0, or a time in the
 * past, to resume the consumer.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The consumer was paused or resumed.
 * @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
 * last error is cleared.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, a name is missing or invalid, or the
 * time is after the year 2262.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsConsumerPauseResponse_Destroy
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_PauseConsumer(struct jsConsumerPauseResponse **new_cpr,
                                 jsCtx *js,
                                 const char *stream,
                                 const char *consumer,
                                 uint64_t pauseUntil,
                                 struct jsOptions *opts,
                                 jsErrCode *errCode);

/**
 * Remove the pin of a client in a priority group, so that another client is pinned.
 *
 * The client that was pinned receives `NATS_PIN_ID_MISMATCH`. Servers support this from 2.11 on.
 *
 * Protocol: pinned clients, ADR-42.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param consumer The name of the consumer.
 * @param group The priority group: at most 16 letters, digits, `-`, `_`, `/`, `=`.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The pin was removed, or no client was pinned.
 * @retval NATS_NOT_FOUND The stream or the consumer does not exist; `errCode` is
 * `JSStreamNotFoundErr` or `JSConsumerNotFoundErr`. The last error is cleared.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a name is missing or invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_AddConsumer
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_UnpinConsumer(jsCtx *js,
                                 const char *stream,
                                 const char *consumer,
                                 const char *group,
                                 struct jsOptions *opts,
                                 jsErrCode *errCode);

/**
 * Release the result of resetting a consumer.
 *
 * Releases it together with its fields.
 *
 * @param crr The result; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_ResetConsumer
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN void jsConsumerResetResponse_Destroy(struct jsConsumerResetResponse *crr);

/**
 * Release the result of pausing a consumer.
 *
 * Releases it together with its fields.
 *
 * @param cpr The result; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_PauseConsumer
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN void jsConsumerPauseResponse_Destroy(struct jsConsumerPauseResponse *cpr);

/**
 * Create a consumer, or change the configuration of one that exists.
 *
 * The name is `Name` of the configuration, or else `Durable`; without either the server chooses
 * one. A consumer with `Durable` is kept when no client uses it.
 *
 * @param ci Receives the configuration and state of the consumer, to be released with
 * `jsConsumerInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param cfg The configuration, initialized with `jsConsumerConfig_Init`. Read during the call; a
 * policy of -1 in it becomes the default of its kind.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The consumer exists.
 * @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
 * last error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; a name is missing or
 * invalid; a choice or a length is out of range; a string is not UTF-8; or the server does not
 * support consumers with several filters.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
 * version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
 * the setting.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsConsumerConfig cfg;
 *
 * jsConsumerConfig_Init(&cfg);
 * cfg.Durable = "worker";
 * natsStatus s = js_AddConsumer(NULL, js, "ORDERS", &cfg, NULL, NULL);
 * ```
 *
 * @see jsConsumerConfig_Init, js_UpdateConsumer, jsConsumerInfo_Destroy
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_AddConsumer(struct jsConsumerInfo **ci,
                               jsCtx *js,
                               const char *stream,
                               struct jsConsumerConfig *cfg,
                               struct jsOptions *opts,
                               jsErrCode *errCode);

/**
 * Change the configuration of a durable consumer, or create it.
 *
 * As `js_AddConsumer`, but `Durable` must be set. Change a configuration that
 * `js_GetConsumerInfo` returned, or a copy of it: settings of a newer server that the structure
 * has no field for are then kept.
 *
 * @param ci Receives the configuration and state of the consumer, to be released with
 * `jsConsumerInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param cfg The configuration, initialized with `jsConsumerConfig_Init`. Read during the call; a
 * policy of -1 in it becomes the default of its kind.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The consumer has the configuration.
 * @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
 * last error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL, or has no `Durable`; a
 * name is missing or invalid; a choice or a length is out of range; or a string is not UTF-8.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
 * version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
 * the setting.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_AddConsumer, js_GetConsumerInfo
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_UpdateConsumer(struct jsConsumerInfo **ci,
                                  jsCtx *js,
                                  const char *stream,
                                  struct jsConsumerConfig *cfg,
                                  struct jsOptions *opts,
                                  jsErrCode *errCode);

/**
 * Get the configuration and the state of a consumer.
 *
 * @param ci Receives the configuration and state of the consumer, to be released with
 * `jsConsumerInfo_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param consumer The name of the consumer.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The info was written.
 * @retval NATS_NOT_FOUND The consumer does not exist; `errCode` is `JSConsumerNotFoundErr`. The
 * last error is cleared.
 * @retval NATS_INVALID_ARG `ci` is NULL, `js` is NULL or was destroyed, or a name is missing or
 * invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_Consumers, jsConsumerInfo_Destroy
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_GetConsumerInfo(struct jsConsumerInfo **ci,
                                   jsCtx *js,
                                   const char *stream,
                                   const char *consumer,
                                   struct jsOptions *opts,
                                   jsErrCode *errCode);

/**
 * Delete a consumer.
 *
 * Its subscriptions receive no more messages.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param consumer The name of the consumer.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The consumer is deleted.
 * @retval NATS_NOT_FOUND The stream or the consumer does not exist; `errCode` is
 * `JSStreamNotFoundErr` or `JSConsumerNotFoundErr`. The last error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a name is missing or invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_AddConsumer
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_DeleteConsumer(jsCtx *js,
                                  const char *stream,
                                  const char *consumer,
                                  struct jsOptions *opts,
                                  jsErrCode *errCode);

/**
 * Release the info of a consumer.
 *
 * Releases it together with its fields.
 *
 * @param ci The info; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_GetConsumerInfo
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN void jsConsumerInfo_Destroy(struct jsConsumerInfo *ci);

/**
 * Create a JetStream context of a connection.
 *
 * Nothing is sent: only the first call with the context shows whether the account has JetStream.
 * The connection lives at least as long as the context.
 *
 * @param js Receives the context, to be released with `jsCtx_Destroy`; written only with
 * `NATS_OK`.
 * @param nc The connection.
 * @param opts The settings of the context; NULL for the defaults. The structure and its strings
 * are copied; callbacks and closures must stay valid as long as the context.
 *
 * @retval NATS_OK The context can be used.
 * @retval NATS_INVALID_ARG `js` or `nc` is NULL, `nc` was destroyed, `Wait` or
 * `PublishAsync.StallWait` is negative, or a string is not UTF-8.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * jsCtx *js = NULL;
 *
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * if (s == NATS_OK)
 *     s = js_Publish(NULL, js, "orders.new", "17", 2, NULL, NULL);
 * jsCtx_Destroy(js);
 * ```
 *
 * @see jsOptions_Init, jsCtx_Destroy
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN enum natsStatus natsConnection_JetStream(jsCtx **js, natsConnection *nc, struct jsOptions *opts);

/**
 * Destroy a context.
 *
 * Messages that were published asynchronously and still wait for their acknowledgements are
 * destroyed without a call of a handler; threads in `js_PublishAsyncComplete` return.
 * Subscriptions and batches that were created with the context continue to work. A handler that is
 * running finishes: `natsConnection_DestroyAndWait` waits for it, and the function of
 * `natsOptions_SetReleasedCB` is called after it.
 *
 * @param js The context. NULL and a destroyed context are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, the context's own handlers included.
 *
 * @see natsConnection_JetStream, js_PublishAsyncGetPendingList
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN void jsCtx_Destroy(jsCtx *js);

/**
 * Get the value of a counter.
 *
 * The value may have any number of digits. The stream must allow direct gets (`AllowDirect`).
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * Protocol: counters, ADR-49.
 *
 * @param value Receives the value in decimal digits, to be released with `free`. Written only
 * with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param subject The subject of the counter.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The value was written.
 * @retval NATS_NOT_FOUND The counter does not exist: nothing was added to it yet.
 * @retval NATS_INVALID_ARG `value` is NULL, `js` is NULL or was destroyed, or the name is
 * missing.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * char *value = NULL;
 *
 * natsStatus s = js_GetCounter(&value, js, "HITS", "hits.home", NULL, NULL);
 * if (s == NATS_OK)
 *     printf("%s hits\n", value);
 * free(value);
 * ```
 *
 * @see js_AddToCounter
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_GetCounter(char **value,
                              jsCtx *js,
                              const char *stream,
                              const char *subject,
                              struct jsOptions *opts,
                              jsErrCode *errCode);

/**
 * Initialize the options of `js_DirectGetMsgs`.
 *
 * Fills the structure with zeros.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsDirectBatchOptions_Init(struct jsDirectBatchOptions *opts);

/**
 * Get several messages of a stream with one request.
 *
 * The stream must allow it (`AllowDirect`); servers support this from 2.11 on. The messages have
 * the same form as those of `js_DirectGetMsg` and are in the order of their sequences.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * Protocol: direct get, ADR-31.
 *
 * @param list Receives the messages, to be released with `natsMsgList_Destroy`. Written only
 * with `NATS_OK`.
 * @param info Receives the position behind the messages; NULL if it is not needed. Written only
 * with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param batch The messages to get. Read during the call only.
 *
 * @retval NATS_OK `list` has at least one message.
 * @retval NATS_NOT_FOUND The stream has no matching message.
 * @retval NATS_LIMIT_REACHED `MultiLast` matches more subjects than the server supports in one
 * request.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
 * @retval NATS_INVALID_ARG `list` or `batch` is NULL; `js` is NULL or was destroyed; the name is
 * missing; a number is negative; or there is neither `Batch` nor `MultiLast`.
 * @retval NATS_ERR The server refused the request: its text is the last error. Or the answer is
 * not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsDirectBatchOptions batch;
 * natsMsgList list;
 *
 * jsDirectBatchOptions_Init(&batch);
 * batch.Batch = 100;
 * natsStatus s = js_DirectGetMsgs(&list, NULL, js, "ORDERS", NULL, &batch);
 * if (s == NATS_OK) {
 *     printf("%d\n", list.Count);
 *     natsMsgList_Destroy(&list);
 * }
 * ```
 *
 * @see jsDirectBatchOptions_Init, js_DirectGetLastMsgs
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_DirectGetMsgs(struct natsMsgList *list,
                                 struct jsDirectBatchInfo *info,
                                 jsCtx *js,
                                 const char *stream,
                                 struct jsOptions *opts,
                                 struct jsDirectBatchOptions *batch);

/**
 * Get the last message of each of several subjects, all from the same state of the stream.
 *
 * Sends as many requests as necessary; the `Wait` of the options applies to all of them together.
 * The stream must allow it (`AllowDirect`); servers support this from 2.11 on.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * Protocol: direct get, ADR-31.
 *
 * @param list Receives the messages in the order of their sequences, to be released with
 * `natsMsgList_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param subjects The subjects; may have wildcards.
 * @param numSubjects The number of elements of `subjects`.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 *
 * @retval NATS_OK `list` has at least one message.
 * @retval NATS_NOT_FOUND The stream has no matching message.
 * @retval NATS_LIMIT_REACHED More than 1024 subjects match.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11.
 * @retval NATS_INVALID_ARG `list` or `subjects` is NULL; `js` is NULL or was destroyed; the name
 * is missing; or there are no subjects.
 * @retval NATS_ERR The server refused the request: its text is the last error. Or the answer is
 * not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_DirectGetMsgs
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_DirectGetLastMsgs(struct natsMsgList *list,
                                     jsCtx *js,
                                     const char *stream,
                                     const char **subjects,
                                     int numSubjects,
                                     struct jsOptions *opts);

/**
 * Get the payload of a message of a stream, without its headers.
 *
 * As `js_DirectGetMsg`, but the server sends no headers, so the message has neither the subject
 * nor the sequence that it was stored with. Servers support this from 2.12 on; older ones send the
 * headers.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * Protocol: direct get, ADR-31.
 *
 * @param msg Receives the message, to be released with `natsMsg_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param dgOpts The message to get. Read during the call only.
 *
 * @retval NATS_OK The message was written.
 * @retval NATS_NOT_FOUND The stream has no matching message.
 * @retval NATS_INVALID_ARG `msg` or `dgOpts` is NULL, `js` is NULL or was destroyed, or the name
 * is missing.
 * @retval NATS_ERR The server refused the request: its text is the last error. Or the answer is
 * not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_DirectGetMsg
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_DirectGetPayload(natsMsg **msg,
                                    jsCtx *js,
                                    const char *stream,
                                    struct jsOptions *opts,
                                    struct jsDirectGetMsgOptions *dgOpts);

/**
 * Initialize the selection of a message for a direct get.
 *
 * Fills the structure with zeros.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsDirectGetMsgOptions_Init(struct jsDirectGetMsgOptions *opts);

/**
 * Fetch messages of a pull subscription.
 *
 * Messages that arrived too late for an earlier call are returned first. If they are fewer than `batch`, the rest is
 * requested from the server. If the server has at least one message, or one was left from an earlier call, the call
 * returns at once with the available messages, which may be fewer than `batch`. Otherwise it waits until `batch`
 * messages have arrived or the time has passed: messages that arrive one by one are returned together at the end of
 * `timeout`, so use a `batch` of 1 to receive single messages as soon as they arrive. A call that has received at
 * least one message succeeds, whatever ended it. If the connection is lost, or another server becomes the leader of
 * the consumer, the rest is requested again within the time. Only one call at a time can fetch.
 *
 * @param list Receives the messages. The structure belongs to the caller, and its content is
 * released with `natsMsgList_Destroy`. The call begins by setting it to empty, without releasing
 * its former content.
 * @param sub The subscription, made by `js_PullSubscribe`.
 * @param batch The maximum number of messages; greater than 0.
 * @param timeout The longest time to wait in milliseconds; greater than 0.
 * @param errCode Receives 0; may be NULL.
 *
 * @retval NATS_OK At least one message was fetched.
 * @retval NATS_INVALID_ARG `list` or `sub` is NULL, `sub` was destroyed, or `batch` is not
 * positive.
 * @retval NATS_INVALID_TIMEOUT `timeout` is not positive.
 * @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
 * @retval NATS_ERR Another thread is fetching, or the subscription was made by
 * `js_PullSubscribeAsync` or `js_PullSubscribeSync`.
 * @retval NATS_TIMEOUT No message arrived in time.
 * @retval NATS_LIMIT_REACHED The server has ended the request, for example because the consumer
 * was deleted or too many requests wait; the last error has the reason.
 * @retval NATS_NO_RESPONDERS The consumer does not exist, or JetStream is not available.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 *
 * @par Threads
 * Any thread may call this function at any time. Waits for the server.
 *
 * @see natsSubscription_FetchRequest, natsMsg_Ack
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus natsSubscription_Fetch(struct natsMsgList *list,
                                       natsSubscription *sub,
                                       int batch,
                                       int64_t timeout,
                                       jsErrCode *errCode);

/**
 * Fetch messages of a pull subscription, with all options of a request.
 *
 * As `natsSubscription_Fetch`, but the call waits until `Batch` messages have arrived, `MaxBytes` are reached, the
 * server ends the request, or the time of `Expires` has passed: it does not return early with fewer messages. With
 * `NoWait` the server ends the request as soon as it has no more messages; the call waits for that no longer than
 * `Expires`. With `NoWait` and without `Expires` the call sends the request and returns only the messages that have
 * arrived already; those that the server sends are returned by the next call. A message larger than `MaxBytes` that
 * arrived too late for an earlier call is returned alone.
 *
 * @param list Receives the messages. The structure belongs to the caller, and its content is
 * released with `natsMsgList_Destroy`. The call begins by setting it to empty, without releasing
 * its former content.
 * @param sub The subscription, made by `js_PullSubscribe`.
 * @param request The request, which is not changed.
 *
 * @retval NATS_OK At least one message was fetched.
 * @retval NATS_INVALID_ARG `list`, `sub` or `request` is NULL, `sub` was destroyed, `Batch` is not positive,
 * `MaxBytes` is negative, or the server rejected the request as invalid: the last error has the reason.
 * @retval NATS_INVALID_TIMEOUT `Expires` is not positive and `NoWait` is not set.
 * @retval NATS_INVALID_SUBSCRIPTION `sub` is not a pull subscription, or is closed.
 * @retval NATS_ERR Another thread is fetching, or the subscription was made by
 * `js_PullSubscribeAsync` or `js_PullSubscribeSync`.
 * @retval NATS_NOT_FOUND There are no messages, with `NoWait`.
 * @retval NATS_TIMEOUT No message arrived in time.
 * @retval NATS_LIMIT_REACHED The server has ended the request, for example because the next
 * message is larger than `MaxBytes`, the consumer was deleted or too many requests wait; the last
 * error has the reason.
 * @retval NATS_MISSED_HEARTBEAT The server was silent for twice the time of `Heartbeat`.
 * @retval NATS_PIN_ID_MISMATCH `ID` is not the id of the pinned client.
 * @retval NATS_NO_RESPONDERS The consumer does not exist, or JetStream is not available.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 *
 * @par Threads
 * Any thread may call this function at any time. Waits for the server.
 *
 * @see natsSubscription_Fetch, jsFetchRequest_Init
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus natsSubscription_FetchRequest(struct natsMsgList *list,
                                              natsSubscription *sub,
                                              struct jsFetchRequest *request);

/**
 * Make the leader of a stream step down, so that another server of the cluster becomes the leader.
 *
 * The leader answers and then steps down. Publishes that arrive before the next leader is elected are not
 * acknowledged.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param preferred The name of the server that is to become the leader; NULL for any server.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The leader steps down. `js_GetStreamInfo` returns the next leader once it is
 * elected.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or invalid.
 * @retval NATS_NO_SERVER_SUPPORT `preferred` is set, and the server is older than 2.11.
 * @retval NATS_ERR The server refused the request, as servers without a cluster do: its text is the last error and
 * its code is in `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_StepDownConsumer, js_GetStreamInfo
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_StepDownStream(jsCtx *js,
                                  const char *stream,
                                  const char *preferred,
                                  struct jsOptions *opts,
                                  jsErrCode *errCode);

/**
 * Make the leader of a consumer step down, so that another server of the cluster becomes the
 * leader.
 *
 * The leader answers and then steps down. Subscriptions continue with the next leader.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param consumer The name of the consumer.
 * @param preferred The name of the server that is to become the leader; NULL for any server.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The leader steps down. `js_GetConsumerInfo` returns the next leader once it is
 * elected.
 * @retval NATS_NOT_FOUND The stream or the consumer does not exist; `errCode` is
 * `JSStreamNotFoundErr` or `JSConsumerNotFoundErr`. The last error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a name is missing or invalid.
 * @retval NATS_NO_SERVER_SUPPORT `preferred` is set, and the server is older than 2.11.
 * @retval NATS_ERR The server refused the request, as servers without a cluster do: its text is the last error and
 * its code is in `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_StepDownStream, js_GetConsumerInfo
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_StepDownConsumer(jsCtx *js,
                                    const char *stream,
                                    const char *consumer,
                                    const char *preferred,
                                    struct jsOptions *opts,
                                    jsErrCode *errCode);

/**
 * List the streams with their state, and the names of those that are missing.
 *
 * Lists all streams, or those that store a subject that matches `Stream.Info.SubjectsFilter` of
 * the options. The server sends the list in pages; the timeout applies to all of them together.
 * Unlike `js_Streams`, it also returns the names of streams that are missing because their servers
 * did not answer in time, sent data that could not be parsed, or do not support them.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param list Receives the list, to be released with `jsStreamInfoList_Destroy`. It is empty if
 * all are missing. Written only with `NATS_OK`.
 * @param missing Receives the names of those that are not in the list, to be released with
 * `jsStreamNamesList_Destroy`; NULL if the list is complete. Written only with `NATS_OK`.
 * @param js The context.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK `list` or `missing` has at least one element.
 * @retval NATS_NOT_FOUND There are none. The last error is cleared.
 * @retval NATS_INVALID_ARG `list` or `missing` is NULL, or `js` is NULL or was destroyed.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_Streams, jsStreamNamesList_Destroy
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_ListStreams(struct jsStreamInfoList **list,
                               struct jsStreamNamesList **missing,
                               jsCtx *js,
                               struct jsOptions *opts,
                               jsErrCode *errCode);

/**
 * List the consumers of a stream with their state, and the names of those that are missing.
 *
 * The server sends the list in pages; the timeout applies to all of them together. Unlike
 * `js_Consumers`, it also returns the names of consumers that are missing because their servers
 * did not answer in time, sent data that could not be parsed, or do not support them.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param list Receives the list, to be released with `jsConsumerInfoList_Destroy`. It is empty if
 * all are missing. Written only with `NATS_OK`.
 * @param missing Receives the names of those that are not in the list, to be released with
 * `jsConsumerNamesList_Destroy`; NULL if the list is complete. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK `list` or `missing` has at least one element.
 * @retval NATS_NOT_FOUND There are none, or the stream does not exist and `errCode` is
 * `JSStreamNotFoundErr`. The last error is cleared.
 * @retval NATS_INVALID_ARG `list` or `missing` is NULL, or `js` is NULL or was destroyed, or the
 * name is missing or invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_Consumers, jsConsumerNamesList_Destroy
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_ListConsumers(struct jsConsumerInfoList **list,
                                 struct jsConsumerNamesList **missing,
                                 jsCtx *js,
                                 const char *stream,
                                 struct jsOptions *opts,
                                 jsErrCode *errCode);

/**
 * List the streams with their configuration and state.
 *
 * Lists all streams, or those that store a subject that matches `Stream.Info.SubjectsFilter` of
 * the options. The server sends the list in pages; the timeout applies to all of them together.
 * Streams whose servers do not answer are left out.
 *
 * @param list Receives the list, to be released with `jsStreamInfoList_Destroy`. Written only
 * with `NATS_OK`.
 * @param js The context.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK `list` has at least one element.
 * @retval NATS_NOT_FOUND There are none. The last error is cleared.
 * @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsStreamInfoList_Destroy
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_Streams(struct jsStreamInfoList **list,
                           jsCtx *js,
                           struct jsOptions *opts,
                           jsErrCode *errCode);

/**
 * List the names of the streams.
 *
 * Lists the names of all streams, or of those that store a subject that matches
 * `Stream.Info.SubjectsFilter` of the options. The server sends the list in pages; the timeout
 * applies to all of them together.
 *
 * @param list Receives the list, to be released with `jsStreamNamesList_Destroy`. Written only
 * with `NATS_OK`.
 * @param js The context.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK `list` has at least one element.
 * @retval NATS_NOT_FOUND There are none. The last error is cleared.
 * @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsStreamNamesList_Destroy
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_StreamNames(struct jsStreamNamesList **list,
                               jsCtx *js,
                               struct jsOptions *opts,
                               jsErrCode *errCode);

/**
 * List the consumers of a stream with their configuration and state.
 *
 * The server sends the list in pages; the timeout applies to all of them together. Consumers whose
 * servers do not answer are left out.
 *
 * @param list Receives the list, to be released with `jsConsumerInfoList_Destroy`. Written only
 * with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK `list` has at least one element.
 * @retval NATS_NOT_FOUND There are none, or the stream does not exist and `errCode` is
 * `JSStreamNotFoundErr`. The last error is cleared.
 * @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed, or the name is
 * missing or invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsConsumerInfoList_Destroy
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_Consumers(struct jsConsumerInfoList **list,
                             jsCtx *js,
                             const char *stream,
                             struct jsOptions *opts,
                             jsErrCode *errCode);

/**
 * List the names of the consumers of a stream.
 *
 * The server sends the list in pages; the timeout applies to all of them together.
 *
 * @param list Receives the list, to be released with `jsConsumerNamesList_Destroy`. Written only
 * with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK `list` has at least one element.
 * @retval NATS_NOT_FOUND There are none, or the stream does not exist and `errCode` is
 * `JSStreamNotFoundErr`. The last error is cleared.
 * @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed, or the name is
 * missing or invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsConsumerNamesList_Destroy
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN
enum natsStatus js_ConsumerNames(struct jsConsumerNamesList **list,
                                 jsCtx *js,
                                 const char *stream,
                                 struct jsOptions *opts,
                                 jsErrCode *errCode);

/**
 * Destroy a list of streams.
 *
 * Releases the list together with its elements. To keep an element, take it and write NULL in its
 * place before.
 *
 * @param list The list; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_Streams
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN void jsStreamInfoList_Destroy(struct jsStreamInfoList *list);

/**
 * Destroy a list of names of streams.
 *
 * Releases the list together with its names. To keep a name, take it and write NULL in its place
 * before.
 *
 * @param list The list; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_StreamNames
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN void jsStreamNamesList_Destroy(struct jsStreamNamesList *list);

/**
 * Destroy a list of consumers.
 *
 * Releases the list together with its elements. To keep an element, take it and write NULL in its
 * place before.
 *
 * @param list The list; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_Consumers
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN void jsConsumerInfoList_Destroy(struct jsConsumerInfoList *list);

/**
 * Destroy a list of names of consumers.
 *
 * Releases the list together with its names. To keep a name, take it and write NULL in its place
 * before.
 *
 * @param list The list; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_ConsumerNames
 *
 * @ingroup nats_js_consumers
 */
NATS_EXTERN void jsConsumerNamesList_Destroy(struct jsConsumerNamesList *list);

/**
 * Get the account's usage of JetStream, and its limits.
 *
 * @param ai Receives the answer, to be released with `jsAccountInfo_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The info was written.
 * @retval NATS_INVALID_ARG `ai` is NULL, or `js` is NULL or was destroyed.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsAccountInfo_Destroy
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN
enum natsStatus js_GetAccountInfo(struct jsAccountInfo **ai,
                                  jsCtx *js,
                                  struct jsOptions *opts,
                                  jsErrCode *errCode);

/**
 * Release the info of an account.
 *
 * Releases it together with its fields.
 *
 * @param ai The info; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_GetAccountInfo
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN void jsAccountInfo_Destroy(struct jsAccountInfo *ai);

/**
 * Get a message of a stream by its sequence.
 *
 * The message has the subject, the headers and the payload that it was stored with, and no reply
 * subject. `natsMsg_GetSequence` and `natsMsg_GetTime` return its sequence and time.
 *
 * @param msg Receives the message, to be released with `natsMsg_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param seq The sequence, at least 1.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The message was written.
 * @retval NATS_NOT_FOUND The stream has no such message; `errCode` is `JSNoMessageFoundErr`.
 * @retval NATS_INVALID_ARG `msg` is NULL, `js` is NULL or was destroyed, the name is missing, or
 * the sequence is 0.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_GetLastMsg, js_DirectGetMsg
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_GetMsg(natsMsg **msg,
                          jsCtx *js,
                          const char *stream,
                          uint64_t seq,
                          struct jsOptions *opts,
                          jsErrCode *errCode);

/**
 * Get the last message of a subject in a stream.
 *
 * The message is read through the API of the stream's leader, with its subject, headers, payload,
 * sequence and time.
 *
 * @param msg Receives the message, to be released with `natsMsg_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param subject The subject; may have wildcards.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The message was written.
 * @retval NATS_NOT_FOUND The stream has no such message; `errCode` is `JSNoMessageFoundErr`.
 * @retval NATS_INVALID_ARG `msg` is NULL, `js` is NULL or was destroyed, or the name or the
 * subject is missing.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_GetMsg
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_GetLastMsg(natsMsg **msg,
                              jsCtx *js,
                              const char *stream,
                              const char *subject,
                              struct jsOptions *opts,
                              jsErrCode *errCode);

/**
 * Get a message of a stream from any server that has it.
 *
 * The stream must allow it (`AllowDirect`). It is faster than `js_GetMsg`, but a server other than
 * the leader may not have the newest messages yet. Headers of the message state where it was
 * stored: `Nats-Stream`, `Nats-Subject`, `Nats-Sequence`, `Nats-Time-Stamp`.
 *
 * Protocol: direct get, ADR-31.
 *
 * @param msg Receives the message, to be released with `natsMsg_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param dgOpts The message to get. Read during the call only.
 *
 * @retval NATS_OK The message was written.
 * @retval NATS_NOT_FOUND The stream has no matching message.
 * @retval NATS_INVALID_ARG `msg` or `dgOpts` is NULL, `js` is NULL or was destroyed, or the name
 * is missing.
 * @retval NATS_ERR The server refused the request: its text is the last error. Or the answer is
 * not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsDirectGetMsgOptions_Init, js_GetMsg
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_DirectGetMsg(natsMsg **msg,
                                jsCtx *js,
                                const char *stream,
                                struct jsOptions *opts,
                                struct jsDirectGetMsgOptions *dgOpts);

/**
 * Delete a message of a stream.
 *
 * The message cannot be read any more. Its bytes on the disk are overwritten at some later time;
 * `js_EraseMsg` overwrites them at once.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param seq The sequence of the message.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The message is deleted.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_EraseMsg, js_PurgeStream
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_DeleteMsg(jsCtx *js,
                             const char *stream,
                             uint64_t seq,
                             struct jsOptions *opts,
                             jsErrCode *errCode);

/**
 * Delete a message of a stream and overwrite it on the disk.
 *
 * This takes the server longer than `js_DeleteMsg`.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param seq The sequence of the message.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The message is deleted and overwritten.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_DeleteMsg
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_EraseMsg(jsCtx *js,
                            const char *stream,
                            uint64_t seq,
                            struct jsOptions *opts,
                            jsErrCode *errCode);

/**
 * Initialize options of a JetStream context or call with their defaults.
 *
 * Fills the structure with zeros.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN enum natsStatus jsOptions_Init(struct jsOptions *opts);

/**
 * Publish a payload to a stream, and wait for the acknowledgement.
 *
 * The stream that has the subject answers when it has stored the message. Protocol: JetStream
 * publish acknowledgements (ADR-1); headers of the options: ADR-49, ADR-43, ADR-51.
 *
 * @param pubAck Receives the acknowledgement, to be released with `jsPubAck_Destroy`; NULL if it
 * is not needed. Set to NULL if the answer was empty.
 * @param js The context.
 * @param subj The subject; not empty.
 * @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 * @param opts The options of the message; NULL for none. `MaxWait` is in milliseconds, 0 for the
 * context's `Wait`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The message is stored, or a message with this id was stored before
 * (`Duplicate`).
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, `subj` is NULL or empty, `dataLen` is
 * negative, `data` is NULL while `dataLen` is not 0, a time in `opts` is negative, or
 * `CancelScheduledSubject` is given together with another option of a schedule.
 * @retval NATS_NO_RESPONDERS No stream has this subject, or JetStream is not enabled; `errCode`
 * receives `JSNotEnabledErr`. Returned at once, unless `js_SetPubPolicy` has set retries.
 * @retval NATS_TIMEOUT No answer arrived in time. The message may be stored nonetheless.
 * @retval NATS_ERR The server refused the message: its text is the last error and its code is in
 * `errCode`.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_SERVER_SUPPORT The options need headers, which the server does not support; or it is too old for
 * `MsgTTL`, `Schedule` or `ExpectLastSubjectSeqSubject`, which the last error names.
 *
 * @return Otherwise the status of `natsConnection_Request`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * jsPubOptions opts;
 * jsPubAck *ack = NULL;
 *
 * jsPubOptions_Init(&opts);
 * opts.MsgId = "order-17";
 * natsStatus s = js_Publish(&ack, js, "orders.new", "17", 2, &opts, NULL);
 * if (s == NATS_OK)
 *     printf("stored in %s at %" PRIu64 "\n", ack->Stream, ack->Sequence);
 * jsPubAck_Destroy(ack);
 * ```
 *
 * @see js_PublishMsg, js_PublishAsync, js_SetPubPolicy
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_Publish(struct jsPubAck **pubAck,
                           jsCtx *js,
                           const char *subj,
                           const void *data,
                           int dataLen,
                           struct jsPubOptions *opts,
                           jsErrCode *errCode);

/**
 * Publish a message to a stream, and wait for the acknowledgement.
 *
 * As `js_Publish`. The options are set as headers of the message, which replace headers of the
 * same names and stay there, even if the call fails.
 *
 * @param pubAck Receives the acknowledgement, to be released with `jsPubAck_Destroy`; NULL if it
 * is not needed. Set to NULL if the answer was empty.
 * @param js The context.
 * @param msg The message, which remains the program's. Its reply subject is not used.
 * @param opts As for `js_Publish`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @return As `js_Publish`; `NATS_INVALID_ARG` also if `msg` is NULL or has no subject.
 *
 * @par Threads
 * Any thread may call this function at any time. No other thread may use the message during the
 * call.
 *
 * @see js_Publish, js_PublishMsgAsync, natsMsg_ExpectLastSeq
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_PublishMsg(struct jsPubAck **pubAck,
                              jsCtx *js,
                              natsMsg *msg,
                              struct jsPubOptions *opts,
                              jsErrCode *errCode);

/**
 * Release an acknowledgement together with its strings.
 *
 * @param pubAck The acknowledgement; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the acknowledgement.
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN void jsPubAck_Destroy(struct jsPubAck *pubAck);

/**
 * Publish a payload to a stream without waiting for the acknowledgement.
 *
 * Creates a message from the payload, which is copied, and publishes it as `js_PublishMsgAsync`
 * does. The context's `AckHandler` or `ErrHandler` is called with the outcome.
 *
 * @param js The context.
 * @param subj The subject; not empty.
 * @param data The payload, copied before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 * @param opts As for `js_PublishMsgAsync`.
 *
 * @return As `js_PublishMsgAsync`; `NATS_INVALID_ARG` also if `subj` is NULL or empty, `dataLen`
 * is negative, or `data` is NULL while `dataLen` is not 0.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * natsStatus s = NATS_OK;
 *
 * for (int i = 0; i < 1000 && s == NATS_OK; i++)
 *     s = js_PublishAsync(js, "metrics", "1", 1, NULL);
 * if (s == NATS_OK)
 *     s = js_PublishAsyncComplete(js, NULL);
 * ```
 *
 * @see js_PublishMsgAsync, js_PublishAsyncComplete
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_PublishAsync(jsCtx *js,
                                const char *subj,
                                const void *data,
                                int dataLen,
                                struct jsPubOptions *opts);

/**
 * Publish a message to a stream without waiting for the acknowledgement.
 *
 * The library keeps the message until its acknowledgement arrives. Then the context's `AckHandler`
 * is called with the outcome or, if the message is not stored, the `ErrHandler`; without handlers
 * the message is destroyed. If `PublishAsync.MaxPending` messages are pending already, the call
 * waits for one of them to be acknowledged, for at most `PublishAsync.StallWait`.
 *
 * The options are set as headers of the message, which replace headers of the same names, even if
 * the call fails.
 *
 * If the connection is lost, the acknowledgements of messages that were published before do not
 * arrive any more. After the reconnect (or after the context's `Wait` without a connection) these
 * messages fail with `NATS_CONNECTION_DISCONNECTED`: they may be stored or not. Without a handler
 * the library keeps them, `js_PublishAsyncComplete` returns that status, and
 * `js_PublishAsyncGetPendingList` returns the messages. With `ResendOnReconnect` of
 * `js_SetPubPolicy` they are published again instead, each a limited number of times. Messages
 * published while there is no connection are sent after the reconnect. If the connection is closed,
 * the library keeps pending messages until `js_PublishAsyncGetPendingList` or `jsCtx_Destroy`.
 *
 * @param js The context.
 * @param msg Points to the message. With `NATS_OK` the library owns it and `*msg` is set to NULL;
 * otherwise it remains the program's. Its reply subject is not used.
 * @param opts The options of the message; NULL for none. With `MaxWait` greater than 0 the message
 * fails with `NATS_TIMEOUT` if its acknowledgement has not arrived after this number of
 * milliseconds; otherwise there is no limit.
 *
 * @retval NATS_OK The message was published.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, `msg` or `*msg` is NULL, the message has
 * no subject, or the options are invalid as for `js_Publish` (`MaxWait` may be negative).
 * @retval NATS_TIMEOUT Too many messages are pending, and none was acknowledged in time; or the
 * socket did not accept data within the write deadline.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for `MsgTTL`, `Schedule` or
 * `ExpectLastSubjectSeqSubject`, which the last error names.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 * @retval NATS_ILLEGAL_STATE The context was destroyed by another thread during the call.
 *
 * @return Otherwise the status of `natsConnection_PublishMsg`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. No other thread may use the
 * message during the call or afterwards.
 *
 * @see js_PublishAsync, js_PublishAsyncComplete, js_PublishAsyncGetPendingList, jsPubAckHandler,
 * jsPubAckErrHandler, js_SetPubPolicy
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus js_PublishMsgAsync(jsCtx *js, natsMsg **msg, struct jsPubOptions *opts);

/**
 * Wait until no asynchronously published message is pending.
 *
 * A message is pending until its handler has returned. With manual dispatch
 * (`natsOptions_SetManualDispatch`) it is pending only until its acknowledgement has arrived or
 * its time has passed: the handler is called later, by `natsConnection_Dispatch`, so the thread
 * that dispatches may call this function.
 *
 * @param js The context.
 * @param opts The options of the call, of which only `MaxWait` is used: the longest time to wait
 * in milliseconds; 0, or NULL, for no limit.
 *
 * @retval NATS_OK No message is pending.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or `MaxWait` is negative.
 * @retval NATS_TIMEOUT Messages are still pending.
 * @retval NATS_CONNECTION_CLOSED The connection is closed and messages are pending:
 * `js_PublishAsyncGetPendingList` returns them.
 * @retval NATS_CONNECTION_DISCONNECTED The context has no handler, the connection was lost, and
 * only messages are pending whose acknowledgements will not arrive:
 * `js_PublishAsyncGetPendingList` returns them.
 * @retval NATS_ILLEGAL_STATE The context was destroyed by another thread during the call; or the
 * call was made in a handler of the context, and other messages than the one of the handler are
 * pending.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see js_PublishAsync, js_PublishAsyncGetPendingList
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus js_PublishAsyncComplete(jsCtx *js, struct jsPubOptions *opts);

/**
 * Take the messages whose acknowledgements have not arrived.
 *
 * They are not pending any more: if their acknowledgements arrive later, no handler is called.
 * They may be published again with `js_PublishMsgAsync(js, &list.Msgs[i], ..)`.
 *
 * @param pending Receives the messages, in no particular order, to be released with
 * `natsMsgList_Destroy`; written only with `NATS_OK`.
 * @param js The context.
 *
 * @retval NATS_OK The list has at least one message.
 * @retval NATS_NOT_FOUND No message is pending.
 * @retval NATS_INVALID_ARG `pending` is NULL, or `js` is NULL or was destroyed.
 * @retval NATS_NO_MEMORY Memory for the list could not be allocated; the messages are destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see js_PublishAsyncComplete, natsMsgList_Destroy
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus js_PublishAsyncGetPendingList(struct natsMsgList *pending, jsCtx *js);

/**
 * Begin an atomic batch with its first message.
 *
 * A stream with `AllowAtomic` stores all messages of a batch or none, up to 1000 messages. The
 * call waits until the stream has accepted the first message; the following ones are sent without
 * waiting. The headers of the batch and of the options are set on the message. Some headers are
 * not allowed in a batch, and `ExpectLastSeq` only in the first message; the stream checks
 * expectations when the batch is committed. Source: ADR-50.
 *
 * @param ctx Receives the batch, to be released with `jsAtomicBatchCtx_Destroy`. Written before
 * anything is sent, and has to be released even if the call fails.
 * @param new_puback Set to NULL with `NATS_OK`: the answer to a message that does not end a batch
 * is empty. May be NULL.
 * @param js The context.
 * @param msg The message, which remains the program's.
 * @param opts As for `js_Publish`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The stream accepts the batch.
 * @retval NATS_INVALID_ARG `ctx`, `js` or `msg` is NULL, `js` was destroyed, the message has no
 * subject, or the options are invalid as for `js_Publish`.
 * @retval NATS_NO_RESPONDERS No stream has this subject, or JetStream is not enabled; `errCode`
 * receives `JSNotEnabledErr`.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.12 and does not support batches: nothing is sent. Or the
 * server of the stream does not support them and has stored the message on its own.
 * @retval NATS_ERR The server refused the message, for example with `JSBatchPublishNotEnabledErr`:
 * its text is the last error.
 *
 * @return Otherwise the status of `js_Publish`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. No other thread may use the
 * message during the call.
 *
 * @par Example
 * ```c
 * jsAtomicBatchCtx *batch = NULL;
 * jsPubAck *ack = NULL;
 *
 * natsStatus s = js_BatchPublishStart(&batch, NULL, js, msg, NULL, NULL);
 * if (s == NATS_OK)
 *     s = js_BatchPublishAdd(NULL, batch, msg, NULL, NULL);
 * if (s == NATS_OK)
 *     s = js_BatchPublishCommit(&ack, batch, msg, NULL, NULL);
 * jsPubAck_Destroy(ack);
 * jsAtomicBatchCtx_Destroy(batch);
 * ```
 *
 * @see js_BatchPublishAdd, js_BatchPublishCommit, js_BatchPublishDiscard
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_BatchPublishStart(jsAtomicBatchCtx **ctx,
                                     struct jsPubAck **new_puback,
                                     jsCtx *js,
                                     natsMsg *msg,
                                     struct jsPubOptions *opts,
                                     jsErrCode *errCode);

/**
 * Add a message to an atomic batch.
 *
 * The message is sent without waiting for an answer. If it is refused, a later call on the batch
 * returns the error, the commit at the latest; then nothing of the batch is stored.
 *
 * @param new_puback Set to NULL with `NATS_OK`; may be NULL.
 * @param ctx The batch.
 * @param msg The message, which remains the program's. The headers of the batch and of the options
 * are set on it.
 * @param opts As for `js_Publish`; `MaxWait` is the longest time to wait for room in the buffer of
 * the connection.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The message was published.
 * @retval NATS_INVALID_ARG `ctx` or `msg` is NULL, `ctx` was destroyed, the message has no
 * subject, or the options are invalid as for `js_Publish`.
 * @retval NATS_ILLEGAL_STATE The batch was committed or discarded.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost, which ends the batch.
 * @retval NATS_NO_RESPONDERS No stream has the subject of a message of the batch.
 * @retval NATS_ERR The server refused a message of the batch: its text is the last error.
 *
 * @return Otherwise the status of `natsConnection_PublishMsg`. After any failure except `NATS_INVALID_ARG` the batch
 * cannot be used any more.
 *
 * @par Threads
 * Any thread may call this function at any time; calls on one batch wait for each other. No other
 * thread may use the message during the call.
 *
 * @see js_BatchPublishStart, js_BatchPublishCommit
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_BatchPublishAdd(struct jsPubAck **new_puback,
                                   jsAtomicBatchCtx *ctx,
                                   natsMsg *msg,
                                   struct jsPubOptions *opts,
                                   jsErrCode *errCode);

/**
 * Commit an atomic batch with its last message.
 *
 * Waits until the stream has stored all messages of the batch.
 *
 * @param new_puback Receives the acknowledgement of the batch, to be released with
 * `jsPubAck_Destroy`; NULL if it is not needed. `Sequence` is that of the last message, `Batch`
 * the id of the batch, and `Count` the number of messages.
 * @param ctx The batch.
 * @param msg The last message, which remains the program's. The headers of the batch and of the
 * options are set on it.
 * @param opts As for `js_Publish`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The batch is stored.
 * @retval NATS_TIMEOUT No answer arrived in time. The batch may be stored nonetheless, as a whole.
 * @retval NATS_ERR The server refused a message, or an expectation is not met: its text is the
 * last error. Nothing is stored.
 *
 * @return Otherwise as `js_BatchPublishAdd`: nothing is stored.
 *
 * @par Threads
 * Any thread may call this function at any time; calls on one batch wait for each other. No other
 * thread may use the message during the call.
 *
 * @see js_BatchPublishCommitEob, js_BatchPublishDiscard
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_BatchPublishCommit(struct jsPubAck **new_puback,
                                      jsAtomicBatchCtx *ctx,
                                      natsMsg *msg,
                                      struct jsPubOptions *opts,
                                      jsErrCode *errCode);

/**
 * Commit an atomic batch without another message.
 *
 * For servers from 2.14. Otherwise as `js_BatchPublishCommit`.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param new_puback As for `js_BatchPublishCommit`.
 * @param ctx The batch.
 * @param opts As for `js_Publish`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_ILLEGAL_STATE The batch has no messages, or was committed or discarded.
 *
 * @return Otherwise as `js_BatchPublishCommit`.
 *
 * @par Threads
 * Any thread may call this function at any time; calls on one batch wait for each other.
 *
 * @see js_BatchPublishCommit
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_BatchPublishCommitEob(struct jsPubAck **new_puback,
                                         jsAtomicBatchCtx *ctx,
                                         struct jsPubOptions *opts,
                                         jsErrCode *errCode);

/**
 * Discard an atomic batch: nothing of it is stored.
 *
 * Notifies the server without waiting for an answer; otherwise the server would drop the batch ten
 * seconds after its last message. Does nothing after a commit, or after a call that failed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ctx The batch, which still has to be released.
 *
 * @retval NATS_OK The batch is discarded, or had ended before.
 * @retval NATS_INVALID_ARG `ctx` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time; calls on one batch wait for each other.
 *
 * @see jsAtomicBatchCtx_Destroy
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus js_BatchPublishDiscard(jsAtomicBatchCtx *ctx);

/**
 * Release an atomic batch.
 *
 * A batch that was not committed is discarded, as by `js_BatchPublishDiscard`.
 *
 * @param ctx The batch. NULL and a destroyed batch are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, also after `jsCtx_Destroy`.
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN void jsAtomicBatchCtx_Destroy(jsAtomicBatchCtx *ctx);

/**
 * Begin a fast batch.
 *
 * A stream with `AllowBatched` (servers from 2.14) stores the messages of a fast batch as they arrive and
 * acknowledges them from time to time, at an interval that it chooses: the stream sets the pace of all publishers,
 * and many messages need few acknowledgements. A batch can have any number of messages. It is not atomic: messages
 * that were stored stay stored, however the batch ends.
 *
 * Without `AllowGaps` the stream stores the messages of the batch in order and without a gap: a message that is lost
 * or refused ends the batch, and neither it nor a later one is stored. With `AllowGaps` the batch continues without
 * such messages.
 *
 * Nothing is sent yet. The batch survives a reconnect if the server still has it and, without `AllowGaps`, no
 * message was lost. While the batch is open and nothing is added, the library sends the stream a keep-alive every
 * second. Source: ADR-50.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ctx Receives the batch, to be released with `jsFastBatchCtx_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 * @param opts The options, which are copied; NULL for the defaults.
 *
 * @retval NATS_OK The first message can be added.
 * @retval NATS_INVALID_ARG `ctx` or `js` is NULL, `js` was destroyed, or a number of the options is out of its range.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.14.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * jsFastBatchCtx *batch = NULL;
 * jsPubAck *ack = NULL;
 *
 * natsStatus s = js_FastPublishStart(&batch, js, NULL);
 * for (int i = 0; i < 1000000 && s == NATS_OK; i++)
 *     s = js_FastPublishAddData(batch, "metrics.cpu", "42", 2, NULL, NULL);
 * if (s == NATS_OK)
 *     s = js_FastPublishCommitEob(&ack, batch, NULL, NULL);
 * jsPubAck_Destroy(ack);
 * jsFastBatchCtx_Destroy(batch);
 * ```
 *
 * @see js_FastPublishAdd, js_FastPublishAddData, js_FastPublishCommit, js_FastPublishCommitEob,
 * js_FastPublishGetProgress, js_BatchPublishStart
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_FastPublishStart(jsFastBatchCtx **ctx,
                                    jsCtx *js,
                                    struct jsFastPublishOptions *opts);

/**
 * Add a message to a fast batch.
 *
 * Waits while the number of unacknowledged messages is the one that the stream allows. The call for the first
 * message waits until the stream has accepted the batch; whether that message is stored is reported later, as for
 * all others. The options are set as headers of the message, which replace headers of the same names, even if the
 * call fails.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ctx The batch.
 * @param msg The message, which remains the program's and may be added again. Its reply subject is not used.
 * @param opts The options of the message; NULL for none. `MaxWait` is the longest time to wait in milliseconds; 0
 * for the context's `Wait`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The message was published.
 * @retval NATS_INVALID_ARG `ctx` or `msg` is NULL, `ctx` was destroyed, the message has no subject, or the options
 * are invalid as for `js_Publish`. The batch continues.
 * @retval NATS_TIMEOUT The stream did not acknowledge earlier messages in time, and this one was not sent: the batch
 * continues. For the first message: no answer arrived, and the batch has ended.
 * @retval NATS_MAX_PAYLOAD The message is larger than the server allows, and was not sent: the batch continues.
 * @retval NATS_MISMATCH Messages did not reach the stream, and `AllowGaps` is not set: the batch has ended.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost, which ends the batch.
 * @retval NATS_NO_RESPONDERS No stream has the subject, or JetStream is not enabled; `errCode` receives
 * `JSNotEnabledErr`.
 * @retval NATS_NO_SERVER_SUPPORT The server does not support fast batches (before 2.14) and has stored the first
 * message on its own.
 * @retval NATS_ILLEGAL_STATE The batch was committed, or is destroyed by another thread.
 * @retval NATS_ERR The server refused a message, or the batch, for example with `JSFastBatchDisabledErr`: its text
 * is the last error.
 *
 * @return Otherwise the status of `natsConnection_PublishMsg`. After an error that ends the batch, all further calls
 * return that error.
 *
 * @par Threads
 * Any thread may call this function at any time. No other thread may use the message during the
 * call.
 *
 * @see js_FastPublishStart, js_FastPublishAddData, js_FastPublishCommit
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_FastPublishAdd(jsFastBatchCtx *ctx,
                                  natsMsg *msg,
                                  struct jsPubOptions *opts,
                                  jsErrCode *errCode);

/**
 * Add a payload to a fast batch.
 *
 * As `js_FastPublishAdd`, without a message of the program.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ctx The batch.
 * @param subj The subject; not empty.
 * @param data The payload, copied or written before the call returns. Ignored if `dataLen` is 0.
 * @param dataLen The length of the payload in bytes; not negative.
 * @param opts As for `js_FastPublishAdd`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @return As `js_FastPublishAdd`; `NATS_INVALID_ARG` also if `subj` is NULL or empty, `dataLen` is negative, or `data`
 * is NULL while `dataLen` is not 0.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see js_FastPublishAdd
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_FastPublishAddData(jsFastBatchCtx *ctx,
                                      const char *subj,
                                      const void *data,
                                      int dataLen,
                                      struct jsPubOptions *opts,
                                      jsErrCode *errCode);

/**
 * Commit a fast batch with its last message, and wait for the acknowledgement of the whole batch.
 *
 * The last message may be the only message of the batch.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param new_puback Receives the acknowledgement, to be released with `jsPubAck_Destroy`; NULL if it is not needed.
 * `Sequence` is that of the last message in the stream, `Batch` the id of the batch, and `Count` the number of
 * messages, including those that were left out because of `AllowGaps`.
 * @param ctx The batch.
 * @param msg The last message, which remains the program's. The headers of the options are set on it.
 * @param opts As for `js_FastPublishAdd`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The batch is stored: all messages or, with `AllowGaps`, those that were neither lost nor refused,
 * and the last message in any case.
 * @retval NATS_TIMEOUT No answer arrived in time; the last message may be stored. `js_FastPublishCommitEob` waits
 * again.
 * @retval NATS_MISMATCH Messages did not reach the stream.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost; the last messages may or may not be stored.
 * @retval NATS_ILLEGAL_STATE The batch was committed before, or is being committed or destroyed.
 * @retval NATS_ERR The server refused the last message, or without `AllowGaps` one of the others: its text is the
 * last error.
 *
 * @return Otherwise as `js_FastPublishAdd`. If the batch has failed, the call waits until the stream has reported
 * the number of stored messages, which `js_FastPublishGetProgress` then returns, and returns the error.
 *
 * @par Threads
 * Any thread may call this function at any time. No other thread may use the message during the
 * call.
 *
 * @see js_FastPublishCommitEob, js_FastPublishGetProgress
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_FastPublishCommit(struct jsPubAck **new_puback,
                                     jsFastBatchCtx *ctx,
                                     natsMsg *msg,
                                     struct jsPubOptions *opts,
                                     jsErrCode *errCode);

/**
 * Commit a fast batch without another message, and wait for the acknowledgement of the whole
 * batch.
 *
 * As `js_FastPublishCommit`, without another message. If a commit has failed with `NATS_TIMEOUT`, this waits for its
 * answer.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param new_puback As for `js_FastPublishCommit`.
 * @param ctx The batch.
 * @param opts The options of the call, of which only `MaxWait` is used, as for
 * `js_FastPublishAdd`; NULL for the context's `Wait`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_ILLEGAL_STATE The batch has no messages, was committed before, or is being destroyed.
 *
 * @return Otherwise as `js_FastPublishCommit`.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see js_FastPublishCommit, js_FastPublishGetProgress
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_FastPublishCommitEob(struct jsPubAck **new_puback,
                                        jsFastBatchCtx *ctx,
                                        struct jsPubOptions *opts,
                                        jsErrCode *errCode);

/**
 * Read the progress of a fast batch.
 *
 * Sends nothing and does not wait. After a failure `Acked` is the number of the last message up to which the stream
 * is known to have stored the batch: a program that keeps its messages can begin another batch behind it.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param progress Receives the numbers; written only with `NATS_OK`.
 * @param ctx The batch.
 *
 * @retval NATS_OK The progress was written.
 * @retval NATS_INVALID_ARG `progress` or `ctx` is NULL, or `ctx` was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see js_FastPublishAdd
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_FastPublishGetProgress(struct jsFastPublishProgress *progress,
                                          jsFastBatchCtx *ctx);

/**
 * Release a fast batch.
 *
 * Messages that were sent are stored nonetheless. The stream is notified of the end of the batch, without waiting
 * for an answer. Threads that wait in calls on the batch return with `NATS_ILLEGAL_STATE`. The `ErrHandler` is not
 * called any more, except for a call that another thread is just beginning.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param ctx The batch. NULL and a destroyed batch are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, its own `ErrHandler` included, and also after `jsCtx_Destroy`.
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
void jsFastBatchCtx_Destroy(jsFastBatchCtx *ctx);

/**
 * Initialize options for a fast batch.
 *
 * Fills the structure with zeros.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @see js_FastPublishStart
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus jsFastPublishOptions_Init(struct jsFastPublishOptions *opts);

/**
 * Initialize a policy for publishing that does nothing.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param policy The structure, which is filled with zeros; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `policy` is NULL.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus jsPubPolicy_Init(struct jsPubPolicy *policy);

/**
 * Choose what a context does about messages that may not have been stored.
 *
 * It applies to messages that are published afterwards; whether messages are published again after
 * a reconnect depends on the policy at the time of the reconnect.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param js The context.
 * @param policy The policy, which is copied; NULL for the default, which does nothing.
 *
 * @retval NATS_OK The policy was set.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or a number is negative.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @par Example
 * ```c
 * jsPubPolicy policy;
 *
 * jsPubPolicy_Init(&policy);
 * policy.NoRespondersRetries = 2;
 * policy.ResendOnReconnect = true;
 * natsStatus s = js_SetPubPolicy(js, &policy);
 * ```
 *
 * @see js_Publish, js_PublishAsync
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus js_SetPubPolicy(jsCtx *js, const struct jsPubPolicy *policy);

/**
 * Make a message expect the last sequence of its stream, which may be 0 for an empty stream.
 *
 * For the expectation of an empty stream, which `ExpectLastSeq` of `jsPubOptions` cannot express.
 * Sets the header `Nats-Expected-Last-Sequence` on the message.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param msg The message.
 * @param seq The sequence.
 *
 * @retval NATS_OK The header is set.
 * @retval NATS_INVALID_ARG `msg` is NULL.
 * @retval NATS_PROTOCOL_ERROR The headers of a received message are malformed.
 *
 * @par Threads
 * Any thread may call this function; no other thread may use the message during the call.
 *
 * @see js_PublishMsg, js_PublishMsgAsync, js_BatchPublishStart
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus natsMsg_ExpectLastSeq(natsMsg *msg, uint64_t seq);

/**
 * Add to a counter.
 *
 * A stream with `AllowMsgCounter` has a counter for each subject; its last message holds the value.
 * Source: ADR-49.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param newValue Receives the value after the addition in decimal digits, with a minus sign if it
 * is negative, to be released with `free()`; NULL if it is not needed. It may be larger than 64
 * bits.
 * @param js The context.
 * @param subject The counter's subject; not empty.
 * @param delta The number to add, in decimal digits of any number, optionally with a plus or minus
 * sign.
 * @param opts The options of the call, of which only `MaxWait` is used: the longest time to wait
 * in milliseconds; 0, or NULL, for the context's `Wait`.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The number was added.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, `subject` is NULL or empty, `delta` is
 * NULL or not a number, or `MaxWait` is negative.
 * @retval NATS_TIMEOUT No answer arrived in time. The number may have been added nonetheless.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.12 and does not support counters: nothing is sent. Or
 * the server of the stream does not support them and has stored an ordinary message.
 * @retval NATS_ERR The server refused the addition, for example with `JSMessageIncrDisabledErr`.
 *
 * @return Otherwise the status of `js_Publish`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * char *value = NULL;
 *
 * natsStatus s = js_AddToCounter(&value, js, "hits.home", "+1", NULL, NULL);
 * if (s == NATS_OK)
 *     printf("%s hits\n", value);
 * free(value);
 * ```
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN
enum natsStatus js_AddToCounter(char **newValue,
                                jsCtx *js,
                                const char *subject,
                                const char *delta,
                                struct jsPubOptions *opts,
                                jsErrCode *errCode);

/**
 * Initialize options for publishing to JetStream.
 *
 * Fills the structure with zeros.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_publish
 */
NATS_EXTERN enum natsStatus jsPubOptions_Init(struct jsPubOptions *opts);

/**
 * Subscribe to a stream with a pull consumer, from which the program fetches messages.
 *
 * Uses the consumer that `durable` or `subOpts` names if it exists and has the requested settings, and creates one
 * otherwise. The server sends messages only when `natsSubscription_Fetch` or `natsSubscription_FetchRequest`
 * requests them. The program acknowledges them with `natsMsg_Ack`. If the server has lost a consumer that this call
 * created, the error handler receives `NATS_NOT_FOUND`, and the library creates the consumer again behind the last
 * message. A consumer that this call created is deleted by `natsSubscription_Unsubscribe` and at the end of a drain;
 * `natsSubscription_Destroy` alone keeps it. Source: ADR-13, ADR-15.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. Restored on failure.
 * @param js The context.
 * @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
 * `Stream` and `Consumer`.
 * @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
 * removes some time after the end of the subscription; NULL for the name in `subOpts`.
 * @param opts The options of the call; NULL for those of the context.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, `subject` is missing, or
 * options contradict each other.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
 * create it; `errCode` and the last error have the reason.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @par Example
 * ```c
 * natsSubscription *sub = NULL;
 * natsMsgList list = {0};
 * natsStatus s = js_PullSubscribe(&sub, js, "orders.>", "worker", NULL, NULL, NULL);
 * if (s == NATS_OK) s = natsSubscription_Fetch(&list, sub, 100, 5000, NULL);
 * for (int i = 0; s == NATS_OK && i < list.Count; i++)
 *     natsMsg_Ack(list.Msgs[i], NULL);
 * natsMsgList_Destroy(&list);
 * ```
 *
 * @see natsSubscription_Fetch, js_PullSubscribeAsync, js_PullSubscribeMulti
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_PullSubscribe(natsSubscription **sub,
                                 jsCtx *js,
                                 const char *subject,
                                 const char *durable,
                                 struct jsOptions *opts,
                                 struct jsSubOptions *subOpts,
                                 jsErrCode *errCode);

/**
 * Subscribe to a stream with a pull consumer; the library requests messages and delivers them to a
 * callback.
 *
 * As `js_PullSubscribe`, but the library requests further messages while the callback processes earlier ones, as
 * `PullSubscribeAsync` of `jsOpts` states: `FetchSize` at a time, ahead of the callback by `KeepAhead`, or as a
 * `NextHandler` decides. Messages are acknowledged and destroyed as with `js_Subscribe`. Requests that a server ends
 * early, loses or does not answer, also because of an outage, are repeated; missed heartbeats are reported to the
 * error handler with `NATS_MISSED_HEARTBEAT`. The pull ends when its limits are reached, when the server refuses a
 * request, when a consumer that this call did not create is deleted, or when the program ends it. Then the
 * `CompleteHandler` is called once, after the last message, with the reason: `NATS_MAX_DELIVERED_MSGS` for
 * `MaxMessages` and `MaxBytes`, `NATS_LIMIT_REACHED` if the next message does not fit into `MaxBytes` or the server
 * refuses a request, `NATS_TIMEOUT` for `Timeout`, `NATS_NOT_FOUND` or `NATS_TIMEOUT` for `NoWait`,
 * `NATS_INVALID_ARG` for an invalid request, `NATS_CONNECTION_CLOSED`, and `NATS_OK` if the program has ended it.
 * Source: ADR-13, ADR-42.
 *
 * With `Ordered` of `jsSubOptions`, an addition of this library, every message of the stream is delivered once and
 * in order. The library creates the consumer: ephemeral, in memory, without acknowledgements, with a name that
 * begins with `Config.Name` or a unique text. It is deleted whenever the subscription ends. If a message is missing,
 * heartbeats are missed, the consumer is deleted, or the connection was restored, the library creates another
 * consumer behind the last message delivered. Unless the options say otherwise, the server sends heartbeats every 5
 * seconds, or four times within a shorter `Timeout`, and more messages are requested when half of `FetchSize` is
 * left. Source: ADR-17, ADR-37.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`, also after its end. It is written before the first callback, and
 * restored on failure.
 * @param js The context.
 * @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
 * `Stream` and `Consumer`.
 * @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
 * removes some time after the end of the subscription; NULL for the name in `subOpts`.
 * @param msgCB The callback. If the call fails, neither it nor a handler of `jsOpts` has been called or
 * will be.
 * @param msgCBClosure The last argument of the callback; may be NULL.
 * @param jsOpts The options of the call, `PullSubscribeAsync` among them; NULL for the defaults.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub`, `js` or `msgCB` is NULL, `js` was destroyed, `subject` is missing,
 * or options contradict each other.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
 * create it; `errCode` and the last error have the reason.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @see js_PullSubscribe, js_PullSubscribeAsyncMulti, jsFetchCompleteHandler, jsFetchNextHandler
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_PullSubscribeAsync(natsSubscription **sub,
                                      jsCtx *js,
                                      const char *subject,
                                      const char *durable,
                                      natsMsgHandler msgCB,
                                      void *msgCBClosure,
                                      struct jsOptions *jsOpts,
                                      struct jsSubOptions *subOpts,
                                      jsErrCode *errCode);

/**
 * Subscribe to a stream with a pull consumer; the library requests messages, and the program takes
 * them one by one.
 *
 * As `js_PullSubscribeAsync` without a callback: `natsSubscription_NextMsg` returns the next message, and
 * `natsSubscription_NextMsgs` all that wait. The library requests further messages as the program takes earlier
 * ones, as `PullSubscribeAsync` of `jsOpts` states; without `KeepAhead`, `MaxBytes` and `NoWait`, when half of
 * `FetchSize` is left. The program acknowledges messages with `natsMsg_Ack`. When the pull has ended and the
 * remaining messages have been taken, these functions return the reason that the `CompleteHandler` of
 * `js_PullSubscribeAsync` would receive, and `natsSubscription_IsValid` returns false. With `Ordered` of
 * `jsSubOptions` every message of the stream is delivered once and in order, as described there. Source: ADR-37.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`, also after its end. Restored on failure.
 * @param js The context.
 * @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
 * `Stream` and `Consumer`.
 * @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
 * removes some time after the end of the subscription; NULL for the name in `subOpts`.
 * @param jsOpts The options of the call, `PullSubscribeAsync` among them, which has no handlers; NULL
 * for the defaults.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, `subject` is missing, there is a
 * handler, or options contradict each other.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
 * create it; `errCode` and the last error have the reason.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @par Example
 * ```c
 * natsSubscription *sub = NULL;
 * natsMsg *msg = NULL;
 * natsStatus s = js_PullSubscribeSync(&sub, js, "orders.>", "worker", NULL, NULL, NULL);
 * while (s == NATS_OK && (s = natsSubscription_NextMsg(&msg, sub, 5000)) == NATS_OK) {
 *     printf("%s\n", natsMsg_GetData(msg));
 *     natsMsg_Ack(msg, NULL);
 *     natsMsg_Destroy(msg);
 * }
 * natsSubscription_Destroy(sub);
 * ```
 *
 * @see js_PullSubscribeAsync, js_PullSubscribeSyncMulti, natsSubscription_NextMsg
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_PullSubscribeSync(natsSubscription **sub,
                                     jsCtx *js,
                                     const char *subject,
                                     const char *durable,
                                     struct jsOptions *jsOpts,
                                     struct jsSubOptions *subOpts,
                                     jsErrCode *errCode);

/**
 * Subscribe to several subjects of a stream; messages are fetched by the program.
 *
 * As `js_PullSubscribe`, with a consumer that delivers several subjects, in the order of the stream.
 * Servers before 2.10 have none.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. Restored on failure.
 * @param js The context.
 * @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
 * overlap. The first of them determines the stream unless `subOpts` names it.
 * @param numSubjects How many there are; more than 0, unless `subOpts` has `Stream` and `Consumer`.
 * @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
 * removes some time after the end of the subscription; NULL for the name in `subOpts`.
 * @param opts The options of the call; NULL for those of the context.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, subjects are missing,
 * options contradict each other, or the server does not support consumers with several subjects.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the first subject, subjects overlap, the consumer exists and is not as
 * asked, or the server refused to create it; `errCode` and the last error say more.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @see js_PullSubscribe, js_SubscribeMulti
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_PullSubscribeMulti(natsSubscription **sub,
                                      jsCtx *js,
                                      const char **subjects,
                                      int numSubjects,
                                      const char *durable,
                                      struct jsOptions *opts,
                                      struct jsSubOptions *subOpts,
                                      jsErrCode *errCode);

/**
 * Subscribe to several subjects of a stream; the library asks for messages and calls back.
 *
 * As `js_PullSubscribeAsync`, with a consumer that delivers several subjects, in the order of the stream.
 * With `Ordered` of `jsSubOptions` every message of these subjects comes once and in order. Servers
 * before 2.10 have no such consumers. Source: ADR-37.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`, also after its end. It is written before the first callback, and
 * restored on failure.
 * @param js The context.
 * @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
 * overlap. The first of them determines the stream unless `subOpts` names it.
 * @param numSubjects How many there are; more than 0, unless `subOpts` has `Stream` and `Consumer`.
 * @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
 * removes some time after the end of the subscription; NULL for the name in `subOpts`.
 * @param msgCB The callback.
 * @param msgCBClosure The last argument of the callback; may be NULL.
 * @param jsOpts The options of the call, `PullSubscribeAsync` among them; NULL for the defaults.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub`, `js` or `msgCB` is NULL, `js` was destroyed, subjects are missing, options
 * contradict each other, or the server does not support consumers with several subjects.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the first subject, subjects overlap, the consumer exists and is not as
 * asked, or the server refused to create it; `errCode` and the last error say more.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @see js_PullSubscribeAsync, js_SubscribeMulti
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_PullSubscribeAsyncMulti(natsSubscription **sub,
                                           jsCtx *js,
                                           const char **subjects,
                                           int numSubjects,
                                           const char *durable,
                                           natsMsgHandler msgCB,
                                           void *msgCBClosure,
                                           struct jsOptions *jsOpts,
                                           struct jsSubOptions *subOpts,
                                           jsErrCode *errCode);

/**
 * Subscribe to several subjects of a stream; the library asks for messages, and the program takes them one by one.
 *
 * As `js_PullSubscribeSync`, with a consumer that delivers several subjects, in the order of the stream.
 * With `Ordered` of `jsSubOptions` every message of these subjects comes once and in order. Servers
 * before 2.10 have no such consumers. Source: ADR-37.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`, also after its end. Restored on failure.
 * @param js The context.
 * @param subjects The subjects, all of one stream, none of which may cover another: the server refuses those that
 * overlap. The first of them determines the stream unless `subOpts` names it.
 * @param numSubjects How many there are; more than 0, unless `subOpts` has `Stream` and `Consumer`.
 * @param durable The consumer's durable name; empty for an ephemeral consumer, which the server
 * removes some time after the end of the subscription; NULL for the name in `subOpts`.
 * @param jsOpts The options of the call, `PullSubscribeAsync` among them, which has no handlers; NULL
 * for the defaults.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, subjects are missing, there is a handler,
 * options contradict each other, or the server does not support consumers with several subjects.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the first subject, subjects overlap, the consumer exists and is not as
 * asked, or the server refused to create it; `errCode` and the last error say more.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @par Example
 * ```c
 * const char *subjects[] = {"orders.new", "orders.paid"};
 * natsSubscription *sub = NULL;
 * natsMsg *msg = NULL;
 * jsSubOptions options;
 * natsStatus s = jsSubOptions_Init(&options);
 * options.Ordered = true;
 * if (s == NATS_OK) s = js_PullSubscribeSyncMulti(&sub, js, subjects, 2, NULL, NULL, &options, NULL);
 * while (s == NATS_OK && (s = natsSubscription_NextMsg(&msg, sub, 5000)) == NATS_OK) {
 *     printf("%s: %s\n", natsMsg_GetSubject(msg), natsMsg_GetData(msg));
 *     natsMsg_Destroy(msg);
 * }
 * natsSubscription_Destroy(sub);
 * ```
 *
 * @see js_PullSubscribeSync, js_SubscribeMulti
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_PullSubscribeSyncMulti(natsSubscription **sub,
                                          jsCtx *js,
                                          const char **subjects,
                                          int numSubjects,
                                          const char *durable,
                                          struct jsOptions *jsOpts,
                                          struct jsSubOptions *subOpts,
                                          jsErrCode *errCode);

/**
 * Create a stream, or change the configuration of the one that exists.
 *
 * If a stream of the name exists, its configuration is replaced; otherwise the stream is created.
 * Several programs may do this at the same time.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param si Receives the configuration and state of the stream, to be released with
 * `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param cfg The configuration. Read during the call only.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The stream has the configuration.
 * @retval NATS_INVALID_ARG As for `js_AddStream`.
 * @retval NATS_NO_SERVER_SUPPORT As for `js_AddStream`: the server is too old for a setting, which the last error
 * names together with the version that supports it. Or the answer came from another server of the cluster that is
 * too old and has ignored the setting.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsStreamConfig cfg;
 *
 * jsStreamConfig_Init(&cfg);
 * cfg.Name = "ORDERS";
 * natsStatus s = js_CreateOrUpdateStream(NULL, js, &cfg, NULL, NULL);
 * ```
 *
 * @see js_AddStream, js_UpdateStream
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_CreateOrUpdateStream(struct jsStreamInfo **si,
                                        jsCtx *js,
                                        struct jsStreamConfig *cfg,
                                        struct jsOptions *opts,
                                        jsErrCode *errCode);

/**
 * Get the name of the stream that stores a subject.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param name Receives the name, to be released with `free`. Written only with `NATS_OK`.
 * @param js The context.
 * @param subject The subject; may have wildcards.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK `name` has the name. If several streams match, it is the name of one of them.
 * @retval NATS_NOT_FOUND No stream stores the subject. The last error is cleared.
 * @retval NATS_INVALID_ARG `name` is NULL, `js` is NULL or was destroyed, or the subject is
 * missing.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_StreamNames
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_StreamNameBySubject(char **name,
                                       jsCtx *js,
                                       const char *subject,
                                       struct jsOptions *opts,
                                       jsErrCode *errCode);

/**
 * Remove messages of a stream and return their number.
 *
 * As `js_PurgeStream` otherwise.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param purged Receives the number of removed messages; NULL if it is not needed. Written only
 * with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The messages are removed.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG As for `js_PurgeStream`.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_PurgeStream
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_PurgeStreamCount(uint64_t *purged,
                                    jsCtx *js,
                                    const char *stream,
                                    struct jsOptions *opts,
                                    jsErrCode *errCode);

/**
 * Set the level of the JetStream API that servers must have for calls of a context.
 *
 * A server of a lower level refuses each call: `NATS_ERR` with `JSRequiredApiLevelErr`. Servers
 * before 2.12 ignore it. ADR-44 has the levels.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param js The context.
 * @param level The level; 0 for any.
 *
 * @retval NATS_OK The setting applies to calls that begin afterwards.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or `level` is negative.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @par Example
 * ```c
 * natsStatus s = js_SetRequiredApiLevel(js, 2);
 * ```
 *
 * @see natsConnection_JetStream
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN enum natsStatus js_SetRequiredApiLevel(jsCtx *js, int level);

/**
 * Set whether servers refuse configurations that they would have to adjust.
 *
 * By default a server adjusts a configuration with contradictory settings, such as a duplicate window that is longer
 * than the maximum age of messages, or fills in limits of the account. With this setting, `js_AddStream`,
 * `js_UpdateStream`, `js_CreateOrUpdateStream`, `js_AddConsumer`, `js_UpdateConsumer`, `js_CreateConsumer` and
 * `js_ReplaceConsumer` with the context fail instead: `NATS_ERR` with `JSPedanticErr`. The streams of buckets and
 * object stores, and consumers that subscriptions create, are not affected.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param js The context.
 * @param pedantic Whether servers refuse; false is the default.
 *
 * @retval NATS_OK The setting applies to calls that begin afterwards. With servers before 2.11, which would ignore
 * it, they fail with `NATS_NO_SERVER_SUPPORT`.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see js_SetRequiredApiLevel
 *
 * @ingroup nats_js_context
 */
NATS_EXTERN
enum natsStatus js_SetPedantic(jsCtx *js,
                               bool pedantic);

/**
 * Initialize the configuration of a stream: no limits, one replica, file storage.
 *
 * Sets `MaxConsumers`, `MaxMsgs`, `MaxBytes` and `MaxMsgSize` to -1, `Replicas` to 1, and the rest
 * to zero.
 *
 * @param cfg The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `cfg` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsStreamConfig_Init(struct jsStreamConfig *cfg);

/**
 * Initialize a placement that allows every server.
 *
 * Fills the structure with zeros.
 *
 * @param placement The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `placement` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsPlacement_Init(struct jsPlacement *placement);

/**
 * Initialize a source of a stream.
 *
 * Fills the structure with zeros. `Name` has to be set.
 *
 * @param source The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `source` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsStreamSource_Init(struct jsStreamSource *source);

/**
 * Initialize the reference to a stream of another account or domain.
 *
 * Fills the structure with zeros. `APIPrefix` has to be set.
 *
 * @param external The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `external` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsExternalStream_Init(struct jsExternalStream *external);

/**
 * Initialize the settings for republishing stored messages.
 *
 * Fills the structure with zeros. Without a `Destination` nothing is republished.
 *
 * @param rp The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `rp` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsRePublish_Init(struct jsRePublish *rp);

/**
 * Initialize the settings that the structure of a source has no fields for.
 *
 * Fills the structure with zeros.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param extra The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `extra` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsSourceExtra_Init(struct jsSourceExtra *extra);

/**
 * Initialize the settings that the configuration of a stream has no fields for.
 *
 * Fills the structure with zeros.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param extra The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `extra` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN enum natsStatus jsStreamExtra_Init(struct jsStreamExtra *extra);

/**
 * Create a stream with settings that `jsStreamConfig` has no fields for.
 *
 * As `js_AddStream` otherwise.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param si Receives the configuration and state of the stream, to be released with
 * `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param cfg The configuration. Read during the call only.
 * @param extra The settings that `cfg` has no fields for; NULL for none. Read during the call
 * only.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The stream exists.
 * @retval NATS_INVALID_ARG As for `js_AddStream`; or `extra` has settings for a mirror or for sources that the
 * configuration does not have, or an empty transform.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.10 and does not support transforms.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsSubjectTransformConfig transform = {"orders.*", "all.orders.{{wildcard(1)}}"};
 * jsSourceExtra sourceExtra, *extras[] = {&sourceExtra};
 * jsStreamSource source, *sources[] = {&source};
 * jsStreamExtra extra;
 * jsStreamConfig cfg;
 *
 * jsStreamConfig_Init(&cfg);
 * jsStreamSource_Init(&source);
 * jsSourceExtra_Init(&sourceExtra);
 * jsStreamExtra_Init(&extra);
 * source.Name = "ORDERS";
 * cfg.Name = "ALL";
 * cfg.Sources = sources;
 * cfg.SourcesLen = 1;
 * sourceExtra.SubjectTransforms = &transform;
 * sourceExtra.SubjectTransformsLen = 1;
 * extra.Sources = extras;
 * extra.SourcesLen = 1;
 * natsStatus s = js_AddStreamWithExtra(NULL, js, &cfg, &extra, NULL, NULL);
 * ```
 *
 * @see js_AddStream, js_UpdateStreamWithExtra
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_AddStreamWithExtra(struct jsStreamInfo **si,
                                      jsCtx *js,
                                      struct jsStreamConfig *cfg,
                                      struct jsStreamExtra *extra,
                                      struct jsOptions *opts,
                                      jsErrCode *errCode);

/**
 * Change the configuration of a stream, with settings that `jsStreamConfig` has no fields for.
 *
 * As `js_UpdateStream` otherwise. If `extra` has settings for a source, they replace the previous ones; other
 * sources keep theirs.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param si Receives the configuration and state of the stream, to be released with
 * `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param cfg The configuration. Read during the call only.
 * @param extra The settings that `cfg` has no fields for; NULL for none. Read during the call
 * only.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The stream has the configuration.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG As for `js_AddStreamWithExtra`.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.10 and does not support transforms.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_UpdateStream, js_AddStreamWithExtra
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_UpdateStreamWithExtra(struct jsStreamInfo **si,
                                         jsCtx *js,
                                         struct jsStreamConfig *cfg,
                                         struct jsStreamExtra *extra,
                                         struct jsOptions *opts,
                                         jsErrCode *errCode);

/**
 * Get the settings of a source that its structure has no fields for.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param extra Receives the settings, to be released with `jsSourceExtra_Destroy`. Written only with
 * `NATS_OK`.
 * @param source A source or mirror in a configuration that the library returned, or a copy of it.
 *
 * @retval NATS_OK `extra` has the settings; all are zero if there are none.
 * @retval NATS_INVALID_ARG `extra` or `source` is NULL, or a string is not UTF-8.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the configuration during the
 * call.
 *
 * @see js_UpdateStreamWithExtra, jsSourceExtra_Destroy
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus jsStreamSource_GetExtra(struct jsSourceExtra **extra,
                                        const struct jsStreamSource *source);

/**
 * Destroy the settings of a source.
 *
 * Releases them together with their fields.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param extra The settings that `jsStreamSource_GetExtra` returned, not a structure of the
 * program; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see jsStreamSource_GetExtra
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN void jsSourceExtra_Destroy(struct jsSourceExtra *extra);

/**
 * Create a stream.
 *
 * If the stream exists with the same configuration, the call succeeds. The `Domain` of a mirror or
 * source becomes its external API; the structure is not changed.
 *
 * @param si Receives the configuration and state of the stream, to be released with
 * `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param cfg The configuration, initialized with `jsStreamConfig_Init`. Read during the call only.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The stream exists.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; the name is missing or
 * has a dot, white space, a control character, a slash, a backslash or a wildcard; a choice or a
 * length is out of range; a string is not UTF-8; or a source has both `Domain` and `External`.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
 * version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
 * the setting.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsStreamConfig cfg;
 * const char *subjects[] = {"orders.*"};
 *
 * jsStreamConfig_Init(&cfg);
 * cfg.Name = "ORDERS";
 * cfg.Subjects = subjects;
 * cfg.SubjectsLen = 1;
 * natsStatus s = js_AddStream(NULL, js, &cfg, NULL, NULL);
 * ```
 *
 * @see jsStreamConfig_Init, js_UpdateStream, jsStreamInfo_Destroy
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_AddStream(struct jsStreamInfo **si,
                             jsCtx *js,
                             struct jsStreamConfig *cfg,
                             struct jsOptions *opts,
                             jsErrCode *errCode);

/**
 * Change the configuration of a stream.
 *
 * The whole configuration is replaced. Change one that `js_GetStreamInfo` returned, or a copy of
 * it: settings of a newer server, and of sources, that the structure has no field for are then
 * kept.
 *
 * @param si Receives the configuration and state of the stream, to be released with
 * `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
 * @param js The context.
 * @param cfg The configuration. Read during the call only.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The stream has the configuration.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed; `cfg` is NULL; the name is missing or
 * invalid; a choice or a length is out of range; or a string is not UTF-8.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting, which the last error names together with the
 * version that supports it. Or the answer came from another server of the cluster that is too old and has ignored
 * the setting.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsStreamInfo *si = NULL;
 *
 * natsStatus s = js_GetStreamInfo(&si, js, "ORDERS", NULL, NULL);
 * if (s == NATS_OK) {
 *     si->Config->MaxMsgs = 1000;
 *     s = js_UpdateStream(NULL, js, si->Config, NULL, NULL);
 * }
 * jsStreamInfo_Destroy(si);
 * ```
 *
 * @see js_AddStream, js_GetStreamInfo
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_UpdateStream(struct jsStreamInfo **si,
                                jsCtx *js,
                                struct jsStreamConfig *cfg,
                                struct jsOptions *opts,
                                jsErrCode *errCode);

/**
 * Remove messages of a stream.
 *
 * Removes all messages, or those that `Stream.Purge` of the options selects.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The messages are removed.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed; the name is missing or invalid; or the
 * options have both a sequence and a number of messages to keep.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see jsOptions_Init, js_DeleteMsg
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_PurgeStream(jsCtx *js,
                               const char *stream,
                               struct jsOptions *opts,
                               jsErrCode *errCode);

/**
 * Delete a stream with its messages and consumers.
 *
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The stream is deleted.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_AddStream
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_DeleteStream(jsCtx *js,
                                const char *stream,
                                struct jsOptions *opts,
                                jsErrCode *errCode);

/**
 * Get the configuration and the state of a stream.
 *
 * With `Stream.Info` of the options, the sequences of deleted messages and the number of messages
 * of each subject are included. If there are many subjects, several requests are sent, and the
 * `Wait` of the options applies to each of them.
 *
 * @param si Receives the configuration and state of the stream, to be released with
 * `jsStreamInfo_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 * @param stream The name of the stream.
 * @param opts The options of this call; NULL for those of the context. Read during the call only.
 * @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
 * needed.
 *
 * @retval NATS_OK The info was written.
 * @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
 * error is cleared.
 * @retval NATS_INVALID_ARG `si` is NULL, `js` is NULL or was destroyed, or the name is missing or
 * invalid.
 * @retval NATS_ERR The server refused the request: its text is the last error and its code is in
 * `errCode`. Or the answer is not JSON.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_Streams, jsStreamInfo_Destroy
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN
enum natsStatus js_GetStreamInfo(struct jsStreamInfo **si,
                                 jsCtx *js,
                                 const char *stream,
                                 struct jsOptions *opts,
                                 jsErrCode *errCode);

/**
 * Release the info of a stream.
 *
 * Releases it together with its fields.
 *
 * @param si The info; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @see js_GetStreamInfo
 *
 * @ingroup nats_js_streams
 */
NATS_EXTERN void jsStreamInfo_Destroy(struct jsStreamInfo *si);

/**
 * Subscribe to a stream with a push consumer; messages are delivered to a callback.
 *
 * Uses the consumer that `subOpts` names if it exists and has the requested settings, and creates one otherwise. The
 * server removes a created consumer without a durable name some time after the end of the subscription. The library
 * acknowledges and destroys each message when the callback has returned, unless `ManualAck` is set: then the
 * callback does both. With `Ordered` every message of the stream is delivered once and in order: if a message is
 * missing, heartbeats are missed, or the connection was restored, the library creates another consumer behind the
 * last message. If the server has lost a consumer that the library created, the library creates it again, and the
 * error handler receives `NATS_NOT_FOUND`; if it has lost a consumer that existed before, the subscription is
 * closed. A consumer that this call created is deleted by `natsSubscription_Unsubscribe` and at the end of a drain;
 * `natsSubscription_Destroy` alone keeps it. With the `Config.AckPolicy` `js_AckFlowControl` the library
 * acknowledges the messages for which the callback has returned, many at once. Source: ADR-15, ADR-17, ADR-21,
 * ADR-60.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. It is written before the first callback, and restored on failure.
 * @param js The context.
 * @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
 * `Stream` and `Consumer`.
 * @param cb The callback. If the call fails, it has not been called and will not be.
 * @param cbClosure The last argument of the callback; may be NULL.
 * @param opts The options of the call; NULL for those of the context.
 * @param subOpts The options of the subscription; NULL for the defaults. If it has a start
 * sequence or a start time, the call sets the deliver policy in it.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub`, `js` or `cb` is NULL, `js` was destroyed, `subject` is missing, or
 * options contradict each other.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
 * create it; `errCode` and the last error have the reason.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @see js_SubscribeSync, js_SubscribeMulti, natsMsg_Ack
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_Subscribe(natsSubscription **sub,
                             jsCtx *js,
                             const char *subject,
                             natsMsgHandler cb,
                             void *cbClosure,
                             struct jsOptions *opts,
                             struct jsSubOptions *subOpts,
                             jsErrCode *errCode);

/**
 * Subscribe to several subjects of a stream; messages are delivered to a callback.
 *
 * As `js_Subscribe`, with a consumer that delivers several subjects, which servers support from
 * 2.10 on.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. It is written before the first callback, and restored on failure.
 * @param js The context.
 * @param subjects The subjects, all of one stream. The first of them determines the stream unless
 * `subOpts` names it.
 * @param numSubjects The number of elements; greater than 0.
 * @param cb The callback. If the call fails, it has not been called and will not be.
 * @param cbClosure The last argument of the callback; may be NULL.
 * @param opts The options of the call; NULL for those of the context.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub`, `js` or `cb` is NULL, `js` was destroyed, subjects are missing,
 * options contradict each other, or the server does not support consumers with several subjects.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
 * create it; `errCode` and the last error have the reason.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @see js_Subscribe
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_SubscribeMulti(natsSubscription **sub,
                                  jsCtx *js,
                                  const char **subjects,
                                  int numSubjects,
                                  natsMsgHandler cb,
                                  void *cbClosure,
                                  struct jsOptions *opts,
                                  struct jsSubOptions *subOpts,
                                  jsErrCode *errCode);

/**
 * Subscribe to a stream with a push consumer; messages wait for `natsSubscription_NextMsg`.
 *
 * As `js_Subscribe` without a callback. The library never acknowledges messages: the program does,
 * with `natsMsg_Ack`. If a heartbeat of the consumer shows that a message has not arrived,
 * `natsSubscription_NextMsg` returns `NATS_MISMATCH` once.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. Restored on failure.
 * @param js The context.
 * @param subject The subject, which may have wildcards; NULL or empty only if `subOpts` has
 * `Stream` and `Consumer`.
 * @param opts The options of the call; NULL for those of the context.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, `subject` is missing, or
 * options contradict each other.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
 * create it; `errCode` and the last error have the reason.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @par Example
 * ```c
 * jsCtx *js = NULL;
 * jsSubOptions options;
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * if (s == NATS_OK) s = jsSubOptions_Init(&options);
 * options.Ordered = true;
 * if (s == NATS_OK) s = js_SubscribeSync(&sub, js, "orders.>", NULL, &options, NULL);
 * while (s == NATS_OK && (s = natsSubscription_NextMsg(&msg, sub, 1000)) == NATS_OK) {
 *     printf("%s\n", natsMsg_GetData(msg));
 *     natsMsg_Destroy(msg);
 * }
 * ```
 *
 * @see js_Subscribe, natsSubscription_GetSequenceMismatch
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_SubscribeSync(natsSubscription **sub,
                                 jsCtx *js,
                                 const char *subject,
                                 struct jsOptions *opts,
                                 struct jsSubOptions *subOpts,
                                 jsErrCode *errCode);

/**
 * Subscribe to several subjects of a stream; messages wait for `natsSubscription_NextMsg`.
 *
 * As `js_SubscribeSync`, with a consumer that delivers several subjects, which servers support
 * from 2.10 on.
 *
 * @param sub Receives the subscription, which the caller owns and releases with
 * `natsSubscription_Destroy`. Restored on failure.
 * @param js The context.
 * @param subjects The subjects, all of one stream. The first of them determines the stream unless
 * `subOpts` names it.
 * @param numSubjects The number of elements; greater than 0.
 * @param opts The options of the call; NULL for those of the context.
 * @param subOpts The options of the subscription; NULL for the defaults.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The subscription was made.
 * @retval NATS_INVALID_ARG `sub` or `js` is NULL, `js` was destroyed, subjects are missing,
 * options contradict each other, or the server does not support consumers with several subjects.
 * @retval NATS_NO_SERVER_SUPPORT The server is too old for a setting of the consumer, which the last error
 * names.
 * @retval NATS_ERR No stream has the subject, the consumer exists with other settings, or the server refused to
 * create it; `errCode` and the last error have the reason.
 * @retval NATS_NOT_FOUND `subOpts` names the stream and the consumer, and the consumer does not
 * exist.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @see js_SubscribeSync
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus js_SubscribeSyncMulti(natsSubscription **sub,
                                      jsCtx *js,
                                      const char **subjects,
                                      int numSubjects,
                                      struct jsOptions *opts,
                                      struct jsSubOptions *subOpts,
                                      jsErrCode *errCode);

/**
 * Initialize options for subscribing to JetStream: a consumer with the defaults of the server.
 *
 * Sets the three policies in `Config` to -1, as `jsConsumerConfig_Init` does, and the rest to
 * zero.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus jsSubOptions_Init(struct jsSubOptions *opts);

/**
 * Initialize a request to a pull consumer.
 *
 * Fills the structure with zeros. `Batch` and `Expires` have to be set.
 *
 * @param request The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `request` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN enum natsStatus jsFetchRequest_Init(struct jsFetchRequest *request);

/**
 * Get the info of a subscription's consumer from the server.
 *
 * The answer describes the present consumer: that of an ordered subscription changes when the
 * library creates another one.
 *
 * @param ci Receives the information, which the caller owns and releases with
 * `jsConsumerInfo_Destroy`. Written only with `NATS_OK`.
 * @param sub The subscription, made by one of the JetStream functions.
 * @param opts The options of the call; NULL for those of the context.
 * @param errCode Receives the code of the server's error, or 0 if there is none; may be NULL.
 *
 * @retval NATS_OK The information was written.
 * @retval NATS_INVALID_ARG `ci` or `sub` is NULL, or `sub` was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION `sub` is not a JetStream subscription.
 * @retval NATS_NOT_FOUND The consumer does not exist at present.
 * @retval NATS_NO_RESPONDERS JetStream is not available.
 * @retval NATS_TIMEOUT The server did not answer in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included. Waits for the server.
 *
 * @see js_GetConsumerInfo
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus natsSubscription_GetConsumerInfo(struct jsConsumerInfo **ci,
                                                 natsSubscription *sub,
                                                 struct jsOptions *opts,
                                                 jsErrCode *errCode);

/**
 * Compare what has arrived with what the consumer has sent.
 *
 * Each heartbeat of a push consumer contains the number of its last delivery. Without heartbeats there is nothing to
 * compare, and messages that arrived after the last heartbeat are not taken into account. A pull subscription never
 * has a mismatch. A subscription whose sequences do not match has lost messages: subscribe again, or use an ordered
 * subscription, which recovers by itself.
 *
 * @param csm Receives the sequences of the last message that had arrived before the last
 * heartbeat, and the number of the consumer's last delivery. Written only with `NATS_OK`.
 * @param sub The subscription, made by one of the JetStream functions.
 *
 * @retval NATS_OK There is a mismatch, which was written.
 * @retval NATS_NOT_FOUND There is no mismatch, no heartbeat has arrived, or the subscription is a
 * pull subscription.
 * @retval NATS_INVALID_ARG `csm` or `sub` is NULL, or `sub` was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION `sub` is not a JetStream subscription.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_js_subscribe
 */
NATS_EXTERN
enum natsStatus natsSubscription_GetSequenceMismatch(struct jsConsumerSequenceMismatch *csm,
                                                     natsSubscription *sub);

/**
 * Initialize the settings that a configuration has no fields for.
 *
 * Fills the structure with zeros.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param extra The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `extra` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN enum natsStatus kvExtraConfig_Init(struct kvExtraConfig *extra);

/**
 * Create a key-value bucket with settings that `kvConfig` has no fields for.
 *
 * Creates the stream of the bucket. If the bucket exists with the same configuration, it is
 * opened.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context. It stays alive as long as the bucket's handle.
 * @param cfg The configuration. Read during the call only.
 * @param extra The settings that `cfg` has no fields for; NULL for the defaults. Read during the
 * call only.
 *
 * @retval NATS_OK The bucket can be used.
 * @retval NATS_INVALID_ARG As for `js_CreateKeyValue`.
 * @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_CreateOrUpdateKeyValue
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN
enum natsStatus js_CreateKeyValueWithExtra(kvStore **new_kv,
                                           jsCtx *js,
                                           struct kvConfig *cfg,
                                           struct kvExtraConfig *extra);

/**
 * Change the configuration of a key-value bucket.
 *
 * The configuration is replaced as a whole: settings that are 0 or NULL become the defaults.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context. It stays alive as long as the bucket's handle.
 * @param cfg The configuration. Read during the call only.
 * @param extra The settings that `cfg` has no fields for; NULL for the defaults. Read during the
 * call only.
 *
 * @retval NATS_OK The bucket has the configuration.
 * @retval NATS_NOT_FOUND The bucket does not exist. The last error is cleared.
 * @retval NATS_INVALID_ARG As for `js_CreateKeyValue`.
 * @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_CreateOrUpdateKeyValue
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN
enum natsStatus js_UpdateKeyValue(kvStore **new_kv,
                                  jsCtx *js,
                                  struct kvConfig *cfg,
                                  struct kvExtraConfig *extra);

/**
 * Create a key-value bucket, or change the configuration of the one that exists.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context. It stays alive as long as the bucket's handle.
 * @param cfg The configuration. Read during the call only.
 * @param extra The settings that `cfg` has no fields for; NULL for the defaults. Read during the
 * call only.
 *
 * @retval NATS_OK The bucket has the configuration.
 * @retval NATS_INVALID_ARG As for `js_CreateKeyValue`.
 * @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_CreateKeyValue, js_UpdateKeyValue
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN
enum natsStatus js_CreateOrUpdateKeyValue(kvStore **new_kv,
                                          jsCtx *js,
                                          struct kvConfig *cfg,
                                          struct kvExtraConfig *extra);

/**
 * List the names of all key-value buckets of an account.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param list The program's structure, which receives the names, to be released with
 * `kvKeysList_Destroy`. Empty if the call fails.
 * @param js The context.
 *
 * @retval NATS_OK The names were written, sorted; NULL and 0 if there are none.
 * @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_KeyValue
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN enum natsStatus js_KeyValueNames(struct kvKeysList *list, jsCtx *js);

/**
 * Create a key-value bucket.
 *
 * A bucket `B` is the stream `KV_B`, whose subjects `$KV.B.<key>` are the keys. Source: ADR-8.
 *
 * Sources become keys of the bucket: `$KV.<source>.<key>` is stored as `$KV.<bucket>.<key>`
 * (ADR-57), and the bucket can have keys of its own beside them. A mirror has the keys of its
 * origin; values that are put into it are stored in the origin.
 *
 * @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context. It stays alive as long as the bucket's handle.
 * @param cfg The configuration. Read during the call only.
 *
 * @retval NATS_OK The bucket can be used. It was created, or existed with the same configuration.
 * @retval NATS_INVALID_ARG An argument is NULL, `js` was destroyed, the name is not valid, or a
 * value is beyond its limit: `History` above 64, `LimitMarkerTTL` below a second.
 * @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
 * @retval NATS_ERR The server refused the request, for example because the bucket exists with
 * another configuration: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsCtx *js = NULL;
 * kvConfig cfg;
 * kvStore *kv = NULL;
 *
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * kvConfig_Init(&cfg);
 * cfg.Bucket = "settings";
 * cfg.History = 5;
 * if (s == NATS_OK)
 *     s = js_CreateKeyValue(&kv, js, &cfg);
 * if (s == NATS_OK)
 *     s = kvStore_PutString(NULL, kv, "color", "blue");
 * kvStore_Destroy(kv);
 * jsCtx_Destroy(js);
 * ```
 *
 * @see js_KeyValue, js_DeleteKeyValue
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN enum natsStatus js_CreateKeyValue(kvStore **new_kv, jsCtx *js, struct kvConfig *cfg);

/**
 * Open a key-value bucket that exists.
 *
 * @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
 * `NATS_OK`.
 * @param js The context. It stays alive as long as the bucket's handle.
 * @param bucket The name of the bucket.
 *
 * @retval NATS_OK The bucket can be used.
 * @retval NATS_NOT_FOUND The bucket does not exist. The last error is cleared.
 * @retval NATS_INVALID_ARG `new_kv` is NULL, `js` is NULL or was destroyed, the name is missing or
 * not valid, or the stream with the name of the bucket does not belong to a bucket.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_CreateKeyValue
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN enum natsStatus js_KeyValue(kvStore **new_kv, jsCtx *js, const char *bucket);

/**
 * Delete a key-value bucket with all its keys.
 *
 * Watchers of the bucket receive `NATS_NOT_FOUND` once, when they miss the heartbeats of the server. They continue
 * if a bucket of the same name is created.
 *
 * @param js The context.
 * @param bucket The name of the bucket.
 *
 * @retval NATS_OK The bucket was deleted.
 * @retval NATS_NOT_FOUND The bucket does not exist. The last error is cleared.
 * @retval NATS_INVALID_ARG `js` is NULL or was destroyed, or the name is missing or not valid.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see js_CreateKeyValue
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN
enum natsStatus js_DeleteKeyValue(jsCtx *js,
                                  const char *bucket);

/**
 * Destroy the handle of a bucket.
 *
 * The bucket itself stays. Entries, watchers and statuses that were created with the handle remain
 * valid.
 *
 * @param kv The bucket; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN void kvStore_Destroy(kvStore *kv);

/**
 * Get the name of a bucket.
 *
 * @param kv The bucket.
 *
 * @return The name, which is valid until the handle is destroyed; NULL if `kv` is NULL or was
 * destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN const char *kvStore_Bucket(const kvStore *kv);

/**
 * Initialize the codecs of a bucket's handle.
 *
 * Fills the structure with zeros: keys and values are stored as they are.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param codecs The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `codecs` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_kv_codecs
 */
NATS_EXTERN enum natsStatus kvCodecs_Init(struct kvCodecs *codecs);

/**
 * Create a handle of a bucket that encodes and decodes keys and values.
 *
 * All functions on the new handle, and on watchers and entries created with it, use keys and values in the form of
 * the program, while the bucket stores them encoded. Markers of deleted keys have no value to encode or decode. A
 * key is valid if its encoded form is. If `kv` has codecs, they stay in effect: the new ones encode before them.
 * Source: ADR-54.
 *
 * If a key or value of another client cannot be decoded, the function that reads it fails. A watcher reports the
 * error and continues.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param new_kv Receives the handle, to be released with `kvStore_Destroy`. Written only with `NATS_OK`.
 * @param kv The bucket. It is not changed, and may be destroyed before or after the new handle.
 * @param codecs The codecs. The structure is read during the call only; closures must stay valid until `Release` is
 * called or, without it, until the handle and its watchers were destroyed and their callbacks have returned.
 *
 * @retval NATS_OK The handle can be used.
 * @retval NATS_INVALID_ARG `new_kv` or `codecs` is NULL, `kv` is NULL or was destroyed, a number of codecs is
 * negative, or a codec has an unknown kind, has no functions, or cannot encode values. `Release` is not called then.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * kvCodec path, base64;
 * kvCodecs codecs;
 * kvStore *kv = NULL, *files = NULL;
 * jsCtx *js = NULL;
 *
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * memset(&path, 0, sizeof(path));
 * path.Kind = kvCodec_Path;
 * memset(&base64, 0, sizeof(base64));
 * base64.Kind = kvCodec_Base64;
 * kvCodecs_Init(&codecs);
 * codecs.Keys = &path;
 * codecs.KeysLen = 1;
 * codecs.Values = &base64;
 * codecs.ValuesLen = 1;
 * if (s == NATS_OK) s = js_KeyValue(&kv, js, "files");
 * if (s == NATS_OK) s = kvStore_WithCodecs(&files, kv, &codecs);
 * if (s == NATS_OK) s = kvStore_PutString(NULL, files, "/etc/motd", "Welcome");
 * kvStore_Destroy(files);
 * kvStore_Destroy(kv);
 * jsCtx_Destroy(js);
 * ```
 *
 * @see js_KeyValue
 *
 * @ingroup nats_kv_codecs
 */
NATS_EXTERN
enum natsStatus kvStore_WithCodecs(kvStore **new_kv,
                                   kvStore *kv,
                                   const struct kvCodecs *codecs);

/**
 * Initialize the configuration of a bucket.
 *
 * Fills the structure with zeros.
 *
 * @param cfg The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `cfg` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN enum natsStatus kvConfig_Init(struct kvConfig *cfg);

/**
 * Initialize the options of a watcher.
 *
 * Fills the structure with zeros.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN enum natsStatus kvWatchOptions_Init(struct kvWatchOptions *opts);

/**
 * Initialize the options of a purge.
 *
 * Fills the structure with zeros.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum natsStatus kvPurgeOptions_Init(struct kvPurgeOptions *opts);

/**
 * Get the name of an entry's bucket.
 *
 * @param e The entry.
 *
 * @return The name, which is valid as long as the entry; NULL if `e` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN const char *kvEntry_Bucket(const kvEntry *e);

/**
 * Get the key of an entry.
 *
 * @param e The entry.
 *
 * @return The key, which is valid as long as the entry; NULL if `e` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN const char *kvEntry_Key(const kvEntry *e);

/**
 * Get the value of an entry.
 *
 * A NUL follows the value, which is not counted. With `MetaOnly` the value is empty. An empty
 * value is not NULL.
 *
 * @param e The entry.
 *
 * @return The value, which is valid as long as the entry; NULL if `e` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @see kvEntry_ValueLen, kvEntry_ValueString
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN const void *kvEntry_Value(const kvEntry *e);

/**
 * Get the length of an entry's value.
 *
 * @param e The entry.
 *
 * @return The number of bytes; -1 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN int kvEntry_ValueLen(const kvEntry *e);

/**
 * Get the value of an entry as a string.
 *
 * A NUL follows the value. As a string, a value that contains NULs ends at the first one.
 *
 * @param e The entry.
 *
 * @return The value, which is valid as long as the entry; NULL if `e` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN const char *kvEntry_ValueString(const kvEntry *e);

/**
 * Get the revision of an entry.
 *
 * @param e The entry.
 *
 * @return The revision: the sequence in the bucket's stream; 0 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN uint64_t kvEntry_Revision(const kvEntry *e);

/**
 * Get the time at which an entry was stored.
 *
 * @param e The entry.
 *
 * @return Nanoseconds since 1970; 0 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN int64_t kvEntry_Created(const kvEntry *e);

/**
 * Get the number of entries that a watcher had still to receive when this one was delivered.
 *
 * @param e The entry.
 *
 * @return The number; 0 for entries that were not delivered by a watcher, and for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN uint64_t kvEntry_Delta(const kvEntry *e);

/**
 * Get the operation that created an entry.
 *
 * A marker that the server has stored because a key expired, was purged or was removed counts as a
 * delete or a purge.
 *
 * @param e The entry.
 *
 * @return The operation; `kvOp_Unknown` if `e` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the entry during the call.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum kvOperation kvEntry_Operation(const kvEntry *e);

/**
 * Destroy an entry.
 *
 * @param e The entry; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN void kvEntry_Destroy(kvEntry *e);

/**
 * Get the value of a key.
 *
 * Any server of the bucket may answer; a server that is not up to date answers with an older
 * revision.
 *
 * @param new_entry Receives the entry, to be released with `kvEntry_Destroy`; NULL if the call
 * fails, except that it is not written if a handle is not valid.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 *
 * @retval NATS_OK The last revision was written.
 * @retval NATS_NOT_FOUND The key has no value: it never had one, or was deleted. The last error is
 * cleared.
 * @retval NATS_INVALID_ARG `new_entry` is NULL, or `kv` is NULL or was destroyed, or the key is
 * not valid.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsCtx *js = NULL;
 * kvStore *kv = NULL;
 * kvEntry *e = NULL;
 *
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * if (s == NATS_OK)
 *     s = js_KeyValue(&kv, js, "settings");
 * if (s == NATS_OK)
 *     s = kvStore_Get(&e, kv, "color");
 * if (s == NATS_OK)
 *     printf("%s\n", kvEntry_ValueString(e));
 * kvEntry_Destroy(e);
 * kvStore_Destroy(kv);
 * jsCtx_Destroy(js);
 * ```
 *
 * @see kvStore_GetRevision, kvStore_Put
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum natsStatus kvStore_Get(kvEntry **new_entry, kvStore *kv, const char *key);

/**
 * Get a revision of a key.
 *
 * @param new_entry Receives the entry, to be released with `kvEntry_Destroy`; NULL if the call
 * fails, except that it is not written if a handle is not valid.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param revision The revision, at least 1.
 *
 * @retval NATS_OK The revision was written.
 * @retval NATS_NOT_FOUND The revision does not exist any more, belongs to another key, or deleted
 * the key. The last error is cleared.
 * @retval NATS_INVALID_ARG `new_entry` is NULL, `kv` is NULL or was destroyed, the key is not
 * valid, or the revision is 0.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Get, kvStore_History
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_GetRevision(kvEntry **new_entry,
                                    kvStore *kv,
                                    const char *key,
                                    uint64_t revision);

/**
 * List the keys of a bucket.
 *
 * Each key is listed once. Deleted keys are left out.
 *
 * @param list The program's structure, which receives the keys, to be released with
 * `kvKeysList_Destroy`. Empty if the call fails.
 * @param kv The bucket.
 * @param opts The selection of keys; NULL for the defaults. Read during the call only.
 *
 * @retval NATS_OK The list has all keys that have a value, in the order in which the values were
 * stored; NULL and 0 if there are none.
 * @retval NATS_INVALID_ARG `list` is NULL, `kv` is NULL or was destroyed, or the options have
 * `UpdatesOnly`.
 * @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
 * @retval NATS_ILLEGAL_STATE The options have a callback.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time, or the list was not complete within the
 * `Timeout` of the options.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsCtx *js = NULL;
 * kvStore *kv = NULL;
 * kvKeysList list;
 * int i;
 *
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * if (s == NATS_OK) s = js_KeyValue(&kv, js, "settings");
 * if (s == NATS_OK) s = kvStore_Keys(&list, kv, NULL);
 * if (s == NATS_OK) {
 *     for (i = 0; i < list.Count; i++)
 *         printf("%s\n", list.Keys[i]);
 *     kvKeysList_Destroy(&list);
 * }
 * kvStore_Destroy(kv);
 * jsCtx_Destroy(js);
 * ```
 *
 * @see kvStore_KeysWithFilters, kvKeysList_Destroy
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN
enum natsStatus kvStore_Keys(struct kvKeysList *list,
                             kvStore *kv,
                             const struct kvWatchOptions *opts);

/**
 * List the keys of a bucket that match patterns.
 *
 * Each key is listed once. Deleted keys are left out.
 *
 * @param list The program's structure, which receives the keys, to be released with
 * `kvKeysList_Destroy`. Empty if the call fails.
 * @param kv The bucket.
 * @param filters The patterns. No two of them may match the same key.
 * @param numFilters The number of elements, at least 1.
 * @param opts The selection of keys; NULL for the defaults. Read during the call only.
 *
 * @retval NATS_OK The list has the matching keys that have a value, in the order in which the
 * values were stored; NULL and 0 if there are none.
 * @retval NATS_INVALID_ARG `list` or `filters` is NULL, a pattern is NULL or empty, `numFilters`
 * is less than 1, `kv` is NULL or was destroyed, or the options have `UpdatesOnly`.
 * @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
 * @retval NATS_ILLEGAL_STATE The options have a callback.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time, or the list was not complete within the
 * `Timeout` of the options.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Keys
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN
enum natsStatus kvStore_KeysWithFilters(struct kvKeysList *list,
                                        kvStore *kv,
                                        const char **filters,
                                        int numFilters,
                                        const struct kvWatchOptions *opts);

/**
 * Release the keys of a list.
 *
 * The structure itself belongs to the program.
 *
 * @param list The list, which is empty afterwards; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN void kvKeysList_Destroy(struct kvKeysList *list);

/**
 * List all revisions of a key in a bucket.
 *
 * @param list The program's structure, which receives the entries, to be released with
 * `kvEntryList_Destroy`. Empty if the call fails.
 * @param kv The bucket.
 * @param key The key, or a pattern of keys.
 * @param opts The selection of keys; NULL for the defaults. Read during the call only.
 *
 * @retval NATS_OK The list has the revisions, the oldest first. Revisions that deleted the key are
 * included unless the options have `IgnoreDeletes`.
 * @retval NATS_INVALID_ARG `list` or `key` is NULL, `key` is empty, `kv` is NULL or was destroyed,
 * or the options have `UpdatesOnly`.
 * @retval NATS_NOT_FOUND There is no revision, or the bucket no longer exists. The last error is
 * cleared.
 * @retval NATS_ILLEGAL_STATE The options have a callback.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT The server did not answer in time, or the list was not complete within the
 * `Timeout` of the options.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvEntryList_Destroy, kvStore_GetRevision
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN
enum natsStatus kvStore_History(struct kvEntryList *list,
                                kvStore *kv,
                                const char *key,
                                const struct kvWatchOptions *opts);

/**
 * Release the entries of a list.
 *
 * The structure itself belongs to the program. To keep an entry, take it and write NULL in its
 * place before.
 *
 * @param list The list, which is empty afterwards; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN void kvEntryList_Destroy(struct kvEntryList *list);

/**
 * Set the value of a key unconditionally.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value; ignored if `len` is 0.
 * @param len The number of bytes of the value.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
 * or `data` is NULL and `len` is not 0.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_PutString, kvStore_Create, kvStore_Update
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_Put(uint64_t *rev,
                            kvStore *kv,
                            const char *key,
                            const void *data,
                            int len);

/**
 * Set the value of a key that has none.
 *
 * Fails if the key has a value. A deleted key has none.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value; ignored if `len` is 0.
 * @param len The number of bytes of the value.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
 * or `data` is NULL and `len` is not 0.
 * @retval NATS_ERR The key has a value, or the server refused the request for another reason: its
 * text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Put, kvStore_Update
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_Create(uint64_t *rev,
                               kvStore *kv,
                               const char *key,
                               const void *data,
                               int len);

/**
 * Set the value of a key that has a given revision.
 *
 * If several programs change a value at the same time, only one of them succeeds; the others can
 * read the value again and repeat the call with its new revision.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value; ignored if `len` is 0.
 * @param len The number of bytes of the value.
 * @param last The revision that the key must have; 0 if the key must not exist.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
 * or `data` is NULL and `len` is not 0.
 * @retval NATS_ERR The key has another revision, or the server refused the request for another
 * reason: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Create, kvStore_Get
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_Update(uint64_t *rev,
                               kvStore *kv,
                               const char *key,
                               const void *data,
                               int len,
                               uint64_t last);

/**
 * Set the value of a key that has none, with a time to live.
 *
 * Fails if the key has a value. A deleted key has none.
 *
 * The bucket must have `LimitMarkerTTL`, and the time must be at least a second. When the time has
 * passed, the server deletes the key and stores a marker.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value; ignored if `len` is 0.
 * @param len The number of bytes of the value.
 * @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
 * or `data` is NULL and `len` is not 0.
 * @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
 * @retval NATS_ERR The key has a value, or the server refused the request for another reason: its
 * text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Put, kvStore_Update
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_CreateWithTTL(uint64_t *rev,
                                      kvStore *kv,
                                      const char *key,
                                      const void *data,
                                      int len,
                                      int64_t ttl);

/**
 * Set the value of a key that has a given revision, with a time to live.
 *
 * If several programs change a value at the same time, only one of them succeeds; the others can
 * read the value again and repeat the call with its new revision.
 *
 * The bucket must have `LimitMarkerTTL`, and the time must be at least a second. When the time has
 * passed, the server deletes the key and stores a marker.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value; ignored if `len` is 0.
 * @param len The number of bytes of the value.
 * @param last The revision that the key must have; 0 if the key must not exist.
 * @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, `len` is negative,
 * or `data` is NULL and `len` is not 0.
 * @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
 * @retval NATS_ERR The key has another revision, or the server refused the request for another
 * reason: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Create, kvStore_Get
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_UpdateWithTTL(uint64_t *rev,
                                      kvStore *kv,
                                      const char *key,
                                      const void *data,
                                      int len,
                                      uint64_t last,
                                      int64_t ttl);

/**
 * Set the value of a key to a string unconditionally.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value: a string, stored without the NUL at its end; NULL for an empty result.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, or the key is not valid.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Put
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum natsStatus kvStore_PutString(uint64_t *rev, kvStore *kv, const char *key, const char *data);

/**
 * Set the value of a key that has none to a string.
 *
 * Fails if the key has a value. A deleted key has none.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value: a string, stored without the NUL at its end.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
 * @retval NATS_ERR The key has a value, or the server refused the request for another reason: its
 * text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Put, kvStore_Update
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_CreateString(uint64_t *rev,
                                     kvStore *kv,
                                     const char *key,
                                     const char *data);

/**
 * Set the value of a key that has a given revision to a string.
 *
 * If several programs change a value at the same time, only one of them succeeds; the others can
 * read the value again and repeat the call with its new revision.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value: a string, stored without the NUL at its end.
 * @param last The revision that the key must have; 0 if the key must not exist.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
 * @retval NATS_ERR The key has another revision, or the server refused the request for another
 * reason: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Create, kvStore_Get
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_UpdateString(uint64_t *rev,
                                     kvStore *kv,
                                     const char *key,
                                     const char *data,
                                     uint64_t last);

/**
 * Set the value of a key that has none to a string, with a time to live.
 *
 * Fails if the key has a value. A deleted key has none.
 *
 * The bucket must have `LimitMarkerTTL`, and the time must be at least a second. When the time has
 * passed, the server deletes the key and stores a marker.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value: a string, stored without the NUL at its end.
 * @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
 * @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
 * @retval NATS_ERR The key has a value, or the server refused the request for another reason: its
 * text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Put, kvStore_Update
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_CreateStringWithTTL(uint64_t *rev,
                                            kvStore *kv,
                                            const char *key,
                                            const char *data,
                                            int64_t ttl);

/**
 * Set the value of a key that has a given revision to a string, with a time to live.
 *
 * If several programs change a value at the same time, only one of them succeeds; the others can
 * read the value again and repeat the call with its new revision.
 *
 * The bucket must have `LimitMarkerTTL`, and the time must be at least a second. When the time has
 * passed, the server deletes the key and stores a marker.
 *
 * @param rev Receives the revision, or 0 if the call fails; NULL if it is not needed.
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param data The value: a string, stored without the NUL at its end.
 * @param last The revision that the key must have; 0 if the key must not exist.
 * @param ttl The time to live of the revision in milliseconds; 0 or less for the bucket's setting.
 *
 * @retval NATS_OK The value is stored.
 * @retval NATS_INVALID_ARG `kv` or `data` is NULL, `kv` was destroyed, or the key is not valid.
 * @retval NATS_NO_SERVER_SUPPORT `ttl` is set, and the server is older than 2.11.
 * @retval NATS_ERR The key has another revision, or the server refused the request for another
 * reason: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Create, kvStore_Get
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_UpdateStringWithTTL(uint64_t *rev,
                                            kvStore *kv,
                                            const char *key,
                                            const char *data,
                                            uint64_t last,
                                            int64_t ttl);

/**
 * Delete a key.
 *
 * The earlier revisions of the key stay in the bucket if it keeps a history, followed by a marker
 * for the deletion.
 *
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 *
 * @retval NATS_OK The key has no value, whether it had one before or not.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, or the key is not valid.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Purge, kvStore_PurgeDeletes
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum natsStatus kvStore_Delete(kvStore *kv, const char *key);

/**
 * Delete a key and its history.
 *
 * `Timeout` and `TTL` of the options are used. With a `TTL` the marker expires too; the bucket
 * must have `LimitMarkerTTL` then.
 *
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param opts The options; NULL for the defaults. Read during the call only.
 *
 * @retval NATS_OK Only a marker of the key is left in the bucket.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, or the key is not valid.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Delete, kvPurgeOptions_Init
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum natsStatus kvStore_Purge(kvStore *kv, const char *key, const struct kvPurgeOptions *opts);

/**
 * Remove the revisions and markers of deleted keys.
 *
 * Revisions before the deletion are removed in any case; its marker is removed if it is older than
 * `DeleteMarkersOlderThan`: 30 minutes if that is 0, any age if it is negative. `Timeout` applies
 * to the whole call. A key that is given a value meanwhile keeps it.
 *
 * @param kv The bucket.
 * @param opts The options; NULL for the defaults. Read during the call only.
 *
 * @retval NATS_OK The revisions and markers were removed.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed.
 * @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time, or the time of the options has passed. Some
 * revisions and markers may have been removed.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Delete, kvStore_Purge
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum natsStatus kvStore_PurgeDeletes(kvStore *kv, const struct kvPurgeOptions *opts);

/**
 * Delete a key if it has a given revision.
 *
 * The earlier revisions of the key stay in the bucket if it keeps a history, followed by a marker
 * for the deletion. If another client has changed the key in the meantime, nothing is changed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param revision The revision that the key must have, at least 1.
 *
 * @retval NATS_OK The key has no value.
 * @retval NATS_MISMATCH The key has another revision. Nothing was changed.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, or the revision is
 * 0.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_PurgeIfRevision
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN enum natsStatus kvStore_DeleteIfRevision(kvStore *kv, const char *key, uint64_t revision);

/**
 * Delete a key and its history if the key has a given revision.
 *
 * `Timeout` and `TTL` of the options are used. With a `TTL` the marker expires too; the bucket
 * must have `LimitMarkerTTL` then. If another client has changed the key in the meantime, nothing
 * is changed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param kv The bucket.
 * @param key The key: ASCII letters, digits, `-`, `_`, `=`, `/`, `\` and dots. It must not begin
 * or end with a dot, or have two in a row.
 * @param revision The revision that the key must have, at least 1.
 * @param opts The options; NULL for the defaults. Read during the call only.
 *
 * @retval NATS_OK Only a marker of the key is left in the bucket.
 * @retval NATS_MISMATCH The key has another revision. Nothing was changed.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, the key is not valid, or the revision is
 * 0.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_DeleteIfRevision
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_PurgeIfRevision(kvStore *kv,
                                        const char *key,
                                        uint64_t revision,
                                        const struct kvPurgeOptions *opts);

/**
 * Get the values of several keys, all from the same state of the bucket.
 *
 * A change that is made during the call is visible in all entries or in none. Source: ADR-31.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param list The program's structure, which receives the entries, to be released with
 * `kvEntryList_Destroy`. Empty if the call fails.
 * @param kv The bucket.
 * @param keys The keys; they may have wildcards.
 * @param numKeys The number of elements, at least 1.
 *
 * @retval NATS_OK The list has the entries in the order in which they were stored, except for keys
 * that have no value; NULL and 0 if there are none.
 * @retval NATS_INVALID_ARG `list` or `keys` is NULL, a key is NULL or empty, `numKeys` is less
 * than 1, or `kv` is NULL or was destroyed.
 * @retval NATS_LIMIT_REACHED More than 1024 keys match.
 * @retval NATS_NO_SERVER_SUPPORT The server is older than 2.11, or the bucket does not allow
 * direct gets.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Get, kvStore_Apply
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_GetMany(struct kvEntryList *list,
                                kvStore *kv,
                                const char **keys,
                                int numKeys);

/**
 * Change several keys at once: all of them, or none.
 *
 * The bucket must have been created with `Transactions`. Source: ADR-50.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param rev Receives the revision of the last change, or 0 if the call fails; the changes before
 * it have the preceding numbers. NULL if it is not needed.
 * @param kv The bucket.
 * @param changes The changes, each of another key.
 * @param numChanges The number of changes, 1 to 1000.
 *
 * @retval NATS_OK All keys were changed.
 * @retval NATS_MISMATCH A key has another revision than was expected. Nothing was changed.
 * @retval NATS_INVALID_ARG `kv` is NULL or was destroyed, `changes` is NULL, `numChanges` is less
 * than 1, a key or an operation is not valid, or a length is negative.
 * @retval NATS_LIMIT_REACHED There are more than 1000 changes.
 * @retval NATS_NO_SERVER_SUPPORT The server does not support batches (before 2.12). Nothing was
 * changed.
 * @retval NATS_ERR The bucket was created without `Transactions`, or the server refused the
 * request: its text is the last error. Nothing was changed.
 * @retval NATS_NOT_FOUND The bucket no longer exists.
 * @retval NATS_NO_RESPONDERS The bucket no longer exists, or JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time. The change may or may not have been made.
 * @retval NATS_MAX_PAYLOAD The value is larger than the server accepts.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsCtx *js = NULL;
 * kvStore *kv = NULL;
 * kvChange changes[2];
 *
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * memset(changes, 0, sizeof(changes));
 * changes[0].Operation = kvOp_Put;
 * changes[0].Key = "to";
 * changes[0].Value = "5";
 * changes[0].ValueLen = 1;
 * changes[1].Operation = kvOp_Delete;
 * changes[1].Key = "from";
 * changes[1].CheckRevision = true;
 * changes[1].Revision = 17;
 * if (s == NATS_OK) s = js_KeyValue(&kv, js, "accounts");
 * if (s == NATS_OK) s = kvStore_Apply(NULL, kv, changes, 2);
 * kvStore_Destroy(kv);
 * jsCtx_Destroy(js);
 * ```
 *
 * @see kvStore_Update, kvStore_GetMany
 *
 * @ingroup nats_kv_values
 */
NATS_EXTERN
enum natsStatus kvStore_Apply(uint64_t *rev,
                              kvStore *kv,
                              const struct kvChange *changes,
                              int numChanges);

/**
 * Get the present status of a bucket.
 *
 * @param new_status Receives the status, to be released with `kvStatus_Destroy`. Written only with
 * `NATS_OK`.
 * @param kv The bucket.
 *
 * @retval NATS_OK The status was written.
 * @retval NATS_NOT_FOUND The bucket no longer exists. The last error is cleared.
 * @retval NATS_INVALID_ARG `new_status` is NULL, or `kv` is NULL or was destroyed.
 * @retval NATS_ERR The server refused: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStatus_Destroy
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN enum natsStatus kvStore_Status(kvStatus **new_status, kvStore *kv);

/**
 * Get the name of a status's bucket.
 *
 * @param sts The status.
 *
 * @return The name, which is valid as long as the status; NULL if `sts` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN const char *kvStatus_Bucket(const kvStatus *sts);

/**
 * Get the number of revisions in a bucket.
 *
 * @param sts The status.
 *
 * @return The number, which includes all revisions of keys and the markers of deleted keys; 0 if
 * `sts` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN uint64_t kvStatus_Values(const kvStatus *sts);

/**
 * Get the number of revisions that a bucket keeps of each key.
 *
 * @param sts The status.
 *
 * @return The number; 0 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN int64_t kvStatus_History(const kvStatus *sts);

/**
 * Get the maximum age of revisions in a bucket.
 *
 * @param sts The status.
 *
 * @return The age in nanoseconds; 0 for no limit, and if `sts` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN int64_t kvStatus_TTL(const kvStatus *sts);

/**
 * Get the number of replicas of a bucket.
 *
 * @param sts The status.
 *
 * @return The number; 0 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN int64_t kvStatus_Replicas(const kvStatus *sts);

/**
 * Get the size of a bucket in bytes.
 *
 * @param sts The status.
 *
 * @return The number; 0 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN uint64_t kvStatus_Bytes(const kvStatus *sts);

/**
 * Get the lifetime of the markers of expired keys in a bucket.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return The time in nanoseconds; 0 if there are no markers, or `sts` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN int64_t kvStatus_LimitMarkerTTL(const kvStatus *sts);

/**
 * Get whether a bucket's values are compressed.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return True if they are compressed; false if `sts` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN bool kvStatus_IsCompressed(const kvStatus *sts);

/**
 * Get the maximum size of a value in a bucket.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return Bytes; -1 for no limit, 0 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN int64_t kvStatus_MaxValueSize(const kvStatus *sts);

/**
 * Get the maximum size of a bucket in bytes.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return Bytes; -1 for no limit, 0 for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN int64_t kvStatus_MaxBytes(const kvStatus *sts);

/**
 * Get the description of a bucket.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return The description, which is valid as long as the status; NULL if there is none, or `sts` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN const char *kvStatus_Description(const kvStatus *sts);

/**
 * Get the metadata of a bucket, including those of the server.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return The metadata, which are valid as long as the status; NULL if `sts` is NULL. The count is 0 if there are
 * none.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN
const struct natsMetadata *kvStatus_Metadata(const kvStatus *sts);

/**
 * Get the type of storage of a bucket.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return The kind of storage; `js_FileStorage` for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN jsStorageType kvStatus_StorageType(const kvStatus *sts);

/**
 * Get the name of the system that stores a bucket.
 *
 * It is always JetStream. Source: ADR-8.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return `JetStream`, a constant string that belongs to the library; NULL if `sts` is NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN const char *kvStatus_BackingStore(const kvStatus *sts);

/**
 * Get whether several keys of a bucket may be changed at once.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param sts The status.
 *
 * @return Whether `kvStore_Apply` may be used; false for NULL.
 *
 * @par Threads
 * Any thread may call this function. No other thread may destroy the status during the call.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN bool kvStatus_HasTransactions(const kvStatus *sts);

/**
 * Destroy a status.
 *
 * @param sts The status; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function, once no other thread uses the object.
 *
 * @ingroup nats_kv_buckets
 */
NATS_EXTERN void kvStatus_Destroy(kvStatus *sts);

/**
 * Watch a key, or the keys that match a pattern.
 *
 * Delivers the last revision of each matching key, then a NULL entry with `NATS_OK`, which reports
 * that these initial data are complete, and then all changes. The options can select more or fewer
 * entries. The watcher uses an ordered consumer: no revision is delivered twice or out of order,
 * whatever happens to the connection and the servers. Source: ADR-8, ADR-17.
 *
 * @param new_watcher Receives the watcher, to be released with `kvWatcher_Destroy`. It is written
 * before the first callback, and restored on failure.
 * @param kv The bucket.
 * @param keys The key or the pattern, which may have the wildcards `*` for a token and `>` for all
 * that follow.
 * @param opts The selection of entries; NULL for the defaults. Read during the call only; the
 * callback and its closure must stay valid until the watcher is destroyed and its last callback
 * has returned (see `kvWatcher_Destroy`). If the call fails, the callback is not called.
 *
 * @retval NATS_OK The watcher was created.
 * @retval NATS_INVALID_ARG `new_watcher` or `keys` is NULL, `keys` is empty, or `kv` is NULL or
 * was destroyed.
 * @retval NATS_NOT_FOUND The bucket no longer exists.
 * @retval NATS_ERR The server refused, for example because patterns overlap: its text is the last
 * error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @par Example
 * ```c
 * jsCtx *js = NULL;
 * kvStore *kv = NULL;
 * kvWatcher *w = NULL;
 * kvEntry *e = NULL;
 *
 * natsStatus s = natsConnection_JetStream(&js, nc, NULL);
 * if (s == NATS_OK) s = js_KeyValue(&kv, js, "settings");
 * if (s == NATS_OK) s = kvStore_Watch(&w, kv, "lamp.*", NULL);
 * while (s == NATS_OK && (s = kvWatcher_Next(&e, w, 10000)) == NATS_OK) {
 *     if (e == NULL)
 *         printf("that is all for now\n");
 *     else
 *         printf("%s: %s\n", kvEntry_Key(e), kvEntry_ValueString(e));
 *     kvEntry_Destroy(e);
 * }
 * kvWatcher_Destroy(w);
 * kvStore_Destroy(kv);
 * jsCtx_Destroy(js);
 * ```
 *
 * @see kvWatcher_Next, kvStore_WatchMulti, kvStore_WatchAll
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN
enum natsStatus kvStore_Watch(kvWatcher **new_watcher,
                              kvStore *kv,
                              const char *keys,
                              const struct kvWatchOptions *opts);

/**
 * Watch several keys or patterns of keys.
 *
 * Delivers the last revision of each matching key, then a NULL entry with `NATS_OK`, which reports
 * that these initial data are complete, and then all changes. The options can select more or fewer
 * entries. The watcher uses an ordered consumer: no revision is delivered twice or out of order,
 * whatever happens to the connection and the servers. Source: ADR-8, ADR-17.
 *
 * @param new_watcher Receives the watcher, to be released with `kvWatcher_Destroy`. It is written
 * before the first callback, and restored on failure.
 * @param kv The bucket.
 * @param keys The keys and patterns. No two of them may match the same key.
 * @param numKeys The number of elements, at least 1.
 * @param opts The selection of entries; NULL for the defaults. Read during the call only; the
 * callback and its closure must stay valid until the watcher is destroyed and its last callback
 * has returned (see `kvWatcher_Destroy`). If the call fails, the callback is not called.
 *
 * @retval NATS_OK The watcher was created.
 * @retval NATS_INVALID_ARG `new_watcher` or `keys` is NULL, a key is NULL or empty, `numKeys` is
 * less than 1, `kv` is NULL or was destroyed, or the server does not support consumers with
 * several subjects (before 2.10).
 * @retval NATS_NOT_FOUND The bucket no longer exists.
 * @retval NATS_ERR The server refused, for example because patterns overlap: its text is the last
 * error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Watch
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN
enum natsStatus kvStore_WatchMulti(kvWatcher **new_watcher,
                                   kvStore *kv,
                                   const char **keys,
                                   int numKeys,
                                   const struct kvWatchOptions *opts);

/**
 * Watch all keys of a bucket.
 *
 * Delivers the last revision of each matching key, then a NULL entry with `NATS_OK`, which reports
 * that these initial data are complete, and then all changes. The options can select more or fewer
 * entries. The watcher uses an ordered consumer: no revision is delivered twice or out of order,
 * whatever happens to the connection and the servers. Source: ADR-8, ADR-17.
 *
 * @param new_watcher Receives the watcher, to be released with `kvWatcher_Destroy`. It is written
 * before the first callback, and restored on failure.
 * @param kv The bucket.
 * @param opts The selection of entries; NULL for the defaults. Read during the call only; the
 * callback and its closure must stay valid until the watcher is destroyed and its last callback
 * has returned (see `kvWatcher_Destroy`). If the call fails, the callback is not called.
 *
 * @retval NATS_OK The watcher was created.
 * @retval NATS_INVALID_ARG `new_watcher` is NULL, or `kv` is NULL or was destroyed.
 * @retval NATS_NOT_FOUND The bucket no longer exists.
 * @retval NATS_ERR The server refused, for example because patterns overlap: its text is the last
 * error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 * @retval NATS_DRAINING The connection is draining.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Watch
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN
enum natsStatus kvStore_WatchAll(kvWatcher **new_watcher,
                                 kvStore *kv,
                                 const struct kvWatchOptions *opts);

/**
 * Wait for the next entry of a watcher.
 *
 * @param new_entry Receives the entry, to be released with `kvEntry_Destroy`; NULL if there is
 * none or the call fails, except that it is not written if an argument is not valid.
 * @param w The watcher.
 * @param timeout The longest time to wait in milliseconds; greater than 0.
 *
 * @retval NATS_OK An entry was written; or NULL, which reports once that the initial data are
 * complete.
 * @retval NATS_TIMEOUT No entry arrived in time.
 * @retval NATS_ILLEGAL_STATE The watcher was stopped before or during the call, or it has a
 * callback.
 * @retval NATS_INVALID_ARG `new_entry` is NULL, `w` is NULL or was destroyed, or `timeout` is not
 * positive.
 * @retval NATS_NOT_FOUND The bucket no longer exists. Returned once; the watcher continues if a
 * bucket of the same name is created. The last error is cleared.
 * @retval NATS_ERR A message of the bucket is not a valid entry.
 * @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvStore_Watch, kvWatcher_Stop
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN enum natsStatus kvWatcher_Next(kvEntry **new_entry, kvWatcher *w, int64_t timeout);

/**
 * Stop a watcher.
 *
 * Threads in `kvWatcher_Next` return with `NATS_ILLEGAL_STATE`, no further callback begins, and
 * the consumer is deleted on the server. The watcher must still be destroyed.
 *
 * @param w The watcher.
 *
 * @retval NATS_OK The watcher is stopped, or was stopped before.
 * @retval NATS_INVALID_ARG `w` is NULL or was destroyed.
 * @retval NATS_ILLEGAL_STATE The watcher was created by the parent process before `fork`.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvWatcher_Destroy
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN enum natsStatus kvWatcher_Stop(kvWatcher *w);

/**
 * Stop and destroy a watcher.
 *
 * No further callback begins; one that is running finishes. `natsConnection_DestroyAndWait` waits
 * for it, and the function of `natsOptions_SetReleasedCB` is called after it.
 *
 * @param w The watcher; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the answer of the server, also in a
 * callback.
 *
 * @see kvWatcher_Stop, natsConnection_DestroyAndWait
 *
 * @ingroup nats_kv_watch
 */
NATS_EXTERN void kvWatcher_Destroy(kvWatcher *w);

/**
 * Add a service whose monitoring has another prefix than `$SRV`.
 *
 * For accounts that import the monitoring of other accounts under subjects of their own. The rest is as for
 * `micro_AddService`. Protocol: ADR-32.
 *
 * @param new_microservice Receives the service, to be released with `microService_Destroy`. It is written before the
 * first handler runs, and is valid only with NULL.
 * @param nc The connection.
 * @param config The configuration of the service, which is copied.
 * @param prefix The prefix, a subject without wildcards; NULL for `$SRV`.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: as for `micro_AddService`,
 * and `NATS_INVALID_ARG` if the prefix is not a valid subject.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see micro_AddService
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *micro_AddServiceWithPrefix(microService **new_microservice,
                                       natsConnection *nc,
                                       struct microServiceConfig *config,
                                       const char *prefix);

/**
 * Set the statistics of all endpoints of a service to zero.
 *
 * Requests that are being handled during the call do not count in the new statistics. Protocol:
 * ADR-32.
 *
 * @param m The service.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
 * is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see microService_GetStats
 *
 * @ingroup nats_micro_stats
 */
NATS_EXTERN
microError *microService_Reset(microService *m);

/**
 * Set a callback that adds data to the statistics of one endpoint.
 *
 * The JSON object that it returns becomes `data` in the answer to STATS. Protocol: ADR-32.
 *
 * @param m The service.
 * @param subject The complete subject of the endpoint, with the prefixes of its groups.
 * @param handler The callback; NULL for no data. A callback that was set before may still be running when the call
 * returns.
 * @param closure The last argument of `handler`; may be NULL.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
 * or `subject` is NULL or `m` was destroyed; `NATS_NOT_FOUND` if the service has no endpoint with this subject.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @par Example
 * ```c
 * static microError *cache_size(char **data, microService *m, const char *subject, void *closure) {
 *     *data = strdup("{\"cached\":42}");
 *     return NULL;
 * }
 *
 * microService *service = NULL; // from micro_AddService
 * microError_Destroy(microService_SetStatsDataHandler(service, "math.sum", cache_size, NULL));
 * ```
 *
 * @see microService_AddEndpoint
 *
 * @ingroup nats_micro_stats
 */
NATS_EXTERN
microError *microService_SetStatsDataHandler(microService *m,
                                             const char *subject,
                                             microStatsDataHandler handler,
                                             void *closure);

/**
 * Create a client that sends requests to services over a connection.
 *
 * @param new_client Receives the client, to be released with `microClient_Destroy`; written only with NULL.
 * @param nc The connection. The client does not keep it open.
 * @param cfg Ignored; pass NULL.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if
 * `new_client` or `nc` is NULL, or `nc` was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microClient_DoRequest
 *
 * @ingroup nats_micro_client
 */
NATS_EXTERN
microError *micro_NewClient(microClient **new_client,
                            natsConnection *nc,
                            microClientConfig *cfg);

/**
 * Send a request to a service, and wait up to 5 seconds for the answer.
 *
 * An answer with the headers of an error (see `microRequest_RespondError`) is returned as an error with its code and text.
 * Protocol: ADR-32.
 *
 * @param reply Receives the answer, to be released with `natsMsg_Destroy`; written only with NULL.
 * @param client The client.
 * @param subject The subject of the endpoint.
 * @param data The payload, which is copied. Ignored if `data_len` is 0.
 * @param data_len The length of the payload in bytes; not negative.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: that of the service, with
 * its code; `NATS_INVALID_ARG` if an argument is NULL or negative, or `client` was destroyed; `NATS_NO_RESPONDERS`
 * if no service has the endpoint; `NATS_TIMEOUT`; or the reason why publishing failed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * microClient *client = NULL;
 * natsMsg *reply = NULL;
 * microError *err = micro_NewClient(&client, nc, NULL);
 * if (err == NULL) err = microClient_DoRequest(&reply, client, "hello", "", 0);
 * if (err == NULL) puts(natsMsg_GetData(reply));
 * else printf("code %d\n", microError_Code(err));
 * microError_Destroy(err);
 * natsMsg_Destroy(reply);
 * microClient_Destroy(client);
 * ```
 *
 * @see microError_Code
 *
 * @ingroup nats_micro_client
 */
NATS_EXTERN
microError *microClient_DoRequest(natsMsg **reply,
                                  microClient *client,
                                  const char *subject,
                                  const char *data,
                                  int data_len);

/**
 * Destroy a client.
 *
 * Requests that wait in other threads continue.
 *
 * @param client The client. NULL and a destroyed client are ignored.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see micro_NewClient
 *
 * @ingroup nats_micro_client
 */
NATS_EXTERN void microClient_Destroy(microClient *client);

/**
 * Add an endpoint to a service.
 *
 * Its handler is called with the requests on its subject, one at a time; different endpoints run at the same time.
 * If the service has an endpoint with the same subject already, that endpoint takes the new configuration, and its
 * statistics start from zero. Protocol: ADR-32.
 *
 * @param m The service.
 * @param config The configuration of the endpoint, which is copied. With NULL the call does
 * nothing.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
 * is NULL or was destroyed, the name is missing or has other characters than letters, digits, `_` and `-`, the
 * subject cannot be subscribed to, or there is no handler; an error without a status if the service is stopped, or
 * the queue group of an endpoint with the same subject differs; or the reason why subscribing failed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microGroup_AddEndpoint, microService_AddGroup
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *microService_AddEndpoint(microService *m,
                                     struct microEndpointConfig *config);

/**
 * Add an endpoint to a group.
 *
 * Its subject is the prefix of the group, a dot, and the subject of the configuration; the rest is as for
 * `microService_AddEndpoint`. Protocol: ADR-32.
 *
 * @param g The group.
 * @param config The configuration of the endpoint, which is copied. With NULL the call does
 * nothing.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: as for
 * `microService_AddEndpoint`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microService_AddEndpoint
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN microError *microGroup_AddEndpoint(microGroup *g, struct microEndpointConfig *config);

/**
 * Add a group to a service: a common prefix of the subjects of some endpoints.
 *
 * Protocol: ADR-32.
 *
 * @param new_group Receives the group, which belongs to the service and can be used until that is destroyed. Written only
 * with NULL.
 * @param m The service.
 * @param config The configuration of the group, which is copied.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
 * argument is NULL, `m` was destroyed, or the prefix is missing.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static microError *sum(microRequest *req) { return microRequest_Respond(req, "4", 1); }
 *
 * microService *service = NULL; // from micro_AddService
 * microGroup *group = NULL;
 * microGroupConfig config = {"math", NULL, false};
 * microEndpointConfig endpoint;
 * memset(&endpoint, 0, sizeof(endpoint));
 * endpoint.Name = "sum";
 * endpoint.Handler = sum;
 * microError *err = microService_AddGroup(&group, service, &config);
 * if (err == NULL) err = microGroup_AddEndpoint(group, &endpoint); // on math.sum
 * microError_Destroy(err);
 * ```
 *
 * @see microGroup_AddGroup, microGroup_AddEndpoint
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *microService_AddGroup(microGroup **new_group,
                                  microService *m,
                                  struct microGroupConfig *config);

/**
 * Add a group to a group.
 *
 * Its prefix follows that of the outer group and a dot. If its configuration has no setting for queue groups, the
 * setting of the outer group applies. Protocol: ADR-32.
 *
 * @param new_group Receives the group, which belongs to the service and can be used until that is destroyed. Written only
 * with NULL.
 * @param parent The outer group.
 * @param config The configuration of the group, which is copied.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
 * argument is NULL, the service was destroyed, or the prefix is missing.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microService_AddGroup
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *microGroup_AddGroup(microGroup **new_group,
                                microGroup *parent,
                                struct microGroupConfig *config);

/**
 * Create an error from a code and a text.
 *
 * The same as `micro_ErrorfCode`, for programs and languages that cannot call functions with a variable number of
 * arguments.
 *
 * @param code The code that the client receives; 0 for none.
 * @param text The text, not a format; NULL for an empty result.
 *
 * @return The error, to be released with `microError_Destroy`; never NULL.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see micro_ErrorfCode
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN
microError *micro_ErrorFromText(int code,
                                const char *text);

/**
 * Wrap an error in another one with a text.
 *
 * The same as `microError_Wrapf`, for programs and languages that cannot call functions with a variable number of
 * arguments.
 *
 * @param err The cause, which the new error then owns; NULL for none.
 * @param text The text, not a format; NULL for an empty result.
 *
 * @return The new error, to be released with `microError_Destroy`; NULL if `err` is NULL.
 *
 * @par Threads
 * Any thread may call this function at any time. An error belongs to one thread at a time.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @see microError_Wrapf
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN
microError *microError_WrapText(microError *err,
                                const char *text);

/**
 * Create an error from a status.
 *
 * @param s The status.
 *
 * @return An error with this status and its text, to be released with `microError_Destroy`; NULL for `NATS_OK`.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see natsStatus_GetText
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN
microError *micro_ErrorFromStatus(natsStatus s);

/**
 * Return the code of an error.
 *
 * @param err The error.
 *
 * @return The code of the error itself, not of its cause; 0 if it has none or `err` is NULL.
 *
 * @par Threads
 * An error belongs to one thread at a time.
 *
 * @see micro_ErrorfCode
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN int microError_Code(microError *err);

/**
 * Return the status of an error.
 *
 * @param err The error.
 *
 * @return The status; if the error has none, that of its cause; `NATS_OK` if nothing in the chain has one, or `err`
 * is NULL.
 *
 * @par Threads
 * An error belongs to one thread at a time.
 *
 * @see micro_ErrorFromStatus
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN
enum natsStatus microError_Status(microError *err);

/**
 * Write the text of an error, with status, code and causes, into a buffer.
 *
 * For example `request failed: status 26: Timeout`. A text that does not fit is truncated.
 *
 * @param err The error; NULL is written as `null`.
 * @param buf Receives the text and a NUL.
 * @param len The size of the buffer in bytes. With 0 nothing is written.
 *
 * @return `buf`; an empty string if `buf` is NULL.
 *
 * @par Threads
 * An error belongs to one thread at a time.
 *
 * @par Example
 * ```c
 * char text[256];
 * microError *err = micro_ErrorfCode(404, "no order %d", 7);
 * puts(microError_String(err, text, sizeof(text)));
 * microError_Destroy(err);
 * ```
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN const char *microError_String(microError *err, char *buf, size_t len);

/**
 * Destroy an error and its causes.
 *
 * @param err The error; NULL and the constant errors of the library are ignored.
 *
 * @par Threads
 * An error belongs to one thread at a time.
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN void microError_Destroy(microError *err);

/**
 * Answer a request with data.
 *
 * The answer is published on the reply subject of the request, buffered like others. It does not have the headers of
 * the request; for an answer with headers, publish a message on the subject that `microRequest_GetReply` returns.
 *
 * @param req The request.
 * @param data The payload, which is copied. Ignored if `len` is 0.
 * @param len The length of the payload in bytes.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
 * is NULL, the request has no reply subject, or `data` is NULL while `len` is not 0; or the reason why publishing
 * failed.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @par Example
 * ```c
 * static microError *echo(microRequest *req) {
 *     return microRequest_Respond(req, microRequest_GetData(req), (size_t)microRequest_GetDataLength(req));
 * }
 * ```
 *
 * @see microRequest_RespondError, microRequest_RespondCustom
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_Respond(microRequest *req,
                                 const char *data,
                                 size_t len);

/**
 * Answer a request with an error.
 *
 * The answer is empty and has the headers `Nats-Service-Error`, the text of the error without its causes,
 * `Nats-Service-Error-Code`, its code, and, if it has a status, `Nats-Status`. The error counts in the statistics of the
 * endpoint. A handler that returns an error need not call this. Protocol: ADR-32.
 *
 * @param req The request.
 * @param err The error, which is released in any case. With NULL the answer is an empty message.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
 * is NULL or the request has no reply subject; or the reason why publishing failed.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_RespondCustom, micro_ErrorfCode
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_RespondError(microRequest *req,
                                      microError *err);

/**
 * Answer a request with data and an error.
 *
 * The answer has the data, and the headers that `microRequest_RespondError` describes if there is an error.
 *
 * @param req The request.
 * @param err The error, which is released in any case; NULL for none.
 * @param data The payload, which is copied. Ignored if `len` is 0.
 * @param len The length of the payload in bytes.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
 * is NULL, the request has no reply subject, or `data` is NULL while `len` is not 0; or the reason why publishing
 * failed.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_Respond, microRequest_RespondError
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_RespondCustom(microRequest *req,
                                       microError *err,
                                       const char *data,
                                       size_t len);

/**
 * Return the message of a request.
 *
 * @param req The request.
 *
 * @return The message, which belongs to the request: destroying it does nothing. NULL if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetData
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN natsMsg *microRequest_GetMsg(microRequest *req);

/**
 * Return the connection over which a request was received.
 *
 * @param req The request.
 *
 * @return The connection: the program's own handle. NULL if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetService
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN natsConnection *microRequest_GetConnection(microRequest *req);

/**
 * Return the service that a request is for.
 *
 * @param req The request.
 *
 * @return The service: the program's own handle. NULL if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetServiceState
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN microService *microRequest_GetService(microRequest *req);

/**
 * Return the pointer that the program gave with the service.
 *
 * @param req The request.
 *
 * @return `State` of the service's configuration; NULL if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microService_GetState
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN void *microRequest_GetServiceState(microRequest *req);

/**
 * Return the pointer that the program gave with the endpoint.
 *
 * @param req The request.
 *
 * @return `State` of the endpoint's configuration; NULL for requests of a `StatsHandler`, and if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetServiceState
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
void *microRequest_GetEndpointState(microRequest *req);

/**
 * Return the subject of a request.
 *
 * @param req The request.
 *
 * @return The subject, which belongs to the request; NULL if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see natsMsg_GetSubject
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN const char *microRequest_GetSubject(microRequest *req);

/**
 * Return the subject on which the answer to a request is expected.
 *
 * @param req The request.
 *
 * @return The reply subject, which belongs to the request; NULL if it has none or `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see natsMsg_GetReply
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN const char *microRequest_GetReply(microRequest *req);

/**
 * Return the payload of a request.
 *
 * @param req The request.
 *
 * @return The payload, followed by a NUL, which belongs to the request; NULL if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetDataLength
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN const char *microRequest_GetData(microRequest *req);

/**
 * Return the length of the payload of a request.
 *
 * @param req The request.
 *
 * @return The length in bytes; 0 if `req` is NULL.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetData
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN int microRequest_GetDataLength(microRequest *req);

/**
 * Set a header of a request, in place of all values that it has.
 *
 * This changes the request, for example before it is passed on. The answer does not have the
 * header.
 *
 * @param req The request.
 * @param key The name of the header, in its exact case.
 * @param value The value; NULL is stored as such.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
 * or `key` is NULL, or `key` is empty or has a colon, white space or control characters.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_AddHeader
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_SetHeader(microRequest *req,
                                   const char *key,
                                   const char *value);

/**
 * Add a value to a header of a request.
 *
 * This changes the request, for example before it is passed on. The answer does not have the
 * header.
 *
 * @param req The request.
 * @param key The name of the header, in its exact case.
 * @param value The value; NULL is stored as such.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
 * or `key` is NULL, or `key` is empty or has a colon, white space or control characters.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_SetHeader
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_AddHeader(microRequest *req,
                                   const char *key,
                                   const char *value);

/**
 * Read the first value of a header of a request.
 *
 * The headers are those of the message that was received.
 *
 * @param req The request.
 * @param key The name of the header, in its exact case.
 * @param value Receives the value, which belongs to the request.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
 * header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
 * malformed.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetHeaderValues
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_GetHeaderValue(microRequest *req,
                                        const char *key,
                                        const char **value);

/**
 * Read all values of a header of a request.
 *
 * The headers are those of the message that was received.
 *
 * @param req The request.
 * @param key The name of the header, in its exact case.
 * @param values Receives an array, to be released with `free()`; the strings in it belong to the request.
 * @param count Receives the number of values.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
 * header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
 * malformed.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetHeaderKeys
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_GetHeaderValues(microRequest *req,
                                         const char *key,
                                         const char ***values,
                                         int *count);

/**
 * Read the names of all headers of a request.
 *
 * The headers are those of the message that was received.
 *
 * @param req The request.
 * @param keys Receives an array, to be released with `free()`; the strings in it belong to the request.
 * @param count Receives the number of names.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
 * header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
 * malformed.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_GetHeaderValues
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_GetHeaderKeys(microRequest *req,
                                       const char ***keys,
                                       int *count);

/**
 * Remove a header of a request, with all its values.
 *
 * This changes the request, for example before it is passed on.
 *
 * @param req The request.
 * @param key The name of the header, in its exact case.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_NOT_FOUND` if the
 * header does not exist, `NATS_INVALID_ARG` if an argument is NULL, `NATS_PROTOCOL_ERROR` if the headers are
 * malformed.
 *
 * @par Threads
 * One thread at a time may use a request, until its handler returns.
 *
 * @see microRequest_SetHeader
 *
 * @ingroup nats_micro_request
 */
NATS_EXTERN
microError *microRequest_DeleteHeader(microRequest *req,
                                      const char *key);

/**
 * Add a service to a connection.
 *
 * The service answers the requests of monitoring tools on nine subjects below `$SRV` and, if the configuration has
 * an endpoint, the requests to it; more endpoints can be added later. It continues across reconnects and ends with
 * its connection at the latest. Protocol: ADR-32.
 *
 * @param new_microservice Receives the service, to be released with `microService_Destroy`. It is written before the
 * first handler runs, and is valid only with NULL.
 * @param nc The connection.
 * @param config The configuration of the service, which is copied.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
 * argument is NULL, `Name` or `Version` is missing, `Name` has other characters than letters, digits, `_` and `-`,
 * `QueueGroup` is empty, or the configuration of the endpoint is not valid; `NATS_CONNECTION_CLOSED` or
 * `NATS_DRAINING` if the connection is closed or draining; or the reason why subscribing failed. After an error the
 * service does not exist.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @par Example
 * ```c
 * static microError *hello(microRequest *req) { return microRequest_Respond(req, "hello", 5); }
 *
 * microEndpointConfig endpoint;
 * microServiceConfig config;
 * microService *service = NULL;
 * memset(&endpoint, 0, sizeof(endpoint));
 * memset(&config, 0, sizeof(config));
 * endpoint.Name = "hello";
 * endpoint.Handler = hello;
 * config.Name = "greeter";
 * config.Version = "1.0.0";
 * config.Endpoint = &endpoint;
 * microError *err = micro_AddService(&service, nc, &config);
 * if (err == NULL) err = microService_Run(service);
 * microError_Destroy(err);
 * ```
 *
 * @see microService_AddEndpoint, microService_Stop, microService_Destroy
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *micro_AddService(microService **new_microservice,
                             natsConnection *nc,
                             struct microServiceConfig *config);

/**
 * Stop a service, without waiting for its end.
 *
 * The endpoints drain: the server sends no more requests, and those that have arrived are handled, for up to 30
 * seconds. Then the endpoints for monitoring end, and `DoneHandler` is called. Further calls do nothing.
 *
 * @param m The service.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
 * is NULL or was destroyed; `NATS_DRAINING` if the connection drains, which ends the service as well. The service
 * counts as stopped in any case.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microService_IsStopped, microService_Destroy, microDoneHandler
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *microService_Stop(microService *m);

/**
 * Stop a service and release it.
 *
 * Does not wait: requests that have arrived are still handled, and `DoneHandler` may be called later. In handlers
 * that are called after this the handle works until they return. The groups of the service cannot be used any more.
 *
 * @param m The service.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
 * is NULL or was destroyed; `NATS_DRAINING` if the connection drains: the service counts as stopped then, and a
 * second call releases it.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microService_Stop
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *microService_Destroy(microService *m);

/**
 * Wait until a service is stopped.
 *
 * Returns when `microService_Stop` has begun, or the connection was closed; `DoneHandler` may be called later.
 *
 * @param m The service.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
 * is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, except one that runs the callbacks of the service.
 *
 * @see microService_Stop
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
microError *microService_Run(microService *m);

/**
 * Return whether a service was stopped.
 *
 * @param m The service.
 *
 * @return True from the moment in which stopping began, and once the connection was closed; also if `m` is NULL or was
 * destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microService_Stop, microService_Run
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
bool microService_IsStopped(microService *m);

/**
 * Return the connection that a service is on.
 *
 * @param m The service.
 *
 * @return The connection: the program's own handle, which may have been destroyed. NULL if `m` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microRequest_GetConnection
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN
natsConnection *microService_GetConnection(microService *m);

/**
 * Return the pointer that the program gave with a service.
 *
 * @param m The service.
 *
 * @return `State` of the configuration; NULL if `m` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microRequest_GetServiceState
 *
 * @ingroup nats_micro_service
 */
NATS_EXTERN void *microService_GetState(microService *m);

/**
 * Get the info of a service and its endpoints.
 *
 * @param new_info Receives the information, to be released with `microServiceInfo_Destroy`; written only with NULL.
 * @param m The service.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
 * argument is NULL or `m` was destroyed; `NATS_NO_MEMORY`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microService_GetStats
 *
 * @ingroup nats_micro_stats
 */
NATS_EXTERN
microError *microService_GetInfo(struct microServiceInfo **new_info,
                                 microService *m);

/**
 * Read the statistics of a service's endpoints.
 *
 * The endpoints for monitoring are not included. After `microService_Stop` the endpoints disappear one by one.
 *
 * @param new_stats Receives the statistics, to be released with `microServiceStats_Destroy`; written only with NULL.
 * @param m The service.
 *
 * @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
 * argument is NULL or `m` was destroyed; `NATS_NO_MEMORY`.
 *
 * @par Threads
 * Any thread may call this function at any time, callbacks included.
 *
 * @see microService_GetInfo, microService_Reset
 *
 * @ingroup nats_micro_stats
 */
NATS_EXTERN
microError *microService_GetStats(struct microServiceStats **new_stats,
                                  microService *m);

/**
 * Destroy the result of `microService_GetInfo`.
 *
 * @param info The information; NULL is ignored.
 *
 * @par Threads
 * It belongs to one thread at a time.
 *
 * @ingroup nats_micro_stats
 */
NATS_EXTERN void microServiceInfo_Destroy(struct microServiceInfo *info);

/**
 * Destroy the result of `microService_GetStats`.
 *
 * @param stats The statistics; NULL is ignored.
 *
 * @par Threads
 * They belong to one thread at a time.
 *
 * @ingroup nats_micro_stats
 */
NATS_EXTERN void microServiceStats_Destroy(struct microServiceStats *stats);

/**
 * Create an error from a formatted text.
 *
 * @param format The text, a format of `printf`, followed by its arguments; NULL for an empty text.
 *
 * @return The error, to be released with `microError_Destroy`; never NULL. It has no status and the code 0.
 * `micro_ErrorInvalidFormat` or `micro_ErrorOutOfMemory` if the text cannot be made.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @par Example
 * ```c
 * static microError *divide(microRequest *req) {
 *     if (microRequest_GetDataLength(req) == 0) return micro_Errorf("nothing to divide");
 *     return microRequest_Respond(req, "2", 1);
 * }
 * ```
 *
 * @see micro_ErrorfCode, micro_ErrorFromText
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN microError *micro_Errorf(const char *format, ...);

/**
 * Create an error from a code and a formatted text.
 *
 * @param code The code that the client receives.
 * @param format The text, a format of `printf`, followed by its arguments; NULL for an empty text.
 *
 * @return The error, to be released with `microError_Destroy`; never NULL. It has no status.
 * `micro_ErrorInvalidFormat` or `micro_ErrorOutOfMemory` if the text cannot be made.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see micro_Errorf, micro_ErrorFromText
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN microError *micro_ErrorfCode(int code, const char *format, ...);

/**
 * Wrap an error in another one with a formatted text.
 *
 * @param err The cause, which the new error then owns; NULL for none. The constant errors of the library do
 * not change.
 * @param format The text, a format of `printf`, followed by its arguments; NULL for an empty text.
 *
 * @return The new error, without a status and with code 0, to be released with `microError_Destroy`; NULL if
 * `err` is NULL. `micro_ErrorInvalidFormat` or `micro_ErrorOutOfMemory` if the text cannot be made; `err` is
 * destroyed then.
 *
 * @par Threads
 * Any thread may call this function at any time. An error belongs to one thread at a time.
 *
 * @see microError_WrapText, microError_Status
 *
 * @ingroup nats_micro_error
 */
NATS_EXTERN microError *microError_Wrapf(microError *err, const char *format, ...);

/**
 * Get the revision of an object.
 *
 * Each change of an object, including its deletion, has a greater revision.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param revision Receives the revision; 0 if the object never existed.
 * @param obs The store.
 * @param name The name of the object.
 *
 * @retval NATS_OK The revision was written.
 * @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStorePut_ExpectRevision
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
enum natsStatus objStore_GetRevision(uint64_t *revision,
                                     objStore *obs,
                                     const char *name);

/**
 * Make a put succeed only if no other client has changed the object.
 *
 * `objStorePut_Complete` returns `NATS_MISMATCH` if the object has another revision by then, and removes the chunks
 * of the put: if two clients store an object at the same time, one of them succeeds and the other one receives this
 * status.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param put The put.
 * @param revision The revision to replace, as returned by `objStore_GetRevision`; 0 if the object must never have
 * existed.
 *
 * @retval NATS_OK The revision was set.
 * @retval NATS_INVALID_ARG `put` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_GetRevision
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
enum natsStatus objStorePut_ExpectRevision(objStorePut *put,
                                           uint64_t revision);

/**
 * Limit the number of bytes of an object that are in flight.
 *
 * For puts, these are bytes that wait for the acknowledgement of the server; for gets, bytes that were requested and
 * not yet read. The limit applies to puts and gets of this handle that begin afterwards. One chunk may always be in
 * flight.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param obs The store.
 * @param bytes The limit; 0 for the default of 4 MiB.
 *
 * @retval NATS_OK The limit was set.
 * @retval NATS_INVALID_ARG `obs` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_SetProgress
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus objStore_SetMaxBytesInFlight(objStore *obs,
                                             uint64_t bytes);

/**
 * Set a function that is called for each chunk that is stored or read.
 *
 * It applies to puts and gets of this handle that begin afterwards, including those of whole files.
 *
 * @note An addition of this library: nats.c does not have it.
 *
 * @param obs The store.
 * @param handler The function; NULL for none.
 * @param closure The last argument of the function. It must stay valid as long as puts and gets of
 * the handle exist.
 *
 * @retval NATS_OK The function was set.
 * @retval NATS_INVALID_ARG `obs` is NULL or was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_SetMaxBytesInFlight
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
enum natsStatus objStore_SetProgress(objStore *obs,
                                     objStoreProgressHandler handler,
                                     void *closure);

/**
 * Create a store.
 *
 * If the store exists with the same configuration, it is opened.
 *
 * @param new_obs Receives the store, to be released with `objStore_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 * @param cfg The configuration, initialized with `objStoreConfig_Init`. Read during the call only.
 *
 * @retval NATS_OK The store exists and has the configuration.
 * @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the configuration, for example its name, is not
 * valid.
 * @retval NATS_ERR The store exists with another configuration, or the server refused the request:
 * the last error has the reason.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_Destroy, js_ObjectStore
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus js_CreateObjectStore(objStore **new_obs,
                                     jsCtx *js,
                                     struct objStoreConfig *cfg);

/**
 * Change the configuration of a store.
 *
 * The whole configuration is replaced.
 *
 * @param new_obs Receives the store, to be released with `objStore_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 * @param cfg The configuration, initialized with `objStoreConfig_Init`. Read during the call only.
 *
 * @retval NATS_OK The store exists and has the configuration.
 * @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the configuration is not valid.
 * @retval NATS_NOT_FOUND The store does not exist.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_Destroy, js_ObjectStore
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus js_UpdateObjectStore(objStore **new_obs,
                                     jsCtx *js,
                                     struct objStoreConfig *cfg);

/**
 * Open a store that exists.
 *
 * @param new_obs Receives the store, to be released with `objStore_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 * @param bucket The name of the store.
 *
 * @retval NATS_OK The store exists.
 * @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the name is not valid.
 * @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see js_CreateObjectStore
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus js_ObjectStore(objStore **new_obs,
                               jsCtx *js,
                               const char *bucket);

/**
 * Delete a store with all its objects.
 *
 * @param js The context.
 * @param bucket The name of the store.
 *
 * @retval NATS_OK The store was deleted.
 * @retval NATS_INVALID_ARG A pointer is NULL, `js` was destroyed, or the name is not valid.
 * @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see js_CreateObjectStore
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus js_DeleteObjectStore(jsCtx *js,
                                     const char *bucket);

/**
 * List the names of all stores.
 *
 * @param new_list Receives the list, to be released with `objStoreNamesList_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 *
 * @retval NATS_OK The list has at least one element.
 * @retval NATS_INVALID_ARG A pointer is NULL, or `js` was destroyed.
 * @retval NATS_NOT_FOUND There are no stores. The last error is cleared.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreNamesList_Destroy
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus js_ObjectStoreNames(struct objStoreNamesList **new_list,
                                    jsCtx *js);

/**
 * List the statuses of all stores.
 *
 * @param new_list Receives the list, to be released with `objStoreStatusesList_Destroy`. Written only with `NATS_OK`.
 * @param js The context.
 *
 * @retval NATS_OK The list has at least one element.
 * @retval NATS_INVALID_ARG A pointer is NULL, or `js` was destroyed.
 * @retval NATS_NOT_FOUND There are no stores. The last error is cleared.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreStatusesList_Destroy
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus js_ObjectStoreStatuses(struct objStoreStatusesList **new_list,
                                       jsCtx *js);

/**
 * Get the status of a store.
 *
 * @param new_status Receives the status, to be released with `objStoreStatus_Destroy`. Written only with `NATS_OK`.
 * @param obs The store.
 *
 * @retval NATS_OK The status was written.
 * @retval NATS_INVALID_ARG A pointer is NULL, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreStatus_Destroy
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus objStore_Status(struct objStoreStatus **new_status,
                                objStore *obs);

/**
 * Seal a store: it refuses all changes from now on.
 *
 * This cannot be undone.
 *
 * @param obs The store.
 *
 * @retval NATS_OK The store is sealed.
 * @retval NATS_INVALID_ARG `obs` is NULL or was destroyed.
 * @retval NATS_NOT_FOUND The store does not exist. The last error is cleared.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_Status
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
enum natsStatus objStore_Seal(objStore *obs);

/**
 * Release a store.
 *
 * Only the handle is released. The store itself stays, and puts, gets and watchers of the handle
 * remain valid.
 *
 * @param obs The handle; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see js_ObjectStore
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
void objStore_Destroy(objStore *obs);

/**
 * Release a list of names.
 *
 * Releases it together with its elements.
 *
 * @param list The list; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see js_ObjectStoreNames
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
void objStoreNamesList_Destroy(struct objStoreNamesList *list);

/**
 * Release a list of statuses.
 *
 * Releases it together with its elements.
 *
 * @param list The list; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see js_ObjectStoreStatuses
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
void objStoreStatusesList_Destroy(struct objStoreStatusesList *list);

/**
 * Release a status.
 *
 * Releases it together with its elements.
 *
 * @param status The status; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_Status
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN
void objStoreStatus_Destroy(struct objStoreStatus *status);

/**
 * Begin to read an object in pieces.
 *
 * Links are followed. After the loss of the connection or of its consumer a get continues by itself behind the last
 * piece.
 *
 * @param new_get Receives the get, to be released with `objStoreGet_Destroy`. Written only with `NATS_OK`.
 * @param obs The store.
 * @param name The name of the object.
 * @param opts The options; NULL to ignore deleted objects.
 *
 * @retval NATS_OK The object exists.
 * @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
 * @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
 * not match its description.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreGet_Read, objStoreGet_Destroy
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
enum natsStatus objStore_Get(objStoreGet **new_get,
                             objStore *obs,
                             const char *name,
                             struct objStoreOptions *opts);

/**
 * Describe the object that is being read.
 *
 * For a link this is the description of its target.
 *
 * @param new_info Receives the description, which belongs to the get and is valid as long as the get. Written only
 * with `NATS_OK`.
 * @param get The get.
 *
 * @retval NATS_OK The description was written.
 * @retval NATS_INVALID_ARG A pointer is NULL, or `get` was destroyed.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_Get
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
enum natsStatus objStoreGet_Info(const struct objStoreInfo **new_info,
                                 objStoreGet *get);

/**
 * Read the next piece of an object.
 *
 * A piece is one chunk as it was stored. With the last one the digest is verified: if it differs, the piece is not
 * returned.
 *
 * @param done Receives whether this is the last piece.
 * @param new_data Receives the bytes, to be released with `free()`; NULL for an empty object.
 * @param dataLen Receives the number of bytes.
 * @param get The get.
 * @param timeout The longest time to wait in milliseconds; greater than 0. After `NATS_TIMEOUT` the call may be
 * repeated.
 *
 * @retval NATS_OK A piece was read.
 * @retval NATS_INVALID_ARG A pointer is NULL, `get` was destroyed, or the time is not positive.
 * @retval NATS_ILLEGAL_STATE The object has been read to its end, or more bytes arrived than the
 * object has.
 * @retval NATS_NOT_FOUND Chunks are missing, or the store does not exist any more.
 * @retval NATS_ERR The digest does not match the bytes, or the server refused the request: the last error has the
 * reason.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreGet_ReadAll
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
enum natsStatus objStoreGet_Read(bool *done,
                                 void **new_data,
                                 int *dataLen,
                                 objStoreGet *get,
                                 int64_t timeout);

/**
 * Read the rest of an object.
 *
 * After `NATS_TIMEOUT` the bytes that had arrived are lost.
 *
 * @param new_data Receives the bytes, to be released with `free()`; NULL if there are none.
 * @param dataLen Receives the number of bytes.
 * @param get The get.
 * @param timeout The longest time for the whole call in milliseconds; greater than 0.
 *
 * @retval NATS_OK The rest was read.
 * @retval NATS_INVALID_ARG A pointer is NULL, `get` was destroyed, or the time is not positive.
 * @retval NATS_ILLEGAL_STATE The object has been read to its end, or more bytes arrived than the
 * object has.
 * @retval NATS_NOT_FOUND Chunks are missing, or the store does not exist any more.
 * @retval NATS_ERR The digest does not match the bytes, or the server refused the request: the last error has the
 * reason.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreGet_Read
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
enum natsStatus objStoreGet_ReadAll(void **new_data,
                                    int *dataLen,
                                    objStoreGet *get,
                                    int64_t timeout);

/**
 * Release a get.
 *
 * The rest of the object is not read.
 *
 * @param get The handle; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_Get
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
void objStoreGet_Destroy(objStoreGet *get);

/**
 * Read an object as a string.
 *
 * The `Wait` of the context limits the time of the call.
 *
 * @param new_str Receives the bytes followed by a NUL, to be released with `free()`; NULL for an empty object.
 * @param obs The store.
 * @param name The name of the object.
 * @param opts The options; NULL to ignore deleted objects.
 *
 * @retval NATS_OK The object was read.
 * @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
 * @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
 * not match its description.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_PutString
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
enum natsStatus objStore_GetString(char **new_str,
                                   objStore *obs,
                                   const char *name,
                                   struct objStoreOptions *opts);

/**
 * Read an object as bytes.
 *
 * The `Wait` of the context limits the time of the call.
 *
 * @param new_data Receives the bytes, to be released with `free()`; NULL for an empty object.
 * @param dataLen Receives the number of bytes.
 * @param obs The store.
 * @param name The name of the object.
 * @param opts The options; NULL to ignore deleted objects.
 *
 * @retval NATS_OK The object was read.
 * @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
 * @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
 * not match its description.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_PutBytes
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
enum natsStatus objStore_GetBytes(void **new_data,
                                  int *dataLen,
                                  objStore *obs,
                                  const char *name,
                                  struct objStoreOptions *opts);

/**
 * Read an object into a file.
 *
 * The file is created or truncated before the object is looked up, and removed if the call fails. The object is read
 * and written piece by piece, whatever its size; the `Wait` of the context applies to finding the object and to each
 * chunk.
 *
 * @param obs The store.
 * @param name The name of the object.
 * @param fileName The path of the file.
 * @param opts The options; NULL to ignore deleted objects.
 *
 * @retval NATS_OK The file has the object.
 * @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, or a name is NULL or empty.
 * @retval NATS_ERR The file cannot be written, the digest does not match the bytes, or the server refused the
 * request: the last error has the reason.
 * @retval NATS_NOT_FOUND The object does not exist, its chunks are missing, or the store does not exist.
 * @retval NATS_ILLEGAL_STATE A link points to a store, to a missing object, or back to itself; or the object does
 * not match its description.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_PutFile
 *
 * @ingroup nats_obj_get
 */
NATS_EXTERN
enum natsStatus objStore_GetFile(objStore *obs,
                                 const char *name,
                                 const char *fileName,
                                 struct objStoreOptions *opts);

/**
 * Get the description of an object.
 *
 * @param new_info Receives the description, to be released with `objStoreInfo_Destroy`. Written only with `NATS_OK`.
 * @param obs The store.
 * @param name The name of the object.
 * @param opts The options; NULL to ignore deleted objects.
 *
 * @retval NATS_OK The description was written.
 * @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The object or the store does not exist.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreInfo_Destroy
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
enum natsStatus objStore_GetInfo(struct objStoreInfo **new_info,
                                 objStore *obs,
                                 const char *name,
                                 struct objStoreOptions *opts);

/**
 * Replace the description of an object.
 *
 * Name, description, headers and metadata are replaced by those of `meta`; those that `meta` does not have are
 * removed. Another name renames the object. The bytes do not change. If another client changes the object during the
 * call, the replacement is repeated.
 *
 * A rename is two steps at the server: the description is stored under the new name, then the old name is deleted. If
 * the server refuses the second one, the first is taken back, so the object has one name. If the server does not answer
 * at all, the object may have both names, and the last error says so. The same call made again completes the rename,
 * whichever of the steps were done; a call that renames the new name into the old one undoes it. Until then the object
 * can be read under both names, and must not be deleted or replaced under either: that would remove the bytes of both.
 *
 * @param obs The store.
 * @param name The name of the object.
 * @param meta The description. `Opts` is ignored.
 *
 * @retval NATS_OK The description is stored.
 * @retval NATS_INVALID_ARG A pointer is NULL, a name is empty, or `obs` was destroyed.
 * @retval NATS_ILLEGAL_STATE The object does not exist or was deleted, or another object has the new name.
 * @retval NATS_MISMATCH Other clients changed the object during each of several attempts.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_GetInfo
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
enum natsStatus objStore_UpdateMeta(objStore *obs,
                                    const char *name,
                                    struct objStoreMeta *meta);

/**
 * Delete an object.
 *
 * Its bytes are removed, and its description is marked as deleted. For a link only the link is removed.
 *
 * @param obs The store.
 * @param name The name of the object.
 *
 * @retval NATS_OK The object is deleted.
 * @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The object does not exist, or was deleted already.
 * @retval NATS_ILLEGAL_STATE Its description cannot be parsed.
 * @retval NATS_MISMATCH Other clients changed the object during each of several attempts.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_GetInfo
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
enum natsStatus objStore_Delete(objStore *obs,
                                const char *name);

/**
 * Create a link to an object.
 *
 * A link with the same name is replaced. The call does not check whether the target exists.
 *
 * @param new_info Receives the link's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
 * @param obs The store.
 * @param name The name of the link.
 * @param obj The target of the link.
 *
 * @retval NATS_OK The link was stored.
 * @retval NATS_INVALID_ARG `obs` or `obj` is NULL, a name is empty, or `obs` was destroyed.
 * @retval NATS_ILLEGAL_STATE The target was deleted or is a link, or an object that is not a link has the name.
 * @retval NATS_MISMATCH Other clients changed the link during each of several attempts.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_AddBucketLink
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
enum natsStatus objStore_AddLink(struct objStoreInfo **new_info,
                                 objStore *obs,
                                 const char *name,
                                 struct objStoreInfo *obj);

/**
 * Create a link to a store.
 *
 * A link with the same name is replaced.
 *
 * @param new_info Receives the link's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
 * @param obs The store.
 * @param name The name of the link.
 * @param bucket The target of the link.
 *
 * @retval NATS_OK The link was stored.
 * @retval NATS_INVALID_ARG `obs` or `bucket` is NULL or was destroyed, or the name is empty.
 * @retval NATS_ILLEGAL_STATE The target was deleted or is a link, or an object that is not a link has the name.
 * @retval NATS_MISMATCH Other clients changed the link during each of several attempts.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_AddLink
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
enum natsStatus objStore_AddBucketLink(struct objStoreInfo **new_info,
                                       objStore *obs,
                                       const char *name,
                                       objStore *bucket);

/**
 * Release the description of an object.
 *
 * Releases it together with its elements.
 *
 * @param info The description; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_GetInfo
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN
void objStoreInfo_Destroy(struct objStoreInfo *info);

/**
 * Begin to store an object in pieces.
 *
 * An existing object of the name does not change until `objStorePut_Complete` has returned `NATS_OK`. Headers of
 * `meta` are stored, too.
 *
 * @param new_put Receives the put, to be released with `objStorePut_Destroy` in any case. Written only with `NATS_OK`.
 * @param obs The store.
 * @param meta The description of the object. Read during the call only.
 *
 * @retval NATS_OK The put was begun.
 * @retval NATS_INVALID_ARG A pointer is NULL, the name is empty, a link is set, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The store does not exist.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStorePut_Add, objStorePut_Complete, objStorePut_Destroy
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
enum natsStatus objStore_Put(objStorePut **new_put,
                             objStore *obs,
                             struct objStoreMeta *meta);

/**
 * Send the next bytes of an object.
 *
 * They are split into chunks; each call begins a new chunk. While the number of unacknowledged bytes is the one that
 * `objStore_SetMaxBytesInFlight` allows, the call waits, for up to 5 seconds. After a failure all further calls
 * fail.
 *
 * @param put The put.
 * @param data The bytes; NULL if the length is 0.
 * @param dataLen The number of bytes.
 *
 * @retval NATS_OK The bytes were sent.
 * @retval NATS_INVALID_ARG `put` is NULL or was destroyed, the length is negative, or one of data and length is missing.
 * @retval NATS_ILLEGAL_STATE The put was completed.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStorePut_Complete
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
enum natsStatus objStorePut_Add(objStorePut *put,
                                const void *data,
                                int dataLen);

/**
 * Complete an object, which makes it available to readers.
 *
 * Waits until the server has stored all chunks, and stores the description. Then the chunks of the object that it
 * replaces are removed. If the call fails, the chunks of this put are removed.
 *
 * @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
 * @param put The put.
 * @param timeout The longest time for the whole call in milliseconds; 0 for 5000.
 *
 * @retval NATS_OK The object is stored.
 * @retval NATS_INVALID_ARG `put` is NULL or was destroyed, or the time is negative.
 * @retval NATS_ILLEGAL_STATE The put was completed before.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
 * @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
 * were overtaken by other clients.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStorePut_Destroy
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
enum natsStatus objStorePut_Complete(struct objStoreInfo **new_info,
                                     objStorePut *put,
                                     int64_t timeout);

/**
 * Release a put.
 *
 * A put that was not completed is discarded: the call waits up to 5 seconds for the chunks in flight and removes
 * them. The same applies if completing failed and the chunks could not be removed then.
 *
 * @param put The handle; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_Put
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
void objStorePut_Destroy(objStorePut *put);

/**
 * Store a string as an object.
 *
 * The NUL at its end is not stored.
 *
 * @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
 * @param obs The store.
 * @param name The name of the object.
 * @param data The string; NULL and an empty string store an empty object.
 *
 * @retval NATS_OK The object is stored.
 * @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, or the name is empty.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
 * @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
 * were overtaken by other clients.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_GetString
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
enum natsStatus objStore_PutString(struct objStoreInfo **new_info,
                                   objStore *obs,
                                   const char *name,
                                   const char *data);

/**
 * Store bytes as an object.
 *
 * @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
 * @param obs The store.
 * @param name The name of the object.
 * @param data The bytes. With a length of 0, which stores an empty object, it may be NULL and is not read.
 * @param dataLen The number of bytes.
 *
 * @retval NATS_OK The object is stored.
 * @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, the name is empty, the length is negative, or `data` is NULL
 * with another length than 0.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
 * @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
 * were overtaken by other clients.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_GetBytes
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
enum natsStatus objStore_PutBytes(struct objStoreInfo **new_info,
                                  objStore *obs,
                                  const char *name,
                                  const void *data,
                                  int dataLen);

/**
 * Store a file as an object.
 *
 * The name of the object is the path as passed to the call. The file is read and sent piece by piece, whatever its
 * size.
 *
 * @param new_info Receives the object's description, to be released with `objStoreInfo_Destroy`; may be NULL. Written only with `NATS_OK`.
 * @param obs The store.
 * @param fileName The path of the file.
 *
 * @retval NATS_OK The object is stored.
 * @retval NATS_INVALID_ARG `obs` is NULL or was destroyed, or the path is NULL, empty or not UTF-8.
 * @retval NATS_ERR The file cannot be read, or the server refused the request: the last error has
 * the reason.
 * @retval NATS_CONNECTION_DISCONNECTED The connection was lost while chunks were in flight: the object is unchanged.
 * @retval NATS_MISMATCH Another client has changed the object, and the put expected a revision, or several attempts
 * were overtaken by other clients.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_GetFile
 *
 * @ingroup nats_obj_put
 */
NATS_EXTERN
enum natsStatus objStore_PutFile(struct objStoreInfo **new_info,
                                 objStore *obs,
                                 const char *fileName);

/**
 * Initialize the configuration of a store.
 *
 * Fills the structure with zeros.
 *
 * @param cfg The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `cfg` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_obj_buckets
 */
NATS_EXTERN enum natsStatus objStoreConfig_Init(struct objStoreConfig *cfg);

/**
 * Initialize the description of an object.
 *
 * Fills the structure with zeros.
 *
 * @param meta The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `meta` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN enum natsStatus objStoreMeta_Init(struct objStoreMeta *meta);

/**
 * Initialize the options for objects.
 *
 * Fills the structure with zeros.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_obj_objects
 */
NATS_EXTERN enum natsStatus objStoreOptions_Init(struct objStoreOptions *opts);

/**
 * Initialize the options of a watcher.
 *
 * Fills the structure with zeros.
 *
 * @param opts The structure; its former content is ignored.
 *
 * @retval NATS_OK The structure was filled.
 * @retval NATS_INVALID_ARG `opts` is NULL.
 *
 * @par Threads
 * One thread at a time may use the structure.
 *
 * @ingroup nats_obj_watch
 */
NATS_EXTERN enum natsStatus objStoreWatchOptions_Init(struct objStoreWatchOptions *opts);

/**
 * Watch the objects of a store.
 *
 * Delivers all existing objects, then a marker, then each change.
 *
 * @param new_watcher Receives the watcher, to be released with `objStoreWatcher_Destroy`. Written only with `NATS_OK`.
 * @param obs The store.
 * @param opts The options; NULL for all objects.
 *
 * @retval NATS_OK The watcher was created.
 * @retval NATS_INVALID_ARG `new_watcher` or `obs` is NULL, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The store does not exist.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreWatcher_Next
 *
 * @ingroup nats_obj_watch
 */
NATS_EXTERN
enum natsStatus objStore_Watch(objStoreWatcher **new_watcher,
                               objStore *obs,
                               struct objStoreWatchOptions *opts);

/**
 * Wait for the next object of a watcher.
 *
 * NULL is the marker: all objects that existed when the watcher was created have been delivered. With `UpdatesOnly`
 * there is no marker. A description that cannot be read, because another client has stored something else, is left
 * out; the connection's error handler is told, with `NATS_ERR`.
 *
 * @param new_info Receives the object, to be released with `objStoreInfo_Destroy`, or NULL for the marker. Written only with `NATS_OK`.
 * @param watcher The watcher.
 * @param timeout The longest time to wait in milliseconds; greater than 0.
 *
 * @retval NATS_OK An object, or the marker, was written.
 * @retval NATS_INVALID_ARG A pointer is NULL, `watcher` was destroyed, or the time is not
 * positive.
 * @retval NATS_ILLEGAL_STATE The watcher was stopped.
 * @retval NATS_TIMEOUT No object was changed in time.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_Watch
 *
 * @ingroup nats_obj_watch
 */
NATS_EXTERN
enum natsStatus objStoreWatcher_Next(struct objStoreInfo **new_info,
                                     objStoreWatcher *watcher,
                                     int64_t timeout);

/**
 * Stop a watcher.
 *
 * Threads in `objStoreWatcher_Next` return with `NATS_ILLEGAL_STATE`. Stopping a stopped watcher
 * succeeds.
 *
 * @param watcher The watcher.
 *
 * @retval NATS_OK The watcher is stopped.
 * @retval NATS_INVALID_ARG `watcher` is NULL or was destroyed.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStoreWatcher_Destroy
 *
 * @ingroup nats_obj_watch
 */
NATS_EXTERN
enum natsStatus objStoreWatcher_Stop(objStoreWatcher *watcher);

/**
 * Release a watcher.
 *
 * It is stopped first if it is not stopped yet.
 *
 * @param watcher The handle; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_Watch
 *
 * @ingroup nats_obj_watch
 */
NATS_EXTERN
void objStoreWatcher_Destroy(objStoreWatcher *watcher);

/**
 * List the objects of a store.
 *
 * The list has the objects, links included, in the order of their last changes. The `Wait` of the context limits the
 * time of the call. Objects whose description cannot be read are left out; the connection's error handler is told,
 * with `NATS_ERR`.
 *
 * @param new_list Receives the list, to be released with `objStoreInfoList_Destroy`. Written only with `NATS_OK`.
 * @param obs The store.
 * @param opts The options; NULL to ignore deleted objects.
 *
 * @retval NATS_OK The list has at least one element.
 * @retval NATS_INVALID_ARG `new_list` or `obs` is NULL, or `obs` was destroyed.
 * @retval NATS_NOT_FOUND The store has no objects or does not exist.
 * @retval NATS_ERR The server refused the request: its text is the last error.
 * @retval NATS_NO_RESPONDERS JetStream is not enabled.
 * @retval NATS_TIMEOUT No answer arrived in time.
 * @retval NATS_CONNECTION_CLOSED The connection is closed.
 * @retval NATS_NO_MEMORY Memory could not be allocated.
 *
 * @par Threads
 * Any thread may call this function at any time. It waits for the server.
 *
 * @see objStore_Watch
 *
 * @ingroup nats_obj_watch
 */
NATS_EXTERN
enum natsStatus objStore_List(struct objStoreInfoList **new_list,
                              objStore *obs,
                              struct objStoreOptions *opts);

/**
 * Release a list of objects.
 *
 * Releases it together with its elements.
 *
 * @param list The list; NULL is ignored.
 *
 * @par Threads
 * Any thread may call this function at any time.
 *
 * @see objStore_List
 *
 * @ingroup nats_obj_watch
 */
NATS_EXTERN
void objStoreInfoList_Destroy(struct objStoreInfoList *list);

#ifdef __cplusplus
} /* extern "C" */
#endif /* __cplusplus */

#endif  /* NATS_RS_H_ */
