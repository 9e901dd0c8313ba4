#!/usr/bin/env bash
# Compares JetStream, key-value buckets, object stores and services of this library with those of Debian's nats.c, and
# object stores with those of the crate async-nats. The libraries take turns with one nats-server on the loopback address,
# whose streams are in memory. Prints a table; writes js-results.json and js-results.svg. Most rates depend more on the
# server than on the client; for publishing and consuming, therefore, the CPU time of the client is compared.
#
# Like bench.sh it measures twice: on an idle machine, and with one processor kept busy.
#
# usage: bench-js.sh [--quick] [--rounds N] [--states "idle busy"] [--only "CASE..."] [--libraries "NAME..."] [--out DIR]
#                    [--anyway]
#   --quick       3 rounds with smaller counts, idle only, about a minute without the builds; writes to build/bench
#   --rounds      how often each case is run with each library (5); the result is the median
#   --states      idle, busy or both
#   --only        only these cases (the table of this script has their names)
#   --libraries   only these of ours, natsc and async
#   --out         the folder of the results (bench)
#   --anyway      write results to bench even if the machine is not idle
# NATS_RS_LIBRARY=FILE measures that file instead of building the library.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/bench-lib.sh
. "$ROOT/scripts/bench-lib.sh"

# case, program, libraries, count, and the count with --quick. In A/B, B is the count for nats.c, in cases in which it is
# very slow.
CASES="
js_async_128         js         ours,natsc 200000       60000
js_async_128_handler js         ours,natsc 200000       60000
js_sync_128          js         ours,natsc 5000/1000    2000/1000
js_sync_128_asap     js         ours,natsc 5000         2000
js_batch_1000        js         ours       200000       60000
js_fetch_500_ack     js_consume ours,natsc 200000       60000
js_push_ack          js_consume ours,natsc 200000       60000
js_push_ordered      js_consume ours,natsc 500000       200000
kv_put_1             stores     ours,natsc 5000         2000
kv_get_1             stores     ours,natsc 5000         2000
kv_put_16            stores     ours,natsc 32000        16000
kv_get_16            stores     ours,natsc 32000        16000
kv_keys              stores     ours,natsc 100000       100000
obj_put              stores     ours,async 256          256
obj_get              stores     ours,async 256          256
micro_plain          micro      ours       200000       100000
micro_service        micro      ours       200000       100000
"

# shellcheck disable=SC2034
BENCH_CASES=$CASES RUNS_PREFIX=js-
# shellcheck source=scripts/bench-options.sh
. "$ROOT/scripts/bench-options.sh"

heading "Building the benchmark (the first time takes some minutes)"
scripts/install-deps.sh build
have python3 || die "Please install python3"
NATS_SERVER=$(scripts/get-nats-server.sh)
copy_library
build_each micro "${WANTED//natsc/}"
for program in js js_consume stores; do
    build_each $program "$WANTED"
done
build_async

look_at_machine
start_server -js -sd "$SCRATCH/store"

# The runs of one round, a line for each; the libraries of a case follow each other.
plan=()
while read -r name program libraries count quick_count; do
    is_wanted_case "$name" || continue
    [ "$QUICK" = no ] || count=$quick_count
    for library in ${libraries//,/ }; do
        [[ " $LIBRARIES " = *" $library "* ]] || continue
        plan+=("$name $program $library $(count_for "$library" "$count")")
    done
done <<<"$CASES"

# shellcheck disable=SC2034
prepare() {
    local program number
    read -r label program library number <<<"$1"
    [ "$library" != async ] || program=bench
    command=("$BUILD/$program-$library" "$label" "$SERVER_URL" "$number")
}
run_states 90

tell_versions
python3 bench/js_report.py "$OUT" "${RESULTS[@]}"
say "Wrote $OUT/js-results.json and $OUT/js-results.svg"
[ "$ALL_FAILED" -eq 0 ] || die "$ALL_FAILED runs of our library failed"
