#!/usr/bin/env bash
# Publishing to a stream, this library and Debian's libnats in turn against one nats-server, in one run: medians and their
# ratios. Loopback only, a stream in memory. What counts is the client's CPU: the server's cost is the larger part of a rate.
#
# usage: bench-js.sh [--rounds N] [--only "CASE..."]   5 rounds by default
# NATS_RS_LIBRARY=FILE measures that libnats_rs.so and builds none.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/bench-lib.sh
. "$ROOT/scripts/bench-lib.sh"

# case, libraries, count
CASES="
js_async_128         ours,natsc 200000
js_async_128_handler ours,natsc 200000
js_sync_128          ours,natsc 5000
js_sync_128_asap     ours,natsc 5000
js_batch_1000        ours       200000
"
ROUNDS=5 ONLY=""
while [ $# -gt 0 ]; do
    case "$1" in
    --rounds) ROUNDS=${2:-} && shift ;;
    --only) ONLY=${2:-} && shift ;;
    *) die "$(sed -n 's/^# *usage: /usage: /p' "${BASH_SOURCE[0]}")" ;;
    esac
    shift
done
[[ "$ROUNDS" =~ ^[1-9][0-9]?$ ]] || die "--rounds: 1 to 99"
BUILD="$ROOT/build/bench"
mkdir -p "$BUILD"

heading "Building the benchmark"
NATS_SERVER=$(scripts/get-nats-server.sh)
copy_library
build_each js "ours natsc"

WORK=$(mktemp -d)
SERVER_PID=""
trap '[ -z "$SERVER_PID" ] || kill "$SERVER_PID"; rm -rf "$WORK"' EXIT
"$NATS_SERVER" -js -sd "$WORK" -a 127.0.0.1 -p -1 --ports_file_dir "$WORK" -l "$WORK/log" &
SERVER_PID=$!
wait_for 10 grep -qs nats "$WORK"/nats-server_"$SERVER_PID".ports || die "the server did not start"
URL=$(grep -oE 'nats://127\.0\.0\.1:[0-9]+' "$WORK"/nats-server_"$SERVER_PID".ports | head -n 1)

heading "Measuring, $ROUNDS rounds"
for round in $(seq "$ROUNDS"); do
    say "round $round" >&2
    while read -r name libraries count; do
        [ -n "$name" ] || continue
        [ -z "$ONLY" ] || [[ " $ONLY " = *" $name "* ]] || continue
        for library in ${libraries//,/ }; do
            [[ " $LIBRARIES " = *" $library "* ]] || continue
            "$BUILD/js-$library" "$name" "$URL" "$count" </dev/null
        done
    done <<<"$CASES"
done >"$WORK/results"

[ -s "$WORK/results" ] || die "nothing was measured"
python3 - "$WORK/results" <<'PY'
import collections, json, statistics, sys

runs = collections.defaultdict(list)
for line in open(sys.argv[1]):
    r = json.loads(line)
    runs[r["case"], r["library"]].append(r)
def median(key, field):
    values = [r[field] for r in runs.get(key, []) if field in r]
    return statistics.median(values) if values else None
print(f"{'case':<22} {'library':<8} {'messages/s':>11} {'CPU ns each':>12} {'p50 us':>8}")
for case, library in sorted(runs):
    p50 = median((case, library), "p50_us")
    print(f"{case:<22} {library:<8} {median((case, library), 'rate'):>11,.0f}"
          f" {median((case, library), 'cpu_ns_per_msg'):>12,.0f} {'' if p50 is None else f'{p50:.1f}':>8}")
for case in sorted({case for case, _ in runs}):
    ours, theirs = (case, "nats_rs"), (case, "nats.c")
    if ours in runs and theirs in runs:
        cpu = median(ours, "cpu_ns_per_msg") / median(theirs, "cpu_ns_per_msg")
        rate = median(ours, "rate") / median(theirs, "rate")
        print(f"{case}: {rate:.2f} times the rate, {cpu:.2f} of the CPU (ratios of medians)")
        if median(ours, "p50_us"):
            print(f"{case}: p50 {median(ours, 'p50_us') / median(theirs, 'p50_us'):.2f}")
batch, sync = median(("js_batch_1000", "nats_rs"), "rate"), median(("js_sync_128", "nats_rs"), "rate")
if batch and sync:
    print(f"js_batch_1000: {batch / sync:.1f} times the rate of as many sync publishes")
PY
