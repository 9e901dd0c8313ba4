# shellcheck shell=bash
# Functions of the scripts. Source it; it changes to the project's directory.

case "${NATS_SERVER:-}" in
/* | "") ;;
*/*) NATS_SERVER="$PWD/$NATS_SERVER" ;; # before the directory changes
esac
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1
if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
fi
TOOLS="$ROOT/.cache/tools" # what scripts/install-deps.sh installs with cargo
PATH="$PATH:$TOOLS/bin:/usr/sbin:/sbin"
export PATH

# CMake builds in different folders share cargo's build.
export NATS_RS_CARGO_TARGET_DIR="${NATS_RS_CARGO_TARGET_DIR:-$ROOT/target}"

heading() { printf '\n== %s\n' "$*"; }
say() { printf '%s\n' "$*"; }
die() {
    printf '%s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

jobs_wanted() { nproc 2>/dev/null || echo 2; }

# ---- scratch files and processes, which end with the script -----------------------------------------------------

SCRATCH=$(mktemp -d)
STARTED=()

# kill_tree PID: ends a process and its descendants.
kill_tree() {
    local child
    # shellcheck disable=SC2013
    for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
        kill_tree "$child"
    done
    kill "$1" 2>/dev/null || true
}

clean_up() {
    local rc=$? pid
    trap - EXIT INT TERM
    for pid in ${STARTED[@]+"${STARTED[@]}"}; do
        kill_tree "$pid"
    done
    for pid in ${STARTED[@]+"${STARTED[@]}"}; do
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$SCRATCH"
    exit "$rc"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for SECONDS COMMAND...: waits until the command succeeds; fails after the time.
wait_for() {
    local tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# ---- nats-server ------------------------------------------------------------------------------------------------

server_port_known() { compgen -G "$1/*.ports" >/dev/null && grep -q 'nats://' "$1"/*.ports; }

# start_server [ARGUMENT...]: starts $NATS_SERVER on a free port of the loopback address, or on the one given with -p.
# Sets SERVER_PID and SERVER_URL.
# shellcheck disable=SC2120,SC2034
start_server() {
    local dir
    dir=$(mktemp -d "$SCRATCH/server.XXXXXX")
    "$NATS_SERVER" -a 127.0.0.1 -p -1 --ports_file_dir "$dir" "$@" >"$dir/log" 2>&1 &
    SERVER_PID=$!
    STARTED+=("$SERVER_PID")
    if ! wait_for 20 server_port_known "$dir"; then
        cat "$dir/log" >&2
        die "nats-server did not start"
    fi
    SERVER_URL=$(cat "$dir"/*.ports | grep -o 'nats://[^"]*' | head -n 1)
}

stop_server() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
