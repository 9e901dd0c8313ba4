# shellcheck shell=bash
# The options and common steps of the benchmarks that compare libraries. Source it after bench-lib.sh with the script's
# arguments. BENCH_CASES is a table with the names of the cases in its first column. Sets QUICK, ROUNDS, STATES, ONLY, OUT,
# WANTED, ANYWAY and BUILD.

# A machine on which other programs use this much of the processors' time, in percent, is not idle.
MOST_BUSY=8
MOST_STOLEN=3

QUICK=no ROUNDS="" STATES="" ONLY="" OUT="" WANTED="ours natsc async" ANYWAY=no
usage() { die "$(sed -n 's/^# *usage: /usage: /p' "$ROOT/scripts/$(basename "$0")") ..., see its first lines"; }
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
    grep -q "^$name " <<<"$BENCH_CASES" || die "no such case: $name"
done
for library in $WANTED; do
    [[ "$library" =~ ^(ours|natsc|async)$ ]] || usage
done
BUILD="$ROOT/build/bench"
mkdir -p "$BUILD" "$OUT"
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 4096 ] || ulimit -n 4096

# is_wanted_case NAME: whether NAME is a case that is to be run.
is_wanted_case() { [ -n "$1" ] && { [ -z "$ONLY" ] || [[ " $ONLY " = *" $1 "* ]]; }; }

# count_for LIBRARY COUNT: prints the count for a library. Of A/B, B is for nats.c and A for the others.
count_for() {
    case "$1" in
    natsc) say "${2#*/}" ;;
    *) say "${2%/*}" ;;
    esac
}

# build_async: builds the program for async-nats if it is wanted, and adds it to LIBRARIES. A failure is only printed.
build_async() {
    if [[ " $WANTED " != *" async "* ]]; then
        say "async-nats is left out"
    elif cargo build --release --quiet --locked --manifest-path bench/async-nats/Cargo.toml --target-dir "$BUILD/async-nats"; then
        cp "$BUILD/async-nats/release/bench-async-nats" "$BUILD/bench-async"
        LIBRARIES+=" async"
    else
        say "async-nats is left out: it does not build here"
    fi
}

# look_at_machine: measures how busy the machine is before the first run. Results of a busy machine are not published.
look_at_machine() {
    local before
    sleep 2 # the compiler's last processes
    before=$(processor_times)
    sleep 3
    OTHERS=$(busy_percent "$before" "$(processor_times)")
    read -r LOAD _ </proc/loadavg
    say "The machine before: load $LOAD; $(echo "$OTHERS" | sed 's/ / % of its processors used, /') % stolen"
    if [ "${OTHERS%% *}" -ge "$MOST_BUSY" ] || [ "${OTHERS##* }" -ge "$MOST_STOLEN" ]; then
        [ "$OUT" != "$ROOT/bench" ] || [ "$ANYWAY" = yes ] ||
            die "The machine is busy, so the results would not be published. Wait, or use --anyway, or --out with another folder."
    fi
}

# run_states SECONDS: runs the plan in each of the states. Sets RESULTS, for report.py, and ALL_FAILED.
run_states() {
    local state before stolen
    ALL_FAILED=0 RESULTS=()
    for state in $STATES; do
        RUNS="$BUILD/${RUNS_PREFIX:-}runs-$state.jsonl"
        say "Runs on $([ "$state" = busy ] && echo "a machine with one busy processor" || echo "an idle machine")"
        if [ "$state" = busy ]; then
            keep_busy
        fi
        before=$(processor_times)
        run_plan "$1"
        read -r _ stolen <<<"$(busy_percent "$before" "$(processor_times)")"
        say "stolen by other virtual machines meanwhile: $stolen %"
        RESULTS+=("$state=$RUNS=$LOAD=${OTHERS%% *}=$stolen")
        ALL_FAILED=$((ALL_FAILED + FAILED))
        if [ "$state" = busy ]; then
            stop_server "$BUSY_PID"
        fi
    done
}

# tell_versions: exports the versions of libraries and server for report.py.
tell_versions() {
    NATS_RS_VERSION=$(version_of_ours)
    NATS_C_VERSION=$(version_of_nats_c)
    ASYNC_NATS_VERSION=$(sed -n '/^name = "async-nats"/{n;s/version = "\(.*\)"/\1/p}' bench/async-nats/Cargo.lock)
    SERVER_VERSION=$("$NATS_SERVER" --version | sed 's/.*v//')
    export NATS_RS_VERSION NATS_C_VERSION ASYNC_NATS_VERSION SERVER_VERSION QUICK ROUNDS
}
