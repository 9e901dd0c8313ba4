//! One case of the benchmark with the crate async-nats: the counterpart of `bench.c`, with the same cases, arguments
//! and output. Defaults are kept but for the length of a subscription's queue, which must not drop anything.
//!
//! Its `flush` ends when all bytes are with the kernel, without the round trip that `natsConnection_Flush` waits for:
//! so a publishing case ends a little earlier here than it does in C.

mod objects;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{Client, ConnectOptions, HeaderMap, Subject};
use bytes::Bytes;
use futures_util::StreamExt;

const MAX_COUNT: usize = 20_000_000;
/// Of one case.
const LIMIT: Duration = Duration::from_secs(60);
/// Round trips before they are measured.
const WARM_UP: usize = 200;
/// Between one-way messages.
const SILENCE: Duration = Duration::from_millis(1);
const PUBLISH_TO: Subject = Subject::from_static("bench.pub");
/// As bench.c has them.
const HEADERS: [(&str, &str); 2] =
    [("Trace-Id", "0af7651916cd43dd8448eb211c80319c"), ("Content-Type", "application/json")];

/// What is printed. `None` is printed as `null`.
#[derive(Default)]
struct Outcome {
    count: usize,
    seconds: f64,
    cpu_ns: f64,
    latencies: Vec<Duration>,
    bytes: Option<f64>,
    threads: Option<f64>,
}

struct Watch {
    wall: Instant,
    cpu: i64,
}

impl Watch {
    fn start() -> Self {
        Watch { wall: Instant::now(), cpu: cpu_ns() }
    }

    fn stop(&self, count: usize) -> Outcome {
        Outcome {
            count,
            seconds: self.wall.elapsed().as_secs_f64(),
            cpu_ns: (cpu_ns() - self.cpu) as f64,
            ..Outcome::default()
        }
    }
}

fn cpu_ns() -> i64 {
    // SAFETY: all zeros is a valid `rusage`, and it is written to for the length of the call only.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let of = |t: libc::timeval| t.tv_sec * 1_000_000_000 + t.tv_usec * 1000;
    of(usage.ru_utime) + of(usage.ru_stime)
}

fn from_status(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = status.lines().find_map(|l| l.strip_prefix(key)).expect("the key is known");
    line.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number")
}

async fn connect(url: &str) -> Client {
    let options = ConnectOptions::new().subscription_capacity(MAX_COUNT);
    options.connect(url).await.expect("connect")
}

/// The bytes that the peer received so far, asked for on a socket of our own.
fn peer_received(url: &str) -> u64 {
    let mut peer = TcpStream::connect(url.trim_start_matches("nats://")).expect("the peer");
    peer.write_all(b"STAT\r\n").expect("the peer");
    let mut text = Vec::new();
    loop {
        let mut some = [0; 1024];
        let n = peer.read(&mut some).expect("the peer");
        assert!(n > 0, "the peer does not answer");
        text.extend_from_slice(&some[..n]);
        let text = String::from_utf8_lossy(&text);
        if let Some((_, number)) = text.split_once("\n+")
            && let Some((number, _)) = number.split_once("\r\n")
        {
            return number.parse().expect("a number");
        }
    }
}

async fn deliver(url: &str, count: usize, size: usize) -> Outcome {
    let client = connect(url).await;
    let watch = Watch::start();
    let mut messages = client.subscribe(format!("now.{size}.{count}")).await.expect("subscribe");
    for _ in 0..count {
        let message = messages.next().await.expect("a message");
        assert!(message.payload.len() == size && message.payload[0] == b'x');
    }
    watch.stop(count)
}

#[derive(Clone, Copy, PartialEq)]
enum With {
    Nothing,
    /// The same headers again and again.
    Headers,
    /// Headers made anew for each message.
    NewHeaders,
}

async fn publish_all(client: Client, count: usize, payload: Bytes, with: With) {
    let make = || HeaderMap::from_iter(HEADERS.map(|(k, v)| (k.parse().expect("a name"), v.parse().expect("a value"))));
    let headers = make();
    for _ in 0..count {
        let payload = payload.clone();
        match with {
            With::Nothing => client.publish(PUBLISH_TO, payload).await,
            With::Headers => client.publish_with_headers(PUBLISH_TO, headers.clone(), payload).await,
            With::NewHeaders => client.publish_with_headers(PUBLISH_TO, make(), payload).await,
        }
        .expect("publish");
    }
}

async fn publish(url: &str, count: usize, size: usize, tasks: usize, with: With) -> Outcome {
    let client = connect(url).await;
    let payload = Bytes::from(vec![b'x'; size]);
    let each = count / tasks;
    let expected = (each * tasks * (size + "PUB bench.pub 1\r\n\r\n".len())) as u64;
    let before = peer_received(url);
    let watch = Watch::start();
    let all: Vec<_> =
        (0..tasks).map(|_| tokio::spawn(publish_all(client.clone(), each, payload.clone(), with))).collect();
    for one in all {
        one.await.expect("no panic");
    }
    client.flush().await.expect("flush");
    let outcome = watch.stop(each * tasks);
    let deadline = Instant::now() + Duration::from_secs(5);
    while peer_received(url) - before < expected {
        assert!(Instant::now() < deadline, "not all that was published arrived");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    outcome
}

async fn oneway(url: &str, count: usize) -> Outcome {
    let (from, to) = (connect(url).await, connect(url).await);
    let mut messages = to.subscribe("bench.oneway").await.expect("subscribe");
    to.flush().await.expect("flush");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let payload = Bytes::from_static(b"01234567");
    // A task of its own receives, as a callback's thread does in C.
    let (arrived_at, mut arrivals) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while messages.next().await.is_some() {
            let _ = arrived_at.send(Instant::now()).await;
        }
    });
    let mut latencies = Vec::with_capacity(count);
    let mut watch = Watch::start();
    for i in 0..count + WARM_UP / 4 {
        if i == WARM_UP / 4 {
            watch = Watch::start();
        }
        let sent = Instant::now();
        from.publish("bench.oneway", payload.clone()).await.expect("publish");
        let arrived = arrivals.recv().await.expect("an arrival");
        if i >= WARM_UP / 4 {
            latencies.push(arrived - sent);
        }
        tokio::time::sleep(SILENCE).await;
    }
    Outcome { latencies, ..watch.stop(count) }
}

async fn call_all(client: Client, count: usize) -> Vec<Duration> {
    let payload = Bytes::from_static(b"0123456789abcdef");
    let mut latencies = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        let reply = client.request("bench.service", payload.clone()).await.expect("a reply");
        assert_eq!(reply.payload.len(), payload.len());
        latencies.push(start.elapsed());
    }
    latencies
}

async fn request(url: &str, count: usize, callers: usize, responder: bool) -> Outcome {
    let client = connect(url).await;
    if responder {
        let service = connect(url).await;
        let mut requests = service.subscribe("bench.service").await.expect("subscribe");
        service.flush().await.expect("flush");
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let reply = request.reply.expect("a reply subject");
                service.publish(reply, request.payload).await.expect("publish");
            }
        });
    }
    call_all(client.clone(), WARM_UP).await;
    let each = count / callers;
    let watch = Watch::start();
    let all: Vec<_> = (0..callers).map(|_| tokio::spawn(call_all(client.clone(), each))).collect();
    let mut latencies = Vec::with_capacity(count);
    for one in all {
        latencies.extend(one.await.expect("no panic"));
    }
    Outcome { latencies, ..watch.stop(each * callers) }
}

async fn idle_subscriptions(url: &str, count: usize) -> Outcome {
    let client = connect(url).await;
    let mut all = Vec::with_capacity(count);
    let (bytes, threads) = (from_status("VmRSS:"), from_status("Threads:"));
    let watch = Watch::start();
    for i in 0..count {
        // Somebody has to wait for the messages: a task, the counterpart of a callback.
        let mut messages = client.subscribe(format!("idle.{i}")).await.expect("subscribe");
        all.push(tokio::spawn(async move { while messages.next().await.is_some() {} }));
    }
    client.flush().await.expect("flush");
    let outcome = watch.stop(count);
    tokio::time::sleep(Duration::from_millis(50)).await;
    Outcome {
        bytes: Some((from_status("VmRSS:") - bytes) * 1024.0 / count as f64),
        threads: Some(from_status("Threads:") - threads),
        ..outcome
    }
}

async fn idle_connections(url: &str, count: usize) -> Outcome {
    let _first = connect(url).await;
    let mut all = Vec::with_capacity(count);
    let (bytes, threads) = (from_status("VmRSS:"), from_status("Threads:"));
    let watch = Watch::start();
    for _ in 0..count {
        all.push(connect(url).await);
    }
    let outcome = watch.stop(count);
    tokio::time::sleep(Duration::from_millis(50)).await;
    Outcome {
        bytes: Some((from_status("VmRSS:") - bytes) * 1024.0 / count as f64),
        threads: Some(from_status("Threads:") - threads),
        ..outcome
    }
}

async fn connect_close(url: &str, count: usize) -> Outcome {
    drop(connect(url).await);
    let mut latencies = Vec::with_capacity(count);
    let watch = Watch::start();
    for _ in 0..count {
        let start = Instant::now();
        drop(connect(url).await);
        latencies.push(start.elapsed());
    }
    let seconds = watch.wall.elapsed().as_secs_f64();
    // The last tasks end by themselves; their CPU time counts.
    tokio::time::sleep(Duration::from_millis(20)).await;
    Outcome { seconds, latencies, ..watch.stop(count) }
}

fn print(case: &str, outcome: Outcome) {
    let Outcome { count, seconds, cpu_ns, mut latencies, bytes, threads } = outcome;
    latencies.sort_unstable();
    let us = |at: usize| latencies.get(at).map(|l| l.as_secs_f64() * 1e6);
    let n = latencies.len();
    let (p50, p99) = (us(n / 2), us((n - n / 100).saturating_sub(1)));
    let number = |n: Option<f64>| n.map_or("null".to_owned(), |n| format!("{n:.2}"));
    let rate = (case != "oneway").then_some(count as f64 / seconds);
    println!(
        "{{\"library\": \"async-nats\", \"case\": \"{case}\", \"count\": {count}, \"seconds\": {seconds:.6}, \"rate\": {}, \
         \"cpu_ns_per_msg\": {:.2}, \"p50_us\": {}, \"p99_us\": {}, \"bytes\": {}, \"threads\": {}}}",
        number(rate),
        cpu_ns / count as f64,
        number(p50),
        number(p99),
        number(bytes),
        number(threads),
    );
}

#[tokio::main]
async fn main() {
    let args: Arc<Vec<String>> = Arc::new(std::env::args().skip(1).collect());
    let [case, _, count] = args.as_slice() else {
        eprintln!("usage: bench-async-nats CASE URL COUNT");
        std::process::exit(2);
    };
    let count: usize = count.parse().expect("a count");
    assert!((16..=MAX_COUNT).contains(&count), "a count is 16 to {MAX_COUNT}");
    let work = {
        let args = args.clone();
        async move {
            let (case, url) = (args[0].as_str(), args[1].as_str());
            match case {
                "deliver_cb_16" => deliver(url, count, 16).await,
                "deliver_cb_1k" => deliver(url, count, 1024).await,
                "pub_16" => publish(url, count, 16, 1, With::Nothing).await,
                "pub_16_4t" => publish(url, count, 16, 4, With::Nothing).await,
                "pub_hdr_128" => publish(url, count, 128, 1, With::Headers).await,
                "pub_hdr_128_new" => publish(url, count, 128, 1, With::NewHeaders).await,
                "pub_1k" => publish(url, count, 1024, 1, With::Nothing).await,
                "pub_64k" => publish(url, count, 64 << 10, 1, With::Nothing).await,
                "pub_1m" => publish(url, count, 1 << 20, 1, With::Nothing).await,
                case if case.starts_with("pub_bytes_") => {
                    let size = case["pub_bytes_".len()..].parse().expect("a size");
                    publish(url, count, size, 1, With::Nothing).await
                }
                "oneway" => oneway(url, count).await,
                "request_1" => request(url, count, 1, true).await,
                "request_8" => request(url, count, 8, true).await,
                "request_1_peer" => request(url, count, 1, false).await,
                "idle_subs" => idle_subscriptions(url, count).await,
                "idle_conns" => idle_connections(url, count).await,
                "obj_put" => objects::put(url, count).await,
                "obj_get" => objects::get(url, count).await,
                "connect_close" => connect_close(url, count).await,
                _ => panic!("no such case"),
            }
        }
    };
    let outcome = tokio::time::timeout(LIMIT, tokio::spawn(work)).await.expect("in time").expect("no panic");
    print(case, outcome);
    std::process::exit(0);
}
