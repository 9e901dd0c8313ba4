#!/usr/bin/env python3
"""Writes the tables, js-results.json and js-results.svg of scripts/bench-js.sh: report.py with other lines."""

import report
from report import ASYNC, LESS, MORE, Line

CPU, RATE = "cpu_ns_per_msg", "rate"

report.RESULTS, report.SCRIPT = "js-results", "bench-js.sh"
report.TITLE = "nats_rs compared with other clients: JetStream, buckets, objects, services"
report.LINES = [
    Line("js_async_128", "async publish, 128 B, CPU", CPU, LESS, times=0.3),
    Line("js_async_128", "async publish, 128 B", RATE, MORE),
    Line("js_async_128_handler", "the same with a handler, CPU", CPU, LESS, times=0.3),
    Line("js_async_128_handler", "the same with a handler", RATE, MORE),
    Line("js_sync_128", "publish and wait, p50", "p50_us", LESS, times=0.65),
    Line("js_sync_128_asap", "the same with SendAsap, p50", "p50_us", LESS, times=0.65),
    Line("js_sync_128_asap", "the same with SendAsap, CPU", CPU, LESS, draw=False),
    Line("js_batch_1000", "in atomic batches of 1,000", RATE, MORE, times=20, beside="js_sync_128"),
    Line("js_fetch_500_ack", "fetch 500, ack each, CPU", CPU, LESS, times=0.25),
    Line("js_fetch_500_ack", "fetch 500, ack each", RATE, MORE),
    Line("js_push_ack", "push to a callback, ack each, CPU", CPU, LESS, times=0.25),
    Line("js_push_ack", "push to a callback, ack each", RATE, MORE),
    Line("js_push_ordered", "ordered push to a callback, CPU", CPU, LESS, times=0.15),
    Line("js_push_ordered", "ordered push to a callback", RATE, MORE),
    Line("kv_put_1", "kvStore_Put", RATE, MORE, times=1.5),
    Line("kv_put_16", "kvStore_Put, 16 threads", RATE, MORE, times=2),
    Line("kv_get_1", "kvStore_Get", RATE, MORE, times=1.5),
    Line("kv_get_16", "kvStore_Get, 16 threads", RATE, MORE, times=2),
    Line("kv_keys", "kvStore_Keys of 100,000", RATE, MORE, times=3),
    Line("obj_put", "object put, MiB", RATE, MORE, times=1, against=ASYNC),
    Line("obj_get", "object get, MiB", RATE, MORE, times=1, against=ASYNC),
    Line("obj_put", "object put, most memory", "bytes", LESS, draw=False),
    Line("obj_get", "object get, most memory", "bytes", LESS, draw=False),
    Line("micro_service", "requests to a service", RATE, MORE, times=0.9, beside="micro_plain"),
    Line("micro_service", "requests to a service, CPU", CPU, LESS, beside="micro_plain", draw=False),
]

if __name__ == "__main__":
    report.main()
