#!/usr/bin/env bash
# Chaos test: a cluster of three servers behind proxies that inject faults, over TCP, TLS and WebSocket, and programs that
# number all messages. Prints how many were lost, duplicated, out of order or late, and fails if the documentation does not
# allow that. The program is in tests/chaos, with a description of its environment variables.
#
# usage: chaos.sh [SECONDS]   SECONDS of faults (25); the start and the quiet end take about 15 more
# CHAOS_SEED=N repeats the faults of a run. NATS_RS_LIBRARY=FILE tests that file instead of building the library.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SECONDS_OF_FAULTS=${1:-25}
have openssl || die "Please install openssl"
NATS_SERVER=$(scripts/get-nats-server.sh)
export NATS_SERVER
if [ -z "${NATS_RS_LIBRARY:-}" ]; then
    cargo build --release --quiet
    NATS_RS_LIBRARY="${CARGO_TARGET_DIR:-$ROOT/target}/release/libnats_rs.so"
fi
# A copy, which a later build does not change.
install -m 755 "$NATS_RS_LIBRARY" "$SCRATCH/libnats_rs.so"
ln -sf libnats_rs.so "$SCRATCH/libnats_rs.so.0"
cc -std=gnu99 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Iinclude -Ic-tests/support -o "$SCRATCH/chaos" \
    tests/chaos/*.c c-tests/support/{callbacks,certs,cluster,server,test,wait}.c \
    -L"$SCRATCH" -lnats_rs -Wl,-rpath,"$SCRATCH" -lcmocka -pthread
# It ends by itself; the limit includes the start of the servers and a minute without faults.
timeout $((SECONDS_OF_FAULTS + 400)) "$SCRATCH/chaos" "$SECONDS_OF_FAULTS"
