//! Connects, publishes, subscribes, requests, uses JetStream and a key-value bucket, and survives a restart of the server.
//!
//! run: cargo run -- URL [all|exit|exit-in-callback|error-in-callback]

mod native;
mod nats_rs;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, io, mem, panic, process, thread};

use nats_rs::{Connection, Subscription};

type Outcome = Result<(), Box<dyn Error>>;

const MESSAGES: u64 = 1000;

fn everything(url: &str) -> Outcome {
    let (on_reconnected, reconnected) = mpsc::channel();
    let nc = Connection::connect(url, move || _ = on_reconnected.send(()))?;
    println!("connected");

    let (numbers, received) = mpsc::channel();
    let sub = nc.subscribe("demo.numbers", move |msg| _ = numbers.send(msg.data))?;
    for number in 0..MESSAGES {
        nc.publish("demo.numbers", number.to_string().as_bytes())?;
    }
    for number in 0..MESSAGES {
        assert_eq!(
            received.recv_timeout(Duration::from_secs(10))?,
            number.to_string().as_bytes()
        );
    }
    println!("received {MESSAGES} messages in order");
    sub.drain(5000)?;

    let answering = Arc::clone(&nc);
    let _question = nc.subscribe("demo.question", move |msg| {
        answering
            .publish(&msg.reply, b"42")
            .expect("an answer can be published");
    })?;
    println!(
        "the answer is {}",
        String::from_utf8(nc.request("demo.question", b"?", 5000)?.data)?
    );
    let refused = nc
        .request("demo.nobody", b"?", 5000)
        .err()
        .ok_or("nobody has answered")?;
    assert_eq!(refused.status, native::NATS_NO_RESPONDERS);
    println!(
        "refused: {}",
        refused.to_string().split(':').next().unwrap_or_default()
    );

    let js = nc.jetstream()?;
    js.add_stream("DEMO", "demo.stored.>")?;
    let mut sequence = 0;
    for number in 0..10 {
        sequence = js.publish("demo.stored.it", number.to_string().as_bytes())?;
    }
    println!("stored {sequence} messages");
    let fetched = js.fetch("demo.stored.>", "demo", 10, 5000)?;
    for (number, msg) in fetched.iter().enumerate() {
        assert_eq!(
            (msg.subject.as_str(), &msg.data[..]),
            ("demo.stored.it", number.to_string().as_bytes())
        );
    }
    println!("fetched and acknowledged {} messages", fetched.len());

    let kv = js.create_bucket("demo")?;
    kv.put("color", b"blue")?;
    kv.put("color", b"green")?;
    let (value, revision) = kv.get("color")?;
    println!(
        "color is {}, revision {revision}",
        String::from_utf8(value)?
    );

    println!("restart the server");
    io::stdin().read_line(&mut String::new())?;
    reconnected.recv_timeout(Duration::from_secs(30))?;
    let answer = nc.request("demo.question", b"?", 5000)?;
    println!(
        "connected again, the answer is {}",
        String::from_utf8(answer.data)?
    );
    nc.close()?;
    println!("ended");
    Ok(())
}

/// A connection whose callbacks run without a pause: each one publishes the next message.
fn busy(
    url: &str,
    mut callback: impl FnMut(u64) + Send + 'static,
) -> Result<(Arc<Connection>, Subscription), Box<dyn Error>> {
    let nc = Connection::connect(url, || {})?;
    let publisher = Arc::clone(&nc);
    let mut count = 0;
    let sub = nc.subscribe("demo.busy", move |msg| {
        let _ = publisher.publish(&msg.subject, &msg.data); // fails once the connection drains
        count += 1;
        callback(count);
    })?;
    for _ in 0..20 {
        nc.publish("demo.busy", b"again")?;
    }
    Ok((nc, sub))
}

fn leave() -> ! {
    println!("leaving");
    process::exit(3)
}

/// The program just ends, with no clean-up, while callbacks run.
fn exit_busy(url: &str) -> Outcome {
    let (running, is_running) = mpsc::channel();
    let _kept = busy(url, move |count| {
        if count == 1000 {
            _ = running.send(());
        }
    })?;
    is_running.recv()?;
    leave()
}

fn exit_in_callback(url: &str) -> Outcome {
    let _kept = busy(url, |count| {
        if count == 1000 {
            leave();
        }
    })?;
    loop {
        thread::park();
    }
}

fn error_in_callback(url: &str) -> Outcome {
    static FAILURES: AtomicU64 = AtomicU64::new(0);
    panic::set_hook(Box::new(|info| {
        if info.payload_as_str() == Some("as it should be") {
            FAILURES.fetch_add(1, Ordering::Relaxed);
        } else {
            eprintln!("{info}");
        }
    }));
    let (running, is_running) = mpsc::channel();
    let (nc, _sub) = busy(url, move |count| {
        if count == 1000 {
            _ = running.send(());
        }
        panic!("as it should be");
    })?;
    is_running.recv()?;
    nc.close()?;
    assert!(FAILURES.load(Ordering::Relaxed) >= 1000, "panics were lost");
    println!("callbacks went on after errors");
    Ok(())
}

/// What a callback allocates is gone when it returns.
fn many_callbacks(url: &str) -> Outcome {
    let (reached, is_reached) = mpsc::channel();
    let (nc, _sub) = busy(url, move |count| {
        if count == 20_000 || count == 220_000 {
            _ = reached.send(());
        }
    })?;
    is_reached.recv()?;
    let before = resident()?;
    is_reached.recv()?;
    let growth = resident()?.saturating_sub(before);
    nc.close()?;
    assert!(growth < 8 << 20, "{growth} bytes in 200000 callbacks");
    println!("callbacks leave nothing behind");
    Ok(())
}

/// Bytes of the process in memory.
fn resident() -> Result<usize, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? << 10)
}

fn sizes() {
    println!(
        "jsStreamConfig {}",
        mem::size_of::<native::jsStreamConfig>()
    );
    println!("kvConfig {}", mem::size_of::<native::kvConfig>());
    println!("jsPubAck {}", mem::size_of::<native::jsPubAck>());
    println!("natsMsgList {}", mem::size_of::<native::natsMsgList>());
}

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().collect();
    let url = arguments.get(1).ok_or("usage: demo URL [WHAT]")?;
    match arguments.get(2).map_or("all", String::as_str) {
        "all" => everything(url),
        "exit" => exit_busy(url),
        "exit-in-callback" => exit_in_callback(url),
        "error-in-callback" => error_in_callback(url),
        "many-callbacks" => many_callbacks(url),
        "sizes" => {
            sizes();
            Ok(())
        }
        other => Err(format!("unknown: {other}").into()),
    }
}
