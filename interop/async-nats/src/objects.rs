//! Objects: written for others, and read from them.

use std::collections::HashMap;

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use async_nats::jetstream::object_store::{Config, ObjectMetadata, ObjectStore, UpdateMetadata};
use futures_util::StreamExt;
use tokio::io::AsyncReadExt;

use crate::{Explained, ME, Outcome, expect, report};

const BIG: usize = 1_048_579;
const BIG_CHUNK: usize = 65_536;

fn pattern() -> Vec<u8> {
    (0..BIG).map(|i| (i * 7 + i / 1000) as u8).collect()
}

async fn put(obs: &ObjectStore, name: &str, mut bytes: &[u8]) -> Outcome {
    obs.put(name, &mut bytes).await.map(|_| ()).explained(name)
}

pub async fn write(js: &Context, who: &str) -> Outcome {
    let config = Config { bucket: format!("obj-{who}"), description: Some("objects".into()), ..Config::default() };
    let obs = js.create_object_store(config).await.explained("create the bucket")?;
    let mut headers = HeaderMap::new();
    headers.insert("X-One", "1");
    let text = ObjectMetadata {
        name: "text".into(),
        description: Some("some words".into()),
        metadata: HashMap::from([("k".into(), "v".into())]),
        headers: Some(headers),
        ..ObjectMetadata::default()
    };
    let text = obs.put(text, &mut "hello".as_bytes()).await.explained("text")?;
    let big = ObjectMetadata { name: "big".into(), chunk_size: Some(BIG_CHUNK), ..ObjectMetadata::default() };
    obs.put(big, &mut &pattern()[..]).await.explained("big")?;
    put(&obs, "empty", b"").await?;
    put(&obs, "gone", b"x").await?;
    obs.delete("gone").await.explained("delete")?;
    put(&obs, "twice", b"one").await?;
    put(&obs, "twice", b"two").await?;
    put(&obs, "shared", b"0").await?;
    put(&obs, "told", b"x").await?;
    let told =
        UpdateMetadata { name: "told".into(), description: Some("told later".into()), ..UpdateMetadata::default() };
    obs.update_metadata("told", told).await.explained("update")?;
    obs.add_link("link", &text).await.explained("link")?;
    obs.add_bucket_link("blink", format!("obj-{who}")).await.explained("bucket link")?;
    Ok(())
}

pub async fn read(js: &Context, who: &str) -> bool {
    let obs = match js.get_object_store(format!("obj-{who}")).await {
        Ok(obs) => obs,
        Err(e) => return report("objects: bucket", Err(e.to_string())),
    };
    // Only these are not written by nats-py.
    let all = who != "python";
    let mut well = report("objects: bytes and digest", values(&obs).await);
    well &= report("objects: description, headers", descriptions(&obs, who, all).await);
    well &= report("objects: deleted", deleted(&obs).await);
    well &= report("objects: list", listed(&obs, if all { 9 } else { 7 }).await);
    if all {
        well &= report("objects: links", links(&obs, who).await);
    }
    well &= report("objects: replace and delete", changes(&obs).await);
    well
}

async fn has(obs: &ObjectStore, name: &str, want: &[u8]) -> Outcome {
    let mut object = obs.get(name).await.explained(name)?;
    let mut got = Vec::new();
    object.read_to_end(&mut got).await.explained(name)?;
    expect(got == want, format!("{name} has {} bytes", got.len()))
}

async fn values(obs: &ObjectStore) -> Outcome {
    has(obs, "text", b"hello").await?;
    has(obs, "big", &pattern()).await?;
    has(obs, "empty", b"").await?;
    has(obs, "twice", b"two").await
}

async fn descriptions(obs: &ObjectStore, who: &str, metadata: bool) -> Outcome {
    let info = obs.info("text").await.explained("info")?;
    let said = format!("{info:?}");
    expect(info.size == 5 && info.chunks == 1 && !info.deleted && info.bucket == format!("obj-{who}"), &said)?;
    expect(info.description.as_deref() == Some("some words"), &said)?;
    let digest = info.digest.as_deref();
    expect(digest == Some("SHA-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="), &said)?;
    let header = info.headers.as_ref().and_then(|h| h.get("X-One"));
    expect(header.is_some_and(|value| value.as_str() == "1"), &said)?;
    expect(!metadata || info.metadata.get("k").is_some_and(|v| v == "v"), &said)?;
    let told = obs.info("told").await.explained("info")?;
    expect(told.description.as_deref() == Some("told later"), format!("{told:?}"))
}

async fn deleted(obs: &ObjectStore) -> Outcome {
    expect(obs.get("gone").await.is_err(), "it can be read")?;
    match obs.info("gone").await {
        Ok(info) => expect(info.deleted && info.size == 0 && info.chunks == 0, format!("{info:?}")),
        Err(e) => Err(e.to_string()),
    }
}

async fn listed(obs: &ObjectStore, want: usize) -> Outcome {
    let mut names = Vec::new();
    let mut list = obs.list().await.explained("list")?;
    while let Some(info) = list.next().await {
        names.push(info.explained("list")?.name);
    }
    expect(names.len() == want && !names.iter().any(|name| name == "gone"), format!("{names:?}"))
}

async fn links(obs: &ObjectStore, who: &str) -> Outcome {
    has(obs, "link", b"hello").await?;
    let info = obs.info("blink").await.explained("info")?;
    let link = info.options.and_then(|o| o.link).ok_or("no link")?;
    expect(link.bucket == format!("obj-{who}") && link.name.is_none(), format!("{link:?}"))
}

async fn changes(obs: &ObjectStore) -> Outcome {
    put(obs, "shared", b"changed").await?;
    has(obs, "shared", b"changed").await?;
    let own = format!("from-{ME}");
    put(obs, &own, b"x").await?;
    obs.delete(&own).await.explained("delete")
}
