#!/usr/bin/env bash
# Compares this library with Debian's nats.c and the crate async-nats. All of them run on this machine over the loopback
# address and take turns in several rounds. Prints a table; writes results.json and results.svg.
#
# Each case is measured twice: on an idle machine, and with one processor kept busy. A library that is faster in one state
# may be slower in the other; this library is called faster only if it is in both.
#
# usage: bench.sh [--quick] [--rounds N] [--states "idle busy"] [--only "CASE..."] [--libraries "NAME..."] [--out DIR]
#                 [--anyway]
#   --quick       3 rounds with smaller counts, idle only, under two minutes without the builds; writes to build/bench
#   --rounds      how often each case is run with each library (5); the result is the median
#   --states      idle, busy or both
#   --only        only these cases (the table of this script has their names)
#   --libraries   only these of ours, natsc and async
#   --out         the folder of the results (bench, from which the README shows them)
#   --anyway      write results to bench even if the machine is not idle
# NATS_RS_LIBRARY=FILE measures that file instead of building the library.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/bench-lib.sh
. "$ROOT/scripts/bench-lib.sh"

# case, the other side (peer or server), libraries, count, and the count with --quick. In A/B, B is the count for nats.c,
# in cases in which it is very slow.
CASES="
deliver_cb_16    peer   ours,natsc,async 4000000        1000000
deliver_cb_1k    peer   ours,natsc,async 1000000        300000
deliver_sync_16  peer   ours,natsc       4000000        1000000
pub_16           peer   ours,natsc,async 8000000/4000000 2000000
pub_16_4t        peer   ours,natsc,async 8000000/4000000 2000000
pub_hdr_128      peer   ours,natsc,async 1000000        300000
pub_hdr_128_new  peer   ours,natsc,async 1000000/500000 300000/100000
pub_1k           peer   ours,natsc,async 1000000        300000
pub_64k          peer   ours,natsc,async 20000          6000
pub_1m           peer   ours,natsc,async 2000           400
pub_bytes_0      peer   ours,natsc,async 4000000        1000000
pub_bytes_4096   peer   ours,natsc,async 200000         60000
pub_bytes_16384  peer   ours,natsc,async 50000          15000
pub_bytes_40000  peer   ours,natsc,async 30000          8000
pub_bytes_200000 peer   ours,natsc,async 6000           1500
pub_bytes_8388608 peer  ours,natsc,async 150            40
oneway           server ours,natsc,async 500            150
oneway_asap      server ours,natsc       500            150
oneway_asap_busy server ours,natsc       500            150
request_1        server ours,natsc,async 4000/600       1000/200
request_1_asap   server ours,natsc       4000           1000
request_1_asleep server ours             4000           1000
request_8        server ours,natsc,async 16000/4000     4000/1600
request_1_peer   peer   ours,natsc,async 8000/4000      2000/1000
idle_subs        peer   ours,natsc,async 2000           1000
idle_subs_many   peer   ours             1000000        100000
idle_conns       peer   ours,natsc,async 400            200
idle_conns_many  peer   ours             2000           1000
connect_close    peer   ours,natsc,async 400            150
"

# shellcheck disable=SC2034
BENCH_CASES=$CASES
# shellcheck source=scripts/bench-options.sh
. "$ROOT/scripts/bench-options.sh"

# ---- building -----------------------------------------------------------------------------------------------------

heading "Building the benchmark (the first time takes some minutes)"
scripts/install-deps.sh build
have python3 || die "Please install python3"
NATS_SERVER=$(scripts/get-nats-server.sh)
copy_library
build_each bench "$WANTED"
build_async

# ---- running ------------------------------------------------------------------------------------------------------

look_at_machine
start_peer
start_server
server_url=$SERVER_URL

# The runs of one round: a line for each, the libraries of a case next to each other.
plan=()
while read -r name place libraries count quick_count; do
    is_wanted_case "$name" || continue
    [ "$QUICK" = no ] || count=$quick_count
    for library in ${libraries//,/ }; do
        [[ " $LIBRARIES " = *" $library "* ]] || continue
        plan+=("$name $place $library $(count_for "$library" "$count")")
    done
done <<<"$CASES"

# shellcheck disable=SC2034
prepare() {
    local place number url=$PEER_URL
    read -r label place library number <<<"$1"
    [ "$place" = peer ] || url=$server_url
    command=("$BUILD/bench-$library" "$label" "$url" "$number")
}
run_states 90

# ---- what the libraries weigh -------------------------------------------------------------------------------------

disk() { # disk NAME FILE...: a line with the sum of the stripped sizes
    local library=$1 sum=0 file
    shift
    for file in "$@"; do
        strip --strip-unneeded -o "$SCRATCH/stripped" "$file"
        sum=$((sum + $(stat -c %s "$SCRATCH/stripped")))
    done
    printf '{"round": 1, "library": "%s", "case": "disk", "count": 1, "seconds": 0, "bytes": %d}\n' \
        "$library" "$sum" | tee -a "$BUILD"/runs-{idle,busy}.jsonl >/dev/null
}
if have strip && [ -z "$ONLY" ]; then
    disk nats_rs "$BUILD/libnats_rs.so"
    if [[ " $LIBRARIES " = *" natsc "* ]]; then
        mapfile -t files < <(ldd "$BUILD/bench-natsc" | sed -n 's/.*=> \(.*\/lib\(nats\|ssl\|crypto\|protobuf\)[^ ]*\) .*/\1/p')
        disk nats.c "${files[@]}"
    fi
fi

# ---- telling ------------------------------------------------------------------------------------------------------

tell_versions
python3 bench/report.py "$OUT" "${RESULTS[@]}"
say "Wrote $OUT/results.json and $OUT/results.svg"
[ "$ALL_FAILED" -eq 0 ] || die "$ALL_FAILED runs of our library failed"
