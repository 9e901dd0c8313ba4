//! An object of some MiB, stored and read: the counterpart of `stores.c`.

use async_nats::jetstream::object_store::{Config, ObjectStore};
use async_nats::jetstream::{self, stream::StorageType};
use tokio::io::{AsyncReadExt, repeat};

use super::{Outcome, Watch, connect, from_status};

const MIB: u64 = 1 << 20;
const BUCKET: &str = "BENCH";

/// The most memory that this process has had, which is what is told beside the time.
fn told(watch: &Watch, count: usize) -> Outcome {
    let outcome = watch.stop(count);
    Outcome { bytes: Some(from_status("VmHWM:") * 1024.0), ..outcome }
}

async fn make(url: &str) -> ObjectStore {
    let context = jetstream::new(connect(url).await);
    // There may be none.
    let _ = context.delete_object_store(BUCKET).await;
    let config = Config { bucket: BUCKET.into(), storage: StorageType::Memory, ..Config::default() };
    context.create_object_store(config).await.expect("a store")
}

pub async fn put(url: &str, count: usize) -> Outcome {
    let store = make(url).await;
    let mut bytes = repeat(b'x').take(count as u64 * MIB);
    let watch = Watch::start();
    let info = store.put("object", &mut bytes).await.expect("put");
    assert_eq!(info.size as u64, count as u64 * MIB);
    told(&watch, count)
}

pub async fn get(url: &str, count: usize) -> Outcome {
    // What storing it takes is no part of this process's memory.
    let myself = std::env::current_exe().expect("a name");
    let args = ["obj_put", url, &count.to_string()];
    let put = std::process::Command::new(myself).args(args).output().expect("a process");
    assert!(put.status.success(), "the object is not there");
    let context = jetstream::new(connect(url).await);
    let store = context.get_object_store(BUCKET).await.expect("the store");
    let mut room = vec![0; 128 << 10];
    let mut bytes = 0;
    let watch = Watch::start();
    let mut object = store.get("object").await.expect("get");
    loop {
        let n = object.read(&mut room).await.expect("read");
        if n == 0 {
            break;
        }
        assert_eq!(room[0], b'x');
        bytes += n as u64;
    }
    assert_eq!(bytes, count as u64 * MIB);
    told(&watch, count)
}
