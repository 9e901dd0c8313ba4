//! Watchers: what another client changes is told in its order.

use std::time::Duration;

use async_nats::jetstream::{Context, kv, object_store};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::{Explained, Outcome, WAIT, expect, ready, report};

pub async fn watch(js: &Context, who: &str) -> bool {
    let (mut keys, mut objects) = match open(js, who).await {
        Ok(both) => both,
        Err(e) => return report("keys: watch", Err(e)),
    };
    ready();
    let well = report("keys: watch", watch_keys(&mut keys).await);
    report("objects: watch", watch_objects(&mut objects).await) && well
}

async fn open(js: &Context, who: &str) -> Result<(kv::Watch, object_store::Watch), String> {
    let config = kv::Config {
        bucket: format!("kvw-{who}"),
        history: 5,
        limit_markers: Some(Duration::from_secs(1)),
        ..kv::Config::default()
    };
    let keys = js.create_key_value(config).await.explained("create the keys' bucket")?;
    let config = object_store::Config { bucket: format!("objw-{who}"), ..object_store::Config::default() };
    let objects = js.create_object_store(config).await.explained("create the objects' bucket")?;
    Ok((keys.watch_all().await.explained("watch")?, objects.watch().await.explained("watch")?))
}

async fn watch_keys(watch: &mut kv::Watch) -> Outcome {
    use kv::Operation::{Delete, Purge, Put};
    // The last one is the server's own marker.
    for want in [
        ("a", Put, "1"),
        ("a", Put, "2"),
        ("b", Put, "x"),
        ("a", Delete, ""),
        ("b", Purge, ""),
        ("c", Put, "y"),
        ("c", Purge, ""),
    ] {
        let entry = timeout(WAIT, watch.next()).await.explained("next")?.ok_or("the end")?.explained("next")?;
        let value = String::from_utf8_lossy(&entry.value);
        let got = (entry.key.as_str(), entry.operation, &*value);
        expect(got == want, format!("{got:?} in place of {want:?}"))?;
    }
    Ok(())
}

async fn watch_objects(watch: &mut object_store::Watch) -> Outcome {
    for want in [("a", 3, false), ("b", 0, false), ("a", 5, false), ("a", 0, true)] {
        let info = timeout(WAIT, watch.next()).await.explained("next")?.ok_or("the end")?.explained("next")?;
        let got = (info.name.as_str(), info.size, info.deleted);
        expect(got == want, format!("{got:?} in place of {want:?}"))?;
    }
    Ok(())
}

pub async fn change(js: &Context, who: &str) -> Outcome {
    let kv = js.get_key_value(format!("kvw-{who}")).await.explained("the keys' bucket")?;
    let obs = js.get_object_store(format!("objw-{who}")).await.explained("the objects' bucket")?;
    kv.put("a", "1".into()).await.explained("put")?;
    kv.put("a", "2".into()).await.explained("put")?;
    kv.put("b", "x".into()).await.explained("put")?;
    kv.delete("a").await.explained("delete")?;
    kv.purge("b").await.explained("purge")?;
    kv.create_with_ttl("c", "y".into(), Duration::from_secs(1)).await.explained("create")?;
    obs.put("a", &mut "one".as_bytes()).await.explained("put")?;
    obs.put("b", &mut "".as_bytes()).await.explained("put")?;
    obs.put("a", &mut "three".as_bytes()).await.explained("put")?;
    obs.delete("a").await.explained("delete")
}
