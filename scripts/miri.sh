#!/usr/bin/env bash
# Runs unit tests under Miri, which finds undefined behaviour: uses of freed or uninitialised memory, violations of the
# aliasing rules, data races. These are the tests of modules without system calls that Miri does not support: the protocol,
# messages and their memory, state machines. Needs a nightly Rust with the components miri and rust-src; without them prints
# a message and does nothing. Not a part of test.sh.
#
# usage: miri.sh [FILTER...]   names of modules, as for cargo test
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! cargo +nightly miri --version >/dev/null 2>&1 || [ ! -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ]; then
    say "no Miri (rustup component add miri rust-src --toolchain nightly): no tests are run"
    exit 0
fi
FILTERS=("$@")
[ ${#FILTERS[@]} -gt 0 ] || FILTERS=(proto:: msg:: js::consume::machine js::publish::ack secret::)
# Few cases of each property, because Miri is a hundred times slower. Clocks and random numbers are the system's.
# The library gets pointers that C holds back as exposed addresses; Miri would warn of each.
export PROPTEST_CASES="${PROPTEST_CASES:-4}" PROPTEST_MAX_SHRINK_ITERS=0
export MIRIFLAGS="${MIRIFLAGS:--Zmiri-disable-isolation -Zmiri-permissive-provenance}"
cargo +nightly miri test --lib --target-dir "$ROOT/target/miri" -j "${JOBS:-$(jobs_wanted)}" -- "${FILTERS[@]}" --skip ffi::
