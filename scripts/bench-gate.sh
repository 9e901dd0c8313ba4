#!/usr/bin/env bash
# The part of the benchmark that is a test: instructions and allocations for each message, counted by callgrind and
# compared with bench/instructions.json, and the number of threads with many subscriptions and connections. Times are not
# measured. bench/gate.py describes the method. Takes about a minute.
#
# usage: bench-gate.sh [--record]   --record writes a new bench/instructions.json, in about three minutes
# NATS_RS_LIBRARY=FILE measures that file instead of building the library.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/bench-lib.sh
. "$ROOT/scripts/bench-lib.sh"

case "$*" in
"" | --record) ;;
*) die "usage: bench-gate.sh [--record]" ;;
esac
have valgrind || die "Please install valgrind"
have python3 || die "Please install python3"

BUILD=$SCRATCH
copy_library
build_each bench ours
build_each js_consume ours
start_peer
NATS_SERVER=$(scripts/get-nats-server.sh)
start_server -js -sd "$SCRATCH/store"

python3 bench/gate.py "$BUILD/bench-ours" "$PEER_URL" "$BUILD/js_consume-ours" "$SERVER_URL" bench/instructions.json "$@"
