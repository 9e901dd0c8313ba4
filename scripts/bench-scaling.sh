#!/usr/bin/env bash
# Measures how this library's costs grow with the number of subscriptions, threads, connections and waiting messages, with
# the size of messages, and with callbacks that sleep. Debian's nats.c is measured too, as far as the number of its threads
# is reasonable. Loopback only. Writes scaling.json, scaling.svg and the tables of SCALING.md.
#
# usage: bench-scaling.sh [--rounds N] [--only "CASE..."] [--out DIR]
#   --rounds   how often each case is run with each library (5); the result is the median. A round takes about 45 seconds
#   --only     only these of the cases subscriptions, publishers, connections, publish, deliver, waiting_next,
#              waiting_callback and sleepers. The others keep their results in scaling.json
#   --out      the folder of the results (bench)
# NATS_RS_LIBRARY=FILE measures that file instead of building the library.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/bench-lib.sh
. "$ROOT/scripts/bench-lib.sh"

# cases, libraries, sizes, and the count of bench/scaling.c: in A/B, B is the count for nats.c. nats.c has a thread for
# each subscription and two for each connection; it is left out if that makes more than 1,000.
CASES="
subscriptions             ours,natsc 1,10,100               1000000/300000
subscriptions             ours,natsc 1000                   1000000/100000
subscriptions             ours       10000,100000           1000000
publishers                ours,natsc 1,2,4,8,16,32,64       500
connections               ours,natsc 1,10,100               640000/320000
connections               ours       1000,2000              640000
publish,deliver           ours,natsc 0,16,256               800000/400000
publish,deliver           ours,natsc 1024                   250000
publish,deliver           ours,natsc 4096                   100000
publish,deliver           ours,natsc 16384                  25000
publish,deliver           ours,natsc 32768                  12000
publish,deliver           ours,natsc 65536                  6000
publish,deliver           ours,natsc 262144                 1500
publish,deliver           ours,natsc 1048576                400
publish,deliver           ours,natsc 4194304                100
publish,deliver           ours,natsc 8388608                50
waiting_next              ours,natsc 1                      500
waiting_next              ours,natsc 10000,100000,1000000   1
waiting_callback          ours,natsc 1                      500
waiting_callback          ours,natsc 10000,100000,1000000   1
sleepers                  ours,natsc 0,64                   1000
"

ROUNDS=5 ONLY="" OUT="$ROOT/bench"
usage() { die 'usage: bench-scaling.sh [--rounds N] [--only "CASE..."] [--out DIR]'; }
while [ $# -gt 0 ]; do
    case "$1" in
    --rounds) ROUNDS=${2:-} && shift ;;
    --only) ONLY=${2:-} && shift ;;
    --out) OUT=$(realpath -m "${2:-}") && shift ;;
    *) usage ;;
    esac
    shift || usage
done
[[ "$ROUNDS" =~ ^[1-9][0-9]?$ ]] || usage
BUILD="$ROOT/build/bench-scaling"
mkdir -p "$BUILD" "$OUT"
RUNS="$BUILD/runs.jsonl"
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 4096 ] || ulimit -n 4096

heading "Building"
scripts/install-deps.sh build
have python3 || die "Please install python3"
copy_library
build_each scaling "ours natsc"

# The runs of one round, a line for each; the libraries of a case follow each other.
plan=() known=" "
while read -r names libraries sizes count; do
    [ -n "$names" ] || continue
    for name in ${names//,/ }; do
        known+="$name "
        [ -z "$ONLY" ] || [[ " $ONLY " = *" $name "* ]] || continue
        for size in ${sizes//,/ }; do
            for library in ${libraries//,/ }; do
                [[ " $LIBRARIES " = *" $library "* ]] || continue
                number=${count%/*}
                [ "$library" != natsc ] || number=${count#*/}
                plan+=("$name $library $size $number")
            done
        done
    done
done <<<"$CASES"
for name in $ONLY; do
    [[ "$known" = *" $name "* ]] || die "no such case: $name"
done

start_peer
# shellcheck disable=SC2034
prepare() {
    local name size number
    read -r name library size number <<<"$1"
    label="$name at $size"
    command=("$BUILD/scaling-$library" "$name" "$PEER_URL" "$size" "$number")
}
run_plan 60

NATS_RS_VERSION=$(version_of_ours) NATS_C_VERSION=$(version_of_nats_c) ROUNDS=$ROUNDS \
    python3 bench/scaling.py "$RUNS" "$OUT"
say "Wrote $OUT/scaling.json, $OUT/scaling.svg and the tables of $OUT/SCALING.md"
[ "$FAILED" -eq 0 ] || die "$FAILED runs of our library failed"
