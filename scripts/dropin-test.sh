#!/usr/bin/env bash
# Checks that libnats_rs replaces nats.c. The examples, unchanged, are built with Debian's libnats (3.4) and with this
# library through its compat headers; with the same server, both must have the same output and exit status. Then the
# programs that were linked with libnats run on this library without being built again: the dynamic linker finds its
# libnats.so.3.4 instead of Debian's. For each libnats.so.3.N, compat/guard_test.c makes calls with structures of that
# version.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD="$ROOT/build/package"
NATS_SERVER=$(scripts/get-nats-server.sh)
EXAMPLES=(publish subscribe subscribe-sync queue-group request-reply headers drain-on-signal reconnect-events
    connect-options kv-basic kv-watch js-publish js-ordered js-push js-async js-manage)

cmake -S . -B "$BUILD" -DNATS_RS_INSTALL_COMPAT=ON >"$SCRATCH/cmake.log" || die "$(cat "$SCRATCH/cmake.log")"
cmake --build "$BUILD" -j "$(jobs_wanted)" >"$SCRATCH/cmake.log" 2>&1 || die "$(cat "$SCRATCH/cmake.log")"

# ---- build ------------------------------------------------------------------------------------------------------

mkdir "$SCRATCH/libnats" "$SCRATCH/libnats_rs"
compile=(cc -std=c99 -O1 -Wall -Wextra -Werror -DUSE_NATS_C_HEADER)
read -ra theirs <<<"$(pkg-config --cflags --libs libnats)"
for name in "${EXAMPLES[@]}"; do
    "${compile[@]}" -o "$SCRATCH/libnats/$name" "examples-c/$name.c" "${theirs[@]}" -pthread
    "${compile[@]}" -I include/compat -o "$SCRATCH/libnats_rs/$name" "examples-c/$name.c" \
        "$BUILD/lib/libnats_rs.so" -Wl,-rpath,"$BUILD/lib" -pthread
    readelf -d "$SCRATCH/libnats_rs/$name" | grep -q 'NEEDED.*libnats_rs\.so\.0' || die "$name is not linked to ours"
done
SONAME=$(readelf -d "$SCRATCH/libnats/publish" | sed -n 's/.*NEEDED.*\[\(libnats\.so\.[0-9.]*\)\].*/\1/p')
HOW=(compiled started)
if [ ! -e "$BUILD/lib/$SONAME" ]; then
    say "SKIPPED: programs are not started on this library: it has no $SONAME"
    HOW=(compiled)
elif ! LD_LIBRARY_PATH="$BUILD/lib" ldd "$SCRATCH/libnats/publish" | grep -qF "$BUILD/lib/$SONAME"; then
    die "the dynamic linker does not find $BUILD/lib/$SONAME"
fi

# ---- run --------------------------------------------------------------------------------------------------------

# Removes what differs between runs (times, rates, ports, ids, shares of a group's members) or between the libraries
# (details of errors).
normalise() {
    sed -E -e 's/ in [0-9.]+ s \([0-9]+ a second\)/ in T/' -e 's/[0-9.]+ ms/T ms/' -e 's/^(Client id) [0-9]+/\1 N/' \
        -e 's/port [0-9]+/port N/' -e 's/^(Member [0-9] handled) [0-9]+/\1 N/' \
        -e 's/^(Published [0-9]+ ticks, received) [0-9]+/\1 N/' -e 's/^(connect: [^(]*) \(.*\)$/\1/' -e 's/\([a-z]+\.c:[0-9]+\): //'
}

# run PROGRAM ARGUMENT...: prints the program's output and exit status. The dynamic linker searches LIBRARIES first.
LIBRARIES=""
run() {
    local rc=0
    LD_LIBRARY_PATH="$LIBRARIES" timeout 90 "$@" 2>&1 || rc=$?
    echo "exit status $rc"
}

listening() { grep -q '^Listening' "$1"; }
ticking() { grep -q '^Connected' "$1"; }

subscriber_and_publisher() { # DIR SUBSCRIBER
    local out="$SCRATCH/subscriber.out"
    : >"$out"
    run "$1/$2" "$SERVER_URL" "drop-in.$2" 20 >"$out" &
    local pid=$!
    STARTED+=("$pid")
    wait_for 20 listening "$out" || die "$2 ($1) does not listen: $(cat "$out")"
    run "$1/publish" "$SERVER_URL" "drop-in.$2" 20 "a message"
    wait "$pid"
    cat "$out"
}

# The server is stopped in the middle and started again at the same address.
restarted_server() { # DIR
    local out="$SCRATCH/reconnect.out" url port pid
    start_server
    url=$SERVER_URL
    port=${url##*:}
    : >"$out"
    run "$1/reconnect-events" "$url" drop-in.ticks 20 100 >"$out" &
    pid=$!
    STARTED+=("$pid")
    wait_for 20 ticking "$out" || die "reconnect-events ($1) does not connect: $(cat "$out")"
    stop_server "$SERVER_PID"
    start_server -p "$port"
    wait "$pid"
    stop_server "$SERVER_PID"
    cat "$out"
}

# Each program has a new server, so that the streams are the same. The callbacks of js-push print at any time.
streams() { # DIR
    local SERVER_URL SERVER_PID
    start_server -js -sd "$SCRATCH/streams.$(basename "$1")"
    run "$1/js-publish" "$SERVER_URL" ORDERS 1000
    run "$1/js-ordered" "$SERVER_URL" ORDERS 1 1000
    run "$1/js-push" "$SERVER_URL" ORDERS worker 1000 | sort
    run "$1/js-async" "$SERVER_URL" METRICS 2000 128
    run "$1/js-manage" "$SERVER_URL" INVENTORY 100
    stop_server "$SERVER_PID"
}

perform() { # NAME DIR
    case "$1" in
    subscribe | subscribe-sync) subscriber_and_publisher "$2" "$1" ;;
    reconnect-events) restarted_server "$2" ;;
    nothing-there) run "$2/publish" nats://127.0.0.1:1 drop-in 1 ;;
    streams) streams "$2" ;;
    kv-*) run "$2/$1" "$SERVER_URL" "$1" ;;
    *) run "$2/$1" "$SERVER_URL" "drop-in.$1" ;;
    esac
}

# Not in a pipe, so that the processes that it starts are known and end with the script.
scenario() { # NAME DIR OUTPUT
    perform "$1" "$2" >"$SCRATCH/raw"
    normalise <"$SCRATCH/raw" >"$3"
}

cc -std=gnu11 -O1 -Wall -Wextra -Werror -I include -o "$SCRATCH/guard_test" compat/guard_test.c -ldl
for library in "$BUILD"/lib/libnats.so.3.*; do
    start_server -js -sd "$SCRATCH/guard.$(basename "$library")"
    timeout 90 "$SCRATCH/guard_test" "$library" "$SERVER_URL" || die "$(basename "$library") accesses memory outside of the structures of its version"
    stop_server "$SERVER_PID"
done

start_server -js -sd "$SCRATCH/store"
FAILED=0
for name in subscribe subscribe-sync queue-group request-reply headers drain-on-signal connect-options kv-basic kv-watch streams \
    reconnect-events nothing-there; do
    scenario "$name" "$SCRATCH/libnats" "$SCRATCH/expected"
    scenario "$name" "$SCRATCH/libnats_rs" "$SCRATCH/compiled"
    LIBRARIES="$BUILD/lib"
    case " ${HOW[*]} " in *" started "*) scenario "$name" "$SCRATCH/libnats" "$SCRATCH/started" ;; esac
    LIBRARIES=""
    if [ "$name" != nothing-there ] && { ! grep -q '^exit status 0$' "$SCRATCH/expected" ||
        grep -q '^exit status [1-9]' "$SCRATCH/expected"; }; then
        cat "$SCRATCH/expected" >&2
        die "$name fails with libnats itself"
    fi
    for how in "${HOW[@]}"; do
        if diff --label "libnats" --label "libnats_rs ($how)" -u "$SCRATCH/expected" "$SCRATCH/$how"; then
            say "ok: $name, $how"
        else
            say "DIFFERS: $name, $how"
            FAILED=$((FAILED + 1))
        fi
    done
done
[ "$FAILED" -eq 0 ] || die "drop-in test: $FAILED differ"

scripts/kamailio-test.sh "$BUILD/lib"
say "drop-in test passed: the same output with libnats and with libnats_rs"
