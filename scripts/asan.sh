#!/usr/bin/env bash
# The C tests with AddressSanitizer in the library and in the tests. Needs a nightly Rust; not a part of test.sh.
# CC and CXX may name the compiler: gcc (the default) or clang. Both have the runtime that the library is linked to.
#
# usage: asan.sh [CTEST ARGUMENT...]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TARGET=x86_64-unknown-linux-gnu
BUILD="$ROOT/build/asan"
scripts/install-deps.sh test
cargo +nightly --version >/dev/null 2>&1 || die "Please install a nightly Rust: rustup toolchain install nightly"
NATS_SERVER=$(scripts/get-nats-server.sh)
export NATS_SERVER

heading "Library with AddressSanitizer"
# Fat LTO would take minutes and would not find more.
RUSTFLAGS="-Zsanitizer=address -Cforce-frame-pointers=yes" CARGO_PROFILE_RELEASE_LTO=off \
    cargo +nightly build --release --lib --target "$TARGET" --target-dir "$ROOT/target/asan"
mkdir -p "$BUILD/lib"
cp "$ROOT/target/asan/$TARGET/release/libnats_rs.so" "$BUILD/lib/libnats_rs.so.0"
ln -sf libnats_rs.so.0 "$BUILD/lib/libnats_rs.so"

heading "C tests with AddressSanitizer"
cmake -S c-tests -B "$BUILD/tests" -DCMAKE_BUILD_TYPE=Debug -DNATS_RS_LIBRARY="$BUILD/lib/libnats_rs.so" \
    -DNATS_RS_INCLUDE_DIR="$ROOT/include" -DCMAKE_C_FLAGS="-fsanitize=address -fno-omit-frame-pointer" \
    -DCMAKE_CXX_FLAGS="-fsanitize=address -fno-omit-frame-pointer"
cmake --build "$BUILD/tests" -j "$(jobs_wanted)"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:halt_on_error=1}"
cd "$BUILD/tests"
# Without the tests that fork while other threads run: the sanitizer has locks of its own, which a child may inherit locked.
ctest --output-on-failure --no-tests=error -LE valgrind -E "^test_fork" -j "$(jobs_wanted)" "$@"
