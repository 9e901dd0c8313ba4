#!/usr/bin/env bash
# A demonstration: builds the library, starts a nats-server on a free port of this machine, and runs C programs that
# publish, subscribe, request and form queue groups with libnats_rs.so. Fails if any of them fails.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD="$ROOT/build/demo"
PROGRAMS="$BUILD/examples-c"
FAST_COUNT=500000
FAST_PAYLOAD=0123456789abcdef

heading "Tools"
scripts/install-deps.sh build
NATS_SERVER=$(scripts/get-nats-server.sh)
say "$("$NATS_SERVER" --version), $(rustc --version)"

heading "Building libnats_rs and the examples (the first time takes a minute or two)"
cmake -S . -B "$BUILD" -DNATS_RS_BUILD_EXAMPLES=ON >"$SCRATCH/cmake.log" || die "$(cat "$SCRATCH/cmake.log")"
cmake --build "$BUILD" -j "$(jobs_wanted)" 2>&1 | tee "$SCRATCH/build.log" | sed -u -n '/Compiling nats_rs\|Finished\|error\|warning/p' ||
    die "$(tail -n 40 "$SCRATCH/build.log")"
readelf -d "$PROGRAMS/publish" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(libnats_rs.*\)\]/the programs use \1/p'

start_server
heading "A nats-server listens on $SERVER_URL"

# labelled LABEL PROGRAM ARGUMENT...: runs an example and prints its output with the label in front of each line, but not
# each of very many messages.
labelled() {
    local label=$1 program=$2
    shift 2
    timeout 120 "$PROGRAMS/$program" "$SERVER_URL" "$@" 2>&1 | tee "$SCRATCH/$label.out" |
        sed -u -e "/: $FAST_PAYLOAD\$/d; /^\.\.\. and more/d" -e "s/^/  [$label] /"
}
listening() { grep -q '^Listening' "$1"; }

# deliver COUNT PAYLOAD: runs a subscriber and then a publisher, as two processes.
deliver() {
    local subscriber
    : >"$SCRATCH/subscriber.out"
    labelled subscriber subscribe greetings "$1" &
    subscriber=$!
    STARTED+=("$subscriber")
    wait_for 20 listening "$SCRATCH/subscriber.out" || die "the subscriber does not listen"
    labelled publisher publish greetings "$1" "$2" || die "the publisher failed"
    wait "$subscriber" || die "the subscriber failed"
    grep -q "^Received $1 messages" "$SCRATCH/subscriber.out" || die "not every message arrived"
}

heading "A subscriber and a publisher"
deliver 5 "hello from C"

heading "The same, $FAST_COUNT messages of ${#FAST_PAYLOAD} bytes, as fast as possible"
deliver "$FAST_COUNT" "$FAST_PAYLOAD"
FAST=$(sed -n 's/^Received .*(\([0-9]*\) a second)/\1/p' "$SCRATCH/subscriber.out")

heading "Requests with replies"
labelled request request-reply service.upper 5 || die "request and reply failed"

heading "A queue group of three"
labelled group queue-group jobs 30000 || die "the queue group failed"

heading "A server of four processes"
labelled prefork prefork work 1000 4 || die "the server of four processes failed"

stop_server "$SERVER_PID"
heading "The demo succeeded. Publisher to server to subscriber: $FAST messages per second"
