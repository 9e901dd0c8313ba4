#!/usr/bin/env bash
# Runs all tests. Installs the tools that it needs, and stops at the first failure.
#
# usage: test.sh [--quick]   --quick leaves out valgrind and the benchmark's table, and is short with chaos and fuzzing
#
# The Rust tests run in the dev profile, with overflow checks and debug assertions; the C tests, the examples and all later
# steps use the release library, which is the one that is installed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

QUICK=no
case "${1:-}" in
"") ;;
--quick) QUICK=yes ;;
*) die "usage: test.sh [--quick]" ;;
esac
START=$SECONDS
BUILD="$ROOT/build/test"
STEP="start"
trap 'printf "\nFAILED: %s\n" "$STEP" >&2' ERR
step() {
    STEP="$*"
    heading "$*"
}

step "What the tests need"
scripts/install-deps.sh test
NATS_SERVER=$(scripts/get-nats-server.sh)
NATS_SERVER_OLD=$(scripts/get-old-nats-server.sh)
export NATS_SERVER NATS_SERVER_OLD
say "$("$NATS_SERVER" --version), $(rustc --version), $(cmake --version | head -n 1)"

step "Formatting (cargo fmt, clang-format)"
cargo fmt --check
cargo fmt --check --manifest-path interop/async-nats/Cargo.toml
C_FOLDERS=(c-tests tests/chaos tests/calls compat examples-c interop include/compat include/nats_rs)
[ ! -d bench ] || C_FOLDERS+=(bench)
find "${C_FOLDERS[@]}" -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror

step "Lints (cargo clippy, cargo doc)"
cargo clippy --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

step "Crates: licences, versions, sources (and cargo deny, where it is installed)"
scripts/crates.py
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --offline check licenses bans sources
fi

step "Other machines (where Rust's targets and C compilers for them can be installed)"
scripts/install-deps.sh cross || say "left out where its tools are missing"
scripts/cross-test.sh

step "Rust tests, the check that nats_rs.h is up to date among them"
cargo test

step "The manual (doxygen)"
scripts/docs.sh

step "Library and C tests: build, as C99 and as C++17"
configure=(-S . -B "$BUILD" -DNATS_RS_BUILD_TESTS=ON -DNATS_RS_BUILD_EXAMPLES=ON)
[ "$QUICK" = yes ] || configure+=(-DNATS_RS_VALGRIND=ON)
cmake "${configure[@]}" >"$SCRATCH/cmake.log" || {
    cat "$SCRATCH/cmake.log"
    false
}
cmake --build "$BUILD" -j "$(jobs_wanted)"

step "Exported symbols"
scripts/check-symbols.sh "$BUILD/lib/libnats_rs.so" include/nats_rs.h

step "C tests"
# One more at a time than there are processors: most of them wait for a server.
(cd "$BUILD" && ctest --output-on-failure --no-tests=error -LE valgrind -j $(($(jobs_wanted) + 1)))

step "C tests as 32-bit x86"
scripts/install-deps.sh foreign || say "left out where its tools are missing"
scripts/foreign-test.sh i686-unknown-linux-gnu

step "Examples"
scripts/examples-test.sh "$BUILD"

step "Install test"
scripts/install-test.sh

step "Packages"
scripts/package-test.sh

step "Drop-in test against Debian's libnats"
scripts/dropin-test.sh

export NATS_RS_LIBRARY="$BUILD/lib/libnats_rs.so" # for the next steps
step "Interoperability with nats-py and async-nats"
scripts/interop-test.sh

step "Chaos"
if [ "$QUICK" = yes ]; then scripts/chaos.sh; else scripts/chaos.sh 120; fi

step "Calls in random order (scripts/calls.sh 3600 for longer)"
scripts/calls.sh 10 1 2

step "Other languages: Python, Node, Go, Rust"
scripts/install-deps.sh bindings || say "languages without tools are left out"
NATS_RS_BUILD="$BUILD" scripts/bindings-test.sh python node go rust

step "Instructions, allocations and threads a message"
scripts/bench-gate.sh

if [ "$QUICK" = no ]; then
    step "Benchmark, quick mode: that it runs, no time fails"
    scripts/bench.sh --quick --rounds 1 --libraries "ours natsc"

    step "C tests under valgrind"
    (cd "$BUILD" && ctest --output-on-failure --no-tests=error -L valgrind -j "$(jobs_wanted)")
fi

step "Fuzzing: a minute for each target (where a nightly Rust is installed)"
scripts/install-deps.sh fuzz || say "not installed"
if [ "$QUICK" = yes ]; then scripts/fuzz.sh 2; else JOBS=$(($(jobs_wanted) * 2)) scripts/fuzz.sh 60; fi

heading "All passed in $((SECONDS - START)) s$([ "$QUICK" = no ] || echo ', without valgrind and the benchmark')"
