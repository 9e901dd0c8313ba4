#!/usr/bin/env bash
# Runs unit tests under Miri, which finds undefined behaviour: uses of freed or uninitialised memory, violations of the
# aliasing rules, data races. These are the tests of modules without system calls that Miri does not support: the protocol,
# messages and their memory, what is handed out to C. The state machine of consumers, which forbids unsafe code, is left out:
# its tests take longer than all others. Needs a nightly Rust with the components miri and rust-src; without them prints a
# message and does nothing. Not a part of test.sh.
#
# usage: miri.sh [FILTER...]   names of modules, as for cargo test
# Prints each test with its time, and at the end the slowest ones and the result. Ends after MIRI_SECONDS (1200), with the
# name of the test that was running.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! cargo +nightly miri --version >/dev/null 2>&1 || [ ! -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ]; then
    say "no Miri (rustup component add miri rust-src --toolchain nightly): no tests are run"
    exit 0
fi
FILTERS=("$@")
[ ${#FILTERS[@]} -gt 0 ] || FILTERS=(proto:: msg:: zeroed:: secret:: histogram:: js::publish::ack ffi::convert)
# Few cases of each property, because Miri is a hundred times slower. Clocks and random numbers are the system's.
# The library gets pointers that C holds back as exposed addresses; Miri would warn of each.
export PROPTEST_CASES="${PROPTEST_CASES:-4}" PROPTEST_MAX_SHRINK_ITERS=0
export MIRIFLAGS="${MIRIFLAGS:--Zmiri-disable-isolation -Zmiri-permissive-provenance}"
MOST="${MIRI_SECONDS:-1200}"
rc=0
# One run for all: Miri compiles the crate again for each. Left out: what calls functions of C that Miri lacks.
timeout "$MOST" cargo +nightly miri test --lib --target-dir "$ROOT/target/miri" -j "${JOBS:-$(jobs_wanted)}" -- \
    "${FILTERS[@]}" --skip ffi::msg --test-threads=1 -Z unstable-options --report-time 2>&1 | tee "$SCRATCH/log" || rc=$?
[ "$rc" != 124 ] || die "not done after $MOST s: $(tail -n 1 "$SCRATCH/log")"
[ "$rc" = 0 ] || die "Miri has found something, or cannot run a test"
grep -q '^test result: ok\. [1-9]' "$SCRATCH/log" || die "there are no such tests: ${FILTERS[*]}"
heading "The slowest"
sed -nE 's/^test (.*) \.\.\. ok <([0-9.]+)s>$/\2 s  \1/p' "$SCRATCH/log" | sort -rn | head -n 8 || true
grep '^test result' "$SCRATCH/log"
