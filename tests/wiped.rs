//! No memory is given back with a secret in it: passwords, tokens and JWTs are wiped, wherever they
//! were copied to on their way from the options into CONNECT.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CString, c_char};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use nats_rs::error::natsStatus;
use nats_rs::ffi::connection::natsConnection_Connect;
use nats_rs::ffi::connection_end::natsConnection_Destroy;
use nats_rs::ffi::connection_info::server::natsConnection_GetConnectedUrl;
use nats_rs::ffi::options::credentials::natsOptions_SetUserCredentialsFromMemory;
use nats_rs::ffi::options::proxy::natsOptions_SetProxyURL;
use nats_rs::ffi::options::servers::{
    natsOptions_SetServers, natsOptions_SetToken, natsOptions_SetURL, natsOptions_SetUserInfo,
};
use nats_rs::ffi::options::websocket::natsOptions_SetWebSocketHeader;
use nats_rs::ffi::options::{natsOptions_Create, natsOptions_Destroy};

/// In every secret of these tests, and in nothing else.
const MARK: &[u8] = b"hUsH4321";
const JWT: &str = "eyJ0eXAiOiJKV1QifQ.hUsH4321hUsH4321.c2lnbmF0dXJl";
const SEED: &str = "SUAO26VFBUMH7WREBNJNPFHD7OP6UCG4RMWELOR252XH5HCOUOXP2WUIPY";

/// Looks through what is given back.
struct Watching;

static WATCHED: AtomicBool = AtomicBool::new(false);
static LEFT_BEHIND: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is left to the system's allocator; memory is read before it is given back. By
// default, growing is a new allocation and giving the old one back, so it is seen as well.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the system allocator's. Zeroed, so that all of it can be
        // read later.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        if WATCHED.load(Ordering::Relaxed) {
            // SAFETY: an allocation of this size, initialised when it was made.
            let bytes = unsafe { std::slice::from_raw_parts(ptr, layout.size()) };
            let found = bytes.windows(MARK.len()).any(|part| part == MARK);
            LEFT_BEHIND.fetch_add(u64::from(found), Ordering::Relaxed);
        }
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// Reads up to a text; all that was read is on the stack.
fn until(stream: &mut TcpStream, text: &[u8]) -> bool {
    let mut seen = [0; 4096];
    let mut len = 0;
    while len < seen.len() && stream.read_exact(&mut seen[len..len + 1]).is_ok() {
        len += 1;
        if seen[..len].ends_with(text) {
            return true;
        }
    }
    false
}

/// A server for one client: refuses its first attempt where it is to be told a second time.
fn serve(listener: &TcpListener) {
    let Ok((mut stream, _)) = listener.accept() else {
        return;
    };
    let info = b"INFO {\"max_payload\":1048576,\"proto\":1,\"nonce\":\"abc\"}\r\n";
    if stream.write_all(info).is_ok() && until(&mut stream, b"PING\r\n") {
        let _ = stream.write_all(b"PONG\r\n");
        let _ = until(&mut stream, b"never");
    }
}

/// What the program sets, as strings of C that outlive the watching.
struct Settings {
    url: CString,
    more: CString,
    user: CString,
    secret: CString,
    credentials: CString,
    header: CString,
    proxy: CString,
}

#[test]
fn nothing_secret_is_left_behind() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let c = |text: String| CString::new(text).expect("no NUL");
    let long = "hUsH4321".repeat(40);
    let settings = Settings {
        url: c(format!("nats://127.0.0.1:{port}")),
        more: c(format!("nats://u%20:{long}%20@127.0.0.1:{port}")),
        user: c("u\"\\".to_owned()),
        secret: c(format!("{long}\"\\")),
        credentials: c(format!("------\n{JWT}\n------\n------\n{SEED}\n------\n")),
        header: c(format!("Bearer {long}")),
        proxy: c(format!("http://u:{long}@127.0.0.1:1")),
    };
    let server = thread::spawn(move || {
        for _ in 0..3 {
            serve(&listener);
        }
    });
    let mut buffer = [0 as c_char; 1024];
    WATCHED.store(true, Ordering::Relaxed);
    // By user and password with a JWT, by token, by a URL.
    for way in 0..3 {
        let (mut opts, mut nc) = (ptr::null_mut(), ptr::null_mut());
        let ok = |status: natsStatus| assert_eq!(status, natsStatus::NATS_OK);
        // SAFETY: live locals, live handles, and strings that end with a NUL.
        unsafe {
            ok(natsOptions_Create(&mut opts));
            ok(natsOptions_SetURL(opts, settings.more.as_ptr()));
            ok(natsOptions_SetProxyURL(opts, settings.proxy.as_ptr()));
            ok(natsOptions_SetProxyURL(opts, ptr::null()));
            ok(natsOptions_SetWebSocketHeader(
                opts,
                c"Authorization".as_ptr(),
                settings.header.as_ptr(),
            ));
            match way {
                0 => {
                    ok(natsOptions_SetURL(opts, settings.url.as_ptr()));
                    let (user, secret) = (settings.user.as_ptr(), settings.secret.as_ptr());
                    ok(natsOptions_SetUserInfo(opts, user, secret));
                    ok(natsOptions_SetUserCredentialsFromMemory(
                        opts,
                        settings.credentials.as_ptr(),
                    ));
                }
                1 => {
                    ok(natsOptions_SetURL(opts, settings.url.as_ptr()));
                    ok(natsOptions_SetToken(opts, settings.secret.as_ptr()));
                }
                _ => {
                    let mut list = [settings.more.as_ptr()];
                    ok(natsOptions_SetServers(opts, list.as_mut_ptr(), 1));
                }
            }
            ok(natsConnection_Connect(&mut nc, opts));
            ok(natsConnection_GetConnectedUrl(
                nc,
                buffer.as_mut_ptr(),
                buffer.len(),
            ));
            natsConnection_Destroy(nc);
            natsOptions_Destroy(opts);
        }
    }
    server.join().expect("the server ends");
    // The last of what belongs to the connections goes when the library closes.
    nats_rs::ffi::library::nats_CloseAndWait(0);
    WATCHED.store(false, Ordering::Relaxed);
    assert_eq!(
        LEFT_BEHIND.load(Ordering::Relaxed),
        0,
        "blocks with a secret in them"
    );
}
