//! Services: offered to others, and asked of them.

use std::collections::HashMap;

use async_nats::Client;
use async_nats::service::{Info, PingResponse, ServiceExt, Stats, error};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt;

use crate::{Explained, Outcome, expect, ready, report};

pub async fn serve(client: &Client, who: &str) -> Outcome {
    let metadata = HashMap::from([("k".to_owned(), "v".to_owned())]);
    let service = client
        .service_builder()
        .description("says \"it\" again")
        .metadata(metadata.clone())
        .start(format!("svc-{who}"), "1.2.3")
        .await
        .explained("start")?;
    let group = service.group(who);
    let mut echo = group.endpoint_builder().name("echo").metadata(metadata).add("echo").await.explained("echo")?;
    let mut failing = group.endpoint_builder().name("fail").add("fail").await.explained("fail")?;
    tokio::spawn(async move {
        while let Some(request) = echo.next().await {
            let answer = request.message.payload.clone();
            if let Err(e) = request.respond(Ok(answer)).await {
                eprintln!("echo: {e}");
            }
        }
    });
    tokio::spawn(async move {
        while let Some(request) = failing.next().await {
            let error = error::Error { status: "bad request".into(), code: 400 };
            if let Err(e) = request.respond(Err(error)).await {
                eprintln!("fail: {e}");
            }
        }
    });
    client.flush().await.explained("flush")?;
    ready();
    // The script closes it when the others have asked.
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await.explained("wait")?;
    service.stop().await.explained("stop")
}

async fn answer<T: DeserializeOwned>(client: &Client, subject: String) -> Result<T, String> {
    let reply = client.request(subject, "".into()).await.explained("request")?;
    serde_json::from_slice(&reply.payload).map_err(|e| format!("{e} in {}", String::from_utf8_lossy(&reply.payload)))
}

pub async fn ask(client: &Client, who: &str) -> bool {
    let mut well = report("services: PING", ping(client, who).await);
    well &= report("services: INFO", info(client, who).await);
    well &= report("services: requests", requests(client, who).await);
    well & report("services: STATS", stats(client, who).await)
}

async fn ping(client: &Client, who: &str) -> Outcome {
    let one: PingResponse = answer(client, format!("$SRV.PING.svc-{who}")).await?;
    expect(one.name == format!("svc-{who}") && one.version == "1.2.3", &one.name)?;
    let again: PingResponse = answer(client, format!("$SRV.PING.svc-{who}.{}", one.id)).await?;
    expect(again.id == one.id && again.kind == "io.nats.micro.v1.ping_response", &again.kind)
}

async fn info(client: &Client, who: &str) -> Outcome {
    let info: Info = answer(client, format!("$SRV.INFO.svc-{who}")).await?;
    let said = format!("{info:?}");
    expect(info.description == "says \"it\" again" && info.metadata.get("k").is_some_and(|v| v == "v"), &said)?;
    let echo = info.endpoints.iter().find(|e| e.name == "echo").ok_or("no echo")?;
    expect(echo.subject == format!("{who}.echo") && echo.queue_group == "q", &said)?;
    expect(echo.metadata.get("k").is_some_and(|v| v == "v"), &said)
}

async fn requests(client: &Client, who: &str) -> Outcome {
    let reply = client.request(format!("{who}.echo"), "hello".into()).await.explained("echo")?;
    expect(reply.payload == "hello", "another answer")?;
    let reply = client.request(format!("{who}.fail"), "".into()).await.explained("fail")?;
    let headers = reply.headers.ok_or("no headers")?;
    let header = |name: &str| headers.get(name).map(|v| v.as_str().to_owned()).unwrap_or_default();
    expect(header("Nats-Service-Error") == "bad request", "the error")?;
    expect(header("Nats-Service-Error-Code") == "400", "the code")
}

async fn stats(client: &Client, who: &str) -> Outcome {
    let stats: Stats = answer(client, format!("$SRV.STATS.svc-{who}")).await?;
    let find = |name: &str| stats.endpoints.iter().find(|e| e.name == name).ok_or(format!("no {name}"));
    let (echo, failing) = (find("echo")?, find("fail")?);
    let said = format!("{echo:?} {failing:?}");
    expect(echo.requests == 1 && echo.errors == 0 && !echo.processing_time.is_zero(), &said)?;
    let error = failing.last_error.as_ref().map(|e| e.status.as_str());
    expect(failing.errors == 1 && error.is_some_and(|e| e.contains("bad request")), &said)
}
