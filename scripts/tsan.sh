#!/usr/bin/env bash
# Runs the C tests and tests/calls with ThreadSanitizer in the library, the standard library and the tests. It reports
# unsynchronised accesses of two threads to the same memory. Needs a nightly Rust with rust-src to build the standard
# library; without it prints a message and does nothing. Not a part of test.sh.
#
# Left out are the tests that fork while other threads run, because the sanitizer does not support threads in such a child,
# and the C++ versions of the tests, which are the same. Bounds of memory are not checked. The assembly code of ring is not
# instrumented: the sanitizer does not see its accesses to memory.
#
# usage: tsan.sh [CTEST ARGUMENT...]            e.g. tsan.sh -R 'test_(threads|publish)$'
#        tsan.sh calls [SECONDS [SEED]]         as calls.sh
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TARGET=x86_64-unknown-linux-gnu
BUILD="$ROOT/build/tsan"
JOBS="${JOBS:-$(jobs_wanted)}"
if ! cargo +nightly --version >/dev/null 2>&1 || [ ! -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ]; then
    say "no nightly Rust with its source (rustup component add rust-src --toolchain nightly): no tests are run"
    exit 0
fi
NATS_SERVER=$(scripts/get-nats-server.sh)
export NATS_SERVER

heading "Library with ThreadSanitizer"
RUSTFLAGS="-Zsanitizer=thread -Cforce-frame-pointers=yes" CARGO_PROFILE_RELEASE_LTO=off \
    cargo +nightly build --release --lib -Zbuild-std --target "$TARGET" --target-dir "$ROOT/target/tsan" -j "$JOBS"
LIBRARY="$ROOT/target/tsan/$TARGET/release/libnats_rs.so"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:suppressions=$ROOT/c-tests/tsan.supp}"
# Everything takes several times as long, so deadlines are longer.
export TEST_TIME_FACTOR="${TEST_TIME_FACTOR:-2}"
# The runtime of older compilers lacks functions that the library calls.
mkdir -p "$BUILD/lib"
"${CC:-cc}" -O1 -fno-builtin -c -o "$BUILD/lib/tsan_memory.o" c-tests/support/tsan_memory.c
# Newer kernels load programs at addresses that the runtime of older compilers does not expect.
run=(setarch -R)

if [ "${1:-}" = calls ]; then
    shift
    mkdir -p "$SCRATCH/files"
    cp "$LIBRARY" "$SCRATCH/libnats_rs.so.0"
    ln -s libnats_rs.so.0 "$SCRATCH/libnats_rs.so"
    python3 tests/calls/generate.py include/nats_rs.h "$SCRATCH/calls_table.c"
    "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 -g -fsanitize=thread -I"$SCRATCH" -Iinclude -Ic-tests/support -Itests/calls \
        -o "$SCRATCH/calls" "$SCRATCH/calls_table.c" tests/calls/*.c "$BUILD/lib/tsan_memory.o" c-tests/support/{callbacks,certs,server,test,wait}.c \
        -L"$SCRATCH" -lnats_rs -Wl,-rpath,"$SCRATCH" -lcmocka -pthread
    cd "$SCRATCH/files"
    CALLS_SANITIZED=1 "${run[@]}" "$SCRATCH/calls" "${1:-60}" "${@:2}"
    exit 0
fi
cp "$LIBRARY" "$BUILD/lib/libnats_rs.so.0"
ln -sf libnats_rs.so.0 "$BUILD/lib/libnats_rs.so"

heading "C tests with ThreadSanitizer"
cmake -S c-tests -B "$BUILD/tests" -DCMAKE_BUILD_TYPE=Debug -DNATS_RS_LIBRARY="$BUILD/lib/libnats_rs.so" \
    -DNATS_RS_INCLUDE_DIR="$ROOT/include" -DCMAKE_C_FLAGS="-fsanitize=thread" -DCMAKE_CXX_FLAGS="-fsanitize=thread" \
    -DCMAKE_EXE_LINKER_FLAGS="$BUILD/lib/tsan_memory.o"
# What is run, and no more.
mapfile -t TARGETS < <(cmake --build "$BUILD/tests" --target help | grep -oE '\<(test_[a-z0-9_]+|nkeygen)$' |
    grep -vE '^test_(fork|cpp)|_(cpp|source)$')
cmake --build "$BUILD/tests" -j "$JOBS" --target "${TARGETS[@]}" -- --no-print-directory
cd "$BUILD/tests"
"${run[@]}" ctest --output-on-failure --no-tests=error -LE 'valgrind|cpp' -E '^test_(fork|headers)' -j "$JOBS" "$@"
