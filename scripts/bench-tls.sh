#!/usr/bin/env bash
# Compares the throughput of 1 KiB messages over TLS of this library (rustls) with that of Debian's libnats (OpenSSL). They
# take turns with one nats-server on the loopback address. Prints medians and their ratios.
#
# usage: bench-tls.sh [ROUNDS]   7 by default
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ROUNDS=${1:-7}
COUNT=300000
SERVER=$(scripts/get-nats-server.sh)
WORK=$(mktemp -d)
SERVER_PID=""
trap '[ -z "$SERVER_PID" ] || kill "$SERVER_PID"; rm -rf "$WORK"' EXIT

heading "Building"
cargo build --release
ln -sf "$ROOT/target/release/libnats_rs.so" "$WORK/libnats_rs.so.0"
gcc -O2 -Wall -Wextra -Iinclude bench/tls.c -o "$WORK/nats_rs" -Ltarget/release -lnats_rs -lpthread -Wl,-rpath,"$WORK"
gcc -O2 -Wall -Wextra -DUSE_NATS_C bench/tls.c -o "$WORK/nats.c" -lnats -lpthread

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:TRUE \
    -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
# A subscriber may be behind by all of the messages without being disconnected.
cat >"$WORK/server.conf" <<CONF
max_pending: 1073741824
write_deadline: "60s"
tls { cert_file: "$WORK/cert.pem", key_file: "$WORK/key.pem" }
CONF
"$SERVER" -c "$WORK/server.conf" -a 127.0.0.1 -p -1 --ports_file_dir "$WORK" -l "$WORK/log" &
SERVER_PID=$!
for _ in $(seq 100); do
    ls "$WORK"/*.ports >/dev/null 2>&1 && break
    sleep 0.1
done
PORT=$(grep -oE '127\.0\.0\.1:[0-9]+' "$WORK"/*.ports | head -n 1 | cut -d: -f2)
URL="nats://127.0.0.1:$PORT"

# deliver LIBRARY: measures how fast the library receives. The publisher is the same for both libraries.
deliver() {
    : >"$WORK/deliver"
    timeout 20 "$WORK/$1" deliver "$URL" "$WORK/cert.pem" "$COUNT" >"$WORK/deliver" &
    local subscriber=$!
    until grep -q ready "$WORK/deliver"; do sleep 0.05; done
    "$WORK/nats_rs" publish "$URL" "$WORK/cert.pem" "$COUNT" >/dev/null
    # nats.c 3.4.1 sometimes loses its connection here, and with it messages.
    wait "$subscriber" || {
        printf '%s did not receive all messages: its result of this round is dropped\n' "$1" >&2
        return 0
    }
    grep case "$WORK/deliver"
}

heading "Measuring, $ROUNDS rounds"
for round in $(seq "$ROUNDS"); do
    say "round $round"
    for library in nats_rs nats.c; do
        "$WORK/$library" publish "$URL" "$WORK/cert.pem" "$COUNT"
        deliver "$library"
    done >>"$WORK/results"
done

python3 - "$WORK/results" <<'PY'
import collections, json, statistics, sys

runs = collections.defaultdict(list)
for line in open(sys.argv[1]):
    r = json.loads(line)
    runs[r["case"], r["library"]].append((r["rate"], r["cpu_ns_per_msg"]))
print(f"{'case':<16} {'library':<8} {'messages/s':>11} {'CPU ns each':>12}")
for (case, library), values in sorted(runs.items()):
    rate, cpu = (statistics.median(v) for v in zip(*values))
    print(f"{case:<16} {library:<8} {rate:>11,.0f} {cpu:>12,.0f}")
for case in sorted({case for case, _ in runs}):
    ours, theirs = runs[case, "nats_rs"], runs[case, "nats.c"]
    rate, cpu = (statistics.median(o[k] for o in ours) / statistics.median(t[k] for t in theirs) for k in (0, 1))
    print(f"{case}: {rate:.2f} times the rate, {cpu:.2f} of the CPU (ratios of medians)")
PY
