//! What nats.c's structures have no place for, of streams, consumers and accounts that a server has told about.

use std::ffi::{c_char, c_int};
use std::ptr;

use super::account::jsAccountInfo;
use super::beyond::{Beyond, find};
use super::consumer_info::jsConsumerInfo;
use super::err_code::jsErrCodeArg;
use super::given;
use super::stream_info::{jsPeerInfo, jsStreamInfo, jsStreamSourceInfo};
use crate::error::{Error, Status, natsStatus};
use crate::ffi::convert::{required, write_optional};
use crate::ffi::guard::guard;

/// Get the time at which the server made the info of a stream.
///
/// The ages in the info are relative to this time, which also allows infos from different servers
/// to be compared.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param time Receives the time, in nanoseconds since the epoch. Written only with `NATS_OK`.
/// @param si The info as the library returned it, not a copy of the structure.
///
/// @retval NATS_OK The time was written.
/// @retval NATS_NOT_FOUND The server did not report it (servers before 2.10), or `si` is a copy, was created by the
/// program, or was received in the parent process before `fork`.
/// @retval NATS_INVALID_ARG `time` or `si` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the info during the call.
///
/// @see js_GetStreamInfo, jsConsumerInfo_GetTimestamp
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `time` is NULL or valid for writing; `si` is NULL or an info that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamInfo_GetTimestamp(
    time: *mut i64,
    si: *const jsStreamInfo,
) -> natsStatus {
    guard("jsStreamInfo_GetTimestamp", || {
        required(time, "time")?;
        required(si.cast_mut(), "si")?;
        let timestamp = find(si, |beyond| match beyond {
            Beyond::Stream { timestamp, .. } if timestamp.0 != 0 => Some(timestamp.0),
            _ => None,
        })?;
        // SAFETY: the caller's contract, above; not NULL.
        unsafe { time.write(timestamp) };
        Ok(())
    })
}

/// Get the JetStream domain that a stream is in.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param domain Receives the name of the domain, which belongs to the info and is valid until that is
/// destroyed. Written only with `NATS_OK`.
/// @param si The info as the library returned it, not a copy of the structure.
///
/// @retval NATS_OK The name was written.
/// @retval NATS_NOT_FOUND The server has no domain, or `si` is a copy, was created by the program, or was received in
/// the parent process before `fork`.
/// @retval NATS_INVALID_ARG `domain` or `si` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the info during the call.
///
/// @see js_GetStreamInfo
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `domain` is NULL or valid for writing; `si` is NULL or an info that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamInfo_GetDomain(
    domain: *mut *const c_char,
    si: *const jsStreamInfo,
) -> natsStatus {
    guard("jsStreamInfo_GetDomain", || {
        required(domain, "domain")?;
        required(si.cast_mut(), "si")?;
        let name = find(si, |beyond| match beyond {
            Beyond::Stream { domain, .. } => domain.as_ref().map(|name| name.as_ptr()),
            _ => None,
        })?;
        // SAFETY: the caller's contract, above; not NULL.
        unsafe { domain.write(name) };
        Ok(())
    })
}

/// Get the reason why a mirror's origin or a source cannot be copied.
///
/// A server that cannot create the consumer at the other stream reports it here, while `Active` and `Lag` in the
/// structure merely do not change.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param text Receives the text of the server, which belongs to the info and is valid until that is destroyed; NULL
/// if it is not needed. Written only with `NATS_OK`.
/// @param code Receives the code of the error; NULL if it is not needed. Written only with `NATS_OK`.
/// @param source The `Mirror`, or one of the `Sources`, of an info as the library returned it, not a copy of the
/// structure.
///
/// @retval NATS_OK There is an error.
/// @retval NATS_NOT_FOUND There is no error, or `source` is a copy, was created by the program, or was received in
/// the parent process before `fork`.
/// @retval NATS_INVALID_ARG `source` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the info during the call.
///
/// @see js_GetStreamInfo
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `text` and `code` are NULL or valid for writing; `source` is NULL or a part of an info that was not
/// destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamSourceInfo_GetError(
    text: *mut *const c_char,
    code: *mut jsErrCodeArg,
    source: *const jsStreamSourceInfo,
) -> natsStatus {
    guard("jsStreamSourceInfo_GetError", || {
        required(source.cast_mut(), "source")?;
        let (words, number) = find(source, |beyond| match beyond {
            Beyond::Source { text, code } => Some((text.as_ptr(), *code)),
            _ => None,
        })?;
        // SAFETY: the caller's contract, above.
        unsafe {
            write_optional(text, words);
            write_optional(code, jsErrCodeArg(number));
        }
        Ok(())
    })
}

/// Get the id of a server in its Raft group, and how many operations it has yet to apply.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param id Receives the id, which belongs to the info and is valid until that is destroyed, or NULL if the server
/// did not report it; NULL if it is not needed. Written only with `NATS_OK`.
/// @param pending Receives the number of operations that are not applied yet; NULL if it is not needed. Written only
/// with `NATS_OK`.
/// @param peer One of the `Replicas` of a cluster in an info as the library returned it, not a copy of the structure.
///
/// @retval NATS_OK The outputs were written.
/// @retval NATS_NOT_FOUND The server reported neither, or `peer` is a copy, was created by the program, or was
/// received in the parent process before `fork`.
/// @retval NATS_INVALID_ARG `peer` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the info during the call.
///
/// @see js_GetStreamInfo, js_GetConsumerInfo
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `id` and `pending` are NULL or valid for writing; `peer` is NULL or a part of an info that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsPeerInfo_GetRaftState(
    id: *mut *const c_char,
    pending: *mut u64,
    peer: *const jsPeerInfo,
) -> natsStatus {
    guard("jsPeerInfo_GetRaftState", || {
        required(peer.cast_mut(), "peer")?;
        let (name, waiting) = find(peer, |beyond| match beyond {
            Beyond::Peer { id, pending } => {
                let id = id.as_ref().map_or(ptr::null(), |id| id.as_ptr());
                Some((id, *pending))
            }
            _ => None,
        })?;
        // SAFETY: the caller's contract, above.
        unsafe {
            write_optional(id, name);
            write_optional(pending, waiting);
        }
        Ok(())
    })
}

/// Get the time at which the server made the info of a consumer.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param time Receives the time, in nanoseconds since the epoch. Written only with `NATS_OK`.
/// @param ci The info as the library returned it, not a copy of the structure.
///
/// @retval NATS_OK The time was written.
/// @retval NATS_NOT_FOUND The server did not report it (servers before 2.10), or `ci` is a copy, was created by the
/// program, or was received in the parent process before `fork`.
/// @retval NATS_INVALID_ARG `time` or `ci` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the info during the call.
///
/// @see js_GetConsumerInfo, jsStreamInfo_GetTimestamp
///
/// @ingroup nats_js_consumers
///
/// # Safety
/// `time` is NULL or valid for writing; `ci` is NULL or an info that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsConsumerInfo_GetTimestamp(
    time: *mut i64,
    ci: *const jsConsumerInfo,
) -> natsStatus {
    guard("jsConsumerInfo_GetTimestamp", || {
        required(time, "time")?;
        required(ci.cast_mut(), "ci")?;
        let timestamp = find(ci, |beyond| match beyond {
            Beyond::Consumer { timestamp } => Some(timestamp.0),
            _ => None,
        })?;
        // SAFETY: the caller's contract, above; not NULL.
        unsafe { time.write(timestamp) };
        Ok(())
    })
}

/// Get the level of the JetStream API of a server, and how many requests it is working on.
///
/// The level says which settings and functions the server knows: ADR-44 has the levels. A program that needs a
/// setting to be either applied or refused requires its level with `js_SetRequiredApiLevel`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param level Receives the level, 0 for servers before 2.11; NULL if it is not needed. Written only with `NATS_OK`.
/// @param inflight Receives the number of requests of the account that the server is working on; NULL if it is not
/// needed. Written only with `NATS_OK`.
/// @param ai The structure that `js_GetAccountInfo` returned, not a copy of it.
///
/// @retval NATS_OK The outputs were written.
/// @retval NATS_NOT_FOUND `ai` is a copy, was created by the program, or was received in the parent process before
/// `fork`.
/// @retval NATS_INVALID_ARG `ai` is NULL.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the structure during the call.
///
/// @par Example
/// ```c
/// jsAccountInfo *ai = NULL;
/// int level = 0;
///
/// if (js_GetAccountInfo(&ai, js, NULL, NULL) == NATS_OK)
///     jsAccountInfo_GetAPI(&level, NULL, ai);
/// jsAccountInfo_Destroy(ai);
/// ```
///
/// @see js_GetAccountInfo, js_SetRequiredApiLevel
///
/// @ingroup nats_js_context
///
/// # Safety
/// `level` and `inflight` are NULL or valid for writing; `ai` is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsAccountInfo_GetAPI(
    level: *mut c_int,
    inflight: *mut u64,
    ai: *const jsAccountInfo,
) -> natsStatus {
    guard("jsAccountInfo_GetAPI", || {
        required(ai.cast_mut(), "ai")?;
        let (api, requests) = find(ai, |beyond| match beyond {
            Beyond::Account(account) => Some((account.level, account.inflight)),
            _ => None,
        })?;
        // SAFETY: the caller's contract, above.
        unsafe {
            write_optional(level, c_int::try_from(api).unwrap_or(c_int::MAX));
            write_optional(inflight, requests);
        }
        Ok(())
    })
}

/// Get the number of bytes that the streams of an account have reserved.
///
/// A stream with a byte limit reserves this number of bytes, whether they are used or not.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param memory Receives the bytes in memory; NULL if the number is not needed. Written only with `NATS_OK`.
/// @param store Receives the bytes in files; NULL if the number is not needed. Written only with `NATS_OK`.
/// @param ai The structure that `js_GetAccountInfo` returned, not a copy of it.
/// @param tier The name of a tier, such as `R3`; NULL for the account as a whole.
///
/// @retval NATS_OK The outputs were written.
/// @retval NATS_NOT_FOUND The tier does not exist, or `ai` is a copy, was created by the program, or was received in
/// the parent process before `fork`.
/// @retval NATS_INVALID_ARG `ai` is NULL, or `tier` is not UTF-8.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the structure during the call.
///
/// @see js_GetAccountInfo
///
/// @ingroup nats_js_context
///
/// # Safety
/// `memory` and `store` are NULL or valid for writing; `ai` is NULL or was not destroyed; `tier` is NULL or a
/// string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsAccountInfo_GetReserved(
    memory: *mut u64,
    store: *mut u64,
    ai: *const jsAccountInfo,
    tier: *const c_char,
) -> natsStatus {
    guard("jsAccountInfo_GetReserved", || {
        required(ai.cast_mut(), "ai")?;
        // SAFETY: the caller's contract, above.
        let name = unsafe { given::str(tier, "tier") }?;
        let reserved = find(ai, |beyond| match beyond {
            Beyond::Account(account) => Some(match tier.is_null() {
                true => Some(account.reserved),
                false => account.tiers.get(name).copied(),
            }),
            _ => None,
        })?;
        let (in_memory, in_files) = reserved.ok_or_else(|| {
            let text = format!("the account has no tier '{name}'");
            Error::new(Status::NATS_NOT_FOUND, text)
        })?;
        // SAFETY: likewise.
        unsafe {
            write_optional(memory, in_memory);
            write_optional(store, in_files);
        }
        Ok(())
    })
}
