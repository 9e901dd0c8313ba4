#!/usr/bin/env bash
# Runs the unit tests of the modules that need no system call that Miri lacks (bytes of the protocol, messages and their
# memory, state machines) under Miri, which finds undefined behaviour: uses of memory that is gone or not initialised,
# broken aliasing rules, data races. Needs a nightly Rust with the components miri and rust-src; says so where they are
# missing, and does nothing. Not a part of test.sh.
#
# usage: miri.sh [FILTER...]   names of modules, as cargo test takes them
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! cargo +nightly miri --version >/dev/null 2>&1 || [ ! -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ]; then
    say "no Miri (rustup component add miri rust-src --toolchain nightly): nothing is run"
    exit 0
fi
FILTERS=("$@")
[ ${#FILTERS[@]} -gt 0 ] || FILTERS=(proto:: msg:: js::consume::machine js::publish::ack secret::)
# Few cases of each property: Miri is a hundred times slower. Clocks and random numbers are the system's.
# Pointers that C holds for the library come back as exposed addresses: Miri need not warn of each.
export PROPTEST_CASES="${PROPTEST_CASES:-4}" PROPTEST_MAX_SHRINK_ITERS=0
export MIRIFLAGS="${MIRIFLAGS:--Zmiri-disable-isolation -Zmiri-permissive-provenance}"
cargo +nightly miri test --lib --target-dir "$ROOT/target/miri" -j "${JOBS:-$(jobs_wanted)}" -- "${FILTERS[@]}" --skip ffi::
