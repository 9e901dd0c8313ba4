//! Keys: written for others, and read from them.

use std::time::{Duration, SystemTime};

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{Config, Operation, Store};
use futures_util::StreamExt;

use crate::{Explained, ME, Outcome, WAIT, expect, report};

pub async fn write(js: &Context, who: &str) -> Outcome {
    let config = Config {
        bucket: format!("kv-{who}"),
        description: "keys".into(),
        history: 5,
        limit_markers: Some(Duration::from_secs(1)),
        ..Config::default()
    };
    let kv = js.create_key_value(config).await.explained("create the bucket")?;
    let all_bytes: Vec<u8> = (0..=255).collect();
    kv.put("text", "hello".into()).await.explained("put")?;
    kv.put("bytes", all_bytes.into()).await.explained("put")?;
    kv.put("empty", "".into()).await.explained("put")?;
    kv.put("a.b-c_d/e=f", "odd".into()).await.explained("put")?;
    for value in ["v1", "v2", "v3"] {
        kv.put("hist", value.into()).await.explained("put")?;
    }
    kv.put("gone", "x".into()).await.explained("put")?;
    kv.delete("gone").await.explained("delete")?;
    kv.put("wiped", "a".into()).await.explained("put")?;
    kv.put("wiped", "b".into()).await.explained("put")?;
    kv.purge("wiped").await.explained("purge")?;
    let revision = kv.create("fresh", "new".into()).await.explained("create")?;
    kv.update("fresh", "newer".into(), revision).await.explained("update")?;
    kv.put("again", "x".into()).await.explained("put")?;
    kv.delete("again").await.explained("delete")?;
    kv.create("again", "back".into()).await.explained("create again")?;
    kv.put("shared", "0".into()).await.explained("put")?;
    kv.create_with_ttl("short", "x".into(), Duration::from_secs(1)).await.explained("create with a time to live")?;
    Ok(())
}

pub async fn read(js: &Context, who: &str) -> bool {
    let kv = match js.get_key_value(format!("kv-{who}")).await {
        Ok(kv) => kv,
        Err(e) => return report("keys: bucket", Err(e.to_string())),
    };
    let mut well = report("keys: bucket", status(&kv).await);
    well &= report("keys: values", values(&kv).await);
    well &= report("keys: deleted and purged", deleted(&kv).await);
    well &= report("keys: history", histories(&kv).await);
    well &= report("keys: time to live", expired(&kv).await);
    well &= report("keys: list", keys(&kv).await);
    well &= report("keys: create and update", changes(&kv).await);
    well
}

async fn status(kv: &Store) -> Outcome {
    let status = kv.status().await.explained("status")?;
    let said = (status.history(), status.max_age(), status.values() >= 12);
    expect(said == (5, Duration::ZERO, true), format!("{said:?}"))
}

async fn has(kv: &Store, key: &str, want: &[u8]) -> Outcome {
    let got = kv.get(key).await.explained("get")?;
    expect(got.as_deref() == Some(want), format!("{key} is {got:?}"))
}

async fn values(kv: &Store) -> Outcome {
    let all_bytes: Vec<u8> = (0..=255).collect();
    has(kv, "text", b"hello").await?;
    has(kv, "bytes", &all_bytes).await?;
    has(kv, "empty", b"").await?;
    has(kv, "a.b-c_d/e=f", b"odd").await?;
    has(kv, "fresh", b"newer").await?;
    has(kv, "again", b"back").await?;
    let entry = kv.entry("text").await.explained("entry")?.ok_or("no text")?;
    let again = kv.entry_for_revision("text", entry.revision).await.explained("revision")?;
    expect(again.is_some_and(|e| e.value == "hello"), "text by its revision")?;
    let age = SystemTime::now().duration_since(entry.created.into()).explained("created")?;
    expect(age < Duration::from_secs(600), format!("it is {age:?} old"))
}

async fn deleted(kv: &Store) -> Outcome {
    for key in ["gone", "wiped", "never"] {
        let got = kv.get(key).await.explained("get")?;
        expect(got.is_none(), format!("{key} is {got:?}"))?;
    }
    Ok(())
}

async fn histories(kv: &Store) -> Outcome {
    for (key, want) in [("hist", "+v1 +v2 +v3 "), ("gone", "+x - "), ("wiped", "! "), ("again", "+x - +back ")] {
        let mut got = String::new();
        let mut history = kv.history(key).await.explained("history")?;
        while let Some(entry) = history.next().await {
            let entry = entry.explained("history")?;
            got.push(match entry.operation {
                Operation::Put => '+',
                Operation::Delete => '-',
                Operation::Purge => '!',
            });
            got += &String::from_utf8_lossy(&entry.value);
            got.push(' ');
        }
        expect(got == want, format!("{key}: {got}"))?;
    }
    Ok(())
}

async fn expired(kv: &Store) -> Outcome {
    let until = tokio::time::Instant::now() + WAIT;
    while kv.get("short").await.explained("get")?.is_some() {
        expect(tokio::time::Instant::now() < until, "it is still there")?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn keys(kv: &Store) -> Outcome {
    let mut got = Vec::new();
    let mut keys = kv.keys().await.explained("keys")?;
    while let Some(key) = keys.next().await {
        got.push(key.explained("keys")?);
    }
    got.sort();
    let want = ["a.b-c_d/e=f", "again", "bytes", "empty", "fresh", "hist", "shared", "text"];
    expect(got == want, format!("{got:?}"))
}

async fn changes(kv: &Store) -> Outcome {
    let shared = kv.entry("shared").await.explained("entry")?.ok_or("no shared")?;
    kv.update("shared", "1".into(), shared.revision).await.explained("update")?;
    expect(kv.update("shared", "2".into(), shared.revision).await.is_err(), "a late update is accepted")?;
    expect(kv.create("text", "2".into()).await.is_err(), "what exists is created")?;
    kv.create(format!("from-{ME}"), "x".into()).await.explained("create")?;
    kv.purge(format!("from-{ME}")).await.explained("purge")
}
