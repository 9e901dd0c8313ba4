//! The functions and structs of `nats_rs.h` that the demo needs, with their C names. The test compares the sizes of the
//! structs with those of C.

#![allow(non_camel_case_types, non_snake_case)]

use std::ffi::{c_char, c_int, c_void};

pub const NATS_OK: c_int = 0;
pub const NATS_NO_RESPONDERS: c_int = 34;
pub const JS_MEMORY_STORAGE: c_int = 1;

/// Declares types of which a program has only pointers.
macro_rules! opaque {
    ($($name:ident),+) => {$(
        #[repr(C)]
        pub struct $name {
            _private: [u8; 0],
        }
    )+};
}
opaque!(
    natsOptions,
    natsConnection,
    natsSubscription,
    natsMsg,
    jsCtx,
    kvStore,
    kvEntry
);

pub type natsMsgHandler = extern "C" fn(
    nc: *mut natsConnection,
    sub: *mut natsSubscription,
    msg: *mut natsMsg,
    closure: *mut c_void,
);
pub type natsConnectionHandler = extern "C" fn(nc: *mut natsConnection, closure: *mut c_void);
pub type natsOnCompleteCB = extern "C" fn(closure: *mut c_void);

#[repr(C)]
pub struct natsMsgList {
    pub Msgs: *mut *mut natsMsg,
    pub Count: c_int,
}

#[repr(C)]
pub struct natsMetadata {
    pub List: *const *const c_char,
    pub Count: c_int,
}

#[repr(C)]
pub struct jsSubjectTransformConfig {
    pub Source: *const c_char,
    pub Destination: *const c_char,
}

#[repr(C)]
pub struct jsStreamConsumerLimits {
    pub InactiveThreshold: i64,
    pub MaxAckPending: c_int,
}

#[repr(C)]
pub struct jsStreamConfig {
    pub Name: *const c_char,
    pub Description: *const c_char,
    pub Subjects: *const *const c_char,
    pub SubjectsLen: c_int,
    pub Retention: c_int,
    pub MaxConsumers: i64,
    pub MaxMsgs: i64,
    pub MaxBytes: i64,
    pub MaxAge: i64,
    pub MaxMsgsPerSubject: i64,
    pub MaxMsgSize: i32,
    pub Discard: c_int,
    pub Storage: c_int,
    pub Replicas: i64,
    pub NoAck: bool,
    pub Template: *const c_char,
    pub Duplicates: i64,
    pub Placement: *mut c_void,
    pub Mirror: *mut c_void,
    pub Sources: *mut *mut c_void,
    pub SourcesLen: c_int,
    pub Sealed: bool,
    pub DenyDelete: bool,
    pub DenyPurge: bool,
    pub AllowRollup: bool,
    pub RePublish: *mut c_void,
    pub AllowDirect: bool,
    pub MirrorDirect: bool,
    pub DiscardNewPerSubject: bool,
    pub Metadata: natsMetadata,
    pub Compression: c_int,
    pub FirstSeq: u64,
    pub SubjectTransform: jsSubjectTransformConfig,
    pub ConsumerLimits: jsStreamConsumerLimits,
    pub AllowMsgTTL: bool,
    pub SubjectDeleteMarkerTTL: i64,
    pub PersistMode: c_int,
    pub AllowAtomic: bool,
    pub AllowMsgCounter: bool,
    pub AllowMsgSchedules: bool,
    pub AllowBatched: bool,
}

#[repr(C)]
pub struct jsPubAck {
    pub Stream: *mut c_char,
    pub Sequence: u64,
    pub Domain: *mut c_char,
    pub Duplicate: bool,
    pub Batch: *mut c_char,
    pub Count: u64,
    pub Value: *mut c_char,
}

#[repr(C)]
pub struct kvConfig {
    pub Bucket: *const c_char,
    pub Description: *const c_char,
    pub MaxValueSize: i32,
    pub History: u8,
    pub TTL: i64,
    pub MaxBytes: i64,
    pub StorageType: c_int,
    pub Replicas: c_int,
    pub RePublish: *mut c_void,
    pub Mirror: *mut c_void,
    pub Sources: *mut *mut c_void,
    pub SourcesLen: c_int,
    pub LimitMarkerTTL: i64,
}

unsafe extern "C" {
    pub fn natsStatus_GetText(s: c_int) -> *const c_char;
    pub fn nats_GetLastError(status: *mut c_int) -> *const c_char;

    pub fn natsOptions_Create(opts: *mut *mut natsOptions) -> c_int;
    pub fn natsOptions_SetURL(opts: *mut natsOptions, url: *const c_char) -> c_int;
    pub fn natsOptions_SetReconnectWait(opts: *mut natsOptions, milliseconds: i64) -> c_int;
    pub fn natsOptions_SetReconnectedCB(
        opts: *mut natsOptions,
        cb: Option<natsConnectionHandler>,
        closure: *mut c_void,
    ) -> c_int;
    pub fn natsOptions_SetReleasedCB(
        opts: *mut natsOptions,
        cb: Option<natsOnCompleteCB>,
        closure: *mut c_void,
    ) -> c_int;
    pub fn natsOptions_Destroy(opts: *mut natsOptions);

    pub fn natsConnection_Connect(nc: *mut *mut natsConnection, opts: *mut natsOptions) -> c_int;
    pub fn natsConnection_Publish(
        nc: *mut natsConnection,
        subject: *const c_char,
        data: *const c_void,
        length: c_int,
    ) -> c_int;
    pub fn natsConnection_Request(
        reply: *mut *mut natsMsg,
        nc: *mut natsConnection,
        subject: *const c_char,
        data: *const c_void,
        length: c_int,
        milliseconds: i64,
    ) -> c_int;
    pub fn natsConnection_Subscribe(
        sub: *mut *mut natsSubscription,
        nc: *mut natsConnection,
        subject: *const c_char,
        cb: Option<natsMsgHandler>,
        closure: *mut c_void,
    ) -> c_int;
    pub fn natsConnection_Drain(nc: *mut natsConnection) -> c_int;
    pub fn natsConnection_Destroy(nc: *mut natsConnection);
    pub fn natsConnection_DestroyAndWait(nc: *mut natsConnection, milliseconds: i64) -> c_int;
    pub fn natsConnection_JetStream(
        js: *mut *mut jsCtx,
        nc: *mut natsConnection,
        opts: *mut c_void,
    ) -> c_int;

    pub fn natsSubscription_SetOnCompleteCB(
        sub: *mut natsSubscription,
        cb: Option<natsOnCompleteCB>,
        closure: *mut c_void,
    ) -> c_int;
    pub fn natsSubscription_Drain(sub: *mut natsSubscription) -> c_int;
    pub fn natsSubscription_WaitForDrainCompletion(
        sub: *mut natsSubscription,
        milliseconds: i64,
    ) -> c_int;
    pub fn natsSubscription_Fetch(
        list: *mut natsMsgList,
        sub: *mut natsSubscription,
        batch: c_int,
        milliseconds: i64,
        code: *mut c_int,
    ) -> c_int;
    pub fn natsSubscription_Destroy(sub: *mut natsSubscription);

    pub fn natsMsg_GetSubject(msg: *const natsMsg) -> *const c_char;
    pub fn natsMsg_GetReply(msg: *const natsMsg) -> *const c_char;
    pub fn natsMsg_GetData(msg: *const natsMsg) -> *const c_char;
    pub fn natsMsg_GetDataLength(msg: *const natsMsg) -> c_int;
    pub fn natsMsg_AckSync(msg: *mut natsMsg, opts: *mut c_void, code: *mut c_int) -> c_int;
    pub fn natsMsg_Destroy(msg: *mut natsMsg);
    pub fn natsMsgList_Destroy(list: *mut natsMsgList);

    pub fn jsStreamConfig_Init(config: *mut jsStreamConfig) -> c_int;
    pub fn js_AddStream(
        info: *mut *mut c_void,
        js: *mut jsCtx,
        config: *mut jsStreamConfig,
        opts: *mut c_void,
        code: *mut c_int,
    ) -> c_int;
    pub fn js_Publish(
        ack: *mut *mut jsPubAck,
        js: *mut jsCtx,
        subject: *const c_char,
        data: *const c_void,
        length: c_int,
        opts: *mut c_void,
        code: *mut c_int,
    ) -> c_int;
    pub fn jsPubAck_Destroy(ack: *mut jsPubAck);
    pub fn js_PullSubscribe(
        sub: *mut *mut natsSubscription,
        js: *mut jsCtx,
        subject: *const c_char,
        durable: *const c_char,
        opts: *mut c_void,
        sub_opts: *mut c_void,
        code: *mut c_int,
    ) -> c_int;
    pub fn jsCtx_Destroy(js: *mut jsCtx);

    pub fn kvConfig_Init(config: *mut kvConfig) -> c_int;
    pub fn js_CreateKeyValue(kv: *mut *mut kvStore, js: *mut jsCtx, config: *mut kvConfig)
    -> c_int;
    pub fn kvStore_Put(
        revision: *mut u64,
        kv: *mut kvStore,
        key: *const c_char,
        data: *const c_void,
        length: c_int,
    ) -> c_int;
    pub fn kvStore_Get(entry: *mut *mut kvEntry, kv: *mut kvStore, key: *const c_char) -> c_int;
    pub fn kvStore_Destroy(kv: *mut kvStore);
    pub fn kvEntry_Value(entry: *const kvEntry) -> *const c_void;
    pub fn kvEntry_ValueLen(entry: *const kvEntry) -> c_int;
    pub fn kvEntry_Revision(entry: *const kvEntry) -> u64;
    pub fn kvEntry_Destroy(entry: *mut kvEntry);
}
