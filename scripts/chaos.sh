#!/usr/bin/env bash
# Chaos: a cluster of three servers behind proxies that break everything, over TCP, TLS and WebSocket, and programs whose
# every number is accounted for. Prints what was lost, doubled, out of order or hung, and fails for what the documentation
# does not allow. The program is in tests/chaos; it says what its environment variables do.
#
# usage: chaos.sh [SECONDS]   SECONDS of faults (25); starting and the quiet at the end take some 15 more
# CHAOS_SEED=N repeats the faults of a run. NATS_RS_LIBRARY=FILE tests that libnats_rs.so and builds none.
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
# A copy: a build in between changes nothing.
install -m 755 "$NATS_RS_LIBRARY" "$SCRATCH/libnats_rs.so"
ln -sf libnats_rs.so "$SCRATCH/libnats_rs.so.0"
cc -std=gnu99 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Iinclude -Ic-tests/support -o "$SCRATCH/chaos" \
    tests/chaos/*.c c-tests/support/{callbacks,certs,cluster,server,test,wait}.c \
    -L"$SCRATCH" -lnats_rs -Wl,-rpath,"$SCRATCH" -lcmocka -pthread
# It ends by itself; a minute of quiet and the servers' start are within this.
timeout $((SECONDS_OF_FAULTS + 400)) "$SCRATCH/chaos" "$SECONDS_OF_FAULTS"
