#!/usr/bin/env bash
# JetStream, key-value buckets, object stores and services: this library beside Debian's nats.c, and for objects beside the
# crate async-nats, in turn against one nats-server on the loopback address, whose streams are in memory. Prints a table;
# writes js-results.json and js-results.svg. The server's cost is the larger part of most rates, so of publishing and
# consuming the client's CPU time is compared.
#
# As bench.sh it measures twice, on a machine that is idle but for it and with one processor kept busy.
#
# usage: bench-js.sh [--quick] [--rounds N] [--states "idle busy"] [--only "CASE..."] [--libraries "NAME..."] [--out DIR]
#                    [--anyway]
#   --quick       3 rounds with smaller counts, idle only, in about a minute once all is built; writes to build/bench
#   --rounds      how often each case is run with each library (5); the medians count
#   --states      idle, busy or both
#   --only        these cases only (their names are in the table of this script)
#   --libraries   of ours, natsc and async these only
#   --out         where the results go (bench)
#   --anyway      write results to bench although the machine is not idle
# NATS_RS_LIBRARY=FILE measures that libnats_rs.so and builds none.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/bench-lib.sh
. "$ROOT/scripts/bench-lib.sh"

# case, program, libraries, then count and quick count. A count with a slash is that of nats.c behind it, where it is
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

# The runs of one round: a line for each, the libraries of a case next to each other.
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
