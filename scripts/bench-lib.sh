# shellcheck shell=bash
# Functions of the benchmark scripts. Source it after lib.sh, with BUILD set.

progress() {
    if [ -t 2 ]; then
        printf '\r%-78s' "$*" >&2
    fi
}
end_of_progress() {
    progress ""
    [ ! -t 2 ] || printf '\r' >&2
}

CFLAGS=(-std=gnu11 -O2 -g -Wall -Wextra -Werror)

# copy_library: copies the library to measure into $BUILD, so that a later build does not change it. That is the file that
# NATS_RS_LIBRARY names, or else the release build.
copy_library() {
    if [ -z "${NATS_RS_LIBRARY:-}" ]; then
        cargo build --release --quiet
        NATS_RS_LIBRARY="${CARGO_TARGET_DIR:-$ROOT/target}/release/libnats_rs.so"
    fi
    install -m 755 "$NATS_RS_LIBRARY" "$BUILD/libnats_rs.so"
    ln -sf libnats_rs.so "$BUILD/libnats_rs.so.0"
}

nats_c_there() { echo '#include <nats/nats.h>' | cc -E - >/dev/null 2>&1; }

# build_each NAME LIBRARIES: builds bench/NAME.c as $BUILD/NAME-ours and $BUILD/NAME-natsc, with those of the two libraries
# that LIBRARIES contains and that are installed. Sets LIBRARIES to them.
build_each() {
    LIBRARIES=""
    if [[ " $2 " = *" ours "* ]]; then
        cc "${CFLAGS[@]}" -Iinclude -o "$BUILD/$1-ours" "bench/$1.c" -L"$BUILD" -lnats_rs -Wl,-rpath,"$BUILD" -pthread
        LIBRARIES+=" ours"
    fi
    if [[ " $2 " != *" natsc "* ]]; then
        return
    fi
    nats_c_there || scripts/install-deps.sh test || true
    if nats_c_there; then
        cc "${CFLAGS[@]}" -DUSE_NATS_C -o "$BUILD/$1-natsc" "bench/$1.c" -lnats -pthread
        LIBRARIES+=" natsc"
    else
        say "nats.c is left out: libnats-dev is not installed"
    fi
}

# start_peer: builds and starts the peer, and sets PEER_URL. The peer ends with this script.
start_peer() {
    cc "${CFLAGS[@]}" -o "$BUILD/peer" bench/peer.c
    mkfifo "$SCRATCH/peer.in"
    exec 9<>"$SCRATCH/peer.in" # held open: the peer ends when its standard input does
    "$BUILD/peer" <"$SCRATCH/peer.in" >"$SCRATCH/peer.port" 9>&- &
    STARTED+=($!)
    wait_for 5 test -s "$SCRATCH/peer.port" || die "the peer did not start"
    # shellcheck disable=SC2034
    PEER_URL="nats://127.0.0.1:$(cat "$SCRATCH/peer.port")"
}

# processor_times: prints the kernel's counters of the time of all processors since the machine started.
processor_times() { head -n 1 /proc/stat; }

# busy_percent BEFORE AFTER: prints which part of the processors' time between two results of processor_times was used,
# and which part was stolen by other virtual machines, in percent.
busy_percent() {
    printf '%s\n%s\n' "$1" "$2" | awk '
        { used = $2 + $3 + $4 + $7 + $8; all = used + $5 + $6 + $9; stolen = $9 }
        NR == 1 { used0 = used; all0 = all; stolen0 = stolen }
        END { all -= all0; printf "%.0f %.0f\n", 100 * (used - used0) / all, 100 * (stolen - stolen0) / all }'
}

# keep_busy: uses one processor until BUSY_PID is killed.
keep_busy() {
    sh -c 'while :; do :; done' 9>&- &
    BUSY_PID=$!
    STARTED+=("$BUSY_PID")
}

# run_plan SECONDS: runs each entry of the array `plan` once in each of ROUNDS rounds, for at most SECONDS. The function
# `prepare ENTRY` sets `label`, `library` and the array `command`. The command prints one line of JSON, which is appended
# to $RUNS. Sets FAILED to the number of failed runs of our library; failures of the others are only printed.
run_plan() {
    local round began done_runs order i run line
    heading "Running: ${#plan[@]} runs a round, $ROUNDS rounds"
    : >"$RUNS"
    FAILED=0
    for ((round = 1; round <= ROUNDS; round++)); do
        began=$SECONDS done_runs=0
        order=("${plan[@]}")
        # Every second round runs backwards, so that no library is always the first.
        if ((round % 2 == 0)); then
            order=()
            for ((i = ${#plan[@]} - 1; i >= 0; i--)); do order+=("${plan[i]}"); done
        fi
        for run in "${order[@]}"; do
            prepare "$run"
            progress "round $round of $ROUNDS, run $((++done_runs)) of ${#plan[@]}: $label, $library"
            if line=$(timeout "$1" "${command[@]}" 2>"$SCRATCH/error"); then
                printf '{"round": %d, %s\n' "$round" "${line#\{}" >>"$RUNS"
            else
                # shellcheck disable=SC2034
                [ "$library" != ours ] || FAILED=$((FAILED + 1))
                progress ""
                say "FAILED: $label, $library: $(tail -n 1 "$SCRATCH/error")" >&2
            fi
        done
        end_of_progress
        say "round $round of $ROUNDS: $((SECONDS - began)) s"
    done
}

version_of_ours() {
    printf '%s (%s)' "$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)" \
        "$(git rev-parse --short HEAD 2>/dev/null || echo "no git")"
}
version_of_nats_c() { sed -n 's/.*define NATS_VERSION_STRING *"\(.*\)".*/\1/p' /usr/include/nats/version.h 2>/dev/null; }
