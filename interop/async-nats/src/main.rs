//! The side of the crate async-nats in the interoperability test: what `ours.c` does, with that client. `README.md`
//! says what is written.
//!
//! usage: interop-async-nats URL write|read|watch|change|serve|ask WHO

mod keys;
mod objects;
mod services;
mod watching;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// How long the other side may take.
const WAIT: Duration = Duration::from_secs(10);
/// What this side is called.
const ME: &str = "rust";

/// What is wrong with a case.
type Outcome = Result<(), String>;

/// Turns any error into what is wrong.
trait Explained<T> {
    fn explained(self, what: &str) -> Result<T, String>;
}

impl<T, E: Display> Explained<T> for Result<T, E> {
    fn explained(self, what: &str) -> Result<T, String> {
        self.map_err(|e| format!("{what}: {e}"))
    }
}

fn expect(condition: bool, what: impl Display) -> Outcome {
    if condition { Ok(()) } else { Err(what.to_string()) }
}

/// Tells how a case went, and returns that.
fn report(name: &str, outcome: Outcome) -> bool {
    match &outcome {
        Ok(()) => println!("ok {name}"),
        Err(why) => println!("FAIL {name} | {why}"),
    }
    outcome.is_ok()
}

/// Tells the script that the other side may begin.
fn ready() {
    println!("ready");
    let _ = std::io::stdout().flush();
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, command, who] = &arguments[..] else {
        eprintln!("usage: interop-async-nats URL write|read|watch|change|serve|ask WHO");
        return ExitCode::from(2);
    };
    let client = match async_nats::connect(url).await {
        Ok(client) => client,
        Err(e) => {
            eprintln!("connect: {e}");
            return ExitCode::FAILURE;
        }
    };
    let js = async_nats::jetstream::new(client.clone());
    let well = match command.as_str() {
        "write" => {
            let keys = report("keys written", keys::write(&js, who).await);
            report("objects written", objects::write(&js, who).await) && keys
        }
        "read" => {
            let keys = keys::read(&js, who).await;
            objects::read(&js, who).await && keys
        }
        "watch" => watching::watch(&js, who).await,
        "change" => report("changes made", watching::change(&js, who).await),
        "serve" => report("service offered", services::serve(&client, who).await),
        "ask" => services::ask(&client, who).await,
        _ => false,
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
