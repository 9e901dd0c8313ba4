"""Reads the library's OpenMetrics text with the parser of Prometheus' own Python client.

usage: metrics.py LIBRARY SERVER-URL
"""

import ctypes
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

NAME = 'a "b" \\'


def main():
    nats = ctypes.CDLL(sys.argv[1])
    libc = ctypes.CDLL(None)
    nc, sub, options = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()

    def call(name, *arguments):
        status = getattr(nats, name)(*arguments)
        assert status == 0, (name, status)

    call("natsOptions_Create", ctypes.byref(options))
    call("natsOptions_SetURL", options, sys.argv[2].encode())
    call("natsOptions_SetName", options, NAME.encode())
    call("natsConnection_Connect", ctypes.byref(nc), options)
    call("natsConnection_SubscribeSync", ctypes.byref(sub), nc, b"metrics")
    for _ in range(5):
        call("natsConnection_PublishString", nc, b"metrics", b"1234")
    call("natsConnection_Flush", nc)
    text, length = ctypes.c_void_p(), ctypes.c_int()
    call("nats_GetMetricsText", ctypes.byref(text), ctypes.byref(length))
    copy = ctypes.string_at(text, length.value).decode()
    libc.free(text)
    nats.natsConnection_GetNumber.restype = ctypes.c_uint64
    number = str(nats.natsConnection_GetNumber(nc))

    families = {family.name: family for family in text_string_to_metric_families(copy)}
    assert len(families) == 23, sorted(families)

    def value(family, suffix="", **labels):
        wanted = {"connection": number, "name": NAME, **labels}
        found = [s for s in families[family].samples if s.name == family + suffix and s.labels == wanted]
        assert len(found) == 1, (family, families[family].samples)
        return found[0].value

    assert families["nats_received_messages"].type == "counter"
    assert value("nats_received_messages", "_total") == 5
    assert value("nats_published_bytes", "_total") == 20
    assert families["nats_published_bytes"].unit == "bytes"
    assert value("nats_pending_messages") == 5
    assert families["nats_pending_messages"].type == "gauge"
    assert value("nats_connected") == 1
    times = families["nats_round_trip_seconds"]
    assert times.type == "histogram" and times.unit == "seconds"
    assert value("nats_round_trip_seconds", "_count") == 1
    assert value("nats_round_trip_seconds", "_bucket", le="+Inf") == 1
    assert value("nats_round_trip_seconds", "_sum") > 0
    assert families["nats_build"].type == "info"
    assert families["nats_threads"].samples[0].value >= 4
    nats.natsSubscription_Destroy(sub)
    nats.natsConnection_Destroy(nc)
    nats.natsOptions_Destroy(options)
    print(f"ok: {len(families)} families of metrics")


main()
