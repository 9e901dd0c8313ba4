#!/usr/bin/env bash
# Runs the programs of bindings/ with the installed library and a real nats-server. Checks their output, with a restart of
# the server in the middle; their exit without clean-up while callbacks run, and inside a callback; exceptions in
# callbacks; whether callbacks leak memory (Python, Go); Python after fork; and the sizes of the structs that they declare.
# A language whose tools are not installed is left out with a message.
#
# usage: bindings-test.sh [LANGUAGE...]   python, node, go, luajit, java, csharp, rust; without arguments, all of them
# NATS_RS_BUILD=DIRECTORY installs from that CMake build instead of a new one. ROUNDS=N repeats the tests of the exit N
# times (2).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ALL=(python node go luajit java csharp rust)
WANTED=("$@")
[ $# -gt 0 ] || WANTED=("${ALL[@]}")
ROUNDS=${ROUNDS:-2}
NATS_SERVER=$(scripts/get-nats-server.sh)
# Always the same folder: Go caches its builds, and they contain the path.
PREFIX="$ROOT/build/bindings"
WORK="$SCRATCH/work" # the compiled programs
mkdir -p "$WORK"

quiet() {
    "$@" >"$SCRATCH/step.log" 2>&1 || {
        cat "$SCRATCH/step.log" >&2
        die "failed: $*"
    }
}

if [ -z "${NATS_RS_BUILD:-}" ]; then
    NATS_RS_BUILD="$ROOT/build/package"
    quiet cmake -S . -B "$NATS_RS_BUILD"
    quiet cmake --build "$NATS_RS_BUILD" -j "$(jobs_wanted)"
fi
rm -rf "$PREFIX"
quiet cmake --install "$NATS_RS_BUILD" --prefix "$PREFIX"
PKG_CONFIG_PATH=$(dirname "$(find "$PREFIX" -name nats_rs.pc)")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
NATS_RS_LIBRARY="$LD_LIBRARY_PATH/libnats_rs.so.0"
export PKG_CONFIG_PATH LD_LIBRARY_PATH NATS_RS_LIBRARY

# ---- languages: checks of their tools, and the command of the program (the array `program`) ---------------------------------

# Each function sets `program`, or prints what is missing and fails.
ready_python() {
    have python3 || { say "python3 is not installed" && return 1; }
    program=(python3 -B bindings/python/demo.py)
}
ready_node() {
    { have node && have npm; } || { say "node or npm is not installed" && return 1; }
    cp -r bindings/node "$WORK/node"
    # No scripts of packages are run: koffi has a compiled file for each platform.
    (cd "$WORK/node" && npm install --ignore-scripts --no-audit --no-fund --no-package-lock) >"$SCRATCH/npm.log" 2>&1 ||
        { say "koffi cannot be fetched with npm: $(grep -m 1 ERR "$SCRATCH/npm.log" || tail -n 1 "$SCRATCH/npm.log")" && return 1; }
    program=(node "$WORK/node/demo.js")
}
ready_go() {
    { have go && have pkg-config; } || { say "go or pkg-config is not installed" && return 1; }
    # Go does not notice another header or another path of the library, but it compares flags.
    local header
    header=$( (cat "$PREFIX/include/nats_rs.h" && pwd) | cksum | cut -d' ' -f1)
    (
        cd bindings/go
        export GOFLAGS=-mod=mod GOPROXY=off CGO_CFLAGS="-O2 -g -DHEADER=$header"
        quiet go vet ./...
        quiet go build -o "$WORK/demo-go" .
    )
    program=("$WORK/demo-go")
}
ready_luajit() {
    have luajit || { say "luajit is not installed" && return 1; }
    program=(luajit bindings/luajit/demo.lua)
}
ready_java() {
    local jna=/usr/share/java/jna.jar
    { have java && have javac; } || { say "no JDK is installed" && return 1; }
    [ -f "$jna" ] || { say "$jna is missing (libjna-java)" && return 1; }
    quiet javac -Xlint:all -Werror -cp "$jna" -d "$WORK/java" bindings/java/*.java
    program=(java -Dnats_rs.library="$NATS_RS_LIBRARY" -cp "$WORK/java:$jna" Demo)
}
ready_csharp() {
    { have mcs && have mono; } || { say "mono or mcs is not installed" && return 1; }
    quiet mcs -langversion:6 -warnaserror -out:"$WORK/demo.exe" bindings/csharp/*.cs
    program=(mono "$WORK/demo.exe")
}
ready_rust() {
    { have cargo && have pkg-config; } || { say "cargo or pkg-config is not installed" && return 1; }
    local cargo=(--locked --manifest-path bindings/rust/Cargo.toml)
    quiet cargo fmt --manifest-path bindings/rust/Cargo.toml --check
    quiet cargo clippy "${cargo[@]}" --target-dir "$ROOT/build/bindings-rust" -- -D warnings
    quiet cargo build "${cargo[@]}" --target-dir "$ROOT/build/bindings-rust"
    program=("$ROOT/build/bindings-rust/debug/demo")
}

# ---- tests -----------------------------------------------------------------------------------------------

EXPECTED='connected
received 1000 messages in order
the answer is 42
refused: No responders available for request
stored 10 messages
fetched and acknowledged 10 messages
color is green, revision 2
restart the server
connected again, the answer is 42
ended'

show_and_die() { # show_and_die WHAT FILE...
    cat "${@:2}" >&2
    die "$1"
}

asks_for_restart() { grep -q '^restart the server' "$WORK/out" || ! kill -0 "$1" 2>/dev/null; }

# Runs the whole program, with a restart of the server in the middle.
everything() {
    local pid rc=0 port
    start_server -js -sd "$WORK/store-$1"
    port=${SERVER_URL##*:}
    rm -f "$WORK/in"
    mkfifo "$WORK/in"
    timeout 60 "${program[@]}" "$SERVER_URL" <"$WORK/in" >"$WORK/out" 2>"$WORK/err" &
    pid=$!
    STARTED+=("$pid")
    exec 8>"$WORK/in"
    wait_for 50 asks_for_restart "$pid" || show_and_die "$1: no end of the first part" "$WORK/out" "$WORK/err"
    stop_server "$SERVER_PID"
    start_server -js -sd "$WORK/store-$1" -p "$port"
    (trap '' PIPE && echo >&8) || true # a program that has died does not read: its status tells
    wait "$pid" || rc=$?
    exec 8>&-
    stop_server "$SERVER_PID"
    [ "$rc" -eq 0 ] || show_and_die "$1: status $rc" "$WORK/out" "$WORK/err"
    diff <(echo "$EXPECTED") "$WORK/out" >&2 || show_and_die "$1: other output than expected" "$WORK/err"
    [ ! -s "$WORK/err" ] || show_and_die "$1: errors were printed" "$WORK/err"
}

# ends LANGUAGE WHAT STATUS OUTPUT: checks that the program ends by itself, with this status and only this output.
ends() {
    local rc=0
    timeout 30 "${program[@]}" "$SERVER_URL" "$2" >"$WORK/out" 2>"$WORK/err" </dev/null || rc=$?
    [ "$rc" -eq "$3" ] || show_and_die "$1, $2: status $rc instead of $3" "$WORK/out" "$WORK/err"
    [ "$(cat "$WORK/out")" = "$4" ] || show_and_die "$1, $2: it printed:" "$WORK/out" "$WORK/err"
    [ ! -s "$WORK/err" ] || show_and_die "$1, $2: errors were printed" "$WORK/err"
}

cat >"$WORK/sizes.c" <<'C'
#include <nats_rs.h>
#include <stdio.h>
#define SIZE(T) printf(#T " %u\n", (unsigned)sizeof(T))
int main(void) {
    SIZE(jsStreamConfig);
    SIZE(kvConfig);
    SIZE(jsPubAck);
    SIZE(natsMsgList);
    return 0;
}
C
cc -o "$WORK/sizes" -I"$PREFIX/include" "$WORK/sizes.c"
SIZES=$("$WORK/sizes")

tested=0
for language in "${WANTED[@]}"; do
    if ! "ready_$language" >"$SCRATCH/missing"; then
        say "SKIPPED: $language: $(cat "$SCRATCH/missing")"
        continue
    fi
    everything "$language"
    start_server
    # Go compiles the header itself.
    [ "$language" = go ] || ends "$language" sizes 0 "$SIZES"
    for ((round = 0; round < ROUNDS; round++)); do
        ends "$language" exit 3 leaving
        ends "$language" exit-in-callback 3 leaving
        ends "$language" error-in-callback 0 "callbacks went on after errors"
    done
    case "$language" in
    python | go | rust) ends "$language" many-callbacks 0 "callbacks leave nothing behind" ;;
    esac
    if [ "$language" = python ]; then
        ends "$language" fork 0 "children work and end"
        for ((round = 0; round < ROUNDS; round++)); do ends "$language" exit-unclean 3 leaving; done
    fi
    stop_server "$SERVER_PID"
    tested=$((tested + 1))
    say "ok: $language"
done
[ "$tested" -gt 0 ] || say "no language could be tested"
say "bindings test passed: $tested of ${#WANTED[@]} languages"
