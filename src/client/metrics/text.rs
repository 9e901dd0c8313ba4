//! Metrics as OpenMetrics text.
//!
//! Each connection has a series of its own, with its number and name as labels. Those that have ended are one series
//! together, with the number 0, so that sums over the label are those of the process and never become smaller.

use std::fmt::{Display, Write};

use super::{Metrics, all};
use crate::histogram::{Counts, bound};

/// What only the process as a whole has.
pub struct ProcessFacts<'a> {
    /// Threads of the library.
    pub threads: u64,
    /// Handles that the program has, by kind.
    pub handles: &'a [(&'a str, u64)],
    /// Bytes of memory that messages are received into, and those of them that are not in use.
    pub memory: u64,
    /// Bytes of it that are kept for reuse.
    pub unused_memory: u64,
    /// Lines that log handlers have not received.
    pub log_lines_lost: u64,
    /// The version of the library, and what it was built from.
    pub build: &'a [(&'a str, &'a str)],
}

type Series = Vec<(String, Metrics)>;

/// The value of a metric of a connection.
type Read = fn(&Metrics) -> u64;

/// Name, unit, help, and value.
type Family = (&'static str, &'static str, &'static str, Read);

const COUNTERS: [Family; 10] = [
    ("nats_received_messages", "", "Messages received.", |m| {
        m.in_msgs
    }),
    (
        "nats_received_bytes",
        "bytes",
        "Headers and payloads received.",
        |m| m.in_bytes,
    ),
    (
        "nats_published_messages",
        "",
        "Messages accepted for publishing.",
        |m| m.out_msgs,
    ),
    (
        "nats_published_bytes",
        "bytes",
        "Headers and payloads accepted for publishing.",
        |m| m.out_bytes,
    ),
    (
        "nats_reconnects",
        "",
        "How often a lost connection was restored.",
        |m| m.reconnects,
    ),
    (
        "nats_connect_attempts",
        "",
        "Attempts to connect to a server.",
        |m| m.connect_attempts,
    ),
    (
        "nats_connect_failures",
        "",
        "Attempts to connect that failed.",
        |m| m.connect_failures,
    ),
    (
        "nats_dropped_messages",
        "",
        "Messages dropped by slow consumers.",
        |m| m.dropped_msgs,
    ),
    (
        "nats_slow_consumers",
        "",
        "How often a subscription began to drop messages.",
        |m| m.slow_consumers,
    ),
    ("nats_errors", "", "Errors that no call returned.", |m| {
        m.errors
    }),
];

const GAUGES: [Family; 5] = [
    (
        "nats_connected",
        "",
        "Whether the connection has a server.",
        |m| m.connected,
    ),
    ("nats_subscriptions", "", "Open subscriptions.", |m| {
        m.subscriptions
    }),
    (
        "nats_pending_messages",
        "",
        "Messages that wait in subscriptions.",
        |m| m.pending_msgs,
    ),
    (
        "nats_pending_bytes",
        "bytes",
        "Bytes that wait in subscriptions.",
        |m| m.pending_bytes,
    ),
    (
        "nats_buffered_bytes",
        "bytes",
        "Bytes that wait to be written.",
        |m| m.buffered_bytes,
    ),
];

/// The metrics of the process as OpenMetrics text.
pub fn open_metrics(process: &ProcessFacts<'_>) -> String {
    let (alive, ended) = all();
    let mut series: Series = vec![(labels(0, ""), ended)];
    for connection in &alive {
        let name = connection.name().map(|name| name.to_string_lossy());
        let labels = labels(connection.number(), &name.unwrap_or_default());
        series.push((labels, connection.metrics()));
    }
    let mut out = Text(String::new());
    for (name, unit, help, read) in COUNTERS {
        out.family(name, "counter", unit, help);
        for (labels, metrics) in &series {
            out.sample(name, "_total", labels, read(metrics));
        }
    }
    for (name, unit, help, read) in GAUGES {
        out.family(name, "gauge", unit, help);
        for (labels, metrics) in &series[1..] {
            out.sample(name, "", labels, read(metrics));
        }
    }
    type Times = fn(&Metrics) -> &Counts;
    let times: [(&str, &str, Times); 2] = [
        (
            "nats_round_trip_seconds",
            "How long servers took to answer PINGs.",
            |m| &m.round_trips,
        ),
        (
            "nats_callback_seconds",
            "How long message callbacks took, on average of each run.",
            |m| &m.callbacks,
        ),
    ];
    for (name, help, read) in times {
        out.family(name, "histogram", "seconds", help);
        for (labels, metrics) in &series {
            out.histogram(name, labels, read(metrics));
        }
    }
    out.process(process);
    out.0.push_str("# EOF\n");
    out.0
}

fn labels(number: u64, name: &str) -> String {
    format!("connection=\"{number}\",name=\"{}\"", escaped(name))
}

fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n")
}

struct Text(String);

impl Text {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(line);
        self.0.push('\n');
    }

    fn family(&mut self, name: &str, kind: &str, unit: &str, help: &str) {
        self.line(format_args!("# TYPE {name} {kind}"));
        if !unit.is_empty() {
            self.line(format_args!("# UNIT {name} {unit}"));
        }
        self.line(format_args!("# HELP {name} {help}"));
    }

    fn sample(&mut self, name: &str, suffix: &str, labels: &str, value: impl Display) {
        match labels {
            "" => self.line(format_args!("{name}{suffix} {value}")),
            labels => self.line(format_args!("{name}{suffix}{{{labels}}} {value}")),
        }
    }

    fn histogram(&mut self, name: &str, labels: &str, counts: &Counts) {
        let mut so_far = 0;
        for (bucket, count) in counts.buckets.iter().enumerate() {
            so_far += count;
            let le = bound(bucket).map_or("+Inf".to_owned(), seconds);
            self.sample(name, "_bucket", &format!("{labels},le=\"{le}\""), so_far);
        }
        self.sample(name, "_count", labels, so_far);
        self.sample(name, "_sum", labels, seconds(counts.sum));
    }

    fn process(&mut self, facts: &ProcessFacts<'_>) {
        for (name, unit, help, value) in [
            ("nats_threads", "", "Threads of the library.", facts.threads),
            (
                "nats_message_memory_bytes",
                "bytes",
                "Memory that messages are received into.",
                facts.memory,
            ),
            (
                "nats_unused_memory_bytes",
                "bytes",
                "The part of it that is kept for reuse.",
                facts.unused_memory,
            ),
        ] {
            self.family(name, "gauge", unit, help);
            self.sample(name, "", "", value);
        }
        self.family(
            "nats_handles",
            "gauge",
            "",
            "Handles that the program has not destroyed.",
        );
        for (kind, count) in facts.handles {
            self.sample(
                "nats_handles",
                "",
                &format!("kind=\"{}\"", escaped(kind)),
                count,
            );
        }
        let lost = "nats_log_lines_lost";
        self.family(
            lost,
            "counter",
            "",
            "Lines that log handlers have not received.",
        );
        self.sample(lost, "_total", "", facts.log_lines_lost);
        self.family(
            "nats_build",
            "info",
            "",
            "The library and what it was built from.",
        );
        let facts = facts
            .build
            .iter()
            .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)));
        let labels = facts.collect::<Vec<_>>().join(",");
        self.sample("nats_build", "_info", &labels, 1);
    }
}

/// Nanoseconds as seconds, exactly, in the canonical form of numbers.
fn seconds(nanos: u64) -> String {
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    let text = text.trim_end_matches('0');
    match text.ends_with('.') {
        true => format!("{text}0"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(seconds(0), "0.0");
        assert_eq!(seconds(1_000), "0.000001");
        assert_eq!(seconds(16_777_216_000), "16.777216");
        assert_eq!(seconds(3_000_000_000), "3.0");
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(
            labels(3, "a\"b\\c\nd"),
            "connection=\"3\",name=\"a\\\"b\\\\c\\nd\""
        );
    }

    #[test]
    fn histograms_accumulate() {
        let mut counts = Counts::default();
        (counts.buckets[0], counts.buckets[2], counts.sum) = (2, 3, 50_000);
        let mut text = Text(String::new());
        text.histogram("t", "a=\"b\"", &counts);
        let lines: Vec<_> = text.0.lines().collect();
        assert_eq!(lines.len(), 16);
        assert_eq!(lines[0], "t_bucket{a=\"b\",le=\"0.000001\"} 2");
        assert_eq!(lines[2], "t_bucket{a=\"b\",le=\"0.000016\"} 5");
        assert_eq!(
            lines[13..],
            [
                "t_bucket{a=\"b\",le=\"+Inf\"} 5",
                "t_count{a=\"b\"} 5",
                "t_sum{a=\"b\"} 0.00005"
            ]
        );
    }
}
