#!/usr/bin/env bash
# Checks that the library can be built for other machines: for each Rust target below that is installed together with a C
# compiler (scripts/install-deps.sh cross; for 32-bit x86, which scripts/foreign-test.sh also runs, foreign). Other targets
# are left out with a message. Also checks that CMake, when cross-compiling, either builds for the right
# target or fails.
#
# usage: cross-test.sh
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# target, C compiler
TARGETS="
i686-unknown-linux-gnu         i686-linux-gnu-gcc
aarch64-unknown-linux-gnu      aarch64-linux-gnu-gcc
armv7-unknown-linux-gnueabihf  arm-linux-gnueabihf-gcc
x86_64-unknown-linux-musl      musl-gcc
"

rust_has() { rustc --print target-libdir --target "$1" 2>/dev/null | xargs -r test -d; }
compiles() { echo '#include <stdio.h>' | "$@" -E - >/dev/null 2>&1; }

BUILT=()
while read -r target compiler; do
    [ -n "$target" ] || continue
    if ! rust_has "$target" || ! have "$compiler" || ! compiles "$compiler"; then
        say "SKIPPED: $target: Rust's target or $compiler is not installed"
        continue
    fi
    name=${target//-/_}
    export "CC_$name=$compiler"
    # For musl, Rust has what its programs are linked with.
    [ "$compiler" = musl-gcc ] || export "CARGO_TARGET_${name^^}_LINKER=$compiler"
    BUILT+=(--target "$target")
done <<<"$TARGETS"
# Built, not only checked: some errors, of constants that depend on a generic type, appear only then. All at once, for the
# processors; nobody debugs them.
if [ "${#BUILT[@]}" -gt 0 ]; then
    CARGO_PROFILE_DEV_DEBUG=0 cargo build --quiet --locked --lib "${BUILT[@]}"
    say "ok: ${BUILT[*]//--target/}"
fi

# configure WHAT ARGUMENT...: configures for another machine; its output goes to $SCRATCH/cmake.log.
configure() { cmake -S . -B "$SCRATCH/build-$1" "${@:2}" >"$SCRATCH/cmake.log" 2>&1; }

# A toolchain file for a machine without a Rust target: nothing is built.
cat >"$SCRATCH/unknown.cmake" <<'CMAKE'
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR toaster)
CMAKE
if configure unknown -DCMAKE_TOOLCHAIN_FILE="$SCRATCH/unknown.cmake"; then
    die "CMake does not fail for an unknown machine"
fi
grep -q 'Set NATS_RS_RUST_TARGET' "$SCRATCH/cmake.log" || die "CMake does not name the variable to set: $(cat "$SCRATCH/cmake.log")"

if configure none -DNATS_RS_RUST_TARGET=none-such; then
    die "CMake does not fail for an unknown Rust target"
fi
grep -q 'Rust has no target' "$SCRATCH/cmake.log" || die "CMake does not report the unknown target: $(cat "$SCRATCH/cmake.log")"

# A known target: CMake builds the library for it, or reports what is missing.
cat >"$SCRATCH/aarch64.cmake" <<'CMAKE'
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
if(COMPILER)
    set(CMAKE_C_COMPILER ${COMPILER})
endif()
CMAKE
compiler=""
if have aarch64-linux-gnu-gcc; then compiler=aarch64-linux-gnu-gcc; fi
if configure aarch64 -DCMAKE_TOOLCHAIN_FILE="$SCRATCH/aarch64.cmake" -DCOMPILER="$compiler"; then
    rust_has aarch64-unknown-linux-gnu || die "CMake does not fail without Rust's target for aarch64"
    grep -q 'for aarch64-unknown-linux-gnu' "$SCRATCH/cmake.log" || die "CMake builds for another target than requested"
else
    grep -q 'rustup target add aarch64-unknown-linux-gnu' "$SCRATCH/cmake.log" || die "$(cat "$SCRATCH/cmake.log")"
fi
# For musl there is no shared library.
if have musl-gcc && rust_has x86_64-unknown-linux-musl; then
    configure musl -DCMAKE_C_COMPILER=musl-gcc || die "$(cat "$SCRATCH/cmake.log")"
    grep -q 'for x86_64-unknown-linux-musl' "$SCRATCH/cmake.log" || die "CMake does not notice that the compiler is for musl"
    grep -q '^Libs: -L${libdir} -lnats_rs -l.* -lc$' "$SCRATCH/build-musl/nats_rs.pc" ||
        die "nats_rs.pc does not name what a static program needs: $(cat "$SCRATCH/build-musl/nats_rs.pc")"
    ! configure musl-shared -DCMAKE_C_COMPILER=musl-gcc -DBUILD_SHARED_LIBS=ON || die "CMake builds no shared library, and does not fail"
    grep -q 'no shared library for musl' "$SCRATCH/cmake.log" || die "$(cat "$SCRATCH/cmake.log")"
fi
say "ok: CMake selects the Rust target, or fails"
