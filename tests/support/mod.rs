//! A nats-server of its own for a test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The longest that a test waits for what has to come.
pub const LONG: Duration = Duration::from_secs(60);

/// Stands for a directory of the server's own in its arguments.
pub const STORE: &str = "{store}";

/// A server on a free port, which ends with this value, and its directory.
pub struct Server {
    child: Child,
    dir: PathBuf,
    args: Vec<String>,
    pub port: u16,
}

fn binary() -> &'static str {
    static BINARY: OnceLock<String> = OnceLock::new();
    BINARY.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/get-nats-server.sh");
        let found = Command::new(script).output().expect("the script runs");
        assert!(found.status.success(), "there is a nats-server");
        String::from_utf8_lossy(&found.stdout).trim().to_owned()
    })
}

impl Server {
    /// Starts a server with these arguments, in which [`STORE`] stands for a directory of its own.
    pub fn start(args: &[&str]) -> Server {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("nats_rs-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).expect("a directory can be made");
        let store = || dir.join("store").to_string_lossy().into_owned();
        let args: Vec<_> = args
            .iter()
            .map(|arg| arg.replace(STORE, &store()))
            .collect();
        let child = spawn(&dir, &args, "-1");
        let mut server = Server {
            child,
            dir,
            args,
            port: 0,
        };
        server.port = server.find_port();
        server
    }

    /// The server's URL.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port.
    pub fn restart(&mut self) {
        self.stop();
        self.child = spawn(&self.dir, &self.args, &self.port.to_string());
        self.port = self.find_port();
    }

    /// Waits until it listens.
    fn find_port(&self) -> u16 {
        let name = format!("nats-server_{}.ports", self.child.id());
        let file = self.dir.join(name);
        let from = Instant::now();
        loop {
            let port = fs::read_to_string(&file).ok().and_then(|text| {
                let (_, rest) = text.split_once("nats://127.0.0.1:")?;
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().ok()
            });
            if let Some(port) = port {
                return port;
            }
            assert!(from.elapsed() < LONG, "the server writes its ports");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn spawn(dir: &Path, args: &[String], port: &str) -> Child {
    Command::new(binary())
        .args(["-a", "127.0.0.1", "-p", port, "--ports_file_dir"])
        .arg(dir)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts")
}

/// Waits until something is so.
pub fn eventually(what: &str, is: impl Fn() -> bool) {
    let from = Instant::now();
    while !is() {
        assert!(from.elapsed() < LONG, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}
