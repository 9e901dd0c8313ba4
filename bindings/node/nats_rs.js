// libnats_rs for Node, with koffi: what demo.js needs of it.
//
// NATS_RS_LIBRARY names the library's file; without it the loader looks for libnats_rs.so.0.
//
// Callbacks run on the thread of the event loop: connections use manual dispatch, so that the loop, which watches their
// descriptor, calls natsConnection_Dispatch. (koffi could also hand over callbacks from the library's threads. But it aborts
// the process if one arrives while Node ends.) Functions that wait go through `wait`, on a worker thread, and are promises:
// on the loop's thread they would wait for callbacks that only this thread can run. Publishing does not wait.

import { promisify } from "node:util";
import koffi from "koffi";

const lib = koffi.load(process.env.NATS_RS_LIBRARY ?? "libnats_rs.so.0");

const MEMORY_STORAGE = 1;

const Metadata = koffi.struct("natsMetadata", { List: "const char **", Count: "int" });
const SubjectTransform = koffi.struct("jsSubjectTransformConfig", {
    Source: "const char *",
    Destination: "const char *",
});
const ConsumerLimits = koffi.struct("jsStreamConsumerLimits", { InactiveThreshold: "int64_t", MaxAckPending: "int" });

// Their sizes are those of C's: the test compares them.
const structs = {
    jsStreamConfig: koffi.struct("jsStreamConfig", {
        Name: "const char *",
        Description: "const char *",
        Subjects: "const char **",
        SubjectsLen: "int",
        Retention: "int",
        MaxConsumers: "int64_t",
        MaxMsgs: "int64_t",
        MaxBytes: "int64_t",
        MaxAge: "int64_t",
        MaxMsgsPerSubject: "int64_t",
        MaxMsgSize: "int32_t",
        Discard: "int",
        Storage: "int",
        Replicas: "int64_t",
        NoAck: "bool",
        Template: "const char *",
        Duplicates: "int64_t",
        Placement: "void *",
        Mirror: "void *",
        Sources: "void *",
        SourcesLen: "int",
        Sealed: "bool",
        DenyDelete: "bool",
        DenyPurge: "bool",
        AllowRollup: "bool",
        RePublish: "void *",
        AllowDirect: "bool",
        MirrorDirect: "bool",
        DiscardNewPerSubject: "bool",
        Metadata,
        Compression: "int",
        FirstSeq: "uint64_t",
        SubjectTransform,
        ConsumerLimits,
        AllowMsgTTL: "bool",
        SubjectDeleteMarkerTTL: "int64_t",
        PersistMode: "int",
        AllowAtomic: "bool",
        AllowMsgCounter: "bool",
        AllowMsgSchedules: "bool",
        AllowBatched: "bool",
    }),
    kvConfig: koffi.struct("kvConfig", {
        Bucket: "const char *",
        Description: "const char *",
        MaxValueSize: "int32_t",
        History: "uint8_t",
        TTL: "int64_t",
        MaxBytes: "int64_t",
        StorageType: "int",
        Replicas: "int",
        RePublish: "void *",
        Mirror: "void *",
        Sources: "void *",
        SourcesLen: "int",
        LimitMarkerTTL: "int64_t",
    }),
    jsPubAck: koffi.struct("jsPubAck", {
        Stream: "const char *",
        Sequence: "uint64_t",
        Domain: "const char *",
        Duplicate: "bool",
        Batch: "const char *",
        Count: "uint64_t",
        Value: "const char *",
    }),
    natsMsgList: koffi.struct("natsMsgList", { Msgs: "void *", Count: "int" }),
};

koffi.proto("void natsMsgHandler(void *nc, void *sub, void *msg, void *closure)");
koffi.proto("void natsConnectionHandler(void *nc, void *closure)");
koffi.proto("void natsOnCompleteCB(void *closure)");

const c = Object.fromEntries(
    [
        "const char *natsStatus_GetText(int s)",
        "const char *nats_GetLastError(int *status)",
        "int natsOptions_Create(_Out_ void **opts)",
        "int natsOptions_SetURL(void *opts, const char *url)",
        "int natsOptions_SetReconnectWait(void *opts, int64_t wait)",
        "int natsOptions_SetReconnectedCB(void *opts, natsConnectionHandler *cb, void *closure)",
        "int natsOptions_SetClosedCB(void *opts, natsConnectionHandler *cb, void *closure)",
        "int natsOptions_SetManualDispatch(void *opts, bool manual)",
        "void natsOptions_Destroy(void *opts)",
        "int natsConnection_Connect(_Out_ void **nc, void *opts)",
        "int natsConnection_GetDispatchFd(void *nc, _Out_ int *fd)",
        "int natsConnection_Dispatch(void *nc, int max, void *ran)",
        "int natsConnection_Publish(void *nc, const char *subj, const void *data, int dataLen)",
        "int natsConnection_Request(_Out_ void **reply, void *nc, const char *subj, const void *data, int dataLen, int64_t timeout)",
        "int natsConnection_Subscribe(_Out_ void **sub, void *nc, const char *subj, natsMsgHandler *cb, void *closure)",
        "int natsConnection_Drain(void *nc)",
        "int natsConnection_DestroyAndWait(void *nc, int64_t timeout)",
        "int natsConnection_JetStream(_Out_ void **js, void *nc, void *opts)",
        "int natsSubscription_SetOnCompleteCB(void *sub, natsOnCompleteCB *cb, void *closure)",
        "int natsSubscription_Drain(void *sub)",
        "int natsSubscription_WaitForDrainCompletion(void *sub, int64_t timeout)",
        "int natsSubscription_Fetch(_Out_ natsMsgList *list, void *sub, int batch, int64_t timeout, void *errCode)",
        "void natsSubscription_Destroy(void *sub)",
        "const char *natsMsg_GetSubject(void *msg)",
        "const char *natsMsg_GetReply(void *msg)",
        "void *natsMsg_GetData(void *msg)",
        "int natsMsg_GetDataLength(void *msg)",
        "int natsMsg_AckSync(void *msg, void *opts, void *errCode)",
        "void natsMsg_Destroy(void *msg)",
        "void natsMsgList_Destroy(natsMsgList *list)",
        "int jsStreamConfig_Init(_Out_ jsStreamConfig *cfg)",
        "int js_AddStream(void *si, void *js, jsStreamConfig *cfg, void *opts, void *errCode)",
        "int js_Publish(_Out_ void **pubAck, void *js, const char *subj, const void *data, int dataLen, void *opts, void *errCode)",
        "void jsPubAck_Destroy(void *pubAck)",
        "int js_PullSubscribe(_Out_ void **sub, void *js, const char *subj, const char *durable, void *opts, void *subOpts, void *errCode)",
        "void jsCtx_Destroy(void *js)",
        "int kvConfig_Init(_Out_ kvConfig *cfg)",
        "int js_CreateKeyValue(_Out_ void **kv, void *js, kvConfig *cfg)",
        "int kvStore_Put(_Out_ uint64_t *rev, void *kv, const char *key, const void *data, int len)",
        "int kvStore_Get(_Out_ void **entry, void *kv, const char *key)",
        "void kvStore_Destroy(void *kv)",
        "void *kvEntry_Value(void *entry)",
        "int kvEntry_ValueLen(void *entry)",
        "uint64_t kvEntry_Revision(void *entry)",
        "void kvEntry_Destroy(void *entry)",
    ].map((prototype) => [prototype.match(/(\w+)\(/)[1], lib.func(prototype)]),
);

export class NatsError extends Error {
    constructor(status, detail) {
        super(c.natsStatus_GetText(status) + (detail ? `: ${detail}` : ""));
        this.status = status;
    }
}

function check(status) {
    if (status !== 0) throw new NatsError(status, c.nats_GetLastError(null));
}

/** Calls a function that waits on a worker thread. The text of the last error stays there: it belongs to the thread. */
async function wait(name, ...args) {
    const status = await promisify(c[name].async)(...args);
    if (status !== 0) throw new NatsError(status);
}

function bytes(data) {
    return Buffer.isBuffer(data) ? data : Buffer.from(String(data));
}

/** `length` bytes at an address, copied. */
function copy(address, length) {
    return length === 0 ? Buffer.alloc(0) : Buffer.from(koffi.decode(address, koffi.array("uint8_t", length, "Typed")));
}

/** A message, copied. */
function message(handle) {
    return {
        subject: c.natsMsg_GetSubject(handle),
        reply: c.natsMsg_GetReply(handle),
        data: copy(c.natsMsg_GetData(handle), c.natsMsg_GetDataLength(handle)),
    };
}

/** What is called with an exception that left a callback. Programs may replace it. */
export const handlers = { onCallbackError: (error) => console.error(error) };

// What callbacks need, by a number, which is their closure. Of each kind of callback there is one C function, which is never
// freed: koffi has a limited number of them, and one must not be freed while C can still call it.
const living = new Map();
let lastNumber = 0n;

function keep(callback) {
    living.set(++lastNumber, callback);
    return lastNumber;
}

/** Calls what belongs to a number. An exception must not pass through C. */
function deliver(number, ...args) {
    try {
        const result = living.get(number)?.(...args);
        if (result instanceof Promise) result.catch(handlers.onCallbackError);
    } catch (error) {
        handlers.onCallbackError(error);
    }
}

const onMessage = koffi.register((_nc, _sub, handle, number) => {
    const msg = message(handle);
    c.natsMsg_Destroy(handle);
    deliver(number, msg);
}, "natsMsgHandler *");
const onConnectionEvent = koffi.register((_nc, number) => deliver(number), "natsConnectionHandler *");
const onComplete = koffi.register((number) => living.delete(number), "natsOnCompleteCB *");

export class Connection {
    #handle;
    #closed; // a promise
    #numbers; // of the connection callbacks
    #poll;
    #subscriptions = new Set(); // a handle that is not destroyed keeps its memory

    constructor(handle, closed, numbers) {
        this.#handle = handle;
        this.#closed = closed;
        this.#numbers = numbers;
        const descriptor = [0];
        check(c.natsConnection_GetDispatchFd(handle, descriptor));
        // At most so many callbacks at once: the loop has other work, too.
        this.#poll = koffi.node.poll(descriptor[0], () => check(c.natsConnection_Dispatch(handle, 256, null)));
    }

    static async connect(url, { onReconnected = () => {} } = {}) {
        const options = [null];
        const handle = [null];
        let onClosed;
        const closed = new Promise((resolve) => (onClosed = resolve));
        const numbers = [keep(() => onReconnected()), keep(onClosed)];
        check(c.natsOptions_Create(options));
        try {
            check(c.natsOptions_SetURL(options[0], url));
            check(c.natsOptions_SetReconnectWait(options[0], 100));
            check(c.natsOptions_SetManualDispatch(options[0], true));
            check(c.natsOptions_SetReconnectedCB(options[0], onConnectionEvent, numbers[0]));
            check(c.natsOptions_SetClosedCB(options[0], onConnectionEvent, numbers[1]));
            await wait("natsConnection_Connect", handle, options[0]);
        } catch (error) {
            numbers.forEach((number) => living.delete(number));
            throw error;
        } finally {
            c.natsOptions_Destroy(options[0]);
        }
        return new Connection(handle[0], closed, numbers);
    }

    publish(subject, data) {
        const payload = bytes(data);
        check(c.natsConnection_Publish(this.#handle, subject, payload, payload.length));
    }

    async request(subject, data, timeout = 5000) {
        const payload = bytes(data);
        const reply = [null];
        await wait("natsConnection_Request", reply, this.#handle, subject, payload, payload.length, timeout);
        try {
            return message(reply[0]);
        } finally {
            c.natsMsg_Destroy(reply[0]);
        }
    }

    subscribe(subject, callback) {
        const handle = [null];
        const number = keep(callback);
        try {
            check(c.natsConnection_Subscribe(handle, this.#handle, subject, onMessage, number));
            check(c.natsSubscription_SetOnCompleteCB(handle[0], onComplete, number));
        } catch (error) {
            living.delete(number);
            throw error;
        }
        return new Subscription(handle[0], this.#subscriptions);
    }

    jetStream() {
        const handle = [null];
        check(c.natsConnection_JetStream(handle, this.#handle, null));
        return new JetStream(handle[0]);
    }

    /** Delivers what has been received, writes what has been published, and waits for the last callback. */
    async close() {
        check(c.natsConnection_Drain(this.#handle));
        await this.#closed;
        // Not within the callback that says so.
        await new Promise(setImmediate);
        this.#poll.close();
        await wait("natsConnection_DestroyAndWait", this.#handle, 10000);
        this.#subscriptions.forEach((subscription) => subscription.destroy());
        this.#numbers.forEach((number) => living.delete(number));
        this.#handle = null;
    }
}

class Subscription {
    #handle;
    #all;

    constructor(handle, all) {
        this.#handle = handle;
        this.#all = all;
        all.add(this);
    }

    /** Delivers what has been received, then ends. */
    async drain(timeout = 5000) {
        check(c.natsSubscription_Drain(this.#handle));
        await wait("natsSubscription_WaitForDrainCompletion", this.#handle, timeout);
        this.destroy();
    }

    destroy() {
        this.#all.delete(this);
        c.natsSubscription_Destroy(this.#handle);
        this.#handle = null;
    }
}

class JetStream {
    #handle;

    constructor(handle) {
        this.#handle = handle;
    }

    async addStream(name, subjects) {
        const config = {};
        check(c.jsStreamConfig_Init(config));
        Object.assign(config, { Name: name, Subjects: subjects, SubjectsLen: subjects.length, Storage: MEMORY_STORAGE });
        await wait("js_AddStream", null, this.#handle, config, null, null);
    }

    /** Returns the sequence. */
    async publish(subject, data) {
        const payload = bytes(data);
        const ack = [null];
        await wait("js_Publish", ack, this.#handle, subject, payload, payload.length, null, null);
        try {
            return koffi.decode(ack[0], structs.jsPubAck).Sequence;
        } finally {
            c.jsPubAck_Destroy(ack[0]);
        }
    }

    /** Fetches messages, acknowledges each, and returns them. */
    async fetch(subject, durable, count, timeout = 5000) {
        const subscription = [null];
        await wait("js_PullSubscribe", subscription, this.#handle, subject, durable, null, null, null);
        try {
            const list = {};
            await wait("natsSubscription_Fetch", list, subscription[0], count, timeout, null);
            try {
                const messages = [];
                for (const handle of koffi.decode(list.Msgs, koffi.array("void *", list.Count))) {
                    messages.push(message(handle));
                    await wait("natsMsg_AckSync", handle, null, null);
                }
                return messages;
            } finally {
                c.natsMsgList_Destroy(list);
            }
        } finally {
            c.natsSubscription_Destroy(subscription[0]);
        }
    }

    async createBucket(name) {
        const config = {};
        const handle = [null];
        check(c.kvConfig_Init(config));
        Object.assign(config, { Bucket: name, StorageType: MEMORY_STORAGE });
        await wait("js_CreateKeyValue", handle, this.#handle, config);
        return new KeyValue(handle[0]);
    }

    close() {
        c.jsCtx_Destroy(this.#handle);
        this.#handle = null;
    }
}

class KeyValue {
    #handle;

    constructor(handle) {
        this.#handle = handle;
    }

    /** Returns the revision. */
    async put(key, value) {
        const payload = bytes(value);
        const revision = [0];
        await wait("kvStore_Put", revision, this.#handle, key, payload, payload.length);
        return revision[0];
    }

    /** Returns the value and its revision. */
    async get(key) {
        const entry = [null];
        await wait("kvStore_Get", entry, this.#handle, key);
        try {
            const value = copy(c.kvEntry_Value(entry[0]), c.kvEntry_ValueLen(entry[0]));
            return { value, revision: c.kvEntry_Revision(entry[0]) };
        } finally {
            c.kvEntry_Destroy(entry[0]);
        }
    }

    close() {
        c.kvStore_Destroy(this.#handle);
        this.#handle = null;
    }
}

/** Names and sizes of the structs, for the test that compares them with C's. */
export function sizes() {
    return Object.entries(structs).map(([name, type]) => [name, koffi.sizeof(type)]);
}
