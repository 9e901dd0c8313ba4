-- libnats_rs for LuaJIT, with ffi: what demo.lua needs of it.
--
-- NATS_RS_LIBRARY names the library's file; without it the loader looks for libnats_rs.so.0.
--
-- A callback of LuaJIT may only be called on the thread that runs the interpreter, inside a call into C. So connections use
-- manual dispatch: dispatch() runs the callbacks that wait.

local ffi = require("ffi")

ffi.cdef([[
typedef int natsStatus;
typedef struct __natsOptions natsOptions;
typedef struct __natsConnection natsConnection;
typedef struct __natsSubscription natsSubscription;
typedef struct __natsMsg natsMsg;
typedef struct __jsCtx jsCtx;
typedef struct __kvStore kvStore;
typedef struct __kvEntry kvEntry;

typedef struct natsMsgList { natsMsg **Msgs; int Count; } natsMsgList;
typedef struct natsMetadata { const char **List; int Count; } natsMetadata;
typedef struct jsStreamConfig {
    const char *Name; const char *Description; const char **Subjects; int SubjectsLen; int Retention;
    int64_t MaxConsumers; int64_t MaxMsgs; int64_t MaxBytes; int64_t MaxAge; int64_t MaxMsgsPerSubject;
    int32_t MaxMsgSize; int Discard; int Storage; int64_t Replicas; bool NoAck; const char *Template;
    int64_t Duplicates; void *Placement; void *Mirror; void **Sources; int SourcesLen; bool Sealed;
    bool DenyDelete; bool DenyPurge; bool AllowRollup; void *RePublish; bool AllowDirect; bool MirrorDirect;
    bool DiscardNewPerSubject; natsMetadata Metadata; int Compression; uint64_t FirstSeq;
    struct { const char *Source; const char *Destination; } SubjectTransform;
    struct { int64_t InactiveThreshold; int MaxAckPending; } ConsumerLimits;
    bool AllowMsgTTL; int64_t SubjectDeleteMarkerTTL; int PersistMode; bool AllowAtomic; bool AllowMsgCounter;
    bool AllowMsgSchedules; bool AllowBatched;
} jsStreamConfig;
typedef struct jsPubAck {
    char *Stream; uint64_t Sequence; char *Domain; bool Duplicate; char *Batch; uint64_t Count; char *Value;
} jsPubAck;
typedef struct kvConfig {
    const char *Bucket; const char *Description; int32_t MaxValueSize; uint8_t History; int64_t TTL; int64_t MaxBytes;
    int StorageType; int Replicas; void *RePublish; void *Mirror; void **Sources; int SourcesLen; int64_t LimitMarkerTTL;
} kvConfig;

typedef void (*natsMsgHandler)(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure);
typedef void (*natsConnectionHandler)(natsConnection *nc, void *closure);
typedef void (*natsOnCompleteCB)(void *closure);

const char *natsStatus_GetText(natsStatus s);
const char *nats_GetLastError(natsStatus *status);
natsStatus natsOptions_Create(natsOptions **opts);
natsStatus natsOptions_SetURL(natsOptions *opts, const char *url);
natsStatus natsOptions_SetReconnectWait(natsOptions *opts, int64_t wait);
natsStatus natsOptions_SetManualDispatch(natsOptions *opts, bool manual);
natsStatus natsOptions_SetReconnectedCB(natsOptions *opts, natsConnectionHandler cb, void *closure);
natsStatus natsOptions_SetClosedCB(natsOptions *opts, natsConnectionHandler cb, void *closure);
void natsOptions_Destroy(natsOptions *opts);
natsStatus natsConnection_Connect(natsConnection **nc, natsOptions *opts);
natsStatus natsConnection_GetDispatchFd(natsConnection *nc, int *fd);
natsStatus natsConnection_Dispatch(natsConnection *nc, int max, int *ran);
natsStatus natsConnection_Publish(natsConnection *nc, const char *subj, const void *data, int dataLen);
natsStatus natsConnection_PublishRequest(natsConnection *nc, const char *subj, const char *reply, const void *data,
                                         int dataLen);
natsStatus natsConnection_Subscribe(natsSubscription **sub, natsConnection *nc, const char *subj, natsMsgHandler cb,
                                    void *closure);
natsStatus natsConnection_Drain(natsConnection *nc);
void natsConnection_Destroy(natsConnection *nc);
natsStatus natsConnection_JetStream(jsCtx **js, natsConnection *nc, void *opts);
natsStatus natsSubscription_SetOnCompleteCB(natsSubscription *sub, natsOnCompleteCB cb, void *closure);
natsStatus natsSubscription_Drain(natsSubscription *sub);
natsStatus natsSubscription_Fetch(natsMsgList *list, natsSubscription *sub, int batch, int64_t timeout, int *errCode);
void natsSubscription_Destroy(natsSubscription *sub);
natsStatus natsInbox_Create(char **inbox);
void natsInbox_Destroy(char *inbox);
const char *natsMsg_GetSubject(const natsMsg *msg);
const char *natsMsg_GetReply(const natsMsg *msg);
const char *natsMsg_GetData(const natsMsg *msg);
int natsMsg_GetDataLength(const natsMsg *msg);
bool natsMsg_IsNoResponders(natsMsg *msg);
natsStatus natsMsg_AckSync(natsMsg *msg, void *opts, int *errCode);
void natsMsg_Destroy(natsMsg *msg);
void natsMsgList_Destroy(natsMsgList *list);
natsStatus jsStreamConfig_Init(jsStreamConfig *cfg);
natsStatus js_AddStream(void *si, jsCtx *js, jsStreamConfig *cfg, void *opts, int *errCode);
natsStatus js_Publish(jsPubAck **ack, jsCtx *js, const char *subj, const void *data, int dataLen, void *opts, int *errCode);
void jsPubAck_Destroy(jsPubAck *ack);
natsStatus js_PullSubscribe(natsSubscription **sub, jsCtx *js, const char *subj, const char *durable, void *opts,
                            void *subOpts, int *errCode);
void jsCtx_Destroy(jsCtx *js);
natsStatus kvConfig_Init(kvConfig *cfg);
natsStatus js_CreateKeyValue(kvStore **kv, jsCtx *js, kvConfig *cfg);
natsStatus kvStore_Put(uint64_t *rev, kvStore *kv, const char *key, const void *data, int len);
natsStatus kvStore_Get(kvEntry **entry, kvStore *kv, const char *key);
void kvStore_Destroy(kvStore *kv);
const void *kvEntry_Value(const kvEntry *e);
int kvEntry_ValueLen(const kvEntry *e);
uint64_t kvEntry_Revision(const kvEntry *e);
void kvEntry_Destroy(kvEntry *e);

struct pollfd { int fd; short events; short revents; };
int poll(struct pollfd *fds, unsigned long n, int timeout);
]])

-- Kept in the module: if the library were collected, it would be unloaded.
local lib = ffi.load(os.getenv("NATS_RS_LIBRARY") or "libnats_rs.so.0")
local MEMORY_STORAGE = 1
local POLLIN = 1

local M = {
    -- Is called with an error that left a callback. Programs may replace it.
    on_callback_error = function(message)
        io.stderr:write(tostring(message), "\n")
    end,
}

local function check(status)
    if status ~= 0 then
        local text = ffi.string(lib.natsStatus_GetText(status))
        local detail = lib.nats_GetLastError(nil)
        if detail ~= nil then
            text = text .. ": " .. ffi.string(detail)
        end
        error(text, 0)
    end
end

-- A pointer that C writes.
local function out(type)
    return ffi.new(type .. " *[1]")
end

-- A message, copied.
local function message(handle)
    local reply = lib.natsMsg_GetReply(handle)
    return {
        subject = ffi.string(lib.natsMsg_GetSubject(handle)),
        reply = reply ~= nil and ffi.string(reply) or nil,
        data = ffi.string(lib.natsMsg_GetData(handle), lib.natsMsg_GetDataLength(handle)),
        no_responders = lib.natsMsg_IsNoResponders(handle),
    }
end

-- What callbacks need, by a number, which is their closure. Of each kind of callback there is one C function, which is never
-- freed: LuaJIT has room for some hundred only.
local living, last = {}, 0

local function keep(callback)
    last = last + 1
    living[last] = callback
    return last
end

local function closure(number)
    return ffi.cast("void *", number)
end

-- An error must not pass through C.
local function deliver(number, ...)
    local callback = living[tonumber(ffi.cast("intptr_t", number))]
    if callback then
        local ok, message_ = pcall(callback, ...)
        if not ok then
            pcall(M.on_callback_error, message_)
        end
    end
end

local on_message = ffi.cast("natsMsgHandler", function(_, _, handle, number)
    local msg = message(handle)
    lib.natsMsg_Destroy(handle)
    deliver(number, msg)
end)
local on_connection_event = ffi.cast("natsConnectionHandler", function(_, number)
    deliver(number)
end)
local on_complete = ffi.cast("natsOnCompleteCB", function(number)
    living[tonumber(ffi.cast("intptr_t", number))] = nil
end)

-- C functions that call back must not be called from compiled code: LuaJIT ends the program with "bad callback".
local function run_callbacks(handle)
    check(lib.natsConnection_Dispatch(handle, 0, nil))
end
jit.off(run_callbacks)

local Connection = {}
Connection.__index = Connection

function M.connect(url, on_reconnected)
    local options, handle, descriptor = out("natsOptions"), out("natsConnection"), ffi.new("int[1]")
    local self = setmetatable({ subscriptions = {} }, Connection) -- a handle that is not destroyed keeps its memory
    self.numbers = {
        keep(on_reconnected or function() end),
        keep(function()
            self.closed = true
        end),
    }
    check(lib.natsOptions_Create(options))
    local ok, err = pcall(function()
        check(lib.natsOptions_SetURL(options[0], url))
        check(lib.natsOptions_SetReconnectWait(options[0], 100))
        check(lib.natsOptions_SetManualDispatch(options[0], true))
        check(lib.natsOptions_SetReconnectedCB(options[0], on_connection_event, closure(self.numbers[1])))
        check(lib.natsOptions_SetClosedCB(options[0], on_connection_event, closure(self.numbers[2])))
        check(lib.natsConnection_Connect(handle, options[0]))
    end)
    lib.natsOptions_Destroy(options[0])
    if not ok then
        self:forget()
        error(err, 0)
    end
    self.handle = handle[0]
    check(lib.natsConnection_GetDispatchFd(self.handle, descriptor))
    self.poll = ffi.new("struct pollfd[1]", { { fd = descriptor[0], events = POLLIN } })
    return self
end

function Connection:forget()
    for _, number in ipairs(self.numbers) do
        living[number] = nil
    end
end

-- Waits for callbacks, up to `timeout` milliseconds, and runs those that wait.
function Connection:dispatch(timeout)
    if ffi.C.poll(self.poll, 1, timeout) > 0 then
        run_callbacks(self.handle)
    end
end

-- Dispatches until the function returns something, which it returns; or raises an error after some seconds.
function Connection:until_(what, condition, seconds)
    local deadline = os.time() + (seconds or 10)
    repeat
        local result = condition()
        if result then
            return result
        end
        self:dispatch(100)
    until os.time() > deadline
    error(what .. ": no more than so far came in time", 0)
end

function Connection:publish(subject, data)
    check(lib.natsConnection_Publish(self.handle, subject, data, #data))
end

-- The function is called by dispatch().
function Connection:subscribe(subject, callback)
    local handle = out("natsSubscription")
    local number = keep(callback)
    check(lib.natsConnection_Subscribe(handle, self.handle, subject, on_message, closure(number)))
    check(lib.natsSubscription_SetOnCompleteCB(handle[0], on_complete, closure(number)))
    self.subscriptions[number] = handle[0]
    return number
end

-- Delivers what has been received, then ends.
function Connection:drain(subscription)
    check(lib.natsSubscription_Drain(self.subscriptions[subscription]))
    lib.natsSubscription_Destroy(self.subscriptions[subscription])
    self.subscriptions[subscription] = nil
end

-- natsConnection_Request would wait without running callbacks, and never get the answer of a responder in this program.
function Connection:request(subject, data)
    local inbox, reply = ffi.new("char *[1]"), nil
    check(lib.natsInbox_Create(inbox))
    local name = ffi.string(inbox[0])
    lib.natsInbox_Destroy(inbox[0])
    local subscription = self:subscribe(name, function(msg)
        reply = reply or msg
    end)
    check(lib.natsConnection_PublishRequest(self.handle, subject, name, data, #data))
    local msg = self:until_(subject, function()
        return reply
    end)
    self:drain(subscription)
    if msg.no_responders then
        error("No responders available for request", 0)
    end
    return msg
end

-- Delivers what has been received, writes what has been published, and runs the last callback.
function Connection:close()
    check(lib.natsConnection_Drain(self.handle))
    self:until_("close", function()
        return self.closed
    end)
    lib.natsConnection_Destroy(self.handle)
    self.handle = nil
    for _, subscription in pairs(self.subscriptions) do
        lib.natsSubscription_Destroy(subscription)
    end
    self.subscriptions = {}
    self:forget()
end

-- JetStream's functions wait for the server only, never for a callback.
local JetStream = {}
JetStream.__index = JetStream

function Connection:jetstream()
    local handle = out("jsCtx")
    check(lib.natsConnection_JetStream(handle, self.handle, nil))
    return setmetatable({ handle = handle[0] }, JetStream)
end

function JetStream:add_stream(name, subjects)
    local config = ffi.new("jsStreamConfig")
    check(lib.jsStreamConfig_Init(config))
    -- A struct does not keep what its pointers point to: these locals do, until the call has returned.
    local list = ffi.new("const char *[?]", #subjects, subjects)
    config.Name, config.Subjects, config.SubjectsLen, config.Storage = name, list, #subjects, MEMORY_STORAGE
    check(lib.js_AddStream(nil, self.handle, config, nil, nil))
end

-- Returns the sequence.
function JetStream:publish(subject, data)
    local ack = out("jsPubAck")
    check(lib.js_Publish(ack, self.handle, subject, data, #data, nil, nil))
    local sequence = tonumber(ack[0].Sequence)
    lib.jsPubAck_Destroy(ack[0])
    return sequence
end

-- Fetches messages, acknowledges each, and returns them.
function JetStream:fetch(subject, durable, count, timeout)
    local subscription, list, messages = out("natsSubscription"), ffi.new("natsMsgList"), {}
    check(lib.js_PullSubscribe(subscription, self.handle, subject, durable, nil, nil, nil))
    local ok, err = pcall(function()
        check(lib.natsSubscription_Fetch(list, subscription[0], count, timeout or 5000, nil))
        for i = 0, list.Count - 1 do
            messages[#messages + 1] = message(list.Msgs[i])
            check(lib.natsMsg_AckSync(list.Msgs[i], nil, nil))
        end
    end)
    lib.natsMsgList_Destroy(list)
    lib.natsSubscription_Destroy(subscription[0])
    if not ok then
        error(err, 0)
    end
    return messages
end

local KeyValue = {}
KeyValue.__index = KeyValue

function JetStream:create_bucket(name)
    local config, handle = ffi.new("kvConfig"), out("kvStore")
    check(lib.kvConfig_Init(config))
    config.Bucket, config.StorageType = name, MEMORY_STORAGE
    check(lib.js_CreateKeyValue(handle, self.handle, config))
    return setmetatable({ handle = handle[0] }, KeyValue)
end

function JetStream:close()
    lib.jsCtx_Destroy(self.handle)
    self.handle = nil
end

-- Returns the revision.
function KeyValue:put(key, value)
    local revision = ffi.new("uint64_t[1]")
    check(lib.kvStore_Put(revision, self.handle, key, value, #value))
    return tonumber(revision[0])
end

-- Returns the value and its revision.
function KeyValue:get(key)
    local entry = out("kvEntry")
    check(lib.kvStore_Get(entry, self.handle, key))
    local value = ffi.string(lib.kvEntry_Value(entry[0]), lib.kvEntry_ValueLen(entry[0]))
    local revision = tonumber(lib.kvEntry_Revision(entry[0]))
    lib.kvEntry_Destroy(entry[0])
    return value, revision
end

function KeyValue:close()
    lib.kvStore_Destroy(self.handle)
    self.handle = nil
end

-- Names and sizes of the structs, for the test that compares them with C's.
function M.sizes()
    local sizes = {}
    for _, name in ipairs({ "jsStreamConfig", "kvConfig", "jsPubAck", "natsMsgList" }) do
        sizes[#sizes + 1] = name .. " " .. tonumber(ffi.sizeof(name))
    end
    return sizes
end

return M
