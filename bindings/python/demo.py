#!/usr/bin/env python3
"""Connects, publishes, subscribes, requests, uses JetStream and a key-value bucket, and survives a restart of the server.

run: NATS_RS_LIBRARY=/usr/local/lib/libnats_rs.so.0 python3 demo.py URL [all|exit|exit-in-callback|error-in-callback]
"""

import atexit
import os
import sys
import threading

import nats_rs

MESSAGES = 1000


def everything(url):
    reconnected = threading.Event()
    with nats_rs.Connection(url, on_reconnected=reconnected.set) as nc:
        print("connected")

        received, all_there = [], threading.Event()

        def on_message(msg):
            received.append(int(msg.data))
            if len(received) == MESSAGES:
                all_there.set()

        sub = nc.subscribe("demo.numbers", on_message)
        for number in range(MESSAGES):
            nc.publish("demo.numbers", b"%d" % number)
        assert all_there.wait(10), f"{len(received)} messages arrived"
        assert received == list(range(MESSAGES))
        print(f"received {len(received)} messages in order")
        sub.drain()

        nc.subscribe("demo.question", lambda msg: nc.publish(msg.reply, b"42"))
        print("the answer is", nc.request("demo.question", b"?").data.decode())
        try:
            nc.request("demo.nobody", b"?")
        except nats_rs.NatsError as error:
            print("refused:", str(error).split(":")[0])

        js = nc.jetstream()
        js.add_stream("DEMO", ["demo.stored.>"])
        for number in range(10):
            sequence = js.publish("demo.stored.it", b"%d" % number)
        print(f"stored {sequence} messages")
        fetched = js.fetch("demo.stored.>", "demo", 10)
        assert [int(msg.data) for msg in fetched] == list(range(10))
        print(f"fetched and acknowledged {len(fetched)} messages")

        kv = js.create_bucket("demo")
        kv.put("color", b"blue")
        kv.put("color", b"green")
        value, revision = kv.get("color")
        print(f"color is {value.decode()}, revision {revision}")
        kv.close()
        js.close()

        print("restart the server", flush=True)
        sys.stdin.readline()
        assert reconnected.wait(30), "no connection after the restart"
        print("connected again, the answer is", nc.request("demo.question", b"?").data.decode())
    print("ended")


def busy(url, callback):
    """A connection whose callbacks run without a pause: each one publishes the next message."""
    nc = nats_rs.Connection(url)
    count = 0

    def on_message(msg):
        nonlocal count
        count += 1
        try:
            nc.publish(msg.subject, msg.data)
        except nats_rs.NatsError:
            pass  # the connection is being closed
        callback(count)

    nc.subscribe("demo.busy", on_message)
    for _ in range(20):
        nc.publish("demo.busy", b"again")
    return nc


def exit_busy(url):
    """The program just ends, with no clean-up, while callbacks run."""
    running = threading.Event()
    busy(url, lambda count: count == 1000 and running.set())
    assert running.wait(10)
    print("leaving", flush=True)
    sys.exit(3)


def exit_unclean(url):
    """The same, without the clean-up that the module does at the interpreter's end."""
    atexit.unregister(nats_rs._at_exit)
    exit_busy(url)


def exit_in_callback(url):
    def leave(count):
        if count == 1000:
            print("leaving", flush=True)
            sys.exit(3)

    busy(url, leave)
    threading.Event().wait()


def error_in_callback(url):
    failures, done = [], threading.Event()
    nats_rs.on_callback_error = failures.append

    def fail(count):
        if count == 1000:
            done.set()
        raise ValueError("as it should be")

    nc = busy(url, fail)
    assert done.wait(10)
    nc.close()
    assert len(failures) >= 1000 and all(isinstance(e, ValueError) for e in failures)
    print("callbacks went on after errors")


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def many_callbacks(url):
    """What a callback allocates is gone when it returns."""
    before, done = [], threading.Event()

    def watch(count):
        if count == 20000:
            before.append(resident())
        elif count == 120000:
            done.set()

    nc = busy(url, watch)
    assert done.wait(60)
    growth = resident() - before[0]
    nc.close()
    assert growth < 6 << 20, f"{growth} bytes in 100000 callbacks"
    assert len(nats_rs._living._objects) == 0
    print("callbacks leave nothing behind")


def fork(url):
    """The child connects anew, beside its parent's connection, which callbacks use all the time, and ends as usual."""
    running = threading.Event()
    nc = busy(url, lambda count: running.set())
    assert running.wait(10)
    for _ in range(10):
        child = os.fork()
        if child == 0:
            with nats_rs.Connection(url) as own:
                own.subscribe("demo.child", lambda msg: own.publish(msg.reply, b"yes"))
                assert own.request("demo.child", b"?").data == b"yes"
            try:
                nc.publish("demo.busy", b"")
            except nats_rs.NatsError:
                sys.exit(7)
            sys.exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    nc.close()
    print("children work and end")


if __name__ == "__main__":
    what = sys.argv[2] if len(sys.argv) > 2 else "all"
    if what == "sizes":
        for name, size in nats_rs.sizes().items():
            print(name, size)
    else:
        {
            "all": everything,
            "exit": exit_busy,
            "exit-unclean": exit_unclean,
            "exit-in-callback": exit_in_callback,
            "error-in-callback": error_in_callback,
            "many-callbacks": many_callbacks,
            "fork": fork,
        }[what](sys.argv[1])
