/*
 * nats_rs.h - the C interface of libnats_rs, a NATS client with a Rust core.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The names, types, constants and struct layouts are those of the nats.c client's public interface, so a program
 * written for it compiles against this header. What is ours alone says so. Conventions, valid everywhere unless a
 * function says otherwise:
 *
 * Errors      Most functions return a natsStatus; NATS_OK is 0. A failing call leaves its text with the calling
 *             thread: nats_GetLastError() reads it, and the next failing call of that thread replaces it. Outputs are
 *             written only on success, or hold 0, NULL or an empty text where the function says so. Nothing here ends the process, but lack of memory for what is small:
 *             messages and what waits to be sent give NATS_NO_MEMORY.
 * Ownership   What an X_Create, X_New, Connect, Subscribe, NextMsg or Request call hands out is yours, and goes back
 *             with the X_Destroy of its type. A message passed to a message callback is yours too: destroy it, now
 *             or later. Strings and arrays reached through a non-const output pointer (char **, const char ***) are
 *             released with free(), one call each; strings returned as const char * belong to the object that
 *             was asked, and live as long as it. Arguments are copied, never kept, unless said otherwise.
 * NULL        X_Destroy(NULL) does nothing. NULL where a value is needed gives NATS_INVALID_ARG (or false, 0, NULL).
 *             A length of 0 ignores its pointer; a negative length is refused.
 * Handles     Using a connection, a subscription or an options object after its Destroy gives NATS_INVALID_ARG and
 *             touches no freed memory; a second Destroy does nothing. Rely on it for finding mistakes, not for
 *             program logic. Other objects (messages, headers, statistics, inboxes) are plain memory.
 * Threads     Any thread may use any connection, subscription or options object at any time. A message, a header
 *             object, a statistics object and an inbox belong to one thread at a time. The number of threads in the
 *             library does not grow with connections or subscriptions.
 * Callbacks   Run in threads of the library (in the program's own with natsOptions_SetManualDispatch), with no lock
 *             held, and may call anything here, Destroy of their own handle included. Those of one subscription run
 *             in order, one at a time; those of connections run in order on one thread. They may block, up to 512
 *             message callbacks at a time; more wait for one of these to end. A callback must return: no longjmp
 *             and no C++ exception through it, which ends the process. pthread_exit in one, as some interpreters do
 *             after their own end, makes the library's thread sleep for ever, as a callback that does not return
 *             (on x86-64; elsewhere, and on the program's own threads, it ends the process, as pthread_cancel
 *             through any other call does).
 * Units       Times are int64_t milliseconds, unless the name or the text says nanoseconds or microseconds. Lengths
 *             are bytes. Text is UTF-8 with a NUL at its end; payloads are bytes, with a NUL behind them on receipt.
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

/* Linkage of everything declared here; define it before the include to change it. */
#ifndef NATS_EXTERN
#if defined(__GNUC__)
#define NATS_EXTERN __attribute__((visibility("default")))
#else
#define NATS_EXTERN
#endif
#endif

/* The version of this library. */
#define NATS_RS_VERSION_MAJOR 0
#define NATS_RS_VERSION_MINOR 1
#define NATS_RS_VERSION_PATCH 0
#define NATS_RS_VERSION "0.1.0"
#define NATS_RS_VERSION_NUMBER                                                                                \
    ((NATS_RS_VERSION_MAJOR << 16) | (NATS_RS_VERSION_MINOR << 8) | NATS_RS_VERSION_PATCH)

/* The version of the interface: that of the nats.c release whose names are declared here. */
#define NATS_VERSION_MAJOR 3
#define NATS_VERSION_MINOR 14
#define NATS_VERSION_PATCH 0
#define NATS_VERSION_STRING "3.14.0-beta"
#define NATS_VERSION_NUMBER ((NATS_VERSION_MAJOR << 16) | (NATS_VERSION_MINOR << 8) | NATS_VERSION_PATCH)
#define NATS_VERSION_REQUIRED_NUMBER 0x030E00

/* True where the library found at run time fits the header this program was compiled with. */
#define nats_CheckCompatibility()                                                                             \
    nats_CheckCompatibilityImpl(NATS_VERSION_REQUIRED_NUMBER, NATS_VERSION_NUMBER, NATS_VERSION_STRING)

/* Where natsConnection_Connect goes when no URL is given. */
#define NATS_DEFAULT_URL "nats://localhost:4222"

/* Connection statuses under the names they had before they got a prefix, for programs that ask for them. */
#ifdef NATS_CONN_STATUS_NO_PREFIX
#define DISCONNECTED NATS_CONN_STATUS_DISCONNECTED
#define CONNECTING NATS_CONN_STATUS_CONNECTING
#define CONNECTED NATS_CONN_STATUS_CONNECTED
#define CLOSED NATS_CONN_STATUS_CLOSED
#define RECONNECTING NATS_CONN_STATUS_RECONNECTING
#define DRAINING_SUBS NATS_CONN_STATUS_DRAINING_SUBS
#define DRAINING_PUBS NATS_CONN_STATUS_DRAINING_PUBS
#endif

/* A socket as the operating system numbers it. */
typedef int natsSock;


/**
 * Outcome of a call: `NATS_OK`, or why it failed. `natsStatus_GetText` has the words for each.
 */
typedef enum natsStatus {
    /**
     * Success.
     */
    NATS_OK = 0,
    /**
     * An error without a status of its own.
     */
    NATS_ERR,
    /**
     * The server sent something that is not the NATS protocol, or a message's headers are malformed.
     */
    NATS_PROTOCOL_ERROR,
    /**
     * Reading from or writing to the socket failed.
     */
    NATS_IO_ERROR,
    /**
     * The server's first line is too long.
     */
    NATS_LINE_TOO_LONG,
    /**
     * The connection is closed, or the server closed it.
     */
    NATS_CONNECTION_CLOSED,
    /**
     * No server could be reached.
     */
    NATS_NO_SERVER,
    /**
     * The server did not answer the client's PINGs.
     */
    NATS_STALE_CONNECTION,
    /**
     * TLS was asked for and the server does not offer it.
     */
    NATS_SECURE_CONNECTION_WANTED,
    /**
     * The server asks for TLS. Never returned: the client upgrades by itself.
     */
    NATS_SECURE_CONNECTION_REQUIRED,
    /**
     * The connection was lost, and may come back.
     */
    NATS_CONNECTION_DISCONNECTED,
    /**
     * The server refused the credentials, or they expired.
     */
    NATS_CONNECTION_AUTH_FAILED,
    /**
     * The server does not permit this publish or subscription.
     */
    NATS_NOT_PERMITTED,
    /**
     * There is no such header, key or value.
     */
    NATS_NOT_FOUND,
    /**
     * A server's URL has no host.
     */
    NATS_ADDRESS_MISSING,
    /**
     * The subject is missing, or holds what a subject must not.
     */
    NATS_INVALID_SUBJECT,
    /**
     * An argument cannot be used: NULL, negative, out of range, or a destroyed handle.
     */
    NATS_INVALID_ARG,
    /**
     * The subscription is closed.
     */
    NATS_INVALID_SUBSCRIPTION,
    /**
     * The timeout must be greater than zero.
     */
    NATS_INVALID_TIMEOUT,
    /**
     * The call makes no sense in the present state.
     */
    NATS_ILLEGAL_STATE,
    /**
     * Messages were dropped because the subscription's pending limits were reached.
     */
    NATS_SLOW_CONSUMER,
    /**
     * The payload is larger than the server allows.
     */
    NATS_MAX_PAYLOAD,
    /**
     * The subscription has delivered its maximum of messages.
     */
    NATS_MAX_DELIVERED_MSGS,
    /**
     * A buffer is too small, or the reconnect buffer is full.
     */
    NATS_INSUFFICIENT_BUFFER,
    /**
     * Memory could not be allocated.
     */
    NATS_NO_MEMORY,
    /**
     * A call of the operating system failed.
     */
    NATS_SYS_ERROR,
    /**
     * The time is over.
     */
    NATS_TIMEOUT,
    /**
     * The library could not be opened, for example because it is being closed.
     */
    NATS_FAILED_TO_INITIALIZE,
    /**
     * The library has not been opened.
     */
    NATS_NOT_INITIALIZED,
    /**
     * Certificates, ciphers or the TLS handshake.
     */
    NATS_SSL_ERROR,
    /**
     * The server is too old, or not configured, for this.
     */
    NATS_NO_SERVER_SUPPORT,
    /**
     * Not connected yet; attempts go on in the background.
     */
    NATS_NOT_YET_CONNECTED,
    /**
     * The connection or subscription is draining.
     */
    NATS_DRAINING,
    /**
     * The queue group's name holds white space.
     */
    NATS_INVALID_QUEUE_NAME,
    /**
     * Nobody is subscribed to the request's subject.
     */
    NATS_NO_RESPONDERS,
    /**
     * JetStream: a consumer's sequence does not match.
     */
    NATS_MISMATCH,
    /**
     * JetStream: a heartbeat of the server is missing.
     */
    NATS_MISSED_HEARTBEAT,
    /**
     * JetStream: a limit has been reached.
     */
    NATS_LIMIT_REACHED,
    /**
     * JetStream: the pin of a pinned consumer does not match.
     */
    NATS_PIN_ID_MISMATCH,
    /**
     * JetStream: the configuration cannot be used.
     */
    NATS_INVALID_CONFIG,
    /**
     * The number of statuses; not a status.
     */
    NATS_MAX_STATUS_VALUE
} natsStatus;

/**
 * What a connection is doing, as `natsConnection_Status` tells it.
 */
typedef enum natsConnStatus {
    /**
     * Not connected: a passing state between an attempt on one server and the next, and between
     * losing the server and closing.
     */
    NATS_CONN_STATUS_DISCONNECTED = 0,
    /**
     * A server accepted, and the handshake is going on; in reconnect attempts too.
     */
    NATS_CONN_STATUS_CONNECTING,
    /**
     * Connected.
     */
    NATS_CONN_STATUS_CONNECTED,
    /**
     * Closed for good.
     */
    NATS_CONN_STATUS_CLOSED,
    /**
     * The server was lost; waiting or trying to get back.
     */
    NATS_CONN_STATUS_RECONNECTING,
    /**
     * Draining: subscriptions get what was sent to them, new ones are refused.
     */
    NATS_CONN_STATUS_DRAINING_SUBS,
    /**
     * Draining: what was published is being sent, publishing is refused.
     */
    NATS_CONN_STATUS_DRAINING_PUBS
} natsConnStatus;

/**
 * The structure behind `natsConnection`.
 */
typedef struct __natsConnection __natsConnection;

/**
 * The structure behind `natsHeader`.
 */
typedef struct __natsHeader __natsHeader;

/**
 * The structure behind `natsMsg`.
 */
typedef struct __natsMsg __natsMsg;

/**
 * The structure behind `natsOptions`.
 */
typedef struct __natsOptions __natsOptions;

/**
 * The structure behind `natsStatistics`.
 */
typedef struct __natsStatistics __natsStatistics;

/**
 * The structure behind `natsSubscription`.
 */
typedef struct __natsSubscription __natsSubscription;

/**
 * A connection to a NATS server, opaque to C.
 *
 * Made by `natsConnection_Connect` or `natsConnection_ConnectTo`, released by
 * `natsConnection_Destroy` (or `natsConnection_DestroyAndWait`), which also closes it;
 * subscriptions made on it are released on their own. Any thread may call any `natsConnection_`
 * function on it at any time, callbacks included. A call on a destroyed connection returns
 * `NATS_INVALID_ARG`, except in a callback that was given the connection: there it works, as a
 * closed connection does, until the callback returns. With an event loop of the program's it works
 * until `natsConnection_ProcessDetachedEvent`. A call in a child of the process that made it returns
 * `NATS_ILLEGAL_STATE`, or the value for NULL; destroying it there does nothing to the parent's.
 */
typedef struct __natsConnection natsConnection;

/**
 * How connections are to be made, opaque to C.
 *
 * Made by `natsOptions_Create`, filled by the `natsOptions_Set...` functions, given to
 * `natsConnection_Connect`, which copies it, and released by `natsOptions_Destroy`, at any time
 * after. Any thread may call any `natsOptions_` function on it at any time. A call on destroyed
 * options returns `NATS_INVALID_ARG`. A child made by `fork` has them too, and changes its own copy.
 */
typedef struct __natsOptions natsOptions;

/**
 * What went through a connection until a certain moment. Opaque to C.
 *
 * Made by `natsStatistics_Create`, filled by `natsConnection_GetStats` as often as one likes, read
 * by `natsStatistics_GetCounts`, released by `natsStatistics_Destroy`. One thread at a time may use
 * it.
 */
typedef struct __natsStatistics natsStatistics;

/**
 * A set of headers: keys, each with one or more values. Opaque to C.
 *
 * Keys are case-sensitive, and a key's values keep the order in which they were added. Made by
 * `natsHeader_New`, released by `natsHeader_Destroy`, used by one thread at a time through the
 * other `natsHeader_` functions.
 */
typedef struct __natsHeader natsHeader;

/**
 * A unique subject to receive replies on: a string, which C may use as any other.
 *
 * Made by `natsInbox_Create`, released by `natsInbox_Destroy`.
 */
typedef char natsInbox;

/**
 * Runs first in every thread that the library starts, in that thread; several may run at once.
 *
 * @param closure what the program gave with the function.
 */
typedef void (*natsThreadStartedHandler)(void *closure);

/**
 * How to open the library; for `nats_OpenWithConfig`, which copies it.
 *
 * A structure full of zeros is fit for use, and is not the default: its pool of threads is empty.
 */
typedef struct natsClientConfig {
    /**
     * The write deadline in milliseconds that new options begin with; zero or less for none.
     */
    int64_t DefaultWriteDeadline;
    /**
     * Not used: this library does not spin on locks in a way that could be set.
     */
    int64_t LockSpinCount;
    /**
     * Whether new options begin with `natsOptions_UseGlobalMessageDelivery` switched on.
     */
    bool DefaultToThreadPool;
    /**
     * Threads of the pool that those options deliver messages with; zero or less for an empty pool.
     */
    int ThreadPoolMax;
    /**
     * Not used: replies to requests need no pool.
     */
    bool DefaultRepliesToThreadPool;
    /**
     * Not used: replies to requests need no pool.
     */
    bool UseSeparatePoolForReplies;
    /**
     * Not used: replies to requests need no pool.
     */
    int ReplyThreadPoolMax;
    /**
     * Runs first in every thread that the library starts; NULL for nothing.
     */
    natsThreadStartedHandler ThreadStartedHandler;
    /**
     * What `ThreadStartedHandler` gets.
     */
    void *ThreadStartedHandlerClosure;
} natsClientConfig;

/**
 * A message: a subject, perhaps a reply subject, perhaps headers, and a payload. Opaque to C.
 *
 * Received in a `natsMsgHandler`, from `natsSubscription_NextMsg` or the `natsConnection_Request`
 * functions, or made by `natsMsg_Create`; in each case the program owns it and releases it with
 * `natsMsg_Destroy`. What the `natsMsg_Get` functions return lies in the message and lives as long
 * as it does. One thread at a time may use a message, also for reading; it may be passed on to
 * another thread. Its headers are used by the `natsMsgHeader_` functions.
 */
typedef struct __natsMsg natsMsg;

/**
 * A list of messages. The structure is the program's; `natsMsgList_Destroy` frees what is in it.
 */
typedef struct natsMsgList {
    /**
     * An array from `malloc`. A message that the program keeps is taken out by writing NULL.
     */
    natsMsg **Msgs;
    /**
     * How many there are.
     */
    int Count;
} natsMsgList;

/**
 * An interest in a subject, opaque to C.
 *
 * Made by `natsConnection_Subscribe` and its siblings, released by `natsSubscription_Destroy`,
 * also after its connection was destroyed. Any thread may call any `natsSubscription_` function on
 * it at any time, callbacks included; `natsSubscription_NextMsg` may be called by several threads,
 * each message going to one of them. A call on a destroyed subscription returns
 * `NATS_INVALID_ARG`, except in a callback that was given the subscription: there it works, as a
 * closed subscription does, until the callback returns. A call in a child of the process that made
 * it returns `NATS_ILLEGAL_STATE`, or the value for NULL.
 */
typedef struct __natsSubscription natsSubscription;

/**
 * Is told of an error that no call could return: a slow consumer, a violation of permissions, a
 * failed drain.
 *
 * Runs on the same thread as `natsConnectionHandler`, under the same rules. Where the event has
 * words, `nats_GetLastError` has them here.
 *
 * @param nc the connection, the program's own handle.
 * @param subscription the subscription that it is about, or NULL.
 * @param err what happened.
 * @param closure what the program gave with the function.
 */
typedef void (*natsErrHandler)(natsConnection *nc,
                               natsSubscription *subscription,
                               enum natsStatus err,
                               void *closure);

/**
 * Is told of a change in a connection.
 *
 * All functions of this type, for all connections, run on one thread of the library, in the order
 * in which things happened: one that blocks delays the others. The connection stays usable until
 * it returns, even if the program has destroyed it.
 *
 * @param nc the connection, the program's own handle.
 * @param closure what the program gave with the function.
 */
typedef void (*natsConnectionHandler)(natsConnection *nc, void *closure);

/**
 * Is told that something is over, and that nothing else will be called for it.
 *
 * @param closure what the program gave with the function, and may now free.
 */
typedef void (*natsOnCompleteCB)(void *closure);

/**
 * Gives the user's JWT for an attempt to connect.
 *
 * Runs on the thread that makes the attempt: the one in `natsConnection_Connect`, or one of the
 * library when reconnecting. If the connection is closed meanwhile the attempt ends with
 * `NATS_CONNECTION_CLOSED`.
 *
 * @param userJWT where to put the JWT, a string from `malloc` that the library frees; leaving it
 * as it is, which is NULL, connects without a JWT.
 * @param customErrTxt where to put words for a failure, a string from `malloc` that the library
 * frees; may be left as it is, which is NULL.
 * @param closure what the program gave with the function.
 * @return `NATS_OK`; anything else fails the attempt with that status and those words.
 */
typedef natsStatus (*natsUserJWTHandler)(char **userJWT, char **customErrTxt, void *closure);

/**
 * Signs the server's nonce with the client's key (Ed25519), for an attempt to connect.
 *
 * Runs on the thread that makes the attempt, as `natsUserJWTHandler` does. `nats_Sign` makes such
 * a signature of a seed.
 *
 * @param customErrTxt where to put words for a failure, a string from `malloc` that the library
 * frees; may be left as it is, which is NULL.
 * @param signature where to put the signature, memory from `malloc` that the library frees.
 * @param signatureLength where to put its length in bytes.
 * @param nonce what to sign, up to its NUL; it stays the library's.
 * @param closure what the program gave with the function.
 * @return `NATS_OK`; anything else fails the attempt with that status and those words.
 */
typedef natsStatus (*natsSignatureHandler)(char **customErrTxt,
                                           unsigned char **signature,
                                           int *signatureLength,
                                           const char *nonce,
                                           void *closure);

/**
 * Takes over watching a connection's new socket: a function of the program's event loop, called
 * after each successful handshake, before the connection counts as connected.
 *
 * It is to watch the socket for reading from then on, and to report with
 * `natsConnection_ProcessReadEvent` for as long as there is something to read, as `poll` and
 * `epoll` without EPOLLET do. Runs on the thread that connects: the caller of
 * `natsConnection_Connect` at first, a thread of the library when reconnecting. It may call the
 * library.
 *
 * @param userData where the loop keeps what it knows of the connection; NULL is in it the first
 * time, later what was put there.
 * @param loop what `natsOptions_SetEventLoop` was given.
 * @param nc the connection, the program's own handle; usable until
 * `natsConnection_ProcessDetachedEvent`.
 * @param socket the descriptor, non-blocking; with `NATS_OK` it is the loop's, which closes it
 * with `natsConnection_ProcessCloseEvent`.
 * @return `NATS_OK`; anything else fails the attempt to connect with this status, and the library
 * closes the socket.
 */
typedef natsStatus (*natsEvLoop_Attach)(void **userData, void *loop, natsConnection *nc, natsSock socket);

/**
 * Tells the program's event loop whether to watch the socket for reading.
 *
 * The library calls it only with `false`: the socket is finished. The loop stops watching it and
 * then, on its own thread, closes it with `natsConnection_ProcessCloseEvent`. Runs on the thread
 * that noticed the loss or closes the connection, which may be the loop's. It may call the
 * library.
 *
 * @param userData what the loop keeps of the connection.
 * @param add whether to watch.
 * @return `NATS_OK`; anything else is ignored.
 */
typedef natsStatus (*natsEvLoop_ReadAddRemove)(void *userData, bool add);

/**
 * Tells the program's event loop whether to watch the socket for writing.
 *
 * With `true` something waits: the loop is to call `natsConnection_ProcessWriteEvent` each time
 * that the socket can be written, until this is called with `false`. Runs on any thread, the
 * loop's included. It may call the library.
 *
 * @param userData what the loop keeps of the connection.
 * @param add whether to watch.
 * @return `NATS_OK`; anything else after `true` means the loss of the connection, and is ignored
 * after `false`.
 */
typedef natsStatus (*natsEvLoop_WriteAddRemove)(void *userData, bool add);

/**
 * Tells the program's event loop that a connection is closed for good: the last call for it.
 *
 * The loop forgets the connection and calls `natsConnection_ProcessDetachedEvent`. Runs once, on
 * the thread that closes the connection, after its closed callback was queued.
 *
 * @param userData what the loop keeps of the connection.
 * @return `NATS_OK`; anything else is ignored.
 */
typedef natsStatus (*natsEvLoop_Detach)(void *userData);

/**
 * Connects to a server in place of the library, for example through a proxy.
 *
 * Runs on the thread that makes the attempt: the one in `natsConnection_Connect`, or one of the
 * library when reconnecting. It may block: the time that it takes counts for the attempt, but
 * nothing interrupts it.
 *
 * @param fd where to put the descriptor of a connected stream socket. With `NATS_OK` it belongs to
 * the library, which makes it non-blocking and closes it, also when the attempt fails later. With
 * any other status it is not looked at.
 * @param host the server's host; an IPv6 address without brackets. The memory stays the library's.
 * @param port the server's port.
 * @param closure what the program gave with the function.
 * @return `NATS_OK`; anything else fails the attempt.
 */
typedef natsStatus (*natsProxyConnHandler)(natsSock *fd, char *host, int port, void *closure);

/**
 * Says how long to wait before the next pass over the list of servers.
 *
 * Runs on a thread of the library. It may close the connection.
 *
 * @param nc the connection, the program's own handle.
 * @param attempts the number of the pass, from 1.
 * @param closure what the program gave with the function.
 * @return milliseconds; zero or less for no wait.
 */
typedef int64_t (*natsCustomReconnectDelayHandler)(natsConnection *nc, int attempts, void *closure);

/**
 * Gives the token for an attempt to connect.
 *
 * Runs on the thread that makes the attempt: the one in `natsConnection_Connect`, or one of the
 * library when reconnecting. It must not call functions on the connection.
 *
 * @param closure what the program gave with the function.
 * @return the token, which stays the program's and must stay as it is until the next call; NULL
 * for no token.
 */
typedef const char *(*natsTokenHandler)(void *closure);

/**
 * Decides whether to go on with a server, once its certificate has been checked.
 *
 * Runs once in each handshake, on the thread that makes the attempt, and once at a time for
 * connections that share options, unless `natsOptions_AllowConcurrentTLSHandshakes` says otherwise.
 *
 * @param preverifyOk 1 where the library trusts the certificate, else 0.
 * @param ctx NULL. It is a pointer to OpenSSL's `X509_STORE_CTX` with nats.c; there is no OpenSSL here.
 * @return not 0 to go on, 0 to refuse the server.
 */
typedef int (*natsSSLVerifyCb)(int preverifyOk, void *ctx);

/**
 * Receives the messages of a subscription, one at a time and in their order, on a thread of the
 * library.
 *
 * It may block for as long as it likes, and may call anything on the connection and the
 * subscription, destroying them included; both stay usable until it returns.
 *
 * @param nc the subscription's connection, the program's own handle.
 * @param sub the subscription, the program's own handle.
 * @param msg the message, which now belongs to the program: it must `natsMsg_Destroy` it, here or
 * later. NULL tells a subscription with a timeout that no message came in time.
 * @param closure what the program gave when subscribing.
 */
typedef void (*natsMsgHandler)(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure);

/**
 * Pairs of strings that go with a JetStream object. The program owns the structure and what is in
 * it.
 */
typedef struct natsMetadata {
    /**
     * Keys and values in turn.
     */
    const char **List;
    /**
     * How many pairs there are.
     */
    int Count;
} natsMetadata;

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * Closes and releases a connection, and waits until no callback of it runs or will run any more.
 *
 * An addition that nats.c lacks. Does what `natsConnection_Destroy` does, and returns when the
 * last callback has returned: message and completion callbacks of the connection's subscriptions,
 * its connection callbacks, the closed one included, and its error handler. What their closures
 * point at may be freed then. Calls of other threads give `NATS_CONNECTION_CLOSED` as soon as this
 * has begun and `NATS_INVALID_ARG` when it is over.
 *
 * @param nc the connection.
 * @param timeout how long to wait for callbacks, in milliseconds; 0 or less for ever.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_TIMEOUT` where a
 * callback still runs: the connection is closed and destroyed all the same; `NATS_ILLEGAL_STATE`
 * inside a callback of this connection or its subscriptions, inside a connection callback, and inside
 * a message callback of the shared pool, which might wait for themselves: nothing is done.
 *
 * @see natsConnection_Destroy, natsOptions_SetReleasedCB
 */
NATS_EXTERN enum natsStatus natsConnection_DestroyAndWait(natsConnection *nc, int64_t timeout);

/**
 * Reads the name of the server that the connection is connected to.
 *
 * An addition that nats.c lacks. The name is the `server_name` of the server's INFO.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param buffer where to put the name; an empty string while there is no server, or it has no
 * name.
 * @param bufferSize the buffer's size in bytes, for the name and a NUL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
 * `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
 * room for one.
 */
NATS_EXTERN enum natsStatus natsConnection_GetServerName(natsConnection *nc, char *buffer, size_t bufferSize);

/**
 * Reads the version of the server that the connection is connected to, such as `2.10.4`.
 *
 * An addition that nats.c lacks. The version is the `version` of the server's INFO.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param buffer where to put the version; an empty string while there is no server.
 * @param bufferSize the buffer's size in bytes, for the version and a NUL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
 * `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
 * room for one.
 */
NATS_EXTERN
enum natsStatus natsConnection_GetServerVersion(natsConnection *nc,
                                                char *buffer,
                                                size_t bufferSize);

/**
 * Reads the name of the cluster that the server of the connection belongs to.
 *
 * An addition that nats.c lacks. The name is the `cluster` of the server's INFO.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param buffer where to put the name; an empty string while there is no server, or it is in no
 * cluster.
 * @param bufferSize the buffer's size in bytes, for the name and a NUL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
 * `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
 * room for one.
 */
NATS_EXTERN
enum natsStatus natsConnection_GetServerCluster(natsConnection *nc,
                                                char *buffer,
                                                size_t bufferSize);

/**
 * Counts the subscriptions that are open on a connection.
 *
 * An addition that nats.c lacks. A subscription counts until it is unsubscribed, drained, or has
 * delivered the maximum of messages asked for; destroying it unsubscribes it.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param count where to put the number; written only with `NATS_OK`.
 * @return `NATS_OK`, also on a closed connection; `NATS_INVALID_ARG` where an argument is NULL or
 * `nc` was destroyed.
 */
NATS_EXTERN enum natsStatus natsConnection_GetSubscriptionCount(natsConnection *nc, int *count);

/**
 * Counts the bytes that wait to be sent: those of publishes and other operations that the socket
 * has not taken yet, and those kept while there is no server.
 *
 * An addition that nats.c lacks; `natsConnection_Buffered` leaves out what is kept while there is
 * no server.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param bytes where to put the number; written only with `NATS_OK`.
 * @return `NATS_OK`, also on a closed connection, with 0; `NATS_INVALID_ARG` where an argument is
 * NULL or `nc` was destroyed.
 */
NATS_EXTERN enum natsStatus natsConnection_GetPendingBytes(natsConnection *nc, int64_t *bytes);

/**
 * Connects to a server, and opens the library if that was not done yet.
 *
 * Blocks until a server has accepted the connection, or each server of the list has been tried
 * once (more often with `natsOptions_SetRetryOnFailedConnect`); the options' timeout limits each
 * attempt, name resolution and handshake included. Success clears the calling thread's last error.
 *
 * @param nc where to put the connection, yours until `natsConnection_Destroy`. Written with
 * `NATS_OK` and `NATS_NOT_YET_CONNECTED` only.
 * @param options what to connect with; NULL for the defaults and `NATS_DEFAULT_URL`. They are
 * copied: later changes do not reach this connection, and they may be destroyed at once. They may
 * be shared by threads.
 * @return `NATS_OK`; `NATS_NOT_YET_CONNECTED` where no server accepted, and attempts go on in the
 * background because the options ask for it and name a callback to call when one succeeds;
 * `NATS_INVALID_ARG` where `nc` is NULL, `options` were destroyed, or a URL is empty or has a bad
 * port; `NATS_ERR` for bad percent encoding in a URL; `NATS_NO_SERVER` where no server could be
 * reached; `NATS_CONNECTION_AUTH_FAILED` where the credentials were refused;
 * `NATS_FAILED_TO_INITIALIZE` while the library is being closed; and otherwise what the attempt at
 * the last server that answered failed with, `NATS_TIMEOUT` for instance. Source: NATS client protocol, INFO and
 * CONNECT. After a failure `nats_GetLastError` names each server that was tried and why it failed,
 * as far as there is room; the one that the status is of comes first.
 *
 * @see natsConnection_ConnectTo, natsConnection_Destroy, natsConnection_DestroyAndWait
 */
NATS_EXTERN
enum natsStatus natsConnection_Connect(natsConnection **nc,
                                       natsOptions *options);

/**
 * Connects to the servers of a list, with default options otherwise.
 *
 * @param nc where to put the connection, yours until `natsConnection_Destroy`; written only with
 * `NATS_OK`.
 * @param urls one URL, or several separated by commas, which are then tried in random order:
 * `[scheme://][user[:password]@ | token@]host[:port]`, port 4222 where there is none; NULL for
 * `NATS_DEFAULT_URL`. White space around each is ignored. Copied.
 * @return as `natsConnection_Connect`; `NATS_INVALID_ARG` also where an element of the list is
 * empty or has a scheme that `natsOptions_SetURL` refuses, or `urls` is not UTF-8. Never `NATS_NOT_YET_CONNECTED`.
 *
 * @see natsConnection_Connect
 */
NATS_EXTERN
enum natsStatus natsConnection_ConnectTo(natsConnection **nc,
                                         const char *urls);

/**
 * Drops the connection to the server and reconnects, to the next server of the list first.
 *
 * Returns at once; the rest goes on as after any loss of the connection: callbacks are called,
 * subscriptions are made again, and what is published meanwhile is kept up to the reconnect
 * buffer's limit. Subscriptions that the server has refused are tried again. Where the options do not allow reconnecting, or the connection is draining, it
 * is closed instead.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return `NATS_OK`, also while the connection is reconnecting anyway, and then nothing happens;
 * `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_CONNECTION_CLOSED`.
 */
NATS_EXTERN
enum natsStatus natsConnection_Reconnect(natsConnection *nc);

/**
 * Waits until the server has processed everything sent so far, for at most 10 seconds.
 *
 * The same as `natsConnection_FlushTimeout` with 10000 milliseconds.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return as `natsConnection_FlushTimeout`.
 */
NATS_EXTERN enum natsStatus natsConnection_Flush(natsConnection *nc);

/**
 * Waits until the server has processed everything sent so far.
 *
 * Sends a PING behind what was published and subscribed, and waits for its PONG: the server has
 * then read all of it. While the connection is reconnecting, the call waits for that too. Works
 * while draining. Source: NATS client protocol, PING and PONG.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param timeout how long to wait, in milliseconds; more than 0.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_INVALID_TIMEOUT`
 * where `timeout` is not positive; `NATS_TIMEOUT`; `NATS_CONNECTION_CLOSED` where the connection
 * is or gets closed; `NATS_CONNECTION_DISCONNECTED` where it was lost during the call.
 */
NATS_EXTERN enum natsStatus natsConnection_FlushTimeout(natsConnection *nc, int64_t timeout);

/**
 * Measures the time from sending a PING to the arrival of its PONG.
 *
 * Waits for it, for at most 10 seconds. What was published before and is not sent yet is sent
 * first, and counts.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param rtt where to put the time, in nanoseconds; written only with `NATS_OK`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
 * `NATS_CONNECTION_CLOSED`; `NATS_CONNECTION_DISCONNECTED` while there is no server;
 * `NATS_TIMEOUT`.
 */
NATS_EXTERN enum natsStatus natsConnection_GetRTT(natsConnection *nc, int64_t *rtt);

/**
 * Closes a connection without losing messages, within 30 seconds.
 *
 * The same as `natsConnection_DrainTimeout` with 30000 milliseconds.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return as `natsConnection_DrainTimeout`.
 */
NATS_EXTERN enum natsStatus natsConnection_Drain(natsConnection *nc);

/**
 * Closes a connection without losing messages.
 *
 * Returns at once. In the background all subscriptions stop receiving, and deliver what they have
 * received; until then publishing and requests work and subscribing gives `NATS_DRAINING`. Then
 * publishing gives `NATS_DRAINING`, what was published is sent, and the connection is closed: the
 * closed callback tells. A subscription without callback has to be read to its end with
 * `natsSubscription_NextMsg`. Errors on the way go to the error handler, `NATS_TIMEOUT` among
 * them; losing the server ends the drain and the connection.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param timeout how long it may take until the connection is closed all the same, in
 * milliseconds; 0 or less for no limit.
 * @return `NATS_OK`, also where a drain goes on already, whose timeout then stays;
 * `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_CONNECTION_CLOSED`;
 * `NATS_ILLEGAL_STATE` while there is no server.
 *
 * @see natsOptions_SetClosedCB, natsSubscription_Drain
 */
NATS_EXTERN enum natsStatus natsConnection_DrainTimeout(natsConnection *nc, int64_t timeout);

/**
 * Closes a connection: what was published is sent, then the server is left, for good.
 *
 * Waits up to 500 milliseconds for the server to take what was published. Calls that wait for this
 * connection return, messages not yet delivered are discarded, and the disconnected and closed
 * callbacks are called once. The handle remains for queries until `natsConnection_Destroy`. Leaves
 * the thread's last error as it is. Any thread may call this, callbacks included; a second call
 * does nothing.
 *
 * @param nc the connection; NULL and a destroyed one are ignored.
 */
NATS_EXTERN void natsConnection_Close(natsConnection *nc);

/**
 * Closes a connection as `natsConnection_Close` does, and releases it.
 *
 * From then on calls with `nc` return `NATS_INVALID_ARG`, except in callbacks that were given it,
 * until they return. Callbacks that run are not waited for: `natsConnection_DestroyAndWait` does
 * that. Subscriptions of this connection are closed, and remain to be destroyed. Leaves the
 * thread's last error as it is. Any thread may call this, callbacks included.
 *
 * @param nc the connection; NULL and a destroyed one are ignored.
 *
 * @see natsConnection_DestroyAndWait, natsOptions_SetReleasedCB
 */
NATS_EXTERN void natsConnection_Destroy(natsConnection *nc);

/**
 * Tells what a connection is doing.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return its state; `NATS_CONN_STATUS_CLOSED` for NULL and for a destroyed connection.
 */
NATS_EXTERN enum natsConnStatus natsConnection_Status(natsConnection *nc);

/**
 * Tells whether a connection is closed for good.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return true where it is; also for NULL and for a destroyed connection.
 */
NATS_EXTERN bool natsConnection_IsClosed(natsConnection *nc);

/**
 * Tells whether a connection has lost its server and tries to get back.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return true from the loss until the connection is restored; false for NULL and for a destroyed
 * connection.
 */
NATS_EXTERN bool natsConnection_IsReconnecting(natsConnection *nc);

/**
 * Tells whether a connection is draining, its subscriptions or its publishers.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return true where it is; false for NULL and for a destroyed connection.
 *
 * @see natsConnection_Drain
 */
NATS_EXTERN bool natsConnection_IsDraining(natsConnection *nc);

/**
 * Counts the bytes that were published and not yet written to the socket.
 *
 * What is kept for the server while there is no connection does not count.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return the number of bytes; -1 for NULL and for a closed or destroyed connection.
 *
 * @see natsConnection_GetPendingBytes
 */
NATS_EXTERN int natsConnection_Buffered(natsConnection *nc);

/**
 * Reads the largest payload that the server takes, headers included.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return the number of bytes, from the server's last INFO, also after the connection was closed;
 * a negative number where the server has no limit;
 * 0 before the first connect, for NULL and for a destroyed connection.
 */
NATS_EXTERN int64_t natsConnection_GetMaxPayload(natsConnection *nc);

/**
 * Takes a snapshot of a connection's counters: messages and bytes in and out, and reconnects.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param stats where to put them: an object from `natsStatistics_Create`, which no other thread
 * uses meanwhile.
 * @return `NATS_OK`, in any state of the connection; `NATS_INVALID_ARG` where an argument is NULL
 * or `nc` was destroyed.
 *
 * @see natsStatistics_GetCounts
 */
NATS_EXTERN enum natsStatus natsConnection_GetStats(natsConnection *nc, natsStatistics *stats);

/**
 * Reads the URL of the server that the connection is connected to.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param buffer where to put the URL, credentials in it included; an empty string while the
 * connection is not connected, or draining.
 * @param bufferSize the buffer's size in bytes, for the URL and a NUL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
 * `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
 * room for one.
 */
NATS_EXTERN
enum natsStatus natsConnection_GetConnectedUrl(natsConnection *nc,
                                               char *buffer,
                                               size_t bufferSize);

/**
 * Reads the unique id of the server that the connection is connected to.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param buffer where to put the id; an empty string while the connection is not connected, or
 * draining.
 * @param bufferSize the buffer's size in bytes, for the id and a NUL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
 * `NATS_INSUFFICIENT_BUFFER` where it does not fit, with an empty string in the buffer if that has
 * room for one.
 *
 * @see natsConnection_GetServerName
 */
NATS_EXTERN
enum natsStatus natsConnection_GetConnectedServerId(natsConnection *nc,
                                                    char *buffer,
                                                    size_t bufferSize);

/**
 * Lists the servers that a connection knows: those it was given, and those it learned of.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param servers where to put an array of URLs, as `nats://host:port` and without credentials.
 * Release each string and the array with `free()`, the array also where it has no entries.
 * @param count where to put their number.
 * @return `NATS_OK`, in any state of the connection; `NATS_INVALID_ARG` where an argument is NULL
 * or `nc` was destroyed; `NATS_NO_MEMORY`. The outputs are written only with `NATS_OK`.
 *
 * @see natsConnection_GetDiscoveredServers
 */
NATS_EXTERN enum natsStatus natsConnection_GetServers(natsConnection *nc, char ***servers, int *count);

/**
 * Lists the servers that a connection has learned of from the one it is connected to.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param servers where to put an array of URLs, as `nats://host:port` and without credentials.
 * Release each string and the array with `free()`, the array also where it has no entries.
 * @param count where to put their number, which may be 0.
 * @return `NATS_OK`, in any state of the connection; `NATS_INVALID_ARG` where an argument is NULL
 * or `nc` was destroyed; `NATS_NO_MEMORY`. The outputs are written only with `NATS_OK`.
 *
 * @see natsConnection_GetServers, natsOptions_SetDiscoveredServersCB
 */
NATS_EXTERN
enum natsStatus natsConnection_GetDiscoveredServers(natsConnection *nc,
                                                    char ***servers,
                                                    int *count);

/**
 * Reads the id that the server has given this client.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param cid where to put the id, another after each reconnect; 0 with `NATS_NO_SERVER_SUPPORT`, and
 * not written with other failures.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
 * `NATS_CONNECTION_CLOSED`; `NATS_NO_SERVER_SUPPORT` where the server gives none.
 */
NATS_EXTERN enum natsStatus natsConnection_GetClientID(natsConnection *nc, uint64_t *cid);

/**
 * Reads the IP address of this client as the server sees it.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param ip where to put the address, a string to be released with `free()`. NULL in it with any
 * failure but `NATS_INVALID_ARG`, which writes nothing.
 * @return `NATS_OK`, while reconnecting with the former server's answer; `NATS_INVALID_ARG` where
 * an argument is NULL or `nc` was destroyed; `NATS_CONNECTION_CLOSED`; `NATS_NO_SERVER_SUPPORT`
 * where the server does not say; `NATS_NO_MEMORY`.
 */
NATS_EXTERN enum natsStatus natsConnection_GetClientIP(natsConnection *nc, char **ip);

/**
 * Reads the name that the options gave this connection.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return the name, which belongs to the connection and lives as long as it; NULL where it has
 * none, for NULL and for a destroyed connection.
 *
 * @see natsOptions_SetName
 */
NATS_EXTERN const char *natsConnection_GetName(natsConnection *nc);

/**
 * Tells whether the server knows of message headers.
 *
 * Leaves the thread's last error as it is when the server does not.
 *
 * @param nc the connection; any thread may call this at any time.
 * @return `NATS_OK` where it does; `NATS_NO_SERVER_SUPPORT` where it does not, or before the first
 * connect; `NATS_INVALID_ARG` where `nc` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsConnection_HasHeaderSupport(natsConnection *nc);

/**
 * Reads the local end of the connection's socket.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param ip where to put the IP address, a string to be released with `free()`.
 * @param port where to put the port.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed, and then
 * nothing is written; `NATS_CONNECTION_CLOSED`; `NATS_CONNECTION_DISCONNECTED` while there is no
 * socket; `NATS_SYS_ERROR`; `NATS_NO_MEMORY`: the outputs are NULL and 0.
 */
NATS_EXTERN enum natsStatus natsConnection_GetLocalIPAndPort(natsConnection *nc, char **ip, int *port);

/**
 * Reads the last error of a connection: what its server said, why it was lost or closed.
 *
 * While the connection is reconnecting that is why it was lost and, behind that, what came of the
 * last attempt, with the server's address; a successful reconnect clears it. In a disconnected
 * callback it is the reason for the loss, and in the error handler the error that is told.
 *
 * Deprecated: `natsConnection_ReadLastError` copies the text, for as long as you want it. This is
 * not the thread's last error, which `nats_GetLastError` has.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param lastError where to put the text, of which 255 characters are kept; an empty string where
 * there is no error. It belongs to the library, and lives until the same thread calls this function
 * again or ends.
 * @return the status of that error, `NATS_OK` where there is none; `NATS_INVALID_ARG` where an
 * argument is NULL or `nc` was destroyed, and then nothing is written.
 */
NATS_EXTERN enum natsStatus natsConnection_GetLastError(natsConnection *nc, const char **lastError);

/**
 * Reads the last error of a connection: what its server said, why it was lost or closed.
 *
 * While the connection is reconnecting that is why it was lost and, behind that, what came of the
 * last attempt, with the server's address; a successful reconnect clears it. In a disconnected
 * callback it is the reason for the loss, and in the error handler the error that is told.
 *
 * This is not the thread's last error, which `nats_GetLastError` has and which this call leaves as
 * it is.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param buf where to put the text, an empty string where there is no error; NULL for no text. One
 * that does not fit is cut, and ends in `...` where there is room for that.
 * @param n the buffer's size in bytes, for the text and a NUL; 0 for no text.
 * @return the status of that error, `NATS_OK` where there is none; `NATS_INVALID_ARG` where `nc`
 * is NULL or destroyed, and then nothing is written.
 */
NATS_EXTERN enum natsStatus natsConnection_ReadLastError(natsConnection *nc, char *buf, size_t n);

/**
 * Reads the descriptor that tells when callbacks of a connection wait to be run.
 *
 * An addition that nats.c lacks. The descriptor is readable exactly while something waits for
 * `natsConnection_Dispatch`: watch it for reading with `poll`, `epoll`, libuv, libevent, GLib or
 * asio, level-triggered. It is the same for the connection's whole life, across reconnects, and
 * stays the library's: do not read, write or close it, and stop watching it before
 * `natsConnection_Destroy`.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param fd where to put the descriptor; written only with `NATS_OK`.
 * @return `NATS_OK`, also on a closed connection; `NATS_INVALID_ARG` where an argument is NULL or
 * `nc` was destroyed; `NATS_ILLEGAL_STATE` where the connection was not made with
 * `natsOptions_SetManualDispatch`.
 */
NATS_EXTERN enum natsStatus natsConnection_GetDispatchFd(natsConnection *nc, natsSock *fd);

/**
 * Runs callbacks of a connection that wait, on the calling thread, and does not wait for more.
 *
 * An addition that nats.c lacks. Runs message, timeout and completion callbacks of the
 * connection's subscriptions, connection callbacks and the error handler: what waited when the
 * call began, and not what comes meanwhile. The callbacks may call anything, destroying the
 * connection included; what waits on other threads for the connection's callbacks, such as
 * `natsSubscription_WaitForDrainCompletion`, would wait for ever on this one.
 *
 * After `natsConnection_Close`, and after a drain, the last callbacks (disconnected, closed,
 * completion) still wait to be run. `natsConnection_Destroy` and `natsConnection_DestroyAndWait`
 * drop those that wait then: they are never called. A program that must see them closes, then
 * dispatches until there are none, then destroys.
 *
 * @param nc the connection; any thread may call this, one at a time: a call during that of another
 * thread does nothing.
 * @param max how many callbacks to run at most; 0 or less for no limit.
 * @param ran where to put how many ran; may be NULL, written only with `NATS_OK`.
 * @return `NATS_OK`, also where nothing waited; `NATS_INVALID_ARG` where `nc` is NULL or
 * destroyed; `NATS_ILLEGAL_STATE` inside a callback of this connection, or where it was not made
 * with `natsOptions_SetManualDispatch`.
 *
 * @see natsConnection_GetDispatchFd
 */
NATS_EXTERN enum natsStatus natsConnection_Dispatch(natsConnection *nc, int max, int *ran);

/**
 * Reads what has come for a connection, and hands it to subscriptions and requests.
 *
 * For an event loop set with `natsOptions_SetEventLoop`, which calls it on its thread when the
 * socket is readable, broken or at its end. Callbacks do not run in it; losing the server is dealt
 * with in it, so the loop's functions may be called from inside. Reads a bounded amount; while
 * there is more in the socket the loop has to call again. Ignored while no socket is attached.
 *
 * @param nc the connection; NULL and a destroyed one are ignored.
 */
NATS_EXTERN void natsConnection_ProcessReadEvent(natsConnection *nc);

/**
 * Writes what waits for a connection, as far as the socket takes it.
 *
 * For an event loop set with `natsOptions_SetEventLoop`, which calls it on its thread when the
 * socket is writable and it was asked to watch for that. When nothing is left the loop's write
 * function is called with `false` from inside. Ignored while no socket is attached.
 *
 * @param nc the connection; NULL and a destroyed one are ignored.
 */
NATS_EXTERN void natsConnection_ProcessWriteEvent(natsConnection *nc);

/**
 * Closes a socket that an event loop was given, when the loop watches it no more.
 *
 * For an event loop set with `natsOptions_SetEventLoop`, after its read function was called with
 * `false`. The library does not close the loop's sockets by itself.
 *
 * @param socket the descriptor, which becomes -1; NULL, and -1 in it, are ignored.
 */
NATS_EXTERN void natsConnection_ProcessCloseEvent(natsSock *socket);

/**
 * Releases a connection that an event loop has forgotten.
 *
 * For an event loop set with `natsOptions_SetEventLoop`, once, in or after the call of its detach
 * function; earlier it is ignored. From the first attach until then the connection's memory is
 * kept, and its handle works for the loop even if the program has destroyed it. A loop that never
 * calls this leaks the connection, and keeps `nats_CloseAndWait` from returning.
 *
 * @param nc the connection; NULL and a destroyed one are ignored.
 */
NATS_EXTERN void natsConnection_ProcessDetachedEvent(natsConnection *nc);

/**
 * Creates an empty set of headers.
 *
 * @param new_header where to put it; the program releases it with `natsHeader_Destroy`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `new_header` is NULL.
 */
NATS_EXTERN enum natsStatus natsHeader_New(natsHeader **new_header);

/**
 * Gives a key one value, in place of all that it had.
 *
 * @param h the headers.
 * @param key the key, which is copied: not empty, without a colon, white space and control
 * characters.
 * @param value the value, which is copied; NULL is stored as such, and sent like an empty string.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `h` is NULL or the key is not fit to be one.
 */
NATS_EXTERN enum natsStatus natsHeader_Set(natsHeader *h, const char *key, const char *value);

/**
 * Adds a value to those of a key.
 *
 * @param h the headers.
 * @param key the key, as for `natsHeader_Set`.
 * @param value the value, as for `natsHeader_Set`.
 * @return as `natsHeader_Set`.
 */
NATS_EXTERN enum natsStatus natsHeader_Add(natsHeader *h, const char *key, const char *value);

/**
 * Returns the first value of a key.
 *
 * @param h the headers.
 * @param key the key; case matters.
 * @param value where to put the value, which stays the header's and valid until the key changes or
 * the headers are destroyed. NULL where the key is absent, or was given NULL.
 * @return `NATS_OK`; `NATS_NOT_FOUND` where the key is absent, without touching the thread's last
 * error; `NATS_INVALID_ARG` where an argument is NULL or the key empty.
 */
NATS_EXTERN enum natsStatus natsHeader_Get(natsHeader *h, const char *key, const char **value);

/**
 * Returns all values of a key, in the order in which they were added.
 *
 * @param h the headers.
 * @param key the key; case matters.
 * @param values where to put an array, which the program must `free()`. The strings in it stay the
 * header's, as for `natsHeader_Get`. NULL where the key is absent.
 * @param count where to put the number of values.
 * @return as `natsHeader_Get`; `NATS_NO_MEMORY`.
 */
NATS_EXTERN
enum natsStatus natsHeader_Values(natsHeader *h,
                                  const char *key,
                                  const char ***values,
                                  int *count);

/**
 * Returns all keys, in no particular order.
 *
 * @param h the headers.
 * @param keys where to put an array, which the program must `free()`. The strings in it stay the
 * header's, as for `natsHeader_Get`. NULL where there is no key.
 * @param count where to put the number of keys.
 * @return `NATS_OK`; `NATS_NOT_FOUND` where there is no key, without touching the thread's last
 * error; `NATS_INVALID_ARG` where an argument is NULL; `NATS_NO_MEMORY`.
 */
NATS_EXTERN enum natsStatus natsHeader_Keys(natsHeader *h, const char ***keys, int *count);

/**
 * Returns the number of keys.
 *
 * @param h the headers.
 * @return how many; 0 for NULL.
 */
NATS_EXTERN int natsHeader_KeysCount(natsHeader *h);

/**
 * Removes a key with all its values.
 *
 * @param h the headers.
 * @param key the key; case matters.
 * @return `NATS_OK`; `NATS_NOT_FOUND` where it is absent, without touching the thread's last
 * error; `NATS_INVALID_ARG` where an argument is NULL or the key empty.
 */
NATS_EXTERN enum natsStatus natsHeader_Delete(natsHeader *h, const char *key);

/**
 * Destroys a set of headers, and with it the strings that lookups returned.
 *
 * @param h the headers; NULL does nothing.
 */
NATS_EXTERN void natsHeader_Destroy(natsHeader *h);

/**
 * Creates a unique subject, `_INBOX.` and 22 letters and digits.
 *
 * It belongs to no connection, so that `natsOptions_SetCustomInboxPrefix` does not matter. Opens the
 * library if it is not open. Any thread may call it.
 *
 * @param newInbox where to put the string, which the program releases with `natsInbox_Destroy`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `newInbox` is NULL; `NATS_NO_MEMORY`; what `nats_Open`
 * returns.
 */
NATS_EXTERN enum natsStatus natsInbox_Create(natsInbox **newInbox);

/**
 * Destroys what `natsInbox_Create` made.
 *
 * @param inbox the string; NULL does nothing.
 */
NATS_EXTERN void natsInbox_Destroy(natsInbox *inbox);

/**
 * Returns the words for what failed last in the calling thread.
 *
 * A call that succeeds does not clear the last error; the thread's next failure replaces it, and
 * `nats_ReleaseThreadMemory` clears it. Inside an error callback it holds the words of the event
 * where the event has some.
 *
 * The words say what the failure is about (the subject, the server's address, the argument), where
 * in it the fault is, which limit or time was met, and what to look at next where that is not
 * plain: `subject 'a b': blank at byte 1`, `no message on 'in' within 500 ms`. Bytes are counted
 * from 0. What cannot be printed is shown as an escape, and long values are cut. The words are for
 * people and may change; programs decide by the status. They never show a password, a token, a
 * seed or a JWT.
 *
 * @param status where to put the status of that failure, `NATS_OK` without one; may be NULL.
 * @return the words, possibly an empty string, or NULL if nothing failed. They belong to the
 * library and stay as they are until the next failure in this thread; at most 255 characters.
 *
 * @see nats_GetLastErrorStack
 */
NATS_EXTERN const char *nats_GetLastError(enum natsStatus *status);

/**
 * Writes the name of the library's function that failed last in the calling thread.
 *
 * Programs that expect several names, one a line and the innermost first, read it as it is: this
 * library names the function that the program called. The last error itself stays as it is.
 *
 * @param buffer where to put the name and a NUL; an empty string if nothing failed.
 * @param bufLen the size of the buffer in bytes.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `buffer` is NULL or `bufLen` 0;
 * `NATS_INSUFFICIENT_BUFFER` where the name does not fit: then the buffer holds its beginning and
 * a NUL.
 *
 * @see nats_GetLastError
 */
NATS_EXTERN enum natsStatus nats_GetLastErrorStack(char *buffer, size_t bufLen);

/**
 * Prints what failed last in the calling thread: number and words of the status, the words of the
 * error, the library's version, and the function. Prints nothing if nothing failed.
 *
 * @param file an open stream, which is flushed; it stays the program's. NULL prints nothing.
 *
 * @see nats_GetLastError
 */
NATS_EXTERN void nats_PrintLastErrorStack(FILE *file);

/**
 * Gives back the memory that the library keeps for the calling thread, and clears the thread's
 * last error. Threads of the library do this by themselves.
 *
 * Any thread may call it at any time, also before the library is opened and more than once.
 */
NATS_EXTERN void nats_ReleaseThreadMemory(void);

/**
 * Opens the library. Programs need not: what needs the library opens it.
 *
 * Starts no thread: the first connection does. A child made by `fork` has a library of its own, which is not open
 * to begin with.
 *
 * Reads the environment variables `NATS_DEFAULT_LIB_WRITE_DEADLINE` (milliseconds),
 * `NATS_DEFAULT_TO_LIB_MSG_DELIVERY` (its presence is enough) and
 * `NATS_DEFAULT_LIB_MSG_DELIVERY_POOL_SIZE`. Does nothing if the library is open already. Any
 * thread may call it; while one thread opens the library the others wait.
 *
 * @param lockSpinCount not used; it is there for programs that pass one.
 * @return `NATS_OK`; `NATS_FAILED_TO_INITIALIZE` while the library is closing.
 *
 * @see nats_OpenWithConfig
 */
NATS_EXTERN
enum natsStatus nats_Open(int64_t lockSpinCount);

/**
 * Opens the library with settings of the program's own.
 *
 * With settings the environment variables of `nats_Open` are not read. If the library is open
 * already, this does nothing: call it first. Children made by `fork` while the library is open have these
 * settings too, unless they call this themselves first. Any thread may call it.
 *
 * @param config the settings, which are copied; NULL is the same as `nats_Open(-1)`.
 * @return as for `nats_Open`.
 */
NATS_EXTERN enum natsStatus nats_OpenWithConfig(struct natsClientConfig *config);

/**
 * Closes the library, without waiting for connections that still exist.
 *
 * Those go on working and are destroyed as usual, but no connection or error handler is called
 * for what happens from now on, and timeouts of subscriptions are over. New options and
 * connections fail with `NATS_FAILED_TO_INITIALIZE` until the last connection is destroyed; then
 * the library can be opened again. Clears the calling thread's last error. Does nothing if the
 * library is not open. Any thread may call it.
 *
 * @see nats_CloseAndWait
 */
NATS_EXTERN void nats_Close(void);

/**
 * Closes the library, and waits until all connections are destroyed and all its threads ended.
 *
 * Clears the calling thread's last error if it succeeds.
 *
 * @param timeout how long to wait, in milliseconds; zero or less for ever.
 * @return `NATS_OK`; `NATS_TIMEOUT` where something is left by then, and closing goes on by
 * itself; `NATS_NOT_INITIALIZED` if the library is not open; `NATS_ILLEGAL_STATE` if it is closing
 * already, and in a callback (then nothing is closed).
 *
 * @see nats_Close
 */
NATS_EXTERN enum natsStatus nats_CloseAndWait(int64_t timeout);

/**
 * Lets the pool that delivers messages grow, and opens the library if it is not open.
 *
 * The pool serves subscriptions of connections made with `natsOptions_UseGlobalMessageDelivery`.
 * Subscriptions that exist stay on the thread they have. Any thread may call it.
 *
 * @param max how many threads it may have; fewer than it has now change nothing.
 * @return `NATS_OK`; `NATS_ERR` where `max` is zero or less; what `nats_Open` returns.
 */
NATS_EXTERN enum natsStatus nats_SetMessageDeliveryPoolSize(int max);

/**
 * Returns the version of the interface that the library offers, such as `3.14.0-beta`.
 *
 * @return a string of the library, which never changes.
 */
NATS_EXTERN const char *nats_GetVersion(void);

/**
 * Returns the version of the interface that the library offers as a number.
 *
 * @return major, minor and patch as in `NATS_VERSION_NUMBER`.
 */
NATS_EXTERN uint32_t nats_GetVersionNumber(void);

/**
 * Tells whether a program that was compiled with some version of the header can use this library.
 * Call it by the macro `nats_CheckCompatibility`, which fills in the arguments.
 *
 * Unlike in nats.c, versions that do not fit neither print anything nor end the process.
 *
 * @param reqVerNumber the `NATS_VERSION_REQUIRED_NUMBER` of the program's header.
 * @param verNumber the `NATS_VERSION_NUMBER` of the program's header.
 * @param verString the `NATS_VERSION_STRING` of the program's header; not used.
 * @return whether they fit.
 */
NATS_EXTERN
bool nats_CheckCompatibilityImpl(uint32_t reqVerNumber,
                                 uint32_t verNumber,
                                 const char *verString);

/**
 * Returns the words for a status.
 *
 * @param s a status; any other number gets words that say so.
 * @return a string of the library, which never changes.
 */
NATS_EXTERN const char *natsStatus_GetText(natsStatus s);

/**
 * Returns the time of day.
 *
 * @return milliseconds since the beginning of 1970, UTC.
 */
NATS_EXTERN int64_t nats_Now(void);

/**
 * Returns the time of day.
 *
 * @return nanoseconds since the beginning of 1970, UTC.
 */
NATS_EXTERN int64_t nats_NowInNanoSeconds(void);

/**
 * Returns the time of a clock that only ever goes forward, whoever sets the time of day.
 *
 * @return nanoseconds since some moment in the past; good for differences only.
 */
NATS_EXTERN int64_t nats_NowMonotonicInNanoSeconds(void);

/**
 * Suspends the calling thread.
 *
 * @param sleepTime milliseconds; zero or less returns at once.
 */
NATS_EXTERN void nats_Sleep(int64_t sleepTime);

/**
 * Creates a message.
 *
 * Any thread may call it. Whether the subject is fit to be published on is seen when the message
 * is.
 *
 * @param newMsg where to put the message, which the program releases with `natsMsg_Destroy`.
 * @param subj the subject, which is copied; not empty.
 * @param reply the subject for replies, which is copied; NULL for none, but not an empty string.
 * @param data the payload, which is copied; not looked at where `dataLen` is 0.
 * @param dataLen the payload's length in bytes.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `newMsg` is NULL, a string is missing or empty that
 * must not be, `dataLen` is negative, or `data` is NULL and `dataLen` is not 0; `NATS_NO_MEMORY`.
 * The output is written only with `NATS_OK`.
 */
NATS_EXTERN
enum natsStatus natsMsg_Create(natsMsg **newMsg,
                               const char *subj,
                               const char *reply,
                               const char *data,
                               int dataLen);

/**
 * Returns a message's subject.
 *
 * @param msg the message.
 * @return the subject, which lies in the message; NULL for NULL.
 */
NATS_EXTERN const char *natsMsg_GetSubject(const natsMsg *msg);

/**
 * Returns the subject on which the message's publisher waits for replies.
 *
 * @param msg the message.
 * @return the subject, which lies in the message; NULL where there is none, and for NULL.
 */
NATS_EXTERN const char *natsMsg_GetReply(const natsMsg *msg);

/**
 * Returns a message's payload.
 *
 * A NUL follows the payload, so that text can be read as a string; the payload itself may hold
 * NULs.
 *
 * @param msg the message.
 * @return the payload, which lies in the message; never NULL for a message, even where it is empty;
 * NULL for NULL.
 *
 * @see natsMsg_GetDataLength
 */
NATS_EXTERN const char *natsMsg_GetData(const natsMsg *msg);

/**
 * Returns the length of a message's payload.
 *
 * @param msg the message.
 * @return bytes, without the headers and without the NUL; 0 for NULL.
 */
NATS_EXTERN int natsMsg_GetDataLength(const natsMsg *msg);

/**
 * Tells whether a message is the server's word that nobody is subscribed to the subject of a
 * request: an empty payload and a `Status` header that begins with 503 (ADR-4).
 *
 * @param msg the message.
 * @return whether it is; false for NULL.
 */
NATS_EXTERN bool natsMsg_IsNoResponders(natsMsg *msg);

/**
 * Returns the sequence of a message in its stream.
 *
 * @param msg the message.
 * @return the sequence of a message that JetStream or a key-value store gave out directly; 0 for any
 * other, and for NULL.
 */
NATS_EXTERN uint64_t natsMsg_GetSequence(natsMsg *msg);

/**
 * Returns when a message's stream received it.
 *
 * @param msg the message.
 * @return nanoseconds since 1970, UTC, for a message that JetStream or a key-value store gave out
 * directly; 0 for any other, and for NULL.
 */
NATS_EXTERN int64_t natsMsg_GetTime(natsMsg *msg);

/**
 * Destroys a message, and with it all that lies in it.
 *
 * Any thread may call it, at any time, also after the connection was destroyed.
 *
 * @param msg the message; NULL does nothing.
 */
NATS_EXTERN void natsMsg_Destroy(natsMsg *msg);

/**
 * Destroys the messages of a list and frees its array. The structure itself is the program's; it is
 * left empty.
 *
 * @param list the list; elements that are NULL are skipped. NULL does nothing.
 */
NATS_EXTERN void natsMsgList_Destroy(struct natsMsgList *list);

/**
 * Gives a key of a message's headers one value, in place of all that it had.
 *
 * Headers are those of ADR-4. Keys are case-sensitive.
 *
 * @param msg the message.
 * @param key the key, which is copied: not empty, without a colon, white space and control
 * characters.
 * @param value the value, which is copied; NULL is stored as such, and sent like an empty string.
 * A line's end in it is sent as a blank.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `msg` is NULL or the key is not fit to be one;
 * `NATS_PROTOCOL_ERROR` where the headers were received and are malformed.
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Set(natsMsg *msg, const char *key, const char *value);

/**
 * Adds a value to those of a key of a message's headers.
 *
 * @param msg the message.
 * @param key the key, as for `natsMsgHeader_Set`.
 * @param value the value, as for `natsMsgHeader_Set`.
 * @return as `natsMsgHeader_Set`.
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Add(natsMsg *msg, const char *key, const char *value);

/**
 * Returns the first value of a key of a message's headers.
 *
 * @param msg the message.
 * @param key the key; case matters.
 * @param value where to put the value, which stays the message's and valid until the key changes or
 * the message is destroyed. NULL where the key is absent, cannot be read, or was given NULL.
 * @return `NATS_OK`; `NATS_NOT_FOUND` where the key is absent, without touching the thread's last
 * error; `NATS_INVALID_ARG` where an argument is NULL or the key empty; `NATS_PROTOCOL_ERROR` where
 * the headers were received and are malformed.
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Get(natsMsg *msg, const char *key, const char **value);

/**
 * Returns all values of a key of a message's headers, in the order in which they were added.
 *
 * @param msg the message.
 * @param key the key; case matters.
 * @param values where to put an array, which the program must `free()`. The strings in it stay the
 * message's, as for `natsMsgHeader_Get`. NULL where the key is absent, or cannot be read.
 * @param count where to put the number of values.
 * @return as `natsMsgHeader_Get`; `NATS_NO_MEMORY`.
 */
NATS_EXTERN
enum natsStatus natsMsgHeader_Values(natsMsg *msg,
                                     const char *key,
                                     const char ***values,
                                     int *count);

/**
 * Returns all keys of a message's headers, in no particular order.
 *
 * @param msg the message.
 * @param keys where to put an array, which the program must `free()`. The strings in it stay the
 * message's, as for `natsMsgHeader_Get`. NULL where there is no header, or it cannot be read.
 * @param count where to put the number of keys.
 * @return `NATS_OK`; `NATS_NOT_FOUND` where there is no header, without touching the thread's last
 * error; `NATS_INVALID_ARG` where an argument is NULL; `NATS_PROTOCOL_ERROR` where the headers were
 * received and are malformed; `NATS_NO_MEMORY`.
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Keys(natsMsg *msg, const char ***keys, int *count);

/**
 * Removes a key with all its values from a message's headers.
 *
 * A message whose last header was removed is still published as one with headers.
 *
 * @param msg the message.
 * @param key the key; case matters.
 * @return `NATS_OK`; `NATS_NOT_FOUND` where it is absent, without touching the thread's last
 * error; `NATS_INVALID_ARG` where an argument is NULL or the key empty; `NATS_PROTOCOL_ERROR` where
 * the headers were received and are malformed.
 */
NATS_EXTERN enum natsStatus natsMsgHeader_Delete(natsMsg *msg, const char *key);

/**
 * Creates options with their default values.
 *
 * Opens the library if it is not open, which starts no thread. The write deadline and the use of the shared pool begin as
 * the library was configured (`nats_OpenWithConfig`, or the environment). Options may be made before a `fork`
 * and used after it, in the parent and in children, whose changes are their own. Any thread may call it.
 *
 * @param newOpts where to put the options, which the program releases with `natsOptions_Destroy`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `newOpts` is NULL; what `nats_Open` returns. The
 * output is written only with `NATS_OK`.
 */
NATS_EXTERN
enum natsStatus natsOptions_Create(natsOptions **newOpts);

/**
 * Destroys options. Connections made with them are not affected.
 *
 * Any thread may call it at any time.
 *
 * @param opts the options; NULL, or options that were destroyed, do nothing.
 */
NATS_EXTERN void natsOptions_Destroy(natsOptions *opts);

/**
 * Sets who is told of errors that no call could return, as `natsErrHandler` describes.
 *
 * The one that is there by default prints a line to standard error for each.
 *
 * Each error that a server reports is told. What follows depends on its text, which is compared
 * without regard to case and quotes:
 *
 * | The server says | Status | What happens |
 * |---|---|---|
 * | ...`Permissions Violation`... | `NATS_NOT_PERMITTED` | nothing else |
 * | `maximum subscriptions exceeded` | `NATS_ERR`, with the subscription where that is clear | that subscription is not sent again until another one ends or `natsConnection_Reconnect` is called |
 * | `Invalid Subject`, `Invalid Publish Subject` | `NATS_ERR` | nothing else |
 * | `maximum connections exceeded`, `maximum account active connections exceeded`, `Server Shutdown`, `Slow Consumer`, `Authentication Timeout` | `NATS_ERR` | reconnect, as the options say |
 * | `Stale Connection` | `NATS_STALE_CONNECTION` | reconnect, as the options say |
 * | ...`Authorization Violation`..., `User Authentication Expired`, `User Authentication Revoked`, `Account Authentication Expired` | `NATS_CONNECTION_AUTH_FAILED` | reconnect, as the options say; the same twice from one server, without a second of success in between, closes, unless `natsOptions_SetIgnoreAuthErrorAbort` |
 * | anything else | `NATS_ERR` | the connection is closed, or reconnects with `natsOptions_SetReconnectOnProtocolError` |
 *
 * While reconnecting, also an error that a server reports in the handshake is told; then the next
 * attempt follows, but for credentials that are refused twice.
 *
 * These are told too: a slow consumer (`NATS_SLOW_CONSUMER`, with the subscription); a failed
 * drain; and a publish that was accepted and is dropped, with its subject in the text. That is so
 * if it was kept over a reconnect and does not fit the next server (`NATS_MAX_PAYLOAD`, or
 * `NATS_NO_SERVER_SUPPORT` where it has headers and that server knows none), and if the connection
 * broke three times running while it was being sent (`NATS_MAX_PAYLOAD`).
 *
 * An error that waits for the handler already is not told again: its text says how many times it
 * happened. At most 128 different ones of a connection wait.
 *
 * @param opts the options.
 * @param errHandler the function; NULL for the default one.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetErrorHandler(natsOptions *opts,
                                            natsErrHandler errHandler,
                                            void *closure);

/**
 * Sets who is told that a connection is closed for good: by the program, after a drain, or because
 * reconnecting was given up.
 *
 * @param opts the options.
 * @param closedCb the function, called as `natsConnectionHandler` describes; NULL for none.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetClosedCB(natsOptions *opts,
                                        natsConnectionHandler closedCb,
                                        void *closure);

/**
 * Sets who is told that a connection is lost, or closed while it was connected.
 *
 * In the function `natsConnection_ReadLastError` has the reason for the loss, whatever has happened
 * since.
 *
 * @param opts the options.
 * @param disconnectedCb the function, called as `natsConnectionHandler` describes; NULL for none.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetDisconnectedCB(natsOptions *opts,
                                              natsConnectionHandler disconnectedCb,
                                              void *closure);

/**
 * Sets who is told that a lost connection is back. Not called for the first connect.
 *
 * @param opts the options.
 * @param reconnectedCb the function, called as `natsConnectionHandler` describes; NULL for none.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetReconnectedCB(natsOptions *opts,
                                             natsConnectionHandler reconnectedCb,
                                             void *closure);

/**
 * Sets who is told that the cluster has a server that the connection did not know.
 *
 * @param opts the options.
 * @param discoveredServersCb the function, called as `natsConnectionHandler` describes; NULL for
 * none.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 *
 * @see natsConnection_GetDiscoveredServers
 */
NATS_EXTERN
enum natsStatus natsOptions_SetDiscoveredServersCB(natsOptions *opts,
                                                   natsConnectionHandler discoveredServersCb,
                                                   void *closure);

/**
 * Sets who is told that the server is about to shut down and wants its clients to go elsewhere
 * ("lame duck mode").
 *
 * @param opts the options.
 * @param lameDuckCb the function, called as `natsConnectionHandler` describes; NULL for none.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetLameDuckModeCB(natsOptions *opts,
                                              natsConnectionHandler lameDuckCb,
                                              void *closure);

/**
 * Sets who is told that a connection will not call the program any more. An addition to the
 * interface of nats.c.
 *
 * It is called once for each connection that `natsConnection_Connect` handed out: after the
 * connection was destroyed, and after the last callback of it and of its subscriptions returned.
 * What the closures of those callbacks point at may be freed then. It must not use the connection.
 *
 * @param opts the options.
 * @param cb the function, called on any thread, also inside `natsConnection_Destroy`; NULL for none.
 * @param closure what the function gets.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 *
 * @see natsConnection_DestroyAndWait
 */
NATS_EXTERN enum natsStatus natsOptions_SetReleasedCB(natsOptions *opts, natsOnCompleteCB cb, void *closure);

/**
 * Sets the time for one attempt at one server: resolving its name, TCP, TLS and the handshake.
 *
 * @param opts the options.
 * @param timeout milliseconds; the default is 2000. With 0 every attempt is over before it began.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `timeout` negative.
 */
NATS_EXTERN enum natsStatus natsOptions_SetTimeout(natsOptions *opts, int64_t timeout);

/**
 * Sets which of a host's addresses are tried, and in which order.
 *
 * Addresses of one family are shuffled, unless `natsOptions_SetNoRandomize` says otherwise.
 *
 * @param opts the options.
 * @param order 0 as the resolver gives them, which is the default; 4 or 6 for only IPv4 or IPv6;
 * 46 or 64 for the one, then the other.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `order` is none of
 * those.
 */
NATS_EXTERN enum natsStatus natsOptions_IPResolutionOrder(natsOptions *opts, int order);

/**
 * Sets whether to go on when no server could be reached at first.
 *
 * Without a handler `natsConnection_Connect` then blocks: it tries again as often as
 * `natsOptions_SetMaxReconnect` says, with the pauses of `natsOptions_SetReconnectWait`. With a
 * handler it returns `NATS_NOT_YET_CONNECTED` and a connection that goes on trying in the
 * background; subscriptions and publishes wait in it. When it succeeds the handler is called, and
 * when it gives up the closed handler is.
 *
 * @param opts the options.
 * @param retry true to go on; the default is false.
 * @param connectedCb called when a later attempt succeeds, as `natsConnectionHandler` describes;
 * NULL to block. Not looked at where `retry` is false.
 * @param closure what the handler gets; it must stay valid as long as connections made with these
 * options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetRetryOnFailedConnect(natsOptions *opts,
                                                    bool retry,
                                                    natsConnectionHandler connectedCb,
                                                    void *closure);

/**
 * Sets whether the server acknowledges each operation with `+OK`. For looking at the protocol.
 *
 * @param opts the options.
 * @param verbose the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetVerbose(natsOptions *opts, bool verbose);

/**
 * Sets whether the server checks subjects strictly.
 *
 * @param opts the options.
 * @param pedantic the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetPedantic(natsOptions *opts, bool pedantic);

/**
 * Sets whether the server keeps from a connection what that connection itself publishes.
 *
 * A server too old for it fails the connect with `NATS_NO_SERVER_SUPPORT`.
 *
 * @param opts the options.
 * @param noEcho true to receive nothing of one's own; the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetNoEcho(natsOptions *opts, bool noEcho);

/**
 * Sets whether requests that nobody listens for wait for their timeout, rather than fail at once
 * with `NATS_NO_RESPONDERS`.
 *
 * @param opts the options.
 * @param disabled true to wait; the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_DisableNoResponders(natsOptions *opts, bool disabled);

/**
 * Sets whether each request makes an inbox and a subscription of its own, as clients did before
 * they shared one subscription between all requests.
 *
 * @param opts the options.
 * @param useOldStyle the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_UseOldRequestStyle(natsOptions *opts, bool useOldStyle);

/**
 * Sets what the inboxes of a connection begin with, for accounts that permit only some subjects.
 *
 * `natsInbox_Create` knows no connection and always makes inboxes with the default.
 *
 * @param opts the options.
 * @param inboxPrefix a subject without wildcards and without a dot at its end, which is copied;
 * NULL or an empty string for the default, `_INBOX`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the prefix is not
 * such a subject: then the prefix set before stays.
 */
NATS_EXTERN enum natsStatus natsOptions_SetCustomInboxPrefix(natsOptions *opts, const char *inboxPrefix);

/**
 * Sets functions that give the user's JWT and sign the server's nonce.
 *
 * Both are called for each attempt to connect. A JWT is three parts of base64url with dots between
 * them, on one line, and blanks around it do not count; anything else, and an NKey seed in place of
 * the JWT or of the signature, fails the attempt with `NATS_INVALID_ARG` and is not sent. Takes the
 * place of credentials from files or memory and of an NKey.
 *
 * @param opts the options.
 * @param ujwtCB gives the JWT; NULL, together with `sigCB`, takes JWT credentials of any kind out.
 * @param ujwtClosure what that function gets.
 * @param sigCB signs; not called where there is no JWT.
 * @param sigClosure what that function gets. Both closures must stay valid as long as connections
 * made with these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or only one of the
 * functions is NULL.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserCredentialsCallbacks(natsOptions *opts,
                                                        natsUserJWTHandler ujwtCB,
                                                        void *ujwtClosure,
                                                        natsSignatureHandler sigCB,
                                                        void *sigClosure);

/**
 * Sets the files with the user's JWT and with the seed of the user's key.
 *
 * They are read for each attempt to connect and not before, so that files that were replaced
 * count; a seed is wiped from memory as soon as it has signed. Each must be a regular file of at
 * most 1 MiB; otherwise, or where it does not hold what it should, the attempt fails with
 * `NATS_ERR` and words that name the file, the block, and what is wrong with it.
 *
 * In a file the JWT is the line between two lines decorated with dashes
 * (`-----BEGIN NATS USER JWT-----`), and the seed is the line between two others
 * (`-----BEGIN USER NKEY SEED-----`); blocks whose first lines say neither `JWT` nor `SEED` are the
 * JWT's and then the seed's. A file without such lines is a bare JWT, or has the seed on a line that
 * begins with `SU`. What is taken for the JWT must be one: three parts of base64url with dots between
 * them, on one line. A seed in its place is never sent. Takes the place of other JWT credentials and
 * of an NKey.
 *
 * @param opts the options.
 * @param userOrChainedFile the path of a file with the JWT, and the seed where there is no other
 * file; copied. NULL or empty, together with `seedFile`, takes JWT credentials of any kind out.
 * @param seedFile the path of a file with the seed; NULL or empty where the first file has it.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or there is a seed file
 * without the other.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserCredentialsFromFiles(natsOptions *opts,
                                                        const char *userOrChainedFile,
                                                        const char *seedFile);

/**
 * Sets the user's JWT and seed as the text that a credentials file would have.
 *
 * What is in a block must be what `natsOptions_SetUserCredentialsFromFiles` describes. The library's
 * copy is wiped when the options and all connections made with them are gone. Takes the place of
 * other JWT credentials and of an NKey.
 *
 * @param opts the options.
 * @param jwtAndSeedContent the text, which is copied; NULL takes JWT credentials of any kind out.
 * @return `NATS_OK`; `NATS_NOT_FOUND` where there is no JWT or no seed in the text; `NATS_INVALID_ARG`
 * where one of them is not what it should be, or `opts` is NULL or destroyed. The options stay as
 * they were then.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserCredentialsFromMemory(natsOptions *opts,
                                                         const char *jwtAndSeedContent);

/**
 * Sets an NKey and a function that signs the server's nonce with it.
 *
 * The function is called for each attempt to connect, except at servers whose URL has a user or a
 * token; a seed that it gives in place of a signature is not sent, and fails the attempt with
 * `NATS_INVALID_ARG`. A key takes the place of JWT credentials; taking it out leaves them.
 *
 * @param opts the options.
 * @param pubKey the public key, `U...`, which is copied; NULL or empty takes an NKey out.
 * @param sigCB signs.
 * @param sigClosure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, the key is not UTF-8, is a
 * seed (begins with `S`), or there is a key and no function.
 *
 * @see natsOptions_SetNKeyFromSeed
 */
NATS_EXTERN
enum natsStatus natsOptions_SetNKey(natsOptions *opts,
                                    const char *pubKey,
                                    natsSignatureHandler sigCB,
                                    void *sigClosure);

/**
 * Sets an NKey and the file with its seed.
 *
 * The file is read for each attempt to connect and not before, under the rules of
 * `natsOptions_SetUserCredentialsFromFiles`. A key takes the place of JWT credentials; taking it out
 * leaves them.
 *
 * @param opts the options.
 * @param pubKey the public key, `U...`, which is copied; NULL or empty takes an NKey out.
 * @param seedFile the path of the file, which is copied.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, the key is not UTF-8, is a
 * seed (begins with `S`), or there is a key and no file.
 *
 * @see natsOptions_SetNKey
 */
NATS_EXTERN
enum natsStatus natsOptions_SetNKeyFromSeed(natsOptions *opts,
                                            const char *pubKey,
                                            const char *seedFile);

/**
 * Has an event loop of the program watch the sockets of connections.
 *
 * The library still connects and reconnects by itself; each established socket is handed to the
 * loop, which reports what happens to it with `natsConnection_ProcessReadEvent` and
 * `natsConnection_ProcessWriteEvent`. Callbacks run on the library's threads as ever. Ready-made
 * functions for libuv and libevent are in `nats_rs/adapters/libuv.h` and `libevent.h`. A program
 * that wants its callbacks on its own thread, rather than the socket, is better served by
 * `natsOptions_SetManualDispatch`.
 *
 * The socket that the loop gets is a duplicate: the loop closes it, the library goes on with its
 * own. The first three functions are never called two at a time for one connection, though one of
 * them may be called inside another on the same thread. No function is called with a lock of the
 * library held. Flushes and requests that wait on the loop's own thread do the loop's reading and
 * writing meanwhile; `natsSubscription_NextMsg` there gets only what has come already. There is no
 * way to unset this.
 *
 * @param opts the options.
 * @param loop what `attachCb` gets; not used otherwise, and must outlive the connections.
 * @param attachCb called with each new socket.
 * @param readCb called when a socket is finished.
 * @param writeCb called when something waits to be written, and when nothing does any more.
 * @param detachCb called once when a connection is closed.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `opts` was destroyed.
 *
 * @see natsConnection_ProcessDetachedEvent
 */
NATS_EXTERN
enum natsStatus natsOptions_SetEventLoop(natsOptions *opts,
                                         void *loop,
                                         natsEvLoop_Attach attachCb,
                                         natsEvLoop_ReadAddRemove readCb,
                                         natsEvLoop_WriteAddRemove writeCb,
                                         natsEvLoop_Detach detachCb);

/**
 * Chooses who runs the callbacks of connections: the library's threads, or the program.
 *
 * An addition that nats.c lacks. With `manual`, message and completion callbacks of the
 * connection's subscriptions, connection callbacks and the error handler wait until the program
 * calls `natsConnection_Dispatch`, and run on the thread that does. The descriptor of
 * `natsConnection_GetDispatchFd` is readable while something waits: put it into any event loop.
 * Sockets remain the library's affair, so PINGs are answered and limits watched however late the
 * program is. The order of callbacks is as ever; that of one subscription, and that of the
 * connection's events.
 *
 * On the library's threads remain the functions that are asked for a value (token, reconnect
 * delay), the one of `natsOptions_SetReleasedCB`, and those of `natsOptions_SetEventLoop`, with
 * which this may be combined. `natsOptions_UseGlobalMessageDelivery` has no effect with it.
 *
 * @param opts the options.
 * @param manual whether the program runs callbacks itself; false at first.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 *
 * @see natsConnection_Dispatch, natsConnection_GetDispatchFd
 */
NATS_EXTERN enum natsStatus natsOptions_SetManualDispatch(natsOptions *opts, bool manual);

/**
 * Sets how many bytes the connection reads from and writes to its socket in one system call.
 *
 * By default a read takes up to 128 KiB, and the library learns from the time that writes take
 * whether to write pieces of up to 48 or of up to 256 KiB: which is faster differs from machine to
 * machine. A size that is set holds for both, and nothing is learnt: writes are cut into equal pieces of
 * at most that size, reads take that size rounded down to a multiple of 16 KiB, within 16 and 128 KiB.
 * The buffers that publishes are collected in are not changed by this: they grow and shrink with the
 * load.
 *
 * @param opts the options.
 * @param ioBufSize bytes; less than 4096 counts as 4096; 0 for the default.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the size negative.
 */
NATS_EXTERN enum natsStatus natsOptions_SetIOBufSize(natsOptions *opts, int ioBufSize);

/**
 * Sets how long a line of the protocol may be.
 *
 * An addition that nats.c lacks. Subjects, reply subjects and queue groups travel in such lines. A
 * server whose `max_control_line` one exceeds ends the connection, and it does not tell clients what
 * it allows. So a call whose line would be longer than this fails with `NATS_INVALID_SUBJECT`, or
 * `NATS_INVALID_QUEUE_NAME` where it is the group that is too long, and nothing is sent. To be
 * raised, or lowered, with the setting of the servers.
 *
 * @param opts the options.
 * @param bytes the length as servers count it: of subject, reply subject or queue group, the
 * numbers and the blanks between them; 0 for the default of servers, 4096.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the length negative.
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxControlLine(natsOptions *opts, int bytes);

/**
 * Sets whether every publish and subscribe writes to the socket before it returns, rather than
 * leave that to the library, which then writes much at once.
 *
 * @param opts the options.
 * @param sendAsap true to write at once; the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetSendAsap(natsOptions *opts, bool sendAsap);

/**
 * Sets a hint for how long the library collects what is published before it writes it.
 *
 * It is accepted for the sake of programs that set it, and has no effect: the first publish after
 * a pause is written at once, and those that follow are collected while it is.
 *
 * @param opts the options.
 * @param flusherWaitUs microseconds; 0 for no wait. The default is 1000.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time negative.
 */
NATS_EXTERN enum natsStatus natsOptions_SetFlusherWaitMicros(natsOptions *opts, int64_t flusherWaitUs);

/**
 * Sets for how long a thread that waits for an answer looks for it again and again before it
 * sleeps.
 *
 * An addition that nats.c lacks. To wake a thread takes the system tens of microseconds, more than
 * a near server takes to answer. So a thread in `natsConnection_Request`, `natsConnection_Flush`
 * or one of their siblings does not sleep at once, but looks at the socket for so long, and lets
 * other threads run in between. So does one in `natsSubscription_NextMsg` where something has been
 * published on the connection since the last such wait, whose answer may be what it waits for. This
 * costs processor time, up to this much for each answer. So it
 * is done only while answers come within five eighths of this time (otherwise every 64th wait finds
 * out whether that has changed), by one thread for each two processors of the process at a time,
 * and neither with TLS nor WebSocket nor an event loop of the program's.
 *
 * @param opts the options.
 * @param busyPollUs microseconds, at most 1000000; 0 for sleeping at once. The default is 250.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time is negative
 * or more than a second.
 */
NATS_EXTERN enum natsStatus natsOptions_SetBusyPoll(natsOptions *opts, int64_t busyPollUs);

/**
 * Sets for how long one of the library's threads looks for the next message again and again before
 * it sleeps.
 *
 * An addition that nats.c lacks, for programs to which microseconds count and a processor does
 * not. A message that finds all threads asleep waits for one to wake, which on virtual machines
 * takes longer than the message itself. So with this option the thread that has read something
 * from the connection, and has run the callbacks for it, does not sleep at once, but looks at the
 * sockets for so long, and lets other threads run in between. Where messages are less than this
 * time apart, it never sleeps: a processor is busy all the time.
 *
 * One thread of the process does so at a time, and looks at the sockets of all connections, TLS and
 * WebSocket too; only a connection with this option makes it begin, or begin anew. It is without
 * effect where the process has a single processor, and with an event loop of the program's. Threads
 * in `natsSubscription_NextMsg` and in delivery pools of a fixed size have to be woken nonetheless,
 * by the one that looks.
 *
 * @param opts the options.
 * @param busyPollUs microseconds, at most 1000000; 0, the default, for sleeping at once.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time is negative
 * or more than a second.
 */
NATS_EXTERN enum natsStatus natsOptions_SetReceiveBusyPoll(natsOptions *opts, int64_t busyPollUs);

/**
 * Sets how long the socket may take to accept data before the call that sends it fails with
 * `NATS_TIMEOUT` and the connection counts as lost.
 *
 * @param opts the options.
 * @param deadline milliseconds; 0 for no limit, which is the default unless the library was
 * configured otherwise.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time negative.
 */
NATS_EXTERN enum natsStatus natsOptions_SetWriteDeadline(natsOptions *opts, int64_t deadline);

/**
 * Sets how many messages a subscription may have waiting before further ones are dropped.
 *
 * Unless `natsOptions_SetMaxPendingBytes` is called too, the limit in bytes is 1024 times this.
 * `natsSubscription_SetPendingLimits` changes both for one subscription.
 *
 * @param opts the options.
 * @param maxPending messages, at least 1. The default is 65536.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the number not
 * positive.
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxPendingMsgs(natsOptions *opts, int maxPending);

/**
 * Sets how many bytes a subscription may have waiting, headers and payloads, before further
 * messages are dropped.
 *
 * @param opts the options.
 * @param maxPending bytes, at least 1; more than fit in an `int` are as many as fit. The default
 * follows `natsOptions_SetMaxPendingMsgs`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the number not
 * positive.
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxPendingBytes(natsOptions *opts, int64_t maxPending);

/**
 * Sets how many zero bytes follow the payload of each received message, for programs that read
 * past its end. They do not count in its length. At least one is always there.
 *
 * @param opts the options.
 * @param paddingSize bytes; the default is 0. With more, received messages are copied.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the size negative.
 */
NATS_EXTERN enum natsStatus natsOptions_SetMessageBufferPadding(natsOptions *opts, int paddingSize);

/**
 * Sets whether message handlers run in the pool that all connections share, whose size is set by
 * `nats_SetMessageDeliveryPoolSize`: then each subscription stays with one thread of it, and a
 * handler that blocks delays every subscription of that thread.
 *
 * @param opts the options.
 * @param global the default is false, unless the library was configured otherwise.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_UseGlobalMessageDelivery(natsOptions *opts, bool global);

/**
 * Sets a function that connects to servers in place of the library.
 *
 * It is called for each attempt to connect, and takes the place of name resolution and TCP; TLS
 * and the handshake go on from there. Where it fails, `natsConnection_Connect` returns
 * `NATS_NO_SERVER`. Takes the place of the proxy of `natsOptions_SetProxyURL`.
 *
 * @param opts the options.
 * @param proxyConnHandler the function, called as `natsProxyConnHandler` describes; NULL for
 * connecting directly.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetProxyConnHandler(natsOptions *opts,
                                                natsProxyConnHandler proxyConnHandler,
                                                void *closure);

/**
 * Sets the proxy to reach servers through. An addition to the interface of nats.c.
 *
 * `http://[user[:password]@]host[:port]` for a proxy that knows HTTP's CONNECT (port 80 where none
 * is given), `socks5://...` or `socks5h://...` for SOCKS5 (port 1080). User and password are
 * percent-encoded where need be, and sent in the clear. The proxy resolves the servers' names. The
 * time for it is part of the attempt's; a proxy that refuses fails the attempt with
 * `NATS_NO_SERVER`, and the words say what it answered. Takes the place of the function of
 * `natsOptions_SetProxyConnHandler`.
 *
 * @param opts the options.
 * @param url the proxy's URL, which is copied; NULL or empty for connecting directly.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the URL cannot be
 * used.
 */
NATS_EXTERN enum natsStatus natsOptions_SetProxyURL(natsOptions *opts, const char *url);

/**
 * Sets the address of this machine to connect from. An addition to the interface of nats.c.
 *
 * Only addresses of the same family (IPv4, IPv6) of a server, or of its proxy, are tried then.
 * Whether the machine has the address is seen when connecting, which otherwise fails with
 * `NATS_NO_SERVER`. Functions of `natsOptions_SetProxyConnHandler` do as they like.
 *
 * @param opts the options.
 * @param ip the address, such as `192.0.2.7` or `::1`; NULL or empty for whichever fits.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `ip` is not an
 * address.
 */
NATS_EXTERN enum natsStatus natsOptions_SetLocalAddress(natsOptions *opts, const char *ip);

/**
 * Sets whether a connection that is lost is made again. If not, it is closed.
 *
 * @param opts the options.
 * @param allow the default is true.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetAllowReconnect(natsOptions *opts, bool allow);

/**
 * Sets whether an error that the server reports, and that has no meaning of its own to the client,
 * leads to a reconnect rather than to the end of the connection. `natsOptions_SetErrorHandler` has
 * a table of those that have one.
 *
 * @param opts the options.
 * @param reconnect the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetReconnectOnProtocolError(natsOptions *opts, bool reconnect);

/**
 * Sets how often each server is tried before it is dropped from the list. When the list is empty
 * the connection is closed. A success starts the count anew; a connection that is lost within a
 * second of its handshake is none, and the next attempt has the full pause before it.
 *
 * @param opts the options.
 * @param maxReconnect attempts for each server, not for all together; negative for no limit, 0
 * for none. The default is 60.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxReconnect(natsOptions *opts, int maxReconnect);

/**
 * Sets the pause once each pass over the list of servers while reconnecting.
 *
 * @param opts the options.
 * @param reconnectWait milliseconds; 0 for no pause. The default is 2000.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time negative.
 *
 * @see natsOptions_SetReconnectJitter
 */
NATS_EXTERN enum natsStatus natsOptions_SetReconnectWait(natsOptions *opts, int64_t reconnectWait);

/**
 * Sets up to how much longer the pause of `natsOptions_SetReconnectWait` is, at random, so that
 * clients that lost the same server do not all come back at the same moment.
 *
 * @param opts the options.
 * @param jitter milliseconds, for connections without TLS. The default is 100.
 * @param jitterTLS milliseconds, for connections with TLS. The default is 1000.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a time negative.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetReconnectJitter(natsOptions *opts,
                                               int64_t jitter,
                                               int64_t jitterTLS);

/**
 * Sets a function that says how long the pause before each pass over the list of servers is, in
 * place of `natsOptions_SetReconnectWait` and `natsOptions_SetReconnectJitter`.
 *
 * @param opts the options.
 * @param cb the function, called on a thread of the library; NULL for none.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetCustomReconnectDelay(natsOptions *opts,
                                                    natsCustomReconnectDelayHandler cb,
                                                    void *closure);

/**
 * Sets how much of what is published while reconnecting is kept for the server.
 *
 * When it is full, publishing fails with `NATS_INSUFFICIENT_BUFFER` until the connection is back. What
 * the next server does not take is dropped, and the error handler told.
 *
 * @param opts the options.
 * @param reconnectBufSize bytes; 0 for the default, 8388608.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the size negative.
 */
NATS_EXTERN enum natsStatus natsOptions_SetReconnectBufSize(natsOptions *opts, int reconnectBufSize);

/**
 * Sets whether reconnecting goes on when the same server refuses the credentials twice in a row.
 * If not, the connection is closed.
 *
 * @param opts the options.
 * @param ignore true to go on; the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetIgnoreAuthErrorAbort(natsOptions *opts, bool ignore);

/**
 * Sets how often the client sends a PING, to notice that the server is gone.
 *
 * @param opts the options.
 * @param interval milliseconds; zero or less for never. The default is 120000.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 *
 * @see natsOptions_SetMaxPingsOut
 */
NATS_EXTERN enum natsStatus natsOptions_SetPingInterval(natsOptions *opts, int64_t interval);

/**
 * Sets how many PINGs the server may leave unanswered before the connection counts as lost.
 *
 * @param opts the options.
 * @param maxPingsOut how many; with zero or less the first PING that is due ends the connection.
 * The default is 2.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetMaxPingsOut(natsOptions *opts, int maxPingsOut);

/**
 * Sets whether servers that the cluster tells of are left alone: then only those that the program
 * named are connected to.
 *
 * @param opts the options.
 * @param ignore true to leave them alone; the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetIgnoreDiscoveredServers(natsOptions *opts, bool ignore);

/**
 * Sets whether requests that wait for their reply fail with `NATS_CONNECTION_DISCONNECTED` when
 * the connection is lost, rather than go on waiting.
 *
 * @param opts the options.
 * @param failRequests the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetFailRequestsOnDisconnect(natsOptions *opts, bool failRequests);

/**
 * Sets the server to connect to first.
 *
 * `[scheme://][user[:password]@ | token@]host[:port]`, where the scheme is `nats` unless said
 * otherwise, and the port 4222. The scheme `tls` requires TLS of all servers, unless
 * `natsOptions_SetSecure` has been called. User and password may be percent-encoded. Without this and
 * `natsOptions_SetServers` connections are made to `nats://localhost:4222`.
 *
 * `ws://...[/path]` and `wss://...[/path]`, an addition to nats.c, are for a server's WebSocket
 * listener; the ports are 80 and 443 where none is given (RFC 6455), and the path may have a query.
 * `wss` is WebSocket over TLS, with all settings for TLS, and requires it of all servers as `tls`
 * does: where TLS is required, `ws` servers are refused with `NATS_SECURE_CONNECTION_WANTED`. A
 * connection's servers are all of WebSocket or none of them is; those that a server announces are
 * taken to have the same scheme, path and query as it. `natsOptions_SetWebSocketHeader` adds to the request. A server
 * that answers the request with anything but WebSocket fails the attempt with `NATS_NO_SERVER` (its
 * status line is in the last error) or `NATS_PROTOCOL_ERROR`.
 *
 * Other schemes than these four are refused. No error text has any part of a URL that might be a
 * password or a token.
 *
 * @param opts the options.
 * @param url the server's URL, which is copied; white space around it is ignored. NULL for none.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, `url` is not UTF-8, or its
 * scheme is none of `nats`, `tls`, `ws` and `wss`: then the URL set before stays. Whether the rest of
 * the URL is sound is seen by `natsConnection_Connect`.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetURL(natsOptions *opts,
                                   const char *url);

/**
 * Sets a list of servers to connect to, in place of the one before.
 *
 * They are tried in random order, unless `natsOptions_SetNoRandomize` says otherwise, and after
 * the one of `natsOptions_SetURL`.
 *
 * @param opts the options.
 * @param servers an array of URLs as for `natsOptions_SetURL`, which are copied. NULL, together
 * with a count of 0, empties the list.
 * @param serversCount how many they are.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, the array is there and
 * the count not positive or the other way round, or an element is NULL, not UTF-8, or has a scheme
 * that `natsOptions_SetURL` refuses: then the list set before stays.
 */
NATS_EXTERN enum natsStatus natsOptions_SetServers(natsOptions *opts, const char **servers, int serversCount);

/**
 * Sets whether servers, and the addresses of a host, are tried in the order in which they are
 * given rather than a random one.
 *
 * @param opts the options.
 * @param noRandomize true to keep the order; the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsOptions_SetNoRandomize(natsOptions *opts, bool noRandomize);

/**
 * Sets the name that the server's monitoring shows for the client.
 *
 * @param opts the options.
 * @param name the name, which is copied; NULL for none.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the name holds an NKey
 * seed, which must not be sent.
 */
NATS_EXTERN enum natsStatus natsOptions_SetName(natsOptions *opts, const char *name);

/**
 * Sets the user and password for servers whose URL has neither those nor a token.
 *
 * @param opts the options.
 * @param user the user, which is copied; NULL for none.
 * @param password the password, which is copied; NULL for none.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a text is not UTF-8 or
 * holds an NKey seed, which must not be sent.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetUserInfo(natsOptions *opts,
                                        const char *user,
                                        const char *password);

/**
 * Sets the token for servers whose URL has neither a token nor a user.
 *
 * @param opts the options.
 * @param token the token, which is copied; NULL for none.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the token is not
 * UTF-8 or holds an NKey seed, which must not be sent; `NATS_ILLEGAL_STATE` where a token handler is set.
 *
 * @see natsOptions_SetTokenHandler
 */
NATS_EXTERN enum natsStatus natsOptions_SetToken(natsOptions *opts, const char *token);

/**
 * Sets a function that gives the token at each attempt to connect.
 *
 * An attempt at a server whose URL has a token of its own fails with `NATS_ILLEGAL_STATE`, and one
 * with a token that holds an NKey seed with `NATS_INVALID_ARG`; nothing is sent then.
 *
 * @param opts the options.
 * @param tokenCb the function, called on the thread that connects; NULL for none.
 * @param closure what the function gets; it must stay valid as long as connections made with
 * these options exist.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE`
 * where a token is set.
 *
 * @see natsOptions_SetToken
 */
NATS_EXTERN
enum natsStatus natsOptions_SetTokenHandler(natsOptions *opts,
                                            natsTokenHandler tokenCb,
                                            void *closure);

/**
 * Sets whether connections must use TLS.
 *
 * With TLS required, a server that does not offer it is refused with
 * `NATS_SECURE_CONNECTION_WANTED` before anything secret is sent. Without, TLS is used where the
 * server requires it; a connection that has met such a server requires TLS of all later ones.
 *
 * A URL that begins with `tls://` requires TLS too, but has no say any more once this function has
 * been called. TLS is of version 1.2 or 1.3. Certificates are checked against the system's trusted
 * ones (the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, except to a
 * program with set-uid, set-gid or capabilities), which are read once for a process, and those added by
 * `natsOptions_LoadCATrustedCertificates` and its siblings. They may be for ECDSA with P-256 or
 * P-384, Ed25519, or RSA of 2048 bits and more.
 *
 * @param opts the options.
 * @param secure true to require TLS; false not to, which is the default, and then all settings for
 * TLS are forgotten: certificates, keys, ciphers, names.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed. Unlike the other functions
 * for TLS this one may be called while connections made with the options exist; it does not affect
 * them.
 */
NATS_EXTERN enum natsStatus natsOptions_SetSecure(natsOptions *opts, bool secure);

/**
 * Requires TLS, and has it begin as soon as TCP is connected, before the server says anything.
 *
 * The server must be configured likewise (`handshake_first`): others wait for the client, or
 * the client for them, until the handshake fails. There is no way to unset it but
 * `natsOptions_SetSecure` with false.
 *
 * @param opts the options.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
 * a connection made with these options exists.
 */
NATS_EXTERN enum natsStatus natsOptions_TLSHandshakeFirst(natsOptions *opts);

/**
 * Lets the verification callback of connections that share these options run several times at
 * once.
 *
 * Handshakes themselves never wait for each other here. There is no way to unset it but
 * `natsOptions_SetSecure` with false.
 *
 * @param opts the options.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
 * a connection made with these options exists.
 *
 * @see natsOptions_SetSSLVerificationCallback
 */
NATS_EXTERN enum natsStatus natsOptions_AllowConcurrentTLSHandshakes(natsOptions *opts);

/**
 * Trusts the certificates in a file, beside the system's.
 *
 * The file is read now, to find mistakes, and again at each handshake, so that a file that was
 * replaced counts from the next connect or reconnect on. It may hold several certificates, also with
 * the labels `X509 CERTIFICATE` and `TRUSTED CERTIFICATE`, and a byte-order mark in front; one that
 * cannot be read is left out unless none is left, and is named, by its number, in the error of a
 * handshake that ends with an unknown issuer. Revocation lists in it are applied as
 * `natsOptions_SetCATrustedCertificates` says. A self-signed server certificate is trusted as well
 * if it is in the file, and only under its own names and in its time.
 *
 * @param opts the options.
 * @param fileName the name of a PEM file.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `fileName` NULL or empty;
 * `NATS_SSL_ERROR` where the file cannot be read, or holds no certificate that can be used;
 * `NATS_ILLEGAL_STATE` while a connection made with these options exists.
 */
NATS_EXTERN enum natsStatus natsOptions_LoadCATrustedCertificates(natsOptions *opts, const char *fileName);

/**
 * Trusts the certificates in the files of a directory, beside the system's.
 *
 * The directory is read now and at each handshake: each PEM file in it that holds certificates or
 * revocation lists, whatever its name. Other files are passed over, and so are directories in it.
 *
 * @param opts the options.
 * @param path the directory.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `path` NULL or empty;
 * `NATS_SSL_ERROR` where the directory cannot be read, or there is no certificate in it;
 * `NATS_ILLEGAL_STATE` while a connection made with these options exists.
 */
NATS_EXTERN enum natsStatus natsOptions_LoadCATrustedCertificatesPath(natsOptions *opts, const char *path);

/**
 * Trusts the certificates in a text, beside the system's.
 *
 * With certificate revocation lists in the text, the server's certificate and those it is issued
 * with must not be revoked, and each of their issuers must have a list that has not expired.
 *
 * @param opts the options.
 * @param certificates one or more certificates in PEM form, one after the other.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `certificates` NULL or
 * empty; `NATS_SSL_ERROR` where nothing in it can be used; `NATS_ILLEGAL_STATE` while a connection made
 * with these options exists.
 */
NATS_EXTERN enum natsStatus natsOptions_SetCATrustedCertificates(natsOptions *opts, const char *certificates);

/**
 * Refuses servers whose certificate has been revoked. An addition to the interface of nats.c.
 *
 * The server's certificate and those it is issued with must not be in the list, and each of their
 * issuers must have a list here that has not expired. The file is read now, to see that it can be,
 * and again at each handshake: a list that was replaced holds from the next connect or reconnect.
 *
 * @param opts the options.
 * @param fileName a file with one or more lists (PEM, or one in DER); NULL for none.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `fileName` is empty;
 * `NATS_SSL_ERROR` where the file cannot be read or holds no list; `NATS_ILLEGAL_STATE` while a
 * connection made with these options exists.
 */
NATS_EXTERN enum natsStatus natsOptions_SetTLSRevocationListFile(natsOptions *opts, const char *fileName);

/**
 * Sets the name that the server's certificate must have.
 *
 * Without it, that is the host of the server's URL; for a server that another one announced, the
 * name by which that other one was reached. The server is told the host of its URL (SNI), or, where
 * that is an address, the name that its certificate must have.
 *
 * @param opts the options.
 * @param hostname a host name or an IP address; NULL or empty for none.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `hostname` cannot be the
 * name of a host; `NATS_ILLEGAL_STATE` while a connection made with these options exists.
 */
NATS_EXTERN enum natsStatus natsOptions_SetExpectedHostname(natsOptions *opts, const char *hostname);

/**
 * Sets whether to accept any certificate, whoever it is from; none that are trusted are read then.
 * Whoever sits between the client and
 * the server can then read and change everything: for tests only.
 *
 * @param opts the options.
 * @param skip true to check nothing, and then a verification callback that was set is forgotten;
 * the default is false.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
 * a connection made with these options exists.
 */
NATS_EXTERN enum natsStatus natsOptions_SkipServerVerification(natsOptions *opts, bool skip);

/**
 * Gives the program the last word on a server's certificate.
 *
 * The function is called once in each handshake, with whether the library trusts the certificate.
 * There is no OpenSSL here, so there is no `X509_STORE_CTX` to hand over: its second argument is
 * NULL. That the server has the key of its certificate is checked whatever the function says.
 *
 * Switches skipping the verification off, unless `callback` is NULL.
 *
 * @param opts the options.
 * @param callback the function, as `natsSSLVerifyCb` describes; NULL for none.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
 * a connection made with these options exists.
 *
 * @see natsOptions_AllowConcurrentTLSHandshakes
 */
NATS_EXTERN
enum natsStatus natsOptions_SetSSLVerificationCallback(natsOptions *opts,
                                                       natsSSLVerifyCb callback);

/**
 * Sets the certificate that the client shows to servers that ask for one, from files.
 *
 * The files are read now. The certificate comes first, then those of its issuers; the key is in
 * PKCS#8, PKCS#1 or SEC1 form, and not encrypted. RSA from 2048 bits, ECDSA with P-256 and P-384,
 * and Ed25519 will do.
 *
 * @param opts the options.
 * @param certsFileName the name of a PEM file with the certificates.
 * @param keyFileName the name of a PEM file with the key; it may be the same file.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a name is NULL or empty;
 * `NATS_SSL_ERROR` where a file cannot be read or used, or the two do not belong together;
 * `NATS_ILLEGAL_STATE` while a connection made with these options exists.
 *
 * @see natsOptions_LoadCertificatesChainDynamic
 */
NATS_EXTERN
enum natsStatus natsOptions_LoadCertificatesChain(natsOptions *opts,
                                                  const char *certsFileName,
                                                  const char *keyFileName);

/**
 * Sets the certificate that the client shows to servers that ask for one, from files that are read
 * at each handshake: a certificate that was renewed is used from the next reconnect on.
 *
 * Nothing is read now. Files that cannot be read or used then fail that attempt with
 * `NATS_SSL_ERROR`.
 *
 * @param opts the options.
 * @param certsFileName the name of a PEM file, as for `natsOptions_LoadCertificatesChain`.
 * @param keyFileName the name of a PEM file with the key.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a name is NULL or empty;
 * `NATS_ILLEGAL_STATE` while a connection made with these options exists.
 */
NATS_EXTERN
enum natsStatus natsOptions_LoadCertificatesChainDynamic(natsOptions *opts,
                                                         const char *certsFileName,
                                                         const char *keyFileName);

/**
 * Sets the certificate that the client shows to servers that ask for one, from memory.
 *
 * @param opts the options.
 * @param cert the certificate in PEM form, and those of its issuers behind it, if need be.
 * @param key the key in PEM form, as for `natsOptions_LoadCertificatesChain`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a text is NULL or empty;
 * `NATS_SSL_ERROR` where a text cannot be used, or the two do not belong together;
 * `NATS_ILLEGAL_STATE` while a connection made with these options exists.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetCertificatesChain(natsOptions *opts,
                                                 const char *cert,
                                                 const char *key);

/**
 * Sets which ciphers may be used with TLS 1.2, and in which order of preference.
 *
 * The syntax is OpenSSL's: names separated by colons, such as
 * `ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305`, and groups such as `DEFAULT`, `HIGH`,
 * `ECDHE+AESGCM`, with `!` or `-` in front of what to leave out. There are six: `ECDHE` with `ECDSA`
 * or `RSA`, each with `AES256-GCM-SHA384`, `AES128-GCM-SHA256` or `CHACHA20-POLY1305`.
 *
 * @param opts the options.
 * @param ciphers the list.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `ciphers` NULL or empty;
 * `NATS_SSL_ERROR` where a name is unknown, or of a cipher that this library does not have (the last
 * error says which), or where nothing is left; `NATS_ILLEGAL_STATE` while a connection made with these
 * options exists.
 *
 * @see natsOptions_SetCipherSuites
 */
NATS_EXTERN enum natsStatus natsOptions_SetCiphers(natsOptions *opts, const char *ciphers);

/**
 * Sets which cipher suites may be used with TLS 1.3, and in which order of preference.
 *
 * @param opts the options.
 * @param ciphers names separated by colons, out of `TLS_AES_256_GCM_SHA384`,
 * `TLS_AES_128_GCM_SHA256` and `TLS_CHACHA20_POLY1305_SHA256`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `ciphers` NULL or empty;
 * `NATS_SSL_ERROR` where a name is unknown (the last error says which); `NATS_ILLEGAL_STATE` while a
 * connection made with these options exists.
 *
 * @see natsOptions_SetCiphers
 */
NATS_EXTERN enum natsStatus natsOptions_SetCipherSuites(natsOptions *opts, const char *ciphers);

/**
 * Sets a header of the HTTP request that opens a WebSocket. An addition to the interface of nats.c,
 * which has no WebSocket.
 *
 * For servers with `ws://` and `wss://` URLs; others never see it. Such as `Authorization` or `Cookie`
 * for what stands in front of the server, or `Origin`. Each name has one value; a call with the same
 * name, whose case means nothing, replaces it, and any number of names may be set. The headers go
 * out with each attempt to connect, and with `ws://` in the clear. What the handshake itself consists
 * of cannot be set: `Host`, `Connection`, `Upgrade`, `Sec-WebSocket-*`, and what has to do with a body.
 *
 * @param opts the options.
 * @param name the header's name, which is copied.
 * @param value its value, which is copied without the blanks around it; NULL to take the header away.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, `name` is NULL, is not one
 * that HTTP allows or belongs to the handshake, `value` holds a line end or another control
 * character, one of them is not UTF-8, or both together are longer than 8 KiB. The options stay as
 * they were then.
 */
NATS_EXTERN
enum natsStatus natsOptions_SetWebSocketHeader(natsOptions *opts,
                                               const char *name,
                                               const char *value);

/**
 * Publishes a payload on a subject.
 *
 * The message is copied into the connection's buffer and goes out soon, together with others;
 * `natsConnection_Send` writes at once, `natsConnection_Flush` waits for the server. Messages of
 * one thread keep their order. While the connection is reconnecting they are kept, up to the
 * reconnect buffer's limit. When the socket takes less than is published, the call waits for room.
 * Source: NATS client protocol, PUB.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param data the payload, copied before the call returns; ignored where `dataLen` is 0.
 * @param dataLen its length in bytes, not negative.
 * @return `NATS_OK` where the message was taken; `NATS_INVALID_ARG` where `nc` is NULL or
 * destroyed, or the payload is NULL and its length is not 0, or the length is negative;
 * `NATS_INVALID_SUBJECT` where the subject is NULL, empty, has white space or control characters,
 * or is too long (`natsOptions_SetMaxControlLine`);
 * `NATS_CONNECTION_CLOSED`; `NATS_DRAINING` where the connection is draining and its subscriptions
 * are done; `NATS_MAX_PAYLOAD` where the server does not take so much; `NATS_INSUFFICIENT_BUFFER`
 * where the reconnect buffer is full; `NATS_TIMEOUT` where the write deadline passed, and the
 * connection is then taken for lost: the message was not taken, but one of 80 KiB or more that
 * had begun to leave is sent after the reconnect; `NATS_IO_ERROR`.
 *
 * @see natsConnection_PublishMsg, natsOptions_SetReconnectBufSize, natsOptions_SetWriteDeadline
 */
NATS_EXTERN
enum natsStatus natsConnection_Publish(natsConnection *nc,
                                       const char *subj,
                                       const void *data,
                                       int dataLen);

/**
 * Publishes a string on a subject.
 *
 * As `natsConnection_Publish`; the string's NUL is not sent.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param str the payload, copied; NULL for an empty one.
 * @return as `natsConnection_Publish`.
 */
NATS_EXTERN
enum natsStatus natsConnection_PublishString(natsConnection *nc,
                                             const char *subj,
                                             const char *str);

/**
 * Publishes a message, with its reply subject and headers.
 *
 * As `natsConnection_Publish`. A received message may be published as it is, by its own subject.
 * Source: NATS client protocol, PUB and HPUB; ADR-4 for headers.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param msg the message, copied; remains yours, and no other thread may use it meanwhile.
 * @return as `natsConnection_Publish`; `NATS_INVALID_ARG` also where `msg` is NULL;
 * `NATS_NO_SERVER_SUPPORT` where it has headers and the server knows of none.
 *
 * @see natsMsg_Create
 */
NATS_EXTERN enum natsStatus natsConnection_PublishMsg(natsConnection *nc, natsMsg *msg);

/**
 * Publishes a payload with a subject for replies, and does not wait for any.
 *
 * As `natsConnection_Publish`. Subscribe to the reply subject to get the replies, all of them.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param reply the subject for replies, not empty.
 * @param data the payload, copied before the call returns; ignored where `dataLen` is 0.
 * @param dataLen its length in bytes, not negative.
 * @return as `natsConnection_Publish`; `NATS_INVALID_ARG` also where `reply` is NULL or empty.
 *
 * @see natsInbox_Create, natsConnection_Request
 */
NATS_EXTERN
enum natsStatus natsConnection_PublishRequest(natsConnection *nc,
                                              const char *subj,
                                              const char *reply,
                                              const void *data,
                                              int dataLen);

/**
 * Publishes a string with a subject for replies, and does not wait for any.
 *
 * As `natsConnection_PublishRequest`; the string's NUL is not sent.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param reply the subject for replies, not empty.
 * @param str the payload, copied; NULL for an empty one.
 * @return as `natsConnection_PublishRequest`.
 */
NATS_EXTERN
enum natsStatus natsConnection_PublishRequestString(natsConnection *nc,
                                                    const char *subj,
                                                    const char *reply,
                                                    const char *str);

/**
 * Publishes a payload and writes it to the socket in the call.
 *
 * As `natsConnection_Publish`, for a message that cannot wait for others to share its way. What
 * was published before goes out first.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param data the payload, copied or sent before the call returns; ignored where `dataLen` is 0.
 * @param dataLen its length in bytes, not negative.
 * @return as `natsConnection_Publish`.
 */
NATS_EXTERN
enum natsStatus natsConnection_Send(natsConnection *nc,
                                    const char *subj,
                                    const void *data,
                                    int dataLen);

/**
 * Publishes a message, with its reply subject and headers, and writes it to the socket in the
 * call.
 *
 * As `natsConnection_PublishMsg` and `natsConnection_Send`.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param msg the message; remains yours, and no other thread may use it meanwhile.
 * @return as `natsConnection_PublishMsg`.
 */
NATS_EXTERN enum natsStatus natsConnection_SendMsg(natsConnection *nc, natsMsg *msg);

/**
 * Publishes a payload with a subject for replies, writes it to the socket in the call, and does
 * not wait for any reply.
 *
 * As `natsConnection_PublishRequest` and `natsConnection_Send`.
 *
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param reply the subject for replies, not empty.
 * @param data the payload, copied or sent before the call returns; ignored where `dataLen` is 0.
 * @param dataLen its length in bytes, not negative.
 * @return as `natsConnection_PublishRequest`.
 */
NATS_EXTERN
enum natsStatus natsConnection_SendRequest(natsConnection *nc,
                                           const char *subj,
                                           const char *reply,
                                           const void *data,
                                           int dataLen);

/**
 * Sends a request and waits for the first reply.
 *
 * The request is sent in the call, behind what was published before. Later replies are dropped.
 * The wait goes on through a reconnect, unless `natsOptions_SetFailRequestsOnDisconnect` says
 * otherwise. Do not call this on the thread that alone could answer. Source: NATS request-reply,
 * and ADR-4 for the 503 status that tells that there are no responders.
 *
 * @param replyMsg where to put the reply, yours until `natsMsg_Destroy`; NULL in it with any other
 * status than `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param data the payload, copied or sent before the call returns; ignored where `dataLen` is 0.
 * @param dataLen its length in bytes, not negative.
 * @param timeout how long to wait, in milliseconds; with 0 or less the request is sent all the
 * same.
 * @return `NATS_OK`; `NATS_TIMEOUT`; `NATS_NO_RESPONDERS` where nobody is subscribed to the
 * subject; `NATS_INVALID_ARG` where `replyMsg` or `nc` is NULL, `nc` was destroyed or the payload
 * cannot be used; `NATS_INVALID_SUBJECT` where the subject cannot be used;
 * `NATS_CONNECTION_CLOSED` where the connection is or gets closed; `NATS_CONNECTION_DISCONNECTED`
 * where it was lost and the options ask for that; and what `natsConnection_Publish` returns.
 *
 * @see natsConnection_PublishRequest
 */
NATS_EXTERN
enum natsStatus natsConnection_Request(natsMsg **replyMsg,
                                       natsConnection *nc,
                                       const char *subj,
                                       const void *data,
                                       int dataLen,
                                       int64_t timeout);

/**
 * Sends a request whose payload is a string, and waits for the first reply.
 *
 * As `natsConnection_Request`; the string's NUL is not sent.
 *
 * @param replyMsg where to put the reply, yours until `natsMsg_Destroy`; NULL in it with any other
 * status than `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subj the subject, not empty.
 * @param str the payload; NULL for an empty one.
 * @param timeout how long to wait, in milliseconds; with 0 or less the request is sent all the
 * same.
 * @return as `natsConnection_Request`.
 */
NATS_EXTERN
enum natsStatus natsConnection_RequestString(natsMsg **replyMsg,
                                             natsConnection *nc,
                                             const char *subj,
                                             const char *str,
                                             int64_t timeout);

/**
 * Sends a message, with its headers, as a request, and waits for the first reply.
 *
 * As `natsConnection_Request`. The message's own reply subject is not used and stays as it is.
 *
 * @param replyMsg where to put the reply, yours until `natsMsg_Destroy`; NULL in it with any other
 * status than `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param requestMsg the request; remains yours, and no other thread may use it meanwhile.
 * @param timeout how long to wait, in milliseconds; with 0 or less the request is sent all the
 * same.
 * @return as `natsConnection_Request`; `NATS_INVALID_ARG` also where `requestMsg` is NULL;
 * `NATS_NO_SERVER_SUPPORT` where it has headers and the server knows of none.
 */
NATS_EXTERN
enum natsStatus natsConnection_RequestMsg(natsMsg **replyMsg,
                                          natsConnection *nc,
                                          natsMsg *requestMsg,
                                          int64_t timeout);

/**
 * Signs a string with the seed of an NKey (Ed25519).
 *
 * Any thread may call it, also before the library is opened. The library keeps no copy of the
 * seed.
 *
 * @param encodedSeed the seed as it is written down, `S...`: that of a user, account, server or
 * cluster.
 * @param input what to sign, up to its NUL.
 * @param signature where to put the signature, which the program must `free()`.
 * @param signatureLength where to put its length in bytes: 64.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or a string is empty; `NATS_ERR`
 * where the seed is not one, and `nats_GetLastError` says why not; `NATS_NO_MEMORY`. The outputs
 * are written only with `NATS_OK`.
 */
NATS_EXTERN
enum natsStatus nats_Sign(const char *encodedSeed,
                          const char *input,
                          unsigned char **signature,
                          int *signatureLength);

/**
 * Signs a message with the seed of a connection's credentials (Ed25519).
 *
 * The seed is that of `natsOptions_SetUserCredentialsFromFiles`,
 * `natsOptions_SetUserCredentialsFromMemory` or `natsOptions_SetNKeyFromSeed`; a file is read anew.
 * Functions that sign (`natsOptions_SetNKey`, `natsOptions_SetUserCredentialsCallbacks`) are for
 * the server's nonce and not called. Any thread may call it, also on a closed connection.
 *
 * @param nc the connection.
 * @param message what to sign; it may be empty.
 * @param messageLen its length in bytes; 0 for a message that is a string, up to its NUL.
 * @param sig where to put the signature: 64 bytes, written only with `NATS_OK`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL, `messageLen` negative, or
 * `nc` was destroyed; `NATS_ERR` where the connection has no such credentials,
 * their file cannot be read, or the seed is not one.
 *
 * @see nats_Sign
 */
NATS_EXTERN
enum natsStatus natsConnection_Sign(natsConnection *nc,
                                    const unsigned char *message,
                                    int messageLen,
                                    unsigned char *sig);

/**
 * Creates statistics that are all zero, for `natsConnection_GetStats` to fill.
 *
 * @param newStats where to put them; the program releases them with `natsStatistics_Destroy`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `newStats` is NULL.
 */
NATS_EXTERN enum natsStatus natsStatistics_Create(natsStatistics **newStats);

/**
 * Reads statistics. Counts go on through reconnects.
 *
 * @param stats the statistics.
 * @param inMsgs where to put how many messages were received, dropped ones and replies included;
 * may be NULL, as may be the rest.
 * @param inBytes where to put how many bytes their headers and payloads had.
 * @param outMsgs where to put how many messages were published.
 * @param outBytes where to put how many bytes their headers and payloads had.
 * @param reconnects where to put how often the connection was made again.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `stats` is NULL.
 */
NATS_EXTERN
enum natsStatus natsStatistics_GetCounts(const natsStatistics *stats,
                                         uint64_t *inMsgs,
                                         uint64_t *inBytes,
                                         uint64_t *outMsgs,
                                         uint64_t *outBytes,
                                         uint64_t *reconnects);

/**
 * Destroys statistics.
 *
 * @param stats the statistics; NULL does nothing.
 */
NATS_EXTERN void natsStatistics_Destroy(natsStatistics *stats);

/**
 * Subscribes to a subject; messages go to a callback.
 *
 * Messages are delivered by a pool of threads: those of one subscription in order, one at a time,
 * those of several at once. A callback that is slow lets messages wait, up to the pending limits;
 * what is beyond is dropped, and the connection's error handler told. Subscribing does not wait
 * for the server: `natsConnection_Flush` does. After a reconnect the subscription is made again.
 * Source: NATS client protocol, SUB.
 *
 * @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
 * before the first callback, and only stays with `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subject the subject, which may have the wildcards `*` and `>`.
 * @param cb the function to call with each message, which is then its to destroy.
 * @param cbClosure what it gets as its last argument; may be NULL. Not used any more when the
 * subscription's completion callback is called.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub`, `nc` or `cb` is NULL or `nc` was destroyed;
 * `NATS_INVALID_SUBJECT` where the subject is NULL, empty, has white space, control characters or an
 * empty token, or a `>` that is not its last token, or is too long
 * (`natsOptions_SetMaxControlLine`); `NATS_CONNECTION_CLOSED`; `NATS_DRAINING`;
 * `NATS_FAILED_TO_INITIALIZE` where the pool that the options chose has no threads.
 *
 * @see natsSubscription_SetPendingLimits, natsSubscription_SetOnCompleteCB,
 * natsOptions_SetErrorHandler
 */
NATS_EXTERN
enum natsStatus natsConnection_Subscribe(natsSubscription **sub,
                                         natsConnection *nc,
                                         const char *subject,
                                         natsMsgHandler cb,
                                         void *cbClosure);

/**
 * Subscribes to a subject; messages go to a callback, and so does their absence.
 *
 * As `natsConnection_Subscribe`. When no message has come for a while the callback is called with
 * a NULL message, and again each time that passes. The time starts anew when the last waiting
 * message was handled.
 *
 * @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
 * before the first callback, and only stays with `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subject the subject, which may have the wildcards `*` and `>`.
 * @param timeout how long to wait for a message, in milliseconds; more than 0.
 * @param cb the function to call with each message, which is then its to destroy, or with NULL.
 * @param cbClosure what it gets as its last argument; may be NULL.
 * @return as `natsConnection_Subscribe`; `NATS_INVALID_ARG` also where `timeout` is not positive.
 */
NATS_EXTERN
enum natsStatus natsConnection_SubscribeTimeout(natsSubscription **sub,
                                                natsConnection *nc,
                                                const char *subject,
                                                int64_t timeout,
                                                natsMsgHandler cb,
                                                void *cbClosure);

/**
 * Subscribes to a subject; messages wait for `natsSubscription_NextMsg`.
 *
 * At most as many wait as the pending limits allow; what is beyond is dropped, and the
 * connection's error handler told. Source: NATS client protocol, SUB.
 *
 * @param sub where to put the subscription, yours until `natsSubscription_Destroy`; written only
 * with `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subject the subject, which may have the wildcards `*` and `>`.
 * @return as `natsConnection_Subscribe`.
 */
NATS_EXTERN
enum natsStatus natsConnection_SubscribeSync(natsSubscription **sub,
                                             natsConnection *nc,
                                             const char *subject);

/**
 * Subscribes to a subject as a member of a queue group; messages go to a callback.
 *
 * As `natsConnection_Subscribe`, but each message goes to one of the subscriptions of the group,
 * wherever they are, so that they share the work. Source: NATS client protocol, SUB with a queue
 * group.
 *
 * @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
 * before the first callback, and only stays with `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subject the subject, which may have the wildcards `*` and `>`.
 * @param queueGroup the group's name, not empty.
 * @param cb the function to call with each message, which is then its to destroy.
 * @param cbClosure what it gets as its last argument; may be NULL.
 * @return as `natsConnection_Subscribe`; `NATS_INVALID_ARG` also where `queueGroup` is NULL or
 * empty; `NATS_INVALID_QUEUE_NAME` where it has white space or control characters, or is too long.
 */
NATS_EXTERN
enum natsStatus natsConnection_QueueSubscribe(natsSubscription **sub,
                                              natsConnection *nc,
                                              const char *subject,
                                              const char *queueGroup,
                                              natsMsgHandler cb,
                                              void *cbClosure);

/**
 * Subscribes to a subject as a member of a queue group; messages go to a callback, and so does
 * their absence.
 *
 * As `natsConnection_QueueSubscribe` and `natsConnection_SubscribeTimeout`.
 *
 * @param sub where to put the subscription, yours until `natsSubscription_Destroy`. It is there
 * before the first callback, and only stays with `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subject the subject, which may have the wildcards `*` and `>`.
 * @param queueGroup the group's name, not empty.
 * @param timeout how long to wait for a message, in milliseconds; more than 0.
 * @param cb the function to call with each message, which is then its to destroy, or with NULL.
 * @param cbClosure what it gets as its last argument; may be NULL.
 * @return as `natsConnection_QueueSubscribe`; `NATS_INVALID_ARG` also where `timeout` is not
 * positive.
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
 * Subscribes to a subject as a member of a queue group; messages wait for
 * `natsSubscription_NextMsg`.
 *
 * As `natsConnection_SubscribeSync`, but each message goes to one of the subscriptions of the
 * group.
 *
 * @param sub where to put the subscription, yours until `natsSubscription_Destroy`; written only
 * with `NATS_OK`.
 * @param nc the connection; any thread may call this at any time.
 * @param subject the subject, which may have the wildcards `*` and `>`.
 * @param queueGroup the group's name, not empty.
 * @return as `natsConnection_QueueSubscribe`.
 */
NATS_EXTERN
enum natsStatus natsConnection_QueueSubscribeSync(natsSubscription **sub,
                                                  natsConnection *nc,
                                                  const char *subject,
                                                  const char *queueGroup);

/**
 * Does nothing: messages are never delayed.
 *
 * Deprecated, and kept for programs that call it.
 *
 * @param sub the subscription.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed.
 */
NATS_EXTERN enum natsStatus natsSubscription_NoDeliveryDelay(natsSubscription *sub);

/**
 * Takes the next message of a subscription that has no callback, and waits for one if need be.
 *
 * The wait goes on when the connection is lost, and ends when it is closed. Several threads may
 * wait at once; each message goes to one of them.
 *
 * @param nextMsg where to put the message, yours until `natsMsg_Destroy`; written only with
 * `NATS_OK`.
 * @param sub the subscription.
 * @param timeout how long to wait, in milliseconds; with 0 or less only what is there is taken.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `nextMsg` or `sub` is NULL or `sub` was destroyed;
 * `NATS_TIMEOUT`; `NATS_SLOW_CONSUMER` once where the last that came were dropped, those that wait
 * follow with the next calls; `NATS_NO_RESPONDERS` where the message says that nobody answers a request;
 * `NATS_CONNECTION_CLOSED`; `NATS_MAX_DELIVERED_MSGS` after the maximum of
 * `natsSubscription_AutoUnsubscribe`; `NATS_INVALID_SUBSCRIPTION` where it was closed otherwise;
 * `NATS_ILLEGAL_STATE` where it has a callback.
 */
NATS_EXTERN
enum natsStatus natsSubscription_NextMsg(natsMsg **nextMsg,
                                         natsSubscription *sub,
                                         int64_t timeout);

/**
 * Ends a subscription at once; messages that wait are dropped.
 *
 * A callback that runs goes on to its end; no other starts. `natsSubscription_Drain` delivers what
 * waits first. Source: NATS client protocol, UNSUB.
 *
 * @param sub the subscription; any thread may call this at any time, its callback included.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_CONNECTION_CLOSED`; `NATS_INVALID_SUBSCRIPTION` where it was closed before.
 */
NATS_EXTERN enum natsStatus natsSubscription_Unsubscribe(natsSubscription *sub);

/**
 * Ends a subscription by itself after a number of messages.
 *
 * What counts is delivery: to the callback, or by `natsSubscription_NextMsg`, from the
 * subscription's beginning. A later call replaces the number. Source: NATS client protocol, UNSUB
 * with a maximum.
 *
 * @param sub the subscription; any thread may call this at any time, its callback included.
 * @param max the number of messages; where so many were delivered already, and with 0, the
 * subscription ends at once.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed, or `max` negative;
 * `NATS_CONNECTION_CLOSED`; `NATS_INVALID_SUBSCRIPTION` where it was closed before.
 */
NATS_EXTERN enum natsStatus natsSubscription_AutoUnsubscribe(natsSubscription *sub, int max);

/**
 * Ends a subscription after delivering what it has received, within 30 seconds.
 *
 * The same as `natsSubscription_DrainTimeout` with 30000 milliseconds.
 *
 * @param sub the subscription; any thread may call this at any time, its callback included.
 * @return as `natsSubscription_DrainTimeout`.
 */
NATS_EXTERN enum natsStatus natsSubscription_Drain(natsSubscription *sub);

/**
 * Ends a subscription after delivering what it has received.
 *
 * Returns at once. The server is told to send no more, and what it has sent until then is still
 * delivered; then the subscription is closed. One without callback has to be read to its end with
 * `natsSubscription_NextMsg`.
 *
 * @param sub the subscription; any thread may call this at any time, its callback included.
 * @param timeout how long it may take until the subscription is closed all the same, in
 * milliseconds; 0 or less for no limit.
 * @return `NATS_OK`, also where a drain goes on already, whose timeout then stays;
 * `NATS_INVALID_ARG` where `sub` is NULL or destroyed; `NATS_CONNECTION_CLOSED`;
 * `NATS_INVALID_SUBSCRIPTION` where it was closed before; `NATS_DRAINING` where its connection is
 * draining.
 *
 * @see natsSubscription_WaitForDrainCompletion, natsSubscription_DrainCompletionStatus
 */
NATS_EXTERN enum natsStatus natsSubscription_DrainTimeout(natsSubscription *sub, int64_t timeout);

/**
 * Waits until the drain of a subscription, or of its connection, is over.
 *
 * It is over when the last message was handled; `natsSubscription_DrainCompletionStatus` tells
 * how. A timeout leaves the thread's last error as it is. Do not call it in the subscription's own callback.
 *
 * @param sub the subscription; any other thread may call this at any time.
 * @param timeout how long to wait, in milliseconds; 0 or less for ever.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed; `NATS_ILLEGAL_STATE`
 * where no drain was started; `NATS_TIMEOUT`.
 */
NATS_EXTERN enum natsStatus natsSubscription_WaitForDrainCompletion(natsSubscription *sub, int64_t timeout);

/**
 * Tells how the drain of a subscription has ended.
 *
 * An outcome other than `NATS_ILLEGAL_STATE` leaves the thread's last error as it is.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @return `NATS_OK` where all was delivered; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_ILLEGAL_STATE` where it has not ended, or none was started; `NATS_TIMEOUT` where the time
 * was over first; `NATS_CONNECTION_CLOSED` where the connection was closed first;
 * `NATS_INVALID_SUBSCRIPTION` where it was unsubscribed first; or why the server could not be
 * told.
 */
NATS_EXTERN enum natsStatus natsSubscription_DrainCompletionStatus(natsSubscription *sub);

/**
 * Sets a function to call when no message callback of a subscription runs or will run any more.
 *
 * It is called once, however the subscription ends, and also where the handle was destroyed
 * before; what the message callback's closure points at may be freed in it. It runs on a thread of
 * the library.
 *
 * @param sub the subscription, which must have a callback.
 * @param cb the function; NULL for none. The last one set before the end counts.
 * @param closure what it gets as its argument; may be NULL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed, or has no callback.
 */
NATS_EXTERN
enum natsStatus natsSubscription_SetOnCompleteCB(natsSubscription *sub,
                                                 natsOnCompleteCB cb,
                                                 void *closure);

/**
 * Finds the connection of a subscription.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @return the very handle that the program got when connecting, which it may have destroyed since;
 * NULL for NULL and for a destroyed subscription.
 */
NATS_EXTERN natsConnection *natsSubscription_GetConnection(natsSubscription *sub);

/**
 * Reads the number that stands for a subscription between client and server: its sid.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @return the number, from 1; 0 for NULL and for a closed or destroyed subscription.
 */
NATS_EXTERN int64_t natsSubscription_GetID(natsSubscription *sub);

/**
 * Reads the subject that was subscribed to.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @return the subject, which belongs to the subscription and lives until it is destroyed; NULL for
 * NULL and for a closed or destroyed subscription.
 */
NATS_EXTERN const char *natsSubscription_GetSubject(natsSubscription *sub);

/**
 * Tells whether a subscription is open.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @return true until it is unsubscribed, drained, has delivered its maximum or its connection is
 * closed; false for NULL and for a destroyed subscription.
 */
NATS_EXTERN bool natsSubscription_IsValid(natsSubscription *sub);

/**
 * Closes a subscription, as `natsSubscription_Unsubscribe` does where it is open, and releases it.
 *
 * From then on calls with `sub` return `NATS_INVALID_ARG`, except in a callback that was given it,
 * until it returns. A callback that runs is not waited for: the completion callback tells. Every
 * subscription must be destroyed once, also after its connection was. Leaves the thread's last
 * error as it is. Any thread may call this, the subscription's callback included.
 *
 * @param sub the subscription; NULL and a destroyed one are ignored.
 *
 * @see natsSubscription_SetOnCompleteCB
 */
NATS_EXTERN void natsSubscription_Destroy(natsSubscription *sub);

/**
 * Reads how many messages of a subscription wait to be delivered.
 *
 * Deprecated: `natsSubscription_GetPending` tells the bytes too.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param queuedMsgs where to put the number; written only with `NATS_OK`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `sub` was destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed.
 */
NATS_EXTERN enum natsStatus natsSubscription_QueuedMsgs(natsSubscription *sub, uint64_t *queuedMsgs);

/**
 * Sets how much of a subscription may wait to be delivered before messages are dropped.
 *
 * A message that would exceed a limit is dropped, and the connection's error handler told once,
 * with `NATS_SLOW_CONSUMER`, until a message is accepted again. Takes effect with the next
 * message.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param msgLimit the limit in messages; negative for none, not 0.
 * @param bytesLimit the limit in bytes of headers and payloads; negative for none, not 0.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed, or a limit is 0;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed.
 *
 * @see natsOptions_SetMaxPendingMsgs, natsOptions_SetMaxPendingBytes
 */
NATS_EXTERN
enum natsStatus natsSubscription_SetPendingLimits(natsSubscription *sub,
                                                  int msgLimit,
                                                  int bytesLimit);

/**
 * Reads how much of a subscription may wait to be delivered before messages are dropped.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param msgLimit where to put the limit in messages, negative for none; may be NULL.
 * @param bytesLimit where to put the limit in bytes of headers and payloads, negative for none;
 * may be NULL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
 *
 * @see natsSubscription_SetPendingLimits
 */
NATS_EXTERN
enum natsStatus natsSubscription_GetPendingLimits(natsSubscription *sub,
                                                  int *msgLimit,
                                                  int *bytesLimit);

/**
 * Reads how much of a subscription waits to be delivered. A message in its callback does not wait
 * any more.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param msgs where to put the number of messages; may be NULL.
 * @param bytes where to put the number of bytes of headers and payloads; may be NULL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
 */
NATS_EXTERN enum natsStatus natsSubscription_GetPending(natsSubscription *sub, int *msgs, int *bytes);

/**
 * Reads how many messages a subscription has delivered.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param msgs where to put the number; written only with `NATS_OK`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `sub` was destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed.
 */
NATS_EXTERN enum natsStatus natsSubscription_GetDelivered(natsSubscription *sub, int64_t *msgs);

/**
 * Reads how many messages of a subscription were dropped because a pending limit was reached.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param msgs where to put the number, counted from the subscription's beginning; written only
 * with `NATS_OK`.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `sub` was destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed.
 */
NATS_EXTERN enum natsStatus natsSubscription_GetDropped(natsSubscription *sub, int64_t *msgs);

/**
 * Reads the most of a subscription that has ever waited to be delivered.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param msgs where to put the number of messages; may be NULL.
 * @param bytes where to put the number of bytes of headers and payloads; may be NULL.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
 *
 * @see natsSubscription_ClearMaxPending
 */
NATS_EXTERN enum natsStatus natsSubscription_GetMaxPending(natsSubscription *sub, int *msgs, int *bytes);

/**
 * Starts anew to note the most that has waited to be delivered.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed.
 *
 * @see natsSubscription_GetMaxPending
 */
NATS_EXTERN enum natsStatus natsSubscription_ClearMaxPending(natsSubscription *sub);

/**
 * Reads all counters of a subscription, as of one moment.
 *
 * @param sub the subscription; any thread may call this at any time.
 * @param pendingMsgs where to put the messages that wait; may be NULL, as all that follow.
 * @param pendingBytes where to put their bytes.
 * @param maxPendingMsgs where to put the most messages that have ever waited.
 * @param maxPendingBytes where to put the most bytes that have ever waited.
 * @param deliveredMsgs where to put the number of messages delivered.
 * @param droppedMsgs where to put the number of messages dropped.
 * @return `NATS_OK`; `NATS_INVALID_ARG` where `sub` is NULL or destroyed;
 * `NATS_INVALID_SUBSCRIPTION` where it is closed. The outputs are written only with `NATS_OK`.
 */
NATS_EXTERN
enum natsStatus natsSubscription_GetStats(natsSubscription *sub,
                                          int *pendingMsgs,
                                          int *pendingBytes,
                                          int *maxPendingMsgs,
                                          int *maxPendingBytes,
                                          int64_t *deliveredMsgs,
                                          int64_t *droppedMsgs);

#ifdef __cplusplus
} /* extern "C" */
#endif /* __cplusplus */

#endif  /* NATS_RS_H_ */
