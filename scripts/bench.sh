#!/usr/bin/env bash
# Measures this library beside its peers, Debian's nats.c and the crate async-nats: all on this machine, over the loopback
# address, one after another, again and again. Prints a table; writes results.json and results.svg.
#
# All is measured twice: on a machine that is idle but for it, and with one processor kept busy. What is ahead on the one
# may be behind on the other, so a claim of speed holds for both.
#
# usage: bench.sh [--quick] [--rounds N] [--states "idle busy"] [--only "CASE..."] [--libraries "NAME..."] [--out DIR]
#                 [--anyway]
#   --quick       3 rounds with smaller counts, idle only, under two minutes once all is built; writes to build/bench
#   --rounds      how often each case is run with each library (5); the medians count
#   --states      idle, busy or both
#   --only        these cases only (their names are in the table of this script)
#   --libraries   of ours, natsc and async these only
#   --out         where the results go (bench, which is where the README shows them from)
#   --anyway      write results to bench although the machine is not idle
# NATS_RS_LIBRARY=FILE measures that libnats_rs.so and builds none.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/bench-lib.sh
. "$ROOT/scripts/bench-lib.sh"

# In hundredths of what all processors can do: the machine is not idle from here on.
MOST_BUSY=8
MOST_STOLEN=3

# case, where it runs (peer or server), libraries, then count and quick count. A count with a slash is that of nats.c
# behind it, where it is very slow.
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

QUICK=no ROUNDS="" STATES="" ONLY="" OUT="" WANTED="ours natsc async" ANYWAY=no
usage() { die "$(sed -n 's/^# *usage: /usage: /p' "${BASH_SOURCE[0]}") ..., see its first lines"; }
while [ $# -gt 0 ]; do
    case "$1" in
    --quick) QUICK=yes ;;
    --rounds) ROUNDS=${2:-} && shift ;;
    --states) STATES=${2:-} && shift ;;
    --anyway) ANYWAY=yes ;;
    --only) ONLY=${2:-} && shift ;;
    --libraries) WANTED=${2:-} && shift ;;
    --out) OUT=$(realpath -m "${2:-}") && shift ;;
    *) usage ;;
    esac
    shift || usage
done
[ "$QUICK" = yes ] && : "${ROUNDS:=3}" "${STATES:=idle}" "${OUT:=$ROOT/build/bench}"
: "${ROUNDS:=5}" "${STATES:=idle busy}" "${OUT:=$ROOT/bench}"
for state in $STATES; do
    [[ "$state" =~ ^(idle|busy)$ ]] || usage
done
[[ "$ROUNDS" =~ ^[1-9][0-9]?$ ]] || usage
for name in $ONLY; do
    grep -q "^$name " <<<"$CASES" || die "no such case: $name"
done
wanted() { [[ " $WANTED " = *" $1 "* ]]; }
for library in $WANTED; do
    [[ "$library" =~ ^(ours|natsc|async)$ ]] || usage
done
BUILD="$ROOT/build/bench"
mkdir -p "$BUILD" "$OUT"
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 4096 ] || ulimit -n 4096

# ---- building -----------------------------------------------------------------------------------------------------

heading "Building the benchmark (the first time takes some minutes)"
scripts/install-deps.sh build
have python3 || die "Please install python3"
NATS_SERVER=$(scripts/get-nats-server.sh)
copy_library
build_each bench "$WANTED"
if ! wanted async; then
    say "without async-nats"
elif cargo build --release --quiet --locked --manifest-path bench/async-nats/Cargo.toml --target-dir "$BUILD/async-nats"; then
    cp "$BUILD/async-nats/release/bench-async-nats" "$BUILD/bench-async"
    LIBRARIES+=" async"
else
    say "without async-nats: it does not build here"
fi

# ---- running ------------------------------------------------------------------------------------------------------

# What else the machine does, before anything of this runs.
sleep 2 # the compiler's last processes
before=$(processor_times)
sleep 3
OTHERS=$(busy_percent "$before" "$(processor_times)")
read -r LOAD _ </proc/loadavg
say "The machine before: load $LOAD; $(echo "$OTHERS" | sed 's/ / % of its processors used, /') % stolen"
if [ "${OTHERS%% *}" -ge "$MOST_BUSY" ] || [ "${OTHERS##* }" -ge "$MOST_STOLEN" ]; then
    [ "$OUT" != "$ROOT/bench" ] || [ "$ANYWAY" = yes ] ||
        die "The machine is busy: figures of now are not published. Wait, or say --anyway, or --out for another folder."
fi

start_peer
start_server
server_url=$SERVER_URL

# The runs of one round: a line for each, the libraries of a case next to each other.
plan=()
while read -r name place libraries count quick_count; do
    [ -n "$name" ] || continue
    [ -z "$ONLY" ] || [[ " $ONLY " = *" $name "* ]] || continue
    [ "$QUICK" = no ] || count=$quick_count
    for library in ${libraries//,/ }; do
        [[ " $LIBRARIES " = *" $library "* ]] || continue
        number=${count%/*}
        [ "$library" != natsc ] || number=${count#*/}
        plan+=("$name $place $library $number")
    done
done <<<"$CASES"

# shellcheck disable=SC2034
prepare() {
    local place number url=$PEER_URL
    read -r label place library number <<<"$1"
    [ "$place" = peer ] || url=$server_url
    command=("$BUILD/bench-$library" "$label" "$url" "$number")
}
ALL_FAILED=0 RESULTS=()
for state in $STATES; do
    RUNS="$BUILD/runs-$state.jsonl"
    say "Runs on a machine that is $([ "$state" = busy ] && echo "busy: one processor is taken" || echo "idle but for them")"
    if [ "$state" = busy ]; then
        keep_busy
    fi
    before=$(processor_times)
    run_plan 90
    read -r _ stolen <<<"$(busy_percent "$before" "$(processor_times)")"
    say "stolen from this machine meanwhile: $stolen %"
    RESULTS+=("$state=$RUNS=$LOAD=${OTHERS%% *}=$stolen")
    ALL_FAILED=$((ALL_FAILED + FAILED))
    if [ "$state" = busy ]; then
        stop_server "$BUSY_PID"
    fi
done

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

NATS_RS_VERSION=$(version_of_ours) \
    NATS_C_VERSION=$(version_of_nats_c) \
    ASYNC_NATS_VERSION=$(sed -n '/^name = "async-nats"/{n;s/version = "\(.*\)"/\1/p}' bench/async-nats/Cargo.lock) \
    SERVER_VERSION=$("$NATS_SERVER" --version | sed 's/.*v//') \
    QUICK=$QUICK ROUNDS=$ROUNDS \
    python3 bench/report.py "$OUT" "${RESULTS[@]}"
say "Wrote $OUT/results.json and $OUT/results.svg"
[ "$ALL_FAILED" -eq 0 ] || die "$ALL_FAILED runs of our library failed"
