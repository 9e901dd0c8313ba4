#!/usr/bin/env bash
# Interoperability test: key-value buckets, object stores and services that this library writes are read by nats-py and the
# crate async-nats, and vice versa. Prints a table of the cases, and fails if one of them fails. interop/README.md describes
# the cases. Needs nats-server 2.11 or newer. A client whose packages cannot be downloaded is left out with a message. Takes
# about a minute, and two more the first time, for building async-nats.
#
# usage: interop-test.sh
# NATS_RS_LIBRARY=FILE tests that file instead of building the library.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD="$ROOT/build/interop"
RESULTS="$SCRATCH/results"
OURS="$BUILD/ours" RUST="$BUILD/async-nats/debug/interop-async-nats"
mkdir -p "$BUILD"
NATS_SERVER=$(scripts/get-nats-server.sh)
VERSION=$("$NATS_SERVER" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
if [ "$(printf '%s\n2.11.0\n' "$VERSION" | sort -V | head -n 1)" != 2.11.0 ]; then
    say "SKIPPED: nats-server $VERSION does not support times to live of messages; 2.11 does"
    exit 0
fi

# ---- build ------------------------------------------------------------------------------------------------------

if [ -z "${NATS_RS_LIBRARY:-}" ]; then
    cmake -S . -B "$ROOT/build/package" >"$SCRATCH/cmake.log" || die "$(cat "$SCRATCH/cmake.log")"
    cmake --build "$ROOT/build/package" -j "$(jobs_wanted)" >"$SCRATCH/cmake.log" 2>&1 || die "$(cat "$SCRATCH/cmake.log")"
    NATS_RS_LIBRARY="$ROOT/build/package/lib/libnats_rs.so"
fi
cc -std=c99 -D_POSIX_C_SOURCE=200809L -O1 -g -Wall -Wextra -Werror -Iinclude -o "$OURS" interop/ours*.c \
    "$NATS_RS_LIBRARY" -Wl,-rpath,"$(dirname "$NATS_RS_LIBRARY")" -pthread

OTHERS=()
if cargo fetch --quiet --locked --manifest-path interop/async-nats/Cargo.toml 2>"$SCRATCH/fetch.log"; then
    # The packages are downloaded: from here on a failed build is an error.
    cargo build --quiet --locked --offline --manifest-path interop/async-nats/Cargo.toml --target-dir "$BUILD/async-nats"
    OTHERS+=(rust)
else
    say "SKIPPED: async-nats cannot be fetched: $(tail -n 1 "$SCRATCH/fetch.log")"
fi
if python3 -m venv "$SCRATCH/venv" >"$SCRATCH/pip.log" 2>&1 &&
    "$SCRATCH/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r interop/requirements.txt \
        >"$SCRATCH/pip.log" 2>&1; then
    OTHERS+=(python)
else
    say "SKIPPED: nats-py cannot be installed: $(tail -n 1 "$SCRATCH/pip.log")"
fi
[ "${#OTHERS[@]}" -gt 0 ] || exit 0

# ---- metrics, read by the parser of Prometheus -------------------------------------------------------------------

if [[ " ${OTHERS[*]} " = *" python "* ]]; then
    start_server
    "$SCRATCH/venv/bin/python" -B interop/metrics.py "$NATS_RS_LIBRARY" "$SERVER_URL"
fi

# ---- run --------------------------------------------------------------------------------------------------------

start_server -js -sd "$SCRATCH/js"

# client NAME COMMAND WHO: prints the outcomes of its cases.
client() {
    local name=$1
    shift
    case "$name" in
    ours) timeout 90 "$OURS" "$SERVER_URL" "$@" ;;
    rust) timeout 90 "$RUST" "$SERVER_URL" "$@" ;;
    python) timeout 90 "$SCRATCH/venv/bin/python" -B interop/nats_py.py "$SERVER_URL" "$@" ;;
    esac
}

FAILED=0
# record PAIR FILE STATUS: records the outcomes of one client. A client that ends early has failed.
record() {
    grep -E '^(ok|FAIL) ' "$2" | sed "s/^/$1 /" >>"$RESULTS" || true
    if [ "$3" -ne 0 ]; then
        FAILED=$((FAILED + 1))
        sed "s/^/$1: /" "$2" >&2
    fi
}
run() { # run PAIR NAME COMMAND WHO
    local rc=0
    client "${@:2}" >"$SCRATCH/out" 2>&1 || rc=$?
    record "$1" "$SCRATCH/out" "$rc"
}
is_ready() { grep -q '^ready' "$SCRATCH/first"; }

# run_two PAIR FIRST COMMAND SECOND COMMAND WHO: starts the second client when the first one has printed that it is ready.
# When the second one ends, so does the input of the first one.
run_two() {
    local pair=$1 pid rc=0
    rm -f "$SCRATCH/in"
    mkfifo "$SCRATCH/in"
    : >"$SCRATCH/first"
    client "$2" "$3" "$6" <"$SCRATCH/in" >"$SCRATCH/first" 2>&1 &
    pid=$!
    STARTED+=("$pid")
    exec 8>"$SCRATCH/in"
    if wait_for 30 is_ready; then
        run "$pair" "$4" "$5" "$6" 8>&-
    fi
    exec 8>&-
    wait "$pid" || rc=$?
    record "$pair" "$SCRATCH/first" "$rc"
}

run ours:ours ours write ours
for other in "${OTHERS[@]}"; do
    run "$other:$other" "$other" write "$other"
    run "$other:ours" ours read "$other"
    run "ours:$other" "$other" read ours
    run_two "ours:$other" "$other" watch ours change "by-$other"
    run_two "$other:ours" ours watch "$other" change "of-$other"
    run_two "ours:$other" ours serve "$other" ask ours
    run_two "$other:ours" "$other" serve ours ask "$other"
done

# ---- table ------------------------------------------------------------------------------------------------------

python3 - "$RESULTS" <<'PY'
import sys

NAMES = {"ours": "libnats_rs", "rust": "async-nats", "python": "nats-py"}
cells, pairs, cases = {}, [], []
for line in open(sys.argv[1]):
    pair, outcome, case = line.rstrip("\n").split(" ", 2)
    case = case.split(" | ")[0]
    if case == "service offered" or case == "changes made" or case.endswith(" written"):
        if outcome == "ok":
            continue  # the readers' rows show it
    if pair not in pairs:
        pairs.append(pair)
    if case not in cases:
        cases.append(case)
    cells[pair, case] = outcome
wide = max(map(len, cases)) + 2
print(" " * wide + "".join(f"{NAMES[p.split(':')[0]]:<12}" for p in pairs) + " (wrote, changed, offered)")
print(" " * wide + "".join(f"{NAMES[p.split(':')[1]]:<12}" for p in pairs) + " (read, watched, asked)")
for case in sorted(cases, key=lambda c: c.split(":")[0]):
    print(f"{case:<{wide}}" + "".join(f"{cells.get((p, case), '-'):<12}" for p in pairs).rstrip())
PY
passed=$(grep -c ' ok ' "$RESULTS")
[ "$FAILED" -eq 0 ] && ! grep -q ' FAIL ' "$RESULTS" || die "interoperability test: $(grep -c ' FAIL ' "$RESULTS") cases failed"
say "interoperability test passed: $passed cases"
