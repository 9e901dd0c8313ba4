#!/usr/bin/env bash
# Calls all exported functions in random order with random, stale and wrong arguments, on several threads and in callbacks
# (tests/calls). Fails if a signal ends the process, if a call does not return, or if the library cannot be closed
# afterwards; with AddressSanitizer, which needs a nightly Rust, also for each invalid access to memory.
#
# usage: calls.sh [--asan] [SECONDS [SEED...]]   SECONDS: 60 by default, for each seed
# The seed is printed. With the same seed each thread makes the same calls; how they interleave may differ. If something
# is left at the end or a call does not return, gdb, where it is installed, shows where all threads are.
# NATS_RS_LIBRARY=FILE tests that file instead of building the library. tests/calls/main.c has more variables.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ASAN=no
if [ "${1:-}" = --asan ]; then
    ASAN=yes
    shift
fi
NATS_SERVER=$(scripts/get-nats-server.sh)
export NATS_SERVER
flags=()
if [ "$ASAN" = yes ]; then
    # The same build as in asan.sh.
    TARGET=x86_64-unknown-linux-gnu
    cargo +nightly --version >/dev/null 2>&1 || die "Please install a nightly Rust: rustup toolchain install nightly"
    if [ -z "${NATS_RS_LIBRARY:-}" ]; then
        RUSTFLAGS="-Zsanitizer=address -Cforce-frame-pointers=yes" CARGO_PROFILE_RELEASE_LTO=off \
            cargo +nightly build --release --lib --target "$TARGET" --target-dir "$ROOT/target/asan"
        NATS_RS_LIBRARY="$ROOT/target/asan/$TARGET/release/libnats_rs.so"
    fi
    flags=(-fsanitize=address -fno-omit-frame-pointer)
    # Random sizes request more memory than exists; connections that are open at the end are not leaks.
    export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0:halt_on_error=1:allocator_may_return_null=1}" CALLS_SANITIZED=1
else
    if [ -z "${NATS_RS_LIBRARY:-}" ]; then
        cargo build --release --quiet
        NATS_RS_LIBRARY="${CARGO_TARGET_DIR:-$ROOT/target}/release/libnats_rs.so"
    fi
    # Freed memory is overwritten, and the structures of the heap are checked.
    export MALLOC_PERTURB_=165 MALLOC_CHECK_=3
fi
# A copy, which a later build does not change.
install -m 755 "$NATS_RS_LIBRARY" "$SCRATCH/libnats_rs.so"
ln -sf libnats_rs.so "$SCRATCH/libnats_rs.so.0"
python3 tests/calls/generate.py include/nats_rs.h "$SCRATCH/calls_table.c"
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror ${flags[@]+"${flags[@]}"} -I"$SCRATCH" -Iinclude \
    -Ic-tests/support -Itests/calls -o "$SCRATCH/calls" "$SCRATCH/calls_table.c" tests/calls/*.c \
    c-tests/support/{callbacks,certs,server,test,wait}.c -L"$SCRATCH" -lnats_rs -Wl,-rpath,"$SCRATCH" -lcmocka -pthread
# Functions that write files are given names in this folder.
mkdir "$SCRATCH/files"
cd "$SCRATCH/files"
if have gdb; then
    export CALLS_DEBUGGER="${CALLS_DEBUGGER-yes}"
fi
SECONDS_EACH="${1:-60}"
[ $# -gt 1 ] || set -- "$SECONDS_EACH" ""
for seed in "${@:2}"; do
    timeout -s ABRT $((SECONDS_EACH + 200)) "$SCRATCH/calls" "$SECONDS_EACH" ${seed:+"$seed"} | tee "$SCRATCH/said"
    # The last line is printed when all is done: a process that ended in between is none that passed.
    tail -n 1 "$SCRATCH/said" | grep -q ' calls on .* in all made some$' || die "the run did not reach its end"
done
