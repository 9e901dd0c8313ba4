//! What this library was built from.

use std::ffi::{CStr, c_char};

use super::guard::guard_local;

/// The version of this library.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from, or `unknown`.
pub(super) const COMMIT: &str = env!("NATS_RS_BUILD_COMMIT");

const VERSION_C: &CStr = c_str(concat!(env!("CARGO_PKG_VERSION"), "\0"));
const BUILD_INFO: &CStr = c_str(concat!(
    "libnats_rs ",
    env!("CARGO_PKG_VERSION"),
    "; commit ",
    env!("NATS_RS_BUILD_COMMIT"),
    "; ",
    env!("NATS_RS_BUILD_RUSTC"),
    "; ",
    env!("NATS_RS_BUILD_TARGET"),
    " ",
    env!("NATS_RS_BUILD_PROFILE"),
    "; TLS by ",
    env!("NATS_RS_BUILD_TLS"),
    "; with WebSocket, JetStream, key-value, object store, services\0"
));

const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("one NUL, at the end"),
    }
}

/// Return the version of this library, such as `0.1.0`.
///
/// It is the version of the library that is used at run time; `NATS_RS_VERSION` is that of the header
/// that the program was compiled with, and `nats_GetVersion` that of the interface.
///
/// @return A constant string that belongs to the library.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_rs_GetVersion() -> *const c_char {
    guard_local(VERSION_C.as_ptr(), || Ok(VERSION_C.as_ptr()))
}

/// Return what this library was built from, for reports of faults.
///
/// One line for people: version, commit, the version of Rust, the target and profile, the versions of
/// the TLS library and of its cryptography, and the parts that are there. The commit is `unknown` if
/// the library was not built in the release profile from a git repository.
///
/// @return A constant string that belongs to the library.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_rs_GetBuildInfo() -> *const c_char {
    guard_local(BUILD_INFO.as_ptr(), || Ok(BUILD_INFO.as_ptr()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_are_there() {
        let info = BUILD_INFO.to_str().unwrap();
        assert!(
            info.starts_with(&format!("libnats_rs {VERSION}; commit ")),
            "{info}"
        );
        assert!(
            info.contains("; rustc 1.") && info.contains("; TLS by rustls 0."),
            "{info}"
        );
        assert!(info.contains(", ring 0.") && !info.contains('\n'), "{info}");
        assert!(COMMIT == "unknown" || COMMIT.len() == 40, "{COMMIT}");
    }
}
