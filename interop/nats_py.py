"""The side of nats-py in the interoperability test: what ours.c does, with that client. README.md says what is written.

usage: nats_py.py URL write|read|watch|change|serve|ask WHO
"""

import asyncio
import json
import sys
import traceback

import nats
from nats.js import api
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError, ObjectNotFoundError
from nats.js.object_store import LinkIsABucketError
from nats.micro.request import ServiceError
from nats.micro.service import EndpointConfig, GroupConfig, ServiceConfig, ServiceInfo, ServicePing

import micro_schemas

ME = "python"
BIG, BIG_CHUNK = 1048579, 65536
WAIT = 10.0
ODD_NAME = 'ü "q" \\ ?.txt'


def pattern():
    return bytes((i * 7 + i // 1000) & 255 for i in range(BIG))


def ready():
    print("ready", flush=True)


class Cases:
    """Runs cases and tells how each went."""

    def __init__(self):
        self.well = True

    async def run(self, name, case):
        try:
            await case
            print(f"ok {name}", flush=True)
        except Exception as error:  # whatever goes wrong is the case's outcome
            at = traceback.extract_tb(error.__traceback__)[-1]
            said = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"FAIL {name} | {said} ({at.line})", flush=True)
            self.well = False


async def refuses(call, *kinds):
    """The call fails with one of these."""
    try:
        await call
    except kinds:
        return
    raise AssertionError("not refused")


# ---- keys


async def write_keys(js, who):
    kv = await js.create_key_value(
        bucket=f"kv-{who}", description="keys", history=5, limit_marker_ttl=1.0, direct=True
    )
    await kv.put("text", b"hello")
    await kv.put("bytes", bytes(range(256)))
    await kv.put("empty", b"")
    await kv.put("a.b-c_d/e=f", b"odd")
    for value in (b"v1", b"v2", b"v3"):
        await kv.put("hist", value)
    await kv.put("gone", b"x")
    await kv.delete("gone")
    await kv.put("wiped", b"a")
    await kv.put("wiped", b"b")
    await kv.purge("wiped")
    revision = await kv.create("fresh", b"new")
    await kv.update("fresh", b"newer", last=revision)
    await kv.put("again", b"x")
    await kv.delete("again")
    await kv.create("again", b"back")
    await kv.put("shared", b"0")
    await kv.create("short", b"x", msg_ttl=1.0)


async def read_keys(js, who, cases):
    kv = await js.key_value(f"kv-{who}")

    async def bucket():
        status = await kv.status()
        assert (status.history, status.ttl or 0) == (5, 0) and status.values >= 12

    async def values():
        for key, value in (
            ("text", b"hello"),
            ("bytes", bytes(range(256))),
            ("empty", b""),
            ("a.b-c_d/e=f", b"odd"),
            ("fresh", b"newer"),
            ("again", b"back"),
        ):
            entry = await kv.get(key)
            assert (entry.value or b"") == value, (key, entry.value)
        revision = (await kv.get("text")).revision
        assert (await kv.get("text", revision=revision)).value == b"hello"

    async def deleted():
        await refuses(kv.get("gone"), KeyNotFoundError)
        await refuses(kv.get("wiped"), KeyNotFoundError)

    async def histories():
        for key, want in (
            ("hist", [(None, b"v1"), (None, b"v2"), (None, b"v3")]),
            ("gone", [(None, b"x"), ("DEL", b"")]),
            ("wiped", [("PURGE", b"")]),
            ("again", [(None, b"x"), ("DEL", b""), (None, b"back")]),
        ):
            got = [(e.operation, e.value or b"") for e in await kv.history(key)]
            assert got == want, (key, got)

    async def expired():
        loop = asyncio.get_running_loop()
        until = loop.time() + WAIT
        while loop.time() < until:
            try:
                await kv.get("short")
            except KeyNotFoundError:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it is still there")

    async def keys():
        got = sorted(await kv.keys())
        assert got == sorted(["text", "bytes", "empty", "a.b-c_d/e=f", "hist", "fresh", "again", "shared"]), got

    async def changes():
        revision = (await kv.get("shared")).revision
        await kv.update("shared", b"1", last=revision)
        await refuses(kv.update("shared", b"2", last=revision), KeyWrongLastSequenceError)
        await refuses(kv.create("text", b"2"), KeyWrongLastSequenceError)
        await kv.create(f"from-{ME}", b"x")
        await kv.purge(f"from-{ME}")

    await cases.run("keys: bucket", bucket())
    await cases.run("keys: values", values())
    await cases.run("keys: deleted and purged", deleted())
    await cases.run("keys: history", histories())
    await cases.run("keys: time to live", expired())
    await cases.run("keys: list", keys())
    await cases.run("keys: create and update", changes())


# ---- objects


async def write_objects(js, who):
    obs = await js.create_object_store(f"obj-{who}", config=api.ObjectStoreConfig(description="objects"))
    await obs.put("text", b"hello", meta=api.ObjectMeta(description="some words", headers={"X-One": ["1"]}))
    options = api.ObjectMetaOptions(max_chunk_size=BIG_CHUNK)
    await obs.put("big", pattern(), meta=api.ObjectMeta(options=options))
    await obs.put("empty", b"")
    await obs.put(ODD_NAME, b"odd")
    await obs.put("gone", b"x")
    await obs.delete("gone")
    await obs.put("twice", b"one")
    await obs.put("twice", b"two")
    await obs.put("shared", b"0")
    await obs.put("told", b"x")
    await obs.update_meta("told", api.ObjectMeta(name="told", description="told later"))


async def read_objects(js, who, cases):
    obs = await js.object_store(f"obj-{who}")

    async def bucket():
        status = await obs.status()
        assert status.description == "objects" and status.size > BIG and not status.sealed

    async def values():
        for name, value in (("text", b"hello"), ("big", pattern()), ("empty", b""), ("twice", b"two")):
            assert (await obs.get(name)).data == value, name

    async def descriptions():
        info = await obs.get_info("text")
        assert (info.name, info.size, info.chunks, bool(info.deleted)) == ("text", 5, 1, False), info
        assert info.bucket == f"obj-{who}" and info.description == "some words", info
        assert info.digest == "SHA-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", info
        assert info.headers == {"X-One": ["1"]}, info
        assert (await obs.get_info("told")).description == "told later"

    async def any_name():
        assert (await obs.get(ODD_NAME)).data == b"odd"

    async def deleted():
        await refuses(obs.get_info("gone"), ObjectNotFoundError)
        info = await obs.get_info("gone", show_deleted=True)
        assert info.deleted and info.size == 0 and info.chunks == 0

    async def listed():
        names = [info.name for info in await obs.list(ignore_deletes=True)]
        assert len(names) == (9 if who == "ours" else 8) and "gone" not in names, names

    async def links():
        assert (await obs.get("link")).data == b"hello"
        await refuses(obs.get("blink"), LinkIsABucketError)
        info = await obs.get_info("blink")
        assert info.options.link.bucket == f"obj-{who}"

    async def changes():
        await obs.put("shared", b"changed")
        assert (await obs.get("shared")).data == b"changed"
        await obs.put(f"from-{ME}", b"x")
        await obs.delete(f"from-{ME}")

    await cases.run("objects: bucket", bucket())
    await cases.run("objects: bytes and digest", values())
    await cases.run("objects: description, headers", descriptions())
    if who != "rust":
        await cases.run("objects: any name", any_name())
    await cases.run("objects: deleted", deleted())
    await cases.run("objects: list", listed())
    await cases.run("objects: links", links())
    await cases.run("objects: replace and delete", changes())


# ---- watchers


async def watch(js, who, cases):
    kv = await js.create_key_value(bucket=f"kvw-{who}", history=5, limit_marker_ttl=1.0, direct=True)
    obs = await js.create_object_store(f"objw-{who}")
    keys = await kv.watchall()
    assert await keys.updates(timeout=WAIT) is None
    objects = await obs.watch()
    assert await objects.updates(timeout=WAIT) is None
    ready()

    async def watch_keys():
        for want in (
            ("a", None, b"1"),
            ("a", None, b"2"),
            ("b", None, b"x"),
            ("a", "DEL", b""),
            ("b", "PURGE", b""),
            ("c", None, b"y"),
        ):
            entry = await keys.updates(timeout=WAIT)
            got = (entry.key, entry.operation, entry.value or b"")
            assert got == want, (got, want)
        # What this version makes of the server's own marker is its own affair.
        assert (await keys.updates(timeout=WAIT)).key == "c"

    async def watch_objects():
        for want in (("a", 3, False), ("b", 0, False), ("a", 5, False), ("a", 0, True)):
            info = await objects.updates(timeout=WAIT)
            got = (info.name, info.size or 0, bool(info.deleted))
            assert got == want, (got, want)

    await cases.run("keys: watch", watch_keys())
    await cases.run("objects: watch", watch_objects())
    await keys.stop()
    await objects.stop()


async def change(js, who):
    kv = await js.key_value(f"kvw-{who}")
    obs = await js.object_store(f"objw-{who}")
    await kv.put("a", b"1")
    await kv.put("a", b"2")
    await kv.put("b", b"x")
    await kv.delete("a")
    await kv.purge("b")
    await kv.create("c", b"y", msg_ttl=1.0)
    await obs.put("a", b"one")
    await obs.put("b", b"")
    await obs.put("a", b"three")
    await obs.delete("a")


# ---- services


async def serve(nc, who):
    async def echo(request):
        await request.respond(request.data)

    async def failing(request):
        raise ServiceError("400", "bad request")

    service = await nats.micro.add_service(
        nc,
        ServiceConfig(name=f"svc-{who}", version="1.2.3", description='says "it" again', metadata={"k": "v"}),
    )
    group = service.add_group(GroupConfig(name=who))
    await group.add_endpoint(EndpointConfig(name="echo", handler=echo, metadata={"k": "v"}))
    await group.add_endpoint(EndpointConfig(name="fail", handler=failing))
    await nc.flush()
    ready()
    # The script closes it when the others have asked.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await service.stop()


async def ask(nc, who, cases):
    async def answer(subject):
        return json.loads((await nc.request(subject, b"", timeout=WAIT)).data)

    async def ping():
        one = ServicePing.from_dict(await answer(f"$SRV.PING.svc-{who}"))
        assert (one.name, one.version) == (f"svc-{who}", "1.2.3")
        again = await answer(f"$SRV.PING.svc-{who}.{one.id}")
        assert again["id"] == one.id and again["type"] == "io.nats.micro.v1.ping_response"

    async def info():
        got = ServiceInfo.from_dict(await answer(f"$SRV.INFO.svc-{who}"))
        assert got.description == 'says "it" again' and got.metadata == {"k": "v"}, got
        echo = next(e for e in got.endpoints if e.name == "echo")
        assert (echo.subject, echo.queue_group, echo.metadata) == (f"{who}.echo", "q", {"k": "v"}), echo

    async def requests():
        reply = await nc.request(f"{who}.echo", b"hello", timeout=WAIT)
        assert reply.data == b"hello" and not (reply.headers or {}).get("Nats-Service-Error")
        reply = await nc.request(f"{who}.fail", b"", timeout=WAIT)
        assert reply.headers["Nats-Service-Error"] == "bad request"
        assert reply.headers["Nats-Service-Error-Code"] == "400"

    async def stats():
        got = await answer(f"$SRV.STATS.svc-{who}")
        by_name = {e["name"]: e for e in got["endpoints"]}
        assert by_name["echo"]["num_requests"] == 1 and by_name["echo"]["num_errors"] == 0, by_name
        assert by_name["fail"]["num_errors"] == 1 and "bad request" in by_name["fail"]["last_error"], by_name
        assert by_name["echo"]["processing_time"] > 0

    async def schemas():
        told = 0
        for verb in ("PING", "INFO", "STATS"):
            # Of all services that are there: those with endpoints and those without.
            inbox = nc.new_inbox()
            sub = await nc.subscribe(inbox)
            await nc.publish(f"$SRV.{verb}", b"", reply=inbox)
            await nc.flush()
            for _ in range(2):
                micro_schemas.check(verb, json.loads((await sub.next_msg(timeout=WAIT)).data))
                told += 1
            await sub.unsubscribe()
        assert told == 6

    await cases.run("services: PING", ping())
    await cases.run("services: INFO", info())
    await cases.run("services: requests", requests())
    await cases.run("services: STATS", stats())
    if who == "ours":
        await cases.run("services: JSON schemas", schemas())


async def main():
    url, command, who = sys.argv[1:]
    cases = Cases()
    nc = await nats.connect(url)
    js = nc.jetstream()
    if command == "write":
        await cases.run("keys written", write_keys(js, who))
        await cases.run("objects written", write_objects(js, who))
    elif command == "read":
        await read_keys(js, who, cases)
        await read_objects(js, who, cases)
    elif command == "watch":
        await watch(js, who, cases)
    elif command == "change":
        await cases.run("changes made", change(js, who))
    elif command == "serve":
        await cases.run("service offered", serve(nc, who))
    elif command == "ask":
        await ask(nc, who, cases)
    else:
        sys.exit(__doc__)
    await nc.close()
    sys.exit(0 if cases.well else 1)


asyncio.run(main())
