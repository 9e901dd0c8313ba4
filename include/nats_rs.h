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
 * @param sub The subscription.
 * @param max The number of messages. If that many were delivered already, or with 0, the
 * subscription is closed at once.
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
 * function. It runs on a thread of the library.
 *
 * @param sub The subscription, which must have a callback.
 * @param cb The function; NULL for none. The last one set before the end of the subscription is
 * called.
 * @param closure The argument of `cb`; may be NULL.
 *
 * @retval NATS_OK The function was set.
 * @retval NATS_INVALID_ARG `sub` is NULL or was destroyed.
 * @retval NATS_INVALID_SUBSCRIPTION The subscription is closed or has no callback.
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

#ifdef __cplusplus
} /* extern "C" */
#endif /* __cplusplus */

#endif  /* NATS_RS_H_ */
